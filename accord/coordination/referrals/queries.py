"""Referrals as each side sees its own: what we made, what came, what is late, and who takes some now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Exists, F, Max, OuterRef, Q, QuerySet, Value

from accord.coordination.referrals import facts
from accord.coordination.referrals.models import Answer, Attempt, Capacity, Incoming, No, Referral
from accord.coordination.referrals.rules import OPEN_HERE, OVER, Stand, State, Urgency, late, reference
from accord.ledger.permits import Permit, needs
from accord.policy.words import Level, Verb
from accord.sharing.models import Sent, Thread
from accord.vault.facts import around, files, within

MOST_LISTED = 200
#: Nothing is to be done here any more.
SHUT = frozenset(Stand) - set(OPEN_HERE)


@dataclass(frozen=True, slots=True)
class ReferralView:
    """One referral of ours, opened. `late`: the agreed time for an answer is over and we know of none."""

    id: UUID
    client_id: UUID
    about_id: UUID
    recipient_id: UUID | None
    outside: Mapping[str, str]
    by_hand: str
    service: str
    urgency: Urgency
    state: State
    words: str
    by_law: bool
    parent: UUID | None
    prepared_at: datetime
    prepared_by: UUID
    sent_at: datetime | None
    delivered_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    reason: str
    toward: UUID | None
    met_at: datetime | None
    outcome: str
    ended_at: datetime | None
    closed_at: datetime | None
    late: bool

    @property
    def reference(self) -> str:
        return reference(self.id)

    @property
    def over(self) -> bool:
        return self.state in OVER


@dataclass(frozen=True, slots=True)
class IncomingView:
    """A referral that came, as it stands here. Before a yes it is who, what for and how soon, and nothing else."""

    id: UUID
    holder_id: UUID
    thread: UUID
    service: str
    urgency: Urgency
    delivered_at: datetime | None
    due_at: datetime | None
    stand: Stand
    member: UUID | None = None
    client_id: UUID | None = None
    reason: str = ""
    toward: UUID | None = None
    answered_at: datetime | None = None
    contact_due_at: datetime | None = None
    contacted_at: datetime | None = None
    met_at: datetime | None = None
    outcome: str = ""
    ended_at: datetime | None = None
    entry: UUID | None = None
    told: bool = False
    late: bool = False

    @property
    def reference(self) -> str:
        return reference(self.id)


@dataclass(frozen=True, slots=True)
class Line:
    """One referral in a list: `ours` is one we made. `partner_id` is None for somebody who is no partner."""

    ours: bool
    id: UUID
    partner_id: UUID | None
    client_id: UUID | None
    service: str
    urgency: str
    state: str
    since_at: datetime
    due_at: datetime | None
    member: UUID | None
    late: bool

    @property
    def waiting(self) -> bool:
        """It came, and nobody here has answered."""
        return not self.ours and self.state == Stand.WAITING

    @property
    def over(self) -> bool:
        return self.state in (OVER if self.ours else SHUT)


@dataclass(frozen=True, slots=True)
class CapacityView:
    """Whether an agency takes referrals, as of a day."""

    agency_id: UUID
    takes: str
    services: tuple[str, ...]
    wait_days: int | None
    stated_at: datetime

    def taking(self, service: str) -> str:
        """How it stands for one service: as stated, or no where it is not among those named."""
        return self.takes if not self.services or service in self.services else "no"


@dataclass(frozen=True, slots=True)
class AttemptView:
    kind: str
    at: datetime
    by: UUID


@needs(Verb.REFER)
def referral(*, permit: Permit, client_id: UUID, referral_id: UUID) -> ReferralView | None:
    """One referral of one's own client; None when there is none."""
    row = Referral.objects.select_related("client__shred").filter(id=referral_id, client__in=files(client_id)).first()
    if row is None:
        return None
    permit.show("referral", row.id, Level.FULL)
    return ReferralView(
        id=row.id,
        client_id=row.client_id,
        about_id=row.about_id,
        recipient_id=row.recipient_id,
        outside=facts.outside(permit, row),
        by_hand=row.by_hand,
        service=row.service,
        urgency=Urgency(row.urgency),
        state=State(row.state),
        words=facts.words(permit, row),
        by_law=row.flow_id is not None,
        parent=row.parent,
        prepared_at=row.prepared_at,
        prepared_by=row.prepared_by,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        answer_due_at=row.answer_due_at,
        answered_at=row.answered_at,
        reason=row.reason,
        toward=row.toward,
        met_at=row.met_at,
        outcome=row.outcome,
        ended_at=row.ended_at,
        closed_at=row.closed_at,
        late=late(State(row.state), row.answer_due_at, permit.at),
    )


@needs(Verb.ANSWER_REFERRAL)
def incoming(*, permit: Permit, referral_id: UUID) -> IncomingView | None:
    """One referral that came; None for one that was taken back, never was, or is about somebody this member may not
    know of."""
    rows = facts.open_to(permit, Incoming.objects.filter(agency_id=permit.agency_id, id=referral_id))
    return next(iter(_came(permit, rows)), None)


@needs(Verb.ANSWER_REFERRAL)
def accepted(*, permit: Permit, client_id: UUID, referral_id: UUID) -> IncomingView | None:
    """One referral that was accepted into this file, also when it has been taken back; None when there is none."""
    row = Answer.objects.filter(incoming=referral_id, client__in=files(client_id)).first()
    if row is None:
        return None
    permit.show("referral", row.incoming, Level.SUMMARY)
    told = bool(row.entry) and Sent.objects.filter(entry=row.entry, recipient=row.holder_id).exists()
    return _view(row.incoming, None, row, permit.at, told=told)


@needs(Verb.SIGN_RELEASE, Verb.READ_CLIENT)
def drafted(*, permit: Permit, client_id: UUID, recipients: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Referrals of one client that wait to be sent to any of these partners: the newest, by partner."""
    rows = Referral.objects.filter(client=client_id, state=State.DRAFT, recipient__in=list(recipients))
    return dict(rows.order_by("prepared_at").values_list("recipient", "id"))


@needs(Verb.REFER)
def made(*, permit: Permit, shown: str = "", mine: bool = False, limit: int = MOST_LISTED) -> list[Line]:
    """Referrals we made: late ones first, then by when an answer is due. `shown`: open, late, drafts, over."""
    rows = within(permit, Referral.objects.all())
    if mine:
        rows = rows.filter(prepared_by=permit.member_id)
    rows = {
        "open": rows.exclude(state__in=[*OVER, State.DRAFT]),
        "late": rows.filter(NO_ANSWER, _past(permit)),
        "drafts": rows.filter(state=State.DRAFT),
        "over": rows.filter(state__in=OVER),
    }.get(shown, rows)
    ordered = rows.order_by(F("closed_at").desc(nulls_first=True), F("answer_due_at").asc(nulls_last=True), "id")
    return _ordered(_made(permit, ordered[:limit]))


@needs(Verb.ANSWER_REFERRAL)
def came(
    *, permit: Permit, shown: str = "", mine: bool = False, who: UUID | str = "", limit: int = MOST_LISTED
) -> list[Line]:
    """Referrals that came: those that are late first. `shown`: open, late, over; `who`: one member looks after them, or
    nobody does. What was accepted is ours, also when it has been taken back since."""
    if shown == "drafts":
        return []
    agency = permit.agency_id
    ours = facts.answers()
    rows = {
        "open": facts.waiting(agency),
        "late": facts.waiting(agency).filter(due_at__lte=permit.at),
        "over": Incoming.objects.filter(Exists(ours.filter(state__in=SHUT, client__isnull=True)), agency_id=agency),
    }.get(shown, Incoming.objects.filter(~Exists(ours.filter(client__isnull=False)), agency_id=agency))
    yes = within(permit, Answer.objects.filter(client__isnull=False))
    yes = {
        "open": yes.filter(state__in=OPEN_HERE),
        "late": yes.filter(state=Stand.ACCEPTED, contacted_at__isnull=True, contact_due_at__lte=permit.at),
        "over": yes.filter(state__in=SHUT),
    }.get(shown, yes)
    if who == "nobody":
        rows = rows.exclude(Exists(ours.filter(member__isnull=False)))
        yes = yes.filter(member__isnull=True)
    for member in ([who] if who and who != "nobody" else []) + ([permit.member_id] if mine else []):
        rows, yes = rows.filter(Exists(ours.filter(member=member))), yes.filter(member=member)
    order = ("due_at", "id") if shown in ("open", "late") else ("-delivered_at", "id")
    first = "contact_due_at" if shown in ("open", "late") else "-answered_at"
    found = [_line_of(view) for view in _came(permit, facts.open_to(permit, rows.order_by(*order)[:limit]))]
    for row in _columns_answered(yes.order_by(first, "id")[:limit]):
        found.append(_line(permit, row))
        permit.show("referral", found[-1].id, Level.EXISTENCE)
    return _ordered(found)


@needs(Verb.READ_CLIENT)
def of_client(*, permit: Permit, client_id: UUID) -> list[Line]:
    """Every referral about one client, ours and those we accepted, in one question; the newest first."""
    hers = Referral.objects.filter(client__in=files(client_id))
    ours = Answer.objects.filter(client__in=files(client_id))
    found = [_line(permit, row) for row in _columns_made(hers).union(_columns_answered(ours), all=True)]
    return sorted(found, key=lambda line: (line.over, -line.since_at.timestamp()))


@needs(Verb.READ_CLIENT)
def known_as(*, permit: Permit, client_id: UUID, ids: Collection[UUID]) -> frozenset[UUID]:
    """These ids, and for referrals that came the other one each goes by here: the referral's, and our answer's."""
    ours = Answer.objects.filter(Q(id__in=ids) | Q(incoming__in=ids), client__in=files(client_id))
    return frozenset(ids).union(*ours.values_list("id", "incoming"))


@needs(Verb.READ_DAY)
def day(*, permit: Permit, supervises: bool) -> list[Line]:
    """What needs her now: what came and waits, or was accepted and is to be reached (past its time that is a gap), if
    she looks after it or nobody does; what we made and nobody has answered in time, or is not sent. Who supervises sees
    all that is late. The longest wait first."""
    hers = Q(member__isnull=True) | Q(member=permit.member_id)
    others = facts.answers().filter(state=Stand.WAITING).exclude(hers)
    theirs = Q(Exists(others))
    if supervises:
        theirs &= Q(due_at__gt=permit.at)
    waiting = facts.waiting(permit.agency_id).exclude(theirs).order_by("due_at", "id")
    unanswered = within(permit, Referral.objects.filter(NO_ANSWER, _past(permit) | Q(state=State.DRAFT)))
    if not supervises:
        unanswered = unanswered.filter(prepared_by=permit.member_id)
    reach = within(permit, Answer.objects.filter(state=Stand.ACCEPTED, contacted_at__isnull=True))
    reach = reach.filter(hers, contact_due_at__gt=permit.at)
    known = _columns_made(unanswered).union(_columns_answered(reach), all=True).order_by("answer_due_at", "id")
    found = [_line_of(view) for view in _came(permit, facts.open_to(permit, waiting[:MOST_LISTED]))]
    return _ordered([*found, *(_line(permit, row) for row in known[:MOST_LISTED])])


@needs(Verb.READ_BOARD)
def unanswered(*, permit: Permit) -> tuple[Mapping[UUID, int], int]:
    """How many referrals of ours are past the time agreed for an answer, by who sent them, and how many in all; of the
    files the asker may know of."""
    rows = within(permit, Referral.objects.filter(NO_ANSWER, _past(permit))).values_list("sent_by")
    found = dict(rows.annotate(Count("id")).order_by())
    return found, sum(found.values())


@needs(Verb.READ_BOARD)
def looked_after(*, permit: Permit) -> tuple[Mapping[UUID, int], int]:
    """How many referrals that came each member looks after, and how many nobody does; of what the asker may know of."""
    accepted = within(permit, Answer.objects.filter(client__isnull=False, state__in=OPEN_HERE))
    yes = Counter(dict(accepted.values_list("member").annotate(Count("id")).order_by()))
    waiting = facts.open_to(permit, facts.waiting(permit.agency_id))
    theirs = _looked_after(permit, waiting)
    found = yes + Counter(theirs.values())
    return found, found.pop(None, 0) + len(waiting) - len(theirs)


@needs(Verb.MANAGE_MEMBERS, Verb.ASSIGN_CLIENT)
def open_of(*, permit: Permit, member_id: UUID) -> int:
    """How many referrals that came one member looks after."""
    return facts.held(member_id).count()


@needs(Verb.ASSIGN_CLIENT)
def takers(*, permit: Permit, referral_id: UUID) -> Mapping[UUID, str]:
    """To whom a page offers to give one that came, by id, in order of name. Whom she asked to be kept from is refused
    only on the press."""
    named = {"agency_id": permit.agency_id, "incoming": referral_id}
    row = Answer.objects.filter(**named).first()
    if row is None:
        came = Incoming.objects.get(agency_id=permit.agency_id, id=referral_id)
        row = Answer(**named, thread=came.thread)
    return facts.offered(permit.agency_id, row)


@needs(Verb.SWEEP)
def news(*, permit: Permit, since: datetime) -> Mapping[UUID, datetime]:
    """By member, when a referral last wanted her: one that came and nobody looks after, for those who work with her, or
    while it is about no file here, for supervisors; one she was given; one past the time agreed for its answer, for
    whoever looks after it and for supervisors, here and where it was made. Who is walled off hears nothing; the names a
    partner sealed are not read, for nobody's key is at hand."""
    # What came since then is due since then, too: the index is by that.
    came = list(facts.waiting(permit.agency_id).filter(due_at__gte=since))
    given = list(facts.open_here().filter(agency_id=permit.agency_id, given_at__gte=since))
    told = No.objects.filter(agency_id=permit.agency_id, id=OuterRef("id"))
    asked = Referral.objects.filter(NO_ANSWER, _past(permit), answer_due_at__gte=since).exclude(Exists(told))
    late = dict(asked.values_list("client_id").annotate(Max("answer_due_at")).order_by())
    if not (came or given or late):
        return {}
    threads = {row.thread for row in (*came, *given)}
    tied = dict(Thread.objects.filter(thread__in=threads).values_list("thread", "client_id"))
    about = around(permit.agency_id, {*late, *tied.values(), *(row.client_id for row in given if row.client_id)})
    looked = _looked_after(permit, came)
    found = about.hear(late, supervisors=True)

    def hears(members: Iterable[UUID], file: UUID | None, moment: datetime) -> None:
        for member in members:
            if file is None or about.knows(member, file):
                found[member] = max(moment, found.get(member, moment))

    for row in came:
        file = tied.get(row.thread)
        supervisors = about.hands_out if file is None else about.supervisors
        if row.id not in looked:
            hears(supervisors if file is None else about.team[file] or supervisors, file, row.delivered_at)
        if row.due_at <= permit.at:
            hears({*supervisors, *([looked[row.id]] if row.id in looked else [])}, file, row.due_at)
    for row in given:
        hears([row.member], row.client_id or tied.get(row.thread), row.given_at)
    return found


@needs(Verb.REFER, Verb.ANSWER_REFERRAL)
def attempts(*, permit: Permit, client_id: UUID, referral_id: UUID) -> list[AttemptView]:
    """What was done about one referral on our side, newest first."""
    rows = Attempt.objects.filter(referral=referral_id, client__in=files(client_id)).order_by("-at", "id")
    return [AttemptView(row.kind, row.at, row.by) for row in rows[:MOST_LISTED]]


@needs(*Verb)
def capacities(*, permit: Permit, ids: Collection[UUID] | None = None) -> Mapping[UUID, CapacityView]:
    """Who takes referrals now, by agency; open to the community like the directory, and of no client."""
    rows = Capacity.objects.all() if ids is None else Capacity.objects.filter(agency__in=ids)
    return {
        row.agency_id: CapacityView(row.agency_id, row.takes, tuple(row.services), row.wait_days, row.stated_at)
        for row in rows
    }


#: Nobody has answered as far as we know, and we are not done with it.
NO_ANSWER = Q(answered_at__isnull=True, closed_at__isnull=True)


def _past(permit: Permit) -> Q:
    """Past the time agreed for an answer, from its edge on."""
    return Q(answer_due_at__lte=permit.at)


def _looked_after(permit: Permit, came: Collection[Incoming]) -> dict[UUID, UUID]:
    """Of these, who looks after each; those with nobody are left out."""
    holders, ids = {row.holder_id for row in came}, [row.id for row in came]
    rows = Answer.objects.filter(agency_id=permit.agency_id, holder_id__in=holders, incoming__in=ids)
    return dict(rows.filter(member__isnull=False).values_list("incoming", "member"))


def _came(permit: Permit, rows: Iterable[Incoming]) -> list[IncomingView]:
    rows = list(rows)
    answers = {
        (row.holder_id, row.incoming): row
        for row in Answer.objects.filter(agency_id=permit.agency_id, incoming__in=[row.id for row in rows])
    }
    views = []
    for row in rows:
        permit.show("referral", row.id, Level.EXISTENCE)
        views.append(_view(row.id, row, answers.get((row.holder_id, row.id)), permit.at))
    return views


def _view(id: UUID, row: Incoming | None, answer: Answer | None, at: datetime, *, told: bool = False) -> IncomingView:
    either = row or answer
    assert either is not None, "it came or was answered"
    stand = Stand(answer.state) if answer else Stand.WAITING
    late = stand is Stand.WAITING and row is not None and row.due_at <= at
    common = {
        "id": id,
        "holder_id": either.holder_id,
        "thread": either.thread,
        "service": either.service,
        "urgency": Urgency(either.urgency),
        "delivered_at": row.delivered_at if row else None,
        "due_at": row.due_at if row else None,
        "stand": stand,
        "told": told,
    }
    if answer is None:
        return IncomingView(**common, late=late)
    unreached = stand is Stand.ACCEPTED and answer.contacted_at is None and answer.contact_due_at <= at
    return IncomingView(
        **common,
        late=late or unreached,
        member=answer.member,
        client_id=answer.client_id,
        reason=answer.reason,
        toward=answer.toward,
        answered_at=answer.answered_at,
        contact_due_at=answer.contact_due_at,
        contacted_at=answer.contacted_at,
        met_at=answer.met_at,
        outcome=answer.outcome,
        ended_at=answer.ended_at,
        entry=answer.entry,
    )


def _columns_made(rows: QuerySet[Referral]) -> QuerySet[Any, Any]:
    return rows.values_list(
        Value("made", output_field=CharField()),
        "id",
        "recipient",
        "client",
        "service",
        "urgency",
        "state",
        "prepared_at",
        "answer_due_at",
        "prepared_by",
        "answered_at",
    )


def _columns_answered(rows: QuerySet[Answer]) -> QuerySet[Any, Any]:
    return rows.values_list(
        Value("came", output_field=CharField()),
        "incoming",
        "holder",
        "client",
        "service",
        "urgency",
        "state",
        "answered_at",
        "contact_due_at",
        "member",
        "contacted_at",
    )


def _line(permit: Permit, row: tuple[Any, ...]) -> Line:
    kind, id, partner, client, service, urgency, state, since, due, member, done = row
    open_still = state not in OVER if kind == "made" else state == Stand.ACCEPTED
    is_late = open_still and due is not None and done is None and due <= permit.at
    if done is not None or not open_still:
        due = None
    return Line(kind == "made", id, partner, client, service, urgency, state, since, due, member, is_late)


def _made(permit: Permit, rows: QuerySet[Referral]) -> list[Line]:
    return [_line(permit, row) for row in _columns_made(rows)]


def _ordered(lines: Iterable[Line]) -> list[Line]:
    """What is late first, then by when something is due."""
    return sorted(lines, key=lambda line: (not line.late, line.due_at is None, line.due_at or line.since_at))


def _line_of(view: IncomingView) -> Line:
    assert view.delivered_at is not None, "it came"
    return Line(
        False,
        view.id,
        view.holder_id,
        view.client_id,
        view.service,
        view.urgency.value,
        view.stand.value,
        view.delivered_at,
        {Stand.WAITING: view.due_at, Stand.ACCEPTED: view.contact_due_at}.get(view.stand),
        view.member,
        view.late,
    )

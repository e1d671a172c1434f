"""Referring, answering, and learning what was answered. Each side writes its own rows, and of the other's only what is
there for it: who receives gets the minimum, who refers gets an answer that rests on her word or a law, or a bare no."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from accord.coordination.protocols.rules import after
from accord.coordination.referrals import facts
from accord.coordination.referrals.models import Answer, Attempt, Capacity, Incoming, No, Referral
from accord.coordination.referrals.rules import (
    BY_HAND,
    LONGEST_NAME,
    LONGEST_WAIT,
    OPEN_HERE,
    OUTCOMES,
    OVER,
    REASONS,
    TAKES,
    TIMES,
    TURNED_DOWN,
    UNANSWERED,
    InvalidReferral,
    Stand,
    State,
    Urgency,
    checked,
    forward,
    may_say_no,
    step,
)
from accord.ledger.permits import Permit, needs
from accord.partners.models import Agency
from accord.policy.words import Category, Duty, Level, Relation, Verb
from accord.sealing.hpke import seal_to
from accord.sealing.vault import ClientKey
from accord.sharing import actions as sharing
from accord.sharing import facts as sharing_facts
from accord.sharing import queries as shared
from accord.sharing.models import Envelope, Release
from accord.vault import actions as vault
from accord.vault.facts import client_key, family, scope_of, within
from accord.vault.models import Case, Client, Person
from accord.vault.rules import SERVICES, Detail, Summary


@dataclass(frozen=True, slots=True)
class Outside:
    """Somebody who is no partner: who, where, and what her leave rests on (a paper that is kept, or she takes it)."""

    name: str
    address: str = ""
    leave: str = ""


@needs(Verb.REFER)
def draft(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    service: str,
    urgency: str,
    about_id: UUID | None = None,
    recipient_id: UUID | None = None,
    outside: Outside | None = None,
    words: str = "",
    parent_id: UUID | None = None,
) -> UUID:
    """Write down whom she is to be referred to and what for. Nothing is sent. `about_id` is a child of hers instead of
    herself, `parent_id` a referral to us that this one carries on. Returns its id. Raises InvalidReferral."""
    service, urgent, words = checked(service, urgency, words)
    if (recipient_id is None) == (outside is None):
        raise InvalidReferral("Choose a partner, or write down who else it goes to.")
    if recipient_id is not None and (
        recipient_id == permit.agency_id or not Agency.objects.filter(id=recipient_id).exists()
    ):
        raise InvalidReferral("Choose a partner, or write down who else it goes to.")
    if parent_id and not Answer.objects.filter(incoming=parent_id, client__in=family(client_id)).exists():
        raise InvalidReferral("This does not carry on a referral that was accepted here.")
    row = Referral(
        agency_id=permit.agency_id,
        client_id=client_id,
        case_id=Case.objects.filter(client=client_id).order_by("-opened_at").values_list("id", flat=True)[0],
        about_id=_about(client_id, about_id),
        recipient_id=recipient_id,
        service=service,
        urgency=urgent,
        parent=parent_id,
        prepared_at=at,
        prepared_by=permit.member_id,
    )
    key = _key(permit, client_id)
    if outside is not None:
        if not outside.name.strip() or len(outside.name) > LONGEST_NAME or len(outside.address) > LONGEST_NAME:
            raise InvalidReferral("Write down who it goes to, in at most 200 letters.")
        row.outside = key.seal("referrals_referral", "outside", row.id, json.dumps(asdict(outside)).encode())
    if words:
        row.words = key.seal("referrals_referral", "words", row.id, words.encode())
    row.save(force_insert=True)
    permit.record("referral_drafted", row.id)
    drafted: UUID = row.id
    return drafted


@needs(Verb.REFER)
def deliver(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    referral_id: UUID,
    basis: facts.Basis,
    entry_id: UUID,
    thread: UUID,
) -> None:
    """Put a referral before its partner: who refers, what for, how soon. The gate has asked the law and sent along what
    it opens; the database asks for the basis once more. Raises InvalidReferral when it went before."""
    row = _draft(client_id, referral_id)
    recipient = Agency.objects.get(id=row.recipient_id)
    row.state, row.thread, row.entry = State.DELIVERED, thread, entry_id
    row.release_id, row.flow_id = (basis.id, None) if isinstance(basis, Release) else (None, basis.id)
    row.sent_at, row.sent_by, row.delivered_at = at, permit.member_id, at
    row.answer_due_at = _due(permit, at, Urgency(row.urgency))
    row.save()
    came = Incoming(
        id=row.id,
        agency_id=recipient.id,
        holder_id=permit.agency_id,
        thread=thread,
        service=row.service,
        urgency=row.urgency,
        key_version=recipient.public_version,
        delivered_at=at,
        due_at=row.answer_due_at,
    )
    place = (client_id, recipient.id)
    if names := sharing_facts.asked_to_keep_from(permit, {place}).get(place):
        came.kept_from = seal_to(bytes(recipient.public_key), json.dumps(names).encode(), facts.incoming_info(came))
    came.save(force_insert=True)
    permit.record("referral_sent", row.id)


@needs(Verb.REFER)
def hand_over(*, permit: Permit, at: datetime, client_id: UUID, referral_id: UUID, how: str) -> None:
    """A referral went to somebody who is no partner: on paper, as a package, or by phone. Raises InvalidReferral."""
    row = _draft(client_id, referral_id)
    if row.outside is None or how not in BY_HAND:
        raise InvalidReferral("Say how it went to them.")
    row.state, row.by_hand = State.SENT, how
    row.sent_at, row.sent_by = at, permit.member_id
    row.answer_due_at = _due(permit, at, Urgency(row.urgency))
    row.save()
    permit.record("referral_sent", row.id)


@needs(Verb.REFER)
def note(
    *, permit: Permit, at: datetime, client_id: UUID, referral_id: UUID, state: str, reason: str = "", outcome: str = ""
) -> None:
    """Where a referral to somebody who is no partner stands, as a worker heard it. Raises InvalidReferral."""
    row = _mine(client_id, referral_id)
    heard = (State.DELIVERED, State.ACCEPTED, State.DECLINED, State.MET, State.ENDED)
    if row.outside is None or row.state == State.DRAFT or state not in heard:
        raise InvalidReferral("This is noted for somebody who is no partner, once it went out.")
    if (state == State.DECLINED) != (reason in REASONS) or (state == State.ENDED) != (outcome in OUTCOMES):
        raise InvalidReferral("Say why they said no, or what came of it, and only then.")
    if not _moved(permit, at, row, State(state), reason=reason, outcome=outcome):
        raise InvalidReferral("It stands there already, or further on.")


@needs(Verb.REFER)
def take_back(*, permit: Permit, at: datetime, client_id: UUID, referral_id: UUID) -> int:
    """This was a mistake: the partner can no longer read it, nor what went along with it, whatever it did with it.
    Returns how many envelopes ended. Raises InvalidReferral when it is over."""
    row = _mine(client_id, referral_id)
    if row.state in OVER or row.recipient_id is None:
        raise InvalidReferral("This is over already, or it is not with a partner.")
    ended = 0
    if row.sent_at is not None:
        Incoming.objects.filter(agency_id=row.recipient_id, holder_id=permit.agency_id, id=row.id).update(
            withdrawn_at=at
        )
        ended = sharing.end_along(permit=permit, at=at, referral_id=row.id)
    row.state, row.closed_at, row.closed_by = State.TAKEN_BACK, at, permit.member_id
    row.save(update_fields=["state", "closed_at", "closed_by"])
    permit.record("referral_taken_back", row.id)
    return ended


@needs(Verb.REFER)
def close(*, permit: Permit, at: datetime, client_id: UUID, referral_id: UUID, outcome: str = "") -> None:
    """We are done with it, whether anybody has answered or not. Raises InvalidReferral when it is over."""
    row = _mine(client_id, referral_id)
    if row.state in OVER:
        raise InvalidReferral("This is over already.")
    if outcome and outcome not in OUTCOMES:
        raise InvalidReferral("Choose what came of it from the list.")
    row.state, row.closed_at, row.closed_by = State.CLOSED, at, permit.member_id
    row.outcome = row.outcome or outcome
    row.save(update_fields=["state", "closed_at", "closed_by", "outcome"])
    permit.record("referral_closed", row.id)


@needs(Verb.REFER, Verb.ACCEPT_ENVELOPE)
def learn(*, permit: Permit, at: datetime, client_id: UUID) -> list[UUID]:
    """Carry over into our own rows what partners have told about referrals of one client: envelopes that came on their
    threads, and a bare no. Told twice, late or out of order it moves nothing back. Returns the ids that moved on."""
    rows = {
        row.id: row
        for row in Referral.objects.select_for_update()
        .filter(client__in=family(client_id), recipient__isnull=False, sent_at__isnull=False)
        .exclude(state__in=OVER)
        .order_by("id")
    }
    moved = [
        said.id
        for said in No.objects.filter(agency_id=permit.agency_id, id__in=list(rows))
        if said.holder_id == rows[said.id].recipient_id
        and _moved(
            permit,
            at,
            rows[said.id],
            State.REDIRECTED if said.toward else State.DECLINED,
            reason=said.reason,
            toward=said.toward,
        )
    ]
    for row, state, result in _told(permit, list(rows.values())):
        if _moved(permit, at, row, state, outcome=result):
            moved.append(row.id)
    return list(dict.fromkeys(moved))


@needs(Verb.REFER, Verb.ANSWER_REFERRAL)
def spoke(*, permit: Permit, at: datetime, client_id: UUID, referral_id: UUID, together: bool) -> None:
    """The point persons of both agencies spoke, with her on the line (`together`) or without: a warm hand-off."""
    Attempt.objects.create(
        agency_id=permit.agency_id,
        client_id=client_id,
        referral=referral_id,
        kind="together" if together else "partner",
        at=at,
        by=permit.member_id,
    )
    permit.record("hand_off_noted", referral_id)


# ------------------------------------------------------------------ where it came to


@needs(Verb.ANSWER_REFERRAL)
def take(*, permit: Permit, at: datetime, referral_id: UUID) -> None:
    """Whoever presses this looks after it. Twice is the same as once. Raises InvalidReferral when it is over, or when
    somebody else was first."""
    answer = _looked_after(permit, referral_id)
    if answer.member not in (None, permit.member_id):
        raise InvalidReferral("Somebody else looks after it already.")
    if answer.member is None:
        _looks_after(answer, permit.member_id)
        permit.record("referral_taken", referral_id)


@needs(Verb.ANSWER_REFERRAL)
def put_down(*, permit: Permit, at: datetime, referral_id: UUID) -> None:
    """She does not look after it any more, and nobody does. Raises InvalidReferral unless it is hers and not over."""
    answer = _looked_after(permit, referral_id)
    if answer.member != permit.member_id:
        raise InvalidReferral("You do not look after this one.")
    _looks_after(answer, None)
    permit.record("referral_put_down", referral_id)


@needs(Verb.ASSIGN_CLIENT)
def give(*, permit: Permit, at: datetime, referral_id: UUID, to_member: UUID) -> None:
    """A supervisor says who looks after it, whether it waits or was accepted. Raises InvalidReferral for somebody who
    cannot be given it, or when it is over."""
    answer = _looked_after(permit, referral_id)
    if to_member not in facts.may_look_after(permit, [answer])[answer.id]:
        raise InvalidReferral("It cannot go to this colleague. Choose somebody else.")
    if answer.member != to_member:
        _looks_after(answer, to_member, by=permit.member_id, at=at)
        permit.record("referral_given", referral_id)


@needs(Verb.MANAGE_MEMBERS, Verb.ASSIGN_CLIENT)
def hand_all(*, permit: Permit, at: datetime, from_member: UUID, to_member: UUID | None) -> tuple[int, int]:
    """What came and one member looks after is another's from now on, as far as she may; the rest is with nobody, where
    supervisors find it, and so is all of it when nobody takes over. Returns how many went, and how many did not."""
    rows = list(facts.held(from_member).select_for_update().order_by("id"))
    may = facts.may_look_after(permit, rows) if to_member is not None else {}
    went = 0
    for row in rows:
        if to_member in may.get(row.id, ()):
            _looks_after(row, to_member, by=permit.member_id, at=at)
            permit.record("referral_given", row.incoming)
            went += 1
        else:
            _looks_after(row, None)
            permit.record("referral_put_down", row.incoming)
    return went, len(rows) - went


@needs(Verb.ANSWER_REFERRAL)
def accept(*, permit: Permit, at: datetime, referral_id: UUID, client_id: UUID) -> int:
    """Yes, into one of our own files. From here on we read what went along with it; whoever refers learns nothing by
    that. Returns how many questions she is not asked again. Raises InvalidReferral, InvalidRelease."""
    answer = _answering(permit, referral_id)
    step(Stand(answer.state), Stand.ACCEPTED)
    answer.state, answer.client_id = Stand.ACCEPTED, client_id
    answer.answered_at, answer.answered_by = at, permit.member_id
    answer.contact_due_at = after(at, TIMES[Urgency(answer.urgency)].contact, _zone(permit))
    answer.save()
    same = Incoming.objects.filter(agency_id=permit.agency_id, holder_id=answer.holder_id, thread=answer.thread)
    sharing.open_along(
        permit=permit, at=at, partner_id=answer.holder_id, referral_ids=list(same.values_list("id", flat=True))
    )
    came = shared.thread(permit=permit, thread=answer.thread)
    questions = {view.id: view.content.answers for view in came.envelopes} if came else {}
    sharing.accept(
        permit=permit, at=at, partner_id=answer.holder_id, thread=answer.thread, client_id=client_id, answers=questions
    )
    answer.entry = _entry(permit, at, client_id, "accepted", answer.service, referral_id)
    answer.save(update_fields=["entry"])
    if answer.member is None or not _knows(permit, answer.member, client_id):
        _looks_after(answer, permit.member_id)
    permit.record("referral_accepted", referral_id)
    return sum(questions.values())


@needs(Verb.ANSWER_REFERRAL)
def decline(
    *, permit: Permit, at: datetime, referral_id: UUID, reason: str, toward_id: UUID | None = None, tell: bool = False
) -> bool:
    """No, and why; `toward_id` names another partner instead, which is for the one who refers to decide about. With
    `tell` they are told the bare no where that may be told without her. Returns whether they were. Raises
    InvalidReferral."""
    answer = _answering(permit, referral_id)
    to = Stand.REDIRECTED if toward_id else Stand.DECLINED
    step(Stand(answer.state), to)
    if reason not in REASONS or (toward_id and reason != "another_is_better"):
        raise InvalidReferral("Say why not.")
    if toward_id and (
        toward_id in (permit.agency_id, answer.holder_id) or not Agency.objects.filter(id=toward_id).exists()
    ):
        raise InvalidReferral("Name another partner.")
    answer.state, answer.reason, answer.toward = to, reason, toward_id
    answer.answered_at, answer.answered_by = at, permit.member_id
    answer.save()
    permit.record("referral_declined", referral_id)
    duties = frozenset(Duty(duty) for duty in Agency.objects.values_list("duties", flat=True).get(id=permit.agency_id))
    if not tell or not may_say_no(duties, reason):
        return False
    No.objects.create(
        id=referral_id,
        agency_id=answer.holder_id,
        holder_id=permit.agency_id,
        reason=reason,
        toward=toward_id,
        told_at=at,
    )
    permit.record("referral_no_told", referral_id)
    return True


@needs(Verb.ANSWER_REFERRAL)
def met(*, permit: Permit, at: datetime, client_id: UUID, referral_id: UUID) -> UUID:
    """We met her. Returns the entry that says so. Raises InvalidReferral."""
    answer = _accepted(client_id, referral_id)
    step(Stand(answer.state), Stand.MET)
    answer.state, answer.met_at = Stand.MET, at
    answer.contacted_at = answer.contacted_at or at
    answer.entry = _entry(permit, at, answer.client_id, "met", answer.service, referral_id)
    answer.save()
    permit.record("referral_met", referral_id)
    written: UUID = answer.entry
    return written


@needs(Verb.ANSWER_REFERRAL)
def end(*, permit: Permit, at: datetime, client_id: UUID, referral_id: UUID, outcome: str) -> UUID:
    """It is over here, with what came of it. Returns the entry that says so. Raises InvalidReferral."""
    answer = _accepted(client_id, referral_id)
    step(Stand(answer.state), Stand.ENDED)
    if outcome not in OUTCOMES:
        raise InvalidReferral("Choose what came of it from the list.")
    answer.state, answer.outcome, answer.ended_at = Stand.ENDED, outcome, at
    answer.entry = _entry(permit, at, answer.client_id, "ended", answer.service, referral_id, outcome)
    answer.save()
    permit.record("referral_ended", referral_id)
    written: UUID = answer.entry
    return written


@needs(Verb.CONTACT_CLIENT)
def attempted(*, permit: Permit, at: datetime, client_id: UUID, entry_id: UUID) -> None:
    """Somebody tried to reach her, by whatever way the check allowed: it counts for every referral about her that we
    accepted and that is not over."""
    rows = Answer.objects.filter(client__in=family(client_id), state__in=[Stand.ACCEPTED, Stand.MET])
    Attempt.objects.bulk_create(
        Attempt(
            agency_id=permit.agency_id,
            client_id=client_id,
            referral=row.incoming,
            kind="her",
            entry=entry_id,
            at=at,
            by=permit.member_id,
        )
        for row in rows
    )
    rows.filter(contacted_at__isnull=True).update(contacted_at=at)


@needs(Verb.ANSWER_REFERRAL)
def state_capacity(
    *, permit: Permit, at: datetime, takes: str, services: Iterable[str] = (), wait_days: int | None = None
) -> None:
    """Say to the whole community whether we take referrals now, for what, and how long the wait is. It names no client.
    Raises InvalidReferral."""
    chosen = [service for service in SERVICES if service in set(services)]
    if takes not in TAKES or (wait_days is not None and not 0 <= wait_days <= LONGEST_WAIT):
        raise InvalidReferral("Say whether you take referrals now, and how many days the wait is.")
    said = {
        "takes": takes,
        "services": chosen,
        "wait_days": wait_days if takes == "waiting" else None,
        "stated_at": at,
        "stated_by": permit.member_id,
    }
    if not Capacity.objects.filter(agency_id=permit.agency_id).update(**said):
        Capacity.objects.create(agency_id=permit.agency_id, **said)
    permit.record("capacity_stated", permit.agency_id)


# ------------------------------------------------------------------ parts


def _moved(
    permit: Permit,
    at: datetime,
    row: Referral,
    to: State,
    *,
    reason: str = "",
    toward: UUID | None = None,
    outcome: str = "",
) -> bool:
    """Move a referral on to where it was told to stand, if that is further on. What went along with one that was turned
    down is taken back."""
    if not forward(State(row.state), to):
        return False
    row.state = to
    if to is State.DELIVERED:
        row.delivered_at = at
    else:
        row.answered_at = row.answered_at or at
    if to in TURNED_DOWN:
        row.reason, row.toward = reason, toward
    if to is State.MET:
        row.met_at = at
    if to is State.ENDED:
        row.outcome, row.ended_at = outcome if outcome in OUTCOMES else "other", at
    row.save()
    if to in TURNED_DOWN and row.recipient_id is not None:
        sharing.end_along(permit=permit, at=at, referral_id=row.id)
    permit.record("referral_learnt", row.id)
    return True


def _told(permit: Permit, rows: list[Referral]) -> list[tuple[Referral, State, str]]:
    """What living envelopes say of these referrals. That somebody is involved, told after a referral and about the only
    one that waits on its thread, is a yes to it."""
    by_id = {row.id: row for row in rows}
    came = Envelope.objects.filter(
        agency_id=permit.agency_id,
        holder__in={row.recipient_id for row in rows},
        thread__in={row.thread for row in rows},
        category=Category.SERVICES,
    )
    envelopes = list(came.order_by("sent_at", "id"))
    contents = sharing_facts.contents(permit, envelopes) if envelopes else {}
    found = []
    for envelope in envelopes:
        content = contents[envelope.id]
        if content.level is Level.EXISTENCE:
            waiting = [
                row
                for row in rows
                if row.thread == envelope.thread
                and row.recipient_id == envelope.holder_id
                and row.state in UNANSWERED
                and row.sent_at <= envelope.sent_at
            ]
            found += [(row, State.ACCEPTED, "") for row in waiting if len(waiting) == 1]
        elif said := facts.told(content.summary):
            state, id, result = said
            if id in by_id and by_id[id].recipient_id == envelope.holder_id:
                found.append((by_id[id], state, result))
    return found


def _entry(
    permit: Permit, at: datetime, client_id: UUID, said: str, service: str, referral_id: UUID, result: str = ""
) -> UUID:
    values = {"service": service, "referral": str(referral_id)} | ({"result": result} if result else {})
    return vault.add_entries(
        permit=permit,
        at=at,
        client_id=client_id,
        entries=[
            vault.NewEntry(
                kind="referral",
                category=Category.SERVICES,
                occurred_at=at,
                summary=Summary(template=f"referral.{said}", values=values),
                detail=Detail(values=values),
                status=said,
            )
        ],
    )[0]


def _about(client_id: UUID, about_id: UUID | None) -> UUID:
    people = dict(Person.objects.filter(client=client_id).values_list("id", "relation"))
    chosen = [id for id, relation in people.items() if relation == Relation.SELF]
    if about_id is not None:
        chosen = [id for id in (about_id,) if people.get(id) in (Relation.SELF, Relation.CHILD)]
    if not chosen:
        raise InvalidReferral("A referral is about her, or about a child of hers.")
    found: UUID = chosen[0]
    return found


def _mine(client_id: UUID, referral_id: UUID) -> Referral:
    row = facts.locked(client_id, referral_id)
    if row is None:
        raise InvalidReferral("There is no such referral.")
    return row


def _draft(client_id: UUID, referral_id: UUID) -> Referral:
    row = _mine(client_id, referral_id)
    if row.state != State.DRAFT:
        raise InvalidReferral("This has been sent already, or is over.")
    return row


def _answering(permit: Permit, referral_id: UUID) -> Answer:
    """Our own row about what came, locked; made when somebody first does something about it. What was taken back is not
    there any more."""
    came = facts.open_to(permit, Incoming.objects.filter(agency_id=permit.agency_id, id=referral_id))
    if not came:
        raise InvalidReferral("There is no such referral.")
    named = {"agency_id": permit.agency_id, "holder_id": came[0].holder_id, "incoming": came[0].id}
    like = {"thread": came[0].thread, "service": came[0].service, "urgency": came[0].urgency}
    Answer.objects.get_or_create(**named, defaults=like)
    answer: Answer = Answer.objects.select_for_update().get(**named)
    return answer


def _looked_after(permit: Permit, referral_id: UUID) -> Answer:
    """The same, where somebody looks after it: also one that was accepted into a file she may know of, even when it has
    been taken back since. Raises InvalidReferral when it is over."""
    rows = within(permit, Answer.objects.select_for_update().filter(client__isnull=False))
    accepted: Answer | None = rows.filter(agency_id=permit.agency_id, incoming=referral_id).first()
    answer = accepted or _answering(permit, referral_id)
    if answer.state not in OPEN_HERE:
        raise InvalidReferral("This is over already.")
    return answer


def _looks_after(answer: Answer, member: UUID | None, *, by: UUID | None = None, at: datetime | None = None) -> None:
    """Somebody looks after it from now on, or nobody; who gave it to her, and when, where it was not she herself."""
    given = member is not None and by not in (None, member)
    answer.member = member
    answer.given_by, answer.given_at = (by, at) if given else (None, None)
    answer.save(update_fields=["member", "given_by", "given_at"])


def _knows(permit: Permit, member: UUID, client_id: UUID) -> bool:
    """Whether who looked after it before the yes may know of the file it went into."""
    scope = scope_of(permit.agency_id, member)
    return scope is not None and scope.lets(client_id)


def _accepted(client_id: UUID, referral_id: UUID) -> Answer:
    row: Answer | None = (
        Answer.objects.select_for_update().filter(incoming=referral_id, client__in=family(client_id)).first()
    )
    if row is None:
        raise InvalidReferral("There is no such referral.")
    return row


def _due(permit: Permit, at: datetime, urgency: Urgency) -> datetime:
    return after(at, TIMES[urgency].answer, _zone(permit))


def _zone(permit: Permit) -> ZoneInfo:
    return ZoneInfo(Agency.objects.values_list("timezone", flat=True).get(id=permit.agency_id))


def _key(permit: Permit, client_id: UUID) -> ClientKey:
    client = Client.objects.select_related("shred").only("wrapped_key", "shred__secret").get(id=client_id)
    key: ClientKey = client_key(permit.opened(), client)
    return key

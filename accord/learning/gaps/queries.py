"""Gaps as the agency sees them: what is open, what was answered, how often each rule found something."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, FilteredRelation, Max, OuterRef, Q, QuerySet, Subquery

from accord.coordination.protocols.facts import protocol
from accord.coordination.protocols.rules import Due as DueRule
from accord.coordination.tracks.models import Due
from accord.learning.gaps.actions import TABLE
from accord.learning.gaps.facts import rules, stands
from accord.learning.gaps.models import Gap, Told
from accord.learning.gaps.rules import Answer, Priority, Rule, Watched, agreed
from accord.ledger.permits import Permit, needs
from accord.policy.words import Level, Relation, Verb
from accord.sharing.models import Envelope, Receipt, Sent
from accord.vault.facts import around, client_key, files, within
from accord.vault.models import Team

MOST_LISTED = 200
#: How many *My day* shows; the page of gaps shows all.
MOST_ON_DAY = 12
#: How far back a supervisor counts.
DAYS = 90
#: What an e-mail is worth: danger, and a right or a clock of the law. Her care is asked about on *My day*.
NEWS = (Priority.DANGER, Priority.CLOCK)


@dataclass(frozen=True, slots=True)
class GapLine:
    """One open gap in a list: what, about whom, since when. Nothing is opened. `of` is the due, referral, release or
    receipt; `due` what a protocol asks for, where it is one: the rule that watches the rest says no more than late.
    Where a partner told of it, `partner_id` is which, and `told` the rule that it told of."""

    id: UUID
    client_id: UUID
    of: UUID
    rule: Rule
    since_at: datetime
    due: DueRule | None = None
    partner_id: UUID | None = None
    told: Rule | None = None

    @property
    def priority(self) -> Priority:
        return (self.told or self.rule).priority

    @property
    def sentence(self) -> str:
        if self.told is not None:
            return self.told.sentence
        return self.due.title if self.rule.rest and self.due is not None else self.rule.sentence


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered before."""

    answer: Answer
    at: datetime
    by: UUID
    why: str
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToldLine:
    """What was written down for partners about one gap: whether it went to any, who of them can still read it, and
    whether it is open. `gap_id`: from whose page."""

    id: UUID
    client_id: UUID
    gap_id: UUID
    rule: Rule
    told_at: datetime
    sent: bool
    partners: tuple[UUID, ...]
    stands: bool


@dataclass(frozen=True, slots=True)
class GapView:
    """One gap with what was answered to it, now or before; `track_id` where it is a due of one, whom that is about, and
    whether what was agreed with partners has passed too. `told`: what was written down for partners and is not over for
    them."""

    line: GapLine
    track_id: UUID | None
    about_id: UUID | None
    about_herself: bool
    agreed: bool
    open: bool
    said: tuple[Said, ...]
    told: ToldLine | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How often one rule found something since a day: still open, gone by itself, and how it was answered."""

    rule: Rule
    open: int
    over: int
    answered: Mapping[Answer, int]

    @property
    def found(self) -> int:
        return self.open + self.over + sum(self.answered.values())


@needs(Verb.ANSWER_GAP)
def gaps(*, permit: Permit, rule: str = "", member_id: UUID | None = None, limit: int = MOST_LISTED) -> list[GapLine]:
    """Open gaps of every file she may know of, danger first, then the longest wait; of one rule, or of the files one
    member works with."""
    rows = within(permit, _open())
    if rule:
        rows = rows.filter(rule=rule)
    if member_id is not None:
        working = Team.objects.filter(member_id=member_id, ended_at__isnull=True)
        rows = rows.filter(client_id__in=working.values("client_id"))
    return _lines(permit, rows, limit)


@needs(Verb.READ_DAY)
def for_day(*, permit: Permit) -> list[GapLine]:
    """Open gaps for *My day*: of the rules whose things do not stand there anyway."""
    shown = [code for code, rule in rules().items() if rule.day]
    return _lines(permit, within(permit, _open()).filter(rule__in=shown), MOST_ON_DAY)


@needs(Verb.SWEEP)
def found(*, permit: Permit, since: datetime) -> Mapping[UUID, datetime]:
    """By member, when something urgent was last found that is still open, about somebody she works with; of what My day
    shows. Who is walled off, or no longer works with her, hears nothing."""
    shown = [code for code, rule in rules().items() if rule.day]
    rows = Gap.objects.filter(closed_at__isnull=True, found_at__gte=since, rule__in=shown, priority__in=NEWS)
    newest = dict(rows.values_list("client_id").annotate(Max("found_at")).order_by())
    return around(permit.agency_id, newest).hear(newest) if newest else {}


@needs(Verb.READ_DAY)
def asked(*, permit: Permit, of: Collection[UUID]) -> set[UUID]:
    """Which of these things are an open gap, or were answered as one: they are asked about here, and nowhere else."""
    said = Q(closed_at__isnull=True) | Q(answered_at__isnull=False)
    return set(within(permit, Gap.objects.filter(said, of__in=of)).values_list("of", flat=True)) if of else set()


@needs(Verb.READ_DAY)
def to_end(*, permit: Permit) -> list[ToldLine]:
    """What partners were told is open, and is over: nobody has told them so yet."""
    rows = within(permit, Told.objects.filter(over__isnull=True)).annotate(stands=stands(permit.at))
    reached = _living(permit).filter(client_id=OuterRef("client_id"), entry_id=OuterRef("entry"))
    over = rows.filter(Exists(reached), stands=False).order_by("told_at", "id")
    found = _told(permit, over[:MOST_ON_DAY])
    for line in found:
        permit.show("gap", line.gap_id, Level.EXISTENCE)
    return found


@needs(Verb.READ_CLIENT)
def gaps_of(*, permit: Permit, client_id: UUID) -> list[GapLine]:
    """Open gaps about one client."""
    return _lines(permit, _open().filter(client_id__in=files(client_id)), MOST_LISTED)


@needs(Verb.ANSWER_GAP)
def gap(*, permit: Permit, client_id: UUID, gap_id: UUID) -> GapView | None:
    """One gap about one's own client, with every answer about the same thing; None when there is none."""
    row = Gap.objects.filter(id=gap_id, client_id__in=files(client_id)).select_related("client__shred").first()
    if row is None or row.rule not in rules():
        return None
    key = client_key(permit.opened(), row.client)
    told = Told.objects.filter(client_id=row.client_id, rule=row.rule, of=row.of, over__isnull=True)
    due = Due.objects.filter(id=row.of).select_related("track__about").first()
    before = Gap.objects.filter(of=row.of, rule=row.rule, answered_at__isnull=False).order_by("-answered_at")
    permit.show("gap", row.id, Level.FULL)
    return GapView(
        line=GapLine(
            row.id,
            row.client_id,
            row.of,
            rules()[row.rule],
            row.since_at,
            _dues([row.of]).get(row.of),
            *_told_here([row.of]).get(row.of, (None, None)),
        ),
        track_id=due and due.track_id,
        about_id=due and due.track.about_id,
        about_herself=due is not None and due.track.about.relation == Relation.SELF,
        agreed=due is None or agreed(due.agreed_at, rules()[row.rule].after, permit.at),
        open=row.closed_at is None,
        said=tuple(
            Said(
                answer=Answer(each.answer),
                at=each.answered_at,
                by=each.answered_by,
                why="" if each.why is None else key.open(TABLE, "why", each.id, bytes(each.why)).decode(),
                again_at=each.again_at,
            )
            for each in before
        ),
        told=next(iter(_told(permit, told.annotate(stands=stands(permit.at)))), None),
    )


@needs(Verb.READ_BOARD)
def counts(*, permit: Permit, days: int = DAYS) -> list[Counted]:
    """What each rule found in the last days, in the files she may know of; every rule is there, also with nothing."""
    rows = within(permit, Gap.objects.filter(found_at__gt=permit.at - timedelta(days=days)))
    found = rows.values("rule", "answer").annotate(
        still=Count("id", filter=Q(closed_at__isnull=True)), closed=Count("id", filter=Q(closed_at__isnull=False))
    )
    by_rule: dict[str, dict[str, tuple[int, int]]] = {}
    for each in found:
        by_rule.setdefault(each["rule"], {})[each["answer"]] = (each["still"], each["closed"])
    return [
        Counted(
            rule=rule,
            open=answers.get("", (0, 0))[0],
            over=answers.get("", (0, 0))[1],
            answered={Answer(code): closed for code, (_still, closed) in answers.items() if code},
        )
        for rule, answers in ((rule, by_rule.get(code, {})) for code, rule in rules().items())
    ]


@needs(Verb.READ_BOARD)
def carried(*, permit: Permit) -> tuple[Mapping[UUID, int], int]:
    """How many gaps are open in the files each member works with, by member, and how many in all; of the files the
    asker may know of. A gap in two people's file counts for both."""
    rows = within(permit, _open())
    works = FilteredRelation("client__team", condition=Q(client__team__ended_at__isnull=True))
    by_member = rows.annotate(works=works).filter(works__member_id__isnull=False).values_list("works__member_id")
    return dict(by_member.annotate(Count("id")).order_by()), rows.count()


def _open() -> QuerySet[Gap]:
    """Open gaps of rules that still hold."""
    return Gap.objects.filter(closed_at__isnull=True, rule__in=list(rules()))


def _lines(permit: Permit, rows: QuerySet[Gap], limit: int) -> list[GapLine]:
    """In the order of `rules.first`."""
    ordered = rows.order_by("priority", "since_at", "id")[:limit]
    found = list(ordered.values_list("id", "client_id", "rule", "since_at", "of"))
    dues = _dues([of for *_, rule, _since_at, of in found if rules()[rule].rest])
    here = _told_here([of for *_, rule, _since_at, of in found if rules()[rule].watches is Watched.TOLD])
    lines = []
    for id, client_id, rule, since_at, of in found:
        permit.show("gap", id, Level.EXISTENCE)
        lines.append(GapLine(id, client_id, of, rules()[rule], since_at, dues.get(of), *here.get(of, (None, None))))
    return lines


def _dues(ids: Collection[UUID]) -> dict[UUID, DueRule]:
    """What these clocks ask for, by the version of the protocol that their cases run by."""
    if not ids:
        return {}
    rows = Due.objects.filter(id__in=ids).values_list("id", "code", "track__protocol", "track__version")
    return {id: protocol(of, version).due(code) for id, code, of, version in rows}


def _told_here(ids: Collection[UUID]) -> dict[UUID, tuple[UUID, Rule | None]]:
    """Of these receipts, which partner told of which gap."""
    rows = Receipt.objects.filter(id__in=ids).exclude(tells="").values_list("id", "partner_id", "tells") if ids else ()
    return {id: (partner, rules().get(tells)) for id, partner, tells in rows}


def _living(permit: Permit) -> QuerySet[Sent]:
    """What was sent and can still be read there."""
    living = Envelope.objects.filter(
        agency_id=OuterRef("recipient_id"),
        id=OuterRef("envelope"),
        holder_id=permit.agency_id,
        withdrawn_at__isnull=True,
        until_at__gt=permit.at,
    )
    return Sent.objects.filter(Exists(living))


def _told(permit: Permit, rows: QuerySet[Told]) -> list[ToldLine]:
    same = Gap.objects.filter(client_id=OuterRef("client_id"), rule=OuterRef("rule"), of=OuterRef("of"))
    page = Subquery(same.order_by("-found_at").values("id")[:1])
    found = [row for row in rows.annotate(gap_id=page) if row.rule in rules()]
    sent = {"client_id__in": {row.client_id for row in found}, "entry_id__in": [row.entry for row in found]}
    went = set(Sent.objects.filter(**sent).values_list("entry_id", flat=True)) if found else set()
    reached: dict[UUID, dict[UUID, None]] = {}
    if went:
        ordered = _living(permit).filter(**sent).order_by("sent_at", "id")
        for entry, partner in ordered.values_list("entry_id", "recipient_id"):
            reached.setdefault(entry, {})[partner] = None
    return [
        ToldLine(
            id=row.id,
            client_id=row.client_id,
            gap_id=row.gap_id,
            rule=rules()[row.rule],
            told_at=row.told_at,
            sent=row.entry in went,
            partners=tuple(reached.get(row.entry, ())),
            stands=row.stands,
        )
        for row in found
    ]

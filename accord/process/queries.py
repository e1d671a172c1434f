"""Papers as the agency that holds the file sees them: what waits, where each stands, what left on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accord.ledger.permits import Permit, needs
from accord.partners.models import Agency
from accord.policy.words import (
    AgencyKind,
    Category,
    Duty,
    Field,
    Level,
    ProcessKind,
    Purpose,
    Representation,
    Verb,
)
from accord.process.actions import TABLE
from accord.process.facts import key_of, represented
from accord.process.models import Breach, Given, Notice, Paper, Step
from accord.process.rules import OPEN, Clock, State, Whom, breach_clocks, breach_info, needs_counsel, words_of
from accord.vault.facts import files, within

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One paper in a list: what it is and where it stands, nothing opened."""

    id: UUID
    client_id: UUID
    kind: ProcessKind
    needs_counsel: bool
    state: State
    partner_id: UUID | None
    outside_kind: AgencyKind | None
    statute: str
    received_at: datetime
    due_at: datetime | None
    oral_at: datetime | None
    answered_at: datetime | None

    @property
    def waits_for_counsel(self) -> bool:
        return self.needs_counsel and self.state in (State.RECEIVED, State.COUNSEL_ASKED)


@dataclass(frozen=True, slots=True)
class PaperStep:
    """One step of its path."""

    move: str
    at: datetime
    by: UUID


@dataclass(frozen=True, slots=True)
class PaperView:
    """One paper with its words, opened."""

    line: PaperLine
    claimed: ProcessKind
    subject_id: UUID
    purpose: Purpose
    categories: tuple[Category, ...]
    fields: tuple[Field, ...]
    represented: frozenset[Representation]
    since_at: datetime
    until_at: datetime
    said: Mapping[Field, str]
    outside: str
    reference: str
    stated_by: str
    threat: str
    counsel: str
    counsel_said: str
    counsel_advice: str
    not_told: str
    safety: str
    because: str
    quiet_by: str
    told_at: datetime | None
    told_how: str
    answered_until_at: datetime | None
    quiet_until_at: datetime | None
    path: tuple[PaperStep, ...]

    @property
    def id(self) -> UUID:
        return self.line.id


@dataclass(frozen=True, slots=True)
class Gave:
    """One disclosure on a paper, as an accounting lists it (45 CFR 164.528(b)(2)); `whom` is empty for a partner."""

    given_at: datetime
    paper: UUID
    kind: ProcessKind
    partner_id: UUID | None
    whom: str
    category: Category
    level: Level
    purpose: Purpose
    rule: str
    way: str


@dataclass(frozen=True, slots=True)
class BreachView:
    """One breach: its clocks, and when each was told."""

    id: UUID
    kind: str
    what: str
    detected_at: datetime
    clocks: tuple[tuple[Clock, datetime | None], ...]

    @property
    def open(self) -> bool:
        return any(told is None for _clock, told in self.clocks)


@needs(Verb.READ_PROCESS)
def papers(*, permit: Permit, still_open: bool = True) -> list[PaperLine]:
    """Papers about every file she may know of: those somebody still has to do something about, the longest wait first,
    or the others, the newest first."""
    rows = within(permit, _living())
    if still_open:
        return _lines(permit, rows.filter(state__in=[*OPEN, State.ANSWERED]).order_by("received_at", "id"))
    return _lines(permit, rows.filter(state__in=[State.REFUSED, State.CLOSED]).order_by("-received_at", "id"))


@needs(Verb.READ_DAY)
def waiting(*, permit: Permit) -> list[PaperLine]:
    """Papers that wait for somebody here, for *My day*."""
    rows = within(permit, _living()).filter(state__in=sorted(OPEN))
    return _lines(permit, rows.order_by("received_at", "id"))


@needs(Verb.READ_PROCESS, Verb.RECEIVE_PROCESS)
def papers_about(*, permit: Permit, client_id: UUID) -> list[PaperLine]:
    """Every paper about one client, the newest first."""
    return _lines(permit, _living().filter(client_id__in=files(client_id)).order_by("-received_at", "id"))


@needs(Verb.DELETE_CLIENT)
def keeps_file(*, permit: Permit, client_id: UUID) -> bool:
    """Whether a paper about her waits, so that her file is kept; the database holds it too."""
    rows = Paper.objects.filter(client_id__in=files(client_id), state__in=sorted(OPEN))
    found: bool = rows.exclude(kind=ProcessKind.FINDING).exists()
    return found


@needs(
    Verb.READ_PROCESS, Verb.RECEIVE_PROCESS, Verb.REVIEW_PROCESS, Verb.HOLD_PROCESS, Verb.ANSWER_PROCESS, Verb.DISCLOSE
)
def paper(*, permit: Permit, client_id: UUID, paper_id: UUID) -> PaperView | None:
    """One paper about one's own client, opened; None when there is none."""
    row = _living().filter(id=paper_id, client_id__in=files(client_id)).select_related("client__shred").first()
    if row is None:
        return None
    [line] = _lines(permit, [row])
    key = key_of(permit, row)

    def words(name: str) -> str:
        sealed = getattr(row, name)
        return key.open(TABLE, name, row.id, bytes(sealed)).decode() if sealed is not None else ""

    permit.show("paper", row.id, Level.FULL)
    path = Step.objects.filter(paper_id=row.id).order_by("at", "id").values_list("move", "at", "by")
    return PaperView(
        line=line,
        claimed=ProcessKind(row.claimed),
        subject_id=row.subject_id,
        purpose=Purpose(row.purpose),
        categories=tuple(Category(each) for each in row.categories),
        fields=tuple(Field(each) for each in row.fields),
        represented=represented(row),
        since_at=row.since_at,
        until_at=row.until_at,
        said=words_of(words("said").encode()) if row.said is not None else {},
        outside=words("outside"),
        reference=words("reference"),
        stated_by=words("stated_by"),
        threat=words("threat"),
        counsel=words("counsel"),
        counsel_said=words("counsel_said"),
        counsel_advice=row.counsel_advice,
        not_told=words("not_told"),
        safety=words("safety"),
        because=words("because"),
        quiet_by=words("quiet_by"),
        told_at=row.told_at,
        told_how=row.told_how,
        answered_until_at=row.answered_until_at,
        quiet_until_at=row.quiet_until_at,
        path=tuple(PaperStep(*step) for step in path),
    )


@needs(Verb.ANSWER_PROCESS)
def printed(*, permit: Permit, client_id: UUID, paper_id: UUID) -> set[tuple[UUID | None, Category]]:
    """What was answered on paper: by entry and category."""
    rows = Given.objects.filter(paper_id=paper_id, client_id__in=files(client_id), way="printed")
    return {(entry, Category(category)) for entry, category in rows.values_list("entry", "category")}


@needs(Verb.READ_ACCOUNTING, Verb.READ_PROCESS)
def given(*, permit: Permit, client_id: UUID) -> list[Gave]:
    """What left on papers about one client outside Accord, newest first. Nothing of its content is kept or opened."""
    rows = Given.objects.filter(client_id__in=files(client_id)).select_related("paper__client__shred")
    found = []
    for row in rows.order_by("-given_at", "category", "id"):
        sealed = row.paper.outside
        whom = b""
        if sealed is not None and row.paper.client.wrapped_key is not None:
            whom = key_of(permit, row.paper).open(TABLE, "outside", row.paper_id, bytes(sealed))
        found.append(
            Gave(
                given_at=row.given_at,
                paper=row.paper_id,
                kind=ProcessKind(row.paper.kind),
                partner_id=row.paper.partner_id,
                whom=whom.decode(),
                category=Category(row.category),
                level=Level(row.level),
                purpose=Purpose(row.paper.purpose),
                rule=row.rule,
                way=row.way,
            )
        )
    return found


@needs(Verb.READ_ACCOUNTING, Verb.READ_PROCESS)
def accounting_waits(*, permit: Permit, client_id: UUID) -> set[UUID]:
    """Papers of which an accounting says nothing yet, because law enforcement asked so (45 CFR 164.528(a)(2))."""
    rows = Paper.objects.filter(client_id__in=files(client_id), quiet_until_at__gt=permit.at)
    return set(rows.values_list("id", flat=True))


@needs(Verb.NOTE_BREACH, Verb.READ_PROCESS, Verb.READ_DAY)
def breaches(*, permit: Permit) -> list[BreachView]:
    """Breaches, the newest first, with who must be told and who was."""
    ours = Agency.objects.only("duties").get(id=permit.agency_id)
    duties = frozenset(Duty(duty) for duty in ours.duties)
    told = {(row.breach, row.whom): row.told_at for row in Notice.objects.all()}
    found = []
    for row in Breach.objects.order_by("-detected_at", "id")[:MOST_LISTED]:
        info = breach_info(agency=str(row.agency_id), breach=str(row.id))
        what = permit.opened().open_envelope(row.key_version, bytes(row.what), info)
        permit.show("breach", row.id, Level.FULL)
        clocks = breach_clocks(duties, row.kind, row.detected_at)
        found.append(
            BreachView(
                id=row.id,
                kind=row.kind,
                what=what.decode(),
                detected_at=row.detected_at,
                clocks=tuple((clock, told.get((row.id, Whom(clock.whom).value))) for clock in clocks),
            )
        )
    return found


def _living() -> QuerySet[Paper]:
    """Papers about people whose files still open."""
    return Paper.objects.filter(client__wrapped_key__isnull=False)


def _lines(permit: Permit, rows: Iterable[Paper]) -> list[PaperLine]:
    lines = []
    for row in rows[:MOST_LISTED] if isinstance(rows, QuerySet) else rows:
        permit.show("paper", row.id, Level.EXISTENCE)
        lines.append(
            PaperLine(
                id=row.id,
                client_id=row.client_id,
                kind=ProcessKind(row.kind),
                needs_counsel=needs_counsel(ProcessKind(row.kind), Purpose(row.purpose)),
                state=State(row.state),
                partner_id=row.partner_id,
                outside_kind=AgencyKind(row.outside_kind) if row.outside_kind else None,
                statute=row.statute,
                received_at=row.received_at,
                due_at=row.due_at,
                oral_at=row.oral_at,
                answered_at=row.answered_at,
            )
        )
    return lines

"""Where cases stand, their paths against their clocks, what is due to whom, and how often a way was left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, FilteredRelation, Q, QuerySet

from accord.coordination.protocols import facts as protocols
from accord.coordination.protocols.own import stricter
from accord.coordination.protocols.rules import Due as DueRule
from accord.coordination.protocols.rules import Protocol, State
from accord.coordination.tracks import rules
from accord.coordination.tracks.facts import DUE, STEP
from accord.coordination.tracks.models import Due, Step, Track
from accord.ledger.permits import Permit, needs
from accord.partners.models import Agency
from accord.policy.words import AgencyKind, Level, Verb
from accord.sealing.vault import ClientKey
from accord.vault.facts import client_key, files, within

#: A list shows at most this many.
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class DueView:
    """One clock, and what it asks for as it was set. `agreed_at`: by when it was agreed, where our own time is sooner;
    `why` is opened on the track's own page alone."""

    id: UUID
    rule: DueRule
    opens_at: datetime
    due_at: datetime
    agreed_at: datetime | None = None
    number: int = 0
    met_at: datetime | None = None
    met_by: UUID | None = None
    how: str = ""
    why: str = ""

    def overdue(self, at: datetime) -> bool:
        return self.met_at is None and self.due_at <= at

    @property
    def passed(self) -> bool:
        """Whether it ended after its time."""
        return self.met_at is not None and self.met_at > self.due_at


@dataclass(frozen=True, slots=True)
class TrackLine:
    """One case in a list, with what still waits, the soonest first."""

    id: UUID
    client_id: UUID
    about_id: UUID
    protocol: Protocol
    state: State
    number: int
    begun_at: datetime
    entered_at: datetime
    ended_at: datetime | None
    waits: tuple[DueView, ...] = ()

    @property
    def next(self) -> DueView | None:
        return self.waits[0] if self.waits else None


@dataclass(frozen=True, slots=True)
class StepView:
    """One step that was taken, by the version it was taken under. `way` is its title; empty for the first and for
    going on by another version, which `versions` then says."""

    id: UUID
    number: int
    protocol: Protocol
    code: str
    begins: str
    to: State
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: UUID
    late: bool
    facts: Mapping[str, str]
    because: str
    entry: UUID

    @property
    def way(self) -> str:
        return self.protocol.transitions[self.code].title if self.code else ""

    @property
    def goes_on(self) -> bool:
        """Whether it only went on by another version."""
        return not self.code and bool(self.begins)


@dataclass(frozen=True, slots=True)
class TrackView:
    """One case: where it stands, every step with what was written down, every clock. `file_id` is the file it is shown
    with."""

    line: TrackLine
    file_id: UUID
    steps: tuple[StepView, ...]
    dues: tuple[DueView, ...]

    @property
    def facts(self) -> dict[str, str]:
        """All that has been written down on the way."""
        return rules.known(step.facts for step in self.steps)


@dataclass(frozen=True, slots=True)
class DueLine:
    """One clock on somebody's day."""

    due: DueView
    track_id: UUID
    client_id: UUID
    protocol: Protocol
    overdue: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """How often cases left one protocol, by kind of deviation; how many steps were taken and clocks ended meanwhile."""

    protocol: str
    title: str
    steps: int
    dues: int
    kinds: Mapping[str, int]


@needs(Verb.READ_CLIENT, Verb.MOVE_TRACK)
def tracks(*, permit: Permit, client_id: UUID, still_open: bool = False) -> list[TrackLine]:
    """Her cases, those that are still open first, each with what waits; one question. Nothing sealed is opened."""
    rows = Track.objects.filter(client_id__in=files(client_id), client__wrapped_key__isnull=False)
    if still_open:
        rows = rows.filter(ended_at__isnull=True)
    waiting = FilteredRelation("due", condition=Q(due__met_at__isnull=True))
    found: dict[UUID, Track] = {}
    waits: dict[UUID, list[DueView]] = {}
    joined = rows.annotate(
        open=waiting, due_id=F("open__id"), code=F("open__code"), opens_at=F("open__opens_at"), due_at=F("open__due_at")
    )
    for row in joined.order_by(F("ended_at").desc(nulls_first=True), "-begun_at", "id", "open__due_at"):
        found.setdefault(row.id, row)
        hers = waits.setdefault(row.id, [])
        if row.due_id is not None:
            rule = protocols.protocol(row.protocol, row.version).due(row.code)
            hers.append(DueView(row.due_id, rule, row.opens_at, row.due_at))
    for id in found:
        permit.show("track", id, Level.SUMMARY)
    return [_line(row, waits[id]) for id, row in found.items()]


@needs(Verb.READ_CLIENT, Verb.MOVE_TRACK)
def track(*, permit: Permit, client_id: UUID, track_id: UUID) -> TrackView | None:
    """One case, opened; None when it is not in her file."""
    rows = Track.objects.filter(id=track_id, client_id__in=files(client_id), client__wrapped_key__isnull=False)
    return next(iter(_opened(permit, rows)), None)


@needs(Verb.EXPORT_CLIENT, Verb.EXPORT_CASELOAD)
def whole(*, permit: Permit, client_ids: Collection[UUID]) -> dict[UUID, list[TrackView]]:
    """Every case in these files and those merged into them, opened, as they leave with an export; by file."""
    named = Q(client_id__in=client_ids) | Q(client__merged_into__in=client_ids)
    rows = within(permit, Track.objects.filter(named, client__wrapped_key__isnull=False))
    found: dict[UUID, list[TrackView]] = {}
    for view in _opened(permit, rows.order_by("begun_at", "id")):
        home = view.file_id if view.file_id in client_ids else view.line.client_id
        found.setdefault(home, []).append(view)
    return found


@needs(Verb.READ_CLIENT, Verb.MOVE_TRACK)
def begins(*, permit: Permit, at: datetime) -> list[Protocol]:
    """The protocols an agency like ours runs, as they are in force and as it holds itself to them."""
    kind = AgencyKind(Agency.objects.values_list("kind", flat=True).get(id=permit.agency_id))
    own = protocols.own(permit.agency_id, at)
    found = [stricter(each, own.get(each.code, ())) for each in protocols.protocols(at).values() if kind in each.kinds]
    return sorted(found, key=lambda each: (each.title, each.code))


@needs(Verb.READ_CLIENT, Verb.MOVE_TRACK)
def held(*, permit: Permit, at: datetime, protocol: Protocol) -> Protocol:
    """A version as our agency holds itself to it: what its next step asks for, and the clocks it would start."""
    return protocols.held(protocol, permit.agency_id, at)


@needs(Verb.READ_CLIENT, Verb.MOVE_TRACK)
def newer(*, permit: Permit, at: datetime, line: TrackLine) -> Protocol | None:
    """The version this case can go on by, when there is a newer one in force."""
    return rules.newer(line.protocol, protocols.protocols(at), line.state.code)


@needs(Verb.READ_DAY)
def due(*, permit: Permit, limit: int = MOST_LISTED) -> list[DueLine]:
    """What is overdue or due within a week, the longest wait first, of the files she may know of."""
    rows = within(permit, Due.objects.filter(met_at__isnull=True, due_at__lt=permit.at + rules.SOON))
    found = []
    for row in rows.select_related("track").order_by("due_at", "id")[:limit]:
        protocol = protocols.protocol(row.track.protocol, row.track.version)
        view = DueView(row.id, protocol.due(row.code), row.opens_at, row.due_at)
        permit.show("track", row.track_id, Level.EXISTENCE)
        found.append(DueLine(view, row.track_id, row.client_id, protocol, view.overdue(permit.at)))
    return found


@needs(Verb.READ_PARTNERS, Verb.PROPOSE_PROTOCOL, Verb.ADOPT_PROTOCOL)
def running(*, permit: Permit, protocol: str) -> dict[int, int]:
    """How many open cases of the asking agency run by each version of a protocol. Nobody is named."""
    rows = within(permit, Track.objects.filter(protocol=protocol, ended_at__isnull=True))
    return dict(rows.order_by().values_list("version").annotate(Count("id")))


@needs(Verb.READ_BOARD)
def late(*, permit: Permit) -> tuple[Mapping[UUID, int], int]:
    """How many clocks have passed of the files each member works with, by member, and how many in all; of the files the
    asker may know of. A clock of two people's file counts for both."""
    rows = within(permit, Due.objects.filter(met_at__isnull=True, optional=False, due_at__lte=permit.at))
    works = FilteredRelation("client__team", condition=Q(client__team__ended_at__isnull=True))
    by_member = rows.annotate(works=works).filter(works__member_id__isnull=False).values_list("works__member_id")
    return dict(by_member.annotate(Count("id")).order_by()), rows.count()


@needs(Verb.READ_BOARD)
def deviations(*, permit: Permit, since: datetime) -> list[Counted]:
    """How often and how cases left their protocols since a moment, of the files she may know of. Nobody is named."""
    steps = within(permit, Step.objects.filter(recorded_at__gte=since), "track__client_id")
    by_step = steps.values(protocol=F("track__protocol")).annotate(
        steps=Count("id"),
        late=Count("id", filter=Q(late=True)),
        overridden=Count("id", filter=Q(because__isnull=False)),
    )
    over = Q(met_at__gt=F("due_at")) | Q(met_at__isnull=True, due_at__lte=permit.at)
    dues = within(permit, Due.objects.filter(due_at__gte=since, due_at__lte=permit.at, optional=False))
    by_due = dues.values(protocol=F("track__protocol")).annotate(dues=Count("id"), passed=Count("id", filter=over))
    stepped = {row["protocol"]: row for row in by_step}
    clocked = {row["protocol"]: row for row in by_due}
    titles = {code: each.title for code, each in protocols.protocols(permit.at).items()}
    return [
        Counted(
            protocol=code,
            title=titles.get(code, code),
            steps=stepped.get(code, {}).get("steps", 0),
            dues=clocked.get(code, {}).get("dues", 0),
            kinds={
                "late": stepped.get(code, {}).get("late", 0),
                "passed": clocked.get(code, {}).get("passed", 0),
                "overridden": stepped.get(code, {}).get("overridden", 0),
            },
        )
        for code in sorted(stepped.keys() | clocked.keys(), key=lambda code: titles.get(code, code))
    ]


def _line(row: Track, waits: Iterable[DueView]) -> TrackLine:
    protocol = protocols.protocol(row.protocol, row.version)
    return TrackLine(
        id=row.id,
        client_id=row.client_id,
        about_id=row.about_id,
        protocol=protocol,
        state=protocol.states[row.state],
        number=row.number,
        begun_at=row.begun_at,
        entered_at=row.entered_at,
        ended_at=row.ended_at,
        waits=tuple(waits),
    )


def _opened(permit: Permit, rows: QuerySet[Track]) -> list[TrackView]:
    """Cases with every step and clock: three questions, however many."""
    tracks = list(rows.select_related("client__shred"))
    keys = {row.id: client_key(permit.opened(), row.client) for row in tracks}
    steps: dict[UUID, list[StepView]] = {id: [] for id in keys}
    dues: dict[UUID, list[DueView]] = {id: [] for id in keys}
    by_id = {row.id: row for row in tracks}
    for step in Step.objects.filter(track_id__in=keys).order_by("number"):
        steps[step.track_id].append(_step(by_id[step.track_id], keys[step.track_id], step))
    clocks = Due.objects.filter(client_id__in={row.client_id for row in tracks}, track_id__in=keys)
    for due in clocks.order_by("due_at", "code"):
        versions = {step.number: step.protocol for step in steps[due.track_id]}
        dues[due.track_id].append(_due(keys[due.track_id], versions[due.number], due))
    found = []
    for row in tracks:
        permit.show("track", row.id, Level.FULL)
        line = _line(row, (each for each in dues[row.id] if each.met_at is None))
        file = row.client.merged_into_id or row.client_id
        found.append(TrackView(line, file, tuple(steps[row.id]), tuple(dues[row.id])))
    return found


def _step(row: Track, key: ClientKey, step: Step) -> StepView:
    protocol = protocols.protocol(row.protocol, step.version)
    because = key.open(STEP, "because", step.id, bytes(step.because)).decode() if step.because is not None else ""
    return StepView(
        id=step.id,
        number=step.number,
        protocol=protocol,
        code=step.code,
        begins=step.begins,
        to=protocol.states[step.to],
        occurred_at=step.occurred_at,
        recorded_at=step.recorded_at,
        recorded_by=step.recorded_by,
        late=step.late,
        facts=rules.unpacked(key.open(STEP, "facts", step.id, bytes(step.facts))),
        because=because,
        entry=step.entry,
    )


def _due(key: ClientKey, protocol: Protocol, row: Due) -> DueView:
    why = key.open(DUE, "why", row.id, bytes(row.why)).decode() if row.why is not None else ""
    return DueView(
        id=row.id,
        rule=replace(protocol.due(row.code), optional=row.optional),
        opens_at=row.opens_at,
        due_at=row.due_at,
        agreed_at=row.agreed_at,
        number=row.number,
        met_at=row.met_at,
        met_by=row.met_by,
        how=row.how,
        why=why,
    )

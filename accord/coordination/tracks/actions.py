"""A case on its way: each takes the permit and the moment, moves rows together, and writes down what happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from accord.coordination.protocols import facts as protocols
from accord.coordination.protocols.rules import Clock, Facts, InvalidMove, Protocol, State
from accord.coordination.tracks import rules
from accord.coordination.tracks.facts import DUE, STEP, written
from accord.coordination.tracks.models import Due, Step, Track
from accord.ledger.permits import Permit, needs
from accord.partners.models import Member
from accord.policy.words import AgencyKind, Mark, Relation, Role, Verb
from accord.sealing.vault import ClientKey
from accord.vault.actions import NewEntry, add_entries
from accord.vault.facts import client_key, files
from accord.vault.models import Case as VaultCase
from accord.vault.models import Client, Person
from accord.vault.rules import Detail, Summary, about_a_child


@dataclass(frozen=True, slots=True)
class Went:
    """What a step did: where the case stands now, which clocks run since, whether a guard was overridden."""

    state: State
    clocks: tuple[Clock, ...]
    overridden: bool = False


@needs(Verb.MOVE_TRACK)
def begin(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    protocol: str,
    state: str,
    about: UUID,
    given: Facts,
    marks: Collection[Mark] = (),
) -> UUID:
    """A case begins in a state of the protocol's version that is in force. Returns the track's id. Raises InvalidMove,
    or InvalidEntry for what a child's record never carries."""
    agreed = protocols.protocols(at).get(protocol)
    if agreed is None:
        raise InvalidMove("There is no such protocol.")
    found = protocols.held(agreed, permit.agency_id, at)
    _roles, kind, zone = _asker(permit)
    person = Person.objects.filter(id=about, client_id__in=files(client_id), left_at__isnull=True)
    relation = person.values_list("relation", flat=True).first()
    if relation is None:
        raise InvalidMove("Choose whom it is about.")
    entered = rules.begun(found, state, kind=kind, about=Relation(relation), given=given)
    client = Client.objects.select_related("shred").get(id=client_id, wrapped_key__isnull=False)
    case_id = VaultCase.objects.filter(client_id=client_id).order_by("-opened_at").values_list("id", flat=True)[0]
    row = Track(
        agency_id=permit.agency_id,
        client=client,
        case_id=case_id,
        about_id=about,
        protocol=found.code,
        version=found.version,
        state=entered.code,
        number=1,
        begun_at=at,
        begun_by=permit.member_id,
        entered_at=at,
        ended_at=at if entered.end else None,
    )
    _step(permit, at, row, found, entered, begins="", code="", occurred_at=at, given=given, marks=marks)
    row.save(force_insert=True)
    _run(row, rules.opened(found, entered.code, at, given, zone, kind))
    permit.record("track_begun", row.id)
    made: UUID = row.id
    return made


@needs(Verb.MOVE_TRACK)
def move(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    track_id: UUID,
    step: str,
    given: Facts,
    number_seen: int,
    occurred_at: datetime | None = None,
    because: str = "",
    marks: Collection[Mark] = (),
) -> Went:
    """One step. `number_seen`: how many steps whoever asks has seen, so that two never go the same one; `because`: why
    a supervisor goes on although its guard does not hold. Raises InvalidMove, or InvalidEntry for what a child's record
    never carries."""
    row = _locked(client_id, track_id)
    _unmoved(row, number_seen)
    happened = at if occurred_at is None else rules.placed(row.entered_at, occurred_at)
    rules.checked_moment(row.entered_at, happened, at)
    protocol = protocols.held(protocols.protocol(row.protocol, row.version), permit.agency_id, at)
    roles, kind, zone = _asker(permit)
    key = _key(permit, row)
    facts = rules.known(written(key, Step.objects.filter(track_id=row.id)))
    entered, overridden = rules.gone(
        protocol, row.state, step, roles=roles, kind=kind, facts=facts, given=given, because=because
    )
    before, row.state, row.number = row.state, entered.code, row.number + 1
    row.entered_at, row.ended_at = happened, happened if entered.end else None
    _step(
        permit,
        at,
        row,
        protocol,
        entered,
        begins=before,
        code=step,
        occurred_at=happened,
        given=given,
        because=because if overridden else "",
        marks=marks,
    )
    row.save(update_fields=["state", "number", "entered_at", "ended_at"])
    running = rules.opened(protocol, entered.code, happened, facts | dict(given), zone, kind)
    going_on = rules.goes_on(running, _known(row, entered.codes))
    _left(permit, row, protocol, before, happened, going_on)
    _run(row, [each for each in running if each.due.code not in going_on])
    permit.record("track_moved", row.id)
    if overridden:
        permit.record("guard_overridden", row.id)
    return Went(entered, running, overridden)


@needs(Verb.MOVE_TRACK)
def go_on(*, permit: Permit, at: datetime, client_id: UUID, track_id: UUID, number_seen: int) -> Went:
    """A running case goes on by the version that is in force, where its state exists: a step of its own, which leads
    nowhere. Its clocks are set anew. Raises InvalidMove."""
    row = _locked(client_id, track_id)
    _unmoved(row, number_seen)
    before = protocols.protocol(row.protocol, row.version)
    newer = rules.newer(before, protocols.protocols(at), row.state)
    if newer is None:
        raise InvalidMove("There is no newer version it could go on by.")
    protocol = protocols.held(newer, permit.agency_id, at)
    _roles, kind, zone = _asker(permit)
    facts = rules.known(written(_key(permit, row), Step.objects.filter(track_id=row.id)))
    entered = protocol.states[row.state]
    row.version, row.number = protocol.version, row.number + 1
    row.ended_at = row.entered_at if entered.end else None
    _step(permit, at, row, protocol, entered, begins=row.state, code="", occurred_at=at, given={})
    row.save(update_fields=["version", "number", "ended_at"])
    since = Due.objects.filter(client_id=row.client_id, track_id=row.id, met_at__gte=row.entered_at)
    noted = set(since.filter(how__in=rules.BY_HAND).values_list("code", flat=True))
    _open(row).update(met_at=at, met_by=permit.member_id, how="over")
    running = rules.opened(protocol, row.state, row.entered_at, facts, zone, kind, noted)
    _run(row, running)
    permit.record("track_version", row.id)
    return Went(entered, running)


@needs(Verb.MOVE_TRACK)
def meet(*, permit: Permit, at: datetime, client_id: UUID, due_id: UUID, how: str, why: str = "") -> Clock | None:
    """Something that had to be done is noted: done, she declined, or not safe now. Returns the clock that runs next,
    where it starts anew. Raises InvalidMove."""
    track_id = Due.objects.filter(id=due_id, client_id__in=files(client_id)).values_list("track_id", flat=True)
    row = _locked(client_id, track_id.get())
    due = Due.objects.get(id=due_id, client_id=row.client_id)
    if due.met_at is not None:
        raise InvalidMove("Somebody noted this meanwhile. Look at it again.")
    protocol = protocols.protocol(row.protocol, row.version)
    why = why.strip()
    rules.checked_meeting(protocol, due.code, how, why, opens_at=due.opens_at, at=at)
    due.met_at, due.met_by, due.how = at, permit.member_id, how
    if why:
        due.why = _key(permit, row).seal(DUE, "why", due.id, why.encode())
    due.save(update_fields=["met_at", "met_by", "how", "why"])
    permit.record(f"due_{how}", due.id)
    if how != "done":
        return None
    _roles, _kind, zone = _asker(permit)
    facts = rules.known(written(_key(permit, row), Step.objects.filter(track_id=row.id)))
    clock = rules.anew(protocols.held(protocol, permit.agency_id, at), due.code, at, facts, zone)
    _run(row, [clock] if clock is not None else [])
    return clock


def _locked(client_id: UUID, track_id: UUID) -> Track:
    rows = Track.objects.select_for_update(of=("self",)).select_related("client__shred")
    found: Track = rows.get(id=track_id, client_id__in=files(client_id), client__wrapped_key__isnull=False)
    return found


def _unmoved(row: Track, number_seen: int) -> None:
    if row.number != number_seen:
        raise InvalidMove("Somebody went a step meanwhile. Look at it again.")


def _asker(permit: Permit) -> tuple[frozenset[Role], AgencyKind, ZoneInfo]:
    """What she may, and what our agency is and where."""
    row = Member.objects.select_related("agency").only("roles", "agency__kind", "agency__timezone")
    member = row.get(id=permit.member_id)
    agency = member.agency
    return frozenset(map(Role, member.roles)), AgencyKind(agency.kind), ZoneInfo(agency.timezone)


def _key(permit: Permit, row: Track) -> ClientKey:
    return client_key(permit.opened(), row.client)


def _step(
    permit: Permit,
    at: datetime,
    row: Track,
    protocol: Protocol,
    entered: State,
    *,
    begins: str,
    code: str,
    occurred_at: datetime,
    given: Facts,
    because: str = "",
    marks: Collection[Mark] = (),
) -> None:
    """Write the step down, in the track and in her file. The track follows: the database lets it move only after it."""
    child = Person.objects.filter(id=row.about_id, relation=Relation.CHILD).exists() if given else False
    if child:
        about_a_child(protocol.category, marks, given)
    entry = NewEntry(
        kind="track",
        category=protocol.category,
        occurred_at=occurred_at,
        summary=Summary(template="track.moved", values=rules.summary(protocol, entered)),
        detail=Detail(
            values={"protocol": protocol.code, "version": protocol.version, "state": entered.code}
            | ({"noted": rules.said(protocol, given)} if given else {})
        ),
        about=row.about_id,
        marks=frozenset(marks),
        status=entered.code,
    )
    step = Step(
        id=uuid4(),
        agency_id=permit.agency_id,
        client_id=row.client_id,
        track_id=row.id,
        number=row.number,
        version=protocol.version,
        code=code,
        begins=begins,
        to=entered.code,
        occurred_at=occurred_at,
        recorded_at=at,
        recorded_by=permit.member_id,
        late=rules.late(occurred_at, at),
        entry=add_entries(permit=permit, at=at, client_id=row.client_id, entries=[entry])[0],
    )
    key = _key(permit, row)
    step.facts = key.seal(STEP, "facts", step.id, rules.packed(given))
    if because:
        step.because = key.seal(STEP, "because", step.id, because.strip().encode())
    step.save(force_insert=True)


def _open(row: Track) -> QuerySet[Due]:
    return Due.objects.filter(client_id=row.client_id, track_id=row.id, met_at__isnull=True)


def _known(row: Track, codes: Collection[str]) -> set[tuple[str, datetime]]:
    """Of these dues, those that run or were noted, each with its agreed time."""
    found = Due.objects.filter(client_id=row.client_id, track_id=row.id, code__in=codes)
    found = found.filter(Q(met_at__isnull=True) | Q(how__in=rules.BY_HAND))
    return set(found.values_list("code", Coalesce("agreed_at", "due_at"))) if codes else set()


def _left(permit: Permit, row: Track, protocol: Protocol, state: str, at: datetime, going_on: Collection[str]) -> None:
    """What ran while a case stood in a state ends with it, save what goes on."""
    left = [due.code for due in protocol.states[state].dues if rules.ends(protocol, due.code) == "left"]
    how = Case(When(code__in=left, then=Value("left")), default=Value("over"))
    _open(row).exclude(code__in=going_on).update(met_at=at, met_by=permit.member_id, how=how)


def _run(row: Track, running: Iterable[Clock]) -> None:
    """These clocks run from now on."""
    Due.objects.bulk_create(
        Due(
            agency_id=row.agency_id,
            client_id=row.client_id,
            track_id=row.id,
            code=each.due.code,
            number=row.number,
            optional=each.due.optional,
            opens_at=each.opens_at,
            due_at=each.due_at,
            agreed_at=each.agreed_at,
        )
        for each in running
    )

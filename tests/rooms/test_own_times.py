"""What one agency holds itself to beyond what was agreed: never less, of no other agency, from a moment on; what runs
keeps the time it was set with, and a version that asks for as much takes its effect away and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import product
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from accord.coordination.protocols import actions, facts, models, queries
from accord.coordination.protocols.changing import anew, with_due, without_due, written
from accord.coordination.protocols.own import (
    InvalidOwn,
    Own,
    checked,
    holds,
    no_later,
    numbers,
    ours,
    span,
    stricter,
    unit,
)
from accord.coordination.protocols.rules import (
    Due,
    EvidenceKind,
    InvalidMove,
    Part,
    Protocol,
    Span,
    Unit,
    after,
    clock,
    compare,
    loaded,
    moved,
)
from accord.coordination.tracks import actions as tracks
from accord.coordination.tracks.models import Due as Clock
from accord.gate import Refused
from accord.policy.words import AgencyKind, Purpose, Role, Verb
from tests.proofs.town import superuser
from tests.rooms.test_gaps import begun as begun_somewhere
from tests.rooms.test_gaps import open_of, swept
from tests.rooms.test_protocol_changes import a_code, admin, adopt, community, in_force, text
from tests.rooms.test_tracks import begin, counted, days_ago, meet, move, tried, view
from tests.rooms.test_web_signin import signed_in
from tests.world import House, World

assert tried, "a fixture of the neighbours"
ZONE = ZoneInfo("America/New_York")
#: Around both changes of clocks in 2026, over a weekend and on an ordinary day.
STARTS = [
    datetime(2026, 3, 6, 16, 30, tzinfo=ZONE), datetime(2026, 3, 7, 2, 30, tzinfo=ZONE),
    datetime(2026, 3, 8, 1, 59, tzinfo=ZONE), datetime(2026, 10, 30, 9, tzinfo=ZONE),
    datetime(2026, 10, 31, 1, 30, tzinfo=ZONE), datetime(2026, 11, 1, 0, 15, tzinfo=ZONE),
    datetime(2026, 6, 17, 23, 59, tzinfo=ZONE), date(2026, 3, 7), date(2026, 10, 31), date(2026, 6, 19),
]  # fmt: skip
SHIPPED = sorted(facts.shipped().values(), key=lambda each: each.code)
DUES = [(protocol, due) for protocol in SHIPPED for due in protocol.dues.values()]
STEPS = [(protocol, way, code) for protocol in SHIPPED for way in protocol.transitions.values() for code in way.may]


def named(each: object) -> str | None:
    return getattr(each, "code", None)


def kind_of(protocol: Protocol, due: Due) -> AgencyKind:
    return min(kind for kind in protocol.kinds if ours(due, kind))


def starts(protocol: Protocol, due: Due) -> Iterator[tuple[datetime, dict[str, str]]]:
    """When its state is entered and what was written down, for each moment or day it could count from."""
    for start in STARTS:
        moment = start if isinstance(start, datetime) else datetime(2026, 5, 4, 12, tzinfo=ZONE)
        if not due.counts_from:
            yield moment, {}
        elif isinstance(start, datetime) == (protocol.evidence[due.counts_from].kind is EvidenceKind.MOMENT):
            yield moment, {due.counts_from: start.isoformat()}


# ------------------------------------------------------------------ values


@pytest.mark.parametrize(("protocol", "due"), DUES, ids=named)
def test_every_due_that_ships_can_be_shortened_and_none_can_be_lengthened(protocol: Protocol, due: Due) -> None:
    kind, able = kind_of(protocol, due), numbers(due)
    assert able, "somebody can always be quicker"
    for number in {able[0], able[len(able) // 2], able[-1]}:
        own = Own(due=due.code, within=span(due, number))
        checked(protocol, kind, own)
        held = stricter(protocol, [own]).due(due.code)
        assert (held.within, held.agreed) == (own.within, due)
        assert replace(held, within=due.within, agreed=None) == due
    longer = [due.within, Span(due.within.count + 1, due.within.unit), Span(40_000, Unit.DAYS)]
    for within in longer:
        own = Own(due=due.code, within=within)
        with pytest.raises(InvalidOwn, match="no more than was agreed|may end later"):
            checked(protocol, kind, own)
        assert stricter(protocol, [own]) == protocol
        assert not holds(protocol, own)


@pytest.mark.parametrize(("protocol", "due"), DUES, ids=named)
def test_a_clock_ends_at_its_own_edge_and_never_after_the_agreed_one(protocol: Protocol, due: Due) -> None:
    able = numbers(due)
    odd = [Span(due.within.count, Unit.BUSINESS_DAYS), Span(due.within.count + 3, Unit.DAYS), Span(1, Unit.MINUTES)]
    asked = 0
    for within in [*(span(due, number) for number in (able[0], able[-1])), *odd]:
        held = stricter(protocol, [Own(due=due.code, within=within)])
        for entered_at, known in starts(protocol, due):
            of, mine = (replace(one.due(due.code), when=()) for one in (protocol, held))
            agreed = clock(protocol, of, entered_at, known, ZONE)
            own = clock(held, mine, entered_at, known, ZONE)
            assert agreed is not None and own is not None
            assert own.due_at <= agreed.due_at and own.opens_at <= own.due_at
            assert own.known_by == agreed.known_by, "what was asked of ourselves makes it no other clock"
            assert own.agreed_at in ((agreed.due_at,) if own.due_at < agreed.due_at else (None,))
            if within not in odd:
                counted = known.get(due.counts_from, "")
                start = entered_at
                if counted:
                    day = protocol.evidence[due.counts_from].kind is EvidenceKind.DAY
                    start = date.fromisoformat(counted) if day else datetime.fromisoformat(counted)
                assert own.due_at == after(start, within, ZONE)
                assert own.due_at < agreed.due_at or due.within.unit is Unit.BUSINESS_DAYS
                asked += 1
    assert asked > 4


def test_what_is_said_to_end_no_later_never_ends_later() -> None:
    spans = [Span(n, unit) for unit in Unit for n in (-30, -2, -1, 0, 1, 2, 3, 5, 7, 24, 47, 48, 72, 168)]
    sure = 0
    for one, other in product(spans, spans):
        if no_later(one, other):
            sure += 1
            for start in STARTS:
                assert after(start, one, ZONE) <= after(start, other, ZONE), (one, other, start)
        elif one.unit is other.unit:
            assert one.count > other.count
    assert sure > len(spans) ** 2 / 3
    assert no_later(Span(23, Unit.HOURS), Span(1, Unit.DAYS)) and not no_later(Span(24, Unit.HOURS), Span(1, Unit.DAYS))
    assert no_later(Span(90, Unit.MINUTES), Span(2, Unit.HOURS))
    assert no_later(Span(3, Unit.DAYS), Span(3, Unit.BUSINESS_DAYS))
    assert not no_later(Span(3, Unit.BUSINESS_DAYS), Span(4, Unit.DAYS))


@pytest.mark.parametrize(("protocol", "way", "code"), STEPS, ids=named)
def test_whatever_a_step_can_take_our_agency_can_always_ask_for(protocol: Protocol, way, code: str) -> None:
    kind = min(way.kinds or protocol.kinds)
    own = Own(step=way.code, evidence=code, asked=True)
    checked(protocol, kind, own)
    held = stricter(protocol, [own])
    assert {each.part for each in compare(protocol, held)} == {Part.STEP}
    for one, no in ((protocol, None), (held, protocol.evidence[code].title)):
        try:
            moved(one, way.begins[0], way.code, roles=way.roles, kind=kind, facts={}, given=whole(protocol, way))
        except InvalidMove as error:
            assert str(error) in (way.guard, f"{no}: this is missing.")
            assert (no is None) == (str(error) == way.guard)
        else:
            assert no is None


def whole(protocol: Protocol, way) -> dict[str, str]:
    """All that a step needs as it was agreed."""
    values = {EvidenceKind.DAY: "2026-06-01", EvidenceKind.MOMENT: "2026-06-01T12:00:00+00:00"}
    asked = [protocol.evidence[code] for code in way.needs]
    return {each.code: each.choices[0][0] if each.choices else values.get(each.kind, "1") for each in asked} | {
        each.code: "no" for each in asked if each.kind is EvidenceKind.YES_NO
    }


ORDER = facts.shipped()["protective_order"]
EXAM = facts.shipped()["forensic_exam"]


@pytest.mark.parametrize(
    ("agreed", "kind", "own", "no"),
    [
        (ORDER, AgencyKind.HOSPITAL, Own(due="service_again", within=Span(1, Unit.DAYS)), "does not run this"),
        (ORDER, AgencyKind.COURT, Own(due="no_such", within=Span(1, Unit.DAYS)), "Nobody at your agency"),
        (
            EXAM,
            AgencyKind.VICTIM_SERVICES,
            Own(due="advocate_called", within=Span(5, Unit.MINUTES)),
            "Nobody at your agency",
        ),
        (ORDER, AgencyKind.COURT, Own(due="service_again", asked=True), "no more than was agreed"),
        (ORDER, AgencyKind.COURT, Own(due="service_again", within=Span(0, Unit.DAYS)), "Nobody could keep"),
        (ORDER, AgencyKind.COURT, Own(due="hearing", within=Span(-4_000, Unit.DAYS)), "too long before"),
        (ORDER, AgencyKind.COURT, Own(step="file", evidence="filed_at", asked=True), "does not take that"),
        (ORDER, AgencyKind.COURT, Own(step="no_such", evidence="because", asked=True), "does not take that"),
        (ORDER, AgencyKind.COURT, Own(step="serve", evidence="served_by"), "no more than was agreed"),
        (ORDER, AgencyKind.COURT, Own(), "Nobody at your agency"),
    ],
)
def test_what_is_not_there_not_ours_or_no_more_is_refused_in_one_sentence(agreed, kind, own, no) -> None:
    with pytest.raises(InvalidOwn, match=no):
        checked(agreed, kind, own)


def test_nothing_is_due_before_it_can_be_done() -> None:
    (due, *_others) = (each for each in EXAM.dues.values() if each.opens is not None)
    for count in (due.opens.count, due.opens.count - 1):
        with pytest.raises(InvalidOwn, match="later than that"):
            checked(EXAM, AgencyKind.HOSPITAL, Own(due=due.code, within=Span(count, due.opens.unit)))
    assert numbers(due)[0] == due.opens.count + 1


def test_a_single_day_or_hour_is_shortened_in_what_is_smaller() -> None:
    due = Due("a", "A", Span(1, Unit.BUSINESS_DAYS))
    assert (unit(due), numbers(due)) == (Unit.HOURS, range(1, 24))
    assert (unit(replace(due, within=Span(1, Unit.HOURS))), numbers(replace(due, within=Span(1, Unit.HOURS)))) == (
        Unit.MINUTES,
        range(1, 60),
    )
    assert span(replace(due, within=Span(-7, Unit.DAYS), counts_from="x"), 9) == Span(-9, Unit.DAYS)


def test_nothing_is_due_before_a_case_comes_there() -> None:
    state = next(state for state in ORDER.states.values() if "service_again" in state.codes)
    at_once = replace(ORDER.due("service_again"), within=Span(0, Unit.HOURS))
    agreed = with_due(ORDER, state.code, at_once)
    assert not numbers(at_once)
    with pytest.raises(InvalidOwn, match="Nobody could keep"):
        checked(agreed, AgencyKind.COURT, Own(due=at_once.code, within=Span(-1, Unit.HOURS)))


def test_nothing_asked_for_changes_nothing() -> None:
    for protocol in SHIPPED:
        assert stricter(protocol, []) is protocol
        assert stricter(protocol, [Own(due="no_such", within=Span(1, Unit.DAYS), asked=True)]) == protocol
        assert stricter(protocol, [Own(step="no_such", evidence="because", asked=True)]) == protocol


# ------------------------------------------------------------------ rooms


@pytest.fixture
def house(world: World) -> House:
    return world.agency(roles=(Role.WORKER, Role.SUPERVISOR))


@pytest.fixture(scope="module")
def houses() -> list[House]:
    return community()


SERVICE = Own(due="service_again", within=Span(1, Unit.DAYS))
SOON = Own(due="decided_in_thirty_days", within=Span(5, Unit.DAYS))


def hold(
    house: House, code: str, *wanted: Own, why: str = "Three days are too long.", role: Role = Role.DIRECTOR
) -> None:
    with admin(house[role], Verb.KEEP_OWN_TIMES) as permit:
        actions.hold(permit=permit, at=permit.at, code=code, wanted=wanted, why=why)


def let_go(house: House, code: str, own: Own) -> None:
    with admin(house[Role.DIRECTOR], Verb.KEEP_OWN_TIMES) as permit:
        actions.let_go(permit=permit, at=permit.at, code=code, about=own.about)


def standing(house: House, code: str) -> list[queries.OwnView]:
    with admin(house.worker, Verb.READ_PARTNERS) as permit:
        return queries.own(permit=permit, at=permit.at, code=code)


def hours_left(house: House, client: UUID, track: UUID) -> dict[str, float]:
    found = view(house.worker, client, track)
    return {each.rule.code: (each.due_at - timezone.now()) / timedelta(hours=1) for each in found.line.waits}


@pytest.mark.parametrize("role", [Role.WORKER, Role.SUPERVISOR, Role.DIRECTOR])
def test_a_supervisor_or_director_says_so_and_nobody_else(house: House, role: Role) -> None:
    if role is Role.WORKER:
        with pytest.raises(Refused):
            hold(house, ORDER.code, SOON, role=role)
        assert standing(house, ORDER.code) == []
        return
    hold(house, ORDER.code, SOON, role=role, why=" We can do that. ")
    (found,) = standing(house, ORDER.code)
    assert (found.own, found.why) == (SOON, "We can do that.")
    assert found.set_by.startswith(role.value)


def test_our_clocks_follow_from_now_on_and_those_that_run_keep_theirs(world: World, house: House) -> None:
    client, other = world.client(house.worker), world.agency()
    theirs = world.client(other.worker)

    def begun(each: House = house, whose: UUID = client) -> UUID:
        return begin(each.worker, whose, state="filed", given={"filed_at": days_ago(0)})

    running = begun()
    before = hours_left(house, client, running)
    hold(house, ORDER.code, SOON)
    ours_now = begun()
    assert hours_left(house, client, running)[SOON.due] == pytest.approx(before[SOON.due], abs=0.1)
    assert hours_left(house, client, ours_now)[SOON.due] == pytest.approx(5 * 24, abs=1.1)
    assert hours_left(other, theirs, begun(other, theirs))[SOON.due] > 29 * 24
    (due,) = (each for each in view(house.worker, client, ours_now).dues if each.rule.code == SOON.due)
    (old,) = (each for each in view(house.worker, client, running).dues if each.rule.code == SOON.due)
    assert (due.agreed_at - due.due_at).days in (24, 25) and old.agreed_at is None
    let_go(house, ORDER.code, SOON)
    assert standing(house, ORDER.code) == []
    assert hours_left(house, client, begun())[SOON.due] > 29 * 24
    assert hours_left(house, client, ours_now)[SOON.due] < 6 * 24


def test_what_goes_on_through_several_states_goes_on_whatever_we_ask_of_ourselves_meanwhile(world: World) -> None:
    hospital = world.hospital()
    worker, client = hospital.worker, world.client(hospital.worker)
    track = begin(worker, client, protocol="forensic_exam", state="arrived")
    move(worker, client, track, "triage", 1, given={"exposed_at": days_ago(0.1), "private_room": "yes"})
    move(worker, client, track, "call_advocate", 2)
    move(worker, client, track, "explain", 3, given={"advocate": "here"})
    before = {due.rule.code: due for due in view(worker, client, track).line.waits}
    meet(worker, client, before["hiv_medicine"].id, "done")
    soon = [Own(due=code, within=Span(60, Unit.HOURS)) for code in ("exam_window", "hiv_medicine")]
    hold(hospital, "forensic_exam", *soon)
    consents = ("history", "body", "genital", "samples", "photos", "blood_urine")
    move(worker, client, track, "agree", 4, given={f"consent_{each}": "yes" for each in consents})
    waits = {due.rule.code: due for due in view(worker, client, track).line.waits}
    assert set(waits) == {"exam_window", "emergency_contraception"}, "what was noted does not come back"
    assert all((waits[code].id, waits[code].due_at) == (before[code].id, before[code].due_at) for code in waits)
    # and the other way round: what was set with our own time goes on when that is ended
    second = begin(worker, client, protocol="forensic_exam", state="arrived")
    move(worker, client, second, "triage", 1, given={"exposed_at": days_ago(0.1), "private_room": "yes"})
    ours_at = {due.rule.code: due for due in view(worker, client, second).line.waits}
    assert ours_at["exam_window"].agreed_at - ours_at["exam_window"].due_at == timedelta(hours=60)
    let_go(hospital, "forensic_exam", soon[0])
    move(worker, client, second, "call_advocate", 2)
    again = {due.rule.code: due for due in view(worker, client, second).line.waits}
    assert again["exam_window"].id == ours_at["exam_window"].id


def test_a_wish_that_is_our_duty_is_asked_about_at_our_agency_alone(world: World, house: House) -> None:
    wish = next(due for due in ORDER.dues.values() if due.code == "decided_in_thirty_days")
    assert wish.optional
    hold(house, ORDER.code, Own(due=wish.code, asked=True))
    other = world.agency(roles=(Role.WORKER, Role.SUPERVISOR))
    found = {}
    for each in (house, other):
        client = world.client(each.worker)
        track = begin(each.worker, client, state="filed", given={"filed_at": days_ago(40)})
        (due,) = (due for due in view(each.worker, client, track).line.waits if due.rule.code == wish.code)
        swept(each, timezone.now(), everything=True)
        late = {of for _rule, of in open_of(each, client)}
        found[each.id] = (due.rule.optional, due.agreed_at, due.id in late, counted(each[Role.SUPERVISOR])[ORDER.code])
    assert found == {house.id: (False, None, True, {"passed": 2}), other.id: (True, None, False, {"passed": 1})}


def test_late_is_late_by_our_own_time(world: World, house: House) -> None:
    hold(house, ORDER.code, Own(due="decided_in_thirty_days", within=Span(10, Unit.DAYS), asked=True))
    client = world.client(house.worker)
    begin(house.worker, client, state="filed", given={"filed_at": days_ago(12)})
    assert counted(house[Role.SUPERVISOR])[ORDER.code] == {"passed": 2}


def test_a_step_asks_for_what_we_always_write_down(world: World, house: House) -> None:
    client = world.client(house.worker)
    track = begin(house.worker, client)
    filed = {"filed_at": days_ago(1)}
    hold(house, ORDER.code, Own(step="file", evidence="case_number", asked=True))
    with pytest.raises(InvalidMove, match="Number of the court's file: this is missing"):
        move(house.worker, client, track, "file", 1, given=filed)
    assert move(house.worker, client, track, "file", 1, given=filed | {"case_number": "7"}).state.code == "filed"
    let_go(house, ORDER.code, Own(step="file", evidence="case_number"))
    second = begin(house.worker, client)
    assert move(house.worker, client, second, "file", 1, given=filed).state.code == "filed"


def test_what_starts_anew_and_what_goes_on_by_a_newer_version_has_our_time(world: World, house: House, tried) -> None:
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    hold(house, "tried_out", Own(due="calls", within=Span(3, Unit.DAYS)))
    calls = next(due for due in view(house.worker, client, track).line.waits if due.rule.code == "calls")
    assert (calls.due_at - timezone.now()).days >= 6
    again = meet(house.worker, client, calls.id)
    assert again.due_at - timezone.now() < timedelta(days=3, hours=2) and again.agreed_at is not None
    tried.newest = tried.second
    with house.worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        went = tracks.go_on(permit=permit, at=permit.at, client_id=client, track_id=track, number_seen=1)
    assert {each.due.code for each in went.clocks} == {"moves_on"}, "what was done is not asked again"
    fresh = begin(house.worker, client, "tried_out", "waiting")
    assert hours_left(house, client, fresh)["calls"] < 74


def test_a_row_takes_the_place_of_the_one_before_and_says_only_what_is_new(house: House) -> None:
    wish = "decided_in_thirty_days"
    hold(house, ORDER.code, Own(due=wish, within=Span(20, Unit.DAYS)))
    hold(house, ORDER.code, Own(due=wish, asked=True), why="It is no wish to us.")
    (found,) = standing(house, ORDER.code)
    assert found.own == Own(due=wish, within=Span(20, Unit.DAYS), asked=True)
    hold(house, ORDER.code, Own(due=wish, within=Span(25, Unit.DAYS)), why="Twenty was too few.")
    assert standing(house, ORDER.code)[0].own == Own(due=wish, within=Span(25, Unit.DAYS), asked=True)
    for wanted, why, no in (
        ([found.own], "", "Say why"),
        ([], "Because.", "Nothing would be different"),
        ([Own(due=wish, within=Span(25, Unit.DAYS))], "Because.", "Nothing would be different"),
        ([Own(due=wish, within=Span(30, Unit.DAYS))], "Because.", "no more than was agreed"),
    ):
        with pytest.raises(InvalidOwn, match=no):
            hold(house, ORDER.code, *wanted, why=why)
    with pytest.raises(InvalidOwn, match="no such protocol"):
        hold(house, "no_such", found.own)
    with pytest.raises(InvalidOwn, match="as agreed already"):
        let_go(house, ORDER.code, SERVICE)
    let_go(house, ORDER.code, found.own)
    with pytest.raises(InvalidOwn, match="as agreed already"):
        let_go(house, ORDER.code, found.own)
    hold(house, ORDER.code, Own(due=wish, within=Span(28, Unit.DAYS)))
    assert standing(house, ORDER.code)[0].own == Own(due=wish, within=Span(28, Unit.DAYS)), "what ended is not taken up"


def test_two_at_once_follow_each_other(house: House) -> None:
    def attempt(days: int) -> None:
        try:
            hold(house, ORDER.code, Own(due="decided_in_thirty_days", within=Span(days, Unit.DAYS)))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt, (20, 21, 22, 23)))
    with admin(house.worker, Verb.READ_PARTNERS):
        assert sorted(models.Own.objects.values_list("number", flat=True)) == [1, 2, 3, 4]


# ------------------------------------------------------------------ whose it is


def test_another_agency_sees_none_of_it_and_gets_none_of_it(world: World, house: House) -> None:
    hold(house, ORDER.code, SERVICE)
    other = world.agency(roles=(Role.SUPERVISOR,))
    with admin(other[Role.DIRECTOR], Verb.READ_PARTNERS, Verb.KEEP_OWN_TIMES) as permit:
        assert models.Own.objects.count() == 0
        assert queries.own(permit=permit, at=permit.at, code=ORDER.code) == []
        assert list(facts.standing(house.id, permit.at)) == [], "not even when it asks for somebody else's"
        assert facts.held(ORDER, house.id, permit.at) is ORDER
    page = unescape(signed_in(other, Role.DIRECTOR).get(f"/protocols/{ORDER.code}/").content.decode())
    assert "Three days are too long." not in page and "our own" not in page
    assert "Three days are too long." in unescape(
        signed_in(house, Role.DIRECTOR).get(f"/protocols/{ORDER.code}/").content.decode()
    )


def row(house: House, **more: object) -> models.Own:
    said = {
        "id": uuid4(), "agency_id": house.id, "protocol": ORDER.code, "due": "service_again", "step": "",
        "evidence": "", "number": 2, "count": 2, "unit": "days", "asked": False, "why": "x", "since_at": timezone.now(),
        "set_by": "Somebody",
    }  # fmt: skip
    return models.Own(**said | more)


@pytest.mark.parametrize(
    ("more", "no"),
    [
        ({"number": 1}, "follows what it was before|once_per_place"),
        ({"number": 3}, "follows what it was before"),
        ({"since_at": datetime(2020, 1, 1, tzinfo=UTC)}, "follows what it was before"),
        ({"agency_id": uuid4()}, "row-level security"),
        ({"step": "file"}, "about_a_due_or_a_step"),
        ({"due": "", "step": "file", "evidence": "case_number", "number": 1}, "about_a_due_or_a_step"),
        ({"unit": ""}, "time_has_a_unit"),
        ({"why": ""}, "says_why"),
        ({"due": "hearing", "number": 1, "count": None, "unit": ""}, "says_why"),
    ],
)
def test_the_database_keeps_them_in_order_each_about_one_thing_and_our_own(house: House, more: dict, no: str) -> None:
    hold(house, ORDER.code, SERVICE)
    with pytest.raises(DatabaseError, match=no), admin(house[Role.DIRECTOR], Verb.KEEP_OWN_TIMES):
        row(house, **more).save(force_insert=True)
    assert [each.own for each in standing(house, ORDER.code)] == [SERVICE]


def test_a_row_is_never_edited_nor_gone(house: House) -> None:
    hold(house, ORDER.code, SERVICE)
    with admin(house[Role.DIRECTOR], Verb.KEEP_OWN_TIMES):
        assert models.Own.objects.update(count=2) == 0, "no policy lets anybody"
        assert models.Own.objects.all().delete()[0] == 0
    for statement in ("update protocols_own set count = 2", "delete from protocols_own"):
        with superuser() as eyes, pytest.raises(psycopg.DatabaseError, match="never edited"):
            eyes.execute(f"{statement} where agency_id = %s", [house.id])


def test_a_laxer_row_that_came_past_the_rooms_has_no_effect(world: World, house: House) -> None:
    with admin(house[Role.DIRECTOR], Verb.KEEP_OWN_TIMES):
        row(house, number=1, due="decided_in_thirty_days", count=90).save(force_insert=True)
        row(house, number=1, due="ex_parte_review", count=9).save(force_insert=True)
    client = world.client(house.worker)
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(0)})
    left = hours_left(house, client, track)
    assert 28 * 24 < left["decided_in_thirty_days"] < 32 * 24
    assert left["ex_parte_review"] <= 4 * 24


def test_an_own_time_is_sooner_in_the_database_too(world: World, house: House) -> None:
    client, track = begun_somewhere(house, "protective_order")
    with (
        pytest.raises(DatabaseError, match="due_own_time_is_sooner"),
        house.worker.enter(Verb.MOVE_TRACK, client=client),
    ):
        now = timezone.now()
        Clock.objects.create(
            agency_id=house.id, client_id=client, track_id=track.id, code="hearing", number=track.number,
            optional=False, opens_at=now, due_at=now, agreed_at=now,
        )  # fmt: skip


# ------------------------------------------------------------------ what is adopted meanwhile


def test_what_the_community_adopts_takes_its_effect_and_breaks_nothing(houses: list[House]) -> None:
    """Two days of three; then one day is agreed, then hours, then nobody has to do it any more."""
    house, code = houses[0], a_code()
    adopt(houses, code)
    two = Own(due="call_back", within=Span(2, Unit.DAYS))
    hold(house, code, two)
    client = World().client(house.worker)

    def begun() -> dict[str, float]:
        return hours_left(house, client, begin(house.worker, client, code, "begun"))

    first = begin(house.worker, client, code, "begun")
    assert hours_left(house, client, first)["call_back"] == pytest.approx(48, abs=1.1)
    adopt(houses, code, text(code, version=2, days=1))
    assert begun()["call_back"] == pytest.approx(24, abs=1.1)
    assert not holds(in_force(house, code), two)
    again = move(house.worker, client, first, "finish", 1, given={"because": "she"})
    assert again.state.end, "a case that runs goes its way by the version it began under"
    hours = text(code, version=3).replace("{ days = 3 }", "{ hours = 50 }")
    adopt(houses, code, hours)
    assert begun()["call_back"] == pytest.approx(48, abs=1.1), (
        "of two that cannot be compared the sooner counts each time"
    )
    adopt(houses, code, written(replace(without_due(loaded(hours), "call_back"), version=4)))
    assert begun() == {}
    assert [each.own for each in standing(house, code)] == [two]
    page = unescape(signed_in(house, Role.DIRECTOR).get(f"/protocols/{code}/").content.decode())
    assert "No effect any more" in page and "What was agreed no longer has this." in page and "Call her back" in page
    before = unescape(signed_in(house, Role.DIRECTOR).get(f"/protocols/{code}/versions/2/").content.decode())
    assert "What was agreed asks for as much now." in before
    with pytest.raises(InvalidOwn, match="Nobody at your agency"):
        hold(house, code, Own(due="call_back", within=Span(1, Unit.DAYS)))
    let_go(house, code, two)
    assert standing(house, code) == []


def test_what_has_no_effect_any_more_is_in_the_way_of_nothing(houses: list[House]) -> None:
    house, code = houses[0], a_code()
    adopt(houses, code)
    two, duty = Own(due="call_back", within=Span(2, Unit.DAYS)), Own(due="call_back", asked=True)
    hold(house, code, two)
    wish = text(code, version=2, days=1).replace("{ days = 1 }", "{ days = 1 }\noptional = true")
    adopt(houses, code, wish)
    with pytest.raises(InvalidOwn, match="no more than was agreed"):
        hold(house, code, two)
    hold(house, code, duty)
    (found,) = standing(house, code)
    assert (found.own, holds(in_force(house, code), found.own)) == (replace(two, asked=True), True)
    due = stricter(in_force(house, code), [found.own]).due("call_back")
    assert (due.within, due.optional) == (Span(1, Unit.DAYS), False)


# ------------------------------------------------------------------ pages


def test_a_supervisor_sets_and_ends_it_on_its_page_and_a_worker_reads_it(house: House) -> None:
    boss, worker = signed_in(house, Role.SUPERVISOR), signed_in(house, Role.WORKER)
    place = f"/protocols/{ORDER.code}/"
    assert worker.get(f"{place}own/").status_code == 404
    page = unescape(boss.get(f"{place}own/").content.decode())
    assert "Agreed: 3 days. Yours, in days:" in page
    assert "Agreed: 60 days before · a wish, no duty, counted from" in page
    assert "For us a duty:" in page
    assert "Also always written down" in page
    said = unescape(boss.post(f"{place}own/", {"time_service_again": "3", "why": "Too long."}).content.decode())
    assert said.count('role="alert"') == 1 and "Ensure this value is less than or equal to 2." in said
    assert 'role="alert"' in boss.post(f"{place}own/", {"time_service_again": "1"}).content.decode()
    assert "Nothing would be different." in boss.post(f"{place}own/", {"why": "Just so."}).content.decode()
    wanted = {"time_service_again": "1", "asked_decided_in_thirty_days": "on", "with_file": ["case_number"]}
    done = boss.post(f"{place}own/", wanted | {"why": "We can."}, follow=True)
    assert "Your agency holds itself to this from now on." in done.content.decode()
    page = unescape(worker.get(place).content.decode())
    assert "Hold ourselves to more" not in page and "We can." in page
    assert re.search(r'1 day <span class="tag">our own</span> agreed: 3 days', page)
    assert re.search(r"30 days <span class=\"tag\">our own</span> agreed: 30 days · a wish, no duty", page)
    assert "always with Number of the court's file" in page
    form = boss.get(f"{place}own/").content.decode()
    assert "asked_decided_in_thirty_days" not in form and form.count('name="end"') == 3
    ended = boss.post(f"{place}own/", {"end": "service_again.."}, follow=True).content.decode()
    assert "It is as agreed again." in ended
    assert len(standing(house, ORDER.code)) == 2
    for nonsense in ("service_again..", "x", "..", "file.case_number", "a.b.c.d"):
        page = boss.post(f"{place}own/", {"end": nonsense}).content.decode()
        assert "This is as agreed already." in unescape(page)
    beside = unescape(worker.get(f"{place}versions/1/").content.decode())
    assert "Our own times beside it" in beside


def test_a_page_for_what_our_agency_does_not_run_is_absent(world: World) -> None:
    hospital = world.hospital((Role.SUPERVISOR,))
    boss = signed_in(hospital, Role.SUPERVISOR)
    assert boss.get(f"/protocols/{ORDER.code}/own/").status_code == 404
    assert "Our own times" not in boss.get(f"/protocols/{ORDER.code}/").content.decode()
    assert boss.get("/protocols/no_such/own/").status_code == 404
    assert boss.get(f"/protocols/{EXAM.code}/own/").status_code == 200


def test_what_we_asked_of_ourselves_ends_with_a_press_also_when_we_do_not_run_it_any_more(world: World) -> None:
    """As after a version that leaves our kind out: what stands, and what we do not run."""
    hospital = world.hospital((Role.WORKER, Role.SUPERVISOR))
    with admin(hospital[Role.DIRECTOR], Verb.KEEP_OWN_TIMES):
        row(hospital, number=1).save(force_insert=True)
    boss, place = signed_in(hospital, Role.SUPERVISOR), f"/protocols/{ORDER.code}/"
    assert AgencyKind.HOSPITAL not in ORDER.kinds
    page = boss.get(place).content.decode()
    assert f'href="{place}own/"' in page and "Hold ourselves to more" not in page
    page = boss.get(f"{place}own/").content.decode()
    assert page.count('name="end"') == 1 and 'name="why"' not in page
    assert "Your agency does not run this protocol." in page
    assert boss.post(f"{place}own/", {"time_service_again": "1", "why": "We can."}).status_code == 200
    assert len(standing(hospital, ORDER.code)) == 1, "nothing new is taken on"
    ended = boss.post(f"{place}own/", {"end": "service_again.."}, follow=True).content.decode()
    assert "It is as agreed again." in ended
    assert standing(hospital, ORDER.code) == []
    assert boss.get(f"{place}own/").status_code == 404


def test_who_answers_a_change_reads_what_it_does_to_her_own_times(houses: list[House]) -> None:
    house, code = houses[0], a_code()
    adopt(houses, code)
    hold(house, code, Own(due="call_back", within=Span(2, Unit.DAYS)))
    boss = signed_in(house, Role.SUPERVISOR)
    answer = boss.post(f"/protocols/changes/new/?code={code}", {"why": "Sooner.", "begins_on": "2030-01-31"})
    place = answer["Location"].removesuffix("edit/")
    assert "What was agreed asks for as much now." not in boss.get(place).content.decode()
    form = {"seen": "1", "title": "Call her back", "count": "1", "unit": "days", "side": "after", "citation": "ours"}
    boss.post(f"{place}edit/?part=due&code=call_back", form)
    assert "What was agreed asks for as much now." in unescape(boss.get(place).content.decode())
    other = signed_in(houses[1], Role.DIRECTOR).get(place).content.decode()
    assert "Our own times beside it" not in other


def test_the_page_of_a_step_asks_for_it_and_says_whose_time_it_is(world: World, house: House) -> None:
    client = world.client(house.worker)
    track = begin(house.worker, client)
    hold(
        house, ORDER.code, Own(step="file", evidence="case_number", asked=True),
        Own(due="decided_in_thirty_days", within=Span(9, Unit.DAYS)),
    )  # fmt: skip
    browser = signed_in(house, Role.WORKER)
    place = f"/clients/{client}/tracks/{track}/"
    page = browser.post(f"{place}step/", {"step": "file", "seen": "1"}).content.decode()
    assert "our own" in page
    moment = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    given = {"step": "file", "seen": "1", "sure": "1", "given_filed_at": moment}
    assert "This field is required." in browser.post(f"{place}step/", given).content.decode()
    browser.post(f"{place}step/", given | {"given_case_number": "7"})
    shown = unescape(browser.get(place).content.decode())
    assert re.search(r"\(our own; agreed until", shown)


# ------------------------------------------------------------------ a protocol that begins from one there is


@pytest.mark.parametrize("protocol", SHIPPED, ids=named)
def test_any_protocol_can_begin_from_any_that_is_there(protocol: Protocol) -> None:
    there = facts.shipped()
    made = loaded(written(anew(protocol, there)))
    assert made.code not in there and made.version == 1 and made.title.startswith(protocol.title)
    assert replace(made, code=protocol.code, version=protocol.version, title=protocol.title) == protocol
    assert anew(made, [*there, made.code]).code not in [*there, made.code]


def test_a_new_protocol_begins_with_a_text_that_can_be_sent_as_it_is(house: House) -> None:
    assert loaded(facts.example()).dues["called"].within == Span(24, Unit.HOURS)
    boss = signed_in(house, Role.SUPERVISOR)
    for start, code in (("", "call_back"), (ORDER.code, f"{ORDER.code}_2")):
        page = boss.get(f"/protocols/changes/new/?start={start}").content.decode()
        words = unescape(re.search(r"<textarea name=\"text\".*?>\n(.*?)</textarea>", page, re.S)[1])
        assert loaded(words).code == code
        sent = boss.post("/protocols/changes/new/", {"why": "We need it.", "begins_on": "2030-01-31", "text": words})
        assert sent.status_code == 302, sent.content.decode()
        with house[Role.SUPERVISOR].enter(Verb.READ_PARTNERS, purpose=Purpose.ADMINISTRATION) as permit:
            mine = [each for each in queries.proposals(permit=permit, code=code) if each.agency_id == house.id]
        assert len(mine) == 1 and mine[0].newest.text == words
    assert boss.get("/protocols/changes/new/?start=no_such").status_code == 404

"""Cases on their way through a protocol: a case moves by a step and in no other way, a step is never changed, a clock
ends once; two at once never go the same step; a file that goes takes its cases with it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accord.coordination.protocols import facts as protocols
from accord.coordination.protocols.rules import EvidenceKind, InvalidMove, Protocol, clock, clocks, loaded
from accord.coordination.protocols.rules import moved as moved_by_rule
from accord.coordination.tracks import actions, queries, rules
from accord.coordination.tracks.models import Due, Step, Track
from accord.policy.words import AgencyKind, Category, Level, Purpose, Relation, Role, Verb
from accord.sharing import queries as sharing
from accord.vault import actions as vault
from accord.vault import queries as clients
from accord.vault.rules import Identity, InvalidEntry
from tests.proofs.town import superuser
from tests.rooms.test_merge import merge, separate
from tests.rooms.test_walls import wall
from tests.world import House, Worker, World

ZONE = ZoneInfo("America/New_York")
#: A protocol with what the standard ones have rarely: a guard, a due that starts anew, one that is optional.
TEXT = """
[protocol]
code = "tried_out"
version = {version}
title = "Tried out"
purpose = "A case for these tests."
category = "services"
kinds = ["victim_services", "police"]
about = ["self", "child"]
source = "these tests"

[[evidence]]
code = "agreed"
title = "She agreed"
kind = "yes_no"

[[evidence]]
code = "address"
title = "Where"
kind = "words"

[[state]]
code = "waiting"
title = "It waits"
start = true

[[state.due]]
code = "calls"
title = "Call once a week"
within = {{ days = 7 }}
by_hand = true
again = true
citation = "these tests"

[[state.due]]
code = "moves_on"
title = "It moves on"
within = {{ hours = 4 }}
citation = "these tests"

[[state]]
code = "running"
title = "It runs"

[[state.due]]
code = "looked_at"
title = "Look at it"
within = {{ days = 2 }}
opens = {{ days = 1 }}
by_hand = true
optional = true
citation = "these tests"

[[state]]
code = "{end}"
title = "It is over"
end = true

[[transition]]
code = "run"
title = "Let it run"
from = ["waiting"]
to = "running"
may = ["address"]
when = [{{ agreed = "yes" }}]
guard = "She has not agreed."

[[transition]]
code = "hear"
title = "She says"
from = ["waiting"]
to = "waiting"
needs = ["agreed"]

[[transition]]
code = "finish"
title = "It is over"
from = ["running", "waiting"]
to = "{end}"
roles = ["supervisor"]
"""


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The community has agreed to one more protocol; a second version comes when `newest` says so."""
    first, second = loaded(TEXT.format(version=1, end="over")), loaded(TEXT.format(version=2, end="done"))
    ours = {(each.code, each.version): each for each in (first, second)}
    held = SimpleNamespace(newest=first, first=first, second=second)
    shipped, version = protocols.protocols, protocols.protocol
    monkeypatch.setattr(protocols, "protocols", lambda at: {**shipped(at), held.newest.code: held.newest})
    monkeypatch.setattr(protocols, "protocol", lambda code, n: ours.get((code, n)) or version(code, n))
    yield held


@pytest.fixture
def house(world: World) -> House:
    return world.agency(roles=(Role.WORKER, Role.SUPERVISOR))


def herself(worker: Worker, client: UUID) -> UUID:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return clients.herself(permit=permit, client_id=client).id


def child(worker: Worker, client: UUID, relation: Relation = Relation.CHILD) -> UUID:
    with worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        return vault.add_person(
            permit=permit, at=permit.at, client_id=client, relation=relation, identity=Identity(given="Luz")
        )


def begin(
    worker: Worker, client: UUID, protocol: str = "protective_order", state: str = "petition_draft", **more
) -> UUID:
    about = more.pop("about", None) or herself(worker, client)
    with worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        return actions.begin(
            permit=permit,
            at=permit.at,
            client_id=client,
            protocol=protocol,
            state=state,
            about=about,
            given=more.pop("given", {}),
            **more,
        )


def move(worker: Worker, client: UUID, track: UUID, step: str, seen: int, **more) -> actions.Went:
    with worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        return actions.move(
            permit=permit,
            at=permit.at,
            client_id=client,
            track_id=track,
            step=step,
            given=more.pop("given", {}),
            number_seen=seen,
            **more,
        )


def meet(worker: Worker, client: UUID, due: UUID, how: str = "done", why: str = ""):
    with worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        return actions.meet(permit=permit, at=permit.at, client_id=client, due_id=due, how=how, why=why)


def view(worker: Worker, client: UUID, track: UUID) -> queries.TrackView | None:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return queries.track(permit=permit, client_id=client, track_id=track)


def lines(worker: Worker, client: UUID, **more) -> list[queries.TrackLine]:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return queries.tracks(permit=permit, client_id=client, **more)


def my_day(worker: Worker) -> list[queries.DueLine]:
    with worker.enter(Verb.READ_DAY) as permit:
        return queries.due(permit=permit)


def days_ago(days: float) -> str:
    return (datetime.now(ZONE) - timedelta(days=days)).isoformat()


def in_days(days: int) -> str:
    return (datetime.now(ZONE).date() + timedelta(days=days)).isoformat()


# ------------------------------------------------------------------ the way


def test_a_case_goes_its_way_and_each_step_stands_in_her_file(world, house):
    worker = house.worker
    client = world.client(worker)
    track = begin(worker, client)
    move(worker, client, track, "file", 1, given={"filed_at": days_ago(2), "case_number": "24-D-0117"})
    granted = {"hearing_on": in_days(14), "stands_until": in_days(14)}
    went = move(worker, client, track, "grant_for_now", 2, given=granted)
    assert went.state.code == "service_pending"
    assert [clock.due.code for clock in went.clocks] == ["served_before_hearing", "decided_in_thirty_days"]
    found = view(worker, client, track)
    assert [(step.code, step.begins, step.to.code) for step in found.steps] == [
        ("", "", "petition_draft"),
        ("file", "petition_draft", "filed"),
        ("grant_for_now", "filed", "service_pending"),
    ]
    assert found.facts["case_number"] == "24-D-0117"
    assert {due.rule.code: due.how for due in found.dues} == {
        "ex_parte_review": "left",
        "decided_in_thirty_days": "",
        "served_before_hearing": "",
    }
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        entries = clients.entries(permit=permit, client_id=client)
    assert [(entry.kind, entry.category, entry.status) for entry in entries] == [
        ("track", Category.LEGAL, "service_pending"),
        ("track", Category.LEGAL, "filed"),
        ("track", Category.LEGAL, "petition_draft"),
    ]
    assert [step.entry for step in found.steps] == [entry.id for entry in reversed(entries)]
    assert entries[1].detail.values["noted"]["Number of the court's file"] == "24-D-0117"
    assert entries[1].summary.values["stands"] == "Filed"


def test_evidence_is_sealed_and_codes_are_not(world, house):
    worker = house.worker
    client = world.client(worker)
    track = begin(worker, client, state="filed", given={"filed_at": days_ago(0), "case_number": "SECRET-NUMBER"})
    with superuser() as eyes:
        step = eyes.execute('select facts, "to" from tracks_step where track_id = %s', [track]).fetchone()
    assert b"SECRET-NUMBER" not in bytes(step[0])
    assert step[1] == "filed"


@pytest.mark.parametrize(
    ("protocol", "state", "given", "no"),
    [
        ("no_such", "offered", {}, "no such protocol"),
        ("protective_order", "active", {}, "Nobody begins there"),
        ("protective_order", "filed", {}, "Filed on: this is missing"),
        ("protective_order", "filed", {"filed_at": "yesterday"}, "cannot be read"),
        ("protective_order", "offered", {"case_number": "1"}, "does not ask for that"),
    ],
)
def test_nobody_begins_what_is_not_there_or_without_what_it_needs(world, house, protocol, state, given, no):
    client = world.client(house.worker)
    with pytest.raises(InvalidMove, match=no):
        begin(house.worker, client, protocol, state, given=given)
    assert lines(house.worker, client) == []


def test_a_protocol_is_for_some_agencies_and_about_some_people(world, house):
    hospital = world.hospital()
    patient = world.client(hospital.worker)
    with pytest.raises(InvalidMove, match="agency like ours"):
        begin(hospital.worker, patient)
    client = world.client(house.worker)
    respondent = child(house.worker, client, Relation.RESPONDENT)
    with pytest.raises(InvalidMove, match="not about this person"):
        begin(house.worker, client, about=respondent)
    with pytest.raises(InvalidMove, match="Choose whom"):
        begin(house.worker, client, about=herself(hospital.worker, patient))
    assert begin(house.worker, client, about=child(house.worker, client))


def test_a_child_s_step_never_carries_a_place(world, house, tried):
    client = world.client(house.worker)
    about = child(house.worker, client)
    track = begin(house.worker, client, "tried_out", "waiting", about=about)
    move(house.worker, client, track, "hear", 1, given={"agreed": "yes"})
    with pytest.raises(InvalidEntry, match="where the child is"):
        move(house.worker, client, track, "run", 2, given={"address": "12 Elm Street"})
    mother = begin(house.worker, client, "tried_out", "waiting")
    move(house.worker, client, mother, "hear", 1, given={"agreed": "yes"})
    move(house.worker, client, mother, "run", 2, given={"address": "12 Elm Street"})


def test_a_step_does_not_lie_in_the_future_nor_before_the_last_one(world, house):
    worker = house.worker
    client = world.client(worker)
    track = begin(worker, client)
    with pytest.raises(InvalidMove, match="future"):
        move(worker, client, track, "file", 1, given={"filed_at": days_ago(0)}, occurred_at=_hours(1))
    with pytest.raises(InvalidMove, match="before the last one"):
        move(worker, client, track, "file", 1, given={"filed_at": days_ago(0)}, occurred_at=_hours(-1))


def _hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def test_a_moment_typed_to_the_minute_is_not_before_the_step_of_the_same_minute():
    since = datetime(2026, 11, 28, 14, 32, 40, tzinfo=UTC)
    minute = since.replace(second=0)
    assert rules.placed(since, minute) == since
    assert rules.placed(since, minute - timedelta(minutes=1)) == minute - timedelta(minutes=1)
    assert rules.placed(since, since + timedelta(minutes=1)) == since + timedelta(minutes=1)


def test_a_role_that_the_step_is_not_for_does_not_go_it(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    with pytest.raises(InvalidMove, match="somebody else"):
        move(house.worker, client, track, "finish", 1)
    assert move(house[Role.SUPERVISOR], client, track, "finish", 1).state.end


# ------------------------------------------------------------------ the clocks


def test_what_is_done_by_hand_is_noted_once_and_starts_anew(world, house, tried):
    worker = house.worker
    client = world.client(worker)
    track = begin(worker, client, "tried_out", "waiting")
    first = {due.rule.code: due for due in view(worker, client, track).dues}
    with pytest.raises(InvalidMove, match="next step does this"):
        meet(worker, client, first["moves_on"].id)
    with pytest.raises(InvalidMove, match="Say how it was"):
        meet(worker, client, first["calls"].id, how="left")
    again = meet(worker, client, first["calls"].id)
    assert again is not None
    with pytest.raises(InvalidMove, match="meanwhile"):
        meet(worker, client, first["calls"].id, how="declined")
    calls = [due for due in view(worker, client, track).dues if due.rule.code == "calls"]
    assert [(due.how, due.met_at is None) for due in calls] == [("done", False), ("", True)]
    assert calls[1].due_at > calls[0].due_at


@pytest.mark.parametrize("how", ["declined", "not_safe"])
def test_a_no_and_not_safe_now_are_answers_and_the_reason_is_sealed(world, house, tried, how):
    worker = house.worker
    client = world.client(worker)
    track = begin(worker, client, "tried_out", "waiting")
    calls = next(due for due in view(worker, client, track).dues if due.rule.code == "calls")
    assert meet(worker, client, calls.id, how, "HE IS LISTENING") is None
    found = next(due for due in view(worker, client, track).dues if due.rule.code == "calls")
    assert (found.how, found.why) == (how, "HE IS LISTENING")
    with superuser() as eyes:
        why = eyes.execute("select why from tracks_due where id = %s", [calls.id]).fetchone()[0]
    assert b"LISTENING" not in bytes(why)


def test_it_cannot_be_done_before_it_may_be_done_and_can_be_declined_any_time(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    move(house.worker, client, track, "hear", 1, given={"agreed": "yes"})
    move(house.worker, client, track, "run", 2)
    looked = next(due for due in view(house.worker, client, track).dues if due.rule.code == "looked_at")
    with pytest.raises(InvalidMove, match="cannot be done yet"):
        meet(house.worker, client, looked.id)
    meet(house.worker, client, looked.id, how="declined")


def test_my_day_has_what_is_overdue_first_and_what_ends_within_a_week(world, house):
    worker = house.worker
    client, other = world.client(worker), world.client(worker)
    late = begin(worker, client, state="filed", given={"filed_at": days_ago(20)})
    later = begin(worker, other, state="filed", given={"filed_at": days_ago(26)})
    found = [(line.track_id, line.due.rule.code, line.overdue) for line in my_day(worker)]
    assert found == [
        (later, "ex_parte_review", True),
        (late, "ex_parte_review", True),
        (later, "decided_in_thirty_days", False),
    ]
    move(worker, client, late, "deny", 1)
    assert {line.track_id for line in my_day(worker)} == {later}


def test_a_due_of_a_file_she_may_not_know_of_is_on_no_list(world, house):
    client = world.client(house.worker)
    begin(house.worker, client, state="filed", given={"filed_at": days_ago(20)})
    second = world.colleague(house)
    assert my_day(second)
    wall(house, client, second.member)
    assert my_day(second) == []
    world.keep_to_teams(house)
    third = world.colleague(house)
    assert my_day(third) == []
    assert my_day(house.worker)


# ------------------------------------------------------------------ deviations


def counted(worker: Worker) -> dict[str, dict[str, int]]:
    with worker.enter(Verb.READ_BOARD) as permit:
        found = queries.deviations(permit=permit, since=permit.at - timedelta(days=365))
    return {each.protocol: {kind: n for kind, n in each.kinds.items() if n} for each in found}


def test_a_guard_holds_until_a_supervisor_says_why_not_and_that_is_a_deviation(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    with pytest.raises(InvalidMove, match="She has not agreed"):
        move(house.worker, client, track, "run", 1, because="It cannot wait.")
    boss = house[Role.SUPERVISOR]
    with pytest.raises(InvalidMove, match="She has not agreed"):
        move(boss, client, track, "run", 1, because="  ")
    assert move(boss, client, track, "run", 1, because="IT CANNOT WAIT").overridden
    found = view(boss, client, track)
    assert found.steps[1].because == "IT CANNOT WAIT"
    assert counted(boss) == {"tried_out": {"overridden": 1}}
    with superuser() as eyes:
        because = eyes.execute("select because from tracks_step where track_id = %s and number = 2", [track]).fetchone()
    assert b"CANNOT WAIT" not in bytes(because[0])


def test_a_reason_that_was_not_needed_is_no_deviation(world, house, tried):
    boss = house[Role.SUPERVISOR]
    client = world.client(boss)
    track = begin(boss, client, "tried_out", "waiting")
    move(boss, client, track, "hear", 1, given={"agreed": "yes"})
    assert not move(boss, client, track, "run", 2, because="To be safe.").overridden
    assert view(boss, client, track).steps[2].because == ""
    assert counted(boss) == {"tried_out": {}}


def test_a_time_that_passed_is_counted_and_an_optional_one_is_not(world, house):
    boss = house[Role.SUPERVISOR]
    client = world.client(boss)
    track = begin(boss, client, state="filed", given={"filed_at": days_ago(40)})
    assert counted(boss) == {"protective_order": {"passed": 1}}, "one waits too long; thirty days are a wish"
    move(boss, client, track, "deny", 1)
    assert counted(boss) == {"protective_order": {"passed": 1}}, "what ended late stays counted"
    assert view(boss, client, track).dues[0].passed


def test_what_is_written_down_days_later_is_late(world, house):
    at = datetime.now(UTC)
    assert not rules.late(at - timedelta(days=3), at)
    assert rules.late(at - timedelta(days=3, seconds=1), at)
    boss = house[Role.SUPERVISOR]
    client = world.client(boss)
    track = begin(boss, client)
    assert not view(boss, client, track).steps[0].late


def test_a_board_counts_nothing_of_a_file_its_reader_may_not_know_of(world, house):
    client = world.client(house.worker)
    begin(house.worker, client, state="filed", given={"filed_at": days_ago(40)})
    boss = house[Role.SUPERVISOR]
    assert counted(boss)
    wall(house, client, boss.member, by=Role.SUPERVISOR)
    assert counted(boss) == {}


# ------------------------------------------------------------------ versions


def test_a_case_runs_by_the_version_it_began_under_until_somebody_goes_on(world, house, tried):
    worker = house.worker
    client = world.client(worker)
    track = begin(worker, client, "tried_out", "waiting")
    tried.newest = tried.second
    assert view(worker, client, track).line.protocol.version == 1
    calls = next(due for due in view(worker, client, track).dues if due.rule.code == "calls")
    meet(worker, client, calls.id, how="declined")
    with worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        went = actions.go_on(permit=permit, at=permit.at, client_id=client, track_id=track, number_seen=1)
    assert [clock.due.code for clock in went.clocks] == ["moves_on"], "what she declined is not asked again"
    found = view(worker, client, track)
    assert (found.line.protocol.version, found.line.number, found.steps[1].goes_on) == (2, 2, True)
    assert [(due.rule.code, due.how) for due in found.dues if due.number == 1] == [
        ("moves_on", "over"),
        ("calls", "declined"),
    ]
    with pytest.raises(InvalidMove, match="no newer version"), worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        actions.go_on(permit=permit, at=permit.at, client_id=client, track_id=track, number_seen=2)
    assert move(house[Role.SUPERVISOR], client, track, "finish", 2).state.code == "done"


def test_a_version_without_the_state_a_case_stands_in_is_not_gone_on_by(world, house, tried):
    boss = house[Role.SUPERVISOR]
    client = world.client(boss)
    track = begin(boss, client, "tried_out", "waiting")
    move(boss, client, track, "finish", 1)
    tried.newest = tried.second
    with pytest.raises(InvalidMove, match="no newer version"), boss.enter(Verb.MOVE_TRACK, client=client) as permit:
        actions.go_on(permit=permit, at=permit.at, client_id=client, track_id=track, number_seen=2)


# ------------------------------------------------------------------ what the database holds


@pytest.fixture
def going(world, house) -> tuple[House, UUID, UUID]:
    client = world.client(house.worker)
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(1)})
    return house, client, track


@pytest.mark.parametrize(
    ("what", "no"),
    [
        (lambda track: Track.objects.filter(id=track).update(state="active"), "only moves on"),
        (lambda track: Track.objects.filter(id=track).update(state="active", number=2), "together with a step"),
        (lambda track: Track.objects.filter(id=track).update(about=uuid4()), "only moves on"),
        (lambda track: Due.objects.filter(track_id=track).update(due_at=_hours(999)), "ends once"),
        (lambda track: Due.objects.filter(track_id=track).delete(), "stays as long as its file"),
        (lambda track: Step.objects.filter(track_id=track).delete(), "never changed"),
    ],
)
def test_the_database_refuses_what_no_step_did(going, what, no):
    house, client, track = going
    with pytest.raises(DatabaseError, match=no), house.worker.enter(Verb.MOVE_TRACK, client=client):
        what(track)
    assert view(house.worker, client, track).line.state.code == "filed"


def test_a_step_is_not_rewritten_even_past_the_rooms(going):
    house, client, track = going
    with house.worker.enter(Verb.MOVE_TRACK, client=client):
        assert Step.objects.filter(track_id=track).update(late=True) == 0, "no policy lets anybody"
    with superuser() as eyes, pytest.raises(psycopg.DatabaseError, match="never changed"):
        eyes.execute("update tracks_step set late = true where track_id = %s", [track])


def test_a_step_that_moves_nothing_is_not_kept(going):
    house, client, track = going
    with (
        pytest.raises(DatabaseError, match="a step moves its track"),
        house.worker.enter(Verb.MOVE_TRACK, client=client),
    ):
        step = Step.objects.get(track_id=track)
        step.id, step.number, step.begins, step.code = uuid4(), 2, "filed", "deny"
        step.save(force_insert=True)


def test_a_clock_that_ended_does_not_end_again(going):
    house, client, track = going
    move(house.worker, client, track, "deny", 1)
    with pytest.raises(DatabaseError, match="ends once"), house.worker.enter(Verb.MOVE_TRACK, client=client):
        Due.objects.filter(track_id=track).update(how="done")


# ------------------------------------------------------------------ two at once


def test_two_at_once_never_go_the_same_step(world, house):
    client = world.client(house.worker)
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(1)})
    others = [house.worker, world.colleague(house), house[Role.SUPERVISOR]]

    def attempt(worker: Worker, step: str) -> str:
        try:
            return move(worker, client, track, step, 1).state.code
        except InvalidMove as no:
            return str(no)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(attempt, others * 2, ["deny", "she_withdraws"] * 3))
    went = [each for each in found if each in ("denied", "dismissed")]
    assert len(went) == 1
    assert found.count("Somebody went a step meanwhile. Look at it again.") == 5
    seen = view(house.worker, client, track)
    assert [step.number for step in seen.steps] == [1, 2]
    assert seen.line.state.code == went[0]
    assert all(due.how == "left" for due in seen.dues)
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        assert len(clients.entries(permit=permit, client_id=client)) == 2


def test_two_at_once_never_note_the_same_thing_twice(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    calls = next(due for due in view(house.worker, client, track).dues if due.rule.code == "calls")

    def attempt(how: str) -> bool:
        try:
            meet(house.worker, client, calls.id, how)
        except InvalidMove:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, ["done", "declined"] * 2)) == 1
    waiting = [due for due in view(house.worker, client, track).dues if due.rule.code == "calls" and due.met_at is None]
    assert len(waiting) <= 1


# ------------------------------------------------------------------ where the file goes


def test_a_case_follows_its_file_when_files_are_shown_as_one_and_parted(world, house):
    boss = house[Role.SUPERVISOR]
    first, second = world.client(boss), world.client(boss)
    track = begin(boss, second, state="filed", given={"filed_at": days_ago(1), "case_number": "7"})
    merge(boss, first, second)
    assert [line.id for line in lines(boss, first)] == [track]
    move(boss, first, track, "deny", 1)
    assert view(boss, first, track).facts["case_number"] == "7"
    separate(boss, first, second)
    assert lines(boss, first) == []
    assert view(boss, second, track).line.number == 2
    with boss.enter(Verb.READ_CLIENT, client=second) as permit:
        assert len(clients.entries(permit=permit, client_id=second)) == 2, "the step stands in the file it is about"


def test_deleting_a_file_deletes_its_cases(world, house):
    boss = house[Role.SUPERVISOR]
    client, kept = world.client(boss), world.client(boss)
    track = begin(boss, client, state="filed", given={"filed_at": days_ago(20)})
    begin(boss, kept)
    with boss.enter(Verb.DELETE_CLIENT, client=client) as permit:
        vault.delete_client(permit=permit, at=permit.at, client_id=client)
    with superuser() as eyes:
        left = [
            eyes.execute(f"select count(*) from tracks_{table} where agency_id = %s", [house.id]).fetchone()[0]  # noqa: S608
            for table in ("track", "step", "due")
        ]
    assert left == [1, 1, 0]
    assert my_day(boss) == []
    assert track not in {line.track_id for line in my_day(boss)}


def test_another_agency_s_case_is_as_if_it_were_not_there(world, house):
    client = world.client(house.worker)
    track = begin(house.worker, client)
    other = world.agency()
    mine = world.client(other.worker)
    assert view(other.worker, mine, track) is None
    with pytest.raises(Track.DoesNotExist):
        move(other.worker, mine, track, "write_petition", 1)
    with pytest.raises(Track.DoesNotExist):
        move(house.worker, world.client(house.worker), track, "file", 1)


def test_a_step_travels_on_her_release_as_a_sentence_and_nothing_of_it_without(world, house):
    police = world.police()
    client = world.client(house.worker)
    begin(house.worker, client, state="filed", given={"filed_at": days_ago(1), "case_number": "HIDDEN"})
    world.release(house.worker, client, police, {Category.LEGAL: Level.SUMMARY}, Purpose.SAFETY)
    with police.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        (thread,) = sharing.waiting(permit=permit)
    (content,) = (each.content for each in thread.envelopes if each.category is Category.LEGAL)
    assert content.summary["values"]["stands"] == "Filed"
    assert "HIDDEN" not in content.packed().decode()


# ------------------------------------------------------------------ the rooms against the pure rules


class Way(RuleBasedStateMachine):
    """A protective order goes any way its rules let it; the rooms say at each point what the rules say."""

    worker: Worker
    house: House

    @initialize(state=st.sampled_from(["offered", "petition_draft", "filed"]), ago=st.integers(0, 60))
    def begins(self, state: str, ago: int) -> None:
        self.client = World().client(self.worker)
        self.protocol: Protocol = protocols.protocol("protective_order", 1)
        self.facts = {"filed_at": days_ago(ago)} if state == "filed" else {}
        self.track = begin(self.worker, self.client, state=state, given=self.facts)
        line = view(self.worker, self.client, self.track).line
        self.state, self.number = state, 1
        self.due = {
            each.due.code: each.due_at
            for each in clocks(self.protocol, state, line.entered_at, self.facts, self.zone())
        }
        self.noted: set[tuple[str, datetime]] = set()

    def zone(self) -> ZoneInfo:
        return ZONE

    def given(self, step: str, draw: st.DataObject) -> dict[str, str]:
        way = self.protocol.transitions[step]
        found = {}
        for code in way.needs:
            kind = self.protocol.evidence[code].kind
            if kind is EvidenceKind.DAY:
                found[code] = in_days(draw.draw(st.integers(-90, 200)))
            elif kind is EvidenceKind.MOMENT:
                found[code] = days_ago(draw.draw(st.integers(0, 60)))
            else:
                found[code] = draw.draw(st.sampled_from(["yes", "no"]))
        return found

    @rule(data=st.data())
    def goes(self, data: st.DataObject) -> None:
        step = data.draw(st.sampled_from(sorted(self.protocol.transitions)))
        given = self.given(step, data)
        asked = {"roles": {Role.WORKER}, "kind": AgencyKind.VICTIM_SERVICES, "facts": self.facts, "given": given}
        try:
            expected = moved_by_rule(self.protocol, self.state, step, **asked)
        except InvalidMove as no:
            with pytest.raises(InvalidMove, match=str(no)):
                move(self.worker, self.client, self.track, step, self.number, given=given)
            return
        went = move(self.worker, self.client, self.track, step, self.number, given=given)
        assert went.state == expected
        self.state, self.number, self.facts = expected.code, self.number + 1, self.facts | given
        line = view(self.worker, self.client, self.track).line
        running = clocks(self.protocol, self.state, line.entered_at, self.facts, self.zone())
        self.due = {each.due.code: each.due_at for each in running if (each.due.code, each.due_at) not in self.noted}

    @precondition(lambda self: any(self.protocol.due(code).by_hand for code in self.due))
    @rule(data=st.data(), how=st.sampled_from(rules.BY_HAND))
    def notes(self, data: st.DataObject, how: str) -> None:
        code = data.draw(st.sampled_from(sorted(code for code in self.due if self.protocol.due(code).by_hand)))
        waits = {due.rule.code: due for due in view(self.worker, self.client, self.track).line.waits}
        meet(self.worker, self.client, waits[code].id, how)
        self.noted.add((code, self.due.pop(code)))

    @invariant()
    def the_rooms_say_what_the_rules_say(self) -> None:
        if not hasattr(self, "track"):
            return
        found = view(self.worker, self.client, self.track)
        assert (found.line.state.code, found.line.number) == (self.state, self.number)
        assert (found.line.ended_at is not None) is self.protocol.states[self.state].end
        assert {due.rule.code: due.due_at for due in found.line.waits} == self.due
        assert [step.number for step in found.steps] == list(range(1, self.number + 1))
        assert found.facts == {code: value for code, value in self.facts.items() if value}
        overdue = {due.rule.code for due in found.line.waits if due.overdue(datetime.now(UTC))}
        listed = {line.due.rule.code for line in my_day(self.worker) if line.track_id == self.track and line.overdue}
        assert listed == overdue


def test_any_way_through_a_protocol_the_rooms_say_what_the_rules_say(world):
    house = world.agency()
    machine = type("OurWay", (Way,), {"worker": house.worker, "house": house})
    quick = settings(
        max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    machine.TestCase.settings = quick
    case = machine.TestCase("runTest")
    case.runTest()


def test_what_several_states_wait_for_goes_on_through_them_and_what_was_noted_does_not_come_back(world):
    hospital = world.hospital()
    worker, client = hospital.worker, world.client(hospital.worker)
    track = begin(worker, client, protocol="forensic_exam", state="arrived")
    move(worker, client, track, "triage", 1, given={"exposed_at": days_ago(0.1), "private_room": "yes"})
    move(worker, client, track, "call_advocate", 2)
    move(worker, client, track, "explain", 3, given={"advocate": "here"})
    before = {due.rule.code: due for due in view(worker, client, track).line.waits}
    assert set(before) == {"exam_window", "hiv_medicine", "emergency_contraception"}
    meet(worker, client, before["hiv_medicine"].id, "done")
    consents = ("history", "body", "genital", "samples", "photos", "blood_urine")
    move(worker, client, track, "agree", 4, given={f"consent_{each}": "yes" for each in consents})
    waits = {due.rule.code: due for due in view(worker, client, track).line.waits}
    assert set(waits) == {"exam_window", "emergency_contraception"}
    assert all(waits[code].id == before[code].id for code in waits)
    move(worker, client, track, "stop_exam", 5)
    found = view(worker, client, track)
    assert {due.rule.code for due in found.line.waits} == {"emergency_contraception", "infections", "strangulation"}
    assert [due.how for due in found.dues if due.rule.code == "exam_window"] == ["left"]
    assert [due.how for due in found.dues if due.rule.code == "hiv_medicine"] == ["done"]


def test_a_clock_that_is_set_anew_comes_back_though_it_was_noted(world, house):
    worker, client = house.worker, world.client(house.worker)
    track = begin(worker, client, state="filed", given={"filed_at": days_ago(1)})
    move(worker, client, track, "set_hearing", 1, given={"hearing_on": in_days(5)})
    move(worker, client, track, "grant", 2, given={"stands_until": in_days(200)})
    waits = {due.rule.code: due for due in view(worker, client, track).line.waits}
    meet(worker, client, waits["renewal_talk"].id, "done")
    move(worker, client, track, "modify", 3, given={"stands_until": in_days(200)})
    same = {due.rule.code for due in view(worker, client, track).line.waits}
    assert same == {"renewal_petition", "order_ends"}
    move(worker, client, track, "renew", 4, given={"stands_until": in_days(400)})
    assert {due.rule.code for due in view(worker, client, track).line.waits} == same | {"renewal_talk"}


def test_each_agency_waits_for_what_is_its_own_to_do(world, house):
    police = world.police()
    for worker, own in ((police.worker, {"to_lab", "to_lab_soon"}), (house.worker, {"to_lab"})):
        client = world.client(worker)
        given = {"picked_up_on": in_days(-1)}
        track = begin(worker, client, protocol="kit", state="picked_up", given=given)
        assert {due.rule.code for due in view(worker, client, track).line.waits} == own


def test_a_clock_that_starts_anew_counts_from_now_whatever_it_counted_from():
    protocol = loaded(TEXT.format(version=1, end="over"))
    at = datetime(2026, 3, 6, 20, tzinfo=UTC)
    found = rules.anew(protocol, "calls", at, {}, ZONE)
    assert found is not None
    assert found.due_at == clock(protocol, protocol.due("calls"), at, {}, ZONE).due_at
    assert rules.anew(protocol, "moves_on", at, {}, ZONE) is None


def test_ways_are_known_by_more_than_their_titles():
    """A guard is open where what it asks for can be written down with the step."""
    protocol = loaded(TEXT.format(version=1, end="over"))
    assert rules.guarded(protocol, "run", {}) == "She has not agreed."
    assert rules.guarded(protocol, "run", {"agreed": "yes"}) == ""
    assert rules.guarded(protocol, "hear", {}) == ""
    assert partial(rules.guarded, protocol)("finish", {}) == ""


# ------------------------------------------------------------------ how much is asked


def test_her_page_and_my_day_ask_one_question_each_and_a_step_few(world, house):
    client = world.client(house.worker)
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(9)})
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit, CaptureQueriesContext(connection) as asked:
        assert queries.tracks(permit=permit, client_id=client, still_open=True)
    assert len(asked) == 1
    with house.worker.enter(Verb.READ_DAY) as permit, CaptureQueriesContext(connection) as asked:
        assert queries.due(permit=permit)
    assert len(asked) == 1
    with house.worker.enter(Verb.MOVE_TRACK, client=client) as permit, CaptureQueriesContext(connection) as asked:
        actions.move(
            permit=permit,
            at=permit.at,
            client_id=client,
            track_id=track,
            step="set_hearing",
            given={"hearing_on": in_days(9)},
            number_seen=1,
        )
    assert len(asked) <= 16, [each["sql"][:80] for each in asked]

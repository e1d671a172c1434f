"""Tasks: who may be given one, who sees it, when it comes again, and that nothing is ever done twice."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.coordination.protocols.rules import Span, Unit
from accord.coordination.tasks import actions, queries, rules
from accord.coordination.tasks.actions import NewTask
from accord.coordination.tasks.rules import Filter, InvalidTask, State
from accord.ledger.permits import PermitError
from accord.policy.words import Purpose, Role, Verb
from accord.vault import actions as vault
from tests.proofs.town import superuser
from tests.world import House, Worker, World

NEW_YORK = ZoneInfo("America/New_York")
ROLES = (Role.WORKER, Role.SUPERVISOR)


def make(
    worker: Worker,
    client: UUID | None = None,
    owner: UUID | None = None,
    words: str = "Ring the court clerk.",
    days: int = 0,
    repeats: Span | None = None,
    **more: object,
) -> UUID:
    verbs = (Verb.KEEP_TASKS, Verb.READ_CLIENT) if client else (Verb.KEEP_TASKS,)
    with worker.enter(*verbs, client=client) as permit:
        return actions.add(
            permit=permit,
            at=permit.at,
            owner_id=owner or worker.member,
            new=NewTask("court", words, permit.at + timedelta(days=days), repeats, **more),
            client_id=client,
        )


def listed(worker: Worker, whose: str = "all", when: str = "open") -> dict[UUID, queries.TaskView]:
    with worker.enter(Verb.KEEP_TASKS) as permit:
        found, _more = queries.tasks(permit=permit, view=Filter(whose, when))
        return {each.id: each for each in found}


def seen(worker: Worker, task: UUID, client: UUID | None = None) -> queries.TaskView | None:
    with worker.enter(Verb.KEEP_TASKS, *([Verb.READ_CLIENT] if client else []), client=client) as permit:
        return queries.task(permit=permit, task_id=task, client_id=client)


def do(worker: Worker, action, *ids: UUID, **words):
    with worker.enter(Verb.KEEP_TASKS) as permit:
        return action(permit=permit, at=permit.at, task_ids=ids, **words)


def walled(house: House, client: UUID, worker: Worker) -> None:
    with house[Role.SUPERVISOR].enter(Verb.WALL_CLIENT) as permit:
        vault.wall_off(permit=permit, at=permit.at, client_id=client, member_id=worker.member, kind="relative")


# ------------------------------------------------------------------ who sees and who is given what


def test_a_task_is_made_done_and_opened_again(world: World) -> None:
    house = world.agency()
    client = world.client(house.worker)
    task = make(house.worker, client)
    view = seen(house.worker, task, client)
    assert (view.words, view.state, view.owner_id) == ("Ring the court clerk.", State.OPEN, house.worker.member)
    assert do(house.worker, actions.done, task) == 1
    assert do(house.worker, actions.done, task) == 0
    assert task not in listed(house.worker)
    assert listed(house.worker, when="ended")[task].ended_by == house.worker.member
    with house.worker.enter(Verb.KEEP_TASKS) as permit:
        actions.reopen(permit=permit, at=permit.at, task_id=task)
    assert listed(house.worker)[task].ended_at is None


def test_what_is_to_be_done_lies_sealed_and_goes_with_her(world: World) -> None:
    house = world.agency(roles=ROLES)
    client = world.client(house.worker)
    about, free = make(house.worker, client, words="Zebra about her"), make(house.worker, words="Zebra about nobody")
    with superuser() as eyes:
        rows = eyes.execute("select words from tasks_task where id = any(%s)", [[about, free]]).fetchall()
    assert len(rows) == 2
    assert not any(b"Zebra" in bytes(words) for (words,) in rows)
    with house[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=client) as permit:
        vault.delete_client(permit=permit, at=permit.at, client_id=client)
    assert set(listed(house.worker)) == {free}
    with superuser() as eyes:
        (state,) = eyes.execute("select state from tasks_task where id = %s", [about]).fetchone()
    assert state == "dropped", "the database ends what nobody can open any more"
    assert about not in listed(house.worker, when="ended")


def test_another_agency_has_no_such_task(world: World) -> None:
    house, other = world.agency(), world.agency()
    task = make(house.worker)
    assert seen(other.worker, task) is None
    assert do(other.worker, actions.done, task) == 0
    assert task in listed(house.worker)


def test_a_task_about_a_file_she_may_not_know_of_is_neither_listed_nor_counted(world: World) -> None:
    house = world.agency(roles=ROLES)
    cousin, client = world.colleague(house, "Cousin"), world.client(house.worker)
    task = make(house.worker, client, owner=cousin.member)
    assert task in listed(cousin)
    walled(house, client, cousin)
    assert listed(cousin) == {}
    assert seen(cousin, task) is None
    assert do(cousin, actions.done, task) == 0
    with cousin.enter(Verb.READ_DAY) as permit:
        assert queries.due(permit=permit, zone=NEW_YORK) == []
    assert task in listed(house[Role.SUPERVISOR]), "somebody finds it and decides"
    walled_off = house[Role.SUPERVISOR]
    with walled_off.enter(Verb.READ_CLIENT, client=client) as permit:
        vault.declare_conflict(permit=permit, at=permit.at, client_id=client, kind="relative")
    with walled_off.enter(Verb.READ_BOARD) as permit:
        found = queries.board(permit=permit)
    assert sum(each.tasks for each in found.people) == 0
    assert found.files == 0


def test_nobody_is_given_what_she_may_not_know_of(world: World) -> None:
    house = world.agency(roles=ROLES)
    cousin, other = world.colleague(house, "Cousin"), world.colleague(house)
    client = world.client(house.worker)
    walled(house, client, cousin)
    with house.worker.enter(Verb.KEEP_TASKS, Verb.READ_CLIENT, client=client) as permit:
        offered = queries.takers(permit=permit, client_id=client)
    assert cousin.member not in offered
    assert other.member in offered
    with pytest.raises(InvalidTask, match="cannot go to this colleague"):
        make(house.worker, client, owner=cousin.member)
    task = make(house.worker, client)
    assert do(house.worker, actions.hand, task, to_member=cousin.member) == (0, 1)
    assert do(house.worker, actions.hand, task, to_member=other.member, note="She knows you.") == (1, 0)
    view = seen(other, task, client)
    assert (view.note, view.handed_from, view.owner_id) == ("She knows you.", house.worker.member, other.member)


def test_in_an_agency_of_teams_only_the_team_and_supervisors_are_given_it(world: World) -> None:
    house = world.agency(roles=ROLES)
    outside, client = world.colleague(house), world.client(house.worker)
    world.keep_to_teams(house)
    with house.worker.enter(Verb.KEEP_TASKS, Verb.READ_CLIENT, client=client) as permit:
        assert set(queries.takers(permit=permit, client_id=client)) == {
            house.worker.member,
            house[Role.SUPERVISOR].member,
        }
    task = make(house.worker, client)
    assert do(house.worker, actions.hand, task, to_member=outside.member) == (0, 1)
    assert task not in listed(outside)
    assert do(house.worker, actions.hand, task, to_member=house[Role.SUPERVISOR].member) == (1, 0)


def test_what_is_about_nobody_is_seen_by_who_does_it_made_it_or_supervises(world: World) -> None:
    house = world.agency(roles=ROLES)
    second, third = world.colleague(house), world.colleague(house, "Third")
    task = make(house.worker, owner=second.member)
    assert all(task in listed(each) for each in (house.worker, second, house[Role.SUPERVISOR]))
    assert task not in listed(third)
    assert listed(house.worker, whose="made").keys() == {task}
    assert listed(second, whose="mine").keys() == {task}


def test_somebody_who_left_or_does_no_such_work_is_given_nothing(world: World) -> None:
    house = world.agency(roles=(Role.WORKER, Role.RECORDS_OFFICER))
    for member in (house[Role.RECORDS_OFFICER].member, uuid4()):
        with pytest.raises(InvalidTask):
            make(house.worker, owner=member)


# ------------------------------------------------------------------ resting, dropping, made from something


def test_putting_off_and_dropping_need_a_reason(world: World) -> None:
    house = world.agency()
    task = make(house.worker, days=-1)
    with pytest.raises(InvalidTask, match="why it waits"):
        do(house.worker, actions.snooze, task, days=3, why="")
    with pytest.raises(InvalidTask, match="by 1 to 366 days"):
        do(house.worker, actions.snooze, task, days=0, why="no_time")
    assert do(house.worker, actions.snooze, task, days=3, why="not_safe_now") == 1
    assert listed(house.worker, when="overdue") == {}
    assert listed(house.worker, when="today") == {}
    assert listed(house.worker, when="later")[task].snoozed_why == "not_safe_now"
    assert do(house.worker, actions.wake, task) == 1
    assert task in listed(house.worker, when="overdue")
    with pytest.raises(InvalidTask, match="why nothing more"):
        do(house.worker, actions.drop, task, why="because")
    assert do(house.worker, actions.drop, task, why="she_declined") == 1
    assert listed(house.worker, when="ended")[task].dropped_why == "she_declined"


def test_from_one_thing_comes_one_open_task(world: World) -> None:
    house = world.agency()
    due = uuid4()
    first = make(house.worker, origin="due", origin_id=due)
    assert make(house.worker, origin="due", origin_id=due) == first
    do(house.worker, actions.done, first)
    again = make(house.worker, origin="due", origin_id=due)
    assert again != first
    with house.worker.enter(Verb.KEEP_TASKS) as permit, pytest.raises(InvalidTask):
        actions.reopen(permit=permit, at=permit.at, task_id=first)


def test_views_are_codes_her_own_and_few(world: World) -> None:
    house = world.agency(roles=ROLES)
    view = Filter("all", "overdue", "court")
    with house.worker.enter(Verb.KEEP_TASKS) as permit:
        for _twice in range(2):
            actions.keep_view(permit=permit, at=permit.at, view=view)
        (kept,) = queries.kept(permit=permit)
        assert kept.view == view
        with pytest.raises(InvalidTask):
            actions.keep_view(permit=permit, at=permit.at, view=Filter("hers", "open"))
    with house[Role.SUPERVISOR].enter(Verb.KEEP_TASKS) as permit:
        actions.forget_view(permit=permit, at=permit.at, view_id=kept.id)
        assert queries.kept(permit=permit) == []
    with house.worker.enter(Verb.KEEP_TASKS) as permit:
        assert len(queries.kept(permit=permit)) == 1
        actions.forget_view(permit=permit, at=permit.at, view_id=kept.id)
        assert queries.kept(permit=permit) == []


# ------------------------------------------------------------------ what comes again


def test_finishing_one_that_comes_again_makes_the_next_as_its_own_row(world: World) -> None:
    house = world.agency()
    client = world.client(house.worker)
    first = make(house.worker, client, words="Weekly call", repeats=Span(7, Unit.DAYS))
    assert do(house.worker, actions.done, first) == 1
    (second,) = listed(house.worker).values()
    assert second.id != first
    assert second.words == "Weekly call"
    before = listed(house.worker, when="ended")[first]
    assert second.due_at.astimezone(NEW_YORK).replace(tzinfo=None) == before.due_at.astimezone(NEW_YORK).replace(
        tzinfo=None
    ) + timedelta(days=7)
    with house.worker.enter(Verb.KEEP_TASKS) as permit, pytest.raises(InvalidTask, match="next one is there"):
        actions.reopen(permit=permit, at=permit.at, task_id=first)
    assert do(house.worker, actions.drop, second.id, why="not_needed") == 1
    assert listed(house.worker) == {}, "what is dropped does not come again"


def local(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK)


def follows(first: datetime, span: Span, ended: datetime | None = None, due: datetime | None = None) -> datetime:
    due = due or first
    return rules.following(first, span, NEW_YORK, due, ended or due).astimezone(NEW_YORK)


def test_it_comes_again_over_a_leap_day() -> None:
    assert follows(local(2028, 2, 28), Span(1, Unit.DAYS)) == local(2028, 2, 29)
    assert follows(local(2028, 2, 29), Span(1, Unit.DAYS)) == local(2028, 3, 1)
    assert follows(local(2027, 2, 28), Span(1, Unit.DAYS)) == local(2027, 3, 1)
    assert follows(local(2028, 1, 31), Span(30, Unit.DAYS)) == local(2028, 3, 1)
    assert follows(local(2027, 1, 31), Span(30, Unit.DAYS)) == local(2027, 3, 2)


def test_it_keeps_its_hour_across_a_change_of_clocks() -> None:
    spring, autumn = local(2027, 3, 13), local(2027, 11, 6)
    assert follows(spring, Span(1, Unit.DAYS)) == local(2027, 3, 14)
    assert follows(spring, Span(1, Unit.DAYS)) - spring == timedelta(days=1), "by the clock on the wall"
    assert follows(spring, Span(1, Unit.DAYS)).astimezone(UTC) - spring.astimezone(UTC) == timedelta(hours=23)
    assert follows(autumn, Span(1, Unit.DAYS)).astimezone(UTC) - autumn.astimezone(UTC) == timedelta(hours=25)


def test_an_hour_that_is_left_out_once_does_not_stay_moved() -> None:
    first = local(2027, 3, 13, 2, 30)
    skipped = follows(first, Span(1, Unit.DAYS))
    assert (skipped.day, skipped.hour) == (14, 3)
    after = follows(first, Span(1, Unit.DAYS), due=skipped)
    assert (after.day, after.hour, after.minute) == (15, 2, 30)


def test_a_series_keeps_its_hour_row_by_row(world: World) -> None:
    house = world.agency()
    with house.worker.enter(Verb.KEEP_TASKS) as permit:
        actions.add(
            permit=permit,
            at=permit.at,
            owner_id=house.worker.member,
            new=NewTask("court", "Nightly round", local(2027, 3, 13, 2, 30), Span(1, Unit.DAYS)),
        )
    found = []
    for _day in range(3):
        (task,) = listed(house.worker).values()
        found.append(task.due_at.astimezone(NEW_YORK))
        with house.worker.enter(Verb.KEEP_TASKS) as permit:
            actions.done(permit=permit, at=task.due_at, task_ids=[task.id])
    assert [(each.day, each.hour) for each in found] == [(13, 2), (14, 3), (15, 2)]


def test_the_end_of_a_working_day_is_followed_by_the_end_of_the_next() -> None:
    friday = rules.due_on(date(2027, 3, 12), NEW_YORK)
    assert rules.whole_day(friday, NEW_YORK)
    monday = follows(friday, Span(1, Unit.BUSINESS_DAYS))
    assert monday == rules.due_on(date(2027, 3, 15), NEW_YORK)


def test_what_was_missed_meanwhile_is_not_asked_for_any_more() -> None:
    first = local(2027, 1, 4)
    late = local(2027, 3, 20, 12)
    assert follows(first, Span(7, Unit.DAYS), ended=late) == local(2027, 3, 22)
    assert follows(first, Span(7, Unit.DAYS), ended=local(2027, 1, 2)) == local(2027, 1, 11)
    edge = local(2027, 1, 11)
    assert follows(first, Span(7, Unit.DAYS), ended=edge) == local(2027, 1, 18)
    assert follows(first, Span(7, Unit.DAYS), ended=edge - timedelta(microseconds=1)) == edge


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    first=st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)),
    count=st.integers(1, 90),
    unit=st.sampled_from([Unit.DAYS, Unit.BUSINESS_DAYS]),
    later=st.integers(0, 800),
)
def test_the_next_is_the_first_of_its_series_after_now(first: datetime, count: int, unit: Unit, later: int) -> None:
    begins = first.replace(tzinfo=NEW_YORK)
    now = begins + timedelta(days=later)
    found = rules.following(begins, Span(count, unit), NEW_YORK, begins, now)
    assert found > now
    assert found - now <= timedelta(days=count * 2 + 4)


def test_due_by_a_day_is_its_end_and_by_an_hour_that_hour() -> None:
    assert rules.due_on(date(2027, 3, 14), NEW_YORK) == local(2027, 3, 15, 0)
    assert rules.due_at(date(2027, 3, 14), time(2, 30), NEW_YORK) == local(2027, 3, 14, 3, 30)
    assert rules.ends(local(2027, 3, 14, 23, 59), NEW_YORK) == local(2027, 3, 15, 0)


# ------------------------------------------------------------------ handing over


def test_a_whole_caseload_goes_over_with_a_note(world: World) -> None:
    house = world.agency(roles=ROLES)
    boss, leaving, taker = house[Role.SUPERVISOR], world.colleague(house, "Leaving"), world.colleague(house, "Taker")
    world.keep_to_teams(house)
    open_to, closed_to = world.client(leaving), world.client(leaving)
    tasks = [make(leaving, open_to), make(leaving, closed_to), make(leaving)]
    walled(house, closed_to, taker)
    with boss.enter(Verb.KEEP_TASKS, Verb.ASSIGN_CLIENT) as permit:
        assert queries.open_of(permit=permit, member_id=leaving.member) == 3
        assert vault.hand_over(permit=permit, at=permit.at, from_member=leaving.member, to_member=taker.member) == 1
        assert actions.hand_all(
            permit=permit, at=permit.at, from_member=leaving.member, to_member=taker.member, note="Court on Monday."
        ) == (2, 1)
    assert set(listed(taker)) == {tasks[0], tasks[2]}
    assert {each.note for each in listed(taker).values()} == {"Court on Monday."}
    with boss.enter(Verb.READ_BOARD) as permit:
        people = {each.member_id: each for each in queries.board(permit=permit).people}
    assert people[leaving.member].tasks == 1, "what could not go is found on the board"
    assert people[taker.member].files == 1
    assert people[taker.member].tasks == 2


def test_only_who_hands_out_work_hands_over_another_s(world: World) -> None:
    house = world.agency(roles=ROLES)
    with house.worker.enter(Verb.KEEP_TASKS) as permit, pytest.raises(PermitError):
        actions.hand_all(
            permit=permit, at=permit.at, from_member=house[Role.SUPERVISOR].member, to_member=house.worker.member
        )


def test_the_board_counts_files_tasks_and_room(world: World) -> None:
    house = world.agency(roles=ROLES)
    boss = house[Role.SUPERVISOR]
    client = world.client(house.worker)
    world.client(house.worker)
    make(house.worker, client, days=-1)
    resting = make(house.worker, client, days=-1)
    make(house.worker, days=3)
    do(house.worker, actions.snooze, resting, days=2, why="no_time")
    with boss.enter(Verb.ASSIGN_CLIENT, Verb.READ_BOARD) as permit:
        actions.say_capacity(permit=permit, at=permit.at, files=5)
        with pytest.raises(InvalidTask):
            actions.say_capacity(permit=permit, at=permit.at, files=0)
    with boss.enter(Verb.ASSIGN_CLIENT, client=client) as permit:
        vault.unassign(permit=permit, at=permit.at, client_id=client, member_id=house.worker.member)
    with house[Role.DIRECTOR].enter(Verb.READ_BOARD) as permit:
        found = queries.board(permit=permit)
    hers = next(each for each in found.people if each.member_id == house.worker.member)
    assert (hers.files, hers.tasks, hers.late, hers.resting) == (1, 3, 1, 1)
    assert (found.files, found.alone, found.each, found.room) == (2, 1, 5, 9)


# ------------------------------------------------------------------ at once


def test_two_workers_who_finish_one_task_at_once_finish_it_once(world: World) -> None:
    house = world.agency()
    second, client = world.colleague(house), world.client(house.worker)
    for _round in range(6):
        task = make(house.worker, client, repeats=Span(1, Unit.DAYS))
        start, found = threading.Barrier(2), []

        def finish(worker: Worker, task: UUID = task, start=start, found=found) -> None:
            try:
                start.wait(10)
                found.append(do(worker, actions.done, task))
            finally:
                connection.close()

        threads = [threading.Thread(target=finish, args=[each]) for each in (house.worker, second)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(found) == [0, 1]
        with superuser() as eyes:
            (next_ones,) = eyes.execute("select count(*) from tasks_task where follows = %s", [task]).fetchone()
        assert next_ones == 1
        do(house.worker, actions.drop, *listed(house.worker), why="mistake")


def test_a_system_makes_no_task_and_reads_none(world: World) -> None:
    from accord.config.service import gate
    from accord.gate import Caller, Refused

    house = world.agency()
    caller = Caller(agency=house.id, job="sweeper")
    at = timezone.now()
    with pytest.raises(Refused), gate().enter(caller, Verb.KEEP_TASKS, purpose=Purpose.OWN_SERVICE, at=at):
        pass

"""The pages of tasks, the board and notices: what they show, to whom, and with how many questions."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accord.coordination.tasks import queries
from accord.coordination.tracks import queries as tracks
from accord.policy.words import Role, Verb
from accord.vault import queries as vault
from accord.vault.actions import assign
from accord.vault.rules import Identity
from tests.rooms.test_tasks import NEW_YORK, listed, make, walled
from tests.rooms.test_tracks import begin, days_ago
from tests.rooms.test_web_signin import signed_in
from tests.world import House, World

ROLES = (Role.WORKER, Role.SUPERVISOR)


@pytest.fixture(scope="module")
def house() -> House:
    return World().agency(roles=ROLES)


def code_of(house: House, client) -> str:
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return vault.codes(permit=permit, client_ids=[client])[client]


def test_a_task_is_noted_on_her_page_and_shown_there(house: House) -> None:
    client = World().client(house.worker, Identity(given="Naomi", family="Achebe"))
    browser = signed_in(house, Role.WORKER)
    form = {
        "words": "Ring the clerk.", "kind": "court", "day": timezone.localdate(timezone=NEW_YORK).isoformat(),
        "owner": str(house.worker.member), "repeats": "weekly",
    }  # fmt: skip
    answer = browser.post(f"/clients/{client}/tasks/new/", form, follow=True)
    said = answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/clients/{client}/"
    assert "The task is noted." in said
    assert "Ring the clerk." in said
    assert "Ring the clerk." in browser.get("/my-day/").content.decode()
    (task,) = [each for each in listed(house.worker).values() if each.client_id == client]
    shown = browser.get(f"/clients/{client}/tasks/{task.id}/").content.decode()
    assert "Every week" in shown
    assert "Naomi" not in shown.partition("</title>")[0]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"words": " "}, "This field is required."),
        ({"day": "2020-01-01"}, "This day is over."),
        ({"day": "2090-01-01"}, "This is more than a year ahead."),
        ({"owner": str(uuid4())}, "Select a valid choice"),
        ({"repeats": "hourly"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_kept_is_said(house: House, wrong: dict[str, str], says: str) -> None:
    form = {"words": "Ring.", "kind": "court", "day": timezone.localdate().isoformat()}
    form |= {"owner": str(house.worker.member)}
    answer = signed_in(house, Role.WORKER).post("/tasks/new/", form | wrong)
    assert answer.status_code == 200
    assert says in answer.content.decode()


def test_a_list_is_narrowed_and_what_is_ticked_changes_together(house: House) -> None:
    world = World()
    client = world.client(house.worker)
    first, second = make(house.worker, client, words="Alpha"), make(house.worker, words="Beta")
    browser = signed_in(house, Role.WORKER)
    only = browser.get("/tasks/", {"code": code_of(house, client).lower()}).content.decode()
    assert "Alpha" in only
    assert "Beta" not in only
    said = browser.post("/tasks/", {"task": [first, second], "do": "rest", "days": "3"}, follow=True).content.decode()
    assert "Choose why it waits." in said
    too_long = {"task": [second], "do": "hand", "to": str(house[Role.SUPERVISOR].member), "note": "x" * 3_000}
    assert "keep the note short" in browser.post("/tasks/", too_long, follow=True).content.decode()
    more = {"task": [first, second], "do": "rest", "days": "3", "rest": "not_safe_now"}
    assert "2 tasks are put off." in browser.post("/tasks/?when=open", more, follow=True).content.decode()
    assert "Alpha" in browser.get("/tasks/", {"when": "later"}).content.decode()
    assert "Tick the tasks first." in browser.post("/tasks/", {"do": "done"}, follow=True).content.decode()
    assert browser.post("/tasks/", {"do": "done", "task": "nonsense"}).status_code == 404
    assert (
        "2 tasks are done."
        in browser.post("/tasks/", {"do": "done", "task": [first, second]}, follow=True).content.decode()
    )
    ended = browser.get("/tasks/", {"when": "ended"}).content.decode()
    assert "Open them again" in ended
    browser.post("/tasks/?when=ended", {"do": "reopen", "task": [first]})
    assert first in listed(house.worker)


def test_a_view_is_kept_for_her_alone_and_forgotten(house: House) -> None:
    browser, other = signed_in(house, Role.WORKER), signed_in(house, Role.SUPERVISOR)
    where = "/tasks/?whose=all&when=overdue&kind=court"
    assert "Keep this view for me" in browser.get(where).content.decode()
    assert "This view is kept for you." in browser.post(where, {"do": "keep"}, follow=True).content.decode()
    name = "Everybody&#x27;s · Late · Court"
    assert name in browser.get("/tasks/").content.decode()
    assert name not in other.get("/tasks/").content.decode()
    (kept,) = _kept(house)
    assert "no longer kept" in browser.post(where, {"forget": kept}, follow=True).content.decode()
    assert _kept(house) == []


def _kept(house: House) -> list:
    with house.worker.enter(Verb.KEEP_TASKS) as permit:
        return [each.id for each in queries.kept(permit=permit)]


def test_a_task_about_another_client_is_not_there(house: House) -> None:
    world = World()
    client, other = world.client(house.worker), world.client(house.worker)
    task, free = make(house.worker, client), make(house.worker)
    browser = signed_in(house, Role.WORKER)
    assert browser.get(f"/clients/{client}/tasks/{task}/").status_code == 200
    assert browser.get(f"/tasks/{free}/").status_code == 200
    for path in (f"/clients/{other}/tasks/{task}/", f"/tasks/{task}/", f"/clients/{client}/tasks/{free}/"):
        assert browser.get(path).status_code == 404, path
        assert browser.post(path, {"do": "done"}).status_code == 404, path
    assert {task, free} <= set(listed(house.worker))


def test_only_supervisors_hand_over_what_another_carries(house: House) -> None:
    elsewhere = World().agency(roles=ROLES)
    path = f"/tasks/hand-over/{house.worker.member}/"
    assert signed_in(house, Role.WORKER).get(path).status_code == 404
    assert signed_in(house, Role.DIRECTOR).get(path).status_code == 404
    assert signed_in(elsewhere, Role.SUPERVISOR).get(path).status_code == 404
    assert signed_in(house, Role.SUPERVISOR).get(path).status_code == 200


def test_the_board_gives_a_director_numbers_and_a_supervisor_ways_on(house: House) -> None:
    make(house.worker)
    boss = signed_in(house, Role.SUPERVISOR).get("/board/", {"first": "late"}).content.decode()
    director = signed_in(house, Role.DIRECTOR).get("/board/").content.decode()
    assert f"owner={house.worker.member}" in boss
    assert f"/tasks/hand-over/{house.worker.member}/" in boss
    assert str(house.worker.member) not in director
    assert signed_in(house, Role.WORKER).get("/board/").status_code == 404
    assert signed_in(house, Role.DIRECTOR).get("/board/capacity/").status_code == 404


def test_leaving_says_how_much_is_open_and_hands_it_over(house: House) -> None:
    world = World()
    place = world.agency(roles=ROLES)
    leaving, taker = world.colleague(place, "Leaving"), world.colleague(place, "Taker")
    task = make(leaving, words="Bring back the key.")
    director = signed_in(place, Role.DIRECTOR)
    path = f"/members/{leaving.member}/remove/"
    assert "task of hers is open" in director.get(path).content.decode()
    assert 'role="alert"' in director.post(path, {}).content.decode(), "somebody takes over, or nobody yet"
    said = director.post(path, {"to": str(taker.member), "note": "It hangs in the hall."}, follow=True).content.decode()
    assert "1 task was handed over." in said
    assert listed(taker)[task].note == "It hangs in the hall."


def test_her_page_and_my_day_ask_one_question_for_tasks(house: House) -> None:
    world = World()
    client = world.client(house.worker)
    for _each in range(3):
        make(house.worker, client, owner=house[Role.SUPERVISOR].member)
    with house[Role.SUPERVISOR].enter(Verb.READ_CLIENT, client=client) as permit:
        with CaptureQueriesContext(connection) as asked:
            found = queries.of_client(permit=permit, client_id=client, zone=NEW_YORK)
        assert len(found) == 3
        assert len(asked) == 1
    with house[Role.SUPERVISOR].enter(Verb.READ_DAY) as permit, CaptureQueriesContext(connection) as asked:
        assert len(queries.due(permit=permit, zone=NEW_YORK)) >= 3
    assert len(asked) == 1


def test_the_board_asks_as_many_questions_for_forty_people_as_for_two(house: House) -> None:
    def questions() -> int:
        with house[Role.DIRECTOR].enter(Verb.READ_BOARD) as permit, CaptureQueriesContext(connection) as asked:
            queries.board(permit=permit)
        return len(asked)

    before, world = questions(), World()
    for number in range(4):
        make(house.worker, owner=world.colleague(house, f"Number {number}").member)
    assert questions() == before


def test_hours_that_cannot_be_are_said_and_others_kept(house: House) -> None:
    browser = signed_in(house, Role.WORKER)
    assert "You have not chosen yet" in browser.get("/my-notices/").content.decode()
    outside = {"how": "digest", "hour": "08:00", "days0": ["0"], "from0": "09:00", "to0": "17:00"}
    assert "lies outside your hours" in browser.post("/my-notices/", outside).content.decode()
    half = outside | {"hour": "", "to0": ""}
    assert "Say the other end too" in browser.post("/my-notices/", half).content.decode()
    assert "Choose one." in browser.post("/my-notices/", {}).content.decode()
    said = browser.post("/my-notices/", outside | {"hour": "10:00"}, follow=True).content.decode()
    assert "Noted when an e-mail may come." in said
    assert 'value="10:00"' in said


def test_the_board_counts_clocks_that_have_passed_by_who_works_with_her(house: House) -> None:
    world = World()
    place = world.agency(roles=ROLES)
    second, client = world.colleague(place), world.client(place.worker)
    begin(place.worker, client, state="filed", given={"filed_at": days_ago(90), "case_number": "7"})
    with place[Role.DIRECTOR].enter(Verb.READ_BOARD) as permit:
        clocks, passed = tracks.late(permit=permit)
    assert passed >= 1
    assert clocks == {place.worker.member: passed}
    with place[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT, client=client) as permit:
        assign(permit=permit, at=permit.at, client_id=client, member_id=second.member)
    walled(place, client, place.worker)
    with place[Role.DIRECTOR].enter(Verb.READ_BOARD) as permit:
        assert tracks.late(permit=permit) == ({second.member: passed}, passed)
    board = signed_in(place, Role.DIRECTOR).get("/board/").content.decode()
    assert f"<dd>{passed}</dd>" in board

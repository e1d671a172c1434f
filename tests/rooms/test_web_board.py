"""The pages of who looks after what came, of a task made of a due or a referral, and of My day with danger first."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accord.coordination.tasks.models import Task
from accord.coordination.tracks import queries as tracks
from accord.learning.gaps import queries as gaps
from accord.policy.words import Role, Verb
from tests.rooms.test_gaps import swept
from tests.rooms.test_looked_after import keeper, take
from tests.rooms.test_referrals import accept, referred
from tests.rooms.test_tasks import make
from tests.rooms.test_tracks import begin, days_ago
from tests.rooms.test_web_clients import page, signed_in, text
from tests.rooms.test_web_gaps import late
from tests.world import House, Worker

ROLES = (Role.WORKER, Role.SUPERVISOR)
DAY = timedelta(days=1)


@pytest.fixture
def house(world) -> House:
    return world.agency(roles=ROLES)


@pytest.fixture
def clinic(world) -> House:
    return world.hospital(ROLES)


@pytest.fixture
def ana(world, house) -> UUID:
    client = world.client(house.worker)
    world.entry(house.worker, client)
    return client


def said(answer) -> str:
    return text(unescape(answer.content.decode()))


def made(worker: Worker, client: UUID) -> list[Task]:
    with worker.enter(Verb.KEEP_TASKS):
        return list(Task.objects.filter(client_id=client).order_by("made_at"))


def noted(browser, client: UUID, of: str, **more) -> None:
    """The form about a task of something, sent as it stands."""
    place = f"{reverse('task_new_of', args=[client])}?{of}"
    shown = page(browser, place)
    words = unescape(re.search(r"<textarea[^>]*>\s*([^<]*)</textarea>", shown)[1]).strip()
    day = re.search(r'name="day"[^>]* value="([^"]+)"|value="([^"]+)"[^>]* name="day"', shown)
    owner = re.search(r'<option value="([^"]+)" selected>', shown.partition('name="owner"')[2])[1]
    hour = re.search(r'name="hour" value="([^"]+)"', shown)
    form = {"words": words, "kind": "follow_up", "day": day[1] or day[2], "owner": owner}
    form |= {"hour": hour[1]} if hour else {}
    assert "The task is noted." in said(browser.post(place, form | more, follow=True))


# ------------------------------------------------------------------ who looks after it


def test_taken_on_put_down_and_given_on_its_page(world, house, clinic, ana):
    referral, second = referred(house.worker, ana, clinic), world.colleague(clinic, "Ines Okafor")
    place = reverse("incoming", args=[referral])
    worker, boss = signed_in(clinic.worker), signed_in(clinic[Role.SUPERVISOR])
    assert "Nobody looks after it yet." in text(page(worker, place))
    assert "Give it to somebody" not in page(worker, place)
    assert "It is yours." in said(worker.post(place, {"step": "take"}, follow=True))
    assert "You look after it." in text(page(worker, place))
    assert "Somebody else looks after it already." in said(signed_in(second).post(place, {"step": "take"}, follow=True))
    assert "Nobody looks after it now." in said(worker.post(place, {"step": "down"}, follow=True))
    assert "Choose a colleague." in said(boss.post(place, {"step": "give"}))
    given = boss.post(place, {"step": "give", "to": str(second.member)}, follow=True)
    assert "Ines Okafor looks after it now." in said(given)
    worker.post(place, {"step": "give", "to": str(clinic.worker.member)})
    assert keeper(clinic.worker, referral) == second.member, "a worker gives nothing to anybody"
    client = accept(second, referral)
    place = reverse("incoming_of", args=[client, referral])
    assert "Ines Okafor looks after it." in text(page(worker, place))
    boss.post(place, {"step": "give", "to": str(clinic.worker.member)})
    assert keeper(second, referral) == clinic.worker.member


def test_lists_and_the_board_say_who_looks_after_it(world, house, clinic, ana):
    first, second = (referred(house.worker, each, clinic) for each in (ana, world.client(house.worker)))
    take(clinic.worker, first)
    boss = signed_in(clinic[Role.SUPERVISOR])
    board = page(boss, reverse("board"))
    assert f"who={clinic.worker.member}" in board
    assert "who=nobody" in board
    hers = page(boss, f"{reverse('referrals')}?show=open&who={clinic.worker.member}")
    assert str(first) in hers
    assert str(second) not in hers
    nobodys = page(boss, f"{reverse('referrals')}?show=open&who=nobody")
    assert str(first) not in nobodys
    assert "Nobody looks after it yet." in text(nobodys)
    director = page(signed_in(clinic[Role.DIRECTOR]), reverse("board"))
    assert str(clinic.worker.member) not in director, "numbers alone"
    assert "Referrals looked after" in director
    day = text(page(signed_in(clinic.worker), reverse("my_day")))
    assert "You look after it." in day
    assert page(signed_in(clinic.worker), f"{reverse('referrals')}?who=nonsense")


def test_leaving_hands_over_what_came_or_leaves_it_with_nobody(world, house, clinic, ana):
    leaving, taker = world.colleague(clinic, "Leaving"), world.colleague(clinic, "Taker")
    referral, director = referred(house.worker, ana, clinic), signed_in(clinic[Role.DIRECTOR])
    take(leaving, referral)
    boss, over = signed_in(clinic[Role.SUPERVISOR]), reverse("tasks_hand_over", args=[leaving.member])
    assert "1 referral that came" in text(page(boss, over))
    assert "1 referral was handed over." in said(boss.post(over, {"to": str(taker.member)}, follow=True))
    assert keeper(clinic.worker, referral) == taker.member
    place = reverse("member_remove", args=[taker.member])
    assert "referral that came. It goes to the same colleague." in text(page(director, place))
    assert "1 referral is with nobody now." in said(director.post(place, {"to": "nobody"}, follow=True))
    assert keeper(clinic.worker, referral) is None


# ------------------------------------------------------------------ a task of a due, of a referral


def clock(worker: Worker, client: UUID) -> tracks.DueView:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (line,) = tracks.tracks(permit=permit, client_id=client)
    return line.waits[0]


def test_a_task_is_made_of_a_due_once_with_what_is_to_be_done_and_by_when(house, ana):
    track = begin(house.worker, ana, state="filed", given={"filed_at": days_ago(0), "case_number": "7"})
    due, browser = clock(house.worker, ana), signed_in(house.worker)
    assert f"?due={due.id}" in page(browser, reverse("track", args=[ana, track]))
    noted(browser, ana, f"due={due.id}")
    (task,) = made(house.worker, ana)
    assert (task.origin, task.origin_id) == ("due", due.id)
    assert abs(task.due_at - due.due_at) < timedelta(minutes=1)
    again = browser.get(f"{reverse('task_new_of', args=[ana])}?due={due.id}", follow=True)
    assert "This task was made of it already." in said(again)
    assert str(task.id) in again.redirect_chain[-1][0]
    assert len(made(house.worker, ana)) == 1


def test_a_due_that_is_a_gap_too_is_one_thing_and_its_end_asks_whether_the_task_is_done(house):
    client, gap = late(house, "renewal_petition")
    due, browser = clock(house.worker, client), signed_in(house.worker)
    noted(browser, client, f"due={due.id}")
    (task,) = made(house.worker, client)
    there = browser.get(f"{reverse('task_new_of', args=[client])}?gap={gap.split('/')[-2]}", follow=True)
    assert "This task was made of it already." in said(there)
    done = browser.post(gap, {"answer": "not_safe_now", "days": "3"}, follow=True)
    assert "Is it done, too?" not in said(done), "it is asked again"
    assert made(house.worker, client)[0].ended_at is None
    place = reverse("task_of", args=[client, task.id])
    assert "What this task came from is settled" not in text(page(browser, place))
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (line,) = tracks.tracks(permit=permit, client_id=client)
    met = browser.post(reverse("track_due", args=[client, line.id, due.id]), {"how": "declined"}, follow=True)
    assert "A task was made of it and is still open. Is it done, too?" in said(met)
    assert met.redirect_chain[-1][0] == place
    assert "What this task came from is settled." in said(met)


def test_a_task_of_a_gap_is_offered_done_with_the_answer_that_ends_it(house):
    client, gap = late(house)
    browser = signed_in(house.worker)
    noted(browser, client, f"gap={gap.split('/')[-2]}")
    ended = browser.post(gap, {"answer": "not_ours"}, follow=True)
    assert "Is it done, too?" in said(ended)


def test_a_task_is_made_of_a_referral_on_either_side_and_its_end_says_so(world, house, clinic, ana):
    referral = referred(house.worker, ana, clinic)
    here, there = signed_in(house.worker), signed_in(clinic.worker)
    assert f"?referral={referral}" in page(here, reverse("referral", args=[ana, referral]))
    noted(here, ana, f"referral={referral}")
    (task,) = made(house.worker, ana)
    assert (task.origin, task.origin_id) == ("referral", referral)
    shown = text(page(here, reverse("task_of", args=[ana, task.id])))
    assert f"Ask whether they have answered: Counselling, {clinic.name}" in unescape(shown)
    closed = here.post(reverse("referral", args=[ana, referral]), {"step": "close", "result": "helped"}, follow=True)
    assert "Is it done, too?" in said(closed)
    client = accept(clinic.worker, referral)
    noted(there, client, f"referral={referral}")
    place = reverse("incoming_of", args=[client, referral])
    assert f"?referral={referral}" in page(there, place)
    met = there.post(place, {"step": "met"}, follow=True)
    assert "Noted: you met her." in said(met)
    assert "Is it done, too?" in said(met)


def test_what_is_asked_again_is_the_same_thing_and_makes_no_second_task(house):
    client, gap = late(house)
    browser = signed_in(house.worker)
    noted(browser, client, f"gap={gap.split('/')[-2]}")
    browser.post(gap, {"answer": "not_safe_now", "days": "3"})
    swept(house, timezone.now() + 4 * DAY)
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (again,) = gaps.gaps_of(permit=permit, client_id=client)
    assert str(again.id) not in gap
    there = browser.get(f"{reverse('task_new_of', args=[client])}?gap={again.id}", follow=True)
    assert "This task was made of it already." in said(there)
    assert len(made(house.worker, client)) == 1


def test_a_due_that_waits_is_not_settled_though_nobody_is_asked_about_its_gap_now(house):
    client, gap = late(house)
    browser = signed_in(house.worker)
    noted(browser, client, f"gap={gap.split('/')[-2]}")
    browser.post(gap, {"answer": "not_safe_now", "days": "3"})
    (task,) = made(house.worker, client)
    assert "What this task came from" not in text(page(browser, reverse("task_of", args=[client, task.id])))


def test_of_all_that_a_step_ends_the_task_is_asked_about(house, ana):
    track = begin(house.worker, ana, state="filed", given={"filed_at": days_ago(0), "case_number": "7"})
    with house.worker.enter(Verb.READ_CLIENT, client=ana) as permit:
        (line,) = tracks.tracks(permit=permit, client_id=ana)
    waits, browser = {each.rule.code: each.id for each in line.waits}, signed_in(house.worker)
    for code in ("decided_in_thirty_days", "ex_parte_review"):  # the first goes on after the step, the other is over
        noted(browser, ana, f"due={waits[code]}")
    goes_on, over = made(house.worker, ana)
    day = timezone.localdate(timezone.now() + 14 * DAY).isoformat()
    typed = {"step": "grant_for_now", "seen": "1", "sure": "1", "given_hearing_on": day, "given_stands_until": day}
    went = browser.post(reverse("track_step", args=[ana, track]), typed, follow=True)
    assert "A task was made of it and is still open. Is it done, too?" in said(went)
    assert went.redirect_chain[-1][0] == reverse("task_of", args=[ana, over.id])
    assert "What this task came from" not in text(page(browser, reverse("task_of", args=[ana, goes_on.id])))


def test_a_task_made_of_the_gap_about_what_came_is_asked_about_when_she_was_met(world, house, clinic, ana):
    referral = referred(house.worker, ana, clinic)
    client = accept(clinic.worker, referral)
    swept(clinic, timezone.now() + 30 * DAY)
    with clinic.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (gap,) = gaps.gaps_of(permit=permit, client_id=client)
    browser = signed_in(clinic.worker)
    noted(browser, client, f"gap={gap.id}")
    again = browser.get(f"{reverse('task_new_of', args=[client])}?referral={referral}", follow=True)
    assert "This task was made of it already." in said(again)
    met = browser.post(reverse("incoming_of", args=[client, referral]), {"step": "met"}, follow=True)
    assert "Is it done, too?" in said(met)


def test_what_is_not_hers_or_is_over_makes_no_task_of_it(world, house, clinic, ana):
    other = world.client(house.worker)
    referral = referred(house.worker, other, clinic)
    browser = signed_in(house.worker)
    for of in (f"referral={referral}", f"due={referral}", f"gap={referral}", "due=nonsense"):
        assert "</textarea>" in page(browser, f"{reverse('task_new_of', args=[ana])}?{of}")
        noted(browser, ana, of, words="Something else.")
    assert {task.origin for task in made(house.worker, ana)} == {""}
    browser.post(reverse("referral", args=[other, referral]), {"step": "close", "result": "helped"})
    noted(browser, other, f"referral={referral}", words="After the end.")
    assert {task.origin for task in made(house.worker, other)} == {""}


# ------------------------------------------------------------------ My day


def test_what_is_dangerous_or_late_is_one_list_whatever_it_is_and_the_rest_comes_next(world, house, clinic, ana):
    _client, danger = late(house, days=1)
    _client, gap = late(house, "hearing", days=9)
    old, new = make(house.worker, ana, days=-20), make(house.worker, ana, days=0, words="Later today.")
    referral = referred(clinic.worker, world.client(clinic.worker), house)
    shown = page(signed_in(house.worker), reverse("my_day"))
    now, _heading, rest = shown.partition('id="next"')
    assert now.index(danger) < now.index(str(old)) < now.index(gap), "danger, then the longest wait"
    assert str(referral) in rest
    assert str(referral) not in now
    assert str(old) not in rest
    assert str(new) in shown


def test_my_day_asks_no_more_questions_for_more_of_anything(world, house, clinic):
    browser = signed_in(house.worker)

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(browser, reverse("my_day"))
        return len(asked)

    def more() -> None:
        client = world.client(clinic.worker)
        accept(house.worker, referred(clinic.worker, client, house))
        take(house.worker, referred(clinic.worker, world.client(clinic.worker), house))
        late(house)
        make(house.worker, days=-1)

    more()
    questions()  # what is asked once and kept
    before = questions()
    more()
    assert questions() == before

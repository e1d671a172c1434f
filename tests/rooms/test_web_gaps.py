"""The pages of gaps: what stands on My day and on her page, what is answered, what a supervisor counts."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accord.coordination.tasks.models import Task
from accord.learning.gaps import queries
from accord.learning.gaps.facts import rules
from accord.policy.words import Category, Level, Role, Verb
from tests.rooms.test_flows import say_never
from tests.rooms.test_gaps import begun, due, open_of
from tests.rooms.test_updates import released
from tests.rooms.test_walls import wall
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House

DAY = timedelta(days=1)


@pytest.fixture
def house(world) -> House:
    return world.agency(roles=(Role.WORKER, Role.SUPERVISOR))


def late(house: House, code: str = "order_ends", client=None, days: int = 3):
    """A case with one clock that has passed; the client and the address of its gap."""
    client, track = begun(house, "protective_order", client)
    due(house, track, code, timezone.now() - days * DAY)
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=client)
    return client, reverse("gap", args=[client, line.id])


def test_danger_stands_first_on_my_day_and_once(house):
    _client, ordinary = late(house, "hearing", days=9)
    _client, danger = late(house)
    shown = page(signed_in(house.worker), reverse("my_day"))
    assert shown.index(danger) < shown.index(ordinary)
    assert shown.count("The order ends within two weeks.") == 1
    assert text(shown).count("The hearing") == 1, "what is a gap is not shown as a clock as well"


def test_an_answer_takes_it_off_every_page_and_stays_to_be_read(house):
    client, gap = late(house)
    browser = signed_in(house.worker)
    assert gap in page(browser, reverse("client", args=[client]))
    assert gap in page(browser, reverse("gaps"))
    wrong = browser.post(gap, {})
    assert "Say where it stands." in wrong.content.decode()
    done = browser.post(gap, {"answer": "done"})
    assert "The next step of the protocol does this" in done.content.decode()
    said = browser.post(gap, {"answer": "not_safe_now", "days": "3", "why": "He reads her telephone."})
    assert said.status_code == 302
    for place in (reverse("client", args=[client]), reverse("gaps"), reverse("my_day")):
        assert gap not in page(browser, place)
    again = text(page(browser, gap))
    assert "He reads her telephone." in again
    assert "Nothing is to be answered here any more." in again
    assert open_of(house, client) == {}


def test_the_page_names_whom_it_would_reach_and_nobody_whom_she_or_the_law_closes(world, house):
    police, never, alone, court, clinic = *(world.police() for _ in range(3)), world.police(), world.hospital()
    client, gap = late(house)
    legal = {Category.LEGAL: Level.FULL}
    for partner, follows, grants in (
        (police, (Category.LEGAL,), legal),
        (never, (Category.LEGAL,), legal),
        (alone, (), legal),
        (court, (Category.LEGAL,), {Category.LEGAL: Level.EXISTENCE}),
        (clinic, (Category.INJURIES,), {Category.INJURIES: Level.SUMMARY}),
    ):
        released(world, house.worker, client, partner, follows, grants)
    say_never(house.worker, client, never)
    shown = text(page(signed_in(house.worker), gap))
    assert police.name in shown
    assert ": Summary" in shown, "as a status, though she let more be known"
    for other in (never, alone, court, clinic):
        assert other.name not in shown


def test_a_list_is_narrowed_by_rule_and_by_who_works_with_her(world, house):
    _client, gap = late(house)
    other = world.colleague(house)
    browser = signed_in(house.worker)
    narrowed = reverse("gaps") + "?rule={}&member={}"
    assert gap in page(browser, narrowed.format("order_expiring", house.worker.member))
    assert gap not in page(browser, narrowed.format("order_unserved", ""))
    assert gap not in page(browser, narrowed.format("", other.member))
    assert gap in page(browser, narrowed.format("gossip", "nobody")), "what cannot be read lists all"


def test_whoever_may_not_know_of_the_file_gets_what_was_never_there(world, house):
    client, gap = late(house)
    other = world.colleague(house)
    wall(house, client, other.member)
    browser = signed_in(other)
    assert browser.get(gap).status_code == 404
    for place in ("gaps", "my_day"):
        assert gap not in page(browser, reverse(place))
    assert signed_in(world.agency().worker).get(gap).status_code == 404


def test_a_supervisor_counts_and_a_worker_does_not(house):
    client, gap = late(house)
    signed_in(house.worker).post(gap, {"answer": "ended"})
    shown = text(page(signed_in(house[Role.SUPERVISOR]), reverse("gap_counts")))
    assert re.search(r"The order ends within two weeks\.\s+1\s+0\s+0\s+0\s+0\s+0\s+0\s+0\s+1", shown)
    assert signed_in(house.worker).get(reverse("gap_counts")).status_code == 404


def test_a_task_is_made_of_a_gap_once_and_of_no_gap_of_others(world, house):
    client, gap = late(house)
    other, _theirs = late(world.agency(roles=(Role.WORKER, Role.SUPERVISOR)))
    browser = signed_in(house.worker)
    (link,) = re.findall(r'href="([^"]*/tasks/new/\?gap=[^"]*)"', page(browser, gap))
    html = page(browser, link)
    assert rules()["order_expiring"].next in unescape(html), "what is to be done stands there already"
    typed = {
        "words": "Ask her.", "kind": "follow_up", "day": timezone.localdate().isoformat(), "owner": house.worker.member,
    }  # fmt: skip
    for _ in range(2):
        assert browser.post(link, typed).status_code == 302
    with house.worker.enter(Verb.KEEP_TASKS):
        (task,) = Task.objects.all()
    assert task.origin == "gap"
    assert browser.post(re.sub("gap=.*", f"gap={uuid4()}", link), typed).status_code == 302
    with house.worker.enter(Verb.KEEP_TASKS):
        assert sorted(Task.objects.values_list("origin", flat=True)) == ["", "gap"]
    assert browser.get(reverse("task_new_of", args=[other])).status_code == 404

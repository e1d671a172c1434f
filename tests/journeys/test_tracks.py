"""A protective order from the first petition to service, at a desk, by keyboard, on a small phone in Spanish: what is
asked, what happens, what runs out; and a no of hers, which is an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accord.policy.words import Role
from tests.journeys.conftest import Service
from tests.journeys.county import Five, five
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.journeys.test_process import _sits
from tests.rooms.test_tracks import begin, in_days, move

Somebody = Callable[..., Person]


@pytest.fixture(scope="module")
def place(service: Service) -> Five:
    return five()


@pytest.mark.parametrize("how", WAYS)
def test_an_order_is_asked_for_granted_served_and_declined_to_renew(place: Five, somebody: Somebody, how: str) -> None:
    shelter = place.shelter
    client = place.world.client(shelter.worker)
    advocate = _sits(somebody, shelter, Role.WORKER, HOW[how])
    advocate.go(f"/clients/{client}/")
    advocate.sees("No protocol is running.")
    advocate.press("All her protocols")
    advocate.press("Begin one")
    advocate.mark(advocate.page.locator("input[name=way][value='protective_order.petition_draft']"))
    advocate.press("Go on")
    advocate.sees("What this does", "The petition is being written")
    advocate.press("Begin it")
    advocate.press("File it")
    advocate.sees("A judge looks at it without him")
    filed = datetime.now(ZoneInfo("America/New_York")) - timedelta(days=6)
    advocate.page.get_by_label(advocate.said("Filed on")).fill(filed.strftime("%Y-%m-%dT%H:%M"))
    advocate.write("Number of the court's file", "24-D-0117")
    advocate.press("Write this step down")
    advocate.sees("Filed", "24-D-0117", "Overdue")

    advocate.go("/my-day/")
    advocate.sees("A judge looks at it without him", "Overdue")
    advocate.follow(advocate.page.locator(f"#now a[href^='/clients/{client}/gaps/']").first)
    advocate.sees("A judge looks at it without him", "What to do")
    advocate.press("To its protocol")
    advocate.press("Granted for now")
    advocate.page.get_by_label(advocate.said("Day of the hearing")).fill(in_days(9))
    advocate.page.get_by_label(advocate.said("It stands until")).fill(in_days(9))
    advocate.press("Write this step down")
    advocate.press("Served")
    advocate.page.get_by_label(advocate.said("Served on")).fill(in_days(0))
    advocate.press("Write this step down")
    advocate.sees("Served; the hearing is to come", "after its time", "Steps taken")
    advocate.press("Granted")
    advocate.page.get_by_label(advocate.said("It stands until")).fill(in_days(50))
    advocate.press("Write this step down")
    advocate.follow(advocate.page.locator("a[href*='/dues/']").first)
    advocate.sees("Ask her whether she wants it renewed")
    advocate.choose("What became of it", "She declined")
    advocate.press("Note it")
    advocate.sees("She declined")
    advocate.go(f"/clients/{client}/")
    advocate.sees("Pending", "The order stands")


def test_oversight_counts_and_names_nobody(place: Five, somebody: Somebody) -> None:
    shelter = place.shelter
    client = place.world.client(shelter.worker)
    track = begin(shelter.worker, client)
    move(shelter.worker, client, track, "she_does_not_want_it", 1)
    boss = _sits(somebody, shelter, Role.SUPERVISOR, {})
    boss.go(f"/clients/{client}/tracks/")
    boss.press("How often our cases left their protocols")
    boss.sees("Protective order", "A time passed")
    director = _sits(somebody, shelter, Role.DIRECTOR, {})
    director.go("/deviations/")
    director.sees("Protective order")
    director.finds_nothing_at(f"/clients/{client}/tracks/{track}/")

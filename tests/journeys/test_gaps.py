"""A missed follow-up becomes a gap for the nurse: at the top of her day, with what to do; an answer puts it off,
another closes it. Told to the shelter with one press, it is a gap there until the nurse says that it is over. At a
desk, by keyboard, and on a small phone in Spanish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accord.policy.words import Category, Level, Role
from tests.journeys.conftest import Service
from tests.journeys.county import Five, five
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.journeys.test_process import _sits
from tests.rooms.test_gaps import begun, due, swept
from tests.rooms.test_told_gaps import accept
from tests.rooms.test_updates import released

Somebody = Callable[..., Person]
NEXT = "Reach her by her safe-contact card and offer another day; she need not say why it was missed."
NOBODY_IS_TOLD = (
    "Nobody is told by itself. A partner learns of it, as a status and no more, where her release or a law reaches "
    "that far."
)


@pytest.fixture(scope="module")
def place(service: Service) -> Five:
    return five()


@pytest.mark.parametrize("how", WAYS)
def test_a_missed_follow_up_is_asked_about_put_off_and_closed(place: Five, somebody: Somebody, how: str) -> None:
    hospital = place.hospital
    client, track = begun(hospital, "forensic_exam")
    due(hospital, track, "follow_up_week_2", timezone.now() - timedelta(days=2))
    nurse = _sits(somebody, hospital, Role.WORKER, HOW[how])
    nurse.go("/my-day/")
    nurse.sees("A follow-up after her exam has not happened.", NEXT)
    nurse.go(f"/clients/{client}/")
    nurse.follow(nurse.page.locator(f"a[href^='/clients/{client}/gaps/']").first)
    nurse.sees("What to do", NOBODY_IS_TOLD, "Healing, infections, a pregnancy test")
    nurse.press("Write it down")
    nurse.sees("Say where it stands.")
    nurse.choose("Where it stands", "It is not safe now")
    nurse.write("Why, if it helps", "He reads her telephone")
    nurse.press("Write it down")
    nurse.sees("Written down.")
    nurse.sees_not("Open past its time")

    swept(hospital, timezone.now() + timedelta(days=14), everything=True)
    nurse.go("/gaps/")
    nurse.follow(nurse.page.locator(f"a[href^='/clients/{client}/gaps/']").first)
    nurse.sees("What was answered", "He reads her telephone")
    nurse.choose("Where it stands", "It is done")
    nurse.press("Write it down")
    nurse.sees("Written down.")
    nurse.go("/gaps/")
    nurse.sees("Nothing is open past its time.")


@pytest.mark.parametrize("how", WAYS)
def test_a_missed_follow_up_is_told_heard_and_over(place: Five, somebody: Somebody, how: str) -> None:
    hospital, shelter = place.hospital, place.shelter
    client, track = begun(hospital, "forensic_exam")
    due(hospital, track, "follow_up_week_2", timezone.now() - timedelta(days=2))
    grants = {Category.VISITS: Level.SUMMARY}
    released(place.world, hospital.worker, client, shelter, (Category.VISITS,), grants)
    there = accept(shelter)
    nurse = _sits(somebody, hospital, Role.WORKER, HOW[how])
    nurse.go(f"/clients/{client}/")
    nurse.follow(nurse.page.locator(f"a[href^='/clients/{client}/gaps/']").first)
    gap = nurse.path
    nurse.press("Write it down and tell them")
    nurse.sees(nurse.said("These partners were told on %(day)s:").partition("%(day)s")[0], shelter.name)

    accept(shelter, there)
    advocate = _sits(somebody, shelter, Role.WORKER, HOW[how])
    advocate.go("/gaps/")
    advocate.sees(hospital.name, "A follow-up after her exam has not happened.")
    advocate.follow(advocate.page.locator(f"a[href^='/clients/{there}/gaps/']").first)
    advocate.sees(hospital.name, "This is for nobody outside.")

    nurse.choose("Where it stands", "She does not want it")
    nurse.press("Write it down")
    nurse.sees("It is over. They do not know that yet.")
    nurse.go("/my-day/")
    nurse.follow(nurse.page.locator(f"a[href='{gap}']").first)
    nurse.press("Write it down and tell them")
    nurse.sees(shelter.name)
    accept(shelter, there)
    advocate.go("/gaps/")
    advocate.sees("Nothing is open past its time.")

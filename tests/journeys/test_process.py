"""A report that a statute demands, and a subpoena: from the paper to what leaves, at a desk, by keyboard, on a small
phone, without JavaScript and in Spanish. Whoever is told learns the facts the statute names and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accord.policy.words import Category, Role
from tests.journeys.conftest import Service
from tests.journeys.county import Five, county, five
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.world import PASSWORD, House, World

Somebody = Callable[..., Person]


@pytest.fixture(scope="module")
def place(service: Service) -> Five:
    return five()


@pytest.fixture(scope="module")
def offices(service: Service) -> House:
    """A hospital with everybody a paper passes through."""
    return county().hospital


@pytest.mark.parametrize("how", WAYS)
def test_a_report_tells_what_the_statute_asks_and_nothing_else(place: Five, somebody: Somebody, how: str) -> None:
    world, hospital = place.world, place.hospital
    client = world.client(hospital.worker)
    world.entry(hospital.worker, client, Category.NOTES, "NOT FOR THEM", "NOT FOR THEM")
    nurse = _sits(somebody, hospital, Role.WORKER, HOW[how])
    nurse.go(f"/clients/{client}/")
    nurse.press("Make a report")
    nurse.sees("What we cannot keep to ourselves")
    nurse.mark(nurse.page.locator("input[name=statute][value=report-elder-care]"))
    nurse.page.locator("select[name=sender]").select_option(label=place.police.name)
    nurse.write("What happened", "She was struck on Sunday")
    nurse.press("Write it down")
    nurse.sees("Before anything leaves", "She was struck on Sunday")
    nurse.press("Tell her, and keep her safe")
    nurse.choose("She was told", "In person")
    nurse.write("Steps taken to keep her private and safe", "She stays with her sister")
    nurse.press("Write it down")
    nurse.press("See exactly what would leave")
    nurse.sees("Single facts", "She was struck on Sunday")
    nurse.sees_not("NOT FOR THEM")
    nurse.press("I have told them this")
    nurse.sees("Reported by word of mouth")
    nurse.press("See exactly what would leave")
    nurse.press("Let it go")
    nurse.sees("Answered")
    detective = _sits(somebody, place.police, Role.WORKER, HOW[how])
    detective.go("/my-day/")
    detective.follow(detective.page.locator("#now a[href^='/arrivals/']").last)
    detective.sees("She was struck on Sunday")
    detective.sees_not("NOT FOR THEM")


def test_a_subpoena_passes_through_every_office(offices: House, somebody: Somebody) -> None:
    world = World()
    client = world.client(offices.worker)
    world.entry(offices.worker, client, Category.INJURIES, "Two injuries", "THE WHOLE STORY")
    clerk = _sits(somebody, offices, Role.RECORDS_OFFICER, {})
    clerk.go(f"/clients/{client}/papers/new/")
    clerk.write("If it is no partner: name and address", "District Attorney, 5 Main Street")
    clerk.page.get_by_label("And what they are").select_option(label="Prosecutor")
    clerk.tick("Injuries")
    clerk.press("Write it down")
    clerk.sees("Nothing opens until counsel has looked at it.", "Nothing opens.")
    paper = clerk.path

    boss = _sits(somebody, offices, Role.SUPERVISOR, {})
    boss.go("/my-day/")
    boss.sees("Counsel first")
    boss.go(f"{paper}counsel/")
    boss.write("Name of counsel", "Kay Counsel")
    boss.press("Counsel is asked")
    boss.press("Counsel")
    boss.choose("What does counsel say?", "Answer it")
    boss.write("In counsel's words", "She had notice in time")
    boss.tick("She was notified in time")
    boss.write("Who stated it, or who here found it", "The district attorney")
    boss.press("Write it down")
    boss.sees("Counsel has answered")

    officer = _sits(somebody, offices, Role.PRIVACY_OFFICER, {})
    officer.go(f"{paper}hold/")
    officer.write("Why", "A motion to quash")
    officer.press("Put on hold")
    officer.sees("On hold: nothing opens.")
    officer.press("Hold, refuse, accounting")
    officer.press("End the hold")

    nurse = _sits(somebody, offices, Role.WORKER, {})
    nurse.go(f"{paper}note/")
    nurse.choose("She was told", "By phone")
    nurse.write("Steps taken to keep her private and safe", "Nobody calls her at home")
    nurse.press("Write it down")
    nurse.press("See exactly what would leave")
    nurse.sees("THE WHOLE STORY")
    nurse.press("Let it go")
    nurse.sees("What has left")
    assert nurse.fetch(f"{paper}print/").headers["content-type"] == "application/pdf"
    nurse.go(f"/clients/{client}/accounting/")
    nurse.sees("District Attorney, 5 Main Street", "on paper")


def test_a_breach_shows_its_clock_until_they_are_told(place: Five, somebody: Somebody) -> None:
    advocate = _sits(somebody, place.shelter, Role.WORKER, {})
    advocate.go("/papers/")
    advocate.press("Something got out, or nearly")
    advocate.choose("Has it happened?", "It threatens")
    advocate.write("What happened", "A phone is missing")
    advocate.page.get_by_label("When it was detected").fill(
        (timezone.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    )
    advocate.press("Write it down")
    advocate.sees("The grant manager", "Not yet")
    advocate.go("/papers/")
    advocate.sees("tell them")
    advocate.follow(advocate.page.locator("a[href^='/breaches/']").nth(0))
    advocate.follow(advocate.page.locator("button[name=whom]"))
    advocate.sees("Told")


def _sits(somebody: Somebody, house: House, role: Role, how: dict[str, Any]) -> Person:
    """This member at a browser of her own, signed in."""
    door = somebody(axe=False)
    door.signs_in(house[role].email, PASSWORD)
    return somebody(**{"storage_state": door.context.storage_state(), **how})

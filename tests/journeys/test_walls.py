"""A colleague is off a file before she could read a word, and needs it at night all the same: with scripts, without, by
keyboard, on a phone, in Spanish."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from accord.policy.words import Role, Verb
from accord.vault import queries as clients
from accord.vault.rules import Identity
from tests.journeys.county import county
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.world import PASSWORD

#: A folder to put pictures of every page into, wide and narrow; none are taken without it.
PICTURES = os.environ.get("WALLS_PICTURES", "")


def pictured(person: Person, name: str) -> None:
    if PICTURES:
        for width in (1280, 320):
            person.page.set_viewport_size({"width": width, "height": 900})
            person.page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        person.page.set_viewport_size({"width": 320 if person.narrow else 1280, "height": 900})


@pytest.mark.parametrize("how", WAYS)
def test_she_is_off_the_file_and_opens_it_in_an_emergency_with_two(somebody: Callable[..., Person], how: str) -> None:
    place = county()
    house = place.shelter
    boss = house[Role.SUPERVISOR]
    client = place.world.client(boss, Identity(given="Naomi", family="Achebe"))
    with boss.enter(Verb.FIND_CLIENTS) as permit:
        code = clients.codes(permit=permit, client_ids=[client])[client]

    def sits(role: Role) -> Person:
        person = somebody(**HOW[how])
        person.signs_in(house[role].email, PASSWORD)
        return person

    advocate, supervisor, officer, director = map(
        sits, (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.DIRECTOR)
    )
    advocate.go("/connections/")
    advocate.write("First and last name", "Jorge Ruiz")
    advocate.choose("Who is it?", "A relative, or somebody of my household")
    pictured(advocate, "ties")
    advocate.press("Add")
    advocate.sees("Noted. A file with this name is not there for you, now and from now on.", "Jorge Ruiz")
    pictured(advocate, "ties-one")
    advocate.go(f"/clients/{client}/")
    advocate.sees("Naomi Achebe")

    # Her page looks for what is new every now and then, until it is not there for her.
    advocate.expected.add(f"{advocate.address}/clients/{client}/")
    supervisor.go(f"/clients/{client}/people/new/")
    supervisor.choose("Who is it, seen from her?", "Respondent")
    supervisor.write("Given name", "Jorge")
    supervisor.write("Family name", "Ruíz")
    supervisor.press("Add")
    supervisor.sees("Added.")
    advocate.finds_nothing_at(f"/clients/{client}/")

    officer.go("/")
    officer.sees("Found by name; it stands until you look.", code)
    pictured(officer, "watch")
    officer.page.locator("main li a").first.click()
    officer.look()
    officer.sees("by the name of somebody she says she is connected to")
    pictured(officer, "wall")
    officer.press("The wall stays")
    officer.sees("Noted: the wall stays.")
    pictured(officer, "walls")

    advocate.go("/emergency/")
    advocate.press("Ask for a file")
    pictured(advocate, "new-file")
    advocate.write("Client code", code)
    advocate.press("Go on")
    advocate.press("Go on")
    advocate.sees("Choose one.")
    advocate.choose("Why can it not wait?", "She or a child may be in danger now")
    advocate.write("In your own words", "She called from the bus station.")
    pictured(advocate, "new-why")
    advocate.press("Go on")
    advocate.sees("What happens when you go on", "She called from the bus station.")
    pictured(advocate, "new-then")
    advocate.press("Open it in an emergency")
    advocate.sees("Waits for a second person", "Your director is asked.")
    pictured(advocate, "waits")
    address = advocate.path
    advocate.finds_nothing_at(f"/clients/{client}/")

    director.go("/emergency/seconds/")
    pictured(director, "seconds")
    director.page.locator("main li a").first.click()
    director.look()
    director.sees("She called from the bus station.", code)
    pictured(director, "second")
    director.press("I agree")
    director.sees("You agreed. She can open it now.")

    advocate.go(address)
    pictured(advocate, "agreed")
    advocate.press("Open it now")
    pictured(advocate, "open")
    advocate.press("To her file")
    advocate.sees("Emergency access.", "Naomi Achebe")
    advocate.sees_not("Add entry")
    pictured(advocate, "file")

    officer.go("/watch/")
    officer.sees("Open now")
    officer.page.locator("main li a").first.click()
    officer.look()
    officer.sees("It is still open. Two persons stand behind it, and it ends by itself.")
    pictured(officer, "review")

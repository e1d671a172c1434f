"""A colleague goes, and nothing she had to do is lost: her files and tasks go over with a note, and what the new
colleague may not know of is found on the board. With scripts, without, by keyboard, on a phone, in Spanish."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from accord.policy.words import Role
from accord.vault.rules import Identity
from tests.journeys.county import county
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.rooms.test_tasks import walled
from tests.world import PASSWORD, Worker

#: A folder to put pictures of every page into, wide and narrow; none are taken without it.
PICTURES = os.environ.get("TASKS_PICTURES", "")


def pictured(person: Person, name: str) -> None:
    if PICTURES:
        for width in (1280, 320):
            person.page.set_viewport_size({"width": width, "height": 900})
            person.page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        person.page.set_viewport_size({"width": 320 if person.narrow else 1280, "height": 900})


@pytest.mark.parametrize("how", WAYS)
def test_a_caseload_is_handed_over_when_a_colleague_leaves(somebody: Callable[..., Person], how: str) -> None:
    place = county()
    world, house = place.world, place.shelter
    leaving = house.worker
    taker = world.colleague(house, "Ines Okafor")
    client = world.client(leaving, Identity(given="Naomi", family="Achebe"))
    other = world.client(leaving, Identity(given="Petra", family="Lund"))
    walled(house, other, taker)

    def sits(worker: Worker) -> Person:
        person = somebody(**HOW[how])
        person.signs_in(worker.email, PASSWORD)
        return person

    advocate = sits(leaving)
    # What she has to do, about her, about somebody else, about nobody.
    for path, words in (
        (f"/clients/{client}/tasks/new/", "Ring the clerk about Monday."),
        (f"/clients/{client}/tasks/new/", "Ask the school for the letter."),
        (f"/clients/{other}/tasks/new/", "Look at the shelter list again."),
        ("/tasks/new/", "Bring back the key of the van."),
    ):
        advocate.go(path)
        advocate.write("What is to be done", words)
        pictured(advocate, "new")
        advocate.press("Note it")
        advocate.sees("The task is noted.")
    advocate.go(f"/clients/{client}/")
    advocate.sees("To do", "Ring the clerk about Monday.")
    pictured(advocate, "client")
    advocate.go("/my-day/")
    advocate.sees("Ring the clerk about Monday.")
    pictured(advocate, "day")
    advocate.go("/tasks/")
    pictured(advocate, "list")
    advocate.press("They are done")
    advocate.sees("Tick the tasks first.")
    advocate.mark(advocate.page.get_by_label("Ask the school for the letter.").first)
    advocate.press("They are done")
    advocate.sees("1 task is done." if not advocate.language else "1")
    advocate.sees_not("Ask the school for the letter.")

    boss = sits(house[Role.SUPERVISOR])
    boss.go("/board/")
    boss.press("Say how many files one person carries")
    boss.write("Open files one person carries at most", "5")
    pictured(boss, "capacity")
    boss.press("Note it")
    boss.sees("Noted how many files one person carries.")
    pictured(boss, "board")
    boss.go(f"/tasks/hand-over/{leaving.member}/")
    boss.press("Hand all of it over")
    boss.sees("Choose a colleague.")
    boss.page.get_by_label(boss.said("Who works with them from now on")).select_option(label="Ines Okafor")
    boss.write("What she needs to know", "Naomi likes to be rung before ten.")
    pictured(boss, "hand-over")
    boss.press("Hand all of it over")
    boss.sees("1 client was handed over." if not boss.language else "1")
    pictured(boss, "board-after")
    boss.go(f"/tasks/?whose=all&owner={leaving.member}")
    boss.sees("Look at the shelter list again.")
    boss.sees_not("Bring back the key of the van.")

    new = sits(taker)
    new.go("/my-day/")
    new.sees("Ring the clerk about Monday.", "Bring back the key of the van.")
    new.sees_not("Look at the shelter list again.")
    new.sees_not("Lund")
    new.page.get_by_role("link", name="Ring the clerk about Monday.").first.focus()
    new.follow(new.page.get_by_role("link", name="Ring the clerk about Monday.").first)
    new.sees("Naomi likes to be rung before ten.")
    pictured(new, "task")
    new.press("It is done")
    new.sees("1 task is done." if not new.language else "1")
    new.go("/my-notices/")
    new.choose("When may an e-mail say that something is new?", "At once, at most one an hour")
    new.press("Note it")
    new.sees("Noted when an e-mail may come.")
    pictured(new, "notices")

    director = sits(house[Role.DIRECTOR])
    director.go("/board/")
    director.sees("Ines Okafor")
    assert not director.page.locator("main table a").count(), "numbers alone"
    director.go(f"/members/{leaving.member}/remove/")
    pictured(director, "remove")
    director.choose("Who works with them from now on", "Ines Okafor")
    director.press("Remove her")
    director.sees("She is out: her next click opens nothing. The vault key has turned.")

    boss.go(f"/tasks/?whose=all&owner={leaving.member}")
    boss.sees("Look at the shelter list again.")
    boss.go("/board/")
    boss.sees("Not here any more")

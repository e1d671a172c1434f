"""What comes is looked after: a supervisor sees that nobody has taken it on and gives it to somebody, who finds it on
her day, makes a task of it and does it. With scripts, without, by keyboard, on a phone, in Spanish."""

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
from tests.rooms.test_referrals import referred
from tests.rooms.test_tasks import make
from tests.world import PASSWORD, Worker

#: A folder to put pictures of every page into, wide and narrow; none are taken without it.
PICTURES = os.environ.get("BOARD_PICTURES", "")


def pictured(person: Person, name: str) -> None:
    if PICTURES:
        for width in (1280, 320):
            person.page.set_viewport_size({"width": width, "height": 900})
            person.page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        person.page.set_viewport_size({"width": 320 if person.narrow else 1280, "height": 900})


@pytest.mark.parametrize("how", WAYS)
def test_what_came_is_given_to_somebody_who_makes_a_task_of_it(somebody: Callable[..., Person], how: str) -> None:
    place = county()
    world, house, hospital = place.world, place.shelter, place.hospital
    ines, other = world.colleague(house, "Ines Okafor"), world.colleague(house, "Petra Lund")
    patient = world.client(hospital.worker, Identity(given="Naomi", family="Achebe"))
    referral = referred(hospital.worker, patient, house)
    make(ines, words="Bring back the key of the van.", days=-2)

    def sits(worker: Worker) -> Person:
        person = somebody(**HOW[how])
        person.signs_in(worker.email, PASSWORD)
        return person

    boss = sits(house[Role.SUPERVISOR])
    boss.go("/board/")
    boss.sees("Referrals nobody looks after", "Referrals looked after")
    pictured(boss, "board")
    boss.follow(boss.page.locator("main a[href*='who=nobody']").first)
    boss.sees("Nobody looks after it yet.")
    pictured(boss, "list")
    boss.go(f"/incoming/{referral}/")
    boss.sees("Nobody looks after it yet.")
    boss.page.locator("main #keeper ~ details summary").click()
    boss.page.locator("main select[name=to]").select_option(label="Ines Okafor")
    pictured(boss, "came")
    boss.press("Give it")
    boss.sees(boss.said("%(name)s looks after it now.", name="Ines Okafor"))
    boss.sees_not("Achebe")

    colleague = sits(other)
    colleague.go("/my-day/")
    assert not colleague.page.locator(f"main a[href='/incoming/{referral}/']").count(), "another looks after it"
    worker = sits(ines)
    worker.go("/my-day/")
    worker.sees("Now", "Next", "You look after it.")
    pictured(worker, "day")
    worker.follow(worker.page.locator(f"main a[href='/incoming/{referral}/']").first)
    worker.sees("You look after it.")
    worker.press("Accept, and open a new client")
    accepted = worker.path
    pictured(worker, "accepted")
    worker.press("Make a task of it")
    pictured(worker, "task-new")
    worker.press("Note it")
    worker.sees("The task is noted.")
    worker.go(accepted)
    worker.press("We met her")
    worker.sees("A task was made of it and is still open. Is it done, too?")
    pictured(worker, "task")
    worker.press("It is done")
    worker.sees("1 task is done." if not worker.language else "1")

    boss.go("/board/")
    boss.follow(boss.page.locator(f"main a[href*='who={ines.member}']").first)
    boss.sees(boss.said("%(name)s looks after it.", name="Ines Okafor"))
    sits(place.police.worker).finds_nothing_at(f"/incoming/{referral}/", accepted)

"""Three agencies change together what they have agreed to do: one proposes, another says something, all answer, and it
applies. Nobody edits a text for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accord.policy.words import Role
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.rooms.test_protocol_changes import a_code, adopt, community
from tests.world import PASSWORD, House, Worker

Somebody = Callable[..., Person]
DAYS = ("%(number)s day", "%(number)s days")


@pytest.fixture(scope="module")
def three() -> list[House]:
    return community()


@pytest.fixture(scope="module")
def seats() -> dict[str, object]:
    return {}


@pytest.fixture
def sits(somebody: Somebody, seats: dict[str, object]) -> Somebody:
    """`sits(worker, **how)`: this member at a browser of her own, signed in once."""

    def sit(worker: Worker, **how: object) -> Person:
        if worker.email not in seats:
            door = somebody(axe=False)
            door.signs_in(worker.email, PASSWORD)
            seats[worker.email] = door.context.storage_state()
        return somebody(**{"storage_state": seats[worker.email], **how})

    return sit


@pytest.mark.parametrize("how", WAYS)
def test_a_time_is_changed_by_everybody_whom_it_binds(three: list[House], sits: Somebody, how: str) -> None:
    code = a_code()
    adopt(three, code)
    author = sits(three[0][Role.SUPERVISOR], **HOW[how])
    author.go("/protocols/")
    author.sees(
        "What the agencies here have agreed to do, step by step and by when. "
        "Every agency that runs a protocol agrees before it changes."
    )
    author.go(f"/protocols/{code}/")
    author.press("Propose a change")
    author.write("Why it should change", "Three days are too long.")
    author.press("Begin, and choose what changes")
    author.press("Call her back")
    author.write("Time", "1")
    author.write("Where this time comes from", "Agreed among us")
    author.press("Save as the newest wording")
    author.press("Done, look at what it changes")
    author.sees("It is due earlier.")
    place = author.path

    other = sits(three[1][Role.SUPERVISOR], **HOW[how])
    other.go(place)
    other.press("Say something")
    other.write("What you want to say", "We can do that.")
    other.press("Say it")
    other.sees("We can do that.")

    author.go(place)
    author.press("Lay it before the partners")
    author.press("Lay it before them")
    author.sees("Silence is no yes. One no sends it back to its authors.")

    for house in three:
        director = sits(house[Role.DIRECTOR], **HOW[how])
        director.go("/members/")
        director.sees("Three days are too long.")
        director.go(place)
        director.press("Say yes or no")
        director.tick("Yes: we will do it so")
        director.press("Answer")
    director.sees("Every agency has said yes.")

    author.go(f"/protocols/{code}/")
    author.sees(author.counted(*DAYS, 1))
    author.go(f"/protocols/{code}/versions/1/")
    author.sees(author.counted(*DAYS, 3))
    author.go(f"/protocols/{code}/versions/2/")
    author.sees("What it changed")

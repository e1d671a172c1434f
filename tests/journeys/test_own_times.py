"""An agency calls back within a day where three are agreed; a colleague sees by when, and one press ends it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from accord.policy.words import Role
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.rooms.test_protocol_changes import a_code, adopt, community
from tests.rooms.test_tracks import begin
from tests.world import PASSWORD, House, Worker, World

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
def test_an_agency_holds_itself_to_more_and_ends_it_with_one_press(
    three: list[House], sits: Somebody, how: str
) -> None:
    code = a_code()
    adopt(three, code)
    boss = sits(three[0][Role.SUPERVISOR], **HOW[how])
    boss.go(f"/protocols/{code}/")
    boss.sees("Your agency does as agreed.")
    boss.press("Hold ourselves to more")
    boss.write("Call her back", "1")
    boss.write("Why", "She waits for it.")
    boss.press("Hold ourselves to this")
    boss.sees("Your agency holds itself to this from now on.", "She waits for it.")
    boss.sees(boss.counted(*DAYS, 1), boss.said("agreed: %(time)s", time=boss.counted(*DAYS, 3)))

    worker = three[0].worker
    client = World().client(worker)
    track = begin(worker, client, code, "begun")
    colleague = sits(worker, **HOW[how])
    colleague.go(f"/clients/{client}/tracks/{track}/")
    colleague.sees("agreed until")
    colleague.go(f"/protocols/{code}/")
    colleague.sees("She waits for it.")

    other = sits(three[1][Role.SUPERVISOR], **HOW[how])
    other.go(f"/protocols/{code}/")
    other.sees("Your agency does as agreed.")
    other.sees_not("She waits for it.")

    boss.press("Hold ourselves to more")
    boss.press(re.compile(f"^{boss.said('As agreed again')}"))
    boss.sees("It is as agreed again.", "Your agency does as agreed.")
    boss.go("/protocols/changes/new/")
    boss.press("Take this text")
    boss.write("Why it should change", "Nobody here has this.")
    boss.press("Begin")
    boss.sees("Call her back")

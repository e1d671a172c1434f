"""Two agencies draft an agreement together, say what they think of it, sign the same version, and see what applies."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accord.policy.words import AgencyKind, Duty, Role
from tests.journeys.conftest import Service
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.world import PASSWORD, House, Worker, World

Somebody = Callable[..., Person]
PROMISE = "Members agree that what is said here stays in the room."


@pytest.fixture(scope="module")
def two(service: Service) -> tuple[House, House]:
    world = World()
    roles = (Role.WORKER, Role.PRIVACY_OFFICER)
    return world.police(roles), world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}), roles)


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
def test_two_agencies_draft_comment_and_sign_the_same_version(
    two: tuple[House, House], sits: Somebody, how: str
) -> None:
    police, prosecutor = two
    title = f"Charging {secrets.token_hex(3)}"
    ours, theirs = (sits(house[Role.DIRECTOR], **HOW[how]) for house in two)
    ours.go("/agreements/new/")
    ours.write("Title", title)
    ours.write("Find a partner", prosecutor.name)
    ours.press("Find")
    ours.tick(prosecutor.name, "Injuries", "bringing charges")
    ours.press("Begin the draft")
    ours.sees("What comes next")
    expect(ours.page.get_by_role("link", name=ours.said("Lay it before the parties"), exact=True)).to_have_count(0)
    draft = ours.path

    ours.go(f"{draft}section/edit/?section=parties")
    for house in two:
        ours.write(house.name, "The director, by the bylaws")
    ours.press("Save as the newest version")
    ours.go(f"{draft}section/edit/?section=principles")
    ours.write("The principles", PROMISE)
    ours.press("Save as the newest version")

    # A promise that it stays in the room lets nobody tell anything; the other side says so and takes it out.
    officer = sits(prosecutor[Role.PRIVACY_OFFICER], **HOW[how])
    officer.go(f"{draft}section/?section=principles")
    officer.sees("Look again", PROMISE)
    officer.press("Say something")
    officer.write("What you want to say", "This lets nobody tell anything.")
    officer.press("Say it")
    officer.sees("This lets nobody tell anything.")
    theirs.go(f"{draft}section/edit/?section=principles")
    theirs.write("The principles", "Each keeps its own duties.")
    theirs.press("Save as the newest version")
    theirs.press("What changed between versions")
    theirs.sees(PROMISE, "Each keeps its own duties.")
    theirs.go(f"{draft}matrix/")
    theirs.sees("Under the law")
    # An annex is there, or says why it is left out.
    theirs.go(f"{draft}section/edit/?section=contingency")
    theirs.write("The plan", "")
    theirs.press("Save as the newest version")
    theirs.go(f"{draft}section/?section=contingency")
    theirs.sees("To mend")
    theirs.press("Change this section")
    theirs.write("If it is left out: why", "The county has one for everybody.")
    theirs.press("Save as the newest version")
    ours.go(f"{draft}section/?section=contingency")
    ours.sees("The county has one for everybody.")

    ours.go(f"{draft}lay/")
    ours.sees("Every party, its lawyers too, reads this version, and its director signs it by its hash.")
    ours.press("Lay it before them")
    agreement = ours.path
    for person in (ours, theirs):
        person.go(draft)
        person.press("Read and sign")
        person.press("Sign")
    ours.go(draft)
    ours.sees("In force")
    worker = sits(police[Role.WORKER], **HOW[how])
    worker.go(agreement)
    worker.sees("All 21 sections, and who wrote what")

"""Before anybody decides: a director asks what it would do to suspend an agreement, a privacy officer what a rule
of the community would close. Each reads it in one page: at a desk, by keyboard, without JavaScript, on a phone, in
Spanish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from accord.policy.words import AgencyKind, Category, Duty, Level, Role, Verb
from accord.vault import queries as files
from tests.journeys.conftest import Service
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.rooms.test_flows import agreed, begin, offers
from tests.rooms.test_whatif import NO_RISK
from tests.world import PASSWORD, House, World


@dataclass(frozen=True)
class Programme:
    """An intervention programme that has told probation under an agreement, and a parish on her release."""

    house: House
    probation: House
    agreement: UUID
    code: str


@pytest.fixture(scope="module")
def programme(service: Service) -> Programme:
    world, roles = World(), (Role.WORKER, Role.PRIVACY_OFFICER, Role.DIRECTOR)
    house = world.agency(AgencyKind.INTERVENTION, frozenset({Duty.NONE}), roles)
    probation = world.agency(AgencyKind.PROBATION, frozenset({Duty.NONE}))
    parish = world.agency(AgencyKind.COMMUNITY, frozenset({Duty.NONE}))
    client = world.client(house.worker)
    for category in (Category.SERVICES, Category.INJURIES):
        world.entry(house.worker, client, category)
    agreement = agreed(house, probation)
    [offer] = offers(house.worker, client, probation)
    assert begin(house.worker, client, offer) == 2
    world.release(house.worker, client, parish, {Category.INJURIES: Level.FULL})
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        code = files.client(permit=permit, client_id=client).code
    return Programme(house, probation, agreement, code)


@pytest.mark.parametrize("how", WAYS)
def test_what_a_suspension_would_close_is_read_before_it_is_decided(
    programme: Programme, somebody: Callable[..., Person], how: str
) -> None:
    director = _sits(somebody, programme.house, Role.DIRECTOR, how)
    director.go("/members/")
    director.press("What if")
    director.sees("Nothing changes and nothing is kept; that you looked is in the log.")
    director.follow(director.page.locator(f"a[href='/try/agreements/{programme.agreement}/']"))
    director.choose("What if", "it did not hold: suspended, left or not signed")
    director.press("Try it")
    director.sees("Of what your agency has sent", "Would close", programme.probation.name, programme.code)
    director.press("Try something else")
    director.sees("it held as written below")


@pytest.mark.parametrize("how", WAYS)
def test_what_a_rule_would_close_is_read_before_it_is_decided(
    programme: Programme, somebody: Callable[..., Person], how: str
) -> None:
    officer = _sits(somebody, programme.house, Role.PRIVACY_OFFICER, how)
    officer.go("/try/")
    officer.press("Other rules")
    officer.press("Try it")
    officer.sees("Paste the draft, or choose its file.")
    officer.write("The draft", NO_RISK)
    officer.press("Try it")
    officer.sees("ours-no-injuries", "Would close", "Of what it could send", programme.code)
    officer.go("/try/page/")
    officer.tick("It is in writing")
    officer.press("Try it")
    officer.sees("Would close")


def _sits(somebody: Callable[..., Person], house: House, role: Role, how: str) -> Person:
    """At a browser of her own, signed in at a door of its own: signing in brings the language of her account."""
    door = somebody(axe=False)
    door.signs_in(house[role].email, PASSWORD)
    return somebody(**HOW[how] | {"storage_state": door.context.storage_state()})

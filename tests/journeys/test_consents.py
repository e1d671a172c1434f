"""A consent from another system, in a browser: it is brought in, read cell by cell, and becomes a draft for the partner
that a person chose. It opens nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from accord.policy.words import Verb
from accord.records.consent.rules import ACT_CODE, CONFIDENTIALITY, Coding
from accord.sharing import queries as sharing
from accord.vault.rules import Identity
from tests.journeys.conftest import Service
from tests.journeys.county import County, county
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.rooms.test_consent_rules import code, document, permit, rule, to
from tests.world import PASSWORD

Somebody = Callable[..., Person]


@pytest.fixture(scope="module")
def place(service: Service) -> County:
    return county()


def many() -> dict[str, Any]:
    """A matrix: five recipients, several labels, one of them denied, and a purpose nobody understands."""

    def to_them(number: int, name: str) -> dict[str, Any]:
        actor = to(f"Organization/{number}")
        return actor | {"reference": actor["reference"] | {"display": name}}

    def labels(*codes: str) -> list[dict[str, str]]:
        return [code(Coding(ACT_CODE, each)) for each in codes]

    inner = [
        rule(actor=[to_them(1, "Hill Clinic")], securityLabel=labels("SDV", "PSY")),
        rule(actor=[to_them(2, "Riverside Counselling")], securityLabel=labels("PSY")),
        rule(actor=[to_them(3, "North Pharmacy")], securityLabel=labels("HIV")),
        rule("deny", actor=[to_them(4, "Harbor Insurance")]),
        rule("deny", securityLabel=labels("ETH")),
    ]
    foobar = Coding("http://example.org/policies", "FooBar")
    normal = [code(Coding(CONFIDENTIALITY, "N"))]
    treat = Coding("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")
    return document(permit(treat, foobar, securityLabel=normal, provision=inner))


@pytest.mark.parametrize("how", WAYS)
def test_a_consent_from_elsewhere_becomes_a_draft_and_opens_nothing(
    place: County, somebody: Somebody, how: str
) -> None:
    door = somebody(axe=False)
    door.signs_in(place.shelter.worker.email, PASSWORD)
    advocate = somebody(storage_state=door.context.storage_state(), **HOW[how])
    client = place.world.client(place.shelter.worker, Identity(given="Rosa", family="Vega"))
    place.world.entry(place.shelter.worker, client)
    advocate.go(f"/clients/{client}/")
    advocate.press("Bring in a consent")
    advocate.press("Bring it in")
    advocate.sees("Something is missing or wrong")
    advocate.page.locator("input[type=file]").set_input_files(
        {"name": "consent.json", "mimeType": "application/json", "buffer": json.dumps(many()).encode()}
    )
    advocate.tick("I have checked that this consent is hers")
    advocate.press("Bring it in")
    advocate.sees("The consent is in her file. Nothing was opened by it.", "Not understood, and so it denies", "FooBar")
    advocate.sees("Hill Clinic", "Harbor Insurance", "It says no", "No release is running.")
    advocate.press("Prepare drafts from it")
    advocate.sees_not("Harbor Insurance")
    advocate.page.get_by_label(re.compile("^Hill Clinic")).select_option(label=place.hospital.name)
    advocate.press("Prepare drafts")
    advocate.sees("What each may know", place.hospital.name)

    with place.shelter.worker.enter(Verb.READ_CLIENT, client=client) as entered:
        (draft,) = sharing.releases(permit=entered, client_id=client)
    assert draft.signed_at is None
    with place.hospital.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as entered:
        assert sharing.waiting(permit=entered) == []

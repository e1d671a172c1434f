"""A permission of its own, in a browser: a treatment programme tells her what it must pass on, marks a note, and asks
her for a consent that binds her until a hearing; the court sees what it may, and her wish to end it is noted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accord.policy.words import AgencyKind, Duty, Role
from accord.vault.rules import Identity
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.world import PASSWORD, World

#: A folder to put pictures of every page into, wide and narrow; none are taken without it.
PICTURES = os.environ.get("RELEASE_PICTURES", "")


def pictured(person: Person, name: str) -> None:
    if PICTURES:
        for width in (1280, 320):
            person.page.set_viewport_size({"width": width, "height": 900})
            person.page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        person.page.set_viewport_size({"width": 320 if person.narrow else 1280, "height": 900})


def opens(person: Person, words: str) -> None:
    """Unfold what is folded away under these words."""
    person._press(person.page.locator("summary").filter(has_text=person.said(words)).first)


@pytest.mark.parametrize("how", WAYS)
def test_she_binds_herself_for_a_hearing_and_wants_it_to_end(somebody: Callable[..., Person], how: str) -> None:
    world = World()
    duties = frozenset({Duty.PART2, Duty.HIPAA})
    programme = world.agency(AgencyKind.SUBSTANCE_USE, duties, (Role.WORKER,))
    court = world.agency(AgencyKind.COURT, frozenset({Duty.COURT_RECORDS}), (Role.WORKER,))
    who = world.client(programme.worker, Identity(given="Marisol", family="Vega"))
    counsellor = somebody(**HOW[how])
    counsellor.signs_in(programme.worker.email, PASSWORD)

    counsellor.go(f"/clients/{who}/entries/new/")
    counsellor.sees("Say this before she tells you anything")
    pictured(counsellor, "limits-before-an-entry")
    counsellor.press("I have told her")
    expect(counsellor.page.locator("#limits")).to_have_count(0)
    counsellor.choose("What is it?", "Note")
    counsellor.write("Summary", "She came to every session in November.")
    opens(counsellor, "This needs special protection")
    counsellor.tick("Substance-use treatment")
    pictured(counsellor, "a-marked-entry")
    counsellor.press("Save")

    counsellor.press("Share with a partner")
    counsellor.write("Find a partner", court.name)
    counsellor.press("Find")
    counsellor.mark(counsellor.page.get_by_label(court.name))
    opens(counsellor, "Some of her records need a permission of their own")
    counsellor.choose("What kind of permission?", "Treatment, for those who watch over a condition of a criminal case")
    pictured(counsellor, "a-permission-of-its-own")
    counsellor.press("Go on")
    counsellor.sees("It stands alone: one partner, and combined with nothing.")
    counsellor.choose("Notes", "Summary")
    counsellor.tick("She binds herself: until then she cannot take it back")
    pictured(counsellor, "what-the-court-may-know")
    counsellor.press("See what each will get")
    counsellor.sees("She came to every session in November.")
    counsellor.press("Read the risks together")
    assert "42 CFR 2.35" not in counsellor.text, "she hears words, not numbers"
    opens(counsellor, "What the law of this agency asks of this release")
    pictured(counsellor, "what-the-law-asks")
    for box in counsellor.page.locator(".aloud input[type=checkbox]").all():
        counsellor.mark(box)
    counsellor.choose("How", "On this screen")
    counsellor.write("Name she signs with", "Marisol Vega")
    counsellor.choose("Her copy", "She has her copy")
    counsellor.press("Signed: send it now")
    counsellor.sees("She bound herself until then (42 CFR 2.35).")
    pictured(counsellor, "what-she-signed")

    counsellor.follow(counsellor.page.locator("a.danger").first)
    counsellor.sees("Until when it stands, and why")
    pictured(counsellor, "what-binds-her")
    counsellor.choose("How she told you", "By phone")
    counsellor.press("Note that she wants it to end")
    counsellor.sees("Noted: she wants it to end. It ends on its day and is not renewed.")

    clerk = somebody(**HOW[how])
    clerk.signs_in(court.worker.email, PASSWORD)
    clerk.go("/my-day/")
    clerk.follow(clerk.page.locator("#now a[href^='/arrivals/']").last)
    clerk.sees("She came to every session in November.")


def test_the_director_allows_that_the_shelter_s_place_be_told(somebody: Callable[..., Person]) -> None:
    world = World()
    shelter, police = world.agency(roles=(Role.WORKER, Role.DIRECTOR)), world.police()
    who = world.client(shelter.worker, Identity(given="Marisol", family="Vega"))
    advocate = somebody()
    advocate.signs_in(shelter.worker.email, PASSWORD)
    advocate.go(f"/clients/{who}/entries/new/")
    advocate.choose("What is it?", "Housing")
    advocate.write("Summary", "The house is behind the old mill.")
    opens(advocate, "This needs special protection")
    advocate.tick("Where a shelter is")
    advocate.press("Save")
    advocate.press("Share with a partner")
    advocate.mark(advocate.page.get_by_label(police.name))
    opens(advocate, "Some of her records need a permission of their own")
    advocate.choose("What kind of permission?", "Where the shelter is")
    advocate.press("Go on")
    advocate.choose("Housing", "Summary")
    advocate.press("See what each will get")
    advocate.press("Read the risks together")
    advocate.sees("The person responsible for the shelter has not allowed it yet.")
    pictured(advocate, "not-allowed-yet")
    director = somebody()
    director.signs_in(shelter[Role.DIRECTOR].email, PASSWORD)
    director.go("/shelter/")
    director.sees(police.name)
    director.sees_not("Marisol", "old mill")
    pictured(director, "the-shelter-s-word")
    director.follow(director.page.locator("main form button.primary"))
    director.sees("Allowed; it waits for her signature.")
    advocate.go(advocate.path)
    advocate.sees_not(
        "The person responsible for the shelter has not allowed it yet. The director finds it under “Shelter's place”; "
        "nothing can be sent before."
    )
    opens(advocate, "Whose signature the law takes here")
    pictured(advocate, "whose-signature")

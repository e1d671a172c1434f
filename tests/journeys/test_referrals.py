"""One survivor is referred from one agency to another: refer, answer, meet, tell, close. With scripts, without, by
keyboard, on a phone, in Spanish."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from accord.policy.words import Category, Level, Verb
from accord.sharing import queries as sharing
from accord.vault.rules import Identity
from tests.journeys.county import county
from tests.journeys.person import Person
from tests.journeys.test_county import HOW, WAYS
from tests.rooms.test_referrals import SEEN, signed
from tests.world import PASSWORD, House

#: A folder to put pictures of every page into, wide and narrow; none are taken without it.
PICTURES = os.environ.get("REFERRAL_PICTURES", "")


def pictured(person: Person, name: str) -> None:
    if PICTURES:
        for width in (1280, 320):
            person.page.set_viewport_size({"width": width, "height": 900})
            person.page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        person.page.set_viewport_size({"width": 320 if person.narrow else 1280, "height": 900})


@pytest.mark.parametrize("how", WAYS)
def test_refer_answer_meet_tell_close(somebody: Callable[..., Person], how: str) -> None:
    place = county()
    ours, theirs = place.shelter, place.world.agency()
    client = place.world.client(ours.worker, Identity(given="Naomi", family="Achebe"))

    def sits(house: House) -> Person:
        person = somebody(**HOW[how])
        person.signs_in(house.worker.email, PASSWORD)
        return person

    advocate, counsellor = sits(ours), sits(theirs)

    # What everybody may know beforehand.
    counsellor.go("/referrals/")
    counsellor.press("Say whether we take some")
    counsellor.choose("Do you take referrals now?", "Takes referrals, after a wait")
    counsellor.write("How many days is the wait?", "14")
    pictured(counsellor, "capacity")
    counsellor.press("Say it")
    counsellor.sees("Said. Every agency here sees it, as of today.")

    advocate.go(f"/clients/{client}/")
    advocate.press("Refer her")
    advocate.page.get_by_label(advocate.said("What for"), exact=True).select_option("counselling")
    advocate.choose("How soon does she need an answer?", "Today: within 8 hours")
    advocate.mark(advocate.page.get_by_label(theirs.name))
    advocate.write("What she needs, in words", "Evenings, near a bus.")
    pictured(advocate, "new")
    advocate.press("Go on")
    advocate.sees("Ask her", "Hand over warmly")
    pictured(advocate, "draft")
    referral = advocate.path
    signed(ours.worker, client, theirs, SEEN)
    counsellor.go("/my-day/")
    counsellor.sees("Nothing waits for you.")
    advocate.go(referral)
    advocate.press("Send it")
    advocate.sees("Delivered")
    pictured(advocate, "delivered")

    # There: who, what for and how soon; no name anywhere until the yes.
    counsellor.go("/my-day/")
    pictured(counsellor, "day")
    counsellor.sees_not("Achebe")
    counsellor.follow(counsellor.page.locator("main li a[href^='/incoming/']").first)
    counsellor.sees(ours.name)
    counsellor.sees_not("Achebe", "Naomi")
    pictured(counsellor, "came")
    incoming = counsellor.path
    counsellor.press("Accept, and open a new client")
    pictured(counsellor, "accepted")
    there = UUID(counsellor.client)
    accepted = counsellor.path
    counsellor.go(f"/clients/{there}/")
    counsellor.sees("Naomi Achebe")
    pictured(counsellor, "client")
    advocate.go(referral)
    advocate.press("Look whether something came")
    advocate.sees("Nothing new has come.", "Delivered")

    # They speak with her together, meet her, and she lets them tell.
    counsellor.go(accepted)
    counsellor.press("We called together with her")
    counsellor.sees("Both agencies spoke with her together")
    counsellor.press("We met her")
    counsellor.sees("Noted: you met her.")
    signed(theirs.worker, there, ours, {Category.SERVICES: Level.SUMMARY}, [Category.SERVICES])
    with ours.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        (waiting,) = [each for each in sharing.waiting(permit=permit) if each.holder_id == theirs.id]
    advocate.go(f"/arrivals/{waiting.thread}/")
    advocate.follow(advocate.page.locator("main button[value=tie]").first)
    advocate.go(referral)
    advocate.sees("Met her")
    pictured(advocate, "met")
    counsellor.go(accepted)
    counsellor.page.locator("main details summary").first.click()
    counsellor.choose("What came of it", "she got what she needed")
    counsellor.press("Note it")
    counsellor.sees("Noted: it is over here.")
    pictured(counsellor, "over")
    counsellor.go("/referrals/?show=over")
    pictured(counsellor, "list")
    advocate.go(referral)
    advocate.page.locator("main details summary").last.click()
    advocate.choose("What came of it", "she got what she needed")
    advocate.press("Close it")
    advocate.sees("We are done with it.")
    advocate.go("/referrals/?show=over")
    pictured(advocate, "list-over")

    # Whoever has nothing to do with it finds nothing.
    third = sits(place.world.police())
    third.finds_nothing_at(referral, incoming, accepted)

"""Referrals through the web door: refer, ask her, send, accept, reach her, tell, close; no, and to somebody outside."""

from __future__ import annotations

from uuid import UUID

import pyrage
import pytest

from accord.policy.words import Category, Level
from tests.rooms.test_referrals import accept, came, drafted, referred, signed, stands
from tests.rooms.test_web_clients import page, signed_in, text
from tests.rooms.test_web_releases import SIGNED, terms


@pytest.fixture
def refuge(world):
    return world.agency()


@pytest.fixture
def ana(world, refuge) -> UUID:
    return world.client(refuge.worker)


def refer(browser, client, partner, **words) -> str:
    """Writes a referral down on the page; returns its address."""
    place = f"/clients/{client}/referrals/new/"
    form = page(browser, place)
    about = form.partition('name="about" value="')[2].partition('"')[0]
    said = {"service": "counselling", "urgency": "soon", "about": about, "words": "Evenings, please."}
    answer = browser.post(place, said | ({"partner": str(partner.id)} if partner else {}) | words)
    assert answer.status_code == 302, text(answer.content.decode())
    return answer["Location"]


def test_refer_ask_her_send_accept_meet_tell_close(world, refuge, ana):
    shelter = world.agency()
    here, there = signed_in(refuge.worker), signed_in(shelter.worker)
    place = refer(here, ana, shelter)
    assert "She is to be asked first" in page(here, place)
    assert here.post(place, {"step": "send"}, follow=True).status_code == 200
    assert came(shelter.worker) == []
    # the conversation begins with the partner ticked, and leads back
    begun = page(here, f"/clients/{ana}/releases/new/?partner={shelter.id}")
    assert f'value="{shelter.id}"' in begun
    assert "checked" in begun.partition(f'value="{shelter.id}"')[2][:60]
    herself = begun.partition('name="about" value="')[2].partition('"')[0]
    talk = here.post(
        f"/clients/{ana}/releases/new/",
        {"partner": str(shelter.id), "language": "en"} | ({"about": herself} if herself else {}),
    )["Location"]
    here.post(talk, terms(shelter, services=2))
    answer = here.post(talk.replace("/terms/", "/sign/"), SIGNED)
    assert answer["Location"] == place
    assert "goes along with the referral" in page(here, place)
    assert "Delivered" in text(here.post(place, {"step": "send"}, follow=True).content.decode())
    # there: who, what for and how soon; her name is nowhere
    day = page(there, "/my-day/")
    assert "refers somebody: Counselling" in text(day)
    (line,) = came(shelter.worker)
    seen = page(there, f"/incoming/{line.id}/")
    assert refuge.name in seen
    assert "Ana" not in seen + day
    assert "It is yours" in text(there.post(f"/incoming/{line.id}/", {"step": "take"}, follow=True).content.decode())
    opened = there.post(f"/incoming/{line.id}/", {"step": "open"})
    assert opened.status_code == 302
    address = opened["Location"]
    client = UUID(address.split("/")[2])
    assert "Ana" in page(there, f"/clients/{client}/")
    assert "sees “delivered” until you tell them more" in text(page(there, address))
    assert "Delivered" in text(page(here, place))
    for step in ("spoke", "together", "met"):
        there.post(address, {"step": step})
    assert "We met her" not in text(page(there, address))
    # what she lets them know leads to a yes here
    signed(shelter.worker, client, refuge, {Category.SERVICES: Level.SUMMARY}, [Category.SERVICES])
    world.accept(refuge.worker, ana)
    assert "Something new is known" in text(here.post(place, {"step": "learn"}, follow=True).content.decode())
    assert "Met her" in text(page(here, place))
    over = page(there, address)
    way = over.partition('name="also" value="')[2].partition('"')[0]
    there.post(address, {"step": "end", "result": "helped", "also": way})
    here.post(place, {"step": "learn"})
    assert "she got what she needed" in text(page(here, place))
    assert "Counselling" in text(page(here, f"/clients/{ana}/"))
    here.post(place, {"step": "close", "result": "helped"})
    assert "We are done with it" in text(page(here, place))


def test_an_arrival_teaches_the_referral_by_itself(world, refuge, ana):
    shelter = world.agency()
    referral = referred(refuge.worker, ana, shelter)
    client = accept(shelter.worker, referral)
    signed(shelter.worker, client, refuge, {Category.SERVICES: Level.EXISTENCE})
    here = signed_in(refuge.worker)
    view = stands(refuge.worker, ana, referral)
    assert view.state == "delivered"
    day = page(here, "/my-day/")
    thread = day.partition("/arrivals/")[2][:36]
    here.post(f"/arrivals/{thread}/", {"step": "tie", "client": str(ana)})
    assert stands(refuge.worker, ana, referral).state == "accepted"


def test_a_no_is_told_where_it_may_be_and_leads_to_whom_they_name(world, refuge, ana):
    clinic, other = world.hospital(), world.police()
    referral = referred(refuge.worker, ana, clinic)
    here, there = signed_in(refuge.worker), signed_in(clinic.worker)
    said = {"step": "no", "reason": "another_is_better", "toward": str(other.id), "tell": "on"}
    assert "They were told" in text(there.post(f"/incoming/{referral}/", said, follow=True).content.decode())
    place = f"/clients/{ana}/referrals/{referral}/"
    shown = text(here.post(place, {"step": "learn"}, follow=True).content.decode())
    assert f"They name {other.name} instead" in shown
    again = page(here, f"/clients/{ana}/referrals/new/?again={referral}")
    assert "checked" in again.partition(f'value="{other.id}"')[2][:60]
    assert "She would like evenings." in again


def test_a_victim_service_provider_is_not_even_offered_to_tell_a_no(world, refuge, ana):
    shelter = world.agency()
    referral = referred(refuge.worker, ana, shelter)
    there = signed_in(shelter.worker)
    assert "neither a yes nor a no" in page(there, f"/incoming/{referral}/")
    there.post(f"/incoming/{referral}/", {"step": "no", "reason": "full", "tell": "on"})
    here = signed_in(refuge.worker)
    assert "Nothing new has come" in text(
        here.post(f"/clients/{ana}/referrals/{referral}/", {"step": "learn"}, follow=True).content.decode()
    )


def test_somebody_who_is_no_partner_gets_a_page_or_a_sealed_file(world, refuge, ana):
    here = signed_in(refuge.worker)
    said = {"service": "counselling", "urgency": "soon", "name": "Food Bank"}
    assert "Write down what lets you" in here.post(f"/clients/{ana}/referrals/new/", said).content.decode()
    place = refer(here, ana, None, name="Food Bank", address="1 Example Way", leave="She takes it herself")
    paper = here.get(f"{place}print/")
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert "Food" not in paper["Content-Disposition"]
    words = "quiet river seven lamps under snow"
    sealed = here.post(f"{place}package/", {"lock": "passphrase", "passphrase": words, "again": words})
    assert b"Evenings, please." in pyrage.passphrase.decrypt(sealed.content, words)
    here.post(place, {"step": "hand", "how": "print"})
    for heard in ({"state": "delivered"}, {"state": "accepted"}, {"state": "ended", "result": "partly"}):
        here.post(place, {"step": "heard"} | heard)
    assert "she got part of what she needed" in text(page(here, place))
    # only for somebody who is no partner
    partner = drafted(refuge.worker, ana, world.police())
    assert here.get(f"/clients/{ana}/referrals/{partner}/print/").status_code == 404


def test_capacity_is_seen_before_somebody_is_referred_and_in_the_directory(world, refuge, ana):
    shelter = world.agency()
    there = signed_in(shelter.worker)
    said = {"takes": "waiting", "wait_days": "14", "services": ["counselling"]}
    assert "Said." in text(there.post("/referrals/capacity/", said, follow=True).content.decode())
    here = signed_in(refuge.worker)
    for place in (f"/clients/{ana}/referrals/new/", f"/partners/{shelter.id}/"):
        assert "The wait is 14 days" in text(page(here, place))


def test_what_was_taken_back_is_the_same_page_as_what_never_was(world, refuge, ana):
    shelter = world.agency()
    referral = referred(refuge.worker, ana, shelter)
    here, there = signed_in(refuge.worker), signed_in(shelter.worker)
    assert there.get(f"/incoming/{referral}/").status_code == 200
    here.post(f"/clients/{ana}/referrals/{referral}/", {"step": "back"})
    gone, never = (there.get(f"/incoming/{id}/") for id in (referral, UUID(int=5)))
    assert gone.status_code == never.status_code == 404


def test_referrals_are_listed_and_narrowed_without_scripts(world, refuge, ana):
    shelter = world.agency()
    referred(refuge.worker, ana, shelter)
    here = signed_in(refuge.worker)
    assert "Counselling" in text(page(here, "/referrals/"))
    assert "Counselling," not in text(page(here, "/referrals/?show=over"))
    assert "Counselling" in text(page(here, "/referrals/?show=open&mine=1"))

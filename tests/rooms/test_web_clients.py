"""The pages about clients, through Django's own client: what stands there, what is gone, and what a no looks like."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from django.test import Client

from accord.doors.web.circle import drawn
from accord.partners.queries import AgencyCard
from accord.policy.words import AgencyKind, Category, Level, Role
from accord.vault.rules import Identity, SafeContact
from tests.world import PASSWORD, from_elsewhere


def signed_in(worker):
    browser = Client(SERVER_NAME="127.0.0.1", REMOTE_ADDR=from_elsewhere())
    answer = browser.post("/sign-in/", {"login": worker.email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def page(browser, address, status=200, **kwargs):
    answer = browser.get(address, **kwargs)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def text(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.fixture
def shared(world):
    """A hospital that released injuries to a shelter, which has accepted them."""
    hospital, shelter = world.hospital(), world.agency(roles=(Role.WORKER, Role.SUPERVISOR))
    patient = world.client(hospital.worker, Identity(given="Marisol", family="Vega"), SafeContact(say="the dentist"))
    world.entry(hospital.worker, patient, text="Two injuries recorded.", narrative="NARRATIVE")
    grants = {Category.INJURIES: Level.SUMMARY, Category.CONTACT: Level.SUMMARY}
    release = world.release(hospital.worker, patient, shelter, grants)
    return world, hospital, shelter, patient, release


def test_my_day_shows_what_waits_and_the_client_page_what_was_accepted_until_it_is_withdrawn(shared):
    world, hospital, shelter, patient, release = shared
    advocate = signed_in(shelter.worker)
    assert f"{hospital.name} shared something with you" in text(page(advocate, "/my-day/"))

    client = world.accept(shelter.worker)
    address = f"/clients/{client}/"
    html = page(advocate, address)
    assert f"Name from {hospital.name}, until" in text(html).replace("\xa0", " ").replace("&nbsp;", " ")
    for shown in ("Marisol Vega", "Two injuries recorded.", "the dentist", "Why can", "She confirmed this"):
        assert shown in html
    assert "NARRATIVE" not in html
    assert "Marisol" not in html.partition("<title>")[2].partition("</title>")[0]

    seen = re.search(r'"Accord-Seen": "(\w+)"', html)[1]
    assert advocate.get(address, headers={"Accord-Seen": seen}).status_code == 204
    world.withdraw(hospital.worker, patient, release)
    html = page(advocate, address, headers={"Accord-Seen": seen})
    for gone in ("Marisol", "Two injuries", "the dentist"):
        assert gone not in html
    assert "No longer shared with us" in html
    assert "taken back" in html
    assert "It was taken back" in page(advocate, "/my-day/")


def test_a_foreign_client_and_one_that_never_was_get_the_same_page(shared):
    world, hospital, shelter, patient, _release = shared
    advocate = signed_in(shelter.worker)
    nobody = "00000000-0000-4000-8000-000000000000"
    for rest in ("", "entries/", "entries/new/", "about/", "people/new/", f"entries/{nobody}/"):
        foreign = page(advocate, f"/clients/{patient}/{rest}", status=404)
        never = page(advocate, f"/clients/{nobody}/{rest}", status=404)
        assert re.sub("nonce=.*?>|value=.*?>", "", foreign) == re.sub("nonce=.*?>|value=.*?>", "", never)
    assert advocate.post(f"/clients/{patient}/export/").status_code == 404
    own = world.client(shelter.worker)
    assert page(advocate, f"/clients/{own}/entries/{nobody}/", status=404)


def test_a_file_is_opened_found_changed_and_written_into(world):
    shelter = world.agency()
    advocate = signed_in(shelter.worker)
    wrong = advocate.post("/clients/new/", {"given": "Naomi", "born": "2999-01-01"}).content.decode()
    assert 'role="alert"' in wrong
    assert 'href="#id_born"' in wrong
    assert 'value="Naomi"' in wrong
    typed = {"given": "Naomi", "family": "Achebe", "aliases": "Nao\nNomi", "born": "1990-05-17", "avoid": "texts"}
    address = advocate.post("/clients/new/", typed | {"harms": ["stalking"]}).headers["Location"]
    html = page(advocate, address)
    for shown in ("Naomi Achebe", "Stalking", "texts", "Nao, Nomi"):
        assert shown in html
    code = re.search(r"<title>\s*([A-Z]+-\w{5})", html)[1]
    for words in ("Nomi", "ach", "1990-05-17", code):
        assert code in advocate.post("/clients/", {"text": words}).content.decode()
    assert "Nobody here by that name" in advocate.post("/clients/", {"text": "Zzz"}).content.decode()

    advocate.post(f"{address}about/", {"given": "Naomi", "chosen": "Robin", "avoid": "letters"})
    html = page(advocate, address)
    assert "Robin" in html
    assert "letters" in html
    assert "Nao, Nomi" not in html
    assert page(advocate, f"{address}about/").count('value="Robin"') == 1
    advocate.post(f"{address}people/new/", {"relation": "child", "given": "Sam"})
    assert "Sam" in page(advocate, address)
    assert "at least one name" in advocate.post(f"{address}people/new/", {"relation": "child"}).content.decode()

    entry = {"kind": "housing", "day": date.today().isoformat(), "summary": "A bed tonight.", "narrative": "DETAIL"}
    preview = advocate.post(f"{address}entries/new/", entry | {"preview": "1"}).content.decode()
    assert preview.count("A bed tonight.") == 3
    assert "A bed tonight" not in page(advocate, address)
    assert "is required" in advocate.post(f"{address}entries/new/", entry | {"summary": " "}).content.decode()
    assert advocate.post(f"{address}entries/new/", entry).headers["Location"] == address
    html = page(advocate, address)
    assert "A bed tonight." in html
    assert "DETAIL" not in html
    assert "DETAIL" in page(advocate, re.search(rf'href="({address}entries/[0-9a-f-]+/)"', html)[1])
    assert "DETAIL" in page(advocate, f"{address}entries/")


def test_older_entries_follow_page_by_page(world):
    shelter = world.agency()
    client = world.client(shelter.worker)
    for number in range(52):
        world.entry(shelter.worker, client, text=f"Number {number}.")
    advocate = signed_in(shelter.worker)
    first = page(advocate, f"/clients/{client}/entries/")
    second = page(advocate, re.search(r'href="([^"]*)">Older', first)[1])
    shown = re.findall(r"Number \d+\.", first + second)
    assert len(shown) == len(set(shown)) == 52
    assert len(re.findall(r"Number \d+\.", second)) == 2


def test_an_export_stops_at_its_next_batch_when_something_is_taken_back(shared):
    world, hospital, shelter, patient, release = shared
    client = world.accept(shelter.worker)
    world.entry(shelter.worker, client, text="Ours.")
    advocate = signed_in(shelter.worker)
    whole = advocate.post(f"/clients/{client}/export/")
    lines = [json.loads(line) for line in b"".join(whole.streaming_content).splitlines()]
    assert [line["line"] for line in lines] == ["client", "person", *["envelope"] * 3, "entry", "end"]
    assert lines[-1]["entries_and_envelopes"] == 4
    assert whole.headers["Content-Disposition"] == f'attachment; filename="{lines[0]["code"]}.jsonl"'

    running = advocate.post(f"/clients/{client}/export/")
    begun = next(iter(running.streaming_content))
    world.withdraw(hospital.worker, patient, release)
    rest = b"".join(running.streaming_content)
    assert b'"client"' in begun
    assert rest == b""


def test_a_supervisor_deletes_a_file_and_what_was_shared_of_it_ends(shared):
    world, hospital, shelter, _patient, _release = shared
    police = world.police()
    client = world.client(shelter.worker, Identity(given="Ines"))
    world.entry(shelter.worker, client, Category.RISK, text="Danger rose.")
    world.release(shelter.worker, client, police, {Category.RISK: Level.SUMMARY})
    accepted = world.accept(police.worker)
    address = f"/clients/{client}/delete/"
    page(signed_in(shelter.worker), address, status=404)

    boss = signed_in(shelter[Role.SUPERVISOR])
    html = page(boss, address)
    assert police.name in html
    code = re.search(r"<title>\s*([A-Z]+-\w{5})", html)[1]
    assert "This is not her code" in boss.post(address, {"code": "XX-22222", "how": "phone"}).content.decode()
    assert boss.post(address, {"code": code.lower(), "how": "phone"}).status_code == 302
    page(boss, f"/clients/{client}/", status=404)
    assert "Danger rose." not in page(signed_in(police.worker), f"/clients/{accepted}/")


def test_her_circle_has_room_for_eight_and_a_table_for_all():
    from uuid import uuid4

    cards = {
        id: AgencyCard(id, f"Agency {n}", f"A very long short name {n}", AgencyKind.COURT, (), *[""] * 9)
        for n, id in enumerate(uuid4() for _ in range(9))
    }
    picture = drawn([(id, "to", Level.EXISTENCE) for id in cards] + [(next(iter(cards)), "from", Level.FULL)], cards)
    assert len(picture.places) == 9
    assert len(picture.drawn) == 8
    assert picture.places[0].line == "full"
    assert picture.places[1].line == "existence"
    corners = {(place.left, place.top) for place in picture.drawn}
    assert len(corners) == 8
    assert all(0 <= x <= 288 - 116 and 0 <= y <= picture.height - 34 for x, y in corners)

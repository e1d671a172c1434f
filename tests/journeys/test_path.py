"""The path, in a browser on the real service: a document comes in, she signs, a partner sees exactly that, she takes it
back and it is gone, and the ledger proves all of it. Every page on the way is looked at by axe (WCAG 2.2 AA), and an
error in the console, a refused script or style, or a failed request fails the test."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from accord.config.environment import Environment
from accord.policy.words import Category, Level, Role, Verb
from accord.records.health import ccda
from accord.vault import actions as vault
from accord.vault.rules import Detail, Identity, Summary
from tests.journeys.conftest import Service
from tests.journeys.county import County, county
from tests.journeys.person import Person, one_time_code
from tests.rooms import ccda_documents
from tests.world import PASSWORD

SAMPLES = Path(os.environ.get("SAMPLES_DIR", Path(__file__).parents[3] / "shared" / "samples")) / "ccda"
STORY = "She said he waited by the bus stop."
INJURY = "2 injuries: bruise; neck, left arm; moderate."
#: Seconds until an open list has asked again, and one for the answer.
NEWS = 6.0
MARISOL = Identity(given="Marisol", family="Vega", born=None)

Somebody = Callable[..., Person]


@pytest.fixture(scope="module")
def place(service: Service) -> County:
    return county()


def test_the_path(place: County, somebody: Somebody, service: Service, environment: Environment, tmp_path: Path) -> None:
    """A nurse, an advocate, police and two privacy officers, from a document to a proof."""
    nurse, advocate, officer, other_officer = somebody(), somebody(), somebody(), somebody()
    shelter, hospital = place.shelter, place.hospital

    # Given a nurse who signs in with a second step, and a patient with entries of every origin
    nurse.signs_in(hospital.worker.email, PASSWORD)
    _second_step_on(nurse, hospital.worker.email)
    nurse.go("/clients/new/")
    nurse.write("Given name", "Marisol")
    nurse.write("Family name", "Vega")
    nurse.write("What must not happen?", "no messages")
    nurse.tick("Domestic violence")
    nurse.press("Open her file")
    patient = nurse.client
    _bring_in(nurse, "visit.xml", _document("Marisol", "Vega"))
    nurse.sees("The document is in her file", "Medicines" if False else "Entries added")
    _bring_in(nurse, "visit.xml", _document("Marisol", "Vega"))
    nurse.sees("Nothing new: we had this document already")
    _exam_injury_and_visit(nurse, patient)
    nurse.sees(INJURY, "Coming up", "Counselling")
    nurse.sees_not(STORY)

    # And a checkpoint of the hospital's ledger that its privacy officer keeps elsewhere
    officer.signs_in(hospital[Role.PRIVACY_OFFICER].email, PASSWORD)
    saved = _checkpoint(officer, tmp_path / "early.txt")

    # When the patient releases her injuries as a summary to the shelter, after seeing what they will see
    first = _release(nurse, patient, shelter.name, {"Injuries": "Summary"}, reading=True)

    # Then the advocate finds it in My day, takes it on, and opens her client from it
    assert f"{hospital.name} shared something with you" in advocate.signs_in(shelter.worker.email, PASSWORD)
    advocate.press(f"{hospital.name} shared something with you")
    arrived = advocate.path
    advocate.sees("Marisol Vega", INJURY, "2 questions she does not have to be asked again")
    advocate.sees_not(STORY, "no messages")
    advocate.press("Accept, and open a new client")
    advocate.sees("Questions she does not have to be asked again: 2", INJURY, "Not asked again")
    client = advocate.client
    advocate.sees(f"Name from {hospital.name}, until")

    # And she may ask why there is no more, within what her own agency may know
    line = advocate.page.locator("article.entry.theirs").filter(has_text=INJURY)
    line.get_by_role("link", name="Why can't I see more?").click()
    expect(line.locator(".why")).to_contain_text("45 CFR 164.508")
    expect(line.locator(".why")).to_contain_text("nobody here can see")
    why = line.get_by_role("link", name="Why can't I see more?").get_attribute("href")
    advocate.look()
    advocate.go(why)
    advocate.sees("What would change it", f"signed at {hospital.name}")
    advocate.press("Back to her page")

    # And what is the hospital's stays the hospital's until she has confirmed it
    named = advocate.page.locator("article.entry.theirs").filter(has_text="Her name is")
    advocate.press("She confirmed this", named)
    advocate.sees("Noted: she confirmed it.")
    expect(advocate.page.locator("h1")).to_contain_text("Marisol Vega")
    expect(advocate.page.locator("main")).not_to_contain_text(f"Name from {hospital.name}, until")
    expect(line).to_contain_text(f"Summary · {hospital.name} · until")
    expect(line.get_by_role("button", name="She confirmed this")).to_be_visible()

    # And police, to whom nothing was released, see nothing and cannot tell that there is anything
    _nothing_for(somebody(), place.police.worker.email, [f"/clients/{patient}/", f"/clients/{client}/", arrived, why])

    # When more arrives, and the patient calls and takes all of it back
    second = _release(nurse, patient, shelter.name, {"Forensic exam": "Full"})
    colleague = somebody()
    colleague.signs_in(shelter[Role.SUPERVISOR].email, PASSWORD)
    expect(colleague.page.locator("#now")).to_contain_text(f"{hospital.name} shared more")
    advocate.go(f"/clients/{client}/")
    advocate.sees(INJURY)
    page_takes = _seconds(lambda: advocate.fetch(f"/clients/{client}/"))
    _withdraw(nurse, patient, second, "1 envelope" if False else None)
    over = _withdraw(nurse, patient, first, None)

    # Then the open pages stop showing it by themselves, and the next click opens nothing
    expect(advocate.page.locator("#main")).not_to_contain_text(INJURY, timeout=(NEWS + page_takes) * 1000)
    assert time.monotonic() - over <= NEWS + page_takes + 1
    expect(colleague.page.locator("#now")).not_to_contain_text("shared more", timeout=(NEWS + page_takes) * 1000)
    expect(colleague.page.locator("#now")).to_contain_text("It was taken back.")
    advocate.go(why, 404)
    advocate.sees("There is nothing here")
    advocate.go(f"/clients/{client}/")
    advocate.sees_not(INJURY)
    advocate.sees("No longer shared with us", "taken back", "Marisol Vega")

    # And each privacy officer sees who looked at what and why, in her own agency only
    other_officer.signs_in(shelter[Role.PRIVACY_OFFICER].email, PASSWORD)
    _whole_log(officer, sees=["Saint Alma Advocate", "a release was withdrawn", "SA-"], never=["Lantern Adv", "LH-"])
    _whole_log(other_officer, sees=["Lantern Advocate", "she confirmed", "LH-"], never=["Saint Alma Adv", "SA-"])
    for reader in (officer, other_officer):
        for name in ("Marisol", "Vega", STORY, INJURY):
            reader.sees_not(name)
    row = other_officer.page.locator("tr").filter(has_text="Confirm").first
    row.locator("summary").click()
    expect(row).to_contain_text("For ")

    # And the ledger agrees with its export, with the checkpoint kept elsewhere, and with the database
    export = _export(officer, saved, tmp_path / "log.txt")
    assert "proven by a saved checkpoint" in _verify(environment, 0, str(export), "--checkpoint", str(saved))
    _verify(environment, 0, "--agency", hospital.name, "--checkpoint", str(saved))
    changed = tmp_path / "changed.txt"
    changed.write_text(export.read_text().replace('"outcome":"yes"', '"outcome":"no"', 1))
    _verify(environment, 1, str(changed), "--checkpoint", str(saved))

    # And the service has written down nobody's name
    for word in ("Marisol", "Vega", STORY, "Traceback", "example.org"):
        assert word not in service.said


@pytest.mark.parametrize("half", ["first", "second"])
def test_every_sample_document_comes_in_and_none_twice(place: County, somebody: Somebody, half: str) -> None:
    files = sorted(SAMPLES.glob("*.xml")) if SAMPLES.is_dir() else []
    documents = {file.name: file.read_bytes() for file in files} or {"own.xml": ccda_documents.everything().encode()}
    chosen = sorted(documents)[: len(documents) // 2] if half == "first" else sorted(documents)[len(documents) // 2 :]
    nurse = somebody()
    nurse.signs_in(place.hospital[Role.SUPERVISOR].email, PASSWORD)
    for name in chosen:
        who = ccda.parse(documents[name]).patient
        client = place.world.client(
            place.hospital.worker, Identity(given=who.given, family=who.family, born=who.birth)
        )
        for again in (False, True):
            nurse.go(f"/clients/{client}/import/")
            _bring_in(nurse, name, documents[name])
            nurse.sees("Nothing new: we had this document already" if again else "The document is in her file")
            if again:
                break
        nurse.press("To her page")
        nurse.sees("From a document")


def test_a_file_that_cannot_be_read_is_one_clear_sentence(place: County, somebody: Somebody, tmp_path: Path) -> None:
    client = place.world.client(place.hospital.worker, MARISOL)
    whole = _document("Marisol", "Vega")
    hostile: dict[str, bytes] = {
        "The file is not XML.": b"Dear colleague,",
        "The file stops in the middle; it was cut off or not sent whole.": whole[:-40],
        "DOCTYPE": b'<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;&d;&d;</a>',
        "nests its elements too deeply": b"<a>" * 10_000 + b"</a>" * 10_000,
        "about another person": _document("Beatriz", "Soler"),
    }
    nurse = somebody()
    nurse.signs_in(place.hospital[Role.SUPERVISOR].email, PASSWORD)
    nurse.go(f"/clients/{client}/import/")
    for sentence, data in hostile.items():
        _bring_in(nurse, "x.xml", data)
        expect(nurse.page.get_by_role("alert")).to_contain_text(sentence)
        assert nurse.page.get_by_role("alert").count() == 1
    huge = tmp_path / "huge.xml"
    with huge.open("wb") as file:
        file.truncate(200_000_000)
    nurse.page.get_by_label(re.compile("C-CDA document")).set_input_files(huge)
    nurse.press("Bring it in")
    expect(nurse.page.get_by_role("alert")).to_contain_text("larger than 20 MB")
    nurse.go(f"/clients/{client}/")
    nurse.sees("Nothing is written down yet.")


def test_a_running_export_stops_at_its_next_batch(place: County, service: Service) -> None:
    """Real bytes over a real connection: more than its buffers hold, so that the service has to wait for the reader."""
    world, nurse, advocate = place.world, place.hospital.worker, place.shelter.worker
    patient = world.client(nurse, MARISOL)
    with nurse.enter(Verb.ADD_ENTRY, client=patient) as permit:
        note = vault.NewEntry(
            kind="note",
            category=Category.NOTES,
            occurred_at=permit.at,
            summary=Summary.typed("Told."),
            detail=Detail(narrative="word " * 3_900),
        )
        vault.add_entries(permit=permit, at=permit.at, client_id=patient, entries=[note] * 199)
    release = world.release(nurse, patient, place.shelter, {Category.NOTES: Level.FULL})
    client = world.accept(advocate)
    cookies, token = _signed_in_by_hand(service, advocate.email)

    def exported(stop: bool) -> list[str]:
        lines: list[str] = []
        connection = http.client.HTTPConnection(urlsplit(service.address).netloc, timeout=60)
        headers = {
            "Cookie": cookies,
            "Origin": service.address,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", f"/clients/{client}/export/", f"csrfmiddlewaretoken={token}", headers)
        answer = connection.getresponse()
        assert answer.status == 200
        lines.append(answer.readline().decode())
        if stop:
            time.sleep(1)  # whatever is on its way fills the buffers and stands
            world.withdraw(nurse, patient, release)
        lines += [line.decode() for line in answer]
        connection.close()
        return [json.loads(line)["line"] for line in lines]

    whole, stopped = exported(False), exported(True)
    assert whole[-1] == "end"
    assert whole.count("envelope") == 200
    assert stopped[-1] != "end"
    assert stopped.count("envelope") < 200

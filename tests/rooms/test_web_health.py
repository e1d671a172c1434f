"""The health room through the web door: a document, what is wrong with one, and what a nurse enters by hand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accord.doors.web import uploads
from accord.doors.web.labels import summary_text
from accord.policy.words import Verb
from accord.records.health import ccda
from accord.vault import actions
from accord.vault import queries as vault
from accord.vault.rules import Identity
from tests.world import PASSWORD, World, from_elsewhere

SAMPLES = Path(os.environ.get("ACCORD_SAMPLES", Path(__file__).parents[3] / "shared" / "samples")) / "ccda"
EXAM = {"day": "2026-11-17", "status": "treated", "advocate": "present", "history": "done", "photographs": "declined"}
INJURY = {
    "day": "2026-11-17",
    "areas": ["neck", "left_arm"],
    "types": ["bruise"],
    "count": "2",
    "severity": "moderate",
    "strangulation": "not_checked",
    "narrative": "CANARY-STORY",
}
VISIT = {"purpose": "counselling", "first_day": "2026-12-01", "last_day": "2026-12-01", "status": "booked"}


@pytest.fixture(scope="module")
def hospital():
    """One hospital with a nurse who is signed in."""
    house = World().hospital()
    door = Client(SERVER_NAME="localhost", REMOTE_ADDR=from_elsewhere())
    assert door.post("/sign-in/", {"login": house.worker.email, "password": PASSWORD}).status_code == 302
    door.worker = house.worker
    return door


@pytest.fixture
def nurse(hospital):
    """The nurse with a patient of her own."""
    hospital.patient = World().client(hospital.worker, Identity(given="Marisol", family="Vega"))
    return hospital


def entries(door):
    with door.worker.enter(Verb.READ_CLIENT, client=door.patient) as permit:
        return vault.client(permit=permit, client_id=door.patient).entries


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def bring(door, data: bytes, **more):
    return door.post(f"/clients/{door.patient}/import/", {"document": SimpleUploadedFile("x.xml", data)} | more)


def document(given="Marisol", family="Vega", body="") -> bytes:
    """A small C-CDA document with one section that holds no entry."""
    return f"""<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summary"/><title>Discharge</title>
<recordTarget><patientRole><patient><name><given>{given}</given><family>{family}</family></name></patient></patientRole>
</recordTarget><component><structuredBody><component><section><code code="11450-4" codeSystem="2.16.840.1.113883.6.1"/>
<title>Problems</title><text>Headache</text>{body}</section></component></structuredBody></component></ClinicalDocument>
""".encode()


@pytest.mark.skipif(
    not SAMPLES.exists(), reason="no sample documents: set ACCORD_SAMPLES to the folder that holds ccda/"
)
def test_a_document_comes_in_once_and_says_what_was_not_understood(nurse):
    data = (SAMPLES / "hl7-discharge-summary.xml").read_bytes()
    who = ccda.parse(data).patient
    with nurse.worker.enter(Verb.OPEN_CLIENT) as permit:
        nurse.patient = actions.open_client(
            permit=permit, at=permit.at, identity=Identity(given=who.given, family=who.family, born=who.birth)
        )
    page = bring(nurse, data)
    assert page.status_code == 200
    assert "The document is in her file" in text(page)
    assert "What was not understood" in text(page)
    assert "<code>/" in page.content.decode()
    count = len(entries(nurse))
    assert count > 5
    assert "Nothing new" in text(bring(nurse, data))
    assert len(entries(nurse)) == count


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Dear colleague,", "The file is not XML."),
        (document()[:-40], "The file stops in the middle; it was cut off or not sent whole."),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"),
        (b"<a>" * 10_000 + b"</a>" * 10_000, "nests its elements too deeply"),
        (document(given="Beatriz", family="Soler"), "about another person: the family names differ."),
        (b"<a/>", "not a C-CDA document"),
        (b"", "The file is empty."),
    ],
    ids=["not XML", "truncated", "entity bomb", "deep", "another patient", "other XML", "empty"],
)
def test_what_cannot_be_read_is_one_sentence_and_nothing_is_written(nurse, data, sentence):
    page = bring(nurse, data)
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert sentence in text(page), re.search(r'role="alert".*?</div>', page.content.decode(), re.S)[0]
    assert entries(nurse) == ()


def test_a_file_too_large_is_a_sentence_too(nurse, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 100_000)
    for size in (150_000, 900_000):
        assert "larger than 20 MB" in text(bring(nurse, b"<" * size))
    assert entries(nurse) == ()


def test_whose_document_it_is_has_to_be_checked_by_hand_when_it_does_not_say(nurse):
    data = document(given="", family="")
    page = text(bring(nurse, data))
    assert "I have checked that this document is hers" in page
    assert entries(nurse) == ()
    page = text(bring(nurse, data, asked="1"))
    assert "I have checked that this document is hers" in page
    assert entries(nurse) == ()
    assert "is in her file" in text(bring(nurse, data, asked="1", checked="on"))


@pytest.mark.parametrize(
    ("page", "data", "kind", "sentence"),
    [
        ("exam", EXAM, "exam", "Forensic exam on 17 November 2026"),
        ("injury", INJURY, "injury", "2 injuries: bruise; neck, left arm; moderate."),
        ("visit", VISIT, "visit", "Counselling: 1 December 2026, booked."),
    ],
)
def test_a_nurse_writes_down_codes_and_the_summary_is_made_of_them(nurse, page, data, kind, sentence):
    address = f"/clients/{nurse.patient}/{page}/"
    shown = nurse.get(address).content.decode()
    assert shown.count("<h1>") == 1
    assert "Marisol" not in re.search("<title>(.*)</title>", shown)[1]
    assert 'role="alert"' in nurse.post(address, {}).content.decode()
    assert entries(nurse) == ()
    response = nurse.post(address, data)
    assert response.status_code == 302, text(response)
    (entry,) = entries(nurse)
    assert entry.kind == kind
    assert summary_text(entry.summary).startswith(sentence)
    assert "CANARY" not in summary_text(entry.summary)


def test_an_exam_plans_the_visits_that_follow_it_and_refuses_what_contradicts_itself(nurse):
    address = f"/clients/{nurse.patient}/exam/"
    assert "options are not yet explained" in text(nurse.post(address, EXAM | {"status": "arrived"}))
    assert "4 follow-up visits planned" in text(nurse.post(address, EXAM | {"follow_ups": "on"}, follow=True))
    assert sorted(entry.kind for entry in entries(nurse)) == ["exam"] + ["visit"] * 4

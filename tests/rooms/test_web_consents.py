"""Consents through the web door: brought in as evidence, shown cell by cell, drafts by hand, releases written out; and
from the command line."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from typer.testing import CliRunner

from accord.doors.cli.main import app
from accord.doors.web import uploads
from accord.policy.words import Category, Duty, Level, Purpose, Role, Verb
from accord.records.consent import fhir, queries, rules
from accord.records.consent.rules import ACT_CODE, CONFIDENTIALITY, Asked, Coding
from accord.sharing import actions as sharing
from accord.sharing import queries as released
from accord.sharing.rules import State
from accord.vault import queries as vault
from accord.vault.rules import Identity
from tests.rooms.test_consent_rules import code, document, permit, rule, to
from tests.world import PASSWORD, House, World, from_elsewhere

CLINIC, STATION = "Organization/hill-clinic", "Organization/station"
SDV, PSY, N = Coding(ACT_CODE, "SDV"), Coding(ACT_CODE, "PSY"), Coding(CONFIDENTIALITY, "N")


def matrix() -> dict:
    """Normal things to anybody for treatment; what is about violence to a clinic; nothing to the police station."""
    inner = [
        rule(actor=[named(CLINIC, "Hill Clinic")], securityLabel=[code(SDV)]),
        rule("deny", actor=[named(STATION, "CANARY Station")]),
    ]
    return document(permit(securityLabel=[code(N)], provision=inner), id="c1")


def named(reference: str, display: str) -> dict:
    actor = to(reference)
    return actor | {"reference": actor["reference"] | {"display": display}}


class Place:
    """A shelter with a worker at her browser, a hospital and the police, and a client with one injury."""

    def __init__(self) -> None:
        world = World()
        self.world = world
        self.shelter = world.agency(roles=(Role.WORKER, Role.PRIVACY_OFFICER))
        self.hospital: House = world.hospital()
        self.police: House = world.police()
        self.worker = self.shelter.worker
        self.door = Client(SERVER_NAME="localhost", REMOTE_ADDR=from_elsewhere())
        assert self.door.post("/sign-in/", {"login": self.worker.email, "password": PASSWORD}).status_code == 302

    def somebody(self) -> str:
        self.client = self.world.client(self.worker, Identity(given="Rosa", family="Vega"))
        self.world.entry(self.worker, self.client)
        return f"/clients/{self.client}/"

    def bring(self, what: dict | bytes, **more: str):
        data = what if isinstance(what, bytes) else json.dumps(what).encode()
        given = {"document": SimpleUploadedFile("x.json", data), "checked": "on"} | more
        return self.door.post(f"/clients/{self.client}/consents/new/", given, follow=True)

    def entries(self):
        with self.worker.enter(Verb.READ_CLIENT, client=self.client) as permit:
            return [entry for entry in vault.entries(permit=permit, client_id=self.client) if entry.kind == "consent"]

    def releases(self):
        with self.worker.enter(Verb.READ_CLIENT, client=self.client) as permit:
            return released.releases(permit=permit, client_id=self.client)


@pytest.fixture(scope="module")
def house() -> Place:
    return Place()


@pytest.fixture
def place(house: Place) -> Place:
    house.somebody()
    return house


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


# ------------------------------------------------------------------ in


def test_a_consent_is_kept_sealed_and_shown_cell_by_cell(place: Place) -> None:
    page = place.bring(matrix())
    said = text(page)
    assert "Nothing was opened by it." in said
    for words in ("In force", "Hill Clinic", "CANARY Station", "Anybody it does not name"):
        assert words in said
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", page.content.decode(), re.S)
    cells = {name: re.findall(r'<span class="tag[^"]*">(\w+)</span>', inner) for name, inner in rows}
    assert cells["Sexual assault, abuse or domestic violence"] == ["Yes", "No", "No"]
    assert cells["Confidentiality: normal"] == ["Yes", "No", "Yes"]
    assert cells["Psychiatric care"] == ["No", "No", "No"]
    assert "Not understood" not in said
    assert place.releases() == []


def test_what_is_not_understood_is_listed_with_its_place(place: Place) -> None:
    said = text(place.bring(document(permit(Coding("http://example.org", "FooBar"), actor=[to(CLINIC)]))))
    assert "Not understood, and so it denies" in said
    assert "FooBar" in said and "provision.purpose[0]" in said
    assert "Prepare drafts" not in said


def test_the_same_consent_twice_is_one_entry_and_whom_it_names_stays_in_what_never_travels(place: Place) -> None:
    place.bring(matrix())
    assert "in her file already" in text(place.bring(matrix()))
    (entry,) = place.entries()
    assert entry.category is Category.DOCUMENTS
    assert entry.detail.values == {} and entry.detail.narrative == ""
    assert set(entry.detail.source) == {"document", "original"}
    assert "CANARY" not in json.dumps(dict(entry.summary.values))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Dear colleague,", "The file is not JSON"),
        (b"", "The file is empty."),
        (b"[" * 10_000 + b"]" * 10_000, "nests its elements too deeply"),
        (b'{"resourceType": "Patient"}', "not a Consent"),
        (b'{"a": 1, "a": 2}', "the same thing twice"),
        (b"{" + b" " * 5_000_001 + b"}", "larger than 5 MB"),
    ],
    ids=["not JSON", "empty", "deep", "another resource", "twice", "large"],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence_and_nothing_is_written(place: Place, data: bytes, sentence: str) -> None:
    page = place.bring(data)
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert sentence in text(page)
    assert place.entries() == []


def test_a_file_too_large_to_be_taken_is_a_sentence_too(place: Place, monkeypatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 100_000)
    for size in (150_000, 900_000):
        assert "larger than 5 MB" in text(place.bring(b"[" * size))
    assert place.entries() == []


def test_nobody_but_a_person_says_whose_consent_it_is(place: Place) -> None:
    assert "Compare it with her" in text(place.bring(matrix(), checked=""))
    assert place.entries() == []


def test_an_entry_of_another_kind_or_of_nobody_is_no_consent(place: Place) -> None:
    other = place.world.entry(place.worker, place.client)
    for id in (other, place.client):
        for step in ("", "drafts/"):
            assert place.door.get(f"/clients/{place.client}/consents/{id}/{step}").status_code == 404


# ------------------------------------------------------------------ what it can lead to


def test_drafts_are_for_the_partner_a_person_chose_and_open_nothing(place: Place) -> None:
    place.bring(matrix())
    (entry,) = place.entries()
    address = f"/clients/{place.client}/consents/{entry.id}/drafts/"
    page = place.door.get(address)
    offered = re.findall(r'<label for="id_to_\d+">(.*?) <small>', page.content.decode())
    assert offered == ["Hill Clinic", "Anybody it does not name"]
    chosen = re.findall(r'<option value="([^"]*)" selected', re.search(r"<form .*to_1", page.content.decode(), re.S)[0])
    assert set(chosen) == {""}, "nobody is matched for her"
    assert "Choose at least one partner." in text(place.door.post(address, {"language": "en"}))
    twice = {"to_0": str(place.hospital.id), "to_1": str(place.hospital.id), "language": "en"}
    assert "chosen twice" in text(place.door.post(address, twice))
    assert place.releases() == []
    answer = place.door.post(address, {"to_0": str(place.hospital.id), "language": "en"})
    assert answer.status_code == 302
    (draft,) = place.releases()
    assert (draft.state, draft.recipient_id, draft.purpose) == (State.DRAFT, place.hospital.id, Purpose.TREATMENT)
    assert draft.grants == {}
    assert answer.headers["Location"] == f"/clients/{place.client}/conversations/{draft.conversation}/terms/"
    with place.hospital.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        assert released.waiting(permit=permit) == []


def test_whom_she_said_never_to_is_not_offered_and_a_denial_offers_to_note_one(place: Place) -> None:
    with place.worker.enter(Verb.NEVER_SHARE, client=place.client) as permit:
        sharing.never(permit=permit, at=permit.at, client_id=place.client, against_id=place.police.id, person="")
    page = place.bring(matrix())
    assert f"/clients/{place.client}/never/" in page.content.decode()
    assert "It says no" in text(page)
    (entry,) = place.entries()
    drafts = place.door.get(f"/clients/{place.client}/consents/{entry.id}/drafts/").content.decode()
    assert str(place.hospital.id) in drafts
    assert str(place.police.id) not in drafts


def test_a_consent_that_is_not_in_force_prepares_nothing(place: Place) -> None:
    page = place.bring(matrix() | {"status": "entered-in-error"})
    assert "Denies altogether" in text(page)
    assert "Prepare drafts" not in text(page)
    (entry,) = place.entries()
    address = f"/clients/{place.client}/consents/{entry.id}/drafts/"
    assert "nothing to prepare" in text(place.door.post(address, {"to_0": str(place.hospital.id), "language": "en"}))
    assert place.releases() == []


def test_breaking_the_glass_is_no_purpose_of_a_draft(place: Place) -> None:
    exception = rule(purpose=[code(rules.BREAKING)], actor=[named("Group/night-shift", "Night shift")])
    page = place.bring(document(rule("deny", provision=[exception])))
    assert "break the glass" in text(page)
    assert "It denies everybody whom it does not expressly permit." in text(page)
    assert "Prepare drafts" not in text(page)


# ------------------------------------------------------------------ out


def test_a_release_goes_out_and_comes_back_as_the_same_word(place: Place) -> None:
    place.world.release(place.worker, place.client, place.hospital, {Category.INJURIES: Level.SUMMARY})
    (signed,) = place.releases()
    address = f"/clients/{place.client}/releases/{signed.id}/consent/"
    assert place.door.get(address).status_code == 405
    answer = place.door.post(address)
    assert answer.headers["Content-Type"] == "application/fhir+json"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{signed.id}.json"'
    consent = fhir.parse(answer.content)
    assert (consent.status, consent.verified, consent.not_understood) == ("active", True, ())

    def level(category: Category, at) -> Level:
        who, why = f"Organization/{place.hospital.id}", rules.purpose_coding(signed.purpose)
        return rules.decide_cell(consent, Asked(who, why, frozenset(), rules.category_coding(category)), at).level

    assert level(Category.INJURIES, signed.signed_at) is Level.SUMMARY
    assert level(Category.IDENTITY, signed.signed_at) is Level.SUMMARY
    assert level(Category.NOTES, signed.signed_at) is Level.NONE
    assert level(Category.INJURIES, signed.until_at - timedelta(microseconds=1)) is Level.SUMMARY
    assert level(Category.INJURIES, signed.until_at) is Level.NONE
    page = place.door.get(f"/clients/{place.client}/conversations/{signed.conversation}/")
    assert address in page.content.decode()

    place.world.withdraw(place.worker, place.client, signed.id)
    assert fhir.parse(place.door.post(address).content).status == "inactive"


def test_a_draft_goes_out_as_a_proposal_once_it_says_something(place: Place) -> None:
    with place.worker.enter(Verb.PREPARE_RELEASE, client=place.client) as permit:
        sharing.begin(
            permit=permit,
            at=permit.at,
            client_id=place.client,
            drafts=[sharing.Draft(place.hospital.id, Purpose.TREATMENT, {})],
            last_day=permit.at.date() + timedelta(days=3),
            language="en",
        )
    (draft,) = place.releases()
    address = f"/clients/{place.client}/releases/{draft.id}/consent/"
    assert place.door.post(address).status_code == 404
    with place.worker.enter(Verb.PREPARE_RELEASE, client=place.client) as permit:
        sharing.describe(
            permit=permit,
            at=permit.at,
            release_id=draft.id,
            purpose=Purpose.TREATMENT,
            grants={Category.INJURIES: Level.FULL},
            last_day=permit.at.date() + timedelta(days=3),
        )
    found = fhir.parse(place.door.post(address).content)
    assert found.status == "proposed"
    assert found.verified is None


def test_a_release_of_another_client_is_absent(place: Place) -> None:
    other = place.world.client(place.worker)
    release = place.world.release(place.worker, other, place.hospital)
    assert place.door.post(f"/clients/{place.client}/releases/{release}/consent/").status_code == 404


def test_it_says_on_which_law_it_rests(place: Place) -> None:
    place.world.release(place.worker, place.client, place.hospital)
    (signed,) = place.releases()
    with place.worker.enter(Verb.EXPORT_CLIENT, Verb.READ_CLIENT, client=place.client) as permit:
        data = queries.written(permit=permit, client_id=place.client, release_id=signed.id)
    assert rules.POLICIES[Duty.VAWA] in [policy["uri"] for policy in json.loads(data)["policy"]]


# ------------------------------------------------------------------ the command line

RUNNER = CliRunner()


def run(tmp_path, what: dict | bytes, *arguments: str):
    path = tmp_path / "consent.json"
    path.write_bytes(what if isinstance(what, bytes) else json.dumps(what).encode())
    return RUNNER.invoke(app, ["consent", str(path), *arguments])


def test_the_command_line_prints_what_is_understood_and_the_cells(tmp_path) -> None:
    done = run(tmp_path, matrix())
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert said["understood"]["recipients"] == [CLINIC, STATION]
    assert said["not_understood"] == []
    assert len(said["cells"]) > 10


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--actor", CLINIC, "--purpose", "TREAT", "--label", "SDV", "--label", "R"], 0),
        (["--actor", CLINIC, "--purpose", "HRESCH", "--label", "SDV"], 1),
        (["--actor", STATION, "--label", "N"], 1),
        (["--label", "N", "--at", "2025-01-01"], 1),
        (["--label", "N", "--purpose", "treatment"], 0),
        (["--label", "Q"], 2),
        (["--purpose", "fun"], 2),
        (["--at", "soon"], 2),
    ],
)  # fmt: skip
def test_one_cell_and_its_exit_code(tmp_path, arguments: list[str], exit_code: int) -> None:
    done = run(tmp_path, matrix(), *arguments)
    assert done.exit_code == exit_code
    if exit_code == 2:
        assert done.stdout == "" and done.stderr.count("\n") == 1
    else:
        assert {cell["permit"] for cell in json.loads(done.stdout)["cells"]} == {exit_code == 0}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"[" * 6_000_000])
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path, data: bytes) -> None:
    done = run(tmp_path, data)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)

"""Her word through the web door: prepare, preview, read aloud, sign, arrive, accept, why, confirm, take back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accord.gate import Warnings, disclosure, warn
from accord.gate.law import law
from accord.policy.facts import Agency
from accord.policy.law import parse
from accord.policy.words import AgencyKind, Category, Duty, Obligation, Role, Verb
from accord.sharing import queries as sharing
from accord.sharing.queries import ReleaseView
from accord.vault import queries as vault
from accord.vault.rules import Identity, SafeContact
from tests.policy.engine_world import DOCUMENTS
from tests.world import PASSWORD, from_elsewhere

ALOUD = {"informed": "on", "right_to_revoke": "on", "not_a_condition": "on", "redisclosure": "on"}
SIGNED = ALOUD | {
    "way": "self", "method": "paper", "kept": "cabinet 2", "signature": "M. Vega", "copy": "given"
}  # fmt: skip


def signed_in(worker) -> Client:
    door = Client(SERVER_NAME="localhost", REMOTE_ADDR=from_elsewhere())
    assert door.post("/sign-in/", {"login": worker.email, "password": PASSWORD}).status_code == 302
    return door


def today() -> date:
    """Where the agencies of a test world are."""
    return timezone.localdate(timezone=ZoneInfo("America/New_York"))


def text(response) -> str:
    """What a reader sees: no tags, single spaces."""
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def terms(house, days=15, **levels) -> dict[str, str]:
    """The fields of one partner on the page with the terms; what is not named is nothing."""
    chosen = {category.value: 0 for category in Category} | {"identity": 2} | levels
    fields = chosen | {
        "purpose": "safety",
        "last_day": (today() + timedelta(days=days)).isoformat(),
    }
    return {f"{house.id}-{name}": str(value) for name, value in fields.items()}


def talk_in(url: str) -> str:
    """The address of the conversation an address is in."""
    return re.search(r"/clients/[0-9a-f-]{36}/conversations/[0-9a-f-]{36}/", url)[0]


def releases_of(worker, client: UUID, talk: str) -> dict[UUID, ReleaseView]:
    """The releases of a conversation by recipient, those she said no to left out."""
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        id = UUID(talk.strip("/").rpartition("/")[2])
        found = sharing.conversation(permit=permit, client_id=client, conversation=id)
    return {release.recipient_id: release for release in found}


@pytest.fixture
def patient(world):
    """A hospital with a patient who has two injuries, one of them told in words, and medicines."""
    hospital = world.hospital(roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    who = world.client(
        hospital.worker,
        Identity(given="Marisol", family="Vega", chosen="Mari", pronouns="she"),
        SafeContact(when="Mornings", say="the dentist", avoid="texts", phone="555-0100", address="1 Hidden Lane"),
    )
    world.entry(hospital.worker, who, text="Two injuries recorded.", narrative="CANARY-STORY", areas="CANARY-VALUE")
    world.entry(hospital.worker, who, Category.MEDICATIONS, text="CANARY-MEDICINE")
    return hospital, who


def begun(door, who, *houses, **more) -> str:
    """Through the first page. Returns the address of the conversation."""
    partners = {"partner": [str(house.id) for house in houses], "language": "en"}
    response = door.post(f"/clients/{who}/releases/new/", partners | more)
    assert response.status_code == 302, text(response)
    return talk_in(response["Location"])


def prepared(door, who, *houses, **levels) -> str:
    """Through the first two pages. Returns the address of the conversation."""
    talk = begun(door, who, *houses)
    data = {}
    for house in houses:
        data |= terms(house, **(levels or {"injuries": 2}))
    response = door.post(f"{talk}terms/", data)
    assert response.status_code == 302, text(response)
    assert response["Location"] == f"{talk}preview/"
    return talk


def test_the_whole_path_from_her_word_to_its_end(world, patient):
    hospital, who = patient
    shelter, third = world.agency(), world.police()
    nurse, advocate = signed_in(hospital.worker), signed_in(shelter.worker)

    page = nurse.get(f"/clients/{who}/releases/new/")
    assert shelter.name in text(page)
    assert text(page).count(hospital.name) == 1, "nobody releases to her own agency; the name stands at the top only"
    page = nurse.get(f"{begun(nurse, who, shelter)}terms/")
    first, _, rest = page.content.decode().partition("<details>")
    assert "Injuries" in first
    assert "Housing" not in first
    assert "Housing" in rest
    talk = prepared(nurse, who, shelter, injuries=2)
    seen = text(nurse.get(f"{talk}preview/"))
    assert "Two injuries recorded." in seen
    assert "Her name is Mari." in seen
    assert "Medicines" in seen
    assert "CANARY" not in seen
    assert "555-0100" not in seen
    assert f"until&nbsp;{(today() + timedelta(days=15)).day} " in seen

    page = text(nurse.get(f"{talk}sign/"))
    assert page.index("cannot be taken back") < page.index("We have talked about why")
    assert "May reach the defence" not in page
    response = nurse.post(f"{talk}sign/", SIGNED, follow=True)
    assert "2 envelopes" in text(response)
    assert "Mari" not in re.search("<title>(.*)</title>", response.content.decode())[1]
    release = releases_of(hospital.worker, who, talk)[shelter.id].id

    day = advocate.get("/my-day/").content.decode()
    thread = re.search(r"/arrivals/([0-9a-f-]{36})/", day)[1]
    shown = text(advocate.get(f"/arrivals/{thread}/"))
    # What was previewed is what arrived.
    for words in ("Two injuries recorded.", "Her name is Mari.", f"Summary · {hospital.name}"):
        assert words in shown
        assert words in seen
    assert "CANARY" not in shown
    assert signed_in(third.worker).get(f"/arrivals/{thread}/").status_code == 404

    assert "Nobody of ours" in text(advocate.post(f"/arrivals/{thread}/", {"step": "find", "text": "Mari"}))
    response = advocate.post(f"/arrivals/{thread}/", {"step": "open"})
    client = re.search(r"/clients/([0-9a-f-]{36})/", response["Location"])[1]
    assert advocate.get(f"/arrivals/{thread}/").status_code == 404
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=UUID(client)) as permit:
        assert vault.herself(permit=permit, client_id=UUID(client)).identity == Identity()
        views = {view.category: view for view in sharing.received(permit=permit, client_id=UUID(client))}
        assert sharing.answers(permit=permit, client_id=UUID(client)) == 2

    injuries = views[Category.INJURIES].id
    said = text(advocate.get(f"/clients/{client}/envelopes/{injuries}/why/"))
    assert "45 CFR 164.508" in said
    assert "“Injuries” in full" in said
    assert hospital.name in said
    part = advocate.get(f"/clients/{client}/envelopes/{injuries}/why/", headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    assert b"164.508" in part.content
    assert advocate.get(f"/clients/{who}/envelopes/{injuries}/why/").status_code == 404

    for view in views.values():
        for _twice in range(2):
            assert advocate.post(f"/clients/{client}/envelopes/{view.id}/confirm/").status_code == 302
    with shelter.worker.enter(Verb.READ_CLIENT, client=UUID(client)) as permit:
        file = vault.client(permit=permit, client_id=UUID(client))
    assert file.herself.identity.name == "Mari"
    (own,) = file.entries
    assert own.category is Category.INJURIES
    assert own.summary.text == "Confirmed with her: Two injuries recorded."

    back = f"/clients/{who}/releases/{release}/withdraw/"
    officer = signed_in(hospital[Role.PRIVACY_OFFICER])
    assert "Mari" not in text(officer.get(back))
    assert officer.get(talk).status_code == 404
    assert "Say how she told you" in text(nurse.post(back, {}))
    assert "2 envelopes have ended" in text(officer.post(back, {"how": "phone"}, follow=True))
    assert "ended already" in text(nurse.post(back, {"how": "phone"}))
    assert advocate.get(f"/clients/{client}/envelopes/{injuries}/why/").status_code == 404


def test_the_list_of_partners_narrows_and_keeps_what_is_ticked(world, patient):
    hospital, who = patient
    shelter, police, court = world.agency(), world.police(), world.agency(AgencyKind.COURT)
    nurse = signed_in(hospital.worker)

    def found(named: str, *ticked) -> tuple[str, dict[UUID, bool]]:
        """The page, and which of the three stand in it: ticked or not."""
        typed = {"find": "1", "language": "en", "named": named, "partner": [str(house.id) for house in ticked]}
        page = nurse.post(f"/clients/{who}/releases/new/", typed).content.decode()
        boxes = {UUID(id): "checked" in rest for id, rest in re.findall(r'name="partner" value="(.*?)"(.*?)>', page)}
        return page, {house.id: boxes[house.id] for house in (shelter, police, court) if house.id in boxes}

    page, boxes = found(f" {shelter.name.upper()} ")
    assert boxes == {shelter.id: False}
    assert "Choose at least one partner." not in page
    assert found(shelter.name, court)[1] == {shelter.id: False, court.id: True}
    assert found("Police")[1] == {police.id: False}
    assert found("", police)[1] == {shelter.id: False, police.id: True, court.id: False}
    page, boxes = found("nobody is called this")
    assert not boxes
    assert "No partner of this name or kind." in page
    with hospital.worker.enter(Verb.READ_CLIENT, client=who) as permit:
        assert not sharing.releases(permit=permit, client_id=who)
    # Going on with nobody ticked leads to the first of those that stand there.
    page = nurse.post(f"/clients/{who}/releases/new/", {"language": "en", "named": court.name}).content.decode()
    assert 'href="#id_partner_0">Partners: Choose at least one partner.' in page
    assert f'value="{court.id}" id="id_partner_0"' in page
    # What she typed narrows what is shown and nothing else.
    assert set(releases_of(hospital.worker, who, begun(nurse, who, court, named=shelter.name))) == {court.id}


def test_one_page_and_one_signature_serve_several_partners(world, patient):
    hospital, who = patient
    shelter, police, housing = world.agency(), world.police(), world.agency(AgencyKind.HOUSING, frozenset({Duty.NONE}))
    nurse = signed_in(hospital.worker)
    page = text(nurse.get(f"/clients/{who}/releases/new/"))
    assert "Must keep it" in page.partition(police.name)[2][:200]
    talk = prepared(nurse, who, shelter, police, housing)
    page = text(nurse.get(f"{talk}preview/"))
    assert [page.count(f"As {house.name} will see it") for house in (shelter, police, housing)] == [1, 1, 1]
    page = text(nurse.get(f"{talk}sign/"))
    assert f"What {police.name} learns, the lawyer of the person accused may get to see." in page
    assert f"{police.name} has to keep what it received" in page
    assert page.count("You do not have to sign.") == 1
    # She says no to one: a press, and the page goes on with the others.
    first = releases_of(hospital.worker, who, talk)[housing.id].id
    response = nurse.post(f"/clients/{who}/releases/{first}/withdraw/", {"how": "in_person", "then": "sign"})
    assert response["Location"] == f"{talk}sign/"
    assert housing.name not in text(nurse.get(f"{talk}sign/")).partition("Taken")[2]
    assert "Signed and sent to 2 partners: 4 envelopes" in text(nurse.post(f"{talk}sign/", SIGNED, follow=True))
    for house, count in ((shelter, 1), (police, 1), (housing, 0)):
        with house.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            assert len(sharing.waiting(permit=permit)) == count


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"informed": ""}, "Not read to her yet."),
        ({"signature": ""}, "Write the name she signs with."),
        ({"abuser": "yes", "way": "guardian", "authority": "a paper"}, "can never sign for her"),
        ({"way": "parent", "authority": "mother", "abuser": "no", "method": "screen"}, ""),
        ({"way": "guardian", "abuser": "no"}, "which court, and of which day"),
        ({"way": "representative", "abuser": "no"}, "what gives this person authority"),
        ({"way": "guardian", "authority": "a paper"}, "Answer this before anybody signs"),
        ({"way": "both", "abuser": "no"}, "Write who signs beside"),
        ({"kept": ""}, "where the signed paper is kept"),
        ({"method": "witnessed"}, "who saw her make her mark"),
    ],
)
def test_what_the_law_or_the_words_lack_is_said_and_nothing_is_written(world, patient, changed, sentence):
    hospital, who = patient
    nurse, shelter = signed_in(hospital.worker), world.agency()
    talk = prepared(nurse, who, shelter)
    data = {name: value for name, value in (SIGNED | changed).items() if value}
    page = nurse.post(f"{talk}sign/", data)
    if not sentence:  # under HIPAA a parent may sign for a minor alone; her age is not noted here
        assert page.status_code == 302
        return
    assert sentence in text(page)
    assert 'role="alert"' in page.content.decode()
    found = releases_of(hospital.worker, who, talk)[shelter.id]
    assert found.state == "draft"
    assert found.sent == 0


def test_a_long_release_asks_twice_and_a_very_long_one_wants_a_written_reason(world):
    shelter, hospital = world.agency(), world.hospital()
    who = world.client(shelter.worker)
    world.entry(shelter.worker, who)
    door = signed_in(shelter.worker)
    talk = begun(door, who, hospital)
    data = terms(hospital, days=120, injuries=3)
    assert "That is 120 days." in text(door.post(f"{talk}terms/", data))
    assert "Choose at least one thing" in text(door.post(f"{talk}terms/", terms(hospital)))
    assert door.post(f"{talk}terms/", data | {f"{hospital.id}-sure": "on"}).status_code == 302
    sign = f"{talk}sign/"
    assert "supervisor&#x27;s written reason" in door.post(sign, SIGNED).content.decode()
    assert door.post(sign, SIGNED | {"long_because": "Trial in May. R. S."}).status_code == 302


def test_a_thread_is_tied_to_one_of_ours_and_contact_becomes_ours_when_she_confirms(world, patient):
    hospital, who = patient
    shelter = world.agency()
    nurse, advocate = signed_in(hospital.worker), signed_in(shelter.worker)
    known = world.client(shelter.worker, Identity(given="Marisol", family="Vega"), SafeContact(address="kept here"))
    nurse.post(f"{prepared(nurse, who, shelter, identity=3, contact=3)}sign/", SIGNED)
    thread = re.search(r"/arrivals/([0-9a-f-]{36})/", advocate.get("/my-day/").content.decode())[1]
    page = advocate.post(f"/arrivals/{thread}/", {"step": "find", "text": "vega"})
    assert str(known) in page.content.decode()
    assert "1 Hidden Lane" not in text(page)
    assert advocate.post(f"/arrivals/{thread}/", {"step": "tie", "client": str(who)}).status_code == 404
    response = advocate.post(f"/arrivals/{thread}/", {"step": "tie", "client": str(known)})
    assert response["Location"] == f"/clients/{known}/"
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=known) as permit:
        views = sharing.received(permit=permit, client_id=known)
    for view in views:
        advocate.post(f"/clients/{known}/envelopes/{view.id}/confirm/")
    with shelter.worker.enter(Verb.READ_CLIENT, client=known) as permit:
        her = vault.herself(permit=permit, client_id=known)
    assert her.contact == SafeContact("Mornings", "the dentist", "texts", "555-0100", "kept here")
    assert (her.identity.given, her.identity.name, her.identity.pronouns) == ("Marisol", "Mari", "she")


@pytest.mark.parametrize(
    ("kind", "duties", "defence", "keeps"),
    [
        (AgencyKind.POLICE, {Duty.CJIS}, True, True),
        (AgencyKind.PROBATION, {Duty.NONE}, True, False),
        (AgencyKind.HOSPITAL, {Duty.HIPAA}, False, True),
        (AgencyKind.SCHOOL, {Duty.FERPA, Duty.BRADY}, True, True),
        (AgencyKind.VICTIM_SERVICES, {Duty.VAWA}, False, False),
    ],
)
def test_every_page_warns_of_each_kind_of_agency_as_the_law_says(world, patient, kind, duties, defence, keeps):
    hospital, who = patient
    house = world.agency(kind, frozenset(duties))
    nurse = signed_in(hospital.worker)
    card = text(nurse.get(f"/partners/{house.id}/"))
    assert ("may have to go to the defence" in card) == defence
    assert ("may have to keep what they received" in card) == keeps
    assert ("what they received is destroyed" in card) == (not defence and not keeps)
    assert ("May reach the defence" in text(nurse.get(f"{begun(nurse, who, house)}terms/"))) == defence
    talk = prepared(nurse, who, house)
    assert ("May reach the defence" in text(nurse.get(f"{talk}preview/"))) == defence
    page = text(nurse.get(f"{talk}sign/"))
    assert ("May reach the defence" in page) == defence
    assert ("lawyer of the person accused may get to see it" in page) == defence
    assert ("has to keep what it received" in page) == keeps
    assert nurse.post(f"{talk}sign/", SIGNED).status_code == 302
    assert ("May reach the defence" in text(nurse.get(talk))) == defence
    release = releases_of(hospital.worker, who, talk)[house.id].id
    page = text(nurse.get(f"/clients/{who}/releases/{release}/withdraw/"))
    assert ("has to keep what it received" in page) == keeps


def test_warnings_come_from_the_law_data_and_from_nothing_else(monkeypatch):
    now = timezone.now()
    holder = Agency("holder", AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA}))
    school = Agency("to", AgencyKind.SCHOOL, frozenset({Duty.FERPA}))
    police = Agency("to", AgencyKind.POLICE, frozenset({Duty.BRADY}))
    assert warn(holder, school, now) == Warnings(defence=False, keeps=False)
    assert warn(holder, police, now) == Warnings(defence=True, keeps=True)
    keepers = '["brady", "court_records", "hipaa"]'
    other = parse({name: text.replace(keepers, '["ferpa"]') for name, text in DOCUMENTS.items()})
    monkeypatch.setattr(disclosure, "law", lambda: other)
    assert warn(holder, school, now) == Warnings(defence=False, keeps=True)
    assert warn(holder, police, now) == Warnings(defence=True, keeps=True)


def test_what_she_is_warned_of_looks_at_the_agencies_alone():
    for tables in law().tables:
        for obligation, when in tables.duties:
            if obligation in (Obligation.WARN_DISCOVERY, Obligation.RETAIN_SEALED):
                looked_at = {name for clause in when for name, _value in clause.facts}
                assert looked_at <= {"holder_duty", "recipient_kind", "recipient_duty"}, obligation

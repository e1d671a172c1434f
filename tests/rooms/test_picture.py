"""Who knew what and when: the timeline, the accounting, the intake that asks only what is open, the kept door."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accord.doors.web.timeline import AHEAD, MARGIN, Stretch, drawn, stretches
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sharing import queries as sharing
from accord.vault.rules import Identity, SafeContact
from tests.rooms.test_web_clients import page, signed_in, text

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture
def shared(world):
    """A hospital that released much to a shelter and a little to the police; the shelter has accepted it."""
    hospital = world.hospital(roles=(Role.WORKER, Role.PRIVACY_OFFICER, Role.SUPERVISOR))
    shelter, police = world.agency(), world.police()
    patient = world.client(
        hospital.worker,
        Identity(given="Rosalba", family="Quintana", pronouns="she/her"),
        SafeContact(say="the florist"),
    )
    for number in range(3):
        world.entry(hospital.worker, patient, text=f"Injury {number} recorded.", narrative="ROSALBA SAID")
    grants = {Category.INJURIES: Level.SUMMARY, Category.CONTACT: Level.SUMMARY, Category.IDENTITY: Level.FULL}
    release = world.release(hospital.worker, patient, shelter, grants)
    client = world.accept(shelter.worker)
    world.release(hospital.worker, patient, police, {Category.INJURIES: Level.FULL}, Purpose.INVESTIGATION, days=5)
    return world, hospital, shelter, police, patient, client, release


def test_the_accounting_lists_every_disclosure_and_what_became_of_it(shared):
    world, hospital, shelter, police, patient, _client, release = shared
    address = f"/clients/{patient}/accounting/"
    html = page(signed_in(hospital.worker), address)
    said = text(html)
    assert shelter.name in said and police.name in said
    assert "Injuries: Summary (3)" in said and "Injuries: Full (3)" in said
    assert "Her release" in said and "the police investigation" in said
    assert "taken back" not in said
    for secret in ("Rosalba", "florist", "Injury 1", "ROSALBA SAID"):
        assert secret not in html
    world.withdraw(hospital.worker, patient, release)
    assert "taken back" in text(page(signed_in(hospital.worker), address))


def test_every_envelope_that_was_sent_stands_in_the_accounting_once(shared):
    _world, hospital, _shelter, _police, patient, _client, _release = shared
    with hospital.worker.enter(Verb.READ_ACCOUNTING, client=patient) as permit:
        told = sharing.accounting(permit=permit, client_id=patient)
    # identity and contact for the shelter, identity for the police, and three entries each
    assert len(told) == 2 + 1 + 3 + 3
    assert all(each.sent_by == hospital.worker.member and each.ended_at is None for each in told)
    assert {each.recipient_id for each in told if each.kept} == {_police.id}


def test_a_privacy_officer_reads_the_accounting_and_not_the_file(shared):
    _world, hospital, _shelter, _police, patient, _client, _release = shared
    officer = signed_in(hospital[Role.PRIVACY_OFFICER])
    assert "Accounting of disclosures" in page(officer, f"/clients/{patient}/accounting/")
    assert f"/clients/{patient}/accounting/" in page(officer, "/log/releases/")
    page(officer, f"/clients/{patient}/", status=404)
    page(officer, f"/clients/{patient}/timeline/", status=404)
    page(officer, f"/clients/{uuid4()}/accounting/", status=404)


def test_the_timeline_says_when_each_could_know_what_and_the_recipient_learns_no_moment(shared):
    world, hospital, shelter, police, patient, client, release = shared
    ours = text(page(signed_in(hospital.worker), f"/clients/{patient}/timeline/"))
    assert f"{shelter.name} from us" in ours and f"{police.name} from us" in ours
    theirs = text(page(signed_in(shelter.worker), f"/clients/{client}/timeline/"))
    assert f"We from {hospital.name}" in theirs and police.name not in theirs
    world.withdraw(hospital.worker, patient, release)
    assert "taken back" in text(page(signed_in(shelter.worker), f"/clients/{client}/timeline/"))


def test_bars_lie_on_one_scale_and_never_leave_it():
    agency = uuid4()
    found = [
        Stretch(agency, "to", Level.FULL, NOW - timedelta(days=100), NOW - timedelta(days=90)),
        Stretch(agency, "from", Level.SUMMARY, NOW - timedelta(days=1), NOW + timedelta(days=364)),
        Stretch(agency, "to", Level.EXISTENCE, NOW, NOW),
    ]
    line = drawn(found, NOW)
    assert line.first == NOW - timedelta(days=100) - MARGIN
    assert line.last == NOW + AHEAD + MARGIN
    for bar in line.bars:
        assert 0 <= bar.x < bar.end <= 101
    old, living, empty = line.bars
    assert old.over and not living.over and empty.over
    assert old.end < line.today < living.end
    assert drawn([], NOW).bars == () and stretches([], [], NOW) == []


def test_intake_asks_only_what_is_open_and_what_she_confirms_stays(shared):
    world, hospital, shelter, _police, patient, client, release = shared
    advocate = signed_in(shelter.worker)
    address = f"/clients/{client}/intake/"
    html = page(advocate, address)
    assert "Rosalba" in html and "questions are answered already" in text(html)
    assert 'value="Rosalba"' not in html  # not ours before she says so
    envelopes = re.findall(r'name="envelope" value="([0-9a-f-]{36})"', html)
    assert len(envelopes) == 5
    answer = advocate.post(address, {"step": "confirm", "envelope": envelopes}, follow=True)
    assert "she confirmed 5 things" in answer.content.decode()
    assert 'value="Rosalba"' in answer.content.decode()
    # Again, or with a made-up id, nothing happens.
    advocate.post(address, {"step": "confirm", "envelope": [*envelopes, str(uuid4()), "no id"]})
    world.withdraw(hospital.worker, patient, release)
    html = page(advocate, address)
    assert "What came with her" not in html and 'value="Rosalba"' in html


def test_what_is_not_ticked_is_never_kept(shared):
    world, hospital, shelter, _police, patient, client, release = shared
    advocate = signed_in(shelter.worker)
    answer = advocate.post(f"/clients/{client}/intake/", {"step": "save", "pronouns": "they/them"})
    assert answer.status_code == 302
    world.withdraw(hospital.worker, patient, release)
    html = page(advocate, f"/clients/{client}/") + page(advocate, f"/clients/{client}/intake/")
    assert "they/them" in html
    for gone in ("Rosalba", "Quintana", "Injury 1"):
        assert gone not in html


def test_accepting_something_new_leads_to_intake_and_my_day_counts_by_month(shared):
    world, hospital, shelter, _police, patient, _client, _release = shared
    other = world.client(hospital.worker, Identity(given="Edna", family="Marsh"))
    world.entry(hospital.worker, other)
    world.release(hospital.worker, other, shelter)
    advocate = signed_in(shelter.worker)
    arrival = re.search(r"/arrivals/[0-9a-f-]{36}/", page(advocate, "/my-day/"))[0]
    answer = advocate.post(arrival, {"step": "open"})
    assert answer["Location"].endswith("/intake/")
    assert "nobody had to ask again" in text(page(advocate, "/my-day/"))

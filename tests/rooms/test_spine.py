"""The main job, small but whole, without a browser: released, received, withdrawn, gone, and written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError
from django.utils import timezone

from accord.database.bulk import insert
from accord.gate import Refused
from accord.policy.words import AgencyKind, Category, Duty, Level, Purpose, Role, Verb
from accord.sharing import actions
from accord.sharing import queries as sharing
from accord.sharing.models import Envelope
from accord.vault import queries as vault
from accord.vault.rules import Identity


def received(worker, client):
    with worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client) as permit:
        return sharing.received(permit=permit, client_id=client)


def test_a_released_summary_arrives_without_the_detail_and_is_gone_when_withdrawn(world):
    hospital, shelter, police = world.hospital(), world.agency(), world.police()
    patient = world.client(hospital.worker, Identity(given="Marisol", family="Vega"))
    world.entry(hospital.worker, patient, narrative="CANARY-DETAIL", text="Two injuries recorded.")
    world.entry(hospital.worker, patient, Category.MEDICATIONS, text="CANARY-MEDS")
    release = world.release(hospital.worker, patient, shelter)

    client = world.accept(shelter.worker)
    views = received(shelter.worker, client)
    by_kind = {view.category: view for view in views}
    assert set(by_kind) == {Category.IDENTITY, Category.INJURIES}
    assert by_kind[Category.INJURIES].content.summary["text"] == "Two injuries recorded."
    assert by_kind[Category.INJURIES].level is Level.SUMMARY
    assert by_kind[Category.INJURIES].content.narrative == "" and by_kind[Category.INJURIES].content.values is None
    assert by_kind[Category.IDENTITY].content.summary["values"] == {"name": "Marisol Vega"}

    with police.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        assert sharing.waiting(permit=permit) == []
    for asked in (patient, client):
        with pytest.raises(Refused), police.worker.enter(Verb.READ_CLIENT, client=asked):
            pass

    assert world.withdraw(hospital.worker, patient, release) == 2
    assert received(shelter.worker, client) == []
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        ended = sharing.ended(permit=permit, client_id=client)
    assert {end.category for end in ended} == {Category.IDENTITY, Category.INJURIES} and all(end.early for end in ended)


def test_what_goes_out_on_her_word_is_what_she_signed_though_a_law_would_let_more_go(world):
    """A hospital may tell another provider everything it needs to treat her, for thirty days (45 CFR 164.506(c)). She
    signed a summary, for fifteen days, and was read nothing else."""
    hospital = world.hospital()
    clinic = world.agency(AgencyKind.MENTAL_HEALTH, frozenset({Duty.HIPAA}))
    patient = world.client(hospital.worker, Identity(given="Marisol", family="Vega"))
    world.entry(hospital.worker, patient, narrative="CANARY-DETAIL", text="Two injuries recorded.")
    grants = {Category.IDENTITY: Level.SUMMARY, Category.INJURIES: Level.SUMMARY}
    world.release(hospital.worker, patient, clinic, grants, purpose=Purpose.TREATMENT, days=15)

    views = received(clinic.worker, world.accept(clinic.worker))
    assert {view.category: view.level for view in views} == grants
    assert "CANARY-DETAIL" not in repr(views)
    assert all("hipaa-authorization" in view.rules and "hipaa-treatment" not in view.rules for view in views)
    assert {view.until_at.date() for view in views} == {(views[0].sent_at + timedelta(days=16)).date()}


@pytest.mark.parametrize(
    ("field", "wider"),
    [("level", Level.FULL), ("purpose", Purpose.PROSECUTION), ("until_at", timezone.now() + timedelta(days=60))],
)
def test_the_database_refuses_an_envelope_that_is_wider_than_what_she_signed(world, monkeypatch, field, wider):
    def widened(model, rows):
        for row in rows:
            if isinstance(row, Envelope):
                setattr(row, field, wider)
        insert(model, rows)

    monkeypatch.setattr(actions, "insert", widened)
    hospital, shelter = world.hospital(), world.agency()
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    with pytest.raises(ProgrammingError, match="rests on a living release"):
        world.release(hospital.worker, patient, shelter)


def test_search_finds_own_clients_by_word_start_sound_birth_and_code(world):
    from datetime import date

    shelter = world.agency()
    client = world.client(
        shelter.worker,
        Identity(given="María José", family="Jiménez de la Cruz", aliases=("Majo",), born=date(1990, 5, 17)),
    )
    world.client(shelter.worker, Identity(given="Beatriz", family="Soler"))
    with shelter.worker.enter(Verb.FIND_CLIENTS) as permit:
        lines = vault.recent(permit=permit)
        code = next(line.code for line in lines if line.id == client)
        for text in ("Jimenez", "jim", "Gimenez", "majo", "Maria Jimenez", "1990-05-17", code, code.lower()):
            found, more = vault.find(permit=permit, text=text)
            assert [line.id for line in found] == [client] and not more, text
        assert vault.find(permit=permit, text="Nobody")[0] == []


def test_the_ledger_keeps_refusals_and_readings(world):
    from accord.ledger import queries as ledger

    shelter = world.agency(roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    client = world.client(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        vault.client(permit=permit, client_id=client)
    officer = shelter[Role.PRIVACY_OFFICER]
    with pytest.raises(Refused), officer.enter(Verb.READ_CLIENT, client=client):
        pass
    with officer.enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
        entries = ledger.recent(permit=permit, client=client)
    told = [(entry.happening.verb, entry.happening.outcome) for entry in entries]
    assert told == [(Verb.READ_CLIENT, False), (Verb.READ_CLIENT, True)]
    assert entries[1].happening.shown[0][:2] == ("client", client)

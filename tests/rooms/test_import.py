"""Real documents into a real vault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from accord.policy.words import Verb
from accord.records.health import actions as health
from accord.records.health import ccda
from accord.vault import queries as vault
from accord.vault.rules import Identity

SAMPLES = Path(os.environ.get("SAMPLES_DIR", Path(__file__).parents[3] / "shared" / "samples")) / "ccda"
FILES = sorted(SAMPLES.glob("*.xml"))


def bring_in(world, worker, data, **identity):
    patient = ccda.parse(data).patient
    client = world.client(
        worker, Identity(**{"given": patient.given, "family": patient.family, "born": patient.birth} | identity)
    )
    with worker.enter(Verb.IMPORT_DOCUMENT, Verb.READ_CLIENT, client=client) as permit:
        return client, health.import_document(
            permit=permit, at=permit.at, client_id=client, data=data, checked_by_hand=True
        )


@pytest.mark.skipif(not FILES, reason="no sample documents: set SAMPLES_DIR to the folder that holds ccda/")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sample_imports_and_the_same_file_twice_adds_nothing(world, path):
    hospital = world.hospital()
    data = path.read_bytes()
    client, first = bring_in(world, hospital.worker, data)
    assert first.added > 0
    with hospital.worker.enter(Verb.IMPORT_DOCUMENT, Verb.READ_CLIENT, client=client) as permit:
        again = health.import_document(permit=permit, at=permit.at, client_id=client, data=data, checked_by_hand=True)
    assert again.added == 0 and again.already == first.added + first.already
    with hospital.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        entries = vault.entries(permit=permit, client_id=client, limit=1000)
    assert len(entries) == first.added
    assert all(entry.detail.source["document"] for entry in entries)


def test_the_words_of_every_section_are_kept_beside_the_entries(world):
    """What no coded entry says is still in the file, and never travels: `source` is not part of any envelope."""
    from tests.rooms import ccda_documents as write

    hospital = world.hospital()
    problem = write.problem("38341003", "Hypertension")
    section = write.section("11450-4", "Problems", "A word that no entry holds.", problem)
    client, _ = bring_in(world, hospital.worker, write.document(section).encode())
    with hospital.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        entries = vault.entries(permit=permit, client_id=client)
    kept = [each for entry in entries for each in entry.detail.source.get("sections", ())]
    assert any("A word that no entry holds." in each["text"] for each in kept)

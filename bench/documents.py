"""C-CDA documents into a vault, through the gate."""

from __future__ import annotations

import os
import time
from pathlib import Path

from accord.policy.words import Verb
from bench.measure import quantiles, say


def measure() -> dict[str, object]:
    from accord.records.health import actions, ccda
    from accord.vault.rules import Identity
    from tests.rooms import ccda_documents
    from tests.world import World

    folder = Path(os.environ.get("SAMPLES_DIR", Path(__file__).parents[2] / "shared" / "samples")) / "ccda"
    files = [path.read_bytes() for path in sorted(folder.glob("*.xml"))]
    what = f"{len(files)} real documents"
    if not files:
        files, what = [ccda_documents.document().encode() for _ in range(15)], "15 documents of our own"
    world, seconds = World(), []
    hospital = world.hospital()
    for data in files * 3:
        patient = ccda.parse(data).patient
        client = world.client(hospital.worker, Identity(given=patient.given, family=patient.family, born=patient.birth))
        start = time.perf_counter()
        with hospital.worker.enter(Verb.IMPORT_DOCUMENT, Verb.READ_CLIENT, client=client) as permit:
            actions.import_document(permit=permit, at=permit.at, client_id=client, data=data, checked_by_hand=True)
        seconds.append(time.perf_counter() - start)
    rate = round(len(seconds) / sum(seconds), 1)
    say(f"documents: {rate} a second")
    return {"what": what, "documents_a_second": rate, **quantiles(seconds)}

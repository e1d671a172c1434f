"""From her signature to the advocate's eyes, and back again."""

from __future__ import annotations

import time
from datetime import timedelta

from accord.policy.words import Category, Element, Level, Purpose, Verb
from bench.measure import quantiles


def measure() -> dict[str, object]:
    """`sign_to_visible`: signing and sending ten entries until the recipient's list shows them. `withdraw`: until the
    withdrawal is acknowledged."""
    from accord.config.service import gate
    from accord.gate import disclose
    from accord.sharing import actions, queries
    from tests.world import World

    world, visible, withdrawn = World(), [], []
    hospital, shelter = world.hospital(), world.agency()
    for _ in range(30):
        patient = world.client(hospital.worker)
        for number in range(9):
            world.entry(hospital.worker, patient, text=f"Finding {number}.")
        with hospital.worker.enter(Verb.PREPARE_RELEASE, client=patient) as permit:
            release_id = actions.prepare(
                permit=permit, at=permit.at, client_id=patient, recipient_id=shelter.id, purpose=Purpose.SAFETY,
                grants={Category.INJURIES: Level.SUMMARY}, last_day=permit.at.date() + timedelta(days=15), language="en",
            )  # fmt: skip
        start = time.perf_counter()
        with hospital.worker.enter(Verb.SIGN_RELEASE, client=patient) as permit:
            release = actions.sign(
                permit=permit, at=permit.at, release_id=release_id, spoken=frozenset(Element), method="paper",
                copy="given", signature="A. P.",
            )  # fmt: skip
            disclose(gate(), permit, hospital.worker.caller, release)
        with shelter.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            seen = queries.waiting(permit=permit)
        visible.append(time.perf_counter() - start)
        assert any(len(each.envelopes) == 10 for each in seen)
        start = time.perf_counter()
        world.withdraw(hospital.worker, patient, release_id)
        withdrawn.append(time.perf_counter() - start)
    return {"sign_to_visible": quantiles(visible), "withdraw": quantiles(withdrawn)}

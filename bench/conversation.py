"""One conversation about a whole county: 240 releases under one signature; and a release with a thousand envelopes
taken back."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from uuid import UUID

from accord.policy.words import AgencyKind, Category, Duty, Element, Level, Purpose, Verb
from bench.measure import quantiles, say

RECIPIENTS, ENTRIES, ENVELOPES = 240, 10, 1_000


def measure() -> dict[str, object]:
    """`sign_page_240`: from the press of the button to the commit, 240 releases of a client with ten entries in three
    categories, each to another agency. `withdraw_1000`: a release with a thousand envelopes, until it is committed.
    `seal`: the same envelopes' sealing alone, measured in the same run."""
    from tests.world import World

    say("conversation")
    world = World()
    hospital = world.hospital()
    houses = _houses(RECIPIENTS)
    signed, prepared = [], []
    for _ in range(5):
        client = world.client(hospital.worker)
        for number in range(ENTRIES):
            category = (Category.INJURIES, Category.SERVICES, Category.VISITS)[number % 3]
            world.entry(hospital.worker, client, category, text=f"Finding {number} recorded and treated.")
        start = time.perf_counter()
        ids = _prepared(hospital.worker, client, houses)
        prepared.append(time.perf_counter() - start)
        start = time.perf_counter()
        sent = _signed(hospital.worker, client, ids)
        signed.append(time.perf_counter() - start)
        assert sent == RECIPIENTS * (ENTRIES + 1)
    withdrawn = [_withdrawn(world, hospital) for _ in range(5)]
    return {
        "prepare_240": quantiles(prepared),
        "sign_page_240": quantiles(signed),
        "seal_2640": quantiles([_sealing() for _ in range(3)]),
        "withdraw_1000": quantiles(withdrawn),
    }


def _houses(count: int) -> list[UUID]:
    """Agencies nobody works at: the directory and a key to seal to are all a disclosure needs of them."""
    from django.utils import timezone

    from accord.config.service import gate
    from accord.gate.founding import NewAgency, found
    from accord.partners.models import VaultMode
    from tests.world import CHEAP

    mark = secrets.token_hex(3)
    kinds = (AgencyKind.VICTIM_SERVICES, AgencyKind.POLICE, AgencyKind.LEGAL_AID, AgencyKind.HOUSING)
    return [
        found(
            gate(),
            NewAgency(
                name=f"Partner {number} {mark}", short=f"Partner {number}", prefix="PN", kind=kinds[number % 4],
                duties=frozenset({Duty.NONE}), mode=VaultMode.MEMBER, point_person="Point Person",
            ),
            at=timezone.now(),
            members=[],
            cost=CHEAP,
        ).agency
        for number in range(count)
    ]  # fmt: skip


def _prepared(worker, client: UUID, houses: list[UUID]) -> list[UUID]:
    from accord.sharing import actions, queries
    from accord.sharing.rules import Draft

    grants = {
        Category.IDENTITY: Level.SUMMARY,
        Category.INJURIES: Level.SUMMARY,
        Category.SERVICES: Level.FULL,
        Category.VISITS: Level.SUMMARY,
    }
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        talk = actions.begin(
            permit=permit, at=permit.at, client_id=client, language="en",
            drafts=[Draft(house, Purpose.SAFETY, grants) for house in houses],
            last_day=permit.at.date() + timedelta(days=15),
        )  # fmt: skip
        return [each.id for each in queries.conversation(permit=permit, client_id=client, conversation=talk)]


def _signed(worker, client: UUID, ids: list[UUID]) -> int:
    from accord.config.service import gate
    from accord.gate import disclose_all
    from accord.sharing import actions
    from accord.sharing.rules import Signing

    page = Signing(spoken=frozenset(Element), method="screen", copy="given", signature="A. P.")
    with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
        releases = actions.sign_page(permit=permit, at=permit.at, release_ids=ids, page=page)
        return sum(disclose_all(gate(), permit, worker.caller, releases).values())


def _withdrawn(world, hospital) -> float:
    from accord.vault import actions as vault
    from accord.vault.rules import Summary

    client, shelter = world.client(hospital.worker), world.agency()
    with hospital.worker.enter(Verb.ADD_ENTRY, client=client) as permit:
        entries = [
            vault.NewEntry(
                kind="note", category=Category.NOTES, occurred_at=permit.at, summary=Summary.typed(f"Finding {number}.")
            )
            for number in range(ENVELOPES - 1)
        ]  # fmt: skip
        vault.add_entries(permit=permit, at=permit.at, client_id=client, entries=entries)
    release = world.release(hospital.worker, client, shelter, {Category.NOTES: Level.SUMMARY})
    start = time.perf_counter()
    count = world.withdraw(hospital.worker, client, release)
    took = time.perf_counter() - start
    assert count == ENVELOPES, count
    return took


def _sealing() -> float:
    from accord.sealing.hpke import new_keypair, seal_to

    public = new_keypair().public
    start = time.perf_counter()
    for _ in range(RECIPIENTS * (ENTRIES + 1)):
        seal_to(public, b"x" * 400, b"info")
    return time.perf_counter() - start

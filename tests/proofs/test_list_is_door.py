"""List = door. What a preview lists is what a disclosure sends and what the recipient sees; what a list or a search of
clients shows is what the gate opens, one by one, for every agency and every client of the town."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accord.config.service import gate
from accord.gate import Refused, disclose, preview
from accord.policy.words import Category, Element, Level, Mark, Purpose, Role, Verb
from accord.sharing import actions as sharing
from accord.sharing import queries
from accord.sharing.rules import RELEASABLE, Content, InvalidRelease
from accord.vault import actions as vault
from accord.vault import queries as clients
from accord.vault.rules import Detail, Identity, SafeContact, Summary
from tests.proofs.town import superuser
from tests.world import House, World

RELEASES = 60
MARKS = [frozenset()] * 4 + [frozenset({mark}) for mark in Mark]
PURPOSES = (Purpose.SAFETY, Purpose.SHELTER, Purpose.ADVOCACY, Purpose.TREATMENT, Purpose.INVESTIGATION)


@pytest.fixture(scope="module")
def houses() -> dict[str, House]:
    world = World()
    roles = (Role.WORKER, Role.SUPERVISOR)
    return {
        "hospital": world.hospital(roles),
        "shelter": world.agency(roles=roles),
        "second shelter": world.agency(roles=roles),
        "police": world.police(roles),
    }


def person(house: House, chance: random.Random) -> UUID:
    """Somebody with entries of every kind of category, mark, narrative and value."""
    world = World()
    client = world.client(
        house.worker,
        Identity(
            given=f"G{chance.randrange(10**6)}", family=chance.choice(["", "Vega"]), chosen=chance.choice(["", "Lu"])
        ),
        SafeContact(when=chance.choice(["", "noon"]), phone="555-0100"),
    )
    with house.worker.enter(Verb.ADD_ENTRY, client=client) as permit:
        vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind=f"kind{number}",
                    category=chance.choice(list(Category)),
                    occurred_at=permit.at - timedelta(hours=number),
                    summary=Summary.typed(f"Summary {number}."),
                    detail=Detail(values={"n": str(number)}, narrative=chance.choice(["", f"Story {number}"])),
                    marks=chance.choice(MARKS),
                    status=chance.choice(["", "active"]),
                )
                for number in range(chance.randrange(1, 9))
            ],
        )
    return client


def told(contents: list[Content]) -> Counter[bytes]:
    return Counter(content.packed() for content in contents)


def one(house: House, recipient: House, client: UUID, chance: random.Random) -> tuple[int, Counter[Level]]:
    """Prepare, preview, sign and send one release; returns how many contents travelled, and their levels."""
    worker = house.worker
    chosen = chance.sample(RELEASABLE, chance.randrange(1, 7))
    grants = {category: chance.choice(list(Level)) for category in chosen} | {chosen[0]: Level.SUMMARY}
    if grants.get(Category.IDENTITY) is Level.NONE:
        del grants[Category.IDENTITY]  # a release that says anything names her
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        release_id = sharing.prepare(
            permit=permit,
            at=permit.at,
            client_id=client,
            recipient_id=recipient.id,
            purpose=chance.choice(PURPOSES),
            grants=grants,
            last_day=permit.at.date() + timedelta(days=chance.choice([1, 14, 29])),
            language="en",
        )
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        listed, _ = preview(gate(), permit, worker.caller, release_id)
    before = sent_to(recipient)

    def signed() -> int:
        with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
            release = sharing.sign(
                permit=permit,
                at=permit.at,
                release_id=release_id,
                spoken=frozenset(Element),
                method="screen",
                copy="refused",
                signature="A. P.",
            )
            return disclose(gate(), permit, worker.caller, release)

    if not listed:
        with pytest.raises(InvalidRelease):
            signed()
        assert sent_to(recipient) == before
        return 0, Counter()
    assert signed() == len(listed)
    arrived = sent_to(recipient) - before
    views = [view for id, view in in_the_tray(recipient).items() if id in arrived]
    assert told([view.content for view in views]) == told(listed)
    for view in views:
        assert view.level is view.content.level <= grants.get(view.category, Level.SUMMARY)
        assert (view.content.values is None and not view.content.narrative) or view.level is Level.FULL
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        again, _ = preview(gate(), permit, worker.caller, release_id)
    assert told(again) == told(listed), "the signed release previews what was sent"
    return len(listed), Counter(content.level for content in listed)


def in_the_tray(recipient: House) -> dict[UUID, queries.EnvelopeView]:
    """Everything that waits for a recipient, thread by thread, as its worker opens it."""
    with superuser() as eyes:
        threads = eyes.execute("select distinct thread from sharing_envelope where agency_id = %s", [recipient.id])
        known = [thread for (thread,) in threads.fetchall()]
    with recipient.worker.enter(Verb.ACCEPT_ENVELOPE) as permit:
        found = [queries.thread(permit=permit, thread=thread) for thread in known]
    return {view.id: view for each in found if each for view in each.envelopes}


def sent_to(recipient: House) -> set[UUID]:
    with superuser() as eyes:
        found = eyes.execute("select id from sharing_envelope where agency_id = %s", [recipient.id]).fetchall()
    return {id for (id,) in found}


def test_what_is_previewed_is_what_is_sent_is_what_is_seen(houses):
    chance, levels, travelled, nothing = random.Random(7), Counter(), 0, 0
    people = {name: [person(house, chance) for _ in range(5)] for name, house in houses.items()}
    for number in range(RELEASES):
        name = ("hospital", "shelter", "second shelter")[number % 3]
        recipient = chance.choice([each for each in houses if each != name])
        count, seen = one(houses[name], houses[recipient], chance.choice(people[name]), chance)
        travelled, levels, nothing = travelled + count, levels + seen, nothing + (count == 0)
    assert travelled > RELEASES
    assert set(levels) == {Level.EXISTENCE, Level.SUMMARY, Level.FULL}
    assert nothing < RELEASES // 2


def opens(house: House, client: UUID) -> bool:
    try:
        with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
            assert clients.client(permit=permit, client_id=client).id == client
    except Refused:
        return False
    return True


def test_lists_and_searches_show_exactly_the_clients_the_gate_opens(houses):
    chance = random.Random(8)
    for house in houses.values():
        kept = [person(house, chance) for _ in range(3)]
        with house[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=kept[0]) as permit:
            vault.delete_client(permit=permit, at=permit.at, client_id=kept[0])
    with superuser() as eyes:
        everybody = eyes.execute(
            "select agency_id, id, code from vault_client where agency_id = any(%s)",
            [[house.id for house in houses.values()]],
        ).fetchall()
    probes = opened = 0
    for house in houses.values():
        with house.worker.enter(Verb.FIND_CLIENTS) as permit:
            listed = {line.id for line in clients.recent(permit=permit, limit=10_000)}
            named = {line.id for name in ("Vega", "Lu", "veg") for line in clients.find(permit=permit, text=name)[0]}
            by_code = {
                id
                for _, id, code in everybody
                if [line.id for line in clients.find(permit=permit, text=code)[0]] == [id]
            }
        door = {id for _, id, _ in everybody if opens(house, id)}
        assert listed == door == by_code
        assert named <= door
        assert door == {id for agency, id, _ in everybody if agency == house.id} - deleted()
        probes += len(everybody)
        opened += len(door)
    assert 0 < opened < probes // 3


def deleted() -> set[UUID]:
    with superuser() as eyes:
        return {id for (id,) in eyes.execute("select id from vault_client where wrapped_key is null").fetchall()}


def test_the_tray_lists_what_the_door_opens(houses):
    """What waits in the tray, what the client's page shows after accepting, and the single envelope are the same."""
    shelter, chance = houses["shelter"], random.Random(9)
    one(houses["hospital"], shelter, person(houses["hospital"], chance), chance)
    with shelter.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        waiting = queries.waiting(permit=permit, limit=100)
    listed = {view.id: view.content for each in waiting for view in each.envelopes}
    assert listed
    assert listed == {id: view.content for id, view in in_the_tray(shelter).items()}
    first = waiting[0]
    client = World().accept(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client, at=timezone.now()) as permit:
        shown = {view.id: view.content for view in queries.received(permit=permit, client_id=client)}
        for id, content in shown.items():
            assert queries.envelope(permit=permit, client_id=client, envelope_id=id).content == content
        assert set(queries.received_ids(permit=permit, client_id=client)) == set(shown)
    assert {view.id: view.content for view in first.envelopes}.items() <= shown.items()

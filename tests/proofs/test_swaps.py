"""Every ciphertext is bound to its agency, client, table, column and row. Whoever can write the database and moves one
to another place makes it unreadable, never somebody else's: 10,000 swaps, each read through the room's own query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import pytest
from django.db import connection, transaction

from accord.config.service import gate
from accord.gate import SignInAgain
from accord.ledger.permits import Permit
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sealing.errors import WrongKey
from accord.sharing import queries as sharing
from accord.vault import actions as vault
from accord.vault import queries
from accord.vault.rules import Detail, Identity, SafeContact, Summary
from tests.proofs.town import past_the_triggers, superuser
from tests.world import House, World


class Undo(Exception):
    """Ends a transaction whose changes were only tried."""


@contextmanager
def nothing_stays(house: House, *verbs: Verb) -> Iterator[Permit]:
    """A permit whose transaction is rolled back."""
    with suppress(Undo), house.worker.enter(*verbs) as permit:
        yield permit
        raise Undo


@pytest.fixture(scope="module")
def scene() -> tuple[World, House, House, list[UUID]]:
    """A shelter with clients, people and entries, and another agency whose ciphertexts are there to be moved too."""
    world = World()
    shelter, other = world.agency(), world.hospital()
    clients = []
    for house, number, entries in ((shelter, 4, 6), (other, 3, 20)):
        for n in range(number):
            client = world.client(house.worker, Identity(given=f"Ana{n}", family="P"), SafeContact(say="hello"))
            with house.worker.enter(Verb.ADD_ENTRY, client=client) as permit:
                vault.add_entries(
                    permit=permit,
                    at=permit.at,
                    client_id=client,
                    entries=[
                        vault.NewEntry(
                            kind="note",
                            category=Category.NOTES,
                            occurred_at=permit.at,
                            summary=Summary.typed(f"Summary {n} {m}"),
                            detail=Detail(narrative=f"Detail {n} {m}"),
                        )
                        for m in range(entries)
                    ],
                )
            clients += [client] if house is shelter else []
    return world, shelter, other, clients


def cells(agencies: list[UUID]) -> list[tuple[str, str, UUID, UUID, bytes]]:
    """(table, column, row, client, bytes) of every sealed cell."""
    found = []
    with superuser() as eyes:
        for table, column in (
            ("vault_entry", "summary"),
            ("vault_entry", "detail"),
            ("vault_person", "identity"),
            ("vault_person", "contact"),
        ):
            for row in eyes.execute(
                f"select id, client_id, {column} from {table} where agency_id = any(%s) and {column} is not null",
                [agencies],
            ).fetchall():
                found.append((table, column, *row))
    return found


def readers(permit) -> dict[tuple[str, str], Callable[[UUID, UUID], object]]:
    """The room's own way to read one cell, given its client and its row."""

    def entry(client: UUID, row: UUID) -> object:
        return queries.entries(permit=permit, client_id=client, entry_ids=[row])

    def herself(client: UUID, _: UUID) -> object:
        return queries.herself(permit=permit, client_id=client)

    return {
        ("vault_entry", "summary"): entry,
        ("vault_entry", "detail"): entry,
        ("vault_person", "identity"): herself,
        ("vault_person", "contact"): herself,
    }


@pytest.mark.parametrize("swaps", [2_000, pytest.param(10_000, marks=pytest.mark.prove)])
def test_a_swapped_ciphertext_is_rejected(scene, swaps):
    _, shelter, other, _ = scene
    mine, pool = cells([shelter.id]), cells([shelter.id, other.id])
    place = {cell[:3]: number for number, cell in enumerate(pool)}
    opened = tried = 0
    kinds: set[tuple[bool, ...]] = set()
    with nothing_stays(shelter, Verb.READ_CLIENT) as permit:
        read = readers(permit)
        for table, column, row, client, _ in mine:
            read[table, column](client, row)
            opened += 1
        for shift in range(1, len(pool)):
            if tried >= swaps:
                break
            # every cell of the agency gets the ciphertext that stands `shift` places further on, in one statement each
            moved = {
                (table, column, row): pool[(place[table, column, row] + shift) % len(pool)]
                for table, column, row, _, _ in mine
            }
            with transaction.atomic():
                point = transaction.savepoint()
                put(moved)
                for table, column, row, client, _ in mine:
                    source = moved[table, column, row]
                    with pytest.raises(WrongKey):
                        read[table, column](client, row)
                    kinds.add((source[0] == table, source[1] == column, source[3] == client))
                    tried += 1
                transaction.savepoint_rollback(point)
        for table, column, row, client, _ in mine:
            read[table, column](client, row)
    assert opened == len(mine)
    assert tried >= swaps
    assert {(True, True, False), (True, False, True), (True, True, True), (False, False, False)} <= kinds


def put(moved: dict[tuple[str, str, UUID], tuple]) -> None:
    """Write ciphertexts into cells as the service's role, one statement per column."""
    with connection.cursor() as cursor:
        for table, column in {(table, column) for table, column, _ in moved}:
            rows = [(row, source[4]) for (t, c, row), source in moved.items() if (t, c) == (table, column)]
            cursor.execute(
                f"update {table} set {column} = new.value from unnest(%s::uuid[], %s::bytea[]) as new (id, value)"
                f" where {table}.id = new.id",
                [[row for row, _ in rows], [bytes(value) for _, value in rows]],
            )
            assert cursor.rowcount == len(rows)


def test_a_single_changed_byte_is_rejected(scene):
    _, shelter, _, _ = scene
    mine = cells([shelter.id])[:6]
    with nothing_stays(shelter, Verb.READ_CLIENT) as permit:
        read = readers(permit)
        for table, column, row, client, sealed in mine:
            for place in range(0, len(sealed), 7):
                changed = bytearray(sealed)
                changed[place] ^= 1
                put({(table, column, row): (table, column, row, client, bytes(changed))})
                with pytest.raises(WrongKey):
                    read[table, column](client, row)
            for cut in (b"", sealed[:1], sealed[:13], sealed[:-1], sealed + b"\0"):
                put({(table, column, row): (table, column, row, client, cut)})
                if cut or column != "contact":
                    with pytest.raises(WrongKey):
                        read[table, column](client, row)
            put({(table, column, row): (table, column, row, client, sealed)})


def test_wrapped_client_keys_are_bound_to_their_client(scene):
    _, shelter, other, _ = scene
    with superuser() as eyes:
        keys = eyes.execute(
            "select agency_id, id, wrapped_key from vault_client where agency_id = any(%s)", [[shelter.id, other.id]]
        ).fetchall()
    tried = 0
    with nothing_stays(shelter, Verb.READ_CLIENT, Verb.FIND_CLIENTS) as permit:
        for agency, client, own in keys:
            for _, source, wrapped in keys if agency == shelter.id else ():
                if source == client:
                    continue
                with connection.cursor() as cursor:
                    cursor.execute("update vault_client set wrapped_key = %s where id = %s", [wrapped, client])
                for noun in (queries.herself, queries.client):
                    with pytest.raises(WrongKey):
                        noun(permit=permit, client_id=client)
                    tried += 1
                with pytest.raises(WrongKey):
                    queries.recent(permit=permit)
            with connection.cursor() as cursor:
                cursor.execute("update vault_client set wrapped_key = %s where id = %s", [own, client])
    assert tried >= 40


def test_envelopes_are_bound_to_sender_recipient_thread_and_row(scene):
    world, shelter, hospital, _ = scene
    second = world.hospital()
    for house in (hospital, hospital, second):
        patient = world.client(house.worker)
        world.entry(house.worker, patient)
        world.release(house.worker, patient, shelter, {Category.INJURIES: Level.FULL, Category.CONTACT: Level.SUMMARY})
    client = world.client(shelter.worker)
    for _ in range(3):
        world.accept(shelter.worker, client)
    with superuser() as eyes:
        sealed = eyes.execute("select id, sealed from sharing_envelope where agency_id = %s", [shelter.id]).fetchall()
    tried = 0
    try:
        for shift in range(1, len(sealed)):
            with past_the_triggers() as root:
                for number, (id, _) in enumerate(sealed):
                    source = sealed[(number + shift) % len(sealed)][1]
                    root.execute("update sharing_envelope set sealed = %s where id = %s", [source, id])
            with shelter.worker.enter(Verb.READ_ENVELOPE) as permit:
                for id, _ in sealed:
                    with pytest.raises(WrongKey):
                        sharing.envelope(permit=permit, client_id=client, envelope_id=id)
                    tried += 1
        with past_the_triggers() as root:
            for id, own in sealed:
                root.execute("update sharing_envelope set sealed = %s where id = %s", [own, id])
            # the row itself moved: another thread, another sender
            for column in ("thread", "holder_id"):
                rows = root.execute(
                    f"select id, {column} from sharing_envelope where agency_id = %s", [shelter.id]
                ).fetchall()
                for id, own in rows:
                    another = next(each for _, each in rows if each != own)
                    root.execute(f"update sharing_envelope set {column} = %s where id = %s", [another, id])
                    with shelter.worker.enter(Verb.READ_ENVELOPE) as permit, pytest.raises(WrongKey):
                        sharing.envelope(permit=permit, client_id=client, envelope_id=id)
                    root.execute(f"update sharing_envelope set {column} = %s where id = %s", [own, id])
                    tried += 1
    finally:
        with past_the_triggers() as root:
            for id, own in sealed:
                root.execute("update sharing_envelope set sealed = %s where id = %s", [own, id])
    with shelter.worker.enter(Verb.READ_ENVELOPE) as permit:
        assert all(sharing.envelope(permit=permit, client_id=client, envelope_id=id) for id, _ in sealed)
    assert tried > 40


def test_vault_locks_and_grants_are_bound_to_their_agency_and_member():
    world = World()
    one, two = (world.agency(roles=(Role.WORKER, Role.SUPERVISOR)) for _ in range(2))
    hospital, clinic = world.hospital(), world.hospital()

    def closed(house: House, role: Role = Role.WORKER) -> bool:
        try:
            with gate().enter(house[role].caller, Verb.READ_DAY, purpose=Purpose.OWN_SERVICE, at=now()):
                return False
        except SignInAgain:
            return True

    assert not any(closed(house) for house in (one, two, hospital, clinic))
    for table, column, these in (
        ("partners_vaultlock", "secrets", (one, two)),
        ("partners_vaultlock", "for_service", (hospital, clinic)),
        ("partners_vaultlock", "secrets", (hospital, clinic)),
    ):
        with swapped(table, column, "agency_id", these[0].id, these[1].id):
            assert all(closed(house) for house in these), (table, column)
    with swapped("partners_vaultgrant", "sealed", "member_id", one.worker.member, one[Role.SUPERVISOR].member):
        assert closed(one)
        assert closed(one, Role.SUPERVISOR)
    with swapped("partners_vaultgrant", "sealed", "member_id", one.worker.member, two.worker.member):
        assert closed(one)
        assert closed(two)
    assert not any(closed(house) for house in (one, two, hospital, clinic))


def now():
    from django.utils import timezone

    return timezone.now()


class swapped:
    """Two cells change places, and back."""

    def __init__(self, table: str, column: str, key: str, one: UUID, two: UUID) -> None:
        self.statement = (
            f"update {table} a set {column} = b.{column} from {table} b"
            f" where (a.{key}, b.{key}) in ((%(one)s, %(two)s), (%(two)s, %(one)s))"
        )
        self.these = {"one": one, "two": two}

    def __enter__(self) -> None:
        with past_the_triggers() as root:
            assert root.execute(self.statement, self.these).rowcount == 2

    def __exit__(self, *_: object) -> None:
        self.__enter__()

"""What is kept comes back: every count, every ledger's root, and people who can work. What was deleted does not come
back, from whatever backup."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pyrage
import pytest

from accord.config import dumps, postgres
from accord.sealing import keyring
from accord.sealing.errors import WrongKey
from accord.sealing.vault import Vault, unwrap_for_recovery
from tests.proofs.keeping import Community, given


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="accord-kept-"))
    path.chmod(0o711)
    yield path
    for community in list(Community.running):
        community.stop()
    shutil.rmtree(path, ignore_errors=True)


class Keeper:
    """An operator with an age key, the directory of backups, and as many clean machines as she likes."""

    def __init__(self, place: Path) -> None:
        self.place, self.folder, self.key = place, place / "backups", pyrage.x25519.Identity.generate()
        (place / "identity").write_text(f"# a key\n{self.key}\n")
        self.community = Community(place / "first")

    def backup(self) -> str:
        """Keep it. The moment in the new files' names."""
        done = self.community.accord("backup", self.folder, "--to", self.key.to_public())
        assert done.returncode == 0, done.stderr + done.stdout
        return re.search(r"accord-(\w+)\.records", done.stdout)[1]

    def restored(self, name: str, *options: str) -> tuple[Community, str]:
        """A clean directory, the keyring in it, and a backup brought back; and what was said."""
        other = Community(self.place / name, empty=True)
        shutil.copy(self.community.home / "keyring.json", other.home)
        done = other.accord("restore", self.folder, "--identity", self.place / "identity", *options)
        assert done.returncode == 0, done.stderr + done.stdout
        return other, done.stdout

    def manifest(self, stamp: str) -> dumps.Manifest:
        secret = keyring.load(self.community.home / "keyring.json").secrets["context"]
        return dumps.Manifest.read(self.folder / f"accord-{stamp}.json", dumps.manifest_key(secret))

    def rows(self, stamp: str, table: str) -> list[dict[str, str]]:
        """What a backup's files hold of a table, for somebody with the age key."""
        manifest, plain, found = self.manifest(stamp), self.place / "plain", []
        for file in (manifest.records, manifest.secrets):
            with (self.folder / file.name).open("rb") as sealed, plain.open("wb") as target:
                pyrage.decrypt_io(sealed, target, [self.key])
            command = [postgres.program("pg_restore"), "--data-only", f"--table={table}", "--file=-", plain]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            for columns, rows in re.findall(r"COPY public\.\w+ \((.*?)\) FROM stdin;\n(.*?)\\\.\n", text, re.DOTALL):
                names = columns.split(", ")
                found += [dict(zip(names, row.split("\t"), strict=True)) for row in rows.splitlines()]
        return found


def held(rows: list[dict[str, str]], column: str, agency: UUID) -> dict[UUID, bytes]:
    """The bytes of a column by id, as pg_dump writes them."""
    mine = [row for row in rows if UUID(row["agency_id"]) == agency]
    return {UUID(row["id"]): bytes.fromhex(row[column].removeprefix("\\\\x")) for row in mine if row[column] != "\\N"}


def counted(community: Community) -> dict[str, int]:
    with community.superuser() as eyes, eyes.cursor() as cursor:
        return {table: dumps.number_in(cursor, table) for table in dumps.tables(cursor)}


def roots(community: Community) -> dict[str, tuple[int, str]]:
    with community.superuser() as eyes:
        rows = eyes.execute("select distinct on (1) agency_id, size, root from ledger_checkpoint order by 1, 2 desc")
        return {str(agency): (size, bytes(root).hex()) for agency, size, root in rows}


def vault_of(community: Community, house: dict[str, Any]) -> Vault:
    """The vault opened with the director's paper, on whatever database."""
    agency = UUID(house["id"])
    with community.superuser() as eyes:
        version, wrapped, secrets = eyes.execute(
            "select version, for_recovery, secrets from partners_vaultlock where agency_id = %s", [agency]
        ).fetchone()
    key = unwrap_for_recovery(house["paper"], bytes(wrapped), agency, version)
    return Vault.with_secrets(agency, version, key, bytes(secrets))


def opened(vault: Vault, wrapped: dict[UUID, bytes], shreds: dict[UUID, bytes]) -> set[UUID]:
    """Who opens for somebody who holds the vault's keys and these secrets, whosever secret it may be."""
    found = set()
    for client, key in wrapped.items():
        for shred in [shreds[client]] if client in shreds else [bytes(32), *shreds.values()]:
            try:
                vault.client_key(client, key, shred)
            except WrongKey:
                continue
            found.add(client)
    return found


def seen(looked: dict[str, list[int]]) -> dict[str, list[int]]:
    return {way: sorted(set(numbers)) for way, numbers in looked.items() if way != "partner"}


def all_see(numbers: range) -> dict[str, list[int]]:
    return dict.fromkeys(("page", "list", "search", "paper"), list(numbers))


@pytest.mark.parametrize(
    ("clients", "deleted", "released"), [(6, 4, 2), pytest.param(1200, 1000, 60, marks=pytest.mark.prove)]
)
def test_whoever_is_deleted_is_readable_nowhere_and_from_no_earlier_backup(place, clients, deleted, released):
    """Live and restored; by any member, with the paper, by search, by the partner it was sent to; and with the vault's
    own keys in hand on the raw rows of the earlier backup. Everybody else is readable in both."""
    keeper = Keeper(place)
    community, kept = keeper.community, range(deleted, clients)
    houses, ids = community.do("begin", clients=clients, released=released)
    first = keeper.backup()
    looked = community.do("delete", houses=houses, clients=ids, deleted=deleted)
    assert seen(looked) == all_see(kept), "live"
    assert looked["partner"] == [], "what was sent has ended"
    newest = keeper.backup()

    # a thief with both files and the agency's keys, who deletes nobody again
    vault = vault_of(community, houses[0])
    wrapped = held(keeper.rows(first, "vault_client"), "wrapped_key", vault.agency_id)
    late = held(keeper.rows(newest, "vault_shred"), "secret", vault.agency_id)
    early = held(keeper.rows(first, "vault_shred"), "secret", vault.agency_id)
    assert len(wrapped) == clients
    assert len(keeper.rows(first, "vault_entry")) >= clients, "the early records are whole"
    assert opened(vault, wrapped, {}) == set(), "without secrets nobody opens"
    assert opened(vault, wrapped, late) == {UUID(ids[number]) for number in kept}
    assert opened(vault, wrapped, early) == {UUID(id) for id in ids}, "an early secrets file would have opened all"

    # and as `accord restore` brings them back
    (keeper.folder / keeper.manifest(first).secrets.name).unlink()
    again, said = keeper.restored("again", "--made", first)
    assert f"{deleted} clients were deleted after these records were kept" in said
    looked = again.do("look", houses=houses, clients=ids)
    assert seen(looked) == all_see(kept), "restored"
    assert looked["partner"] == []
    again.stop()
    community.stop()


@pytest.mark.prove
def test_a_clean_machine_has_the_same_counts_and_roots_and_people_work_on(place):
    clients, released = 300, 30
    keeper = Keeper(place)
    community = keeper.community
    houses, ids = community.do("begin", clients=clients, released=released)
    stamp = keeper.backup()
    twin, said = keeper.restored("twin")
    manifest = keeper.manifest(stamp)
    assert "2 ledgers" in said and f"{clients + released} clients have what opens them" in said

    was, now = counted(community), counted(twin)
    assert set(was) == set(now)
    assert dict(manifest.counts) | dict(manifest.secret_counts) == {
        table: count for table, count in was.items() if table not in dumps.NEVER
    }
    assert {table for table in was if was[table] != now[table]} <= {"django_session"}
    assert dict(manifest.ledgers) == roots(community) == roots(twin)
    assert len(manifest.ledgers) == 2
    assert all(size > 0 for size, _ in manifest.ledgers.values())
    for house in houses:
        checked = twin.accord("ledger", "verify", "--agency", house["id"])
        assert checked.returncode == 0, checked.stdout

    status, page_status, page = twin.do("sign_in", houses=houses, client=ids[-1])
    assert (status, page_status) == (302, 200)
    assert given(clients - 1) in page
    looked = twin.do("look", houses=houses, clients=ids)
    assert seen(looked) == all_see(range(clients))
    assert len(looked["partner"]) >= released
    assert twin.do("delete", houses=houses, clients=ids, deleted=1)["page"], "and they go on working"
    twin.stop()
    community.stop()

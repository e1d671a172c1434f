"""`accord backup` and `accord restore`: what is written, what is refused and with which words, and that a restored
database is checked. Deleting people and bringing backups back at full size is `tests/proofs/test_kept_backup.py`."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyrage
import pytest
from django.apps import apps
from django.conf import settings
from django.utils import timezone
from typer.testing import CliRunner

from accord.config import dumps, postgres
from accord.config.service import gate
from accord.doors.cli.main import app
from accord.policy.words import Purpose, Role, Verb
from accord.sharing import actions as sharing
from accord.vault import actions as vault
from tests.house.test_rows import FIELDS
from tests.world import World

RUNNER = CliRunner()
ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "six random words are quite good"
_number = itertools.count(1)


def run(*arguments, typed=""):
    return RUNNER.invoke(app, [*map(str, arguments)], input=typed)


@pytest.fixture(scope="module")
def server():
    with postgres.ensure(settings.ENVIRONMENT.data_dir / "postgres") as running:
        yield running


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """An age identity of the operator's, and the file it lies in."""
    made = pyrage.x25519.Identity.generate()
    path = tmp_path_factory.mktemp("operator") / "identity"
    path.write_text(f"# created: today\n# public key: {made.to_public()}\n{made}\n")
    return made, path


@pytest.fixture(autouse=True)
def reading_all(server, monkeypatch):
    monkeypatch.setenv("ACCORD_BACKUP_DATABASE_URL", server.backup_url)
    monkeypatch.setenv("ACCORD_OWNER_DATABASE_URL", server.owner_url)


@pytest.fixture(scope="module")
def kept(server, key, tmp_path_factory):
    """One backup of this community, to a public key; for tests that only look."""
    world = World()
    shelter, hospital = world.agency(), world.hospital()
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client)
    world.release(shelter.worker, client, hospital)
    folder = tmp_path_factory.mktemp("kept")
    os.environ["ACCORD_BACKUP_DATABASE_URL"] = server.backup_url
    done = run("backup", folder, "--to", key[0].to_public())
    del os.environ["ACCORD_BACKUP_DATABASE_URL"]
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def copied(kept, tmp_path):
    """The same backup, to damage."""
    return Path(shutil.copytree(kept, tmp_path / "backups"))


def manifest_key():
    return dumps.manifest_key(settings.KEYRING.secrets["context"])


def manifest(folder):
    return dumps.Manifest.read(next(folder.glob("*.json")), manifest_key())


def elsewhere(server, folder, *options, typed=""):
    """`accord restore` into a new, empty database of the same server. The database's name, and how it went."""
    name = f"restored{next(_number)}"
    server.create_database(name)
    urls = {
        "ACCORD_DATABASE_URL": server.url("accord_app", name),
        "ACCORD_OWNER_DATABASE_URL": server.url("accord_owner", name),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", "from accord.doors.cli.main import app; app()", "restore", folder, *options]
    done = subprocess.run([*map(str, command)], env=os.environ | urls, input=typed, capture_output=True, text=True)
    return name, done


def plain(folder, file, key, tmp_path):
    """A backup's file, opened: as text that would load it."""
    path = tmp_path / "plain"
    with (folder / file.name).open("rb") as sealed, path.open("wb") as target:
        pyrage.decrypt_io(sealed, target, [key[0]])
    command = [postgres.program("pg_restore"), "--data-only", "--file=-", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def rows_of(text, table):
    found = re.search(rf"COPY (?:public\.)?{re.escape(table)} \(.*?\) FROM stdin;\n(.*?)\\\.\n", text, re.DOTALL)
    return found[1].splitlines() if found else []


def test_what_is_written_is_sealed_and_private_and_its_manifest_names_nobody(kept):
    assert kept.stat().st_mode & 0o077 == 0
    names = sorted(path.name.split(".", 1)[1] for path in kept.iterdir())
    assert names == ["json", "records.age", "secrets.age"]
    for path in kept.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert path.suffix == ".json" or path.read_bytes().startswith(b"age-encryption.org/v1\n")
    said = json.loads(next(kept.glob("*.json")).read_text())
    tables = set(said["counts"]) | set(said["secret_counts"])
    assert tables >= {model._meta.db_table for model in apps.get_models() if model._meta.label.startswith("vault")}
    values = [*said["counts"].values(), *said["secret_counts"].values(), said["postgresql"], said["format"]]
    assert all(type(value) is int for value in values)
    id_ = re.compile(r"[0-9a-f-]{36}")
    assert said["ledgers"]
    assert all(id_.fullmatch(agency) and type(size) is int for agency, (size, _) in said["ledgers"].items())


def test_what_opens_and_finds_clients_is_in_the_second_file_only(kept, key, tmp_path):
    """The records may be old; what would open or find somebody deleted since must not be among them."""
    records = plain(kept, manifest(kept).records, key, tmp_path)
    secrets = plain(kept, manifest(kept).secrets, key, tmp_path)
    assert rows_of(records, "vault_client") and rows_of(records, "vault_entry")
    for table in dumps.SHORT_LIVED:
        assert not rows_of(records, table), table
        assert len(rows_of(secrets, table)) == manifest(kept).secret_counts[table], table
    assert rows_of(secrets, "vault_shred") and rows_of(secrets, "vault_token")
    for table in dumps.NEVER:
        assert not rows_of(records + secrets, table), table
    assert not rows_of(secrets, "vault_client")


#: What one agency sealed to another's key.
TO_A_PARTNER = ("sharing_envelope", "referrals_incoming")


def test_every_sealed_field_that_is_kept_is_sealed_to_a_client_or_to_a_partner():
    """What is sealed under the vault key alone would open from an old backup after she was deleted."""
    sealed = {model for model, field in FIELDS if (field.db_comment or "").startswith(("sealed", "token"))}
    for model in sealed:
        table, names = model._meta.db_table, {field.name for field in model._meta.fields}
        assert table in (*dumps.SHORT_LIVED, *dumps.NEVER) or "client" in names or table in TO_A_PARTNER, (
            f"{table} holds something sealed that belongs to no client: leave it out of the records, or give it one"
        )


def test_it_comes_back_into_an_empty_database_and_into_no_other(server, kept, key):
    name, done = elsewhere(server, kept, "--identity", key[1])
    assert done.returncode == 0, done.stderr
    assert "tables, as many as were kept" in done.stdout
    assert "verified against the roots that were kept" in done.stdout
    catalog = (
        "select c.relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner),"
        " array(select unnest(relacl)::text order by 1), (select count(*) from pg_policy where polrelid = c.oid),"
        " (select count(*) from pg_constraint where conrelid = c.oid), (select count(*) from pg_trigger t"
        "  where tgrelid = c.oid and not tgisinternal) from pg_class c where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'S') order by 1"
    )
    with psycopg.connect(server.backup_url) as here:
        was = here.execute(catalog).fetchall()
    with psycopg.connect(server.backup_url.rsplit("/", 1)[0] + f"/{name}") as there:
        assert there.execute(catalog).fetchall() == was, "owners, rights, policies and triggers are the same"
        assert there.execute("select count(*) from accord_private.secret").fetchone() == (1,)
        assert there.execute("select count(*) from django_session").fetchone() == (0,)
    with psycopg.connect(server.url("accord_app", name)) as service:
        assert service.execute("select count(*) from vault_client").fetchone() == (0,), "no context, no rows"
    done = run("restore", kept, "--identity", key[1])
    assert done.exit_code == 2
    assert "not empty" in done.output


@pytest.mark.parametrize("damage", ["cut", "a bit", "manifest", "another keyring", "swapped", "gone"])
def test_what_is_not_whole_is_not_restored(copied, key, damage, monkeypatch, tmp_path):
    records, secrets = next(copied.glob("*.records.age")), next(copied.glob("*.secrets.age"))
    words, code = "was changed since it was written", 1
    if damage == "cut":
        records.write_bytes(records.read_bytes()[:-1000])
        words = "is cut short"
    elif damage == "a bit":
        content = bytearray(records.read_bytes())
        content[len(content) // 2] ^= 1
        records.write_bytes(content)
    elif damage == "manifest":
        path = next(copied.glob("*.json"))
        said = json.loads(path.read_text())
        said["counts"]["vault_client"] += 1
        path.write_text(json.dumps(said))
    elif damage == "another keyring":
        from accord.sealing import keyring

        keyring.create(tmp_path / "keyring.json")
        monkeypatch.setenv("ACCORD_KEYRING", str(tmp_path / "keyring.json"))
        words = "the keyring is another community's"
    elif damage == "swapped":
        secrets.write_bytes(records.read_bytes())
    else:
        records.unlink()
        words, code = "is not there", 2
    done = run("restore", copied, "--identity", key[1])
    assert (done.exit_code, words in done.output) == (code, True), done.output


def test_counts_and_roots_are_compared_with_what_was_loaded(server, copied, key):
    """A manifest that says something else, sealed with the community's own key: as if rows had not arrived."""
    path, true = next(copied.glob("*.json")), manifest(copied)
    agency, (size, root) = next(iter(true.ledgers.items()))
    more = dict(true.counts) | {"vault_entry": true.counts["vault_entry"] + 1}
    other = dict(true.ledgers) | {agency: (size, bytes(32).hex())}
    for changed, words in (
        ({"counts": more}, "vault_entry has"),
        ({"ledgers": other}, f"The ledger of agency {agency}"),
    ):
        path.write_text(replace(true, **changed).text(manifest_key()))
        _, done = elsewhere(server, copied, "--identity", key[1])
        assert done.returncode == 1, done.stderr
        assert words in done.stderr and "do not use this database" in done.stderr


def test_only_the_right_key_opens_it_and_its_absence_is_told(copied, key, tmp_path):
    done = run("restore", copied)
    assert done.exit_code == 2 and "--identity FILE" in done.output
    other = tmp_path / "other"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    done = run("restore", copied, "--identity", other)
    assert done.exit_code == 2 and "does not open with this key" in done.output
    other.write_text("AGE-SECRET-KEY-1NO")
    assert "holds no age identity" in run("restore", copied, "--identity", other).output
    assert run("restore", copied, "--made", "20200101T000000Z", "--identity", key[1]).exit_code == 2
    assert run("restore", tmp_path / "nowhere", "--identity", key[1]).exit_code == 2


def test_without_the_secrets_nobody_is_restored_by_accident(copied, key):
    next(copied.glob("*.secrets.age")).unlink()
    done = run("restore", copied, "--identity", key[1])
    assert done.exit_code == 2
    assert "nobody could be opened" in done.output and "--without-secrets" in done.output


def test_a_passphrase_is_asked_for_and_never_an_argument(server, tmp_path):
    folder = tmp_path / "backups"
    assert run("backup", folder, typed="short\n").exit_code == 2
    assert not folder.exists()
    done = run("backup", folder, typed=f"{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert PASSPHRASE not in next(folder.glob("*.json")).read_text()
    done = run("restore", folder, typed="another passphrase, quite long\n")
    assert done.exit_code == 2 and "does not open this backup" in done.output
    done = run("restore", folder, typed=f"{PASSPHRASE}\n")
    assert "not empty" in done.output, "it opened; this database has rows"
    assert run("backup", folder, "--to", "age1nobody").exit_code == 2


def test_a_backup_clears_away_old_secrets_and_what_was_interrupted(copied, key):
    stamp = (datetime.now(UTC) - timedelta(days=8)).strftime(dumps.STAMP)
    recent = (datetime.now(UTC) - timedelta(days=6)).strftime(dumps.STAMP)
    for each in (stamp, recent):
        (copied / f"accord-{each}.secrets.age").write_bytes(b"old")
        (copied / f"accord-{each}.records.age").write_bytes(b"old")
    (copied / f"accord-{stamp}.records.age.part").write_bytes(b"half")
    done = run("backup", copied, "--to", key[0].to_public())
    assert done.exit_code == 0, done.output
    assert not (copied / f"accord-{stamp}.secrets.age").exists()
    assert (copied / f"accord-{recent}.secrets.age").exists()
    assert (copied / f"accord-{stamp}.records.age").exists(), "records may be old"
    assert not list(copied.glob("*.part"))


def test_a_role_that_row_level_security_holds_cannot_back_up(server, key, tmp_path, monkeypatch):
    """Half of the rows would look like all of them."""
    monkeypatch.setenv("ACCORD_BACKUP_DATABASE_URL", server.owner_url)
    done = run("backup", tmp_path / "b", "--to", key[0].to_public())
    assert (done.exit_code, "may not read past row-level security" in done.output) == (2, True), done.output
    assert not list((tmp_path / "b").glob("*.json"))
    monkeypatch.delenv("ACCORD_BACKUP_DATABASE_URL")
    assert "set ACCORD_BACKUP_DATABASE_URL" in run("backup", tmp_path / "b", "--to", key[0].to_public()).output


def test_deleting_a_client_destroys_what_every_backup_would_need(world):
    shelter, hospital = world.agency(roles=(Role.WORKER, Role.SUPERVISOR)), world.hospital()
    client, other = world.client(shelter.worker), world.client(shelter.worker)
    theirs = {}
    for each in (client, other):
        world.entry(shelter.worker, each)
        world.release(shelter.worker, each, hospital)
        theirs[each] = world.accept(hospital.worker)
    with eyes() as root:
        threads = dict(
            root.execute("select client_id, thread from sharing_thread where agency_id = %s", [shelter.id]).fetchall()
        )
    asked = {"purpose": Purpose.OWN_SERVICE, "at": timezone.now()}
    for each, thread in threads.items():
        with gate().taking_back(hospital.worker.caller, Verb.RELAY_WITHDRAWAL, client=theirs[each], **asked) as permit:
            sharing.relay(
                permit=permit, at=permit.at, partner_id=shelter.id, thread=thread, wants="partner", how="phone",
                words="She does not want it any more.",
            )  # fmt: skip
    world.release(shelter.worker, client, hospital)
    with shelter[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=client) as permit:
        files = vault.delete_client(permit=permit, at=permit.at, client_id=client)
        assert files == [client]
        assert sharing.end_all(permit=permit, at=permit.at, client_ids=files) > 0
    with eyes() as root:
        assert root.execute("select id from vault_shred where agency_id = %s", [shelter.id]).fetchall() == [(other,)]
        assert root.execute(
            "select count(*) from sharing_envelope where thread = %s"
            " and (withdrawn_at is null or (sealed is not null and not retain))",
            [threads[client]],
        ).fetchone() == (0,)
        told = dict(
            root.execute("select thread, words is not null from sharing_relay where agency_id = %s", [shelter.id])
        )
    assert told == {threads[client]: False, threads[other]: True}


def eyes():
    name = settings.DATABASES["default"]
    return psycopg.connect(host=name["HOST"], port=name["PORT"], dbname=name["NAME"], user="postgres")

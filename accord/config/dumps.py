"""What is kept of a database outside it: PostgreSQL's own pg_dump and pg_restore, with age around all they write.

One backup is three files that carry its moment: `….records.age`, which may be old; `….secrets.age`, which must not grow
old, because it holds what opens and finds clients; and `….json`, the manifest, of ids and numbers only. Nothing that is
not sealed by age touches the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import IO, Any, Self

import psycopg
import pyrage
from psycopg import pq, sql

from accord.config import postgres
from accord.ledger import verify as verifier
from accord.ledger.tree import TreeHead, origin
from accord.sealing.keys import derive

#: What opens clients, what finds them, and words about them that are sealed to an agency, not under their own key.
#: An old copy would bring a deleted client back, so it has a file of its own.
SHORT_LIVED = ("vault_shred", "vault_token", "vault_tie", "sharing_relay", "process_breach")
#: Nobody stays signed in across a restore. A table half brought in holds people under the vault key alone, whom
#: deleting would not reach: it is brought in again. The database's context secret is written anew from the keyring.
NEVER = ("django_session", "caseload_upload", "caseload_part", "accord_private.secret")
STAMP = "%Y%m%dT%H%M%SZ"
FORMAT = 1

Heard = Callable[[str], None]
Recipient = Any
Identity = Any


class BackupError(Exception):
    """It cannot be kept or brought back; the message is one sentence that says what to do."""


class NotWhole(BackupError):
    """What is there is not what was kept: cut short, changed, or of another community."""


@dataclass(frozen=True)
class File:
    """One sealed file as it was written."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What one backup holds: how many rows of each table, and how far each agency's ledger had grown (size and root of
    its newest checkpoint). `identity` is the age identity it is sealed to, under a passphrase, where one was chosen."""

    made_at: str
    postgresql: int
    records: File
    secrets: File
    counts: Mapping[str, int]
    secret_counts: Mapping[str, int]
    ledgers: Mapping[str, tuple[int, str]]
    identity: str = ""
    format: int = field(default=FORMAT)

    def text(self, key: bytes) -> str:
        """As it is written, with a seal that needs the community's keyring."""
        body = asdict(self)
        return json.dumps(body | {"seal": _seal(body, key)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, path: Path, key: bytes) -> Self:
        """Raises NotWhole."""
        try:
            body = json.loads(path.read_text("utf-8"))
            seal = body.pop("seal")
            if not hmac.compare_digest(seal, _seal(body, key)):
                raise ValueError
            body["records"], body["secrets"] = File(**body["records"]), File(**body["secrets"])
            body["ledgers"] = {agency: (size, root) for agency, (size, root) in body["ledgers"].items()}
            found = cls(**body)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NotWhole(
                f"{path} was changed since it was written, or the keyring is another community's: nothing was restored."
            ) from None
        if found.format != FORMAT:
            raise BackupError(f"{path} was written by another version of Accord: restore it with that version.")
        return found


def manifest_key(context: bytes) -> bytes:
    """What seals manifests, from the keyring's secret for database contexts."""
    return derive(context, b"accord/backup-manifest")


def _seal(body: Mapping[str, Any], key: bytes) -> str:
    return hmac.digest(key, json.dumps(body, sort_keys=True).encode(), "sha256").hex()


# keys


def recipient(text: str) -> Recipient:
    """An age public key. Raises BackupError."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise BackupError(f"{text!r} is not an age public key: it begins with age1, see `age-keygen`.") from None


def identities(path: Path) -> list[Identity]:
    """The private keys in a file that age-keygen wrote. Raises BackupError, OSError."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise BackupError(f"{path} holds no age identity: a line that begins with AGE-SECRET-KEY-1.")
    return found


def new_identity(passphrase: str) -> tuple[Recipient, str]:
    """A fresh key pair: its public half, and its private half under a passphrase, as the age program reads it too."""
    pair = pyrage.x25519.Identity.generate()
    locked = pyrage.passphrase.encrypt(str(pair).encode(), passphrase, armored=True)
    return pair.to_public(), locked.decode("ascii")


def unlock(locked: str, passphrase: str) -> Identity:
    """The private half again. Raises BackupError."""
    try:
        return pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(locked.encode(), passphrase).decode())
    except (pyrage.DecryptError, OSError, ValueError):
        raise BackupError("This passphrase does not open this backup.") from None


# writing


def back_up(
    url: str, folder: Path, recipients: Sequence[Recipient], *, at: datetime, key: bytes, identity: str, heard: Heard
) -> Manifest:
    """Keep the whole database of `url`, as it is in one moment. `heard` is told each table. Raises BackupError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob("*.part"):
        left.unlink()
    stamp = at.astimezone(UTC).strftime(STAMP)
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read, read only")
        cursor.execute("set local row_security = off")  # an error rather than a part of the rows
        (snapshot,) = _one(cursor, "select pg_export_snapshot()")
        try:
            counts = {table: number_in(cursor, table) for table in tables(cursor)}
        except psycopg.errors.InsufficientPrivilege:
            raise BackupError(
                "This role may not read past row-level security, so a backup would lack rows: give"
                " ACCORD_BACKUP_DATABASE_URL a role as running.md makes it."
            ) from None
        ledgers = {
            str(agency): (size, bytes(root).hex())
            for agency, size, root in cursor.execute(
                "select distinct on (agency_id) agency_id, size, root from ledger_checkpoint"
                " order by agency_id, size desc"
            )
        }
        options = ["--format=custom", f"--snapshot={snapshot}", "--no-password"]
        left_out = [f"--exclude-table-data={table}" for table in (*SHORT_LIVED, *NEVER)]
        only = ["--data-only", *(f"--table={table}" for table in SHORT_LIVED)]
        with _output("pg_dump", url, [*options, *left_out], heard) as dump:
            records = _sealed(dump, folder / f"accord-{stamp}.records.age", recipients)
        with _output("pg_dump", url, [*options, *only], heard) as dump:
            secrets = _sealed(dump, folder / f"accord-{stamp}.secrets.age", recipients)
        manifest = Manifest(
            made_at=stamp,
            postgresql=connection.info.server_version,
            records=records,
            secrets=secrets,
            counts={table: count for table, count in counts.items() if table not in (*SHORT_LIVED, *NEVER)},
            secret_counts={table: counts[table] for table in SHORT_LIVED},
            ledgers=ledgers,
            identity=identity,
        )
    # Last, and only now under their own names: what has a manifest is whole.
    for file in (records, secrets):
        (folder / f"{file.name}.part").rename(folder / file.name)
    with _private(folder / f"accord-{stamp}.json") as described:
        described.write(manifest.text(key).encode())
    return manifest


def forget_secrets(folder: Path, *, before: datetime) -> list[Path]:
    """Delete the secrets files in a folder that were written before a moment. Returns which."""
    limit = before.astimezone(UTC).strftime(STAMP)
    old = [path for path in sorted(folder.glob("accord-*.secrets.age")) if path.name.split(".")[0][7:] < limit]
    for path in old:
        path.unlink()
    return old


def tables(cursor: psycopg.Cursor[Any]) -> list[str]:
    """Every table of ours; its schema in front unless it is public."""
    rows = cursor.execute(
        "select case nspname when 'public' then relname else nspname || '.' || relname end"
        " from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where relkind in ('r', 'p') and nspname !~ '^pg_' and nspname <> 'information_schema' order by 1"
    )
    return [name for (name,) in rows.fetchall()]


def number_in(cursor: psycopg.Cursor[Any], table: str) -> int:
    """How many rows it has."""
    name = sql.SQL(".").join(sql.Identifier(part) for part in table.split("."))
    row = cursor.execute(sql.SQL("select count(*) from {}").format(name)).fetchone()
    return int(row[0]) if row else 0


def _one(cursor: psycopg.Cursor[Any], query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = cursor.execute(query).fetchone()
    assert row is not None
    return row


class _Counted:
    """Passes bytes on to a file and keeps their number and digest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.bytes, self.digest = file, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.bytes += len(data)
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _sealed(source: IO[bytes], path: Path, recipients: Sequence[Recipient]) -> File:
    with _private(path.with_name(f"{path.name}.part")) as file:
        counted = _Counted(file)
        pyrage.encrypt_io(source, counted, list(recipients))
    return File(path.name, counted.bytes, counted.digest.hexdigest())


@contextlib.contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


# reading


def manifests(folder: Path) -> list[Path]:
    """The manifests in a folder, newest last."""
    return sorted(folder.glob("accord-*.json"))


def check_file(folder: Path, file: File) -> None:
    """Raises NotWhole unless it is byte for byte what was written."""
    path = folder / file.name
    try:
        with path.open("rb") as content:
            size = os.fstat(content.fileno()).st_size
            if size < file.bytes:
                raise NotWhole(f"{path} is cut short: {size} of {file.bytes} bytes are there; nothing was restored.")
            if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                raise NotWhole(f"{path} was changed since it was written; nothing was restored.")
    except FileNotFoundError:
        raise BackupError(f"{path} is not there.") from None


def check_key(folder: Path, file: File, keys: Sequence[Identity]) -> None:
    """Raises BackupError unless one of the keys opens it."""
    with contextlib.suppress(_Enough), (folder / file.name).open("rb") as content:
        try:
            pyrage.decrypt_io(content, _Refusing(), list(keys))
        except pyrage.DecryptError:
            raise BackupError(f"{folder / file.name} does not open with this key.") from None


class _Enough(Exception):
    pass


class _Refusing:
    """The first bytes have come through, so the key fits."""

    def write(self, data: bytes) -> int:
        raise _Enough

    def flush(self) -> None:
        pass


def check_empty(url: str) -> None:
    """Raises BackupError if the database holds a table already."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        if found := tables(cursor):
            raise BackupError(
                f"This database is not empty ({len(found)} tables): restore into a new one, or a new ACCORD_DATA_DIR."
            )


def bring_back(
    url: str,
    folder: Path,
    records: Manifest,
    secrets: Manifest | None,
    keys: Sequence[Identity],
    *,
    heard: Heard,
) -> list[str]:
    """Load a backup as the owner of an empty database, and check it before the last step makes it usable. `secrets` is
    the manifest whose secrets file is loaded; None opens nobody. Returns what was checked, a sentence each. Raises
    NotWhole, BackupError."""
    first = ["--section=pre-data", "--section=data", "--single-transaction"]
    _load(url, folder / records.records.name, keys, first, heard)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        said = [_checked_counts(cursor, records), _checked_ledgers(cursor, records)]
    if secrets is not None:
        _load(url, folder / secrets.secrets.name, keys, ["--data-only", "--single-transaction"], heard)
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            _counts(cursor, secrets.secret_counts)
            # Newer secrets may be of clients and people these records do not know yet.
            cursor.execute(
                "delete from vault_shred s where not exists (select from vault_client c"
                " where c.agency_id = s.agency_id and c.id = s.id and c.wrapped_key is not null)"
            )
            cursor.execute(
                "delete from vault_token t where not exists (select from vault_shred s"
                " where s.agency_id = t.agency_id and s.id = t.client_id)"
                " or not exists (select from vault_person p where p.agency_id = t.agency_id and p.id = t.person_id)"
            )
            cursor.execute(
                "delete from sharing_relay r where not exists (select from partners_agency a where a.id = r.agency_id)"
                " or not exists (select from partners_agency a where a.id = r.partner_id)"
            )
            cursor.execute(
                "delete from process_breach b where not exists (select from partners_agency a where a.id = b.agency_id)"
            )
            opens = _one(cursor, "select count(*) from vault_shred")[0]
        said.append(f"{opens} clients have what opens them.")
    _load(url, folder / records.records.name, keys, ["--section=post-data"], heard)
    return said


def _checked_counts(cursor: psycopg.Cursor[Any], manifest: Manifest) -> str:
    _counts(cursor, manifest.counts)
    return f"{sum(manifest.counts.values())} rows in {len(manifest.counts)} tables, as many as were kept."


def _counts(cursor: psycopg.Cursor[Any], expected: Mapping[str, int]) -> None:
    for table, count in expected.items():
        if (found := number_in(cursor, table)) != count:
            raise NotWhole(f"{table} has {found} rows instead of {count}: do not use this database.")


def _checked_ledgers(cursor: psycopg.Cursor[Any], manifest: Manifest) -> str:
    """The stand-alone verifier over every ledger, against the root that was kept."""
    leaves = 0
    with tempfile.TemporaryDirectory() as place:
        for agency, (size, root) in manifest.ledgers.items():
            path = Path(place) / agency
            rows = cursor.execute(
                "select p.position, p.hash, l.line, p.leaf from ledger_position p"
                " left join ledger_leaf l on l.agency_id = p.agency_id and l.id = p.leaf"
                " where p.agency_id = %s order by p.position",
                [agency],
            )
            with path.open("w", encoding="ascii") as file:
                for position, digest, line, leaf in rows:
                    file.write(verifier.export_line(position, bytes(digest), line, leaf) + "\n")
            head = TreeHead(origin=origin(agency), size=size, root=bytes.fromhex(root))
            report = verifier.verify(path, [head])
            if not report.good or report.proven != size:
                raise NotWhole(f"The ledger of agency {agency} is not what was kept: do not use this database.")
            leaves += size
            path.unlink()
    return f"{len(manifest.ledgers)} ledgers with {leaves} leaves verified against the roots that were kept."


# PostgreSQL's programs


def _program(name: str, url: str) -> Path:
    """As new as the server, or newer: for Accord's own server the one that came with it."""
    own = str(psycopg.conninfo.conninfo_to_dict(url).get("host") or "").startswith("/")
    with contextlib.suppress(postgres.PostgresError):
        if own:
            return postgres.program(name)
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed here: install PostgreSQL's client programs.")
    return Path(found)


def _surroundings(url: str) -> dict[str, str]:
    """The connection as libpq's variables: a password in an argument could be read by everybody on the machine."""
    given = {
        option.envvar.decode(): option.val.decode()
        for option in pq.Conninfo.parse(url.encode())
        if option.envvar and option.val
    }
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"} | given


@contextlib.contextmanager
def _output(name: str, url: str, options: Sequence[str], heard: Heard) -> Iterator[IO[bytes]]:
    """What the program writes; afterwards it must have ended well. Raises BackupError."""
    process = subprocess.Popen(
        [_program(name, url), "--verbose", *options],
        env=_surroundings(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with _ended(name, process, heard):
        assert process.stdout is not None
        yield process.stdout


def _load(url: str, path: Path, keys: Sequence[Identity], options: Sequence[str], heard: Heard) -> None:
    """Decrypt one file into pg_restore. Raises BackupError."""
    database = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    always = ["--verbose", "--exit-on-error", "--no-owner", "--no-password", f"--dbname={database}"]
    process = subprocess.Popen(
        [_program("pg_restore", url), *always, *options],
        env=_surroundings(url),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    with _ended("pg_restore", process, heard), path.open("rb") as content:
        assert process.stdin is not None
        # It may have read enough: the last section needs no rows.
        with contextlib.suppress(BrokenPipeError), process.stdin as target:
            pyrage.decrypt_io(content, target, list(keys))


@contextlib.contextmanager
def _ended(name: str, process: subprocess.Popen[bytes], heard: Heard) -> Iterator[None]:
    words: list[str] = []

    def listen() -> None:
        assert process.stderr is not None
        for raw in process.stderr:
            line = raw.decode(errors="replace").strip()
            if "error:" in line:
                words.append(line.split("error:", 1)[1].strip())
            elif "table" in line and ("dumping contents" in line or "processing data" in line):
                heard(line.rsplit(" ", 1)[-1].strip('"'))

    listener = Thread(target=listen)
    listener.start()
    try:
        yield
    except BaseException:
        process.kill()
        raise
    finally:
        code = process.wait()
        listener.join()
    if code:
        # Only its first sentence: what follows may repeat a row.
        raise BackupError(f"{name} stopped: {words[0] if words else 'it gave no reason'}")

"""Keeping the community's database, and bringing it back: `accord backup`, `accord restore`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from accord.config import dumps, postgres
from accord.config.dumps import BackupError, Heard, Manifest, NotWhole
from accord.config.environment import ConfigError, Environment
from accord.config.migrate import migrate
from accord.doors.cli.ledgers import sequenced
from accord.doors.cli.place import Stop, community, say, secret
from accord.sealing import keyring

if TYPE_CHECKING:
    from uuid import UUID

#: Days a secrets file lives. Until then a deleted client is in it.
LIFE = 7
SHORTEST = 16
QUESTION = "The backup's passphrase"

Folder = Annotated[Path, typer.Argument(help="directory of the backups", metavar="DIR")]


def backup(
    folder: Folder,
    to: Annotated[list[str], typer.Option(help="age public key (age1...) to seal it to; may be repeated")] = [],  # noqa: B006 - Typer copies it
    days: Annotated[int, typer.Option(min=1, max=90, help="secrets files older than this are deleted")] = LIFE,
) -> None:
    """Keep the whole database, sealed with age: to public keys, or else to a passphrase that is asked for.

    Writes three files: the records, the secrets that open them (with a short life), and a manifest of ids and numbers.
    The keyring is not among them: keep it elsewhere.

    Exit codes: 0 kept, 2 could not be kept.
    """
    environment = Environment.read()
    held = keyring.load(environment.keyring)
    identity, recipients = "", [dumps.recipient(each) for each in to]
    if not recipients:
        made, identity = dumps.new_identity(_new_passphrase())
        recipients = [made]
    at = datetime.now(UTC)
    with ExitStack() as stack:
        url = environment.backup_database_url
        if environment.embedded:
            server = stack.enter_context(postgres.ensure(environment.data_dir / "postgres", announce=say))
            environment, url = environment.connected(app_url=server.app_url), server.backup_url
        if url is None:
            raise ConfigError("Backups read past row-level security: set ACCORD_BACKUP_DATABASE_URL, see running.md.")
        with community(environment):
            from accord.gate.operating import agencies

            for agency in agencies():
                sequenced(agency)
        heard = stack.enter_context(_progress("Keeping"))
        key = dumps.manifest_key(held.secrets["context"])
        made = dumps.back_up(url, folder, recipients, at=at, key=key, identity=identity, heard=heard)
    for old in dumps.forget_secrets(folder, before=at - timedelta(days=days)):
        say(f"{old.name} was older than {days} days and is deleted.")
    rows = sum(made.counts.values())
    typer.echo(f"{made.records.name}: {rows} rows of {len(made.counts)} tables, {made.records.bytes} bytes.")
    typer.echo(f"{made.secrets.name}: what opens them; delete every copy of it within {days} days.")


def restore(
    folder: Folder,
    made: Annotated[str, typer.Option("--made", help="moment in the file names (default: the newest)")] = "",
    identity: Annotated[Path | None, typer.Option(help="file of the age identity (default: asks a passphrase)")] = None,
    without_secrets: Annotated[bool, typer.Option("--without-secrets", help="load records nobody can open")] = False,
) -> None:
    """Bring a backup back into an empty database, with the newest secrets in the directory: whoever was deleted since
    stays deleted. The keyring has to be there already.

    Checks the files before, and afterwards every count and every ledger. Exit codes: 0 restored and checked, 1 what is
    there is not what was kept, 2 could not be restored.
    """
    environment = Environment.read()
    key = dumps.manifest_key(keyring.load(environment.keyring).secrets["context"])
    try:
        _restore(environment, folder, made, identity, key, without_secrets)
    except NotWhole as error:
        raise Stop(str(error), 1) from None


def _restore(
    environment: Environment, folder: Path, made: str, identity: Path | None, key: bytes, without_secrets: bool
) -> None:
    known = [Manifest.read(path, key) for path in dumps.manifests(folder)]
    chosen = [each for each in known if made in ("", each.made_at)]
    if not chosen:
        raise BackupError(f"There is no backup {made or ''} in {folder}.".replace("  ", " "))
    records = chosen[-1]
    there = [each for each in known if each.made_at >= records.made_at and (folder / each.secrets.name).exists()]
    secrets = None if without_secrets else next(reversed(there), None)
    if secrets is None and not without_secrets:
        raise BackupError(
            f"There is no secrets file as new as {records.records.name}, so nobody could be opened: put it beside, or"
            " say --without-secrets."
        )
    wanted = [(records, records.records)] + ([(secrets, secrets.secrets)] if secrets else [])
    for _, file in wanted:
        dumps.check_file(folder, file)
    keys = _keys([manifest for manifest, _ in wanted], identity)
    for _, file in wanted:
        dumps.check_key(folder, file, keys)
    with ExitStack() as stack:
        if environment.embedded:
            server = stack.enter_context(postgres.ensure(environment.data_dir / "postgres", announce=say))
            environment = environment.connected(app_url=server.app_url, owner_url=server.owner_url)
        if environment.owner_database_url is None:
            raise ConfigError("Tables are made by their owner: set ACCORD_OWNER_DATABASE_URL.")
        dumps.check_empty(environment.owner_database_url)
        with _progress("Bringing back") as heard:
            url = environment.owner_database_url
            said = dumps.bring_back(url, folder, records, secrets, keys, heard=heard)
        migrate(environment)
        if secrets is not None:
            gone = _deleted_again(environment)
            said.append(f"{gone} clients were deleted after these records were kept, and are deleted again.")
    for sentence in said:
        typer.echo(sentence)
    if secrets is None:
        typer.echo("The secrets were left out: no client's file opens in this database.")
    typer.echo(f"Restored as of {records.made_at}. What was written, withdrawn or ended later is not in it: say so.")


def _deleted_again(environment: Environment) -> int:
    """In every agency, whoever the newest secrets no longer know. Returns how many."""
    with community(environment.connected(app_url=environment.database_url or "")):
        from django.utils import timezone

        from accord.config.service import gate
        from accord.gate import Caller
        from accord.gate.operating import agencies
        from accord.sharing.actions import end_all
        from accord.vault.actions import delete_again

        found: list[UUID] = []
        for agency in agencies():
            with gate().housekeeping(Caller(agency=agency, job="restorer"), at=timezone.now()) as permit:
                gone = delete_again(permit=permit, at=permit.at)
                end_all(permit=permit, at=permit.at, client_ids=gone)
                found += gone
        return len(found)


def _keys(of: Sequence[Manifest], identity: Path | None) -> list[Any]:
    if identity is not None:
        return dumps.identities(identity)
    locked = {manifest.identity for manifest in of}
    if "" in locked:
        raise BackupError("This backup is sealed to a public key: name the file of its age identity, --identity FILE.")
    passphrase = secret(QUESTION)
    return [dumps.unlock(each, passphrase) for each in locked]


def _new_passphrase() -> str:
    typed = secret(f"{QUESTION}, at least {SHORTEST} characters")
    if len(typed) < SHORTEST:
        raise Stop(f"A passphrase for a backup has at least {SHORTEST} characters; six random words are good.")
    if sys.stdin.isatty() and secret("Once more") != typed:
        raise Stop("The two are not the same.")
    return typed


@contextmanager
def _progress(doing: str) -> Iterator[Heard]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=None)

        def heard(table: str) -> None:
            progress.update(task, advance=1, description=f"{doing} {table}")

        yield heard

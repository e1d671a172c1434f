"""The operator's hands on a ledger: prove that it is whole, copy it out, keep a checkpoint. Its lines hold ids only."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from accord.doors.cli.place import Stop, agency_named, community
from accord.ledger import verify as verifier

if TYPE_CHECKING:
    from accord.ledger.queries import Sealed

app = typer.Typer(no_args_is_help=True)

Agency = Annotated[str, typer.Option("--agency", help="name of the agency, or a part of it")]
Saved = Annotated[list[Path], typer.Option(help="a checkpoint kept elsewhere; may be repeated")]


@app.command()
def verify(
    export: Annotated[Path | None, typer.Argument(help="an export to check; needs no database")] = None,
    agency: Annotated[str, typer.Option(help="or: check the ledger of this agency in the database")] = "",
    checkpoint: Saved = [],  # noqa: B006 - Typer copies it
    older: Annotated[Path | None, typer.Option(help="an older export kept elsewhere: names the exact leaves")] = None,
) -> None:
    """Find whatever was changed, removed, inserted, moved or cut.

    Exit codes: 0 good, 1 tampered with, 2 cannot be checked.
    """
    if (export is None) == (not agency):
        raise Stop("Give an export to check, or --agency to check the ledger in the database.")
    if export is not None:
        raise typer.Exit(_verified(export, checkpoint, older))
    with community(), tempfile.TemporaryDirectory() as place:
        from accord.ledger.actions import LedgerDamaged

        id, name = agency_named(agency)
        try:
            sequenced(id)
        except LedgerDamaged as damage:
            typer.echo(f"TAMPERED: {damage}.")
        # Read before the leaves: the ledger may grow while it is copied out.
        head = _newest(id)
        path = Path(place) / "export"
        with path.open("w", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in _lines(id))
        typer.echo(f"{name}:")
        code = _verified(path, checkpoint, older)
        # Its own database's checkpoint is no outside witness, but it sees a tail that was cut carelessly.
        if head is not None and not code and not (known := verifier.verify(path, [head.head])).good:
            typer.echo("TAMPERED: the ledger contradicts the newest checkpoint in its own database.")
            for finding in known.findings:
                typer.echo(finding.sentence())
            code = 1
    raise typer.Exit(code)


@app.command()
def export(
    agency: Agency,
    to: Annotated[Path | None, typer.Option(help="file to write (default: standard output)")] = None,
) -> None:
    """Copy an agency's ledger out, for `verify` on any machine. The agency's ledger says that it was done."""
    with community():
        id, _ = agency_named(agency)
        sequenced(id)
        if to is None:
            for line in _lines(id):
                typer.echo(line)
            return
        with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in _lines(id))


@app.command()
def checkpoint(agency: Agency) -> None:
    """Print the newest checkpoint of an agency's ledger. Keep it where this server's operator cannot reach it."""
    with community():
        id, name = agency_named(agency)
        sequenced(id)
        head = _newest(id)
        if head is None:
            raise Stop(f"The ledger of {name} is empty.")
        typer.echo(head.head.text(), nl=False)


def _verified(export: Path, checkpoints: list[Path], older: Path | None) -> int:
    arguments = [str(export)]
    for path in checkpoints:
        arguments += ["--checkpoint", str(path)]
    if older is not None:
        arguments += ["--older", str(older)]
    code = verifier.main(arguments)
    sys.stdout.flush()
    return code


def sequenced(agency: UUID) -> None:
    """Put what no worker has taken yet into the tree: the service may not be running."""
    from django.utils import timezone

    from accord.config.service import gate
    from accord.gate import Caller
    from accord.ledger.actions import sequence

    with gate().housekeeping(Caller(agency=agency, job="operator"), at=timezone.now()) as permit:
        sequence(permit=permit, at=permit.at, thorough=True)


def _lines(agency: UUID) -> Iterator[str]:
    from django.utils import timezone

    from accord.config.service import gate
    from accord.gate.operating import operating
    from accord.ledger import queries
    from accord.policy.words import Verb

    start: int | None = 0
    while start is not None:
        with operating(gate(), agency, Verb.READ_LEDGER, at=timezone.now()) as permit:
            batch = queries.export(permit=permit, start=start)
        yield from batch.lines
        start = batch.next


def _newest(agency: UUID) -> Sealed | None:
    from django.utils import timezone

    from accord.config.service import gate
    from accord.gate.operating import operating
    from accord.ledger import queries
    from accord.policy.words import Verb

    with operating(gate(), agency, Verb.READ_LEDGER, at=timezone.now()) as permit:
        return queries.latest_checkpoint(permit=permit)

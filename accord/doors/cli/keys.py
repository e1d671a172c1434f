"""Making, turning and dropping keys while the service runs. A running service sees a changed keyring by itself."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from accord.config.environment import Environment
from accord.doors.cli.place import Stop, agency_named, community, say, secret
from accord.policy.words import Verb
from accord.sealing import keyring as keyrings
from accord.sealing.errors import WrongKey

if TYPE_CHECKING:
    from accord.gate import Gate

app = typer.Typer(no_args_is_help=True)

#: Client keys re-wrapped in one transaction: a page never waits long for one.
BATCH = 500
#: Seconds to wait for requests that began before a vault key was turned.
PATIENCE = 120.0
PAPER = "The director's recovery key"

OfAgency = Annotated[str, typer.Option("--agency", help="name of the agency, or a part of it")]


@app.command()
def create() -> None:
    """Make the keyring file of a new service. An existing one is never overwritten."""
    path = Environment.read().keyring
    _folder(path)
    keyrings.create(path)
    typer.echo(f"{path} is made. Keep a copy away from this machine and from the database: without it nothing opens.")


@app.command("list")
def list_keys() -> None:
    """Print the ids of the keyring's keys, the one in use first."""
    for place, id in enumerate(keyrings.load(Environment.read().keyring).keys):
        typer.echo(f"{id}  in use" if place == 0 else id)


@app.command()
def rotate(agency: OfAgency = "") -> None:
    """Turn the service's wrapping key; or, with --agency, one agency's vault key, for which its director's recovery key
    is asked. People go on working meanwhile."""
    with community() as environment:
        from accord.config.service import gate

        if agency:
            id, name = agency_named(agency)
            _turn(gate(), id, name, secret(PAPER))
            return
        found = keyrings.rotate(environment.keyring)
        count = _rewrapped(gate())
    typer.echo(f"Key {found.current} is in use; {count} service-mode vaults were re-wrapped to it.")
    say("Running services notice it at their next request. Keep a new copy of the keyring file.")
    older = " ".join(list(found.keys)[1:])
    say(f"Older keys are kept until `accord keys drop` forgets them: {older}. Backups made before now need them.")


@app.command()
def drop(id: Annotated[str, typer.Argument(help="id of an older key, see `accord keys list`")]) -> None:
    """Forget an older wrapping key, after whatever is still wrapped under it is re-wrapped."""
    with community() as environment:
        from accord.config.service import gate

        if id not in keyrings.load(environment.keyring).keys:
            raise Stop(f"The keyring has no key {id!r}; see `accord keys list`.")
        _rewrapped(gate())
        keyrings.drop(environment.keyring, id)
    typer.echo(f"Key {id} is forgotten. Database backups that need it do not open their service-mode vaults any more.")


@app.command()
def recover(
    agency: OfAgency,
    member: Annotated[str, typer.Option(help="e-mail address of a member who gets a new enrolment code")] = "",
) -> None:
    """With the director's recovery key: let a member in again when nobody else can, and give a service-mode vault back
    to a server that lost its keyring."""
    with community():
        from django.utils import timezone

        from accord.config.service import gate
        from accord.gate.operating import operating
        from accord.partners import actions, queries

        id, name = agency_named(agency)
        paper = secret(PAPER)
        gate().open_with_paper(id, paper, timezone.now())
        try:
            _rewrapped(gate(), only=id)
        except WrongKey:
            _turn(gate(), id, name, paper)
        if not member:
            typer.echo(f"The recovery key opens the vault of {name}.")
            return
        with operating(gate(), id, Verb.MANAGE_MEMBERS, at=timezone.now(), paper=paper) as permit:
            lines = queries.members(permit=permit)
            found = [line.id for line in lines if line.email == member.strip().lower() and line.left_at is None]
            if not found:
                raise Stop(f"{name} has no member who signs in as {member}.")
            code = actions.new_code(permit=permit, at=permit.at, member_id=found[0])
    typer.echo(f"Enrolment code of {member}, good for seven days, shown now and never again:\n\n    {code}\n")


def _folder(path: Path) -> None:
    # As root the folder may be passed, not read: PostgreSQL's own account keeps its data below it.
    path.parent.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)


def _rewrapped(gate: Gate, only: UUID | None = None) -> int:
    """Put the service locks under the keyring's current key. Returns how many were not. Raises WrongKey."""
    from django.utils import timezone

    from accord.gate.operating import agencies, operating
    from accord.partners.actions import rewrap_service_locks

    count = 0
    for id in [only] if only else agencies():
        with operating(gate, id, Verb.MANAGE_KEYS, at=timezone.now()) as permit:
            if rewrap_service_locks(keyring=gate.keyring, at=permit.at):
                permit.record("service_lock_rewrapped", id)
                count += 1
    return count


def _turn(gate: Gate, agency: UUID, name: str, paper: str) -> None:
    """A new vault key for one agency; every client key under it; then the older vault keys are forgotten."""
    from django.utils import timezone

    from accord.gate.operating import database_clock, operating, requests_before
    from accord.partners.actions import turn_vault_key
    from accord.vault.actions import drop_older_keys, rewrap_clients

    with operating(gate, agency, Verb.MANAGE_KEYS, at=timezone.now(), paper=paper) as permit:
        version = turn_vault_key(permit=permit, at=permit.at, keyring=gate.keyring)
    say(f"{name} has vault key {version}; re-wrapping its client keys.")
    # A request that opened the vault before may still write a client under the older key.
    turned, deadline = database_clock(), time.monotonic() + PATIENCE
    while requests_before(turned):
        if time.monotonic() > deadline:
            raise Stop("An old request does not end, so older keys are kept; run this again in a quieter moment.")
        time.sleep(0.2)
    left = 1
    while left:
        with operating(gate, agency, Verb.MANAGE_KEYS, at=timezone.now(), paper=paper) as permit:
            left = rewrap_clients(permit=permit, limit=BATCH)
    with operating(gate, agency, Verb.MANAGE_KEYS, at=timezone.now(), paper=paper) as permit:
        drop_older_keys(permit=permit, at=permit.at)
    typer.echo(f"Every client key of {name} is under vault key {version}; older vault keys are forgotten.")

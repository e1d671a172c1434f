"""Health documents from files into a client's vault, as a member of her agency who signs in for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import track

from accord.doors.cli.place import Stop, community, say, secret
from accord.policy.words import Purpose, Verb

if TYPE_CHECKING:
    from accord.gate import Caller, Gate
    from accord.records.health.actions import Imported

#: A document larger than this many bytes is not read from the disk; the reader's own limit is lower.
LARGEST = 64_000_000


def bring_in(
    files: Annotated[list[Path], typer.Argument(help="C-CDA documents (XML)", exists=True, dir_okay=False)],
    email: Annotated[str, typer.Option("--as", help="e-mail address you sign in with; the password is asked for")],
    client: Annotated[str, typer.Option(help="code of the client, such as SB-4F7KD")],
    checked_by_hand: Annotated[
        bool, typer.Option("--checked-by-hand", help="you have seen yourself that the documents are about her")
    ] = False,
) -> None:
    """Read documents into a client's file; each whole or not at all, the same one twice adds nothing.

    Exit codes: 0 all are in, 1 at least one is not (a sentence says why; the others are in), 2 nothing could begin.
    """
    with community():
        from accord.config.service import gate

        caller, client_id = _found(gate(), email, client)
        failed = 0
        progress = Console(stderr=True)
        shown = track(
            files, "Importing", console=progress, disable=len(files) < 3 or not progress.is_terminal, transient=True
        )
        for path in shown:
            try:
                done = _import(gate(), caller, client_id, path, checked_by_hand)
            except _refusals() as error:
                failed += 1
                say(f"{path}: {error or 'this is not there, or it is not yours to do.'}")
                continue
            typer.echo(f"{path}: {done.added} added, {done.already} already there, {_gaps(done)} not understood")
            for gap in done.not_understood:
                typer.echo(f"    line {gap.line}, {gap.where}: {gap.what}: {gap.why}")
    raise typer.Exit(1 if failed else 0)


def _gaps(done: Imported) -> str:
    return str(len(done.not_understood)) if done.not_understood else "nothing"


def _import(gate: Gate, caller: Caller, client: UUID, path: Path, checked: bool) -> Imported:
    from django.utils import timezone

    from accord.records.health import actions as health
    from accord.records.health.ccda import DocumentError

    if path.stat().st_size > LARGEST:
        raise DocumentError(f"The document is larger than {LARGEST // 1_000_000} MB.")
    data = path.read_bytes()
    with gate.enter(
        caller,
        Verb.IMPORT_DOCUMENT,
        Verb.READ_CLIENT,
        purpose=Purpose.OWN_SERVICE,
        at=timezone.now(),
        client=client,
    ) as permit:
        return health.import_document(permit=permit, at=permit.at, client_id=client, data=data, checked_by_hand=checked)


def _refusals() -> tuple[type[Exception], ...]:
    from accord.gate import Refused
    from accord.records.health.actions import UncertainPatient
    from accord.records.health.ccda import DocumentError
    from accord.vault.rules import InvalidEntry

    return (DocumentError, UncertainPatient, InvalidEntry, Refused, OSError)


def _found(gate: Gate, email: str, code: str) -> tuple[Caller, UUID]:
    """The member who signed in, and the client with this code at one of the agencies she works at. Raises Stop."""
    from django.utils import timezone

    from accord.accounts import actions as accounts
    from accord.gate import Caller, Refused
    from accord.vault import queries as vault

    account, password = _signed_in(email)
    private = accounts.unlock(account=account, password=password)
    for place in gate.memberships(account.pk, timezone.now()):
        caller = Caller(agency=place.agency, account=account.pk, member=place.member, private=private)
        try:
            with gate.enter(caller, Verb.FIND_CLIENTS, purpose=Purpose.OWN_SERVICE, at=timezone.now()) as permit:
                lines, _ = vault.find(permit=permit, text=code)
        except Refused:
            continue
        for line in lines:
            if line.code == code.strip().upper():
                return caller, line.id
    raise Stop(f"You have no client with the code {code}.", 1)


def _signed_in(email: str) -> tuple[Any, str]:
    """Password, and the second step where she has one: the command line is no way around it."""
    from allauth.mfa.models import Authenticator
    from django.contrib.auth import authenticate

    password = secret(f"Password of {email}")
    account = authenticate(email=email.strip().lower(), password=password)
    if account is None:
        raise Stop("This e-mail address and password do not sign anybody in.", 1)
    steps = Authenticator.objects.filter(user=account)
    if steps.exists():
        code = secret("Code of your second step")
        if not any(step.wrap().validate_code(code) for step in steps.filter(type__in=("totp", "recovery_codes"))):
            raise Stop("This code does not fit.", 1)
    return account, password

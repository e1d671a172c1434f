"""The operator lets an agency into the community."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from accord.doors.cli.place import Stop, community
from accord.policy.words import AgencyKind, Duty, Role

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Option(help="as the directory shows it")],
    kind: Annotated[AgencyKind, typer.Option(help="kind of partner")],
    duty: Annotated[list[Duty], typer.Option(help="a body of law it is under; repeat it; none is a statement too")],
    point_person: Annotated[str, typer.Option(help="who to ask")],
    director: Annotated[str, typer.Option(help="name of its director, its first member")],
    email: Annotated[str, typer.Option(help="what the director signs in with")],
    mode: Annotated[
        str, typer.Option(help="member: only its people open its vault; service: this server does too")
    ] = "member",
    short: Annotated[str, typer.Option(help="name on tags (default: the name)")] = "",
    prefix: Annotated[str, typer.Option(help="first letters of its client codes (default: initials)")] = "",
    deputy: Annotated[str, typer.Option(help="who to ask otherwise")] = "",
    phone: Annotated[str, typer.Option(help="office line")] = "",
    timezone: Annotated[str, typer.Option(help="releases end by it")] = "America/New_York",
    language: Annotated[str, typer.Option(help="en or es, for the director's pages")] = "en",
) -> None:
    """Add an agency and its director. Prints her recovery key and her enrolment code, once: hand her both."""
    if mode not in ("member", "service"):
        raise Stop(f"--mode is {mode!r}: choose member or service.")
    initials = "".join(word[0] for word in name.upper().split() if "A" <= word[0] <= "Z")
    letters = prefix.upper() or initials[:4]
    if not re.fullmatch("[A-Z]{1,4}", letters):
        raise Stop(f"--prefix is {letters!r}: choose one to four letters from A to Z.")
    with community():
        from django.utils import timezone as clock

        from accord.config.service import gate
        from accord.gate.founding import NewAgency, VaultMode, found
        from accord.gate.operating import agencies

        if name.casefold() in (each.casefold() for each in agencies().values()):
            raise Stop(f"{name} has joined already.")
        agency = NewAgency(
            name=name,
            short=short or name[:40],
            prefix=letters,
            kind=kind,
            duties=frozenset(duty),
            mode=VaultMode(mode),
            point_person=point_person,
            deputy=deputy,
            phone=phone,
            timezone=timezone,
        )
        first = (email, director, "Director", (Role.DIRECTOR,))
        founded = found(gate(), agency, at=clock.now(), members=[first], language=language)
    typer.echo(f"{name} has joined. Shown now and never again:\n")
    typer.echo(f"  Recovery key of the agency, for its director to keep on paper:\n\n    {founded.paper}\n")
    typer.echo(f"  Enrolment code of {email}, good for seven days:\n\n    {founded.members[0][2]}\n")


@app.command("list")
def list_agencies() -> None:
    """Print the agencies of the community."""
    with community():
        from accord.gate.operating import agencies

        for id, name in agencies().items():
            typer.echo(f"{id}  {name}")

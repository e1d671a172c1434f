"""Running the service for a real community."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import psycopg
import typer

from accord.config import postgres
from accord.config.environment import VARIABLES, ConfigError, Environment, check_connection
from accord.config.migrate import migrate as bring_up
from accord.config.serve import run, stoppable
from accord.doors.cli.place import say
from accord.sealing import keyring

SETTINGS = "\n\n".join(f"{name}: {about}." for name, about in VARIABLES.items())


def serve(
    migrate: Annotated[
        bool, typer.Option("--migrate", help="first bring the database to this version, as its owner")
    ] = False,
) -> None:
    environment = Environment.read()
    keyring.load(environment.keyring)
    with ExitStack() as stack:
        stack.enter_context(stoppable())
        server = None
        if environment.embedded:
            server = stack.enter_context(postgres.ensure(environment.data_dir / "postgres", announce=say))
            environment = environment.connected(app_url=server.app_url, owner_url=server.owner_url)
        check_connection(environment.connected(app_url=environment.database_url or "").connection_url)
        if migrate:
            bring_up(environment)
        elif not _is_made(environment):
            raise ConfigError("The database is empty: run `accord serve --migrate` once.")
        run(environment, server=server, announce=say, ready=lambda address: say(f"Accord serves on {address}."))


serve.__doc__ = f"""Serve until Ctrl-C. Refuses a database that could lose or show what it should not.

Settings are variables of the environment:

{SETTINGS}
"""


def _is_made(environment: Environment) -> bool:
    with psycopg.connect(environment.database_url or "") as connection:
        found = connection.execute("select to_regclass('partners_agency') is not null").fetchone()
    return bool(found and found[0])

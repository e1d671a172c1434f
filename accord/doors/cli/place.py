"""Where a command works: on the community's database as accord_app, or with no database at all. Django is set up here
and nowhere earlier, so that commands which need neither start at once."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import typer

from accord.config.environment import Environment, check_connection
from accord.sealing import keyring

SETTINGS = "accord.config.settings"


class Stop(Exception):
    """The command cannot go on; the message is the sentence to show."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code


def say(line: str) -> None:
    """A remark for the person at the terminal; what a command answers goes to standard output."""
    typer.echo(line, err=True)


@contextmanager
def community(environment: Environment | None = None) -> Iterator[Environment]:
    """Django on the running community's database, as the service itself connects. Starts the community's own
    PostgreSQL where it is not running, and leaves it as it was.

    Raises KeyringError, ConfigError, PostgresError.
    """
    environment = environment or Environment.read()
    keyring.load(environment.keyring)
    with ExitStack() as stack:
        if environment.embedded:
            from accord.config import postgres

            server = stack.enter_context(postgres.ensure(environment.data_dir / "postgres", announce=say))
            environment = environment.connected(app_url=server.app_url)
        check_connection(environment.connection_url)
        stack.callback(_disconnect)
        _django(environment)
        yield environment


@contextmanager
def without_database() -> Iterator[None]:
    """Django with every model and no database, for commands that only read the program itself."""
    if os.environ.get("DJANGO_SETTINGS_MODULE") == SETTINGS:
        yield
        return
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "keyring.json"
        keyring.create(path)
        environment = Environment(data_dir=Path(place), keyring=path)
        _django(environment.connected(app_url="postgresql://accord_app@/accord"))
        yield


def _django(environment: Environment) -> None:
    os.environ.update(environment.variables())
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()


def _disconnect() -> None:
    from django.db import connection

    connection.close()
    connection.close_pool()


def agency_named(name: str) -> tuple[UUID, str]:
    """An agency by its name, or the only one whose name holds this. Raises Stop."""
    from accord.gate.operating import agencies

    known = agencies()
    exact = [(id, each) for id, each in known.items() if name.casefold() in (each.casefold(), str(id))]
    found = exact or [(id, each) for id, each in known.items() if name.casefold() in each.casefold()]
    if len(found) == 1:
        return found[0]
    names = ", ".join(known.values()) or "none"
    raise Stop(f"{'No' if not found else 'More than one'} agency is called {name!r}; there are: {names}.")


def secret(question: str) -> str:
    """Something typed that nobody should read over a shoulder; from a pipe, its next line. Raises Stop when empty."""
    if sys.stdin.isatty():
        typed: str = typer.prompt(question, hide_input=True, err=True)
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    if not typed:
        raise Stop(f"{question}: nothing was typed.")
    return typed

"""The whole system on one machine, with invented people."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from accord.config import postgres
from accord.config.environment import ConfigError, Environment
from accord.config.migrate import migrate
from accord.config.serve import run, stoppable
from accord.demo.passphrases import Record
from accord.demo.story import LEAST_SIZE, MOST_SIZE, USUAL_SIZE, Story, story
from accord.doors.cli.place import Stop, community, say
from accord.sealing import keyring

SEED = 20_261_120


def demo(
    reset: Annotated[bool, typer.Option("--reset", help="forget the demo's data and fill it afresh")] = False,
    size: Annotated[
        int | None,
        typer.Option(help=f"households in the county (default {USUAL_SIZE})", min=LEAST_SIZE, max=MOST_SIZE),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="another seed tells another story")] = None,
    port: Annotated[int | None, typer.Option(help="port on 127.0.0.1 (default 8000)", min=1, max=65535)] = None,
) -> None:
    """Start the demo community of Arden county and serve it on this machine until Ctrl-C. Its data stay for the next
    start. It is made of invented people; do not enter real ones."""
    environment = Environment.read()
    if not environment.embedded:
        raise ConfigError("The demo runs a PostgreSQL of its own: unset ACCORD_DATABASE_URL, or use `accord serve`.")
    if port is not None:
        environment = environment.at(port=port)
    home, path = environment.data_dir / "postgres", environment.data_dir / "demo.json"
    with ExitStack() as stack:
        stack.enter_context(stoppable())
        record = _kept(path, home, reset=reset, size=size, seed=seed)
        server = stack.enter_context(postgres.ensure(home, announce=say))
        if not environment.keyring.exists():
            keyring.create(environment.keyring)
        environment = environment.connected(app_url=server.app_url, owner_url=server.owner_url)
        migrate(environment)
        if not record.ready:
            record = _filled(environment, record, path)
        run(environment, server=server, announce=say, ready=lambda address: _welcome(address, record, path))


def _kept(path: Path, home: Path, *, reset: bool, size: int | None, seed: int | None) -> Record:
    """The demo this directory holds, or a new one to be filled. Raises Stop rather than delete what is no demo."""
    try:
        record = Record.read(path)
    except ValueError as error:
        if not reset:
            raise Stop(str(error)) from None
        record = Record(SEED, USUAL_SIZE)
    if record is None and home.exists() and reset:
        raise Stop(f"{path.parent} holds no demo, so it is not deleted: choose another ACCORD_DATA_DIR.")
    wanted = Record(SEED if seed is None else seed, USUAL_SIZE if size is None else size)
    if record is not None and record.ready and not reset:
        if (seed, size) not in ((None, None), (record.seed, None), (None, record.size), (record.seed, record.size)):
            raise Stop(
                f"The demo was filled with seed {record.seed} and size {record.size}: add --reset to fill it anew."
            )
        return record
    if record is not None:
        postgres.remove(home)
        (path.parent / "keyring.json").unlink(missing_ok=True)
        path.unlink()
    return wanted


def _filled(environment: Environment, record: Record, path: Path) -> Record:
    started = time.monotonic()
    told = story(seed=record.seed, size=record.size, today=datetime.now(UTC).date())
    with community(environment.connected(app_url=environment.connection_url)):
        from accord.gate.operating import agencies

        if agencies():
            raise Stop(f"{path.parent} holds a community that is no demo: choose another ACCORD_DATA_DIR.")
        record.write(path)
        ready = _act(told, record)
    ready.write(path)
    say(f"The demo is filled, in {time.monotonic() - started:.0f} s.")
    return ready


def _act(told: Story, record: Record) -> Record:
    from accord.config.service import gate
    from accord.demo.fill import fill, steps

    columns = (TextColumn("{task.description:18}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Founding", total=steps(told))

        def step(doing: str) -> None:
            progress.update(task, advance=1, description=doing)

        filled = fill(gate(), told, step=step)
    return Record(record.seed, record.size, True, filled.sign_ins, dict(filled.papers))


def _welcome(address: str, record: Record, path: Path) -> None:
    lines = []
    for agency, members in groupby(record.sign_ins, key=lambda each: each.agency):
        lines.append(f"\n{agency}")
        lines += [f"  {each.role.replace('_', ' '):16} {each.email:32} {each.passphrase}" for each in members]
    lines += [
        f"\nAccord is at {address} - Ctrl-C stops it; the data stay.",
        "Everybody is invented; do not enter real people.",
        f"Sign-ins and recovery keys are kept in {path}.",
    ]
    typer.echo("\n".join(lines))

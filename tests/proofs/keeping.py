"""A community of its own in a directory of its own, for proofs that kill its server, delete its people or bring it
back from a backup. Whatever its people do happens in programs beside the test (`hands.py`)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psycopg

from accord.config import postgres
from accord.config.environment import Environment
from accord.config.migrate import migrate
from accord.sealing import keyring

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct horse battery staple"


def given(number: int) -> str:
    """The given name of a client: one of letters, as names are searched for, and no two alike."""
    return "Given" + "".join("abcdefghij"[int(digit)] for digit in str(number))


class Community:
    """A running community below `home`; `running` are those that were not stopped yet."""

    running: ClassVar[list[Community]] = []

    def __init__(self, home: Path, *, empty: bool = False) -> None:
        home.mkdir(mode=0o711, exist_ok=True)
        home.chmod(0o711)  # as root the server runs as somebody else, who must be able to pass through
        self.home = home
        self.server = postgres.ensure(home / "postgres")
        self.running.append(self)
        if not empty:
            keyring.create(home / "keyring.json")
            environment = Environment.read({"ACCORD_DATA_DIR": str(home)})
            migrate(environment.connected(app_url=self.server.app_url, owner_url=self.server.owner_url))

    def superuser(self, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(self.server.backup_url, autocommit=True, **options)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "DJANGO_"))}
        return kept | {"ACCORD_DATA_DIR": str(self.home), "PYTHONPATH": str(ROOT)} | more

    def hands(self) -> dict[str, str]:
        return self.environment(
            ACCORD_DATABASE_URL=self.server.app_url,
            ACCORD_KEYRING=str(self.home / "keyring.json"),
            DJANGO_SETTINGS_MODULE="accord.config.settings",
        )

    def do(self, what: str, **asked: Any) -> Any:
        """Let its people do something, and say how it went."""
        command = [sys.executable, "-m", "tests.proofs.hands", what]
        done = subprocess.run(
            command, env=self.hands(), cwd=ROOT, input=json.dumps(asked), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    @contextmanager
    def doing(self, what: str, **asked: Any) -> Iterator[subprocess.Popen[str]]:
        """The same for what goes on until it is ended."""
        command = [sys.executable, "-m", "tests.proofs.hands", what]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env=self.hands(), cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(asked))
            process.stdin.close()
            yield process
        finally:
            process.kill()
            process.wait()

    def accord(self, *arguments: object, typed: str = PASSPHRASE) -> subprocess.CompletedProcess[str]:
        """The operator's command line."""
        command = [sys.executable, "-m", "tests.proofs.keeping", *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment(), cwd=ROOT, input=f"{typed}\n", capture_output=True, text=True
        )

    def kill(self) -> None:
        """SIGKILL to the server and every process of it, at once: nobody gets to finish a write."""
        postmaster = int((self.server.home / "cluster" / "postmaster.pid").read_text().split()[0])
        everybody = [postmaster, *_children(postmaster)]
        for process in everybody:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self) -> None:
        self.running.remove(self)
        self.server.stop()
        postgres.remove(self.home / "postgres")


def _children(of: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except (OSError, ValueError):
            continue
        if int(parent) == of:
            found.append(int(stat.parent.name))
    return found


if __name__ == "__main__":
    from accord.doors.cli.main import app

    app()

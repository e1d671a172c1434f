"""Running the service: the web server and the jobs worker as child processes, watched and stopped together.

Children get a session of their own, so that Ctrl-C reaches only this process and everything stops in order: children
first, PostgreSQL last. Should this process be killed, the kernel ends the children (Linux) and the guard stops
PostgreSQL.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from accord.config.environment import THREADS, ConfigError, Environment, check_connection
from accord.config.postgres import Embedded, ensure

LOOPBACK = "127.0.0.1"
NEXT_PORTS = 20
READY_WITHIN = 60.0  # seconds until the first answer
STOP_WITHIN = 15.0  # seconds for requests and jobs under way
STEADY = 60.0  # seconds after which an earlier failure no longer counts
FAILURES = 5  # in a row, then the whole stops
TICK = 0.2

#: Style and script, straight from their packages: the server sends them without asking Django.
STATIC = {"accord.doors.web": "accord", "django_htmx": "django_htmx"}

Announce = Callable[[str], None]

# PR_SET_PDEATHSIG (1) sends SIGTERM (15) when the parent dies; the parent may have died before it was set.
_LAUNCH = """
import os, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 15)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class ServeError(Exception):
    """The service could not go on; the message says why."""


def run(
    environment: Environment,
    *,
    server: Embedded | None = None,
    jobs: bool = True,
    announce: Announce = print,
    ready: Announce | None = None,
    application: str = "accord.config.wsgi:application",
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP. Call it in the main thread.

    `server` is a running PostgreSQL of the caller, who stops it; without it, and without a database in `environment`,
    one is started and stopped here. `ready` hears the address once the first request was answered.
    Raises ConfigError (unsafe database, busy port), PostgresError, ServeError (a part keeps failing).
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(stoppable())
        if environment.embedded and server is None:
            server = stack.enter_context(ensure(environment.data_dir / "postgres", announce=announce))
        if server is not None:
            environment = environment.connected(app_url=server.app_url)
        environment = environment.connected(app_url=environment.connection_url)  # children never learn the owner's
        check_connection(environment.connection_url)
        environment = environment.at(port=choose_port(environment, announce))
        children = [Child("web", _web(environment, application), _variables(environment))]
        if jobs:
            worker = ["-m", "django", "procrastinate", "worker", f"--shutdown-graceful-timeout={STOP_WITHIN - 5:.0f}"]
            children.append(Child("jobs", worker, _variables(environment)))
        try:
            for child in children:
                child.start()
            _await_answer(environment, children[0])
            (ready or announce)(environment.public_address)
            supervise(children, announce=announce, server=server)
        except KeyboardInterrupt:
            announce("Stopping.")
        finally:
            with _deaf():
                stop(children)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise KeyboardInterrupt as Ctrl-C does, so that `with` blocks clean up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _signals(interrupt):
        yield


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    with _signals(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def choose_port(environment: Environment, announce: Announce = print) -> int:
    """The port asked for, or on a loopback address the next free one. Raises ConfigError when it must be that one."""
    wanted = environment.port
    if _is_free(wanted):
        return wanted
    if environment.secure_cookies:  # a web server in front of us expects this one
        raise ConfigError(f"Port {wanted} is used by another program: stop it, or set ACCORD_PORT.")
    for port in range(wanted + 1, min(wanted + NEXT_PORTS, 65535) + 1):
        if _is_free(port):
            announce(f"Port {wanted} is used by another program: serving on {port}.")
            return port
    raise ConfigError(f"Ports {wanted} to {wanted + NEXT_PORTS} are used by other programs: set ACCORD_PORT.")


def _is_free(port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _web(environment: Environment, application: str) -> list[str]:
    options = {
        "interface": "wsgi",
        "http": "1",
        "host": LOOPBACK,
        "port": environment.port,
        "workers": environment.workers,
        "blocking-threads": THREADS,
        "workers-kill-timeout": f"{STOP_WITHIN - 5:.0f}",
        "log-level": "warning",
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    for package, folder in STATIC.items():
        place = Path(str(find_spec(package).origin)).parent / "static" / folder  # type: ignore[union-attr]
        given += [f"--static-path-route=/static/{folder}", f"--static-path-mount={place}"]
    return ["-m", "granian", "--no-ws", *given, application]


def _variables(environment: Environment) -> dict[str, str]:
    # libpq's own PG* variables could bend the connection that was just checked.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "PG", "GRANIAN_"))}
    return kept | environment.variables() | {"DJANGO_SETTINGS_MODULE": "accord.config.settings"}


@dataclass
class Child:
    """One part of the service: `python` with these arguments and exactly these variables."""

    name: str
    arguments: Sequence[str]
    variables: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0

    def start(self) -> None:
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), sys.executable, *self.arguments]
        self.process = subprocess.Popen(
            launch, env=dict(self.variables), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.started_at = time.monotonic()

    def ended(self) -> str | None:
        """How it ended, in words; None while it runs."""
        code = self.process.poll() if self.process else None
        if code is None:
            return None
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def sweep(self) -> None:
        """Kill what a dead child left of its own children."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def supervise(
    children: Sequence[Child],
    *,
    announce: Announce = print,
    server: Embedded | None = None,
    backoff: Callable[[int], float] = lambda failures: min(30.0, 2.0 ** (failures - 1)),
) -> None:
    """Keep the children and PostgreSQL running; `backoff` gives the seconds to wait after the nth failure in a row.

    Returns never; KeyboardInterrupt ends it. Raises ServeError when a child failed too often, PostgresError when
    PostgreSQL cannot be started again.
    """
    while True:
        time.sleep(TICK)
        if server is not None and not server.alive():
            announce("PostgreSQL stopped unexpectedly; starting it again.")
            server.revive()
        for child in children:
            how = child.ended()
            if how is None:
                continue
            now = time.monotonic()
            if child.due_at:
                if now >= child.due_at:
                    child.due_at = 0.0
                    child.start()
                continue
            child.sweep()
            child.failures = child.failures + 1 if now - child.started_at < STEADY else 1
            if child.failures >= FAILURES:
                raise ServeError(
                    f"The {child.name} process ended {FAILURES} times in a row ({how}); its own words are above."
                )
            wait = backoff(child.failures)
            child.due_at = now + wait
            announce(f"The {child.name} process stopped unexpectedly ({how}); starting it again in {wait:.0f} s.")


def stop(children: Sequence[Child]) -> None:
    """End the children: asked first, killed after STOP_WITHIN seconds, nothing of theirs left."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        child.sweep()
        if child.process:
            child.process.wait()


def _await_answer(environment: Environment, web: Child) -> None:
    host = urlsplit(environment.public_address).netloc
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if how := web.ended():
            raise ServeError(f"The web process did not start ({how}); its own words are above.")
        connection = http.client.HTTPConnection(LOOPBACK, environment.port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/", headers={"Host": host})
            connection.getresponse()
            return
        time.sleep(0.05)
    raise ServeError(f"The web process did not answer in {READY_WITHIN:.0f} seconds.")

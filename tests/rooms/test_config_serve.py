"""Serving: real web processes on a real database, stopped in order, started again, and never left behind."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accord.config import serve
from accord.config.environment import ConfigError, Environment
from accord.config.serve import Child, ServeError, choose_port, stop, supervise

REPOSITORY = Path(serve.__file__).parents[2]

# A page of the served kind: it shows what a web process is given.
APPLICATION = """
import os

def application(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return ["\\n".join(f"{name}={value}" for name, value in os.environ.items()).encode()]
"""

SERVE = """
import sys
from accord.config.environment import ConfigError, Environment
from accord.config.serve import run
try:
    run(Environment.read(), jobs=False, application="page:application", announce=lambda line: print(line, flush=True))
except ConfigError as error:
    print("refused:", error, flush=True)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="accord-"))
    path.chmod(0o711)
    (path / "page.py").write_text(APPLICATION)
    yield path
    assert eventually(lambda: not processes(path)), processes(path)
    shutil.rmtree(path)


def serving(place: Path, **variables: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{REPOSITORY}:{place}",
        "ACCORD_DATA_DIR": str(place / "d"),
    }
    return subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=place, env=environment | variables, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout
    for line in process.stdout:
        if word in line:
            return line.strip()
    raise AssertionError(f"never said {word!r}")


def page(address: str) -> str:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


def processes(place: Path) -> dict[int, str]:
    """Every living process that works in or names the directory."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(place) in command or os.readlink(entry / "cwd").startswith(str(place)):
                    found[int(entry.name)] = command
            except OSError:
                continue
    return found


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(place: Path, number: signal.Signals) -> None:
    with serving(place, ACCORD_PORT=str(free_port())) as running:
        address = said(running, "http://")
        given = page(address)
        assert "ACCORD_DATABASE_URL=postgresql://accord_app:" in given
        assert "accord_owner" not in given
        assert "DJANGO_SETTINGS_MODULE=accord.config.settings" in given
        running.send_signal(number)
        said(running, "Stopping.")
        assert running.wait(20) == 0
    assert not (place / "d" / "postgres" / "cluster" / "postmaster.pid").exists()


def test_a_kill_leaves_no_orphan(place: Path) -> None:
    with serving(place, ACCORD_PORT=str(free_port())) as running:
        said(running, "http://")
        assert len(processes(place)) > 4
        running.kill()
    assert eventually(lambda: not processes(place)), processes(place)


def test_what_dies_is_started_again(place: Path) -> None:
    with serving(place, ACCORD_PORT=str(free_port())) as running:
        address = said(running, "http://")
        web = [pid for pid, command in processes(place).items() if "granian" in command]
        os.kill(min(web), signal.SIGKILL)
        assert "killed by SIGKILL); starting it again in 1 s" in said(running, "web process stopped")
        assert eventually(lambda: answers(address))
        os.kill(int((place / "d/postgres/cluster/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        said(running, "PostgreSQL stopped unexpectedly; starting it again")
        assert eventually((place / "d/postgres/socket/.s.PGSQL.5432").exists)
        running.terminate()
        said(running, "Stopping.")


def answers(address: str) -> bool:
    try:
        return bool(page(address))
    except OSError:
        return False


def test_an_unsafe_database_is_refused_before_anything_is_served(place: Path) -> None:
    from accord.config.postgres import ensure

    with ensure(place / "pg") as server:
        variables = {"ACCORD_DATABASE_URL": server.owner_url, "ACCORD_KEYRING": str(place / "keyring.json")}
        with serving(place, ACCORD_PORT=str(free_port()), **variables) as running:
            assert "owns the database" in said(running, "refused:")


def test_a_busy_port_is_passed_over_on_this_machine_and_refused_behind_a_web_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        heard: list[str] = []
        assert choose_port(Environment.read({"ACCORD_PORT": str(port)}), heard.append) != port
        assert f"Port {port} is used by another program" in heard[0]
        public = {"ACCORD_PORT": str(port), "ACCORD_PUBLIC_ADDRESS": "https://meet.example.org"}
        with pytest.raises(ConfigError, match="stop it, or set ACCORD_PORT"):
            choose_port(Environment.read(public))


def test_a_part_that_keeps_failing_stops_the_whole_with_its_reason() -> None:
    heard: list[str] = []
    child = Child("jobs", ["-c", "raise SystemExit(3)"], {})
    child.start()
    with pytest.raises(ServeError, match=r"jobs process ended 5 times in a row \(exit code 3\)"):
        supervise([child], announce=heard.append, backoff=lambda failures: 0.01 * failures)
    stop([child])
    assert len(heard) == 4


def test_a_web_process_that_cannot_start_stops_the_whole(place: Path) -> None:
    (place / "page.py").write_text("raise RuntimeError('no')")
    with serving(place, ACCORD_PORT=str(free_port())) as running:
        assert running.wait(30) == 1


def test_what_ignores_the_request_to_stop_is_killed_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "STOP_WITHIN", 0.5)
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "time.sleep(60)\n"
    )
    child = Child("web", ["-c", script], {})
    child.start()
    assert child.process
    group = child.process.pid
    assert eventually(lambda: members(group) == 2)
    stop([child])
    assert eventually(lambda: members(group) == 0)


def members(group: int) -> int:
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, process_group = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:3]
            except OSError:
                continue
            found += process_group == str(group) and state != "Z"
    return found

"""From an empty directory to a served community, as an operator would, with nothing but the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import accord

REPOSITORY = Path(accord.__file__).parents[1]
COMMAND = [sys.executable, "-u", "-c", "from accord.doors.cli.main import app; app()"]


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory(prefix="accord-serve-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


def variables(place: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "ACCORD_DATA_DIR": str(place / "data"),
        "ACCORD_PORT": "8541",
    }


def run(place: Path, *words: str, **more: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *words], env=variables(place) | more, cwd=place, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def test_an_operator_makes_keys_serves_and_adds_an_agency(place):
    code, _, told = run(place, "serve")
    assert code == 2
    assert told.startswith("There is no keyring at ")
    assert run(place, "keys", "create")[0] == 0
    assert (place / "data" / "keyring.json").stat().st_mode & 0o777 == 0o600
    code, _, told = run(place, "agency", "list")
    assert code == 2
    assert told.startswith("The database is not at this version: ")
    code, _, told = run(place, "serve")
    assert code == 2
    assert told == "The database is empty: run `accord serve --migrate` once.\n"

    serving = subprocess.Popen(
        [*COMMAND, "serve", "--migrate"], env=variables(place), cwd=place, stderr=subprocess.PIPE, text=True
    )
    try:
        said = []
        for line in serving.stderr:
            said.append(line)
            if line.startswith("Accord serves on "):
                break
        else:
            raise AssertionError("".join(said))
        words = ["--kind", "victim_services", "--duty", "vawa", "--point-person", "P. P.", "--director", "D. D."]
        code, told, wrong = run(place, "agency", "add", "--name", "Haven", "--email", "d@example.org", *words)
        assert code == 0, wrong
        assert "Recovery key" in told
        assert "Haven" in run(place, "agency", "list")[1]
    finally:
        serving.send_signal(signal.SIGINT)
        assert serving.wait(30) == 0
        serving.stderr.close()
    assert "Haven" in run(place, "agency", "list")[1], "the database starts for a command, too"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ACCORD_PROT": "1"}, "ACCORD_PROT is not a setting of Accord: did you mean ACCORD_PORT?"),
        ({"ACCORD_DATABASE_URL": "postgresql://accord_app@/a"}, "ACCORD_DATABASE_URL is set without ACCORD_KEYRING"),
    ],
)
def test_a_bad_setting_is_one_sentence(place, wrong, sentence):
    code, told, error = run(place, "serve", **wrong)
    assert (code, told) == (2, "")
    assert error.startswith(sentence)
    assert error.count("\n") == 1

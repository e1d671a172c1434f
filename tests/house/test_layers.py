"""The stairs of `house.md`, held by import-linter; and a proof that the contracts would notice."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sweep import HOUSE

REPOSITORY = HOUSE.parent
LINT = str(Path(sys.executable).parent / "lint-imports")

#: One forbidden import per contract: file, and the line that breaks it.
BREAKS = {
    "Rooms look down the stairs only": ("vault/rules.py", "import accord.sharing.rules"),
    "Rooms never read configuration": ("vault/facts.py", "import accord.config.service"),
    "Doors do not see each other": ("doors/jobs/apps.py", "import accord.doors.web.pages"),
    "Doors never import models": ("doors/web/pages.py", "import accord.vault.models"),
    "Only the gate calls decide": ("sharing/rules.py", "import accord.policy.decide"),
    "The law and the keys know no Django": ("policy/words.py", "import django"),
    "The verifier stands alone": ("ledger/tree.py", "import accord.sealing.errors"),
}


def lint(place: Path) -> dict[str, bool]:
    """Contract -> kept, for the package beside the `pyproject.toml` in `place`."""
    here = {"PYTHONPATH": str(place)}
    done = subprocess.run([LINT, "--no-cache"], cwd=place, capture_output=True, text=True, env=here)
    kept = {name: word == "KEPT" for name, word in re.findall(r"^(.+) (KEPT|BROKEN)$", done.stdout, re.M)}
    assert kept, done.stdout + done.stderr
    assert (done.returncode == 0) == all(kept.values()), done.stdout
    return kept


def test_every_contract_is_kept():
    kept = lint(REPOSITORY)
    assert [name for name, is_kept in kept.items() if not is_kept] == []
    assert set(BREAKS) <= set(kept), "a contract named here is not in pyproject.toml"


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> dict[str, bool]:
    """The contracts over a copy of the house with every one of them broken, and a room nobody placed on the stairs."""
    place = tmp_path_factory.mktemp("house")
    shutil.copy(REPOSITORY / "pyproject.toml", place)
    shutil.copytree(HOUSE, place / "accord", ignore=shutil.ignore_patterns("__pycache__", "static", "templates"))
    for name, line in BREAKS.values():
        path = place / "accord" / name
        path.write_text(path.read_text("utf-8") + f"\n{line}\n", "utf-8")
    return lint(place)


@pytest.mark.parametrize("contract", BREAKS)
def test_every_contract_notices_its_breach(broken, contract):
    assert broken[contract] is False


def test_a_room_that_nobody_placed_on_the_stairs_is_noticed(tmp_path):
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    shutil.copytree(HOUSE, tmp_path / "accord", ignore=shutil.ignore_patterns("__pycache__", "static", "templates"))
    (tmp_path / "accord" / "helpers").mkdir()
    (tmp_path / "accord" / "helpers" / "__init__.py").touch()
    assert lint(tmp_path)["Rooms look down the stairs only"] is False

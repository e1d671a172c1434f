"""The operator's hands on a ledger: whole or not, copied out, a checkpoint to keep, and each time a leaf about it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from accord.doors.cli.main import app
from accord.ledger import queries as ledger
from accord.policy.words import Purpose, Role, Verb

RUNNER = CliRunner()


@pytest.fixture
def shelter(world):
    house = world.agency(roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    world.client(house.worker)
    return house


def run(*arguments):
    return RUNNER.invoke(app, ["ledger", *map(str, arguments)])


def test_a_whole_ledger_is_good_and_grows_past_a_saved_checkpoint(shelter, world, tmp_path):
    saved = tmp_path / "saved"
    saved.write_text(run("checkpoint", "--agency", shelter.name).stdout)
    world.client(shelter.worker)
    done = run("verify", "--agency", shelter.id, "--checkpoint", saved)
    assert done.exit_code == 0, done.output
    assert "proven by a saved checkpoint" in done.stdout


def test_the_agency_reads_in_its_own_ledger_that_the_operator_looked(shelter):
    assert run("verify", "--agency", shelter.name).exit_code == 0
    with shelter[Role.PRIVACY_OFFICER].enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
        entries = ledger.recent(permit=permit, actor="system:operator")
    assert {entry.happening.verb for entry in entries} == {Verb.READ_LEDGER}


def test_a_changed_line_a_cut_tail_and_a_foreign_checkpoint_are_found(shelter, world, tmp_path):
    export, saved, other = tmp_path / "export", tmp_path / "saved", tmp_path / "other"
    assert run("export", "--agency", shelter.name, "--to", export).exit_code == 0
    assert export.stat().st_mode & 0o077 == 0
    saved.write_text(run("checkpoint", "--agency", shelter.name).stdout)
    assert run("export", "--agency", shelter.name, "--to", export).exit_code == 2, "never overwritten"
    export.write_text(run("export", "--agency", shelter.name).stdout)
    assert run("verify", export, "--checkpoint", saved).exit_code == 0

    lines = export.read_text().splitlines(keepends=True)
    changed = tmp_path / "changed"
    changed.write_text("".join([lines[0].replace('"outcome":"yes"', '"outcome":"no"'), *lines[1:]]))
    assert changed.read_text() != export.read_text()
    done = run("verify", changed)
    assert done.exit_code == 1
    changed.write_text("".join(lines[:2]))
    assert run("verify", changed, "--checkpoint", saved).exit_code == 1

    other.write_text(run("checkpoint", "--agency", world.police().name).stdout)
    assert run("verify", export, "--checkpoint", other).exit_code == 2


def test_what_to_check_must_be_said_once_and_exist(shelter, tmp_path):
    assert run("verify").exit_code == 2
    assert run("verify", tmp_path / "nothing").exit_code == 2
    done = run("verify", "--agency", "nobody of this name")
    assert done.exit_code == 2
    assert "No agency is called" in done.stderr

"""Turning keys while the service runs, and coming back when they are lost."""

from __future__ import annotations

import os

import psycopg
import pytest
from django.conf import settings
from django.utils import timezone
from typer.testing import CliRunner

from accord.accounts import actions as accounts
from accord.config import service
from accord.doors.cli import keys
from accord.doors.cli.main import app
from accord.gate.operating import operating
from accord.policy.words import AgencyKind, Duty, Role, Verb
from accord.sealing import keyring
from accord.vault import queries as vault
from tests.world import CHEAP, PASSWORD

RUNNER = CliRunner()


def run(*arguments, typed=""):
    return RUNNER.invoke(app, [*map(str, arguments)], input=typed)


def reads(worker, client):
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return vault.client(permit=permit, client_id=client).herself.identity.given


def versions(agency, paper):
    with operating(service.gate(), agency, Verb.MANAGE_KEYS, at=timezone.now(), paper=paper) as permit:
        return sorted(permit.opened().keys), permit.opened().current


def test_the_wrapping_key_turns_and_the_running_gate_follows(world):
    hospital = world.hospital()
    client = world.client(hospital.worker)
    old = service.gate().keyring.current
    done = run("keys", "rotate")
    assert done.exit_code == 0, done.output
    new = service.gate().keyring.current
    assert new != old
    assert done.stdout.startswith(f"Key {new} is in use; ")
    assert run("keys", "list").stdout.split()[0] == new
    assert reads(hospital.worker, client) == "Ana"
    done = run("keys", "drop", old)
    assert done.exit_code == 0
    assert old not in service.gate().keyring.keys
    assert reads(hospital.worker, client) == "Ana"
    assert run("keys", "drop", old).exit_code == 2
    assert run("keys", "drop", new).exit_code == 2
    assert new in service.gate().keyring.keys


@pytest.mark.parametrize("damage", ["gone", "garbage", "another"])
def test_a_keyring_lost_or_exchanged_under_a_running_service_changes_nothing(tmp_path, monkeypatch, damage, caplog):
    path = tmp_path / "keyring.json"
    path.write_bytes(settings.ENVIRONMENT.keyring.read_bytes())
    path.chmod(0o600)

    class Moved:
        keyring = path

    monkeypatch.setattr(settings, "ENVIRONMENT", Moved, raising=False)
    monkeypatch.setattr(service, "_held", None)
    before = service.gate().keyring
    path.unlink()
    if damage == "garbage":
        path.write_text("{")
        path.chmod(0o600)
    if damage == "another":
        keyring.create(path)
    assert dict(service.gate().keyring.keys) == dict(before.keys)
    assert service.gate() is service.gate(), "it is not read again until it changes again"
    assert bool(caplog.records) is (damage != "gone")


def test_an_agency_s_vault_key_turns_with_its_paper_and_every_client_follows(world):
    shelter = world.agency()
    clients = [world.client(shelter.worker) for _ in range(3)]
    done = run("keys", "rotate", "--agency", shelter.name, typed=f"{shelter.paper}\n")
    assert done.exit_code == 0, done.output
    assert versions(shelter.id, shelter.paper) == ([2], 2)
    assert [reads(shelter.worker, client) for client in clients] == ["Ana"] * 3


@pytest.mark.parametrize("change", [lambda paper: paper[:-1] + ("0" if paper[-1] != "0" else "1"), lambda paper: ""])
def test_a_mistyped_paper_is_a_sentence(world, change):
    shelter = world.agency()
    done = run("keys", "rotate", "--agency", shelter.name, typed=f"{change(shelter.paper)}\n")
    assert done.exit_code == 2
    assert "recovery key" in done.stderr
    assert done.stderr.count("\n") == 1
    assert versions(shelter.id, shelter.paper) == ([1], 1)


def test_a_member_nobody_can_let_in_again_comes_back_with_the_paper(world):
    shelter = world.agency(roles=(Role.WORKER,))
    client = world.client(shelter.worker)
    done = run(
        "keys", "recover", "--agency", shelter.name, "--member", shelter.worker.email, typed=f"{shelter.paper}\n"
    )
    assert done.exit_code == 0, done.output
    code = done.stdout.split()[-1]
    account = accounts.enrol(
        email=shelter.worker.email, code=code, password=PASSWORD + " new", at=timezone.now(), cost=CHEAP
    )
    shelter.worker.private = accounts.unlock(account=account, password=PASSWORD + " new")
    assert reads(shelter.worker, client) == "Ana"
    done = run(
        "keys", "recover", "--agency", shelter.name, "--member", "nobody@example.org", typed=f"{shelter.paper}\n"
    )
    assert done.exit_code == 2
    assert "no member" in done.stderr


def test_a_server_that_lost_a_key_of_its_keyring_gets_a_service_vault_back(world, monkeypatch):
    hospital = world.hospital()
    client = world.client(hospital.worker)
    path = settings.ENVIRONMENT.keyring
    before = path.read_bytes()
    lost = service.gate().keyring.current
    keyring.rotate(path)
    keyring.drop(path, lost)
    try:
        done = run("keys", "recover", "--agency", hospital.name, typed=f"{hospital.paper}\n")
        assert done.exit_code == 0, done.output
        assert reads(hospital.worker, client) == "Ana"
    finally:
        both = keyring.load(path)
        path.write_bytes(before)
        os.utime(path)
        monkeypatch.setattr(service, "_held", None)
    assert lost not in both.keys


def test_older_vault_keys_are_kept_while_a_request_that_may_hold_one_still_runs(world, monkeypatch):
    """It holds an opened vault and has written nothing yet, so no transaction number would betray it."""
    shelter = world.agency()
    world.client(shelter.worker)
    monkeypatch.setattr(keys, "PATIENCE", 0.5)
    with psycopg.connect(settings.ENVIRONMENT.connection_url) as other:
        other.execute("select 1")
        done = run("keys", "rotate", "--agency", shelter.name, typed=f"{shelter.paper}\n")
    assert done.exit_code == 2
    assert "An old request does not end" in done.stderr
    assert versions(shelter.id, shelter.paper) == ([1, 2], 2)
    assert run("keys", "rotate", "--agency", shelter.name, typed=f"{shelter.paper}\n").exit_code == 0
    assert versions(shelter.id, shelter.paper) == ([3], 3)


def test_an_operator_has_no_other_verb(world):
    shelter = world.agency()
    with (
        pytest.raises(ValueError, match="no such verb"),
        operating(service.gate(), shelter.id, Verb.READ_CLIENT, at=timezone.now()),
    ):
        pass


def test_an_agency_is_added_once_with_its_paper_and_its_director_s_code(world):
    name = f"Added {os.urandom(4).hex()}"
    words = ["agency", "add", "--name", name, "--kind", AgencyKind.VICTIM_SERVICES, "--duty", Duty.VAWA]
    words += [
        "--point-person",
        "P. Person",
        "--director",
        "D. Irector",
        "--email",
        f"{os.urandom(4).hex()}@example.org",
    ]
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert name in run("agency", "list").stdout
    paper, code = (line.strip() for line in done.stdout.splitlines() if line.startswith("    "))
    accounts.enrol(email=words[-1], code=code, password=PASSWORD, at=timezone.now(), cost=CHEAP)
    assert run("keys", "recover", "--agency", name, typed=f"{paper}\n").exit_code == 0
    done = run(*words)
    assert done.exit_code == 2
    assert done.stderr == f"{name} has joined already.\n"
    words[3] += " again"
    done = run(*words)
    assert done.exit_code == 2
    assert done.stderr == "This address cannot be used. Choose another one.\n"
    assert run(*words, "--mode", "service").exit_code == 2, "a victim service provider is in member mode"

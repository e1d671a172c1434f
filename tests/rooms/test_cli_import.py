"""Documents from files, as a member who signs in for it."""

from __future__ import annotations

from datetime import date

import pytest
from typer.testing import CliRunner

from accord.doors.cli.main import app
from accord.policy.words import Verb
from accord.vault import queries as vault
from accord.vault.rules import Identity
from tests.rooms.ccda_documents import everything
from tests.world import PASSWORD

RUNNER = CliRunner()
ROSA = Identity(given="Rosa María", family="de la Cruz", born=date(1988, 2, 14))


@pytest.fixture
def hospital(world):
    return world.hospital()


@pytest.fixture
def patient(world, hospital):
    client = world.client(hospital.worker, ROSA)
    with hospital.worker.enter(Verb.FIND_CLIENTS) as permit:
        return client, vault.codes(permit=permit, client_ids=[client])[client]


def bring_in(worker, code, *paths, password=PASSWORD):
    words = ["import", *map(str, paths), "--as", worker.email, "--client", code]
    return RUNNER.invoke(app, words, input=f"{password}\n")


def entries(worker, client):
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return vault.entries(permit=permit, client_id=client, limit=1000)


def test_a_document_comes_in_once_and_bad_ones_do_not_stop_it(hospital, patient, tmp_path):
    client, code = patient
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text(everything(), "utf-8")
    bad.write_text("not a document")
    done = bring_in(hospital.worker, code, bad, good)
    assert done.exit_code == 1
    assert f"{bad}: " in done.stderr
    assert done.stderr.count("\n") == 1
    assert f"{good}: " in done.stdout
    assert " added, 0 already there, " in done.stdout
    there = len(entries(hospital.worker, client))
    assert there > 3
    done = bring_in(hospital.worker, code.lower(), good)
    assert done.exit_code == 0
    assert f"0 added, {there} already there" in done.stdout
    assert len(entries(hospital.worker, client)) == there


def test_another_patient_s_document_and_another_s_client_are_refused(world, hospital, tmp_path):
    good = tmp_path / "good.xml"
    good.write_text(everything(), "utf-8")
    other = world.client(hospital.worker, Identity(given="Nora", family="Hale", born=date(1990, 1, 1)))
    with hospital.worker.enter(Verb.FIND_CLIENTS) as permit:
        code = vault.codes(permit=permit, client_ids=[other])[other]
    done = bring_in(hospital.worker, code, good)
    assert done.exit_code == 1
    assert entries(hospital.worker, other) == []
    stranger = world.hospital()
    done = bring_in(stranger.worker, code, good)
    assert done.exit_code == 1
    assert done.stderr == f"You have no client with the code {code}.\n"


def test_a_wrong_password_opens_nothing(hospital, patient, tmp_path):
    good = tmp_path / "good.xml"
    good.write_text(everything(), "utf-8")
    done = bring_in(hospital.worker, patient[1], good, password="a wrong one")
    assert done.exit_code == 1
    assert done.stderr == "This e-mail address and password do not sign anybody in.\n"


def test_the_second_step_is_asked_for_here_too(hospital, patient, tmp_path):
    from allauth.mfa.totp.internal.auth import (
        TOTP,
        format_hotp_value,
        generate_totp_secret,
        hotp_value,
        yield_hotp_counters_from_time,
    )
    from django.contrib.auth import get_user_model

    secret = generate_totp_secret()
    TOTP.activate(get_user_model().objects.get(email=hospital.worker.email), secret)
    good = tmp_path / "good.xml"
    good.write_text(everything(), "utf-8")
    words = ["import", str(good), "--as", hospital.worker.email, "--client", patient[1]]
    done = RUNNER.invoke(app, words, input=f"{PASSWORD}\n000000\n")
    assert done.exit_code == 1
    assert done.stderr == "This code does not fit.\n"
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    done = RUNNER.invoke(app, words, input=f"{PASSWORD}\n{code}\n")
    assert done.exit_code == 0, done.output

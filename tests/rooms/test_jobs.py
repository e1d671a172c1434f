"""What the service does by itself: it grows ledgers and clears envelopes away; finding nothing leaves no trace."""

from __future__ import annotations

import logging

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accord.config.service import gate
from accord.doors.jobs import tasks
from accord.gate import Caller, Refused
from accord.gate.operating import operating
from accord.ledger import actions as ledger_actions
from accord.ledger import queries as ledger
from accord.policy.words import Role, Verb
from accord.sharing import queries as sharing
from tests.proofs.town import end_now


def size(agency):
    with operating(gate(), agency, Verb.READ_LEDGER, at=timezone.now()) as permit:
        head = ledger.latest_checkpoint(permit=permit)
    return head.head.size if head else 0


def leaves(agency, actor):
    with operating(gate(), agency, Verb.READ_LEDGER, at=timezone.now()) as permit:
        return ledger.recent(permit=permit, actor=actor)


def test_the_sequencer_takes_every_agency_s_leaves_and_writes_none_itself(world):
    shelter, police = world.agency(), world.police()
    world.client(shelter.worker)
    tasks.sequence(0)
    before = size(shelter.id), size(police.id)
    assert before[0] >= 2
    assert before[1] >= 1
    tasks.sequence(0)
    tasks.sequence(0)
    # One leaf more each: the look at the checkpoint above.
    assert (size(shelter.id), size(police.id)) == (before[0] + 1, before[1] + 1)
    assert leaves(shelter.id, "system:sequencer") == ()


def test_the_first_look_at_a_ledger_compares_all_of_it_and_the_next_only_what_is_new(world, monkeypatch):
    shelter = world.agency()
    seen = []
    real = ledger_actions.sequence

    def watched(*, permit, at, thorough):
        if permit.agency_id == shelter.id:
            seen.append(thorough)
        return real(permit=permit, at=at, thorough=thorough)

    monkeypatch.setattr(ledger_actions, "sequence", watched)
    tasks.sequence(0)
    tasks.sequence(0)
    assert seen == [True, False]


def test_one_agency_that_fails_does_not_keep_the_others_waiting(world, monkeypatch, caplog):
    broken, well = world.agency(), world.agency()
    real = ledger_actions.sequence

    def failing(*, permit, **rest):
        if permit.agency_id == broken.id:
            raise RuntimeError("Marisol Vega")
        return real(permit=permit, **rest)

    monkeypatch.setattr(ledger_actions, "sequence", failing)
    with caplog.at_level(logging.ERROR), pytest.raises(tasks.SomeFailed):
        tasks.sequence(0)
    assert size(well.id) > 0
    assert size(broken.id) == 0
    assert str(broken.id) in caplog.text


def test_the_sweeper_destroys_what_has_ended_and_says_so_once(world):
    hospital, shelter = world.hospital(), world.agency()
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    release = world.release(hospital.worker, patient, shelter, days=3)
    tasks.sweep(0)
    assert leaves(hospital.id, "system:sweeper") == ()

    end_now(release)
    tasks.sweep(0)
    tasks.sweep(0)
    (leaf,) = leaves(hospital.id, "system:sweeper")
    assert [deed for deed, _ in leaf.happening.deeds] == ["envelopes_destroyed"]


def test_housekeeping_is_the_system_s_alone_and_opens_nothing(world):
    hospital = world.hospital(roles=(Role.WORKER, Role.DIRECTOR))
    with gate().housekeeping(Caller(agency=hospital.id, job="sequencer"), at=timezone.now()) as permit:
        assert permit.vault is None
        assert permit.verbs == {Verb.SWEEP}
    for role in (Role.WORKER, Role.DIRECTOR):
        with pytest.raises(Refused), gate().housekeeping(hospital[role].caller, at=timezone.now()):
            pass


def test_what_is_refused_inside_housekeeping_leaves_a_leaf_and_nothing_else(world):
    hospital = world.hospital()
    caller = Caller(agency=hospital.id, job="sweeper")
    with pytest.raises(Refused), gate().housekeeping(caller, at=timezone.now()) as permit:
        permit.record("envelopes_destroyed", hospital.id)
        raise Refused
    (leaf,) = leaves(hospital.id, "system:sweeper")
    assert not leaf.happening.outcome
    assert leaf.happening.deeds == ()


def test_a_worker_runs_as_the_restricted_role_and_leaves_no_row_of_a_job_that_went_well(world):
    """A real worker, on the connection that Django's settings give it."""
    shelter = world.agency()
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("accord_app",)
    assert app.worker_defaults["delete_jobs"] == "successful"
    tasks.sequence.defer(timestamp=0)
    row = ProcrastinateJob.objects.get(task_name="ledger.sequence")
    assert row.args == {"timestamp": 0}
    with app.replace_connector(app.connector.get_worker_connector()) as working:
        working.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    assert not ProcrastinateJob.objects.filter(id=row.id).exists()
    assert size(shelter.id) >= 1
    with operating(gate(), shelter.id, Verb.READ_LEDGER, at=timezone.now()) as permit:
        assert ledger.export(permit=permit).lines


def test_a_withdrawn_thing_is_not_swept_into_view_again(world):
    hospital, shelter = world.hospital(), world.agency()
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    release = world.release(hospital.worker, patient, shelter)
    client = world.accept(shelter.worker)
    world.withdraw(hospital.worker, patient, release)
    tasks.sweep(0)
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client) as permit:
        assert sharing.received(permit=permit, client_id=client) == []

"""A withdrawal that was acknowledged is over: no read that begins after it shows anything, whatever is open.

The control arm asks first whether a thing is alive and reads its content later. It must leak, or the race was never
run. The recipient is one that is bound to keep what it got, so the content is still in the row when it may not be read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accord.config.service import gate
from accord.gate import Caller, Refused
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sealing.errors import WrongKey
from accord.sharing import queries
from accord.sharing.models import Envelope
from accord.vault import queries as vault
from tests.proofs.town import end_now, past_the_triggers, superuser, sweep
from tests.world import House, Worker, World

PROCESSES, THREADS = 2, 2


@dataclass
class Scene:
    """A hospital's patient, and the client a police officer opened from her envelopes."""

    world: World
    hospital: House
    police: House
    patient: UUID
    client: UUID
    acknowledged: dict[str, float] = field(default_factory=dict)

    def send(self) -> tuple[UUID, list[str]]:
        """One more release of her name; returns it and its envelopes."""
        release = self.world.release(self.hospital.worker, self.patient, self.police, {Category.IDENTITY: Level.FULL})
        with superuser() as eyes:
            found = eyes.execute("select id::text from sharing_envelope where release = %s", [release]).fetchall()
        return release, [id for (id,) in found]

    def withdraw(self, release: UUID, envelopes: list[str]) -> None:
        self.world.withdraw(self.hospital.worker, self.patient, release)
        now = time.monotonic()
        self.acknowledged |= dict.fromkeys(envelopes, now)


@pytest.fixture(scope="module")
def scene() -> Scene:
    world = World()
    hospital, police = world.hospital(), world.police(roles=(Role.WORKER, Role.RECORDS_OFFICER))
    patient = world.client(hospital.worker)
    world.release(hospital.worker, patient, police, {Category.IDENTITY: Level.FULL})
    return Scene(world, hospital, police, patient, world.accept(police.worker))


def race(scene: Scene, arm: str, reads: int) -> tuple[int, int, int]:
    """Run readers and withdrawals against each other; returns (reads, withdrawals, stale reads that showed content)."""
    officer = scene.police.worker
    orders = {
        "agency": str(officer.agency),
        "account": str(officer.account),
        "member": str(officer.member),
        "private": officer.private.hex(),
        "client": str(scene.client),
        "threads": THREADS,
        "reads": -(-reads // (PROCESSES * THREADS)),
        "arm": arm,
    }
    command = [sys.executable, "-m", "tests.proofs.reading"]
    readers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for reader in readers:
        reader.stdin.write(json.dumps(orders) + "\n")
        reader.stdin.flush()
    scene.acknowledged.clear()
    while any(reader.poll() is None for reader in readers):
        release, envelopes = scene.send()
        time.sleep(0.01)
        scene.withdraw(release, envelopes)
        time.sleep(0.05)  # the cores belong to the readers
    count = stale = 0
    for reader in readers:
        told = json.loads(reader.communicate()[0])
        assert told["failed"] == []
        count += told["count"]
        stale += sum(began > scene.acknowledged.get(id, float("inf")) for id, began in told["latest"].items())
    return count, len(scene.acknowledged), stale


def run_both_arms(scene: Scene, reads: int) -> None:
    count, withdrawals, stale = race(scene, "gate", reads)
    print(f"{count} reads against {withdrawals} withdrawals: {stale} stale")
    assert count >= reads
    assert withdrawals >= reads // 1000
    assert stale == 0
    leaked = 0
    for _ in range(5):  # each a tenth of the reads, until one leaks
        leaked = leaked or race(scene, "control", reads // 10)[2]
    print(f"control arm: {leaked} envelopes shown after their withdrawal")
    assert leaked > 0, "asking first and reading later did not leak: the race was not run"


def test_no_read_after_an_acknowledged_withdrawal_shows_content(scene):
    run_both_arms(scene, 5_000)


@pytest.mark.prove
def test_no_read_after_an_acknowledged_withdrawal_shows_content_at_length(scene):
    run_both_arms(scene, 100_000)


def enter(worker: Worker, *verbs: Verb, client: UUID | None = None, at=None, purpose=Purpose.OWN_SERVICE):
    return gate().enter(worker.caller, *verbs, purpose=purpose, at=at or timezone.now(), client=client)


def read(scene: Scene, at=None) -> set[str]:
    with enter(scene.police.worker, Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=scene.client, at=at) as permit:
        return {str(view.id) for view in queries.received(permit=permit, client_id=scene.client)}


def test_an_export_stops_at_its_next_batch(scene):
    """Batches as an export takes them, each entering the gate anew; she withdraws between the second and the third."""
    made = [scene.send() for _ in range(4)]
    wanted = [UUID(id) for _, ids in made for id in ids]

    def batches():
        for id in wanted:
            with enter(scene.police.worker, Verb.EXPORT_CLIENT, Verb.READ_ENVELOPE, client=scene.client) as permit:
                shown = queries.envelope(permit=permit, client_id=scene.client, envelope_id=id)
            yield shown

    running = batches()
    assert next(running).id == wanted[0]
    assert next(running).id == wanted[1]
    for release, ids in made:
        scene.withdraw(release, ids)
    assert list(running) == [None, None]


def test_a_list_that_is_open_inside_one_transaction_stops_too(scene):
    """The permit is still open and the transaction began before: each statement sees the withdrawal all the same."""
    release, ids = scene.send()
    with enter(scene.police.worker, Verb.READ_CLIENT, Verb.READ_ENVELOPE, Verb.READ_DAY, client=scene.client) as permit:
        everywhere = {
            "received": lambda: {str(v.id) for v in queries.received(permit=permit, client_id=scene.client)},
            "envelope": lambda: {
                str(v.id)
                for v in [queries.envelope(permit=permit, client_id=scene.client, envelope_id=UUID(ids[0]))]
                if v
            },
            "waiting": lambda: {str(v.id) for w in queries.waiting(permit=permit, limit=999) for v in w.envelopes},
        }
        assert all(set(ids) <= look() for look in everywhere.values())
        end_in_another_thread(scene, release, ids)
        assert not any(set(ids) & look() for look in everywhere.values())


def test_withdrawn_is_gone_from_every_noun(scene):
    release, ids = scene.send()
    scene.withdraw(release, ids)
    verbs = (Verb.READ_DAY, Verb.READ_ENVELOPE, Verb.READ_CLIENT)
    with enter(scene.police.worker, *verbs, client=scene.client) as permit:
        seen = {v.id for v in queries.received(permit=permit, client_id=scene.client)}
        seen |= {v.id for w in queries.waiting(permit=permit, limit=999) for v in w.envelopes}
        assert not seen & {UUID(id) for id in ids}
        assert all(queries.envelope(permit=permit, client_id=scene.client, envelope_id=UUID(id)) is None for id in ids)
    with enter(scene.police.worker, Verb.ACCEPT_ENVELOPE) as permit:
        with superuser() as eyes:
            (thread,) = eyes.execute("select thread from sharing_envelope where id = %s", [ids[0]]).fetchone()
        found = queries.thread(permit=permit, thread=thread)
        assert found is None or not {str(v.id) for v in found.envelopes} & set(ids)
    records = scene.police[Role.RECORDS_OFFICER]
    with gate().kept(records.caller, purpose=Purpose.RECORDS_REQUEST, at=timezone.now()) as permit:
        assert set(ids) <= {str(v.id) for v in queries.kept(permit=permit)}, "kept for the defence, behind her lens"
    with (
        pytest.raises(Refused),
        gate().kept(scene.police.worker.caller, purpose=Purpose.RECORDS_REQUEST, at=timezone.now()),
    ):
        pass


def test_nothing_more_is_sent_on_a_release_that_ended(scene):
    from accord.gate import disclose
    from accord.sharing import facts
    from accord.sharing.rules import InvalidRelease

    withdrawn, ids = scene.send()
    scene.withdraw(withdrawn, ids)
    over, _ = scene.send()
    end_now(over)
    for release in (withdrawn, over):
        with (
            pytest.raises(InvalidRelease),
            enter(scene.hospital.worker, Verb.SIGN_RELEASE, client=scene.patient) as permit,
        ):
            disclose(gate(), permit, scene.hospital.worker.caller, facts.locked(release))


def end_in_another_thread(scene: Scene, release: UUID, ids: list[str]) -> None:
    import threading

    from django.db import connection

    def run() -> None:
        scene.withdraw(release, ids)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def set_end(release: UUID, seconds: float) -> None:
    with past_the_triggers() as root:
        for table, column in (("sharing_release", "id"), ("sharing_envelope", "release")):
            root.execute(
                f"update {table} set until_at = clock_timestamp() + make_interval(secs => %s) where {column} = %s",
                [seconds, release],
            )


def test_the_end_comes_by_the_database_s_clock(scene):
    release, ids = scene.send()
    set_end(release, 1.0)
    assert set(ids) <= read(scene)
    time.sleep(1.05)
    assert not set(ids) & read(scene)


@pytest.mark.parametrize("skew", [timedelta(minutes=-4), timedelta(days=3)])
def test_the_program_s_clock_moves_no_end(scene, skew):
    """A server whose clock is wrong neither shows what has ended nor hides what lives."""
    living, its = scene.send()
    over, gone = scene.send()
    set_end(living, 3600)
    set_end(over, -0.001)
    seen = read(scene, at=timezone.now() + skew)
    assert set(its) <= seen
    assert not set(gone) & seen


def test_a_clock_far_behind_opens_nothing_at_all(scene):
    with pytest.raises((Refused, DatabaseError)):
        read(scene, at=timezone.now() - timedelta(minutes=6))


def test_sweeping_destroys_what_ended_and_only_that(world):
    hospital, shelter = world.hospital(), world.agency()
    patient = world.client(hospital.worker)
    over = world.release(hospital.worker, patient, shelter)
    client = world.accept(shelter.worker)
    end_now(over)
    living = world.release(hospital.worker, patient, shelter)
    assert sweep(hospital) > 0
    with superuser() as eyes:
        left = dict(eyes.execute("select release, count(sealed) from sharing_envelope group by 1").fetchall())
    assert left[over] == 0
    assert left[living] > 0
    # a sweeper whose clock runs ahead must not destroy what still lives
    sweep(hospital, at=timezone.now() + timedelta(days=60))
    with enter(shelter.worker, Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client) as permit:
        try:
            shown = queries.received(permit=permit, client_id=client)
        except WrongKey:
            pytest.fail("the sweep destroyed a living envelope because the program's clock ran ahead")
    assert shown


def test_deleting_a_client_leaves_nothing_to_find_or_open(world):
    from accord.vault import actions

    shelter = world.agency(roles=(Role.WORKER, Role.SUPERVISOR))
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client)
    with enter(shelter[Role.SUPERVISOR], Verb.DELETE_CLIENT, client=client) as permit:
        actions.delete_client(permit=permit, at=permit.at, client_id=client)
    with enter(shelter.worker, Verb.FIND_CLIENTS) as permit:
        assert vault.find(permit=permit, text="Ana")[0] == []
        assert client not in {line.id for line in vault.recent(permit=permit)}
    with pytest.raises(Refused), enter(shelter.worker, Verb.READ_CLIENT, client=client):
        pass
    with superuser() as eyes:
        assert eyes.execute(
            "select wrapped_key is null, (select count(*) from vault_entry where client_id = c.id),"
            " (select count(*) from vault_token where client_id = c.id),"
            " (select coalesce(sum(length(identity) + coalesce(length(contact), 0)), 0) from vault_person"
            "  where client_id = c.id), (select count(*) from vault_case where client_id = c.id and harms <> '{}')"
            " from vault_client c where id = %s",
            [client],
        ).fetchone() == (True, 0, 0, 0, 0)


def test_the_system_s_own_hand_reads_nothing(scene):
    """A job has no member's key, and the law gives it no verb but sweeping."""
    for caller in (Caller(agency=scene.hospital.id, job="sweep"), Caller(agency=scene.police.id, job="sweep")):
        for verb in (Verb.READ_CLIENT, Verb.READ_ENVELOPE, Verb.READ_LEDGER, Verb.DISCLOSE, Verb.MANAGE_KEYS):
            with pytest.raises(Refused), gate().enter(caller, verb, purpose=Purpose.ADMINISTRATION, at=timezone.now()):
                pass
        with gate().housekeeping(caller, at=timezone.now()) as permit:
            assert permit.vault is None
            assert Envelope.objects.filter(agency_id=caller.agency).exclude(sealed=None).count() >= 0

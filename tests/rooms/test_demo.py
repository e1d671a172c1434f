"""The demo: the same story from the same seed, acted out through the gate; and the command that serves it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.utils import timezone

from accord.accounts import actions as accounts
from accord.config.service import gate
from accord.coordination.referrals import queries as referrals
from accord.coordination.referrals.rules import State as Stands
from accord.coordination.tasks.models import Task
from accord.demo import fill as filling
from accord.demo.chores import CHORES
from accord.demo.passphrases import Record, SignIn, passphrase
from accord.demo.referred import CAPACITIES
from accord.demo.story import LEAST_SIZE, USUAL_SIZE, Fate, Served, story
from accord.demo.work import protocols
from accord.doors.cli import demonstration
from accord.doors.cli.demonstration import SEED, _kept
from accord.doors.cli.place import Stop
from accord.gate import Caller
from accord.learning.gaps import queries as gaps
from accord.learning.gaps.facts import rules
from accord.policy.words import Purpose, Role, Verb
from accord.sharing import queries as sharing
from accord.sharing.rules import State
from accord.vault import queries as vault
from accord.vault.rules import STEPS
from tests.world import CHEAP

TODAY = date(2026, 11, 20)
REPOSITORY = Path(filling.__file__).parents[2]


@pytest.fixture(scope="module")
def filled():
    told = story(seed=SEED, size=LEAST_SIZE, today=datetime.now(UTC).date())
    steps = []
    done = filling.fill(gate(), told, step=steps.append, cost=CHEAP)
    assert len(steps) == filling.steps(told)
    return told, done


def signed_in(filled, email):
    each = next(each for each in filled[1].sign_ins if each.email == email)
    account = authenticate(email=each.email, password=each.passphrase)
    (place,) = gate().memberships(account.pk, timezone.now())
    private = accounts.unlock(account=account, password=each.passphrase)
    return Caller(agency=place.agency, account=account.pk, member=place.member, private=private)


def enter(caller, *verbs, client=None):
    return gate().enter(caller, *verbs, purpose=Purpose.OWN_SERVICE, at=timezone.now(), client=client)


def test_the_same_seed_tells_the_same_story_and_another_one_another():
    told = story(seed=7, size=USUAL_SIZE, today=TODAY)
    assert told == story(seed=7, size=USUAL_SIZE, today=TODAY)
    assert told != story(seed=8, size=USUAL_SIZE, today=TODAY)
    assert 1_700 < told.people < 2_300
    assert len({agency.kind for agency in told.agencies}) >= 14
    assert {client.agency for client in told.clients} == {agency.key for agency in told.agencies}
    for size in (LEAST_SIZE - 1, 1_000_000):
        with pytest.raises(ValueError, match="households"):
            story(seed=7, size=size, today=TODAY)


@pytest.mark.parametrize("size", [LEAST_SIZE, USUAL_SIZE])
def test_every_state_there_is_happens_in_the_story(size):
    told = story(seed=SEED, size=size, today=TODAY)
    assert {part.fate for each in told.conversations for part in each.parts} == set(Fate)
    assert {each.method for each in told.conversations} == {"screen", "paper"}
    assert told.flows and told.nevers and told.walls
    assert {noticed for _, _, noticed in told.same} == {True, False}
    assert any(agreement.suspended_by for agreement in told.agreements)
    assert any(agreement.signed_by for agreement in told.agreements)
    served = {each.step for client in told.clients for each in client.entries if isinstance(each, Served)}
    assert served == set(STEPS) if size == USUAL_SIZE else served
    for conversation in told.conversations:
        never = {each.against for each in told.nevers if each.client == conversation.client}
        assert never.isdisjoint({part.recipient for part in conversation.parts})
        client = told.clients[conversation.client]
        assert client.agency not in {part.recipient for part in conversation.parts}
        assert client.closed_days_ago is None


def test_nobody_in_the_story_could_be_real():
    told = story(seed=11, size=200, today=TODAY)
    assert {agency.phone[:6] for agency in told.agencies} | {c.contact.phone[:6] for c in told.clients} == {"555-01"}
    for agency in told.agencies:
        assert all(member.email.endswith(".example.org") for member in agency.members)


def test_every_member_signs_in_and_no_two_share_a_passphrase(filled):
    told, done = filled
    assert Counter(each.agency for each in done.sign_ins) == {a.name: len(a.members) for a in told.agencies}
    assert len({each.passphrase for each in done.sign_ins}) == len(done.sign_ins)
    assert {each.role for each in done.sign_ins} == {role.value for role in Role if role is not Role.SYSTEM}
    for each in done.sign_ins:
        assert authenticate(email=each.email, password=each.passphrase) is not None, each


def test_releases_stand_in_every_state_and_the_partner_sees_them(filled):
    nurse, advocate = signed_in(filled, "worker@brigid.example.org"), signed_in(filled, "worker@harbor.example.org")
    states = Counter()
    for worker in (nurse, advocate):
        with enter(worker, Verb.FIND_CLIENTS) as permit:
            clients = [line.id for line in vault.recent(permit=permit)]
        for client in clients:
            with enter(worker, Verb.READ_CLIENT, client=client) as permit:
                states.update(view.state for view in sharing.releases(permit=permit, client_id=client))
    assert set(states) == {State.DRAFT, State.SIGNED, State.WITHDRAWN, State.EXPIRED}
    with enter(advocate, Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        assert sharing.waiting(permit=permit)
        assert sharing.answers_by_month(permit=permit, since=permit.at.replace(year=2020))
    with enter(nurse, Verb.READ_DAY) as permit:
        assert sharing.ending(permit=permit)


def open_gaps(filled):
    """What is open past its time in the whole county: how often, by file's code and rule."""
    told, _done = filled
    found = Counter()
    for agency in told.agencies:
        worker = signed_in(filled, f"worker@{agency.key}.example.org")
        with enter(worker, Verb.ANSWER_GAP, Verb.READ_CLIENT, Verb.READ_DAY) as permit:
            lines = gaps.gaps(permit=permit)
            codes = vault.codes(permit=permit, client_ids=list({line.client_id for line in lines}))
            for line in lines:
                who = vault.herself(permit=permit, client_id=line.client_id).identity.name
                found[agency.key, who or codes[line.client_id], line.rule.code] += 1
    return found


def test_every_gap_that_was_planted_is_found_and_no_other(filled):
    """Nothing is open in a file that is closed, and nothing in the cases that are in time."""
    told, _done = filled
    planted = Counter(
        (told.clients[place].agency, told.clients[place].identity.name, rule) for place, rule in told.gaps
    )
    ends = {"release_ending", "shared_with_us_ending"}
    assert {rule for _place, rule in told.gaps} == set(rules()) - ends
    found = open_gaps(filled)
    assert {each: n for each, n in found.items() if each[2] not in ends} == planted
    ending = {
        told.clients[each.client].identity.name for each in told.conversations if each.parts[0].fate is Fate.ENDING
    }
    assert {who for _agency, who, rule in found if rule == "release_ending"} == ending


def test_cases_stand_in_every_state_of_every_protocol():
    told = story(seed=SEED, size=USUAL_SIZE, today=TODAY)
    stands = {(case.protocol, case.steps[-1].state) for case in told.cases}
    every = {(protocol.code, state) for protocol in protocols().values() for state in protocol.states}
    assert every - stands == set()
    closed = [case for case in told.cases if told.clients[case.client].closed_days_ago is not None]
    assert len(closed) > 20
    assert max(case.steps[0].days_ago for case in told.cases) > 100


def test_referrals_stand_in_every_state_and_who_refers_learns_what_was_told(filled):
    told, _done = filled
    stands = Counter()
    for key in sorted({each.agency for each in told.referred}):
        with enter(signed_in(filled, f"worker@{key}.example.org"), Verb.REFER) as permit:
            stands.update(line.state for line in referrals.made(permit=permit))
    assert sum(stands.values()) == len(told.referred)
    assert set(stands) == {each.value for each in Stands}
    with enter(signed_in(filled, "worker@brigid.example.org"), Verb.REFER) as permit:
        silent = [line.state for line in referrals.made(permit=permit) if line.service == "safety_planning"]
        takes = referrals.capacities(permit=permit)
    assert silent == ["delivered"], "the house has met her, and that is hers to tell"
    here = {signed_in(filled, f"worker@{agency.key}.example.org").agency for agency in told.agencies}
    assert len(here & takes.keys()) == len(CAPACITIES) > len(told.agencies) / 2


def test_of_what_came_somebody_looks_after_some_and_nobody_after_others(filled):
    with enter(signed_in(filled, "worker@harbor.example.org"), Verb.ANSWER_REFERRAL) as permit:
        waiting = [line for line in referrals.came(permit=permit, shown="open") if line.waiting]
    assert {line.member is None for line in waiting} == {True, False}


def test_everybody_who_works_has_something_to_do_in_every_way_it_can_stand(filled):
    told, _done = filled
    for agency in told.agencies:
        with enter(signed_in(filled, f"worker@{agency.key}.example.org"), Verb.KEEP_TASKS) as permit:
            rows = list(Task.objects.all())
            assert {row.state for row in rows} == {"open", "done"}, agency.key
            assert len(rows) == len(CHORES), agency.key
            assert any(row.snoozed_until for row in rows)
            assert any(row.every for row in rows)
            assert any(row.due_at < permit.at for row in rows if row.state == "open")
            assert {row.handed_from for row in rows if row.owner_id != permit.member_id} <= {permit.member_id}


def test_a_draft_waits_where_a_worker_looks_first(filled):
    advocate = signed_in(filled, "worker@harbor.example.org")
    with enter(advocate, Verb.FIND_CLIENTS) as permit:
        top = {line.id for line in vault.recent(permit=permit, limit=6)}
    states = set()
    for client in top:
        with enter(advocate, Verb.READ_CLIENT, client=client) as permit:
            states |= {view.state for view in sharing.releases(permit=permit, client_id=client)}
    assert State.DRAFT in states


def test_sign_ins_are_kept_for_the_owner_alone(tmp_path):
    path = tmp_path / "demo.json"
    record = Record(7, 40, True, (SignIn("A", "worker", "N. N.", "w@example.org", passphrase()),), {"A": "paper"})
    record.write(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Record.read(path) == record
    assert record.sign_ins[0].passphrase not in repr(record)
    assert re.fullmatch(r"([a-z]+-){3}[1-9][0-9]", record.sign_ins[0].passphrase)
    path.write_text("{")
    with pytest.raises(ValueError, match="--reset"):
        Record.read(path)
    assert Record.read(tmp_path / "nothing") is None


def test_a_directory_that_holds_no_demo_is_never_deleted(tmp_path):
    path, home = tmp_path / "demo.json", tmp_path / "postgres"
    home.mkdir()
    with pytest.raises(Stop, match="holds no demo"):
        _kept(path, home, reset=True, size=None, seed=None)
    assert home.exists()
    assert not _kept(path, home, reset=False, size=None, seed=None).ready
    Record(7, 40, True).write(path)
    assert _kept(path, home, reset=False, size=40, seed=None) == Record(7, 40, True)
    with pytest.raises(Stop, match="add --reset"):
        _kept(path, home, reset=False, size=41, seed=None)


def start(place: Path, port: int, *more: str) -> tuple[subprocess.Popen[str], float]:
    """The demo once its address is printed, and the seconds that took."""
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "ACCORD_DATA_DIR": str(place)}
    command = "from accord.doors.cli.main import app; app()"
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", command, "demo", f"--port={port}", *more],
        env=variables,
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Sign-ins"):
            process.said = said
            return process, time.monotonic() - began
    raise AssertionError("".join(said))


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0, process.stdout.read()
    process.stdout.close()


def test_the_demo_serves_stops_at_ctrl_c_and_comes_back_with_its_data():
    with tempfile.TemporaryDirectory(prefix="accord-demo-") as name:
        place = Path(name)
        place.chmod(0o711)
        process, _ = start(place, 8521, f"--size={LEAST_SIZE}")
        address = next(word for line in process.said for word in line.split() if word.startswith("http://"))
        with urllib.request.urlopen(address) as page:  # noqa: S310 - our own loopback address
            assert page.status == 200
            assert b"Accord" in page.read()
        kept = json.loads((place / "demo.json").read_text())
        assert kept["ready"]
        assert all(each["passphrase"] in "".join(process.said) for each in kept["sign_ins"])
        stop(process)
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(address)  # noqa: S310

        process, seconds = start(place, 8521)
        assert json.loads((place / "demo.json").read_text()) == kept
        assert seconds < 10, seconds
        stop(process)


def test_a_filling_that_was_interrupted_is_begun_afresh(tmp_path, monkeypatch):
    removed = []
    monkeypatch.setattr(demonstration.postgres, "remove", removed.append)
    path, home = tmp_path / "demo.json", tmp_path / "postgres"
    Record(7, 40).write(path)
    assert _kept(path, home, reset=False, size=None, seed=None) == Record(SEED, USUAL_SIZE)
    assert removed == [home]
    assert not path.exists()

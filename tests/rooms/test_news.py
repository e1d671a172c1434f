"""News of gaps and referrals: who hears that something is new, from which moment on, inside her hours, and once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from accord.config.service import gate
from accord.coordination.notices import actions as notices
from accord.coordination.notices.rules import OLDEST, Wish, newest
from accord.coordination.referrals import actions as referral_actions
from accord.coordination.referrals import queries as referrals
from accord.coordination.tasks import queries as work
from accord.doors.jobs import tasks as jobs
from accord.gate import Caller
from accord.learning.gaps import queries as gaps
from accord.learning.gaps.rules import Answer
from accord.policy.words import Role, Verb
from accord.vault import actions as vault
from accord.vault.facts import around
from accord.vault.rules import Window
from tests.rooms.test_gaps import answered, begun, due, swept
from tests.rooms.test_looked_after import give, take
from tests.rooms.test_notices import ALWAYS, NEW_YORK, to, wants
from tests.rooms.test_referrals import accept, decline, referred, stands
from tests.rooms.test_walls import wall
from tests.world import House, Worker, World

ROLES = (Role.WORKER, Role.SUPERVISOR)
MOMENT, DAY = timedelta(microseconds=1), timedelta(days=1)


def told(house: House, at: datetime | None = None) -> list[str]:
    """Whom one agency's turn of the job tells."""
    at = at or timezone.now()
    with gate().housekeeping(Caller(agency=house.id, job="notifier"), at=at) as permit:
        rooms = (work.handed, gaps.found, referrals.news)
        new = newest(*(each(permit=permit, since=at - OLDEST) for each in rooms))
        return sorted(letter.email for letter in notices.tell(permit=permit, at=at, new=new))


def emails(*workers: Worker) -> list[str]:
    return sorted(each.email for each in workers)


def everybody(world: World, house: House) -> Worker:
    """All of them want to hear at once; one more who works with nobody."""
    other = world.colleague(house)
    for each in (*house.workers.values(), other):
        wants(each)
    return other


def danger(house: House, client: UUID | None = None, of: str = "protective_order", code: str = "order_ends") -> UUID:
    """A case in which something has passed its clock: the end of an order, which is danger."""
    client, track = begun(house, of, client)
    due(house, track, code, timezone.now() - DAY)
    return client


def missed(hospital: House, client: UUID | None = None) -> UUID:
    """The same at a hospital: a follow-up that did not happen, a clock of hers."""
    return danger(hospital, client, "forensic_exam", "follow_up_week_2")


# ------------------------------------------------------------------ gaps


def test_however_many_files_something_is_new_about_who_works_with_them_hears(world):
    house, at = world.agency(roles=ROLES), timezone.now()
    client = world.client(house.worker)
    many = dict.fromkeys([client, *(uuid4() for _ in range(70_000))], at)
    with gate().housekeeping(Caller(agency=house.id, job="notifier"), at=at):
        known = dict.fromkeys([client], at)
        assert around(house.id, many).hear(known) == {house.worker.member: at}


def test_a_gap_that_is_danger_is_news_for_those_who_work_with_her_and_nobody_else(world):
    house = world.agency(roles=ROLES)
    everybody(world, house)
    danger(house)
    assert told(house) == emails(house.worker)
    assert told(house, timezone.now() + timedelta(hours=3)) == [], "never twice about the same"


def test_a_gap_of_her_care_waits_on_my_day(world):
    house = world.agency(roles=ROLES)
    everybody(world, house)
    danger(house, code="hearing")
    assert told(house) == []


def test_a_gap_that_was_answered_before_anybody_was_told_is_no_news(world):
    house = world.agency(roles=ROLES)
    everybody(world, house)
    client = danger(house)
    answered(house, client, Answer.NOT_SAFE_NOW, days=3)
    assert told(house) == []
    again = timezone.now() + 3 * DAY
    swept(house, again)
    assert told(house, again) == emails(house.worker), "it is asked again, and is news again"


@pytest.mark.parametrize("how", ["wall", "unassigned", "merged"])
def test_who_is_walled_off_or_no_longer_works_with_her_hears_nothing(world, how):
    house = world.agency(roles=ROLES)
    second = everybody(world, house)
    client, boss = world.client(house.worker), house[Role.SUPERVISOR]
    with boss.enter(Verb.ASSIGN_CLIENT, client=client) as permit:
        vault.assign(permit=permit, at=permit.at, client_id=client, member_id=second.member)
    if how == "wall":
        wall(house, client, second.member)
    elif how == "unassigned":
        with boss.enter(Verb.ASSIGN_CLIENT, client=client) as permit:
            vault.unassign(permit=permit, at=permit.at, client_id=client, member_id=second.member)
    else:  # walled off a file that turns out to be about the same person
        other = world.client(house.worker)
        wall(house, other, second.member)
        with boss.enter(Verb.MERGE_CLIENTS, client=client) as permit:
            vault.merge(permit=permit, at=permit.at, client_id=client, other_id=other)
    danger(house, client)
    assert told(house) == emails(house.worker)


def test_who_works_with_a_file_that_was_merged_hears_of_the_other(world):
    house = world.agency(roles=ROLES)
    second = everybody(world, house)
    client, other = world.client(house.worker), world.client(second)
    with house[Role.SUPERVISOR].enter(Verb.MERGE_CLIENTS, client=client) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=client, other_id=other)
    danger(house, client)
    assert told(house) == emails(house.worker, second)


def test_about_somebody_with_whom_nobody_works_supervisors_hear(world):
    house = world.agency(roles=ROLES)
    everybody(world, house)
    client, boss = world.client(house.worker), house[Role.SUPERVISOR]
    with boss.enter(Verb.ASSIGN_CLIENT, client=client) as permit:
        vault.unassign(permit=permit, at=permit.at, client_id=client, member_id=house.worker.member)
    danger(house, client)
    assert told(house) == emails(boss)


def test_it_is_told_at_the_edge_of_her_hours_and_not_a_moment_outside(world):
    house = world.agency(roles=ROLES)
    noon = timezone.now().astimezone(NEW_YORK).replace(hour=12, minute=0, second=0, microsecond=0)
    wednesday = noon + ((2 - noon.weekday()) % 7 + 7) * DAY
    client, track = begun(house, "protective_order")
    due(house, track, "order_ends", wednesday - timedelta(hours=9))
    swept(house, wednesday - timedelta(hours=9))
    wants(house.worker, Wish("at_once", (Window((2,), time(9), time(17)),)))
    begin, end = wednesday - timedelta(hours=3), wednesday + timedelta(hours=5)
    assert told(house, begin - MOMENT) == []
    assert told(house, end) == []
    assert told(house, end - MOMENT) == emails(house.worker)
    assert client


# ------------------------------------------------------------------ referrals that came


def test_who_sends_something_hears_nothing_of_it(world):
    hospital, house = world.hospital(ROLES), world.agency(roles=ROLES)
    everybody(world, hospital), everybody(world, house)
    client = world.client(hospital.worker)
    world.entry(hospital.worker, client)
    world.release(hospital.worker, client, house)
    referred(hospital.worker, world.client(hospital.worker), house)
    assert told(hospital) == []
    assert told(house) == emails(house[Role.SUPERVISOR])


@pytest.fixture
def refuge(world) -> House:
    return world.agency(roles=ROLES)


@pytest.fixture
def ana(world, refuge) -> UUID:
    client = world.client(refuge.worker)
    world.entry(refuge.worker, client)
    return client


def test_what_came_and_nobody_looks_after_is_news_for_supervisors(world, refuge, ana):
    clinic = world.hospital(ROLES)
    everybody(world, clinic)
    referral = referred(refuge.worker, ana, clinic)
    assert told(clinic) == emails(clinic[Role.SUPERVISOR])
    second = referred(refuge.worker, ana, clinic)
    for each in (referral, second):
        take(clinic.worker, each)
    assert told(clinic, timezone.now() + timedelta(hours=2)) == [], "somebody looks after them"


def test_where_nobody_supervises_whoever_works_hears_of_it(world, refuge, ana):
    clinic = world.hospital()
    second = everybody(world, clinic)
    referred(refuge.worker, ana, clinic)
    assert told(clinic) == emails(clinic.worker, second)


def test_what_came_about_somebody_who_is_known_is_news_for_those_who_work_with_her(world, refuge, ana):
    clinic = world.hospital(ROLES)
    everybody(world, clinic)
    accept(clinic.worker, referred(refuge.worker, ana, clinic))
    told(clinic)
    referred(refuge.worker, ana, clinic)
    assert told(clinic, timezone.now() + timedelta(hours=2)) == emails(clinic.worker)


@pytest.mark.parametrize("how", ["declined", "accepted", "taken back"])
def test_what_was_answered_or_taken_back_is_no_news(world, refuge, ana, how):
    clinic = world.hospital(ROLES)
    everybody(world, clinic)
    referral = referred(refuge.worker, ana, clinic)
    if how == "declined":
        decline(clinic.worker, referral)
    elif how == "accepted":
        accept(clinic.worker, referral)
    else:
        with refuge.worker.enter(Verb.REFER, client=ana) as permit:
            referral_actions.take_back(permit=permit, at=permit.at, client_id=ana, referral_id=referral)
    assert told(clinic) == []


def test_one_that_she_is_given_is_news_and_one_she_took_is_not(world, refuge, ana):
    clinic = world.hospital(ROLES)
    second = everybody(world, clinic)
    first, other = (referred(refuge.worker, each, clinic) for each in (ana, world.client(refuge.worker)))
    take(clinic.worker, first)
    give(clinic, other, second)
    assert told(clinic) == emails(second)
    client = accept(second, other)
    give(clinic, other, clinic.worker)
    wall(clinic, client, clinic.worker.member)
    assert told(clinic, timezone.now() + timedelta(hours=2)) == [], "who is walled off hears nothing of what she has"


# ------------------------------------------------------------------ past the time agreed for an answer


def test_without_an_answer_in_the_agreed_time_supervisors_of_both_hear_and_who_has_it(world, refuge, ana):
    clinic = world.hospital(ROLES)
    everybody(world, refuge), everybody(world, clinic)
    referral = referred(refuge.worker, ana, clinic, urgency="now")
    take(clinic.worker, referral)
    edge = stands(refuge.worker, ana, referral).answer_due_at
    for house in (refuge, clinic):
        assert told(house, edge - MOMENT) == []
    assert told(refuge, edge) == emails(refuge[Role.SUPERVISOR])
    assert told(clinic, edge) == emails(clinic.worker, clinic[Role.SUPERVISOR])
    assert told(refuge, edge + 2 * timedelta(hours=1)) == []


def test_a_no_that_nobody_has_looked_at_yet_is_an_answer(world, refuge, ana):
    clinic = world.hospital(ROLES)
    everybody(world, refuge)
    referral = referred(refuge.worker, ana, clinic, urgency="now")
    edge = stands(refuge.worker, ana, referral).answer_due_at
    decline(clinic.worker, referral)
    assert told(refuge, edge) == []


def test_a_supervisor_who_is_walled_off_hears_nothing_of_what_is_late(world, refuge, ana):
    clinic = world.hospital(ROLES)
    everybody(world, refuge)
    referral = referred(refuge.worker, ana, clinic, urgency="now")
    edge = stands(refuge.worker, ana, referral).answer_due_at
    wall(refuge, ana, refuge[Role.SUPERVISOR].member)
    assert told(refuge, edge) == []


# ------------------------------------------------------------------ once, and without a word


def test_two_jobs_at_once_tell_each_member_once_of_gaps_and_referrals(world, refuge, ana):
    clinic = world.hospital(ROLES)
    second = everybody(world, clinic)
    missed(clinic, world.client(second))
    missed(clinic, world.client(clinic.worker))
    referred(refuge.worker, ana, clinic)
    start, found, at = threading.Barrier(2), [], timezone.now()

    def run() -> None:
        try:
            start.wait(10)
            found.extend(told(clinic, at))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == emails(clinic.worker, second, clinic[Role.SUPERVISOR])


@pytest.fixture
def outbox() -> Iterator[list[mail.EmailMessage]]:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        yield mail.outbox


def test_the_job_tells_of_gaps_and_referrals_in_the_same_words_as_of_anything(world, refuge, ana, outbox):
    clinic = world.hospital(ROLES)
    for each in clinic.workers.values():
        wants(each, ALWAYS)
    client = missed(clinic)
    referral = referred(refuge.worker, ana, clinic)
    jobs.send(0)
    jobs.send(0)
    letters = to(outbox, clinic.worker, clinic[Role.SUPERVISOR])
    assert len(letters) == 2
    for each in letters:
        whole = each.message().as_string()
        assert each.subject == "Something new"
        assert not any(str(word) in whole for word in (client, referral, clinic.name, refuge.name, "gap", "referr"))

"""Who looks after a referral that came: taken on once, given to nobody she asked to be kept from, handed over, seen on
My day and on the board by who may know; and never by the agency that made it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from accord.config.service import gate
from accord.coordination.referrals import actions, facts, queries
from accord.coordination.referrals.models import Answer, Incoming, Referral
from accord.coordination.referrals.rules import InvalidReferral
from accord.gate import Caller, Refused
from accord.ledger.permits import PermitError
from accord.policy.words import Role, Verb
from accord.sharing import actions as sharing
from accord.sharing.models import Envelope
from accord.vault import actions as vault
from tests.rooms.test_referrals import accept, came, referred
from tests.rooms.test_walls import wall
from tests.world import House, Worker

ROLES = (Role.WORKER, Role.SUPERVISOR)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def refuge(world) -> House:
    return world.agency()


@pytest.fixture
def clinic(world) -> House:
    return world.hospital(ROLES)


@pytest.fixture
def ana(world, refuge) -> UUID:
    client = world.client(refuge.worker)
    world.entry(refuge.worker, client)
    return client


def take(worker: Worker, referral: UUID) -> None:
    with worker.enter(Verb.ANSWER_REFERRAL) as permit:
        actions.take(permit=permit, at=permit.at, referral_id=referral)


def give(house: House, referral: UUID, to: Worker) -> None:
    with house[Role.SUPERVISOR].enter(Verb.ANSWER_REFERRAL, Verb.ASSIGN_CLIENT) as permit:
        actions.give(permit=permit, at=permit.at, referral_id=referral, to_member=to.member)


def takers(house: House, referral: UUID) -> set[UUID]:
    with house[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT) as permit:
        return set(queries.takers(permit=permit, referral_id=referral))


def keeper(worker: Worker, referral: UUID) -> UUID | None:
    return next(line.member for line in came(worker) if line.id == referral)


def day(worker: Worker, at: datetime | None = None, supervises: bool = False) -> list[UUID]:
    with worker.enter(Verb.READ_DAY, at=at) as permit:
        return [line.id for line in queries.day(permit=permit, supervises=supervises)]


def board(house: House) -> tuple[dict[UUID, int], int]:
    with house[Role.SUPERVISOR].enter(Verb.READ_BOARD) as permit:
        found, nobody = queries.looked_after(permit=permit)
        return dict(found), nobody


def news(house: House) -> set[UUID]:
    at = datetime.now(UTC)
    with gate().housekeeping(Caller(agency=house.id, job="watcher"), at=at) as permit:
        return set(queries.news(permit=permit, since=at - timedelta(hours=1)))


def take_back(worker: Worker, client: UUID, referral: UUID) -> None:
    with worker.enter(Verb.REFER, client=client) as permit:
        actions.take_back(permit=permit, at=permit.at, client_id=client, referral_id=referral)


def hand_all(house: House, leaving: Worker, to: Worker | None) -> tuple[int, int]:
    with house[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT) as permit:
        return actions.hand_all(
            permit=permit, at=permit.at, from_member=leaving.member, to_member=to.member if to else None
        )


def test_who_takes_it_on_has_it_and_who_comes_second_is_told(world, refuge, clinic, ana):
    referral, second = referred(refuge.worker, ana, clinic), world.colleague(clinic)
    assert keeper(clinic.worker, referral) is None
    take(clinic.worker, referral)
    take(clinic.worker, referral)
    with pytest.raises(InvalidReferral, match="Somebody else looks after it already"):
        take(second, referral)
    assert keeper(second, referral) == clinic.worker.member
    with clinic.worker.enter(Verb.READ_ENVELOPE):
        assert not Envelope.objects.filter(agency_id=clinic.id).exists(), "it opens nothing before a yes"
    with second.enter(Verb.ANSWER_REFERRAL) as permit, pytest.raises(InvalidReferral, match="do not look after"):
        actions.put_down(permit=permit, at=permit.at, referral_id=referral)
    with clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit:
        actions.put_down(permit=permit, at=permit.at, referral_id=referral)
    assert keeper(second, referral) is None
    take(second, referral)
    accept(clinic.worker, referral)
    assert keeper(clinic.worker, referral) == second.member, "whoever says yes does not take it from her"


def test_of_two_who_take_it_on_at_once_one_wins_and_the_other_is_told(world, refuge, clinic, ana):
    people = [clinic.worker, world.colleague(clinic)]
    for _round in range(3):
        referral = referred(refuge.worker, ana, clinic)
        start, won, told = threading.Barrier(2), [], []

        def run(worker: Worker, referral: UUID = referral, start=start, won: list = won, told: list = told) -> None:
            try:
                start.wait(10)
                take(worker, referral)
                won.append(worker.member)
            except InvalidReferral as no:
                told.append(str(no))
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=[each]) for each in people]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert told == ["Somebody else looks after it already."]
        assert [keeper(clinic.worker, referral)] == won


def test_only_a_supervisor_gives_it_and_only_to_who_works_here(world, refuge, clinic, ana):
    referral, second = referred(refuge.worker, ana, clinic), world.colleague(clinic)
    records = world.colleague(clinic, "Rec Ords", (Role.RECORDS_OFFICER,))
    with clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit, pytest.raises(PermitError):
        actions.give(permit=permit, at=permit.at, referral_id=referral, to_member=second.member)
    with pytest.raises(Refused), clinic.worker.enter(Verb.ASSIGN_CLIENT):
        pass
    for other in (records, refuge.worker):
        with pytest.raises(InvalidReferral, match="cannot go to this colleague"):
            give(clinic, referral, other)
    give(clinic, referral, second)
    assert keeper(clinic.worker, referral) == second.member
    client = accept(second, referral)
    give(clinic, referral, clinic.worker)
    with clinic.worker.enter(Verb.ANSWER_REFERRAL, client=client) as permit:
        view = queries.accepted(permit=permit, client_id=client, referral_id=referral)
    assert view.member == clinic.worker.member, "also after the yes"


def test_whom_she_asked_to_be_kept_from_is_offered_like_anybody_and_cannot_be_chosen(world, refuge, clinic, ana):
    cousin = world.colleague(clinic, "Maria Cousin")
    with refuge.worker.enter(Verb.NEVER_SHARE, client=ana) as permit:
        sharing.never(permit=permit, at=permit.at, client_id=ana, against_id=clinic.id, person="Maria Cousin")
    referral = referred(refuge.worker, ana, clinic)
    everybody = {clinic.worker.member, clinic[Role.SUPERVISOR].member}
    assert takers(clinic, referral) == everybody | {cousin.member}, "who is missing would be whom she fears"
    with pytest.raises(InvalidReferral, match=r"^It cannot go to this colleague. Choose somebody else.$"):
        give(clinic, referral, cousin)
    take(clinic.worker, referral)
    assert hand_all(clinic, clinic.worker, cousin) == (0, 1), "nor with all that another carries"
    assert keeper(clinic.worker, referral) is None
    accept(clinic.worker, referral)
    assert takers(clinic, referral) == everybody
    with pytest.raises(InvalidReferral, match="cannot go to this colleague"):
        give(clinic, referral, cousin)


def test_about_a_file_it_goes_to_nobody_who_may_not_know_of_it(world, refuge, clinic, ana):
    cousin, outside = world.colleague(clinic, "Cousin"), world.colleague(clinic)
    client = accept(clinic.worker, referred(refuge.worker, ana, clinic))
    wall(clinic, client, cousin.member)
    again = referred(refuge.worker, ana, clinic)  # about the same survivor, and not answered
    assert cousin.member not in takers(clinic, again)
    with pytest.raises(InvalidReferral):
        give(clinic, again, cousin)
    give(clinic, again, outside)
    world.keep_to_teams(clinic)
    assert takers(clinic, again) == {clinic.worker.member, clinic[Role.SUPERVISOR].member}
    take_over = accept(clinic.worker, again, client)
    assert keeper(clinic.worker, again) == clinic.worker.member, "who may not know of the file does not look after it"
    assert take_over == client


def test_a_wall_takes_it_from_her_day_and_supervisors_find_it_under_her_name(world, refuge, clinic, ana):
    cousin = world.colleague(clinic, "Cousin")
    client = accept(clinic.worker, referred(refuge.worker, ana, clinic))
    again = referred(refuge.worker, ana, clinic)
    take(cousin, again)
    assert again in day(cousin)
    wall(clinic, client, cousin.member)
    assert day(cousin) == []
    assert came(cousin) == []
    assert board(clinic) == ({clinic.worker.member: 1, cousin.member: 1}, 0)
    give(clinic, again, clinic.worker)
    assert board(clinic) == ({clinic.worker.member: 2}, 0)


def test_my_day_shows_hers_and_nobodys_and_to_a_supervisor_what_is_late(world, refuge, clinic, ana):
    second, boss = world.colleague(clinic), clinic[Role.SUPERVISOR]
    referral = referred(refuge.worker, ana, clinic, urgency="now")
    assert referral in day(clinic.worker)
    assert referral in day(second)
    take(clinic.worker, referral)
    assert referral in day(clinic.worker)
    assert day(second) == []
    edge = came(clinic.worker)[0].due_at
    assert day(boss, edge - MOMENT, supervises=True) == []
    assert day(boss, edge, supervises=True) == [referral]
    assert day(second, edge) == []


def test_whom_she_accepted_stands_on_her_day_until_she_is_reached_or_that_is_a_gap(world, refuge, clinic, ana):
    second, referral = world.colleague(clinic), referred(refuge.worker, ana, clinic)
    client = accept(clinic.worker, referral)
    assert day(clinic.worker) == [referral]
    assert day(second) == []
    with clinic.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (line,) = queries.of_client(permit=permit, client_id=client)
    assert day(clinic.worker, line.due_at - MOMENT) == [referral]
    assert day(clinic.worker, line.due_at) == []
    with clinic.worker.enter(Verb.CONTACT_CLIENT, client=client) as permit:
        actions.attempted(permit=permit, at=permit.at, client_id=client, entry_id=referral)
    assert day(clinic.worker) == []


def test_the_board_counts_by_who_looks_after_it_what_the_asker_may_know_of(world, refuge, clinic, ana):
    first, second = referred(refuge.worker, ana, clinic), referred(refuge.worker, world.client(refuge.worker), clinic)
    assert board(clinic) == ({}, 2)
    take(clinic.worker, first)
    client = accept(clinic.worker, first)
    assert board(clinic) == ({clinic.worker.member: 1}, 1)
    take(clinic.worker, second)
    assert board(clinic) == ({clinic.worker.member: 2}, 0)
    with clinic[Role.SUPERVISOR].enter(Verb.READ_CLIENT, client=client) as permit:
        vault.declare_conflict(permit=permit, at=permit.at, client_id=client, kind="relative")
    assert board(clinic) == ({clinic.worker.member: 1}, 0)


def test_a_list_is_narrowed_to_one_who_looks_after_it_or_to_nobody(world, refuge, clinic, ana):
    first, second = (referred(refuge.worker, each, clinic) for each in (ana, world.client(refuge.worker)))
    take(clinic.worker, first)
    with clinic[Role.SUPERVISOR].enter(Verb.ANSWER_REFERRAL) as permit:
        assert [line.id for line in queries.came(permit=permit, who=clinic.worker.member)] == [first]
        assert [line.id for line in queries.came(permit=permit, who="nobody")] == [second]


def test_handed_over_with_a_caseload_and_with_nobody_when_nobody_takes_over(world, refuge, clinic, ana):
    leaving, taker = world.colleague(clinic, "Leaving"), world.colleague(clinic, "Taker")
    waits, yes = referred(refuge.worker, ana, clinic), referred(refuge.worker, world.client(refuge.worker), clinic)
    take(leaving, waits)
    client = accept(leaving, yes)
    wall(clinic, client, taker.member)
    with clinic[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT) as permit:
        assert queries.open_of(permit=permit, member_id=leaving.member) == 2
    assert hand_all(clinic, leaving, taker) == (1, 1)
    assert keeper(clinic.worker, waits) == taker.member
    assert keeper(clinic.worker, yes) is None
    assert hand_all(clinic, taker, None) == (0, 1)
    assert board(clinic) == ({}, 2), "with nobody, and found"
    give(clinic, yes, clinic.worker)
    assert keeper(clinic.worker, yes) == clinic.worker.member


def test_what_was_taken_back_before_a_yes_is_held_by_nobody_and_goes_to_nobody(world, refuge, clinic, ana):
    referral, second = referred(refuge.worker, ana, clinic), world.colleague(clinic)
    give(clinic, referral, second)
    assert second.member in news(clinic)
    take_back(refuge.worker, ana, referral)
    with clinic[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT) as permit:
        assert queries.open_of(permit=permit, member_id=second.member) == 0
        row = Answer.objects.get(incoming=referral)
        assert facts.may_look_after(permit, [row]) == {row.id: {}}
    assert hand_all(clinic, second, clinic.worker) == (0, 0)
    assert second.member not in news(clinic), "no e-mail about nothing"


def test_what_was_accepted_and_taken_back_since_is_in_the_list_the_board_counts(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    accept(clinic.worker, referral)
    take_back(refuge.worker, ana, referral)
    with clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit:
        actions.put_down(permit=permit, at=permit.at, referral_id=referral)
    assert board(clinic) == ({}, 1)
    for more in ({}, {"who": "nobody"}):
        with clinic[Role.SUPERVISOR].enter(Verb.ANSWER_REFERRAL) as permit:
            assert [line.id for line in queries.came(permit=permit, shown="open", **more)] == [referral]
    give(clinic, referral, clinic.worker)
    assert board(clinic) == ({clinic.worker.member: 1}, 0)


def test_the_oldest_that_waits_is_found_behind_many_that_are_answered(world, refuge, clinic, ana):
    oldest, *others = (referred(refuge.worker, world.client(refuge.worker), clinic) for _ in range(4))
    for each in others:
        with clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit:
            actions.decline(permit=permit, at=permit.at, referral_id=each, reason="full")
    with clinic[Role.SUPERVISOR].enter(Verb.ANSWER_REFERRAL) as permit:
        for narrowed in ({"who": "nobody"}, {}):
            assert [line.id for line in queries.came(permit=permit, shown="open", limit=2, **narrowed)] == [oldest]
        assert {line.id for line in queries.came(permit=permit, shown="over", limit=2)} == set(others[1:])
        assert queries.came(permit=permit, shown="drafts") == []
        assert {line.id for line in queries.came(permit=permit)} == {oldest, *others}


def test_what_is_over_is_looked_after_by_nobody_new(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    client = accept(clinic.worker, referral)
    with clinic.worker.enter(Verb.ANSWER_REFERRAL, Verb.ADD_ENTRY, client=client) as permit:
        actions.end(permit=permit, at=permit.at, client_id=client, referral_id=referral, outcome="helped")
    with pytest.raises(InvalidReferral, match="over already"):
        give(clinic, referral, clinic[Role.SUPERVISOR])
    assert hand_all(clinic, clinic.worker, None) == (0, 0)
    assert board(clinic) == ({}, 0)


def test_who_made_it_sees_nothing_of_who_looks_after_it(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)

    def rows() -> list:
        with refuge.worker.enter(Verb.REFER, client=ana):
            return [list(model.objects.values()) for model in (Referral, Incoming, Answer)]

    before = rows()
    take(clinic.worker, referral)
    give(clinic, referral, clinic[Role.SUPERVISOR])
    assert rows() == before
    with pytest.raises(InvalidReferral):
        take(refuge.worker, referral)

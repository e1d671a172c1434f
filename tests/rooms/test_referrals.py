"""Referrals between agencies: who receives one sees the minimum until it says yes, who refers learns what was told on
her word or a law and nothing else, and whatever is lost, doubled or late moves nothing back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accord.config.service import gate
from accord.coordination.referrals import actions, queries
from accord.coordination.referrals.models import Answer, Incoming, No, Referral
from accord.coordination.referrals.rules import InvalidReferral, Stand, State
from accord.gate import referring
from accord.gate.updates import send as send_updates
from accord.gate.updates import ways
from accord.policy.words import AgencyKind, Category, Duty, Element, Level, Purpose, Role, Verb
from accord.sharing import actions as sharing
from accord.sharing import queries as shared
from accord.sharing.models import Arrival, Envelope, Opened
from accord.vault import actions as vault
from accord.vault.rules import Identity
from tests.rooms.test_walls import wall
from tests.world import House, Worker

SEEN = {Category.IDENTITY: Level.SUMMARY, Category.SERVICES: Level.SUMMARY, Category.INJURIES: Level.SUMMARY}
ANSWERING = (Verb.ANSWER_REFERRAL, Verb.ACCEPT_ENVELOPE, Verb.OPEN_CLIENT, Verb.FIND_CLIENTS, Verb.ADD_ENTRY)


def signed(worker: Worker, client: UUID, recipient: House, grants=SEEN, updates=(), purpose=Purpose.SAFETY) -> UUID:
    """A release she signs while a referral may be drafted; what is for that partner waits for the referral."""
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        release = sharing.prepare(
            permit=permit, at=permit.at, client_id=client, recipient_id=recipient.id, purpose=purpose, grants=grants,
            last_day=permit.at.date() + timedelta(days=15), language="en", updates=updates,
        )  # fmt: skip
    with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
        row = sharing.sign(
            permit=permit, at=permit.at, release_id=release, spoken=frozenset(Element), method="paper", copy="given",
            signature="A. P.",
        )  # fmt: skip
        referring.disclose_signed(gate(), permit, worker.caller, [row])
    return release


def drafted(worker: Worker, client: UUID, recipient: House, service="counselling", urgency="today", **given) -> UUID:
    with worker.enter(Verb.REFER, client=client) as permit:
        return actions.draft(
            permit=permit, at=permit.at, client_id=client, recipient_id=recipient.id, service=service, urgency=urgency,
            **{"words": "She would like evenings."} | given,
        )  # fmt: skip


def send(worker: Worker, client: UUID, referral: UUID, at=None) -> None:
    with worker.enter(Verb.REFER, Verb.ADD_ENTRY, client=client, at=at) as permit:
        referring.send(gate(), permit, worker.caller, client, referral)


def referred(worker: Worker, client: UUID, recipient: House, grants=SEEN, updates=(), **given) -> UUID:
    referral = drafted(worker, client, recipient, **given)
    signed(worker, client, recipient, grants, updates)
    send(worker, client, referral)
    return referral


def accept(worker: Worker, referral: UUID, client: UUID | None = None) -> UUID:
    with worker.enter(*ANSWERING) as permit:
        client = client or vault.open_client(permit=permit, at=permit.at, identity=Identity())
        actions.accept(permit=permit, at=permit.at, referral_id=referral, client_id=client)
    return client


def decline(worker: Worker, referral: UUID, reason="full", toward=None, tell=True) -> bool:
    with worker.enter(Verb.ANSWER_REFERRAL) as permit:
        return actions.decline(
            permit=permit, at=permit.at, referral_id=referral, reason=reason, toward_id=toward, tell=tell
        )


def stands(worker: Worker, client: UUID, referral: UUID) -> queries.ReferralView:
    with worker.enter(Verb.REFER, client=client) as permit:
        return queries.referral(permit=permit, client_id=client, referral_id=referral)


def learn(worker: Worker, client: UUID) -> list[UUID]:
    with worker.enter(Verb.REFER, client=client) as permit:
        return actions.learn(permit=permit, at=permit.at, client_id=client)


def came(worker: Worker, shown="") -> list[queries.Line]:
    with worker.enter(Verb.ANSWER_REFERRAL) as permit:
        return queries.came(permit=permit, shown=shown)


@pytest.fixture
def refuge(world) -> House:
    return world.agency()


@pytest.fixture
def clinic(world) -> House:
    return world.hospital()


@pytest.fixture
def ana(world, refuge) -> UUID:
    client = world.client(refuge.worker)
    world.entry(refuge.worker, client, Category.INJURIES, "Two injuries recorded.")
    return client


def test_before_a_yes_the_recipient_sees_who_what_for_and_how_soon_and_nothing_else(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    (line,) = came(clinic.worker)
    assert (line.id, line.partner_id, line.service, line.urgency, line.state) == (
        referral, refuge.id, "counselling", "today", "waiting",
    )  # fmt: skip
    with clinic.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        assert shared.waiting(permit=permit) == []
        # also past every query, in the database as the service's own role
        assert not Envelope.objects.filter(agency_id=clinic.id).exists()
        assert not Arrival.objects.filter(agency_id=clinic.id).exists()
        row = Incoming.objects.get(id=referral)
        assert row.kept_from is None
    client = accept(clinic.worker, referral)
    with clinic.worker.enter(Verb.READ_ENVELOPE, client=client) as permit:
        received = shared.received(permit=permit, client_id=client)
    assert {view.category for view in received} == set(SEEN)
    assert any("Ana" in str(view.content.summary) for view in received)


def test_without_her_release_nothing_is_sent(world, refuge, clinic, ana):
    referral = drafted(refuge.worker, ana, clinic)
    with pytest.raises(InvalidReferral):
        send(refuge.worker, ana, referral)
    assert stands(refuge.worker, ana, referral).state is State.DRAFT
    assert came(clinic.worker) == []
    # a release that says nothing of services is not enough, and one to somebody else neither
    signed(refuge.worker, ana, clinic, {Category.INJURIES: Level.SUMMARY})
    signed(refuge.worker, ana, world.hospital())
    with pytest.raises(InvalidReferral):
        send(refuge.worker, ana, referral)


def test_what_she_signs_while_a_referral_is_drafted_waits_for_it(world, refuge, clinic, ana):
    drafted(refuge.worker, ana, clinic)
    signed(refuge.worker, ana, clinic)
    with clinic.worker.enter(Verb.READ_DAY) as permit:
        assert shared.waiting(permit=permit) == []
        assert not Envelope.objects.filter(agency_id=clinic.id).exists()
    police = world.police()
    signed(refuge.worker, ana, police)
    with police.worker.enter(Verb.READ_DAY) as permit:
        assert len(shared.waiting(permit=permit)) == 1, "for whom no referral waits it goes at once"


def test_who_refers_sees_delivered_whatever_became_of_it_there(world, refuge, ana):
    shelter = world.agency()
    for answer in ("accept", "decline", "nothing"):
        referral = referred(refuge.worker, ana, shelter)
        with refuge.worker.enter(Verb.REFER, client=ana) as permit:
            before = [list(model.objects.values()) for model in (Referral, Incoming, Envelope, Answer, Opened, No)]
        if answer == "accept":
            client = accept(shelter.worker, referral)
            with shelter.worker.enter(Verb.ANSWER_REFERRAL, Verb.ADD_ENTRY, client=client) as permit:
                actions.met(permit=permit, at=permit.at, client_id=client, referral_id=referral)
        elif answer == "decline":
            assert decline(shelter.worker, referral) is False
        assert learn(refuge.worker, ana) == []
        assert stands(refuge.worker, ana, referral).state is State.DELIVERED
        with refuge.worker.enter(Verb.REFER, client=ana) as permit:
            assert [
                list(model.objects.values()) for model in (Referral, Incoming, Envelope, Answer, Opened, No)
            ] == before, "not even in the database"


def test_on_her_release_to_who_refers_a_yes_and_what_follows_are_told(world, refuge, ana):
    shelter = world.agency()
    referral = referred(refuge.worker, ana, shelter)
    client = accept(shelter.worker, referral)
    signed(shelter.worker, client, refuge, {Category.SERVICES: Level.SUMMARY}, [Category.SERVICES])
    world.accept(refuge.worker, ana)
    assert learn(refuge.worker, ana) == [referral]
    assert stands(refuge.worker, ana, referral).state is State.ACCEPTED
    with shelter.worker.enter(
        Verb.ANSWER_REFERRAL, Verb.ADD_ENTRY, Verb.SEND_UPDATE, Verb.READ_CLIENT, client=client
    ) as permit:
        entry = actions.end(permit=permit, at=permit.at, client_id=client, referral_id=referral, outcome="helped")
        (way,) = ways(gate(), permit, shelter.worker.caller, client)
        send_updates(gate(), permit, shelter.worker.caller, client, [(way.id, entry)])
    assert learn(refuge.worker, ana) == [referral]
    assert learn(refuge.worker, ana) == [], "told once, it moves once"
    view = stands(refuge.worker, ana, referral)
    assert (view.state, view.outcome) == (State.ENDED, "helped")
    assert view.answered_at is not None


def test_that_somebody_is_involved_is_a_yes_to_the_one_that_waits(world, refuge, ana):
    shelter = world.agency()
    referral = referred(refuge.worker, ana, shelter)
    client = accept(shelter.worker, referral)
    signed(shelter.worker, client, refuge, {Category.SERVICES: Level.EXISTENCE})
    learn(refuge.worker, ana)
    assert stands(refuge.worker, ana, referral).state is State.ACCEPTED


@pytest.mark.parametrize("duty", [Duty.VAWA, Duty.VOCA, Duty.FVPSA, Duty.PART2])
def test_where_being_a_client_is_secret_not_even_a_no_is_told(world, refuge, ana, duty):
    there = world.agency(AgencyKind.SUBSTANCE_USE, frozenset({duty, Duty.HIPAA}))
    referral = referred(refuge.worker, ana, there)
    assert decline(there.worker, referral) is False
    assert learn(refuge.worker, ana) == []
    with pytest.raises(DatabaseError), there.worker.enter(Verb.ANSWER_REFERRAL) as permit:
        No.objects.create(id=referral, agency_id=refuge.id, holder_id=there.id, reason="full", told_at=permit.at)


def test_elsewhere_a_bare_no_is_told_with_whom_they_name_instead(world, refuge, clinic, ana):
    other = world.police()
    referral = referred(refuge.worker, ana, clinic)
    assert decline(clinic.worker, referral, "another_is_better", other.id) is True
    assert learn(refuge.worker, ana) == [referral]
    view = stands(refuge.worker, ana, referral)
    assert (view.state, view.reason, view.toward) == (State.REDIRECTED, "another_is_better", other.id)
    with refuge.worker.enter(Verb.REFER, client=ana):
        rows = Envelope.objects.filter(holder_id=refuge.id, referral=referral)
        assert rows
        assert all(row.withdrawn_at for row in rows)
    officer = world.colleague(clinic, "Rec Ords", (Role.RECORDS_OFFICER,))
    with gate().kept(officer.caller, purpose=Purpose.RECORDS_REQUEST, at=timezone.now()) as permit:
        assert shared.kept(permit=permit) == [], "what was never opened is not kept for anybody to look at"
    assert came(other.worker) == [], "nobody but who refers forwards anything"


def test_a_reason_about_her_is_never_in_a_bare_no(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    assert decline(clinic.worker, referral, "she_said_no") is False
    assert learn(refuge.worker, ana) == []
    with pytest.raises(DatabaseError), clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit:
        No.objects.create(id=referral, agency_id=refuge.id, holder_id=clinic.id, reason="full", told_at=permit.at)


@pytest.mark.parametrize("answered", [False, True])
def test_a_mistake_is_taken_back_and_can_no_longer_be_read(world, refuge, clinic, ana, answered):
    referral = referred(refuge.worker, ana, clinic)
    client = accept(clinic.worker, referral) if answered else None
    with refuge.worker.enter(Verb.REFER, client=ana) as permit:
        assert actions.take_back(permit=permit, at=permit.at, client_id=ana, referral_id=referral)
    assert [line.id for line in came(clinic.worker)] == ([referral] if answered else []), "what we accepted is ours"
    with clinic.worker.enter(Verb.ANSWER_REFERRAL, Verb.READ_ENVELOPE) as permit:
        assert queries.incoming(permit=permit, referral_id=referral) is None
        assert not Incoming.objects.filter(id=referral).exists()
        assert not Envelope.objects.filter(agency_id=clinic.id).exists()
        if client:
            assert shared.received(permit=permit, client_id=client) == []
    if not answered:
        with pytest.raises(InvalidReferral):
            accept(clinic.worker, referral)
    # the release it went on carries no other; she is asked anew
    again = drafted(refuge.worker, ana, clinic)
    with pytest.raises(InvalidReferral):
        send(refuge.worker, ana, again)


@pytest.mark.parametrize("answered", ["not at all", "looked after", "declined"])
def test_a_yes_cannot_be_forged_where_it_opens(world, refuge, clinic, ana, answered):
    referral = referred(refuge.worker, ana, clinic)
    if answered == "looked after":
        with clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit:
            actions.take(permit=permit, at=permit.at, referral_id=referral)
    elif answered == "declined":
        decline(clinic.worker, referral)
    with pytest.raises(DatabaseError), clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit:
        Opened.objects.create(
            id=referral, agency_id=clinic.id, holder_id=refuge.id, opened_at=permit.at, opened_by=permit.member_id
        )
    # a yes of another agency, or to another referral, opens nothing here
    other = world.hospital()
    second = referred(refuge.worker, ana, other)
    accept(other.worker, second)
    with clinic.worker.enter(Verb.READ_ENVELOPE):
        assert not Envelope.objects.filter(agency_id=clinic.id).exists()


def test_a_referral_that_rests_on_nothing_cannot_be_written_down(world, refuge, clinic, ana):
    with pytest.raises(DatabaseError), refuge.worker.enter(Verb.REFER, client=ana) as permit:
        Incoming.objects.create(
            id=UUID(int=7), agency_id=clinic.id, holder_id=refuge.id, thread=UUID(int=8), service="phone",
            urgency="now", key_version=1, delivered_at=permit.at, due_at=permit.at,
        )  # fmt: skip


def test_the_answer_is_due_by_how_soon_she_needs_it_and_late_from_then_on(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic, urgency="now")
    view = stands(refuge.worker, ana, referral)
    assert view.answer_due_at - view.sent_at == timedelta(hours=4)
    for moment, is_late in (
        (view.answer_due_at - timedelta(microseconds=1), False),
        (view.answer_due_at, True),
    ):
        with refuge.worker.enter(Verb.READ_DAY, Verb.REFER, at=moment) as permit:
            day = queries.day(permit=permit, supervises=False)
            assert [line.id for line in day if line.ours] == ([referral] if is_late else [])
            assert [line.id for line in queries.made(permit=permit, shown="late")] == ([referral] if is_late else [])


def test_a_supervisor_sees_what_her_workers_wait_for_and_a_colleague_does_not(world, clinic, ana, refuge):
    referral = referred(refuge.worker, ana, clinic)
    colleague = world.colleague(refuge)
    supervisor = world.colleague(refuge, "Super Visor", (Role.SUPERVISOR,))
    at = timezone.now() + timedelta(days=1)
    for member, supervises, expected in ((colleague, False, []), (supervisor, True, [referral])):
        with member.enter(Verb.READ_DAY, at=at) as permit:
            assert [line.id for line in queries.day(permit=permit, supervises=supervises)] == expected


def test_whom_she_asked_to_be_kept_from_does_not_even_see_that_somebody_was_referred(world, refuge, clinic, ana):
    cousin = world.colleague(clinic, "Maria Cousin")
    with refuge.worker.enter(Verb.NEVER_SHARE, client=ana) as permit:
        sharing.never(permit=permit, at=permit.at, client_id=ana, against_id=clinic.id, person="Maria Cousin")
    referral = referred(refuge.worker, ana, clinic)
    assert [line.id for line in came(clinic.worker)] == [referral]
    assert came(cousin) == []
    with cousin.enter(Verb.ANSWER_REFERRAL, Verb.READ_DAY) as permit:
        assert queries.incoming(permit=permit, referral_id=referral) is None
        assert queries.day(permit=permit, supervises=True) == []
        with pytest.raises(InvalidReferral):
            actions.take(permit=permit, at=permit.at, referral_id=referral)
    client = accept(clinic.worker, referral)
    with cousin.enter(Verb.FIND_CLIENTS) as permit:
        assert client in permit.scope.hidden


def test_what_follows_before_a_yes_waits_as_well(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic, updates=[Category.INJURIES])
    entry = world.entry(refuge.worker, ana, Category.INJURIES, "A third one.")
    with refuge.worker.enter(Verb.SEND_UPDATE, Verb.READ_DAY, client=ana) as permit:
        (way,) = ways(gate(), permit, refuge.worker.caller, ana)
        assert send_updates(gate(), permit, refuge.worker.caller, ana, [(way.id, entry)]) == {clinic.id: 1}
    with clinic.worker.enter(Verb.READ_DAY) as permit:
        assert shared.waiting(permit=permit) == []
    client = accept(clinic.worker, referral)
    with clinic.worker.enter(Verb.READ_ENVELOPE, client=client) as permit:
        assert "A third one." in str(shared.received(permit=permit, client_id=client))


def test_two_workers_answer_at_once_and_it_is_answered_once(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    accept(clinic.worker, referral)
    for again in (lambda: accept(clinic.worker, referral), lambda: decline(clinic.worker, referral)):
        with pytest.raises(InvalidReferral):
            again()
    with clinic.worker.enter(Verb.ANSWER_REFERRAL):
        assert Answer.objects.filter(incoming=referral).count() == 1
        with pytest.raises(DatabaseError), transaction.atomic():
            Answer.objects.filter(incoming=referral).update(state=Stand.WAITING)


def test_trying_to_reach_her_counts_for_what_was_accepted(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    client = accept(clinic.worker, referral)
    with clinic.worker.enter(Verb.CONTACT_CLIENT, Verb.ANSWER_REFERRAL, client=client) as permit:
        entry = vault.contacted(permit=permit, at=permit.at, client_id=client, channel="phone", outcome="not_reached")
        actions.attempted(permit=permit, at=permit.at, client_id=client, entry_id=entry)
        view = queries.accepted(permit=permit, client_id=client, referral_id=referral)
        assert view.contacted_at == permit.at
        assert [each.kind for each in queries.attempts(permit=permit, client_id=client, referral_id=referral)] == [
            "her"
        ]


def test_somebody_who_is_no_partner_is_a_loop_by_hand(world, refuge, ana):
    worker = refuge.worker
    with worker.enter(Verb.REFER, client=ana) as permit:
        referral = actions.draft(
            permit=permit, at=permit.at, client_id=ana, service="food_and_clothing", urgency="soon",
            outside=actions.Outside("Food Bank", "1 Example Way", "She takes it herself"),
        )  # fmt: skip
        with pytest.raises(InvalidReferral):
            actions.note(permit=permit, at=permit.at, client_id=ana, referral_id=referral, state="accepted")
        actions.hand_over(permit=permit, at=permit.at, client_id=ana, referral_id=referral, how="print")
        for state, words in (("delivered", {}), ("accepted", {}), ("ended", {"outcome": "helped"})):
            actions.note(permit=permit, at=permit.at, client_id=ana, referral_id=referral, state=state, **words)
        with pytest.raises(InvalidReferral):
            actions.note(permit=permit, at=permit.at, client_id=ana, referral_id=referral, state="met")
        view = queries.referral(permit=permit, client_id=ana, referral_id=referral)
        assert (view.state, view.outcome, view.outside["name"]) == (State.ENDED, "helped", "Food Bank")


def test_who_accepted_may_refer_on_as_its_own(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    client = accept(clinic.worker, referral)
    third = world.agency()
    on = drafted(clinic.worker, client, third, parent_id=referral)
    assert stands(clinic.worker, client, on).parent == referral
    with pytest.raises(InvalidReferral):
        drafted(clinic.worker, world.client(clinic.worker), third, parent_id=referral)


def test_capacity_is_said_to_the_community_and_names_nobody(world, refuge, clinic):
    with clinic.worker.enter(Verb.ANSWER_REFERRAL) as permit:
        actions.state_capacity(
            permit=permit, at=permit.at, takes="waiting", services=["counselling", "nothing"], wait_days=14
        )
        actions.state_capacity(permit=permit, at=permit.at, takes="waiting", services=["counselling"], wait_days=21)
    with refuge.worker.enter(Verb.REFER) as permit:
        said = queries.capacities(permit=permit, ids=[clinic.id])[clinic.id]
    assert (said.taking("counselling"), said.taking("shelter"), said.wait_days) == ("waiting", "no", 21)


def test_a_row_of_the_other_side_cannot_be_touched(world, refuge, clinic, ana):
    referral = referred(refuge.worker, ana, clinic)
    with clinic.worker.enter(Verb.ANSWER_REFERRAL):
        assert Incoming.objects.filter(id=referral).update(service="phone") == 0
        assert Referral.objects.filter(id=referral).count() == 0
    with pytest.raises(DatabaseError), refuge.worker.enter(Verb.REFER, client=ana):
        Incoming.objects.filter(id=referral).update(service="phone")
    with pytest.raises(DatabaseError), refuge.worker.enter(Verb.REFER, client=ana):
        Referral.objects.filter(id=referral).update(state=State.DRAFT)


def test_a_withdrawn_release_ends_what_went_along(world, refuge, clinic, ana):
    referral = drafted(refuge.worker, ana, clinic)
    release = signed(refuge.worker, ana, clinic)
    send(refuge.worker, ana, referral)
    world.withdraw(refuge.worker, ana, release)
    client = accept(clinic.worker, referral)
    with clinic.worker.enter(Verb.READ_ENVELOPE, client=client) as permit:
        assert shared.received(permit=permit, client_id=client) == []


def test_the_board_counts_what_nobody_answered_from_the_edge_on_and_by_who_sent_it(world):
    house, hospital = world.agency(roles=(Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)), world.hospital()
    client, other = world.client(house.worker), world.client(house.worker)
    due = stands(house.worker, client, referred(house.worker, client, hospital)).answer_due_at
    drafted(house.worker, other, hospital)

    def counted(at):
        with house[Role.SUPERVISOR].enter(Verb.READ_BOARD, at=at) as permit:
            return queries.unanswered(permit=permit)

    assert counted(due - timedelta(microseconds=1)) == ({}, 0)
    assert counted(due) == ({house.worker.member: 1}, 1), "a draft waits for nobody's answer"
    wall(house, client, house[Role.SUPERVISOR].member, by=Role.PRIVACY_OFFICER)
    assert counted(due) == ({}, 0), "nor does she count what she may not know of"

"""Gaps in the vault of an agency: found at their edge and not before, by a save and by a sweep alike; answered, asked
again, closed by what they are of; known to nobody who may not know of the file, and to no other agency."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.config.service import gate
from accord.coordination.protocols.facts import protocols
from accord.coordination.protocols.rules import EvidenceKind, Protocol
from accord.coordination.referrals import actions as referral_actions
from accord.coordination.referrals import models as referral_rows
from accord.coordination.tracks import actions as tracks
from accord.coordination.tracks import rules as track_rules
from accord.coordination.tracks.models import Due, Track
from accord.doors.jobs import tasks
from accord.gate import Caller
from accord.learning.gaps import actions, queries
from accord.learning.gaps.facts import rules
from accord.learning.gaps.models import Gap
from accord.learning.gaps.rules import Answer, InvalidGap, Rule, asked_since
from accord.policy.words import AgencyKind, Duty, Relation, Role, Verb
from accord.sharing.models import Sent
from accord.vault import actions as vault
from accord.vault import queries as files
from accord.vault.rules import Identity
from tests.proofs.town import superuser
from tests.rooms import test_referrals as referrals
from tests.rooms.test_walls import wall
from tests.world import House, World

MOMENT, DAY = timedelta(microseconds=1), timedelta(days=1)
DUTIES = {
    AgencyKind.POLICE: Duty.BRADY, AgencyKind.PROSECUTOR: Duty.BRADY, AgencyKind.HOSPITAL: Duty.HIPAA,
    AgencyKind.VICTIM_SERVICES: Duty.VAWA, AgencyKind.COURT: Duty.COURT_RECORDS, AgencyKind.PROBATION: Duty.CJIS,
    AgencyKind.PROTECTIVE_SERVICES: Duty.PROTECTIVE_RECORDS,
}  # fmt: skip
ROLES = (Role.WORKER, Role.SUPERVISOR)


@pytest.fixture(scope="module")
def house() -> House:
    return World().agency(roles=ROLES)


def written(protocol: Protocol, state: str, at: datetime) -> dict[str, str]:
    """What beginning there asks for, far in the future, so that no clock of its own has passed."""
    day = (at + 700 * DAY).date()
    kinds = {EvidenceKind.DAY: day.isoformat(), EvidenceKind.MOMENT: (at + 700 * DAY).isoformat()}
    asked = [protocol.evidence[code] for code in track_rules.entrance(protocol, state).needs]
    return {each.code: each.choices[0][0] if each.choices else kinds.get(each.kind, "1") for each in asked}


def begun(house: House, code: str, client: UUID | None = None, at: datetime | None = None) -> tuple[UUID, Track]:
    """A case at this agency in the protocol's first state."""
    at = at or timezone.now()
    client = client or World().client(house.worker)
    protocol = protocols(at)[code]
    with house.worker.enter(Verb.MOVE_TRACK, Verb.READ_CLIENT, Verb.EDIT_CLIENT, client=client, at=at) as permit:
        about = files.herself(permit=permit, client_id=client).id
        if Relation.SELF not in protocol.about:
            who = Identity(given="Somebody", family="Else")
            relation = min(protocol.about)
            about = vault.add_person(permit=permit, at=at, client_id=client, relation=relation, identity=who)
        state = protocol.starts[0].code
        given = written(protocol, state, at)
        id = tracks.begin(permit=permit, at=at, client_id=client, protocol=code, state=state, about=about, given=given)
        return client, Track.objects.get(id=id)


def due(house: House, track: Track, code: str, due_at: datetime, at: datetime | None = None, **own: datetime) -> UUID:
    """A clock of this case, as a step of it would open it; `agreed_at`, where our own time is sooner."""
    with house.worker.enter(Verb.MOVE_TRACK, client=track.client_id, at=at) as permit:
        Due.objects.filter(track_id=track.id, met_at__isnull=True).update(
            met_at=permit.at, met_by=permit.member_id, how="over"
        )
        row = Due.objects.create(
            agency_id=house.id,
            client_id=track.client_id,
            track_id=track.id,
            code=code,
            number=track.number,
            optional=False,
            opens_at=min(due_at, permit.at),
            due_at=due_at,
            **own,
        )
        permit.record("track_moved", track.id)
        return row.id


def swept(house: House, at: datetime, *, everything: bool = False) -> tuple:
    with gate().housekeeping(Caller(agency=house.id, job="watcher"), at=at) as permit:
        actions.sweep(permit=permit, at=at, everything=everything)
        return permit.deeds


def looked(house: House, client: UUID, at: datetime) -> None:
    with house.worker.enter(Verb.MOVE_TRACK, client=client, at=at) as permit:
        actions.look(permit=permit, at=at, client_id=client)


def open_of(house: House, client: UUID) -> dict[tuple[str, UUID], datetime]:
    with house.worker.enter(Verb.READ_CLIENT, client=client):
        rows = Gap.objects.filter(client_id=client, closed_at__isnull=True)
        return {(row.rule, row.of): row.since_at for row in rows}


def answered(house: House, client: UUID, answer: Answer, at: datetime | None = None, **words) -> None:
    """What a worker says to the one gap that is open."""
    with house.worker.enter(Verb.ANSWER_GAP, Verb.READ_CLIENT, Verb.MOVE_TRACK, client=client, at=at) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=client)
        actions.answer(permit=permit, at=permit.at, client_id=client, gap_id=line.id, answer=answer, **words)


# ------------------------------------------------------------------ where each edge lies


def cases() -> Iterator[tuple[Rule, str, str]]:
    for rule in rules().values():
        for protocol, code in sorted(rule.dues):
            yield rule, protocol, code


HOUSES: dict[AgencyKind, House] = {}


@pytest.mark.parametrize(("rule", "protocol", "code"), list(cases()), ids=lambda each: getattr(each, "code", each))
def test_every_due_of_every_rule_is_a_gap_from_its_edge_on(rule, protocol, code):
    kind = min(protocols(timezone.now())[protocol].kinds & DUTIES.keys() & (rule.kinds or DUTIES.keys()))
    house = HOUSES.setdefault(kind, HOUSES.get(kind) or World().agency(kind, frozenset({DUTIES[kind]}), ROLES))
    client, track = begun(house, protocol)
    clock = timezone.now() + 40 * DAY
    of, edge = due(house, track, code, clock), clock + rule.after
    for look in (partial(looked, house, client), partial(swept, house), partial(swept, house, everything=True)):
        look(at=edge - MOMENT)
        assert open_of(house, client) == {}
    swept(house, edge)
    assert open_of(house, client) == {(rule.code, of): edge}
    for look in (partial(looked, house, client), partial(swept, house), partial(swept, house, everything=True)):
        look(at=edge + DAY)
        assert open_of(house, client) == {(rule.code, of): edge}


def test_a_save_finds_it_at_once_and_what_is_not_named_is_found_by_the_rest(world, house):
    client, track = begun(house, "protective_order")
    of = due(house, track, "hearing", timezone.now() - DAY)
    assert set(open_of(house, client)) == {("step_late", of)}
    with house.worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        Due.objects.filter(id=of).update(met_at=permit.at, met_by=permit.member_id, how="left")
        permit.record("track_moved", track.id)
    assert open_of(house, client) == {}


def test_what_may_be_passed_is_no_gap(world, house):
    client, track = begun(house, "protective_order")
    with house.worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        Due.objects.create(
            agency_id=house.id, client_id=client, track_id=track.id, code="renewal_talk", number=1, optional=True,
            opens_at=permit.at - DAY, due_at=permit.at - DAY,
        )  # fmt: skip
        permit.record("track_moved", track.id)
    assert open_of(house, client) == {}


def test_a_release_that_ends_is_one_for_its_last_week_unless_another_follows(world):
    hospital, shelter = world.hospital(), world.agency()
    client = world.client(hospital.worker)
    world.entry(hospital.worker, client)
    release = world.release(hospital.worker, client, shelter, days=15)
    with hospital.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        from accord.sharing import queries as sharing

        [view] = sharing.releases(permit=permit, client_id=client)
    edge = view.until_at - 7 * DAY
    swept(hospital, edge - MOMENT, everything=True)
    assert open_of(hospital, client) == {}
    swept(hospital, edge)
    assert open_of(hospital, client) == {("release_ending", release): edge}
    swept(hospital, view.until_at - MOMENT)
    assert open_of(hospital, client) == {("release_ending", release): edge}
    swept(hospital, view.until_at)
    assert open_of(hospital, client) == {}, "it has ended, and there is nothing left to ask"


def test_a_release_that_follows_closes_it_and_one_taken_back_is_none(world):
    hospital, shelter = world.hospital(), world.agency()
    client = world.client(hospital.worker)
    world.entry(hospital.worker, client)
    first = world.release(hospital.worker, client, shelter, days=3)
    assert {of for _rule, of in open_of(hospital, client)} == {first}
    second = world.release(hospital.worker, client, shelter, days=20)
    assert open_of(hospital, client) == {}
    world.withdraw(hospital.worker, client, second)
    assert {of for _rule, of in open_of(hospital, client)} == {first}
    world.withdraw(hospital.worker, client, first)
    assert open_of(hospital, client) == {}


def test_what_a_partner_shares_is_asked_about_before_the_last_of_it_ends(world):
    hospital, shelter = world.hospital(), world.agency()
    client = world.client(hospital.worker)
    for _each in range(3):
        world.entry(hospital.worker, client)
    release = world.release(hospital.worker, client, shelter, days=2)
    there = world.accept(shelter.worker)
    swept(shelter, timezone.now(), everything=True)
    [((rule, _of), _since)] = open_of(shelter, there).items()
    assert rule == "shared_with_us_ending"
    world.release(hospital.worker, client, shelter, days=20)
    world.accept(shelter.worker, there)
    swept(shelter, timezone.now(), everything=True)
    assert open_of(shelter, there) == {}, "more was shared, which lasts longer"
    del release


def test_a_referral_without_an_answer_is_one_from_the_agreed_time_on(world):
    shelter = world.agency(roles=ROLES)
    clinic = world.hospital()
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client)
    referral = referrals.referred(shelter.worker, client, clinic)
    view = referrals.stands(shelter.worker, client, referral)
    edge = view.answer_due_at
    swept(shelter, edge - MOMENT, everything=True)
    assert open_of(shelter, client) == {}
    swept(shelter, edge)
    assert open_of(shelter, client) == {("referral_unanswered", referral): edge}
    referrals.decline(clinic.worker, referral)
    swept(shelter, edge + DAY, everything=True)
    assert open_of(shelter, client) == {}, "a bare no is an answer, too"


def test_who_was_accepted_and_not_reached_is_one_where_she_was_accepted_and_nowhere_else(world):
    shelter = world.agency(roles=ROLES)
    clinic = world.hospital(ROLES)
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client)
    referral = referrals.referred(shelter.worker, client, clinic)
    there = referrals.accept(clinic.worker, referral)
    with clinic.worker.enter(Verb.READ_CLIENT, client=there):
        answer = referral_rows.Answer.objects.get(incoming=referral)
    swept(clinic, answer.contact_due_at - MOMENT, everything=True)
    assert not {rule for rule, _of in open_of(clinic, there)} & {"no_contact_after_accepting"}
    swept(clinic, answer.contact_due_at)
    found = dict(open_of(clinic, there).keys())
    assert found["no_contact_after_accepting"] == answer.id
    swept(shelter, answer.contact_due_at)
    assert "no_contact_after_accepting" not in {rule for rule, _of in open_of(shelter, client)}
    with clinic.worker.enter(Verb.ANSWER_REFERRAL, client=there) as permit:
        referral_rows.Answer.objects.filter(id=answer.id).update(contacted_at=permit.at)
        permit.record("referral_met", referral)
    assert "no_contact_after_accepting" not in {rule for rule, _of in open_of(clinic, there)}


@pytest.mark.parametrize(
    ("service", "rule"), [("counselling", "counselling_referral_not_met"), ("transport", "not_met_after_accepting")]
)
def test_a_yes_that_led_to_no_meeting_is_one_after_two_weeks(world, house, service, rule):
    client = world.client(house.worker)
    with house.worker.enter(Verb.REFER, client=client) as permit:
        outside = referral_actions.Outside(name="Somebody who is no partner", leave="She takes it along.")
        referral = referral_actions.draft(
            permit=permit, at=permit.at, client_id=client, service=service, urgency="soon", outside=outside
        )
        referral_actions.hand_over(permit=permit, at=permit.at, client_id=client, referral_id=referral, how="print")
        referral_actions.note(permit=permit, at=permit.at, client_id=client, referral_id=referral, state="accepted")
        edge = permit.at + 14 * DAY
    swept(house, edge - MOMENT, everything=True)
    assert open_of(house, client) == {}
    swept(house, edge)
    assert open_of(house, client) == {(rule, referral): edge}
    with house.worker.enter(Verb.REFER, client=client) as permit:
        referral_actions.note(permit=permit, at=permit.at, client_id=client, referral_id=referral, state="met")
    assert open_of(house, client) == {}


# ------------------------------------------------------------------ answers


def test_she_declined_is_an_answer_and_is_noted_with_the_due(world, house):
    client, track = begun(house, "protective_order")
    of = due(house, track, "renewal_petition", timezone.now() - DAY)
    answered(house, client, Answer.SHE_DECLINED, why="She moves away in May.")
    assert open_of(house, client) == {}
    with house.worker.enter(Verb.READ_CLIENT, client=client):
        assert Due.objects.get(id=of).how == "declined"
    swept(house, timezone.now() + 400 * DAY, everything=True)
    assert open_of(house, client) == {}


def test_what_a_step_does_is_not_said_to_be_done(world, house):
    client, track = begun(house, "protective_order")
    of = due(house, track, "order_ends", timezone.now() - DAY)
    with pytest.raises(InvalidGap, match="The next step"):
        answered(house, client, Answer.DONE)
    assert set(open_of(house, client)) == {("order_expiring", of)}
    answered(house, client, Answer.ENDED)
    assert open_of(house, client) == {}


def test_not_safe_now_is_asked_again_and_keeps_what_was_said(world, house):
    client, track = begun(house, "protective_order")
    of = due(house, track, "order_ends", timezone.now() - DAY)
    at = timezone.now()
    answered(house, client, Answer.NOT_SAFE_NOW, at, why="He reads her telephone.")
    again = at + 14 * DAY
    swept(house, again - MOMENT)
    assert open_of(house, client) == {}
    swept(house, again)
    assert open_of(house, client) == {("order_expiring", of): again}
    with house.worker.enter(Verb.ANSWER_GAP, Verb.READ_CLIENT, client=client, at=again) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=client)
        view = queries.gap(permit=permit, client_id=client, gap_id=line.id)
    assert [(said.answer, said.why) for said in view.said] == [(Answer.NOT_SAFE_NOW, "He reads her telephone.")]
    answered(house, client, Answer.ON_ITS_WAY, again, days=2)
    swept(house, again + 2 * DAY)
    assert open_of(house, client) == {("order_expiring", of): again + 2 * DAY}


def test_a_gap_is_answered_once(world, house):
    client, track = begun(house, "protective_order")
    due(house, track, "hearing", timezone.now() - DAY)
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=client)
    answered(house, client, Answer.NOT_OURS)
    with (
        pytest.raises(InvalidGap, match="meanwhile"),
        house.worker.enter(Verb.ANSWER_GAP, Verb.READ_CLIENT, client=client) as permit,
    ):
        actions.answer(permit=permit, at=permit.at, client_id=client, gap_id=line.id, answer=Answer.NOT_OURS)


def test_a_gap_of_another_file_is_not_there(world, house):
    client, track = begun(house, "protective_order")
    due(house, track, "hearing", timezone.now() - DAY)
    other = world.client(house.worker)
    with house.worker.enter(Verb.ANSWER_GAP, Verb.READ_CLIENT, client=client) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=client)
    with house.worker.enter(Verb.ANSWER_GAP, Verb.READ_CLIENT, client=other) as permit:
        assert queries.gap(permit=permit, client_id=other, gap_id=line.id) is None
        with pytest.raises(InvalidGap):
            actions.answer(permit=permit, at=permit.at, client_id=other, gap_id=line.id, answer=Answer.NOT_OURS)


# ------------------------------------------------------------------ who may know


def listed(house: House, role: Role) -> set[UUID]:
    with house[role].enter(Verb.ANSWER_GAP, Verb.READ_DAY) as permit:
        all_of_them = {line.client_id for line in queries.gaps(permit=permit)}
        assert {line.client_id for line in queries.for_day(permit=permit)} <= all_of_them
        return all_of_them


def test_a_gap_of_a_file_she_may_not_know_of_is_in_no_list_and_no_count(world):
    house = world.agency(roles=ROLES)
    client, track = begun(house, "protective_order")
    due(house, track, "order_ends", timezone.now() - DAY)

    def counted() -> int:
        with house[Role.SUPERVISOR].enter(Verb.READ_BOARD) as permit:
            return sum(each.found for each in queries.counts(permit=permit))

    def carried() -> tuple[int, int]:
        with house[Role.SUPERVISOR].enter(Verb.READ_BOARD) as permit:
            by_member, whole = queries.carried(permit=permit)
        return by_member.get(house[Role.WORKER].member, 0), whole

    assert carried() == (1, 1)
    assert listed(house, Role.WORKER) == listed(house, Role.SUPERVISOR) == {client}
    assert counted() == 1
    wall(house, client, house[Role.WORKER].member)
    assert listed(house, Role.WORKER) == set()
    second = world.colleague(house, roles=(Role.SUPERVISOR,))
    with second.enter(Verb.WALL_CLIENT) as permit:
        vault.wall_off(
            permit=permit, at=permit.at, client_id=client, member_id=house[Role.SUPERVISOR].member, kind="relative"
        )
    assert listed(house, Role.SUPERVISOR) == set()
    assert counted() == 0
    assert carried() == (0, 0)


def test_where_files_are_kept_to_teams_each_sees_the_gaps_of_her_own(world):
    house = world.agency(roles=ROLES)
    other = world.colleague(house)
    world.keep_to_teams(house)
    client, track = begun(house, "protective_order")
    due(house, track, "order_ends", timezone.now() - DAY)
    with other.enter(Verb.ANSWER_GAP, Verb.READ_DAY) as permit:
        assert queries.gaps(permit=permit) == queries.for_day(permit=permit) == []
    assert listed(house, Role.WORKER) == {client}
    with house[Role.SUPERVISOR].enter(Verb.ANSWER_GAP) as permit:
        mine = queries.gaps(permit=permit, member_id=house.worker.member)
        assert [line.client_id for line in mine] == [client]
        assert queries.gaps(permit=permit, member_id=other.member) == []
        assert queries.gaps(permit=permit, rule="order_unserved") == []


def test_no_gap_and_no_status_of_one_agency_reaches_another(world):
    shelter, police = world.agency(roles=ROLES), world.police(ROLES)
    client, track = begun(shelter, "protective_order")
    world.release(shelter.worker, client, police, days=20)
    world.accept(police.worker)

    def sent() -> int:
        with shelter.worker.enter(Verb.READ_CLIENT, client=client):
            return Sent.objects.count()

    before = sent()
    due(shelter, track, "order_ends", timezone.now() - DAY)
    swept(shelter, timezone.now(), everything=True)
    answered(shelter, client, Answer.NOT_SAFE_NOW)
    swept(shelter, timezone.now() + 20 * DAY)
    assert sent() == before
    with shelter.worker.enter(Verb.READ_CLIENT, client=client):
        found = set(Gap.objects.values_list("id", flat=True))
    assert len(found) >= 2
    swept(police, timezone.now(), everything=True)
    with police.worker.enter(Verb.ANSWER_GAP, Verb.READ_DAY) as permit:
        assert not found.intersection(Gap.objects.values_list("id", flat=True))
        assert queries.gaps(permit=permit) == []


# ------------------------------------------------------------------ what the database holds


def test_what_is_closed_stays_as_it_is(world, house):
    client, track = begun(house, "protective_order")
    due(house, track, "hearing", timezone.now() - DAY)
    answered(house, client, Answer.NOT_OURS)
    for change in ({"answer": "done"}, {"closed_at": None, "answered_at": None, "answered_by": None, "answer": ""}):
        with pytest.raises(DatabaseError), house.worker.enter(Verb.READ_CLIENT, client=client):
            Gap.objects.filter(client_id=client).update(**change)
    with pytest.raises(DatabaseError), house.worker.enter(Verb.READ_CLIENT, client=client):
        Gap.objects.filter(client_id=client).delete()


def test_a_file_that_is_deleted_takes_its_gaps_with_it_and_one_that_is_closed_has_none(world, house):
    client, track = begun(house, "protective_order")
    due(house, track, "hearing", timezone.now() - DAY)
    assert len(open_of(house, client)) == 1
    with superuser() as connection:
        connection.execute("update vault_client set status = 'closed', closed_at = now() where id = %s", [client])
    swept(house, timezone.now(), everything=True)
    assert open_of(house, client) == {}
    with house[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=client) as permit:
        vault.delete_client(permit=permit, at=permit.at, client_id=client)
    with superuser() as connection:
        left = connection.execute("select count(*) from gaps_gap where client_id = %s", [client]).fetchone()
    assert left == (0,)


# ------------------------------------------------------------------ by itself


def test_the_job_looks_in_every_agency_and_says_so_where_it_found_something(world):
    house, quiet = world.agency(), world.agency()
    client, track = begun(house, "protective_order")
    of = due(house, track, "hearing", timezone.now() + DAY)
    tasks.look_for_gaps(0)
    with house.worker.enter(Verb.MOVE_TRACK, client=client):
        Due.objects.filter(id=of).update(met_at=timezone.now(), met_by=house.worker.member, how="over")
        late = Due.objects.create(
            agency_id=house.id, client_id=client, track_id=track.id, code="hearing", number=1, optional=False,
            opens_at=timezone.now() - 2 * DAY, due_at=timezone.now() - DAY,
        )  # fmt: skip
    tasks.look_for_gaps(0)
    assert open_of(house, client) == {}, "its clock passed before the last look; only a save or the night finds it"
    tasks.look_for_gaps_everywhere(0)
    assert set(open_of(house, client)) == {("step_late", late.id)}
    from tests.rooms.test_jobs import leaves

    assert [leaf.happening.deeds for leaf in leaves(house.id, "system:watcher")] == [(("gaps_found", 1),)]
    assert leaves(quiet.id, "system:watcher") == ()


# ------------------------------------------------------------------ any order of things


class Clock:
    """Time that only goes on, for everything this module does at one agency."""

    def __init__(self) -> None:
        self.at = timezone.now()

    def passes(self, days: int) -> datetime:
        self.at += days * DAY
        return self.at


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("due"), st.integers(-5, 20)),
        st.tuples(st.just("met"), st.just(0)),
        st.tuples(st.just("answer"), st.sampled_from(sorted(set(Answer) - {Answer.DONE, Answer.SHE_DECLINED}))),
        st.tuples(st.just("days"), st.integers(0, 12)),
    ),
    min_size=3,
    max_size=9,
)


@pytest.fixture(scope="module")
def office() -> tuple[House, Clock]:
    return World().agency(roles=ROLES), Clock()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, looks=st.lists(st.sampled_from(["save", "minute", "night"]), min_size=9, max_size=9))
def test_whatever_happens_a_save_and_a_sweep_find_what_the_rule_says_and_twice_is_once(office, steps, looks):
    house, clock = office
    clock.passes(1)
    client, track = begun(house, "protective_order", at=clock.at)
    dues: dict[UUID, datetime] = {}
    said: dict[UUID, tuple[datetime, datetime | None]] = {}
    after = rules()["order_expiring"].after
    for (what, how), look in zip(steps, looks, strict=False):
        if what == "due":
            dues.clear()
            dues[due(house, track, "order_ends", clock.at + how * DAY, at=clock.at)] = clock.at + how * DAY
        elif what == "met" and dues:
            with house.worker.enter(Verb.MOVE_TRACK, client=client, at=clock.at) as permit:
                Due.objects.filter(id__in=list(dues)).update(met_at=clock.at, met_by=permit.member_id, how="left")
                permit.record("track_moved", track.id)
            dues.clear()
        elif what == "answer" and (now := open_of(house, client)):
            answered(house, client, how, clock.at)
            days = {Answer.NOT_SAFE_NOW: 14, Answer.ON_ITS_WAY: 7}.get(how)
            said[next(iter(now))[1]] = (clock.at, clock.at + days * DAY if days else None)
        elif what == "days":
            clock.passes(how)
            if how == 0:
                continue
            if look == "save":
                looked(house, client, clock.at)
            else:
                swept(house, clock.at, everything=look == "night")
        expected = {}
        for of, due_at in dues.items():
            answered_at, again_at = said.get(of, (None, None))
            since = asked_since(due_at, after, answered_at=answered_at, again_at=again_at, at=clock.at)
            if since is not None:
                expected["order_expiring", of] = since
        assert open_of(house, client) == expected
        looked(house, client, clock.at)
        swept(house, clock.at, everything=True)  # in files of examples before, clocks have passed too
        assert swept(house, clock.at, everything=True) == swept(house, clock.at) == ()
        assert open_of(house, client) == expected

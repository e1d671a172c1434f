"""Referral loops between agencies, generated: what is told may be lost, doubled, late or never come. Who refers stands
where she was told, never further back, and never where nobody may tell her; nobody answers twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accord.config.service import gate
from accord.coordination.referrals import actions, queries
from accord.coordination.referrals.models import Referral
from accord.coordination.referrals.rules import OURS, OVER, RANK, InvalidReferral, Stand, State
from accord.gate import updates
from accord.policy.words import Category, Level, Verb
from accord.sharing import queries as shared
from accord.sharing.models import Arrival, Envelope
from tests.rooms.test_referrals import accept, decline, learn, referred, signed, stands
from tests.world import House, World

SERVICES = {Category.SERVICES: Level.SUMMARY}


@cache
def town() -> tuple[World, House, dict[str, House]]:
    """Agencies for every run; the people are new each time."""
    world = World()
    return world, world.agency(), {"shelter": world.agency(), "clinic": world.hospital(), "police": world.police()}


@dataclass
class Loop:
    """One referral as both sides should have it. `told`: what has reached who refers, learnt or not; `waits`: entries
    written there that nobody has sent."""

    where: str
    client: UUID
    id: UUID
    stand: Stand = Stand.WAITING
    there: UUID | None = None
    release: UUID | None = None
    told: list[State] = field(default_factory=list)
    waits: list[tuple[State, UUID]] = field(default_factory=list)
    known: State = State.DELIVERED
    over: bool = False


class Loops(RuleBasedStateMachine):
    """Steps of both sides in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.refuge, self.houses = town()
        self.loops: list[Loop] = []

    @initialize()
    def begin(self) -> None:
        self.refer("shelter")
        self.refer("clinic")

    @precondition(lambda self: len(self.loops) < 4)
    @rule(where=st.sampled_from(["shelter", "clinic"]))
    def refer(self, where: str) -> None:
        client = self.world.client(self.refuge.worker)
        self.loops.append(Loop(where, client, referred(self.refuge.worker, client, self.houses[where])))

    @rule(which=st.integers(0, 3))
    def says_yes(self, which: int) -> None:
        loop = self.one(which)
        try:
            loop.there = accept(self.there(loop).worker, loop.id)
        except InvalidReferral:
            assert loop.over or loop.stand is not Stand.WAITING
            return
        assert not loop.over and loop.stand is Stand.WAITING, "answered once"
        loop.stand = Stand.ACCEPTED
        loop.waits.append((State.ACCEPTED, self.entry(loop)))

    @rule(which=st.integers(0, 3), reason=st.sampled_from(["full", "she_said_no"]), tell=st.booleans())
    def says_no(self, which: int, reason: str, tell: bool) -> None:
        loop = self.one(which)
        try:
            said = decline(self.there(loop).worker, loop.id, reason, tell=tell)
        except InvalidReferral:
            assert loop.over or loop.stand is not Stand.WAITING
            return
        assert not loop.over and loop.stand is Stand.WAITING, "answered once"
        loop.stand = Stand.DECLINED
        assert said is (tell and reason in OURS and loop.where == "clinic")
        if said:
            loop.told.append(State.DECLINED)

    @rule(which=st.integers(0, 3), ends=st.booleans())
    def goes_on(self, which: int, ends: bool) -> None:
        loop = self.one(which)
        if loop.there is None:
            return
        verbs = (Verb.ANSWER_REFERRAL, Verb.ADD_ENTRY)
        try:
            with self.there(loop).worker.enter(*verbs, client=loop.there) as permit:
                given = {"permit": permit, "at": permit.at, "client_id": loop.there, "referral_id": loop.id}
                entry = actions.end(**given, outcome="helped") if ends else actions.met(**given)
        except InvalidReferral:
            assert loop.stand is Stand.ENDED or (loop.stand is Stand.MET and not ends)
            return
        loop.stand = Stand.ENDED if ends else Stand.MET
        loop.waits.append((State.ENDED if ends else State.MET, entry))

    @rule(which=st.integers(0, 3))
    def she_lets_them_tell(self, which: int) -> None:
        loop = self.one(which)
        if loop.there is None or loop.release is not None:
            return
        loop.release = signed(self.there(loop).worker, loop.there, self.refuge, SERVICES, [Category.SERVICES])
        loop.told += [state for state, _entry in loop.waits]
        loop.waits = []

    @rule(which=st.integers(0, 3), data=st.data(), twice=st.booleans())
    def something_is_sent(self, which: int, data: st.DataObject, twice: bool) -> None:
        """Any of what waits, in any order; the rest is late, or never sent. Sent twice it is sent once."""
        loop = self.one(which)
        if loop.release is None or not loop.waits:
            return
        chosen = data.draw(st.sampled_from(loop.waits))
        for _time in range(1 + twice):
            verbs = (Verb.SEND_UPDATE, Verb.READ_DAY)
            with self.there(loop).worker.enter(*verbs, client=loop.there) as permit:
                updates.send(gate(), permit, self.there(loop).worker.caller, loop.there, [(loop.release, chosen[1])])
        loop.waits.remove(chosen)
        loop.told.append(chosen[0])

    @rule(which=st.integers(0, 3))
    def she_takes_it_back(self, which: int) -> None:
        """What was told and nobody here has learnt is lost."""
        loop = self.one(which)
        if loop.release is None:
            return
        self.world.withdraw(self.there(loop).worker, loop.there, loop.release)
        loop.release, loop.told = None, []

    @rule(which=st.integers(0, 3), times=st.integers(1, 2))
    def somebody_looks(self, which: int, times: int) -> None:
        loop = self.one(which)
        should = max([loop.known, *loop.told], key=lambda state: RANK[state])
        moved = [learn(self.refuge.worker, loop.client) for _time in range(times)]
        assert moved[0] == ([] if loop.over or should is loop.known else [loop.id])
        assert not any(moved[1:]), "told once, it moves once"
        if not loop.over:
            loop.known = should

    @rule(which=st.integers(0, 3))
    def it_was_a_mistake(self, which: int) -> None:
        loop = self.one(which)
        if loop.over:
            return
        with self.refuge.worker.enter(Verb.REFER, client=loop.client) as permit:
            actions.take_back(permit=permit, at=permit.at, client_id=loop.client, referral_id=loop.id)
        loop.over, loop.known = True, State.TAKEN_BACK

    @invariant()
    def who_refers_stands_where_she_was_told(self) -> None:
        for loop in self.loops:
            assert stands(self.refuge.worker, loop.client, loop.id).state is loop.known

    @invariant()
    def nothing_opens_before_a_yes_or_after_a_mistake(self) -> None:
        for where in ("shelter", "clinic"):
            mine = [loop for loop in self.loops if loop.where == where]
            with self.houses[where].worker.enter(Verb.ANSWER_REFERRAL) as permit:
                seen = set(
                    Envelope.objects.filter(agency_id=permit.agency_id, referral__in=[loop.id for loop in mine])
                    .values_list("referral", flat=True)
                )  # fmt: skip
                listed = {line.id for line in queries.came(permit=permit, shown="")}
            closed = {State.DECLINED}
            assert seen == {loop.id for loop in mine if loop.there and not loop.over and loop.known not in closed}
            assert {loop.id for loop in mine if not loop.over} == {loop.id for loop in mine} & listed

    @invariant()
    def who_has_nothing_to_do_with_it_sees_nothing(self) -> None:
        with self.houses["police"].worker.enter(Verb.READ_DAY, Verb.ANSWER_REFERRAL, Verb.REFER) as permit:
            assert queries.came(permit=permit) == queries.made(permit=permit) == shared.waiting(permit=permit) == []
            assert not Referral.objects.exists() and not Envelope.objects.exists() and not Arrival.objects.exists()

    def one(self, which: int) -> Loop:
        return self.loops[which % len(self.loops)]

    def there(self, loop: Loop) -> House:
        return self.houses[loop.where]

    def entry(self, loop: Loop) -> UUID:
        with self.there(loop).worker.enter(Verb.ANSWER_REFERRAL, client=loop.there) as permit:
            return queries.accepted(permit=permit, client_id=loop.there, referral_id=loop.id).entry


LOUD = [HealthCheck.too_slow, HealthCheck.filter_too_much]
Loops.TestCase.settings = settings(
    max_examples=5, stateful_step_count=14, deadline=None, suppress_health_check=LOUD, derandomize=True, database=None
)
TestLoops = Loops.TestCase


@pytest.mark.prove
def test_many_more_loops() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Loops, settings=settings(max_examples=400, stateful_step_count=30, deadline=None, suppress_health_check=LOUD)
    )


def test_a_state_of_any_rank_moves_only_forward() -> None:
    assert {state for state in State if RANK[state] == max(RANK.values())} == set(OVER)

"""Agreements between agencies: when one is in force, who may do what about it, and what the database itself refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accord.gate.asking import card, meaning, roles
from accord.partners import actions, facts, queries
from accord.partners.models import Agency, Agreement, AgreementParty
from accord.partners.rules import (
    InvalidAgreement,
    Part,
    Standing,
    Step,
    Text,
    Way,
    begun,
    checked,
    every_way,
    reminder,
    standing,
    steps,
)
from accord.policy.facts import Agency as Fact
from accord.policy.words import AgencyKind, Category, Duty, Level, Mark, Purpose, Role, Verb
from tests.world import House, World, agree, propose

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = uuid4(), uuid4(), uuid4()
DAY = timedelta(days=1)


def text(**changed: object) -> Text:
    given = {
        "proposer": A,
        "title": "Protocol",
        "parties": frozenset({A, B}),
        "categories": frozenset({Category.LEGAL}),
        "purposes": frozenset({Purpose.SUPERVISION}),
        "mechanism": "envelope",
        "since_at": NOW,
        "until_at": NOW + 365 * DAY,
        "proposed_at": NOW,
        "version": b"1" * 32,
        "ways": every_way((A, B), (Category.LEGAL,), (Purpose.SUPERVISION,)),
    }
    return Text(**(given | changed))


@pytest.fixture(scope="module")
def three() -> tuple[House, House, House]:
    world = World()
    return world.police(), world.hospital(), world.agency()


def asks(house: House, *verbs: Verb, at: datetime | None = None):
    return house[Role.DIRECTOR].enter(*verbs or (Verb.MANAGE_AGENCY,), purpose=Purpose.ADMINISTRATION, at=at)


# ------------------------------------------------------------------ rules

OTHER = {
    "proposer": B,
    "title": "Other",
    "parties": frozenset({A, B, C}),
    "categories": frozenset({Category.RISK}),
    "purposes": frozenset({Purpose.SAFETY}),
    "mechanism": "phone",
    "since_at": NOW + DAY,
    "until_at": NOW + 300 * DAY,
    "proposed_at": NOW - DAY,
    "version": b"2" * 32,
    "ways": frozenset(),
    "replaces": uuid4(),
}


@pytest.mark.parametrize("name", OTHER)
def test_another_text_is_another_agreement(name: str) -> None:
    assert text().id == text().id
    assert text(**{name: OTHER[name]}).id != text().id
    assert text(**{name: OTHER[name]}).digest != text().digest


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "  "},
        {"parties": frozenset({A})},
        {"parties": frozenset({B, C})},
        {"categories": frozenset()},
        {"categories": frozenset({Category.LOCATION})},
        {"purposes": frozenset()},
        {"purposes": frozenset({Purpose.RESEARCH})},
        {"mechanism": "shared_table"},
        {"until_at": NOW},
        {"since_at": NOW - 9 * DAY, "until_at": NOW - DAY},
        {"until_at": NOW + 367 * DAY},
        {"ways": frozenset({Way(A, C, Category.LEGAL, Purpose.SUPERVISION)})},
        {"ways": frozenset({Way(A, A, Category.LEGAL, Purpose.SUPERVISION)})},
        {"ways": frozenset({Way(A, B, Category.NOTES, Purpose.SUPERVISION)})},
        {"ways": frozenset({Way(A, B, Category.LEGAL, Purpose.SAFETY)})},
    ],
)
def test_a_text_that_no_agreement_may_have(wrong: dict[str, object]) -> None:
    assert checked(text()) == text()
    with pytest.raises(InvalidAgreement):
        checked(text(**wrong))


MOMENTS = st.sampled_from([NOW - DAY, NOW, NOW + DAY, NOW + 9 * DAY, NOW + 10 * DAY])
PARTS = st.builds(Part, *(st.sampled_from([None, NOW]) for _ in range(3)))


@settings(max_examples=400, deadline=None)
@given(parts=st.dictionaries(st.sampled_from([A, B, C]), PARTS), at=MOMENTS)
def test_it_is_in_force_exactly_when_all_signed_nobody_rests_or_left_and_it_is_time(parts, at) -> None:
    stands = standing({A, B, C}, parts, NOW, NOW + 10 * DAY, at)
    own = [parts.get(party, Part()) for party in (A, B, C)]
    signed = all(part.signed_at and not part.suspended_at and not part.left_at for part in own)
    assert (stands is Standing.IN_FORCE) == (signed and NOW <= at < NOW + 10 * DAY)
    if any(part.left_at for part in own) or at >= NOW + 10 * DAY:
        assert all(steps(part, stands) == frozenset() for part in own)


@pytest.mark.parametrize(
    ("left", "due"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, 0), (-29, 0), (-30, None)]
)
def test_reminders_are_due_60_30_and_7_days_before_the_review(left: int, due: int | None) -> None:
    assert reminder(NOW + left * DAY, NOW) == due


# ------------------------------------------------------------------ in any order, on the database

ACT: dict[Step, Callable[..., None]] = {
    Step.SIGN: actions.sign_agreement,
    Step.SUSPEND: actions.suspend_agreement,
    Step.RESUME: actions.resume_agreement,
    Step.LEAVE: actions.leave_agreement,
}
BEFORE = {Step.SIGN: {"none"}, Step.SUSPEND: {"signed"}, Step.RESUME: {"suspended"},
          Step.LEAVE: {"none", "signed", "suspended"}}  # fmt: skip
AFTER = {Step.SIGN: "signed", Step.SUSPEND: "suspended", Step.RESUME: "signed", Step.LEAVE: "left"}


def test_parties_sign_suspend_resume_and_leave_in_any_order(three: tuple[House, House, House]) -> None:
    class Parties(RuleBasedStateMachine):
        """Three parties, one agreement from the second to the sixth day, and a clock that goes forward."""

        def __init__(self) -> None:
            super().__init__()
            self.began = self.at = datetime.now(UTC)
            self.parts = dict.fromkeys((house.id for house in three), "none")
            with asks(three[0], at=self.at) as permit:
                self.id = actions.propose(
                    permit=permit, at=self.at, title="Any order", parties=frozenset(self.parts),
                    categories=frozenset({Category.LEGAL}), purposes=frozenset({Purpose.SAFETY}), mechanism="meeting",
                    since_at=self.began + DAY, until_at=self.began + 6 * DAY, version=b"1" * 32,
                    ways=every_way(self.parts, (Category.LEGAL,), (Purpose.SAFETY,)),
                )  # fmt: skip

        @rule(who=st.integers(0, 2), step=st.sampled_from(Step))
        def act(self, who: int, step: Step) -> None:
            house, words = three[who], {"because": "A reason."} if step is Step.SUSPEND else {}
            may = (
                self.parts[house.id] in BEFORE[step]
                and "left" not in self.parts.values()
                and self.at < self.began + 6 * DAY
            )
            try:
                with asks(house, at=self.at) as permit:
                    ACT[step](permit=permit, at=self.at, agreement_id=self.id, **words)
                assert may, f"{step} went through"
                self.parts[house.id] = AFTER[step]
            except InvalidAgreement:
                assert not may, f"{step} was refused"

        @precondition(lambda self: "none" in self.parts.values() and "left" not in self.parts.values())
        @rule()
        def everybody_signs(self) -> None:
            for house in three:
                if self.parts[house.id] == "none" and self.at < self.began + 6 * DAY:
                    self.act(three.index(house), Step.SIGN)

        @rule(hours=st.sampled_from([6, 30, 60]))
        def time_goes_by(self, hours: int) -> None:
            self.at += timedelta(hours=hours)

        @invariant()
        def it_is_in_force_exactly_then(self) -> None:
            signed = set(self.parts.values()) == {"signed"}
            expected = signed and self.began + DAY <= self.at < self.began + 6 * DAY
            ids = [house.id for house in three]
            with asks(three[1], Verb.READ_PARTNERS, at=self.at) as permit:
                view = queries.agreement(permit=permit, agreement_id=self.id)
                found = [
                    facts.agreements(one, self.at).get(other, ())
                    for one, other in zip(ids, ids[1:] + ids, strict=False)
                ]
            assert view is not None
            assert (view.standing is Standing.IN_FORCE) == expected
            for between in found:
                assert (str(self.id) in {each.id for each in between}) == expected

    run_state_machine_as_test(Parties, settings=settings(max_examples=16, stateful_step_count=12, deadline=None))


def test_the_law_gets_what_two_agencies_may_rely_on_and_nothing_else(world: World) -> None:
    police, hospital, outside = world.police(), world.hospital(), world.agency()
    id, waits = agree(police, hospital), propose(police, hospital)
    over = agree(police, hospital, days=30)
    now = datetime.now(UTC)
    with asks(outside, Verb.READ_PARTNERS) as permit:
        (found, _thirty) = sorted(
            facts.agreements(hospital.id, now).get(police.id, ()), key=lambda each: -each.until.timestamp()
        )
        assert found.id == str(id)
        assert found.parties == {str(police.id), str(hospital.id)}
        assert (found.categories, found.purposes, found.suspended) == ({Category.LEGAL}, {Purpose.SUPERVISION}, False)
        assert str(waits) not in {each.id for each in facts.agreements(police.id, now).get(hospital.id, ())}
        assert facts.agreements(police.id, now).get(outside.id, ()) == ()
        assert facts.agreements(police.id, now).get(police.id, ()) == ()
        assert str(over) not in {each.id for each in facts.agreements(police.id, now + 31 * DAY).get(hospital.id, ())}
        assert queries.in_force(permit=permit, partner_id=police.id) == ()


def test_a_way_goes_in_one_direction(world: World) -> None:
    police, hospital = world.police(), world.hospital()
    with asks(police) as permit:
        id = actions.propose(
            permit=permit, at=permit.at, title="One way", parties=frozenset({police.id, hospital.id}),
            categories=frozenset({Category.LEGAL, Category.RISK}), purposes=frozenset({Purpose.SAFETY}),
            mechanism="phone", since_at=permit.at, until_at=permit.at + DAY, version=b"1" * 32,
            ways=frozenset({Way(police.id, hospital.id, Category.LEGAL, Purpose.SAFETY)}),
        )  # fmt: skip
    for house in (police, hospital):
        with asks(house) as permit:
            actions.sign_agreement(permit=permit, at=permit.at, agreement_id=id)
    now = datetime.now(UTC)
    with asks(police, Verb.READ_PARTNERS):
        (found,) = facts.agreements(police.id, now).get(hospital.id, ())
        assert (found.id, found.categories, found.purposes) == (str(id), {Category.LEGAL}, {Purpose.SAFETY})
        assert facts.agreements(hospital.id, now).get(police.id, ()) == ()


def successor(of: UUID, proposer: House, *others: House) -> UUID:
    """Laid before them to take the place of another; signed by nobody."""
    parties = (proposer.id, *(house.id for house in others))
    with asks(proposer) as permit:
        return actions.propose(
            permit=permit, at=permit.at, title="Later", parties=frozenset(parties),
            categories=frozenset({Category.LEGAL}), purposes=frozenset({Purpose.SUPERVISION}), mechanism="phone",
            since_at=permit.at, until_at=permit.at + 30 * DAY, version=b"2" * 32, ways=frozenset(), replaces=of,
        )  # fmt: skip


def test_a_later_agreement_takes_the_place_of_the_earlier_when_all_have_signed_it(world: World) -> None:
    police, hospital, outside = world.police(), world.hospital(), world.agency()
    earlier = agree(police, hospital)
    forged = successor(earlier, outside, world.police())
    later = successor(earlier, police, hospital)

    def standing_of(id: UUID) -> Standing:
        with asks(hospital, Verb.READ_PARTNERS) as permit:
            view = queries.agreement(permit=permit, agreement_id=id)
        assert view is not None
        return view.standing

    def alive() -> set[str]:
        with asks(hospital, Verb.READ_PARTNERS):
            return {each.id for each in facts.agreements(police.id, datetime.now(UTC)).get(hospital.id, ())}

    for house in (police, hospital):
        assert standing_of(earlier) is Standing.IN_FORCE
        assert alive() == {str(earlier)}
        with asks(house) as permit:
            actions.sign_agreement(permit=permit, at=permit.at, agreement_id=later)
    assert (standing_of(earlier), standing_of(later)) == (Standing.REPLACED, Standing.IN_FORCE)
    assert alive() == set(), "the later one says that nothing flows"
    assert standing_of(forged) is Standing.WAITING
    with pytest.raises(InvalidAgreement), asks(police) as permit:
        actions.suspend_agreement(permit=permit, at=permit.at, agreement_id=earlier, because="Too late.")
    with asks(police) as permit:
        actions.leave_agreement(permit=permit, at=permit.at, agreement_id=later)
    assert standing_of(earlier) is Standing.REPLACED, "what was replaced does not come back"


def test_only_the_same_parties_together_replace_what_they_agreed(world: World) -> None:
    police, hospital, third = world.police(), world.hospital(), world.agency()
    earlier = agree(police, hospital)
    other = successor(earlier, police, third)
    for house in (police, third):
        with asks(house) as permit:
            actions.sign_agreement(permit=permit, at=permit.at, agreement_id=other)
    with asks(hospital, Verb.READ_PARTNERS) as permit:
        view = queries.agreement(permit=permit, agreement_id=earlier)
        assert str(earlier) in {each.id for each in facts.agreements(police.id, permit.at).get(hospital.id, ())}
    assert view is not None and view.standing is Standing.IN_FORCE
    assert not begun((A, B), {A: Part(NOW)}, NOW, NOW)
    assert not begun((A,), {A: Part(NOW)}, NOW + DAY, NOW)
    assert begun((A,), {A: Part(NOW, NOW, NOW)}, NOW, NOW)


# ------------------------------------------------------------------ what the database refuses


def refused(house: House, write: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError), asks(house):
        write()


def untouched(house: House, write: Callable[[], int]) -> None:
    with asks(house):
        assert write() == 0


def signature(agency: House, agreement: Agreement) -> AgreementParty:
    return AgreementParty(
        agency_id=agency.id,
        agreement=agreement.id,
        digest=facts.text_of(agreement).digest,
        signed_at=agreement.proposed_at,
        signed_by="Somebody",
    )


def test_no_agency_writes_for_another_and_none_from_outside(world: World) -> None:
    police, hospital, outside = world.police(), world.hospital(), world.agency()
    id = propose(police, hospital)
    with asks(police):
        row = Agreement.objects.get(id=id)
    refused(police, lambda: signature(hospital, row).save(force_insert=True))
    refused(outside, lambda: signature(hospital, row).save(force_insert=True))
    refused(outside, lambda: signature(outside, row).save(force_insert=True))
    with asks(hospital) as permit:
        actions.sign_agreement(permit=permit, at=permit.at, agreement_id=id)
    theirs = {"agency_id": hospital.id, "agreement": id}
    for house in (police, outside):
        untouched(house, lambda: AgreementParty.objects.filter(**theirs).update(left_at=row.proposed_at))
        untouched(house, lambda: AgreementParty.objects.filter(**theirs).delete()[0])
    refused(
        hospital,
        lambda: AgreementParty.objects.filter(**theirs).update(agency_id=police.id),
    )
    own = Agreement(id=uuid4(), agency_id=outside.id, title="Ours", parties=[police.id, hospital.id],
                    categories=["legal"], purposes=["safety"], mechanism="phone", since_at=row.since_at,
                    until_at=row.until_at, proposed_at=row.proposed_at, version=b"1" * 32, ways=[])  # fmt: skip
    refused(outside, lambda: own.save(force_insert=True))
    own.agency_id = police.id
    refused(outside, lambda: own.save(force_insert=True))
    refused(outside, lambda: Agency.objects.filter(id=outside.id).update(id=uuid4()))
    untouched(outside, lambda: Agency.objects.filter(id=police.id).update(about="Call somebody else", access="team"))


def test_neither_a_text_nor_a_signature_is_edited(world: World, environment) -> None:
    police, hospital = world.police(), world.hospital()
    id = agree(police, hospital)
    mine = {"agency_id": police.id, "agreement": id}
    untouched(police, lambda: Agreement.objects.filter(id=id).update(title="Other", categories=["notes"]))
    untouched(police, lambda: Agreement.objects.filter(id=id).delete()[0])
    for changed in (
        {"digest": b"0" * 32},
        {"signed_at": NOW},
        {"signed_by": "Somebody else"},
        {"signed_at": None, "signed_by": ""},
        {"agreement": uuid4()},
        {"suspended_at": NOW},
        {"suspended_because": "No moment"},
    ):
        refused(police, lambda changed=changed: AgreementParty.objects.filter(**mine).update(**changed))
    with asks(police) as permit:
        actions.leave_agreement(permit=permit, at=permit.at, agreement_id=id)
    refused(police, lambda: AgreementParty.objects.filter(**mine).update(left_at=None))
    place = psycopg.conninfo.conninfo_to_dict(environment.connection_url)
    with psycopg.connect(host=place["host"], port=place["port"], dbname=place["dbname"], user="postgres") as root:
        for statement in ("update partners_agreement set title = 'Other'", "delete from partners_agreement"):
            with pytest.raises(psycopg.errors.RaiseException, match="fixed once it is proposed"):
                root.execute(f"{statement} where id = %s", [id])
            root.rollback()


def test_another_text_under_a_signed_id_gets_none_of_its_signatures(world: World) -> None:
    police, hospital, forger = world.police(), world.hospital(), world.agency()
    id = agree(police, hospital)
    with asks(forger):
        row = Agreement.objects.get(id=id)
        row.agency_id, row.categories = forger.id, ["legal", "notes"]
        row.parties = [police.id, hospital.id, forger.id]
        row.ways = [way.values() for way in every_way(row.parties, (Category.LEGAL,), (Purpose.SUPERVISION,))]
        row.save(force_insert=True)
        (found,) = facts.agreements(police.id, datetime.now(UTC)).get(hospital.id, ())
        assert found.categories == {Category.LEGAL}
        assert facts.agreements(forger.id, datetime.now(UTC)).get(hospital.id, ()) == ()
    with asks(hospital, Verb.READ_PARTNERS) as permit:
        view = queries.agreement(permit=permit, agreement_id=id)
    assert view is not None
    assert view.text.proposer == police.id
    with pytest.raises(InvalidAgreement), asks(forger) as permit:
        actions.sign_agreement(permit=permit, at=permit.at, agreement_id=id)


def test_who_proposes_names_agencies_that_exist(world: World) -> None:
    with pytest.raises(InvalidAgreement), asks(world.police()) as permit:
        actions.propose(
            permit=permit, at=permit.at, title="With nobody", parties=frozenset({permit.agency_id, uuid4()}),
            categories=frozenset({Category.LEGAL}), purposes=frozenset({Purpose.SAFETY}), mechanism="phone",
            since_at=permit.at, until_at=permit.at + DAY, version=b"1" * 32, ways=frozenset(),
        )  # fmt: skip


# ------------------------------------------------------------------ what may be asked


def test_what_may_be_asked_follows_the_law() -> None:
    shelter = Fact("shelter", AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA}))
    police = Fact("police", AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS}))
    prosecutor = Fact("prosecutor", AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    funder = Fact("funder", AgencyKind.FUNDER, frozenset({Duty.NONE}))
    now = datetime.now(UTC)
    asked = card(shelter, police, now)
    assert set(asked.released) == set(Category)
    assert asked.lawful == ()
    assert Mark.SHELTER_LOCATION in {each.what for each in asked.silent}
    assert all(each.need and each.because.sentence for each in asked.silent)
    assert card(shelter, funder, now).released == ()
    report = {category: each for each in card(police, prosecutor, now).lawful for category in each.categories}
    assert report[Category.INJURIES].level is Level.FULL
    assert report[Category.INJURIES].purposes == (Purpose.PROSECUTION,)
    assert card(police, shelter, now).lawful == ()


def test_every_duty_and_every_role_has_its_meaning_in_the_law() -> None:
    now = datetime.now(UTC)
    means = dict(meaning(Duty, now))
    assert {duty for duty, says in means.items() if not says} == {Duty.UK_GDPR}, "law of another profile"
    assert "defence" in means[Duty.BRADY].sentence
    assert "VAWA" in means[Duty.VAWA].sentence
    assert set(roles(now)) >= {Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR}

"""From one agency to another: bars, keys, her release, blocks, duties (law-slice B, line by line)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accord.policy import decide
from accord.policy.facts import Agency, Agreement, Block, Grant, Member, Process, Signer, Thing
from accord.policy.law import Step
from accord.policy.words import (
    AgencyKind,
    BlockKind,
    Category,
    Duty,
    Element,
    Instrument,
    Level,
    Mark,
    Obligation,
    ProcessKind,
    Purpose,
    Relation,
    Role,
    SignerRole,
)
from tests.policy.engine_world import (
    AT,
    DAY,
    EVERY_ELEMENT,
    HOSPITAL,
    INSTANT,
    LAW,
    PARISH,
    POLICE,
    SHELTER,
    codes,
    disclose,
    holder,
    release,
    rules,
    without_rules,
)

VICTIM_SERVICE = (Duty.VAWA, Duty.VOCA, Duty.FVPSA)
PLAIN = (
    Duty.NONE,
    Duty.ADVOCATE_PRIVILEGE,
    Duty.THERAPIST_PRIVILEGE,
    Duty.BRADY,
    Duty.CJIS,
    Duty.COURT_RECORDS,
    Duty.PROTECTIVE_RECORDS,
)
VAWA_ELEMENTS = frozenset(
    {
        Element.WRITTEN,
        Element.SIGNED,
        Element.INFORMED,
        Element.TIME_LIMITED,
        Element.DESCRIPTION,
        Element.RECIPIENT,
        Element.PURPOSE,
        Element.NOT_A_CONDITION,
        Element.DATED,
    }
)
HIPAA_ELEMENTS = frozenset(
    {
        Element.WRITTEN,
        Element.SIGNED,
        Element.DATED,
        Element.DESCRIPTION,
        Element.DISCLOSER,
        Element.RECIPIENT,
        Element.PURPOSE,
        Element.TIME_LIMITED,
        Element.RIGHT_TO_REVOKE,
        Element.NOT_A_CONDITION,
        Element.REDISCLOSURE,
    }
)


PART2_ELEMENTS = frozenset(
    {
        Element.WRITTEN,
        Element.SIGNED,
        Element.DATED,
        Element.DESCRIPTION,
        Element.DISCLOSER,
        Element.RECIPIENT,
        Element.PURPOSE,
        Element.TIME_LIMITED,
        Element.RIGHT_TO_REVOKE,
    }
)
FERPA_ELEMENTS = frozenset(
    {
        Element.WRITTEN,
        Element.SIGNED,
        Element.DATED,
        Element.TIME_LIMITED,
        Element.DESCRIPTION,
        Element.RECIPIENT,
        Element.PURPOSE,
    }
)
HOUSING_ELEMENTS = FERPA_ELEMENTS
WAIVER_ELEMENTS = frozenset(
    {
        Element.WRITTEN,
        Element.SIGNED,
        Element.DATED,
        Element.INFORMED,
        Element.DESCRIPTION,
        Element.RECIPIENT,
        Element.PURPOSE,
    }
)


def test_a_good_release_opens_and_says_why() -> None:
    answer = decide(LAW, disclose(release()))
    assert answer.level is Level.FULL
    assert rules(answer) == ["vawa-release", "own-worker"]
    assert answer.relying_on == ("r1",)
    assert answer.until == release().until
    assert answer.needs == ()
    assert answer.fields is None
    assert answer.duties == (Obligation.REDISCLOSURE_NOTICE, Obligation.LOG)


def test_nothing_is_disclosed_without_a_release() -> None:
    answer = decide(LAW, disclose())
    assert (answer.level, rules(answer), codes(answer)) == (Level.NONE, ["default-deny"], ["release"])
    assert answer.needs[0].sentence == "A release from her naming the community partner and services, for safety."
    assert (answer.relying_on, answer.duties, answer.until) == ((), (), None)


# ------------------------------------------------------------------ who sends, and which laws bind the holder


@pytest.mark.parametrize("role", Role)
def test_only_a_worker_or_a_supervisor_sends(role: Role) -> None:
    answer = decide(LAW, disclose(release(), member=Member("ana", frozenset({role}))))
    may = role in (Role.WORKER, Role.SUPERVISOR)
    assert answer.level is (Level.FULL if may else Level.NONE)
    assert may or codes(answer) == ["role"]


@pytest.mark.parametrize("duty", [Duty.PART2, Duty.FERPA, Duty.ATTORNEY_PRIVILEGE])
def test_a_law_that_is_not_loaded_opens_nothing(duty: Duty) -> None:
    rule = next(one.id for one in LAW.rules.values() if duty in one.duties and one.step is Step.RELEASE)
    unread = without_rules(rule)
    for duties in ({duty}, {duty, Duty.HIPAA}):
        answer = decide(unread, disclose(release(), holder=holder(*duties)))
        assert (answer.level, codes(answer)) == (Level.NONE, ["law_not_loaded"])
        word = LAW.word(duty)
        assert answer.needs[0].sentence == f"The rules of {word} are not loaded; nothing opens without them."
        assert decide(LAW, disclose(release(), holder=holder(*duties))).level is Level.FULL


def test_a_part_2_program_sends_nothing_before_the_day_of_the_rule_that_was_read() -> None:
    day = datetime(2024, 4, 16, tzinfo=UTC)
    given = release(signed_at=day - DAY, until=day + DAY)
    for at, opens in ((day - INSTANT, False), (day, True)):
        answer = decide(LAW, disclose(given, holder=holder(Duty.PART2), at=at))
        assert (answer.level is Level.FULL) is opens
        assert opens or codes(answer) == ["law_not_loaded"]


@pytest.mark.parametrize("duties", [{Duty.PART2}, {Duty.PART2, Duty.VAWA}, set(), {Duty.NONE, Duty.HIPAA}])
def test_where_nothing_opens_no_other_need_is_named(duties: set[Duty]) -> None:
    operator = replace(PARISH, kind=AgencyKind.OPERATOR)
    answer = decide(LAW, disclose(release(), holder=holder(*duties), recipient=operator))
    assert (rules(answer), codes(answer)) == (["bar-operator"], ["nothing"])


def test_no_duties_and_contradictory_duties_open_nothing() -> None:
    assert codes(decide(LAW, disclose(release(), holder=holder()))) == ["unknown"]
    assert codes(decide(LAW, disclose(release(), holder=holder(Duty.NONE, Duty.HIPAA)))) == ["contradictory"]


def test_a_thing_about_nobody_is_not_sent() -> None:
    asked = disclose(release(subject=""), thing=Thing(Category.SERVICES, ""))
    assert (decide(LAW, asked).level, codes(decide(LAW, asked))) == (Level.NONE, ["unknown"])


@pytest.mark.parametrize("duty", PLAIN)
def test_partners_under_no_release_law_need_writing_signature_and_date(duty: Duty) -> None:
    needed = {Element.WRITTEN, Element.SIGNED, Element.DATED}
    asked = disclose(release(elements=frozenset(needed)), holder=holder(duty))
    assert decide(LAW, asked).level is Level.FULL
    assert rules(decide(LAW, asked)) == ["plain-release", "own-worker"]
    for element in needed:
        assert decide(LAW, disclose(release(elements=EVERY_ELEMENT - {element}), holder=holder(duty))).level == 0


# ------------------------------------------------------------------ 2a, 2b: bars and keys


@pytest.mark.parametrize("duty", Duty)
def test_a_victim_service_provider_gives_a_funder_nothing(duty: Duty) -> None:
    funder = replace(PARISH, kind=AgencyKind.FUNDER)
    answer = decide(LAW, disclose(release(), holder=holder(duty), recipient=funder))
    if duty in VICTIM_SERVICE:
        assert (answer.level, rules(answer), codes(answer)) == (Level.NONE, ["bar-funder"], ["nothing"])
    else:
        assert "bar-funder" not in rules(answer)


@pytest.mark.parametrize("purpose", [Purpose.REPORTING, Purpose.RESEARCH])
@pytest.mark.parametrize("duty", [*VICTIM_SERVICE, Duty.HIPAA])
def test_a_victim_service_provider_gives_nothing_for_reporting_or_research(duty: Duty, purpose: Purpose) -> None:
    answer = decide(LAW, disclose(release(purpose=purpose), purpose=purpose, holder=holder(duty)))
    assert rules(answer) == (["bar-reporting"] if duty in VICTIM_SERVICE else ["hipaa-authorization", "own-worker"])


@pytest.mark.parametrize("duty", [*VICTIM_SERVICE, Duty.HIPAA, Duty.NONE])
def test_the_operator_receives_nothing_from_anyone(duty: Duty) -> None:
    operator = replace(PARISH, kind=AgencyKind.OPERATOR)
    answer = decide(LAW, disclose(release(), holder=holder(duty), recipient=operator))
    assert (answer.level, rules(answer)) == (Level.NONE, ["bar-operator"])


@pytest.mark.parametrize("duty", [*VICTIM_SERVICE, Duty.HIPAA, Duty.NONE])
def test_what_a_victim_contact_said_never_reaches_the_participants_programme(duty: Duty) -> None:
    programme = replace(PARISH, kind=AgencyKind.INTERVENTION)
    said = Thing(Category.SERVICES, "maria", marks=frozenset({Mark.VICTIM_CONTACT}))
    answer = decide(LAW, disclose(release(), holder=holder(duty), recipient=programme, thing=said))
    assert (answer.level, rules(answer)) == (Level.NONE, ["bar-participant"])
    assert decide(LAW, disclose(release(), holder=holder(duty), thing=said)).level is Level.FULL
    assert decide(LAW, disclose(release(), holder=holder(duty), recipient=programme)).level is Level.FULL


@pytest.mark.parametrize("duty", [*VICTIM_SERVICE, Duty.HIPAA, Duty.NONE])
def test_the_location_of_a_confidential_shelter_needs_its_director(duty: Duty) -> None:
    where = Thing(Category.LOCATION, "maria", marks=frozenset({Mark.SHELTER_LOCATION}))
    given = release(grants=(Grant(Category.LOCATION, Level.FULL),))
    answer = decide(LAW, disclose(given, holder=holder(duty), thing=where))
    if duty in VICTIM_SERVICE:
        assert (answer.level, rules(answer), codes(answer)) == (Level.NONE, ["key-shelter-location"], ["instrument"])
        assert answer.needs[0].sentence.startswith("A written permission of the person responsible for the shelter")
        permitted = replace(given, instrument=Instrument.SHELTER_PERMISSION)
        assert decide(LAW, disclose(permitted, holder=holder(duty), thing=where)).level is Level.FULL
    else:
        assert answer.level is Level.FULL


def test_a_location_that_is_no_shelters_opens_by_release_like_anything_else() -> None:
    given = release(grants=(Grant(Category.LOCATION, Level.FULL),))
    assert decide(LAW, disclose(given, thing=Thing(Category.LOCATION, "maria"))).level is Level.FULL


@pytest.mark.parametrize(
    ("mark", "rule"),
    [
        (Mark.PRIVILEGED, "key-privileged"),
        (Mark.PSYCHOTHERAPY_NOTE, "key-psychotherapy"),
        (Mark.SUD, "key-sud"),
        (Mark.SUD_COUNSELLING_NOTE, "key-sud-counselling"),
        (Mark.IMMIGRATION, "key-immigration"),
        (Mark.CRIMINAL_HISTORY, "key-criminal-history"),
        (Mark.SEALED, "key-sealed"),
    ],
)
@pytest.mark.parametrize("duty", [Duty.VAWA, Duty.HIPAA, Duty.NONE])
def test_no_ordinary_release_opens_what_needs_its_own_instrument(duty: Duty, mark: Mark, rule: str) -> None:
    asked = disclose(release(), holder=holder(duty), thing=Thing(Category.SERVICES, "maria", marks=frozenset({mark})))
    answer = decide(LAW, asked)
    assert (answer.level, rules(answer), codes(answer)) == (Level.NONE, [rule], ["instrument"])


def test_a_part_2_consent_that_names_them_opens_substance_use_records() -> None:
    thing = Thing(Category.SERVICES, "maria", marks=frozenset({Mark.SUD}))
    consent = PART2_ELEMENTS | {Element.SUBSTANCE_USE}
    for duties, more in (
        ({Duty.NONE}, frozenset()),
        ({Duty.PART2}, frozenset()),
        ({Duty.HIPAA}, HIPAA_ELEMENTS),
        ({Duty.VAWA}, VAWA_ELEMENTS),
    ):
        asked = disclose(release(elements=consent | more), holder=holder(*duties), thing=thing)
        answer = decide(LAW, asked)
        assert answer.level is Level.FULL
        assert rules(answer)[-2:] == ["key-sud", "own-worker"]
        assert {Obligation.PART2_NOTICE, Obligation.ATTACH_CONSENT} <= set(answer.duties)
        for element in consent:
            less = replace(asked, releases=(release(elements=(consent | more) - {element}),))
            assert "instrument" in codes(decide(LAW, less)), (duties, element)
        assert codes(decide(LAW, replace(asked, releases=()))) == ["instrument"]
        assert codes(decide(LAW, replace(asked, releases=(release(recipient="police", elements=consent),)))) == [
            "instrument"
        ]


@pytest.mark.parametrize("mark", [Mark.SUD_COUNSELLING_NOTE, Mark.PSYCHOTHERAPY_NOTE, Mark.PRIVILEGED])
def test_a_part_2_consent_opens_no_other_key(mark: Mark) -> None:
    thing = Thing(Category.SERVICES, "maria", marks=frozenset({Mark.SUD, mark}))
    answer = decide(LAW, disclose(release(elements=EVERY_ELEMENT), thing=thing))
    assert (answer.level, set(codes(answer))) == (Level.NONE, {"instrument"})
    # What names substance use opens that; the other key asks for an instrument of its own.
    assert len(rules(answer)) == 1
    assert "key-sud" not in rules(answer)


PROCEEDINGS = {
    Purpose.INVESTIGATION: ("key-sud-proceedings", Instrument.PROCEEDING),
    Purpose.PROSECUTION: ("key-sud-proceedings", Instrument.PROCEEDING),
    Purpose.LEGAL_PROCESS: ("key-sud-proceedings", Instrument.PROCEEDING),
    Purpose.LOCATE: ("key-sud-proceedings", Instrument.PROCEEDING),
    Purpose.DISCOVERY: ("key-sud-proceedings", Instrument.PROCEEDING),
    Purpose.SUPERVISION: ("key-sud-supervision", Instrument.CRIMINAL_JUSTICE),
}


@pytest.mark.parametrize("purpose", PROCEEDINGS)
@pytest.mark.parametrize("duty", [Duty.PART2, Duty.HIPAA])
def test_only_a_consent_of_its_own_takes_substance_use_records_into_proceedings(duty: Duty, purpose: Purpose) -> None:
    key, instrument = PROCEEDINGS[purpose]
    for marks in (frozenset[Mark](), frozenset({Mark.SUD})):
        thing = Thing(Category.SERVICES, "maria", marks=marks)
        given = release(elements=EVERY_ELEMENT, purpose=purpose)
        answer = decide(LAW, disclose(given, holder=holder(duty), thing=thing, purpose=purpose))
        closed = bool(marks) or duty is Duty.PART2
        assert (key in rules(answer)) is closed
        assert answer.level is (Level.NONE if closed else Level.FULL)
        for other in Instrument:
            own = disclose(replace(given, instrument=other), holder=holder(duty), thing=thing, purpose=purpose)
            opens = other is instrument if closed else other is Instrument.ORDINARY
            assert decide(LAW, own).level is (Level.FULL if opens else Level.NONE)


# ------------------------------------------------------------------ 3: papers


@pytest.mark.parametrize("kind", ProcessKind)
def test_a_paper_that_no_rule_asks_for_opens_nothing_and_asks_for_counsel(kind: ProcessKind) -> None:
    """For safety, to a parish: no court and no statute sends anything there."""
    paper = Process("p", kind, "parish", "maria", frozenset(Category), AT - DAY, AT + DAY, counsel_reviewed=True)
    answer = decide(LAW, disclose(processes=(paper,)))
    assert (answer.level, codes(answer)) == (Level.NONE, ["release", "counsel"])
    assert decide(LAW, disclose(release(), processes=(paper,))) == decide(LAW, disclose(release()))


# ------------------------------------------------------------------ 4: her release


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "noa"},
        {"holder": "hospital"},
        {"recipient": "police"},
        {"recipient_person": "pat"},
        {"purpose": Purpose.TREATMENT},
        {"grants": (Grant(Category.INJURIES, Level.FULL),)},
        {"grants": (Grant(Category.SERVICES, Level.NONE),)},
        {"grants": ()},
        {"signed_at": AT + INSTANT},
    ],
)
def test_a_release_about_anything_else_opens_nothing(change: dict[str, object]) -> None:
    answer = decide(LAW, disclose(release(**change)))
    assert (answer.level, codes(answer)) == (Level.NONE, ["release"])


def test_a_release_to_a_person_opens_for_that_person_only() -> None:
    named = release(recipient_person="pat")
    assert decide(LAW, disclose(named, recipient_person="pat")).level is Level.FULL
    assert decide(LAW, disclose(named, recipient_person="sam")).level is Level.NONE
    assert decide(LAW, disclose(release(), recipient_person="pat")).level is Level.FULL


def test_nobody_in_particular_has_signed_a_release() -> None:
    """Totals are told by a rule of their own; what says it is about nobody goes past no bar on a release."""
    totals = Thing(Category.SERVICES, "maria", relation=Relation.NOBODY)
    answer = decide(LAW, disclose(release(), thing=totals))
    assert answer.level is Level.NONE
    assert codes(answer) == ["totals"]


@pytest.mark.parametrize("relation", [each for each in Relation if each is not Relation.NOBODY])
def test_a_release_never_opens_another_persons_data_whatever_the_relation(relation: Relation) -> None:
    hers, his = (Thing(Category.SERVICES, who, relation=relation) for who in ("maria", "child"))
    assert decide(LAW, disclose(release(), thing=hers)).level is Level.FULL
    assert decide(LAW, disclose(release(), thing=his)).level is Level.NONE


@pytest.mark.parametrize("level", list(Level)[1:])
def test_the_level_is_what_the_release_grants(level: Level) -> None:
    answer = decide(LAW, disclose(release(grants=(Grant(Category.SERVICES, level),))))
    assert answer.level is level
    assert codes(answer) == ([] if level is Level.FULL else ["higher_level"])


def test_within_one_release_the_greatest_grant_counts() -> None:
    grants = (Grant(Category.SERVICES, Level.EXISTENCE), Grant(Category.SERVICES, Level.SUMMARY))
    assert decide(LAW, disclose(release(grants=grants))).level is Level.SUMMARY


def test_of_several_releases_the_one_that_gives_most_then_lasts_longest_then_has_the_smallest_id() -> None:
    less = (Grant(Category.SERVICES, Level.SUMMARY),)
    long, short = release(id="b", until=AT + 20 * DAY), release(id="a", until=AT + 10 * DAY)
    long_but_less = release(id="c", until=AT + 80 * DAY, grants=less)
    for given in ((long_but_less, short, long), (long, long_but_less, short), (short, long, long_but_less)):
        answer = decide(LAW, disclose(*given))
        assert (answer.level, answer.relying_on, answer.until) == (Level.FULL, ("b",), AT + 20 * DAY)
    twins = (release(id="z"), release(id="y"))
    assert decide(LAW, disclose(*twins)).relying_on == decide(LAW, disclose(*reversed(twins))).relying_on == ("y",)


def test_releases_never_merge() -> None:
    """One has the elements and the other the category; together they open nothing."""
    halves = (
        release(id="a", grants=(Grant(Category.INJURIES, Level.FULL),)),
        release(id="b", elements=EVERY_ELEMENT - {Element.INFORMED}),
    )
    assert decide(LAW, disclose(*halves)).level is Level.NONE


@pytest.mark.parametrize(
    ("at", "alive"),
    [
        (release().signed_at - INSTANT, False),
        (release().signed_at, True),
        (release().until - INSTANT, True),
        (release().until, False),
        (release().until + INSTANT, False),
    ],
)
def test_a_release_lives_from_its_signature_to_just_before_its_end(at: datetime, alive: bool) -> None:
    assert decide(LAW, disclose(release(), at=at)).level is (Level.FULL if alive else Level.NONE)


def test_an_ended_release_says_so() -> None:
    answer = decide(LAW, disclose(release(), at=release().until))
    assert (rules(answer), codes(answer)) == (["default-deny"], ["ended"])


@pytest.mark.parametrize(("offset", "alive"), [(-INSTANT, False), (timedelta(0), False), (INSTANT, True)])
def test_a_withdrawal_closes_at_its_moment_and_not_before(offset: timedelta, alive: bool) -> None:
    answer = decide(LAW, disclose(release(withdrawn_at=AT + offset)))
    assert answer.level is (Level.FULL if alive else Level.NONE)
    assert alive or codes(answer) == ["withdrawn"]


def test_a_release_that_ends_before_it_begins_opens_nothing() -> None:
    assert decide(LAW, disclose(release(signed_at=AT, until=AT))).level is Level.NONE
    assert decide(LAW, disclose(release(signed_at=AT, until=AT - DAY))).level is Level.NONE


def test_the_hour_that_comes_twice_in_autumn_does_not_revive_a_release() -> None:
    zone = ZoneInfo("America/New_York")
    first_0145, second_0130 = (
        datetime(2026, 11, 1, 1, 45, tzinfo=zone),
        datetime(2026, 11, 1, 1, 30, tzinfo=zone, fold=1),
    )
    ended = release(signed_at=first_0145 - DAY, until=first_0145)
    assert second_0130.astimezone(UTC) > first_0145.astimezone(UTC)
    assert decide(LAW, disclose(ended, at=second_0130)).level is Level.NONE


@pytest.mark.parametrize(
    ("duties", "needed", "asking"),
    [
        ({Duty.VAWA}, VAWA_ELEMENTS, ["vawa-release"]),
        ({Duty.VOCA}, VAWA_ELEMENTS, ["voca-release"]),
        ({Duty.FVPSA}, VAWA_ELEMENTS, ["fvpsa-release"]),
        ({Duty.HIPAA}, HIPAA_ELEMENTS, ["hipaa-authorization"]),
        ({Duty.PART2}, PART2_ELEMENTS, ["part2-consent"]),
        ({Duty.FERPA}, FERPA_ELEMENTS, ["ferpa-consent"]),
        ({Duty.ATTORNEY_PRIVILEGE}, WAIVER_ELEMENTS, ["attorney-waiver"]),
        ({Duty.HOUSING}, HOUSING_ELEMENTS, ["housing-release"]),
        ({Duty.VAWA, Duty.HIPAA}, VAWA_ELEMENTS | HIPAA_ELEMENTS, ["vawa-release", "hipaa-authorization"]),
        ({Duty.VAWA, Duty.FERPA}, VAWA_ELEMENTS | FERPA_ELEMENTS, ["vawa-release", "ferpa-consent"]),
    ],
)
def test_each_law_asks_for_its_elements_and_several_for_their_union(
    duties: set[Duty], needed: frozenset[Element], asking: list[str]
) -> None:
    under = holder(*duties)
    answer = decide(LAW, disclose(release(elements=needed), holder=under))
    assert (answer.level, rules(answer)) == (Level.FULL, [*asking, "own-worker"])
    for element in Element:
        answer = decide(LAW, disclose(release(elements=EVERY_ELEMENT - {element}), holder=under))
        assert answer.level is (Level.NONE if element in needed else Level.FULL), element
        if element in needed:
            assert codes(answer) == ["elements"]
            assert answer.needs[0].sentence == f"Her release lacks: {LAW.word(element)}."
            assert set(rules(answer)) <= set(asking)


#: Somebody who may sign, in each capacity: a guardian for a ward, kin for the dead.
MAY_SIGN = {
    SignerRole.SELF: Signer(),
    SignerRole.GUARDIAN: Signer(SignerRole.GUARDIAN, ward=True),
    SignerRole.REPRESENTATIVE: Signer(SignerRole.REPRESENTATIVE),
    SignerRole.NEXT_OF_KIN: Signer(SignerRole.NEXT_OF_KIN, dead=True),
}


@pytest.mark.parametrize("role", MAY_SIGN)
def test_hipaa_asks_by_what_authority_somebody_signs_for_her(role: SignerRole) -> None:
    signed = release(signer=MAY_SIGN[role], elements=EVERY_ELEMENT - {Element.AUTHORITY})
    for duty in (Duty.HIPAA, Duty.PART2, Duty.ATTORNEY_PRIVILEGE):
        answer = decide(LAW, disclose(signed, holder=holder(duty)))
        assert answer.level is (Level.FULL if role is SignerRole.SELF else Level.NONE)
    assert decide(LAW, disclose(signed)).level is Level.FULL


@pytest.mark.parametrize("element", sorted(HIPAA_ELEMENTS))
def test_authority_comes_on_top_of_what_hipaa_asks_anyway(element: Element) -> None:
    signed = release(signer=MAY_SIGN[SignerRole.GUARDIAN], elements=EVERY_ELEMENT - {element})
    assert codes(decide(LAW, disclose(signed, holder=holder(Duty.HIPAA)))) == ["elements"]


EVERY_SIGNER = [
    Signer(role, minor, alone, cosigned, abuser, ward, dead)
    for role in SignerRole
    for minor in (False, True)
    for alone in (False, True)
    for cosigned in (False, True)
    for abuser in (False, True)
    for ward in (False, True)
    for dead in (False, True)
]


def _may_sign(signer: Signer, *, both: bool) -> bool:
    """The table by hand: who may sign; `both`: a law that wants minor and parent to sign."""
    if signer.abuser:
        return False
    if signer.dead:
        if signer.role not in (SignerRole.NEXT_OF_KIN, SignerRole.REPRESENTATIVE):
            return False
    elif signer.role is SignerRole.NEXT_OF_KIN:
        return False
    # A ward's guardian signs, she where she may alone; and nobody who is neither ward nor minor has a guardian.
    if signer.ward and (signer.role, signer.alone) in ((SignerRole.SELF, False), (SignerRole.GUARDIAN, True)):
        return False
    if signer.role is SignerRole.GUARDIAN and not (signer.ward or signer.minor):
        return False
    for_her = signer.role in (SignerRole.PARENT, SignerRole.GUARDIAN, SignerRole.REPRESENTATIVE)
    if not signer.minor:
        return signer.role is not SignerRole.PARENT
    if signer.role is SignerRole.SELF:
        return signer.alone or signer.cosigned
    if for_her:
        return signer.cosigned or not (both or signer.alone)
    return True


@pytest.mark.parametrize("signer", EVERY_SIGNER, ids=str)
def test_who_may_sign(signer: Signer) -> None:
    for duties in (
        {Duty.VAWA},
        {Duty.VOCA},
        {Duty.FVPSA},
        {Duty.HIPAA},
        {Duty.VOCA, Duty.HIPAA},
        {Duty.VAWA, Duty.VOCA},
        {Duty.PART2},
        {Duty.FERPA},
        {Duty.ATTORNEY_PRIVILEGE},
    ):
        answer = decide(LAW, disclose(release(signer=signer), holder=holder(*duties)))
        both = duties & {Duty.VAWA, Duty.FVPSA, Duty.PART2, Duty.ATTORNEY_PRIVILEGE}
        valid = _may_sign(signer, both=bool(both))
        assert answer.level is (Level.FULL if valid else Level.NONE), duties
        if not valid:
            assert set(codes(answer)) == {"signer"}
            assert all(rule.startswith("signer-") for rule in rules(answer))


@pytest.mark.parametrize("duty", [*VICTIM_SERVICE, Duty.HIPAA, Duty.NONE])
@pytest.mark.parametrize("extra", [timedelta(0), INSTANT])
def test_a_victim_service_release_over_90_days_needs_a_written_reason(duty: Duty, extra: timedelta) -> None:
    long = release(until=release().signed_at + 90 * DAY + extra)
    answer = decide(LAW, disclose(long, holder=holder(duty)))
    refused = duty in VICTIM_SERVICE and bool(extra)
    assert answer.level is (Level.NONE if refused else Level.FULL)
    if refused:
        assert (rules(answer), codes(answer)) == (["length-90-days"], ["length"])
    explained = decide(LAW, disclose(replace(long, long_because=True), holder=holder(duty)))
    assert explained.level is Level.FULL
    assert (Obligation.SUPERVISOR_REVIEW in explained.duties) is bool(extra)


def test_needs_tell_what_is_wrong_with_the_release_that_comes_nearest() -> None:
    far = release(id="far", elements=frozenset(), withdrawn_at=AT, until=AT)
    near = release(id="near", elements=EVERY_ELEMENT - {Element.INFORMED})
    assert codes(decide(LAW, disclose(far, near))) == codes(decide(LAW, disclose(near, far))) == ["elements"]
    assert codes(decide(LAW, disclose(far))) == ["ended", "withdrawn", "elements"]


# ------------------------------------------------------------------ 6: agreements


def test_where_no_exception_speaks_an_agreement_changes_nothing() -> None:
    everything = Agreement(
        "a", frozenset({"shelter", "parish"}), frozenset(Category), frozenset(Purpose), AT - DAY, AT + DAY
    )
    nothing = replace(everything, categories=frozenset(), purposes=frozenset())
    for given in ((), (release(),), (release(elements=frozenset()),)):
        plain = decide(LAW, disclose(*given))
        for agreement in (everything, nothing, replace(everything, suspended=True)):
            assert decide(LAW, disclose(*given, agreements=(agreement,))) == plain


# ------------------------------------------------------------------ 7: blocks and conflicts


@pytest.mark.parametrize(
    ("kind", "against", "closes"),
    [
        (BlockKind.NEVER_SHARE, "parish", True),
        (BlockKind.NEVER_SHARE, "pat", True),
        (BlockKind.NEVER_SHARE, "worker", False),
        (BlockKind.NEVER_SHARE, "maria", False),
        (BlockKind.NEVER_SHARE, "police", False),
        (BlockKind.NEVER_SHARE, "", False),
        (BlockKind.CONFLICT, "parish", True),
        (BlockKind.CONFLICT, "pat", True),
        (BlockKind.CONFLICT, "worker", True),
        (BlockKind.CONFLICT, "maria", True),
        (BlockKind.CONFLICT, "police", False),
        (BlockKind.CONFLICT, "", False),
    ],
)
def test_blocks_close_however_good_the_release(kind: BlockKind, against: str, closes: bool) -> None:
    blocks = (Block(kind, against),)
    answer = decide(LAW, disclose(release(), recipient_person="pat", blocks=blocks))
    assert answer.level is (Level.NONE if closes else Level.FULL)
    if closes:
        assert codes(answer) == ["nothing"]
        assert rules(answer) == [f"block-{kind.replace('_', '-')}"]
        assert decide(LAW, disclose(recipient_person="pat", blocks=blocks)) == answer, "a release would not open it"
    assert against or decide(LAW, disclose(release(), blocks=blocks)).level is Level.FULL


def test_the_members_own_conflict_closes() -> None:
    torn = Member("worker", frozenset({Role.WORKER}), frozenset({"maria"}))
    assert rules(decide(LAW, disclose(release(), member=torn))) == ["block-conflict"]
    assert decide(LAW, disclose(release(), member=replace(torn, conflicts=frozenset({"noa"})))).level is Level.FULL


# ------------------------------------------------------------------ 8: duties of a yes


@pytest.mark.parametrize("kind", [kind for kind in AgencyKind if kind is not AgencyKind.OPERATOR])
def test_duties_follow_from_the_kind_of_recipient(kind: AgencyKind) -> None:
    answer = decide(LAW, disclose(release(holder="hospital"), holder=HOSPITAL, recipient=replace(PARISH, kind=kind)))
    warned = kind in (AgencyKind.POLICE, AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.PROBATION)
    kept = kind in (AgencyKind.POLICE, AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.HOSPITAL)
    assert answer.duties == (
        Obligation.REDISCLOSURE_NOTICE,
        *([Obligation.WARN_DISCOVERY] if warned else []),
        Obligation.LOG,
        *([Obligation.RETAIN_SEALED] if kept else []),
        *([Obligation.DISCOVERY_LOG] if kind is AgencyKind.DEFENCE else []),
    )


@pytest.mark.parametrize("duty", Duty)
def test_duties_follow_from_the_laws_of_the_recipient(duty: Duty) -> None:
    answer = decide(LAW, disclose(release(), recipient=replace(PARISH, duties=frozenset({duty}))))
    assert (Obligation.WARN_DISCOVERY in answer.duties) is (duty is Duty.BRADY)
    kept = duty in (Duty.BRADY, Duty.COURT_RECORDS, Duty.HIPAA)
    assert (Obligation.RETAIN_SEALED in answer.duties) is kept


def test_all_duties_come_in_the_order_of_the_words() -> None:
    long = release(recipient="police", until=AT + 100 * DAY, long_because=True)
    answer = decide(LAW, disclose(long, recipient=POLICE))
    assert answer.duties == tuple(duty for duty in Obligation if duty in answer.duties)
    assert len(answer.duties) == 5


# ------------------------------------------------------------------ whatever goes wrong


def test_what_cannot_be_judged_is_no() -> None:
    for broken in (
        disclose(release(until=AT.replace(tzinfo=None))),
        disclose(release(), at=AT.replace(tzinfo=None)),
        disclose(None),  # type: ignore[arg-type]
        replace(disclose(release()), member=None),  # type: ignore[arg-type]
        replace(disclose(release()), verb="wave"),  # type: ignore[arg-type]
        replace(disclose(release()), recipient="parish"),  # type: ignore[arg-type]
        None,
    ):
        answer = decide(LAW, broken)  # type: ignore[arg-type]
        assert answer.level is Level.NONE
        assert rules(answer) == ["default-deny"]


def test_before_any_law_was_made_nothing_is_allowed() -> None:
    at = datetime(1960, 1, 1, tzinfo=UTC)
    assert decide(LAW, disclose(release(signed_at=at, until=at + DAY), at=at)).level is Level.NONE


def test_two_agencies_with_one_id_are_one_agency() -> None:
    twin = Agency(SHELTER.id, AgencyKind.POLICE, frozenset({Duty.BRADY}))
    assert decide(LAW, disclose(release(recipient=SHELTER.id), recipient=twin)).level is Level.NONE


def test_two_releases_under_one_id_open_nothing() -> None:
    one = release()
    assert decide(LAW, disclose(one)).level > Level.NONE
    answer = decide(LAW, disclose(one, replace(one, withdrawn_at=AT)))
    assert (answer.level, answer.needs[0].code) == (Level.NONE, "contradictory")


@pytest.mark.parametrize("duties", [frozenset(), frozenset({Duty.NONE, Duty.BRADY})])
def test_a_recipient_whose_duties_are_unknown_or_contradictory_gets_nothing(duties: frozenset[Duty]) -> None:
    question = disclose(release())
    assert question.recipient is not None
    assert decide(LAW, replace(question, recipient=replace(question.recipient, duties=duties))).level is Level.NONE


def test_a_yes_ends_when_a_withdrawal_is_already_set() -> None:
    later = AT + timedelta(hours=1)
    assert decide(LAW, disclose(release(withdrawn_at=later))).until == later

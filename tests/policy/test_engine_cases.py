"""The minimum cases of the domain facts (section 1.12) by number; the others are in `test_seed_rules.py`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from accord.policy import decide
from accord.policy.facts import Agency, Agreement, Grant, Process, Signer, Thing
from accord.policy.words import (
    AgencyKind,
    Category,
    Duty,
    Element,
    Level,
    Mark,
    Obligation,
    ProcessKind,
    Purpose,
    Role,
    SignerRole,
    Verb,
)
from tests.policy.engine_world import (
    AT,
    DAY,
    EVERY_ELEMENT,
    HOSPITAL,
    LAW,
    PARISH,
    POLICE,
    codes,
    disclose,
    holder,
    own,
    release,
    rules,
)

TEAM = Agreement("mou", frozenset({"shelter", "police"}), frozenset(Category), frozenset(Purpose), AT - DAY, AT + DAY)
PROSECUTOR = Agency("prosecutor", AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))


def test_case_1_an_agreement_and_no_release_opens_nothing_for_the_police() -> None:
    answer = decide(LAW, disclose(recipient=POLICE, agreements=(TEAM,)))
    assert (answer.level, rules(answer), codes(answer)) == (Level.NONE, ["default-deny"], ["release"])
    assert answer.needs[0].sentence == "A release from her naming the police and services, for safety."


def test_case_2_a_release_to_the_prosecutor_opens_nothing_for_the_police() -> None:
    to_prosecutor = release(recipient="prosecutor")
    assert decide(LAW, disclose(to_prosecutor, recipient=PROSECUTOR)).level is Level.FULL
    assert decide(LAW, disclose(to_prosecutor, recipient=POLICE, agreements=(TEAM,))).level is Level.NONE


def test_case_3_a_release_that_ended_one_minute_ago_opens_nothing() -> None:
    answer = decide(LAW, disclose(release(until=AT - timedelta(minutes=1))))
    assert (answer.level, codes(answer)) == (Level.NONE, ["ended"])


def test_case_4_a_withdrawal_recorded_by_the_advocate_closes_the_next_push() -> None:
    answer = decide(LAW, disclose(release(withdrawn_at=AT - timedelta(seconds=1))))
    assert (answer.level, codes(answer)) == (Level.NONE, ["withdrawn"])


def test_case_5_the_abuser_of_the_other_parent_cannot_sign_for_the_minor() -> None:
    signer = Signer(SignerRole.PARENT, minor=True, cosigned=True, abuser=True)
    answer = decide(LAW, disclose(release(signer=signer)))
    assert (answer.level, rules(answer), codes(answer)) == (Level.NONE, ["signer-abuser"], ["signer"])


def test_case_6_a_minor_who_may_have_the_service_alone_signs_alone() -> None:
    assert decide(LAW, disclose(release(signer=Signer(minor=True, alone=True)))).level is Level.FULL
    assert decide(LAW, disclose(release(signer=Signer(minor=True)))).level is Level.NONE


def test_case_7_a_guardian_believed_to_abuse_the_ward_cannot_sign() -> None:
    guardian = Signer(SignerRole.GUARDIAN, ward=True)
    assert rules(decide(LAW, disclose(release(signer=replace(guardian, abuser=True))))) == ["signer-abuser"]
    assert decide(LAW, disclose(release(signer=guardian))).level is Level.FULL


def test_case_8_nothing_about_a_person_goes_to_a_funder() -> None:
    funder = replace(PARISH, kind=AgencyKind.FUNDER)
    identity = Thing(Category.IDENTITY, "maria")
    signed = release(grants=(Grant(Category.IDENTITY, Level.EXISTENCE),))
    assert rules(decide(LAW, disclose(signed, thing=identity, recipient=funder))) == ["bar-funder"]


def test_case_10_nothing_about_a_person_goes_out_for_reporting() -> None:
    asked = disclose(release(purpose=Purpose.REPORTING), purpose=Purpose.REPORTING)
    assert (rules(decide(LAW, asked)), codes(decide(LAW, asked))) == (["bar-reporting"], ["nothing"])


def test_case_14_what_a_part_2_program_sends_carries_the_notice_and_the_consent() -> None:
    answer = decide(LAW, disclose(release(), holder=holder(Duty.PART2, Duty.HIPAA)))
    assert answer.level is Level.FULL
    assert {Obligation.PART2_NOTICE, Obligation.ATTACH_CONSENT} <= set(answer.duties)


def test_case_15_a_single_consent_does_not_share_with_the_police() -> None:
    assert codes(decide(LAW, disclose(release(), holder=holder(Duty.PART2), recipient=POLICE))) == ["release"]
    asked = disclose(
        release(recipient="police", purpose=Purpose.INVESTIGATION),
        holder=holder(Duty.PART2),
        recipient=POLICE,
        purpose=Purpose.INVESTIGATION,
    )
    assert (rules(decide(LAW, asked)), codes(decide(LAW, asked))) == (["key-sud-proceedings"], ["instrument"])


def test_case_16_a_counselling_note_is_not_in_a_general_release() -> None:
    note = Thing(Category.COUNSELLING, "maria", marks=frozenset({Mark.SUD_COUNSELLING_NOTE, Mark.SUD}))
    given = release(holder="hospital", grants=(Grant(Category.COUNSELLING, Level.FULL),))
    answer = decide(LAW, disclose(given, holder=HOSPITAL, thing=note))
    assert (answer.level, rules(answer)) == (Level.NONE, ["key-sud", "key-sud-counselling"])


def test_case_17_nothing_sent_without_her_part_2_consent_says_substance_use() -> None:
    thing = Thing(Category.SERVICES, "maria", marks=frozenset({Mark.SUD}))
    services = replace(PARISH, kind=AgencyKind.PROTECTIVE_SERVICES)
    assert decide(LAW, disclose(release(holder="hospital"), holder=HOSPITAL, recipient=services)).level is Level.FULL
    asked = disclose(release(holder="hospital"), holder=HOSPITAL, recipient=services, thing=thing)
    assert rules(decide(LAW, asked)) == ["key-sud"]


def test_case_19_a_subpoena_even_called_a_court_order_needs_counsel() -> None:
    for kind in (ProcessKind.SUBPOENA, ProcessKind.COURT_ORDER):
        paper = Process("p", kind, "police", "maria", frozenset(Category), AT - DAY, AT + DAY)
        answer = decide(LAW, disclose(recipient=POLICE, processes=(paper,)))
        assert answer.level is Level.NONE
        assert answer.needs[-1].code == "counsel"
        assert answer.needs[-1].sentence.endswith("a subpoena is no court order.")


def test_case_20_next_of_kin_who_killed_her_cannot_sign() -> None:
    kin = Signer(SignerRole.NEXT_OF_KIN, dead=True)
    assert decide(LAW, disclose(release(signer=replace(kin, abuser=True)))).level is Level.NONE
    assert decide(LAW, disclose(release(signer=kin))).level is Level.FULL


def test_case_21_another_agency_gets_one_and_the_same_answer_for_hit_and_miss() -> None:
    ask = own(Verb.FIND_CLIENTS, Role.WORKER, asker=HOSPITAL)
    hit = replace(ask, releases=(release(recipient="hospital"),), thing=Thing(Category.IDENTITY, "maria", id="x"))
    assert decide(LAW, ask) == decide(LAW, hit)
    assert decide(LAW, hit).level is Level.NONE


def test_case_22_the_operator_opens_nothing() -> None:
    operator = Agency("operator", AgencyKind.OPERATOR, frozenset({Duty.NONE}))
    asked = disclose(release(recipient="operator"), recipient=operator)
    assert rules(decide(LAW, asked)) == ["bar-operator"]


def test_case_25_a_release_that_is_a_condition_of_service_is_void() -> None:
    answer = decide(LAW, disclose(release(elements=EVERY_ELEMENT - {Element.NOT_A_CONDITION})))
    assert (answer.level, codes(answer)) == (Level.NONE, ["elements"])

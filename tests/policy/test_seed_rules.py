"""The decision table of the domain facts (1.10), rule by rule, and the minimum cases (1.12) that concern the engine.

The cases by number that are not here stand in `test_engine_cases.py`; where a case belongs to another surface, its
name here says what the engine holds of it, and the comment where the rest is held.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.policy import LawError, decide, parse
from accord.policy.facts import Agency, Agreement, Block, Decision, Grant, Process, Question, Signer, Thing
from accord.policy.words import (
    AgencyKind,
    Basis,
    BlockKind,
    Category,
    Duty,
    Element,
    Field,
    Instrument,
    Level,
    Mark,
    Obligation,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)
from tests.policy.engine_world import (
    APS,
    AT,
    CHILDREN,
    CLINIC,
    COURT,
    DAY,
    DEFENCE,
    DOCUMENTS,
    ELDERS,
    EVERY_ELEMENT,
    FAMILY,
    HOSPITAL,
    LAW,
    LAWYER,
    PARISH,
    POLICE,
    PROSECUTOR,
    SCHOOL,
    SHELTER,
    codes,
    disclose,
    law_of,
    on_paper,
    own,
    paper,
    release,
    rules,
)

FUNDER = Agency("funder", AgencyKind.FUNDER, frozenset({Duty.NONE}))
HMIS = Agency("hmis", AgencyKind.HMIS, frozenset({Duty.NONE}))
REGISTRY = Agency("registry", AgencyKind.REGISTRY, frozenset({Duty.NONE}))
RESPONDENT = Agency("respondent", AgencyKind.RESPONDENT, frozenset({Duty.NONE}))
PROBATION = Agency("probation", AgencyKind.PROBATION, frozenset({Duty.NONE}))
PROGRAMME = Agency("programme", AgencyKind.INTERVENTION, frozenset({Duty.NONE}))
CLERK = Agency("court", AgencyKind.COURT, frozenset({Duty.COURT_RECORDS}))
CHILD_WELFARE = replace(APS, id="cps")
ALASKA, GEORGIA, ALABAMA, MARAC = (
    parse(law_of(name)) for name in ("us-alaska", "us-georgia", "us-alabama", "uk-marac")
)
CELLS = paper(ProcessKind.FINDING, Representation.CELLS_SUPPRESSED)
REPORT_FACTS = (
    Field.NAME_ADDRESS,
    Field.BIRTH,
    Field.INJURY_TYPE,
    Field.WHEREABOUTS,
    Field.WHAT_HAPPENED,
    Field.RESPONSIBLE,
)


def released(question: Question, **changes: object) -> Question:
    """The same question with a good release for exactly this."""
    assert question.recipient is not None
    good: dict[str, object] = {
        "holder": question.holder.id,
        "recipient": question.recipient.id,
        "purpose": question.purpose,
        "subject": question.thing.subject,
        "grants": (Grant(question.thing.category, Level.FULL),),
    }
    return replace(question, releases=(release(**(good | changes)),))


def asks(holder: Agency, recipient: Agency, category: Category, purpose: Purpose, *marks: Mark) -> Question:
    """Something about Maria from this holder for this recipient, nothing released, nothing on file."""
    thing = Thing(category, "maria", marks=frozenset(marks))
    return disclose(holder=holder, recipient=recipient, thing=thing, purpose=purpose)


def is_closed(answer: Decision) -> bool:
    return answer.level is Level.NONE and answer.basis is None and not answer.relying_on


# ------------------------------------------------------------------ R01-R28


def test_r01_a_victim_service_provider_tells_the_police_only_on_her_release() -> None:
    asked = asks(SHELTER, POLICE, Category.SERVICES, Purpose.INVESTIGATION)
    assert codes(decide(LAW, asked)) == ["release"]
    answer = decide(LAW, released(asked))
    assert (answer.level, answer.basis) == (Level.FULL, Basis.RELEASE)
    assert {Obligation.REDISCLOSURE_NOTICE, Obligation.LOG, Obligation.WARN_DISCOVERY} <= set(answer.duties)
    # Withdrawing closes at once, and only what comes after.
    assert is_closed(decide(LAW, released(asked, withdrawn_at=AT)))


@pytest.mark.parametrize("kind", [kind for kind in AgencyKind if kind is not AgencyKind.OPERATOR])
def test_r02_that_she_is_a_client_is_confirmed_to_nobody(kind: AgencyKind) -> None:
    recipient = Agency("recipient", kind, frozenset({Duty.NONE}))
    for purpose in (Purpose.SAFETY, Purpose.INVESTIGATION, Purpose.COORDINATION):
        assert is_closed(decide(LAW, asks(SHELTER, recipient, Category.IDENTITY, purpose)))


def test_r02_her_release_may_say_that_she_is_a_client_and_nothing_more() -> None:
    asked = asks(SHELTER, POLICE, Category.IDENTITY, Purpose.SAFETY)
    assert decide(LAW, released(asked, grants=(Grant(Category.IDENTITY, Level.EXISTENCE),))).level is Level.EXISTENCE


def test_r03_counts_go_to_the_funder_with_small_numbers_left_out() -> None:
    counts = Thing(Category.SERVICES, "programme", Relation.NOBODY)
    asked = on_paper(
        SHELTER, FUNDER, Category.SERVICES, Purpose.REPORTING, replace(CELLS, subject="programme"), thing=counts
    )
    answer = decide(LAW, asked)
    assert (answer.level, answer.basis, rules(answer)[0]) == (Level.FULL, Basis.EXCEPTION, "totals")
    assert Obligation.ACCOUNTING not in answer.duties
    assert is_closed(decide(LAW, replace(asked, processes=())))


def test_r04_nothing_about_a_person_goes_to_a_funder_or_auditor_whatever_she_signed() -> None:
    for purpose in (Purpose.REPORTING, Purpose.OVERSIGHT, Purpose.COORDINATION):
        asked = replace(released(asks(SHELTER, FUNDER, Category.SERVICES, purpose)), processes=(CELLS,))
        answer = decide(LAW, asked)
        assert is_closed(answer)
        assert "bar-funder" in rules(answer)
        assert codes(answer)[0] == "nothing"


def test_r05_nothing_about_a_person_goes_into_a_database_that_others_open() -> None:
    answer = decide(LAW, released(asks(SHELTER, HMIS, Category.HOUSING, Purpose.HOUSING)))
    assert is_closed(answer)
    assert rules(answer) == ["bar-hmis"]


def test_r06_where_the_shelter_is_needs_her_and_whoever_is_responsible_for_it() -> None:
    asked = asks(SHELTER, POLICE, Category.LOCATION, Purpose.SAFETY, Mark.SHELTER_LOCATION)
    assert codes(decide(LAW, released(asked, elements=EVERY_ELEMENT))) == ["instrument"]
    answer = decide(LAW, released(asked, instrument=Instrument.SHELTER_PERMISSION))
    assert (answer.level, answer.basis) == (Level.FULL, Basis.RELEASE)
    # No paper opens it: not an order, not a warrant.
    ordered = paper(ProcessKind.COURT_ORDER, *Representation, recipient="police", categories=frozenset(Category))
    to_court = replace(asked, purpose=Purpose.LEGAL_PROCESS, processes=(ordered,))
    assert is_closed(decide(LAW, to_court))
    assert decide(LAW, replace(to_court, thing=Thing(Category.LOCATION, "maria"))).level is Level.FULL


def test_r07_a_report_about_a_child_says_what_the_statute_asks_and_only_where_one_binds_her() -> None:
    report = paper(ProcessKind.MANDATED_REPORT, statute="ak-report-child")
    asked = on_paper(SHELTER, CHILD_WELFARE, Category.NOTES, Purpose.MANDATED_REPORT, report)
    answer = decide(ALASKA, asked)
    assert (answer.level, answer.basis, answer.fields) == (Level.SUMMARY, Basis.COMPELLED, REPORT_FACTS)
    assert {Obligation.TELL_HER, Obligation.SAFETY_STEPS, Obligation.LOG} <= set(answer.duties)
    # No federal statute makes a victim service provider report.
    assert is_closed(decide(LAW, asked))
    assert is_closed(decide(LAW, replace(asked, processes=(replace(asked.processes[0], statute=CHILDREN),))))
    assert is_closed(decide(ALASKA, replace(asked, processes=(replace(asked.processes[0], statute=""),))))


def test_r08_a_court_gets_what_it_orders_once_counsel_has_looked_and_a_subpoena_gets_nothing() -> None:
    asked = on_paper(SHELTER, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, paper(ProcessKind.COURT_ORDER))
    answer = decide(LAW, asked)
    assert (answer.level, answer.basis, answer.relying_on) == (Level.FULL, Basis.COMPELLED, ("p1",))
    assert {Obligation.TELL_HER, Obligation.SAFETY_STEPS, Obligation.ACCOUNTING} <= set(answer.duties)
    for less in ({"kind": ProcessKind.SUBPOENA}, {"counsel_reviewed": False}):
        refused = decide(LAW, replace(asked, processes=(replace(asked.processes[0], **less),)))
        assert is_closed(refused)
        assert "counsel" in codes(refused)
    elsewhere = replace(asked.processes[0], categories=frozenset({Category.LEGAL}))
    assert is_closed(decide(LAW, replace(asked, processes=(elsewhere,))))


def test_r09_a_hospital_tells_the_police_of_injuries_by_law_by_order_or_when_she_agrees() -> None:
    for asked, basis in (
        (
            on_paper(
                HOSPITAL,
                POLICE,
                Category.INJURIES,
                Purpose.MANDATED_REPORT,
                paper(ProcessKind.MANDATED_REPORT, statute=ELDERS),
            ),
            Basis.COMPELLED,
        ),
        (
            on_paper(HOSPITAL, POLICE, Category.INJURIES, Purpose.INVESTIGATION, paper(ProcessKind.WARRANT)),
            Basis.COMPELLED,
        ),
        (
            on_paper(
                HOSPITAL,
                POLICE,
                Category.INJURIES,
                Purpose.INVESTIGATION,
                paper(ProcessKind.LAW_ENFORCEMENT_REQUEST, Representation.SHE_AGREES),
            ),
            Basis.EXCEPTION,
        ),
    ):
        answer = decide(LAW, asked)
        assert (answer.basis, Obligation.ACCOUNTING in answer.duties) == (basis, True)
        assert is_closed(decide(LAW, replace(asked, processes=())))


def test_r10_the_police_who_look_for_somebody_get_eight_facts() -> None:
    request = paper(ProcessKind.LAW_ENFORCEMENT_REQUEST)
    answer = decide(LAW, on_paper(HOSPITAL, POLICE, Category.IDENTITY, Purpose.LOCATE, request))
    assert answer.level is Level.SUMMARY
    assert answer.fields == (
        Field.NAME_ADDRESS,
        Field.BIRTH,
        Field.SSN,
        Field.BLOOD_TYPE,
        Field.INJURY_TYPE,
        Field.TREATED_AT,
        Field.DIED_AT,
        Field.DISTINGUISHING_MARKS,
    )
    assert is_closed(decide(LAW, on_paper(HOSPITAL, POLICE, Category.COUNSELLING, Purpose.LOCATE, request)))


def test_r11_a_hospital_tells_an_advocate_only_on_an_authorization() -> None:
    asked = asks(HOSPITAL, SHELTER, Category.INJURIES, Purpose.ADVOCACY)
    assert is_closed(decide(LAW, asked))
    assert decide(LAW, released(asked)).level is Level.FULL
    for element in (Element.REDISCLOSURE, Element.RIGHT_TO_REVOKE, Element.TIME_LIMITED):
        assert codes(decide(LAW, released(asked, elements=EVERY_ELEMENT - {element}))) == ["elements"]


def test_r12_adult_abuse_is_told_to_the_authority_when_she_agrees_or_a_statute_and_harm_allow_it() -> None:
    def asked(*found: Representation) -> Question:
        return on_paper(HOSPITAL, APS, Category.NOTES, Purpose.MANDATED_REPORT, paper(ProcessKind.FINDING, *found))

    for found in (
        (Representation.SHE_AGREES,),
        (Representation.PREVENTS_SERIOUS_HARM, Representation.AUTHORISED_BY_STATUTE),
        (
            Representation.INCAPACITATED,
            Representation.NOT_AGAINST_HER,
            Representation.HARM_BY_WAITING,
            Representation.AUTHORISED_BY_STATUTE,
        ),
    ):
        answer = decide(LAW, asked(*found))
        assert (answer.level, answer.basis, answer.fields) == (Level.SUMMARY, Basis.EXCEPTION, REPORT_FACTS)
        assert Obligation.TELL_HER in answer.duties
        for missing in found:
            assert is_closed(decide(LAW, asked(*(each for each in found if each is not missing))))


def test_r13_psychotherapy_notes_need_an_authorization_of_their_own() -> None:
    therapist = Agency("therapist", AgencyKind.MENTAL_HEALTH, frozenset({Duty.HIPAA}))
    asked = asks(therapist, LAWYER, Category.COUNSELLING, Purpose.LEGAL_HELP, Mark.PSYCHOTHERAPY_NOTE)
    assert codes(decide(LAW, released(asked))) == ["instrument"]
    assert decide(LAW, released(asked, instrument=Instrument.PSYCHOTHERAPY_NOTES)).level is Level.FULL
    without_it = replace(asked, thing=Thing(Category.COUNSELLING, "maria"))
    assert is_closed(decide(LAW, released(without_it, instrument=Instrument.PSYCHOTHERAPY_NOTES)))


def test_r14_that_somebody_is_in_a_program_is_told_on_her_part_2_consent_with_its_notice() -> None:
    asked = asks(CLINIC, SHELTER, Category.IDENTITY, Purpose.SAFETY, Mark.SUD)
    assert is_closed(decide(LAW, asked))
    assert "instrument" in codes(decide(LAW, released(asked)))
    answer = decide(LAW, released(asked, elements=EVERY_ELEMENT))
    assert answer.level is Level.FULL
    assert {Obligation.PART2_NOTICE, Obligation.ATTACH_CONSENT} <= set(answer.duties)


def test_r14_a_consent_to_those_who_monitor_a_case_may_bind_her_and_no_other_may() -> None:
    asked = asks(CLINIC, PROBATION, Category.SERVICES, Purpose.SUPERVISION)
    given = {"instrument": Instrument.CRIMINAL_JUSTICE, "withdrawn_at": AT - DAY / 2, "fixed_until": AT + 10 * DAY}
    answer = decide(LAW, released(asked, **given))
    assert (answer.level, answer.until) == (Level.FULL, AT + 10 * DAY)
    assert is_closed(decide(LAW, released(asked, **(given | {"fixed_until": AT}))))
    funded = replace(CLINIC, duties=frozenset({Duty.PART2, Duty.VAWA}))
    assert is_closed(decide(LAW, released(replace(asked, holder=funded, asker=funded), **given)))


def test_r15_a_school_tells_on_consent_or_in_an_articulated_emergency_and_keeps_a_record() -> None:
    asked = asks(SCHOOL, SHELTER, Category.RISK, Purpose.SAFETY)
    assert is_closed(decide(LAW, asked))
    consented = decide(LAW, released(asked))
    threat = (Representation.IMMINENT_THREAT, Representation.THREAT_WRITTEN_DOWN)
    finding = paper(ProcessKind.FINDING, *threat)
    emergency = decide(LAW, on_paper(SCHOOL, SHELTER, Category.RISK, Purpose.SAFETY, finding))
    for answer in (consented, emergency):
        assert answer.level is Level.FULL
        assert {Obligation.FERPA_RECORD, Obligation.FERPA_NOTICE} <= set(answer.duties)
    assert Obligation.WRITE_THREAT in emergency.duties


def test_r16_the_police_give_the_prosecutor_their_report() -> None:
    for category, level in (
        (Category.LEGAL, Level.FULL),
        (Category.INJURIES, Level.FULL),
        (Category.RISK, Level.FULL),
        (Category.IDENTITY, Level.SUMMARY),
        (Category.COUNSELLING, Level.NONE),
    ):
        assert decide(LAW, asks(POLICE, PROSECUTOR, category, Purpose.PROSECUTION)).level is level


def test_r17_the_police_name_her_to_an_advocate_once_she_has_said_that_she_wants_it() -> None:
    finding = paper(ProcessKind.FINDING, Representation.SHE_AGREES)
    answer = decide(LAW, on_paper(POLICE, SHELTER, Category.CONTACT, Purpose.SAFETY, finding))
    assert (answer.level, answer.basis) == (Level.FULL, Basis.EXCEPTION)
    assert is_closed(decide(LAW, asks(POLICE, SHELTER, Category.CONTACT, Purpose.SAFETY)))


def test_r18_the_court_gets_what_the_danger_screen_came_to_where_both_agreed() -> None:
    asked = asks(POLICE, COURT, Category.RISK, Purpose.PROSECUTION)
    assert "agreement" in codes(decide(LAW, asked))
    both = Agreement("a", frozenset({"police", "court"}), frozenset(Category), frozenset(Purpose), AT, AT + DAY)
    assert decide(LAW, replace(asked, agreements=(both,))).level is Level.SUMMARY


def test_r19_the_defence_gets_what_is_favourable_and_it_is_listed() -> None:
    finding = paper(ProcessKind.FINDING, Representation.FAVOURABLE_MATERIAL)
    answer = decide(LAW, on_paper(PROSECUTOR, DEFENCE, Category.NOTES, Purpose.DISCOVERY, finding))
    assert answer.level is Level.FULL
    assert {Obligation.DISCOVERY_LOG, Obligation.ACCOUNTING} <= set(answer.duties)
    # What a victim service provider holds is not the prosecution's.
    assert is_closed(decide(LAW, on_paper(SHELTER, DEFENCE, Category.NOTES, Purpose.DISCOVERY, finding)))


def test_r20_orders_go_to_the_registry_and_to_those_who_enforce_them() -> None:
    assert decide(LAW, asks(CLERK, REGISTRY, Category.LEGAL, Purpose.PROTECTIVE_ORDER)).level is Level.FULL
    assert decide(LAW, asks(CLERK, POLICE, Category.LEGAL, Purpose.PROTECTIVE_ORDER)).level is Level.FULL


@pytest.mark.parametrize("category", [Category.CONTACT, Category.LOCATION])
@pytest.mark.parametrize("recipient", [RESPONDENT, DEFENCE, PROGRAMME])
def test_r21_where_she_is_never_goes_toward_the_person_who_hurt_her(recipient: Agency, category: Category) -> None:
    for holder in (CLERK, PROSECUTOR, HOSPITAL, SHELTER):
        answer = decide(LAW, released(asks(holder, recipient, category, Purpose.LEGAL_PROCESS)))
        assert is_closed(answer)
        assert "bar-respondent-contact" in rules(answer)


def test_r22_probation_tells_conditions_and_release_and_nothing_of_treatment() -> None:
    told = decide(LAW, asks(PROBATION, SHELTER, Category.LEGAL, Purpose.SAFETY))
    assert (told.level, told.basis) == (Level.SUMMARY, Basis.EXCEPTION)
    for category in (Category.CONDITIONS, Category.MEDICATIONS, Category.SERVICES):
        assert is_closed(decide(LAW, asks(PROBATION, SHELTER, category, Purpose.SAFETY)))
    assert is_closed(decide(LAW, asks(PROBATION, SHELTER, Category.LEGAL, Purpose.SAFETY, Mark.SUD)))


def test_r23_the_programme_tells_who_attends_by_its_contract() -> None:
    asked = asks(PROGRAMME, PROBATION, Category.SERVICES, Purpose.SUPERVISION)
    assert is_closed(decide(LAW, asked))
    both = frozenset({"programme", "probation"})
    contract = Agreement("a", both, frozenset({Category.SERVICES}), frozenset({Purpose.SUPERVISION}), AT, AT + DAY)
    answer = decide(LAW, replace(asked, agreements=(contract,)))
    assert (answer.level, answer.until) == (Level.SUMMARY, AT + DAY)


@pytest.mark.parametrize("recipient", [PROGRAMME, RESPONDENT, DEFENCE])
def test_r24_what_a_victim_contact_said_never_reaches_the_participant(recipient: Agency) -> None:
    for holder in (SHELTER, PARISH, PROSECUTOR):
        asked = asks(holder, recipient, Category.NOTES, Purpose.COORDINATION, Mark.VICTIM_CONTACT)
        assert rules(decide(LAW, released(asked))) == ["bar-participant"]


def test_r25_a_lawyers_file_opens_on_the_clients_informed_waiver_alone() -> None:
    asked = asks(LAWYER, POLICE, Category.LEGAL, Purpose.LEGAL_HELP)
    assert is_closed(decide(LAW, asked))
    assert decide(LAW, released(asked)).level is Level.FULL
    assert codes(decide(LAW, released(asked, elements=EVERY_ELEMENT - {Element.INFORMED}))) == ["elements"]
    report = paper(ProcessKind.MANDATED_REPORT, statute=ELDERS)
    home = replace(LAWYER, kind=AgencyKind.COMMUNITY)
    assert is_closed(decide(LAW, on_paper(home, APS, Category.LEGAL, Purpose.MANDATED_REPORT, report)))


def test_r26_protective_services_tell_a_team_only_where_a_state_made_one() -> None:
    finding = paper(ProcessKind.FINDING, Representation.TEAM_BY_STATUTE)
    asked = on_paper(APS, POLICE, Category.INJURIES, Purpose.COORDINATION, finding)
    assert is_closed(decide(LAW, asked))
    answer = decide(GEORGIA, asked)
    assert (answer.level, answer.basis) == (Level.SUMMARY, Basis.EXCEPTION)
    assert answer.fields is not None
    assert Field.REPORTER not in answer.fields
    assert is_closed(decide(GEORGIA, replace(asked, processes=())))


@pytest.mark.parametrize("holder", [SHELTER, HOSPITAL, POLICE, PARISH], ids=lambda one: one.id)
def test_r27_whoever_runs_the_platform_gets_nothing(holder: Agency) -> None:
    operator = Agency("operator", AgencyKind.OPERATOR, frozenset({Duty.NONE}))
    asked = replace(released(asks(holder, operator, Category.SERVICES, Purpose.ADMINISTRATION)), processes=(CELLS,))
    assert rules(decide(LAW, asked)) == ["bar-operator"]


@pytest.mark.parametrize("against", ["police", "pat", "worker", "maria"])
def test_r28_a_conflict_closes_the_door_to_whoever_has_it(against: str) -> None:
    asked = released(asks(SHELTER, POLICE, Category.SERVICES, Purpose.SAFETY))
    asked = replace(asked, recipient_person="pat")
    answer = decide(LAW, replace(asked, blocks=(Block(BlockKind.CONFLICT, against),)))
    assert is_closed(answer)
    assert rules(answer) == ["block-conflict"]
    # Not even a court opens it: somebody without a conflict must do the work.
    ordered = on_paper(SHELTER, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, paper(ProcessKind.COURT_ORDER))
    blocked = replace(ordered, recipient_person="pat", blocks=(Block(BlockKind.CONFLICT, "worker"),))
    assert is_closed(decide(LAW, blocked))


# ------------------------------------------------------------------ cases


def test_case_9_counts_with_small_numbers_in_them_do_not_leave() -> None:
    """How cells are left out is the report's work; the engine asks that somebody wrote down that they were."""
    counts = Thing(Category.SERVICES, "maria", Relation.NOBODY)
    finding = paper(ProcessKind.FINDING)
    asked = on_paper(SHELTER, FUNDER, Category.SERVICES, Purpose.REPORTING, finding, thing=counts)
    assert is_closed(decide(LAW, asked))
    assert decide(LAW, replace(asked, processes=(replace(CELLS, recipient="funder"),))).level is Level.FULL


def test_case_10_client_rows_stay_out_of_hmis_and_totals_go_in() -> None:
    for relation, level in ((Relation.SELF, Level.NONE), (Relation.CHILD, Level.NONE), (Relation.NOBODY, Level.FULL)):
        thing = Thing(Category.HOUSING, "maria", relation)
        asked = on_paper(SHELTER, HMIS, Category.HOUSING, Purpose.REPORTING, CELLS, thing=thing)
        assert decide(LAW, asked).level is level


def test_case_11_a_request_for_dna_gets_no_dna() -> None:
    asked_for = frozenset({Field.NAME_ADDRESS, Field.DNA, Field.DENTAL, Field.TISSUE})
    request = paper(ProcessKind.LAW_ENFORCEMENT_REQUEST, fields=asked_for)
    answer = decide(LAW, on_paper(HOSPITAL, POLICE, Category.IDENTITY, Purpose.LOCATE, request))
    assert answer.fields == (Field.NAME_ADDRESS,)
    only_dna = replace(request, fields=frozenset({Field.DNA}))
    refused = decide(LAW, on_paper(HOSPITAL, POLICE, Category.IDENTITY, Purpose.LOCATE, only_dna))
    assert is_closed(refused)
    assert "fields" in codes(refused)


ALL_THREE = (Representation.NOT_AGAINST_HER, Representation.HARM_BY_WAITING, Representation.BEST_INTEREST)


@pytest.mark.parametrize("missing", [None, Representation.INCAPACITATED, *ALL_THREE])
def test_case_12_somebody_who_cannot_agree_is_told_of_only_on_all_three_representations(
    missing: Representation | None,
) -> None:
    said = {Representation.INCAPACITATED, *ALL_THREE} - {missing}
    request = paper(ProcessKind.LAW_ENFORCEMENT_REQUEST, *said)
    answer = decide(LAW, on_paper(HOSPITAL, POLICE, Category.INJURIES, Purpose.INVESTIGATION, request))
    assert answer.level is (Level.NONE if missing else Level.FULL)


def test_case_13_she_is_not_told_where_that_is_unsafe_and_why_is_written_down() -> None:
    safe = (Representation.SHE_AGREES,)
    unsafe = (Representation.SHE_AGREES, Representation.INFORMING_UNSAFE)
    for said, told in ((safe, True), (unsafe, False)):
        finding = paper(ProcessKind.FINDING, *said)
        answer = decide(LAW, on_paper(HOSPITAL, APS, Category.NOTES, Purpose.MANDATED_REPORT, finding))
        assert answer.level is Level.SUMMARY
        assert (Obligation.TELL_HER in answer.duties) is told
        assert (Obligation.WRITE_WHY_NOT_TOLD in answer.duties) is not told


def test_case_13_that_telling_her_is_unsafe_counts_on_whatever_paper_it_was_written() -> None:
    """Red until the engine looks at every paper about her, not only at those the answer rests on."""
    report = paper(ProcessKind.MANDATED_REPORT, statute=ELDERS)
    unsafe = paper(ProcessKind.FINDING, Representation.INFORMING_UNSAFE)
    answer = decide(LAW, on_paper(HOSPITAL, APS, Category.NOTES, Purpose.MANDATED_REPORT, report, unsafe))
    assert answer.level is Level.SUMMARY
    assert Obligation.TELL_HER not in answer.duties
    assert Obligation.WRITE_WHY_NOT_TOLD in answer.duties


def test_case_17_a_programs_report_of_an_adult_never_says_that_she_is_its_patient() -> None:
    clinic = replace(CLINIC, kind=AgencyKind.MENTAL_HEALTH)
    for statute in (ELDERS, CHILDREN):
        report = paper(ProcessKind.MANDATED_REPORT, statute=statute, fields=frozenset(Field))
        answer = decide(LAW, on_paper(clinic, APS, Category.NOTES, Purpose.MANDATED_REPORT, report))
        assert answer.level is Level.SUMMARY
        assert answer.fields is not None
        assert Field.TREATMENT_PROGRAM not in answer.fields
    # A thing that is marked as substance use does not go into a report about an adult at all.
    marked = Thing(Category.NOTES, "maria", marks=frozenset({Mark.SUD}))
    report = paper(ProcessKind.MANDATED_REPORT, statute=ELDERS)
    assert is_closed(decide(LAW, on_paper(clinic, APS, Category.NOTES, Purpose.MANDATED_REPORT, report, thing=marked)))


def test_case_18_an_emergency_whose_threat_nobody_articulated_opens_nothing() -> None:
    for said, opens in (
        ((Representation.IMMINENT_THREAT,), False),
        ((Representation.THREAT_WRITTEN_DOWN,), False),
        ((Representation.IMMINENT_THREAT, Representation.THREAT_WRITTEN_DOWN), True),
    ):
        finding = paper(ProcessKind.FINDING, *said)
        answer = decide(LAW, on_paper(SCHOOL, POLICE, Category.RISK, Purpose.SAFETY, finding))
        assert (answer.level is Level.FULL) is opens


def test_case_19_a_subpoena_called_a_court_order_needs_counsel() -> None:
    """Whatever it is called: nobody has looked at it, so it opens nothing."""
    for kind in (ProcessKind.SUBPOENA, ProcessKind.COURT_ORDER, ProcessKind.WARRANT):
        unseen = paper(kind, counsel_reviewed=False)
        answer = decide(LAW, on_paper(SHELTER, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, unseen))
        assert is_closed(answer)
        assert "counsel" in codes(answer)


PROGRAM = Agency("clinic", AgencyKind.SUBSTANCE_USE, frozenset({Duty.PART2, Duty.HIPAA}))
ORDERED, SERVED = paper(ProcessKind.PART2_ORDER), paper(ProcessKind.SUBPOENA)
NOTIFIED = paper(ProcessKind.SUBPOENA, Representation.SHE_WAS_NOTIFIED)
AGREED = paper(ProcessKind.LAW_ENFORCEMENT_REQUEST, Representation.SHE_AGREES)


def test_what_one_law_compels_and_another_permits_goes_out_at_the_lower_level_for_the_reasons_of_both() -> None:
    """Part 2 makes the program answer an order with its subpoena (42 CFR 2.61); HIPAA lets it answer the subpoena once
    she was notified (45 CFR 164.512(e)(1)(ii))."""
    asked = on_paper(PROGRAM, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, ORDERED, NOTIFIED)
    answer = decide(LAW, asked)
    assert (answer.level, answer.basis) == (Level.FULL, Basis.EXCEPTION)
    assert {"part2-court-order", "hipaa-subpoena"} <= set(rules(answer))
    assert set(answer.relying_on) == {"p1", "p2"}
    # Neither law does for the other, and half of the papers is nothing.
    for papers in ((ORDERED,), (NOTIFIED,), (ORDERED, SERVED)):
        assert is_closed(decide(LAW, on_paper(PROGRAM, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, *papers)))
    lacking = decide(LAW, on_paper(PROGRAM, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, ORDERED, SERVED))
    assert any("subpoena" in need.sentence and need.code == "paper" for need in lacking.needs)
    # The lower level and the single facts of either: her identity to the police, on a request she agrees to.
    exam = on_paper(PROGRAM, POLICE, Category.EXAM, Purpose.INVESTIGATION, ORDERED, SERVED, AGREED)
    assert (decide(LAW, exam).level, decide(LAW, exam).fields) == (Level.SUMMARY, None)
    birth = replace(AGREED, fields=frozenset({Field.BIRTH}))
    narrow = on_paper(PROGRAM, POLICE, Category.EXAM, Purpose.INVESTIGATION, ORDERED, SERVED, birth)
    assert decide(LAW, narrow).fields == (Field.BIRTH,)


def test_what_only_one_law_compels_yields_to_her_never_and_brings_the_duties_of_what_is_compelled() -> None:
    asked = on_paper(PROGRAM, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, ORDERED, NOTIFIED)
    assert {Obligation.SAFETY_STEPS, Obligation.TELL_HER, Obligation.ACCOUNTING} <= set(decide(LAW, asked).duties)
    never = (Block(BlockKind.NEVER_SHARE, COURT.id),)
    assert is_closed(decide(LAW, replace(asked, blocks=never)))
    # An order under both laws passes her never: no court asks her.
    order = paper(ProcessKind.COURT_ORDER)
    both = on_paper(PROGRAM, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, ORDERED, NOTIFIED, order, blocks=never)
    answer = decide(LAW, both)
    assert (answer.level, answer.basis) == (Level.FULL, Basis.COMPELLED)


def test_a_law_that_neither_compels_nor_permits_closes_whatever_the_others_do() -> None:
    for more in (Duty.VAWA, Duty.FVPSA, Duty.ATTORNEY_PRIVILEGE, Duty.THERAPIST_PRIVILEGE, Duty.HOUSING):
        program = replace(PROGRAM, duties=PROGRAM.duties | {more})
        asked = on_paper(program, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, ORDERED, NOTIFIED)
        assert is_closed(decide(LAW, asked)), more


def test_case_20_kin_who_killed_her_cannot_sign_and_for_the_living_no_kin_does() -> None:
    kin = Signer(SignerRole.NEXT_OF_KIN, dead=True)
    assert decide(LAW, disclose(release(signer=kin))).level is Level.FULL
    for signer in (replace(kin, abuser=True), replace(kin, dead=False), replace(kin, role=SignerRole.GUARDIAN)):
        assert set(codes(decide(LAW, disclose(release(signer=signer))))) == {"signer"}


def test_case_23_no_paper_lets_anybody_look_across_agencies() -> None:
    """That no job matches names across vaults is held by the proofs of row security; here: nothing is fetched."""
    everything = tuple(paper(kind, *Representation, id=f"p-{kind}") for kind in ProcessKind)
    for verb in Verb:
        asked = own(verb, *Role, asker=HOSPITAL, processes=everything)
        assert rules(decide(LAW, asked)) == ["no-pull"]


def test_case_24_where_the_shelter_is_leaves_by_no_paper_at_all() -> None:
    """What is printed or put into a calendar asks the same gate; here: no kind of paper opens it."""
    where = Thing(Category.LOCATION, "maria", marks=frozenset({Mark.SHELTER_LOCATION}))
    for kind in ProcessKind:
        for purpose in Purpose:
            every = paper(kind, *Representation, statute=ELDERS)
            assert is_closed(decide(LAW, on_paper(SHELTER, COURT, Category.LOCATION, purpose, every, thing=where)))


# ------------------------------------------------------------------ overlays and the other country


RULING = paper(ProcessKind.COURT_ORDER, Representation.PRIVILEGE_RULED_ON)


def test_in_alaska_no_order_takes_the_place_of_her_waiver() -> None:
    advocate = replace(SHELTER, duties=frozenset({Duty.VAWA, Duty.ADVOCATE_PRIVILEGE}))
    told = Thing(Category.NOTES, "maria", marks=frozenset({Mark.PRIVILEGED}))
    asked = on_paper(advocate, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, RULING, thing=told)
    assert (decide(LAW, asked).level, decide(LAW, asked).basis) == (Level.FULL, Basis.COMPELLED)
    assert is_closed(decide(ALASKA, asked))
    waived = released(replace(asked, processes=()), instrument=Instrument.PRIVILEGE_WAIVER)
    for law in (LAW, ALASKA):
        assert decide(law, waived).basis is Basis.RELEASE
    # What is not privileged is ordered in Alaska as elsewhere.
    assert decide(ALASKA, replace(asked, thing=Thing(Category.NOTES, "maria"))).level is Level.FULL


def test_in_georgia_the_elder_team_gets_the_report_without_who_reported_it() -> None:
    finding = paper(
        ProcessKind.FINDING, Representation.TEAM_BY_STATUTE, fields=frozenset({Field.REPORTER, Field.BIRTH})
    )
    answer = decide(GEORGIA, on_paper(APS, PROSECUTOR, Category.RISK, Purpose.INVESTIGATION, finding))
    assert (answer.level, answer.fields) == (Level.SUMMARY, (Field.BIRTH,))
    # The team has no claim on a victim service provider (North Carolina's lesson).
    assert is_closed(decide(GEORGIA, on_paper(SHELTER, PROSECUTOR, Category.RISK, Purpose.INVESTIGATION, finding)))


@pytest.mark.parametrize(
    "purpose", [Purpose.LEGAL_PROCESS, Purpose.PROSECUTION, Purpose.DISCOVERY, Purpose.INVESTIGATION]
)
def test_in_alabama_where_a_shelter_is_stays_closed_in_every_proceeding(purpose: Purpose) -> None:
    asked = asks(SHELTER, COURT, Category.LOCATION, purpose, Mark.SHELTER_LOCATION)
    permitted = released(asked, instrument=Instrument.SHELTER_PERMISSION)
    assert decide(LAW, permitted).level is Level.FULL
    assert rules(decide(ALABAMA, permitted)) == ["al-shelter-location"]
    for_help = released(replace(asked, purpose=Purpose.LEGAL_HELP), instrument=Instrument.SHELTER_PERMISSION)
    assert decide(ALABAMA, for_help).level is Level.FULL


def uk(id: str, kind: AgencyKind) -> Agency:
    return Agency(id, kind, frozenset({Duty.UK_GDPR}))


def test_at_high_risk_the_conference_shares_in_the_united_kingdom_and_not_in_the_united_states() -> None:
    idva, police = uk("idva", AgencyKind.VICTIM_SERVICES), uk("police", AgencyKind.POLICE)
    high = paper(ProcessKind.FINDING, Representation.HIGH_RISK)
    asked = on_paper(idva, police, Category.RISK, Purpose.SAFETY, high)
    both = Agreement("isa", frozenset({"idva", "police"}), frozenset(Category), frozenset(Purpose), AT, AT + DAY)
    answer = decide(MARAC, replace(asked, agreements=(both,)))
    assert (answer.level, answer.basis) == (Level.FULL, Basis.EXCEPTION)
    assert set(answer.relying_on) == {"isa", "p1"}
    assert answer.until == AT + DAY
    assert is_closed(decide(MARAC, asked))
    assert is_closed(decide(MARAC, replace(asked, processes=(), agreements=(both,))))
    # The same meeting under the federal law of a victim service provider.
    shelter = replace(idva, duties=frozenset({Duty.VAWA}))
    here = replace(asked, holder=shelter, asker=shelter, recipient=POLICE, agreements=(both,))
    for law in (LAW, ALASKA, GEORGIA, ALABAMA):
        assert is_closed(decide(law, here))
    # And neither law speaks for the other.
    assert is_closed(decide(LAW, replace(asked, agreements=(both,))))
    assert is_closed(decide(MARAC, here))


def test_in_the_united_kingdom_who_abused_her_still_never_signs() -> None:
    idva, police = uk("idva", AgencyKind.VICTIM_SERVICES), uk("police", AgencyKind.POLICE)
    asked = disclose(holder=idva, recipient=police)
    assert decide(MARAC, released(asked)).level is Level.FULL
    refused = decide(MARAC, released(asked, signer=Signer(abuser=True)))
    assert is_closed(refused)
    assert "uk-signer-abuser" in rules(refused)


# ------------------------------------------------------------------ an overlay that widens is refused

STATE = '[law]\ntitle = "A state"\nlayer = "state"\n'
TOWN = STATE.replace('"state"', '"community"')
COMMON = 'sentence = "S."\ncitation = "C"\neffective = 2020-01-01\nunverified = true\nsource = "t"\n'


def overlay(rule: str, layer: str = STATE) -> str:
    with pytest.raises(LawError) as caught:
        parse(DOCUMENTS | {"test.toml": f'{layer}\n[[rule]]\nid = "x"\n{COMMON}{rule}\n'})
    return str(caught.value)


ORDERS = """step = "compelled"
replaces = "vsp-court-order"
duties = ["vawa", "voca", "fvpsa"]
when = [{ recipient_kind = ["police", "prosecutor", "court", "probation", "protective_services", "defence"] }]
opens = { all = "full" }
purposes = ["legal_process"]
papers = [{ kinds = ["court_order", "warrant"], counsel = true }]
days = 1"""


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            'step = "key"\nreplaces = "key-privileged"\nneed = "N."\ninstrument = "privilege_waiver"\n'
            'elements = ["written", "signed"]\nwhen = [{ mark = ["privileged"] }]',
            "it asks for fewer elements",
        ),
        (
            'step = "key"\nreplaces = "key-shelter-location"\nneed = "N."\ninstrument = "shelter_permission"\n'
            'elements = ["written", "signed", "dated", "informed", "time_limited", '
            '"description", "recipient", "purpose"]\n'
            'papers = [{ kinds = ["court_order"], counsel = true }]\n'
            'when = [{ mark = ["shelter_location"], holder_duty = ["vawa", "voca", "fvpsa"] }]',
            "other papers open it",
        ),
        (
            ORDERS.replace('"court_order", "warrant"', '"court_order", "warrant", "subpoena"'),
            "a victim service provider tells what a court orders, seen by counsel",
        ),
        (
            ORDERS.replace(", counsel = true", ""),
            "a victim service provider tells what a court orders, seen by counsel",
        ),
        (ORDERS.replace('"legal_process"', '"legal_process", "investigation"'), "reach further"),
        (ORDERS.replace("days = 1", "days = 30"), "reach further"),
        (
            'step = "exception"\nreplaces = "court-orders"\nduties = ["court_records"]\nopens = { identity = "full" }\n'
            'purposes = ["safety"]\ndays = 30\n'
            'when = [{ holder_kind = ["court"], recipient_kind = ["police", "probation"] }]',
            "reach further",
        ),
        (
            'step = "exception"\nduties = ["vawa"]\nopens = { notes = "full" }\npurposes = ["safety"]\ndays = 30\n'
            'when = [{ recipient_kind = ["police"] }]',
            "a victim service provider gives totals only",
        ),
        (
            'step = "exception"\nduties = ["part2"]\nopens = { notes = "full" }\npurposes = ["safety"]\ndays = 30\n'
            'when = [{ recipient_kind = ["police"] }]',
            "a state opens nothing that part2 closes",
        ),
        (
            'step = "compelled"\nduties = ["part2"]\nopens = { all = "full" }\npurposes = ["legal_process"]\ndays = 1\n'
            'papers = [{ kinds = ["court_order"], counsel = true }]\nwhen = [{ recipient_kind = ["court"] }]',
            "a state opens nothing that part2 closes",
        ),
        (
            'step = "compelled"\nduties = ["vawa"]\nopens = { all = "full" }\npurposes = ["legal_process"]\ndays = 1\n'
            'when = [{ recipient_kind = ["court"] }]',
            "what is compelled rests on a paper",
        ),
    ],
)
def test_a_state_that_would_open_more_than_it_may_is_refused_with_file_line_and_rule(rule: str, problem: str) -> None:
    message = overlay(rule)
    assert message.startswith("test.toml:"), message
    assert "rule x: " in message
    assert message.split(":")[1].isdigit()
    assert problem in message


def test_a_state_may_say_the_same_or_less() -> None:
    text = f'{STATE}\n[[rule]]\nid = "x"\n{COMMON}{ORDERS.replace(", " + chr(34) + "warrant" + chr(34), "")}\n'
    # Fewer kinds of paper would be less; the loader compares whole papers, so that is refused too, on the safe side.
    with pytest.raises(LawError, match="reach further"):
        parse(DOCUMENTS | {"test.toml": text})
    same = parse(DOCUMENTS | {"test.toml": f'{STATE}\n[[rule]]\nid = "x"\n{COMMON}{ORDERS}\n'})
    asked = on_paper(SHELTER, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, paper(ProcessKind.COURT_ORDER))
    assert rules(decide(same, asked))[0] == "x"


@pytest.mark.parametrize(
    "rule",
    [
        'step = "exception"\nduties = ["none"]\nopens = { notes = "full" }\npurposes = ["safety"]\ndays = 30\n'
        'when = [{ recipient_kind = ["police"] }]',
        ORDERS.replace('replaces = "vsp-court-order"\n', ""),
        'step = "report"\nabout = "child"\nreporters = ["victim_services"]\nto = ["police"]\nfields = ["birth"]',
    ],
)
def test_a_community_that_would_open_anything_is_refused(rule: str) -> None:
    message = overlay(rule, TOWN)
    assert message.startswith("test.toml:"), message
    assert "rule x: a community may only narrow" in message


def test_a_paper_named_in_no_law_opens_nothing_anywhere() -> None:
    """A request for records is known as a paper, and no rule of any law here rests on one."""
    asked = Process("p1", ProcessKind.RECORDS_REQUEST, "family", "maria", frozenset(Category), AT - DAY, AT + DAY)
    for law in (LAW, ALASKA, GEORGIA, ALABAMA, MARAC):
        for purpose in Purpose:
            assert is_closed(decide(law, replace(asks(SHELTER, FAMILY, Category.NOTES, purpose), processes=(asked,))))

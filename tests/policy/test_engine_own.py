"""Inside one's own agency: what each role may do, for which purpose, and what a conflict closes (law-slice A)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.policy import decide
from accord.policy.facts import Agency, Block, Member, Thing
from accord.policy.words import AgencyKind, BlockKind, Category, Duty, Level, Mark, Purpose, Role, Verb
from tests.policy.engine_world import AT, DOERS, HOSPITAL, LAW, PARISH, codes, own, release, rules, without_rules

CLIENT_WORK = frozenset(
    {
        Verb.NEVER_SHARE,
        Verb.SEND_UPDATE,
        Verb.RELAY_WITHDRAWAL,
        Verb.READ_ACCOUNTING,
        Verb.CONTACT_CLIENT,
        Verb.MERGE_CLIENTS,
        Verb.RECEIVE_PROCESS,
        Verb.READ_PROCESS,
        Verb.ANSWER_PROCESS,
        Verb.MOVE_TRACK,
        Verb.REFER,
        Verb.ANSWER_REFERRAL,
        Verb.KEEP_TASKS,
        Verb.ANSWER_GAP,
        Verb.FIND_CLIENTS,
        Verb.READ_CLIENT,
        Verb.OPEN_CLIENT,
        Verb.EDIT_CLIENT,
        Verb.ADD_ENTRY,
        Verb.IMPORT_DOCUMENT,
        Verb.EXPORT_CLIENT,
        Verb.PREPARE_RELEASE,
        Verb.SIGN_RELEASE,
        Verb.WITHDRAW_RELEASE,
        Verb.READ_ENVELOPE,
        Verb.ACCEPT_ENVELOPE,
        Verb.CONFIRM_VALUE,
    }
)
SUPERVISING = frozenset(
    {
        Verb.DELETE_CLIENT,
        Verb.ASSIGN_CLIENT,
        Verb.WALL_CLIENT,
        Verb.IMPORT_CASELOAD,
        Verb.EXPORT_CASELOAD,
        Verb.APPROVE_EXPORT,
        Verb.REVIEW_PROCESS,
    }
)
#: Emergency access and who stands where; the law is asked about no file.
GLASS = frozenset({Verb.BREAK_GLASS, Verb.SECOND_GLASS, Verb.SECOND_PARTNER, Verb.REVIEW_GLASS})
ANYBODY = frozenset({Verb.READ_DAY, Verb.READ_PARTNERS, Verb.DECLARE_TIES, Verb.SET_NOTICES})
MAY = {
    Role.WORKER: CLIENT_WORK | ANYBODY | {Verb.BREAK_GLASS, Verb.NOTE_BREACH},
    Role.SUPERVISOR: CLIENT_WORK
    | SUPERVISING
    | ANYBODY
    | {
        Verb.BREAK_GLASS,
        Verb.NOTE_BREACH,
        Verb.COMMENT_AGREEMENT,
        Verb.READ_BOARD,
        Verb.PROPOSE_PROTOCOL,
        Verb.KEEP_OWN_TIMES,
    },
    Role.PRIVACY_OFFICER: {
        Verb.READ_DAY,
        Verb.READ_LEDGER,
        Verb.TRY_LAW,
        Verb.READ_ACCOUNTING,
        Verb.WITHDRAW_RELEASE,
        Verb.RELAY_WITHDRAWAL,
        Verb.WALL_CLIENT,
        Verb.READ_PARTNERS,
        Verb.READ_PROCESS,
        Verb.REVIEW_PROCESS,
        Verb.HOLD_PROCESS,
        Verb.NOTE_BREACH,
        Verb.COMMENT_AGREEMENT,
        Verb.DECLARE_TIES,
        Verb.REVIEW_GLASS,
        Verb.SECOND_PARTNER,
        Verb.SET_NOTICES,
    },
    Role.RECORDS_OFFICER: ANYBODY
    | {Verb.READ_KEPT, Verb.BREAK_GLASS, Verb.RECEIVE_PROCESS, Verb.READ_PROCESS, Verb.NOTE_BREACH},
    Role.DIRECTOR: ANYBODY
    | GLASS
    | {
        Verb.APPROVE_EXPORT,
        Verb.MANAGE_AGENCY,
        Verb.MANAGE_MEMBERS,
        Verb.MANAGE_KEYS,
        Verb.READ_LEDGER,
        Verb.READ_PROCESS,
        Verb.REVIEW_PROCESS,
        Verb.NOTE_BREACH,
        Verb.COSIGN_RELEASE,
        Verb.COMMENT_AGREEMENT,
        Verb.TRY_LAW,
        Verb.READ_BOARD,
        Verb.PROPOSE_PROTOCOL,
        Verb.ADOPT_PROTOCOL,
        Verb.KEEP_OWN_TIMES,
    },
    Role.SYSTEM: {Verb.SWEEP},
}
PURPOSES = {
    **{
        verb: {Purpose.OWN_SERVICE}
        for verb in CLIENT_WORK
        | SUPERVISING
        | GLASS
        | ANYBODY
        | {Verb.HOLD_PROCESS, Verb.NOTE_BREACH, Verb.COSIGN_RELEASE, Verb.READ_BOARD}
    },
    Verb.MANAGE_AGENCY: {Purpose.ADMINISTRATION},
    Verb.READ_LEDGER: {Purpose.OVERSIGHT},
    Verb.COMMENT_AGREEMENT: {Purpose.ADMINISTRATION},
    Verb.PROPOSE_PROTOCOL: {Purpose.ADMINISTRATION},
    Verb.ADOPT_PROTOCOL: {Purpose.ADMINISTRATION},
    Verb.KEEP_OWN_TIMES: {Purpose.ADMINISTRATION},
    Verb.TRY_LAW: {Purpose.OVERSIGHT},
    Verb.READ_KEPT: {Purpose.RECORDS_REQUEST},
    Verb.MANAGE_MEMBERS: {Purpose.ADMINISTRATION},
    Verb.MANAGE_KEYS: {Purpose.ADMINISTRATION},
    Verb.SWEEP: {Purpose.ADMINISTRATION},
    Verb.READ_PARTNERS: {Purpose.ADMINISTRATION, Purpose.OWN_SERVICE},
    Verb.DISCLOSE: set(),
}


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_exactly_its_verbs_for_exactly_their_purposes(role: Role, verb: Verb) -> None:
    for purpose in Purpose:
        may = verb in MAY[role] and purpose in PURPOSES[verb]
        answer = decide(LAW, own(verb, role, purpose=purpose))
        assert answer.level is (Level.FULL if may else Level.NONE), purpose
        if may:
            assert rules(answer) == [f"own-{role.replace('_', '-')}"]
            assert (answer.needs, answer.duties, answer.relying_on, answer.until) == ((), (), (), None)


def test_several_roles_are_their_union_and_no_more() -> None:
    both = (Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER)
    assert decide(LAW, own(Verb.READ_LEDGER, *both, purpose=Purpose.OVERSIGHT)).level is Level.FULL
    assert decide(LAW, own(Verb.READ_KEPT, *both, purpose=Purpose.RECORDS_REQUEST)).level is Level.FULL
    assert decide(LAW, own(Verb.READ_CLIENT, *both)).level is Level.NONE


def test_no_role_may_do_nothing() -> None:
    assert all(decide(LAW, own(verb, purpose=purpose)).level is Level.NONE for verb in Verb for purpose in Purpose)


def test_a_refusal_names_the_role_or_the_purpose_that_would_open_it() -> None:
    answer = decide(LAW, own(Verb.DELETE_CLIENT, Role.WORKER))
    assert codes(answer) == ["role"]
    assert answer.needs[0].sentence == "This is done only by: supervisor."
    assert rules(answer) == ["default-deny"]
    answer = decide(LAW, own(Verb.READ_CLIENT, Role.WORKER, purpose=Purpose.RESEARCH))
    assert codes(answer) == ["purpose"]
    assert answer.needs[0].sentence == "This is done only for: own service."
    assert codes(decide(LAW, own(Verb.READ_LEDGER, Role.WORKER))) == ["role", "purpose"]


TOUCHING = sorted((CLIENT_WORK | {Verb.DELETE_CLIENT, Verb.ASSIGN_CLIENT, Verb.REVIEW_PROCESS}) - {Verb.FIND_CLIENTS})


@pytest.mark.parametrize("verb", TOUCHING)
def test_a_conflict_closes_every_verb_that_touches_a_client(verb: Verb) -> None:
    fine = own(verb, Role.SUPERVISOR)
    assert decide(LAW, fine).level is Level.FULL
    for closed in (
        replace(fine, blocks=(Block(BlockKind.CONFLICT, "ana"),)),
        replace(fine, blocks=(Block(BlockKind.CONFLICT, "maria"),)),
        replace(fine, member=replace(fine.member, conflicts=frozenset({"maria"}))),
    ):
        answer = decide(LAW, closed)
        assert answer.level is Level.NONE
        assert rules(answer) == ["block-conflict"]
        assert codes(answer) == ["nothing"]


def test_a_conflict_closes_what_was_kept_too() -> None:
    kept = own(Verb.READ_KEPT, Role.RECORDS_OFFICER, purpose=Purpose.RECORDS_REQUEST)
    assert decide(LAW, replace(kept, blocks=(Block(BlockKind.CONFLICT, "maria"),))).level is Level.NONE


@pytest.mark.parametrize("verb", [Verb.FIND_CLIENTS, Verb.READ_DAY])
def test_a_conflict_does_not_close_the_day_or_the_search(verb: Verb) -> None:
    asked = own(verb, Role.WORKER, blocks=(Block(BlockKind.CONFLICT, "ana"), Block(BlockKind.CONFLICT, "maria")))
    assert decide(LAW, asked).level is Level.FULL


def test_a_conflict_with_somebody_else_closes_nothing() -> None:
    asked = own(Verb.READ_CLIENT, Role.WORKER, blocks=(Block(BlockKind.CONFLICT, "another"),))
    assert decide(LAW, asked).level is Level.FULL


def test_never_share_does_not_matter_inside_ones_own_agency() -> None:
    asked = own(
        Verb.READ_CLIENT,
        Role.WORKER,
        blocks=(Block(BlockKind.NEVER_SHARE, "ana"), Block(BlockKind.NEVER_SHARE, "maria")),
    )
    assert decide(LAW, asked).level is Level.FULL


@pytest.mark.parametrize("verb", Verb)
def test_a_file_kept_to_those_who_work_with_her_is_closed_to_everybody_else(verb: Verb) -> None:
    """Only saying who works with her, and what looks at no single client's work, stays open."""
    role, purpose = DOERS[verb][0]
    kept = own(verb, role, purpose=purpose, blocks=(Block(BlockKind.NEED_TO_KNOW, "maria"),))
    answer = decide(LAW, kept)
    if verb in {*TOUCHING, Verb.HOLD_PROCESS} - {Verb.ASSIGN_CLIENT}:
        assert (answer.level, rules(answer)) == (Level.NONE, ["block-need-to-know"])
        assert answer.needs[0].sentence.startswith("A supervisor must first add her")
    else:
        assert answer == decide(LAW, replace(kept, blocks=()))
    for other in ("ana", "noa", "shelter"):
        blocks = (Block(BlockKind.NEED_TO_KNOW, other),)
        assert decide(LAW, replace(kept, blocks=blocks)) == decide(LAW, replace(kept, blocks=()))


@pytest.mark.parametrize("mark", Mark)
def test_marks_do_not_stop_the_own_worker(mark: Mark) -> None:
    thing = Thing(Category.NOTES, "maria", marks=frozenset({mark}))
    assert decide(LAW, own(Verb.READ_CLIENT, Role.WORKER, thing=thing)).level is Level.FULL


def test_a_program_whose_law_is_not_loaded_still_reads_its_own_records() -> None:
    clinic = Agency("clinic", AgencyKind.SUBSTANCE_USE, frozenset({Duty.PART2}))
    asked = own(Verb.READ_CLIENT, Role.WORKER, asker=clinic, holder=clinic)
    assert decide(without_rules("part2-consent"), asked).level is Level.FULL


def test_nothing_is_disclosed_inside_one_agency() -> None:
    for role in Role:
        assert decide(LAW, own(Verb.DISCLOSE, role, releases=(release(),))).level is Level.NONE
        assert decide(LAW, own(Verb.DISCLOSE, role, recipient=own(Verb.SWEEP).holder)).level is Level.NONE


def test_only_a_disclosure_has_a_recipient() -> None:
    answer = decide(LAW, own(Verb.READ_CLIENT, Role.WORKER, recipient=PARISH))
    assert (answer.level, codes(answer)) == (Level.NONE, ["contradictory"])


@pytest.mark.parametrize("verb", Verb)
def test_nobody_fetches_from_another_agency(verb: Verb) -> None:
    everything = Member("ana", frozenset(Role))
    for purpose in Purpose:
        for recipient in (None, PARISH, HOSPITAL):
            asked = own(verb, purpose=purpose, asker=HOSPITAL, member=everything, recipient=recipient)
            answer = decide(LAW, asked)
            assert (answer.level, rules(answer), codes(answer)) == (Level.NONE, ["no-pull"], ["nothing"])


def test_one_agency_described_in_two_ways_opens_nothing() -> None:
    asked = own(Verb.READ_CLIENT, Role.WORKER)
    two_faced = replace(asked, asker=replace(asked.asker, duties=frozenset({Duty.NONE})))
    assert (decide(LAW, two_faced).level, codes(decide(LAW, two_faced))) == (Level.NONE, ["contradictory"])


def test_a_moment_without_an_offset_opens_nothing() -> None:
    answer = decide(LAW, own(Verb.READ_CLIENT, Role.WORKER, at=AT.replace(tzinfo=None)))
    assert (answer.level, codes(answer)) == (Level.NONE, ["unknown"])

"""What must be true of every question, not only of those we thought of (law.md, claims)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from accord.policy import decide, parse
from accord.policy.facts import Agreement, Block, Decision, Grant, Member, Question, Release, Signer
from accord.policy.law import Step
from accord.policy.words import Element, Level, Purpose, Role, Verb
from tests.policy.engine_world import (
    AGREEMENTS,
    AT,
    BLOCKS,
    DAY,
    DOCUMENTS,
    LAW,
    MEMBERS,
    RELEASES,
    WORKER,
    codes,
    disclose,
    questions,
    release,
    rules,
)

few = settings(max_examples=250, deadline=None, derandomize=True)
OPENING = {rule.id for rule in LAW.rules.values() if rule.step in (Step.OWN, Step.RELEASE)}


@few
@given(questions())
def test_the_answer_is_always_a_decision_and_always_the_same(question: Question) -> None:
    answer = decide(LAW, question)
    assert isinstance(answer, Decision)
    assert answer.because
    assert answer == decide(LAW, question)
    assert all(because.rule in LAW.rules for because in answer.because)


@few
@given(questions())
def test_nothing_is_allowed_unless_some_law_allows_it(question: Question) -> None:
    answer = decide(LAW, question)
    if answer.level > Level.NONE:
        assert set(rules(answer)) <= OPENING
        assert bool(answer.relying_on) is (question.verb is Verb.DISCLOSE)
    else:
        assert answer.needs
        assert not answer.relying_on
        assert not answer.duties
        assert answer.until is None


@few
@given(questions(), BLOCKS)
def test_deny_beats_permit_a_block_never_raises_a_level(question: Question, block: Block) -> None:
    more = replace(question, blocks=(*question.blocks, block))
    assert decide(LAW, more).level <= decide(LAW, question).level


@few
@given(questions(disclosing=True))
def test_a_community_bar_beats_every_permit(question: Question) -> None:
    assert decide(CLOSED_TOWN, question).level is Level.NONE


TOWN = """
[law]
title = "A town"
layer = "community"

[[rule]]
id = "town-nothing"
step = "bar"
sentence = "This town sends nothing."
citation = "Town rule"
effective = 2020-01-01
verified_on = 2026-11-20
source = "test"
need = "Nothing."
when = [{ category = ["services", "injuries", "location"] }]
"""
CLOSED_TOWN = parse(DOCUMENTS | {"town.toml": TOWN})


@few
@given(questions(disclosing=True), AGREEMENTS)
def test_adding_an_agreement_changes_nothing(question: Question, agreement: Agreement) -> None:
    assert decide(LAW, replace(question, agreements=(*question.agreements, agreement))) == decide(LAW, question)


@few
@given(questions(disclosing=True), st.integers(0, 2))
def test_revoking_or_losing_a_release_never_raises_a_level(question: Question, index: int) -> None:
    assume(question.releases)
    index %= len(question.releases)
    given_up = question.releases[index]
    rest = question.releases[:index] + question.releases[index + 1 :]
    level = decide(LAW, question).level
    assert decide(LAW, replace(question, releases=rest)).level <= level
    revoked = replace(given_up, withdrawn_at=AT)
    assert (
        decide(LAW, replace(question, releases=(*rest, revoked))).level
        == decide(LAW, replace(question, releases=rest)).level
    )


@few
@given(questions(disclosing=True), RELEASES)
def test_a_release_about_somebody_else_changes_nothing(question: Question, other: Release) -> None:
    about_ines = replace(other, subject="ines", id="of-ines")
    assert decide(LAW, replace(question, releases=(*question.releases, about_ines))) == decide(LAW, question)


@few
@given(questions(disclosing=True), st.randoms(use_true_random=False))
def test_the_order_of_releases_does_not_matter(question: Question, chance: Random) -> None:
    distinct = tuple(replace(one, id=f"r{index}") for index, one in enumerate(question.releases))
    mixed = list(distinct)
    chance.shuffle(mixed)
    one, other = (
        decide(LAW, replace(question, releases=distinct)),
        decide(LAW, replace(question, releases=tuple(mixed))),
    )
    assert (one.level, one.relying_on, one.needs) == (other.level, other.relying_on, other.needs)


@few
@given(questions())
def test_what_a_refusal_says_nothing_opens_no_release_opens(question: Question) -> None:
    answer = decide(LAW, question)
    if answer.level is Level.NONE and {"nothing", "instrument", "law_not_loaded"} & set(codes(answer)):
        assert decide(LAW, replace(question, releases=(*question.releases, _fresh(question)))).level is Level.NONE


# ------------------------------------------------------------------ needs is true: supplying it opens the door

RENEW = {"ended", "withdrawn"}
OF_THE_RELEASE = RENEW | {"elements", "signer", "length"}
ELEMENT_OF = {LAW.word(element): element for element in Element}


def _fresh(question: Question, level: Level = Level.FULL) -> Release:
    """The release that `release` and `higher_level` name."""
    return release(
        id="fresh",
        subject=question.thing.subject,
        holder=question.holder.id,
        recipient=question.recipient.id if question.recipient else "",
        purpose=question.purpose,
        grants=(Grant(question.thing.category, level),),
        signed_at=question.at,
        until=question.at + 15 * DAY,
    )


def _repaired(faulty: Release, answer: Decision) -> Release:
    """The faulty release with exactly what `needs` names put right, and nothing else."""
    needs = {need.code: need.sentence for need in answer.needs}
    repaired = faulty
    if RENEW & needs.keys():
        repaired = replace(repaired, signed_at=AT, until=AT + 15 * DAY, withdrawn_at=None)
    if "elements" in needs:
        words = needs["elements"].removeprefix("Her release lacks: ").removesuffix(".").split("; ")
        repaired = replace(repaired, elements=repaired.elements | {ELEMENT_OF[word] for word in words})
    if "signer" in needs:
        minor, alone = faulty.signer.minor, faulty.signer.alone
        repaired = replace(repaired, signer=Signer(minor=minor, alone=alone, cosigned=minor))
    if "length" in needs:
        repaired = replace(repaired, long_because=True)
    return repaired


@few
@given(questions(disclosing=True))
def test_needs_is_true_for_releases(question: Question) -> None:
    answer = decide(LAW, question)
    needs = set(codes(answer)) - {"counsel"}
    if needs == {"release"} or needs == {"higher_level"}:
        opened = decide(LAW, replace(question, releases=(*question.releases, _fresh(question))))
        assert opened.level is Level.FULL
    elif needs & OF_THE_RELEASE:
        assert needs <= OF_THE_RELEASE
        nearest = [one for one in question.releases if decide(LAW, replace(question, releases=(one,))) == answer]
        assert nearest
        for one in nearest:
            assert decide(LAW, replace(question, releases=(_repaired(one, answer),))).level > Level.NONE


@few
@given(RELEASES)
def test_needs_is_true_for_one_faulty_release_of_a_victim_service_provider(faulty: Release) -> None:
    question = disclose(
        replace(
            faulty, subject="maria", holder="shelter", recipient="parish", recipient_person="", purpose=Purpose.SAFETY
        )
    )
    answer = decide(LAW, question)
    assume(OF_THE_RELEASE & set(codes(answer)))
    assert decide(LAW, replace(question, releases=(_repaired(question.releases[0], answer),))).level > Level.NONE


@few
@given(questions(), MEMBERS, st.sampled_from(Purpose))
def test_needs_is_true_for_roles_and_purposes(question: Question, member: Member, purpose: Purpose) -> None:
    question = replace(question, member=member, purpose=purpose)
    answer = decide(LAW, question)
    assume({"role", "purpose"} & set(codes(answer)))
    role = Role.WORKER if question.verb is Verb.DISCLOSE else next(iter(LAW.on(AT).doers[question.verb]))
    supplied = question
    if "role" in codes(answer):
        supplied = replace(supplied, member=replace(WORKER, roles=frozenset({role})))
    if "purpose" in codes(answer):
        held = next(r for r in LAW.on(AT).doers[question.verb] if r in supplied.member.roles)
        supplied = replace(supplied, purpose=next(iter(LAW.on(AT).doers[question.verb][held])))
    assert not {"role", "purpose"} & set(codes(decide(LAW, supplied)))
    if question.verb is not Verb.DISCLOSE and not question.blocks and not supplied.member.conflicts:
        assert decide(LAW, supplied).level is Level.FULL

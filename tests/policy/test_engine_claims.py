"""What must be true of every question, not only of those we thought of (law.md, claims)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from accord.policy import decide, parse
from accord.policy.facts import Agreement, Block, Decision, Grant, Member, Question, Release, Signer
from accord.policy.law import Step
from accord.policy.words import Basis, Category, Duty, Element, Level, Purpose, Role, Verb
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
    agreement,
    codes,
    disclose,
    flows,
    questions,
    release,
    rules,
    without_rules,
)

ANY = st.one_of(questions(), flows())
DISCLOSING = st.one_of(questions(disclosing=True), flows())
few = settings(max_examples=180, deadline=None, derandomize=True)
fewer = settings(max_examples=80, deadline=None, derandomize=True)
OPENING = {
    rule.id
    for rule in LAW.rules.values()
    if rule.step in (Step.OWN, Step.RELEASE, Step.EXCEPTION, Step.AGREEMENT)
    or (rule.step is Step.KEY and rule.elements)
}


@few
@given(ANY)
def test_the_answer_is_always_a_decision_and_always_the_same(question: Question) -> None:
    answer = decide(LAW, question)
    assert isinstance(answer, Decision)
    assert answer.because
    assert answer == decide(LAW, question)
    assert all(because.rule in LAW.rules for because in answer.because)


@few
@given(ANY)
def test_nothing_is_allowed_unless_some_law_allows_it(question: Question) -> None:
    answer = decide(LAW, question)
    if answer.level > Level.NONE:
        assert set(rules(answer)) <= OPENING
        steps = {LAW.rules[rule].step for rule in rules(answer)}
        basis = {
            Basis.ROLE: {Step.OWN},
            Basis.RELEASE: {Step.OWN, Step.RELEASE},
            Basis.EXCEPTION: {Step.OWN, Step.EXCEPTION},
        }
        assert answer.basis is not None
        assert steps - {Step.KEY, Step.AGREEMENT} == basis[answer.basis]
        assert (answer.until is not None) is (question.verb is Verb.DISCLOSE)
        assert bool(answer.relying_on) is (answer.basis is Basis.RELEASE or Step.AGREEMENT in steps)
    else:
        assert answer.basis is None
        assert answer.needs
        assert not answer.relying_on
        assert not answer.duties
        assert answer.until is None


@few
@given(ANY, BLOCKS)
def test_deny_beats_permit_a_block_never_raises_a_level(question: Question, block: Block) -> None:
    more = replace(question, blocks=(*question.blocks, block))
    assert decide(LAW, more).level <= decide(LAW, question).level


@few
@given(DISCLOSING)
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
when = [{ category = [%s] }]
"""
CLOSED_TOWN = parse(DOCUMENTS | {"town.toml": TOWN % ", ".join(f'"{category}"' for category in Category)})


@few
@given(questions(disclosing=True), AGREEMENTS)
def test_where_no_exception_speaks_adding_an_agreement_changes_nothing(
    question: Question, agreement: Agreement
) -> None:
    assert decide(LAW, replace(question, agreements=(*question.agreements, agreement))) == decide(LAW, question)


@fewer
@given(flows(), st.sampled_from(sorted(NEVER_BY_EXCEPTION)))
def test_an_exception_never_opens_what_a_victim_service_provider_or_a_privileged_holder_has(
    question: Question, duty: Duty
) -> None:
    holder = replace(question.holder, duties=(question.holder.duties - {Duty.NONE}) | {duty})
    asked = replace(question, holder=holder, asker=holder)
    answer = decide(LAW, asked)
    assert answer.basis is not Basis.EXCEPTION
    assert decide(LAW, replace(asked, releases=())).level is Level.NONE
    assert decide(LAW, replace(asked, agreements=())) == answer


WITHOUT_AGREEMENTS = parse({name: text.replace("agreement = true", "days = 1") for name, text in DOCUMENTS.items()})


@fewer
@given(flows())
def test_an_agreement_never_widens(question: Question) -> None:
    """With any agreements no more opens than the same law opens when it asks for none."""
    level = decide(LAW, question).level
    assert level <= decide(WITHOUT_AGREEMENTS, question).level
    alone = replace(question, agreements=())
    assert decide(WITHOUT_AGREEMENTS, question) == decide(WITHOUT_AGREEMENTS, alone)
    if decide(WITHOUT_AGREEMENTS, alone).basis is not Basis.EXCEPTION:
        assert decide(LAW, question) == decide(LAW, alone)


@fewer
@given(flows(agreed=True), st.integers(0, 2))
def test_suspending_ending_or_losing_an_agreement_never_opens_anything(question: Question, index: int) -> None:
    index %= len(question.agreements)
    one, rest = question.agreements[index], question.agreements[:index] + question.agreements[index + 1 :]
    # Two under one id count as none; to end one of them is to keep both, ended or not.
    assume(one.id not in {other.id for other in rest})
    level = decide(LAW, question).level
    for less in (replace(one, suspended=True), replace(one, until=AT), replace(one, until=one.since)):
        changed = (*question.agreements[:index], less, *question.agreements[index + 1 :])
        assert decide(LAW, replace(question, agreements=changed)).level <= level
    assert decide(LAW, replace(question, agreements=rest)).level <= level


@fewer
@given(flows(agreed=True))
def test_what_rests_on_an_agreement_ends_with_it(question: Question) -> None:
    answer = decide(LAW, question)
    relied = [one for one in question.agreements if one.id in answer.relying_on]
    assume(answer.basis is Basis.EXCEPTION and relied)
    assert answer.until == relied[0].until
    assert relied[0].since <= AT < relied[0].until
    assert not relied[0].suspended


@fewer
@given(flows(agreed=True))
def test_needs_is_true_for_agreements(question: Question) -> None:
    answer = decide(LAW, question)
    assume("agreement" in codes(answer))
    supplied = replace(question, agreements=(*question.agreements, agreement(question, id="fresh")))
    assert decide(LAW, supplied).level > answer.level


@fewer
@given(flows())
def test_her_release_is_relied_on_wherever_it_opens_as_much(question: Question) -> None:
    both = decide(LAW, question)
    released = decide(RELEASES_ONLY, question)
    freely = decide(LAW, replace(question, releases=()))
    assert both.level == max(released.level, freely.level)
    if released.level > Level.NONE and released.level >= freely.level:
        assert (both.basis, both.relying_on, both.until) == (Basis.RELEASE, released.relying_on, released.until)


RELEASES_ONLY = without_rules(*(one.id for one in LAW.rules.values() if one.step is Step.EXCEPTION))


@few
@given(DISCLOSING, st.integers(0, 2))
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
@given(DISCLOSING, RELEASES)
def test_a_release_about_somebody_else_changes_nothing(question: Question, other: Release) -> None:
    about_ines = replace(other, subject="ines", id="of-ines")
    assert decide(LAW, replace(question, releases=(*question.releases, about_ines))) == decide(LAW, question)


@few
@given(DISCLOSING, st.randoms(use_true_random=False))
def test_the_order_of_releases_and_agreements_does_not_matter(question: Question, chance: Random) -> None:
    distinct = tuple(replace(one, id=f"r{index}") for index, one in enumerate(question.releases))
    mixed, agreed = list(distinct), list(question.agreements)
    chance.shuffle(mixed)
    chance.shuffle(agreed)
    one, other = (
        decide(LAW, replace(question, releases=distinct)),
        decide(LAW, replace(question, releases=tuple(mixed), agreements=tuple(agreed))),
    )
    assert one == other


@few
@given(questions())
def test_what_a_refusal_says_nothing_opens_no_release_opens(question: Question) -> None:
    answer = decide(LAW, question)
    if answer.level is Level.NONE and {"nothing", "instrument", "law_not_loaded"} & set(codes(answer)):
        assert decide(LAW, replace(question, releases=(*question.releases, _fresh(question)))).level is Level.NONE


# ------------------------------------------------------------------ needs is true: supplying it opens the door

RENEW = {"ended", "withdrawn"}
OF_THE_RELEASE = RENEW | {"elements", "signer", "length"}
PART2 = LAW.rules["key-sud"].elements | LAW.rules["key-sud"].elements_if_not_self
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
    if "instrument" in needs:
        repaired = replace(repaired, elements=repaired.elements | PART2)
    if "signer" in needs:
        minor, alone = faulty.signer.minor, faulty.signer.alone
        repaired = replace(repaired, signer=Signer(minor=minor, alone=alone, cosigned=minor))
    if "length" in needs:
        repaired = replace(repaired, long_because=True)
    return repaired


@few
@given(DISCLOSING)
def test_needs_is_true_for_releases(question: Question) -> None:
    answer = decide(LAW, question)
    needs = set(codes(answer)) - {"counsel", "agreement"}
    if needs == {"release"} or needs == {"higher_level"}:
        opened = decide(LAW, replace(question, releases=(*question.releases, _fresh(question))))
        assert opened.level is Level.FULL
    elif needs & OF_THE_RELEASE:
        assert needs <= OF_THE_RELEASE | {"instrument"}
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


@fewer
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

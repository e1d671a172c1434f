"""What must be true of every question, not only of those we thought of (law.md, claims)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accord.policy import decide, parse
from accord.policy.facts import (
    Agreement,
    Block,
    Decision,
    Grant,
    Member,
    Process,
    Question,
    Release,
    Signer,
    Thing,
)
from accord.policy.law import Step
from accord.policy.words import (
    VICTIM_SERVICE_DUTIES,
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
from tests.policy import second_reading
from tests.policy.engine_world import (
    AGREEMENTS,
    AT,
    BLOCKS,
    CLINIC,
    COURT,
    DAY,
    DOCUMENTS,
    EVERY_ELEMENT,
    HOSPITAL,
    LAW,
    MEMBERS,
    ON_PAPER,
    POLICE,
    PROCESSES,
    RELEASES,
    SCREEN,
    SHELTER,
    WORKER,
    agreement,
    codes,
    disclose,
    flows,
    on_papers,
    paper,
    papers_about,
    questions,
    release,
    rules,
    without_rules,
)
from tests.policy.test_every_question import disagreement

ANY = st.one_of(questions(), flows(), on_papers())
DISCLOSING = st.one_of(questions(disclosing=True), flows(), on_papers())
few = settings(max_examples=180, deadline=None, derandomize=True)
fewer = settings(max_examples=80, deadline=None, derandomize=True)
OPENING = {
    rule.id
    for rule in LAW.rules.values()
    if rule.step in (Step.OWN, Step.RELEASE, Step.COMPELLED, Step.EXCEPTION, Step.AGREEMENT, Step.REPORT)
    or (rule.step is Step.KEY and (rule.elements or rule.papers))
}
#: All that ever leaves a victim service provider without her release.
OUT_OF_A_VICTIM_SERVICE = {"vsp-court-order", "vsp-report", "totals", "fatality-review"}


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
            Basis.COMPELLED: {Step.OWN, Step.COMPELLED},
            Basis.RELEASE: {Step.OWN, Step.RELEASE},
            Basis.EXCEPTION: {Step.OWN, Step.EXCEPTION},
        }
        assert answer.basis is not None
        assert steps - {Step.KEY, Step.AGREEMENT, Step.REPORT} == basis[answer.basis]
        assert (answer.until is not None) is (question.verb is Verb.DISCLOSE)
        on_paper = any(LAW.rules[rule].papers for rule in rules(answer) if answer.basis is not Basis.RELEASE)
        assert bool(answer.relying_on) is (answer.basis is Basis.RELEASE or Step.AGREEMENT in steps or on_paper)
        assert answer.fields is None or (answer.fields and answer.basis in (Basis.COMPELLED, Basis.EXCEPTION))
    else:
        assert answer.fields is None
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


PRIVILEGES = {Duty.ATTORNEY_PRIVILEGE, Duty.ADVOCATE_PRIVILEGE, Duty.THERAPIST_PRIVILEGE}


@fewer
@given(st.one_of(flows(), on_papers()), st.sampled_from(sorted(VICTIM_SERVICE_DUTIES | PRIVILEGES)))
def test_an_exception_never_opens_what_a_victim_service_provider_or_a_privileged_holder_has(
    question: Question, duty: Duty
) -> None:
    """But for totals, and for what a review of deaths needs of somebody who has died."""
    holder = replace(question.holder, duties=(question.holder.duties - {Duty.NONE}) | {duty})
    asked = replace(question, holder=holder, asker=holder)
    answer = decide(LAW, asked)
    if answer.basis is Basis.EXCEPTION:
        assert set(rules(answer)) & {"totals", "fatality-review"}
        assert asked.thing.relation is Relation.NOBODY or asked.purpose is Purpose.FATALITY_REVIEW
    assert decide(LAW, replace(asked, releases=(), processes=())).level is Level.NONE
    assert decide(LAW, replace(asked, agreements=())) == answer


@few
@given(DISCLOSING, PROCESSES, st.data())
def test_a_paper_raises_what_a_victim_service_provider_tells_only_on_these_grounds(
    question: Question, any_paper: Process, data: st.DataObject
) -> None:
    """An order or warrant that counsel has seen, a report on a statute that was read, totals, a review of deaths."""
    duties = (question.holder.duties - {Duty.NONE}) | {data.draw(st.sampled_from(sorted(VICTIM_SERVICE_DUTIES)))}
    holder = replace(question.holder, duties=duties)
    question = replace(question, holder=holder, asker=holder)
    assume(question.recipient is not None)
    arriving = data.draw(st.one_of(st.just(any_paper), papers_about(question)))
    arriving = replace(arriving, id="arriving")
    before = decide(LAW, question)
    after = decide(LAW, replace(question, processes=(*question.processes, arriving)))
    if after.level <= before.level:
        return
    assert "arriving" in after.relying_on
    assert set(rules(after)) & OUT_OF_A_VICTIM_SERVICE
    ordered = arriving.kind in (ProcessKind.COURT_ORDER, ProcessKind.WARRANT) and arriving.counsel_reviewed
    reported = arriving.kind is ProcessKind.MANDATED_REPORT and arriving.statute in LAW.rules
    asked = arriving.kind in (ProcessKind.PART2_ORDER, ProcessKind.SUBPOENA)  # by a second law, beside an order
    counted = arriving.kind is ProcessKind.FINDING and (
        question.thing.relation is Relation.NOBODY or question.purpose is Purpose.FATALITY_REVIEW
    )
    opens_a_key = bool(question.thing.marks) or Duty.PART2 in duties
    assert (
        ordered
        or reported
        or counted
        or ((asked or arriving.kind is ProcessKind.FINDING) and opens_a_key)
        or (asked and Duty.FERPA in duties)
    )


@few
@given(st.one_of(on_papers(), flows()))
def test_nothing_is_compelled_without_a_paper(question: Question) -> None:
    answer = decide(LAW, replace(question, processes=()))
    assert answer.basis is not Basis.COMPELLED
    assert Obligation.SAFETY_STEPS not in answer.duties
    if answer.basis is Basis.EXCEPTION:
        assert not any(LAW.rules[rule].papers for rule in rules(answer))


@fewer
@given(on_papers(), st.integers(0, 3))
def test_losing_a_paper_never_raises_a_level(question: Question, index: int) -> None:
    """Nor does its end, nor that counsel has not seen it, nor that it is about somebody else."""
    index %= len(question.processes)
    one, rest = question.processes[index], question.processes[:index] + question.processes[index + 1 :]
    # Two under one id count as none: to lose one of them is to have the other.
    assume(one.id not in {other.id for other in rest})
    level = decide(LAW, question).level
    for less in (
        (),
        (replace(one, until=AT),),
        (replace(one, subject="ines"),),
        (replace(one, counsel_reviewed=False),),
    ):
        assert decide(LAW, replace(question, processes=(*rest, *less))).level <= level


@few
@given(on_papers(compelled=True), st.sampled_from(["recipient", "person"]))
def test_her_never_stops_everything_but_what_is_compelled(question: Question, against: str) -> None:
    assert question.recipient is not None
    question = replace(question, recipient_person="pat", blocks=())
    never = Block(BlockKind.NEVER_SHARE, question.recipient.id if against == "recipient" else "pat")
    answer = decide(LAW, replace(question, blocks=(never,)))
    assert answer.basis in (None, Basis.COMPELLED)
    alone = decide(LAW, replace(question, releases=()))
    if alone.basis is Basis.COMPELLED:
        assert (answer.level, answer.relying_on, answer.fields) == (alone.level, alone.relying_on, alone.fields)
    conflict = replace(question, blocks=(Block(BlockKind.CONFLICT, question.recipient.id),))
    assert decide(LAW, conflict).level is Level.NONE


@few
@given(on_papers(), st.sampled_from(sorted(set(Duty) - {Duty.NONE})), st.data())
def test_what_each_law_lets_out_alone_all_of_them_let_out_together(
    question: Question, more: Duty, data: st.DataObject
) -> None:
    """The strictest wins, law by law: never more than each alone, and no less, whether it compels or permits."""
    arriving = tuple(data.draw(st.lists(papers_about(question), max_size=2)))
    question = replace(question, releases=(), blocks=(), processes=(*question.processes, *arriving))
    duties = (question.holder.duties | {more}) - {Duty.NONE}

    def under(some: frozenset[Duty]) -> Decision:
        holder = replace(question.holder, duties=some)
        return decide(LAW, replace(question, holder=holder, asker=holder))

    alone = [under(frozenset({duty})) for duty in duties]
    together = under(duties)
    assert together.level <= min(answer.level for answer in alone)
    if all(answer.fields is None for answer in alone):
        assert together.level == min(answer.level for answer in alone)


@pytest.mark.parametrize("index", range(len(ON_PAPER)))
def test_single_facts_are_never_more_than_the_paper_names(index: int) -> None:
    """Red until the engine reads what a paper names where the rule itself names no facts."""
    question = ON_PAPER[index]
    asked = frozenset({Field.NAME_ADDRESS, Field.WHAT_HAPPENED})
    first, *rest = question.processes
    answer = decide(LAW, replace(question, processes=(replace(first, fields=asked), *rest)))
    assert answer.level > Level.NONE
    assert answer.fields is not None
    assert set(answer.fields) <= asked


@few
@given(on_papers(), st.sets(st.sampled_from(Field), min_size=1))
def test_a_paper_that_names_fewer_facts_never_opens_more(question: Question, asked: set[Field]) -> None:
    first, *rest = question.processes
    narrower = replace(first, fields=first.fields & asked or frozenset(asked))
    wide, narrow = decide(LAW, question), decide(LAW, replace(question, processes=(narrower, *rest)))
    if first.fields <= asked and first.fields:
        assert narrow == wide
    elif not first.fields:
        assert narrow.level <= wide.level
        if wide.fields is not None and narrow.fields is not None:
            assert set(narrow.fields) <= set(wide.fields)


@few
@given(DISCLOSING, st.sampled_from(Instrument))
def test_an_instrument_opens_nothing_but_its_own(question: Question, instrument: Instrument) -> None:
    """Where no key asks for it, it opens nothing; where one does, no other instrument does."""
    assume(question.recipient is not None)
    asked = {
        key.instrument
        for key in LAW.rules.values()
        if key.step is Step.KEY and key.instrument is not None and key.id in keys_of(question)
    }
    one = replace(_fresh(question), elements=EVERY_ELEMENT, instrument=instrument)
    opened = decide(LAW, replace(question, releases=(one,), processes=(), agreements=()))
    if opened.basis is Basis.RELEASE:
        assert asked == ({instrument} if instrument is not Instrument.ORDINARY else set())


def keys_of(question: Question) -> set[str]:
    """The keys that stand, told by what a refusal without any release names."""
    bare = replace(question, releases=(), processes=(), agreements=(), blocks=(), member=WORKER)
    return {rule for rule in rules(decide(LAW, bare)) if rule.startswith("key-")}


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
@given(st.one_of(flows(), on_papers()))
def test_her_release_is_relied_on_wherever_it_opens_as_much(question: Question) -> None:
    both = decide(LAW, question)
    released = decide(RELEASES_ONLY, question)
    freely = decide(LAW, replace(question, releases=()))
    # Single facts never go before her own word.
    if freely.fields is None or released.level is Level.NONE:
        assert both.level == max(released.level, freely.level)
    else:
        assert both.level >= released.level
    if released.level > Level.NONE and released.level >= freely.level:
        assert (both.basis, both.relying_on, both.until) == (Basis.RELEASE, released.relying_on, released.until)


RELEASES_ONLY = without_rules(*(one.id for one in LAW.rules.values() if one.step in (Step.EXCEPTION, Step.COMPELLED)))


@few
@given(DISCLOSING, st.integers(0, 2))
def test_revoking_or_losing_a_release_never_raises_a_level(question: Question, index: int) -> None:
    assume(question.releases)
    index %= len(question.releases)
    given_up = question.releases[index]
    rest = question.releases[:index] + question.releases[index + 1 :]
    answer, without = decide(LAW, question), decide(LAW, replace(question, releases=rest))
    # Single facts may step in where she had released less than these: they are another thing than a level of hers.
    assert without.level <= answer.level or (without.fields is not None and answer.basis is Basis.RELEASE)
    revoked = replace(given_up, withdrawn_at=AT, fixed_until=None)
    assert decide(LAW, replace(question, releases=(*rest, revoked))).level == without.level


@few
@given(DISCLOSING, RELEASES)
def test_a_release_about_somebody_else_changes_nothing(question: Question, other: Release) -> None:
    about_ines = replace(other, subject="ines", id="of-ines")
    assert decide(LAW, replace(question, releases=(*question.releases, about_ines))) == decide(LAW, question)


@few
@given(DISCLOSING, st.randoms(use_true_random=False))
def test_the_order_of_releases_agreements_and_papers_does_not_matter(question: Question, chance: Random) -> None:
    distinct = tuple(replace(one, id=f"r{index}") for index, one in enumerate(question.releases))
    mixed, agreed, papers = list(distinct), list(question.agreements), list(question.processes)
    for each in (mixed, agreed, papers):
        chance.shuffle(each)
    shuffled = replace(question, releases=tuple(mixed), agreements=tuple(agreed), processes=tuple(papers))
    assert decide(LAW, replace(question, releases=distinct)) == decide(LAW, shuffled)


@few
@given(questions())
def test_what_a_refusal_says_nothing_opens_no_release_opens(question: Question) -> None:
    answer = decide(LAW, question)
    closed = {"nothing", "law_not_loaded"} & set(codes(answer))
    if answer.level is Level.NONE and (closed or any(rule.startswith("key-") for rule in rules(answer))):
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


def _valid(signer: Signer) -> Signer:
    """Somebody who may sign, the states of the subject unchanged: kin for the dead, a guardian for the ward."""
    role = SignerRole.SELF
    if signer.dead:
        role = SignerRole.NEXT_OF_KIN
    elif signer.ward and not signer.alone:
        role = SignerRole.GUARDIAN
    return replace(signer, role=role, abuser=False, cosigned=signer.minor)


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
        keys = [LAW.rules[name] for name in rules(answer) if name.startswith("key-")]
        own = next((key.instrument for key in keys if key.instrument is not None), Instrument.ORDINARY)
        asked = frozenset[Element]().union(*(key.elements | key.elements_if_not_self for key in keys))
        repaired = replace(repaired, instrument=own, elements=repaired.elements | asked)
    if "signer" in needs:
        repaired = replace(repaired, signer=_valid(faulty.signer))
    if "length" in needs:
        repaired = replace(repaired, long_because=True)
    return repaired


@few
@given(DISCLOSING)
def test_needs_is_true_for_releases(question: Question) -> None:
    answer = decide(LAW, question)
    needs = set(codes(answer)) - {"counsel", "agreement", "paper", "fields"}
    if needs == {"release"} or needs == {"higher_level"}:
        opened = decide(LAW, replace(question, releases=(*question.releases, _fresh(question))))
        assert opened.level is Level.FULL
    elif needs & OF_THE_RELEASE and answer.level is Level.NONE:
        assert needs <= OF_THE_RELEASE | {"instrument"}
        nearest = [one for one in question.releases if decide(LAW, replace(question, releases=(one,))) == answer]
        assert nearest
        for one in nearest:
            assert decide(LAW, replace(question, releases=(_repaired(one, answer),))).level > Level.NONE


def _papers_asked(question: Question, name: str) -> list[tuple[Process, ...]]:
    """For a rule's `paper` need: each of the papers it names, as far as a statute that was read makes this holder
    report to this recipient."""
    assert question.recipient is not None
    made = []
    for index, one in enumerate(LAW.rules[name].papers):
        statutes = [
            rule.id
            for rule in LAW.rules.values()
            if rule.step is Step.REPORT
            and rule.report.about in one.statute
            and question.holder.kind in rule.report.reporters
            and question.recipient.kind in rule.report.to
        ]
        if one.statute and not statutes:
            continue
        facts = {
            "recipient": question.recipient.id,
            "subject": question.thing.subject,
            "categories": frozenset({question.thing.category}),
            "statute": statutes[0] if statutes else "",
            "counsel_reviewed": one.counsel,
        }
        papers = [paper(min(one.kinds), *one.represented, **facts, id=f"supplied-{name}-{index}")]
        papers += [paper(kind, **facts, id=f"supplied-{name}-{index}-beside") for kind in sorted(one.beside)[:1]]
        made.append(tuple(papers))
    return made


@few
@given(on_papers(), st.booleans())
def test_needs_is_true_for_papers(question: Question, bare: bool) -> None:
    """Each rule that asks for a paper gets one it names: when nothing else is lacking, the door opens."""
    there = () if bare else tuple(replace(one, fields=frozenset()) for one in question.processes)
    question = replace(question, releases=(), processes=there)
    answer = decide(LAW, question)
    if answer.level is Level.NONE and "paper" in codes(answer):
        asking = [name for name in rules(answer) if LAW.rules[name].step in (Step.COMPELLED, Step.EXCEPTION)]
        supplied = [_papers_asked(question, name) for name in asking]
        # One law beside may let nothing out; then the paper alone is not all that is named.
        if all(supplied) and _every_law_speaks(question):
            everything = tuple(one for papers in supplied for one in papers[0])
            opened = decide(LAW, replace(question, processes=(*question.processes, *everything)))
            assert opened.level > Level.NONE


def _every_law_speaks(question: Question) -> bool:
    """With all that could be on file on file it opens: no law and no key closes it for good."""
    return decide(LAW, replace(question, processes=_everything_on_file(question))).level > Level.NONE


def _everything_on_file(question: Question) -> tuple[Process, ...]:
    """One paper of each kind, everything written on it, and a report on each statute."""
    assert question.recipient is not None
    about = {
        "recipient": question.recipient.id,
        "subject": question.thing.subject,
        "categories": frozenset({question.thing.category}),
    }
    papers = [paper(kind, *Representation, **about, id=f"every-{kind}") for kind in ProcessKind]
    statutes = [rule.id for rule in LAW.rules.values() if rule.step is Step.REPORT]
    papers += [paper(ProcessKind.MANDATED_REPORT, **about, statute=name, id=f"every-{name}") for name in statutes]
    return tuple(papers)


@pytest.mark.parametrize("index", range(len(ON_PAPER)))
def test_a_paper_that_a_yes_names_would_show_more(index: int) -> None:
    """Red in two places: a statute that does not bind this holder is named, and so is a report where what was found
    already opens as much."""
    question = ON_PAPER[index]
    answer = decide(LAW, question)
    if "paper" in codes(answer):
        more = decide(LAW, replace(question, processes=(*question.processes, *_everything_on_file(question))))
        wider = answer.fields is not None and (more.fields is None or set(more.fields) > set(answer.fields))
        assert more.level > answer.level or wider


@pytest.mark.parametrize("mark", [Mark.PSYCHOTHERAPY_NOTE, Mark.PRIVILEGED, Mark.SEALED, Mark.SUD])
def test_a_release_that_a_yes_names_would_show_more(mark: Mark) -> None:
    """Red until a yes on a paper names the instrument, not an ordinary release, where a key stands."""
    for one in ON_PAPER:
        question = replace(one, thing=replace(one.thing, marks=frozenset({mark})))
        question = replace(question, processes=(*question.processes, *_everything_on_file(question)))
        answer = decide(LAW, question)
        if "higher_level" in codes(answer):
            assert decide(LAW, replace(question, releases=(_fresh(question),))).level > answer.level


def test_an_agreement_that_would_not_open_it_is_not_named() -> None:
    """Red until what one law lacks is left out where another law of the holder lets nothing out at all."""
    both = replace(SCREEN.holder, duties=frozenset({Duty.BRADY, Duty.VAWA}))
    answer = decide(LAW, replace(SCREEN, holder=both, asker=both))
    assert answer.level is Level.NONE
    assert "agreement" not in codes(answer)


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


# ------------------------------------------------------------------ a release's life


#: Who sends what to whom, and which papers may arrive there.
LIVES = {
    "a shelter and a court": disclose(
        holder=SHELTER, recipient=COURT, thing=Thing(Category.NOTES, "maria"), purpose=Purpose.LEGAL_PROCESS
    ),
    "a hospital and the police": disclose(
        holder=HOSPITAL, recipient=POLICE, thing=Thing(Category.INJURIES, "maria"), purpose=Purpose.INVESTIGATION
    ),
    "the police and a court": SCREEN,
    "a clinic and probation": disclose(
        holder=CLINIC,
        recipient=replace(COURT, kind=AgencyKind.PROBATION),
        thing=Thing(Category.NOTES, "maria", marks=frozenset({Mark.SUD})),
        purpose=Purpose.SUPERVISION,
    ),
}


class Life(RuleBasedStateMachine):
    """A release is prepared, signed, renewed, withdrawn and ends; papers arrive, an agreement is made and suspended, a
    conflict is found and lifted, she says never and takes it back. After each step the engine and the second reading
    answer alike."""

    @initialize(who=st.sampled_from(sorted(LIVES)))
    def begin(self, who: str) -> None:
        self.question = LIVES[who]
        self.prepared: frozenset[Element] = EVERY_ELEMENT
        self.instrument = Instrument.ORDINARY
        self.signed: dict[str, Release] = {}
        self.papers: dict[str, Process] = {}
        self.agreement: Agreement | None = None
        self.blocks: set[Block] = set()
        self.now = AT

    @rule(lacking=st.sampled_from([None, None, *Element]), instrument=st.sampled_from(Instrument))
    def prepare(self, lacking: Element | None, instrument: Instrument) -> None:
        self.prepared = EVERY_ELEMENT - {lacking}
        self.instrument = instrument

    @rule(
        level=st.sampled_from([Level.EXISTENCE, Level.SUMMARY, Level.FULL]),
        days=st.sampled_from([1, 15, 90, 91]),
        fixed=st.sampled_from([None, 1, 10]),
        signer=st.sampled_from([Signer(), Signer(), Signer(abuser=True), Signer(minor=True), Signer(dead=True)]),
    )
    def sign(self, level: Level, days: int, fixed: int | None, signer: Signer) -> None:
        """What was signed is never edited: to sign again is to renew."""
        assert self.question.recipient is not None
        name = f"release-{len(self.signed)}"
        self.signed[name] = release(
            id=name,
            holder=self.question.holder.id,
            recipient=self.question.recipient.id,
            purpose=self.question.purpose,
            grants=(Grant(self.question.thing.category, level),),
            elements=self.prepared,
            instrument=self.instrument,
            signed_at=self.now,
            until=self.now + days * DAY,
            fixed_until=None if fixed is None else self.now + fixed * DAY,
            signer=signer,
        )

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.signed)))
        before = self.answered().level
        self.signed[name] = replace(self.signed[name], withdrawn_at=self.now)
        after = self.answered()
        assert after.level <= before or after.fields is not None

    @rule(days=st.sampled_from([timedelta(microseconds=1), DAY, 14 * DAY, 60 * DAY]))
    def time_passes(self, days: timedelta) -> None:
        self.now += days

    @rule(
        kind=st.sampled_from(ProcessKind),
        seen=st.booleans(),
        said=st.sampled_from([frozenset(), frozenset(Representation) - {Representation.INFORMING_UNSAFE}]),
        days=st.sampled_from([1, 30]),
    )
    def a_paper_arrives(self, kind: ProcessKind, seen: bool, said: frozenset[Representation], days: int) -> None:
        assert self.question.recipient is not None
        name = f"paper-{len(self.papers)}"
        self.papers[name] = paper(
            kind,
            *said,
            id=name,
            recipient=self.question.recipient.id,
            categories=frozenset({self.question.thing.category}),
            counsel_reviewed=seen,
            since=self.now,
            until=self.now + days * DAY,
        )

    @precondition(lambda self: self.papers)
    @rule(data=st.data())
    def counsel_looks(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.papers)))
        self.papers[name] = replace(self.papers[name], counsel_reviewed=True)

    @rule()
    def agree(self) -> None:
        self.agreement = agreement(self.question, since=self.now, until=self.now + 30 * DAY)

    @precondition(lambda self: self.agreement is not None)
    @rule()
    def suspend(self) -> None:
        assert self.agreement is not None
        self.agreement = replace(self.agreement, suspended=not self.agreement.suspended)

    @rule(kind=st.sampled_from(BlockKind), against=st.sampled_from(["recipient", "worker", "maria"]))
    def close_or_lift(self, kind: BlockKind, against: str) -> None:
        assert self.question.recipient is not None
        self.blocks ^= {Block(kind, self.question.recipient.id if against == "recipient" else against)}

    def asked(self) -> Question:
        return replace(
            self.question,
            asker=self.question.holder,
            at=self.now,
            releases=tuple(self.signed.values()),
            processes=tuple(self.papers.values()),
            agreements=() if self.agreement is None else (self.agreement,),
            blocks=tuple(self.blocks),
        )

    def answered(self) -> Decision:
        return decide(LAW, self.asked())

    @invariant()
    def both_read_the_law_alike(self) -> None:
        if hasattr(self, "question"):
            assert not disagreement(self.asked(), self.answered(), second_reading.answer(self.asked()))

    @invariant()
    def a_yes_is_over_when_it_says(self) -> None:
        if hasattr(self, "question"):
            answer = self.answered()
            if answer.until is not None:
                assert answer.until > self.now


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None, derandomize=True)

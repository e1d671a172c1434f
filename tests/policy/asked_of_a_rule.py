"""What is asked about one rule of the law, built from the rule itself: met in each of its ways, and with one thing
otherwise, while everything else that must be there is there.

`questions` asks everything about few agencies; here a few thousand questions stand around each rule, so that whatever
is changed about it changes an answer. `around` and `nearly` make what is one thing otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from accord.policy.conditions import CONDITIONS, Clause
from accord.policy.facts import Block, Process, Question, Signer
from accord.policy.law import Law, PaperLaw, Report, Rule, Step
from accord.policy.words import (
    AgencyKind,
    BlockKind,
    Category,
    Duty,
    Element,
    Field,
    Instrument,
    Mark,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)
from tests.policy import questions
from tests.policy.questions import ALL_ELEMENTS, DAY, SIGNED, TICKS, Facts, agreement, paper

#: Longer than any law lets something be told, so that the law's own end is seen.
FAR = SIGNED + 1_000 * DAY
UNSIGNED: Facts = {"released": False}
#: What every law asks of a release.
IN_WRITING = frozenset({Element.WRITTEN, Element.SIGNED, Element.DATED})
#: Beside other papers: what opens a record of substance use, in an emergency, after a crime, by a court's order.
EMERGENCY = paper(ProcessKind.FINDING, Representation.MEDICAL_EMERGENCY, id="paper-emergency", until=FAR)
CRIME = paper(ProcessKind.FINDING, Representation.STAFF_OR_PREMISES, id="paper-crime", until=FAR)
ORDERED = (
    paper(ProcessKind.PART2_ORDER, id="paper-order", until=FAR),
    paper(ProcessKind.SUBPOENA, id="paper-subpoena", until=FAR),
)
SUPPRESSED = paper(ProcessKind.FINDING, Representation.CELLS_SUPPRESSED, until=FAR)
#: Where nothing but a key can stand in the way: no paper is asked for, or one that opens no key.
FREE_ROUTES: tuple[Facts, ...] = tuple(
    UNSIGNED | one
    for one in (
        *questions.FREE_ROUTES,
        questions.TREATMENT,
        questions.REGISTRY,
        questions.on_paper(
            AgencyKind.HOSPITAL,
            {Duty.HIPAA},
            AgencyKind.POLICE,
            Category.IDENTITY,
            Purpose.LOCATE,
            paper(ProcessKind.LAW_ENFORCEMENT_REQUEST, id="paper-request"),
        ),
    )
)
UNSEALED = paper(ProcessKind.COURT_ORDER, Representation.UNSEALS, id="paper-unsealed")
#: What a court orders of a victim service; what the prosecution gives the defence, sealed or not.
COURT: Facts = UNSIGNED | questions.on_paper(
    AgencyKind.VICTIM_SERVICES, {Duty.VAWA}, AgencyKind.COURT, Category.NOTES, Purpose.LEGAL_PROCESS
)
DISCOVERED: Facts = UNSIGNED | questions.on_paper(
    AgencyKind.PROSECUTOR,
    {Duty.BRADY},
    AgencyKind.DEFENCE,
    Category.NOTES,
    Purpose.DISCOVERY,
    paper(ProcessKind.FINDING, Representation.FAVOURABLE_MATERIAL),
    UNSEALED,
)

# ------------------------------------------------------------------ a clause, and what is next to it

#: What makes each condition hold for one of its codes. The others look at a release or at papers.
MEETS: dict[str, Callable[[Any], Facts]] = {
    "holder_kind": lambda code: {"holder_kind": code},
    "holder_duty": lambda code: {"holder_duties": frozenset({code})},
    "recipient_kind": lambda code: {"recipient_kind": code},
    "recipient_duty": lambda code: {"recipient_duties": frozenset({code})},
    "purpose": lambda code: {"purpose": code},
    "category": lambda code: {"category": code},
    "mark": lambda code: {"marks": frozenset({code})},
    "relation": lambda code: {"relation": code},
}


def met(one: Clause, *names: str) -> Facts:
    """A clause met, each condition (of these names, or all) by the first of its codes."""
    facts: Facts = {}
    for name, codes in one.facts:
        if name in MEETS and (not names or name in names):
            facts |= MEETS[name](min(codes))
    return facts


def otherwise(one: Clause) -> Iterator[Facts]:
    """Every code there is, for one condition of the clause at a time."""
    for name, _ in one.facts:
        if name in MEETS:
            yield from (MEETS[name](code) for code in CONDITIONS[name].takes)


def around(one: Clause) -> Iterator[Facts]:
    """A clause met; and with one condition at a time by every code there is."""
    yield met(one)
    yield from (met(one) | other for other in otherwise(one))


# ------------------------------------------------------------------ papers, and what is next to them


def reports(law: Law) -> dict[str, Report]:
    return {rule.id: rule.report for rule in law.rules.values() if rule.report is not None}


def on_file(law: Law, one: PaperLaw) -> Iterator[tuple[Process, ...]]:
    """What is enough and no more: a paper of each kind, on each of its statutes, another beside it if need be."""
    statutes = [id for id, report in reports(law).items() if report.about in one.statute] or [""]
    beside = [paper(kind, id="paper-2", until=FAR) for kind in sorted(one.beside)[:1]]
    for kind, statute in product(sorted(one.kinds), statutes):
        yield paper(kind, *one.represented, statute=statute, until=FAR, counsel_reviewed=one.counsel), *beside


def nearly(law: Law, papers: tuple[Process, ...]) -> Iterator[tuple[Process, ...]]:
    """These papers, and with one thing about the first otherwise; none; and, where two are needed, the first alone and
    beside each kind of another."""
    yield papers
    yield ()
    if not papers:
        return
    first, *beside = papers
    others = [replace(first, kind=kind) for kind in ProcessKind]
    others += [replace(first, represented=first.represented - {said}) for said in first.represented]
    others += [replace(first, statute=statute) for statute in ("", *reports(law))]
    others += [replace(first, fields=frozenset({one})) for one in Field]
    others.append(replace(first, counsel_reviewed=False))
    yield from ((one, *beside) for one in others)
    if beside:
        yield (first,)
        yield from ((first, replace(beside[0], kind=kind)) for kind in ProcessKind)


# ------------------------------------------------------------------ each kind of rule


def of_a_bar(law: Law, rule: Rule) -> Iterator[Question]:
    """What goes out on a release that is the right instrument, on a paper, or as a total: two things otherwise."""
    for one, holder in product(rule.when, (questions.VAWA, questions.PLAIN)):
        held: Facts = {"holder_duties": holder}
        for facts in (met(one) | first | second for first, second in product([{}, *otherwise(one)], repeat=2)):
            yield questions.ask(**(held | facts))
            yield questions.ask(**(held | {"purpose": Purpose.COORDINATION} | facts), processes=(SUPPRESSED,))
        for facts, instrument in product(around(one), Instrument):
            yield questions.ask(**(held | facts), instrument=instrument)
        yield from (questions.ask(**(DISCOVERED | facts)) for facts in around(one))


def of_a_key(law: Law, rule: Rule) -> Iterator[Question]:
    for one in rule.when:
        yield from _key_and_releases(rule, one)
        yield from _key_and_papers(law, rule, one)
    yield from _sealed()


def _key_and_releases(rule: Rule, one: Clause) -> Iterator[Question]:
    """Every instrument, with all elements and with fewer; its own without one of them, by whoever signs; taken back
    although she had bound herself."""
    plain: Facts = {"holder_duties": questions.PLAIN}
    some = (ALL_ELEMENTS, ALL_ELEMENTS - {Element.SUBSTANCE_USE}, IN_WRITING)
    for facts, instrument, elements in product(around(one), Instrument, some):
        yield questions.ask(**(plain | facts), instrument=instrument, elements=elements)
    own: Facts = plain | met(one) | {"instrument": rule.instrument or Instrument.ORDINARY}
    for missing, signer in product(ALL_ELEMENTS, (Signer(), questions.REPRESENTATIVE_SIGNS)):
        yield questions.ask(**own, elements=ALL_ELEMENTS - {missing}, signer=signer)
    for duty in Duty:
        held: Facts = own | {"holder_duties": frozenset({duty})}
        yield questions.ask(**held, withdrawn=("at", 0 * DAY), fixed=9 * DAY)


def _key_and_papers(law: Law, rule: Rule, one: Clause) -> Iterator[Question]:
    """Where all else lets it out: its papers and what is next to them, alone and beside what opens other keys."""
    for route, wanted in product(FREE_ROUTES, rule.papers):
        there = route.get("processes", ())
        for papers in on_file(law, wanted):
            for found, beside in product(nearly(law, papers), ((), (EMERGENCY,))):
                yield questions.ask(**(route | met(one, "mark") | {"processes": (*there, *found, *beside)}))


def _sealed() -> Iterator[Question]:
    """A sealed thing goes out on an order that unseals it, and no other key is asked for."""
    for route in (*FREE_ROUTES, COURT):
        papers = (*route.get("processes", ()), UNSEALED)
        yield questions.ask(**(route | {"marks": frozenset({Mark.SEALED}), "processes": papers}))


def of_a_release(law: Law, rule: Rule) -> Iterator[Question]:
    """Each law alone, one element missing, by whoever signs."""
    signers = (Signer(), questions.REPRESENTATIVE_SIGNS)
    lacking = [frozenset[Any](), *(frozenset({one}) for one in ALL_ELEMENTS)]
    for duty, missing, signer in product(Duty, lacking, signers):
        yield questions.ask(holder_duties=frozenset({duty}), elements=ALL_ELEMENTS - missing, signer=signer)


def of_a_signer(law: Law, rule: Rule) -> Iterator[Question]:
    """Everybody who could sign, whatever is true of the two, under each law."""
    flags = product((False, True), repeat=6)
    for duty, role, (minor, alone, cosigned, abuser, ward, dead) in product(Duty, SignerRole, flags):
        signer = Signer(role, minor, alone, cosigned, abuser, ward, dead)
        yield questions.ask(holder_duties=frozenset({duty}), signer=signer)


#: Around ninety days, to the instant.
LENGTHS = tuple(days * DAY + tick for days in (30, 89, 90, 91, 92) for tick in TICKS)


def of_a_length(law: Law, rule: Rule) -> Iterator[Question]:
    for duty, length, because in product(Duty, LENGTHS, (False, True)):
        yield questions.ask(holder_duties=frozenset({duty}), length=length, long_because=because)


def ways(law: Law, rule: Rule) -> Iterator[Facts]:
    """How something goes out by a compulsion or an exception: each of its clauses on each of its papers."""
    for one in rule.when:
        facts: Facts = UNSIGNED | {
            "holder_kind": AgencyKind.HOSPITAL,
            "holder_duties": frozenset({min(rule.duties)}),
            "purpose": min(rule.purposes),
            "category": min(rule.opens),
            "agreements": (agreement(),) if rule.agreement else (),
        }
        facts |= met(one)
        if not rule.papers:
            yield facts
        for wanted in rule.papers:
            yield from (facts | {"processes": papers} for papers in on_file(law, wanted))


def every_way(law: Law, *steps: Step) -> Iterator[Facts]:
    for rule in law.rules.values():
        if rule.step in (steps or (Step.COMPELLED, Step.EXCEPTION)):
            yield from ways(law, rule)


def of_an_opening(law: Law, rule: Rule) -> Iterator[Question]:
    """Each of its ways with one thing otherwise; about nobody; and beside what opens the keys of substance use."""
    for way in ways(law, rule):
        there = way.get("processes", ())
        changes: list[Facts] = [{"processes": papers} for papers in nearly(law, there)]
        changes += [
            facts | {"purpose": purpose}
            for one, purpose in product(rule.when, sorted(rule.purposes))
            for facts in around(one)
        ]
        changes += [{"holder_duties": frozenset({duty})} for duty in Duty]
        changes += [{"purpose": purpose} for purpose in Purpose]
        changes += [{"category": category} for category in Category]
        changes.append({"agreements": ()})
        for change in changes:
            facts = {"processes": there} | way | change
            yield questions.ask(**facts)
            yield questions.ask(**(facts | {"relation": Relation.NOBODY}))
            for beside in (ORDERED, (CRIME,)):
                yield questions.ask(**(facts | {"processes": (*facts["processes"], *beside)}))


def of_a_block(law: Law, rule: Rule) -> Iterator[Question]:
    """Every block against everybody there is: whatever is done inside, and what goes out on each ground."""
    everybody = (questions.MEMBER, questions.ANA, questions.HOLDER, questions.RECIPIENT, questions.DETECTIVE)
    blocks = [(Block(kind, against),) for kind in BlockKind for against in everybody]
    for block, verb, purpose in product(blocks, Verb, questions.INSIDE_PURPOSES):
        inside = questions.INSIDE | {"verb": verb, "purpose": purpose, "roles": frozenset(Role)}
        yield questions.ask(**inside, blocks=block)
    for block, way, person in product(blocks, ({}, *every_way(law)), ("", questions.DETECTIVE)):
        yield questions.ask(**way, blocks=block, person=person)


def of_a_duty(law: Law, rule: Rule) -> Iterator[Question]:
    """Every ground of a yes, with what the duty looks at otherwise, and with whatever could be written down on a paper
    that opens nothing."""
    said = paper(ProcessKind.RECORDS_REQUEST, id="paper-said", until=FAR)
    looks_at_papers = any("represented" in name for one in rule.when for name, _ in one.facts)
    beside: list[tuple[Process, ...]] = [(), ORDERED]
    beside += [(replace(said, represented=frozenset({one})),) for one in Representation if looks_at_papers]
    released: list[Facts] = [{"length": length, "long_because": True} for length in LENGTHS]
    released += [{"instrument": one, "holder_duties": questions.PLAIN} for one in Instrument]
    changes = [{}, *(facts for one in rule.when for facts in otherwise(one))]
    for way, change, more in product((*released, *every_way(law)), changes, beside):
        yield questions.ask(**(way | change | {"processes": (*way.get("processes", ()), *more)}))


def of_a_report(law: Law, rule: Rule) -> Iterator[Question]:
    """Whoever reports to whoever hears it, under laws that differ in it; and to whom it opens a thing under a key."""
    resting = questions.report(rule.id, id="paper-report", until=FAR)
    hears = (AgencyKind.POLICE, AgencyKind.PROTECTIVE_SERVICES)
    laws = (Duty.HIPAA, Duty.PART2, Duty.FERPA, Duty.ADVOCATE_PRIVILEGE)
    keys = (frozenset({Mark.PSYCHOTHERAPY_NOTE}), frozenset({Mark.SUD}))
    yield from questions.cross(
        UNSIGNED | {"purpose": Purpose.MANDATED_REPORT, "category": Category.NOTES, "processes": (resting,)},
        holder_kind=AgencyKind,
        recipient_kind=hears,
        holder_duties=[frozenset({duty}) for duty in laws],
        marks=(frozenset[Mark](), *keys),
    )
    for way, recipient, marks in product(every_way(law, Step.EXCEPTION), AgencyKind, keys):
        papers = (*way.get("processes", ()), resting)
        yield questions.ask(**(way | {"recipient_kind": recipient, "marks": marks, "processes": papers}))


OF_A_STEP: dict[Step, Callable[[Law, Rule], Iterator[Question]]] = {
    Step.BAR: of_a_bar,
    Step.KEY: of_a_key,
    Step.RELEASE: of_a_release,
    Step.SIGNER: of_a_signer,
    Step.LENGTH: of_a_length,
    Step.COMPELLED: of_an_opening,
    Step.EXCEPTION: of_an_opening,
    Step.BLOCK: of_a_block,
    Step.DUTY: of_a_duty,
    Step.REPORT: of_a_report,
}


def asked_of(law: Law, rule: Rule) -> Iterable[Question]:
    """Every question about a rule, once. The defaults, and that an agreement counts, are the engine's own."""
    about = OF_A_STEP.get(rule.step)
    return {} if about is None else dict.fromkeys(about(law, rule))

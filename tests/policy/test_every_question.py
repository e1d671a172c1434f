"""Every question, put to the engine and to the second reading of the law.

law.md, "How we know it is right", 1: level, basis, what is relied on, single facts, duties and end agree for every
question; what the second reading says must be named among the needs is named; every rule fires somewhere; and
the comparison itself is able to fail.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

import accord.policy
from accord.policy.decide import decide
from accord.policy.facts import Decision, Question
from accord.policy.law import Law, parse
from accord.policy.profiles import documents
from accord.policy.words import Level, Obligation
from tests.policy import questions, second_reading

POLICY = Path(accord.policy.__file__).parent
READING = Path(second_reading.__file__)
ORDER = list(Obligation)
#: `make prove` asks every question, the usual run one in so many, and fewer of families that only cross others.
STRIDE, CROSSINGS, CROSSING = 3, frozenset({"pairs", "triples"}), 7


def the_law() -> Law:
    return parse({name: (POLICY / "laws" / name).read_text(encoding="utf-8") for name in documents("us-federal")})


def disagreement(question: Question, decision: Decision, read: second_reading.Answer) -> str:
    """What differs between the engine's decision and the second reading; empty when nothing does."""
    if decision.level != read.level:
        return f"level: engine {decision.level.code}, second reading {read.level.code}"
    if decision.basis is not read.basis:
        return f"basis: engine {decision.basis}, second reading {read.basis}"
    fields = None if decision.fields is None else frozenset(decision.fields)
    if fields != read.fields:
        return f"fields: engine {decision.fields}, second reading {read.fields and sorted(read.fields)}"
    # Where several papers do as well, the text leaves open on which of them it rests; the end goes with the choice.
    choices = read.or_else or {(read.relied, read.until)}
    chosen = frozenset(decision.relying_on)
    if len(chosen) != len(decision.relying_on) or chosen not in {relied for relied, _ in choices}:
        return f"relying on: engine {decision.relying_on}, second reading {[sorted(relied) for relied, _ in choices]}"
    if (chosen, decision.until) not in choices:
        return f"until: engine {decision.until}, second reading {[str(until) for _, until in choices]}"
    if decision.duties != tuple(sorted(read.duties, key=ORDER.index)):
        return f"duties: engine {[*decision.duties]}, second reading {sorted(read.duties, key=ORDER.index)}"
    codes = {need.code for need in decision.needs}
    if not read.needs <= codes:
        return f"needs: engine {sorted(codes)}, second reading wants {sorted(read.needs)}"
    if ("agreement" in codes) is not ("agreement" in read.needs):
        return f"needs: engine {sorted(codes)}, second reading {sorted(read.needs)}"
    # Which papers would open more than what is open is told by a claim of its own.
    if read.level > Level.NONE and codes - {"paper"} != read.needs:
        return f"needs on a yes: engine {sorted(codes)}, second reading {sorted(read.needs)}"
    if not decision.because:
        return "because: engine gives no reason"
    return ""


@dataclass
class Outcome:
    asked: Counter[str] = field(default_factory=Counter)
    levels: dict[str, set[Level]] = field(default_factory=dict)
    differences: dict[str, list[tuple[str, Question]]] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)
    laid: set[Obligation] = field(default_factory=set)


@pytest.fixture(scope="module")
def law() -> Law:
    return the_law()


@pytest.fixture(scope="module")
def outcome(law: Law) -> Outcome:
    """The usual run, once."""
    return asked(law, STRIDE, CROSSING)


def asked(law: Law, stride: int = 1, crossing: int = 1) -> Outcome:
    """What came of asking. Keeps at most three differences of each group."""
    result = Outcome()
    for group in questions.GROUPS:
        name = group.__name__
        levels: set[Level] = set()
        differences: list[tuple[str, Question]] = []
        count = 0
        for question in islice(group(), 0, None, stride * crossing if name in CROSSINGS else stride):
            count += 1
            decision = decide(law, question)
            result.fired.update(because.rule for because in decision.because)
            result.laid.update(decision.duties)
            levels.add(decision.level)
            if len(differences) < 3:
                different = disagreement(question, decision, second_reading.answer(question))
                if different:
                    differences.append((different, question))
        result.asked[name], result.levels[name], result.differences[name] = count, levels, differences
    print(f"\n{result.asked.total():,} questions")
    for name, count in result.asked.items():
        print(f"{count:>8,} {name}")
    return result


@pytest.mark.prove
def test_every_question_is_answered_alike(law: Law) -> None:
    whole = asked(law)
    assert 700_000 <= whole.asked.total() <= 800_000
    found = [each for differences in whole.differences.values() for each in differences]
    assert not found, "\n\n".join(f"{different}\n  {question}" for different, question in found)


def test_there_are_as_many_questions_as_we_say(outcome: Outcome) -> None:
    assert outcome.asked.total() >= 220_000


@pytest.mark.parametrize("group", [group.__name__ for group in questions.GROUPS])
def test_engine_and_second_reading_agree(outcome: Outcome, group: str) -> None:
    found = outcome.differences[group]
    assert not found, "\n\n".join(f"{different}\n  {question}" for different, question in found)


@pytest.mark.parametrize("group", [group.__name__ for group in questions.GROUPS])
def test_every_group_meets_a_no_and_a_yes(outcome: Outcome, group: str) -> None:
    assert Level.NONE in outcome.levels[group]
    assert len(outcome.levels[group]) > 1


#: What the gate alone names, beside an answer of the engine's.
OF_THE_GATE = {"break-glass"}


def test_every_rule_fires(law: Law, outcome: Outcome) -> None:
    """A rule that never fires is dead or never asked about. A rule of duty shapes `duties`, not `because`."""
    of_duty = {rule.id: rule.obligation for rule in law.rules.values() if rule.obligation is not None}
    assert len(set(of_duty.values())) == len(of_duty), "two rules lay the same duty: which of them fired cannot be seen"
    laid = {id for id, obligation in of_duty.items() if obligation in outcome.laid}
    assert outcome.fired | laid | OF_THE_GATE == set(law.rules)


def test_the_second_reading_is_written_apart() -> None:
    """It knows the words and the shapes, and nothing of the engine; nothing in accord knows it."""
    tree = ast.parse(READING.read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    plain = {"__future__", "collections.abc", "datetime", "itertools", "typing"}
    assert imported <= plain | {"accord.policy.facts", "accord.policy.words"}
    for path in POLICY.parent.rglob("*.py"):
        assert not re.search(r"^\s*(from|import)\s+tests\b", path.read_text(encoding="utf-8"), re.MULTILINE), path


#: One misreading each: the group that must notice it, the words of the second reading, the wrong words.
MISREADINGS = {
    "withdrawal is ignored": (
        questions.moments,
        "if taken_back is not None and at >= taken_back:",
        "if False and taken_back is not None:",
    ),
    "withdrawal closes an instant late": (
        questions.moments,
        "if taken_back is not None and at >= taken_back:",
        "if taken_back is not None and at > taken_back:",
    ),
    "a later withdrawal closes now": (
        questions.moments,
        "if taken_back is not None and at >= taken_back:",
        "if taken_back is not None:",
    ),
    "a release lives one instant too long": (
        questions.moments,
        "at >= release.until:",
        "at > release.until:",
    ),
    "a release begins one instant late": (
        questions.moments,
        "if at < release.signed_at",
        "if at <= release.signed_at",
    ),
    "ninety days are already too long": (
        questions.moments,
        "release.until - release.signed_at > timedelta",
        "release.until - release.signed_at >= timedelta",
    ),
    "nobody need explain a long release": (
        questions.moments,
        "and not release.long_because",
        "and False",
    ),
    "a health record is capped too": (
        questions.moments,
        "if is_victim_service(question.holder) and is_long",
        "if is_long",
    ),
    "her release opens her child's": (
        questions.matching,
        "if release.subject != question.thing.subject:",
        "if False:",
    ),
    "any holder's release will do": (
        questions.matching,
        "if release.holder != question.holder.id:",
        "if False:",
    ),
    "any recipient's release will do": (
        questions.matching,
        "if release.recipient != question.recipient.id:",
        "if False:",
    ),
    "any purpose will do": (
        questions.matching,
        "if release.purpose is not question.purpose:",
        "if False:",
    ),
    "a named person is not asked for": (
        questions.matching,
        'if release.recipient_person != "" and',
        "if False and",
    ),
    "any category will do": (
        questions.categories,
        "if grant.category is question.thing.category and",
        "if",
    ),
    "elements are not asked for": (
        questions.elements,
        "if elements_wanted(release, question.holder) - release.elements:",
        "if False:",
    ),
    "HIPAA asks for no authority": (
        questions.elements,
        "wanted.add(Element.REDISCLOSURE)\n        if release.signer.role is not SignerRole.SELF:",
        "wanted.add(Element.REDISCLOSURE)\n        if False:",
    ),
    "Part 2 asks for no authority": (
        questions.elements,
        (
            "        wanted.add(Element.TIME_LIMITED)\n"
            "        if release.signer.role is not SignerRole.SELF:\n"
            "            wanted.add(Element.AUTHORITY)\n"
            "    # FERPA"
        ),
        "        wanted.add(Element.TIME_LIMITED)\n    # FERPA",
    ),
    "the abuser may sign": (
        questions.signers,
        "if signer.abuser:",
        "if False:",
    ),
    "a parent alone is enough for VAWA": (
        questions.signers,
        "both = (Duty.VAWA, ",
        "both = (",
    ),
    "a parent speaks for a minor who may decide": (
        questions.signers,
        "    if signer.alone:\n",
        "    if False:\n",
    ),
    "releases are taken first come": (
        questions.several_releases,
        "if best is None or is_better",
        "if best is None or False and is_better",
    ),
    "the funder may know": (
        questions.holders_and_recipients,
        "if recipient.kind is AgencyKind.FUNDER:",
        "if False:",
    ),
    "the operator may know": (
        questions.holders_and_recipients,
        "if recipient.kind is AgencyKind.OPERATOR:",
        "if False:",
    ),
    "the participant may know": (
        questions.marks,
        "if Mark.VICTIM_CONTACT in",
        "if False and Mark.VICTIM_CONTACT in",
    ),
    "a release opens a privileged thing": (
        questions.marks,
        "if Mark.PRIVILEGED in marks:",
        "if False:",
    ),
    "a shelter's place goes by her release": (
        questions.marks,
        "if Mark.SHELTER_LOCATION in marks and",
        "if False and",
    ),
    "her never is ignored": (
        questions.blocks,
        "block.kind is BlockKind.NEVER_SHARE and",
        "False and",
    ),
    "a conflict is ignored": (
        questions.blocks,
        (
            "block.against in (question.member.id, subject):\n"
            "            return True\n"
            "    return False\n"
            "\n"
            "\n"
            "def is_toward"
        ),
        "False:\n            return True\n    return False\n\n\ndef is_toward",
    ),
    "a conflict is ignored inside": (
        questions.inside_conflicts,
        "if touches_a_client(verb) and",
        "if False and",
    ),
    "anyone may pull": (
        questions.no_pull,
        "if question.asker.id != question.holder.id:",
        "if False:",
    ),
    "a worker may delete": (
        questions.inside_roles,
        "return is_everyday_work(verb)\n    if role is Role.SUP",
        "return is_everyday_work(verb) or verb is Verb.DELETE_CLIENT\n    if role is Role.SUP",
    ),
    "a director may disclose": (
        questions.disclosing_roles,
        "Role.WORKER in question.member.roles or",
        "Role.DIRECTOR in question.member.roles or",
    ),
    "an agency under no stated law may send": (
        questions.holder_duties,
        "if not agency.duties:",
        "if False:",
    ),
    "a lawyer's file wants no informed waiver": (
        questions.elements,
        "wanted |= {Element.INFORMED, Element.DESCRIPTION, Element.RECIPIENT, Element.PURPOSE}",
        "pass",
    ),
    "a school asks for no end": (
        questions.elements,
        "Element.PURPOSE, Element.RECIPIENT, Element.TIME_LIMITED}",
        "Element.PURPOSE, Element.RECIPIENT}",
    ),
    "a Part 2 consent says nothing of taking it back": (
        questions.elements,
        ("        wanted.add(Element.RIGHT_TO_REVOKE)\n        wanted.add(Element.TIME_LIMITED)\n        if release"),
        "        wanted.add(Element.TIME_LIMITED)\n        if release",
    ),
    "substance use need not be named": (
        questions.substance_use,
        "| {Element.SUBSTANCE_USE}",
        "| set()",
    ),
    "a prosecution is a purpose like any other": (
        questions.substance_use,
        "            Purpose.INVESTIGATION,\n            Purpose.PROSECUTION,\n",
        "            Purpose.INVESTIGATION,\n",
    ),
    "no Part 2 notice goes along": (
        questions.substance_use,
        "duties.add(Obligation.PART2_NOTICE)",
        "pass",
    ),
    "a parent alone is enough for Part 2": (
        questions.signers,
        "Duty.FVPSA, Duty.PART2, Duty.ATT",
        "Duty.FVPSA, Duty.ATT",
    ),
    "a file is kept from nobody": (
        questions.inside_conflicts,
        "if is_work_with_her(verb) and the_file_is_kept_from(question):",
        "if False:",
    ),
    "a file kept inside may still be sent": (
        questions.blocks,
        "recipient) or the_file_is_kept_from(question):",
        "recipient):",
    ),
    "whoever is kept out adds herself": (
        questions.inside_conflicts,
        "touches_a_client(verb) and verb not in (Verb.ASSIGN_CLIENT, Verb.READ_KEPT, Verb.COSIGN_RELEASE)",
        "touches_a_client(verb) and verb not in (Verb.READ_KEPT, Verb.COSIGN_RELEASE)",
    ),
    "a worker sets walls": (
        questions.inside_roles,
        "        Verb.SET_NOTICES,\n    )\n\n\ndef is_a_supervisors_work",
        "        Verb.SET_NOTICES,\n        Verb.WALL_CLIENT,\n    )\n\n\ndef is_a_supervisors_work",
    ),
    "a director takes a caseload out": (
        questions.inside_roles,
        "                Verb.APPROVE_EXPORT,\n                Verb.COSIGN_RELEASE,\n",
        "                Verb.EXPORT_CASELOAD,\n                Verb.COSIGN_RELEASE,\n",
    ),
    "an exception speaks for every holder of a kind": (
        questions.exceptions_by_duty,
        "if duty in (Duty.BRADY, Duty.CJIS, Duty.NONE):",
        "if True:",
    ),
    "an exception opens a marked thing": (
        questions.exceptions_and_bars,
        "    for key in keys:\n        parts",
        "    for key in ():\n        parts",
    ),
    "the danger screen needs no agreement": (
        questions.exceptions,
        "    agreement = the_agreement_relied_on(question)\n    if agreement is not None:",
        (
            "    yield from agreed_under(duty, question, question.at + timedelta(days=1), "
            "frozenset())\n"
            "    agreement = the_agreement_relied_on(question)\n"
            "    if agreement is not None:"
        ),
    ),
    "probation tells all": (
        questions.exceptions,
        "        yield from freely(question, Level.SUMMARY, days=365)\n\n\ndef attendance",
        "        yield from freely(question, Level.FULL, days=365)\n\n\ndef attendance",
    ),
    "the police report goes to the court": (
        questions.exceptions,
        ("        and goes_to(question, AgencyKind.PROSECUTOR)\n        and is_for(question, Purpose.PROSECUTION)"),
        (
            "        and goes_to(question, AgencyKind.PROSECUTOR, AgencyKind.COURT)\n"
            "        and is_for(question, Purpose.PROSECUTION)"
        ),
    ),
    "orders go out for any purpose": (
        questions.exceptions,
        "is_for(question, Purpose.SAFETY, Purpose.SUPERVISION, Purpose.PROTECTIVE_ORDER)",
        "True",
    ),
    "where she is goes along": (
        questions.exceptions,
        "question.thing.category in (Category.RISK, Category.IDENTITY)",
        "question.thing.category in (Category.RISK, Category.IDENTITY, Category.CONTACT)",
    ),
    "everything about who she is goes along": (
        questions.exceptions,
        (
            "        if category is Category.IDENTITY:\n"
            "            yield from freely(question, Level.SUMMARY, days=365)\n"
            "    # R17"
        ),
        (
            "        if category is Category.IDENTITY:\n"
            "            yield from freely(question, Level.FULL, days=365)\n"
            "    # R17"
        ),
    ),
    "an exception goes before her release": (
        questions.exceptions_and_releases,
        "        return one.level > released\n",
        "        return one.level >= released\n",
    ),
    "her release keeps a higher exception out": (
        questions.exceptions_and_releases,
        "        return one.level > released\n",
        "        return released is Level.NONE\n",
    ),
    "a missing agreement is not said": (
        questions.exceptions_and_agreements,
        'needs.add("agreement")',
        "pass",
    ),
    "a suspended agreement counts": (
        questions.exceptions_and_agreements,
        "    if agreement.suspended:\n",
        "    if False:\n",
    ),
    "an agreement past its review counts": (
        questions.exceptions_and_agreements,
        "if question.at >= agreement.until:",
        "if question.at > agreement.until:",
    ),
    "an agreement counts an instant late": (
        questions.exceptions_and_agreements,
        "if question.at < agreement.since:",
        "if question.at <= agreement.since:",
    ),
    "one party is enough": (
        questions.exceptions_and_agreements,
        "if question.recipient.id not in agreement.parties:",
        "if False:",
    ),
    "an agreement for housing is one for all": (
        questions.exceptions_and_agreements,
        "if question.thing.category not in agreement.categories:",
        "if False:",
    ),
    "an agreement is good for any purpose": (
        questions.exceptions_and_agreements,
        "return question.purpose in agreement.purposes",
        "return True",
    ),
    "two agreements under one id count": (
        questions.exceptions_and_agreements,
        ".count(agreement.id) > 1:",
        ".count(agreement.id) > 9:",
    ),
    "the first agreement is as good as any": (
        questions.exceptions_and_agreements,
        "if best is None or agreement.until > best.until:",
        "if best is None:",
    ),
    "what flows without her is in no accounting": (
        questions.exceptions_and_releases,
        "duties.add(Obligation.ACCOUNTING)",
        "pass",
    ),
    "discovery is not mentioned": (
        questions.recipient_duties,
        "if Duty.BRADY in recipient.duties:",
        "if False:",
    ),
    "a paper to somebody else will do": (
        questions.paper_edges,
        "        and paper.recipient == question.recipient.id\n",
        "",
    ),
    "a paper about somebody else will do": (
        questions.paper_edges,
        "        and paper.subject == question.thing.subject\n",
        "",
    ),
    "a paper opens what it does not name": (
        questions.paper_edges,
        "        and question.thing.category in paper.categories\n",
        "",
    ),
    "a paper counts an instant late": (
        questions.paper_edges,
        "paper.since <= question.at",
        "paper.since < question.at",
    ),
    "a paper holds an instant too long": (
        questions.paper_edges,
        "question.at < paper.until",
        "question.at <= paper.until",
    ),
    "two papers under one id count": (
        questions.paper_edges,
        "if ids.count(paper.id) == 1",
        "if ids.count(paper.id) >= 1",
    ),
    "what is sent outlives its paper": (
        questions.paper_edges,
        "min(until, question.at + timedelta(days=days))",
        "question.at + timedelta(days=days)",
    ),
    "what is sent lives as long as its paper": (
        questions.paper_edges,
        "min(until, question.at + timedelta(days=days))",
        "until",
    ),
    "totals are good for ever": (
        questions.paper_edges,
        "Representation.CELLS_SUPPRESSED), question, Level.FULL, days=365",
        "Representation.CELLS_SUPPRESSED), question, Level.FULL, days=9999",
    ),
    "a subpoena is a court order": (
        questions.paper_kinds,
        "ProcessKind.COURT_ORDER, ProcessKind.WARRANT):\n        if paper.counsel",
        "ProcessKind.COURT_ORDER, ProcessKind.WARRANT, ProcessKind.SUBPOENA):\n        if paper.counsel",
    ),
    "counsel need not look at an order": (
        questions.paper_kinds,
        "        if paper.counsel_reviewed:\n            yield (paper,)",
        "        if True:\n            yield (paper,)",
    ),
    "a court that has not ruled opens a privilege": (
        questions.paper_representations,
        "if paper.counsel_reviewed and written in paper.represented:",
        "if paper.counsel_reviewed:",
    ),
    "a Part 2 order needs no subpoena": (
        questions.paper_kinds,
        "                yield (order, subpoena)",
        "                yield (order, subpoena)\n            yield (order,)",
    ),
    "a Part 2 order needs no counsel": (
        questions.paper_kinds,
        "        if order.counsel_reviewed:",
        "        if True:",
    ),
    "a warrant is a ruling on a privilege": (
        questions.paper_kinds,
        "in of_kind(question, ProcessKind.COURT_ORDER):",
        "in of_kind(question, ProcessKind.COURT_ORDER, ProcessKind.WARRANT):",
    ),
    "one representation is as good as all": (
        questions.paper_representations,
        ("    for paper in of_kind(question, ProcessKind.FINDING):\n        if paper.represented >= set(written):"),
        "    for paper in of_kind(question, ProcessKind.FINDING):\n        if paper.represented & set(written):",
    ),
    "two of the three representations are enough": (
        questions.paper_representations,
        ("                    Representation.HARM_BY_WAITING,\n                    Representation.BEST_INTEREST,\n"),
        "                    Representation.HARM_BY_WAITING,\n",
    ),
    "a request is answered without what it must say": (
        questions.paper_representations,
        "    for paper in of_kind(question, kind):\n        if paper.represented >= set(written):",
        "    for paper in of_kind(question, kind):\n        if True:",
    ),
    "family hears although somebody suspects it": (
        questions.paper_representations,
        "on_a_finding(question, Representation.SHE_AGREES, harmless)",
        "on_a_finding(question, Representation.SHE_AGREES)",
    ),
    "an emergency need not be articulated": (
        questions.paper_representations,
        "Representation.IMMINENT_THREAT, Representation.THREAT_WRITTEN_DOWN)",
        "Representation.IMMINENT_THREAT)",
    ),
    "a review of deaths need not seek a release": (
        questions.paper_representations,
        "            Representation.RELEASE_SOUGHT,\n",
        "",
    ),
    "a student need not be told of a subpoena": (
        questions.paper_representations,
        "if paper.counsel_reviewed and Representation.SHE_WAS_NOTIFIED in paper.represented",
        "if paper.counsel_reviewed",
    ),
    "a school answers no subpoena": (
        questions.paper_kinds,
        "of_kind(question, ProcessKind.SUBPOENA, ProcessKind.COURT_ORDER, ProcessKind.WARRANT)",
        "of_kind(question, ProcessKind.COURT_ORDER, ProcessKind.WARRANT)",
    ),
    "anybody makes an elder's report": (
        questions.report_statutes,
        "(AgencyKind.HOSPITAL, AgencyKind.MENTAL_HEALTH, AgencyKind.COMMUNITY)",
        "(AgencyKind.HOUSING, AgencyKind.HOSPITAL, AgencyKind.MENTAL_HEALTH, AgencyKind.COMMUNITY)",
    ),
    "a statute nobody has read is one": (
        questions.report_statutes,
        "statute = STATUTES.get(paper.statute)",
        'statute = STATUTES.get(paper.statute, STATUTES["report-elder-care"])',
    ),
    "a program reports no adult": (
        questions.report_statutes,
        "yield from on(on_a_report(question, *about[1:]), question, Level.SUMMARY, fields)",
        "pass",
    ),
    "a lawyer reports": (
        questions.papers_by_duty,
        "    if duty is Duty.ATTORNEY_PRIVILEGE:\n        return ()",
        "    if False:\n        return ()",
    ),
    "a school reports the abuse of anybody": (
        questions.papers_by_duty,
        "        return (About.CHILD,)",
        "        return EVERYBODY_PROTECTED",
    ),
    "a report says all": (
        questions.single_facts,
        "        yield from on(on_a_report(question, *about), question, Level.SUMMARY, fields)",
        "        yield from on(on_a_report(question, *about), question, Level.FULL, fields)",
    ),
    "the police ask for DNA": (
        questions.single_facts,
        "        Field.DISTINGUISHING_MARKS,\n    }",
        "        Field.DISTINGUISHING_MARKS,\n        Field.DNA,\n    }",
    ),
    "seven of the eight facts": (
        questions.single_facts,
        "        Field.BLOOD_TYPE,\n        Field.INJURY_TYPE,\n        Field.TREATED_AT,",
        "        Field.INJURY_TYPE,\n        Field.TREATED_AT,",
    ),
    "a paper's own facts are not read": (
        questions.single_facts,
        "        if paper.fields:",
        "        if False:",
    ),
    "a statute's own facts are not read": (
        questions.single_facts,
        "        if paper.statute in STATUTES:",
        "        if False:",
    ),
    "a court hears for any purpose": (
        questions.papers_by_purpose,
        "    elif not is_for(question, Purpose.LEGAL_PROCESS):\n        return\n",
        "",
    ),
    "an order is obeyed toward anybody": (
        questions.papers_by_purpose,
        "    if goes_to_those_who_hear_a_court(question):",
        "    if True:",
    ),
    "the registry hears of injuries": (
        questions.papers_by_category,
        (
            "        and question.thing.category in (Category.LEGAL, Category.IDENTITY)\n"
            "    ):\n"
            "        yield from freely(question, Level.FULL"
        ),
        (
            "        and question.thing.category in (Category.LEGAL, Category.IDENTITY, "
            "Category.INJURIES)\n"
            "    ):\n"
            "        yield from freely(question, Level.FULL"
        ),
    ),
    "treatment is told to those under no law of health": (
        questions.papers_by_duty,
        "        and Duty.HIPAA in question.recipient.duties\n",
        "",
    ),
    "notes go along to those who treat": (
        questions.papers_by_category,
        "            Category.DOCUMENTS,\n        ):",
        "            Category.DOCUMENTS,\n            Category.NOTES,\n        ):",
    ),
    "a program's emergency opens everything": (
        questions.papers_by_category,
        "        if category is Category.NOTES:\n            yield from on(found",
        "        if True:\n            yield from on(found",
    ),
    "anybody's emergency is a program's": (
        questions.papers_by_duty,
        "    if duty is Duty.PART2:\n        yield from by_a_substance",
        "    if duty in (Duty.PART2, Duty.HIPAA):\n        yield from by_a_substance",
    ),
    "the defence gets what nobody found favourable": (
        questions.paper_representations,
        "on(on_a_finding(question, Representation.FAVOURABLE_MATERIAL)",
        "on(on_a_finding(question)",
    ),
    "the police tell an advocate unasked": (
        questions.paper_representations,
        "she_wants_it = on_a_finding(question, Representation.SHE_AGREES)",
        "she_wants_it = on_a_finding(question)",
    ),
    "an administrative request needs no counsel": (
        questions.paper_kinds,
        "(papers for papers in asked if papers[0].counsel_reviewed), question, Level.SUMMARY",
        "asked, question, Level.SUMMARY",
    ),
    "a subpoena needs no assurance of counsel": (
        questions.paper_kinds,
        "(papers for papers in asked if papers[0].counsel_reviewed), question, Level.FULL",
        "asked, question, Level.FULL",
    ),
    "a subpoena needs no assurance": (
        questions.paper_representations,
        "asked = on_a_request(question, ProcessKind.SUBPOENA, assurance)",
        "asked = on_a_request(question, ProcessKind.SUBPOENA)",
    ),
    "an order opens what the court has not unsealed": (
        questions.papers_and_keys,
        "on_a_court_order(question, Representation.UNSEALS)",
        "on_an_order_or_warrant(question)",
    ),
    "a therapist's note opens to no warning": (
        questions.papers_and_keys,
        "            *on_a_finding(question, Representation.IMMINENT_THREAT),\n",
        "",
    ),
    "an order opens a program's records": (
        questions.papers_and_keys,
        (
            "        opened = (\n"
            "            *on_a_part_2_order(question),\n"
            "            *on_a_report(question, About.CHILD),"
        ),
        (
            "        opened = (\n"
            "            *on_a_part_2_order(question),\n"
            "            *on_an_order_or_warrant(question),\n"
            "            *on_a_report(question, About.CHILD),"
        ),
    ),
    "an elder's report opens substance use": (
        questions.papers_and_keys,
        (
            "            *on_a_report(question, About.CHILD),\n"
            "            *on_a_finding(question, Representation.MEDICAL"
        ),
        (
            "            *on_a_report(question, About.CHILD, About.ELDER),\n"
            "            *on_a_finding(question, Representation.MEDICAL"
        ),
    ),
    "a privileged thing goes by any finding": (
        questions.papers_and_keys,
        "ruled = on_a_court_order(question, Representation.PRIVILEGE_RULED_ON)",
        "ruled = on_a_finding(question)",
    ),
    "a paper tells where a shelter is": (
        questions.papers_and_marks,
        "Key(Instrument.SHELTER_PERMISSION, A_SHELTERS_PERMISSION, authority=False)",
        "Key(Instrument.SHELTER_PERMISSION, A_SHELTERS_PERMISSION, tuple(on_an_order_or_warrant(question)))",
    ),
    "a criminal record goes on an order": (
        questions.papers_and_marks,
        "keys.append(Key(None, None))",
        "keys.append(Key(None, None, tuple(on_an_order_or_warrant(question))))",
    ),
    "single facts hide what is whole": (
        questions.papers_and_releases,
        "    whole = released > Level.NONE\n",
        "    whole = False\n",
    ),
    "what is permitted goes before what is compelled": (
        questions.papers_and_releases,
        "        (demanded, Basis.COMPELLED, True),\n        (permitted, Basis.EXCEPTION, False),\n",
        "        (permitted, Basis.EXCEPTION, False),\n        (demanded, Basis.COMPELLED, True),\n",
    ),
    "what one law compels and another permits stays": (
        questions.half_compelled,
        "    yield from compelled_under(duty, question)\n    yield from permitted_under(duty, question)\n",
        "    yield from permitted_under(duty, question)\n",
    ),
    "what one law compels is compelled for all": (
        questions.half_compelled,
        "(partly, Basis.EXCEPTION, True)",
        "(partly, Basis.COMPELLED, True)",
    ),
    "what one law compels brings no duties": (
        questions.half_compelled,
        "(partly, Basis.EXCEPTION, True)",
        "(partly, Basis.EXCEPTION, False)",
    ),
    "her never does not stop what one law only permits": (
        questions.half_compelled,
        "partly = None if never else what_is_let_out(",
        "partly = what_is_let_out(",
    ),
    "her never stops a court": (
        questions.papers_and_blocks,
        "demanded = what_is_let_out",
        "demanded = None if never else what_is_let_out",
    ),
    "her never stops no exception": (
        questions.papers_and_blocks,
        "permitted = None if never else what_is_let_out(question, keys, permitted_under, whole",
        "permitted = what_is_let_out(question, keys, permitted_under, whole",
    ),
    "a conflict yields to a court": (
        questions.papers_and_blocks,
        "if there_is_a_conflict(question, question.recipient) or",
        "if (not question.processes and there_is_a_conflict(question, question.recipient)) or",
    ),
    "she is told although that is unsafe": (
        questions.telling_her,
        "        if telling_is_unsafe:\n",
        "        if False:\n",
    ),
    "she is not told of a report": (
        questions.telling_her,
        "        elif compelled or question.purpose is Purpose.MANDATED_REPORT:",
        "        elif compelled:",
    ),
    "no safety steps are taken": (
        questions.telling_her,
        "duties.add(Obligation.SAFETY_STEPS)",
        "pass",
    ),
    "a school writes no threat down": (
        questions.telling_her,
        "duties.add(Obligation.WRITE_THREAT)",
        "pass",
    ),
    "a school keeps no record": (
        questions.papers_by_purpose,
        "duties.add(Obligation.FERPA_RECORD)",
        "pass",
    ),
    "the defence is on no list": (
        questions.papers_by_purpose,
        "duties.add(Obligation.DISCOVERY_LOG)",
        "pass",
    ),
    "totals are in her accounting": (
        questions.totals,
        "        if question.thing.relation is not Relation.NOBODY:\n            duties",
        "        if True:\n            duties",
    ),
    "small numbers go out": (
        questions.totals,
        "on_a_finding(question, Representation.CELLS_SUPPRESSED)",
        "on_a_finding(question)",
    ),
    "somebody is a total": (
        questions.totals,
        "if question.thing.relation is Relation.NOBODY and partners and for_the_whole:",
        "if partners and for_the_whole:",
    ),
    "totals go to the public": (
        questions.totals,
        "        AgencyKind.RESPONDENT,\n        AgencyKind.FAMILY,\n    )\n    for_the_whole",
        "        AgencyKind.FAMILY,\n    )\n    for_the_whole",
    ),
    "a shared database is a partner": (
        questions.bars,
        "        if recipient.kind is AgencyKind.HMIS:\n            return True\n",
        "",
    ),
    "the respondent hears where she is": (
        questions.bars,
        "        if hers and thing.category in (Category.CONTACT, Category.LOCATION):",
        "        if hers and thing.category in (Category.CONTACT,):",
    ),
    "the respondent hears where her child is": (
        questions.bars,
        "hers = thing.relation in (Relation.SELF, Relation.CHILD, Relation.HOUSEHOLD)",
        "hers = thing.relation in (Relation.SELF, Relation.HOUSEHOLD)",
    ),
    "the defence hears what she told the programme": (
        questions.bars,
        "(AgencyKind.INTERVENTION, AgencyKind.DEFENCE, AgencyKind.RESPONDENT)",
        "(AgencyKind.INTERVENTION, AgencyKind.RESPONDENT)",
    ),
    "an authorization for notes opens all": (
        questions.instruments,
        'faults.append("another instrument")',
        "pass",
    ),
    "any instrument opens a key": (
        questions.instruments,
        "if key.instrument is not None and release.instrument is not key.instrument:",
        "if False:",
    ),
    "a waiver of a privilege wants an end": (
        questions.instrument_elements,
        "keys.append(Key(Instrument.PRIVILEGE_WAIVER, A_WAIVER, tuple(ruled), authority=False))",
        "keys.append(Key(Instrument.PRIVILEGE_WAIVER, A_PART_2_CONSENT, tuple(ruled), authority=False))",
    ),
    "a waiver for an application is uninformed": (
        questions.instrument_elements,
        "A_WAIVER | {Element.INFORMED}",
        "A_WAIVER",
    ),
    "notes open without the warning": (
        questions.instrument_elements,
        "A_PART_2_CONSENT | {Element.NOT_A_CONDITION, Element.REDISCLOSURE}",
        "A_PART_2_CONSENT | {Element.NOT_A_CONDITION}",
    ),
    "an instrument asks for no authority": (
        questions.instrument_elements,
        "if key.authority and release.signer.role is not SignerRole.SELF",
        "if False and release.signer.role is not SignerRole.SELF",
    ),
    "a monitor's consent is for proceedings": (
        questions.instruments,
        "keys.append(Key(Instrument.CRIMINAL_JUSTICE, ",
        "keys.append(Key(Instrument.PROCEEDING, ",
    ),
    "she may never bind herself": (
        questions.fixed_consents,
        "        return max(release.withdrawn_at, release.fixed_until)\n",
        "        return release.withdrawn_at\n",
    ),
    "a fixed consent cannot be taken back at all": (
        questions.fixed_consents,
        "return max(release.withdrawn_at, release.fixed_until)",
        "return None",
    ),
    "any consent may bind her": (
        questions.fixed_consents,
        "release.instrument is Instrument.CRIMINAL_JUSTICE and question.purpose is Purpose.SUPERVISION",
        "True",
    ),
    "she may bind herself under any law": (
        questions.fixed_consents,
        "only_these = question.holder.duties <= {Duty.HIPAA, Duty.PART2}",
        "only_these = True",
    ),
    "the dead sign": (
        questions.signers,
        (
            "    if signer.dead and signer.role not in (SignerRole.NEXT_OF_KIN, "
            "SignerRole.REPRESENTATIVE):\n"
            "        return False\n"
        ),
        "",
    ),
    "kin sign for the living": (
        questions.signers,
        "if not signer.dead and signer.role is SignerRole.NEXT_OF_KIN:",
        "if False:",
    ),
    "a ward signs for herself": (
        questions.signers,
        "if signer.ward and signer.role is SignerRole.SELF and not signer.alone:",
        "if False:",
    ),
    "a guardian signs where she may alone": (
        questions.signers,
        "if signer.ward and signer.role is SignerRole.GUARDIAN and signer.alone:",
        "if False:",
    ),
    "anybody has a guardian": (
        questions.signers,
        "if signer.role is SignerRole.GUARDIAN and not signer.ward and not signer.minor:",
        "if False:",
    ),
    "housing asks for no end": (
        questions.elements,
        "wanted |= {Element.TIME_LIMITED, Element.DESCRIPTION, Element.RECIPIENT, Element.PURPOSE}",
        "pass",
    ),
    "no single fact is a summary of nothing": (
        questions.facts_of_two_papers,
        "        if way.fields is not None and not way.fields:\n            continue\n",
        "",
    ),
    "one law that lets it out is enough": (
        questions.papers_by_duty,
        "    for duty in question.holder.duties:\n        ways",
        "    for duty in sorted(question.holder.duties)[:1]:\n        ways",
    ),
}


@pytest.mark.parametrize("misreading", MISREADINGS)
def test_a_misreading_is_noticed(law: Law, misreading: str) -> None:
    """The second reading is able to fail: misread in one place, it no longer agrees where it agreed before."""
    group, words, wrong = MISREADINGS[misreading]
    text = READING.read_text(encoding="utf-8")
    assert text.count(words) == 1, "the misread words must be in the second reading, once"
    misread = ModuleType("misread")
    exec(compile(text.replace(words, wrong), misreading, "exec"), misread.__dict__)
    for question in group():
        answer = misread.answer(question)
        if answer != second_reading.answer(question):
            decision = decide(law, question)
            if disagreement(question, decision, answer):
                return
    pytest.fail("no question notices it")

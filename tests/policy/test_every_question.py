"""Every question of this slice, put to the engine and to the second reading of the law.

law.md, "How we know it is right", 1: level, relied release, duties and end agree for every question;
what the second reading says must be named among the needs is named; every rule fires somewhere; and
the comparison itself is able to fail.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
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


def the_law() -> Law:
    return parse({name: (POLICY / "laws" / name).read_text(encoding="utf-8") for name in documents("us-federal")})


def disagreement(question: Question, decision: Decision, read: second_reading.Answer) -> str:
    """What differs between the engine's decision and the second reading; empty when nothing does."""
    level, basis, relied, duties, needs, until = read
    if decision.level != level:
        return f"level: engine {decision.level.code}, second reading {level.code}"
    if decision.basis is not basis:
        return f"basis: engine {decision.basis}, second reading {basis}"
    if decision.relying_on != (() if relied is None else (relied,)):
        return f"relying on: engine {decision.relying_on}, second reading {relied}"
    if decision.duties != tuple(sorted(duties, key=ORDER.index)):
        return f"duties: engine {[*decision.duties]}, second reading {sorted(duties, key=ORDER.index)}"
    codes = {need.code for need in decision.needs}
    if not needs <= codes:
        return f"needs: engine {sorted(codes)}, second reading wants {sorted(needs)}"
    if ("agreement" in codes) is not ("agreement" in needs):
        return f"needs: engine {sorted(codes)}, second reading {sorted(needs)}"
    if level > Level.NONE and codes != needs:
        return f"needs on a yes: engine {sorted(codes)}, second reading {sorted(needs)}"
    if decision.until != until:
        return f"until: engine {decision.until}, second reading {until}"
    if decision.fields is not None:
        return f"fields: engine {decision.fields}, and no law of this slice names fields"
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
    """The whole run, once. Keeps at most three differences of each group."""
    result = Outcome()
    for group in questions.GROUPS:
        name = group.__name__
        levels: set[Level] = set()
        differences: list[tuple[str, Question]] = []
        asked = 0
        for question in group():
            asked += 1
            decision = decide(law, question)
            result.fired.update(because.rule for because in decision.because)
            result.laid.update(decision.duties)
            levels.add(decision.level)
            if len(differences) < 3:
                different = disagreement(question, decision, second_reading.answer(question))
                if different:
                    differences.append((different, question))
        result.asked[name], result.levels[name], result.differences[name] = asked, levels, differences
    print(f"\n{result.asked.total():,} questions: {dict(result.asked)}")
    return result


def test_there_are_as_many_questions_as_we_say(outcome: Outcome) -> None:
    assert 450_000 <= outcome.asked.total() <= 550_000


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
    assert imported <= {"__future__", "datetime", "typing", "accord.policy.facts", "accord.policy.words"}
    for path in POLICY.parent.rglob("*.py"):
        assert not re.search(r"^\s*(from|import)\s+tests\b", path.read_text(encoding="utf-8"), re.MULTILINE), path


#: One misreading each: the group that must notice it, the words of the second reading, the wrong words.
MISREADINGS = {
    "withdrawal is ignored": (questions.moments, "if release.withdrawn_at is not None and at", "if False and at"),
    "withdrawal closes an instant late": (questions.moments, "at >= release.withdrawn_at", "at > release.withdrawn_at"),
    "a later withdrawal closes now": (questions.moments, "not None and at >= release.withdrawn_at", "not None"),
    "a release lives one instant too long": (questions.moments, "at >= release.until:", "at > release.until:"),
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
    "nobody need explain a long release": (questions.moments, "and not release.long_because", "and False"),
    "a health record is capped too": (
        questions.moments,
        "if is_victim_service(question.holder) and is_long",
        "if is_long",
    ),
    "her release opens her child's": (questions.matching, "if release.subject != question.thing.subject:", "if False:"),
    "any holder's release will do": (questions.matching, "if release.holder != question.holder.id:", "if False:"),
    "any recipient's release will do": (
        questions.matching,
        "if release.recipient != question.recipient.id:",
        "if False:",
    ),
    "any purpose will do": (questions.matching, "if release.purpose is not question.purpose:", "if False:"),
    "a named person is not asked for": (questions.matching, 'if release.recipient_person != "" and', "if False and"),
    "any category will do": (questions.categories, "if grant.category is question.thing.category and", "if"),
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
        "        Element.TIME_LIMITED,\n    }\n    if release.signer.role is not SignerRole.SELF:",
        "        Element.TIME_LIMITED,\n    }\n    if False:",
    ),
    "the abuser may sign": (questions.signers, "if signer.abuser:", "if False:"),
    "a parent alone is enough for VAWA": (questions.signers, "both = (Duty.VAWA, ", "both = ("),
    "a parent speaks for a minor who may decide": (questions.signers, "    if signer.alone:\n", "    if False:\n"),
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
    "the participant may know": (questions.marks, "if Mark.VICTIM_CONTACT in", "if False and Mark.VICTIM_CONTACT in"),
    "a release opens a privileged thing": (questions.marks, "            Mark.PRIVILEGED,\n", ""),
    "a shelter's place goes by her release": (questions.marks, "if mark is Mark.SHELTER_LOCATION and", "if False and"),
    "her never is ignored": (questions.blocks, "        if toward_recipient and block", "        if False and block"),
    "a conflict is ignored": (
        questions.blocks,
        "question.recipient_person\n    subject = question.thing.subject\n    if subject in",
        "question.recipient_person\n    subject = question.thing.subject\n    if subject + subject in",
    ),
    "a conflict is ignored inside": (questions.inside_conflicts, "if touches_a_client(verb) and", "if False and"),
    "anyone may pull": (questions.no_pull, "if question.asker.id != question.holder.id:", "if False:"),
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
    "an agency under no stated law may send": (questions.holder_duties, "if not agency.duties:", "if False:"),
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
        "        Element.RIGHT_TO_REVOKE,\n        Element.TIME_LIMITED,\n    }",
        "        Element.TIME_LIMITED,\n    }",
    ),
    "substance use need not be named": (questions.substance_use, "| {Element.SUBSTANCE_USE}", "| set()"),
    "a prosecution is a purpose like any other": (
        questions.substance_use,
        "if question.purpose in (Purpose.INVESTIGATION, Purpose.PROSECUTION,",
        "if question.purpose in (Purpose.INVESTIGATION,",
    ),
    "no Part 2 notice goes along": (questions.substance_use, "duties.add(Obligation.PART2_NOTICE)", "pass"),
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
        "    return the_file_is_kept_from(question)\n",
        "    return False\n",
    ),
    "whoever is kept out adds herself": (
        questions.inside_conflicts,
        "touches_a_client(verb) and verb not in (Verb.ASSIGN_CLIENT, Verb.READ_KEPT)",
        "touches_a_client(verb) and verb not in (Verb.READ_KEPT,)",
    ),
    "a worker sets walls": (
        questions.inside_roles,
        "        Verb.MERGE_CLIENTS,\n    )",
        "        Verb.MERGE_CLIENTS,\n        Verb.WALL_CLIENT,\n    )",
    ),
    "a director takes a caseload out": (
        questions.inside_roles,
        "            Verb.APPROVE_EXPORT,\n        )\n    if role is Role.SYSTEM",
        "            Verb.EXPORT_CASELOAD,\n        )\n    if role is Role.SYSTEM",
    ),
    "an exception speaks for every holder of a kind": (
        questions.exceptions_by_duty,
        "return holder.kind is kind and holder.duties <= {*duties, Duty.NONE}",
        "return holder.kind is kind",
    ),
    "an exception opens a marked thing": (
        questions.exceptions_and_bars,
        "    if question.thing.marks:\n        return None\n",
        "",
    ),
    "the danger screen needs no agreement": (
        questions.exceptions,
        "if conditions_and_release(question):",
        "if conditions_and_release(question) or the_danger_screen(question):",
    ),
    "probation tells all": (
        questions.exceptions,
        "if the_police_report(question) or a_courts_order(question):",
        "if the_police_report(question) or a_courts_order(question) or conditions_and_release(question):",
    ),
    "the police report goes to the court": (
        questions.exceptions,
        "goes_to(question, AgencyKind.PROSECUTOR)",
        "goes_to(question, AgencyKind.PROSECUTOR, AgencyKind.COURT)",
    ),
    "orders go out for any purpose": (
        questions.exceptions,
        "(Purpose.SAFETY, Purpose.SUPERVISION, Purpose.PROTECTIVE_ORDER)",
        "list(Purpose)",
    ),
    "where she is goes along": (
        questions.exceptions,
        "return question.thing.category in (*categories, Category.IDENTITY)",
        "return question.thing.category in (*categories, Category.IDENTITY, Category.CONTACT)",
    ),
    "everything about who she is goes along": (
        questions.exceptions,
        "    if question.thing.category is Category.IDENTITY:\n        return Flow",
        "    if False:\n        return Flow",
    ),
    "an exception goes before her release": (
        questions.exceptions_and_releases,
        "if flow is not None and flow.level > released:\n        agreement",
        "if flow is not None and flow.level >= released:\n        agreement",
    ),
    "her release keeps a higher exception out": (
        questions.exceptions_and_releases,
        "if flow is not None and flow.level > released:\n        agreement",
        "if flow is not None and relied is None:\n        agreement",
    ),
    "a missing agreement is not said": (
        questions.exceptions_and_agreements,
        'lacking = frozenset({"agreement"})',
        "lacking = frozenset()",
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
        "frozenset({Obligation.LOG, Obligation.ACCOUNTING})",
        "frozenset({Obligation.LOG})",
    ),
    "discovery is not mentioned": (questions.recipient_duties, "if Duty.BRADY in recipient.duties:", "if False:"),
}


@pytest.mark.parametrize("misreading", MISREADINGS)
def test_a_misreading_is_noticed(law: Law, misreading: str) -> None:
    """The second reading is able to fail: misread in one place, it no longer agrees with the engine."""
    group, words, wrong = MISREADINGS[misreading]
    text = READING.read_text(encoding="utf-8")
    assert text.count(words) == 1, "the misread words must be in the second reading, once"
    misread = ModuleType("misread")
    exec(compile(text.replace(words, wrong), misreading, "exec"), misread.__dict__)
    assert any(disagreement(question, decide(law, question), misread.answer(question)) for question in group())

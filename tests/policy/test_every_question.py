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
from accord.policy.words import Level, Obligation
from tests.policy import questions, second_reading

POLICY = Path(accord.policy.__file__).parent
READING = Path(second_reading.__file__)
ORDER = list(Obligation)


def the_law() -> Law:
    return parse({path.name: path.read_text(encoding="utf-8") for path in sorted((POLICY / "laws").glob("*.toml"))})


def disagreement(question: Question, decision: Decision, read: second_reading.Answer) -> str:
    """What differs between the engine's decision and the second reading; empty when nothing does."""
    level, relied, duties, needs = read
    if decision.level != level:
        return f"level: engine {decision.level.code}, second reading {level.code}"
    if decision.relying_on != (() if relied is None else (relied,)):
        return f"relying on: engine {decision.relying_on}, second reading {relied}"
    if decision.duties != tuple(sorted(duties, key=ORDER.index)):
        return f"duties: engine {[*decision.duties]}, second reading {sorted(duties, key=ORDER.index)}"
    codes = {need.code for need in decision.needs}
    if not needs <= codes:
        return f"needs: engine {sorted(codes)}, second reading wants {sorted(needs)}"
    if level > Level.NONE and codes != needs:
        return f"needs on a yes: engine {sorted(codes)}, second reading {sorted(needs)}"
    ends = {
        min(release.until, release.withdrawn_at or release.until)
        for release in question.releases
        if release.id == relied
    }
    if decision.until != (ends.pop() if ends else None):
        return f"until: engine {decision.until}"
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
    assert 150_000 <= outcome.asked.total() <= 600_000


@pytest.mark.parametrize("group", [group.__name__ for group in questions.GROUPS])
def test_engine_and_second_reading_agree(outcome: Outcome, group: str) -> None:
    found = outcome.differences[group]
    assert not found, "\n\n".join(f"{different}\n  {question}" for different, question in found)


@pytest.mark.parametrize("group", [group.__name__ for group in questions.GROUPS])
def test_every_group_meets_a_no_and_a_yes(outcome: Outcome, group: str) -> None:
    assert Level.NONE in outcome.levels[group]
    assert len(outcome.levels[group]) > 1


def test_every_rule_fires(law: Law, outcome: Outcome) -> None:
    """A rule that never fires is dead or never asked about. A rule of duty shapes `duties`, not `because`."""
    of_duty = {rule.id: rule.obligation for rule in law.rules.values() if rule.obligation is not None}
    assert len(set(of_duty.values())) == len(of_duty), "two rules lay the same duty: which of them fired cannot be seen"
    laid = {id for id, obligation in of_duty.items() if obligation in outcome.laid}
    assert outcome.fired | laid == set(law.rules)


def test_the_second_reading_is_written_apart() -> None:
    """It knows the words and the shapes, and nothing of the engine; nothing in accord knows it."""
    tree = ast.parse(READING.read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= {"__future__", "datetime", "accord.policy.facts", "accord.policy.words"}
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
    "elements are not asked for": (questions.elements, "- release.elements:", "- set(Element):"),
    "authority is not asked for": (questions.elements, "wanted.add(Element.AUTHORITY)", "pass"),
    "the abuser may sign": (questions.signers, "if signer.abuser:", "if False:"),
    "a parent alone is enough for VAWA": (
        questions.signers,
        "return Duty.VAWA not in holder.duties and Duty.FVPSA",
        "return Duty.FVPSA",
    ),
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
    "her never is ignored": (questions.blocks, "        if toward_recipient:\n", "        if False:\n"),
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
    "an unknown law is no law": (questions.holder_duties, "if Duty.ATTORNEY_PRIVILEGE in duties or", "if"),
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

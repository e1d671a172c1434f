"""The law as a page. A lawyer reviews `docs/law.md`, not code; both come from the same data."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from accord.policy.conditions import CONDITIONS, Clause, Value
from accord.policy.law import DEFAULT_DENY, NO_PULL, Law, LawError, Layer, Party, Rule, Step
from accord.policy.words import Category, Duty, Element, Purpose, Verb

#: The page in the order in which the law is applied: step, heading, what the step does.
CHAPTERS: tuple[tuple[Step, str, str], ...] = (
    (Step.DEFAULT, "Where nothing else speaks", "These hold before and after everything else."),
    (
        Step.OWN,
        "Inside one's own agency",
        "What a role may do with its own agency's records. Somebody with several roles may do what any of them may.",
    ),
    (Step.BAR, "Absolute bars", "Nothing lifts these: no release, no agreement, no paper."),
    (
        Step.KEY,
        "What only its own instrument opens",
        (
            "An ordinary release never opens these. Where a rule says what the instrument must have, a release that "
            "has all of it is that instrument."
        ),
    ),
    (
        Step.RELEASE,
        "Her release",
        (
            "One release must name her, this holder, this recipient, this purpose and this category, and be alive at "
            "the moment: signed, not ended, not taken back. Each release is judged alone; releases never merge. Every "
            "law the holder is under asks for its elements, so a release under two laws needs the union."
        ),
    ),
    (Step.SIGNER, "Who may sign", "Where one of these applies, the signature is worth nothing."),
    (Step.LENGTH, "How long a release may be", "Where one of these applies, the release opens nothing."),
    (
        Step.EXCEPTION,
        "Exceptions: what may be sent without her release",
        (
            "The holder may send this, and need not. All the laws the holder is under must be among those the rule "
            "names: the strictest wins; no rule may name VAWA, VOCA, FVPSA, HIPAA, Part 2, FERPA or a privilege. A "
            "marked thing is never opened by an exception. Where her release opens as much, her release is relied on: "
            "it has her own end, and she can take it back. Where the exception opens more, its level counts. Bars, "
            "keys, blocks and conflicts close all of this."
        ),
    ),
    (
        Step.AGREEMENT,
        "Agreements",
        (
            "An agreement only narrows: it opens what a rule above lets flow under an agreement, and nothing else; "
            "what was sent ends when the agreement does. Her release does not rest on agreements. What the law lets "
            "flow without one is not touched by an agreement about something else: otherwise to end an agreement "
            "would open something. One that is suspended or past its review counts as none; so do two under one id."
        ),
    ),
    (Step.BLOCK, "Blocks and conflicts", "These close the door however good the release is."),
    (Step.DUTY, "Duties of a yes", "What has to be done when something is sent."),
)

PARTIES = {
    Party.RECIPIENT: "the recipient",
    Party.RECIPIENT_PERSON: "the person who receives",
    Party.MEMBER: "the member who asks",
    Party.SUBJECT: "the person the record is about",
}

INTRODUCTION = """\
# The law, as this program applies it

Generated from `accord/policy/laws/*.toml`; do not edit. This page is for review by a lawyer; it is not legal advice.
*Unverified* means: written at least in part from general knowledge, the official text has still to be read again.
*Verified* means: read in the sources named, or decided by us. Effective dates are working values, none is checked yet.
Sources: [S:n] read in source n of the facts, [G] general knowledge, [D] our own choice.

A question is answered in this order; the first step that closes answers, and what no rule allows is not allowed.
Papers (subpoenas, orders, requests) open nothing yet: they ask for counsel.
"""


def law_page(law: Law) -> str:
    """The text of docs/law.md: every rule in the order of its application."""
    parts = [INTRODUCTION, f"Documents: {', '.join(law.titles)}.\n", _review(law)]
    for step, heading, about in CHAPTERS:
        rules = [rule for rule in law.rules.values() if rule.step is step]
        if rules:
            parts.append(f"## {heading}\n\n{about}\n")
            parts.extend(f"### `{rule.id}`\n\n{_body(law, rule)}" for rule in rules)
    return "\n".join(parts)


def explain(law: Law, rule_id: str) -> str:
    """One rule as text: sentence, source, dates, conditions in plain words. Raises LawError if there is none."""
    rule = law.rules.get(rule_id)
    if rule is None:
        raise LawError(f"there is no rule {rule_id!r}; known are: {', '.join(sorted(law.rules))}")
    return f"{rule.id}\n\n{_body(law, rule)}"


def _review(law: Law) -> str:
    waiting = [rule.id for rule in law.rules.values() if rule.verified_on is None]
    return f"{len(law.rules)} rules, {len(waiting)} of them unverified: {', '.join(f'`{name}`' for name in waiting)}.\n"


def _body(law: Law, rule: Rule) -> str:
    lines = [
        f"**{rule.sentence}**",
        "",
        f"- Citation: {rule.citation}",
        f"- {_dates(rule)}",
        f"- Source: {rule.source}",
    ]
    if rule.layer is not Layer.BASE or rule.replaces:
        replaces = f", in place of `{rule.replaces}`" if rule.replaces else ""
        lines.append(f"- Layer: {rule.layer}{replaces}")
    lines += [f"- {line}" for line in _details(law, rule)]
    return "\n".join(lines) + "\n"


def _dates(rule: Rule) -> str:
    verified = f"verified on {rule.verified_on}" if rule.verified_on else "**unverified**"
    until = f" until {rule.until}" if rule.until else ""
    return f"Effective from {rule.effective}{until}; {verified}"


def _details(law: Law, rule: Rule) -> list[str]:
    match rule.step:
        case Step.DEFAULT:
            return {
                DEFAULT_DENY: [
                    "Applies when no other rule answers, and when a fact is missing, unknown or contradictory"
                ],
                NO_PULL: ["Applies when the agency that asks is not the agency that holds"],
            }.get(rule.id, [])
        case Step.OWN:
            lines = [
                f"For {law.word(purpose)}: {_list(law.word(verb) for verb in Verb if verb in rule.may[purpose])}"
                for purpose in Purpose
                if purpose in rule.may
            ]
            return [*lines, "May send what a release or an exception opens"] if rule.discloses else lines
        case Step.RELEASE:
            lines = [
                f"For a holder under: {_list(law.word(duty) for duty in Duty if duty in rule.duties)}",
                f"The release must have: {_elements(law, rule.elements)}",
            ]
            more = rule.elements_if_not_self
            return [*lines, f"If somebody signs for her, also: {_elements(law, more)}"] if more else lines
        case Step.EXCEPTION:
            opens = (f"{law.word(each)} ({rule.opens[each].code})" for each in Category if each in rule.opens)
            return [
                f"Only for a holder under: {_list(law.word(duty) for duty in Duty if duty in rule.duties)}",
                *_when(law, rule),
                f"Opens: {_list(opens)}",
                f"For: {_list(law.word(purpose) for purpose in Purpose if purpose in rule.purposes)}",
                "Only under an agreement in force; what was sent ends with it"
                if rule.agreement
                else f"What was sent ends after {rule.days} days",
            ]
        case Step.AGREEMENT:
            return ["Applies to exceptions that say: only under an agreement in force"]
        case Step.KEY:
            return [*_when(law, rule), f"When refused: {rule.need}", *_instrument(law, rule)]
        case Step.BLOCK:
            return [
                f"Against: {_list(words for party, words in PARTIES.items() if party in rule.against)}",
                f"Closes: {_list(law.word(verb) for verb in Verb if verb in rule.verbs)}",
                f"When refused: {rule.need}",
            ]
        case Step.DUTY:
            assert rule.obligation is not None
            return [f"Duty: {law.word(rule.obligation)}", *_when(law, rule)]
        case _:
            return [*_when(law, rule), f"When refused: {rule.need}"]


def _instrument(law: Law, rule: Rule) -> list[str]:
    if not rule.elements:
        return ["No release opens it"]
    lines = [f"Opened by a release that has: {_elements(law, rule.elements)}"]
    more = rule.elements_if_not_self
    return [*lines, f"If somebody signs for her, also: {_elements(law, more)}"] if more else lines


def _when(law: Law, rule: Rule) -> list[str]:
    if not any(clause.facts for clause in rule.when):
        return ["Applies always"]
    return [
        f"{'Applies' if index == 0 else 'Or applies'} when {_clause(law, clause)}"
        for index, clause in enumerate(rule.when)
    ]


def _clause(law: Law, clause: Clause) -> str:
    return ", and ".join(_condition(law, name, value) for name, value in clause.facts)


def _condition(law: Law, name: str, value: Value) -> str:
    words = CONDITIONS[name].words
    if isinstance(value, bool):
        return words[0] if value else words[1]
    if isinstance(value, int):
        return words[0].format(value)
    kind: type[StrEnum] = type(next(iter(value)))
    return words[0].format(" or ".join(law.word(code) for code in kind if code in value))


def _elements(law: Law, elements: frozenset[Element]) -> str:
    return "; ".join(law.word(element) for element in Element if element in elements)


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)

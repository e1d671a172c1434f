"""The law as a page. A lawyer reviews `docs/law.md`, not code; both come from the same data."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from accord.policy.conditions import CONDITIONS, Clause, Value
from accord.policy.law import DEFAULT_DENY, NO_PULL, Law, LawError, Layer, PaperLaw, Party, Rule, Step
from accord.policy.words import (
    About,
    AgencyKind,
    Category,
    Duty,
    Element,
    Field,
    ProcessKind,
    Purpose,
    Representation,
    Verb,
)

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
            "An ordinary release never opens these. Where a rule names an instrument, that instrument with all it "
            "must have opens it, and it opens nothing else: instruments are never combined. Where a rule names "
            "papers, one of them on file lets what a statute, a court or an exception opens go through."
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
        Step.COMPELLED,
        "What a statute or a court compels",
        (
            "The holder must send this. A paper on file must name her, the recipient and the category, and hold at "
            "the moment; each law the holder is under must let it out, so the strictest wins: the lowest level, and "
            "of single facts only those that every rule, the paper and its statute name. Where her release opens as "
            "much, her release is relied on. Her own never yields to this; a conflict of interest does not."
        ),
    ),
    (
        Step.REPORT,
        "Reports that a statute demands",
        "Who must report what to whom, and how soon. A report rests on one of these, or opens nothing.",
    ),
    (
        Step.EXCEPTION,
        "Exceptions: what may be sent without her release",
        (
            "The holder may send this, and need not. Each law the holder is under must let it out, as above; what one "
            "of them compels and another only permits goes out as an exception, with the duties of both. A "
            "victim service provider gives nothing but totals, and what a fatality review needs of somebody who has "
            "died. Where her release opens as much, her release is relied on: it has her own end, and she can take "
            "it back. Where the exception opens more, its level counts. Bars, keys, blocks and conflicts close all "
            "of this."
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
A paper that is there and opens nothing asks for counsel.
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
        case Step.COMPELLED | Step.EXCEPTION:
            return [
                f"For a holder under: {_list(law.word(duty) for duty in Duty if duty in rule.duties)}",
                *_when(law, rule),
                *_papers(law, rule.papers, "On file must be"),
                f"Opens: {_opens(law, rule)}",
                *([f"Of these only: {_fields(law, rule.fields)}"] if rule.fields is not None else []),
                f"For: {_list(law.word(purpose) for purpose in Purpose if purpose in rule.purposes)}",
                "Only under an agreement in force; what was sent ends with it"
                if rule.agreement
                else f"What was sent ends after {rule.days} {'day' if rule.days == 1 else 'days'}, and with its papers",
            ]
        case Step.REPORT:
            assert rule.report is not None
            one = rule.report
            return [
                f"Protects: {law.word(one.about)}",
                f"Reported by: {_list(law.word(kind) for kind in AgencyKind if kind in one.reporters)}",
                f"To: {_list(law.word(kind) for kind in AgencyKind if kind in one.to)}",
                f"May say: {_fields(law, one.fields)}",
                f"By word within {one.oral_hours} hours, in writing within {one.written_hours} hours",
                *(["Not by whoever is under an advocate's privilege"] if one.exempts_advocates else []),
            ]
        case Step.AGREEMENT:
            return ["Applies to exceptions that say: only under an agreement in force"]
        case Step.KEY:
            return [*_when(law, rule), f"When refused: {rule.need}", *_instrument(law, rule)]
        case Step.BLOCK:
            return [
                f"Against: {_list(words for party, words in PARTIES.items() if party in rule.against)}",
                f"Closes: {_list(law.word(verb) for verb in Verb if verb in rule.verbs)}",
                *(["Yields to what a statute or a court compels"] if rule.yields else []),
                f"When refused: {rule.need}",
            ]
        case Step.DUTY:
            assert rule.obligation is not None
            return [f"Duty: {law.word(rule.obligation)}", *_when(law, rule)]
        case _:
            return [*_when(law, rule), f"When refused: {rule.need}"]


def _instrument(law: Law, rule: Rule) -> list[str]:
    papers = _papers(law, rule.papers, "Let through by")
    if not (rule.elements or rule.instrument):
        return ["No release opens it", *papers]
    what = "a release" if rule.instrument is None else law.word(rule.instrument)
    lines = [f"Opened by {what} that has: {_elements(law, rule.elements)}"]
    if rule.elements_if_not_self:
        lines.append(f"If somebody signs for her, also: {_elements(law, rule.elements_if_not_self)}")
    if rule.fixed_for:
        duties = _list(law.word(duty) for duty in Duty if duty in rule.fixed_for)
        lines.append(f"It may bind her until a day named in it, where the holder is under nothing but: {duties}")
    return [*lines, *papers]


def _papers(law: Law, papers: Iterable[PaperLaw], start: str) -> list[str]:
    """One line for each paper that is enough."""
    lines = []
    for index, one in enumerate(papers):
        words = [" or ".join(law.word(kind) for kind in ProcessKind if kind in one.kinds)]
        if one.beside:
            words.append("beside it " + " or ".join(law.word(kind) for kind in ProcessKind if kind in one.beside))
        if one.statute:
            words.append(
                "resting on a report statute about " + " or ".join(law.word(a) for a in About if a in one.statute)
            )
        if one.counsel:
            words.append("looked at by counsel")
        words += [f"written down: {law.word(each)}" for each in Representation if each in one.represented]
        lines.append(f"{start if index == 0 else 'Or'}: {'; '.join(words)}")
    return lines


def _opens(law: Law, rule: Rule) -> str:
    """How much of what: everything in one word where it is everything."""
    levels = set(rule.opens.values())
    if len(levels) == 1 and len(rule.opens) == len(Category):
        return (
            f"everything the paper names ({levels.pop().code})" if rule.papers else f"everything ({levels.pop().code})"
        )
    return _list(f"{law.word(each)} ({rule.opens[each].code})" for each in Category if each in rule.opens)


def _fields(law: Law, fields: Iterable[Field]) -> str:
    return _list(law.word(field) for field in Field if field in frozenset(fields))


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

"""The data of the law, sabotaged: every rule of the federal law and of the house dropped, every effect flipped, every
list one shorter or longer, every threshold one off. The second reading must notice each of them.

What is asked about each rule is built from the rule itself (`asked_of_a_rule`), so that all of it takes minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import Any
from unittest.mock import patch

import pytest

from accord.policy.conditions import ALWAYS, Clause, clause
from accord.policy.decide import decide
from accord.policy.facts import Question
from accord.policy.law import NEEDED, Law, LawError, PaperLaw, Report, Rule, Step, _compile
from accord.policy.words import (
    VICTIM_SERVICE_DUTIES,
    About,
    AgencyKind,
    BlockKind,
    Category,
    Duty,
    Element,
    Field,
    Level,
    Mark,
    Purpose,
    Verb,
)
from tests.policy import questions, second_reading
from tests.policy.asked_of_a_rule import asked_of
from tests.policy.test_every_question import disagreement, the_law

#: After every question.
TOMORROW = date(2100, 1, 1)
#: The mutants of one rule in so many are tried in the usual run; `make prove` tries those of all.
SAMPLE = 30
#: Statutes of no state, one about each kind of person: everybody tells everybody everything, so that nothing but the
#: rule that rests on one narrows what is told. The federal two name exactly what these rules do.
MADE_UP = {
    f"report-about-{about.replace('_', '-')}": second_reading.Statute(
        about, tuple(AgencyKind), tuple(AgencyKind), frozenset(Field)
    )
    for about in About
}


@dataclass(frozen=True)
class Mutant:
    """One rule made wrong; None: left out."""

    rule: str
    name: str
    broken: Rule | None

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


def law_of(law: Law, rules: dict[str, Rule]) -> Law:
    """The law with these rules, compiled as the loader does. Raises LawError for what contradicts itself."""
    days = sorted({day for rule in rules.values() for day in (rule.effective, rule.until) if day is not None})
    asked = [day for day in days if date(2026, 1, 1) <= day <= date(2028, 1, 1)]
    return replace(
        law,
        rules=rules,
        edges=tuple(datetime.combine(day, time(), questions.SIGNED.tzinfo) for day in asked),
        tables=tuple(_compile(rules, day) for day in [date(2026, 1, 1), *asked]),
    )


# ------------------------------------------------------------------ what can be made wrong


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Every way to make one rule wrong."""
    if rule.id not in NEEDED:
        yield Mutant(rule.id, "dropped", None)
        yield Mutant(rule.id, "only from tomorrow", replace(rule, effective=TOMORROW))
    for name, changes in _changes(rule):
        yield Mutant(rule.id, name, replace(rule, **changes))


def _changes(rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _effects(rule)
    if rule.step in (Step.BAR, Step.KEY, Step.SIGNER, Step.LENGTH, Step.COMPELLED, Step.EXCEPTION, Step.DUTY):
        for name, when in _whens(rule.when):
            yield name, {"when": when}
    for field in ("elements", "verbs", "against", "duties"):
        for name, value in _one_off(getattr(rule, field)):
            yield f"{field} {name}", {field: value}
    if rule.elements_if_not_self:
        yield "nothing more of whoever signs for her", {"elements_if_not_self": frozenset()}
        for name, value in _one_off(rule.elements_if_not_self):
            if value.isdisjoint(rule.elements):
                yield f"of whoever signs for her, {name}", {"elements_if_not_self": value}
    for name, papers in _papers(rule.papers):
        yield name, {"papers": papers}
    if rule.step in (Step.COMPELLED, Step.EXCEPTION):
        yield from _openings(rule)
    if rule.report is not None:
        for field in ("reporters", "to", "fields"):
            for name, value in _one_off(getattr(rule.report, field)):
                yield f"{field} {name}", {"report": replace(rule.report, **{field: value})}
        exempts = not rule.report.exempts_advocates
        yield "advocates exempt, or not", {"report": replace(rule.report, exempts_advocates=exempts)}
        for about in About:
            if about is not rule.report.about:
                yield f"about {about}", {"report": replace(rule.report, about=about)}


def _effects(rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    """The effect itself, turned round."""
    match rule.step:
        case Step.BAR:
            yield "a bar that a release opens", {"step": Step.KEY, "elements": frozenset({Element.WRITTEN})}
        case Step.KEY:
            yield "a key that nothing opens", {"step": Step.BAR}
            if rule.instrument is not None:
                yield "any instrument opens it", {"instrument": None}
            if not rule.elements:
                yield "a release opens it", {"elements": frozenset({Element.WRITTEN})}
            for duty in Duty:
                yield f"fixed for {duty}, or not", {"fixed_for": rule.fixed_for ^ {duty}}
        case Step.COMPELLED:
            yield "compelled no more but allowed", {"step": Step.EXCEPTION}
        case Step.EXCEPTION:
            yield "compelled, not only allowed", {"step": Step.COMPELLED}
        case Step.BLOCK:
            yield "yields, or not", {"yields": not rule.yields}
            for kind in BlockKind:
                if kind is not rule.block:
                    yield f"a block of kind {kind}", {"block": kind}


def _whens(when: tuple[Clause, ...]) -> Iterator[tuple[str, tuple[Clause, ...]]]:
    """Clauses and conditions dropped, codes dropped and added, thresholds moved."""
    for place, one in enumerate(when):
        rest = (*when[:place], *when[place + 1 :])
        if rest:
            yield f"without clause {place + 1}", rest

        def other(facts: Iterable[tuple[str, Any]], place: int = place) -> tuple[Clause, ...]:
            return (*when[:place], clause(facts), *when[place + 1 :])

        for name, value in one.facts:
            left = tuple(fact for fact in one.facts if fact[0] != name)
            yield f"clause {place + 1} without {name}", other(left) if left else ALWAYS
            if isinstance(value, bool):
                yield f"clause {place + 1} with {name} turned round", other((*left, (name, not value)))
            elif isinstance(value, int):
                for days in (value - 1, value + 1):
                    yield f"clause {place + 1}: {name} {days}", other((*left, (name, days)))
            else:
                for code, codes in _one_off(value):
                    yield f"clause {place + 1}: {name} {code}", other((*left, (name, codes)))


def _one_off(codes: frozenset[Any]) -> Iterator[tuple[str, frozenset[Any]]]:
    """Each code dropped, where another is left, and each other one added; a list that is empty says nothing."""
    if len(codes) > 1:
        yield from ((f"without {code}", codes - {code}) for code in sorted(codes))
    for code in type(min(codes)) if codes else ():
        if code not in codes:
            yield f"with {code} too", codes | {code}


def _papers(papers: tuple[PaperLaw, ...]) -> Iterator[tuple[str, tuple[PaperLaw, ...]]]:
    if papers:
        yield "without papers", ()
    for place, one in enumerate(papers):
        before, after, name = papers[:place], papers[place + 1 :], f"paper {place + 1}"
        if len(papers) > 1:
            yield f"without {name}", (*before, *after)
        changes: list[tuple[str, dict[str, Any]]] = [
            (f"{field} {code}", {field: codes})
            for field in ("kinds", "beside", "represented", "statute")
            for code, codes in _one_off(getattr(one, field))
        ]
        changes += [(f"no {field}", {field: frozenset()}) for field in ("beside", "represented", "statute")]
        changes.append(("looked at by counsel, or not", {"counsel": not one.counsel}))
        for what, fields in changes:
            changed = replace(one, **fields)
            if changed != one:
                yield f"{name} {what}", (*before, changed, *after)


def _openings(rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    whole = len(rule.opens) == len(Category) and len(set(rule.opens.values())) == 1
    for step, words in ((1, "more"), (-1, "less")):
        moved = {each: Level(level + step) for each, level in rule.opens.items() if 0 <= level + step <= Level.FULL}
        if whole and moved:
            yield f"everything, one level {words}", {"opens": {each: lv for each, lv in moved.items() if lv}}
        if not whole:
            for each, level in moved.items():
                changed = {**rule.opens, each: level}
                yield f"{each}, one level {words}", {"opens": {one: lv for one, lv in changed.items() if lv}}
    for purpose in Purpose:
        if purpose in rule.purposes:
            yield f"not for {purpose}", {"purposes": rule.purposes - {purpose}}
        else:
            yield f"also for {purpose}", {"purposes": rule.purposes | {purpose}}
    for category in Category:
        if category not in rule.opens:
            yield f"{category} too", {"opens": {**rule.opens, category: Level.EXISTENCE}}
    if rule.agreement:
        yield "under no agreement", {"agreement": False, "days": 365}
    else:
        yield "only under an agreement", {"agreement": True, "days": 0}
        for days in (rule.days - 1, rule.days + 1):
            if days:
                yield f"for {days} days", {"days": days}
    if rule.fields is not None:
        yield "all facts", {"fields": None}
        for field in Field:
            if rule.fields ^ {field}:
                yield f"{field}, or not", {"fields": rule.fields ^ {field}}


# ------------------------------------------------------------------ what makes no difference

NOT_LOADED = "a holder under a law that is not loaded sends nothing at all"
BARRED = "whoever runs the platform receives nothing at all"
NEVER_OPENS = "nothing opens a criminal history"
NO_INSTRUMENT = "she binds herself by the instrument a key asks for, and this one asks for none"
SAID_ALREADY = "another rule lets as much out under this law on the same paper"
PLAIN = {Duty.BRADY, Duty.CJIS, Duty.COURT_RECORDS, Duty.PROTECTIVE_RECORDS, Duty.HOUSING, Duty.NONE}
REPORTING = VICTIM_SERVICE_DUTIES | {Duty.HIPAA, Duty.ADVOCATE_PRIVILEGE, Duty.THERAPIST_PRIVILEGE} | PLAIN
#: For these laws another rule opens whatever this one would.
SAYS_AS_MUCH: dict[str, frozenset[Duty] | set[Duty]] = {
    "vsp-court-order": PLAIN | {Duty.HIPAA},
    "plain-court-order": VICTIM_SERVICE_DUTIES | {Duty.HIPAA},
    "privilege-court-order": PLAIN | VICTIM_SERVICE_DUTIES | {Duty.HIPAA},
    "vsp-report": REPORTING | {Duty.PART2},
    "hipaa-report": REPORTING | {Duty.PART2},
    "privilege-report": REPORTING | {Duty.PART2},
    "plain-report": REPORTING | {Duty.PART2},
    "part2-adult-report": REPORTING,
    "ferpa-report": REPORTING | {Duty.PART2},
    "hipaa-premises": {Duty.PART2},
}
#: Nothing goes out for these without her release, but what is compelled.
ASKS_FOR_HER = (
    Purpose.OWN_SERVICE,
    Purpose.SHELTER,
    Purpose.ADVOCACY,
    Purpose.LEGAL_HELP,
    Purpose.HOUSING,
    Purpose.EDUCATION,
    Purpose.COMPENSATION,
    Purpose.RECORDS_REQUEST,
    Purpose.ADMINISTRATION,
)
ALIKE_BY_NAME = {
    "break-glass: dropped": "the gate names this rule; no decision rests on it",
    "break-glass: only from tomorrow": "the gate names this rule; no decision rests on it",
    "totals: duties without uk_gdpr": NOT_LOADED,
    "report-elder-care: about vulnerable_adult": "every rule that a report about the one opens opens on the other",
    "part2-premises: without papers": "the key of proceedings rests on the same finding",
    "part2-adult-report: paper 1 statute with child too": "the report about a child tells more",
    "bar-funder: clause 1: recipient_kind with hmis too": "the bar against such databases says the same",
    "bar-hmis: clause 1: recipient_kind with funder too": "the bar against funders says the same",
    "key-psychotherapy: clause 1: mark with sealed too": "only an order opens what is sealed, and it opens this key",
    "signer-ward: clause 3: signer_role with parent too": "a parent signs for no adult",
    "key-shelter-location: elements with not_a_condition too": "its laws ask it of any release",
    **{
        f"{paper} kinds with {kind} too": "what counsel has seen of a court is obeyed, and opens as much"
        for paper in ("hipaa-administrative-request: paper 1", "hipaa-subpoena: paper 1", "hipaa-subpoena: paper 2")
        for kind in ("court_order", "warrant")
    },
    **{
        f"{duty}: clause 2: mark with sealed too": "no release opens what is sealed"
        for duty in ("duty-part2-notice", "duty-attach-consent")
    },
    **{
        f"block-never-share: verbs with {verb} too": "only a disclosure has a recipient to be against"
        for verb in Verb
        if verb is not Verb.DISCLOSE
    },
    **{
        f"key-shelter-location: fixed for {duty}, or not": "who is under this law alone is under none of the key's"
        for duty in Duty
        if duty not in VICTIM_SERVICE_DUTIES
    },
    **{
        f"duty-tell-her: clause 2: purpose with {purpose} too": "nothing goes out for it but released or compelled"
        for purpose in ASKS_FOR_HER
    },
    **{
        f"{report}: to with {kind} too": "without her release they receive nothing from whoever reports"
        for report in ("report-elder-care", "report-child-federal")
        for kind in (AgencyKind.OPERATOR, AgencyKind.REGISTRY, AgencyKind.RESPONDENT)
    },
}


@cache
def alike() -> dict[str, str]:
    """Mutants that change no answer, each with the reason."""
    found = dict(ALIKE_BY_NAME)
    for rule in tried():
        for place, one in enumerate(rule.when, 1):
            for name, code, reason in (
                ("recipient_kind", AgencyKind.OPERATOR, BARRED),
                ("holder_duty", Duty.UK_GDPR, NOT_LOADED),
                ("mark", Mark.CRIMINAL_HISTORY, NEVER_OPENS),
            ):
                # That a bar closes it, and no key, is another answer: nothing opens it then.
                barred = rule.step is Step.BAR and name == "mark"
                if code not in dict(one.facts).get(name, {code}) and not barred:
                    found[f"{rule.id}: clause {place}: {name} with {code} too"] = reason
        if rule.step in (Step.COMPELLED, Step.EXCEPTION) and Duty.UK_GDPR not in rule.duties:
            found[f"{rule.id}: duties with uk_gdpr too"] = NOT_LOADED
        for duty in SAYS_AS_MUCH.get(rule.id, frozenset()) - rule.duties:
            found[f"{rule.id}: duties with {duty} too"] = SAID_ALREADY
        if rule.step is Step.KEY:
            for duty in Duty if rule.instrument is None else (Duty.UK_GDPR,):
                reason = NO_INSTRUMENT if rule.instrument is None else NOT_LOADED
                found[f"{rule.id}: fixed for {duty}, or not"] = reason
    return found


# ------------------------------------------------------------------ who notices


@cache
def sound() -> Law:
    """The law, and the statutes that are made up."""
    law = the_law()
    federal = law.rules["report-child-federal"]
    rules = dict(law.rules)
    for id, (about, reporters, to, fields) in MADE_UP.items():
        because = replace(federal.because, rule=id)
        report = Report(because, about, frozenset(reporters), frozenset(to), fields, 1, 1, exempts_advocates=False)
        rules[id] = replace(federal, id=id, report=report)
    return law_of(law, rules)


@lru_cache(maxsize=1)
def asked(id: str) -> list[tuple[Question, second_reading.Answer]]:
    """What is asked about a rule, with what the second reading says. Law and reading agree as long as nothing is
    broken. First between those two agencies that most is asked about: what holds between two is worked out anew for
    every broken law, which is what takes long."""
    rule = sound().rules[id]
    found = []
    for question in asked_of(sound(), rule):
        decision = decide(sound(), question)
        with patch.dict(second_reading.STATUTES, MADE_UP):
            read = second_reading.answer(question)
        different = disagreement(question, decision, read)
        assert not different, f"{different}\n{question}"
        # What is to be done with a yes is seen on a yes.
        if rule.step is not Step.DUTY or read.level > Level.NONE:
            found.append((question, read))
    often = Counter((question.holder, question.recipient) for question, _ in found)
    return sorted(found, key=lambda each: -often[each[0].holder, each[0].recipient])


def notices(mutant: Mutant) -> bool:
    """Whether some answer under the broken law is not what the second reading says; or it does not even load."""
    rules = dict(sound().rules)
    if mutant.broken is None:
        del rules[mutant.rule]
    else:
        rules[mutant.rule] = mutant.broken
    try:
        broken = law_of(sound(), rules)
    except LawError:
        return True
    return any(disagreement(question, decide(broken, question), read) for question, read in asked(mutant.rule))


def tried() -> list[Rule]:
    """The rules of the federal law and of the house."""
    return [rule for rule in the_law().rules.values() if rule.document in ("us-federal.toml", "house-rules.toml")]


def unnoticed(rules: Iterable[Rule]) -> list[str]:
    found = [mutant for rule in rules for mutant in mutants(rule) if str(mutant) not in alike()]
    return [str(each) for each in found if not notices(each)]


def test_every_kind_of_mutant_is_made() -> None:
    every = [str(mutant) for rule in tried() for mutant in mutants(rule)]
    assert len(every) > 2_000
    assert len(set(every)) == len(every)
    assert set(alike()) <= set(every), "mend the list"
    for kind in ("dropped", "tomorrow", "without", " too", "one level more", "also for", "days 89", "29 days"):
        assert any(kind in each for each in every), kind


def test_the_mutants_of_a_sample_of_rules_are_noticed() -> None:
    missed = unnoticed(tried()[::SAMPLE])
    assert not missed, f"{len(missed)} not noticed: {missed[:20]}"


@pytest.mark.prove
def test_every_mutant_of_the_law_is_noticed() -> None:
    missed = unnoticed(tried())
    assert not missed, f"{len(missed)} not noticed: {missed[:60]}"


@pytest.mark.prove
def test_what_is_said_to_change_no_answer_changes_none() -> None:
    said = [mutant for rule in tried() for mutant in mutants(rule) if str(mutant) in alike()]
    wrong = [str(each) for each in said if notices(each)]
    assert not wrong, f"{len(wrong)} are noticed: {wrong[:20]}"

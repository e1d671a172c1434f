"""What one agency may ask another, from the law itself: what the other could send on a signature of hers, what without
one, and what stays closed. It speaks of kinds of things, never of anybody: nothing is looked up, nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from accord.gate.law import law
from accord.policy.conditions import Clause
from accord.policy.decide import decide
from accord.policy.facts import Agency, Agreement, Because, Decision, Grant, Member, Question, Release, Thing
from accord.policy.law import Tables
from accord.policy.words import Category, Duty, Element, Level, Mark, Purpose, Role, Verb

#: Anybody: whom it is about makes no difference to what kinds of things may be asked.
ANYBODY = "anybody"
#: What a duty guards beyond any release, by its mark.
GUARDED = {
    Duty.ADVOCATE_PRIVILEGE: Mark.PRIVILEGED,
    Duty.THERAPIST_PRIVILEGE: Mark.PRIVILEGED,
    Duty.CJIS: Mark.CRIMINAL_HISTORY,
}
WORKER = Member(id="", roles=frozenset({Role.WORKER}))


@dataclass(frozen=True, slots=True)
class Lawful:
    """What may be told without a release of hers, by one rule; `agreed`: only while an agreement is in force."""

    categories: tuple[Category, ...]
    purposes: tuple[Purpose, ...]
    level: Level
    because: Because
    agreed: bool


@dataclass(frozen=True, slots=True)
class Silent:
    """What stays closed even when she has released everything, and what alone would open it."""

    what: Mark | Category
    because: Because
    need: str


@dataclass(frozen=True, slots=True)
class Card:
    """What a recipient may ask a holder."""

    released: tuple[Category, ...]
    lawful: tuple[Lawful, ...]
    silent: tuple[Silent, ...]


def card(holder: Agency, recipient: Agency, at: datetime, agreements: tuple[Agreement, ...] = ()) -> Card:
    """What the law of that moment lets the holder tell the recipient, put to the engine as questions about anybody."""
    ask = _about_anybody(holder, recipient, at, agreements)
    signed = replace(ask, releases=(_everything(holder, recipient, at),))
    answers = [(each, _answer(signed, Thing(each, ANYBODY))) for each in Category]
    about: list[tuple[Mark | Category, Decision]] = [*answers]
    about += [(each, _answer(signed, Thing(Category.NOTES, ANYBODY, marks=frozenset({each})))) for each in Mark]
    return Card(
        released=tuple(each for each, answer in answers if answer.level > Level.NONE),
        lawful=_lawful(ask),
        silent=tuple(
            Silent(what, answer.because[0], answer.needs[0].sentence)
            for what, answer in about
            if answer.level is Level.NONE
        ),
    )


@dataclass(frozen=True, slots=True)
class Says:
    """What the law says about one thing from one agency to another: told under a law, on her release, or closed.
    `agreed`: the law asks for an agreement; `need`: what would open what is closed."""

    how: str
    level: Level
    because: Because
    agreed: bool = False
    need: str = ""


def says(holder: Agency, recipient: Agency, category: Category, purpose: Purpose, at: datetime) -> Says:
    """What the law of that moment says about one row of an agreement, if the agreement were in force."""
    agreed = Agreement(
        id="agreed",
        parties=frozenset({holder.id, recipient.id}),
        categories=frozenset({category}),
        purposes=frozenset({purpose}),
        since=at,
        until=at + timedelta(days=1),
    )
    ask = replace(_about_anybody(holder, recipient, at, (agreed,)), purpose=purpose)
    lawful = _answer(ask, Thing(category, ANYBODY))
    if lawful.level > Level.NONE:
        return Says("lawful", lawful.level, lawful.because[0], agreed=bool(lawful.relying_on))
    best = replace(_everything(holder, recipient, at), purpose=purpose)
    released = _answer(replace(ask, releases=(best,)), Thing(category, ANYBODY))
    if released.level > Level.NONE:
        return Says("released", released.level, released.because[0])
    return Says("closed", Level.NONE, released.because[0], need=released.needs[0].sentence)


def tables(at: datetime) -> Tables:
    """The law of a moment as tables, for whoever checks what a draft cites."""
    return law().on(at)


def meaning(duties: Iterable[Duty], at: datetime) -> list[tuple[Duty, Because | None]]:
    """What each duty of an agency means for whoever deals with it: the release law that is for it alone, what only its
    own instrument opens, what it obliges a recipient to, or what it shares with others; None where no rule says."""
    tables = law().on(at)
    in_force = dict(tables.duties)
    oblige = [rule for rule in law().rules.values() if rule.obligation in in_force]
    found = {duty: one.because for one in tables.releases if len(one.duties) == 1 for duty in one.duties}
    for duty in Duty:
        guarding = (key.because for key in tables.keys if GUARDED.get(duty) in _named(key.when, "mark"))
        named = (rule.because for rule in oblige if duty in _named(rule.when, "recipient_duty"))
        shared = (one.because for one in tables.releases if duty in one.duties)
        first = found.get(duty) or next(guarding, None) or next(named, None) or next(shared, None)
        if first:
            found[duty] = first
    return [(duty, found.get(duty)) for duty in duties]


def _named(when: Iterable[Clause], word: str) -> frozenset[StrEnum]:
    """The codes that a rule names by one word of its conditions."""
    codes = [value for clause in when for name, value in clause.facts if name == word]
    return frozenset(code for value in codes if isinstance(value, frozenset) for code in value)


def roles(at: datetime) -> dict[Role, str]:
    """What each role may do inside its own agency, in the words of the law."""
    found = {role: because.sentence for rules in law().on(at).own.values() for role, because in rules}
    return {role: found[role] for role in Role if role in found}


def _about_anybody(holder: Agency, recipient: Agency, at: datetime, agreements: tuple[Agreement, ...]) -> Question:
    return Question(
        verb=Verb.DISCLOSE,
        asker=holder,
        member=WORKER,
        holder=holder,
        thing=Thing(category=Category.NOTES, subject=ANYBODY),
        purpose=Purpose.COORDINATION,
        at=at,
        recipient=recipient,
        agreements=agreements,
    )


def _everything(holder: Agency, recipient: Agency, at: datetime) -> Release:
    """The best release there could be: everything, in full, said and signed as every law asks."""
    return Release(
        id="best",
        subject=ANYBODY,
        holder=holder.id,
        recipient=recipient.id,
        purpose=Purpose.COORDINATION,
        grants=tuple(Grant(category, Level.FULL) for category in Category),
        elements=frozenset(Element),
        signed_at=at,
        until=at + timedelta(days=15),
    )


def _answer(question: Question, thing: Thing) -> Decision:
    return decide(law(), replace(question, thing=thing))


def _lawful(ask: Question) -> tuple[Lawful, ...]:
    found: dict[tuple[Because, Level, bool], set[tuple[Category, Purpose]]] = {}
    for category, purpose in law().on(ask.at).exceptions:
        answer = _answer(replace(ask, purpose=purpose), Thing(category, ANYBODY))
        if answer.level > Level.NONE:
            by = (answer.because[0], answer.level, bool(answer.relying_on))
            found.setdefault(by, set()).add((category, purpose))
    return tuple(
        Lawful(
            categories=tuple(each for each in Category if any(category is each for category, _ in pairs)),
            purposes=tuple(each for each in Purpose if any(purpose is each for _, purpose in pairs)),
            level=level,
            because=because,
            agreed=agreed,
        )
        for (because, level, agreed), pairs in found.items()
    )

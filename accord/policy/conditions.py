"""The fixed vocabulary in which a rule may say when it applies.

A condition looks at one fact of the question, or of what a yes would rest on. A clause is
conditions that must all hold; a rule applies when one of its clauses holds. Law data can combine
these words; a word that is not here is refused when the law is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from accord.policy.facts import Agency, Because, Question, Release
from accord.policy.words import (
    AgencyKind,
    Basis,
    Category,
    Duty,
    Field,
    Instrument,
    Level,
    Mark,
    Purpose,
    Relation,
    Representation,
    SignerRole,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What opens without her release: how much, which single facts at most (None: all), by which rules, relying on
    which agreements and papers, with what was represented on these, and until when. `compelled`: some law of the holder
    compels it; `basis`: whether all of them do."""

    level: Level
    fields: frozenset[Field] | None
    because: tuple[Because, ...]
    relying_on: tuple[str, ...]
    represented: frozenset[Representation]
    until: datetime
    compelled: bool
    basis: Basis


#: What a yes would rest on; None before that is known.
Ground = Release | Opened | None
Value = frozenset[StrEnum] | bool | int
Test = Callable[[Any, Ground], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """One word of the vocabulary: the codes (or yes/no, or days) it takes, how it is tested, how it reads.

    `words` has one hole for the value; a yes/no condition has two sentences, for yes and for no.
    `of_ground` says that it looks at what a yes rests on; such a word cannot be used before that is known.
    """

    takes: type[StrEnum | bool | int]
    test: Callable[[Any], Test]
    words: tuple[str, ...]
    of_ground: bool = False


def _signed(look: Callable[[Release], bool]) -> Callable[[bool], Test]:
    """A yes/no fact of the release."""
    return lambda wanted: lambda question, ground: isinstance(ground, Release) and look(ground) is wanted


def _longer_than(days: int) -> Test:
    cap = timedelta(days=days)
    return lambda question, ground: isinstance(ground, Release) and ground.until - ground.signed_at > cap


CONDITIONS: dict[str, Condition] = {
    "holder_kind": Condition(AgencyKind, lambda codes: lambda q, ground: q.holder.kind in codes, ("the holder is {}",)),
    "holder_duty": Condition(
        Duty, lambda codes: lambda q, ground: not codes.isdisjoint(q.holder.duties), ("the holder is under {}",)
    ),
    "recipient_kind": Condition(
        AgencyKind,
        lambda codes: lambda q, ground: q.recipient is not None and q.recipient.kind in codes,
        ("the recipient is {}",),
    ),
    "recipient_duty": Condition(
        Duty,
        lambda codes: lambda q, ground: q.recipient is not None and not codes.isdisjoint(q.recipient.duties),
        ("the recipient is under {}",),
    ),
    "purpose": Condition(Purpose, lambda codes: lambda q, ground: q.purpose in codes, ("the purpose is {}",)),
    "category": Condition(
        Category, lambda codes: lambda q, ground: q.thing.category in codes, ("the thing is about {}",)
    ),
    "mark": Condition(
        Mark, lambda codes: lambda q, ground: not codes.isdisjoint(q.thing.marks), ("the thing is marked {}",)
    ),
    "relation": Condition(
        Relation, lambda codes: lambda q, ground: q.thing.relation in codes, ("the thing is about {}",)
    ),
    "compelled": Condition(
        bool,
        lambda wanted: lambda q, ground: (isinstance(ground, Opened) and ground.compelled) is wanted,
        ("a statute or court compels it", "nothing compels it"),
        of_ground=True,
    ),
    "represented": Condition(
        Representation,
        lambda codes: lambda q, ground: isinstance(ground, Opened) and not codes.isdisjoint(ground.represented),
        ("it was written down: {}",),
        of_ground=True,
    ),
    "not_represented": Condition(
        Representation,
        lambda codes: lambda q, ground: isinstance(ground, Opened) and codes.isdisjoint(ground.represented),
        ("it is sent without her release, and nobody has written down: {}",),
        of_ground=True,
    ),
    "released": Condition(
        bool,
        lambda wanted: lambda q, ground: isinstance(ground, Release) is wanted,
        ("it is sent on her release", "it is sent without her release"),
        of_ground=True,
    ),
    "signer_role": Condition(
        SignerRole,
        lambda codes: lambda q, ground: isinstance(ground, Release) and ground.signer.role in codes,
        ("it is signed by {}",),
        of_ground=True,
    ),
    "minor": Condition(
        bool,
        _signed(lambda release: release.signer.minor),
        ("the subject is an unemancipated minor", "the subject is not a minor"),
        of_ground=True,
    ),
    "alone": Condition(
        bool,
        _signed(lambda release: release.signer.alone),
        ("the law lets the minor have the service alone", "the law does not let the minor have the service alone"),
        of_ground=True,
    ),
    "cosigned": Condition(
        bool,
        _signed(lambda release: release.signer.cosigned),
        ("the second signature is there", "the second signature is missing"),
        of_ground=True,
    ),
    "abuser": Condition(
        bool,
        _signed(lambda release: release.signer.abuser),
        ("the signer is believed to be the abuser", "the signer is not believed to be the abuser"),
        of_ground=True,
    ),
    "ward": Condition(
        bool,
        _signed(lambda release: release.signer.ward),
        ("a court has put the subject under a guardian", "the subject has no guardian by court order"),
        of_ground=True,
    ),
    "dead": Condition(
        bool,
        _signed(lambda release: release.signer.dead),
        ("the subject has died", "the subject is alive"),
        of_ground=True,
    ),
    "instrument": Condition(
        Instrument,
        lambda codes: lambda q, ground: isinstance(ground, Release) and ground.instrument in codes,
        ("the release is {}",),
        of_ground=True,
    ),
    "longer_than_days": Condition(int, _longer_than, ("the release is longer than {} days",), of_ground=True),
    "long_because": Condition(
        bool,
        _signed(lambda release: release.long_because),
        ("a supervisor has written why it is long", "no supervisor has written why it is long"),
        of_ground=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """Conditions that must all hold: as written (`facts`, for pages) and as compiled (`tests`). Two that are written
    alike are the same."""

    facts: tuple[tuple[str, Value], ...]
    tests: tuple[Test, ...] = field(compare=False, repr=False)


ALWAYS = (Clause((), ()),)


@dataclass(frozen=True, slots=True)
class _Two:
    """As much of a question as the conditions about the two agencies look at."""

    holder: Agency
    recipient: Agency


def clause(facts: Iterable[tuple[str, Value]]) -> Clause:
    """Compile conditions already checked against the vocabulary."""
    kept = tuple(facts)
    return Clause(kept, tuple(CONDITIONS[name].test(value) for name, value in kept))


#: Conditions that look at nothing but the two agencies.
PARTIES = frozenset({"holder_kind", "holder_duty", "recipient_kind", "recipient_duty"})


def between(one: Clause, holder: Agency, recipient: Agency) -> Clause | None:
    """What is left of a clause when the two agencies are known; None when it cannot hold between them."""
    if PARTIES.isdisjoint(name for name, _value in one.facts):
        return one
    facts, tests = [], []
    for fact, test in zip(one.facts, one.tests, strict=True):
        if fact[0] not in PARTIES:
            facts.append(fact)
            tests.append(test)
        elif not test(_Two(holder, recipient), None):
            return None
    return Clause(tuple(facts), tuple(tests))


def applies(when: tuple[Clause, ...], question: Question, ground: Ground = None) -> bool:
    """Whether one of the clauses holds, all its conditions together."""
    for one in when:
        for test in one.tests:
            if not test(question, ground):
                break
        else:
            return True
    return False

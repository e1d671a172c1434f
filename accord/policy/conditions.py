"""The fixed vocabulary in which a rule may say when it applies.

A condition looks at one fact of the question, or of the release that is being judged. A clause is
conditions that must all hold; a rule applies when one of its clauses holds. Law data can combine
these words; a word that is not here is refused when the law is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from accord.policy.facts import Question, Release
from accord.policy.words import AgencyKind, Category, Duty, Mark, Purpose, SignerRole

Value = frozenset[StrEnum] | bool | int
Test = Callable[[Question, Release | None], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """One word of the vocabulary: the codes (or yes/no, or days) it takes, how it is tested, how it reads.

    `words` has one hole for the value; a yes/no condition has two sentences, for yes and for no.
    `of_release` says that it looks at the release; such a word cannot be used before step 4.
    """

    takes: type[StrEnum | bool | int]
    test: Callable[[Any], Test]
    words: tuple[str, ...]
    of_release: bool = False


def _signed(look: Callable[[Release], bool]) -> Callable[[bool], Test]:
    """A yes/no fact of the release."""
    return lambda wanted: lambda question, release: release is not None and look(release) is wanted


def _longer_than(days: int) -> Test:
    cap = timedelta(days=days)
    return lambda question, release: release is not None and release.until - release.signed_at > cap


CONDITIONS: dict[str, Condition] = {
    "holder_kind": Condition(
        AgencyKind, lambda codes: lambda q, release: q.holder.kind in codes, ("the holder is {}",)
    ),
    "holder_duty": Condition(
        Duty, lambda codes: lambda q, release: not codes.isdisjoint(q.holder.duties), ("the holder is under {}",)
    ),
    "recipient_kind": Condition(
        AgencyKind,
        lambda codes: lambda q, release: q.recipient is not None and q.recipient.kind in codes,
        ("the recipient is {}",),
    ),
    "recipient_duty": Condition(
        Duty,
        lambda codes: lambda q, release: q.recipient is not None and not codes.isdisjoint(q.recipient.duties),
        ("the recipient is under {}",),
    ),
    "purpose": Condition(Purpose, lambda codes: lambda q, release: q.purpose in codes, ("the purpose is {}",)),
    "category": Condition(
        Category, lambda codes: lambda q, release: q.thing.category in codes, ("the thing is about {}",)
    ),
    "mark": Condition(
        Mark, lambda codes: lambda q, release: not codes.isdisjoint(q.thing.marks), ("the thing is marked {}",)
    ),
    "released": Condition(
        bool,
        lambda wanted: lambda q, release: (release is not None) is wanted,
        ("it is sent on her release", "it is sent without her release"),
        of_release=True,
    ),
    "signer_role": Condition(
        SignerRole,
        lambda codes: lambda q, release: release is not None and release.signer.role in codes,
        ("it is signed by {}",),
        of_release=True,
    ),
    "minor": Condition(
        bool,
        _signed(lambda release: release.signer.minor),
        ("the subject is an unemancipated minor", "the subject is not a minor"),
        of_release=True,
    ),
    "alone": Condition(
        bool,
        _signed(lambda release: release.signer.alone),
        ("the law lets the minor have the service alone", "the law does not let the minor have the service alone"),
        of_release=True,
    ),
    "cosigned": Condition(
        bool,
        _signed(lambda release: release.signer.cosigned),
        ("the second signature is there", "the second signature is missing"),
        of_release=True,
    ),
    "abuser": Condition(
        bool,
        _signed(lambda release: release.signer.abuser),
        ("the signer is believed to be the abuser", "the signer is not believed to be the abuser"),
        of_release=True,
    ),
    "longer_than_days": Condition(int, _longer_than, ("the release is longer than {} days",), of_release=True),
    "long_because": Condition(
        bool,
        _signed(lambda release: release.long_because),
        ("a supervisor has written why it is long", "no supervisor has written why it is long"),
        of_release=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """Conditions that must all hold: as written (`facts`, for pages) and as compiled (`tests`)."""

    facts: tuple[tuple[str, Value], ...]
    tests: tuple[Test, ...]


ALWAYS = (Clause((), ()),)


def clause(facts: Iterable[tuple[str, Value]]) -> Clause:
    """Compile conditions already checked against the vocabulary."""
    kept = tuple(facts)
    return Clause(kept, tuple(CONDITIONS[name].test(value) for name, value in kept))


def applies(when: tuple[Clause, ...], question: Question, release: Release | None = None) -> bool:
    """Whether one of the clauses holds, all its conditions together."""
    for one in when:
        for test in one.tests:
            if not test(question, release):
                break
        else:
            return True
    return False

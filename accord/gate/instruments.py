"""What the law of a holder asks of her release before she signs it, and which permissions of their own it knows: read
from the loaded law. Nothing is decided here and nothing is sent; the gate asks the law again about every thing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accord.gate.entrance import NOTHING
from accord.gate.law import law
from accord.policy.conditions import applies
from accord.policy.facts import Agency, Because, Member, Question, Release, Signer
from accord.policy.law import Closer
from accord.policy.words import Duty, Element, Instrument, Mark, Purpose, Verb


@dataclass(frozen=True, slots=True)
class Offer:
    """A permission of its own that a holder can ask her for: the rule that wants it, what it needs, for which purposes
    (empty: any), which marked things it opens (empty: all that the rule closes), and whether it may bind her."""

    instrument: Instrument
    because: Because
    need: str
    purposes: frozenset[Purpose]
    marks: frozenset[Mark]
    binds: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """One element a release must have, by which laws, and whether only somebody else's signature needs it."""

    element: Element
    by: tuple[Because, ...]
    if_not_self: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the law does not take a signature, and whose it would take."""

    because: Because
    need: str


def offers(holder: Agency, marks: Collection[Mark], at: datetime) -> dict[Instrument, Offer]:
    """The permissions of their own that this holder's law, or the marks in a file, make it need. One that can bind her
    is offered by holders only whose every law lets it (42 CFR 2.35)."""
    found: dict[Instrument, Offer] = {}
    for key in law().on(at).keys:
        clauses = list(_clauses(key, holder, marks))
        if key.instrument is None or not clauses or (key.fixed_for and not holder.duties <= key.fixed_for):
            continue
        found[key.instrument] = Offer(
            instrument=key.instrument,
            because=key.because,
            need=key.need.sentence,
            purposes=frozenset().union(*(_codes(each, "purpose") for each in clauses)),  # type: ignore[arg-type]
            marks=frozenset().union(*(_codes(each, "mark") for each in clauses)),  # type: ignore[arg-type]
            binds=bool(key.fixed_for),
        )
    return {instrument: found[instrument] for instrument in Instrument if instrument in found}


def speaks_of_substance_use(holder: Agency, marks: Collection[Mark], at: datetime) -> bool:
    """Whether a release of this holder can open records that open only when it says that they are meant."""
    keys = [key for key in law().on(at).keys if Element.SUBSTANCE_USE in key.elements]
    return any(Duty.PART2 in holder.duties or any(_clauses(key, holder, marks)) for key in keys)


def wanted(
    holder: Agency, instrument: Instrument, marks: Collection[Mark], at: datetime, *, substance_use: bool = False
) -> tuple[Wanted, ...]:
    """What a release of this holder must have: the union of what its laws ask, and of what the things' own keys do."""
    tables = law().on(at)
    asking: list[tuple[Because, frozenset[Element], frozenset[Element]]] = [
        (one.because, one.elements, one.elements_if_not_self)
        for one in tables.releases
        if not one.duties.isdisjoint(holder.duties)
    ]
    for key in tables.keys:
        meant = substance_use and Element.SUBSTANCE_USE in key.elements
        its_own = key.instrument is instrument and any(_clauses(key, holder, marks))
        if meant or its_own:
            asking.append((key.because, key.elements, key.elements_if_not_self))
    found = []
    for element in Element:
        by = tuple(because for because, elements, _ in asking if element in elements)
        beside = tuple(because for because, _, elements in asking if element in elements)
        if by or beside:
            found.append(Wanted(element, by or beside, if_not_self=not by))
    return tuple(found)


def refusals(holder: Agency, recipients: Iterable[Agency], signer: Signer, at: datetime) -> tuple[Refusal, ...]:
    """Why the law would not take the signature of such a signer for these recipients; empty when it would. It looks at
    the signer alone: what else is missing is said elsewhere."""
    found: dict[str, Refusal] = {}
    for recipient in recipients:
        question = Question(
            verb=Verb.DISCLOSE,
            asker=holder,
            member=Member(id="", roles=frozenset()),
            holder=holder,
            thing=NOTHING,
            purpose=Purpose.SAFETY,
            at=at,
            recipient=recipient,
        )
        signed = Release(
            id="",
            subject="",
            holder=holder.id,
            recipient=recipient.id,
            purpose=question.purpose,
            grants=(),
            elements=frozenset(),
            signed_at=at,
            until=at,
            signer=signer,
        )
        for one in law().on(at).between(holder, recipient).signers:
            if applies(one.when, question, signed):
                found.setdefault(one.because.rule, Refusal(one.because, one.need.sentence))
    return tuple(found.values())


def _clauses(key: Closer, holder: Agency, marks: Collection[Mark]) -> Iterator[Mapping[str, object]]:
    """The clauses of a key that can hold for this holder and a thing with some of these marks."""
    for clause in key.when:
        facts = dict(clause.facts)
        if "holder_duty" in facts and _codes(facts, "holder_duty").isdisjoint(holder.duties):
            continue
        if "holder_kind" in facts and holder.kind not in _codes(facts, "holder_kind"):
            continue
        if "mark" in facts and _codes(facts, "mark").isdisjoint(marks):
            continue
        yield facts


def _codes(facts: Mapping[str, object], word: str) -> frozenset[StrEnum]:
    value = facts.get(word, frozenset())
    return value if isinstance(value, frozenset) else frozenset()

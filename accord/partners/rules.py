"""What may become of an agreement between agencies. Values only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import permutations
from uuid import UUID

from accord.policy.words import VICTIM_SERVICE_DUTIES, Category, Duty, Purpose

#: What partners may agree about. Where she is never stands in an agreement between agencies.
AGREEABLE = tuple(category for category in Category if category is not Category.LOCATION)
#: Why partners may agree to tell each other something: the reasons she could be told, too.
AGREED_FOR = (
    Purpose.SAFETY, Purpose.SHELTER, Purpose.ADVOCACY, Purpose.TREATMENT, Purpose.LEGAL_HELP, Purpose.PROTECTIVE_ORDER,
    Purpose.INVESTIGATION, Purpose.PROSECUTION, Purpose.SUPERVISION, Purpose.HOUSING, Purpose.EDUCATION,
    Purpose.COMPENSATION, Purpose.COORDINATION,
)  # fmt: skip
#: How partners tell each other: sealed in Accord, spoken in a meeting, by phone and noted (facts 2.1, section 9).
MECHANISMS = ("envelope", "meeting", "phone")
#: An agreement is reviewed within a year, or it no longer applies (facts 2.1, section 19).
LONGEST = timedelta(days=366)
#: Days before the review at which its parties are reminded (facts 2.1, section 19).
REMINDERS = (7, 30, 60)
#: How long a partner reads that the review was missed.
MISSED = timedelta(days=30)


class InvalidAgreement(ValueError):
    """An agreement cannot be proposed, signed, suspended, resumed or left like this; the message says why."""


class Standing(StrEnum):
    """Where an agreement stands. Only `in_force` gives anybody anything."""

    WAITING = "waiting"
    COMING = "coming"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    PAST = "past"
    OVER = "over"


class Step(StrEnum):
    """What one party may do about its own part."""

    SIGN = "sign"
    SUSPEND = "suspend"
    RESUME = "resume"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """One thing that may flow: from whom to whom, about what, for what."""

    sender: UUID
    recipient: UUID
    category: Category
    purpose: Purpose

    def values(self) -> list[str]:
        return [str(self.sender), str(self.recipient), self.category.value, self.purpose.value]

    @classmethod
    def of(cls, values: Iterable[str]) -> Way:
        sender, recipient, category, purpose = values
        return cls(UUID(sender), UUID(recipient), Category(category), Purpose(purpose))


def every_way(parties: Iterable[UUID], categories: Iterable[Category], purposes: Iterable[Purpose]) -> frozenset[Way]:
    """From each party to each other, about all of it, for all of it."""
    pairs = list(permutations(parties, 2))
    return frozenset(Way(*pair, category, purpose) for pair in pairs for category in categories for purpose in purposes)


@dataclass(frozen=True, slots=True)
class Text:
    """What the parties sign. Nothing of it can change: its id is made of it. `version` is the SHA-256 of all that was
    drafted, `ways` what may flow under the agreement, `replaces` the agreement that ends when this one begins."""

    proposer: UUID
    title: str
    parties: frozenset[UUID]
    categories: frozenset[Category]
    purposes: frozenset[Purpose]
    mechanism: str
    since_at: datetime
    until_at: datetime
    proposed_at: datetime
    version: bytes
    ways: frozenset[Way]
    replaces: UUID | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text, the same for everybody who reads it."""
        words = [
            "accord/agreement/2",
            str(self.proposer),
            self.title,
            sorted(map(str, self.parties)),
            sorted(self.categories),
            sorted(self.purposes),
            self.mechanism,
            *(round(moment.timestamp() * 1_000_000) for moment in (self.since_at, self.until_at, self.proposed_at)),
            self.version.hex(),
            sorted(way.values() for way in self.ways),
            str(self.replaces or ""),
        ]
        return sha256(json.dumps(words, ensure_ascii=True).encode()).digest()

    @property
    def id(self) -> UUID:
        """Nobody can put another text under an agreement that somebody signed."""
        return UUID(bytes=self.digest[:16])


@dataclass(frozen=True, slots=True)
class Part:
    """What one party has done about an agreement; before it has done anything, all of it is None."""

    signed_at: datetime | None = None
    suspended_at: datetime | None = None
    left_at: datetime | None = None

    def then(self, at: datetime) -> Part:
        """What it had done by a moment. That it once suspended and resumed is not kept."""
        return Part(
            *(when if when and when <= at else None for when in (self.signed_at, self.suspended_at, self.left_at))
        )


def checked(text: Text) -> Text:
    """A text that may be proposed. Raises InvalidAgreement."""
    if not text.title.strip():
        raise InvalidAgreement("Give it a title.")
    if len(text.parties) < 2 or text.proposer not in text.parties:
        raise InvalidAgreement("Choose at least one other agency.")
    if not text.categories or not text.categories <= set(AGREEABLE):
        raise InvalidAgreement("Choose what it is about.")
    if not text.purposes or not text.purposes <= set(AGREED_FOR):
        raise InvalidAgreement("Choose what it is for.")
    if text.mechanism not in MECHANISMS:
        raise InvalidAgreement("Choose how you tell each other.")
    if not all(
        {way.sender, way.recipient} <= text.parties
        and way.category in text.categories
        and way.purpose in text.purposes
        and way.sender != way.recipient
        for way in text.ways
    ):
        raise InvalidAgreement("What flows stays between the parties, and within what it is about and for.")
    if text.until_at <= max(text.since_at, text.proposed_at):
        raise InvalidAgreement("The review comes after the first day, and after today.")
    if text.until_at - text.since_at > LONGEST:
        raise InvalidAgreement("An agreement is reviewed within a year.")
    return text


def standing(
    parties: Iterable[UUID],
    parts: Mapping[UUID, Part],
    since_at: datetime,
    until_at: datetime,
    at: datetime,
    *,
    replaced: bool = False,
) -> Standing:
    """Where an agreement stands at a moment. It is in force when every party has signed, nobody has suspended its
    part or left, no later one has begun in its place, and the moment is between its first day and its review."""
    own = [parts.get(party, Part()) for party in parties]
    if any(part.left_at for part in own):
        return Standing.OVER
    if replaced:
        return Standing.REPLACED
    if at >= until_at:
        return Standing.PAST
    if not all(part.signed_at for part in own):
        return Standing.WAITING
    if any(part.suspended_at for part in own):
        return Standing.SUSPENDED
    return Standing.COMING if at < since_at else Standing.IN_FORCE


def begun(parties: Iterable[UUID], parts: Mapping[UUID, Part], since_at: datetime, at: datetime) -> bool:
    """Whether every party signed and its first day has come: from then on what it replaces is replaced, and stays so
    even if a party suspends or leaves."""
    return at >= since_at and all(parts.get(party, Part()).signed_at for party in parties)


def steps(part: Part, stands: Standing) -> frozenset[Step]:
    """What a party may do now about its own part."""
    if stands in (Standing.PAST, Standing.OVER, Standing.REPLACED):
        return frozenset()
    if part.signed_at is None:
        return frozenset({Step.SIGN, Step.LEAVE})
    return frozenset({Step.LEAVE, Step.RESUME if part.suspended_at else Step.SUSPEND})


def reminder(until_at: datetime, at: datetime) -> int | None:
    """Which reminder is due: 60, 30 or 7 days before the review; 0 for a while after it was missed; None otherwise."""
    left = until_at - at
    if left <= timedelta(0):
        return 0 if -left < MISSED else None
    return next((days for days in REMINDERS if left <= timedelta(days=days)), None)


def needs_release(duties: Collection[Duty]) -> bool:
    """Whether this party is a victim service provider: what it holds opens on her release alone, whatever was agreed
    (34 USC 12291(b)(2); facts 2.2)."""
    return not VICTIM_SERVICE_DUTIES.isdisjoint(duties)

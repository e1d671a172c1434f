"""What may become of a release, and what an envelope carries. Values only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from accord.policy.words import Category, Element, Level, Purpose, SignerRole

#: Usual length of a release and the length above which the page asks twice, in days (facts 1.1, a design default;
#: the law in `policy` sets the cap).
USUAL_DAYS = 15
ASK_TWICE_DAYS = 30
LONGEST_DAYS = 365

#: What the spoken conversation and the signed page cover, in the order of the page. The form writes these elements
#: when the worker confirms each was said; the others follow from the form itself.
SPOKEN = (Element.INFORMED, Element.RIGHT_TO_REVOKE, Element.NOT_A_CONDITION, Element.REDISCLOSURE)
BY_FORM = (
    Element.WRITTEN,
    Element.DESCRIPTION,
    Element.DISCLOSER,
    Element.RECIPIENT,
    Element.PURPOSE,
    Element.TIME_LIMITED,
)

#: What a survivor can be asked to release.
RELEASABLE = (
    Category.IDENTITY,
    Category.CONTACT,
    Category.SERVICES,
    Category.INJURIES,
    Category.EXAM,
    Category.VISITS,
    Category.CONDITIONS,
    Category.MEDICATIONS,
    Category.ALLERGIES,
    Category.PROCEDURES,
    Category.ENCOUNTERS,
    Category.RESULTS,
    Category.DOCUMENTS,
    Category.RISK,
    Category.SAFETY_PLAN,
    Category.LEGAL,
    Category.HOUSING,
    Category.NOTES,
)


class State(StrEnum):
    """Where a release stands (facts 1.11)."""

    DRAFT = "draft"
    EXPLAINED = "explained"
    SIGNED = "signed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class InvalidRelease(ValueError):
    """The release cannot be prepared, signed or withdrawn like this; the message says what is missing."""


def state(
    *,
    explained_at: datetime | None,
    signed_at: datetime | None,
    until_at: datetime,
    withdrawn_at: datetime | None,
    at: datetime,
) -> State:
    """Where a release stands at a moment. Withdrawn beats expired: her word is what ended it."""
    if withdrawn_at is not None and withdrawn_at <= at:
        return State.WITHDRAWN
    if signed_at is not None and at >= until_at:
        return State.EXPIRED
    if signed_at is not None:
        return State.SIGNED
    return State.EXPLAINED if explained_at is not None else State.DRAFT


def ends(last_day: date, zone: str) -> datetime:
    """The moment a release with this last day ends: the local midnight after it (facts 1.11: 23:59 local)."""
    return datetime.combine(last_day + timedelta(days=1), time.min, ZoneInfo(zone))


def checked_terms(
    *, grants: Mapping[Category, Level], purpose: Purpose, last_day: date, today: date
) -> dict[Category, Level]:
    """The categories that are really granted. Raises InvalidRelease naming what is wrong.

    A release that grants anything also names her, so her name goes along unless she chose less.
    """
    if unknown := set(grants) - set(RELEASABLE):
        raise InvalidRelease(f"This cannot be released: {', '.join(sorted(unknown))}.")
    chosen = {category: level for category, level in grants.items() if level > Level.NONE}
    if not chosen:
        raise InvalidRelease("Choose at least one thing the partner may know.")
    if purpose in (Purpose.OWN_SERVICE, Purpose.ADMINISTRATION, Purpose.REPORTING, Purpose.RESEARCH):
        raise InvalidRelease("Say why in the words of the person it is for: choose a purpose she would recognise.")
    if last_day < today:
        raise InvalidRelease(f"The last day {last_day.isoformat()} is over already.")
    if last_day > today + timedelta(days=LONGEST_DAYS):
        raise InvalidRelease("A release lasts at most a year. A longer need is a new conversation.")
    return {Category.IDENTITY: Level.SUMMARY} | chosen


def signature_elements(spoken: frozenset[Element], *, copy: str, signer: SignerRole, authority: str) -> list[Element]:
    """The elements a signed page has. Raises InvalidRelease when a sentence was not read or nobody signed for her."""
    if missing := [element for element in SPOKEN if element not in spoken]:
        raise InvalidRelease(
            "Read every sentence aloud before she signs; still open: " + ", ".join(element.value for element in missing)
        )
    if copy not in ("given", "refused"):
        raise InvalidRelease("Offer her a copy, or note that she safely refused one.")
    elements = [*BY_FORM, *SPOKEN, Element.SIGNED, Element.DATED, Element.COPY_OFFERED]
    if signer is not SignerRole.SELF:
        if not authority.strip():
            raise InvalidRelease("Write down what gives this person authority to sign for her.")
        elements.append(Element.AUTHORITY)
    return elements


@dataclass(frozen=True, slots=True)
class Content:
    """What one envelope carries. `values` and `narrative` are there at full level only, `summary` from summary on.

    At existence nothing is carried but the kind of thing.
    """

    kind: str
    category: Category
    level: Level
    occurred_at: datetime | None = None
    status: str = ""
    summary: Mapping[str, Any] | None = None
    values: Mapping[str, Any] | None = None
    narrative: str = ""

    def packed(self) -> bytes:
        return json.dumps(
            {
                "kind": self.kind,
                "category": self.category.value,
                "level": int(self.level),
                "occurred_at": self.occurred_at.isoformat() if self.occurred_at else None,
                "status": self.status,
                "summary": self.summary,
                "values": self.values,
                "narrative": self.narrative,
            },
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        ).encode()

    @classmethod
    def of(cls, data: bytes) -> Self:
        raw = json.loads(data)
        occurred = raw["occurred_at"]
        return cls(
            **raw
            | {
                "category": Category(raw["category"]),
                "level": Level(raw["level"]),
                "occurred_at": datetime.fromisoformat(occurred) if occurred else None,
            }
        )

    @property
    def answers(self) -> int:
        """How many questions this answers that she is not asked again."""
        if self.level is Level.FULL and self.values:
            return sum(1 for value in self.values.values() if value not in ("", None, [], {}))
        if self.level >= Level.SUMMARY and self.summary:
            return max(1, len(self.summary.get("values") or {}))
        return 0


def narrowed(content: Content, level: Level) -> Content:
    """The same thing at no more than `level`. The one place that decides what a level leaves out."""
    if level >= Level.FULL:
        return content
    if level is Level.SUMMARY:
        return Content(
            kind=content.kind,
            category=content.category,
            level=Level.SUMMARY,
            occurred_at=content.occurred_at,
            status=content.status,
            summary=content.summary,
        )
    return Content(kind="involved", category=content.category, level=Level.EXISTENCE)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One thing the gate has said yes to: what goes out, at which level, until when, and whether it must be kept."""

    entry_id: UUID | None
    content: Content
    until: datetime
    rules: tuple[str, ...]
    retain: bool


def info(*, recipient: str, holder: str, envelope: str, thread: str) -> bytes:
    """What binds an envelope's ciphertext to its row (HPKE `info`, RFC 9180 section 5.1)."""
    return "\x1f".join(("accord-envelope-1", recipient, holder, envelope, thread)).encode()

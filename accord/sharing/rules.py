"""What may become of a release, and what an envelope carries. Values only."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from accord.policy.words import AgencyKind, Category, Element, Instrument, Level, Purpose, SignerRole

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

#: Events with which a release may end before its last day (facts 1.1, duration).
EVENTS = ("hearing_held", "claim_decided", "team_closed", "case_closed", "condition_over")
#: Who can monitor a condition of a criminal case (42 CFR 2.35(a)).
MONITORS = frozenset({AgencyKind.COURT, AgencyKind.PROBATION, AgencyKind.PROSECUTOR, AgencyKind.POLICE})
#: Instruments about substance use records: each says so in so many words (42 CFR 2.31(a)(3)).
ABOUT_SUBSTANCE_USE = frozenset({Instrument.COUNSELLING_NOTES, Instrument.PROCEEDING, Instrument.CRIMINAL_JUSTICE})
#: Instruments that open marked things and nothing else, not even her name.
MARKED_ONLY = frozenset(Instrument) - {Instrument.ORDINARY, Instrument.PROCEEDING, Instrument.CRIMINAL_JUSTICE}

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


#: What a release about her child can name: a child's record says nothing of where anybody can be found.
OF_A_CHILD = tuple(category for category in RELEASABLE if category is not Category.CONTACT)

ADULT = 18


class Preset(StrEnum):
    """What many conversations come to, filled in before the first question; all of it can be changed."""

    CARE_CARD = "care_card"
    INVOLVED = "involved"


#: The care card says who helps her, what was offered and what is pending. The other says that we are there.
PRESETS: Mapping[Preset, Mapping[Category, Level]] = {
    Preset.CARE_CARD: {Category.IDENTITY: Level.SUMMARY, Category.SERVICES: Level.SUMMARY},
    Preset.INVOLVED: {Category.SERVICES: Level.EXISTENCE},
}


class Way(StrEnum):
    """How a page comes to be signed, as the people in the room would say it."""

    SELF = "self"
    BOTH = "both"
    ALONE = "alone"
    EMANCIPATED = "emancipated"
    PARENT = "parent"
    GUARDIAN = "guardian"
    WARD_ALONE = "ward_alone"
    REPRESENTATIVE = "representative"
    NEXT_OF_KIN = "next_of_kin"


GROWN_WAYS = (Way.SELF, Way.GUARDIAN, Way.WARD_ALONE, Way.REPRESENTATIVE, Way.NEXT_OF_KIN)
MINOR_WAYS = (Way.BOTH, Way.ALONE, Way.PARENT, Way.GUARDIAN, Way.EMANCIPATED)
CHILD_WAYS = (Way.BOTH, Way.PARENT, Way.GUARDIAN, Way.ALONE)
#: Ways in which somebody beside the one it is about signs: then it is asked whether that person is the abuser.
ANOTHER_SIGNS = frozenset({Way.BOTH, Way.PARENT, Way.GUARDIAN, Way.REPRESENTATIVE, Way.NEXT_OF_KIN})
#: Ways that need a paper or a law to stand on, and that reason in words.
WITH_AUTHORITY = frozenset(Way) - {Way.SELF, Way.BOTH}


class State(StrEnum):
    """Where a release stands (facts 1.11)."""

    DRAFT = "draft"
    EXPLAINED = "explained"
    SIGNED = "signed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class InvalidRelease(ValueError):
    """The release cannot be prepared, signed or withdrawn like this; the message says what is missing."""


class NothingOpens(InvalidRelease):
    """The law opens nothing at all on some releases of a page: `closed` maps each to what is missing."""

    def __init__(self, closed: Mapping[UUID, str]) -> None:
        super().__init__(next(iter(closed.values())))
        self.closed = closed


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
    *,
    grants: Mapping[Category, Level],
    purpose: Purpose,
    last_day: date,
    today: date,
    instrument: Instrument = Instrument.ORDINARY,
) -> dict[Category, Level]:
    """The categories that are really granted. Raises InvalidRelease naming what is wrong.

    A release that grants anything also names her, so her name goes along unless she chose less; not on an instrument
    that opens marked things alone.
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
    return chosen if instrument in MARKED_ONLY else {Category.IDENTITY: Level.SUMMARY} | chosen


@dataclass(frozen=True, slots=True)
class Draft:
    """What one partner is to be asked about; `grants` may still be empty. `substance_use`: it is to say in so many
    words that substance use records are meant."""

    recipient_id: UUID
    purpose: Purpose
    grants: Mapping[Category, Level]
    updates: Collection[Category] = ()
    substance_use: bool = False


def checked_updates(updates: Collection[Category], grants: Mapping[Category, Level]) -> list[str]:
    """Categories of which what is added later may follow. Raises InvalidRelease for one that is not released at all."""
    if unknown := set(updates) - set(grants):
        raise InvalidRelease(f"Nothing of this is released, so nothing can follow: {', '.join(sorted(unknown))}.")
    return [category.value for category in grants if category in updates]


def planned(instrument: Instrument, *, substance_use: bool) -> list[str]:
    """What an unsigned page is to say beyond what every page says: the statement about substance use records."""
    return [Element.SUBSTANCE_USE.value] if substance_use or instrument in ABOUT_SUBSTANCE_USE else []


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


def age(born: date, today: date) -> int:
    """Whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def ways(*, born: date | None, today: date, child: bool) -> tuple[Way, ...]:
    """Who can sign, most usual first, as far as a birth date tells. The law still decides (facts 1.1, signer).

    A child of hers without a birth date counts as a minor; of herself both sets are asked."""
    if born is not None and age(born, today) >= ADULT:
        return GROWN_WAYS
    if child:
        return CHILD_WAYS
    return MINOR_WAYS if born is not None else (*GROWN_WAYS, Way.BOTH, Way.ALONE, Way.PARENT, Way.EMANCIPATED)


@dataclass(frozen=True, slots=True)
class Signing:
    """One signature under a page, with everything about how it was given. `cosigner`, `witness`: name and capacity;
    `kept`: where the signed paper is."""

    spoken: frozenset[Element]
    method: str
    copy: str
    signature: str
    signer: SignerRole = SignerRole.SELF
    authority: str = ""
    minor: bool = False
    alone: bool = False
    cosigned: bool = False
    abuser: bool = False
    ward: bool = False
    dead: bool = False
    cosigner: str = ""
    witness: str = ""
    kept: str = ""
    long_because: str = ""

    def elements(self) -> list[Element]:
        """The elements the signed page has. Raises InvalidRelease naming what is missing."""
        if not self.signature.strip():
            raise InvalidRelease("Write the name she signs with.")
        if self.method not in ("screen", "paper", "witnessed"):
            raise InvalidRelease("Say how she signs: on screen, on paper, or witnessed.")
        if self.method == "witnessed" and not self.witness.strip():
            raise InvalidRelease("Write down who saw her make her mark: name and title.")
        return signature_elements(self.spoken, copy=self.copy, signer=self.signer, authority=self.authority)

    @property
    def words(self) -> str:
        """The name under the page and, where somebody signs on an authority, that."""
        return self.signature.strip() + (f" ({self.authority.strip()})" if self.authority.strip() else "")


def signed_as(way: Way, *, minor: bool, child: bool, ward: bool = False, dead: bool = False) -> dict[str, Any]:
    """How a way of signing stands in the law's words: role, minor, alone, cosigned, ward, dead (34 USC
    12291(b)(2)(B)(ii)).

    Of a minor who is herself the client it is her own signature and the other one stands beside it; for a child of
    hers it is the other way round. `ward`, `dead`: what else is known of whom it is about. An adult for whom a guardian
    signs is a ward, and next of kin sign for the dead.
    """
    roles = {
        Way.BOTH: SignerRole.PARENT if child else SignerRole.SELF,
        Way.PARENT: SignerRole.PARENT,
        Way.GUARDIAN: SignerRole.GUARDIAN,
        Way.REPRESENTATIVE: SignerRole.REPRESENTATIVE,
        Way.NEXT_OF_KIN: SignerRole.NEXT_OF_KIN,
    }
    young = way in (Way.BOTH, Way.ALONE, Way.PARENT) or (minor and way is not Way.EMANCIPATED)
    return {
        "signer": roles.get(way, SignerRole.SELF),
        "minor": young,
        "alone": way in (Way.ALONE, Way.WARD_ALONE),
        "cosigned": way is Way.BOTH,
        "ward": ward or way is Way.WARD_ALONE or (way is Way.GUARDIAN and not young),
        "dead": dead or way is Way.NEXT_OF_KIN,
    }


#: An entry that tells partners of a gap, and where that stands.
GAP: Final = "gap"
GAP_OPEN, GAP_OVER = "open", "over"
#: Since when it was told that the gap is open: the same moment in what says that it is over.
SINCE: Final = "since"
#: The gaps that can be told, each by the code of its rule (`learning/gaps`). Nothing else that comes in an envelope
#: becomes a word in a row that is not sealed.
GAPS: Final = frozenset(
    {
        "order_unserved", "order_expiring", "firearms_unconfirmed", "forensic_follow_up_missed", "kit_past_its_clock",
        "right_not_given", "order_renewal_open", "compensation_not_received", "safety_plan_review_due",
        "release_notice_unconfirmed", "no_advocate_after_arrest", "vine_pending", "counselling_not_connected",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """What one envelope carries. `values` and `narrative` are there at full level only, `summary` from summary on.

    At existence nothing is carried but the kind of thing. `kept_from` are names of people at the recipient's who she
    asked must never see anything of her; it travels at every level and is shown to nobody.
    """

    kind: str
    category: Category
    level: Level
    occurred_at: datetime | None = None
    status: str = ""
    summary: Mapping[str, Any] | None = None
    values: Mapping[str, Any] | None = None
    narrative: str = ""
    kept_from: tuple[str, ...] = ()

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
                "kept_from": list(self.kept_from),
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
                "kept_from": tuple(raw["kept_from"]),
            }
        )

    @property
    def answers(self) -> int:
        """How many questions this answers that she is not asked again."""
        if self.kind == GAP:
            return 0
        if self.level is Level.FULL and self.values:
            return sum(1 for value in self.values.values() if value not in ("", None, [], {}))
        if self.level >= Level.SUMMARY and self.summary:
            return max(1, len(self.summary.get("values") or {}))
        return 0


def told_of(content: Content) -> tuple[str, bool, datetime] | None:
    """Which gap of a partner's this tells of: the code of its rule, whether it is over, and since when it was told;
    None where it tells of none. That somebody is involved tells of none, and what is on no list says nothing."""
    if content.kind != GAP or content.level < Level.SUMMARY or content.status not in (GAP_OPEN, GAP_OVER):
        return None
    values = (content.summary or {}).get("values")
    if not isinstance(values, Mapping) or not isinstance(values.get(GAP), str) or values[GAP] not in GAPS:
        return None
    try:
        since = datetime.fromisoformat(values.get(SINCE))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return (values[GAP], content.status == GAP_OVER, since) if since.tzinfo is not None else None


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
            kept_from=content.kept_from,
        )
    return Content(kind="involved", category=content.category, level=Level.EXISTENCE, kept_from=content.kept_from)


#: How she can tell somebody something.
TOLD = ("in_person", "phone", "written")
LONGEST_NAME = 200
LONGEST_WORDS = 2_000


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

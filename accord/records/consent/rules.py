"""What a FHIR Consent says, and how one question about it is answered. Values only.

Read like this (docs/fhir-consent-differences.md has the reasons): nothing is permitted unless a provision permits it;
a nested provision is an exception to the one around it, with its own type; of several that apply, one that denies
wins; what is not understood denies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Final, Generic, TypeVar

from accord.policy.words import Category, Duty, Level, Mark, Purpose

T = TypeVar("T")

ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
RESOURCE_TYPES: Final = "http://hl7.org/fhir/resource-types"
#: Our own, where HL7 has no code that means the same. Whoever does not know them must not guess.
OUR_CATEGORY: Final = "urn:accord:codesystem:category"
OUR_MARK: Final = "urn:accord:codesystem:mark"
OUR_PURPOSE: Final = "urn:accord:codesystem:purpose"
OUR_LEVEL: Final = "urn:accord:extension:level"


class _Quiet:
    """A value whose repr names its type only: what a consent names may be a person or a place."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@dataclass(frozen=True, slots=True, repr=False)
class Coding(_Quiet):
    """A code of a code system. Two are the same whatever they are displayed as."""

    system: str
    code: str
    display: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Label:
    """What a sensitivity of HL7's v3 ActCode is here. `mark` puts a thing under its own key, `categories` are what a
    release would have to name."""

    mark: Mark | None
    categories: tuple[Category, ...]
    source: str


_SLS = "v3-ActInformationSensitivityPolicy; IHE PCF value set SlsSensitive"
_SUD_SOURCE = "42 CFR 2.31(a)(3)"
#: Every sensitivity that is understood; any other denies.
LABELS: Final[Mapping[str, Label]] = {
    "SDV": Label(
        None,
        (Category.INJURIES, Category.EXAM, Category.RISK, Category.SAFETY_PLAN),
        f"{_SLS}SDV; 34 USC 12291(b)(2)",
    ),
    "MST": Label(None, (Category.INJURIES, Category.EXAM), "v3-ActCode MST"),
    "PSY": Label(None, (Category.COUNSELLING,), f"{_SLS}PSY"),
    "PSYTHPN": Label(
        Mark.PSYCHOTHERAPY_NOTE, (Category.COUNSELLING,), "45 CFR 164.508(a)(2)"
    ),
    "MH": Label(None, (Category.COUNSELLING,), "v3-ActCode MH"),
    "BH": Label(None, (Category.COUNSELLING,), "v3-ActCode BH"),
    "COGN": Label(None, (Category.CONDITIONS,), "v3-ActCode COGN"),
    "DVD": Label(None, (Category.CONDITIONS,), "v3-ActCode DVD"),
    "EMOTDIS": Label(None, (Category.CONDITIONS,), "v3-ActCode EMOTDIS"),
    "ETH": Label(Mark.SUD, (Category.CONDITIONS,), f"{_SLS}ETH; {_SUD_SOURCE}"),
    "SUD": Label(Mark.SUD, (Category.CONDITIONS,), f"v3-ActCode SUD; {_SUD_SOURCE}"),
    "ETHUD": Label(Mark.SUD, (Category.CONDITIONS,), f"{_SLS}ETHUD; {_SUD_SOURCE}"),
    "OPIOIDUD": Label(Mark.SUD, (Category.CONDITIONS,), f"{_SLS}OPIOIDUD; {_SUD_SOURCE}"),
    "HIV": Label(None, (Category.CONDITIONS, Category.RESULTS, Category.MEDICATIONS), f"{_SLS}HIV"),
    "STD": Label(
        None, (Category.CONDITIONS, Category.RESULTS), "v3-ActCode STD"
    ),
    "SEX": Label(None, (Category.CONDITIONS,), "v3-ActCode SEX"),
    "GDIS": Label(None, (Category.CONDITIONS,), "v3-ActCode GDIS"),
    "SCA": Label(None, (Category.CONDITIONS,), "v3-ActCode SCA"),
    "SPI": Label(None, (), "v3-ActCode SPI"),
}  # fmt: skip
#: What a denial of one of these denies too. Wide on purpose; a permission never widens.
_SUBSTANCES: Final = ("ETH", "SUD", "ETHUD", "OPIOIDUD")
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "BH": ("MH", "PSY", "PSYTHPN", "COGN", "DVD", "EMOTDIS", *_SUBSTANCES),
    "MH": ("PSY", "PSYTHPN"),
    "PSY": ("PSYTHPN",),
    "SDV": ("MST",),
    "ETH": _SUBSTANCES,
    "SUD": _SUBSTANCES,
}
#: The sensitivities that this work meets, asked about in every matrix whether a consent names them or not.
ALWAYS_ASKED: Final = ("SDV", "PSY", "ETH", "HIV")
#: What an ordinary release never opens, though HL7 has no label for it.
MARKED: Final = (
    Mark.PRIVILEGED, Mark.SUD_COUNSELLING_NOTE, Mark.SHELTER_LOCATION, Mark.IMMIGRATION, Mark.CRIMINAL_HISTORY,
    Mark.SEALED,
)  # fmt: skip
#: From unrestricted to very restricted (v3-Confidentiality is ordered).
RANKS: Final = ("U", "L", "M", "N", "R", "V")
#: A tag that says nothing about sensitivity.
TEST_DATA: Final = Coding(ACT_REASON, "HTEST")


@dataclass(frozen=True, slots=True)
class Use:
    """A purpose of use of HL7's v3 ActReason: what it is a kind of, and what it is here, if it is."""

    under: tuple[str, ...] = ()
    ours: Purpose | None = None


BREAKING: Final = Coding(ACT_REASON, "BTG")
#: Every purpose of use that is understood; any other denies.
PURPOSES: Final[Mapping[str, Use]] = {
    "TREAT": Use(ours=Purpose.TREATMENT),
    "CAREMGT": Use(("TREAT",)),
    "COC": Use(("TREAT",)),
    "CLINTRCH": Use(("TREAT", "HRESCH")),
    "POPHLTH": Use(("TREAT",)),
    "ETREAT": Use(("TREAT",)),
    "BTG": Use(("ETREAT", "TREAT")),
    "ERTREAT": Use(("ETREAT", "TREAT")),
    "HPAYMT": Use(),
    "HOPERAT": Use(),
    "HLEGAL": Use(("HOPERAT",)),
    "HQUALIMP": Use(("HOPERAT",)),
    "HSYSADMIN": Use(("HOPERAT",)),
    "PATADMIN": Use(("HOPERAT",)),
    "PATSFTY": Use(("HOPERAT",)),
    "TRAIN": Use(("HOPERAT",)),
    "HMARKT": Use(),
    "HRESCH": Use(ours=Purpose.RESEARCH),
    "PUBHLTH": Use(),
    "PATRQT": Use(),
    "FAMRQT": Use(("PATRQT",)),
    "COVERAGE": Use(),
}
#: Codes of HL7's as words.
WORDS: Final[Mapping[str, str]] = {
    "SDV": "sexual assault, abuse or domestic violence",
    "MST": "military sexual trauma",
    "PSY": "psychiatric care",
    "PSYTHPN": "a therapist's own notes",
    "MH": "mental health",
    "BH": "behavioural health",
    "COGN": "cognitive disability",
    "DVD": "developmental disability",
    "EMOTDIS": "emotional disturbance",
    "ETH": "alcohol or drug use",
    "SUD": "substance use disorder",
    "ETHUD": "alcohol use disorder",
    "OPIOIDUD": "opioid use disorder",
    "HIV": "HIV or AIDS",
    "STD": "sexually transmitted disease",
    "SEX": "sexual and reproductive health",
    "GDIS": "genetic disease",
    "SCA": "sickle cell anaemia",
    "SPI": "specially protected information",
    "TREAT": "treatment",
    "CAREMGT": "care management",
    "COC": "coordination of care",
    "CLINTRCH": "clinical trial",
    "POPHLTH": "population health",
    "ETREAT": "emergency treatment",
    "BTG": "break the glass",
    "ERTREAT": "emergency room treatment",
    "HPAYMT": "payment for health care",
    "HOPERAT": "health care operations",
    "HLEGAL": "legal matters of health care",
    "HQUALIMP": "quality improvement",
    "HSYSADMIN": "administration of systems",
    "PATADMIN": "administration of patients",
    "PATSFTY": "safety of patients",
    "TRAIN": "training",
    "HMARKT": "marketing",
    "HRESCH": "research",
    "PUBHLTH": "public health",
    "PATRQT": "at her own request",
    "FAMRQT": "at her family's request",
    "COVERAGE": "insurance cover",
    "U": "unrestricted",
    "L": "low",
    "M": "moderate",
    "N": "normal",
    "R": "restricted",
    "V": "very restricted",
}
#: FHIR resource types that are one of our categories, and so can fill in a draft.
TYPES: Final[Mapping[str, Category]] = {
    "AllergyIntolerance": Category.ALLERGIES,
    "Condition": Category.CONDITIONS,
    "DocumentReference": Category.DOCUMENTS,
    "Encounter": Category.ENCOUNTERS,
    "MedicationRequest": Category.MEDICATIONS,
    "MedicationStatement": Category.MEDICATIONS,
    "Procedure": Category.PROCEDURES,
}
#: Where the law that a release rests on can be read.
POLICIES: Final[Mapping[Duty, str]] = {
    Duty.VAWA: "https://www.law.cornell.edu/uscode/text/34/12291",
    Duty.VOCA: "https://www.ecfr.gov/current/title-28/section-94.115",
    Duty.FVPSA: "https://www.ecfr.gov/current/title-45/section-1370.4",
    Duty.HIPAA: "https://www.ecfr.gov/current/title-45/section-164.508",
    Duty.PART2: "https://www.ecfr.gov/current/title-42/section-2.31",
    Duty.FERPA: "https://www.ecfr.gov/current/title-34/section-99.30",
}
#: What every release rests on: nothing goes without one.
OUR_POLICY: Final = "urn:accord:policy:default-deny"

#: Roles of an actor that mean "receives it" (v3-ParticipationType).
RECEIVES: Final = frozenset({"IRCP", "PRCP"})
#: Actions of which one must be named, if any is, for a disclosure; a denial of any of `TOUCHES` stops one.
DISCLOSES: Final = frozenset({"access", "disclose"})
TOUCHES: Final = frozenset({"access", "disclose", "use"})
ACTIONS: Final = frozenset({"collect", "access", "use", "disclose", "correct"})
_PEOPLE: Final = ("Practitioner", "PractitionerRole", "RelatedPerson")
#: Who may be part of whom, as far as a reference tells: a denial of the whole denies its parts.
WHOLES: Final[Mapping[str, frozenset[str]]] = {
    "Group": frozenset(
        {"Organization", "Practitioner", "PractitionerRole", "RelatedPerson", "Device", "CareTeam", "Group", ""}
    ),
    "CareTeam": frozenset({"Organization", "Practitioner", "PractitionerRole", "RelatedPerson", ""}),
    "Organization": frozenset({"Practitioner", "PractitionerRole", "Device"}),
}


class Why(StrEnum):
    """Why a cell is what it is."""

    PERMITTED = "permitted"
    DENIED = "denied"
    SILENT = "silent"
    NOT_IN_FORCE = "not_in_force"
    NOT_YET = "not_yet"
    NOT_UNDERSTOOD = "not_understood"
    UNCLEAR = "unclear"
    NO_PURPOSE = "no_purpose"
    ENDED = "ended"
    DEPENDS_LABELS = "depends_labels"
    DEPENDS_PURPOSE = "depends_purpose"
    DEPENDS_KIND = "depends_kind"
    DEPENDS_DATA = "depends_data"
    DEPENDS_DAY = "depends_day"

    @property
    def depends(self) -> bool:
        """It is no only because too little is said about the thing."""
        return self.value.startswith("depends")


#: The reasons as sentences.
SENTENCES: Final[Mapping[Why, str]] = {
    Why.PERMITTED: "The consent permits it.",
    Why.DENIED: "The consent denies it.",
    Why.SILENT: "The consent does not speak of it, and what it does not permit it denies.",
    Why.NOT_IN_FORCE: "The consent is not in force.",
    Why.NOT_YET: "The consent had not been given yet.",
    Why.NOT_UNDERSTOOD: "Something in the consent is not understood, and what is not understood denies.",
    Why.UNCLEAR: "Part of what would permit it is not understood, and so it does not.",
    Why.NO_PURPOSE: "The consent does not say for what.",
    Why.ENDED: "The consent has ended, or has not begun.",
    Why.DEPENDS_LABELS: "It depends on how the thing is labelled, and that is not said.",
    Why.DEPENDS_PURPOSE: "It depends on what it is for, and that is not said.",
    Why.DEPENDS_KIND: "It depends on what kind of thing it is, and that is not said.",
    Why.DEPENDS_DATA: "It depends on which thing it is or who wrote it, and that is not said.",
    Why.DEPENDS_DAY: "It depends on when the thing happened, and that is not said.",
}


#: Of several reasons for a no, the one that tells most comes last.
_TELLING: Final = (
    Why.PERMITTED, Why.SILENT, Why.UNCLEAR, Why.NO_PURPOSE, Why.ENDED, Why.DENIED, Why.DEPENDS_PURPOSE,
    Why.DEPENDS_KIND, Why.DEPENDS_LABELS, Why.DEPENDS_DAY, Why.DEPENDS_DATA, Why.NOT_YET, Why.NOT_IN_FORCE,
    Why.NOT_UNDERSTOOD,
)  # fmt: skip


class Gap(StrEnum):
    """What can be not understood."""

    ELEMENT = "element"
    CHANGES = "changes"
    STATUS = "status"
    SCOPE = "scope"
    KIND = "kind"
    NO_PATIENT = "no_patient"
    NO_DATE = "no_date"
    NO_HOLDER = "no_holder"
    UNVERIFIED = "unverified"
    NO_RULE = "no_rule"
    TYPE = "type"
    CODE = "code"
    SYSTEM = "system"
    REFERENCE = "reference"
    ROLE = "role"
    PERIOD = "period"
    MEANING = "meaning"


#: The same as sentences.
GAPS: Final[Mapping[Gap, str]] = {
    Gap.ELEMENT: "This element is not understood.",
    Gap.CHANGES: "It is said here that the rest must not be read without understanding this, and it is not understood.",
    Gap.STATUS: "This status is not understood.",
    Gap.SCOPE: "This consent is about something else than telling.",
    Gap.KIND: "What kind of consent this is is not understood.",
    Gap.NO_PATIENT: "It is not said whose consent this is.",
    Gap.NO_DATE: "It is not said when it was given.",
    Gap.NO_HOLDER: "It is not said who may tell.",
    Gap.UNVERIFIED: "It says itself that nobody verified it.",
    Gap.NO_RULE: "It has no rule that a program can read.",
    Gap.TYPE: "It is not said whether this permits or denies.",
    Gap.CODE: "This code is not understood.",
    Gap.SYSTEM: "This code system is not known here.",
    Gap.REFERENCE: "Where this points cannot be told from the document.",
    Gap.ROLE: "Somebody is named here in another capacity than receiving.",
    Gap.PERIOD: "This period is not understood.",
    Gap.MEANING: "Which data this means cannot be told.",
}


class Remark(StrEnum):
    """What was left out of account and denies nothing."""

    TESTING = "testing"
    POLICY = "policy"
    OTHER_SIGNER = "other_signer"
    NO_END = "no_end"
    ADDED = "added"
    GROUP = "group"
    SOURCE = "source"


#: The same as sentences.
REMARKS: Final[Mapping[Remark, str]] = {
    Remark.TESTING: "It is marked as test data.",
    Remark.POLICY: "It points to a policy, which is not read. What the consent itself does not permit it denies.",
    Remark.OTHER_SIGNER: "Somebody else gave it for her. Who may sign for her is asked when a release is signed here.",
    Remark.NO_END: "It names no end. A release here always has one.",
    Remark.ADDED: "It carries additions of another system that change nothing; they are not read.",
    Remark.GROUP: "It names a group or team. Who belongs to it is not in the document: only the group itself is meant.",
    Remark.SOURCE: "It points to the signed paper. That is not read.",
}


@dataclass(frozen=True, slots=True, repr=False)
class NotUnderstood(_Quiet):
    """Something that denies because nobody can be sure what it means: where it stands, what is wrong with it, and the
    code or element that is meant, as written."""

    path: str
    what: Gap
    value: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Edge(_Quiet):
    """A moment no sharper than it was written: it begins at `first` and is over before `after`. `floating`: written
    without an offset, so it is read in the holder's zone."""

    text: str
    first: datetime
    after: datetime
    floating: bool

    def begins(self, zone: tzinfo) -> datetime:
        return self.first.replace(tzinfo=zone) if self.floating else self.first

    def over(self, zone: tzinfo) -> datetime:
        return self.after.replace(tzinfo=zone) if self.floating else self.after


@dataclass(frozen=True, slots=True, repr=False)
class Span(_Quiet):
    """From the first moment of `start` to the last of `end`; either may be open."""

    start: Edge | None = None
    end: Edge | None = None

    def holds(self, at: datetime, zone: tzinfo) -> bool:
        begun = self.start is None or self.start.begins(zone) <= at
        return begun and (self.end is None or at < self.end.over(zone))


@dataclass(frozen=True, slots=True, repr=False)
class AnyOf(_Quiet, Generic[T]):
    """Alternatives of which one must be met. `partial`: there are more, which are not understood."""

    values: tuple[T, ...]
    partial: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Actor(_Quiet):
    """Who is meant, by reference; `display` as written."""

    reference: str
    display: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Data(_Quiet):
    """Which data: `meaning` is instance, related or authoredby."""

    meaning: str
    reference: str


@dataclass(frozen=True, slots=True, repr=False)
class Provision(_Quiet):
    """One rule of a consent. `permit` None: it says neither, and holds its nested rules only. A part that is None is
    not said. `void`: something in it is not understood, so it permits nothing, nor does what is nested in it."""

    path: str
    permit: bool | None
    void: bool = False
    period: Span | None = None
    actors: AnyOf[Actor] | None = None
    actions: AnyOf[str] | None = None
    labels: AnyOf[Coding] | None = None
    purposes: AnyOf[Coding] | None = None
    classes: AnyOf[Coding] | None = None
    codes: AnyOf[Coding] | None = None
    data_period: Span | None = None
    data: AnyOf[Data] | None = None
    level: Level = Level.FULL
    provisions: tuple[Provision, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Consent(_Quiet):
    """A whole consent. `closed` is what makes all of it deny; `not_understood` has that and everything else that was
    not understood; `remarks` is what was left out of account and denies nothing."""

    id: str
    status: str
    patient: Actor | None
    dated: Edge | None
    performers: tuple[Actor, ...]
    holders: tuple[Actor, ...]
    policies: tuple[str, ...]
    verified: bool | None
    provision: Provision | None
    closed: tuple[NotUnderstood, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Asked(_Quiet):
    """What one cell asks. `actor` "" is somebody the consent does not name. None is a fact that is not said; empty
    labels are said to be none."""

    actor: str = ""
    purpose: Coding | None = None
    labels: frozenset[Coding] | None = None
    kind: Coding | None = None
    codes: frozenset[Coding] | None = None
    author: str | None = None
    encounter: str | None = None
    item: str | None = None
    item_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """The answer to one cell. `level` is FULL unless a consent of ours says less; `where` is the rule that decided;
    `closes`: whatever else is permitted, this is not."""

    permit: bool
    why: Why
    level: Level = Level.NONE
    where: str = ""
    closes: bool = False


def decide_cell(consent: Consent, asked: Asked, at: datetime, zone: tzinfo = UTC) -> Cell:
    """Whether the consent lets this recipient have this, for this, at this moment. Days without an offset are read in
    `zone`."""
    if consent.closed:
        return Cell(False, Why.NOT_UNDERSTOOD, where=consent.closed[0].path)
    if consent.status != "active":
        return Cell(False, Why.NOT_IN_FORCE, where="status")
    if consent.dated is None or at < consent.dated.begins(zone):
        return Cell(False, Why.NOT_YET, where="dateTime")
    if consent.provision is None:
        return Cell(False, Why.SILENT)
    return _judge(consent.provision, asked, at, zone, ())


# ------------------------------------------------------------------ how one rule applies


def _judge(rule: Provision, asked: Asked, at: datetime, zone: tzinfo, around: tuple[Provision, ...]) -> Cell:
    """What a rule and the rules nested in it say. Of nested ones a denial wins, then the permission that gives most;
    where they say nothing, the rule itself speaks."""
    inside = [_judge(each, asked, at, zone, (*around, rule)) for each in rule.provisions]
    own = _itself(rule, asked, at, zone, around, any(cell.permit for cell in inside))
    denials = [cell for cell in inside if cell.closes]
    said = _most([*(cell for cell in inside if not cell.closes), own])
    firm = [cell for cell in denials if not cell.why.depends]
    if firm or (denials and said.permit):
        return (firm or denials)[0]
    return replace(said, closes=True) if denials else said


def _itself(
    rule: Provision, asked: Asked, at: datetime, zone: tzinfo, around: tuple[Provision, ...], excepted: bool
) -> Cell:
    """What a rule says without those nested in it. One that is not understood, or stands in one, denies what it
    speaks of; `excepted`: an exception to it applies, so a denial leaves it alone."""
    void = rule.void or any(each.void for each in around)
    if rule.permit is None or (rule.permit is False and excepted and not void):
        return Cell(False, Why.SILENT, where=rule.path)
    if rule.permit and not void:
        missing = _missing(rule, asked, at, zone, around)
        if missing is None:
            return Cell(True, Why.PERMITTED, rule.level, rule.path)
        return Cell(False, missing, where=rule.path)
    if not _stopped(rule, asked, at, zone):
        return Cell(False, Why.SILENT, where=rule.path)
    why = Why.NOT_UNDERSTOOD if void else _unsaid(rule, asked) or Why.DENIED
    return Cell(False, why, where=rule.path, closes=True)


def _most(cells: list[Cell]) -> Cell:
    """The permission that gives most, or why there is none: what it depends on is worth more than silence."""
    permits = [cell for cell in cells if cell.permit]
    if permits:
        return max(permits, key=lambda cell: cell.level)
    return max(cells, key=lambda cell: (cell.closes, _TELLING.index(cell.why)))


def _unsaid(rule: Provision, asked: Asked) -> Why | None:
    """What a denial would have to know to leave something alone; None when it applies for certain."""
    if rule.labels is not None and asked.labels is None:
        return Why.DEPENDS_LABELS
    if rule.data_period is not None and asked.item_at is None:
        return Why.DEPENDS_DAY
    if rule.data is not None and _met(rule.data, asked) is None:
        return Why.DEPENDS_DATA
    unsaid = (rule.classes is not None and asked.kind is None) or (rule.codes is not None and asked.codes is None)
    return Why.DEPENDS_KIND if unsaid else None


def _missing(rule: Provision, asked: Asked, at: datetime, zone: tzinfo, around: tuple[Provision, ...]) -> Why | None:
    """Why a permission does not apply; None when it does. Whom, for what and how labelled may be said anew by a nested
    rule (it widens, as in PCF's own examples); everything else narrows what the rules around it say."""
    actors = _nearest(rule, around, lambda one: one.actors)
    purposes = _nearest(rule, around, lambda one: one.purposes)
    labels = _nearest(rule, around, lambda one: one.labels)
    if purposes is None:
        return Why.NO_PURPOSE
    if actors is not None and asked.actor not in {actor.reference for actor in actors.values}:
        return _unmet(actors)
    if not purposes.values or (asked.purpose is not None and asked.purpose not in purposes.values):
        return _unmet(purposes)
    narrow = (*around, rule)
    if any(one.period is not None and not one.period.holds(at, zone) for one in narrow):
        return Why.ENDED
    if any(one.actions is not None and not DISCLOSES & set(one.actions.values) for one in narrow):
        return Why.SILENT
    met = [
        (True if asked.purpose is not None else None, Why.DEPENDS_PURPOSE),
        (_covered(labels, asked.labels), Why.DEPENDS_LABELS),
    ]
    for one in narrow:
        met += [
            (_among(one.classes, None if asked.kind is None else {asked.kind}), Why.DEPENDS_KIND),
            (_among(one.codes, asked.codes), Why.DEPENDS_KIND),
            (_met(one.data, asked), Why.DEPENDS_DATA),
            (_within(one.data_period, asked.item_at, zone), Why.DEPENDS_DAY),
        ]
    if any(said is False for said, _ in met):
        return _unmet(labels)
    return next((why for said, why in met if said is None), None)


def _stopped(rule: Provision, asked: Asked, at: datetime, zone: tzinfo) -> bool:
    """Whether a denial applies: by its own words alone, and wherever it cannot be told that it does not."""
    purpose, labels, kind, codes = asked.purpose, asked.labels, asked.kind, asked.codes
    return (
        (rule.period is None or rule.period.holds(at, zone))
        and _holds(rule.actors, lambda named: any(_is_of(actor, asked.actor) for actor in named))
        and _holds(rule.actions, lambda named: bool(TOUCHES & set(named)))
        and _holds(rule.purposes, lambda named: purpose is None or any(_is_kind_of(purpose, each) for each in named))
        and _holds(rule.labels, lambda named: labels is None or _carries(named, labels))
        and _holds(rule.classes, lambda named: kind is None or kind in named)
        and _holds(rule.codes, lambda named: codes is None or bool(codes & set(named)))
        and _holds(rule.data, lambda named: _met(rule.data, asked) is not False)
        and _within(rule.data_period, asked.item_at, zone) is not False
    )


def _nearest(
    rule: Provision, around: tuple[Provision, ...], part: Callable[[Provision], AnyOf[T] | None]
) -> AnyOf[T] | None:
    """What a rule says, or the nearest rule around it that says something."""
    return next((said for one in (rule, *reversed(around)) if (said := part(one)) is not None), None)


def _unmet(said: AnyOf[T] | None) -> Why:
    """Why a permission that names something else does not apply: it may have named this in words nobody understands."""
    return Why.UNCLEAR if said is not None and said.partial else Why.SILENT


def _holds(said: AnyOf[T] | None, test: Callable[[tuple[T, ...]], bool]) -> bool:
    """Whether one part of a denial is met: it is not said, some of it is not understood, or the fact fits."""
    return said is None or said.partial or test(said.values)


def _among(said: AnyOf[T] | None, facts: Iterable[T] | None) -> bool | None:
    """Whether one of the facts is named; None when they are not said."""
    if said is None:
        return True
    return None if facts is None else any(fact in said.values for fact in facts)


def _within(span: Span | None, moment: datetime | None, zone: tzinfo) -> bool | None:
    if span is None:
        return True
    return None if moment is None else span.holds(moment, zone)


def _met(said: AnyOf[Data] | None, asked: Asked) -> bool | None:
    """Whether the thing is one of the data that are named; None when too little is said about it."""
    if said is None:
        return True
    facts = {"instance": (asked.item,), "related": (asked.item, asked.encounter), "authoredby": (asked.author,)}
    unknown = False
    for data in said.values:
        if data.reference in facts[data.meaning]:
            return True
        unknown = unknown or None in facts[data.meaning]
    return None if unknown else False


def _covered(named: AnyOf[Coding] | None, labels: frozenset[Coding] | None) -> bool | None:
    """Whether every label of a thing is named. A sensitivity that is named carries a confidentiality up to restricted
    along, since that is how such things are labelled; a confidentiality never carries a sensitivity."""
    if named is None:
        return True
    if labels is None:
        return None
    carried = labels - {TEST_DATA}
    levels = {label for label in carried if label.system == CONFIDENTIALITY}
    sensitive = carried - levels
    free = {Coding(CONFIDENTIALITY, code) for code in RANKS[: RANKS.index("V")]} if sensitive else set()
    return bool(carried) and sensitive <= set(named.values) and levels <= set(named.values) | free


def _carries(denied: tuple[Coding, ...], labels: frozenset[Coding]) -> bool:
    """Whether a thing carries what is denied: that label, one of its family, or a higher confidentiality."""
    for label in denied:
        if label.system == CONFIDENTIALITY:
            closed = {Coding(CONFIDENTIALITY, code) for code in RANKS[RANKS.index(label.code) :]}
        else:
            closed = {label, *(Coding(ACT_CODE, code) for code in FAMILIES.get(label.code, ()))}
        if closed & labels:
            return True
    return False


def _is_kind_of(purpose: Coding, denied: Coding) -> bool:
    use = PURPOSES.get(purpose.code) if purpose.system == ACT_REASON else None
    return purpose == denied or (use is not None and denied.system == ACT_REASON and denied.code in use.under)


def _is_of(denied: Actor, actor: str) -> bool:
    """Whether this recipient is the one that is denied, or may be part of it. Of two addresses that end alike the same
    is meant."""
    if actor and _tail(denied.reference) == _tail(actor):
        return True
    return kind_of(actor) in WHOLES.get(kind_of(denied.reference), frozenset())


def kind_of(reference: str) -> str:
    """The resource type a reference names; "" when it names none."""
    parts = reference.split("/")
    return parts[-2] if len(parts) > 1 and parts[-2].isalpha() else ""


def _tail(reference: str) -> str:
    return "/".join(reference.split("/")[-2:])


# ------------------------------------------------------------------ the matrix


@dataclass(frozen=True, slots=True, repr=False)
class Kind(_Quiet):
    """A row of the matrix: a class of things, or how things are labelled."""

    kind: Coding | None = None
    labels: frozenset[Coding] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class Square(_Quiet):
    """One cell of the matrix over all purposes the consent names: for which of them, up to which level, or why not."""

    purposes: tuple[Coding, ...]
    level: Level
    why: Why

    @property
    def depends(self) -> bool:
        return self.why.depends


@dataclass(frozen=True, slots=True, repr=False)
class Matrix(_Quiet):
    """Recipients against kinds of things. The last recipient is everybody the consent does not name."""

    recipients: tuple[Actor, ...]
    purposes: tuple[Coding, ...]
    rows: tuple[tuple[Kind, tuple[Square, ...]], ...]

    def permitted(self, recipient: Actor) -> bool:
        """Whether anything is permitted to this one, or might be, depending on the thing. Breaking the glass is for an
        emergency, and no purpose that a release can have."""
        column = self.recipients.index(recipient)
        return any(set(squares[column].purposes) - {BREAKING} or squares[column].depends for _, squares in self.rows)

    def refused(self, recipient: Actor) -> bool:
        """Whether the consent says no to this one in so many words and permits it nothing."""
        column = self.recipients.index(recipient)
        denied = any(squares[column].why is Why.DENIED for _, squares in self.rows)
        return denied and not self.permitted(recipient)


def every(rule: Provision | None) -> Iterator[Provision]:
    """A rule and all that are nested in it."""
    if rule is not None:
        yield rule
        for each in rule.provisions:
            yield from every(each)


def recipients(consent: Consent) -> tuple[Actor, ...]:
    """Everybody the consent names as one who receives or must not, each once, in its order."""
    return tuple(
        dict.fromkeys(actor for rule in every(consent.provision) if rule.actors for actor in rule.actors.values)
    )


def purposes(consent: Consent) -> tuple[Coding, ...]:
    """Every purpose a permission names."""
    named = [rule.purposes.values for rule in every(consent.provision) if rule.permit and rule.purposes]
    return tuple(dict.fromkeys(purpose for values in named for purpose in values))


def kinds(consent: Consent) -> tuple[Kind, ...]:
    """The rows to ask about: the classes a consent names, then every label it names and those always asked about."""
    rules = list(every(consent.provision))
    classes = dict.fromkeys(each for rule in rules if rule.classes for each in rule.classes.values)
    named = dict.fromkeys(each for rule in rules if rule.labels for each in rule.labels.values)
    levels = [each for each in named if each.system == CONFIDENTIALITY]
    levels += [each for code in ("N", "R") if (each := Coding(CONFIDENTIALITY, code)) not in levels]
    sensitive = [each for each in named if each.system != CONFIDENTIALITY]
    sensitive += [each for code in ALWAYS_ASKED if (each := Coding(ACT_CODE, code)) not in sensitive]
    rows = [Kind(kind=each) for each in classes] or [Kind(labels=frozenset({each})) for each in levels]
    restricted = Coding(CONFIDENTIALITY, "R")
    return (*rows, *(Kind(labels=frozenset({each, restricted})) for each in sensitive))


def cells(consent: Consent) -> int:
    """How much work the matrix is: cells times the rules each has to pass."""
    rules = sum(1 for _ in every(consent.provision))
    classes = sum(1 for kind in kinds(consent) if kind.kind) or 1
    return (len(recipients(consent)) + 1) * len(kinds(consent)) * (len(purposes(consent)) or 1) * classes * rules


def matrix(consent: Consent, at: datetime, zone: tzinfo = UTC) -> Matrix:
    """Every cell: who, against what kind of thing, for which purposes."""
    who, why = (*recipients(consent), Actor("")), purposes(consent)
    classes = [kind.kind for kind in kinds(consent) if kind.kind]
    rows = []
    for row in kinds(consent):
        # A label cuts across the classes: it is permitted where it is for one of them.
        asked = [row.kind] if row.kind or not classes else classes
        rows.append((row, tuple(_square(consent, actor, why, row, asked, at, zone) for actor in who)))
    return Matrix(who, why, tuple(rows))


def _square(
    consent: Consent,
    actor: Actor,
    why: tuple[Coding, ...],
    row: Kind,
    classes: Iterable[Coding | None],
    at: datetime,
    zone: tzinfo,
) -> Square:
    asked = Asked(actor=actor.reference, labels=row.labels)
    cells = [
        (purpose, decide_cell(consent, replace(asked, purpose=purpose, kind=kind), at, zone))
        for purpose in why
        for kind in classes
    ]
    yes = tuple(dict.fromkeys(purpose for purpose, cell in cells if cell.permit))
    if yes:
        return Square(yes, max(cell.level for _, cell in cells), Why.PERMITTED)
    reasons = [cell.why for _, cell in cells] or [decide_cell(consent, asked, at, zone).why]
    return Square((), Level.NONE, max(reasons, key=lambda reason: _TELLING.index(reason)))


# ------------------------------------------------------------------ into our words, and out of them


def purpose_coding(purpose: Purpose) -> Coding:
    """How one of our purposes is written: HL7's code where one means the same, else our own."""
    for code, use in PURPOSES.items():
        if use.ours is purpose:
            return Coding(ACT_REASON, code)
    return Coding(OUR_PURPOSE, purpose.value)


def our_purpose(coding: Coding) -> Purpose | None:
    """What a purpose is here; None when it is none of ours."""
    if coding.system == OUR_PURPOSE:
        return Purpose(coding.code)
    use = PURPOSES.get(coding.code) if coding.system == ACT_REASON else None
    return use.ours if use else None


def category_coding(category: Category) -> Coding:
    return Coding(OUR_CATEGORY, category.value)


def our_category(coding: Coding) -> Category | None:
    """Which of our categories a class is; None when it is none."""
    if coding.system == OUR_CATEGORY:
        return Category(coding.code)
    return TYPES.get(coding.code) if coding.system == RESOURCE_TYPES else None


def label_codings(marks: frozenset[Mark]) -> frozenset[Coding]:
    """The labels of a thing with these marks: HL7's where it has them, else our own."""
    found = {Coding(ACT_CODE, code) for code, label in LABELS.items() if label.mark in marks}
    return frozenset(found | {Coding(OUR_MARK, mark.value) for mark in marks if mark in MARKED})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a draft for one recipient can be filled in with: only what has the same meaning here."""

    purpose: Purpose | None
    grants: Mapping[Category, Level]


def suggestion(consent: Consent, recipient: Actor, at: datetime, zone: tzinfo = UTC) -> Suggestion:
    """The first purpose that is one of ours, and the categories a class names; the conversation settles all else."""
    found: dict[Category, Level] = {}
    purpose: Purpose | None = None
    for each in purposes(consent):
        ours = our_purpose(each)
        for row in kinds(consent):
            category = our_category(row.kind) if row.kind else None
            cell = decide_cell(consent, Asked(recipient.reference, each, row.labels, row.kind), at, zone)
            if not cell.permit or ours is None or purpose not in (None, ours):
                continue
            purpose = ours
            if category is not None:
                found[category] = max(found.get(category, Level.NONE), cell.level)
    return Suggestion(purpose, found)


@dataclass(frozen=True, slots=True, repr=False)
class Given(_Quiet):
    """One of our releases, to be written as a consent. `status`: proposed before she signs, active, or inactive once
    she took it back. `substance_use`: it says in so many words that such records are meant (42 CFR 2.31(a)(3))."""

    id: str
    status: str
    subject: Actor
    holder: Actor
    recipient: Actor
    purpose: Purpose
    grants: Mapping[Category, Level]
    dated: datetime
    since: datetime
    until: datetime
    signed_at: datetime | None = None
    signer: str = ""
    duties: frozenset[Duty] = frozenset()
    substance_use: bool = False

    def denied_labels(self) -> tuple[Coding, ...]:
        """What an ordinary release never opens and so says no to: each needs an instrument of its own."""
        codes = ["PSYTHPN", *(() if self.substance_use else _SUBSTANCES)]
        return (*(Coding(ACT_CODE, code) for code in codes), *(Coding(OUR_MARK, mark.value) for mark in MARKED))

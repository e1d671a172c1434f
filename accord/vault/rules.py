"""What a client's record is made of: values and their checks, no rows, no clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accord.accounts.rules import CODE_ALPHABET
from accord.policy.words import VICTIM_SERVICE_DUTIES, AgencyKind, Category, Duty, Mark, Relation
from accord.sealing.tokens import name_forms, name_words

CODE_LENGTH = 5

LONGEST_LINE = 200
LONGEST_TEXT = 20_000

#: Kinds an advocate or officer enters by hand, and what each is about.
KINDS: Mapping[str, Category] = {
    "intake": Category.SERVICES,
    "contact": Category.SERVICES,
    "safety_plan": Category.SAFETY_PLAN,
    "danger": Category.RISK,
    "legal": Category.LEGAL,
    "housing": Category.HOUSING,
    "note": Category.NOTES,
}

#: Fixed sentences for summaries made from coded fields. Typed summaries carry their own words.
SUMMARIES: Mapping[str, str] = {
    "identity.name": "Her name is {name}.",
    "identity.child": "This is about a child: {name}.",
    "intake.brought": "Brought over from an earlier list.",
    "contact.safe": "Safe to reach: {when}. Say: {say}. Avoid: {avoid}.",
    "contact.reached": "She was reached {channel}.",
    "contact.not_reached": "We tried to reach her {channel}; she did not answer.",
    "contact.message": "A message was left for her {channel}.",
    "contact.somebody_else": "Somebody else answered when we tried to reach her {channel}.",
    "contact.not_hers": "We tried to reach her {channel}; it is not hers any more.",
    "contact.danger": "She let us know that it was not safe when we reached her {channel}.",
    "contact.decided": "A supervisor decided to reach her {channel}, other than her card says.",
    "consent.given": "There is a consent from another system, given {date}.",
    "consent.undated": "There is a consent from another system, without a date.",
    "service.offered": "Offered: {service}.",
    "service.accepted": "Accepted: {service}.",
    "service.declined": "Declined: {service}.",
    "service.waiting": "Waiting for: {service}.",
    "service.started": "Started: {service}.",
    "service.done": "Done: {service}.",
    "service.ended": "Ended: {service}.",
    "track.moved": "{track}: {stands}.",
    "gap.open": "Open past its time: {gap}",
    "gap.over": "Not asked about any more, which does not say it was done: {gap}",
    "referral.sent": "Referred elsewhere for: {service}.",
    "referral.accepted": "Took on a referral for: {service}.",
    "referral.met": "Met after a referral for: {service}.",
    "referral.ended": "A referral is over ({service}): {result}.",
}

#: Languages by their BCP 47 codes, as a county's intake form lists them; any other is written out.
LANGUAGES = (
    "en", "es", "ase", "am", "ar", "bn", "fa", "fr", "hi", "ht", "ko", "pa", "pl", "pt", "ru", "so", "sw", "tl", "uk",
    "ur", "vi", "yue", "zh",
)  # fmt: skip
#: How an interpreter is needed; "none" was asked and is not needed. Never a relative and never a child (facts 3).
INTERPRETER = ("none", "in_person", "phone", "video")
#: What she needs to take part; anything else is written out.
ACCESS = ("wheelchair", "hearing", "sight", "reading", "memory", "speech", "quiet", "assistant", "service_animal")

#: What a community offers (facts 4, 5.1, 6). "shelter" is a bed tonight; where it is stands nowhere.
SERVICES = (
    "shelter", "transitional_housing", "housing_search", "safety_planning", "counselling", "support_group",
    "childrens_counselling", "childcare", "school_liaison", "legal_advocacy", "court_accompaniment",
    "protective_order", "family_law", "immigration_help", "interview_accompaniment", "hospital_accompaniment",
    "health_care", "financial_help", "compensation_claim", "phone", "transport", "interpreter", "employment_help",
    "food_and_clothing", "pet_care", "other",
)  # fmt: skip
#: Where a service can stand. Each is as good an answer as any other.
STEPS = ("offered", "accepted", "declined", "waiting", "started", "done", "ended")
#: What is still to be done something about.
PENDING = frozenset({"offered", "accepted", "waiting", "started"})
#: What usually comes next; any other step may be noted too.
NEXT: Mapping[str, tuple[str, ...]] = {
    "offered": ("accepted", "declined", "waiting"),
    "accepted": ("waiting", "started", "done"),
    "declined": ("offered",),
    "waiting": ("started", "ended"),
    "started": ("done", "ended"),
    "done": ("offered",),
    "ended": ("offered",),
}
#: Why somebody declined: her choice needs no reason, and "not safe now" is one.
WHY_NOT = ("", "not_safe_now", "not_now")
#: Who in her story can be offered something.
SERVED = frozenset({Relation.SELF, Relation.CHILD, Relation.HOUSEHOLD})

#: Ways to reach her. "through": by somebody she named.
WAYS = ("phone", "text", "email", "letter", "in_person", "through")
#: Further questions `may_contact` answers: leave a message on that phone; hand her a paper to take home.
VOICEMAIL, PAPER = "voicemail", "paper"
#: Ways that reach her at the moment they are used. A letter comes when it comes.
TIMED = frozenset({"phone", "text", "email", "in_person", "through", VOICEMAIL})
#: What became of an attempt to reach her.
OUTCOMES = ("reached", "not_reached", "message", "somebody_else", "not_hers", "danger")
ANSWERS = ("", "yes", "no")

#: A child's record never carries where the child is or how to reach her or him: not as a category, not as a value.
NO_PLACE = frozenset({Category.LOCATION, Category.CONTACT})
PLACES = frozenset({"phone", "email", "address", "location"})

HARMS = ("domestic_violence", "sexual_violence", "stalking", "elder_abuse", "trafficking", "other")


#: How somebody can know a client or her family; what she says of herself.
DECLARED = ("relative", "former_partner", "neighbour", "respondent", "client_herself", "other")
#: How somebody is connected to a person outside work; what she says before there is a file.
TIES = ("relative", "former_partner", "neighbour", "respondent", "other")
#: Why somebody must not work with a client. Found: a person in the file has her own name. Asked: the client asked that
#: a person of this name never sees it.
SAME_NAME, ASKED_BY_HER = "same_name", "asked_by_her"
CONFLICTS = (*DECLARED, SAME_NAME, ASKED_BY_HER)
#: Why a wall is lifted.
LIFTED = ("namesake", "over", "mistake")
#: Why one that was found by name never went up: see MOST_BY_NAME, and whoever is the last to look after a file.
LEFT = "left"
#: How many colleagues one save, or one accepted thread, walls off one file by name.
MOST_BY_NAME = 2

#: Why somebody without access opens a file in an emergency.
GLASS_REASONS = ("danger_now", "she_is_here", "nobody_else", "other")
#: How long a broken glass stays open, and how long somebody waits for a second person.
GLASS_OPEN = timedelta(minutes=60)
GLASS_WAITS = timedelta(hours=24)
#: How often one member asks in that time: codes are not guessed through a glass. The database holds it too.
GLASS_MOST = 5
#: What a privacy officer finds when she looks at it afterwards.
GLASS_OUTCOMES = ("right", "talked_over", "misuse")


def is_named(kept: str, member: str) -> bool:
    """Whether a member may be the person that is named: given and family name of one both stand in the other's, however
    they are accented, ordered or hyphenated and whatever stands between them. A namesake counts: it is the safe side.
    """
    return _within(kept, member) or _within(member, kept)


def _within(name: str, other: str) -> bool:
    words = name_words(name)
    return bool(words) and {words[0], words[-1]} <= name_forms(other)


def glass_state(*, opened: bool, stands: bool, waits: bool, own: bool | None, partner: bool | None) -> str:
    """Where emergency access stands: opened and still open or ended; before that it waits, was agreed to or refused;
    and when nothing came of it in time it has lapsed. The own director's no goes before a partner's yes."""
    if opened:
        return "open" if stands else "ended"
    if not waits:
        return "lapsed"
    if own is False:
        return "refused"
    if own or partner:
        return "agreed"
    return "waits" if partner is None else "refused"


class InvalidEntry(ValueError):
    """What somebody typed cannot be kept as it is; the message says what is wrong and where."""


def packed(values: Mapping[str, Any]) -> bytes:
    """Values as canonical JSON bytes, ready to be sealed."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is. Every field may be empty: a client can be known by her code alone.

    `code_name` is said aloud so that hers is not. `language` is a code of `LANGUAGES` or a word; `interpreter` a code
    of `INTERPRETER`, into `interpreter_language`, or into her language when that is empty.
    """

    given: str = ""
    family: str = ""
    chosen: str = ""
    aliases: tuple[str, ...] = ()
    born: date | None = None
    pronouns: str = ""
    language: str = ""
    code_name: str = ""
    interpreter: str = ""
    interpreter_language: str = ""
    access: tuple[str, ...] = ()
    access_more: str = ""

    @property
    def name(self) -> str:
        """The name she is called by: the chosen one, else the given and family names; empty when unknown."""
        return self.chosen or " ".join(part for part in (self.given, self.family) if part)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name she can be found by."""
        full = " ".join(part for part in (self.given, self.family) if part)
        return tuple(name for name in (full, self.chosen, self.code_name, *self.aliases) if name)

    @property
    def answers(self) -> int:
        """How many questions these values answer."""
        return sum(1 for value in asdict(self).values() if value)

    def packed(self) -> bytes:
        # Its fields hold nothing that asdict would have to copy; a caseload packs tens of thousands.
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return packed(said | {"born": self.born.isoformat() if self.born else ""})

    @classmethod
    def of(cls, data: bytes) -> Self:
        values = json.loads(data)
        born = values["born"]
        lists = {name: tuple(values.get(name, ())) for name in ("aliases", "access")}
        return cls(**values | lists | {"born": date.fromisoformat(born) if born else None})

    def checked(self, today: date) -> Identity:
        """The same values, trimmed. Raises InvalidEntry for a line too long, a code that is none, or a birth date still
        to come."""
        trimmed = replace(
            self,
            **{name: getattr(self, name).strip() for name in _LINES},
            aliases=tuple(alias.strip() for alias in self.aliases if alias.strip()),
        )
        for line in (*(getattr(trimmed, name) for name in _LINES), *trimmed.aliases):
            if len(line) > LONGEST_LINE:
                raise InvalidEntry(f"A name is longer than {LONGEST_LINE} characters: {line[:20]}…")
        codes = {trimmed.interpreter} - {"", *INTERPRETER} | {trimmed.interpreter_language} - {"", *LANGUAGES}
        if codes | set(trimmed.access) - set(ACCESS):
            raise InvalidEntry("This need is not on the list; write it in words.")
        if trimmed.born and trimmed.born > today:
            raise InvalidEntry(f"The birth date {trimmed.born.isoformat()} is in the future.")
        return trimmed


#: Fields of an identity that are one line of words.
_LINES = (
    "given", "family", "chosen", "code_name", "pronouns", "language", "access_more",
)  # fmt: skip


def age(born: date, today: date) -> tuple[int, int]:
    """Full years, and the full months beyond them. Born on a 29 February, one is older on 1 March of other years."""
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    return months // 12, months % 12


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which she can be reached: weekdays (Monday is 0) and local times. An end at or before its start lies on
    the next day; midnight to midnight is the whole day."""

    days: tuple[int, ...]
    start: time = time(0)
    end: time = time(0)

    def values(self) -> dict[str, Any]:
        """As it is sealed and as it travels."""
        return {"days": list(self.days), "start": f"{self.start:%H:%M}", "end": f"{self.end:%H:%M}"}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Raises ValueError, KeyError or TypeError for values that are no window."""
        return cls(
            tuple(values["days"]), time.fromisoformat(values["start"]), time.fromisoformat(values["end"])
        ).checked()

    def checked(self) -> Self:
        """Raises InvalidEntry without a day, or when it begins and ends at the same time: it could mean two things."""
        if not self.days or not set(self.days) <= set(range(7)):
            raise InvalidEntry("Say on which days these hours are safe.")
        if self.start == self.end != time(0):
            raise InvalidEntry("Safe hours begin and end at the same time. Leave both empty if the whole day is safe.")
        return replace(self, days=tuple(sorted(set(self.days))))

    def on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """Begin and end of the window that starts on `day`, in UTC. Where the clock shows an hour twice or skips one,
        the narrower reading counts; such a window can be empty, its end then lies before its begin."""
        last = day if self.end > self.start else day + timedelta(days=1)
        return max(_readings(day, self.start, zone)), min(_readings(last, self.end, zone))


def _readings(day: date, hour: time, zone: tzinfo) -> list[datetime]:
    """Both moments a local time can mean; nearly always they are the same."""
    return [datetime.combine(day, hour, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]


@dataclass(frozen=True, slots=True)
class SafeContact:
    """How she may be reached without danger. Shown before every button that would contact her.

    `when`, `say`, `avoid` and `danger` are words; `windows` in the local time of `zone`, and `ways` (codes of `WAYS`),
    are what `may_contact` goes by. `voicemail` and `paper` are "yes", "no" or unknown.
    """

    when: str = ""
    say: str = ""
    avoid: str = ""
    phone: str = ""
    address: str = ""
    windows: tuple[Window, ...] = ()
    zone: str = ""
    ways: tuple[str, ...] = ()
    voicemail: str = ""
    email: str = ""
    through: str = ""
    danger: str = ""
    paper: str = ""

    @property
    def noted(self) -> bool:
        """Whether anything at all is known about reaching her."""
        return self != SafeContact()

    def values(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"windows": [window.values() for window in self.windows], "ways": list(self.ways)}

    def unreached(self) -> Self:
        """The card without what reaches her: all that is shown before the check has passed."""
        return replace(self, phone="", email="", address="", through="")

    def gist(self) -> dict[str, Any]:
        """What a partner learns from a summary: when and in which ways, what to say and avoid; nothing to reach her
        by. Whoever she named for us is not named for others."""
        ways = [way for way in self.ways if way != "through"]
        hours = {"windows": [window.values() for window in self.windows], "zone": self.zone} if self.windows else {}
        return {"when": self.when, "say": self.say, "avoid": self.avoid, **hours} | ({"ways": ways} if ways else {})

    def whole(self) -> dict[str, Any]:
        """What a partner learns who may know all of it. Where she lives is not part of how to reach her."""
        more = {name: getattr(self, name) for name in ("email", "voicemail", "danger", "paper")}
        return self.gist() | {"phone": self.phone} | {name: value for name, value in more.items() if value}

    def packed(self) -> bytes:
        return packed(self.values())

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls().told(json.loads(data))

    def told(self, values: Mapping[str, Any]) -> Self:
        """This card with what `values` say over it; what they leave open stays as it was. Hours that cannot be read are
        no hours: unknown means no."""
        said: dict[str, Any] = {name: str(values[name]) for name in _CARD if values.get(name)}
        said |= {name: values[name] for name in ("voicemail", "paper") if values.get(name) in ("yes", "no")}
        if values.get("ways"):
            said["ways"] = tuple(way for way in WAYS if way in values["ways"])
        if values.get("windows"):
            try:
                windows = tuple(Window.of(window) for window in values["windows"])
            except (ValueError, KeyError, TypeError):
                windows = ()
            said |= {"windows": windows, "zone": str(values.get("zone", ""))}
        return replace(self, **said)

    def number(self, way: str) -> str:
        """What this way needs: a number, an address, a person; empty when it is not noted or the way needs nothing."""
        return {
            "phone": self.phone, "text": self.phone, VOICEMAIL: self.phone,
            "email": self.email, "letter": self.address, "through": self.through,
        }.get(way, "")  # fmt: skip

    def checked(self) -> SafeContact:
        """Raises InvalidEntry for a line too long, hours that mean nothing, or a code that is none."""
        trimmed = replace(
            self,
            **{name: getattr(self, name).strip() for name in _CARD},
            windows=tuple(window.checked() for window in self.windows),
            ways=tuple(way for way in WAYS if way in self.ways),
        )
        for name in _CARD:
            if len(getattr(trimmed, name)) > LONGEST_LINE * 5:
                raise InvalidEntry(f"A safe-contact line is longer than {LONGEST_LINE * 5} characters.")
        if set(self.ways) - set(WAYS) or not {self.voicemail, self.paper} <= set(ANSWERS):
            raise InvalidEntry("This way to reach her is not on the list.")
        return trimmed


#: Fields of a card that are words.
_CARD = ("when", "say", "avoid", "phone", "address", "email", "through", "danger")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whether she may be reached in one way at one moment, and why (a code). `next_at` is the next safe moment when
    this one is not; `until_at` the end of the safe hours when it is, None when they go on for two weeks. Both in her
    local time."""

    allowed: bool
    because: str
    next_at: datetime | None = None
    until_at: datetime | None = None


def may_contact(card: SafeContact, channel: str, at_local: datetime) -> Contact:
    """May she be reached in this way (`WAYS`, or VOICEMAIL or PAPER) at this moment? What is not noted is no.

    `at_local` carries the local time zone of her agency; the card's own zone counts before it. Raises ValueError for a
    moment without a zone.
    """
    if at_local.tzinfo is None:
        raise ValueError("a moment without its zone")
    if channel == PAPER:
        return Contact(card.paper == "yes", {"yes": "allowed", "no": "paper_unsafe"}.get(card.paper, "paper_unknown"))
    way = "phone" if channel == VOICEMAIL else channel
    if way not in card.ways:
        return Contact(False, "other_way" if card.ways else "nothing_noted")
    if channel == VOICEMAIL and card.voicemail != "yes":
        return Contact(False, "no_voicemail")
    if way != "in_person" and not card.number(way):
        return Contact(False, "no_number")
    if channel not in TIMED:
        return Contact(True, "allowed")
    try:
        zone = ZoneInfo(card.zone) if card.zone else at_local.tzinfo
    except (ValueError, ZoneInfoNotFoundError):
        return Contact(False, "no_hours")
    return _in_hours(card.windows, zone, at_local)


TWO_WEEKS = timedelta(days=14)


def _in_hours(windows: tuple[Window, ...], zone: tzinfo, at_local: datetime) -> Contact:
    """Where a moment lies among the safe hours. Two weeks ahead are looked at: the hours of one day can fall into an
    hour the clock skips."""
    at = at_local.astimezone(UTC)
    first = at.astimezone(zone).date() - timedelta(days=1)
    spans = [
        window.on(day, zone)
        for day in (first + timedelta(days=number) for number in range(16))
        for window in windows
        if day.weekday() in window.days
    ]
    spans = [(begin, end) for begin, end in spans if begin < end]
    if now := [end for begin, end in spans if begin <= at < end]:
        until = max(now)
        for begin, end in sorted(spans):
            until = max(until, end) if begin <= until else until
        return Contact(True, "allowed", until_at=until.astimezone(zone) if until < at + TWO_WEEKS else None)
    if ahead := [begin for begin, _end in spans if begin > at]:
        return Contact(False, "outside_hours", next_at=min(ahead).astimezone(zone))
    return Contact(False, "no_hours")


#: Which agencies can hold what a mark guards: by the laws they are under, and for one by its kind. A mark only closes.
MARKS_BY_DUTY: Mapping[Mark, frozenset[Duty]] = {
    Mark.PRIVILEGED: frozenset({Duty.ATTORNEY_PRIVILEGE, Duty.ADVOCATE_PRIVILEGE, Duty.THERAPIST_PRIVILEGE}),
    Mark.PSYCHOTHERAPY_NOTE: frozenset({Duty.HIPAA, Duty.THERAPIST_PRIVILEGE}),
    Mark.SUD: frozenset({Duty.PART2, Duty.HIPAA}),
    Mark.SUD_COUNSELLING_NOTE: frozenset({Duty.PART2}),
    Mark.SHELTER_LOCATION: VICTIM_SERVICE_DUTIES,
    Mark.IMMIGRATION: frozenset(Duty),
    Mark.CRIMINAL_HISTORY: frozenset({Duty.CJIS}),
    Mark.SEALED: frozenset(
        {Duty.COURT_RECORDS, Duty.BRADY, Duty.CJIS, Duty.PROTECTIVE_RECORDS, Duty.ATTORNEY_PRIVILEGE}
    ),
}
MARKS_BY_KIND: Mapping[Mark, frozenset[AgencyKind]] = {Mark.VICTIM_CONTACT: frozenset({AgencyKind.INTERVENTION})}


def marks_for(kind: AgencyKind, duties: Iterable[Duty]) -> tuple[Mark, ...]:
    """The marks that entries of such an agency can need."""
    under = frozenset(duties)
    return tuple(
        mark
        for mark in Mark
        if kind in MARKS_BY_KIND.get(mark, ()) or not under.isdisjoint(MARKS_BY_DUTY.get(mark, ()))
    )


def about_a_child(category: Category, marks: Iterable[Mark] = (), values: Mapping[str, Any] | None = None) -> None:
    """A child's record never carries where the child is or how to reach her or him, in whatever form it comes: whoever
    may see the child's record would find the mother. Raises InvalidEntry."""
    if category in NO_PLACE or Mark.SHELTER_LOCATION in marks or PLACES & set(values or ()):
        raise InvalidEntry("A child's record never carries where the child is or how to reach the child.")


@dataclass(frozen=True, slots=True)
class Served:
    """One step of one service for one person."""

    about: UUID
    service: str
    step: str
    occurred_at: datetime
    recorded_at: datetime
    why: str = ""


def standing(steps: Iterable[Served]) -> list[Served]:
    """Where each service stands for each person: the latest step, dated from when it first stood so. What is still to
    be done comes first, then the newest."""
    found: dict[tuple[UUID, str], Served] = {}
    for step in sorted(steps, key=lambda step: (step.occurred_at, step.recorded_at)):
        before = found.get((step.about, step.service))
        same = before is not None and (before.step, before.why) == (step.step, step.why)
        found[step.about, step.service] = before if before is not None and same else step
    newest = sorted(found.values(), key=lambda step: (step.occurred_at, step.recorded_at), reverse=True)
    return sorted(newest, key=lambda step: step.step not in PENDING)


def service_checked(service: str, step: str, why: str = "") -> dict[str, str]:
    """The coded values of a service entry. Raises InvalidEntry for a code that is none, or a reason beside anything
    but a no."""
    if service not in SERVICES or step not in STEPS:
        raise InvalidEntry("This service or step is not on the list.")
    if why not in WHY_NOT or (why and step != "declined"):
        raise InvalidEntry("A reason is noted only when something was declined.")
    return {"service": service, "step": step} | ({"why": why} if why else {})


@dataclass(frozen=True, slots=True)
class Summary:
    """What may be told without the detail: a fixed sentence with coded values, or words typed for this purpose."""

    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    def packed(self) -> bytes:
        return packed({"template": self.template, "values": dict(self.values), "text": self.text})

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(**json.loads(data))

    @classmethod
    def typed(cls, text: str) -> Self:
        """Raises InvalidEntry when empty or too long to be a summary."""
        text = text.strip()
        if not text:
            raise InvalidEntry(
                "Write the summary: it is what a partner may see, and it is never taken from the detail."
            )
        if len(text) > LONGEST_LINE * 5:
            raise InvalidEntry(f"A summary is at most {LONGEST_LINE * 5} characters; this one has {len(text)}.")
        return cls(text=text)


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything known about an entry: coded values, the story, and where it came from."""

    values: Mapping[str, Any] = field(default_factory=dict)
    narrative: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)

    def packed(self) -> bytes:
        return packed({"values": dict(self.values), "narrative": self.narrative, "source": dict(self.source)})

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(**json.loads(data))

    def checked(self) -> Detail:
        if len(self.narrative) > LONGEST_TEXT:
            raise InvalidEntry(f"The story is at most {LONGEST_TEXT} characters; this one has {len(self.narrative)}.")
        return replace(self, narrative=self.narrative.strip())


def code(prefix: str, numbers: bytes) -> str:
    """A client code such as `HH-4F7KD` from random bytes. Codes are not counted up: a number would tell how many
    clients an agency has."""
    letters = "".join(CODE_ALPHABET[number % len(CODE_ALPHABET)] for number in numbers[:CODE_LENGTH])
    return f"{prefix}-{letters}"

"""Protocols as data: states, the ways between them, who may go them, what must be shown, by when, and who may be told.

A protocol is read from TOML (`standard/*.toml`, or a text a community has adopted) and never changes: a change is a
new version, and a case goes on by the version it began under. All here is a function of values; the moment is passed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from accord.policy.words import AgencyKind, Category, Level, Relation, Role

#: What was written down on the way: evidence code to its value (see `EvidenceKind`).
Facts = Mapping[str, str]
LONGEST_TEXT: Final = 4_000
#: The greatest number that can be written down.
MOST: Final = 999_999
#: In which a day can lie: everybody's life, and no slip of the pen.
YEARS: Final = range(1900, 2200)
#: How a clause says that a number must be above another one: ``votes_for = "> votes_against"``.
ABOVE: Final = "> "
E = TypeVar("E", bound=StrEnum)


class InvalidProtocol(ValueError):
    """This text is no protocol; the message names the place and what is wrong there."""


class InvalidMove(ValueError):
    """This step cannot be taken now; the message says what is missing."""


class EvidenceKind(StrEnum):
    """How a piece of evidence is written: a day (ISO date), a moment (ISO date and time with offset), one of the listed
    codes, yes or no, a whole number, or words. Only words are free text."""

    DAY = "day"
    MOMENT = "moment"
    CODE = "code"
    YES_NO = "yes_no"
    NUMBER = "number"
    WORDS = "words"


class Unit(StrEnum):
    """Minutes and hours pass; days keep the hour of the local clock; business days are Monday to Friday."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business_days"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in one unit; below zero it lies before what it counts from."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that is written down with a step. `choices` for codes alone."""

    code: str
    title: str
    kind: EvidenceKind
    choices: tuple[tuple[str, str], ...] = ()

    def says(self, value: str) -> str:
        """What a value says: of a code its title."""
        return dict(self.choices).get(value, value)


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to be done by a time, while a case stands in a state.

    It counts from entering the state, or from a day or moment written down as evidence. `by_hand`: it is noted as done,
    declined or not safe now; otherwise leaving the state does it. `again`: once done it starts anew. `when`: only for
    cases in which one of these clauses holds. `kinds`: only agencies of these kinds wait for it; empty: all that run
    it. `optional`: passing it is no gap. One that stands in several states is the same in each, and goes on through
    them. `agreed`: where an agency holds itself to more (`own`), what the community agreed to.
    """

    code: str
    title: str
    within: Span
    counts_from: str = ""
    opens: Span | None = None
    by_hand: bool = False
    again: bool = False
    optional: bool = False
    when: tuple[Facts, ...] = ()
    kinds: frozenset[AgencyKind] = frozenset()
    citation: str = ""
    verified: bool = False
    agreed: Due | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where a case can stand. At an `end` nothing waits any more, though another step may still lead on."""

    code: str
    title: str
    start: bool = False
    end: bool = False
    dues: tuple[Due, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """Of its dues."""
        return frozenset(due.code for due in self.dues)


@dataclass(frozen=True, slots=True)
class Transition:
    """A step from some states to one. `needs`: evidence without which it is not taken; `may`: what can be added.
    `when`: clauses over what is written down, of which one must hold. Empty `kinds`: every agency that runs it."""

    code: str
    title: str
    begins: tuple[str, ...]
    to: str
    roles: frozenset[Role]
    kinds: frozenset[AgencyKind]
    needs: tuple[str, ...]
    may: tuple[str, ...]
    when: tuple[Facts, ...]
    guard: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Which kinds of partner are offered to be told where it stands, in which states (empty: all), and how much. It
    opens nothing: her release or a law does."""

    to: frozenset[AgencyKind]
    states: frozenset[str]
    level: Level


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version of one protocol."""

    code: str
    version: int
    title: str
    purpose: str
    category: Category
    kinds: frozenset[AgencyKind]
    about: frozenset[Relation]
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    evidence: Mapping[str, Evidence]
    tells: tuple[Tell, ...]
    source: str

    @property
    def starts(self) -> tuple[State, ...]:
        return tuple(state for state in self.states.values() if state.start)

    def ways(self, state: str, kind: AgencyKind | None = None) -> tuple[Transition, ...]:
        """The steps that lead on from a state, for an agency of this kind (None: for any)."""
        return tuple(
            each
            for each in self.transitions.values()
            if state in each.begins and (kind is None or not each.kinds or kind in each.kinds)
        )

    def told(self, state: str) -> dict[AgencyKind, Level]:
        """Who is offered to be told that it stands there, and how much at most."""
        found: dict[AgencyKind, Level] = {}
        for tell in self.tells:
            if not tell.states or state in tell.states:
                found |= {kind: max(tell.level, found.get(kind, Level.NONE)) for kind in tell.to}
        return found

    @property
    def dues(self) -> Mapping[str, Due]:
        """Every due of every state, by code."""
        return {due.code: due for state in self.states.values() for due in state.dues}

    def wanted(self, code: str, fact: str) -> str:
        """What a clause wants of evidence: the title of a code, or what a number must be above."""
        if fact.startswith(ABOVE):
            return ABOVE + self.evidence[fact.removeprefix(ABOVE)].title
        return self.evidence[code].says(fact)

    def due(self, code: str) -> Due:
        """Raises KeyError."""
        return self.dues[code]


# ------------------------------------------------------------------ steps


def holds(when: Iterable[Facts], facts: Facts) -> bool:
    """Whether one of the clauses holds: every fact of it has been written down just so, or is the number it must be
    above. No clause at all holds."""
    clauses = tuple(when)
    return not clauses or any(all(_is(facts, *wanted) for wanted in clause.items()) for clause in clauses)


def _is(facts: Facts, name: str, wanted: str) -> bool:
    if not wanted.startswith(ABOVE):
        return facts.get(name) == wanted
    number, other = facts.get(name, ""), facts.get(wanted.removeprefix(ABOVE), "")
    return number != "" and other != "" and int(number) > int(other)


def moved(
    protocol: Protocol,
    state: str,
    step: str,
    *,
    roles: Collection[Role],
    kind: AgencyKind,
    facts: Facts,
    given: Facts,
) -> State:
    """The state a step leads to. `facts` was written down before, `given` is with this step.

    Raises InvalidMove when the step does not lead on from here, is not hers or this agency's, lacks evidence, carries
    evidence that is malformed or none of its own, or when its guard does not hold.
    """
    way = protocol.transitions.get(step)
    if way is None or state not in way.begins:
        raise InvalidMove("This does not follow from where it stands now. Look at it again.")
    if way.roles.isdisjoint(roles) or (way.kinds and kind not in way.kinds):
        raise InvalidMove("This step belongs to somebody else.")
    checked_evidence(protocol, way, given)
    if not holds(way.when, {**facts, **given}):
        raise InvalidMove(way.guard)
    return protocol.states[way.to]


def checked_evidence(protocol: Protocol, way: Transition, given: Facts) -> None:
    """Raises InvalidMove naming what is missing or cannot be read."""
    for code in way.needs:
        if not given.get(code, "").strip():
            raise InvalidMove(f"{protocol.evidence[code].title}: this is missing.")
    for code, value in given.items():
        if code not in way.needs and code not in way.may:
            raise InvalidMove("This step does not ask for that.")
        if value and not _reads(protocol.evidence[code], value):
            raise InvalidMove(f"{protocol.evidence[code].title}: this cannot be read.")


def _reads(evidence: Evidence, value: str) -> bool:
    try:
        match evidence.kind:
            case EvidenceKind.DAY:
                return date.fromisoformat(value).year in YEARS
            case EvidenceKind.MOMENT:
                moment = datetime.fromisoformat(value)
                return moment.tzinfo is not None and moment.year in YEARS
            case EvidenceKind.CODE:
                return value in dict(evidence.choices)
            case EvidenceKind.YES_NO:
                return value in ("yes", "no")
            case EvidenceKind.NUMBER:
                return value.isascii() and value.isdigit() and len(value) <= len(str(MOST))
            case EvidenceKind.WORDS:
                return len(value) <= LONGEST_TEXT
    except ValueError:
        return False


# ------------------------------------------------------------------ clocks


@dataclass(frozen=True, slots=True)
class Clock:
    """One due of one case: it may be done from `opens_at` on and is overdue from `due_at` on (half-open). `agreed_at`:
    by when it was agreed, where the agency's own time is sooner."""

    due: Due
    opens_at: datetime
    due_at: datetime
    agreed_at: datetime | None = None

    @property
    def known_by(self) -> tuple[str, datetime]:
        """What it is and by when it was agreed: the same clock, whatever the agency asks of itself meanwhile."""
        return self.due.code, self.agreed_at or self.due_at


def clocks(
    protocol: Protocol,
    state: str,
    entered_at: datetime,
    facts: Facts,
    zone: ZoneInfo,
    kind: AgencyKind | None = None,
) -> tuple[Clock, ...]:
    """What an agency of this kind (None: of any) has to do while a case stands in a state, the soonest first. What
    counts from a day that nobody wrote down has no clock."""
    waited = (due for due in protocol.states[state].dues if kind is None or not due.kinds or kind in due.kinds)
    found = (clock(protocol, due, entered_at, facts, zone) for due in waited)
    return tuple(sorted((each for each in found if each is not None), key=lambda each: (each.due_at, each.due.code)))


def clock(protocol: Protocol, due: Due, entered_at: datetime, facts: Facts, zone: ZoneInfo) -> Clock | None:
    """The clock of one due, or None where its clauses do not hold or the day it counts from is unknown. Of an
    agency's own time and the agreed one the sooner counts."""
    if not holds(due.when, facts):
        return None
    counted = facts.get(due.counts_from, "") if due.counts_from else None
    if counted == "":
        return None
    start: date | datetime = entered_at
    if counted is not None:
        kind = protocol.evidence[due.counts_from].kind
        start = date.fromisoformat(counted) if kind is EvidenceKind.DAY else datetime.fromisoformat(counted)
    own_at = after(start, due.within, zone)
    agreed_at = after(start, due.agreed.within, zone) if due.agreed else own_at
    due_at = min(own_at, agreed_at)
    opens = after(start, due.opens, zone) if due.opens is not None else entered_at
    return Clock(due, min(opens, due_at), due_at, agreed_at if due_at < agreed_at else None)


def after(start: date | datetime, span: Span, zone: ZoneInfo) -> datetime:
    """The moment a span after a start, in UTC-comparable form. Counted from a day it is the end of that last day, where
    the agency is; days keep the local hour across a change of clocks; a business day is no Saturday or Sunday (public
    holidays are not known here). An hour that a change of clocks leaves out is the hour after it."""
    if span.unit in (Unit.MINUTES, Unit.HOURS):
        moment = start if isinstance(start, datetime) else datetime.combine(start, time(0), zone)
        return moment.astimezone(_UTC) + timedelta(**{span.unit.value: span.count})
    whole_day = not isinstance(start, datetime)
    local = datetime.combine(start, time(0)) if not isinstance(start, datetime) else start.astimezone(zone)
    day = _later(local.date(), span)
    if whole_day:
        day += timedelta(days=1)
    return local.replace(year=day.year, month=day.month, day=day.day, tzinfo=zone).astimezone(_UTC)


_UTC: Final = ZoneInfo("UTC")


def _later(day: date, span: Span) -> date:
    if span.unit is Unit.DAYS:
        return day + timedelta(days=span.count)
    step, left = (1, span.count) if span.count >= 0 else (-1, -span.count)
    while left or day.weekday() > 4:
        day += timedelta(days=step)
        left -= day.weekday() <= 4 and left > 0
    return day


# ------------------------------------------------------------------ two versions side by side


class Part(StrEnum):
    """What of a protocol is meant."""

    PROTOCOL = "protocol"
    STATE = "state"
    STEP = "step"
    DUE = "due"
    EVIDENCE = "evidence"
    TELL = "tell"


class Change(StrEnum):
    """How it differs."""

    ADDED = "added"
    DROPPED = "dropped"
    CHANGED = "changed"


#: What stood there or stands there: words of a protocol, a time, a level, yes or no, or several of them.
Said = str | Span | Level | bool | tuple["Said", ...] | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two versions differ, and what that means for the cases that begin under the newer one.

    `title` is what the thing is called, newest first; `before` and `after` hold what is said of it, None where nothing
    is; titles of states and evidence stand for their codes.
    """

    part: Part
    change: Change
    code: str
    title: str
    means: str
    before: Said = None
    after: Said = None


#: What it means that a thing was added, dropped, or is now said otherwise.
MEANINGS: Final[Mapping[tuple[Part, str], str]] = {
    (Part.PROTOCOL, "title"): "The protocol has another name.",
    (Part.PROTOCOL, "purpose"): "What it is for is said differently.",
    (Part.PROTOCOL, "category"): "Its steps are another kind of thing now: what opens them to a partner is another.",
    (Part.PROTOCOL, "kinds"): "Other kinds of agency run it.",
    (Part.PROTOCOL, "about"): "It can be about other people.",
    (Part.PROTOCOL, "source"): "It names another source.",
    (Part.STATE, "added"): "A case can stand here.",
    (Part.STATE, "dropped"): "No case comes here any more.",
    (Part.STATE, "title"): "Where a case stands is said differently.",
    (Part.STATE, "start"): "Whether a case can begin here has changed.",
    (Part.STATE, "end"): "Whether a case is over here has changed.",
    (Part.STEP, "added"): "This step can be taken.",
    (Part.STEP, "dropped"): "This step can no longer be taken.",
    (Part.STEP, "title"): "The step has another name.",
    (Part.STEP, "begins"): "It can be taken from elsewhere.",
    (Part.STEP, "to"): "It leads elsewhere.",
    (Part.STEP, "roles"): "Somebody else takes it.",
    (Part.STEP, "kinds"): "Other kinds of agency take it.",
    (Part.STEP, "needs"): "Something else must be written down with it.",
    (Part.STEP, "may"): "Something else can be written down with it.",
    (Part.STEP, "when"): "Something else must hold before it is taken.",
    (Part.STEP, "guard"): "What is missing before it is said differently.",
    (Part.DUE, "added"): "This has to be done now, and is overdue when it is not.",
    (Part.DUE, "dropped"): "Nobody waits for this any more.",
    (Part.DUE, "state"): "It is waited for while a case stands elsewhere.",
    (Part.DUE, "title"): "What has to be done is said differently.",
    (Part.DUE, "earlier"): "It is due earlier.",
    (Part.DUE, "later"): "It is due later.",
    (Part.DUE, "within"): "Its time is counted differently.",
    (Part.DUE, "counts_from"): "Its time counts from something else.",
    (Part.DUE, "opens"): "It can be done from another time on.",
    (Part.DUE, "by_hand"): "Whether somebody notes that it is done, or the next step does it, has changed.",
    (Part.DUE, "again"): "Whether it starts anew once it is done has changed.",
    (Part.DUE, "optional"): "Whether it is a gap when it was not done has changed.",
    (Part.DUE, "when"): "It has to be done in other cases.",
    (Part.DUE, "kinds"): "Other kinds of agency wait for it.",
    (Part.DUE, "citation"): "It names another source.",
    (Part.DUE, "verified"): "Whether its source was read has changed.",
    (Part.EVIDENCE, "added"): "This can be written down.",
    (Part.EVIDENCE, "dropped"): "Nobody asks for this any more.",
    (Part.EVIDENCE, "title"): "What is written down is called something else.",
    (Part.EVIDENCE, "kind"): "It is written in another way.",
    (Part.EVIDENCE, "choices"): "There is something else to choose from.",
    (Part.TELL, "added"): "They are offered to be told.",
    (Part.TELL, "dropped"): "They are no longer offered to be told.",
    (Part.TELL, "more"): "They are offered to be told more.",
    (Part.TELL, "less"): "They are offered to be told less.",
    (Part.TELL, "changed"): "They are offered to be told more of some things and less of others.",
}


def compare(old: Protocol, new: Protocol) -> tuple[Difference, ...]:
    """In what two versions of one protocol differ, from the protocol itself to who is offered to be told. The order in
    which a text says things makes no difference."""
    return (
        *_changed(Part.PROTOCOL, (old, old), (new, new), ("title", "purpose", "category", "kinds", "about", "source")),
        *_compared(Part.STATE, old, new, old.states, new.states, ("title", "start", "end")),
        *_compared(Part.STEP, old, new, old.transitions, new.transitions, _STEP),
        *_waited_elsewhere(old, new),
        *_compared(Part.DUE, old, new, old.dues, new.dues, _DUE),
        *_compared(Part.EVIDENCE, old, new, old.evidence, new.evidence, ("title", "kind", "choices")),
        *_tells(old, new),
    )


_STEP: Final = ("title", "begins", "to", "roles", "kinds", "needs", "may", "when", "guard")
_DUE: Final = (
    "title", "within", "counts_from", "opens", "by_hand", "again", "optional", "when", "kinds", "citation", "verified",
)  # fmt: skip
#: A thing with a code, and the version of the protocol it is of.
Coded = State | Transition | Due | Evidence | Protocol
Placed = tuple[Coded, Protocol]


def _compared(
    part: Part,
    old: Protocol,
    new: Protocol,
    was: Mapping[str, Coded],
    now: Mapping[str, Coded],
    aspects: tuple[str, ...],
) -> Iterable[Difference]:
    """By code: what is new and what changed in the order of the new version, then what is gone."""
    for code, after in now.items():
        if code not in was:
            yield Difference(part, Change.ADDED, code, after.title, MEANINGS[part, "added"], after=_gist(after, new))
        else:
            yield from _changed(part, (was[code], old), (after, new), aspects)
    for code, before in was.items():
        if code not in now:
            yield Difference(part, Change.DROPPED, code, before.title, MEANINGS[part, "dropped"], _gist(before, old))


def _changed(part: Part, was: Placed, now: Placed, aspects: tuple[str, ...]) -> Iterable[Difference]:
    for name in aspects:
        before, after = getattr(was[0], name), getattr(now[0], name)
        if _unordered(before) != _unordered(after):
            said = _said(was[1], name, before), _said(now[1], name, after)
            means = MEANINGS[part, _time(was[0], now[0]) if name == "within" else name]
            yield Difference(part, Change.CHANGED, now[0].code, now[0].title, means, *said)


def _unordered(value: object) -> object:
    """A value by which two are compared: lists without their order."""
    if not isinstance(value, tuple):
        return value
    return frozenset(frozenset(each.items()) if isinstance(each, Mapping) else each for each in value)


def _said(one: Protocol, name: str, value: Any) -> Said:
    """A value in words: titles of states and evidence in place of their codes."""
    match name:
        case "to":
            return one.states[value].title
        case "begins":
            return tuple(state.title for state in one.states.values() if state.code in value)
        case "needs" | "may":
            return tuple(one.evidence[code].title for code in value)
        case "counts_from":
            return one.evidence[value].title if value else None
        case "choices":
            return tuple(title for _, title in value)
        case "when":
            return tuple(
                tuple((one.evidence[code].title, one.wanted(code, fact)) for code, fact in sorted(clause.items()))
                for clause in value
            )
        case "kinds" | "about" | "roles":
            return tuple(sorted(value))
    word: Said = value  # a time, yes or no, or a sentence
    return word


def _gist(one: Coded, of: Protocol) -> Said:
    """What is said of a whole thing: of a due its time, of a step where it leads."""
    if isinstance(one, Transition):
        return of.states[one.to].title
    return one.within if isinstance(one, Due) else None


def _time(was: Coded, now: Coded) -> str:
    """Whether a due lies earlier or later, as far as one unit and one beginning let that be said."""
    assert isinstance(was, Due) and isinstance(now, Due), "only a due has a time"
    if was.within.unit is not now.within.unit or was.counts_from != now.counts_from:
        return "within"
    return "later" if now.within.count > was.within.count else "earlier"


def _waited_elsewhere(old: Protocol, new: Protocol) -> Iterable[Difference]:
    """Dues that are waited for in other states."""
    for code, due in new.dues.items():
        was, now = ([state for state in one.states.values() if code in state.codes] for one in (old, new))
        if was and {state.code for state in was} != {state.code for state in now}:
            said = tuple(tuple(state.title for state in states) for states in (was, now))
            yield Difference(Part.DUE, Change.CHANGED, code, due.title, MEANINGS[Part.DUE, "state"], *said)


def _tells(old: Protocol, new: Protocol) -> Iterable[Difference]:
    """For each kind of agency: what it is offered to be told in each state that both versions know, or one."""
    for kind in AgencyKind:
        was, now = (_told(one, kind) for one in (old, new))
        if was == now:
            continue
        before, after = (
            tuple((one.states[state].title, level) for state, level in told.items() if level)
            for one, told in ((old, was), (new, now))
        )
        change = Change.CHANGED if before and after else Change.ADDED if after else Change.DROPPED
        levels = [(was.get(state, Level.NONE), now.get(state, Level.NONE)) for state in {*was, *now}]
        aspect = change.value
        if change is Change.CHANGED and all(first <= then for first, then in levels):
            aspect = "more"
        elif change is Change.CHANGED and all(first >= then for first, then in levels):
            aspect = "less"
        yield Difference(Part.TELL, change, kind, kind, MEANINGS[Part.TELL, aspect], before or None, after or None)


def _told(one: Protocol, kind: AgencyKind) -> Mapping[str, Level]:
    levels = {state: one.told(state).get(kind, Level.NONE) for state in one.states}
    return {state: level for state, level in levels.items() if level}


# ------------------------------------------------------------------ reading


def loaded(text: str, place: str = "") -> Protocol:
    """The protocol a TOML text describes. Raises InvalidProtocol, and nothing else, naming place and what is wrong:
    unknown words, a state that leads nowhere, nobody can reach or nobody can begin at, evidence that no step asks for,
    a due without a source, a clock that counts from no day."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # no TOML, a number of thousands of digits, a thousand brackets
        raise InvalidProtocol(f"{place or 'the text'}: {error}") from None
    return _Reading(place or "the text").protocol(data)


#: Letters that end a line or are none.
_ONE_LINE: Final = frozenset(map(chr, (*range(32), 127, 0x85, 0x2028, 0x2029)))


class _Reading:
    """One text being read; every complaint names it."""

    def __init__(self, place: str) -> None:
        self.place = place

    def no(self, where: str, what: str) -> InvalidProtocol:
        return InvalidProtocol(f"{self.place}, {where}: {what}")

    def protocol(self, data: Mapping[str, Any]) -> Protocol:
        self.known("top", data, {"protocol", "state", "transition", "evidence", "tell"})
        head = self.table("protocol", data.get("protocol"))
        self.known("protocol", head, {"code", "version", "title", "purpose", "category", "kinds", "about", "source"})
        evidence = self.by_code("evidence", data, self.evidence)
        states = self.by_code("state", data, lambda row: self.state(row, evidence))
        transitions = self.by_code("transition", data, lambda row: self.transition(row, states, evidence))
        protocol = Protocol(
            code=self.word("protocol", head, "code"),
            version=self.number("protocol", head, "version", least=1),
            title=self.line("protocol", head, "title"),
            purpose=self.line("protocol", head, "purpose"),
            category=self.one("protocol", Category, head.get("category")),
            kinds=self.some("protocol", AgencyKind, head.get("kinds")),
            about=self.some("protocol", Relation, head.get("about", ["self"])),
            states=states,
            transitions=transitions,
            evidence=evidence,
            tells=tuple(self.tell(row, states) for row in self.rows("tell", data)),
            source=self.line("protocol", head, "source"),
        )
        self.whole(protocol)
        return protocol

    def evidence(self, row: Mapping[str, Any]) -> Evidence:
        code = self.word("evidence", row, "code")
        where = f"evidence {code}"
        self.known(where, row, {"code", "title", "kind", "choices"})
        kind = self.one(where, EvidenceKind, row.get("kind"))
        listed = self.table(where, row.get("choices", {}))
        choices = tuple((self.word(where, {"choice": key}, "choice"), self.line(where, listed, key)) for key in listed)
        if (kind is EvidenceKind.CODE) != bool(choices):
            raise self.no(where, "codes have choices, and nothing else has")
        return Evidence(code, self.line(where, row, "title"), kind, choices)

    def state(self, row: Mapping[str, Any], evidence: Mapping[str, Evidence]) -> State:
        code = self.word("state", row, "code")
        where = f"state {code}"
        self.known(where, row, {"code", "title", "start", "end", "due"})
        dues = tuple(self.due(where, each, evidence) for each in self.rows("due", row, where))
        return State(
            code, self.line(where, row, "title"), self.flag(where, row, "start"), self.flag(where, row, "end"), dues
        )

    def due(self, where: str, row: Mapping[str, Any], evidence: Mapping[str, Evidence]) -> Due:
        code = self.word(where, row, "code")
        where = f"{where}, due {code}"
        self.known(
            where, row,
            {"code", "title", "within", "counts_from", "opens", "by_hand", "again", "optional", "when", "kinds",
             "citation", "verified"},
        )  # fmt: skip
        counts_from = row.get("counts_from", "")
        days = [each.code for each in evidence.values() if each.kind in (EvidenceKind.DAY, EvidenceKind.MOMENT)]
        if counts_from != "" and counts_from not in days:
            raise self.no(where, f"it counts from {counts_from!r}, which is no day or moment that is written down")
        again, by_hand = self.flag(where, row, "again"), self.flag(where, row, "by_hand")
        if again and not by_hand:
            raise self.no(where, "what starts anew is noted by hand")
        return Due(
            code=code,
            title=self.line(where, row, "title"),
            within=self.span(where, row.get("within")),
            counts_from=counts_from,
            opens=self.span(where, row["opens"]) if "opens" in row else None,
            by_hand=by_hand,
            again=again,
            optional=self.flag(where, row, "optional"),
            when=self.clauses(where, row.get("when", []), evidence),
            kinds=self.some(where, AgencyKind, row["kinds"]) if "kinds" in row else frozenset(),
            citation=self.line(where, row, "citation"),
            verified=self.flag(where, row, "verified"),
        )

    def transition(
        self, row: Mapping[str, Any], states: Mapping[str, State], evidence: Mapping[str, Evidence]
    ) -> Transition:
        code = self.word("transition", row, "code")
        where = f"transition {code}"
        self.known(where, row, {"code", "title", "from", "to", "roles", "kinds", "needs", "may", "when", "guard"})
        begins = self.names(where, row, "from", states)
        if not begins:
            raise self.no(where, "it begins nowhere")
        to = self.word(where, row, "to")
        if to not in states:
            raise self.no(where, f"to names {to!r}, which is not there")
        when = self.clauses(where, row.get("when", []), evidence)
        if bool(when) != ("guard" in row):
            raise self.no(where, "a guard is clauses and the sentence that says what is missing")
        return Transition(
            code=code,
            title=self.line(where, row, "title"),
            begins=begins,
            to=to,
            roles=self.some(where, Role, row.get("roles", ["worker", "supervisor"])),
            kinds=self.some(where, AgencyKind, row["kinds"]) if "kinds" in row else frozenset(),
            needs=self.names(where, row, "needs", evidence),
            may=self.names(where, row, "may", evidence),
            when=when,
            guard=self.line(where, row, "guard") if when else "",
        )

    def tell(self, row: Mapping[str, Any], states: Mapping[str, State]) -> Tell:
        self.known("tell", row, {"to", "states", "level"})
        named = frozenset(self.names("tell", row, "states", states))
        level = row.get("level", "")
        if level not in ("existence", "summary", "full"):
            raise self.no("tell", f"{level!r} is no level")
        return Tell(self.some("tell", AgencyKind, row.get("to")), named, Level[level.upper()])

    def whole(self, protocol: Protocol) -> None:
        """What no single line shows."""
        states = protocol.states
        dues: dict[str, Due] = {}
        for due in (due for state in states.values() for due in state.dues):
            where, known = f"due {due.code}", dues.setdefault(due.code, due)
            if known is not due and (known != due or not due.counts_from):
                raise self.no(
                    where, "what goes on through several states is the same in each, and counts from evidence"
                )
            if due.kinds - protocol.kinds:
                raise self.no(where, "an agency that does not run this cannot wait for it")
        if not protocol.starts:
            raise self.no("protocol", "nobody can begin: no state is a start")
        reached = {state.code for state in protocol.starts}
        while more := {way.to for way in protocol.transitions.values() if reached & set(way.begins)} - reached:
            reached |= more
        for state in states.values():
            where = f"state {state.code}"
            if len({due.code for due in state.dues}) < len(state.dues):
                raise self.no(where, "one of its dues stands there twice")
            if state.code not in reached:
                raise self.no(where, "no step leads here")
            if not state.end and not protocol.ways(state.code):
                raise self.no(where, "no step leads on, and it is no end")
            if state.end and any(not due.by_hand for due in state.dues):
                raise self.no(where, "at an end nothing waits to be left")
        for way in protocol.transitions.values():
            if way.kinds - protocol.kinds:
                raise self.no(f"transition {way.code}", "an agency that does not run this cannot take a step of it")
        asked = {name for way in protocol.transitions.values() for name in (*way.needs, *way.may)}
        for name in protocol.evidence:
            if name not in asked:
                raise self.no(f"evidence {name}", "no step asks for it")

    # single values

    def known(self, where: str, row: Mapping[str, Any], names: set[str]) -> None:
        for name in row:
            if name not in names:
                raise self.no(where, f"{name!r} is no word of a protocol")

    def table(self, where: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.no(where, "this is missing, or no table")
        return value

    def rows(self, name: str, data: Mapping[str, Any], where: str = "") -> list[Mapping[str, Any]]:
        value = data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.no(where or name, "this is a list of tables")
        return value

    def by_code(self, name: str, data: Mapping[str, Any], read: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for row in self.rows(name, data):
            one = read(row)
            if one.code in found:
                raise self.no(f"{name} {one.code}", "this code stands twice")
            found[one.code] = one
        return found

    def word(self, where: str, row: Mapping[str, Any], name: str) -> str:
        value = row.get(name)
        if not isinstance(value, str) or not value.isidentifier() or not value.islower() or len(value) > 40:
            raise self.no(where, f"{name} is a lower-case word of at most 40 letters, not {value!r}")
        return value

    def line(self, where: str, row: Mapping[str, Any], name: str) -> str:
        value = row.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > 400 or not _ONE_LINE.isdisjoint(value):
            raise self.no(where, f"{name} is missing, longer than 400 letters, or more than a line")
        return value

    def number(self, where: str, row: Mapping[str, Any], name: str, *, least: int) -> int:
        value = row.get(name)
        if type(value) is not int or not least <= value < 1_000_000:
            raise self.no(where, f"{name} is a number from {least}")
        return value

    def flag(self, where: str, row: Mapping[str, Any], name: str) -> bool:
        value = row.get(name, False)
        if type(value) is not bool:
            raise self.no(where, f"{name} is true or false")
        return value

    def span(self, where: str, value: object) -> Span:
        row = self.table(where, value)
        units = [unit for unit in Unit if unit in row]
        if len(row) != 1 or len(units) != 1 or type(row[units[0]]) is not int or abs(row[units[0]]) > 40_000:
            raise self.no(where, "a time is one number of minutes, hours, days or business_days")
        return Span(row[units[0]], units[0])

    def names(self, where: str, row: Mapping[str, Any], name: str, known: Collection[str]) -> tuple[str, ...]:
        """A list of codes of states or evidence, each once."""
        value = row.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.no(where, f"{name} is a list of codes")
        for each in value:
            if each not in known:
                raise self.no(where, f"{name} names {each!r}, which is not there")
        if len(set(value)) < len(value):
            raise self.no(where, f"{name} names something twice")
        return tuple(value)

    def clauses(self, where: str, value: object, evidence: Mapping[str, Evidence]) -> tuple[Facts, ...]:
        if not isinstance(value, list):
            raise self.no(where, "clauses are a list of tables")
        found: list[Facts] = []
        for clause in value:
            for name, wanted in self.table(where, clause).items():
                if not self.sayable(name, wanted, evidence):
                    raise self.no(where, f"no evidence {name!r} can say {wanted!r}")
            if not clause:
                raise self.no(where, "a clause without facts holds always")
            found.append(clause)
        return tuple(found)

    def sayable(self, name: str, wanted: object, evidence: Mapping[str, Evidence]) -> bool:
        if name not in evidence or not isinstance(wanted, str):
            return False
        if not wanted.startswith(ABOVE):
            return _reads(evidence[name], wanted)
        numbers = [each.code for each in evidence.values() if each.kind is EvidenceKind.NUMBER]
        return name in numbers and wanted.removeprefix(ABOVE) in numbers

    def one(self, where: str, words: type[E], value: object) -> E:
        try:
            return words(str(value))
        except ValueError:
            raise self.no(where, f"{value!r} is no {words.__name__}") from None

    def some(self, where: str, words: type[E], value: object) -> frozenset[E]:
        if not isinstance(value, list) or not value:
            raise self.no(where, f"a list of {words.__name__} is missing")
        return frozenset(self.one(where, words, each) for each in value)

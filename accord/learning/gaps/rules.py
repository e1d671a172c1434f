"""Rules about gaps as data: what is watched, from when on it is a gap, who may know of it and what to do about it.

A rule is read from TOML (`gaps.toml`). All here is a function of values; the moment is passed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Final, TypeVar

from accord.policy.words import AgencyKind, Category

E = TypeVar("E", bound=StrEnum)
LONGEST_WORDS: Final = 2_000
#: The farthest a gap is put off (design).
LONGEST_AGAIN: Final = 90


class InvalidRule(ValueError):
    """This text holds no rules about gaps; the message names the place and what is wrong there."""


class InvalidGap(ValueError):
    """This cannot be the answer to a gap; the message says what is missing."""


class Watched(StrEnum):
    """What a rule looks at: a due of a protocol, a referral we sent or got, a release of hers, what a partner shared, a
    gap that a partner told of. Each has one clock: when it was due, when it began to wait, when it ends, when it was
    told."""

    DUE = "due"
    REFERRAL = "referral"
    INCOMING = "incoming"
    RELEASE = "release"
    RECEIPT = "receipt"
    TOLD = "told"


class Waits(StrEnum):
    """For what a referral waits: an answer, a first contact, or that she is met."""

    ANSWER = "answer"
    CONTACT = "contact"
    MEETING = "meeting"


class Priority(IntEnum):
    """What comes first: danger, then a right or a clock of the law, then her care."""

    DANGER = 1
    CLOCK = 2
    CARE = 3


class Answer(StrEnum):
    """What a worker can say to a gap. Each is as good as any other; none of them says whose fault it was."""

    DONE = "done"
    SHE_DECLINED = "she_declined"
    NOT_SAFE_NOW = "not_safe_now"
    ON_ITS_WAY = "on_its_way"
    NOT_OURS = "not_ours"
    ENDED = "ended"


#: Answers after which it is asked again, and after how many days unless she says otherwise (design).
AGAIN: Final[Mapping[Answer, int]] = {Answer.NOT_SAFE_NOW: 14, Answer.ON_ITS_WAY: 7}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `dues`: (protocol, due) that it watches; `rest`: every due that must be kept and that no other rule
    names. `services`: only referrals for one of these. `after`: how long after the clock it is a gap; below zero it is
    one before. `about`: what its status is about, as releases say it. Empty `kinds`: at every agency. `day`: whether My
    day shows it; some of it stands there anyway."""

    code: str
    sentence: str
    next: str
    priority: Priority
    watches: Watched
    dues: frozenset[tuple[str, str]]
    rest: bool
    waits: Waits | None
    services: frozenset[str]
    after: timedelta
    about: Category
    kinds: frozenset[AgencyKind]
    tell: frozenset[AgencyKind]
    day: bool
    citation: str


def agreed(agreed_at: datetime | None, after: timedelta, at: datetime) -> bool:
    """Whether what was agreed with partners has passed, where an agency's own time is sooner (`agreed_at`)."""
    return agreed_at is None or agreed_at + after <= at


def asked_since(
    clock: datetime, after: timedelta, *, answered_at: datetime | None, again_at: datetime | None, at: datetime
) -> datetime | None:
    """Since when something that is still open is a gap, or None while it is none: it is one from its clock on (at the
    moment itself it has passed), unless somebody has answered since; an answer that puts it off lasts until the moment
    it is asked again."""
    since = clock + after
    if since > at:
        return None
    if answered_at is None or answered_at < since:
        return since
    return again_at if again_at is not None and again_at <= at else None


def again_days(answer: Answer, days: int | None) -> int | None:
    """After how many days it is asked again; None where it is not. Raises InvalidGap."""
    if answer not in AGAIN:
        return None
    found = AGAIN[answer] if days is None else days
    if not 1 <= found <= LONGEST_AGAIN:
        raise InvalidGap("It is asked again after 1 to 90 days.")
    return found


def first(rules: Mapping[str, Rule], code: str, since: datetime) -> tuple[int, datetime]:
    """What a list of gaps is ordered by: danger first, then the longest wait."""
    return rules[code].priority, since


# ------------------------------------------------------------------ reading


def loaded(text: str, place: str = "") -> dict[str, Rule]:
    """The rules a TOML text holds, by code. Raises InvalidRule naming place and what is wrong: unknown words, a due
    that two rules watch, a rule without a source."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRule(f"{place or 'the text'}: {error}") from None
    return _Reading(place or "the text").rules(data)


#: What stands in a rule, beside what its kind of thing needs.
_WORDS: Final = {
    "code",
    "sentence",
    "next",
    "priority",
    "watches",
    "after",
    "about",
    "kinds",
    "tell",
    "day",
    "citation",
}
_OF_KIND: Final[Mapping[Watched, frozenset[str]]] = {
    Watched.DUE: frozenset({"dues", "rest"}),
    Watched.REFERRAL: frozenset({"waits", "services"}),
    Watched.INCOMING: frozenset({"waits"}),
    Watched.RELEASE: frozenset(),
    Watched.RECEIPT: frozenset(),
    Watched.TOLD: frozenset(),
}
_UNITS: Final = ("minutes", "hours", "days")


class _Reading:
    """One text being read; every complaint names it."""

    def __init__(self, place: str) -> None:
        self.place = place

    def no(self, where: str, what: str) -> InvalidRule:
        return InvalidRule(f"{self.place}, {where}: {what}")

    def rules(self, data: Mapping[str, Any]) -> dict[str, Rule]:
        self.known("top", data, {"gap"})
        found: dict[str, Rule] = {}
        for row in self.rows("top", data.get("gap")):
            rule = self.rule(row)
            if rule.code in found:
                raise self.no(f"gap {rule.code}", "this code stands twice")
            found[rule.code] = rule
        self.whole(found.values())
        return found

    def rule(self, row: Mapping[str, Any]) -> Rule:
        code = row.get("code")
        if not isinstance(code, str) or not code.isidentifier() or not code.islower() or len(code) > 40:
            raise self.no("gap", f"code is a lower-case word of at most 40 letters, not {code!r}")
        where = f"gap {code}"
        watches = self.one(where, Watched, row.get("watches"))
        self.known(where, row, _WORDS | _OF_KIND[watches])
        dues = frozenset(self.due(where, each) for each in row.get("dues", ()))
        rest = self.flag(where, row, "rest", False)
        if watches is Watched.DUE and bool(dues) == rest:
            raise self.no(where, "it names the dues it watches, or watches the rest")
        if (watches in (Watched.REFERRAL, Watched.INCOMING)) != ("waits" in row):
            raise self.no(where, "a rule about referrals says for what they wait")
        if watches is not Watched.DUE and "tell" in row:
            raise self.no(where, "partners are told of what a protocol asks for, and of nothing else")
        return Rule(
            code=code,
            sentence=self.line(where, row, "sentence"),
            next=self.line(where, row, "next"),
            priority=self.priority(where, row.get("priority")),
            watches=watches,
            dues=dues,
            rest=rest,
            waits=self.one(where, Waits, row["waits"]) if "waits" in row else None,
            services=frozenset(self.words(where, row.get("services", []))),
            after=self.span(where, row.get("after")),
            about=self.one(where, Category, row.get("about")),
            kinds=self.kinds(where, row["kinds"]) if "kinds" in row else frozenset(),
            tell=self.kinds(where, row["tell"]) if "tell" in row else frozenset(),
            day=self.flag(where, row, "day", True),
            citation=self.line(where, row, "citation"),
        )

    def whole(self, rules: Iterable[Rule]) -> None:
        """What no single line shows."""
        seen: dict[tuple[str, str], str] = {}
        rests = [rule.code for rule in rules if rule.rest]
        if len(rests) > 1:
            raise self.no(f"gap {rests[1]}", f"{rests[0]} watches the rest already")
        for rule in rules:
            for due in rule.dues:
                if due in seen:
                    raise self.no(f"gap {rule.code}", f"{seen[due]} watches {due[0]} {due[1]} already")
                seen[due] = rule.code

    def due(self, where: str, value: object) -> tuple[str, str]:
        protocol, _, code = str(value).partition(".")
        if not isinstance(value, str) or not protocol.isidentifier() or not code.isidentifier():
            raise self.no(where, f"a due is written protocol.due, not {value!r}")
        return protocol, code

    # single values

    def known(self, where: str, row: Mapping[str, Any], names: Iterable[str]) -> None:
        for name in row:
            if name not in set(names):
                raise self.no(where, f"{name!r} is no word of such a rule")

    def rows(self, where: str, value: object) -> list[Mapping[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.no(where, "this is a list of tables")
        return value

    def line(self, where: str, row: Mapping[str, Any], name: str) -> str:
        value = row.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > 200:
            raise self.no(where, f"{name} is missing, or longer than 200 letters")
        return value

    def flag(self, where: str, row: Mapping[str, Any], name: str, usual: bool) -> bool:
        value = row.get(name, usual)
        if type(value) is not bool:
            raise self.no(where, f"{name} is true or false")
        return value

    def priority(self, where: str, value: object) -> Priority:
        if not isinstance(value, str) or value.upper() not in Priority.__members__ or not value.islower():
            raise self.no(where, f"priority is danger, clock or care, not {value!r}")
        return Priority[value.upper()]

    def span(self, where: str, value: object) -> timedelta:
        """A length of time that passes; no business days: a gap is found by arithmetic of moments."""
        if not isinstance(value, dict) or len(value) != 1 or not set(value) <= set(_UNITS):
            raise self.no(where, "after is one number of minutes, hours or days")
        [(unit, count)] = value.items()
        if type(count) is not int or abs(count) > 40_000:
            raise self.no(where, "after is one number of minutes, hours or days")
        return timedelta(**{unit: count})

    def words(self, where: str, value: object) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(each, str) and each.isidentifier() for each in value):
            raise self.no(where, "a list of codes is missing")
        return value

    def kinds(self, where: str, value: object) -> frozenset[AgencyKind]:
        if not isinstance(value, list) or not value:
            raise self.no(where, "a list of kinds of agency is missing")
        return frozenset(self.one(where, AgencyKind, each) for each in value)

    def one(self, where: str, words: type[E], value: object) -> E:
        try:
            return words(str(value))
        except ValueError:
            raise self.no(where, f"{value!r} is no {words.__name__}") from None

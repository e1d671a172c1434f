"""What a task is made of: codes, how often it comes again, and where it stands beside a moment. No rows, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from accord.coordination.protocols.rules import Span, Unit, after

LONGEST_WORDS = 2_000
LONGEST_NOTE = 2_000

#: What is to be done, in one word; lists and saved views go by it.
KINDS = ("contact", "partner", "appointment", "court", "papers", "safety", "service", "follow_up", "other")
#: Why it waits longer: her choice and her safety are reasons like any other.
SNOOZED = ("not_safe_now", "she_asked", "waiting_for_partner", "waiting_for_papers", "not_reached", "no_time")
#: Why nothing more is done about it.
DROPPED = ("she_declined", "not_needed", "done_elsewhere", "mistake", "not_possible")
#: Her file was destroyed; the database says so, and nobody reads such a task again.
DESTROYED = "destroyed"
#: What another room can have made a task from.
ORIGINS = ("due", "gap", "referral")

#: What of a list is looked at.
WHOSE = ("mine", "made", "all")
WHEN = ("open", "overdue", "today", "week", "later", "ended")

#: How many days a task may lie ahead, rest, or come again after.
FARTHEST = 366
#: How many days a week's look reaches.
WEEK = 7


class InvalidTask(ValueError):
    """What was asked about a task cannot be done; the message says why."""


class State(StrEnum):
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


#: How often something comes again, as a list offers it. Any other number of days is written out.
REPEATS: Mapping[str, Span] = {
    "workdays": Span(1, Unit.BUSINESS_DAYS),
    "daily": Span(1, Unit.DAYS),
    "weekly": Span(7, Unit.DAYS),
    "fortnightly": Span(14, Unit.DAYS),
    "monthly": Span(30, Unit.DAYS),
    "quarterly": Span(90, Unit.DAYS),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of tasks shows: codes only, so that it can be kept."""

    whose: str = "mine"
    when: str = "open"
    kind: str = ""

    def checked(self) -> Filter:
        """Raises InvalidTask for a code that is none."""
        if self.whose not in WHOSE or self.when not in WHEN or self.kind not in ("", *KINDS):
            raise InvalidTask("This is no view of the tasks. Choose what the list offers.")
        return self


def worded(words: str) -> str:
    """What is to be done, trimmed. Raises InvalidTask without a word, or with too many."""
    words = words.strip()
    if not words:
        raise InvalidTask("Write what is to be done.")
    return fitting(words, LONGEST_WORDS)


def fitting(words: str, most: int = LONGEST_NOTE) -> str:
    """Words that need not be there, trimmed. Raises InvalidTask when they are too many."""
    words = words.strip()
    if len(words) > most:
        raise InvalidTask(f"At most {most} characters; this has {len(words)}.")
    return words


def repeating(span: Span | None) -> Span | None:
    """Raises InvalidTask for a span that is no repetition."""
    if span is not None and (span.unit not in (Unit.DAYS, Unit.BUSINESS_DAYS) or not 1 <= span.count <= FARTHEST):
        raise InvalidTask(f"Something comes again after 1 to {FARTHEST} days.")
    return span


def due_on(day: date, zone: ZoneInfo) -> datetime:
    """The end of a day, where the agency is."""
    return after(day, Span(0, Unit.DAYS), zone)


def due_at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """An hour of a day, where the agency is; one that a change of clocks leaves out is the hour after it."""
    return after(datetime.combine(day, hour, zone), Span(0, Unit.DAYS), zone)


def following(first: datetime, span: Span, zone: ZoneInfo, due: datetime, ended: datetime) -> datetime:
    """When something comes again that was due and has ended: the next of its series after both. Every one is counted
    from the first, so that an hour moved once by a change of clocks does not stay moved; what was missed meanwhile is
    not asked for any more."""
    last = max(due, ended)
    start = first.astimezone(zone).date() - timedelta(days=1) if whole_day(first, zone) else first
    count = max(1, (last - first).days // (2 * span.count) - 1)
    while (next_at := after(start, Span(count * span.count, span.unit), zone)) <= last:
        count += 1
    return next_at


def ends(at: datetime, zone: ZoneInfo) -> datetime:
    """The end of the day a moment lies in, where the agency is."""
    return due_on(at.astimezone(zone).date(), zone)


def whole_day(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a due moment is the end of a day: then it is said as that day, without an hour."""
    local = moment.astimezone(zone)
    return (local.hour, local.minute) == (0, 0)


def rests_until(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The morning after which something that was put off is looked at again. Raises InvalidTask for no time, or too
    much."""
    if not 1 <= days <= FARTHEST:
        raise InvalidTask(f"Put it off by 1 to {FARTHEST} days.")
    return due_on((at.astimezone(zone) + timedelta(days=days - 1)).date(), zone)


def shares(loads: Iterable[int], most: int | None) -> int | None:
    """How many more files an agency takes when each person carries at most so many; None when nobody has said."""
    return None if most is None else sum(max(0, most - load) for load in loads)

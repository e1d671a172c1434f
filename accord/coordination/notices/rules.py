"""When somebody hears by e-mail that something is new: in her own hours, at once or once a day, never twice about the
same. Pure: the moment is passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import chain
from typing import Any, Self
from uuid import UUID

from accord.vault.rules import Window

HOW = ("digest", "at_once", "none")
#: At once is not every minute: what comes within this time after an e-mail waits for the next.
LEAST = timedelta(hours=1)
#: What is older than this raises no e-mail any more: she was away, and *My day* shows it.
OLDEST = timedelta(days=7)
#: Working hours as long as she has said none.
USUAL = Window((0, 1, 2, 3, 4), time(9), time(17))
#: How many stretches of hours there is room for.
MOST = 3


class InvalidHours(ValueError):
    """These hours cannot be kept; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How one member wants to hear: `digest` once a day, `at_once`, or `none`; in these hours, where her agency is.
    `hour` is when the digest comes; None is when her hours of that day begin."""

    how: str = "digest"
    windows: tuple[Window, ...] = (USUAL,)
    hour: time | None = None

    def checked(self) -> Self:
        """Raises InvalidHours without hours in which to send, or for a digest that would never come."""
        if self.how not in HOW:
            raise InvalidHours("Choose how you want to hear.")
        if self.how == "none":
            return replace(self, hour=None)
        if not self.windows or len(self.windows) > MOST:
            raise InvalidHours("Say in which hours an e-mail may come, or choose that none comes.")
        for window in self.windows:
            if not window.days or not set(window.days) <= set(range(7)):
                raise InvalidHours("Say on which days these hours are.")
            if window.start == window.end != time(0):
                raise InvalidHours("These hours begin and end at the same time. Leave both empty for the whole day.")
        if self.how != "digest":
            return replace(self, hour=None)
        if self.hour is not None and not any(_holds(window, self.hour) for window in self.windows):
            raise InvalidHours("The hour of the e-mail lies outside your hours.")
        return self

    def values(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "how": self.how,
            "windows": [window.values() for window in self.windows],
            "hour": self.hour.isoformat("minutes") if self.hour else "",
        }

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        hour = values["hour"]
        windows = tuple(Window.of(each) for each in values["windows"])
        return cls(values["how"], windows, time.fromisoformat(hour) if hour else None)


def newest(*found: Mapping[UUID, datetime]) -> dict[UUID, datetime]:
    """What several rooms say is new, as one: by member, the newest moment."""
    latest: dict[UUID, datetime] = {}
    for member, moment in chain.from_iterable(each.items() for each in found):
        latest[member] = max(moment, latest.get(member, moment))
    return latest


def due(wish: Wish, zone: tzinfo, new_at: datetime, told_at: datetime | None, at: datetime) -> bool:
    """Whether she is told now that something has been new since `new_at`, having last been told at `told_at`."""
    if wish.how == "none" or new_at > at or at - new_at > OLDEST or (told_at is not None and new_at <= told_at):
        return False
    if not any(begin <= at < end for begin, end in _spans(wish.windows, zone, at)):
        return False
    if wish.how == "at_once":
        return told_at is None or at - told_at >= LEAST
    latest = max((moment for moment in _digests(wish, zone, at) if moment <= at), default=None)
    return latest is not None and new_at < latest and (told_at is None or told_at < latest)


def _days(zone: tzinfo, at: datetime) -> tuple[date, date]:
    """The two local days whose hours a moment can lie in: hours can end on the day after they began."""
    today = at.astimezone(zone).date()
    return today - timedelta(days=1), today


def _spans(windows: Sequence[Window], zone: tzinfo, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    for day in _days(zone, at):
        for window in windows:
            if day.weekday() in window.days:
                yield window.on(day, zone)


def _digests(wish: Wish, zone: tzinfo, at: datetime) -> Iterator[datetime]:
    """The moments of the digests of these two days: one a day."""
    for day in _days(zone, at):
        windows = [window for window in wish.windows if day.weekday() in window.days]
        if wish.hour is not None:
            windows = [window for window in windows if _holds(window, wish.hour)]
        spans = [(window, *window.on(day, zone)) for window in windows]
        found = [
            begin if wish.hour is None else max(begin, _moment(window, day, wish.hour, zone))
            for window, begin, end in spans
            if begin < end
        ]
        if found:
            yield min(found)


def _holds(window: Window, hour: time) -> bool:
    """Whether an hour of the clock lies in a window."""
    if window.start == window.end:
        return True
    if window.start < window.end:
        return window.start <= hour < window.end
    return hour >= window.start or hour < window.end


def _moment(window: Window, day: date, hour: time, zone: tzinfo) -> datetime:
    """An hour of a window that began on `day`; of one that the clock shows twice, the first."""
    late = window.end <= window.start and hour < window.start
    return datetime.combine(day + timedelta(days=late), hour, zone).astimezone(UTC)

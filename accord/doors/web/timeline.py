"""Who knew what from when to when, as bars on one scale, each with its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from accord.policy.words import Level
from accord.sharing.queries import Accepted, ReleaseView
from accord.sharing.rules import State

#: The picture ends this long after today at the latest; the words beside each bar have every end.
AHEAD: Final = timedelta(days=120)
MARGIN: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of time in which a partner could know something: `way` is "to" or "from"."""

    agency: UUID
    way: str
    level: Level
    since: datetime
    until: datetime
    early: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch as drawn: where it begins and ends, in hundredths of the whole width."""

    stretch: Stretch
    x: float
    end: float
    over: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The bars on one scale from `first` to `last`; `today` in hundredths of the width."""

    bars: tuple[Bar, ...]
    first: datetime
    last: datetime
    today: float


def stretches(releases: Iterable[ReleaseView], accepted: Iterable[Accepted], at: datetime) -> list[Stretch]:
    """What she let us tell, and what partners told us on her word, each from its beginning to its end."""
    found = [
        Stretch(
            release.recipient_id,
            "to",
            max(release.grants.values()),
            release.signed_at,
            release.withdrawn_at or release.until_at,
            release.state is State.WITHDRAWN,
        )
        for release in releases
        if release.signed_at is not None
    ]
    theirs: dict[tuple[UUID, datetime, datetime, bool], Level] = {}
    for each in accepted:
        # When something was taken back early the recipient is not told the moment: it ends, at the latest, now.
        early = not each.alive and each.until_at > at
        place = each.partner_id, each.accepted_at, at if early else each.until_at, early
        theirs[place] = max(each.level, theirs.get(place, Level.NONE))
    found += [
        Stretch(agency, "from", level, since, until, early) for (agency, since, until, early), level in theirs.items()
    ]
    return sorted(found, key=lambda each: (each.since, each.until), reverse=True)


def drawn(found: Iterable[Stretch], at: datetime) -> Timeline:
    """Place the stretches on one scale from the first beginning to the last end, at most `AHEAD` after today."""
    found = list(found)
    first = min((each.since for each in found), default=at) - MARGIN
    last = max(at, min(max((each.until for each in found), default=at), at + AHEAD)) + MARGIN

    def x(moment: datetime) -> float:
        return round(100 * min(1.0, (moment - first) / (last - first)), 2)

    bars = (Bar(each, x(each.since), max(x(each.since) + 1, x(each.until)), each.until <= at) for each in found)
    return Timeline(tuple(bars), first, last, x(at))

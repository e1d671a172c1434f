"""A case on its way as pictures and words: where it stood from when to when, and each clock beside it on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from accord.coordination.protocols.rules import Due, Facts, Protocol, State, Transition, clock, holds
from accord.coordination.tracks.queries import DueView, StepView, TrackView
from accord.doors.web.states import lasting

#: The picture ends this long after today at the latest; the words beside each bar have every end.
AHEAD: Final = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A line from `x` to `end`, in hundredths of the whole width; `kind` is how it is drawn."""

    x: float
    end: float
    kind: str


@dataclass(frozen=True, slots=True)
class Stood:
    """A state a case stood in, from when to when; `until` None is now."""

    state: State
    since: datetime
    until: datetime | None
    bar: Stretch


@dataclass(frozen=True, slots=True)
class Lane:
    """One clock: the time it gives, and the time that went by after it."""

    due: DueView
    standing: str
    bars: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A case against its clocks on one scale from `first` to `last`; `today` in hundredths of the width."""

    stood: tuple[Stood, ...]
    lanes: tuple[Lane, ...]
    first: datetime
    last: datetime
    today: float


@dataclass(frozen=True, slots=True)
class Coming:
    """A clock that a step would start: its end, or in words what it counts from while that is not known."""

    due: Due
    due_at: datetime | None
    counted: str


def path(found: TrackView, at: datetime) -> Path:
    """Place every state and clock of a case on one scale."""
    ends = [due.due_at for due in found.dues] + [due.met_at for due in found.dues if due.met_at]
    starts = [due.opens_at for due in found.dues]
    first = min([found.line.begun_at, *starts])
    last = max(at, min(max(ends, default=at), at + AHEAD)) + timedelta(hours=6)

    def x(moment: datetime) -> float:
        return round(100 * min(1.0, max(0.0, (moment - first) / (last - first))), 2)

    def bar(since: datetime, until: datetime, kind: str) -> Stretch:
        return Stretch(x(since), max(x(since) + 0.8, x(until)), kind)

    stood = []
    moves = [step for step in found.steps if not step.goes_on]
    for step, after in zip(moves, [*moves[1:], None], strict=True):
        until = after.occurred_at if after else None
        kind = "over" if until or step.to.end else "now"
        stood.append(Stood(step.to, step.occurred_at, until, bar(step.occurred_at, until or at, kind)))
    lanes = []
    for due in found.dues:
        over = due.met_at or at
        bars = [bar(due.opens_at, due.due_at, "met" if due.met_at else "open")]
        if over > due.due_at:
            bars.append(bar(due.due_at, over, "late"))
        lanes.append(Lane(due, standing(due, at), tuple(bars)))
    return Path(tuple(stood), tuple(lanes), first, last, x(at))


def standing(due: DueView, at: datetime) -> str:
    """Where a clock stands, in one code: how it ended, or whether its time is over."""
    if due.met_at is None:
        return "overdue" if due.overdue(at) else "open"
    return due.how


def coming(
    protocol: Protocol, entered: State, way: Transition, facts: Facts, zone: ZoneInfo, at: datetime
) -> list[Coming]:
    """The clocks that would run in a state if it were entered now by this step, as far as that is known."""
    asked = {*way.needs, *way.may}
    found = []
    for due in entered.dues:
        open_question = due.counts_from in asked or any(name in asked for clause in due.when for name in clause)
        if not open_question and not holds(due.when, facts):
            continue
        known = None if open_question else clock(protocol, due, at, facts, zone)
        found.append(Coming(due, known.due_at if known else None, counted(protocol, due)))
    return found


def counted(protocol: Protocol, due: Due) -> str:
    """From what a clock counts, in words: "3 days after: Filed on"."""
    if not due.counts_from:
        return gettext("%(span)s from then on") % {"span": lasting(due.within)}
    words = {"span": lasting(due.within), "what": gettext(protocol.evidence[due.counts_from].title)}
    if due.within.count == 0:
        return gettext("on the day: %(what)s") % words
    if due.within.count < 0:
        return gettext("%(span)s before: %(what)s") % words
    return gettext("%(span)s after: %(what)s") % words


def told(steps: Iterable[StepView]) -> list[tuple[StepView, list[tuple[str, str, str]]]]:
    """Each step with what was written down with it: title, kind and value, a code by its title."""
    found = []
    for step in steps:
        said = []
        for code, value in step.facts.items():
            evidence = step.protocol.evidence[code]
            said.append((evidence.title, evidence.kind.value, dict(evidence.choices).get(value, value)))
        found.append((step, said))
    return found

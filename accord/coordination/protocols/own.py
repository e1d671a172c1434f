"""What one agency holds itself to beyond what was agreed: a due sooner, a wish as a duty, evidence always written down.
Nobody else is asked or bound, and it is never laxer: of both the stricter counts. Values only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from accord.coordination.protocols.rules import Due, Protocol, Span, Transition, Unit
from accord.policy.words import AgencyKind

#: Units that pass at the same pace everywhere, in minutes.
PASSING: Final = {Unit.MINUTES: 1, Unit.HOURS: 60}
#: In what a single one of them can be shortened.
SMALLER: Final = {Unit.HOURS: Unit.MINUTES, Unit.DAYS: Unit.HOURS, Unit.BUSINESS_DAYS: Unit.HOURS}
#: The longest time before something that can be asked for.
LONGEST_BEFORE: Final = 3_650


class InvalidOwn(ValueError):
    """An agency cannot hold itself to this beside what was agreed; one sentence that a person reads."""


@dataclass(frozen=True, slots=True)
class Own:
    """About one due, or one piece of evidence of a step. `within`: how soon instead (None: as agreed). `asked`: it is
    no wish but a duty, or must be written down. With neither it is as agreed."""

    due: str = ""
    step: str = ""
    evidence: str = ""
    within: Span | None = None
    asked: bool = False

    @property
    def about(self) -> tuple[str, str, str]:
        return self.due, self.step, self.evidence

    @property
    def ends(self) -> bool:
        return self.within is None and not self.asked


def stricter(agreed: Protocol, own: Iterable[Own]) -> Protocol:
    """A version as an agency holds itself to it: the stricter of both for each due. What asks for less than this
    version, or for something it does not have, changes nothing."""
    dues = {each.due: each for each in own if each.due}
    asked = {(each.step, each.evidence) for each in own if each.step and each.asked}
    if not dues and not asked:
        return agreed
    states = {
        code: replace(state, dues=tuple(_due(due, dues.get(due.code)) for due in state.dues))
        for code, state in agreed.states.items()
    }
    steps = {
        code: _step(way, [each for each in way.may if (code, each) in asked])
        for code, way in agreed.transitions.items()
    }
    return replace(agreed, states=states, transitions=steps)


def holds(agreed: Protocol, own: Own) -> bool:
    """Whether it asks for anything beyond this version."""
    return stricter(agreed, [own]) != agreed


def checked(agreed: Protocol, kind: AgencyKind, own: Own) -> None:
    """Raises InvalidOwn with one sentence for what is not there or not ours to do, asks for no more than was agreed, or
    could not be kept by anybody."""
    if kind not in agreed.kinds:
        raise InvalidOwn("Your agency does not run this protocol.")
    if own.step:
        way = agreed.transitions.get(own.step)
        if way is None or own.evidence not in way.may or (way.kinds and kind not in way.kinds):
            raise InvalidOwn("This step of yours does not take that, or asks for it already.")
    else:
        due = agreed.dues.get(own.due)
        if due is None or not ours(due, kind):
            raise InvalidOwn("Nobody at your agency has to do this.")
        if own.within is not None:
            _checked_time(due, own.within)
    if not holds(agreed, own):
        raise InvalidOwn("This asks for no more than was agreed.")


def ours(due: Due, kind: AgencyKind) -> bool:
    """Whether an agency of this kind has to do it."""
    return not due.kinds or kind in due.kinds


def span(due: Due, number: int) -> Span:
    """A sooner time for a due, from the number somebody gives for it."""
    return Span(number if due.within.count > 0 else -number, unit(due))


def unit(due: Due) -> Unit:
    """In what a sooner time is given: the unit of the agreed one, or a smaller one where that is a single one."""
    agreed = due.within
    return SMALLER.get(agreed.unit, agreed.unit) if agreed.count == 1 else agreed.unit


def numbers(due: Due) -> range:
    """The numbers that can be given for a sooner time; none where there is none."""
    agreed = due.within
    if agreed.count <= 0:
        return range(1 - agreed.count, LONGEST_BEFORE + 1) if due.counts_from else range(0)
    most = {Unit.HOURS: 24, Unit.MINUTES: 60}[unit(due)] if unit(due) is not agreed.unit else agreed.count
    opens = due.opens.count if due.opens is not None and due.opens.unit is agreed.unit else 0
    return range(max(0, opens) + 1, most)


def no_later(one: Span, other: Span) -> bool:
    """Whether a time surely ends no later than another, from whatever moment or day both count: a day may have 23 hours
    or 25, and business days are that many days at least, and a weekend more for every five begun."""
    if one.unit is other.unit:
        return one.count <= other.count
    if one.unit in PASSING and other.unit in PASSING:
        return one.count * PASSING[one.unit] <= other.count * PASSING[other.unit]
    if one.unit in PASSING:
        return other.count > 0 and one.count * PASSING[one.unit] <= (24 * other.count - 1) * 60
    if one.unit is Unit.BUSINESS_DAYS:
        weekends = one.count // 5 + 1
        return one.count >= 0 and no_later(Span(one.count + 2 * weekends, Unit.DAYS), other)
    if other.unit in PASSING:
        return (24 * (one.count + 1) + 1) * 60 <= other.count * PASSING[other.unit]
    return one.count <= other.count and other.count >= 0


def _checked_time(due: Due, within: Span) -> None:
    if _pointless(due, within):
        raise InvalidOwn("This asks for no more than was agreed.")
    if not no_later(within, due.within):
        raise InvalidOwn("This may end later than what was agreed.")
    if within.count < 1 and (due.within.count > 0 or not due.counts_from):
        raise InvalidOwn("Nobody could keep this time: give at least one.")
    if due.opens is not None and no_later(within, due.opens):
        raise InvalidOwn("It can only be done later than that.")
    if within.count < -LONGEST_BEFORE:
        raise InvalidOwn("This is too long before.")


def _pointless(due: Due, within: Span) -> bool:
    return no_later(due.within, within)


def _due(due: Due, own: Own | None) -> Due:
    if own is None:
        return due
    within = due.within if own.within is None or _pointless(due, own.within) else own.within
    changed = replace(due, within=within, optional=due.optional and not own.asked)
    return changed if changed == due else replace(changed, agreed=due)


def _step(way: Transition, asked: Collection[str]) -> Transition:
    return replace(way, needs=(*way.needs, *asked), may=tuple(each for each in way.may if each not in asked))

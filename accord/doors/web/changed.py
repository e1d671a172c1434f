"""Protocols and what differs between two versions of one, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from accord.coordination.protocols.rules import (
    Change,
    Difference,
    Due,
    Part,
    Protocol,
    Said,
    Span,
    State,
    Transition,
    compare,
)
from accord.doors.web.labels import LEVELS, label
from accord.doors.web.states import span_said
from accord.policy.words import AgencyKind, Level


@dataclass(frozen=True, slots=True)
class Row:
    """One difference: what of the protocol it is, what it means, and how it was and is said."""

    part: Part
    change: Change
    title: str
    means: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step: who takes it, what is written down with it, what must hold, and what our own agency asks for besides."""

    step: Transition
    title: str
    begins: tuple[str, ...]
    to: str
    who: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    guard: str
    ours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldLine:
    """What one kind of partner is offered to be told."""

    kind: AgencyKind
    levels: tuple[tuple[str, tuple[str, ...]], ...]
    everywhere: bool


def differences(old: Protocol, new: Protocol) -> list[Row]:
    """What changes from one version to the other, each with what that means."""
    return [_row(each) for each in compare(old, new)]


def steps(protocol: Protocol, held: Protocol) -> list[StepLine]:
    """Every step in the order of the text; `held`: the same as our agency holds itself to it."""
    return [_step(protocol, way, held.transitions[way.code]) for way in protocol.transitions.values()]


def times(protocol: Protocol) -> list[tuple[State, list[tuple[Due, str]]]]:
    """Each state with what has to be done there and by when."""
    return [(state, [(due, span_said(due.within)) for due in state.dues]) for state in protocol.states.values()]


def told(protocol: Protocol) -> list[ToldLine]:
    """Which kinds of partner are offered to be told, and how much in which states."""
    found = []
    for kind in AgencyKind:
        by_level: dict[Level, list[str]] = {}
        for state in protocol.states.values():
            if level := protocol.told(state.code).get(kind):
                by_level.setdefault(level, []).append(gettext(state.title))
        if by_level:
            everywhere = len(by_level) == 1 and sum(map(len, by_level.values())) == len(protocol.states)
            lines = tuple((str(LEVELS[level]), tuple(titles)) for level, titles in sorted(by_level.items()))
            found.append(ToldLine(kind, lines, everywhere))
    return found


def _step(protocol: Protocol, way: Transition, held: Transition) -> StepLine:
    kinds = way.kinds or protocol.kinds
    who = ", ".join(label(kind) for kind in sorted(kinds)) if way.kinds else ""
    roles = ", ".join(label(role) for role in sorted(way.roles, reverse=True))
    return StepLine(
        way,
        gettext(way.title),
        tuple(gettext(protocol.states[code].title) for code in way.begins),
        gettext(protocol.states[way.to].title),
        f"{who} ({roles})" if who else roles,
        tuple(gettext(protocol.evidence[code].title) for code in way.needs),
        tuple(gettext(protocol.evidence[code].title) for code in way.may),
        gettext(way.guard) if way.guard else "",
        tuple(gettext(protocol.evidence[code].title) for code in held.needs if code not in way.needs),
    )


def _row(each: Difference) -> Row:
    title = label(AgencyKind(each.code)) if each.part is Part.TELL else gettext(each.title)
    return Row(each.part, each.change, title, gettext(each.means), _said(each.before), _said(each.after))


def _said(value: Said) -> str:
    """What is said of a thing; nothing for nothing."""
    match value:
        case None | "" | ():
            return ""
        case bool():
            return gettext("yes") if value else gettext("no")
        case Level():
            return str(LEVELS[value])
        case Span():
            return span_said(value)
        case tuple():
            return _list(value)
    named = label(value)
    return gettext(value) if named == value else named


def _list(value: tuple[Said, ...]) -> str:
    """A list, or pairs of a name and what is said of it."""
    if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], Level):
        return f"{gettext(value[0])}: {_said(value[1])}"
    return "; ".join(_said(each) for each in value)

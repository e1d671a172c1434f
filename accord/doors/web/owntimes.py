"""What an agency holds itself to beyond what was agreed, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from accord.coordination.protocols.own import Own, holds, stricter
from accord.coordination.protocols.queries import OwnView
from accord.coordination.protocols.rules import Protocol
from accord.doors.web.states import times_said


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: what was agreed, what we do, since when, who said why. `lost`: why it has no effect beside a version;
    empty while it has one. `key` names it in a form."""

    key: str
    title: str
    agreed: str
    ours: str
    lost: str
    since_at: datetime
    set_by: str
    why: str


def lines(agreed: Protocol, standing: Iterable[OwnView], versions: Iterable[Protocol]) -> list[Line]:
    """What stands, beside one version; `versions`, the newest first, know what things are called that it has not."""
    known = (agreed, *versions)
    return [_line(agreed, each, known) for each in standing]


def _line(agreed: Protocol, each: OwnView, known: Iterable[Protocol]) -> Line:
    one = each.own
    said = _due(agreed, one) if one.due else _step(agreed, one)
    lost = "" if holds(agreed, one) else gettext("What was agreed asks for as much now.")
    if said is None:
        said = ("", "")
        lost = gettext("What was agreed no longer has this.")
    return Line(key(one), _title(one, known), *said, lost, each.since_at, each.set_by, each.why)


def key(one: Own) -> str:
    return ".".join(one.about)


def about(key: str) -> tuple[str, str, str]:
    """What a form names by its key; nothing that stands where it is none."""
    due, _dot, rest = key.partition(".")
    step, _dot, evidence = rest.partition(".")
    return due, step, evidence


def _title(one: Own, known: Iterable[Protocol]) -> str:
    """What it is called in the newest version that has it."""
    for each in known:
        if one.due in each.dues:
            return gettext(each.due(one.due).title)
        if one.step in each.transitions and one.evidence in each.evidence:
            return f"{gettext(each.transitions[one.step].title)}: {gettext(each.evidence[one.evidence].title)}"
    return one.due or one.evidence


def _due(agreed: Protocol, one: Own) -> tuple[str, str] | None:
    if one.due not in agreed.dues:
        return None
    return times_said(agreed.due(one.due)), times_said(stricter(agreed, [one]).due(one.due))


def _step(agreed: Protocol, one: Own) -> tuple[str, str] | None:
    way = agreed.transitions.get(one.step)
    if way is None or one.evidence not in (*way.needs, *way.may):
        return None
    return gettext("written down if known") if one.evidence in way.may else gettext("always written down"), gettext(
        "always written down"
    )

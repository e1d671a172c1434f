"""A protocol as a picture: where a case can stand, from top to bottom, with the way it came and where it can go; and
everything the picture shows as words, for the table beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.coordination.protocols.rules import ABOVE, Due, Protocol, Span, State, Unit
from accord.doors.web.labels import label

#: In units of the picture, which is as wide as the column it stands in, so that letters keep their size.
WIDTH, BOX, LINE, PAD, GAP = 288, 136, 15, 9, 26
#: Letters in a line of a box, and lines in it; longer titles end with an ellipsis and stand whole in the table.
LETTERS, LINES = 19, 4
#: The middles of the two columns, and of the gutter between them, through which longer lines go.
COLUMNS, GUTTER = (1 + BOX // 2, WIDTH - 1 - BOX // 2), WIDTH // 2


@dataclass(frozen=True, slots=True)
class Waits:
    """Something that has to be done there: what, by when, counted from what, whose it is to do, in which cases only,
    and where its time comes from. `agreed`: what was agreed, where the agency holds itself to more."""

    title: str
    when: str
    agreed: str
    since: str
    whose: str
    source: str
    only: tuple[str, ...]
    read: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A state: its box, and what the table says of it. `on`: each step that leads on, and where to."""

    code: str
    title: str
    lines: tuple[tuple[int, str], ...]
    x: int
    top: int
    height: int
    here: bool
    been: bool
    start: bool
    end: bool
    waits: tuple[Waits, ...]
    on: tuple[tuple[str, str], ...]

    @property
    def left(self) -> int:
        return self.x - BOX // 2

    @property
    def kind(self) -> str:
        """How its box is drawn."""
        return "here" if self.here else "been" if self.been else "end" if self.end else "open"


@dataclass(frozen=True, slots=True)
class Way:
    """A line from one box to another, and its head. `kind`: gone, can be gone next, or there at all."""

    path: str
    head: str
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The boxes from the beginning to the end, and the lines between them."""

    places: tuple[Place, ...]
    ways: tuple[Way, ...]
    height: int


def drawn(protocol: Protocol, here: str = "", been: Sequence[str] = ()) -> Picture:
    """A protocol with the case that stands `here` and has `been` in these states, in order. Without a case only the
    protocol. Lines are drawn one step away from the beginning, from where it stands, and where it went; the table has
    every step."""
    places: dict[str, Place] = {}
    far = _far(protocol)
    top = 1
    for row in _rows(protocol, far):
        boxes = [_boxed(_(state.title)) for state in row]
        height = 2 * PAD + LINE * max(map(len, boxes))
        for state, lines, x in zip(row, boxes, COLUMNS, strict=False):
            first = top + (height - LINE * len(lines)) // 2 + LINE - 3
            placed = tuple((first + LINE * number, line) for number, line in enumerate(lines))
            places[state.code] = Place(
                code=state.code,
                title=_(state.title),
                lines=placed,
                x=x,
                top=top,
                height=height,
                here=state.code == here,
                been=state.code in been,
                start=state.start,
                end=state.end,
                waits=tuple(_waits(protocol, due) for due in state.dues),
                on=tuple((_(way.title), _(protocol.states[way.to].title)) for way in protocol.ways(state.code)),
            )
        top += height + GAP
    return Picture(tuple(places.values()), tuple(_ways(protocol, places, far, here, been)), top - GAP + 1)


def lasting(span: Span) -> str:
    """A length of time as people say it, whichever way it lies: "3 business days"."""
    number = abs(span.count)
    match span.unit:
        case Unit.MINUTES:
            said = ngettext("%(number)s minute", "%(number)s minutes", number)
        case Unit.HOURS:
            said = ngettext("%(number)s hour", "%(number)s hours", number)
        case Unit.DAYS:
            said = ngettext("%(number)s day", "%(number)s days", number)
        case Unit.BUSINESS_DAYS:
            said = ngettext("%(number)s business day", "%(number)s business days", number)
    return said % {"number": number}


def span_said(span: Span) -> str:
    """A time as people say it: "3 business days", "60 days before", "on that day"."""
    if not span.count:
        return _("on that day") if span.unit in (Unit.DAYS, Unit.BUSINESS_DAYS) else _("by that moment")
    return lasting(span) if span.count > 0 else _("%(span)s before") % {"span": lasting(span)}


def times_said(due: Due) -> str:
    """By when something has to be done, and whether that is a wish."""
    return f"{_times(due)} · {_('a wish, no duty')}" if due.optional else _times(due)


def _times(due: Due) -> str:
    return f"{span_said(due.opens)} – {span_said(due.within)}" if due.opens else span_said(due.within)


def _far(protocol: Protocol) -> dict[str, int]:
    """How far each state lies from the beginning: one step beyond the farthest of those before it in the text that lead
    to it, for a text names its states in the order in which a case goes through them."""
    far: dict[str, int] = {}
    for code in protocol.states:
        leading = (way for way in protocol.transitions.values() if way.to == code)
        far[code] = 1 + max((far[begins] for way in leading for begins in way.begins if begins in far), default=-1)
    return far


def _rows(protocol: Protocol, far: Mapping[str, int]) -> list[list[State]]:
    """States by how far they lie from the beginning, two in a row."""
    rows: dict[int, list[State]] = {}
    for code, state in protocol.states.items():
        rows.setdefault(far[code], []).append(state)
    return [row[at : at + 2] for _steps, row in sorted(rows.items()) for at in range(0, len(row), 2)]


def _boxed(title: str) -> tuple[str, ...]:
    return tuple(wrap(title, LETTERS, max_lines=LINES, placeholder="…"))


def _waits(protocol: Protocol, due: Due) -> Waits:
    return Waits(
        title=_(due.title),
        when=_times(due),
        agreed=times_said(due.agreed) if due.agreed else "",
        since=_(protocol.evidence[due.counts_from].title) if due.counts_from else "",
        whose=", ".join(sorted(label(kind) for kind in due.kinds)),
        source=due.citation,
        only=tuple(", ".join(_wanted(protocol, *fact) for fact in clause.items()) for clause in due.when),
        read=due.verified,
        optional=due.optional,
    )


def _wanted(protocol: Protocol, code: str, fact: str) -> str:
    """One fact of a clause: what is written down, and what it says there."""
    if fact.startswith(ABOVE):
        wanted = _("more than “%(number)s”") % {"number": _(protocol.evidence[fact.removeprefix(ABOVE)].title)}
    else:
        wanted = {"yes": _("yes"), "no": _("no")}.get(fact) or _(protocol.evidence[code].says(fact))
    return f"{_(protocol.evidence[code].title)}: {wanted}"


def _ways(
    protocol: Protocol, places: Mapping[str, Place], far: Mapping[str, int], here: str, been: Sequence[str]
) -> Iterable[Way]:
    # What an older version called otherwise has no box.
    gone = {(begins, to): None for begins, to in pairwise([*been, here]) if begins in places and to in places}
    pairs = {(begins, way.to): None for way in protocol.transitions.values() for begins in way.begins}
    for begins, to in pairs | gone:
        one, other = places[begins], places[to]
        kind = "gone" if (begins, to) in gone else "next" if begins == here else "there"
        if one != other and (kind != "there" or far[to] == far[begins] + 1):
            yield _way(one, other, kind)


def _way(one: Place, other: Place, kind: str) -> Way:
    """From side to side in one row; else from the foot of a box to the head of one below it, or from head to foot, past
    the rows between through the gutter."""
    if one.top == other.top:
        side = 1 if one.x < other.x else -1
        y, end = one.top + one.height // 2, other.x - side * BOX // 2
        return Way(f"M{one.x + side * BOX // 2} {y}H{end}", f"M{end} {y}l{-6 * side} -4v8z", kind)
    down = 1 if one.top < other.top else -1
    begin, end = (one.top + one.height, other.top) if down > 0 else (one.top, other.top + other.height)
    bend = down * GAP
    head = f"M{other.x} {end}l-4 {-6 * down}h8z"
    if abs(end - begin) <= 2 * GAP:
        return Way(f"M{one.x} {begin}C{one.x} {begin + bend} {other.x} {end - bend} {other.x} {end}", head, kind)
    past, back = begin + bend, end - bend
    path = (
        f"M{one.x} {begin}C{one.x} {begin + bend // 2} {GUTTER} {begin + bend // 2} {GUTTER} {past}V{back}"
        f"C{GUTTER} {end - bend // 2} {other.x} {end - bend // 2} {other.x} {end}"
    )
    return Way(path, head, kind)

"""Her circle as a small picture: us in the middle, each partner around us, joined by how much is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from accord.partners.queries import AgencyCard
from accord.policy.words import Level

#: In units of the picture. Partners stand left and right of us, because names are wide and low.
WIDTH, ROW, PILL, EDGE = 340, 56, 112, 4
MOST_DRAWN = 8
LONGEST_NAME = 15


@dataclass(frozen=True, slots=True)
class Place:
    """One partner: what she may know from us and what we know from her, and where she stands (x, y: her middle)."""

    name: str
    short: str
    to: Level
    known: Level
    x: int
    y: int

    @property
    def line(self) -> str:
        return max(self.to, self.known).code

    @property
    def left(self) -> int:
        return self.x - PILL // 2

    @property
    def top(self) -> int:
        return self.y - 17


@dataclass(frozen=True, slots=True)
class Circle:
    """The picture (`drawn` places of `places`) and its table (all of them)."""

    places: tuple[Place, ...]
    height: int

    @property
    def drawn(self) -> tuple[Place, ...]:
        return self.places[:MOST_DRAWN]

    @property
    def middle(self) -> tuple[int, int]:
        return WIDTH // 2, self.height // 2


def drawn(circle: Iterable[tuple[UUID, str, Level]], agencies: Mapping[UUID, AgencyCard]) -> Circle:
    """Place every partner of `circle` (agency, "to" or "from", level), in order of name."""
    levels: dict[UUID, dict[str, Level]] = {}
    for agency, way, level in circle:
        levels.setdefault(agency, {})[way] = level
    ordered = sorted(levels, key=lambda agency: agencies[agency].name.casefold())
    rows = max(2, (min(len(ordered), MOST_DRAWN) + 1) // 2)
    height = rows * ROW + 12
    places = []
    for number, agency in enumerate(ordered):
        side, row = number % 2, number // 2
        # A side with fewer partners than the other is centred, so that one or two stand level with us.
        here = (min(len(ordered), MOST_DRAWN) + 1 - side) // 2
        y = height // 2 + round((row - (here - 1) / 2) * ROW)
        x = WIDTH - EDGE - PILL // 2 if side else EDGE + PILL // 2
        card = agencies[agency]
        short = card.short if len(card.short) <= LONGEST_NAME else card.short[: LONGEST_NAME - 1].rstrip() + "…"
        known = levels[agency]
        places.append(Place(card.name, short, known.get("to", Level.NONE), known.get("from", Level.NONE), x, y))
    return Circle(tuple(places), height)

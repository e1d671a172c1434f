"""Her circle as a small picture: us in the middle, each partner around us, joined by how much is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from accord.partners.queries import AgencyCard
from accord.policy.words import Level
from accord.sharing.queries import EnvelopeView, FlowView, ReleaseView
from accord.sharing.rules import State

#: In units of the picture, which is as wide as the column it stands in, so that letters keep their size.
WIDTH, PILL, HALF, ROW, ROOM = 288, 116, 17, 66, 32
MOST_DRAWN = 8
LONGEST_NAME = 16


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
        return self.y - HALF


@dataclass(frozen=True, slots=True)
class Circle:
    """The picture (`drawn` places of `places`) and its table (all of them)."""

    places: tuple[Place, ...]
    height: int
    middle: tuple[int, int]

    @property
    def drawn(self) -> tuple[Place, ...]:
        return self.places[:MOST_DRAWN]


def around(
    releases: Iterable[ReleaseView], flows: Iterable[FlowView], received: Iterable[EnvelopeView]
) -> list[tuple[UUID, str, Level]]:
    """Partners around one client as far as we know: (agency, "to" or "from", the most that is known). `flows` are those
    that run."""
    found: dict[tuple[UUID, str], Level] = {}
    for basis in (*(release for release in releases if release.state is State.SIGNED), *flows):
        place = (basis.recipient_id, "to")
        found[place] = max(found.get(place, Level.NONE), *basis.grants.values())
    for envelope in received:
        place = (envelope.holder_id, "from")
        found[place] = max(found.get(place, Level.NONE), envelope.level)
    return [(agency, way, level) for (agency, way), level in found.items()]


def drawn(circle: Iterable[tuple[UUID, str, Level]], agencies: Mapping[UUID, AgencyCard]) -> Circle:
    """Place every partner of `circle` (agency, "to" or "from", level), in order of name."""
    levels: dict[UUID, dict[str, Level]] = {}
    for agency, way, level in circle:
        levels.setdefault(agency, {})[way] = level
    ordered = sorted(levels, key=lambda agency: agencies[agency].name.casefold())
    pairs = (min(len(ordered), MOST_DRAWN) + 1) // 2
    above, below = (pairs + 1) // 2, pairs // 2
    middle = WIDTH // 2, above * ROW + HALF + 1
    places = []
    for number, agency in enumerate(ordered):
        pair, right = divmod(number, 2)
        # Pairs go above us and below us in turn, the next one farther out; one left over stands in the middle.
        y = middle[1] + (pair // 2 + 1) * ROW * (1 if pair % 2 else -1)
        alone = not right and number + 1 == len(ordered)
        x = WIDTH // 2 if alone else WIDTH - 1 - PILL // 2 if right else 1 + PILL // 2
        card = agencies[agency]
        short = card.short if len(card.short) <= LONGEST_NAME else card.short[: LONGEST_NAME - 1].rstrip() + "…"
        known = levels[agency]
        places.append(Place(card.name, short, known.get("to", Level.NONE), known.get("from", Level.NONE), x, y))
    height = middle[1] + (below * ROW + HALF + 1 if below else ROOM)
    return Circle(tuple(places), height, middle)

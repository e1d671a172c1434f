"""What people of Arden have to do, in every way a task can stand. A plan of values; `fill` acts it out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accord.coordination.protocols.rules import Span, Unit


class Then(StrEnum):
    """What becomes of a task."""

    OPEN = "open"
    RESTING = "resting"
    HANDED = "handed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Chore:
    """Something one worker of each agency has to do, due so many days from now; `about` one of her files, or nobody."""

    kind: str
    words: str
    days: float
    about: bool = True
    then: Then = Then.OPEN
    every: Span | None = None


CHORES: Final = (
    Chore("contact", "Call her in her safe hours; ask how the week was.", 0.2),
    Chore("appointment", "Confirm the interpreter for Thursday.", 2),
    Chore("papers", "Send for the copy of the order.", -1),
    Chore("partner", "Ask the clerk for the new date.", 1, then=Then.RESTING),
    Chore("service", "Find out which school bus passes there.", 3, then=Then.HANDED),
    Chore("follow_up", "Look through what waits for an answer.", 1, about=False, every=Span(7, Unit.DAYS)),
    Chore("safety", "Go through her safety plan with her.", -2, then=Then.DONE),
)

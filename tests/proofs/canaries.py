"""Canaries, and who may see which: a model of its own in plain Python that knows nothing of the program.

A canary is a word that occurs nowhere else. It stands where something sensitive would stand; whoever reads it without
being in the model has read something she may not.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

WORD = re.compile(rb"zq[a-z]{5,}", re.IGNORECASE)
LENGTH = 14
MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
}

#: What a level of a category lets through, by the layer a canary lies in.
LAYERS = {"existence": (), "summary": ("summary",), "full": ("summary", "detail")}
READERS = frozenset({"worker", "supervisor"})


@dataclass(frozen=True)
class Canary:
    """`owner`: the agency that wrote it down; `about`: its client, None when typed into a form that was not kept.

    `layer`: "summary" and "detail" are what a release in `category` can carry; "own" leaves the agency on no release;
    "never" is shown to nobody.
    """

    word: str
    owner: str
    about: str | None
    category: str
    layer: str
    is_name: bool = False


@dataclass(frozen=True)
class Gift:
    """One disclosure: who gave about which client, and where it now stands: on `client`'s page, or waiting on `thread`,
    or both. `kept` has ended and is retained."""

    giver: str
    about: str
    receiver: str
    level: dict[str, str]
    client: str | None = None
    thread: str | None = None
    kept: bool = False


@dataclass
class Model:
    """Everything there is to know, and who may know it."""

    seed: int
    canaries: dict[str, Canary] = field(default_factory=dict)
    gifts: list[Gift] = field(default_factory=list)
    dates: dict[str, str] = field(default_factory=dict)  # a spelling -> the canary's word

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._years = itertools.count(1901)
        self._pattern = WORD

    def word(self, owner: str, about: str | None, category: str, layer: str, *, is_name: bool = False) -> str:
        word = "zq" + "".join(self._chance.choices("bcdfghjklmnprstvwx", k=LENGTH - 2))
        self.canaries[word] = Canary(word, owner, about, category, layer, is_name)
        return word.capitalize()

    def born(self, owner: str, about: str) -> date:
        """A birth date that nobody else has; every way of writing it counts as the canary."""
        day = date(next(self._years), self._chance.randint(1, 12), self._chance.randint(1, 28))
        word = f"born {day.isoformat()}"
        self.canaries[word] = Canary(word, owner, about, "identity", "detail")
        self.dates |= dict.fromkeys(spellings(day), word)
        self._pattern = re.compile(b"|".join(re.escape(each.encode()) for each in self.dates), re.IGNORECASE)
        return day

    # ------------------------------------------------------------------ who may see what

    def may(self, agency: str, role: str, page: str, client: str | None, thread: str | None) -> Iterator[Canary]:
        """What may stand on one page for somebody. Nothing else may."""
        if role == "records_officer" and page == "kept":
            for gift in self.gifts:
                if gift.receiver == agency and gift.kept:
                    yield from self.carried(gift)
        if role not in READERS:
            return
        for canary in self.canaries.values():
            if canary.owner == agency and canary.layer != "never":
                listed = page in ("my_day", "clients", "arrival", "incoming") and canary.is_name
                listed |= page in ("my_day", "tasks", "task") and canary.category == "task"
                if listed or (client is not None and canary.about in (client, None)):
                    yield canary
        for gift in self.gifts:
            if gift.receiver == agency and not gift.kept:
                here = page == "arrival" and gift.thread == thread
                if here or (client is not None and gift.client == client):
                    yield from self.carried(gift)

    def carried(self, gift: Gift) -> Iterator[Canary]:
        """What one disclosure brings, and no more."""
        for canary in self.canaries.values():
            if canary.owner == gift.giver and canary.about == gift.about:
                level = gift.level.get(canary.category, "none")
                if canary.category == "identity" and canary.is_name:
                    yield canary  # whoever is told anything is told of whom
                elif canary.layer in LAYERS.get(level, ()):
                    yield canary

    # ------------------------------------------------------------------ finding them

    def found(self, data: bytes) -> set[str]:
        """Canaries in some bytes: whole, in any case, cut short, or a birth date however it is written."""
        words = set()
        for match in WORD.findall(data):
            start = match.lower().decode()[:LENGTH]
            if start in self.canaries:
                words.add(start)
            else:
                words |= {word for word in self.canaries if word.startswith(start)}
        if self.dates:
            words |= {self.dates[match.decode().lower()] for match in self._pattern.findall(data)}
        return words

    def hidden(self, data: bytes) -> set[str]:
        """The same, also as PostgreSQL prints bytes: in hexadecimal."""
        text = data.decode("utf-8", errors="replace").lower()
        hexed = {word for word in self.canaries if word.encode().hex() in text}
        return self.found(data) | hexed


def spellings(day: date) -> Iterable[str]:
    """One day as people, forms and machines write it; lower case."""
    english, spanish = (MONTHS[language][day.month - 1] for language in ("en", "es"))
    yield from (day.isoformat(), f"{day:%Y%m%d}", f"{day:%m/%d/%Y}", f"{day:%d/%m/%Y}", f"{day:%d.%m.%Y}")
    for number in {f"{day.day}", f"{day.day:02}"}:
        for month in {english.lower(), english[:3].lower(), f"{english[:3].lower()}."}:
            yield from (f"{number} {month} {day.year}", f"{month} {number}, {day.year}")
        yield from (f"{number} de {spanish} de {day.year}", f"{number} {spanish[:3]} {day.year}")

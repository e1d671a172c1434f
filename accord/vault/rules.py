"""What a client's record is made of: values and their checks, no rows, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Self

from accord.accounts.rules import CODE_ALPHABET
from accord.policy.words import Category

CODE_LENGTH = 5

LONGEST_LINE = 200
LONGEST_TEXT = 20_000

#: Kinds an advocate or officer enters by hand, and what each is about.
KINDS: Mapping[str, Category] = {
    "intake": Category.SERVICES,
    "contact": Category.SERVICES,
    "service": Category.SERVICES,
    "safety_plan": Category.SAFETY_PLAN,
    "danger": Category.RISK,
    "legal": Category.LEGAL,
    "housing": Category.HOUSING,
    "note": Category.NOTES,
}

#: Fixed sentences for summaries made from coded fields. Typed summaries carry their own words.
SUMMARIES: Mapping[str, str] = {
    "identity.name": "Her name is {name}.",
    "contact.safe": "Safe to reach: {when}. Say: {say}. Avoid: {avoid}.",
}

HARMS = ("domestic_violence", "sexual_violence", "stalking", "elder_abuse", "trafficking", "other")


class InvalidEntry(ValueError):
    """What somebody typed cannot be kept as it is; the message says what is wrong and where."""


def packed(values: Mapping[str, Any]) -> bytes:
    """Values as canonical JSON bytes, ready to be sealed."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is. Every field may be empty: a client can be known by her code alone."""

    given: str = ""
    family: str = ""
    chosen: str = ""
    aliases: tuple[str, ...] = ()
    born: date | None = None
    pronouns: str = ""
    language: str = ""

    @property
    def name(self) -> str:
        """The name she is called by: the chosen one, else the given and family names; empty when unknown."""
        return self.chosen or " ".join(part for part in (self.given, self.family) if part)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name she can be found by."""
        full = " ".join(part for part in (self.given, self.family) if part)
        return tuple(name for name in (full, self.chosen, *self.aliases) if name)

    @property
    def answers(self) -> int:
        """How many questions these values answer."""
        return sum(1 for value in asdict(self).values() if value)

    def packed(self) -> bytes:
        return packed(asdict(self) | {"born": self.born.isoformat() if self.born else ""})

    @classmethod
    def of(cls, data: bytes) -> Self:
        values = json.loads(data)
        born = values["born"]
        return cls(**values | {"aliases": tuple(values["aliases"]), "born": date.fromisoformat(born) if born else None})

    def only_name(self) -> Identity:
        """What a summary of an identity is: the name she is called by and nothing else."""
        return Identity(chosen=self.name)

    def checked(self, today: date) -> Identity:
        """The same values, trimmed. Raises InvalidEntry for a line too long or a birth date in the future."""
        trimmed = replace(
            self,
            **{name: getattr(self, name).strip() for name in ("given", "family", "chosen", "pronouns", "language")},
            aliases=tuple(alias.strip() for alias in self.aliases if alias.strip()),
        )
        for name in (trimmed.given, trimmed.family, trimmed.chosen, trimmed.pronouns, *trimmed.aliases):
            if len(name) > LONGEST_LINE:
                raise InvalidEntry(f"A name is longer than {LONGEST_LINE} characters: {name[:20]}…")
        if trimmed.born and trimmed.born > today:
            raise InvalidEntry(f"The birth date {trimmed.born.isoformat()} is in the future.")
        return trimmed


@dataclass(frozen=True, slots=True)
class SafeContact:
    """How she may be reached without danger. Shown before every button that would contact her."""

    when: str = ""
    say: str = ""
    avoid: str = ""
    phone: str = ""
    address: str = ""

    def packed(self) -> bytes:
        return packed(asdict(self))

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(**json.loads(data))

    def checked(self) -> SafeContact:
        for value in asdict(self).values():
            if len(value) > LONGEST_LINE * 5:
                raise InvalidEntry(f"A safe-contact line is longer than {LONGEST_LINE * 5} characters.")
        return SafeContact(**{name: value.strip() for name, value in asdict(self).items()})


@dataclass(frozen=True, slots=True)
class Summary:
    """What may be told without the detail: a fixed sentence with coded values, or words typed for this purpose."""

    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    def packed(self) -> bytes:
        return packed({"template": self.template, "values": dict(self.values), "text": self.text})

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(**json.loads(data))

    @classmethod
    def typed(cls, text: str) -> Self:
        """Raises InvalidEntry when empty or too long to be a summary."""
        text = text.strip()
        if not text:
            raise InvalidEntry(
                "Write the summary: it is what a partner may see, and it is never taken from the detail."
            )
        if len(text) > LONGEST_LINE * 5:
            raise InvalidEntry(f"A summary is at most {LONGEST_LINE * 5} characters; this one has {len(text)}.")
        return cls(text=text)


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything known about an entry: coded values, the story, and where it came from."""

    values: Mapping[str, Any] = field(default_factory=dict)
    narrative: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)

    def packed(self) -> bytes:
        return packed({"values": dict(self.values), "narrative": self.narrative, "source": dict(self.source)})

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(**json.loads(data))

    def checked(self) -> Detail:
        if len(self.narrative) > LONGEST_TEXT:
            raise InvalidEntry(f"The story is at most {LONGEST_TEXT} characters; this one has {len(self.narrative)}.")
        return replace(self, narrative=self.narrative.strip())


def code(prefix: str, numbers: bytes) -> str:
    """A client code such as `HH-4F7KD` from random bytes. Codes are not counted up: a number would tell how many
    clients an agency has."""
    letters = "".join(CODE_ALPHABET[number % len(CODE_ALPHABET)] for number in numbers[:CODE_LENGTH])
    return f"{prefix}-{letters}"

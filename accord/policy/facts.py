"""What the law is asked, and what it answers. Values only: no rows, no clock.

`Question` is everything the engine may look at; `Decision` is everything it says. Both have JSON
forms (see `accord.policy.forms`) whose schemas are published in `docs/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import cast

from accord.policy.words import (
    AgencyKind,
    Basis,
    BlockKind,
    Category,
    Duty,
    Element,
    Field,
    Instrument,
    Level,
    Mark,
    Obligation,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)


@dataclass(frozen=True, slots=True)
class Agency:
    """A partner as the law sees it. `duties` is never empty: an agency under no special law says `none`."""

    id: str
    kind: AgencyKind
    duties: frozenset[Duty]


@dataclass(frozen=True, slots=True)
class Member:
    """The person who asks. `conflicts` are ids of the people she may not work with."""

    id: str
    roles: frozenset[Role]
    conflicts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked for: never the content, only what it is and who it is about (`subject` is an id)."""

    category: Category
    subject: str
    relation: Relation = Relation.SELF
    marks: frozenset[Mark] = frozenset()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, and what would make that signature worthless.

    `minor`: the subject is an unemancipated minor. `alone`: the law lets this minor or ward receive the
    service without parent or guardian, so the subject signs alone. `cosigned`: the second signature that a
    minor's release needs is there. `abuser`: the signer is believed to have abused the subject, the ward, the
    other parent of the minor, or the deceased. `ward`: a court has put the subject under a guardian. `dead`: the
    subject has died.
    """

    role: SignerRole = SignerRole.SELF
    minor: bool = False
    alone: bool = False
    cosigned: bool = False
    abuser: bool = False
    ward: bool = False
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """One line of a release: this category, up to this level."""

    category: Category
    level: Level


@dataclass(frozen=True, slots=True)
class Release:
    """One survivor's permission: one holder, one recipient, one purpose, an end (facts 1.11)."""

    id: str
    subject: str
    holder: str
    recipient: str
    purpose: Purpose
    grants: tuple[Grant, ...]
    elements: frozenset[Element]
    signed_at: datetime
    until: datetime
    signer: Signer = field(default_factory=Signer)
    recipient_person: str = ""
    withdrawn_at: datetime | None = None
    long_because: bool = False
    """A supervisor has written why it may be longer than the usual cap."""
    instrument: Instrument = Instrument.ORDINARY
    fixed_until: datetime | None = None
    """Where a law lets her bind herself (42 CFR 2.35): not taken back before this moment."""


class Releases(tuple[Release, ...]):
    """All she signed, put in order once however often it is asked: one survivor may have signed two hundred, almost all
    to others or ended long ago."""

    @cached_property
    def to(self) -> Mapping[str, tuple[Release, ...]]:
        """Those to each recipient, the one that ends last first."""
        found: dict[str, list[Release]] = {}
        for one in self:
            found.setdefault(one.recipient, []).append(one)
        until = attrgetter("until")
        return {recipient: tuple(sorted(ones, key=until, reverse=True)) for recipient, ones in found.items()}

    @cached_property
    def distinct(self) -> bool:
        """Whether no two carry the same id."""
        return len({one.id for one in self}) == len(self)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What partners have agreed among themselves, up to the day of its review. It can only narrow: it opens what a
    law lets them send under an agreement, and nothing else."""

    id: str
    parties: frozenset[str]
    categories: frozenset[Category]
    purposes: frozenset[Purpose]
    since: datetime
    until: datetime
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """A paper that arrived, or what the holder itself found: whom it lets know, what it expressly names, what was
    represented or done with it. `statute` is the id of the report statute it rests on; `fields`, where it asks for
    single facts, are those; empty: it does not say."""

    id: str
    kind: ProcessKind
    recipient: str
    subject: str
    categories: frozenset[Category]
    since: datetime
    until: datetime
    represented: frozenset[Representation] = frozenset()
    counsel_reviewed: bool = False
    statute: str = ""
    fields: frozenset[Field] = frozenset()


@dataclass(frozen=True, slots=True)
class Block:
    """A door that stays shut: she said never to `against` (an agency or person id), or a conflict was found."""

    kind: BlockKind
    against: str


@dataclass(frozen=True, slots=True)
class Question:
    """May this member of this agency do this to that thing, for this purpose, at this moment?"""

    verb: Verb
    asker: Agency
    member: Member
    holder: Agency
    thing: Thing
    purpose: Purpose
    at: datetime
    recipient: Agency | None = None
    recipient_person: str = ""
    releases: tuple[Release, ...] = Releases()
    agreements: tuple[Agreement, ...] = ()
    processes: tuple[Process, ...] = ()
    blocks: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.releases, Releases):
            object.__setattr__(self, "releases", Releases(self.releases))

    @property
    def signed(self) -> Releases:
        """`releases`, in order."""
        return cast(Releases, self.releases)


@dataclass(frozen=True, slots=True)
class Because:
    """One rule that shaped the answer, with its sentence and its source."""

    rule: str
    sentence: str
    citation: str


@dataclass(frozen=True, slots=True)
class Need:
    """What would open it: a code for programs, and the facts that complete its sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `basis` is what a yes rests on, `relying_on` the release, or the agreement and papers, of it; `until`
    is when it stops being true; `fields` is None unless a law names the single facts that may be told."""

    level: Level
    because: tuple[Because, ...]
    relying_on: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    duties: tuple[Obligation, ...] = ()
    until: datetime | None = None
    fields: tuple[Field, ...] | None = None
    basis: Basis | None = None

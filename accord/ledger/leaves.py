"""The bytes of a leaf: what happened, in ids, codes, numbers and moments - never a name, never a value.

A leaf is one line of JSON with sorted keys and no spaces, pure ASCII, so that the same happening has exactly
one form and its hash can be computed by anyone, anywhere, for as long as the ledger is kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from accord.policy.words import Level, Purpose, Verb

VERSION = 1

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CODE = re.compile(r"[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*")
_ACTOR = re.compile(rf"member:{_UUID}|system:{_CODE.pattern}")
_THING = re.compile(rf"{_CODE.pattern}:{_UUID}")
_BASIS = re.compile(rf"(?:{_CODE.pattern}:)?{_UUID}")
_LONGEST_CODE = 64


class LeafError(ValueError):
    """A value that may not stand in the ledger, or a line that is not a leaf. Never repeats the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One request as the ledger keeps it.

    `nonce`: 16 random bytes, so that a leaf's hash in a proof says nothing to somebody who guesses its content.
    `actor`: `member:<uuid>` or `system:<job>`. `outcome`: True for yes. `rules`: ids of the rules that shaped the
    answer. `relying`: releases or papers relied on, `<uuid>` or `<kind>:<uuid>`. `thing`: `<kind>:<uuid>` or empty.
    `client`: whose story it belongs to, for her accounting of disclosures. `deeds`: (what was done, to which id or
    how many). `shown`: (kind, id, level).
    """

    id: UUID
    nonce: bytes
    agency: UUID
    at: datetime
    actor: str
    verb: Verb
    purpose: Purpose
    outcome: bool
    rules: tuple[str, ...] = ()
    relying: tuple[str, ...] = ()
    thing: str = ""
    client: UUID | None = None
    deeds: tuple[tuple[str, UUID | int], ...] = ()
    shown: tuple[tuple[str, UUID, Level], ...] = ()


def _matching(pattern: re.Pattern[str], value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > 2 * _LONGEST_CODE or not pattern.fullmatch(value):
        raise LeafError(f"{what} in a ledger leaf has the wrong form: only ids and codes may stand there")
    return str(value)


def _code(value: object, what: str) -> str:
    if len(_matching(_CODE, value, what)) > _LONGEST_CODE:
        raise LeafError(f"{what} in a ledger leaf is too long to be a code")
    return str(value)


def _id(value: object, what: str) -> str:
    if not isinstance(value, UUID):
        raise LeafError(f"{what} in a ledger leaf must be an id")
    return str(value)


def _id_or_number(value: object, what: str) -> str | int:
    return value if type(value) is int else _id(value, what)


def _moment(value: object) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise LeafError("the moment in a ledger leaf must know its time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _yes_or_no(value: object) -> str:
    if not isinstance(value, bool):
        raise LeafError("the outcome in a ledger leaf is yes or no")
    return "yes" if value else "no"


def leaf(happening: Happening) -> str:
    """The one line that stands for this happening, without a line end.

    Raises LeafError for anything that is not an id, a code, a number or a moment.
    """
    it = happening
    if not isinstance(it.nonce, bytes) or len(it.nonce) != 16:
        raise LeafError("the nonce in a ledger leaf is 16 bytes")
    try:
        verb, purpose = Verb(it.verb), Purpose(it.purpose)
        shown = [(kind, thing, Level(level)) for kind, thing, level in it.shown]
    except ValueError:
        raise LeafError("a word in a ledger leaf is not one of the field's words") from None
    return json.dumps(
        {
            "v": VERSION,
            "id": _id(it.id, "the id"),
            "nonce": it.nonce.hex(),
            "agency": _id(it.agency, "the agency"),
            "at": _moment(it.at),
            "actor": _matching(_ACTOR, it.actor, "the actor"),
            "verb": verb.value,
            "purpose": purpose.value,
            "outcome": _yes_or_no(it.outcome),
            "rules": [_code(rule, "a rule") for rule in it.rules],
            "relying": [_matching(_BASIS, basis, "a basis") for basis in it.relying],
            "thing": _matching(_THING, it.thing, "the thing") if it.thing else "",
            "client": None if it.client is None else _id(it.client, "the client"),
            "deeds": [[_code(name, "a deed"), _id_or_number(thing, "a deed's thing")] for name, thing in it.deeds],
            "shown": [[_code(kind, "a kind"), _id(thing, "a shown thing"), level.code] for kind, thing, level in shown],
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def read(line: str) -> Happening:
    """The happening a line stands for. Raises LeafError unless the line is exactly what `leaf` writes."""
    try:
        cells = json.loads(line)
        happening = Happening(
            id=UUID(cells["id"]),
            nonce=bytes.fromhex(cells["nonce"]),
            agency=UUID(cells["agency"]),
            at=datetime.fromisoformat(cells["at"]),
            actor=cells["actor"],
            verb=Verb(cells["verb"]),
            purpose=Purpose(cells["purpose"]),
            outcome=cells["outcome"] == "yes",
            rules=tuple(cells["rules"]),
            relying=tuple(cells["relying"]),
            thing=cells["thing"],
            client=None if cells["client"] is None else UUID(cells["client"]),
            deeds=tuple((name, thing if type(thing) is int else UUID(thing)) for name, thing in cells["deeds"]),
            shown=tuple((kind, UUID(thing), Level[level.upper()]) for kind, thing, level in cells["shown"]),
        )
        same = leaf(happening) == line
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise LeafError("this line is not a ledger leaf") from None
    if not same:
        raise LeafError("this line is not a ledger leaf")
    return happening

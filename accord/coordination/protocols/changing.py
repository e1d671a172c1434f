"""Changing a protocol: its text from its values and back, one change at a time, where a change stands, what is signed.
Values only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from accord.coordination.protocols.rules import (
    Due,
    InvalidProtocol,
    Protocol,
    Span,
    State,
    Tell,
    loaded,
)
from accord.policy.words import AgencyKind, Level

#: Letters a protocol has at most. The longest that ships has less than half of it.
LONGEST = 60_000
V = TypeVar("V")


class InvalidProposal(ValueError):
    """This cannot be done to a proposal; one sentence that a person reads."""


class Stage(StrEnum):
    """Where a proposal stands."""

    DRAFT = "draft"
    LAID = "laid"
    RETURNED = "returned"
    """An agency has said no; it is back with its authors."""
    OVERTAKEN = "overtaken"
    """Another change of the same protocol was adopted since; it has to be written anew upon that."""
    ADOPTED = "adopted"
    ENDED = "ended"


def stage(*, ended: bool, adopted: bool, based_on: int, newest: int, refused: bool, laid: bool) -> Stage:
    """Where a proposal stands, from its newest wording. `newest`: the newest version of the protocol, in force or not
    yet."""
    if adopted:
        return Stage.ADOPTED
    if ended:
        return Stage.ENDED
    if based_on != newest:
        return Stage.OVERTAKEN
    if refused:
        return Stage.RETURNED
    return Stage.LAID if laid else Stage.DRAFT


# ------------------------------------------------------------------ what is signed


def proposal_id(agency: UUID, code: str, begun_at: datetime) -> UUID:
    """Made of who began it, about which protocol and when, so that nobody can put another proposal under it."""
    said = ["accord/proposal/1", str(agency), code, round(begun_at.timestamp() * 1_000_000)]
    return UUID(bytes=sha256(json.dumps(said).encode()).digest()[:16])


def asked(before: Protocol | None, after: Protocol) -> frozenset[AgencyKind]:
    """The kinds of agency whose yes a change needs: every one that runs it now or would."""
    return after.kinds | (before.kinds if before else frozenset())


@dataclass(frozen=True, slots=True)
class Said:
    """All that a yes is given to: the text, and what decides when and for whom it applies."""

    agency: UUID
    proposal: UUID
    number: int
    code: str
    based_on: int
    begins_at: datetime
    kinds: tuple[str, ...]
    asked: tuple[str, ...]
    text: str

    @property
    def digest(self) -> bytes:
        """Its SHA-256. The database makes the same (`protocols_digest`)."""
        begins = self.begins_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        whose = (str(self.agency), str(self.proposal), str(self.number), self.code, str(self.based_on))
        said = (*whose, begins, " ".join(self.kinds), " ".join(self.asked), self.text)
        return sha256("\n".join(said).encode()).digest()


# ------------------------------------------------------------------ reading and writing


def read(text: str, code: str, version: int) -> Protocol:
    """What somebody's text says of the next version of a protocol. Raises InvalidProposal with one sentence: it is no
    protocol, or not that version of that one."""
    protocol = read_any(text)
    if (protocol.code, protocol.version) != (code, version):
        raise InvalidProposal(f"The text says which it is: code = {_text(code)}, version = {version}.")
    return protocol


def read_any(text: str) -> Protocol:
    """The protocol that somebody's text describes. Raises InvalidProposal with one sentence."""
    if len(text) > LONGEST:
        raise InvalidProposal(f"A protocol has at most {LONGEST} letters.")
    if "\0" in text:
        raise InvalidProposal("This text cannot be read.")
    try:
        return loaded(text, "The text")
    except InvalidProtocol as error:
        raise InvalidProposal(str(error)) from None
    except (RecursionError, TypeError, AttributeError, ValueError):
        # A list where a word belongs, or a thousand brackets: whoever writes that is told no more than this.
        raise InvalidProposal("This text cannot be read as a protocol.") from None


def written(protocol: Protocol) -> str:
    """A protocol as TOML; `loaded` reads it back to the same values."""
    return "\n".join(_lines(protocol)) + "\n"


def _lines(protocol: Protocol) -> Iterator[str]:
    yield from _table(
        "[protocol]",
        {
            "code": protocol.code,
            "version": protocol.version,
            "title": protocol.title,
            "purpose": protocol.purpose,
            "category": protocol.category,
            "kinds": sorted(protocol.kinds),
            "about": sorted(protocol.about),
            "source": protocol.source,
        },
    )
    for evidence in protocol.evidence.values():
        rows = {
            "code": evidence.code,
            "title": evidence.title,
            "kind": evidence.kind,
            "choices": dict(evidence.choices),
        }
        yield from _table("[[evidence]]", rows)
    for state in protocol.states.values():
        row = {"code": state.code, "title": state.title, "start": state.start, "end": state.end}
        yield from _table("[[state]]", row)
        for due in state.dues:
            yield from _table("[[state.due]]", _due(due))
    for way in protocol.transitions.values():
        yield from _table(
            "[[transition]]",
            {
                "code": way.code,
                "title": way.title,
                "from": way.begins,
                "to": way.to,
                "roles": sorted(way.roles),
                "kinds": sorted(way.kinds),
                "needs": way.needs,
                "may": way.may,
                "when": way.when,
                "guard": way.guard,
            },
        )
    for tell in protocol.tells:
        yield from _table("[[tell]]", {"to": sorted(tell.to), "states": sorted(tell.states), "level": tell.level.code})


def _due(due: Due) -> dict[str, object]:
    return {
        "code": due.code,
        "title": due.title,
        "within": _span(due.within),
        "counts_from": due.counts_from,
        "opens": due.opens and _span(due.opens),
        "by_hand": due.by_hand,
        "again": due.again,
        "optional": due.optional,
        "when": due.when,
        "kinds": sorted(due.kinds),
        "citation": due.citation,
        "verified": due.verified,
    }


def _span(span: Span) -> dict[str, int]:
    return {span.unit.value: span.count}


def _table(head: str, row: Mapping[str, object]) -> Iterator[str]:
    """One table; what is empty, no or none is left out, as it is read so."""
    yield head
    yield from (f"{name} = {_value(value)}" for name, value in row.items() if value)
    yield ""


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_text(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)


def _text(value: str) -> str:
    """A basic string of TOML, which escapes like JSON, and the delete character too."""
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


# ------------------------------------------------------------------ one change at a time


def numbered(protocol: Protocol, version: int) -> Protocol:
    """The same as another version."""
    return replace(protocol, version=version)


def anew(protocol: Protocol, taken: Iterable[str]) -> Protocol:
    """Another protocol, which begins as this one."""
    return replace(protocol, code=new_code(protocol.code, taken), version=1, title=f"{protocol.title[:390]} (new)")


def with_head(protocol: Protocol, title: str, purpose: str) -> Protocol:
    return replace(protocol, title=title, purpose=purpose)


def with_state(protocol: Protocol, code: str, title: str) -> Protocol:
    """What standing there is called. Raises KeyError."""
    return _state(protocol, replace(protocol.states[code], title=title))


def with_due(protocol: Protocol, state: str, due: Due) -> Protocol:
    """A due of a state, after the others of it or in the place of the one with its code, in every state that has that.
    Raises KeyError."""
    of = protocol.states[state]
    if due.code not in {each.code for each in of.dues}:
        protocol = _state(protocol, replace(of, dues=(*of.dues, due)))
    changed = {
        code: replace(each, dues=tuple(due if one.code == due.code else one for one in each.dues))
        for code, each in protocol.states.items()
    }
    return replace(protocol, states=changed)


def without_due(protocol: Protocol, code: str) -> Protocol:
    """Nobody waits for it any more."""
    kept = {
        name: replace(state, dues=tuple(due for due in state.dues if due.code != code))
        for name, state in protocol.states.items()
    }
    return replace(protocol, states=kept)


def with_step(protocol: Protocol, code: str, title: str, guard: str) -> Protocol:
    """What a step is called, and what is said while its guard does not hold; a step without guard gets no sentence.
    Raises KeyError."""
    way = protocol.transitions[code]
    changed = replace(way, title=title, guard=guard if way.when else "")
    return replace(protocol, transitions={**protocol.transitions, code: changed})


def with_evidence(protocol: Protocol, code: str, title: str, choice: str = "") -> Protocol:
    """What is written down is called otherwise; codes may get another choice. Raises KeyError."""
    row = protocol.evidence[code]
    choices = row.choices
    if choice:
        choices = (*choices, (new_code(choice, dict(choices)), choice))
    changed = replace(row, title=title, choices=choices)
    return replace(protocol, evidence={**protocol.evidence, code: changed})


def with_told(protocol: Protocol, kind: AgencyKind, levels: Mapping[str, Level]) -> Protocol:
    """One kind of partner is offered to be told just this much, state by state; what others are offered stays."""
    kept = [replace(tell, to=tell.to - {kind}) for tell in protocol.tells if tell.to != {kind}]
    for level in (Level.EXISTENCE, Level.SUMMARY, Level.FULL):
        states = frozenset(state for state in protocol.states if levels.get(state) is level)
        if states:
            everywhere = len(states) == len(protocol.states)
            kept.append(Tell(frozenset({kind}), frozenset() if everywhere else states, level))
    return replace(protocol, tells=tuple(kept))


def new_code(title: str, taken: Iterable[str]) -> str:
    """A code for something new, made of its title."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower()).split()
    base = "_".join(words)[:32].strip("_")
    if not base.isidentifier():
        base = f"new_{base}".rstrip("_")
    used = set(taken)
    return next(code for code in (base, *(f"{base}_{n}" for n in range(2, len(used) + 3))) if code not in used)


def _state(protocol: Protocol, state: State) -> Protocol:
    return replace(protocol, states={**protocol.states, state.code: state})


# ------------------------------------------------------------------ upon a newer version


def rebased(base: Protocol, mine: Protocol, newest: Protocol) -> Protocol:
    """What a proposal changed, written upon the version that was adopted meanwhile: where the proposal says something
    else than what it was written on, its word stands; everywhere else the newest version's. The result is to be read
    again: two changes need not fit together."""

    def said(name: str) -> Any:
        old, wanted = getattr(base, name), getattr(mine, name)
        return getattr(newest, name) if wanted == old else wanted

    words = {name: said(name) for name in ("title", "purpose", "category", "kinds", "about", "tells", "source")}
    return replace(
        newest,
        version=newest.version + 1,
        states=_merged(base.states, mine.states, newest.states, _merged_state),
        transitions=_merged(base.transitions, mine.transitions, newest.transitions, _mine),
        evidence=_merged(base.evidence, mine.evidence, newest.evidence, _mine),
        **words,
    )


def _merged(
    base: Mapping[str, V], mine: Mapping[str, V], newest: Mapping[str, V], both: Callable[[V, V, V], V]
) -> dict[str, V]:
    """By code: what only one of them changed as that one says, what both changed as `both` says; what the proposal
    dropped is gone."""
    found: dict[str, V] = {}
    for code in dict.fromkeys((*newest, *mine)):
        old, wanted, now = base.get(code), mine.get(code), newest.get(code)
        if wanted == old:
            result = now
        elif now == old or now is None or wanted is None or old is None:
            result = wanted
        else:
            result = both(old, wanted, now)
        if result is not None:
            found[code] = result
    return found


def _mine(_old: V, wanted: V, _now: V) -> V:
    return wanted


def _merged_state(old: State, wanted: State, now: State) -> State:
    was, mine, newest = ({due.code: due for due in each.dues} for each in (old, wanted, now))
    dues = _merged(was, mine, newest, _mine)
    words: dict[str, Any] = {
        name: getattr(now if getattr(wanted, name) == getattr(old, name) else wanted, name)
        for name in ("title", "start", "end")
    }
    return State(code=now.code, dues=tuple(dues.values()), **words)

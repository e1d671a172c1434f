"""How a case goes through a protocol: values and their checks, no rows, no clock."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from accord.coordination.protocols.rules import (
    Clock,
    Evidence,
    EvidenceKind,
    Facts,
    InvalidMove,
    Protocol,
    State,
    Transition,
    checked_evidence,
    clock,
    clocks,
    holds,
    moved,
)
from accord.policy.words import AgencyKind, Relation, Role

#: What somebody can note about a due: that it was done, that she declined it, that it is not safe now. The last two
#: are as good an answer as the first.
BY_HAND: Final = ("done", "declined", "not_safe")
#: How a due ends. When its state is left, leaving is what had to be done ("left"), or it does not matter any more.
HOWS: Final = (*BY_HAND, "left", "over")
#: A step written down later than this after it happened is a deviation (design).
LATE: Final = timedelta(days=3)
#: What a due is shown for before it ends, on my day (design).
SOON: Final = timedelta(days=7)
#: Ways a case leaves its protocol: written down late, a time passed, a guard that a supervisor overrode.
DEVIATIONS: Final = ("late", "passed", "overridden")
LONGEST_WHY: Final = 4_000


def packed(given: Facts) -> bytes:
    """What was written down with a step, ready to be sealed."""
    return json.dumps({code: value for code, value in given.items() if value}, ensure_ascii=False).encode()


def unpacked(data: bytes) -> dict[str, str]:
    return {str(code): str(value) for code, value in json.loads(data).items()}


def known(steps: Iterable[Facts]) -> dict[str, str]:
    """All that has been written down, in order: what was said last counts."""
    found: dict[str, str] = {}
    for step in steps:
        found |= step
    return found


def entrance(protocol: Protocol, state: str) -> Transition:
    """Beginning in a state, as a step: it asks for what its clocks depend on, as far as every step to that state asks
    for it too, and takes what any of them takes. Raises InvalidMove where nobody can begin."""
    start = protocol.states.get(state)
    if start is None or not start.start:
        raise InvalidMove("Nobody begins there.")
    ways = [way for way in protocol.transitions.values() if way.to == state]
    depends = {code for due in start.dues for clause in due.when for code in clause}
    depends |= {due.counts_from for due in start.dues if due.counts_from}
    needs = depends.intersection(*(way.needs for way in ways))
    takes = depends.union(*((*way.needs, *way.may) for way in ways))
    return Transition(
        code="",
        title=start.title,
        begins=(),
        to=state,
        roles=frozenset(),
        kinds=frozenset(),
        needs=tuple(code for code in protocol.evidence if code in needs),
        may=tuple(code for code in protocol.evidence if code in takes - needs),
        when=(),
        guard="",
    )


def begun(protocol: Protocol, state: str, *, kind: AgencyKind, about: Relation, given: Facts) -> State:
    """The state a case begins in. Raises InvalidMove for an agency or a person the protocol is not for, a state nobody
    begins in, or missing evidence."""
    if kind not in protocol.kinds:
        raise InvalidMove("This protocol is not run by an agency like ours.")
    if about not in protocol.about:
        raise InvalidMove("This protocol is not about this person.")
    checked_evidence(protocol, entrance(protocol, state), given)
    return protocol.states[state]


def gone(
    protocol: Protocol,
    state: str,
    step: str,
    *,
    roles: Collection[Role],
    kind: AgencyKind,
    facts: Facts,
    given: Facts,
    because: str,
) -> tuple[State, bool]:
    """The state a step leads to, and whether its guard was overridden: a supervisor may, with a reason, and nothing but
    the guard. Raises InvalidMove."""
    try:
        return moved(protocol, state, step, roles=roles, kind=kind, facts=facts, given=given), False
    except InvalidMove:
        way = protocol.transitions.get(step)
        if way is None or not way.when or not because.strip() or Role.SUPERVISOR not in roles:
            raise
    unguarded = replace(protocol, transitions={**protocol.transitions, step: replace(way, when=(), guard="")})
    return moved(unguarded, state, step, roles=roles, kind=kind, facts=facts, given=given), True


def guarded(protocol: Protocol, step: str, facts: Facts) -> str:
    """The sentence that says what is missing for a step, as far as it depends on what was written down before; empty
    when nothing is missing, or what it depends on can be written down with it."""
    way = protocol.transitions[step]
    asked = {*way.needs, *way.may}
    for clause in way.when:
        if all(name in asked or holds([{name: value}], facts) for name, value in clause.items()):
            return ""
    return way.guard


def opened(
    protocol: Protocol,
    state: str,
    entered_at: datetime,
    facts: Facts,
    zone: ZoneInfo,
    kind: AgencyKind,
    noted: Collection[str] = (),
) -> tuple[Clock, ...]:
    """The clocks that run from entering a state for an agency of this kind; not those of what was `noted` already while
    it stood there."""
    return tuple(each for each in clocks(protocol, state, entered_at, facts, zone, kind) if each.due.code not in noted)


def goes_on(running: Iterable[Clock], before: Collection[tuple[str, datetime]]) -> frozenset[str]:
    """What several states wait for goes on through them: which clocks are one that ran or was noted `before` (code, and
    by when it was agreed). They neither end nor begin with the step, and what was noted does not come back."""
    return frozenset(each.due.code for each in running if each.known_by in before)


def anew(protocol: Protocol, code: str, at: datetime, facts: Facts, zone: ZoneInfo) -> Clock | None:
    """The next clock of a due that starts anew once it is done, counted from now; None for any other."""
    due = protocol.due(code)
    return clock(protocol, replace(due, counts_from=""), at, facts, zone) if due.again else None


def ends(protocol: Protocol, code: str) -> str:
    """How a due ends when its state is left without anybody having noted it."""
    return "over" if protocol.due(code).by_hand else "left"


def checked_meeting(protocol: Protocol, code: str, how: str, why: str, *, opens_at: datetime, at: datetime) -> None:
    """Raises InvalidMove for a due that only the next step ends, one that cannot be done yet, or a word too many."""
    if not protocol.due(code).by_hand:
        raise InvalidMove("The next step does this; it is not noted by itself.")
    if how not in BY_HAND:
        raise InvalidMove("Say how it was: done, she declined, or not safe now.")
    if how == "done" and at < opens_at:
        raise InvalidMove("This cannot be done yet.")
    if len(why) > LONGEST_WHY:
        raise InvalidMove("Write down what matters: this is too long.")


def checked_moment(since: datetime | None, occurred_at: datetime, at: datetime) -> None:
    """A step happens after the one before it, and not later than now. Raises InvalidMove."""
    if occurred_at > at:
        raise InvalidMove("A step cannot lie in the future.")
    if since is not None and occurred_at < since:
        raise InvalidMove("This step cannot have been before the last one.")


def placed(since: datetime, occurred_at: datetime) -> datetime:
    """A moment that was typed to the minute; within the minute of the step before it, the same as that."""
    return since if occurred_at < since < occurred_at + timedelta(minutes=1) else occurred_at


def late(occurred_at: datetime, at: datetime) -> bool:
    """Whether a step that is written down now is written down late."""
    return at - occurred_at > LATE


def said(protocol: Protocol, given: Facts) -> dict[str, str]:
    """What was written down, by title, as it stands in her file."""
    return {
        protocol.evidence[code].title: _choice(protocol.evidence[code], value)
        for code, value in given.items()
        if value and code in protocol.evidence
    }


def summary(protocol: Protocol, state: State) -> dict[str, Any]:
    """The coded values of the sentence "Protective order: served." with the titles of this version, so that a partner
    who has another version reads what was meant."""
    return {
        "protocol": protocol.code,
        "version": protocol.version,
        "state": state.code,
        "track": protocol.title,
        "stands": state.title,
    }


def newer(running: Protocol, in_force: Mapping[str, Protocol], state: str) -> Protocol | None:
    """The version a case can go on by: the one in force, when it is newer and has the state the case stands in."""
    found = in_force.get(running.code)
    return found if found is not None and found.version > running.version and state in found.states else None


def _choice(evidence: Evidence, value: str) -> str:
    return dict(evidence.choices)[value] if evidence.kind is EvidenceKind.CODE else value

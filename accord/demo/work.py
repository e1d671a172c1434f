"""Cases on their way through the protocols of Arden, made from a seed: one in every state there is, some at their end,
some in files that are closed, and one for every rule about gaps. Pure, like the story; days count from now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from accord.coordination.protocols.own import Own
from accord.coordination.protocols.rules import (
    ABOVE,
    Clock,
    Evidence,
    EvidenceKind,
    Protocol,
    Span,
    Transition,
    Unit,
    clocks,
    holds,
    loaded,
)
from accord.coordination.tracks.rules import entrance
from accord.policy.words import AgencyKind, Relation, Role

ZONE: Final = ZoneInfo("America/New_York")


def protocols() -> dict[str, Protocol]:
    """What Arden has agreed to: the texts that come with Accord, by code."""
    texts = sorted((files("accord.coordination.protocols") / "standard").iterdir(), key=lambda each: each.name)
    found = [loaded(text.read_text("utf-8"), text.name) for text in texts if text.name.endswith(".toml")]
    return {protocol.code: protocol for protocol in found}


#: What is written down with a step: a word or code as it is, a day or moment as days from now.
Value = str | float
Given = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, so many days ago. The first has no code: it begins in `state`."""

    days_ago: float
    state: str
    code: str
    given: Given


@dataclass(frozen=True, slots=True)
class Case:
    """One case about a client herself, a place in the story. `met`: what was noted as done."""

    client: int
    protocol: str
    steps: tuple[Step, ...]
    met: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planted:
    """A case that makes a gap: which rule finds it, at which agency, where it stands and since how many days. `given`
    is written down instead of what usually is; `met` was noted, so that nothing but the gap is open."""

    rule: str
    agency: str
    protocol: str
    state: str
    days_ago: float
    given: Given
    met: tuple[str, ...] = ()


#: One for every rule that looks at a due.
PLANTED: Final = (
    Planted("safety_plan_review_due", "harbor", "safety_plan", "review_due", 4, {"high_risk": "no"}),
    Planted("order_unserved", "police", "protective_order", "not_served", 5, {"hearing_on": 9.0}),
    Planted("order_expiring", "legal", "protective_order", "active", 90, {"stands_until": 9.0}, ("renewal_petition",)),
    Planted("order_renewal_open", "harbor", "protective_order", "active", 90, {"stands_until": 22.0}),
    Planted("firearms_unconfirmed", "court", "firearms", "ordered", 4, {}),
    Planted("release_notice_unconfirmed", "prosecutor", "vine", "notifying", 2, {}),
    Planted(
        "no_advocate_after_arrest", "police", "criminal_case", "arrested", 2, {}, ("probable_cause", "bail_hearing")
    ),
    Planted("forensic_follow_up_missed", "brigid", "forensic_exam", "follow_up", 3, {"safe_contact": "yes"}),
    Planted("kit_past_its_clock", "police", "kit", "picked_up", 33, {}),
    Planted("right_not_given", "prosecutor", "victims_right", "due", 3, {"right": "information"}),
    Planted("vine_pending", "harbor", "vine", "offered", 9, {}),
    Planted("compensation_not_received", "prosecutor", "compensation", "approved", 40, {}),
    Planted("counselling_not_connected", "dawn", "counselling", "accepted", 20, {}),
    Planted("step_late", "probation", "intervention", "referred", 12, {}),
)  # fmt: skip

#: What one agency holds itself to beyond what Arden agreed: which, in what protocol, and why.
OWN_TIMES: Final = (
    "brigid",
    "forensic_exam",
    Own(due="call_back", within=Span(36, Unit.HOURS)),
    "Most who call us back do it on the first day.",
)

#: Days that lie ahead when they are written down, and how far; every other day is that of the step.
AHEAD: Final[Mapping[str, float]] = {
    "hearing_on": 12.0, "stands_until": 300.0, "ends_on": 200.0, "next_on": 20.0, "kept_until": 400.0,
    "destroy_on": 120.0, "first_on": 6.0, "complete_by": 20.0, "emergency_until": 3.0,
}  # fmt: skip
WORDS: Final[Mapping[str, str]] = {
    "attempt": "Nobody opened the door at his address.",
    "missing": "The receipt of the locksmith.",
    "amount": "1,850 dollars",
    "plan": "Each does her part until the next meeting.",
    "result": "A profile was found.",
    "language": "Spanish",
    "weapons": "One rifle, one pistol.",
    "what": "He waited at her work.",
    "case_number": "26-DV-0412",
    "barcode": "AR-00-2214",
}
#: How long ago a running case came to where it stands, and how far apart its steps were: the first that is in time.
SPANS: Final = ((24.0, 6.0), (9.0, 3.0), (3.0, 1.0), (1.0, 0.25), (0.25, 0.05), (0.05, 0.01), (0.01, 0.002))
#: A clock of a running case that nothing is planted in has at least this long to go.
LEFT: Final = timedelta(minutes=40)


def planted(place: int, plan: Planted, protocols: Mapping[str, Protocol], kind: AgencyKind) -> Case:
    """The case of a plan, at a client of the story."""
    protocol = protocols[plan.protocol]
    path = _path(protocol, plan.state, kind)
    assert path is not None, f"nobody at {plan.agency} reaches {plan.state} of {plan.protocol}"
    case = _case(place, protocol, path, plan.days_ago, 0.2, plan.given)
    return replace(case, met=plan.met)


def running(
    random: Random,
    protocols: Mapping[str, Protocol],
    kinds: Mapping[str, AgencyKind],
    places: Mapping[str, Sequence[int]],
    now: datetime,
) -> Iterator[Case]:
    """One case in every state of every protocol, at an agency that can get there, with nothing open past its time."""
    for protocol in protocols.values():
        for state in protocol.states:
            able = [
                (key, path)
                for key, kind in kinds.items()
                if places.get(key) and (path := _path(protocol, state, kind)) is not None
            ]
            if able:
                key, path = random.choice(able)
                yield _in_time(random.choice(places[key]), protocol, path, kinds[key], now)


def over(
    random: Random,
    protocols: Mapping[str, Protocol],
    kinds: Mapping[str, AgencyKind],
    closed: Sequence[tuple[int, str, int, int]],
) -> Iterator[Case]:
    """Cases in files that are closed (place, agency, opened and closed days ago): at their end, or left where they
    stood when the file was closed, with clocks that passed long ago."""
    for number, (place, key, opened, since) in enumerate(closed):
        able = [protocol for protocol in protocols.values() if kinds[key] in protocol.kinds]
        protocol = random.choice(able)
        wanted = [state.code for state in protocol.states.values() if state.end == (number % 3 > 0)]
        path = _path(protocol, random.choice(wanted), kinds[key])
        if path is not None:
            apart = max(opened - since, 1) / (len(path) + 1)
            yield _case(place, protocol, path, since + apart / 2, apart, {})


def _in_time(place: int, protocol: Protocol, path: Sequence[Transition], kind: AgencyKind, now: datetime) -> Case:
    for days_ago, apart in SPANS:
        case = _case(place, protocol, path, days_ago, apart, {})
        if all(clock.due_at > now + LEFT for clock in _waiting(protocol, case, kind, now)):
            return case
    raise AssertionError(f"{protocol.code} is late in {path[-1].to} as soon as it is there")


def _waiting(protocol: Protocol, case: Case, kind: AgencyKind, now: datetime) -> Iterator[Clock]:
    """Clocks that must be kept where the case stands."""
    facts: dict[str, str] = {}
    for step in case.steps:
        facts |= written(protocol, step.given, now)
    last = case.steps[-1]
    for clock in clocks(protocol, last.state, now - timedelta(days=last.days_ago), facts, ZONE, kind):
        if not clock.due.optional:
            yield clock


def written(protocol: Protocol, given: Given, now: datetime) -> dict[str, str]:
    """What a step writes down, as the room takes it."""
    found = {}
    for code, value in given.items():
        if isinstance(value, str):
            found[code] = value
        else:
            moment = (now + timedelta(days=value)).astimezone(ZONE)
            day = protocol.evidence[code].kind is EvidenceKind.DAY
            found[code] = moment.date().isoformat() if day else moment.astimezone(UTC).isoformat()
    return found


# ------------------------------------------------------------------ ways


def _path(protocol: Protocol, state: str, kind: AgencyKind) -> tuple[Transition, ...] | None:
    """The shortest way to a state that a worker of such an agency can go; the first step is the beginning."""
    if kind not in protocol.kinds or Relation.SELF not in protocol.about:
        return None
    found: dict[str, tuple[Transition, ...]] = {
        start.code: (entrance(protocol, start.code),) for start in protocol.starts
    }
    edge = list(found)
    while state not in found and edge:
        edge = [
            way.to
            for here in edge
            for way in protocol.ways(here, kind)
            if Role.WORKER in way.roles
            and way.to not in found
            and _clause(way, _facts(protocol, found[here])) is not None
            and not found.update({way.to: (*found[here], way)})
        ]
    return found.get(state)


def _facts(protocol: Protocol, path: Sequence[Transition]) -> dict[str, str]:
    """What is known after a way, as far as guards look at it."""
    facts: dict[str, str] = {}
    for way in path:
        facts |= {code: value for code, value in _given(protocol, way, facts, 0.0).items() if isinstance(value, str)}
    return facts


def _clause(way: Transition, facts: Mapping[str, str]) -> Mapping[str, str] | None:
    """What makes its guard hold: what of a clause is written down with the step, the rest being known. None where no
    clause can be made to hold."""
    asked = {*way.needs, *way.may}
    for clause in way.when:
        if all(name in asked or facts.get(name) == value for name, value in clause.items()):
            return {name: value for name, value in clause.items() if name in asked}
    return {} if holds(way.when, facts) else None


def _given(protocol: Protocol, way: Transition, facts: Mapping[str, str], days_ago: float) -> dict[str, Value]:
    """What a step needs, what its guard wants, and what the clocks of where it leads look at."""
    looked = {name for due in protocol.states[way.to].dues for clause in due.when for name in clause}
    counted = {due.counts_from for due in protocol.states[way.to].dues}
    codes = [*way.needs, *(code for code in way.may if code in looked | counted and code not in facts)]
    found = {code: _value(protocol.evidence[code], days_ago) for code in codes}
    for name, wanted in (_clause(way, facts) or {}).items():
        if wanted.startswith(ABOVE):
            found |= {name: "3", wanted.removeprefix(ABOVE): "1"}
        else:
            found[name] = wanted
    return found


def _value(evidence: Evidence, days_ago: float) -> Value:
    match evidence.kind:
        case EvidenceKind.DAY | EvidenceKind.MOMENT:
            return AHEAD.get(evidence.code, 0.0) - (0.0 if evidence.code in AHEAD else days_ago)
        case EvidenceKind.CODE:
            return evidence.choices[0][0]
        case EvidenceKind.YES_NO:
            return "no"
        case EvidenceKind.NUMBER:
            return "1"
        case EvidenceKind.WORDS:
            return WORDS.get(evidence.code, "As it was agreed.")


def _case(
    place: int, protocol: Protocol, path: Sequence[Transition], days_ago: float, apart: float, instead: Given
) -> Case:
    """A way gone: its last step so many days ago, the others before it."""
    steps: list[Step] = []
    facts: dict[str, str] = {}
    for number, way in enumerate(path):
        when = days_ago + apart * (len(path) - 1 - number)
        asked = {*way.needs, *way.may}
        given = _given(protocol, way, facts, when) | {code: value for code, value in instead.items() if code in asked}
        facts |= {code: value for code, value in given.items() if isinstance(value, str)}
        steps.append(Step(when, way.to, way.code, given))
    return Case(place, protocol.code, tuple(steps))

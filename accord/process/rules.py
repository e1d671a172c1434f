"""What may become of a paper, which single facts a law lets out of a thing, how long there is. Values only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from accord.policy.words import (
    VICTIM_SERVICE_DUTIES,
    AgencyKind,
    Category,
    Duty,
    Field,
    Level,
    Obligation,
    ProcessKind,
    Purpose,
    Representation,
)
from accord.sharing.rules import Content


class InvalidProcess(ValueError):
    """This cannot be done with the paper now; the message says what is missing."""


class State(StrEnum):
    """Where a paper stands. On hold it opens nothing; refused and closed it never opens anything again."""

    RECEIVED = "received"
    COUNSEL_ASKED = "counsel_asked"
    COUNSEL_REVIEWED = "counsel_reviewed"
    HOLD = "hold"
    ANSWERED = "answered"
    REFUSED = "refused"
    CLOSED = "closed"


#: What may follow what. A hold ends where it began.
NEXT: Final[Mapping[State, frozenset[State]]] = {
    State.RECEIVED: frozenset({State.COUNSEL_ASKED, State.HOLD, State.ANSWERED, State.REFUSED}),
    State.COUNSEL_ASKED: frozenset({State.COUNSEL_REVIEWED, State.HOLD, State.REFUSED}),
    State.COUNSEL_REVIEWED: frozenset({State.COUNSEL_ASKED, State.HOLD, State.ANSWERED, State.REFUSED}),
    State.HOLD: frozenset({State.RECEIVED, State.COUNSEL_ASKED, State.COUNSEL_REVIEWED, State.REFUSED}),
    State.ANSWERED: frozenset({State.CLOSED}),
    State.REFUSED: frozenset({State.CLOSED}),
    State.CLOSED: frozenset(),
}
#: Where somebody still has to do something, and where the law may look at it.
OPEN: Final = frozenset({State.RECEIVED, State.COUNSEL_ASKED, State.COUNSEL_REVIEWED, State.HOLD})
COUNTING: Final = (OPEN | {State.ANSWERED}) - {State.HOLD}

#: What somebody outside writes about a power over us is looked at by counsel before it opens anything: what is called a
#: court order may be a subpoena, and a subpoena is no order (facts 1.1, 1.10 R08).
NEEDS_COUNSEL: Final = frozenset(
    {
        ProcessKind.SUBPOENA,
        ProcessKind.COURT_ORDER,
        ProcessKind.WARRANT,
        ProcessKind.PART2_ORDER,
        ProcessKind.ADMINISTRATIVE_REQUEST,
    }
)
#: Only these say what a court has ordered; what did not come as one of them never becomes one.
ORDERS: Final = frozenset({ProcessKind.COURT_ORDER, ProcessKind.WARRANT, ProcessKind.PART2_ORDER})
#: What makes an order or a finding open more: counsel has weighed it, or is asked again.
WEIGHED: Final = frozenset(
    {
        Representation.PRIVILEGE_RULED_ON,
        Representation.UNSEALS,
        Representation.RELEVANT_AND_LIMITED,
        Representation.SHE_HAS_DIED,
        Representation.TO_PREVENT_DEATHS,
        Representation.IDENTITY_PROTECTED,
        Representation.RELEASE_SOUGHT,
    }
)
ADVICE: Final = ("answer", "refuse")
#: What arrives from outside; a report and a finding begin here.
ARRIVING: Final = tuple(kind for kind in ProcessKind if kind not in (ProcessKind.MANDATED_REPORT, ProcessKind.FINDING))
#: What began here stays what it is.
OURS: Final = tuple(kind for kind in ProcessKind if kind not in ARRIVING)
#: For what an answer to each kind can be. A report is made for one thing only.
PURPOSES: Final = (
    Purpose.LEGAL_PROCESS,
    Purpose.INVESTIGATION,
    Purpose.LOCATE,
    Purpose.PROSECUTION,
    Purpose.SAFETY,
    Purpose.TREATMENT,
    Purpose.DISCOVERY,
    Purpose.COORDINATION,
    Purpose.FATALITY_REVIEW,
    Purpose.RECORDS_REQUEST,
    Purpose.MANDATED_REPORT,
)
#: Whoever runs the platform, and a shared database, never ask for anything here.
SENDERS: Final = tuple(
    kind for kind in AgencyKind if kind not in (AgencyKind.OPERATOR, AgencyKind.HMIS, AgencyKind.FUNDER)
)
#: Follow from words that are written down, so nobody ticks them.
DERIVED: Final = frozenset({Representation.THREAT_WRITTEN_DOWN, Representation.INFORMING_UNSAFE})
#: How she can be told.
TOLD: Final = ("in_person", "phone", "written")
#: How an answer reaches somebody who is not on Accord, or an oral report anybody.
WAYS: Final = ("printed", "oral")
LONGEST_WORDS: Final = 4_000
LONGEST_LINE: Final = 200
#: How long a paper that names no end is looked at, and the longest a paper can name (design).
USUAL_DAYS: Final = 30
#: The whole path of a report: what it may be about.
REPORTED: Final = (Category.IDENTITY, Category.INJURIES, Category.EXAM, Category.ENCOUNTERS)


#: What is still to be done before an answer, for people; translated when shown.
FIRST: Final[Mapping[str, str]] = {
    "tell_her": "Tell her what must be told, to whom and why; or write down why it is not safe to tell her.",
    "safety_steps": "Write down the steps taken to keep her private and safe.",
    "write_threat": "Write the threat down: what it is, and against whom.",
}


def needs_counsel(kind: ProcessKind, purpose: Purpose) -> bool:
    """Whether counsel looks at it before it opens anything; at the review of a death, too: it is a finding of our own,
    and the one that opens what a victim service provider holds (28 CFR 90.4(b)(4))."""
    return kind in NEEDS_COUNSEL or (kind is ProcessKind.FINDING and purpose is Purpose.FATALITY_REVIEW)


def may_be(claimed: ProcessKind) -> tuple[ProcessKind, ...]:
    """What a paper may turn out to be: less than it says, never an order that it did not say it was."""
    if claimed in OURS:
        return (claimed,)
    return tuple(kind for kind in ARRIVING if claimed in ORDERS or kind not in ORDERS)


def moved(
    state: State,
    to: State,
    *,
    kind: ProcessKind,
    purpose: Purpose,
    advice: str = "",
    held_from: State | None = None,
) -> State:
    """The next state. Raises InvalidProcess, saying what stands before it."""
    if to not in NEXT[state] or (state is State.HOLD and to not in (held_from, State.REFUSED)):
        raise InvalidProcess("This paper has moved on meanwhile. Look at it again.")
    if to is State.ANSWERED and needs_counsel(kind, purpose):
        if state is not State.COUNSEL_REVIEWED:
            raise InvalidProcess("Counsel looks at it first: nothing opens before.")
        if advice != "answer":
            raise InvalidProcess("Counsel has said not to answer.")
    return to


@dataclass(frozen=True, slots=True)
class NewPaper:
    """What is written down about a paper, a report to be made, or a finding, as it begins.

    `partner` or (`outside`, `outside_kind`): who sent it, or whom a report or finding lets know. `beside`: the paper of
    the same sender it came with. `said`: words for single facts that no record holds, typed for this answer.
    """

    kind: ProcessKind
    purpose: Purpose
    categories: Collection[Category]
    received_at: datetime
    until_at: datetime
    partner: UUID | None = None
    outside: str = ""
    outside_kind: AgencyKind | None = None
    beside: UUID | None = None
    fields: Collection[Field] = ()
    statute: str = ""
    represented: Collection[Representation] = ()
    stated_by: str = ""
    reference: str = ""
    threat: str = ""
    said: Mapping[Field, str] = field(default_factory=dict)
    due_at: datetime | None = None

    def checked(self) -> NewPaper:
        """Raises InvalidProcess naming what is missing."""
        checked_terms(self.kind, self.purpose, self.categories, self.represented, self.stated_by)
        if self.partner is None and self.beside is None and not (self.outside.strip() and self.outside_kind):
            raise InvalidProcess("Say who it is from, or who is to be told.")
        if (self.kind is ProcessKind.MANDATED_REPORT) != bool(self.statute):
            raise InvalidProcess("A report rests on one statute: choose which.")
        if Representation.IMMINENT_THREAT in self.represented and not self.threat.strip():
            # 34 CFR 99.32(a)(5), 99.36; and for every holder, because a threat nobody can describe is none.
            raise InvalidProcess("Write the threat down: what it is, and against whom.")
        if self.until_at <= self.received_at:
            raise InvalidProcess("Its last day lies before the day it came.")
        if any(len(words) > LONGEST_WORDS for words in (self.threat, *self.said.values())):
            raise InvalidProcess("Write down what matters: this is too long.")
        return self


def checked_terms(
    kind: ProcessKind,
    purpose: Purpose,
    categories: Collection[Category],
    represented: Collection[Representation],
    stated_by: str,
) -> None:
    """What counsel may correct, too. Raises InvalidProcess."""
    if not categories:
        raise InvalidProcess("Say what it names: a paper opens nothing that it does not name.")
    if (kind is ProcessKind.MANDATED_REPORT) != (
        purpose is Purpose.MANDATED_REPORT
    ) and kind is not ProcessKind.FINDING:
        raise InvalidProcess("A report is made because a statute demands it, and for nothing else.")
    if DERIVED & set(represented):
        raise InvalidProcess("This follows from what is written down; nobody ticks it.")
    if represented and not stated_by.strip():
        raise InvalidProcess("Write down who stated this, or who here found it.")


def undone(duties: Collection[Obligation], *, told: bool, why_not: bool, safety: bool, threat: bool) -> tuple[str, ...]:
    """What a yes of the law obliges to before anything leaves, and nobody has done or written down yet."""
    wanted = (
        (Obligation.TELL_HER, told or why_not, FIRST["tell_her"]),
        (Obligation.WRITE_WHY_NOT_TOLD, why_not, FIRST["tell_her"]),
        (Obligation.SAFETY_STEPS, safety, FIRST["safety_steps"]),
        (Obligation.WRITE_THREAT, threat, FIRST["write_threat"]),
    )
    return tuple(dict.fromkeys(sentence for duty, done, sentence in wanted if duty in duties and not done))


# ------------------------------------------------------------------ single facts

#: Facts no answer ever carries, whatever is typed: no law here names them (45 CFR 164.512(f)(2)(ii)).
NEVER: Final = frozenset({Field.DNA, Field.DENTAL, Field.TISSUE})
#: Facts that stand in coded form in a record; all others are typed for the answer, or left out.
RECORDED: Final = frozenset({Field.NAME_ADDRESS, Field.BIRTH, Field.INJURY_TYPE, Field.TREATED_AT})
TYPED: Final = tuple(each for each in Field if each not in RECORDED | NEVER)


def only(content: Content, fields: Collection[Field], said: Mapping[Field, str]) -> Content | None:
    """Of a thing in full exactly these facts, as far as there are values for them; None when there is none. What was
    typed for the answer goes with her name. Everything else stays: other values, the summary, the story, the day."""
    found = {each: _fact(content, each, said) for each in Field if each in fields and each not in NEVER}
    values = {each.value: value for each, value in found.items() if value}
    if not values:
        return None
    return Content(
        kind="facts",
        category=content.category,
        level=Level.SUMMARY,
        summary={"template": "facts", "values": values, "text": ""},
    )


def _fact(content: Content, fact: Field, said: Mapping[Field, str]) -> Any:
    values: Mapping[str, Any] = content.values or {}
    if fact is Field.NAME_ADDRESS:
        full = " ".join(part for part in (values.get("given"), values.get("family")) if part)
        return (full or values.get("chosen", "")) if content.kind == "identity" else ""
    if fact is Field.BIRTH:
        return values.get("born", "") if content.kind == "identity" else ""
    if fact is Field.INJURY_TYPE:
        return list(values.get("types") or ()) if content.kind == "injury" else ""
    if fact is Field.TREATED_AT:
        treated = content.occurred_at if content.kind in ("exam", "encounter") else None
        return treated.isoformat() if treated else ""
    return said.get(fact, "").strip() if content.kind == "identity" else ""


def packed_words(said: Mapping[Field, str]) -> bytes:
    """Typed facts, ready to be sealed. Raises InvalidProcess for one that is never told."""
    if set(said) - set(TYPED):
        raise InvalidProcess("This fact is never told.")
    return json.dumps({each.value: said[each].strip() for each in said if said[each].strip()}).encode()


def words_of(data: bytes) -> dict[Field, str]:
    return {Field(name): words for name, words in json.loads(data).items()}


# ------------------------------------------------------------------ clocks


class Whom(StrEnum):
    """Whom a breach is told."""

    GRANT_MANAGER = "grant_manager"
    INDIVIDUALS = "individuals"
    COMMISSIONER = "commissioner"


@dataclass(frozen=True, slots=True)
class Clock:
    """Who must be told of a breach until when, by which source."""

    whom: Whom
    due_at: datetime
    citation: str


#: Whom, how long, where it is written, and whether a breach that only threatens counts (facts 1.1, 1.4, 2.1 (15)).
#: To be read at the source by counsel.
BREACHES: Final = (
    (
        VICTIM_SERVICE_DUTIES,
        Whom.GRANT_MANAGER,
        timedelta(hours=24),
        "OVW award condition on breaches of personally identifiable information",
        True,
    ),
    (frozenset({Duty.HIPAA}), Whom.INDIVIDUALS, timedelta(days=60), "45 CFR 164.404(b)", False),
    (frozenset({Duty.UK_GDPR}), Whom.COMMISSIONER, timedelta(hours=72), "UK GDPR article 33(1)", False),
)


def breach_clocks(duties: Collection[Duty], kind: str, detected_at: datetime) -> tuple[Clock, ...]:
    """Who must be told of a breach (`actual` or `imminent`), the soonest first."""
    return tuple(
        Clock(whom, detected_at + within, citation)
        for bound, whom, within, citation, imminent in BREACHES
        if not bound.isdisjoint(duties) and (imminent or kind == "actual")
    )


def breach_info(*, agency: str, breach: str) -> bytes:
    """What binds the words about a breach to their row (HPKE `info`, RFC 9180 section 5.1)."""
    return "\x1f".join(("accord-breach-1", agency, breach)).encode()


# ------------------------------------------------------------------ accounting

#: How far back an accounting goes (45 CFR 164.528(a)(1); 42 CFR 2.25(a)); under every other law its whole life
#: (34 CFR 99.32(a)(2)).
YEARS: Final[Mapping[Duty, int]] = {Duty.HIPAA: 6, Duty.PART2: 3}
#: Who can ask that an accounting waits, and the longest a written request counts (design).
LAW_ENFORCEMENT: Final = frozenset({AgencyKind.POLICE, AgencyKind.PROSECUTOR, AgencyKind.PROBATION})
LONGEST_WAIT: Final = timedelta(days=366)
#: An oral request to wait counts this long (45 CFR 164.528(a)(2)(ii)).
ORAL_DAYS: Final = 30


def accounted_years(duties: Iterable[Duty]) -> int | None:
    """How many years back an accounting must go under the laws an agency is under; None: for ever. The longest wins."""
    years = [YEARS.get(duty) for duty in duties]
    known = [each for each in years if each is not None]
    return max(known) if known and len(known) == len(years) else None


def accounted_since(duties: Iterable[Duty], at: datetime) -> datetime | None:
    """From when on an accounting lists what was told; None: from the beginning."""
    years = accounted_years(duties)
    if years is None:
        return None
    day = 28 if (at.month, at.day) == (2, 29) else at.day
    return at.replace(year=at.year - years, day=day)


def waiting_until(how: str, at: datetime, stated: datetime | None) -> datetime:
    """Until when law enforcement may have an accounting wait: written, for the time it states and a year at most; oral,
    thirty days. Raises InvalidProcess."""
    if how == "oral":
        longest = at + timedelta(days=ORAL_DAYS)
        return min(stated, longest) if stated is not None and stated > at else longest
    if how != "written" or stated is None or stated <= at:
        raise InvalidProcess("A written request states until when; write that day down.")
    if stated > at + LONGEST_WAIT:
        raise InvalidProcess("A written request counts for a year at most; then they ask again.")
    return stated

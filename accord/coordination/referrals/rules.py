"""What may become of a referral, by when it is to be answered, and what each side may be told. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from accord.coordination.protocols.rules import Span, Unit
from accord.policy.words import VICTIM_SERVICE_DUTIES, Duty
from accord.vault.rules import SERVICES

LONGEST_WORDS: Final = 2_000
LONGEST_NAME: Final = 200


class InvalidReferral(ValueError):
    """This cannot be done with a referral; the message says what is missing."""


class Urgency(StrEnum):
    """How soon she needs an answer."""

    NOW = "now"
    TODAY = "today"
    SOON = "soon"


@dataclass(frozen=True, slots=True)
class Times:
    """How long a partner has to answer, and after a yes to reach her for the first time, with where that is from."""

    answer: Span
    contact: Span
    citation: str


#: [D]: design defaults; a county writes its own into its protocol of referrals.
TIMES: Final[Mapping[Urgency, Times]] = MappingProxyType(
    {
        Urgency.NOW: Times(
            Span(4, Unit.HOURS), Span(4, Unit.HOURS), "[D]; DA-5: 4 and more is a hand-off now (facts 3)"
        ),
        Urgency.TODAY: Times(Span(8, Unit.HOURS), Span(1, Unit.BUSINESS_DAYS), "[D]"),
        Urgency.SOON: Times(Span(3, Unit.BUSINESS_DAYS), Span(3, Unit.BUSINESS_DAYS), "[D]"),
    }
)


class State(StrEnum):
    """Where a referral stands, as far as the agency that made it knows."""

    DRAFT = "draft"
    SENT = "sent"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    MET = "met"
    ENDED = "ended"
    CLOSED = "closed"
    TAKEN_BACK = "taken_back"


#: A referral only goes to a state of a higher rank. An answer that comes twice, late or out of order moves nothing.
RANK: Final[Mapping[State, int]] = MappingProxyType(
    {
        State.DRAFT: 0,
        State.SENT: 1,
        State.DELIVERED: 2,
        State.DECLINED: 3,
        State.REDIRECTED: 3,
        State.ACCEPTED: 3,
        State.MET: 4,
        State.ENDED: 5,
        State.CLOSED: 6,
        State.TAKEN_BACK: 6,
    }
)
#: Sent, and nobody has answered as far as we know.
UNANSWERED: Final = frozenset({State.SENT, State.DELIVERED})
#: The partner said no: what went along with it is taken back.
TURNED_DOWN: Final = frozenset({State.DECLINED, State.REDIRECTED})
#: Nothing comes after it.
OVER: Final = frozenset({State.CLOSED, State.TAKEN_BACK})


class Stand(StrEnum):
    """Where a referral stands with the agency it came to."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    MET = "met"
    ENDED = "ended"


#: What can come next, once each.
NEXT: Final[Mapping[Stand, frozenset[Stand]]] = MappingProxyType(
    {
        Stand.WAITING: frozenset({Stand.ACCEPTED, Stand.DECLINED, Stand.REDIRECTED}),
        Stand.ACCEPTED: frozenset({Stand.MET, Stand.ENDED}),
        Stand.MET: frozenset({Stand.ENDED}),
        Stand.DECLINED: frozenset(),
        Stand.REDIRECTED: frozenset(),
        Stand.ENDED: frozenset(),
    }
)

#: Somebody looks after it, or ought to.
OPEN_HERE: Final = (Stand.WAITING, Stand.ACCEPTED, Stand.MET)

#: Why an agency says no. All are about the agency; what is about her is for her to tell.
OURS: Final = ("full", "not_our_service", "not_our_area", "another_is_better")
#: Further reasons, which say something about her: told on her release or a law alone, never as a bare no.
ABOUT_HER: Final = ("conflict", "she_said_no", "not_reached", "not_safe")
REASONS: Final = (*OURS, *ABOUT_HER)
#: What came of it.
OUTCOMES: Final = ("helped", "partly", "waiting_list", "she_chose_otherwise", "not_reached", "elsewhere", "other")

#: Those for whom the bare fact that somebody is, or is not, a client is secret: whoever would say no and stay silent
#: about a yes has said yes by being silent (34 USC 12291(b)(2)(A); 42 CFR 2.13(c)). See docs/adr/0015.
SILENT: Final = VICTIM_SERVICE_DUTIES | {Duty.PART2}

#: Whether an agency takes referrals now.
TAKES: Final = ("yes", "waiting", "no")
LONGEST_WAIT: Final = 365

#: How a referral gets to somebody who is no partner.
BY_HAND: Final = ("print", "package", "phone")


def forward(now: State, told: State) -> bool:
    """Whether what was told moves a referral on."""
    return RANK[told] > RANK[now]


def late(state: State, due: datetime | None, at: datetime) -> bool:
    """Whether the agreed time for an answer is over, from its edge on."""
    return state in UNANSWERED and due is not None and at >= due


def step(now: Stand, to: Stand) -> None:
    """Raises InvalidReferral unless the agency it came to can go this step."""
    if to not in NEXT[now]:
        raise InvalidReferral("This has been answered already, or this does not come next.")


def may_say_no(duties: frozenset[Duty], reason: str) -> bool:
    """Whether an agency under these duties may tell a bare no without a release: nothing of hers is in it, and its
    silence says nothing."""
    return reason in OURS and SILENT.isdisjoint(duties)


def reference(id: UUID) -> str:
    """What both sides can say on the phone: it is in no other system and says nothing."""
    return f"{id.hex[:3]}-{id.hex[3:6]}".upper()


def checked(service: str, urgency: str, words: str = "") -> tuple[str, Urgency, str]:
    """The coded part of a referral. Raises InvalidReferral."""
    if service not in SERVICES:
        raise InvalidReferral("Choose the service from the list.")
    if urgency not in list(Urgency):
        raise InvalidReferral("Say how soon she needs an answer.")
    if len(words) > LONGEST_WORDS:
        raise InvalidReferral("This is too long to send along. Write down what matters.")
    return service, Urgency(urgency), words.strip()

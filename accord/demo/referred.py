"""Referrals between the agencies of Arden, in every state there is, and the people who make and answer them.

A plan of values, days counted from now; `referring` acts it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accord.vault.rules import Identity


class Turn(StrEnum):
    """What becomes of a referral where it came to, whatever who refers learns of it."""

    DRAFT = "draft"  # not sent
    WAITING = "waiting"
    TAKEN = "taken"  # somebody takes care of it and has not answered
    ACCEPTED = "accepted"  # and nobody has tried to reach her
    REACHED = "reached"  # accepted, she was reached
    MET = "met"
    ENDED = "ended"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Plan:
    """One referral, sent so many days ago. `told`: she lets who refers be told of a yes. `closed`: who refers is done
    with it. `rule`: the gap it makes at who refers, or with `there` at the partner, whose own file of her it is then.
    No recipient: `outside` is who it is handed to."""

    recipient: str
    service: str
    urgency: str
    days_ago: float
    turn: Turn
    told: bool = False
    reason: str = ""
    toward: str = ""
    outcome: str = "helped"
    closed: bool = False
    outside: str = ""
    words: str = ""
    rule: str = ""
    there: bool = False


#: Each line is one person of an agency, and where she was referred to.
PLANS: Final[tuple[tuple[str, tuple[Plan, ...]], ...]] = (
    ("harbor", (
        Plan("legal", "protective_order", "soon", 9, Turn.ENDED, told=True, closed=True, words="Hearing is soon."),
        Plan("willow", "counselling", "soon", 6, Turn.MET, told=True, words="Evenings, and a woman if possible."),
        Plan("housing", "housing_search", "soon", 0.9, Turn.TAKEN),
    )),
    ("harbor", (
        Plan("brigid", "health_care", "today", 4, Turn.REACHED, told=True),
        Plan("legal", "family_law", "soon", 5, Turn.DECLINED, reason="full"),
        Plan("legal", "immigration_help", "soon", 0, Turn.DRAFT, words="She has a letter with a date in it."),
    )),
    ("harbor", (
        Plan("bethel", "food_and_clothing", "today", 3, Turn.DECLINED, reason="another_is_better", toward="housing"),
        Plan("", "phone", "soon", 8, Turn.ENDED, outside="Second Call phone library"),
        Plan("dawn", "support_group", "soon", 0.8, Turn.DECLINED, reason="full"),
    )),
    ("brigid", (
        Plan("harbor", "shelter", "now", 0.05, Turn.WAITING, words="She must leave the ward by tonight."),
        Plan("dawn", "hospital_accompaniment", "now", 2, Turn.ENDED, told=True),
    )),
    ("brigid", (
        # Nobody at the hospital learns that the house has accepted her: for them it is delivered.
        Plan("harbor", "safety_planning", "soon", 0.9, Turn.MET),
        Plan("willow", "counselling", "soon", 0.3, Turn.TAKEN_BACK),
    )),
    ("brigid", (
        Plan("rise", "health_care", "soon", 0.7, Turn.DECLINED, reason="full"),
        Plan("bethel", "transport", "today", 5, Turn.ENDED, told=True, closed=True),
    )),
    ("dawn", (
        Plan("brigid", "health_care", "today", 2, Turn.DECLINED, reason="not_our_service"),
        Plan("legal", "legal_advocacy", "soon", 0.5, Turn.REACHED),
    )),
    ("dawn", (
        Plan("harbor", "transitional_housing", "soon", 7, Turn.ENDED, told=True, outcome="she_chose_otherwise"),
        Plan("", "employment_help", "soon", 1, Turn.WAITING, outside="Arden job centre"),
    )),
    ("school", (
        Plan("willow", "counselling", "soon", 0.6, Turn.WAITING),
        Plan("harbor", "childcare", "soon", 0, Turn.DRAFT),
    )),
    ("bethel", (
        Plan("harbor", "shelter", "today", 0.1, Turn.TAKEN),
        Plan("legal", "family_law", "soon", 3, Turn.MET, told=True),
    )),
    ("legal", (Plan("housing", "housing_search", "soon", 6, Turn.REACHED, told=True),)),
    ("willow", (Plan("brigid", "health_care", "soon", 4, Turn.DECLINED, reason="not_our_area", closed=True),)),
    # The gaps.
    ("harbor", (Plan("housing", "housing_search", "today", 6, Turn.WAITING, rule="referral_unanswered"),)),
    ("dawn", (
        Plan("legal", "protective_order", "today", 7, Turn.ACCEPTED, True, rule="no_contact_after_accepting",
             there=True),
    )),
    ("brigid", (Plan("legal", "legal_advocacy", "soon", 17, Turn.REACHED, True, rule="not_met_after_accepting"),)),
    ("harbor", (Plan("willow", "counselling", "soon", 18, Turn.REACHED, True, rule="counselling_referral_not_met"),)),
)  # fmt: skip

#: What each agency says of itself: whether it takes referrals, for what, and how long the wait is.
CAPACITIES: Final[Mapping[str, tuple[str, tuple[str, ...], int | None]]] = {
    "brigid": ("yes", ("health_care",), None),
    "harbor": ("yes", ("shelter", "safety_planning", "childcare", "transitional_housing", "court_accompaniment"), None),
    "police": ("yes", ("interview_accompaniment",), None),
    "legal": ("waiting", ("protective_order", "family_law", "legal_advocacy", "immigration_help"), 10),
    "prosecutor": ("yes", ("court_accompaniment", "compensation_claim"), None),
    "dawn": ("yes", ("hospital_accompaniment", "counselling", "support_group"), None),
    "willow": ("waiting", ("counselling", "childrens_counselling"), 14),
    "rise": ("no", (), None),
    "school": ("yes", ("school_liaison",), None),
    "housing": ("waiting", ("housing_search", "transitional_housing"), 45),
    "aps": ("yes", ("safety_planning",), None),
    "bethel": ("yes", ("transport", "food_and_clothing"), None),
}


@dataclass(frozen=True, slots=True)
class Referred:
    """One referral of the story. `client` and the partner's `own` file are places in it."""

    client: int
    agency: str
    identity: Identity
    paper: bool
    plan: Plan
    own: int | None = None

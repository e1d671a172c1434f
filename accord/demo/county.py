"""The fifteen agencies of Arden county and what they have agreed. All invented; nobody here exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from accord.demo.names import FAMILY, GIVEN, GIVEN_OTHERS
from accord.policy.words import AgencyKind, Category, Duty, Purpose, Role

#: A large office has somebody for each role; in a small one the director is its privacy and records officer too.
LARGE: Final = ((Role.WORKER,), (Role.SUPERVISOR,), (Role.PRIVACY_OFFICER,), (Role.RECORDS_OFFICER,), (Role.DIRECTOR,))
SMALL: Final = (
    (Role.WORKER,),
    (Role.SUPERVISOR,),
    (Role.DIRECTOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER),
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works at an agency and will get a passphrase. The first role names her sign-in."""

    roles: tuple[Role, ...]
    name: str
    title: str
    email: str


@dataclass(frozen=True, slots=True)
class Agency:
    """One partner. `service`: the server may open its vault, for a hospital's interfaces; `team`: only the people who
    work with a client open her file; `asked` is what it says others may ask it."""

    key: str
    name: str
    short: str
    prefix: str
    kind: AgencyKind
    duties: frozenset[Duty]
    service: bool
    team: bool
    phone: str
    asked: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What agencies (by key) have agreed; `mechanism` is a code of `partners.rules.MECHANISMS`. `suspended_by` has
    stopped its part; `signed_by` None means everybody. With a `remark`, by the second party, it is still a draft."""

    title: str
    parties: tuple[str, ...]
    categories: frozenset[Category]
    purposes: frozenset[Purpose]
    mechanism: str
    days_left: int
    signed_by: tuple[str, ...] | None = None
    suspended_by: str = ""
    remark: str = ""


_K, _D = AgencyKind, Duty
_VSP = frozenset({Duty.VAWA, Duty.VOCA, Duty.FVPSA})

#: Key, name, short name, prefix, kind, duties, worker's title, what may be asked.
_ABOUT: Final[tuple[tuple[str, str, str, str, AgencyKind, frozenset[Duty], str, str], ...]] = (
    ("brigid", "St. Brigid Hospital", "St. Brigid", "SB", _K.HOSPITAL, frozenset({_D.HIPAA}), "Forensic nurse",
     "Exams day and night, follow-up visits, interpreters by phone. Ask for the nurse on call."),
    ("harbor", "Harbor House", "Harbor House", "HH", _K.VICTIM_SERVICES, _VSP, "Advocate",
     "Beds tonight, safety planning, somebody to come along to court or hospital. We do not say who is here."),
    ("police", "Arden Police Department", "Arden Police", "AP", _K.POLICE, frozenset({_D.BRADY, _D.CJIS}), "Detective",
     "Reports, service of orders, welfare checks. What you send us the defence may see."),
    ("legal", "Arden Legal Aid", "Legal Aid", "LA", _K.LEGAL_AID, frozenset({_D.ATTORNEY_PRIVILEGE}), "Attorney",
     "Protective orders, custody, leases, benefits. Conflict check first: send the name of the other side."),
    ("prosecutor", "Arden County Prosecutor", "Prosecutor", "PR", _K.PROSECUTOR, frozenset({_D.BRADY}),
     "Victim-witness advocate", "Where a case stands, hearings, compensation. Our advocates are not privileged."),
    ("court", "Arden Family Court", "Family Court", "FC", _K.COURT, frozenset({_D.COURT_RECORDS}), "Clerk",
     "Whether an order is in force and when it ends; hearing dates; how to file from home."),
    ("probation", "Arden County Probation", "Probation", "PB", _K.PROBATION, frozenset({_D.CJIS}), "Probation officer",
     "Conditions, and whether somebody was released. Tell us of a violation any hour."),
    ("dawn", "Dawn Rape Crisis Center", "Dawn", "DC", _K.VICTIM_SERVICES, frozenset({_D.VAWA, _D.VOCA}),
     "Crisis counsellor", "A companion at the exam within the hour, counselling, groups in two languages."),
    ("willow", "Willow Counseling", "Willow", "WC", _K.MENTAL_HEALTH, frozenset({_D.HIPAA, _D.THERAPIST_PRIVILEGE}),
     "Therapist", "Trauma therapy for adults and children; two weeks' wait, sooner if you call."),
    ("rise", "Rise Recovery", "Rise", "RR", _K.SUBSTANCE_USE, frozenset({_D.PART2, _D.HIPAA}), "Recovery counsellor",
     "Detox beds, day programme, medication. Not even that somebody comes to us, without her consent for it."),
    ("school", "Arden Unified School District", "School District", "SD", _K.SCHOOL, frozenset({_D.FERPA}),
     "School counsellor", "Changing a pick-up list today, school transfer, quiet room, meals."),
    ("housing", "Arden Housing Authority", "Housing Authority", "HA", _K.HOUSING, frozenset({_D.HOUSING}),
     "Housing specialist", "Emergency transfer, lease bifurcation, vouchers. Send as little as the form asks."),
    ("aps", "Arden Adult and Child Protection", "Protection", "PS", _K.PROTECTIVE_SERVICES,
     frozenset({_D.PROTECTIVE_RECORDS}), "Caseworker", "Reports day and night. We cannot tell who reported."),
    ("turning", "Turning Point Program", "Turning Point", "TP", _K.INTERVENTION, frozenset({_D.NONE}), "Facilitator",
     "Whether a participant attends. Nothing a survivor says ever reaches a participant."),
    ("bethel", "Bethel Community Partners", "Bethel", "BP", _K.COMMUNITY, frozenset({_D.NONE}), "Outreach worker",
     "Rides, furniture, a place to sit down. Most people tell us first: send us what to do then."),
)  # fmt: skip
_LARGE: Final = frozenset({"brigid", "harbor", "police", "legal"})
_SERVICE: Final = frozenset({"brigid"})
_TEAM: Final = frozenset({"willow", "rise", "legal"})
_TITLES: Final[Mapping[Role, str]] = {
    Role.SUPERVISOR: "Supervisor",
    Role.PRIVACY_OFFICER: "Privacy officer",
    Role.RECORDS_OFFICER: "Records officer",
    Role.DIRECTOR: "Director",
}

AGREEMENTS: Final = (
    Agreement(
        "Charging protocol", ("police", "prosecutor"),
        frozenset({Category.IDENTITY, Category.LEGAL, Category.INJURIES, Category.RISK}),
        frozenset({Purpose.PROSECUTION, Purpose.INVESTIGATION}),
        "envelope", 210,
    ),
    Agreement(
        "Orders on the street", ("court", "police", "probation"), frozenset({Category.IDENTITY, Category.LEGAL}),
        frozenset({Purpose.SAFETY, Purpose.PROTECTIVE_ORDER, Purpose.SUPERVISION}),
        "envelope", 25,
    ),
    Agreement(
        "Attendance and compliance", ("turning", "probation", "court"),
        frozenset({Category.IDENTITY, Category.SERVICES}), frozenset({Purpose.SUPERVISION}),
        "envelope", 150, suspended_by="probation",
    ),
    Agreement(
        "A coordinated response for Arden",
        ("brigid", "harbor", "dawn", "police", "prosecutor", "legal", "willow", "school", "housing"),
        frozenset({Category.IDENTITY, Category.SERVICES}), frozenset({Purpose.COORDINATION, Purpose.SAFETY}),
        "meeting", 330,
    ),
    Agreement(
        "School safety", ("school", "aps"), frozenset({Category.IDENTITY, Category.EDUCATION}),
        frozenset({Purpose.EDUCATION, Purpose.SAFETY}), "phone", 365, signed_by=("school",),
    ),
    Agreement(
        "High-risk team", ("harbor", "police", "prosecutor", "probation"),
        frozenset({Category.IDENTITY, Category.RISK}), frozenset({Purpose.SAFETY, Purpose.PROSECUTION}),
        "meeting", 360, remark="Members agree that what is said here stays in the room.",
    ),
)  # fmt: skip


def phone(random: Random) -> str:
    """A number that reaches nobody (555-0100 to 555-0199 are reserved for stories)."""
    return f"555-01{random.randint(0, 99):02}"


def agencies(random: Random) -> tuple[Agency, ...]:
    """The agencies with their invented staff."""
    return tuple(
        Agency(
            key, name, short, prefix, kind, duties, key in _SERVICE, key in _TEAM, phone(random), asked,
            _members(random, key, title),
        )
        for key, name, short, prefix, kind, duties, title, asked in _ABOUT
    )  # fmt: skip


def _members(random: Random, key: str, title: str) -> tuple[Member, ...]:
    return tuple(
        Member(
            roles,
            f"{random.choice(GIVEN + GIVEN_OTHERS)} {random.choice(FAMILY)}",
            title if roles == (Role.WORKER,) else _TITLES[roles[0]],
            f"{roles[0].value.split('_')[0]}@{key}.example.org",
        )
        for roles in (LARGE if key in _LARGE else SMALL)
    )

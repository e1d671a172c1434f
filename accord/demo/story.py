"""What happens in the county of Arden, made from a seed. Pure: the same seed, size and day tell the same story.

It is a plan of values; `fill` acts it out through the gate. Days are counted back from `today`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from accord.demo.names import FAMILY, GIVEN, GIVEN_OTHERS, STREETS, TOWNS
from accord.policy.words import AgencyKind, Category, Duty, Level, Purpose, Relation, Role
from accord.records.health import rules as health
from accord.vault.rules import KINDS, Identity, SafeContact, Window

USUAL_SIZE = 40
LEAST_SIZE, MOST_SIZE = 12, 2_000
ROLES = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works at an agency and will get a passphrase."""

    role: Role
    name: str
    title: str
    email: str


@dataclass(frozen=True, slots=True)
class Agency:
    """One partner. `service`: the server may open its vault, for a hospital's interfaces."""

    key: str
    name: str
    short: str
    prefix: str
    kind: AgencyKind
    duties: frozenset[Duty]
    service: bool
    phone: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Coded:
    """An exam, injury finding or visit, or a medicine, allergy or condition, by its coded fields."""

    kind: str
    days_ago: int
    values: Mapping[str, Any]
    narrative: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """An entry in somebody's own words: the summary was typed to be a summary."""

    kind: str
    days_ago: int
    summary: str
    narrative: str

    @property
    def category(self) -> Category:
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Client:
    """One file in one agency's vault."""

    agency: str
    opened_days_ago: int
    identity: Identity
    contact: SafeContact
    harms: tuple[str, ...]
    others: tuple[tuple[Relation, Identity], ...] = ()
    entries: tuple[Coded | Typed, ...] = ()


class Fate(StrEnum):
    """What becomes of a release in the story."""

    ACCEPTED = "accepted"
    ENDING = "ending"  # accepted, and over within days
    WITHDRAWN = "withdrawn"  # accepted, then taken back by phone
    WITHDRAWN_UNSEEN = "withdrawn_unseen"  # taken back before anybody accepted it
    WAITING = "waiting"
    PREPARED = "prepared"  # not signed


@dataclass(frozen=True, slots=True)
class Release:
    """Her word from one agency to another. `client` and `tied` are places in `Story.clients`; `tied` is the
    recipient's own file of the same person, if it has one."""

    client: int
    recipient: str
    purpose: Purpose
    grants: Mapping[Category, Level]
    signed_days_ago: int
    last_day: date
    fate: Fate
    tied: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything, in the order in which it happens."""

    agencies: tuple[Agency, ...]
    clients: tuple[Client, ...]
    releases: tuple[Release, ...]


def story(*, seed: int, size: int, today: date) -> Story:
    """The story of Arden with about `size` people each at the hospital and the shelter. Raises ValueError."""
    if not LEAST_SIZE <= size <= MOST_SIZE:
        raise ValueError(f"The demo has from {LEAST_SIZE} to {MOST_SIZE} people at each agency.")
    random = Random(seed)
    agencies = tuple(_agency(random, *about) for about in _AGENCIES)
    people = _people(random, 2 * size + size // 2, today)
    patients = [_patient(random, next(people), today) for _ in range(size)]
    survivors = [_survivor(random, next(people), today) for _ in range(size)]
    # Some are known to both from before, each from its own telling.
    for place in range(3):
        identity = patients[place].identity
        survivors[place] = replace(survivors[place], identity=replace(identity, aliases=()))
    few = max(3, size // 8)
    reports = [_complainant(random, next(people)) for _ in range(few)]
    matters = [_matter(random, next(people)) for _ in range(few)]
    return Story(agencies, (*patients, *survivors, *reports, *matters), tuple(_releases(random, size, today)))


_AGENCIES: tuple[tuple[str, str, str, str, AgencyKind, frozenset[Duty], bool, Mapping[Role, str]], ...] = (
    (
        "brigid", "St. Brigid Hospital", "St. Brigid", "SB", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}), True,
        {Role.WORKER: "Forensic nurse", Role.SUPERVISOR: "Nurse manager"},
    ),
    (
        "harbor", "Harbor House", "Harbor House", "HH", AgencyKind.VICTIM_SERVICES,
        frozenset({Duty.VAWA, Duty.VOCA, Duty.FVPSA}), False,
        {Role.WORKER: "Advocate", Role.SUPERVISOR: "Lead advocate"},
    ),
    (
        "police", "Arden Police Department", "Arden Police", "AP", AgencyKind.POLICE,
        frozenset({Duty.BRADY, Duty.CJIS}), False,
        {Role.WORKER: "Detective", Role.SUPERVISOR: "Sergeant", Role.DIRECTOR: "Chief"},
    ),
    (
        "legal", "Arden Legal Aid", "Legal Aid", "LA", AgencyKind.LEGAL_AID,
        frozenset({Duty.ATTORNEY_PRIVILEGE}), False,
        {Role.WORKER: "Attorney", Role.SUPERVISOR: "Senior attorney"},
    ),
)  # fmt: skip
_TITLES: Mapping[Role, str] = {
    Role.WORKER: "Worker",
    Role.SUPERVISOR: "Supervisor",
    Role.PRIVACY_OFFICER: "Privacy officer",
    Role.RECORDS_OFFICER: "Records officer",
    Role.DIRECTOR: "Director",
}


def _agency(
    random: Random,
    key: str,
    name: str,
    short: str,
    prefix: str,
    kind: AgencyKind,
    duties: frozenset[Duty],
    service: bool,
    titles: Mapping[Role, str],
) -> Agency:
    members = tuple(
        Member(
            role=role,
            name=f"{random.choice(GIVEN + GIVEN_OTHERS)} {random.choice(FAMILY)}",
            title={**_TITLES, **titles}[role],
            email=f"{role.value.split('_')[0]}@{key}.example.org",
        )
        for role in ROLES
    )
    return Agency(key, name, short, prefix, kind, duties, service, _phone(random), members)


def _people(random: Random, count: int, today: date) -> Any:
    """Different people, one after the other, in Spanish and English."""
    names = [(given, family) for given in GIVEN for family in FAMILY]
    random.shuffle(names)
    for given, family in names[:count]:
        born = today - timedelta(days=random.randint(19 * 365, 71 * 365))
        yield Identity(
            given=given,
            family=f"{family} {random.choice(FAMILY)}" if random.random() < 0.2 else family,
            chosen=given[:3] + "i" if random.random() < 0.08 else "",
            aliases=(f"{given} {random.choice(FAMILY)}",) if random.random() < 0.15 else (),
            born=born,
            pronouns=random.choices(("she/her", "they/them", "he/him"), (88, 5, 7))[0],
            language=random.choices(("en", "es"), (65, 35))[0],
        )


def _phone(random: Random) -> str:
    return f"555-01{random.randint(0, 99):02}"


_HOURS = (
    Window((0, 1, 2, 3, 4), time(9), time(11)),
    Window((0, 1, 2, 3, 4), time(18), time(21)),
    Window((0, 1, 2, 3, 4, 5), time(8), time(12)),
    Window((0, 1, 2, 3, 4, 5, 6), time(10), time(20)),
    Window((1, 3), time(12), time(13)),
)


def _contact(random: Random) -> SafeContact:
    return SafeContact(
        windows=(random.choice(_HOURS),),
        ways=random.choice((("phone",), ("phone", "text"), ("phone", "in_person"), ("text", "email"))),
        voicemail=random.choice(("", "no", "no", "yes")),
        paper=random.choice(("", "no", "yes")),
        when=random.choice(("", "", "by text first", "not in the school holidays")),
        say=random.choice(("the library about her book", "the dentist's office", "her cousin", "nothing; ring off")),
        avoid=random.choice(
            ("voicemail", "the landline", "calling twice", "messages with names in them", "the work number")
        ),
        phone=_phone(random),
        email=f"reader{random.randint(100, 999)}@example.org",
        address=f"{random.randint(2, 98)} {random.choice(STREETS)}, {random.choice(TOWNS)}",
    )


def _others(random: Random, family: str, today: date) -> tuple[tuple[Relation, Identity], ...]:
    children = tuple(
        (
            Relation.CHILD,
            Identity(
                given=random.choice(GIVEN + GIVEN_OTHERS),
                family=family,
                born=today - timedelta(days=random.randint(200, 16 * 365)),
            ),
        )
        for _ in range(random.choices((0, 1, 2, 3), (45, 30, 18, 7))[0])
    )
    if random.random() < 0.6:
        respondent = Identity(given=random.choice(GIVEN_OTHERS), family=random.choice(FAMILY))
        return (*children, (Relation.RESPONDENT, respondent))
    return children


def _harms(random: Random, first: str) -> tuple[str, ...]:
    others = [harm for harm in ("domestic_violence", "sexual_violence", "stalking") if harm != first]
    return (first, random.choice(others)) if random.random() < 0.4 else (first,)


# ------------------------------------------------------------------ the hospital

_MEDICINES = (
    "Ceftriaxone 500 mg, once", "Doxycycline 100 mg, 7 days", "Metronidazole 500 mg, 7 days",
    "Levonorgestrel 1.5 mg, once", "Bictegravir/emtricitabine/tenofovir alafenamide, 28 days",
    "Ibuprofen 400 mg as needed",
    "Acetaminophen 500 mg as needed", "Ondansetron 4 mg as needed",
)  # fmt: skip
_ALLERGIES = (("Penicillin", "moderate"), ("Latex", "mild"), ("Sulfonamides", "severe"), ("Ibuprofen", "mild"))
_CONDITIONS = ("Asthma", "Migraine", "Hypertension", "Type 2 diabetes", "Concussion", "Insomnia")
_EXAM_STORIES = (
    "She asked for each step to be explained first. Her sister waited outside.",
    "Interpreter on the phone throughout. She took two breaks.",
    "She chose not to speak with police today and took the number with her.",
    "Pidió que una mujer estuviera presente. Todo se explicó en español.",
)
_INJURY_STORIES = (
    "Photographs with scale, two views each.",
    "Tender on touch; asked to come back for photographs when the bruises show.",
    "Described in her own words, written down as said.",
    "Se tomaron fotografías con su permiso.",
)


def _patient(random: Random, identity: Identity, today: date) -> Client:
    days = random.randint(1, 75)
    entries: list[Coded | Typed] = []
    examined = random.random() < 0.7
    if examined:
        entries.append(_exam(random, days, today))
        entries += _follow_ups(random, days, today)
    for _ in range(random.randint(1, 2)):
        entries.append(_injury(random, days))
    for medicine in random.sample(_MEDICINES, random.randint(1, 4)):
        entries.append(_listed("medication", medicine, days, random.choice(("active", "completed"))))
    if random.random() < 0.35:
        allergy, severity = random.choice(_ALLERGIES)
        entries.append(_listed("allergy", allergy, days, "active", severity=severity))
    if random.random() < 0.5:
        entries.append(_listed("problem", random.choice(_CONDITIONS), days, random.choice(("active", "resolved"))))
    if not examined or random.random() < 0.3:
        entries.append(_visit(random.choice(("counselling", "injury_recheck", "primary_care")), days, random, today))
    return Client(
        agency="brigid",
        opened_days_ago=days,
        identity=identity,
        contact=_contact(random),
        harms=_harms(random, "sexual_violence" if examined else "domestic_violence"),
        entries=tuple(entries),
    )


def _exam(random: Random, days: int, today: date) -> Coded:
    steps = {}
    for step in health.STEPS:
        answer = random.choices(("done", "declined", "stopped", ""), (60, 15, 4, 21))[0]
        if answer:
            steps[step] = answer
    values = {
        "status": "follow_ups" if days > 2 else "discharged",
        "day": (today - timedelta(days=days)).isoformat(),
        "steps": steps,
        "advocate": random.choice(health.ADVOCATE),
    }
    return Coded("exam", days, values, random.choice(_EXAM_STORIES))


def _follow_ups(random: Random, days: int, today: date) -> list[Coded]:
    found = []
    for visit in health.follow_ups(today - timedelta(days=days)):
        if visit.last_day < today:
            status = random.choices(("kept", "missed"), (70, 30))[0]
        else:
            status = random.choice(("due", "booked"))
        found.append(Coded("visit", days, {**visit.values(), "status": status}))
    return found


def _visit(purpose: str, days: int, random: Random, today: date) -> Coded:
    day = (today + timedelta(days=random.randint(1, 20))).isoformat()
    return Coded("visit", days, {"purpose": purpose, "first_day": day, "last_day": day, "status": "booked"})


def _injury(random: Random, days: int) -> Coded:
    areas = tuple(random.sample(("face", "neck", "left_arm", "right_arm", "back", "left_hand", "right_leg", "head"), 2))
    values = {
        "areas": areas[: random.randint(1, 2)],
        "types": (random.choice(("bruise", "abrasion", "cut", "swelling", "tenderness", "redness")),),
        "count": random.randint(1, 6),
        "severity": random.choices(health.SEVERITY, (50, 35, 14, 1))[0],
        "strangulation": random.choices(health.STRANGULATION, (25, 60, 15))[0],
    }
    return Coded("injury", days, values, random.choice(_INJURY_STORIES))


def _listed(kind: str, display: str, days: int, status: str, **more: str) -> Coded:
    return Coded(kind, days, {"display": display, "status": status, **more})


# ------------------------------------------------------------------ the shelter, the police, legal aid

_HARBOR: Mapping[str, tuple[tuple[str, str], ...]] = {
    "intake": (
        ("Intake done. She is staying with us.", "Came with one bag. Wants to decide about work and school later."),
        ("Intake done by phone. She stays at her own place for now.", "Asked how others manage. We call on Thursday."),
        ("Intake done. She stays with a friend; we help from outside.", "La amiga sabe; la familia no."),
    ),
    "safety_plan": (
        ("Safety plan made with her.", "Bag packed at a neighbour's. Word agreed with her sister."),
        ("Safety plan reviewed; nothing changed.", "Route to work still varies."),
    ),
    "danger": (
        ("Danger talked through: high. She knows the number for nights.", "Threats have become more frequent."),
        ("Danger talked through: raised.", "He found out where she works."),
        ("Danger talked through: some.", "No contact for three weeks."),
    ),
    "housing": (
        ("Application for an apartment sent.", "Two bedrooms, ground floor not wanted."),
        ("Moved to a room of our second house.", "With both children."),
    ),
    "legal": (
        ("Hearing for a protective order is set.", "She wants somebody beside her."),
        ("Protective order granted for one year.", "Copy is in her folder here, not at home."),
    ),
    "note": (
        ("She called. All well.", "Spoke for ten minutes; laughed once."),
        ("She did not come; we call on her safe hours only.", "Second time this month."),
    ),
}
_SERVED = (
    ("support_group", "started", "Listened, did not want to speak yet."),
    ("transport", "done", "Driven there and back; a different car each time, at her wish."),
    ("counselling", "waiting", "Prefers Tuesdays; childcare is needed."),
    ("phone", "done", "Old phone stays switched on at a friend's."),
    ("protective_order", "offered", "She wants to think about it."),
    ("housing_search", "declined", "Not before the hearing."),
)
_POLICE = (
    ("contact", "Report taken.", "Statement in her own words, attached to the case file."),
    ("legal", "Order served.", "Served at his place of work."),
    ("note", "Call back agreed.", "She prefers the afternoon."),
)
_LEGAL = (
    ("intake", "Conflict check done; we can act for her.", "Name of the other side checked against our files."),
    ("legal", "Petition for a protective order drafted.", "She reads it over the weekend."),
    ("housing", "Lease: letter to the landlord sent.", "Release from the lease asked for."),
)


def _survivor(random: Random, identity: Identity, today: date) -> Client:
    days = random.randint(2, 160)
    entries: list[Coded | Typed] = [_typed(random, "intake", days, _HARBOR["intake"])]
    for service, step, narrative in random.sample(_SERVED, random.randint(0, 3)):
        entries.append(Coded("service", random.randint(0, days), {"service": service, "step": step}, narrative))
    for kind in random.choices(tuple(_HARBOR)[1:], k=random.randint(2, 8)):
        entries.append(_typed(random, kind, random.randint(0, days), _HARBOR[kind]))
    return Client(
        agency="harbor",
        opened_days_ago=days,
        identity=identity,
        contact=_contact(random),
        harms=_harms(random, "domestic_violence"),
        others=_others(random, identity.family, today),
        entries=tuple(entries),
    )


def _complainant(random: Random, identity: Identity) -> Client:
    return _of(random, "police", identity, _POLICE)


def _matter(random: Random, identity: Identity) -> Client:
    return _of(random, "legal", identity, _LEGAL)


def _of(random: Random, agency: str, identity: Identity, told: tuple[tuple[str, str, str], ...]) -> Client:
    days = random.randint(3, 60)
    entries = tuple(
        Typed(kind, random.randint(0, days), summary, narrative)
        for kind, summary, narrative in random.sample(told, random.randint(1, 3))
    )
    return Client(agency, days, identity, _contact(random), _harms(random, "domestic_violence"), (), entries)


def _typed(random: Random, kind: str, days: int, told: tuple[tuple[str, str], ...]) -> Typed:
    summary, narrative = random.choice(told)
    return Typed(kind, days, summary, narrative)


# ------------------------------------------------------------------ her word

_CARE = {Category.INJURIES: Level.SUMMARY, Category.VISITS: Level.SUMMARY, Category.CONTACT: Level.FULL}
_SAFETY = {Category.INJURIES: Level.SUMMARY}
_FULLER = {Category.INJURIES: Level.FULL, Category.EXAM: Level.SUMMARY, Category.MEDICATIONS: Level.SUMMARY}
_EVIDENCE = {Category.INJURIES: Level.FULL, Category.EXAM: Level.SUMMARY}
_COURT = {Category.LEGAL: Level.FULL, Category.HOUSING: Level.SUMMARY, Category.RISK: Level.SUMMARY}
_THERE = {Category.SERVICES: Level.EXISTENCE}


def _releases(random: Random, size: int, today: date) -> list[Release]:
    """Every state a release can be in, several times. Accepted ones come first: each is accepted as it arrives."""
    harbor = size  # where the shelter's clients begin
    from_hospital = (
        *((Fate.ACCEPTED, place, place) for place in range(2)),
        *((Fate.ACCEPTED, place, None) for place in range(3, 6)),
        (Fate.ENDING, 2, 2),
        (Fate.ENDING, 6, None),
        (Fate.WITHDRAWN, 7, None),
        (Fate.WITHDRAWN_UNSEEN, 8, None),
        *((Fate.WAITING, place, None) for place in (9, 10)),
        (Fate.PREPARED, 11, None),
    )
    found = []
    for fate, place, tied in from_hospital:
        grants, purpose = random.choice(
            ((_CARE, Purpose.ADVOCACY), (_SAFETY, Purpose.SAFETY), (_FULLER, Purpose.SHELTER))
        )
        tie = None if tied is None else harbor + tied
        found.append(_release(random, place, "harbor", purpose, grants, fate, today, tie))
    for fate, place in ((Fate.ACCEPTED, 3), (Fate.WITHDRAWN, 4), (Fate.WAITING, 5)):
        found.append(_release(random, place, "police", Purpose.INVESTIGATION, _EVIDENCE, fate, today))
    for fate, place in ((Fate.ACCEPTED, 5), (Fate.ENDING, 6), (Fate.WAITING, 7), (Fate.PREPARED, 8)):
        found.append(_release(random, harbor + place, "legal", Purpose.LEGAL_HELP, _COURT, fate, today))
    for fate, place in ((Fate.ACCEPTED, 9), (Fate.WAITING, 10)):
        found.append(_release(random, harbor + place, "brigid", Purpose.COORDINATION, _THERE, fate, today))
    return found


def _release(
    random: Random,
    client: int,
    recipient: str,
    purpose: Purpose,
    grants: Mapping[Category, Level],
    fate: Fate,
    today: date,
    tied: int | None = None,
) -> Release:
    signed = random.randint(8, 13) if fate is Fate.ENDING else random.randint(0, 4)
    left = 1 if fate is Fate.ENDING else random.randint(9, 25)
    return Release(client, recipient, purpose, grants, signed, today + timedelta(days=left), fate, tied)

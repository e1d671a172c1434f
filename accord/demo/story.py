"""What happens in the county of Arden, made from a seed. Pure: the same seed, size and day tell the same story.

It is a plan of values; `fill` acts it out through the gate. Days are counted back from `today`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import Any, Final

from accord.demo import county, referred, work
from accord.demo.names import FAMILY, GIVEN, GIVEN_OTHERS, STREETS, TOWNS
from accord.policy.words import Category, Level, Purpose, Relation
from accord.records.health import rules as health
from accord.vault.rules import KINDS, PENDING, SERVICES, STEPS, Identity, SafeContact, Window

#: Households; with children, others and respondents about 2,000 people.
USUAL_SIZE = 640
LEAST_SIZE, MOST_SIZE = 24, 20_000
HALF_A_YEAR = 182


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
class Served:
    """Where a service stands for herself (`who` 0) or one of the others of her story (1 for the first of them)."""

    days_ago: int
    service: str
    step: str
    who: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """One file in one agency's vault."""

    agency: str
    opened_days_ago: int
    identity: Identity
    contact: SafeContact
    harms: tuple[str, ...]
    others: tuple[tuple[Relation, Identity], ...] = ()
    entries: tuple[Coded | Typed | Served, ...] = ()
    closed_days_ago: int | None = None


class Fate(StrEnum):
    """What becomes of a release in the story."""

    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"  # accepted, and she confirmed what it says
    ENDING = "ending"  # accepted, and over within days
    WITHDRAWN = "withdrawn"  # accepted, then taken back by phone
    WITHDRAWN_UNSEEN = "withdrawn_unseen"  # taken back before anybody accepted it
    RELAYED = "relayed"  # accepted; she told the partner that she takes it back
    WAITING = "waiting"
    PREPARED = "prepared"  # not signed
    EXPIRED = "expired"  # signed long ago and over


@dataclass(frozen=True, slots=True)
class Part:
    """One partner of a conversation. `tied` is the recipient's own file of the same person, if it has one: a place in
    `Story.clients`."""

    recipient: str
    purpose: Purpose
    grants: Mapping[Category, Level]
    fate: Fate
    tied: int | None = None
    updates: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """One page she signed, or will: `client` is a place in `Story.clients`."""

    client: int
    signed_days_ago: int
    last_day: date
    method: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Never:
    """She said never to a partner, or to one person there."""

    client: int
    against: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A gap about `client` that a partner is told of on her release, who looks after her in its `own` file: places in
    `Story.clients`."""

    client: int
    recipient: str
    own: int
    category: Category


@dataclass(frozen=True, slots=True)
class Story:
    """Everything, in the order in which it happens. `flows`: (client, recipient) told under law and agreement; `walls`:
    clients the worker of their agency knows, so that she is kept away; `same`: pairs of files that are one person, and
    whether somebody has noticed; `cases`: what goes its way through a protocol; `gaps`: (client, rule) that is open;
    `referred`: who is referred to whom; `tellings`: which partner is told of which gap."""

    agencies: tuple[county.Agency, ...]
    agreements: tuple[county.Agreement, ...]
    clients: tuple[Client, ...]
    conversations: tuple[Conversation, ...]
    flows: tuple[tuple[int, str], ...]
    nevers: tuple[Never, ...]
    walls: tuple[int, ...]
    same: tuple[tuple[int, int, bool], ...]
    cases: tuple[work.Case, ...]
    gaps: tuple[tuple[int, str], ...]
    referred: tuple[referred.Referred, ...]
    tellings: tuple[Telling, ...]

    @property
    def people(self) -> int:
        """How many invented people there are, each counted once in each file."""
        return sum(1 + len(client.others) for client in self.clients)


def story(*, seed: int, size: int, today: date) -> Story:
    """The story of Arden with `size` households. Raises ValueError."""
    if not LEAST_SIZE <= size <= MOST_SIZE:
        raise ValueError(f"The demo has from {LEAST_SIZE} to {MOST_SIZE} households.")
    random = Random(seed)
    agencies = county.agencies(random)
    clients: list[Client] = []
    conversations: list[Conversation] = []
    for number, identity in enumerate(_people(random, size, today)):
        # The first ones are at the two agencies whose pages people look at first.
        holder = ("brigid", "harbor")[number % 2] if number < 20 else random.choices(_FIRST, _HOW_OFTEN)[0]
        client = _client(random, holder, identity, today)
        place = len(clients)
        clients.append(client)
        if number < 16 or (random.random() < 0.3 and holder in _SENDERS):
            # Whoever is asked these days has an open file.
            clients[place] = replace(client, closed_days_ago=None)
            conversation, known = _conversation(random, place, client, number, today)
            clients += [_known_there(random, key, client, today) for key in known]
            conversations.append(_tied(conversation, known, place + 1))
    of = {agency.key: [place for place, each in enumerate(clients) if each.agency == agency.key] for agency in agencies}
    talked = {conversation.client for conversation in conversations}
    talked |= {part.tied for each in conversations for part in each.parts if part.tied is not None}
    same = [_again(random, clients, place, today) for place in of["harbor"][8:10]]
    clients += [other for _, other in same]
    first = len(clients) - len(same)
    walls = tuple(place for key in ("brigid", "police") for place in [at for at in of[key][8:] if at not in talked][:1])
    kept_out = {*walls, *(place for pair in same for place in (pair[0],)), *range(first, first + len(same))}
    quiet = [place for place in range(len(clients)) if place not in kept_out]
    known, cases = _work(seed, clients, agencies, quiet, today)
    sent, open_too = _referred(seed, clients, today)
    telling = _telling(seed, clients, known, today)
    nevers = [Never(of["harbor"][4], "housing", agencies[11].members[0].name), Never(of["brigid"][5], "police")]
    return Story(
        agencies,
        county.AGREEMENTS,
        tuple(clients),
        tuple(each for each in conversations if not _against(each, nevers)),
        tuple((place, "prosecutor") for place in of["police"][:6]),
        tuple(nevers),
        walls,
        tuple((place, first + number, number == 0) for number, (place, _other) in enumerate(same)),
        cases,
        (*known, *open_too, (telling.own, "told_by_partner")),
        sent,
        (telling,),
    )


def _work(
    seed: int, clients: list[Client], agencies: tuple[county.Agency, ...], quiet: list[int], today: date
) -> tuple[tuple[tuple[int, str], ...], tuple[work.Case, ...]]:
    """Cases on their way, at people of this story; and one person more for each rule about gaps, whose case is late in
    just that. Their names come from a chance of their own, so that the rest of the story stays as it was."""
    random = Random(f"{seed} at work")
    protocols, kinds = work.protocols(), {agency.key: agency.kind for agency in agencies}
    now = datetime.combine(today, time(12), UTC)
    places: dict[str, list[int]] = {}
    closed = []
    for place in quiet:
        client = clients[place]
        if client.closed_days_ago is None:
            places.setdefault(client.agency, []).append(place)
        else:
            closed.append((place, client.agency, client.opened_days_ago, client.closed_days_ago))
    cases = [*work.running(random, protocols, kinds, places, now), *work.over(random, protocols, kinds, closed[:60])]
    known = []
    for plan, identity in zip(work.PLANTED, _people(random, len(work.PLANTED), today), strict=True):
        known.append((len(clients), plan.rule))
        cases.append(work.planted(len(clients), plan, protocols, kinds[plan.agency]))
        client = replace(_client(random, plan.agency, identity, today), closed_days_ago=None, opened_days_ago=120)
        clients.append(client)
    return tuple(known), tuple(cases)


def _referred(
    seed: int, clients: list[Client], today: date
) -> tuple[tuple[referred.Referred, ...], tuple[tuple[int, str], ...]]:
    """One person more for each line of plans, and what is open past its time about them."""
    random = Random(f"{seed} referred")
    sent, known = [], []
    for (agency, plans), identity in zip(referred.PLANS, _people(random, len(referred.PLANS), today), strict=True):
        place = len(clients)
        client = replace(_client(random, agency, identity, today), closed_days_ago=None, opened_days_ago=120)
        clients.append(client)
        for plan in plans:
            own = None
            if plan.there:
                own = len(clients)
                clients.append(replace(_known_there(random, plan.recipient, client, today), opened_days_ago=120))
            paper = client.contact.paper == "yes"
            sent.append(referred.Referred(place, agency, client.identity, paper, plan, own))
            if plan.rule:
                known.append((place if own is None else own, plan.rule))
    return tuple(sent), tuple(known)


def _telling(seed: int, clients: list[Client], known: tuple[tuple[int, str], ...], today: date) -> Telling:
    """The hospital tells the house that a follow-up was missed: the house has known her for long."""
    place = next(place for place, rule in known if rule == "forensic_follow_up_missed")
    there = _known_there(Random(f"{seed} told"), "harbor", clients[place], today)
    clients.append(replace(there, opened_days_ago=120))
    return Telling(place, "harbor", len(clients) - 1, Category.VISITS)


#: Where people come first, and how often.
_FIRST: Final = (
    "brigid", "harbor", "police", "legal", "prosecutor", "court", "probation", "dawn", "willow", "rise", "school",
    "housing", "aps", "turning", "bethel",
)  # fmt: skip
_HOW_OFTEN: Final = (18, 18, 18, 6, 4, 4, 3, 9, 4, 3, 3, 3, 3, 2, 2)
#: Whose clients sign releases in the story.
_SENDERS: Final = frozenset({"brigid", "harbor", "dawn", "willow", "legal", "school", "housing", "bethel"})


def _against(conversation: Conversation, nevers: list[Never]) -> bool:
    """Nobody asks her to release something to whom she said never."""
    return any(
        never.client == conversation.client and never.against in {part.recipient for part in conversation.parts}
        for never in nevers
    )


def _people(random: Random, count: int, today: date) -> Iterator[Identity]:
    """Different people, one after the other, in Spanish and English."""
    names = [(given, family) for given in GIVEN for family in FAMILY]
    random.shuffle(names)
    for number in range(count):
        given, family = names[number % len(names)]
        # Two family names, as in Spanish, where the list of names is used up.
        second = number >= len(names) or random.random() < 0.2
        language = random.choices(("en", "es", "ar", "vi"), (62, 33, 3, 2))[0]
        yield Identity(
            given=given,
            family=f"{family} {random.choice(FAMILY)}" if second else family,
            chosen=given[:3] + "i" if random.random() < 0.08 else "",
            aliases=(f"{given} {random.choice(FAMILY)}",) if random.random() < 0.12 else (),
            born=today - timedelta(days=random.randint(16 * 365, 79 * 365)),
            pronouns=random.choices(("she/her", "they/them", "he/him"), (88, 5, 7))[0],
            language=language,
            code_name=random.choice(_CODE_NAMES) if random.random() < 0.1 else "",
            interpreter="phone" if language != "en" and random.random() < 0.5 else "",
            access=("wheelchair",) if random.random() < 0.05 else (),
        )


_CODE_NAMES: Final = ("Robin", "Juniper", "Wren", "Hazel", "Sky", "Marlo")


def _contact(random: Random) -> SafeContact:
    days = random.choice(((0, 1, 2, 3, 4), (0, 2, 4), (1, 3), (5,)))
    start = random.choice((time(9), time(12), time(18)))
    return SafeContact(
        when=random.choice(("", "", "not in the school holidays", "text first, then wait")),
        say=random.choice(("the library about her book", "the dentist's office", "her cousin", "nothing; ring off")),
        avoid=random.choice(("the landline", "calling twice", "messages with names in them", "the work number")),
        phone=county.phone(random),
        address=f"{random.randint(2, 98)} {random.choice(STREETS)}, {random.choice(TOWNS)}",
        windows=(Window(days, start, time(start.hour + 2)),),
        zone="America/New_York",
        ways=random.choice((("phone",), ("phone", "text"), ("text",), ("phone", "in_person"))),
        voicemail=random.choice(("no", "no", "yes")),
        paper=random.choice(("no", "yes", "")),
    )


def _others(random: Random, family: str, today: date) -> tuple[tuple[Relation, Identity], ...]:
    """Her children, somebody of the household, and who hurt her."""
    found = [
        (
            Relation.CHILD,
            Identity(
                given=random.choice(GIVEN + GIVEN_OTHERS),
                family=family,
                born=today - timedelta(days=random.randint(200, 16 * 365)),
            ),
        )
        for _ in range(random.choices((0, 1, 2, 3), (40, 32, 20, 8))[0])
    ]
    if random.random() < 0.18:
        found.append((Relation.HOUSEHOLD, Identity(given=random.choice(GIVEN), family=family)))
    if random.random() < 0.7:
        found.append((Relation.RESPONDENT, Identity(given=random.choice(GIVEN_OTHERS), family=random.choice(FAMILY))))
    return tuple(found)


def _client(random: Random, agency: str, identity: Identity, today: date) -> Client:
    days = random.randint(1, HALF_A_YEAR)
    others = _others(random, identity.family, today)
    if agency == "brigid":
        days = min(days, 75)
        entries = _hospital(random, days, today)
    else:
        entries = _told(random, agency, days)
    served = _served(random, days, others) if agency in _SERVING else []
    closed = random.randint(0, days) if days > 90 and random.random() < 0.4 else None
    return Client(
        agency, days, identity, _contact(random), _harms(random, agency, identity, today), others,
        (*entries, *served), closed,
    )  # fmt: skip


#: Agencies that offer services beyond their own trade.
_SERVING: Final = frozenset({"harbor", "dawn", "legal", "prosecutor", "bethel", "housing", "school", "aps", "willow"})


def _harms(random: Random, agency: str, identity: Identity, today: date) -> tuple[str, ...]:
    if agency == "aps" and identity.born and today.year - identity.born.year >= 60:
        return ("elder_abuse",)
    harms = ("domestic_violence", "sexual_violence", "stalking", "trafficking")
    weights = (30, 60, 8, 2) if agency in ("dawn", "brigid") else (78, 10, 10, 2)
    first = random.choices(harms, weights)[0]
    return (first, "stalking") if first != "stalking" and random.random() < 0.25 else (first,)


def _served(random: Random, days: int, others: tuple[tuple[Relation, Identity], ...]) -> list[Coded | Typed | Served]:
    """Services offered to her, to a child, to somebody of the household, on every step there is."""
    found: list[Coded | Typed | Served] = []
    able = [0, *(n for n, (relation, _) in enumerate(others, 1) if relation is not Relation.RESPONDENT)]
    for service in random.sample(SERVICES[:-1], random.randint(1, 4)):
        who = random.choice(able) if service in _FOR_CHILDREN else 0
        at = random.randint(0, days)
        found.append(Served(at, service, "offered", who))
        step = random.choice(STEPS)
        if step != "offered":
            why = random.choice(("", "not_safe_now", "not_now")) if step == "declined" else ""
            found.append(Served(random.randint(0, at), service, step, who, why))
            if step not in PENDING and step != "declined" and at:
                found.insert(-1, Served(at, service, "accepted", who))
    return found


_FOR_CHILDREN: Final = frozenset({"childrens_counselling", "childcare", "school_liaison", "counselling"})


# ------------------------------------------------------------------ her word

#: What a holder's client is asked about first: (category, level), by the holder.
_GIVEN: Final[Mapping[str, tuple[tuple[Category, Level], ...]]] = {
    "brigid": (
        (Category.INJURIES, Level.SUMMARY), (Category.VISITS, Level.SUMMARY), (Category.EXAM, Level.EXISTENCE),
        (Category.MEDICATIONS, Level.FULL), (Category.ALLERGIES, Level.FULL),
    ),
}  # fmt: skip
_GIVEN_ELSE: Final = (
    (Category.SERVICES, Level.SUMMARY), (Category.SAFETY_PLAN, Level.EXISTENCE), (Category.LEGAL, Level.SUMMARY),
    (Category.HOUSING, Level.FULL), (Category.RISK, Level.SUMMARY),
)  # fmt: skip
#: To whom, and for what.
_PARTNERS: Final[tuple[tuple[str, Purpose], ...]] = (
    ("harbor", Purpose.SAFETY), ("legal", Purpose.PROTECTIVE_ORDER), ("police", Purpose.INVESTIGATION),
    ("prosecutor", Purpose.PROSECUTION), ("housing", Purpose.HOUSING), ("willow", Purpose.TREATMENT),
    ("school", Purpose.EDUCATION), ("dawn", Purpose.ADVOCACY), ("bethel", Purpose.COORDINATION),
    ("court", Purpose.PROTECTIVE_ORDER), ("brigid", Purpose.TREATMENT),
)  # fmt: skip
_CARD: Final = {Category.IDENTITY: Level.SUMMARY, Category.SERVICES: Level.SUMMARY}


def _conversation(
    random: Random, place: int, client: Client, number: int, today: date
) -> tuple[Conversation, list[str]]:
    """One page with one to four partners, and at which of them she has a file of her own from before."""
    fates = tuple(Fate)
    fate = fates[number % len(fates)] if number < 16 else random.choices(fates, (34, 12, 10, 9, 3, 3, 12, 7, 10))[0]
    signed = min(client.opened_days_ago, random.randint(1, 12))
    if fate is Fate.EXPIRED:
        signed = max(client.opened_days_ago, 40)
        last = today - timedelta(days=signed - 15)
    else:
        last = today + timedelta(days=random.randint(1, 3) if fate is Fate.ENDING else random.randint(8, 28))
    partners = [each for each in _PARTNERS if each[0] != client.agency]
    if number < 16:
        # Between the two everybody signs in to first.
        partners = [each for each in partners if each[0] in ("harbor", "legal", "brigid")][:1] + partners[2:]
    several = random.choices((1, 2, 3, 4), (55, 25, 15, 5))[0]
    chosen = (
        [partners[0], *random.sample(partners[1:], several - 1)] if number < 16 else random.sample(partners, several)
    )
    parts, known = [], []
    for recipient, purpose in chosen:
        given = dict(random.sample(_GIVEN.get(client.agency, _GIVEN_ELSE), random.randint(1, 3)))
        held = _held(client)
        grants: Mapping[Category, Level] = {each: level for each, level in given.items() if each in held} or _CARD
        if recipient == "housing":
            # All a landlord needs to know is that somebody helps her.
            grants = {Category.SERVICES: Level.EXISTENCE}
        elif random.random() < 0.3:
            grants = {**grants, Category.CONTACT: Level.SUMMARY}
        parts.append(Part(recipient, purpose, grants, fate, updates=random.random() < 0.4))
        if random.random() < 0.35 and recipient not in known:
            known.append(recipient)
    return Conversation(place, signed, last, random.choice(("screen", "paper")), tuple(parts)), known


def _held(client: Client) -> frozenset[Category]:
    kinds = {**health.KINDS, **LISTED}
    return frozenset(
        kinds[entry.kind] if isinstance(entry, Coded) else entry.category
        for entry in client.entries
        if not isinstance(entry, Served)
    ) | {Category.SERVICES}


#: What a hospital's list says, and what a release picks it by.
LISTED: Final[Mapping[str, Category]] = {
    "medication": Category.MEDICATIONS,
    "allergy": Category.ALLERGIES,
    "problem": Category.CONDITIONS,
}


def _tied(conversation: Conversation, known: list[str], place: int) -> Conversation:
    """The same conversation, each part that is known there tied to the file that follows."""
    places = {key: place + number for number, key in enumerate(known)}
    return replace(
        conversation,
        parts=tuple(replace(part, tied=places.get(part.recipient)) for part in conversation.parts),
    )


def _known_there(random: Random, agency: str, client: Client, today: date) -> Client:
    """The same person's file at a partner, from her own telling there."""
    return replace(
        _client(random, agency, replace(client.identity, aliases=(), code_name=""), today), closed_days_ago=None
    )


def _again(random: Random, clients: list[Client], place: int, today: date) -> tuple[int, Client]:
    """A second file somebody opened for the same person, with her name written a little differently."""
    who = clients[place].identity
    other = replace(who, chosen="", aliases=(), family=who.family.split()[0])
    return place, replace(_client(random, clients[place].agency, other, today), closed_days_ago=None)


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


def _hospital(random: Random, days: int, today: date) -> list[Coded | Typed | Served]:
    entries: list[Coded | Typed | Served] = []
    examined = random.random() < 0.6
    if examined:
        entries += [_exam(random, days, today), *_follow_ups(random, days, today)]
    entries += [_injury(random, days) for _ in range(random.randint(1, 2))]
    for medicine in random.sample(_MEDICINES, random.randint(0, 3)):
        entries.append(_listed("medication", medicine, days, random.choice(("active", "completed"))))
    if random.random() < 0.35:
        allergy, severity = random.choice(_ALLERGIES)
        entries.append(_listed("allergy", allergy, days, "active", severity=severity))
    if random.random() < 0.5:
        entries.append(_listed("problem", random.choice(_CONDITIONS), days, random.choice(("active", "resolved"))))
    if not examined or random.random() < 0.3:
        entries.append(_visit(random.choice(("counselling", "injury_recheck", "primary_care")), random, today))
    return entries


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


def _visit(purpose: str, random: Random, today: date) -> Coded:
    day = (today + timedelta(days=random.randint(1, 20))).isoformat()
    return Coded("visit", 0, {"purpose": purpose, "first_day": day, "last_day": day, "status": "booked"})


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


# ------------------------------------------------------------------ everybody else

_TALES: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "harbor": (
        ("intake", "Intake done. She is staying with us.", "Came with one bag. Wants to decide about work later."),
        ("intake", "Intake done by phone. She stays at her own place for now.", "Asked how others manage."),
        ("intake", "Intake done. She stays with a friend; we help from outside.", "La amiga sabe; la familia no."),
        ("safety_plan", "Safety plan made with her.", "Bag packed at a neighbour's. Word agreed with her sister."),
        ("safety_plan", "Safety plan reviewed; nothing changed.", "Route to work still varies."),
        ("danger", "Danger talked through: high. She knows the number for nights.", "Threats are more frequent."),
        ("danger", "Danger talked through: some.", "No contact for three weeks."),
        ("housing", "Application for an apartment sent.", "Two bedrooms, ground floor not wanted."),
        ("housing", "Moved to a room of our second house.", "With both children."),
        ("legal", "Hearing for a protective order is set.", "She wants somebody beside her."),
        ("legal", "Protective order granted for one year.", "Copy is in her folder here, not at home."),
        ("note", "She called. All well.", "Spoke for ten minutes; laughed once."),
        ("note", "She did not come; we call in her safe hours only.", "Second time this month."),
    ),
    "dawn": (
        ("intake", "First talk by phone.", "She did not give a name and need not."),
        ("note", "Went along to the exam.", "Stayed the whole night; drove her home."),
        ("safety_plan", "Talked through what makes the nights easier.", "Light on, phone beside her, her aunt knows."),
        ("legal", "Told what reporting would mean, and what not reporting would.", "She wants to think."),
    ),
    "police": (
        ("intake", "Report taken.", "Statement in her own words, attached to the case file."),
        ("legal", "Order served.", "Served at his place of work."),
        ("legal", "Arrest made.", "Without incident."),
        ("danger", "Screen done at the scene: high danger.", "She agreed to talk to an advocate on our phone."),
        ("note", "Call back agreed.", "She prefers the afternoon."),
    ),
    "legal": (
        ("intake", "Conflict check done; we can act for her.", "Name of the other side checked against our files."),
        ("legal", "Petition for a protective order drafted.", "She reads it over the weekend."),
        ("legal", "Custody hearing prepared.", "Her sister will speak."),
        ("housing", "Lease: letter to the landlord sent.", "Release from the lease asked for."),
    ),
    "prosecutor": (
        ("intake", "Rights explained; notices agreed.", "By text, in the morning."),
        ("legal", "Charges filed.", "Assault, and violating an order."),
        ("legal", "Hearing set.", "She decides on the day whether to come."),
        ("legal", "Case closed: guilty plea.", "Condition: no contact for two years."),
        ("note", "Compensation form sent in with her.", "Medical bills and the broken door."),
    ),
    "court": (
        ("legal", "Petition filed.", "Filed from the self-help room."),
        ("legal", "Order granted, ex parte.", "Hearing within two weeks."),
        ("legal", "Order after hearing, one year.", "Both sides were there."),
        ("legal", "Petition withdrawn.", "She was told that she may come back any day."),
    ),
    "probation": (
        ("legal", "Conditions explained to him.", "No contact, no weapons, programme."),
        ("legal", "Violation reported.", "He drove past her house."),
        ("note", "Home visit.", "Nobody else lives there now."),
    ),
    "willow": (
        ("intake", "First session.", "Sleeps badly. Likes to draw."),
        ("note", "Session.", "Worked on the mornings."),
    ),
    "rise": (
        ("intake", "Started the day programme.", "Comes by bus."),
        ("note", "Week four.", "Proud of it."),
    ),
    "school": (
        ("intake", "Pick-up list changed.", "Only she and her sister."),
        ("note", "Talked with the class teacher.", "Quiet, does the work."),
    ),
    "housing": (
        ("housing", "Emergency transfer asked for.", "Self-certified; no other papers asked."),
        ("housing", "Transfer approved.", "Keys on Friday."),
        ("housing", "Lease divided; she stays.", "New locks on the same day."),
    ),
    "aps": (
        ("intake", "Report received; first visit made.", "He answered the door and stayed in the room."),
        ("danger", "Money is missing from her account.", "The bank has been told."),
        ("note", "Second visit, alone with her.", "She wants to stay at home, without him."),
    ),
    "turning": (
        ("note", "Attended.", "Spoke when asked."),
        ("note", "Did not attend.", "Second time; reported."),
        ("note", "Finished the programme.", "Fifty-two weeks."),
    ),
    "bethel": (
        ("intake", "She came to the kitchen and stayed to talk.", "Wanted to know whether this is normal."),
        ("note", "Beds and a table brought.", "Two of us, an unmarked van."),
    ),
}  # fmt: skip


def _told(random: Random, agency: str, days: int) -> list[Coded | Typed | Served]:
    tales = _TALES[agency]
    first = [tale for tale in tales if tale[0] == "intake"]
    entries = [_typed(random.choice(first), days)] if first else []
    rest = [tale for tale in tales if tale[0] != "intake"]
    entries += [_typed(random.choice(rest), random.randint(0, days)) for _ in range(random.randint(1, 6))]
    return list(entries)


def _typed(tale: tuple[str, str, str], days: int) -> Typed:
    kind, summary, narrative = tale
    return Typed(kind, days, summary, narrative)

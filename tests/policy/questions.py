"""Every question: each fact before, at and after its edge.

All combinations of all facts would be far more than anyone can ask, so the facts are split into groups.
Inside a group every combination is asked while the other facts stay at one representative; that the
groups do not influence each other is tested too: `pairs` crosses every two dimensions over four kinds
of holder, `triples` every three over their edges. No randomness: the same questions every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import chain, combinations, product
from typing import Any, TypeVar

from accord.policy.facts import (
    Agency,
    Agreement,
    Block,
    Grant,
    Member,
    Process,
    Question,
    Release,
    Signer,
    Thing,
)
from accord.policy.words import (
    AgencyKind,
    BlockKind,
    Category,
    Duty,
    Element,
    Field,
    Instrument,
    Level,
    Mark,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)

T = TypeVar("T")
Facts = dict[str, Any]

HOLDER, RECIPIENT, THIRD = "agency-holder", "agency-recipient", "agency-third"
ANA, HER_CHILD = "person-ana", "person-child"
MEMBER, DETECTIVE, CLERK = "member-rosa", "person-detective", "person-clerk"

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
SIGNED = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
TICKS = (-TICK, timedelta(0), TICK)


def subsets(items: Iterable[T]) -> Iterator[frozenset[T]]:
    """Every subset, from the empty set to all."""
    every = tuple(items)
    return (frozenset(some) for size in range(len(every) + 1) for some in combinations(every, size))


ALL_ELEMENTS = frozenset(Element)
SUMMARY_OF_INJURIES = (Grant(Category.INJURIES, Level.SUMMARY),)
WORKER = frozenset({Role.WORKER})
ROLE_SETS = tuple(subsets(Role))
SINGLE_ROLES = (frozenset[Role](), *(frozenset({role}) for role in Role))

LAWS_OF_THIS_SLICE = (Duty.VAWA, Duty.VOCA, Duty.FVPSA, Duty.HIPAA)
#: The four laws in every combination, each alone and beside one duty of every other kind.
DUTY_SETS = tuple(
    laws | beside
    for laws in subsets(LAWS_OF_THIS_SLICE)
    for beside in (frozenset[Duty](), *(frozenset({duty}) for duty in Duty if duty not in LAWS_OF_THIS_SLICE))
)
VAWA, VOCA, FVPSA, HIPAA, PLAIN = (
    frozenset({duty}) for duty in (Duty.VAWA, Duty.VOCA, Duty.FVPSA, Duty.HIPAA, Duty.NONE)
)
PART2 = frozenset({Duty.PART2})
FEW_HOLDERS = (VAWA, VOCA, FVPSA, HIPAA, PLAIN, VAWA | HIPAA, VOCA | HIPAA, frozenset({Duty.ADVOCATE_PRIVILEGE}))

# --- Building one question from flat facts -----------------------------------------------------------

REPRESENTATIVE: Facts = {
    "verb": Verb.DISCLOSE,
    "roles": WORKER,
    "conflicts": frozenset(),
    "asker": HOLDER,
    "asker_kind": None,  # None: the same as the holder's
    "asker_duties": None,
    "holder_kind": AgencyKind.VICTIM_SERVICES,
    "holder_duties": VAWA,
    "recipient": RECIPIENT,  # None: no recipient
    "recipient_kind": AgencyKind.LEGAL_AID,
    "recipient_duties": frozenset({Duty.ATTORNEY_PRIVILEGE}),
    "person": "",
    "category": Category.INJURIES,
    "subject": ANA,
    "relation": Relation.SELF,
    "marks": frozenset(),
    "purpose": Purpose.LEGAL_HELP,
    "at": ("signed", 3 * DAY),
    "zone": None,
    "agreements": (),
    "processes": (),
    "blocks": (),
    "released": True,
    "more": (),  # further releases: facts that differ from the first
    # the release
    "release_id": "release-m",
    "release_subject": ANA,
    "release_holder": HOLDER,
    "release_recipient": RECIPIENT,
    "release_person": "",
    "release_purpose": None,  # None: the question's
    "release_category": None,  # None: the question's
    "level": Level.FULL,
    "grants": None,  # None: release_category up to level
    "elements": ALL_ELEMENTS,
    "signer": Signer(),
    "signed": SIGNED,
    "length": 15 * DAY,
    "withdrawn": None,
    "long_because": False,
    "instrument": Instrument.ORDINARY,
    "fixed": None,  # how long after its signature she may not take it back
}


@cache
def agency(id: str, kind: AgencyKind, duties: frozenset[Duty]) -> Agency:
    return Agency(id, kind, duties)


@cache
def member(roles: frozenset[Role], conflicts: frozenset[str]) -> Member:
    return Member(MEMBER, roles, conflicts)


def ask(**changes: Any) -> Question:
    """The representative question with these facts changed. Unknown fact names raise KeyError."""
    f = REPRESENTATIVE | changes
    if len(f) != len(REPRESENTATIVE):
        raise KeyError(set(f) - set(REPRESENTATIVE))
    anchor, delta = f["at"]
    at = {"signed": f["signed"], "until": f["signed"] + f["length"], "middle": f["signed"] + f["length"] / 2}[anchor]
    at += delta
    releases: tuple[Release, ...] = (release_from(f, at),) if f["released"] else ()
    if f["more"]:
        releases += tuple(release_from(f | other, at) for other in f["more"])
    if f["zone"] is not None:
        at = at.astimezone(f["zone"]) if f["zone"] != "nowhere" else at.replace(tzinfo=None)
    return Question(
        verb=f["verb"],
        asker=agency(
            f["asker"],
            f["holder_kind"] if f["asker_kind"] is None else f["asker_kind"],
            f["holder_duties"] if f["asker_duties"] is None else f["asker_duties"],
        ),
        member=member(f["roles"], f["conflicts"]),
        holder=agency(HOLDER, f["holder_kind"], f["holder_duties"]),
        thing=Thing(f["category"], f["subject"], f["relation"], f["marks"], "thing-1"),
        purpose=f["purpose"],
        at=at,
        recipient=agency(f["recipient"], f["recipient_kind"], f["recipient_duties"]) if f["recipient"] else None,
        recipient_person=f["person"],
        releases=releases,
        agreements=f["agreements"],
        processes=f["processes"],
        blocks=f["blocks"],
    )


def release_from(f: Facts, at: datetime) -> Release:
    until = f["signed"] + f["length"]
    withdrawn_at = None
    if f["withdrawn"] is not None:
        anchor, delta = f["withdrawn"]
        withdrawn_at = {"signed": f["signed"], "until": until, "at": at}[anchor] + delta
    grants = f["grants"]
    if grants is None:
        grants = (Grant(f["release_category"] or f["category"], f["level"]),)
    return Release(
        id=f["release_id"],
        subject=f["release_subject"],
        holder=f["release_holder"],
        recipient=f["release_recipient"],
        purpose=f["release_purpose"] or f["purpose"],
        grants=grants,
        elements=f["elements"],
        signed_at=f["signed"],
        until=until,
        signer=f["signer"],
        recipient_person=f["release_person"],
        withdrawn_at=withdrawn_at,
        long_because=f["long_because"],
        instrument=f["instrument"],
        fixed_until=None if f["fixed"] is None else f["signed"] + f["fixed"],
    )


def cross(fixed: Facts | None = None, /, **facts: Iterable[Any]) -> Iterator[Question]:
    """Every combination of these facts; the others stay at the representative (or at `fixed`)."""
    names = tuple(facts)
    base = fixed or {}
    for values in product(*(tuple(choices) for choices in facts.values())):
        yield ask(**base, **dict(zip(names, values, strict=True)))


# --- Her own agency ----------------------------------------------------------------------------------

INSIDE: Facts = {"recipient": None, "released": False, "purpose": Purpose.OWN_SERVICE}
INSIDE_PURPOSES = (Purpose.OWN_SERVICE, Purpose.OVERSIGHT, Purpose.RECORDS_REQUEST, Purpose.ADMINISTRATION)


def without(facts: Facts, *names: str) -> Facts:
    return {name: value for name, value in facts.items() if name not in names}


def inside_roles() -> Iterator[Question]:
    """Every verb and purpose by no role, one, two or all; by every set of roles for the purposes of one's own work."""
    few = [roles for roles in ROLE_SETS if len(roles) <= 2]
    yield from cross(without(INSIDE, "purpose"), verb=Verb, roles=few, purpose=Purpose)
    yield from cross(without(INSIDE, "purpose"), verb=Verb, roles=ROLE_SETS, purpose=INSIDE_PURPOSES)


def inside_conflicts() -> Iterator[Question]:
    """Every verb and role against every conflict, and against what only looks like one."""
    blocks: list[tuple[Block, ...]] = [()]
    blocks += [(Block(kind, who),) for kind in BlockKind for who in (MEMBER, ANA, HOLDER, HER_CHILD, "")]
    blocks.append((Block(BlockKind.NEVER_SHARE, MEMBER), Block(BlockKind.CONFLICT, ANA)))
    conflicts = (frozenset[str](), frozenset({ANA}), frozenset({HER_CHILD}), frozenset({MEMBER}))
    yield from cross(
        without(INSIDE, "purpose"),
        verb=Verb,
        roles=SINGLE_ROLES,
        purpose=INSIDE_PURPOSES[:2],
        blocks=blocks,
        conflicts=conflicts,
    )
    yield from cross(
        without(INSIDE, "purpose"),
        verb=(Verb.READ_KEPT, Verb.READ_PARTNERS, Verb.MANAGE_MEMBERS, Verb.MANAGE_KEYS, Verb.SWEEP),
        roles=SINGLE_ROLES,
        purpose=INSIDE_PURPOSES[2:],
        blocks=blocks,
        conflicts=conflicts,
    )


def inside_agencies() -> Iterator[Question]:
    """What kind of agency it is, and under which duties, changes nothing inside it; nor do papers."""
    for verb, role, purpose in (
        (Verb.READ_CLIENT, Role.WORKER, Purpose.OWN_SERVICE),
        (Verb.DELETE_CLIENT, Role.SUPERVISOR, Purpose.OWN_SERVICE),
        (Verb.READ_KEPT, Role.RECORDS_OFFICER, Purpose.RECORDS_REQUEST),
        (Verb.READ_LEDGER, Role.PRIVACY_OFFICER, Purpose.OVERSIGHT),
        (Verb.MANAGE_KEYS, Role.DIRECTOR, Purpose.ADMINISTRATION),
        (Verb.SWEEP, Role.SYSTEM, Purpose.ADMINISTRATION),
        (Verb.READ_CLIENT, Role.DIRECTOR, Purpose.OWN_SERVICE),
    ):
        fixed = INSIDE | {"verb": verb, "roles": frozenset({role}), "purpose": purpose}
        yield from cross(fixed, holder_kind=AgencyKind, holder_duties=FEW_HOLDERS, zone=(None, "nowhere"))
        yield from cross(fixed, holder_duties=DUTY_SETS)
        yield from cross(
            without(fixed, "released"),
            released=(True, False),
            agreements=((), (agreement(),)),
            processes=((), (process(),)),
            person=("", DETECTIVE),
        )


def inside_things() -> Iterator[Question]:
    """No mark, category or relation stops an agency's own people in this slice."""
    marks = [frozenset[Mark](), *(frozenset({mark}) for mark in Mark), frozenset(Mark)]
    yield from cross(INSIDE, verb=Verb, roles=(WORKER, frozenset(Role)), category=Category, marks=marks)
    yield from cross(INSIDE, verb=Verb, roles=SINGLE_ROLES, relation=Relation, subject=(ANA, HER_CHILD))


def no_pull() -> Iterator[Question]:
    """Somebody else's vault, every verb, whatever is released; and a recipient where none belongs."""
    yield from cross(
        verb=Verb,
        roles=(*SINGLE_ROLES, frozenset(Role)),
        asker=(HOLDER, RECIPIENT, THIRD),
        recipient=(None, HOLDER, RECIPIENT, THIRD),
        purpose=(Purpose.LEGAL_HELP, *INSIDE_PURPOSES),
    )
    yield from cross(
        {"asker": RECIPIENT, "recipient_kind": AgencyKind.POLICE},
        verb=Verb,
        asker_kind=AgencyKind,
        asker_duties=(VAWA, HIPAA, PLAIN),
        recipient=(None, RECIPIENT),
    )
    # One id described in two ways: nobody can say which description is true.
    yield from cross(
        verb=(Verb.DISCLOSE, Verb.READ_CLIENT),
        recipient=(None, RECIPIENT),
        asker_kind=(None, AgencyKind.POLICE),
        asker_duties=(None, HIPAA),
        purpose=(Purpose.LEGAL_HELP, Purpose.OWN_SERVICE),
    )


# --- Who holds, who receives, why --------------------------------------------------------------------


def holder_duties() -> Iterator[Question]:
    """Every set of up to three duties a holder could state, and of all but two, with a release that lacks nothing."""
    every = frozenset(Duty)
    some = [duties for duties in subsets(Duty) if len(duties) <= 3]
    some += [every - {Duty.NONE} - missing for missing in subsets(every) if len(missing) <= 2]
    return cross(holder_duties=dict.fromkeys(some))


def holders_and_recipients() -> Iterator[Question]:
    """The recipients and purposes that matter for each mix of laws; every recipient and purpose for some of them."""
    purposes = (Purpose.LEGAL_HELP, Purpose.REPORTING, Purpose.RESEARCH, Purpose.SUPERVISION)
    barred = (AgencyKind.LEGAL_AID, AgencyKind.FUNDER, AgencyKind.OPERATOR, AgencyKind.HMIS, AgencyKind.COURT)
    yield from cross(holder_duties=DUTY_SETS, recipient_kind=barred, purpose=purposes)
    yield from cross(holder_duties=(*FEW_HOLDERS, PART2), recipient_kind=AgencyKind, purpose=Purpose)
    yield from cross(
        holder_kind=AgencyKind, holder_duties=FEW_HOLDERS, recipient_kind=AgencyKind, released=(True, False)
    )


def recipient_duties() -> Iterator[Question]:
    """Which duties a recipient brings along, short and long releases."""
    states = list(subsets((Duty.BRADY, Duty.COURT_RECORDS, Duty.HIPAA, Duty.CJIS, Duty.NONE)))
    states += [frozenset({duty}) for duty in Duty if frozenset({duty}) not in states]
    yield from cross(
        {"long_because": True},
        recipient_duties=states,
        recipient_kind=AgencyKind,
        holder_duties=(VAWA, HIPAA, PLAIN),
        length=(90 * DAY, 90 * DAY + TICK),
    )


def disclosing_roles() -> Iterator[Question]:
    """Every set of roles, toward every kind of recipient, for each kind of refusal beside the role's."""
    yield from cross(
        roles=ROLE_SETS,
        recipient_kind=AgencyKind,
        holder_duties=(VAWA, HIPAA, PLAIN, frozenset({Duty.PART2})),
        released=(True, False),
    )
    yield from cross(roles=ROLE_SETS, marks=[frozenset({mark}) for mark in Mark], released=(True, False))


# --- What the thing is -------------------------------------------------------------------------------


def marks() -> Iterator[Question]:
    """Every set of marks toward every kind of recipient."""
    yield from cross(
        marks=[some for some in subsets(Mark) if len(some) <= 3],
        recipient_kind=AgencyKind,
        holder_duties=(VAWA, HIPAA),
    )
    yield from cross(
        marks=subsets(Mark),
        recipient_kind=(AgencyKind.INTERVENTION, AgencyKind.LEGAL_AID),
        holder_duties=(VOCA, FVPSA, PLAIN),
        purpose=(Purpose.LEGAL_HELP, Purpose.REPORTING),
        released=(True, False),
    )


def categories() -> Iterator[Question]:
    """Every category by every single mark, holder and recipient."""
    yield from cross(
        category=Category,
        marks=[frozenset[Mark](), *(frozenset({mark}) for mark in Mark)],
        holder_duties=(VAWA, FVPSA, HIPAA, PLAIN),
        recipient_kind=AgencyKind,
    )
    # A release for one category opens that one only.
    yield from cross(category=Category, release_category=Category, level=Level, holder_duties=(VAWA, HIPAA, PLAIN))


# --- Her release -------------------------------------------------------------------------------------

REPRESENTATIVE_SIGNS = Signer(role=SignerRole.REPRESENTATIVE)


def elements() -> Iterator[Question]:
    """Every set of elements under the strictest union; every one or two missing under every mix of laws."""
    every = tuple(subsets(ALL_ELEMENTS - {Element.SUBSTANCE_USE}))
    nearly = [ALL_ELEMENTS - missing for missing in subsets(Element) if len(missing) <= 2]
    yield from cross(
        elements=nearly,
        holder_duties=(*FEW_HOLDERS, PART2),
        signer=[Signer(role=role, minor=minor, cosigned=True) for role in SignerRole for minor in (False, True)],
    )
    yield from cross(elements=nearly, holder_duties=DUTY_SETS)
    yield from cross(elements=every, holder_duties=(VAWA | HIPAA,), signer=(REPRESENTATIVE_SIGNS,))


def substance_use() -> Iterator[Question]:
    """What opens a record of substance use treatment: every holder, every element missing, every purpose."""
    nearly = [ALL_ELEMENTS - missing for missing in subsets(Element) if len(missing) <= 2]
    marked = {"marks": frozenset({Mark.SUD})}
    yield from cross(
        marked,
        elements=nearly,
        holder_duties=(*FEW_HOLDERS, PART2, PART2 | HIPAA),
        signer=(Signer(), REPRESENTATIVE_SIGNS),
        released=(True, False),
    )
    yield from cross(
        marks=[frozenset({Mark.SUD, mark}) for mark in Mark],
        holder_duties=(VAWA, HIPAA, PART2),
        level=Level,
        withdrawn=WITHDRAWALS[:4],
        recipient_kind=(AgencyKind.LEGAL_AID, AgencyKind.INTERVENTION),
    )
    yield from cross(
        purpose=Purpose,
        marks=(frozenset[Mark](), frozenset({Mark.SUD})),
        holder_duties=(HIPAA, PART2, PART2 | VAWA, PLAIN),
        elements=(ALL_ELEMENTS, ALL_ELEMENTS - {Element.SUBSTANCE_USE}),
        released=(True, False),
    )
    yield from cross(marked, signer=SIGNERS, holder_duties=(PART2, HIPAA, PART2 | HIPAA))


#: Every role by minor, alone, cosigned, abuser, ward, dead.
SIGNERS = tuple(Signer(role, *states) for role in SignerRole for states in product((False, True), repeat=6))
LAWS_ABOUT_SIGNERS = (*LAWS_OF_THIS_SLICE, Duty.PART2, Duty.FERPA, Duty.ATTORNEY_PRIVILEGE, Duty.HOUSING)


def signers() -> Iterator[Question]:
    """Every role and state, under every law that speaks of signers and every two of them; and without authority."""
    few = [duties for duties in subsets(LAWS_ABOUT_SIGNERS) if 1 <= len(duties) <= 2]
    yield from cross(signer=SIGNERS, holder_duties=(*few, PLAIN))
    yield from cross(
        signer=SIGNERS,
        holder_duties=(*FEW_HOLDERS, PART2, frozenset({Duty.FERPA}), frozenset({Duty.ATTORNEY_PRIVILEGE})),
        elements=(ALL_ELEMENTS - {Element.AUTHORITY},),
    )


LENGTHS = (
    -DAY,
    timedelta(0),
    TICK,
    2 * TICK,
    15 * DAY,
    30 * DAY,
    30 * DAY + TICK,
    90 * DAY - TICK,
    90 * DAY,
    90 * DAY + TICK,
    91 * DAY,
    400 * DAY,
)
MOMENTS = (
    ("signed", -DAY),
    *(("signed", tick) for tick in TICKS),
    ("middle", timedelta(0)),
    *(("until", tick) for tick in TICKS),
    ("until", DAY),
)
WITHDRAWALS = (
    None,
    *((anchor, tick) for anchor in ("at", "signed", "until") for tick in TICKS),
    ("at", -DAY),
    ("at", DAY),
)
FAR_EAST, FAR_WEST = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))


def moments() -> Iterator[Question]:
    """Signing, end, withdrawal and length: one microsecond before, at and after each."""
    yield from cross(
        length=LENGTHS,
        at=MOMENTS,
        withdrawn=WITHDRAWALS,
        long_because=(False, True),
        holder_duties=FEW_HOLDERS,
    )
    # The same instant told in another time zone is the same instant; no zone is no moment.
    yield from cross(
        length=LENGTHS[4:],
        at=MOMENTS,
        withdrawn=WITHDRAWALS[:4],
        zone=(FAR_EAST, FAR_WEST, "nowhere"),
        signed=(SIGNED, SIGNED.astimezone(FAR_WEST)),
    )


def matching() -> Iterator[Question]:
    """Subject, holder, recipient, person, purpose, category: each right and wrong, in every combination."""
    yield from cross(
        release_subject=(ANA, HER_CHILD),
        release_holder=(HOLDER, THIRD, RECIPIENT),
        release_recipient=(RECIPIENT, THIRD, HOLDER),
        release_person=("", DETECTIVE, CLERK),
        person=("", DETECTIVE),
        release_purpose=(None, Purpose.SAFETY),
        release_category=(None, Category.IDENTITY, Category.VISITS),
        holder_duties=(VAWA, HIPAA, PLAIN),
    )
    yield from cross(
        subject=(ANA, HER_CHILD, "person-other"),
        release_subject=(ANA, HER_CHILD),
        relation=Relation,
        level=Level,
        holder_duties=FEW_HOLDERS,
    )
    yield from cross(purpose=Purpose, release_purpose=Purpose, holder_duties=FEW_HOLDERS)


def grants() -> Iterator[Question]:
    """Up to three lines of one release, in every order: the greatest for the category counts."""
    lines = [Grant(Category.INJURIES, level) for level in Level]
    lines += [Grant(Category.IDENTITY, Level.FULL), Grant(Category.VISITS, Level.SUMMARY)]
    some = [tuple(chosen) for size in range(4) for chosen in product(lines, repeat=size)]
    yield from cross(
        grants=some,
        category=(Category.INJURIES, Category.IDENTITY, Category.VISITS, Category.NOTES),
        holder_duties=(VAWA, HIPAA, PLAIN),
    )


#: One release each, as it differs from the representative.
SOME_RELEASES: tuple[Facts, ...] = (
    {"release_id": "release-m"},
    {"release_id": "release-9", "length": 15 * DAY},
    {"release_id": "release-10", "length": 15 * DAY, "level": Level.SUMMARY},
    {"release_id": "release-late", "length": 16 * DAY},
    {"release_id": "release-late-summary", "length": 60 * DAY, "level": Level.SUMMARY},
    {"release_id": "release-existence", "length": 80 * DAY, "level": Level.EXISTENCE},
    {"release_id": "release-nothing", "level": Level.NONE},
    {"release_id": "release-ended", "length": 2 * DAY},
    {"release_id": "release-withdrawn", "withdrawn": ("at", -TICK)},
    {"release_id": "release-withdrawn-soon", "withdrawn": ("at", TICK), "length": 15 * DAY + TICK},
    {"release_id": "release-unsigned", "elements": ALL_ELEMENTS - {Element.SIGNED}},
    {"release_id": "release-only-basics", "elements": frozenset({Element.WRITTEN, Element.SIGNED, Element.DATED})},
    {"release_id": "release-abuser", "signer": Signer(role=SignerRole.GUARDIAN, abuser=True)},
    {"release_id": "release-parent", "signer": Signer(role=SignerRole.PARENT, minor=True), "length": 17 * DAY},
    {"release_id": "release-long", "length": 120 * DAY},
    {"release_id": "release-long-explained", "length": 110 * DAY, "long_because": True},
    {"release_id": "release-child", "release_subject": HER_CHILD},
    {"release_id": "release-third", "release_recipient": THIRD},
    {"release_id": "release-visits", "release_category": Category.VISITS},
    {"release_id": "release-named", "release_person": DETECTIVE, "level": Level.SUMMARY},
)


def several_releases() -> Iterator[Question]:
    """None, one, two or three releases in every order: they never merge, and one of them is relied on."""
    for size in range(4):
        holders = FEW_HOLDERS if size < 3 else (VAWA, VOCA | HIPAA)
        for chosen in product(SOME_RELEASES, repeat=size):
            # One id is one release.
            if len({facts["release_id"] for facts in chosen}) == size:
                yield from cross({"released": False, "more": chosen}, holder_duties=holders)


# --- What narrows, and what must change nothing ------------------------------------------------------


def blocks() -> Iterator[Question]:
    """Every block, alone and beside every other, against everyone who could be meant."""
    against = (RECIPIENT, DETECTIVE, MEMBER, ANA, HOLDER, THIRD, "")
    single = [Block(kind, who) for kind in BlockKind for who in against]
    several = [(), *((block,) for block in single), *combinations(single, 2)]
    yield from cross(
        blocks=several,
        person=("", DETECTIVE),
        conflicts=[frozenset[str]()] + [frozenset({who}) for who in (ANA, RECIPIENT, DETECTIVE, MEMBER, HER_CHILD)],
        released=(True, False),
        holder_duties=(VAWA, PLAIN),
    )
    yield from cross(
        blocks=several,
        person=("", DETECTIVE),
        holder_duties=FEW_HOLDERS,
        recipient_kind=(AgencyKind.POLICE, AgencyKind.HOSPITAL),
    )


def agreement(**changes: Any) -> Agreement:
    facts: Facts = {
        "id": "agreement-1",
        "parties": frozenset({HOLDER, RECIPIENT}),
        "categories": frozenset(Category),
        "purposes": frozenset(Purpose),
        "since": SIGNED - 100 * DAY,
        "until": SIGNED + 100 * DAY,
    }
    return Agreement(**(facts | changes))


AT = SIGNED + 3 * DAY
SPANS = tuple(
    (AT + since, AT + until)
    for since, until in (
        (-DAY, DAY),
        (timedelta(0), DAY),
        (TICK, DAY),
        (-DAY, TICK),
        (-DAY, timedelta(0)),
        (-DAY, -TICK),
    )
)


def agreements() -> Iterator[Question]:
    """Where no exception speaks, an agreement changes nothing: it opens nothing, and her release rests on none."""
    some: list[tuple[Agreement, ...]] = [
        (
            agreement(
                parties=parties, categories=kinds, purposes=purposes, since=since, until=until, suspended=suspended
            ),
        )
        for parties in (
            frozenset({HOLDER, RECIPIENT}),
            frozenset({HOLDER, THIRD}),
            frozenset({HOLDER, RECIPIENT, THIRD}),
        )
        for kinds in (frozenset(Category), frozenset({Category.HOUSING}), frozenset[Category]())
        for purposes in (frozenset(Purpose), frozenset({Purpose.HOUSING}))
        for since, until in SPANS
        for suspended in (False, True)
    ]
    some.append(tuple(agreement(id=f"agreement-{n}") for n in range(3)))
    yield from cross(
        agreements=some,
        released=(True, False),
        level=(Level.FULL, Level.EXISTENCE),
        holder_duties=FEW_HOLDERS,
        recipient_kind=(AgencyKind.LEGAL_AID, AgencyKind.POLICE),
    )


# --- Without her release -----------------------------------------------------------------------------

POLICE_DUTIES, COURT_DUTIES = frozenset({Duty.BRADY, Duty.CJIS}), frozenset({Duty.COURT_RECORDS})


def route(
    holder: AgencyKind, duties: frozenset[Duty], recipient: AgencyKind, category: Category, purpose: Purpose
) -> Facts:
    return {
        "holder_kind": holder,
        "holder_duties": duties,
        "recipient_kind": recipient,
        "category": category,
        "purpose": purpose,
    }


#: Every way on which something flows without her release.
FREE_ROUTES = (
    route(AgencyKind.POLICE, POLICE_DUTIES, AgencyKind.PROSECUTOR, Category.LEGAL, Purpose.PROSECUTION),
    route(AgencyKind.COURT, COURT_DUTIES, AgencyKind.POLICE, Category.LEGAL, Purpose.PROTECTIVE_ORDER),
    route(AgencyKind.COURT, COURT_DUTIES, AgencyKind.PROBATION, Category.LEGAL, Purpose.SUPERVISION),
    route(AgencyKind.PROBATION, PLAIN, AgencyKind.VICTIM_SERVICES, Category.LEGAL, Purpose.SAFETY),
    route(AgencyKind.PROBATION, COURT_DUTIES, AgencyKind.POLICE, Category.LEGAL, Purpose.SAFETY),
)
AGREED_ROUTES = (
    route(AgencyKind.POLICE, POLICE_DUTIES, AgencyKind.COURT, Category.RISK, Purpose.PROSECUTION),
    route(AgencyKind.INTERVENTION, PLAIN, AgencyKind.PROBATION, Category.SERVICES, Purpose.SUPERVISION),
    route(AgencyKind.INTERVENTION, PLAIN, AgencyKind.COURT, Category.SERVICES, Purpose.SUPERVISION),
)
ROUTES = FREE_ROUTES + AGREED_ROUTES


def on_routes(routes: Iterable[Facts], fixed: Facts | None = None, /, **facts: Iterable[Any]) -> Iterator[Question]:
    """Every combination of these facts on each route, nothing released unless they say so."""
    for one in routes:
        base = without({"released": False} | one | (fixed or {}), *facts)
        yield from cross(base, **{name: tuple(choices) for name, choices in facts.items()})


def exceptions() -> Iterator[Question]:
    """Every kind of holder and recipient, category and purpose: what flows without her release, and what does not."""
    some = (*(one["category"] for one in ROUTES), Category.IDENTITY, Category.INJURIES, Category.CONTACT)
    yield from cross(
        {"released": False, "agreements": (agreement(),), "holder_duties": PLAIN},
        holder_kind=AgencyKind,
        recipient_kind=AgencyKind,
        category=dict.fromkeys(some),
        purpose=dict.fromkeys((*(one["purpose"] for one in ROUTES), Purpose.INVESTIGATION, Purpose.LEGAL_HELP)),
    )
    yield from on_routes(ROUTES, category=Category, purpose=Purpose, agreements=((), (agreement(),)))


def exceptions_by_duty() -> Iterator[Question]:
    """Every law beside those an exception speaks for closes it; what binds the recipient obliges."""
    states = [*subsets((Duty.BRADY, Duty.CJIS, Duty.COURT_RECORDS, Duty.NONE, Duty.VAWA, Duty.HIPAA))]
    states += [beside | {duty} for beside in (frozenset[Duty](), POLICE_DUTIES, COURT_DUTIES) for duty in Duty]
    agreed = {"agreements": (agreement(),)}
    yield from on_routes(
        ROUTES, holder_duties=dict.fromkeys(states), released=(False, True), agreements=((), (agreement(),))
    )
    yield from on_routes(ROUTES, agreed, recipient_duties=dict.fromkeys(states))


def exceptions_and_bars() -> Iterator[Question]:
    """Marks, blocks, conflicts, roles and papers come first, on every route."""
    agreed = {"agreements": (agreement(),)}
    marks = [some for some in subsets(Mark) if len(some) <= 2]
    yield from on_routes(ROUTES, agreed, marks=marks, released=(False, True))
    blocks: list[tuple[Block, ...]] = [()]
    blocks += [(Block(kind, who),) for kind in BlockKind for who in (RECIPIENT, DETECTIVE, MEMBER, ANA, THIRD, HOLDER)]
    yield from on_routes(
        ROUTES, agreed, blocks=blocks, person=("", DETECTIVE), conflicts=(frozenset[str](), frozenset({ANA}))
    )
    yield from on_routes(ROUTES, agreed, roles=ROLE_SETS)
    yield from on_routes(
        ROUTES,
        processes=((), (process(),)),
        agreements=((), (agreement(),)),
        released=(False, True),
        withdrawn=WITHDRAWALS[:3],
        asker=(HOLDER, RECIPIENT),
        recipient=(RECIPIENT, HOLDER),
        subject=(ANA, HER_CHILD),
        zone=(None, FAR_EAST, "nowhere"),
    )


def exceptions_and_releases() -> Iterator[Question]:
    """Her release and an exception side by side: hers when it opens as much, the higher level otherwise."""
    yield from on_routes(
        ROUTES,
        {"released": True},
        level=Level,
        category=(*dict.fromkeys(one["category"] for one in ROUTES), Category.IDENTITY, Category.NOTES),
        agreements=((), (agreement(),), (agreement(suspended=True),)),
        withdrawn=(None, ("at", timedelta(0)), ("at", TICK)),
        elements=(ALL_ELEMENTS, ALL_ELEMENTS - {Element.SIGNED}),
        length=(2 * DAY, 15 * DAY, 90 * DAY + TICK),
    )


def exceptions_and_agreements() -> Iterator[Question]:
    """In force, not yet, ended, suspended; these parties or others; this category and purpose or others; several."""
    yield from on_routes(
        (FREE_ROUTES[0], *AGREED_ROUTES),
        agreements=[
            (agreement(parties=parties, categories=kinds, purposes=why, since=since, until=until, suspended=suspended),)
            for parties in (
                frozenset({HOLDER, RECIPIENT}),
                frozenset({HOLDER, RECIPIENT, THIRD}),
                frozenset({HOLDER, THIRD}),
                frozenset({RECIPIENT, THIRD}),
                frozenset[str](),
            )
            for kinds in (
                frozenset(Category),
                frozenset({Category.RISK}),
                frozenset({Category.SERVICES}),
                frozenset({Category.HOUSING}),
                frozenset[Category](),
            )
            for why in (
                frozenset(Purpose),
                frozenset({Purpose.PROSECUTION}),
                frozenset({Purpose.SUPERVISION}),
                frozenset({Purpose.HOUSING}),
            )
            for since, until in SPANS
            for suspended in (False, True)
        ],
    )
    several = (
        agreement(id="agreement-m"),
        agreement(id="agreement-9"),
        agreement(id="agreement-10", until=SIGNED + 101 * DAY),
        agreement(id="agreement-soon", until=AT + TICK),
        agreement(id="agreement-ended", until=AT),
        agreement(id="agreement-m", suspended=True),
        agreement(id="agreement-third", parties=frozenset({HOLDER, THIRD}), until=SIGNED + 200 * DAY),
    )
    yield from on_routes(
        (FREE_ROUTES[0], *AGREED_ROUTES),
        agreements=[chosen for size in (2, 3) for chosen in product(several, repeat=size)],
    )


def exception_pairs() -> Iterator[Question]:
    """Every two dimensions in full on a route of each sort, with her release at hand."""
    for base in (FREE_ROUTES[0], FREE_ROUTES[3], AGREED_ROUTES[0] | {"agreements": (agreement(),)}):
        for names in combinations(DIMENSIONS, 2):
            yield from together(names, DIMENSIONS.__getitem__, {"level": Level.EXISTENCE} | base)


def process(**changes: Any) -> Process:
    facts: Facts = {
        "id": "process-1",
        "kind": ProcessKind.SUBPOENA,
        "recipient": RECIPIENT,
        "subject": ANA,
        "categories": frozenset(Category),
        "since": SIGNED - 100 * DAY,
        "until": SIGNED + 100 * DAY,
    }
    return Process(**(facts | changes))


def processes() -> Iterator[Question]:
    """What no rule asks a paper for, no paper opens: not for legal help, and toward no funder."""
    papers = [()] + [
        (
            process(
                kind=kind,
                recipient=recipient,
                subject=subject,
                categories=kinds,
                since=since,
                until=until,
                counsel_reviewed=reviewed,
                represented=frozenset(Representation) if reviewed else frozenset(),
                statute="report-child-federal" if reviewed else "",
            ),
        )
        for kind in ProcessKind
        for recipient in (RECIPIENT, THIRD)
        for subject in (ANA, HER_CHILD)
        for kinds in (frozenset(Category), frozenset({Category.HOUSING}))
        for since, until in SPANS[:1] + SPANS[3:5]
        for reviewed in (False, True)
    ]
    yield from cross(
        processes=papers,
        released=(True, False),
        holder_duties=(VAWA, HIPAA, PLAIN, VOCA | HIPAA),
        recipient_kind=(AgencyKind.COURT, AgencyKind.POLICE, AgencyKind.FUNDER),
    )
    yield from cross(
        processes=papers[:1] + papers[1::12],
        elements=(ALL_ELEMENTS, ALL_ELEMENTS - {Element.SIGNED}),
        withdrawn=WITHDRAWALS[:4],
        marks=(frozenset[Mark](), frozenset({Mark.PRIVILEGED}), frozenset({Mark.SUD})),
        holder_duties=(VAWA, HIPAA, frozenset({Duty.PART2})),
    )


# --- On papers ---------------------------------------------------------------------------------------


def paper(kind: ProcessKind, *represented: Representation, id: str = "paper-1", **changes: Any) -> Process:
    """A paper about Ana for the recipient, holding now, counsel behind it."""
    return process(
        **({"kind": kind, "represented": frozenset(represented), "id": id, "counsel_reviewed": True} | changes)
    )


def report(statute: str, *represented: Representation, **changes: Any) -> Process:
    return paper(ProcessKind.MANDATED_REPORT, *represented, statute=statute, **changes)


def on_paper(
    holder: AgencyKind,
    duties: Iterable[Duty],
    recipient: AgencyKind,
    category: Category,
    purpose: Purpose,
    *papers: Process,
    **more: Any,
) -> Facts:
    return route(holder, frozenset(duties), recipient, category, purpose) | {"processes": papers} | more


R, K, C, P, A, D = Representation, ProcessKind, Category, Purpose, AgencyKind, Duty
CHILDREN, ELDERS = "report-child-federal", "report-elder-care"
ORDER, WARRANT = paper(K.COURT_ORDER), paper(K.WARRANT)
RULING = paper(K.COURT_ORDER, R.PRIVILEGE_RULED_ON)
PART2_ORDER = (paper(K.PART2_ORDER), paper(K.SUBPOENA, id="paper-2"))
DEATHS = (R.TO_PREVENT_DEATHS, R.IDENTITY_PROTECTED, R.RELEASE_SOUGHT, R.SHE_HAS_DIED)
ALL_THREE = (R.INCAPACITATED, R.NOT_AGAINST_HER, R.HARM_BY_WAITING, R.BEST_INTEREST)

#: Every way on which something is let out on a paper: each rule, each of its papers.
COMPELLED_ROUTES = (
    on_paper(A.VICTIM_SERVICES, {D.VAWA}, A.COURT, C.NOTES, P.LEGAL_PROCESS, ORDER),
    on_paper(A.VICTIM_SERVICES, {D.VOCA, D.FVPSA}, A.DEFENCE, C.SERVICES, P.LEGAL_PROCESS, WARRANT),
    on_paper(A.COMMUNITY, {D.VAWA}, A.PROTECTIVE_SERVICES, C.NOTES, P.MANDATED_REPORT, report(ELDERS)),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.POLICE, C.INJURIES, P.INVESTIGATION, WARRANT),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.COURT, C.RESULTS, P.PROSECUTION, ORDER),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.POLICE, C.INJURIES, P.MANDATED_REPORT, report(ELDERS)),
    on_paper(A.SUBSTANCE_USE, {D.PART2}, A.COURT, C.NOTES, P.LEGAL_PROCESS, *PART2_ORDER),
    on_paper(
        A.SUBSTANCE_USE,
        {D.PART2, D.HIPAA},
        A.PROSECUTOR,
        C.VISITS,
        P.INVESTIGATION,
        *PART2_ORDER,
        paper(K.COURT_ORDER, id="paper-3"),
    ),
    on_paper(A.SUBSTANCE_USE, {D.PART2}, A.PROTECTIVE_SERVICES, C.NOTES, P.MANDATED_REPORT, report(CHILDREN)),
    on_paper(A.MENTAL_HEALTH, {D.PART2, D.HIPAA}, A.PROTECTIVE_SERVICES, C.NOTES, P.MANDATED_REPORT, report(ELDERS)),
    on_paper(A.SCHOOL, {D.FERPA}, A.COURT, C.EDUCATION, P.LEGAL_PROCESS, paper(K.SUBPOENA, R.SHE_WAS_NOTIFIED)),
    on_paper(A.SCHOOL, {D.FERPA}, A.POLICE, C.EDUCATION, P.MANDATED_REPORT, report(CHILDREN)),
    on_paper(A.LEGAL_AID, {D.ATTORNEY_PRIVILEGE}, A.COURT, C.LEGAL, P.LEGAL_PROCESS, RULING),
    on_paper(
        A.MENTAL_HEALTH, {D.THERAPIST_PRIVILEGE}, A.PROTECTIVE_SERVICES, C.NOTES, P.MANDATED_REPORT, report(CHILDREN)
    ),
    on_paper(A.PROTECTIVE_SERVICES, {D.PROTECTIVE_RECORDS}, A.COURT, C.NOTES, P.LEGAL_PROCESS, ORDER),
    on_paper(A.COMMUNITY, {D.NONE}, A.POLICE, C.NOTES, P.MANDATED_REPORT, report(ELDERS)),
)
FOUND_ROUTES = (
    on_paper(
        A.VICTIM_SERVICES,
        {D.VAWA},
        A.FUNDER,
        C.SERVICES,
        P.REPORTING,
        paper(K.FINDING, R.CELLS_SUPPRESSED),
        relation=Relation.NOBODY,
    ),
    on_paper(A.POLICE, POLICE_DUTIES, A.VICTIM_SERVICES, C.CONTACT, P.SAFETY, paper(K.FINDING, R.SHE_AGREES)),
    on_paper(A.POLICE, {D.CJIS}, A.VICTIM_SERVICES, C.LEGAL, P.SAFETY, paper(K.FINDING, R.SHE_AGREES)),
    on_paper(A.PROSECUTOR, {D.BRADY}, A.DEFENCE, C.NOTES, P.DISCOVERY, paper(K.FINDING, R.FAVOURABLE_MATERIAL)),
    on_paper(
        A.HOSPITAL, {D.HIPAA}, A.FAMILY, C.MEDICATIONS, P.TREATMENT, paper(K.FINDING, R.SHE_AGREES, R.NO_SUCH_THREAT)
    ),
    on_paper(
        A.HOSPITAL,
        {D.HIPAA},
        A.FAMILY,
        C.VISITS,
        P.TREATMENT,
        paper(K.FINDING, R.INCAPACITATED, R.BEST_INTEREST, R.NO_SUCH_THREAT),
    ),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.PROTECTIVE_SERVICES, C.NOTES, P.MANDATED_REPORT, paper(K.FINDING, R.SHE_AGREES)),
    on_paper(
        A.HOSPITAL,
        {D.HIPAA},
        A.POLICE,
        C.NOTES,
        P.MANDATED_REPORT,
        paper(K.FINDING, R.PREVENTS_SERIOUS_HARM, R.AUTHORISED_BY_STATUTE),
    ),
    on_paper(
        A.HOSPITAL,
        {D.HIPAA},
        A.POLICE,
        C.NOTES,
        P.MANDATED_REPORT,
        paper(K.FINDING, R.INCAPACITATED, R.NOT_AGAINST_HER, R.HARM_BY_WAITING, R.AUTHORISED_BY_STATUTE),
    ),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.POLICE, C.IDENTITY, P.LOCATE, paper(K.LAW_ENFORCEMENT_REQUEST)),
    on_paper(
        A.HOSPITAL, {D.HIPAA}, A.POLICE, C.INJURIES, P.INVESTIGATION, paper(K.LAW_ENFORCEMENT_REQUEST, R.SHE_AGREES)
    ),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.POLICE, C.EXAM, P.INVESTIGATION, paper(K.LAW_ENFORCEMENT_REQUEST, *ALL_THREE)),
    on_paper(
        A.HOSPITAL,
        {D.HIPAA},
        A.PROSECUTOR,
        C.ENCOUNTERS,
        P.LEGAL_PROCESS,
        paper(K.ADMINISTRATIVE_REQUEST, R.RELEVANT_AND_LIMITED),
    ),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.COURT, C.RESULTS, P.LEGAL_PROCESS, paper(K.SUBPOENA, R.SHE_WAS_NOTIFIED)),
    on_paper(
        A.HOSPITAL, {D.HIPAA}, A.DEFENCE, C.RESULTS, P.LEGAL_PROCESS, paper(K.SUBPOENA, R.PROTECTIVE_ORDER_SOUGHT)
    ),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.POLICE, C.NOTES, P.INVESTIGATION, paper(K.FINDING, R.STAFF_OR_PREMISES)),
    on_paper(A.HOSPITAL, {D.HIPAA}, A.SCHOOL, C.RISK, P.SAFETY, paper(K.FINDING, R.IMMINENT_THREAT)),
    on_paper(A.SUBSTANCE_USE, {D.PART2}, A.HOSPITAL, C.MEDICATIONS, P.TREATMENT, paper(K.FINDING, R.MEDICAL_EMERGENCY)),
    on_paper(A.SUBSTANCE_USE, {D.PART2}, A.POLICE, C.LEGAL, P.INVESTIGATION, paper(K.FINDING, R.STAFF_OR_PREMISES)),
    on_paper(
        A.SCHOOL, {D.FERPA}, A.POLICE, C.RISK, P.SAFETY, paper(K.FINDING, R.IMMINENT_THREAT, R.THREAT_WRITTEN_DOWN)
    ),
    on_paper(
        A.SCHOOL,
        {D.FERPA},
        A.PROTECTIVE_SERVICES,
        C.EDUCATION,
        P.COORDINATION,
        paper(K.FINDING, R.AUTHORISED_BY_STATUTE),
    ),
    on_paper(A.VICTIM_SERVICES, {D.VAWA, D.VOCA}, A.COMMUNITY, C.RISK, P.FATALITY_REVIEW, paper(K.FINDING, *DEATHS)),
    on_paper(A.COURT, {D.COURT_RECORDS}, A.HOSPITAL, C.LEGAL, P.FATALITY_REVIEW, paper(K.FINDING, *DEATHS)),
)
PAPER_ROUTES = COMPELLED_ROUTES + FOUND_ROUTES
#: Without a paper and without an agreement, beside those above.
TREATMENT = route(A.HOSPITAL, HIPAA, A.MENTAL_HEALTH, C.RESULTS, P.TREATMENT) | {"recipient_duties": HIPAA}
REGISTRY = route(A.COURT, COURT_DUTIES, A.REGISTRY, C.IDENTITY, P.PROTECTIVE_ORDER)

#: One of each kind with everything written on it, both statutes: whatever a law could ask for is on file.
EVERYTHING_ON_FILE = (
    *(paper(kind, *(set(R) - {R.INFORMING_UNSAFE}), id=f"paper-{kind}") for kind in K if kind is not K.MANDATED_REPORT),
    report(CHILDREN, id="paper-children"),
    report(ELDERS, id="paper-elders"),
)


def changed(one: Facts, **changes: Any) -> tuple[Process, ...]:
    """The papers of this route, the first of them changed."""
    first, *rest = one["processes"]
    return (replace(first, **changes), *rest)


def paper_kinds() -> Iterator[Question]:
    """Each route by every kind of paper, with and without counsel, resting on every statute and on none."""
    for one in PAPER_ROUTES:
        statutes = dict.fromkeys((one["processes"][0].statute, "", CHILDREN, ELDERS, "report-unheard-of"))
        yield from on_routes(
            (one,),
            processes=[
                changed(one, kind=kind, counsel_reviewed=reviewed, statute=statute)
                for kind in K
                for reviewed in (False, True)
                for statute in statutes
            ],
        )
        # The second paper, where there is one: another kind, no counsel, none.
        first, *rest = one["processes"]
        for index, second in enumerate(rest):
            others = rest[:index] + rest[index + 1 :]
            some = [(first, *others, replace(second, kind=kind)) for kind in K]
            some += [(first, *others), (first, *others, replace(second, counsel_reviewed=False))]
            some += [(first, *others, replace(second, until=AT + tick)) for tick in TICKS]
            yield from on_routes((one,), processes=some)


def paper_representations() -> Iterator[Question]:
    """Each route by every set of what its paper must say, beside nothing and beside everything else."""
    for one in PAPER_ROUTES:
        asked = one["processes"][0].represented
        rest = frozenset(R) - asked
        some = [said | beside for said in subsets(asked) for beside in (frozenset[Representation](), rest)]
        some += [asked | {other} for other in rest] + [frozenset(R) - {each} for each in asked]
        yield from on_routes(
            (one,), processes=[changed(one, represented=represented) for represented in dict.fromkeys(some)]
        )
        # What two papers say together one of them must say.
        first, *others = one["processes"]
        if len(asked) > 1:
            for part in subsets(asked):
                halves = (replace(first, represented=part), replace(first, represented=asked - part, id="paper-half"))
                yield from on_routes((one,), processes=[(*halves, *others)])


def paper_edges() -> Iterator[Question]:
    """Each route: the paper holds or not, names this recipient, person and category or another; two under one id."""
    for one in PAPER_ROUTES:
        yield from on_routes(
            (one,),
            processes=[
                (*changed(one, since=since, until=until, recipient=to, subject=about, categories=kinds), *more)
                for since, until in SPANS
                for to in (RECIPIENT, THIRD, HOLDER)
                for about in (ANA, HER_CHILD)
                for kinds in (frozenset(C), frozenset({one["category"]}), frozenset(C) - {one["category"]})
                for more in ((), (paper(K.RECORDS_REQUEST),))
            ],
        )
        # How long it is good for: one day, thirty, half a year, a year, or as long as the paper.
        ends = [days * DAY + tick for days in (1, 30, 90, 180, 365) for tick in TICKS]
        yield from on_routes((one,), processes=[changed(one, until=AT + end) for end in ends])


def papers_by_purpose() -> Iterator[Question]:
    """Each route by every kind of recipient and every purpose."""
    yield from on_routes((*PAPER_ROUTES, TREATMENT, REGISTRY), recipient_kind=AgencyKind, purpose=Purpose)


def papers_by_category() -> Iterator[Question]:
    """Each route by every kind of holder and every category; about whomever it is."""
    yield from on_routes((*PAPER_ROUTES, TREATMENT, REGISTRY), holder_kind=AgencyKind, category=Category)
    yield from on_routes((*PAPER_ROUTES, TREATMENT, REGISTRY), relation=Relation, subject=(ANA, HER_CHILD))
    yield from on_routes(
        (*PAPER_ROUTES, TREATMENT, REGISTRY),
        category=(C.CONTACT, C.LOCATION),
        relation=Relation,
        recipient_kind=(A.INTERVENTION, A.DEFENCE, A.RESPONDENT, A.COURT, A.HMIS, A.FUNDER),
    )


def papers_by_duty() -> Iterator[Question]:
    """Each route under every law, and under its own and every other: each must let it out."""
    for one in (*PAPER_ROUTES, TREATMENT, REGISTRY):
        own = one["holder_duties"] - {D.NONE}
        states = dict.fromkeys(
            [*(frozenset({duty}) for duty in D), *(own | {duty} for duty in D), PART2 | HIPAA | VAWA]
        )
        papers = dict.fromkeys((one.get("processes", ()), EVERYTHING_ON_FILE, ()))
        yield from on_routes((one,), holder_duties=states, processes=papers)
        yield from on_routes((one,), recipient_duties=[frozenset({duty}) for duty in D])


def two_laws() -> Iterator[Question]:
    """Holders under two laws with everything on file, toward everybody who may hear of it, for every purpose."""
    for duties in (
        HIPAA | PART2,
        HIPAA | VAWA,
        VAWA | {D.ADVOCATE_PRIVILEGE},
        HIPAA | {D.THERAPIST_PRIVILEGE},
        HIPAA | {D.FERPA},
        VAWA | {D.FERPA},
        frozenset({D.BRADY, D.PROTECTIVE_RECORDS}),
    ):
        for kind in (A.SUBSTANCE_USE, A.HOSPITAL, A.COMMUNITY, A.SCHOOL):
            yield from cross(
                {"released": False, "processes": EVERYTHING_ON_FILE, "holder_duties": duties, "holder_kind": kind},
                recipient_kind=(
                    A.POLICE,
                    A.PROSECUTOR,
                    A.COURT,
                    A.DEFENCE,
                    A.PROTECTIVE_SERVICES,
                    A.HOSPITAL,
                    A.FAMILY,
                ),
                recipient_duties=(PLAIN, HIPAA),
                purpose=Purpose,
                category=(C.IDENTITY, C.NOTES, C.RISK, C.EDUCATION),
            )


#: What one law of the holder compels and another only permits: on papers of both, or on one that both name.
HALF_COMPELLED = (
    on_paper(
        A.SUBSTANCE_USE,
        PART2 | HIPAA,
        A.COURT,
        C.NOTES,
        P.LEGAL_PROCESS,
        PART2_ORDER[0],
        paper(K.SUBPOENA, R.SHE_WAS_NOTIFIED, id="paper-2"),
    ),
    on_paper(
        A.SUBSTANCE_USE,
        PART2 | HIPAA,
        A.POLICE,
        C.IDENTITY,
        P.INVESTIGATION,
        *PART2_ORDER,
        paper(K.LAW_ENFORCEMENT_REQUEST, R.SHE_AGREES, id="paper-3"),
    ),
    on_paper(
        A.SUBSTANCE_USE,
        PART2 | HIPAA,
        A.POLICE,
        C.NOTES,
        P.INVESTIGATION,
        paper(K.FINDING, R.STAFF_OR_PREMISES),
        paper(K.WARRANT, id="paper-2"),
    ),
    on_paper(A.SCHOOL, HIPAA | {D.FERPA}, A.DEFENCE, C.RESULTS, P.LEGAL_PROCESS, paper(K.SUBPOENA, R.SHE_WAS_NOTIFIED)),
    on_paper(A.POLICE, HIPAA | {D.BRADY}, A.COURT, C.RISK, P.PROSECUTION, ORDER, agreements=(agreement(),)),
)


def half_compelled() -> Iterator[Question]:
    """Each with each of its papers gone, ended, unseen by counsel, for single facts, or beside an order that compels
    all of it; with a release, a never, a conflict, an agreement suspended, a mark, and what was written beside."""
    blocks = [(), *((Block(kind, RECIPIENT),) for kind in BlockKind), (Block(BlockKind.CONFLICT, ANA),)]
    beside = paper(K.FINDING, R.INFORMING_UNSAFE, R.THREAT_WRITTEN_DOWN, id="paper-b")
    for one in HALF_COMPELLED:
        own = one["processes"]
        papers: list[tuple[Process, ...]] = [
            own,
            (),
            EVERYTHING_ON_FILE,
            (*own, beside),
            (*own, replace(ORDER, id="paper-o")),
        ]
        for place, each in enumerate(own):
            rest = (*own[:place], *own[place + 1 :])
            changes: tuple[Facts, ...] = (
                {"until": AT},
                {"until": AT + TICK},
                {"since": AT + TICK},
                {"counsel_reviewed": False},
                {"represented": frozenset()},
                {"fields": frozenset({Field.NAME_ADDRESS})},
                {"fields": frozenset({Field.SSN})},
                {"subject": HER_CHILD},
                {"recipient": THIRD},
            )
            papers += [rest, *((*rest, replace(each, **change)) for change in changes)]
        yield from on_routes((one,), processes=papers, released=(False, True), level=(Level.EXISTENCE, Level.SUMMARY))
        yield from on_routes((one,), processes=(own, papers[4]), blocks=blocks, released=(False, True), level=Level)
        yield from on_routes((one,), marks=(frozenset({Mark.SUD}), frozenset({Mark.PRIVILEGED})), processes=papers)
        yield from on_routes((one,), category=Category, agreements=((), (agreement(suspended=True),), (agreement(),)))
        yield from on_routes((one,), holder_duties=[one["holder_duties"] | {duty} for duty in D], processes=papers)


def report_statutes() -> Iterator[Question]:
    """Who must report what to whom: every holder, every recipient, every statute, under every law that reports."""
    some = [(report(statute),) for statute in (CHILDREN, ELDERS, "", "report-of-no-state")]
    some.append((report(CHILDREN), report(ELDERS, id="paper-2")))
    yield from cross(
        {"released": False, "purpose": P.MANDATED_REPORT, "category": C.NOTES},
        holder_kind=AgencyKind,
        recipient_kind=(A.POLICE, A.PROTECTIVE_SERVICES, A.COURT, A.HOSPITAL),
        processes=some,
        holder_duties=(
            VAWA,
            HIPAA,
            PART2,
            PART2 | HIPAA,
            frozenset({D.FERPA}),
            PLAIN,
            frozenset({D.ADVOCATE_PRIVILEGE}),
        ),
    )


def single_facts() -> Iterator[Question]:
    """Each route with a paper that names one fact, two, all or none; and beside a second paper that names others."""
    named = [frozenset[Field](), *(frozenset({one}) for one in Field), frozenset(Field)]
    named += [frozenset({Field.NAME_ADDRESS, other}) for other in (Field.DNA, Field.INJURY_TYPE, Field.REPORTER)]
    for one in PAPER_ROUTES:
        yield from on_routes((one,), processes=[changed(one, fields=fields) for fields in named])
        first, *rest = one["processes"]
        for fields, others in product((named[0], named[1], named[2], named[9], named[-1]), repeat=2):
            pair = (replace(first, fields=fields), replace(first, fields=others, id="paper-0", until=AT + 2 * DAY))
            yield from on_routes((one,), processes=[(*pair, *rest)])


def facts_of_two_papers() -> Iterator[Question]:
    """Where two laws ask for a paper each, only what both papers name is told, and nothing if that is nothing."""
    named = (frozenset[Field](), *(frozenset({one}) for one in Field), frozenset({Field.NAME_ADDRESS, Field.BIRTH}))
    one = COMPELLED_ROUTES[7]
    first, second, third = one["processes"]
    yield from on_routes(
        (one,),
        processes=[
            (replace(first, fields=some), second, replace(third, fields=other))
            for some, other in product(named, repeat=2)
        ],
        released=(False, True),
        level=(Level.EXISTENCE,),
    )


def several_papers() -> Iterator[Question]:
    """Two papers of every sort together, in both orders, on the routes where more than one rule may speak."""
    some = (
        ORDER,
        RULING,
        replace(WARRANT, id="paper-w", fields=frozenset({Field.NAME_ADDRESS})),
        replace(ORDER, id="paper-0", until=AT + 3 * DAY),
        paper(K.LAW_ENFORCEMENT_REQUEST, R.SHE_AGREES, id="paper-le"),
        paper(K.ADMINISTRATIVE_REQUEST, R.RELEVANT_AND_LIMITED, id="paper-ad"),
        paper(K.FINDING, R.STAFF_OR_PREMISES, R.IMMINENT_THREAT, R.SHE_AGREES, id="paper-f"),
        paper(K.SUBPOENA, R.SHE_WAS_NOTIFIED, id="paper-s"),
        paper(K.PART2_ORDER, id="paper-p"),
        report(CHILDREN, id="paper-c"),
        report(ELDERS, id="paper-e", until=AT + DAY),
        paper(K.FINDING, R.INFORMING_UNSAFE, id="paper-u"),
    )
    pairs = [(one, other) for one, other in product(some, repeat=2) if one != other]
    triples = list(combinations(some, 3))
    for duties in (HIPAA, PART2, HIPAA | PART2, HIPAA | {D.THERAPIST_PRIVILEGE}, VAWA, HIPAA | {D.FERPA}):
        for recipient, purpose in (
            (A.POLICE, P.INVESTIGATION),
            (A.POLICE, P.MANDATED_REPORT),
            (A.COURT, P.LEGAL_PROCESS),
        ):
            base = on_paper(A.HOSPITAL, duties, recipient, C.IDENTITY, purpose)
            yield from on_routes((base,), processes=pairs + triples, marks=(frozenset[Mark](),))
            yield from on_routes((base,), processes=pairs, marks=(frozenset({Mark.PRIVILEGED}), frozenset({Mark.SUD})))


def papers_and_marks() -> Iterator[Question]:
    """Each route with every one and two marks: its own paper, that and a key's paper, everything on file."""
    some = [marks for marks in subsets(Mark) if len(marks) <= 2]
    key_papers = (
        paper(K.COURT_ORDER, R.PRIVILEGE_RULED_ON, R.UNSEALS, id="key-1"),
        paper(K.PART2_ORDER, id="key-2"),
        paper(K.SUBPOENA, id="key-3", until=AT + DAY / 2),
        paper(K.FINDING, R.IMMINENT_THREAT, R.MEDICAL_EMERGENCY, R.STAFF_OR_PREMISES, id="key-4"),
    )
    for one in (*PAPER_ROUTES, TREATMENT, REGISTRY):
        own = one.get("processes", ())
        papers = (own, (*own, key_papers[0]), (*own, *key_papers[1:3]), (*own, key_papers[3]), EVERYTHING_ON_FILE)
        yield from on_routes((one,), marks=some, processes=papers)


def papers_and_keys() -> Iterator[Question]:
    """What opens each key on paper: every kind, with and without counsel, each representation alone, each statute."""
    marked = ((Mark.PRIVILEGED,), (Mark.PSYCHOTHERAPY_NOTE,), (Mark.SUD,), (Mark.SUD_COUNSELLING_NOTE,), (Mark.SEALED,))
    papers: list[tuple[Process, ...]] = [
        (paper(kind, *said, counsel_reviewed=reviewed, statute=statute, id="key"),)
        for kind in K
        for said in (
            (),
            *(
                (each,)
                for each in (
                    R.PRIVILEGE_RULED_ON,
                    R.UNSEALS,
                    R.IMMINENT_THREAT,
                    R.MEDICAL_EMERGENCY,
                    R.STAFF_OR_PREMISES,
                )
            ),
        )
        for reviewed in (False, True)
        for statute in (("", CHILDREN, ELDERS) if kind is K.MANDATED_REPORT else ("",))
    ]
    papers += [(*one, replace(PART2_ORDER[1], id="key-2")) for one in papers]
    for one in (COMPELLED_ROUTES[3], COMPELLED_ROUTES[5], COMPELLED_ROUTES[13], FOUND_ROUTES[16], TREATMENT):
        own = one.get("processes", ())
        yield from on_routes(
            (one,), processes=[(*own, *beside) for beside in papers], marks=[frozenset(marks) for marks in marked]
        )


def papers_and_releases() -> Iterator[Question]:
    """Hers when it opens as much; the higher level otherwise; single facts never in its place; compelled before
    permitted; and what stays when she said never."""
    demanded = (ORDER, replace(ORDER, fields=frozenset({Field.NAME_ADDRESS})))
    found = (
        paper(K.LAW_ENFORCEMENT_REQUEST, R.SHE_AGREES, id="paper-le"),
        paper(K.ADMINISTRATIVE_REQUEST, R.RELEVANT_AND_LIMITED, id="paper-ad"),
        paper(K.LAW_ENFORCEMENT_REQUEST, R.SHE_AGREES, id="paper-f", fields=frozenset({Field.INJURY_TYPE})),
    )
    many = list(subsets((*demanded[:1], replace(demanded[1], id="paper-o"), *found)))
    never = ((), (Block(BlockKind.NEVER_SHARE, RECIPIENT),), (Block(BlockKind.CONFLICT, RECIPIENT),))
    yield from on_routes(
        (on_paper(A.HOSPITAL, {D.HIPAA}, A.POLICE, C.INJURIES, P.INVESTIGATION),),
        processes=[tuple(sorted(some, key=lambda each: each.id)) for some in many],
        released=(False, True),
        level=Level,
        blocks=never,
    )
    for one in (*PAPER_ROUTES, TREATMENT, REGISTRY):
        yield from on_routes(
            (one,),
            released=(False, True),
            level=Level,
            elements=(ALL_ELEMENTS, ALL_ELEMENTS - {Element.SIGNED}),
            length=(2 * DAY, 15 * DAY, 90 * DAY + TICK),
            blocks=never,
        )


def papers_and_blocks() -> Iterator[Question]:
    """Her never yields to what is compelled, a conflict to nothing, on each route."""
    blocks: list[tuple[Block, ...]] = [()]
    blocks += [(Block(kind, who),) for kind in BlockKind for who in (RECIPIENT, DETECTIVE, MEMBER, ANA, THIRD, HOLDER)]
    blocks.append((Block(BlockKind.NEVER_SHARE, RECIPIENT), Block(BlockKind.CONFLICT, ANA)))
    yield from on_routes(
        PAPER_ROUTES,
        blocks=blocks,
        person=("", DETECTIVE),
        conflicts=(frozenset[str](), frozenset({ANA})),
        roles=(WORKER, frozenset({Role.DIRECTOR})),
    )


def telling_her() -> Iterator[Question]:
    """That telling her is unsafe, what the threat is: on the paper relied on, on another, on one that is void."""
    said = frozenset({R.INFORMING_UNSAFE, R.THREAT_WRITTEN_DOWN})
    for one in PAPER_ROUTES:
        first = one["processes"][0]
        some: list[tuple[Process, ...]] = [one["processes"]]
        for more in (said, frozenset({R.INFORMING_UNSAFE})):
            some.append(changed(one, represented=first.represented | more))
            beside = paper(K.FINDING, *more, id="paper-beside")
            some += [
                (*one["processes"], beside),
                (*one["processes"], replace(beside, recipient=THIRD)),
                (*one["processes"], replace(beside, subject=HER_CHILD)),
                (*one["processes"], replace(beside, until=AT)),
                (*one["processes"], replace(beside, kind=K.RECORDS_REQUEST)),
            ]
            some.append(changed(one, represented=first.represented | more, until=AT))
        yield from on_routes((one,), processes=some, released=(False, True))


def totals() -> Iterator[Question]:
    """About nobody or somebody, from everybody, to everybody, for every purpose, small numbers left out or not."""
    left_out, left_in = paper(K.FINDING, R.CELLS_SUPPRESSED), paper(K.FINDING)
    yield from cross(
        {"released": False, "category": C.SERVICES},
        relation=(Relation.NOBODY, Relation.SELF, Relation.OTHER),
        holder_duties=(VAWA, HIPAA, PLAIN, VAWA | HIPAA),
        recipient_kind=AgencyKind,
        purpose=(P.COORDINATION, P.OVERSIGHT, P.REPORTING, P.RESEARCH, P.LEGAL_HELP, P.FATALITY_REVIEW),
        processes=((), (left_out,), (left_in,)),
    )
    yield from cross(
        {"released": False, "processes": (left_out,), "purpose": P.RESEARCH, "relation": Relation.NOBODY},
        holder_duties=[frozenset({duty}) for duty in D] + [frozenset(D) - {D.NONE}],
        recipient_kind=(A.FUNDER, A.HMIS),
        category=Category,
    )


def bars() -> Iterator[Question]:
    """What nothing lifts: about whom, toward whom, of what kind, with a release, with everything on file."""
    yield from cross(
        {"purpose": P.COORDINATION},
        category=(C.CONTACT, C.LOCATION, C.SERVICES),
        relation=Relation,
        recipient_kind=AgencyKind,
        marks=(frozenset[Mark](), frozenset({Mark.VICTIM_CONTACT})),
        holder_duties=(VAWA, VOCA, FVPSA, HIPAA, PLAIN),
        processes=((), EVERYTHING_ON_FILE),
    )
    yield from cross(
        {"processes": EVERYTHING_ON_FILE},
        purpose=Purpose,
        relation=Relation,
        recipient_kind=(A.HMIS, A.FUNDER, A.DEFENCE, A.RESPONDENT, A.COURT),
        holder_duties=(VAWA, VOCA | HIPAA, PLAIN),
        released=(False, True),
    )


# --- Instruments -------------------------------------------------------------------------------------

#: What asks for an instrument: marks and, for Part 2, the purpose.
KEYED = tuple(
    {"marks": frozenset(marks), "purpose": purpose}
    for marks in subsets(Mark)
    if len(marks) <= 2
    for purpose in (P.LEGAL_HELP, P.INVESTIGATION, P.SUPERVISION)
)
ITS_MARK = {
    Instrument.PSYCHOTHERAPY_NOTES: Mark.PSYCHOTHERAPY_NOTE,
    Instrument.COUNSELLING_NOTES: Mark.SUD_COUNSELLING_NOTE,
    Instrument.PROCEEDING: Mark.SUD,
    Instrument.CRIMINAL_JUSTICE: Mark.SUD,
    Instrument.PRIVILEGE_WAIVER: Mark.PRIVILEGED,
    Instrument.SHELTER_PERMISSION: Mark.SHELTER_LOCATION,
    Instrument.IMMIGRATION_WAIVER: Mark.IMMIGRATION,
}
ITS_PURPOSE = {Instrument.PROCEEDING: P.PROSECUTION, Instrument.CRIMINAL_JUSTICE: P.SUPERVISION}


def instruments() -> Iterator[Question]:
    """Every instrument for everything that asks for one or two; its own and nothing else."""
    for one in KEYED:
        yield from cross(
            one,
            instrument=Instrument,
            holder_duties=(VAWA, HIPAA, PART2, PART2 | HIPAA, PLAIN),
            elements=(ALL_ELEMENTS, ALL_ELEMENTS - {Element.SUBSTANCE_USE}),
        )
    yield from cross(
        instrument=Instrument,
        purpose=Purpose,
        marks=(frozenset[Mark](), frozenset({Mark.SUD})),
        holder_duties=(HIPAA, PART2, PART2 | HIPAA, PLAIN),
    )


def instrument_elements() -> Iterator[Question]:
    """Each instrument for its own, one or two elements missing, signed by her or for her; its moments and levels."""
    nearly = [ALL_ELEMENTS - missing for missing in subsets(Element) if len(missing) <= 2]
    for instrument, mark in ITS_MARK.items():
        own = {
            "instrument": instrument,
            "marks": frozenset({mark}),
            "purpose": ITS_PURPOSE.get(instrument, P.LEGAL_HELP),
            "holder_duties": VAWA if mark is Mark.SHELTER_LOCATION else PLAIN,
        }
        yield from cross(own, elements=nearly, signer=(Signer(), REPRESENTATIVE_SIGNS))
        yield from cross(own, at=MOMENTS, withdrawn=WITHDRAWALS[:4], level=Level, released=(True, False))
        yield from cross(
            without(own, "holder_duties"),
            holder_duties=(VAWA, HIPAA, PART2, frozenset({D.ATTORNEY_PRIVILEGE})),
            elements=nearly[: 1 + len(Element)],
        )


def several_instruments() -> Iterator[Question]:
    """Two releases of different kinds: they are never combined."""
    for one in KEYED[::3] + KEYED[1::9] + KEYED[2::9]:
        for first, second in combinations(Instrument, 2):
            more = ({"release_id": "release-1", "instrument": first}, {"release_id": "release-2", "instrument": second})
            yield from cross(one | {"released": False, "more": more}, holder_duties=(HIPAA, PLAIN))


def fixed_consents() -> Iterator[Question]:
    """42 CFR 2.35: taken back before, at and after the day until which she bound herself; and where she cannot."""
    fixed = (None, 0 * DAY, 3 * DAY - TICK, 3 * DAY, 3 * DAY + TICK, 10 * DAY, 15 * DAY, 20 * DAY)
    base = {"instrument": Instrument.CRIMINAL_JUSTICE, "purpose": P.SUPERVISION, "recipient_kind": A.PROBATION}
    for marks in (frozenset[Mark](), frozenset({Mark.SUD})):
        yield from cross(
            base | {"marks": marks},
            holder_duties=(PART2, HIPAA, PART2 | HIPAA, PART2 | VAWA, PLAIN, PART2 | {D.FERPA}),
            fixed=fixed,
            withdrawn=WITHDRAWALS,
            at=(("signed", 3 * DAY), ("until", -TICK), ("until", timedelta(0))),
        )
    yield from cross(
        {"fixed": 10 * DAY, "withdrawn": ("at", -TICK), "recipient_kind": A.PROBATION},
        instrument=Instrument,
        purpose=Purpose,
        marks=(frozenset[Mark](), frozenset({Mark.SUD}), frozenset({Mark.SUD_COUNSELLING_NOTE})),
        holder_duties=(PART2, HIPAA),
    )


# --- That the groups do not influence each other -----------------------------------------------------

#: Each dimension: facts no other dimension touches, first the representative, then its edges.
DIMENSIONS: dict[str, Sequence[Facts]] = {
    "role": [
        {"roles": roles}
        for roles in (
            WORKER,
            frozenset({Role.DIRECTOR}),
            frozenset({Role.SUPERVISOR}),
            frozenset[Role](),
            frozenset(Role),
        )
    ],
    "verb": [{"verb": verb} for verb in (Verb.DISCLOSE, Verb.READ_CLIENT, Verb.EXPORT_CLIENT, Verb.READ_KEPT)],
    "asker": [{"asker": asker} for asker in (HOLDER, RECIPIENT, THIRD)],
    "recipient": [
        {"recipient_kind": kind, "recipient_duties": duties}
        for kind, duties in (
            (AgencyKind.LEGAL_AID, frozenset({Duty.ATTORNEY_PRIVILEGE})),
            (AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS})),
            (AgencyKind.INTERVENTION, PLAIN),
            (AgencyKind.FUNDER, PLAIN),
            (AgencyKind.OPERATOR, PLAIN),
            (AgencyKind.HOSPITAL, HIPAA),
            (AgencyKind.COMMUNITY, frozenset({Duty.COURT_RECORDS})),
        )
    ],
    "there": [{"recipient": recipient} for recipient in (RECIPIENT, None, HOLDER)],
    "purpose": [
        {"purpose": purpose, "release_purpose": named}
        for purpose, named in (
            (Purpose.LEGAL_HELP, None),
            (Purpose.LEGAL_HELP, Purpose.SAFETY),
            (Purpose.REPORTING, None),
            (Purpose.RESEARCH, None),
            (Purpose.OWN_SERVICE, None),
        )
    ],
    "marks": [
        {"marks": marks}
        for marks in (
            frozenset[Mark](),
            frozenset({Mark.VICTIM_CONTACT}),
            frozenset({Mark.SHELTER_LOCATION}),
            frozenset({Mark.PRIVILEGED}),
            frozenset({Mark.SEALED}),
        )
    ],
    "category": [
        {"category": category, "release_category": named}
        for category, named in (
            (Category.INJURIES, None),
            (Category.INJURIES, Category.IDENTITY),
            (Category.LOCATION, None),
            (Category.IDENTITY, Category.LOCATION),
        )
    ],
    "level": [{"level": level} for level in (Level.FULL, Level.SUMMARY, Level.EXISTENCE, Level.NONE)],
    "subject": [
        {"release_subject": about, "relation": relation}
        for about, relation in ((ANA, Relation.SELF), (HER_CHILD, Relation.CHILD), (ANA, Relation.RESPONDENT))
    ],
    "parties": [
        {"release_holder": holder, "release_recipient": recipient}
        for holder, recipient in ((HOLDER, RECIPIENT), (THIRD, RECIPIENT), (HOLDER, THIRD), (RECIPIENT, HOLDER))
    ],
    "person": [
        {"person": person, "release_person": named}
        for person, named in (("", ""), (DETECTIVE, ""), (DETECTIVE, DETECTIVE), (DETECTIVE, CLERK), ("", DETECTIVE))
    ],
    "elements": [
        {"elements": elements}
        for elements in (
            ALL_ELEMENTS,
            ALL_ELEMENTS - {Element.INFORMED},
            ALL_ELEMENTS - {Element.REDISCLOSURE},
            ALL_ELEMENTS - {Element.AUTHORITY},
            ALL_ELEMENTS - {Element.WRITTEN},
            frozenset({Element.WRITTEN, Element.SIGNED, Element.DATED}),
        )
    ],
    "signer": [
        {"signer": signer}
        for signer in (
            Signer(),
            Signer(abuser=True),
            Signer(minor=True),
            Signer(minor=True, alone=True),
            Signer(SignerRole.PARENT, minor=True),
            Signer(SignerRole.PARENT, minor=True, cosigned=True),
            Signer(SignerRole.PARENT, minor=True, alone=True),
            Signer(SignerRole.REPRESENTATIVE),
            Signer(SignerRole.NEXT_OF_KIN),
        )
    ],
    "length": [
        {"length": length, "long_because": because}
        for length, because in ((15 * DAY, False), (90 * DAY, False), (90 * DAY + TICK, False), (90 * DAY + TICK, True))
    ],
    "moment": [{"at": at} for at in (("signed", 3 * DAY), *(MOMENTS[n] for n in (1, 2, 5, 6, 7)))],
    "withdrawn": [{"withdrawn": withdrawn} for withdrawn in (None, ("at", TICK), ("at", timedelta(0)), ("at", -TICK))],
    "blocks": [
        {"blocks": blocks}
        for blocks in (
            (),
            (Block(BlockKind.NEVER_SHARE, RECIPIENT),),
            (Block(BlockKind.NEVER_SHARE, DETECTIVE),),
            (Block(BlockKind.CONFLICT, MEMBER),),
            (Block(BlockKind.NEVER_SHARE, ANA),),
        )
    ],
    "conflicts": [{"conflicts": who} for who in (frozenset[str](), frozenset({ANA}), frozenset({THIRD}))],
    "papers": [
        {"processes": processes, "agreements": agreements}
        for processes, agreements in (
            ((), ()),
            ((process(),), ()),
            ((process(kind=ProcessKind.COURT_ORDER, counsel_reviewed=True),), ()),
            ((), (agreement(),)),
            ((), (agreement(categories=frozenset(), purposes=frozenset()),)),
        )
    ],
    "second": [
        {"more": more}
        for more in (
            (),
            ({"release_id": "release-a", "level": Level.SUMMARY, "length": 60 * DAY},),
            ({"release_id": "release-z", "withdrawn": ("at", -TICK)},),
            ({"release_id": "release-b", "release_subject": HER_CHILD, "length": 60 * DAY},),
        )
    ],
}


def together(names: Sequence[str], choices: Callable[[str], Sequence[Facts]], base: Facts) -> Iterator[Question]:
    for values in product(*(choices(name) for name in names)):
        facts = dict(base)
        for value in values:
            facts |= value
        yield ask(**facts)


def pairs() -> Iterator[Question]:
    """Every two dimensions in full, over four kinds of holder."""
    for duties in (VAWA, HIPAA, VOCA | HIPAA, PLAIN):
        for names in combinations(DIMENSIONS, 2):
            yield from together(names, DIMENSIONS.__getitem__, {"holder_duties": duties})


def triples() -> Iterator[Question]:
    """Every three dimensions, their representative and their first two edges."""
    for names in combinations(DIMENSIONS, 3):
        yield from together(names, lambda name: DIMENSIONS[name][:3], {"holder_duties": VAWA | HIPAA})


GROUPS: tuple[Callable[[], Iterator[Question]], ...] = (
    inside_roles,
    inside_conflicts,
    inside_agencies,
    inside_things,
    no_pull,
    holder_duties,
    holders_and_recipients,
    recipient_duties,
    disclosing_roles,
    marks,
    categories,
    elements,
    substance_use,
    signers,
    moments,
    matching,
    grants,
    several_releases,
    blocks,
    agreements,
    exceptions,
    exceptions_by_duty,
    exceptions_and_bars,
    exceptions_and_releases,
    exceptions_and_agreements,
    exception_pairs,
    processes,
    paper_kinds,
    paper_representations,
    paper_edges,
    papers_by_purpose,
    papers_by_category,
    papers_by_duty,
    two_laws,
    half_compelled,
    report_statutes,
    single_facts,
    facts_of_two_papers,
    several_papers,
    papers_and_marks,
    papers_and_keys,
    papers_and_releases,
    papers_and_blocks,
    telling_her,
    totals,
    bars,
    instruments,
    instrument_elements,
    several_instruments,
    fixed_consents,
    pairs,
    triples,
)


def every_question() -> Iterator[Question]:
    """All groups, one after the other."""
    return chain.from_iterable(group() for group in GROUPS)

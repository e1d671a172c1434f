"""A small world for the tests of the engine: two agencies, one survivor, one good release, and generators around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from accord.policy import parse
from accord.policy.facts import (
    Agency,
    Agreement,
    Block,
    Decision,
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
    Level,
    Mark,
    ProcessKind,
    Purpose,
    Relation,
    Role,
    SignerRole,
    Verb,
)

LAWS = Path(__file__).parents[2] / "accord" / "policy" / "laws"
DOCUMENTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(LAWS.glob("*.toml"))}
LAW = parse(DOCUMENTS)

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
EVERY_ELEMENT = frozenset(Element)

SHELTER = Agency("shelter", AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA}))
HOSPITAL = Agency("hospital", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}))
POLICE = Agency("police", AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS}))
PARISH = Agency("parish", AgencyKind.COMMUNITY, frozenset({Duty.NONE}))
WORKER = Member("worker", frozenset({Role.WORKER}))


def release(**changes: Any) -> Release:
    """Maria's good release from the shelter to the parish: services in full, for safety, 30 days, every element."""
    good: dict[str, Any] = {
        "id": "r1",
        "subject": "maria",
        "holder": "shelter",
        "recipient": "parish",
        "purpose": Purpose.SAFETY,
        "grants": (Grant(Category.SERVICES, Level.FULL),),
        "elements": EVERY_ELEMENT,
        "signed_at": AT - DAY,
        "until": AT + 29 * DAY,
    }
    return Release(**(good | changes))


def disclose(*releases: Release, **changes: Any) -> Question:
    """The shelter's worker wants to send Maria's services to the parish, for safety. `holder` moves the asker too."""
    if "holder" in changes:
        changes.setdefault("asker", changes["holder"])
    plain: dict[str, Any] = {
        "verb": Verb.DISCLOSE,
        "asker": SHELTER,
        "member": WORKER,
        "holder": SHELTER,
        "thing": Thing(Category.SERVICES, "maria"),
        "purpose": Purpose.SAFETY,
        "at": AT,
        "recipient": PARISH,
        "releases": releases,
    }
    return Question(**(plain | changes))


def own(verb: Verb, *roles: Role, purpose: Purpose = Purpose.OWN_SERVICE, **changes: Any) -> Question:
    """A member of the shelter asks about the shelter's own record of Maria."""
    plain = disclose(verb=verb, member=Member("ana", frozenset(roles)), purpose=purpose, recipient=None)
    return replace(plain, **changes)


def holder(*duties: Duty) -> Agency:
    """The shelter under other laws."""
    return replace(SHELTER, duties=frozenset(duties))


def codes(decision: Decision) -> list[str]:
    return [need.code for need in decision.needs]


def rules(decision: Decision) -> list[str]:
    return [because.rule for because in decision.because]


# ------------------------------------------------------------------ generators: few values, so that facts often meet

PEOPLE = st.sampled_from(["maria", "maria", "maria", "noa"])
AGENCIES = ["shelter", "hospital", "police", "parish"]
LEVELS = st.sampled_from(Level)
PURPOSES = st.sampled_from([Purpose.SAFETY, Purpose.SAFETY, Purpose.SAFETY, Purpose.TREATMENT, Purpose.REPORTING])
CATEGORIES = st.sampled_from([Category.SERVICES, Category.SERVICES, Category.INJURIES, Category.LOCATION])
MOMENTS = st.sampled_from([-200, -91, -30, -1, 0, 1, 30, 89, 120]).map(lambda days: AT + days * DAY)

DUTIES = st.one_of(
    st.sets(st.sampled_from([Duty.VAWA, Duty.VOCA, Duty.FVPSA, Duty.HIPAA]), min_size=1),
    st.just({Duty.NONE}),
    st.sets(st.sampled_from(Duty), max_size=3),
).map(frozenset)
SIGNERS = st.one_of(
    st.just(Signer()),
    st.builds(
        Signer,
        role=st.sampled_from(SignerRole),
        minor=st.booleans(),
        alone=st.booleans(),
        cosigned=st.booleans(),
        abuser=st.booleans(),
    ),
)
RELEASES = st.builds(
    Release,
    id=st.sampled_from(["r1", "r2", "r3"]),
    subject=PEOPLE,
    holder=st.sampled_from(["shelter", "shelter", "hospital"]),
    recipient=st.sampled_from(["parish", "parish", "police"]),
    purpose=PURPOSES,
    grants=st.lists(st.builds(Grant, category=CATEGORIES, level=LEVELS), min_size=1, max_size=3).map(tuple),
    elements=st.one_of(st.just(EVERY_ELEMENT), st.sets(st.sampled_from(Element)).map(frozenset)),
    signed_at=st.sampled_from([-200, -91, -30, -1, 0]).map(lambda days: AT + days * DAY),
    until=MOMENTS,
    signer=SIGNERS,
    recipient_person=st.sampled_from(["", "", "pat"]),
    withdrawn_at=st.one_of(st.none(), st.none(), MOMENTS),
    long_because=st.booleans(),
)
AGREEMENTS = st.builds(
    Agreement,
    id=st.just("a1"),
    parties=st.sets(st.sampled_from(AGENCIES), min_size=2).map(frozenset),
    categories=st.sets(CATEGORIES).map(frozenset),
    purposes=st.sets(PURPOSES).map(frozenset),
    since=MOMENTS,
    until=MOMENTS,
    suspended=st.booleans(),
)
PROCESSES = st.builds(
    Process,
    id=st.just("p1"),
    kind=st.sampled_from(ProcessKind),
    recipient=st.sampled_from(["parish", "police"]),
    subject=PEOPLE,
    categories=st.sets(CATEGORIES).map(frozenset),
    since=MOMENTS,
    until=MOMENTS,
    counsel_reviewed=st.booleans(),
)
BLOCKS = st.builds(
    Block,
    kind=st.sampled_from(BlockKind),
    against=st.sampled_from(["parish", "police", "worker", "maria", "pat", "somebody"]),
)
MEMBERS = st.builds(
    Member,
    id=st.just("worker"),
    roles=st.one_of(st.just(frozenset({Role.WORKER})), st.sets(st.sampled_from(Role)).map(frozenset)),
    conflicts=st.sampled_from([frozenset(), frozenset(), frozenset({"maria"})]),
)


@st.composite
def questions(draw: st.DrawFn, *, disclosing: bool = False) -> Question:
    """Any question of this world; `disclosing`: one that gets as far as the releases, unless a duty or mark closes it."""
    shelter = Agency("shelter", AgencyKind.VICTIM_SERVICES, draw(DUTIES))
    recipient = draw(
        st.builds(
            Agency,
            id=st.sampled_from(["parish", "parish", "police"]),
            kind=st.sampled_from(AgencyKind),
            duties=DUTIES,
        )
    )
    verb = Verb.DISCLOSE if disclosing else draw(st.sampled_from([Verb.DISCLOSE, *Verb]))
    return Question(
        verb=verb,
        asker=shelter if disclosing else draw(st.sampled_from([shelter, shelter, shelter, HOSPITAL])),
        member=WORKER if disclosing else draw(MEMBERS),
        holder=shelter,
        thing=Thing(
            category=draw(CATEGORIES),
            subject=draw(PEOPLE),
            relation=draw(st.sampled_from(Relation)),
            marks=draw(st.sampled_from([frozenset()] * 3 + [frozenset({mark}) for mark in Mark])),
        ),
        purpose=draw(PURPOSES),
        at=AT,
        recipient=recipient if verb is Verb.DISCLOSE else draw(st.sampled_from([None, None, recipient])),
        recipient_person=draw(st.sampled_from(["", "", "pat"])),
        releases=tuple(draw(st.lists(RELEASES, max_size=3))),
        agreements=tuple(draw(st.lists(AGREEMENTS, max_size=1))),
        processes=tuple(draw(st.lists(PROCESSES, max_size=1))),
        blocks=() if disclosing else tuple(draw(st.lists(BLOCKS, max_size=1))),
    )

"""A small world for the tests of the engine: a few agencies, one survivor, one good release, generators around them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from accord.policy import Law, parse
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
from accord.policy.profiles import documents
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

LAWS = Path(__file__).parents[2] / "accord" / "policy" / "laws"


def law_of(profile: str) -> dict[str, str]:
    """The documents of a profile, as they are shipped."""
    return {name: (LAWS / name).read_text(encoding="utf-8") for name in documents(profile)}


DOCUMENTS = law_of("us-federal")
LAW = parse(DOCUMENTS)

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
EVERY_ELEMENT = frozenset(Element)
#: What the signed page of an ordinary release has at most: it does not say that substance use records are meant.
ORDINARY = EVERY_ELEMENT - {Element.SUBSTANCE_USE}

SHELTER = Agency("shelter", AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA}))
CHILDREN, ELDERS = "report-child-federal", "report-elder-care"
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
        "elements": ORDINARY,
        "signed_at": AT - DAY,
        "until": AT + 29 * DAY,
    }
    return Release(**(good | changes))


def paper(kind: ProcessKind, *represented: Representation, **changes: Any) -> Process:
    """A paper about Maria's services for the parish, holding now, counsel behind it."""
    good: dict[str, Any] = {
        "id": "p1",
        "kind": kind,
        "recipient": "parish",
        "subject": "maria",
        "categories": frozenset({Category.SERVICES}),
        "since": AT - DAY,
        "until": AT + 60 * DAY,
        "represented": frozenset(represented),
        "counsel_reviewed": True,
    }
    return Process(**(good | changes))


def on_paper(
    holder: Agency, recipient: Agency, category: Category, purpose: Purpose, *papers: Process, **changes: Any
) -> Question:
    """Something about Maria that the papers open, were they good: they name this recipient and category."""
    made = tuple(
        replace(one, recipient=recipient.id, categories=frozenset({category}), id=f"p{index}")
        for index, one in enumerate(papers, 1)
    )
    asked = {"thing": Thing(category, "maria"), "purpose": purpose, "processes": made}
    return disclose(holder=holder, recipient=recipient, **(asked | changes))


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


def without_rules(*names: str) -> Law:
    """The shipped law, some rules left out."""
    documents = {}
    for document, text in DOCUMENTS.items():
        head, *rest = re.split(r"(?=^\[\[rule\]\]\n)", text, flags=re.MULTILINE)
        documents[document] = head + "".join(
            rule for rule in rest if not any(f'id = "{name}"' in rule for name in names)
        )
    return parse(documents)


def codes(decision: Decision) -> list[str]:
    return [need.code for need in decision.needs]


def rules(decision: Decision) -> list[str]:
    return [because.rule for because in decision.because]


# ------------------------------------------------------------------ generators
# Everything starts good and has a few things changed, so that yes, almost yes and no all come up often.


def _changes(most: int, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Up to `most` of these fields with other values."""
    return st.lists(st.one_of(*(st.tuples(st.just(name), one) for name, one in fields.items())), max_size=most).map(
        dict
    )


def _days(*days: int) -> st.SearchStrategy[datetime]:
    return st.sampled_from([AT + day * DAY for day in days])


AGENCIES = ["shelter", "hospital", "police", "parish"]
PEOPLE = st.sampled_from(["maria", "noa"])
LEVELS = st.sampled_from(Level)
PURPOSES = st.sampled_from([Purpose.SAFETY, Purpose.TREATMENT, Purpose.REPORTING])
CATEGORIES = st.sampled_from([Category.SERVICES, Category.INJURIES, Category.LOCATION])
LOADED = st.one_of(
    st.sets(st.sampled_from([Duty.VAWA, Duty.VOCA, Duty.FVPSA, Duty.HIPAA]), min_size=1).map(frozenset),
    st.sampled_from(
        [frozenset({Duty.NONE}), frozenset({Duty.BRADY, Duty.CJIS}), frozenset({Duty.HIPAA, Duty.HOUSING})]
    ),
)
DUTIES = st.one_of(LOADED, LOADED, LOADED, st.sets(st.sampled_from(Duty), max_size=3).map(frozenset))
SIGNERS = st.builds(
    Signer,
    role=st.sampled_from(SignerRole),
    minor=st.booleans(),
    alone=st.booleans(),
    cosigned=st.booleans(),
    abuser=st.booleans(),
    ward=st.booleans(),
    dead=st.booleans(),
)
GRANTS = st.lists(st.builds(Grant, category=CATEGORIES, level=LEVELS), min_size=1, max_size=3).map(tuple)
RELEASES = _changes(
    3,
    id=st.sampled_from(["r2", "r3"]),
    subject=PEOPLE,
    holder=st.sampled_from(AGENCIES),
    recipient=st.sampled_from(AGENCIES),
    recipient_person=st.sampled_from(["", "pat"]),
    purpose=PURPOSES,
    grants=GRANTS,
    elements=st.sets(st.sampled_from(Element), max_size=4).map(lambda lacking: EVERY_ELEMENT - lacking),
    signed_at=_days(-200, -91, -30, 0, 1),
    until=_days(-91, -1, 0, 1, 30, 89, 120),
    signer=SIGNERS,
    withdrawn_at=_days(-91, -1, 0, 1, 30),
    long_because=st.just(True),
    instrument=st.sampled_from(Instrument),
    fixed_until=_days(-1, 0, 10, 60),
).map(lambda changed: release(**changed))
AGREEMENTS = st.builds(
    Agreement,
    id=st.just("a1"),
    parties=st.sets(st.sampled_from(AGENCIES), min_size=2).map(frozenset),
    categories=st.sets(CATEGORIES).map(frozenset),
    purposes=st.sets(PURPOSES).map(frozenset),
    since=_days(-30, 0, 1),
    until=_days(-1, 0, 30),
    suspended=st.booleans(),
)
#: Any paper, mostly about something that is not asked; nearly as often one that says all a law could want.
PROCESSES = st.builds(
    Process,
    id=st.sampled_from(["p1", "p2", "p3"]),
    kind=st.sampled_from(ProcessKind),
    recipient=st.sampled_from(AGENCIES),
    subject=PEOPLE,
    categories=st.sampled_from([frozenset(Category), frozenset({Category.HOUSING})]),
    since=_days(-30, 0, 1),
    until=_days(-1, 0, 30),
    represented=st.one_of(st.just(frozenset(Representation)), st.sets(st.sampled_from(Representation)).map(frozenset)),
    counsel_reviewed=st.booleans(),
    statute=st.sampled_from(["", CHILDREN, ELDERS, "unheard-of"]),
    fields=st.one_of(st.just(frozenset()), st.sets(st.sampled_from(Field)).map(frozenset)),
)
BLOCKS = st.builds(
    Block,
    kind=st.sampled_from(BlockKind),
    against=st.sampled_from(["parish", "police", "worker", "maria", "pat", "somebody"]),
)
MEMBERS = st.builds(
    Member,
    id=st.just("worker"),
    roles=st.sets(st.sampled_from(Role)).map(frozenset),
    conflicts=st.sampled_from([frozenset(), frozenset({"maria"})]),
)
THINGS = st.builds(
    Thing,
    category=CATEGORIES,
    subject=PEOPLE,
    relation=st.sampled_from(Relation),
    marks=st.sampled_from([frozenset()] * 6 + [frozenset({mark}) for mark in Mark]),
)
RECIPIENTS = st.builds(
    Agency, id=st.sampled_from(["parish", "parish", "police"]), kind=st.sampled_from(AgencyKind), duties=DUTIES
)


@st.composite
def questions(draw: st.DrawFn, *, disclosing: bool = False) -> Question:
    """Any question of this world; `disclosing`: a worker's disclosure, up to three releases, no block."""
    may_change: dict[str, st.SearchStrategy[Any]] = {
        "thing": THINGS,
        "recipient": RECIPIENTS,
        "recipient_person": st.just("pat"),
        "purpose": PURPOSES,
        "agreements": st.lists(AGREEMENTS, max_size=2).map(tuple),
        "processes": st.lists(PROCESSES, max_size=1).map(tuple),
    }
    if not disclosing:
        may_change |= {
            "member": MEMBERS,
            "blocks": st.lists(BLOCKS, max_size=2).map(tuple),
            "asker": st.just(HOSPITAL),
            "purpose": st.sampled_from(Purpose),
        }
    shelter = replace(SHELTER, duties=draw(DUTIES))
    start = disclose(holder=shelter)
    if not disclosing and draw(st.booleans()):
        verb = draw(st.sampled_from(Verb))
        may_change |= {"recipient": st.just(PARISH)}
        role, purpose = draw(st.sampled_from(DOERS[verb]))
        start = replace(
            start, verb=verb, purpose=purpose, recipient=None, member=replace(WORKER, roles=frozenset({role}))
        )
    releases = tuple(draw(st.lists(RELEASES, max_size=3, unique_by=lambda release: release.id)))
    return replace(start, releases=releases, **draw(_changes(3, **may_change)))


def route(
    holder: AgencyKind, duties: set[Duty], recipient: AgencyKind, category: Category, purpose: Purpose
) -> Question:
    """Something about Maria that flows without her release, were there an agreement where one is asked for."""
    return disclose(
        holder=Agency("holder", holder, frozenset(duties)),
        recipient=Agency("recipient", recipient, frozenset({Duty.NONE})),
        thing=Thing(category, "maria"),
        purpose=purpose,
    )


REPORT = route(
    AgencyKind.POLICE, {Duty.BRADY, Duty.CJIS}, AgencyKind.PROSECUTOR, Category.INJURIES, Purpose.PROSECUTION
)
SCREEN = route(AgencyKind.POLICE, {Duty.BRADY}, AgencyKind.COURT, Category.RISK, Purpose.PROTECTIVE_ORDER)
ORDERS = route(AgencyKind.COURT, {Duty.COURT_RECORDS}, AgencyKind.POLICE, Category.LEGAL, Purpose.SAFETY)
CONDITIONS = route(AgencyKind.PROBATION, {Duty.NONE}, AgencyKind.VICTIM_SERVICES, Category.LEGAL, Purpose.SAFETY)
ATTENDANCE = route(AgencyKind.INTERVENTION, {Duty.NONE}, AgencyKind.PROBATION, Category.SERVICES, Purpose.SUPERVISION)
ROUTES = [REPORT, SCREEN, ORDERS, CONDITIONS, ATTENDANCE]

CLINIC = Agency("clinic", AgencyKind.SUBSTANCE_USE, frozenset({Duty.PART2}))
SCHOOL = Agency("school", AgencyKind.SCHOOL, frozenset({Duty.FERPA}))
LAWYER = Agency("lawyer", AgencyKind.LEGAL_AID, frozenset({Duty.ATTORNEY_PRIVILEGE}))
CARE_HOME = Agency("home", AgencyKind.COMMUNITY, frozenset({Duty.VAWA}))
PROSECUTOR = Agency("prosecutor", AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
COURT = Agency("court", AgencyKind.COURT, frozenset({Duty.COURT_RECORDS}))
APS = Agency("aps", AgencyKind.PROTECTIVE_SERVICES, frozenset({Duty.PROTECTIVE_RECORDS}))
DEFENCE = Agency("defence", AgencyKind.DEFENCE, frozenset({Duty.NONE}))
FAMILY = Agency("sister", AgencyKind.FAMILY, frozenset({Duty.NONE}))
_R, _K = Representation, ProcessKind
ORDER = paper(_K.COURT_ORDER)
SUBPOENA = paper(_K.SUBPOENA)

#: What a court or a statute compels, once each.
COMPELLED = [
    on_paper(SHELTER, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, ORDER),
    on_paper(CARE_HOME, APS, Category.NOTES, Purpose.MANDATED_REPORT, paper(_K.MANDATED_REPORT, statute=ELDERS)),
    on_paper(HOSPITAL, POLICE, Category.INJURIES, Purpose.INVESTIGATION, paper(_K.WARRANT)),
    on_paper(HOSPITAL, APS, Category.INJURIES, Purpose.MANDATED_REPORT, paper(_K.MANDATED_REPORT, statute=CHILDREN)),
    on_paper(CLINIC, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, paper(_K.PART2_ORDER), SUBPOENA),
    on_paper(CLINIC, APS, Category.NOTES, Purpose.MANDATED_REPORT, paper(_K.MANDATED_REPORT, statute=CHILDREN)),
    on_paper(SCHOOL, COURT, Category.EDUCATION, Purpose.LEGAL_PROCESS, paper(_K.SUBPOENA, _R.SHE_WAS_NOTIFIED)),
    on_paper(LAWYER, COURT, Category.LEGAL, Purpose.LEGAL_PROCESS, paper(_K.COURT_ORDER, _R.PRIVILEGE_RULED_ON)),
    on_paper(PARISH, COURT, Category.NOTES, Purpose.LEGAL_PROCESS, ORDER),
]
#: What the holder may send on what it found or was asked, once each.
FOUND = [
    on_paper(POLICE, SHELTER, Category.CONTACT, Purpose.SAFETY, paper(_K.FINDING, _R.SHE_AGREES)),
    on_paper(PROSECUTOR, DEFENCE, Category.NOTES, Purpose.DISCOVERY, paper(_K.FINDING, _R.FAVOURABLE_MATERIAL)),
    on_paper(
        HOSPITAL,
        FAMILY,
        Category.MEDICATIONS,
        Purpose.TREATMENT,
        paper(_K.FINDING, _R.SHE_AGREES, _R.NO_SUCH_THREAT),
    ),
    on_paper(HOSPITAL, APS, Category.NOTES, Purpose.MANDATED_REPORT, paper(_K.FINDING, _R.SHE_AGREES)),
    on_paper(HOSPITAL, POLICE, Category.IDENTITY, Purpose.LOCATE, paper(_K.LAW_ENFORCEMENT_REQUEST)),
    on_paper(
        HOSPITAL, POLICE, Category.INJURIES, Purpose.INVESTIGATION, paper(_K.LAW_ENFORCEMENT_REQUEST, _R.SHE_AGREES)
    ),
    on_paper(
        HOSPITAL,
        PROSECUTOR,
        Category.ENCOUNTERS,
        Purpose.LEGAL_PROCESS,
        paper(_K.ADMINISTRATIVE_REQUEST, _R.RELEVANT_AND_LIMITED),
    ),
    on_paper(
        HOSPITAL, DEFENCE, Category.RESULTS, Purpose.LEGAL_PROCESS, paper(_K.SUBPOENA, _R.PROTECTIVE_ORDER_SOUGHT)
    ),
    on_paper(HOSPITAL, POLICE, Category.NOTES, Purpose.INVESTIGATION, paper(_K.FINDING, _R.STAFF_OR_PREMISES)),
    on_paper(HOSPITAL, SCHOOL, Category.RISK, Purpose.SAFETY, paper(_K.FINDING, _R.IMMINENT_THREAT)),
    on_paper(CLINIC, HOSPITAL, Category.MEDICATIONS, Purpose.TREATMENT, paper(_K.FINDING, _R.MEDICAL_EMERGENCY)),
    on_paper(CLINIC, POLICE, Category.LEGAL, Purpose.INVESTIGATION, paper(_K.FINDING, _R.STAFF_OR_PREMISES)),
    on_paper(
        SCHOOL,
        POLICE,
        Category.RISK,
        Purpose.SAFETY,
        paper(_K.FINDING, _R.IMMINENT_THREAT, _R.THREAT_WRITTEN_DOWN),
    ),
    on_paper(SCHOOL, APS, Category.EDUCATION, Purpose.COORDINATION, paper(_K.FINDING, _R.AUTHORISED_BY_STATUTE)),
    on_paper(
        SHELTER,
        PARISH,
        Category.RISK,
        Purpose.FATALITY_REVIEW,
        paper(_K.FINDING, _R.TO_PREVENT_DEATHS, _R.IDENTITY_PROTECTED, _R.RELEASE_SOUGHT, _R.SHE_HAS_DIED),
    ),
    on_paper(
        SHELTER,
        Agency("funder", AgencyKind.FUNDER, frozenset({Duty.NONE})),
        Category.SERVICES,
        Purpose.REPORTING,
        paper(_K.FINDING, _R.CELLS_SUPPRESSED),
        thing=Thing(Category.SERVICES, "maria", Relation.NOBODY),
    ),
]
ON_PAPER = COMPELLED + FOUND


@st.composite
def papers_about(draw: st.DrawFn, question: Question) -> Process:
    """Any paper for this recipient about this, up to two things changed."""
    assert question.recipient is not None
    changed = draw(
        _changes(
            2,
            id=st.sampled_from(["p1", "p7", "p8"]),
            recipient=st.just("somebody"),
            subject=st.just("noa"),
            categories=st.just(frozenset({Category.HOUSING})),
            since=_days(-30, 0, 1),
            until=_days(-1, 0, 1, 30),
            counsel_reviewed=st.just(False),
            represented=st.sets(st.sampled_from(Representation)).map(frozenset),
            fields=st.sets(st.sampled_from(Field)).map(frozenset),
        )
    )
    good: dict[str, Any] = {
        "recipient": question.recipient.id,
        "categories": frozenset(Category),
        "id": "p9",
        "statute": draw(st.sampled_from(["", CHILDREN, ELDERS])),
    }
    return paper(draw(st.sampled_from(ProcessKind)), *Representation, **(good | changed))


@st.composite
def on_papers(draw: st.DrawFn, *, compelled: bool = False) -> Question:
    """A question that papers open, or nearly: perhaps another law beside, a mark, a block, a release, another paper,
    and one thing of one paper changed."""
    start = draw(st.sampled_from(COMPELLED if compelled else ON_PAPER))
    assert start.recipient is not None
    if draw(st.integers(0, 3)) == 0:
        duties = (start.holder.duties - {Duty.NONE}) | {draw(st.sampled_from([d for d in Duty if d is not Duty.NONE]))}
        holder = replace(start.holder, duties=duties)
        start = replace(start, holder=holder, asker=holder)
    marks = draw(st.sampled_from([frozenset()] * 6 + [frozenset({mark}) for mark in Mark]))
    processes = start.processes
    if draw(st.booleans()):
        change = draw(
            _changes(
                1,
                kind=st.sampled_from(ProcessKind),
                recipient=st.just("somebody"),
                until=_days(0, 1, 30),
                counsel_reviewed=st.just(False),
                represented=st.sets(st.sampled_from(Representation)).map(frozenset),
                statute=st.sampled_from(["", CHILDREN, ELDERS]),
                fields=st.sets(st.sampled_from(Field)).map(frozenset),
            )
        )
        processes = (replace(processes[0], **change), *processes[1:])
    processes += tuple(draw(st.lists(papers_about(start), max_size=1)))
    own = [
        replace(
            one,
            holder=start.holder.id,
            recipient=start.recipient.id,
            purpose=start.purpose,
            grants=(Grant(start.thing.category, draw(LEVELS)),),
            id=f"r{index}",
        )
        for index, one in enumerate(draw(st.lists(RELEASES, max_size=1)))
    ]
    never = Block(BlockKind.NEVER_SHARE, start.recipient.id)
    blocks = draw(st.sampled_from([(), (), (), (never,), (Block(BlockKind.CONFLICT, start.recipient.id),)]))
    thing = replace(start.thing, marks=marks)
    return replace(start, thing=thing, processes=processes, releases=tuple(own), blocks=blocks)


def agreement(question: Question, **changes: Any) -> Agreement:
    """An agreement in force for exactly what is asked."""
    assert question.recipient is not None
    good: dict[str, Any] = {
        "id": "a1",
        "parties": frozenset({question.holder.id, question.recipient.id}),
        "categories": frozenset({question.thing.category}),
        "purposes": frozenset({question.purpose}),
        "since": AT - DAY,
        "until": AT + 60 * DAY,
    }
    return Agreement(**(good | changes))


@st.composite
def agreements_about(draw: st.DrawFn, question: Question) -> Agreement:
    """An agreement about this question with up to two things changed, so that some count and some do not."""
    changed = draw(
        _changes(
            2,
            id=st.sampled_from(["a1", "a2", "a3"]),
            parties=st.sampled_from([frozenset({"holder", "third"}), frozenset({"holder", "recipient", "third"})]),
            categories=st.sampled_from([frozenset(Category), frozenset({Category.HOUSING})]),
            purposes=st.sampled_from([frozenset(Purpose), frozenset({Purpose.HOUSING})]),
            since=_days(-30, 0, 1),
            until=_days(-1, 0, 1, 30),
            suspended=st.just(True),
        )
    )
    return agreement(question, **changed)


@st.composite
def flows(draw: st.DrawFn, *, agreed: bool = False) -> Question:
    """A question on one of the routes: perhaps another law beside, a mark, a paper; releases; agreements.

    `agreed`: a route that asks for an agreement, nothing beside it, and at least one agreement.
    """
    start = draw(st.sampled_from([SCREEN, ATTENDANCE] if agreed else ROUTES))
    assert start.recipient is not None
    if not agreed and draw(st.integers(0, 3)) == 0:
        more = draw(st.sampled_from([duty for duty in Duty if duty is not Duty.NONE]))
        duties = (start.holder.duties - {Duty.NONE}) | {more}
        start = replace(start, holder=replace(start.holder, duties=duties))
    changed = draw(
        _changes(
            1,
            thing=st.builds(
                Thing,
                category=st.sampled_from([start.thing.category, Category.IDENTITY, Category.CONTACT]),
                subject=st.just("maria"),
                marks=st.sampled_from([frozenset()] * 4 + [frozenset({mark}) for mark in Mark]),
            ),
            purpose=st.sampled_from(Purpose),
            recipient=st.builds(Agency, st.just("recipient"), st.sampled_from(AgencyKind), DUTIES),
            processes=st.lists(PROCESSES, max_size=1).map(tuple),
        )
        if not agreed
        else st.just({})
    )
    question = replace(start, asker=start.holder, **changed)
    assert question.recipient is not None
    own = [
        replace(one, holder="holder", recipient="recipient", purpose=question.purpose, id=f"r{index}")
        for index, one in enumerate(draw(st.lists(RELEASES, max_size=1)))
    ]
    opens = tuple(
        replace(one, grants=(Grant(question.thing.category, draw(LEVELS)),)) if draw(st.booleans()) else one
        for one in own
    )
    given = tuple(draw(st.lists(agreements_about(question), min_size=agreed, max_size=2)))
    return replace(question, releases=opens, agreements=given)


#: For each verb, who may do it for what (any pair for `disclose`, which no role does inside her own agency).
DOERS: dict[Verb, list[tuple[Role, Purpose]]] = {
    verb: [(role, purpose) for role, purposes in doers.items() for purpose in Purpose if purpose in purposes]
    or [(Role.WORKER, Purpose.SAFETY)]
    for verb, doers in LAW.on(AT).doers.items()
}

"""Papers: what each opens and waits for, that only the facts a law names leave, that she is told first; and breaches
with their clocks. Every claim is asked of the running rooms and of the database behind them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError
from django.utils import timezone

from accord.config.service import gate
from accord.gate import Refused, process
from accord.gate.limits import limits, reports
from accord.ledger.permits import PermitError
from accord.policy.facts import Agency
from accord.policy.words import (
    AgencyKind,
    Category,
    Duty,
    Field,
    Level,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    Verb,
)
from accord.process import actions, queries
from accord.process.rules import (
    FIRST,
    NEEDS_COUNSEL,
    NEXT,
    RECORDED,
    TYPED,
    InvalidProcess,
    NewPaper,
    State,
    Whom,
    accounted_since,
    accounted_years,
    breach_clocks,
    may_be,
    moved,
    only,
    packed_words,
    waiting_until,
    words_of,
)
from accord.sharing import actions as sharing_actions
from accord.sharing import queries as sharing
from accord.sharing.rules import Content
from accord.vault import actions as vault
from accord.vault.rules import Detail, Identity, Summary
from tests.proofs.town import as_service, note_of, superuser, told
from tests.rooms.test_updates import received
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker, World

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
THREE = (Representation.NOT_AGAINST_HER, Representation.HARM_BY_WAITING, Representation.BEST_INTEREST)
ROLES = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER)
NAME = "Marisol Vega"


# ------------------------------------------------------------------ the path, as a table


@pytest.mark.parametrize("purpose", [Purpose.LEGAL_PROCESS, Purpose.FATALITY_REVIEW])
@pytest.mark.parametrize("kind", ProcessKind)
@pytest.mark.parametrize("to", State)
@pytest.mark.parametrize("state", State)
def test_a_paper_goes_only_along_its_path(state: State, to: State, kind: ProcessKind, purpose: Purpose) -> None:
    def goes(advice: str = "", held_from: State | None = None) -> bool:
        try:
            return moved(state, to, kind=kind, purpose=purpose, advice=advice, held_from=held_from) is to
        except InvalidProcess:
            return False

    if to is State.ANSWERED:
        free = not needs(kind, purpose)
        assert goes("answer") is (state is State.COUNSEL_REVIEWED or (state is State.RECEIVED and free))
        assert goes("refuse") is (state in (State.RECEIVED, State.COUNSEL_REVIEWED) and free)
    elif state is State.HOLD:
        assert goes() is (to is State.REFUSED)
        assert goes(held_from=to) is (to in NEXT[State.HOLD])
    else:
        assert goes() is (to in NEXT[state])
    assert not NEXT[State.CLOSED]


def needs(kind: ProcessKind, purpose: Purpose) -> bool:
    return kind in NEEDS_COUNSEL or (kind is ProcessKind.FINDING and purpose is Purpose.FATALITY_REVIEW)


def new(**more: object) -> NewPaper:
    given = {
        "kind": ProcessKind.SUBPOENA,
        "purpose": Purpose.LEGAL_PROCESS,
        "categories": [Category.IDENTITY, Category.INJURIES],
        "received_at": timezone.now() - timedelta(minutes=1),
        "until_at": timezone.now() + timedelta(days=10),
        "outside": "County Court, 1 Court Street",
        "outside_kind": AgencyKind.COURT,
    }
    return NewPaper(**given | more)  # type: ignore[arg-type]


FOUND = {"kind": ProcessKind.FINDING, "purpose": Purpose.SAFETY, "stated_by": "Dana Reyes"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"categories": []},
        {"outside": " "},
        {"outside_kind": None},
        {"statute": "report-elder-care"},
        {"kind": ProcessKind.MANDATED_REPORT, "purpose": Purpose.MANDATED_REPORT},
        {"kind": ProcessKind.MANDATED_REPORT, "statute": "report-elder-care"},
        {"represented": [Representation.SHE_AGREES]},
        {"represented": [Representation.INFORMING_UNSAFE], "stated_by": "Somebody"},
        {"represented": [Representation.THREAT_WRITTEN_DOWN], "stated_by": "Somebody"},
        {**FOUND, "represented": [Representation.IMMINENT_THREAT]},
        {**FOUND, "represented": [Representation.IMMINENT_THREAT], "threat": "  "},
        {"until_at": NOW - timedelta(days=900)},
        {"threat": "x" * 4_001},
    ],
)
def test_what_says_too_little_is_not_written_down(wrong: dict[str, object]) -> None:
    new().checked()
    with pytest.raises(InvalidProcess):
        new(**wrong).checked()


def test_a_threat_that_is_written_down_is() -> None:
    new(**FOUND, represented=[Representation.IMMINENT_THREAT], threat="He said when and how.").checked()


# ------------------------------------------------------------------ single facts

WHOLE = {
    "identity": Content(
        kind="identity",
        category=Category.IDENTITY,
        level=Level.FULL,
        summary={"template": "identity.name", "values": {"name": "SUMMARY"}, "text": ""},
        values={
            "given": "Marisol",
            "family": "Vega",
            "chosen": "CHOSEN",
            "aliases": ["ALIAS"],
            "born": "1990-03-04",
            "pronouns": "PRONOUNS",
            "language": "es",
        },
        narrative="NARRATIVE",
        kept_from=("KEPT FROM",),
    ),
    "injury": Content(
        kind="injury",
        category=Category.INJURIES,
        level=Level.FULL,
        occurred_at=NOW,
        status="STATUS",
        summary={"template": "", "values": {}, "text": "SUMMARY"},
        values={"types": ["bruise", "cut"], "areas": ["neck"], "severity": "severe", "display": "DISPLAY"},
        narrative="NARRATIVE",
    ),
    "exam": Content(
        kind="exam",
        category=Category.EXAM,
        level=Level.FULL,
        occurred_at=NOW,
        summary={"template": "", "values": {}, "text": "SUMMARY"},
        values={"steps": {"blood_sample": "done"}, "advocate": "present"},
        narrative="NARRATIVE",
    ),
    "note": Content(
        kind="note",
        category=Category.NOTES,
        level=Level.FULL,
        occurred_at=NOW,
        summary={"template": "", "values": {}, "text": "SUMMARY"},
        values={"types": ["bruise"], "born": "1990-03-04", "given": "Marisol", "dna": "DNA", "ssn": "SSN"},
        narrative="NARRATIVE",
    ),
}
#: What the record itself says of each fact, by kind of thing; nothing else does.
HOLDS = {
    ("identity", Field.NAME_ADDRESS): "Marisol Vega",
    ("identity", Field.BIRTH): "1990-03-04",
    ("injury", Field.INJURY_TYPE): ["bruise", "cut"],
    ("exam", Field.TREATED_AT): NOW.isoformat(),
}
SAID = {each: f"typed {each.value}" for each in TYPED}


@pytest.mark.parametrize("fact", Field)
@pytest.mark.parametrize("kind", WHOLE)
def test_exactly_the_fact_that_is_named_leaves(kind: str, fact: Field) -> None:
    told_of = only(WHOLE[kind], [fact], SAID)
    expected = HOLDS.get((kind, fact)) or (SAID.get(fact) if kind == "identity" else None)
    if expected is None:
        assert told_of is None
        return
    assert told_of == Content(
        kind="facts",
        category=WHOLE[kind].category,
        level=Level.SUMMARY,
        summary={"template": "facts", "values": {fact.value: expected}, "text": ""},
    )


@pytest.mark.parametrize("kind", WHOLE)
def test_of_everything_asked_for_nothing_but_facts_leaves(kind: str) -> None:
    told_of = only(WHOLE[kind], list(Field), {})
    said = "" if told_of is None else told_of.packed().decode()
    for never in ("NARRATIVE", "SUMMARY", "STATUS", "DISPLAY", "ALIAS", "CHOSEN", "PRONOUNS", "KEPT", "neck", "severe"):
        assert never not in said
    assert told_of is None or set(told_of.summary["values"]) == {f.value for k, f in HOLDS if k == kind}


def test_dna_teeth_and_tissue_never_leave_whoever_asks_and_whatever_is_typed() -> None:
    never = [Field.DNA, Field.DENTAL, Field.TISSUE]
    assert not {*never} & {*TYPED, *RECORDED}
    assert {*TYPED, *RECORDED, *never} == set(Field)
    for fact in never:
        assert only(WHOLE["identity"], [fact], {fact: "typed"}) is None
        with pytest.raises(InvalidProcess):
            packed_words({fact: "typed"})
    assert words_of(packed_words({Field.WHEREABOUTS: " there ", Field.SSN: " "})) == {Field.WHEREABOUTS: "there"}


# ------------------------------------------------------------------ clocks


def test_whom_a_breach_is_told_and_until_when() -> None:
    def due(duties: set[Duty], kind: str = "actual") -> dict[Whom, timedelta]:
        return {clock.whom: clock.due_at - NOW for clock in breach_clocks(duties, kind, NOW)}

    assert due({Duty.VAWA}) == due({Duty.VAWA}, "imminent") == {Whom.GRANT_MANAGER: timedelta(hours=24)}
    assert due({Duty.HIPAA}) == {Whom.INDIVIDUALS: timedelta(days=60)}
    assert due({Duty.UK_GDPR}) == {Whom.COMMISSIONER: timedelta(hours=72)}
    assert due({Duty.HIPAA}, "imminent") == due({Duty.NONE}) == {}
    assert set(due({Duty.FVPSA, Duty.HIPAA})) == {Whom.GRANT_MANAGER, Whom.INDIVIDUALS}


def test_how_far_back_an_accounting_goes() -> None:
    assert accounted_years({Duty.HIPAA}) == 6
    assert accounted_years({Duty.PART2}) == 3
    assert accounted_years({Duty.PART2, Duty.HIPAA}) == 6
    assert (
        accounted_years({Duty.FERPA})
        is accounted_years({Duty.FERPA, Duty.HIPAA})
        is accounted_years({Duty.VAWA})
        is None
    )
    assert accounted_since({Duty.HIPAA}, NOW) == NOW.replace(year=2020)
    assert accounted_since({Duty.PART2}, datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2025, 2, 28, tzinfo=UTC)
    assert accounted_since({Duty.FERPA}, NOW) is None


def test_law_enforcement_has_an_accounting_wait_as_long_as_it_wrote_or_thirty_days() -> None:
    year = NOW + timedelta(days=365)
    assert waiting_until("written", NOW, year) == year
    assert waiting_until("oral", NOW, year) == waiting_until("oral", NOW, None) == NOW + timedelta(days=30)
    assert waiting_until("oral", NOW, NOW + timedelta(days=3)) == NOW + timedelta(days=3)
    longer = NOW + timedelta(days=367)
    for how, stated in (("written", None), ("written", NOW), ("written", longer), ("shouted", year)):
        with pytest.raises(InvalidProcess):
            waiting_until(how, NOW, stated)


def test_the_reports_are_the_statutes_that_reach_an_agency_the_most_pressing_first() -> None:
    at = timezone.now()
    nurse = Agency("h", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}))
    found = reports(nurse, at)
    assert found
    assert [report.oral_hours for report in found] == sorted(report.oral_hours for report in found)
    assert {report.because.rule for report in found} == {limit.rule for limit in limits(nurse, at) if limit.oral_hours}
    assert reports(Agency("f", AgencyKind.FUNDER, frozenset({Duty.NONE})), at) == []


# ------------------------------------------------------------------ in the house


@pytest.fixture
def ward(world: World):
    """A hospital with somebody in its file, and the police on Accord."""
    hospital = world.hospital(ROLES)
    police = world.police()
    client = world.client(hospital.worker, Identity(given="Marisol", family="Vega"))
    entry(hospital.worker, client)
    world.entry(hospital.worker, client, Category.NOTES, "A note.", narrative="THE NOTE")
    return world, hospital, police, client


@pytest.fixture
def shelter(world: World):
    """A victim service provider with somebody in its file, and the police on Accord."""
    house = world.agency(roles=ROLES)
    police = world.police()
    client = world.client(house.worker, Identity(given="Marisol", family="Vega"))
    entry(house.worker, client)
    return world, house, police, client


def entry(worker: Worker, client: UUID, about: UUID | None = None) -> UUID:
    with worker.enter(Verb.ADD_ENTRY, client=client) as permit:
        return vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind="injury",
                    category=Category.INJURIES,
                    occurred_at=permit.at,
                    summary=Summary.typed("INJURY SUMMARY"),
                    detail=Detail(values={"types": ["bruise"], "areas": ["neck"]}, narrative="INJURY STORY"),
                    about=about,
                )
            ],
        )[0]


def receive(worker: Worker, client: UUID, subject: UUID | None = None, **more: object) -> UUID:
    with worker.enter(Verb.RECEIVE_PROCESS, client=client) as permit:
        return actions.receive(permit=permit, at=permit.at, client_id=client, new=new(**more), subject_id=subject)


def ask(house: House, client: UUID, paper: UUID) -> None:
    with house[Role.SUPERVISOR].enter(Verb.REVIEW_PROCESS, client=client) as permit:
        actions.ask_counsel(permit=permit, at=permit.at, client_id=client, paper_id=paper, counsel="Kay Counsel")


def counsel(house: House, client: UUID, paper: UUID, advice: str = "answer", **more: object) -> None:
    """Counsel is asked and answers."""
    ask(house, client, paper)
    reviewed(house, client, paper, advice, **more)


def reviewed(
    house: House, client: UUID, paper: UUID, advice: str = "answer", by: Role = Role.SUPERVISOR, **more: object
) -> None:
    found = look(house.worker, client, paper)
    given = {
        "kind": found.line.kind,
        "purpose": found.purpose,
        "categories": found.categories,
        "represented": found.represented,
        "stated_by": found.stated_by,
        "until_at": found.until_at,
    }
    with house[by].enter(Verb.REVIEW_PROCESS, client=client) as permit:
        actions.review(
            permit=permit,
            at=permit.at,
            client_id=client,
            paper_id=paper,
            advice=advice,
            said="COUNSEL SAID",
            **given | more,
        )


def ready(worker: Worker, client: UUID, paper: UUID, **more: str) -> None:
    with worker.enter(Verb.RECEIVE_PROCESS, client=client) as permit:
        actions.note(
            permit=permit,
            at=permit.at,
            client_id=client,
            paper_id=paper,
            **{"told_how": "phone", "safety": "She sleeps elsewhere."} | more,
        )


def look(worker: Worker, client: UUID, paper: UUID) -> queries.PaperView:
    with worker.enter(Verb.READ_PROCESS, client=client) as permit:
        found = queries.paper(permit=permit, client_id=client, paper_id=paper)
    assert found is not None
    return found


def says(worker: Worker, client: UUID, paper: UUID) -> process.Says:
    with worker.enter(Verb.READ_PROCESS, client=client) as permit:
        return process.says(gate(), permit, worker.caller, client, paper)


def preview(worker: Worker, client: UUID, paper: UUID) -> list[Content]:
    with worker.enter(Verb.ANSWER_PROCESS, client=client) as permit:
        return [each.content for each in process.preview(gate(), permit, worker.caller, client, paper)]


def answer(worker: Worker, client: UUID, paper: UUID, way: str = "printed") -> int:
    with worker.enter(Verb.ANSWER_PROCESS, client=client) as permit:
        return process.answer(gate(), permit, worker.caller, client, paper, way=way)


ORDER = {"kind": ProcessKind.COURT_ORDER, "categories": [Category.IDENTITY, Category.INJURIES, Category.NOTES]}


def test_nothing_opens_before_counsel_and_then_only_what_the_order_names(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client, **ORDER | {"categories": [Category.IDENTITY, Category.INJURIES]})
    for step in (lambda: None, lambda: ask(hospital, client, paper)):
        step()
        assert says(hospital.worker, client, paper).opens == ()
        assert preview(hospital.worker, client, paper) == []
        with pytest.raises(InvalidProcess):
            answer(hospital.worker, client, paper)
    reviewed(hospital, client, paper)
    seen = preview(hospital.worker, client, paper)
    assert {content.category for content in seen} == {Category.IDENTITY, Category.INJURIES}
    assert "INJURY STORY" in {content.narrative for content in seen}
    with superuser() as eyes:
        assert eyes.execute("select count(*) from process_given where paper_id = %s", [paper]).fetchone() == (0,)


def test_a_subpoena_filed_as_a_court_order_is_caught_by_counsel(shelter) -> None:
    _world, house, _police, client = shelter
    paper = receive(house.worker, client, **ORDER)
    counsel(house, client, paper, kind=ProcessKind.SUBPOENA)
    found = look(house.worker, client, paper)
    assert (found.claimed, found.line.kind) == (ProcessKind.COURT_ORDER, ProcessKind.SUBPOENA)
    assert says(house.worker, client, paper).opens == ()
    ready(house.worker, client, paper)
    with pytest.raises(InvalidProcess, match="nothing out"):
        answer(house.worker, client, paper)


def test_whoever_wrote_a_paper_down_is_not_its_counsel(ward) -> None:
    _world, hospital, _police, client = ward
    boss = hospital[Role.SUPERVISOR]
    forged = receive(boss, client, **ORDER)
    with pytest.raises(InvalidProcess, match="You wrote this paper down"):
        counsel(hospital, client, forged)
    assert says(hospital.worker, client, forged).opens == ()
    with as_service() as hand, pytest.raises(psycopg.Error, match="paper_looked_at_by_somebody_else"):
        told(hand, note_of(hospital.id))
        hand.execute(
            "update process_paper set counsel_advice = 'answer', counsel_said = 'x', counsel_reviewed_at = now(),"
            " counsel_by = received_by where id = %s",
            [forged],
        )
    reviewed(hospital, client, forged, by=Role.DIRECTOR)
    assert says(hospital.worker, client, forged).opens


ORDERS = (ProcessKind.COURT_ORDER, ProcessKind.WARRANT, ProcessKind.PART2_ORDER)
OURS = (ProcessKind.FINDING, ProcessKind.MANDATED_REPORT)


@pytest.mark.parametrize("claimed", ProcessKind)
def test_a_paper_never_turns_out_to_be_more_than_it_said(claimed: ProcessKind) -> None:
    for kind in ProcessKind:
        more = kind in ORDERS and claimed not in ORDERS
        other = kind is not claimed and (kind in OURS or claimed in OURS)
        assert (kind in may_be(claimed)) is not (more or other), kind


def test_counsel_makes_no_order_of_a_request(shelter) -> None:
    _world, house, _police, client = shelter
    paper = receive(house.worker, client)
    ask(house, client, paper)
    for kind in ORDERS + OURS:
        with pytest.raises(InvalidProcess, match="never more"):
            reviewed(house, client, paper, kind=kind)
        with as_service() as hand, pytest.raises(psycopg.Error, match="more than it said"):
            told(hand, note_of(house.id))
            hand.execute("update process_paper set kind = %s where id = %s", [kind, paper])


def test_counsel_that_says_no_is_not_gone_round(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client, **ORDER)
    counsel(hospital, client, paper, "refuse")
    ready(hospital.worker, client, paper)
    assert says(hospital.worker, client, paper).opens == ()
    with pytest.raises(InvalidProcess):
        answer(hospital.worker, client, paper)


def test_before_anything_compelled_leaves_she_is_told_or_it_says_why_not_and_steps_are_written_down(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client, **ORDER)
    counsel(hospital, client, paper)
    assert says(hospital.worker, client, paper).undone == (FIRST["tell_her"], FIRST["safety_steps"])
    for said in ({"told_how": "", "safety": "Steps."}, {"told_how": "phone", "safety": ""}):
        one = receive(hospital.worker, client, **ORDER)
        counsel(hospital, client, one)
        ready(hospital.worker, client, one, **said)
        with pytest.raises(InvalidProcess):
            answer(hospital.worker, client, one)
    ready(hospital.worker, client, paper, told_how="", not_told="He reads her messages.")
    assert Representation.INFORMING_UNSAFE in look(hospital.worker, client, paper).represented
    assert says(hospital.worker, client, paper).undone == ()
    assert answer(hospital.worker, client, paper) == 3


def test_a_hold_and_a_refusal_stop_it_and_a_hold_ends_where_it_began(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client, **ORDER)
    counsel(hospital, client, paper)
    ready(hospital.worker, client, paper)
    officer = hospital[Role.PRIVACY_OFFICER]

    def decide(step, **more: str) -> None:
        with officer.enter(Verb.HOLD_PROCESS, client=client) as permit:
            step(permit=permit, at=permit.at, client_id=client, paper_id=paper, **more)

    decide(actions.hold, because="A motion to quash is filed.")
    assert preview(hospital.worker, client, paper) == []
    with pytest.raises(InvalidProcess):
        answer(hospital.worker, client, paper)
    decide(actions.resume)
    assert look(hospital.worker, client, paper).line.state is State.COUNSEL_REVIEWED
    assert preview(hospital.worker, client, paper)
    decide(actions.refuse, because="Quashed.")
    assert preview(hospital.worker, client, paper) == []
    with pytest.raises(InvalidProcess):
        decide(actions.resume)
    with pytest.raises(InvalidProcess):
        answer(hospital.worker, client, paper)
    assert [step.move for step in look(hospital.worker, client, paper).path][-3:] == ["hold", "resumed", "refused"]


def test_a_partner_gets_it_sealed_and_nobody_gets_it_twice(ward) -> None:
    world, hospital, police, client = ward
    paper = receive(hospital.worker, client, kind=ProcessKind.WARRANT, partner=police.id, outside="", outside_kind=None)
    counsel(hospital, client, paper)
    ready(hospital.worker, client, paper)
    listed = preview(hospital.worker, client, paper)
    assert answer(hospital.worker, client, paper, "accord") == len(listed) == 2
    there = world.accept(police.worker)
    got = received(police.worker, there)
    assert {view.content.packed() for view in got} == {content.packed() for content in listed}
    assert {view.rules[0] for view in got} == {"hipaa-court-order"}
    assert all(view.purpose is Purpose.LEGAL_PROCESS for view in got)
    with pytest.raises(InvalidProcess):
        answer(hospital.worker, client, paper, "accord")
    with hospital.worker.enter(Verb.READ_ACCOUNTING, client=client) as permit:
        accounts = sharing.accounting(permit=permit, client_id=client)
    assert {(each.recipient_id, each.paper, each.rule) for each in accounts} == {
        (police.id, paper, "hipaa-court-order")
    }


def test_a_request_to_locate_somebody_gets_eight_facts_at_most_and_never_dna(ward) -> None:
    _world, hospital, police, client = ward
    paper = receive(
        hospital.worker,
        client,
        kind=ProcessKind.LAW_ENFORCEMENT_REQUEST,
        purpose=Purpose.LOCATE,
        partner=police.id,
        categories=[Category.IDENTITY, Category.INJURIES, Category.NOTES],
        fields=[Field.NAME_ADDRESS, Field.INJURY_TYPE, Field.DNA, Field.DENTAL],
    )
    opens = says(hospital.worker, client, paper).opens
    assert {each.fields for each in opens} == {(Field.NAME_ADDRESS, Field.INJURY_TYPE)}
    seen = preview(hospital.worker, client, paper)
    assert [(each.kind, dict(each.summary["values"])) for each in seen] == [
        ("facts", {"name_address": NAME}),
        ("facts", {"injury_type": ["bruise"]}),
    ]
    assert all(each.values is None and not each.narrative and each.occurred_at is None for each in seen)


@pytest.mark.parametrize("missing", [*THREE, None])
def test_about_a_victim_who_cannot_agree_all_three_representations_are_wanted(ward, missing) -> None:
    _world, hospital, police, client = ward
    stated = [Representation.INCAPACITATED, *(each for each in THREE if each is not missing)]
    paper = receive(
        hospital.worker,
        client,
        kind=ProcessKind.LAW_ENFORCEMENT_REQUEST,
        purpose=Purpose.INVESTIGATION,
        partner=police.id,
        represented=stated,
        stated_by="Det. Ruiz, badge 0100",
    )
    found = says(hospital.worker, client, paper)
    assert bool(found.opens) is (missing is None)
    [lack] = [each for each in found.lacks if each.citation == "45 CFR 164.512(f)(3)"] or [None]
    if missing is None:
        assert lack is None
    else:
        assert lack is not None
        assert (missing,) in lack.ways
        assert (Representation.SHE_AGREES,) in lack.ways


def never(worker: Worker, client: UUID, against: House, person: str = "") -> None:
    with worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        sharing_actions.never(permit=permit, at=permit.at, client_id=client, against_id=against.id, person=person)


LOCATE = {
    "kind": ProcessKind.LAW_ENFORCEMENT_REQUEST,
    "purpose": Purpose.LOCATE,
    "fields": [Field.NAME_ADDRESS],
}


def test_her_never_is_not_gone_round_by_typing_the_same_agency(ward) -> None:
    _world, hospital, police, client = ward
    typed = LOCATE | {"outside": police.name, "outside_kind": AgencyKind.POLICE}
    paper = receive(hospital.worker, client, **typed)
    demanded = receive(hospital.worker, client, **ORDER | {"outside_kind": AgencyKind.POLICE})
    counsel(hospital, client, demanded)
    assert says(hospital.worker, client, paper).opens
    never(hospital.worker, client, police)
    assert says(hospital.worker, client, paper).opens == ()
    with pytest.raises(InvalidProcess, match="nothing out"):
        answer(hospital.worker, client, paper)
    assert says(hospital.worker, client, demanded).opens, "what is compelled is no matter of hers"
    elsewhere = receive(hospital.worker, client, **ORDER)
    counsel(hospital, client, elsewhere)
    assert says(hospital.worker, client, elsewhere).opens, "a court is no police"


def test_paper_goes_past_nobody_she_said_never_to(ward) -> None:
    _world, hospital, police, client = ward
    by_police = {"partner": police.id, "outside": "", "outside_kind": None}
    paper = receive(hospital.worker, client, **LOCATE | by_police)
    before = receive(hospital.worker, client, **LOCATE | by_police)
    answer(hospital.worker, client, before)
    demanded = receive(hospital.worker, client, **ORDER | by_police)
    counsel(hospital, client, demanded)
    ready(hospital.worker, client, demanded)
    never(hospital.worker, client, police, "Officer Sam Ruiz")
    with pytest.raises(InvalidProcess, match="She said never to somebody who works there"):
        answer(hospital.worker, client, paper)
    with pytest.raises(Refused), hospital.worker.enter(Verb.ANSWER_PROCESS, client=client) as permit:
        process.printed(gate(), permit, hospital.worker.caller, client, before)
    assert answer(hospital.worker, client, demanded)
    assert answer(hospital.worker, client, paper, "accord")


def report(worker: Worker, client: UUID, subject: UUID | None = None, **more: object) -> UUID:
    return receive(
        worker,
        client,
        subject,
        **{
            "kind": ProcessKind.MANDATED_REPORT,
            "purpose": Purpose.MANDATED_REPORT,
            "statute": "report-elder-care",
            "outside": "State agency",
            "outside_kind": AgencyKind.PROTECTIVE_SERVICES,
            "said": {Field.WHAT_HAPPENED: "TYPED", Field.SSN: "TYPED NUMBER"},
        }
        | more,
    )


def test_a_report_tells_what_the_statute_asks_by_word_of_mouth_and_then_in_writing(ward) -> None:
    _world, hospital, _police, client = ward
    paper = report(hospital.worker, client)
    seen = preview(hospital.worker, client, paper)
    assert [dict(each.summary["values"]) for each in seen] == [
        {"name_address": NAME, "what_happened": "TYPED"},
        {"injury_type": ["bruise"]},
    ]

    def tell() -> int:
        with hospital.worker.enter(Verb.ANSWER_PROCESS, client=client) as permit:
            return process.tell(gate(), permit, hospital.worker.caller, client, paper)

    with pytest.raises(InvalidProcess):
        tell()
    ready(hospital.worker, client, paper)
    assert tell() == 2
    with pytest.raises(InvalidProcess):
        tell()
    assert answer(hospital.worker, client, paper) == 2
    with hospital.worker.enter(Verb.READ_ACCOUNTING, client=client) as permit:
        given = queries.given(permit=permit, client_id=client)
    assert sorted((each.way, each.category.value) for each in given) == [
        (way, category) for way in ("oral", "printed") for category in ("identity", "injuries")
    ]
    assert {each.whom for each in given} == {"State agency"}


def test_a_statute_that_does_not_reach_the_agency_opens_nothing(shelter) -> None:
    _world, house, _police, client = shelter
    paper = report(house.worker, client)
    assert says(house.worker, client, paper).opens == ()


def test_what_is_about_her_does_not_go_on_a_paper_about_her_child(ward) -> None:
    world, hospital, _police, client = ward
    with hospital.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        child = vault.add_person(
            permit=permit, at=permit.at, client_id=client, relation=Relation.CHILD, identity=Identity(given="Noa")
        )
    entry(hospital.worker, client, child)
    paper = report(hospital.worker, client, child, statute="report-child-federal")
    assert [dict(each.summary["values"]) for each in preview(hospital.worker, client, paper)] == [
        {"name_address": "Noa", "what_happened": "TYPED"},
        {"injury_type": ["bruise"]},
    ]


def test_a_school_tells_of_an_emergency_only_with_the_threat_written_down(world) -> None:
    school, police = world.agency(AgencyKind.SCHOOL, frozenset({Duty.FERPA}), ROLES), world.police()
    client = world.client(school.worker)
    found = FOUND | {"partner": police.id, "represented": [Representation.IMMINENT_THREAT]}
    with pytest.raises(InvalidProcess, match="threat"):
        receive(school.worker, client, **found)
    paper = receive(school.worker, client, **found, threat="He waits at the gate.")
    assert {each.category for each in says(school.worker, client, paper).opens} == {Category.IDENTITY}
    assert answer(school.worker, client, paper, "accord") == 1


def test_orders_of_one_court_do_not_stand_in_for_each_other_and_a_pair_counts_together(world) -> None:
    clinic = world.agency(AgencyKind.SUBSTANCE_USE, frozenset({Duty.PART2}), ROLES)
    client = world.client(clinic.worker)
    order = receive(clinic.worker, client, kind=ProcessKind.PART2_ORDER)
    counsel(clinic, client, order)
    assert says(clinic.worker, client, order).opens == (), "an order alone is not enough (42 CFR 2.61)"
    subpoena = receive(clinic.worker, client, beside=order, outside="", outside_kind=None)
    assert says(clinic.worker, client, order).opens
    elsewhere = receive(clinic.worker, client)
    assert says(clinic.worker, client, elsewhere).opens == ()
    with clinic[Role.PRIVACY_OFFICER].enter(Verb.HOLD_PROCESS, client=client) as permit:
        actions.hold(permit=permit, at=permit.at, client_id=client, paper_id=subpoena, because="Not served.")
    assert says(clinic.worker, client, order).opens == ()


def test_what_a_law_lets_out_without_any_paper_is_no_answer_to_one(world) -> None:
    clinic, hospital = world.hospital(ROLES), world.hospital()
    client = world.client(clinic.worker)
    paper = receive(
        clinic.worker, client, kind=ProcessKind.RECORDS_REQUEST, purpose=Purpose.TREATMENT, partner=hospital.id
    )
    assert says(clinic.worker, client, paper).opens == ()
    with pytest.raises(InvalidProcess):
        answer(clinic.worker, client, paper, "accord")


DEATH = FOUND | {
    "purpose": Purpose.FATALITY_REVIEW,
    "represented": [
        Representation.SHE_HAS_DIED,
        Representation.TO_PREVENT_DEATHS,
        Representation.IDENTITY_PROTECTED,
        Representation.RELEASE_SOUGHT,
    ],
    "outside": "Review team, 1 Court Street",
    "outside_kind": AgencyKind.COMMUNITY,
}


def test_a_review_of_a_death_waits_for_counsel_and_never_says_where_or_what_she_confided(shelter) -> None:
    world, house, _police, client = shelter
    for category in (Category.LOCATION, Category.CONTACT, Category.SAFETY_PLAN, Category.COUNSELLING, Category.NOTES):
        world.entry(house.worker, client, category, f"THE {category}")
    paper = receive(house.worker, client, **DEATH | {"categories": list(Category)})
    assert look(house.worker, client, paper).line.waits_for_counsel
    assert says(house.worker, client, paper).opens == ()
    with pytest.raises(InvalidProcess):
        answer(house.worker, client, paper)
    browser = signed_in(house[Role.SUPERVISOR])
    place = f"/clients/{client}/papers/{paper}/"
    posted(browser, place + "counsel/", step="ask", counsel="Kay Counsel")
    offered = page(browser, place + "counsel/")
    assert 'value="finding"' in offered
    assert 'value="court_order"' not in offered
    reviewed(house, client, paper)
    opens = {(each.category, each.level) for each in says(house.worker, client, paper).opens}
    summary = {(each, Level.SUMMARY) for each in (Category.RISK, Category.INJURIES, Category.LEGAL, Category.SERVICES)}
    assert opens == {(Category.IDENTITY, Level.EXISTENCE), *summary}
    assert "THE " not in str(preview(house.worker, client, paper))


# ------------------------------------------------------------------ who may what


def test_each_role_does_its_part_and_no_other(ward) -> None:
    _world, hospital, _police, client = ward
    may = {
        Role.WORKER: {Verb.RECEIVE_PROCESS, Verb.READ_PROCESS, Verb.ANSWER_PROCESS, Verb.NOTE_BREACH},
        Role.RECORDS_OFFICER: {Verb.RECEIVE_PROCESS, Verb.READ_PROCESS, Verb.NOTE_BREACH},
        Role.PRIVACY_OFFICER: {Verb.READ_PROCESS, Verb.REVIEW_PROCESS, Verb.HOLD_PROCESS, Verb.NOTE_BREACH},
        Role.DIRECTOR: {Verb.READ_PROCESS, Verb.REVIEW_PROCESS, Verb.NOTE_BREACH},
    }
    every = may[Role.WORKER] | may[Role.PRIVACY_OFFICER]
    for role, verbs in may.items():
        for verb in every:
            try:
                with hospital[role].enter(verb, client=client):
                    assert verb in verbs, (role, verb)
            except Refused:
                assert verb not in verbs, (role, verb)
    with hospital.worker.enter(Verb.READ_PROCESS, client=client) as permit, pytest.raises(PermitError):
        actions.answer(permit=permit, at=permit.at, client_id=client, paper_id=uuid4(), until=permit.at)


def test_a_walled_colleague_knows_of_no_paper_and_a_paper_of_another_file_is_not_there(ward) -> None:
    world, hospital, _police, client = ward
    paper = receive(hospital.worker, client)
    other = world.client(hospital.worker)
    with hospital.worker.enter(Verb.READ_PROCESS, client=other) as permit:
        assert queries.paper(permit=permit, client_id=other, paper_id=paper) is None
    colleague = world.colleague(hospital)
    with hospital[Role.SUPERVISOR].enter(Verb.WALL_CLIENT) as permit:
        vault.wall_off(permit=permit, at=permit.at, client_id=client, member_id=colleague.member, kind="relative")
    with hospital.worker.enter(Verb.READ_PROCESS) as permit:
        assert [line.id for line in queries.papers(permit=permit)] == [paper]
    with colleague.enter(Verb.READ_PROCESS, Verb.READ_DAY) as permit:
        assert queries.papers(permit=permit) == queries.waiting(permit=permit) == []
    with pytest.raises(Refused):
        look(colleague, client, paper)


# ------------------------------------------------------------------ the database


def test_the_database_holds_the_path_and_the_history(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client)
    with as_service() as hand:
        told(hand, note_of(hospital.id))
        for change in (
            "claimed = 'warrant'", "received_at = now()", "reference = 'x'", "client_id = gen_random_uuid()",
            "recipient = gen_random_uuid()", "statute = 'x'", "since_at = now()",
        ):  # fmt: skip
            with pytest.raises(psycopg.Error):
                hand.execute(f"update process_paper set {change} where id = %s", [paper])
            hand.rollback()
            told(hand, note_of(hospital.id))
        for table in ("process_step", "process_given", "process_breach", "process_notice", "sharing_answered"):
            assert hand.execute(f"delete from {table}").rowcount == 0
            assert hand.execute(f"update {table} set agency_id = agency_id").rowcount == 0
        assert hand.execute("delete from process_paper").rowcount == 0
        hand.rollback()


def test_the_database_lets_no_paper_say_more_than_counsel_saw(ward) -> None:
    _world, hospital, _police, client = ward

    def change(paper: UUID, words: str) -> bool:
        with as_service() as hand:
            told(hand, note_of(hospital.id))
            try:
                return hand.execute(f"update process_paper set {words} where id = %s", [paper]).rowcount == 1
            except psycopg.Error as error:
                assert "counsel" in str(error), error
                return False
            finally:
                hand.rollback()

    answered = "state = 'answered', answered_at = now()"
    for more in (ORDER, DEATH):
        paper = receive(hospital.worker, client, **more)
        assert not change(paper, answered), "counsel looks at it first"
        counsel(hospital, client, paper)
        for words in (
            "kind = 'subpoena'",
            "purpose = 'safety'",
            "categories = '{location}'",
            "fields = '{dna}'",
            "until_at = until_at + interval '1 second'",
            "represented = represented || '{unseals}'::text[]",
        ):
            if not (more is DEATH and words.startswith("kind")):
                assert not change(paper, words), words
        assert change(paper, "represented = represented || '{she_was_notified}'::text[]")
        assert change(paper, answered)
    plain = receive(hospital.worker, client, kind=ProcessKind.RECORDS_REQUEST)
    assert change(plain, answered)


def test_after_counsel_nothing_is_stated_that_counsel_has_not_weighed(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client, **ORDER)
    counsel(hospital, client, paper)

    def note(*stated: Representation) -> None:
        with hospital.worker.enter(Verb.RECEIVE_PROCESS, client=client) as permit:
            actions.note(
                permit=permit,
                at=permit.at,
                client_id=client,
                paper_id=paper,
                represented=stated,
                stated_by="The court",
            )

    weighed = (Representation.PRIVILEGE_RULED_ON, Representation.UNSEALS, Representation.RELEVANT_AND_LIMITED)
    for each in weighed:
        with pytest.raises(InvalidProcess, match="ask counsel again"):
            note(each)
    note(Representation.SHE_WAS_NOTIFIED)
    ask(hospital, client, paper)
    note(*weighed)
    reviewed(hospital, client, paper)
    note(*weighed)


ANSWERED = (
    "insert into sharing_answered (id, agency_id, client_id, subject_id, recipient_id, paper, purpose, grants, rule,"
    " until_at, answered_at, answered_by) select gen_random_uuid(), agency_id, client_id, subject_id, partner_id, id,"
    " purpose, %s, 'by-hand', now() + interval '1 hour', now(), received_by from process_paper where id = %s"
)


def test_the_database_lets_no_answer_rest_on_a_paper_that_was_not_through_its_path(shelter) -> None:
    _world, house, police, client = shelter
    sent_by = {"partner": police.id, "outside": "", "outside_kind": None}

    def attempt(paper: UUID, state: str, advice: str, grants: str = '{"identity": 2}', until: str = "1 hour") -> bool:
        """Whether an answer may rest on a paper that somehow came to stand so."""
        try:
            with superuser() as hand, hand.transaction(force_rollback=True):
                hand.execute("set local session_replication_role = replica")
                hand.execute(
                    "update process_paper set state = %s, counsel_advice = %s::text, answered_at = now(),"
                    " answered_until_at = now() + %s::interval, counsel_said = case when %s <> '' then 'x'::bytea end,"
                    " counsel_reviewed_at = case when %s <> '' then now() end,"
                    " counsel_by = case when %s <> '' then gen_random_uuid() end where id = %s",
                    [state, advice, until, advice, advice, advice, paper],
                )
                hand.execute("set local session_replication_role = origin")
                hand.execute(ANSWERED, [grants, paper])
        except psycopg.Error as error:
            assert "through its path" in str(error)
            return False
        return True

    warrant = receive(house.worker, client, kind=ProcessKind.WARRANT, **sent_by)
    assert attempt(warrant, "answered", "answer")
    assert not attempt(warrant, "answered", "answer", '{"identity": 2, "counselling": 3}')
    assert not attempt(warrant, "answered", "")
    assert not attempt(warrant, "answered", "refuse")
    assert not attempt(warrant, "counsel_reviewed", "answer")
    assert not attempt(warrant, "received", "")
    assert not attempt(warrant, "answered", "answer", until="59 minutes"), "no longer than it was answered"
    short = receive(house.worker, client, **ORDER, **sent_by, until_at=timezone.now() + timedelta(minutes=59))
    assert not attempt(short, "answered", "answer"), "nor than the paper itself"
    subpoena = receive(house.worker, client, **sent_by)
    assert not attempt(subpoena, "answered", "answer"), "a victim service provider gives nothing to a subpoena"
    found = receive(house.worker, client, **FOUND, **sent_by)
    assert not attempt(found, "answered", "answer"), "nor on a finding of its own"
    died = receive(house.worker, client, **DEATH | sent_by)
    assert attempt(died, "answered", "answer")
    assert not attempt(died, "answered", ""), "nor on a death that counsel has not looked at"


def test_a_file_is_kept_while_a_paper_about_it_waits(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client)
    boss = hospital[Role.SUPERVISOR]
    with pytest.raises(DatabaseError, match="a file is kept"), boss.enter(Verb.DELETE_CLIENT, client=client) as permit:
        vault.delete_client(permit=permit, at=permit.at, client_id=client)
    browser = signed_in(boss)
    code = re.search(r"<title>(\S+)", page(browser, f"/clients/{client}/"))[1]
    assert "her file is kept" in posted(browser, f"/clients/{client}/delete/", 200, code=code)
    with hospital[Role.PRIVACY_OFFICER].enter(Verb.HOLD_PROCESS, client=client) as permit:
        actions.refuse(permit=permit, at=permit.at, client_id=client, paper_id=paper, because="Not served.")
    posted(browser, f"/clients/{client}/delete/", code=code)
    with hospital.worker.enter(Verb.READ_PROCESS) as permit:
        assert queries.papers(permit=permit, still_open=False) == []


def test_an_envelope_cannot_say_more_or_last_longer_than_the_answer_it_rests_on(ward) -> None:
    world, hospital, police, client = ward
    paper = receive(hospital.worker, client, kind=ProcessKind.WARRANT, partner=police.id, outside="", outside_kind=None)
    counsel(hospital, client, paper)
    ready(hospital.worker, client, paper)
    answer(hospital.worker, client, paper, "accord")
    copy = (
        "insert into sharing_envelope (id, agency_id, holder_id, thread, basis, release, flow, answered, rules,"
        " purpose, category, level, key_version, sealed, retain, sent_at, until_at) select gen_random_uuid(),"
        " agency_id, holder_id, thread, basis, release, flow, answered, rules, {purpose}, {category}, level,"
        " key_version, sealed, retain, sent_at, {until} from sharing_envelope where holder_id = %s limit 1"
    )
    fine = {"purpose": "purpose", "category": "category", "until": "until_at"}
    for change, goes in (
        ({}, True),
        ({"until": "until_at + interval '1 second'"}, False),
        ({"category": "'counselling'"}, False),
        ({"purpose": "'safety'"}, False),
    ):
        with as_service() as hand:
            told(hand, note_of(hospital.id))
            try:
                hand.execute(copy.format(**fine | change), [hospital.id])
                assert goes, change
            except psycopg.Error:
                assert not goes, change
            finally:
                hand.rollback()
    assert world


def test_no_envelope_rests_on_a_release_that_has_ended(shelter) -> None:
    world, house, police, client = shelter
    release = world.release(house.worker, client, police)
    copy = (
        "insert into sharing_envelope (id, agency_id, holder_id, thread, basis, release, flow, answered, rules,"
        " purpose, category, level, key_version, sealed, retain, sent_at, until_at) select gen_random_uuid(),"
        " agency_id, holder_id, thread, basis, release, flow, answered, rules, purpose, category, level,"
        " key_version, sealed, retain, sent_at, until_at from sharing_envelope where release = %s limit 1"
    )

    def goes() -> bool:
        with as_service() as hand:
            told(hand, note_of(house.id))
            try:
                return hand.execute(copy, [release]).rowcount == 1
            except psycopg.Error as error:
                assert "living release" in str(error)
                return False
            finally:
                hand.rollback()

    assert goes()
    with superuser() as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(
            "update sharing_release set ended_at = now(), ended_by = gen_random_uuid(), ends_with = 'case_closed'"
            " where id = %s",
            [release],
        )
    assert not goes()


# ------------------------------------------------------------------ accounting


def test_the_accounting_lists_what_left_on_papers_and_waits_when_law_enforcement_asks(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client, **ORDER | {"outside_kind": AgencyKind.PROSECUTOR})
    counsel(hospital, client, paper)
    ready(hospital.worker, client, paper)
    answer(hospital.worker, client, paper)
    browser = signed_in(hospital.worker)
    address = f"/clients/{client}/accounting/"
    said = text(page(browser, address))
    for part in ("County Court, 1 Court Street", "answering a court", "45 CFR 164.512(a)", "It goes back 6 years"):
        assert part in said
    assert "INJURY" not in said
    officer = hospital[Role.PRIVACY_OFFICER]
    with officer.enter(Verb.HOLD_PROCESS, client=client) as permit:
        actions.suspend_accounting(
            permit=permit, at=permit.at, client_id=client, paper_id=paper, how="oral", official="Det. Ruiz"
        )
        until = queries.paper(permit=permit, client_id=client, paper_id=paper).quiet_until_at
        assert until == permit.at + timedelta(days=30)
    assert "County Court" not in page(browser, address)
    assert "Nothing was told to anybody" in page(browser, address)
    later = timezone.now() + timedelta(days=31)
    with hospital.worker.enter(Verb.READ_ACCOUNTING, client=client, at=later) as permit:
        assert queries.accounting_waits(permit=permit, client_id=client) == set()


@pytest.mark.parametrize(
    ("how", "days", "waits"),
    [("oral", 30, True), ("oral", 31, False), ("written", 366, True), ("written", 367, False)],
)
def test_the_database_lets_an_accounting_wait_no_longer_than_the_law_does(
    ward, how: str, days: int, waits: bool
) -> None:
    _world, hospital, police, client = ward
    paper = receive(hospital.worker, client, partner=police.id, outside="", outside_kind=None)

    def wait(how: str, days: int) -> None:
        with as_service() as hand:
            told(hand, note_of(hospital.id))
            hand.execute(
                "update process_paper set quiet_how = %s, quiet_by = '\\x00',"
                " quiet_until_at = statement_timestamp() + %s * interval '1 day' where id = %s",
                (how, days, paper),
            )

    if not waits:
        with pytest.raises(psycopg.Error, match="an accounting waits as long as the law lets it"):
            wait(how, days)
        return
    wait(how, days)
    with pytest.raises(psycopg.Error, match="an accounting waits"):
        wait("oral", 1)
    wait("written", 10)


def test_an_accounting_waits_only_for_law_enforcement_and_by_word_of_mouth_once(ward) -> None:
    _world, hospital, police, client = ward

    def wait(paper: UUID, how: str = "oral", days: int = 9) -> None:
        with hospital[Role.PRIVACY_OFFICER].enter(Verb.HOLD_PROCESS, client=client) as permit:
            until = permit.at + timedelta(days=days)
            actions.suspend_accounting(
                permit=permit, at=permit.at, client_id=client, paper_id=paper, how=how, official="Ruiz", until=until
            )

    by_police = {"partner": police.id, "outside": "", "outside_kind": None}
    for other in (
        receive(hospital.worker, client, **ORDER),
        receive(hospital.worker, client, **FOUND, **by_police),
        report(hospital.worker, client, **by_police),
    ):
        with pytest.raises(InvalidProcess, match="Only law enforcement"):
            wait(other)
    paper = receive(hospital.worker, client, **by_police)
    wait(paper)
    with pytest.raises(InvalidProcess, match="ask once"):
        wait(paper)
    wait(paper, "written", 365)
    with pytest.raises(InvalidProcess, match="a year at most"):
        wait(paper, "written", 400)
    with pytest.raises(InvalidProcess, match="ask once"):
        wait(paper)


def test_what_is_older_than_the_law_goes_back_is_left_out(ward) -> None:
    _world, hospital, _police, client = ward
    paper = receive(hospital.worker, client, **ORDER)
    counsel(hospital, client, paper)
    ready(hospital.worker, client, paper)
    answer(hospital.worker, client, paper)
    with superuser() as hand:
        hand.execute(
            "update process_given set given_at = now() - interval '6 years 1 day' where paper_id = %s", [paper]
        )
    assert "County Court" not in page(signed_in(hospital.worker), f"/clients/{client}/accounting/")


# ------------------------------------------------------------------ breaches


def test_a_breach_is_told_once_to_each_whom_the_law_names(shelter) -> None:
    _world, house, _police, _client = shelter
    officer = house[Role.PRIVACY_OFFICER]
    with officer.enter(Verb.NOTE_BREACH) as permit:
        at = permit.at
        breach = actions.note_breach(
            permit=permit, at=at, kind="imminent", what="A laptop is gone.", detected_at=at - timedelta(hours=25)
        )
        [view] = queries.breaches(permit=permit)
        assert view.open
        [(clock, untold)] = view.clocks
        assert (clock.whom, clock.due_at, untold) == (Whom.GRANT_MANAGER, at - timedelta(hours=1), None)
        actions.told_of_breach(permit=permit, at=at, breach_id=breach, whom=Whom.GRANT_MANAGER)
        [view] = queries.breaches(permit=permit)
        assert not view.open
        with pytest.raises(InvalidProcess):
            actions.told_of_breach(permit=permit, at=at, breach_id=breach, whom=Whom.GRANT_MANAGER)
        for wrong in ({"kind": "x"}, {"what": " "}, {"detected_at": at + timedelta(minutes=1)}):
            with pytest.raises(InvalidProcess):
                given = {"kind": "actual", "what": "It.", "detected_at": at} | wrong
                actions.note_breach(permit=permit, at=at, **given)
    with superuser() as eyes:
        [sealed] = eyes.execute("select what from process_breach where id = %s", [breach]).fetchone()
    assert b"laptop" not in bytes(sealed)


# ------------------------------------------------------------------ pages


def posted(browser, address: str, status: int = 302, **data: object) -> str:
    answer = browser.post(address, data)
    assert answer.status_code == status, text(answer.content.decode())[:900]
    return answer["Location"] if status == 302 else answer.content.decode()


def test_a_subpoena_takes_its_path_through_the_pages(ward) -> None:
    _world, hospital, _police, client = ward
    clerk, nurse = signed_in(hospital[Role.RECORDS_OFFICER]), signed_in(hospital.worker)
    boss, officer = signed_in(hospital[Role.SUPERVISOR]), signed_in(hospital[Role.PRIVACY_OFFICER])
    code = re.search(r"<title>(\S+)", page(nurse, f"/clients/{client}/"))[1]
    assert "no file under this code" in page(clerk, "/papers/?code=TX-00000")
    new_page = clerk.get(f"/papers/?code={code}")["Location"]
    place = posted(
        clerk,
        new_page,
        kind="subpoena",
        outside="District Attorney, 5 Main Street",
        outside_kind="prosecutor",
        received_at="2026-11-20T10:00",
        last_day=(timezone.now() + timedelta(days=9)).date().isoformat(),
        purpose="legal_process",
        categories=["identity", "injuries"],
        reference="26-CV-0100",
    )
    said = text(page(clerk, place))
    for part in ("Nothing opens until counsel has looked at it", "26-CV-0100", "Nothing opens."):
        assert part in said
    assert NAME not in said
    assert "Counsel first" in text(page(nurse, "/my-day/"))
    assert page(nurse, place + "counsel/", 404)
    assert page(clerk, place + "answer/", 404)
    posted(boss, place + "counsel/", step="ask", counsel="Kay Counsel")
    review = {
        "step": "review", "advice": "answer", "said": "She had notice.", "kind": "subpoena",
        "purpose": "legal_process", "categories": ["identity", "injuries"], "represented": ["she_was_notified"],
        "last_day": (timezone.now() + timedelta(days=9)).date().isoformat(),
    }  # fmt: skip
    assert "Write down who stated this" in posted(boss, place + "counsel/", 200, **review)
    posted(boss, place + "counsel/", **review, stated_by="The district attorney")
    assert "INJURY STORY" in page(nurse, place + "answer/")
    posted(clerk, place + "note/", told_how="in_person", safety="Alone, at the clinic.")
    posted(nurse, place + "answer/", way="printed")
    pdf = nurse.get(place + "print/")
    assert (pdf["Content-Type"], pdf.content[:4]) == ("application/pdf", b"%PDF")
    assert page(clerk, place + "print/", 404)
    said = text(page(officer, place))
    for part in ("What has left", "Answered", "Counsel has answered", "Kay Counsel"):
        assert part in said
    posted(clerk, place + "note/", step="close", because="Served.")
    assert page(nurse, place + "print/", 404)
    assert "Served." in page(officer, place)


def test_the_report_page_says_what_we_cannot_keep_and_offers_only_statutes_that_reach_us(ward) -> None:
    _world, hospital, police, client = ward
    nurse = signed_in(hospital.worker)
    address = f"/clients/{client}/reports/new/"
    said = text(page(nurse, address))
    for report_ in reports(Agency("h", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA})), timezone.now()):
        assert report_.because.citation in said
    assert "choose which" in posted(nurse, address, 200, sender=f"partner:{police.id}", known_at="2026-11-20T10:00")
    place = posted(
        nurse,
        address,
        statute="report-elder-care",
        sender=f"partner:{police.id}",
        known_at=(timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        what_happened="She was struck.",
    )
    said = text(page(nurse, place))
    for part in ("By word of mouth", "only Name and address", "Before anything leaves"):
        assert part in said, said
    posted(nurse, place + "note/", not_told="He listens.", safety="Moved.", told_how="")
    posted(nurse, place + "answer/", step="oral")
    posted(nurse, place + "answer/", way="accord")
    assert "Reported by word of mouth" in page(nurse, place)


def test_breach_clocks_stand_where_the_officer_and_the_director_look(shelter) -> None:
    _world, house, _police, _client = shelter
    worker = signed_in(house.worker)
    place = posted(
        worker, "/breaches/new/", kind="actual", what="A letter went astray.", detected_at="2026-11-20T10:00"
    )
    for role in (Role.PRIVACY_OFFICER, Role.DIRECTOR):
        said = page(signed_in(house[role]), "/papers/")
        assert "The grant manager" in said
        assert "late" in said
    posted(signed_in(house[Role.DIRECTOR]), place, whom="grant_manager")
    assert "The grant manager" not in page(worker, "/papers/")

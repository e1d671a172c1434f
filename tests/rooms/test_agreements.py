"""Drafts of agreements: what must stand in them, whose they are, what a change does to signatures, and one way into
force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError
from django.test import Client

from accord.agreements import actions, facts, queries
from accord.agreements.beginning import beginning, row_of
from accord.agreements.models import Comment, Draft, Version
from accord.agreements.rules import (
    ANNEXES,
    BY_ID,
    SECTIONS,
    WITHOUT,
    Content,
    Flow,
    Ground,
    Item,
    Kind,
    Parties,
    Stage,
    canonical,
    digest,
    draft_id,
    findings,
    promises,
    same_terms,
    speaking,
    stage,
    ways,
)
from accord.gate.asking import says, tables
from accord.gate.law import load
from accord.partners import actions as partners
from accord.partners import facts as partner_facts
from accord.partners.rules import InvalidAgreement, Standing
from accord.policy.facts import Agency
from accord.policy.words import AgencyKind, Category, Duty, Element, Purpose, Role, Verb
from tests.rooms.test_web_partners import signed_in
from tests.world import House, World, draft

SHELTER, POLICE, LAWYER, COURT = (UUID(int=number) for number in range(1, 5))
FACTS = {
    SHELTER: Agency(str(SHELTER), AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA})),
    POLICE: Agency(str(POLICE), AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS})),
    LAWYER: Agency(str(LAWYER), AgencyKind.PROSECUTOR, frozenset({Duty.BRADY})),
    COURT: Agency(str(COURT), AgencyKind.COURT, frozenset({Duty.COURT_RECORDS})),
}
NAMES = {SHELTER: "Harbor House", POLICE: "Arden Police", LAWYER: "Prosecutor", COURT: "Court"}
FIRST = date(2026, 3, 1)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAW = load("us-federal").on(AT)
THREE = Parties({id: FACTS[id] for id in (SHELTER, POLICE, LAWYER)}, NAMES)
TWO = Parties({id: FACTS[id] for id in (POLICE, LAWYER)}, NAMES)


def content(parties: Parties = THREE, **changed: Any) -> Content:
    """A draft in which nothing is missing. `section__item=value` says otherwise."""
    sections, flows = beginning(
        parties, (Category.INJURIES, Category.RISK), (Purpose.PROSECUTION,), "envelope", FIRST,
        FIRST + timedelta(days=364), LAW, str, dict.fromkeys(parties.facts, "Pat Doe · 555-0100"),
    )  # fmt: skip
    sections["parties"]["signatory"] = {str(id): "The director" for id in parties.facts}
    for name, value in changed.items():
        section, item = name.split("__")
        sections[section][item] = value
    return Content("Protocol", tuple(sorted(parties.facts)), sections, flows)


def wrong(found: Content, parties: Parties = THREE) -> set[str]:
    return {each.section for each in findings(found, parties, LAW) if not each.warning}


# ------------------------------------------------------------------ the builder


def test_there_are_21_sections_and_the_words_to_begin_with_leave_nothing_open_but_who_signs() -> None:
    assert len(SECTIONS) == 21
    assert all(section.source.startswith("facts 2.1") and section.must for section in BY_ID.values())
    assert findings(content(), THREE, LAW) == []
    assert wrong(content(parties__signatory={})) == {"parties"}


ITEMS = [(section.id, item.id) for section in SECTIONS for item in section.items if item.kind is not Kind.EACH_PARTY]


@pytest.mark.parametrize(("section", "item"), ITEMS)
def test_whatever_is_left_out_is_named_by_its_section(section: str, item: str) -> None:
    for nothing in (None, "", " " if BY_ID[section].items[0].kind is Kind.TEXT else ""):
        assert section in wrong(content(**{f"{section}__{item}": nothing}))


def said_by(annex: str) -> list[Item]:
    return [item for item in BY_ID[annex].items if item is not WITHOUT]


def test_there_are_the_seven_annexes_of_the_facts_and_the_focal_points_come_from_the_directory() -> None:
    assert [annex.id for annex in ANNEXES] == [
        "form_release", "form_referral", "focal_points", "protecting_data", "monthly_report", "external_request",
        "contingency",
    ]  # fmt: skip
    assert list(BY_ID) == [each.id for each in (*SECTIONS, *ANNEXES)]
    assert content().value("focal_points", "people") == {str(id): "Pat Doe · 555-0100" for id in THREE.facts}


@pytest.mark.parametrize("annex", [annex.id for annex in ANNEXES])
def test_an_annex_is_there_or_says_why_it_is_left_out(annex: str) -> None:
    for item in said_by(annex):
        assert wrong(content(**{f"{annex}__{item.id}": None})) == {annex}
    nothing = {f"{annex}__{item.id}": {} if item.kind is Kind.EACH_PARTY else "" for item in said_by(annex)}
    assert wrong(content(**nothing)) == {annex}
    assert wrong(content(**nothing, **{f"{annex}__without": " "})) == {annex}
    assert wrong(content(**nothing, **{f"{annex}__without": "Each party has its own."})) == set()
    assert wrong(content(**{f"{annex}__without": "Each party has its own."})) == {annex}, "it says both"


def test_a_release_form_says_what_the_law_of_any_party_asks() -> None:
    whole = content().value("form_release", "says")
    for element in sorted(set(whole) - {Element.COPY_OFFERED, Element.DISCLOSER, Element.AUTHORITY,
                                        Element.RIGHT_TO_REVOKE, Element.REDISCLOSURE}):  # fmt: skip
        lacking = [each for each in whole if each != element]
        assert wrong(content(form_release__says=lacking)) == {"form_release"}, element
    for element in (Element.DISCLOSER, Element.RIGHT_TO_REVOKE, Element.AUTHORITY):
        lacking = [each for each in whole if each != element]
        assert wrong(content(form_release__says=lacking)) == set(), "no law of these parties asks for it"
        hospital = replace(FACTS[LAWYER], kind=AgencyKind.HOSPITAL, duties=frozenset({Duty.HIPAA}))
        bound = Parties({**THREE.facts, LAWYER: hospital}, NAMES)
        assert "form_release" in wrong(content(bound, form_release__says=lacking), bound)


@pytest.mark.parametrize(
    ("changed", "annex"),
    [
        ({"form_referral__asks": ["who", "reason", "consent"]}, "form_referral"),
        ({"form_referral__asks": ["who", "reason", "safe"]}, "form_referral"),
        ({"external_request__asks": ["who", "what", "why", "where", "unnamed"]}, "external_request"),
        ({"monthly_report__below": 10}, "monthly_report"),
        ({"monthly_report__below": 0}, "monthly_report"),
        ({"focal_points__people": {str(SHELTER): "Pat Doe"}}, "focal_points"),
    ],
)
def test_what_an_annexed_form_leaves_out_is_named(changed: dict[str, Any], annex: str) -> None:
    assert wrong(content(**changed)) == {annex}
    assert wrong(content(monthly_report__below=25, form_referral__asks=["consent", "safe"])) == set()


@pytest.mark.parametrize(
    ("changed", "section"),
    [
        ({"purpose__never": ["research"]}, "purpose"),
        ({"identifying__keys": ["hashed", "herself"]}, "identifying"),
        ({"consent__provider": "high_risk"}, "consent"),
        ({"meetings__rules": ["declaration", "relevant", "actions", "not_told"]}, "meetings"),
        ({"access__days": 2}, "access"),
        ({"breach__hours": 25}, "breach"),
        ({"breach__hours": 72}, "breach"),
        ({"governance__decides": "one"}, "governance"),
        ({"governance__leads": [str(POLICE)]}, "governance"),
        ({"governance__meets": 0}, "governance"),
        ({"governance__leads": [str(SHELTER), str(COURT)]}, "governance"),
        ({"retention__periods": {"received": "A year"}}, "retention"),
        ({"review__review_day": (FIRST + timedelta(days=366)).isoformat()}, "review"),
        ({"review__review_day": (FIRST - timedelta(days=1)).isoformat()}, "review"),
        ({"mechanisms__ways": ["phone"]}, "mechanisms"),
        ({"parties__signatory": {str(SHELTER): "The director"}}, "parties"),
    ],
)
def test_what_no_agreement_may_say_is_named_by_its_section(changed: dict[str, Any], section: str) -> None:
    assert wrong(content(**changed)) == {section}


def test_what_would_be_wrong_with_a_victim_service_provider_is_not_without_one() -> None:
    for changed in ({"identifying__keys": ["hashed"]}, {"consent__provider": "high_risk"}):
        assert wrong(content(TWO, **changed), TWO) == set()
    assert wrong(content(governance__leads=[str(SHELTER), str(POLICE)])) == set(), "she leads together with others"


def test_sooner_than_the_law_asks_is_no_fault_and_a_fault_is_named_once() -> None:
    assert findings(content(access__days=0, breach__hours=0), THREE, LAW) == []
    assert len(content().flows) > 1
    assert len(findings(content(mechanisms__ways=["phone"]), THREE, LAW)) == 1


def test_every_party_says_which_laws_bind_it_even_if_none() -> None:
    silent = Parties({**THREE.facts, POLICE: replace(FACTS[POLICE], duties=frozenset())}, NAMES)
    assert "parties" in wrong(content(), silent)


# ------------------------------------------------------------------ the matrix


def test_a_victim_service_provider_has_rows_by_release_or_in_totals_and_no_others() -> None:
    assert {flow.ground for flow in content().flows if flow.sender == SHELTER} == {Ground.RELEASED}
    for category, purpose in product(Category, Purpose):
        assert row_of(THREE, LAW, SHELTER, POLICE, category, purpose, Ground.LAW, "envelope") is None
    rows = content().flows
    forged = Flow(SHELTER, POLICE, Category.RISK, Purpose.SAFETY, Ground.LAW, "envelope", "vawa-release")
    assert wrong(replace(content(), flows=(*rows, forged))) == {"matrix"}
    total = row_of(THREE, LAW, SHELTER, POLICE, Category.RISK, Purpose.COORDINATION, Ground.TOTALS, "envelope")
    assert total is not None and total.rule == "totals"
    assert wrong(replace(content(), flows=(*rows, total))) == set()


def test_each_row_cites_a_rule_that_speaks_for_exactly_it() -> None:
    lawful = row_of(THREE, LAW, POLICE, LAWYER, Category.INJURIES, Purpose.PROSECUTION, Ground.LAW, "envelope")
    assert lawful is not None
    assert FACTS[POLICE].duties and lawful.rule in load("us-federal").rules
    for changed in (
        {"rule": "hipaa-authorization"},
        {"rule": "no-such-rule"},
        {"rule": ""},
        {"sender": LAWYER, "recipient": SHELTER},
        {"purpose": Purpose.HOUSING},
        {"ground": Ground.RELEASED},
    ):
        row = replace(lawful, **changed)
        assert wrong(replace(content(), flows=(row,))) == {"powers"}, changed
    for row in (replace(lawful, recipient=COURT), replace(lawful, recipient=POLICE)):
        assert wrong(replace(content(), flows=(row,))) == {"matrix"}
    assert wrong(replace(content(), flows=())) == {"matrix"}


def test_what_is_cited_and_what_the_law_says_are_the_same() -> None:
    """Two readings of one law: what a row may cite, and what the engine answers if the agreement were in force."""
    seen = set()
    pairs = [(one, other) for one in FACTS.values() for other in FACTS.values() if one is not other]
    for (holder, recipient), category in product(pairs, Category):
        for purpose in (Purpose.PROSECUTION, Purpose.SAFETY, Purpose.SUPERVISION, Purpose.COORDINATION):
            row = Flow(UUID(holder.id), UUID(recipient.id), category, purpose, Ground.LAW, "envelope", "")
            answer = says(holder, recipient, category, purpose, AT)
            cited = speaking(tables(AT), holder, recipient, row)
            assert "totals" not in cited
            if answer.how == "lawful":
                assert answer.because.rule in cited
            if answer.how == "closed":
                assert speaking(tables(AT), holder, recipient, replace(row, ground=Ground.RELEASED)) != () or not cited
            seen.add(answer.how)
    assert {"lawful", "released"} <= seen


def test_under_the_agreement_itself_goes_what_rests_on_a_law_and_nothing_else() -> None:
    assert {(way.sender, way.recipient) for way in ways(content())} == {(POLICE, LAWYER)}
    assert all(flow.ground is not Ground.LAW for flow in content().flows if flow.recipient == SHELTER)


# ------------------------------------------------------------------ "it stays in the room"

PROMISES = [
    "What is said in the room stays in the room.",
    "Members agree that information stays within the team.",
    "Everything shared must not leave this room.",
    "It doesn't leave the room",
    "What is shared here is safe.",
    "All of it is confidential among the members.",
    "Information remains confidential between the parties.",
    "Everybody promises confidentiality.",
    "We agree to keep everything secret.",
    "Whatever is discussed in our meeting is kept among us.",
    "Lo que se dice aquí se queda aquí.",
    "Todo lo hablado se queda en la sala.",
    "La información no sale de esta mesa.",
    "Lo que se comparta en la reunión es secreto.",
    "Es confidencial entre los miembros.",
]
HARMLESS = [
    "Each party keeps its own legal duties of confidentiality.",
    "The survivor keeps confidentiality between partners.",
    "She stays in the shelter; the team meets in the room upstairs.",
    "The minutes stay with the coordinator.",
    "Nobody may promise that what is said here stays in the room.",
    "No promise that it stays in the room permits anybody to tell.",
    "It is wrong to think that it stays in the room.",
    "A release names what is said and to whom.",
    "Confidential records are encrypted.",
    "The parties agree to meet every month.",
    "Nadie puede prometer que lo que se dice aquí se queda en la sala.",
    "La superviviente decide qué se comparte.",
    "Las salas se cierran por la noche.",
    "",
]


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_that_it_stays_in_the_room_is_heard(text: str) -> None:
    assert promises(f"We meet monthly. {text} Then we go home.")
    found = findings(content(principles__text=f"Ours is a good team. {text}"), THREE, LAW)
    assert [each.section for each in found if each.warning] == ["principles"]
    assert "does not permit a victim service provider to disclose" in found[0].sentence
    assert not [each for each in found if not each.warning], "a warning stops nobody"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_such_promise_is_let_be(text: str) -> None:
    assert promises(text) == []


def test_the_words_to_begin_with_promise_nothing_of_the_kind() -> None:
    assert not [each for each in findings(content(), THREE, LAW) if each.warning]


# ------------------------------------------------------------------ versions and stages


def test_a_hash_is_of_everything_it_says_and_of_what_came_before() -> None:
    one, id = content(), uuid4()
    same = Content(one.title, tuple(reversed(one.parties)), dict(reversed(one.sections.items())), one.flows[::-1])
    assert canonical(id, 1, b"", one) == canonical(id, 1, b"", same), "the order of writing does not matter"
    others = [
        digest(id, 2, b"", one),
        digest(id, 1, b"x", one),
        digest(uuid4(), 1, b"", one),
        digest(id, 1, b"", replace(one, title="Other")),
        digest(id, 1, b"", replace(one, flows=one.flows[1:])),
        digest(id, 1, b"", replace(one, parties=one.parties[:2])),
        digest(id, 1, b"", content(breach__hours=23)),
        *(digest(id, 1, b"", content(**{f"{annex.id}__without": "Not needed."})) for annex in ANNEXES),
    ]
    assert len({digest(id, 1, b"", one), *others}) == 15
    assert same_terms(one, content(review__review_day="2027-01-01"))
    assert not same_terms(one, content(breach__hours=23))


@pytest.mark.parametrize(
    ("standing", "signed", "days", "expected"),
    [
        (None, 0, 0, Stage.DRAFT),
        (Standing.WAITING, 0, 90, Stage.LEGAL_REVIEW),
        (Standing.WAITING, 1, 90, Stage.SIGNED_PARTIAL),
        (Standing.COMING, 3, 90, Stage.COMING),
        (Standing.IN_FORCE, 3, 61, Stage.ACTIVE),
        (Standing.IN_FORCE, 3, 60, Stage.REVIEW_DUE),
        (Standing.SUSPENDED, 3, 90, Stage.SUSPENDED),
        (Standing.PAST, 3, -1, Stage.LAPSED),
        (Standing.PAST, 2, -1, Stage.DRAFT),
        (Standing.OVER, 3, 90, Stage.WITHDRAWN),
        (Standing.OVER, 2, 90, Stage.DRAFT),
    ],
)
def test_the_life_of_a_version(standing: Standing | None, signed: int, days: int, expected: Stage) -> None:
    assert stage(standing, signed, 3, timedelta(days=days), renewed=False) is expected
    assert stage(Standing.REPLACED, 3, 3, timedelta(0), renewed=True) is Stage.RENEWED
    assert stage(Standing.REPLACED, 3, 3, timedelta(0), renewed=False) is Stage.AMENDED


# ------------------------------------------------------------------ on the database


@pytest.fixture(scope="module")
def houses() -> dict[str, House]:
    world = World()
    every = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER)
    return {
        "police": world.police(every),
        "prosecutor": world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY})),
        "shelter": world.agency(roles=every),
    }


def directs(house: House, *verbs: Verb):
    return house[Role.DIRECTOR].enter(*verbs or (Verb.MANAGE_AGENCY,), purpose=Purpose.ADMINISTRATION)


def seen(house: House, id: UUID) -> queries.DraftView | None:
    with directs(house, Verb.READ_PARTNERS) as permit:
        return queries.draft(permit=permit, draft_id=id)


def change(house: House, id: UUID, version: int, section: str = "disputes", **values: Any) -> None:
    view = seen(house, id)
    title = view.newest.content.title if view else "Nothing"
    with directs(house) as permit:
        actions.change_section(
            permit=permit, at=permit.at, draft_id=id, seen=version, section=section, title=title,
            values=values or {"ladder": f"Ask {uuid4()}."},
        )  # fmt: skip


def lay(house: House, id: UUID, version: int = 1) -> UUID:
    with directs(house) as permit:
        return actions.lay(permit=permit, at=permit.at, draft_id=id, seen=version, tables=tables(permit.at))


def sign(house: House, agreement: UUID) -> None:
    with directs(house) as permit:
        partners.sign_agreement(permit=permit, at=permit.at, agreement_id=agreement)


def begun(houses: dict[str, House]) -> UUID:
    things = {"categories": (Category.INJURIES, Category.RISK), "purposes": (Purpose.PROSECUTION,)}
    return draft(houses["police"], houses["prosecutor"], **things)


def test_a_draft_is_for_its_parties_and_for_nobody_else(houses: dict[str, House]) -> None:
    id = begun(houses)
    for name in ("police", "prosecutor"):
        view = seen(houses[name], id)
        assert view is not None and view.newest.number == 1 and view.newest.stage is Stage.DRAFT
    assert seen(houses["shelter"], id) is None
    with directs(houses["shelter"], Verb.READ_PARTNERS):
        assert not Draft.objects.filter(id=id).exists()
        assert not Version.objects.filter(draft=id).exists()
    with pytest.raises(InvalidAgreement):
        change(houses["shelter"], id, 1)


def test_every_party_changes_it_and_each_change_is_another_version(houses: dict[str, House]) -> None:
    id = begun(houses)
    change(houses["prosecutor"], id, 1)
    change(houses["police"], id, 2)
    with pytest.raises(InvalidAgreement, match="meanwhile"):
        change(houses["prosecutor"], id, 2)
    view = seen(houses["police"], id)
    assert view is not None
    assert [each.number for each in view.versions] == [1, 2, 3]
    assert [each.agency_id for each in view.versions[1:]] == [houses["prosecutor"].id, houses["police"].id]
    assert len({each.digest for each in view.versions}) == 3
    change(houses["police"], id, 3, **dict(view.newest.content.sections["disputes"]))
    assert seen(houses["police"], id).newest.number == 3, "the same words are no other version"


def test_a_change_voids_what_was_signed_and_only_the_hash_that_all_signed_comes_into_force(
    houses: dict[str, House],
) -> None:
    police, prosecutor = houses["police"], houses["prosecutor"]
    id = begun(houses)
    first = lay(police, id)
    assert seen(police, id).newest.stage is Stage.LEGAL_REVIEW
    with pytest.raises(InvalidAgreement, match="already"):
        lay(prosecutor, id)
    sign(police, first)
    assert seen(police, id).newest.stage is Stage.SIGNED_PARTIAL
    change(prosecutor, id, 1)
    assert seen(police, id).newest.stage is Stage.DRAFT
    with pytest.raises(InvalidAgreement):
        sign(prosecutor, first)
    second = lay(prosecutor, id, 2)
    for house in (police, prosecutor):
        assert _flowing(houses) == set()
        sign(house, second)
    view = seen(police, id)
    assert view.newest.stage is Stage.ACTIVE
    assert view.newest.agreement.text.version == view.newest.digest
    assert _flowing(houses) == {second}


def _flowing(houses: dict[str, House]) -> set[UUID]:
    with directs(houses["police"], Verb.READ_PARTNERS) as permit:
        mine = {each.id for each in queries.drafts(permit=permit)}
        found = partner_facts.agreements(houses["police"].id, permit.at).get(houses["prosecutor"].id, ())
        assert mine
        assert partner_facts.agreements(houses["prosecutor"].id, permit.at).get(houses["police"].id, ()) == ()
    return {UUID(each.id) for each in found}


def test_a_later_version_renews_or_amends_the_earlier_when_all_have_signed_it(world: World) -> None:
    houses = {"police": world.police(), "prosecutor": world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))}
    police, prosecutor = houses["police"], houses["prosecutor"]
    id = begun(houses)
    first = lay(police, id)
    for house in (police, prosecutor):
        sign(house, first)
    days = dict(seen(police, id).newest.content.sections["review"])
    change(police, id, 1, "review", **days | {"review_day": (date.today() + timedelta(days=320)).isoformat()})
    view = seen(police, id)
    assert (view.holding.number, view.newest.number) == (1, 2), "what applies goes on while the next is drafted"
    second = lay(prosecutor, id, 2)
    assert _flowing(houses) == {first}
    for house in (police, prosecutor):
        sign(house, second)
    assert _flowing(houses) == {second}
    change(prosecutor, id, 2)
    third = lay(police, id, 3)
    for house in (police, prosecutor):
        sign(house, third)
    assert [each.stage for each in seen(police, id).versions] == [Stage.RENEWED, Stage.AMENDED, Stage.ACTIVE]
    assert _flowing(houses) == {third}


def test_nothing_wrong_is_laid_before_the_parties(houses: dict[str, House]) -> None:
    id = begun(houses)
    change(houses["police"], id, 1, "breach", hours=48, told="Everybody.")
    with pytest.raises(InvalidAgreement, match="missing or wrong"):
        lay(houses["police"], id, 2)
    with pytest.raises(InvalidAgreement, match="meanwhile"):
        lay(houses["police"], id, 1)


def comment(house: House, id: UUID, role: Role = Role.DIRECTOR) -> UUID:
    with house[role].enter(Verb.COMMENT_AGREEMENT, purpose=Purpose.ADMINISTRATION) as permit:
        return actions.comment(permit=permit, at=permit.at, draft_id=id, section="breach", text="Too late for us.")


def settle(house: House, id: UUID, of: UUID) -> None:
    with directs(house, Verb.COMMENT_AGREEMENT) as permit:
        actions.settle(permit=permit, at=permit.at, draft_id=id, comment_id=of)


def test_every_party_comments_and_only_who_said_it_settles_it(houses: dict[str, House]) -> None:
    police, prosecutor = houses["police"], houses["prosecutor"]
    id = begun(houses)
    theirs = comment(police, id, Role.PRIVACY_OFFICER)
    comment(police, id, Role.SUPERVISOR)
    with pytest.raises(InvalidAgreement):
        settle(prosecutor, id, theirs)
    assert len(seen(prosecutor, id).open_comments) == 2
    settle(police, id, theirs)
    with pytest.raises(InvalidAgreement):
        settle(police, id, theirs)
    assert [each.id for each in seen(prosecutor, id).open_comments] != [theirs]
    with pytest.raises(InvalidAgreement):
        comment(houses["shelter"], id)


def refused(house: House, write: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError), directs(house):
        write()


def test_the_database_holds_the_chain_the_parties_and_what_was_said(houses: dict[str, House]) -> None:
    police, prosecutor, shelter = houses["police"], houses["prosecutor"], houses["shelter"]
    id = begun(houses)
    comment(police, id)
    with directs(police):
        row, version = Draft.objects.get(id=id), Version.objects.get(draft=id)

    def another(**changed: Any) -> Version:
        given = {
            name: getattr(version, name)
            for name in ("draft", "parties", "title", "sections", "flows", "changed", "written_at", "written_by")
        }
        made = {"agency_id": police.id, "number": 2, "before": version.digest, "digest": b"2" * 32} | given | changed
        return Version(id=uuid4(), **made)

    for house, changed in (
        (police, {"number": 3}),
        (police, {"number": 1}),
        (police, {"before": b"x" * 32}),
        (police, {"agency_id": prosecutor.id}),
        (police, {"parties": sorted([police.id, prosecutor.id, shelter.id])}),
        (police, {"parties": [police.id, shelter.id]}),
        (police, {"parties": [police.id, shelter.id], "number": 1, "before": b""}),
        (police, {"draft": uuid4()}),
        (shelter, {"agency_id": shelter.id}),
        (shelter, {"agency_id": shelter.id, "parties": sorted([*version.parties, shelter.id])}),
    ):
        refused(house, lambda changed=changed: another(**changed).save(force_insert=True))
    with directs(police):
        assert Version.objects.filter(draft=id).update(title="Other") == 0
        assert Version.objects.filter(draft=id).delete()[0] == 0
        assert Draft.objects.filter(id=id).update(parties=[police.id, shelter.id]) == 0
        assert Comment.objects.filter(draft=id).delete()[0] == 0
    refused(police, lambda: Comment.objects.filter(draft=id).update(text="Never mind."))
    refused(police, lambda: Draft(id=uuid4(), agency_id=police.id, parties=[shelter.id, prosecutor.id],
                                  started_at=row.started_at).save(force_insert=True))  # fmt: skip


def test_a_draft_under_another_s_id_and_a_version_that_is_not_its_hash_are_not_read(houses: dict[str, House]) -> None:
    police, prosecutor, shelter = houses["police"], houses["prosecutor"], houses["shelter"]
    id = begun(houses)
    with directs(police):
        started = Draft.objects.get(id=id).started_at
        version = Version.objects.get(draft=id)
    with directs(shelter):
        parties = sorted([shelter.id, police.id])
        Draft(id=id, agency_id=shelter.id, parties=parties, started_at=started).save(force_insert=True)
        forged = Version(
            id=uuid4(), agency_id=shelter.id, draft=id, parties=parties, number=1, before=b"", digest=b"1" * 32,
            title="Forged", sections=version.sections, flows=[], written_at=started, written_by="Somebody",
        )  # fmt: skip
        forged.save(force_insert=True)
    for house in (police, prosecutor):
        assert [each.content.title for each in seen(house, id).versions] == [version.title]
    assert seen(shelter, id) is None
    assert draft_id(police.id, [prosecutor.id, police.id], started) == id
    with directs(prosecutor):
        Version(
            id=uuid4(), agency_id=prosecutor.id, draft=id, parties=version.parties, number=2, before=version.digest,
            digest=b"2" * 32, title="Another", sections={}, flows=[], written_at=started, written_by="Somebody",
        ).save(force_insert=True)  # fmt: skip
    with directs(police):
        assert [each.number for each in facts.versions(Draft.objects.get(id=id, agency_id=police.id))] == [1]


# ------------------------------------------------------------------ pages


def text(browser: Client, path: str) -> str:
    return browser.get(path).content.decode()


@pytest.mark.parametrize("role", [Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER])
def test_everybody_of_a_party_reads_and_each_role_does_its_own(houses: dict[str, House], role: Role) -> None:
    path = f"/agreements/drafts/{begun(houses)}/"
    browser = signed_in(houses["police"], role)
    outside = signed_in(houses["shelter"], role)
    reading = ("", "section/?section=governance", "matrix/", "compare/", "paper/")
    for each in reading:
        assert browser.get(path + each).status_code == 200, each
        assert outside.get(path + each).status_code == 404, each
    for each in ("section/edit/?section=governance", "matrix/edit/", "lay/"):
        assert browser.get(path + each).status_code == browser.post(path + each).status_code == 404
    talks = role in (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    assert browser.get(f"{path}comment/?section=breach").status_code == (200 if talks else 404)
    assert "Change this section" not in text(browser, f"{path}section/?section=governance")
    assert browser.get(f"{path}section/?section=nonsense").status_code == 404


def test_a_draft_as_its_director_works_on_it(houses: dict[str, House]) -> None:
    police, prosecutor = houses["police"], houses["prosecutor"]
    path = f"/agreements/drafts/{begun(houses)}/"
    ours, theirs = signed_in(police, Role.DIRECTOR), signed_in(prosecutor, Role.DIRECTOR)
    edit = f"{path}section/edit/?section=principles"
    promise = "Members agree that what is said here stays in the room."
    assert ours.post(edit, {"seen": "1", "text": promise}).headers["location"] == path
    warned = text(theirs, f"{path}section/?section=principles")
    assert "does not permit a victim service provider to disclose" in warned
    assert "Look again" in text(theirs, path)
    assert "meanwhile" in theirs.post(edit, {"seen": "1", "text": "Ours."}).content.decode()
    said = theirs.post(f"{path}comment/?section=principles", {"text": "Leave this out."}, follow=True)
    assert "Leave this out." in said.content.decode()
    assert "It is settled" in said.content.decode()
    assert "It is settled" not in text(ours, f"{path}section/?section=principles")
    theirs.post(edit, {"seen": "2", "text": "Each keeps its duties."})
    differs = text(ours, f"{path}compare/?from=2&to=3")
    assert f"<del>The principles: {promise}</del>" in differs
    assert "<ins>The principles: Each keeps its duties.</ins>" in differs
    assert "They say the same" in text(ours, f"{path}compare/?from=3&to=3")

    matrix = text(ours, f"{path}matrix/")
    assert "Under the law" in matrix and "On her release" in matrix
    row = {
        "seen": "3", "sender": str(prosecutor.id), "recipient": str(police.id), "categories": ["legal"],
        "purposes": ["housing"], "mechanism": "envelope",
    }  # fmt: skip
    assert "No rule of the law speaks" in ours.post(f"{path}matrix/edit/", row | {"ground": "law"}).content.decode()
    same = ours.post(f"{path}matrix/edit/", row | {"ground": "released", "recipient": str(prosecutor.id)})
    assert "Choose two different agencies" in same.content.decode()
    assert ours.post(f"{path}matrix/edit/", row | {"ground": "released"}).headers["location"] == f"{path}matrix/"
    key = next(flow.key for flow in seen(police, UUID(path.split("/")[3])).newest.content.flows
               if flow.purpose is Purpose.HOUSING)  # fmt: skip
    theirs.post(f"{path}matrix/edit/", {"seen": "4", "drop": key})
    assert "housing" not in text(ours, f"{path}matrix/").partition("<table")[2].partition("</table")[0]

    annex = f"{path}section/edit/?section=contingency"
    theirs.post(annex, {"seen": "5", "text": "", "without": "The county has one for everybody."})
    assert "The county has one for everybody." in text(ours, f"{path}section/?section=contingency")
    assert "<ins>If it is left out: why: The county has one for everybody.</ins>" in text(ours, f"{path}compare/")
    ours.post(f"{path}comment/?section=contingency", {"text": "Which one?"})
    assert "Which one?" in text(theirs, f"{path}section/?section=contingency")
    assert "Annex C. Focal points" in text(ours, f"{path}section/?section=focal_points")

    agreement = ours.post(f"{path}lay/", {"seen": "6"}).headers["location"]
    for browser in (ours, theirs):
        assert "Read and sign" in text(browser, path)
        browser.post(f"{agreement}sign/")
    assert "In force" in text(ours, path)
    page = ours.get(f"{path}paper/")
    assert page["Content-Type"] == "application/pdf"
    assert page.content.startswith(b"%PDF")
    assert page["Content-Disposition"] == 'inline; filename="page.pdf"'

"""What if: a draft is asked about everything an agency has sent. What it would close, open and change is what the law
says of each; what cannot be rebuilt is told; nothing of another agency is there; nothing is written but the leaf."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.core import signing
from django.utils import timezone
from psycopg import sql

from accord.config.service import gate
from accord.doors.web import watching
from accord.gate import whatif
from accord.gate.law import laid_over, law, with_draft
from accord.gate.whatif import Draft, Found, Unbuilt
from accord.partners import actions as directors
from accord.partners import facts as partners
from accord.partners import queries as directory
from accord.partners.rules import Part, Way
from accord.policy import compare
from accord.policy.compare import Change
from accord.policy.law import LawError
from accord.policy.words import AgencyKind, Category, Duty, Element, Field, Level, ProcessKind, Purpose, Role, Verb
from accord.process import actions as papers
from accord.sharing import actions as sharing
from accord.vault import actions as vault
from accord.vault import queries as files
from tests.proofs.town import superuser
from tests.rooms.test_flows import agreed, begin, offers, suspend
from tests.rooms.test_instruments import binds_herself
from tests.rooms.test_partners import asks, successor
from tests.rooms.test_process import answer, counsel, ready, receive
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker, World, agree, propose

EVERY = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.DIRECTOR)
NO_RISK = """
[law]
title = "Ours"
layer = "community"

[[rule]]
id = "ours-no-injuries"
step = "bar"
sentence = "Here injuries are told to nobody but the police."
citation = "Our protocol, section 4"
effective = 2020-01-01
verified_on = 2026-11-20
source = "the protocol"
need = "Nothing opens this here."
when = [{ category = ["injuries"], recipient_kind = ["victim_services", "probation", "community"] }]
"""
VAWA_AND_A_COPY = """
[law]
title = "Ours"
layer = "state"

[[rule]]
id = "ours-vawa"
step = "release"
replaces = "vawa-release"
sentence = "Here a release also says that records about drugs are meant."
citation = "Invented"
effective = 2020-01-01
verified_on = 2026-11-20
source = "invented"
duties = ["vawa"]
elements = [
    "written", "signed", "dated", "informed", "time_limited", "description", "recipient", "purpose", "not_a_condition",
    "substance_use",
]
"""


def tried(worker: Worker, draft: Draft) -> Found:
    """Everything, asked about."""
    with worker.enter(Verb.TRY_LAW, purpose=Purpose.OVERSIGHT) as permit:
        found = whatif.begin(permit)
        while not found.done:
            found = whatif.go_on(gate(), permit, worker.caller, draft, found)
    return found


def changed(found: Found) -> dict[tuple[Change, UUID, Category], int]:
    return {key[:3]: count for key, (count, _files) in found.changed.items()}


def on_agreement(worker: Worker, agreement: UUID, says=lambda way: True, also=(), **words) -> Draft:
    """With only those of its ways that it still `says`, and `also` others."""
    with worker.enter(Verb.TRY_LAW, purpose=Purpose.OVERSIGHT) as permit:
        view = directory.agreement(permit=permit, agreement_id=agreement)
    ways = {*filter(says, view.text.ways), *also}
    given = {"holds": True, "ways": ways, "until": view.text.until_at}
    return whatif.of_agreement(view.text, view.standing, worker.agency, **(given | words))


@pytest.fixture
def programme(world: World) -> tuple[World, House, House, UUID, UUID]:
    """An intervention programme that tells probation under an agreement, and a parish on releases."""
    holder = world.agency(AgencyKind.INTERVENTION, frozenset({Duty.NONE}), EVERY)
    probation = world.agency(AgencyKind.PROBATION, frozenset({Duty.NONE}))
    parish = world.agency(AgencyKind.COMMUNITY, frozenset({Duty.NONE}))
    client = world.client(holder.worker)
    world.entry(holder.worker, client, Category.SERVICES, "Attended.")
    world.entry(holder.worker, client, Category.INJURIES, "A bruise.")
    agreement = agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    assert begin(holder.worker, client, offer) == 2
    world.release(holder.worker, client, parish, {Category.INJURIES: Level.FULL, Category.SERVICES: Level.SUMMARY})
    return world, holder, probation, client, agreement


# ------------------------------------------------------------------ what it says of the past


def test_what_holds_today_gives_what_was_recorded(programme):
    _world, holder, _probation, _client, _agreement = programme
    found = tried(holder[Role.DIRECTOR], Draft())
    assert (found.total, found.asked, found.same) == (5, 5, 5)
    assert not found.changed
    assert not found.unbuilt


@pytest.mark.parametrize("role", [Role.PRIVACY_OFFICER, Role.DIRECTOR])
def test_suspending_an_agreement_closes_exactly_what_flows_under_it(programme, role):
    _world, holder, probation, client, agreement = programme
    found = tried(holder[role], on_agreement(holder[role], agreement, holds=False))
    assert changed(found) == {
        (Change.CLOSES, probation.id, Category.SERVICES): 1,
        (Change.CLOSES, probation.id, Category.IDENTITY): 1,
    }
    assert found.same == 3
    assert {files for _count, files in found.changed.values()} == {(client,)}


def test_taking_a_way_out_of_an_agreement_closes_that_and_nothing_else(programme):
    _world, holder, probation, _client, agreement = programme
    director = holder[Role.DIRECTOR]
    draft = on_agreement(director, agreement, lambda way: way.category is Category.IDENTITY)
    assert changed(tried(director, draft)) == {(Change.CLOSES, probation.id, Category.SERVICES): 1}
    draft = on_agreement(director, agreement, lambda way: way.purpose is Purpose.SAFETY)
    assert len(changed(tried(director, draft))) == 2
    assert not changed(tried(director, on_agreement(director, agreement, lambda way: way.sender == holder.id)))
    draft = on_agreement(director, agreement, lambda way: way.sender == probation.id)
    assert len(changed(tried(director, draft))) == 2, "what they tell us lets us tell nothing"


def test_what_she_released_to_a_party_stays_on_her_release(programme):
    world, holder, probation, client, agreement = programme
    told = {Category.SERVICES: Level.EXISTENCE}
    world.release(holder.worker, client, probation, told, Purpose.SUPERVISION)
    found = tried(holder[Role.DIRECTOR], on_agreement(holder[Role.DIRECTOR], agreement))
    assert found.same == found.asked > 5
    assert not found.changed


def test_another_end_of_an_agreement_closes_what_came_after_it_and_moves_the_rest(programme):
    _world, holder, probation, _client, agreement = programme
    now = timezone.now()
    before = on_agreement(holder[Role.DIRECTOR], agreement, until=now - timedelta(days=1))
    assert {key[0] for key in changed(tried(holder[Role.DIRECTOR], before))} == {Change.CLOSES}
    sooner = on_agreement(holder[Role.DIRECTOR], agreement, until=now + timedelta(days=3))
    assert set(changed(tried(holder[Role.DIRECTOR], sooner))) == {
        (Change.OTHER, probation.id, Category.SERVICES),
        (Change.OTHER, probation.id, Category.IDENTITY),
    }


def test_a_rule_of_the_community_closes_exactly_what_it_bars(programme):
    _world, holder, _probation, client, _agreement = programme
    found = tried(holder[Role.DIRECTOR], Draft(law=with_draft(NO_RISK)))
    [(became, _parish, category, purpose)] = found.changed
    assert (became, category, purpose) == (Change.CLOSES, Category.INJURIES, Purpose.SAFETY)
    assert found.same == 4


def test_an_overlay_that_asks_more_of_releases_closes_those_that_lack_it(world):
    shelter, police = world.agency(roles=EVERY), world.police()
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client, Category.SERVICES)
    world.release(shelter.worker, client, police, {Category.SERVICES: Level.SUMMARY})
    found = tried(shelter[Role.DIRECTOR], Draft(law=with_draft(VAWA_AND_A_COPY)))
    assert {became for became, *_ in found.changed} == {Change.CLOSES}
    assert sum(count for count, _files in found.changed.values()) == found.asked == 2
    # the page she signs could say it: then nothing would be closed
    both = Draft(law=with_draft(VAWA_AND_A_COPY), gained=frozenset({Element.SUBSTANCE_USE}))
    assert {became for became, *_ in tried(shelter[Role.DIRECTOR], both).changed} <= {Change.OTHER}


def test_a_page_that_says_less_closes_where_a_law_asks_for_it(programme, world):
    _world, holder, _probation, _client, _agreement = programme
    shelter, police = world.agency(roles=EVERY), world.police()
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client, Category.SERVICES)
    world.release(shelter.worker, client, police, {Category.SERVICES: Level.SUMMARY})
    draft = Draft(dropped=frozenset({Element.INFORMED}))
    assert {became for became, *_ in tried(shelter[Role.DIRECTOR], draft).changed} == {Change.CLOSES}
    assert not tried(holder[Role.DIRECTOR], draft).changed, "no law of this one asks for it"


def test_what_was_taken_back_or_has_ended_since_is_asked_about_as_of_then(programme):
    world, holder, probation, client, agreement = programme
    police = world.police()
    release = world.release(holder.worker, client, police, {Category.INJURIES: Level.FULL})
    world.withdraw(holder.worker, client, release)
    suspend(probation, agreement)
    found = tried(holder[Role.DIRECTOR], Draft())
    assert (found.asked, found.same) == (7, 7)


def test_a_never_said_since_does_not_count_and_one_lifted_since_would(programme):
    world, holder, _probation, client, _agreement = programme
    police = world.police()
    world.release(holder.worker, client, police, {Category.INJURIES: Level.FULL})
    with holder.worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        sharing.never(permit=permit, at=permit.at, client_id=client, against_id=police.id)
    found = tried(holder[Role.DIRECTOR], Draft())
    assert found.same == found.asked == 7


def test_what_cannot_be_rebuilt_is_told_and_not_compared(programme):
    _world, holder, _probation, _client, _agreement = programme
    with superuser() as eyes:
        eyes.execute("update partners_agency set duties = '{vawa}' where id = %s", [holder.id])
    found = tried(holder[Role.DIRECTOR], Draft(law=with_draft(NO_RISK)))
    # what flowed would be closed to a victim service provider, and its releases rest on another law today
    assert found.unbuilt == {Unbuilt.CLOSED: 2, Unbuilt.RULES: 3}
    assert not found.changed
    assert found.same == 0


def test_nothing_of_another_agency_and_no_file_she_is_kept_from(programme):
    world, holder, _probation, _client, agreement = programme
    other = world.agency(AgencyKind.INTERVENTION, frozenset({Duty.NONE}), EVERY)
    hers = world.client(other.worker)
    world.entry(other.worker, hers, Category.INJURIES)
    parish = world.agency(AgencyKind.COMMUNITY, frozenset({Duty.NONE}))
    world.release(other.worker, hers, parish)
    assert tried(other[Role.DIRECTOR], Draft(law=with_draft(NO_RISK))).asked == 2
    assert tried(holder[Role.DIRECTOR], Draft()).asked == 5
    second = world.client(holder.worker)
    world.entry(holder.worker, second, Category.INJURIES)
    world.release(holder.worker, second, parish)
    assert tried(holder[Role.PRIVACY_OFFICER], Draft()).asked == 7
    with holder[Role.SUPERVISOR].enter(Verb.WALL_CLIENT) as permit:
        vault.wall_off(
            permit=permit,
            at=permit.at,
            client_id=second,
            member_id=holder[Role.PRIVACY_OFFICER].member,
            kind="other",
        )
    found = tried(holder[Role.PRIVACY_OFFICER], Draft(law=with_draft(NO_RISK)))
    assert (found.total, found.asked) == (5, 5)
    assert second not in {file for _count, files in found.changed.values() for file in files}


def test_part_by_part_is_the_same_as_at_once_and_survives_the_journey(programme, monkeypatch):
    _world, holder, _probation, _client, _agreement = programme
    draft = Draft(law=with_draft(NO_RISK))
    whole = tried(holder[Role.DIRECTOR], draft)
    monkeypatch.setattr(whatif, "PART", 2)
    with holder[Role.DIRECTOR].enter(Verb.TRY_LAW, purpose=Purpose.OVERSIGHT) as permit:
        found, steps = whatif.begin(permit), 0
        while not found.done:
            found = whatif.go_on(gate(), permit, holder[Role.DIRECTOR].caller, draft, found)
            if not found.done:
                assert Found.read(signing.loads(signing.dumps(found.written()))) == found
            steps += 1
    assert steps == 3
    assert found == whole


# ------------------------------------------------------------------ what was answered on a paper, what binds her


@pytest.fixture
def ward(world: World) -> tuple[House, House, UUID]:
    """A hospital with something in a file, and the police on Accord."""
    hospital, police = world.hospital(EVERY), world.police()
    client = world.client(hospital.worker)
    world.entry(hospital.worker, client, Category.INJURIES)
    return hospital, police, client


ON_PAPER = {"outside": "", "outside_kind": None}
NO_INJURIES_TO_THE_POLICE = NO_RISK.replace('"probation"', '"police"')


@pytest.mark.parametrize("closed", [False, True])
def test_an_answer_to_a_paper_is_asked_about_with_that_paper(ward, closed):
    hospital, police, client = ward
    paper = receive(hospital.worker, client, kind=ProcessKind.WARRANT, partner=police.id, **ON_PAPER)
    counsel(hospital, client, paper)
    ready(hospital.worker, client, paper)
    assert answer(hospital.worker, client, paper, "accord") == 2
    if closed:
        with hospital.worker.enter(Verb.RECEIVE_PROCESS, client=client) as permit:
            papers.close(permit=permit, at=permit.at, client_id=client, paper_id=paper, because="Done.")
    found = tried(hospital[Role.DIRECTOR], Draft())
    assert (found.asked, found.same) == (2, 2), found.unbuilt
    found = tried(hospital[Role.DIRECTOR], Draft(law=with_draft(NO_INJURIES_TO_THE_POLICE)))
    assert changed(found) == {(Change.CLOSES, police.id, Category.INJURIES): 1}


def test_single_facts_are_compared_as_the_summary_they_were(ward):
    hospital, police, client = ward
    paper = receive(
        hospital.worker, client, kind=ProcessKind.LAW_ENFORCEMENT_REQUEST, purpose=Purpose.LOCATE, partner=police.id,
        fields=[Field.NAME_ADDRESS], **ON_PAPER,
    )  # fmt: skip
    ready(hospital.worker, client, paper)
    assert answer(hospital.worker, client, paper, "accord") == 1
    found = tried(hospital[Role.PRIVACY_OFFICER], Draft())
    assert (found.asked, found.same) == (1, 1), found.unbuilt


def test_an_order_that_counted_together_with_another_paper_still_does(world):
    clinic = world.agency(AgencyKind.SUBSTANCE_USE, frozenset({Duty.PART2}), EVERY)
    court = world.agency(AgencyKind.COURT, frozenset({Duty.COURT_RECORDS}))
    client = world.client(clinic.worker)
    order = receive(clinic.worker, client, kind=ProcessKind.PART2_ORDER, partner=court.id, **ON_PAPER)
    counsel(clinic, client, order)
    receive(clinic.worker, client, beside=order, **ON_PAPER)
    ready(clinic.worker, client, order)
    assert answer(clinic.worker, client, order, "accord") == 1
    found = tried(clinic[Role.DIRECTOR], Draft())
    assert (found.asked, found.same) == (1, 1), found.unbuilt


@pytest.mark.parametrize("way", ["withdraw", "over"])
def test_what_binds_her_is_asked_about_as_of_then_though_she_wished_or_it_ended(world, way):
    house, _court, who, release = binds_herself(world)
    signed_in(house.worker).post(f"/clients/{who}/releases/{release}/{way}/", {"how": "phone"})
    found = tried(house[Role.DIRECTOR], Draft())
    assert found.same == found.asked > 0, found.unbuilt


# ------------------------------------------------------------------ what it says of what could be sent


def kinds(worker: Worker, draft: Draft):
    with worker.enter(Verb.TRY_LAW, purpose=Purpose.OVERSIGHT) as permit:
        return whatif.kinds(gate(), permit, worker.caller, draft)


def test_a_draft_agreement_opens_what_a_law_lets_flow_under_one(world):
    holder = world.agency(AgencyKind.INTERVENTION, frozenset({Duty.NONE}), EVERY)
    probation = world.agency(AgencyKind.PROBATION, frozenset({Duty.NONE}))
    draft = propose(holder, probation, categories=(Category.SERVICES,), purposes=(Purpose.SUPERVISION,))
    found = kinds(holder[Role.DIRECTOR], on_agreement(holder[Role.DIRECTOR], draft))
    [group] = [each for each in found if each.change is Change.OPENS]
    assert group.way is compare.Way.ALONE
    assert [agency.id for agency in group.recipients] == [str(probation.id)]
    assert {thing.category for thing in group.things} == {Category.SERVICES}
    assert group.purposes == (Purpose.SUPERVISION,)
    # and what is not signed opens nothing meanwhile
    client = world.client(holder.worker)
    assert offers(holder.worker, client, probation) == []


def test_a_way_that_is_added_opens_what_a_law_lets_flow_and_nothing_to_others(world):
    holder = world.agency(AgencyKind.INTERVENTION, frozenset({Duty.NONE}), EVERY)
    probation, parish = world.agency(AgencyKind.PROBATION, frozenset({Duty.NONE})), world.agency(AgencyKind.COMMUNITY)
    agreement = agree(holder, probation, parish, categories=(Category.IDENTITY,), purposes=(Purpose.SUPERVISION,))
    director = holder[Role.DIRECTOR]
    assert kinds(director, on_agreement(director, agreement)) == []
    also = {Way(holder.id, probation.id, Category.SERVICES, Purpose.SUPERVISION)}
    back = {Way(probation.id, holder.id, Category.SERVICES, Purpose.SUPERVISION)}
    [opened] = kinds(director, on_agreement(director, agreement, also=also))
    assert (opened.change, {each.id for each in opened.recipients}) == (Change.OPENS, {str(probation.id)})
    assert {thing.category for thing in opened.things} == {Category.SERVICES}
    assert kinds(director, on_agreement(director, agreement, also=back)) == []
    suspend(probation, agreement)
    held = kinds(director, on_agreement(director, agreement))
    assert {group.change for group in held} == {Change.OPENS}, "what if it held again"


def test_a_draft_agreement_opens_nothing_of_a_victim_service_provider(world):
    shelter, police = world.agency(roles=EVERY), world.police()
    everything = {
        "categories": tuple(each for each in Category if each is not Category.LOCATION),
        "purposes": (Purpose.SAFETY, Purpose.PROSECUTION, Purpose.SUPERVISION, Purpose.COORDINATION),
    }
    draft = propose(shelter, police, **everything)
    found = kinds(shelter[Role.DIRECTOR], on_agreement(shelter[Role.DIRECTOR], draft))
    assert not [each for each in found if each.change in (Change.OPENS, Change.MORE)]


# ------------------------------------------------------------------ the agreement, as it was


def test_what_a_party_had_done_by_a_moment():
    at = timezone.now()
    part = Part(signed_at=at, suspended_at=at + timedelta(days=1), left_at=at + timedelta(days=2))
    assert part.then(at - timedelta(seconds=1)) == Part()
    assert part.then(at) == Part(signed_at=at)
    assert part.then(at + timedelta(days=1)) == Part(signed_at=at, suspended_at=at + timedelta(days=1))
    assert part.then(at + timedelta(days=2)) == part


def test_what_was_replaced_was_in_force_until_then(world):
    holder, other = world.agency(AgencyKind.INTERVENTION, frozenset({Duty.NONE})), world.police()
    earlier = agree(holder, other)
    later = successor(earlier, holder, other)
    before = timezone.now()
    for house in (holder, other):
        with asks(house) as permit:
            directors.sign_agreement(permit=permit, at=permit.at, agreement_id=later)
    with asks(holder):
        kept = partners.kept(holder.id)
    now = timezone.now()
    assert [kept.held(earlier, at) for at in (before, now)] == [True, False]
    assert [kept.held(later, at) for at in (before, now)] == [False, True]
    assert not kept.held(UUID(int=0), now)


def test_a_draft_that_is_no_law_is_one_sentence():
    for draft in ("", "x = [", "[law]\ntitle = 'a'", "[[rule]]", "a = " + "[" * 5_000, "a = " + "9" * 5_000):
        with pytest.raises(LawError) as error:
            with_draft(draft)
        assert "\n" not in str(error.value)
    assert laid_over("us-federal", NO_RISK, "ours.toml").rules["ours-no-injuries"].document == "ours.toml"
    assert "ours-no-injuries" not in law().rules


# ------------------------------------------------------------------ the pages


def test_a_privacy_officer_tries_rules_and_reads_what_they_would_close(programme):
    _world, holder, _probation, client, _agreement = programme
    officer = signed_in(holder[Role.PRIVACY_OFFICER])
    assert "Other rules" in text(page(officer, "/try/"))
    answer = officer.post("/try/rules/", {"text": NO_RISK})
    said = text(answer.content.decode())
    assert "New ours-no-injuries Here injuries are told to nobody but the police." in said
    assert "Asked about 5 Would stay as it was 4 Would close 1" in said
    assert "Injuries her safety 1" in said
    with holder.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        assert files.client(permit=permit, client_id=client).code in said
    wrong = officer.post("/try/rules/", {"text": NO_RISK.replace('"bar"', '"exception"')})
    assert "draft:6: rule ours-no-injuries:" in text(wrong.content.decode())
    assert "Paste the draft, or choose its file." in text(officer.post("/try/rules/", {}).content.decode())


def test_a_director_tries_an_agreement_of_her_own_and_no_other(programme):
    world, holder, probation, _client, agreement = programme
    director = signed_in(holder[Role.DIRECTOR])
    assert f"/try/agreements/{agreement}/" in page(director, "/try/")
    address = f"/try/agreements/{agreement}/"
    words = {"holds": "no", "last_day": "2027-12-31"}
    said = text(director.post(address, words).content.decode())
    assert "Would close 2" in said
    assert f"{probation.name} Services supervision in a criminal case 1" in said
    assert f"{probation.name}: Services, for supervision in a criminal case" in page(director, address)
    kept = f"{holder.id} {probation.id} identity supervision"
    said = text(director.post(address, words | {"holds": "yes", "ways": [kept]}).content.decode())
    assert "Would close 1" in said
    added = {"holds": "yes", "ways": [kept], "recipients": [str(probation.id)], "categories": ["services"]}
    assert "Choose whom else you could tell" in text(director.post(address, words | added).content.decode())
    said = text(director.post(address, words | added | {"purposes": ["supervision"]}).content.decode())
    assert "Would close" not in said
    foreign = words | {"holds": "yes", "ways": [f"{probation.id} {holder.id} identity supervision"]}
    assert "Select a valid choice" in text(director.post(address, foreign).content.decode())
    others = agree(world.agency(AgencyKind.COURT, frozenset({Duty.COURT_RECORDS})), world.police())
    page(director, f"/try/agreements/{others}/", 404)
    page(signed_in(holder.worker), "/try/", 404)


def test_it_goes_on_where_it_was_and_begins_anew_when_that_is_not_its_own(programme, monkeypatch):
    _world, holder, _probation, _client, _agreement = programme
    director = signed_in(holder[Role.DIRECTOR])
    monkeypatch.setattr(whatif, "PART", 2)
    monkeypatch.setattr(watching, "PATIENCE_ALONE", 0.0)
    html = director.post("/try/page/", {"dropped": ["written"]}).content.decode()
    assert "0 of 5 disclosures" in text(html)
    monkeypatch.setattr(watching, "PATIENCE_ALONE", 0.001)
    seen = 0
    for _ in range(9):
        carried = html.partition('name="carried" value="')[2].partition('"')[0]
        if not carried:
            break
        html = director.post("/try/page/", {"dropped": ["written"], "carried": carried}).content.decode()
        seen += 1
    assert "Asked about 5" in text(html)
    assert seen > 1
    monkeypatch.setattr(watching, "PATIENCE_ALONE", 0.0)
    made_up = director.post("/try/page/", {"dropped": ["written"], "carried": "made up"})
    assert "0 of 5 disclosures" in text(made_up.content.decode())


def test_nothing_is_written_but_the_leaf(programme):
    _world, holder, _probation, _client, agreement = programme
    director = signed_in(holder[Role.DIRECTOR])
    page(director, "/try/")
    before = counts()
    director.post("/try/rules/", {"text": NO_RISK})
    director.post("/try/page/", {"dropped": ["informed"]})
    after = counts()
    grown = {table: after[table] - before[table] for table in after if after[table] != before[table]}
    assert grown == {"ledger_leaf": 2}


def counts() -> dict[str, int]:
    with superuser() as eyes:
        tables = [name for (name,) in eyes.execute("select tablename from pg_tables where schemaname = 'public'")]
        return {
            name: eyes.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(name))).fetchone()[0]
            for name in tables
            if name not in ("django_session",) and not name.startswith("procrastinate")
        }

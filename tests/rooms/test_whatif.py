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
from accord.doors.web.views import whatif as view
from accord.gate import whatif
from accord.gate.law import laid_over, law, with_draft
from accord.gate.whatif import Draft, Found, Unbuilt
from accord.partners import queries as directory
from accord.partners.rules import Part
from accord.policy.compare import Change, Way
from accord.policy.law import LawError
from accord.policy.words import AgencyKind, Category, Duty, Element, Level, Purpose, Role, Verb
from accord.sharing import actions as sharing
from accord.vault import actions as vault
from accord.vault import queries as files
from tests.proofs.town import superuser
from tests.rooms.test_flows import agreed, begin, offers, suspend
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
elements = ["written", "signed", "dated", "informed", "time_limited", "description", "recipient", "purpose", "not_a_condition", "substance_use"]
"""  # noqa: E501


def tried(worker: Worker, draft: Draft) -> Found:
    """Everything, asked about."""
    with worker.enter(Verb.TRY_LAW, purpose=Purpose.OVERSIGHT) as permit:
        found = whatif.begin(permit)
        while not found.done:
            found = whatif.go_on(gate(), permit, worker.caller, draft, found)
    return found


def changed(found: Found) -> dict[tuple[Change, UUID, Category], int]:
    return {key[:3]: count for key, (count, _files) in found.changed.items()}


def on_agreement(worker: Worker, agreement: UUID, **words) -> Draft:
    with worker.enter(Verb.TRY_LAW, purpose=Purpose.OVERSIGHT) as permit:
        view = directory.agreement(permit=permit, agreement_id=agreement)
    text = view.text
    given = {"holds": True, "categories": text.categories, "purposes": text.purposes, "until": text.until_at}
    return whatif.of_agreement(text, view.standing, **(given | words))


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


def test_taking_a_category_out_of_an_agreement_closes_that_and_nothing_else(programme):
    _world, holder, probation, _client, agreement = programme
    draft = on_agreement(holder[Role.DIRECTOR], agreement, categories={Category.IDENTITY})
    assert changed(tried(holder[Role.DIRECTOR], draft)) == {(Change.CLOSES, probation.id, Category.SERVICES): 1}
    draft = on_agreement(holder[Role.DIRECTOR], agreement, purposes={Purpose.SAFETY})
    assert len(changed(tried(holder[Role.DIRECTOR], draft))) == 2


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
    assert group.way is Way.ALONE
    assert [agency.id for agency in group.recipients] == [str(probation.id)]
    assert {thing.category for thing in group.things} == {Category.SERVICES}
    assert group.purposes == (Purpose.SUPERVISION,)
    # and what is not signed opens nothing meanwhile
    client = world.client(holder.worker)
    assert offers(holder.worker, client, probation) == []


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
    words = {"holds": "no", "categories": ["services"], "purposes": ["supervision"], "last_day": "2027-12-31"}
    said = text(director.post(address, words).content.decode())
    assert "Would close 2" in said
    assert f"{probation.name} Services supervision of the offender 1" in said
    others = agree(world.agency(AgencyKind.COURT, frozenset({Duty.COURT_RECORDS})), world.police())
    page(director, f"/try/agreements/{others}/", 404)
    page(signed_in(holder.worker), "/try/", 404)


def test_it_goes_on_where_it_was_and_begins_anew_when_that_is_not_its_own(programme, monkeypatch):
    _world, holder, _probation, _client, _agreement = programme
    director = signed_in(holder[Role.DIRECTOR])
    monkeypatch.setattr(whatif, "PART", 2)
    monkeypatch.setattr(view, "PATIENCE_ALONE", 0.0)
    html = director.post("/try/page/", {"dropped": ["written"]}).content.decode()
    assert "0 of 5 disclosures" in text(html)
    monkeypatch.setattr(view, "PATIENCE_ALONE", 0.001)
    seen = 0
    for _ in range(9):
        carried = html.partition('name="carried" value="')[2].partition('"')[0]
        if not carried:
            break
        html = director.post("/try/page/", {"dropped": ["written"], "carried": carried}).content.decode()
        seen += 1
    assert "Asked about 5" in text(html)
    assert seen > 1
    monkeypatch.setattr(view, "PATIENCE_ALONE", 0.0)
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

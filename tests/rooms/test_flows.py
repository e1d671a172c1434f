"""What goes under a law without her release: only where the law says so, only while it and the agreement hold, ended at
once, and never from a victim service provider, whatever a row says. And whom she never wants told."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations, islice, product
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accord.config.service import gate
from accord.gate import disclose, flows, preview
from accord.gate.disclosure import ask
from accord.gate.entrance import Standing
from accord.gate.law import law
from accord.partners import actions as partners
from accord.policy.facts import Agency, Agreement, Member, Thing
from accord.policy.words import VICTIM_SERVICE_DUTIES, AgencyKind, Category, Duty, Level, Purpose, Role, Verb
from accord.sharing import actions, queries
from accord.sharing.models import Envelope, Flow
from accord.sharing.rules import InvalidRelease
from tests.proofs.town import past_the_triggers, superuser
from tests.rooms.test_updates import note, received, released, send, tray
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker, agree

NOW = timezone.now()


def offers(worker: Worker, client: UUID, recipient: House) -> list[flows.Offer]:
    with worker.enter(Verb.SEND_UPDATE, client=client) as permit:
        found = flows.offers(gate(), permit, worker.caller, client)
    return [offer for offer in found if offer.recipient_id == recipient.id]


def begin(worker: Worker, client: UUID, offer: flows.Offer, *, automatic: bool = False, not_told: str = "") -> int:
    with worker.enter(Verb.SEND_UPDATE, Verb.READ_CLIENT, client=client) as permit:
        return flows.begin(gate(), permit, worker.caller, client, offer, automatic=automatic, not_told=not_told)


def running(worker: Worker, client: UUID) -> list[queries.FlowView]:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return [flow for flow in queries.flows(permit=permit, client_id=client) if flow.living(permit.at)]


def resting(worker: Worker) -> list[queries.FlowView]:
    with worker.enter(Verb.READ_DAY) as permit:
        return flows.resting(gate(), permit, worker.caller, queries.flows_lately(permit=permit))


def suspend(house: House, agreement: UUID) -> None:
    with house[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
        partners.suspend_agreement(permit=permit, at=permit.at, agreement_id=agreement, because="A breach.")


def leave(house: House, agreement: UUID) -> None:
    with house[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
        partners.leave_agreement(permit=permit, at=permit.at, agreement_id=agreement)


# ------------------------------------------------------------------ the law, asked about everything


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.prove)])
def test_nothing_of_a_victim_service_provider_is_on_offer_whatever_was_agreed(stride: int):
    """Every kind of holder and recipient, every set of duties with VAWA, VOCA or FVPSA in it, every purpose and
    category a law speaks of, under an agreement about everything; in the usual run one in seven of these."""
    worker = Member(id="m", roles=frozenset({Role.WORKER}))
    wanted = sorted(law().on(NOW).exceptions)
    agreement = Agreement(
        id=str(uuid4()),
        parties=frozenset({"h", "r"}),
        categories=frozenset(Category),
        purposes=frozenset(Purpose),
        since=NOW - timedelta(days=1),
        until=NOW + timedelta(days=1),
    )
    others = [Duty.NONE, Duty.BRADY, Duty.CJIS, Duty.COURT_RECORDS]
    bound = [
        frozenset({duty, *more}) for duty in VICTIM_SERVICE_DUTIES for n in (0, 1) for more in combinations(others, n)
    ]
    free = [frozenset({duty}) for duty in others]
    opened = 0
    every = product(AgencyKind, (*bound, *free), AgencyKind, wanted)
    for kind, duties, to, (category, purpose) in islice(every, 0, None, stride):
        answer = ask(
            Standing(Agency(id="h", kind=kind, duties=duties), worker),
            Agency(id="r", kind=to, duties=frozenset({Duty.NONE})),
            [Thing(category=category, subject="her")],
            purpose,
            NOW,
            blocks=(),
            agreements=(agreement,),
        )
        found = flows._offers(uuid4(), purpose, answer)
        assert not (answer.allowed and duties in bound), (kind, duties, to, category)
        opened += bool(answer.allowed)
        assert not found or duties in free
    assert opened > 0, "somebody may send something, or nothing was asked"


@pytest.fixture
def programme(world):
    """An intervention programme and probation: only what they have agreed about flows."""
    holder = world.agency(AgencyKind.INTERVENTION, frozenset({Duty.NONE}))
    probation = world.agency(AgencyKind.PROBATION, frozenset({Duty.NONE}))
    client = world.client(holder.worker)
    world.entry(holder.worker, client, Category.SERVICES, "Attended.", narrative="WHAT WAS SAID")
    return world, holder, probation, client


def agreed(holder: House, other: House, days: int = 300) -> UUID:
    return agree(
        holder, other, categories=(Category.SERVICES, Category.IDENTITY), purposes=(Purpose.SUPERVISION,), days=days
    )


def test_it_is_on_offer_exactly_while_the_agreement_is_in_force(programme):
    _world, holder, probation, client = programme
    assert offers(holder.worker, client, probation) == []
    agreement = agreed(holder, probation, days=20)
    [offer] = offers(holder.worker, client, probation)
    assert (offer.agreement, offer.purpose) == (agreement, Purpose.SUPERVISION)
    assert offer.levels == {Category.SERVICES: Level.SUMMARY, Category.IDENTITY: Level.SUMMARY}
    suspend(probation, agreement)
    assert offers(holder.worker, client, probation) == []


def test_what_is_there_goes_at_once_as_far_as_the_law_says_and_later_entries_send_themselves(programme):
    world, holder, probation, client = programme
    agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    assert begin(holder.worker, client, offer, automatic=True) == 2  # her name, and the entry
    there = world.accept(probation.worker)
    got = {view.category: view for view in received(probation.worker, there)}
    assert got[Category.SERVICES].content.narrative == ""
    assert got[Category.SERVICES].rules[0] == "intervention-attendance"
    _entry, went = note(holder.worker, client, Category.SERVICES)
    assert went == {probation.id: 1}
    assert note(holder.worker, client, Category.NOTES)[1] == {}
    with pytest.raises(InvalidRelease):
        begin(holder.worker, client, offer)


def test_without_automatic_it_waits_in_the_tray(programme):
    _world, holder, probation, client = programme
    agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    begin(holder.worker, client, offer)
    entry, went = note(holder.worker, client, Category.SERVICES)
    [flow] = running(holder.worker, client)
    assert went == {}
    assert tray(holder.worker) == {(flow.id, entry)}
    assert send(holder.worker, client, tray(holder.worker)) == {probation.id: 1}


@pytest.mark.parametrize("stop", [suspend, leave])
def test_when_the_agreement_no_longer_holds_nothing_goes_and_my_day_says_so(programme, stop):
    _world, holder, probation, client = programme
    agreement = agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    begin(holder.worker, client, offer, automatic=True)
    assert resting(holder.worker) == []
    stop(probation, agreement)
    assert note(holder.worker, client, Category.SERVICES)[1] == {}
    assert tray(holder.worker) == set(), "what the law does not open is not in the tray"
    assert [flow.client_id for flow in resting(holder.worker)] == [client]
    assert "under law and agreement" in text(page(signed_in(holder.worker), "/my-day/"))
    # another agreement about the same is another flow's
    agreed(holder, probation)
    assert note(holder.worker, client, Category.SERVICES)[1] == {}


def test_an_agreement_that_is_over_ends_what_was_sent_under_it(programme):
    world, holder, probation, client = programme
    agreed(holder, probation, days=20)
    [offer] = offers(holder.worker, client, probation)
    begin(holder.worker, client, offer)
    there = world.accept(probation.worker)
    with superuser() as eyes:
        (ends,) = eyes.execute(
            "select max(until_at) from sharing_envelope where holder_id = %s", [holder.id]
        ).fetchone()
    assert ends <= offer.until <= timezone.now() + timedelta(days=20)
    assert len(received(probation.worker, there)) == 2


def test_ending_a_flow_stops_reading_at_once(programme):
    world, holder, probation, client = programme
    agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    begin(holder.worker, client, offer)
    there = world.accept(probation.worker)
    [flow] = running(holder.worker, client)
    with holder.worker.enter(Verb.SEND_UPDATE, client=client) as permit:
        assert actions.end_flow(permit=permit, at=permit.at, flow_id=flow.id) == 2
    assert received(probation.worker, there) == []
    assert running(holder.worker, client) == []
    with superuser() as eyes:
        kept = eyes.execute("select count(sealed) from sharing_envelope where flow = %s", [flow.id]).fetchone()
    assert kept == (0,), "probation is not bound to keep it"
    with pytest.raises(InvalidRelease), holder.worker.enter(Verb.SEND_UPDATE, client=client) as permit:
        actions.end_flow(permit=permit, at=permit.at, flow_id=flow.id)


def test_the_prosecutor_keeps_sealed_what_came_under_a_law_too(world):
    police = world.police()
    prosecutor = world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}), (Role.WORKER, Role.RECORDS_OFFICER))
    client = world.client(police.worker)
    world.entry(police.worker, client, Category.RISK, "High danger.", narrative="FULL")
    [offer] = offers(police.worker, client, prosecutor)
    assert offer.agreement is None
    assert offer.keeps
    begin(police.worker, client, offer)
    there = world.accept(prosecutor.worker)
    assert {view.content.narrative for view in received(prosecutor.worker, there)} == {"", "FULL"}
    [flow] = running(police.worker, client)
    with police.worker.enter(Verb.SEND_UPDATE, client=client) as permit:
        actions.end_flow(permit=permit, at=permit.at, flow_id=flow.id)
    assert received(prosecutor.worker, there) == []
    with prosecutor[Role.RECORDS_OFFICER].enter(Verb.READ_DAY):
        pass
    officer = prosecutor[Role.RECORDS_OFFICER]
    with gate().kept(officer.caller, purpose=Purpose.RECORDS_REQUEST, at=timezone.now()) as permit:
        assert len(queries.kept(permit=permit)) == 2


def test_what_is_about_her_child_never_goes_on_a_flow(programme):
    from accord.policy.words import Relation
    from accord.vault import actions as vault
    from accord.vault.rules import Identity, Summary

    _world, holder, probation, client = programme
    agreed(holder, probation)
    with holder.worker.enter(Verb.EDIT_CLIENT, Verb.ADD_ENTRY, client=client) as permit:
        child = vault.add_person(
            permit=permit, at=permit.at, client_id=client, relation=Relation.CHILD, identity=Identity(given="Leo")
        )
        vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind="note",
                    category=Category.SERVICES,
                    occurred_at=permit.at,
                    summary=Summary.typed("The child attended."),
                    about=child,
                )
            ],
        )
    [offer] = offers(holder.worker, client, probation)
    assert begin(holder.worker, client, offer) == 2
    assert tray(holder.worker) == set()


# ------------------------------------------------------------------ the database


def test_no_flow_of_a_victim_service_provider_can_be_written_down(world):
    shelter, other = world.agency(), world.police()
    client = world.client(shelter.worker)
    row = {
        "agency_id": shelter.id,
        "client_id": client,
        "recipient_id": other.id,
        "purpose": "safety",
        "grants": {"legal": 2},
        "rule": "made-up",
        "automatic": True,
        "told": "told",
        "opened_at": timezone.now(),
        "opened_by": shelter.worker.member,
        "until_at": timezone.now() + timedelta(days=9),
    }
    with pytest.raises(DatabaseError, match="without her release"), shelter.worker.enter(Verb.READ_DAY):
        Flow(**row).save(force_insert=True)
    # even with the row there, past the triggers, nothing goes on it
    with past_the_triggers() as hand:
        hand.execute(
            "insert into sharing_flow (id, agency_id, client_id, recipient_id, purpose, grants, rule, automatic, told,"
            " opened_at, opened_by, until_at) values"
            " (gen_random_uuid(), %s, %s, %s, 'safety', '{\"legal\": 2}', 'court-orders', true, 'told', now(), %s,"
            " now() + interval '9 days')",
            [shelter.id, client, other.id, shelter.worker.member],
        )
    assert note(shelter.worker, client, Category.LEGAL)[1] == {}
    assert tray(shelter.worker) == set()
    with superuser() as eyes:
        assert eyes.execute("select count(*) from sharing_envelope where holder_id = %s", [shelter.id]).fetchone() == (
            0,
        )


def test_an_envelope_rests_on_exactly_one_living_basis_that_covers_it(programme):
    _world, holder, probation, client = programme
    agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    begin(holder.worker, client, offer)
    [flow] = running(holder.worker, client)
    good = {
        "agency_id": probation.id,
        "holder_id": holder.id,
        "thread": uuid4(),
        "basis": "flow",
        "flow": flow.id,
        "rules": [],
        "purpose": "supervision",
        "category": "services",
        "level": 2,
        "key_version": 1,
        "sealed": b"x",
        "sent_at": timezone.now(),
        "until_at": flow.until_at,
    }
    wrong = (
        {"level": 3},
        {"category": "risk"},
        {"purpose": "safety"},
        {"until_at": flow.until_at + timedelta(seconds=1)},
        {"flow": uuid4()},
        {"flow": None},
        {"basis": "release"},
        {"release": flow.id},
        {"release": flow.id, "flow": None, "basis": "release"},
    )
    for each in wrong:
        with pytest.raises(DatabaseError), holder.worker.enter(Verb.READ_DAY):
            Envelope(**good | each).save(force_insert=True)
    with pytest.raises(ZeroDivisionError), holder.worker.enter(Verb.READ_DAY):
        Envelope(**good).save(force_insert=True)
        raise ZeroDivisionError  # it fits, so the others were refused for what is wrong with them


def test_a_flow_only_ends(programme):
    _world, holder, probation, client = programme
    agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    begin(holder.worker, client, offer)
    [flow] = running(holder.worker, client)
    for change in ({"automatic": True}, {"grants": {"services": 3}}, {"until_at": flow.until_at + timedelta(days=1)}):
        with pytest.raises(DatabaseError, match="can only end"), holder.worker.enter(Verb.READ_DAY):
            Flow.objects.filter(id=flow.id).update(**change)


# ------------------------------------------------------------------ never


def say_never(worker: Worker, client: UUID, against: House, person: str = "") -> UUID:
    with worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        return actions.never(permit=permit, at=permit.at, client_id=client, against_id=against.id, person=person)


def test_a_never_closes_releases_previews_updates_and_flows_until_she_takes_it_back(programme):
    world, holder, probation, client = programme
    agreed(holder, probation)
    release = released(world, holder.worker, client, probation, (Category.SERVICES,), {Category.SERVICES: Level.FULL})
    [offer] = offers(holder.worker, client, probation)
    begin(holder.worker, client, offer, automatic=True)
    waits, _went = note(holder.worker, client, Category.SERVICES)
    said = say_never(holder.worker, client, probation)

    assert offers(holder.worker, client, probation) == []
    assert tray(holder.worker) == set()
    assert send(holder.worker, client, {(release, waits)}) == {}
    assert note(holder.worker, client, Category.SERVICES, [release])[1] == {}
    with holder.worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        contents, explanation = preview(gate(), permit, holder.worker.caller, release)
        assert contents == []
        assert "never-share" in explanation.needs[0]
    with pytest.raises(InvalidRelease), holder.worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
        from accord.sharing.facts import locked

        disclose(gate(), permit, holder.worker.caller, locked(release))
    with pytest.raises(InvalidRelease):
        say_never(holder.worker, client, probation)
    # somebody else's never is not hers, and what was sent stays until it is withdrawn
    other = world.client(holder.worker)
    assert offers(holder.worker, other, probation)
    assert "What they can still open" in text(page(signed_in(holder.worker), f"/clients/{client}/never/"))

    with holder.worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        actions.lift_never(permit=permit, at=permit.at, client_id=client, never_id=said, how="in_person")
    assert {entry for _basis, entry in tray(holder.worker)} >= {waits}


@pytest.mark.parametrize("level", [Level.EXISTENCE, Level.SUMMARY, Level.FULL])
def test_a_person_s_name_goes_along_sealed_at_every_level_and_is_on_no_page(world, level):
    shelter, police = world.agency(), world.police()
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client)
    say_never(shelter.worker, client, police, "Rocco  Vega")
    say_never(shelter.worker, client, world.hospital(), "Someone Else")
    world.release(shelter.worker, client, police, {Category.INJURIES: level})
    there = world.accept(police.worker)
    shown = received(police.worker, there)
    assert {view.content.kept_from for view in shown} == {("Rocco Vega",)}
    browser = signed_in(police.worker)
    for address in (f"/clients/{there}/", f"/clients/{there}/envelopes/{shown[0].id}/why/"):
        html = page(browser, address)
        assert "Rocco" not in html
        assert "Someone Else" not in html
    with superuser() as eyes:
        dump = eyes.execute("select string_agg(n::text, ' ') from sharing_never n").fetchone()[0]
    assert "Rocco" not in dump
    assert b"Rocco".hex() not in dump


# ------------------------------------------------------------------ the pages


def test_the_pages_begin_and_end_a_flow_and_ask_whether_she_knows(programme):
    _world, holder, probation, client = programme
    browser = signed_in(holder.worker)
    assert "No law lets us tell" in text(page(browser, f"/clients/{client}/flows/new/"))
    agreed(holder, probation)
    [offer] = offers(holder.worker, client, probation)
    html = page(browser, f"/clients/{client}/flows/new/")
    assert "state standards for intervention programmes" in html
    looked = text(browser.post(f"/clients/{client}/flows/new/", {"step": "look", "offer": offer.key}).content.decode())
    assert "Attended." in looked
    assert "WHAT WAS SAID" not in looked
    begins = {"step": "begin", "offer": offer.key, "how": "automatic"}
    asked = text(browser.post(f"/clients/{client}/flows/new/", begins).content.decode())
    assert "Say whether she was told." in asked
    asked = text(browser.post(f"/clients/{client}/flows/new/", begins | {"told": "not_safe"}).content.decode())
    assert "Write down why it is not safe to tell her." in asked
    assert running(holder.worker, client) == []
    told = begins | {"told": "not_safe", "not_told": "HE READS HER POST"}
    done = text(browser.post(f"/clients/{client}/flows/new/", told, follow=True).content.decode())
    assert f"Begun. Sent to {probation.name}: 2 envelopes." in done
    assert "She does not know" in done
    [flow] = running(holder.worker, client)
    assert f"{probation.name} is told by itself" in text(page(browser, f"/clients/{client}/entries/new/"))
    ended = browser.post(f"/clients/{client}/flows/{flow.id}/end/", follow=True).content.decode()
    assert "2 envelopes have ended" in text(ended)
    with superuser() as eyes:
        row = eyes.execute("select not_told from sharing_flow where id = %s", [flow.id]).fetchone()
    assert b"HE READS" not in bytes(row[0])


def test_a_victim_service_provider_is_not_even_shown_the_part(world):
    shelter = world.agency()
    client = world.client(shelter.worker)
    browser = signed_in(shelter.worker)
    assert "Under law and agreement" not in text(page(browser, f"/clients/{client}/"))
    assert "No law lets us tell" in text(page(browser, f"/clients/{client}/flows/new/"))


def test_never_is_said_and_taken_back_on_its_page(world):
    shelter, police = world.agency(), world.police()
    client = world.client(shelter.worker)
    browser = signed_in(shelter.worker)
    address = f"/clients/{client}/never/"
    said = browser.post(address, {"against": police.id, "whom": "person", "person": "Rocco"}).content.decode()
    assert "Write the given and the family name" in text(said)
    browser.post(address, {"against": police.id, "whom": "person", "person": "Rocco Vega"})
    browser.post(address, {"against": police.id, "whom": "agency"})
    twice = browser.post(address, {"against": police.id, "whom": "agency"}).content.decode()
    assert "She has said so already." in text(twice)
    html = page(browser, f"/clients/{client}/")
    assert "Rocco Vega" in html
    with shelter.worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        first, second = queries.nevers(permit=permit, client_id=client)
    assert (first.person, second.person) == ("Rocco Vega", "")
    assert "Say how she told you" in text(browser.post(f"{address}{second.id}/lift/").content.decode())
    browser.post(f"{address}{second.id}/lift/", {"how": "in_person"})
    assert browser.get(f"{address}{second.id}/lift/").status_code == 404
    with shelter.worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        assert [each.id for each in queries.nevers(permit=permit, client_id=client)] == [first.id]

"""'I take it back', said to any partner: it ends there at once and the holder is told; nobody learns anything else."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from django.utils import timezone

from accord.config.service import gate
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sharing import actions, queries
from accord.sharing.rules import InvalidRelease, State
from tests.proofs.test_withdrawal import Scene, race
from tests.proofs.town import as_service, note_of, superuser, told
from tests.rooms.test_updates import received
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker, World

INJURIES = {Category.INJURIES: Level.SUMMARY}


def relay(worker: Worker, client: UUID, thread: UUID, wants: str = "partner", words: str = "") -> int:
    with gate().taking_back(
        worker.caller, Verb.RELAY_WITHDRAWAL, purpose=Purpose.OWN_SERVICE, at=timezone.now(), client=client
    ) as permit:
        holder = queries.heard_from(permit=permit, client_id=client, thread=thread)
        return actions.relay(
            permit=permit, at=permit.at, partner_id=holder, thread=thread, wants=wants, how="phone", words=words
        )


def relays(worker: Worker) -> list[queries.RelayView]:
    with worker.enter(Verb.READ_DAY) as permit:
        return queries.relays(permit=permit)


def states(worker: Worker, client: UUID) -> dict[UUID, State]:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return {release.recipient_id: release.state for release in queries.releases(permit=permit, client_id=client)}


@pytest.fixture
def scene(world):
    """A hospital's patient, known to the police and to a shelter; each has accepted what it was sent."""
    hospital, shelter = world.hospital(), world.agency(roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    police = world.police(roles=(Role.WORKER, Role.RECORDS_OFFICER))
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    clients = {}
    for house in (shelter, police):
        world.release(hospital.worker, patient, house, INJURIES | {Category.IDENTITY: Level.FULL})
        clients[house.id] = world.accept(house.worker)
    return world, hospital, shelter, police, patient, clients


def thread_of(house: House, client: UUID) -> UUID:
    return received(house.worker, client)[0].thread


def test_it_ends_here_at_once_and_there_with_one_press(scene):
    _world, hospital, shelter, police, patient, clients = scene
    thread = thread_of(shelter, clients[shelter.id])
    browser = signed_in(shelter.worker)
    html = page(browser, f"/clients/{clients[shelter.id]}/")
    assert f"/clients/{clients[shelter.id]}/take-back/{thread}/" in html
    address = f"/clients/{clients[shelter.id]}/take-back/{thread}/"
    assert "At once, nobody here can open" in text(page(browser, address))
    assert "Say what she takes back" in text(browser.post(address, {"how": "phone"}).content.decode())
    assert len(received(shelter.worker, clients[shelter.id])) == 2
    done = browser.post(address, {"wants": "partner", "how": "phone", "words": "NO MORE"}, follow=True).content.decode()
    assert f"2 envelopes have ended here, and {hospital.name} is told." in text(done)
    assert "Two injuries" not in done
    assert received(shelter.worker, clients[shelter.id]) == []
    assert len(received(police.worker, clients[police.id])) == 2, "the police's part is not the shelter's to end"

    nurse = signed_in(hospital.worker)
    day = text(page(nurse, "/my-day/"))
    assert f"she told {shelter.name} that she takes it back" in day
    [told] = relays(hospital.worker)
    assert told.words == "NO MORE"
    address = f"/clients/{patient}/relays/{told.id}/"
    html = text(page(nurse, address))
    assert "NO MORE" in html
    assert html.count("2 envelopes") == 1, "only what goes to that partner will end"
    assert "2 envelopes have ended" not in html
    nurse.post(address, {"step": "withdraw"})
    assert states(hospital.worker, patient) == {shelter.id: State.WITHDRAWN, police.id: State.SIGNED}
    assert relays(hospital.worker) == []
    assert nurse.get(address).status_code == 404
    with superuser() as eyes:
        how = eyes.execute(
            "select withdrawn_how from sharing_release where recipient_id = %s and client_id = %s",
            [shelter.id, patient],
        ).fetchone()
        sealed = eyes.execute("select words, closed_how from sharing_relay where id = %s", [told.id]).fetchone()
    assert how == ("relayed",)
    assert sealed[1] == "withdrawn"
    assert b"NO MORE" not in bytes(sealed[0])


def test_everything_she_shares_ends_if_that_is_what_she_said(scene):
    _world, hospital, shelter, police, patient, clients = scene
    relay(shelter.worker, clients[shelter.id], thread_of(shelter, clients[shelter.id]), wants="all")
    [told] = relays(hospital.worker)
    nurse = signed_in(hospital.worker)
    nurse.post(f"/clients/{patient}/relays/{told.id}/", {"step": "withdraw"})
    assert set(states(hospital.worker, patient).values()) == {State.WITHDRAWN}
    assert received(police.worker, clients[police.id]) == []


def test_she_decided_otherwise_is_noted_and_ends_nothing(scene):
    _world, hospital, shelter, _police, patient, clients = scene
    relay(shelter.worker, clients[shelter.id], thread_of(shelter, clients[shelter.id]))
    [told] = relays(hospital.worker)
    nurse, address = signed_in(hospital.worker), f"/clients/{patient}/relays/{told.id}/"
    assert "Write down what she decided" in text(nurse.post(address, {"step": "otherwise"}).content.decode())
    nurse.post(address, {"step": "otherwise", "note": "SHE CALLED US"})
    assert relays(hospital.worker) == []
    assert set(states(hospital.worker, patient).values()) == {State.SIGNED}


def test_what_must_be_kept_is_kept_sealed_and_what_must_not_is_destroyed(scene):
    _world, hospital, shelter, police, _patient, clients = scene
    for house in (shelter, police):
        relay(house.worker, clients[house.id], thread_of(house, clients[house.id]))
        assert received(house.worker, clients[house.id]) == []
    with superuser() as eyes:
        left = dict(
            eyes.execute(
                "select agency_id, count(sealed) from sharing_envelope where holder_id = %s group by 1", [hospital.id]
            ).fetchall()
        )
    assert left == {shelter.id: 0, police.id: 2}
    officer = police[Role.RECORDS_OFFICER]
    with gate().kept(officer.caller, purpose=Purpose.RECORDS_REQUEST, at=timezone.now()) as permit:
        assert len(queries.kept(permit=permit)) == 2


def test_said_twice_or_about_nothing_it_looks_the_same_and_tells_nothing(scene):
    world, hospital, shelter, _police, _patient, clients = scene
    client = clients[shelter.id]
    thread = thread_of(shelter, client)
    browser = signed_in(shelter.worker)
    answers = [
        browser.post(f"/clients/{client}/take-back/{thread}/", {"wants": "all", "how": "phone"}) for _again in range(2)
    ]
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [
        (302, f"/clients/{client}/")
    ] * 2
    assert len(relays(hospital.worker)) == 1, "told twice, it stands there once"
    never = page(browser, f"/clients/{client}/take-back/{uuid4()}/", status=404)
    other = world.client(shelter.worker)
    assert "404" in str(browser.get(f"/clients/{other}/take-back/{thread}/").status_code)
    assert "injuries" not in never.lower()


def test_a_thread_on_which_only_we_have_sent_cannot_be_relayed(world):
    """Or the other side would learn from it that she is with us."""
    shelter, police = world.agency(), world.police()
    client = world.client(shelter.worker)
    world.entry(shelter.worker, client)
    world.release(shelter.worker, client, police, INJURIES)
    with superuser() as eyes:
        (thread,) = eyes.execute("select thread from sharing_thread where client_id = %s", [client]).fetchone()
    assert signed_in(shelter.worker).get(f"/clients/{client}/take-back/{thread}/").status_code == 404


def test_a_privacy_officer_takes_the_call_too(scene):
    _world, hospital, shelter, _police, _patient, clients = scene
    client = clients[shelter.id]
    thread = thread_of(shelter, client)
    browser = signed_in(shelter[Role.PRIVACY_OFFICER])
    browser.post(f"/clients/{client}/take-back/{thread}/", {"wants": "partner", "how": "phone"})
    assert len(relays(hospital.worker)) == 1
    assert received(shelter.worker, client) == []


# ------------------------------------------------------------------ the database


def as_agency(agency: UUID, lens: str = "live") -> psycopg.Connection:
    connection = as_service(autocommit=True)
    told(connection, note_of(agency, lens=lens))
    return connection


def test_a_relay_on_a_thread_that_never_was_is_found_by_nobody(scene):
    _world, hospital, shelter, police, patient, clients = scene
    theirs = thread_of(police, clients[police.id])
    columns = (
        "insert into sharing_relay (id, agency_id, partner_id, thread, wants, how, key_version, told_at, closed_how)"
    )
    with as_agency(shelter.id) as attacker:
        for thread in (uuid4(), theirs):  # one that never was, and another partner's
            attacker.execute(
                columns + " values (%s, %s, %s, %s, 'all', 'phone', 1, now(), '')",
                [uuid4(), hospital.id, shelter.id, thread],
            )
        with pytest.raises(psycopg.Error, match="row-level security"):  # nor in another's name
            attacker.execute(
                columns + " values (%s, %s, %s, %s, 'all', 'phone', 1, now(), '')",
                [uuid4(), hospital.id, police.id, theirs],
            )
        assert attacker.execute("select count(*) from sharing_relay").fetchone() == (0,)
        assert attacker.execute("update sharing_relay set wants = 'partner'").rowcount == 0
    assert relays(hospital.worker) == []
    assert "that she takes it back" not in text(page(signed_in(hospital.worker), "/my-day/"))
    assert set(states(hospital.worker, patient).values()) == {State.SIGNED}


def test_a_recipient_ends_what_it_was_sent_now_and_does_nothing_else_to_it(scene):
    _world, _hospital, shelter, police, _patient, _clients = scene
    ended = "withdrawn_at = statement_timestamp(), sealed = case when retain then sealed end"
    wrong = (
        ("relay", "withdrawn_at = now() - interval '1 day', sealed = case when retain then sealed end"),
        ("relay", "sealed = null"),
        ("relay", "until_at = until_at + interval '1 day'"),
        ("relay", f"{ended}, until_at = until_at - interval '1 second'"),
        ("relay", f"{ended}, retain = not retain"),
        ("relay", "withdrawn_at = statement_timestamp(), sealed = case when retain then null else sealed end"),
    )
    for house in (shelter, police):
        for lens, change in wrong:
            with as_agency(house.id, lens) as hand, pytest.raises(psycopg.Error):
                hand.execute(f"update sharing_envelope set {change} where agency_id = %s", [house.id])
        with as_agency(house.id) as hand:
            assert hand.execute(f"update sharing_envelope set {ended}").rowcount == 0, "only where she said so"
        with as_agency(house.id, "relay") as hand:
            assert hand.execute("select count(*) from sharing_envelope").fetchone() == (2,)
            assert hand.execute(f"update sharing_envelope set {ended} where agency_id = %s", [house.id]).rowcount == 2
            assert hand.execute("select count(*) from sharing_envelope").fetchone() == (0,)


def test_a_relay_is_only_closed_and_only_by_the_holder(scene):
    _world, hospital, shelter, _police, _patient, clients = scene
    relay(shelter.worker, clients[shelter.id], thread_of(shelter, clients[shelter.id]))
    with as_agency(hospital.id) as hand:
        for change in ("wants = 'all'", "partner_id = agency_id", "told_at = now()"):
            with pytest.raises(psycopg.Error):
                hand.execute(f"update sharing_relay set {change}")
        assert hand.execute("delete from sharing_relay").rowcount == 0
    with pytest.raises(InvalidRelease), hospital.worker.enter(Verb.WITHDRAW_RELEASE) as permit:
        actions.close_relay(
            permit=permit, at=permit.at, client_id=_patient, relay_id=uuid4(), how="otherwise", note=" "
        )


class Relayed(Scene):
    """She takes it back at the police, while the police read."""

    def withdraw(self, release: UUID, envelopes: list[str]) -> None:
        import time

        relay(self.police.worker, self.client, self.thread)
        now = time.monotonic()
        self.acknowledged |= dict.fromkeys(envelopes, now)


def test_no_read_after_an_acknowledged_relay_shows_content():
    world = World()
    hospital, police = world.hospital(), world.police()
    patient = world.client(hospital.worker)
    world.release(hospital.worker, patient, police, {Category.IDENTITY: Level.FULL})
    scene = Relayed(world, hospital, police, patient, world.accept(police.worker))
    scene.thread = thread_of(police, scene.client)
    count, relayed, stale = race(scene, "gate", 3_000)
    print(f"{count} reads against {relayed} relays: {stale} stale")
    assert relayed > 3
    assert stale == 0

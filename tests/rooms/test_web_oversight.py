"""Who looked at what; taking back by phone; what must be kept; members and keys; and the one answer for no."""

from __future__ import annotations

import re
import secrets
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accord.config.service import gate
from accord.doors.web.views import oversight, site, staff
from accord.gate import Caller
from accord.ledger import verify
from accord.ledger.actions import sequence
from accord.ledger.queries import recent
from accord.partners.models import VaultLock
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sharing import queries as sharing
from accord.vault import queries as vault
from accord.vault.rules import Identity
from tests.rooms.test_web_signin import browser, opens, signed_in
from tests.world import PASSWORD, House, World

EVERY = (Role.WORKER, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER)
NONCES = re.compile(rb'nonce(-|=")[\w+/=-]+|csrfmiddlewaretoken" value="\w+|"X-CSRFToken": ?"\w+')


def log(house: House, role: Role = Role.PRIVACY_OFFICER, **asked: object):
    with house[role].enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
        return recent(permit=permit, **asked)


def sequenced(house: House) -> None:
    caller = Caller(agency=house.id, job="sequence")
    with gate().enter(caller, Verb.SWEEP, purpose=Purpose.ADMINISTRATION, at=timezone.now()) as permit:
        sequence(permit=permit, at=permit.at)


def code_of(house: House, client) -> str:
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return vault.client(permit=permit, client_id=client).code


@pytest.fixture(scope="module")
def story() -> dict:
    """A hospital's patient, a release to the police that they accepted and she took back, and one to a shelter."""
    world = World()
    canary = f"Zx{secrets.token_hex(6)}"
    hospital, police, shelter = world.hospital(EVERY), world.police(EVERY), world.agency(roles=EVERY)
    client = world.client(hospital.worker, Identity(given=canary, family="Prueba"))
    world.entry(hospital.worker, client, narrative=f"narrative {canary}")
    gone = world.release(hospital.worker, client, police, {Category.INJURIES: Level.FULL})
    living = world.release(hospital.worker, client, shelter)
    world.accept(police.worker)
    world.withdraw(hospital.worker, client, gone)
    return {
        "world": world,
        "canary": canary,
        "hospital": hospital,
        "police": police,
        "shelter": shelter,
        "client": client,
        "code": code_of(hospital, client),
        "living": living,
    }


def test_no_and_never_was_are_the_same_bytes(story: dict) -> None:
    officer = signed_in(story["hospital"], Role.PRIVACY_OFFICER)
    officer.get("/log/")
    answers = [
        officer.get("/members/"),  # not for her role
        officer.get(f"/clients/{story['client']}/releases/{uuid4()}/withdraw/"),  # not there
        officer.get(f"/members/{uuid4()}/remove/"),
        officer.get("/no/such/page/"),
        officer.post("/keys/", {"do": "turn"}),
    ]
    pages = {NONCES.sub(b"", answer.content) for answer in answers}
    heads = {NONCES.sub(b"", repr(sorted(answer.headers.items())).encode()) for answer in answers}
    assert {answer.status_code for answer in answers} == {404}
    assert len(pages) == 1
    assert len(heads) == 1


def test_what_we_did_not_foresee_has_a_page() -> None:
    answer = site.broken(None)
    assert answer.status_code == 500
    assert b"Something went wrong" in answer.content


def test_a_form_from_before_signing_in_gets_a_clear_page() -> None:
    client = Client(SERVER_NAME="localhost", REMOTE_ADDR="10.9.0.1", enforce_csrf_checks=True)
    answer = client.post("/sign-in/", {"login": "a@example.org", "password": "x"})
    assert answer.status_code == 403
    assert "This page was open too long" in answer.content.decode()


def test_the_log_says_who_looked_and_names_no_survivor(story: dict) -> None:
    officer = signed_in(story["hospital"], Role.PRIVACY_OFFICER)
    page = officer.get("/log/").content.decode()
    assert story["code"] in page
    assert story["canary"] not in page
    assert "a release was withdrawn" in page
    assert "A worker reads and keeps her own agency&#x27;s records" in page
    assert story["shelter"].name not in page
    only = officer.get("/log/", {"code": story["code"].lower()}).content.decode()
    assert "added an entry" in only
    assert "managed members" not in only
    assert "Nothing like this" in officer.get("/log/", {"code": "ZZ-2222"}).content.decode()


def test_the_log_shows_refusals_and_can_be_narrowed(world: World) -> None:
    house = world.agency(roles=EVERY)
    signed_in(house, Role.WORKER).get("/members/")
    officer = signed_in(house, Role.PRIVACY_OFFICER)
    refused = officer.get("/log/", {"refused": "on"}).content.decode()
    assert "managed members" in refused
    assert refused.count("<tr>") == 2
    worker = house.worker.member
    assert officer.get("/log/", {"member": worker}).content.decode().count("<tr>") == 2
    assert "Nothing like this" in officer.get("/log/", {"last_day": "2001-01-01"}).content.decode()
    assert "Nothing like this" not in officer.get("/log/", {"first_day": "2001-01-01"}).content.decode()
    assert 'role="alert"' in officer.get("/log/", {"first_day": "soon"}).content.decode()
    assert officer.get("/log/", {"before": "no-id"}).status_code == 200
    assert officer.get("/log/", {"member": uuid4()}).status_code == 200


def test_the_log_has_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oversight, "PAGE", 3)
    house = world.agency(roles=EVERY)
    officer = signed_in(house, Role.PRIVACY_OFFICER)
    for _ in range(5):
        page = officer.get("/log/").content.decode()
    older = re.findall(r'href="(\?before=[^"]+)"', page)
    assert officer.get(f"/log/{older[0]}").content.decode().count("<tr>") == 3


def test_another_agency_has_another_log(story: dict) -> None:
    page = signed_in(story["shelter"], Role.PRIVACY_OFFICER).get("/log/", {"code": story["code"]}).content.decode()
    assert "Nothing like this" in page


def test_export_and_checkpoint_satisfy_the_verifier(story: dict, tmp_path) -> None:
    house = story["hospital"]
    officer = signed_in(house, Role.PRIVACY_OFFICER)
    sequenced(house)
    saved = officer.get("/log/checkpoint/")
    assert saved.headers["content-type"].startswith("text/plain")
    export = officer.get("/log/export/")
    assert "attachment" in export.headers["content-disposition"]
    (tmp_path / "log.txt").write_bytes(b"".join(export.streaming_content))
    (tmp_path / "saved.txt").write_bytes(saved.content)
    assert verify.main([str(tmp_path / "log.txt"), "--checkpoint", str(tmp_path / "saved.txt")]) == 0
    page = officer.get("/log/").content.decode()
    assert f"checkpoint-{saved.content.decode().splitlines()[1]}.txt" in page


def test_an_export_stops_at_its_next_batch_when_she_may_no_longer_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = world.agency(roles=EVERY)
    officer = signed_in(house, Role.PRIVACY_OFFICER)
    for _ in range(4):
        officer.get("/log/")
    sequenced(house)
    whole = oversight.ledger.export
    monkeypatch.setattr(oversight.ledger, "export", lambda **asked: whole(**asked | {"limit": 2}))
    lines = iter(officer.get("/log/export/").streaming_content)
    assert next(lines).count(b"\n") == 2
    signed_in(house, Role.DIRECTOR).post(f"/members/{house[Role.PRIVACY_OFFICER].member}/remove/")
    assert list(lines) == []


def test_she_takes_it_back_by_her_code(story: dict) -> None:
    officer = signed_in(story["hospital"], Role.PRIVACY_OFFICER)
    page = officer.get("/log/releases/").content.decode()
    assert f"/clients/{story['client']}/releases/{story['living']}/withdraw/" in page
    assert story["canary"] not in page
    assert story["police"].name not in page, "what was taken back is no longer in force"
    assert story["code"] in officer.get("/log/releases/", {"code": story["code"]}).content.decode()
    assert "No release in force" in officer.get("/log/releases/", {"code": "ZZ-2222"}).content.decode()
    with story["hospital"].worker.enter(Verb.WITHDRAW_RELEASE) as permit:
        assert [line.code for line in sharing.living(permit=permit)] == [story["code"]]
    assert signed_in(story["shelter"], Role.PRIVACY_OFFICER).get("/log/releases/").status_code == 200


def test_kept_records_are_opened_one_by_one_and_each_is_in_the_log(story: dict) -> None:
    police = story["police"]
    officer = signed_in(police, Role.RECORDS_OFFICER)
    page = officer.get("/kept/").content.decode()
    assert "Her name" in page
    assert "Injuries" in page
    assert story["canary"] not in page, "a list opens nothing"
    envelopes = re.findall(r'name="envelope" value="([0-9a-f-]{36})"', page)
    assert len(envelopes) == 2
    nameless = officer.post("/kept/", {"envelope": envelopes[0]}).content.decode()
    assert "Say for whom you open it" in nameless
    assert "Opened" not in nameless
    opened = [
        officer.post("/kept/", {"envelope": envelope, "why": "defence"}).content.decode() for envelope in envelopes
    ]
    assert sum(f"narrative {story['canary']}" in page for page in opened) == 1
    last = log(police, verb=Verb.READ_KEPT, limit=1)[0].happening
    assert last is not None
    assert last.purpose is Purpose.RECORDS_REQUEST
    assert [str(id) for _kind, id, level in last.shown if level > Level.EXISTENCE] == [envelopes[1]]
    assert [deed for deed, _id in last.deeds] == ["kept_for_defence"]
    assert officer.post("/kept/", {"envelope": str(uuid4()), "why": "court"}).status_code == 404
    assert b"problem" in officer.post("/kept/", {"envelope": "none", "why": "court"}).content
    for role in (Role.WORKER, Role.PRIVACY_OFFICER, Role.DIRECTOR):
        assert signed_in(police, role).get("/kept/").status_code == 404
    assert "Nothing is kept" in signed_in(story["shelter"], Role.RECORDS_OFFICER).get("/kept/").content.decode()


def test_a_new_members_code_is_shown_once_and_lets_her_in(world: World) -> None:
    house = world.agency()
    director = signed_in(house, Role.DIRECTOR)
    given = {
        "name": "Rosa <b>",
        "title": "Advocate",
        "email": f"rosa.{secrets.token_hex(4)}@example.org",
        "roles": ["worker", "director"],
        "language": "en",
    }
    assert 'role="alert"' in director.post("/members/new/", given | {"roles": []}).content.decode()
    page = director.post("/members/new/", given)
    code = re.findall(r'class="secret">([\w-]+)<', page.content.decode())[0]
    assert page.headers["cache-control"] == "no-store"
    assert "Rosa &lt;b&gt;" in page.content.decode()
    assert "cannot be used" in director.post("/members/new/", given).content.decode()
    assert code not in str(dict(director.session))
    listed = director.get("/members/").content.decode()
    assert code not in listed
    assert "Has not used her code yet" in listed
    rosa = browser()
    rosa.post("/enrol/", {"email": given["email"], "code": code, "password": PASSWORD, "again": PASSWORD})
    assert opens(rosa)


def test_a_new_code_for_somebody_else_only(world: World) -> None:
    house = world.agency(roles=(Role.WORKER,))
    director = signed_in(house, Role.DIRECTOR)
    page = director.get(f"/members/{house.worker.member}/code/")
    assert "Make a new code" in page.content.decode()
    assert re.findall(
        r'class="secret">([\w-]+)<', director.post(f"/members/{house.worker.member}/code/").content.decode()
    )
    assert director.post(f"/members/{house[Role.DIRECTOR].member}/code/").status_code == 404
    assert director.post(f"/members/{house[Role.DIRECTOR].member}/remove/").status_code == 404
    other = world.agency(roles=(Role.WORKER,))
    assert director.post(f"/members/{other.worker.member}/remove/").status_code == 404
    assert signed_in(other, Role.WORKER).get("/my-day/").status_code != 302


def test_removing_a_member_shuts_her_out_and_wraps_every_file_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "BATCH", 2)
    house = world.agency(roles=(Role.WORKER, Role.SUPERVISOR))
    clients = [world.client(house.worker) for _ in range(3)]
    director, leaving = signed_in(house, Role.DIRECTOR), signed_in(house, Role.WORKER)
    assert leaving.get("/partners/").status_code == 200
    assert "Remove her" in director.get(f"/members/{house.worker.member}/remove/").content.decode()
    left = director.post(f"/members/{house.worker.member}/remove/", {"to": "nobody"})
    assert left.headers["location"] == "/keys/"
    assert leaving.get("/partners/").status_code == 302, "her next click"
    assert "No longer here" in director.get("/members/").content.decode()

    page = director.get("/keys/").content.decode()
    assert "Wrapping file keys anew" in page
    early = director.post("/keys/", {"do": "rewrap"}, HTTP_HX_REQUEST="true").content.decode()
    assert "Begins in" in early
    monkeypatch.setattr(staff, "SETTLE", 0)
    first = director.post("/keys/", {"do": "rewrap"}, HTTP_HX_REQUEST="true").content.decode()
    assert '<span class="number">1</span> file still to do' in first
    second = director.post("/keys/", {"do": "rewrap"}, HTTP_HX_REQUEST="true").content.decode()
    assert "under the newest vault key" in second
    assert "hx-trigger" not in second, "it has ended"
    assert "Wrapping" not in director.get("/keys/").content.decode()
    for client in clients:
        with house[Role.SUPERVISOR].enter(Verb.READ_CLIENT, client=client) as permit:
            assert vault.client(permit=permit, client_id=client).code


def test_wrapping_anew_works_without_scripts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff, "SETTLE", 0)
    monkeypatch.setattr(staff, "BATCH", 1)
    house = world.agency(roles=(Role.WORKER,))
    for _ in range(2):
        world.client(house.worker)
    director = signed_in(house, Role.DIRECTOR)
    said = [director.post("/keys/", {"do": do}, follow=True).content.decode() for do in ("turn", "rewrap", "rewrap")]
    assert "The vault key has turned" in said[0]
    assert "1 file is still to do" in said[1]
    assert "under the newest vault key" in said[2]


def test_a_new_paper_key_is_shown_once_and_opens(world: World) -> None:
    house = world.agency()
    director = signed_in(house, Role.DIRECTOR)
    page = director.post("/keys/", {"do": "paper"}).content.decode()
    paper = re.findall(r'class="secret">([\w-]+)<', page)[0]
    assert paper not in director.get("/keys/").content.decode()
    assert paper not in str(dict(director.session))
    assert gate().open_with_paper(house.id, paper, timezone.now()).agency_id == house.id
    with house[Role.DIRECTOR].enter(Verb.MANAGE_KEYS, purpose=Purpose.ADMINISTRATION):
        assert VaultLock.objects.count() == 1

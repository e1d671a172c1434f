"""Who may know of a file inside one agency: conflict walls, need to know, and the cousin who works at a partner."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.gate import Refused
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sharing import actions as sharing
from accord.sharing import queries
from accord.sharing.rules import Content, narrowed
from accord.vault import actions as vault
from accord.vault import queries as clients
from accord.vault.rules import CONFLICTS, Identity, InvalidEntry, is_named
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker

STAFF = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
#: Every verb a worker has about one client, all of which a wall and need to know must close.
ABOUT_HER = (
    Verb.READ_CLIENT, Verb.EDIT_CLIENT, Verb.ADD_ENTRY, Verb.IMPORT_DOCUMENT, Verb.EXPORT_CLIENT, Verb.PREPARE_RELEASE,
    Verb.SIGN_RELEASE, Verb.WITHDRAW_RELEASE, Verb.READ_ENVELOPE, Verb.ACCEPT_ENVELOPE, Verb.CONFIRM_VALUE,
    Verb.NEVER_SHARE, Verb.SEND_UPDATE, Verb.RELAY_WITHDRAWAL, Verb.READ_ACCOUNTING, Verb.CONTACT_CLIENT,
    Verb.MERGE_CLIENTS,
)  # fmt: skip


@pytest.fixture
def house(world) -> House:
    return world.agency(roles=STAFF)


def opens(worker: Worker, client: UUID, *verbs: Verb) -> bool:
    try:
        with worker.enter(*(verbs or (Verb.READ_CLIENT,)), client=client):
            return True
    except Refused:
        return False


def listed(worker: Worker, name: str = "Ana") -> set[UUID]:
    with worker.enter(Verb.FIND_CLIENTS) as permit:
        recent = {line.id for line in clients.recent(permit=permit)}
        found = {line.id for line in clients.find(permit=permit, text=name)[0]}
    assert recent == found
    return recent


def wall(house: House, client: UUID, member: UUID, by: Role = Role.SUPERVISOR, kind: str = "relative") -> None:
    with house[by].enter(Verb.WALL_CLIENT) as permit:
        vault.wall_off(permit=permit, at=permit.at, client_id=client, member_id=member, kind=kind)


def test_behind_a_wall_every_verb_is_refused_like_absence_and_no_list_names_her(world, house):
    client, other = world.client(house.worker), world.client(house.worker)
    assert listed(house.worker) == {client, other}
    assert all(opens(house.worker, client, verb) for verb in ABOUT_HER)
    wall(house, client, house.worker.member)
    assert not any(opens(house.worker, client, verb) for verb in ABOUT_HER)
    assert all(opens(house.worker, other, verb) for verb in ABOUT_HER)
    assert listed(house.worker) == {other}
    assert listed(house[Role.SUPERVISOR]) == {client, other}
    browser, never = signed_in(house.worker), "00000000-0000-4000-8000-000000000000"
    plain = [page(browser, f"/clients/{id}/", status=404) for id in (client, never)]
    assert len({re.sub("nonce=.*?>|value=.*?>", "", html) for html in plain}) == 1


def test_she_steps_back_herself_and_only_somebody_else_brings_her_back(world, house):
    client = world.client(house.worker)
    browser = signed_in(house.worker)
    before = text(page(browser, f"/clients/{client}/conflict/"))
    assert "You are the only one who works with her" in before
    assert "Something is missing or wrong" in browser.post(f"/clients/{client}/conflict/", {}).content.decode()
    assert opens(house.worker, client)
    answer = browser.post(f"/clients/{client}/conflict/", {"kind": "relative"}, follow=True)
    assert answer.redirect_chain == [("/my-day/", 302)]
    assert not opens(house.worker, client)
    page(browser, f"/clients/{client}/", status=404)
    assert page(browser, "/walls/", status=404)

    boss = signed_in(house[Role.SUPERVISOR])
    with house[Role.SUPERVISOR].enter(Verb.WALL_CLIENT) as permit:
        (line,) = clients.walls(permit=permit)
    assert f"is off {line.code}" in text(page(boss, "/my-day/"))
    assert (line.kind, line.by, line.member_id) == ("relative", house.worker.member, house.worker.member)
    address = f"/walls/{line.id}/"
    assert f"is off {line.code}" in text(page(boss, address))
    assert "Choose why" in boss.post(address, {}).content.decode(), "nobody lifts a wall without a reason"
    assert not opens(house.worker, client)
    assert boss.post(address, {"why": "over"}).status_code == 302
    assert opens(house.worker, client)


def test_a_privacy_officer_sets_a_wall_by_code_without_the_file_and_nobody_lifts_her_own(world, house):
    client = world.client(house.worker)
    officer, boss = house[Role.PRIVACY_OFFICER], house[Role.SUPERVISOR]
    assert not opens(officer, client)
    with house.worker.enter(Verb.FIND_CLIENTS) as permit:
        code = clients.codes(permit=permit, client_ids=[client])[client]
    browser = signed_in(officer)
    assert "Prueba" not in page(browser, "/walls/")
    missing = browser.post("/walls/", {"code": "XX-22222", "member": str(boss.member), "kind": "other"})
    assert "No file here has this code" in missing.content.decode()
    assert browser.post("/walls/", {"code": code, "member": str(boss.member), "kind": "other"}).status_code == 302
    assert not opens(boss, client)
    with officer.enter(Verb.WALL_CLIENT) as permit:
        (line,) = clients.walls(permit=permit)
    with boss.enter(Verb.WALL_CLIENT) as permit:
        assert clients.walls(permit=permit) == [], "behind a wall the wall itself is not there"
        assert clients.coded(permit=permit, code=code) is None
    address, lift = f"/walls/{line.id}/", {"why": "namesake"}
    assert signed_in(boss).post(address, lift).status_code == 404, "nobody lifts her own"
    assert browser.post(address, lift).status_code == 302
    assert opens(boss, client)
    wall(house, client, officer.member, by=Role.PRIVACY_OFFICER)
    assert not opens(officer, client, Verb.WITHDRAW_RELEASE)


def test_a_wall_has_a_reason_from_the_list_and_somebody_who_works_here(world, house):
    client = world.client(house.worker)
    stranger = world.agency().worker.member
    for member, kind in ((stranger, "relative"), (house.worker.member, "because")):
        with pytest.raises(InvalidEntry):
            wall(house, client, member, kind=kind)
    for kind in CONFLICTS:
        wall(house, client, house.worker.member, kind=kind)
    with house[Role.SUPERVISOR].enter(Verb.WALL_CLIENT) as permit:
        assert len(clients.walls(permit=permit)) == 1, "twice is the same as once"


def test_where_files_are_kept_to_teams_only_the_team_and_supervisors_open_one(world, house):
    second = world.colleague(house)
    mine, hers = world.client(house.worker), world.client(second)
    assert listed(house.worker) == {mine, hers}
    world.keep_to_teams(house)
    assert listed(house.worker) == {mine}
    assert listed(second) == {hers}
    assert listed(house[Role.SUPERVISOR]) == {mine, hers}
    assert not any(opens(second, mine, verb) for verb in ABOUT_HER)
    assert all(opens(house.worker, mine, verb) for verb in ABOUT_HER)
    assert opens(house[Role.PRIVACY_OFFICER], mine, Verb.WITHDRAW_RELEASE), "her call can always be taken"

    boss = signed_in(house[Role.SUPERVISOR])
    assert boss.post(f"/clients/{mine}/team/", {"take": "1", "member": str(second.member)}).status_code == 302
    assert opens(second, mine)
    assert "Another Worker" in text(page(signed_in(second), f"/clients/{mine}/"))
    assert boss.post(f"/clients/{mine}/team/", {"drop": str(second.member)}).status_code == 302
    assert not opens(second, mine)
    page(signed_in(house.worker), f"/clients/{mine}/team/", status=404)


def test_somebody_who_is_worker_and_privacy_officer_reads_as_a_worker_and_withdraws_as_an_officer(world, house):
    both = world.colleague(house, roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    client = world.client(house.worker)
    world.keep_to_teams(house)
    assert not opens(both, client)
    assert opens(both, client, Verb.WITHDRAW_RELEASE)
    assert not opens(both, client, Verb.WITHDRAW_RELEASE, Verb.READ_CLIENT)
    assert listed(both) == set()


def test_handing_over_moves_everybody_except_who_is_walled_off(world, house):
    second, boss = world.colleague(house), house[Role.SUPERVISOR]
    files = [world.client(house.worker) for _ in range(3)]
    wall(house, files[0], second.member)
    with house[Role.DIRECTOR].enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
        assert clients.assigned(permit=permit, member_id=house.worker.member) == 3
        moved = vault.hand_over(permit=permit, at=permit.at, from_member=house.worker.member, to_member=second.member)
        assert moved == 2
        assert clients.assigned(permit=permit, member_id=house.worker.member) == 0
        assert clients.assigned(permit=permit, member_id=second.member) == 2
    world.keep_to_teams(house)
    assert listed(second) == set(files[1:])
    with boss.enter(Verb.ASSIGN_CLIENT) as permit:
        assert vault.hand_over(permit=permit, at=permit.at, from_member=second.member, to_member=None) == 0
    assert listed(second) == set()
    with boss.enter(Verb.ASSIGN_CLIENT, client=files[0]) as permit, pytest.raises(InvalidEntry):
        vault.assign(permit=permit, at=permit.at, client_id=files[0], member_id=second.member)


def test_an_arrival_is_for_everybody_until_it_is_tied_and_then_follows_the_file(world, house):
    second, hospital = world.colleague(house), world.hospital()
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    world.release(hospital.worker, patient, house)
    world.keep_to_teams(house)

    def waiting(worker: Worker) -> list[queries.Waiting]:
        with worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            return queries.waiting(permit=permit)

    assert len(waiting(house.worker)) == len(waiting(second)) == 1
    client = world.accept(second)
    assert opens(second, client)
    assert not opens(house.worker, client)
    world.release(hospital.worker, patient, house, {Category.CONTACT: Level.SUMMARY})
    (more,) = waiting(second)
    assert waiting(house.worker) == []
    with house.worker.enter(Verb.ACCEPT_ENVELOPE) as permit:
        assert queries.thread(permit=permit, thread=more.thread) is None


# ---------------------------------------------------------------- the cousin

SAME = [
    ("María López", "Maria Lopez"),
    ("Lopez Maria", "María López"),
    ("Maria Lopez", "Maria Elena López García"),
    ("Maria Elena Lopez", "Maria Lopez"),
    ("Maria Lopez", "Maria López-García"),
    ("Maria Lopez-Garcia", "Maria Lopez"),
    ("María de la Cruz", "Maria Delacruz"),
    ("Siobhan O'Brien", "Siobhán Obrien"),
    ("MARIA LOPEZ", "maria lopez"),
    ("Lopez, Maria", "Maria Lopez"),
    ("Jean-Luc Moreau", "Jean Luc Moreau"),
    ("Ødegård, Kåre", "Kare Odegard"),
    ("Lopez", "Maria Lopez"),
]
OTHERS = [
    ("Maria Lopez", "Maria Gomez"),
    ("Maria Lopez", "Ana Lopez"),
    ("Maria Lopez", "Marian Lopezano"),
    ("", "Maria Lopez"),
    ("Maria Lopez", ""),
    ("...", "Maria Lopez"),
]


@pytest.mark.parametrize(("kept", "member"), SAME)
def test_a_name_is_known_however_it_is_written(kept, member):
    assert is_named(kept, member)
    assert is_named(member, kept)


@pytest.mark.parametrize(("kept", "member"), OTHERS)
def test_another_name_is_another_person(kept, member):
    assert not is_named(kept, member)
    assert not is_named(member, kept)


WORDS = st.text("aábñcdeo", min_size=2, max_size=6)


@given(st.lists(WORDS, min_size=2, max_size=4), st.randoms())
def test_the_order_of_two_ends_and_capitals_make_no_difference(words, chance):
    name = " ".join(words)
    assert is_named(name, name.upper())
    assert is_named(name, f"{words[-1]}, {words[0]}")


def test_who_she_is_kept_from_travels_at_every_level():
    content = Content(kind="note", category=Category.NOTES, level=Level.FULL, kept_from=("Maria Lopez",))
    for level in (Level.EXISTENCE, Level.SUMMARY, Level.FULL):
        assert Content.of(narrowed(content, level).packed()).kept_from == ("Maria Lopez",)


def test_the_cousin_at_a_partner_sees_neither_the_arrival_nor_the_file_and_a_supervisor_is_told(world, house):
    cousin, hospital = world.colleague(house, "María Elena López"), world.hospital()
    patient = world.client(hospital.worker, Identity(given="Marisol", family="Vega"))
    world.entry(hospital.worker, patient)
    with hospital.worker.enter(Verb.NEVER_SHARE, client=patient) as permit:
        sharing.never(permit=permit, at=permit.at, client_id=patient, against_id=house.id, person="Maria Lopez")
    world.release(hospital.worker, patient, house)

    def day(worker: Worker) -> list[queries.Waiting]:
        with worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            found = queries.waiting(permit=permit)
            assert {id for _kind, id, _level in permit.shown} == {view.id for each in found for view in each.envelopes}
        return found

    (waiting,) = day(house.worker)
    assert day(cousin) == []
    browser = signed_in(cousin)
    assert "Nothing waits for you" in text(page(browser, "/my-day/"))
    page(browser, f"/arrivals/{waiting.thread}/", status=404)
    html = page(signed_in(house.worker), f"/arrivals/{waiting.thread}/")
    assert "Maria Lopez" not in html, "the name itself is shown to nobody"

    client = world.accept(house.worker)
    assert not opens(cousin, client)
    assert listed(cousin, "Vega") == set()
    assert opens(house.worker, client)
    with house[Role.SUPERVISOR].enter(Verb.WALL_CLIENT) as permit:
        (line,) = clients.walls(permit=permit)
    assert (line.member_id, line.kind) == (cousin.member, "asked_by_her")
    told = text(page(signed_in(house[Role.SUPERVISOR]), "/my-day/"))
    assert f"María Elena López is off {line.code}" in told
    assert "namesake" in told
    exported = b"".join(signed_in(house.worker).post(f"/clients/{client}/export/").streaming_content).decode()
    assert '"line": "end"' in exported
    assert "Lopez" not in exported

"""A colleague who seems to stand in a file, or to be connected to somebody in it, is walled off before she can read a
word: whatever her role is, whoever writes, and however the name came in."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from accord.partners import actions as partners
from accord.policy.words import Category, Level, Purpose, Relation, Role, Verb
from accord.sharing import queries as sharing
from accord.vault import actions as vault
from accord.vault import queries as clients
from accord.vault.likeness import Watch, Watched, tokens_of
from accord.vault.rules import TIES, Identity, InvalidEntry
from tests.proofs.town import superuser
from tests.rooms.test_walls import ABOUT_HER, STAFF, listed, opens
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker

KEY = bytes(range(32))
LOPEZ = Identity(given="Maria", family="Lopez")


@pytest.fixture
def house(world) -> House:
    return world.agency(roles=STAFF)


def walls(house: House) -> list[clients.WallLine]:
    with house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT) as permit:
        return clients.walls(permit=permit)


def person(worker: Worker, client: UUID, identity: Identity, relation: Relation = Relation.RESPONDENT) -> UUID:
    with worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        return vault.add_person(permit=permit, at=permit.at, client_id=client, relation=relation, identity=identity)


def declare(worker: Worker, *names: str, kind: str = "relative") -> UUID:
    with worker.enter(Verb.DECLARE_TIES) as permit:
        return vault.declare_tie(permit=permit, at=permit.at, names=names, kind=kind)


ALIKE = [
    ("María Elena López", "Maria Lopez"),
    ("Maria Lopez", "María Elena López García"),
    ("López, María", "maria LOPEZ"),
    ("Maria Lopez", "Maria Lopes"),
    ("Jose Ximenez", "José Jiménez"),
    ("Catherine Obrien", "Katherine O'Brien"),
    ("Maria de la Cruz", "María Delacruz"),
    ("Ana Lopez-Garcia", "Ana García"),
]
OTHERS = [
    ("Maria Lopez", "Maria"),
    ("Maria Lopez", "Lopez"),
    ("Maria", "Maria"),
    ("Maria Lopez", "Maria Ruiz"),
    ("Maria Marie", "Maria Ruiz"),
    ("Maria Lopez", "Pedro Lopez"),
    ("worker 12", "worker 12"),
    ("", ""),
]


@pytest.mark.parametrize(("ours", "theirs"), ALIKE)
def test_two_words_alike_are_somebody(ours, theirs):
    for name, other in ((ours, theirs), (theirs, ours)):
        watch, who = Watch(KEY), Watched(UUID(int=1), "same_name")
        watch.add(name, who)
        assert watch.met(tokens_of(KEY, [other])) == [who]
        assert watch.met(tokens_of(bytes(32), [other])) == [], "another agency's tokens never match"


@pytest.mark.parametrize(("ours", "theirs"), OTHERS)
def test_one_word_is_nobody(ours, theirs):
    for name, other in ((ours, theirs), (theirs, ours)):
        watch = Watch(KEY)
        watch.add(name, Watched(UUID(int=1), "same_name"))
        assert watch.met(tokens_of(KEY, [other])) == []


@pytest.mark.parametrize("relation", [Relation.RESPONDENT, Relation.HOUSEHOLD, Relation.CHILD, Relation.OTHER])
@pytest.mark.parametrize("role", [Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER])
def test_whoever_she_is_here_and_there_she_is_off_the_file_at_once(world, house, relation, role):
    cousin = world.colleague(house, "María Elena López", (Role.WORKER, role))
    client, other = world.client(house.worker), world.client(house.worker)
    assert listed(cousin) == {client, other}
    person(house.worker, client, LOPEZ, relation)
    assert not any(opens(cousin, client, verb) for verb in ABOUT_HER)
    assert listed(cousin) == {other}
    assert listed(house.worker) == {client, other}
    (line,) = walls(house)
    assert (line.member_id, line.kind, line.by, line.relation) == (cousin.member, "same_name", None, relation.value)
    with house[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT, client=client) as permit, pytest.raises(InvalidEntry):
        vault.assign(permit=permit, at=permit.at, client_id=client, member_id=cousin.member)


def test_the_client_herself_may_work_here_and_an_alias_is_a_name_too(world, house):
    colleague = world.colleague(house, "Maria Lopez")
    hers = world.client(house.worker, LOPEZ)
    alias = world.client(house.worker, Identity(given="Ana", family="Vega", aliases=("Mari Ruiz", "María López")))
    assert not opens(colleague, hers)
    assert not opens(colleague, alias)
    assert opens(house.worker, hers)


def test_a_lifted_wall_stays_lifted_until_the_name_changes(world, house):
    namesake = world.colleague(house, "Maria Lopez")
    client = world.client(house.worker)
    him = person(house.worker, client, LOPEZ)
    officer = signed_in(house[Role.PRIVACY_OFFICER])
    (line,) = walls(house)
    day = text(page(officer, "/watch/"))
    assert f"Maria Lopez is off {line.code}" in day
    assert "Found by name" in day
    shown = text(page(officer, f"/walls/{line.id}/"))
    assert "by her own name: Respondent" in shown
    assert officer.post(f"/walls/{line.id}/", {"why": "namesake"}).status_code == 302
    assert opens(namesake, client)
    assert "Nothing waits for you" in text(page(officer, "/watch/"))

    def edit(identity: Identity) -> None:
        with house.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
            vault.edit_person(
                permit=permit, at=permit.at, client_id=client, person_id=him, identity=identity, relation=Relation.OTHER
            )

    edit(Identity(given="Maria", family="Lopez", pronouns="she"))
    assert opens(namesake, client)
    edit(Identity(given="Maria", family="Lopez", aliases=("Mari",)))
    assert not opens(namesake, client)


def test_a_wall_that_was_looked_at_and_stays_goes_off_the_list_and_stands(world, house):
    cousin = world.colleague(house, "Maria Lopez")
    client = world.client(house.worker)
    person(house.worker, client, LOPEZ)
    (line,) = walls(house)
    officer = signed_in(house[Role.PRIVACY_OFFICER])
    assert officer.post(f"/walls/{line.id}/", {"do": "stays"}).status_code == 302
    assert "Nothing waits for you" in text(page(officer, "/watch/"))
    assert not opens(cousin, client)
    assert signed_in(house.worker).post(f"/walls/{line.id}/", {"do": "stays"}).status_code == 404
    page(signed_in(house.worker), "/watch/", status=404)


def test_what_she_says_she_is_connected_to_is_watched_for_before_and_after_and_read_by_nobody_else(world, house):
    sister = world.colleague(house, "Nora Example")
    before = world.client(house.worker)
    person(house.worker, before, Identity(given="Jorge", family="Ruiz Vega"))
    browser = signed_in(sister)
    assert "You have named nobody" in text(page(browser, "/connections/"))
    alone = browser.post("/connections/", {"name": "Jorge", "kind": "relative"}).content.decode()
    assert "a first name alone finds nobody" in text(alone)
    typed = {"name": "Jorge Ruiz", "others": "Coco Ruiz\n", "kind": "relative"}
    assert browser.post("/connections/", typed).status_code == 302
    html = page(browser, "/connections/")
    assert "Jorge Ruiz, Coco Ruiz" in html
    assert not opens(sister, before)
    after = world.client(house.worker)
    assert opens(sister, after)
    person(house.worker, after, Identity(given="Koko", family="Ruíz"), Relation.HOUSEHOLD)
    assert not opens(sister, after), "it sounds the same"

    assert {line.kind for line in walls(house)} == {"relative"}
    for other in (house.worker, house[Role.SUPERVISOR], house[Role.PRIVACY_OFFICER], house[Role.DIRECTOR]):
        seen = page(signed_in(other), "/connections/")
        assert "Jorge" not in seen
    assert "Jorge" not in page(signed_in(house[Role.PRIVACY_OFFICER]), f"/walls/{walls(house)[0].id}/")
    with superuser() as eyes:
        (sealed,) = eyes.execute("select names from vault_tie where member_id = %s", [sister.member]).fetchone()
    assert b"Jorge" not in bytes(sealed)

    tie = re.search(r'name="end" value="([0-9a-f-]{36})"', html)[1]
    assert signed_in(house.worker).post("/connections/", {"end": tie}).status_code == 302
    assert "Jorge Ruiz" in page(browser, "/connections/"), "nobody ends another's"
    browser.post("/connections/", {"end": tie})
    assert "Jorge Ruiz" not in page(browser, "/connections/")
    assert not opens(sister, after), "walls that stand are lifted by somebody else"
    later = world.client(house.worker, Identity(given="Jorge", family="Ruiz"))
    assert opens(sister, later)


def test_a_connection_has_a_name_and_a_kind(house):
    for names, kind in (
        ((), "relative"),
        (("Jorge",), "relative"),
        (("Jorge Ruiz",), "friend"),
        (("x " * 150,), "other"),
    ):
        with pytest.raises(InvalidEntry):
            declare(house.worker, *names, kind=kind)
    for kind in TIES:
        declare(house.worker, "Jorge Ruiz", kind=kind)


def test_somebody_who_joins_is_walled_off_before_she_signs_in(world, house):
    client = world.client(house.worker)
    person(house.worker, client, LOPEZ)
    director = signed_in(house[Role.DIRECTOR])
    new = {"name": "María López Ruiz", "email": "maria.joins@example.org", "roles": ["worker"], "language": "en"}
    assert "code" in text(director.post("/members/new/", new).content.decode())
    (line,) = walls(house)
    assert (line.member, line.kind) == ("María López Ruiz", "same_name")


def test_nobody_of_another_agency_is_looked_for(world, house):
    elsewhere = world.agency(roles=STAFF)
    twin = world.colleague(elsewhere, "Maria Lopez")
    client = world.client(house.worker)
    person(house.worker, client, LOPEZ)
    own = world.client(elsewhere.worker)
    assert walls(house) == walls(elsewhere) == []
    assert opens(twin, own)


def test_who_writes_down_her_own_brother_is_told_and_out(world, house):
    sister = world.colleague(house, "Nora Example")
    declare(sister, "Jorge Ruiz")
    client = world.client(sister)
    browser = signed_in(sister)
    answer = browser.post(
        f"/clients/{client}/people/new/", {"relation": "respondent", "given": "Jorge", "family": "Ruiz"}, follow=True
    )
    assert answer.redirect_chain[-1] == ("/my-day/", 302)
    assert "you are off this file" in text(answer.content.decode())
    page(browser, f"/clients/{client}/", status=404)
    assert opens(house.worker, client), "what she wrote is kept"
    opened = browser.post("/clients/new/", {"given": "Jorge", "family": "Ruiz"}, follow=True)
    assert opened.redirect_chain[-1] == ("/my-day/", 302)
    assert "Jorge" not in page(browser, "/clients/")


def test_a_caseload_that_is_brought_in_is_looked_through_too(world, house):
    cousin = world.colleague(house, "Maria Lopez")
    with house[Role.SUPERVISOR].enter(Verb.IMPORT_CASELOAD) as permit:
        new = vault.NewClient(
            Identity(given="Ana", family="Prueba"),
            people=[(Relation.RESPONDENT, Identity(given="Maria", family="Lopez"))],
        )
        first, second = vault.open_clients(
            permit=permit, at=permit.at, new=[new, vault.NewClient(Identity(given="Ana", family="Prueba"))]
        )
    assert listed(cousin) == {second}
    assert listed(house.worker) == {first, second}


def test_what_a_partner_says_about_somebody_here_is_kept_from_her_before_and_after_it_is_taken_on(world, house):
    cousin, hospital = world.colleague(house, "Maria Lopez"), world.hospital()
    patient = world.client(hospital.worker, Identity(given="María", family="López"))
    world.release(hospital.worker, patient, house, {Category.IDENTITY: Level.FULL, Category.INJURIES: Level.EXISTENCE})

    def day(worker: Worker) -> list[sharing.Waiting]:
        with worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            return sharing.waiting(permit=permit)

    (waiting,) = day(house.worker)
    assert day(cousin) == []
    page(signed_in(cousin), f"/arrivals/{waiting.thread}/", status=404)
    client = world.accept(house.worker)
    assert not opens(cousin, client)
    (line,) = walls(house)
    with house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT) as permit:
        vault.lift_wall(permit=permit, at=permit.at, wall_id=line.id, why="namesake")
    assert opens(cousin, client)
    assert "María López" in page(signed_in(cousin), f"/clients/{client}/"), "once lifted, it is all there"


def test_her_caseload_goes_to_somebody_without_the_walled_file(world, house):
    cousin = world.colleague(house, "Maria Lopez")
    files = [world.client(house.worker) for _ in range(2)]
    person(house.worker, files[0], LOPEZ)
    with house[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT) as permit:
        moved = vault.hand_over(permit=permit, at=permit.at, from_member=house.worker.member, to_member=cousin.member)
    assert moved == 1
    world.keep_to_teams(house)
    assert listed(cousin) == {files[1]}


def test_a_wall_is_lifted_only_with_a_reason_of_the_list(world, house):
    world.colleague(house, "Maria Lopez")
    client = world.client(house.worker)
    person(house.worker, client, LOPEZ)
    (line,) = walls(house)
    with house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT) as permit, pytest.raises(InvalidEntry):
        vault.lift_wall(permit=permit, at=permit.at, wall_id=line.id, why="because")


def left(somebody: Worker) -> list[clients.WallLine]:
    with somebody.enter(Verb.REVIEW_GLASS) as permit:
        return clients.walls_left(permit=permit)


def test_a_name_never_takes_the_last_who_can_lift_nor_the_last_who_looks_at_a_glass(world):
    house = world.agency(roles=(Role.WORKER,))
    boss = world.colleague(house, "Maria Lopez", (Role.SUPERVISOR,))
    client = world.client(house.worker)
    person(house.worker, client, LOPEZ)
    person(house.worker, client, LOPEZ)
    assert opens(boss, client), "nobody could lift it"
    (line,) = left(house[Role.DIRECTOR])
    assert (line.member_id, line.client_id, line.kind) == (boss.member, client, "same_name")
    director = signed_in(house[Role.DIRECTOR])
    assert f"Maria Lopez is not off {line.code}" in text(page(director, "/emergency/seconds/"))

    officer = world.colleague(house, "Nora Example", (Role.PRIVACY_OFFICER,))
    assert f"Maria Lopez is not off {line.code}" in text(page(signed_in(officer), "/watch/"))
    for somebody in (house.worker, boss):
        assert signed_in(somebody).post(f"/watch/names/{line.id}/").status_code == 404
    assert director.post(f"/watch/names/{line.id}/").status_code == 302
    assert director.post(f"/watch/names/{line.id}/").status_code == 404
    assert left(house[Role.DIRECTOR]) == left(officer) == []
    other = world.client(house.worker)
    person(house.worker, other, LOPEZ)
    assert not opens(boss, other), "the privacy officer can lift it"
    with superuser() as eyes:
        deeds = eyes.execute(
            "select count(*) from ledger_leaf where agency_id = %s and line like '%%wall_left_to_look_at%%'", [house.id]
        ).fetchone()[0]
    assert deeds == 1


def test_nor_when_the_other_files_about_her_are_walled_already(world, house):
    cousin = world.colleague(house, "Maria Lopez", (Role.PRIVACY_OFFICER,))
    client, twin = world.client(house.worker), world.client(house.worker)
    with house.worker.enter(Verb.MERGE_CLIENTS, client=client) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=client, other_id=twin)
    for role in (Role.SUPERVISOR, Role.PRIVACY_OFFICER):
        with cousin.enter(Verb.WALL_CLIENT) as permit:
            vault.wall_off(permit=permit, at=permit.at, client_id=client, member_id=house[role].member, kind="other")
    person(house.worker, twin, LOPEZ)
    (line,) = left(house[Role.DIRECTOR])
    assert line.member_id == cousin.member
    assert left(cousin) == [], "nobody is told of herself"
    with cousin.enter(Verb.REVIEW_GLASS) as permit, pytest.raises(InvalidEntry):
        vault.see_left(permit=permit, at=permit.at, wall_id=line.id)
    with cousin.enter(Verb.WALL_CLIENT) as permit:
        assert len(clients.walls(permit=permit)) == 2


def test_one_save_walls_off_two_by_name_and_shows_the_rest(world, house):
    names = ("Maria Lopez", "Jorge Ruiz", "Carla Vega", "Pia Soto")
    staff = [world.colleague(house, name) for name in names]
    related = world.colleague(house, "Nora Example")
    declare(related, "Pia Soto")
    client = world.client(house.worker)
    aliases = Identity(given="Ana", family="Prueba", aliases=names)
    him = person(house.worker, client, aliases)
    assert not opens(related, client), "what she says of herself goes first"
    assert [opens(each, client) for each in staff].count(False) == 1
    assert {line.member_id for line in left(house[Role.PRIVACY_OFFICER])} == {
        each.member for each in staff if opens(each, client)
    }
    assert him


def test_a_partner_s_thread_walls_off_two_by_name_and_never_the_last(world, house):
    names = ("Maria Lopez", "Jorge Ruiz", "Carla Vega")
    staff = [world.colleague(house, name) for name in names]
    hospital = world.hospital()
    patient = world.client(hospital.worker, Identity(given="Ana", family="Prueba", aliases=names))
    world.release(hospital.worker, patient, house, {Category.IDENTITY: Level.FULL})
    client = world.accept(house.worker)
    assert [opens(each, client) for each in staff].count(False) == 2
    assert len(left(house[Role.PRIVACY_OFFICER])) == 1


def test_a_role_that_was_taken_away_shows_nothing_more_on_the_next_page(world, house):
    world.colleague(house, "Maria Lopez")
    person(house.worker, world.client(house.worker), LOPEZ)
    both = world.colleague(house, "Nora Example", (Role.WORKER, Role.PRIVACY_OFFICER))
    browser = signed_in(both)
    assert "Maria Lopez is off" in text(page(browser, "/my-day/"))
    with house[Role.DIRECTOR].enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
        partners.change_roles(permit=permit, at=permit.at, member_id=both.member, roles=[Role.WORKER])
    assert "Maria Lopez is off" not in text(page(browser, "/my-day/"))

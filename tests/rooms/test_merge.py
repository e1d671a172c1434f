"""Two files about one person: suggested, compared, shown as one, and two again as if nothing had happened."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest

from accord.config.service import gate
from accord.gate import disclose
from accord.policy.words import Category, Level, Relation, Role, Verb
from accord.sharing import facts as sharing_facts
from accord.sharing import queries as sharing
from accord.vault import actions as vault
from accord.vault import queries as clients
from accord.vault.facts import family
from accord.vault.rules import Identity, InvalidEntry
from tests.rooms.test_walls import listed, opens, wall
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker

BORN = date(1990, 5, 17)


@pytest.fixture
def house(world) -> House:
    return world.agency(roles=(Role.WORKER, Role.SUPERVISOR))


def merge(worker: Worker, client: UUID, other: UUID) -> None:
    with worker.enter(Verb.MERGE_CLIENTS, client=client) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=client, other_id=other)


def separate(worker: Worker, client: UUID, other: UUID) -> None:
    with worker.enter(Verb.MERGE_CLIENTS, client=client) as permit:
        vault.separate(permit=permit, at=permit.at, client_id=client, other_id=other)


def alike(worker: Worker, client: UUID) -> set[UUID]:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        herself = clients.herself(permit=permit, client_id=client)
        return {line.id for line in clients.alike(permit=permit, client_id=client, identity=herself.identity)}


def named(given: str, family: str, born: date | None = None, **more) -> Identity:
    return Identity(given=given, family=family, born=born, **more)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (named("Ana", "Vega"), named("Ana", "Vega"), True),
        (named("Ana", "Vega"), named("Vega", "Ána"), True),
        (named("Ana", "Vega", BORN), named("Ana", "Vega", date(1971, 1, 1)), True),
        (named("Stephanie", "Vega", BORN), named("Estefany", "Ruiz", BORN), True),
        (named("Ana", "Jiménez", BORN), named("Anna", "Gimenez", BORN), True),
        (named("", "", BORN, chosen="Lupita"), named("Lupita", "Ruiz", BORN), True),
        (named("Ana", "Vega", aliases=("Rosa Luna",)), named("Rosa", "Luna"), True),
        (named("Ana", "Vega"), named("Ana", "Ruiz"), False),
        (named("Ana", ""), named("Ana", ""), False),
        (named("Ana", "Vega", BORN), named("Zoe", "Kowalczyk", BORN), False),
        (named("Stephanie", "Vega"), named("Estefany", "Ruiz"), False),
        (named("", ""), named("", ""), False),
    ],
)
def test_a_second_file_is_suggested_by_full_name_or_by_birth_date_and_sound(world, house, one, other, same):
    first, second = world.client(house.worker, one), world.client(house.worker, other)
    assert alike(house.worker, first) == ({second} if same else set())
    assert alike(house.worker, second) == ({first} if same else set())


def test_nobody_is_suggested_across_a_wall_or_an_agency_or_because_of_the_respondent(world, house):
    first, walled = world.client(house.worker), world.client(house.worker)
    world.client(world.agency().worker)
    somebody = world.client(house.worker, named("Eva", "Luz"))
    with house.worker.enter(Verb.EDIT_CLIENT, client=somebody) as permit:
        vault.add_person(
            permit=permit, at=permit.at, client_id=somebody, relation=Relation.RESPONDENT,
            identity=named("Ana", "Prueba"),
        )  # fmt: skip
    assert alike(house.worker, first) == {walled}
    wall(house, walled, house.worker.member)
    assert alike(house.worker, first) == set()


@pytest.fixture
def two(world, house) -> tuple[UUID, UUID, UUID, House]:
    """Two files about Ana, each with entries, people, a release to a partner and something from a partner; the newer
    one's entry; and the partner."""
    hospital = world.hospital()
    patient = world.client(hospital.worker, named("Ana", "Vega", BORN))
    world.entry(hospital.worker, patient, text="From the hospital.")
    first = world.client(house.worker, named("Ana", "Vega", BORN))
    second = world.client(house.worker, named("Anita", "Vega", BORN))
    entry = world.entry(house.worker, second, text="Written in the second.", narrative="SECOND STORY")
    world.entry(house.worker, first, text="Written in the first.")
    for client, name in ((first, "Uno"), (second, "Dos")):
        with house.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
            vault.add_person(
                permit=permit, at=permit.at, client_id=client, relation=Relation.CHILD, identity=Identity(given=name)
            )
        world.release(house.worker, client, hospital)
    world.release(hospital.worker, patient, house)
    world.accept(house.worker, second)
    return first, second, entry, hospital


def test_a_merged_file_is_one_page_one_line_and_opens_with_both_keys(two, house):
    first, second, entry, hospital = two
    browser = signed_in(house.worker)
    assert "Is she here already?" in page(browser, f"/clients/{first}/")
    compared = text(page(browser, f"/clients/{first}/same/{second}/"))
    for shown in ("Ana Vega", "Anita Vega", "1990", "no partner sees more than before"):
        assert shown in compared, shown
    answer = browser.post(f"/clients/{second}/same/{first}/")
    assert answer.headers["Location"] == f"/clients/{first}/", "the older file stays"

    html = page(browser, f"/clients/{first}/")
    for shown in ("Written in the first.", "Written in the second.", "From the hospital.", "Uno", "Dos"):
        assert shown in html, shown
    assert "Is she here already?" not in html
    assert "SECOND STORY" in page(browser, f"/clients/{first}/entries/")
    assert "SECOND STORY" in page(browser, f"/clients/{first}/entries/{entry}/")
    for rest in ("", "entries/"):
        assert browser.get(f"/clients/{second}/{rest}").headers["Location"] == f"/clients/{first}/{rest}"
    for name in ("Ana", "Anita"):
        assert listed(house.worker, name) == {first}
    exported = b"".join(browser.post(f"/clients/{first}/export/").streaming_content).decode()
    assert exported.count('"line": "entry"') == 2
    assert exported.count('"line": "envelope"') == 2
    assert "Anita" in exported
    with house.worker.enter(Verb.READ_CLIENT, client=first) as permit:
        releases = sharing.releases(permit=permit, client_id=first)
        assert {each.client_id for each in releases} == {first, second}
        assert len(sharing.ended(permit=permit, client_id=first)) == 0
        assert sharing.answers(permit=permit, client_id=first) > 0


PAGES = ("", "entries/", "about/", "people/new/", "entries/new/", "releases/new/", "services/", "contact/", "delete/")


def test_a_merge_and_its_undo_leave_every_page_byte_for_byte_as_it_was(two, house):
    first, second, entry, _hospital = two
    browser = signed_in(house[Role.SUPERVISOR])
    addresses = [f"/clients/{id}/{rest}" for id in (first, second) for rest in PAGES]
    addresses += [f"/clients/{second}/entries/{entry}/", "/clients/", "/my-day/", "/walls/"]

    def seen() -> list[tuple[str, int, str]]:
        found = []
        for address in addresses:
            answer = browser.get(address)
            plain = re.sub(r'nonce="[^"]*"|value="[^"]*"|X-CSRFToken[^}]*', "", answer.content.decode())
            found.append((address, answer.status_code, re.sub(r"\d+ (second|minute)s?", "", plain)))
        export = browser.post(f"/clients/{first}/export/")
        found.append(("export", export.status_code, b"".join(export.streaming_content).decode()))
        found_by = browser.post("/clients/", {"text": "Vega"}).content.decode()
        found.append(("find", 200, text(found_by)))
        return found

    before = seen()
    assert sum(status == 200 for _address, status, _html in before) > 20
    merge(house.worker, first, second)
    assert seen() != before
    separate(house.worker, first, second)
    after = seen()
    assert [each[:2] for each in after] == [each[:2] for each in before]
    assert [one[0] for one, other in zip(before, after, strict=True) if one != other] == []


def test_a_merge_never_widens_a_release(two, world, house):
    first, second, _entry, hospital = two
    merge(house.worker, first, second)
    with house.worker.enter(Verb.READ_CLIENT, client=first) as permit:
        release = next(r for r in sharing.releases(permit=permit, client_id=first) if r.client_id == first)
    with hospital.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        came = {
            view.content.summary["text"]
            for each in sharing.waiting(permit=permit)
            for view in each.envelopes
            if view.content.summary
        }
    with house.worker.enter(Verb.SIGN_RELEASE, client=first) as permit:
        row = sharing_facts.locked(release.id)
        assert disclose(gate(), permit, house.worker.caller, row) == 0, "everything of its own file was sent before"
    with hospital.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        waiting = sharing.waiting(permit=permit)
    assert {view.content.summary["text"] for each in waiting for view in each.envelopes if view.content.summary} == came
    assert len(waiting) == 2, "two files, two threads: the partner does not learn that they are one"


def test_everybody_of_either_file_opens_both_and_a_wall_stands_around_both(two, world, house):
    first, second, _entry, _hospital = two
    other = world.colleague(house)
    third = world.client(other, named("Ana", "Vega"))
    world.keep_to_teams(house)
    assert not opens(house.worker, third)
    with house[Role.SUPERVISOR].enter(Verb.MERGE_CLIENTS, client=first) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=first, other_id=third)
    assert opens(house.worker, third)
    assert opens(other, first)
    assert not opens(other, second)
    wall(house, third, house.worker.member)
    assert not opens(house.worker, first)
    assert listed(house.worker, "Anita") == {second}
    separate(house[Role.SUPERVISOR], first, third)
    assert not opens(house.worker, first), "a wall set since the merge stands around both"
    assert not opens(house.worker, third)


def test_files_are_merged_one_level_deep_and_only_where_both_are_there(two, world, house):
    first, second, _entry, _hospital = two
    third = world.client(house.worker)
    merge(house.worker, first, second)
    for client, other in ((first, second), (second, third), (third, second), (third, first), (third, third)):
        with pytest.raises(InvalidEntry):
            merge(house.worker, client, other)
    foreign = world.client(world.agency().worker)
    with pytest.raises(InvalidEntry):
        merge(house.worker, first, foreign)
    merge(house.worker, first, third)
    with house.worker.enter(Verb.READ_CLIENT, client=first):
        assert family(first) == [first, second, third]
        assert family(second) == [second]


def test_what_is_about_a_person_of_the_merged_file_is_written_and_changed_from_the_page_of_both(two, house):
    first, second, _entry, _hospital = two
    merge(house.worker, first, second)
    with house.worker.enter(Verb.READ_CLIENT, client=first) as permit:
        dos = next(p for p in clients.client(permit=permit, client_id=first).others if p.identity.given == "Dos")
    with house.worker.enter(Verb.EDIT_CLIENT, client=first) as permit:
        vault.edit_person(
            permit=permit, at=permit.at, client_id=first, person_id=dos.id, identity=Identity(given="Tres")
        )
    separate(house.worker, first, second)
    with house.worker.enter(Verb.READ_CLIENT, client=second) as permit:
        assert [p.identity.given for p in clients.client(permit=permit, client_id=second).others] == ["Tres"]


def test_deleting_a_file_deletes_those_merged_into_it(two, house):
    first, second, entry, hospital = two
    merge(house.worker, first, second)
    boss = signed_in(house[Role.SUPERVISOR])
    html = page(boss, f"/clients/{first}/delete/")
    with house.worker.enter(Verb.FIND_CLIENTS) as permit:
        codes = clients.codes(permit=permit, client_ids=[first, second])
    assert all(code in html for code in codes.values())
    assert boss.post(f"/clients/{first}/delete/", {"code": codes[first], "how": "phone"}).status_code == 302
    assert not opens(house.worker, first)
    assert not opens(house.worker, second)
    assert listed(house.worker, "Vega") == set()
    with hospital.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        assert sharing.waiting(permit=permit) == [], "what was released from either file has ended"


def test_an_accepted_thread_goes_to_the_file_it_is_tied_to(two, world, house):
    first, second, _entry, hospital = two
    merge(house.worker, first, second)
    with hospital.worker.enter(Verb.FIND_CLIENTS) as permit:
        patient = clients.recent(permit=permit)[0].id
    world.release(hospital.worker, patient, house, {Category.CONTACT: Level.SUMMARY})
    world.accept(house.worker, first)
    separate(house.worker, first, second)
    with house.worker.enter(Verb.READ_ENVELOPE, client=second) as permit:
        assert len(sharing.received(permit=permit, client_id=second)) >= 2
        assert sharing.received(permit=permit, client_id=first) == []

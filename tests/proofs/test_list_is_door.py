"""List = door. What a preview lists is what a disclosure sends and what the recipient sees; what a list or a search of
clients shows is what the gate opens, one by one, for every agency and every client of the town."""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accord.config.service import gate
from accord.gate import Refused, disclose, preview
from accord.partners import actions as partners
from accord.policy.words import Category, Element, Level, Mark, Purpose, Role, Verb
from accord.sharing import actions as sharing
from accord.sharing import queries
from accord.sharing.rules import RELEASABLE, Content, InvalidRelease
from accord.vault import actions as vault
from accord.vault import queries as clients
from accord.vault.rules import Detail, Identity, InvalidEntry, SafeContact, Summary
from tests.house.sweep import named
from tests.proofs.town import superuser
from tests.rooms.test_web_clients import signed_in
from tests.world import House, Worker, World

RELEASES = 60
MARKS = [frozenset()] * 4 + [frozenset({mark}) for mark in Mark]
PURPOSES = (Purpose.SAFETY, Purpose.SHELTER, Purpose.ADVOCACY, Purpose.TREATMENT, Purpose.INVESTIGATION)


@pytest.fixture(scope="module")
def houses() -> dict[str, House]:
    world = World()
    roles = (Role.WORKER, Role.SUPERVISOR)
    return {
        "hospital": world.hospital(roles),
        "shelter": world.agency(roles=roles),
        "second shelter": world.agency(roles=roles),
        "police": world.police(roles),
    }


def person(house: House, chance: random.Random) -> UUID:
    """Somebody with entries of every kind of category, mark, narrative and value."""
    world = World()
    client = world.client(
        house.worker,
        Identity(
            given=f"G{chance.randrange(10**6)}", family=chance.choice(["", "Vega"]), chosen=chance.choice(["", "Lu"])
        ),
        SafeContact(when=chance.choice(["", "noon"]), phone="555-0100"),
    )
    with house.worker.enter(Verb.ADD_ENTRY, client=client) as permit:
        vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind=f"kind{number}",
                    category=chance.choice(list(Category)),
                    occurred_at=permit.at - timedelta(hours=number),
                    summary=Summary.typed(f"Summary {number}."),
                    detail=Detail(values={"n": str(number)}, narrative=chance.choice(["", f"Story {number}"])),
                    marks=chance.choice(MARKS),
                    status=chance.choice(["", "active"]),
                )
                for number in range(chance.randrange(1, 9))
            ],
        )
    return client


def told(contents: list[Content]) -> Counter[bytes]:
    return Counter(content.packed() for content in contents)


def one(house: House, recipient: House, client: UUID, chance: random.Random) -> tuple[int, Counter[Level]]:
    """Prepare, preview, sign and send one release; returns how many contents travelled, and their levels."""
    worker = house.worker
    chosen = chance.sample(RELEASABLE, chance.randrange(1, 7))
    grants = {category: chance.choice(list(Level)) for category in chosen} | {chosen[0]: Level.SUMMARY}
    if grants.get(Category.IDENTITY) is Level.NONE:
        del grants[Category.IDENTITY]  # a release that says anything names her
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        release_id = sharing.prepare(
            permit=permit,
            at=permit.at,
            client_id=client,
            recipient_id=recipient.id,
            purpose=chance.choice(PURPOSES),
            grants=grants,
            last_day=permit.at.date() + timedelta(days=chance.choice([1, 14, 29])),
            language="en",
        )
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        listed, _ = preview(gate(), permit, worker.caller, release_id)
    before = sent_to(recipient)

    def signed() -> int:
        with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
            release = sharing.sign(
                permit=permit,
                at=permit.at,
                release_id=release_id,
                spoken=frozenset(Element),
                method="screen",
                copy="refused",
                signature="A. P.",
            )
            return disclose(gate(), permit, worker.caller, release)

    if not listed:
        with pytest.raises(InvalidRelease):
            signed()
        assert sent_to(recipient) == before
        return 0, Counter()
    assert signed() == len(listed)
    arrived = sent_to(recipient) - before
    views = [view for id, view in in_the_tray(recipient).items() if id in arrived]
    assert told([view.content for view in views]) == told(listed)
    for view in views:
        assert view.level is view.content.level <= grants.get(view.category, Level.SUMMARY)
        assert (view.content.values is None and not view.content.narrative) or view.level is Level.FULL
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        again, _ = preview(gate(), permit, worker.caller, release_id)
    assert told(again) == told(listed), "the signed release previews what was sent"
    return len(listed), Counter(content.level for content in listed)


def in_the_tray(recipient: House) -> dict[UUID, queries.EnvelopeView]:
    """Everything that waits for a recipient, thread by thread, as its worker opens it."""
    with superuser() as eyes:
        threads = eyes.execute("select distinct thread from sharing_envelope where agency_id = %s", [recipient.id])
        known = [thread for (thread,) in threads.fetchall()]
    with recipient.worker.enter(Verb.ACCEPT_ENVELOPE) as permit:
        found = [queries.thread(permit=permit, thread=thread) for thread in known]
    return {view.id: view for each in found if each for view in each.envelopes}


def sent_to(recipient: House) -> set[UUID]:
    with superuser() as eyes:
        found = eyes.execute("select id from sharing_envelope where agency_id = %s", [recipient.id]).fetchall()
    return {id for (id,) in found}


def test_what_is_previewed_is_what_is_sent_is_what_is_seen(houses):
    chance, levels, travelled, nothing = random.Random(7), Counter(), 0, 0
    people = {name: [person(house, chance) for _ in range(5)] for name, house in houses.items()}
    for number in range(RELEASES):
        name = ("hospital", "shelter", "second shelter")[number % 3]
        recipient = chance.choice([each for each in houses if each != name])
        count, seen = one(houses[name], houses[recipient], chance.choice(people[name]), chance)
        travelled, levels, nothing = travelled + count, levels + seen, nothing + (count == 0)
    assert travelled > RELEASES
    assert set(levels) == {Level.EXISTENCE, Level.SUMMARY, Level.FULL}
    assert nothing < RELEASES // 2


def opens(house: House, client: UUID) -> bool:
    try:
        with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
            assert clients.client(permit=permit, client_id=client).id == client
    except Refused:
        return False
    return True


def test_lists_and_searches_show_exactly_the_clients_the_gate_opens(houses):
    chance = random.Random(8)
    for house in houses.values():
        kept = [person(house, chance) for _ in range(3)]
        with house[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=kept[0]) as permit:
            vault.delete_client(permit=permit, at=permit.at, client_id=kept[0])
    with superuser() as eyes:
        everybody = eyes.execute(
            "select agency_id, id, code from vault_client where agency_id = any(%s)",
            [[house.id for house in houses.values()]],
        ).fetchall()
    probes = opened = 0
    for house in houses.values():
        with house.worker.enter(Verb.FIND_CLIENTS) as permit:
            listed = {line.id for line in clients.recent(permit=permit, limit=10_000)}
            named = {line.id for name in ("Vega", "Lu", "veg") for line in clients.find(permit=permit, text=name)[0]}
            by_code = {
                id
                for _, id, code in everybody
                if [line.id for line in clients.find(permit=permit, text=code)[0]] == [id]
            }
        door = {id for _, id, _ in everybody if opens(house, id)}
        assert listed == door == by_code
        assert named <= door
        assert door == {id for agency, id, _ in everybody if agency == house.id} - deleted()
        probes += len(everybody)
        opened += len(door)
    assert 0 < opened < probes // 3


def deleted() -> set[UUID]:
    with superuser() as eyes:
        return {id for (id,) in eyes.execute("select id from vault_client where wrapped_key is null").fetchall()}


def test_the_tray_lists_what_the_door_opens(houses):
    """What waits in the tray, what the client's page shows after accepting, and the single envelope are the same."""
    shelter, chance = houses["shelter"], random.Random(9)
    one(houses["hospital"], shelter, person(houses["hospital"], chance), chance)
    with shelter.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        waiting = queries.waiting(permit=permit, limit=100)
    listed = {view.id: view.content for each in waiting for view in each.envelopes}
    assert listed
    assert listed == {id: view.content for id, view in in_the_tray(shelter).items()}
    first = waiting[0]
    client = World().accept(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client, at=timezone.now()) as permit:
        shown = {view.id: view.content for view in queries.received(permit=permit, client_id=client)}
        for id, content in shown.items():
            assert queries.envelope(permit=permit, client_id=client, envelope_id=id).content == content
        assert set(queries.received_ids(permit=permit, client_id=client)) == set(shown)
    assert {view.id: view.content for view in first.envelopes}.items() <= shown.items()


# ---------------------------------------------------------------- walls, teams and merged files inside one agency

#: Lists that are not about clients, or show only what the asker herself made or asked for; each with the reason.
WITHOUT_SCOPE = {
    "accord.ledger.queries": "ids of an agency's own log; who reads it sees no file, and codes go through vault.codes",
    "accord.partners.queries": "agencies, members and agreements",
    "accord.agreements.queries": "what agencies draft together; it names no client",
    "accord.coordination.protocols.queries": "what the community has agreed to do; it names no client",
    "accord.sharing.queries.all_living": "a yes or no about ids that were listed before",
    "accord.sharing.queries.release": "one release by its id; the page compares whose it is with whom it entered for",
    "accord.coordination.tracks.queries.begins": "protocols of the community",
    "accord.coordination.tracks.queries.held": "a version as the agency holds itself to it; it names no client",
    "accord.coordination.tracks.queries.newer": "a version of a protocol; the case comes from a page about her",
    "accord.coordination.referrals.queries.incoming": "facts.open_to narrows: what came is tied to no file, or to hers",
    "accord.coordination.referrals.queries.came": "facts.open_to narrows, and what was accepted by the scope",
    "accord.coordination.referrals.queries.capacities": "what agencies say about themselves",
    "accord.process.queries.breaches": "about the agency, not about anybody's file",
    "accord.vault.queries.assigned": "a number, for who hands over; names nobody",
    "accord.vault.queries.ties": "her own list of people, none of them a client's",
    "accord.vault.queries.askable": "agencies of the directory",
    "accord.vault.queries.glass": "her own request; what it names is open to her, and nothing else is named",
    "accord.vault.queries.glasses": "her own requests; what they name is open to her, and nothing else is named",
    "accord.vault.queries.partners_to_second": "what partners ask; it names no client",
    "accord.records.caseload.queries.uploads": "her own uploads, none opened",
    "accord.records.caseload.queries.upload": "her own upload, before it is a file",
    "accord.records.caseload.queries.rows": "rows of her own upload, before they are files",
    "accord.records.caseload.queries.exports": "her own requests: numbers and moments",
    "accord.records.caseload.queries.export": "her own request: numbers and moments",
    "accord.records.caseload.queries.to_second": "requests that wait for a second person: numbers and moments",
    "accord.records.caseload.queries.taken_alone": "a number of her own",
    "accord.coordination.tasks.queries.takers": "colleagues; about a client only when the page was let in to her file",
    "accord.coordination.tasks.queries.kept": "her own views of a list: codes",
    "accord.coordination.tasks.queries.open_of": "a number, for who hands over; names nobody",
    "accord.coordination.tasks.queries.handed": "moments for the job that sends content-free e-mail; opens nothing",
    "accord.coordination.referrals.queries.open_of": "a number, for who hands over; names nobody",
    "accord.coordination.referrals.queries.takers": "colleagues who may know of what came; the page was let in to it",
    "accord.coordination.referrals.queries.news": "moments for the job that sends content-free e-mail; opens nothing",
    "accord.learning.gaps.queries.found": "moments for the job that sends content-free e-mail; opens nothing",
    "accord.coordination.notices.queries": "her own wish",
}


def listing() -> dict[str, bool]:
    """Every public query that is not about one named client, and whether it narrows to what the asker may know of."""
    found = {}
    for source in named("queries"):
        functions = {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}

        def reaches(name: str, seen: frozenset[str] = frozenset(), functions=functions) -> bool:
            calls = {ast.unparse(c.func) for c in ast.walk(functions[name]) if isinstance(c, ast.Call)}
            ours = (calls & set(functions)) - seen
            return bool({"within", "visible"} & calls) or any(reaches(each, seen | {name}) for each in ours)

        for name, node in functions.items():
            required = {
                arg.arg
                for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                if default is None
            }
            if not name.startswith("_") and "permit" in required and "client_id" not in required:
                found[f"{source.name}.{name}"] = reaches(name)
    return found


def test_every_list_over_several_clients_is_narrowed_to_what_the_asker_may_know_of():
    found = listing()
    assert sum(found.values()) >= 12
    for name, narrowed in found.items():
        reason = WITHOUT_SCOPE.get(name) or WITHOUT_SCOPE.get(name.rpartition(".")[0])
        assert narrowed or reason, f"{name} lists rows of clients without within()"
    assert set(WITHOUT_SCOPE) <= set(found) | {name.rpartition(".")[0] for name in found}, "mend the list"


STEPS = 10


@dataclass
class Office:
    """One agency with files, each with a draft, a signed release and something that waits from a partner."""

    house: House
    members: dict[str, Worker]
    files: list[UUID]
    codes: dict[UUID, str]
    merged: dict[UUID, UUID]


@pytest.fixture(scope="module")
def office() -> Office:
    world, roles = World(), (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    house, hospital = world.agency(roles=roles), world.hospital()
    second = world.colleague(house)
    files = []
    for number in range(5):
        worker = (house.worker, second)[number % 2]
        files.append(world.client(worker, Identity(given="Ana", family=f"Vega{number}")))
        world.entry(worker, files[-1])
        world.release(worker, files[-1], hospital, days=2)
        with worker.enter(Verb.PREPARE_RELEASE, client=files[-1]) as permit:
            sharing.prepare(
                permit=permit,
                at=permit.at,
                client_id=files[-1],
                recipient_id=hospital.id,
                purpose=Purpose.SAFETY,
                grants={Category.CONTACT: Level.SUMMARY},
                last_day=permit.at.date() + timedelta(days=2),
                language="en",
            )
    patients = [world.client(hospital.worker) for _ in files[:3]]
    for patient, client in zip(patients, files, strict=False):
        world.entry(hospital.worker, patient)
        world.release(hospital.worker, patient, house)
        world.accept(house.worker, client)
    for patient in patients:
        world.release(hospital.worker, patient, house, {Category.CONTACT: Level.SUMMARY})
    with house.worker.enter(Verb.FIND_CLIENTS) as permit:
        codes = dict(clients.codes(permit=permit, client_ids=files))
    members = {"worker": house.worker, "second": second, "supervisor": house[Role.SUPERVISOR]}
    return Office(house, members, files, codes, {})


def stir(office: Office, chance: random.Random) -> None:
    """One change of who may know of what, as a supervisor or privacy officer makes it."""
    boss, officer = office.members["supervisor"], office.house[Role.PRIVACY_OFFICER]
    client, member = chance.choice(office.files), chance.choice(list(office.members.values()))
    step = chance.choice(("wall", "lift", "assign", "unassign", "merge", "separate", "access"))
    if step == "wall":
        with officer.enter(Verb.WALL_CLIENT) as permit:
            vault.wall_off(permit=permit, at=permit.at, client_id=client, member_id=member.member, kind="other")
    elif step == "lift":
        with officer.enter(Verb.WALL_CLIENT) as permit:
            for line in clients.walls(permit=permit)[:2]:
                vault.lift_wall(permit=permit, at=permit.at, wall_id=line.id, why="over")
    elif step == "access":
        with office.house[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
            partners.change_access(permit=permit, at=permit.at, access=chance.choice(("team", "everyone")))
    else:
        with suppress(Refused, InvalidEntry):
            if step in ("assign", "unassign"):
                with boss.enter(Verb.ASSIGN_CLIENT, client=client) as permit:
                    change = {"assign": vault.assign, "unassign": vault.unassign}[step]
                    change(permit=permit, at=permit.at, client_id=client, member_id=member.member)
            elif step == "merge":
                other = chance.choice(office.files)
                with boss.enter(Verb.MERGE_CLIENTS, client=client) as permit:
                    vault.merge(permit=permit, at=permit.at, client_id=client, other_id=other)
                office.merged[other] = client
            elif office.merged:
                other, client = chance.choice(list(office.merged.items()))
                with boss.enter(Verb.MERGE_CLIENTS, client=client) as permit:
                    vault.separate(permit=permit, at=permit.at, client_id=client, other_id=other)
                del office.merged[other]


def lists(office: Office, worker: Worker) -> dict[str, set[UUID]]:
    """What each list names, as ids of files."""
    by_code = {code: id for id, code in office.codes.items()}
    with worker.enter(Verb.FIND_CLIENTS, Verb.READ_DAY) as permit:
        found = {
            "recent": {line.id for line in clients.recent(permit=permit)},
            "by name": {line.id for line in clients.find(permit=permit, text="Ana")[0]},
            "codes": set(clients.codes(permit=permit, client_ids=office.files)),
            "begun": {each.client_id for each in queries.begun(permit=permit)},
            "ending": {each.client_id for each in queries.ending(permit=permit)},
            "waiting": {each.client_id for each in queries.waiting(permit=permit)},
        }
        for code, id in by_code.items():
            lines = {line.id for line in clients.find(permit=permit, text=code)[0]}
            found["by code"] = found.get("by code", set()) | lines
            assert lines <= {office.merged.get(id, id)}
    with worker.enter(Verb.WITHDRAW_RELEASE) as permit:
        found["living"] = {by_code[each.code] for each in queries.living(permit=permit)}
    with worker.enter(Verb.MERGE_CLIENTS) as permit:
        found["compared"] = {file.id for file in clients.compared(permit=permit, client_ids=office.files)}
    return found


def test_with_walls_teams_and_merges_every_list_names_exactly_what_the_door_opens(office):
    chance, shut, opened = random.Random(11), 0, 0
    for _ in range(STEPS):
        stir(office, chance)
        for worker in office.members.values():
            door = {id for id in office.files if opens_for(worker, id)}
            whole = {id for id in door if id not in office.merged}
            tied = set(office.files[:3]) & door
            for name, named_ids in lists(office, worker).items():
                files = whole if name in ("recent", "by name", "by code", "compared") else door
                assert named_ids == (tied if name == "waiting" else files), (name, office.merged)
            opened, shut = opened + len(door), shut + len(office.files) - len(door)
    assert min(opened, shut) > STEPS


def opens_for(worker: Worker, client: UUID) -> bool:
    try:
        with worker.enter(Verb.READ_CLIENT, client=client) as permit:
            assert clients.client(permit=permit, client_id=client).id == client
    except Refused:
        return False
    return True


def test_every_address_a_page_names_opens_and_every_file_that_opens_is_named(office):
    for worker in office.members.values():
        door = {id for id in office.files if opens_for(worker, id)}
        browser = signed_in(worker)
        named_on = {}
        for address in ("/clients/", "/my-day/"):
            html = browser.get(address).content.decode()
            links = {UUID(id) for id in re.findall(r'href="/clients/([0-9a-f-]{36})/', html)}
            named_on[address] = links
            assert links <= door
            assert all(office.codes[id] not in html for id in set(office.files) - door)
        assert named_on["/clients/"] == door - set(office.merged)
        for id in office.files:
            answer = browser.get(f"/clients/{id}/")
            assert answer.status_code == (404 if id not in door else 302 if id in office.merged else 200)

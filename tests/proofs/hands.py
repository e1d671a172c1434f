"""What people do in a community of its own, run as a program beside the test: `python -m tests.proofs.hands WHAT`.

The request is one JSON object on standard input, the answer one on standard output; `write` answers a line for each
deed whose transaction was acknowledged, until it is ended. The people's keys travel along: they are invented.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import django

if __name__ == "__main__":
    django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.utils import timezone  # noqa: E402

from accord.config.service import gate  # noqa: E402
from accord.gate import Refused  # noqa: E402
from accord.policy.words import Category, Role, Verb  # noqa: E402
from accord.sealing.errors import SealingError  # noqa: E402
from accord.sharing import actions as sharing  # noqa: E402
from accord.sharing import queries as received  # noqa: E402
from accord.vault import actions as vault  # noqa: E402
from accord.vault import queries  # noqa: E402
from accord.vault.rules import Identity, Summary  # noqa: E402
from tests.proofs.keeping import given  # noqa: E402
from tests.world import PASSWORD, House, Worker, World  # noqa: E402

#: Entries written down in one deed, and how many such deeds a client gets.
ENTRIES, TIMES = 200, 8
#: Envelopes when she releases some entries of the first: those, and that it is about her.
SENT = 6


def found(_: Any) -> Any:
    """A shelter with members of two roles, and a hospital it sends to."""
    world = World()
    return [_told(world.agency(roles=(Role.WORKER, Role.SUPERVISOR))), _told(world.hospital())]


def begin(asked: Any) -> Any:
    """The two agencies, and in the shelter clients with an entry each, named after their number. The first ones release
    it to the partner."""
    world, told = World(), found(None)
    shelter, hospital = [_house(each) for each in told]
    ids = []
    for number in range(asked["clients"]):
        client = world.client(shelter.worker, Identity(given=given(number), family=f"Family{number}"))
        world.entry(shelter.worker, client, narrative=f"Story of {given(number)}.")
        if number < asked["released"]:
            world.release(shelter.worker, client, hospital)
            world.accept(hospital.worker)
        ids.append(str(client))
    return [told, ids]


def delete(asked: Any) -> Any:
    """Delete the first so many clients as the page does: what lives on their releases is taken back, then the file is
    destroyed. Then look at all of them."""
    shelter, _ = [_house(each) for each in asked["houses"]]
    for id in map(UUID, asked["clients"][: asked["deleted"]]):
        with shelter[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, Verb.WITHDRAW_RELEASE, client=id) as permit:
            for release in received.releases(permit=permit, client_id=id):
                sharing.withdraw(permit=permit, at=permit.at, release_id=release.id, how="phone")
            files = vault.delete_client(permit=permit, at=permit.at, client_id=id)
            sharing.end_all(permit=permit, at=permit.at, client_ids=files)
    return look(asked)


def look(asked: Any) -> Any:
    """Which of the clients can be read, by whatever way; named by the way. Numbers stand for clients."""
    shelter, hospital = [_house(each) for each in asked["houses"]]
    ids = {UUID(id): number for number, id in enumerate(asked["clients"])}
    ways: dict[str, list[int]] = {"page": [], "list": [], "search": [], "paper": [], "partner": []}
    for role in (Role.WORKER, Role.SUPERVISOR):
        for id, number in ids.items():
            with suppress(Refused), shelter[role].enter(Verb.READ_CLIENT, client=id) as permit:
                if queries.client(permit=permit, client_id=id).herself.identity.given == given(number):
                    ways["page"].append(number)
    with shelter.worker.enter(Verb.FIND_CLIENTS) as permit:
        ways["list"] = [ids[line.id] for line in queries.recent(permit=permit, limit=10 * len(ids))]
    for number in ids.values():
        with shelter.worker.enter(Verb.FIND_CLIENTS) as permit:
            lines, _ = queries.find(permit=permit, text=f"{given(number)} Family{number}")
            ways["search"] += [ids[line.id] for line in lines]
    opened = gate().open_with_paper(shelter.id, shelter.paper, timezone.now())
    with shelter.worker.enter(Verb.FIND_CLIENTS) as permit:
        from accord.vault.facts import client_key
        from accord.vault.models import Client

        for row in Client.objects.filter(wrapped_key__isnull=False):
            with suppress(SealingError, Client.shred.RelatedObjectDoesNotExist):
                client_key(opened, row)
                ways["paper"].append(ids[row.id])
    with hospital.worker.enter(Verb.READ_DAY, Verb.FIND_CLIENTS, Verb.READ_CLIENT, Verb.READ_ENVELOPE) as permit:
        for line in queries.recent(permit=permit, limit=10 * len(ids)):
            ways["partner"] += [1 for _ in received.received(permit=permit, client_id=line.id)]
    return ways


def sign_in(asked: Any) -> Any:
    """Through the pages: she signs in with her password and opens the file. What the page says."""
    shelter = _house(asked["houses"][0])
    browser = Browser(SERVER_NAME="127.0.0.1")
    answer = browser.post("/sign-in/", {"login": shelter.worker.email, "password": PASSWORD})
    page = browser.get(f"/clients/{asked['client']}/")
    return [answer.status_code, page.status_code, page.content.decode()]


def write(asked: Any) -> Iterator[Any]:
    """Deed after deed through the gate, a line for each that was acknowledged. It outlives the server."""
    shelter, hospital = [_house(each) for each in asked["houses"]]
    while True:
        try:
            yield from _client_s_life(World(), shelter, hospital)
        except Exception as error:
            if type(error).__name__ not in ("OperationalError", "InterfaceError", "PoolTimeout", "InternalError"):
                raise
            _wait_for_the_server()


def _client_s_life(world: World, shelter: House, hospital: House) -> Iterator[Any]:
    """One client from her first day to, for some, the end. Yields what was acknowledged, when it was."""
    client = world.client(shelter.worker)
    yield {"deed": "opened", "client": str(client)}
    for time_ in range(TIMES):
        with shelter.worker.enter(Verb.ADD_ENTRY, client=client) as permit:
            ids = vault.add_entries(
                permit=permit,
                at=permit.at,
                client_id=client,
                entries=[
                    vault.NewEntry(
                        kind="note",
                        category=Category.INJURIES if not time_ and number < SENT - 1 else Category.NOTES,
                        occurred_at=permit.at,
                        summary=Summary.typed("Called inside the safe window."),
                    )
                    for number in range(ENTRIES)
                ],
            )
        yield {"deed": "entries", "client": str(client), "ids": [str(id) for id in ids]}
        if not time_:
            release = world.release(shelter.worker, client, hospital)
            yield {"deed": "released", "client": str(client), "release": str(release)}
    if client.int % 3 == 0:
        world.withdraw(shelter.worker, client, release)
        yield {"deed": "withdrawn", "client": str(client), "release": str(release)}
    if client.int % 10 == 0:
        with shelter[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=client) as permit:
            vault.delete_client(permit=permit, at=permit.at, client_id=client)
        yield {"deed": "deleted", "client": str(client)}


def _wait_for_the_server() -> None:
    import psycopg

    url = settings.ENVIRONMENT.connection_url
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            break
        except psycopg.OperationalError:
            time.sleep(0.05)
    connection.close()
    connection.close_pool()


def _told(house: House) -> Any:
    workers = {
        role.value: [str(w.agency), str(w.account), str(w.member), w.email, bytes(w.private).hex()]
        for role, w in house.workers.items()
    }
    return {"id": str(house.id), "name": house.name, "paper": house.paper, "workers": workers}


def _house(told: Any) -> House:
    workers = {
        Role(role): Worker(UUID(agency), UUID(account), UUID(member), email, bytes.fromhex(private))
        for role, (agency, account, member, email, private) in told["workers"].items()
    }
    return House(UUID(told["id"]), told["name"], told["paper"], workers)


WHAT: dict[str, Callable[[Any], Any]] = {each.__name__: each for each in (found, begin, delete, look, sign_in)}


if __name__ == "__main__":
    request = json.load(sys.stdin)
    if sys.argv[1] == "write":
        for line in write(request):
            print(json.dumps(line), flush=True)
    else:
        print(json.dumps(WHAT[sys.argv[1]](request)))
        connection.close()
        connection.close_pool()

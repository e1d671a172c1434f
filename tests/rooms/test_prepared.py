"""A question is put into SQL once, and only its values change."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext

from accord.database.prepared import prepared
from accord.policy.words import Verb
from accord.vault.facts import known
from accord.vault.models import Client, Person
from tests.world import World


@prepared
def _opened(client_id: UUID, before: datetime) -> QuerySet[Person]:
    rows = Person.objects.filter(client_id=client_id, client__opened_at__lt=before, relation="self")
    return rows.select_related("client__shred").annotate(code=F("client__code"))


@prepared
def _codes(agency_id: UUID) -> QuerySet[Client]:
    return Client.objects.filter(agency_id=agency_id).order_by("code").values_list("code", flat=True)


def test_every_answer_is_the_one_to_its_own_values(world: World) -> None:
    shelter = world.agency()
    clients = [world.client(shelter.worker) for _ in range(3)]
    with shelter.worker.enter(Verb.READ_CLIENT) as permit:
        soon = permit.at + timedelta(days=1)
        for client in (*clients, *clients):
            (herself,) = _opened(client, soon)
            assert herself.client_id == client
            assert herself.code == herself.client.code == Client.objects.get(id=client).code
            assert len(bytes(herself.client.shred.secret)) == 32
        assert _opened(clients[0], permit.at - timedelta(days=1)) == []
        assert _opened(uuid4(), soon) == []
        assert _codes(shelter.id) == sorted(_codes(shelter.id))
        assert len(_codes(shelter.id)) == 3


def test_nothing_of_one_agency_is_left_for_the_next(world: World) -> None:
    one, other = world.agency(), world.agency()
    world.client(one.worker)
    with one.worker.enter(Verb.READ_CLIENT):
        assert len(_codes(one.id)) == 1
    with other.worker.enter(Verb.READ_CLIENT):
        assert _codes(other.id) == _codes(one.id) == []


def test_what_is_kept_is_the_words_of_the_question(world: World) -> None:
    shelter = world.agency()
    client = world.client(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT), CaptureQueriesContext(connection) as asked:
        _codes(shelter.id)
        _codes(client)
    assert shelter.id.hex in asked[0]["sql"].replace("-", "")
    assert shelter.id.hex not in asked[1]["sql"].replace("-", "")


def test_every_thread_asks_on_its_own_connection(world: World) -> None:
    shelter = world.agency()
    world.client(shelter.worker)
    found: list[int] = []

    def ask() -> None:
        with shelter.worker.enter(Verb.READ_CLIENT):
            found.append(len(_codes(shelter.id)))
        connection.close()

    with shelter.worker.enter(Verb.READ_CLIENT):
        assert len(_codes(shelter.id)) == 1
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert found == [1]
    assert _codes(shelter.id) == [], "outside the gate nobody is anybody"


def test_an_argument_that_is_no_value_is_a_fault_of_the_program(world: World) -> None:
    @prepared
    def _either(client_id: UUID, only_open: UUID) -> QuerySet[Client]:
        rows = Client.objects.filter(id=client_id)
        return rows.filter(status="open") if only_open else rows

    with pytest.raises(TypeError, match="must be a value"):
        _either(uuid4(), uuid4())


def test_whether_files_are_kept_to_a_team_is_two_questions(world: World) -> None:
    shelter = world.agency()
    client = world.client(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT) as permit:
        for _ in range(2):
            assert known(permit.member_id, teams=False).scope.only is None
            assert known(permit.member_id, teams=True).scope.only == {client}

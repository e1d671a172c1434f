"""A million probes at the last line of defence, and a hundred holes in it that must all be found.

A probe is one row that one agency asks for in one way, with the application's checks switched off: the service's own
role, raw SQL, and nothing between it and the tables but their policies. Who may see the row is worked out from the
whole tables by a reading of its own (`test_row_security.promised`). With 0 of N found, the chance of a leak of the
probed kind is below 3/N at 95 % (design/threats.md, section 3); that is only worth the holes such probes can find, so
every policy is opened in turn, and each must be noticed.

The same generator asks through the web in `test_canaries`; here it is timed too: hidden and absent take as long.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.test import Client
from psycopg import sql

from tests.proofs.test_row_security import COMMUNITY, DIRECTORY, attempt, insert, promised, said_yes
from tests.proofs.town import as_service, found_town, note_of, owned_tables, rows, superuser, told
from tests.world import PASSWORD, World

#: Rows asked for in one statement.
AT_ONCE = 500
#: Tables whose rows are named by something other than an id, or that everybody reads.
OPEN = {DIRECTORY, *COMMUNITY}


class Probing:
    """The town's rows, and ways to ask for them as any of its agencies."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.town = found_town(seed)
        with superuser() as connection:
            everything = {table: rows(connection, table) for table in owned_tables()}
        said_yes(everything)
        self.rows = {table: found for table, found in everything.items() if found and "id" in found[0]}
        self.agencies = [*self.town.ids, uuid4(), uuid4()]  # two of them are nobody's
        self.probes = 0

    def ask(self, connection: psycopg.Connection[Any], table: str, way: str, size: int = AT_ONCE) -> list[str]:
        """One statement of one agency about up to `size` rows and as many that never were: what it learned too much."""
        agency = self.chance.choice(self.agencies)
        known = self.rows[table]
        asked = self.chance.choices(known, k=min(size, len(known) * 2)) if len(known) > size else known
        ids = [row["id"] for row in asked] + [uuid4() for _ in range(max(1, size - len(asked)))]
        now = datetime.now(UTC)
        may = {row["id"] for row in asked if promised(table, row, agency, now)}
        told(connection, note_of(agency))
        try:
            found = WAYS[way](connection, sql.Identifier(table), ids)
        finally:
            connection.rollback()
        self.probes += len(ids)
        if way in ("update", "delete"):
            may = {row["id"] for row in asked if agency in (row.get("agency_id", row["id"]), row.get("holder_id"))}
        return [f"{way} of {table} by {agency} reached {id}" for id in found - may]


def _select(connection: psycopg.Connection[Any], table: sql.Identifier, ids: list[UUID]) -> set[UUID]:
    return {id for (id,) in connection.execute(sql.SQL("select id from {} where id = any(%s)").format(table), [ids])}


def _join(connection: psycopg.Connection[Any], table: sql.Identifier, ids: list[UUID]) -> set[UUID]:
    query = sql.SQL(
        "select t.id from unnest(%s::uuid[]) as asked (id) join {} t using (id) where t is not null or true"
    )
    return {id for (id,) in connection.execute(query.format(table), [ids])}


def _whole(connection: psycopg.Connection[Any], table: sql.Identifier, ids: list[UUID]) -> set[UUID]:
    """Not asked for by name: everything there is, in the order of the disk."""
    wanted = set(ids)
    return {id for (id,) in connection.execute(sql.SQL("select id from {}").format(table)) if id in wanted}


def _update(connection: psycopg.Connection[Any], table: sql.Identifier, ids: list[UUID]) -> set[UUID]:
    query = sql.SQL("update {} set id = id where id = any(%s) returning id")
    return _changed(connection, query.format(table), ids)


def _delete(connection: psycopg.Connection[Any], table: sql.Identifier, ids: list[UUID]) -> set[UUID]:
    return _changed(connection, sql.SQL("delete from {} where id = any(%s) returning id").format(table), ids)


def _changed(connection: psycopg.Connection[Any], query: sql.Composed, ids: list[UUID]) -> set[UUID]:
    try:
        return {id for (id,) in connection.execute(query, [ids])}
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException, psycopg.errors.IntegrityError):
        return set()  # refused whole, by a grant, a trigger or a key; which rows were meant is not said


WAYS = {"select": _select, "join": _join, "whole": _whole, "update": _update, "delete": _delete}


@pytest.fixture(scope="module")
def probing() -> Probing:
    return Probing(seed=20_261_121)


def probe(probing: Probing, count: int) -> list[str]:
    """At least `count` probes over every table in every way; what was learned too much."""
    tables, learned, start = sorted(probing.rows), [], probing.probes
    with as_service() as connection:
        while probing.probes - start < count:
            for table in tables:
                for way in WAYS:
                    learned += probing.ask(connection, table, way)
    return learned


def test_no_probe_learns_what_was_not_promised(probing: Probing) -> None:
    learned = probe(probing, 20_000)
    assert not learned, "\n".join(learned[:20])


@pytest.mark.prove
def test_a_million_probes_learn_nothing(probing: Probing) -> None:
    learned = probe(probing, 1_000_000)
    print(f"{probing.probes:,} probes over {len(probing.rows)} tables in {len(WAYS)} ways: {len(learned)} leaks")
    assert not learned, "\n".join(learned[:20])


# ------------------------------------------------------------------ planted faults


def policies() -> list[tuple[str, str, str, str | None, str | None]]:
    """Every policy: table, name, command, condition, check."""
    with superuser() as connection:
        return connection.execute(
            "select tablename, policyname, cmd, qual, with_check from pg_policies where schemaname = 'public'"
            " order by 1, 2"
        ).fetchall()


@contextmanager
def opened(table: str, name: str, using: str | None, check: str | None) -> Iterator[None]:
    """The policy lets everything through while this lasts."""
    place = sql.SQL("alter policy {} on {}").format(sql.Identifier(name), sql.Identifier(table))

    def put(condition: str | None, checked: str | None) -> sql.Composed:
        parts = [place]
        parts += [sql.SQL(f"using ({condition})")] if condition else []
        parts += [sql.SQL(f"with check ({checked})")] if checked else []
        return sql.SQL(" ").join(parts)

    with superuser() as connection:
        connection.execute(put(using and "true", check and "true"))
        try:
            yield
        finally:
            connection.execute(put(using, check))


def noticed(probing: Probing, table: str, command: str) -> bool:
    """Whether the probes of this kind find the hole within a few rounds."""
    if command == "INSERT":
        return _smuggled(probing, table)
    ways = {"SELECT": ("select", "join", "whole"), "UPDATE": ("update",), "DELETE": ("delete",)}[command]
    with as_service() as connection:
        for _round in range(20):
            for way in ways:
                if command != "SELECT":
                    # A row must be seen to be changed: the hole is looked at by somebody who sees every row.
                    return _reached(probing, table, command)
                if probing.ask(connection, table, way):
                    return True
    return False


def _reached(probing: Probing, table: str, command: str) -> bool:
    """Whether, every row being visible, somebody else's can be changed or deleted."""
    view = [each for each in policies() if each[0] == table and each[2] == "SELECT"][0]
    own = probing.agencies[0]
    others = [row["id"] for row in probing.rows[table] if own not in (row.get("agency_id"), row.get("holder_id"))]
    if table == DIRECTORY:
        others = [row["id"] for row in probing.rows[table] if row["id"] != own]
    statement = "update {} set id = id" if command == "UPDATE" else "delete from {}"
    query = sql.SQL(statement + " where id = any(%s)").format(sql.Identifier(table))
    with opened(view[0], view[1], view[3], view[4]), as_service() as connection:
        told(connection, note_of(own))
        try:
            return connection.execute(query, [others]).rowcount > 0
        except psycopg.errors.InsufficientPrivilege:
            return False
        except (psycopg.errors.RaiseException, psycopg.errors.IntegrityError):
            return True  # it was only a trigger or a key that stood in the way, not the policy
        finally:
            connection.rollback()


def _smuggled(probing: Probing, table: str) -> bool:
    """Whether a row can be written for somebody else. The policy refuses it before anything else is looked at."""
    own, other, third = probing.agencies[:3]
    row = probing.rows[table][0] | {"id": uuid4()}
    whose = {"agency_id": other, "holder_id": third, "partner_id": third}
    row |= {name: agency for name, agency in whose.items() if name in row}
    with as_service() as connection:
        told(connection, note_of(own))
        answer = attempt(connection, *insert(table, row))
        connection.rollback()
    return not str(answer).startswith("42501 ")


@pytest.mark.prove
def test_every_planted_hole_is_found(probing: Probing) -> None:
    missed, tried = [], 0
    for table, name, command, using, check in policies():
        if table not in probing.rows or (table in OPEN and command == "SELECT"):
            continue
        assert not noticed(probing, table, command), f"{name} is open already"
        with opened(table, name, using, check):
            tried += 1
            if not noticed(probing, table, command):
                missed.append(name)
    print(f"{tried} planted holes, {tried - len(missed)} found")
    assert not missed
    assert tried >= 100


# ------------------------------------------------------------------ time tells nothing


@pytest.mark.prove
def test_hidden_takes_as_long_as_absent() -> None:
    """20,000 pairs of requests for a client of somebody else's and one that never was, in random order: a guesser who
    goes by time is right as often as a coin (area under the curve 0.47 to 0.53)."""
    world = World()
    hospital, shelter = world.hospital(), world.agency()
    theirs = [world.client(hospital.worker) for _ in range(50)]
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.post("/sign-in/", {"login": shelter.worker.email, "password": PASSWORD})
    chance = random.Random(3)

    def took(client: UUID) -> int:
        path = f"/clients/{client}/"
        start = time.perf_counter_ns()
        status = browser.get(path).status_code
        end = time.perf_counter_ns()
        assert status == 404
        return end - start

    for _ in range(200):
        took(uuid4())
    hidden, absent = [], []
    gc.disable()
    try:
        for number in range(20_000):
            pair = [(hidden, chance.choice(theirs)), (absent, uuid4())]
            chance.shuffle(pair)
            for times, client in pair:
                times.append(took(client))
            if number % 500 == 0:
                gc.collect()
    finally:
        gc.enable()
    area = under_the_curve(hidden, absent)
    print(f"area under the curve over {len(hidden):,} pairs: {area:.4f}")
    assert 0.47 <= area <= 0.53


def under_the_curve(some: list[int], others: list[int]) -> float:
    """How often one of `some` is larger than one of `others` (Mann-Whitney U over the number of pairs)."""
    ranked = sorted([(value, 1) for value in some] + [(value, 0) for value in others])
    total, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        middle = (place + end + 1) / 2
        total += middle * sum(mark for _value, mark in ranked[place:end])
        place = end
    return (total - len(some) * (len(some) + 1) / 2) / (len(some) * len(others))


def test_the_measure_of_time_sees_a_difference() -> None:
    assert under_the_curve([1, 2, 3], [1, 2, 3]) == 0.5
    assert under_the_curve([4, 5, 6], [1, 2, 3]) == 1.0
    assert under_the_curve([1, 2, 3], [4, 5, 6]) == 0.0

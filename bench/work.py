"""The work at size: an agency of 100,000 cases with five tracks each. A step, looking for gaps in everything and in what
changed, my day and the board."""

from __future__ import annotations

import os
import time
from uuid import UUID

import psycopg
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from accord.config.environment import Environment
from accord.config.service import gate
from accord.coordination.tracks import actions as tracks
from accord.gate import Caller
from accord.learning.gaps import actions as gaps
from accord.learning.gaps.models import Gap
from accord.policy.words import Role, Verb
from accord.vault.models import Person
from bench.measure import quantiles, say

CASES = 100_000
#: Where each track of a case stands, and a clock that runs there: protocol, state, due.
STANDING = (
    ("safety_plan", "active", "review"),
    ("protective_order", "active", "renewal_petition"),
    ("vine", "offered", "answer"),
    ("compensation", "submitted", "decided"),
    ("counselling", "accepted", "connected"),
)
#: One clock in a hundred has passed; the others end within the next 180 days.
OVERDUE, AHEAD = 100, 180
STEPS, CHANGED = 100, 1_000


def measure(environment: Environment, requests: int, cases: int = CASES) -> dict[str, object]:
    """Quantiles of pages and steps in milliseconds, of sweeps in seconds; `open_gaps`: how many the sweep found."""
    from bench.pages import Visitor, analyze, many, service
    from bench.world import fill
    from tests.world import PASSWORD, World

    house = World().agency(roles=(Role.WORKER, Role.SUPERVISOR))
    clients = fill(house.worker, cases)
    start = time.monotonic()
    place = conninfo_to_dict(environment.connection_url)
    above = {"host": place["host"], "port": place["port"], "dbname": place["dbname"], "user": "postgres"}
    with psycopg.connect(**above, autocommit=True) as owner:
        _standing(owner, house.id, house.worker.member)
    analyze(environment)
    say(f"work: {cases * len(STANDING)} tracks written in {time.monotonic() - start:.0f} s")
    job = Caller(agency=house.id, job="gaps")
    result: dict[str, object] = {"cases": cases, "tracks": cases * len(STANDING)}
    result["step"] = _steps(house.worker, clients)
    say(f"work: {result['step']}")
    result["sweep_everything_s"] = _sweep(job, everything=True)
    with house.worker.enter(Verb.READ_DAY):
        result["open_gaps"] = Gap.objects.filter(closed_at__isnull=True).count()
    with psycopg.connect(**above, autocommit=True) as owner:
        _pass(owner, house.id)
    result["sweep_changed_s"] = _sweep(job, everything=False)
    result["changed"] = CHANGED
    result["sweep_nothing_s"] = _sweep(job, everything=False)
    say(f"work: {result}")
    analyze(environment)
    with service(os.cpu_count() or 1) as port:
        for name, who, path in (
            ("my_day", house.worker, "/my-day/"),
            ("board", house[Role.SUPERVISOR], "/board/"),
            ("gaps", house.worker, "/gaps/"),
        ):
            visitor = Visitor(port)
            visitor.sign_in(who.email, PASSWORD)
            result[name] = many(visitor, "GET", path, None, requests)
            say(f"work: {name} {result[name]}")
    return result


def _standing(owner: psycopg.Connection, agency: UUID, member: UUID) -> None:
    """Tracks, their first steps and their clocks, written in bulk: without the triggers that look at each row."""
    owner.execute("set session_replication_role = replica")
    for place, (protocol, state, due) in enumerate(STANDING):
        owner.execute(
            """
            with made as (
              insert into tracks_track (id, agency_id, client_id, case_id, about_id, protocol, version, state, number,
                begun_at, begun_by, entered_at)
              select gen_random_uuid(), %(agency)s, entry.client_id, entry.case_id, entry.about_id, %(protocol)s, 1,
                %(state)s, 1, now() - interval '20 days', %(member)s, now() - interval '20 days'
              from vault_entry entry where entry.agency_id = %(agency)s
              returning id, client_id, entered_at
            ), stepped as (
              insert into tracks_step (id, agency_id, client_id, track_id, number, version, code, begins, "to", occurred_at,
                recorded_at, recorded_by, late, facts, entry)
              select gen_random_uuid(), %(agency)s, made.client_id, made.id, 1, 1, '', '', %(state)s, made.entered_at, made.entered_at,
                %(member)s, false, '', gen_random_uuid()
              from made
            )
            insert into tracks_due (id, agency_id, client_id, track_id, code, number, optional, opens_at, due_at, how)
            select gen_random_uuid(), %(agency)s, client_id, id, %(due)s, 1, false, entered_at,
              now() + interval '1 day' * case when (row_number() over () + %(place)s) %% %(overdue)s = 0
                then -1 - random() * 9 else 0.1 + random() * %(ahead)s end, ''
            from made
            """,
            {
                "agency": agency,
                "member": member,
                "protocol": protocol,
                "state": state,
                "due": due,
                "place": place,
                "overdue": OVERDUE,
                "ahead": AHEAD,
            },
        )
    owner.execute("set session_replication_role = origin")


def _pass(owner: psycopg.Connection, agency: UUID) -> None:
    """Clocks of so many cases pass between two looks."""
    owner.execute("set session_replication_role = replica")
    owner.execute(
        "update tracks_due set due_at = clock_timestamp() where (agency_id, id) in (select agency_id, id from tracks_due"
        " where agency_id = %s and met_at is null and due_at > now() + interval '1 day' limit %s)",
        [agency, CHANGED],
    )
    owner.execute("set session_replication_role = origin")


def _steps(worker: object, clients: list[UUID]) -> dict[str, float]:
    """A case begins and goes a step, each through the gate with its entry, clocks, gaps and leaf: the step is timed."""
    seconds = []
    for client in clients[:STEPS]:
        with worker.enter(Verb.MOVE_TRACK, Verb.READ_CLIENT, client=client) as permit:
            herself = Person.objects.values_list("id", flat=True).get(client_id=client, relation="self")
            id = tracks.begin(
                permit=permit, at=permit.at, client_id=client, protocol="protective_order", state="offered",
                about=herself, given={},
            )  # fmt: skip
        start = time.perf_counter()
        with worker.enter(Verb.MOVE_TRACK, Verb.READ_CLIENT, client=client) as permit:
            tracks.move(
                permit=permit, at=permit.at, client_id=client, track_id=id, step="write_petition", given={},
                number_seen=1,
            )  # fmt: skip
        seconds.append(time.perf_counter() - start)
    return quantiles(seconds)


def _sweep(job: Caller, *, everything: bool) -> float:
    start = time.perf_counter()
    with gate().housekeeping(job, at=timezone.now()) as permit:
        gaps.sweep(permit=permit, at=permit.at, everything=everything)
    return round(time.perf_counter() - start, 2)

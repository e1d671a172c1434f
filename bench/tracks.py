"""A step of a protocol in an agency with many cases, and what is due on somebody's day."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accord.config.environment import Environment
from accord.policy.words import Role, Verb
from bench.measure import quantiles, say, timed

#: How many cases a client has, and how many steps are measured.
EACH, STEPS = 5, 100
#: Every clock begins with the step its case took last; by hand, past the triggers, as another tool would load rows.
FILL = (
    "insert into tracks_track (id, agency_id, client_id, case_id, about_id, protocol, version, state, number, begun_at,"
    " begun_by, entered_at) select gen_random_uuid(), e.agency_id, e.client_id, e.case_id, e.about_id,"
    " 'protective_order', 1, 'filed', 1, e.occurred_at, %(member)s, e.occurred_at"
    " from vault_entry e, generate_series(1, %(each)s) where e.agency_id = %(agency)s",
    'insert into tracks_step (id, agency_id, track_id, number, version, code, begins, "to", occurred_at, recorded_at,'
    " recorded_by, late, facts, entry) select gen_random_uuid(), t.agency_id, t.id, 1, 1, '', '', 'filed', t.begun_at,"
    " t.begun_at, %(member)s, false, 'sealed', e.id from tracks_track t join vault_entry e on e.agency_id = t.agency_id"
    " and e.client_id = t.client_id where t.agency_id = %(agency)s",
    "insert into tracks_due (id, agency_id, client_id, track_id, code, number, optional, opens_at, due_at, how)"
    " select gen_random_uuid(), agency_id, client_id, id, code, 1, code <> 'ex_parte_review', begun_at,"
    " begun_at + interval '400 days', '' from tracks_track, unnest(array['ex_parte_review',"
    " 'decided_in_thirty_days']) as code where agency_id = %(agency)s",
)


def measure(environment: Environment, clients: int) -> dict[str, Any]:
    """`step`: one transition, gate and ledger among it. `due`: the clocks of My day, with as many as it lists.
    `of_client`: her cases on her page. `deviations`: the counts of a year."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from accord.coordination.tracks import actions, queries
    from accord.vault import queries as vault
    from bench.world import fill
    from tests.world import World

    house = World().agency(roles=(Role.WORKER, Role.SUPERVISOR))
    worker, start = house.worker, time.monotonic()
    ids = fill(worker, clients)
    place = conninfo_to_dict(environment.connection_url)
    with psycopg.connect(
        host=place["host"], port=place["port"], dbname=place["dbname"], user="postgres", autocommit=True
    ) as hand:
        hand.execute("set session_replication_role = replica")
        for statement in FILL:
            hand.execute(statement, {"agency": house.id, "member": worker.member, "each": EACH})
        hand.execute("analyze")
    say(f"tracks: {clients * EACH} cases written in {time.monotonic() - start:.0f} s")
    seconds = []
    for client in ids[:STEPS]:
        with worker.enter(Verb.READ_CLIENT, client=client) as permit:
            about = vault.herself(permit=permit, client_id=client).id
        with worker.enter(Verb.MOVE_TRACK, client=client) as permit:
            given = {"filed_at": (permit.at - timedelta(days=2)).isoformat()}
            where = {"permit": permit, "at": permit.at, "client_id": client}
            track = actions.begin(**where, protocol="protective_order", state="filed", about=about, given=given)
        day = (timezone.now() + timedelta(days=9)).date().isoformat()
        begun = time.perf_counter()
        with worker.enter(Verb.MOVE_TRACK, client=client) as permit:
            where = {"permit": permit, "at": permit.at, "client_id": client}
            given = {"hearing_on": day}
            actions.move(**where, track_id=track, step="set_hearing", given=given, number_seen=1)
        seconds.append(time.perf_counter() - begun)

    def asked(verb: Verb, act: Any, client: Any = None, who: Any = worker) -> dict[str, float]:
        def once() -> None:
            with who.enter(verb, client=client) as permit:
                act(permit)

        return timed(once, 30)

    year, boss = timedelta(days=365), house[Role.SUPERVISOR]
    found = {
        "cases": clients * EACH,
        "step": quantiles(seconds),
        "due": asked(Verb.READ_DAY, lambda permit: queries.due(permit=permit)),
        "of_client": asked(
            Verb.READ_CLIENT,
            lambda permit: queries.tracks(permit=permit, client_id=ids[0], still_open=True),
            client=ids[0],
        ),
        "deviations": asked(
            Verb.READ_BOARD, lambda permit: queries.deviations(permit=permit, since=permit.at - year), who=boss
        ),
    }
    connection.close()
    say(f"tracks: {found}")
    return found

"""What was acknowledged is there after the server was killed, and nothing is there by halves.

People work through the gate while the embedded PostgreSQL and every process of it get SIGKILL, again and again. A deed
counts as acknowledged when its transaction ended and its line stood in the pipe. A *write* is a row this deed made and
named: a client, an entry, a release, the envelope of a disclosure and the holder's and recipient's rows about it, and
the leaf. Rows that come along unnamed (persons, cases, search tokens) are looked at, and not counted.

`kill -9` alone cannot prove that data reached the disk: what a killed server had written lies in the kernel's memory
and survives, so `fsync = off` would pass here too. Losing those writes takes a device that drops them, for which root
would have to mount a file system. What stands in for it: the service does not start on a server with `fsync`,
`full_page_writes` or `synchronous_commit` off (`test_config_environment.py`), and the control arm below shows that
this proof sees a lost write when there is one: with `synchronous_commit` off it must lose some.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from accord.config.environment import ConfigError, check_connection
from tests.proofs.hands import SENT
from tests.proofs.keeping import Community

WRITERS = 2
PATIENCE = 120  # seconds for one round
OVERLAP = timedelta(seconds=15)  # a deed's moment is when it began: looked at again from a little earlier
WHEN = {
    "vault_entry": "recorded_at",
    "vault_client": "touched_at",
    "ledger_leaf": "at",
    "sharing_sent": "sent_at",
    "sharing_envelope": "sent_at",
}
ROWS_OF = {"opened": 2, "released": 3, "withdrawn": 2 + SENT, "deleted": 2}


@pytest.fixture
def community() -> Iterator[Community]:
    place = Path(tempfile.mkdtemp(prefix="accord-kill-"))
    running = Community(place)
    yield running
    running.stop()
    shutil.rmtree(place, ignore_errors=True)


def writes(deed: dict[str, Any]) -> int:
    """How many rows a deed made and named; a leaf for each request of it."""
    if deed["deed"] == "entries":
        return len(deed["ids"]) + 1
    return ROWS_OF[deed["deed"]] + (3 * SENT if deed["deed"] == "released" else 0)


class Told:
    """What the writers were told is done, in order; read by a thread for each."""

    def __init__(self) -> None:
        self.deeds: list[dict[str, Any]] = []
        self.writes = 0
        self._lock = threading.Lock()

    def listen(self, lines: Any) -> None:
        for line in lines:
            if line.endswith("\n"):
                deed = json.loads(line)
                with self._lock:
                    self.deeds.append(deed)
                    self.writes += writes(deed)


class Kept:
    """What the database holds, in one snapshot, of what was written since a moment."""

    def __init__(self, community: Community, since: Any) -> None:
        with community.superuser() as eyes:
            eyes.execute("begin isolation level repeatable read, read only")
            (self.at,) = eyes.execute("select now()").fetchone()

            def column(query: str) -> set[UUID]:
                return {row[0] for row in eyes.execute(query, {"since": since})}

            self.deeds: dict[str, set[UUID]] = defaultdict(set)
            for name, id in eyes.execute(
                "select d->>0, (d->>1)::uuid from ledger_leaf, jsonb_array_elements(line::jsonb->'deeds') d"
                " where at >= %(since)s",
                {"since": since},
            ):
                self.deeds[name].add(id)
            self.entries = column("select id from vault_entry where recorded_at >= %(since)s")
            self.clients = column("select id from vault_client where opened_at >= %(since)s")
            self.deleted = column("select id from vault_client where wrapped_key is null and touched_at >= %(since)s")
            self.shreds = column(
                "select s.id from vault_shred s join vault_client c using (id) where opened_at >= %(since)s"
            )
            self.found = column(
                "select client_id from vault_token join vault_client c on c.id = client_id where opened_at >= %(since)s"
            )
            self.people = column(
                "select p.client_id from vault_person p join vault_case k on k.client_id = p.client_id"
                " join vault_client c on c.id = p.client_id where c.opened_at >= %(since)s"
            )
            self.signed = column("select id from sharing_release where signed_at >= %(since)s")
            self.sent = column("select envelope from sharing_sent where sent_at >= %(since)s")
            self.envelopes = column("select id from sharing_envelope where sent_at >= %(since)s")
            self.living = column(
                "select id from sharing_envelope where sent_at >= %(since)s and withdrawn_at is null"
                " and sealed is not null"
            )
            self.arrivals = column("select envelope from sharing_arrival where arrived_at >= %(since)s")
            self.withdrawn = column("select id from sharing_release where withdrawn_at >= %(since)s")
            self.of = {
                client: set(ids)
                for client, ids in eyes.execute(
                    "select client_id, array_agg(id) from vault_entry where recorded_at >= %(since)s group by 1",
                    {"since": since},
                )
            }
            per_release = eyes.execute(
                "select release, count(*), count(*) filter (where withdrawn_at is null) from sharing_envelope"
                " where sent_at >= %(since)s group by 1",
                {"since": since},
            ).fetchall()
            self.released = {release: count for release, count, _ in per_release}
            self.alive = {release for release, _, living in per_release if living}
            self.left_of_deleted = set().union(
                *(
                    column(
                        f"select r.client_id from {table} r join vault_client c on c.id = r.client_id"
                        " and c.agency_id = r.agency_id where c.wrapped_key is null and c.touched_at >= %(since)s"
                    )
                    for table in ("vault_entry", "vault_token")
                )
            )

    def halves(self) -> list[str]:
        """Deeds of which one part is there and another is not."""
        deeds = self.deeds
        gone = self.deleted
        pairs = {
            "a client and her leaf": self.clients ^ deeds["client_opened"],
            "a client and what opens her": (self.clients - gone) ^ self.shreds,
            "a client and what finds her": (self.clients - gone) ^ self.found,
            "a client and herself": self.clients ^ self.people,
            "an entry without its leaf": self.entries - deeds["entry_added"],
            "a signature and its leaf": self.signed ^ deeds["release_signed"],
            "a signature without envelopes": self.signed ^ set(self.released),
            "an envelope and the holder's row": self.envelopes ^ self.sent,
            "an envelope and its leaf": self.envelopes ^ deeds["disclosed"],
            "a living envelope and its arrival": self.living ^ self.arrivals,
            "a withdrawal and its leaf": self.withdrawn ^ deeds["release_withdrawn"],
            "an envelope that outlived its release": self.withdrawn & self.alive,
            "a deletion and its leaf": (gone & self.clients) ^ (deeds["client_deleted"] & self.clients),
            "something of a deleted client": self.left_of_deleted,
        }
        partly = [release for release, count in self.released.items() if count != SENT]
        return [f"{what}: {len(ids)}" for what, ids in pairs.items() if ids] + [f"sent in part: {p}" for p in partly]

    def lost(self, told: list[dict[str, Any]]) -> int:
        """How many acknowledged writes are not there."""
        ended = {deed["client"] for deed in told if deed["deed"] == "deleted"} | {str(id) for id in self.deleted}
        count = 0
        for deed in told:
            client = UUID(deed["client"])
            if deed["deed"] == "entries":
                there = self.deeds["entry_added"] if deed["client"] in ended else self.of.get(client, set())
                count += sum(UUID(id) not in there for id in deed["ids"])
            else:
                there = {
                    "opened": lambda d, c=client: c in self.clients,
                    "released": lambda d, c=client: self.released.get(UUID(d["release"])) == SENT,
                    "withdrawn": lambda d, c=client: UUID(d["release"]) in self.withdrawn,
                    "deleted": lambda d, c=client: c in self.deleted and c in self.deeds["client_deleted"],
                }[deed["deed"]](deed)
                count += 0 if there else writes(deed)
        return count


def everything_there(community: Community, told: list[dict[str, Any]]) -> bool:
    """At the end, once more: every entry that was ever acknowledged stands in its table, or in the ledger of somebody
    who was deleted since."""
    with community.superuser() as eyes:
        there = {id.bytes for (id,) in eyes.execute("select id from vault_entry")}
        for line in eyes.execute(
            "select line from ledger_leaf l join vault_client c on c.id = l.client and c.agency_id = l.agency_id"
            " where c.wrapped_key is null"
        ):
            there |= {UUID(id).bytes for name, id in json.loads(line[0])["deeds"] if name == "entry_added"}
    return all(UUID(id).bytes in there for deed in told if deed["deed"] == "entries" for id in deed["ids"])


def rounds(community: Community, number: int, rows: int) -> Iterator[tuple[list[dict[str, Any]], Kept, float]]:
    """People write; the server is killed after about so many rows; it starts again. After each start: what was
    acknowledged since the last one, what the database holds since then, and the seconds the start took."""
    chance, told, seen = random.Random(number), Told(), 0
    houses = [community.do("found") for _ in range(WRITERS)]
    with community.superuser() as eyes:
        for table, column in WHEN.items():  # only so that looking stays quick in a million rows
            eyes.execute(f"create index on {table} ({column})")
        (since,) = eyes.execute("select now()").fetchone()
    with ExitStack() as stack:
        for each in houses:
            writer = stack.enter_context(community.doing("write", houses=each))
            threading.Thread(target=told.listen, args=[writer.stdout], daemon=True).start()
        for _ in range(number):
            goal, patience = told.writes + rows, time.monotonic() + PATIENCE
            while told.writes < goal:
                assert time.monotonic() < patience, f"the writers are stuck at {told.writes} writes"
                time.sleep(0.005)
            time.sleep(chance.random() * 0.15)
            community.kill()
            began = time.monotonic()
            community.server.revive()
            seconds = time.monotonic() - began
            now = len(told.deeds)
            kept = Kept(community, since)
            yield told.deeds[seen:now], kept, seconds
            since, seen = kept.at - OVERLAP, now


def survived(community: Community, number: int, rows: int) -> tuple[int, float]:
    """All rounds, checked, and at the end everything once more. How many writes were acknowledged, and the longest
    start in seconds."""
    slowest, all_told = 0.0, []
    for told, kept, seconds in rounds(community, number, rows):
        assert kept.lost(told) == 0
        assert kept.halves() == []
        slowest, all_told = max(slowest, seconds), all_told + told
    assert everything_there(community, all_told)
    with community.superuser() as eyes:
        agencies = [id for (id,) in eyes.execute("select id from partners_agency")]
    for agency in agencies if number > 10 else agencies[:1]:
        verified = community.accord("ledger", "verify", "--agency", agency)
        assert verified.returncode == 0, verified.stdout
    return sum(map(writes, all_told)), slowest


def forgetful(community: Community) -> None:
    """A server that acknowledges before it has written."""
    with community.superuser() as root:
        root.execute("alter role accord_app set synchronous_commit = off")


def test_no_acknowledged_write_is_lost_and_no_deed_stays_half_done_when_the_server_is_killed(community):
    acknowledged, _ = survived(community, 3, 700)
    assert acknowledged >= 3 * 700


@pytest.mark.prove
def test_200_kills_lose_none_of_a_million_acknowledged_writes(community):
    acknowledged, slowest = survived(community, 200, 5_000)
    print(f"{acknowledged} acknowledged writes, 200 kills, 0 lost; slowest start {slowest:.1f} s")
    assert acknowledged >= 1_000_000
    assert slowest < 5


@pytest.mark.prove
def test_the_same_proof_sees_what_a_forgetful_server_loses_and_the_service_refuses_it(community):
    forgetful(community)
    with pytest.raises(ConfigError, match="synchronous_commit is off"):
        check_connection(community.server.app_url)
    lost = 0
    for told, kept, _ in rounds(community, 10, 2_000):
        lost += kept.lost(told)
    print(f"{lost} of the acknowledged writes lost in 10 kills with synchronous_commit off")
    assert lost > 0

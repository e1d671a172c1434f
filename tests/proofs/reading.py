"""A process that reads one client's envelopes as fast as it can, for the race: `python -m tests.proofs.reading`.

Reads its orders as JSON from standard input, answers one JSON line: how many reads, and of each envelope the latest
read that still showed it, with both moments on the clock all processes of a machine share (CLOCK_MONOTONIC).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any
from uuid import UUID

BATCH = 50


def main() -> None:
    import django

    django.setup()
    from django.utils import timezone

    from accord.config.service import gate
    from accord.gate import Caller
    from accord.policy.words import Purpose, Verb
    from accord.sharing import queries
    from tests.proofs.town import superuser

    orders = json.loads(sys.stdin.readline())
    caller = Caller(
        agency=UUID(orders["agency"]),
        account=UUID(orders["account"]),
        member=UUID(orders["member"]),
        private=bytes.fromhex(orders["private"]),
    )
    client = UUID(orders["client"])
    latest: dict[str, float] = {}
    count = 0
    lock = threading.Lock()

    def note(seen: dict[str, float], reads: int) -> None:
        nonlocal count
        with lock:
            count += reads
            for envelope, began in seen.items():
                latest[envelope] = max(began, latest.get(envelope, 0))

    def through_the_gate(reads: int) -> None:
        """Each batch enters the gate once and reads fifty times, as a long page would."""
        for _ in range(0, reads, BATCH):
            seen: dict[str, float] = {}
            with gate().enter(
                caller,
                Verb.READ_CLIENT,
                Verb.READ_ENVELOPE,
                purpose=Purpose.OWN_SERVICE,
                at=timezone.now(),
                client=client,
            ) as permit:
                for _ in range(BATCH):
                    began = time.monotonic()
                    for view in queries.received(permit=permit, client_id=client):
                        assert view.content.level
                        seen[str(view.id)] = began
            note(seen, BATCH)

    def checking_first(reads: int) -> None:
        """The control arm: the same reads, but whether a thing is alive is asked before, and not of the row read."""
        with superuser() as eyes:
            for _ in range(0, reads, BATCH):
                seen: dict[str, float] = {}
                with gate().enter(
                    caller,
                    Verb.READ_CLIENT,
                    Verb.READ_ENVELOPE,
                    purpose=Purpose.OWN_SERVICE,
                    at=timezone.now(),
                    client=client,
                ) as permit:
                    alive = [view.id for view in queries.received(permit=permit, client_id=client)]
                    for _ in range(BATCH if alive else 0):
                        began = time.monotonic()
                        for (id,) in eyes.execute(
                            "select id from sharing_envelope where id = any(%s) and sealed is not null", [alive]
                        ).fetchall():
                            seen[str(id)] = began
                note(seen, BATCH)

    arm: Any = {"gate": through_the_gate, "control": checking_first}[orders["arm"]]
    failed: list[str] = []

    def run() -> None:
        from django.db import connection

        try:
            arm(orders["reads"])
        except Exception as error:
            failed.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(orders["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"count": count, "latest": latest, "failed": failed}), flush=True)
    from django.db import connection

    connection.close_pool()


if __name__ == "__main__":
    main()

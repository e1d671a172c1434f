"""Bringing 10,000 rows in and taking them out again, each part through the gate as the pages do it."""

from __future__ import annotations

import csv
import io
import random
import time
from typing import Any

from accord.policy.words import Role, Verb
from bench.measure import quantiles, say

ROWS = 10_000


def table(rows: int, seed: int = 1) -> bytes:
    """A list of invented people as an agency might have kept it."""
    from bench.world import FAMILY, GIVEN

    rng = random.Random(seed)
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(
        [
            "First name",
            "Last name",
            "Other names",
            "DOB",
            "Phone",
            "Safe times",
            "Status",
            "Harm",
            "Opened",
            "Child",
            "Notes",
        ]
    )
    for number in range(rows):
        out.writerow(
            [
                rng.choice(GIVEN),
                f"{rng.choice(FAMILY)} {rng.choice(FAMILY)}",
                rng.choice(GIVEN) if number % 4 == 0 else "",
                f"{rng.randint(1950, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                f"555-01{number % 100:02}",
                "mornings" if number % 3 == 0 else "",
                "closed" if number % 5 == 0 else "open",
                rng.choice(["DV", "stalking; DV", "sexual assault", ""]),
                f"{rng.randint(2015, 2025)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                "Leo; Eva" if number % 3 == 0 else "",
                "word " * 30,
            ]
        )
    return text.getvalue().encode()


def measure(rows: int = ROWS) -> dict[str, Any]:
    """`read`, `upload`, `preview`: seconds for the whole list. `rows_per_second`: from the first part to the last,
    tokens included. `one_by_one_per_second`: the same people opened one at a time, for comparison. `export`: the same
    files read, shaped, marked and sealed through the page, in records a second."""
    from accord.records.caseload import actions, queries, rules
    from accord.records.caseload.tables import read
    from accord.vault import actions as vault
    from tests.world import World

    house = World().agency(roles=(Role.SUPERVISOR,))
    boss = house[Role.SUPERVISOR]
    data, took = table(rows), {}
    start = time.perf_counter()
    found = read(data)
    took["read_s"] = time.perf_counter() - start

    start = time.perf_counter()
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        upload = actions.upload(permit=permit, at=permit.at, table=found)
    took["upload_s"] = time.perf_counter() - start
    today = permit_today(boss)
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        actions.say_columns(permit=permit, at=permit.at, upload_id=upload, mapping=rules.guess(found.headers), order="")
    start = time.perf_counter()
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        review = queries.review(permit=permit, at=permit.at, today=today, upload_id=upload)
    took["preview_s"] = time.perf_counter() - start
    assert not review.faults, review.faults[:3]
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        actions.begin(permit=permit, at=permit.at, today=today, upload_id=upload, without_faulty=False, alike_too=True)
    parts, more = [], True
    while more:
        start = time.perf_counter()
        with boss.enter(Verb.IMPORT_CASELOAD) as permit:
            more = actions.bring(permit=permit, at=permit.at, today=today, upload_id=upload)
        parts.append(time.perf_counter() - start)
    say(f"{rows} rows brought in in {sum(parts):.1f} s")

    new = [each.prospect for each in review.judged[:200] if each.prospect]
    start = time.perf_counter()
    for who in new:
        with boss.enter(Verb.OPEN_CLIENT) as permit:
            vault.open_client(permit=permit, at=permit.at, identity=who.identity, contact=who.contact, harms=who.harms)
    alone = len(new) / (time.perf_counter() - start)
    return {
        "rows": rows,
        **{name: round(seconds, 2) for name, seconds in took.items()},
        "rows_per_second": round(rows / sum(parts)),
        "part": quantiles(parts),
        "one_by_one_per_second": round(alone),
        "export": _exported(house, rows),
    }


def permit_today(boss: Any) -> Any:
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        return permit.at.date()


def _exported(house: Any, rows: int) -> dict[str, Any]:
    """Through the page itself, with a key instead of a passphrase: scrypt's second is the same for any size."""
    import pyrage
    from django.test import Client

    from accord.records.caseload import actions
    from tests.world import PASSWORD

    boss = house[Role.SUPERVISOR]
    with boss.enter(Verb.EXPORT_CASELOAD) as permit:
        export = actions.ask(permit=permit, at=permit.at, reason="own_copy", scope="all")
    with house[Role.DIRECTOR].enter(Verb.APPROVE_EXPORT) as permit:
        actions.answer(permit=permit, at=permit.at, export_id=export, agreed=True)
    door = Client(SERVER_NAME="localhost")
    door.post("/sign-in/", {"login": boss.email, "password": PASSWORD})
    identity = pyrage.x25519.Identity.generate()
    start = time.perf_counter()
    answer = door.post(
        f"/caseload/export/{export}/file/", {"lock": "recipient", "recipient": str(identity.to_public())}
    )
    first, sealed = 0.0, []
    for piece in answer.streaming_content:
        first = first or time.perf_counter() - start
        sealed.append(piece)
    seconds = time.perf_counter() - start
    whole = b"".join(sealed)
    opened = pyrage.decrypt(whole, [identity])
    assert opened.splitlines()[-1].startswith(b'{"line": "end"')
    return {
        "records_per_second": round(rows / seconds),
        "first_byte_s": round(first, 2),
        "file_mb": round(len(whole) / 1e6, 1),
    }

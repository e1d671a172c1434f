"""Checking a whole ledger, stand-alone, against hashing the same lines and nothing else."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from accord.ledger.leaves import Happening, leaf
from accord.ledger.tree import Frontier, TreeHead, leaf_hash, origin
from accord.ledger.verify import export_line, verify
from accord.policy.words import Purpose, Verb
from bench.measure import say


def measure(leaves: int, home: Path) -> dict[str, object]:
    agency, path, frontier = uuid4(), home / "export.txt", Frontier()
    base = Happening(
        id=uuid4(), nonce=bytes(16), agency=agency, at=datetime(2026, 11, 20, tzinfo=UTC), actor=f"member:{uuid4()}",
        verb=Verb.READ_CLIENT, purpose=Purpose.OWN_SERVICE, outcome=True, rules=("own-worker",),
    )  # fmt: skip
    line = leaf(base)
    with path.open("w") as out:
        for position in range(leaves):
            id = uuid4()
            text = line.replace(str(base.id), str(id), 1)
            digest = leaf_hash(text.encode())
            frontier.append(digest)
            out.write(export_line(position, digest, text, id) + "\n")
    head = TreeHead(origin=origin(agency), size=leaves, root=frontier.root())
    start = time.perf_counter()
    report = verify(path, [head], None)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    with path.open("rb") as lines:
        for each in lines:
            sha256(each).digest()
    hashing = time.perf_counter() - start
    path.unlink()
    say(f"ledger: {leaves} leaves verified in {seconds:.1f} s")
    return {
        "leaves": leaves,
        "verify_seconds": round(seconds, 2),
        "only_hashing_seconds": round(hashing, 2),
        "good": report.good,
    }

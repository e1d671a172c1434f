"""Writing the ledger: a leaf in the deed's transaction, and the tree over the leaves a moment later."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Exists, OuterRef

from accord.ledger.leaves import Happening, leaf
from accord.ledger.models import Checkpoint, Leaf, Position
from accord.ledger.permits import Permit, needs
from accord.ledger.tree import Frontier, leaf_hash
from accord.policy.words import Level, Purpose, Verb

#: Rows fetched and inserted at a time.
BATCH = 5_000


class LedgerDamaged(Exception):
    """The newest checkpoint contradicts itself. Nothing is added; `verify` says what is left."""


def write_leaf(
    *,
    agency: UUID,
    at: datetime,
    actor: str,
    verb: Verb,
    purpose: Purpose,
    outcome: bool,
    rules: Sequence[str] = (),
    relying: Sequence[str] = (),
    thing: str = "",
    client: UUID | None = None,
    deeds: Sequence[tuple[str, UUID | int]] = (),
    shown: Sequence[tuple[str, UUID, Level]] = (),
) -> UUID:
    """The gate's, and nobody else's: note one request, yes or no, in the transaction of its deed. One INSERT.

    It takes facts and not a permit, because a refusal has none. Returns the leaf's id. Raises LeafError when a value
    is not an id, code or moment; then, as when the INSERT fails, the deed must not happen either.
    """
    happening = Happening(
        id=uuid4(),
        nonce=secrets.token_bytes(16),
        agency=agency,
        at=at,
        actor=actor,
        verb=verb,
        purpose=purpose,
        outcome=outcome,
        rules=tuple(rules),
        relying=tuple(relying),
        thing=thing,
        client=client,
        deeds=tuple(deeds),
        shown=tuple(shown),
    )
    line = leaf(happening)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger_leaf (agency_id, id, at, line, hash) values (%s, %s, %s, %s, %s)",
            [agency, happening.id, at, line, leaf_hash(line.encode())],
        )
    return happening.id


@needs(Verb.SWEEP)
def sequence(*, permit: Permit, at: datetime, thorough: bool = False) -> int:
    """Give every leaf of the permit's agency that has no position the next one, and write a checkpoint.

    Returns how many were added; nothing new writes nothing. Must run in a transaction at READ COMMITTED. Raises
    LedgerDamaged when the newest checkpoint contradicts itself. Pass `thorough` on the first sweep after the service
    starts (see below).

    *One at a time.* An advisory lock per agency, held to the end of the transaction; the next sweep then reads the
    checkpoint that this one committed. Should it fail, two sweeps collide on the key (agency, position): no fork.

    *No leaf is missed, and a million old ones are not looked at.* Leaves commit out of order, so neither their id nor
    their moment tells which are new. Each carries the number of its transaction. PostgreSQL knows the lowest number
    still running; everything below it is over, hence visible, hence sequenced by this sweep. That number is
    the checkpoint's `horizon`, and the next sweep reads the index from there: a leaf that was uncommitted is not below
    it. The horizon is read before the leaves, so it can only be too low, which costs a few rows read twice.

    *After a restore from a dump* numbers start afresh: rows may carry numbers from the old life. A horizon
    ahead of the present gives that away, and `thorough` covers the rest: both compare all leaves with all positions.
    From then on numbers above the present are passed over, since the thorough sweep has taken those leaves.
    """
    agency = permit.agency_id
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accord.ledger:{agency}"])
        cursor.execute(
            "select pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint"
            " from pg_current_snapshot() as now"
        )
        running, unborn = cursor.fetchone()
    last = Checkpoint.objects.filter(agency=agency).order_by("-size").first()
    frontier = Frontier.from_bytes(bytes(last.frontier)) if last else Frontier()
    if last and (frontier.size != last.size or frontier.root() != bytes(last.root)):
        raise LedgerDamaged("the newest checkpoint of this ledger contradicts itself: run accord ledger verify")

    placed = Position.objects.filter(agency=agency, leaf=OuterRef("id"))
    waiting = Leaf.objects.filter(~Exists(placed), agency=agency).order_by("transaction", "at", "id")
    if last and last.horizon <= running and not thorough:
        waiting = waiting.filter(transaction__gte=last.horizon, transaction__lt=unborn)
    # The hash is the one written with the leaf: a line altered since then will not match its position.
    rows = waiting.values_list("id", "hash").iterator(chunk_size=BATCH)
    start = frontier.size
    while batch := list(islice(rows, BATCH)):
        positions = []
        for leaf_id, digest in batch:
            positions.append(Position(agency=agency, position=frontier.size, leaf=leaf_id, hash=digest))
            frontier.append(bytes(digest))
        Position.objects.bulk_create(positions)
    if frontier.size > start:
        Checkpoint.objects.create(
            agency=agency,
            size=frontier.size,
            root=frontier.root(),
            frontier=frontier.to_bytes(),
            horizon=running,
            at=at,
        )
    return frontier.size - start

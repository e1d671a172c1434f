"""Reading the ledger of one's own agency: pages for the privacy officer, lines for the verifier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from accord.ledger.leaves import Happening, LeafError, read
from accord.ledger.models import Checkpoint, Leaf, Position
from accord.ledger.permits import Permit, needs
from accord.ledger.tree import TreeHead, leaf_hash, origin
from accord.ledger.verify import export_line
from accord.policy.words import Verb


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf on a page. `happening` is None when the row no longer holds the line it was written with."""

    id: UUID
    at: datetime
    happening: Happening | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some lines of an export, each without its line end. `next` is where to go on; None at the end."""

    lines: tuple[str, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint, and when it was made. `head.text()` is what to keep elsewhere."""

    head: TreeHead
    at: datetime


def _entry(row: Leaf) -> Entry:
    try:
        happening = read(row.line) if leaf_hash(row.line.encode()) == bytes(row.hash) else None
    except LeafError:
        happening = None
    return Entry(id=row.id, at=row.at, happening=happening)


@needs(Verb.READ_LEDGER)
def recent(
    *,
    permit: Permit,
    client: UUID | None = None,
    actor: str | None = None,
    verb: Verb | None = None,
    outcome: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> tuple[Entry, ...]:
    """The newest leaves first, at most `limit`. `since` and `until` are a half-open period; `before` is the id of the
    last leaf on the page above (an unknown id gives nothing)."""
    rows = Leaf.objects.filter(agency=permit.agency_id)
    if client is not None:
        rows = rows.filter(client=client)
    if actor is not None:
        rows = rows.filter(actor=actor)
    if verb is not None:
        rows = rows.filter(verb=verb.value)
    if outcome is not None:
        rows = rows.filter(outcome="yes" if outcome else "no")
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    if before is not None:
        moment = Subquery(Leaf.objects.filter(agency=permit.agency_id, id=before).values("at"))
        rows = rows.filter(Q(at__lt=moment) | Q(id__lt=before), at__lte=moment)
    return tuple(_entry(row) for row in rows.only("agency", "id", "at", "line", "hash").order_by("-at", "-id")[:limit])


@needs(Verb.READ_CLIENT)
def done_since(*, permit: Permit, client_id: UUID, deed: str, since: datetime) -> bool:
    """Whether a deed was written about one's own client since a moment. Only a yes or no: who reads the log is
    somebody else."""
    rows = Leaf.objects.filter(agency=permit.agency_id, client=client_id, at__gte=since, outcome="yes")
    entries = (_entry(row) for row in rows.only("agency", "id", "at", "line", "hash"))
    return any(deed == done for entry in entries if entry.happening for done, _id in entry.happening.deeds)


@needs(Verb.READ_LEDGER)
def export(*, permit: Permit, start: int = 0, limit: int = 5_000) -> Batch:
    """The export from position `start` on, at most `limit` lines, for `verify`. Each batch asks for a permit, so an
    export stops when its reader may no longer read; no cursor stays open."""
    line = Leaf.objects.filter(agency=OuterRef("agency"), id=OuterRef("leaf")).values("line")
    rows = list(
        Position.objects.filter(agency=permit.agency_id, position__gte=start)
        .order_by("position")
        .values_list("position", "hash", Subquery(line), "leaf")[:limit]
    )
    return Batch(
        lines=tuple(export_line(position, bytes(digest), text, leaf) for position, digest, text, leaf in rows),
        next=rows[-1][0] + 1 if len(rows) == limit else None,
    )


def _sealed(row: Checkpoint | None) -> Sealed | None:
    if row is None:
        return None
    return Sealed(head=TreeHead(origin=origin(row.agency), size=row.size, root=bytes(row.root)), at=row.at)


@needs(Verb.READ_LEDGER)
def latest_checkpoint(*, permit: Permit) -> Sealed | None:
    """The newest checkpoint of the agency's tree; None before the first."""
    return _sealed(Checkpoint.objects.filter(agency=permit.agency_id).order_by("-size").first())

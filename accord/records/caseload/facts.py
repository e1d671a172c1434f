"""How a request to take files out stands at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accord.records.caseload.models import Export


@dataclass(frozen=True, slots=True)
class ExportView:
    """A request to take files out, and where it stands: waiting, agreed, refused, dropped, over or used."""

    id: UUID
    by: UUID
    asked_at: datetime
    until_at: datetime
    reason: str
    scope: str
    since_at: datetime | None
    before_at: datetime | None
    count: int
    second: bool
    second_by: UUID | None
    agreed: bool | None
    used_at: datetime | None
    taken: int
    state: str


def export_view(row: Export, at: datetime) -> ExportView:
    """A request as it stands at a moment."""
    if row.used_at:
        state = "used"
    elif row.dropped_at:
        state = "dropped"
    elif row.agreed is False:
        state = "refused"
    elif row.until_at <= at:
        state = "over"
    else:
        state = "waiting" if row.second and row.agreed is None else "agreed"
    return ExportView(
        id=row.id, by=row.by, asked_at=row.asked_at, until_at=row.until_at, reason=row.reason, scope=row.scope,
        since_at=row.since_at, before_at=row.before_at, count=row.count, second=row.second, second_by=row.second_by,
        agreed=row.agreed, used_at=row.used_at, taken=row.taken, state=state,
    )  # fmt: skip

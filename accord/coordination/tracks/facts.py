"""What was written down on the way, opened with the client's key."""

from __future__ import annotations

from django.db.models import QuerySet

from accord.coordination.tracks.models import Step
from accord.coordination.tracks.rules import unpacked
from accord.sealing.vault import ClientKey

STEP, DUE = "tracks_step", "tracks_due"


def written(key: ClientKey, steps: QuerySet[Step]) -> list[dict[str, str]]:
    """What each step of one track wrote down, in their order."""
    rows = steps.order_by("number").only("id", "facts")
    return [unpacked(key.open(STEP, "facts", row.id, bytes(row.facts))) for row in rows]

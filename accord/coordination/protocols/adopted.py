"""What the community has adopted, as protocols. A text that is adopted never changes, so each is read once."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from accord.coordination.protocols import models
from accord.coordination.protocols.rules import Protocol, loaded

_KNOWN: dict[tuple[str, int], Protocol] = {}


def protocols(at: datetime) -> dict[str, Protocol]:
    """The adopted version of each protocol that is in force at a moment, by code; none where none was adopted."""
    rows = models.Version.objects.filter(begins_at__lte=at).order_by("code", "-number").distinct("code")
    found = {code: protocol(code, number) for code, number in rows.values_list("code", "number")}
    return {code: one for code, one in found.items() if one is not None}


def protocol(code: str, number: int) -> Protocol | None:
    """One adopted version; None when that version was not adopted here."""
    if found := _KNOWN.get((code, number)):
        return found
    text = models.Version.objects.filter(code=code, number=number).values_list("text", flat=True).first()
    if text is None:
        return None
    one = loaded(text)
    # Only once it is sure: an adoption can still be undone in the transaction that reads it.
    transaction.on_commit(lambda: _KNOWN.setdefault((code, number), one))
    return one


def none_of(code: str) -> bool:
    """Whether the community is known to have adopted no version of it. Who asks for no agency knows nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select accord_agency() is not null and not exists (select from protocols_version where code = %s)", [code]
        )
        (none,) = cursor.fetchone()
    return bool(none)


def newest(code: str) -> int:
    """The number of the newest version that was adopted, in force or not yet; 0 when none was."""
    numbers = models.Version.objects.filter(code=code).order_by("-number").values_list("number", flat=True)
    return numbers.first() or 0

"""Changing a protocol: its text from its tables and back, one change at a time, and what is signed. Values only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from accord.policy.words import AgencyKind

#: Letters a protocol has at most. The longest that ships has a third of it.
LONGEST = 60_000


def proposal_id(agency: UUID, code: str, begun_at: datetime) -> UUID:
    """The id of what one agency began about one protocol at one moment; nobody else can put a row under it."""
    said = ["accord/proposal/1", str(agency), code, round(begun_at.timestamp() * 1_000_000)]
    return UUID(bytes=sha256(json.dumps(said).encode()).digest()[:16])


def digest(
    *,
    agency: UUID,
    proposal: UUID,
    number: int,
    code: str,
    based_on: int,
    begins_at: datetime,
    kinds: Iterable[AgencyKind],
    asked: Iterable[AgencyKind],
    text: str,
) -> bytes:
    """The hash a yes is given to: of the text and of all that decides when and for whom it applies. The database makes
    the same (`protocols_digest`)."""
    begins = begins_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    heads = (str(agency), str(proposal), str(number), code, str(based_on), begins, " ".join(kinds), " ".join(asked))
    return sha256("\n".join((*heads, text)).encode()).digest()

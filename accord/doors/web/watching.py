"""Open pages that keep themselves true: they ask again every few seconds, and change only when something changed."""

from __future__ import annotations

import time
from hashlib import sha256

from django.http import HttpRequest

#: The header in which an open page names what it shows. Asking so is not a sign that she is still there.
SEEN = "Accord-Seen"
#: Seconds for which a request works part after part: with htmx the page asks on by itself, without it somebody presses.
PATIENCE, PATIENCE_ALONE = 1.0, 6.0


def mark_of(*shown: object) -> str:
    """A short mark of everything a page shows. It goes to that page and comes back from it, nowhere else."""
    return sha256(repr(shown).encode()).hexdigest()[:16]


def unchanged(request: HttpRequest, seen: str) -> bool:
    """Whether the open page that asks still shows what is true: then answer 204, and nothing on it moves."""
    return bool(request.headers.get(SEEN) == seen)


def pauses(request: HttpRequest) -> float:
    """When a request that works part after part pauses, on the monotonic clock."""
    return time.monotonic() + (PATIENCE if request.htmx else PATIENCE_ALONE)  # type: ignore[attr-defined] # htmx's own

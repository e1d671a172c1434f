"""Open pages that keep themselves true: they ask again every few seconds, and change only when something changed."""

from __future__ import annotations

from hashlib import sha256

from django.http import HttpRequest

#: The header in which an open page names what it shows. Asking so is not a sign that she is still there.
SEEN = "Accord-Seen"


def mark_of(*shown: object) -> str:
    """A short mark of everything a page shows. It goes to that page and comes back from it, nowhere else."""
    return sha256(repr(shown).encode()).hexdigest()[:16]


def unchanged(request: HttpRequest, seen: str) -> bool:
    """Whether the open page that asks still shows what is true: then answer 204, and nothing on it moves."""
    return bool(request.headers.get(SEEN) == seen)

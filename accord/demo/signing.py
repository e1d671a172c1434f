"""How people of the story sign a page."""

from __future__ import annotations

from datetime import date

from accord.policy.words import Element
from accord.sharing.rules import Signing
from accord.vault.rules import Identity


def signature(identity: Identity, method: str, today: date, *, paper_is_safe: bool) -> Signing:
    """She signs; who is under 18 signs beside her aunt, who is her guardian."""
    minor = identity.born is not None and (today - identity.born).days < 18 * 365.25
    return Signing(
        spoken=frozenset(Element),
        method=method,
        copy="given" if paper_is_safe else "refused",
        signature=identity.name,
        minor=minor,
        cosigned=minor,
        cosigner="Her aunt, guardian" if minor else "",
        kept="Locked cabinet" if method == "paper" else "",
    )

"""Who the database believes is asking: a signed note that SQL running as the service cannot forge.

The gate sets `accord.context` for one transaction. `accord_agency()` in PostgreSQL answers only if the note's
HMAC-SHA256 (RFC 2104, built from `sha256()` because the embedded server has no pgcrypto) matches a secret that
the service's own database role cannot read. A bare setting would fall to the first SQL injection
(design/threats.md, T16).
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

#: Seconds a note stays good. Longer than any page; long work enters the gate again per batch.
LIFETIME = 300
BLOCK = 64


def note(secret: bytes, *, agency: UUID | None, account: UUID | None, now: float, lens: str = "live") -> str:
    """The signed note for one transaction. `lens` is `live`, `kept` for the records officer's retained envelopes, or
    `relay` for a recipient that ends what she takes back there."""
    body = f"v1.{agency or '-'}.{account or '-'}.{lens}.{int(now) + LIFETIME}"
    return f"{body}.{hmac.new(secret, body.encode(), sha256).hexdigest()}"


def pads(secret: bytes) -> tuple[bytes, bytes]:
    """The inner and outer padded keys of HMAC-SHA256: what PostgreSQL stores so that it can check a note."""
    key = (sha256(secret).digest() if len(secret) > BLOCK else secret).ljust(BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in key), bytes(b ^ 0x5C for b in key)

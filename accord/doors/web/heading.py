"""Whose page this is: the code and the name at the head of every form about one client."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accord.ledger.permits import Permit
from accord.vault import queries as vault


@dataclass(frozen=True, slots=True)
class Whose:
    """The client a form is about. `name` is empty when she is known by her code alone."""

    id: UUID
    code: str
    name: str


def whose(permit: Permit, client_id: UUID) -> Whose:
    """Needs a permit that may read the client: a form without her name invites writing in the wrong file."""
    herself = vault.herself(permit=permit, client_id=client_id)
    return Whose(client_id, vault.codes(permit=permit, client_ids=[client_id])[client_id], herself.identity.name)

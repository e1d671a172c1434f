"""Consents that were brought in, read anew each time; and our own releases as consents."""

from __future__ import annotations

import base64
import zlib
from uuid import UUID

from accord.ledger.permits import Permit, needs
from accord.partners import queries as partners
from accord.policy.words import Verb
from accord.records.consent import fhir
from accord.records.consent.actions import KIND
from accord.records.consent.rules import Actor, Consent, Given
from accord.sharing import queries as sharing
from accord.sharing.queries import ReleaseView
from accord.sharing.rules import State
from accord.vault import queries as vault

#: How a consent's status says where a release stands. One that has ended says so by its period.
STATUSES = {
    State.DRAFT: "proposed",
    State.EXPLAINED: "proposed",
    State.SIGNED: "active",
    State.EXPIRED: "active",
    State.WITHDRAWN: "inactive",
}


@needs(Verb.READ_CLIENT)
def brought(*, permit: Permit, client_id: UUID, consent_id: UUID) -> Consent | None:
    """One consent in a client's file; None when there is none."""
    for entry in vault.entries(permit=permit, client_id=client_id, entry_ids=[consent_id]):
        if entry.kind == KIND and entry.detail is not None:
            return fhir.parse(zlib.decompress(base64.b64decode(entry.detail.source["original"])))
    return None


@needs(Verb.EXPORT_CLIENT)
def written(*, permit: Permit, client_id: UUID, release_id: UUID) -> bytes | None:
    """One release of a client as a FHIR Consent; None when there is none, or its terms are still open."""
    release = sharing.release(permit=permit, release_id=release_id)
    if release is None or release.client_id != client_id or not release.grants:
        return None
    agencies = partners.directory(permit=permit)
    holder, recipient = agencies[permit.agency_id], agencies[release.recipient_id]
    who = vault.herself(permit=permit, client_id=client_id)
    if release.subject_id != who.id:
        who = vault.somebody(permit=permit, client_id=client_id, person_id=release.subject_id)
    return fhir.write(
        Given(
            id=str(release.id),
            status=STATUSES[release.state],
            subject=Actor(f"Patient/{release.subject_id}", who.identity.name),
            holder=Actor(f"Organization/{holder.id}", holder.name),
            recipient=Actor(f"Organization/{recipient.id}", recipient.name),
            purpose=release.purpose,
            grants=release.grants,
            dated=release.signed_at or release.prepared_at,
            since=release.signed_at or release.prepared_at,
            until=release.until_at,
            signed_at=release.signed_at,
            signer=_signer(permit, release),
            duties=frozenset(holder.duties),
        )
    )


def _signer(permit: Permit, release: ReleaseView) -> str:
    if release.signed_at is None:
        return ""
    return sharing.signature(permit=permit, client_id=release.client_id, release_id=release.id).name

"""A consent from another system becomes an entry of her file. It opens nothing."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from accord.ledger.permits import Permit, needs
from accord.policy.words import Category, Verb
from accord.records.consent import fhir
from accord.sealing.tokens import origin_token
from accord.vault import actions as vault
from accord.vault.rules import Detail, Summary

KIND = "consent"


@needs(Verb.IMPORT_DOCUMENT)
def bring_in(*, permit: Permit, at: datetime, client_id: UUID, data: bytes) -> UUID:
    """Keep one FHIR Consent in a client's file, as it came. Returns the entry's id.

    What may travel with a release of documents says that there is a consent and of when, never whom it names: that
    stays in `source`, with the file itself. Raises ConsentError when it cannot be read or is there already.
    """
    consent = fhir.parse(data)
    dated = consent.dated
    kept = {"document": consent.id, "original": base64.b64encode(zlib.compress(data)).decode()}
    written = vault.add_entries(
        permit=permit,
        at=at,
        client_id=client_id,
        entries=[
            vault.NewEntry(
                kind=KIND,
                category=Category.DOCUMENTS,
                occurred_at=min(dated.begins(UTC), at) if dated else at,
                status=consent.status if consent.status in fhir.STATUSES else "",
                summary=Summary("consent.given", {"date": dated.text}) if dated else Summary("consent.undated"),
                detail=Detail(source=kept),
                origin=origin_token(permit.opened().search_key, sha256(data).hexdigest()),
            )
        ],
    )
    if not written:
        raise fhir.ConsentError("This consent is in her file already.")
    return written[0]

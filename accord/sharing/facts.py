"""How releases look to the law."""

from __future__ import annotations

from uuid import UUID

from accord.policy.facts import Grant, Release, Signer
from accord.policy.words import Category, Element, Level, Purpose, SignerRole
from accord.sharing import models


def release_fact(row: models.Release) -> Release | None:
    """One release as the law sees it; None while unsigned."""
    if row.signed_at is None:
        return None
    return Release(
        id=str(row.id),
        subject=str(row.subject_id),
        holder=str(row.agency_id),
        recipient=str(row.recipient_id),
        purpose=Purpose(row.purpose),
        grants=tuple(Grant(Category(category), Level(level)) for category, level in sorted(row.grants.items())),
        elements=frozenset(Element(element) for element in row.elements),
        signed_at=row.signed_at,
        until=row.until_at,
        signer=Signer(
            role=SignerRole(row.signer_role),
            minor=row.signer_minor,
            alone=row.signer_alone,
            cosigned=row.signer_cosigned,
            abuser=row.signer_abuser,
        ),
        withdrawn_at=row.withdrawn_at,
        long_because=row.long_because is not None,
    )


def locked(release_id: UUID) -> models.Release | None:
    """The holder's release, locked until the transaction ends, so that a withdrawal waits for a disclosure that
    relies on it, and a disclosure after it finds it withdrawn."""
    return models.Release.objects.select_for_update().filter(id=release_id).first()

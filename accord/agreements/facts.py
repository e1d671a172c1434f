"""How drafts look: rows that are what they say, and what they say as values."""

from __future__ import annotations

from uuid import UUID

from accord.agreements import models
from accord.agreements.rules import Content, Flow, digest, draft_id


def draft(id: UUID) -> models.Draft | None:
    """The draft under this id; a row that somebody else put under it is not it."""
    return next((row for row in models.Draft.objects.filter(id=id) if _is_itself(row)), None)


def drafts() -> list[models.Draft]:
    """Every draft the asking agency is a party of."""
    return [row for row in models.Draft.objects.order_by("started_at", "id") if _is_itself(row)]


def versions(row: models.Draft) -> list[models.Version]:
    """Its versions in order, as far as each is what its hash says and follows the one before."""
    found: list[models.Version] = []
    before = b""
    for version in models.Version.objects.filter(draft=row.id, parties=row.parties).order_by("number"):
        said = digest(row.id, version.number, before, content_of(version))
        if bytes(version.digest) != said or bytes(version.before) != before:
            break
        found.append(version)
        before = said
    return found


def content_of(row: models.Version) -> Content:
    """What a version says."""
    return Content(row.title, tuple(sorted(row.parties)), row.sections, tuple(map(Flow.of, row.flows)))


def comments(row: models.Draft) -> list[models.Comment]:
    """What the parties said about it, in order."""
    return list(models.Comment.objects.filter(draft=row.id, parties=row.parties).order_by("said_at", "id"))


def _is_itself(row: models.Draft) -> bool:
    return bool(row.id == draft_id(row.agency_id, row.parties, row.started_at))

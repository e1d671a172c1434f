"""How vault rows look to the law."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from accord.policy.facts import Thing
from accord.policy.words import Category, Mark, Relation
from accord.vault.models import Entry, Person


def client_thing(client_id: UUID) -> Thing | None:
    """The client herself as a thing, or None when she is not in this agency's vault or has been deleted."""
    person = (
        Person.objects.filter(client_id=client_id, relation=Relation.SELF, client__wrapped_key__isnull=False)
        .values_list("id", flat=True)
        .first()
    )
    return person and Thing(category=Category.IDENTITY, subject=str(person), id=str(client_id))


def entry_things(client_id: UUID, categories: Iterable[str] | None = None, entry_id: UUID | None = None) -> list[Thing]:
    """Entries of one client as things, newest first, optionally only some categories or one entry."""
    rows = Entry.objects.filter(client_id=client_id)
    if categories is not None:
        rows = rows.filter(category__in=list(categories))
    if entry_id is not None:
        rows = rows.filter(id=entry_id)
    return [
        Thing(
            category=Category(row["category"]),
            subject=str(row["about_id"]),
            relation=Relation(row["about__relation"]),
            marks=frozenset(Mark(mark) for mark in row["marks"]),
            id=str(row["id"]),
        )
        for row in rows.order_by("-occurred_at", "id").values("id", "category", "marks", "about_id", "about__relation")
    ]

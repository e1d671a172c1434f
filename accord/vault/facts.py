"""How vault rows look to the law."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet, Value

from accord.ledger.permits import Permit, Scope
from accord.policy.facts import Thing
from accord.policy.words import Category, Mark, Relation
from accord.sealing.vault import ClientKey, Vault
from accord.vault.models import Client, Entry, Person, Team, Wall

M = TypeVar("M", bound=models.Model)


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
    return _things(rows.order_by("-occurred_at", "id"))


def things(entry_ids: Iterable[UUID]) -> dict[UUID, Thing]:
    """Entries, of whichever clients, as things by id."""
    return {UUID(thing.id): thing for thing in _things(Entry.objects.filter(id__in=list(entry_ids)))}


def _things(rows: QuerySet[Entry]) -> list[Thing]:
    return [
        Thing(
            category=Category(row["category"]),
            subject=str(row["about_id"]),
            relation=Relation(row["about__relation"]),
            marks=frozenset(Mark(mark) for mark in row["marks"]),
            id=str(row["id"]),
        )
        for row in rows.values("id", "category", "marks", "about_id", "about__relation")
    ]


def scope(member_id: UUID, *, teams: bool) -> tuple[Scope, frozenset[str]]:
    """What one member may know of, and the persons she may not work with: everybody in the files she is walled off.

    `teams`: her agency keeps each file to the people who work with her. Files about one person, merged, stand and fall
    together. One small query; two more only for somebody who is walled off a file. The rows of files are not joined:
    in a large agency PostgreSQL would read all of them for a caseload of some hundred.
    """
    rows = _marked("wall", Wall.objects.filter(member_id=member_id, lifted_at__isnull=True))
    if teams:
        working = _marked("team", Team.objects.filter(member_id=member_id, ended_at__isnull=True))
        rows = rows.union(working, _merged(), all=True)
    found: dict[str, dict[UUID, UUID]] = {"wall": {}, "team": {}, "merged": {}}
    for kind, file, belongs_to in rows:
        found[kind][file] = belongs_to
    if found["wall"] and not teams:
        found["merged"] = {file: belongs_to for _kind, file, belongs_to in _merged()}
    hidden = _families(found["wall"], found["merged"])
    only = _families(found["team"], found["merged"]) if teams else None
    subjects = Person.objects.filter(client_id__in=hidden).values_list("id", flat=True) if hidden else ()
    return Scope(hidden, only), frozenset(str(person) for person in subjects)


def within(permit: Permit, rows: QuerySet[M], field: str = "client_id") -> QuerySet[M]:
    """The rows about files this member may know of. Every list over several clients goes through here."""
    if permit.scope.hidden:
        rows = rows.exclude(**{f"{field}__in": permit.scope.hidden})
    if permit.scope.only is not None:
        rows = rows.filter(**{f"{field}__in": permit.scope.only})
    return rows


def family(client_id: UUID) -> list[UUID]:
    """The files about one person: the one asked for, then those merged into it. One that is merged itself stands alone:
    what is signed, sent or written in it stays its own."""
    merged = Client.objects.filter(merged_into=client_id, wrapped_key__isnull=False).order_by("merged_at", "id")
    return [client_id, *merged.values_list("id", flat=True)]


def files(client_id: UUID) -> QuerySet[Client]:
    """`family` as a part of another question: `client_id__in=files(...)` asks nothing of its own."""
    return Client.objects.filter(Q(id=client_id) | Q(merged_into=client_id)).values("id")


def _marked(kind: str, rows: QuerySet[M]) -> QuerySet[Any, Any]:
    return rows.values_list(Value(kind), "client_id", "client_id")


def _merged() -> QuerySet[Any, Any]:
    """Every merged file of the agency and the one it belongs to; they are few, and have an index of their own."""
    rows = Client.objects.filter(merged_into__isnull=False)
    return rows.values_list(Value("merged"), "id", "merged_into_id")


def _families(ids: Iterable[UUID], merged: Mapping[UUID, UUID]) -> frozenset[UUID]:
    """These files and every other about the same people."""
    roots = {merged.get(id, id) for id in ids}
    return frozenset(roots | {file for file, belongs_to in merged.items() if belongs_to in roots})


def client_key(vault: Vault, client: Client) -> ClientKey:
    """Her key, opened. Raises WrongKey, or Shred.DoesNotExist for somebody deleted."""
    return vault.client_key(client.id, bytes(client.wrapped_key), bytes(client.shred.secret))

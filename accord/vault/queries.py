"""What an agency may look at in its own vault, opened with its key and written into the permit as shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef

from accord.accounts.rules import CODE_ALPHABET
from accord.ledger.permits import Permit, needs
from accord.policy.words import Category, Level, Relation, Verb
from accord.sealing.tokens import Token as SearchToken
from accord.sealing.tokens import code_token, date_token, query_tokens
from accord.sealing.vault import ClientKey
from accord.vault.models import Case, Client, Entry, Person, Token
from accord.vault.rules import CODE_LENGTH, Detail, Identity, SafeContact, Summary

#: A search shows at most this many; beyond it the page asks for more of the name.
MOST_FOUND = 50
MOST_ENTRIES = 200

CODE = re.compile(rf"[A-Z]{{1,4}}-[{CODE_ALPHABET}]{{{CODE_LENGTH}}}")
#: As typed into a search box: ISO, then month first, then day first, because the first that can be read wins.
DATE_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y")


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One client in a list. `name` is empty when she is known by her code alone."""

    id: UUID
    code: str
    name: str
    status: str
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class PersonView:
    id: UUID
    relation: Relation
    identity: Identity
    contact: SafeContact


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry. `detail` is None in lists, where only the summary is opened."""

    id: UUID
    client_id: UUID
    about_id: UUID
    kind: str
    category: Category
    status: str
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: UUID | None
    imported: bool
    summary: Summary
    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class ClientView:
    """One client's file as her own agency keeps it."""

    id: UUID
    code: str
    status: str
    opened_at: datetime
    herself: PersonView
    others: tuple[PersonView, ...]
    harms: tuple[str, ...]
    entries: tuple[EntryView, ...]
    more_entries: bool


@needs(Verb.FIND_CLIENTS)
def find(*, permit: Permit, text: str) -> tuple[list[ClientLine], bool]:
    """Own clients whose story holds every typed word: a name or alias (whole word, then sound and first three letters),
    a birth date, or a code. Returns at most `MOST_FOUND` lines, whole words first, and whether there were more."""
    wanted = _tokens(permit.opened().search_key, text)
    if not wanted:
        return [], False
    found: dict[UUID, None] = {}
    for depth in (1, None):
        # Tokens only, and no order: with 100,000 clients a common name would have to be sorted before the first fifty.
        first, *others = [[token.value for token in alternatives[:depth]] for alternatives in wanted]
        rows = Token.objects.filter(value__in=first)
        for values in others:
            same = Token.objects.filter(agency_id=OuterRef("agency_id"), client_id=OuterRef("client_id"))
            rows = rows.filter(Exists(same.filter(value__in=values)))
        for client_id in rows.values_list("client_id", flat=True).distinct()[: MOST_FOUND + 1]:
            found.setdefault(client_id)
        if len(found) > MOST_FOUND:
            break
    place = {client_id: number for number, client_id in enumerate(found)}
    lines = _lines(permit, Client.objects.filter(id__in=list(found)[:MOST_FOUND]))
    return sorted(lines, key=lambda line: place[line.id]), len(found) > MOST_FOUND


@needs(Verb.FIND_CLIENTS, Verb.READ_DAY)
def recent(*, permit: Permit, limit: int = MOST_FOUND) -> list[ClientLine]:
    """Own open clients, last touched first."""
    rows = Client.objects.filter(wrapped_key__isnull=False, status="open").order_by("-touched_at")[:limit]
    return _lines(permit, rows)


@needs(Verb.READ_CLIENT, Verb.READ_DAY, Verb.FIND_CLIENTS, Verb.READ_LEDGER)
def codes(*, permit: Permit, client_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Codes of own clients, for lists and logs that name nobody."""
    return dict(Client.objects.filter(id__in=client_ids).values_list("id", "code"))


@needs(Verb.READ_LEDGER)
def coded(*, permit: Permit, code: str) -> UUID | None:
    """The id behind an own client's code, deleted or not; None when there is none."""
    return Client.objects.filter(code=code.strip().upper()).values_list("id", flat=True).first()


@needs(Verb.READ_CLIENT)
def client(*, permit: Permit, client_id: UUID, entries: int = MOST_ENTRIES) -> ClientView:
    """One client's file: people, case, and summaries of her entries, newest first."""
    row = Client.objects.get(id=client_id, wrapped_key__isnull=False)
    key = permit.opened().client_key(row.id, bytes(row.wrapped_key))
    people = [_person(key, person) for person in Person.objects.filter(client_id=client_id)]
    herself = next(person for person in people if person.relation is Relation.SELF)
    harms = Case.objects.filter(client_id=client_id).order_by("-opened_at").values_list("harms", flat=True).first()
    rows = list(Entry.objects.filter(client_id=client_id).defer("detail").order_by("-occurred_at", "id")[: entries + 1])
    shown = [_entry(key, entry, with_detail=False) for entry in rows[:entries]]
    permit.show("client", client_id, Level.FULL)
    for entry in shown:
        permit.show("entry", entry.id, Level.SUMMARY)
    return ClientView(
        id=row.id,
        code=row.code,
        status=row.status,
        opened_at=row.opened_at,
        herself=herself,
        others=tuple(person for person in people if person.relation is not Relation.SELF),
        harms=tuple(harms or ()),
        entries=tuple(shown),
        more_entries=len(rows) > entries,
    )


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.DISCLOSE, Verb.EXPORT_CLIENT)
def entries(
    *,
    permit: Permit,
    client_id: UUID,
    entry_ids: Sequence[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = MOST_ENTRIES,
) -> list[EntryView]:
    """Entries of one client with their detail, newest first; `after` (moment, id) continues a batch."""
    row = Client.objects.get(id=client_id, wrapped_key__isnull=False)
    key = permit.opened().client_key(row.id, bytes(row.wrapped_key))
    rows = Entry.objects.filter(client_id=client_id)
    if entry_ids is not None:
        rows = rows.filter(id__in=list(entry_ids))
    if after is not None:
        rows = rows.filter(occurred_at__lte=after[0]).exclude(occurred_at=after[0], id__lte=after[1])
    views = [_entry(key, entry, with_detail=True) for entry in rows.order_by("-occurred_at", "id")[:limit]]
    for view in views:
        permit.show("entry", view.id, Level.FULL)
    return views


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE)
def held(*, permit: Permit, client_id: UUID) -> Mapping[Category, int]:
    """How many entries of each category a file holds; none is opened."""
    counts = Entry.objects.filter(client_id=client_id).values_list("category").annotate(held=Count("id"))
    return {Category(category): count for category, count in counts}


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.DISCLOSE, Verb.EXPORT_CLIENT)
def herself(*, permit: Permit, client_id: UUID) -> PersonView:
    """Who the client is."""
    row = Client.objects.get(id=client_id, wrapped_key__isnull=False)
    key = permit.opened().client_key(row.id, bytes(row.wrapped_key))
    permit.show("client", client_id, Level.FULL)
    return _person(key, Person.objects.get(client_id=client_id, relation=Relation.SELF))


def _lines(permit: Permit, rows: Sequence[Client]) -> list[ClientLine]:
    rows = list(rows)
    vault = permit.opened()
    people = {
        person.client_id: person
        for person in Person.objects.filter(client_id__in=[row.id for row in rows], relation=Relation.SELF)
    }
    lines = []
    for row in rows:
        key = vault.client_key(row.id, bytes(row.wrapped_key))
        name = _person(key, people[row.id]).identity.name
        lines.append(ClientLine(row.id, row.code, name, row.status, row.touched_at))
        permit.show("client", row.id, Level.EXISTENCE)
    return lines


def _person(key: ClientKey, row: Person) -> PersonView:
    return PersonView(
        id=row.id,
        relation=Relation(row.relation),
        identity=Identity.of(key.open("vault_person", "identity", row.id, bytes(row.identity))),
        contact=SafeContact.of(key.open("vault_person", "contact", row.id, bytes(row.contact)))
        if row.contact
        else SafeContact(),
    )


def _entry(key: ClientKey, row: Entry, *, with_detail: bool) -> EntryView:
    return EntryView(
        id=row.id,
        client_id=row.client_id,
        about_id=row.about_id,
        kind=row.kind,
        category=Category(row.category),
        status=row.status,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        imported=row.origin is not None,
        summary=Summary.of(key.open("vault_entry", "summary", row.id, bytes(row.summary))),
        detail=Detail.of(key.open("vault_entry", "detail", row.id, bytes(row.detail))) if with_detail else None,
    )


def _tokens(key: bytes, text: str) -> list[list[SearchToken]]:
    """What to look for: per typed word, its tokens from the surest to the vaguest."""
    text = text.strip()
    if CODE.fullmatch(text.upper()):
        return [[code_token(key, text.upper())]]
    for form in DATE_FORMS:
        with suppress(ValueError):
            return [[date_token(key, datetime.strptime(text, form).replace(tzinfo=UTC).date())]]
    return query_tokens(key, text)

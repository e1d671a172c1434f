"""What an agency does in its own vault. Every verb takes the permit and the moment, changes rows, records the deed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from accord.ledger.permits import Permit, needs
from accord.partners import actions as partners
from accord.partners.models import Agency
from accord.policy.words import Category, Mark, Relation, Verb
from accord.sealing.tokens import Token as SearchToken
from accord.sealing.tokens import code_token, date_token, name_tokens
from accord.sealing.vault import ClientKey
from accord.vault.models import Case, Client, Entry, Person, Token
from accord.vault.rules import (
    CODE_LENGTH,
    HARMS,
    Detail,
    Identity,
    InvalidEntry,
    SafeContact,
    Summary,
    code,
)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One entry to be written down. `about` None means the client herself; `origin` is the digest of an imported
    element, so that the same element is kept once."""

    kind: str
    category: Category
    occurred_at: datetime
    summary: Summary
    detail: Detail = field(default_factory=Detail)
    about: UUID | None = None
    marks: frozenset[Mark] = frozenset()
    status: str = ""
    origin: bytes | None = None


@needs(Verb.OPEN_CLIENT, Verb.ACCEPT_ENVELOPE)
def open_client(
    *,
    permit: Permit,
    at: datetime,
    identity: Identity,
    contact: SafeContact | None = None,
    harms: Sequence[str] = (),
) -> UUID:
    """Open a file: client, herself as a person, a case, and the tokens she is found by. Returns the client's id.

    Raises InvalidEntry for values that cannot be kept.
    """
    identity = identity.checked(at.date())
    contact = (contact or SafeContact()).checked()
    if unknown := set(harms) - set(HARMS):
        raise InvalidEntry(f"Unknown kind of harm: {', '.join(sorted(unknown))}.")
    vault = permit.opened()
    client_id = uuid4()
    prefix = Agency.objects.values_list("prefix", flat=True).get(id=permit.agency_id)
    client = Client.objects.create(
        id=client_id,
        agency_id=permit.agency_id,
        code=_free_code(prefix),
        wrapped_key=vault.new_client_key(client_id),
        key_version=vault.current,
        opened_at=at,
        touched_at=at,
    )
    key = vault.client_key(client_id, client.wrapped_key)
    person = _add_person(permit, key, client, Relation.SELF, identity, contact)
    Case.objects.create(agency_id=permit.agency_id, client_id=client_id, harms=list(harms), opened_at=at)
    permit.record("client_opened", client_id)
    permit.record("person_added", person.id)
    return client_id


@needs(Verb.EDIT_CLIENT)
def add_person(*, permit: Permit, at: datetime, client_id: UUID, relation: Relation, identity: Identity) -> UUID:
    """Add somebody to a client's story: a child, a household member, the respondent."""
    if relation is Relation.SELF:
        raise InvalidEntry("A client is herself only once.")
    client, key = _client(permit, client_id)
    person = _add_person(permit, key, client, relation, identity.checked(at.date()), None)
    _touch(client_id, at)
    permit.record("person_added", person.id)
    added: UUID = person.id
    return added


@needs(Verb.EDIT_CLIENT, Verb.CONFIRM_VALUE)
def edit_person(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    person_id: UUID,
    identity: Identity | None = None,
    contact: SafeContact | None = None,
) -> None:
    """Replace who somebody is, or how she may be reached. None leaves it as it was."""
    client, key = _client(permit, client_id)
    person = Person.objects.get(id=person_id, client_id=client_id)
    if identity is not None:
        identity = identity.checked(at.date())
        person.identity = key.seal("vault_person", "identity", person.id, identity.packed())
        Token.objects.filter(person_id=person.id).delete()
        _index(permit, client, person, identity)
    if contact is not None:
        person.contact = key.seal("vault_person", "contact", person.id, contact.checked().packed())
    person.save(update_fields=["identity", "contact"])
    _touch(client_id, at)
    permit.record("person_changed", person.id)


@needs(Verb.ADD_ENTRY, Verb.IMPORT_DOCUMENT, Verb.CONFIRM_VALUE)
def add_entries(*, permit: Permit, at: datetime, client_id: UUID, entries: Iterable[NewEntry]) -> list[UUID]:
    """Write entries down together or not at all. An entry whose `origin` is already there is passed over.

    Returns the ids of what was written, in order. Raises InvalidEntry.
    """
    client, key = _client(permit, client_id)
    case_id = Case.objects.filter(client_id=client_id).order_by("-opened_at").values_list("id", flat=True)[0]
    herself = Person.objects.filter(client_id=client_id, relation=Relation.SELF).values_list("id", flat=True)[0]
    known = {
        bytes(origin)
        for origin in Entry.objects.filter(client_id=client_id, origin__isnull=False).values_list("origin", flat=True)
    }
    rows: list[Entry] = []
    for entry in entries:
        if entry.origin is not None:
            if entry.origin in known:
                continue
            known.add(entry.origin)
        row = Entry(
            agency_id=permit.agency_id,
            client_id=client_id,
            case_id=case_id,
            about_id=entry.about or herself,
            kind=entry.kind,
            category=entry.category,
            marks=sorted(entry.marks),
            status=entry.status,
            occurred_at=entry.occurred_at,
            recorded_at=at,
            recorded_by=permit.member_id,
            origin=entry.origin,
        )
        row.summary = key.seal("vault_entry", "summary", row.id, entry.summary.packed())
        detail = entry.detail if entry.origin else entry.detail.checked()
        row.detail = key.seal("vault_entry", "detail", row.id, detail.packed())
        rows.append(row)
    Entry.objects.bulk_create(rows)
    if rows:
        _touch(client_id, at)
    for row in rows:
        permit.record("entry_added", row.id)
    return [row.id for row in rows]


@needs(Verb.DELETE_CLIENT)
def delete_client(*, permit: Permit, at: datetime, client_id: UUID) -> None:
    """Destroy her key, her entries and what she was found by. Ids, codes of releases and the ledger stay, for the
    accounting of disclosures; nothing that is left opens."""
    Token.objects.filter(client_id=client_id).delete()
    Entry.objects.filter(client_id=client_id).delete()
    Person.objects.filter(client_id=client_id).update(identity=b"", contact=None)
    Client.objects.filter(id=client_id).update(wrapped_key=None, status="closed", closed_at=at, touched_at=at)
    permit.record("client_deleted", client_id)


@needs(Verb.MANAGE_KEYS)
def rewrap_clients(*, permit: Permit, limit: int) -> int:
    """Re-wrap up to `limit` client keys that are not under the current vault key. Returns how many are still left:
    0 means the old key is no longer needed."""
    vault = permit.opened()
    stale = Client.objects.filter(wrapped_key__isnull=False).exclude(key_version=vault.current)
    rows = list(stale.select_for_update(skip_locked=True).only("id", "wrapped_key")[:limit])
    for row in rows:
        row.wrapped_key = vault.rewrap(row.id, bytes(row.wrapped_key))
        row.key_version = vault.current
    Client.objects.bulk_update(rows, ["wrapped_key", "key_version"])
    permit.record("keys_rewrapped", permit.agency_id)
    left: int = stale.count()
    return left


@needs(Verb.MANAGE_KEYS)
def drop_older_keys(*, permit: Permit, at: datetime) -> None:
    """Forget the vault keys that wrap no client any more. Ask only when requests that opened the vault before the last
    turn have ended (sealing/README.md): such a request may still write a client under the older key."""
    needed = Client.objects.filter(wrapped_key__isnull=False).values_list("key_version", flat=True).distinct()
    partners.forget_keys(permit=permit, at=at, needed=frozenset(needed))


def _free_code(prefix: str) -> str:
    while Client.objects.filter(code=(found := code(prefix, secrets.token_bytes(CODE_LENGTH)))).exists():
        pass
    return found


def _client(permit: Permit, client_id: UUID) -> tuple[Client, ClientKey]:
    client = Client.objects.get(id=client_id, wrapped_key__isnull=False)
    return client, permit.opened().client_key(client_id, bytes(client.wrapped_key))


def _touch(client_id: UUID, at: datetime) -> None:
    Client.objects.filter(id=client_id).update(touched_at=at)


def _add_person(
    permit: Permit, key: ClientKey, client: Client, relation: Relation, identity: Identity, contact: SafeContact | None
) -> Person:
    person = Person(agency_id=permit.agency_id, client_id=client.id, relation=relation)
    person.identity = key.seal("vault_person", "identity", person.id, identity.packed())
    if contact is not None:
        person.contact = key.seal("vault_person", "contact", person.id, contact.packed())
    person.save(force_insert=True)
    _index(permit, client, person, identity)
    return person


def _index(permit: Permit, client: Client, person: Person, identity: Identity) -> None:
    """Tokens are written for everybody in a story; a search for the respondent's name finds the file too."""
    key = permit.opened().search_key
    tokens: set[SearchToken] = set()
    for name in identity.names:
        tokens |= name_tokens(key, name)
    if identity.born:
        tokens.add(date_token(key, identity.born))
    if person.relation == Relation.SELF:
        tokens.add(code_token(key, client.code))
    Token.objects.bulk_create(
        Token(agency_id=permit.agency_id, value=token.value, person_id=person.id, client_id=client.id)
        for token in tokens
    )

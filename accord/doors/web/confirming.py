"""She confirmed what a partner had said: from then on it is our own, and stays when the envelope ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from accord.doors.web.labels import summary_text
from accord.ledger.permits import Permit
from accord.sharing.queries import EnvelopeView
from accord.sharing.rules import GAP, Content
from accord.vault import actions as vault_actions
from accord.vault import queries as vault
from accord.vault.actions import NewEntry
from accord.vault.rules import Detail, Identity, SafeContact, Summary


def confirmable(view: EnvelopeView) -> bool:
    """Whether there is anything she could confirm. Where a partner's work stands is the partner's to say: confirmed, it
    would be told on as ours."""
    return bool(view.content.summary) and view.content.kind != GAP


def ours(permit: Permit, client_id: UUID, view: EnvelopeView) -> UUID:
    """Make our own of what she confirmed. Returns the id of the person or the entry it became."""
    content = view.content
    if content.kind in ("identity", "safe_contact"):
        herself = vault.herself(permit=permit, client_id=client_id)
        vault_actions.edit_person(
            permit=permit,
            at=permit.at,
            client_id=client_id,
            person_id=herself.id,
            identity=with_identity(herself.identity, content) if content.kind == "identity" else None,
            contact=with_contact(herself.contact, content) if content.kind == "safe_contact" else None,
        )
        return herself.id
    entry = _entry(permit, view)
    return vault_actions.add_entries(permit=permit, at=permit.at, client_id=client_id, entries=[entry])[0]


def _entry(permit: Permit, view: EnvelopeView) -> NewEntry:
    """The coded values stay coded, so that lists and due days go on working; the words say how we know."""
    content = view.content
    summary: Mapping[str, Any] = content.summary or {}
    told = gettext("Confirmed with her: %(what)s") % {"what": summary_text(summary)}
    return NewEntry(
        kind=content.kind,
        category=content.category,
        occurred_at=content.occurred_at or permit.at,
        status=content.status,
        summary=Summary(template=summary.get("template", ""), values=summary.get("values", {}), text=told),
        detail=Detail(
            values=content.values or {},
            narrative=content.narrative,
            source={"confirmed": "herself", "first_from": str(view.holder_id), "envelope": str(view.id)},
        ),
    )


def with_identity(own: Identity, content: Content) -> Identity:
    """Our values, with hers over them where the envelope has any. A summary has a name and nothing else."""
    told: Mapping[str, Any] = content.values or {}
    if not told:
        name = (content.summary or {}).get("values", {}).get("name", "")
        return own if name in own.names else replace(own, chosen=name)
    names = ("given", "family", "chosen", "pronouns", "language", "interpreter", "interpreter_language")
    words = {name: told[name] for name in names if told.get(name)}
    born = date.fromisoformat(told["born"]) if told.get("born") else own.born
    aliases = tuple(dict.fromkeys((*own.aliases, *told.get("aliases", ()))))
    return replace(own, **words, born=born, aliases=aliases)


def with_contact(own: SafeContact, content: Content) -> SafeContact:
    """Our card, with theirs over it. Where she lives and whom she named do not travel; if they came, they stay out."""
    told: Mapping[str, Any] = content.values or (content.summary or {}).get("values", {})
    return own.told({name: value for name, value in told.items() if name not in ("address", "through")})

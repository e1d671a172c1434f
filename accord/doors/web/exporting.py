"""What leaves as a file: the shapes of its lines, and batches that enter the gate one by one.

JSON Lines (jsonlines.org): one object a line, UTF-8. One client's file and a whole caseload have the same lines.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import close_old_connections
from django.http import HttpRequest

from accord.coordination.tracks import queries as tracks
from accord.doors.web.knocking import entering
from accord.gate import Refused, SignInAgain
from accord.ledger.permits import Permit
from accord.sharing import queries as sharing
from accord.vault import queries as vault

log = logging.getLogger(__name__)

Rows = list[dict[str, Any]]
T = TypeVar("T")


def batch(request: HttpRequest, read: Callable[[Permit], T], client_id: UUID | None = None) -> T | None:
    """One batch behind one permit; None when the gate says no or something was taken back meanwhile."""
    try:
        with entering(request, client=client_id) as permit:
            return read(permit)
    except (Refused, SignInAgain):
        return None
    except Exception:
        # The server would print it with its values; our log keeps the kind and the line only.
        log.exception("export")
        return None
    finally:
        # The server may run each step in another thread, and Django returns only the connection of the last one.
        close_old_connections()


def lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as they are written down."""
    return b"".join(json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n" for row in rows)


def file_lines(file: vault.ClientView) -> Rows:
    """Who she is: the file's own line, then everybody in her story."""
    first = {"line": "client", "code": file.code, "opened_at": file.opened_at, "harms": file.harms}
    people = (file.herself, *(each.herself for each in file.merged), *file.others)
    return [
        first,
        *(
            {
                "line": "person",
                "id": person.id,
                "relation": person.relation,
                "identity": asdict(person.identity),
                "safe_contact": asdict(person.contact),
            }
            for person in people
        ),
    ]


def envelope_lines(client_id: UUID, ids: Sequence[UUID], names: Mapping[UUID, str], permit: Permit) -> Rows:
    """Envelopes that still live. Raises Refused when one of them has ended."""
    envelopes = sharing.received(permit=permit, client_id=client_id, ids=ids, limit=len(ids)) if ids else []
    if len(envelopes) < len(ids):
        raise Refused
    return [
        {
            "line": "envelope",
            "id": envelope.id,
            "from": names[envelope.holder_id],
            "level": envelope.level.code,
            "purpose": envelope.purpose,
            "sent_at": envelope.sent_at,
            "until_at": envelope.until_at,
            "she_confirmed": envelope.confirmed,
            # whom she asked to be kept from is for the gate alone
            "content": json.loads(replace(envelope.content, kept_from=()).packed()),
        }
        for envelope in envelopes
    ]


def entries_after(client_id: UUID, after: tuple[datetime, UUID] | None, limit: int, permit: Permit) -> Rows:
    """Her entries after one of them, with their detail."""
    return entry_lines(vault.entries(permit=permit, client_id=client_id, after=after, limit=limit))


def entry_lines(rows: Sequence[vault.EntryView]) -> Rows:
    """Entries with their detail."""
    return [
        {
            "line": "entry",
            "id": row.id,
            "kind": row.kind,
            "category": row.category,
            "about": row.about_id,
            "status": row.status,
            "occurred_at": row.occurred_at,
            "recorded_at": row.recorded_at,
            "recorded_by": row.recorded_by,
            "summary": json.loads(row.summary.packed()),
            "detail": json.loads(row.detail.packed()) if row.detail else None,
        }
        for row in rows
    ]


def track_lines(views: Iterable[tracks.TrackView]) -> Rows:
    """Her cases, each with the steps it took and the clocks that ran."""
    return [
        {
            "line": "track",
            "id": view.line.id,
            "protocol": view.line.protocol.code,
            "version": view.line.protocol.version,
            "about": view.line.about_id,
            "state": view.line.state.code,
            "begun_at": view.line.begun_at,
            "ended_at": view.line.ended_at,
            "steps": [
                {
                    "step": step.code,
                    "to": step.to.code,
                    "version": step.protocol.version,
                    "occurred_at": step.occurred_at,
                    "recorded_at": step.recorded_at,
                    "recorded_by": step.recorded_by,
                    "facts": dict(step.facts),
                    "because": step.because,
                    "entry": step.entry,
                }
                for step in view.steps
            ],
            "dues": [
                {
                    "due": each.rule.code,
                    "opens_at": each.opens_at,
                    "due_at": each.due_at,
                    "agreed_at": each.agreed_at,
                    "met_at": each.met_at,
                    "how": each.how,
                    "why": each.why,
                }
                for each in view.dues
            ],
        }
        for view in views
    ]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)

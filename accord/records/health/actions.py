"""Health documents and exams become entries of the agency's own vault."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any
from uuid import UUID

from accord.ledger.permits import Permit, needs
from accord.policy.words import Category, Verb
from accord.records.health import ccda, rules
from accord.sealing.tokens import origin_token
from accord.vault import actions as vault
from accord.vault import queries
from accord.vault.rules import Detail, Summary


class UncertainPatient(Exception):
    """Too little is known to tell whose document it is; a person must say so. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one document: entries added, elements already there, and what was not understood."""

    title: str
    added: int
    already: int
    not_understood: tuple[ccda.NotUnderstood, ...]


@needs(Verb.IMPORT_DOCUMENT)
def import_document(
    *, permit: Permit, at: datetime, client_id: UUID, data: bytes, checked_by_hand: bool = False
) -> Imported:
    """Read one C-CDA document into a client's file, all of it or nothing. The same document twice adds nothing.

    Raises DocumentError when it cannot be read or is about somebody else, and UncertainPatient when that cannot be
    told and nobody has checked it by hand.
    """
    document = ccda.parse(data)
    _same_person(permit, client_id, document, checked_by_hand)
    key = permit.opened().search_key
    entries = [_entry(key, document, item, at) for item in document.items]
    entries.append(_of_document(key, document, data, at))
    added = vault.add_entries(permit=permit, at=at, client_id=client_id, entries=entries)
    return Imported(document.title, len(added), len(entries) - len(added), document.not_understood)


@needs(Verb.ADD_ENTRY)
def note(
    *, permit: Permit, at: datetime, client_id: UUID, kind: str, values: Mapping[str, Any], narrative: str, day: date
) -> UUID:
    """Write down an exam, an injury finding or a visit by its coded fields. Raises NotCoded, InvalidEntry."""
    coded = rules.check(kind, values)
    template, filled = rules.summary(kind, coded)
    entry = vault.NewEntry(
        kind=kind,
        category=rules.KINDS[kind],
        occurred_at=_noon(day),
        status=str(coded.get("status", "")),
        summary=Summary(template=template, values=filled),
        detail=Detail(values=coded, narrative=narrative),
    )
    return vault.add_entries(permit=permit, at=at, client_id=client_id, entries=[entry])[0]


@needs(Verb.ADD_ENTRY)
def plan_follow_ups(*, permit: Permit, at: datetime, client_id: UUID, exam_day: date) -> int:
    """The visits that follow a forensic exam (facts 4.3), each as an entry. Returns how many."""
    visits = rules.follow_ups(exam_day)
    for visit in visits:
        note(
            permit=permit,
            at=at,
            client_id=client_id,
            kind="visit",
            values=visit.values(),
            narrative="",
            day=visit.first_day,
        )
    return len(visits)


def _same_person(permit: Permit, client_id: UUID, document: ccda.Document, checked_by_hand: bool) -> None:
    who = queries.herself(permit=permit, client_id=client_id).identity
    given, family = who.given, who.family
    names = [(given, family), *((alias.rpartition(" ")[0], alias.rpartition(" ")[2]) for alias in who.aliases)]
    if who.chosen and family:
        names.append((who.chosen, family))
    verdicts = [
        ccda.same_person(document.patient, each_given, each_family, who.born) for each_given, each_family in names
    ]
    if any(verdict.sameness is ccda.Sameness.SAME for verdict in verdicts):
        return
    if all(verdict.sameness is ccda.Sameness.DIFFERENT for verdict in verdicts):
        raise ccda.DocumentError(verdicts[0].sentence)
    if not checked_by_hand:
        raise UncertainPatient(
            next(verdict.sentence for verdict in verdicts if verdict.sameness is ccda.Sameness.UNKNOWN)
        )


def _entry(key: bytes, document: ccda.Document, item: ccda.Item, at: datetime) -> vault.NewEntry:
    template, filled = rules.summary(item.kind, item.coded())
    values: dict[str, Any] = {
        "display": item.display,
        "code": item.code.code,
        "system": item.code.system,
        **item.values,
    }
    if item.start:
        values["start"] = item.start.iso
    if item.end:
        values["end"] = item.end.iso
    if item.details:
        values["details"] = list(item.details)
    if item.media:
        values["media_type"] = item.media.media_type
        values["media"] = base64.b64encode(item.media.data).decode()
    when = item.start or document.effective
    return vault.NewEntry(
        kind=item.kind,
        category=item.category,
        occurred_at=when.earliest(UTC) if when else at,
        status=item.status[:24],
        summary=Summary(template=template, values=filled),
        detail=Detail(
            values={name: value for name, value in values.items() if value},
            narrative="\n".join(part for part in (item.original, item.narrative) if part),
            source={
                "document": _id(*document.id),
                "section": item.source.section_title or item.source.section.display,
                "element": _id(item.source.root, item.source.extension),
                "path": item.source.path,
                "line": item.source.line,
            },
        ),
        origin=origin_token(key, item.origin),
    )


def _of_document(key: bytes, document: ccda.Document, data: bytes, at: datetime) -> vault.NewEntry:
    """The document itself: what it was, who wrote it, what in it was not understood, its words and the file as it came
    (under `source`, which never travels), so that path and line always lead back to something."""
    template, filled = rules.summary("document", {"display": document.code.display})
    return vault.NewEntry(
        kind="document",
        category=Category.DOCUMENTS,
        occurred_at=document.effective.earliest(UTC) if document.effective else at,
        summary=Summary(template=template, values=filled),
        detail=Detail(
            values={
                "title": document.title,
                "author": document.author,
                "organization": document.author_organization or document.custodian,
                "items": len(document.items),
                "not_understood": [
                    f"{gap.what}: {gap.why} ({gap.where}, {gap.line})" for gap in document.not_understood
                ],
            },
            source={
                "document": _id(*document.id),
                "sections": [
                    {"title": each.title or each.code.display, "text": each.text} for each in document.sections
                ],
                "original": base64.b64encode(zlib.compress(data)).decode(),
            },
        ),
        origin=origin_token(key, sha256(data).hexdigest()),
    )


def _id(root: str, extension: str) -> str:
    """An HL7 instance identifier as one string."""
    return ":".join(part for part in (root, extension) if part)


def _noon(day: date) -> datetime:
    """A day without an hour stands at noon UTC, which is the same calendar day from Hawaii to Helsinki."""
    return datetime.combine(day, time(12), UTC)

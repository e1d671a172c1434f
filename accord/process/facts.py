"""How papers look to the law."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accord.ledger.permits import Permit
from accord.policy.facts import Agency, Process
from accord.policy.words import AgencyKind, Category, Duty, Field, ProcessKind, Representation
from accord.process.models import Paper
from accord.process.rules import COUNTING, State
from accord.sealing.vault import ClientKey
from accord.vault.facts import client_key, files


def represented(row: Paper) -> frozenset[Representation]:
    """What was stated or found, and what follows from the words that are written down."""
    found = {Representation(each) for each in row.represented}
    if row.threat is not None:
        found.add(Representation.THREAT_WRITTEN_DOWN)
    if row.not_told is not None:
        found.add(Representation.INFORMING_UNSAFE)
    return frozenset(found)


def process_fact(row: Paper, *, then: bool = False) -> Process | None:
    """One paper as the law sees it; None while it is on hold, refused or closed. `then`: what was answered, as it was
    before it was closed."""
    state = State.ANSWERED if then and row.answered_at is not None else State(row.state)
    if state not in COUNTING:
        return None
    return Process(
        id=str(row.id),
        kind=ProcessKind(row.kind),
        recipient=str(row.recipient),
        subject=str(row.subject_id),
        categories=frozenset(Category(each) for each in row.categories),
        since=row.since_at,
        until=row.until_at,
        represented=represented(row),
        counsel_reviewed=row.counsel_advice == "answer" and state is not State.COUNSEL_ASKED,
        statute=row.statute,
        fields=frozenset(Field(each) for each in row.fields),
    )


def outsider(row: Paper) -> Agency:
    """Somebody who is no partner, as the law sees it: of what kind, under no law that we know of."""
    return Agency(id=str(row.recipient), kind=AgencyKind(row.outside_kind), duties=frozenset({Duty.NONE}))


def locked(client_id: UUID, paper_id: UUID) -> Paper | None:
    """One paper about one's own client, locked until the transaction ends, so that a hold waits for an answer, and an
    answer after it finds it held."""
    found: Paper | None = Paper.objects.select_for_update().filter(id=paper_id, client_id__in=files(client_id)).first()
    return found


def beside(row: Paper) -> QuerySet[Paper]:
    """Every paper of the same sender about the same file: some count only together (42 CFR 2.61)."""
    return Paper.objects.filter(client_id=row.client_id, recipient=row.recipient).order_by("id")


def facts_of(rows: Iterable[Paper]) -> tuple[Process, ...]:
    """Those of the papers that count."""
    return tuple(fact for fact in map(process_fact, rows) if fact is not None)


@dataclass(frozen=True, slots=True)
class Answered:
    """A paper as it was when it was answered: alone, and together with the others of its sender."""

    alone: tuple[Process, ...]
    together: tuple[Process, ...]


def answered(ids: Iterable[UUID]) -> dict[UUID, Answered]:
    """Papers that were answered, by id. What stood in them then can no longer change."""
    rows = list(Paper.objects.filter(id__in=list(ids), answered_at__isnull=False))
    files = Paper.objects.filter(client_id__in={row.client_id for row in rows}).order_by("id")
    senders: dict[tuple[UUID, UUID], list[Process]] = {}
    for row in files:
        fact = process_fact(row, then=True)
        if fact is not None:
            senders.setdefault((row.client_id, row.recipient), []).append(fact)
    found = {}
    for row in rows:
        together = tuple(senders[row.client_id, row.recipient])
        found[row.id] = Answered(tuple(fact for fact in together if fact.id == str(row.id)), together)
    return found


def key_of(permit: Permit, row: Paper) -> ClientKey:
    """What opens the words of a paper: the key of the client it is about."""
    found: ClientKey = client_key(permit.opened(), row.client)
    return found

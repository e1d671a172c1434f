"""Which tasks the asker may know of, and what opens them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, Q, QuerySet

from accord.coordination.tasks.models import Task
from accord.coordination.tasks.rules import State
from accord.ledger.permits import Permit
from accord.partners.models import Agency, Member
from accord.policy.words import Role
from accord.sealing.fields import aad, open_sealed, seal
from accord.sealing.keys import Secret, derive
from accord.vault.facts import client_key, within
from accord.vault.models import Client

TABLE = "tasks_task"


def zone_of(agency_id: UUID) -> ZoneInfo:
    """Where an agency's days begin and end."""
    return ZoneInfo(Agency.objects.values_list("timezone", flat=True).get(id=agency_id))


def visible(permit: Permit, rows: QuerySet[Task]) -> QuerySet[Task]:
    """Those the asker may know of: about files that are open to her and not destroyed; and what is about nobody, if she
    does it, made it or hands out the work here."""
    about = within(permit, rows.filter(client__wrapped_key__isnull=False))
    supervises = Member.objects.filter(id=permit.member_id, roles__contains=[Role.SUPERVISOR.value])
    hers = Q(owner_id=permit.member_id) | Q(made_by=permit.member_id) | Exists(supervises)
    found: QuerySet[Task] = about | rows.filter(hers, client__isnull=True)
    return found


def held(member_id: UUID) -> QuerySet[Task]:
    """What one member still has to do, for whoever hands it over: about files that are not destroyed, and about
    nobody."""
    living = Q(client__isnull=True) | Q(client__wrapped_key__isnull=False)
    return Task.objects.filter(living, owner_id=member_id, state=State.OPEN)


def sealing(permit: Permit, client: Client | None) -> Callable[[str, UUID, bytes], bytes]:
    """What seals a column of a task: her key when it is about her, so that it goes with her; else one of the agency
    that does not turn with the vault's."""
    if client is not None:
        key = client_key(permit.opened(), client)
        return lambda column, row, words: key.seal(TABLE, column, row, words)
    own = _agency_key(permit)
    return lambda column, row, words: seal(own, words, aad(permit.agency_id, TABLE, column, row))


def opened(permit: Permit, row: Task, column: str) -> str:
    """The words of one column, empty where there are none. The row was read with its client's shred."""
    sealed = getattr(row, column)
    if sealed is None:
        return ""
    if row.client is not None:
        return client_key(permit.opened(), row.client).open(TABLE, column, row.id, bytes(sealed)).decode()
    return open_sealed(_agency_key(permit), bytes(sealed), aad(permit.agency_id, TABLE, column, row.id)).decode()


def _agency_key(permit: Permit) -> Secret:
    return derive(permit.opened().search_key, b"accord/task")

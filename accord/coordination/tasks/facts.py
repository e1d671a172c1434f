"""Who here may do what is to be done: a task about a file goes to nobody who may not know of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, Q, QuerySet

from accord.coordination.tasks.models import Task
from accord.coordination.tasks.rules import State
from accord.ledger.permits import Permit, Scope
from accord.partners.models import Access, Agency, Member
from accord.policy.words import Role
from accord.sealing.fields import aad, open_sealed, seal
from accord.sealing.keys import Secret, derive
from accord.vault.facts import client_key, family, known, within
from accord.vault.models import Client, Team, Wall

TABLE = "tasks_task"
#: Who keeps tasks at all.
WORKING = frozenset({Role.WORKER, Role.SUPERVISOR})


def zone_of(agency_id: UUID) -> ZoneInfo:
    """Where an agency's days begin and end."""
    return ZoneInfo(Agency.objects.values_list("timezone", flat=True).get(id=agency_id))


def working(agency_id: UUID) -> QuerySet[Member]:
    """Who works here with people, in order of name."""
    rows = Member.objects.filter(agency_id=agency_id, left_at__isnull=True, roles__overlap=sorted(WORKING))
    return rows.order_by("name", "id")


def takers(agency_id: UUID, client_id: UUID | None) -> dict[UUID, str]:
    """Who can be given something to do, by id; about a client, those who may know of her file."""
    rows = working(agency_id)
    if client_id is not None:
        root = Client.objects.values_list("merged_into", flat=True).get(id=client_id)
        files = family(root or client_id)
        rows = rows.exclude(id__in=Wall.objects.filter(client_id__in=files, lifted_at__isnull=True).values("member_id"))
        if _by_team(agency_id):
            team = Team.objects.filter(client_id__in=files, ended_at__isnull=True)
            rows = rows.filter(Q(id__in=team.values("member_id")) | Q(roles__contains=[Role.SUPERVISOR.value]))
    return dict(rows.values_list("id", "name"))


def scope_of(agency_id: UUID, member_id: UUID) -> Scope | None:
    """Which files one colleague may know of; None for somebody who cannot be given anything to do."""
    member = working(agency_id).filter(id=member_id).first()
    if member is None:
        return None
    scope = known(member.id, teams=_by_team(agency_id)).scope
    return Scope(scope.hidden) if Role.SUPERVISOR in member.roles else scope


def _by_team(agency_id: UUID) -> bool:
    return bool(Agency.objects.values_list("access", flat=True).get(id=agency_id) == Access.TEAM)


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

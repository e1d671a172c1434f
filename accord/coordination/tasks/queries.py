"""Tasks as those see them who may know of them, and how much work each person carries. What a list names is open to
whoever looks; what is about a file she may not know of is neither listed nor counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, FilteredRelation, Max, Q, QuerySet

from accord.coordination.protocols.rules import Span, Unit
from accord.coordination.tasks.facts import held, opened, visible, zone_of
from accord.coordination.tasks.models import Capacity, Task, View
from accord.coordination.tasks.rules import WEEK, Filter, State, ends, shares, whole_day
from accord.ledger.permits import Permit, needs
from accord.partners.models import Member
from accord.policy.words import Level, Verb
from accord.vault import facts
from accord.vault.facts import files, within, working
from accord.vault.models import Client

MOST_LISTED = 200
#: My day shows what is due; the list shows all.
MOST_OF_DAY = 12


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task. `day`: it is due by the end of a day, not at an hour; `origin`, `origin_id`: what it was made of."""

    id: UUID
    client_id: UUID | None
    code: str
    owner_id: UUID
    owner: str
    kind: str
    words: str
    state: State
    due_at: datetime
    day: bool
    late: bool
    snoozed_until: datetime | None
    snoozed_why: str
    repeats: Span | None
    made_at: datetime
    made_by: UUID | None
    handed_from: UUID | None
    handed_at: datetime | None
    note: str
    ended_at: datetime | None
    ended_by: UUID | None
    dropped_why: str
    origin: str
    origin_id: UUID | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A view of the list that she keeps."""

    id: UUID
    view: Filter


@dataclass(frozen=True, slots=True)
class Carries:
    """What one person carries: open files she works with, and tasks. `here` is false for somebody who left, or no
    longer works with people, and still has something to do."""

    member_id: UUID
    name: str
    here: bool
    files: int
    tasks: int
    late: int
    resting: int


@dataclass(frozen=True, slots=True)
class Board:
    """The agency's work. `alone` are open files with which nobody works; `each` how many files a person carries at
    most, and `room` how many more that makes; None while nobody has said."""

    people: tuple[Carries, ...]
    files: int
    alone: int
    each: int | None
    room: int | None


@needs(Verb.KEEP_TASKS)
def tasks(
    *, permit: Permit, view: Filter, code: str = "", owner_id: UUID | None = None, limit: int = MOST_LISTED
) -> tuple[list[TaskView], bool]:
    """What a list shows, first what is due first, and whether there is more. `code`: about the client of this code;
    `owner_id`: what one colleague does."""
    zone = zone_of(permit.agency_id)
    rows = _when(visible(permit, Task.objects.all()), view.when, permit.at, zone)
    if view.whose == "mine":
        rows = rows.filter(owner_id=permit.member_id)
    elif view.whose == "made":
        rows = rows.filter(made_by=permit.member_id).exclude(owner_id=permit.member_id)
    if view.kind:
        rows = rows.filter(kind=view.kind)
    if owner_id is not None:
        rows = rows.filter(owner_id=owner_id)
    if code:
        rows = rows.filter(client__code=code.strip().upper())
    order = "-ended_at" if view.when == "ended" else "due_at"
    found = _views(permit, rows.order_by(order, "id")[: limit + 1], zone)
    return found[:limit], len(found) > limit


@needs(Verb.KEEP_TASKS)
def task(*, permit: Permit, task_id: UUID, client_id: UUID | None = None) -> TaskView | None:
    """One task, about this client or about nobody; None when there is none that she may know of."""
    rows = visible(permit, Task.objects.filter(id=task_id))
    rows = rows.filter(client__isnull=True) if client_id is None else rows.filter(client_id__in=files(client_id))
    return next(iter(_views(permit, rows, zone_of(permit.agency_id))), None)


@needs(Verb.READ_CLIENT)
def of_client(*, permit: Permit, client_id: UUID, zone: ZoneInfo, limit: int = MOST_OF_DAY) -> list[TaskView]:
    """What is still to be done about one client, whoever does it; `zone` is where the agency's days end."""
    rows = Task.objects.filter(client_id__in=files(client_id), client__wrapped_key__isnull=False, state=State.OPEN)
    return _views(permit, rows.order_by("due_at", "id")[:limit], zone)


@needs(Verb.READ_CLIENT)
def made_of(*, permit: Permit, client_id: UUID, ids: Collection[UUID]) -> TaskView | None:
    """The open task about one client that was made of one of these things; None when there is none."""
    rows = Task.objects.filter(client_id__in=files(client_id), client__wrapped_key__isnull=False, state=State.OPEN)
    rows = rows.filter(origin_id__in=ids).order_by("made_at", "id")[:1]
    return next(iter(_views(permit, rows, zone_of(permit.agency_id))), None)


@needs(Verb.READ_DAY)
def due(*, permit: Permit, zone: ZoneInfo, limit: int = MOST_OF_DAY) -> list[TaskView]:
    """What the asker herself has to do today, and what is late; what rests is left out."""
    rows = visible(permit, Task.objects.filter(owner_id=permit.member_id))
    rows = _when(rows, "today", permit.at, zone)
    return _views(permit, rows.order_by("due_at", "id")[:limit], zone)


@needs(Verb.KEEP_TASKS)
def takers(*, permit: Permit, client_id: UUID | None = None) -> Mapping[UUID, str]:
    """Who can be given something to do, by id, in order of name; about a client, those who may know of her file."""
    return facts.takers(permit.agency_id, client_id)


@needs(Verb.KEEP_TASKS)
def kept(*, permit: Permit) -> list[Kept]:
    """The views of the list that the asker keeps, the oldest first."""
    rows = View.objects.filter(member_id=permit.member_id).order_by("kept_at", "id")
    return [Kept(row.id, Filter(row.whose, row.when, row.kind)) for row in rows]


@needs(Verb.MANAGE_MEMBERS, Verb.ASSIGN_CLIENT)
def open_of(*, permit: Permit, member_id: UUID) -> int:
    """How many things one member still has to do."""
    count: int = held(member_id).count()
    return count


@needs(Verb.SWEEP)
def handed(*, permit: Permit, since: datetime) -> Mapping[UUID, datetime]:
    """By member, when she was last given something that is still to be done."""
    rows = Task.objects.filter(state=State.OPEN, handed_at__gte=since)
    return dict(rows.values("owner_id").annotate(last=Max("handed_at")).values_list("owner_id", "last"))


@needs(Verb.READ_BOARD)
def board(*, permit: Permit) -> Board:
    """Who carries how much. One question for each kind of work, whatever the number of people."""
    late = Q(due_at__lte=permit.at)
    resting = Q(snoozed_until__gt=permit.at)
    # An open task is never about a file that is destroyed: the database ends it.
    rows = within(permit, Task.objects.filter(state=State.OPEN, client__isnull=False))
    rows = rows | Task.objects.filter(state=State.OPEN, client__isnull=True)
    counted = rows.values_list("owner_id").annotate(
        all=Count("id"), late=Count("id", filter=late & ~resting), resting=Count("id", filter=resting)
    )
    work = {owner: counts for owner, *counts in counted.order_by()}
    alive = within(permit, Client.objects.filter(status="open", merged_into__isnull=True), "id")
    theirs = alive.annotate(works=FilteredRelation("team", condition=Q(team__ended_at__isnull=True)))
    loads = dict(theirs.values_list("works__member_id").annotate(Count("id")).order_by())
    alone = loads.pop(None, 0)
    here = dict(working(permit.agency_id).values_list("id", "name"))
    gone = {*work, *loads} - set(here)
    named = dict(Member.objects.filter(id__in=gone).order_by("name").values_list("id", "name")) if gone else {}
    people = tuple(
        Carries(id, name, id in here, loads.get(id, 0), *work.get(id, (0, 0, 0))) for id, name in (here | named).items()
    )
    each = Capacity.objects.values_list("files", flat=True).first()
    return Board(
        people=people,
        files=alive.count(),
        alone=alone,
        each=each,
        room=shares((each_of.files for each_of in people if each_of.here), each),
    )


def _when(rows: QuerySet[Task], when: str, at: datetime, zone: ZoneInfo) -> QuerySet[Task]:
    if when == "ended":
        return rows.exclude(state=State.OPEN)
    rows = rows.filter(state=State.OPEN)
    rests = Q(snoozed_until__gt=at)
    if when == "later":
        return rows.filter(rests)
    if when == "overdue":
        return rows.exclude(rests).filter(due_at__lte=at)
    if when == "today":
        return rows.exclude(rests).filter(due_at__lte=ends(at, zone))
    if when == "week":
        return rows.exclude(rests).filter(due_at__lte=ends(at + timedelta(days=WEEK), zone))
    return rows


def _views(permit: Permit, rows: QuerySet[Task], zone: ZoneInfo) -> list[TaskView]:
    found = []
    for row in rows.select_related("client__shred", "owner"):
        permit.show("task", row.id, Level.FULL)
        found.append(
            TaskView(
                id=row.id,
                client_id=row.client_id,
                code=row.client.code if row.client else "",
                owner_id=row.owner_id,
                owner=row.owner.name,
                kind=row.kind,
                words=opened(permit, row, "words"),
                state=State(row.state),
                due_at=row.due_at,
                day=whole_day(row.due_at, zone),
                late=row.state == State.OPEN and row.due_at <= permit.at,
                snoozed_until=row.snoozed_until if row.snoozed_until and row.snoozed_until > permit.at else None,
                snoozed_why=row.snoozed_why,
                repeats=Span(row.every, Unit(row.every_unit)) if row.every else None,
                made_at=row.made_at,
                made_by=row.made_by,
                handed_from=row.handed_from,
                handed_at=row.handed_at,
                note=opened(permit, row, "handed_note"),
                ended_at=row.ended_at,
                ended_by=row.ended_by,
                dropped_why=row.dropped_why,
                origin=row.origin,
                origin_id=row.origin_id,
            )
        )
    return found

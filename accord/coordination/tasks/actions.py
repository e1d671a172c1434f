"""What is done with tasks. Each takes the permit and the moment, changes rows, records the deed; several at once are
changed in one transaction. A task somebody else has ended meanwhile is passed over, never ended twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accord.coordination.protocols.rules import Span, Unit
from accord.coordination.tasks.facts import held, opened, sealing, visible, zone_of
from accord.coordination.tasks.models import Capacity, Task, View
from accord.coordination.tasks.rules import (
    DROPPED,
    KINDS,
    SNOOZED,
    Filter,
    InvalidTask,
    State,
    fitting,
    following,
    repeating,
    rests_until,
    worded,
)
from accord.ledger.permits import Permit, needs
from accord.policy.words import Verb
from accord.vault.facts import scope_of, takers
from accord.vault.models import Client

#: How many files one person can be said to carry.
MOST_FILES = 500
#: How many views of the list one member keeps.
MOST_VIEWS = 12


@dataclass(frozen=True, slots=True)
class NewTask:
    """Something to be done. `due_at` is the moment by which; `repeats` how often it comes again; `origin` and
    `origin_id` say what another room made it from."""

    kind: str
    words: str
    due_at: datetime
    repeats: Span | None = None
    origin: str = ""
    origin_id: UUID | None = None


@needs(Verb.KEEP_TASKS)
def add(*, permit: Permit, at: datetime, owner_id: UUID, new: NewTask, client_id: UUID | None = None) -> UUID:
    """Somebody is to do something, about a client or about nobody. Made from the same thing while the first is open, it
    is the first. Returns the task's id. Raises InvalidTask for somebody who cannot be given it, or values that cannot
    be kept."""
    if new.kind not in KINDS:
        raise InvalidTask("Choose what kind of task it is.")
    words, span = worded(new.words), repeating(new.repeats)
    if owner_id not in takers(permit.agency_id, client_id):
        raise InvalidTask("It cannot go to this colleague. Choose somebody else.")
    client = None
    if client_id is not None:
        client = Client.objects.select_related("shred").get(id=client_id, wrapped_key__isnull=False)
    given = owner_id != permit.member_id
    task = Task(
        agency_id=permit.agency_id,
        client=client,
        owner_id=owner_id,
        kind=new.kind,
        due_at=new.due_at,
        first_due_at=new.due_at,
        every=span.count if span else None,
        every_unit=span.unit.value if span else "",
        made_at=at,
        made_by=permit.member_id,
        origin=new.origin,
        origin_id=new.origin_id,
        handed_from=permit.member_id if given else None,
        handed_at=at if given else None,
    )
    task.words = sealing(permit, client)("words", task.id, words.encode())
    try:
        with transaction.atomic():
            task.save(force_insert=True)
    except IntegrityError:
        there = Task.objects.filter(origin=new.origin, origin_id=new.origin_id, state=State.OPEN)
        first: UUID | None = there.values_list("id", flat=True).first() if new.origin_id else None
        if first is None:
            raise
        return first
    permit.record("task_made", task.id)
    made: UUID = task.id
    return made


@needs(Verb.KEEP_TASKS)
def done(*, permit: Permit, at: datetime, task_ids: Collection[UUID]) -> int:
    """They are done. One that comes again makes its next. Returns how many were still open."""
    rows = _open(permit, task_ids)
    zone = zone_of(permit.agency_id)
    for row in rows:
        _end(permit, at, row, State.DONE)
        if row.every is not None:
            _again(permit, at, row, zone)
        permit.record("task_done", row.id)
    return len(rows)


@needs(Verb.KEEP_TASKS)
def drop(*, permit: Permit, at: datetime, task_ids: Collection[UUID], why: str) -> int:
    """Nothing more is done about them, and they do not come again. Returns how many were still open. Raises InvalidTask
    without a reason."""
    if why not in DROPPED:
        raise InvalidTask("Choose why nothing more is to be done.")
    rows = _open(permit, task_ids)
    for row in rows:
        row.dropped_why = why
        _end(permit, at, row, State.DROPPED)
        permit.record("task_dropped", row.id)
    return len(rows)


@needs(Verb.KEEP_TASKS)
def reopen(*, permit: Permit, at: datetime, task_id: UUID) -> None:
    """It was not done after all. Raises InvalidTask when its next is there already, or another was made from the same
    thing."""
    row = visible(permit, Task.objects.select_for_update(of=("self",))).exclude(state=State.OPEN).get(id=task_id)
    again = Task.objects.filter(origin=row.origin, origin_id=row.origin_id, state=State.OPEN)
    if Task.objects.filter(follows=row.id).exists() or (row.origin_id and again.exists()):
        raise InvalidTask("Its next one is there already. Look at that one.")
    row.state, row.ended_at, row.ended_by, row.dropped_why = State.OPEN, None, None, ""
    row.save(update_fields=["state", "ended_at", "ended_by", "dropped_why"])
    permit.record("task_reopened", row.id)


@needs(Verb.KEEP_TASKS)
def snooze(*, permit: Permit, at: datetime, task_ids: Collection[UUID], days: int, why: str) -> int:
    """They rest for some days. By when they are due does not change. Returns how many were still open. Raises
    InvalidTask without a reason."""
    if why not in SNOOZED:
        raise InvalidTask("Choose why it waits.")
    until = rests_until(at, days, zone_of(permit.agency_id))
    rows = _open(permit, task_ids)
    for row in rows:
        row.snoozed_until, row.snoozed_why = until, why
        row.save(update_fields=["snoozed_until", "snoozed_why"])
        permit.record("task_snoozed", row.id)
    return len(rows)


@needs(Verb.KEEP_TASKS)
def wake(*, permit: Permit, at: datetime, task_ids: Collection[UUID]) -> int:
    """They rest no longer. Returns how many were still open."""
    rows = _open(permit, task_ids)
    for row in rows:
        row.snoozed_until, row.snoozed_why = None, ""
        row.save(update_fields=["snoozed_until", "snoozed_why"])
        permit.record("task_woken", row.id)
    return len(rows)


@needs(Verb.KEEP_TASKS)
def hand(
    *, permit: Permit, at: datetime, task_ids: Collection[UUID], to_member: UUID, note: str = ""
) -> tuple[int, int]:
    """A colleague does them from now on. What is about a file she may not know of stays. Returns how many went and how
    many stay. Raises InvalidTask for somebody who cannot be given anything."""
    note = fitting(note)
    rows = _open(permit, task_ids)
    return _handed(permit, at, rows, to_member, note)


@needs(Verb.MANAGE_MEMBERS, Verb.ASSIGN_CLIENT)
def hand_all(*, permit: Permit, at: datetime, from_member: UUID, to_member: UUID, note: str = "") -> tuple[int, int]:
    """Everything one member has to do is another's from now on, as far as she may know of it; the rest stays under her
    name, where supervisors find it. Returns how many went and how many stay. Raises InvalidTask for somebody who cannot
    be given anything."""
    note = fitting(note)
    return _handed(permit, at, _locked(held(from_member)), to_member, note)


@needs(Verb.KEEP_TASKS)
def keep_view(*, permit: Permit, at: datetime, view: Filter) -> None:
    """She keeps what a list shows. Twice is the same as once. Raises InvalidTask for a code that is none, or when she
    keeps too many."""
    view = view.checked()
    mine = View.objects.filter(member_id=permit.member_id)
    if mine.count() >= MOST_VIEWS:
        raise InvalidTask("You keep as many views as there is room for. Forget one first.")
    View.objects.get_or_create(
        agency_id=permit.agency_id,
        member_id=permit.member_id,
        whose=view.whose,
        when=view.when,
        kind=view.kind,
        defaults={"kept_at": at},
    )


@needs(Verb.KEEP_TASKS)
def forget_view(*, permit: Permit, at: datetime, view_id: UUID) -> None:
    """She keeps it no longer."""
    View.objects.filter(id=view_id, member_id=permit.member_id).delete()


@needs(Verb.ASSIGN_CLIENT)
def say_capacity(*, permit: Permit, at: datetime, files: int) -> None:
    """How many open files one person carries at most. Raises InvalidTask for a number that is none."""
    if not 1 <= files <= MOST_FILES:
        raise InvalidTask(f"Write a number from 1 to {MOST_FILES}.")
    Capacity.objects.update_or_create(
        agency_id=permit.agency_id, defaults={"files": files, "said_at": at, "said_by": permit.member_id}
    )
    permit.record("capacity_said", files)


def _locked(rows: QuerySet[Task]) -> list[Task]:
    """Rows held until the transaction ends, always in the same order, so that two who press at once do not wait for
    each other in a ring."""
    return list(rows.select_related("client__shred").select_for_update(of=("self",)).order_by("id"))


def _open(permit: Permit, task_ids: Iterable[UUID]) -> list[Task]:
    """Those of them that are still open and that she may know of. Somebody who ended one first has ended it."""
    return _locked(visible(permit, Task.objects.filter(id__in=list(task_ids), state=State.OPEN)))


def _end(permit: Permit, at: datetime, row: Task, state: State) -> None:
    row.state, row.ended_at, row.ended_by = state, at, permit.member_id
    row.snoozed_until, row.snoozed_why = None, ""
    row.save(update_fields=["state", "ended_at", "ended_by", "dropped_why", "snoozed_until", "snoozed_why"])


def _again(permit: Permit, at: datetime, row: Task, zone: ZoneInfo) -> None:
    """The next of its series, due after this one and after now."""
    span = Span(row.every, Unit(row.every_unit))
    task = Task(
        agency_id=permit.agency_id,
        client=row.client,
        owner_id=row.owner_id,
        kind=row.kind,
        due_at=following(row.first_due_at, span, zone, row.due_at, at),
        first_due_at=row.first_due_at,
        every=row.every,
        every_unit=row.every_unit,
        follows=row.id,
        made_at=at,
        made_by=row.made_by,
    )
    task.words = sealing(permit, row.client)("words", task.id, opened(permit, row, "words").encode())
    task.save(force_insert=True)
    permit.record("task_made", task.id)


def _handed(permit: Permit, at: datetime, rows: Sequence[Task], to_member: UUID, note: str) -> tuple[int, int]:
    scope = scope_of(permit.agency_id, to_member)
    if scope is None:
        raise InvalidTask("It cannot go to this colleague. Choose somebody else.")
    others, went = [row for row in rows if row.owner_id != to_member], 0
    for row in others:
        if row.client_id is not None and not scope.lets(row.client_id):
            continue
        row.handed_from, row.handed_at = row.owner_id, at
        row.owner_id = to_member
        row.handed_note = sealing(permit, row.client)("handed_note", row.id, note.encode()) if note else None
        row.save(update_fields=["owner_id", "handed_from", "handed_at", "handed_note"])
        permit.record("task_handed", row.id)
        went += 1
    return went, len(others) - went

"""Bringing a caseload in, and asking to take one out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from django.db import connection

from accord.ledger.permits import Permit, needs
from accord.policy.words import Category, Verb
from accord.records.caseload import queries, sealed
from accord.records.caseload.facts import ExportView, export_view
from accord.records.caseload.models import Export, Part, Upload
from accord.records.caseload.queries import UploadGone
from accord.records.caseload.rules import (
    BATCH,
    REASONS,
    SCOPES,
    VALID,
    Judged,
    Prospect,
    check_mapping,
    evidence,
    judge,
    needs_second,
)
from accord.records.caseload.tables import Table
from accord.sealing.tokens import origin_token
from accord.vault import actions as vault
from accord.vault.rules import Detail, Summary, packed

#: Rows shown beside the columns.
FIRST = 3
#: An upload nobody goes on with is cleared away after this long.
FORGOTTEN = timedelta(days=7)


class InvalidImport(Exception):
    """It cannot go on like this: rows with faults are there and nobody has left them out. The message says so."""


class InvalidExport(Exception):
    """This request cannot be made or used; the message is a code: `nobody`, `gone`, `more_now`."""


@needs(Verb.IMPORT_CASELOAD)
def upload(*, permit: Permit, at: datetime, table: Table) -> UUID:
    """Keep a table, sealed, until it is brought in or cancelled. Returns the upload's id."""
    opened, upload_id = permit.opened(), uuid4()
    version = opened.current
    widest = range(len(table.headers))
    front = sealed.Front(
        headers=table.headers,
        first=table.rows[:FIRST],
        days=tuple(evidence(row.cells[column] for row in table.rows if column < len(row.cells)) for column in widest),
    )
    row = Upload(
        id=upload_id,
        agency_id=permit.agency_id,
        by=permit.member_id,
        stage="columns",
        key_version=version,
        rows=len(table.rows),
        parts=-(-len(table.rows) // BATCH),
        started_at=at,
        touched_at=at,
    )
    row.table = sealed.close(opened, upload_id, version, "table", upload_id, front.packed())
    row.save(force_insert=True)
    parts = [Part(agency_id=permit.agency_id, upload_id=upload_id, number=number) for number in range(row.parts)]
    for part in parts:
        values = sealed.written(table.rows[part.number * BATCH : (part.number + 1) * BATCH])
        part.rows = sealed.close(opened, upload_id, version, "rows", part.id, packed({"rows": values}))
    Part.objects.bulk_create(parts)
    permit.record("caseload_uploaded", upload_id)
    return upload_id


@needs(Verb.IMPORT_CASELOAD)
def say_columns(*, permit: Permit, at: datetime, upload_id: UUID, mapping: Mapping[int, str], order: str) -> None:
    """Note which column is what, and whether days are written month or day first. Raises InvalidMapping, UploadGone."""
    check_mapping(mapping)
    row = _locked(permit, upload_id, "columns", "preview")
    _keep_plan(permit, row, sealed.Plan(mapping, order))
    _step(row, at, stage="preview")


@needs(Verb.IMPORT_CASELOAD)
def begin(
    *,
    permit: Permit,
    at: datetime,
    today: date,
    upload_id: UUID,
    without_faulty: bool,
    alike_too: bool,
    but: frozenset[int] = frozenset(),
) -> None:
    """Decide which rows stay out, once for all of them, and begin. `alike_too` brings in rows that seem to be somebody
    who is there already; `but` names those for which it is the other way round.

    Raises InvalidImport when rows have faults and she has not left them out, or when nothing would be left; UploadGone.
    """
    row = _locked(permit, upload_id, "preview")
    found = queries.review(permit=permit, at=at, today=today, upload_id=upload_id)
    if found.faulty and not without_faulty:
        raise InvalidImport("Some rows cannot be read. Leave them out, or correct the file and choose it again.")
    alike = {each.row for each in found.alike if alike_too == (each.row in but)}
    left_out = found.faulty | found.already | alike
    if len(left_out) == len(found.judged):
        raise InvalidImport("No row would be left to bring in.")
    view = queries.upload(permit=permit, upload_id=upload_id)
    assert view.plan is not None
    _keep_plan(permit, row, sealed.Plan(view.plan.mapping, view.plan.order, left_out))
    _step(row, at, stage="running")
    permit.record("caseload_begun", upload_id)


@needs(Verb.IMPORT_CASELOAD)
def bring(*, permit: Permit, at: datetime, today: date, upload_id: UUID) -> bool:
    """Open the files of the next part, together with the note that it is done: a crash leaves neither. Returns whether
    there is more. What was uploaded is destroyed with the last part. Raises UploadGone."""
    # One at a time in an agency: two uploads of the same file would not see each other's rows.
    list(Upload.objects.select_for_update().filter(stage="running").order_by("id").only("id"))
    row = _locked(permit, upload_id, "running", "done")
    if row.stage == "done":
        return False
    view = queries.upload(permit=permit, upload_id=upload_id)
    if view.front is None or view.plan is None:
        raise UploadGone
    plan, headers = view.plan, view.front.headers
    rows = list(queries.rows(permit=permit, upload_id=upload_id, version=row.key_version, numbers=[row.next_part]))
    known = queries.brought_before(permit=permit, digests=[each.digest for each in rows])
    judged = [
        judge(each, plan.mapping, headers, plan.order, today)
        for each in rows
        if each.number not in plan.left_out and each.digest not in known
    ]
    new = [_new(permit, at, each, each.prospect) for each in judged if each.prospect]
    opened = vault.open_clients(permit=permit, at=at, new=new)
    row.brought += len(opened)
    row.left_out += len(rows) - len(opened)
    row.next_part += 1
    permit.record("caseload_brought", upload_id)
    if row.next_part < row.parts:
        _step(row, at)
        return True
    _destroy(row)
    _step(row, at, stage="done")
    return False


@needs(Verb.IMPORT_CASELOAD)
def cancel(*, permit: Permit, at: datetime, upload_id: UUID) -> None:
    """Destroy what was uploaded. Files that were opened from it stay. Raises UploadGone."""
    row = _locked(permit, upload_id, "columns", "preview", "running")
    _destroy(row)
    _step(row, at, stage="done" if row.brought else "cancelled")
    permit.record("caseload_cancelled", upload_id)


@needs(Verb.SWEEP)
def sweep(*, permit: Permit, at: datetime) -> int:
    """Destroy uploads nobody has gone on with. Returns how many."""
    rows = list(
        Upload.objects.select_for_update(skip_locked=True).filter(table__isnull=False, touched_at__lt=at - FORGOTTEN)
    )
    for row in rows:
        _destroy(row)
        _step(row, at, stage="done" if row.brought else "cancelled")
        permit.record("caseload_cancelled", row.id)
    return len(rows)


@needs(Verb.EXPORT_CASELOAD)
def ask(
    *,
    permit: Permit,
    at: datetime,
    reason: str,
    scope: str,
    since_at: datetime | None = None,
    before_at: datetime | None = None,
) -> UUID:
    """Ask to take files out. Returns the request's id. Raises InvalidExport when there is nobody to take out."""
    if reason not in REASONS or scope not in SCOPES:
        raise InvalidExport("nobody")
    # Requests of one member are counted one after the other: two at once would each be small.
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accord.export:{permit.member_id}"])
    count = queries.how_many(permit=permit, scope=scope, since_at=since_at, before_at=before_at)
    if not count:
        raise InvalidExport("nobody")
    row = Export.objects.create(
        agency_id=permit.agency_id,
        by=permit.member_id,
        asked_at=at,
        until_at=at + VALID,
        reason=reason,
        scope=scope,
        since_at=since_at,
        before_at=before_at,
        count=count,
        second=needs_second(count, queries.taken_alone(permit=permit)),
    )
    permit.record("export_asked", row.id)
    asked: UUID = row.id
    return asked


@needs(Verb.APPROVE_EXPORT)
def answer(*, permit: Permit, at: datetime, export_id: UUID, agreed: bool) -> None:
    """A second person agrees or refuses; a yes is good for one day from now. Raises InvalidExport when there is nothing
    to answer: never asked, asked by herself, answered, taken back or over."""
    row = Export.objects.select_for_update().filter(id=export_id).exclude(by=permit.member_id).first()
    if row is None or export_view(row, at).state != "waiting":
        raise InvalidExport("gone")
    row.second_by, row.second_at, row.agreed = permit.member_id, at, agreed
    row.until_at = at + VALID if agreed else row.until_at
    row.save(update_fields=["second_by", "second_at", "agreed", "until_at"])
    permit.record("export_seconded" if agreed else "export_refused", export_id)


@needs(Verb.EXPORT_CASELOAD)
def drop(*, permit: Permit, at: datetime, export_id: UUID) -> None:
    """Take a request back. Raises InvalidExport when it is used or over."""
    row = _asked(permit, export_id)
    if export_view(row, at).state not in ("waiting", "agreed"):
        raise InvalidExport("gone")
    row.dropped_at = at
    row.save(update_fields=["dropped_at"])
    permit.record("export_dropped", export_id)


@needs(Verb.EXPORT_CASELOAD)
def use(*, permit: Permit, at: datetime, export_id: UUID) -> ExportView:
    """Use a request, once. Raises InvalidExport: `gone` when it may not be used, `more_now` when it would take out more
    files than were asked for."""
    row = _asked(permit, export_id)
    if export_view(row, at).state != "agreed":
        raise InvalidExport("gone")
    now = queries.how_many(permit=permit, scope=row.scope, since_at=row.since_at, before_at=row.before_at)
    if now > row.count:
        raise InvalidExport("more_now")
    row.used_at = at
    row.save(update_fields=["used_at"])
    permit.record("export_used", export_id)
    return export_view(row, at)


@needs(Verb.EXPORT_CASELOAD)
def take(*, permit: Permit, at: datetime, export_id: UUID, files: Sequence[UUID]) -> None:
    """Note that these files leave on a request in use. Raises InvalidExport when they would be more than were asked
    for."""
    row = _asked(permit, export_id)
    if row.used_at is None or row.taken + len(files) > row.count:
        raise InvalidExport("more_now")
    row.taken += len(files)
    row.save(update_fields=["taken"])
    permit.record("caseload_exported", export_id)


def _asked(permit: Permit, export_id: UUID) -> Export:
    row: Export | None = Export.objects.select_for_update().filter(id=export_id, by=permit.member_id).first()
    if row is None:
        raise InvalidExport("gone")
    return row


def _locked(permit: Permit, upload_id: UUID, *stages: str) -> Upload:
    hers = Upload.objects.select_for_update().filter(id=upload_id, by=permit.member_id)
    row: Upload | None = hers.filter(stage__in=stages).first()
    if row is None:
        raise UploadGone
    return row


def _keep_plan(permit: Permit, row: Upload, plan: sealed.Plan) -> None:
    try:
        row.plan = sealed.close(permit.opened(), row.id, row.key_version, "plan", row.id, plan.packed())
    except KeyError:
        raise UploadGone from None


def _step(row: Upload, at: datetime, stage: str = "") -> None:
    row.stage, row.touched_at = stage or row.stage, at
    row.save(update_fields=["stage", "touched_at", "plan", "table", "next_part", "brought", "left_out"])


def _destroy(row: Upload) -> None:
    Part.objects.filter(upload_id=row.id).delete()
    row.table = row.plan = None


def _new(permit: Permit, at: datetime, judged: Judged, who: Prospect) -> vault.NewClient:
    """The file a row becomes. Its one entry says where it came from, and is what the row is known by."""
    opened = _noon(who.opened or who.closed, at)
    closed = max(_noon(who.closed, at), opened) if who.ended else None
    arrived = vault.NewEntry(
        kind="intake",
        category=Category.SERVICES,
        occurred_at=opened,
        summary=Summary(text=who.summary) if who.summary else Summary(template="intake.brought"),
        detail=Detail(narrative=who.note, source={"row": judged.row.number}),
        origin=origin_token(permit.opened().search_key, judged.row.digest),
    )
    return vault.NewClient(
        identity=who.identity,
        contact=who.contact,
        harms=who.harms,
        people=who.people,
        entries=(arrived,),
        opened_at=opened,
        closed_at=closed,
    )


def _noon(day: date | None, at: datetime) -> datetime:
    """A day without an hour stands at noon UTC, the same calendar day from Hawaii to Helsinki; today is now."""
    return min(datetime.combine(day, time(12), UTC), at) if day else at

"""A caseload, in and out: a list becomes files, step by step; files leave sealed, with a second person's word."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.coordination.tracks import queries as tracks
from accord.doors.web.exporting import batch, entry_lines, envelope_lines, file_lines, lines, track_lines
from accord.doors.web.forms.caseload import (
    FAULTS,
    REASONS,
    SCOPES,
    STAGES,
    STATES,
    BeginForm,
    ColumnsForm,
    ExportForm,
    LockForm,
    UploadForm,
    unreadable,
)
from accord.doors.web.knocking import entering
from accord.doors.web.watching import pauses
from accord.gate import Refused
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.records.caseload import actions, queries, tables
from accord.records.caseload.actions import InvalidExport, InvalidImport
from accord.records.caseload.queries import ExportView, Review, UploadGone
from accord.records.caseload.rules import Fault, Judged, guess, harmless, letters
from accord.records.caseload.tables import TableError
from accord.sealing.age import Writer, for_passphrase, for_recipient
from accord.sharing import queries as sharing
from accord.vault import queries as vault
from accord.vault.rules import SafeContact

#: Rows, faults and people shown on the preview; the rest is counted.
SHOWN = 20
FAULTS_SHOWN = 100
ALIKE_SHOWN = 100
#: Files of an export in one transaction, and lines between two watermarks.
FILES, MARKED = 25, 100

form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What is under way, and the two ways to begin."""
    with entering(request) as permit:
        uploads = queries.uploads(permit=permit)
        exports = queries.exports(permit=permit)
    return render(
        request,
        "caseload/start.html",
        {
            "uploads": [(upload, STAGES[upload.stage]) for upload in uploads],
            "exports": [(export, STATES[export.state], SCOPES[export.scope]) for export in exports],
        },
    )


@sensitive_post_parameters()
@form_page
def upload(request: HttpRequest) -> HttpResponse:
    """Choose the file. It is read at once, kept sealed, and shown column by column on the next page."""
    form, problem, upload_id = UploadForm(), "", None
    with entering(request) as permit:
        # Known only now that the upload has been read, or has been stopped.
        if request.method == "POST" and not getattr(request, "too_large", False):
            form, problem, upload_id = _read(request, permit)
    if getattr(request, "too_large", False):
        problem = _("The file is larger than 20 MB and was not read.")
    if upload_id:
        return redirect("caseload_columns", upload_id)
    return render(request, "caseload/upload.html", {"form": form, "problem": problem})


@sensitive_post_parameters()
@form_page
def columns(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What each column is: guessed from its header, three rows beside it, and the order of day and month asked for."""
    said = False
    with _entering(request) as permit:
        view = queries.upload(permit=permit, upload_id=upload_id)
        if view.front is None or view.stage not in ("columns", "preview"):
            raise UploadGone
        headers, first = view.front.headers, view.front.first
        was = view.plan.mapping if view.plan else guess(headers)
        typed = request.POST if request.method == "POST" else None
        initial = {"order": view.plan.order} if view.plan and view.plan.order else None
        form = ColumnsForm(typed, headers=headers, days=view.front.days, was=was, initial=initial)
        if typed is not None and form.is_valid():
            actions.say_columns(
                permit=permit, at=permit.at, upload_id=upload_id, mapping=form.mapping(), order=form.chosen_order()
            )
            said = True
    if said:
        return redirect("caseload_preview", upload_id)
    samples = [
        [row.cells[column] if column < len(row.cells) else "" for row in first] for column in range(len(headers))
    ]
    return render(
        request,
        "caseload/columns.html",
        {
            "upload": view,
            "form": form,
            "columns": [(field, letters(column), samples[column]) for column, field in enumerate(form.columns())],
            "guessed": view.plan is None and bool(was),
        },
    )


@sensitive_post_parameters()
@form_page
def preview(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """The first files as they will stand, everything that cannot be read, and who seems to be here already."""
    begun = False
    with _entering(request) as permit:
        found = queries.review(permit=permit, at=permit.at, today=_today(permit), upload_id=upload_id)
        view = queries.upload(permit=permit, upload_id=upload_id)
        if view.stage != "preview" or view.front is None:
            raise UploadGone
        form = _begin_form(request, found)
        if request.method == "POST" and form.is_valid():
            try:
                actions.begin(
                    permit=permit,
                    at=permit.at,
                    today=_today(permit),
                    upload_id=upload_id,
                    without_faulty=form.cleaned_data.get("without_faulty", False),
                    alike_too=form.cleaned_data.get("alike") == "bring",
                    but=frozenset(form.cleaned_data.get("but", ())),
                )
                begun = True
            except InvalidImport as wrong:
                form.add_error(None, _(str(wrong)))
    if begun:
        return redirect("caseload_import", upload_id)
    headers = view.front.headers
    return render(
        request,
        "caseload/preview.html",
        {
            "upload": view,
            "form": form,
            "found": found,
            "first": [(each, _contact(each)) for each in found.ready[:SHOWN]],
            "faults": [_fault(each, headers) for each in found.faults[:FAULTS_SHOWN]],
            "more_faults": max(0, len(found.faults) - FAULTS_SHOWN),
            "alike": found.alike[:ALIKE_SHOWN],
            "more_alike": max(0, len(found.alike) - ALIKE_SHOWN),
        },
    )


@require_safe
def faults(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Everything that cannot be read, as a list by row and column. It names places and no values."""
    with _entering(request) as permit:
        found = queries.review(permit=permit, at=permit.at, today=_today(permit), upload_id=upload_id)
        view = queries.upload(permit=permit, upload_id=upload_id)
        if view.front is None:
            raise UploadGone
        headers = view.front.headers
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow([_("Row"), _("Column"), _("Name of the column"), _("What is wrong")])
    for each in found.faults:
        place, header, sentence = _fault(each, headers)
        table.writerow([each.row, place.rstrip("0123456789"), harmless(header), sentence])
    response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rows.csv"'
    return response


@form_page
def bringing(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """How far it is. With htmx the page goes on by itself; without, she presses. It can be left and come back to."""
    do = request.POST.get("do", "")
    if do == "go":
        _bring(request, upload_id)
    with _entering(request) as permit:
        if do == "cancel":
            actions.cancel(permit=permit, at=permit.at, upload_id=upload_id)
        view = queries.upload(permit=permit, upload_id=upload_id) if do != "cancel" else None
    if view is None:
        messages.success(request, _("What you uploaded is destroyed. Files that were opened from it stay."))
        return redirect("caseload")
    if view.stage in ("columns", "preview"):
        return redirect(f"caseload_{view.stage}", upload_id)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "caseload/progress.html", {"upload": view})
    if do:
        return redirect("caseload_import", upload_id)
    return render(request, "caseload/bringing.html", {"upload": view})


@form_page
def ask(request: HttpRequest) -> HttpResponse:
    """Which files, and what for. With more than fifty, a second person answers."""
    typed = request.POST if request.method == "POST" else None
    form, export_id = ExportForm(typed), None
    with entering(request) as permit:
        if form.is_valid():
            since_at, before_at = form.between()
            try:
                export_id = actions.ask(
                    permit=permit,
                    at=permit.at,
                    reason=form.cleaned_data["reason"],
                    scope=form.cleaned_data["scope"],
                    since_at=since_at,
                    before_at=before_at,
                )
            except InvalidExport:
                form.add_error("scope", _("There is no such file to take out."))
    if export_id:
        return redirect("caseload_export", export_id)
    return render(request, "caseload/ask.html", {"form": form})


@form_page
def export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Where a request stands: waiting, ready to be used once, or over."""
    dropped = False
    with _entering(request) as permit:
        view = _own_export(permit, export_id)
        if request.method == "POST":
            actions.drop(permit=permit, at=permit.at, export_id=export_id)
            dropped = True
        names = partners.names(permit=permit)
    if dropped:
        messages.success(request, _("Taken back. Nothing has left."))
        return redirect("caseload")
    return _export_page(request, view, names, LockForm())


@sensitive_post_parameters()
@require_POST
def file(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """The files of an agreed request, sealed while they are read, batch by batch behind the gate.

    What is taken back, walled off or no longer hers to read ends the file where it is: it then has no last part, and
    age does not open it to its end. The request is used all the same.
    """
    form = LockForm(request.POST)
    if not form.is_valid():
        with _entering(request) as permit:
            view, names = _own_export(permit, export_id), partners.names(permit=permit)
        return _export_page(request, view, names, form)
    said = form.cleaned_data
    problem = ""
    try:
        with _entering(request) as permit:
            view = _own_export(permit, export_id)
            actions.use(permit=permit, at=permit.at, export_id=export_id)
            cards = partners.directory(permit=permit)
            mark = {
                "line": "watermark",
                "agency": cards[permit.agency_id].name,
                "member": permit.member_id,
                "export": export_id,
                "at": permit.at,
            }
    except _MoreNow:
        problem = _("There are more files now than were asked for. Ask once more.")
    if problem:
        messages.warning(request, problem)
        return redirect("caseload_export", export_id)
    locked = said["lock"] == "passphrase"
    writer = for_passphrase(said["passphrase"]) if locked else for_recipient(said["recipient"])
    names_of = {id: card.name for id, card in cards.items()}
    return StreamingHttpResponse(
        _sealed(request, export_id, writer, mark, names_of),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="archive-{mark["at"]:%Y-%m-%d}.age"'},
    )


@require_safe
def seconds(request: HttpRequest) -> HttpResponse:
    """Requests of others that wait for a second person."""
    with entering(request) as permit:
        waiting = queries.to_second(permit=permit)
        names = partners.names(permit=permit)
    return render(request, "caseload/seconds.html", {"waiting": waiting, "askers": names})


@form_page
def second(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """One request of somebody else: who asks, which files and how many, what for. She agrees or refuses."""
    do = request.POST.get("do", "")
    with _entering(request) as permit:
        view = next((each for each in queries.to_second(permit=permit) if each.id == export_id), None)
        if view is None:
            raise Refused
        if do in ("agree", "refuse"):
            actions.answer(permit=permit, at=permit.at, export_id=export_id, agreed=do == "agree")
        names = partners.names(permit=permit)
    if do in ("agree", "refuse"):
        said = (
            _("You agreed. It can be used once, for one day.") if do == "agree" else _("You refused. Nothing leaves.")
        )
        messages.success(request, said)
        return redirect("caseload_seconds")
    words = {"scope": SCOPES[view.scope], "reason": REASONS[view.reason]}
    return render(request, "caseload/second.html", {"export": view, "asker": names.get(view.by, "")} | words)


class _MoreNow(Exception):
    """There are more files now than were asked for; the transaction is rolled back."""


@contextmanager
def _entering(request: HttpRequest) -> Iterator[Permit]:
    """As `entering`; what is not hers, is gone or cannot be used any more is the same as what never was."""
    with entering(request) as permit:
        try:
            yield permit
        except UploadGone:
            raise Refused from None
        except InvalidExport as wrong:
            if str(wrong) == "more_now":
                raise _MoreNow from None
            raise Refused from None


def _read(request: HttpRequest, permit: Permit) -> tuple[UploadForm, str, UUID | None]:
    """Read the chosen file and keep it. With several sheets, ask for one of them first."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return form, "", None
    data = form.cleaned_data["table"].read()
    try:
        sheets = tables.sheets(data)
        form = UploadForm(request.POST, request.FILES, sheets=sheets)
        if len(sheets) > 1 and request.POST.get("sheet") not in sheets:
            form = UploadForm(sheets=sheets)
            return form, _("This workbook has several sheets. Choose one of them, and the file once more."), None
        form.is_valid()
        table = tables.read(data, form.cleaned_data.get("sheet", ""))
        return form, "", actions.upload(permit=permit, at=permit.at, table=table)
    except TableError as wrong:
        return form, unreadable(wrong.code, wrong.where), None


def _begin_form(request: HttpRequest, found: Review) -> BeginForm:
    typed = request.POST if request.method == "POST" else None
    alike = [(each.row, _alike(each)) for each in found.alike[:ALIKE_SHOWN]]
    return BeginForm(typed, faulty=bool(found.faults), alike=alike)


def _alike(each: queries.Alike) -> str:
    """Somebody who seems to be here already, in one line."""
    who = _("Row %(row)s: %(name)s") % {"row": each.row, "name": each.name}
    where = [each.code] if each.code else []
    where += [_("row %(row)s") % {"row": each.earlier}] if each.earlier else []
    return f"{who} ({', '.join(where)})"


def _contact(each: Judged) -> list[str]:
    """What is known about reaching her."""
    card = each.prospect.contact if each.prospect else SafeContact()
    return [words for words in (card.phone, card.email, card.when, card.say, card.avoid, card.address) if words]


def _fault(fault: Fault, headers: tuple[str, ...]) -> tuple[str, str, str]:
    """Place, name of the column, sentence."""
    if fault.column is None:
        return str(fault.row), "", str(FAULTS[fault.code])
    header = headers[fault.column] if fault.column < len(headers) else ""
    return f"{letters(fault.column)}{fault.row}", header, str(FAULTS[fault.code])


def _bring(request: HttpRequest, upload_id: UUID) -> None:
    """Part after part, each behind the gate and in a transaction of its own, for a moment."""
    ends = pauses(request)
    more = True
    while more:
        with _entering(request) as permit:
            more = actions.bring(permit=permit, at=permit.at, today=_today(permit), upload_id=upload_id)
        if time.monotonic() > ends:
            return


def _today(permit: Permit) -> date:
    """Today where she is, and never a day that has not begun everywhere."""
    return min(timezone.localdate(permit.at), permit.at.date())


def _own_export(permit: Permit, export_id: UUID) -> ExportView:
    view = queries.export(permit=permit, export_id=export_id)
    if view is None:
        raise Refused
    return view


def _export_page(request: HttpRequest, view: ExportView, names: Mapping[UUID, str], form: LockForm) -> HttpResponse:
    return render(
        request,
        "caseload/export.html",
        {
            "export": view,
            "state": STATES[view.state],
            "scope": SCOPES[view.scope],
            "reason": REASONS[view.reason],
            "answered_by": names.get(view.second_by, "") if view.second_by else "",
            "form": form,
        },
    )


@dataclass(slots=True)
class _Left:
    """What has left so far."""

    files: set[UUID] = field(default_factory=set)
    envelopes: set[UUID] = field(default_factory=set)
    things: int = 0
    lines: int = 0


def _sealed(
    request: HttpRequest, export_id: UUID, writer: Writer, mark: Mapping[str, Any], names: Mapping[UUID, str]
) -> Iterator[bytes]:
    """The sealed file, batch by batch; nothing is yielded while a transaction is open."""
    left, after = _Left(), None
    yield writer.begin() + writer.add(lines([mark]))
    while True:
        found = batch(request, partial(_files, export_id, after, left, names))
        if found is None:
            return
        ids, rows = found
        if not ids:
            break
        after = ids[-1]
        left.things += sum(1 for row in rows if row["line"] in ("envelope", "entry"))
        yield writer.add(_marked(left, rows, mark))
    if batch(request, partial(_still, left)):
        end = {"line": "end", "clients": len(left.files), "entries_and_envelopes": left.things}
        yield writer.add(_marked(left, [end], mark)) + writer.end()


def _marked(left: _Left, rows: list[dict[str, Any]], mark: Mapping[str, Any]) -> bytes:
    """Lines with the watermark once more after every hundred."""
    written: list[Mapping[str, Any]] = []
    for row in rows:
        left.lines += 1
        written.append(row)
        if left.lines % MARKED == 0:
            written.append(mark)
    return lines(written)


def _files(
    export_id: UUID, after: UUID | None, left: _Left, names: Mapping[UUID, str], permit: Permit
) -> tuple[list[UUID], list[dict[str, Any]]]:
    """The next files, whole. Raises Refused when something that has left was taken back, or somebody walled off."""
    if not _still(left, permit):
        raise Refused
    ids = queries.next_files(permit=permit, export_id=export_id, after=after, limit=FILES)
    rows: list[dict[str, Any]] = []
    tied = sharing.tied(permit=permit, client_ids=ids)
    cases = tracks.whole(permit=permit, client_ids=ids)
    for client, entries in vault.whole(permit=permit, client_ids=ids):
        received = sharing.received_ids(permit=permit, client_id=client.id) if client.id in tied else []
        left.envelopes.update(received)
        rows += file_lines(client) + track_lines(cases.get(client.id, ()))
        rows += envelope_lines(client.id, received, names, permit)
        rows += entry_lines(entries)
    left.files.update(ids)
    if ids:
        try:
            actions.take(permit=permit, at=permit.at, export_id=export_id, files=ids)
        except InvalidExport:
            raise Refused from None
    return ids, rows


def _still(left: _Left, permit: Permit) -> bool:
    """Whether nothing that has left was taken back or hidden from her since."""
    if permit.scope.hidden & left.files:
        return False
    return not left.envelopes or sharing.all_living(permit=permit, ids=left.envelopes)

"""What the health room takes in: documents from other systems, and exams, injuries and visits by hand."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accord.doors.web.also import offered, sent, tell
from accord.doors.web.forms.health import CodedForm, ExamForm, ImportForm, InjuryForm, VisitForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import entering
from accord.doors.web.limiting import limits_due
from accord.ledger.permits import Permit
from accord.records.health import actions
from accord.records.health.actions import Imported, UncertainPatient
from accord.records.health.ccda import DocumentError
from accord.records.health.rules import NotCoded
from accord.vault import queries as vault
from accord.vault.rules import InvalidEntry

form_page = require_http_methods(["GET", "HEAD", "POST"])


@form_page
def import_document(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Bring one C-CDA document into her file, all of it or nothing, and say what was not understood."""
    form = ImportForm()
    problem, asks = "", False
    imported: Imported | None = None
    given, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    # Known only now that the upload has been read, or has been stopped.
    if getattr(request, "too_large", False):
        problem = gettext("The file is larger than 20 MB and was not read.")
    elif given is not None:
        form = ImportForm(given, files)
        asks = "asked" in given
        try:
            with entering(request, client=client_id) as permit:
                client = whose(permit, client_id)
                if form.is_valid():
                    imported = actions.import_document(
                        permit=permit,
                        at=permit.at,
                        client_id=client_id,
                        data=form.cleaned_data["document"].read(),
                        checked_by_hand=form.cleaned_data["checked"],
                    )
                    also = offered(request, permit, client_id)
                    went = sent(request, permit, client_id, also)
        except UncertainPatient as error:
            problem, asks = gettext(str(error)), True
        except DocumentError as error:
            problem = _sentence(error)
    if imported is not None:
        tell(request, also, went)
        return render(request, "health/imported.html", {"client": client, "imported": imported})
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        also = offered(request, permit, client_id)
    shown = {"client": client, "form": form, "also": also, "problem": problem, "asks": asks}
    return render(request, "health/import.html", shown)


@sensitive_post_parameters()
@form_page
def exam(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A forensic exam, step by step; on request the visits that usually follow."""
    return _noted(request, client_id, ExamForm, "health/exam.html")


@sensitive_post_parameters()
@form_page
def injury(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Injuries as seen on one day."""
    return _noted(request, client_id, InjuryForm, "health/injury.html")


@sensitive_post_parameters()
@form_page
def visit(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A visit with its window."""
    return _noted(request, client_id, VisitForm, "health/visit.html")


def _noted(request: HttpRequest, client_id: UUID, form_class: type[CodedForm], template: str) -> HttpResponse:
    """Show one of the coded forms, or write down what it says."""
    today = timezone.localdate()
    initial = {"day": today, "first_day": today, "last_day": today}
    form = form_class(request.POST if request.method == "POST" else None, initial=initial)
    saved, planned = False, 0
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            also = offered(request, permit, client_id)
            limits = limits_due(permit, client_id, vault.herself(permit=permit, client_id=client_id))
            if form.is_valid():
                planned = _note(permit, client_id, form)
                went = sent(request, permit, client_id, also)
                saved = True
    except (NotCoded, InvalidEntry) as error:
        saved = False
        form.add_error(None, gettext(str(error)))
    if not saved:
        return render(request, template, {"client": client, "form": form, "also": also, "limits": limits})
    messages.success(request, gettext("Written down."))
    tell(request, also, went)
    if planned:
        messages.success(
            request,
            ngettext("%(count)s follow-up visit planned.", "%(count)s follow-up visits planned.", planned)
            % {"count": planned},
        )
    return redirect("client", client_id)


def _note(permit: Permit, client_id: UUID, form: CodedForm) -> int:
    """Write the entry, and the follow-up visits when they were asked for. Returns how many visits."""
    given: dict[str, Any] = form.cleaned_data
    day: date = given.get("day") or given["first_day"]
    actions.note(
        permit=permit,
        at=permit.at,
        client_id=client_id,
        kind=form.kind,
        values=form.values(),
        narrative=given["narrative"],
        day=day,
    )
    if not given.get("follow_ups"):
        return 0
    return actions.plan_follow_ups(permit=permit, at=permit.at, client_id=client_id, exam_day=day)


def _sentence(error: DocumentError) -> str:
    """What is wrong with a file, in the reader's language, and in which line."""
    if error.line is None:
        return gettext(str(error))
    said = str(error).removesuffix(f" (line {error.line}).") + "."
    return gettext(said) + " " + gettext("Look at line %(line)s.") % {"line": error.line}

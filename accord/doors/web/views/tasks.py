"""Tasks: what is to be done, by whom, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accord.coordination.tasks import actions
from accord.coordination.tasks import queries as work
from accord.coordination.tasks.rules import Filter, InvalidTask
from accord.doors.web import handing, madeof
from accord.doors.web.forms.tasks import FilterForm, HandOverForm, NewTaskForm, WorkForm
from accord.doors.web.knocking import entering
from accord.doors.web.taskwords import view_name
from accord.gate import Refused
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.vault import queries as vault
from accord.vault.rules import InvalidEntry

form_page = require_http_methods(["GET", "HEAD", "POST"])


@sensitive_post_parameters()
@form_page
def tasks(request: HttpRequest) -> HttpResponse:
    """The list: hers, what she gave to others, everybody's. What is ticked is done, put off, handed over or dropped
    together; what the list shows can be kept."""
    typed = request.POST if request.method == "POST" else None
    narrowing = FilterForm(request.GET)
    view, wanted, said, problem = narrowing.view, narrowing.wanted, "", ""
    try:
        with entering(request) as permit:
            colleagues = work.takers(permit=permit)
            form = WorkForm(typed, colleagues=colleagues)
            if typed is not None:
                said = _kept(permit, typed, view) or _worked(permit, form, _ids(typed.getlist("task")), typed)
            lines, more = work.tasks(permit=permit, view=view, **wanted)
            kept = work.kept(permit=permit)
    except InvalidTask as error:
        problem = _(str(error))
    if problem:
        messages.error(request, problem)
    if said:
        messages.success(request, said)
    if said or problem:
        return redirect(request.get_full_path())
    return render(
        request,
        "tasks/list.html",
        {
            "lines": lines,
            "more": more,
            "view": view,
            "name": view_name(view),
            "narrowing": narrowing,
            "owner": colleagues.get(wanted["owner_id"], ""),
            "kept": [(each.id, view_name(each.view), each.view) for each in kept],
            "keepable": view != Filter() and view not in [each.view for each in kept] and not any(wanted.values()),
            "form": form,
            "ended": view.when == "ended",
            "who": view.whose != "mine",
            "narrowed": view != Filter() or any(wanted.values()),
        },
    )


@sensitive_post_parameters()
@form_page
def new(request: HttpRequest, client_id: UUID | None = None) -> HttpResponse:
    """Something is to be done, about her or about nobody."""
    typed = request.POST if request.method == "POST" else None
    made, code = False, ""
    with entering(request, client=client_id) as permit:
        if client_id is not None:
            code = vault.codes(permit=permit, client_ids=[client_id])[client_id]
        of = madeof.asked(request, permit, client_id)
        there = madeof.left(permit, client_id, [of.id]) if of and client_id else None
        form = NewTaskForm(
            typed,
            colleagues=work.takers(permit=permit, client_id=client_id),
            initial={"owner": permit.member_id, "day": timezone.localdate()} | (of.initial if of else {}),
        )
        if there is None and form.is_valid():
            actions.add(
                permit=permit,
                at=permit.at,
                owner_id=form.cleaned_data["owner"],
                new=replace(form.task(), origin=of.origin, origin_id=of.id) if of else form.task(),
                client_id=client_id,
            )
            made = True
    if there is not None and client_id is not None:
        return madeof.to_task(request, client_id, there, _("This task was made of it already."))
    if made:
        messages.success(request, _("The task is noted."))
        return redirect("client", client_id) if client_id else redirect("tasks")
    return render(request, "tasks/new.html", {"form": form, "client_id": client_id, "code": code})


@sensitive_post_parameters()
@form_page
def task(request: HttpRequest, task_id: UUID, client_id: UUID | None = None) -> HttpResponse:
    """One task: what is to be done, who gave it, and what becomes of it."""
    typed = request.POST if request.method == "POST" else None
    said = problem = ""
    try:
        with entering(request, client=client_id) as permit:
            found = work.task(permit=permit, task_id=task_id, client_id=client_id)
            if found is None:
                raise Refused
            form = WorkForm(typed, colleagues=work.takers(permit=permit, client_id=client_id))
            names, me = partners.names(permit=permit), permit.member_id
            over = client_id is not None and found.ended_at is None and madeof.over(permit, client_id, found)
            if typed is not None:
                said = _worked(permit, form, [task_id], typed)
    except InvalidTask as error:
        problem = _(str(error))
    if said:
        messages.success(request, said)
        return redirect("client", client_id) if client_id else redirect("tasks")
    if problem:
        messages.error(request, problem)
        return redirect(request.path)
    return render(
        request,
        "tasks/task.html",
        {"task": found, "form": form, "names": names, "mine": found.owner_id == me, "over": over},
    )


@sensitive_post_parameters()
@form_page
def hand_over(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """A supervisor gives everything one colleague carries to another: files and tasks, with a note."""
    typed = request.POST if request.method == "POST" else None
    done, problem = None, ""
    try:
        with entering(request) as permit:
            name = partners.names(permit=permit).get(member_id)
            if name is None:
                raise Refused
            carried = handing.carried(permit, member_id)
            others = {id: each for id, each in work.takers(permit=permit).items() if id != member_id}
            form = HandOverForm(typed, colleagues=others)
            if form.is_valid():
                done = handing.hand_over(permit, member_id, form.cleaned_data["to"], form.cleaned_data["note"])
    except (InvalidTask, InvalidEntry) as error:
        problem = _(str(error))
    if done is not None:
        handing.said(request, done)
        return redirect("board")
    shown = {"name": name, "carried": carried, "form": form, "problem": problem}
    return render(request, "tasks/hand_over.html", shown)


def _kept(permit: Permit, typed: QueryDict, view: Filter) -> str:
    """A view of the list is kept or forgotten; what to say about it, empty when nothing of that was asked."""
    if typed.get("do") == "keep":
        actions.keep_view(permit=permit, at=permit.at, view=view)
        return _("This view is kept for you.")
    if "forget" in typed:
        for id in _ids([typed["forget"]]):
            actions.forget_view(permit=permit, at=permit.at, view_id=id)
        return _("This view is no longer kept.")
    return ""


def _worked(permit: Permit, form: WorkForm, ids: Collection[UUID], typed: QueryDict) -> str:
    """What becomes of tasks, and what to say about it. Raises InvalidTask when nothing was chosen."""
    how = WORK.get(typed.get("do", ""))
    if how is None:
        raise InvalidTask("Choose what becomes of it.")
    if not ids:
        raise InvalidTask("Tick the tasks first.")
    if not form.is_valid():
        raise InvalidTask("Choose what is offered, and keep the note short.")
    return how(permit, form, ids)


def _done(permit: Permit, form: WorkForm, ids: Collection[UUID]) -> str:
    n = actions.done(permit=permit, at=permit.at, task_ids=ids)
    return ngettext("%d task is done.", "%d tasks are done.", n) % n


def _rest(permit: Permit, form: WorkForm, ids: Collection[UUID]) -> str:
    days, why = form.value("days", 0), form.value("rest")
    n = actions.snooze(permit=permit, at=permit.at, task_ids=ids, days=days, why=why)
    return ngettext("%d task is put off.", "%d tasks are put off.", n) % n


def _wake(permit: Permit, form: WorkForm, ids: Collection[UUID]) -> str:
    n = actions.wake(permit=permit, at=permit.at, task_ids=ids)
    return ngettext("%d task is no longer put off.", "%d tasks are no longer put off.", n) % n


def _hand(permit: Permit, form: WorkForm, ids: Collection[UUID]) -> str:
    to = form.value("to", None)
    if to is None:
        raise InvalidTask("Choose a colleague.")
    went, stay = actions.hand(permit=permit, at=permit.at, task_ids=ids, to_member=to, note=form.value("note"))
    return handing.tasks_said(went, stay)


def _take(permit: Permit, form: WorkForm, ids: Collection[UUID]) -> str:
    assert permit.member_id is not None, "a job does not press buttons"
    actions.hand(permit=permit, at=permit.at, task_ids=ids, to_member=permit.member_id)
    return _("It is yours now.")


def _drop(permit: Permit, form: WorkForm, ids: Collection[UUID]) -> str:
    n = actions.drop(permit=permit, at=permit.at, task_ids=ids, why=form.value("why"))
    return ngettext("%d task is dropped.", "%d tasks are dropped.", n) % n


def _reopen(permit: Permit, form: WorkForm, ids: Collection[UUID]) -> str:
    for id in ids:
        actions.reopen(permit=permit, at=permit.at, task_id=id)
    return ngettext("%d task is open again.", "%d tasks are open again.", len(ids)) % len(ids)


#: What a button does.
WORK: Mapping[str, Callable[[Permit, WorkForm, Collection[UUID]], str]] = {
    "done": _done, "rest": _rest, "wake": _wake, "hand": _hand, "take": _take, "drop": _drop, "reopen": _reopen,
}  # fmt: skip


def _ids(texts: Collection[str]) -> list[UUID]:
    """Ids from a form; made-up ones are answered like any absent ones."""
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise Refused from None

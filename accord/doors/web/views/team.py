"""Who works with her, who must not, and which files are about one person."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accord.doors.web.forms.team import ColleagueForm, ConflictForm, LiftForm, WallForm
from accord.doors.web.knocking import entering
from accord.gate import Refused
from accord.partners import queries as partners
from accord.vault import actions
from accord.vault import queries as vault
from accord.vault.queries import FileView
from accord.vault.rules import InvalidEntry

form_page = require_http_methods(["GET", "HEAD", "POST"])


@form_page
def team(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A supervisor says who works with her from now on, and who no longer does."""
    typed = request.POST if request.method == "POST" else None
    done = False
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        walls = vault.walls(permit=permit, client_id=client_id)
        free = _without(partners.colleagues(permit=permit), [each.id for each in file.team], walls)
        form = ColleagueForm(typed if typed is not None and "take" in typed else None, colleagues=free)
        if form.is_valid():
            actions.assign(permit=permit, at=permit.at, client_id=client_id, member_id=form.cleaned_data["member"])
            done = True
        elif typed is not None and "drop" in typed:
            actions.unassign(permit=permit, at=permit.at, client_id=client_id, member_id=_id(typed["drop"]))
            done = True
        needed = partners.directory(permit=permit)[permit.agency_id].access == "team"
    if done:
        messages.success(request, _("Noted who works with her."))
        return redirect("team", client_id)
    return render(
        request,
        "team/team.html",
        {"file": file, "form": form, "free": free, "walls": walls, "needed": needed},
    )


@form_page
def conflict(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """She knows her or her family: what happens then, and out at once."""
    form = ConflictForm(request.POST if request.method == "POST" else None)
    declared = False
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        alone = [each.id for each in file.team] == [permit.member_id]
        if form.is_valid():
            actions.declare_conflict(permit=permit, at=permit.at, client_id=client_id, kind=form.cleaned_data["kind"])
            declared = True
    if declared:
        messages.success(request, _("You are off this file. Your supervisors are told."))
        return redirect("my_day")
    return render(request, "team/conflict.html", {"file": file, "form": form, "alone": alone})


@form_page
def walls(request: HttpRequest) -> HttpResponse:
    """Who is off whose file. A wall is set by the client's code; nobody needs to see her file for it."""
    done = False
    try:
        with entering(request) as permit:
            form = WallForm(
                request.POST if request.method == "POST" else None, colleagues=partners.colleagues(permit=permit)
            )
            if form.is_valid():
                given = form.cleaned_data
                client_id = vault.coded(permit=permit, code=given["code"])
                if client_id is None:
                    form.add_error("code", _("No file here has this code. Ask who works with her for it."))
                else:
                    actions.wall_off(
                        permit=permit, at=permit.at, client_id=client_id, member_id=given["member"], kind=given["kind"]
                    )
                    done = True
            lines = vault.walls(permit=permit)
            names = partners.colleagues(permit=permit)
    except InvalidEntry as error:
        messages.error(request, _(str(error)))
        return redirect("walls")
    if done:
        messages.success(request, _("The wall stands. For this colleague the file is no longer there."))
        return redirect("walls")
    return render(request, "team/walls.html", {"form": form, "lines": lines, "names": names})


@form_page
def wall(request: HttpRequest, wall_id: UUID) -> HttpResponse:
    """One wall: who, which file, why, since when. It stays, or it is lifted and it is said why."""
    typed = request.POST if request.method == "POST" else None
    stays = typed is not None and typed.get("do") == "stays"
    form = LiftForm(typed if not stays else None)
    done = ""
    with entering(request) as permit:
        line = vault.wall(permit=permit, wall_id=wall_id)
        if line is None:
            raise Refused
        if stays:
            actions.keep_wall(permit=permit, at=permit.at, wall_id=wall_id)
            done = _("Noted: the wall stays.")
        elif form.is_valid():
            actions.lift_wall(permit=permit, at=permit.at, wall_id=wall_id, why=form.cleaned_data["why"])
            done = _("The wall is lifted. She may see this file again.")
        names = partners.names(permit=permit)
    if done:
        messages.success(request, done)
        return redirect("walls")
    return render(request, "team/wall.html", {"wall": line, "form": form, "names": names})


@sensitive_post_parameters()
@form_page
def same(request: HttpRequest, client_id: UUID, other_id: UUID) -> HttpResponse:
    """Is this the same person? Both files side by side, what merging does, and merging."""
    kept = None
    try:
        with entering(request, client=client_id) as permit:
            files = vault.compared(permit=permit, client_ids=[client_id, other_id])
            if len(files) < 2:
                raise Refused
            stays, goes = _order(files)
            if request.method == "POST":
                actions.merge(permit=permit, at=permit.at, client_id=stays.id, other_id=goes.id)
                kept = stays.id
    except InvalidEntry as error:
        messages.error(request, _(str(error)))
        return redirect("same", client_id, other_id)
    if kept:
        messages.success(request, _("The two files are one from now on. You can separate them any day."))
        return redirect("client", kept)
    return render(request, "team/same.html", {"stays": stays, "goes": goes, "here": client_id})


@form_page
def separate(request: HttpRequest, client_id: UUID, other_id: UUID) -> HttpResponse:
    """Undo a merge: what goes back where."""
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        other = next((each for each in file.merged if each.id == other_id), None)
        if other is None:
            raise Refused
        if request.method == "POST":
            actions.separate(permit=permit, at=permit.at, client_id=client_id, other_id=other_id)
    if request.method == "POST":
        messages.success(request, _("The files are two again."))
        return redirect("client", other_id)
    return render(request, "team/separate.html", {"file": file, "other": other})


def _order(files: list[FileView]) -> tuple[FileView, FileView]:
    """Which file stays and which is shown with it: one that others belong to already, else the older one."""
    stays, goes = sorted(files, key=lambda file: not file.merged)
    return stays, goes


def _without(colleagues: dict[UUID, str], there: list[UUID], walls: list[vault.WallLine]) -> dict[UUID, str]:
    """Colleagues who can be added: not there already, and not walled off."""
    out = {*there, *(wall.member_id for wall in walls)}
    return {id: name for id, name in colleagues.items() if id not in out}


def _id(text: str) -> UUID:
    """An id from a button; a made-up one is answered like any absent one."""
    try:
        return UUID(text)
    except ValueError:
        raise Refused from None

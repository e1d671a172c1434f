"""An agency's own members and keys."""

from __future__ import annotations

import time
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accord.config.service import gate
from accord.coordination.protocols import queries as protocols
from accord.doors.web import handing
from accord.doors.web.context import WORKERS
from accord.doors.web.forms.staff import LeavingForm, MemberForm, RolesForm
from accord.doors.web.knocking import entering
from accord.gate import Refused
from accord.gate.asking import roles as sentences
from accord.ledger.permits import Permit
from accord.partners import actions, queries
from accord.partners.queries import MemberLine
from accord.vault import queries as vault
from accord.vault.actions import look_for, rewrap_clients

#: File keys wrapped anew in one transaction.
BATCH = 500
#: Seconds that requests which opened the vault before its key turned are given to end: they hold no new key, and a
#: file wrapped under it would not open for them.
SETTLE = 20


@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """Everybody who works or worked here."""
    with entering(request) as permit:
        lines = queries.members(permit=permit)
        me = permit.member_id
        reminders = queries.reminders(permit=permit)
        changes = protocols.to_answer(permit=permit)
        agencies = queries.directory(permit=permit) if changes else {}
    return render(
        request,
        "staff/members.html",
        {
            "present": [line for line in lines if line.left_at is None],
            "gone": [line for line in lines if line.left_at is not None],
            "me": me,
            "reminders": reminders,
            "changes": changes,
            "agencies": agencies,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_new(request: HttpRequest) -> HttpResponse:
    """Let somebody in. The code is on this one answer and nowhere else."""
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with entering(request) as permit:
                joined, code = actions.add_member(permit=permit, at=permit.at, **given)
                look_for(permit=permit, at=permit.at, member_id=joined)
        except actions.InvalidPartner as error:
            form.add_error(None, str(error))
        else:
            return render(request, "staff/code.html", {"name": given["name"], "email": given["email"], "code": code})
    else:
        with entering(request):
            pass
    return render(request, "staff/member_new.html", {"form": form})


@require_safe
def member(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """One member: whether she has everything she needs on her first day, and what she may do."""
    with entering(request) as permit:
        line = _known(permit, member_id)
        me, means = permit.member_id, sentences(permit.at)
        holds = vault.assigned(permit=permit, member_id=member_id)
    return render(
        request,
        "staff/member.html",
        {"line": line, "mine": line.id == me, "holds": holds, "roles": [(role, means[role]) for role in line.roles]},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_roles(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """What she may do, from her next click on."""
    done = False
    with entering(request) as permit:
        line = _here(permit, member_id)
        form = RolesForm(
            request.POST if request.method == "POST" else None,
            initial={"roles": [role.value for role in line.roles]},
            sentences=sentences(permit.at),
        )
        if form.is_valid():
            actions.change_roles(permit=permit, at=permit.at, member_id=member_id, **form.cleaned_data)
            done = True
    if done:
        messages.success(request, _("It holds from her next click on."))
        return redirect("member", member_id)
    return render(request, "staff/member_roles.html", {"form": form, "line": line})


@require_http_methods(["GET", "HEAD", "POST"])
def member_code(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """A password is lost: a new key and a new code, shown once."""
    code = ""
    with entering(request) as permit:
        line = _here(permit, member_id)
        if request.method == "POST":
            code = actions.new_code(permit=permit, at=permit.at, member_id=member_id)
    if code:
        return render(request, "staff/code.html", {"name": line.name, "email": line.email, "code": code})
    return render(request, "staff/member_code.html", {"line": line})


@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """She leaves: what she holds goes to somebody, her way in closes at once and the vault key turns; wrapping the file
    keys anew follows in batches."""
    handed, done = handing.Handed(), False
    with entering(request) as permit:
        line = _here(permit, member_id)
        ours = queries.directory(permit=permit)[permit.agency_id]
        carried = handing.carried(permit, member_id)
        form = LeavingForm(request.POST if request.method == "POST" else None, takers=_takers(permit, member_id))
        if request.method == "POST" and (not carried or form.is_valid()):
            if carried:
                handed = handing.hand_over(permit, member_id, form.taker, form.cleaned_data["note"])
            actions.remove_member(permit=permit, at=permit.at, member_id=member_id, keyring=gate().keyring)
            done = True
    if done:
        request.session["turned"] = time.time()
        messages.success(request, _("She is out: her next click opens nothing. The vault key has turned."))
        handing.said(request, handed)
        return redirect("keys")
    named = line.name in (ours.point_person, ours.deputy)
    shown = {"line": line, "form": form, "named": named, "carried": carried}
    return render(request, "staff/member_remove.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The paper key, the vault key, and wrapping the file keys anew after it has turned."""
    do = request.POST.get("do", "")
    if do == "rewrap":
        return _rewrap(request)
    paper = ""
    with entering(request) as permit:
        ours, at = queries.directory(permit=permit)[permit.agency_id], permit.at
        if do == "paper":
            paper = actions.new_recovery(permit=permit, at=at)
        elif do == "turn":
            actions.turn_vault_key(permit=permit, at=at, keyring=gate().keyring)
    if paper:
        return render(request, "staff/paper.html", {"paper": paper, "ours": ours, "at": at})
    if do == "turn":
        request.session["turned"] = time.time()
        messages.success(request, _("The vault key has turned."))
        return redirect("keys")
    turned = "turned" in request.session
    return render(request, "staff/keys.html", {"ours": ours, "working": turned, "wait": _wait(request), "left": None})


def _rewrap(request: HttpRequest) -> HttpResponse:
    """One batch, in a permit of its own. htmx asks again by itself until nothing is left; without it she presses."""
    wait, left = _wait(request), None
    with entering(request) as permit:
        if not wait:
            left = rewrap_clients(permit=permit, limit=BATCH)
    if left == 0:
        request.session.pop("turned", None)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "staff/rewrapping.html", {"working": left != 0, "wait": wait, "left": left})
    if left:
        messages.info(request, ngettext("%d file is still to do.", "%d files are still to do.", left) % left)
        request.session["turned"] = request.session.get("turned", 0)
    elif left == 0:
        messages.success(request, _("Every file key is under the newest vault key."))
    return redirect("keys")


def _wait(request: HttpRequest) -> int:
    """Seconds until requests from before the turn have certainly ended."""
    return max(0, round(request.session.get("turned", 0) + SETTLE - time.time()))


def _here(permit: Permit, member_id: UUID) -> MemberLine:
    """A member who still works here and is somebody else."""
    line = _known(permit, member_id)
    if line.left_at is not None or line.id == permit.member_id:
        raise Refused
    return line


def _takers(permit: Permit, leaving: UUID) -> list[MemberLine]:
    """Who could work with a client in her place."""
    return [
        line
        for line in queries.members(permit=permit)
        if line.left_at is None and line.id != leaving and WORKERS.intersection(line.roles)
    ]


def _known(permit: Permit, member_id: UUID) -> MemberLine:
    """Somebody who works or worked here."""
    for line in queries.members(permit=permit):
        if line.id == member_id:
            return line
    raise Refused

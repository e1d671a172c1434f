"""Whom a member is connected to outside work. She says so before there is a file; nobody else reads it."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accord.doors.web.forms.team import TieForm
from accord.doors.web.knocking import entering
from accord.vault import actions
from accord.vault import queries as vault
from accord.vault.rules import InvalidEntry


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def ties(request: HttpRequest) -> HttpResponse:
    """Her own list: add somebody, or say that it is over."""
    typed = request.POST if request.method == "POST" else None
    ending = typed is not None and "end" in typed
    form = TieForm(typed if not ending else None)
    done = ""
    with entering(request) as permit:
        if typed is not None and ending:
            with suppress(ValueError):
                actions.end_tie(permit=permit, at=permit.at, tie_id=UUID(typed["end"]))
            done = _("Noted. Walls that stand because of it stay until your privacy officer lifts them.")
        elif form.is_valid():
            try:
                actions.declare_tie(permit=permit, at=permit.at, names=form.names, kind=form.cleaned_data["kind"])
                done = _("Noted. A file with this name is not there for you, now and from now on.")
            except InvalidEntry as error:
                form.add_error("name", _(str(error)))
        known = vault.ties(permit=permit)
    if done:
        messages.success(request, done)
        return redirect("ties")
    return render(request, "team/ties.html", {"form": form, "known": known})

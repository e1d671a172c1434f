"""When an e-mail may tell a member that something is new."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accord.coordination.notices import actions, queries
from accord.coordination.notices.rules import InvalidHours
from accord.doors.web.forms.notices import HearingForm
from accord.doors.web.knocking import entering


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """How and in which hours she hears; nobody else sees or says it."""
    done = False
    with entering(request) as permit:
        hearing = queries.hearing(permit=permit)
        form = HearingForm(
            request.POST if request.method == "POST" else None, initial=HearingForm.of_wish(hearing.wish)
        )
        if form.is_valid():
            try:
                actions.wish(permit=permit, at=permit.at, wish=form.wish())
                done = True
            except InvalidHours as error:
                form.add_error(None, _(str(error)))
    if done:
        messages.success(request, _("Noted when an e-mail may come."))
        return redirect("my_notices")
    return render(request, "tasks/notices.html", {"form": form, "hearing": hearing})

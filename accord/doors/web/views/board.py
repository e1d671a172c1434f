"""The agency's board: who carries how much. Numbers alone; those who hand out the work get on from there."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accord.coordination.referrals import queries as referrals
from accord.coordination.tasks import actions, queries
from accord.coordination.tasks.queries import Carries
from accord.coordination.tracks import queries as tracks
from accord.doors.web.forms.tasks import BoardForm, CapacityForm
from accord.doors.web.knocking import entering, roles
from accord.learning.gaps import queries as gaps
from accord.policy.words import Role

#: How the board can be laid out; the name is the order of the query.
FIRST: dict[str, Callable[[Carries], int]] = {"late": lambda each: -each.late, "files": lambda each: -each.files}


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Files, tasks and what is late, person by person."""
    form = BoardForm(request.GET)
    laid = form.cleaned_data if form.is_valid() else {}
    with entering(request) as permit:
        found = queries.board(permit=permit)
        clocks, passed = tracks.late(permit=permit)
        missing, open_gaps = gaps.carried(permit=permit)
        asked, unanswered = referrals.unanswered(permit=permit)
        came, nobodys = referrals.looked_after(permit=permit)
    people = [each for each in found.people if each.late or not laid.get("late")]
    if order := FIRST.get(laid.get("first", "")):
        people.sort(key=order)
    totals = [sum(getattr(each, name) for each in found.people) for name in ("tasks", "late", "resting")]
    return render(
        request,
        "tasks/board.html",
        {
            "board": found,
            "people": people,
            "totals": totals,
            "clocks": clocks,
            "passed": passed,
            "missing": missing,
            "open_gaps": open_gaps,
            "asked": asked,
            "unanswered": unanswered,
            "came": came,
            "nobodys": nobodys,
            "form": form,
            "supervises": Role.SUPERVISOR in roles(request),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def capacity(request: HttpRequest) -> HttpResponse:
    """A supervisor says how many files one person carries."""
    done = False
    with entering(request) as permit:
        each = queries.board(permit=permit).each
        form = CapacityForm(request.POST if request.method == "POST" else None, initial={"files": each})
        if form.is_valid():
            actions.say_capacity(permit=permit, at=permit.at, files=form.cleaned_data["files"])
            done = True
    if done:
        messages.success(request, _("Noted how many files one person carries."))
        return redirect("board")
    return render(request, "tasks/capacity.html", {"form": form})

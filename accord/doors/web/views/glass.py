"""Emergency access: one file for sixty minutes, why, who agrees, and looking at it afterwards."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.config.service import gate
from accord.doors.web.forms.glass import FileForm, OutcomeForm, WhyForm
from accord.doors.web.knocking import caller, entering
from accord.gate import Refused
from accord.partners import queries as partners
from accord.vault import actions
from accord.vault import queries as vault
from accord.vault.rules import InvalidEntry

form_page = require_http_methods(["GET", "HEAD", "POST"])
#: One thing to a page: which file, why, what happens then.
STEPS = ("file", "why", "then")


@require_safe
def glasses(request: HttpRequest) -> HttpResponse:
    """Her own emergency access, and where to begin."""
    with entering(request) as permit:
        mine = vault.glasses(permit=permit)
    return render(request, "glass/mine.html", {"mine": mine})


@sensitive_post_parameters()
@form_page
def glass_new(request: HttpRequest) -> HttpResponse:
    """Which file, why, and what happens then. Until the last press nothing is asked for, and what happens is said in
    the same words whether such a file exists or not."""
    typed = request.POST if request.method == "POST" else None
    step = typed.get("step", "file") if typed is not None else "file"
    problem, asked = "", None
    elsewhere = _her_agencies(request)
    with entering(request) as permit:
        directory = partners.directory(permit=permit)
        ours = directory[permit.agency_id]
        askable = {id: directory[id].name for id in vault.askable(permit=permit, elsewhere=elsewhere)}
        file = FileForm(typed)
        why = WhyForm(typed if step in ("then", "ask") else None, partners=askable)
        if typed is not None and not file.is_valid():
            step = "file"
        elif step in ("then", "ask") and not why.is_valid():
            step = "why"
        elif step == "ask":
            try:
                asked = actions.break_glass(
                    permit=permit,
                    at=permit.at,
                    code=file.cleaned_data["code"],
                    reason=why.cleaned_data["reason"],
                    words=why.cleaned_data["words"],
                    elsewhere=elsewhere,
                    partner_id=why.cleaned_data.get("partner"),
                )
            except InvalidEntry as error:
                problem = _(str(error))
    if asked is not None:
        return redirect("glass", asked)
    given = why.cleaned_data if why.is_bound and why.is_valid() else {}
    return render(
        request,
        "glass/new.html",
        {
            "step": step if step in STEPS else "then",
            "file": file,
            "why": why,
            "given": given,
            "code": file.cleaned_data["code"].strip().upper() if file.is_bound and file.is_valid() else "",
            "second": askable.get(given.get("partner"), "") if given else "",
            "partners": bool(askable),
            "ours": ours,
            "problem": problem,
        },
    )


@form_page
def glass(request: HttpRequest, glass_id: UUID) -> HttpResponse:
    """Where one of her own stands; opening it when somebody has agreed."""
    problem = ""
    with entering(request) as permit:
        if request.method == "POST":
            try:
                actions.open_glass(permit=permit, at=permit.at, glass_id=glass_id)
            except InvalidEntry as error:
                problem = _(str(error))
        view = _found(vault.glass(permit=permit, glass_id=glass_id))
        names = partners.directory(permit=permit)
    if request.method == "POST" and not problem:
        return redirect("glass", glass_id)
    partner = names[view.partner_id].name if view.partner_id else ""
    return render(request, "glass/one.html", {"view": view, "partner": partner, "problem": problem})


@require_safe
def seconds(request: HttpRequest) -> HttpResponse:
    """What waits for a director: emergency access here, at a partner, and what is still to be looked at."""
    with entering(request) as permit:
        waiting = vault.glasses_to_second(permit=permit)
        asked = vault.partners_to_second(permit=permit)
        review = vault.glasses_to_review(permit=permit)
        left = vault.walls_left(permit=permit)
        agencies = partners.directory(permit=permit)
    return render(
        request,
        "glass/seconds.html",
        {"waiting": waiting, "asked": asked, "review": review, "left": left, "agencies": agencies},
    )


@form_page
def second(request: HttpRequest, glass_id: UUID) -> HttpResponse:
    """One request of a colleague: who, which file, why. The director agrees or refuses."""
    with entering(request) as permit:
        view = _found(next((each for each in vault.glasses_to_second(permit=permit) if each.id == glass_id), None))
        agreed = _answer(request)
        if agreed is not None:
            actions.second_glass(permit=permit, at=permit.at, glass_id=glass_id, agreed=agreed)
    if agreed is not None:
        messages.success(request, _("You agreed. She can open it now.") if agreed else _("You refused."))
        return redirect("glass_seconds")
    return render(request, "glass/second.html", {"view": view})


@form_page
def second_partner(request: HttpRequest, seconding_id: UUID) -> HttpResponse:
    """One request of a partner: which agency, what kind of reason, which role. No client, no name."""
    with entering(request) as permit:
        waiting = vault.partners_to_second(permit=permit)
        view = next((each for each in waiting if each.id == seconding_id), None)
        if view is None:
            raise Refused
        agencies = partners.directory(permit=permit)
        agreed = _answer(request)
        if agreed is not None:
            actions.second_partner(permit=permit, at=permit.at, seconding_id=seconding_id, agreed=agreed)
    if agreed is not None:
        messages.success(request, _("You agreed. They can open it now.") if agreed else _("You refused."))
        return redirect("home")
    return render(request, "glass/second_partner.html", {"view": view, "holder": agencies[view.holder_id]})


@require_safe
def watch(request: HttpRequest) -> HttpResponse:
    """A privacy officer's day: emergency access to look at, walls that were found, what a partner asks."""
    with entering(request) as permit:
        found = vault.walls_found(permit=permit)
        left = vault.walls_left(permit=permit)
        review = vault.glasses_to_review(permit=permit)
        closed = vault.glasses_reviewed(permit=permit)
        asked = vault.partners_to_second(permit=permit)
        agencies = partners.directory(permit=permit)
        names = partners.names(permit=permit)
    return render(
        request,
        "glass/watch.html",
        {
            "found": found,
            "left": left,
            "review": review,
            "closed": closed,
            "asked": asked,
            "agencies": agencies,
            "names": names,
            "count": len(found) + len(left) + len(review) + len(asked),
        },
    )


@require_POST
def left(request: HttpRequest, wall_id: UUID) -> HttpResponse:
    """Somebody looked at a name that walled nobody off."""
    try:
        with entering(request) as permit:
            actions.see_left(permit=permit, at=permit.at, wall_id=wall_id)
    except InvalidEntry:
        raise Refused from None
    messages.success(request, _("Noted that you looked."))
    return redirect("home")


@form_page
def review(request: HttpRequest, glass_id: UUID) -> HttpResponse:
    """One to look at: who, which file, why, how long, who agreed; and what was found."""
    form = OutcomeForm(request.POST if request.method == "POST" else None)
    done, problem = False, ""
    with entering(request) as permit:
        view = _found(vault.glass_to_review(permit=permit, glass_id=glass_id))
        names = partners.names(permit=permit)
        agencies = partners.directory(permit=permit)
        hers = view.second_by == permit.member_id
        if form.is_valid():
            try:
                actions.review_glass(
                    permit=permit, at=permit.at, glass_id=glass_id, outcome=form.cleaned_data["outcome"]
                )
                done = True
            except InvalidEntry as error:
                problem = _(str(error))
    if done:
        messages.success(request, _("Noted what you found."))
        return redirect("home")
    return render(
        request,
        "glass/review.html",
        {
            "view": view,
            "form": form,
            "names": names,
            "partner": agencies[view.partner_id].name if view.partner_id else "",
            "may": view.reviewed_at is None and view.state in ("ended", "lapsed") and not hers,
            "problem": problem,
        },
    )


def _her_agencies(request: HttpRequest) -> frozenset[UUID]:
    """Where her account works: at none of them may somebody agree to what she asks."""
    account = caller(request).account
    assert account is not None, "a browser has an account"
    return frozenset(each.agency for each in gate().memberships(account, timezone.now()))


def _found(view: vault.GlassView | None) -> vault.GlassView:
    """What is not there, or not hers, is the same as what never was."""
    if view is None:
        raise Refused
    return view


def _answer(request: HttpRequest) -> bool | None:
    return {"agree": True, "refuse": False}.get(request.POST.get("do", ""))

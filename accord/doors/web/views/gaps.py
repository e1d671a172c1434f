"""Gaps: what is open although its clock has passed, what was answered, what partners are told of one, and how often
each rule found something."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.config.service import gate
from accord.doors.web import also as following
from accord.doors.web import madeof
from accord.doors.web.forms.gaps import AnswerForm, ListForm
from accord.doors.web.forms.updates import AlsoForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import caller, entering, roles
from accord.gate import Refused, updates
from accord.learning.gaps import actions, queries
from accord.learning.gaps.facts import rules
from accord.learning.gaps.queries import GapView
from accord.learning.gaps.rules import AGAIN, Answer, InvalidGap
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import Level, Role
from accord.sharing.rules import GAP_OVER
from accord.vault import queries as vault

form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Open gaps of the files she may know of, danger first, then the longest wait."""
    with entering(request) as permit:
        members = partners.colleagues(permit=permit)
        form = ListForm(request.GET, rules=rules(), members=members)
        chosen = form.cleaned_data if form.is_valid() else {"rule": "", "member": None}
        found = queries.gaps(permit=permit, rule=chosen["rule"], member_id=chosen["member"])
        codes = vault.codes(permit=permit, client_ids=list({line.client_id for line in found}))
        agencies = partners.directory(permit=permit, ids={line.partner_id for line in found if line.partner_id})
    return render(
        request,
        "gaps/gaps.html",
        {
            "form": form,
            "gaps": found,
            "codes": codes,
            "agencies": agencies,
            "most": queries.MOST_LISTED,
            "narrowed": bool(chosen["rule"] or chosen["member"]),
            "may_count": Role.SUPERVISOR in roles(request),
        },
    )


@sensitive_post_parameters()
@form_page
def gap(request: HttpRequest, client_id: UUID, gap_id: UUID) -> HttpResponse:
    """One gap: what, since when, who may know, what to do; and the answer to it."""
    typed = request.POST if request.method == "POST" else None
    form, answered, problem, task = AnswerForm(typed), False, "", None
    try:
        with entering(request, client=client_id) as permit:
            view = queries.gap(permit=permit, client_id=client_id, gap_id=gap_id)
            if view is None:
                raise Refused
            client = whose(permit, client_id)
            telling = _telling(request, permit, view)
            writers = partners.names(permit=permit)
            agencies = partners.directory(permit=permit)
            if typed is not None and form.is_valid():
                _answer(permit, client_id, gap_id, form)
                answered, view = True, queries.gap(permit=permit, client_id=client_id, gap_id=gap_id) or view
                if form.cleaned_data["answer"] not in AGAIN:
                    task = madeof.left(permit, client_id, [gap_id, view.line.of])
    except InvalidGap as error:
        answered, problem = False, gettext(str(error))
    if answered:
        messages.success(request, gettext("Written down."))
        if view.told is not None and view.told.partners and not view.told.stands:
            return redirect("gap", client_id, gap_id)
        return madeof.to_task(request, client_id, task) if task else redirect("client", client_id)
    return render(
        request,
        "gaps/gap.html",
        {
            "client": client,
            "gap": view,
            "form": form,
            "problem": problem,
            "also": telling,
            "agencies": agencies,
            "others": sorted(view.line.rule.tell),
            "writers": writers,
        },
    )


@require_POST
def tell(request: HttpRequest, client_id: UUID, gap_id: UUID) -> HttpResponse:
    """Written down for partners that it is open, or that it is over, and sent to those who were ticked: one press."""
    written = False
    try:
        with entering(request, client=client_id) as permit:
            view = queries.gap(permit=permit, client_id=client_id, gap_id=gap_id)
            if view is None:
                raise Refused
            telling = _telling(request, permit, view)
            if request.POST.get("say") == GAP_OVER:
                if view.told is None:
                    raise InvalidGap("Somebody has written this down meanwhile.")
                actions.tell_over(permit=permit, at=permit.at, client_id=client_id, told_id=view.told.id)
            elif view.told is None and view.agreed and not (telling and (telling.ways or telling.alone)):
                raise InvalidGap("Nobody may be told of this now. Ask her for a release that reaches that far.")
            else:
                actions.tell(permit=permit, at=permit.at, client_id=client_id, gap_id=gap_id)
            went = following.sent(request, permit, view.line.client_id, telling) if telling else {}
            written = True
    except InvalidGap as error:
        messages.error(request, gettext(str(error)))
    if written:
        messages.success(request, gettext("Written down."))
        if telling:
            following.tell(request, telling, went)
        if not went:
            messages.info(request, gettext("Nobody was told by this. What may be sent waits in the tray."))
    return redirect("gap", client_id, gap_id)


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """How often each rule found something, and what was answered: for a supervisor, nobody's name in it."""
    with entering(request) as permit:
        counted = queries.counts(permit=permit)
    return render(request, "gaps/counts.html", {"counted": counted, "answers": list(Answer), "days": queries.DAYS})


def _answer(permit: Permit, client_id: UUID, gap_id: UUID, form: AnswerForm) -> None:
    actions.answer(
        permit=permit,
        at=permit.at,
        client_id=client_id,
        gap_id=gap_id,
        answer=form.cleaned_data["answer"],
        why=form.cleaned_data["why"],
        days=form.days_again(),
    )


def _telling(request: HttpRequest, permit: Permit, view: GapView) -> AlsoForm | None:
    """To whom it would go as it is written down: that it is open, to the kinds of partner that may hear of it; that it
    is over, to those who were told. None where nothing is to be told."""
    told, rule = view.told, view.line.rule
    if told is not None and (told.stands or not told.partners):
        return None
    if told is None and not (view.open and view.agreed and rule.tell):
        return None
    agencies = partners.directory(permit=permit)
    found = [
        replace(way, levels={rule.about: Level.SUMMARY})
        for way in updates.ways(gate(), permit, caller(request), view.line.client_id)
        if way.levels.get(rule.about, Level.NONE) >= Level.SUMMARY
        and (view.about_herself if way.subject_id is None else way.subject_id == view.about_id)
        and agencies[way.recipient_id].kind in rule.tell
        and (told is None or way.recipient_id in told.partners)
    ]
    data = request.POST if request.method == "POST" and "say" in request.POST else None
    return AlsoForm(data, ways=found, agencies=agencies, ours=agencies[permit.agency_id])

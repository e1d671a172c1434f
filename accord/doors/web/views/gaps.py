"""Gaps: what is open although its clock has passed, what was answered, and how often each rule found something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accord.doors.web import madeof
from accord.doors.web.forms.gaps import AnswerForm, ListForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import entering, roles
from accord.gate import Refused
from accord.learning.gaps import actions, queries
from accord.learning.gaps.facts import rules
from accord.learning.gaps.rules import AGAIN, Answer, InvalidGap, Rule
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.partners.queries import AgencyCard
from accord.policy.words import Category, Level, Role
from accord.sharing import queries as sharing
from accord.sharing.rules import State
from accord.vault import queries as vault

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class MayTell:
    """A partner that may know of a gap, because her release or a law reaches that far; and how much, until when."""

    card: AgencyCard
    level: Level
    until_at: datetime


@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Open gaps of the files she may know of, danger first, then the longest wait."""
    with entering(request) as permit:
        members = partners.colleagues(permit=permit)
        form = ListForm(request.GET, rules=rules(), members=members)
        chosen = form.cleaned_data if form.is_valid() else {"rule": "", "member": None}
        found = queries.gaps(permit=permit, rule=chosen["rule"], member_id=chosen["member"])
        codes = vault.codes(permit=permit, client_ids=list({line.client_id for line in found}))
    return render(
        request,
        "gaps/gaps.html",
        {
            "form": form,
            "gaps": found,
            "codes": codes,
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
            may_tell = _may_tell(permit, client_id, view.line.rule)
            writers = partners.names(permit=permit)
            if typed is not None and form.is_valid():
                _answer(permit, client_id, gap_id, form)
                answered = True
                if form.cleaned_data["answer"] not in AGAIN:
                    task = madeof.left(permit, client_id, [gap_id, view.line.of])
    except InvalidGap as error:
        answered, problem = False, gettext(str(error))
    if answered:
        messages.success(request, gettext("Written down."))
        return madeof.to_task(request, client_id, task) if task else redirect("client", client_id)
    return render(
        request,
        "gaps/gap.html",
        {
            "client": client,
            "gap": view,
            "form": form,
            "problem": problem,
            "may_tell": may_tell,
            "others": sorted(view.line.rule.may_know().items()),
            "writers": writers,
        },
    )


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


def _may_tell(permit: Permit, client_id: UUID, rule: Rule) -> list[MayTell]:
    """Partners of the kinds that may know, whom her release or a law lets be told of this; each at most as far as the
    rule goes."""
    kinds = rule.may_know()
    reach: dict[UUID, tuple[Level, datetime]] = {}
    releases = sharing.releases(permit=permit, client_id=client_id)
    for release in releases:
        if release.state is State.SIGNED:
            _reach(reach, release.recipient_id, release.grants, release.until_at, rule.about)
    for flow in sharing.flows(permit=permit, client_id=client_id):
        if flow.living(permit.at):
            _reach(reach, flow.recipient_id, flow.grants, flow.until_at, rule.about)
    cards = partners.directory(permit=permit, ids=set(reach)) if reach else {}
    return [
        MayTell(cards[id], min(level, kinds[cards[id].kind]), until)
        for id, (level, until) in reach.items()
        if id in cards and cards[id].kind in kinds
    ]


def _reach(
    reach: dict[UUID, tuple[Level, datetime]],
    recipient: UUID,
    grants: Mapping[Category, Level],
    until: datetime,
    about: Category,
) -> None:
    level = grants.get(about, Level.NONE)
    if level > reach.get(recipient, (Level.NONE, until))[0]:
        reach[recipient] = (level, until)

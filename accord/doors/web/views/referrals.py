"""Referrals: making one, what is known of it, answering one that came, and what was done about it since."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.config.service import gate
from accord.coordination.referrals import actions, queries
from accord.coordination.referrals.queries import IncomingView, ReferralView
from accord.coordination.referrals.rules import OPEN_HERE, SILENT, InvalidReferral, Stand
from accord.doors.web import madeof, printing
from accord.doors.web.also import offered, sent, tell
from accord.doors.web.forms.caseload import LockForm
from accord.doors.web.forms.referrals import (
    CapacityForm,
    DeclineForm,
    GiveForm,
    HandForm,
    HeardForm,
    ReferralForm,
    ResultForm,
)
from accord.doors.web.forms.sharing import FindForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import caller, entering
from accord.doors.web.referralwords import SHOWN
from accord.doors.web.walled import off_the_file
from accord.gate import Refused, referring, updates
from accord.gate.flows import possible
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import Relation
from accord.sealing.age import for_passphrase, for_recipient
from accord.sharing.rules import InvalidRelease
from accord.vault import actions as vault_actions
from accord.vault import queries as vault
from accord.vault.rules import Identity, InvalidEntry

form_page = require_http_methods(["GET", "HEAD", "POST"])
#: Steps after which a referral of ours may be answered or over.
MAY_END = frozenset({"close", "back", "drop", "heard", "learn"})


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Every referral we made and every one that came, what is late first; narrowed by state, or to her own."""
    shown = request.GET.get("show", "open")
    shown = shown if shown in SHOWN else ""
    mine, who = "mine" in request.GET, request.GET.get("who", "")
    with entering(request) as permit:
        names = partners.names(permit=permit)
        came = queries.came(permit=permit, shown=shown, mine=mine, who=who if who == "nobody" else _id(who) or "")
        made = queries.made(permit=permit, shown=shown, mine=mine)
        codes = vault.codes(permit=permit, client_ids=[line.client_id for line in (*came, *made) if line.client_id])
        agencies = partners.directory(permit=permit)
        own = queries.capacities(permit=permit, ids=[permit.agency_id]).get(permit.agency_id)
    return render(
        request,
        "referrals/list.html",
        {
            "came": came,
            "made": made,
            "codes": codes,
            "agencies": agencies,
            "own": own,
            "shown": shown,
            "mine": mine,
            "choices": SHOWN,
            "names": names,
            "who": who,
            "owner": names.get(_id(who)),
        },
    )


@form_page
def capacity(request: HttpRequest) -> HttpResponse:
    """Whether we take referrals now: said to every agency of the community, as of today."""
    typed = request.POST if request.method == "POST" else None
    said = False
    with entering(request) as permit:
        own = queries.capacities(permit=permit, ids=[permit.agency_id]).get(permit.agency_id)
        initial = {"takes": own.takes, "services": own.services, "wait_days": own.wait_days} if own else {}
        form = CapacityForm(typed, initial=initial)
        if form.is_valid():
            actions.state_capacity(permit=permit, at=permit.at, **form.cleaned_data)
            said = True
    if said:
        messages.success(request, gettext("Said. Every agency here sees it, as of today."))
        return redirect("referrals")
    return render(request, "referrals/capacity.html", {"form": form, "own": own})


# ------------------------------------------------------------------ made here


@sensitive_post_parameters()
@form_page
def new(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Whom she is referred to, what for, how soon. Nothing is sent yet. `from` carries on one that was accepted here,
    `again` one that was turned down."""
    typed = request.POST if request.method == "POST" else None
    made = None
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            agencies = partners.directory(permit=permit)
            form = ReferralForm(
                typed,
                people=[file.herself, *(each for each in file.others if each.relation is Relation.CHILD)],
                cards=[card for id, card in agencies.items() if id != permit.agency_id],
                capacities=queries.capacities(permit=permit),
                initial=_again(permit, client_id, request),
            )
            if form.is_valid():
                made = actions.draft(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    parent_id=_id(request.GET.get("from", "")),
                    **form.given(),
                )
    except InvalidReferral as error:
        form.add_error(None, gettext(str(error)))
    if made:
        return redirect("referral", client_id, made)
    return render(request, "referrals/new.html", {"client": client, "form": form})


@sensitive_post_parameters()
@form_page
def referral(request: HttpRequest, client_id: UUID, referral_id: UUID) -> HttpResponse:
    """One referral of ours: what is known of it, what comes next, and whom to call."""
    step = request.POST.get("step", "")
    hand = HandForm(request.POST if step == "hand" else None)
    heard = HeardForm(request.POST if step == "heard" else None)
    over = ResultForm(request.POST if step == "close" else None, initial={"result": "helped"})
    done = ""
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            view = _referral(permit, client_id, referral_id)
            done = _stepped(request, permit, view, step, hand, heard, over)
            view = _referral(permit, client_id, referral_id)
            ends = done and step in MAY_END and (view.over or view.answered_at)
            task = madeof.left(permit, client_id, [referral_id]) if ends else None
            ways = referring.ways(gate(), permit, caller(request), client_id, referral_id)
            about = vault.somebody(permit=permit, client_id=client_id, person_id=view.about_id)
            attempts = queries.attempts(permit=permit, client_id=client_id, referral_id=referral_id)
            agencies = partners.directory(permit=permit)
            capacities = queries.capacities(permit=permit)
            ours = agencies[permit.agency_id]
            may_flow = possible(frozenset(ours.duties), permit.at)
    except InvalidReferral as error:
        messages.error(request, gettext(str(error)))
        return redirect("referral", client_id, referral_id)
    if done:
        messages.success(request, done)
        return madeof.to_task(request, client_id, task) if task else redirect("referral", client_id, referral_id)
    return render(
        request,
        "referrals/one.html",
        {
            "client": client,
            "view": view,
            "about": about if about.relation is not Relation.SELF else None,
            "ways": ways,
            "may_flow": may_flow,
            "attempts": attempts,
            "agencies": agencies,
            "partner": agencies[view.recipient_id] if view.recipient_id else None,
            "toward": agencies.get(view.toward) if view.toward else None,
            "capacity": capacities.get(view.recipient_id) if view.recipient_id else None,
            "cards": [ours, agencies[view.recipient_id]] if view.recipient_id else [ours],
            "hand": hand,
            "heard": heard,
            "over": over,
            "lock": LockForm(),
        },
    )


@require_safe
def printed(request: HttpRequest, client_id: UUID, referral_id: UUID) -> HttpResponse:
    """The page for somebody who is no partner: who refers, what for, how soon, and what she wants said."""
    with entering(request, client=client_id) as permit:
        view = _outside(permit, client_id, referral_id)
        holder = partners.directory(permit=permit)[permit.agency_id]
        about = vault.somebody(permit=permit, client_id=client_id, person_id=view.about_id)
        permit.record("referral_printed", view.id)
    return printing.answer(printing.referral(view, holder, about, translation.get_language() or "en"))


@sensitive_post_parameters()
@require_POST
def package(request: HttpRequest, client_id: UUID, referral_id: UUID) -> HttpResponse:
    """The same as a file that only they can open."""
    form = LockForm(request.POST)
    with entering(request, client=client_id) as permit:
        view = _outside(permit, client_id, referral_id)
        holder = partners.directory(permit=permit)[permit.agency_id]
        about = vault.somebody(permit=permit, client_id=client_id, person_id=view.about_id)
        if form.is_valid():
            permit.record("referral_packed", view.id)
    if not form.is_valid():
        for error in form.errors.values():
            messages.error(request, error[0])
        return redirect("referral", client_id, referral_id)
    locked = form.cleaned_data["lock"] == "passphrase"
    writer = (
        for_passphrase(form.cleaned_data["passphrase"]) if locked else for_recipient(form.cleaned_data["recipient"])
    )
    said = {
        "from": holder.name,
        "point_person": holder.point_person,
        "phone": holder.phone,
        "reference": view.reference,
        "service": view.service,
        "urgency": view.urgency,
        "answer_by": view.answer_due_at.isoformat() if view.answer_due_at else None,
        "name": about.identity.name,
        "words": view.words,
    }
    data = writer.begin() + writer.add(json.dumps(said, ensure_ascii=False, indent=1).encode()) + writer.end()
    return HttpResponse(
        data,
        content_type="application/octet-stream",
        headers={"Content-Disposition": 'attachment; filename="package.age"'},
    )


def _stepped(
    request: HttpRequest,
    permit: Permit,
    view: ReferralView,
    step: str,
    hand: HandForm,
    heard: HeardForm,
    over: ResultForm,
) -> str:
    """Go the step that was pressed. Returns what to say, or nothing when there was none."""
    what: dict[str, Any] = {
        "permit": permit,
        "at": permit.at,
        "client_id": view.client_id,
        "referral_id": view.id,
    }
    if step == "send":
        referring.send(gate(), permit, caller(request), view.client_id, view.id)
        return gettext("Delivered. They see who refers, what for and how soon; the rest opens when they say yes.")
    if step == "learn":
        moved = actions.learn(permit=permit, at=permit.at, client_id=view.client_id)
        return gettext("Something new is known.") if moved else gettext("Nothing new has come.")
    if step == "back":
        actions.take_back(**what)
        return gettext("Taken back. They can no longer read it, nor what went along with it.")
    if step == "close" and over.is_valid():
        actions.close(**what, outcome=over.cleaned_data["result"])
        return gettext("Closed.")
    if step == "drop":
        actions.close(**what)
        return gettext("Closed. Nothing was sent.")
    if step == "hand" and hand.is_valid():
        actions.hand_over(**what, how=hand.cleaned_data["how"])
        return gettext("Noted. From here on you write down yourself what you hear.")
    if step == "heard" and heard.is_valid():
        actions.note(**what, **heard.given())
        return gettext("Noted.")
    if step in ("together", "spoke"):
        actions.spoke(**what, together=step == "together")
        return gettext("Noted.")
    return ""


def _again(permit: Permit, client_id: UUID, request: HttpRequest) -> dict[str, Any]:
    """What the form begins with: a referral that was turned down, for whom they named, or for somebody else."""
    before = _id(request.GET.get("again", ""))
    view = queries.referral(permit=permit, client_id=client_id, referral_id=before) if before else None
    if view is None:
        return {}
    return {
        "service": view.service,
        "urgency": view.urgency,
        "about": str(view.about_id),
        "partner": str(view.toward) if view.toward else None,
        "words": view.words,
    }


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _referral(permit: Permit, client_id: UUID, referral_id: UUID) -> ReferralView:
    found = queries.referral(permit=permit, client_id=client_id, referral_id=referral_id)
    if found is None:
        raise Refused
    return found


def _outside(permit: Permit, client_id: UUID, referral_id: UUID) -> ReferralView:
    """One that goes to somebody who is no partner, and is not over."""
    found = _referral(permit, client_id, referral_id)
    if found.recipient_id is not None or found.over:
        raise Refused
    return found


# ------------------------------------------------------------------ came here


@sensitive_post_parameters()
@form_page
def incoming(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    """One referral that came: who refers, what for, how soon. Accept it into a file, decline, or name somebody else."""
    step = request.POST.get("step", "")
    problem = ""
    if step in ("open", "tie"):
        try:
            return _taken_on(request, incoming_id, None if step == "open" else _chosen(request))
        except (InvalidReferral, InvalidRelease, InvalidEntry) as error:
            problem = gettext(str(error))
    form = FindForm(request.POST if step == "find" else None)
    found: list[vault.ClientLine] = []
    more, told, answered = False, None, ""
    try:
        with entering(request) as permit:
            view = _came(permit, incoming_id)
            agencies = partners.directory(permit=permit)
            ours = agencies[permit.agency_id]
            silent = not SILENT.isdisjoint(ours.duties)
            others = [card for id, card in agencies.items() if id not in (permit.agency_id, view.holder_id)]
            no = DeclineForm(request.POST if step == "no" else None, cards=others, silent=silent)
            names = partners.names(permit=permit)
            giving = _giving(request, permit, incoming_id, step) if view.stand is Stand.WAITING else None
            answered = _given(permit, giving, incoming_id)
            answered = _taken(permit, incoming_id, step) or answered
            hers = view.member == permit.member_id
            if step == "no" and no.is_valid():
                told = actions.decline(
                    permit=permit,
                    at=permit.at,
                    referral_id=incoming_id,
                    reason=no.cleaned_data["reason"],
                    toward_id=no.cleaned_data["toward"],
                    tell=not silent and no.told,
                )
            if form.is_valid():
                found, more = vault.find(permit=permit, text=form.cleaned_data["text"])
    except InvalidReferral as error:
        messages.error(request, gettext(str(error)))
        return redirect("incoming", incoming_id)
    if told is not None:
        messages.success(request, gettext("Declined. They were told.") if told else gettext("Declined."))
        return redirect("referrals")
    if answered:
        messages.success(request, answered)
        return redirect("incoming", incoming_id)
    if view.client_id:
        return redirect("incoming_of", view.client_id, incoming_id)
    return render(
        request,
        "referrals/came.html",
        {
            "view": view,
            "holder": agencies[view.holder_id],
            "toward": agencies.get(view.toward) if view.toward else None,
            "silent": silent,
            "no": no,
            "form": form,
            "searched": form.is_bound and form.is_valid(),
            "found": found,
            "more": more,
            "problem": problem,
            "waiting": view.stand is Stand.WAITING,
            "keeper": names.get(view.member) if view.member else None,
            "hers": hers,
            "giving": giving,
        },
    )


@sensitive_post_parameters()
@form_page
def accepted(request: HttpRequest, client_id: UUID, accepted_id: UUID) -> HttpResponse:
    """A referral we accepted: reach her, meet her, say what came of it; and whether who refers may be told."""
    step = request.POST.get("step", "")
    over = ResultForm(request.POST if step == "end" else None)
    done, went = "", dict[UUID, int]()
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            view = _accepted(permit, client_id, accepted_id)
            also = offered(request, permit, client_id)
            what: dict[str, Any] = {"permit": permit, "at": permit.at, "client_id": client_id}
            if step == "met":
                actions.met(**what, referral_id=accepted_id)
                done = gettext("Noted: you met her.")
            elif step == "end" and over.is_valid():
                actions.end(**what, referral_id=accepted_id, outcome=over.cleaned_data["result"])
                done = gettext("Noted: it is over here.")
            elif step in ("together", "spoke"):
                actions.spoke(**what, referral_id=accepted_id, together=step == "together")
                done = gettext("Noted.")
            names = partners.names(permit=permit)
            giving = _giving(request, permit, accepted_id, step) if view.stand in OPEN_HERE else None
            done = _given(permit, giving, accepted_id) or _taken(permit, accepted_id, step) or done
            hers = view.member == permit.member_id
            task = None
            if step in ("met", "end"):
                task = madeof.left(permit, client_id, [accepted_id]) if done else None
                went = sent(request, permit, client_id, also)
            elif step == "tell" and view.entry and also.chosen():
                picks = [(basis, view.entry) for basis in also.chosen()]
                went = updates.send(gate(), permit, caller(request), client_id, picks)
                done = gettext("Done.")
            attempts = queries.attempts(permit=permit, client_id=client_id, referral_id=accepted_id)
            agencies = partners.directory(permit=permit)
            ours = agencies[permit.agency_id]
            may_flow = possible(frozenset(ours.duties), permit.at)
    except InvalidReferral as error:
        messages.error(request, gettext(str(error)))
        return redirect("incoming_of", client_id, accepted_id)
    if done:
        messages.success(request, done)
        tell(request, also, went)
        return madeof.to_task(request, client_id, task) if task else redirect("incoming_of", client_id, accepted_id)
    return render(
        request,
        "referrals/accepted.html",
        {
            "client": client,
            "view": view,
            "holder": agencies[view.holder_id],
            "cards": [ours, agencies[view.holder_id]],
            "attempts": attempts,
            "also": also,
            "over": over,
            "may_flow": may_flow,
            "now": timezone.now(),
            "ended": view.stand is Stand.ENDED,
            "keeper": names.get(view.member) if view.member else None,
            "hers": hers,
            "giving": giving,
        },
    )


def _taken_on(request: HttpRequest, referral_id: UUID, client_id: UUID | None) -> HttpResponse:
    with entering(request, client=client_id) as permit:
        _came(permit, referral_id)
        if client_id is None:
            client_id = vault_actions.open_client(permit=permit, at=permit.at, identity=Identity())
        questions = actions.accept(permit=permit, at=permit.at, referral_id=referral_id, client_id=client_id)
        off = vault.walled_off(permit=permit, client_id=client_id)
    if off:
        return off_the_file(request)
    said = gettext("Accepted. Questions she does not have to be asked again: %(count)s.") % {"count": questions}
    messages.success(request, said)
    return redirect("incoming_of", client_id, referral_id)


def _taken(permit: Permit, referral_id: UUID, step: str) -> str:
    """She looks after it from now on, or not any more; what to say about it."""
    if step == "take":
        actions.take(permit=permit, at=permit.at, referral_id=referral_id)
        return gettext("It is yours.")
    if step == "down":
        actions.put_down(permit=permit, at=permit.at, referral_id=referral_id)
        return gettext("Nobody looks after it now.")
    return ""


def _giving(request: HttpRequest, permit: Permit, referral_id: UUID, step: str) -> GiveForm | None:
    """For a supervisor: to whom she gives it to look after."""
    if not permit.may(actions.give):
        return None
    people = queries.takers(permit=permit, referral_id=referral_id)
    return GiveForm(request.POST if step == "give" else None, colleagues=people)


def _given(permit: Permit, giving: GiveForm | None, referral_id: UUID) -> str:
    """It goes to whom she chose, if she chose anybody; what to say about it."""
    if giving is None or not giving.is_valid():
        return ""
    to = giving.cleaned_data["to"]
    actions.give(permit=permit, at=permit.at, referral_id=referral_id, to_member=to)
    return gettext("%(name)s looks after it now.") % {"name": giving.colleagues[to]}


def _chosen(request: HttpRequest) -> UUID:
    """The client somebody chose on the page; a made-up one is answered like any absent one."""
    found = _id(request.POST.get("client", ""))
    if found is None:
        raise Refused
    return found


def _came(permit: Permit, referral_id: UUID) -> IncomingView:
    found = queries.incoming(permit=permit, referral_id=referral_id)
    if found is None or (found.client_id is not None and not permit.scope.lets(found.client_id)):
        raise Refused
    return found


def _accepted(permit: Permit, client_id: UUID, referral_id: UUID) -> IncomingView:
    found = queries.accepted(permit=permit, client_id=client_id, referral_id=referral_id)
    if found is None:
        raise Refused
    return found

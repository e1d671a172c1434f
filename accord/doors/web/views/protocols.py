"""What the community has agreed to do: protocols in force, what is proposed about them, and each agency's word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accord.coordination.protocols import actions, queries
from accord.coordination.protocols.changing import InvalidProposal, Stage, numbered, written
from accord.coordination.protocols.own import InvalidOwn, stricter
from accord.coordination.protocols.queries import OwnView, ProposalView, ProtocolView
from accord.coordination.protocols.rules import Protocol
from accord.coordination.tracks import queries as tracks
from accord.doors.web import changed, owntimes
from accord.doors.web.forms.own import OwnForm
from accord.doors.web.forms.protocols import (
    PARTS,
    AnswerForm,
    DueForm,
    NewDueForm,
    PartForm,
    ProposalForm,
    StartForm,
    TextForm,
    WordForm,
)
from accord.doors.web.knocking import entering, roles
from accord.doors.web.labels import PROPOSALS
from accord.doors.web.states import drawn
from accord.gate import Refused
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import NOT_PARTNERS, AgencyKind, Role

form_page = require_http_methods(["GET", "HEAD", "POST"])

T = TypeVar("T")
#: Who proposes and talks, and who answers for her agency.
PROPOSING = frozenset({Role.SUPERVISOR, Role.DIRECTOR})
OVER = (Stage.ADOPTED, Stage.ENDED)


@require_safe
def protocols(request: HttpRequest) -> HttpResponse:
    """Every protocol of the community, what is proposed, and what comes."""
    with entering(request) as permit:
        views = queries.protocols(permit=permit, at=permit.at)
        proposals = [each for each in queries.proposals(permit=permit) if each.stage not in OVER]
        cards, ours = partners.directory(permit=permit), permit.agency_id
    return render(
        request,
        "protocols/list.html",
        _hers(request)
        | {"protocols": views, "proposals": proposals, "cards": cards, "ours": ours, "stages": PROPOSALS},
    )


@require_safe
def protocol(request: HttpRequest, code: str) -> HttpResponse:
    """One protocol as it is in force, with the versions before and what comes."""
    with entering(request) as permit:
        view = _protocol(permit, code)
        proposals = queries.proposals(permit=permit, code=code)
        running = tracks.running(permit=permit, protocol=code)
        cards = partners.directory(permit=permit)
        standing = queries.own(permit=permit, at=permit.at, code=code)
        kind = cards[permit.agency_id].kind
    shown = view.now or view.newest
    return render(
        request,
        "protocols/protocol.html",
        _hers(request)
        | _whole(shown.protocol, standing)
        | {
            "view": view,
            "version": shown,
            "own_times": owntimes.lines(shown.protocol, standing, _every(view)),
            "runs": kind in shown.protocol.kinds and view.now is not None,
            "running": running,
            "proposals": [each for each in proposals if each.stage not in OVER],
            "cards": cards,
            "stages": PROPOSALS,
        },
    )


@require_safe
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version, and what it changed."""
    with entering(request) as permit:
        view = _protocol(permit, code)
        standing = queries.own(permit=permit, at=permit.at, code=code)
    versions = {each.protocol.version: each for each in view.versions}
    if number not in versions:
        raise Refused
    this, before = versions[number], versions.get(number - 1)
    return render(
        request,
        "protocols/version.html",
        _whole(this.protocol, standing)
        | {
            "view": view,
            "version": this,
            "own_times": owntimes.lines(this.protocol, standing, _every(view)),
            "before": before,
            "rows": changed.differences(before.protocol, this.protocol) if before else [],
        },
    )


@form_page
def own_times(request: HttpRequest, code: str) -> HttpResponse:
    """What our agency holds itself to beyond what was agreed: one field for each thing, one press to end one; also when
    it does not run the protocol any more."""
    done, problem, let_go = "", "", request.POST.get("end", "")
    try:
        with entering(request) as permit:
            view = _protocol(permit, code)
            kind = partners.directory(permit=permit, ids={permit.agency_id})[permit.agency_id].kind
            standing = queries.own(permit=permit, at=permit.at, code=code)
            runs = view.now is not None and kind in view.now.protocol.kinds
            if view.now is None or not (runs or standing):
                raise Refused
            agreed = view.now.protocol
            typed = request.POST if request.method == "POST" and not let_go else None
            form = OwnForm(typed, agreed=agreed, kind=kind, standing=[each.own for each in standing])
            if let_go:
                actions.let_go(permit=permit, at=permit.at, code=code, about=owntimes.about(let_go))
                done = gettext("It is as agreed again.")
            elif runs and form.is_valid():
                given = {"wanted": form.wanted(), "why": form.cleaned_data["why"]}
                actions.hold(permit=permit, at=permit.at, code=code, **given)
                done = gettext("Your agency holds itself to this from now on.")
    except InvalidOwn as no:
        done, problem = "", gettext(str(no))
    if done:
        messages.success(request, done)
        return redirect("protocol", code)
    lines = owntimes.lines(agreed, standing, _every(view))
    shown = {"view": view, "form": form, "lines": lines, "problem": problem, "runs": runs}
    return render(request, "protocols/own.html", shown)


@form_page
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a change of a protocol, or one the community has not had."""
    id, code = None, request.GET.get("code", "")
    start: StartForm | None = None
    with entering(request) as permit:
        view = _protocol(permit, code) if code else None
        text: str | None = ""
        if view is None:
            start = StartForm(request.GET, protocols=queries.protocols(permit=permit, at=permit.at))
            text = queries.beginning(permit=permit, at=permit.at, code=request.GET.get("start", ""))
        if text is None:
            raise Refused
        form = ProposalForm(
            request.POST if request.method == "POST" else None,
            text=text,
            today=timezone.localdate(permit.at),
        )
        if form.is_valid():
            id = _tried(
                form,
                lambda: actions.propose(
                    permit=permit,
                    at=permit.at,
                    why=form.cleaned_data["why"],
                    begins_on=form.cleaned_data["begins_on"],
                    text=written(_next(view)) if view else form.cleaned_data["text"],
                ),
            )
    if id:
        return redirect("proposal_edit", id)
    return render(request, "protocols/new.html", {"form": form, "view": view, "start": start})


@require_safe
def proposal(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """A proposal: what it changes, where it stands, who has said what."""
    with entering(request) as permit:
        context = _of(request, permit, proposal_id)
    return render(request, "protocols/proposal.html", context | _whole(context["proposal"].newest.protocol))


@form_page
def proposal_edit(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Everything that can be changed, and one thing of it in a form."""
    part, code = request.GET.get("part", ""), request.GET.get("code", "")
    form, done = None, None
    with entering(request) as permit:
        context = _of(request, permit, proposal_id)
        view: ProposalView = context["proposal"]
        if part:
            form = _part(request, view, part, code)
            if request.method == "POST" and "drop" in request.POST and isinstance(form, DueForm):
                done = _changed(permit, view, form, form.dropped())
            elif form.is_valid():
                done = _changed(permit, view, form, form.changed())
    if done:
        messages.success(request, gettext("Saved as the newest wording."))
        return redirect("proposal_edit", proposal_id)
    if form is None:
        return render(request, "protocols/parts.html", context | _parts(view.newest.protocol))
    drops = isinstance(form, DueForm) and not isinstance(form, NewDueForm)
    return render(
        request, "protocols/part.html", context | {"form": form, "part": part, "drops": drops, "kind": form.kind}
    )


@form_page
def proposal_text(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """The whole text, for who wants to write it."""
    done = None
    with entering(request) as permit:
        context = _of(request, permit, proposal_id)
        newest = context["proposal"].newest
        form = TextForm(
            request.POST if request.method == "POST" else None,
            initial={"seen": newest.number, "text": newest.text, "begins_on": timezone.localdate(newest.begins_at)},
        )
        if form.is_valid():
            given = form.cleaned_data
            done = _tried(
                form,
                lambda: _done(
                    actions.rewrite(
                        permit=permit,
                        at=permit.at,
                        proposal_id=proposal_id,
                        seen=given["seen"],
                        text=given["text"],
                        begins_on=given["begins_on"],
                    )
                ),
            )
    if done:
        messages.success(request, gettext("Saved as the newest wording."))
        return redirect("proposal", proposal_id)
    return render(request, "protocols/text.html", context | {"form": form})


@form_page
def proposal_say(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Say something about a proposal."""
    done = None
    with entering(request) as permit:
        context = _of(request, permit, proposal_id)
        form = WordForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            done = _tried(
                form,
                lambda: _done(
                    actions.say(permit=permit, at=permit.at, proposal_id=proposal_id, text=form.cleaned_data["text"])
                ),
            )
    if done:
        messages.success(request, gettext("Every agency here reads it."))
        return redirect("proposal", proposal_id)
    return render(request, "protocols/say.html", context | {"form": form})


@form_page
def proposal_lay(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Lay it before the partners, write it upon a newer version, or take it back."""
    problem, said = "", ""
    with entering(request) as permit:
        context = _of(request, permit, proposal_id)
        if request.method == "POST":
            try:
                said = _laid(permit, proposal_id, request)
            except InvalidProposal as error:
                problem = gettext(str(error))
    if said:
        messages.success(request, said)
        return redirect("proposal", proposal_id)
    return render(request, "protocols/lay.html", context | {"problem": problem})


@form_page
def proposal_answer(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """The yes or no of her agency, to the wording she read."""
    done = None
    with entering(request) as permit:
        context = _of(request, permit, proposal_id)
        form = AnswerForm(
            request.POST if request.method == "POST" else None, initial={"signed": context["proposal"].newest.hash}
        )
        if form.is_valid():
            given = form.cleaned_data
            yes = given["yes"] == "yes"
            done = _tried(
                form,
                lambda: _words(
                    yes,
                    actions.answer(
                        permit=permit,
                        at=permit.at,
                        proposal_id=proposal_id,
                        signed=_bytes(given["signed"]),
                        yes=yes,
                        words=given["words"],
                    ),
                ),
            )
    if done:
        messages.success(request, done)
        return redirect("proposal", proposal_id)
    return render(request, "protocols/answer.html", context | {"form": form})


def _protocol(permit: Permit, code: str) -> ProtocolView:
    view = queries.protocol(permit=permit, at=permit.at, code=code)
    if view is None:
        raise Refused
    return view


def _every(view: ProtocolView) -> list[Protocol]:
    """All versions, the newest first."""
    return [each.protocol for each in view.versions]


def _next(view: ProtocolView) -> Protocol:
    """The newest version as the one that comes after it."""
    newest = view.newest.protocol
    return numbered(newest, newest.version + 1)


def _of(request: HttpRequest, permit: Permit, proposal_id: UUID) -> dict[str, Any]:
    """What every page about a proposal shows."""
    view = queries.proposal(permit=permit, proposal_id=proposal_id)
    if view is None:
        raise Refused
    cards = partners.directory(permit=permit)
    newest = view.newest
    standing = queries.own(permit=permit, at=permit.at, code=view.code)
    edits = view.agency_id == permit.agency_id and view.stage not in OVER
    hers = _hers(request)
    return hers | {
        "proposal": view,
        "newest": newest,
        "stages": PROPOSALS,
        "running": sum(tracks.running(permit=permit, protocol=view.code).values()),
        "cards": cards,
        "rows": changed.differences(view.base, newest.protocol) if view.base else [],
        "own_times": owntimes.lines(newest.protocol, standing, [view.base] if view.base else []),
        "edits": edits and hers["proposes"],
        "answers": hers["signs"] and view.may_answer(permit.agency_id),
        "waits": view.waits_for(permit.agency_id),
        "over": view.stage in OVER,
        "voices": [(cards[voice.agency_id], voice) for voice in newest.voices if voice.agency_id in cards],
        "silent": sorted((cards[id] for id in newest.silent if id in cards), key=lambda card: card.name),
        "asked": sorted((card for card in cards.values() if card.kind in newest.asked), key=lambda card: card.name),
    }


def _hers(request: HttpRequest) -> dict[str, Any]:
    mine = roles(request)
    return {"proposes": bool(mine & PROPOSING), "signs": Role.DIRECTOR in mine}


def _whole(protocol: Protocol, standing: Iterable[OwnView] = ()) -> dict[str, Any]:
    """A protocol as a page shows it, with what our agency holds itself to beside what was agreed."""
    held = stricter(protocol, [each.own for each in standing])
    return {
        "protocol": protocol,
        "picture": drawn(held),
        "steps": changed.steps(protocol, held),
        "told": changed.told(protocol),
        "kinds": sorted(protocol.kinds),
    }


def _parts(protocol: Protocol) -> dict[str, Any]:
    """Everything of a protocol that has a form."""
    kinds = [kind for kind in AgencyKind if kind not in NOT_PARTNERS and kind is not AgencyKind.OPERATOR]
    return {"protocol": protocol, "times": changed.times(protocol), "partner_kinds": kinds}


def _part(request: HttpRequest, view: ProposalView, part: str, code: str) -> PartForm:
    """The form for one thing. Raises Refused for what the protocol does not have."""
    try:
        return PARTS[part](
            request.POST if request.method == "POST" else None,
            protocol=view.newest.protocol,
            code=code,
            begins_on=timezone.localdate(view.newest.begins_at),
            seen=view.newest.number,
        )
    except KeyError:
        raise Refused from None


def _changed(permit: Permit, view: ProposalView, form: PartForm, protocol: Protocol) -> bool | None:
    given = form.cleaned_data if form.is_valid() else {}
    seen = form.data.get("seen", "")
    begins_on = given.get("begins_on") or timezone.localdate(view.newest.begins_at)
    return _tried(
        form,
        lambda: _done(
            actions.rewrite(
                permit=permit,
                at=permit.at,
                proposal_id=view.id,
                seen=int(seen) if seen.isdecimal() and len(seen) < 6 else 0,
                text=written(protocol),
                begins_on=begins_on,
            )
        ),
    )


def _laid(permit: Permit, proposal_id: UUID, request: HttpRequest) -> str:
    """What was done, in a sentence. Raises InvalidProposal."""
    seen = request.POST.get("seen", "")
    number = int(seen) if seen.isdecimal() and len(seen) < 6 else 0
    if "end" in request.POST:
        actions.take_back(permit=permit, at=permit.at, proposal_id=proposal_id)
        return gettext("Your agency no longer proposes it.")
    if "anew" in request.POST:
        actions.write_anew(permit=permit, at=permit.at, proposal_id=proposal_id, seen=number)
        return gettext("It is written upon the newest version. Read what it changes now before you lay it again.")
    actions.lay(permit=permit, at=permit.at, proposal_id=proposal_id, seen=number)
    return gettext("It lies before every agency that runs it. Nobody has said yes yet; you have not either.")


def _words(yes: bool, adopted: bool) -> str:
    if adopted:
        return gettext("Every agency has said yes. It is adopted.")
    if yes:
        return gettext("Your agency has said yes.")
    return gettext("Your agency has said no. It is back with its authors.")


def _bytes(hexed: str) -> bytes:
    try:
        return bytes.fromhex(hexed)
    except ValueError:
        return b""


def _done(_nothing: None) -> bool:
    return True


def _tried(form: forms.Form, act: Callable[[], T]) -> T | None:
    """What came of it; None when something was wrong, which then stands in the form."""
    try:
        return act()
    except InvalidProposal as error:
        form.add_error(None, gettext(str(error)))
        return None

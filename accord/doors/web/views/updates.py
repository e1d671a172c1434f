"""What follows and what is stopped: the tray, flows without her release, a withdrawal told elsewhere, never-share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.config.service import gate
from accord.doors.web.context import WORKERS
from accord.doors.web.forms.updates import FlowForm, LiftForm, NeverForm, RelayedForm, TakeBackForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import caller, entering, roles
from accord.doors.web.recipients import directory
from accord.gate import Refused, flows, updates
from accord.gate.updates import Waiting
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import Category, Level
from accord.sharing import actions
from accord.sharing import queries as sharing
from accord.sharing.queries import RelayView, ReleaseView
from accord.sharing.rules import Content, InvalidRelease, State
from accord.vault import queries as vault

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Shown:
    """One waiting entry as the partner would see it, for the part that shows received envelopes."""

    item: Waiting
    content: Content

    @property
    def value(self) -> str:
        return f"{self.item.basis_id}:{self.item.entry_id}"

    @property
    def category(self) -> Category:
        return self.item.category

    @property
    def level(self) -> Level:
        return self.item.level

    @property
    def until_at(self) -> datetime:
        return self.item.until_at


@dataclass(frozen=True, slots=True)
class Tray:
    """What waits about one client, by partner."""

    client_id: UUID
    partners: tuple[tuple[UUID, tuple[Shown, ...]], ...]

    @property
    def count(self) -> int:
        return sum(len(shown) for _partner, shown in self.partners)


@require_safe
def tray(request: HttpRequest) -> HttpResponse:
    """What waits to be sent, over all her clients; each with what the partner would see of it."""
    with entering(request) as permit:
        items = updates.waiting(gate(), permit, caller(request))
        seen = updates.previews(permit, caller(request), items)
        codes = vault.codes(permit=permit, client_ids=list({item.client_id for item in items}))
        agencies = partners.directory(permit=permit)
        ours = agencies[permit.agency_id].name
    trays = _trays(Shown(item, seen[item.pick]) for item in items)
    return render(
        request,
        "updates/tray.html",
        {"trays": trays, "codes": codes, "agencies": agencies, "ours": ours, "full": len(items) >= sharing.MOST_LISTED},
    )


@require_POST
def picked(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Send or put aside one entry of hers, or send everything of hers that stood on the page."""
    aside = "aside" in request.POST
    one = request.POST.get("aside") or request.POST.get("one")
    picks = _picks([one] if one else request.POST.getlist("shown"))
    counts: dict[UUID, int] = {}
    with entering(request, client=client_id) as permit:
        agencies = partners.directory(permit=permit)
        if aside:
            still = {item.pick for item in updates.waiting(gate(), permit, caller(request), client_id)}
            actions.put_aside(permit=permit, at=permit.at, client_id=client_id, picks=picks & still)
        else:
            counts = updates.send(gate(), permit, caller(request), client_id, picks)
    for id, count in counts.items():
        messages.success(
            request,
            ngettext("Sent to %(partner)s: %(count)s envelope.", "Sent to %(partner)s: %(count)s envelopes.", count)
            % {"partner": agencies[id].name, "count": count},
        )
    if aside:
        messages.success(request, gettext("Put aside. It is not offered again; a new conversation can still cover it."))
    elif not counts:
        messages.info(request, gettext("Nothing was sent: it does not wait any more, or she has taken it back."))
    return redirect("updates")


@sensitive_post_parameters()
@form_page
def flow_new(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Whom the law lets us tell what without her release: choose, see what would go, begin."""
    typed = request.POST if request.method == "POST" else None
    step = request.POST.get("step", "")
    contents: Sequence[Content] = ()
    count = None
    problem = ""
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            found = flows.offers(gate(), permit, caller(request), client_id)
            form = FlowForm(typed if step == "begin" else None, offers=found)
            recipients = directory(permit)
            ours = recipients[permit.agency_id].name
            offer = FlowForm(typed, offers=found).chosen
            if offer is not None and step == "begin" and form.is_valid():
                count = flows.begin(
                    gate(),
                    permit,
                    caller(request),
                    client_id,
                    offer,
                    automatic=form.cleaned_data["how"] == "automatic",
                    not_told=form.cleaned_data["not_told"],
                )
            elif offer is not None:
                contents = flows.preview(gate(), permit, caller(request), client_id, offer)
    except InvalidRelease as error:
        problem = gettext(str(error))
    if count is not None and offer is not None:
        messages.success(
            request,
            ngettext(
                "Begun. Sent to %(partner)s: %(count)s envelope.",
                "Begun. Sent to %(partner)s: %(count)s envelopes.",
                count,
            )
            % {"partner": recipients[offer.recipient_id].name, "count": count},
        )
        return redirect("client", client_id)
    return render(
        request,
        "updates/flow_new.html",
        {
            "client": client,
            "form": form,
            "offer": offer,
            "recipients": recipients,
            "ours": ours,
            "seen": [Told(content, offer.until) for content in contents] if offer else [],
            "problem": problem,
        },
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One thing as the partner will see it on a flow."""

    content: Content
    until_at: datetime

    @property
    def category(self) -> Category:
        return self.content.category

    @property
    def level(self) -> Level:
        return self.content.level


@form_page
def flow_end(request: HttpRequest, client_id: UUID, flow_id: UUID) -> HttpResponse:
    """Stop telling a partner under a law; what was sent can no longer be opened there."""
    ended = None
    with entering(request, client=client_id) as permit:
        flow = sharing.flow(permit=permit, client_id=client_id, flow_id=flow_id)
        if flow is None:
            raise Refused
        client = whose(permit, client_id)
        recipient = directory(permit)[flow.recipient_id]
        over = not flow.living(permit.at)
        if request.method == "POST" and not over:
            ended = actions.end_flow(permit=permit, at=permit.at, flow_id=flow_id)
    if ended is not None:
        _ended(request, ended)
        return redirect("client", client_id)
    return render(
        request, "updates/flow_end.html", {"client": client, "flow": flow, "recipient": recipient, "over": over}
    )


@sensitive_post_parameters()
@form_page
def take_back(request: HttpRequest, client_id: UUID, thread: UUID) -> HttpResponse:
    """She says here that she takes back what a partner shared: it ends here at once, and the partner is told."""
    problem = ""
    count = None
    try:
        with entering(request, client=client_id) as permit:
            holder_id = sharing.heard_from(permit=permit, client_id=client_id, thread=thread)
            if holder_id is None:
                raise Refused
            code = vault.codes(permit=permit, client_ids=[client_id])[client_id]
            holder = partners.directory(permit=permit)[holder_id]
            form = TakeBackForm(request.POST if request.method == "POST" else None, partner=holder.name)
            if form.is_valid():
                count = actions.relay(
                    permit=permit, at=permit.at, partner_id=holder_id, thread=thread, **form.cleaned_data
                )
    except InvalidRelease as error:
        problem = gettext(str(error))
    if count is not None:
        messages.success(
            request,
            ngettext(
                "Done: %(count)s envelope has ended here, and %(partner)s is told.",
                "Done: %(count)s envelopes have ended here, and %(partner)s is told.",
                count,
            )
            % {"count": count, "partner": holder.name},
        )
        return redirect("client", client_id) if roles(request) & WORKERS else redirect("my_day")
    return render(
        request,
        "updates/take_back.html",
        {"client_id": client_id, "code": code, "holder": holder, "form": form, "problem": problem},
    )


@sensitive_post_parameters()
@form_page
def relayed(request: HttpRequest, client_id: UUID, relay_id: UUID) -> HttpResponse:
    """What a partner heard her take back: withdraw it in one press, or note that she decided otherwise."""
    typed = request.POST if request.method == "POST" else None
    otherwise = typed is not None and typed.get("step") == "otherwise"
    form = RelayedForm(typed if otherwise else None)
    ended = None
    done = False
    problem = ""
    try:
        with entering(request, client=client_id) as permit:
            relay = _relay(permit, client_id, relay_id)
            code = vault.codes(permit=permit, client_ids=[client_id])[client_id]
            recipients = directory(permit)
            concerned = _concerned(permit, relay)
            if otherwise and form.is_valid():
                actions.close_relay(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    relay_id=relay_id,
                    how="otherwise",
                    note=form.cleaned_data["note"],
                )
                done = True
            elif typed is not None and not otherwise:
                ended = 0
                if concerned:
                    ended = actions.withdraw_page(
                        permit=permit, at=permit.at, release_ids=[release.id for release in concerned], how="relayed"
                    )
                actions.close_relay(
                    permit=permit, at=permit.at, client_id=client_id, relay_id=relay_id, how="withdrawn"
                )
                done = True
    except InvalidRelease as error:
        problem = gettext(str(error))
    if done:
        if ended is None:
            messages.success(request, gettext("Noted. Nothing was ended."))
        else:
            _ended(request, ended)
        return redirect("my_day")
    return render(
        request,
        "updates/relayed.html",
        {
            "client_id": client_id,
            "code": code,
            "relay": relay,
            "partner": recipients[relay.partner_id],
            "recipients": recipients,
            "concerned": concerned,
            "form": form,
            "problem": problem,
            "worker": bool(roles(request) & WORKERS),
        },
    )


@sensitive_post_parameters()
@form_page
def never(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Whom she never wants told, and what still lives with them."""
    typed = request.POST if request.method == "POST" else None
    problem = ""
    said = False
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            agencies = partners.directory(permit=permit)
            form = NeverForm(typed, partners=[card for id, card in agencies.items() if id != permit.agency_id])
            standing = sharing.nevers(permit=permit, client_id=client_id)
            against = {each.against_id for each in standing}
            releases = sharing.releases(permit=permit, client_id=client_id)
            running = sharing.flows(permit=permit, client_id=client_id)
            now = permit.at
            if form.is_valid():
                actions.never(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    against_id=form.cleaned_data["against"],
                    person=form.cleaned_data["person"],
                )
                said = True
    except InvalidRelease as error:
        problem = gettext(str(error))
        said = False
    if said:
        messages.success(request, gettext("Noted. It stands until she herself takes it back."))
        return redirect("never", client_id)
    return render(
        request,
        "updates/never.html",
        {
            "client": client,
            "form": form,
            "standing": standing,
            "living": [each for each in releases if each.state is State.SIGNED and each.recipient_id in against],
            "running": [each for each in running if each.living(now) and each.recipient_id in against],
            "agencies": agencies,
            "problem": problem,
        },
    )


@form_page
def never_lift(request: HttpRequest, client_id: UUID, never_id: UUID) -> HttpResponse:
    """She takes a never back."""
    form = LiftForm(request.POST if request.method == "POST" else None)
    with entering(request, client=client_id) as permit:
        standing = sharing.nevers(permit=permit, client_id=client_id)
        said = next((each for each in standing if each.id == never_id), None)
        if said is None:
            raise Refused
        client = whose(permit, client_id)
        agencies = partners.directory(permit=permit)
        lifted = form.is_valid()
        if lifted:
            actions.lift_never(
                permit=permit, at=permit.at, client_id=client_id, never_id=never_id, how=form.cleaned_data["how"]
            )
    if lifted:
        messages.success(request, gettext("She took it back. A release may name them again."))
        return redirect("never", client_id)
    return render(
        request,
        "updates/never_lift.html",
        {"client": client, "said": said, "form": form, "against": agencies[said.against_id]},
    )


def _picks(values: Iterable[str]) -> set[tuple[UUID, UUID]]:
    """(release or flow, entry) of each press; what is none is nothing."""
    found = set()
    for value in values:
        basis, _colon, entry = value.partition(":")
        with suppress(ValueError):
            found.add((UUID(basis), UUID(entry)))
    return found


def _trays(shown: Iterable[Shown]) -> list[Tray]:
    """By client, then by partner, in the order of the longest wait."""
    found: dict[UUID, dict[UUID, list[Shown]]] = {}
    for each in shown:
        found.setdefault(each.item.client_id, {}).setdefault(each.item.recipient_id, []).append(each)
    return [
        Tray(client_id, tuple((partner, tuple(rows)) for partner, rows in by_partner.items()))
        for client_id, by_partner in found.items()
    ]


def _relay(permit: Permit, client_id: UUID, relay_id: UUID) -> RelayView:
    open_ones = sharing.relays(permit=permit, client_id=client_id)
    found = next((each for each in open_ones if each.id == relay_id), None)
    if found is None:
        raise Refused
    return found


def _concerned(permit: Permit, relay: RelayView) -> list[ReleaseView]:
    """What she meant: her living releases to that partner about the same person, or all of them."""
    living = [
        release
        for release in sharing.releases(permit=permit, client_id=relay.client_id)
        if release.state is State.SIGNED and release.client_id == relay.client_id
    ]
    if relay.wants == "all":
        return living
    return [
        release
        for release in living
        if release.recipient_id == relay.partner_id and (release.subject_id == relay.child or not relay.child)
    ]


def _ended(request: HttpRequest, count: int) -> None:
    messages.success(
        request,
        ngettext("Done: %(count)s envelope has ended.", "Done: %(count)s envelopes have ended.", count)
        % {"count": count},
    )

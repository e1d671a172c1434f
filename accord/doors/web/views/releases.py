"""Releasing is a conversation: who, what, exactly what they will see, the words read aloud, a signature; or no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accord.config.service import gate
from accord.doors.web.context import WORKERS
from accord.doors.web.forms.sharing import PartnersForm, SignForm, TermsForm, WithdrawForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import caller, entering, roles
from accord.doors.web.labels import label, spoken_day
from accord.doors.web.recipients import Recipient, directory
from accord.gate import Refused, disclose
from accord.gate import preview as gate_preview
from accord.ledger.permits import Permit
from accord.partners.queries import AgencyCard
from accord.policy.words import Category, Element, Level
from accord.sharing import actions
from accord.sharing import queries as sharing
from accord.sharing.queries import ReleaseView
from accord.sharing.rules import RELEASABLE, Content, InvalidRelease, State
from accord.vault import queries as vault

#: Session key: releases of one conversation still to be shown and signed, as ids only.
QUEUE = "releases"

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing as the partner will see it, for the part that shows received envelopes."""

    content: Content
    until_at: datetime
    holder_name: str

    @property
    def category(self) -> Category:
        return self.content.category

    @property
    def level(self) -> Level:
        return self.content.level


@form_page
def prepare(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Step 1: which partners, then what each may know. One release is written down for each; nothing is sent."""
    terms: list[TermsForm] = []
    ids: list[UUID] = []
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        holder, recipients = _agencies(permit)
        who = PartnersForm(
            request.POST if request.method == "POST" else None,
            cards=[recipient.card for recipient in recipients.values()],
            language=translation.get_language() or "en",
        )
        if who.is_valid():
            terms = _terms(request, permit, holder, client_id, [recipients[id].card for id in who.chosen()])
        # Every form is asked, so that one page shows everything that is wrong.
        fit = [form.is_valid() for form in terms]
        if fit and all(fit):
            ids = [
                actions.prepare(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    recipient_id=form.card.id,
                    language=who.cleaned_data["language"],
                    **form.words(),
                )
                for form in terms
            ]
    if ids:
        request.session[QUEUE] = [str(id) for id in ids]
        return redirect("release_preview", client_id, ids[0])
    return _shown(
        request,
        "sharing/prepare.html",
        holder,
        {
            "client": client,
            "choices": list(zip(recipients.values(), who["partner"], strict=True)),
            "who": who,
            "terms": [(recipients[form.card.id], form) for form in terms],
            "problems": [(recipients[form.card.id], form) for form in terms if form.is_bound and form.errors],
        },
    )


@require_safe
def preview(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """Step 2: exactly what the partner will see, from the very contents that would be sealed."""
    with entering(request, client=client_id) as permit:
        found = _release(permit, client_id, release_id)
        client = whose(permit, client_id)
        held = vault.held(permit=permit, client_id=client_id)
        holder, recipients = _agencies(permit)
        contents, explanation = gate_preview(gate(), permit, caller(request), release_id)
    if found.state not in (State.DRAFT, State.EXPLAINED):
        return redirect("release", client_id, release_id)
    return _shown(
        request,
        "sharing/preview.html",
        holder,
        {
            "client": client,
            "release": found,
            "recipient": recipients[found.recipient_id],
            "seen": [Seen(content, found.until_at, holder.name) for content in contents],
            "left_out": [category for category in RELEASABLE if held.get(category) and category not in found.grants],
            "empty": [
                category for category in found.grants if category not in {content.category for content in contents}
            ],
            "summaries": any(level is Level.SUMMARY for level in found.grants.values()),
            "contact": found.grants.get(Category.CONTACT, Level.NONE),
            "explanation": explanation,
            "place": _place(request, release_id),
        },
    )


@sensitive_post_parameters()
@form_page
def sign(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """Steps 3 and 4: the words read aloud, what cannot be taken back first; then she signs, and it is sent."""
    data = request.POST if request.method == "POST" else None
    problem = ""
    form: SignForm | None = None
    if data is not None:
        try:
            with entering(request, client=client_id) as permit:
                found = _release(permit, client_id, release_id)
                holder, recipients = _agencies(permit)
                recipient = recipients[found.recipient_id]
                form = _sign_form(found, recipient, holder, permit, data)
                sent = None
                if found.state in (State.DRAFT, State.EXPLAINED) and form.is_valid():
                    signed = actions.sign(permit=permit, at=permit.at, release_id=release_id, **form.words())
                    sent = disclose(gate(), permit, caller(request), signed)
            if sent is not None:
                return _signed(request, client_id, release_id, recipient, sent)
        except InvalidRelease as error:
            problem = gettext(str(error))
    with entering(request, client=client_id) as permit:
        found = _release(permit, client_id, release_id)
        holder, recipients = _agencies(permit)
        recipient = recipients[found.recipient_id]
        client = whose(permit, client_id)
        form = form or _sign_form(found, recipient, holder, permit, None)
    if found.state not in (State.DRAFT, State.EXPLAINED):
        return redirect("release", client_id, release_id)
    return _shown(
        request,
        "sharing/sign.html",
        holder,
        {
            "client": client,
            "release": found,
            "recipient": recipient,
            "form": form,
            "law_says": problem,
            "place": _place(request, release_id),
        },
    )


@require_safe
def release(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """One release as it stands, and the page she takes with her."""
    with entering(request, client=client_id) as permit:
        found = _release(permit, client_id, release_id)
        client = whose(permit, client_id)
        holder, recipients = _agencies(permit)
    recipient = recipients[found.recipient_id]
    with translation.override(found.language):
        sentences = list(_sentences(found, recipient, holder).values())
    return _shown(
        request,
        "sharing/release.html",
        holder,
        {
            "client": client,
            "release": found,
            "recipient": recipient,
            "holder": holder,
            "sentences": sentences,
            "draft": found.state in (State.DRAFT, State.EXPLAINED),
        },
    )


@form_page
def withdraw(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """She takes it back, or does not want it after all. What will happen stands before, what did happen after."""
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            with entering(request, client=client_id) as permit:
                found = _release(permit, client_id, release_id)
                count = actions.withdraw(
                    permit=permit, at=permit.at, release_id=release_id, how=form.cleaned_data["how"]
                )
            return _withdrawn(request, found, count)
        except InvalidRelease as error:
            problem = gettext(str(error))
    with entering(request, client=client_id) as permit:
        found = _release(permit, client_id, release_id)
        holder, recipients = _agencies(permit)
    return _shown(
        request,
        "sharing/withdraw.html",
        holder,
        {
            "client_id": client_id,
            "release": found,
            "recipient": recipients[found.recipient_id],
            "form": form,
            "problem": problem,
            "worker": bool(roles(request) & WORKERS),
            "draft": found.state in (State.DRAFT, State.EXPLAINED),
            "over": found.state in (State.EXPIRED, State.WITHDRAWN),
        },
    )


def _terms(
    request: HttpRequest, permit: Permit, holder: AgencyCard, client_id: UUID, cards: list[AgencyCard]
) -> list[TermsForm]:
    """One form a partner; filled only when the page with the terms was sent, not the page before it."""
    held = vault.held(permit=permit, client_id=client_id)
    data = request.POST if "terms" in request.POST else None
    zone = ZoneInfo(holder.timezone)
    return [TermsForm(data, card=card, held=held, at=permit.at, zone=zone) for card in cards]


def _agencies(permit: Permit) -> tuple[AgencyCard, dict[UUID, Recipient]]:
    """The holder, and every partner she could be asked about."""
    recipients = directory(permit)
    holder = recipients.pop(permit.agency_id)
    return holder.card, recipients


def _last_day(found: ReleaseView, holder: AgencyCard) -> date:
    """The last whole day of a release, where its holder is (facts 1.11)."""
    return (found.until_at.astimezone(ZoneInfo(holder.timezone)) - timedelta(seconds=1)).date()


def _shown(request: HttpRequest, template: str, holder: AgencyCard, context: dict[str, Any]) -> HttpResponse:
    """A page whose days are the holder's days: what she signs and what is shown later is the same last day."""
    with timezone.override(ZoneInfo(holder.timezone)):
        return render(request, template, context)


def _release(permit: Permit, client_id: UUID, release_id: UUID) -> ReleaseView:
    found = sharing.release(permit=permit, release_id=release_id)
    if found is None or found.client_id != client_id:
        raise Refused
    return found


def _sign_form(found: ReleaseView, recipient: Recipient, holder: AgencyCard, permit: Permit, data: object) -> SignForm:
    with translation.override(found.language):
        sentences = _sentences(found, recipient, holder)
    days = (_last_day(found, holder) - timezone.localdate(permit.at, ZoneInfo(holder.timezone))).days
    return SignForm(data, sentences=sentences, days=days)


def _sentences(found: ReleaseView, recipient: Recipient, holder: AgencyCard) -> dict[Element, str]:
    """What is read aloud, in the language it is explained in; what can and cannot be taken back comes first
    (45 CFR 164.508(c)(2); 28 CFR 90.4(b)(3))."""
    words = {
        "partner": recipient.name,
        "purpose": label(found.purpose),
        "day": spoken_day(_last_day(found, holder).isoformat()),
    }
    back = gettext(
        "You can take this back any time: tell us in person, by phone or in writing. From that moment %(partner)s can "
        "no longer see it here. What they have already read or acted on cannot be taken back."
    )
    if recipient.warnings.keeps:
        back += " " + gettext(
            "%(partner)s has to keep what it received, locked away, even after you take it back. Only its records "
            "officer may open it, for the defence, a court, or because the law says how long it is kept."
        )
    told = gettext(
        "We have talked about why %(partner)s would be told and exactly what, what good and what harm could come of "
        "it, and what else you could do. It is for %(purpose)s, and it ends after %(day)s."
    )
    free = gettext(
        "You do not have to sign. Saying no changes nothing about your care, your services or your rights here."
    )
    on = gettext("Once %(partner)s has it, other rules may apply there, and it could be passed on.")
    if recipient.warnings.defence:
        on += " " + gettext("The lawyer of the person accused may get to see it.")
    return {
        Element.RIGHT_TO_REVOKE: back % words,
        Element.INFORMED: told % words,
        Element.NOT_A_CONDITION: free,
        Element.REDISCLOSURE: on % words,
    }


def _signed(request: HttpRequest, client_id: UUID, release_id: UUID, recipient: Recipient, sent: int) -> HttpResponse:
    messages.success(
        request,
        ngettext(
            "Signed and sent to %(partner)s: %(count)s envelope.",
            "Signed and sent to %(partner)s: %(count)s envelopes.",
            sent,
        )
        % {"partner": recipient.name, "count": sent},
    )
    following = _next(request, release_id)
    if following:
        return redirect("release_preview", client_id, following)
    return redirect("release", client_id, release_id)


def _withdrawn(request: HttpRequest, before: ReleaseView, count: int) -> HttpResponse:
    if before.state is not State.SIGNED:
        messages.success(request, gettext("That release is gone. Nothing was sent."))
        following = _next(request, before.id)
        if request.POST.get("then") == "again":
            return redirect("release_new", before.client_id)
        if following:
            return redirect("release_preview", before.client_id, following)
        if roles(request) & WORKERS:
            return redirect("client", before.client_id)
    else:
        messages.success(
            request,
            ngettext("Done: %(count)s envelope has ended.", "Done: %(count)s envelopes have ended.", count)
            % {"count": count},
        )
    return redirect("release_withdraw", before.client_id, before.id)


def _next(request: HttpRequest, release_id: UUID) -> UUID | None:
    """Take one release out of the conversation; the next one of it, if there is one."""
    left = [id for id in request.session.get(QUEUE, ()) if id != str(release_id)]
    request.session[QUEUE] = left
    return UUID(left[0]) if left else None


def _place(request: HttpRequest, release_id: UUID) -> int:
    """How many partners wait in this conversation, counting this one; 0 when it is not part of one."""
    queue = request.session.get(QUEUE, ())
    return len(queue) if str(release_id) in queue else 0

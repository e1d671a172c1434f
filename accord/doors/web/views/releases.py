"""Releasing is a conversation: who, what, exactly what each will see, the words read aloud once, one signature for the
page; or no, to one of them or to all. Everything said so far stands in unsigned releases, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.config.service import gate
from accord.coordination.referrals import queries as referrals
from accord.doors.web import printing
from accord.doors.web.context import WORKERS
from accord.doors.web.forms.sharing import PartnersForm, SignForm, TermsForm, WithdrawForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import caller, entering, roles
from accord.doors.web.recipients import Recipient, directory, fact
from accord.doors.web.spoken import Asked, aloud, last_day
from accord.gate import Explanation, Refused, preview_all, referring
from accord.gate.instruments import Offer, Refusal, Wanted, offers, refusals, speaks_of_substance_use, wanted
from accord.ledger.permits import Permit
from accord.partners.queries import AgencyCard
from accord.policy.words import Category, Instrument, Level, Mark, Relation
from accord.sharing import actions
from accord.sharing import queries as sharing
from accord.sharing.queries import ReleaseView
from accord.sharing.rules import (
    MARKED_ONLY,
    RELEASABLE,
    USUAL_DAYS,
    Content,
    Draft,
    InvalidRelease,
    NothingOpens,
    State,
)
from accord.vault import queries as vault
from accord.vault.queries import PersonView

UNSIGNED = (State.DRAFT, State.EXPLAINED)

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


@dataclass(frozen=True, slots=True)
class Shown:
    """What one partner will see, and what not."""

    release: ReleaseView
    recipient: Recipient
    seen: list[Seen]
    left_out: list[Category]
    empty: list[Category]
    summaries: bool
    contact: Level
    child: bool
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation as it stands: its releases, whom they are about, and who is asked."""

    id: UUID
    holder: AgencyCard
    recipients: Mapping[UUID, Recipient]
    releases: list[ReleaseView]
    about: PersonView
    paper: bool | None
    today: date
    marks: frozenset[Mark]

    @property
    def instrument(self) -> Instrument:
        """What its releases are; one that is not ordinary stands alone."""
        return self.releases[0].instrument

    @property
    def drafts(self) -> list[ReleaseView]:
        return [release for release in self.releases if release.state in UNSIGNED]

    @property
    def language(self) -> str:
        return self.releases[0].language

    @property
    def child(self) -> bool:
        return self.about.relation is not Relation.SELF

    def asked(self, releases: Sequence[ReleaseView]) -> list[Asked]:
        return [Asked(release, self.recipients[release.recipient_id]) for release in releases]


# ------------------------------------------------------------------ 1. who


@form_page
def partners(request: HttpRequest, client_id: UUID, conversation_id: UUID | None = None) -> HttpResponse:
    """Step 1: about whom, and which partners. A draft is written down for each; nothing is sent. `find` narrows the
    list and keeps what is ticked; no draft is written down then."""
    typed = request.POST if request.method == "POST" else None
    begun = None
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            holder, recipients = _agencies(permit)
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            there = _talk(permit, client_id, conversation_id) if conversation_id else None
            if there and (len(there.drafts) < len(there.releases) or there.instrument is not Instrument.ORDINARY):
                raise Refused
            own = {} if there else offers(fact(holder), vault.marks(permit=permit, client_id=client_id), permit.at)
            beside = {release.recipient_id for release in there.releases} if there else set()
            nevers = sharing.nevers(permit=permit, client_id=client_id)
            never = {said.against_id for said in nevers if not said.person}
            choices = {id: recipient for id, recipient in recipients.items() if id not in beside | never}
            form = PartnersForm(
                typed,
                cards=[recipient.card for recipient in choices.values()],
                herself=there.about if there else file.herself,
                children=[] if there else [each for each in file.others if each.relation is Relation.CHILD],
                language=there.language if there else (translation.get_language() or "en"),
                offers=own,
                initial={"partner": request.GET.getlist("partner")},
            )
            if form.is_valid() and not form.finding:
                begun = actions.begin(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    drafts=[
                        Draft(id, form.purpose(recipients[id].card), _named(form.grants())) for id in form.chosen()
                    ],
                    last_day=timezone.localdate(permit.at, ZoneInfo(holder.timezone)) + timedelta(days=USUAL_DAYS),
                    language=form.cleaned_data["language"],
                    subject_id=form.subject(),
                    conversation=conversation_id,
                    instrument=form.what(),
                )
    except InvalidRelease as error:
        form.add_error(None, gettext(str(error)))
    if begun:
        return redirect("conversation_terms", client_id, begun)
    return _page(
        request,
        "sharing/partners.html",
        holder,
        {
            "client": client,
            "choices": [(choices[UUID(option.data["value"])], option) for option in form["partner"]],
            "never": [recipient for id, recipient in recipients.items() if id in never],
            "own": list(zip(form["instrument"], [None, *own.values()], strict=True)) if own else [],
            "form": form,
            "conversation_id": conversation_id,
        },
    )


# ------------------------------------------------------------------ 2. what


@sensitive_post_parameters()
@form_page
def terms(request: HttpRequest, client_id: UUID, conversation_id: UUID) -> HttpResponse:
    """Step 2: what each may know, with what that would show beside it. `look` shows it for one and keeps nothing."""
    typed = request.POST if request.method == "POST" else None
    look = typed is not None and "look" in typed
    said = False
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        talk = _talk(permit, client_id, conversation_id)
        held = _held(permit, talk, client_id)
        forms = [_terms_form(talk, draft, held, permit, typed) for draft in talk.drafts]
        # Every form is asked, so that one page shows everything that is wrong.
        fit = [form.is_valid() for form in forms] if typed is not None and not look else []
        if fit and all(fit):
            for form in forms:
                actions.describe(permit=permit, at=permit.at, release_id=form.draft.id, **form.words())
            said = True
        looked = _looked(forms, typed) if look else {draft.id: draft.grants for draft in talk.drafts if draft.grants}
        shown = {} if said else _shown(permit, request, talk, held, looked)
        if look:
            forms = [_terms_form(talk, form.draft, held, permit, None, initial=form.still_open()) for form in forms]
        permit_at = permit.at
    if said:
        return redirect("conversation_preview", client_id, conversation_id)
    if not talk.drafts:
        return redirect("conversation", client_id, conversation_id)
    if look and getattr(request, "htmx", False):
        with timezone.override(ZoneInfo(talk.holder.timezone)):
            return render(request, "sharing/seen.html", {"shown": next(iter(shown.values()), None)})
    return _page(
        request,
        "sharing/terms.html",
        talk.holder,
        {
            "client": client,
            "talk": talk,
            "own": _offer(talk, permit_at),
            "rows": [(talk.recipients[form.card.id], form, shown.get(form.draft.id), form.draft) for form in forms],
            "problems": [(talk.recipients[form.card.id], form) for form in forms if form.is_bound and form.errors],
        },
    )


# ------------------------------------------------------------------ 3. exactly what


@require_safe
def preview(request: HttpRequest, client_id: UUID, conversation_id: UUID) -> HttpResponse:
    """Step 3: exactly what each partner will see, from the very contents that would be sealed."""
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        talk = _talk(permit, client_id, conversation_id)
        held = _held(permit, talk, client_id)
        described = all(draft.grants for draft in talk.drafts)
        shown = _shown(permit, request, talk, held, {draft.id: draft.grants for draft in talk.drafts})
    if not talk.drafts:
        return redirect("conversation", client_id, conversation_id)
    if not described:
        return redirect("conversation_terms", client_id, conversation_id)
    return _page(
        request,
        "sharing/preview.html",
        talk.holder,
        {
            "client": client,
            "talk": talk,
            "shown": list(shown.values()),
            "closed": [each for each in shown.values() if not each.seen],
        },
    )


# ------------------------------------------------------------------ 4. the words, and her name


@sensitive_post_parameters()
@form_page
def sign(request: HttpRequest, client_id: UUID, conversation_id: UUID) -> HttpResponse:
    """Step 4: the words read aloud once, what cannot be taken back first; then one signature, and all of it is sent, or
    none of it when the law opens nothing for one of them."""
    data = request.POST if request.method == "POST" else None
    form: SignForm | None = None
    problem: InvalidRelease | None = None
    if data is not None:
        try:
            with entering(request, client=client_id) as permit:
                talk = _talk(permit, client_id, conversation_id)
                sent = None
                # Pressed twice, the second press finds everything signed.
                form = _sign_form(talk, data) if talk.drafts else None
                if form is not None and form.is_valid():
                    signed = actions.sign_page(
                        permit=permit,
                        at=permit.at,
                        release_ids=[draft.id for draft in talk.drafts],
                        page=form.page(),
                    )
                    sent = referring.disclose_signed(gate(), permit, caller(request), signed)
                    drafted = referrals.drafted(permit=permit, client_id=client_id, recipients=talk.recipients)
            if sent is not None:
                return _signed(request, client_id, talk, sent, drafted)
        except InvalidRelease as error:
            problem = error
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        talk = _talk(permit, client_id, conversation_id)
        at = permit.at
    if not talk.drafts:
        return redirect("conversation", client_id, conversation_id)
    if not all(draft.grants for draft in talk.drafts):
        return redirect("conversation_terms", client_id, conversation_id)
    asked, form = talk.asked(talk.drafts), form or _sign_form(talk, None)
    lawful = _lawful(talk, form, at)
    return _page(
        request,
        "sharing/sign.html",
        talk.holder,
        {
            "client": client,
            "talk": talk,
            "asked": asked,
            "form": form,
            "own": _offer(talk, at),
            "lawful": lawful,
            "laws": dict.fromkeys(because for each, _done in lawful for because in each.by),
            "signers": _signers(talk, form, at),
            "law_says": gettext(str(problem)) if problem else "",
            "closed": [
                (each, gettext(problem.closed[each.release.id]))
                for each in asked
                if isinstance(problem, NothingOpens) and each.release.id in problem.closed
            ],
        },
    )


# ------------------------------------------------------------------ afterwards


@require_safe
def conversation(request: HttpRequest, client_id: UUID, conversation_id: UUID) -> HttpResponse:
    """What she agreed to in one conversation and where each release stands; an unsigned one goes on where it was."""
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        talk = _talk(permit, client_id, conversation_id)
        under = None
        if not talk.drafts:
            under = sharing.signature(permit=permit, client_id=client_id, release_id=talk.releases[0].id)
    if talk.drafts:
        described = all(draft.grants for draft in talk.drafts)
        return redirect("conversation_preview" if described else "conversation_terms", client_id, conversation_id)
    asked = talk.asked(talk.releases)
    with translation.override(talk.language):
        sentences = list(aloud(asked, talk.holder).values())
    return _page(
        request,
        "sharing/conversation.html",
        talk.holder,
        {
            "client": client,
            "talk": talk,
            "asked": asked,
            "under": under,
            "living": [release for release in talk.releases if release.state is State.SIGNED],
            "renewable": [release for release in talk.releases if _renewable(release)],
            "sentences": sentences,
        },
    )


@require_safe
def release(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """One release is a line on the page of its conversation."""
    with entering(request, client=client_id) as permit:
        found = _release(permit, client_id, release_id)
    return redirect("conversation", client_id, found.conversation)


@require_POST
def renew(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """The same partners and terms with a new end, as a new conversation: read aloud and signed anew. What she has taken
    back is not asked again."""
    with entering(request, client=client_id) as permit:
        found = _release(permit, client_id, release_id)
        talk = _talk(permit, client_id, found.conversation)
        again = [each for each in talk.releases if each.state in (State.SIGNED, State.EXPIRED) and _renewable(each)]
        if not again:
            raise Refused
        begun = actions.begin(
            permit=permit,
            at=permit.at,
            client_id=client_id,
            drafts=[
                Draft(each.recipient_id, each.purpose, each.grants, each.updates, each.substance_use) for each in again
            ],
            last_day=talk.today + timedelta(days=USUAL_DAYS),
            language=talk.language,
            subject_id=talk.about.id,
            instrument=talk.instrument,
        )
    return redirect("conversation_terms", client_id, begun)


@require_POST
def over(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """The event a release was to end with has come: it ends at once, before its last day."""
    try:
        with entering(request, client=client_id) as permit:
            _release(permit, client_id, release_id)
            count = actions.end_with_event(permit=permit, at=permit.at, release_id=release_id)
        _say_ended(request, count, signed=True)
    except InvalidRelease as error:
        messages.error(request, gettext(str(error)))
    return redirect("release_withdraw", client_id, release_id)


# ------------------------------------------------------------------ the person responsible for a shelter


@require_safe
def to_cosign(request: HttpRequest) -> HttpResponse:
    """Permissions to tell where the shelter is that wait for whoever is responsible for it: codes, partners, days."""
    with entering(request) as permit:
        waiting = sharing.to_cosign(permit=permit)
        holder, recipients = _agencies(permit)
    return _page(
        request,
        "sharing/cosign.html",
        holder,
        {"waiting": [(each.code, Asked(each.release, recipients[each.release.recipient_id])) for each in waiting]},
    )


@require_POST
def cosign(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """She allows it for the shelter; the survivor signs afterwards, or not."""
    try:
        with entering(request, client=client_id) as permit:
            waiting = sharing.to_cosign(permit=permit)
            if not any((each.release.id, each.release.client_id) == (release_id, client_id) for each in waiting):
                raise Refused
            actions.cosign(permit=permit, at=permit.at, client_id=client_id, release_id=release_id)
        messages.success(request, gettext("Allowed for the shelter. Nothing is told before she signs, too."))
    except InvalidRelease as error:
        messages.error(request, gettext(str(error)))
    return redirect("cosign_waiting")


@require_safe
def paper(request: HttpRequest, client_id: UUID, conversation_id: UUID) -> HttpResponse:
    """The page to sign, one a recipient, or after signing her copy; in the language it is explained in."""
    with entering(request, client=client_id) as permit:
        talk = _talk(permit, client_id, conversation_id)
        releases = talk.drafts or talk.releases
        if not all(each.grants for each in releases):
            raise Refused
        under = {}
        if not talk.drafts:
            under = {
                each.id: sharing.signature(permit=permit, client_id=client_id, release_id=each.id) for each in releases
            }
    return printing.answer(printing.releases(talk.asked(releases), talk.holder, talk.about, under, talk.language))


@require_safe
def card(request: HttpRequest, client_id: UUID, conversation_id: UUID) -> HttpResponse:
    """A card for her purse: who helps, what was offered, what is pending. Only when paper is safe for her to carry."""
    with entering(request, client=client_id) as permit:
        talk = _talk(permit, client_id, conversation_id)
        if talk.paper is not True or talk.child:
            raise Refused
        services = vault.services(permit=permit, client_id=client_id)
    helping = [talk.recipients[each.recipient_id].card for each in talk.releases if each.state is not State.WITHDRAWN]
    return printing.answer(printing.card([talk.holder, *helping], services, talk.language))


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
                left = sharing.conversation(permit=permit, client_id=client_id, conversation=found.conversation)
            return _withdrawn(request, found, count, left)
        except InvalidRelease as error:
            problem = gettext(str(error))
    with entering(request, client=client_id) as permit:
        found = _release(permit, client_id, release_id)
        holder, recipients = _agencies(permit)
    return _page(
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
            "draft": found.state in UNSIGNED,
            "bound": found.state is State.SIGNED and found.fixed_until is not None,
            "over": found.state in (State.EXPIRED, State.WITHDRAWN),
        },
    )


@form_page
def withdraw_all(request: HttpRequest, client_id: UUID, conversation_id: UUID) -> HttpResponse:
    """She takes back everything she agreed to in one conversation, or does not want any of it after all."""
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    count = None
    with entering(request, client=client_id) as permit:
        releases = sharing.conversation(permit=permit, client_id=client_id, conversation=conversation_id)
        holder, recipients = _agencies(permit)
        living = [release for release in releases if release.state in (*UNSIGNED, State.SIGNED)]
        if not releases:
            raise Refused
        if living and form.is_valid():
            count = actions.withdraw_page(
                permit=permit,
                at=permit.at,
                release_ids=[release.id for release in living],
                how=form.cleaned_data["how"],
            )
    worker = bool(roles(request) & WORKERS)
    if count is not None:
        if not count and any(release.fixed_until for release in living if release.state is State.SIGNED):
            _say_noted(request)
        else:
            _say_ended(request, count, signed=any(release.state is State.SIGNED for release in living))
        if any(release.signed_at for release in releases) and worker:
            return redirect("conversation", client_id, conversation_id)
        return redirect("client" if worker else "log_releases", *([client_id] if worker else []))
    return _page(
        request,
        "sharing/withdraw_all.html",
        holder,
        {
            "client_id": client_id,
            "conversation_id": conversation_id,
            "asked": [Asked(release, recipients[release.recipient_id]) for release in living],
            "form": form,
            "draft": any(release.state in UNSIGNED for release in living),
            "sent": sum(release.sent for release in living),
            "worker": worker,
        },
    )


# ------------------------------------------------------------------ parts


def _agencies(permit: Permit) -> tuple[AgencyCard, dict[UUID, Recipient]]:
    """The holder, and every partner she could be asked about."""
    recipients = directory(permit)
    holder = recipients.pop(permit.agency_id)
    return holder.card, recipients


def _talk(permit: Permit, client_id: UUID, conversation_id: UUID) -> Talk:
    releases = sharing.conversation(permit=permit, client_id=client_id, conversation=conversation_id)
    if not releases:
        raise Refused
    holder, recipients = _agencies(permit)
    herself = vault.herself(permit=permit, client_id=client_id)
    about = herself
    if releases[0].subject_id != herself.id:
        about = vault.somebody(permit=permit, client_id=client_id, person_id=releases[0].subject_id)
    return Talk(
        id=conversation_id,
        holder=holder,
        recipients=recipients,
        releases=sorted(releases, key=lambda release: recipients[release.recipient_id].name),
        about=about,
        paper={"yes": True, "no": False}.get(herself.contact.paper),
        marks=vault.marks(permit=permit, client_id=client_id),
        today=timezone.localdate(permit.at, ZoneInfo(holder.timezone)),
    )


def _named(grants: Mapping[Category, Level]) -> dict[Category, Level]:
    """A release that grants anything names her, too."""
    return {Category.IDENTITY: Level.SUMMARY} | dict(grants) if grants else {}


def _terms_form(
    talk: Talk, draft: ReleaseView, held: Mapping[Category, int], permit: Permit, data: object, **more: Any
) -> TermsForm:
    return TermsForm(
        data,
        card=talk.recipients[draft.recipient_id].card,
        draft=draft,
        held=held,
        child=talk.child,
        at=permit.at,
        zone=ZoneInfo(talk.holder.timezone),
        offer=_offer(talk, permit.at),
        substance_use=speaks_of_substance_use(fact(talk.holder), talk.marks, permit.at),
        **more,
    )


def _offer(talk: Talk, at: datetime) -> Offer | None:
    """The law of a conversation about a permission of its own, while it still holds for this holder and this file."""
    return offers(fact(talk.holder), talk.marks, at).get(talk.instrument)


def _held(permit: Permit, talk: Talk, client_id: UUID) -> Mapping[Category, int]:
    """How many entries of each category are there about whom it is about, that such a permission can open."""
    offer = _offer(talk, permit.at)
    marks = offer.marks if offer and talk.instrument in MARKED_ONLY else None
    return vault.held(permit=permit, client_id=client_id, about=talk.about.id, marks=marks)


def _lawful(talk: Talk, form: SignForm, at: datetime) -> list[tuple[Wanted, bool]]:
    """What the laws of this agency ask of the page, each with whether it is there already."""
    meant = any(draft.substance_use for draft in talk.drafts)
    asked = wanted(fact(talk.holder), talk.instrument, talk.marks, at, substance_use=meant)
    done = form.done()
    return [(each, each.element in done) for each in asked]


def _signers(talk: Talk, form: SignForm, at: datetime) -> list[tuple[str, tuple[Refusal, ...]]]:
    """Everybody who could sign, and why the law of this agency would refuse it."""
    holder, partners = fact(talk.holder), [fact(talk.recipients[each.recipient_id].card) for each in talk.drafts]
    return [(said, refusals(holder, partners, signer, at)) for said, signer in form.signers()]


def _renewable(release: ReleaseView) -> bool:
    """What she has taken back, or wants to end, is not asked again."""
    return release.state is not State.WITHDRAWN and release.wished_at is None


def _looked(forms: Sequence[TermsForm], typed: Any) -> dict[UUID, Mapping[Category, Level]]:
    """What is ticked for the one that is to be looked at, if it is one of these."""
    return {form.draft.id: form.so_far() for form in forms if str(form.draft.id) == typed["look"]}


def _shown(
    permit: Permit,
    request: HttpRequest,
    talk: Talk,
    held: Mapping[Category, int],
    looked: Mapping[UUID, Mapping[Category, Level]],
) -> dict[UUID, Shown]:
    """What each of them would see with these levels, from the same questions that are asked when it is sent."""
    if not looked:
        return {}
    found = preview_all(gate(), permit, caller(request), list(looked), instead=looked)
    releases = {release.id: release for release in talk.releases}
    shown = {}
    for id in (release.id for release in talk.releases if release.id in looked):
        contents, explanation = found[id]
        grants, there = looked[id], {content.category for content in contents}
        shown[id] = Shown(
            release=releases[id],
            recipient=talk.recipients[releases[id].recipient_id],
            seen=[Seen(content, releases[id].until_at, talk.holder.name) for content in contents],
            left_out=[category for category in RELEASABLE if held.get(category) and category not in grants],
            empty=[category for category in grants if category not in there] if contents else [],
            summaries=any(level is Level.SUMMARY for level in grants.values()),
            contact=grants.get(Category.CONTACT, Level.NONE),
            child=talk.child,
            explanation=explanation,
        )
    return shown


def _sign_form(talk: Talk, data: object) -> SignForm:
    drafts = talk.drafts
    with translation.override(talk.language):
        sentences = aloud(talk.asked(drafts), talk.holder)
    longest = max((last_day(draft, talk.holder) for draft in drafts), default=talk.today)
    return SignForm(
        data,
        sentences=sentences,
        days=(longest - talk.today).days,
        born=talk.about.identity.born,
        today=talk.today,
        child=talk.child,
        paper_is_safe=talk.paper,
    )


def _page(request: HttpRequest, template: str, holder: AgencyCard, context: dict[str, Any]) -> HttpResponse:
    """A page whose days are the holder's days: what she signs and what is shown later is the same last day."""
    with timezone.override(ZoneInfo(holder.timezone)):
        return render(request, template, context)


def _release(permit: Permit, client_id: UUID, release_id: UUID) -> ReleaseView:
    found = sharing.release(permit=permit, release_id=release_id)
    if found is None or found.client_id != client_id:
        raise Refused
    return found


def _signed(
    request: HttpRequest, client_id: UUID, talk: Talk, sent: Mapping[UUID, int], drafted: Mapping[UUID, UUID]
) -> HttpResponse:
    """Say what went where; what is for a partner she is being referred to goes along with the referral (`drafted`, by
    recipient), and the way leads back to it."""
    count, drafts = sum(sent.values()), talk.drafts
    waiting = [draft.recipient_id for draft in drafts if draft.id not in sent and draft.recipient_id in drafted]
    if waiting:
        messages.success(request, gettext("Signed. What is for them goes along with the referral: send it here."))
        return redirect("referral", client_id, drafted[waiting[0]])
    if len(drafts) == 1:
        said = ngettext(
            "Signed and sent to %(partner)s: %(count)s envelope.",
            "Signed and sent to %(partner)s: %(count)s envelopes.",
            count,
        ) % {"partner": talk.recipients[drafts[0].recipient_id].name, "count": count}
    else:
        said = gettext("Signed and sent to %(partners)s partners: %(count)s envelopes in all.") % {
            "partners": len(drafts),
            "count": count,
        }
    messages.success(request, said)
    return redirect("conversation", client_id, talk.id)


def _say_ended(request: HttpRequest, count: int, *, signed: bool) -> None:
    if not signed:
        messages.success(request, gettext("That release is gone. Nothing was sent."))
    else:
        messages.success(
            request,
            ngettext("Done: %(count)s envelope has ended.", "Done: %(count)s envelopes have ended.", count)
            % {"count": count},
        )


def _say_noted(request: HttpRequest) -> None:
    messages.success(request, gettext("Noted: she wants it to end. It ends on its day and is not renewed."))


def _withdrawn(request: HttpRequest, before: ReleaseView, count: int, left: Sequence[ReleaseView]) -> HttpResponse:
    """After a no to one partner the conversation goes on with the others, on the page she was on."""
    if before.state is State.SIGNED and before.fixed_until:
        _say_noted(request)
        return redirect("release_withdraw", before.client_id, before.id)
    _say_ended(request, count, signed=before.state is State.SIGNED)
    if before.state is State.SIGNED or not roles(request) & WORKERS:
        return redirect("release_withdraw", before.client_id, before.id)
    if not any(release.state in UNSIGNED for release in left):
        return redirect("client", before.client_id)
    step = request.POST.get("then", "")
    return redirect(
        f"conversation_{step}" if step in ("terms", "preview", "sign") else "conversation",
        before.client_id,
        before.conversation,
    )

"""The directory of partners, an agency's own entry in it, and what agencies agreed among themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accord.agreements import queries as drafts
from accord.agreements.rules import Stage
from accord.coordination.referrals import queries as referrals
from accord.doors.web.forms.partners import AccessForm, EntryForm, KindForm, SuspendForm
from accord.doors.web.knocking import entering, roles
from accord.doors.web.labels import MECHANISMS, STAGES, STANDINGS
from accord.doors.web.recipients import directory, fact
from accord.gate import Refused
from accord.gate.asking import card, meaning
from accord.ledger.permits import Permit
from accord.partners import actions, queries
from accord.partners.actions import Entry, InvalidPartner
from accord.partners.queries import AgencyCard, AgreementView, PartyLine
from accord.partners.rules import AGREEABLE, AGREED_FOR, InvalidAgreement, Standing, Step, needs_release
from accord.policy.words import AgencyKind, Category, Purpose, Role

form_page = require_http_methods(["GET", "HEAD", "POST"])

#: The order in which agreements are listed.
LISTED = (
    Standing.WAITING, Standing.SUSPENDED, Standing.IN_FORCE, Standing.COMING, Standing.PAST, Standing.REPLACED,
    Standing.OVER,
)  # fmt: skip
#: Versions that are still being drafted.
OPEN = (Stage.DRAFT, Stage.LEGAL_REVIEW, Stage.SIGNED_PARTIAL)


@dataclass(frozen=True, slots=True)
class Party:
    """One party of an agreement with its entry in the directory."""

    card: AgencyCard
    line: PartyLine

    @property
    def needs_release(self) -> bool:
        """Nothing of it opens under an agreement alone."""
        return needs_release(self.card.duties)


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement as a page shows it."""

    view: AgreementView
    parties: tuple[Party, ...]

    @property
    def closed(self) -> list[Party]:
        return [party for party in self.parties if party.needs_release]

    @property
    def others(self) -> list[Party]:
        return [party for party in self.parties if not party.needs_release]


@require_safe
def partners(request: HttpRequest) -> HttpResponse:
    """Who is in this community and whom to call, of one kind or of every kind."""
    with entering(request) as permit:
        found, ours = list(directory(permit).values()), permit.agency_id
    kinds = {partner.card.kind for partner in found}
    form = KindForm(request.GET, kinds=[kind for kind in AgencyKind if kind in kinds])
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    listed = [partner for partner in found if kind in ("", partner.card.kind)]
    return render(
        request, "staff/partners.html", {"partners": listed, "ours": ours, "form": form, "narrowed": bool(kind)}
    )


@require_safe
def partner(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """One agency: whom to call, what may be asked of it, what binds it, and what we agreed with it."""
    with entering(request) as permit:
        found = directory(permit)
        if agency_id not in found:
            raise Refused
        this, ours = found[agency_id], found[permit.agency_id]
        mine = agency_id == permit.agency_id
        asking = None
        if not mine:
            asking = card(
                fact(this.card),
                fact(ours.card),
                permit.at,
                queries.in_force(permit=permit, partner_id=agency_id),
            )
        cards = {id: each.card for id, each in found.items()}
        agreed = [
            _agreed(view, cards)
            for view in queries.agreements(permit=permit)
            if {agency_id, permit.agency_id} <= view.text.parties
            and view.standing not in (Standing.OVER, Standing.REPLACED)
        ]
        duties = meaning(this.card.duties, permit.at)
        capacity = referrals.capacities(permit=permit, ids=[agency_id]).get(agency_id)
    return render(
        request,
        "staff/partner.html",
        {
            "partner": this,
            "mine": mine,
            "asking": asking,
            "everything": asking is not None and len(asking.released) == len(Category),
            "duties": duties,
            "capacity": capacity,
            "agreed": agreed,
            "standings": STANDINGS,
            "needs_release": needs_release(this.card.duties),
            "edits": mine and Role.DIRECTOR in roles(request),
        },
    )


@form_page
def entry(request: HttpRequest) -> HttpResponse:
    """The agency's own words in the directory."""
    with entering(request) as permit:
        ours = queries.directory(permit=permit)[permit.agency_id]
        form = EntryForm(
            request.POST if request.method == "POST" else None,
            initial={name: getattr(ours, name) for name in EntryForm.base_fields},
        )
        done = form.is_valid() and _said(
            form, lambda: actions.change_entry(permit=permit, at=permit.at, entry=Entry(**form.cleaned_data))
        )
    if done:
        messages.success(request, gettext("Every agency here sees it from now on."))
        return redirect("partner", ours.id)
    return render(request, "staff/entry.html", {"form": form, "ours": ours})


@form_page
def access(request: HttpRequest) -> HttpResponse:
    """Need to know: whether every worker may open every file, or only those who work with her."""
    with entering(request) as permit:
        ours = queries.directory(permit=permit)[permit.agency_id]
        form = AccessForm(request.POST if request.method == "POST" else None, initial={"access": ours.access})
        done = form.is_valid() and _said(
            form, lambda: actions.change_access(permit=permit, at=permit.at, access=form.cleaned_data["access"])
        )
    if done:
        team = form.cleaned_data["access"] == "team"
        said = (
            gettext("From the next click on, a worker opens only the files of those she works with.")
            if team
            else gettext("From the next click on, every worker and supervisor here opens every file.")
        )
        messages.success(request, said)
        return redirect("partner", ours.id)
    return render(request, "staff/access.html", {"form": form, "ours": ours})


@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """What the agencies of this community agreed, by where it stands, and what this one drafts with others."""
    with entering(request) as permit:
        cards = queries.directory(permit=permit)
        views = [_agreed(view, cards) for view in queries.agreements(permit=permit)]
        open_drafts = [each for each in drafts.drafts(permit=permit) if each.newest.stage in OPEN]
        ours = permit.agency_id
    groups = [(standing, [each for each in views if each.view.standing is standing]) for standing in LISTED]
    return render(
        request,
        "staff/agreements.html",
        {
            "groups": [(STANDINGS[standing], listed) for standing, listed in groups if listed],
            "ours": ours,
            "drafting": open_drafts,
            "cards": cards,
            "stages": STAGES,
            "proposes": Role.DIRECTOR in roles(request),
        },
    )


@require_safe
def agreement(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """One agreement: what it says, between whom, who has signed, and where it stands."""
    with entering(request) as permit:
        found = _found(permit, agreement_id)
        ours = permit.agency_id
        draft_id = drafts.draft_of(permit=permit, version=found.view.text.version)
    steps = found.view.steps if Role.DIRECTOR in roles(request) else frozenset()
    return render(request, "staff/agreement.html", _shown(found, ours) | {"steps": steps, "draft_id": draft_id})


@form_page
def agreement_sign(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """Sign for one's own agency."""
    return _step(request, agreement_id, Step.SIGN, actions.sign_agreement, _("Signed for your agency."))


@form_page
def agreement_suspend(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """Let one's own part rest, saying why."""
    return _step(
        request,
        agreement_id,
        Step.SUSPEND,
        actions.suspend_agreement,
        _("It rests: from now on nothing can rely on it."),
        SuspendForm,
    )


@form_page
def agreement_resume(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """One's own part applies again."""
    return _step(request, agreement_id, Step.RESUME, actions.resume_agreement, _("Your part applies again."))


@form_page
def agreement_leave(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """Decline or leave: the agreement is over."""
    return _step(request, agreement_id, Step.LEAVE, actions.leave_agreement, _("Your agency has left. It is over."))


def _step(
    request: HttpRequest,
    agreement_id: UUID,
    step: Step,
    act: Callable[..., None],
    said: Promise,
    kind: type[SuspendForm] | None = None,
) -> HttpResponse:
    """One step about one's own part: what will happen first, then the button."""
    form, done, problem = kind(request.POST if request.method == "POST" else None) if kind else None, False, ""
    with entering(request) as permit:
        found, ours = _found(permit, agreement_id), permit.agency_id
        draft_id = drafts.draft_of(permit=permit, version=found.view.text.version)
        if ours not in found.view.text.parties:
            raise Refused
        if request.method == "POST" and (form is None or form.is_valid()):
            words = form.cleaned_data if form else {}
            try:
                act(permit=permit, at=permit.at, agreement_id=agreement_id, **words)
                done = True
            except InvalidAgreement as error:
                problem = gettext(str(error))
    if done:
        messages.success(request, str(said))
        return redirect("agreement", agreement_id)
    shown = {"step": step, "may": step in found.view.steps, "form": form, "problem": problem, "draft_id": draft_id}
    return render(request, "staff/agreement_step.html", _shown(found, ours) | shown)


def _found(permit: Permit, agreement_id: UUID) -> Agreed:
    view = queries.agreement(permit=permit, agreement_id=agreement_id)
    if view is None:
        raise Refused
    return _agreed(view, queries.directory(permit=permit))


def _agreed(view: AgreementView, cards: Any) -> Agreed:
    return Agreed(view, tuple(Party(cards[line.agency_id], line) for line in _by_name(view, cards)))


def _by_name(view: AgreementView, cards: Any) -> list[PartyLine]:
    return sorted(view.parties, key=lambda line: str(cards[line.agency_id].name))


def _shown(found: Agreed, ours: UUID) -> dict[str, Any]:
    text = found.view.text
    return {
        "agreed": found,
        "text": text,
        "ours": ours,
        "standings": STANDINGS,
        "mechanism": MECHANISMS[text.mechanism],
        "categories": [each for each in AGREEABLE if each in text.categories],
        "purposes": [each for each in AGREED_FOR if each in text.purposes],
        "ways": _ways(found),
        "own": next((party for party in found.parties if party.card.id == ours), None),
    }


def _ways(found: Agreed) -> list[tuple[AgencyCard, AgencyCard, Purpose, list[Category]]]:
    """What may flow under it, a line for each sender, recipient and purpose."""
    cards = {party.card.id: party.card for party in found.parties}
    lines: dict[tuple[UUID, UUID, Purpose], list[Category]] = {}
    for way in sorted(found.view.text.ways):
        lines.setdefault((way.sender, way.recipient, way.purpose), []).append(way.category)
    return [(cards[sender], cards[recipient], purpose, about) for (sender, recipient, purpose), about in lines.items()]


def _said(form: AccessForm | EntryForm, act: Callable[[], None]) -> bool:
    """Whether it was done; what was wrong stands in the form."""
    try:
        act()
    except InvalidPartner as error:
        form.add_error(None, gettext(str(error)))
        return False
    return True

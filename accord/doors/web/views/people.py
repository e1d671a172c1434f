"""The people of a client's story: her household, what was offered to whom, and reaching her without danger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.coordination.referrals import actions as referrals
from accord.doors.web.also import offered, sent, tell
from accord.doors.web.forms.people import DecideForm, OutcomeForm, ServiceForm, moves
from accord.doors.web.forms.vault import PersonForm
from accord.doors.web.knocking import entering, roles
from accord.doors.web.walled import off_the_file
from accord.gate import Refused
from accord.ledger.permits import Permit
from accord.policy.words import Category, Relation, Role
from accord.sharing import queries as sharing
from accord.vault import actions
from accord.vault import queries as vault
from accord.vault.actions import NotSafe, Reach
from accord.vault.queries import PersonView
from accord.vault.rules import (
    PENDING,
    SERVED,
    STEPS,
    WAYS,
    Contact,
    InvalidEntry,
    SafeContact,
    Served,
    age,
    may_contact,
)

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Aged:
    """Somebody of her story, and a child's age as people say it: in months before the second birthday."""

    person: PersonView
    years: int | None = None
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Where one service stands, and what usually comes next."""

    service: Served
    next: list[tuple[str, Any]]

    @property
    def pending(self) -> bool:
        return self.service.step in PENDING


@dataclass(frozen=True, slots=True)
class Row:
    """One person and where each service stands for her."""

    person: PersonView
    lines: list[Line]

    @property
    def quiet(self) -> list[tuple[str, list[str]]]:
        """What asks for nothing any more, by step."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            if not line.pending:
                found.setdefault(line.service.step, []).append(line.service.service)
        return sorted(found.items(), key=lambda each: STEPS.index(each[0]))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach her, and whether it is safe now."""

    code: str
    contact: Contact


# ------------------------------------------------------------------ her household


@require_safe
def person(request: HttpRequest, client_id: UUID, person_id: UUID) -> HttpResponse:
    """Somebody of her story: who it is, what was offered, what is written down. Never where a child is."""
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        found = _other(file, person_id)
        served = [each for each in vault.services(permit=permit, client_id=client_id) if each.about == person_id]
        entries = vault.entries(permit=permit, client_id=client_id, about=person_id)
        now = permit.at
    shown = {
        "file": file,
        "aged": aged(found, now),
        "served": found.relation in SERVED,
        "lines": [Line(each, moves(each.step)) for each in served],
        "entries": [entry for entry in entries if entry.kind != "service"],
    }
    return render(request, "vault/person.html", shown)


@sensitive_post_parameters()
@form_page
def person_edit(request: HttpRequest, client_id: UUID, person_id: UUID) -> HttpResponse:
    """Change who somebody is, or what they are to her."""
    typed = request.POST if request.method == "POST" else None
    kept = off = False
    try:
        with entering(request, client=client_id) as permit:
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            found = _other(file, person_id)
            initial = PersonForm.of_identity(found.identity) | {"relation": found.relation.value}
            form = PersonForm(typed, initial=initial)
            if typed is not None and form.is_valid():
                actions.edit_person(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    person_id=person_id,
                    identity=form.identity(),
                    relation=form.who,
                )
                kept, off = True, vault.walled_off(permit=permit, client_id=client_id)
    except InvalidEntry as problem:
        form.add_error(None, _(str(problem)))
    if off:
        return off_the_file(request)
    if kept:
        messages.success(request, _("Changed."))
        return redirect("person", client_id, person_id)
    return render(request, "vault/person_edit.html", {"file": file, "person": found, "form": form})


@require_POST
def person_parts(request: HttpRequest, client_id: UUID, person_id: UUID) -> HttpResponse:
    """Somebody is no longer part of the work with her, or is again. Nothing is deleted."""
    back = "back" in request.POST
    with entering(request, client=client_id) as permit:
        _other(vault.client(permit=permit, client_id=client_id, entries=0), person_id)
        change = actions.rejoin if back else actions.part
        change(permit=permit, at=permit.at, client_id=client_id, person_id=person_id)
    messages.success(request, _("Noted. It can be changed back on this page."))
    return redirect("person", client_id, person_id)


def aged(person: PersonView, now: datetime) -> Aged:
    """A child with its age today."""
    if person.relation is not Relation.CHILD or person.identity.born is None:
        return Aged(person)
    years, months = age(person.identity.born, timezone.localdate(now))
    return Aged(person, None, years * 12 + months) if years < 2 else Aged(person, years)


def _other(file: vault.ClientView, person_id: UUID) -> PersonView:
    for each in file.others:
        if each.id == person_id:
            return each
    raise Refused


# ------------------------------------------------------------------ services


@sensitive_post_parameters()
@form_page
def services(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """What was offered to her, her children and her household, where it stands, and one small form to move it on."""
    typed = request.POST if request.method == "POST" else None
    noted = False
    try:
        with entering(request, client=client_id) as permit:
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            form = ServiceForm(typed, people=offered_to(file))
            also = offered(request, permit, client_id)
            if typed is not None and form.is_valid():
                actions.note_service(permit=permit, at=permit.at, client_id=client_id, **form.values(permit.at))
                went = sent(request, permit, client_id, also)
                noted = True
            served = vault.services(permit=permit, client_id=client_id)
    except InvalidEntry as problem:
        form.add_error(None, _(str(problem)))
    if noted:
        messages.success(request, _("Noted."))
        tell(request, also, went)
        return redirect("services", client_id)
    shown = {"file": file, "form": form, "also": also, "rows": rows_of(file, served)}
    return render(request, "vault/services.html", shown)


def offered_to(file: vault.ClientView) -> list[PersonView]:
    """Herself, and who of her children and household is with her today."""
    return [file.herself, *(each for each in file.others if each.relation in SERVED and each.left_at is None)]


def rows_of(file: vault.ClientView, served: Sequence[Served]) -> list[Row]:
    """Where everything stands, person by person; herself first, nobody without anything."""
    rows = []
    for each in (file.herself, *file.others):
        lines = [Line(one, moves(one.step)) for one in served if one.about == each.id]
        if lines:
            rows.append(Row(each, lines))
    return rows


# ------------------------------------------------------------------ reaching her


@sensitive_post_parameters()
@form_page
def contact(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Her card; the number only when the check has passed; then what became of it."""
    form, reach, no, written = None, None, None, False
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        card, told = _card(permit, client_id, file)
        if request.method == "POST":
            channel = request.POST.get("channel", "")
            form = OutcomeForm(request.POST if "outcome" in request.POST or "done" in request.POST else None)
            if form.is_valid():
                entry = actions.contacted(permit=permit, at=permit.at, client_id=client_id, **form.cleaned_data)
                referrals.attempted(permit=permit, at=permit.at, client_id=client_id, entry_id=entry)
                written = True
            else:
                try:
                    reach = actions.contacting(
                        permit=permit, at=permit.at, client_id=client_id, channel=channel, told=told
                    )
                except NotSafe as unsafe:
                    no = unsafe.contact
        now = permit.at
    if written:
        messages.success(request, _("Written down."))
        return redirect("client", client_id)
    return _contact_page(request, file, card, now, reach=reach, no=no, form=form)


@sensitive_post_parameters()
@form_page
def contact_anyway(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A supervisor's decision, with its reason, to reach her other than her card says."""
    reach = None
    form = DecideForm(request.POST if request.method == "POST" else None)
    try:
        with entering(request, client=client_id) as permit:
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            card, told = _card(permit, client_id, file)
            if form.is_valid():
                reach = actions.contacting_anyway(
                    permit=permit, at=permit.at, client_id=client_id, told=told, **form.cleaned_data
                )
            now = permit.at
    except InvalidEntry as problem:
        form.add_error(None, _(str(problem)))
    if reach:
        return _contact_page(request, file, card, now, reach=reach, decided=True)
    return render(request, "vault/contact_anyway.html", {"file": file, "form": form, "card": card})


def ways_now(card: SafeContact, now: datetime) -> list[Way]:
    """Each way she has said is safe, with whether it is safe now: those that are, first."""
    local = timezone.localtime(now)
    ways = [Way(code, may_contact(card, code, local)) for code in WAYS if code in card.ways]
    return sorted(ways, key=lambda way: not way.contact.allowed)


def _card(permit: Permit, client_id: UUID, file: vault.ClientView) -> tuple[SafeContact, SafeContact | None]:
    """The card that counts, and a partner's when it is theirs: the newest, while our own is empty."""
    if file.herself.contact.noted:
        return file.herself.contact, None
    for envelope in sharing.received(permit=permit, client_id=client_id):
        if envelope.category is Category.CONTACT and envelope.content.summary:
            content = envelope.content
            told = SafeContact().told(content.values or (content.summary or {}).get("values", {}))
            return told, told
    return SafeContact(), None


def _contact_page(
    request: HttpRequest,
    file: vault.ClientView,
    card: SafeContact,
    now: datetime,
    *,
    reach: Reach | None,
    no: Contact | None = None,
    form: OutcomeForm | None = None,
    decided: bool = False,
) -> HttpResponse:
    channel = request.POST.get("channel", "")
    return render(
        request,
        "vault/contact_her.html",
        {
            "file": file,
            "card": card.unreached(),
            "ways": ways_now(card, now),
            "reach": reach,
            "no": no,
            "decided": decided,
            "channel": channel,
            "form": form if form is not None and form.is_bound else OutcomeForm(initial={"channel": channel}),
            "may_decide": Role.SUPERVISOR in roles(request),
        },
    )

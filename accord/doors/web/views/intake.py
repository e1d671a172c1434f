"""Intake: what came with her is read back and confirmed in one go; only what is still open is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accord.doors.web.confirming import confirmable, ours
from accord.doors.web.forms.vault import AboutForm
from accord.doors.web.knocking import entering
from accord.doors.web.limiting import limits_due
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.sharing import actions as sharing_actions
from accord.sharing import queries as sharing
from accord.sharing.queries import EnvelopeView
from accord.vault import actions
from accord.vault import queries as vault
from accord.vault.rules import InvalidEntry


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """What partners told us, to be read back to her, and the questions that nobody has answered yet."""
    step = request.POST.get("step", "")
    if step == "confirm":
        return _confirmed(request, client_id)
    typed = request.POST if step == "save" else None
    saved = False
    try:
        with entering(request, client=client_id) as permit:
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            who = file.herself
            form = AboutForm(
                typed,
                own=who.contact,
                initial=AboutForm.of_identity(who.identity) | AboutForm.of_contact(who.contact),
            )
            told = [view for view in sharing.received(permit=permit, client_id=client_id) if confirmable(view)]
            answers = sharing.answers(permit=permit, client_id=client_id)
            agencies = partners.directory(permit=permit)
            limits = limits_due(permit, client_id, who)
            if form.is_valid():
                actions.edit_person(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    person_id=who.id,
                    identity=form.identity(),
                    contact=form.contact(),
                )
                saved = True
    except InvalidEntry as problem:
        form.add_error(None, str(problem))
    if saved:
        messages.success(request, gettext("Noted. She need not be asked again."))
        return redirect("client", client_id)
    return render(
        request,
        "vault/intake.html",
        {
            "file": file,
            "form": form,
            "waiting": [view for view in told if not view.confirmed],
            "confirmed": sum(view.confirmed for view in told),
            "answers": answers,
            "agencies": agencies,
            "limits": limits,
        },
    )


def _confirmed(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """She confirmed the ticked ones. One that has ended meanwhile is passed over, like one confirmed already."""
    ticked = frozenset(request.POST.getlist("envelope"))
    count = 0
    try:
        with entering(request, client=client_id) as permit:
            views = _wanted(sharing.received(permit=permit, client_id=client_id), ticked)
            for view in views:
                _confirm(permit, client_id, view)
            count = len(views)
    except InvalidEntry as error:
        messages.error(request, gettext(str(error)))
    except IntegrityError:
        pass  # Two presses at once: the other one has written it down.
    if count:
        said = ngettext("Noted: she confirmed %(n)s thing.", "Noted: she confirmed %(n)s things.", count)
        messages.success(request, said % {"n": count})
    return redirect("intake", client_id)


def _wanted(views: Sequence[EnvelopeView], ticked: Collection[str]) -> list[EnvelopeView]:
    return [view for view in views if str(view.id) in ticked and not view.confirmed and confirmable(view)]


def _confirm(permit: Permit, client_id: UUID, view: EnvelopeView) -> None:
    entry_id = ours(permit, client_id, view)
    sharing_actions.confirm(permit=permit, at=permit.at, client_id=client_id, envelope_id=view.id, entry_id=entry_id)

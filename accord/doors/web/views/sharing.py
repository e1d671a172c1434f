"""What came from partners: accepted, explained, and confirmed with her."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.coordination.referrals import actions as referrals
from accord.doors.web.confirming import confirmable, ours
from accord.doors.web.forms.sharing import FindForm
from accord.doors.web.heading import whose
from accord.doors.web.knocking import entering
from accord.gate import Refused, explain
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.sharing import actions
from accord.sharing import queries as sharing
from accord.sharing.queries import EnvelopeView, Waiting
from accord.sharing.rules import InvalidRelease
from accord.vault import actions as vault_actions
from accord.vault import queries as vault
from accord.vault.queries import ClientLine
from accord.vault.rules import Identity, InvalidEntry


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: HttpRequest, thread: UUID) -> HttpResponse:
    """What waits on one thread: look at it, then open a client from it or tie it to one of ours."""
    step = request.POST.get("step", "")
    problem = ""
    if step in ("open", "tie"):
        try:
            return _accepted(request, thread, None if step == "open" else _chosen(request))
        except InvalidRelease as error:
            problem = gettext(str(error))
    form = FindForm(request.POST if step == "find" else None)
    found: list[ClientLine] = []
    more = False
    with entering(request) as permit:
        waiting = _waiting(permit, thread)
        names = {id: card.name for id, card in partners.directory(permit=permit).items()}
        code = ""
        if waiting.client_id:
            code = vault.codes(permit=permit, client_ids=[waiting.client_id]).get(waiting.client_id, "")
        if form.is_valid():
            found, more = vault.find(permit=permit, text=form.cleaned_data["text"])
    return render(
        request,
        "sharing/arrival.html",
        {
            "waiting": waiting,
            "holder_name": names[waiting.holder_id],
            "code": code,
            "answers": sum(view.content.answers for view in waiting.envelopes),
            "form": form,
            "searched": form.is_bound and form.is_valid(),
            "found": found,
            "more": more,
            "problem": problem,
        },
    )


@require_safe
def why(request: HttpRequest, client_id: UUID, envelope_id: UUID) -> HttpResponse:
    """Why an envelope shows as much as it does, and what would change it. Whether there is more, nobody here knows."""
    with entering(request, client=client_id) as permit:
        view = _envelope(permit, client_id, envelope_id)
        client = whose(permit, client_id)
        directory = partners.directory(permit=permit)
        ours = directory[permit.agency_id].name
    said = {
        "client": client,
        "view": view,
        "holder_name": directory[view.holder_id].name,
        "ours": ours,
        "explanation": explain(view.rules, view.level),
    }
    fragment = bool(getattr(request, "htmx", False))
    return render(request, "sharing/why_part.html" if fragment else "sharing/why.html", said)


@require_POST
def confirm(request: HttpRequest, client_id: UUID, envelope_id: UUID) -> HttpResponse:
    """She confirmed it: from here on it is ours and stays when the envelope ends. Twice is the same as once."""
    try:
        with entering(request, client=client_id) as permit:
            view = _envelope(permit, client_id, envelope_id)
            if not confirmable(view):
                raise Refused
            if not view.confirmed:
                entry_id = ours(permit, client_id, view)
                actions.confirm(
                    permit=permit, at=permit.at, client_id=client_id, envelope_id=envelope_id, entry_id=entry_id
                )
    except InvalidEntry as error:
        messages.error(request, gettext(str(error)))
        return redirect("client", client_id)
    except IntegrityError:
        # Two presses at once: the other one has written it down.
        pass
    messages.success(request, gettext("Noted: she confirmed it. It is in our own record now."))
    return redirect("client", client_id)


def _accepted(request: HttpRequest, thread: UUID, client_id: UUID | None) -> HttpResponse:
    with entering(request, client=client_id) as permit:
        waiting = _waiting(permit, thread)
        tied = client_id is not None
        if client_id is None:
            if waiting.client_id:
                raise InvalidRelease("This is tied to another of your clients already.")
            client_id = vault_actions.open_client(permit=permit, at=permit.at, identity=Identity())
        actions.accept(
            permit=permit,
            at=permit.at,
            partner_id=waiting.holder_id,
            thread=thread,
            client_id=client_id,
            answers={view.id: view.content.answers for view in waiting.envelopes},
        )
        answers = sum(view.content.answers for view in waiting.envelopes)
        referrals.learn(permit=permit, at=permit.at, client_id=client_id)
    messages.success(
        request, gettext("Accepted. Questions she does not have to be asked again: %(count)s.") % {"count": answers}
    )
    return redirect("client" if tied else "intake", client_id)


def _chosen(request: HttpRequest) -> UUID:
    """The client somebody chose on the page; a made-up one is answered like any absent one."""
    try:
        return UUID(request.POST.get("client", ""))
    except ValueError:
        raise Refused from None


def _waiting(permit: Permit, thread: UUID) -> Waiting:
    found = sharing.thread(permit=permit, thread=thread)
    if found is None:
        raise Refused
    return found


def _envelope(permit: Permit, client_id: UUID, envelope_id: UUID) -> EnvelopeView:
    """A living envelope on a thread tied to this client, and no other."""
    view = sharing.envelope(permit=permit, client_id=client_id, envelope_id=envelope_id)
    if view is None:
        raise Refused
    return view

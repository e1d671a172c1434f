"""Noting and sending in one save: the part of every entry form that offers what may follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from accord.config.service import gate
from accord.doors.web.forms.updates import AlsoForm
from accord.doors.web.knocking import caller
from accord.gate.updates import also_send, ways
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import AgencyKind


def offered(
    request: HttpRequest,
    permit: Permit,
    client_id: UUID,
    usual: Collection[AgencyKind] | None = None,
    *,
    first: bool = False,
) -> AlsoForm:
    """On what a new entry about this client could go out with its save, and to whom it goes by itself. `usual`: whom a
    protocol would have told; None where nothing says so. `first`: a press brought her here, and nothing is ticked."""
    agencies = partners.directory(permit=permit)
    found = ways(gate(), permit, caller(request), client_id)
    data = request.POST if request.method == "POST" and not first else None
    return AlsoForm(data, ways=found, agencies=agencies, ours=agencies[permit.agency_id], usual=usual)


def sent(request: HttpRequest, permit: Permit, client_id: UUID, form: AlsoForm) -> dict[UUID, int]:
    """Send what this permit has written down, to those who were ticked and those who are told by themselves."""
    return also_send(gate(), permit, caller(request), client_id, form.chosen())


def tell(request: HttpRequest, form: AlsoForm, counts: Mapping[UUID, int]) -> None:
    """Say what went where, and where nothing of it could go."""
    for id, count in counts.items():
        words = {"partner": form.agencies[id].name, "count": count}
        messages.success(
            request,
            ngettext("Sent to %(partner)s: %(count)s envelope.", "Sent to %(partner)s: %(count)s envelopes.", count)
            % words,
        )
    ticked = {way.recipient_id for way in form.ways if way.id in form.chosen()}
    for id in ticked - set(counts):
        messages.info(
            request,
            gettext("Nothing of this went to %(partner)s: it is not among what may follow.")
            % {"partner": form.agencies[id].name},
        )

"""Consents from other systems: brought in as evidence, read cell by cell, drafts prepared from them by hand; and our
own releases as FHIR Consents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.doors.web.forms.consents import ConsentForm, DraftsForm
from accord.doors.web.forms.sharing import PURPOSES, USUAL_PURPOSE
from accord.doors.web.heading import whose
from accord.doors.web.knocking import entering
from accord.doors.web.labels import label, spoken_day
from accord.gate import Refused
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.partners.queries import AgencyCard
from accord.policy.words import Category, Level, Mark, Purpose
from accord.records.consent import actions, queries, rules
from accord.records.consent.fhir import ConsentError
from accord.records.consent.rules import Actor, Coding, Consent, Edge, Kind, Matrix, Square
from accord.sharing import actions as sharing_actions
from accord.sharing import queries as sharing
from accord.sharing.rules import RELEASABLE, USUAL_DAYS, Draft, InvalidRelease, State

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell in words: `says` is yes, no or depends."""

    says: str
    purposes: list[str]
    level: Level
    why: str


@sensitive_post_parameters()
@form_page
def bring_in(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Keep one FHIR Consent in her file. It opens nothing."""
    posted = request.method == "POST"
    form, problem, kept = ConsentForm(), "", None
    given, files = (request.POST, request.FILES) if posted else (None, None)
    # Known only now that the upload has been read, or has been stopped.
    if getattr(request, "too_large", False):
        problem = gettext("The file is larger than 5 MB and was not read.")
    elif given is not None:
        form = ConsentForm(given, files)
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            if form.is_valid():
                kept = actions.bring_in(
                    permit=permit, at=permit.at, client_id=client_id, data=form.cleaned_data["document"].read()
                )
    except ConsentError as error:
        problem = gettext(str(error))
    if kept:
        messages.success(request, gettext("The consent is in her file. Nothing was opened by it."))
        return redirect("consent", client_id, kept)
    return render(request, "consents/new.html", {"client": client, "form": form, "problem": problem})


@require_safe
def consent(request: HttpRequest, client_id: UUID, consent_id: UUID) -> HttpResponse:
    """What a consent says: whom, what, for what, cell by cell; what is not understood; and what stands here today."""
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        found, matrix, agencies = _read(permit, client_id, consent_id)
        releases = sharing.releases(permit=permit, client_id=client_id)
        nevers = sharing.nevers(permit=permit, client_id=client_id)
        zone = ZoneInfo(agencies[permit.agency_id].timezone)
    with timezone.override(zone):
        return render(
            request,
            "consents/consent.html",
            {
                "client": client,
                "consent_id": consent_id,
                "consent": found,
                "given": spoken_day(found.dated.text) if found.dated else "",
                "ends": spoken_day(end.text) if (end := _end(found)) else "",
                "in_force": found.status == "active" and not found.closed,
                "gaps": [(gettext(rules.GAPS[gap.what]), gap) for gap in found.not_understood],
                "remarks": [gettext(rules.REMARKS[remark]) for remark in found.remarks],
                "purposes": [_words(purpose) for purpose in matrix.purposes],
                "recipients": [_name(actor) for actor in matrix.recipients],
                "rows": [(_row(kind), [_cell(square) for square in squares]) for kind, squares in matrix.rows],
                "leveled": any(square.level in (1, 2) for _, squares in matrix.rows for square in squares),
                "offered": any(matrix.permitted(actor) for actor in matrix.recipients),
                "refused": [_name(actor) for actor in matrix.recipients[:-1] if matrix.refused(actor)],
                "refuses": matrix.refused(matrix.recipients[-1]),
                "living": [release for release in releases if release.state is State.SIGNED],
                "nevers": [never for never in nevers if not never.person],
                "agencies": agencies,
            },
        )


@form_page
def drafts(request: HttpRequest, client_id: UUID, consent_id: UUID) -> HttpResponse:
    """Say by hand which partner each recipient is, and begin a conversation: drafts, to be explained and signed like
    any other. What has no meaning of ours is left open in them."""
    begun = None
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            found, matrix, agencies = _read(permit, client_id, consent_id)
            offered = [actor for actor in matrix.recipients if matrix.permitted(actor)]
            nevers = sharing.nevers(permit=permit, client_id=client_id)
            never = {said.against_id for said in nevers if not said.person}
            holder = agencies[permit.agency_id]
            form = DraftsForm(
                request.POST if request.method == "POST" else None,
                names=[_name(actor) for actor in offered],
                cards=[card for id, card in agencies.items() if id not in never | {holder.id}],
                language=translation.get_language() or "en",
            )
            if offered and form.is_valid():
                zone = ZoneInfo(holder.timezone)
                begun = sharing_actions.begin(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    drafts=[
                        _draft(agencies[id], rules.suggestion(found, offered[number], permit.at, zone))
                        for number, id in form.chosen()
                    ],
                    last_day=timezone.localdate(permit.at, zone) + timedelta(days=USUAL_DAYS),
                    language=form.cleaned_data["language"],
                )
    except InvalidRelease as error:
        form.add_error(None, gettext(str(error)))
    if begun:
        return redirect("conversation_terms", client_id, begun)
    return render(
        request,
        "consents/drafts.html",
        {"client": client, "consent_id": consent_id, "form": form, "offered": offered},
    )


@require_POST
def written(request: HttpRequest, client_id: UUID, release_id: UUID) -> HttpResponse:
    """One release as a FHIR Consent, to give to a partner's own system."""
    with entering(request, client=client_id) as permit:
        data = queries.written(permit=permit, client_id=client_id, release_id=release_id)
        if data is None:
            raise Refused
    return HttpResponse(
        data,
        content_type="application/fhir+json",
        headers={"Content-Disposition": f'attachment; filename="{release_id}.json"'},
    )


def _read(permit: Permit, client_id: UUID, consent_id: UUID) -> tuple[Consent, Matrix, Mapping[UUID, AgencyCard]]:
    found = queries.brought(permit=permit, client_id=client_id, consent_id=consent_id)
    if found is None:
        raise Refused
    agencies = partners.directory(permit=permit)
    zone = ZoneInfo(agencies[permit.agency_id].timezone)
    return found, rules.matrix(found, permit.at, zone), agencies


def _draft(card: AgencyCard, filled: rules.Suggestion) -> Draft:
    """A draft for a partner: what the consent says in words of ours, the usual reason where it says none."""
    purpose = filled.purpose if filled.purpose in PURPOSES else USUAL_PURPOSE.get(card.kind, Purpose.COORDINATION)
    grants = {category: level for category, level in filled.grants.items() if category in RELEASABLE}
    return Draft(card.id, purpose, {Category.IDENTITY: Level.SUMMARY} | grants if grants else {})


def _end(consent: Consent) -> Edge | None:
    """When all of it ends, if it says so."""
    period = consent.provision.period if consent.provision else None
    return period.end if period else None


def _name(actor: Actor) -> str:
    return actor.display or actor.reference or gettext("Anybody it does not name")


def _words(coding: Coding) -> str:
    """A code as people say it."""
    if coding.system == rules.OUR_PURPOSE:
        return label(Purpose(coding.code))
    if coding.system == rules.OUR_MARK:
        return label(Mark(coding.code))
    if (category := rules.our_category(coding)) is not None:
        return label(category)
    return gettext(rules.WORDS[coding.code]) if coding.code in rules.WORDS else coding.code


def _row(kind: Kind) -> str:
    """What a row of the matrix is about: a class, a sensitivity, or how confidential."""
    if kind.kind:
        return _first(_words(kind.kind))
    told = sorted(kind.labels, key=lambda each: each.system == rules.CONFIDENTIALITY)[0]
    if told.system != rules.CONFIDENTIALITY:
        return _first(_words(told))
    return gettext("Confidentiality: %(level)s") % {"level": _words(told)}


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]


def _cell(square: Square) -> Shown:
    says = "yes" if square.purposes else "depends" if square.depends else "no"
    # That it does not speak of most things is said once, above the table.
    why = "" if square.why is rules.Why.SILENT else gettext(rules.SENTENCES[square.why])
    return Shown(says, [_words(each) for each in square.purposes], square.level, why)

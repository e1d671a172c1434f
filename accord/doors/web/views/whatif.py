"""What if: a draft of rules, of an agreement or of a release form, before anybody decides. Nothing of it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accord.config.service import gate
from accord.doors.web.forms.whatif import AgreementDraftForm, PageForm, RulesForm
from accord.doors.web.knocking import caller, entering
from accord.doors.web.labels import KINDS_OF_AGENCY, STANDINGS, label
from accord.doors.web.watching import pauses
from accord.gate import Refused, whatif
from accord.gate.law import law, with_draft
from accord.gate.whatif import Draft, Found, Unbuilt
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.partners.rules import Standing
from accord.policy.compare import THINGS, Change, Group, Way, rules
from accord.policy.facts import Thing
from accord.policy.law import LawError
from accord.policy.words import Category, Purpose, Relation
from accord.vault import queries as vault

form_page = require_http_methods(["GET", "HEAD", "POST"])

#: Between what standings an agreement can be tried.
TRIED = (Standing.WAITING, Standing.COMING, Standing.IN_FORCE, Standing.SUSPENDED)

CHANGES: dict[Change, Promise] = {
    Change.OPENS: _("Would open"),
    Change.CLOSES: _("Would close"),
    Change.MORE: _("Would tell more"),
    Change.LESS: _("Would tell less"),
    Change.OTHER: _("As much as now, for another reason, with other duties or another end"),
}
UNBUILT: dict[Unbuilt, Promise] = {
    Unbuilt.GONE: _("what was sent, or what it rested on, is no longer there"),
    Unbuilt.CLOSED: _("what holds today would not have let it out: duties, agreements or the law have changed since"),
    Unbuilt.LEVEL: _("what holds today would have let out more or less of it"),
    Unbuilt.RULES: _("it rests on other rules today"),
}
WAYS: dict[Way, Promise] = {
    Way.ALONE: _("without her release"),
    Way.RELEASE: _("on her release"),
    Way.LONG_RELEASE: _("on her release for a year"),
    Way.PAPER: _("on a paper of a court or an authority"),
    Way.ROLE: _("inside the agency"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Past disclosures that would be answered alike, as the page shows them. `codes`: some of the files."""

    to: str
    category: Category
    purpose: Purpose
    count: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """Kinds of things that could or could no longer be sent."""

    change: Promise
    way: Promise
    to: str
    things: str
    purposes: str


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What can be tried: rules, each agreement of one's own, the page she signs."""
    with entering(request) as permit:
        ours = permit.agency_id
        views = [view for view in partners.agreements(permit=permit) if ours in view.text.parties]
    listed = [(view, STANDINGS[view.standing]) for view in views if view.standing in TRIED]
    return render(request, "whatif/start.html", {"agreements": listed})


@form_page
def draft_rules(request: HttpRequest) -> HttpResponse:
    """A draft of rules over the law that holds here."""
    form = RulesForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    answer: dict[str, Any] = {}
    with entering(request) as permit:
        if form.is_valid():
            try:
                draft = Draft(law=with_draft(form.cleaned_data["text"]))
            except LawError as error:
                form.add_error("text", str(error))
            else:
                texts = rules(law(), draft.law)
                shown = {"text": form.cleaned_data["text"], "texts": texts, "differs": not texts.same}
                answer = _answer(request, permit, draft) | shown
    return render(request, "whatif/rules.html", {"form": form} | answer)


@form_page
def agreement(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """An agreement that would not hold, or would say something else."""
    answer: dict[str, Any] = {}
    with entering(request) as permit:
        view = partners.agreement(permit=permit, agreement_id=agreement_id)
        if view is None or permit.agency_id not in view.text.parties or view.standing not in TRIED:
            raise Refused
        cards = partners.directory(permit=permit, ids=view.text.parties)
        form = AgreementDraftForm(
            request.POST if request.method == "POST" else None,
            text=view.text,
            stands=view.standing,
            ours=permit.agency_id,
            names={id: card.name for id, card in cards.items()},
        )
        if form.is_valid():
            draft = whatif.of_agreement(view.text, view.standing, permit.agency_id, **form.words())
            answer = _answer(request, permit, draft)
    shown = {"form": form, "title": view.text.title, "standing": STANDINGS[view.standing]}
    return render(request, "whatif/agreement.html", shown | answer)


@form_page
def page(request: HttpRequest) -> HttpResponse:
    """A release form that would have less or more on it."""
    form = PageForm(request.POST if request.method == "POST" else None)
    answer: dict[str, Any] = {}
    with entering(request) as permit:
        if form.is_valid():
            gained, dropped = (frozenset(form.cleaned_data[name]) for name in ("gained", "dropped"))
            answer = _answer(request, permit, Draft(gained=gained, dropped=dropped))
    return render(request, "whatif/page.html", {"form": form} | answer)


def _answer(request: HttpRequest, permit: Permit, draft: Draft) -> dict[str, Any]:
    """Some more of the past, asked about for a moment; once all of it is, what the page says."""
    who = caller(request)
    ends = pauses(request)
    found = _carried(request, permit) or whatif.begin(permit)
    while not found.done and time.monotonic() < ends:
        found = whatif.go_on(gate(), permit, who, draft, found)
    if not found.done:
        return {"found": found, "carried": signing.dumps(found.written(), salt=_salt(permit), compress=True)}
    return {"found": found} | _told(permit, found) | {"kinds": _kinds(permit, whatif.kinds(gate(), permit, who, draft))}


def _salt(permit: Permit) -> str:
    return f"accord/whatif/{permit.agency_id}/{permit.member_id}"


def _carried(request: HttpRequest, permit: Permit) -> Found | None:
    """What the page found so far brings along; None when it begins."""
    try:
        return Found.read(signing.loads(request.POST.get("carried", ""), salt=_salt(permit), max_age=600))
    except signing.BadSignature:
        return None


def _told(permit: Permit, found: Found) -> dict[str, Any]:
    """What became of the past, in words; files by the codes of those she may know of."""
    named = {id for _count, files in found.changed.values() for id in files}
    codes = vault.codes(permit=permit, client_ids=sorted(named))
    directory = partners.directory(permit=permit)
    lines: dict[Change, list[Line]] = {}
    for (became, recipient, category, purpose), (count, files) in found.changed.items():
        line = Line(
            directory[recipient].name, category, purpose, count, tuple(codes[id] for id in files if id in codes)
        )
        lines.setdefault(became, []).append(line)
    return {
        "changes": [
            (
                CHANGES[became],
                sum(line.count for line in lines[became]),
                sorted(lines[became], key=lambda line: (line.to, line.category, line.purpose)),
            )
            for became in Change
            if became in lines
        ],
        "unbuilt": [(UNBUILT[why], found.unbuilt[why]) for why in Unbuilt if why in found.unbuilt],
    }


def _kinds(permit: Permit, groups: list[Group]) -> list[Kind]:
    """Kinds of things, each said once for all partners it is the same for. What only changes its reason is left out."""
    return [
        Kind(
            change=CHANGES[group.change],
            way=WAYS[group.way],
            to=", ".join(dict.fromkeys(str(KINDS_OF_AGENCY[each.kind]) for each in group.recipients)),
            things=_all_but(group.things, THINGS, _thing, _("everything"), _("everything but: %(but)s")),
            purposes=_all_but(group.purposes, tuple(Purpose), label, _("anything"), _("anything but: %(but)s")),
        )
        for group in groups
        if group.change is not Change.OTHER
    ]


def _all_but(
    some: Sequence[Any], every: Sequence[Any], word: Callable[[Any], str], all_words: Promise, but_words: Promise
) -> str:
    """Some of many in words; where it is most of them, what is left out."""
    left = [each for each in every if each not in some]
    if not left:
        return str(all_words)
    if len(left) < len(some):
        return str(but_words) % {"but": ", ".join(dict.fromkeys(map(word, left)))}
    return ", ".join(dict.fromkeys(map(word, some)))


def _thing(thing: Thing) -> str:
    """A kind of thing by its mark, or by what it is about; beside herself, whom it is about."""
    words = ", ".join(label(mark) for mark in sorted(thing.marks)) or label(thing.category)
    return words if thing.relation is Relation.SELF else f"{words} ({label(thing.relation)})"

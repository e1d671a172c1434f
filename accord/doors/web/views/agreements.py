"""Drafts of agreements: 21 sections, a matrix, annexes, what the parties say, and what differs between versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accord.agreements import actions, queries
from accord.agreements.beginning import beginning, row_of
from accord.agreements.queries import DraftView, VersionView
from accord.agreements.rules import (
    ANNEXES,
    BY_ID,
    SECTIONS,
    Content,
    Finding,
    Flow,
    Parties,
    Section,
    Stage,
    findings,
)
from accord.doors.web import drafted, printing
from accord.doors.web.forms.agreements import AgreementForm, CommentForm, FlowForm, SectionForm
from accord.doors.web.knocking import entering, roles
from accord.doors.web.labels import LAW_SAYS, STAGES
from accord.doors.web.recipients import fact
from accord.gate import Refused
from accord.gate.asking import Says, says, tables
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.partners.queries import AgencyCard
from accord.partners.rules import InvalidAgreement, Standing, Step
from accord.policy.words import AgencyKind, Role

form_page = require_http_methods(["GET", "HEAD", "POST"])

#: Versions that lie before the parties, and not all have signed.
WAITING = (Stage.LEGAL_REVIEW, Stage.SIGNED_PARTIAL)
#: Who says something about a draft: those whose role lets them.
TALKING = frozenset({Role.DIRECTOR, Role.PRIVACY_OFFICER, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft with its parties and what is wrong with its newest version."""

    view: DraftView
    cards: dict[UUID, AgencyCard]
    parties: Parties
    findings: list[Finding]
    ours: UUID

    @property
    def newest(self) -> VersionView:
        return self.view.newest

    @property
    def wrong(self) -> list[Finding]:
        return [each for each in self.findings if not each.warning]

    @property
    def members(self) -> list[AgencyCard]:
        return sorted((self.cards[id] for id in self.view.parties), key=lambda card: card.name)


@dataclass(frozen=True, slots=True)
class Task:
    """One section or annex in the list of tasks. `mark`: its number or letter."""

    mark: str
    section: Section
    wrong: int
    warnings: int
    comments: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix, and what the law says to it."""

    flow: Flow
    cells: list[str]
    says: Says


@form_page
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft with other agencies, filled with words to begin with. Nobody has signed by that."""
    id = None
    with entering(request) as permit:
        cards, ours = partners.directory(permit=permit), permit.agency_id
        form = AgreementForm(
            request.POST if request.method == "POST" else None,
            others=[card for card in cards.values() if card.id != ours and card.kind is not AgencyKind.OPERATOR],
            today=timezone.localdate(permit.at),
        )
        if form.is_valid() and not form.finding:
            id = _begun(permit, form, cards)
    if id:
        messages.success(request, gettext("The draft is begun. Every party reads it and can change it."))
        return redirect("draft", id)
    return render(request, "agreements/begin.html", {"form": form, "ours": cards[ours]})


@require_safe
def draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """A draft: its sections as a list of tasks, its versions, where it stands."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
    return render(
        request,
        "agreements/draft.html",
        _shown(request, found)
        | {
            "tasks": [_task(section, found) for section in SECTIONS],
            "annexes": [_task(annex, found) for annex in ANNEXES],
            "versions": list(reversed(found.view.versions)),
            "declined": _declined(found),
        },
    )


@require_safe
def section(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """One section: what stands in it, what must, what is wrong, and what the parties say."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
        this = _section(request)
    if this.id == "matrix":
        return redirect("draft_matrix", draft_id)
    return render(request, "agreements/section.html", _shown(request, found) | _of_section(found, this))


@form_page
def section_edit(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Other words in one section: another version."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
        this = _section(request)
        content = found.newest.content
        form = SectionForm(
            request.POST if request.method == "POST" else None,
            section=this,
            content=content,
            parties=found.members,
            initial={"seen": found.newest.number},
        )
        done = form.is_valid() and _said(
            form,
            lambda: actions.change_section(
                permit=permit,
                at=permit.at,
                draft_id=draft_id,
                seen=form.cleaned_data["seen"],
                section=this.id,
                title=form.cleaned_data.get("title", content.title),
                values=form.values(),
            ),
        )
    if done:
        _saved(request, found)
        return redirect("draft", draft_id)
    return render(
        request, "agreements/section_edit.html", _shown(request, found) | _of_section(found, this) | {"form": form}
    )


@require_safe
def matrix(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The matrix, with what the law of today says to each row."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
        rows = [
            Row(
                flow,
                drafted.row(flow, found.cards),
                says(
                    found.parties.facts[flow.sender],
                    found.parties.facts[flow.recipient],
                    flow.category,
                    flow.purpose,
                    permit.at,
                ),
            )
            for flow in found.newest.content.flows
        ]
    return render(
        request,
        "agreements/matrix.html",
        _shown(request, found)
        | _of_section(found, BY_ID["matrix"])
        | {"rows": rows, "heads": drafted.heads(), "law_says": LAW_SAYS},
    )


@form_page
def flow(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Rows to add to the matrix, or one to take out."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
        dropping = request.method == "POST" and bool(request.POST.get("drop"))
        form = FlowForm(
            request.POST if request.method == "POST" and not dropping else None,
            parties=found.members,
            initial={"seen": found.newest.number},
        )
        problem, done = "", False
        if dropping:
            problem = _wrong(lambda: _drop(permit, draft_id, request))
            done = not problem
        elif form.is_valid():
            done = _said(form, lambda: _add(permit, draft_id, found, form.cleaned_data))
    if done:
        _saved(request, found)
        return redirect("draft_matrix", draft_id)
    return render(request, "agreements/flow.html", _shown(request, found) | {"form": form, "problem": problem})


@form_page
def comment(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Say something about a section, or call settled what one's own agency said."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
        this = _section(request)
        settled = request.POST.get("settle", "") if request.method == "POST" else ""
        form = CommentForm(request.POST if request.method == "POST" and not settled else None)
        problem, done = "", False
        if settled:
            problem = _wrong(lambda: _settle(permit, draft_id, settled))
            done = not problem
        elif form.is_valid():
            done = _said(
                form,
                lambda: actions.comment(
                    permit=permit, at=permit.at, draft_id=draft_id, section=this.id, text=form.cleaned_data["text"]
                ),
            )
    if done:
        messages.success(request, gettext("Every party reads it."))
        return redirect(f"{reverse('draft_section', args=[draft_id])}?section={this.id}")
    return render(
        request,
        "agreements/comment.html",
        _shown(request, found) | _of_section(found, this) | {"form": form, "problem": problem},
    )


@require_safe
def compare(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """What differs between two versions, section by section."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
    versions = {each.number: each for each in found.view.versions}
    newest = found.newest.number
    later = versions.get(_number(request, "to"), found.newest)
    earlier = versions.get(_number(request, "from"), versions[max(newest - 1, 1)])
    return render(
        request,
        "agreements/compare.html",
        _shown(request, found)
        | {
            "earlier": earlier,
            "later": later,
            "versions": list(reversed(found.view.versions)),
            "differing": drafted.compared(earlier.content, later.content, found.cards),
        },
    )


@form_page
def lay(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Lay the newest version before its parties, to be read by their lawyers and signed."""
    problem, id = "", None
    with entering(request) as permit:
        found = _found(permit, draft_id)
        if request.method == "POST":
            try:
                id = actions.lay(
                    permit=permit,
                    at=permit.at,
                    draft_id=draft_id,
                    seen=found.newest.number if request.POST.get("seen") == str(found.newest.number) else 0,
                    tables=tables(permit.at),
                )
            except InvalidAgreement as error:
                problem = gettext(str(error))
    if id:
        messages.success(request, gettext("It lies before the parties. Nobody has signed it yet; you have not either."))
        return redirect("agreement", id)
    return render(request, "agreements/lay.html", _shown(request, found) | {"problem": problem})


@require_safe
def paper(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """One version on paper, its hash on every page."""
    with entering(request) as permit:
        found = _found(permit, draft_id)
    versions = {each.number: each for each in found.view.versions}
    version = versions.get(_number(request, "version"), found.newest)
    stage = str(STAGES[version.stage.value])
    return printing.answer(drafted.paper(found.view, version, stage, found.cards))


def _begun(permit: Permit, form: AgreementForm, cards: Mapping[UUID, AgencyCard]) -> UUID | None:
    """The id of the draft that was begun; None when something was wrong, which then stands in the form."""
    given = form.words(permit.agency_id)
    chosen = {id: card for id, card in cards.items() if id in given["parties"]}
    parties = Parties({id: fact(card) for id, card in chosen.items()}, {id: card.name for id, card in chosen.items()})
    law = tables(permit.at)
    sections, flows = beginning(
        parties,
        given["categories"],
        given["purposes"],
        given["mechanism"],
        given["first_day"],
        given["review_day"],
        law,
        gettext,
        {id: card.focal for id, card in chosen.items()},
    )
    content = Content(given["title"], tuple(parties.facts), sections, flows)
    wrong = [each for each in findings(content, parties, law) if each.section in ("review", "matrix")]
    for each in wrong:
        form.add_error(None, drafted.sentence(each))
    if wrong:
        return None
    try:
        id: UUID = actions.begin(
            permit=permit,
            at=permit.at,
            title=given["title"],
            parties=frozenset(given["parties"]),
            sections=sections,
            flows=flows,
        )
    except InvalidAgreement as error:
        form.add_error(None, gettext(str(error)))
        return None
    return id


def _found(permit: Permit, draft_id: UUID) -> Drafted:
    view = queries.draft(permit=permit, draft_id=draft_id)
    if view is None:
        raise Refused
    cards = dict(partners.directory(permit=permit))
    facts = {id: fact(cards[id]) for id in view.parties}
    parties = Parties(facts, {id: cards[id].name for id in view.parties})
    wrong = findings(view.newest.content, parties, tables(permit.at))
    return Drafted(view, cards, parties, wrong, permit.agency_id)


def _section(request: HttpRequest) -> Section:
    """The section the address names; the first when it names none. Raises Refused for one there is not."""
    name = request.GET.get("section", SECTIONS[0].id)
    if name not in BY_ID:
        raise Refused
    return BY_ID[name]


def _number(request: HttpRequest, name: str) -> int:
    given = request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 6 else 0


def _shown(request: HttpRequest, found: Drafted) -> dict[str, Any]:
    mine = roles(request)
    newest = found.newest
    agreement = newest.agreement if newest.agreement and newest.agreement.standing is not Standing.OVER else None
    directs = Role.DIRECTOR in mine
    return {
        "draft": found,
        "newest": newest,
        "content": newest.content,
        "stages": STAGES,
        "cards": found.cards,
        "agreement": agreement,
        "waits": newest.stage in WAITING,
        "edits": directs,
        "signs": directs and agreement is not None and Step.SIGN in agreement.steps,
        "lays": directs and agreement is None and not found.wrong,
        "talks": bool(mine & TALKING),
        "providers": [found.cards[id] for id in found.parties.providers()],
    }


def _task(section: Section, found: Drafted) -> Task:
    here = [each for each in found.findings if each.section == section.id]
    return Task(
        drafted.MARKS[section.id],
        section,
        sum(not each.warning for each in here),
        sum(each.warning for each in here),
        sum(each.section == section.id for each in found.view.open_comments),
    )


def _of_section(found: Drafted, section: Section) -> dict[str, Any]:
    names = list(BY_ID)
    place = names.index(section.id)
    return {
        "section": section,
        "mark": drafted.MARKS[section.id],
        "annex": section in ANNEXES,
        "said": drafted.said(section, found.newest.content, found.cards),
        "wrong": [drafted.sentence(each) for each in found.findings if each.section == section.id and not each.warning],
        "warnings": [drafted.sentence(each) for each in found.findings if each.section == section.id and each.warning],
        "comments": [each for each in found.view.comments if each.section == section.id],
        "next": BY_ID[names[place + 1]] if place + 1 < len(names) else None,
    }


def _declined(found: Drafted) -> list[AgencyCard]:
    """Who has declined the newest version, when it waits to be changed or laid before them again."""
    agreement = found.newest.agreement
    if agreement is None or agreement.standing is not Standing.OVER:
        return []
    return [found.cards[line.agency_id] for line in agreement.parties if line.part.left_at]


def _saved(request: HttpRequest, found: Drafted) -> None:
    said = gettext("Saved as the newest version.")
    if found.newest.stage in WAITING:
        said = gettext("Saved as the newest version. What was signed before it is void.")
    messages.success(request, said)


def _add(permit: Permit, draft_id: UUID, found: Drafted, given: dict[str, Any]) -> None:
    rows = [
        row_of(
            found.parties,
            tables(permit.at),
            given["sender"],
            given["recipient"],
            category,
            purpose,
            given["ground"],
            given["mechanism"],
        )
        for category in given["categories"]
        for purpose in given["purposes"]
    ]
    kept = tuple(row for row in rows if row is not None)
    if not kept:
        raise InvalidAgreement("No rule of the law speaks for any of these. Look at what may be asked of this agency.")
    actions.add_flows(permit=permit, at=permit.at, draft_id=draft_id, seen=given["seen"], flows=kept)


def _drop(permit: Permit, draft_id: UUID, request: HttpRequest) -> None:
    seen = request.POST.get("seen", "")
    actions.drop_flow(
        permit=permit,
        at=permit.at,
        draft_id=draft_id,
        seen=int(seen) if seen.isdecimal() else 0,
        key=request.POST["drop"],
    )


def _settle(permit: Permit, draft_id: UUID, comment_id: str) -> None:
    try:
        id = UUID(comment_id)
    except ValueError:
        raise InvalidAgreement("There is no such comment.") from None
    actions.settle(permit=permit, at=permit.at, draft_id=draft_id, comment_id=id)


def _said(form: SectionForm | FlowForm | CommentForm, act: Callable[[], object]) -> bool:
    """Whether it was done; what was wrong stands in the form."""
    problem = _wrong(act)
    if problem:
        form.add_error(None, problem)
    return not problem


def _wrong(act: Callable[[], object]) -> str:
    """What was wrong with it, in the reader's language; empty when it was done."""
    try:
        act()
    except InvalidAgreement as error:
        return gettext(str(error))
    return ""

"""Papers: what came, what the law says to each, counsel, the answer exactly as it goes; breaches and their clocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accord.config.service import gate
from accord.doors.web import printing
from accord.doors.web.forms.process import (
    AnswerForm,
    AskForm,
    BecauseForm,
    BreachForm,
    FindingForm,
    NoteForm,
    NoticeForm,
    PaperForm,
    ReportForm,
    ReviewForm,
    WaitForm,
)
from accord.doors.web.heading import whose
from accord.doors.web.knocking import caller, entering, roles
from accord.doors.web.labels import label
from accord.doors.web.recipients import fact
from accord.gate import Refused, process
from accord.gate.limits import limits, reports
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.partners.queries import AgencyCard
from accord.policy.words import AgencyKind, Category, Level, ProcessKind, Relation, Role
from accord.process import actions, queries
from accord.process.queries import BreachView, PaperLine, PaperView
from accord.process.rules import NEEDS_COUNSEL, OPEN, InvalidProcess, State
from accord.sharing.rules import Content
from accord.vault import queries as vault
from accord.vault.queries import PersonView

form_page = require_http_methods(["GET", "HEAD", "POST"])
WORKING = frozenset({Role.WORKER, Role.SUPERVISOR, Role.RECORDS_OFFICER})
COUNSEL = frozenset({Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.DIRECTOR})
ANSWERING = frozenset({Role.WORKER, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Told:
    """One thing exactly as it would leave."""

    content: Content
    until_at: datetime

    @property
    def category(self) -> Category:
        return self.content.category

    @property
    def level(self) -> Level:
        return self.content.level


@require_safe
def papers(request: HttpRequest) -> HttpResponse:
    """Every paper somebody has to do something about, breaches with their clocks, and the way to write a paper down."""
    code = request.GET.get("code", "")[:16]
    with entering(request) as permit:
        found = queries.papers(permit=permit)
        done = queries.papers(permit=permit, still_open=False)
        breaches = queries.breaches(permit=permit)
        codes = vault.codes(permit=permit, client_ids=[line.client_id for line in (*found, *done)])
        client_id = vault.coded(permit=permit, code=code) if code else None
        agencies = partners.directory(permit=permit)
        now = permit.at
    if client_id is not None and roles(request) & WORKING:
        return redirect("paper_new", client_id)
    return render(
        request,
        "process/papers.html",
        {
            "open": found,
            "done": done,
            "breaches": breaches,
            "codes": codes,
            "agencies": agencies,
            "now": now,
            "code": code,
            "working": bool(roles(request) & WORKING),
        },
    )


@sensitive_post_parameters()
@form_page
def paper_new(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A paper came about somebody: write down who, what it names, what is stated on it."""
    made, problem = None, ""
    form = PaperForm(request.POST if request.method == "POST" else None)
    try:
        with entering(request, client=client_id) as permit:
            code = _code(permit, client_id)
            agencies = partners.directory(permit=permit)
            form.senders(_others(permit, agencies), _beside(permit, client_id))
            if form.is_valid():
                made = actions.receive(permit=permit, at=permit.at, client_id=client_id, new=form.new())
    except InvalidProcess as error:
        made, problem = None, gettext(str(error))
    if made is not None:
        messages.success(request, gettext("Written down. Nothing opens by it alone."))
        return redirect("paper", client_id, made)
    return render(
        request, "process/paper_new.html", {"client_id": client_id, "code": code, "form": form, "problem": problem}
    )


@sensitive_post_parameters()
@form_page
def finding_new(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """We ourselves found something that lets a law out: a threat, an emergency, that she agrees."""
    made, problem = None, ""
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            form = FindingForm(
                request.POST if request.method == "POST" else None,
                people=_children(permit, client_id),
                herself=client.name or client.code,
            )
            agencies = partners.directory(permit=permit)
            form.senders(_others(permit, agencies), ())
            if form.is_valid():
                made = actions.receive(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    new=form.new(),
                    subject_id=form.cleaned_data["about"],
                )
    except InvalidProcess as error:
        made, problem = None, gettext(str(error))
    if made is not None:
        messages.success(request, gettext("Written down. Look at what the law lets out on it."))
        return redirect("paper", client_id, made)
    return render(request, "process/finding_new.html", {"client": client, "form": form, "problem": problem})


@sensitive_post_parameters()
@form_page
def report_new(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A statute demands a report: which one, about whom, what it asks. Only those that reach this agency are here."""
    made, problem = None, ""
    try:
        with entering(request, client=client_id) as permit:
            client = whose(permit, client_id)
            agencies = partners.directory(permit=permit)
            ours = agencies[permit.agency_id]
            form = ReportForm(
                request.POST if request.method == "POST" else None,
                reports=reports(fact(ours), permit.at),
                people=_children(permit, client_id),
                herself=client.name or client.code,
            )
            told = {kind for report in form.reports.values() for kind in report.to}
            form.senders([card for card in _others(permit, agencies) if card.kind in told], ())
            said = [limit for limit in limits(fact(ours), permit.at) if limit.oral_hours]
            if form.is_valid():
                made = actions.receive(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    new=form.new(),
                    subject_id=form.cleaned_data["about"],
                )
    except InvalidProcess as error:
        made, problem = None, gettext(str(error))
    if made is not None:
        messages.success(request, gettext("Written down. Its clock runs from when we came to know."))
        return redirect("paper", client_id, made)
    return render(
        request,
        "process/report_new.html",
        {"client": client, "form": form, "limits": said, "problem": problem},
    )


@require_safe
def paper(request: HttpRequest, client_id: UUID, paper_id: UUID) -> HttpResponse:
    """One paper: where it stands, its clock, and what the law says to it in plain words."""
    with entering(request, client=client_id) as permit:
        found = _paper(permit, client_id, paper_id)
        code = _code(permit, client_id)
        agencies = partners.directory(permit=permit)
        says = process.says(gate(), permit, caller(request), client_id, paper_id)
        names = partners.names(permit=permit)
        given = [each for each in queries.given(permit=permit, client_id=client_id) if each.paper == paper_id]
        now = permit.at
        clocks = _clocks(agencies[permit.agency_id], found, now)
    mine = roles(request)
    state = found.line.state
    return render(
        request,
        "process/paper.html",
        {
            "client_id": client_id,
            "code": code,
            "paper": found,
            "whom": _whom(found, agencies),
            "says": says,
            "names": names,
            "given": given,
            "clocks": clocks,
            "now": now,
            "living": state in OPEN or state is State.ANSWERED,
            "may": {
                "counsel": bool(mine & COUNSEL) and found.line.needs_counsel and state in OPEN,
                "hold": Role.PRIVACY_OFFICER in mine and state is not State.CLOSED,
                "note": bool(mine & WORKING) and state in (*OPEN, State.ANSWERED),
                "answer": bool(mine & ANSWERING) and state in OPEN - {State.HOLD},
                "print": bool(mine & ANSWERING)
                and any(each.way == "printed" for each in given)
                and found.answered_until_at is not None
                and now < found.answered_until_at,
                "close": bool(mine & WORKING) and state in (State.ANSWERED, State.REFUSED),
                # what happened is no business of counsel's contact: she sees what the law says to it
                "work": bool(mine & WORKING),
                "read": bool(mine & ANSWERING),
            },
        },
    )


@sensitive_post_parameters()
@form_page
def paper_counsel(request: HttpRequest, client_id: UUID, paper_id: UUID) -> HttpResponse:
    """Counsel is asked, and what counsel said is written down: before that nothing opens."""

    def forms(found: PaperView, step: str) -> dict[str, Any]:
        return {
            "ask": AskForm(request.POST if step == "ask" else None),
            "review": ReviewForm(request.POST if step == "review" else None, paper=found),
        }

    def act(place: dict[str, Any], step: str, ask: AskForm, review: ReviewForm) -> str:
        if ask.is_valid():
            actions.ask_counsel(**place, counsel=ask.cleaned_data["counsel"])
            return gettext("Noted whom we asked. Nothing opens until counsel has answered.")
        if review.is_valid():
            actions.review(**place, **review.reviewed())
            return gettext("Counsel's answer is written down.")
        return ""

    return _stepped(request, client_id, paper_id, "process/counsel.html", forms, act)


@sensitive_post_parameters()
@form_page
def paper_hold(request: HttpRequest, client_id: UUID, paper_id: UUID) -> HttpResponse:
    """A privacy officer holds a paper, ends the hold, refuses it, or has its accounting wait for law enforcement."""

    def forms(found: PaperView, step: str) -> dict[str, Any]:
        return {
            "because": BecauseForm(request.POST if step in ("hold", "refuse") else None),
            "wait": WaitForm(request.POST if step == "wait" else None),
        }

    def act(place: dict[str, Any], step: str, because: BecauseForm, wait: WaitForm) -> str:
        if step == "resume":
            actions.resume(**place)
            return gettext("The hold has ended.")
        if step == "hold" and because.is_valid():
            actions.hold(**place, because=because.cleaned_data["because"])
            return gettext("On hold: nothing opens on it.")
        if step == "refuse" and because.is_valid():
            actions.refuse(**place, because=because.cleaned_data["because"])
            return gettext("It is not answered. Nothing opens on it any more.")
        if wait.is_valid():
            actions.suspend_accounting(**place, **wait.asked())
            return gettext("The accounting says nothing of it until then.")
        return ""

    return _stepped(request, client_id, paper_id, "process/hold.html", forms, act)


@sensitive_post_parameters()
@form_page
def paper_note(request: HttpRequest, client_id: UUID, paper_id: UUID) -> HttpResponse:
    """That she was told or why not, the steps for her safety, what was stated since; and closing it in the end."""

    def forms(found: PaperView, step: str) -> dict[str, Any]:
        typed = request.POST if request.method == "POST" else None
        closing = step == "close"
        return {
            "form": NoteForm(None if closing else typed, paper=found),
            "close": BecauseForm(typed if closing else None),
        }

    def act(place: dict[str, Any], step: str, form: NoteForm, close: BecauseForm) -> str:
        if close.is_valid():
            actions.close(**place, because=close.cleaned_data["because"])
            return gettext("Closed.")
        if form.is_valid() and (noted := form.noted()):
            actions.note(**place, **noted)
            return gettext("Written down.")
        return ""

    return _stepped(request, client_id, paper_id, "process/note.html", forms, act)


@form_page
def paper_answer(request: HttpRequest, client_id: UUID, paper_id: UUID) -> HttpResponse:
    """Exactly what would leave, and the button that lets it."""
    typed = request.POST if request.method == "POST" else None
    oral = request.POST.get("step") == "oral"
    count, problem = None, ""
    try:
        with entering(request, client=client_id) as permit:
            found = _paper(permit, client_id, paper_id)
            code = _code(permit, client_id)
            agencies = partners.directory(permit=permit)
            form = AnswerForm(typed if not oral else None, partner=found.line.partner_id is not None)
            asking = (gate(), permit, caller(request), client_id, paper_id)
            ours = agencies[permit.agency_id].name
            says, seen = process.says(*asking), _told(process.preview(*asking))
            if oral:
                count = process.tell(*asking)
            elif form.is_valid():
                count = process.answer(*asking, way=form.cleaned_data["way"])
    except InvalidProcess as error:
        count, problem = None, gettext(str(error))
    if count is not None:
        messages.success(
            request,
            ngettext(
                "%(count)s thing has left, and nothing else.", "%(count)s things have left, and nothing else.", count
            )
            % {"count": count},
        )
        return redirect("paper", client_id, paper_id)
    return render(
        request,
        "process/answer.html",
        {
            "client_id": client_id,
            "code": code,
            "paper": found,
            "whom": _whom(found, agencies),
            "form": form,
            "seen": seen,
            "says": says,
            "ours": ours,
            "oral": found.line.kind is ProcessKind.MANDATED_REPORT and found.line.oral_at is None,
            "problem": problem,
        },
    )


@require_safe
def paper_print(request: HttpRequest, client_id: UUID, paper_id: UUID) -> HttpResponse:
    """The answer on paper, while the law still lets it out."""
    with entering(request, client=client_id) as permit:
        found = _paper(permit, client_id, paper_id)
        seen = process.printed(gate(), permit, caller(request), client_id, paper_id)
        agencies = partners.directory(permit=permit)
        ours = agencies[permit.agency_id]
    data = printing.reply(found, seen, ours, _whom(found, agencies), get_language() or "en")
    return HttpResponse(
        data, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="page.pdf"'}
    )


@sensitive_post_parameters()
@form_page
def breach_new(request: HttpRequest) -> HttpResponse:
    """Something got out, or nearly: the clocks of the laws we are under begin."""
    made, problem = None, ""
    form = BreachForm(request.POST if request.method == "POST" else None)
    try:
        with entering(request) as permit:
            if form.is_valid():
                made = actions.note_breach(permit=permit, at=permit.at, **form.cleaned_data)
    except InvalidProcess as error:
        made, problem = None, gettext(str(error))
    if made is not None:
        messages.success(request, gettext("Written down. Look at who must be told, and until when."))
        return redirect("breach", made)
    return render(request, "process/breach_new.html", {"form": form, "problem": problem})


@form_page
def breach(request: HttpRequest, breach_id: UUID) -> HttpResponse:
    """One breach: who must be told until when, and who was."""
    form = NoticeForm(request.POST if request.method == "POST" else None)
    done, problem = False, ""
    try:
        with entering(request) as permit:
            found = _breach(permit, breach_id)
            now = permit.at
            if form.is_valid():
                actions.told_of_breach(permit=permit, at=permit.at, breach_id=breach_id, whom=form.cleaned_data["whom"])
                done = True
    except InvalidProcess as error:
        done, problem = False, gettext(str(error))
    if done:
        messages.success(request, gettext("Noted that they were told."))
        return redirect("breach", breach_id)
    return render(request, "process/breach.html", {"breach": found, "now": now, "problem": problem})


def _stepped(
    request: HttpRequest,
    client_id: UUID,
    paper_id: UUID,
    template: str,
    forms: Callable[[PaperView, str], dict[str, Any]],
    act: Callable[..., str],
) -> HttpResponse:
    """A page on which a paper takes a step: `forms` of the page by the step that was posted, and `act` with them, which
    says what was done. That is said on the paper's own page, what was wrong on this one."""
    step = request.POST.get("step", "")
    done, problem = "", ""
    try:
        with entering(request, client=client_id) as permit:
            found = _paper(permit, client_id, paper_id)
            shown = {"client_id": client_id, "code": _code(permit, client_id), "paper": found}
            asked = forms(found, step)
            place = {"permit": permit, "at": permit.at, "client_id": client_id, "paper_id": paper_id}
            done = act(place, step, **asked)
    except InvalidProcess as error:
        done, problem = "", gettext(str(error))
    if done:
        messages.success(request, done)
        return redirect("paper", client_id, paper_id)
    return render(request, template, {**shown, **asked, "problem": problem})


def _paper(permit: Permit, client_id: UUID, paper_id: UUID) -> PaperView:
    found = queries.paper(permit=permit, client_id=client_id, paper_id=paper_id)
    if found is None:
        raise Refused
    return found


def _breach(permit: Permit, breach_id: UUID) -> BreachView:
    found = next((each for each in queries.breaches(permit=permit) if each.id == breach_id), None)
    if found is None:
        raise Refused
    return found


def _code(permit: Permit, client_id: UUID) -> str:
    return vault.codes(permit=permit, client_ids=[client_id]).get(client_id, "")


def _others(permit: Permit, agencies: Mapping[UUID, AgencyCard]) -> list[AgencyCard]:
    return [card for id, card in agencies.items() if id != permit.agency_id and card.kind is not AgencyKind.OPERATOR]


def _beside(permit: Permit, client_id: UUID) -> list[tuple[PaperLine, str]]:
    """Papers about her a new one may have come with."""
    return [
        (line, f"{label(line.kind)}, {line.received_at.date().isoformat()}")
        for line in queries.papers_about(permit=permit, client_id=client_id)
        if line.state in OPEN and line.kind in NEEDS_COUNSEL
    ]


def _children(permit: Permit, client_id: UUID) -> list[PersonView]:
    others = vault.client(permit=permit, client_id=client_id, entries=0).others
    return [each for each in others if each.relation is Relation.CHILD]


def _whom(found: PaperView, agencies: Mapping[UUID, AgencyCard]) -> str:
    card = agencies.get(found.line.partner_id) if found.line.partner_id else None
    return card.name if card else found.outside


def _told(found: list[process.Found]) -> list[Told]:
    return [Told(each.content, each.decision.until) for each in found if each.decision.until is not None]


def _clocks(ours: AgencyCard, found: PaperView, at: datetime) -> list[tuple[str, datetime, datetime | None]]:
    """What runs on a paper: (name, until when, when it was done)."""
    line = found.line
    if line.kind is ProcessKind.MANDATED_REPORT:
        for report in reports(fact(ours), at):
            if report.because.rule == line.statute:
                oral = line.received_at + timedelta(hours=report.oral_hours)
                written = line.received_at + timedelta(hours=report.written_hours)
                return [
                    (gettext("By word of mouth"), oral, line.oral_at or line.answered_at),
                    (gettext("In writing"), written, line.answered_at),
                ]
    return [(gettext("Answer"), line.due_at, line.answered_at)] if line.due_at else []

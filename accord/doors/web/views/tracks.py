"""Cases on their way: where each stands against its clock, the next step with exactly what it asks for, what became of
something due, and how often ways were left."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accord.coordination.protocols.rules import InvalidMove, Protocol, Transition
from accord.coordination.tracks import actions, queries
from accord.coordination.tracks.actions import Went
from accord.coordination.tracks.queries import DueView, TrackView
from accord.coordination.tracks.rules import DEVIATIONS, entrance, guarded
from accord.doors.web import madeof
from accord.doors.web.also import offered, sent, tell
from accord.doors.web.forms.tracks import BeginForm, DueForm, StepForm
from accord.doors.web.knocking import entering, roles
from accord.doors.web.labels import label
from accord.doors.web.states import drawn as pictured
from accord.doors.web.tracked import coming, path, told
from accord.gate import Refused
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import AgencyKind, Role
from accord.vault import queries as vault
from accord.vault.queries import ClientView
from accord.vault.rules import InvalidEntry, marks_for

form_page = require_http_methods(["GET", "HEAD", "POST"])
#: How far back deviations are counted.
COUNTED = timedelta(days=365)
#: What a protocol says of a piece of evidence, after its title.
MISSING = {"this is missing.": _("this is missing."), "this cannot be read.": _("this cannot be read.")}


@require_safe
def tracks(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Her cases: where each stands and what waits, those that came to an end below."""
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        found = queries.tracks(permit=permit, client_id=client_id)
        runs = queries.begins(permit=permit, at=permit.at)
        now = permit.at
    if file.merged_into:
        return redirect("tracks", file.merged_into)
    return render(
        request,
        "tracks/tracks.html",
        {
            "file": file,
            "people": _others(file),
            "open": [line for line in found if line.ended_at is None],
            "ended": [line for line in found if line.ended_at is not None],
            "runs": runs,
            "now": now,
            "board": Role.SUPERVISOR in roles(request),
        },
    )


@sensitive_post_parameters()
@form_page
def begin(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A case begins: first which protocol, where and about whom; then what that asks for and what it starts."""
    typed = request.POST if request.method == "POST" else None
    sure = "sure" in request.POST
    made, problem, form, also, after = None, "", None, None, []
    try:
        with entering(request, client=client_id) as permit:
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            choose = BeginForm(typed, protocols=queries.begins(permit=permit, at=permit.at), people=_about(file))
            chosen = choose.chosen()
            if chosen is not None:
                protocol, state, about = chosen
                way = entrance(protocol, state.code)
                also = offered(request, permit, client_id, frozenset(protocol.told(state.code)), first=not sure)
                ours = also.agencies[permit.agency_id]
                marks = marks_for(ours.kind, ours.duties)
                form = StepForm(typed if sure else None, protocol=protocol, way=way, marks=marks, begins=True)
                after = coming(protocol, state, way, {}, ZoneInfo(ours.timezone), permit.at)
                if sure and form.is_valid():
                    made = actions.begin(
                        permit=permit,
                        at=permit.at,
                        client_id=client_id,
                        protocol=protocol.code,
                        state=state.code,
                        about=about,
                        **form.step(),
                    )
                    went = sent(request, permit, client_id, also)
    except (InvalidMove, InvalidEntry) as no:
        made, problem = None, gettext(str(no))
    if made is not None and also is not None:
        messages.success(request, gettext("It has begun. Its clocks run from now on."))
        tell(request, also, went)
        return redirect("track", client_id, made)
    return render(
        request,
        "tracks/begin.html",
        {
            "file": file,
            "choose": choose,
            "chosen": chosen,
            "form": form,
            "also": also,
            "after": after,
            "problem": problem,
            "names": dict(_about(file)),
        },
    )


@require_safe
def track(request: HttpRequest, client_id: UUID, track_id: UUID) -> HttpResponse:
    """One case: where it stands, what can come next, its path against its clocks."""
    with entering(request, client=client_id) as permit:
        found = _track(permit, client_id, track_id)
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        ours = partners.directory(permit=permit, ids={permit.agency_id})[permit.agency_id]
        names = partners.names(permit=permit)
        newer = queries.newer(permit=permit, at=permit.at, line=found.line)
        now = permit.at
    drawn = path(found, now)
    return render(
        request,
        "tracks/track.html",
        {
            "file": file,
            "track": found,
            "line": found.line,
            "about": _others(file).get(found.line.about_id),
            "ways": _ways(found, ours.kind, roles(request)),
            "path": drawn,
            "open": [lane for lane in drawn.lanes if lane.due.met_at is None],
            "steps": told(found.steps),
            "names": names,
            "newer": newer,
            "now": now,
            "picture": pictured(
                found.line.protocol, found.line.state.code, [each.to.code for each in found.steps[:-1]]
            ),
        },
    )


@sensitive_post_parameters()
@form_page
def step(request: HttpRequest, client_id: UUID, track_id: UUID) -> HttpResponse:
    """The next step: which, then what it asks for, what it does and who is told; then it is done."""
    sure, code = "sure" in request.POST, request.POST.get("step", "")
    went, problem, form, after, task = None, "", None, [], None
    try:
        with entering(request, client=client_id) as permit:
            found = _track(permit, client_id, track_id)
            line = found.line
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            held = queries.held(permit=permit, at=permit.at, protocol=line.protocol)
            way = held.transitions.get(code)
            told_to = frozenset(held.told(way.to)) if way else None
            also = offered(request, permit, line.client_id, told_to, first=not sure)
            ours = also.agencies[permit.agency_id]
            ways = _ways(found, ours.kind, roles(request))
            if way is not None:
                missing = guarded(held, code, found.facts)
                form = StepForm(
                    request.POST if sure else None,
                    protocol=held,
                    way=way,
                    marks=marks_for(ours.kind, ours.duties),
                    override=bool(missing) and Role.SUPERVISOR in roles(request),
                )
                entered = held.states[way.to]
                after = coming(held, entered, way, found.facts, ZoneInfo(ours.timezone), permit.at)
                if sure and form.is_valid():
                    went = actions.move(
                        permit=permit,
                        at=permit.at,
                        client_id=client_id,
                        track_id=track_id,
                        step=code,
                        number_seen=_number(request),
                        **form.step(),
                    )
                    counts = sent(request, permit, line.client_id, also)
                    ended = _waits(found) - _waits(_track(permit, client_id, track_id))
                    task = madeof.left(permit, client_id, ended)
    except (InvalidMove, InvalidEntry) as no:
        went, problem = None, _said(no, line.protocol)
    if went is not None:
        messages.success(request, _now(went))
        tell(request, also, counts)
        return madeof.to_task(request, client_id, task) if task else redirect("track", client_id, track_id)
    return render(
        request,
        "tracks/step.html",
        {
            "file": file,
            "line": line,
            "seen": line.number if not sure or way is None else _number(request),
            "ways": ways,
            "way": way,
            "entered": line.protocol.states[way.to] if way else None,
            "missing": guarded(line.protocol, code, found.facts) if way else "",
            "form": form,
            "also": also,
            "after": after,
            "problem": problem,
        },
    )


@form_page
def version(request: HttpRequest, client_id: UUID, track_id: UUID) -> HttpResponse:
    """A running case goes on by the version that is in force now."""
    went, problem = None, ""
    try:
        with entering(request, client=client_id) as permit:
            found = _track(permit, client_id, track_id)
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            newer = queries.newer(permit=permit, at=permit.at, line=found.line)
            if request.method == "POST":
                went = actions.go_on(
                    permit=permit,
                    at=permit.at,
                    client_id=client_id,
                    track_id=track_id,
                    number_seen=_number(request),
                )
    except InvalidMove as no:
        went, problem = None, gettext(str(no))
    if went is not None:
        messages.success(request, _now(went))
        return redirect("track", client_id, track_id)
    return render(
        request, "tracks/version.html", {"file": file, "line": found.line, "newer": newer, "problem": problem}
    )


@sensitive_post_parameters()
@form_page
def due(request: HttpRequest, client_id: UUID, track_id: UUID, due_id: UUID) -> HttpResponse:
    """What became of something due: done, she declined, or not safe now."""
    form = DueForm(request.POST if request.method == "POST" else None)
    done, problem = False, ""
    try:
        with entering(request, client=client_id) as permit:
            found = _track(permit, client_id, track_id)
            each = _due(found, due_id)
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            now = permit.at
            if form.is_valid():
                clock = actions.meet(
                    permit=permit, at=permit.at, client_id=client_id, due_id=due_id, **form.cleaned_data
                )
                task = madeof.left(permit, client_id, [due_id])
                done = True
    except InvalidMove as no:
        done, problem = False, gettext(str(no))
    if done:
        said = gettext("Noted.")
        if clock is not None:
            said += " " + gettext("It is due again until %(day)s.") % {"day": _day(clock.due_at)}
        messages.success(request, said)
        return madeof.to_task(request, client_id, task) if task else redirect("track", client_id, track_id)
    return render(
        request,
        "tracks/due.html",
        {"file": file, "line": found.line, "due": each, "form": form, "now": now, "problem": problem},
    )


@require_safe
def deviations(request: HttpRequest) -> HttpResponse:
    """How often and how cases left their protocols in a year. It counts, and names nobody."""
    with entering(request) as permit:
        found = queries.deviations(permit=permit, since=permit.at - COUNTED)
    return render(request, "tracks/deviations.html", {"found": found, "kinds": DEVIATIONS})


def _track(permit: Permit, client_id: UUID, track_id: UUID) -> TrackView:
    found = queries.track(permit=permit, client_id=client_id, track_id=track_id)
    if found is None:
        raise Refused
    return found


def _waits(found: TrackView) -> set[UUID]:
    """What of it is due and nothing became of yet."""
    return {each.id for each in found.dues if each.met_at is None}


def _due(found: TrackView, due_id: UUID) -> DueView:
    each = next((due for due in found.dues if due.id == due_id and due.met_at is None and due.rule.by_hand), None)
    if each is None:
        raise Refused
    return each


def _ways(found: TrackView, kind: AgencyKind, held: frozenset[Role]) -> list[tuple[Transition, str]]:
    """The steps she can take from here, each with what is missing for it."""
    protocol = found.line.protocol
    ways = [way for way in protocol.ways(found.line.state.code, kind) if way.roles & held]
    return [(way, guarded(protocol, way.code, found.facts)) for way in ways]


def _about(file: ClientView) -> list[tuple[UUID, str]]:
    """Whom a case can be about: herself first."""
    others = [each for each in file.others if each.left_at is None]
    named = [(each.id, f"{each.identity.name or '—'} ({label(each.relation)})") for each in others]
    return [(file.herself.id, file.herself.identity.name or file.code), *named]


def _others(file: ClientView) -> dict[UUID, vault.PersonView]:
    return {person.id: person for person in file.others}


def _number(request: HttpRequest) -> int:
    """How many steps the page that asks had seen; a page that says nothing has seen none."""
    text = request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _said(no: Exception, protocol: Protocol) -> str:
    """A refusal in the reader's language; one that names a piece of evidence, part by part."""
    what, _colon, rest = str(no).partition(": ")
    if what in {evidence.title for evidence in protocol.evidence.values()}:
        return f"{gettext(what)}: {MISSING.get(rest, rest)}"
    return gettext(str(no))


def _now(went: Went) -> str:
    """What a step did, in words."""
    said = gettext("It stands now at: %(state)s.") % {"state": gettext(went.state.title)}
    if went.clocks:
        first = went.clocks[0]
        words = {"what": gettext(first.due.title), "day": _day(first.due_at)}
        said += " " + gettext("Next: %(what)s, until %(day)s.") % words
    if went.overridden:
        said += " " + gettext("That something was missing is kept with the step.")
    return said


def _day(end: datetime) -> str:
    """The end of a clock, where the agency is: the last whole day, or the hour."""
    local = localtime(end)
    if local.time() == time(0):
        return date_format(local - timedelta(seconds=1), "j F")
    return date_format(local, "j F, H:i")

"""Clients: finding them, their file, what is written into it, and taking it out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.coordination.referrals import queries as referrals
from accord.coordination.tasks import queries as work
from accord.coordination.tracks import queries as tracks
from accord.doors.web.also import offered, sent, tell
from accord.doors.web.circle import around, drawn
from accord.doors.web.exporting import batch, entries_after, envelope_lines, file_lines, lines, track_lines
from accord.doors.web.forms.tasks import zone
from accord.doors.web.forms.vault import AboutForm, ClientForm, DeleteForm, EntryForm, FindForm, PersonForm
from accord.doors.web.knocking import entering, roles
from accord.doors.web.limiting import limits_due
from accord.doors.web.templatetags.words import has_hour
from accord.doors.web.views.day import grouped
from accord.doors.web.views.people import aged, rows_of, ways_now
from accord.doors.web.walled import off_the_file
from accord.doors.web.watching import mark_of, unchanged
from accord.gate import Refused
from accord.gate.flows import possible
from accord.learning.gaps import queries as gaps
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import AgencyKind, Category, Level, Role
from accord.process import queries as process
from accord.sharing import actions as sharing_actions
from accord.sharing import queries as sharing
from accord.sharing.queries import EnvelopeView
from accord.sharing.rules import State
from accord.vault import actions
from accord.vault import queries as vault
from accord.vault.queries import EntryView
from accord.vault.rules import InvalidEntry, marks_for

PAGE = 50
BATCH = 50
LEVELS = (Level.EXISTENCE, Level.SUMMARY, Level.FULL)
#: Kinds of picture a browser shows without running anything.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
F = TypeVar("F", bound=Form)

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of her story: an entry of our own, or what a partner shared."""

    at: datetime
    entry: EntryView | None = None
    envelope: EnvelopeView | None = None


@sensitive_post_parameters()
@form_page
def find(request: HttpRequest) -> HttpResponse:
    """Own clients by name, alias, date of birth or code; without a question, those last touched."""
    form = FindForm(request.POST if request.method == "POST" else None)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    more = False
    with entering(request) as permit:
        if text:
            lines, more = vault.find(permit=permit, text=text)
        else:
            lines = vault.recent(permit=permit, limit=PAGE)
    return render(
        request,
        "vault/clients.html",
        {
            "form": form,
            "asked": bool(text),
            "lines": lines,
            "more": more,
            "most": vault.MOST_FOUND,
            "may_caseload": Role.SUPERVISOR in roles(request),
        },
    )


@sensitive_post_parameters()
@form_page
def new(request: HttpRequest) -> HttpResponse:
    """Open a file: who she is, how she is reached safely, what brings her."""
    typed = request.POST if request.method == "POST" else None
    form = ClientForm(typed)
    opened, off = None, False
    try:
        with entering(request) as permit:
            if typed is not None and form.is_valid():
                opened = actions.open_client(
                    permit=permit,
                    at=permit.at,
                    identity=form.identity(),
                    contact=form.contact(),
                    harms=form.cleaned_data["harms"],
                )
                off = vault.walled_off(permit=permit, client_id=opened)
    except InvalidEntry as problem:
        form.add_error(None, str(problem))
    if off:
        return off_the_file(request)
    if opened:
        messages.success(request, _("The file is open."))
        return redirect("client", opened)
    return render(request, "vault/client_new.html", {"form": form})


@require_safe
def client(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Her file on one page. An open page asks again every few seconds and changes when something was taken back."""
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=PAGE)
        alike = vault.alike(permit=permit, client_id=client_id, identity=file.herself.identity)
        received = sharing.received(permit=permit, client_id=client_id)
        releases = sharing.releases(permit=permit, client_id=client_id)
        over = grouped(sharing.ended(permit=permit, client_id=client_id))
        answers = sharing.answers(permit=permit, client_id=client_id)
        served = vault.services(permit=permit, client_id=client_id)
        todo = work.of_client(permit=permit, client_id=client_id, zone=zone())
        now = permit.at
        flows = [flow for flow in sharing.flows(permit=permit, client_id=client_id) if flow.living(now)]
        nevers = sharing.nevers(permit=permit, client_id=client_id)
        missing = gaps.gaps_of(permit=permit, client_id=client_id)
        going = tracks.tracks(permit=permit, client_id=client_id, still_open=True)
        referred = referrals.of_client(permit=permit, client_id=client_id)
        named = {permit.agency_id, *(each.holder_id for each in received), *(each.partner_id for each in over)}
        named |= {each.recipient_id for each in (*releases, *flows)} | {each.against_id for each in nevers}
        named |= {line.partner_id for line in (*referred, *missing) if line.partner_id}
        agencies = partners.directory(permit=permit, ids=named)
        ours = agencies[permit.agency_id]
        may_flow = possible(frozenset(ours.duties), now)
    if file.merged_into:
        return redirect("client", file.merged_into)
    circle = around(releases, flows, received)
    seen = mark_of(
        file,
        alike,
        [(envelope.id, envelope.confirmed) for envelope in received],
        [(release.id, release.state) for release in releases],
        over,
        circle,
        served,
        todo,
        flows,
        nevers,
        [line.id for line in missing],
        [(line.id, line.number, line.next and line.next.id) for line in going],
        referred,
    )
    if unchanged(request, seen):
        return HttpResponse(status=204)
    story = _story(file.entries, received)
    by_category = {envelope.category: envelope for envelope in reversed(received)}
    return render(
        request,
        "vault/client.html",
        {
            "file": file,
            "name": _name(file, received),
            "their_contact": by_category.get(Category.CONTACT),
            "ways": ways_now(file.herself.contact, now),
            "household": [aged(person, now) for person in file.others],
            "people": _people(file),
            "rows": rows_of(file, served),
            "todo": todo,
            "coming": [each for each in reversed(story) if _ahead(each.at, now)],
            "story": [each for each in story if not _ahead(each.at, now)],
            "living": [release for release in releases if release.state is State.SIGNED],
            "who_known": _known(file),
            "drafts": [release for release in releases if release.state in (State.DRAFT, State.EXPLAINED)],
            "past": [release for release in releases if release.signed_at and release.state is not State.SIGNED],
            "over": over,
            "circle": drawn(circle, agencies),
            "answers": answers,
            "agencies": agencies,
            "hospital": ours.kind is AgencyKind.HOSPITAL,
            "alike": alike,
            "flows": flows,
            "gaps": missing,
            "may_flow": may_flow,
            "nevers": nevers,
            "going": going,
            "asked": {line.of for line in missing},  # said as a gap, and only once
            "now": now,
            "referred": referred,
            "sharers": dict.fromkeys((envelope.thread, envelope.holder_id) for envelope in received),
            "may_delete": Role.SUPERVISOR in roles(request),
            "seen": seen,
        },
    )


@require_safe
def entries(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Everything we wrote down ourselves, with its detail, page by page."""
    after = _cursor(request.GET.get("after", ""))
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        rows = vault.entries(permit=permit, client_id=client_id, after=after, limit=PAGE + 1)
        writers = partners.names(permit=permit)
    if file.merged_into:
        return redirect("entries", file.merged_into)
    shown = rows[:PAGE]
    older = f"{shown[-1].occurred_at.isoformat()}_{shown[-1].id}" if len(rows) > PAGE else ""
    return render(
        request,
        "vault/entries.html",
        {
            "file": file,
            "entries": shown,
            "people": _people(file),
            "writers": writers,
            "older": older,
            "first": after is None,
        },
    )


@require_safe
def entry(request: HttpRequest, client_id: UUID, entry_id: UUID) -> HttpResponse:
    """One entry with everything known about it and where it came from."""
    with entering(request, client=client_id) as permit:
        found = vault.entries(permit=permit, client_id=client_id, entry_ids=[entry_id], limit=1)
        if not found:
            raise Refused
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        writers = partners.names(permit=permit)
    return render(
        request,
        "vault/entry.html",
        {
            "file": file,
            "entry": found[0],
            "people": _people(file),
            "writers": writers,
            "picture": _picture(found[0]),
        },
    )


@sensitive_post_parameters()
@form_page
def entry_new(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Write down what happened, seeing beforehand what a partner would see of it."""
    typed = request.POST if request.method == "POST" else None
    saving = typed is not None and "preview" not in typed
    saved = None
    try:
        with entering(request, client=client_id) as permit:
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            ours = partners.directory(permit=permit)[permit.agency_id]
            marks = marks_for(ours.kind, ours.duties)
            form = EntryForm(typed, people=file.others, marks=marks)
            also = offered(request, permit, client_id)
            limits = limits_due(permit, client_id, file.herself)
            if saving and form.is_valid():
                saved = actions.add_entries(permit=permit, at=permit.at, client_id=client_id, entries=[form.entry()])
                went = sent(request, permit, client_id, also)
    except InvalidEntry as problem:
        saved = None
        form.add_error(None, _(str(problem)))
    if saved:
        messages.success(request, _("Written down."))
        tell(request, also, went)
        return redirect("client", client_id)
    seen = form.seen() if typed is not None else None
    if not saving and typed is not None:
        # A preview judges nothing yet: what is still missing may still be on its way.
        form = EntryForm(initial=typed.dict() | {"marks": typed.getlist("marks")}, people=file.others, marks=marks)
    return render(
        request,
        "vault/entry_new.html",
        {"file": file, "form": form, "also": also, "seen": seen, "levels": LEVELS, "limits": limits},
    )


@sensitive_post_parameters()
@form_page
def about(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Change who she is and how she is reached."""

    def make(typed: QueryDict | None, file: vault.ClientView) -> AboutForm:
        her = file.herself
        initial = AboutForm.of_identity(her.identity) | AboutForm.of_contact(her.contact)
        return AboutForm(typed, own=her.contact, initial=initial)

    def keep(permit: Permit, file: vault.ClientView, form: AboutForm) -> None:
        actions.edit_person(
            permit=permit,
            at=permit.at,
            client_id=client_id,
            person_id=file.herself.id,
            identity=form.identity(),
            contact=form.contact(),
        )

    return _about_somebody(request, client_id, make, keep, "vault/about.html", _("Changed."))


@sensitive_post_parameters()
@form_page
def person_new(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Add somebody to her story: a child, somebody of the household, the respondent."""

    def keep(permit: Permit, file: vault.ClientView, form: PersonForm) -> None:
        actions.add_person(
            permit=permit, at=permit.at, client_id=client_id, relation=form.who, identity=form.identity()
        )

    return _about_somebody(
        request, client_id, lambda typed, file: PersonForm(typed), keep, "vault/person_new.html", _("Added.")
    )


@require_POST
def export(request: HttpRequest, client_id: UUID) -> HttpResponseBase:
    """Her file as JSON Lines: who she is, one line for each living envelope and each entry, and an end line.

    Every batch enters the gate anew. When something was taken back, or the reader may no longer read, the file stops
    there without its end line, and without saying why.
    """
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        received = sharing.received_ids(permit=permit, client_id=client_id)
        names = {id: card.name for id, card in partners.directory(permit=permit).items()}
        cases = tracks.whole(permit=permit, client_ids=[client_id]).get(client_id, [])
    return StreamingHttpResponse(
        chain([lines(file_lines(file) + track_lines(cases))], _batches(request, client_id, received, names)),
        content_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{file.code}.jsonl"'},
    )


@sensitive_post_parameters()
@form_page
def delete(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Destroy a file. What still lives on her releases is taken back first, in the same transaction."""
    typed = request.POST if request.method == "POST" else None
    gone = False
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id)
        releases = sharing.releases(permit=permit, client_id=client_id)
        agencies = partners.directory(permit=permit)
        living = [release for release in releases if release.state is State.SIGNED]
        form = DeleteForm(typed, code=file.code, living=bool(living))
        held = process.keeps_file(permit=permit, client_id=client_id)
        if typed is not None and form.is_valid() and not file.merged_into and not held:
            for release in (each for each in living if each.wished_at is None):
                sharing_actions.withdraw(
                    permit=permit, at=permit.at, release_id=release.id, how=form.cleaned_data["how"]
                )
            files = actions.delete_client(permit=permit, at=permit.at, client_id=client_id)
            sharing_actions.end_all(permit=permit, at=permit.at, client_ids=files)
            gone = True
    if gone:
        messages.success(request, _("The file %(code)s is destroyed.") % {"code": file.code})
        return redirect("clients")
    if file.merged_into:
        return redirect("client_delete", file.merged_into)
    return render(
        request,
        "vault/delete.html",
        {"file": file, "form": form, "living": living, "agencies": agencies, "held": held},
    )


def _about_somebody(
    request: HttpRequest,
    client_id: UUID,
    make: Callable[[QueryDict | None, vault.ClientView], F],
    keep: Callable[[Permit, vault.ClientView, F], None],
    template: str,
    done: str,
) -> HttpResponse:
    """A form about somebody in her file: written down, or shown again with what is wrong with it."""
    kept = off = False
    try:
        with entering(request, client=client_id) as permit:
            file = vault.client(permit=permit, client_id=client_id, entries=0)
            form = make(request.POST if request.method == "POST" else None, file)
            if form.is_valid():
                keep(permit, file, form)
                kept, off = True, vault.walled_off(permit=permit, client_id=client_id)
    except InvalidEntry as problem:
        form.add_error(None, str(problem))
    if off:
        return off_the_file(request)
    if kept:
        messages.success(request, done)
        return redirect("client", client_id)
    return render(request, template, {"file": file, "form": form})


def _name(file: vault.ClientView, received: Sequence[EnvelopeView]) -> dict[str, Any]:
    """What to call her: her name in our own file, else the newest name a partner sent, marked as theirs."""
    if own := file.herself.identity.name:
        return {"text": own, "envelope": None}
    for envelope in received:
        summary = envelope.content.summary
        if envelope.category is Category.IDENTITY and summary and summary["values"].get("name"):
            return {"text": summary["values"]["name"], "envelope": envelope}
    return {"text": "", "envelope": None}


def _known(file: vault.ClientView) -> bool:
    """Whether we ourselves noted more about her than what to call her."""
    who = file.herself.identity
    return bool(who.aliases or who.born or who.pronouns or who.language or (who.chosen and who.given))


def _story(own: Sequence[EntryView], received: Sequence[EnvelopeView]) -> list[Happened]:
    """Ours and theirs in one order, newest first."""
    story = [Happened(entry.occurred_at, entry=entry) for entry in own]
    story += [Happened(each.content.occurred_at or each.sent_at, envelope=each) for each in received]
    return sorted(story, key=lambda each: each.at, reverse=True)


def _ahead(at: datetime, now: datetime) -> bool:
    """Whether something is still to come. What has no hour is to come from the next day on."""
    return at > now if has_hour(at) else at.astimezone(UTC).date() > timezone.localdate(now)


def _people(file: vault.ClientView) -> dict[UUID, vault.PersonView]:
    """The others in her story, by id. An entry about herself needs no name."""
    return {person.id: person for person in file.others}


def _picture(entry: EntryView) -> str:
    """An attached picture as a data URL, so that it never lies on a disk; empty when there is none to show."""
    values = entry.detail.values if entry.detail else {}
    if values.get("media_type") in PICTURES and values.get("media"):
        return f"data:{values['media_type']};base64,{values['media']}"
    return ""


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    """Where a page of older entries goes on. Anything unreadable is the first page."""
    at, _between, id = text.partition("_")
    try:
        found = datetime.fromisoformat(at), UUID(id)
    except ValueError:
        return None
    return found if found[0].tzinfo else None


def _batches(
    request: HttpRequest, client_id: UUID, received: Sequence[UUID], names: dict[UUID, str]
) -> Iterator[bytes]:
    """The lines after the first, batch by batch; nothing is yielded while a transaction is open."""
    count = 0
    after: tuple[datetime, UUID] | None = None
    for start in range(0, len(received), BATCH):
        some = batch(request, partial(envelope_lines, client_id, received[start : start + BATCH], names), client_id)
        if some is None:
            return
        count += len(some)
        yield lines(some)
    while True:
        found = batch(request, partial(entries_after, client_id, after, BATCH), client_id)
        if found is None:
            return
        if not found:
            break
        count += len(found)
        after = found[-1]["occurred_at"], found[-1]["id"]
        yield lines(found)
    # What was taken back while the entries were written is in the file already; then it does not end well.
    if batch(request, partial(_still_there, client_id, received), client_id):
        yield lines([{"line": "end", "entries_and_envelopes": count}])


def _still_there(client_id: UUID, ids: Sequence[UUID], permit: Permit) -> bool:
    return set(ids) <= set(sharing.received_ids(permit=permit, client_id=client_id))

"""My day: what needs her now, danger first, then the longest wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accord.config.service import gate
from accord.coordination.protocols import queries as protocols
from accord.coordination.referrals import queries as referrals
from accord.coordination.tasks import queries as work
from accord.coordination.tracks import queries as tracks
from accord.doors.web.context import WORKERS
from accord.doors.web.forms.tasks import zone
from accord.doors.web.forms.vault import FindForm
from accord.doors.web.knocking import caller, entering
from accord.doors.web.watching import mark_of, unchanged
from accord.gate import flows, updates
from accord.learning.gaps import queries as gaps
from accord.learning.gaps.queries import GapLine
from accord.learning.gaps.rules import Priority
from accord.partners import queries as partners
from accord.policy.words import Category, Role
from accord.process import queries as process
from accord.records.caseload import queries as caseload
from accord.sharing import queries as sharing
from accord.vault import queries as vault

RECENT = 8
NEW_LISTED = 8
#: How many clocks are looked at, the longest passed first, and how many of those that are no gap are listed.
LOOKED_AT, DUE_LISTED = 60, 20
#: Months before this one for which it is counted what she was not asked again.
MONTHS = 5


@dataclass(frozen=True, slots=True)
class Over:
    """What one partner no longer shares about one client."""

    client_id: UUID
    partner_id: UUID
    early: bool
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Now:
    """One thing that is dangerous or late, of whatever kind: the part of the page that shows it, and since when."""

    rank: int
    since: datetime
    part: str
    line: Any


def first_of_all(
    missing: Iterable[GapLine],
    relays: Iterable[sharing.RelayView],
    papers: Iterable[process.PaperLine],
    dues: Iterable[tracks.DueLine],
    referred: Iterable[referrals.Line],
    todo: Iterable[work.TaskView],
    at: datetime,
) -> list[Now]:
    """What is dangerous or late, as one list: danger, what she takes back, then the longest wait."""
    found = [
        Now(0 if line.priority is Priority.DANGER else 2, line.since_at, "gaps/line.html", line) for line in missing
    ]
    found += [Now(1, relay.told_at, "day/parts/relay.html", relay) for relay in relays]
    found += [Now(2, line.due_at, "process/line.html", line) for line in papers if _late(line, at)]
    found += [Now(2, line.due.due_at, "day/parts/due.html", line) for line in dues if line.overdue]
    found += [Now(2, line.due_at or line.since_at, "referrals/line.html", line) for line in referred if line.late]
    found += [Now(2, task.due_at, "day/parts/task.html", task) for task in todo if task.late]
    return sorted(found, key=lambda each: (each.rank, each.since))


def _late(paper: process.PaperLine, at: datetime) -> bool:
    return paper.due_at is not None and paper.due_at < at and paper.answered_at is None


def grouped(gone: Iterable[sharing.Ended]) -> list[Over]:
    """One line for each client, partner and manner of ending, in the order of the first."""
    found: dict[tuple[UUID, UUID, bool], dict[Category, None]] = {}
    for each in gone:
        found.setdefault((each.client_id, each.partner_id, each.early), {})[each.category] = None
    return [Over(*place, tuple(categories)) for place, categories in found.items()]


@require_safe
def my_day(request: HttpRequest) -> HttpResponse:
    """Waiting arrivals, releases that end, what ended lately; beside it what is new and who was here last."""
    with entering(request) as permit:
        held = partners.own_roles(permit=permit)
        missing = gaps.for_day(permit=permit) if held & WORKERS else []
        to_end = gaps.to_end(permit=permit) if held & WORKERS else []
        waiting = sharing.waiting(permit=permit)
        relays = sharing.relays(permit=permit)
        tray = len(updates.waiting(gate(), permit, caller(request)))
        resting = flows.resting(gate(), permit, caller(request), sharing.flows_lately(permit=permit))
        ending = sharing.ending(permit=permit)
        begun = sharing.begun(permit=permit)
        over = grouped(sharing.ended_lately(permit=permit))
        months = sharing.answers_by_month(permit=permit, since=_months_ago(permit.at, MONTHS))
        papers = process.waiting(permit=permit)
        dues = tracks.due(permit=permit, limit=LOOKED_AT)
        if dues:  # what is a gap, or was answered as one, is not asked twice
            asked = gaps.asked(permit=permit, of=[each.due.id for each in dues if each.overdue])
            dues = [each for each in dues if each.due.id not in asked][:DUE_LISTED]
        todo = work.due(permit=permit, zone=zone())
        recent = vault.recent(permit=permit, limit=RECENT)
        referred = referrals.day(permit=permit, supervises=Role.SUPERVISOR in held)
        listed = (*missing, *to_end, *waiting, *ending, *begun, *over, *relays, *resting, *papers, *dues, *referred)
        named = {each.client_id for each in listed if each.client_id}
        codes = vault.codes(permit=permit, client_ids=list(named))
        agencies = partners.directory(permit=permit)
        found = vault.walls_found(permit=permit) if permit.may(vault.walls_found) else []
        lately = vault.walls_lately(permit=permit) if Role.SUPERVISOR in held and permit.may(vault.walls_lately) else []
        walls = [wall for wall in lately if wall not in found]
        review = vault.glasses_to_review(permit=permit) if permit.may(vault.glasses_to_review) else []
        seconds = caseload.to_second(permit=permit) if Role.SUPERVISOR in held else []
        alarmed = held & {Role.PRIVACY_OFFICER, Role.DIRECTOR}
        breaches = [each for each in process.breaches(permit=permit) if each.open] if alarmed else []
        reminders = partners.reminders(permit=permit) if Role.DIRECTOR in held else []
        changes = protocols.to_answer(permit=permit) if Role.DIRECTOR in held else []
        now = permit.at
        me, first = permit.member_id, first_of_all(missing, relays, papers, dues, referred, todo, now)
    seen = mark_of(
        [line.id for line in missing],
        to_end,
        [[envelope.id for envelope in thread.envelopes] + [thread.client_id] for thread in waiting],
        [release.id for release in ending],
        relays,
        tray,
        resting,
        begun,
        over,
        months,
        [wall.id for wall in walls],
        [wall.id for wall in found],
        [(view.id, view.state) for view in review],
        [export.id for export in seconds],
        papers,
        [(line.due.id, line.overdue) for line in dues],
        breaches,
        todo,
        referred,
        [(view.id, days) for view, days in reminders],
        [(view.id, view.newest.hash) for view in changes],
        [(line.id, line.touched_at) for line in recent],
    )
    if unchanged(request, seen):
        return HttpResponse(status=204)
    others = (to_end, waiting, resting, ending, begun, over, walls, found, review, seconds)
    count = bool(tray) + sum(map(len, (missing, relays, papers, dues, breaches, todo, referred, *others)))
    return render(
        request,
        "day/my_day.html",
        {
            "today": timezone.localdate(),
            "me": me,
            "first": first,
            "gaps": missing,
            "to_end": to_end,
            "waiting": waiting,
            "tray": tray,
            "resting": resting,
            "ending": ending,
            "begun": begun,
            "over": over,
            "walls": walls,
            "found": found,
            "review": review,
            "seconds": seconds,
            "papers": [line for line in papers if not _late(line, now)],
            "dues": [line for line in dues if not line.overdue],
            "todo": [task for task in todo if not task.late],
            "todo_more": len(todo) == work.MOST_OF_DAY,
            "referred": [line for line in referred if not line.late],
            "breaches": breaches,
            "now": now,
            "count": count,
            "later": count > len(first) + len(breaches),
            "new": [(thread, envelope) for thread in waiting for envelope in thread.envelopes][:NEW_LISTED],
            "months": months,
            "reminders": reminders,
            "changes": changes,
            "recent": recent,
            "names": {line.id: line.name for line in recent},
            "codes": codes,
            "agencies": agencies,
            "find": FindForm(auto_id="find_%s"),
            "seen": seen,
        },
    )


def _months_ago(at: datetime, months: int) -> datetime:
    """The first moment of the month that began `months` before this one, where the reader is."""
    first = timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _each in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first

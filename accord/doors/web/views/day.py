"""My day: what needs her now, longest wait first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accord.doors.web.forms.vault import FindForm
from accord.doors.web.knocking import entering
from accord.doors.web.watching import mark_of, unchanged
from accord.partners import queries as partners
from accord.policy.words import Category
from accord.sharing import queries as sharing
from accord.vault import queries as vault

RECENT = 8
NEW_LISTED = 8


@dataclass(frozen=True, slots=True)
class Over:
    """What one partner no longer shares about one client."""

    client_id: UUID
    partner_id: UUID
    early: bool
    categories: tuple[Category, ...]


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
        waiting = sharing.waiting(permit=permit)
        ending = sharing.ending(permit=permit)
        over = grouped(sharing.ended_lately(permit=permit))
        answers = sharing.answers_since(permit=permit, since=_first_of_month(permit.at))
        recent = vault.recent(permit=permit, limit=RECENT)
        named = {each.client_id for each in (*waiting, *ending, *over) if each.client_id}
        codes = vault.codes(permit=permit, client_ids=list(named))
        agencies = partners.directory(permit=permit)
    seen = mark_of(
        [[envelope.id for envelope in thread.envelopes] + [thread.client_id] for thread in waiting],
        [release.id for release in ending],
        over,
        answers,
        [(line.id, line.touched_at) for line in recent],
    )
    if unchanged(request, seen):
        return HttpResponse(status=204)
    return render(
        request,
        "day/my_day.html",
        {
            "today": timezone.localdate(),
            "waiting": waiting,
            "ending": ending,
            "over": over,
            "count": len(waiting) + len(ending) + len(over),
            "new": [(thread, envelope) for thread in waiting for envelope in thread.envelopes][:NEW_LISTED],
            "answers": answers,
            "recent": recent,
            "names": {line.id: line.name for line in recent},
            "codes": codes,
            "agencies": agencies,
            "find": FindForm(auto_id="find_%s"),
            "seen": seen,
        },
    )


def _first_of_month(at: datetime) -> datetime:
    return timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

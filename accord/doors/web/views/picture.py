"""Who knew what, and when: a timeline for the people who work with her, an accounting for her and for oversight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accord.doors.web.heading import whose
from accord.doors.web.knocking import entering
from accord.doors.web.timeline import drawn, stretches
from accord.gate import explain
from accord.partners import queries as partners
from accord.policy.words import Category, Level, ProcessKind, Purpose
from accord.process import queries as process
from accord.process.queries import Gave
from accord.process.rules import accounted_since, accounted_years
from accord.sharing import queries as sharing
from accord.sharing.queries import Told
from accord.vault import queries as vault


@dataclass(frozen=True, slots=True)
class Account:
    """What one partner was told in one go on one basis: `told` names the first of its things, `things` all of them.
    `because`: sentence and citation where it was a law, not her word."""

    told: Told
    things: tuple[tuple[Category, Level, int], ...]
    because: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class OnPaper:
    """What left on one paper in one go, outside Accord: to whom, what, for what, by which law."""

    given_at: datetime
    partner_id: UUID | None
    whom: str
    kind: ProcessKind
    purpose: Purpose
    way: str
    things: tuple[tuple[Category, Level, int], ...]
    because: tuple[str, str] | None


@require_safe
def timeline(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Every stretch of time in which a partner could know something about her, or we from a partner."""
    with entering(request, client=client_id) as permit:
        client = whose(permit, client_id)
        found = stretches(
            sharing.releases(permit=permit, client_id=client_id),
            sharing.accepted(permit=permit, client_id=client_id),
            permit.at,
        )
        agencies = partners.directory(permit=permit)
        at = permit.at
    return render(
        request, "sharing/timeline.html", {"client": client, "timeline": drawn(found, at), "agencies": agencies}
    )


@require_safe
def accounting(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Every disclosure of her record, to be printed and given to her when she asks (45 CFR 164.528; 34 CFR 99.32).

    A privacy officer reads it too: it holds codes, partners and dates, and nothing of her story.
    """
    with entering(request, client=client_id) as permit:
        code = vault.codes(permit=permit, client_ids=[client_id]).get(client_id, "")
        agencies = partners.directory(permit=permit)
        ours, at = agencies[permit.agency_id], permit.at
        since = accounted_since(ours.duties, at)
        waits = process.accounting_waits(permit=permit, client_id=client_id)
        told = [
            each
            for each in sharing.accounting(permit=permit, client_id=client_id)
            if each.paper not in waits and (since is None or each.sent_at >= since)
        ]
        gave = [
            each
            for each in process.given(permit=permit, client_id=client_id)
            if each.paper not in waits and (since is None or each.given_at >= since)
        ]
    return render(
        request,
        "sharing/accounting.html",
        {
            "client_id": client_id,
            "code": code,
            "accounts": grouped(told),
            "on_paper": on_paper(gave),
            "agencies": agencies,
            "ours": ours,
            "at": at,
            "years": accounted_years(ours.duties),
        },
    )


def grouped(told: Iterable[Told]) -> list[Account]:
    """One line for each moment, partner, basis and end, with what was told counted by category and level."""
    together: dict[tuple[object, ...], list[Told]] = {}
    for each in told:
        place = each.sent_at, each.recipient_id, each.basis_id, each.until_at, each.ended_at, each.kept
        together.setdefault(place, []).append(each)
    return [Account(each[0], _counted(each), _law(each[0])) for each in together.values()]


def on_paper(gave: Iterable[Gave]) -> list[OnPaper]:
    """One line for each moment and paper, with what left counted by category and level."""
    together: dict[tuple[object, ...], list[Gave]] = {}
    for each in gave:
        together.setdefault((each.given_at, each.paper, each.way), []).append(each)
    return [
        OnPaper(
            first.given_at,
            first.partner_id,
            first.whom,
            first.kind,
            first.purpose,
            first.way,
            _counted(group),
            _law(first),
        )
        for group in together.values()
        for first in group[:1]
    ]


def _counted(told: Iterable[Told | Gave]) -> tuple[tuple[Category, Level, int], ...]:
    counts: dict[tuple[Category, Level], int] = {}
    for each in told:
        counts[each.category, each.level] = counts.get((each.category, each.level), 0) + 1
    return tuple((category, level, count) for (category, level), count in counts.items())


def _law(told: Told | Gave) -> tuple[str, str] | None:
    because = explain((told.rule,), told.level).because if told.rule else ()
    return because[0][:2] if because else None

"""A member says when she wants to hear; the service finds out whom to tell now, and notes that they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accord.coordination.notices.facts import arrived, wish_of, zone_of
from accord.coordination.notices.models import Hearing
from accord.coordination.notices.rules import OLDEST, Wish, due, newest
from accord.ledger.permits import Permit, needs
from accord.policy.words import Verb


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom an e-mail goes, and in which language. What it says is fixed."""

    email: str
    language: str


@needs(Verb.SET_NOTICES)
def wish(*, permit: Permit, at: datetime, wish: Wish) -> None:
    """How and in which hours she hears from now on. Raises InvalidHours."""
    kept = wish.checked().values()
    Hearing.objects.update_or_create(
        agency_id=permit.agency_id, member_id=permit.member_id, defaults=kept | {"said_at": at}
    )
    permit.record("notices_set", Hearing.objects.values_list("id", flat=True).get(member_id=permit.member_id))


@needs(Verb.SWEEP)
def tell(*, permit: Permit, at: datetime, new: Mapping[UUID, datetime]) -> list[Letter]:
    """Who is told now that something is new: of `new`, by member and moment, and of what has arrived. They are noted as
    told before anything is sent, so that whatever happens then nobody is told twice; the caller sends when this is
    committed. Two who ask at once never both get the same member: the second passes over what the first holds."""
    latest = newest(new, arrived(permit.agency_id, at - OLDEST))
    if not latest:
        return []
    zone = zone_of(permit.agency_id)
    known = {row.member_id: row for row in Hearing.objects.filter(member_id__in=latest)}
    now = [
        member
        for member, moment in latest.items()
        if due(wish_of(known.get(member)), zone, moment, known[member].told_at if member in known else None, at)
    ]
    Hearing.objects.bulk_create(
        [Hearing(agency_id=permit.agency_id, member_id=member) for member in sorted(now) if member not in known],
        ignore_conflicts=True,
    )
    rows = Hearing.objects.filter(member_id__in=now, member__left_at__isnull=True, member__account__is_active=True)
    rows = rows.select_related("member__account").select_for_update(skip_locked=True, of=("self",)).order_by("id")
    letters = []
    for row in rows:  # asked again: somebody else may have told her while this waited
        if due(wish_of(row), zone, latest[row.member_id], row.told_at, at):
            row.told_at = at
            row.save(update_fields=["told_at"])
            permit.record("notice_sent", row.id)
            letters.append(Letter(row.member.account.email, row.member.account.language))
    return letters

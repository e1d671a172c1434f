"""How agencies and members look to the law."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accord.partners import models
from accord.policy.facts import Agency, Member
from accord.policy.words import AgencyKind, Duty, Role


def agency_fact(row: models.Agency) -> Agency:
    return Agency(id=str(row.id), kind=AgencyKind(row.kind), duties=frozenset(Duty(duty) for duty in row.duties))


def agency(agency_id: UUID) -> Agency | None:
    """A partner from the directory, or None."""
    row = models.Agency.objects.only("id", "kind", "duties").filter(id=agency_id).first()
    return row and agency_fact(row)


def member_fact(row: models.Member) -> Member:
    return Member(id=str(row.id), roles=frozenset(Role(role) for role in row.roles))


def member(agency_id: UUID, member_id: UUID, account_id: UUID) -> models.Member | None:
    """The member who is asking, with her agency; None when she has left or is not this account."""
    return (
        models.Member.objects.select_related("agency")
        .filter(agency_id=agency_id, id=member_id, account_id=account_id, left_at__isnull=True)
        .first()
    )


@dataclass(frozen=True, slots=True)
class Membership:
    """Where an account works, for the menu. The gate looks anew at every request."""

    agency: UUID
    member: UUID
    agency_name: str
    timezone: str
    name: str
    title: str
    roles: tuple[str, ...]


def memberships(account_id: UUID) -> list[Membership]:
    """Where one account works, under its own database context, the longest-standing first."""
    rows = models.Member.objects.select_related("agency").filter(account_id=account_id, left_at__isnull=True)
    return [
        Membership(row.agency_id, row.id, row.agency.name, row.agency.timezone, row.name, row.title, tuple(row.roles))
        for row in rows.order_by("joined_at")
    ]

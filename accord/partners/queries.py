"""The directory of partners, and an agency's own staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accord.accounts.models import Account
from accord.ledger.permits import Permit, needs
from accord.partners import models
from accord.policy.words import AgencyKind, Duty, Role, Verb


@dataclass(frozen=True, slots=True)
class AgencyCard:
    """One partner as the directory shows it."""

    id: UUID
    name: str
    short: str
    kind: AgencyKind
    duties: tuple[Duty, ...]
    point_person: str
    deputy: str
    phone: str
    timezone: str
    vault_mode: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    id: UUID
    name: str
    title: str
    roles: tuple[Role, ...]
    email: str
    joined_at: datetime
    left_at: datetime | None
    enrolling: bool


@needs(*Verb)
def directory(*, permit: Permit) -> Mapping[UUID, AgencyCard]:
    """Every partner of the community, by id, in order of name. Open to every member whatever she came for: names of
    agencies are on every tag."""
    return {row.id: _card(row) for row in models.Agency.objects.order_by("name")}


@needs(Verb.MANAGE_MEMBERS)
def members(*, permit: Permit) -> list[MemberLine]:
    """Everybody who works or worked at the agency, those who left last."""
    rows = list(models.Member.objects.order_by("name"))
    accounts = {account.id: account for account in Account.objects.filter(id__in=[row.account_id for row in rows])}
    lines = [
        MemberLine(
            id=row.id,
            name=row.name,
            title=row.title,
            roles=tuple(Role(role) for role in row.roles),
            email=accounts[row.account_id].email,
            joined_at=row.joined_at,
            left_at=row.left_at,
            enrolling=accounts[row.account_id].enrol_until is not None,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: line.left_at is not None)


@needs(Verb.READ_LEDGER, Verb.READ_CLIENT)
def names(*, permit: Permit) -> Mapping[UUID, str]:
    """Names of own members by id, for logs and bylines."""
    return dict(models.Member.objects.values_list("id", "name"))


def _card(row: models.Agency) -> AgencyCard:
    return AgencyCard(
        id=row.id,
        name=row.name,
        short=row.short,
        kind=AgencyKind(row.kind),
        duties=tuple(Duty(duty) for duty in row.duties),
        point_person=row.point_person,
        deputy=row.deputy,
        phone=row.phone,
        timezone=row.timezone,
        vault_mode=row.vault_mode,
    )

"""The directory of partners, and an agency's own staff."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet

from accord.accounts.models import Account
from accord.database.prepared import prepared
from accord.ledger.permits import Permit, needs
from accord.partners import facts, models
from accord.partners.rules import Part, Standing, Step, Text, reminder, steps
from accord.policy.facts import Agreement
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
    hours: str
    languages: str
    about: str
    access: str
    timezone: str
    vault_mode: str

    @property
    def focal(self) -> str:
        """Whom to ask there, who stands in, and the phone."""
        return " · ".join(part for part in (self.point_person, self.deputy, self.phone) if part)


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
    second_step: bool


@dataclass(frozen=True, slots=True)
class PartyLine:
    """One party of an agreement, and what it has done about it."""

    agency_id: UUID
    part: Part
    signed_by: str
    suspended_because: str


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An agreement, where it stands, what the asking agency may do about its own part, and how long until its
    review."""

    id: UUID
    text: Text
    standing: Standing
    parties: tuple[PartyLine, ...]
    steps: frozenset[Step]
    left: timedelta


@needs(*Verb)
def directory(*, permit: Permit, ids: Collection[UUID] | None = None) -> Mapping[UUID, AgencyCard]:
    """Every partner of the community, or those named, by id, in order of name. Open to every member whatever she came
    for: names of agencies are on every tag."""
    rows = _agencies() if ids is None else models.Agency.objects.filter(id__in=ids).order_by("name")
    return {row.id: _card(row) for row in rows}


@needs(Verb.MANAGE_MEMBERS)
def members(*, permit: Permit) -> list[MemberLine]:
    """Everybody who works or worked at the agency, those who left last."""
    rows = list(models.Member.objects.order_by("name"))
    asked = [row.account_id for row in rows]
    accounts = {account.id: account for account in Account.objects.filter(id__in=asked)}
    stepped = set(
        Authenticator.objects.filter(user_id__in=asked, type=Authenticator.Type.TOTP).values_list("user_id", flat=True)
    )
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
            second_step=row.account_id in stepped,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: line.left_at is not None)


@needs(Verb.READ_DAY)
def own_roles(*, permit: Permit) -> frozenset[Role]:
    """The roles the asker holds now, whatever they were when she signed in."""
    return frozenset(Role(role) for roles in _roles(permit.member_id) for role in roles)


@needs(Verb.ASSIGN_CLIENT, Verb.WALL_CLIENT, Verb.ANSWER_GAP)
def colleagues(*, permit: Permit) -> Mapping[UUID, str]:
    """Who works at the agency now, by id, in order of name."""
    return facts.colleagues(permit.agency_id)


@needs(
    Verb.READ_LEDGER,
    Verb.READ_CLIENT,
    Verb.EXPORT_CASELOAD,
    Verb.APPROVE_EXPORT,
    Verb.WALL_CLIENT,
    Verb.REVIEW_GLASS,
    Verb.READ_PROCESS,
    Verb.KEEP_TASKS,
    Verb.ANSWER_REFERRAL,
)
def names(*, permit: Permit) -> Mapping[UUID, str]:
    """Names of own members by id, for logs and bylines."""
    return dict(models.Member.objects.values_list("id", "name"))


@needs(
    Verb.READ_PARTNERS,
    Verb.MANAGE_AGENCY,
    Verb.COMMENT_AGREEMENT,
    Verb.MANAGE_MEMBERS,
    Verb.READ_DAY,
    Verb.TRY_LAW,
)
def agreements(*, permit: Permit) -> list[AgreementView]:
    """Every agreement of the community, the next review first."""
    return _views(permit, list(models.Agreement.objects.order_by("until_at", "id")))


@needs(Verb.READ_PARTNERS, Verb.MANAGE_AGENCY, Verb.COMMENT_AGREEMENT, Verb.TRY_LAW)
def agreement(*, permit: Permit, agreement_id: UUID) -> AgreementView | None:
    """One agreement; None when there is none whose text is under this id."""
    views = _views(permit, list(models.Agreement.objects.filter(id=agreement_id)))
    return next((view for view in views if view.id == agreement_id), None)


@needs(Verb.READ_PARTNERS)
def in_force(*, permit: Permit, partner_id: UUID) -> tuple[Agreement, ...]:
    """What the asking agency and a partner have agreed about the partner telling it, as the law sees it now."""
    return facts.agreements(partner_id, permit.at).get(permit.agency_id, ())


@needs(Verb.READ_DAY, Verb.MANAGE_MEMBERS)
def reminders(*, permit: Permit) -> list[tuple[AgreementView, int | None]]:
    """What waits for the asking agency's director: agreements it has not signed (None), and its own that must be
    reviewed (in 60, 30 or 7 days; 0: the review was missed lately). The nearest first."""
    found: list[tuple[AgreementView, int | None]] = []
    for view in agreements(permit=permit):
        if permit.agency_id not in view.text.parties or view.standing in (Standing.OVER, Standing.REPLACED):
            continue
        due = reminder(view.text.until_at, permit.at)
        own = next(line for line in view.parties if line.agency_id == permit.agency_id)
        if view.standing is Standing.WAITING and own.part.signed_at is None:
            found.append((view, None))
        elif due is not None and own.part.signed_at is not None:
            found.append((view, due))
    return found


def _views(permit: Permit, rows: list[models.Agreement]) -> list[AgreementView]:
    texts = [facts.text_of(row) for row in rows]
    parts, gone = facts.parts_of(texts), facts.replaced([text.id for text in texts], permit.at)
    return [_view(permit, text, parts[text.id], (text.id, text.parties) in gone) for text in texts]


def _view(permit: Permit, text: Text, rows: facts.Parts, replaced: bool) -> AgreementView:
    stands = facts.stands(text, rows, permit.at, replaced=replaced)
    own = facts.part_of(rows.get(permit.agency_id))
    return AgreementView(
        id=text.id,
        text=text,
        standing=stands,
        parties=tuple(_party(party, rows.get(party)) for party in sorted(text.parties)),
        steps=steps(own, stands) if permit.agency_id in text.parties else frozenset(),
        left=text.until_at - permit.at,
    )


def _party(agency_id: UUID, row: models.AgreementParty | None) -> PartyLine:
    return PartyLine(
        agency_id,
        facts.part_of(row),
        row.signed_by if row else "",
        row.suspended_because if row else "",
    )


@prepared
def _roles(member_id: UUID) -> QuerySet[models.Member]:
    return models.Member.objects.filter(id=member_id, left_at__isnull=True).values_list("roles", flat=True)


@prepared
def _agencies() -> QuerySet[models.Agency]:
    return models.Agency.objects.order_by("name")


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
        hours=row.hours,
        languages=row.languages,
        about=row.about,
        access=row.access,
        timezone=row.timezone,
        vault_mode=row.vault_mode,
    )

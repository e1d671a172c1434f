"""How agencies and members look to the law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accord.database.prepared import prepared
from accord.partners import models
from accord.partners.rules import Part, Standing, Text, Way, begun, standing
from accord.policy.facts import Agency, Agreement, Member
from accord.policy.words import AgencyKind, Category, Duty, Purpose, Role


def agency_fact(row: models.Agency) -> Agency:
    return Agency(id=str(row.id), kind=AgencyKind(row.kind), duties=frozenset(Duty(duty) for duty in row.duties))


def agency(agency_id: UUID) -> Agency | None:
    """A partner from the directory, or None."""
    row = models.Agency.objects.only("id", "kind", "duties").filter(id=agency_id).first()
    return row and agency_fact(row)


def agencies(ids: Iterable[UUID]) -> dict[UUID, Agency]:
    """Those of them that are in the directory, by id."""
    rows = models.Agency.objects.only("id", "kind", "duties").filter(id__in=list(ids))
    return {row.id: agency_fact(row) for row in rows}


def member_fact(row: models.Member) -> Member:
    return Member(id=str(row.id), roles=frozenset(Role(role) for role in row.roles))


def member(agency_id: UUID, member_id: UUID, account_id: UUID) -> models.Member | None:
    """The member who is asking, with her agency; None when she has left or is not this account."""
    return next(iter(_members(agency_id, member_id, account_id)), None)


@prepared
def _members(agency_id: UUID, member_id: UUID, account_id: UUID) -> QuerySet[models.Member]:
    return models.Member.objects.select_related("agency").filter(
        agency_id=agency_id, id=member_id, account_id=account_id, left_at__isnull=True
    )


def colleagues(agency_id: UUID) -> dict[UUID, str]:
    """Who works at an agency now, by id, in order of name."""
    rows = models.Member.objects.filter(agency_id=agency_id, left_at__isnull=True)
    return dict(rows.order_by("name").values_list("id", "name"))


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


def text_of(row: models.Agreement) -> Text:
    """What the parties of this row sign."""
    return Text(
        proposer=row.agency_id,
        title=row.title,
        parties=frozenset(row.parties),
        categories=frozenset(Category(category) for category in row.categories),
        purposes=frozenset(Purpose(purpose) for purpose in row.purposes),
        mechanism=row.mechanism,
        since_at=row.since_at,
        until_at=row.until_at,
        proposed_at=row.proposed_at,
        version=bytes(row.version),
        ways=frozenset(map(Way.of, row.ways)),
        replaces=row.replaces,
    )


def parts_of(texts: Iterable[Text]) -> dict[UUID, dict[UUID, models.AgreementParty]]:
    """By agreement and party, what each party did about exactly this text."""
    digests = {text.id: text.digest for text in texts}
    found: dict[UUID, dict[UUID, models.AgreementParty]] = {id: {} for id in digests}
    for row in models.AgreementParty.objects.filter(agreement__in=digests):
        if bytes(row.digest) == digests[row.agreement]:
            found[row.agreement][row.agency_id] = row
    return found


def part_of(row: models.AgreementParty | None) -> Part:
    """One party's part; it has none yet while it has no row."""
    return Part(row.signed_at, row.suspended_at, row.left_at) if row else Part()


Parts = Mapping[UUID, models.AgreementParty]


def stands(text: Text, rows: Parts, at: datetime, *, replaced: bool) -> Standing:
    """Where an agreement stands, from what its parties' rows say."""
    parts = {party: part_of(row) for party, row in rows.items()}
    return standing(text.parties, parts, text.since_at, text.until_at, at, replaced=replaced)


def replaced(ids: Iterable[UUID], at: datetime) -> frozenset[tuple[UUID | None, frozenset[UUID]]]:
    """Those in whose place another has begun, with the parties of the other: only the same parties together replace
    what they agreed."""
    later = [text_of(row) for row in models.Agreement.objects.filter(replaces__in=list(ids))]
    parts = parts_of(later)
    return frozenset(
        (text.replaces, text.parties)
        for text in later
        if begun(text.parties, {id: part_of(row) for id, row in parts[text.id].items()}, text.since_at, at)
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Agreements and what each party did about them, for asking whether one was in force at some moment."""

    texts: Mapping[UUID, Text]
    parts: Mapping[UUID, Mapping[UUID, Part]]

    def held(self, id: UUID, at: datetime) -> bool:
        """Whether it was in force then."""
        text = self.texts.get(id)
        if text is None:
            return False
        gone = any(
            other.replaces == id
            and other.parties == text.parties
            and begun(other.parties, self._then(later, at), other.since_at, at)
            for later, other in self.texts.items()
        )
        stood = standing(text.parties, self._then(id, at), text.since_at, text.until_at, at, replaced=gone)
        return stood is Standing.IN_FORCE

    def _then(self, id: UUID, at: datetime) -> dict[UUID, Part]:
        return {party: part.then(at) for party, part in self.parts[id].items()}


def kept(agency_id: UUID) -> Kept:
    """Every agreement one agency is or was a party of, signed or not."""
    rows = models.Agreement.objects.filter(parties__contains=[agency_id]).order_by("id")
    texts = {text.id: text for text in map(text_of, rows)}
    parts = parts_of(texts.values())
    return Kept(texts, {id: {party: part_of(row) for party, row in rows.items()} for id, rows in parts.items()})


def agreements(agency_id: UUID, at: datetime) -> Mapping[UUID, tuple[Agreement, ...]]:
    """What agreements in force say about an agency telling each of its partners at a moment: every party has signed,
    none has suspended or left."""
    rows = models.Agreement.objects.filter(parties__contains=[agency_id], since_at__lte=at, until_at__gt=at)
    texts = [text_of(row) for row in rows.order_by("id")]
    if not texts:
        return {}
    parts, gone = parts_of(texts), replaced([text.id for text in texts], at)
    found: dict[UUID, tuple[Agreement, ...]] = {}
    for text in texts:
        if stands(text, parts[text.id], at, replaced=(text.id, text.parties) in gone) is Standing.IN_FORCE:
            for partner in text.parties - {agency_id}:
                found[partner] = (*found.get(partner, ()), *between(text, agency_id, partner))
    return found


def between(text: Text, sender: UUID, recipient: UUID) -> Iterator[Agreement]:
    """What of a text is about one telling the other, purpose by purpose."""
    for purpose in Purpose:
        here = {way.category for way in text.ways if way == Way(sender, recipient, way.category, purpose)}
        if here:
            yield Agreement(
                id=str(text.id),
                parties=frozenset({str(sender), str(recipient)}),
                categories=frozenset(here),
                purposes=frozenset({purpose}),
                since=text.since_at,
                until=text.until_at,
            )

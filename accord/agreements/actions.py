"""Beginning a draft, changing it, talking about it, laying it before its parties. Signing is the partners' room's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from accord.agreements import facts, models, rules
from accord.agreements.rules import BY_ID, Content, Flow, Parties
from accord.ledger.permits import Permit, needs
from accord.partners import actions as partners
from accord.partners import facts as partner_facts
from accord.partners import queries as directory
from accord.partners.models import Agency, Member
from accord.partners.rules import InvalidAgreement, Standing, Step
from accord.policy.law import Tables
from accord.policy.words import Verb

#: How many rows a matrix has at most: more than this nobody reads before signing.
MOST_ROWS = 300


@needs(Verb.MANAGE_AGENCY)
def begin(
    *,
    permit: Permit,
    at: datetime,
    title: str,
    parties: frozenset[UUID],
    sections: Mapping[str, Mapping[str, Any]],
    flows: tuple[Flow, ...],
) -> UUID:
    """A draft between these agencies, with its first version. Returns its id. Raises InvalidAgreement."""
    if len(parties) < 2 or permit.agency_id not in parties:
        raise InvalidAgreement("Choose at least one other agency.")
    if Agency.objects.filter(id__in=parties).count() < len(parties):
        raise InvalidAgreement("Choose agencies of the directory.")
    row = models.Draft(
        id=rules.draft_id(permit.agency_id, parties, at), agency_id=permit.agency_id, parties=sorted(parties),
        started_at=at,
    )  # fmt: skip
    row.save(force_insert=True)
    _write(permit, at, row, Content(title.strip(), tuple(sorted(parties)), sections, flows), "")
    made: UUID = row.id
    permit.record("draft_begun", made)
    return made


@needs(Verb.MANAGE_AGENCY)
def change_section(
    *, permit: Permit, at: datetime, draft_id: UUID, seen: int, section: str, title: str, values: Mapping[str, Any]
) -> None:
    """Another version, with other words in one section. `seen`: the version it was made from. Raises
    InvalidAgreement."""
    row, content = _newest(draft_id, seen)
    if section not in BY_ID:
        raise InvalidAgreement("There is no such section.")
    changed = replace(content, title=title.strip(), sections={**content.sections, section: dict(values)})
    _write(permit, at, row, changed, section)


@needs(Verb.MANAGE_AGENCY)
def add_flows(*, permit: Permit, at: datetime, draft_id: UUID, seen: int, flows: tuple[Flow, ...]) -> None:
    """Another version, with rows added to its matrix. Raises InvalidAgreement."""
    row, content = _newest(draft_id, seen)
    _write(permit, at, row, replace(content, flows=tuple(dict.fromkeys((*content.flows, *flows)))), "matrix")


@needs(Verb.MANAGE_AGENCY)
def drop_flow(*, permit: Permit, at: datetime, draft_id: UUID, seen: int, key: str) -> None:
    """Another version, with one row less in its matrix. Raises InvalidAgreement."""
    row, content = _newest(draft_id, seen)
    _write(permit, at, row, replace(content, flows=tuple(flow for flow in content.flows if flow.key != key)), "matrix")


@needs(Verb.COMMENT_AGREEMENT)
def comment(*, permit: Permit, at: datetime, draft_id: UUID, section: str, text: str) -> UUID:
    """Say something about a section. Raises InvalidAgreement."""
    row = _draft(draft_id)
    if section not in BY_ID:
        raise InvalidAgreement("There is no such section.")
    if not text.strip():
        raise InvalidAgreement("Write what you want to say.")
    made = models.Comment(
        id=uuid4(), agency_id=permit.agency_id, draft=row.id, parties=row.parties, section=section,
        number=facts.versions(row)[-1].number, text=text.strip(), said_at=at, said_by=_signer(permit),
    )  # fmt: skip
    made.save(force_insert=True)
    permit.record("draft_commented", row.id)
    id: UUID = made.id
    return id


@needs(Verb.COMMENT_AGREEMENT)
def settle(*, permit: Permit, at: datetime, draft_id: UUID, comment_id: UUID) -> None:
    """What this agency said is settled. No other agency can say so. Raises InvalidAgreement."""
    row = _draft(draft_id)
    own = models.Comment.objects.filter(
        agency_id=permit.agency_id, id=comment_id, draft=row.id, settled_at__isnull=True
    )
    if not own.update(settled_at=at):
        raise InvalidAgreement("Only the agency that said it calls it settled, once.")
    permit.record("draft_settled", row.id)


@needs(Verb.MANAGE_AGENCY)
def lay(*, permit: Permit, at: datetime, draft_id: UUID, seen: int, tables: Tables) -> UUID:
    """Lay the newest version before its parties to be signed; when all of them have, it takes the place of the version
    that applies. `tables`: the law of that moment. Returns the agreement's id. Raises InvalidAgreement while anything
    is wrong with it."""
    row, content = _newest(draft_id, seen)
    wrong = [each for each in rules.findings(content, _parties(content), tables) if not each.warning]
    if wrong:
        raise InvalidAgreement("Something is missing or wrong in it still. Look at the sections that say so.")
    earlier = {bytes(version.digest): version for version in facts.versions(row)}
    version = facts.versions(row)[-1]
    agreed = [view for view in directory.agreements(permit=permit) if view.text.version in earlier]
    over = (Standing.OVER, Standing.PAST)
    if any(view.text.version == bytes(version.digest) and view.standing not in over for view in agreed):
        raise InvalidAgreement("This version lies before the parties already.")
    holding = [view for view in agreed if view.standing in (Standing.IN_FORCE, Standing.SUSPENDED, Standing.COMING)]
    first, last = (rules.day_of(content.value("review", name)) for name in ("first_day", "review_day"))
    assert first is not None and last is not None, "a version without days has findings"
    zone = ZoneInfo(Agency.objects.get(id=permit.agency_id).timezone)
    id = partners.propose(
        permit=permit,
        at=at,
        title=content.title,
        parties=frozenset(content.parties),
        categories=frozenset(flow.category for flow in content.flows),
        purposes=frozenset(flow.purpose for flow in content.flows),
        mechanism=content.flows[0].mechanism,
        since_at=_midnight(first, zone),
        until_at=_midnight(date.fromordinal(last.toordinal() + 1), zone),
        version=bytes(version.digest),
        ways=rules.ways(content),
        replaces=holding[-1].id if holding else None,
    )
    permit.record("draft_laid", row.id)
    return id


def _draft(draft_id: UUID) -> models.Draft:
    row = facts.draft(draft_id)
    if row is None:
        raise InvalidAgreement("There is no such draft of this agency.")
    return row


def _newest(draft_id: UUID, seen: int) -> tuple[models.Draft, Content]:
    """The draft, and what its newest version says. Raises InvalidAgreement when that is not the one somebody saw."""
    row = _draft(draft_id)
    version = facts.versions(row)[-1]
    if version.number != seen:
        raise InvalidAgreement("Another party has changed it meanwhile. Look at the newest version first.")
    return row, facts.content_of(version)


def _write(permit: Permit, at: datetime, row: models.Draft, content: Content, changed: str) -> None:
    """The next version. What lies before the parties unsigned by one of them is void by it: this agency takes its part
    back, which ends it for everybody."""
    if not content.title:
        raise InvalidAgreement("Give it a title.")
    if len(content.flows) > MOST_ROWS:
        raise InvalidAgreement("Too many rows for anybody to read before signing: make two agreements of it.")
    earlier = facts.versions(row)
    newest = earlier[-1] if earlier else None
    if newest is not None:
        if facts.content_of(newest) == content:
            return
        _void(permit, at, bytes(newest.digest))
    number, before = (newest.number + 1, bytes(newest.digest)) if newest else (1, b"")
    models.Version(
        id=uuid4(),
        agency_id=permit.agency_id,
        draft=row.id,
        parties=row.parties,
        number=number,
        before=before,
        digest=rules.digest(row.id, number, before, content),
        title=content.title,
        sections=content.sections,
        flows=[flow.values() for flow in content.flows],
        changed=changed,
        written_at=at,
        written_by=_signer(permit),
    ).save(force_insert=True)
    permit.record("draft_changed", row.id)


def _void(permit: Permit, at: datetime, version: bytes) -> None:
    for view in directory.agreements(permit=permit):
        if view.text.version == version and view.standing is Standing.WAITING and Step.LEAVE in view.steps:
            partners.leave_agreement(permit=permit, at=at, agreement_id=view.id)


def _parties(content: Content) -> Parties:
    names = dict(Agency.objects.filter(id__in=content.parties).values_list("id", "name"))
    return Parties(partner_facts.agencies(content.parties), names)


def _signer(permit: Permit) -> str:
    member = Member.objects.get(id=permit.member_id)
    return f"{member.name}, {member.title}" if member.title else str(member.name)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)

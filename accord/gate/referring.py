"""Referring: the gate asks the law whether a partner may know, sends what it opens along with the referral, and puts
the referral before the partner: all of it or none. What goes along opens with the partner's yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from accord.coordination.referrals import actions as referrals
from accord.coordination.referrals import facts
from accord.coordination.referrals.models import Referral
from accord.coordination.referrals.rules import InvalidReferral, State
from accord.gate.disclosure import Answer, deliver, disclose_all, on_release
from accord.gate.entrance import Caller, Gate, Refused
from accord.gate.flows import on_flow
from accord.ledger.permits import Permit
from accord.policy.words import Category, Level, Relation
from accord.sharing import facts as sharing_facts
from accord.sharing import models
from accord.vault import actions as vault
from accord.vault.models import Person
from accord.vault.rules import Detail, Summary

#: What somebody may know for a referral to reach it: at least that she is looking for a service.
NEEDED = Category.SERVICES


def ways(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, referral_id: UUID) -> list[facts.Basis]:
    """On what a draft may go to its partner today, as the law says; empty where she is to be asked first."""
    row = Referral.objects.filter(id=referral_id, client_id=client_id, state=State.DRAFT).first()
    if row is None or row.recipient_id is None:
        return []
    return [basis for basis in facts.bases(row, permit.at) if _opens(_asked(gate, permit, caller, basis))]


def send(
    gate: Gate, permit: Permit, caller: Caller, client_id: UUID, referral_id: UUID, *, at: datetime | None = None
) -> None:
    """Send a draft to its partner, on her release or a law. `at` is when it went, now unless it is written down later;
    the law is asked about now. Raises Refused for none, InvalidReferral when she is to be asked first or it went
    before."""
    at = at or permit.at
    row = facts.locked(client_id, referral_id)
    if row is None or row.recipient_id is None:
        raise Refused
    if row.state != State.DRAFT:
        raise InvalidReferral("This has been sent already, or is over.")
    found = facts.bases(row, permit.at)
    # Locked before the law is asked: a withdrawal waits for this, or this finds it withdrawn.
    locked: list[facts.Basis] = [
        *sharing_facts.all_locked([basis.id for basis in found]),
        *sharing_facts.flows_locked([basis.id for basis in found]),
    ]
    standing = {basis.id: basis for basis in locked}
    entry = _written(permit, row, at)
    for basis in (standing[each.id] for each in found):
        answer = _asked(gate, permit, caller, basis)
        if _opens(answer):
            break
    else:
        raise InvalidReferral("She is to be asked first: nothing of hers lets this partner know yet.")
    deliver(permit, caller, [(basis, answer)], referral=row.id)
    herself = Person.objects.filter(id=row.about_id, relation=Relation.SELF).exists()
    referrals.deliver(
        permit=permit,
        at=at,
        client_id=client_id,
        referral_id=row.id,
        basis=basis,
        entry_id=entry,
        thread=sharing_facts.thread(client_id, row.recipient_id, None if herself else row.about_id),
    )


def disclose_signed(gate: Gate, permit: Permit, caller: Caller, releases: Sequence[models.Release]) -> dict[UUID, int]:
    """Send what a page covers that she has just signed. What is for a partner she is being referred to goes along with
    the referral instead. Returns how many envelopes went out on each; raises as `disclose_all`."""
    drafted = facts.drafted(releases[0].client_id)
    waiting = {
        release.id
        for release in releases
        if (release.recipient_id, release.subject_id) in drafted and NEEDED in release.grants
    }
    return disclose_all(gate, permit, caller, releases, waiting=waiting)


def _asked(gate: Gate, permit: Permit, caller: Caller, basis: facts.Basis) -> Answer:
    if isinstance(basis, models.Release):
        return on_release(gate, permit, caller, basis)
    return on_flow(gate, permit, caller, basis)


def _opens(answer: Answer) -> bool:
    return any(thing.category is NEEDED and decision.level > Level.NONE for thing, decision in answer.allowed)


def _written(permit: Permit, row: Referral, at: datetime) -> UUID:
    """The referral as an entry of her own file: it travels at the level she allows, her words at full level only."""
    values = {"service": row.service, "referral": str(row.id)}
    return vault.add_entries(
        permit=permit,
        at=at,
        client_id=row.client_id,
        entries=[
            vault.NewEntry(
                kind="referral",
                category=NEEDED,
                occurred_at=at,
                summary=Summary(template="referral.sent", values=values),
                detail=Detail(values=values, narrative=facts.words(permit, row)),
                about=row.about_id,
                status="sent",
            )
        ],
    )[0]

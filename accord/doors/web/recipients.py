"""Partners as her release sees them: who they are, and what she is told about them before she signs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accord.gate import Warnings, warn
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.partners.queries import AgencyCard
from accord.policy.facts import Agency


@dataclass(frozen=True, slots=True)
class Recipient:
    """An agency of the directory, and what becomes of things there."""

    card: AgencyCard
    warnings: Warnings

    @property
    def name(self) -> str:
        return self.card.name


def directory(permit: Permit) -> dict[UUID, Recipient]:
    """Every agency of the directory by id, in order of name; the asking one is among them."""
    cards = partners.directory(permit=permit)
    holder = fact(cards[permit.agency_id])
    return {id: Recipient(card, warn(holder, fact(card), permit.at)) for id, card in cards.items()}


def fact(card: AgencyCard) -> Agency:
    """An agency of the directory as the law sees it."""
    return Agency(id=str(card.id), kind=card.kind, duties=frozenset(card.duties))

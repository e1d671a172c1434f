"""The operator lets an agency into the community. It is the one thing done without asking the law, because there is
nobody yet to ask about and nothing yet to see; the agency's own ledger begins with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from accord.gate.entrance import Gate
from accord.ledger.actions import write_leaf
from accord.ledger.permits import Permit
from accord.partners.actions import NewAgency, add_member, found_agency
from accord.partners.models import VaultMode
from accord.policy.facts import Because, Decision
from accord.policy.words import Level, Purpose, Role, Verb
from accord.sealing.members import STANDARD, Cost

__all__ = ["Founded", "NewAgency", "VaultMode", "found"]

FOUNDING = Decision(
    Level.FULL, (Because("founding", "An operator writes an agency into the directory.", "Accord design"),)
)


@dataclass(frozen=True, slots=True)
class Founded:
    """A new agency, the director's recovery key and one enrolment code per first member: all to be printed once."""

    agency: UUID
    paper: str
    members: tuple[tuple[str, UUID, str], ...]


def found(
    gate: Gate,
    agency: NewAgency,
    *,
    at: datetime,
    members: Sequence[tuple[str, str, str, Sequence[Role]]],
    language: str = "en",
    cost: Cost = STANDARD,
) -> Founded:
    """Write an agency into the directory with its first members (e-mail, name, title, roles).

    Raises InvalidPartner, and then nothing is written.
    """
    id = uuid4()
    with gate.founding(id, at):
        vault, paper = found_agency(agency_id=id, agency=agency, at=at, keyring=gate.keyring)
        permit = Permit.issue(
            verbs=(Verb.MANAGE_MEMBERS,),
            agency_id=id,
            member_id=None,
            actor="system:founding",
            purpose=Purpose.ADMINISTRATION,
            decision=FOUNDING,
            at=at,
            vault=vault,
        )
        try:
            let_in = []
            for email, person, title, roles in members:
                member, code = add_member(
                    permit=permit,
                    at=at,
                    email=email,
                    name=person,
                    title=title,
                    roles=roles,
                    language=language,
                    cost=cost,
                )
                let_in.append((email, member, code))
            write_leaf(
                agency=id,
                at=at,
                actor="system:founding",
                verb=Verb.MANAGE_MEMBERS,
                purpose=Purpose.ADMINISTRATION,
                outcome=True,
                rules=("founding",),
                deeds=permit.deeds,
            )
        finally:
            permit.close()
    return Founded(id, paper, tuple(let_in))

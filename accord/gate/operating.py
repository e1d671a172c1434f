"""What the operator of a service does for an agency without being one of its members: see that its ledger is whole,
and turn keys. It opens no vault, except with the director's recovery key; the agency's own ledger says each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from accord.gate.entrance import Gate
from accord.ledger.actions import write_leaf
from accord.ledger.permits import Permit
from accord.partners.actions import open_vault
from accord.partners.models import Agency
from accord.policy.facts import Because, Decision
from accord.policy.words import Level, Purpose, Verb

OPERATING: Final = Decision(
    Level.FULL,
    (Because("operating", "An operator sees that ledgers are whole and turns keys.", "Accord design"),),
)
#: Ledger lines hold ids only. The other two need the director's recovery key to open anything.
VERBS: Final = frozenset({Verb.READ_LEDGER, Verb.MANAGE_KEYS, Verb.MANAGE_MEMBERS})


def agencies() -> Mapping[UUID, str]:
    """The agencies of this community by id, in order of name. The directory is open to everybody here."""
    return dict(Agency.objects.order_by("name").values_list("id", "name"))


@contextmanager
def operating(gate: Gate, agency: UUID, *verbs: Verb, at: datetime, paper: str | None = None) -> Iterator[Permit]:
    """One transaction with a permit for the operator; with `paper`, the director's recovery key, the vault is open.

    A leaf says so unless nothing was opened, read or done. Raises ValueError for any other verb, WrongKey when the
    paper is mistyped or another agency's, or whatever the body raises (then nothing is kept).
    """
    if not verbs or not VERBS.issuperset(verbs):
        raise ValueError("an operator has no such verb")
    purpose = Purpose.OVERSIGHT if verbs == (Verb.READ_LEDGER,) else Purpose.ADMINISTRATION
    with gate.founding(agency, at):
        permit = Permit.issue(
            verbs=verbs,
            agency_id=agency,
            member_id=None,
            actor="system:operator",
            purpose=purpose,
            decision=OPERATING,
            at=at,
            vault=None
            if paper is None
            else open_vault(agency_id=agency, member_id=None, private=None, keyring=None, paper=paper),
        )
        try:
            yield permit
            if not (permit.deeds or paper or Verb.READ_LEDGER in verbs):
                return
            write_leaf(
                agency=agency,
                at=at,
                actor=permit.actor,
                verb=verbs[0],
                purpose=purpose,
                outcome=True,
                rules=("operating",),
                deeds=permit.deeds,
                shown=permit.shown,
            )
        finally:
            permit.close()


def database_clock() -> datetime:
    """Now, as the database knows it: what its transactions' beginnings are compared with."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def requests_before(moment: datetime) -> int:
    """How many of the service's transactions that began before `moment` still run. Each may hold an opened vault."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and usename = session_user"
            " and pid <> pg_backend_pid() and xact_start < %s",
            [moment],
        )
        return int(cursor.fetchone()[0])

"""The one way in. A door says who, which verb, which thing, for what and when; the gate asks the rooms for facts, asks
the law, opens the vault, hands out a permit that dies with the transaction, and writes the ledger: one leaf a request.

A refusal looks exactly like absence. Its reason exists in the agency's own ledger and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from accord.database.context import note
from accord.gate.law import law
from accord.learning.gaps import actions as gaps
from accord.ledger.actions import write_leaf
from accord.ledger.permits import EVERYTHING, Permit, Scope
from accord.partners import facts as partners
from accord.partners.actions import VaultClosed, open_vault
from accord.partners.models import Access
from accord.policy.decide import decide
from accord.policy.facts import Agency, Block, Decision, Member, Question, Thing
from accord.policy.words import BlockKind, Category, Level, Purpose, Role, Verb
from accord.sealing.errors import WrongKey
from accord.sealing.keyring import Keyring
from accord.sealing.vault import Vault
from accord.vault import facts as vault_facts

NOTHING: Final = Thing(category=Category.SERVICES, subject="", id="")
#: The rule of the house that a broken glass rests on, and what it opens: to read her file and to reach her. Nothing is
#: changed, sent or taken out through it.
BREAK_GLASS: Final = "break-glass"
GLASS_OPENS: Final = frozenset({Verb.READ_CLIENT, Verb.READ_ENVELOPE, Verb.CONTACT_CLIENT})


class Refused(Exception):
    """No. To the one who asked it is the same as if the thing did not exist."""


class SignInAgain(Exception):
    """Her session no longer opens the vault: the cookie is gone, or her key was changed."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the service itself holds: the context secret, and the keyring of service-mode agencies."""

    context: bytes = field(repr=False)
    keyring: Keyring = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `member` None is the system acting for an agency; `private` is her key for this request."""

    agency: UUID
    account: UUID | None = None
    member: UUID | None = None
    job: str = ""
    private: bytes | None = field(default=None, repr=False)

    @property
    def actor(self) -> str:
        return f"member:{self.member}" if self.member else f"system:{self.job}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a permit was asked for, kept for the leaf."""

    caller: Caller
    verbs: tuple[Verb, ...]
    purpose: Purpose
    client: UUID | None
    at: datetime
    besides: tuple[Verb, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """The asking side as facts, and which files she may know of."""

    agency: Agency
    member: Member
    scope: Scope = EVERYTHING
    broken: Mapping[UUID, vault_facts.Broken] = field(default_factory=dict)


class Gate:
    """The gate of one running service. Doors get it from `config`; it holds keys, never state."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    @property
    def keyring(self) -> Keyring:
        return self._keys.keyring

    def enter(
        self,
        caller: Caller,
        *verbs: Verb,
        purpose: Purpose,
        at: datetime,
        client: UUID | None = None,
        blocks: Sequence[Block] = (),
        besides: tuple[Verb, ...] = (),
    ) -> AbstractContextManager[Permit]:
        """One transaction with a permit for `verbs`, all of which must be allowed, and for those of `besides` that are.

        `client` names the file it is about; one that is not in this agency's vault is refused like one that never was.
        Raises Refused (a leaf is kept, also when the body raised it because something was not there), SignInAgain, or
        whatever else the body raises (then nothing is kept).
        """
        return self._entered(Asked(caller, verbs, purpose, client, at, besides), blocks)

    @contextmanager
    def kept(self, caller: Caller, *, purpose: Purpose, at: datetime) -> Iterator[Permit]:
        """The records officer's lens: the database shows what has ended and must be kept."""
        with self.enter(caller, Verb.READ_KEPT, purpose=purpose, at=at) as permit:
            self._set_context(caller, at, lens="kept")
            yield permit

    @contextmanager
    def taking_back(
        self, caller: Caller, *verbs: Verb, purpose: Purpose, at: datetime, client: UUID | None
    ) -> Iterator[Permit]:
        """For a withdrawal said to a partner: the database lets this agency end what it was sent, and nothing else."""
        with self.enter(caller, *verbs, purpose=purpose, at=at, client=client) as permit:
            self._set_context(caller, at, lens="relay")
            yield permit

    def housekeeping(self, caller: Caller, *, at: datetime) -> AbstractContextManager[Permit]:
        """A permit to sweep, without a vault. A yes leaves a leaf only if something was done: looking and finding
        nothing happens every few seconds, and a leaf about it would be the next thing to find. Raises like `enter`."""
        return self._entered(Asked(caller, (Verb.SWEEP,), Purpose.ADMINISTRATION, None, at), sweeping=True)

    @contextmanager
    def _entered(self, asked: Asked, blocks: Sequence[Block] = (), *, sweeping: bool = False) -> Iterator[Permit]:
        """`sweeping` opens no vault, and a yes leaves a leaf only if something was done."""
        caller = asked.caller
        try:
            with transaction.atomic(durable=True):
                self._set_context(caller, asked.at)
                standing = self._standing(caller)
                thing = NOTHING if asked.client is None else vault_facts.client_thing(asked.client)
                if standing is None or thing is None:
                    raise _No(None)
                verbs, decision, scope = self._decide(asked, standing, thing, blocks)
                permit = Permit.issue(
                    verbs=verbs,
                    agency_id=caller.agency,
                    member_id=caller.member,
                    actor=caller.actor,
                    purpose=asked.purpose,
                    decision=decision,
                    at=asked.at,
                    vault=None if sweeping else self._open(caller),
                    scope=scope,
                )
                try:
                    yield permit
                    if permit.deeds and asked.client is not None and not permit.verbs.isdisjoint(gaps.LOOKS):
                        gaps.look(permit=permit, at=asked.at, client_id=asked.client)
                    if permit.deeds or not sweeping:
                        self._write(asked, decision, outcome=True, permit=permit)
                finally:
                    permit.close()
        except (_No, Refused) as no:
            self._refuse(asked, no.decision if isinstance(no, _No) else None)
            raise Refused from None

    def memberships(self, account: UUID, at: datetime) -> list[partners.Membership]:
        """Where an account that just signed in works; the only question asked without an agency."""
        with transaction.atomic(durable=True):
            self._set_note(agency=None, account=account, at=at)
            return partners.memberships(account)

    @contextmanager
    def founding(self, agency: UUID, at: datetime) -> Iterator[None]:
        """The operator's context for writing a new agency into the directory; it opens nothing that exists."""
        with transaction.atomic(durable=True):
            self._set_note(agency=agency, account=None, at=at)
            yield

    def open_with_paper(self, agency: UUID, paper: str, at: datetime) -> Vault:
        """The director's recovery key, typed in. Raises WrongKey, VaultClosed."""
        with transaction.atomic(durable=True):
            self._set_note(agency=agency, account=None, at=at)
            return open_vault(agency_id=agency, member_id=None, private=None, keyring=None, paper=paper)

    def _decide(
        self, asked: Asked, standing: Standing, thing: Thing, blocks: Sequence[Block]
    ) -> tuple[tuple[Verb, ...], Decision, Scope]:
        """The verbs that are allowed, the answer to them, and what lists are narrowed to. Need to know binds a worker
        as a worker: what another role of hers allows (a supervisor's, a privacy officer's) reaches every file that is
        not walled off."""
        member, scope = standing.member, standing.scope
        if scope.only is not None:
            other = replace(member, roles=member.roles - {Role.WORKER})
            decision = self._answer(asked, standing.agency, other, thing, blocks)
            if decision.level > Level.NONE:
                return *self._besides(asked, standing.agency, other, thing, blocks, decision), Scope(scope.hidden)
            if asked.client is not None and asked.client not in scope.only:
                blocks = (*blocks, Block(BlockKind.NEED_TO_KNOW, thing.subject))
        decision = self._answer(asked, standing.agency, member, thing, blocks)
        if decision.level is Level.NONE:
            return asked.verbs, *self._through_glass(asked, standing, thing, decision)
        return *self._besides(asked, standing.agency, member, thing, blocks, decision), scope

    def _besides(
        self,
        asked: Asked,
        agency: Agency,
        member: Member,
        thing: Thing,
        blocks: Sequence[Block],
        decision: Decision,
    ) -> tuple[tuple[Verb, ...], Decision]:
        """With the further verbs that the same roles allow, and the rules that say so."""
        verbs = asked.verbs
        for verb in asked.besides:
            also = self._answer(replace(asked, verbs=(verb,)), agency, member, thing, blocks)
            if also.level > Level.NONE:
                verbs = (*verbs, verb)
                because = dict.fromkeys((*decision.because, *also.because))
                decision = replace(decision, because=tuple(because))
        return verbs, decision

    def _through_glass(
        self, asked: Asked, standing: Standing, thing: Thing, refused: Decision
    ) -> tuple[Decision, Scope]:
        """The answer while a glass of hers stands on this file: as for a worker of it, for reading and reaching her
        alone. Lists show that file and nothing else."""
        broken = None if asked.client is None else standing.broken.get(asked.client)
        if broken is None or not GLASS_OPENS.issuperset(asked.verbs):
            raise _No(refused)
        conflicts = standing.member.conflicts - {thing.subject}
        stand_in = Member(id=standing.member.id, roles=frozenset({Role.WORKER}), conflicts=conflicts)
        decision = self._answer(asked, standing.agency, stand_in, thing, ())
        if decision.level is Level.NONE:
            raise _No(decision)
        files = frozenset(id for id, each in standing.broken.items() if each.glass == broken.glass)
        because = (law().rules[BREAK_GLASS].because, *decision.because)
        relying = (str(broken.glass),)
        return replace(decision, because=because, relying_on=relying, until=broken.until), Scope(only=files)

    @staticmethod
    def _answer(asked: Asked, agency: Agency, member: Member, thing: Thing, blocks: Sequence[Block]) -> Decision:
        """What the law says to the last of the verbs, or to the first that it refuses."""
        decision: Decision | None = None
        for verb in asked.verbs:
            decision = decide(
                law(),
                Question(
                    verb=verb,
                    asker=agency,
                    member=member,
                    holder=agency,
                    thing=thing,
                    purpose=asked.purpose,
                    at=asked.at,
                    blocks=tuple(blocks),
                ),
            )
            if decision.level is Level.NONE:
                break
        assert decision is not None, "a request names at least one verb"
        return decision

    def standing(self, caller: Caller) -> Standing:
        """The asking side as facts, for a second question in the same transaction."""
        found = self._standing(caller)
        if found is None:
            raise Refused
        return found

    def _standing(self, caller: Caller) -> Standing | None:
        if caller.member is None:
            agency = partners.agency(caller.agency)
            return Standing(agency, Member(id=caller.actor, roles=frozenset({Role.SYSTEM}))) if agency else None
        row = caller.account and partners.member(caller.agency, caller.member, caller.account)
        if not row:
            return None
        known = vault_facts.known(row.id, teams=row.agency.access == Access.TEAM)
        member = replace(partners.member_fact(row), conflicts=known.conflicts)
        return Standing(partners.agency_fact(row.agency), member, known.scope, known.broken)

    def _open(self, caller: Caller) -> Vault | None:
        try:
            return open_vault(
                agency_id=caller.agency,
                member_id=caller.member,
                private=caller.private,
                keyring=self._keys.keyring,
            )
        except (VaultClosed, WrongKey) as error:
            if caller.member is None:
                return None
            raise SignInAgain from error

    def _set_context(self, caller: Caller, at: datetime, lens: str = "live") -> None:
        self._set_note(agency=caller.agency, account=caller.account, at=at, lens=lens)

    def _set_note(self, *, agency: UUID | None, account: UUID | None, at: datetime, lens: str = "live") -> None:
        signed = note(self._keys.context, agency=agency, account=account, now=at.timestamp(), lens=lens)
        with connection.cursor() as cursor:
            cursor.execute("select set_config('accord.context', %s, true)", [signed])

    def _write(self, asked: Asked, decision: Decision | None, *, outcome: bool, permit: Permit | None) -> None:
        write_leaf(
            agency=asked.caller.agency,
            at=asked.at,
            actor=asked.caller.actor,
            verb=asked.verbs[0],
            purpose=asked.purpose,
            outcome=outcome,
            rules=tuple(because.rule for because in decision.because) if decision else (),
            relying=decision.relying_on if decision else (),
            thing=f"client:{asked.client}" if asked.client else "",
            client=asked.client,
            deeds=permit.deeds if permit else (),
            shown=permit.shown if permit else (),
        )

    def _refuse(self, asked: Asked, decision: Decision | None) -> None:
        """The refusal outlives the rollback: its own transaction, in the asker's own ledger."""
        with transaction.atomic(durable=True):
            self._set_context(asked.caller, asked.at)
            self._write(asked, decision, outcome=False, permit=None)


class _No(Exception):
    def __init__(self, decision: Decision | None) -> None:
        self.decision = decision

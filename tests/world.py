"""Small worlds for tests: agencies with members who can really sign in, and people in their vaults."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accord.accounts import actions as accounts
from accord.agreements import actions as drafting
from accord.agreements.beginning import beginning
from accord.agreements.rules import Parties
from accord.config.service import gate
from accord.gate import Caller, disclose
from accord.gate.asking import tables
from accord.gate.founding import NewAgency, found
from accord.partners import actions as partners
from accord.partners import queries as directory
from accord.partners.models import VaultMode
from accord.partners.rules import every_way
from accord.policy.facts import Agency
from accord.policy.words import AgencyKind, Category, Duty, Element, Level, Purpose, Role, Verb
from accord.sealing.members import Cost
from accord.sharing import actions as sharing
from accord.vault import actions as vault
from accord.vault.rules import Detail, Identity, SafeContact, Summary

#: Argon2id with as little work as it allows: tests prove who can open, not how long guessing takes.
CHEAP = Cost(memory=8, passes=1, lanes=1)
PASSWORD = "a long enough passphrase"
_number = itertools.count(1)


@dataclass
class Worker:
    """A member who has enrolled: who she is, how she signs in, and her opened key."""

    agency: UUID
    account: UUID
    member: UUID
    email: str
    private: bytes = field(repr=False)

    @property
    def caller(self) -> Caller:
        return Caller(agency=self.agency, account=self.account, member=self.member, private=self.private)

    def enter(self, *verbs: Verb, client: UUID | None = None, purpose: Purpose = Purpose.OWN_SERVICE, at=None, **more):
        return gate().enter(self.caller, *verbs, purpose=purpose, at=at or timezone.now(), client=client, **more)


@dataclass
class House:
    """An agency with one enrolled member per role asked for."""

    id: UUID
    name: str
    paper: str
    workers: dict[Role, Worker]

    def __getitem__(self, role: Role) -> Worker:
        return self.workers[role]

    @property
    def worker(self) -> Worker:
        return self.workers[Role.WORKER]


class World:
    """Makes agencies and people. Everything is random, so worlds never meet."""

    def agency(
        self,
        kind: AgencyKind = AgencyKind.VICTIM_SERVICES,
        duties: frozenset[Duty] = frozenset({Duty.VAWA}),
        roles: tuple[Role, ...] = (Role.WORKER,),
    ) -> House:
        number = next(_number)
        mode = VaultMode.SERVICE if kind is AgencyKind.HOSPITAL else VaultMode.MEMBER
        name = f"{kind.value} {number} {secrets.token_hex(3)}"
        first = (Role.DIRECTOR, *(role for role in roles if role is not Role.DIRECTOR))
        founded = found(
            gate(),
            NewAgency(
                name=name,
                short=f"{kind.value[:12]} {number}",
                prefix="T" + "BCDFG"[number % 5],
                kind=kind,
                duties=duties,
                mode=mode,
                point_person="Point Person",
            ),
            at=timezone.now(),
            members=[
                (f"{role.value}.{secrets.token_hex(5)}@example.org", f"{role.value} {number}", "", (role,))
                for role in first
            ],
            cost=CHEAP,
        )
        workers = {}
        for role, (email, member, code) in zip(first, founded.members, strict=True):
            account = accounts.enrol(email=email, code=code, password=PASSWORD, at=timezone.now(), cost=CHEAP)
            workers[role] = Worker(
                founded.agency, account.id, member, email, accounts.unlock(account=account, password=PASSWORD)
            )
        return House(founded.agency, name, founded.paper, workers)

    def hospital(self, roles: tuple[Role, ...] = (Role.WORKER,)) -> House:
        return self.agency(AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}), roles)

    def police(self, roles: tuple[Role, ...] = (Role.WORKER,)) -> House:
        return self.agency(AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS}), roles)

    def colleague(self, house: House, name: str = "Another Worker", roles: tuple[Role, ...] = (Role.WORKER,)) -> Worker:
        """One more member, let in by the director and enrolled."""
        email = f"{secrets.token_hex(6)}@example.org"
        with house[Role.DIRECTOR].enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
            member, code = partners.add_member(
                permit=permit, at=permit.at, email=email, name=name, title="", roles=roles, cost=CHEAP
            )
        account = accounts.enrol(email=email, code=code, password=PASSWORD, at=timezone.now(), cost=CHEAP)
        return Worker(house.id, account.id, member, email, accounts.unlock(account=account, password=PASSWORD))

    def keep_to_teams(self, house: House) -> None:
        with house[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
            partners.change_access(permit=permit, at=permit.at, access="team")

    def client(self, worker: Worker, identity: Identity | None = None, contact: SafeContact | None = None) -> UUID:
        with worker.enter(Verb.OPEN_CLIENT) as permit:
            return vault.open_client(
                permit=permit,
                at=permit.at,
                identity=identity or Identity(given="Ana", family="Prueba"),
                contact=contact,
            )

    def entry(
        self,
        worker: Worker,
        client: UUID,
        category: Category = Category.INJURIES,
        text: str = "Two injuries recorded.",
        narrative: str = "",
        **values: str,
    ) -> UUID:
        with worker.enter(Verb.ADD_ENTRY, client=client) as permit:
            return vault.add_entries(
                permit=permit,
                at=permit.at,
                client_id=client,
                entries=[
                    vault.NewEntry(
                        kind="note",
                        category=category,
                        occurred_at=permit.at,
                        summary=Summary.typed(text),
                        detail=Detail(values=values, narrative=narrative),
                    )
                ],
            )[0]

    def release(
        self,
        worker: Worker,
        client: UUID,
        recipient: House,
        grants: dict[Category, Level] | None = None,
        purpose: Purpose = Purpose.SAFETY,
        days: int = 15,
    ) -> UUID:
        """Prepared, explained, signed and sent, as the product does it."""
        with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
            release_id = sharing.prepare(
                permit=permit,
                at=permit.at,
                client_id=client,
                recipient_id=recipient.id,
                purpose=purpose,
                grants=grants or {Category.INJURIES: Level.SUMMARY},
                last_day=permit.at.date() + timedelta(days=days),
                language="en",
            )
        with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
            release = sharing.sign(
                permit=permit,
                at=permit.at,
                release_id=release_id,
                spoken=frozenset(Element),
                method="paper",
                copy="given",
                signature="A. P.",
            )
            disclose(gate(), permit, worker.caller, release)
        return release_id

    def withdraw(self, worker: Worker, client: UUID, release_id: UUID) -> int:
        with worker.enter(Verb.WITHDRAW_RELEASE, client=client) as permit:
            return sharing.withdraw(permit=permit, at=permit.at, release_id=release_id, how="phone")

    def accept(self, worker: Worker, client: UUID | None = None) -> UUID:
        """Accept the first thing that waits, opening a client from it when none is given. Returns the client."""
        from accord.sharing import queries

        with worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            first = queries.waiting(permit=permit)[0]
        with worker.enter(Verb.ACCEPT_ENVELOPE, Verb.OPEN_CLIENT, Verb.FIND_CLIENTS) as permit:
            if client is None:
                client = vault.open_client(permit=permit, at=permit.at, identity=Identity())
            sharing.accept(
                permit=permit,
                at=permit.at,
                partner_id=first.holder_id,
                thread=first.thread,
                client_id=client,
                answers={view.id: view.content.answers for view in first.envelopes},
            )
        return client


def from_elsewhere() -> str:
    """An address nobody has asked from yet: sign-ins from one are counted, and tests sign in often."""
    number = next(_number)
    return f"10.3.{number // 250 % 250}.{number % 250 + 1}"


def propose(proposer: House, *others: House, categories=(Category.LEGAL,), purposes=(Purpose.SUPERVISION,), days=300):
    """An agreement laid before its parties by the proposer's director, about everything that they could tell each
    other; it begins now, and nobody drafted it. Returns its id."""
    with proposer[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
        return partners.propose(
            permit=permit,
            at=permit.at,
            title=f"Protocol {next(_number)}",
            parties=frozenset({proposer.id, *(house.id for house in others)}),
            categories=frozenset(categories),
            purposes=frozenset(purposes),
            mechanism="envelope",
            since_at=permit.at,
            until_at=permit.at + timedelta(days=days),
            version=secrets.token_bytes(32),
            ways=every_way((proposer.id, *(house.id for house in others)), categories, purposes),
        )


def agree(proposer: House, *others: House, **words) -> UUID:
    """An agreement that every party's director has signed."""
    id = propose(proposer, *others, **words)
    for house in (proposer, *others):
        with house[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
            partners.sign_agreement(permit=permit, at=permit.at, agreement_id=id)
    return id


def draft(starter: House, *others: House, categories=(Category.LEGAL,), purposes=(Purpose.SUPERVISION,)) -> UUID:
    """A draft with words to begin with, and everybody who signs named: nothing is missing in it. Returns its id."""
    with starter[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
        ids = {starter.id, *(house.id for house in others)}
        cards = {id: card for id, card in directory.directory(permit=permit).items() if id in ids}
        parties = Parties(
            {id: Agency(str(id), card.kind, frozenset(card.duties)) for id, card in cards.items()},
            {id: card.name for id, card in cards.items()},
        )
        today = permit.at.date()
        sections, flows = beginning(
            parties, categories, purposes, "envelope", today, today + timedelta(days=300), tables(permit.at), str,
            {id: card.focal for id, card in cards.items()},
        )  # fmt: skip
        sections["parties"]["signatory"] = {str(id): "The director" for id in ids}
        return drafting.begin(
            permit=permit,
            at=permit.at,
            title=f"Protocol {next(_number)}",
            parties=frozenset(ids),
            sections=sections,
            flows=flows,
        )

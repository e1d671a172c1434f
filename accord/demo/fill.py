"""Acting a story out: every agency, member, client, entry and release comes into being through the gate and the rooms'
own actions, exactly as in the product. Nothing is written past them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accord.accounts import actions as accounts
from accord.demo.passphrases import SignIn, passphrase
from accord.demo.story import Agency, Client, Coded, Fate, Release, Story, Typed
from accord.gate import Caller, Gate, Refused, disclose
from accord.gate.founding import NewAgency, VaultMode, found
from accord.ledger import actions as ledger
from accord.ledger.permits import Permit
from accord.policy.words import Category, Element, Purpose, Role, Verb
from accord.records.health import actions as health
from accord.records.health import rules as coded
from accord.sealing.members import STANDARD, Cost
from accord.sharing import actions as sharing
from accord.sharing import queries as envelopes
from accord.vault import actions as vault
from accord.vault import queries
from accord.vault.rules import Detail, Identity, Summary

#: Enrolment codes are used at once and locked under a passphrase then: no need to make guessing them slow.
CODE_COST = Cost(memory=8, passes=1, lanes=1)
#: What a hospital's list says, and what a release picks it by.
LISTED: Mapping[str, Category] = {
    "medication": Category.MEDICATIONS,
    "allergy": Category.ALLERGIES,
    "problem": Category.CONDITIONS,
}

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """How to sign in to what was filled; `papers`: agency's name -> its director's recovery key."""

    sign_ins: tuple[SignIn, ...]
    papers: Mapping[str, str]


@dataclass(slots=True)
class House:
    """An agency of the story that now exists."""

    id: UUID
    callers: dict[Role, Caller]


def steps(story: Story) -> int:
    """How often `fill` calls its `step`."""
    return sum(len(agency.members) for agency in story.agencies) + len(story.clients) + len(story.releases) + 1


def fill(gate: Gate, story: Story, *, step: Step, cost: Cost = STANDARD) -> Filled:
    """Act out a story in an empty community; `step` hears what is being done, `steps(story)` times. `cost` is what
    guessing a passphrase costs."""
    houses: dict[str, House] = {}
    sign_ins: list[SignIn] = []
    papers: dict[str, str] = {}
    for agency in story.agencies:
        houses[agency.key], papers[agency.name] = _found(gate, agency, sign_ins, step, cost)
    acting = _Acting(gate, houses)
    files: list[UUID] = []
    for client in story.clients:
        step("Opening files")
        files.append(acting.open(client))
    for release in story.releases:
        step("Signing releases")
        acting.release(release, story.clients[release.client], files)
    step("Writing the ledger")
    acting.look_around(story, files)
    acting.sequence()
    return Filled(tuple(sign_ins), papers)


def _found(gate: Gate, agency: Agency, sign_ins: list[SignIn], step: Step, cost: Cost) -> tuple[House, str]:
    at = timezone.now()
    director = next(member for member in agency.members if member.role is Role.DIRECTOR)
    worker = next(member for member in agency.members if member.role is Role.WORKER)
    founded = found(
        gate,
        NewAgency(
            name=agency.name,
            short=agency.short,
            prefix=agency.prefix,
            kind=agency.kind,
            duties=agency.duties,
            mode=VaultMode("service" if agency.service else "member"),
            point_person=worker.name,
            deputy=director.name,
            phone=agency.phone,
        ),
        at=at,
        members=[(member.email, member.name, member.title, (member.role,)) for member in agency.members],
        cost=CODE_COST,
    )
    callers = {}
    for member, (email, member_id, code) in zip(agency.members, founded.members, strict=True):
        step("Letting members in")
        words = passphrase()
        account = accounts.enrol(email=email, code=code, password=words, at=timezone.now(), cost=cost)
        sign_ins.append(SignIn(agency.name, member.role.value, member.name, email, words))
        # Only who acts in the story opens her key: each opening takes Argon2id's time.
        acts = member.role is Role.WORKER
        private = accounts.unlock(account=account, password=words) if acts else None
        callers[member.role] = Caller(agency=founded.agency, account=account.id, member=member_id, private=private)
    return House(founded.agency, callers), founded.paper


class _Acting:
    """The workers of the story at work."""

    def __init__(self, gate: Gate, houses: Mapping[str, House]) -> None:
        self._gate, self._houses = gate, houses

    @contextmanager
    def _as_worker(self, agency: str, *verbs: Verb, client: UUID | None = None) -> Iterator[Permit]:
        caller = self._houses[agency].callers[Role.WORKER]
        with self._gate.enter(caller, *verbs, purpose=Purpose.OWN_SERVICE, at=timezone.now(), client=client) as permit:
            yield permit

    def open(self, client: Client) -> UUID:
        """A client's file with everything in it. Dated back in the story; the ledger says when it was really done."""
        with self._as_worker(client.agency, Verb.OPEN_CLIENT) as permit:
            id = vault.open_client(
                permit=permit,
                at=_ago(permit.at, client.opened_days_ago),
                identity=client.identity,
                contact=client.contact,
                harms=client.harms,
            )
        verbs = (Verb.ADD_ENTRY, Verb.READ_CLIENT, *((Verb.EDIT_CLIENT,) if client.others else ()))
        with self._as_worker(client.agency, *verbs, client=id) as permit:
            for relation, identity in client.others:
                at = _ago(permit.at, client.opened_days_ago)
                vault.add_person(permit=permit, at=at, client_id=id, relation=relation, identity=identity)
            for entry in sorted(client.entries, key=lambda entry: -entry.days_ago):
                self._write(permit, id, entry)
        return id

    def _write(self, permit: Permit, client: UUID, entry: Coded | Typed) -> None:
        at = _ago(permit.at, entry.days_ago)
        if isinstance(entry, Coded) and entry.kind == "service":
            herself = queries.herself(permit=permit, client_id=client).id
            vault.note_service(
                permit=permit,
                at=at,
                client_id=client,
                about=[herself],
                occurred_at=at,
                narrative=entry.narrative,
                **entry.values,
            )
            return
        if isinstance(entry, Coded) and entry.kind in coded.KINDS:
            health.note(
                permit=permit,
                at=at,
                client_id=client,
                kind=entry.kind,
                values=entry.values,
                narrative=entry.narrative,
                day=_day(entry, at.date()),
            )
            return
        if isinstance(entry, Coded):
            template, filled = coded.summary(entry.kind, entry.values)
            new = vault.NewEntry(
                kind=entry.kind,
                category=LISTED[entry.kind],
                occurred_at=at,
                status=str(entry.values["status"]),
                summary=Summary(template=template, values=filled),
                detail=Detail(values=entry.values),
            )
        else:
            new = vault.NewEntry(
                kind=entry.kind,
                category=entry.category,
                occurred_at=at,
                summary=Summary.typed(entry.summary),
                detail=Detail(narrative=entry.narrative),
            )
        vault.add_entries(permit=permit, at=at, client_id=client, entries=[new])

    def release(self, release: Release, client: Client, files: list[UUID]) -> None:
        """Prepare, sign, send, accept, take back: as far as the story goes."""
        file, holder = files[release.client], client.agency
        with self._as_worker(holder, Verb.PREPARE_RELEASE, client=file) as permit:
            id = sharing.prepare(
                permit=permit,
                at=_ago(permit.at, release.signed_days_ago),
                client_id=file,
                recipient_id=self._houses[release.recipient].id,
                purpose=release.purpose,
                grants=release.grants,
                last_day=release.last_day,
                language="es" if client.identity.language == "es" else "en",
            )
        if release.fate is Fate.PREPARED:
            return
        with self._as_worker(holder, Verb.SIGN_RELEASE, client=file) as permit:
            signed = sharing.sign(
                permit=permit,
                at=_ago(permit.at, release.signed_days_ago),
                release_id=id,
                spoken=frozenset(Element),
                method="screen",
                copy="given",
                signature=client.identity.name,
            )
            disclose(self._gate, permit, self._houses[holder].callers[Role.WORKER], signed)
        if release.fate in (Fate.ACCEPTED, Fate.ENDING, Fate.WITHDRAWN):
            self._accept(release, None if release.tied is None else files[release.tied])
        if release.fate in (Fate.WITHDRAWN, Fate.WITHDRAWN_UNSEEN):
            with self._as_worker(holder, Verb.WITHDRAW_RELEASE, client=file) as permit:
                sharing.withdraw(permit=permit, at=permit.at, release_id=id, how="phone")

    def _accept(self, release: Release, own: UUID | None) -> None:
        """The newest thing that waits is tied to an own client, or opens one that is known by its code alone."""
        with self._as_worker(release.recipient, Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            newest = max(envelopes.waiting(permit=permit, limit=1_000), key=lambda waiting: waiting.arrived_at)
        verbs = (Verb.ACCEPT_ENVELOPE, Verb.OPEN_CLIENT, Verb.FIND_CLIENTS)
        with self._as_worker(release.recipient, *verbs) as permit:
            if own is None:
                own = vault.open_client(permit=permit, at=permit.at, identity=Identity())
            sharing.accept(
                permit=permit,
                at=permit.at,
                partner_id=newest.holder_id,
                thread=newest.thread,
                client_id=own,
                answers={view.id: view.content.answers for view in newest.envelopes},
            )

    def look_around(self, story: Story, files: list[UUID]) -> None:
        """A few readings and one refusal, so that a privacy officer's log has something to say."""
        seen: dict[str, int] = {}
        for client, file in zip(story.clients, files, strict=True):
            seen[client.agency] = seen.get(client.agency, 0) + 1
            if seen[client.agency] <= 4:
                with self._as_worker(client.agency, Verb.READ_CLIENT, client=file) as permit:
                    queries.client(permit=permit, client_id=file)
            if seen[client.agency] == 1:
                director = self._houses[client.agency].callers[Role.DIRECTOR]
                with (
                    suppress(Refused),
                    self._gate.enter(
                        director, Verb.READ_CLIENT, purpose=Purpose.OWN_SERVICE, at=timezone.now(), client=file
                    ),
                ):
                    raise AssertionError("a director reads no client record")

    def sequence(self) -> None:
        """Put all leaves into the trees, so that the first page already shows a checkpoint."""
        for house in self._houses.values():
            system = Caller(agency=house.id, job="sequencer")
            with self._gate.housekeeping(system, at=timezone.now()) as permit:
                ledger.sequence(permit=permit, at=permit.at)


def _ago(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _day(entry: Coded, told: date) -> date:
    """The day an entry stands at: a visit at the first day it is due, all else when it was told."""
    return date.fromisoformat(entry.values["first_day"]) if entry.kind == "visit" else told

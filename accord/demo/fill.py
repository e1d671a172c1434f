"""Acting a story out: every agency, member, client, entry and release comes into being through the gate and the rooms'
own actions, exactly as in the product. Nothing is written past them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from accord.accounts import actions as accounts
from accord.agreements import actions as drafts
from accord.agreements.beginning import MODEL, beginning
from accord.agreements.rules import Parties
from accord.coordination.protocols import actions as agreed
from accord.coordination.protocols.facts import protocols
from accord.coordination.tasks import actions as tasks
from accord.coordination.tracks import actions as tracks
from accord.coordination.tracks import queries as cases_of
from accord.demo import county, work
from accord.demo.chores import CHORES, Then
from accord.demo.passphrases import SignIn, passphrase
from accord.demo.referring import Referring
from accord.demo.signing import signature
from accord.demo.story import LISTED, Client, Coded, Conversation, Fate, Part, Served, Story, Typed
from accord.gate import Caller, Gate, Refused, disclose_all
from accord.gate import flows as by_law
from accord.gate.asking import tables
from accord.gate.founding import NewAgency, VaultMode, found
from accord.gate.updates import also_send
from accord.learning.gaps import actions as gaps
from accord.learning.gaps import queries as missing
from accord.ledger import actions as ledger
from accord.ledger.permits import Permit
from accord.partners import actions as partners
from accord.partners import queries as directory
from accord.policy.facts import Agency
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.records.health import rules as coded
from accord.sealing.members import STANDARD, Cost
from accord.sharing import actions as sharing
from accord.sharing import queries as envelopes
from accord.vault import actions as vault
from accord.vault import queries
from accord.vault.rules import Detail, Identity, Summary, service_checked

#: Enrolment codes are used at once and locked under a passphrase then: no need to make guessing them slow.
CODE_COST = Cost(memory=8, passes=1, lanes=1)
#: Files opened in one go.
BATCH = 40
RELEASED = (Fate.ACCEPTED, Fate.CONFIRMED, Fate.ENDING, Fate.WITHDRAWN, Fate.RELAYED)

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
    members = sum(len(agency.members) for agency in story.agencies)
    batches = sum(-(-len(files) // BATCH) for files in _by_agency(story).values())
    return members + batches + len(story.agreements) + len(story.agencies) + len(story.conversations) + 2


def fill(gate: Gate, story: Story, *, step: Step, cost: Cost = STANDARD) -> Filled:
    """Act out a story in an empty community; `step` hears what is being done, `steps(story)` times. `cost` is what
    guessing a passphrase costs."""
    houses: dict[str, House] = {}
    sign_ins: list[SignIn] = []
    papers: dict[str, str] = {}
    for agency in story.agencies:
        houses[agency.key], papers[agency.name] = _found(gate, agency, sign_ins, step, cost)
    acting = _Acting(gate, houses)
    for agreement in story.agreements:
        step("Signing agreements")
        acting.agree(agreement)
    acting.hold_itself()
    for key, places in _by_agency(story).items():
        for first in range(0, len(places), BATCH):
            step("Opening files")
            acting.open(key, [(place, story.clients[place]) for place in places[first : first + BATCH]])
    for agency in story.agencies:
        step("Going steps")
        acting.go(agency.key, [case for case in story.cases if story.clients[case.client].agency == agency.key])
    for conversation in story.conversations:
        step("Signing releases")
        acting.release(conversation, story)
    step("Everything else")
    acting.everything_else(story)
    acting.refer(story)
    acting.note_chores(story)
    step("Writing the ledger")
    acting.look_for_gaps()
    acting.tell_gaps(story)
    acting.look_around(story)
    acting.sequence()
    return Filled(tuple(sign_ins), papers)


def _by_agency(story: Story) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, client in enumerate(story.clients):
        found.setdefault(client.agency, []).append(place)
    return found


def _found(gate: Gate, agency: county.Agency, sign_ins: list[SignIn], step: Step, cost: Cost) -> tuple[House, str]:
    at = timezone.now()
    director = next(member for member in agency.members if Role.DIRECTOR in member.roles)
    worker = next(member for member in agency.members if Role.WORKER in member.roles)
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
            hours="Mon-Fri 8:30-17:00; nights by the hotline",
            languages="English, Spanish",
            about=agency.asked,
        ),
        at=at,
        members=[(member.email, member.name, member.title, member.roles) for member in agency.members],
        cost=CODE_COST,
    )
    callers = {}
    for member, (email, member_id, code) in zip(agency.members, founded.members, strict=True):
        step("Letting members in")
        words = passphrase()
        account = accounts.enrol(email=email, code=code, password=words, at=timezone.now(), cost=cost)
        sign_ins.append(SignIn(agency.name, member.roles[0].value, member.name, email, words))
        # Only who acts in the story opens her key: each opening takes Argon2id's time.
        acts = not {Role.WORKER, Role.DIRECTOR}.isdisjoint(member.roles)
        private = accounts.unlock(account=account, password=words) if acts else None
        caller = Caller(agency=founded.agency, account=account.id, member=member_id, private=private)
        callers |= dict.fromkeys(member.roles, caller)
    house = House(founded.agency, callers)
    if agency.team:
        with _entered(gate, house.callers[Role.DIRECTOR], Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
            partners.change_access(permit=permit, at=permit.at, access="team")
    return house, founded.paper


@contextmanager
def _entered(
    gate: Gate, caller: Caller, *verbs: Verb, client: UUID | None = None, purpose: Purpose = Purpose.OWN_SERVICE
) -> Iterator[Permit]:
    with gate.enter(caller, *verbs, purpose=purpose, at=timezone.now(), client=client) as permit:
        yield permit


class _Acting:
    """The people of the story at work. `files`: place in the story -> the client's id."""

    def __init__(self, gate: Gate, houses: Mapping[str, House]) -> None:
        self._gate, self._houses = gate, houses
        self._files: dict[int, UUID] = {}

    def _worker(self, agency: str) -> Caller:
        return self._houses[agency].callers[Role.WORKER]

    def _as_worker(self, agency: str, *verbs: Verb, client: UUID | None = None):  # type: ignore[no-untyped-def]
        return _entered(self._gate, self._worker(agency), *verbs, client=client)

    def agree(self, agreement: county.Agreement) -> None:
        """Drafted by the first party, laid before all, signed by each for itself, suspended by one if the story says
        so; or still a draft, to which the second party has something to say."""
        ids = {self._houses[key].id: key for key in agreement.parties}
        with self._as_director(agreement.parties[0]) as permit:
            draft = self._drafted(permit, agreement, ids)
        if agreement.remark:
            with self._as_director(agreement.parties[1]) as permit:
                words = {"text": f"{MODEL['principles']['text']}\n{agreement.remark}"}
                drafts.change_section(
                    permit=permit, at=permit.at, draft_id=draft, seen=1, section="principles", title=agreement.title,
                    values=words,
                )  # fmt: skip
            with self._as_director(agreement.parties[0], Verb.COMMENT_AGREEMENT) as permit:
                text = "This sentence lets nobody here tell anything. What did you want it for?"
                drafts.comment(permit=permit, at=permit.at, draft_id=draft, section="principles", text=text)
            return
        with self._as_director(agreement.parties[0]) as permit:
            id = drafts.lay(permit=permit, at=permit.at, draft_id=draft, seen=1, tables=tables(permit.at))
        for key in agreement.signed_by or agreement.parties:
            with self._as_director(key) as permit:
                partners.sign_agreement(permit=permit, at=permit.at, agreement_id=id)
        if agreement.suspended_by:
            with self._as_director(agreement.suspended_by) as permit:
                partners.suspend_agreement(
                    permit=permit, at=permit.at, agreement_id=id, because="New form to be agreed on first."
                )

    def hold_itself(self) -> None:
        """One agency asks more of itself than was agreed, since before its cases began."""
        key, protocol, own, why = work.OWN_TIMES
        with self._as_director(key, Verb.KEEP_OWN_TIMES) as permit:
            agreed.hold(permit=permit, at=_ago(permit.at, 400), code=protocol, wanted=[own], why=why)

    def _drafted(self, permit: Permit, agreement: county.Agreement, ids: Mapping[UUID, str]) -> UUID:
        cards = {id: card for id, card in directory.directory(permit=permit).items() if id in ids}
        facts = {id: Agency(str(id), card.kind, frozenset(card.duties)) for id, card in cards.items()}
        today = timezone.localdate(permit.at)
        sections, flows = beginning(
            Parties(facts, {id: card.name for id, card in cards.items()}),
            sorted(agreement.categories),
            sorted(agreement.purposes),
            agreement.mechanism,
            today,
            today + timedelta(days=agreement.days_left - 1),
            tables(permit.at),
            str,
            {id: card.focal for id, card in cards.items()},
        )
        sections["parties"]["signatory"] = {str(id): f"{card.deputy}, Director" for id, card in cards.items()}
        return drafts.begin(
            permit=permit, at=permit.at, title=agreement.title, parties=frozenset(ids), sections=sections, flows=flows
        )

    def _as_director(self, key: str, verb: Verb = Verb.MANAGE_AGENCY):  # type: ignore[no-untyped-def]
        director = self._houses[key].callers[Role.DIRECTOR]
        return _entered(self._gate, director, verb, purpose=Purpose.ADMINISTRATION)

    def open(self, agency: str, clients: Iterable[tuple[int, Client]]) -> None:
        """Files with everything in them. Dated back in the story; the ledger says when it was really done."""
        clients = list(clients)
        with self._as_worker(agency, Verb.OPEN_CLIENT) as permit:
            new = [_new(client, permit.at) for _place, client in clients]
            ids = vault.open_clients(permit=permit, at=permit.at, new=new)
        self._files |= {place: id for (place, _client), id in zip(clients, ids, strict=True)}
        for (_place, client), id in zip(clients, ids, strict=True):
            of_others = [entry for entry in client.entries if isinstance(entry, Served) and entry.who]
            if of_others:
                with self._as_worker(agency, Verb.ADD_ENTRY, Verb.READ_CLIENT, client=id) as permit:
                    self._serve(permit, id, client, of_others)

    def _serve(self, permit: Permit, id: UUID, client: Client, served: Iterable[Served]) -> None:
        """Services of the others of her story, whom only their names tell apart here."""
        others = queries.client(permit=permit, client_id=id, entries=0).others
        people = {(person.relation, person.identity.given, person.identity.born): person.id for person in others}
        for each in served:
            relation, identity = client.others[each.who - 1]
            vault.note_service(
                permit=permit,
                at=permit.at,
                client_id=id,
                about=[people[relation, identity.given, identity.born]],
                service=each.service,
                step=each.step,
                occurred_at=_ago(permit.at, each.days_ago),
                why=each.why,
            )

    def go(self, agency: str, cases: Iterable[work.Case]) -> None:
        """Cases go their way through a protocol, all of an agency in one transaction. Dated back, like the files."""
        with self._as_worker(agency, Verb.MOVE_TRACK, Verb.READ_CLIENT) as permit:
            for case in cases:
                self._go(permit, case)

    def _go(self, permit: Permit, case: work.Case) -> None:
        file, now = self._files[case.client], permit.at
        protocol = protocols(now)[case.protocol]
        about = queries.herself(permit=permit, client_id=file).id
        first, *others = case.steps
        track = tracks.begin(
            permit=permit, at=_ago(now, first.days_ago), client_id=file, protocol=protocol.code, state=first.state,
            about=about, given=work.written(protocol, first.given, now),
        )  # fmt: skip
        for number, step in enumerate(others, 1):
            tracks.move(
                permit=permit, at=_ago(now, step.days_ago), client_id=file, track_id=track, step=step.code,
                given=work.written(protocol, step.given, now), number_seen=number,
            )  # fmt: skip
        if case.met:
            view = cases_of.track(permit=permit, client_id=file, track_id=track)
            for due in view.dues:
                if due.rule.code in case.met and due.met_at is None:
                    tracks.meet(permit=permit, at=now, client_id=file, due_id=due.id, how="done")

    def release(self, conversation: Conversation, story: Story) -> None:
        """Prepare, sign, send, accept, take back: as far as the story goes."""
        client, file = story.clients[conversation.client], self._files[conversation.client]
        holder, page = client.agency, uuid4()
        with self._as_worker(holder, Verb.PREPARE_RELEASE, client=file) as permit:
            ids = [
                sharing.prepare(
                    permit=permit,
                    at=_ago(permit.at, conversation.signed_days_ago),
                    client_id=file,
                    recipient_id=self._houses[part.recipient].id,
                    purpose=part.purpose,
                    grants=part.grants,
                    last_day=conversation.last_day,
                    language="es" if client.identity.language == "es" else "en",
                    conversation=page,
                    updates=tuple(part.grants) if part.updates else (),
                )
                for part in conversation.parts
            ]
        fate = conversation.parts[0].fate
        if fate is Fate.PREPARED:
            return
        with self._as_worker(holder, Verb.SIGN_RELEASE, client=file) as permit:
            signed = sharing.sign_page(
                permit=permit,
                at=_ago(permit.at, conversation.signed_days_ago),
                release_ids=ids,
                page=signature(
                    client.identity, conversation.method, permit.at.date(), paper_is_safe=client.contact.paper == "yes"
                ),
            )
            if fate is not Fate.EXPIRED:
                # What ended long ago was sent long ago: nothing can be sent on it today.
                disclose_all(self._gate, permit, self._worker(holder), signed)
        for part, id in zip(conversation.parts, ids, strict=True):
            self._received(part, holder, file, id)

    def _received(self, part: Part, holder: str, file: UUID, release: UUID) -> None:
        own = None
        if part.fate in RELEASED:
            own = self._accept(part, None if part.tied is None else self._files[part.tied])
        if part.fate is Fate.CONFIRMED and own is not None:
            self._confirm(part.recipient, own)
        if part.fate is Fate.RELAYED and own is not None:
            self._relay(part.recipient, own, self._houses[holder].id)
        if part.fate in (Fate.WITHDRAWN, Fate.WITHDRAWN_UNSEEN):
            with self._as_worker(holder, Verb.WITHDRAW_RELEASE, client=file) as permit:
                sharing.withdraw(permit=permit, at=permit.at, release_id=release, how="phone")

    def _accept(self, part: Part, own: UUID | None) -> UUID:
        """The newest thing that waits is tied to an own client, or opens one that is known by its code alone."""
        with self._as_worker(part.recipient, Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
            newest = max(envelopes.waiting(permit=permit, limit=1_000), key=lambda waiting: waiting.arrived_at)
        verbs = (Verb.ACCEPT_ENVELOPE, Verb.OPEN_CLIENT, Verb.FIND_CLIENTS)
        with self._as_worker(part.recipient, *verbs) as permit:
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
        return own

    def _confirm(self, agency: str, file: UUID) -> None:
        """She confirms what is no more than a summary of something that happened; it becomes an entry here."""
        verbs = (Verb.READ_ENVELOPE, Verb.CONFIRM_VALUE, Verb.READ_CLIENT)
        with self._as_worker(agency, *verbs, client=file) as permit:
            for view in envelopes.received(permit=permit, client_id=file):
                if view.confirmed or not view.content.summary or view.content.kind in ("identity", "safe_contact"):
                    continue
                entry = vault.NewEntry(
                    kind=view.content.kind,
                    category=view.category,
                    occurred_at=view.content.occurred_at or permit.at,
                    status=view.content.status,
                    summary=Summary(**view.content.summary),
                    detail=Detail(values=view.content.values or {}),
                )
                (made,) = vault.add_entries(permit=permit, at=permit.at, client_id=file, entries=[entry])
                sharing.confirm(permit=permit, at=permit.at, client_id=file, envelope_id=view.id, entry_id=made)

    def _relay(self, agency: str, file: UUID, holder: UUID) -> None:
        with self._as_worker(agency, Verb.READ_ENVELOPE, client=file) as permit:
            views = envelopes.received(permit=permit, client_id=file)
            threads = {view.thread for view in views if view.holder_id == holder}
        for thread in threads:
            with self._gate.taking_back(
                self._worker(agency),
                Verb.RELAY_WITHDRAWAL,
                purpose=Purpose.OWN_SERVICE,
                at=timezone.now(),
                client=file,
            ) as permit:
                sharing.relay(
                    permit=permit, at=permit.at, partner_id=holder, thread=thread, wants="partner", how="in_person"
                )

    def everything_else(self, story: Story) -> None:
        """Who is never told, what law and agreement allow, walls, files of one person, what came in afterwards."""
        for never in story.nevers:
            agency, file = story.clients[never.client].agency, self._files[never.client]
            with self._as_worker(agency, Verb.NEVER_SHARE, client=file) as permit:
                against = self._houses[never.against].id
                sharing.never(permit=permit, at=permit.at, client_id=file, against_id=against, person=never.person)
        for place, recipient in story.flows:
            agency, file = story.clients[place].agency, self._files[place]
            with self._as_worker(agency, Verb.SEND_UPDATE, Verb.READ_CLIENT, client=file) as permit:
                worker = self._worker(agency)
                for offer in by_law.offers(self._gate, permit, worker, file):
                    if offer.recipient_id == self._houses[recipient].id:
                        by_law.begin(self._gate, permit, worker, file, offer, automatic=place % 2 == 0, not_told="")
        for place in story.walls:
            agency, file = story.clients[place].agency, self._files[place]
            with self._as_worker(agency, Verb.READ_CLIENT, client=file) as permit:
                vault.declare_conflict(permit=permit, at=permit.at, client_id=file, kind="neighbour")
        for place, other, noticed in story.same:
            file = self._files[place]
            if noticed:
                with self._as_worker(story.clients[place].agency, Verb.MERGE_CLIENTS, client=file) as permit:
                    vault.merge(permit=permit, at=permit.at, client_id=file, other_id=self._files[other])
        for conversation in story.conversations:
            client, file = story.clients[conversation.client], self._files[conversation.client]
            if any(
                part.fate is Fate.PREPARED or (part.updates and part.fate in RELEASED) for part in conversation.parts
            ):
                # Written down after she signed, it waits in the tray; a draft waits on top of her worker's list.
                with self._as_worker(client.agency, Verb.ADD_ENTRY, Verb.READ_CLIENT, client=file) as permit:
                    vault.note_service(
                        permit=permit,
                        at=permit.at,
                        client_id=file,
                        about=[queries.herself(permit=permit, client_id=file).id],
                        service="counselling",
                        step="waiting",
                        occurred_at=permit.at,
                    )

    def refer(self, story: Story) -> None:
        referring = Referring(self._gate, self._worker, self._files)
        referring.state_capacities()
        for each in story.referred:
            referring.act(each)

    def note_chores(self, story: Story) -> None:
        """Tasks in every way they can stand, for the worker of each agency."""
        files = _by_agency(story)
        for key in self._houses:
            places = files.get(key, [])
            hers = [place for place in places if place not in story.walls and not story.clients[place].closed_days_ago]
            boss = self._houses[key].callers.get(Role.SUPERVISOR)
            with self._as_worker(key, Verb.KEEP_TASKS) as permit:
                assert permit.member_id is not None
                for number, chore in enumerate(CHORES):
                    about = self._files[hers[number % len(hers)]] if chore.about and hers else None
                    new = tasks.NewTask(chore.kind, chore.words, _ago(permit.at, -chore.days), chore.every)
                    place = {"permit": permit, "at": permit.at}
                    task = tasks.add(**place, owner_id=permit.member_id, client_id=about, new=new)
                    if chore.then is Then.RESTING:
                        tasks.snooze(**place, task_ids=[task], days=3, why="waiting_for_partner")
                    elif chore.then is Then.HANDED and boss is not None and boss.member is not None:
                        tasks.hand(**place, task_ids=[task], to_member=boss.member, note="She asked for somebody else.")
                    elif chore.then is Then.DONE:
                        tasks.done(**place, task_ids=[task])

    def look_around(self, story: Story) -> None:
        """A few readings and one refusal, so that a privacy officer's log has something to say."""
        for key, places in _by_agency(story).items():
            walled = set(story.walls)
            seen = [self._files[place] for place in places if place not in walled][:4]
            for file in seen:
                with self._as_worker(key, Verb.READ_CLIENT, client=file) as permit:
                    queries.client(permit=permit, client_id=file)
            with (
                suppress(Refused),
                _entered(self._gate, self._houses[key].callers[Role.DIRECTOR], Verb.READ_CLIENT, client=seen[0]),
            ):
                raise AssertionError("a director reads no client record")

    def look_for_gaps(self) -> None:
        """The first night's look, so that the first morning already shows what is open."""
        for house in self._houses.values():
            with self._gate.housekeeping(Caller(agency=house.id, job="watcher"), at=timezone.now()) as permit:
                gaps.sweep(permit=permit, at=permit.at, everything=True)

    def tell_gaps(self, story: Story) -> None:
        """Told on a release on which later entries follow; the partner takes it on into its own file of her."""
        for telling in story.tellings:
            client, file = story.clients[telling.client], self._files[telling.client]
            verbs = (
                Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.ANSWER_GAP, Verb.ADD_ENTRY, Verb.READ_CLIENT,
                Verb.SEND_UPDATE,
            )  # fmt: skip
            with self._as_worker(client.agency, *verbs, client=file) as permit:
                release = sharing.prepare(
                    permit=permit, at=permit.at, client_id=file, recipient_id=self._houses[telling.recipient].id,
                    purpose=Purpose.SAFETY, grants={telling.category: Level.SUMMARY},
                    last_day=permit.at.date() + timedelta(days=25), language="en", updates=(telling.category,),
                )  # fmt: skip
                page = signature(
                    client.identity, "paper", permit.at.date(), paper_is_safe=client.contact.paper == "yes"
                )
                signed = sharing.sign_page(permit=permit, at=permit.at, release_ids=[release], page=page)
                disclose_all(self._gate, permit, self._worker(client.agency), signed)
                (line,) = missing.gaps_of(permit=permit, client_id=file)
                gaps.tell(permit=permit, at=permit.at, client_id=file, gap_id=line.id)
                also_send(self._gate, permit, self._worker(client.agency), file, [release])
            own = self._files[telling.own]
            with self._as_worker(telling.recipient, Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
                newest = max(envelopes.waiting(permit=permit, limit=1_000), key=lambda waiting: waiting.arrived_at)
            with self._as_worker(telling.recipient, Verb.ACCEPT_ENVELOPE, client=own) as permit:
                sharing.accept(
                    permit=permit,
                    at=permit.at,
                    partner_id=newest.holder_id,
                    thread=newest.thread,
                    client_id=own,
                    answers={view.id: view.content.answers for view in newest.envelopes},
                )

    def sequence(self) -> None:
        """Put all leaves into the trees, so that the first page already shows a checkpoint."""
        for house in self._houses.values():
            system = Caller(agency=house.id, job="sequencer")
            with self._gate.housekeeping(system, at=timezone.now()) as permit:
                ledger.sequence(permit=permit, at=permit.at)


def _new(client: Client, now: datetime) -> vault.NewClient:
    opened = _ago(now, client.opened_days_ago)
    entries = [_entry(each, now) for each in client.entries if not (isinstance(each, Served) and each.who)]
    return vault.NewClient(
        identity=client.identity,
        contact=client.contact,
        harms=client.harms,
        people=client.others,
        entries=sorted(entries, key=lambda entry: entry.occurred_at),
        opened_at=opened,
        closed_at=None if client.closed_days_ago is None else _ago(now, client.closed_days_ago),
    )


def _entry(entry: Coded | Typed | Served, now: datetime) -> vault.NewEntry:
    at = _ago(now, entry.days_ago)
    if isinstance(entry, Typed):
        return vault.NewEntry(
            kind=entry.kind,
            category=entry.category,
            occurred_at=at,
            summary=Summary.typed(entry.summary),
            detail=Detail(narrative=entry.narrative),
        )
    if isinstance(entry, Served):
        return vault.NewEntry(
            kind="service",
            category=Category.SERVICES,
            occurred_at=at,
            status=entry.step,
            summary=Summary(template=f"service.{entry.step}", values={"service": entry.service}),
            detail=Detail(values=service_checked(entry.service, entry.step, entry.why)),
        )
    values = coded.check(entry.kind, entry.values) if entry.kind in coded.KINDS else entry.values
    template, filled = coded.summary(entry.kind, values)
    return vault.NewEntry(
        kind=entry.kind,
        category={**coded.KINDS, **LISTED}[entry.kind],
        occurred_at=_day(entry, at),
        status=str(values.get("status", "")),
        summary=Summary(template=template, values=filled),
        detail=Detail(values=values, narrative=entry.narrative),
    )


def _ago(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def _day(entry: Coded, told: datetime) -> datetime:
    """The moment an entry stands at: a visit at noon of the first day it is due, all else when it was told."""
    if entry.kind != "visit":
        return told
    first = date.fromisoformat(entry.values["first_day"])
    return told.replace(year=first.year, month=first.month, day=first.day, hour=17, minute=0)

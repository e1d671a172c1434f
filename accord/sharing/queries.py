"""What lives between agencies, seen from one side: envelopes received, releases given, what was sent on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accord.database.prepared import prepared
from accord.ledger.permits import Permit, needs
from accord.policy.facts import Block, Thing
from accord.policy.facts import Release as Fact
from accord.policy.words import Category, Element, Instrument, Level, Purpose, Relation, Verb
from accord.sharing import facts
from accord.sharing.actions import relay_info
from accord.sharing.models import Arrival, Aside, Confirmed, Envelope, Flow, Receipt, Relay, Release, Sent, Thread
from accord.sharing.rules import Content, State, state
from accord.vault.facts import client_key, files, things, watch, within
from accord.vault.likeness import tokens_of
from accord.vault.models import Entry, Person

B = TypeVar("B", Release, Flow)

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class EnvelopeView:
    """One living envelope, opened. It shows exactly what was sent at its level and nothing else."""

    id: UUID
    holder_id: UUID
    thread: UUID
    category: Category
    level: Level
    purpose: Purpose
    rules: tuple[str, ...]
    sent_at: datetime
    until_at: datetime
    content: Content
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release and where it stands."""

    id: UUID
    client_id: UUID
    recipient_id: UUID
    purpose: Purpose
    grants: Mapping[Category, Level]
    language: str
    state: State
    prepared_at: datetime
    signed_at: datetime | None
    until_at: datetime
    withdrawn_at: datetime | None
    conversation: UUID
    subject_id: UUID
    updates: tuple[Category, ...]
    method: str
    copy: str
    sent: int = 0
    instrument: Instrument = Instrument.ORDINARY
    substance_use: bool = False
    fixed_until: datetime | None = None
    ends_with: str = ""
    ended_at: datetime | None = None
    wished_at: datetime | None = None
    responsible_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A conversation nobody has signed yet: whose, with whom, since when."""

    client_id: UUID
    conversation: UUID
    recipients: tuple[UUID, ...]
    prepared_at: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """What stands under a signed page, opened. All the same on every release of one page."""

    name: str
    cosigner: str
    witness: str
    kept: str


@dataclass(frozen=True, slots=True)
class LivingRelease:
    """A release, with the code of whose word it is and nothing else about her."""

    code: str
    release: ReleaseView


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One ended envelope that is kept, unopened. `code` is of the own client it was tied to, else empty."""

    id: UUID
    holder_id: UUID
    code: str
    category: Category
    level: Level
    purpose: Purpose
    sent_at: datetime
    ended_at: datetime
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """Something this agency had accepted and can no longer see."""

    client_id: UUID
    partner_id: UUID
    category: Category
    early: bool
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One disclosure of ours, as an accounting lists it: when, to whom, what, why, on what basis, and what became of it
    (45 CFR 164.528(b)(2); 34 CFR 99.32(a)(3); 42 CFR 2.25). `basis_id` is her release, or a flow or the answer to a
    `paper` with its `rule`."""

    sent_at: datetime
    recipient_id: UUID
    category: Category
    level: Level
    purpose: Purpose
    basis_id: UUID
    rule: str
    until_at: datetime
    ended_at: datetime | None
    kept: bool
    sent_by: UUID | None
    paper: UUID | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """One thing of a partner's that was accepted for one's own client, whether it still lives or not."""

    partner_id: UUID
    category: Category
    level: Level
    accepted_at: datetime
    until_at: datetime
    alive: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thread with envelopes nobody here has accepted. `client_id` is set when the thread is tied already."""

    thread: UUID
    holder_id: UUID
    client_id: UUID | None
    arrived_at: datetime
    envelopes: tuple[EnvelopeView, ...]

    @property
    def categories(self) -> tuple[Category, ...]:
        """What it is about, each once."""
        return tuple(dict.fromkeys(envelope.category for envelope in self.envelopes))


@dataclass(frozen=True, slots=True)
class FlowView:
    """What one partner is told of one client under a law. `ended_at` is when somebody stopped it."""

    id: UUID
    client_id: UUID
    recipient_id: UUID
    purpose: Purpose
    grants: Mapping[Category, Level]
    rule: str
    agreement: UUID | None
    automatic: bool
    told: bool
    opened_at: datetime
    until_at: datetime
    ended_at: datetime | None
    sent: int

    def living(self, at: datetime) -> bool:
        return self.ended_at is None and at < self.until_at


@dataclass(frozen=True, slots=True)
class Unsent:
    """An entry that a release or flow covers and nobody has sent or put aside."""

    basis_id: UUID
    client_id: UUID
    entry_id: UUID


@dataclass(frozen=True, slots=True)
class RelayView:
    """'I take it back', as a partner heard it from one of our own clients. `child`: about that child of hers."""

    id: UUID
    client_id: UUID
    partner_id: UUID
    child: UUID | None
    wants: str
    how: str
    told_at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Past:
    """One disclosure of ours with the facts on which the law was asked about it. `thing` is None when what was sent, or
    what it rested on, is no longer there; `most` is how much a flow was begun for, `paper` what was answered."""

    id: UUID
    client_id: UUID
    recipient_id: UUID
    sent_at: datetime
    sent_by: UUID | None
    category: Category
    level: Level
    purpose: Purpose
    rules: tuple[str, ...]
    thing: Thing | None
    releases: tuple[Fact, ...]
    agreement: UUID | None
    paper: UUID | None
    most: Level
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class NeverView:
    """A never that stands: against a partner, or (`person`) against somebody who works there."""

    id: UUID
    against_id: UUID
    person: str
    since_at: datetime


@needs(Verb.READ_DAY)
def waiting(*, permit: Permit, limit: int = 20) -> list[Waiting]:
    """Threads with something new, longest wait first, each with what it says so far."""
    arrivals = _arrivals(permit.agency_id)
    if not arrivals:
        return []
    rows = _open_to(permit, Envelope.objects.filter(agency_id=permit.agency_id, id__in=arrivals))
    return _by_thread(_opened(permit, _confirmed(rows), threads=True))[:limit]


@needs(Verb.ACCEPT_ENVELOPE)
def thread(*, permit: Permit, thread: UUID) -> Waiting | None:
    """One thread with its living envelopes that wait to be accepted; None when there are none."""
    arrivals = Arrival.objects.filter(agency_id=permit.agency_id)
    rows = Envelope.objects.filter(agency_id=permit.agency_id, thread=thread, id__in=arrivals.values("envelope"))
    return next(iter(_by_thread(_opened(permit, _confirmed(_open_to(permit, rows)), threads=True))), None)


@needs(Verb.READ_ENVELOPE)
def received(
    *, permit: Permit, client_id: UUID, ids: Sequence[UUID] | None = None, limit: int = MOST_LISTED
) -> list[EnvelopeView]:
    """Living envelopes on the threads tied to one's own client, newest first; with `ids`, those of them."""
    if ids is None:
        return _opened(permit, _received(permit.agency_id, client_id)[:limit])
    return _opened(permit, _confirmed(_tied(permit.agency_id, client_id).filter(id__in=ids))[:limit])


@needs(Verb.READ_ENVELOPE)
def tied(*, permit: Permit, client_ids: Collection[UUID]) -> set[UUID]:
    """Which of these files, or of those merged into them, partners' threads are tied to."""
    named = Q(client_id__in=client_ids) | Q(client__merged_into__in=client_ids)
    pairs = within(permit, Thread.objects.filter(named)).values_list("client_id", "client__merged_into")
    return {id for pair in pairs for id in pair} & set(client_ids)


@needs(Verb.READ_ENVELOPE)
def all_living(*, permit: Permit, ids: Collection[UUID]) -> bool:
    """Whether all these envelopes still live: nothing is opened."""
    rows = Envelope.objects.filter(agency_id=permit.agency_id, id__in=ids)
    return set(rows.values_list("id", flat=True)) == set(ids)


@needs(Verb.READ_ENVELOPE)
def received_ids(*, permit: Permit, client_id: UUID) -> list[UUID]:
    """Ids of all living envelopes on the threads tied to one's own client, newest first: nothing is opened."""
    return list(_tied(permit.agency_id, client_id).values_list("id", flat=True))


@needs(Verb.READ_ENVELOPE)
def envelope(*, permit: Permit, client_id: UUID, envelope_id: UUID) -> EnvelopeView | None:
    """One living envelope on a thread tied to one's own client; None when there is none."""
    return next(iter(received(permit=permit, client_id=client_id, ids=[envelope_id])), None)


@needs(Verb.READ_KEPT)
def kept(*, permit: Permit, limit: int = MOST_LISTED) -> list[KeptLine]:
    """Ended envelopes this agency is bound to keep, newest first, none of them opened. The database shows them under
    the records officer's lens only."""
    rows = list(_open_to(permit, _kept(permit)).defer("sealed").order_by("-sent_at", "id")[:limit])
    codes = dict(Thread.objects.filter(thread__in={row.thread for row in rows}).values_list("thread", "client__code"))
    lines = []
    for row in rows:
        permit.show("envelope", row.id, Level.EXISTENCE)
        lines.append(
            KeptLine(
                id=row.id,
                holder_id=row.holder_id,
                code=codes.get(row.thread, ""),
                category=Category(row.category),
                level=Level(row.level),
                purpose=Purpose(row.purpose),
                sent_at=row.sent_at,
                ended_at=min(row.until_at, row.withdrawn_at or row.until_at),
                withdrawn=row.withdrawn_at is not None,
            )
        )
    return lines


@needs(Verb.READ_KEPT)
def open_kept(*, permit: Permit, envelope_id: UUID) -> EnvelopeView | None:
    """One kept envelope, opened; None when there is none."""
    rows = _open_to(permit, _kept(permit)).filter(id=envelope_id)
    return next(iter(_opened(permit, _confirmed(rows))), None)


@needs(Verb.READ_CLIENT)
def ended(*, permit: Permit, client_id: UUID) -> list[Ended]:
    """What was accepted for one's own client and has ended, latest first."""
    return _ended(permit, _gone_of(permit.agency_id, client_id))


@needs(Verb.READ_DAY)
def ended_lately(*, permit: Permit, days: int = 7) -> list[Ended]:
    """What ended within the last days, for *My day*."""
    since = permit.at - timedelta(days=days)
    return _ended(permit, _gone(permit.agency_id, within(permit, Receipt.objects.filter(until_at__gte=since))))


@needs(Verb.READ_CLIENT)
def answers(*, permit: Permit, client_id: UUID) -> int:
    """Questions she did not have to be asked again."""
    return sum(_answers(client_id))


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.WITHDRAW_RELEASE)
def releases(*, permit: Permit, client_id: UUID) -> list[ReleaseView]:
    """Every release of one client, latest first."""
    return _releases(permit, _releases_of(client_id))


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.WITHDRAW_RELEASE)
def release(*, permit: Permit, release_id: UUID) -> ReleaseView | None:
    """One release of one's own client; None when there is none."""
    return next(iter(_releases(permit, Release.objects.filter(id=release_id))), None)


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.WITHDRAW_RELEASE)
def conversation(*, permit: Permit, client_id: UUID, conversation: UUID) -> list[ReleaseView]:
    """The releases of one conversation with one client, without those she said no to before signing."""
    rows = Release.objects.filter(client_id=client_id, conversation=conversation)
    rows = rows.exclude(signed_at__isnull=True, withdrawn_at__isnull=False)
    return _releases(permit, rows.order_by("prepared_at", "id"))


@needs(Verb.READ_DAY)
def begun(*, permit: Permit, limit: int = 20) -> list[Begun]:
    """Conversations with unsigned releases, the newest first."""
    rows = within(permit, Release.objects.filter(signed_at__isnull=True, withdrawn_at__isnull=True))
    found: dict[tuple[UUID, UUID], list[Release]] = {}
    for row in rows.order_by("-prepared_at", "id")[: limit * 20]:
        found.setdefault((row.client_id, row.conversation), []).append(row)
    return [
        Begun(*place, tuple(row.recipient_id for row in group), group[0].prepared_at)
        for place, group in list(found.items())[:limit]
    ]


@needs(Verb.READ_CLIENT)
def signature(*, permit: Permit, client_id: UUID, release_id: UUID) -> Signature:
    """Who signed, and where the paper is."""
    row = Release.objects.select_related("client__shred").get(id=release_id, client_id=client_id)
    key = client_key(permit.opened(), row.client)
    return Signature(
        *(
            key.open("sharing_release", column, row.id, bytes(sealed)).decode() if sealed else ""
            for column, sealed in (
                ("signature", row.signature),
                ("cosigner", row.cosigner),
                ("witness", row.witness),
                ("kept", row.kept),
            )
        )
    )


@needs(Verb.COSIGN_RELEASE)
def to_cosign(*, permit: Permit, limit: int = MOST_LISTED) -> list[LivingRelease]:
    """Unsigned permissions to tell where the shelter is, with the code of whose word each is to be: for the person
    responsible for it. Those she has allowed already are among them until they are signed."""
    rows = Release.objects.filter(
        instrument=Instrument.SHELTER_PERMISSION, signed_at__isnull=True, withdrawn_at__isnull=True
    ).exclude(grants={})
    rows = list(within(permit, rows).select_related("client").order_by("prepared_at", "id")[:limit])
    views = _releases(permit, rows)
    return [LivingRelease(row.client.code, view) for row, view in zip(rows, views, strict=True)]


@needs(Verb.WITHDRAW_RELEASE)
def living(*, permit: Permit, code: str = "", limit: int = MOST_LISTED) -> list[LivingRelease]:
    """Signed releases in force, soonest end first; with `code`, those of one client. For whoever takes her call."""
    rows = within(permit, facts.living(permit.at))
    if code:
        rows = rows.filter(client__code=code.strip().upper())
    rows = list(rows.select_related("client").order_by("until_at", "id")[:limit])
    views = _releases(permit, rows)
    return [LivingRelease(row.client.code, view) for row, view in zip(rows, views, strict=True)]


@needs(Verb.READ_DAY)
def ending(*, permit: Permit, days: int = 7) -> list[ReleaseView]:
    """Signed releases that end within the next days, soonest first."""
    rows = facts.living(permit.at).filter(until_at__lte=permit.at + timedelta(days=days))
    return _releases(permit, within(permit, rows).order_by("until_at", "conversation", "id")[:MOST_LISTED])


@needs(Verb.READ_CLIENT, Verb.SEND_UPDATE)
def flows(*, permit: Permit, client_id: UUID) -> list[FlowView]:
    """Every flow about one client, latest first."""
    return _flows(permit, _flows_of(client_id))


@needs(Verb.SEND_UPDATE)
def flow(*, permit: Permit, client_id: UUID, flow_id: UUID) -> FlowView | None:
    """One flow about one's own client; None when there is none."""
    return next(iter(_flows(permit, Flow.objects.filter(id=flow_id, client_id__in=files(client_id)))), None)


@needs(Verb.READ_DAY)
def flows_lately(*, permit: Permit, days: int = 7) -> list[FlowView]:
    """Flows that nobody has stopped and that run, or ran out within the last days."""
    rows = Flow.objects.filter(
        ended_at__isnull=True, until_at__gt=permit.at - timedelta(days=days), client__wrapped_key__isnull=False
    )
    return _flows(permit, within(permit, rows).order_by("until_at", "id")[:MOST_LISTED])


@needs(Verb.READ_DAY, Verb.SEND_UPDATE)
def unsent(*, permit: Permit, client_id: UUID | None = None, limit: int = MOST_LISTED) -> list[Unsent]:
    """What waits to be sent, oldest entry first: of one client, or of all. Nothing is opened, and the law is not asked
    yet. What a release or flow tells as existence was told once, when it began."""
    releases = facts.living(permit.at)
    flows = Flow.objects.filter(ended_at__isnull=True, until_at__gt=permit.at)
    releases = _narrowed(permit, releases.exclude(updates=[]), client_id)
    flows = _narrowed(permit, flows, client_id)
    following = [
        *_unsent("release", {row.id: (row.client_id, row.grants, row.updates) for row in releases}, limit),
        *_unsent("flow", {row.id: (row.client_id, row.grants, list(row.grants)) for row in flows}, limit),
    ]
    return [each for _at, each in sorted(following, key=lambda pair: (pair[0], pair[1].entry_id))][:limit]


@needs(Verb.READ_DAY, Verb.WITHDRAW_RELEASE)
def relays(*, permit: Permit, client_id: UUID | None = None) -> list[RelayView]:
    """What partners heard her take back and nobody here has dealt with, oldest first, each once. One about a thread
    that never was between us is found by nobody."""
    rows = {(row.partner_id, row.thread): row for row in _open_relays(permit.agency_id)}
    if not rows:
        return []
    ties = within(permit, Thread.objects.filter(thread__in={thread for _partner, thread in rows}))
    if client_id is not None:
        ties = ties.filter(client_id__in=files(client_id))
    views = []
    for tie in ties:
        row = rows.get((tie.partner_id, tie.thread))
        if row is None:
            continue
        words = b""
        if row.words is not None:
            words = permit.opened().open_envelope(row.key_version, bytes(row.words), relay_info(row))
        permit.show("relay", row.id, Level.FULL)
        views.append(
            RelayView(
                row.id, tie.client_id, tie.partner_id, tie.subject, row.wants, row.how, row.told_at, words.decode()
            )
        )
    return sorted(views, key=lambda view: view.told_at)


@needs(Verb.RELAY_WITHDRAWAL)
def heard_from(*, permit: Permit, client_id: UUID, thread: UUID) -> UUID | None:
    """Which partner has shared something about one's own client on this thread; None when none ever has."""
    tie = Thread.objects.filter(client_id__in=files(client_id), thread=thread).first()
    if tie is None or not Receipt.objects.filter(client_id=tie.client_id, partner_id=tie.partner_id).exists():
        return None
    partner: UUID = tie.partner_id
    return partner


@needs(Verb.READ_CLIENT, Verb.NEVER_SHARE)
def nevers(*, permit: Permit, client_id: UUID) -> list[NeverView]:
    """Whom she said never to, in the order she said it."""
    views = []
    for row in facts.nevers_of(client_id):
        name = b""
        if row.person is not None:
            name = client_key(permit.opened(), row.client).open("sharing_never", "person", row.id, bytes(row.person))
        views.append(NeverView(row.id, row.against_id, name.decode(), row.since_at))
    return views


@needs(Verb.READ_ACCOUNTING)
def accounting(*, permit: Permit, client_id: UUID) -> list[Told]:
    """Every disclosure of one client's record to a partner, newest first. Nothing of its content is opened."""
    rows = list(
        Sent.objects.filter(client_id__in=files(client_id))
        .select_related("release", "flow", "answered")
        .order_by("-sent_at", "recipient_id", "category", "id")
    )
    envelopes = {
        id: (until, withdrawn, retain)
        for id, until, withdrawn, retain in Envelope.objects.filter(
            holder_id=permit.agency_id, id__in=[row.envelope for row in rows]
        ).values_list("id", "until_at", "withdrawn_at", "retain")
    }
    told = []
    for row in rows:
        until, withdrawn, kept = envelopes[row.envelope]
        basis = row.release or row.flow or row.answered
        told.append(
            Told(
                sent_at=row.sent_at,
                recipient_id=row.recipient_id,
                category=Category(row.category),
                level=Level(row.level),
                purpose=Purpose(basis.purpose),
                basis_id=basis.id,
                rule="" if row.release else basis.rule,
                until_at=until,
                ended_at=withdrawn or (until if until <= permit.at else None),
                kept=kept,
                sent_by=row.sent_by,
                paper=row.answered and row.answered.paper,
            )
        )
    permit.show("accounting", client_id, Level.SUMMARY)
    return told


@needs(Verb.TRY_LAW)
def past(*, permit: Permit, after: UUID | None, limit: int) -> list[Past]:
    """What this agency has disclosed, part by part in the order of ids, each with the facts of its moment. Nothing of
    its content is opened."""
    rows = within(permit, Sent.objects.select_related("release", "flow", "answered").order_by("id"))
    rows = list((rows.filter(id__gt=after) if after else rows)[:limit])
    clients = {row.client_id for row in rows}
    entries = things({row.entry_id for row in rows if row.entry_id})
    herself = dict(Person.objects.filter(client_id__in=clients, relation=Relation.SELF).values_list("client_id", "id"))
    said = facts.nevers(clients, lifted=True)
    recorded = {
        id: (purpose, rules)
        for id, purpose, rules in Envelope.objects.filter(
            holder_id=permit.agency_id, id__in=[row.envelope for row in rows]
        ).values_list("id", "purpose", "rules")
    }
    found = []
    for row in rows:
        purpose, rules = recorded[row.envelope]
        category, flow = Category(row.category), row.flow
        fact = facts.release_fact(row.release) if row.release else None
        basis = row.release or row.answered
        subject = str(basis.subject_id if basis else herself.get(row.client_id, ""))
        thing = entries.get(row.entry_id) if row.entry_id else Thing(category=category, subject=subject)
        nevers = [
            never
            for never in said.get(row.client_id, [])
            if never.since_at <= row.sent_at and (never.lifted_at is None or row.sent_at < never.lifted_at)
        ]
        found.append(
            Past(
                id=row.id,
                client_id=row.client_id,
                recipient_id=row.recipient_id,
                sent_at=row.sent_at,
                sent_by=row.sent_by,
                category=category,
                level=Level(row.level),
                purpose=Purpose(purpose),
                rules=tuple(rules),
                thing=thing if fact or flow or row.answered else None,
                releases=(fact,) if fact else (),
                agreement=flow.agreement if flow else None,
                paper=row.answered.paper if row.answered else None,
                most=Level(flow.grants.get(row.category, Level.NONE)) if flow else Level.FULL,
                blocks=facts.blocks_of(nevers),
            )
        )
    return found


@needs(Verb.TRY_LAW)
def past_count(*, permit: Permit) -> int:
    """How many disclosures `past` goes through."""
    count: int = within(permit, Sent.objects.all()).count()
    return count


@needs(Verb.READ_CLIENT)
def accepted(*, permit: Permit, client_id: UUID) -> list[Accepted]:
    """What partners sent about one's own client and was accepted, newest first; nothing is opened."""
    living = Envelope.objects.filter(agency_id=permit.agency_id, id=OuterRef("envelope"))
    rows = Receipt.objects.filter(client_id__in=files(client_id)).annotate(alive=Exists(living))
    return [
        Accepted(row.partner_id, Category(row.category), Level(row.level), row.accepted_at, row.until_at, row.alive)
        for row in rows.order_by("-accepted_at", "id")
    ]


@needs(Verb.READ_DAY)
def answers_by_month(*, permit: Permit, since: datetime) -> list[tuple[datetime, int]]:
    """Questions nobody had to ask again, for each month since a moment (in its time zone), newest first."""
    rows = within(permit, Receipt.objects.filter(accepted_at__gte=since))
    months = rows.annotate(month=TruncMonth("accepted_at", tzinfo=since.tzinfo)).values_list("month")
    return list(months.annotate(total=Sum("answers")).filter(total__gt=0).order_by("-month"))


@prepared
def _arrivals(agency_id: UUID) -> QuerySet[Arrival]:
    """What nobody has accepted, longest wait first."""
    rows = Arrival.objects.filter(agency_id=agency_id).order_by("arrived_at")
    return rows.values_list("envelope", flat=True)[:MOST_LISTED]


@prepared
def _open_relays(agency_id: UUID) -> QuerySet[Relay]:
    return Relay.objects.filter(agency_id=agency_id, closed_at__isnull=True).order_by("told_at", "id")


@prepared
def _answers(client_id: UUID) -> QuerySet[Receipt]:
    rows = Receipt.objects.filter(client_id__in=files(client_id)).values("agency_id")
    return rows.annotate(total=Sum("answers")).values_list("total", flat=True)


@prepared
def _releases_of(client_id: UUID) -> QuerySet[Release]:
    return Release.objects.filter(client_id__in=files(client_id)).order_by("-prepared_at")[:MOST_LISTED]


@prepared
def _flows_of(client_id: UUID) -> QuerySet[Flow]:
    return Flow.objects.filter(client_id__in=files(client_id)).order_by("-opened_at", "id")[:MOST_LISTED]


def _releases(permit: Permit, rows: Iterable[Release]) -> list[ReleaseView]:
    rows = list(rows)
    if not rows:
        return []
    counts = dict(
        Sent.objects.filter(release_id__in=[row.id for row in rows])
        .values_list("release_id")
        .annotate(sent=Count("id"))
    )
    views = []
    for row in rows:
        permit.show("release", row.id, Level.FULL)
        views.append(
            ReleaseView(
                id=row.id,
                client_id=row.client_id,
                recipient_id=row.recipient_id,
                purpose=Purpose(row.purpose),
                grants={Category(category): Level(level) for category, level in row.grants.items()},
                language=row.language,
                state=state(
                    explained_at=row.explained_at,
                    signed_at=row.signed_at,
                    until_at=min(row.until_at, row.ended_at or row.until_at),
                    withdrawn_at=row.withdrawn_at,
                    at=permit.at,
                ),
                prepared_at=row.prepared_at,
                signed_at=row.signed_at,
                until_at=row.until_at,
                withdrawn_at=row.withdrawn_at,
                conversation=row.conversation,
                subject_id=row.subject_id,
                updates=tuple(Category(category) for category in row.updates),
                method=row.method,
                copy=row.copy,
                sent=counts.get(row.id, 0),
                instrument=Instrument(row.instrument),
                substance_use=Element.SUBSTANCE_USE.value in row.elements,
                fixed_until=row.fixed_until,
                ends_with=row.ends_with,
                ended_at=row.ended_at,
                wished_at=row.wished_at,
                responsible_at=row.responsible_at,
            )
        )
    return views


def _flows(permit: Permit, rows: Iterable[Flow]) -> list[FlowView]:
    rows = list(rows)
    if not rows:
        return []
    sent = Sent.objects.filter(flow_id__in=[row.id for row in rows])
    counts = dict(sent.values_list("flow_id").annotate(sent=Count("id")))
    views = []
    for row in rows:
        permit.show("flow", row.id, Level.FULL)
        views.append(
            FlowView(
                id=row.id,
                client_id=row.client_id,
                recipient_id=row.recipient_id,
                purpose=Purpose(row.purpose),
                grants={Category(category): Level(level) for category, level in row.grants.items()},
                rule=row.rule,
                agreement=row.agreement,
                automatic=row.automatic,
                told=row.told == "told",
                opened_at=row.opened_at,
                until_at=row.until_at,
                ended_at=row.ended_at,
                sent=counts.get(row.id, 0),
            )
        )
    return views


def _narrowed(permit: Permit, rows: QuerySet[B], client_id: UUID | None) -> QuerySet[B]:
    return within(permit, rows) if client_id is None else rows.filter(client_id__in=files(client_id))


def _unsent(
    kind: str, bases: Mapping[UUID, tuple[UUID, Mapping[str, int], Sequence[str]]], limit: int
) -> list[tuple[datetime, Unsent]]:
    """Entries that may follow on releases, or on flows, each with when it was written. `bases`: whose, how much of
    what, and of what something may follow."""
    groups: dict[frozenset[str], list[UUID]] = {}
    for id, (_client, grants, follows) in bases.items():
        groups.setdefault(frozenset(each for each in follows if grants.get(each, 0) > Level.EXISTENCE), []).append(id)
    covered = [Q(basis__in=ids, category__in=sorted(told)) for told, ids in groups.items() if told]
    if not covered:
        return []
    here = {"entry_id": OuterRef("id")}
    rows = Entry.objects.filter(client_id__in={client for client, _grants, _follows in bases.values()})
    if kind == "release":
        # Both from the same row of the join, so that an entry is held against its own release only.
        rows = rows.annotate(basis=F("client__release__id"), whom=F("client__release__subject_id"))
        rows = rows.filter(about_id=F("whom"))
    else:
        rows = rows.annotate(basis=F("client__flow__id")).filter(about__relation=Relation.SELF)
    rows = (
        rows.filter(reduce(or_, covered))
        .exclude(Exists(Sent.objects.filter(**here, **{f"{kind}_id": OuterRef("basis")})))
        .exclude(Exists(Aside.objects.filter(**here, basis=OuterRef("basis"))))
    )
    return [
        (at, Unsent(basis, client, entry))
        for basis, client, entry, at in rows.order_by("recorded_at", "id").values_list(
            "basis", "client_id", "id", "recorded_at"
        )[:limit]
    ]


def _ended(permit: Permit, gone: Iterable[Receipt]) -> list[Ended]:
    return [
        Ended(row.client_id, row.partner_id, Category(row.category), row.until_at > permit.at, row.until_at)
        for row in gone
    ]


def _gone(agency_id: UUID, receipts: QuerySet[Receipt]) -> QuerySet[Receipt]:
    """Receipts whose envelope the database no longer shows."""
    living = Envelope.objects.filter(agency_id=agency_id, id=OuterRef("envelope"))
    return receipts.exclude(Exists(living)).order_by("-until_at")[:MOST_LISTED]


@prepared
def _gone_of(agency_id: UUID, client_id: UUID) -> QuerySet[Receipt]:
    return _gone(agency_id, Receipt.objects.filter(client_id__in=files(client_id)))


def _tied(agency_id: UUID, client_id: UUID) -> QuerySet[Envelope]:
    """What lives on the threads tied to one's own client, newest first."""
    threads = Thread.objects.filter(client_id__in=files(client_id))
    rows = Envelope.objects.filter(agency_id=agency_id, thread__in=threads.values("thread"))
    return rows.order_by("-sent_at", "id")


@prepared
def _received(agency_id: UUID, client_id: UUID) -> QuerySet[Envelope]:
    return _confirmed(_tied(agency_id, client_id))[:MOST_LISTED]


def _confirmed(rows: QuerySet[Envelope]) -> QuerySet[Envelope]:
    """With whether she confirmed each."""
    return rows.annotate(confirmed=Exists(Confirmed.objects.filter(envelope=OuterRef("id"))))


def _kept(permit: Permit) -> QuerySet[Envelope]:
    ended = Q(withdrawn_at__isnull=False) | Q(until_at__lte=permit.at)
    return Envelope.objects.filter(ended, agency_id=permit.agency_id, retain=True)


def _open_to(permit: Permit, rows: QuerySet[Envelope]) -> QuerySet[Envelope]:
    """Without what is tied to files this member may not know of. What is tied to none yet is for everybody."""
    if permit.scope.whole:
        return rows
    hers = within(permit, Thread.objects.all())
    return rows.filter(Q(thread__in=hers.values("thread")) | ~Q(thread__in=Thread.objects.values("thread")))


def _opened(permit: Permit, rows: Iterable[Envelope], *, threads: bool = False) -> list[EnvelopeView]:
    """Open what the database still shows. Liveness and content came from the same row of the same statement.

    What she asked to be kept from the very member who looks is left out; with `threads`, everything beside it too.
    """
    rows = list(rows)
    contents = facts.contents(permit, rows)
    who = facts.kept_from(permit, contents.values())
    kept = [row for row in rows if any(permit.member_id in who[name] for name in contents[row.id].kept_from)]
    away = {row.thread if threads else row.id for row in kept}
    if threads:
        away |= _hers(permit, rows, contents)
    rows = [row for row in rows if (row.thread if threads else row.id) not in away]
    views = []
    for row in rows:
        permit.show("envelope", row.id, Level(row.level))
        views.append(
            EnvelopeView(
                id=row.id,
                holder_id=row.holder_id,
                thread=row.thread,
                category=Category(row.category),
                level=Level(row.level),
                purpose=Purpose(row.purpose),
                rules=tuple(row.rules),
                sent_at=row.sent_at,
                until_at=row.until_at,
                content=contents[row.id],
                confirmed=row.confirmed,
            )
        )
    return views


def _hers(permit: Permit, rows: Sequence[Envelope], contents: Mapping[UUID, Content]) -> set[UUID]:
    """Threads nobody has taken on yet, about somebody who seems to be the member who looks, or hers."""
    named: dict[UUID, list[str]] = {}
    for row in rows:
        named.setdefault(row.thread, []).extend(facts.identities([contents[row.id]]))
    if not any(named.values()) or permit.member_id is None:
        return set()
    tied = set(Thread.objects.filter(thread__in=list(named)).values_list("thread", flat=True))
    vault = permit.opened()
    own = watch(vault, permit.member_id)
    return {
        thread for thread, names in named.items() if own.met(tokens_of(vault.search_key, names)) and thread not in tied
    }


def _by_thread(views: Sequence[EnvelopeView]) -> list[Waiting]:
    threads: dict[UUID, list[EnvelopeView]] = {}
    for view in sorted(views, key=lambda view: view.sent_at):
        threads.setdefault(view.thread, []).append(view)
    ties = dict(Thread.objects.filter(thread__in=list(threads)).values_list("thread", "client_id"))
    return [
        Waiting(thread, views[0].holder_id, ties.get(thread), views[0].sent_at, tuple(views))
        for thread, views in threads.items()
    ]

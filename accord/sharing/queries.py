"""What lives between agencies, seen from one side: envelopes received, releases given, what was sent on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accord.ledger.permits import Permit, needs
from accord.policy.words import Category, Level, Purpose, Verb
from accord.sharing.actions import envelope_info
from accord.sharing.models import Arrival, Confirmed, Envelope, Receipt, Release, Sent, Thread
from accord.sharing.rules import Content, State, state

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
    sent: int = 0


@dataclass(frozen=True, slots=True)
class LivingRelease:
    """A signed release in force, with the code of whose word it is and nothing else about her."""

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


@needs(Verb.READ_DAY)
def waiting(*, permit: Permit, limit: int = 20) -> list[Waiting]:
    """Threads with something new, longest wait first, each with what it says so far."""
    arrivals = list(
        Arrival.objects.filter(agency_id=permit.agency_id)
        .order_by("arrived_at")
        .values_list("envelope", flat=True)[: limit * 10]
    )
    views = _opened(permit, Envelope.objects.filter(agency_id=permit.agency_id, id__in=arrivals))
    return _by_thread(views)[:limit]


@needs(Verb.ACCEPT_ENVELOPE)
def thread(*, permit: Permit, thread: UUID) -> Waiting | None:
    """One thread with its living envelopes that wait to be accepted; None when there are none."""
    arrivals = Arrival.objects.filter(agency_id=permit.agency_id)
    views = _opened(
        permit,
        Envelope.objects.filter(agency_id=permit.agency_id, thread=thread, id__in=arrivals.values("envelope")),
    )
    return next(iter(_by_thread(views)), None)


@needs(Verb.READ_ENVELOPE)
def received(
    *, permit: Permit, client_id: UUID, ids: Sequence[UUID] | None = None, limit: int = MOST_LISTED
) -> list[EnvelopeView]:
    """Living envelopes on the threads tied to one's own client, newest first; with `ids`, those of them."""
    rows = _tied(permit, client_id)
    if ids is not None:
        rows = rows.filter(id__in=ids)
    return _opened(permit, rows[:limit])


@needs(Verb.READ_ENVELOPE)
def received_ids(*, permit: Permit, client_id: UUID) -> list[UUID]:
    """Ids of all living envelopes on the threads tied to one's own client, newest first: nothing is opened."""
    return list(_tied(permit, client_id).values_list("id", flat=True))


@needs(Verb.READ_ENVELOPE)
def envelope(*, permit: Permit, client_id: UUID, envelope_id: UUID) -> EnvelopeView | None:
    """One living envelope on a thread tied to one's own client; None when there is none."""
    return next(iter(received(permit=permit, client_id=client_id, ids=[envelope_id])), None)


@needs(Verb.READ_KEPT)
def kept(*, permit: Permit, limit: int = MOST_LISTED) -> list[KeptLine]:
    """Ended envelopes this agency is bound to keep, newest first, none of them opened. The database shows them under
    the records officer's lens only."""
    rows = list(_kept(permit).defer("sealed").order_by("-sent_at", "id")[:limit])
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
    return next(iter(_opened(permit, _kept(permit).filter(id=envelope_id))), None)


@needs(Verb.READ_CLIENT)
def ended(*, permit: Permit, client_id: UUID) -> list[Ended]:
    """What was accepted for one's own client and has ended, latest first."""
    return _ended(permit, Receipt.objects.filter(client_id=client_id))


@needs(Verb.READ_DAY)
def ended_lately(*, permit: Permit, days: int = 7) -> list[Ended]:
    """What ended within the last days, for *My day*."""
    since = permit.at - timedelta(days=days)
    return _ended(permit, Receipt.objects.filter(until_at__gte=since))


@needs(Verb.READ_CLIENT)
def answers(*, permit: Permit, client_id: UUID) -> int:
    """Questions she did not have to be asked again."""
    return Receipt.objects.filter(client_id=client_id).aggregate(total=Sum("answers"))["total"] or 0


@needs(Verb.READ_DAY)
def answers_since(*, permit: Permit, since: datetime) -> int:
    """Questions nobody had to ask again since a moment, over all of the agency's clients."""
    return Receipt.objects.filter(accepted_at__gte=since).aggregate(total=Sum("answers"))["total"] or 0


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.WITHDRAW_RELEASE)
def releases(*, permit: Permit, client_id: UUID) -> list[ReleaseView]:
    """Every release of one client, latest first."""
    rows = Release.objects.filter(client_id=client_id).order_by("-prepared_at")[:MOST_LISTED]
    return _releases(permit, rows)


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.WITHDRAW_RELEASE)
def release(*, permit: Permit, release_id: UUID) -> ReleaseView | None:
    """One release of one's own client; None when there is none."""
    return next(iter(_releases(permit, Release.objects.filter(id=release_id))), None)


@needs(Verb.WITHDRAW_RELEASE)
def living(*, permit: Permit, code: str = "", limit: int = MOST_LISTED) -> list[LivingRelease]:
    """Signed releases in force, soonest end first; with `code`, those of one client. For whoever takes her call."""
    rows = Release.objects.filter(signed_at__isnull=False, withdrawn_at__isnull=True, until_at__gt=permit.at)
    if code:
        rows = rows.filter(client__code=code.strip().upper())
    rows = list(rows.select_related("client").order_by("until_at", "id")[:limit])
    views = _releases(permit, rows)
    return [LivingRelease(row.client.code, view) for row, view in zip(rows, views, strict=True)]


@needs(Verb.READ_DAY)
def ending(*, permit: Permit, days: int = 3) -> list[ReleaseView]:
    """Signed releases that end within the next days, soonest first."""
    rows = Release.objects.filter(
        signed_at__isnull=False,
        withdrawn_at__isnull=True,
        until_at__gt=permit.at,
        until_at__lte=permit.at + timedelta(days=days),
    ).order_by("until_at")[:MOST_LISTED]
    return _releases(permit, rows)


def _releases(permit: Permit, rows: Iterable[Release]) -> list[ReleaseView]:
    rows = list(rows)
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
                    until_at=row.until_at,
                    withdrawn_at=row.withdrawn_at,
                    at=permit.at,
                ),
                prepared_at=row.prepared_at,
                signed_at=row.signed_at,
                until_at=row.until_at,
                withdrawn_at=row.withdrawn_at,
                sent=counts.get(row.id, 0),
            )
        )
    return views


def _ended(permit: Permit, receipts: QuerySet[Receipt]) -> list[Ended]:
    """Receipts whose envelope the database no longer shows."""
    living = Envelope.objects.filter(agency_id=permit.agency_id, id=OuterRef("envelope"))
    gone = receipts.exclude(Exists(living)).order_by("-until_at")[:MOST_LISTED]
    return [
        Ended(row.client_id, row.partner_id, Category(row.category), row.until_at > permit.at, row.until_at)
        for row in gone
    ]


def _tied(permit: Permit, client_id: UUID) -> QuerySet[Envelope]:
    """What lives on the threads tied to one's own client, newest first."""
    threads = Thread.objects.filter(client_id=client_id)
    rows = Envelope.objects.filter(agency_id=permit.agency_id, thread__in=threads.values("thread"))
    return rows.order_by("-sent_at", "id")


def _kept(permit: Permit) -> QuerySet[Envelope]:
    ended = Q(withdrawn_at__isnull=False) | Q(until_at__lte=permit.at)
    return Envelope.objects.filter(ended, agency_id=permit.agency_id, retain=True)


def _opened(permit: Permit, rows: Iterable[Envelope]) -> list[EnvelopeView]:
    """Open what the database still shows. Liveness and content came from the same row of the same statement."""
    rows = list(rows)
    vault = permit.opened()
    openers = {version: vault.envelope_opener(version) for version in {row.key_version for row in rows}}
    confirmed = set(Confirmed.objects.filter(envelope__in=[row.id for row in rows]).values_list("envelope", flat=True))
    views = []
    for row in rows:
        plain = openers[row.key_version](bytes(row.sealed or b""), envelope_info(row))
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
                content=Content.of(plain),
                confirmed=row.id in confirmed,
            )
        )
    return views


def _by_thread(views: Sequence[EnvelopeView]) -> list[Waiting]:
    threads: dict[UUID, list[EnvelopeView]] = {}
    for view in sorted(views, key=lambda view: view.sent_at):
        threads.setdefault(view.thread, []).append(view)
    ties = dict(Thread.objects.filter(thread__in=list(threads)).values_list("thread", "client_id"))
    return [
        Waiting(thread, views[0].holder_id, ties.get(thread), views[0].sent_at, tuple(views))
        for thread, views in threads.items()
    ]

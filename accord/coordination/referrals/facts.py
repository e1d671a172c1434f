"""Which referrals wait for her word, on what one may rest, and who may look after one that came."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accord.coordination.referrals.models import Answer, Incoming, Referral
from accord.coordination.referrals.rules import OPEN_HERE, TURNED_DOWN, Stand, State
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.policy.words import Category, Instrument, Relation
from accord.sharing import facts as sharing
from accord.sharing.models import Flow, Release, Thread
from accord.sharing.rules import info
from accord.vault.facts import client_key, takers, within
from accord.vault.models import Person
from accord.vault.rules import is_named

#: Basis of a referral: her release, or what a law lets one partner be told.
Basis = Release | Flow


def locked(client_id: UUID, referral_id: UUID) -> Referral | None:
    """One referral of one's own client, locked until the transaction ends."""
    found: Referral | None = Referral.objects.select_for_update().filter(id=referral_id, client_id=client_id).first()
    return found


def drafted(client_id: UUID) -> set[tuple[UUID, UUID]]:
    """(recipient, whom it is about) of referrals to partners that are not sent yet: what she signs for such a partner
    goes along with the referral, not before it."""
    rows = Referral.objects.filter(client_id=client_id, state=State.DRAFT, recipient__isnull=False)
    return set(rows.values_list("recipient_id", "about_id"))


def bases(referral: Referral, at: datetime) -> list[Basis]:
    """On what a referral may go to its partner: her living releases to it that name services, longest first, then laws
    that run. One whose referral was taken back or turned down carries no other."""
    spent = Referral.objects.filter(
        Q(state__in=[*TURNED_DOWN, State.TAKEN_BACK]) | Q(state=State.CLOSED, reason__gt=""), client=referral.client_id
    )
    used = {id for pair in spent.values_list("release_id", "flow_id") for id in pair if id}
    releases = sharing.living(at).filter(
        client=referral.client_id,
        subject=referral.about_id,
        recipient=referral.recipient_id,
        instrument=Instrument.ORDINARY,
        grants__has_key=Category.SERVICES.value,
    )
    found: list[Basis] = [row for row in releases.order_by("-until_at", "id") if row.id not in used]
    if Person.objects.filter(id=referral.about_id, relation=Relation.SELF).exists():
        flows = Flow.objects.filter(
            client=referral.client_id,
            recipient=referral.recipient_id,
            ended_at__isnull=True,
            until_at__gt=at,
            grants__has_key=Category.SERVICES.value,
        )
        found += [row for row in flows.order_by("-until_at", "id") if row.id not in used]
    return found


def words(permit: Permit, row: Referral) -> str:
    """What was written down about what she needs."""
    return _opened(permit, row, "words", row.words)


def outside(permit: Permit, row: Referral) -> dict[str, str]:
    """Who it goes to, where that is no partner: name, address, and what her leave rests on."""
    found: dict[str, str] = json.loads(_opened(permit, row, "outside", row.outside) or "{}")
    return found


def _opened(permit: Permit, row: Referral, column: str, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    key = client_key(permit.opened(), row.client)
    return key.open("referrals_referral", column, row.id, bytes(sealed)).decode()


def open_to(permit: Permit, rows: Iterable[Incoming]) -> list[Incoming]:
    """Without what she asked to be kept from the very member who looks, and what is about a file she may not know."""
    rows = list(rows)
    if not permit.scope.whole:
        tied = dict(Thread.objects.filter(thread__in={row.thread for row in rows}).values_list("thread", "client_id"))
        hers = set(within(permit, Thread.objects.filter(thread__in=list(tied))).values_list("thread", flat=True))
        rows = [row for row in rows if row.thread not in tied or row.thread in hers]
    if not any(row.kept_from for row in rows):
        return rows
    own = partners.colleagues(permit.agency_id).get(permit.member_id, "") if permit.member_id else ""
    return [row for row in rows if not any(is_named(name, own) for name in kept_from(permit, row))]


def kept_from(permit: Permit, row: Incoming) -> list[str]:
    """The people at one's own agency she asked to be kept from: shown to nobody. Before a yes no list is shorter by
    them; a press that would give it to one of them is refused."""
    if row.kept_from is None:
        return []
    names: list[str] = json.loads(
        permit.opened().open_envelope(row.key_version, bytes(row.kept_from), incoming_info(row))
    )
    return names


def waiting(agency_id: UUID) -> QuerySet[Incoming]:
    """What came to an agency and has not been answered."""
    rows = Incoming.objects.filter(agency_id=agency_id)
    return rows.exclude(Exists(answers().exclude(state=Stand.WAITING)))


def answers() -> QuerySet[Answer]:
    """Our row about one that came, as a part of a question about that."""
    one = {"agency_id": OuterRef("agency_id"), "holder_id": OuterRef("holder_id"), "incoming": OuterRef("id")}
    return Answer.objects.filter(**one)


def open_here() -> QuerySet[Answer]:
    """Ours that are not over. What was taken back before a yes is not there any more."""
    came = Incoming.objects.filter(agency_id=OuterRef("agency_id"), id=OuterRef("incoming"))
    return Answer.objects.filter(~Q(state=Stand.WAITING) | Exists(came), state__in=OPEN_HERE)


def held(member_id: UUID) -> QuerySet[Answer]:
    """What one member looks after, for whoever hands it over."""
    return open_here().filter(member=member_id)


def offered(agency_id: UUID, row: Answer) -> dict[UUID, str]:
    """To whom it can be given as far as a list may tell: whoever works here, and where it is about a file already, who
    may know of that one. Whom she asked to be kept from is among them: one name that is missing would say whom."""
    tied = Thread.objects.filter(thread=row.thread).values_list("client_id", flat=True).first()
    return takers(agency_id, row.client_id or tied)


def may_look_after(permit: Permit, rows: Collection[Answer]) -> dict[UUID, dict[UUID, str]]:
    """By row, who can look after it: whoever works here, but nobody she asked to be kept from, and where it is about a
    file already, nobody who may not know of that one. What was taken back is for nobody before a yes."""
    ids = [row.incoming for row in rows]
    came = {row.id: row for row in Incoming.objects.filter(agency_id=permit.agency_id, id__in=ids)}
    threads = {row.thread for row in rows if row.client_id is None}
    tied = dict(Thread.objects.filter(thread__in=threads).values_list("thread", "client_id"))
    found: dict[UUID, dict[UUID, str]] = {}
    for row in rows:
        if row.state == Stand.WAITING and row.incoming not in came:
            found[row.id] = {}
            continue
        names = kept_from(permit, came[row.incoming]) if row.incoming in came else []
        people = takers(permit.agency_id, row.client_id or tied.get(row.thread))
        found[row.id] = {id: name for id, name in people.items() if not any(is_named(each, name) for each in names)}
    return found


def incoming_info(row: Incoming) -> bytes:
    """What binds the names to their row."""
    return info(recipient=str(row.agency_id), holder=str(row.holder_id), envelope=str(row.id), thread=str(row.thread))


def told(summary: Mapping[str, object] | None) -> tuple[State, UUID, str] | None:
    """What a partner's summary says of a referral: where it stands, which, and what came of it."""
    values = (summary or {}).get("values")
    state = {
        "referral.accepted": State.ACCEPTED,
        "referral.met": State.MET,
        "referral.ended": State.ENDED,
    }.get(str((summary or {}).get("template", "")))
    if state is None or not isinstance(values, Mapping):
        return None
    try:
        return state, UUID(str(values.get("referral", ""))), str(values.get("result", ""))
    except ValueError:
        return None

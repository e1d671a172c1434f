"""Preparing, signing and withdrawing her word; sending and accepting envelopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db.models import Case, F, Value, When
from django.db.models.fields import BinaryField
from django.db.models.functions import Now

from accord.ledger.permits import Permit, needs
from accord.partners.models import Agency
from accord.policy.words import Category, Element, Level, Purpose, Relation, SignerRole, Verb
from accord.sealing.hpke import seal_to
from accord.sealing.vault import ClientKey
from accord.sharing.models import Arrival, Confirmed, Envelope, Receipt, Release, Sent, Thread
from accord.sharing.rules import (
    Disclosure,
    InvalidRelease,
    State,
    checked_terms,
    ends,
    info,
    signature_elements,
    state,
)
from accord.vault.models import Client, Person


@needs(Verb.PREPARE_RELEASE)
def prepare(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    recipient_id: UUID,
    purpose: Purpose,
    grants: Mapping[Category, Level],
    last_day: date,
    language: str,
) -> UUID:
    """Write down what she is about to be asked. Nothing is sent. Returns the release's id; raises InvalidRelease."""
    holder = Agency.objects.get(id=permit.agency_id)
    if recipient_id == holder.id or not Agency.objects.filter(id=recipient_id).exists():
        raise InvalidRelease("Choose a partner agency to receive it.")
    terms = checked_terms(
        grants=grants, purpose=purpose, last_day=last_day, today=at.astimezone(ZoneInfo(holder.timezone)).date()
    )
    herself = Person.objects.filter(client_id=client_id, relation=Relation.SELF).values_list("id", flat=True)[0]
    release: Release = Release.objects.create(
        agency_id=holder.id,
        client_id=client_id,
        subject_id=herself,
        recipient_id=recipient_id,
        purpose=purpose,
        grants={category.value: int(level) for category, level in terms.items()},
        language=language,
        elements=[],
        signer_role=SignerRole.SELF,
        prepared_at=at,
        prepared_by=permit.member_id,
        until_at=ends(last_day, holder.timezone),
    )
    permit.record("release_prepared", release.id)
    prepared: UUID = release.id
    return prepared


@needs(Verb.SIGN_RELEASE)
def sign(
    *,
    permit: Permit,
    at: datetime,
    release_id: UUID,
    spoken: frozenset[Element],
    method: str,
    copy: str,
    signature: str,
    signer: SignerRole = SignerRole.SELF,
    authority: str = "",
    minor: bool = False,
    alone: bool = False,
    cosigned: bool = False,
    abuser: bool = False,
    long_because: str = "",
) -> Release:
    """She signs, after every sentence was read. From here on nothing about it can be changed; it can only end.

    Raises InvalidRelease when something was not read, nobody signed, or it was signed before.
    """
    release: Release = Release.objects.select_for_update().get(id=release_id)
    if release.signed_at is not None:
        raise InvalidRelease("This release is signed already. A change is a new release.")
    if not signature.strip():
        raise InvalidRelease("Write the name she signs with.")
    if method not in ("screen", "paper", "witnessed"):
        raise InvalidRelease("Say how she signs: on screen, on paper, or witnessed.")
    key = _client_key(permit, release.client_id)
    release.elements = [
        element.value for element in signature_elements(spoken, copy=copy, signer=signer, authority=authority)
    ]
    release.signer_role, release.method, release.copy = signer, method, copy
    release.signer_minor, release.signer_alone = minor, alone
    release.signer_cosigned, release.signer_abuser = cosigned, abuser
    words = signature.strip() + (f" ({authority.strip()})" if authority.strip() else "")
    release.signature = key.seal("sharing_release", "signature", release.id, words.encode())
    if long_because.strip():
        release.long_because = key.seal("sharing_release", "long_because", release.id, long_because.strip().encode())
    release.explained_at, release.signed_at, release.signed_with = at, at, permit.member_id
    release.save()
    permit.record("release_signed", release.id)
    return release


@needs(Verb.DISCLOSE)
def send(*, permit: Permit, at: datetime, release: Release, items: Iterable[Disclosure]) -> int:
    """Seal each thing the gate allowed to the recipient's key and hand it over. What was sent under this release
    before is passed over. Returns how many envelopes went out."""
    recipient = Agency.objects.only("public_key", "public_version").get(id=release.recipient_id)
    thread = _thread(permit, at, release)
    already = set(Sent.objects.filter(release_id=release.id).values_list("entry_id", "category"))
    envelopes, sent, arrivals = [], [], []
    for item in items:
        if (item.entry_id, item.content.category.value) in already:
            continue
        envelope = Envelope(
            agency_id=recipient.id,
            holder_id=permit.agency_id,
            thread=thread,
            release=release.id,
            rules=list(item.rules),
            purpose=release.purpose,
            category=item.content.category,
            level=item.content.level,
            key_version=recipient.public_version,
            retain=item.retain,
            sent_at=at,
            until_at=item.until,
        )
        envelope.sealed = seal_to(bytes(recipient.public_key), item.content.packed(), envelope_info(envelope))
        envelopes.append(envelope)
        arrivals.append(
            Arrival(agency_id=recipient.id, holder_id=permit.agency_id, envelope=envelope.id, arrived_at=at)
        )
        sent.append(
            Sent(
                agency_id=permit.agency_id,
                release_id=release.id,
                client_id=release.client_id,
                entry_id=item.entry_id,
                recipient_id=recipient.id,
                envelope=envelope.id,
                category=item.content.category,
                level=item.content.level,
                sent_at=at,
                sent_by=permit.member_id,
            )
        )
        permit.record("disclosed", envelope.id)
    Envelope.objects.bulk_create(envelopes)
    Arrival.objects.bulk_create(arrivals)
    Sent.objects.bulk_create(sent)
    return len(envelopes)


@needs(Verb.WITHDRAW_RELEASE)
def withdraw(*, permit: Permit, at: datetime, release_id: UUID, how: str) -> int:
    """She takes it back; her word is enough. Reading stops with this commit. What no recipient is bound to keep is
    destroyed. Returns how many envelopes ended. Raises InvalidRelease when there is nothing to take back."""
    if how not in ("in_person", "phone", "written"):
        raise InvalidRelease("Say how she told you: in person, by phone, or in writing.")
    release = Release.objects.select_for_update().get(id=release_id)
    where = state(
        explained_at=release.explained_at,
        signed_at=release.signed_at,
        until_at=release.until_at,
        withdrawn_at=release.withdrawn_at,
        at=at,
    )
    if where not in (State.SIGNED, State.DRAFT, State.EXPLAINED):
        raise InvalidRelease("This release has ended already.")
    release.withdrawn_at, release.withdrawn_by, release.withdrawn_how = at, permit.member_id, how
    release.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_how"])
    ended = Envelope.objects.filter(holder_id=permit.agency_id, release=release_id, withdrawn_at__isnull=True)
    Arrival.objects.filter(holder_id=permit.agency_id, envelope__in=ended.values("id")).delete()
    count: int = ended.update(
        withdrawn_at=at,
        sealed=Case(When(retain=True, then=F("sealed")), default=Value(None), output_field=BinaryField(null=True)),
    )
    permit.record("release_withdrawn", release_id)
    return count


@needs(Verb.ACCEPT_ENVELOPE)
def accept(
    *, permit: Permit, at: datetime, partner_id: UUID, thread: UUID, client_id: UUID, answers: Mapping[UUID, int]
) -> int:
    """Tie a partner's thread to one's own client and take note of each envelope on it (`answers`: envelope id to the
    number of questions it answers). Returns how many were accepted."""
    tie, made = Thread.objects.get_or_create(
        agency_id=permit.agency_id,
        thread=thread,
        defaults={"partner_id": partner_id, "client_id": client_id, "tied_at": at, "tied_by": permit.member_id},
    )
    if not made and tie.client_id != client_id:
        raise InvalidRelease("This is tied to another of your clients already.")
    waiting = Arrival.objects.filter(agency_id=permit.agency_id, envelope__in=list(answers))
    rows = list(
        Envelope.objects.filter(agency_id=permit.agency_id, thread=thread, id__in=waiting.values("envelope")).defer(
            "sealed"
        )
    )
    Receipt.objects.bulk_create(
        Receipt(
            agency_id=permit.agency_id,
            partner_id=partner_id,
            client_id=client_id,
            envelope=row.id,
            category=row.category,
            level=row.level,
            answers=answers[row.id],
            accepted_at=at,
            accepted_by=permit.member_id,
            until_at=row.until_at,
        )
        for row in rows
    )
    Arrival.objects.filter(agency_id=permit.agency_id, envelope__in=[row.id for row in rows]).delete()
    permit.record("thread_tied", tie.id)
    for row in rows:
        permit.record("envelope_accepted", row.id)
    return len(rows)


@needs(Verb.CONFIRM_VALUE)
def confirm(*, permit: Permit, at: datetime, client_id: UUID, envelope_id: UUID, entry_id: UUID) -> None:
    """Mark that she herself confirmed what an envelope says; `entry_id` is the agency's own entry made of it."""
    Confirmed.objects.create(
        agency_id=permit.agency_id,
        client_id=client_id,
        envelope=envelope_id,
        entry_id=entry_id,
        confirmed_at=at,
        confirmed_by=permit.member_id,
    )
    permit.record("she_confirmed", envelope_id)


@needs(Verb.SWEEP)
def sweep(*, permit: Permit, at: datetime) -> int:
    """Destroy the ciphertext of this holder's envelopes that ended, by the database's clock, and nobody must keep."""
    ended = Envelope.objects.filter(holder_id=permit.agency_id, until_at__lte=Now(), retain=False, sealed__isnull=False)
    ids: Sequence[UUID] = list(ended.values_list("id", flat=True))
    count: int = ended.update(sealed=None)
    Arrival.objects.filter(holder_id=permit.agency_id, envelope__in=ids).delete()
    if count:
        permit.record("envelopes_destroyed", permit.agency_id)
    return count


def envelope_info(row: Envelope) -> bytes:
    return info(recipient=str(row.agency_id), holder=str(row.holder_id), envelope=str(row.id), thread=str(row.thread))


def _thread(permit: Permit, at: datetime, release: Release) -> UUID:
    own: Thread | None = Thread.objects.filter(client_id=release.client_id, partner_id=release.recipient_id).first()
    if own is None:
        own = Thread.objects.create(
            agency_id=permit.agency_id,
            partner_id=release.recipient_id,
            thread=uuid4(),
            client_id=release.client_id,
            tied_at=at,
            tied_by=permit.member_id,
        )
    thread: UUID = own.thread
    return thread


def _client_key(permit: Permit, client_id: UUID) -> ClientKey:
    client = Client.objects.only("wrapped_key").get(id=client_id)
    return permit.opened().client_key(client_id, bytes(client.wrapped_key))

"""Preparing, signing and withdrawing her word; sending and accepting envelopes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.fields import BinaryField
from django.db.models.functions import Now

from accord.database.bulk import insert
from accord.ledger.permits import Permit, needs
from accord.partners.models import Agency
from accord.policy.words import Category, Element, Instrument, Level, Purpose, Relation, SignerRole, Verb
from accord.sealing.hpke import seal_to, sealer
from accord.sealing.vault import ClientKey
from accord.sharing import facts
from accord.sharing.models import (
    Answered,
    Arrival,
    Aside,
    Confirmed,
    Envelope,
    Flow,
    Never,
    Opened,
    Receipt,
    Relay,
    Release,
    Sent,
    Thread,
)
from accord.sharing.rules import (
    EVENTS,
    LONGEST_NAME,
    LONGEST_WORDS,
    TOLD,
    Content,
    Disclosure,
    Draft,
    InvalidRelease,
    Signing,
    State,
    checked_terms,
    checked_updates,
    ends,
    info,
    planned,
    state,
    told_of,
)
from accord.vault import actions as vault
from accord.vault.facts import client_key, family
from accord.vault.models import Client, Person

#: On what an envelope may rest.
Basis = Release | Flow | Answered
#: What a row that rests on one of them calls it.
NAMED: Final[Mapping[type, str]] = {Release: "release", Flow: "flow", Answered: "answered"}
#: For whom what is kept may be opened (house design, withdrawal and end; facts 1.8).
KEPT_FOR: Final = ("defence", "court", "retention")
#: What becomes of a ciphertext when it ends.
WHERE_KEPT: Final = Case(When(retain=True, then=F("sealed")), default=Value(None), output_field=BinaryField(null=True))


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
    conversation: UUID | None = None,
    updates: Collection[Category] = (),
    subject_id: UUID | None = None,
    instrument: Instrument = Instrument.ORDINARY,
    substance_use: bool = False,
) -> UUID:
    """Write down what she is about to be asked. Nothing is sent. Returns the release's id; raises InvalidRelease.

    `conversation` puts it beside others that are signed with it, `updates` names categories of which what is added
    later may follow, `subject_id` a child of hers instead of herself. An `instrument` of its own stands alone.
    """
    holder = Agency.objects.get(id=permit.agency_id)
    _checked_recipients(holder, [recipient_id])
    _alone(instrument, 1, conversation)
    draft = Draft(
        recipient_id,
        purpose,
        checked_terms(
            grants=grants, purpose=purpose, last_day=last_day, today=_today(holder, at), instrument=instrument
        ),
        substance_use=substance_use,
    )
    row = _draft(permit, at, holder, _subject(client_id, subject_id), draft, last_day, language, instrument)
    row.client_id, row.conversation = client_id, conversation or row.conversation
    row.updates = checked_updates(updates, draft.grants)
    row.save(force_insert=True)
    permit.record("release_prepared", row.id)
    prepared: UUID = row.id
    return prepared


@needs(Verb.PREPARE_RELEASE)
def begin(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    drafts: Sequence[Draft],
    last_day: date,
    language: str,
    subject_id: UUID | None = None,
    conversation: UUID | None = None,
    instrument: Instrument = Instrument.ORDINARY,
) -> UUID:
    """Begin a conversation about several partners, or bring more partners into one: a draft each, whose terms may still
    be open. Nothing is sent. An `instrument` of its own is a conversation of its own, with one partner. Returns the
    conversation's id; raises InvalidRelease."""
    holder = Agency.objects.get(id=permit.agency_id)
    _alone(instrument, len(drafts), conversation)
    conversation = conversation or uuid4()
    there = set(
        Release.objects.filter(conversation=conversation, withdrawn_at=None).values_list("recipient", flat=True)
    )
    drafts = [draft for draft in drafts if draft.recipient_id not in there]
    _checked_recipients(holder, [draft.recipient_id for draft in drafts])
    subject = _subject(client_id, subject_id)
    rows = [_draft(permit, at, holder, subject, draft, last_day, language, instrument) for draft in drafts]
    for row in rows:
        row.client_id, row.conversation = client_id, conversation
        permit.record("release_prepared", row.id)
    Release.objects.bulk_create(rows)
    return conversation


@needs(Verb.PREPARE_RELEASE)
def describe(
    *,
    permit: Permit,
    at: datetime,
    release_id: UUID,
    purpose: Purpose,
    grants: Mapping[Category, Level],
    last_day: date,
    updates: Collection[Category] = (),
    substance_use: bool = False,
    ends_with: str = "",
    fixed: bool = False,
) -> None:
    """Say in an unsigned release what one partner may know, for what and how long. Raises InvalidRelease.

    `ends_with`: the event with which it ends, at the latest on its last day. `fixed`: where the law lets her, she binds
    herself until then. What the person responsible for a shelter has allowed is to be allowed anew.
    """
    if ends_with not in ("", *EVENTS):
        raise InvalidRelease("Choose the event it ends with from the list.")
    release = Release.objects.select_for_update().get(id=release_id)
    if release.signed_at is not None or release.withdrawn_at is not None:
        raise InvalidRelease("This release is signed already. A change is a new release.")
    holder = Agency.objects.get(id=permit.agency_id)
    instrument = Instrument(release.instrument)
    if fixed and instrument is not Instrument.CRIMINAL_JUSTICE:
        raise InvalidRelease("She can always take this back; only a consent to those who monitor a case binds her.")
    terms = checked_terms(
        grants=grants, purpose=purpose, last_day=last_day, today=_today(holder, at), instrument=instrument
    )
    release.purpose, release.until_at = purpose, ends(last_day, holder.timezone)
    release.grants = {category.value: int(level) for category, level in terms.items()}
    release.updates = checked_updates(updates, terms)
    release.elements = planned(instrument, substance_use=substance_use)
    release.ends_with, release.fixed_until = ends_with, release.until_at if fixed else None
    release.responsible_at = release.responsible_by = None
    release.save(
        update_fields=[
            "purpose", "until_at", "grants", "updates", "elements", "ends_with", "fixed_until", "responsible_at",
            "responsible_by",
        ]
    )  # fmt: skip
    permit.record("release_prepared", release.id)


@needs(Verb.COSIGN_RELEASE)
def cosign(*, permit: Permit, at: datetime, client_id: UUID, release_id: UUID) -> None:
    """The person responsible for a shelter allows that one partner be told where it is, before she signs. Raises
    InvalidRelease when there is nothing to allow."""
    waiting = Release.objects.filter(
        id=release_id,
        client_id=client_id,
        instrument=Instrument.SHELTER_PERMISSION,
        signed_at__isnull=True,
        withdrawn_at__isnull=True,
        responsible_at__isnull=True,
    ).exclude(prepared_by=permit.member_id)
    if not waiting.update(responsible_at=at, responsible_by=permit.member_id):
        raise InvalidRelease("There is nothing here that you can allow: it is allowed, over, or your own.")
    permit.record("release_cosigned", release_id)


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
    ward: bool = False,
    dead: bool = False,
    cosigner: str = "",
    witness: str = "",
    kept: str = "",
    long_because: str = "",
) -> Release:
    """She signs one release; see `sign_page`."""
    page = Signing(
        spoken=spoken,
        method=method,
        copy=copy,
        signature=signature,
        signer=signer,
        authority=authority,
        minor=minor,
        alone=alone,
        cosigned=cosigned,
        abuser=abuser,
        ward=ward,
        dead=dead,
        cosigner=cosigner,
        witness=witness,
        kept=kept,
        long_because=long_because,
    )
    return sign_page(permit=permit, at=at, release_ids=[release_id], page=page)[0]


@needs(Verb.SIGN_RELEASE)
def sign_page(*, permit: Permit, at: datetime, release_ids: Collection[UUID], page: Signing) -> list[Release]:
    """She signs once for several recipients, after every sentence was read; it is stored as one release each. From here
    on nothing about them can be changed; they can only end. Returns them in the order of `release_ids`.

    Raises InvalidRelease when something was not read, nobody signed, or one of them was signed or ended before; then
    none is signed.
    """
    found = {row.id: row for row in Release.objects.select_for_update().filter(id__in=release_ids).order_by("id")}
    rows = [found[id] for id in release_ids if id in found]
    if not rows or len(rows) < len(release_ids) or len({(row.client_id, row.subject_id) for row in rows}) > 1:
        raise InvalidRelease("One page is about one person, and every release on it must be hers.")
    if any(row.signed_at is not None for row in rows):
        raise InvalidRelease("This release is signed already. A change is a new release.")
    if any(row.withdrawn_at is not None for row in rows):
        raise InvalidRelease("She said no to one of these. Begin a new conversation if she has changed her mind.")
    if any(row.until_at <= at for row in rows):
        raise InvalidRelease("The last day is over already. Choose another one before she signs.")
    if any(row.instrument == Instrument.SHELTER_PERMISSION and row.responsible_at is None for row in rows):
        raise InvalidRelease("The person responsible for the shelter has to allow it first.")
    if any(row.responsible_by == permit.member_id for row in rows):
        raise InvalidRelease("Whoever allowed it for the shelter does not take her signature too.")
    meant = {row.id for row in rows if Element.SUBSTANCE_USE.value in row.elements}
    if meant and Element.SUBSTANCE_USE not in page.spoken:
        raise InvalidRelease("Read aloud that records about alcohol or drug treatment are meant, too.")
    elements = [element.value for element in page.elements()]
    common = {
        "signer_role": page.signer,
        "signer_minor": page.minor,
        "signer_alone": page.alone,
        "signer_cosigned": page.cosigned,
        "signer_abuser": page.abuser,
        "signer_ward": page.ward,
        "signer_dead": page.dead,
        "method": page.method,
        "copy": page.copy,
        "explained_at": at,
        "signed_at": at,
        "signed_with": permit.member_id,
    }
    words = {
        "signature": page.words,
        "cosigner": page.cosigner,
        "witness": page.witness,
        "kept": page.kept,
        "long_because": page.long_because,
    }
    sealed = {column: said.strip().encode() for column, said in words.items() if said.strip()}
    key = _client_key(permit, rows[0].client_id)
    for row in rows:
        for column, said in sealed.items():
            setattr(row, column, key.seal("sharing_release", column, row.id, said))
        row.elements = elements + ([Element.SUBSTANCE_USE.value] if row.id in meant else [])
    # What differs from row to row goes first: once signed, the database lets nobody touch a release.
    Release.objects.bulk_update(rows, ["elements", *sealed])
    Release.objects.filter(id__in=list(found)).update(**common)
    for row in rows:
        for column, value in common.items():
            setattr(row, column, value)
        permit.record("release_signed", row.id)
    return rows


@needs(Verb.DISCLOSE)
def send(
    *,
    permit: Permit,
    at: datetime,
    parcels: Sequence[tuple[Basis, Sequence[Disclosure]]],
    referral: UUID | None = None,
) -> dict[UUID, int]:
    """Seal each thing the gate allowed to its recipient's key and hand it over, on her release, on a flow, or as the
    answer to a paper. What was sent on it before is passed over. What goes along with a `referral` opens with the
    recipient's yes to that, and so does what follows on the same basis. Returns how many envelopes went out on each."""
    bases = [basis for basis, _items in parcels]
    recipients = {
        row.id: row
        for row in Agency.objects.only("public_key", "public_version").filter(
            id__in={basis.recipient_id for basis in bases}
        )
    }
    threads = _threads(permit, at, bases)
    already = _sent_before(bases)
    kept_from = facts.asked_to_keep_from(permit, {(basis.client_id, basis.recipient_id) for basis in bases})
    along = dict.fromkeys((basis.id for basis in bases), referral) if referral else _referrals(permit, bases)
    counts = dict.fromkeys((basis.id for basis in bases), 0)
    envelopes, sent, arrivals = [], [], []
    for basis, items in parcels:
        recipient = recipients[basis.recipient_id]
        named = NAMED[type(basis)]
        sealing = sealer(bytes(recipient.public_key))
        for item in items:
            if (basis.id, item.entry_id, item.content.category.value) in already:
                continue
            content = item.content
            if names := kept_from.get((basis.client_id, recipient.id)):
                content = replace(content, kept_from=names)
            envelope = Envelope(
                agency_id=recipient.id,
                holder_id=permit.agency_id,
                thread=threads[basis.id],
                referral=along.get(basis.id),
                basis=named,
                rules=list(item.rules),
                purpose=basis.purpose,
                category=item.content.category,
                level=item.content.level,
                key_version=recipient.public_version,
                retain=item.retain,
                sent_at=at,
                until_at=item.until,
                **{named: basis.id},
            )
            envelope.sealed = sealing(content.packed(), envelope_info(envelope))
            envelopes.append(envelope)
            arrivals.append(
                Arrival(
                    agency_id=recipient.id,
                    holder_id=permit.agency_id,
                    envelope=envelope.id,
                    referral=along.get(basis.id),
                    arrived_at=at,
                )
            )
            sent.append(
                Sent(
                    agency_id=permit.agency_id,
                    client_id=basis.client_id,
                    entry_id=item.entry_id,
                    recipient_id=recipient.id,
                    envelope=envelope.id,
                    category=item.content.category,
                    level=item.content.level,
                    sent_at=at,
                    sent_by=permit.member_id,
                    **{f"{named}_id": basis.id},
                )
            )
            permit.record("disclosed", envelope.id)
            counts[basis.id] += 1
    insert(Envelope, envelopes)
    insert(Arrival, arrivals)
    insert(Sent, sent)
    return counts


@needs(Verb.WITHDRAW_RELEASE)
def withdraw(*, permit: Permit, at: datetime, release_id: UUID, how: str) -> int:
    """She takes one release back; see `withdraw_page`."""
    return withdraw_page(permit=permit, at=at, release_ids=[release_id], how=how)


@needs(Verb.WITHDRAW_RELEASE)
def withdraw_page(*, permit: Permit, at: datetime, release_ids: Collection[UUID], how: str) -> int:
    """She takes it back; her word is enough. Reading stops with this commit. What no recipient is bound to keep is
    destroyed. One that binds her until a day ends on that day; that she wants it to is noted. Returns how many
    envelopes ended. Raises InvalidRelease when one of them has ended already, or her wish is noted."""
    if how not in (*TOLD, "relayed"):
        raise InvalidRelease("Say how she told you: in person, by phone, or in writing.")
    releases = list(Release.objects.select_for_update().filter(id__in=release_ids).order_by("id"))
    living = (State.SIGNED, State.DRAFT, State.EXPLAINED)
    if len(releases) < len(release_ids) or not all(_state(release, at) in living for release in releases):
        raise InvalidRelease("This release has ended already.")
    bound = {release.id for release in releases if release.signed_at is not None and release.fixed_until is not None}
    wished = Release.objects.filter(id__in=bound, wished_at__isnull=True).update(
        wished_at=at, wished_by=permit.member_id, wished_how=how
    )
    if bound and not wished and len(bound) == len(releases):
        raise InvalidRelease("That she wants this to end is noted already. It ends on its day.")
    for id in bound:
        permit.record("release_end_wished", id)
    ids = [release.id for release in releases if release.id not in bound]
    Release.objects.filter(id__in=ids).update(withdrawn_at=at, withdrawn_by=permit.member_id, withdrawn_how=how)
    count = _end(permit, at, Envelope.objects.filter(release__in=ids))
    for id in ids:
        permit.record("release_withdrawn", id)
    return count


@needs(Verb.WITHDRAW_RELEASE)
def end_with_event(*, permit: Permit, at: datetime, release_id: UUID) -> int:
    """The event a release was to end with has come: reading stops with this commit, as when she takes it back. Returns
    how many envelopes ended. Raises InvalidRelease for one that is over, or ends with no event."""
    release = Release.objects.select_for_update().get(id=release_id)
    if _state(release, at) is not State.SIGNED or not release.ends_with:
        raise InvalidRelease("This release has ended already, or ends on its last day alone.")
    Release.objects.filter(id=release_id).update(ended_at=at, ended_by=permit.member_id)
    count = _end(permit, at, Envelope.objects.filter(release=release_id))
    permit.record("release_ended", release_id)
    return count


@needs(Verb.DELETE_CLIENT, Verb.SWEEP)
def end_all(*, permit: Permit, at: datetime, client_ids: Collection[UUID]) -> int:
    """End whatever was ever sent about clients who are deleted, as a withdrawal does, and empty what partners passed on
    in their words: it is sealed to the agency, not under their keys. Returns how many envelopes."""
    sent = Sent.objects.filter(client_id__in=client_ids).values_list("recipient_id", "envelope")
    places = list(sent.filter(agency_id=permit.agency_id))
    envelopes = Envelope.objects.filter(agency_id__in={agency for agency, _ in places}, id__in=[id for _, id in places])
    count = _end(permit, at, envelopes)
    threads = Thread.objects.filter(agency_id=permit.agency_id, client_id__in=client_ids).values("thread")
    Relay.objects.filter(agency_id=permit.agency_id, thread__in=threads, words__isnull=False).update(words=None)
    if count:
        permit.record("envelopes_destroyed", permit.agency_id)
    return count


@needs(Verb.DISCLOSE)
def open_flow(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    recipient_id: UUID,
    purpose: Purpose,
    grants: Mapping[Category, Level],
    rule: str,
    agreement: UUID | None,
    until: datetime,
    automatic: bool,
    not_told: str = "",
) -> Flow:
    """Write down what one partner is told of one client because a law allows it without her release; the gate has
    asked it. `not_told`: why it is not safe to tell her, empty once she was told. Raises InvalidRelease."""
    same = Flow.objects.filter(client_id=client_id, recipient_id=recipient_id, purpose=purpose, rule=rule)
    if same.filter(ended_at__isnull=True, until_at__gt=at).exists():
        raise InvalidRelease("This is running already.")
    flow = Flow(
        agency_id=permit.agency_id,
        client_id=client_id,
        recipient_id=recipient_id,
        purpose=purpose,
        grants={category.value: int(level) for category, level in grants.items()},
        rule=rule,
        agreement=agreement,
        automatic=automatic,
        told="not_safe" if not_told.strip() else "told",
        opened_at=at,
        opened_by=permit.member_id,
        until_at=until,
    )
    if not_told.strip():
        key = _client_key(permit, client_id)
        flow.not_told = key.seal("sharing_flow", "not_told", flow.id, not_told.strip().encode())
    flow.save(force_insert=True)
    permit.record("flow_opened", flow.id)
    permit.record("told_her" if flow.told == "told" else "not_safe_to_tell_her", flow.id)
    return flow


@needs(Verb.DISCLOSE)
def open_answer(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    subject_id: UUID,
    recipient_id: UUID,
    purpose: Purpose,
    paper: UUID,
    grants: Mapping[Category, Level],
    rule: str,
    until: datetime,
) -> Answered:
    """Write down that a partner is given what a paper of its own lets out; the gate has asked the law, and the database
    asks whether the paper has been through its path."""
    row = Answered(
        agency_id=permit.agency_id,
        client_id=client_id,
        subject_id=subject_id,
        recipient_id=recipient_id,
        purpose=purpose,
        paper=paper,
        grants={category.value: int(level) for category, level in grants.items()},
        rule=rule,
        until_at=until,
        answered_at=at,
        answered_by=permit.member_id,
    )
    row.save(force_insert=True)
    return row


@needs(Verb.SEND_UPDATE)
def end_flow(*, permit: Permit, at: datetime, flow_id: UUID) -> int:
    """Stop telling a partner under a law. Reading stops with this commit, as when she takes a release back. Returns how
    many envelopes ended. Raises InvalidRelease when it is over already."""
    flow = Flow.objects.select_for_update().get(id=flow_id)
    if flow.ended_at is not None or flow.until_at <= at:
        raise InvalidRelease("This is over already.")
    Flow.objects.filter(id=flow_id).update(ended_at=at, ended_by=permit.member_id)
    count = _end(permit, at, Envelope.objects.filter(flow=flow_id))
    permit.record("flow_ended", flow_id)
    return count


@needs(Verb.SEND_UPDATE)
def put_aside(*, permit: Permit, at: datetime, client_id: UUID, picks: Collection[tuple[UUID, UUID]]) -> None:
    """Not these: `picks` are (release or flow, entry). They are not offered again on that release or flow."""
    Aside.objects.bulk_create(
        [
            Aside(
                agency_id=permit.agency_id,
                client_id=client_id,
                basis=basis,
                entry_id=entry,
                put_at=at,
                put_by=permit.member_id,
            )
            for basis, entry in picks
        ],
        ignore_conflicts=True,
    )
    for _basis, entry in picks:
        permit.record("put_aside", entry)


@needs(Verb.RELAY_WITHDRAWAL)
def relay(
    *, permit: Permit, at: datetime, partner_id: UUID, thread: UUID, wants: str, how: str, words: str = ""
) -> int:
    """She said here that she takes back what a partner shared. What it sent on this thread can no longer be read here,
    and it is told. Said twice it is told twice. Returns how many envelopes ended here. Raises InvalidRelease."""
    if how not in TOLD:
        raise InvalidRelease("Say how she told you: in person, by phone, or in writing.")
    if wants not in ("partner", "all"):
        raise InvalidRelease("Say what she takes back: what we have, or everything they share.")
    if len(words) > LONGEST_WORDS:
        raise InvalidRelease("Her words are too long to send along. Write down what matters.")
    holder = Agency.objects.only("public_key", "public_version").get(id=partner_id)
    row = Relay(
        agency_id=partner_id,
        partner_id=permit.agency_id,
        thread=thread,
        wants=wants,
        how=how,
        key_version=holder.public_version,
        told_at=at,
    )
    if words.strip():
        row.words = seal_to(bytes(holder.public_key), words.strip().encode(), relay_info(row))
    here = Envelope.objects.filter(agency_id=permit.agency_id, holder_id=partner_id, thread=thread)
    Arrival.objects.filter(agency_id=permit.agency_id, holder_id=partner_id, envelope__in=here.values("id")).delete()
    # By the database's clock: its policy shows a recipient the row it ends in this one statement only.
    ended: int = here.update(withdrawn_at=Now(), sealed=WHERE_KEPT)
    row.save(force_insert=True)
    permit.record("withdrawal_relayed", thread)
    return ended


@needs(Verb.WITHDRAW_RELEASE)
def close_relay(*, permit: Permit, at: datetime, client_id: UUID, relay_id: UUID, how: str, note: str = "") -> None:
    """What a partner relayed is dealt with: her releases are withdrawn, or she decided otherwise and `note` says what.
    The same word told again is closed with it. Raises InvalidRelease."""
    if how not in ("withdrawn", "otherwise"):
        raise InvalidRelease("Say what became of it.")
    if how == "otherwise" and not note.strip():
        raise InvalidRelease("Write down what she decided, and how you know it from her.")
    told = Relay.objects.get(id=relay_id)
    same = Relay.objects.select_for_update().filter(
        partner_id=told.partner_id, thread=told.thread, closed_at__isnull=True
    )
    key = _client_key(permit, client_id)
    for row in same:
        row.closed_at, row.closed_by, row.closed_how = at, permit.member_id, how
        if note.strip():
            row.closed_note = key.seal("sharing_relay", "closed_note", row.id, note.strip().encode())
        row.save(update_fields=["closed_at", "closed_by", "closed_how", "closed_note"])
        permit.record("relay_closed", row.id)


@needs(Verb.NEVER_SHARE)
def never(*, permit: Permit, at: datetime, client_id: UUID, against_id: UUID, person: str = "") -> UUID:
    """She said never: to a whole partner agency, or to one `person` who works there. Raises InvalidRelease."""
    if against_id == permit.agency_id or not Agency.objects.filter(id=against_id).exists():
        raise InvalidRelease("Choose a partner agency.")
    person = " ".join(person.split())
    if len(person) > LONGEST_NAME:
        raise InvalidRelease("Write the name alone, without anything else.")
    row = Never(
        agency_id=permit.agency_id,
        client_id=client_id,
        against_id=against_id,
        since_at=at,
        noted_by=permit.member_id,
    )
    if person:
        row.person = _client_key(permit, client_id).seal("sharing_never", "person", row.id, person.encode())
    elif Never.objects.filter(client_id=client_id, against=against_id, person=None, lifted_at=None).exists():
        raise InvalidRelease("She has said so already.")
    row.save(force_insert=True)
    permit.record("never_said", row.id)
    said: UUID = row.id
    return said


@needs(Verb.NEVER_SHARE)
def lift_never(*, permit: Permit, at: datetime, client_id: UUID, never_id: UUID, how: str) -> None:
    """She took her never back; nobody else can. Raises InvalidRelease."""
    if how not in TOLD:
        raise InvalidRelease("Say how she told you: in person, by phone, or in writing.")
    standing = Never.objects.filter(id=never_id, client_id=client_id, lifted_at__isnull=True)
    if not standing.update(lifted_at=at, lifted_by=permit.member_id, lifted_how=how):
        raise InvalidRelease("She has taken this back already.")
    permit.record("never_lifted", never_id)


@needs(Verb.ACCEPT_ENVELOPE)
def accept(
    *, permit: Permit, at: datetime, partner_id: UUID, thread: UUID, client_id: UUID, answers: Mapping[UUID, int]
) -> int:
    """Tie a partner's thread to one's own client and take note of each envelope on it (`answers`: envelope id to the
    number of questions it answers). Colleagues she asked to be kept from are walled off her file. Returns how many were
    accepted; raises InvalidRelease for a thread that is tied to somebody else."""
    tie, made = Thread.objects.get_or_create(
        agency_id=permit.agency_id,
        thread=thread,
        defaults={"partner_id": partner_id, "client_id": client_id, "tied_at": at, "tied_by": permit.member_id},
    )
    if not made and tie.client_id not in family(client_id):
        raise InvalidRelease("This is tied to another of your clients already.")
    waiting = Arrival.objects.filter(agency_id=permit.agency_id, envelope__in=list(answers))
    rows = list(Envelope.objects.filter(agency_id=permit.agency_id, thread=thread, id__in=waiting.values("envelope")))
    contents = facts.contents(permit, rows)
    who = facts.kept_from(permit, contents.values())
    Receipt.objects.bulk_create(
        Receipt(
            agency_id=permit.agency_id,
            partner_id=partner_id,
            client_id=tie.client_id,
            envelope=row.id,
            category=row.category,
            level=row.level,
            answers=answers[row.id],
            accepted_at=at,
            accepted_by=permit.member_id,
            until_at=row.until_at,
            **_tells(contents[row.id]),
        )
        for row in rows
    )
    Arrival.objects.filter(agency_id=permit.agency_id, envelope__in=[row.id for row in rows]).delete()
    vault.meet(
        permit=permit,
        at=at,
        client_id=tie.client_id,
        names=facts.identities(contents.values()),
        away=set().union(*who.values()),
    )
    permit.record("thread_tied", tie.id)
    for row in rows:
        permit.record("envelope_accepted", row.id)
    return len(rows)


@needs(Verb.ANSWER_REFERRAL)
def open_along(*, permit: Permit, at: datetime, partner_id: UUID, referral_ids: Collection[UUID]) -> None:
    """Open what went along with referrals this agency says yes to; the database asks whether it has. Twice is once."""
    Opened.objects.bulk_create(
        [
            Opened(id=id, agency_id=permit.agency_id, holder_id=partner_id, opened_at=at, opened_by=permit.member_id)
            for id in referral_ids
        ],
        ignore_conflicts=True,
    )


@needs(Verb.REFER, Verb.ACCEPT_ENVELOPE)
def end_along(*, permit: Permit, at: datetime, referral_id: UUID) -> int:
    """Take back what went along with a referral, opened there or not: reading stops with this commit. Returns how many
    envelopes ended."""
    return _end(permit, at, Envelope.objects.filter(referral=referral_id))


@needs(Verb.READ_KEPT)
def note_opening(*, permit: Permit, at: datetime, envelope_id: UUID, why: str) -> None:
    """Say for whom something kept is opened. Raises InvalidRelease for a reason that is none."""
    if why not in KEPT_FOR:
        raise InvalidRelease("Say for whom you open it: the defence, the court, or a retention question.")
    permit.record(f"kept_for_{why}", envelope_id)


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


def _tells(content: Content) -> dict[str, Any]:
    """What a receipt says in clear of a gap that it tells of. Nothing where somebody is to be kept from it, be she here
    or only to come: a list of gaps is shown without opening what would say so."""
    told = told_of(content)
    if told is None or content.kept_from:
        return {}
    code, over, since = told
    return {"tells": code, "over": over, "told_at": since}


def _end(permit: Permit, at: datetime, envelopes: QuerySet[Envelope]) -> int:
    """Take envelopes of this holder back: nobody reads them from this commit on. What is bound to be kept is kept."""
    ended = envelopes.filter(holder_id=permit.agency_id, withdrawn_at__isnull=True)
    places = list(ended.values_list("agency_id", "id"))
    # By recipient and envelope: the index is on both, and an inbox may be long.
    Arrival.objects.filter(
        holder_id=permit.agency_id,
        agency_id__in={agency for agency, _id in places},
        envelope__in=[id for _agency, id in places],
    ).delete()
    count: int = ended.update(
        withdrawn_at=at,
        sealed=WHERE_KEPT,
    )
    return count


def envelope_info(row: Envelope) -> bytes:
    return info(recipient=str(row.agency_id), holder=str(row.holder_id), envelope=str(row.id), thread=str(row.thread))


def relay_info(row: Relay) -> bytes:
    return info(recipient=str(row.agency_id), holder=str(row.partner_id), envelope=str(row.id), thread=str(row.thread))


def _sent_before(bases: Sequence[Basis]) -> set[tuple[UUID, UUID | None, str]]:
    """What went out already, by (basis, entry, category)."""
    ids = [basis.id for basis in bases]
    rows = Sent.objects.filter(Q(release_id__in=ids) | Q(flow_id__in=ids) | Q(answered_id__in=ids))
    named = ("release_id", "flow_id", "answered_id")
    return {
        (release or flow or answered, entry, category)
        for release, flow, answered, entry, category in rows.values_list(*named, "entry_id", "category")
    }


def _referrals(permit: Permit, bases: Sequence[Basis]) -> dict[UUID, UUID]:
    """The first referral that something went along with on each basis and that was not taken back: a yes to a later one
    on the same thread opens it as well."""
    ids = [basis.id for basis in bases]
    rows = Envelope.objects.filter(
        Q(release__in=ids) | Q(flow__in=ids), holder_id=permit.agency_id, referral__isnull=False, withdrawn_at=None
    )
    found = rows.order_by("-sent_at").values_list("release", "flow", "referral")
    return {release or flow: referral for release, flow, referral in found}


def _threads(permit: Permit, at: datetime, releases: Sequence[Basis]) -> dict[UUID, UUID]:
    """The thread of each release: one for herself and one for each child of hers with every partner, so that what is
    told about a child does not say whose child it is. A flow is about herself."""
    clients = {release.client_id for release in releases}
    herself = set(Person.objects.filter(client_id__in=clients, relation=Relation.SELF).values_list("id", flat=True))
    places = {
        release.id: (
            release.client_id,
            release.recipient_id,
            None if isinstance(release, Flow) or release.subject_id in herself else release.subject_id,
        )
        for release in releases
    }
    known: dict[tuple[UUID, UUID, UUID | None], UUID] = {
        (row.client_id, row.partner_id, row.subject): row.thread
        for row in Thread.objects.filter(
            client_id__in=clients, partner_id__in={release.recipient_id for release in releases}
        ).order_by("-tied_at")
    }
    fresh = [place for place in dict.fromkeys(places.values()) if place not in known]
    rows = [
        Thread(
            agency_id=permit.agency_id,
            partner_id=partner,
            thread=uuid4(),
            client_id=client,
            subject=subject,
            tied_at=at,
            tied_by=permit.member_id,
        )
        for client, partner, subject in fresh
    ]
    Thread.objects.bulk_create(rows)
    known |= {place: row.thread for place, row in zip(fresh, rows, strict=True)}
    return {id: known[place] for id, place in places.items()}


def _state(release: Release, at: datetime) -> State:
    return state(
        explained_at=release.explained_at,
        signed_at=release.signed_at,
        until_at=min(release.until_at, release.ended_at or release.until_at),
        withdrawn_at=release.withdrawn_at,
        at=at,
    )


def _alone(instrument: Instrument, partners: int, conversation: UUID | None) -> None:
    """An instrument of its own is never combined: one partner, and a conversation nothing else is in (45 CFR
    164.508(b)(3); 42 CFR 2.31(b), (d)). Raises InvalidRelease."""
    if instrument is not Instrument.ORDINARY and (partners != 1 or conversation is not None):
        raise InvalidRelease("A permission of its own names one partner and is combined with nothing.")
    if conversation and Release.objects.filter(conversation=conversation).exclude(instrument=instrument).exists():
        raise InvalidRelease("A permission of its own names one partner and is combined with nothing.")


def _draft(
    permit: Permit,
    at: datetime,
    holder: Agency,
    subject: UUID,
    draft: Draft,
    last_day: date,
    language: str,
    instrument: Instrument,
) -> Release:
    return Release(
        agency_id=holder.id,
        subject_id=subject,
        recipient_id=draft.recipient_id,
        purpose=draft.purpose,
        grants={category.value: int(level) for category, level in draft.grants.items()},
        updates=checked_updates(draft.updates, draft.grants),
        language=language,
        instrument=instrument,
        elements=planned(instrument, substance_use=draft.substance_use),
        signer_role=SignerRole.SELF,
        prepared_at=at,
        prepared_by=permit.member_id,
        until_at=ends(last_day, holder.timezone),
    )


def _checked_recipients(holder: Agency, ids: Sequence[UUID]) -> None:
    known = set(Agency.objects.filter(id__in=ids).values_list("id", flat=True))
    if not ids or len(known) < len(ids) or holder.id in known:
        raise InvalidRelease("Choose a partner agency to receive it.")


def _subject(client_id: UUID, subject_id: UUID | None) -> UUID:
    """Whom it is about: the client herself, or a child in her story. Nobody else can be."""
    people = dict(Person.objects.filter(client_id=client_id).values_list("id", "relation"))
    chosen = [id for id, relation in people.items() if relation == Relation.SELF]
    if subject_id is not None:
        chosen = [id for id in (subject_id,) if people.get(id) in (Relation.SELF, Relation.CHILD)]
    if not chosen:
        raise InvalidRelease("A release is about her, or about a child of hers.")
    found: UUID = chosen[0]
    return found


def _today(holder: Agency, at: datetime) -> date:
    return at.astimezone(ZoneInfo(holder.timezone)).date()


def _client_key(permit: Permit, client_id: UUID) -> ClientKey:
    client = Client.objects.select_related("shred").only("wrapped_key", "shred__secret").get(id=client_id)
    key: ClientKey = client_key(permit.opened(), client)
    return key

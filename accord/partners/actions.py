"""Founding agencies, letting members in and out, and turning vault keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from accord.accounts import actions as accounts
from accord.database.prepared import prepared
from accord.ledger.permits import Permit, needs
from accord.partners import facts
from accord.partners.models import (
    Access,
    Agency,
    Agreement,
    AgreementParty,
    Member,
    VaultGrant,
    VaultLock,
    VaultMode,
)
from accord.partners.rules import InvalidAgreement, Step, Text, Way, checked, steps
from accord.policy.words import VICTIM_SERVICE_DUTIES, AgencyKind, Category, Duty, Purpose, Role, Verb
from accord.sealing.keyring import Keyring
from accord.sealing.members import STANDARD, Cost, new_recovery_key, recovery_public
from accord.sealing.vault import (
    Vault,
    grant_to,
    keyring_id,
    new_vault,
    open_grant,
    unwrap_for_recovery,
    unwrap_for_service,
    wrap_for_recovery,
    wrap_for_service,
)

STAFF_ROLES = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR)


class InvalidPartner(ValueError):
    """An agency or member cannot be written down like this; the message says why."""


class VaultClosed(Exception):
    """Nobody with a key to this vault is here. The message says what would open it."""


class KeyTurned(Exception):
    """The vault's key changed between opening it and writing its lock; nothing was written."""


@dataclass(frozen=True, slots=True)
class NewAgency:
    """What an agency says of itself when it joins."""

    name: str
    short: str
    prefix: str
    kind: AgencyKind
    duties: frozenset[Duty]
    mode: VaultMode
    point_person: str
    deputy: str = ""
    phone: str = ""
    hours: str = ""
    languages: str = ""
    about: str = ""
    timezone: str = "America/New_York"


@dataclass(frozen=True, slots=True)
class Entry:
    """What an agency's director writes in its entry of the directory. Kind and duties are the operator's."""

    point_person: str
    deputy: str
    phone: str
    hours: str
    languages: str
    about: str


def found_agency(*, agency_id: UUID, agency: NewAgency, at: datetime, keyring: Keyring | None) -> tuple[Vault, str]:
    """Write an agency into the directory and make its vault. The operator's verb: no permit, because there is no agency
    to hold one yet; it opens nothing that exists.

    Returns the open vault and the director's recovery key, printed once. Raises InvalidPartner.
    """
    if not agency.duties:
        raise InvalidPartner(f"{agency.name}: state its legal duties, even if it is 'none'.")
    if Duty.NONE in agency.duties and len(agency.duties) > 1:
        raise InvalidPartner(f"{agency.name}: 'none' cannot stand beside other duties.")
    if Agency.objects.filter(name=agency.name).exists():
        raise InvalidPartner(f"There is an agency called {agency.name} already.")
    if agency.duties & VICTIM_SERVICE_DUTIES and agency.mode is not VaultMode.MEMBER:
        raise InvalidPartner(
            f"{agency.name}: a victim service provider's vault opens for its members only (member mode)."
        )
    vault, paper = new_vault(agency_id), new_recovery_key()
    Agency.objects.create(
        id=agency_id,
        name=agency.name,
        short=agency.short,
        prefix=agency.prefix,
        kind=agency.kind,
        duties=sorted(agency.duties),
        point_person=agency.point_person,
        deputy=agency.deputy,
        phone=agency.phone,
        hours=agency.hours,
        languages=agency.languages,
        about=agency.about,
        timezone=agency.timezone,
        vault_mode=agency.mode,
        public_key=vault.public(),
        public_version=max(vault.private),
        joined_at=at,
    )
    lock = VaultLock(agency_id=agency_id, recovery_public=recovery_public(paper))
    _write_lock(lock, vault, at, keyring if agency.mode is VaultMode.SERVICE else None)
    return vault, paper


@needs(Verb.MANAGE_AGENCY)
def change_entry(*, permit: Permit, at: datetime, entry: Entry) -> None:
    """The agency's own words in the directory. Raises InvalidPartner."""
    if not entry.point_person.strip():
        raise InvalidPartner("Name a point person.")
    Agency.objects.filter(id=permit.agency_id).update(
        point_person=entry.point_person.strip(),
        deputy=entry.deputy.strip(),
        phone=entry.phone.strip(),
        hours=entry.hours.strip(),
        languages=entry.languages.strip(),
        about=entry.about.strip(),
    )
    permit.record("directory_changed", permit.agency_id)


@needs(Verb.MANAGE_AGENCY)
def change_access(*, permit: Permit, at: datetime, access: str) -> None:
    """Who of its workers may open a file, from the next click on. Does nothing when it is so already. Raises
    InvalidPartner for a word that is no setting."""
    if access not in Access.values:
        raise InvalidPartner("Choose who opens a client's file.")
    if Agency.objects.filter(id=permit.agency_id).exclude(access=access).update(access=access):
        permit.record(f"access_{access}", permit.agency_id)


@needs(Verb.MANAGE_AGENCY)
def propose(
    *,
    permit: Permit,
    at: datetime,
    title: str,
    parties: frozenset[UUID],
    categories: frozenset[Category],
    purposes: frozenset[Purpose],
    mechanism: str,
    since_at: datetime,
    until_at: datetime,
    version: bytes,
    ways: frozenset[Way],
    replaces: UUID | None = None,
) -> UUID:
    """Lay the text of an agreement before its parties. It is not signed by that, not even by who proposes it. Returns
    its id. Raises InvalidAgreement."""
    if Agency.objects.filter(id__in=parties).count() < len(parties):
        raise InvalidAgreement("Choose agencies of the directory.")
    text = checked(
        Text(
            permit.agency_id, title.strip(), parties, categories, purposes, mechanism, since_at, until_at, at, version,
            ways, replaces,
        )
    )  # fmt: skip
    Agreement.objects.create(
        id=text.id,
        agency_id=text.proposer,
        title=text.title,
        parties=sorted(text.parties),
        categories=sorted(text.categories),
        purposes=sorted(text.purposes),
        mechanism=text.mechanism,
        since_at=text.since_at,
        until_at=text.until_at,
        proposed_at=text.proposed_at,
        version=text.version,
        ways=sorted(way.values() for way in text.ways),
        replaces=text.replaces,
    )
    permit.record("agreement_proposed", text.id)
    return text.id


@needs(Verb.MANAGE_AGENCY)
def sign_agreement(*, permit: Permit, at: datetime, agreement_id: UUID) -> None:
    """This agency signs. Raises InvalidAgreement when there is nothing (more) to sign."""
    own = _own_part(permit, at, agreement_id, Step.SIGN)
    signer = Member.objects.get(id=permit.member_id)
    own.signed_at, own.signed_by = at, f"{signer.name}, {signer.title}" if signer.title else signer.name
    own.save()
    permit.record("agreement_signed", agreement_id)


@needs(Verb.MANAGE_AGENCY)
def suspend_agreement(*, permit: Permit, at: datetime, agreement_id: UUID, because: str) -> None:
    """This agency's part rests, and with it the whole agreement, from now on. Raises InvalidAgreement."""
    own = _own_part(permit, at, agreement_id, Step.SUSPEND)
    if not because.strip():
        raise InvalidAgreement("Say why, so that the other parties can put it right.")
    own.suspended_at, own.suspended_because = at, because.strip()
    own.save()
    permit.record("agreement_suspended", agreement_id)


@needs(Verb.MANAGE_AGENCY)
def resume_agreement(*, permit: Permit, at: datetime, agreement_id: UUID) -> None:
    """This agency's part applies again; it cannot speak for another that suspended too. Raises InvalidAgreement."""
    own = _own_part(permit, at, agreement_id, Step.RESUME)
    own.suspended_at, own.suspended_because = None, ""
    own.save()
    permit.record("agreement_resumed", agreement_id)


@needs(Verb.MANAGE_AGENCY)
def leave_agreement(*, permit: Permit, at: datetime, agreement_id: UUID) -> None:
    """This agency declines or leaves, and the agreement is over: its text names it. Raises InvalidAgreement."""
    own = _own_part(permit, at, agreement_id, Step.LEAVE)
    own.left_at = at
    own.save()
    permit.record("agreement_left", agreement_id)


@needs(Verb.MANAGE_MEMBERS)
def add_member(
    *,
    permit: Permit,
    at: datetime,
    email: str,
    name: str,
    title: str,
    roles: Sequence[Role],
    language: str = "en",
    cost: Cost = STANDARD,
) -> tuple[UUID, str]:
    """Let somebody in: an account, her membership, and her own grant to the vault. Returns the member's id and the
    enrolment code to read to her. Raises InvalidPartner."""
    if not name.strip() or "@" not in email:
        raise InvalidPartner("A member needs a name and an e-mail address to sign in with.")
    if not roles or not set(roles) <= set(STAFF_ROLES):
        raise InvalidPartner("Choose at least one role.")
    try:
        with transaction.atomic():
            account, code = accounts.invite(email=email, at=at, language=language, cost=cost)
    except IntegrityError:
        raise InvalidPartner("This address cannot be used. Choose another one.") from None
    member = Member.objects.create(
        id=uuid4(),
        agency_id=permit.agency_id,
        account_id=account.id,
        name=name.strip(),
        title=title.strip(),
        roles=sorted(role.value for role in roles),
        joined_at=at,
    )
    _grant(_locked(permit)[1], member.id, bytes(account.public_key))
    permit.record("member_added", member.id)
    return member.id, code


@needs(Verb.MANAGE_MEMBERS)
def change_roles(*, permit: Permit, at: datetime, member_id: UUID, roles: Sequence[Role]) -> None:
    """What she does here from her next click on. Raises InvalidPartner for oneself, and for no role at all."""
    if member_id == permit.member_id:
        raise InvalidPartner("You cannot change your own roles. Ask another director.")
    if not roles or not set(roles) <= set(STAFF_ROLES):
        raise InvalidPartner("Choose at least one role.")
    member = Member.objects.select_for_update().get(id=member_id, left_at__isnull=True)
    member.roles = sorted(role.value for role in roles)
    member.save(update_fields=["roles"])
    permit.record("member_roles_changed", member.id)


@needs(Verb.MANAGE_MEMBERS)
def new_code(*, permit: Permit, at: datetime, member_id: UUID, cost: Cost = STANDARD) -> str:
    """Her password is lost: a new key, a new grant, a new code to read to her."""
    member = Member.objects.get(id=member_id, left_at__isnull=True)
    public, code = accounts.new_key(account_id=member.account_id, at=at, cost=cost)
    VaultGrant.objects.filter(member_id=member.id).delete()
    _grant(_locked(permit)[1], member.id, public)
    permit.record("member_code_renewed", member.id)
    return code


@needs(Verb.MANAGE_MEMBERS)
def remove_member(*, permit: Permit, at: datetime, member_id: UUID, keyring: Keyring | None) -> None:
    """She leaves: her grant is deleted, so her next click opens nothing; the vault key turns, so that what she could
    have copied opens nothing written from now on. Raises InvalidPartner for oneself."""
    if member_id == permit.member_id:
        raise InvalidPartner("You cannot remove yourself. Ask another director.")
    member = Member.objects.get(id=member_id, left_at__isnull=True)
    member.left_at = at
    member.save(update_fields=["left_at"])
    VaultGrant.objects.filter(member_id=member.id).delete()
    accounts.close(account_id=member.account_id)
    permit.record("member_removed", member.id)
    _turn(permit, at, keyring)


@needs(Verb.MANAGE_KEYS)
def turn_vault_key(*, permit: Permit, at: datetime, keyring: Keyring | None) -> int:
    """A new vault key and a new envelope key pair, granted to every member. Client keys are re-wrapped afterwards in
    batches (`vault.actions.rewrap_clients`); until then the older key, inside the new one's secrets, opens them.
    Returns the new version."""
    return _turn(permit, at, keyring)


@needs(Verb.MANAGE_KEYS)
def new_recovery(*, permit: Permit, at: datetime) -> str:
    """A new paper for the director; the old one opens nothing any more. Returns it, to be printed once."""
    paper = new_recovery_key()
    lock, vault = _locked(permit)
    lock.recovery_public = recovery_public(paper)
    lock.for_recovery = wrap_for_recovery(
        bytes(lock.recovery_public), vault.keys[vault.current], permit.agency_id, vault.current
    )
    lock.changed_at = at
    lock.save(update_fields=["recovery_public", "for_recovery", "changed_at"])
    permit.record("recovery_renewed", permit.agency_id)
    return paper


@needs(Verb.MANAGE_KEYS)
def forget_keys(*, permit: Permit, at: datetime, needed: frozenset[int]) -> None:
    """Forget older vault keys, except the versions in `needed`, which still wrap something."""
    lock, vault = _locked(permit)
    for version in [version for version in vault.keys if version != vault.current and version not in needed]:
        vault = vault.drop_key(version)
    lock.secrets, lock.changed_at = vault.secrets(), at
    lock.save(update_fields=["secrets", "changed_at"])
    permit.record("older_keys_forgotten", permit.agency_id)


def rewrap_service_locks(*, keyring: Keyring, at: datetime) -> bool:
    """Put this agency's service lock under the keyring's current key. Returns whether there was anything to do."""
    lock = VaultLock.objects.select_for_update().filter(for_service__isnull=False).first()
    if lock is None or keyring_id(bytes(lock.for_service)) == keyring.current:
        return False
    key = unwrap_for_service(keyring, bytes(lock.for_service), lock.agency_id, lock.version)
    lock.for_service = wrap_for_service(keyring, key, lock.agency_id, lock.version)
    lock.changed_at = at
    lock.save(update_fields=["for_service", "changed_at"])
    return True


def open_vault(
    *, agency_id: UUID, member_id: UUID | None, private: bytes | None, keyring: Keyring | None, paper: str | None = None
) -> Vault:
    """Open the vault of the agency whose database context is set: with a member's private key, the keyring (service
    mode), or the director's paper. Raises VaultClosed when there is no way in, WrongKey when a key does not fit."""
    lock = next(iter(_locks(agency_id, member_id)), None)
    if lock is None:
        raise VaultClosed("This agency has no vault.")
    if paper is not None:
        key = unwrap_for_recovery(paper, bytes(lock.for_recovery), agency_id, lock.version)
    elif lock.for_service is not None and keyring is not None:
        key = unwrap_for_service(keyring, bytes(lock.for_service), agency_id, lock.version)
    elif member_id is not None and private is not None:
        if lock.grant is None:
            raise VaultClosed("Your access to this vault has ended.")
        key = open_grant(private, bytes(lock.grant), agency_id, lock.version)
    else:
        raise VaultClosed("Nobody with a key to this vault is signed in.")
    return Vault.with_secrets(agency_id, lock.version, key, bytes(lock.secrets))


@prepared
def _locks(agency_id: UUID, member_id: UUID) -> QuerySet[VaultLock]:
    """Lock and grant in one statement: read apart, a key turned in between would shut out somebody who belongs here."""
    grants = VaultGrant.objects.filter(member_id=member_id, version=OuterRef("version"))
    return VaultLock.objects.filter(agency_id=agency_id).annotate(grant=Subquery(grants.values("sealed")[:1]))


def _own_part(permit: Permit, at: datetime, agreement_id: UUID, step: Step) -> AgreementParty:
    """This agency's row about an agreement, locked, made when it does its first step. Raises InvalidAgreement unless
    the step may be taken now."""
    texts = [facts.text_of(row) for row in Agreement.objects.filter(id=agreement_id)]
    text = next((text for text in texts if text.id == agreement_id and permit.agency_id in text.parties), None)
    if text is None:
        raise InvalidAgreement("There is no such agreement of this agency.")
    _check_step(text, permit.agency_id, step, at)
    AgreementParty.objects.get_or_create(
        agency_id=permit.agency_id, agreement=text.id, defaults={"digest": text.digest}
    )
    own: AgreementParty = AgreementParty.objects.select_for_update().get(agency_id=permit.agency_id, agreement=text.id)
    # Somebody else of this agency may have taken the step while this one waited for the row.
    _check_step(text, permit.agency_id, step, at)
    return own


def _check_step(text: Text, agency_id: UUID, step: Step, at: datetime) -> None:
    rows, gone = facts.parts_of([text])[text.id], facts.replaced([text.id], at)
    stands = facts.stands(text, rows, at, replaced=(text.id, text.parties) in gone)
    if step not in steps(facts.part_of(rows.get(agency_id)), stands):
        raise InvalidAgreement("This cannot be done any more. Look at the agreement again.")


def _locked(permit: Permit) -> tuple[VaultLock, Vault]:
    """The lock row, held, and the vault this permit opened. Raises KeyTurned when they are no longer of one version:
    writing from an older vault would lose what was wrapped under the newer one."""
    lock = VaultLock.objects.select_for_update().get(agency_id=permit.agency_id)
    vault = permit.opened()
    if lock.version != vault.current:
        raise KeyTurned("Somebody turned this vault's key a moment ago. Try again.")
    return lock, vault


def _turn(permit: Permit, at: datetime, keyring: Keyring | None) -> int:
    lock, vault = _locked(permit)
    vault = vault.rotated()
    _write_lock(lock, vault, at, keyring if lock.for_service is not None else None)
    Agency.objects.filter(id=permit.agency_id).update(public_key=vault.public(), public_version=max(vault.private))
    staying = VaultGrant.objects.filter(agency_id=permit.agency_id, member__left_at__isnull=True)
    public = dict(staying.values_list("member_id", "public_key"))
    VaultGrant.objects.filter(agency_id=permit.agency_id).delete()
    for member_id, key in public.items():
        _grant(vault, member_id, bytes(key))
    permit.record("vault_key_turned", permit.agency_id)
    return vault.current


def _write_lock(lock: VaultLock, vault: Vault, at: datetime, keyring: Keyring | None) -> None:
    key = vault.keys[vault.current]
    lock.version = vault.current
    lock.for_recovery = wrap_for_recovery(bytes(lock.recovery_public), key, vault.agency_id, vault.current)
    lock.for_service = wrap_for_service(keyring, key, vault.agency_id, vault.current) if keyring else None
    lock.secrets = vault.secrets()
    lock.changed_at = at
    lock.save()


def _grant(vault: Vault, member_id: UUID, public: bytes) -> None:
    VaultGrant.objects.create(
        agency_id=vault.agency_id,
        member_id=member_id,
        version=vault.current,
        public_key=public,
        sealed=grant_to(public, vault.keys[vault.current], vault.agency_id, vault.current),
    )

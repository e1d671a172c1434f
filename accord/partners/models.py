"""Agencies, their members, and who may open which vault."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.partners.rules import MECHANISMS
from accord.policy.words import NOT_PARTNERS, AgencyKind, Category, Duty, Purpose, Role


class VaultMode(models.TextChoices):
    MEMBER = "member"
    SERVICE = "service"


class Access(models.TextChoices):
    """Who of an agency's workers may open a file: each of them, or (need to know) those who work with her."""

    EVERYONE = "everyone"
    TEAM = "team"


class Agency(models.Model):
    """A partner in the response. The directory is open to the community; only the agency edits itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    name = models.CharField(max_length=120, unique=True, db_comment="public: directory name")
    short = models.CharField(max_length=40, db_comment="public: name on tags")
    prefix = models.CharField(max_length=4, db_comment="public: first letters of its client codes")
    kind = models.CharField(
        max_length=32,
        choices=[(k.value, k.value) for k in AgencyKind if k not in NOT_PARTNERS],
        db_comment="public: kind of partner",
    )
    duties = ArrayField(
        models.CharField(max_length=32, choices=[(d.value, d.value) for d in Duty]),
        db_comment="public: laws it says it is under; never empty",
    )
    point_person = models.CharField(max_length=120, db_comment="public: who to ask")
    deputy = models.CharField(max_length=120, blank=True, default="", db_comment="public: who to ask otherwise")
    phone = models.CharField(max_length=40, blank=True, default="", db_comment="public: office line")
    hours = models.CharField(max_length=120, blank=True, default="", db_comment="public: when somebody answers")
    languages = models.CharField(max_length=120, blank=True, default="", db_comment="public: what is spoken there")
    about = models.CharField(max_length=600, blank=True, default="", db_comment="public: what partners can ask them")
    access = models.CharField(
        max_length=8,
        choices=Access.choices,
        default=Access.EVERYONE,
        db_comment="public: who of its workers may open a file",
    )
    timezone = models.CharField(max_length=40, default="America/New_York", db_comment="public: releases end by it")
    vault_mode = models.CharField(max_length=8, choices=VaultMode.choices, db_comment="public: who can open its vault")
    public_key = models.BinaryField(db_comment="public: envelopes are sealed to it")
    public_version = models.PositiveIntegerField(default=1, db_comment="public: which key pair that is")
    joined_at = models.DateTimeField(db_comment="moment: when it joined")

    class Meta:
        db_table = "partners_agency"
        constraints = [
            models.CheckConstraint(condition=models.Q(duties__len__gt=0), name="agency_states_its_duties"),
        ]


class VaultLock(models.Model):
    """The ways into an agency's vault that are not a member's: the director's paper, in service mode the keyring."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    version = models.PositiveIntegerField(db_comment="code: current vault key")
    recovery_public = models.BinaryField(db_comment="public: half of the recovery key that is on paper")
    for_recovery = models.BinaryField(db_comment="wrapped: vault key for the recovery key")
    for_service = models.BinaryField(null=True, db_comment="wrapped: vault key under the keyring, service mode only")
    secrets = models.BinaryField(db_comment="wrapped: envelope and search keys, older vault keys, under the vault key")
    changed_at = models.DateTimeField(db_comment="moment: when")

    class Meta:
        db_table = "partners_vaultlock"
        constraints = [models.UniqueConstraint(fields=["agency"], name="vaultlock_one_per_agency")]


class Member(models.Model):
    """Somebody working at an agency."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, db_comment="link: how she signs in"
    )
    name = models.CharField(max_length=120, db_comment="staff: shown to colleagues and in the log")
    title = models.CharField(max_length=80, blank=True, default="", db_comment="staff: shown beside the name")
    roles = ArrayField(
        models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role]), db_comment="staff: what she may do"
    )
    joined_at = models.DateTimeField(db_comment="moment: when")
    left_at = models.DateTimeField(null=True, db_comment="moment: access ended")

    class Meta:
        db_table = "partners_member"
        indexes = [
            models.Index(fields=["agency", "account"], name="member_by_account"),
            models.Index(fields=["account"], name="member_of_account"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "account"], name="member_once_per_agency"),
        ]


class VaultGrant(models.Model):
    """One member's copy of the vault key, sealed to her public key. Deleting it ends her access at once. The public key
    stands here and not in her account, because accounts belong to no agency that could guard them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    member = models.ForeignKey(
        Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: who may open it"
    )
    version = models.PositiveIntegerField(db_comment="code: which vault key")
    public_key = models.BinaryField(db_comment="public: the member's, as it was when somebody let her in")
    sealed = models.BinaryField(db_comment="wrapped: vault key under the member's public key")

    class Meta:
        db_table = "partners_vaultgrant"
        constraints = [
            models.UniqueConstraint(fields=["agency", "member"], name="grant_once_per_member"),
        ]


class Agreement(models.Model):
    """What several agencies agreed among themselves. Its text is fixed once it is proposed, and its id is made of the
    text: a change is another agreement. Open to the community like the directory."""

    id = models.UUIDField(primary_key=True, editable=False, db_comment="link: made of the text")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: who proposed it")
    title = models.CharField(max_length=160, db_comment="public: what it is called")
    parties = ArrayField(models.UUIDField(), db_comment="link: every agency that has to sign")
    categories = ArrayField(
        models.CharField(max_length=20, choices=[(c.value, c.value) for c in Category]), db_comment="public: about what"
    )
    purposes = ArrayField(
        models.CharField(max_length=20, choices=[(p.value, p.value) for p in Purpose]), db_comment="public: for what"
    )
    mechanism = models.CharField(
        max_length=8, choices=[(m, m) for m in MECHANISMS], db_comment="public: how it is told"
    )
    since_at = models.DateTimeField(db_comment="moment: applies from then")
    until_at = models.DateTimeField(db_comment="moment: reviewed by then, or it no longer applies")
    proposed_at = models.DateTimeField(db_comment="moment: when")
    version = models.BinaryField(db_comment="public: SHA-256 of the whole draft that is signed")
    ways = models.JSONField(db_comment="public: from whom to whom, about what, for what")
    replaces = models.UUIDField(null=True, db_comment="link: the agreement that ends when this one begins")

    class Meta:
        db_table = "partners_agreement"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(parties__len__gt=1, categories__len__gt=0, purposes__len__gt=0),
                name="agreement_says_between_whom_about_what_for_what",
            ),
            models.CheckConstraint(
                condition=models.Q(since_at__lt=models.F("until_at")), name="agreement_begins_first"
            ),
        ]


class AgreementParty(models.Model):
    """What one party has done about an agreement. Nobody writes another's row: no agency outranks another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: which party")
    agreement = models.UUIDField(db_comment="link: to what; the proposer's row, so no key")
    digest = models.BinaryField(db_comment="public: hash of the text it was done about")
    signed_at = models.DateTimeField(null=True, db_comment="moment: when it signed")
    signed_by = models.CharField(max_length=220, blank=True, default="", db_comment="staff: who signed for it")
    suspended_at = models.DateTimeField(null=True, db_comment="moment: its part rests since then")
    suspended_because = models.CharField(max_length=300, blank=True, default="", db_comment="public: why it rests")
    left_at = models.DateTimeField(null=True, db_comment="moment: when it declined or left")

    class Meta:
        db_table = "partners_agreementparty"
        indexes = [models.Index(fields=["agreement"], name="party_of_agreement")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "agreement"], name="party_once_per_agreement"),
            models.CheckConstraint(
                condition=models.Q(signed_at__isnull=True, signed_by="")
                | (models.Q(signed_at__isnull=False) & ~models.Q(signed_by="")),
                name="party_signs_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(suspended_at__isnull=True, suspended_because="")
                | (models.Q(suspended_at__isnull=False, signed_at__isnull=False) & ~models.Q(suspended_because="")),
                name="party_suspends_what_it_signed_and_says_why",
            ),
        ]

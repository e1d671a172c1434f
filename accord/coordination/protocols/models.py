"""What the agencies of a community change together about what they have agreed to do: proposals, wording by wording,
what each says about them, and the versions that all have adopted. No client stands in any of it, and everybody in the
community reads it; but for what an agency holds itself to beyond that, which is its own."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.coordination.protocols.changing import LONGEST
from accord.coordination.protocols.rules import Unit
from accord.partners.models import Agency
from accord.policy.words import NOT_PARTNERS, AgencyKind

KINDS = [(kind.value, kind.value) for kind in AgencyKind if kind not in NOT_PARTNERS]


class Proposal(models.Model):
    """That an agency proposes another version of a protocol, or one the community did not have. Its id is made of who
    began it, about what and when."""

    id = models.UUIDField(primary_key=True, editable=False, db_comment="link: made of who, about what and when")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: who proposes it")
    code = models.CharField(max_length=40, db_comment="code: which protocol")
    why = models.CharField(max_length=600, db_comment="public: why, for the community")
    begun_at = models.DateTimeField(db_comment="moment: when")
    begun_by = models.CharField(max_length=220, db_comment="staff: who began it")
    ended_at = models.DateTimeField(null=True, db_comment="moment: when its agency took it back")

    class Meta:
        db_table = "protocols_proposal"
        indexes = [models.Index(fields=["code", "begun_at"], name="proposal_of_code")]


class Wording(models.Model):
    """What a proposal says from one change to the next. Never edited: a change is another wording, with another hash.
    It is laid before the partners once, and names those that have to say yes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: who proposes it")
    proposal = models.UUIDField(db_comment="link: of what")
    number = models.PositiveIntegerField(db_comment="code: its place")
    code = models.CharField(max_length=40, db_comment="code: which protocol")
    based_on = models.PositiveIntegerField(db_comment="code: the version it changes, 0 for none")
    kinds = ArrayField(models.CharField(max_length=32, choices=KINDS), db_comment="public: kinds that would run it")
    asked = ArrayField(
        models.CharField(max_length=32, choices=KINDS), db_comment="public: kinds that run it, before or after"
    )
    text = models.CharField(max_length=LONGEST, db_comment="public: the protocol as TOML, for the community")
    begins_at = models.DateTimeField(db_comment="moment: it applies from then, or from the last yes if that is later")
    digest = models.BinaryField(db_comment="public: SHA-256 of all of it")
    written_at = models.DateTimeField(db_comment="moment: when")
    written_by = models.CharField(max_length=220, db_comment="staff: who wrote it")
    needed = ArrayField(models.UUIDField(), default=list, db_comment="link: every agency whose yes it needs")
    laid_at = models.DateTimeField(null=True, db_comment="moment: when it was laid before them")
    laid_by = models.CharField(max_length=220, blank=True, default="", db_comment="staff: who laid it before them")

    class Meta:
        db_table = "protocols_wording"
        indexes = [models.Index(fields=["proposal", "number"], name="wording_of_proposal")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "proposal", "number"], name="wording_once_per_place"),
            models.CheckConstraint(
                condition=models.Q(laid_at__isnull=True, laid_by="", needed__len=0)
                | (models.Q(laid_at__isnull=False, needed__len__gt=0) & ~models.Q(laid_by="")),
                name="wording_is_laid_by_somebody_before_somebody",
            ),
        ]


class Word(models.Model):
    """What an agency says about a proposal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    proposal = models.UUIDField(db_comment="link: about what; another agency's row, so no key")
    number = models.PositiveIntegerField(db_comment="code: about which wording")
    text = models.CharField(max_length=600, db_comment="public: what it says, for the community")
    said_at = models.DateTimeField(db_comment="moment: when")
    said_by = models.CharField(max_length=220, db_comment="staff: who said it")

    class Meta:
        db_table = "protocols_word"
        indexes = [models.Index(fields=["proposal", "said_at"], name="word_of_proposal")]


class Voice(models.Model):
    """The yes or no of one agency to one wording, by its hash. Nobody writes another's, and silence is no yes. Who has
    said yes can still say no before the last yes; a no stays, and the wording is back with its authors."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    digest = models.BinaryField(db_comment="public: hash of the wording it was given to; another agency's row")
    yes = models.BooleanField(db_comment="public: whether it was a yes")
    words = models.CharField(max_length=600, blank=True, default="", db_comment="public: what was said with it")
    said_at = models.DateTimeField(db_comment="moment: when")
    said_by = models.CharField(max_length=220, db_comment="staff: who said it")

    class Meta:
        db_table = "protocols_voice"
        indexes = [models.Index(fields=["digest"], name="voice_to_wording")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "digest", "yes"], name="voice_once_per_answer"),
            models.CheckConstraint(condition=models.Q(yes=True) | ~models.Q(words=""), name="voice_says_why_not"),
        ]


class Version(models.Model):
    """A wording to which every agency that had to has said yes: what the community does from `begins_at` on. Written by
    the agency that said the last yes, and never edited."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="+", db_index=False, db_comment="link: who said the last yes"
    )
    code = models.CharField(max_length=40, db_comment="code: which protocol")
    number = models.PositiveIntegerField(db_comment="code: which version of it")
    kinds = ArrayField(models.CharField(max_length=32, choices=KINDS), db_comment="public: kinds that run it")
    text = models.CharField(max_length=LONGEST, db_comment="public: the protocol as TOML, for the community")
    digest = models.BinaryField(db_comment="public: hash of the wording that all agreed to")
    begins_at = models.DateTimeField(db_comment="moment: it applies from then")
    adopted_at = models.DateTimeField(db_comment="moment: of the last yes")

    class Meta:
        db_table = "protocols_version"
        indexes = [models.Index(fields=["code", "number"], name="version_of_code")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "code", "number"], name="version_once_per_place"),
            models.CheckConstraint(
                condition=models.Q(adopted_at__lte=models.F("begins_at")), name="version_begins_after_the_last_yes"
            ),
        ]


class Own(models.Model):
    """What an agency holds itself to beyond what was agreed, about one due or one piece of evidence of a step. Never
    edited: another row takes its place, and one that says neither time nor asked ends it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_index=False, db_comment="link: whose")
    protocol = models.CharField(max_length=40, db_comment="code: of which protocol")
    due = models.CharField(max_length=40, blank=True, db_comment="code: about what has to be done")
    step = models.CharField(max_length=40, blank=True, db_comment="code: or about which step")
    evidence = models.CharField(max_length=40, blank=True, db_comment="code: what is written down with it")
    number = models.PositiveIntegerField(db_comment="code: its place")
    count = models.IntegerField(null=True, db_comment="code: how soon instead, below zero before")
    unit = models.CharField(
        max_length=13, choices=[(unit.value, unit.value) for unit in Unit], blank=True, db_comment="code: of that time"
    )
    asked = models.BooleanField(db_comment="code: no wish but a duty, or always written down")
    why = models.CharField(max_length=300, blank=True, db_comment="staff: why, in their words")
    since_at = models.DateTimeField(db_comment="moment: it holds from then")
    set_by = models.CharField(max_length=220, db_comment="staff: who set it")

    class Meta:
        db_table = "protocols_own"
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "protocol", "due", "step", "evidence", "number"], name="own_once_per_place"
            ),
            models.CheckConstraint(
                condition=models.Q(step="", evidence="") & ~models.Q(due="")
                | models.Q(due="", count__isnull=True) & ~models.Q(step="") & ~models.Q(evidence=""),
                name="own_is_about_a_due_or_a_step",
            ),
            models.CheckConstraint(
                condition=models.Q(count__isnull=True, unit="") | models.Q(count__isnull=False) & ~models.Q(unit=""),
                name="own_time_has_a_unit",
            ),
            models.CheckConstraint(
                condition=models.Q(number__gt=1, count__isnull=True, asked=False)
                | ~models.Q(why="") & (models.Q(count__isnull=False) | models.Q(asked=True)),
                name="own_says_why_and_ends_what_was",
            ),
        ]

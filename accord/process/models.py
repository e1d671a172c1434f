"""Papers that ask for what a file holds, the path each takes, and what left on them; and breaches with their clocks.
What is said on a paper is sealed under the key of the client it is about."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.partners.models import Agency
from accord.policy.words import AgencyKind, Category, Field, Level, ProcessKind, Purpose, Representation
from accord.process.rules import ADVICE, TOLD, WAYS, State, Whom
from accord.vault.models import Client, Person, choices


class Paper(models.Model):
    """A paper that arrived, a report a statute demands, or a finding of our own: who, about whom, for what, what it
    names, and where it stands. Once answered, what it said can no longer change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: holder")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose file"
    )
    subject = models.ForeignKey(
        Person, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whom it is about"
    )
    claimed = models.CharField(max_length=24, choices=choices(ProcessKind), db_comment="code: what it was filed as")
    kind = models.CharField(max_length=24, choices=choices(ProcessKind), db_comment="code: what it is")
    state = models.CharField(max_length=16, choices=choices(State), db_comment="code: where it stands")
    held_from = models.CharField(
        max_length=16, choices=choices(State), blank=True, default="", db_comment="code: where it stood before a hold"
    )
    partner = models.ForeignKey(
        Agency,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        db_comment="link: partner it is from, or who is to be told",
    )
    recipient = models.UUIDField(db_comment="link: that partner, or opaque id of somebody who is none")
    outside_kind = models.CharField(
        max_length=20, choices=choices(AgencyKind), blank=True, default="", db_comment="code: what somebody else is"
    )
    outside = models.BinaryField(null=True, db_comment="sealed: name and address of whoever is no partner")
    purpose = models.CharField(max_length=24, choices=choices(Purpose), db_comment="code: for what")
    categories = ArrayField(
        models.CharField(max_length=16, choices=choices(Category)), db_comment="code: what it names"
    )
    fields = ArrayField(
        models.CharField(max_length=24, choices=choices(Field)), default=list, db_comment="code: facts it asks for"
    )
    statute = models.CharField(max_length=48, blank=True, default="", db_comment="code: the statute a report rests on")
    represented = ArrayField(
        models.CharField(max_length=24, choices=choices(Representation)),
        default=list,
        db_comment="code: what was stated or found",
    )
    stated_by = models.BinaryField(null=True, db_comment="sealed: who stated or found it")
    reference = models.BinaryField(null=True, db_comment="sealed: its number")
    threat = models.BinaryField(null=True, db_comment="sealed: the threat, or why it was found so")
    said = models.BinaryField(null=True, db_comment="sealed: facts typed for the answer")
    since_at = models.DateTimeField(db_comment="moment: it counts from")
    until_at = models.DateTimeField(db_comment="moment: it counts until")
    due_at = models.DateTimeField(null=True, db_comment="moment: the answer it sets a day for")
    received_at = models.DateTimeField(db_comment="moment: it came, or we knew")
    received_by = models.UUIDField(db_comment="link: member")
    counsel = models.BinaryField(null=True, db_comment="sealed: name of counsel")
    counsel_advice = models.CharField(
        max_length=8, choices=[(each, each) for each in ADVICE], blank=True, default="", db_comment="code: in one word"
    )
    counsel_said = models.BinaryField(null=True, db_comment="sealed: what counsel said")
    counsel_reviewed_at = models.DateTimeField(null=True, db_comment="moment: counsel looked at it")
    counsel_by = models.UUIDField(null=True, db_comment="link: member who wrote down what counsel said")
    oral_at = models.DateTimeField(null=True, db_comment="moment: a report was made by word of mouth")
    told_at = models.DateTimeField(null=True, db_comment="moment: she was told")
    told_how = models.CharField(
        max_length=10, choices=[(each, each) for each in TOLD], blank=True, default="", db_comment="code: how"
    )
    not_told = models.BinaryField(null=True, db_comment="sealed: why she was not told")
    safety = models.BinaryField(null=True, db_comment="sealed: steps taken for her safety")
    answered_at = models.DateTimeField(null=True, db_comment="moment: when")
    answered_until_at = models.DateTimeField(
        null=True, db_comment="moment: until when the answer may be read or printed"
    )
    because = models.BinaryField(null=True, db_comment="sealed: why it was held, refused or closed")
    closed_at = models.DateTimeField(null=True, db_comment="moment: when")
    quiet_how = models.CharField(
        max_length=8,
        choices=[("written", "written"), ("oral", "oral")],
        blank=True,
        default="",
        db_comment="code: how law enforcement asked that an accounting waits",
    )
    quiet_by = models.BinaryField(null=True, db_comment="sealed: which official asked for it")
    quiet_until_at = models.DateTimeField(null=True, db_comment="moment: until when it waits")

    class Meta:
        db_table = "process_paper"
        indexes = [
            models.Index(fields=["agency", "client", "-received_at"], name="paper_by_client"),
            models.Index(fields=["agency", "state", "received_at"], name="paper_by_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(categories=[]), name="paper_names_something"),
            models.CheckConstraint(
                condition=models.Q(partner__isnull=False, outside__isnull=True, outside_kind="")
                | (models.Q(partner__isnull=True, outside__isnull=False) & ~models.Q(outside_kind="")),
                name="paper_from_a_partner_or_somebody_else",
            ),
            models.CheckConstraint(
                condition=models.Q(state="hold") ^ models.Q(held_from=""), name="paper_hold_ends_where_it_began"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    counsel_reviewed_at__isnull=True,
                    counsel_advice="",
                    counsel_said__isnull=True,
                    counsel_by__isnull=True,
                )
                | (
                    models.Q(counsel_reviewed_at__isnull=False, counsel_said__isnull=False, counsel_by__isnull=False)
                    & ~models.Q(counsel_advice="")
                ),
                name="paper_counsel_said_something",
            ),
            models.CheckConstraint(
                condition=models.Q(counsel_by__isnull=True) | ~models.Q(counsel_by=models.F("received_by")),
                name="paper_looked_at_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=models.Q(told_at__isnull=True, told_how="")
                | (models.Q(told_at__isnull=False) & ~models.Q(told_how="")),
                name="paper_told_when_and_how",
            ),
            models.CheckConstraint(
                condition=models.Q(quiet_how="", quiet_until_at__isnull=True, quiet_by__isnull=True)
                | (models.Q(quiet_until_at__isnull=False, quiet_by__isnull=False) & ~models.Q(quiet_how="")),
                name="paper_waits_until_a_moment",
            ),
        ]


class Step(models.Model):
    """One step of a paper's path: what, when, who. Never changed, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: holder")
    paper = models.ForeignKey(
        Paper, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: which paper"
    )
    move = models.CharField(max_length=24, db_comment="code: what was done")
    at = models.DateTimeField(db_comment="moment: when")
    by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "process_step"
        indexes = [models.Index(fields=["agency", "paper", "at"], name="step_by_paper")]


class Given(models.Model):
    """One thing that left on a paper outside Accord, printed or by word of mouth: what an accounting is made of. Never
    changed, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: holder")
    paper = models.ForeignKey(
        Paper, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: on which paper"
    )
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: about whom"
    )
    entry = models.UUIDField(null=True, db_comment="link: from which entry")
    category = models.CharField(max_length=16, choices=choices(Category), db_comment="code: about what")
    level = models.PositiveSmallIntegerField(
        choices=[(int(level), level.code) for level in Level], db_comment="code: how much"
    )
    rule = models.CharField(max_length=48, db_comment="code: the rule that lets it out")
    way = models.CharField(max_length=8, choices=[(way, way) for way in WAYS], db_comment="code: printed or told")
    given_at = models.DateTimeField(db_comment="moment: when")
    given_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "process_given"
        indexes = [models.Index(fields=["agency", "client", "-given_at"], name="given_by_client")]


class Breach(models.Model):
    """Something got out, or nearly. About the agency, not about one client; who must be told follows from its laws."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    kind = models.CharField(
        max_length=8,
        choices=[("actual", "actual"), ("imminent", "imminent")],
        db_comment="code: happened, or threatens",
    )
    key_version = models.PositiveIntegerField(db_comment="code: our key pair it is sealed to")
    what = models.BinaryField(db_comment="sealed: what happened")
    detected_at = models.DateTimeField(db_comment="moment: it was detected")
    noted_at = models.DateTimeField(db_comment="moment: it was written down")
    noted_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "process_breach"
        indexes = [models.Index(fields=["agency", "-detected_at"], name="breach_by_time")]


class Notice(models.Model):
    """Somebody was told of a breach. `breach` is no key: the words of a breach are kept apart from the records."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    breach = models.UUIDField(db_comment="link: of which breach")
    whom = models.CharField(max_length=16, choices=choices(Whom), db_comment="code: who was told")
    told_at = models.DateTimeField(db_comment="moment: when")
    told_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "process_notice"
        constraints = [models.UniqueConstraint(fields=["agency", "breach", "whom"], name="notice_once")]

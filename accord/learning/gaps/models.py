"""What is open although its clock has passed, and what somebody answered to it. Codes, links and moments are enough to
find it; the words of an answer are sealed under the client's key."""

from __future__ import annotations

import uuid

from django.db import models

from accord.learning.gaps.rules import Answer, Priority
from accord.partners.models import Agency
from accord.vault.models import Client, choices


class Gap(models.Model):
    """One thing, watched by one rule, asked about once. Closed by an answer, or because there is nothing left to ask;
    asked again it is a new row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: about whom"
    )
    rule = models.CharField(max_length=40, db_comment="code: which rule found it")
    priority = models.PositiveSmallIntegerField(
        choices=[(int(each), each.name.lower()) for each in Priority], db_comment="code: how urgent that rule is"
    )
    of = models.UUIDField(db_comment="link: the due, referral, release or receipt it is about")
    since_at = models.DateTimeField(db_comment="moment: the clock that passed, or when it was to be asked again")
    found_at = models.DateTimeField(db_comment="moment: it was noticed")
    answer = models.CharField(
        max_length=12, choices=choices(Answer), blank=True, default="", db_comment="code: what somebody answered"
    )
    answered_at = models.DateTimeField(null=True, db_comment="moment: when")
    answered_by = models.UUIDField(null=True, db_comment="link: member")
    why = models.BinaryField(null=True, db_comment="sealed: in her words")
    again_at = models.DateTimeField(null=True, db_comment="moment: it is asked again if it is still open")
    closed_at = models.DateTimeField(null=True, db_comment="moment: answered, or nothing left to ask")

    class Meta:
        db_table = "gaps_gap"
        indexes = [
            models.Index(fields=["agency", "client"], name="gap_by_client"),
            models.Index(fields=["agency", "of", "rule", "-answered_at"], name="gap_by_thing"),
            models.Index(
                fields=["agency", "priority", "since_at"], name="gap_open", condition=models.Q(closed_at__isnull=True)
            ),
            models.Index(fields=["agency", "found_at"], name="gap_found", condition=models.Q(closed_at__isnull=True)),
            models.Index(
                fields=["agency", "again_at"], name="gap_asked_again", condition=models.Q(again_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "rule", "of"], condition=models.Q(closed_at__isnull=True), name="gap_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True, answered_by__isnull=True, why__isnull=True)
                | (
                    models.Q(answered_at__isnull=False, answered_by__isnull=False, closed_at=models.F("answered_at"))
                    & ~models.Q(answer="")
                ),
                name="gap_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(again_at__isnull=True)
                | models.Q(answer__in=["not_safe_now", "on_its_way"], again_at__gt=models.F("answered_at")),
                name="gap_asked_again_after_an_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(found_at__gte=models.F("since_at")), name="gap_found_after_its_clock"
            ),
        ]


class Told(models.Model):
    """That a gap is open, as it was written down for partners; later, that it is over. Whom each entry reached is in
    *Sent*."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: about whom"
    )
    rule = models.CharField(max_length=40, db_comment="code: which rule found it")
    of = models.UUIDField(db_comment="link: the due it is about")
    entry = models.UUIDField(db_comment="link: the entry that says that it is open")
    told_at = models.DateTimeField(db_comment="moment: when")
    told_by = models.UUIDField(db_comment="link: member")
    over = models.UUIDField(null=True, db_comment="link: the entry that says that it is over")
    over_at = models.DateTimeField(null=True, db_comment="moment: when")
    over_by = models.UUIDField(null=True, db_comment="link: member")

    class Meta:
        db_table = "gaps_told"
        indexes = [models.Index(fields=["agency", "client"], name="told_by_client")]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "client", "rule", "of"],
                condition=models.Q(over__isnull=True),
                name="told_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(over__isnull=True, over_at__isnull=True, over_by__isnull=True)
                | models.Q(over__isnull=False, over_at__isnull=False, over_by__isnull=False),
                name="told_over_who_and_when",
            ),
        ]


class Look(models.Model):
    """Up to which moment the clocks of an agency were looked at, so that the next look takes only what passed since."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    looked_at = models.DateTimeField(db_comment="moment: clocks that passed before were looked at")
    whole_at = models.DateTimeField(db_comment="moment: everything was looked at")

    class Meta:
        db_table = "gaps_look"
        constraints = [models.UniqueConstraint(fields=["agency"], name="look_of_agency")]

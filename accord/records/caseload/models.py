"""A caseload being brought in, and requests to take one out. What is brought in lies here sealed, and only until it
stands in files of its own."""

from __future__ import annotations

import uuid

from django.db import models

from accord.partners.models import Agency
from accord.records.caseload.rules import REASONS, SCOPES

STAGES = ("columns", "preview", "running", "done", "cancelled")


class Upload(models.Model):
    """One table somebody is bringing in, and how far it is. Only she who brought it sees it. `table` and `plan` are
    emptied, and the parts deleted, when it is done or cancelled; the counts stay."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    by = models.UUIDField(db_comment="link: member who brings it in")
    stage = models.CharField(
        max_length=12, choices=[(stage, stage) for stage in STAGES], db_comment="code: how far it is"
    )
    key_version = models.PositiveIntegerField(db_comment="code: vault key that seals it")
    rows = models.PositiveIntegerField(db_comment="code: how many rows it has")
    parts = models.PositiveIntegerField(db_comment="code: in how many parts it lies here")
    next_part = models.PositiveIntegerField(default=0, db_comment="code: the part that comes next")
    brought = models.PositiveIntegerField(default=0, db_comment="code: how many files were opened")
    left_out = models.PositiveIntegerField(default=0, db_comment="code: how many rows were left out")
    started_at = models.DateTimeField(db_comment="moment: when")
    touched_at = models.DateTimeField(db_comment="moment: last step")
    table = models.BinaryField(null=True, db_comment="sealed: headers, first rows, how days are written")
    plan = models.BinaryField(null=True, db_comment="sealed: which column is what, which rows are left out")

    class Meta:
        db_table = "caseload_upload"
        indexes = [models.Index(fields=["agency", "by", "-started_at"], name="upload_by_member")]


class Part(models.Model):
    """Some rows of an upload: as many as are written in one transaction."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    upload = models.ForeignKey(
        Upload, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: of which table"
    )
    number = models.PositiveIntegerField(db_comment="code: its place")
    rows = models.BinaryField(db_comment="sealed: the rows")

    class Meta:
        db_table = "caseload_part"
        constraints = [models.UniqueConstraint(fields=["agency", "upload", "number"], name="part_once")]


class Export(models.Model):
    """Somebody asks to take files out. With more than a few, a second person answers; it is good for one day, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    by = models.UUIDField(db_comment="link: member who asks")
    asked_at = models.DateTimeField(db_comment="moment: when")
    until_at = models.DateTimeField(db_comment="moment: when it can no longer be answered or used")
    reason = models.CharField(
        max_length=24, choices=[(reason, reason) for reason in REASONS], db_comment="code: what for"
    )
    scope = models.CharField(
        max_length=16, choices=[(scope, scope) for scope in SCOPES], db_comment="code: which files"
    )
    since_at = models.DateTimeField(null=True, db_comment="moment: opened from")
    before_at = models.DateTimeField(null=True, db_comment="moment: opened before")
    count = models.PositiveIntegerField(db_comment="code: how many files it may hold")
    second = models.BooleanField(db_comment="code: whether a second person is needed")
    second_by = models.UUIDField(null=True, db_comment="link: member who answered")
    second_at = models.DateTimeField(null=True, db_comment="moment: when")
    agreed = models.BooleanField(null=True, db_comment="code: what she answered")
    dropped_at = models.DateTimeField(null=True, db_comment="moment: when the one who asked took it back")
    used_at = models.DateTimeField(null=True, db_comment="moment: when it was used")
    taken = models.PositiveIntegerField(default=0, db_comment="code: how many files left on it")

    class Meta:
        db_table = "caseload_export"
        indexes = [models.Index(fields=["agency", "-asked_at"], name="export_by_moment")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(second_by__isnull=True, second_at__isnull=True, agreed__isnull=True)
                | models.Q(second_by__isnull=False, second_at__isnull=False, agreed__isnull=False),
                name="export_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(second_by__isnull=True) | ~models.Q(second_by=models.F("by")),
                name="export_second_is_another",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True)
                | (
                    models.Q(dropped_at__isnull=True)
                    & (models.Q(second=False) | models.Q(agreed__isnull=False, agreed=True))
                ),
                name="export_used_only_when_agreed",
            ),
            models.CheckConstraint(
                condition=models.Q(taken__lte=models.F("count")), name="export_takes_what_was_asked"
            ),
        ]

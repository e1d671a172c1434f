"""Drafts of agreements: what their parties write together, version by version, and what they say about it. Each row
names the parties, because they, and nobody else in the community, read it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.agreements.rules import BY_ID
from accord.partners.models import Agency

SECTIONS = [(name, name) for name in BY_ID]


class Draft(models.Model):
    """That some agencies draft something together. Its id is made of who began it, with whom and when."""

    id = models.UUIDField(primary_key=True, editable=False, db_comment="link: made of who, with whom and when")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: who began it")
    parties = ArrayField(models.UUIDField(), db_comment="link: every agency that drafts, reads and signs it")
    started_at = models.DateTimeField(db_comment="moment: when")

    class Meta:
        db_table = "agreements_draft"
        constraints = [
            models.CheckConstraint(condition=models.Q(parties__len__gt=1), name="draft_is_between_several"),
        ]


class Version(models.Model):
    """What it says from one change to the next. Never edited: a change is another version, with another hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: who wrote it")
    draft = models.UUIDField(db_comment="link: of what; another party's row, so no key")
    parties = ArrayField(models.UUIDField(), db_comment="link: who reads it")
    number = models.PositiveIntegerField(db_comment="code: its place")
    before = models.BinaryField(db_comment="public: hash of the version before")
    digest = models.BinaryField(db_comment="public: SHA-256 of what it says")
    title = models.CharField(max_length=160, db_comment="public: what it is called")
    sections = models.JSONField(db_comment="public: what stands in each section, for its parties")
    flows = models.JSONField(db_comment="public: the rows of its matrix")
    changed = models.CharField(max_length=24, blank=True, choices=SECTIONS, db_comment="code: which section changed")
    written_at = models.DateTimeField(db_comment="moment: when")
    written_by = models.CharField(max_length=220, db_comment="staff: who wrote it")

    class Meta:
        db_table = "agreements_version"
        indexes = [models.Index(fields=["draft", "number"], name="version_of_draft")]


class Comment(models.Model):
    """What a party says about a section. Only who said it says when it is settled."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    draft = models.UUIDField(db_comment="link: about what; another party's row, so no key")
    parties = ArrayField(models.UUIDField(), db_comment="link: who reads it")
    section = models.CharField(max_length=24, choices=SECTIONS, db_comment="code: about which section")
    number = models.PositiveIntegerField(db_comment="code: about which version")
    text = models.CharField(max_length=600, db_comment="public: what it says, for the parties")
    said_at = models.DateTimeField(db_comment="moment: when")
    said_by = models.CharField(max_length=220, db_comment="staff: who said it")
    settled_at = models.DateTimeField(null=True, db_comment="moment: when its agency called it settled")

    class Meta:
        db_table = "agreements_comment"
        indexes = [models.Index(fields=["draft", "said_at"], name="comment_of_draft")]

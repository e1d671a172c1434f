"""Rows of the ledger. Leaves are only ever added and read; the tree over them grows in its own tables.

No foreign keys: what happened stays true when the thing it happened to is gone. Primary keys lead with the agency and
no counter runs across agencies: a number shared by all would tell each how busy the others are.
"""

from __future__ import annotations

from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Length
from django.db.models.lookups import Exact


def said(key: str, field: models.Field) -> Cast:
    """What the line says under `key`. PostgreSQL computes it, so no column can disagree with the line."""
    return Cast(KeyTextTransform(key, Cast("line", models.JSONField())), field)


def digest(name: str, field: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Exact(Length(field), 32), name=name)


#: The number of the database transaction that writes the row; `actions.sequence` says what it is for.
TRANSACTION = Cast(Cast(models.Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField())


class Leaf(models.Model):
    """One happening, as the exact line that was hashed."""

    pk = models.CompositePrimaryKey("agency", "id")
    agency = models.UUIDField(db_column="agency_id", db_comment="link: whose ledger")
    id = models.UUIDField(db_comment="link: opaque id, the same as in the line")
    at = models.DateTimeField(db_comment="moment: when it happened")
    line = models.TextField(db_comment="proof: the hashed line, ids and codes only")
    hash = models.BinaryField(db_comment="proof: RFC 6962 leaf hash of the line")
    transaction = models.BigIntegerField(
        db_default=TRANSACTION, editable=False, db_comment="proof: database transaction that wrote it"
    )
    actor = models.GeneratedField(
        expression=said("actor", models.TextField()),
        output_field=models.TextField(),
        db_persist=True,
        db_comment="link: member or job, from the line",
    )
    verb = models.GeneratedField(
        expression=said("verb", models.TextField()),
        output_field=models.TextField(),
        db_persist=True,
        db_comment="code: what was asked, from the line",
    )
    outcome = models.GeneratedField(
        expression=said("outcome", models.TextField()),
        output_field=models.TextField(),
        db_persist=True,
        db_comment="code: yes or no, from the line",
    )
    client = models.GeneratedField(
        expression=said("client", models.UUIDField()),
        output_field=models.UUIDField(null=True),
        db_persist=True,
        null=True,
        db_comment="link: whose story, from the line",
    )

    class Meta:
        db_table = "ledger_leaf"
        indexes = [
            models.Index(fields=["agency", "at", "id"], name="leaf_by_moment"),
            models.Index(fields=["agency", "client", "at", "id"], name="leaf_by_client"),
            models.Index(fields=["agency", "actor", "at", "id"], name="leaf_by_actor"),
            models.Index(fields=["agency", "transaction"], name="leaf_by_transaction"),
        ]
        constraints = [digest("leaf_hash_length", "hash")]


class Position(models.Model):
    """Where a leaf stands in its agency's tree. Keeps the hash too: a lost or changed leaf can be named."""

    pk = models.CompositePrimaryKey("agency", "position")
    agency = models.UUIDField(db_column="agency_id", db_comment="link: whose tree")
    position = models.BigIntegerField(db_comment="proof: 0 is the first")
    leaf = models.UUIDField(db_comment="link: which leaf")
    hash = models.BinaryField(db_comment="proof: leaf hash as it went into the tree")

    class Meta:
        db_table = "ledger_position"
        constraints = [
            models.UniqueConstraint(fields=["agency", "leaf"], name="leaf_has_one_position"),
            models.CheckConstraint(condition=models.Q(position__gte=0), name="position_counts_from_zero"),
            digest("position_hash_length", "hash"),
        ]


class Checkpoint(models.Model):
    """The tree at one size. Somebody who keeps size and root elsewhere can tell any later rewriting."""

    pk = models.CompositePrimaryKey("agency", "size")
    agency = models.UUIDField(db_column="agency_id", db_comment="link: whose tree")
    size = models.BigIntegerField(db_comment="proof: leaves in the tree")
    root = models.BinaryField(db_comment="proof: RFC 6962 root over them")
    frontier = models.BinaryField(db_comment="proof: right edge of the tree, to go on from")
    horizon = models.BigIntegerField(db_comment="proof: every database transaction below this number is in the tree")
    at = models.DateTimeField(db_comment="moment: when it was made")

    class Meta:
        db_table = "ledger_checkpoint"
        constraints = [
            models.CheckConstraint(condition=models.Q(size__gt=0), name="checkpoint_has_leaves"),
            digest("checkpoint_root_length", "root"),
        ]

"""In which hours and how each member hears by e-mail that something is new, and when she last did. What was new is not
kept: the rooms are asked."""

from __future__ import annotations

import uuid

from django.db import models

from accord.coordination.notices.rules import HOW
from accord.partners.models import Agency, Member


class Hearing(models.Model):
    """One member's wish, and the moment up to which she has been told. Without hours she has not said any."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: where")
    member = models.ForeignKey(Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: who")
    how = models.CharField(
        max_length=8, choices=[(how, how) for how in HOW], default="digest", db_comment="staff: how she hears"
    )
    windows = models.JSONField(null=True, db_comment="staff: in which hours of which weekdays; null is the usual ones")
    hour = models.CharField(max_length=5, blank=True, default="", db_comment="staff: at which hour of a day")
    said_at = models.DateTimeField(null=True, db_comment="moment: when she said so")
    told_at = models.DateTimeField(null=True, db_comment="moment: when an e-mail last went to her")

    class Meta:
        db_table = "notices_hearing"
        constraints = [models.UniqueConstraint(fields=["agency", "member"], name="hearing_one_per_member")]

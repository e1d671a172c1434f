"""How one client's case runs through a protocol: where it stands, the steps it took, and what has to be done by when.
What was written down on the way is sealed under the client's key; codes and moments that clocks need stay in clear."""

from __future__ import annotations

import uuid

from django.db import models

from accord.coordination.tracks.rules import HOWS
from accord.partners.models import Agency
from accord.vault.models import Case, Client, Person


class Track(models.Model):
    """One case on its way through one version of a protocol. It only moves together with a step."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: holder")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose file"
    )
    case = models.ForeignKey(
        Case, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: in which case"
    )
    about = models.ForeignKey(
        Person, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whom it is about"
    )
    protocol = models.CharField(max_length=40, db_comment="code: which protocol")
    version = models.PositiveIntegerField(db_comment="code: by which version of it")
    state = models.CharField(max_length=40, db_comment="code: where it stands")
    number = models.PositiveIntegerField(db_comment="code: steps taken so far")
    begun_at = models.DateTimeField(db_comment="moment: it began")
    begun_by = models.UUIDField(db_comment="link: member")
    entered_at = models.DateTimeField(db_comment="moment: since when it stands there")
    ended_at = models.DateTimeField(null=True, db_comment="moment: it came to an end, where nothing waits")

    class Meta:
        db_table = "tracks_track"
        indexes = [models.Index(fields=["agency", "client"], name="track_by_client")]


class Step(models.Model):
    """One step, and what was written down with it. Never changed. The first has no code and begins nowhere; one without
    a code that begins where it leads goes on by another version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: holder")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose file"
    )
    track = models.ForeignKey(
        Track, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: of which track"
    )
    number = models.PositiveIntegerField(db_comment="code: first, second, third")
    version = models.PositiveIntegerField(db_comment="code: by which version of the protocol")
    code = models.CharField(max_length=40, blank=True, db_comment="code: which step")
    begins = models.CharField(max_length=40, blank=True, db_comment="code: where it stood before")
    to = models.CharField(max_length=40, db_comment="code: where it stands since")
    occurred_at = models.DateTimeField(db_comment="moment: it happened")
    recorded_at = models.DateTimeField(db_comment="moment: it was written down")
    recorded_by = models.UUIDField(db_comment="link: member")
    late = models.BooleanField(db_comment="code: written down late")
    facts = models.BinaryField(db_comment="sealed: what was written down with it")
    because = models.BinaryField(
        null=True, db_comment="sealed: why a supervisor went on although something was missing"
    )
    entry = models.UUIDField(db_comment="link: what stands in the file about it")

    class Meta:
        db_table = "tracks_step"
        indexes = [
            models.Index(
                fields=["agency", "recorded_at"],
                name="step_deviating",
                condition=models.Q(late=True) | models.Q(because__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "track", "number"], name="step_number_once"),
            models.CheckConstraint(
                condition=~models.Q(code="") | models.Q(begins="") | models.Q(begins=models.F("to")),
                name="step_has_a_code",
            ),
            models.CheckConstraint(
                condition=models.Q(number=1, code="", begins="") | (models.Q(number__gt=1) & ~models.Q(begins="")),
                name="step_first_begins_nowhere",
            ),
            models.CheckConstraint(
                condition=models.Q(occurred_at__lte=models.F("recorded_at")), name="step_not_in_the_future"
            ),
        ]


class Due(models.Model):
    """One clock: something that may be done from `opens_at` on and is overdue from `due_at` on. Met once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: holder")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose file"
    )
    track = models.ForeignKey(
        Track, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: of which track"
    )
    code = models.CharField(max_length=40, db_comment="code: what has to be done")
    number = models.PositiveIntegerField(db_comment="code: since which step")
    optional = models.BooleanField(db_comment="code: passing it is no gap")
    opens_at = models.DateTimeField(db_comment="moment: it may be done from then on")
    due_at = models.DateTimeField(db_comment="moment: it is overdue from then on")
    agreed_at = models.DateTimeField(null=True, db_comment="moment: by when it was agreed, where our time is sooner")
    met_at = models.DateTimeField(null=True, db_comment="moment: nothing waits any more")
    met_by = models.UUIDField(null=True, db_comment="link: member")
    how = models.CharField(
        max_length=8, choices=[(how, how) for how in HOWS], blank=True, default="", db_comment="code: how it ended"
    )
    why = models.BinaryField(null=True, db_comment="sealed: why it was not done")

    class Meta:
        db_table = "tracks_due"
        indexes = [
            models.Index(fields=["agency", "client"], name="due_by_client"),
            models.Index(fields=["agency", "due_at"], name="due_open", condition=models.Q(met_at__isnull=True)),
            models.Index(
                fields=["agency", "due_at"],
                name="due_passed",
                condition=models.Q(met_at__gt=models.F("due_at"), optional=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "track", "code"], condition=models.Q(met_at__isnull=True), name="due_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(met_at__isnull=True, met_by__isnull=True, how="", why__isnull=True)
                | (models.Q(met_at__isnull=False, met_by__isnull=False) & ~models.Q(how="")),
                name="due_met_when_and_how",
            ),
            models.CheckConstraint(
                condition=models.Q(agreed_at__isnull=True) | models.Q(agreed_at__gt=models.F("due_at")),
                name="due_own_time_is_sooner",
            ),
        ]

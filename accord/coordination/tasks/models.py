"""What somebody here has to do, about whom and by when. What is to be done is sealed: under the client's key when it is
about her, else under a key of the agency."""

from __future__ import annotations

import uuid

from django.db import models

from accord.coordination.protocols.rules import Unit
from accord.coordination.tasks.rules import DESTROYED, DROPPED, KINDS, ORIGINS, SNOOZED, WHEN, WHOSE, State
from accord.partners.models import Agency, Member
from accord.vault.models import Client, choices


def codes(words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


class Task(models.Model):
    """One thing to do. Finishing one that comes again makes the next, as a row of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    client = models.ForeignKey(
        Client,
        models.CASCADE,
        null=True,
        db_index=False,
        db_constraint=False,
        db_comment="link: about whom, if anybody",
    )
    owner = models.ForeignKey(
        Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: who does it"
    )
    kind = models.CharField(max_length=16, choices=codes(KINDS), db_comment="code: what it is")
    words = models.BinaryField(db_comment="sealed: what is to be done")
    state = models.CharField(
        max_length=8, choices=choices(State), default=State.OPEN.value, db_comment="code: open, done or dropped"
    )
    due_at = models.DateTimeField(db_comment="moment: by when")
    first_due_at = models.DateTimeField(db_comment="moment: when the first of its series was due")
    snoozed_until = models.DateTimeField(null=True, db_comment="moment: rests until then")
    snoozed_why = models.CharField(
        max_length=24, choices=codes(SNOOZED), blank=True, default="", db_comment="code: why it rests"
    )
    every = models.PositiveSmallIntegerField(null=True, db_comment="code: comes again after so many days")
    every_unit = models.CharField(
        max_length=16,
        choices=codes((Unit.DAYS.value, Unit.BUSINESS_DAYS.value)),
        blank=True,
        default="",
        db_comment="code: of which days",
    )
    follows = models.UUIDField(null=True, db_comment="link: the task whose end made this one")
    made_at = models.DateTimeField(db_comment="moment: when")
    made_by = models.UUIDField(null=True, db_comment="link: member, or null for a system")
    origin = models.CharField(
        max_length=12, choices=codes(ORIGINS), blank=True, default="", db_comment="code: what it was made from"
    )
    origin_id = models.UUIDField(null=True, db_comment="link: which")
    handed_from = models.UUIDField(null=True, db_comment="link: member who had it before, or gave it")
    handed_at = models.DateTimeField(null=True, db_comment="moment: when its owner got it from somebody")
    handed_note = models.BinaryField(null=True, db_comment="sealed: what she was told with it")
    ended_at = models.DateTimeField(null=True, db_comment="moment: done or dropped")
    ended_by = models.UUIDField(null=True, db_comment="link: member")
    dropped_why = models.CharField(
        max_length=16,
        choices=codes((*DROPPED, DESTROYED)),
        blank=True,
        default="",
        db_comment="code: why it was dropped",
    )

    class Meta:
        db_table = "tasks_task"
        indexes = [
            models.Index(
                fields=["agency", "owner", "due_at", "snoozed_until"],
                name="task_of_owner",
                condition=models.Q(state=State.OPEN.value),
            ),
            models.Index(fields=["agency", "due_at"], name="task_by_due", condition=models.Q(state=State.OPEN.value)),
            models.Index(fields=["agency", "client"], name="task_by_client"),
            models.Index(
                fields=["agency", "-handed_at"], name="task_handed", condition=models.Q(handed_at__isnull=False)
            ),
            models.Index(fields=["agency", "-ended_at"], name="task_ended", condition=models.Q(ended_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "follows"], name="task_is_followed_once"),
            models.UniqueConstraint(
                fields=["agency", "origin", "origin_id"],
                condition=models.Q(state=State.OPEN.value, origin_id__isnull=False),
                name="task_open_once_from_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(state=State.OPEN.value, ended_at__isnull=True, ended_by__isnull=True, dropped_why="")
                | models.Q(state=State.DONE.value, ended_at__isnull=False, dropped_why="")
                | (models.Q(state=State.DROPPED.value, ended_at__isnull=False) & ~models.Q(dropped_why="")),
                name="task_end_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(snoozed_until__isnull=True, snoozed_why="")
                | (models.Q(snoozed_until__isnull=False) & ~models.Q(snoozed_why="")),
                name="task_rests_for_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(every__isnull=True, every_unit="")
                | (models.Q(every__gt=0) & ~models.Q(every_unit="")),
                name="task_comes_again_after_days",
            ),
            models.CheckConstraint(
                condition=models.Q(origin="", origin_id__isnull=True)
                | (models.Q(origin_id__isnull=False) & ~models.Q(origin="")),
                name="task_origin_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(handed_at__isnull=True, handed_from__isnull=True, handed_note__isnull=True)
                | models.Q(handed_at__isnull=False),
                name="task_handed_at_a_moment",
            ),
        ]


class View(models.Model):
    """A filter of the list of tasks that a member keeps for herself: codes alone, named after what they say."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: where")
    member = models.ForeignKey(Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: whose")
    whose = models.CharField(max_length=8, choices=codes(WHOSE), db_comment="code: whose tasks")
    when = models.CharField(max_length=8, choices=codes(WHEN), db_comment="code: due when")
    kind = models.CharField(max_length=16, choices=codes(KINDS), blank=True, default="", db_comment="code: which")
    kept_at = models.DateTimeField(db_comment="moment: when")

    class Meta:
        db_table = "tasks_view"
        constraints = [
            models.UniqueConstraint(fields=["agency", "member", "whose", "when", "kind"], name="view_kept_once"),
        ]


class Capacity(models.Model):
    """How many open files one person of an agency carries at most, as its supervisors have said."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose")
    files = models.PositiveSmallIntegerField(db_comment="code: open files to a person")
    said_at = models.DateTimeField(db_comment="moment: when")
    said_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "tasks_capacity"
        constraints = [models.UniqueConstraint(fields=["agency"], name="capacity_one_per_agency")]

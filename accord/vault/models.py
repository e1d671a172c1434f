"""One agency's own story of the people it serves. Names, contacts and narratives are sealed under each client's key;
codes, status and dates that lists and clocks need stay in clear."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.partners.models import Agency, Member
from accord.policy.words import Category, Mark, Relation, Role
from accord.vault.rules import CONFLICTS, GLASS_OPEN, GLASS_OUTCOMES, GLASS_REASONS, LEFT, LIFTED, TIES


def choices(words: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


#: Who a person in a file can be; totals are about nobody.
PERSONS = [relation for relation in Relation if relation is not Relation.NOBODY]


class Client(models.Model):
    """Somebody this agency serves. Her key opens everything about her; destroying it is deleting her. Lists that open
    rows say `select_related("shred")`, or each row asks for its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    code = models.CharField(max_length=16, db_comment="code: what colleagues call her file")
    wrapped_key = models.BinaryField(
        null=True, db_comment="wrapped: her key, under the vault key and her shred; null once deleted"
    )
    key_version = models.PositiveIntegerField(db_comment="code: vault key that wraps hers")
    status = models.CharField(
        max_length=8,
        choices=[("open", "open"), ("closed", "closed")],
        default="open",
        db_comment="code: open or closed",
    )
    opened_at = models.DateTimeField(db_comment="moment: when")
    closed_at = models.DateTimeField(null=True, db_comment="moment: when")
    touched_at = models.DateTimeField(db_comment="moment: last entry or change, for lists")
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="merged",
        db_comment="link: the file about the same person that it belongs to",
    )
    merged_at = models.DateTimeField(null=True, db_comment="moment: when")

    class Meta:
        db_table = "vault_client"
        indexes = [
            models.Index(fields=["agency", "-touched_at"], name="client_by_touch"),
            models.Index(
                fields=["agency", "merged_into"],
                name="client_by_family",
                condition=models.Q(merged_into__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "code"], name="client_code_once"),
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False)
                | models.Q(status="open", closed_at__isnull=True),
                name="client_closed_has_a_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True, merged_at__isnull=True)
                | models.Q(~models.Q(merged_into=models.F("id")), merged_into__isnull=False, merged_at__isnull=False),
                name="client_merged_into_another_at_a_moment",
            ),
        ]


class Shred(models.Model):
    """What has to be there, beside the vault key, for one client's key to unwrap. A table of its own, so that backups
    of the records can leave it out: who is gone from here is gone from every one of them (docs/adr/0012)."""

    client = models.OneToOneField(
        Client, models.CASCADE, primary_key=True, db_column="id", db_constraint=False, db_comment="link: whose"
    )
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    secret = models.BinaryField(db_comment="wrapped: random half of what wraps her key; gone once deleted")

    class Meta:
        db_table = "vault_shred"


class Person(models.Model):
    """Somebody in a client's story: herself, her child, the respondent. `identity` holds the names and birth date,
    `contact` how and when she may safely be reached."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: in whose story"
    )
    relation = models.CharField(max_length=12, choices=choices(PERSONS), db_comment="code: who she is to the client")
    identity = models.BinaryField(
        db_comment="sealed: names, code name, aliases, birth date, pronouns, language, interpreter, access needs"
    )
    contact = models.BinaryField(null=True, db_comment="sealed: safe hours and ways, what to say, phone, address")
    left_at = models.DateTimeField(null=True, db_comment="moment: since when not part of the work any more")

    class Meta:
        db_table = "vault_person"
        indexes = [models.Index(fields=["agency", "client"], name="person_by_client")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(relation="child") | models.Q(contact__isnull=True),
                name="person_child_is_nowhere",
            ),
            models.CheckConstraint(
                condition=~models.Q(relation="self") | models.Q(left_at__isnull=True),
                name="person_herself_stays",
            ),
        ]


class Case(models.Model):
    """One stretch of working together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    client = models.ForeignKey(Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose")
    harms = ArrayField(models.CharField(max_length=32), default=list, db_comment="code: what happened, coded")
    opened_at = models.DateTimeField(db_comment="moment: when")
    closed_at = models.DateTimeField(null=True, db_comment="moment: when")

    class Meta:
        db_table = "vault_case"
        indexes = [models.Index(fields=["agency", "client"], name="case_by_client")]


class Entry(models.Model):
    """Something that happened or is known. The summary is made from coded fields or typed for that purpose; it is
    never cut from the detail, because a cut sentence leaks what the whole one said."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    client = models.ForeignKey(Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose")
    case = models.ForeignKey(
        Case, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: in which case"
    )
    about = models.ForeignKey(
        Person, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whom it is about"
    )
    kind = models.CharField(max_length=32, db_comment="code: what it is")
    category = models.CharField(max_length=16, choices=choices(Category), db_comment="code: what it is about")
    marks = ArrayField(
        models.CharField(max_length=24, choices=choices(Mark)), default=list, db_comment="code: special protection"
    )
    status = models.CharField(max_length=24, blank=True, default="", db_comment="code: where it stands")
    occurred_at = models.DateTimeField(db_comment="moment: when it happened")
    recorded_at = models.DateTimeField(db_comment="moment: when it was written down")
    recorded_by = models.UUIDField(null=True, db_comment="link: member, or null for a system")
    origin = models.BinaryField(null=True, db_comment="token: keyed digest of an imported element, so it comes once")
    summary = models.BinaryField(db_comment="sealed: template and coded values, or typed words")
    detail = models.BinaryField(db_comment="sealed: coded fields, narrative, source element")

    class Meta:
        db_table = "vault_entry"
        indexes = [
            models.Index(fields=["agency", "client", "-occurred_at"], name="entry_by_client"),
            models.Index(fields=["agency", "case"], name="entry_by_case"),
            models.Index(fields=["agency", "origin"], name="entry_by_origin", condition=models.Q(origin__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "client", "origin"], name="entry_imported_once"),
        ]


class Team(models.Model):
    """Who works with a client, from when to when. In an agency that keeps files to teams, nobody else opens it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: with whom"
    )
    member = models.ForeignKey(Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: who")
    since_at = models.DateTimeField(db_comment="moment: when")
    by = models.UUIDField(null=True, db_comment="link: member who said so, or null for a system")
    ended_at = models.DateTimeField(null=True, db_comment="moment: when")

    class Meta:
        db_table = "vault_team"
        indexes = [
            models.Index(
                fields=["agency", "member", "client"],
                name="team_of_member",
                condition=models.Q(ended_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "client", "member"],
                condition=models.Q(ended_at__isnull=True),
                name="team_once_at_a_time",
            ),
        ]


class Wall(models.Model):
    """Somebody here who must not work with a client nor know of her file, and why, in one word."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: off whose file"
    )
    member = models.ForeignKey(Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: who")
    kind = models.CharField(max_length=24, choices=[(kind, kind) for kind in CONFLICTS], db_comment="code: why")
    since_at = models.DateTimeField(db_comment="moment: when")
    by = models.UUIDField(null=True, db_comment="link: member who set it, or null when it was found")
    person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        db_comment="link: who in the file seems to be her or hers",
    )
    seen_at = models.DateTimeField(null=True, db_comment="moment: somebody looked and it stays")
    seen_by = models.UUIDField(null=True, db_comment="link: member who looked")
    lifted_at = models.DateTimeField(null=True, db_comment="moment: when")
    lifted_by = models.UUIDField(null=True, db_comment="link: member who lifted it")
    lifted_why = models.CharField(
        max_length=12,
        blank=True,
        default="",
        choices=[(why, why) for why in (*LIFTED, LEFT)],
        db_comment="code: why it was lifted",
    )

    class Meta:
        db_table = "vault_wall"
        indexes = [
            models.Index(
                fields=["agency", "member", "client"],
                name="wall_of_member",
                condition=models.Q(lifted_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "client", "member"],
                condition=models.Q(lifted_at__isnull=True),
                name="wall_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | models.Q(lifted_at__isnull=False, lifted_by__isnull=False)
                | models.Q(lifted_at__isnull=False, lifted_by__isnull=True, lifted_why=LEFT),
                name="wall_lifted_who_and_when",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_why="") | models.Q(lifted_at__isnull=False), name="wall_lifted_why"
            ),
            models.CheckConstraint(
                condition=models.Q(seen_at__isnull=True, seen_by__isnull=True)
                | models.Q(seen_at__isnull=False, seen_by__isnull=False),
                name="wall_seen_who_and_when",
            ),
        ]


class Tie(models.Model):
    """Somebody outside work whom a member is connected to. She says so herself; whoever of that name stands in a file
    here walls her off it. Nobody else reads the names."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    member = models.ForeignKey(Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: who")
    kind = models.CharField(max_length=24, choices=[(kind, kind) for kind in TIES], db_comment="code: connected how")
    names = models.BinaryField(db_comment="sealed: name and other names, under a key of the agency")
    since_at = models.DateTimeField(db_comment="moment: when she said so")
    ended_at = models.DateTimeField(null=True, db_comment="moment: when she said that it is over")

    class Meta:
        db_table = "vault_tie"
        indexes = [models.Index(fields=["agency", "member"], name="tie_of_member")]


class Glass(models.Model):
    """Emergency access: one member, one file, sixty minutes by the database's clock. `client` is null when the code she
    typed is no file's: to her it looks like one she is walled off."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    member = models.ForeignKey(Member, models.PROTECT, db_index=False, db_constraint=False, db_comment="link: who asks")
    client = models.ForeignKey(
        Client, models.CASCADE, null=True, db_index=False, db_constraint=False, db_comment="link: which file"
    )
    reason = models.CharField(
        max_length=16, choices=[(reason, reason) for reason in GLASS_REASONS], db_comment="code: why"
    )
    words = models.BinaryField(null=True, db_comment="sealed: why, in her words")
    asked_at = models.DateTimeField(db_comment="moment: when")
    second_by = models.UUIDField(null=True, db_comment="link: director who agreed or refused")
    second_at = models.DateTimeField(null=True, db_comment="moment: when")
    agreed = models.BooleanField(null=True, db_comment="code: what she answered")
    partner = models.ForeignKey(
        Agency, models.PROTECT, null=True, db_index=False, related_name="+", db_comment="link: partner asked instead"
    )
    opened_at = models.DateTimeField(null=True, db_comment="moment: when it began, by the database")
    until_at = models.DateTimeField(null=True, db_comment="moment: when it ends, by the database")
    crossing = models.BooleanField(default=False, db_comment="code: whether two persons stand behind it")
    reviewed_at = models.DateTimeField(null=True, db_comment="moment: looked at afterwards")
    reviewed_by = models.UUIDField(null=True, db_comment="link: who looked")
    outcome = models.CharField(
        max_length=12,
        blank=True,
        default="",
        choices=[(outcome, outcome) for outcome in GLASS_OUTCOMES],
        db_comment="code: what she found",
    )

    class Meta:
        db_table = "vault_glass"
        indexes = [
            models.Index(fields=["agency", "member", "-until_at"], name="glass_of_member"),
            models.Index(fields=["agency", "-asked_at"], name="glass_by_moment"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opened_at__isnull=True, until_at__isnull=True)
                | models.Q(opened_at__isnull=False, client__isnull=False, until_at=models.F("opened_at") + GLASS_OPEN),
                name="glass_stands_sixty_minutes",
            ),
            models.CheckConstraint(
                condition=models.Q(second_by__isnull=True, second_at__isnull=True, agreed__isnull=True)
                | models.Q(second_by__isnull=False, second_at__isnull=False, agreed__isnull=False),
                name="glass_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(second_by__isnull=True) | ~models.Q(second_by=models.F("member")),
                name="glass_second_is_another",
            ),
            models.CheckConstraint(
                condition=models.Q(crossing=False)
                | (models.Q(opened_at__isnull=False) & (models.Q(agreed=True) | models.Q(partner__isnull=False))),
                name="glass_crosses_with_two",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_at__isnull=True, reviewed_by__isnull=True, outcome="")
                | (models.Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~models.Q(outcome="")),
                name="glass_review_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_by__isnull=True)
                | (
                    ~models.Q(reviewed_by=models.F("member"))
                    & (models.Q(second_by__isnull=True) | ~models.Q(reviewed_by=models.F("second_by")))
                ),
                name="glass_reviewed_by_a_third",
            ),
        ]


class Seconding(models.Model):
    """A partner is asked to agree to emergency access. The row is the partner's: which agency, which role, what kind of
    reason; no client and no name. The agency that asks writes it and reads the answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(
        Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who is asked"
    )
    holder = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who asks")
    glass = models.UUIDField(db_comment="link: the asking agency's own row")
    reason = models.CharField(
        max_length=16, choices=[(reason, reason) for reason in GLASS_REASONS], db_comment="code: why"
    )
    role = models.CharField(max_length=20, choices=choices(Role), db_comment="code: what the one who asks is there")
    asked_at = models.DateTimeField(db_comment="moment: when")
    answered_at = models.DateTimeField(null=True, db_comment="moment: when")
    answered_by = models.UUIDField(null=True, db_comment="link: member of the agency that is asked")
    answered_name = models.CharField(
        max_length=120, null=True, db_comment="staff: who answered, for the agency that asks"
    )
    agreed = models.BooleanField(null=True, db_comment="code: what she answered")

    class Meta:
        db_table = "vault_seconding"
        indexes = [models.Index(fields=["holder", "glass"], name="seconding_by_glass")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    answered_at__isnull=True, answered_by__isnull=True, answered_name__isnull=True, agreed__isnull=True
                )
                | models.Q(
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    answered_name__isnull=False,
                    agreed__isnull=False,
                ),
                name="seconding_answer_is_whole",
            ),
        ]


class Token(models.Model):
    """A blind-index token: finds a person by word, first three letters, sound, birth date or code, or a second file
    about her; stores none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: whose vault")
    value = models.BinaryField(db_comment="token: HMAC under the agency's search key")
    person = models.ForeignKey(
        Person, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whom it finds"
    )
    client = models.ForeignKey(Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose")

    class Meta:
        db_table = "vault_token"
        indexes = [
            models.Index(fields=["agency", "value", "client"], name="token_lookup"),
            models.Index(fields=["agency", "person"], name="token_of_person"),
        ]

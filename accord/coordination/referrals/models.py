"""Referrals as both sides keep them. What each knows of the other's row is what was written for it, and no more: who
made a referral cannot see what became of it, and who receives one sees who, what for and how soon."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.coordination.referrals.rules import (
    BY_HAND,
    OPEN_HERE,
    OURS,
    OUTCOMES,
    REASONS,
    TAKES,
    Stand,
    State,
    Urgency,
)
from accord.partners.models import Agency
from accord.sharing.models import Flow, Release
from accord.vault.models import Case, Client, Person, choices
from accord.vault.rules import SERVICES

A_SERVICE = [(each, each) for each in SERVICES]


def codes(words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


class Referral(models.Model):
    """A referral by the agency that made it. It learns nothing by itself: where it stands is what the partner sent and
    somebody here opened, or, for somebody who is no partner, what a worker noted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who refers")
    client = models.ForeignKey(Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whom")
    case = models.ForeignKey(
        Case, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: in which case"
    )
    about = models.ForeignKey(
        Person, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: herself or a child of hers"
    )
    recipient = models.ForeignKey(
        Agency, models.PROTECT, null=True, db_index=False, related_name="+", db_comment="link: to which partner"
    )
    outside = models.BinaryField(null=True, db_comment="sealed: name and address of whoever is no partner")
    by_hand = models.CharField(
        max_length=8, choices=codes(BY_HAND), blank=True, default="", db_comment="code: how it went to no partner"
    )
    service = models.CharField(max_length=24, choices=A_SERVICE, db_comment="code: what for")
    urgency = models.CharField(max_length=8, choices=choices(Urgency), db_comment="code: how soon")
    state = models.CharField(
        max_length=12, choices=choices(State), default=State.DRAFT, db_comment="code: where it stands, as we know"
    )
    words = models.BinaryField(null=True, db_comment="sealed: what she needs, in words")
    release = models.ForeignKey(
        Release, models.PROTECT, null=True, db_index=False, db_constraint=False, db_comment="link: on which word"
    )
    flow = models.ForeignKey(
        Flow, models.PROTECT, null=True, db_index=False, db_constraint=False, db_comment="link: or under which law"
    )
    thread = models.UUIDField(null=True, db_comment="link: which survivor, between these two")
    entry = models.UUIDField(null=True, db_comment="link: own entry that says so, and went along")
    parent = models.UUIDField(null=True, db_comment="link: the referral to us that this one carries on")
    prepared_at = models.DateTimeField(db_comment="moment: when")
    prepared_by = models.UUIDField(db_comment="link: member")
    sent_at = models.DateTimeField(null=True, db_comment="moment: when")
    sent_by = models.UUIDField(null=True, db_comment="link: member")
    delivered_at = models.DateTimeField(null=True, db_comment="moment: it was there")
    answer_due_at = models.DateTimeField(null=True, db_comment="moment: an answer is agreed by then")
    answered_at = models.DateTimeField(null=True, db_comment="moment: we learnt of an answer")
    reason = models.CharField(
        max_length=20, choices=codes(REASONS), blank=True, default="", db_comment="code: why they said no"
    )
    toward = models.UUIDField(null=True, db_comment="link: whom they named instead")
    met_at = models.DateTimeField(null=True, db_comment="moment: we learnt that they met her")
    outcome = models.CharField(
        max_length=20, choices=codes(OUTCOMES), blank=True, default="", db_comment="code: what came of it"
    )
    ended_at = models.DateTimeField(null=True, db_comment="moment: we learnt what came of it")
    closed_at = models.DateTimeField(null=True, db_comment="moment: we were done with it, or took it back")
    closed_by = models.UUIDField(null=True, db_comment="link: member")

    class Meta:
        db_table = "referrals_referral"
        indexes = [
            models.Index(fields=["agency", "client"], name="referral_by_client"),
            models.Index(
                fields=["agency", "answer_due_at"],
                name="referral_by_due",
                condition=models.Q(answered_at__isnull=True, closed_at__isnull=True),
            ),
            models.Index(fields=["agency", "-prepared_at"], name="referral_by_moment"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(recipient__isnull=False, outside__isnull=True, by_hand="")
                | models.Q(recipient__isnull=True, outside__isnull=False),
                name="referral_to_a_partner_or_to_somebody",
            ),
            models.CheckConstraint(condition=~models.Q(agency=models.F("recipient")), name="referral_has_two_agencies"),
            models.CheckConstraint(
                condition=models.Q(release__isnull=True) | models.Q(flow__isnull=True), name="referral_on_one_basis"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", sent_at__isnull=True, sent_by__isnull=True)
                | models.Q(state__in=["closed", "taken_back"], sent_at__isnull=True, sent_by__isnull=True)
                | (
                    ~models.Q(state="draft")
                    & models.Q(sent_at__isnull=False, sent_by__isnull=False, answer_due_at__isnull=False)
                ),
                name="referral_sent_who_when_until_when",
            ),
            models.CheckConstraint(
                condition=models.Q(sent_at__isnull=True)
                | models.Q(recipient__isnull=True)
                | (models.Q(thread__isnull=False) & (models.Q(release__isnull=False) | models.Q(flow__isnull=False))),
                name="referral_sent_on_her_word_or_a_law",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["closed", "taken_back"], closed_at__isnull=False, closed_by__isnull=False)
                | (
                    ~models.Q(state__in=["closed", "taken_back"])
                    & models.Q(closed_at__isnull=True, closed_by__isnull=True)
                ),
                name="referral_closed_who_and_when",
            ),
        ]


class Incoming(models.Model):
    """The same at the agency it came to, written by the one that refers: who, what for, how soon. No name and no story
    before it accepts. Taken back, it can no longer be read here."""

    id = models.UUIDField(primary_key=True, editable=False, db_comment="link: the referral's opaque id, on both sides")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: to whom")
    holder = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who refers")
    thread = models.UUIDField(db_comment="link: which survivor, between these two")
    service = models.CharField(max_length=24, choices=A_SERVICE, db_comment="code: what for")
    urgency = models.CharField(max_length=8, choices=choices(Urgency), db_comment="code: how soon")
    key_version = models.PositiveIntegerField(db_comment="code: recipient key pair the names are sealed to")
    kept_from = models.BinaryField(
        null=True, db_comment="sealed: HPKE to the recipient, people there she asked to be kept from; shown to nobody"
    )
    delivered_at = models.DateTimeField(db_comment="moment: when")
    due_at = models.DateTimeField(db_comment="moment: an answer is agreed by then")
    withdrawn_at = models.DateTimeField(null=True, db_comment="moment: it was taken back")

    class Meta:
        db_table = "referrals_incoming"
        indexes = [
            models.Index(fields=["agency", "due_at"], name="incoming_by_due"),
            models.Index(fields=["holder", "thread"], name="incoming_by_thread"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(agency=models.F("holder")), name="incoming_has_two_agencies"),
        ]


class Answer(models.Model):
    """What became of a referral at the agency it came to: its own row, which nobody else can see. Without one the
    referral waits."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: whose row")
    holder = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who refers")
    incoming = models.UUIDField(db_comment="link: which referral")
    thread = models.UUIDField(db_comment="link: which survivor, between these two")
    service = models.CharField(max_length=24, choices=A_SERVICE, db_comment="code: what for")
    urgency = models.CharField(max_length=8, choices=choices(Urgency), db_comment="code: how soon")
    client = models.ForeignKey(
        Client, models.CASCADE, null=True, db_index=False, db_constraint=False, db_comment="link: own client, accepted"
    )
    member = models.UUIDField(null=True, db_comment="link: who looks after it")
    given_at = models.DateTimeField(null=True, db_comment="moment: when she got it from somebody")
    given_by = models.UUIDField(null=True, db_comment="link: member who gave it to her")
    state = models.CharField(
        max_length=12, choices=choices(Stand), default=Stand.WAITING, db_comment="code: where it stands here"
    )
    reason = models.CharField(
        max_length=20, choices=codes(REASONS), blank=True, default="", db_comment="code: why we said no"
    )
    toward = models.UUIDField(null=True, db_comment="link: partner we named instead")
    answered_at = models.DateTimeField(null=True, db_comment="moment: we said yes or no")
    answered_by = models.UUIDField(null=True, db_comment="link: member")
    contact_due_at = models.DateTimeField(null=True, db_comment="moment: reach her for the first time by then")
    contacted_at = models.DateTimeField(null=True, db_comment="moment: first attempt to reach her")
    met_at = models.DateTimeField(null=True, db_comment="moment: we met her")
    outcome = models.CharField(
        max_length=20, choices=codes(OUTCOMES), blank=True, default="", db_comment="code: what came of it"
    )
    ended_at = models.DateTimeField(null=True, db_comment="moment: it was over here")
    entry = models.UUIDField(null=True, db_comment="link: own entry that says where it stands")

    class Meta:
        db_table = "referrals_answer"
        indexes = [
            models.Index(fields=["agency", "client"], name="answer_by_client"),
            models.Index(
                fields=["agency", "contact_due_at"],
                name="answer_to_contact",
                condition=models.Q(state="accepted", contacted_at__isnull=True),
            ),
            models.Index(
                fields=["agency", "member"],
                name="answer_of_member",
                condition=models.Q(state__in=[stand.value for stand in OPEN_HERE]),
            ),
            models.Index(
                fields=["agency", "given_at"], name="answer_given", condition=models.Q(given_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "holder", "incoming"], name="answer_once_per_referral"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", answered_at__isnull=True, answered_by__isnull=True)
                | (~models.Q(state="waiting") & models.Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="answer_who_and_when",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "declined", "redirected"], client__isnull=True)
                | models.Q(
                    state__in=["accepted", "met", "ended"],
                    client__isnull=False,
                    contact_due_at__isnull=False,
                    reason="",
                ),
                name="answer_yes_has_a_file_and_no_has_none",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["declined", "redirected"]) & ~models.Q(reason="")
                | (~models.Q(state__in=["declined", "redirected"]) & models.Q(reason="")),
                name="answer_no_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(state="ended", ended_at__isnull=False) & ~models.Q(outcome="")
                | (~models.Q(state="ended") & models.Q(ended_at__isnull=True, outcome="")),
                name="answer_ends_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(given_at__isnull=True, given_by__isnull=True)
                | models.Q(given_at__isnull=False, given_by__isnull=False, member__isnull=False),
                name="answer_given_by_whom_and_when",
            ),
        ]


class No(models.Model):
    """A bare no, told to the agency that refers by one that may (docs/adr/0015): it opened no file, and neither its no
    nor its silence says whether anybody is a client. The row is the referring agency's; who said it cannot read it."""

    id = models.UUIDField(primary_key=True, editable=False, db_comment="link: the referral's opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who refers")
    holder = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who says no")
    reason = models.CharField(max_length=20, choices=codes(OURS), db_comment="code: why, of the agency alone")
    toward = models.UUIDField(null=True, db_comment="link: whom it names instead")
    told_at = models.DateTimeField(db_comment="moment: when")

    class Meta:
        db_table = "referrals_no"


class Attempt(models.Model):
    """Something done about a referral on one side: she was reached or not, or both agencies spoke to her together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: whose row")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: own client"
    )
    referral = models.UUIDField(db_comment="link: which referral, ours or one that came")
    kind = models.CharField(
        max_length=8,
        choices=[("her", "her"), ("together", "together"), ("partner", "partner")],
        db_comment="code: reaching her, a call with the other agency and her, a call with the other agency",
    )
    entry = models.UUIDField(null=True, db_comment="link: own entry that says how it went")
    at = models.DateTimeField(db_comment="moment: when")
    by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "referrals_attempt"
        indexes = [models.Index(fields=["agency", "referral", "at"], name="attempt_by_referral")]


class Capacity(models.Model):
    """Whether an agency takes referrals now, for what, and how long the wait is. Open to the community like the
    directory; of no client."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who says so")
    takes = models.CharField(max_length=8, choices=codes(TAKES), db_comment="public: yes, after a wait, or no")
    services = ArrayField(
        models.CharField(max_length=24, choices=A_SERVICE), default=list, db_comment="public: for what; empty: any"
    )
    wait_days = models.PositiveSmallIntegerField(null=True, db_comment="public: how long the wait is")
    stated_at = models.DateTimeField(db_comment="moment: as of")
    stated_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "referrals_capacity"
        constraints = [
            models.UniqueConstraint(fields=["agency"], name="referrals_capacity_once"),
            models.CheckConstraint(
                condition=models.Q(takes="waiting") | models.Q(wait_days__isnull=True),
                name="capacity_waits_if_it_waits",
            ),
        ]

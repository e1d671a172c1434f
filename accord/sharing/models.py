"""Her word, and what travelled on it. A release names one holder and one recipient; an envelope is one disclosure."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.partners.models import Agency
from accord.policy.words import Category, Instrument, Level, Purpose, SignerRole
from accord.sharing.rules import EVENTS
from accord.vault.models import Client, Entry, Person

LEVELS = [(int(level), level.code) for level in Level]


class Thread(models.Model):
    """An opaque id for one survivor between two agencies. Each side keeps its own row and ties it to its own client."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: whose row")
    partner = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: with whom")
    thread = models.UUIDField(db_comment="link: the same on both sides, meaningless elsewhere")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: own client it is tied to"
    )
    subject = models.UUIDField(
        null=True, db_comment="link: own child it is about; null for the client herself and for what a partner began"
    )
    tied_at = models.DateTimeField(db_comment="moment: when")
    tied_by = models.UUIDField(null=True, db_comment="link: member")

    class Meta:
        db_table = "sharing_thread"
        indexes = [models.Index(fields=["agency", "client"], name="thread_by_client")]
        constraints = [models.UniqueConstraint(fields=["agency", "thread"], name="thread_tied_once")]


class Release(models.Model):
    """Her permission (facts 1.11). Never edited once signed: the database refuses it. Withdrawn by a word, unless a law
    let her bind herself; then her word is noted and it ends on its day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(
        Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: holder, who may disclose"
    )
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose word"
    )
    subject = models.ForeignKey(
        Person, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whom it is about"
    )
    recipient = models.ForeignKey(
        Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: the one recipient"
    )
    conversation = models.UUIDField(
        default=uuid.uuid4, db_comment="link: prepared and signed in one go with these others"
    )
    instrument = models.CharField(
        max_length=24,
        choices=[(i.value, i.value) for i in Instrument],
        default=Instrument.ORDINARY.value,
        db_comment="code: what kind of permission it is; each opens its own and nothing else",
    )
    purpose = models.CharField(
        max_length=24, choices=[(p.value, p.value) for p in Purpose], db_comment="code: why, exactly one"
    )
    grants = models.JSONField(db_comment="code: category to level")
    updates = ArrayField(
        models.CharField(max_length=16, choices=[(c.value, c.value) for c in Category]),
        default=list,
        db_comment="code: categories of which what is added later may follow",
    )
    language = models.CharField(max_length=5, db_comment="code: language it was explained in")
    elements = ArrayField(models.CharField(max_length=24), db_comment="code: what the conversation covered")
    signer_role = models.CharField(
        max_length=16, choices=[(s.value, s.value) for s in SignerRole], db_comment="code: in which capacity"
    )
    signer_minor = models.BooleanField(default=False, db_comment="code: subject is an unemancipated minor")
    signer_alone = models.BooleanField(default=False, db_comment="code: the law lets her sign alone")
    signer_cosigned = models.BooleanField(default=False, db_comment="code: the second signature is there")
    signer_abuser = models.BooleanField(default=False, db_comment="code: signer is believed to be the abuser")
    signer_ward = models.BooleanField(default=False, db_comment="code: a court has put the subject under a guardian")
    signer_dead = models.BooleanField(default=False, db_comment="code: the subject has died")
    responsible_at = models.DateTimeField(
        null=True, db_comment="moment: who is responsible for the shelter allowed it to be told"
    )
    responsible_by = models.UUIDField(null=True, db_comment="link: member who allowed it")
    method = models.CharField(
        max_length=10,
        choices=[("screen", "screen"), ("paper", "paper"), ("witnessed", "witnessed")],
        blank=True,
        default="",
        db_comment="code: how it was signed",
    )
    copy = models.CharField(
        max_length=8,
        choices=[("given", "given"), ("refused", "refused")],
        blank=True,
        default="",
        db_comment="code: her copy was given, or safely refused",
    )
    signature = models.BinaryField(null=True, db_comment="sealed: the name she signed with")
    cosigner = models.BinaryField(null=True, db_comment="sealed: who signed beside, and as what")
    witness = models.BinaryField(null=True, db_comment="sealed: who saw the mark, name and title")
    kept = models.BinaryField(null=True, db_comment="sealed: where the agency keeps the signed paper")
    long_because = models.BinaryField(null=True, db_comment="sealed: supervisor's reason for over 90 days")
    prepared_at = models.DateTimeField(db_comment="moment: when")
    prepared_by = models.UUIDField(db_comment="link: member")
    explained_at = models.DateTimeField(null=True, db_comment="moment: the words were read to her")
    signed_at = models.DateTimeField(null=True, db_comment="moment: she signed")
    signed_with = models.UUIDField(null=True, db_comment="link: member who was with her")
    until_at = models.DateTimeField(db_comment="moment: it ends; half-open")
    fixed_until = models.DateTimeField(
        null=True, db_comment="moment: she bound herself until then (42 CFR 2.35); it ends with it"
    )
    ends_with = models.CharField(
        max_length=24,
        choices=[(event, event) for event in EVENTS],
        blank=True,
        default="",
        db_comment="code: the event it ends with, if that is before its last day",
    )
    ended_at = models.DateTimeField(null=True, db_comment="moment: that event was noted")
    ended_by = models.UUIDField(null=True, db_comment="link: member who noted it")
    wished_at = models.DateTimeField(null=True, db_comment="moment: she wanted to end what binds her until its day")
    wished_by = models.UUIDField(null=True, db_comment="link: member who noted it")
    wished_how = models.CharField(
        max_length=10,
        choices=[("in_person", "in_person"), ("phone", "phone"), ("written", "written")],
        blank=True,
        default="",
        db_comment="code: how she said so",
    )
    withdrawn_at = models.DateTimeField(null=True, db_comment="moment: she took it back")
    withdrawn_by = models.UUIDField(null=True, db_comment="link: member who recorded it")
    withdrawn_how = models.CharField(
        max_length=10,
        choices=[("in_person", "in_person"), ("phone", "phone"), ("written", "written")],
        blank=True,
        default="",
        db_comment="code: a word is enough",
    )

    class Meta:
        db_table = "sharing_release"
        indexes = [
            models.Index(fields=["agency", "client"], name="release_by_client"),
            models.Index(fields=["agency", "until_at"], name="release_by_end"),
            models.Index(fields=["agency", "conversation"], name="release_by_conversation"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(signed_at__isnull=True) | models.Q(explained_at__isnull=False),
                name="release_explained_before_signed",
            ),
            models.CheckConstraint(
                condition=models.Q(signed_at__isnull=True, signed_with__isnull=True)
                | models.Q(signed_at__isnull=False, signed_with__isnull=False),
                name="release_signed_who_and_when",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_how="")
                | (models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~models.Q(withdrawn_how="")),
                name="release_withdrawn_who_when_how",
            ),
            models.CheckConstraint(condition=~models.Q(agency=models.F("recipient")), name="release_has_two_agencies"),
            models.CheckConstraint(
                condition=~models.Q(method="witnessed") | models.Q(witness__isnull=False),
                name="release_witnessed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["agency", "conversation"],
                condition=~models.Q(instrument=Instrument.ORDINARY.value),
                name="release_of_its_own_stands_alone",
            ),
            models.CheckConstraint(
                condition=models.Q(fixed_until__isnull=True)
                | models.Q(instrument=Instrument.CRIMINAL_JUSTICE.value, fixed_until=models.F("until_at")),
                name="release_binds_only_who_is_monitored",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by__isnull=True)
                | (
                    models.Q(ended_at__isnull=False, ended_by__isnull=False, signed_at__isnull=False)
                    & ~models.Q(ends_with="")
                ),
                name="release_ended_with_its_event",
            ),
            models.CheckConstraint(
                condition=models.Q(wished_at__isnull=True, wished_by__isnull=True, wished_how="")
                | (
                    models.Q(wished_at__isnull=False, wished_by__isnull=False, fixed_until__isnull=False)
                    & ~models.Q(wished_how="")
                ),
                name="release_wish_who_when_how",
            ),
            models.CheckConstraint(
                condition=models.Q(responsible_at__isnull=True, responsible_by__isnull=True)
                | models.Q(
                    instrument=Instrument.SHELTER_PERMISSION.value,
                    responsible_at__isnull=False,
                    responsible_by__isnull=False,
                ),
                name="release_responsible_who_and_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(instrument=Instrument.SHELTER_PERMISSION.value)
                | models.Q(signed_at__isnull=True)
                | models.Q(responsible_at__isnull=False),
                name="release_of_a_shelter_signed_by_both",
            ),
        ]


class Flow(models.Model):
    """What one partner is told about one client without her release, because a law allows it; some laws want an
    agreement as well. Never opened for a victim service provider: the law does not, and a trigger holds it too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: holder")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: about whom"
    )
    recipient = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: to whom")
    purpose = models.CharField(
        max_length=24, choices=[(p.value, p.value) for p in Purpose], db_comment="code: why, exactly one"
    )
    grants = models.JSONField(db_comment="code: category to level")
    rule = models.CharField(max_length=48, db_comment="code: the rule that allows it")
    agreement = models.UUIDField(null=True, db_comment="link: the agreement that rule asks for, if it does")
    automatic = models.BooleanField(default=False, db_comment="code: new entries are sent as they are saved")
    told = models.CharField(
        max_length=8,
        choices=[("told", "told"), ("not_safe", "not_safe")],
        db_comment="code: whether she was told that it is sent",
    )
    not_told = models.BinaryField(null=True, db_comment="sealed: why it is not safe to tell her")
    opened_at = models.DateTimeField(db_comment="moment: when")
    opened_by = models.UUIDField(db_comment="link: member")
    until_at = models.DateTimeField(db_comment="moment: it ends")
    ended_at = models.DateTimeField(null=True, db_comment="moment: somebody ended it before")
    ended_by = models.UUIDField(null=True, db_comment="link: member")

    class Meta:
        db_table = "sharing_flow"
        indexes = [
            models.Index(fields=["agency", "client"], name="flow_by_client"),
            models.Index(fields=["agency", "until_at"], name="flow_by_end"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(grants={}), name="flow_is_about_something"),
            models.CheckConstraint(condition=~models.Q(agency=models.F("recipient")), name="flow_has_two_agencies"),
            models.CheckConstraint(
                condition=models.Q(told="told", not_told__isnull=True)
                | models.Q(told="not_safe", not_told__isnull=False),
                name="flow_told_her_or_says_why_not",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_by__isnull=True)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="flow_ended_who_and_when",
            ),
        ]


class Answered(models.Model):
    """What one partner is given once, because a paper is on file on which a statute, a court or a law lets it out. The
    paper itself is kept a floor above; a trigger there holds that it has been through its path."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: holder")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whose file"
    )
    subject = models.ForeignKey(
        Person, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: whom it is about"
    )
    recipient = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: to whom")
    paper = models.UUIDField(db_comment="link: on which paper")
    purpose = models.CharField(
        max_length=24, choices=[(p.value, p.value) for p in Purpose], db_comment="code: why, exactly one"
    )
    grants = models.JSONField(db_comment="code: category to level")
    rule = models.CharField(max_length=48, db_comment="code: the rule that lets it out")
    until_at = models.DateTimeField(db_comment="moment: it ends")
    answered_at = models.DateTimeField(db_comment="moment: when")
    answered_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "sharing_answered"
        indexes = [models.Index(fields=["agency", "client"], name="answered_by_client")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "paper"], name="answered_once"),
            models.CheckConstraint(condition=~models.Q(grants={}), name="answered_something"),
            models.CheckConstraint(condition=~models.Q(agency=models.F("recipient")), name="answered_has_two_agencies"),
        ]


BASES = ("release", "flow", "answered")


def _on(one: str) -> models.Q:
    return models.Q(**{f"{each}__isnull": each != one for each in BASES})


#: What rests on her release names it, what rests on a law names the flow, what rests on a paper the answer to it:
#: exactly one of them.
ON_ONE_BASIS = _on("release") | _on("flow") | _on("answered")


class Envelope(models.Model):
    """One disclosure from one holder to one recipient on one lawful basis. The row belongs to the recipient and is the
    frozen yes: alive, it may be read, and liveness sits beside the content so that no read can race a withdrawal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: recipient")
    holder = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: from whom")
    thread = models.UUIDField(db_comment="link: which survivor, between these two")
    referral = models.UUIDField(
        null=True, db_comment="link: the referral it goes along with; read once the recipient has said yes to that"
    )
    release = models.UUIDField(null=True, db_comment="link: the holder's release it rests on")
    flow = models.UUIDField(null=True, db_comment="link: or the flow, where a law allows it without her release")
    answered = models.UUIDField(null=True, db_comment="link: or the answer to a paper that is on file")
    basis = models.CharField(
        max_length=8, choices=[(each, each) for each in BASES], db_comment="code: which of the three"
    )
    rules = ArrayField(models.CharField(max_length=48), db_comment="code: rules that said yes")
    purpose = models.CharField(max_length=24, db_comment="code: for what")
    category = models.CharField(
        max_length=16, choices=[(c.value, c.value) for c in Category], db_comment="code: about what"
    )
    level = models.PositiveSmallIntegerField(choices=LEVELS, db_comment="code: how much")
    key_version = models.PositiveIntegerField(db_comment="code: recipient key pair it is sealed to")
    sealed = models.BinaryField(null=True, db_comment="sealed: HPKE to the recipient; null once destroyed")
    retain = models.BooleanField(default=False, db_comment="code: recipient is bound to keep it, sealed")
    sent_at = models.DateTimeField(db_comment="moment: when")
    until_at = models.DateTimeField(db_comment="moment: it ends, by the database clock")
    withdrawn_at = models.DateTimeField(null=True, db_comment="moment: it was taken back")

    class Meta:
        db_table = "sharing_envelope"
        indexes = [
            models.Index(fields=["agency", "thread", "-sent_at"], name="envelope_by_thread"),
            models.Index(fields=["holder", "release"], name="envelope_by_release"),
            models.Index(fields=["holder", "flow"], name="envelope_by_flow"),
            models.Index(
                fields=["holder", "answered"], name="envelope_by_answered", condition=models.Q(answered__isnull=False)
            ),
            models.Index(
                fields=["holder", "referral"], name="envelope_by_referral", condition=models.Q(referral__isnull=False)
            ),
            models.Index(
                fields=["holder", "until_at"], name="envelope_to_sweep", condition=models.Q(sealed__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(agency=models.F("holder")), name="envelope_has_two_agencies"),
            models.CheckConstraint(
                condition=models.Q(sealed__isnull=False) | models.Q(retain=False),
                name="envelope_kept_where_bound_to_keep",
            ),
            models.CheckConstraint(
                condition=models.Q(_on("release"), basis="release")
                | models.Q(_on("flow"), basis="flow")
                | models.Q(_on("answered"), basis="answered"),
                name="envelope_on_one_basis",
            ),
        ]


class Arrival(models.Model):
    """An envelope nobody at the recipient has accepted yet."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: recipient")
    holder = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: from whom")
    envelope = models.UUIDField(db_comment="link: which")
    referral = models.UUIDField(null=True, db_comment="link: the referral it goes along with")
    arrived_at = models.DateTimeField(db_comment="moment: when")

    class Meta:
        db_table = "sharing_arrival"
        indexes = [
            models.Index(fields=["agency", "arrived_at"], name="arrival_by_time"),
            models.Index(fields=["agency", "envelope"], name="arrival_by_envelope"),
        ]


class Opened(models.Model):
    """The recipient's yes to a referral: from here on it reads what went along with it. The row is its own, and the
    holder cannot see it: whether somebody was accepted is not for an envelope to tell."""

    id = models.UUIDField(primary_key=True, editable=False, db_comment="link: the referral's opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: recipient")
    holder = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: from whom")
    opened_at = models.DateTimeField(db_comment="moment: when")
    opened_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "sharing_opened"


class Sent(models.Model):
    """The holder's own row of what it disclosed: what an accounting and 'who may see what' are made of."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: holder")
    release = models.ForeignKey(
        Release, models.PROTECT, null=True, db_index=False, db_constraint=False, db_comment="link: on which word"
    )
    flow = models.ForeignKey(
        Flow, models.PROTECT, null=True, db_index=False, db_constraint=False, db_comment="link: or under which law"
    )
    answered = models.ForeignKey(
        Answered, models.PROTECT, null=True, db_index=False, db_constraint=False, db_comment="link: or on which paper"
    )
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: about whom"
    )
    entry = models.ForeignKey(
        Entry, models.CASCADE, null=True, db_index=False, db_constraint=False, db_comment="link: from which entry"
    )
    recipient = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: to whom")
    envelope = models.UUIDField(db_comment="link: the recipient's row")
    category = models.CharField(max_length=16, db_comment="code: about what")
    level = models.PositiveSmallIntegerField(choices=LEVELS, db_comment="code: how much")
    sent_at = models.DateTimeField(db_comment="moment: when")
    sent_by = models.UUIDField(null=True, db_comment="link: member")

    class Meta:
        db_table = "sharing_sent"
        indexes = [
            models.Index(fields=["agency", "client", "-sent_at"], name="sent_by_client"),
            models.Index(fields=["agency", "release"], name="sent_by_release"),
            models.Index(fields=["agency", "flow"], name="sent_by_flow"),
            models.Index(
                fields=["agency", "answered"], name="sent_by_answered", condition=models.Q(answered__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "release", "entry"], name="sent_once_per_entry"),
            models.UniqueConstraint(fields=["agency", "flow", "entry"], name="sent_once_per_entry_and_flow"),
            models.UniqueConstraint(fields=["agency", "answered", "entry"], name="sent_once_per_entry_and_answer"),
            models.CheckConstraint(condition=ON_ONE_BASIS, name="sent_on_one_basis"),
        ]


class Aside(models.Model):
    """An entry that somebody decided not to send on a release or flow that covers it: the tray no longer shows it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, db_comment="link: holder")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: about whom"
    )
    basis = models.UUIDField(db_comment="link: the release or flow it would have gone on")
    entry = models.ForeignKey(
        Entry, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: what was not sent"
    )
    put_at = models.DateTimeField(db_comment="moment: when")
    put_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "sharing_aside"
        constraints = [models.UniqueConstraint(fields=["agency", "basis", "entry"], name="aside_once")]


class Receipt(models.Model):
    """The recipient's own row of what it accepted. It stays when the envelope is gone, so that the end can be told.
    What tells of a gap says so in codes, so that a clock finds it without opening anything."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: recipient")
    partner = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: from whom")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: own client"
    )
    envelope = models.UUIDField(db_comment="link: which")
    category = models.CharField(max_length=16, db_comment="code: about what")
    level = models.PositiveSmallIntegerField(choices=LEVELS, db_comment="code: how much")
    answers = models.PositiveIntegerField(db_comment="code: questions she was not asked again")
    accepted_at = models.DateTimeField(db_comment="moment: when")
    accepted_by = models.UUIDField(db_comment="link: member")
    until_at = models.DateTimeField(db_comment="moment: when it was to end")
    tells = models.CharField(
        max_length=40, blank=True, default="", db_comment="code: which gap of the partner's it tells of, by its rule"
    )
    over = models.BooleanField(default=False, db_comment="code: it tells that this gap is over")
    told_at = models.DateTimeField(null=True, db_comment="moment: the partner wrote that down")

    class Meta:
        db_table = "sharing_receipt"
        indexes = [
            models.Index(fields=["agency", "client"], name="receipt_by_client"),
            models.Index(fields=["agency", "accepted_at"], name="receipt_by_time"),
            models.Index(fields=["agency", "until_at"], name="receipt_that_tells", condition=~models.Q(tells="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "envelope"], name="receipt_once"),
            models.CheckConstraint(
                condition=models.Q(tells="", over=False, told_at__isnull=True)
                | (~models.Q(tells="") & models.Q(told_at__isnull=False)),
                name="receipt_tells_what_and_when",
            ),
        ]


class Confirmed(models.Model):
    """'She confirmed': a value from a partner that she herself has affirmed here, and which is ours from then on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: recipient")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: own client"
    )
    envelope = models.UUIDField(db_comment="link: where it came from")
    entry = models.ForeignKey(
        Entry, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: own entry made of it"
    )
    confirmed_at = models.DateTimeField(db_comment="moment: when")
    confirmed_by = models.UUIDField(db_comment="link: member")

    class Meta:
        db_table = "sharing_confirmed"
        indexes = [models.Index(fields=["agency", "client"], name="confirmed_by_client")]
        constraints = [models.UniqueConstraint(fields=["agency", "envelope"], name="confirmed_once")]


class Relay(models.Model):
    """'I take it back', said at a partner. The row is the holder's, written by the partner for a thread of both; on a
    thread that never was it is found by nobody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: holder")
    partner = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: who heard")
    thread = models.UUIDField(db_comment="link: which survivor, between these two")
    wants = models.CharField(
        max_length=8,
        choices=[("partner", "partner"), ("all", "all")],
        db_comment="code: what this partner has, or all the holder shares about her",
    )
    how = models.CharField(
        max_length=10,
        choices=[("in_person", "in_person"), ("phone", "phone"), ("written", "written")],
        db_comment="code: how she said so",
    )
    key_version = models.PositiveIntegerField(db_comment="code: holder key pair the words are sealed to")
    words = models.BinaryField(null=True, db_comment="sealed: HPKE to the holder, in her words if she wants")
    told_at = models.DateTimeField(db_comment="moment: she said so")
    closed_at = models.DateTimeField(null=True, db_comment="moment: the holder dealt with it")
    closed_by = models.UUIDField(null=True, db_comment="link: member")
    closed_how = models.CharField(
        max_length=10,
        blank=True,
        default="",
        choices=[("withdrawn", "withdrawn"), ("otherwise", "otherwise")],
        db_comment="code: taken back, or she decided otherwise",
    )
    closed_note = models.BinaryField(null=True, db_comment="sealed: what she decided otherwise")

    class Meta:
        db_table = "sharing_relay"
        indexes = [models.Index(fields=["agency", "closed_at"], name="relay_by_closing")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, closed_by__isnull=True, closed_how="")
                | (models.Q(closed_at__isnull=False, closed_by__isnull=False) & ~models.Q(closed_how="")),
                name="relay_closed_who_when_how",
            ),
        ]


class Never(models.Model):
    """'Never tell': a partner, or one person who works there. Only she takes it back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    agency = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: whose word")
    client = models.ForeignKey(
        Client, models.CASCADE, db_index=False, db_constraint=False, db_comment="link: who said so"
    )
    against = models.ForeignKey(Agency, models.PROTECT, db_index=False, related_name="+", db_comment="link: which one")
    person = models.BinaryField(null=True, db_comment="sealed: who there; null for the whole agency")
    since_at = models.DateTimeField(db_comment="moment: when")
    noted_by = models.UUIDField(db_comment="link: member")
    lifted_at = models.DateTimeField(null=True, db_comment="moment: she took it back")
    lifted_by = models.UUIDField(null=True, db_comment="link: member")
    lifted_how = models.CharField(max_length=10, blank=True, default="", db_comment="code: how she told")

    class Meta:
        db_table = "sharing_never"
        indexes = [models.Index(fields=["agency", "client"], name="never_by_client")]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "client", "against"],
                condition=models.Q(person__isnull=True, lifted_at__isnull=True),
                name="never_said_once",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifted_by__isnull=True, lifted_how="")
                | (models.Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~models.Q(lifted_how="")),
                name="never_lifted_who_when_how",
            ),
        ]

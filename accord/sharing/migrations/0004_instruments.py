"""Permissions of their own, who signs for a ward or for the dead, what ends with an event, and consents that bind."""

from django.db import migrations, models

from accord.database.security import statements

#: What may still be written beside a signed release: that she took it back, that she wants what binds her to end, and
#: that the event it ends with has come; each once.
NO_EDIT = """
create or replace function sharing_release_no_edit() returns trigger language plpgsql as $$
declare
  ends text[] := array['withdrawn_at', 'withdrawn_by', 'withdrawn_how', 'ended_at', 'ended_by',
                       'wished_at', 'wished_by', 'wished_how'];
begin
  if old.withdrawn_at is not null or old.ended_at is not null
     or (old.wished_at is not null and (new.wished_at, new.wished_by, new.wished_how)
         is distinct from (old.wished_at, old.wished_by, old.wished_how))
     or (old.signed_at is not null and to_jsonb(old) - ends <> to_jsonb(new) - ends) then
    raise exception 'a signed release is never edited';
  end if;
  return new;
end $$
"""

#: As before; and a release that ended with its event carries nothing either.
RESTS = """
create or replace function sharing_envelope_rests() returns trigger language plpgsql as $$
begin
  if exists (
    select from fresh where fresh.release is not null and not exists (
      select from sharing_release basis
        where basis.agency_id = fresh.holder_id and basis.id = fresh.release and basis.recipient_id = fresh.agency_id
          and basis.signed_at is not null and basis.withdrawn_at is null and basis.ended_at is null
          and fresh.until_at <= basis.until_at and fresh.purpose = basis.purpose
          and fresh.level <= (basis.grants ->> fresh.category)::int)
  ) or exists (
    select from fresh where fresh.flow is not null and not exists (
      select from sharing_flow basis
        where basis.agency_id = fresh.holder_id and basis.id = fresh.flow and basis.recipient_id = fresh.agency_id
          and basis.ended_at is null and fresh.until_at <= basis.until_at and fresh.purpose = basis.purpose
          and fresh.level <= (basis.grants ->> fresh.category)::int
          and not exists (select from partners_agency where id = fresh.holder_id
            and duties && array['vawa', 'voca', 'fvpsa']::varchar[]))
  ) or exists (
    select from fresh where fresh.answered is not null and not exists (
      select from sharing_answered basis
        where basis.agency_id = fresh.holder_id and basis.id = fresh.answered and basis.recipient_id = fresh.agency_id
          and fresh.until_at <= basis.until_at and fresh.purpose = basis.purpose
          and fresh.level <= (basis.grants ->> fresh.category)::int)
  ) or exists (select from fresh where coalesce(release, flow, answered) is null) then
    raise exception 'an envelope rests on a living release or flow, or on the answer to a paper, to its recipient';
  end if;
  return null;
end $$
"""

#: A law lets her bind herself toward those who monitor a condition (42 CFR 2.35); toward a victim service provider
#: nothing does. What stands alone is combined with nothing.
STANDS_ALONE = """
create function sharing_release_stands_alone() returns trigger language plpgsql as $$
begin
  if new.fixed_until is not null and exists (
    select from partners_agency where id = new.agency_id and duties && array['vawa', 'voca', 'fvpsa']::varchar[]
  ) then
    raise exception 'what a victim service provider holds can be taken back at once';
  end if;
  if exists (
    select from sharing_release other
      where other.agency_id = new.agency_id and other.conversation = new.conversation and other.id <> new.id
        and other.instrument <> new.instrument
  ) then
    raise exception 'a permission of its own is combined with nothing';
  end if;
  return new;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("sharing", "0003_answered")]
    operations = [
        migrations.AddField(
            model_name="release",
            name="ended_at",
            field=models.DateTimeField(db_comment="moment: that event was noted", null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="ended_by",
            field=models.UUIDField(db_comment="link: member who noted it", null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="ends_with",
            field=models.CharField(
                blank=True,
                choices=[
                    ("hearing_held", "hearing_held"),
                    ("claim_decided", "claim_decided"),
                    ("team_closed", "team_closed"),
                    ("case_closed", "case_closed"),
                    ("condition_over", "condition_over"),
                ],
                db_comment="code: the event it ends with, if that is before its last day",
                default="",
                max_length=24,
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="fixed_until",
            field=models.DateTimeField(
                db_comment="moment: she bound herself until then (42 CFR 2.35); it ends with it", null=True
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="instrument",
            field=models.CharField(
                choices=[
                    ("ordinary", "ordinary"),
                    ("psychotherapy_notes", "psychotherapy_notes"),
                    ("counselling_notes", "counselling_notes"),
                    ("proceeding", "proceeding"),
                    ("criminal_justice", "criminal_justice"),
                    ("privilege_waiver", "privilege_waiver"),
                    ("shelter_permission", "shelter_permission"),
                    ("immigration_waiver", "immigration_waiver"),
                ],
                db_comment="code: what kind of permission it is; each opens its own and nothing else",
                default="ordinary",
                max_length=24,
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="responsible_at",
            field=models.DateTimeField(
                db_comment="moment: who is responsible for the shelter allowed it to be told", null=True
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="responsible_by",
            field=models.UUIDField(db_comment="link: member who allowed it", null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="signer_dead",
            field=models.BooleanField(db_comment="code: the subject has died", default=False),
        ),
        migrations.AddField(
            model_name="release",
            name="signer_ward",
            field=models.BooleanField(db_comment="code: a court has put the subject under a guardian", default=False),
        ),
        migrations.AddField(
            model_name="release",
            name="wished_at",
            field=models.DateTimeField(db_comment="moment: she wanted to end what binds her until its day", null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="wished_by",
            field=models.UUIDField(db_comment="link: member who noted it", null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="wished_how",
            field=models.CharField(
                blank=True,
                choices=[("in_person", "in_person"), ("phone", "phone"), ("written", "written")],
                db_comment="code: how she said so",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                condition=models.Q(("instrument", "ordinary"), _negated=True),
                fields=("agency", "conversation"),
                name="release_of_its_own_stands_alone",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fixed_until__isnull", True),
                    models.Q(("fixed_until", models.F("until_at")), ("instrument", "criminal_justice")),
                    _connector="OR",
                ),
                name="release_binds_only_who_is_monitored",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                        ("signed_at__isnull", False),
                        models.Q(("ends_with", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="release_ended_with_its_event",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("wished_at__isnull", True), ("wished_by__isnull", True), ("wished_how", "")),
                    models.Q(
                        ("fixed_until__isnull", False),
                        ("wished_at__isnull", False),
                        ("wished_by__isnull", False),
                        models.Q(("wished_how", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="release_wish_who_when_how",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("responsible_at__isnull", True), ("responsible_by__isnull", True)),
                    models.Q(
                        ("instrument", "shelter_permission"),
                        ("responsible_at__isnull", False),
                        ("responsible_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="release_responsible_who_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("instrument", "shelter_permission"), _negated=True),
                    ("signed_at__isnull", True),
                    ("responsible_at__isnull", False),
                    _connector="OR",
                ),
                name="release_of_a_shelter_signed_by_both",
            ),
        ),
        *statements(
            NO_EDIT,
            RESTS,
            STANDS_ALONE,
            "create trigger sharing_release_stands_alone before insert or update of instrument, conversation, fixed_until"
            " on sharing_release for each row execute function sharing_release_stands_alone()",
        ),
    ]

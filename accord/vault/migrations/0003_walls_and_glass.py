import datetime
import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from accord.database.security import ME, agency_owned, statements

#: Of a victim service provider only its own director agrees (34 USC 12291(b)(2)): a partner is not even asked.
OWN_DIRECTOR = "duties && array['vawa', 'voca', 'fvpsa']::varchar[]"

#: Emergency access is asked for, answered, opened and looked at, each once. It begins when the database says it does,
#: and what crosses a wall has a second person's yes behind it.
GLASS = f"""
create function vault_glass_steps() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.opened_at is not null or new.second_at is not null or new.reviewed_at is not null or new.crossing then
      raise exception 'emergency access is asked for first';
    end if;
    perform from partners_member where agency_id = new.agency_id and id = new.member_id for update;
    if (select count(*) from vault_glass
         where agency_id = new.agency_id and member_id = new.member_id
           and asked_at > statement_timestamp() - interval '24 hours') >= 5 then
      raise exception 'emergency access is asked for five times a day at most';
    end if;
    new.asked_at := statement_timestamp();
    return new;
  end if;
  if (old.id, old.agency_id, old.member_id, old.client_id, old.reason, old.words, old.asked_at, old.partner_id)
       is distinct from
     (new.id, new.agency_id, new.member_id, new.client_id, new.reason, new.words, new.asked_at, new.partner_id)
     or (old.second_at is not null and (old.second_at, old.second_by, old.agreed) is distinct from
         (new.second_at, new.second_by, new.agreed))
     or (old.opened_at is not null and (old.opened_at, old.until_at, old.crossing) is distinct from
         (new.opened_at, new.until_at, new.crossing))
     or (old.opened_at is null and new.opened_at is not null and new.opened_at <> statement_timestamp())
     or (old.reviewed_at is not null and (old.reviewed_at, old.reviewed_by, old.outcome) is distinct from
         (new.reviewed_at, new.reviewed_by, new.outcome)) then
    raise exception 'each step of emergency access is taken once';
  end if;
  if new.crossing and not old.crossing and new.agreed is not true and (
    new.agreed is false
    or exists (select from partners_agency where id = new.agency_id and {OWN_DIRECTOR})
    or not exists (
      select from vault_seconding where holder_id = new.agency_id and glass = new.id and agreed)) then
    raise exception 'nobody crosses a wall alone';
  end if;
  return new;
end $$
"""  # noqa: S608 - our own constants

SECONDING = f"""
create function vault_seconding_answered_once() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.answered_at is not null or new.agency_id = new.holder_id
       or exists (select from partners_agency where id = new.holder_id and {OWN_DIRECTOR}) then
      raise exception 'only another agency is asked, and never about a victim service provider';
    end if;
  elsif old.answered_at is not null or new.answered_at is distinct from statement_timestamp()
     or (old.id, old.agency_id, old.holder_id, old.glass, old.reason, old.role, old.asked_at) is distinct from
        (new.id, new.agency_id, new.holder_id, new.glass, new.reason, new.role, new.asked_at) then
    raise exception 'it is answered, once';
  end if;
  return null;
end $$
"""  # noqa: S608 - our own constants


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0002_security"),
        ("vault", "0002_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Glass",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="link: opaque id",
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("danger_now", "danger_now"),
                            ("she_is_here", "she_is_here"),
                            ("nobody_else", "nobody_else"),
                            ("other", "other"),
                        ],
                        db_comment="code: why",
                        max_length=16,
                    ),
                ),
                ("words", models.BinaryField(db_comment="sealed: why, in her words", null=True)),
                ("asked_at", models.DateTimeField(db_comment="moment: when")),
                ("second_by", models.UUIDField(db_comment="link: director who agreed or refused", null=True)),
                ("second_at", models.DateTimeField(db_comment="moment: when", null=True)),
                ("agreed", models.BooleanField(db_comment="code: what she answered", null=True)),
                ("opened_at", models.DateTimeField(db_comment="moment: when it began, by the database", null=True)),
                ("until_at", models.DateTimeField(db_comment="moment: when it ends, by the database", null=True)),
                (
                    "crossing",
                    models.BooleanField(db_comment="code: whether two persons stand behind it", default=False),
                ),
                ("reviewed_at", models.DateTimeField(db_comment="moment: looked at afterwards", null=True)),
                ("reviewed_by", models.UUIDField(db_comment="link: who looked", null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("right", "right"), ("talked_over", "talked_over"), ("misuse", "misuse")],
                        db_comment="code: what she found",
                        default="",
                        max_length=12,
                    ),
                ),
            ],
            options={
                "db_table": "vault_glass",
            },
        ),
        migrations.CreateModel(
            name="Seconding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="link: opaque id",
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("glass", models.UUIDField(db_comment="link: the asking agency's own row")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("danger_now", "danger_now"),
                            ("she_is_here", "she_is_here"),
                            ("nobody_else", "nobody_else"),
                            ("other", "other"),
                        ],
                        db_comment="code: why",
                        max_length=16,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("worker", "worker"),
                            ("supervisor", "supervisor"),
                            ("privacy_officer", "privacy_officer"),
                            ("records_officer", "records_officer"),
                            ("director", "director"),
                            ("system", "system"),
                        ],
                        db_comment="code: what the one who asks is there",
                        max_length=20,
                    ),
                ),
                ("asked_at", models.DateTimeField(db_comment="moment: when")),
                ("answered_at", models.DateTimeField(db_comment="moment: when", null=True)),
                ("answered_by", models.UUIDField(db_comment="link: member of the agency that is asked", null=True)),
                (
                    "answered_name",
                    models.CharField(
                        db_comment="staff: who answered, for the agency that asks", max_length=120, null=True
                    ),
                ),
                ("agreed", models.BooleanField(db_comment="code: what she answered", null=True)),
            ],
            options={
                "db_table": "vault_seconding",
            },
        ),
        migrations.CreateModel(
            name="Tie",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="link: opaque id",
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("relative", "relative"),
                            ("former_partner", "former_partner"),
                            ("neighbour", "neighbour"),
                            ("respondent", "respondent"),
                            ("other", "other"),
                        ],
                        db_comment="code: connected how",
                        max_length=24,
                    ),
                ),
                ("names", models.BinaryField(db_comment="sealed: name and other names, under a key of the agency")),
                ("since_at", models.DateTimeField(db_comment="moment: when she said so")),
                ("ended_at", models.DateTimeField(db_comment="moment: when she said that it is over", null=True)),
            ],
            options={
                "db_table": "vault_tie",
            },
        ),
        migrations.AddField(
            model_name="wall",
            name="lifted_why",
            field=models.CharField(
                blank=True,
                choices=[("namesake", "namesake"), ("over", "over"), ("mistake", "mistake"), ("left", "left")],
                db_comment="code: why it was lifted",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="wall",
            name="person",
            field=models.ForeignKey(
                db_comment="link: who in the file seems to be her or hers",
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="vault.person",
            ),
        ),
        migrations.AddField(
            model_name="wall",
            name="seen_at",
            field=models.DateTimeField(db_comment="moment: somebody looked and it stays", null=True),
        ),
        migrations.AddField(
            model_name="wall",
            name="seen_by",
            field=models.UUIDField(db_comment="link: member who looked", null=True),
        ),
        migrations.AlterField(
            model_name="wall",
            name="by",
            field=models.UUIDField(db_comment="link: member who set it, or null when it was found", null=True),
        ),
        migrations.AlterField(
            model_name="wall",
            name="kind",
            field=models.CharField(
                choices=[
                    ("relative", "relative"),
                    ("former_partner", "former_partner"),
                    ("neighbour", "neighbour"),
                    ("respondent", "respondent"),
                    ("client_herself", "client_herself"),
                    ("other", "other"),
                    ("same_name", "same_name"),
                    ("asked_by_her", "asked_by_her"),
                ],
                db_comment="code: why",
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="wall",
            constraint=models.CheckConstraint(
                condition=models.Q(("lifted_why", ""), ("lifted_at__isnull", False), _connector="OR"),
                name="wall_lifted_why",
            ),
        ),
        migrations.RemoveConstraint(model_name="wall", name="wall_lifted_who_and_when"),
        migrations.AddConstraint(
            model_name="wall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lifted_at__isnull", True), ("lifted_by__isnull", True)),
                    models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", False)),
                    models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", True), ("lifted_why", "left")),
                    _connector="OR",
                ),
                name="wall_lifted_who_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="wall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("seen_at__isnull", True), ("seen_by__isnull", True)),
                    models.Q(("seen_at__isnull", False), ("seen_by__isnull", False)),
                    _connector="OR",
                ),
                name="wall_seen_who_and_when",
            ),
        ),
        migrations.AddField(
            model_name="glass",
            name="agency",
            field=models.ForeignKey(
                db_comment="link: whose vault",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="glass",
            name="client",
            field=models.ForeignKey(
                db_comment="link: which file",
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="vault.client",
            ),
        ),
        migrations.AddField(
            model_name="glass",
            name="member",
            field=models.ForeignKey(
                db_comment="link: who asks",
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="partners.member",
            ),
        ),
        migrations.AddField(
            model_name="glass",
            name="partner",
            field=models.ForeignKey(
                db_comment="link: partner asked instead",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="seconding",
            name="agency",
            field=models.ForeignKey(
                db_comment="link: who is asked",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="seconding",
            name="holder",
            field=models.ForeignKey(
                db_comment="link: who asks",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="tie",
            name="agency",
            field=models.ForeignKey(
                db_comment="link: whose vault",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="tie",
            name="member",
            field=models.ForeignKey(
                db_comment="link: who",
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="partners.member",
            ),
        ),
        migrations.AddIndex(
            model_name="glass",
            index=models.Index(fields=["agency", "member", "-until_at"], name="glass_of_member"),
        ),
        migrations.AddIndex(
            model_name="glass",
            index=models.Index(fields=["agency", "-asked_at"], name="glass_by_moment"),
        ),
        migrations.AddConstraint(
            model_name="glass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opened_at__isnull", True), ("until_at__isnull", True)),
                    models.Q(
                        ("client__isnull", False),
                        ("opened_at__isnull", False),
                        (
                            "until_at",
                            django.db.models.expressions.CombinedExpression(
                                models.F("opened_at"), "+", models.Value(datetime.timedelta(seconds=3600))
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="glass_stands_sixty_minutes",
            ),
        ),
        migrations.AddConstraint(
            model_name="glass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("agreed__isnull", True), ("second_at__isnull", True), ("second_by__isnull", True)),
                    models.Q(("agreed__isnull", False), ("second_at__isnull", False), ("second_by__isnull", False)),
                    _connector="OR",
                ),
                name="glass_answer_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="glass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("second_by__isnull", True),
                    models.Q(("second_by", models.F("member")), _negated=True),
                    _connector="OR",
                ),
                name="glass_second_is_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="glass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("crossing", False),
                    models.Q(
                        ("opened_at__isnull", False),
                        models.Q(("agreed", True), ("partner__isnull", False), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="glass_crosses_with_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="glass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", ""), ("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                    models.Q(
                        ("reviewed_at__isnull", False),
                        ("reviewed_by__isnull", False),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="glass_review_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="glass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reviewed_by__isnull", True),
                    models.Q(
                        models.Q(("reviewed_by", models.F("member")), _negated=True),
                        models.Q(
                            ("second_by__isnull", True),
                            models.Q(("reviewed_by", models.F("second_by")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="glass_reviewed_by_a_third",
            ),
        ),
        migrations.AddIndex(
            model_name="seconding",
            index=models.Index(fields=["holder", "glass"], name="seconding_by_glass"),
        ),
        migrations.AddConstraint(
            model_name="seconding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("agreed__isnull", True),
                        ("answered_at__isnull", True),
                        ("answered_by__isnull", True),
                        ("answered_name__isnull", True),
                    ),
                    models.Q(
                        ("agreed__isnull", False),
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        ("answered_name__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="seconding_answer_is_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="tie",
            index=models.Index(fields=["agency", "member"], name="tie_of_member"),
        ),
        *agency_owned("vault_tie", policies={"delete": "never"}, references={"member_id": "partners_member"}),
        *agency_owned(
            "vault_glass",
            policies={"delete": "never"},
            references={"client_id": "vault_client", "member_id": "partners_member"},
        ),
        # The partner's row: the agency that asks writes it and reads the answer.
        *agency_owned(
            "vault_seconding",
            key="agency_id, id, holder_id",
            policies={"select_holder": f"holder_id = {ME}", "insert": f"holder_id = {ME}", "delete": "never"},
        ),
        *statements(
            "alter table vault_wall add constraint vault_wall_person_id_same_agency"
            " foreign key (agency_id, person_id) references vault_person (agency_id, id)"
            " deferrable initially deferred",
            GLASS,
            "create trigger vault_glass_steps before insert or update on vault_glass"
            " for each row execute function vault_glass_steps()",
            SECONDING,
            "create trigger vault_seconding_answered_once after insert or update on vault_seconding"
            " for each row execute function vault_seconding_answered_once()",
        ),
    ]

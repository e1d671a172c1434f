import uuid

import django.db.models.deletion
from django.db import migrations, models

from accord.database.security import agency_owned, statements

#: What an agency asks of itself stays written; what takes its place is another row, later.
FOLLOWS = """
create function protocols_own_follows() returns trigger language plpgsql as $$
declare
  before protocols_own;
begin
  if tg_op <> 'INSERT' then raise exception 'what an agency holds itself to is never edited'; end if;
  select * into before from protocols_own where agency_id = new.agency_id and protocol = new.protocol
    and (due, step, evidence) = (new.due, new.step, new.evidence) and id <> new.id order by number desc limit 1;
  if new.number <> coalesce(before.number, 0) + 1 or new.since_at < before.since_at
  then raise exception 'what an agency holds itself to follows what it was before'; end if;
  return new;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("protocols", "0002_security"), ("partners", "0003_agreement_version")]
    operations = [
        migrations.CreateModel(
            name="Own",
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
                ("protocol", models.CharField(db_comment="code: of which protocol", max_length=40)),
                ("due", models.CharField(blank=True, db_comment="code: about what has to be done", max_length=40)),
                ("step", models.CharField(blank=True, db_comment="code: or about which step", max_length=40)),
                (
                    "evidence",
                    models.CharField(blank=True, db_comment="code: what is written down with it", max_length=40),
                ),
                ("number", models.PositiveIntegerField(db_comment="code: its place")),
                ("count", models.IntegerField(db_comment="code: how soon instead, below zero before", null=True)),
                (
                    "unit",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("minutes", "minutes"),
                            ("hours", "hours"),
                            ("days", "days"),
                            ("business_days", "business_days"),
                        ],
                        db_comment="code: of that time",
                        max_length=13,
                    ),
                ),
                ("asked", models.BooleanField(db_comment="code: no wish but a duty, or always written down")),
                ("why", models.CharField(blank=True, db_comment="staff: why, in their words", max_length=300)),
                ("since_at", models.DateTimeField(db_comment="moment: it holds from then")),
                ("set_by", models.CharField(db_comment="staff: who set it", max_length=220)),
                (
                    "agency",
                    models.ForeignKey(
                        db_comment="link: whose",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.agency",
                    ),
                ),
            ],
            options={
                "db_table": "protocols_own",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agency", "protocol", "due", "step", "evidence", "number"), name="own_once_per_place"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("evidence", ""), ("step", ""), models.Q(("due", ""), _negated=True)),
                            models.Q(
                                ("count__isnull", True),
                                ("due", ""),
                                models.Q(("step", ""), _negated=True),
                                models.Q(("evidence", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="own_is_about_a_due_or_a_step",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("count__isnull", True), ("unit", "")),
                            models.Q(("count__isnull", False), models.Q(("unit", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="own_time_has_a_unit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("asked", False), ("count__isnull", True), ("number__gt", 1)),
                            models.Q(
                                models.Q(("why", ""), _negated=True),
                                models.Q(("count__isnull", False), ("asked", True), _connector="OR"),
                            ),
                            _connector="OR",
                        ),
                        name="own_says_why_and_ends_what_was",
                    ),
                ],
            },
        ),
        *agency_owned("protocols_own", policies={"update": "never", "delete": "never"}),
        *statements(
            FOLLOWS,
            "create trigger protocols_own_follows after insert or update or delete on protocols_own"
            " for each row execute function protocols_own_follows()",
        ),
    ]

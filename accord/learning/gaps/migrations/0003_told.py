"""What was written down for partners about a gap."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from accord.database.security import agency_owned, statements

#: Told once, over once, and kept as long as its file.
ENDS = """
create function gaps_told_only_ends() returns trigger language plpgsql as $$
declare
  ending text[] := array['over', 'over_at', 'over_by'];
begin
  if tg_op = 'DELETE' then
    if exists (select from vault_shred where agency_id = old.agency_id and id = old.client_id) then
      raise exception 'what was told stays as long as its file';
    end if;
    return old;
  elsif tg_op = 'INSERT' then
    if new.over is not null then
      raise exception 'what is told begins open';
    end if;
  elsif old.over is not null or to_jsonb(old) - ending <> to_jsonb(new) - ending then
    raise exception 'what was told is over once';
  end if;
  return new;
end $$
"""

FOLLOWS = """
create function gaps_told_follows_the_file() returns trigger language plpgsql as $$
begin
  delete from gaps_told where agency_id = new.agency_id and client_id = new.id;
  return null;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("gaps", "0002_security"),
        ("sharing", "0004_tells"),
    ]

    operations = [
        migrations.CreateModel(
            name="Told",
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
                ("rule", models.CharField(db_comment="code: which rule found it", max_length=40)),
                ("gap", models.UUIDField(db_comment="link: the gap that was told")),
                ("entry", models.UUIDField(db_comment="link: the entry that says that it is open")),
                ("told_at", models.DateTimeField(db_comment="moment: when")),
                ("told_by", models.UUIDField(db_comment="link: member")),
                ("over", models.UUIDField(db_comment="link: the entry that says that it is over", null=True)),
                ("over_at", models.DateTimeField(db_comment="moment: when", null=True)),
                ("over_by", models.UUIDField(db_comment="link: member", null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        db_comment="link: whose",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="partners.agency",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_comment="link: about whom",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="vault.client",
                    ),
                ),
            ],
            options={
                "db_table": "gaps_told",
                "indexes": [models.Index(fields=["agency", "client"], name="told_by_client")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("over__isnull", True)),
                        fields=("agency", "client", "rule"),
                        name="told_once_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("over__isnull", True), ("over_at__isnull", True), ("over_by__isnull", True)),
                            models.Q(("over__isnull", False), ("over_at__isnull", False), ("over_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="told_over_who_and_when",
                    ),
                ],
            },
        ),
        *agency_owned("gaps_told", references={"client_id": "vault_client"}),
        *statements(
            ENDS,
            "create trigger gaps_told_only_ends before insert or update or delete on gaps_told"
            " for each row execute function gaps_told_only_ends()",
            FOLLOWS,
            "create trigger gaps_told_follows_the_file after update of wrapped_key on vault_client"
            " for each row when (new.wrapped_key is null) execute function gaps_told_follows_the_file()",
        ),
    ]

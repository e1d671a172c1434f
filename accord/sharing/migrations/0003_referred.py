"""What goes along with a referral: the recipient reads it once it has said yes, and the holder cannot tell whether it
has."""

import django.db.models.deletion
from django.db import migrations, models

from accord.database.security import MINE, agency_owned, statements

ALIVE = "withdrawn_at is null and until_at > statement_timestamp()"
KEPT = "retain and (select accord_lens()) = 'kept'"
#: The yes stands in a row of the recipient's own, not in the envelope: its holder reads that one. Asked by the whole
#: primary key, of what came with a referral and of nothing else.
OPEN = "(referral is null or sharing_said_yes(referral, holder_id))"
SAID_YES = """
create function sharing_said_yes(referral uuid, holder uuid) returns boolean language sql stable
return exists (
  select from sharing_opened where agency_id = accord_agency() and id = referral and holder_id = holder)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0003_agreement_version"),
        ("sharing", "0002_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Opened",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="link: the referral's opaque id", editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("opened_at", models.DateTimeField(db_comment="moment: when")),
                ("opened_by", models.UUIDField(db_comment="link: member")),
            ],
            options={
                "db_table": "sharing_opened",
            },
        ),
        migrations.AddField(
            model_name="arrival",
            name="referral",
            field=models.UUIDField(db_comment="link: the referral it goes along with", null=True),
        ),
        migrations.AddField(
            model_name="envelope",
            name="referral",
            field=models.UUIDField(
                db_comment="link: the referral it goes along with; read once the recipient has said yes to that",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="envelope",
            index=models.Index(
                condition=models.Q(("referral__isnull", False)),
                fields=["holder", "referral"],
                name="envelope_by_referral",
            ),
        ),
        migrations.AddField(
            model_name="opened",
            name="agency",
            field=models.ForeignKey(
                db_comment="link: recipient",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="opened",
            name="holder",
            field=models.ForeignKey(
                db_comment="link: from whom",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.agency",
            ),
        ),
        *agency_owned(
            "sharing_opened", key="agency_id, id, holder_id", policies={"update": "never", "delete": "never"}
        ),
        *statements(
            SAID_YES,
            "drop policy sharing_envelope_select on sharing_envelope",
            "create policy sharing_envelope_select on sharing_envelope for select"
            f" using ({MINE} and (({ALIVE}) or ({KEPT})) and {OPEN})",
            "drop policy sharing_arrival_select on sharing_arrival",
            f"create policy sharing_arrival_select on sharing_arrival for select using ({MINE} and {OPEN})",
        ),
    ]

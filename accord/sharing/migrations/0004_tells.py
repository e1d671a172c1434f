"""What a receipt says in codes of a gap that a partner told of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sharing", "0003_referred")]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="tells",
            field=models.CharField(
                blank=True,
                db_comment="code: which gap of the partner's it tells of, by its rule",
                default="",
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="receipt",
            name="over",
            field=models.BooleanField(db_comment="code: it tells that this gap is over", default=False),
        ),
        migrations.AddField(
            model_name="receipt",
            name="told_at",
            field=models.DateTimeField(db_comment="moment: the partner wrote that down", null=True),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("tells", ""), _negated=True),
                fields=["agency", "until_at"],
                name="receipt_that_tells",
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("over", False), ("tells", ""), ("told_at__isnull", True)),
                    models.Q(models.Q(("tells", ""), _negated=True), ("told_at__isnull", False)),
                    _connector="OR",
                ),
                name="receipt_tells_what_and_when",
            ),
        ),
    ]

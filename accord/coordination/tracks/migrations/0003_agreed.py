from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracks", "0002_security"), ("protocols", "0003_own")]
    operations = [
        migrations.AddField(
            model_name="due",
            name="agreed_at",
            field=models.DateTimeField(db_comment="moment: by when it was agreed, where our time is sooner", null=True),
        ),
        migrations.AddConstraint(
            model_name="due",
            constraint=models.CheckConstraint(
                condition=models.Q(("agreed_at__isnull", True), ("agreed_at__gt", models.F("due_at")), _connector="OR"),
                name="due_own_time_is_sooner",
            ),
        ),
    ]

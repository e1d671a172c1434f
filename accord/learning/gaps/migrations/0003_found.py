"""What was found lately is asked for every minute, for whoever is to hear of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gaps", "0002_security")]
    operations = [
        migrations.AddIndex(
            model_name="gap",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)), fields=["agency", "found_at"], name="gap_found"
            ),
        ),
    ]

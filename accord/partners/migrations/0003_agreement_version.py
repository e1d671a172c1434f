from django.db import migrations, models


class Migration(migrations.Migration):
    """An agreement is one signed version of a draft, says way by way what may flow, and what it takes the place of."""

    dependencies = [("partners", "0002_security")]
    operations = [
        migrations.AddField(
            "agreement",
            "version",
            models.BinaryField(db_comment="public: SHA-256 of the whole draft that is signed", default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            "agreement",
            "ways",
            models.JSONField(db_comment="public: from whom to whom, about what, for what", default=list),
            preserve_default=False,
        ),
        migrations.AddField(
            "agreement",
            "replaces",
            models.UUIDField(db_comment="link: the agreement that ends when this one begins", null=True),
        ),
    ]

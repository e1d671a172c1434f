from django.db import migrations

from accord.database.security import agency_owned

APPEND_ONLY = {"update": "never", "delete": "never"}


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("database", "0001_context")]
    operations = [
        *agency_owned("ledger_leaf", policies=APPEND_ONLY, key=""),
        *agency_owned("ledger_position", policies=APPEND_ONLY, key=""),
        *agency_owned("ledger_checkpoint", policies=APPEND_ONLY, key=""),
    ]

from django.db import migrations

from accord.database.security import agency_owned


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial"), ("vault", "0002_security")]
    operations = [
        *agency_owned(
            "tasks_task",
            policies={"delete": "never"},
            references={"client_id": "vault_client", "owner_id": "partners_member", "follows": "tasks_task"},
        ),
        *agency_owned("tasks_view", policies={"update": "never"}, references={"member_id": "partners_member"}),
        *agency_owned("tasks_capacity"),
    ]

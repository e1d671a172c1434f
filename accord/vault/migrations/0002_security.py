from django.db import migrations

from accord.database.security import agency_owned


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial"), ("partners", "0002_security")]
    operations = [
        *agency_owned("vault_client", policies={"delete": "never"}, references={"merged_into_id": "vault_client"}),
        *agency_owned("vault_shred", policies={"update": "never"}, references={"id": "vault_client"}),
        *agency_owned("vault_person", references={"client_id": "vault_client"}),
        *agency_owned("vault_case", references={"client_id": "vault_client"}),
        *agency_owned(
            "vault_entry",
            references={"client_id": "vault_client", "case_id": "vault_case", "about_id": "vault_person"},
        ),
        *agency_owned(
            "vault_team",
            policies={"delete": "never"},
            references={"client_id": "vault_client", "member_id": "partners_member"},
        ),
        *agency_owned(
            "vault_wall",
            policies={"delete": "never"},
            references={"client_id": "vault_client", "member_id": "partners_member"},
        ),
        *agency_owned("vault_token", references={"client_id": "vault_client", "person_id": "vault_person"}),
    ]

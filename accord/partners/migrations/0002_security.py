from django.db import migrations

from accord.database.security import ME, MINE, agency_owned, statements


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial"), ("database", "0001_context")]
    operations = [
        # The directory is open to every member of the community; only the agency itself writes its row.
        *statements(
            "alter table partners_agency enable row level security",
            "alter table partners_agency force row level security",
            "create policy partners_agency_select on partners_agency for select using (true)",
            f"create policy partners_agency_insert on partners_agency for insert with check (id = {ME})",
            f"create policy partners_agency_update on partners_agency for update using (id = {ME})"
            f" with check (id = {ME})",
        ),
        *agency_owned("partners_vaultlock", policies={"delete": "never"}),
        # Somebody who has just signed in finds where she works before she has an agency.
        *agency_owned(
            "partners_member",
            policies={
                "select": f"{MINE} or ({ME} is null and account_id = (select accord_account()))",
                "delete": "never",
            },
        ),
        *agency_owned("partners_vaultgrant", references={"member_id": "partners_member"}),
    ]

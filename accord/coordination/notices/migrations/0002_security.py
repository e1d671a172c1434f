from django.db import migrations

from accord.database.security import agency_owned


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial"), ("partners", "0002_security")]
    operations = [
        *agency_owned("notices_hearing", policies={"delete": "never"}, references={"member_id": "partners_member"}),
    ]

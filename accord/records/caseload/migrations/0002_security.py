from django.db import migrations

from accord.database.security import agency_owned, statements

#: What was asked for stays what was asked for; an answer and a use are given once.
FROZEN = """
create function caseload_export_frozen() returns trigger language plpgsql as $$
declare
  changing text[] := array['until_at', 'second_by', 'second_at', 'agreed', 'dropped_at', 'used_at', 'taken'];
begin
  if to_jsonb(old) - changing <> to_jsonb(new) - changing
     or (old.agreed is not null and (new.agreed, new.second_by, new.second_at, new.until_at)
         is distinct from (old.agreed, old.second_by, old.second_at, old.until_at))
     or (old.used_at is not null and new.used_at is distinct from old.used_at)
     or (old.dropped_at is not null and new.dropped_at is distinct from old.dropped_at) then
    raise exception 'a request to take files out is answered and used once';
  end if;
  return new;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("caseload", "0001_initial"), ("partners", "0002_security")]
    operations = [
        *agency_owned("caseload_upload"),
        *agency_owned("caseload_part", references={"upload_id": "caseload_upload"}),
        *agency_owned("caseload_export", policies={"delete": "never"}),
        *statements(
            FROZEN,
            "create trigger caseload_export_frozen before update on caseload_export"
            " for each row execute function caseload_export_frozen()",
        ),
    ]

from django.db import migrations

from accord.database.security import agency_owned, statements

#: Nothing is left to do about somebody whose file is destroyed. So an open task always opens, and counting them need not
#: look at files.
ENDS = """
create function tasks_end_with_her() returns trigger language plpgsql as $$
begin
  update tasks_task set state = 'dropped', ended_at = now(), dropped_why = 'destroyed', snoozed_until = null,
    snoozed_why = '' where agency_id = new.agency_id and client_id = new.id and state = 'open';
  return new;
end $$
"""


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
        *statements(
            ENDS,
            "create trigger tasks_end_with_her after update of wrapped_key on vault_client for each row"
            " when (old.wrapped_key is not null and new.wrapped_key is null) execute function tasks_end_with_her()",
        ),
    ]

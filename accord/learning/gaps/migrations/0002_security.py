from django.db import migrations

from accord.database.security import agency_owned, statements

#: What was asked about stays what it was, and what is closed stays closed: asking again is a new row.
CLOSES = """
create function gaps_gap_closes_once() returns trigger language plpgsql as $$
declare
  closing text[] := array['answer', 'answered_at', 'answered_by', 'why', 'again_at', 'closed_at'];
begin
  if tg_op = 'DELETE' then
    if exists (select from vault_shred where agency_id = old.agency_id and id = old.client_id) then
      raise exception 'a gap stays as long as its file';
    end if;
    return old;
  elsif tg_op = 'INSERT' then
    if new.closed_at is not null then
      raise exception 'a gap begins open';
    end if;
  elsif old.closed_at is not null or new.closed_at is null
     or to_jsonb(old) - closing <> to_jsonb(new) - closing then
    raise exception 'a gap closes once';
  end if;
  return new;
end $$
"""

#: Told once, over once, and kept as long as its file.
TOLD_ENDS = """
create function gaps_told_only_ends() returns trigger language plpgsql as $$
declare
  ending text[] := array['over', 'over_at', 'over_by'];
begin
  if tg_op = 'DELETE' then
    if exists (select from vault_shred where agency_id = old.agency_id and id = old.client_id) then
      raise exception 'what was told stays as long as its file';
    end if;
    return old;
  elsif tg_op = 'INSERT' then
    if new.over is not null then
      raise exception 'what is told begins open';
    end if;
  elsif old.over is not null or to_jsonb(old) - ending <> to_jsonb(new) - ending then
    raise exception 'what was told is over once';
  end if;
  return new;
end $$
"""

#: Whoever deletes a file deletes the gaps in it: which rule found one is a word about her, too.
FOLLOWS = """
create function gaps_follow_the_file() returns trigger language plpgsql as $$
begin
  delete from gaps_gap where agency_id = new.agency_id and client_id = new.id;
  delete from gaps_told where agency_id = new.agency_id and client_id = new.id;
  return null;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("gaps", "0001_initial")]
    operations = [
        *agency_owned("gaps_gap", references={"client_id": "vault_client"}),
        *agency_owned("gaps_told", references={"client_id": "vault_client"}),
        *agency_owned("gaps_look", policies={"delete": "never"}),
        *statements(
            CLOSES,
            "create trigger gaps_gap_closes_once before insert or update or delete on gaps_gap"
            " for each row execute function gaps_gap_closes_once()",
            TOLD_ENDS,
            "create trigger gaps_told_only_ends before insert or update or delete on gaps_told"
            " for each row execute function gaps_told_only_ends()",
            FOLLOWS,
            "create trigger gaps_follow_the_file after update of wrapped_key on vault_client"
            " for each row when (new.wrapped_key is null) execute function gaps_follow_the_file()",
        ),
    ]

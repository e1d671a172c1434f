from django.db import migrations

from accord.database.security import agency_owned, statements

#: A case moves by a step and in no other way: the step is written first, and says from where to where. What a track is
#: about never changes.
MOVES = """
create function tracks_track_moves() returns trigger language plpgsql as $$
declare
  moving text[] := array['version', 'state', 'number', 'entered_at', 'ended_at'];
  before text := '';
begin
  if tg_op = 'UPDATE' then
    before := old.state;
    if to_jsonb(old) - moving <> to_jsonb(new) - moving or new.number <> old.number + 1
       or new.entered_at < old.entered_at then
      raise exception 'a track only moves on';
    end if;
  elsif new.number <> 1 or new.begun_at <> new.entered_at then
    raise exception 'a track begins with its first step';
  end if;
  if (new.ended_at is not null and new.ended_at <> new.entered_at) or not exists (
    select from tracks_step step
      where step.agency_id = new.agency_id and step.track_id = new.id and step.number = new.number
        and step.begins = before and step.to = new.state and step.version = new.version
        and (step.occurred_at = new.entered_at or (step.code = '' and step.begins <> ''))
  ) then
    raise exception 'a track moves together with a step';
  end if;
  return new;
end $$
"""

#: A step that moved nothing would be a story beside the case's own.
MOVED = """
create function tracks_step_moved() returns trigger language plpgsql as $$
begin
  if not exists (
    select from tracks_track track
      where track.agency_id = new.agency_id and track.id = new.track_id and track.client_id = new.client_id
        and track.number >= new.number
  ) then
    raise exception 'a step moves its track';
  end if;
  return null;
end $$
"""

#: Steps stand as they were written for as long as the file they are about does.
STAYS = """
create function tracks_stays() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' or exists (select from vault_shred where agency_id = old.agency_id and id = old.client_id) then
    raise exception 'a step is never changed';
  end if;
  return old;
end $$
"""

DUE = """
create function tracks_due_met_once() returns trigger language plpgsql as $$
declare
  meeting text[] := array['met_at', 'met_by', 'how', 'why'];
begin
  if tg_op = 'DELETE' then
    if exists (select from vault_shred where agency_id = old.agency_id and id = old.client_id) then
      raise exception 'a clock stays as long as its file';
    end if;
    return old;
  elsif tg_op = 'INSERT' then
    if new.met_at is not null or not exists (
      select from tracks_track track
        where track.agency_id = new.agency_id and track.id = new.track_id and track.client_id = new.client_id
          and track.number = new.number
    ) then
      raise exception 'a clock begins open, with the step its track took last';
    end if;
  elsif old.met_at is not null or new.met_at is null or to_jsonb(old) - meeting <> to_jsonb(new) - meeting then
    raise exception 'a clock ends once';
  end if;
  return new;
end $$
"""

#: Whoever deletes a file deletes the tracks in it: codes are words about her, too. Her key is gone by then, and the
#: same holds when a deletion is done again after a restore.
FOLLOWS = """
create function tracks_follow_the_file() returns trigger language plpgsql as $$
begin
  delete from tracks_due where agency_id = new.agency_id and client_id = new.id;
  delete from tracks_step where agency_id = new.agency_id and client_id = new.id;
  delete from tracks_track where agency_id = new.agency_id and client_id = new.id;
  return null;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("tracks", "0001_initial")]
    operations = [
        *agency_owned(
            "tracks_track",
            references={"client_id": "vault_client", "case_id": "vault_case", "about_id": "vault_person"},
        ),
        *agency_owned(
            "tracks_step",
            policies={"update": "never"},
            references={"client_id": "vault_client", "track_id": "tracks_track", "entry": "vault_entry"},
        ),
        *agency_owned("tracks_due", references={"client_id": "vault_client", "track_id": "tracks_track"}),
        *statements(
            # After the row's policy has been asked, so that they say nothing about rows of others.
            MOVES,
            "create trigger tracks_track_moves after insert or update on tracks_track"
            " for each row execute function tracks_track_moves()",
            MOVED,
            "create constraint trigger tracks_step_moved after insert on tracks_step"
            " deferrable initially deferred for each row execute function tracks_step_moved()",
            STAYS,
            "create trigger tracks_stays before update or delete on tracks_step"
            " for each row execute function tracks_stays()",
            DUE,
            "create trigger tracks_due_met_once after insert or update or delete on tracks_due"
            " for each row execute function tracks_due_met_once()",
            FOLLOWS,
            "create trigger tracks_follow_the_file after update of wrapped_key on vault_client"
            " for each row when (new.wrapped_key is null) execute function tracks_follow_the_file()",
        ),
    ]

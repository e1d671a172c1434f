from django.db import migrations

from accord.database.security import ME, agency_owned, statements

#: The parties read; each writes in its own name. What it says of the parties is held by the triggers below.
PARTY = f"{ME} = any(parties)"

#: A row about a draft is by a party of it, and for exactly its parties: nobody else is shown what they wrote.
OF_DRAFT = """
create function agreements_of_draft() returns trigger language plpgsql as $$
begin
  perform from agreements_draft
   where id = new.draft and parties = new.parties and new.agency_id = any(parties);
  if not found then raise exception 'only a party writes, and for the parties alone'; end if;
  return new;
end $$
"""

#: Versions are a chain: each follows the newest by its hash, also when two parties write at the same time.
CHAIN = """
create function agreements_version_follows() returns trigger language plpgsql as $$
declare
  newest bytea; place integer;
begin
  perform pg_advisory_xact_lock(hashtextextended(new.draft::text, 0));
  select digest, number into newest, place from agreements_version
   where draft = new.draft and parties = new.parties and id <> new.id order by number desc limit 1;
  if new.number <> coalesce(place, 0) + 1 or new.before <> coalesce(newest, ''::bytea)
  then raise exception 'a version follows the newest one'; end if;
  return new;
end $$
"""

#: What was said stays said; it is settled once.
SAID = """
create function agreements_comment_said() returns trigger language plpgsql as $$
begin
  if to_jsonb(old) - 'settled_at' <> to_jsonb(new) - 'settled_at' or old.settled_at is not null
  then raise exception 'what was said is never edited, and is settled once'; end if;
  return new;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_initial"), ("partners", "0003_agreement_version")]
    operations = [
        *agency_owned("agreements_draft", policies={"select": PARTY, "update": "never", "delete": "never"}),
        *agency_owned("agreements_version", policies={"select": PARTY, "update": "never", "delete": "never"}),
        *agency_owned("agreements_comment", policies={"select": PARTY, "delete": "never"}),
        *statements(
            "alter table agreements_draft add constraint draft_is_begun_by_a_party check (agency_id = any(parties))",
            OF_DRAFT,
            CHAIN,
            SAID,
            "create trigger agreements_version_of_draft after insert on agreements_version"
            " for each row execute function agreements_of_draft()",
            "create trigger agreements_version_follows after insert on agreements_version"
            " for each row execute function agreements_version_follows()",
            "create trigger agreements_comment_of_draft after insert on agreements_comment"
            " for each row execute function agreements_of_draft()",
            "create trigger agreements_comment_said after update on agreements_comment"
            " for each row execute function agreements_comment_said()",
        ),
    ]

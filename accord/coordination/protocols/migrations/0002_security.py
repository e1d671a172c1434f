from django.db import migrations

from accord.database.security import ME, agency_owned, statements

#: Like the directory: whoever is of the community reads it, and each agency writes in its own name and no other.
COMMUNITY = {"select": f"{ME} is not null", "delete": "never"}
SAID = COMMUNITY | {"update": "never"}

#: One protocol is changed by one at a time: what a trigger below has looked at cannot change before it is done.
LOCK = """
create function protocols_lock(code text) returns void language sql as
  $$ select pg_advisory_xact_lock(hashtextextended('protocols ' || code, 0)) $$
"""

LATEST = """
create function protocols_latest(of text) returns integer language sql stable as
  $$ select max(number) from protocols_version where code = of $$
"""

PROPOSAL = """
create function protocols_proposal_once() returns trigger language plpgsql as $$
begin
  if to_jsonb(old) - 'ended_at' <> to_jsonb(new) - 'ended_at' or old.ended_at is not null or new.ended_at is null
  then raise exception 'a proposal is never edited, and is taken back once'; end if;
  return new;
end $$
"""

#: The hash is of all that is agreed to; `changing.Said` says the same in Python.
DIGEST = """
create function protocols_digest(w protocols_wording) returns bytea language sql stable as $$
  select sha256(convert_to(concat_ws(E'\\n', w.agency_id::text, w.proposal::text, w.number::text, w.code,
    w.based_on::text, to_char(w.begins_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    array_to_string(w.kinds, ' '), array_to_string(w.asked, ' '), w.text), 'UTF8')) $$
"""

WRITTEN = """
create function protocols_wording_written() returns trigger language plpgsql as $$
begin
  perform protocols_lock(new.code);
  perform from protocols_proposal where agency_id = new.agency_id and id = new.proposal and code = new.code
    and ended_at is null;
  if not found then raise exception 'a wording is of a proposal of its own agency that goes on'; end if;
  perform from protocols_version v join protocols_wording w on w.digest = v.digest
   where w.agency_id = new.agency_id and w.proposal = new.proposal;
  if found then raise exception 'this proposal is adopted; another one changes it'; end if;
  if new.number <> 1 + (select count(*) from protocols_wording
                         where agency_id = new.agency_id and proposal = new.proposal and id <> new.id)
     or new.digest is distinct from protocols_digest(new) or new.laid_at is not null
  then raise exception 'a wording follows the newest one, and is what its hash says'; end if;
  return new;
end $$
"""

#: Every agency whose kind runs it, before or after, has to say yes; who joins later does not.
LAID = """
create function protocols_wording_laid() returns trigger language plpgsql as $$
begin
  perform protocols_lock(new.code);
  if to_jsonb(old) - '{laid_at,laid_by,needed}'::text[] <> to_jsonb(new) - '{laid_at,laid_by,needed}'::text[]
     or old.laid_at is not null or new.laid_at is null
  then raise exception 'a wording is never edited, and is laid before the partners once'; end if;
  if new.needed is distinct from (select array_agg(id order by id) from partners_agency where kind = any(new.asked))
     or not new.asked @> new.kinds or not new.asked @> coalesce((select kinds from protocols_version where code = new.code
                                    order by number desc limit 1), '{}')
  then raise exception 'every agency that runs it has to say yes'; end if;
  perform protocols_open(new);
  return new;
end $$
"""

#: Whether a wording can still be agreed to: it is the newest, of a proposal that goes on, and changes the newest version.
OPEN = """
create function protocols_open(w protocols_wording) returns void language plpgsql stable as $$
begin
  perform from protocols_proposal where agency_id = w.agency_id and id = w.proposal and ended_at is null;
  if not found then raise exception 'the proposal was taken back'; end if;
  perform from protocols_wording where agency_id = w.agency_id and proposal = w.proposal and number > w.number;
  if found then raise exception 'there is a newer wording'; end if;
  if w.based_on <> coalesce(protocols_latest(w.code), w.based_on)
  then raise exception 'another change was adopted meanwhile'; end if;
end $$
"""

VOICE = """
create function protocols_voice_heard() returns trigger language plpgsql as $$
declare
  w protocols_wording;
begin
  select * into w from protocols_wording where digest = new.digest;
  perform protocols_lock(coalesce(w.code, ''));
  select * into w from protocols_wording
   where digest = new.digest and laid_at is not null and new.agency_id = any(needed);
  if not found then raise exception 'an agency that has to says yes or no to what was laid before it'; end if;
  perform from protocols_voice where digest = new.digest and not yes and id <> new.id;
  if found then raise exception 'an agency has said no to it'; end if;
  perform protocols_open(w);
  return new;
end $$
"""

ADOPTED = """
create function protocols_version_adopted() returns trigger language plpgsql as $$
declare
  w protocols_wording; last_yes timestamptz;
begin
  perform protocols_lock(new.code);
  select * into w from protocols_wording where digest = new.digest and code = new.code and text = new.text
    and new.number = based_on + 1 and new.kinds = kinds and laid_at is not null and new.agency_id = any(needed);
  if not found then raise exception 'a version is what was laid before the partners'; end if;
  if (select max(number) from protocols_version where code = new.code and id <> new.id) <> w.based_on
  then raise exception 'a version follows the newest one'; end if;
  select max(said_at) into last_yes from protocols_voice where digest = new.digest;
  if exists (select from unnest(w.needed) needs where not exists
              (select from protocols_voice where digest = new.digest and agency_id = needs and yes))
     or exists (select from protocols_voice where digest = new.digest and not yes)
  then raise exception 'every agency that has to has said yes, and none has said no'; end if;
  if new.adopted_at <> last_yes or new.begins_at <> greatest(w.begins_at, last_yes)
  then raise exception 'a version begins when it was said, and not before the last yes'; end if;
  return new;
end $$
"""

WORD = """
create function protocols_word_said() returns trigger language plpgsql as $$
begin
  perform from protocols_wording where proposal = new.proposal and number = new.number;
  if not found then raise exception 'a word is about a wording'; end if;
  return new;
end $$
"""

#: What an agency asks of itself stays written; what takes its place is another row, later.
OWN_FOLLOWS = """
create function protocols_own_follows() returns trigger language plpgsql as $$
declare
  before protocols_own;
begin
  if tg_op <> 'INSERT' then raise exception 'what an agency holds itself to is never edited'; end if;
  select * into before from protocols_own where agency_id = new.agency_id and protocol = new.protocol
    and (due, step, evidence) = (new.due, new.step, new.evidence) and id <> new.id order by number desc limit 1;
  if new.number <> coalesce(before.number, 0) + 1 or new.since_at < before.since_at
  then raise exception 'what an agency holds itself to follows what it was before'; end if;
  return new;
end $$
"""


def trigger(name: str, events: str, table: str) -> str:
    return f"create trigger {name} after {events} on {table} for each row execute function {name}()"


class Migration(migrations.Migration):
    dependencies = [("protocols", "0001_initial"), ("partners", "0003_agreement_version")]
    operations = [
        *agency_owned("protocols_proposal", policies=COMMUNITY),
        *agency_owned("protocols_wording", policies=COMMUNITY, references={"proposal": "protocols_proposal"}),
        *agency_owned("protocols_word", policies=SAID),
        *agency_owned("protocols_voice", policies=SAID),
        *agency_owned("protocols_version", policies=SAID),
        *agency_owned("protocols_own", policies={"update": "never", "delete": "never"}),
        *statements(
            LOCK,
            LATEST,
            PROPOSAL,
            DIGEST,
            OPEN,
            WRITTEN,
            LAID,
            VOICE,
            ADOPTED,
            WORD,
            OWN_FOLLOWS,
            trigger("protocols_proposal_once", "update", "protocols_proposal"),
            trigger("protocols_wording_written", "insert", "protocols_wording"),
            trigger("protocols_wording_laid", "update", "protocols_wording"),
            trigger("protocols_word_said", "insert", "protocols_word"),
            trigger("protocols_voice_heard", "insert", "protocols_voice"),
            trigger("protocols_version_adopted", "insert", "protocols_version"),
            trigger("protocols_own_follows", "insert or update or delete", "protocols_own"),
        ),
    ]

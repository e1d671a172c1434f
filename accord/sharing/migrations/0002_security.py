from django.db import migrations

from accord.database.security import ME, MINE, agency_owned, statements

SENT_BY_ME = f"holder_id = {ME}"
#: Liveness stands in the same row as the content: no read can race a withdrawal, and time is the database's.
ALIVE = "withdrawn_at is null and until_at > statement_timestamp()"
#: What goes along with a referral is read once the recipient has said yes to that. The yes stands in a row of the
#: recipient's own, not in the envelope: its holder reads that one. Asked by the whole primary key, of what came with a
#: referral and of nothing else.
OPEN = "(referral is null or sharing_said_yes(referral, holder_id))"
SAID_YES = """
create function sharing_said_yes(referral uuid, holder uuid) returns boolean language sql stable
return exists (
  select from sharing_opened where agency_id = accord_agency() and id = referral and holder_id = holder)
"""
#: The records officer's lens: what has ended and must be kept.
KEPT = "retain and (select accord_lens()) = 'kept'"
#: A recipient that ends what she takes back there still sees each row in the statement that ends it, and in no other:
#: PostgreSQL wants a row it changes to be visible afterwards.
RELAYING = "(select accord_lens()) = 'relay'"
ENDING = f"withdrawn_at = statement_timestamp() and {RELAYING}"

#: What may still be written beside a signed release: that she took it back, that she wants what binds her to end, and
#: that the event it ends with has come; each once.
NO_EDIT = """
create function sharing_release_no_edit() returns trigger language plpgsql as $$
declare
  ends text[] := array['withdrawn_at', 'withdrawn_by', 'withdrawn_how', 'ended_at', 'ended_by',
                       'wished_at', 'wished_by', 'wished_how'];
begin
  if old.withdrawn_at is not null or old.ended_at is not null
     or (old.wished_at is not null and (new.wished_at, new.wished_by, new.wished_how)
         is distinct from (old.wished_at, old.wished_by, old.wished_how))
     or (old.signed_at is not null and to_jsonb(old) - ends <> to_jsonb(new) - ends) then
    raise exception 'a signed release is never edited';
  end if;
  return new;
end $$
"""

#: Nothing but her own release lets out what a victim service provider holds (34 USC 12291(b)(2)(B)): not even a flow
#: that somebody wrote into the table by hand.
ONLY_HER_WORD = "duties && array['vawa', 'voca', 'fvpsa']::varchar[]"

#: Asked once for all envelopes of a statement: a page of releases sends thousands.
RESTS = f"""
create function sharing_envelope_rests() returns trigger language plpgsql as $$
begin
  if exists (
    select from fresh where fresh.release is not null and not exists (
      select from sharing_release basis
        where basis.agency_id = fresh.holder_id and basis.id = fresh.release and basis.recipient_id = fresh.agency_id
          and basis.signed_at is not null and basis.withdrawn_at is null and basis.ended_at is null
          and fresh.until_at <= basis.until_at and fresh.purpose = basis.purpose
          and fresh.level <= (basis.grants ->> fresh.category)::int)
  ) or exists (
    select from fresh where fresh.flow is not null and not exists (
      select from sharing_flow basis
        where basis.agency_id = fresh.holder_id and basis.id = fresh.flow and basis.recipient_id = fresh.agency_id
          and basis.ended_at is null and fresh.until_at <= basis.until_at and fresh.purpose = basis.purpose
          and fresh.level <= (basis.grants ->> fresh.category)::int
          and not exists (select from partners_agency where id = fresh.holder_id
            and {ONLY_HER_WORD}))
  ) or exists (
    select from fresh where fresh.answered is not null and not exists (
      select from sharing_answered basis
        where basis.agency_id = fresh.holder_id and basis.id = fresh.answered and basis.recipient_id = fresh.agency_id
          and fresh.until_at <= basis.until_at and fresh.purpose = basis.purpose
          and fresh.level <= (basis.grants ->> fresh.category)::int)
  ) or exists (select from fresh where coalesce(release, flow, answered) is null) then
    raise exception 'an envelope rests on a living release or flow, or on the answer to a paper, to its recipient';
  end if;
  return null;
end $$
"""  # noqa: S608 - our own constants

#: A law lets her bind herself toward those who monitor a condition (42 CFR 2.35); toward a victim service provider
#: nothing does. What stands alone is combined with nothing.
STANDS_ALONE = f"""
create function sharing_release_stands_alone() returns trigger language plpgsql as $$
begin
  if new.fixed_until is not null and exists (
    select from partners_agency where id = new.agency_id and {ONLY_HER_WORD}
  ) then
    raise exception 'what a victim service provider holds can be taken back at once';
  end if;
  if exists (
    select from sharing_release other
      where other.agency_id = new.agency_id and other.conversation = new.conversation and other.id <> new.id
        and other.instrument <> new.instrument
  ) then
    raise exception 'a permission of its own is combined with nothing';
  end if;
  return new;
end $$
"""  # noqa: S608 - our own constants

FLOW_BEGINS = f"""
create function sharing_flow_begins() returns trigger language plpgsql as $$
begin
  if exists (select from partners_agency where id = new.agency_id and {ONLY_HER_WORD}) then
    raise exception 'nothing leaves a victim service provider without her release';
  end if;
  return new;
end $$
"""

FLOW_ENDS = """
create function sharing_flow_only_ends() returns trigger language plpgsql as $$
begin
  if old.ended_at is not null
     or to_jsonb(old) - 'ended_at' - 'ended_by' <> to_jsonb(new) - 'ended_at' - 'ended_by' then
    raise exception 'a flow can only end';
  end if;
  return new;
end $$
"""

#: A relay is closed once, by its holder; what she said can be emptied at any time, when her file is deleted.
RELAY = """
create function sharing_relay_only_closes() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.closed_at is not null or new.agency_id = new.partner_id then
      raise exception 'a relay is told to another agency, and that one closes it';
    end if;
  elsif (new.words is not null and new.words is distinct from old.words)
     or (old.closed_at is not null and to_jsonb(old) - 'words' <> to_jsonb(new) - 'words')
     or to_jsonb(old) - 'words' - 'closed_at' - 'closed_by' - 'closed_how' - 'closed_note'
        <> to_jsonb(new) - 'words' - 'closed_at' - 'closed_by' - 'closed_how' - 'closed_note' then
    raise exception 'a relay is only closed';
  end if;
  return new;
end $$
"""

FROZEN = """
create function sharing_envelope_frozen() returns trigger language plpgsql as $$
begin
  -- The recipient ends what it has when she says so there: now, and nothing but that. What it must keep stays.
  if new.holder_id is distinct from accord_agency()
     and (accord_lens() is distinct from 'relay' or old.withdrawn_at is not null
          or new.withdrawn_at is distinct from statement_timestamp()
          or (new.sealed is not null) <> new.retain) then
    raise exception 'a recipient only ends what she takes back';
  end if;
  if to_jsonb(old) - 'withdrawn_at' - 'sealed' <> to_jsonb(new) - 'withdrawn_at' - 'sealed'
     or (old.withdrawn_at is not null and new.withdrawn_at is distinct from old.withdrawn_at)
     or (new.sealed is not null and new.sealed is distinct from old.sealed) then
    raise exception 'an envelope can only end';
  end if;
  return new;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("sharing", "0001_initial"), ("vault", "0002_security")]
    operations = [
        *statements(SAID_YES),
        *agency_owned(
            "sharing_opened", key="agency_id, id, holder_id", policies={"update": "never", "delete": "never"}
        ),
        *agency_owned("sharing_thread", references={"client_id": "vault_client"}),
        *agency_owned(
            "sharing_release",
            policies={"delete": "never"},
            references={"client_id": "vault_client", "subject_id": "vault_person"},
        ),
        *agency_owned("sharing_flow", policies={"delete": "never"}, references={"client_id": "vault_client"}),
        *agency_owned(
            "sharing_envelope",
            key="agency_id, id, holder_id",
            policies={
                "select": f"{MINE} and (({ALIVE}) or ({KEPT})) and {OPEN}",
                "select_holder": SENT_BY_ME,
                "select_ending": f"{MINE} and {ENDING}",
                "insert": SENT_BY_ME,
                "update": SENT_BY_ME,
                "update_recipient": (f"{MINE} and {RELAYING}", MINE),
                "delete": "never",
            },
        ),
        *agency_owned(
            "sharing_arrival",
            key="agency_id, id, holder_id",
            policies={
                "select": f"{MINE} and {OPEN}",
                "select_holder": SENT_BY_ME,
                "insert": SENT_BY_ME,
                "update": "never",
                "delete_holder": SENT_BY_ME,
            },
        ),
        *agency_owned(
            "sharing_answered",
            policies={"update": "never", "delete": "never"},
            references={"client_id": "vault_client", "subject_id": "vault_person"},
        ),
        *agency_owned(
            "sharing_sent",
            policies={"update": "never", "delete": "never"},
            references={
                "release_id": "sharing_release",
                "flow_id": "sharing_flow",
                "answered_id": "sharing_answered",
                "client_id": "vault_client",
            },
        ),
        *agency_owned("sharing_receipt", references={"client_id": "vault_client"}),
        *agency_owned("sharing_confirmed", references={"client_id": "vault_client"}),
        *agency_owned("sharing_aside", references={"client_id": "vault_client"}),
        *agency_owned("sharing_never", policies={"delete": "never"}, references={"client_id": "vault_client"}),
        *agency_owned(
            "sharing_relay",
            key="agency_id, id, partner_id",
            policies={"insert": f"partner_id = {ME}", "delete": "never"},
        ),
        *statements(
            # Every envelope rests on a release, a flow or an answer of its holder: sharing without one cannot be written
            # down.
            "alter table sharing_envelope add constraint sharing_envelope_rests_on_release"
            " foreign key (holder_id, release) references sharing_release (agency_id, id)",
            "alter table sharing_envelope add constraint sharing_envelope_rests_on_flow"
            " foreign key (holder_id, flow) references sharing_flow (agency_id, id)",
            "alter table sharing_envelope add constraint sharing_envelope_rests_on_answer"
            " foreign key (holder_id, answered) references sharing_answered (agency_id, id)",
            "alter table sharing_arrival add constraint sharing_arrival_announces_own_envelope"
            " foreign key (agency_id, envelope, holder_id) references sharing_envelope (agency_id, id, holder_id)"
            " deferrable initially deferred",
            NO_EDIT,
            "create trigger sharing_release_no_edit before update on sharing_release"
            " for each row execute function sharing_release_no_edit()",
            STANDS_ALONE,
            "create trigger sharing_release_stands_alone before insert or update of instrument, conversation, fixed_until"
            " on sharing_release for each row execute function sharing_release_stands_alone()",
            RESTS,
            "create trigger sharing_envelope_rests after insert on sharing_envelope"
            " referencing new table as fresh for each statement execute function sharing_envelope_rests()",
            FROZEN,
            "create trigger sharing_envelope_frozen before update on sharing_envelope"
            " for each row execute function sharing_envelope_frozen()",
            # After the row's policy has been asked, so that it says nothing about rows of others.
            FLOW_BEGINS,
            "create trigger sharing_flow_begins after insert on sharing_flow"
            " for each row execute function sharing_flow_begins()",
            FLOW_ENDS,
            "create trigger sharing_flow_only_ends before update on sharing_flow"
            " for each row execute function sharing_flow_only_ends()",
            RELAY,
            "create trigger sharing_relay_only_closes before insert or update on sharing_relay"
            " for each row execute function sharing_relay_only_closes()",
        ),
    ]

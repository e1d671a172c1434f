from django.db import migrations

from accord.database.security import ME, MINE, agency_owned, statements

SENT_BY_ME = f"holder_id = {ME}"
#: Liveness stands in the same row as the content: no read can race a withdrawal, and time is the database's.
ALIVE = "withdrawn_at is null and until_at > statement_timestamp()"
#: The records officer's lens: what has ended and must be kept.
KEPT = "retain and (select accord_lens()) = 'kept'"

NO_EDIT = """
create function sharing_release_no_edit() returns trigger language plpgsql as $$
declare
  before jsonb := to_jsonb(old) - 'withdrawn_at' - 'withdrawn_by' - 'withdrawn_how';
  after jsonb := to_jsonb(new) - 'withdrawn_at' - 'withdrawn_by' - 'withdrawn_how';
begin
  if old.withdrawn_at is not null or (old.signed_at is not null and before <> after) then
    raise exception 'a signed release is never edited';
  end if;
  return new;
end $$
"""

RESTS = """
create function sharing_envelope_rests() returns trigger language plpgsql as $$
begin
  perform from sharing_release
    where agency_id = new.holder_id and id = new.release and recipient_id = new.agency_id
      and signed_at is not null and withdrawn_at is null and new.until_at <= until_at;
  if not found then raise exception 'an envelope rests on a living release to its recipient'; end if;
  return new;
end $$
"""

FROZEN = """
create function sharing_envelope_frozen() returns trigger language plpgsql as $$
begin
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
        *agency_owned("sharing_thread", references={"client_id": "vault_client"}),
        *agency_owned(
            "sharing_release",
            policies={"delete": "never"},
            references={"client_id": "vault_client", "subject_id": "vault_person"},
        ),
        *agency_owned(
            "sharing_envelope",
            key="agency_id, id, holder_id",
            policies={
                "select": f"{MINE} and (({ALIVE}) or ({KEPT}))",
                "select_holder": SENT_BY_ME,
                "insert": SENT_BY_ME,
                "update": SENT_BY_ME,
                "delete": "never",
            },
        ),
        *agency_owned(
            "sharing_arrival",
            key="agency_id, id, holder_id",
            policies={
                "select_holder": SENT_BY_ME,
                "insert": SENT_BY_ME,
                "update": "never",
                "delete_holder": SENT_BY_ME,
            },
        ),
        *agency_owned(
            "sharing_sent",
            policies={"update": "never", "delete": "never"},
            references={"release_id": "sharing_release", "client_id": "vault_client"},
        ),
        *agency_owned("sharing_receipt", references={"client_id": "vault_client"}),
        *agency_owned("sharing_confirmed", references={"client_id": "vault_client"}),
        *statements(
            # Every envelope rests on a release of its holder: sharing without one cannot be written down.
            "alter table sharing_envelope add constraint sharing_envelope_rests_on_release"
            " foreign key (holder_id, release) references sharing_release (agency_id, id)",
            "alter table sharing_arrival add constraint sharing_arrival_announces_own_envelope"
            " foreign key (agency_id, envelope, holder_id) references sharing_envelope (agency_id, id, holder_id)"
            " deferrable initially deferred",
            NO_EDIT,
            "create trigger sharing_release_no_edit before update on sharing_release"
            " for each row execute function sharing_release_no_edit()",
            RESTS,
            "create trigger sharing_envelope_rests after insert on sharing_envelope"
            " for each row execute function sharing_envelope_rests()",
            FROZEN,
            "create trigger sharing_envelope_frozen before update on sharing_envelope"
            " for each row execute function sharing_envelope_frozen()",
        ),
    ]

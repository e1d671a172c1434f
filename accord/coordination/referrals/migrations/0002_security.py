from django.db import migrations

from accord.coordination.referrals.rules import OURS, RANK, SILENT, State
from accord.database.security import ME, MINE, agency_owned, statements

WRITTEN_BY_ME = f"holder_id = {ME}"
#: Like the directory: whoever is of the community reads it, and each writes its own row.
COMMUNITY = f"{ME} is not null"

_RANKS = " ".join(f"when '{state.value}' then {rank}" for state, rank in RANK.items())
_OURS = ", ".join(f"'{reason}'" for reason in OURS)
_SILENT = ",".join(sorted(SILENT))

#: A referral only moves on, and what it is about, to whom and on what it rests stays as it was sent.
MOVES = f"""
create function referrals_referral_moves() returns trigger language plpgsql as $$
declare
  later text[] := array['state', 'answered_at', 'reason', 'toward', 'met_at', 'outcome', 'ended_at', 'closed_at',
    'closed_by', 'delivered_at', 'words'];
begin
  if (case new.state {_RANKS} end) < (case old.state {_RANKS} end)
     or (new.state <> old.state and (case new.state {_RANKS} end) = (case old.state {_RANKS} end))
     or (old.state in ('{State.CLOSED}', '{State.TAKEN_BACK}') and to_jsonb(old) - 'words' <> to_jsonb(new) - 'words')
     or (old.sent_at is not null and to_jsonb(old) - later <> to_jsonb(new) - later)
     or (old.answered_at is not null and new.answered_at is distinct from old.answered_at) then
    raise exception 'a referral only moves on';
  end if;
  return new;
end $$
"""  # noqa: S608 - our own constants

#: Nothing reaches a partner, not even that somebody is referred, but on her release to it or a law that names it; of a
#: victim service provider on her release alone (34 USC 12291(b)(2)(B)).
RESTS = f"""
create function referrals_incoming_rests() returns trigger language plpgsql as $$
begin
  if new.withdrawn_at is not null or not exists (
    select from referrals_referral made
      where made.agency_id = new.holder_id and made.id = new.id and made.recipient_id = new.agency_id
        and made.thread = new.thread and made.service = new.service and made.urgency = new.urgency
        and made.answer_due_at = new.due_at and made.state = '{State.DELIVERED}'
        and (exists (
            select from sharing_release basis
              where basis.agency_id = made.agency_id and basis.id = made.release_id
                and basis.recipient_id = new.agency_id and basis.client_id = made.client_id
                and basis.signed_at is not null and basis.withdrawn_at is null and basis.ended_at is null
                and basis.until_at > statement_timestamp() and (basis.grants ->> 'services')::int > 0)
          or (exists (
            select from sharing_flow basis
              where basis.agency_id = made.agency_id and basis.id = made.flow_id
                and basis.recipient_id = new.agency_id and basis.client_id = made.client_id
                and basis.ended_at is null and basis.until_at > statement_timestamp()
                and (basis.grants ->> 'services')::int > 0)
            and not exists (select from partners_agency where id = new.holder_id
              and duties && array['vawa', 'voca', 'fvpsa']::varchar[])))
  ) then
    raise exception 'a referral rests on her release or a law that lets its recipient know';
  end if;
  return null;
end $$
"""  # noqa: S608 - our own constants

ENDS = """
create function referrals_incoming_only_ends() returns trigger language plpgsql as $$
begin
  if old.withdrawn_at is not null or to_jsonb(old) - 'withdrawn_at' <> to_jsonb(new) - 'withdrawn_at' then
    raise exception 'what was referred can only be taken back';
  end if;
  return new;
end $$
"""

#: Answered once; met and ended once each, in that order. Who looks after it may change at any time.
ANSWERS = """
create function referrals_answer_once() returns trigger language plpgsql as $$
declare
  later text[] := array['member', 'given_at', 'given_by', 'contacted_at', 'entry', 'state', 'met_at', 'outcome',
    'ended_at'];
begin
  if (old.id, old.agency_id, old.holder_id, old.incoming, old.thread, old.service, old.urgency)
       is distinct from (new.id, new.agency_id, new.holder_id, new.incoming, new.thread, new.service, new.urgency)
     or (old.state <> 'waiting' and to_jsonb(old) - later <> to_jsonb(new) - later)
     or (old.state in ('declined', 'redirected', 'ended') and new.state <> old.state)
     or (old.state = 'waiting' and new.state in ('met', 'ended'))
     or (old.state = 'accepted' and new.state in ('waiting', 'declined', 'redirected'))
     or (old.state = 'met' and new.state not in ('met', 'ended'))
     or (old.contacted_at is not null and new.contacted_at is distinct from old.contacted_at)
     or (old.met_at is not null and new.met_at is distinct from old.met_at) then
    raise exception 'a referral is answered once';
  end if;
  return new;
end $$
"""

#: What went along with a referral opens with a yes to it, and with nothing else; what was taken back does not open.
OPENS = """
create function referrals_opens_with_a_yes() returns trigger language plpgsql as $$
begin
  if not exists (
    select from referrals_answer said join referrals_incoming came
        on came.agency_id = said.agency_id and came.id = new.id and came.holder_id = said.holder_id
          and came.thread = said.thread
      where said.agency_id = new.agency_id and said.holder_id = new.holder_id
        and said.state = 'accepted' and came.withdrawn_at is null
  ) then
    raise exception 'what went along with a referral opens with a yes to it';
  end if;
  return null;
end $$
"""

#: A bare no is of the agency alone, of one whose silence says nothing, and about somebody it opened no file for.
NO = f"""
create function referrals_no_may_be_told() returns trigger language plpgsql as $$
begin
  if new.agency_id = new.holder_id or new.reason not in ({_OURS})
     or exists (select from partners_agency where id = new.holder_id
       and duties && '{{{_SILENT}}}'::varchar[])
     or not exists (
       select from referrals_answer said join referrals_incoming came
           on came.agency_id = said.agency_id and came.id = said.incoming and came.holder_id = said.holder_id
         where said.agency_id = new.holder_id and said.holder_id = new.agency_id and said.incoming = new.id
           and said.state in ('declined', 'redirected') and said.reason = new.reason and came.withdrawn_at is null) then
    raise exception 'a no is told on her release or a law, or where neither it nor silence says who is a client';
  end if;
  return null;
end $$
"""  # noqa: S608 - our own constants


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_initial"), ("sharing", "0002_security"), ("vault", "0002_security")]
    operations = [
        *agency_owned(
            "referrals_referral",
            policies={"delete": "never"},
            references={
                "client_id": "vault_client",
                "case_id": "vault_case",
                "about_id": "vault_person",
                "release_id": "sharing_release",
                "flow_id": "sharing_flow",
            },
        ),
        # The recipient's row, and the one who refers reads what it wrote: nothing in it is of the recipient.
        *agency_owned(
            "referrals_incoming",
            key="agency_id, id, holder_id",
            policies={
                "select": f"{MINE} and withdrawn_at is null",
                "select_holder": WRITTEN_BY_ME,
                "insert": WRITTEN_BY_ME,
                "update": WRITTEN_BY_ME,
                "delete": "never",
            },
        ),
        *agency_owned("referrals_answer", policies={"delete": "never"}, references={"client_id": "vault_client"}),
        *agency_owned(
            "referrals_no",
            key="agency_id, id, holder_id",
            policies={"insert": WRITTEN_BY_ME, "update": "never", "delete": "never"},
        ),
        *agency_owned(
            "referrals_attempt",
            policies={"update": "never", "delete": "never"},
            references={"client_id": "vault_client"},
        ),
        *agency_owned("referrals_capacity", policies={"select": COMMUNITY, "delete": "never"}),
        *statements(
            MOVES,
            "create trigger referrals_referral_moves before update on referrals_referral"
            " for each row execute function referrals_referral_moves()",
            RESTS,
            "create trigger referrals_incoming_rests after insert on referrals_incoming"
            " for each row execute function referrals_incoming_rests()",
            ENDS,
            "create trigger referrals_incoming_only_ends before update on referrals_incoming"
            " for each row execute function referrals_incoming_only_ends()",
            ANSWERS,
            "create trigger referrals_answer_once before update on referrals_answer"
            " for each row execute function referrals_answer_once()",
            OPENS,
            "create trigger referrals_opens_with_a_yes after insert on sharing_opened"
            " for each row execute function referrals_opens_with_a_yes()",
            NO,
            "create trigger referrals_no_may_be_told after insert on referrals_no"
            " for each row execute function referrals_no_may_be_told()",
        ),
    ]

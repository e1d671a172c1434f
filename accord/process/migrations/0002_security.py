from django.db import migrations

from accord.database.security import agency_owned, statements
from accord.process.rules import LONGEST_WAIT, NEEDS_COUNSEL, ORAL_DAYS, ORDERS, OURS, WEIGHED

_COUNSEL, _ORDERS, _WEIGHED = (
    ", ".join(f"'{code.value}'" for code in sorted(codes)) for codes in (NEEDS_COUNSEL, ORDERS, WEIGHED)
)
_OURS = ",".join(OURS)
#: What a paper says is settled once it is answered; until then counsel may correct it. What it is about never changes.
MOVES = f"""
create function process_paper_moves() returns trigger language plpgsql as $$
declare
  moving text[] := array['state', 'held_from', 'kind', 'purpose', 'categories', 'fields', 'represented', 'stated_by',
    'said', 'until_at', 'due_at', 'counsel', 'counsel_advice', 'counsel_said', 'counsel_reviewed_at', 'counsel_by',
    'oral_at', 'told_at', 'told_how', 'not_told', 'safety', 'answered_at', 'answered_until_at', 'because', 'closed_at',
    'quiet_how', 'quiet_by', 'quiet_until_at'];
  later text[] := array['state', 'told_at', 'told_how', 'because', 'closed_at', 'quiet_how', 'quiet_by',
    'quiet_until_at'];
begin
  if tg_op = 'INSERT' then
    if new.state <> 'received' or new.answered_at is not null or new.counsel_reviewed_at is not null then
      raise exception 'a paper begins as received';
    end if;
  elsif (new.kind in ({_ORDERS}) and new.claimed not in ({_ORDERS}))
     or (new.kind <> new.claimed and '{{{_OURS}}}'::text[] && array[new.kind, new.claimed]::text[]) then
    raise exception 'a paper never becomes more than it said it was';
  elsif to_jsonb(old) - moving <> to_jsonb(new) - moving
     or (old.answered_at is not null and to_jsonb(old) - later <> to_jsonb(new) - later)
     or old.state = 'closed'
     or (old.state in ('answered', 'refused') and new.state not in (old.state, 'closed')) then
    raise exception 'a paper only moves on';
  elsif new.state = 'answered' and old.state not in ('answered', 'counsel_reviewed')
     and (new.kind in ({_COUNSEL}) or (new.kind = 'finding' and new.purpose = 'fatality_review')) then
    raise exception 'counsel looks at it first';
  elsif 'counsel_reviewed' in (old.state, old.held_from) and (
     (old.kind, old.purpose, old.categories, old.fields, old.until_at)
       is distinct from (new.kind, new.purpose, new.categories, new.fields, new.until_at)
     or exists (select from unnest(new.represented) said
       where said in ({_WEIGHED}) and said <> all (old.represented))) then
    raise exception 'counsel is asked again before a paper says more';
  end if;
  return new;
end $$
"""  # noqa: S608 - our own constants

#: An accounting waits from when law enforcement asks, by the database's clock: asked by word of mouth thirty days, once;
#: asked in writing for the time it states, a year at most (45 CFR 164.528(a)(2)).
WAITS = f"""
create function process_accounting_waits() returns trigger language plpgsql as $$
begin
  if new.quiet_how <> '' and (tg_op = 'INSERT'
     or (old.quiet_how, old.quiet_until_at) is distinct from (new.quiet_how, new.quiet_until_at)) then
    if tg_op = 'INSERT' or (new.quiet_how = 'oral' and old.quiet_how <> '')
       or new.quiet_until_at > statement_timestamp() + (case new.quiet_how
         when 'oral' then interval '{ORAL_DAYS} days' else interval '{LONGEST_WAIT.days} days' end) then
      raise exception 'an accounting waits as long as the law lets it';
    end if;
  end if;
  return new;
end $$
"""  # noqa: S608 - our own constants

#: An answer to a partner rests on a paper of that partner that has been through its path; and of a victim service
#: provider nothing but an order, a warrant, a report that a statute demands, or the review of a death opens anything
#: (34 USC 12291(b)(2)(C); 28 CFR 90.4(b)(4)).
RESTS = f"""
create function process_answers_a_paper() returns trigger language plpgsql as $$
begin
  if not exists (
    select from process_paper paper
      where paper.agency_id = new.agency_id and paper.id = new.paper and paper.client_id = new.client_id
        and paper.subject_id = new.subject_id and paper.partner_id = new.recipient_id
        and paper.purpose = new.purpose and paper.state = 'answered'
        and new.until_at <= paper.until_at and new.until_at <= paper.answered_until_at
        and (paper.counsel_advice = 'answer' or (paper.counsel_advice = '' and paper.kind not in ({_COUNSEL})))
        and not exists (select from jsonb_object_keys(new.grants) named where named <> all (paper.categories))
        and (paper.kind in ('court_order', 'warrant', 'mandated_report')
          or (paper.kind = 'finding' and paper.purpose = 'fatality_review' and paper.counsel_advice = 'answer')
          or not exists (select from partners_agency where id = new.agency_id
            and duties && array['vawa', 'voca', 'fvpsa']::varchar[]))
  ) then
    raise exception 'an answer rests on a paper that has been through its path';
  end if;
  return new;
end $$
"""  # noqa: S608 - our own constants

#: What somebody has a paper about is not destroyed while the paper waits: deleting her file would be an answer, too.
KEEPS = """
create function process_paper_keeps_file() returns trigger language plpgsql as $$
begin
  if exists (
    select from process_paper paper where paper.agency_id = old.agency_id and paper.client_id = old.id
      and paper.kind <> 'finding' and paper.state in ('received', 'counsel_asked', 'counsel_reviewed', 'hold')
  ) then
    raise exception 'a file is kept while a paper about it waits';
  end if;
  return old;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("process", "0001_initial"), ("sharing", "0002_security")]
    operations = [
        *agency_owned(
            "process_paper",
            policies={"delete": "never"},
            references={"client_id": "vault_client", "subject_id": "vault_person"},
        ),
        *agency_owned(
            "process_step", policies={"update": "never", "delete": "never"}, references={"paper_id": "process_paper"}
        ),
        *agency_owned(
            "process_given",
            policies={"update": "never", "delete": "never"},
            references={"paper_id": "process_paper", "client_id": "vault_client"},
        ),
        *agency_owned("process_breach", policies={"update": "never", "delete": "never"}),
        *agency_owned("process_notice", policies={"update": "never", "delete": "never"}),
        *statements(
            MOVES,
            "create trigger process_paper_moves before insert or update on process_paper"
            " for each row execute function process_paper_moves()",
            WAITS,
            "create trigger process_accounting_waits before insert or update on process_paper"
            " for each row execute function process_accounting_waits()",
            RESTS,
            "create trigger process_answers_a_paper after insert on sharing_answered"
            " for each row execute function process_answers_a_paper()",
            KEEPS,
            "create trigger process_paper_keeps_file before delete on vault_shred"
            " for each row execute function process_paper_keeps_file()",
        ),
    ]

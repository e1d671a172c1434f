"""What the rules want to be a gap, as SQL over whole tables: one statement for one file, for what changed, for all.

Row-level security narrows every table named here to the agency that asks. Only codes, links and moments are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accord.learning.gaps.rules import Rule, Watched

#: The rules that count here. A rule stands once for each due it names, and once where it names none.
_RULES: Final = """
watching (rule, watches, waits, service, protocol, due, rest, after) as materialized (
  select rule, watches, waits, service, protocol, due, rest, after
  from unnest(%(rules)s::text[], %(watches)s::text[], %(waits)s::text[], %(services)s::text[], %(protocols)s::text[],
    %(dues)s::text[], %(rests)s::bool[], %(afters)s::interval[], %(kinds)s::text[])
    as rule (rule, watches, waits, service, protocol, due, rest, after, kinds)
  where kinds = '' or (select kind from partners_agency where id = %(agency)s) = any (string_to_array(kinds, ','))
)"""

#: Files whose work goes on. Nothing is asked about one that is closed or gone.
_FILES: Final = """
file as (
  select id from vault_client
  where status = 'open' and wrapped_key is not null
    and (%(all)s or id = any (%(files)s::uuid[]) or merged_into_id = any (%(files)s::uuid[]))
)"""

#: A due that is open past its clock, for the rule that names it, or else for the one that watches the rest.
_DUES: Final = """
  select file.id, coalesce(named.rule, rest.rule), due.id, due.due_at + coalesce(named.after, rest.after)
  from file join tracks_due due on due.client_id = file.id and due.met_at is null
      and due.due_at <= %(at)s - %(least)s::interval
    join tracks_track track on track.agency_id = due.agency_id and track.id = due.track_id
    left join watching named on named.protocol = track.protocol and named.due = due.code
    left join watching rest on rest.rest and named.rule is null and not due.optional
  where due.due_at + coalesce(named.after, rest.after) <= %(at)s"""

#: A release that ends, unless she has signed one that goes on longer for the same partner and purpose.
_RELEASES: Final = """
  select file.id, rule.rule, mine.id, mine.until_at + rule.after
  from file join sharing_release mine on mine.client_id = file.id and mine.signed_at is not null
      and mine.withdrawn_at is null and mine.ended_at is null and mine.until_at > %(at)s
    join watching rule on rule.watches = 'release' and mine.until_at + rule.after <= %(at)s
  where not exists (
    select from sharing_release other
    where other.agency_id = mine.agency_id and other.client_id = mine.client_id
      and other.recipient_id = mine.recipient_id and other.purpose = mine.purpose and other.signed_at is not null
      and other.withdrawn_at is null and other.ended_at is null and other.until_at > mine.until_at
  )"""

#: The last of what a partner shares about somebody ends. An envelope that was taken back is not there any more.
_RECEIPTS: Final = """
  select last.client_id, rule.rule, last.id, last.until_at + rule.after
  from (
    select distinct on (receipt.client_id, receipt.partner_id) receipt.client_id, receipt.id, receipt.until_at
    from file join sharing_receipt receipt on receipt.client_id = file.id and receipt.until_at > %(at)s
      join sharing_envelope envelope on envelope.agency_id = receipt.agency_id and envelope.id = receipt.envelope
        and envelope.withdrawn_at is null
    order by receipt.client_id, receipt.partner_id, receipt.until_at desc, receipt.accepted_at, receipt.id
  ) last join watching rule on rule.watches = 'receipt' and last.until_at + rule.after <= %(at)s"""

#: A referral of ours without the answer that was agreed, or whose yes led to no meeting that we know of. A rule for
#: some services goes before the one for all.
_REFERRALS: Final = """
  select file.id, rule.rule, mine.id, wait.clock_at + rule.after
  from file join referrals_referral mine on mine.client_id = file.id and mine.sent_at is not null
      and mine.closed_at is null and mine.ended_at is null
    cross join lateral (values
      ('answer', case when mine.answered_at is null
        and not exists (select from referrals_no no where no.id = mine.id) then mine.answer_due_at end),
      ('meeting', case when mine.state = 'accepted' and mine.met_at is null then mine.answered_at end)
    ) wait (waits, clock_at)
    join watching rule on rule.watches = 'referral' and rule.waits = wait.waits
      and wait.clock_at + rule.after <= %(at)s
      and (rule.service = mine.service or (rule.service = '' and not exists (
        select from watching named
        where named.watches = 'referral' and named.waits = rule.waits and named.service = mine.service)))"""

#: Somebody who was referred to us, whom we accepted and have not reached.
_INCOMING: Final = """
  select file.id, rule.rule, ours.id, ours.contact_due_at + rule.after
  from file join referrals_answer ours on ours.client_id = file.id and ours.state = 'accepted'
      and ours.contacted_at is null
    join watching rule on rule.watches = 'incoming' and ours.contact_due_at + rule.after <= %(at)s"""

_WANTED: Final = f"""
wanted (client_id, rule, "of", since_at) as materialized (
{_DUES}
  union all
{_RELEASES}
  union all
{_RECEIPTS}
  union all
{_REFERRALS}
  union all
{_INCOMING}
)"""

#: Opens what is a gap now (`rules.asked_since` says the same of values), closes what is none, and counts both.
SETTLE: Final = f"""
with {_RULES}, {_FILES}, {_WANTED},
found as (
  insert into gaps_gap (id, agency_id, client_id, rule, "of", since_at, found_at, answer)
  select gen_random_uuid(), %(agency)s, wanted.client_id, wanted.rule, wanted."of",
    case when last.answered_at >= wanted.since_at then last.again_at else wanted.since_at end, %(at)s, ''
  from wanted left join lateral (
    select answered_at, again_at from gaps_gap said
    where said."of" = wanted."of" and said.rule = wanted.rule and said.answered_at is not null
    order by said.answered_at desc limit 1
  ) last on true
  where (last.answered_at is null or last.answered_at < wanted.since_at or last.again_at <= %(at)s)
    and not exists (
      select from gaps_gap gap
      where gap."of" = wanted."of" and gap.rule = wanted.rule and gap.closed_at is null
    )
  on conflict (agency_id, rule, "of") where closed_at is null do nothing
  returning id
), gone as (
  update gaps_gap gap set closed_at = %(at)s
  where gap.closed_at is null
    and (%(all)s or gap.client_id = any (%(files)s::uuid[])
      or gap.client_id in (select id from vault_client where merged_into_id = any (%(files)s::uuid[])))
    and not exists (select from wanted where wanted.rule = gap.rule and wanted."of" = gap."of")
  returning id
)
select (select count(*) from found), (select count(*) from gone)"""  # noqa: S608 - our own constants

#: Files in which a clock has passed since the last look: a due, a release that begins to end or has ended, an answer
#: that put it off, a no that a partner sent. (What a save changes is looked at with it.)
CHANGED: Final = f"""
with {_RULES}, clock (after) as (select distinct after from watching)
select due.client_id from clock join tracks_due due on due.met_at is null
    and due.due_at > %(from)s - clock.after and due.due_at <= %(at)s - clock.after
union
select mine.client_id from (select after from clock union select interval '0') clock join sharing_release mine
    on mine.until_at > %(from)s - clock.after and mine.until_at <= %(at)s - clock.after
union
select mine.client_id from clock join referrals_referral mine on mine.closed_at is null
    and mine.answer_due_at > %(from)s - clock.after and mine.answer_due_at <= %(at)s - clock.after
union
select mine.client_id from clock join referrals_referral mine on mine.closed_at is null
    and mine.answered_at > %(from)s - clock.after and mine.answered_at <= %(at)s - clock.after
union
select mine.client_id from referrals_no no join referrals_referral mine on mine.id = no.id
  where no.told_at > %(from)s and no.told_at <= %(at)s
union
select ours.client_id from clock join referrals_answer ours on ours.state = 'accepted'
    and ours.contact_due_at > %(from)s - clock.after and ours.contact_due_at <= %(at)s - clock.after
union
select client_id from gaps_gap where again_at > %(from)s and again_at <= %(at)s"""  # noqa: S608 - our own constants


def parameters(rules: Mapping[str, Rule], agency: UUID, at: datetime) -> dict[str, Any]:
    """What the statements above are given."""
    rows = [
        (rule, service, protocol, due)
        for rule in rules.values()
        for service in sorted(rule.services) or [""]
        for protocol, due in sorted(rule.dues) or [("", "")]
    ]
    afters = [rule.after for rule in rules.values() if rule.watches is Watched.DUE]
    return {
        "agency": agency,
        "at": at,
        "least": min(afters),
        "rules": [rule.code for rule, *_ in rows],
        "watches": [rule.watches.value for rule, *_ in rows],
        "waits": [rule.waits.value if rule.waits else "" for rule, *_ in rows],
        "services": [service for _, service, _, _ in rows],
        "protocols": [protocol for *_, protocol, _ in rows],
        "dues": [due for *_, due in rows],
        "rests": [rule.rest for rule, *_ in rows],
        "afters": [rule.after for rule, *_ in rows],
        "kinds": [",".join(sorted(rule.kinds)) for rule, *_ in rows],
    }

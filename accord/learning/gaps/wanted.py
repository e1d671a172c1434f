"""What the rules want to be a gap, as SQL over whole tables: one statement for one file, for what changed, for all.

Row-level security narrows every table named here to the agency that asks. Only codes, links and moments are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accord.learning.gaps.rules import Rule, Waits, Watched

#: The rules that count here. A rule stands once for each due it names, and once where it names none.
_RULES: Final = """
watching (rule, priority, watches, waits, service, protocol, due, rest, after) as materialized (
  select rule, priority, watches, waits, service, protocol, due, rest, after
  from unnest(%(rules)s::text[], %(priorities)s::int[], %(watches)s::text[], %(waits)s::text[],
    %(services)s::text[], %(protocols)s::text[], %(dues)s::text[], %(rests)s::bool[], %(afters)s::interval[],
    %(kinds)s::text[])
    as rule (rule, priority, watches, waits, service, protocol, due, rest, after, kinds)
  where kinds = '' or (select kind from partners_agency where id = %(agency)s) = any (string_to_array(kinds, ','))
)"""

#: These files and those merged into them. As an array it is asked for once, and each table is read by its index.
_OF_SOME: Final = """{column} = any (array(
      select id from vault_client where id = any (%(files)s::uuid[]) or merged_into_id = any (%(files)s::uuid[])))"""
#: Files whose work goes on. Nothing is asked about one that is closed or gone.
_FILES: Final = """
file as (
  select id from vault_client
  where status = 'open' and wrapped_key is not null
    and {id}
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

#: What a partner told is open, as long as something that says so lives and nothing says that it is over, whatever
#: became of the envelope that did. The same told twice is one gap: of the receipt that came first.
_TOLD: Final = """
  select first.client_id, rule.rule, first.id, least(first.told_at, first.accepted_at) + rule.after, first.tells
  from (
    select distinct on (receipt.client_id, receipt.partner_id, receipt.tells, receipt.told_at) receipt.*
    from file join sharing_receipt receipt on receipt.client_id = file.id and receipt.tells <> '' and not receipt.over
    order by receipt.client_id, receipt.partner_id, receipt.tells, receipt.told_at, receipt.accepted_at, receipt.id
  ) first
    join watching rule on rule.watches = 'told' and least(first.told_at, first.accepted_at) + rule.after <= %(at)s
    cross join lateral (
      select bool_or(receipt.over) as over, bool_or(not receipt.over and receipt.until_at > %(at)s
        and envelope.id is not null and envelope.withdrawn_at is null) as lives
      from sharing_receipt receipt left join sharing_envelope envelope
        on envelope.agency_id = receipt.agency_id and envelope.id = receipt.envelope
      where receipt.client_id = first.client_id and receipt.partner_id = first.partner_id
        and receipt.tells = first.tells and receipt.told_at = first.told_at
    ) said
  where said.lives and not said.over"""

#: `told`: the rule of the partner's by which something is open there; none where it is our own.
_WANTED: Final = f"""
wanted (client_id, rule, "of", since_at, told) as materialized (
  select own.*, '' from (
{_DUES}
  union all
{_RELEASES}
  union all
{_RECEIPTS}
  union all
{_REFERRALS}
  union all
{_INCOMING}
  ) own
  union all
{_TOLD}
)"""  # noqa: S608 - our own constants

_SETTLE: Final = f"""
with {_RULES}, {_FILES}, {_WANTED},
open_now as (select rule, "of" from gaps_gap where closed_at is null and {{client_id}}),
said as (
  select distinct on ("of", rule) "of", rule, answered_at, again_at from gaps_gap
  where answered_at is not null and {{client_id}}
  order by "of", rule, answered_at desc
),
found as (
  insert into gaps_gap (id, agency_id, client_id, rule, priority, "of", since_at, found_at, answer)
  select gen_random_uuid(), %(agency)s, wanted.client_id, wanted.rule,
    coalesce((select min(priority) from watching where watching.rule = wanted.told),
      (select min(priority) from watching where watching.rule = wanted.rule)), wanted."of",
    case when said.answered_at >= wanted.since_at then said.again_at else wanted.since_at end, %(at)s, ''
  from wanted left join said on said."of" = wanted."of" and said.rule = wanted.rule
  where (said.answered_at is null or said.answered_at < wanted.since_at or said.again_at <= %(at)s)
    and not exists (select from open_now gap where gap."of" = wanted."of" and gap.rule = wanted.rule)
  on conflict (agency_id, rule, "of") where closed_at is null do nothing
  returning id
), gone as (
  update gaps_gap gap set closed_at = %(at)s
  where gap.closed_at is null and {{client_id}}
    and not exists (select from wanted where wanted.rule = gap.rule and wanted."of" = gap."of")
  returning id
)
select (select count(*) from found), (select count(*) from gone)"""  # noqa: S608 - our own constants


def settle(*, everything: bool) -> str:
    """The statement that opens what is a gap now (`rules.asked_since` says the same of values), closes what is none,
    and counts both; for all files, or for some and those merged into them."""
    return _SETTLE.format(
        id="true" if everything else _OF_SOME.format(column="id"),
        client_id="true" if everything else _OF_SOME.format(column="client_id"),
    )


#: Where each clock stands: whose, and what must hold for it to run.
_CLOCKS: Final[Mapping[tuple[Watched, Waits | None], tuple[str, str]]] = {
    (Watched.DUE, None): ("due_at", "tracks_due where met_at is null"),
    (Watched.RELEASE, None): ("until_at", "sharing_release where signed_at is not null"),
    (Watched.REFERRAL, Waits.ANSWER): (
        "answer_due_at",
        "referrals_referral where answered_at is null and closed_at is null",
    ),
    (Watched.REFERRAL, Waits.MEETING): ("answered_at", "referrals_referral where closed_at is null"),
    (Watched.INCOMING, Waits.CONTACT): (
        "contact_due_at",
        "referrals_answer where state = 'accepted' and contacted_at is null",
    ),
}
#: What else may have changed by itself: a release has ended, a no came from a partner, a gap is asked again; what a
#: partner told was accepted into a new file (by a request that may have begun some minutes before it was done), has
#: ended, or was taken back.
_ELSE: Final = """
select client_id from sharing_release where until_at > %(from)s and until_at <= %(at)s
union
select mine.client_id from referrals_no no join referrals_referral mine on mine.id = no.id
  where no.told_at > %(from)s and no.told_at <= %(at)s
union
select client_id from gaps_gap where again_at > %(from)s and again_at <= %(at)s
union
select client_id from sharing_receipt where tells <> ''
  and accepted_at > %(from)s - interval '10 minutes' and accepted_at <= %(at)s
union
select client_id from sharing_receipt where tells <> '' and until_at > %(from)s and until_at <= %(at)s
union
select gap.client_id from gaps_gap gap
  join sharing_receipt receipt on receipt.agency_id = gap.agency_id and receipt.client_id = gap.client_id
    and receipt.tells <> '' and receipt.until_at > %(at)s
  where gap.closed_at is null and gap.rule = any(%(told)s::text[]) and not exists (
    select from sharing_envelope envelope
    where envelope.agency_id = receipt.agency_id and envelope.id = receipt.envelope)"""


def changed(rules: Mapping[str, Rule], since: datetime, at: datetime) -> tuple[str, dict[str, Any]]:
    """A statement and what it is given: files in which a clock has passed since the last look. (What a save changes is
    looked at with it; that the last of what a partner shares ends is found by the night's look.) Each span is a
    constant of its own, so that each table is read by its index."""
    told = [rule.code for rule in rules.values() if rule.watches is Watched.TOLD]
    given: dict[str, Any] = {"from": since, "at": at, "told": told}
    parts: list[str] = []
    for watched, waits, after in sorted({(rule.watches, rule.waits, rule.after) for rule in rules.values()}, key=str):
        if (watched, waits) in _CLOCKS:
            clock, rows = _CLOCKS[watched, waits]
            number = len(parts)
            given |= {f"from{number}": since - after, f"at{number}": at - after}
            parts.append(
                f"select client_id from {rows} and {clock} > %(from{number})s and {clock} <= %(at{number})s"  # noqa: S608
            )
    return "\nunion\n".join([*parts, _ELSE]), given


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
        "priorities": [int(rule.priority) for rule, *_ in rows],
        "watches": [rule.watches.value for rule, *_ in rows],
        "waits": [rule.waits.value if rule.waits else "" for rule, *_ in rows],
        "services": [service for _, service, _, _ in rows],
        "protocols": [protocol for *_, protocol, _ in rows],
        "dues": [due for *_, due in rows],
        "rests": [rule.rest for rule, *_ in rows],
        "afters": [rule.after for rule, *_ in rows],
        "kinds": [",".join(sorted(rule.kinds)) for rule, *_ in rows],
    }

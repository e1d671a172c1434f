"""Break one line at a time, and see a test fail: `make sabotage`, or `python -m tests.sabotage NAME...` for some.

Works on a copy; the checkout is never touched. A breakage that no test notices is printed and fails the run: either the
tests have a hole or the line does nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 600  # seconds for one breakage


@dataclass(frozen=True)
class Breakage:
    """One line made wrong: where, what stands there, what it becomes, and which tests must notice."""

    name: str
    file: str
    line: str
    broken: str
    tests: str


#: The cases by name first, which answer within seconds; then every question.
QUESTIONS = "tests/policy/test_seed_rules.py tests/policy/test_engine_release.py tests/policy/test_every_question.py"
BREAKAGES = (
    # the law
    Breakage("a withdrawn release still opens", "accord/policy/decide.py", 'if taken_back is not None and at >= taken_back:', 'if False:', QUESTIONS),
    Breakage("an ended release still opens", "accord/policy/decide.py", "    if at >= release.until:", "    if False:", QUESTIONS),
    Breakage("a release to somebody else opens", "accord/policy/decide.py", "in question.signed.to.get(recipient.id, ()):", "in question.signed:", QUESTIONS),
    Breakage("two releases of one id count", "accord/policy/facts.py", "return len({one.id for one in self}) == len(self)", "return True", QUESTIONS),
    Breakage("a release about somebody else opens", "accord/policy/decide.py", "release.subject != question.thing.subject", "False", QUESTIONS),
    Breakage("agencies may fetch", "accord/policy/decide.py", "if asker.id != holder.id:", "if False:", QUESTIONS),
    Breakage("bars are skipped", "accord/policy/decide.py", '_closers(here.bars, question)\n        or _unclear', '_unclear', QUESTIONS),
    Breakage("blocks are skipped", "accord/policy/decide.py", '    if blocks:\n        if not all(block.yields', '    if False:\n        if not all(block.yields', QUESTIONS),
    Breakage("VAWA needs no signature", "accord/policy/laws/us-federal.toml", 'duties = ["vawa"]\nelements = ["written", "signed", ', 'duties = ["vawa"]\nelements = ["written", ', QUESTIONS),
    Breakage("an exception speaks for any holder of its kind", "accord/policy/decide.py", 'if duty in one.duties and applies(one.when, ask.question)', 'if applies(one.when, ask.question)', QUESTIONS),
    Breakage("a mark changes nothing", "accord/policy/decide.py", 'here.keys if question.thing.marks else here.keys_of_unmarked', 'here.keys_of_unmarked', QUESTIONS),
    Breakage("an exception needs no agreement", "accord/policy/decide.py", '    if one.agreement:\n        agreement', '    if one.agreement:\n        ends.append(ask.at + timedelta(days=9))\n    if False:\n        agreement', QUESTIONS),
    Breakage("a suspended agreement counts", "accord/policy/decide.py", "if not agreement.suspended\n        and ", "if ", QUESTIONS),
    Breakage("an agreement past its review counts", "accord/policy/decide.py", "agreement.since <= at < agreement.until", "agreement.since <= at", QUESTIONS),
    Breakage("an agreement of others counts", "accord/policy/decide.py", "        and {question.holder.id, recipient.id} <= agreement.parties\n", "", QUESTIONS),
    Breakage("an agreement about something else counts", "accord/policy/decide.py", "        and question.thing.category in agreement.categories\n", "", QUESTIONS),
    Breakage("an agreement counts for any purpose", "accord/policy/decide.py", "        and question.purpose in agreement.purposes\n", "", QUESTIONS),
    Breakage("what one law compels is compelled for all", "accord/policy/decide.py", "tries.append(((*compelled, *excepted), Basis.EXCEPTION, True))", "tries.append(((*compelled, *excepted), Basis.COMPELLED, True))", QUESTIONS),
    Breakage("what one law compels brings no duties", "accord/policy/decide.py", "compelled=any(way.compels for way in ways),", "compelled=basis is Basis.COMPELLED,", QUESTIONS),
    Breakage("an exception goes before her release", "accord/policy/decide.py", 'if gives > worth:', 'if gives >= worth:', QUESTIONS),
    Breakage("an exception for a victim service provider may be written", "accord/policy/law.py", 'if agreement or not (totals or purposes == {Purpose.FATALITY_REVIEW}):', 'if False:', "tests/policy/test_engine_loader.py"),
    Breakage("a community may open", "accord/policy/law.py", "rule.layer is Layer.COMMUNITY and rule.step not in NARROWING", "False", "tests/policy/test_engine_loader.py"),
    Breakage("probation tells of treatment", "accord/policy/laws/us-federal.toml", 'opens = { identity = "summary", legal = "summary" }', 'opens = { identity = "summary", legal = "full" }', QUESTIONS),
    Breakage("the danger screen goes to court unagreed", "accord/policy/laws/us-federal.toml", 'purposes = ["prosecution", "protective_order"]\nagreement = true', 'purposes = ["prosecution", "protective_order"]\ndays = 365', QUESTIONS),
    Breakage("any signed page opens substance use records", "accord/policy/laws/us-federal.toml", '"right_to_revoke", "substance_use",', '"right_to_revoke",', QUESTIONS),
    Breakage("substance use records go into proceedings", "accord/policy/laws/us-federal.toml", '    { mark = ["sud"], purpose = ["investigation", "prosecution", "legal_process", "locate", "discovery"] },\n', '', QUESTIONS),
    Breakage("no Part 2 notice goes along", "accord/policy/laws/house-rules.toml", 'obligation = "part2_notice"\nwhen = [{ holder_duty = ["part2"], released = true }, ', 'obligation = "part2_notice"\nwhen = [', QUESTIONS),
    Breakage("a file kept to some is open to all", "accord/policy/laws/house-rules.toml", 'block = "need_to_know"\nagainst = ["subject"]', 'block = "need_to_know"\nagainst = ["recipient_person"]', QUESTIONS),
    Breakage("a worker sets walls", "accord/policy/laws/own-agency.toml", '"contact_client", "merge_clients",\n    "receive_process"', '"contact_client", "merge_clients", "wall_client",\n    "receive_process"', QUESTIONS),
    # the gate
    Breakage("a law widens what she signed", "accord/gate/disclosure.py", "on_release=bool(releases)", "on_release=False", "tests/rooms/test_spine.py"),
    Breakage("any client may be asked for", "accord/gate/entrance.py", "if standing is None or thing is None:", "if standing is None:", "tests/rooms/test_spine.py tests/proofs"),
    Breakage("only the first verb is asked about", "accord/gate/entrance.py", "for verb in asked.verbs:", "for verb in asked.verbs[:1]:", "tests/rooms/test_spine.py tests/proofs tests/house"),
    Breakage("no leaf for a yes", "accord/gate/entrance.py", "self._write(asked, decision, outcome=True, permit=permit)", "pass", "tests/rooms/test_spine.py"),
    Breakage("no leaf for a no", "accord/gate/entrance.py", "            self._refuse(asked, no.decision if isinstance(no, _No) else None)\n", "", "tests/rooms/test_spine.py"),
    Breakage("no leaf for what was not there", "accord/gate/entrance.py", "except (_No, Refused) as no:", "except _No as no:", "tests/rooms/test_jobs.py"),
    Breakage("a permit outlives its transaction", "accord/gate/entrance.py", "                    permit.close()", "                    pass", "tests/proofs tests/rooms"),
    Breakage("nobody is warned of what police must keep", "accord/gate/disclosure.py", "keeps=applies(duties.get(Obligation.RETAIN_SEALED, ()), question)", "keeps=False", "tests/rooms/test_web_releases.py"),
    Breakage("full where she said summary", "accord/gate/disclosure.py", "content and narrowed(content, level)", "content", "tests/rooms/test_spine.py"),
    # who may know of what inside an agency
    Breakage("a list forgets who may know of a file", "accord/vault/queries.py", 'rows = within(permit, Client.objects.filter(wrapped_key__isnull=False, status="open"), "id")', 'rows = Client.objects.filter(wrapped_key__isnull=False, status="open")', "tests/proofs/test_list_is_door.py tests/rooms/test_walls.py"),
    Breakage("a wall is not loaded", "accord/gate/entrance.py", "conflicts=conflicts)", "conflicts=frozenset())", "tests/rooms/test_walls.py"),
    Breakage("need to know is skipped", "accord/gate/entrance.py", "blocks = (*blocks, Block(BlockKind.NEED_TO_KNOW, thing.subject))", "pass", "tests/rooms/test_walls.py"),
    Breakage("a wall forgets merged files", "accord/vault/facts.py", 'hidden = _families(found["wall"], found["merged"])', 'hidden = frozenset(found["wall"])', "tests/rooms/test_merge.py"),
    Breakage("the cousin sees what she was kept from", "accord/sharing/queries.py", "away = {row.thread if threads else row.id for row in kept}", "away = set()", "tests/rooms/test_walls.py"),
    Breakage("the cousin opens the file it was accepted into", "accord/sharing/actions.py", "away=set().union(*who.values())", "away=()", "tests/rooms/test_walls.py"),
    Breakage("nobody is found by name", "accord/vault/actions.py", "    _met(permit, at, facts.watch(permit.opened()), tokens)", "    return", "tests/rooms/test_found_walls.py"),
    Breakage("who joins is not looked for", "accord/doors/web/views/staff.py", "look_for(permit=permit, at=permit.at, member_id=joined)", "pass", "tests/rooms/test_found_walls.py"),
    Breakage("a name takes the last who can lift", "accord/vault/actions.py", "if walled == MOST_BY_NAME or _last(permit, whole, each.member):", "if walled == MOST_BY_NAME:", "tests/rooms/test_found_walls.py"),
    Breakage("names wall off everybody at once", "accord/vault/rules.py", "MOST_BY_NAME = 2", "MOST_BY_NAME = 99", "tests/rooms/test_found_walls.py"),
    Breakage("a first name alone is somebody", "accord/vault/likeness.py", "SHARED = 2", "SHARED = 1", "tests/rooms/test_found_walls.py"),
    Breakage("what a partner says of a colleague is shown to her", "accord/sharing/queries.py", "away |= _hers(permit, rows, contents)", "pass", "tests/rooms/test_found_walls.py"),
    Breakage("a broken glass never closes", "accord/vault/facts.py", "rows = Glass.objects.filter(member_id=member_id, until_at__gt=Now())", "rows = Glass.objects.filter(member_id=member_id, until_at__isnull=False)", "tests/rooms/test_glass.py"),
    Breakage("one person crosses a wall", "accord/vault/facts.py", 'if kind == "crossing" or not opens & hidden:', "if True:", "tests/rooms/test_glass.py"),
    Breakage("the glass opens every verb", "accord/gate/entrance.py", "if broken is None or not GLASS_OPENS.issuperset(asked.verbs):", "if broken is None:", "tests/rooms/test_glass.py"),
    Breakage("lists show more while a glass stands", "accord/gate/entrance.py", "until=broken.until), Scope(only=files)", "until=broken.until), EVERYTHING", "tests/rooms/test_glass.py"),
    Breakage("a partner seconds for a victim service provider", "accord/vault/facts.py", "if VICTIM_SERVICE_DUTIES.intersection(duties):", "if False:", "tests/rooms/test_glass.py"),
    Breakage("codes are guessed through a glass", "accord/vault/rules.py", "GLASS_MOST = 5", "GLASS_MOST = 99", "tests/rooms/test_glass.py"),
    Breakage("she is her own second at a partner", "accord/vault/facts.py", "exclude(id__in=[agency_id, *elsewhere])", "exclude(id=agency_id)", "tests/rooms/test_glass.py"),
    Breakage("the database counts no glasses", "accord/vault/migrations/0003_walls_and_glass.py", "interval '24 hours') >= 5 then", "interval '24 hours') >= 99 then", "tests/rooms/test_glass.py"),
    Breakage("a shelter's yes goes to another file's release", "accord/sharing/actions.py", "        id=release_id,\n        client_id=client_id,\n        instrument=", "        id=release_id,\n        instrument=", "tests/rooms/test_instruments.py"),
    Breakage("a supervisor seconds", "accord/policy/laws/own-agency.toml", '"export_caseload", "approve_export", "declare_ties", "break_glass",', '"export_caseload", "approve_export", "declare_ties", "break_glass", "second_glass",', "tests/policy/test_engine_own.py"),
    Breakage("the asker sees the refusal", "accord/vault/queries.py", 'state = "waits" if view.state == "refused" else view.state', "state = view.state", "tests/rooms/test_glass.py"),
    Breakage("she looks at what she agreed to", "accord/vault/actions.py", "if glass is None or permit.member_id in (glass.member_id, glass.second_by):", "if glass is None:", "tests/rooms/test_glass.py"),
    # cases on their way
    Breakage("two go the same step", "accord/coordination/tracks/actions.py", "    if row.number != number_seen:", "    if False:", "tests/rooms/test_tracks.py"),
    Breakage("anybody overrides a guard", "accord/coordination/tracks/rules.py", "or Role.SUPERVISOR not in roles:", "or False:", "tests/rooms/test_tracks.py"),
    Breakage("a guard is overridden without a reason", "accord/coordination/tracks/rules.py", "or not because.strip() or", "or", "tests/rooms/test_tracks.py"),
    Breakage("an override is forgotten", "accord/coordination/tracks/actions.py", 'because=because if overridden else "",', 'because="",', "tests/rooms/test_tracks.py"),
    Breakage("any agency begins any protocol", "accord/coordination/tracks/rules.py", "if kind not in protocol.kinds:", "if False:", "tests/rooms/test_tracks.py"),
    Breakage("a protocol is about anybody", "accord/coordination/tracks/rules.py", "if about not in protocol.about:", "if False:", "tests/rooms/test_tracks.py"),
    Breakage("a child's step says where the child is", "accord/coordination/tracks/actions.py", "about_a_child(protocol.category, marks, given)", "pass", "tests/rooms/test_tracks.py"),
    Breakage("my day lists what she may not know of", "accord/coordination/tracks/queries.py", "rows = within(permit, Due.objects.filter(met_at__isnull=True, due_at__lt=permit.at + rules.SOON))", "rows = Due.objects.filter(met_at__isnull=True, due_at__lt=permit.at + rules.SOON)", "tests/rooms/test_tracks.py"),
    Breakage("clocks run on when a state is left", "accord/coordination/tracks/actions.py", "    _left(permit, row, protocol, before, happened, going_on)\n", "", "tests/rooms/test_tracks.py"),
    Breakage("what she declined is asked again", "accord/coordination/tracks/actions.py", 'if how != "done":', "if False:", "tests/rooms/test_tracks.py"),
    Breakage("a state changes without a step", "accord/coordination/tracks/migrations/0002_security.py", "raise exception 'a track moves together with a step'", "return new", "tests/rooms/test_tracks.py"),
    Breakage("a step is rewritten", "accord/coordination/tracks/migrations/0002_security.py", "raise exception 'a step is never changed'", "return new", "tests/rooms/test_tracks.py"),
    Breakage("a clock ends twice", "accord/coordination/tracks/migrations/0002_security.py", "elsif old.met_at is not null or new.met_at is null or", "elsif", "tests/rooms/test_tracks.py"),
    Breakage("a deleted file leaves its cases", "accord/coordination/tracks/migrations/0002_security.py", "when (new.wrapped_key is null)", "when (false)", "tests/rooms/test_tracks.py"),
    # what an agency holds itself to
    Breakage("an agency is laxer than was agreed", "accord/coordination/protocols/own.py", "own.within is None or _pointless(due, own.within) else", "own.within is None else", "tests/rooms/test_own_times.py"),
    Breakage("of two times the later counts", "accord/coordination/protocols/rules.py", "due_at = min(own_at, agreed_at)", "due_at = own_at", "tests/rooms/test_own_times.py"),
    Breakage("a longer time is taken for a sooner one", "accord/coordination/protocols/own.py", "(24 * other.count - 1) * 60", "24 * other.count * 60", "tests/rooms/test_own_times.py"),
    Breakage("what was noted comes back with our own time", "accord/coordination/tracks/rules.py", "if each.known_by in before", "if (each.due.code, each.due_at) in before", "tests/rooms/test_own_times.py"),
    Breakage("every agency sees what one asks of itself", "accord/coordination/protocols/migrations/0002_security.py", 'policies={"update": "never", "delete": "never"}', 'policies={"select": "true", "update": "never", "delete": "never"}', "tests/rooms/test_own_times.py"),
    Breakage("what an agency asks of itself is edited", "accord/coordination/protocols/migrations/0002_security.py", "if tg_op <> 'INSERT' then raise exception", "if tg_op <> 'INSERT' then return null; raise exception", "tests/rooms/test_own_times.py"),
    Breakage("an agency holds itself to what others do", "accord/coordination/protocols/own.py", "if due is None or not ours(due, kind):", "if due is None:", "tests/rooms/test_own_times.py"),
    Breakage("what we always write down is left out", "accord/coordination/protocols/own.py", "needs=(*way.needs, *asked)", "needs=way.needs", "tests/rooms/test_own_times.py"),
    Breakage("a step goes by what was agreed alone", "accord/coordination/tracks/actions.py", "protocol = protocols.held(protocols.protocol(row.protocol, row.version), permit.agency_id, at)", "protocol = protocols.protocol(row.protocol, row.version)", "tests/rooms/test_own_times.py"),
    # referrals
    Breakage("what goes along is read before a yes", "accord/sharing/migrations/0002_security.py", 'OPEN = "(referral is null or sharing_said_yes(referral, holder_id))"', 'OPEN = "true"', "tests/rooms/test_referrals.py"),
    Breakage("anybody's yes opens it", "accord/sharing/migrations/0002_security.py", " and id = referral and holder_id = holder)", ")", "tests/rooms/test_referrals.py tests/rooms/test_referral_loops.py"),
    Breakage("a yes needs no answer", "accord/coordination/referrals/migrations/0002_security.py", "and said.state = 'accepted' and came.withdrawn_at is null", "and came.withdrawn_at is null", "tests/rooms/test_referrals.py"),
    Breakage("a referral rests on nothing", "accord/coordination/referrals/migrations/0002_security.py", "if new.withdrawn_at is not null or not exists (", "if false and not exists (", "tests/rooms/test_referrals.py"),
    Breakage("a shelter tells a no", "accord/coordination/referrals/rules.py", "return reason in OURS and SILENT.isdisjoint(duties)", "return reason in OURS", "tests/rooms/test_referrals.py"),
    Breakage("a no says something about her", "accord/coordination/referrals/rules.py", "return reason in OURS and SILENT", "return SILENT", "tests/rooms/test_referrals.py"),
    Breakage("the database lets a shelter tell a no", "accord/coordination/referrals/migrations/0002_security.py", "and duties && '{{{_SILENT}}}'::varchar[])", "and false)", "tests/rooms/test_referrals.py"),
    Breakage("what was taken back stays readable", "accord/coordination/referrals/migrations/0002_security.py", '"select": f"{MINE} and withdrawn_at is null"', '"select": MINE', "tests/rooms/test_referrals.py"),
    Breakage("taking back leaves what went along", "accord/coordination/referrals/actions.py", "ended = sharing.end_along(permit=permit, at=at, referral_id=row.id)", "ended = 1", "tests/rooms/test_referrals.py"),
    Breakage("what she signs does not wait for the referral", "accord/gate/referring.py", "waiting=waiting)", "waiting=())", "tests/rooms/test_referrals.py"),
    Breakage("what follows does not wait for a yes", "accord/sharing/actions.py", "if referral else _referrals(permit, bases)", "if referral else {}", "tests/rooms/test_referrals.py"),
    Breakage("a referral goes without services", "accord/gate/referring.py", "thing.category is NEEDED and decision.level > Level.NONE", "True", "tests/rooms/test_referrals.py"),
    Breakage("the cousin sees that she was referred", "accord/coordination/referrals/facts.py", "if not any(is_named(name, own) for name in kept_from(permit, row))", "", "tests/rooms/test_referrals.py"),
    Breakage("an answer moves a referral back", "accord/coordination/referrals/rules.py", "return RANK[told] > RANK[now]", "return True", "tests/rooms/test_referrals.py tests/rooms/test_referral_loops.py"),
    Breakage("two take on one referral", "accord/coordination/referrals/actions.py", "    if answer.member not in (None, permit.member_id):", "    if False:", "tests/rooms/test_looked_after.py"),
    Breakage("it goes to whom she asked to be kept from", "accord/coordination/referrals/facts.py", "if not any(is_named(each, name) for each in names)}", "}", "tests/rooms/test_looked_after.py"),
    Breakage("who is missing in a list says whom she fears", "accord/coordination/referrals/queries.py", "return facts.offered(permit.agency_id, row)", "return facts.may_look_after(permit, [row])[row.id]", "tests/rooms/test_looked_after.py"),
    Breakage("what was taken back is handed over", "accord/coordination/referrals/facts.py", "~Q(state=Stand.WAITING) | Exists(came), ", "", "tests/rooms/test_looked_after.py"),
    Breakage("what was taken back goes to somebody", "accord/coordination/referrals/facts.py", "if row.state == Stand.WAITING and row.incoming not in came:", "if False:", "tests/rooms/test_looked_after.py"),
    Breakage("it goes to anybody", "accord/coordination/referrals/actions.py", "    if to_member not in facts.may_look_after(permit, [answer])[answer.id]:", "    if False:", "tests/rooms/test_looked_after.py"),
    Breakage("what came about her file goes to who is walled off", "accord/coordination/referrals/facts.py", "people = takers(permit.agency_id, row.client_id or tied.get(row.thread))", "people = takers(permit.agency_id, None)", "tests/rooms/test_looked_after.py"),
    Breakage("what another looks after stands on her day", "accord/coordination/referrals/queries.py", "theirs = Q(Exists(others))", "theirs = Q(id__isnull=True)", "tests/rooms/test_looked_after.py"),
    Breakage("a supervisor misses what is late", "accord/coordination/referrals/queries.py", "        theirs &= Q(due_at__gt=permit.at)", "        pass", "tests/rooms/test_looked_after.py"),
    Breakage("what she cannot take over stays with who left", "accord/coordination/referrals/actions.py", "            _looks_after(row, None)\n            permit.record", "            permit.record", "tests/rooms/test_looked_after.py"),
    Breakage("the board counts what came about files she may not know of", "accord/coordination/referrals/queries.py", "accepted = within(permit, Answer.objects.filter(client__isnull=False, state__in=OPEN_HERE))", "accepted = Answer.objects.filter(client__isnull=False, state__in=OPEN_HERE)", "tests/rooms/test_looked_after.py"),
    Breakage("late begins after its edge", "accord/coordination/referrals/queries.py", "Q(answer_due_at__lte=permit.at)", "Q(answer_due_at__lt=permit.at)", "tests/rooms/test_referrals.py"),
    # sharing
    Breakage("a summary carries the narrative", "accord/sharing/rules.py", "            summary=content.summary,\n            kept_from", "            summary=content.summary,\n            narrative=content.narrative,\n            kept_from", "tests/rooms/test_spine.py"),
    Breakage("withdrawing leaves the envelopes", "accord/sharing/actions.py", "withdrawn_at=at,\n        sealed=", "sealed=", "tests/rooms/test_spine.py tests/proofs"),
    Breakage("withdrawn content is kept by everybody", "accord/sharing/actions.py", "When(retain=True, then=F(\"sealed\"))", "When(retain=False, then=F(\"sealed\"))", "tests/proofs tests/rooms/test_spine.py"),
    Breakage("an instrument of its own opens anything", "accord/policy/decide.py", "if release.instrument is not Instrument.ORDINARY and all(key.instrument is not release.instrument for key in keys):", "if False:", "tests/rooms/test_instruments.py"),
    Breakage("what binds her is ended by a word", "accord/sharing/actions.py", "if release.signed_at is not None and release.fixed_until is not None", "if False", "tests/rooms/test_instruments.py"),
    Breakage("a victim service provider binds her", "accord/sharing/migrations/0002_security.py", "if new.fixed_until is not null and exists", "if false and exists", "tests/rooms/test_instruments.py"),
    Breakage("a permission of its own is combined", "accord/sharing/migrations/0002_security.py", "and other.instrument <> new.instrument", "and false", "tests/rooms/test_instruments.py"),
    Breakage("an instrument is changed after she signed", "accord/sharing/migrations/0002_security.py", "to_jsonb(old) - ends <> to_jsonb(new) - ends", "false", "tests/rooms/test_instruments.py"),
    Breakage("a shelter is told of without its person", "accord/sharing/actions.py", "if any(row.instrument == Instrument.SHELTER_PERMISSION and row.responsible_at is None for row in rows):", "if False:", "tests/rooms/test_instruments.py"),
    Breakage("any signed page says that substance use is meant", "accord/sharing/actions.py", "[Element.SUBSTANCE_USE.value] if row.id in meant else []", "[Element.SUBSTANCE_USE.value]", "tests/rooms/test_instruments.py"),
    Breakage("a ward is forgotten between page and law", "accord/sharing/facts.py", "            ward=row.signer_ward,\n", "", "tests/rooms/test_instruments.py"),
    Breakage("the dead are forgotten between page and law", "accord/sharing/facts.py", "            dead=row.signer_dead,\n", "", "tests/rooms/test_instruments.py"),
    Breakage("a victim service provider is offered to bind her", "accord/gate/instruments.py", " or (key.fixed_for and not holder.duties <= key.fixed_for)", "", "tests/rooms/test_instruments.py"),
    Breakage("the event does not end it", "accord/sharing/actions.py", "count = _end(permit, at, Envelope.objects.filter(release=release_id))", "count = 0", "tests/rooms/test_instruments.py"),
    Breakage("a release hangs on a service", "accord/doors/web/pages.py", "if ASKS_FOR_HER_WORD.intersection(self.verbs) and", "if False and", "tests/rooms/test_instruments.py"),
    Breakage("a report is not among the limits", "accord/gate/limits.py", "if agency.kind in report.reporters", "if False", "tests/rooms/test_limits.py"),
    # what if
    Breakage("what holds is not checked against what was recorded", "accord/gate/whatif.py", "if before.level != row.level:", "if False:", "tests/rooms/test_whatif.py"),
    Breakage("other rules than then are no matter", "accord/gate/whatif.py", "if _rules(before) != set(row.rules):", "if False:", "tests/rooms/test_whatif.py"),
    Breakage("a suspension today closes the past", "accord/partners/rules.py", "when if when and when <= at else None", "when", "tests/rooms/test_whatif.py"),
    Breakage("a suspended agreement holds in the draft", "accord/gate/whatif.py", "        others = tuple(each for each in agreements if each.id != str(self.agreement))", "        others = agreements", "tests/rooms/test_whatif.py"),
    Breakage("what was replaced is in force for ever", "accord/partners/facts.py", "at, replaced=gone)", "at, replaced=False)", "tests/rooms/test_whatif.py"),
    Breakage("what they may tell us lets us tell them", "accord/gate/whatif.py", "partners.between(words, ours, party)", "partners.between(words, party, ours)", "tests/rooms/test_whatif.py"),
    Breakage("a draft takes the place of what was not in force", "accord/gate/whatif.py", "if held or self.proposed else others", "", "tests/rooms/test_whatif.py"),
    Breakage("a paper that was closed was never there", "accord/process/facts.py", "State.ANSWERED if then and row.answered_at is not None else State(row.state)", "State(row.state)", "tests/rooms/test_whatif.py"),
    Breakage("a pair of papers is asked about one by one", "accord/gate/whatif.py", "if len(papers.together) > len(papers.alone) and", "if False and", "tests/rooms/test_whatif.py"),
    Breakage("a never said later closes the past", "accord/sharing/queries.py", "if never.since_at <= row.sent_at and (", "if (", "tests/rooms/test_whatif.py"),
    Breakage("what was sent from files she is kept from is counted", "accord/sharing/queries.py", 'rows = within(permit, Sent.objects.select_related("release", "flow", "answered").order_by("id"))', 'rows = Sent.objects.select_related("release", "flow", "answered").order_by("id")', "tests/rooms/test_whatif.py tests/proofs/test_list_is_door.py"),
    Breakage("what was carried may be made up", "accord/doors/web/views/whatif.py", "except signing.BadSignature:", "except ZeroDivisionError:", "tests/rooms/test_whatif.py"),
    Breakage("only the law between two kinds is compared", "accord/policy/compare.py", "if here == there and _beside(old) == _beside(new) and _beside(before) == _beside(after):", "if here == there:", "tests/policy/test_compare.py"),
    Breakage("what closes is called other", "accord/policy/compare.py", "        if not after.level:\n            return Change.CLOSES\n", "", "tests/policy/test_compare.py"),
    Breakage("no paper is asked about", "accord/policy/compare.py", "    for papers in _papers(ask, sides, tables):\n        yield Way.PAPER, replace(ask, processes=papers)\n", "", "tests/policy/test_compare.py"),
    Breakage("a deep draft is a traceback", "accord/policy/law.py", "        except RecursionError:\n            raise LawError(f\"{name}: it is nested too deep\") from None\n", "", "tests/rooms/test_cli_law.py"),
    Breakage("laws that differ end with 0", "accord/doors/cli/laws.py", "typer.Exit(1 if texts or answers else 0)", "typer.Exit(0)", "tests/rooms/test_cli_law.py"),
    # partners
    Breakage("one signature puts an agreement in force", "accord/partners/rules.py", "if not all(part.signed_at for part in own):", "if not any(part.signed_at for part in own):", "tests/rooms/test_partners.py"),
    Breakage("a suspended agreement is in force", "accord/partners/rules.py", "if any(part.suspended_at for part in own):", "if False:", "tests/rooms/test_partners.py"),
    Breakage("an agency from outside signs", "accord/partners/migrations/0002_security.py", " and new.agency_id = any(parties)", "", "tests/rooms/test_partners.py"),
    Breakage("who has left may come back", "accord/partners/migrations/0002_security.py", "elsif old.left_at is not null\n     or ", "elsif ", "tests/rooms/test_partners.py"),
    Breakage('what was replaced comes back', "accord/partners/rules.py", '    if replaced:\n        return Standing.REPLACED\n', '', "tests/rooms/test_partners.py"),
    Breakage('some parties replace what all agreed', "accord/partners/facts.py", 'replaced=(text.id, text.parties) in gone) is Standing.IN_FORCE', 'replaced=any(id == text.id for id, _parties in gone)) is Standing.IN_FORCE', "tests/rooms/test_partners.py"),
    Breakage('a way goes in both directions', "accord/partners/facts.py", 'if way == Way(sender, recipient, way.category, purpose)', 'if {way.sender, way.recipient} == {sender, recipient} and way.purpose is purpose', "tests/rooms/test_partners.py"),
    Breakage('a signature is not over the version', "accord/partners/rules.py", '            self.version.hex(),\n', '', "tests/rooms/test_partners.py"),
    Breakage("she is her own second under another account", "accord/vault/actions.py", "    if not glass.agreed and by_partner and is_named(by_partner.answered_name, member.name):", "    if False:", "tests/rooms/test_glass.py"),
    Breakage("a director is the second of whoever bears her name", "accord/vault/actions.py", "    if is_named(glass.member.name, Member.objects.get(id=permit.member_id).name):", "    if False:", "tests/rooms/test_glass.py"),
    Breakage("whoever reads her day reads what is to be looked at", "accord/vault/queries.py", "@needs(Verb.REVIEW_GLASS)\ndef glasses_to_review", "@needs(Verb.READ_DAY, Verb.REVIEW_GLASS)\ndef glasses_to_review", "tests/rooms/test_glass.py"),
    Breakage("what only a worker may comes along with another role", "accord/gate/entrance.py", "*self._besides(asked, standing.agency, other, thing", "*self._besides(asked, standing.agency, member, thing", "tests/rooms/test_glass.py"),
    Breakage('a change leaves what was signed', "accord/agreements/actions.py", '        _void(permit, at, bytes(newest.digest))\n', '', "tests/rooms/test_agreements.py"),
    Breakage('what is wrong is laid before the parties', "accord/agreements/actions.py", '    if wrong:\n        raise', '    if False:\n        raise', "tests/rooms/test_agreements.py"),
    Breakage("somebody else's draft is read", "accord/agreements/migrations/0002_security.py", 'PARTY = f"{ME} = any(parties)"', 'PARTY = f"{ME} is not null"', "tests/rooms/test_agreements.py tests/proofs/test_row_security.py"),
    Breakage('a draft is shown to whoever one party names', "accord/agreements/migrations/0002_security.py", " and parties = new.parties and new.agency_id = any(parties);\n  if not found then raise exception 'only a party", " and new.agency_id = any(parties);\n  if not found then raise exception 'only a party", "tests/rooms/test_agreements.py"),
    Breakage('a version follows nothing', "accord/agreements/migrations/0002_security.py", "  if new.number <> coalesce(place, 0) + 1 or new.before <> coalesce(newest, ''::bytea)\n", '  if false\n', "tests/rooms/test_agreements.py"),
    Breakage('a version that is not its hash is read', "accord/agreements/facts.py", '        if bytes(version.digest) != said or bytes(version.before) != before:', '        if False:', "tests/rooms/test_agreements.py"),
    Breakage('a provider tells under an agreement', "accord/agreements/rules.py", 'elif needs_release(holder.duties) and flow.ground is Ground.LAW:', 'elif False:', "tests/rooms/test_agreements.py"),
    Breakage('a row cites any rule', "accord/agreements/rules.py", 'elif flow.rule not in speaking(tables, holder, recipient, flow):', 'elif not flow.rule:', "tests/rooms/test_agreements.py"),
    Breakage('totals speak for one person', "accord/agreements/rules.py", ' and _about_nobody(when) is nobody for', '  for', "tests/rooms/test_agreements.py"),
    Breakage('names of survivors are matched by hash', "accord/agreements/rules.py", 'if "hashed" in (content.value("identifying", "keys") or ()) and parties.providers():', 'if False:', "tests/rooms/test_agreements.py"),
    Breakage('one agency closes a case', "accord/agreements/rules.py", 'if content.value("governance", "decides") == "one":', 'if False:', "tests/rooms/test_agreements.py"),
    Breakage('an annex is left out without a word', "accord/agreements/rules.py", '        if not _empty(content.value(annex.id, WITHOUT.id)):', '        if True:', "tests/rooms/test_agreements.py"),
    Breakage("a form leaves out what a party's law asks", "accord/agreements/rules.py", 'if given and code in wanted and code not in given:', 'if False:', "tests/rooms/test_agreements.py"),
    Breakage('a promise of the room is not heard', "accord/agreements/rules.py", '            if match and not _DENIED', '            if False and not _DENIED', "tests/rooms/test_agreements.py"),
    Breakage("she keeps her clients when she leaves", "accord/doors/web/views/staff.py", 'handed = handing.hand_over(permit, member_id, form.taker, form.cleaned_data["note"])', "pass", "tests/rooms/test_web_partners.py"),
    Breakage("a never is not asked about", "accord/gate/disclosure.py", "blocks=blocks, releases=(fact,)", "blocks=(), releases=(fact,)", "tests/rooms/test_flows.py"),
    Breakage("a never does not stop a flow", "accord/gate/flows.py", "blocks=self._blocks[flow.client_id]", "blocks=()", "tests/rooms/test_flows.py"),
    Breakage("whom it is kept from does not go along", "accord/sharing/actions.py", "content = replace(content, kept_from=names)", "pass", "tests/rooms/test_flows.py"),
    Breakage("another agreement carries the flow", "accord/gate/flows.py", " if each.id == str(flow.agreement)", "", "tests/rooms/test_flows.py"),
    Breakage("a flow carries what is about her child", "accord/gate/flows.py", "thing.relation is Relation.SELF and ", "", "tests/rooms/test_flows.py"),
    Breakage("ending a flow leaves the envelopes", "accord/sharing/actions.py", "count = _end(permit, at, Envelope.objects.filter(flow=flow_id))", "count = 0", "tests/rooms/test_flows.py"),
    Breakage("everything follows, agreed to or not", "accord/sharing/queries.py", "for each in follows if", "for each in grants if", "tests/rooms/test_updates.py"),
    Breakage("what was put aside comes back", "accord/sharing/queries.py", "        .exclude(Exists(Aside.objects.filter(**here, basis=OuterRef(\"basis\"))))\n", "", "tests/rooms/test_updates.py"),
    Breakage("every flow sends itself", "accord/gate/updates.py", "isinstance(basis, models.Flow) and basis.automatic", "isinstance(basis, models.Flow)", "tests/rooms/test_flows.py"),
    Breakage("a relay ends nothing here", "accord/sharing/actions.py", "ended: int = here.update(withdrawn_at=Now(), sealed=WHERE_KEPT)", "ended = 0", "tests/rooms/test_relay.py"),
    # how a community changes a protocol
    Breakage("a protocol changes without every yes", "accord/coordination/protocols/migrations/0002_security.py", '  if exists (select from unnest(w.needed) needs where not exists\n              (select from protocols_voice where digest = new.digest and agency_id = needs and yes))\n     or exists', '  if exists', "tests/rooms/test_protocol_changes.py"),
    Breakage("a protocol changes against a no", "accord/coordination/protocols/migrations/0002_security.py", '\n     or exists (select from protocols_voice where digest = new.digest and not yes)', '', "tests/rooms/test_protocol_changes.py"),
    Breakage("silence is a yes", "accord/coordination/protocols/queries.py", 'bool(self.needed) and not self.silent and', 'bool(self.needed) and', "tests/rooms/test_protocol_changes.py"),
    Breakage("a yes to another text counts", "accord/coordination/protocols/actions.py", ' or last.digest != signed:', ':', "tests/rooms/test_protocol_changes.py"),
    Breakage("an agency that does not run it answers", "accord/coordination/protocols/migrations/0002_security.py", 'new.digest and laid_at is not null and new.agency_id = any(needed);', 'new.digest and laid_at is not null;', "tests/rooms/test_protocol_changes.py"),
    Breakage("somebody speaks for another agency", "accord/coordination/protocols/migrations/0002_security.py", 'agency_owned("protocols_voice", policies=SAID)', 'agency_owned("protocols_voice", policies=SAID | {"insert": f"{ME} is not null"})', "tests/rooms/test_protocol_changes.py"),
    Breakage("what lies before the partners is edited", "accord/coordination/protocols/migrations/0002_security.py", "  if to_jsonb(old) - '{laid_at,laid_by,needed}'::text[] <> to_jsonb(new) - '{laid_at,laid_by,needed}'::text[]\n     or old", '  if old', "tests/rooms/test_protocol_changes.py"),
    Breakage("a wording is not what its hash says", "accord/coordination/protocols/migrations/0002_security.py", '\n     or new.digest is distinct from protocols_digest(new)', '', "tests/rooms/test_protocol_changes.py"),
    Breakage("not everybody who runs it is asked", "accord/coordination/protocols/migrations/0002_security.py", 'new.needed is distinct from (select array_agg(id order by id) from partners_agency where kind = any(new.asked))', 'false', "tests/rooms/test_protocol_changes.py"),
    Breakage("a change is not written upon the newest version", "accord/coordination/protocols/changing.py", '    if based_on != newest:', '    if False:', "tests/rooms/test_protocol_changes.py"),
    Breakage("a version is in force before its day", "accord/coordination/protocols/adopted.py", 'models.Version.objects.filter(begins_at__lte=at)', 'models.Version.objects', "tests/rooms/test_protocol_changes.py"),
    Breakage("a version begins before the last yes", "accord/coordination/protocols/actions.py", 'begins_at=max(last.begins_at, adopted_at)', 'begins_at=last.begins_at', "tests/rooms/test_protocol_changes.py"),
    Breakage("a thousand brackets break a page", "accord/coordination/protocols/changing.py", 'except (RecursionError, TypeError, AttributeError, ValueError):', 'except ZeroDivisionError:', "tests/rooms/test_protocol_changes.py"),
    Breakage("another agency writes the wording", "accord/coordination/protocols/actions.py", '    if view.agency_id != permit.agency_id:', '    if False:', "tests/rooms/test_protocol_changes.py"),
    Breakage("another time has the source that was read", "accord/doors/web/forms/protocols.py", 'verified=old.verified and same', 'verified=old.verified', "tests/rooms/test_web_protocols.py"),
    # PostgreSQL
    Breakage("the database lets one person cross a wall", "accord/vault/migrations/0003_walls_and_glass.py", "raise exception 'nobody crosses a wall alone';", "null;", "tests/rooms/test_glass.py"),
    Breakage("a victim service provider has a flow", "accord/sharing/migrations/0002_security.py", "if exists (select from partners_agency where id = new.agency_id and {ONLY_HER_WORD})", "if false", "tests/rooms/test_flows.py"),
    Breakage("a recipient does with envelopes what it likes", "accord/sharing/migrations/0002_security.py", "  if new.holder_id is distinct from accord_agency()\n", "  if false\n", "tests/rooms/test_relay.py"),
    Breakage("withdrawn envelopes are shown", "accord/sharing/migrations/0002_security.py", 'ALIVE = "withdrawn_at is null and until_at', 'ALIVE = "until_at', "tests/proofs/test_row_security.py tests/proofs/test_withdrawal.py"),
    Breakage("ended envelopes are shown", "accord/sharing/migrations/0002_security.py", " and until_at > statement_timestamp()", "", "tests/proofs"),
    Breakage("row-level security is not forced", "accord/database/security.py", ", f\"alter table {table} force row level security\"]", "]", "tests/house/test_catalog.py"),
    Breakage("an argument decides what is asked, once for all", "accord/database/prepared.py", "if set(places.values()) != set(range(len(kinds))):", "if False:", "tests/rooms/test_prepared.py"),
    Breakage("a question keeps the value it was first asked with", "accord/database/prepared.py", "    @wraps(ask)\n", "    @cache\n    @wraps(ask)\n", "tests/rooms/test_prepared.py"),
    Breakage("anybody's rows", "accord/database/security.py", 'MINE = f"agency_id = {ME}"', 'MINE = "true"', "tests/house tests/proofs/test_row_security.py"),
    Breakage("the context's signature is not checked", "accord/database/migrations/0001_context.py", "  if not found then return null; end if;\n", "", "tests/proofs/test_row_security.py"),
    Breakage("an expired context is good", "accord/database/migrations/0001_context.py", "  if parts[5]::bigint < extract(epoch from statement_timestamp()) then return null; end if;\n", "", "tests/proofs/test_row_security.py"),
    Breakage("a signed release can be edited", "accord/sharing/migrations/0002_security.py", "old.signed_at is not null and to_jsonb(old) - ends <> to_jsonb(new) - ends", "false", "tests/proofs/test_row_security.py"),
    Breakage("the ledger can be changed", "accord/ledger/migrations/0002_security.py", 'APPEND_ONLY = {"update": "never", "delete": "never"}', "APPEND_ONLY = {}", "tests/house tests/proofs"),
    # sealing
    Breakage("a field opens in another row", "accord/sealing/fields.py", "bind(\"accord/field\", agency, table, column, row)", "bind(\"accord/field\", agency, table, column)", "tests/rooms/test_sealing_fields.py"),
    Breakage("an envelope is bound to nothing", "accord/sharing/rules.py", '"accord-envelope-1", recipient, holder, envelope, thread', '"accord-envelope-1"', "tests/proofs/test_swaps.py"),
    Breakage("every agency searches with one key", "accord/sealing/vault.py", "{1: new_keypair().private}, new_key())", "{1: new_keypair().private}, bytes(32))", "tests/rooms/test_sealing_vault.py tests/proofs"),
    # keeping
    Breakage("a deleted client's secret stays", "accord/vault/actions.py", "    Shred.objects.filter(client_id__in=client_ids).delete()\n", "", "tests/rooms/test_cli_backup.py tests/proofs/test_kept_backup.py"),
    Breakage("a client's key needs no secret of hers", "accord/sealing/vault.py", 'derive(vault_key, b"accord/client-key", salt=shred)', 'derive(vault_key, b"accord/client-key")', "tests/rooms/test_sealing_vault.py"),
    Breakage("the records hold the secrets too", "accord/config/dumps.py", "for table in (*SHORT_LIVED, *NEVER)]", "for table in NEVER]", "tests/rooms/test_cli_backup.py"),
    Breakage("the records hold what finds deleted clients", "accord/config/dumps.py", '("vault_shred", "vault_token", "vault_tie", ', '("vault_shred", "vault_tie", ', "tests/rooms/test_cli_backup.py"),
    Breakage("nobody is deleted again after a restore", "accord/doors/cli/backup.py", "gone = delete_again(permit=permit, at=permit.at)", "gone = []", "tests/proofs/test_kept_backup.py"),
    Breakage("a changed backup is restored", "accord/config/dumps.py", "hexdigest() != file.sha256", "hexdigest() == ''", "tests/rooms/test_cli_backup.py"),
    Breakage("the counts are not compared", "accord/config/dumps.py", "number_in(cursor, table)) != count:", "number_in(cursor, table)) < 0:", "tests/rooms/test_cli_backup.py"),
    Breakage("the roots are not compared", "accord/config/dumps.py", "if not report.good or report.proven != size:", "if False:", "tests/rooms/test_cli_backup.py"),
    Breakage("a deed is kept without its leaf", "accord/gate/entrance.py", "            with transaction.atomic(durable=True):\n                self._set_context", "            if connection.ensure_connection() is None:\n                self._set_context", "tests/proofs/test_kept_kill.py tests/rooms/test_spine.py"),
    # papers
    Breakage("a paper opens before counsel has looked", "accord/process/rules.py", "if state is not State.COUNSEL_REVIEWED:", "if False:", "tests/rooms/test_process.py"),
    Breakage("a worker alone says that somebody has died", "accord/process/rules.py", "or (kind is ProcessKind.FINDING and purpose is Purpose.FATALITY_REVIEW)", "", "tests/rooms/test_process.py"),
    Breakage("a review of deaths needs no counsel", "accord/policy/laws/us-federal.toml", '"release_sought"], counsel = true', '"release_sought"]', QUESTIONS),
    Breakage("an answer rests on a death nobody looked at", "accord/process/migrations/0002_security.py", " and paper.counsel_advice = 'answer')\n          or not exists", ")\n          or not exists", "tests/rooms/test_process.py"),
    Breakage("who forged an order is its counsel", "accord/process/actions.py", "if row.received_by == permit.member_id:", "if False:", "tests/rooms/test_process.py"),
    Breakage("counsel makes an order of a request", "accord/process/actions.py", "if kind not in may_be(ProcessKind(row.claimed)):", "if False:", "tests/rooms/test_process.py"),
    Breakage("the database lets a request become an order", "accord/process/migrations/0002_security.py", "(new.kind in ({_ORDERS}) and new.claimed not in ({_ORDERS}))", "(false)", "tests/rooms/test_process.py"),
    Breakage("more is stated once counsel has looked", "accord/process/actions.py", "if State.COUNSEL_REVIEWED in (row.state, row.held_from) and", "if False and", "tests/rooms/test_process.py"),
    Breakage("the database lets a paper be answered in one step", "accord/process/migrations/0002_security.py", "old.state not in ('answered', 'counsel_reviewed')", "false", "tests/rooms/test_process.py"),
    Breakage("the database lets a paper say more after counsel", "accord/process/migrations/0002_security.py", "elsif 'counsel_reviewed' in (old.state, old.held_from) and (", "elsif false and (", "tests/rooms/test_process.py"),
    Breakage("the database lets an answer outlive its paper", "accord/process/migrations/0002_security.py", "new.until_at <= paper.until_at and ", "", "tests/rooms/test_process.py"),
    Breakage("her never is gone round by another name", "accord/gate/process.py", "if recipient.kind in kinds:", "if False:", "tests/rooms/test_process.py"),
    Breakage("paper passes somebody she said never to", "accord/gate/process.py", 'if way != "accord" and _passes_somebody(row, found):', "if False:", "tests/rooms/test_process.py"),
    Breakage("anybody has an accounting wait", "accord/process/actions.py", "asks not in LAW_ENFORCEMENT", "False", "tests/rooms/test_process.py"),
    Breakage("the database lets an accounting wait for ever", "accord/process/migrations/0002_security.py", "       or new.quiet_until_at > statement_timestamp() + (case", "       or false and new.quiet_until_at > statement_timestamp() + (case", "tests/rooms/test_process.py"),
    Breakage("law enforcement asks by word of mouth again and again", "accord/process/actions.py", 'if how == "oral" and row.quiet_how:', "if False:", "tests/rooms/test_process.py"),
    Breakage("a release that has ended carries envelopes", "accord/sharing/migrations/0002_security.py", " and basis.withdrawn_at is null and basis.ended_at is null", " and basis.withdrawn_at is null", "tests/rooms/test_process.py"),
    Breakage("counsel's no is not heard", "accord/process/rules.py", 'if advice != "answer":', "if False:", "tests/rooms/test_process.py"),
    Breakage("counsel that says no has reviewed it", "accord/process/facts.py", 'row.counsel_advice == "answer" and', "bool(row.counsel_advice) and", "tests/rooms/test_process.py"),
    Breakage("a paper on hold counts", "accord/process/rules.py", "COUNTING: Final = (OPEN | {State.ANSWERED}) - {State.HOLD}", "COUNTING: Final = OPEN | {State.ANSWERED}", "tests/rooms/test_process.py"),
    Breakage("the whole thing leaves where a law names facts", "accord/gate/process.py", "content = only(content, decision.fields, view.said)", "pass", "tests/rooms/test_process.py"),
    Breakage("a fact leaves that was not named", "accord/process/rules.py", "for each in Field if each in fields and each not in NEVER}", "for each in Field if each not in NEVER}", "tests/rooms/test_process.py"),
    Breakage("it leaves before she is told", "accord/gate/process.py", "    for sentence in _undone(row, duties):\n        raise InvalidProcess(sentence)\n", "", "tests/rooms/test_process.py"),
    Breakage("an imminent threat needs no words", "accord/process/rules.py", "if Representation.IMMINENT_THREAT in self.represented and not self.threat.strip():", "if False:", "tests/rooms/test_process.py"),
    Breakage("another paper's yes carries this one", "accord/gate/process.py", "for thing, decision in alone.allowed if str(row.id) in decision.relying_on", "for thing, decision in alone.allowed", "tests/rooms/test_process.py"),
    Breakage("a paper of another file is found", "accord/process/queries.py", "row = _living().filter(id=paper_id, client_id__in=files(client_id))", "row = _living().filter(id=paper_id)", "tests/rooms/test_process.py"),
    Breakage("papers about walled files are listed", "accord/process/queries.py", "rows = within(permit, _living())\n", "rows = _living()\n", "tests/rooms/test_process.py tests/proofs/test_list_is_door.py"),
    Breakage("an answer rests on nothing", "accord/process/migrations/0002_security.py", "and paper.state = 'answered'", "", "tests/rooms/test_process.py"),
    Breakage("a victim service provider answers a subpoena", "accord/process/migrations/0002_security.py", "(paper.kind in ('court_order', 'warrant', 'mandated_report')", "(true", "tests/rooms/test_process.py"),
    Breakage("an answered paper can be rewritten", "accord/process/migrations/0002_security.py", "to_jsonb(old) - moving <> to_jsonb(new) - moving\n     or", "false\n     or", "tests/rooms/test_process.py"),
    Breakage("a file is destroyed while a paper waits", "accord/process/migrations/0002_security.py", "and paper.kind <> 'finding' and paper.state in", "and false and paper.state in", "tests/rooms/test_process.py"),
    Breakage("an envelope says more than the answer", "accord/sharing/migrations/0002_security.py", "and fresh.level <= (basis.grants ->> fresh.category)::int)\n  ) or exists (select from fresh where coalesce", ")\n  ) or exists (select from fresh where coalesce", "tests/rooms/test_process.py"),
    Breakage("an envelope says more than she signed", "accord/sharing/migrations/0002_security.py", "and fresh.level <= (basis.grants ->> fresh.category)::int)\n  ) or exists (\n    select from fresh where fresh.flow", ")\n  ) or exists (\n    select from fresh where fresh.flow", "tests/rooms/test_spine.py"),
    Breakage("an accounting does not wait", "accord/doors/web/views/picture.py", "if each.paper not in waits and (since is None or each.given_at >= since)", "if since is None or each.given_at >= since", "tests/rooms/test_process.py"),
    Breakage("an oral request to wait counts for ever", "accord/process/rules.py", "return min(stated, longest) if", "return stated if", "tests/rooms/test_process.py"),
    Breakage("a breach that threatens has no clock", "accord/process/rules.py", "and (imminent or kind == \"actual\")", "and kind == \"actual\"", "tests/rooms/test_process.py"),
    # tasks and notices
    Breakage("a task goes to somebody kept from her", "accord/coordination/tasks/actions.py", "if row.client_id is not None and not scope.lets(row.client_id):", "if False:", "tests/rooms/test_tasks.py"),
    Breakage("a task is made for somebody kept from her", "accord/coordination/tasks/actions.py", "if owner_id not in takers(permit.agency_id, client_id):", "if owner_id not in takers(permit.agency_id, None):", "tests/rooms/test_tasks.py"),
    Breakage("a list of tasks forgets who may know of a file", "accord/coordination/tasks/facts.py", "about = within(permit, rows.filter(client__wrapped_key__isnull=False))", "about = rows.filter(client__wrapped_key__isnull=False)", "tests/rooms/test_tasks.py"),
    Breakage("the board counts files she may not know of", "accord/coordination/tasks/queries.py", 'alive = within(permit, Client.objects.filter(status="open", merged_into__isnull=True), "id")', 'alive = Client.objects.filter(status="open", merged_into__isnull=True)', "tests/rooms/test_tasks.py"),
    Breakage("what is about nobody is everybody's", "accord/coordination/tasks/facts.py", "hers = Q(owner_id=permit.member_id) | Q(made_by=permit.member_id) | Exists(supervises)", "hers = Q()", "tests/rooms/test_tasks.py"),
    Breakage("two finish one task", "accord/coordination/tasks/actions.py", '.select_for_update(of=("self",)).order_by("id"))', '.order_by("id"))', "tests/rooms/test_tasks.py"),
    Breakage("an hour once moved stays moved", "accord/coordination/tasks/actions.py", "due_at=following(row.first_due_at, span, zone, row.due_at, at)", "due_at=following(row.due_at, span, zone, row.due_at, at)", "tests/rooms/test_tasks.py"),
    Breakage("what was missed is asked for again and again", "accord/coordination/tasks/rules.py", "last = max(due, ended)", "last = due", "tests/rooms/test_tasks.py"),
    Breakage("of one thing there are two tasks", "accord/doors/web/madeof.py", 'MadeOf("gap", found.of, ', 'MadeOf("gap", found.id, ', "tests/rooms/test_web_board.py"),
    Breakage("a gap about what came is another thing", "accord/coordination/referrals/queries.py", '.union(*ours.values_list("id", "incoming"))', "", "tests/rooms/test_web_board.py"),
    Breakage("what goes on after a step is asked about as over", "accord/doors/web/views/tracks.py", "ended = _waits(found) - _waits(_track(permit, client_id, track_id))", "ended = _waits(found)", "tests/rooms/test_web_board.py"),
    Breakage("danger waits its turn", "accord/doors/web/views/day.py", "Now(0 if line.priority is Priority.DANGER else 2,", "Now(2,", "tests/rooms/test_web_board.py"),
    Breakage("an e-mail comes outside her hours", "accord/coordination/notices/rules.py", "if not any(begin <= at < end for begin, end in _spans(wish.windows, zone, at)):", "if False:", "tests/rooms/test_notices.py"),
    Breakage("two jobs tell her twice", "accord/coordination/notices/actions.py", 'select_for_update(skip_locked=True, of=("self",)).order_by("id")', 'order_by("id")', "tests/rooms/test_notices.py"),
    Breakage("she is told before it is noted", "accord/doors/jobs/tasks.py", "        post.open()  # a server that is away is noticed before anybody is noted as told\n", "        post.open()\n        post.send(letters)\n", "tests/rooms/test_notices.py"),
    Breakage("who no longer works with her hears of her", "accord/vault/facts.py", "_by_root(Team.objects.filter(theirs, ended_at__isnull=True), whole)", "_by_root(Team.objects.filter(theirs), whole)", "tests/rooms/test_news.py"),
    Breakage("who is kept from her hears of her", "accord/vault/facts.py", "for member in people - self.off[file]:", "for member in people:", "tests/rooms/test_news.py"),
    Breakage("who sends something hears of it", "accord/coordination/notices/facts.py", "here = Arrival.objects.filter(agency_id=agency_id)", "here = Arrival.objects.all()", "tests/rooms/test_news.py"),
    Breakage("a gap of her care raises an e-mail", "accord/learning/gaps/queries.py", "rule__in=shown, priority__in=NEWS)", "rule__in=shown)", "tests/rooms/test_news.py"),
    Breakage("what was answered is news", "accord/coordination/referrals/facts.py", "return rows.exclude(Exists(answers().exclude(state=Stand.WAITING)))", "return rows", "tests/rooms/test_news.py"),
    Breakage("what somebody looks after is news for all", "accord/coordination/referrals/queries.py", "        if row.id not in looked:", "        if True:", "tests/rooms/test_news.py"),
    Breakage("a bare no is no answer", "accord/coordination/referrals/queries.py", ".exclude(Exists(told))", "", "tests/rooms/test_news.py"),
    Breakage("who was given a referral hears nothing", "accord/coordination/referrals/actions.py", "given = member is not None and by not in (None, member)", "given = False", "tests/rooms/test_news.py"),
    Breakage("news of many files is too much for one question", "accord/vault/facts.py", 'Q(among("id", file_ids))', "Q(id__in=file_ids)", "tests/rooms/test_news.py"),
    Breakage("the job forgets gaps", "accord/doors/jobs/tasks.py", "rooms = (work.handed, gaps_of.found, referrals.news)", "rooms = (work.handed, referrals.news)", "tests/rooms/test_news.py"),
    Breakage("hours of a due stand still when clocks change", "accord/coordination/protocols/rules.py", "return moment.astimezone(_UTC) + timedelta(", "return moment + timedelta(", "tests/rooms/test_protocols.py"),
    Breakage("a day of a due ends as it begins", "accord/coordination/protocols/rules.py", "        day += timedelta(days=1)\n", "        pass\n", "tests/rooms/test_protocols.py"),
    Breakage("Saturday is a business day", "accord/coordination/protocols/rules.py", "while left or day.weekday() > 4:", "while left or day.weekday() > 5:", "tests/rooms/test_protocols.py"),
    Breakage("a guard holds when some of it holds", "accord/coordination/protocols/rules.py", "any(all(_is(facts, *wanted) for wanted in clause.items()) for clause in clauses)", "any(any(_is(facts, *wanted) for wanted in clause.items()) for clause in clauses)", "tests/rooms/test_protocols.py"),
    Breakage("half is a majority", "accord/coordination/protocols/rules.py", "int(number) > int(other)", "int(number) >= int(other)", "tests/rooms/test_protocols.py"),
    Breakage("everybody takes a step", "accord/coordination/protocols/rules.py", "if way.roles.isdisjoint(roles) or (", "if (", "tests/rooms/test_protocols.py"),
    Breakage("a step is taken without its evidence", "accord/coordination/protocols/rules.py", "if not given.get(code, \"\").strip():", "if False:", "tests/rooms/test_protocols.py"),
    Breakage("a time without a source is a protocol", "accord/coordination/protocols/rules.py", "citation=self.line(where, row, \"citation\"),", "citation=str(row.get(\"citation\", \"\")),", "tests/rooms/test_protocols.py"),
    Breakage("an agency is late with what others do", "accord/coordination/protocols/rules.py", "if kind is None or not due.kinds or kind in due.kinds)", ")", "tests/rooms/test_protocols.py"),
    Breakage("federal law forbids firearms to whoever it does not", "accord/coordination/protocols/standard/firearms.toml", ", restrains = \"yes\", force_forbidden = \"yes\" }", ", force_forbidden = \"yes\" }", "tests/rooms/test_protocols.py"),
    Breakage("what was noted comes back with the next step", "accord/coordination/tracks/actions.py", "found = found.filter(Q(met_at__isnull=True) | Q(how__in=rules.BY_HAND))", "found = found.filter(met_at__isnull=True)", "tests/rooms/test_tracks.py"),
    Breakage("a picture leaves out where a case was", "accord/doors/web/states.py", "been=state.code in been,", "been=False,", "tests/rooms/test_protocol_pages.py"),
    Breakage("an e-mail says who", "accord/doors/jobs/post.py", '_("You have something new in Accord."),', '_("You have something new in Accord.") + letter.email,', "tests/rooms/test_notices.py"),
    # consents from other systems
    Breakage("a denial inside a consent is passed over", "accord/records/consent/rules.py", "    denials = [cell for cell in inside if cell.closes]", "    denials: list[Cell] = []", "tests/rooms/test_consent_rules.py"),
    Breakage("a consent that is not in force permits", "accord/records/consent/rules.py", 'if consent.status != "active":', "if False:", "tests/rooms/test_consent_rules.py"),
    Breakage("a head nobody understands permits", "accord/records/consent/rules.py", "    if consent.closed:\n", "    if False:\n", "tests/rooms/test_consent_rules.py"),
    Breakage("a rule nobody understands permits", "accord/records/consent/fhir.py", "void=not (fit and period_fits and about_fits)", "void=False", "tests/rooms/test_consent_rules.py"),
    Breakage("what is inside a rule nobody understands permits", "accord/records/consent/rules.py", "rule.void or any(each.void for each in around)", "rule.void", "tests/rooms/test_consent_rules.py"),
    Breakage("a denial nobody understands whole denies less", "accord/records/consent/rules.py", "said is None or said.partial or test(said.values)", "said is None or test(said.values)", "tests/rooms/test_consent_rules.py"),
    Breakage("one label that is named is enough", "accord/records/consent/rules.py", "sensitive <= set(named.values)", "bool(sensitive & set(named.values) or not sensitive)", "tests/rooms/test_consent_rules.py"),
    Breakage("a permission for no purpose permits", "accord/records/consent/rules.py", "        return Why.NO_PURPOSE\n", "        return None\n", "tests/rooms/test_consent_rules.py"),
    Breakage("a nested permission outlives what is around it", "accord/records/consent/rules.py", "    narrow = (*around, rule)\n", "    narrow = (rule,)\n", "tests/rooms/test_consent_rules.py"),
    Breakage("a summary goes out as everything", "accord/records/consent/fhir.py", "(rule if level < Level.FULL else {})", "{}", "tests/rooms/test_consent_rules.py"),
    Breakage("a consent written out lasts a moment longer", "accord/records/consent/fhir.py", "return (until - timedelta(seconds=1)).isoformat()", "return until.isoformat()", "tests/rooms/test_consent_rules.py"),
    Breakage("a consent names people in what may travel", "accord/records/consent/actions.py", "detail=Detail(source=kept)", "detail=Detail(values=kept)", "tests/rooms/test_web_consents.py"),
    Breakage("another client's release is written out", "accord/records/consent/queries.py", "release.client_id != client_id or ", "", "tests/rooms/test_web_consents.py"),
    Breakage("whom she said never to is offered a draft", "accord/doors/web/views/consents.py", "if id not in never | {holder.id}", "if id != holder.id", "tests/rooms/test_web_consents.py"),
    # the doors
    # gaps
    Breakage("a gap begins a moment late", "accord/learning/gaps/wanted.py", "where due.due_at + coalesce(named.after, rest.after) <= %(at)s", "where due.due_at + coalesce(named.after, rest.after) < %(at)s", "tests/rooms/test_gaps.py"),
    Breakage("what may be passed is a gap", "accord/learning/gaps/wanted.py", "named.rule is null and not due.optional", "named.rule is null", "tests/rooms/test_gaps.py"),
    Breakage("a closed file has gaps", "accord/learning/gaps/wanted.py", "where status = 'open' and wrapped_key is not null", "where wrapped_key is not null", "tests/rooms/test_gaps.py tests/rooms/test_demo.py"),
    Breakage("a release that another follows is asked about", "accord/learning/gaps/wanted.py", "and other.until_at > mine.until_at\n", "and false\n", "tests/rooms/test_gaps.py"),
    Breakage("her no is asked again", "accord/learning/gaps/wanted.py", "said.answered_at < wanted.since_at or said.again_at <= %(at)s)", "said.answered_at is not null)", "tests/rooms/test_gaps.py"),
    Breakage("what was put off is never asked again", "accord/learning/gaps/wanted.py", " or said.again_at <= %(at)s)", ")", "tests/rooms/test_gaps.py"),
    Breakage("what is met stays a gap", "accord/learning/gaps/wanted.py", "update gaps_gap gap set closed_at = %(at)s\n  where gap.closed_at is null", "update gaps_gap gap set closed_at = %(at)s\n  where false", "tests/rooms/test_gaps.py"),
    Breakage("a save looks for no gap", "accord/gate/entrance.py", "gaps.look(permit=permit, at=asked.at, client_id=asked.client)", "pass", "tests/rooms/test_gaps.py"),
    Breakage("gaps forget who may know of a file", "accord/learning/gaps/queries.py", "rows = within(permit, _open())\n    if rule:", "rows = _open()\n    if rule:", "tests/rooms/test_gaps.py"),
    Breakage("what a step does is said to be done", "accord/learning/gaps/actions.py", '        if how == "done":', "        if False:", "tests/rooms/test_gaps.py"),
    Breakage("a closed gap is changed", "accord/learning/gaps/migrations/0002_security.py", "elsif old.closed_at is not null or new.closed_at is null", "elsif false", "tests/rooms/test_gaps.py"),
    Breakage("a deleted file leaves its gaps", "accord/learning/gaps/migrations/0002_security.py", "delete from gaps_gap where agency_id = new.agency_id and client_id = new.id;", "null;", "tests/rooms/test_gaps.py"),
    Breakage("what a partner told is looked at by nobody", "accord/learning/gaps/wanted.py", "rule.watches = 'told' and least(", "false and least(", "tests/rooms/test_told_gaps.py"),
    Breakage("what a partner told is found too soon", "accord/learning/gaps/wanted.py", "and least(first.told_at, first.accepted_at) + rule.after <= %(at)s", "and least(first.told_at, first.accepted_at) + rule.after <= %(at)s + interval '1 second'", "tests/rooms/test_told_gaps.py"),
    Breakage("what a partner says is over stays open", "accord/learning/gaps/wanted.py", "where said.lives and not said.over", "where said.lives", "tests/rooms/test_told_gaps.py"),
    Breakage("what a partner told outlives its time", "accord/learning/gaps/wanted.py", "bool_or(not receipt.over and receipt.until_at > %(at)s", "bool_or(not receipt.over", "tests/rooms/test_told_gaps.py"),
    Breakage("what a partner took back stays a gap", "accord/learning/gaps/wanted.py", "and envelope.id is not null and envelope.withdrawn_at is null) as lives", ") as lives", "tests/rooms/test_told_gaps.py"),
    Breakage("no look sees what a partner took back", "accord/learning/gaps/wanted.py", "where gap.closed_at is null and gap.rule = any(%(told)s::text[])", "where false", "tests/rooms/test_told_gaps.py"),
    Breakage("no look sees that what was told has ended", "accord/learning/gaps/wanted.py", "where tells <> '' and until_at > %(from)s and until_at <= %(at)s", "where false", "tests/rooms/test_told_gaps.py"),
    Breakage("no look sees what came with a new file", "accord/learning/gaps/wanted.py", "where tells <> ''\n  and accepted_at > %(from)s", "where false\n  and accepted_at > %(from)s", "tests/rooms/test_told_gaps.py"),
    Breakage("what was told is as urgent as anything", "accord/learning/gaps/wanted.py", "where watching.rule = wanted.told)", "where false)", "tests/rooms/test_told_gaps.py"),
    Breakage("a partner writes words into a row in clear", "accord/sharing/rules.py", " or values[GAP] not in GAPS:", ":", "tests/rooms/test_told_gaps.py"),
    Breakage("that somebody is involved tells of a gap", "accord/sharing/rules.py", "content.kind != GAP or content.level < Level.SUMMARY or", "content.kind != GAP or", "tests/rooms/test_told_gaps.py"),
    Breakage("a colleague she is kept from reads it in a list", "accord/sharing/actions.py", "if told is None or content.kept_from:", "if told is None:", "tests/rooms/test_told_gaps.py"),
    Breakage("a status goes to any kind of partner", "accord/learning/gaps/facts.py", "recipient.kind in self.kinds and", "True and", "tests/rooms/test_told_gaps.py"),
    Breakage("that it is over is told to everybody", "accord/learning/gaps/facts.py", "(self.only is None or recipient.id in self.only)", "True", "tests/rooms/test_told_gaps.py"),
    Breakage("what is over is told as open", "accord/learning/gaps/facts.py", "        elif row.stands:\n", "        else:\n", "tests/rooms/test_told_gaps.py"),
    Breakage("a gap that nobody told here is told on", "accord/learning/gaps/facts.py", "return entry_id not in found or found[entry_id].lets(recipient)", "return entry_id not in found or not found[entry_id].kinds or found[entry_id].lets(recipient)", "tests/rooms/test_told_gaps.py"),
    Breakage("a release lets a gap to whom its rule does not name", "accord/gate/disclosure.py", "in release.grants and gaps.may_reach(reach, thing.id, recipient)", "in release.grants", "tests/rooms/test_told_gaps.py"),
    Breakage("a law lets a gap to whom its rule does not name", "accord/gate/flows.py", "for thing in held if gaps.may_reach(reach, thing.id, recipient)", "for thing in held", "tests/rooms/test_told_gaps.py"),
    Breakage("the tray holds a gap for whom its rule does not name", "accord/gate/updates.py", "if reach and not gaps.may_reach(", "if False and not gaps.may_reach(", "tests/rooms/test_told_gaps.py"),
    Breakage("what was met stays told as open", "accord/learning/gaps/facts.py", "(Q(again_at__gt=at) & waits)", "Q(again_at__gt=at)", "tests/rooms/test_told_gaps.py"),
    Breakage("partners hear of our own time", "accord/learning/gaps/actions.py", "    if not agreed(due.agreed_at, rule.after, at):", "    if False:", "tests/rooms/test_told_gaps.py"),
    Breakage("what a partner told is no news", "accord/learning/gaps/queries.py", "rule__in=shown, priority__in=NEWS)", "rule__in=[code for code in shown if rules()[code].priority in NEWS])", "tests/rooms/test_told_gaps.py"),
    Breakage("one gap that was told hides the next", "accord/learning/gaps/actions.py", "rule=row.rule, of=row.of, over__isnull=True", "rule=row.rule, over__isnull=True", "tests/rooms/test_told_gaps.py"),
    Breakage("what was put off is told as over", "accord/learning/gaps/facts.py", " | (Q(again_at__gt=at) & waits)", "", "tests/rooms/test_told_gaps.py"),
    Breakage("a gap is told that is for nobody outside", "accord/learning/gaps/actions.py", "    if not rule.tell:\n", "    if False:\n", "tests/rooms/test_told_gaps.py"),
    Breakage("it is told as over while it is open", "accord/learning/gaps/actions.py", "    if row.stands:\n", "    if False:\n", "tests/rooms/test_told_gaps.py"),
    Breakage("who was told is not told that it is over", "accord/doors/web/views/day.py", "gaps.to_end(permit=permit) if held & WORKERS else []", "[]", "tests/rooms/test_told_gaps.py"),
    Breakage("My day forgets who may know what was told", "accord/learning/gaps/queries.py", "within(permit, Told.objects.filter(over__isnull=True))", "Told.objects.filter(over__isnull=True)", "tests/rooms/test_told_gaps.py"),
    Breakage("she confirms what a partner's work is", "accord/doors/web/confirming.py", "bool(view.content.summary) and view.content.kind != GAP", "bool(view.content.summary)", "tests/rooms/test_told_gaps.py"),
    Breakage("what was told is told otherwise", "accord/learning/gaps/migrations/0002_security.py", "elsif old.over is not null or", "elsif false and", "tests/rooms/test_told_gaps.py"),
    Breakage("a deleted file leaves what was told of it", "accord/learning/gaps/migrations/0002_security.py", "delete from gaps_told where agency_id = new.agency_id and client_id = new.id;", "null;", "tests/rooms/test_told_gaps.py"),
    Breakage("a refusal looks different", "accord/doors/web/middleware.py", "return absent(request)", "return HttpResponse(\"no\", status=403)", "tests/rooms/test_web_oversight.py"),
    Breakage("pages may be cached", "accord/doors/web/middleware.py", '"no-store"', '"private"', "tests/rooms/test_web_signin.py tests/proofs/test_canaries.py tests/rooms/test_web_clients.py"),
)  # fmt: skip


def timed(breakage: Breakage, copy: Path) -> tuple[str, float]:
    """What is wrong, empty when it was caught; and the seconds it took."""
    start = time.monotonic()
    try:
        return caught(breakage, copy), time.monotonic() - start
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def caught(breakage: Breakage, copy: Path) -> str:
    """Empty when a test failed as it must; otherwise what is wrong."""
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".demo", "__pycache__", ".hypothesis"))
    path = copy / breakage.file
    text = path.read_text("utf-8")
    if breakage.line not in text:
        return "the line is not there any more: mend the list"
    path.write_text(text.replace(breakage.line, breakage.broken, 1), "utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not prove and not journey", *breakage.tests.split()]
    try:
        done = subprocess.run(
            command, cwd=copy, env=_environment(copy), capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE} s"
    return "" if done.returncode == 1 else f"NOT CAUGHT (pytest said {done.returncode}): {done.stdout[-300:]}"


def _environment(copy: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "DJANGO_"))}
    samples = kept.get("SAMPLES_DIR", str(ROOT.parent / "shared" / "samples"))
    return (
        kept
        | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        | ({"SAMPLES_DIR": samples} if Path(samples).exists() else {})
    )


def main(names: list[str]) -> int:
    chosen = [breakage for breakage in BREAKAGES if not names or any(name in breakage.name for name in names)]
    failures = 0
    with tempfile.TemporaryDirectory(prefix="accord-sabotage-") as home, ThreadPoolExecutor(os.cpu_count()) as pool:
        Path(home).chmod(0o711)
        places = [Path(home, str(number)) for number in range(len(chosen))]
        for number, (breakage, (wrong, took)) in enumerate(
            zip(chosen, pool.map(timed, chosen, places), strict=True), 1
        ):
            failures += bool(wrong)
            print(f"{number:3}/{len(chosen)} {breakage.name}: {wrong or 'caught'} ({took:.0f} s)", flush=True)
    print(f"{len(chosen) - failures} of {len(chosen)} caught")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

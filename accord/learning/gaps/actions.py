"""Looking for gaps, answering one, and writing one down for partners.

What is open past its clock is asked of the rows in one statement, for the files of one client or for all of them: what
a save finds at once and what a sweep finds later cannot differ. Nothing is opened, and nothing leaves the agency: what
is written down is an entry of her file, and goes where the gate lets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from accord.coordination.protocols.facts import protocol
from accord.coordination.protocols.rules import InvalidMove
from accord.coordination.tracks import actions as tracks
from accord.coordination.tracks.models import Due
from accord.learning.gaps.facts import rules, stands
from accord.learning.gaps.models import Gap, Look, Told
from accord.learning.gaps.rules import LONGEST_WORDS, Answer, InvalidGap, Watched, again_days, agreed
from accord.learning.gaps.wanted import changed, parameters, settle
from accord.ledger.permits import Permit, needs
from accord.policy.words import Category, Verb
from accord.sharing.rules import GAP, GAP_OPEN, GAP_OVER, SINCE
from accord.vault import actions as vault
from accord.vault.facts import client_key, files
from accord.vault.models import Client, Entry
from accord.vault.rules import Summary

TABLE: Final = "gaps_gap"
#: What an answer notes about a due that is noted by hand.
MEETS: Final = {Answer.DONE: "done", Answer.SHE_DECLINED: "declined"}
#: What a body may have changed so that a gap opens or closes. The gate looks after each that did something.
LOOKS: Final = (
    Verb.MOVE_TRACK,
    Verb.REFER,
    Verb.ANSWER_REFERRAL,
    Verb.SIGN_RELEASE,
    Verb.WITHDRAW_RELEASE,
    Verb.ACCEPT_ENVELOPE,
    Verb.RELAY_WITHDRAWAL,
    Verb.ANSWER_GAP,
)


@needs(*LOOKS)
def look(*, permit: Permit, at: datetime, client_id: UUID) -> None:
    """Look at what is open about one client, after something was done: open what is a gap now, close what is none."""
    _settle(permit, at, only=[client_id])


@needs(Verb.SWEEP)
def sweep(*, permit: Permit, at: datetime, everything: bool = False) -> None:
    """Look at every file in which a clock has passed since the last look, or at all of them. The first look of an
    agency is at everything."""
    last = Look.objects.select_for_update().filter(agency_id=permit.agency_id).first()
    if last is None or everything:
        _settle(permit, at, only=None)
    else:
        with connection.cursor() as cursor:
            cursor.execute(*changed(rules(), last.looked_at, at))
            touched = [row[0] for row in cursor.fetchall()]
        if touched:
            _settle(permit, at, only=touched)
    row = last or Look(agency_id=permit.agency_id, whole_at=at)
    row.looked_at = at
    if everything:
        row.whole_at = at
    row.save()


@needs(Verb.ANSWER_GAP)
def answer(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    gap_id: UUID,
    answer: Answer,
    why: str = "",
    days: int | None = None,
) -> None:
    """What a worker says to a gap that is open. It closes it; what is not safe now, or on its way, is asked again. Of a
    due that is noted by hand, done and declined are noted there too; one that a step ends is done by going that step.
    Raises InvalidGap."""
    again = again_days(answer, days)
    if len(why) > LONGEST_WORDS:
        raise InvalidGap("Write it in fewer words.")
    row = (
        Gap.objects.select_for_update(of=("self",))
        .filter(id=gap_id, client_id__in=files(client_id), closed_at__isnull=True)
        .first()
    )
    if row is None:
        raise InvalidGap("Somebody has answered this meanwhile, or there is nothing left to ask.")
    row.answer, row.answered_at, row.answered_by, row.closed_at = answer, at, permit.member_id, at
    row.again_at = None if again is None else at + timedelta(days=again)
    if why.strip():
        client = Client.objects.select_related("shred").get(id=row.client_id)
        row.why = client_key(permit.opened(), client).seal(TABLE, "why", row.id, why.strip().encode())
    row.save(update_fields=["answer", "answered_at", "answered_by", "closed_at", "again_at", "why"])
    permit.record("gap_answered", row.id)
    if rules()[row.rule].watches is Watched.DUE and answer in MEETS:
        _meet(permit, at, client_id, row.of, MEETS[answer])


@needs(Verb.ANSWER_GAP)
def tell(*, permit: Permit, at: datetime, client_id: UUID, gap_id: UUID) -> UUID:
    """Write down for partners that a gap is open: an entry of her file that says which, and nothing else. It goes
    nowhere by this. Returns the entry's id; raises InvalidGap."""
    row = (
        Gap.objects.select_for_update(of=("self",))
        .filter(id=gap_id, client_id__in=files(client_id), closed_at__isnull=True)
        .first()
    )
    if row is None:
        raise InvalidGap("Somebody has answered this meanwhile, or there is nothing left to ask.")
    rule = rules()[row.rule]
    if not rule.tell:
        raise InvalidGap("This is for nobody outside.")
    if Told.objects.filter(client_id=row.client_id, rule=row.rule, of=row.of, over__isnull=True).exists():
        raise InvalidGap("This is written down for partners already.")
    due = Due.objects.select_related("track").get(id=row.of)
    if not agreed(due.agreed_at, rule.after, at):
        raise InvalidGap("Only our own time has passed; what was agreed with partners still runs.")
    entry = _say(permit, at, row.client_id, rule.code, GAP_OPEN, rule.about, due.track.about_id, since=at)
    Told.objects.create(
        agency_id=permit.agency_id,
        client_id=row.client_id,
        rule=rule.code,
        of=row.of,
        entry=entry,
        told_at=at,
        told_by=permit.member_id,
    )
    permit.record("gap_told", row.id)
    return entry


@needs(Verb.ANSWER_GAP)
def tell_over(*, permit: Permit, at: datetime, client_id: UUID, told_id: UUID) -> UUID:
    """Write down that what partners were told is over. Returns the entry's id; raises InvalidGap."""
    rows = Told.objects.select_for_update().filter(client_id__in=files(client_id), over__isnull=True)
    row = rows.filter(id=told_id).annotate(stands=stands(at)).first()
    if row is None:
        raise InvalidGap("Somebody has written this down meanwhile.")
    if row.stands:
        raise InvalidGap("It is still open.")
    told = Entry.objects.get(id=row.entry)
    row.over = _say(
        permit, at, row.client_id, row.rule, GAP_OVER, Category(told.category), told.about_id, since=row.told_at
    )
    row.over_at, row.over_by = at, permit.member_id
    row.save(update_fields=["over", "over_at", "over_by"])
    permit.record("gap_over", row.id)
    written: UUID = row.over
    return written


def _say(
    permit: Permit,
    at: datetime,
    client_id: UUID,
    rule: str,
    status: str,
    category: Category,
    about: UUID,
    *,
    since: datetime,
) -> UUID:
    """An entry about a gap: its rule, where that stands, and since when it was told, by which a partner knows what is
    over. It has no detail, so that nothing more can travel."""
    entry = vault.NewEntry(
        kind=GAP,
        category=category,
        occurred_at=at,
        summary=Summary(template=f"gap.{status}", values={GAP: rule, SINCE: since.isoformat()}),
        about=about,
        status=status,
    )
    return vault.add_entries(permit=permit, at=at, client_id=client_id, entries=[entry])[0]


def _meet(permit: Permit, at: datetime, client_id: UUID, due_id: UUID, how: str) -> None:
    due = Due.objects.select_related("track").get(id=due_id)
    if not protocol(due.track.protocol, due.track.version).due(due.code).by_hand:
        if how == "done":
            raise InvalidGap("The next step of the protocol does this: go it, and this is closed by itself.")
        return
    try:
        tracks.meet(permit=permit, at=at, client_id=client_id, due_id=due_id, how=how)
    except InvalidMove as error:
        raise InvalidGap(str(error)) from None


def _settle(permit: Permit, at: datetime, *, only: Sequence[UUID] | None) -> None:
    """Make the open gaps of these files, or of all, what the rules say they are now."""
    given: dict[str, Any] = parameters(rules(), permit.agency_id, at)
    with connection.cursor() as cursor:
        if only is None:
            # On tables that grew since they were counted, the planner would join row by row what is joined whole.
            cursor.execute("set local enable_nestloop = off")
        cursor.execute(settle(everything=only is None), given | {"files": list(only or ())})
        found, closed = cursor.fetchone()
    if found:
        permit.record("gaps_found", found)
    if closed:
        permit.record("gaps_closed", closed)

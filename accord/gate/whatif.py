"""What if: a draft of rules, of an agreement or of a release form, asked about everything an agency has ever sent.

Each past disclosure is asked about twice with the facts of its own moment: under what holds, and under the draft. Where
what holds does not give what was recorded, the draft is not asked, and why is told. Nothing is stored; what is found
so far goes along with whoever asks on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from accord.gate.disclosure import EVERY_ELEMENT
from accord.gate.entrance import Caller, Gate, Standing
from accord.gate.law import law
from accord.gate.operating import agencies
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.partners.facts import Kept
from accord.partners.rules import Standing as Stands
from accord.partners.rules import Text, Way
from accord.policy.compare import WORKER, Change, Difference, Group, Terms, between, change, grouped
from accord.policy.decide import decide
from accord.policy.facts import Agency, Agreement, Decision, Question
from accord.policy.law import Law, Step
from accord.policy.words import Category, Element, Level, Purpose, Verb
from accord.process import facts as process
from accord.process.facts import Answered
from accord.sharing import queries as sharing
from accord.sharing.queries import Past

#: Disclosures asked about at once.
PART = 2_000
#: Files named with each line of what was found.
NAMED = 6
ALWAYS = datetime.min.replace(tzinfo=UTC)
NO_PAPER = Answered((), ())


class Unbuilt(StrEnum):
    """Why a past disclosure could not be asked about again."""

    GONE = "gone"
    CLOSED = "closed"
    LEVEL = "level"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be otherwise. `instead`: what `agreement` between `parties` would say about this agency telling each
    of them; empty: it no longer holds. `proposed`: it has not been in force yet, and is asked about as if it always had
    been."""

    law: Law = field(default_factory=law)
    agreement: UUID | None = None
    parties: frozenset[UUID] = frozenset()
    instead: Mapping[UUID, tuple[Agreement, ...]] = field(default_factory=dict)
    proposed: bool = False
    gained: frozenset[Element] = frozenset()
    dropped: frozenset[Element] = frozenset()

    def elements(self, elements: frozenset[Element]) -> frozenset[Element]:
        return (elements - self.dropped) | self.gained

    def agreements(self, agreements: Iterable[Agreement], recipient_id: UUID, *, held: bool) -> tuple[Agreement, ...]:
        """These, with the draft in the place of its agreement if that one `held`."""
        others = tuple(each for each in agreements if each.id != str(self.agreement))
        return (*others, *self.instead.get(recipient_id, ())) if held or self.proposed else others


def of_agreement(text: Text, stands: Stands, ours: UUID, *, holds: bool, ways: Iterable[Way], until: datetime) -> Draft:
    """One agreement that would no longer hold, or under which our agency could tell the others something else, or until
    another day. One that has not been in force is asked about as if it always had been."""
    proposed = stands in (Stands.WAITING, Stands.COMING)
    since = ALWAYS if proposed else text.since_at
    words = replace(text, ways=frozenset(ways))
    instead = {
        party: tuple(
            replace(each, id=str(text.id), since=since, until=until) for each in partners.between(words, ours, party)
        )
        for party in text.parties
        if holds
    }
    return Draft(agreement=text.id, parties=text.parties, instead=instead, proposed=proposed)


Key = tuple[Change, UUID, Category, Purpose]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found so far: how many of how many were asked about, and what the draft changes, by what becomes of it,
    recipient, category and purpose: how many, and some of the files. `after` is where to go on; None: nowhere."""

    total: int
    asked: int = 0
    changed: Mapping[Key, tuple[int, tuple[UUID, ...]]] = field(default_factory=dict)
    unbuilt: Mapping[Unbuilt, int] = field(default_factory=dict)
    after: UUID | None = None
    done: bool = False

    @property
    def same(self) -> int:
        """How many the draft does not touch."""
        return self.asked - sum(self.unbuilt.values()) - sum(count for count, _files in self.changed.values())

    def written(self) -> list[Any]:
        """As plain values, to go along with the page that asks on."""
        changed = [[*map(str, key), count, [str(id) for id in files]] for key, (count, files) in self.changed.items()]
        return [self.total, self.asked, changed, dict(self.unbuilt), str(self.after or "")]

    @classmethod
    def read(cls, written: list[Any]) -> Found:
        """What `written` wrote."""
        total, asked, changed, unbuilt, after = written
        return cls(
            total=total,
            asked=asked,
            changed={
                (Change(became), UUID(recipient), Category(category), Purpose(purpose)): (
                    count,
                    tuple(map(UUID, files)),
                )
                for became, recipient, category, purpose, count, files in changed
            },
            unbuilt={Unbuilt(why): count for why, count in unbuilt.items()},
            after=UUID(after) if after else None,
        )


def begin(permit: Permit) -> Found:
    """Before the first disclosure."""
    total = sharing.past_count(permit=permit)
    return Found(total, done=total == 0)


def go_on(gate: Gate, permit: Permit, caller: Caller, draft: Draft, found: Found) -> Found:
    """The next part of what was sent, asked about."""
    rows = sharing.past(permit=permit, after=found.after, limit=PART)
    asking = _Asking(gate.standing(caller), permit, rows)
    changed, unbuilt = dict(found.changed), dict(found.unbuilt)
    for row in rows:
        became = asking(row, draft)
        if isinstance(became, Unbuilt):
            unbuilt[became] = unbuilt.get(became, 0) + 1
        elif became:
            key = (became, row.recipient_id, row.category, row.purpose)
            count, files = changed.get(key, (0, ()))
            if row.client_id not in files and len(files) < NAMED:
                files = (*files, row.client_id)
            changed[key] = (count + 1, files)
    last = rows[-1].id if rows else found.after
    return Found(found.total, found.asked + len(rows), changed, unbuilt, last, len(rows) < PART)


def kinds(gate: Gate, permit: Permit, caller: Caller, draft: Draft) -> list[Group]:
    """What the draft changes of what this agency could send, as questions about nobody: to each kind of partner the
    directory knows, or to the parties of the agreement."""
    holder = gate.standing(caller).agency
    known = partners.agencies(draft.parties or agencies())
    wanted = known if draft.parties else {(agency.kind, agency.duties): agency for agency in known.values()}
    kept, found = partners.agreements(permit.agency_id, permit.at), list[Difference]()
    for recipient in wanted.values():
        if recipient.id == holder.id:
            continue
        id = UUID(recipient.id)
        agreed = kept.get(id, ())
        now = Terms(law(), agreed, EVERY_ELEMENT)
        then = Terms(draft.law, draft.agreements(agreed, id, held=True), draft.elements(EVERY_ELEMENT))
        found += between(now, then, holder, recipient, permit.at)
    return grouped(found)


class _Asking:
    """The law, asked about past disclosures: agencies, agreements and papers it wants to know are looked up once."""

    def __init__(self, standing: Standing, permit: Permit, rows: Iterable[Past]) -> None:
        self._holder, self._ours = standing.agency, permit.agency_id
        self._recipients: Mapping[UUID, Agency] = partners.agencies({row.recipient_id for row in rows})
        self._kept: Kept = partners.kept(permit.agency_id)
        self._said: dict[tuple[UUID, UUID], tuple[Agreement, ...]] = {}
        self._papers: Mapping[UUID, Answered] = process.answered({row.paper for row in rows if row.paper})

    def __call__(self, row: Past, draft: Draft) -> Change | Unbuilt | None:
        """What the draft changes of one disclosure; None: nothing."""
        papers = self._papers.get(row.paper, NO_PAPER) if row.paper else NO_PAPER
        if row.thing is None or not row.thing.subject or (row.paper and not papers.alone):
            return Unbuilt.GONE
        asked = Question(
            verb=Verb.DISCLOSE,
            asker=self._holder,
            member=WORKER,
            holder=self._holder,
            thing=row.thing,
            purpose=row.purpose,
            at=row.sent_at,
            recipient=self._recipients[row.recipient_id],
            releases=row.releases,
            agreements=self._in_force(row),
            blocks=row.blocks,
        )
        before = _decided(law(), asked, papers, row.most)
        if before.level != row.level:
            return Unbuilt.LEVEL if before.level else Unbuilt.CLOSED
        if _rules(before) != set(row.rules):
            return Unbuilt.RULES
        held = bool(asked.agreements) and row.agreement == draft.agreement
        other = replace(
            asked,
            releases=tuple(replace(one, elements=draft.elements(one.elements)) for one in asked.releases),
            agreements=draft.agreements(asked.agreements, row.recipient_id, held=held),
        )
        return change(before, _decided(draft.law, other, papers, row.most))

    def _in_force(self, row: Past) -> tuple[Agreement, ...]:
        """What the agreement it was sent under said about it, if that was in force at that moment."""
        if row.agreement is None or not self._kept.held(row.agreement, row.sent_at):
            return ()
        key = (row.agreement, row.recipient_id)
        if key not in self._said:
            text = self._kept.texts[row.agreement]
            self._said[key] = tuple(partners.between(text, self._ours, row.recipient_id))
        return self._said[key]


def _decided(law: Law, asked: Question, papers: Answered, most: Level) -> Decision:
    """What a law says to one disclosure: on its paper alone and, where that is not what opens it, together with the
    others of its sender. Never more than was begun; single facts are told as a summary."""
    on_release = bool(asked.releases)
    decision = decide(law, replace(asked, processes=papers.alone), on_release=on_release)
    if len(papers.together) > len(papers.alone) and papers.alone[0].id not in decision.relying_on:
        decision = decide(law, replace(asked, processes=papers.together), on_release=on_release)
    if decision.fields is not None:
        most = min(most, Level.SUMMARY)
    return replace(decision, level=min(decision.level, most))


def _rules(decision: Decision) -> set[str]:
    """The rules as an envelope keeps them: which role sent it is the holder's own affair."""
    return {each.rule for each in decision.because if law().rules[each.rule].step is not Step.OWN}

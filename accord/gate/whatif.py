"""What if: a draft of rules, of an agreement or of a release form, asked about everything an agency has ever sent.

Each past disclosure is asked about twice with the facts of its own moment: under what holds, and under the draft. Where
what holds does not give what was recorded, the draft is not asked, and why is told. Nothing is stored; what is found
so far goes along with whoever asks on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from accord.gate.entrance import Caller, Gate, Standing
from accord.gate.law import law
from accord.gate.operating import agencies
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.partners.facts import Kept
from accord.partners.rules import Standing as Stands
from accord.partners.rules import Text
from accord.policy.compare import WORKER, Change, Difference, Group, Terms, between, change, grouped
from accord.policy.decide import decide
from accord.policy.facts import Agency, Agreement, Decision, Question
from accord.policy.law import Law, Step
from accord.policy.words import Category, Element, Level, Purpose, Verb
from accord.sharing import queries as sharing
from accord.sharing.queries import Past

#: Disclosures asked about at once.
PART = 2_000
#: Files named with each line of what was found.
NAMED = 6
#: What the signed page has today; it does not say that substance use records are meant.
ON_THE_PAGE = frozenset(Element) - {Element.SUBSTANCE_USE}
ALWAYS = datetime.min.replace(tzinfo=UTC)


class Unbuilt(StrEnum):
    """Why a past disclosure could not be asked about again."""

    GONE = "gone"
    CLOSED = "closed"
    LEVEL = "level"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be otherwise. `instead` takes the place of `agreement`; None: that one no longer holds. `proposed`: it
    has not been in force yet, and is asked about as if it always had been."""

    law: Law = field(default_factory=law)
    agreement: UUID | None = None
    instead: Agreement | None = None
    proposed: bool = False
    gained: frozenset[Element] = frozenset()
    dropped: frozenset[Element] = frozenset()

    def elements(self, elements: frozenset[Element]) -> frozenset[Element]:
        return (elements - self.dropped) | self.gained

    def agreements(self, agreements: Iterable[Agreement]) -> tuple[Agreement, ...]:
        """These with the draft among them, where it belongs."""
        agreements = tuple(agreements)
        others = tuple(each for each in agreements if each.id != str(self.agreement))
        if self.instead is None or (len(others) == len(agreements) and not self.proposed):
            return others
        return (*others, replace(self.instead, since=ALWAYS) if self.proposed else self.instead)


def of_agreement(
    text: Text,
    stands: Stands,
    *,
    holds: bool,
    categories: Collection[Category],
    purposes: Collection[Purpose],
    until: datetime,
) -> Draft:
    """One agreement that would no longer hold, or would hold with other words. One that has not been in force is asked
    about as if it always had been."""
    fact = replace(partners.fact_of(text), categories=frozenset(categories), purposes=frozenset(purposes), until=until)
    proposed = stands in (Stands.WAITING, Stands.COMING)
    return Draft(agreement=text.id, instead=fact if holds else None, proposed=proposed)


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
    known = partners.agencies(agencies())
    if draft.agreement is not None and draft.law is law():
        parties = draft.instead.parties if draft.instead else _kept_parties(permit, draft.agreement)
        wanted = [agency for agency in known.values() if agency.id in parties]
    else:
        wanted = list({(agency.kind, agency.duties): agency for agency in known.values()}.values())
    found: list[Difference] = []
    for recipient in wanted:
        if recipient.id == holder.id:
            continue
        agreed = partners.agreements(permit.agency_id, UUID(recipient.id), permit.at)
        now = Terms(law(), agreed, ON_THE_PAGE)
        then = Terms(draft.law, draft.agreements(agreed), draft.elements(ON_THE_PAGE))
        found += between(now, then, holder, recipient, permit.at)
    return grouped(found)


def _kept_parties(permit: Permit, agreement: UUID) -> frozenset[str]:
    kept = partners.kept(permit.agency_id).get(agreement)
    return kept.fact.parties if kept else frozenset()


class _Asking:
    """The law, asked about past disclosures: the agencies and agreements it wants to know are looked up once."""

    def __init__(self, standing: Standing, permit: Permit, rows: Iterable[Past]) -> None:
        self._holder = standing.agency
        self._recipients: Mapping[UUID, Agency] = partners.agencies({row.recipient_id for row in rows})
        self._kept: Mapping[UUID, Kept] = partners.kept(permit.agency_id)

    def __call__(self, row: Past, draft: Draft) -> Change | Unbuilt | None:
        """What the draft changes of one disclosure; None: nothing."""
        if row.thing is None or not row.thing.subject:
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
        before = _no_more(decide(law(), asked), row.most)
        if before.level != row.level:
            return Unbuilt.LEVEL if before.level else Unbuilt.CLOSED
        if _rules(before) != set(row.rules):
            return Unbuilt.RULES
        other = replace(
            asked,
            releases=tuple(replace(one, elements=draft.elements(one.elements)) for one in asked.releases),
            agreements=draft.agreements(asked.agreements),
        )
        return change(before, _no_more(decide(draft.law, other), row.most))

    def _in_force(self, row: Past) -> tuple[Agreement, ...]:
        """The agreement it was sent under, if it was in force at that moment."""
        kept = self._kept.get(row.agreement) if row.agreement else None
        return (kept.fact,) if kept and kept.held(row.sent_at) else ()


def _no_more(decision: Decision, most: Level) -> Decision:
    return replace(decision, level=min(decision.level, most))


def _rules(decision: Decision) -> set[str]:
    """The rules as an envelope keeps them: which role sent it is the holder's own affair."""
    return {each.rule for each in decision.because if law().rules[each.rule].step is not Step.OWN}

"""What may follow: entries written after she signed, or after a flow began. Noting and sending can be one save; what is
not sent waits in one tray. The law is asked again about every entry, each time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accord.gate.disclosure import Answer, ask, contents_of, deliver, sending_permit
from accord.gate.entrance import Caller, Gate, Standing
from accord.gate.flows import Asking
from accord.learning.gaps import facts as gaps
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.policy.facts import Agency, Block, Thing
from accord.policy.words import Category, Level, Purpose
from accord.sharing import facts as sharing_facts
from accord.sharing import models
from accord.sharing import queries as sharing
from accord.sharing.actions import Basis
from accord.sharing.rules import Content
from accord.vault import facts as vault_facts

#: An import can bring this many entries in one save.
AT_ONCE = 10_000

Pick = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Way:
    """A release or flow on which something may follow. `levels`: how much of what, as the law says today. `subject_id`
    is whom a release is about; None for a flow, which is about herself."""

    id: UUID
    client_id: UUID
    recipient_id: UUID
    purpose: Purpose
    levels: Mapping[Category, Level]
    until_at: datetime
    subject_id: UUID | None
    by_law: bool
    automatic: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry that may be sent on one release or flow, and has not been."""

    basis_id: UUID
    recipient_id: UUID
    client_id: UUID
    entry_id: UUID
    purpose: Purpose
    until_at: datetime
    by_law: bool
    answer: Answer

    @property
    def pick(self) -> Pick:
        return self.basis_id, self.entry_id

    @property
    def category(self) -> Category:
        return self.answer.allowed[0][0].category

    @property
    def level(self) -> Level:
        return self.answer.allowed[0][1].level


def ways(gate: Gate, permit: Permit, caller: Caller, client_id: UUID) -> list[Way]:
    """On what a new entry about this client could be sent as it is saved. What the law has closed since is left out."""
    bases = [basis for basis in sharing_facts.following(client_id, permit.at) if basis.client_id == client_id]
    if not bases:
        return []
    standing, asked = gate.standing(caller), _Asking(permit, bases)
    found = []
    for basis in bases:
        release = isinstance(basis, models.Release)
        anything = Thing(category=Category.NOTES, subject=str(basis.subject_id) if release else "herself")
        follows = basis.updates if release else basis.grants
        things = [replace(anything, category=Category(category)) for category in follows]
        levels = {thing.category: yes.level for thing, yes in asked(standing, basis, things).allowed}
        levels = {category: level for category, level in levels.items() if level > Level.EXISTENCE}
        if levels:
            found.append(
                Way(
                    id=basis.id,
                    client_id=client_id,
                    recipient_id=basis.recipient_id,
                    purpose=Purpose(basis.purpose),
                    levels=levels,
                    until_at=basis.until_at,
                    subject_id=basis.subject_id if release else None,
                    by_law=not release,
                    automatic=not release and basis.automatic,
                )
            )
    return found


def waiting(
    gate: Gate, permit: Permit, caller: Caller, client_id: UUID | None = None, *, limit: int = sharing.MOST_LISTED
) -> list[Waiting]:
    """The tray: what waits about one client or about all, oldest first. What the law does not open is not in it."""
    unsent = sharing.unsent(permit=permit, client_id=client_id, limit=limit)
    return _waiting(gate, permit, caller, unsent, sharing_facts.bases({each.basis_id for each in unsent}))


def previews(permit: Permit, caller: Caller, items: Sequence[Waiting]) -> dict[Pick, Content]:
    """What each partner would see of each: the very contents that would be sealed."""
    seen: dict[Pick, Content] = {}
    for client_id in dict.fromkeys(item.client_id for item in items):
        hers = [item for item in items if item.client_id == client_id]
        sending = sending_permit(permit, caller, hers[0].answer.allowed[0][1])
        try:
            contents = contents_of(sending, client_id, [item.answer for item in hers])
        finally:
            sending.close()
        for item in hers:
            content = contents[str(item.entry_id), item.category, item.level]
            assert content is not None, "an entry says something at every level"
            seen[item.pick] = content
    return seen


def send(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, picks: Collection[Pick]) -> dict[UUID, int]:
    """Send what waits about one client, as far as it still waits and the law still opens it. Returns how many envelopes
    went to each recipient."""
    wanted = set(picks)
    ids = {basis for basis, _entry in wanted}
    # Locked before anything is asked: a withdrawal waits for this, or this finds it withdrawn.
    bases: list[Basis] = [*sharing_facts.all_locked(ids), *sharing_facts.flows_locked(ids)]
    unsent = [
        each
        for each in sharing.unsent(permit=permit, client_id=client_id, limit=AT_ONCE)
        if (each.basis_id, each.entry_id) in wanted
    ]
    opened = _waiting(gate, permit, caller, unsent, bases)
    files: dict[UUID, list[tuple[Basis, Answer]]] = {}
    for basis in bases:
        allowed = [item.answer.allowed[0] for item in opened if item.basis_id == basis.id]
        if allowed:
            files.setdefault(basis.client_id, []).append((basis, Answer(allowed, None)))
    counts: dict[UUID, int] = {}
    for answered in files.values():
        sent = deliver(permit, caller, answered)
        for basis, _answer in answered:
            counts[basis.recipient_id] = counts.get(basis.recipient_id, 0) + sent[basis.id]
    return counts


def also_send(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, chosen: Collection[UUID]) -> dict[UUID, int]:
    """Send what was just written down under this permit: on the releases and flows that were `chosen`, and on the flows
    about her that send themselves. Returns how many envelopes went to each recipient."""
    added = {id for deed, id in permit.deeds if deed == "entry_added"}
    if not added:
        return {}
    following = sharing_facts.following(client_id, permit.at)
    alone = {basis.id for basis in following if isinstance(basis, models.Flow) and basis.automatic}
    unsent = sharing.unsent(permit=permit, client_id=client_id, limit=AT_ONCE)
    picks = {(each.basis_id, each.entry_id) for each in unsent if each.entry_id in added}
    return send(gate, permit, caller, client_id, {pick for pick in picks if pick[0] in alone.union(chosen)})


def _waiting(
    gate: Gate,
    permit: Permit,
    caller: Caller,
    unsent: Sequence[sharing.Unsent],
    bases: Iterable[Basis],
) -> list[Waiting]:
    by_id = {basis.id: basis for basis in bases}
    if not unsent or not by_id:
        return []
    standing, asked = gate.standing(caller), _Asking(permit, by_id.values())
    things = vault_facts.things(each.entry_id for each in unsent)
    reach = gaps.reach({each.entry_id for each in unsent}, permit.at)
    recipients = partners.agencies({basis.recipient_id for basis in by_id.values()}) if reach else {}
    found = []
    for each in unsent:
        basis = by_id[each.basis_id]
        if reach and not gaps.may_reach(reach, str(each.entry_id), recipients[basis.recipient_id]):
            continue
        answer = asked(standing, basis, [things[each.entry_id]])
        if answer.allowed:
            found.append(
                Waiting(
                    basis_id=basis.id,
                    recipient_id=basis.recipient_id,
                    client_id=each.client_id,
                    entry_id=each.entry_id,
                    purpose=Purpose(basis.purpose),
                    until_at=basis.until_at,
                    by_law=isinstance(basis, models.Flow),
                    answer=answer,
                )
            )
    return found


class _Asking:
    """The law, asked about releases and flows: what it wants to know about them is looked up once."""

    def __init__(self, permit: Permit, bases: Iterable[Basis]) -> None:
        bases = list(bases)
        releases = [basis for basis in bases if isinstance(basis, models.Release)]
        self._at = permit.at
        self._recipients: Mapping[UUID, Agency] = partners.agencies({basis.recipient_id for basis in releases})
        said = sharing_facts.nevers({basis.client_id for basis in releases})
        self._blocks: dict[UUID, tuple[Block, ...]] = {id: sharing_facts.blocks_of(rows) for id, rows in said.items()}
        self._flows = Asking(permit, [basis for basis in bases if isinstance(basis, models.Flow)])

    def __call__(self, standing: Standing, basis: Basis, things: Iterable[Thing]) -> Answer:
        if isinstance(basis, models.Flow):
            return self._flows(standing, basis, things)
        fact = sharing_facts.release_fact(basis)
        if fact is None:
            return Answer([], None)
        return ask(
            standing,
            self._recipients[basis.recipient_id],
            things,
            fact.purpose,
            self._at,
            blocks=self._blocks[basis.client_id],
            releases=(fact,),
        )

"""What a law lets an agency tell a partner without her release: what is on offer, beginning it, and whether it still
holds. Nothing of a victim service provider is ever on offer; the law says so, and here nobody knows better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accord.gate.disclosure import Answer, ask, contents_of, deliver, sending_permit
from accord.gate.entrance import Caller, Gate, Refused, Standing
from accord.gate.law import law
from accord.gate.operating import agencies
from accord.learning.gaps import facts as gaps
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.policy.facts import Agency, Block, Decision, Thing
from accord.policy.words import Basis, Category, Duty, Level, Obligation, Purpose, Relation
from accord.sharing import actions as sharing
from accord.sharing import facts as sharing_facts
from accord.sharing import models
from accord.sharing.queries import FlowView
from accord.sharing.rules import Content
from accord.vault import facts as vault_facts


@dataclass(frozen=True, slots=True)
class Offer:
    """What one partner may be told of a client, for one purpose, by one rule: in that rule's words."""

    recipient_id: UUID
    purpose: Purpose
    rule: str
    sentence: str
    citation: str
    agreement: UUID | None
    levels: Mapping[Category, Level]
    until: datetime
    tell_her: bool
    keeps: bool

    @property
    def key(self) -> str:
        """How a page names it."""
        return f"{self.recipient_id}.{self.purpose}.{self.rule}"


def offers(gate: Gate, permit: Permit, caller: Caller, client_id: UUID) -> list[Offer]:
    """Everything the law lets this agency tell any partner about this client today, without her release."""
    wanted: dict[Purpose, list[Category]] = {}
    for category, purpose in law().on(permit.at).exceptions:
        wanted.setdefault(purpose, []).append(category)
    standing = gate.standing(caller)
    herself, blocks = _herself(client_id), sharing_facts.blocks(client_id)
    agreed, never = partners.agreements(permit.agency_id, permit.at), {block.against for block in blocks}
    answers: dict[object, dict[Purpose, Answer]] = {}
    found: list[Offer] = []
    for id, recipient in partners.agencies(agencies()).items():
        if id == permit.agency_id:
            continue
        agreements = agreed.get(id, ())
        # Of one kind under the same duties, with nothing agreed and nothing said against them, all are answered alike.
        like = id if agreements or recipient.id in never else (recipient.kind, recipient.duties)
        if like not in answers:
            answers[like] = {
                purpose: ask(
                    standing,
                    recipient,
                    [replace(herself, category=category) for category in categories],
                    purpose,
                    permit.at,
                    blocks=blocks,
                    agreements=agreements,
                )
                for purpose, categories in wanted.items()
            }
        found += [offer for purpose, answer in answers[like].items() for offer in _offers(id, purpose, answer)]
    return found


def possible(duties: frozenset[Duty], at: datetime) -> bool:
    """Whether any law lets an agency under these duties send anything without a release and without a paper. For
    whoever it does not, the pages do not speak of it."""
    rules = (one for rules in law().on(at).exceptions.values() for one in rules)
    return any(duties <= one.duties and not one.papers for one in rules)


def preview(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, offer: Offer) -> list[Content]:
    """What would go at once if this were begun now."""
    answer = _answer(gate, permit, caller, client_id, _unwritten(client_id, offer))
    if not answer.allowed:
        return []
    sending = sending_permit(permit, caller, answer.allowed[0][1])
    try:
        return [content for content in contents_of(sending, client_id, [answer]).values() if content is not None]
    finally:
        sending.close()


def begin(
    gate: Gate, permit: Permit, caller: Caller, client_id: UUID, offer: Offer, *, automatic: bool, not_told: str
) -> int:
    """Begin a flow and send what it covers already. `not_told`: why it is not safe to tell her, else she was told.
    Returns how many envelopes went out. Raises Refused when the law opens nothing, InvalidRelease when it runs."""
    answer = _answer(gate, permit, caller, client_id, _unwritten(client_id, offer))
    if not answer.allowed:
        raise Refused
    sending = sending_permit(permit, caller, answer.allowed[0][1])
    try:
        flow = sharing.open_flow(
            permit=sending,
            at=permit.at,
            client_id=client_id,
            recipient_id=offer.recipient_id,
            purpose=offer.purpose,
            grants=offer.levels,
            rule=offer.rule,
            agreement=offer.agreement,
            until=offer.until,
            automatic=automatic,
            not_told=not_told,
        )
        for deed, id in sending.deeds:
            permit.record(deed, id)
    finally:
        sending.close()
    return deliver(permit, caller, [(flow, answer)])[flow.id]


def resting(gate: Gate, permit: Permit, caller: Caller, flows: Iterable[FlowView]) -> list[FlowView]:
    """Those of these flows on which nothing goes now, because the law or the agreement no longer lets it."""
    flows = list(flows)
    if not flows:
        return []
    standing, asked = gate.standing(caller), Asking(permit, flows)
    found = []
    for flow in flows:
        things = [replace(_ANYTHING, category=category) for category in flow.grants]
        if not asked(standing, flow, things).allowed:
            found.append(flow)
    return found


#: Who it is about makes no difference to whether a flow still holds.
_ANYTHING = Thing(category=Category.IDENTITY, subject="anybody")


class Asking:
    """The law, asked about flows: the agencies, agreements and nevers it wants to know are looked up once."""

    def __init__(self, permit: Permit, flows: Iterable[models.Flow | FlowView]) -> None:
        flows = list(flows)
        self._at = permit.at
        self._recipients: Mapping[UUID, Agency] = partners.agencies({flow.recipient_id for flow in flows})
        self._agreements = partners.agreements(permit.agency_id, permit.at)
        said = sharing_facts.nevers({flow.client_id for flow in flows})
        self._blocks: dict[UUID, tuple[Block, ...]] = {id: sharing_facts.blocks_of(rows) for id, rows in said.items()}

    def __call__(self, standing: Standing, flow: models.Flow | FlowView, things: Iterable[Thing]) -> Answer:
        """What the law opens on a flow now: by the rule and the agreement it was begun under, never more than was
        begun, never after its end, and only what is about herself."""
        if flow.ended_at is not None or flow.until_at <= self._at:
            return Answer([], None)
        grants = {Category(category): Level(level) for category, level in flow.grants.items()}
        answer = ask(
            standing,
            self._recipients[flow.recipient_id],
            [thing for thing in things if thing.relation is Relation.SELF and thing.category in grants],
            Purpose(flow.purpose),
            self._at,
            blocks=self._blocks[flow.client_id],
            agreements=tuple(
                each for each in self._agreements.get(flow.recipient_id, ()) if each.id == str(flow.agreement)
            ),
        )
        return Answer(
            [
                (thing, _narrowed(decision, grants[thing.category], flow.until_at))
                for thing, decision in answer.allowed
                if _rule(decision) == flow.rule
            ],
            answer.closed,
        )


def on_flow(gate: Gate, permit: Permit, caller: Caller, flow: models.Flow) -> Answer:
    """What the law opens of everything that one flow covers."""
    return _answer(gate, permit, caller, flow.client_id, flow)


def _answer(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, flow: models.Flow) -> Answer:
    """What the law opens of everything in her file."""
    herself = _herself(client_id)
    things = [replace(herself, category=Category(category)) for category in sorted(flow.grants)]
    held = vault_facts.entry_things(client_id, flow.grants)
    reach = gaps.reach([UUID(thing.id) for thing in held], permit.at)
    recipient = partners.agencies({flow.recipient_id})[flow.recipient_id]
    things += [thing for thing in held if gaps.may_reach(reach, thing.id, recipient)]
    return Asking(permit, [flow])(gate.standing(caller), flow, things)


def _unwritten(client_id: UUID, offer: Offer) -> models.Flow:
    """The flow an offer would become."""
    return models.Flow(
        client_id=client_id,
        recipient_id=offer.recipient_id,
        purpose=offer.purpose,
        grants={category.value: int(level) for category, level in offer.levels.items()},
        rule=offer.rule,
        agreement=offer.agreement,
        until_at=offer.until,
    )


def _herself(client_id: UUID) -> Thing:
    herself = vault_facts.client_thing(client_id)
    if herself is None:
        raise Refused
    return replace(herself, id="")


def _offers(recipient_id: UUID, purpose: Purpose, answer: Answer) -> list[Offer]:
    """One offer for each rule and agreement that says yes. That it is about her alone is nothing worth telling."""
    found: dict[tuple[str, UUID | None], list[tuple[Thing, Decision]]] = {}
    for thing, decision in answer.allowed:
        if decision.basis is Basis.EXCEPTION:
            agreement = UUID(decision.relying_on[0]) if decision.relying_on else None
            found.setdefault((_rule(decision), agreement), []).append((thing, decision))
    return [
        Offer(
            recipient_id=recipient_id,
            purpose=purpose,
            rule=rule,
            sentence=yes[0][1].because[0].sentence,
            citation=yes[0][1].because[0].citation,
            agreement=agreement,
            levels={thing.category: decision.level for thing, decision in yes},
            until=min(decision.until for _thing, decision in yes if decision.until is not None),
            tell_her=any(Obligation.TELL_HER in decision.duties for _thing, decision in yes),
            keeps=any(Obligation.RETAIN_SEALED in decision.duties for _thing, decision in yes),
        )
        for (rule, agreement), yes in found.items()
        if {thing.category for thing, _decision in yes} != {Category.IDENTITY}
    ]


def _rule(decision: Decision) -> str:
    """The rule a yes without her release rests on: it stands first."""
    return decision.because[0].rule if decision.basis is Basis.EXCEPTION else ""


def _narrowed(decision: Decision, level: Level, until: datetime) -> Decision:
    assert decision.until is not None, "an exception ends"
    return replace(decision, level=min(decision.level, level), until=min(decision.until, until))

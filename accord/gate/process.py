"""Answering a paper: the law is asked about each of her things for whoever the paper lets know, what it opens is shown
exactly as it would go, and what goes is written down. Where a law names single facts, nothing but these goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from accord.gate.disclosure import Answer, Explanation, ask, contents_of, sending_permit
from accord.gate.entrance import Caller, Gate, Refused, Standing
from accord.gate.law import law
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.policy.facts import Agency, Block, Decision, Process, Thing
from accord.policy.law import Step
from accord.policy.words import (
    Basis,
    BlockKind,
    Category,
    Field,
    Level,
    Obligation,
    ProcessKind,
    Purpose,
    Representation,
    Role,
)
from accord.process import actions as process
from accord.process import facts as process_facts
from accord.process import queries
from accord.process.models import Paper
from accord.process.rules import InvalidProcess, State, only, undone
from accord.sharing import actions as sharing
from accord.sharing import facts as sharing_facts
from accord.sharing.rules import Content, Disclosure
from accord.vault import facts as vault_facts


@dataclass(frozen=True, slots=True)
class Opens:
    """What the law lets out of one category on a paper; `fields` are the only facts, where it names some."""

    category: Category
    level: Level
    fields: tuple[Field, ...] | None
    because: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Lacks:
    """What one rule still wants stated or found; any one of `ways` is enough."""

    sentence: str
    citation: str
    ways: tuple[tuple[Representation, ...], ...]


@dataclass(frozen=True, slots=True)
class Says:
    """What the law says to a paper as it stands: what opens, why the rest does not, what is lacking, and what is to be
    done before anything leaves."""

    opens: tuple[Opens, ...]
    closed: Explanation | None
    lacks: tuple[Lacks, ...]
    undone: tuple[str, ...]
    defence: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that leaves, exactly as it leaves."""

    thing: Thing
    decision: Decision
    content: Content


def says(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, paper_id: UUID) -> Says:
    """What the law would say to whoever answers the paper. Nothing is opened. Raises Refused when it is not there."""
    row = _row(client_id, paper_id)
    standing = gate.standing(caller)
    # Counsel's contact and the records officer read it too; what opens does not depend on who here answers.
    answering = replace(standing, member=replace(standing.member, roles=standing.member.roles | {Role.WORKER}))
    recipient = _recipient(row)
    answer = _ask(answering, recipient, permit, row)
    opens: dict[tuple[Category, Level, tuple[Field, ...] | None], Decision] = {}
    for thing, decision in answer.allowed:
        opens.setdefault((thing.category, decision.level, decision.fields), decision)
    duties = _duties(answer)
    return Says(
        opens=tuple(Opens(*what, _because(decision)) for what, decision in opens.items()),
        closed=None if answer.closed is None else _closed(answer.closed),
        lacks=_lacks(row, standing.agency, recipient, permit),
        undone=_undone(row, duties) if answer.allowed else (),
        defence=Obligation.WARN_DISCOVERY in duties,
    )


def preview(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, paper_id: UUID) -> list[Found]:
    """Exactly what would leave if the paper were answered now. Raises Refused when it is not there."""
    row = _row(client_id, paper_id)
    return _found(gate, permit, caller, row) if row.state != State.ANSWERED else []


def answer(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, paper_id: UUID, *, way: str) -> int:
    """Answer a paper: to a partner sealed in envelopes (`accord`), to anybody on paper (`printed`). Returns how many
    things left. Raises Refused, InvalidProcess."""
    row, found = _about_to_leave(gate, permit, caller, client_id, paper_id)
    if way != "accord" and _passes_somebody(row, found):
        raise InvalidProcess("She said never to somebody who works there; on paper nobody keeps it from them.")
    until = max(each.decision.until for each in found if each.decision.until is not None)
    process.answer(permit=permit, at=permit.at, client_id=client_id, paper_id=paper_id, until=until)
    sending = sending_permit(permit, caller, found[0].decision)
    try:
        if way == "accord" and row.partner_id is not None:
            answered = sharing.open_answer(
                permit=sending,
                at=permit.at,
                client_id=row.client_id,
                subject_id=row.subject_id,
                recipient_id=row.partner_id,
                purpose=Purpose(row.purpose),
                paper=row.id,
                grants=_grants(found),
                rule=found[0].decision.because[0].rule,
                until=until,
            )
            parcels = [(answered, [_disclosure(each) for each in found])]
            count = sharing.send(permit=sending, at=permit.at, parcels=parcels)[answered.id]
        else:
            count = _give(sending, permit, row, found, way)
        _noted(sending, permit, row)
    finally:
        sending.close()
    return count


def tell(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, paper_id: UUID) -> int:
    """A report is made by word of mouth, before it is written: the same things, and no more. Returns how many. Raises
    Refused, InvalidProcess."""
    row, found = _about_to_leave(gate, permit, caller, client_id, paper_id)
    if row.kind != ProcessKind.MANDATED_REPORT:
        raise InvalidProcess("Only a report is made by word of mouth; everything else is answered in writing.")
    sending = sending_permit(permit, caller, found[0].decision)
    try:
        count = _give(sending, permit, row, found, "oral")
        _noted(sending, permit, row)
    finally:
        sending.close()
    return count


def printed(gate: Gate, permit: Permit, caller: Caller, client_id: UUID, paper_id: UUID) -> list[Found]:
    """What was answered on paper, to be printed while the law still lets it out. Raises Refused when there is none."""
    row = _row(client_id, paper_id)
    given = [
        each
        for each in queries.printed(permit=permit, client_id=client_id, paper_id=paper_id)
        if row.answered_until_at is not None and permit.at < row.answered_until_at
    ]
    found = [each for each in _found(gate, permit, caller, row) if (_entry(each), each.content.category) in given]
    if not found or _passes_somebody(row, found):
        raise Refused
    permit.record("process_printed", row.id)
    return found


def _about_to_leave(
    gate: Gate, permit: Permit, caller: Caller, client_id: UUID, paper_id: UUID
) -> tuple[Paper, list[Found]]:
    """The paper, locked, and what leaves on it now. Raises Refused; InvalidProcess naming what is to be done first."""
    row = _row(client_id, paper_id)
    found = _found(gate, permit, caller, row)
    if not found:
        raise InvalidProcess("As it stands the law lets nothing out on this paper.")
    duties = {duty for each in found for duty in each.decision.duties}
    for sentence in _undone(row, duties):
        raise InvalidProcess(sentence)
    return row, found


def _row(client_id: UUID, paper_id: UUID) -> Paper:
    row = process_facts.locked(client_id, paper_id)
    if row is None:
        raise Refused
    return row


def _recipient(row: Paper) -> Agency:
    found = process_facts.outsider(row) if row.partner_id is None else partners.agency(row.partner_id)
    if found is None:
        raise Refused
    return found


def _ask(standing: Standing, recipient: Agency, permit: Permit, row: Paper) -> Answer:
    """The law, asked about every thing the paper names: on this paper alone, and where that opens nothing together with
    the others of its sender. A yes that does not rest on it is none."""
    ours = process_facts.facts_of([row])
    about = Thing(category=Category.IDENTITY, subject=str(row.subject_id))
    things = [replace(about, category=Category(each)) for each in row.categories]
    things += vault_facts.entry_things(row.client_id, row.categories)
    blocks = _blocks(row, recipient)

    def asked(papers: tuple[Process, ...], about: Iterable[Thing]) -> Answer:
        return ask(standing, recipient, about, Purpose(row.purpose), permit.at, blocks=blocks, papers=papers)

    alone = asked(ours, things)
    allowed = [(thing, decision) for thing, decision in alone.allowed if str(row.id) in decision.relying_on]
    opened = {id(thing) for thing, _decision in allowed}
    rest = [thing for thing in things if id(thing) not in opened]
    together = process_facts.facts_of(process_facts.beside(row)) if ours else ()
    closed = alone.closed
    if len(together) > len(ours):
        more = asked(together, rest)
        allowed += [(thing, decision) for thing, decision in more.allowed if str(row.id) in decision.relying_on]
        closed = more.closed
    return Answer(allowed, closed)


def _blocks(row: Paper, recipient: Agency) -> tuple[Block, ...]:
    """Her nevers. Somebody who is no partner may be the very agency she said never to, by another name: whoever is of
    its kind is told nothing either, unless a law demands it."""
    said = sharing_facts.nevers_of(row.client_id)
    found = sharing_facts.blocks_of(said)
    if row.partner_id is None:
        kinds = {each.kind for each in partners.agencies(each.against_id for each in said).values()}
        if recipient.kind in kinds:
            found += (Block(BlockKind.NEVER_SHARE, recipient.id),)
    return found


def _passes_somebody(row: Paper, found: Iterable[Found]) -> bool:
    """Whether paper would carry to a partner, undemanded, what she wants kept from somebody there: sealed, it says from
    whom it is kept."""
    said = sharing_facts.nevers_of(row.client_id)
    kept = any(each.person is not None and each.against_id == row.partner_id for each in said)
    return kept and any(each.decision.basis is not Basis.COMPELLED for each in found)


def _found(gate: Gate, permit: Permit, caller: Caller, row: Paper) -> list[Found]:
    """Every thing the law lets out on the paper, narrowed to the level or to the single facts."""
    answer = _ask(gate.standing(caller), _recipient(row), permit, row)
    if not answer.allowed:
        return []
    view = queries.paper(permit=permit, client_id=row.client_id, paper_id=row.id)
    assert view is not None, "it was locked a moment ago"
    sending = sending_permit(permit, caller, answer.allowed[0][1])
    # Single facts are picked from the whole thing; a summary may not name them, or name more.
    whole = [
        (thing, decision if decision.fields is None else replace(decision, level=Level.FULL))
        for thing, decision in answer.allowed
    ]
    try:
        contents = contents_of(sending, row.client_id, [Answer(whole, None)])
    finally:
        sending.close()
    found = []
    for (thing, decision), (_same, asked) in zip(answer.allowed, whole, strict=True):
        content = contents[thing.id or thing.subject, thing.category, asked.level]
        if content is not None and decision.fields is not None:
            content = only(content, decision.fields, view.said)
        if content is not None:
            found.append(Found(thing, decision, content))
    return found


def _duties(answer: Answer) -> set[Obligation]:
    return {duty for _thing, decision in answer.allowed for duty in decision.duties}


def _undone(row: Paper, duties: Iterable[Obligation]) -> tuple[str, ...]:
    return undone(
        set(duties),
        told=row.told_at is not None,
        why_not=row.not_told is not None,
        safety=row.safety is not None,
        threat=row.threat is not None,
    )


def _lacks(row: Paper, holder: Agency, recipient: Agency, permit: Permit) -> tuple[Lacks, ...]:
    """Which statements each rule that could open something on a paper of this kind still wants."""
    here = law().on(permit.at).between(holder, recipient)
    has, kind, purpose = process_facts.represented(row), ProcessKind(row.kind), Purpose(row.purpose)
    found: dict[str, Lacks] = {}
    for table in (here.compelled, here.exceptions):
        for one in (one for each in row.categories for one in table.get((Category(each), purpose), ())):
            ways = [
                tuple(each for each in Representation if each in wanted.represented - has)
                for wanted in one.papers
                if kind in wanted.kinds
            ]
            if ways and all(ways) and not one.duties.isdisjoint(holder.duties):
                found[one.because.rule] = Lacks(one.because.sentence, one.because.citation, tuple(ways))
    return tuple(found.values())


def _because(decision: Decision) -> tuple[tuple[str, str, str], ...]:
    """Without which of its roles sends it: that is the holder's own affair."""
    return tuple(
        (each.sentence, each.citation, each.rule)
        for each in decision.because
        if law().rules[each.rule].step is not Step.OWN
    )


def _closed(decision: Decision) -> Explanation:
    because = tuple((each.sentence, each.citation, each.rule) for each in decision.because)
    return Explanation(decision.level, because, tuple(need.sentence for need in decision.needs))


def _grants(found: Sequence[Found]) -> dict[Category, Level]:
    grants: dict[Category, Level] = {}
    for each in found:
        grants[each.content.category] = max(each.content.level, grants.get(each.content.category, Level.NONE))
    return grants


def _entry(found: Found) -> UUID | None:
    return UUID(found.thing.id) if found.thing.id else None


def _disclosure(found: Found) -> Disclosure:
    assert found.decision.until is not None, "what a paper opens ends"
    return Disclosure(
        entry_id=_entry(found),
        content=found.content,
        until=found.decision.until,
        rules=tuple(rule for _sentence, _citation, rule in _because(found.decision)),
        retain=Obligation.RETAIN_SEALED in found.decision.duties,
    )


def _give(sending: Permit, permit: Permit, row: Paper, found: Sequence[Found], way: str) -> int:
    things = [
        process.Thing(_entry(each), each.content.category, each.content.level, each.decision.because[0].rule)
        for each in found
    ]
    return process.give(permit=sending, at=permit.at, client_id=row.client_id, paper_id=row.id, way=way, things=things)


def _noted(sending: Permit, permit: Permit, row: Paper) -> None:
    """The deeds of the sending go into the request's one leaf."""
    permit.record("relied_on", row.id)
    for deed, id in sending.deeds:
        permit.record(deed, id)

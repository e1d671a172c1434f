"""Sending on her word: the gate asks the law about every single thing, and hands what it allowed to `sharing`.

A preview asks the same questions of the same law about a release that is not signed yet, so what is previewed is what
will be sent. What she is warned of before she signs are duties of that law, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accord.gate.entrance import NOTHING, Caller, Gate, Refused, Standing
from accord.gate.law import law
from accord.learning.gaps import facts as gaps
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.policy.conditions import applies
from accord.policy.decide import decide
from accord.policy.facts import Agency, Agreement, Block, Decision, Member, Process, Question, Release, Thing
from accord.policy.law import Step
from accord.policy.words import Category, Element, Level, Obligation, Purpose, Relation, Verb
from accord.sharing import actions as sharing
from accord.sharing import facts as sharing_facts
from accord.sharing import models
from accord.sharing.rules import Content, Disclosure, InvalidRelease, NothingOpens, narrowed
from accord.vault import facts as vault_facts
from accord.vault import queries as vault

#: What every signed page has. That substance use records are meant it says only where that was asked for.
EVERY_ELEMENT = frozenset(Element) - {Element.SUBSTANCE_USE}


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer in the words of the law: which sentences, from where, and what would change it."""

    level: Level
    because: tuple[tuple[str, str, str], ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Warnings:
    """What she is told about a recipient before she signs: it may reach the defence; they keep it, sealed, after the
    end."""

    defence: bool
    keeps: bool


def disclose(
    gate: Gate,
    permit: Permit,
    caller: Caller,
    release: models.Release,
    *,
    entries: Collection[UUID] | None = None,
) -> int:
    """Send what a signed release covers, in the transaction of `permit`; with `entries`, only those of it that are
    named. Returns how many envelopes went out; raises as `disclose_all`."""
    return disclose_all(gate, permit, caller, [release], entries=entries)[release.id]


def disclose_all(
    gate: Gate,
    permit: Permit,
    caller: Caller,
    releases: Sequence[models.Release],
    *,
    entries: Collection[UUID] | None = None,
    waiting: Collection[UUID] = (),
) -> dict[UUID, int]:
    """Send what every release of a page covers: all of them or none. Returns how many envelopes went out on each.

    The releases are of one client and locked already by whoever signed or found them. Raises NothingOpens, naming for
    each what is missing, when the law opens nothing at all on one, so that nobody signs a page that does nothing.
    On those `waiting` the law is asked as well, and nothing is sent yet: it goes along with a referral.
    """
    facts: dict[UUID, Release] = {}
    for release in releases:
        fact = sharing_facts.release_fact(release)
        if fact is None:
            raise InvalidRelease("Nothing is sent before she has signed.")
        facts[release.id] = fact
    answers = _answers(gate, permit, caller, releases, facts, entries)
    if closed := {id: _missing(answer.closed) for id, answer in answers.items() if not answer.allowed}:
        raise NothingOpens(closed)
    going = [(release, answers[release.id]) for release in releases if release.id not in waiting]
    return deliver(permit, caller, going) if going else {}


def on_release(gate: Gate, permit: Permit, caller: Caller, release: models.Release) -> Answer:
    """What the law opens of everything that one signed release covers."""
    fact = sharing_facts.release_fact(release)
    if fact is None:
        raise InvalidRelease("Nothing is sent before she has signed.")
    return _answers(gate, permit, caller, [release], {release.id: fact})[release.id]


def deliver(
    permit: Permit,
    caller: Caller,
    answered: Sequence[tuple[sharing.Basis, Answer]],
    *,
    referral: UUID | None = None,
) -> dict[UUID, int]:
    """Hand over what the law has allowed on each release or flow, all of one client, along with a `referral` if there
    is one. Returns how many envelopes went out on each."""
    sending = sending_permit(permit, caller, next(answer.allowed[0][1] for _basis, answer in answered))
    try:
        answers = [answer for _basis, answer in answered]
        contents = contents_of(sending, answered[0][0].client_id, answers)
        parcels = [(basis, _items(answer.allowed, contents)) for basis, answer in answered]
        counts = sharing.send(permit=sending, at=permit.at, parcels=parcels, referral=referral)
        for basis, _answer in answered:
            permit.record("relied_on", basis.id)
        for deed, id in sending.deeds:
            permit.record(deed, id)
    finally:
        sending.close()
    return counts


def preview(gate: Gate, permit: Permit, caller: Caller, release_id: UUID) -> tuple[list[Content], Explanation]:
    """What the partner will see if she signs: the very contents that would be sealed. Nothing is sent or written."""
    return preview_all(gate, permit, caller, [release_id])[release_id]


def preview_all(
    gate: Gate,
    permit: Permit,
    caller: Caller,
    release_ids: Collection[UUID],
    *,
    instead: Mapping[UUID, Mapping[Category, Level]] | None = None,
) -> dict[UUID, tuple[list[Content], Explanation]]:
    """What each partner of a page will see. `instead` asks about other levels than those written down so far.

    Raises Refused when one of the releases is not there."""
    releases = sharing_facts.all_locked(release_ids)
    if not releases or len(releases) < len(release_ids) or permit.vault is None:
        raise Refused
    for release in releases:
        if instead and release.id in instead and release.signed_at is None:
            release.grants = {category.value: int(level) for category, level in instead[release.id].items()}
    facts = {
        release.id: sharing_facts.release_fact(release) or _as_if_signed(release, permit.at) for release in releases
    }
    answers = _answers(gate, permit, caller, releases, facts)
    yes = next((answer.allowed[0][1] for answer in answers.values() if answer.allowed), None)
    contents: dict[tuple[str, Category, Level], Content | None] = {}
    if yes is not None:
        sending = sending_permit(permit, caller, yes)
        try:
            contents = contents_of(sending, releases[0].client_id, answers.values())
        finally:
            sending.close()
    return {
        id: (
            [item.content for item in _items(answer.allowed, contents)],
            _explained(answer.allowed[0][1] if answer.allowed else answer.closed),
        )
        for id, answer in answers.items()
    }


def explain(envelope_rules: Iterable[str], level: Level) -> Explanation:
    """Why a partner's envelope shows as much as it does: its own rules, frozen when it was sent. Nothing about what
    else the holder may have is known here, so nothing of it can be said."""
    rules = law().rules
    because = tuple((rules[rule].sentence, rules[rule].citation, rule) for rule in envelope_rules if rule in rules)
    return Explanation(level, because, ())


def warn(holder: Agency, recipient: Agency, at: datetime) -> Warnings:
    """What the law of that moment has her told about a recipient, whatever she releases. Both duties look at the two
    agencies alone (a test holds it): who sends, what and why make no difference."""
    duties = dict(law().on(at).duties)
    question = Question(
        verb=Verb.DISCLOSE,
        asker=holder,
        member=Member(id="", roles=frozenset()),
        holder=holder,
        thing=NOTHING,
        purpose=Purpose.SAFETY,
        at=at,
        recipient=recipient,
    )
    return Warnings(
        defence=applies(duties.get(Obligation.WARN_DISCOVERY, ()), question),
        keeps=applies(duties.get(Obligation.RETAIN_SEALED, ()), question),
    )


def _as_if_signed(release: models.Release, at: datetime) -> Release:
    before = (release.signed_at, release.elements)
    release.signed_at, release.elements = at, sorted({*before[1], *(element.value for element in EVERY_ELEMENT)})
    try:
        fact = sharing_facts.release_fact(release)
    finally:
        release.signed_at, release.elements = before
    assert fact is not None
    return replace(fact, long_because=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """Every thing the law opens on one release or flow, and one answer that closed, for its reason."""

    allowed: list[tuple[Thing, Decision]]
    closed: Decision | None


def _answers(
    gate: Gate,
    permit: Permit,
    caller: Caller,
    releases: Sequence[models.Release],
    facts: Mapping[UUID, Release],
    entries: Collection[UUID] | None = None,
) -> dict[UUID, Answer]:
    """The law is asked about every single thing for every single recipient. What stands still meanwhile (who asks, the
    agencies, what her file holds) is looked up once."""
    if len({release.client_id for release in releases}) != 1:
        raise Refused
    standing = gate.standing(caller)
    recipients = partners.agencies({release.recipient_id for release in releases})
    if any(release.recipient_id not in recipients for release in releases):
        raise Refused
    blocks = sharing_facts.blocks(releases[0].client_id)
    held = vault_facts.entry_things(releases[0].client_id, {name for release in releases for name in release.grants})
    if entries is not None:
        named = {str(id) for id in entries}
        held = [thing for thing in held if thing.id in named]
    reach = gaps.reach([UUID(thing.id) for thing in held], permit.at)
    answers = {}
    for release in releases:
        fact = facts[release.id]
        about = Thing(category=Category.IDENTITY, subject=fact.subject)
        things = [replace(about, category=Category(category)) for category in sorted(release.grants)]
        recipient = recipients[release.recipient_id]
        things += [
            thing for thing in held if thing.category in release.grants and gaps.may_reach(reach, thing.id, recipient)
        ]
        answers[release.id] = ask(standing, recipient, things, fact.purpose, permit.at, blocks=blocks, releases=(fact,))
    return answers


def ask(
    standing: Standing,
    recipient: Agency,
    things: Iterable[Thing],
    purpose: Purpose,
    at: datetime,
    *,
    blocks: tuple[Block, ...],
    releases: tuple[Release, ...] = (),
    agreements: tuple[Agreement, ...] = (),
    papers: tuple[Process, ...] = (),
) -> Answer:
    """Ask the law about each thing: may, or must, the asking agency send it to `recipient`? On `releases` goes what
    they say and no more: she was read nothing else."""
    allowed, closed = [], None
    for thing in things:
        question = Question(
            verb=Verb.DISCLOSE,
            asker=standing.agency,
            member=standing.member,
            holder=standing.agency,
            thing=thing,
            purpose=purpose,
            at=at,
            recipient=recipient,
            releases=releases,
            agreements=agreements,
            processes=papers,
            blocks=blocks,
        )
        decision = decide(law(), question, on_release=bool(releases))
        if decision.level > Level.NONE:
            allowed.append((thing, decision))
        else:
            closed = closed or decision
    return Answer(allowed, closed)


def _missing(closed: Decision | None) -> str:
    return closed.needs[0].sentence if closed and closed.needs else "Nothing here may be sent."


def sending_permit(permit: Permit, caller: Caller, decision: Decision) -> Permit:
    """A permit to disclose, for what the law has said yes to; whoever asks closes it."""
    return Permit.issue(
        verbs=(Verb.DISCLOSE,),
        agency_id=permit.agency_id,
        member_id=permit.member_id,
        actor=caller.actor,
        purpose=permit.purpose,
        decision=decision,
        at=permit.at,
        vault=permit.vault,
    )


def contents_of(
    permit: Permit, client_id: UUID, answers: Iterable[Answer]
) -> dict[tuple[str, Category, Level], Content | None]:
    """What each thing says at each level that is needed, by (id or subject, category, level). Every entry is opened
    once, however many recipients there are."""
    wanted = {
        (thing.id or thing.subject, thing.category, decision.level): thing
        for answer in answers
        for thing, decision in answer.allowed
    }
    ids = list({UUID(thing.id) for key, thing in wanted.items() if thing.id and key[2] > Level.EXISTENCE})
    views = {view.id: view for view in vault.entries(permit=permit, client_id=client_id, entry_ids=ids, limit=len(ids))}
    people = {
        subject: vault.somebody(permit=permit, client_id=client_id, person_id=UUID(subject))
        for subject in {thing.subject for thing in wanted.values() if not thing.id}
    }
    contents: dict[tuple[str, Category, Level], Content | None] = {}
    for key, thing in wanted.items():
        level = key[2]
        content = None
        if not thing.id:
            content = _about(people[thing.subject], thing.category, level)
        elif level > Level.EXISTENCE:
            content = _of_entry(views[UUID(thing.id)])
        contents[key] = content and narrowed(content, level)
    return contents


def _items(
    allowed: list[tuple[Thing, Decision]], contents: Mapping[tuple[str, Category, Level], Content | None]
) -> list[Disclosure]:
    """What goes into each envelope. Existence is told once per category: a number of envelopes would tell more."""
    items = []
    for thing, decision in allowed:
        content = contents[thing.id or thing.subject, thing.category, decision.level]
        if content is None:
            continue
        assert decision.until is not None, "a release ends"
        items.append(
            Disclosure(
                entry_id=UUID(thing.id) if thing.id else None,
                content=content,
                until=decision.until,
                # which of its roles sent it is the holder's own affair
                rules=tuple(each.rule for each in decision.because if law().rules[each.rule].step is not Step.OWN),
                retain=Obligation.RETAIN_SEALED in decision.duties,
            )
        )
    return items


def _about(somebody: vault.PersonView, category: Category, level: Level) -> Content | None:
    """What a release says about a person that is not an entry: the name, how to reach her, that something is there.
    How to reach anybody is told of the client herself only: a child's record never says where she is."""
    who, contact = somebody.identity, somebody.contact
    if category is Category.IDENTITY:
        template = "identity.name" if somebody.relation is Relation.SELF else "identity.child"
        return Content(
            kind="identity",
            category=category,
            level=Level.FULL,
            summary={"template": template, "values": {"name": who.name}, "text": ""},
            values={
                "given": who.given,
                "family": who.family,
                "chosen": who.chosen,
                "aliases": list(who.aliases),
                "born": who.born.isoformat() if who.born else "",
                "pronouns": who.pronouns,
                "language": who.language,
                "interpreter": who.interpreter,
                "interpreter_language": who.interpreter_language,
            },
        )
    if category is Category.CONTACT and level > Level.EXISTENCE and somebody.relation is Relation.SELF:
        return Content(
            kind="safe_contact",
            category=category,
            level=Level.FULL,
            summary={"template": "contact.safe", "values": contact.gist(), "text": ""},
            values=contact.whole(),
        )
    if level is Level.EXISTENCE:
        return Content(kind="involved", category=category, level=Level.EXISTENCE)
    return None


def _of_entry(view: vault.EntryView) -> Content:
    assert view.detail is not None
    return Content(
        kind=view.kind,
        category=view.category,
        level=Level.FULL,
        occurred_at=view.occurred_at,
        status=view.status,
        summary={"template": view.summary.template, "values": dict(view.summary.values), "text": view.summary.text},
        values=dict(view.detail.values),
        narrative=view.detail.narrative,
    )


def _explained(decision: Decision | None) -> Explanation:
    if decision is None:
        return Explanation(Level.NONE, (), ())
    return Explanation(
        decision.level,
        tuple((because.sentence, because.citation, because.rule) for because in decision.because),
        tuple(need.sentence for need in decision.needs),
    )

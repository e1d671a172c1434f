"""Sending on her word: the gate asks the law about every single thing, and hands what it allowed to `sharing`.

A preview asks the same questions of the same law about a release that is not signed yet, so what is previewed is what
will be sent. What she is warned of before she signs are duties of that law, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accord.gate.entrance import NOTHING, Caller, Gate, Refused, Standing
from accord.gate.law import law
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.policy.conditions import applies
from accord.policy.decide import decide
from accord.policy.facts import Agency, Decision, Member, Question, Release, Thing
from accord.policy.law import Step
from accord.policy.words import Category, Element, Level, Obligation, Purpose, Verb
from accord.sharing import actions as sharing
from accord.sharing import facts as sharing_facts
from accord.sharing import models
from accord.sharing.rules import Content, Disclosure, InvalidRelease, narrowed
from accord.vault import facts as vault_facts
from accord.vault import queries as vault

EVERY_ELEMENT = frozenset(Element)


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


def disclose(gate: Gate, permit: Permit, caller: Caller, release: models.Release) -> int:
    """Send everything a signed release covers, in the transaction of `permit`. Returns how many envelopes went out.

    The release is locked already by whoever signed or found it. Raises InvalidRelease, naming what is missing, when
    the law opens nothing at all on it, so that nobody signs a page that does nothing.
    """
    fact = sharing_facts.release_fact(release)
    if fact is None:
        raise InvalidRelease("Nothing is sent before she has signed.")
    allowed, closed = _allowed(gate, permit, caller, release, fact)
    if not allowed:
        raise InvalidRelease(closed.needs[0].sentence if closed and closed.needs else "Nothing here may be sent.")
    sending = _sending(permit, caller, allowed[0][1])
    try:
        items = _items(sending, release, allowed)
        count = sharing.send(permit=sending, at=permit.at, release=release, items=items)
        permit.record("relied_on", release.id)
        for deed, id in sending.deeds:
            permit.record(deed, id)
    finally:
        sending.close()
    return count


def preview(gate: Gate, permit: Permit, caller: Caller, release_id: UUID) -> tuple[list[Content], Explanation]:
    """What the partner will see if she signs: the very contents that would be sealed. Nothing is sent or written."""
    release = sharing_facts.locked(release_id)
    if release is None or permit.vault is None:
        raise Refused
    fact = sharing_facts.release_fact(release) or _as_if_signed(release, permit.at)
    allowed, closed = _allowed(gate, permit, caller, release, fact)
    if not allowed:
        return [], _explained(closed)
    sending = _sending(permit, caller, allowed[0][1])
    try:
        contents = [item.content for item in _items(sending, release, allowed)]
    finally:
        sending.close()
    return contents, _explained(allowed[0][1])


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
    release.signed_at, release.elements = at, sorted(element.value for element in EVERY_ELEMENT)
    try:
        fact = sharing_facts.release_fact(release)
    finally:
        release.signed_at, release.elements = before
    assert fact is not None
    return replace(fact, long_because=True)


def _allowed(
    gate: Gate, permit: Permit, caller: Caller, release: models.Release, fact: Release
) -> tuple[list[tuple[Thing, Decision]], Decision | None]:
    """Every thing of the client that the law opens on this release, and one answer that closed, for its reason."""
    standing = gate.standing(caller)
    recipient = partners.agency(release.recipient_id)
    if recipient is None:
        raise Refused
    herself = Thing(category=Category.IDENTITY, subject=fact.subject)
    things = [replace(herself, category=Category(category)) for category in sorted(release.grants)]
    things += vault_facts.entry_things(release.client_id, release.grants)
    allowed, closed = [], None
    for thing in things:
        decision = decide(law(), _question(standing, recipient, thing, fact, permit.at))
        if decision.level > Level.NONE:
            allowed.append((thing, decision))
        else:
            closed = closed or decision
    return allowed, closed


def _question(standing: Standing, recipient: Agency, thing: Thing, release: Release, at: datetime) -> Question:
    return Question(
        verb=Verb.DISCLOSE,
        asker=standing.agency,
        member=standing.member,
        holder=standing.agency,
        thing=thing,
        purpose=release.purpose,
        at=at,
        recipient=recipient,
        releases=(release,),
    )


def _sending(permit: Permit, caller: Caller, decision: Decision) -> Permit:
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


def _items(permit: Permit, release: models.Release, allowed: list[tuple[Thing, Decision]]) -> list[Disclosure]:
    """What goes into each envelope. Existence is told once per category: a number of envelopes would tell more."""
    herself = vault.herself(permit=permit, client_id=release.client_id)
    ids = [UUID(thing.id) for thing, decision in allowed if thing.id and decision.level > Level.EXISTENCE]
    entries = {
        view.id: view
        for view in vault.entries(permit=permit, client_id=release.client_id, entry_ids=ids, limit=len(ids))
    }
    items = []
    for thing, decision in allowed:
        if not thing.id:
            content = _about_her(thing.category, decision.level, herself)
        elif decision.level > Level.EXISTENCE:
            content = _of_entry(entries[UUID(thing.id)])
        else:
            continue
        if content is None:
            continue
        assert decision.until is not None, "a release ends"
        items.append(
            Disclosure(
                entry_id=UUID(thing.id) if thing.id else None,
                content=narrowed(content, decision.level),
                until=decision.until,
                # which of its roles sent it is the holder's own affair
                rules=tuple(each.rule for each in decision.because if law().rules[each.rule].step is not Step.OWN),
                retain=Obligation.RETAIN_SEALED in decision.duties,
            )
        )
    return items


def _about_her(category: Category, level: Level, herself: vault.PersonView) -> Content | None:
    """What a release says about her that is not an entry: her name, how to reach her, that something is there."""
    who, contact = herself.identity, herself.contact
    if category is Category.IDENTITY:
        return Content(
            kind="identity",
            category=category,
            level=Level.FULL,
            summary={"template": "identity.name", "values": {"name": who.name}, "text": ""},
            values={
                "given": who.given,
                "family": who.family,
                "chosen": who.chosen,
                "aliases": list(who.aliases),
                "born": who.born.isoformat() if who.born else "",
                "pronouns": who.pronouns,
                "language": who.language,
            },
        )
    if category is Category.CONTACT and level > Level.EXISTENCE:
        return Content(
            kind="safe_contact",
            category=category,
            level=Level.FULL,
            summary={
                "template": "contact.safe",
                "values": {"when": contact.when, "say": contact.say, "avoid": contact.avoid},
                "text": "",
            },
            values={"when": contact.when, "say": contact.say, "avoid": contact.avoid, "phone": contact.phone},
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

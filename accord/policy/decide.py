"""One question, one answer. Read from top to bottom, this file is the order in which the law is applied.

    1  whose records: nobody fetches from another agency; inside one's own, the role decides
    2  who sends, the absolute bars, which laws bind the holder, what only its own instrument opens
    3  compulsion: no paper opens anything yet; it asks for counsel
    4  her release
    5  exceptions: what a law lets a holder send without her release, as far as it goes further than her release
    6  agreements: they narrow what rests on them; her release and what the law lets flow without one do not
    7  blocks and conflicts
    8  the duties of a yes

Each step looks at one thing and returns why it closes, or nothing. The first step that closes answers, and
says what would open it. What nothing opens stays closed. `decide` is pure: the same law and question always
give the same answer, no clock, no disk, no memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from accord.policy.conditions import applies
from accord.policy.facts import Agency, Agreement, Because, Decision, Need, Question, Release
from accord.policy.law import BlockLaw, Closer, ExceptionLaw, Law, Party, ReleaseLaw, Tables
from accord.policy.words import Basis, BlockKind, Duty, Element, Level, Purpose, Role, SignerRole, Verb

#: Why a step closes, and what would open it. Empty: it does not close.
Closed = tuple[tuple[Because, Need], ...]

COUNSEL = Need("counsel", "A paper arrived; counsel must look at it: a subpoena is not a court order.")
ASK_THE_HOLDER = Need("nothing", "Only the agency that holds a record can send it.")
TWO_FACES = Need("contradictory", "The same agency is described in two ways.")
NOT_A_DISCLOSURE = Need("contradictory", "Only a disclosure has a recipient.")
ONE_RECIPIENT = Need("contradictory", "A disclosure names one other agency as its recipient.")
NO_SUBJECT = Need("unknown", "It is not said who this is about.")
NO_DUTIES = Need("unknown", "It is not said which laws bind each agency; `none` must be said too.")
NONE_AND_OTHERS = Need("contradictory", "An agency cannot be under no special law and under others.")
SAME_ID_TWICE = Need("contradictory", "Two releases carry the same id; which of them is hers is not known.")
ENDED = Need("ended", "Her release has ended; only a new signature opens it again.")
WITHDRAWN = Need("withdrawn", "She took her release back; only a new signature opens it again.")


def decide(law: Law, question: Question) -> Decision:
    """How much of the thing may be known, because of which rules, relying on which release or agreement, with which
    duties.

    Never raises: what cannot be read or judged is `none`, with the reason.
    """
    try:
        if question.at.utcoffset() is None:
            raise ValueError("a moment without its offset from UTC")
        # In UTC, so that the hour that comes twice in autumn cannot revive a release that has ended.
        at = question.at.astimezone(UTC)
        tables = law.on(at)
        asker, holder = question.asker, question.holder
        if asker.id != holder.id:
            return _none(((law.no_pull, ASK_THE_HOLDER),))
        if asker is not holder and asker != holder:
            return _none(((law.default, TWO_FACES),))
        if question.verb is Verb.DISCLOSE:
            return _disclose(law, tables, question, at)
        return _own(law, tables, question)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the answer is no; a kind of error names no content
        reason = f"A fact or a rule could not be read ({type(error).__name__}); nothing opens until it can."
        return _none(((law.default, Need("unknown", reason)),))


# ------------------------------------------------------------------ inside one's own agency


def _own(law: Law, tables: Tables, question: Question) -> Decision:
    """What a role may do with its own agency's records: all of it, or nothing."""
    if question.recipient is not None:
        return _none(((law.default, NOT_A_DISCLOSURE),))
    because = _rule_for(question.member.roles, tables.own.get((question.verb, question.purpose), ()))
    if because is None:
        return _none(_role_or_purpose(law, tables, question))
    closed = _blocks(tables, question)
    if closed:
        return _none(closed)
    return Decision(Level.FULL, (because,), basis=Basis.ROLE)


def _rule_for(roles: frozenset[Role], rules: Iterable[tuple[Role, Because]]) -> Because | None:
    """The first rule that speaks for one of these roles."""
    for role, because in rules:
        if role in roles:
            return because
    return None


def _role_or_purpose(law: Law, tables: Tables, question: Question) -> Closed:
    """Which role, and which purpose, this verb needs."""
    doers = tables.doers[question.verb]
    hers = [role for role in doers if role in question.member.roles]
    closed: Closed = ()
    if not hers:
        closed = ((law.default, _role_need(law, doers)),)
    purposes: set[Purpose] = set().union(*(doers[role] for role in hers or doers))
    if question.purpose not in purposes:
        names = " or ".join(law.word(purpose) for purpose in Purpose if purpose in purposes)
        closed = (*closed, (law.default, Need("purpose", f"This is done only for: {names or 'nothing'}.")))
    return closed


def _role_need(law: Law, roles: Iterable[Role]) -> Need:
    names = " or ".join(law.word(role) for role in roles)
    return Need("role", f"This is done only by: {names or 'nobody'}.")


# ------------------------------------------------------------------ from one agency to another


def _disclose(law: Law, tables: Tables, question: Question, at: datetime) -> Decision:
    """How much of its own record the holder may send to the recipient."""
    recipient = question.recipient
    if recipient is None or recipient.id == question.holder.id:
        return _none(((law.default, ONE_RECIPIENT),))
    sender = _rule_for(question.member.roles, tables.disclosers)
    if sender is None:
        need = _role_need(law, (role for role, _ in tables.disclosers))
        return _refused(((law.default, need),), question)
    # Bars first: where nothing opens, saying that a law or an instrument would is not true.
    possible = tables.keys if question.thing.marks else tables.keys_of_unmarked
    keys = [one for one in possible if applies(one.when, question)]
    closed = (
        _closers(tables.bars, question)
        or _unclear(law, tables, question, recipient)
        or (_closed_by(keys) if keys and not all(key.elements for key in keys) else ())
    )
    if closed:
        return _refused(closed, question)

    laws = [one for one in tables.releases if not one.duties.isdisjoint(question.holder.duties)]
    release, level, faults = _release(law, tables, laws, keys, question, recipient, at)
    # Her release goes before an exception that opens no more: her word carries its own end, and she can take it back.
    exception, agreement, lacking = _exception(law, tables, question, recipient, at, above=level)
    closed = _blocks(tables, question)
    if closed:
        return _refused(closed, question)
    if exception is not None:
        release, level = None, exception.level
        reasons = [exception.because, law.in_force] if agreement else [exception.because]
        until = agreement.until if agreement else at + timedelta(days=exception.days)
    elif release is not None:
        reasons = [*[one.because for one in laws], *[key.because for key in keys]]
        until = min(release.until, release.withdrawn_at or release.until)
    else:
        unreleased = faults or _closed_by(keys) or ((law.default, _release_need(law, question, recipient)),)
        return _refused((*unreleased, *lacking), question)

    relied = release or agreement
    return Decision(
        level=level,
        because=(*reasons, sender),
        relying_on=(relied.id,) if relied else (),
        needs=()
        if level == Level.FULL
        else (_higher_level_need(law, question, recipient), *[need for _, need in lacking]),
        duties=tuple([duty for duty, when in tables.duties if applies(when, question, release)]),
        until=until,
        basis=Basis.RELEASE if release else Basis.EXCEPTION,
    )


def _unclear(law: Law, tables: Tables, question: Question, recipient: Agency) -> Closed:
    """Whom it is about, which laws bind both agencies, and which release is which must be said and agree."""
    if not question.thing.subject:
        return ((law.default, NO_SUBJECT),)
    for duties in (question.holder.duties, recipient.duties):
        if not duties:
            return ((law.default, NO_DUTIES),)
        if Duty.NONE in duties and len(duties) > 1:
            return ((law.default, NONE_AND_OTHERS),)
    if len(question.releases) > 1 and len({release.id for release in question.releases}) < len(question.releases):
        return ((law.default, SAME_ID_TWICE),)
    duties = question.holder.duties
    if duties <= tables.loaded:
        return ()
    names = " and ".join(law.word(duty) for duty in Duty if duty in duties - tables.loaded)
    return ((law.default, Need("law_not_loaded", f"The rules of {names} are not loaded; nothing opens without them.")),)


def _closers(closers: tuple[Closer, ...], question: Question, release: Release | None = None) -> Closed:
    """Every bar, signer or length rule that applies."""
    return tuple([(one.because, one.need) for one in closers if applies(one.when, question, release)])


def _closed_by(closers: Iterable[Closer]) -> Closed:
    return tuple([(one.because, one.need) for one in closers])


# ------------------------------------------------------------------ step 4: her release


def _release(
    law: Law,
    tables: Tables,
    laws: list[ReleaseLaw],
    keys: list[Closer],
    question: Question,
    recipient: Agency,
    at: datetime,
) -> tuple[Release | None, Level, Closed]:
    """The release that gives most and how much, or what is wrong with the one that comes nearest.

    Releases never merge: each is judged alone. Of equals, the one that ends last, then the smallest id.
    """
    best: Release | None = None
    level = Level.NONE
    nearest: Release | None = None
    faults: Closed = ()
    for release in question.releases:
        granted = _granted(release, question, recipient, at)
        if granted == Level.NONE:
            continue
        wrong = _faults(law, tables, laws, keys, question, release, at)
        if wrong:
            if nearest is None or _nearer(release, wrong, nearest, faults):
                nearest, faults = release, wrong
        elif best is None or granted > level or (granted == level and _lasts_longer(release, best)):
            best, level = release, granted
    return best, level, faults


def _granted(release: Release, question: Question, recipient: Agency, at: datetime) -> Level:
    """How much the release speaks of, if it is about her, these two agencies, this person and purpose, and begun."""
    if (
        release.subject != question.thing.subject
        or release.holder != question.holder.id
        or release.recipient != recipient.id
        or (release.recipient_person and release.recipient_person != question.recipient_person)
        or release.purpose != question.purpose
        or at < release.signed_at
    ):
        return Level.NONE
    category = question.thing.category
    return max((grant.level for grant in release.grants if grant.category == category), default=Level.NONE)


def _faults(
    law: Law,
    tables: Tables,
    laws: list[ReleaseLaw],
    keys: list[Closer],
    question: Question,
    release: Release,
    at: datetime,
) -> Closed:
    """What keeps a release that speaks of this from opening it: its end, its elements, its signer, its length, or that
    it is not the instrument which the thing's own key asks for."""
    closed: Closed = ()
    if at >= release.until:  # so too if it ends before it begins: it has begun, or it would not be here
        closed = ((law.default, ENDED),)
    if release.withdrawn_at is not None and at >= release.withdrawn_at:
        closed = (*closed, (law.default, WITHDRAWN))
    return (
        *closed,
        *_missing(law, laws, release),
        *(_closed_by([key for key in keys if _gap(key, release)]) if keys else ()),
        *_closers(tables.signers, question, release),
        *_closers(tables.lengths, question, release),
    )


def _missing(law: Law, laws: list[ReleaseLaw], release: Release) -> Closed:
    """The laws whose elements it lacks. A release under several laws needs the union of what they ask."""
    lacking: set[Element] = set()
    by: list[Because] = []
    for one in laws:
        gap = _gap(one, release)
        if gap:
            lacking |= gap
            by.append(one.because)
    if not by:
        return ()
    names = "; ".join(law.word(element) for element in Element if element in lacking)
    need = Need("elements", f"Her release lacks: {names}.")
    return tuple((because, need) for because in by)


def _gap(asking: ReleaseLaw | Closer, release: Release) -> frozenset[Element]:
    """The elements a law or a key asks for that this release does not have."""
    gap = asking.elements - release.elements
    if release.signer.role is not SignerRole.SELF:
        gap |= asking.elements_if_not_self - release.elements
    return gap


def _nearer(release: Release, wrong: Closed, other: Release, faults: Closed) -> bool:
    """Whether `release` has fewer faults than `other`; of equals, whichever lasts longer."""
    return len(wrong) < len(faults) or (len(wrong) == len(faults) and _lasts_longer(release, other))


def _lasts_longer(release: Release, other: Release) -> bool:
    return release.until > other.until or (release.until == other.until and release.id < other.id)


def _release_need(law: Law, question: Question, recipient: Agency) -> Need:
    whom, what, why = law.word(recipient.kind), law.word(question.thing.category), law.word(question.purpose)
    return Need("release", f"A release from her naming {whom} and {what}, for {why}.")


def _higher_level_need(law: Law, question: Question, recipient: Agency) -> Need:
    whom, what = law.word(recipient.kind), law.word(question.thing.category)
    return Need("higher_level", f"A release from her naming {whom} and {what} in full would show more.")


# ------------------------------------------------------------------ steps 5 and 6: exceptions, agreements


def _exception(
    law: Law, tables: Tables, question: Question, recipient: Agency, at: datetime, *, above: Level
) -> tuple[ExceptionLaw | None, Agreement | None, Closed]:
    """The exception that opens most, if it opens more than `above`; the agreement it rests on; and, where only an
    agreement is missing for more than that, what is missing. A marked thing is never opened by an exception, nor is
    anything of a holder who is under another law beside those the exception speaks for: the strictest wins.
    """
    thing, holder = question.thing, question.holder
    lacking: Closed = ()
    if thing.marks or above == Level.FULL:
        return None, None, lacking
    for one in tables.exceptions.get((thing.category, question.purpose), ()):
        if one.level <= above:
            break
        if not (holder.duties <= one.duties and applies(one.when, question)):
            continue
        if not one.agreement:
            return one, None, lacking
        agreement = _in_force(question, recipient, at)
        if agreement is not None:
            return one, agreement, lacking
        lacking = ((law.in_force, _agreement_need(law, question, recipient)),)
    return None, None, lacking


def _in_force(question: Question, recipient: Agency, at: datetime) -> Agreement | None:
    """The agreement that counts here: between these two, about this, for this, in force, not suspended. Of several the
    one that ends last, then the smallest id. Two under one id: which of them is true is not known, neither counts."""
    ids = [agreement.id for agreement in question.agreements]
    counting = [
        agreement
        for agreement in question.agreements
        if not agreement.suspended
        and agreement.since <= at < agreement.until
        and {question.holder.id, recipient.id} <= agreement.parties
        and question.thing.category in agreement.categories
        and question.purpose in agreement.purposes
        and ids.count(agreement.id) == 1
    ]
    last = max((agreement.until for agreement in counting), default=None)
    return min((one for one in counting if one.until == last), key=lambda one: one.id, default=None)


def _agreement_need(law: Law, question: Question, recipient: Agency) -> Need:
    whom, what, why = law.word(recipient.kind), law.word(question.thing.category), law.word(question.purpose)
    return Need("agreement", f"An agreement in force with {whom} that names {what}, for {why}.")


# ------------------------------------------------------------------ step 7: blocks and conflicts


def _blocks(tables: Tables, question: Question) -> Closed:
    """Every block or conflict that stands against this verb, however good the release."""
    if not question.blocks and not question.member.conflicts:
        return ()
    return tuple(
        (one.because, one.need) for one in tables.blocks if question.verb in one.verbs and _stands(one, question)
    )


def _stands(rule: BlockLaw, question: Question) -> bool:
    if rule.kind is BlockKind.CONFLICT and question.thing.subject in question.member.conflicts:
        return True
    against = _parties(rule, question)
    return any(block.kind is rule.kind and block.against in against for block in question.blocks)


def _parties(rule: BlockLaw, question: Question) -> set[str]:
    """The ids a block of this kind may be against in this question."""
    found: set[str] = set()
    if question.recipient is not None:
        if Party.RECIPIENT in rule.against:
            found.add(question.recipient.id)
        if Party.RECIPIENT_PERSON in rule.against and question.recipient_person:
            found.add(question.recipient_person)
    if Party.MEMBER in rule.against:
        found.add(question.member.id)
    if Party.SUBJECT in rule.against:
        found.add(question.thing.subject)
    return found


# ------------------------------------------------------------------ answers


def _refused(closed: Closed, question: Question) -> Decision:
    """A refused disclosure. Step 3: a paper that arrived opens nothing, but counsel must look at it."""
    return _none(closed, (COUNSEL,) if question.processes else ())


def _none(closed: Closed, also: tuple[Need, ...] = ()) -> Decision:
    """Nothing may be known: each rule that closed, and each thing that is needed, once."""
    return Decision(
        level=Level.NONE,
        because=tuple(dict.fromkeys(because for because, _ in closed)),
        needs=tuple(dict.fromkeys([*(need for _, need in closed), *also])),
    )

"""One question, one answer. Read from top to bottom, this file is the order in which the law is applied.

    1  whose records: nobody fetches from another agency; inside one's own, the role decides
    2  who sends, the absolute bars, which laws bind the holder, what only its own instrument or paper opens
    3  compulsion: what a statute or a court makes the holder send, on a paper that is on file
    4  her release
    5  exceptions: what a law lets a holder send without her release
       (3 and 5 count as far as they go further than her release; every law the holder is under must open, be it one
       by 3 and another by 5: together they are no stronger than an exception, and bring the duties of both)
    6  agreements: they narrow what rests on them; her release and what the law lets flow without one do not
    7  blocks and conflicts; her own never stops no statute and no court
    8  the duties of a yes

Each step looks at one thing and returns why it closes, or nothing. The first step that closes answers, and
says what would open it. What nothing opens stays closed. `decide` is pure: the same law and question always
give the same answer, no clock, no disk, no memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import product

from accord.policy.conditions import Opened, applies
from accord.policy.facts import Agency, Agreement, Because, Decision, Need, Process, Question, Release
from accord.policy.law import (
    Between,
    BlockLaw,
    Closer,
    Law,
    OpeningLaw,
    PaperLaw,
    Party,
    ReleaseLaw,
    Report,
    Tables,
)
from accord.policy.words import (
    About,
    Basis,
    BlockKind,
    Duty,
    Element,
    Field,
    Instrument,
    Level,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)

#: How many papers one question may bring.
MOST_PAPERS = 50
#: Why a step closes, and what would open it. Empty: it does not close.
Closed = tuple[tuple[Because, Need], ...]

COUNSEL = Need("counsel", "A paper is here that opens nothing; counsel must look at it: a subpoena is no court order.")
ASK_THE_HOLDER = Need("nothing", "Only the agency that holds a record can send it.")
TWO_FACES = Need("contradictory", "The same agency is described in two ways.")
NOT_A_DISCLOSURE = Need("contradictory", "Only a disclosure has a recipient.")
ONE_RECIPIENT = Need("contradictory", "A disclosure names one other agency as its recipient.")
NO_SUBJECT = Need("unknown", "It is not said who this is about.")
NO_DUTIES = Need("unknown", "It is not said which laws bind each agency; `none` must be said too.")
NONE_AND_OTHERS = Need("contradictory", "An agency cannot be under no special law and under others.")
TOO_MANY = Need("unknown", "More papers are on file than anybody can weigh; ask about fewer.")
SAME_ID_TWICE = Need("contradictory", "Two releases carry the same id; which of them is hers is not known.")
TOTALS = Need("totals", "Totals are told for reporting, research, oversight or coordination, small numbers left out.")
ENDED = Need("ended", "Her release has ended; only a new signature opens it again.")
WITHDRAWN = Need("withdrawn", "She took her release back; only a new signature opens it again.")


def decide(law: Law, question: Question, *, on_release: bool = False) -> Decision:
    """How much of the thing may be known, because of which rules, relying on which release or agreement, with which
    duties.

    `on_release`: it is to be sent on the release she signed, so nothing else counts, though a law would let more go.

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
        if len(question.processes) > MOST_PAPERS:
            return _none(((law.default, TOO_MANY),))
        if asker is not holder and asker != holder:
            return _none(((law.default, TWO_FACES),))
        if question.verb is Verb.DISCLOSE:
            return _disclose(law, tables, question, at, on_release=on_release)
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
    blocks = _standing(tables, question)
    if blocks:
        return _none(_closed_by(blocks))
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


def _disclose(law: Law, tables: Tables, question: Question, at: datetime, *, on_release: bool) -> Decision:
    """How much of its own record the holder may send to the recipient."""
    recipient = question.recipient
    if recipient is None or recipient.id == question.holder.id:
        return _none(((law.default, ONE_RECIPIENT),))
    sender = _rule_for(question.member.roles, tables.disclosers)
    if sender is None:
        need = _role_need(law, (role for role, _ in tables.disclosers))
        return _refused(((law.default, need),), question)
    # Bars first: where nothing opens, saying that a law or an instrument would is not true.
    here = tables.between(question.holder, recipient)
    possible = here.keys if question.thing.marks else here.keys_of_unmarked
    keys = [one for one in possible if applies(one.when, question)]
    closed = (
        _closers(here.bars, question)
        or _unclear(law, tables, question, recipient)
        or _closed_by(key for key in keys if not (key.by_release or key.papers))
    )
    if closed:
        return _refused(closed, question)

    release, level, faults = _release(law, here, keys, question, recipient, at)
    blocks = _standing(tables, question)
    if blocks:
        if not all(block.yields for block in blocks):
            return _refused(_closed_by(blocks), question)
        release, level = None, Level.NONE
    # Her release goes before whatever opens no more: her word carries its own end, and she can take it back.
    opened: Opened | None = None
    lacking: Closed = ()
    if not on_release:
        opened, lacking = _without_release(
            law, tables, here, keys, question, recipient, at, above=level, never=bool(blocks)
        )
    if opened is not None:
        return Decision(
            level=opened.level,
            because=(*opened.because, sender),
            relying_on=opened.relying_on,
            needs=_more(law, question, recipient, keys, opened.level, lacking),
            duties=tuple([duty for duty, when in here.duties_opened if applies(when, question, opened)]),
            until=opened.until,
            fields=None if opened.fields is None else tuple(field for field in Field if field in opened.fields),
            basis=opened.basis,
        )
    if release is None:
        own = _closed_by(blocks) or faults or _closed_by(keys)
        asks = () if question.thing.relation is Relation.NOBODY else (_release_need(law, question, recipient),)
        closed = own or tuple((law.default, need) for need in asks) or ((law.default, TOTALS),)
        return _refused((*closed, *lacking), question)
    return Decision(
        level=level,
        because=(*[one.because for one in here.releases], *[key.because for key in keys], sender),
        relying_on=(release.id,),
        needs=_more(law, question, recipient, keys, level, lacking),
        duties=tuple([duty for duty, when in here.duties_released if applies(when, question, release)]),
        until=min(release.until, _taken_back(release, keys, question) or release.until),
        basis=Basis.RELEASE,
    )


def _more(
    law: Law, question: Question, recipient: Agency, keys: list[Closer], level: Level, lacking: Closed
) -> tuple[Need, ...]:
    """What would open more than a yes does. Past a key only its own instrument does, and no other release."""
    if level == Level.FULL:
        return ()
    release: tuple[Need, ...] = (_higher_level_need(law, question, recipient),)
    if keys:
        # A release is one instrument: where two are asked for, none opens both.
        one = len({key.instrument for key in keys if key.instrument}) <= 1
        release = tuple(key.need for key in keys) if one and all(key.by_release for key in keys) else ()
    return (*release, *dict.fromkeys(need for _, need in lacking))


def _unclear(law: Law, tables: Tables, question: Question, recipient: Agency) -> Closed:
    """Whom it is about, which laws bind both agencies, and which release is which must be said and agree."""
    if not question.thing.subject and question.thing.relation is not Relation.NOBODY:
        return ((law.default, NO_SUBJECT),)
    for duties in (question.holder.duties, recipient.duties):
        if not duties:
            return ((law.default, NO_DUTIES),)
        if Duty.NONE in duties and len(duties) > 1:
            return ((law.default, NONE_AND_OTHERS),)
    if not question.signed.distinct:
        return ((law.default, SAME_ID_TWICE),)
    duties = question.holder.duties
    if duties <= tables.loaded:
        return ()
    names = " and ".join(law.word(duty) for duty in Duty if duty in duties - tables.loaded)
    return ((law.default, Need("law_not_loaded", f"The rules of {names} are not loaded; nothing opens without them.")),)


def _closers(closers: tuple[Closer, ...], question: Question, release: Release | None = None) -> Closed:
    """Every bar, signer or length rule that applies."""
    return tuple([(one.because, one.need) for one in closers if applies(one.when, question, release)])


def _closed_by(closers: Iterable[Closer | BlockLaw]) -> Closed:
    return tuple([(one.because, one.need) for one in closers])


# ------------------------------------------------------------------ step 4: her release


def _release(
    law: Law,
    here: Between,
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
    for release in question.signed.to.get(recipient.id, ()):
        # The last to end stand first. What has ended opens nothing, and is judged only to say what is wrong with it.
        if best is not None and at >= release.until:
            break
        granted = _granted(release, question, at)
        if granted == Level.NONE:
            continue
        wrong = _faults(law, here, keys, question, release, at)
        if wrong:
            if nearest is None or _nearer(release, wrong, nearest, faults):
                nearest, faults = release, wrong
        elif best is None or granted > level or (granted == level and _lasts_longer(release, best)):
            best, level = release, granted
    return best, level, faults


def _granted(release: Release, question: Question, at: datetime) -> Level:
    """How much a release to this recipient speaks of, if it is about her, from this holder, for this person and
    purpose, and begun."""
    if (
        release.subject != question.thing.subject
        or question.thing.relation is Relation.NOBODY
        or release.holder != question.holder.id
        or (release.recipient_person and release.recipient_person != question.recipient_person)
        or release.purpose != question.purpose
        or at < release.signed_at
    ):
        return Level.NONE
    category = question.thing.category
    return max((grant.level for grant in release.grants if grant.category == category), default=Level.NONE)


def _faults(
    law: Law,
    here: Between,
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
    taken_back = _taken_back(release, keys, question)
    if taken_back is not None and at >= taken_back:
        closed = (*closed, (law.default, WITHDRAWN))
    if release.instrument is not Instrument.ORDINARY and all(key.instrument is not release.instrument for key in keys):
        need = Need("instrument", f"This is {law.word(release.instrument)}, and opens nothing else.")
        closed = (*closed, (law.default, need))
    return (
        *closed,
        *_missing(law, here.releases, release),
        *(_closed_by([key for key in keys if not _opens_key(key, release)]) if keys else ()),
        *_closers(here.signers, question, release),
        *_closers(here.lengths, question, release),
    )


def _opens_key(key: Closer, release: Release) -> bool:
    """Whether a release is the instrument that a key asks for."""
    return key.by_release and key.instrument in (None, release.instrument) and not _gap(key, release)


def _taken_back(release: Release, keys: list[Closer], question: Question) -> datetime | None:
    """From when her taking it back counts: at once, unless a law let her bind herself and she did (42 CFR 2.35)."""
    withdrawn, fixed = release.withdrawn_at, release.fixed_until
    if withdrawn is None or fixed is None:
        return withdrawn
    bound = any(key.instrument is release.instrument and question.holder.duties <= key.fixed_for for key in keys)
    return max(withdrawn, fixed) if bound else withdrawn


def _missing(law: Law, laws: tuple[ReleaseLaw, ...], release: Release) -> Closed:
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


# ------------------------------------------------------------------ steps 3, 5, 6: compulsion, exceptions, agreements


@dataclass(frozen=True, slots=True)
class _Way:
    """One way out under one law, or past one key: how much, which single facts at most (None: all), on what, until
    when, and whether the law compels it."""

    level: Level
    fields: frozenset[Field] | None
    because: Because
    until: datetime
    agreement: Agreement | None = None
    papers: tuple[Process, ...] = ()
    compels: bool = False

    @property
    def worth(self) -> tuple[Level, int]:
        return self.level, ALL_FIELDS if self.fields is None else len(self.fields)


#: More than any list of single facts.
ALL_FIELDS = len(Field) + 1
#: What a rule lacks, and how much it would open then.
_Gap = tuple[Level, tuple[Because, Need]]


def _without_release(
    law: Law,
    tables: Tables,
    here: Between,
    keys: list[Closer],
    question: Question,
    recipient: Agency,
    at: datetime,
    *,
    above: Level,
    never: bool,
) -> tuple[Opened | None, Closed]:
    """What is compelled or excepted, if it opens more than `above`; and what is missing for more than that. Compulsion
    goes before an exception that opens no more, and both before what one law compels and another excepts. After her
    `never` counts only what every law compels. What a court or statute demands is given even where she has released
    less; an exception for single facts leaves her word in its place."""
    about = (question.thing.category, question.purpose)
    compelled, excepted = here.compelled.get(about, ()), here.exceptions.get(about, ())
    if above == Level.FULL or not (compelled or excepted):
        return None, ()
    papers = _papers(question, recipient, at) if question.processes else ()
    past = []
    for key in keys:
        on_file = _on_file(tables, key.papers, papers, question, recipient)
        past.append([_past(tables, key, found) for found in on_file])
    if not all(past):
        return None, ()
    ask = _Asked(law, tables, question, recipient, at, papers)
    best: Opened | None = None
    worth: tuple[Level, int] = (above, ALL_FIELDS)
    gaps: list[tuple[Level, Closed]] = []
    tries = [(compelled, Basis.COMPELLED, False)]
    if not never:
        tries.append((excepted, Basis.EXCEPTION, False))
        if compelled and excepted and len(question.holder.duties) > 1:
            tries.append(((*compelled, *excepted), Basis.EXCEPTION, True))
    for candidates, basis, both in tries:
        if not candidates:
            continue
        whole = above > Level.NONE and basis is Basis.EXCEPTION
        ways, could, lacking = _by_every_law(ask, candidates, past, whole=whole, alone=both)
        gaps.append((could, lacking))
        if ways:
            opened = _together(ask, ways, basis)
            gives = opened.level, ALL_FIELDS if opened.fields is None else len(opened.fields)
            if gives > worth:
                best, worth = opened, gives
    level = above if best is None else best.level
    return best, tuple(one for could, lacking in gaps if could > level for one in lacking)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stands still while one question is answered."""

    law: Law
    tables: Tables
    question: Question
    recipient: Agency
    at: datetime
    papers: tuple[Process, ...]


def _by_every_law(
    ask: _Asked, candidates: tuple[OpeningLaw, ...], past: list[list[_Way]], *, whole: bool, alone: bool
) -> tuple[tuple[_Way, ...], Level, Closed]:
    """For each law the holder is under the way that opens most, together with one past each key, chosen so that the
    most single facts are left; empty when one law lets nothing out. And how much could be opened, and what it lacks.
    With `whole` a way that is for single facts only does not count; with `alone` only what would be enough by itself is
    said to be lacking."""
    parts = [[way for way in ways if way.fields is None or not whole] for ways in past]
    could = Level.FULL
    wanting: list[tuple[Level, list[_Gap]]] = []
    for duty in sorted(ask.question.holder.duties):
        ways: list[_Way] = []
        gaps: list[_Gap] = []
        for one in candidates:
            if duty in one.duties and applies(one.when, ask.question):
                found, gap = _ways(ask, one)
                ways += [way for way in found if way.fields is None or not whole]
                if gap is not None and (one.fields is None or not whole):
                    gaps.append((one.level, gap))
        most = max((way.worth for way in ways), default=(Level.NONE, 0))
        could = min(could, max([most[0], *(level for level, _ in gaps)]))
        if could == Level.NONE:
            return (), could, ()
        parts.append([way for way in ways if way.worth == most])
        wanting.append((most[0], gaps))
    lacks = [[gap for level, gap in gaps if level >= could] for has, gaps in wanting if has < could]
    missing = tuple(gap for gaps in lacks for gap in gaps if not alone or all(gap in others for others in lacks))
    best: tuple[_Way, ...] = ()
    if all(parts):
        best = max(product(*map(_unlike, parts)), key=lambda chosen: _count(_shared(chosen)))
        if _count(_shared(best)) == 0:
            best = ()
    return best, could, missing


def _unlike(ways: list[_Way]) -> list[_Way]:
    """One way for each list of single facts: of those that leave the same, the first."""
    return list({way.fields: way for way in reversed(ways)}.values())[::-1]


def _shared(ways: Iterable[_Way]) -> frozenset[Field] | None:
    """The single facts that all of them let out; None: all."""
    named = [way.fields for way in ways if way.fields is not None]
    return reduce(frozenset.intersection, named) if named else None


def _count(fields: frozenset[Field] | None) -> int:
    return ALL_FIELDS if fields is None else len(fields)


def _ways(ask: _Asked, one: OpeningLaw) -> tuple[list[_Way], tuple[Because, Need] | None]:
    """Every way a rule opens now, one for each set of papers that is enough; else what it lacks, if that can be had."""
    ends = [ask.at + timedelta(days=one.days)] if one.days else []
    agreement = None
    if one.agreement:
        agreement = _in_force(ask.question, ask.recipient, ask.at)
        if agreement is None:
            return [], (ask.law.in_force, _agreement_need(ask.law, ask.question, ask.recipient))
        ends.append(agreement.until)
    if not one.papers:
        return [_Way(one.level, one.fields, one.because, min(ends), agreement, (), one.compels)], None
    on_file = _on_file(ask.tables, one.papers, ask.papers, ask.question, ask.recipient)
    found = [
        _Way(
            one.level,
            fields,
            one.because,
            min([*ends, *(paper.until for paper in papers)]),
            agreement,
            papers,
            one.compels,
        )
        for papers in on_file
        if (fields := _fields(ask.tables, one.fields, papers)) is None or fields
    ]
    if found:
        return found, None
    if on_file:
        return [], (one.because, _fields_need(ask.law, one.fields))
    possible = [paper for paper in one.papers if not paper.statute or _binding(ask, paper.statute)]
    return [], (one.because, _paper_need(ask.law, ask.question, possible)) if possible else None


def _binding(ask: _Asked, about: frozenset[About]) -> bool:
    """Whether some loaded statute about one of these makes this holder report to this recipient."""
    reports = ask.tables.reports.values()
    return any(report.about in about and _reaches(report, ask.question, ask.recipient) for report in reports)


def _past(tables: Tables, key: Closer, papers: tuple[Process, ...]) -> _Way:
    """One way past a key, on its papers."""
    until = min(paper.until for paper in papers)
    return _Way(Level.FULL, _fields(tables, None, papers), key.because, until, None, papers)


def _together(ask: _Asked, ways: tuple[_Way, ...], basis: Basis) -> Opened:
    """What these ways open together: the strictest wins."""
    agreements = {way.agreement.id: way.agreement for way in ways if way.agreement is not None}
    used = {paper.id: paper for way in ways for paper in way.papers}
    statutes = [ask.tables.reports[paper.statute] for paper in used.values() if paper.statute in ask.tables.reports]
    because = [way.because for way in ways] + [report.because for report in statutes]
    if agreements:
        because.append(ask.law.in_force)
    return Opened(
        level=min(way.level for way in ways),
        fields=_shared(ways),
        because=tuple(dict.fromkeys(because)),
        relying_on=(*agreements, *used),
        # Whatever is written down on any of them counts: that telling her is unsafe may stand on another one.
        represented=frozenset().union(*[paper.represented for paper in ask.papers]),
        until=min(way.until for way in ways),
        compelled=any(way.compels for way in ways),
        basis=basis,
    )


def _papers(question: Question, recipient: Agency, at: datetime) -> tuple[Process, ...]:
    """The papers that count here: they let this recipient know this about her, now. The one that ends last first, then
    the smallest id. Two under one id: which of them is true is not known, neither counts."""
    ids = [paper.id for paper in question.processes]
    counting = [
        paper
        for paper in question.processes
        if paper.recipient == recipient.id
        and paper.subject == question.thing.subject
        and question.thing.category in paper.categories
        and paper.since <= at < paper.until
        and ids.count(paper.id) == 1
    ]
    counting.sort(key=lambda paper: paper.id)
    counting.sort(key=lambda paper: paper.until, reverse=True)
    return tuple(counting)


def _on_file(
    tables: Tables,
    wanted: tuple[PaperLaw, ...],
    papers: tuple[Process, ...],
    question: Question,
    recipient: Agency,
) -> list[tuple[Process, ...]]:
    """Every paper, or pair of papers, that satisfies one of these."""
    found: list[tuple[Process, ...]] = []
    for one in wanted:
        for paper in papers:
            if paper.kind not in one.kinds or (one.counsel and not paper.counsel_reviewed):
                continue
            if one.statute and not _statute(tables, one.statute, paper, question, recipient):
                continue
            for other in papers if one.beside else (paper,):
                if one.beside and (other is paper or other.kind not in one.beside):
                    continue
                if one.represented <= paper.represented | other.represented:
                    found.append((paper,) if other is paper else (paper, other))
    return found


def _statute(tables: Tables, about: frozenset[About], paper: Process, question: Question, recipient: Agency) -> bool:
    """Whether the statute a report rests on is one of these, and makes this holder report to this recipient."""
    report = tables.reports.get(paper.statute)
    return report is not None and report.about in about and _reaches(report, question, recipient)


def _reaches(report: Report, question: Question, recipient: Agency) -> bool:
    return (
        question.holder.kind in report.reporters
        and recipient.kind in report.to
        and not (report.exempts_advocates and Duty.ADVOCATE_PRIVILEGE in question.holder.duties)
    )


def _fields(tables: Tables, named: frozenset[Field] | None, papers: Iterable[Process]) -> frozenset[Field] | None:
    """Of the facts a law names those that every paper asks for and its statute lets be told; None: all."""
    for paper in papers:
        if paper.fields:
            named = paper.fields if named is None else named & paper.fields
        if paper.statute in tables.reports:
            told = tables.reports[paper.statute].fields
            named = told if named is None else named & told
    return named


def _paper_need(law: Law, question: Question, papers: Iterable[PaperLaw]) -> Need:
    def kinds(codes: frozenset[ProcessKind]) -> str:
        return " or ".join(law.word(kind) for kind in ProcessKind if kind in codes)

    def words(one: PaperLaw) -> str:
        said = "; ".join(law.word(each) for each in Representation if each in one.represented)
        statute = " or ".join(law.word(about) for about in About if about in one.statute)
        return (
            f"{kinds(one.kinds)} that names {law.word(question.thing.category)}"
            + (f", together with {kinds(one.beside)}" if one.beside else "")
            + (f", resting on a statute about {statute}" if statute else "")
            + (", looked at by counsel" if one.counsel else "")
            + (f", and written down on it: {said}" if said else "")
        )

    return Need("paper", f"On file: {' - or '.join(words(one) for one in papers)}.")


def _fields_need(law: Law, fields: frozenset[Field] | None) -> Need:
    if fields is None:
        return Need("fields", "Nothing that the paper asks for may be told: it and its statute name nothing in common.")
    names = ", ".join(law.word(field) for field in Field if field in fields)
    return Need("fields", f"Nothing that is asked for may be told; this law names only: {names}.")


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


def _standing(tables: Tables, question: Question) -> list[BlockLaw]:
    """Every block or conflict that stands against this verb."""
    if not question.blocks and not question.member.conflicts:
        return []
    return [one for one in tables.blocks if question.verb in one.verbs and _stands(one, question)]


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
    """A refused disclosure. A paper that is there and opens nothing is one for counsel."""
    return _none(closed, (COUNSEL,) if question.processes else ())


def _none(closed: Closed, also: tuple[Need, ...] = ()) -> Decision:
    """Nothing may be known: each rule that closed, and each thing that is needed, once."""
    return Decision(
        level=Level.NONE,
        because=tuple(dict.fromkeys(because for because, _ in closed)),
        needs=tuple(dict.fromkeys([*(need for _, need in closed), *also])),
    )

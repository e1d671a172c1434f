"""Two laws side by side: which rules differ, and which questions would be answered otherwise.

The questions are ordinary ones, the same every time: kinds of partner under the laws they are usually under, every kind
of thing, every purpose, with no release, with the best release there could be, and with each paper a law speaks of.
They are examples: what they do not show (who signs for whom, what somebody never wants told) the list of rules does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from accord.policy.decide import decide
from accord.policy.facts import Agency, Agreement, Decision, Grant, Member, Process, Question, Release, Thing
from accord.policy.law import Between, Law, OpeningLaw, PaperLaw, Rule, Tables
from accord.policy.pages import explain
from accord.policy.words import (
    NOT_PARTNERS,
    AgencyKind,
    Category,
    Duty,
    Element,
    Field,
    Instrument,
    Level,
    Mark,
    ProcessKind,
    Purpose,
    Relation,
    Role,
    Verb,
)

#: The laws each kind of partner is usually under (facts 0, 1.0-1.8, 6); some kinds come in several.
USUAL_DUTIES: tuple[tuple[AgencyKind, frozenset[Duty]], ...] = (
    (AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA, Duty.VOCA, Duty.FVPSA, Duty.ADVOCATE_PRIVILEGE})),
    (AgencyKind.VICTIM_SERVICES, frozenset({Duty.NONE})),
    (AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS})),
    (AgencyKind.PROSECUTOR, frozenset({Duty.BRADY})),
    (AgencyKind.COURT, frozenset({Duty.COURT_RECORDS})),
    (AgencyKind.PROBATION, frozenset({Duty.NONE})),
    (AgencyKind.HOSPITAL, frozenset({Duty.HIPAA})),
    (AgencyKind.HOSPITAL, frozenset({Duty.HIPAA, Duty.PART2})),
    (AgencyKind.MENTAL_HEALTH, frozenset({Duty.HIPAA, Duty.THERAPIST_PRIVILEGE})),
    (AgencyKind.SUBSTANCE_USE, frozenset({Duty.HIPAA, Duty.PART2})),
    (AgencyKind.LEGAL_AID, frozenset({Duty.ATTORNEY_PRIVILEGE})),
    (AgencyKind.SCHOOL, frozenset({Duty.FERPA})),
    (AgencyKind.HOUSING, frozenset({Duty.HOUSING})),
    (AgencyKind.PROTECTIVE_SERVICES, frozenset({Duty.PROTECTIVE_RECORDS})),
    (AgencyKind.INTERVENTION, frozenset({Duty.NONE})),
    (AgencyKind.COMMUNITY, frozenset({Duty.NONE})),
    (AgencyKind.COMMUNITY, frozenset({Duty.UK_GDPR})),
    (AgencyKind.FUNDER, frozenset({Duty.NONE})),
)
USUAL = tuple(Agency(f"{kind}-{'-'.join(sorted(duties))}", kind, duties) for kind, duties in USUAL_DUTIES)
#: Whoever may receive: those, the operator, and the kinds that are nobody's partner.
RECIPIENTS = (
    *(replace(agency, id=f"to-{agency.id}") for agency in USUAL),
    *(
        Agency(f"to-{kind}", kind, frozenset({Duty.NONE}))
        for kind in AgencyKind
        if kind in NOT_PARTNERS or kind is AgencyKind.OPERATOR
    ),
)

HER = "her"
WORKER = Member("worker", frozenset({Role.WORKER}))
#: Every kind of thing about her, each mark on a thing that usually bears it, one about her child, and totals.
THINGS = (
    *(Thing(category, HER) for category in Category),
    Thing(Category.NOTES, HER, marks=frozenset({Mark.PRIVILEGED})),
    Thing(Category.COUNSELLING, HER, marks=frozenset({Mark.PSYCHOTHERAPY_NOTE})),
    Thing(Category.CONDITIONS, HER, marks=frozenset({Mark.SUD})),
    Thing(Category.COUNSELLING, HER, marks=frozenset({Mark.SUD_COUNSELLING_NOTE})),
    Thing(Category.LOCATION, HER, marks=frozenset({Mark.SHELTER_LOCATION})),
    Thing(Category.NOTES, HER, marks=frozenset({Mark.VICTIM_CONTACT})),
    Thing(Category.LEGAL, HER, marks=frozenset({Mark.IMMIGRATION})),
    Thing(Category.LEGAL, HER, marks=frozenset({Mark.CRIMINAL_HISTORY})),
    Thing(Category.LEGAL, HER, marks=frozenset({Mark.SEALED})),
    Thing(Category.INJURIES, HER, Relation.CHILD),
    Thing(Category.SERVICES, "", Relation.NOBODY),
)
USUAL_LENGTH, LONG = timedelta(days=15), timedelta(days=365)


class Change(StrEnum):
    """What becomes of an answer, the gravest first."""

    OPENS = "opens"
    CLOSES = "closes"
    MORE = "more"
    LESS = "less"
    OTHER = "other"
    """As much as before, for another reason, with other duties or another end; or no, for another reason."""


class Way(StrEnum):
    """On what it would rest."""

    ALONE = "alone"
    RELEASE = "release"
    LONG_RELEASE = "long_release"
    PAPER = "paper"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which law, which agreements, and on a page with which elements something is asked."""

    law: Law
    agreements: tuple[Agreement, ...] = ()
    elements: frozenset[Element] = frozenset(Element)


@dataclass(frozen=True, slots=True)
class Difference:
    """One question that two sides answer differently."""

    change: Change
    way: Way
    question: Question
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True)
class Rules:
    """How the rules of two laws differ: those only in the second, those only in the first, and those that say something
    else, each with the lines that went and those that came."""

    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]
    changed: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]

    @property
    def same(self) -> bool:
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Group:
    """Differences of one kind told together: from whom, to whom, who may do what with which things, for what, and how
    many questions."""

    change: Change
    way: Way
    holder: Agency
    member: Member
    recipients: tuple[Agency, ...]
    things: tuple[Thing, ...]
    purposes: tuple[Purpose, ...]
    verbs: tuple[Verb, ...]
    count: int


_What = tuple[Thing, Purpose, Verb]


def grouped(found: Iterable[Difference]) -> list[Group]:
    """Differences by what becomes of them, on what, from whom; recipients for whom all is the same stand together."""
    pairs: dict[tuple[Change, Way, Agency, Member, Agency | None], set[_What]] = {}
    for one in found:
        ask = one.question
        where = (one.change, one.way, ask.holder, ask.member, ask.recipient)
        pairs.setdefault(where, set()).add((ask.thing, ask.purpose, ask.verb))
    alike: dict[tuple[Change, Way, Agency, Member, frozenset[_What]], list[Agency]] = {}
    for (became, way, holder, member, recipient), what in pairs.items():
        recipients = alike.setdefault((became, way, holder, member, frozenset(what)), [])
        if recipient is not None:
            recipients.append(recipient)
    groups = []
    for (became, way, holder, member, same), recipients in alike.items():
        things, purposes, verbs = ({each[place] for each in same} for place in range(3))
        groups.append(
            Group(
                change=became,
                way=way,
                holder=holder,
                member=member,
                recipients=tuple(recipients),
                things=tuple(thing for thing in THINGS if thing in things),
                purposes=tuple(purpose for purpose in Purpose if purpose in purposes),
                verbs=tuple(verb for verb in Verb if verb in verbs),
                count=len(same) * max(len(recipients), 1),
            )
        )
    order = list(Change)
    return sorted(groups, key=lambda group: (order.index(group.change), -group.count))


def change(before: Decision, after: Decision) -> Change | None:
    """What became of one answer; None when it is the same."""
    if before == after:
        return None
    if before.level != after.level:
        if not before.level:
            return Change.OPENS
        if not after.level:
            return Change.CLOSES
        return Change.MORE if after.level > before.level else Change.LESS
    had, has = _told(before), _told(after)
    if had != has and had <= has:
        return Change.MORE
    if had != has and has <= had:
        return Change.LESS
    return Change.OTHER


def _told(decision: Decision) -> frozenset[Field | None]:
    """Which single facts a yes lets be told; `None` among them stands for everything else."""
    return frozenset((*Field, None) if decision.fields is None else decision.fields)


def rules(before: Law, after: Law) -> Rules:
    """How two laws differ as texts: sentence, citation, source, dates and conditions. Where a rule stands in its
    document makes no difference."""
    both = [id for id in before.rules if id in after.rules]
    changed = []
    for id in both:
        if _said(before.rules[id]) != _said(after.rules[id]):
            old, new = (explain(law, id).splitlines()[2:] for law in (before, after))
            changed.append(
                (id, tuple(line for line in old if line not in new), tuple(line for line in new if line not in old))
            )
    return Rules(
        added=tuple(rule for id, rule in after.rules.items() if id not in before.rules),
        removed=tuple(rule for id, rule in before.rules.items() if id not in after.rules),
        changed=tuple(changed),
    )


def _said(rule: Rule) -> tuple[object, ...]:
    return tuple(getattr(rule, one.name) for one in fields(rule) if one.name not in ("document", "line"))


def ordinary(before: Law, after: Law, at: datetime) -> Iterator[Difference]:
    """Every ordinary question that the two laws answer differently, between all kinds of partner and inside them."""
    yield from _inside(before, after, at)
    for holder in USUAL:
        for recipient in RECIPIENTS:
            yield from between(Terms(before), Terms(after), holder, recipient, at)


def between(before: Terms, after: Terms, holder: Agency, recipient: Agency, at: datetime) -> Iterator[Difference]:
    """The ordinary questions from one agency to another that two sides answer differently.

    Where all that the law can look at between the two is the same, so are the answers, and nothing is asked.
    """
    old, new = before.law.on(at), after.law.on(at)
    here, there = old.between(holder, recipient), new.between(holder, recipient)
    if here == there and _beside(old) == _beside(new) and _beside(before) == _beside(after):
        return
    ask = Question(Verb.DISCLOSE, holder, WORKER, holder, THINGS[0], Purpose.SAFETY, at, recipient)
    for thing in THINGS:
        for purpose in Purpose:
            about = replace(ask, thing=thing, purpose=purpose)
            for way, base in _ways(about, (here, there), (old, new)):
                if way is Way.RELEASE and thing.relation is Relation.NOBODY:
                    continue  # nobody in particular has signed one
                first, second = (_under(terms, base, way) for terms in (before, after))
                yes, then = decide(before.law, first), decide(after.law, second)
                became = change(yes, then)
                if became:
                    yield Difference(became, way, second, yes, then)


def _beside(side: Tables | Terms) -> tuple[object, ...]:
    """What an answer depends on beside the rules that can apply between the two."""
    if isinstance(side, Terms):
        return side.agreements, side.elements
    return side.disclosers, side.blocks, side.reports, side.loaded


def _inside(before: Law, after: Law, at: datetime) -> Iterator[Difference]:
    """What each role may do in its own agency."""
    if before.on(at).own == after.on(at).own and before.on(at).doers == after.on(at).doers:
        return
    own = USUAL[0]
    for role in Role:
        for verb in Verb:
            for purpose in Purpose:
                asked = Question(verb, own, Member("member", frozenset({role})), own, THINGS[0], purpose, at)
                yes, then = decide(before, asked), decide(after, asked)
                became = change(yes, then)
                if became:
                    yield Difference(became, Way.ROLE, asked, yes, then)


def _ways(
    ask: Question, sides: tuple[Between, Between], tables: tuple[Tables, Tables]
) -> Iterator[tuple[Way, Question]]:
    """The question with nothing, with her best release, with one for a year, and with each paper."""
    yield Way.ALONE, ask
    yield Way.RELEASE, replace(ask, releases=_best(ask, sides, USUAL_LENGTH))
    if any(side.lengths for side in sides):
        yield Way.LONG_RELEASE, replace(ask, releases=_best(ask, sides, LONG))
    for papers in _papers(ask, sides, tables):
        yield Way.PAPER, replace(ask, processes=papers)


def _under(terms: Terms, ask: Question, way: Way) -> Question:
    """A question with the agreements of one side, and her releases on its page."""
    releases = tuple(replace(one, elements=terms.elements) for one in ask.releases)
    return replace(ask, agreements=terms.agreements, releases=releases)


def _best(ask: Question, sides: tuple[Between, Between], length: timedelta) -> tuple[Release, ...]:
    """The best releases there could be: everything, in full, and of each instrument that a key of hers may ask for."""
    assert ask.recipient is not None, "a disclosure has a recipient"
    instruments = {Instrument.ORDINARY}
    for side in sides:
        possible = side.keys if ask.thing.marks else side.keys_of_unmarked
        instruments |= {key.instrument for key in possible if key.instrument is not None}
    best = Release(
        id=Instrument.ORDINARY,
        subject=ask.thing.subject,
        holder=ask.holder.id,
        recipient=ask.recipient.id,
        purpose=ask.purpose,
        grants=_EVERYTHING,
        elements=frozenset(),
        signed_at=ask.at,
        until=ask.at + length,
    )
    return tuple(replace(best, id=one, instrument=one) for one in Instrument if one in instruments)


_EVERYTHING = tuple(Grant(category, Level.FULL) for category in Category)


def _papers(
    ask: Question, sides: tuple[Between, Between], tables: tuple[Tables, Tables]
) -> Iterator[tuple[Process, ...]]:
    """What may be on file: whatever one of the two sides asks for here, no more on it than it must say."""
    wanted: dict[PaperLaw, None] = {}
    about = (ask.thing.category, ask.purpose)
    for side in sides:
        opening: Iterable[OpeningLaw] = (*side.compelled.get(about, ()), *side.exceptions.get(about, ()))
        found = [one.papers for one in opening]
        if found and ask.thing.marks:
            found += [key.papers for key in side.keys]
        wanted |= dict.fromkeys(paper for papers in found for paper in papers)
    for one in wanted:
        reports = {id: report for side in tables for id, report in side.reports.items() if report.about in one.statute}
        for kind in ProcessKind:
            if kind in one.kinds:
                for statute in reports or ("",):
                    yield _on_file(ask, one, kind, statute)


def _on_file(ask: Question, one: PaperLaw, kind: ProcessKind, statute: str) -> tuple[Process, ...]:
    assert ask.recipient is not None, "a disclosure has a recipient"
    paper = Process(
        id="paper",
        kind=kind,
        recipient=ask.recipient.id,
        subject=ask.thing.subject,
        categories=frozenset(Category),
        since=ask.at,
        until=ask.at + 2 * LONG,
        represented=one.represented,
        counsel_reviewed=one.counsel,
        statute=statute,
    )
    beside = [other for other in ProcessKind if other in one.beside]
    return (paper, replace(paper, id="beside", kind=beside[0], statute="")) if beside else (paper,)

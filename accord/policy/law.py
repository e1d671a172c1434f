"""The law as data becomes the law as tables.

`parse` reads the texts of law documents (TOML) and compiles them. It touches no disk: the gate reads
the files. What is doubtful is refused when the law is loaded, with file, line and rule, so that
`decide` never meets it.

Three layers: `base` (federal law and the rules of the house), `state` (may add rules and may replace
a base rule by name, but no absolute bar, and never so that it opens more than the base does for a
holder under federal law), `community` (may only narrow). A rule counts from the day it
is `effective` to the day before `until`; the tables are compiled once for each span in which the law
stands still.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache
from typing import Any, NoReturn, TypeVar

from accord.policy.conditions import ALWAYS, CONDITIONS, Clause, Value, between, clause
from accord.policy.facts import Agency, Because, Need
from accord.policy.words import (
    VICTIM_SERVICE_DUTIES,
    About,
    AgencyKind,
    BlockKind,
    Category,
    Duty,
    Element,
    Field,
    Instrument,
    Level,
    Mark,
    Obligation,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)

Code = TypeVar("Code", bound=StrEnum)


class LawError(ValueError):
    """A law document that cannot be trusted: which file, line and rule, and what is wrong."""


class Layer(StrEnum):
    """Where a document stands; a later layer may do less."""

    BASE = "base"
    STATE = "state"
    COMMUNITY = "community"


class Step(StrEnum):
    """What a rule does, in the order in which pages show it (law.md, order of evaluation)."""

    DEFAULT = "default"
    OWN = "own"
    BAR = "bar"
    KEY = "key"
    RELEASE = "release"
    SIGNER = "signer"
    LENGTH = "length"
    COMPELLED = "compelled"
    EXCEPTION = "exception"
    AGREEMENT = "agreement"
    BLOCK = "block"
    DUTY = "duty"
    REPORT = "report"


class Party(StrEnum):
    """Whom a block may be against."""

    RECIPIENT = "recipient"
    RECIPIENT_PERSON = "recipient_person"
    MEMBER = "member"
    SUBJECT = "subject"


#: Steps that close or oblige; all a community's own settings may use.
NARROWING = frozenset({Step.BAR, Step.KEY, Step.SIGNER, Step.LENGTH, Step.BLOCK, Step.DUTY})
#: Steps whose conditions may look at what a yes rests on.
GROUNDED = frozenset({Step.SIGNER, Step.LENGTH, Step.DUTY})
#: What no overlay replaces: the absolute bars, the two defaults, and when an agreement counts.
FIXED = frozenset({Step.BAR, Step.DEFAULT, Step.AGREEMENT})
#: What a condition would have to say that holds only without her release, and only on it.
OPENED_ONLY = frozenset({("released", False), ("compelled", True), ("represented", True), ("not_represented", True)})
RELEASED_ONLY = frozenset({("released", True), ("longer_than_days", True), ("signer_role", True), ("instrument", True)})
#: Steps that open; each must say which law opens.
OPENING = frozenset({Step.OWN, Step.RELEASE, Step.COMPELLED, Step.EXCEPTION})
#: The laws under which a state's own compulsion may open; the federal ones leave it nothing to open.
STATE_MAY_COMPEL = frozenset(Duty) - {Duty.PART2, Duty.FERPA, Duty.UK_GDPR}
#: The laws under which a state's own exception may open.
STATE_MAY_EXCEPT = STATE_MAY_COMPEL - VICTIM_SERVICE_DUTIES - {
    Duty.HIPAA, Duty.ATTORNEY_PRIVILEGE, Duty.ADVOCATE_PRIVILEGE, Duty.THERAPIST_PRIVILEGE
}  # fmt: skip

#: No rule speaks of more days than this (a hundred years).
LONGEST = 36_525

DEFAULT_DENY = "default-deny"
NO_PULL = "no-pull"
IN_FORCE = "agreement-in-force"
#: Rules the engine itself speaks of; no law is complete without them.
NEEDED = {DEFAULT_DENY: Step.DEFAULT, NO_PULL: Step.DEFAULT, IN_FORCE: Step.AGREEMENT}

WORD_TABLES: dict[str, type[StrEnum]] = {
    "about": About,
    "agency_kind": AgencyKind,
    "category": Category,
    "duty": Duty,
    "element": Element,
    "field": Field,
    "instrument": Instrument,
    "mark": Mark,
    "obligation": Obligation,
    "process_kind": ProcessKind,
    "purpose": Purpose,
    "relation": Relation,
    "representation": Representation,
    "role": Role,
    "signer_role": SignerRole,
    "verb": Verb,
}

#: What a refusal of each closing step asks for.
NEED_OF_STEP = {
    Step.BAR: "nothing",
    Step.KEY: "instrument",
    Step.SIGNER: "signer",
    Step.LENGTH: "length",
    Step.BLOCK: "nothing",
}


@dataclass(frozen=True, slots=True)
class PaperLaw:
    """What must be on file before something opens: a paper of one of `kinds`; where `beside` is not empty, another one
    of those kinds; everything in `represented` stated on them or found; looked at by counsel; where `statute` is not
    empty, resting on a loaded report statute about one of these."""

    kinds: frozenset[ProcessKind]
    beside: frozenset[ProcessKind] = frozenset()
    represented: frozenset[Representation] = frozenset()
    counsel: bool = False
    statute: frozenset[About] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """A statute that makes somebody report: who must, to whom, about whom, how soon, and what it may say at most."""

    because: Because
    about: About
    reporters: frozenset[AgencyKind]
    to: frozenset[AgencyKind]
    fields: frozenset[Field]
    oral_hours: int
    written_hours: int
    exempts_advocates: bool
    """Whoever is under an advocate's privilege need not, and so may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as a lawyer reads it. The fields after `when` belong to single steps and are empty elsewhere."""

    id: str
    step: Step
    sentence: str
    citation: str
    effective: date
    until: date | None
    verified_on: date | None
    """None: not yet verified at the source."""
    source: str
    document: str
    layer: Layer
    line: int
    replaces: str = ""
    when: tuple[Clause, ...] = ()
    need: str = ""
    role: Role | None = None
    may: Mapping[Purpose, frozenset[Verb]] = field(default_factory=dict)
    discloses: bool = False
    duties: frozenset[Duty] = frozenset()
    elements: frozenset[Element] = frozenset()
    elements_if_not_self: frozenset[Element] = frozenset()
    instrument: Instrument | None = None
    fixed_for: frozenset[Duty] = frozenset()
    papers: tuple[PaperLaw, ...] = ()
    opens: Mapping[Category, Level] = field(default_factory=dict)
    fields: frozenset[Field] | None = None
    purposes: frozenset[Purpose] = frozenset()
    agreement: bool = False
    days: int = 0
    block: BlockKind | None = None
    against: frozenset[Party] = frozenset()
    verbs: frozenset[Verb] = frozenset()
    yields: bool = False
    obligation: Obligation | None = None
    report: Report | None = None

    @property
    def because(self) -> Because:
        return Because(self.id, self.sentence, self.citation)


@dataclass(frozen=True, slots=True)
class Closer:
    """A bar, key, signer or length rule: when it applies, it closes, and says what would open.

    A key may be opened by a release that has its `elements` and, where it asks for one, is its `instrument`; or by one
    of its `papers`. Without any of these nothing opens it. Under the laws in `fixed_for` her release may bind her
    until a day she has named.
    """

    because: Because
    need: Need
    when: tuple[Clause, ...]
    elements: frozenset[Element] = frozenset()
    elements_if_not_self: frozenset[Element] = frozenset()
    instrument: Instrument | None = None
    fixed_for: frozenset[Duty] = frozenset()
    papers: tuple[PaperLaw, ...] = ()

    @property
    def by_release(self) -> bool:
        """Whether there is a release that opens it."""
        return bool(self.elements or self.instrument)


@dataclass(frozen=True, slots=True)
class ReleaseLaw:
    """What the release of a holder under one of `duties` must contain."""

    because: Because
    duties: frozenset[Duty]
    elements: frozenset[Element]
    elements_if_not_self: frozenset[Element]


@dataclass(frozen=True, slots=True)
class OpeningLaw:
    """What a holder under one of `duties` must (compelled) or may (an exception) send without her release: up to
    `level`, of `fields` at most (None: all), on one of `papers` (none: without any), under an agreement in force or
    for `days`."""

    because: Because
    duties: frozenset[Duty]
    when: tuple[Clause, ...]
    level: Level
    fields: frozenset[Field] | None
    papers: tuple[PaperLaw, ...]
    agreement: bool
    days: int
    compels: bool


#: By category and purpose; the highest level first, of equals those without a list of facts, without agreement, by id.
Openings = Mapping[tuple[Category, Purpose], tuple[OpeningLaw, ...]]


@dataclass(frozen=True, slots=True)
class BlockLaw:
    """What a block of this kind closes, and for whom. `yields`: not against what a statute or court compels."""

    because: Because
    need: Need
    kind: BlockKind
    against: frozenset[Party]
    verbs: frozenset[Verb]
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """What of the law can matter between two agencies; what is certain about the two stands in no condition."""

    bars: tuple[Closer, ...]
    keys: tuple[Closer, ...]
    keys_of_unmarked: tuple[Closer, ...]
    """Those keys that may close a thing without any mark."""
    releases: tuple[ReleaseLaw, ...]
    signers: tuple[Closer, ...]
    lengths: tuple[Closer, ...]
    compelled: Openings
    exceptions: Openings
    duties_released: tuple[tuple[Obligation, tuple[Clause, ...]], ...]
    """What may have to be done when something is sent on her release."""
    duties_opened: tuple[tuple[Obligation, tuple[Clause, ...]], ...]
    """What may have to be done when something is sent without it."""


Parties = tuple[AgencyKind, frozenset[Duty], AgencyKind, frozenset[Duty]]
#: Pairs of descriptions whose part of the law is kept at once; a community has some hundred.
MOST_PAIRS = 4_096


@dataclass(frozen=True, slots=True)
class Tables:
    """The law of one span of time, compiled for `decide`."""

    own: Mapping[tuple[Verb, Purpose], tuple[tuple[Role, Because], ...]]
    doers: Mapping[Verb, Mapping[Role, frozenset[Purpose]]]
    disclosers: tuple[tuple[Role, Because], ...]
    bars: tuple[Closer, ...]
    keys: tuple[Closer, ...]
    releases: tuple[ReleaseLaw, ...]
    loaded: frozenset[Duty]
    signers: tuple[Closer, ...]
    lengths: tuple[Closer, ...]
    compelled: Openings
    exceptions: Openings
    reports: Mapping[str, Report]
    blocks: tuple[BlockLaw, ...]
    duties: tuple[tuple[Obligation, tuple[Clause, ...]], ...]
    known: dict[Parties, Between] = field(default_factory=dict, compare=False, repr=False)

    def between(self, holder: Agency, recipient: Agency) -> Between:
        """What of this law can matter between two such agencies. Worked out once for each pair of descriptions; it
        holds no question and no answer."""
        parties = (holder.kind, holder.duties, recipient.kind, recipient.duties)
        found = self.known.get(parties)
        if found is None:
            if len(self.known) >= MOST_PAIRS:
                self.known.clear()
            found = self.known[parties] = _between(self, holder, recipient)
        return found


@dataclass(frozen=True, slots=True)
class Law:
    """Every rule by id, the plain words for codes, and the compiled tables.

    `tables[i]` holds from `edges[i - 1]` (inclusive) to `edges[i]` (exclusive).
    """

    titles: tuple[str, ...]
    rules: Mapping[str, Rule]
    words: Mapping[type[StrEnum], Mapping[str, str]]
    default: Because
    no_pull: Because
    in_force: Because
    edges: tuple[datetime, ...]
    tables: tuple[Tables, ...]

    def on(self, at: datetime) -> Tables:
        """The tables in force at an aware moment. Raises TypeError for a naive one."""
        return self.tables[bisect_right(self.edges, at)]

    def word(self, code: StrEnum) -> str:
        """The plain words for a code."""
        return self.words[type(code)][code]


def parse(documents: Mapping[str, str]) -> Law:
    """Compile law documents (name -> TOML text) into a Law.

    Raises LawError, naming file, line and rule, for: no TOML, unknown keys, words or codes, a rule without
    sentence, citation or date, both or neither of `verified_on` and `unverified`, an id used twice, a layer
    that does more than it may, two rules of the same span that contradict each other, a missing default.
    """
    readers = sorted((_Document(name, text) for name, text in documents.items()), key=lambda d: (d.order, d.name))
    rules: dict[str, Rule] = {}
    words: dict[type[StrEnum], dict[str, str]] = {
        kind: {code: code.replace("_", " ") for code in kind} for kind in WORD_TABLES.values()
    }
    for reader in readers:
        for rule in reader.rules():
            if rule.id in rules:
                _refuse(rule, f"this id is already used in {rules[rule.id].document}, line {rules[rule.id].line}")
            _may_stand(rule, rules)
            rules[rule.id] = rule
        reader.add_words(words)
    for needed, step in NEEDED.items():
        if needed not in rules or rules[needed].step is not step:
            raise LawError(f"{', '.join(documents) or 'no documents'}: the rule {needed} (step {step}) is missing")
    days = sorted({day for rule in rules.values() for day in (rule.effective, rule.until) if day is not None})
    return Law(
        titles=tuple(reader.title for reader in readers),
        rules=rules,
        words=words,
        default=rules[DEFAULT_DENY].because,
        no_pull=rules[NO_PULL].because,
        in_force=rules[IN_FORCE].because,
        edges=tuple(datetime.combine(day, time(), UTC) for day in days),
        tables=tuple(_compile(rules, day) for day in [date.min, *days]),
    )


def _refuse(rule: Rule, problem: str) -> NoReturn:
    raise LawError(f"{rule.document}:{rule.line}: rule {rule.id}: {problem}")


def _may_stand(rule: Rule, earlier: Mapping[str, Rule]) -> None:
    """A later layer never opens more than it may."""
    if rule.layer is Layer.COMMUNITY and rule.step not in NARROWING:
        _refuse(rule, f"a community may only narrow; a rule of step {rule.step} could open")
    if not rule.replaces:
        return
    if rule.layer is not Layer.STATE:
        _refuse(rule, "only a state overlay may replace a rule")
    replaced = earlier.get(rule.replaces)
    if replaced is None or replaced.layer is not Layer.BASE:
        _refuse(rule, f"it replaces {rule.replaces}, which is no rule of the base")
    if replaced.step is not rule.step or rule.step in FIXED:
        _refuse(rule, f"it cannot replace {rule.replaces}: step {rule.step} for step {replaced.step}")
    wider = _wider(rule, replaced)
    if wider:
        _refuse(rule, f"it would open more than {rule.replaces}, which it replaces: {wider}")


def _wider(rule: Rule, base: Rule) -> str:
    """What a rule opens that the rule of the base it replaces does not; empty when it only narrows."""
    clauses = {one.facts for one in rule.when}
    match rule.step:
        case Step.RELEASE if not (rule.duties <= base.duties):
            return "it speaks for other laws"
        case Step.RELEASE | Step.KEY if not (
            rule.elements >= base.elements and rule.elements_if_not_self >= base.elements_if_not_self
        ):
            return "it asks for fewer elements"
        case Step.KEY if rule.instrument is not base.instrument and base.instrument is not None:
            return "it asks for another instrument"
        case Step.KEY if not (rule.fixed_for <= base.fixed_for and set(rule.papers) <= set(base.papers)):
            return "other papers open it"
        case Step.KEY if bool(rule.elements or rule.instrument) and not (base.elements or base.instrument):
            return "a release opens it"
        case Step.KEY | Step.SIGNER | Step.LENGTH if not clauses >= {one.facts for one in base.when}:
            return "it closes less often"
        case Step.COMPELLED | Step.EXCEPTION if not (
            rule.duties <= base.duties
            and rule.purposes <= base.purposes
            and clauses <= {one.facts for one in base.when}
            and all(level <= base.opens.get(category, Level.NONE) for category, level in rule.opens.items())
            and (base.fields is None or (rule.fields is not None and rule.fields <= base.fields))
            and (not base.papers or (rule.papers and set(rule.papers) <= set(base.papers)))
            and rule.agreement is base.agreement
            and rule.days <= base.days
        ):
            return "its laws, purposes, conditions, levels, facts, papers or end reach further"
        case Step.BLOCK if not (
            rule.against >= base.against and rule.verbs >= base.verbs and rule.yields <= base.yields
        ):
            return "it blocks less"
        case Step.OWN if not all(verbs <= base.may.get(purpose, frozenset()) for purpose, verbs in rule.may.items()):
            return "the role may do more"
        case _:
            return ""


def _compile(rules: Mapping[str, Rule], day: date) -> Tables:
    """The tables for one day, refusing rules that contradict each other on that day."""
    alive = [rule for rule in rules.values() if rule.effective <= day and (rule.until is None or day < rule.until)]
    replaced = {rule.replaces for rule in alive if rule.replaces}
    by_step: dict[Step, list[Rule]] = {step: [] for step in Step}
    for rule in alive:
        if rule.id not in replaced:
            by_step[rule.step].append(rule)

    own: dict[tuple[Verb, Purpose], tuple[tuple[Role, Because], ...]] = {}
    doers: dict[Verb, dict[Role, frozenset[Purpose]]] = {verb: {} for verb in Verb}
    disclosers: list[tuple[Role, Because]] = []
    seen: dict[StrEnum, Rule] = {}
    for rule in by_step[Step.OWN]:
        assert rule.role is not None
        _only_once(rule, rule.role, seen)
        if rule.discloses:
            disclosers.append((rule.role, rule.because))
        for purpose, verbs in rule.may.items():
            for verb in verbs:
                own[verb, purpose] = (*own.get((verb, purpose), ()), (rule.role, rule.because))
                doers[verb][rule.role] = doers[verb].get(rule.role, frozenset()) | {purpose}

    seen = {}
    by_step[Step.RELEASE].sort(key=lambda rule: min(map(list(Duty).index, rule.duties)))
    for rule in by_step[Step.RELEASE]:
        for duty in rule.duties:
            _only_once(rule, duty, seen)
    releases = [
        ReleaseLaw(rule.because, rule.duties, rule.elements, rule.elements_if_not_self)
        for rule in by_step[Step.RELEASE]
    ]
    return Tables(
        own=own,
        doers=doers,
        disclosers=tuple(disclosers),
        bars=_closers(by_step[Step.BAR]),
        keys=_closers(by_step[Step.KEY]),
        releases=tuple(releases),
        loaded=frozenset().union(*(law.duties for law in releases)),
        signers=_closers(by_step[Step.SIGNER]),
        lengths=_closers(by_step[Step.LENGTH]),
        compelled=_openings(by_step[Step.COMPELLED]),
        exceptions=_openings(by_step[Step.EXCEPTION]),
        reports={rule.id: rule.report for rule in by_step[Step.REPORT] if rule.report is not None},
        blocks=tuple(
            BlockLaw(
                rule.because,
                Need(NEED_OF_STEP[Step.BLOCK], rule.need),
                rule.block,
                rule.against,
                rule.verbs,
                rule.yields,
            )
            for rule in by_step[Step.BLOCK]
            if rule.block is not None
        ),
        duties=tuple(
            (obligation, when)
            for obligation in Obligation
            if (when := tuple(c for rule in by_step[Step.DUTY] if rule.obligation is obligation for c in rule.when))
        ),
    )


def _between(tables: Tables, holder: Agency, recipient: Agency) -> Between:
    """The rules that can apply between two agencies, what is certain about the two left out of their conditions."""

    @cache
    def about(when: tuple[Clause, ...], never: frozenset[tuple[str, bool]] = frozenset()) -> tuple[Clause, ...]:
        possible = [one for one in when if never.isdisjoint((name, value is not False) for name, value in one.facts)]
        return tuple(left for one in possible if (left := between(one, holder, recipient)) is not None)

    def closers(found: tuple[Closer, ...]) -> tuple[Closer, ...]:
        return tuple(replace(one, when=when) for one in found if (when := about(one.when)))

    def opening(one: OpeningLaw) -> OpeningLaw | None:
        when = () if one.duties.isdisjoint(holder.duties) else about(one.when)
        return replace(one, when=when) if when else None

    def openings(found: Openings) -> Openings:
        # One law stands under each of its purposes, one condition in each law of its rule.
        every = {id(one): one for laws in found.values() for one in laws}
        left = {id: law for id, one in every.items() if (law := opening(one))}
        kept = {key: tuple(left[id(one)] for one in laws if id(one) in left) for key, laws in found.items()}
        return {key: laws for key, laws in kept.items() if laws}

    def duties(never: frozenset[tuple[str, bool]]) -> tuple[tuple[Obligation, tuple[Clause, ...]], ...]:
        return tuple((duty, left) for duty, when in tables.duties if (left := about(when, never)))

    keys = closers(tables.keys)
    return Between(
        bars=closers(tables.bars),
        keys=keys,
        keys_of_unmarked=tuple(key for key in keys if not all("mark" in dict(one.facts) for one in key.when)),
        releases=tuple(one for one in tables.releases if not one.duties.isdisjoint(holder.duties)),
        signers=closers(tables.signers),
        lengths=closers(tables.lengths),
        compelled=openings(tables.compelled),
        exceptions=openings(tables.exceptions),
        duties_released=duties(OPENED_ONLY),
        duties_opened=duties(RELEASED_ONLY),
    )


def _only_once(rule: Rule, code: StrEnum, seen: dict[StrEnum, Rule]) -> None:
    """Two rules for one duty, or for one role, on the same day contradict each other."""
    other = seen.setdefault(code, rule)
    if other is not rule:
        place = f"{other.document}:{other.line}"
        _refuse(rule, f"it contradicts {other.id} ({place}): both speak for {code} on the same day")


def _closers(rules: list[Rule]) -> tuple[Closer, ...]:
    return tuple(
        Closer(
            rule.because,
            Need(NEED_OF_STEP[rule.step], rule.need),
            rule.when,
            rule.elements,
            rule.elements_if_not_self,
            rule.instrument,
            rule.fixed_for,
            rule.papers,
        )
        for rule in rules
    )


def _openings(rules: list[Rule]) -> Openings:
    """What opens without her release, by category and purpose, the best first."""
    found: dict[tuple[Category, Purpose], list[OpeningLaw]] = {}
    for rule in rules:
        for category, level in rule.opens.items():
            one = OpeningLaw(
                rule.because, rule.duties, rule.when, level, rule.fields, rule.papers, rule.agreement, rule.days,
                rule.step is Step.COMPELLED,
            )  # fmt: skip
            for purpose in rule.purposes:
                found.setdefault((category, purpose), []).append(one)
    return {
        key: tuple(sorted(laws, key=lambda one: (-one.level, one.fields is not None, one.agreement, one.because.rule)))
        for key, laws in found.items()
    }


class _Document:
    """One TOML text and where things stand in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.lines = name, text.splitlines()
        try:
            self._top = tomllib.loads(text)
        except RecursionError:
            raise LawError(f"{name}: it is nested too deep") from None
        except ValueError as error:  # a number of thousands of digits is one, too
            raise LawError(f"{name}: this is not TOML: {error}") from error
        self._starts = [number for number, line in enumerate(self.lines, 1) if line.strip() == "[[rule]]"]
        head = _Table(self, 1, "the [law] table", self._top.pop("law", None))
        self.title = head.text("title")
        self.layer = head.code("layer", Layer)
        self.order = list(Layer).index(self.layer)
        head.nothing_else()
        self._rules = self._top.pop("rule", [])
        self._words = self._top.pop("words", {})
        if self._top:
            stray = min(self._top)
            raise LawError(f"{name}:{self.find(stray)}: unknown table {stray}")
        if not isinstance(self._rules, list):
            raise LawError(f"{name}:1: rules are written as [[rule]]")

    def find(self, text: str, after: int = 1) -> int:
        """The first line from `after` on that holds `text`, else `after` itself."""
        return next((n for n, line in enumerate(self.lines[after - 1 :], after) if text in line), after)

    def rules(self) -> list[Rule]:
        return [self._rule(index, table) for index, table in enumerate(self._rules)]

    def _rule(self, index: int, raw: object) -> Rule:
        start = self._starts[index] if index < len(self._starts) else 1
        table = _Table(self, start, f"rule number {index + 1}", raw)
        name = table.text("id")
        table.line, table.about = self.find(f'"{name}"', start), f"rule {name}"
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            table.refuse("an id is lower-case words joined by hyphens")
        step = table.code("step", Step)
        rule = Rule(
            id=name,
            step=step,
            sentence=table.text("sentence"),
            citation=self._citation(table, step),
            effective=table.day("effective"),
            until=table.optional_day("until"),
            verified_on=self._verified(table),
            source=table.text("source"),
            document=self.name,
            layer=self.layer,
            line=table.line,
            replaces=table.optional_text("replaces"),
            **self._own_fields(table, step),
        )
        table.nothing_else()
        if rule.until is not None and rule.until <= rule.effective:
            table.refuse("it ends before it begins")
        return rule

    @staticmethod
    def _citation(table: _Table, step: Step) -> str:
        citation = table.optional_text("citation")
        if not citation:
            table.refuse(
                "a permit without a citation" if step in OPENING else "it has no citation",
            )
        return citation

    @staticmethod
    def _verified(table: _Table) -> date | None:
        verified_on, unverified = table.optional_day("verified_on"), table.flag("unverified")
        if (verified_on is not None) is unverified:
            table.refuse("it says either verified_on = a date, or unverified = true")
        return verified_on

    def _own_fields(self, table: _Table, step: Step) -> dict[str, Any]:
        """The fields that only this step has; all others stay unknown keys."""
        match step:
            case Step.DEFAULT | Step.AGREEMENT:
                return {}
            case Step.OWN:
                return {
                    "role": table.code("role", Role),
                    "may": table.verbs_by_purpose("may"),
                    "discloses": table.flag("discloses"),
                }
            case Step.BAR | Step.SIGNER | Step.LENGTH:
                return {"when": table.when(step), "need": table.text("need")}
            case Step.KEY:
                return table.key()
            case Step.COMPELLED | Step.EXCEPTION:
                return table.opening(step, self.layer)
            case Step.REPORT:
                return {"report": table.report()}
            case Step.RELEASE:
                return {
                    "duties": table.codes("duties", Duty),
                    "elements": table.codes("elements", Element),
                    "elements_if_not_self": table.optional_codes("elements_if_not_self", Element),
                }
            case Step.BLOCK:
                return {
                    "block": table.code("block", BlockKind),
                    "against": table.codes("against", Party),
                    "verbs": table.codes("verbs", Verb),
                    "yields": table.flag("yields"),
                    "need": table.text("need"),
                }
            case Step.DUTY:
                return {"obligation": table.code("obligation", Obligation), "when": table.when(step)}

    def add_words(self, words: dict[type[StrEnum], dict[str, str]]) -> None:
        """Put this document's plain words over what is there; refuse words for codes that do not exist."""
        for name, raw in self._words.items():
            line = self.find(f"[words.{name}]")
            if name not in WORD_TABLES:
                raise LawError(f"{self.name}:{line}: no codes are called {name}")
            table = _Table(self, line, f"words.{name}", raw)
            for code in list(table.left):
                if code not in set(WORD_TABLES[name]):
                    table.refuse(f"unknown code {code!r}", code)
                words[WORD_TABLES[name]][code] = table.text(code)


def _by_court_or_statute(paper: PaperLaw) -> bool:
    """Whether this is an order counsel has seen, or a report that a loaded statute demands."""
    if paper.kinds == {ProcessKind.MANDATED_REPORT}:
        return bool(paper.statute)
    return paper.counsel and paper.kinds <= {ProcessKind.COURT_ORDER, ProcessKind.WARRANT}


class _Table:
    """One TOML table, read key by key; what nobody read is unknown."""

    def __init__(self, document: _Document, line: int, about: str, raw: object) -> None:
        self.document, self.line, self.about = document, line, about
        if not isinstance(raw, dict):
            self.refuse("it is missing or not a table")
        self.raw: dict[str, Any] = raw
        self.left: dict[str, Any] = dict(raw)

    def refuse(self, problem: str, near: str = "") -> NoReturn:
        line = self.document.find(near, self.line) if near else self.line
        raise LawError(f"{self.document.name}:{line}: {self.about}: {problem}")

    def nothing_else(self) -> None:
        for key in self.left:
            self.refuse(f"unknown key {key!r}", key)

    def text(self, key: str) -> str:
        value = self.optional_text(key)
        if not value:
            self.refuse(f"it has no {key}")
        return value

    def optional_text(self, key: str) -> str:
        value = self.left.pop(key, "")
        if not isinstance(value, str):
            self.refuse(f"{key} is not a text", key)
        return value.strip()

    def flag(self, key: str) -> bool:
        value = self.left.pop(key, False)
        if not isinstance(value, bool):
            self.refuse(f"{key} is not true or false", key)
        return value

    def day(self, key: str) -> date:
        value = self.optional_day(key)
        if value is None:
            self.refuse(f"it has no {key} date")
        return value

    def optional_day(self, key: str) -> date | None:
        value = self.left.pop(key, None)
        # A datetime is a date to Python, but not a day.
        if value is not None and type(value) is not date:
            self.refuse(f"{key} is not a date", key)
        return value

    def code(self, key: str, kind: type[Code]) -> Code:
        return self._known(key, self.left.pop(key, None), kind)

    def codes(self, key: str, kind: type[Code]) -> frozenset[Code]:
        found = self.optional_codes(key, kind)
        if not found:
            self.refuse(f"it has no {key}")
        return found

    def optional_codes(self, key: str, kind: type[Code]) -> frozenset[Code]:
        return self._set(key, self.left.pop(key, []), kind)

    def _set(self, key: str, raw: object, kind: type[Code]) -> frozenset[Code]:
        if not isinstance(raw, list):
            self.refuse(f"{key} is not a list of codes", key)
        found = [self._known(key, value, kind) for value in raw]
        if len(set(found)) != len(found):
            self.refuse(f"{key} names a code twice", key)
        return frozenset(found)

    def _known(self, key: str, value: object, kind: type[Code]) -> Code:
        if value is None:
            self.refuse(f"it has no {key}")
        if not isinstance(value, str) or value not in set(kind):
            self.refuse(f"unknown code {value!r} for {key}", str(value))
        return kind(value)

    def verbs_by_purpose(self, key: str) -> dict[Purpose, frozenset[Verb]]:
        raw = self.left.pop(key, None)
        if not isinstance(raw, dict) or not raw:
            self.refuse(f"it has no {key}")
        may = {self._known(key, name, Purpose): self._set(key, verbs, Verb) for name, verbs in raw.items()}
        if any(Verb.DISCLOSE in verbs for verbs in may.values()):
            self.refuse("disclose is never an own-agency verb; write discloses = true", "disclose")
        return may

    def key(self) -> dict[str, Any]:
        """What opens a key. Refuses one that lets her bind herself where a law lets her take it back at once."""
        fixed_for = self.optional_codes("fixed_for", Duty)
        if fixed_for & VICTIM_SERVICE_DUTIES:
            self.refuse("a release from a victim service provider can be taken back at once", "fixed_for")
        return {
            "when": self.when(Step.KEY),
            "need": self.text("need"),
            "elements": self.optional_codes("elements", Element),
            "elements_if_not_self": self.optional_codes("elements_if_not_self", Element),
            "instrument": self._optional_code("instrument", Instrument),
            "fixed_for": fixed_for,
            "papers": self.papers(),
        }

    def opening(self, step: Step, layer: Layer) -> dict[str, Any]:
        """What opens without her release. Refuses what does not say who receives, on what, and how what was sent ends;
        compulsion without a paper; and anything that a victim service provider or another layer may not open."""
        duties, when, papers = self.codes("duties", Duty), self.when(step), self.papers()
        opens, purposes = self.levels("opens"), self.codes("purposes", Purpose)
        agreement, days = self.flag("agreement"), self.optional_days("days")
        if agreement is bool(days):
            self.refuse("it ends with an agreement (agreement = true) or after a number of days, one of the two")
        if not all("recipient_kind" in dict(one.facts) for one in when):
            self.refuse("it names the kinds of recipient", "when")
        if step is Step.COMPELLED and (agreement or not papers):
            self.refuse("what is compelled rests on a paper, not on an agreement")
        if step is Step.COMPELLED and duties & VICTIM_SERVICE_DUTIES and not all(map(_by_court_or_statute, papers)):
            self.refuse("a victim service provider tells what a court orders, seen by counsel, or a statute demands")
        if step is Step.EXCEPTION and duties & VICTIM_SERVICE_DUTIES:
            totals = all(dict(one.facts).get("relation") == frozenset({Relation.NOBODY}) for one in when)
            if agreement or not (totals or purposes == {Purpose.FATALITY_REVIEW}):
                self.refuse("without her release a victim service provider gives totals only", "duties")
        may = STATE_MAY_COMPEL if step is Step.COMPELLED else STATE_MAY_EXCEPT
        beyond = [duty for duty in Duty if duty in duties - may]
        if layer is Layer.STATE and beyond:
            self.refuse(f"a state opens nothing that {beyond[0]} closes", "duties")
        return {
            "duties": duties,
            "when": when,
            "opens": opens,
            "fields": self.codes("fields", Field) if "fields" in self.left else None,
            "purposes": purposes,
            "papers": papers,
            "agreement": agreement,
            "days": days,
        }

    def papers(self) -> tuple[PaperLaw, ...]:
        """The papers any one of which is enough."""
        raw = self.left.pop("papers", [])
        if not isinstance(raw, list):
            self.refuse("papers is not a list", "papers")
        found = []
        for index, one in enumerate(raw):
            table = _Table(
                self.document, self.document.find("papers", self.line), f"{self.about}, paper {index + 1}", one
            )
            found.append(
                PaperLaw(
                    kinds=table.codes("kinds", ProcessKind),
                    beside=table.optional_codes("beside", ProcessKind),
                    represented=table.optional_codes("represented", Representation),
                    counsel=table.flag("counsel"),
                    statute=table.optional_codes("statute", About),
                )
            )
            table.nothing_else()
        return tuple(found)

    def report(self) -> Report:
        return Report(
            because=Because(self.text_of("id"), self.text_of("sentence"), self.text_of("citation")),
            about=self.code("about", About),
            reporters=self.codes("reporters", AgencyKind),
            to=self.codes("to", AgencyKind),
            fields=self.codes("fields", Field),
            oral_hours=self.optional_days("oral_hours"),
            written_hours=self.optional_days("written_hours"),
            exempts_advocates=self.flag("exempts_advocates"),
        )

    def text_of(self, key: str) -> str:
        """A text that was read before."""
        return str(self.raw[key]).strip()

    def _optional_code(self, key: str, kind: type[Code]) -> Code | None:
        return self._known(key, self.left.pop(key), kind) if key in self.left else None

    def levels(self, key: str) -> dict[Category, Level]:
        """Categories and how much of each, `{ legal = "full" }`; nothing is written by leaving it out. `all` stands for
        every category that is not named beside it."""
        raw = self.left.pop(key, None)
        if not isinstance(raw, dict) or not raw:
            self.refuse(f"it has no {key}")
        known = {level.code: level for level in Level if level > Level.NONE}
        found: dict[Category, Level] = {}
        for name, value in sorted(raw.items(), key=lambda pair: pair[0] != "all"):
            if not isinstance(value, str) or value not in known:
                self.refuse(f"unknown level {value!r} for {name}", key)
            if name == "all":
                found = dict.fromkeys(Category, known[value])
            else:
                found[self._known(key, name, Category)] = known[value]
        return found

    def optional_days(self, key: str) -> int:
        value = self.left.pop(key, None)
        if value is None:
            return 0
        if type(value) is not int or not 0 < value <= LONGEST:
            self.refuse(f"{key} is a number of days from 1 to {LONGEST}", key)
        return value

    def when(self, step: Step) -> tuple[Clause, ...]:
        """The clauses under `when`, or one that always holds for a duty that says `always = true`."""
        if step is Step.DUTY and self.flag("always"):
            if "when" in self.left:
                self.refuse("it says both always and when")
            return ALWAYS
        raw = self.left.pop("when", None)
        if not isinstance(raw, list) or not raw:
            self.refuse("it has no when")
        return tuple(clause(self._conditions(one, step)) for one in raw)

    def _conditions(self, raw: object, step: Step) -> list[tuple[str, Value]]:
        if not isinstance(raw, dict) or not raw:
            self.refuse("a clause without conditions would always apply")
        found: list[tuple[str, Value]] = []
        for name, value in raw.items():
            if name not in CONDITIONS:
                self.refuse(f"unknown condition {name!r}", name)
            condition = CONDITIONS[name]
            if condition.of_ground and step not in GROUNDED:
                self.refuse(f"{name} looks at what a yes rests on, which the step {step} does not", name)
            if issubclass(condition.takes, StrEnum):
                codes = self._set(name, value, condition.takes)
                if not codes:
                    self.refuse(f"{name} names no code", name)
                found.append((name, codes))
            elif type(value) is not condition.takes:
                self.refuse(f"{name} takes {'true or false' if condition.takes is bool else 'a number of days'}", name)
            elif condition.takes is int and not 0 < value <= LONGEST:
                self.refuse(f"{name} takes a number of days from 1 to {LONGEST}", name)
            else:
                found.append((name, value))
        return found

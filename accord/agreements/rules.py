"""What stands in an agreement between agencies, and what must stand there before they sign (facts 2). Values only.

The table of sections is the builder: pages, paper and comparison are made from it. A text marked with `_` is translated
by whoever shows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from accord.partners.rules import AGREEABLE, AGREED_FOR, MECHANISMS, Standing, Way, needs_release
from accord.policy.conditions import Clause
from accord.policy.facts import Agency
from accord.policy.law import Tables
from accord.policy.words import AgencyKind, Category, Element, Purpose, Relation

#: A review at the latest this many days after the first day (facts 2.1, section 19).
LONGEST_DAYS = 366
#: Somebody who leaves an agency is out within this many working days (facts 2.1, section 11).
REMOVED_WITHIN = 1
#: A breach is told to the parties within this many hours (facts 2.1, section 15: VAWA 24 h; HIPAA and GDPR are longer).
BREACH_HOURS = 24
#: Of fewer than this many nobody tells how many: somebody could be recognised (facts 1.12, case 9).
SMALLEST_COUNT = 11
#: Days before the review from which an agreement is due for it (facts 2.1, lifecycle).
DUE = timedelta(days=60)


def _(text: str) -> str:
    """Marks a sentence that doors translate."""
    return text


class Kind(StrEnum):
    """How one item of a section is filled in."""

    TEXT = "text"
    LINE = "line"
    NUMBER = "number"
    DAY = "day"
    ONE = "one"
    MANY = "many"
    PARTIES = "parties"
    EACH_PARTY = "each_party"
    EACH_OPTION = "each_option"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a section says. `options`: codes and their words."""

    id: str
    label: str
    kind: Kind
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One of the sections, what must stand in it, and where that comes from."""

    id: str
    title: str
    must: str
    source: str
    items: tuple[Item, ...] = ()


T, L, N, D = Kind.TEXT, Kind.LINE, Kind.NUMBER, Kind.DAY

SECTIONS: tuple[Section, ...] = (
    Section(
        "parties",
        _("Parties"),
        _("Who they are, which laws bind each of them, and who signs with what authority."),
        "facts 2.1 (1)",
        (Item("signatory", _("Who signs, and by what authority"), Kind.EACH_PARTY),),
    ),
    Section(
        "purpose",
        _("Purpose and benefits"),
        _("Why you tell each other things, and what it is never used for."),
        "facts 2.1 (2)",
        (
            Item("why", _("Why, and what gets safer by it"), T),
            Item(
                "never",
                _("What it is never used for"),
                Kind.MANY,
                (
                    ("immigration", _("Immigration enforcement")),
                    ("eligibility", _("Policing who may have benefits")),
                    ("research", _("Research about persons")),
                ),
            ),
        ),
    ),
    Section(
        "principles",
        _("Guiding principles"),
        _("Each keeps its own duties; the survivor decides when and how; she has confidentiality between partners."),
        "facts 2.1 (3) [S:34]",
        (Item("text", _("The principles"), T),),
    ),
    Section(
        "powers",
        _("Legal powers"),
        _("For each flow the rule of the law it rests on. The matrix cites it."),
        "facts 2.1 (4)",
        (Item("text", _("How each party reads its own duties"), T),),
    ),
    Section(
        "matrix",
        _("What may flow"),
        _("From whom to whom, about what, for what, on what ground."),
        "facts 2.1 (5) [S:39]",
    ),
    Section(
        "identifying",
        _("Identifying the person"),
        _("By what you make sure that you speak of the same person."),
        "facts 2.1 (6); 0 (2) [S:3]",
        (
            Item(
                "keys",
                _("By what"),
                Kind.MANY,
                (
                    ("name", _("Name and day of birth")),
                    ("number", _("The number of a case or report")),
                    ("herself", _("She says so herself")),
                    ("hashed", _("Hashed names, matched by a machine")),
                ),
            ),
        ),
    ),
    Section(
        "informing",
        _("Informing the person"),
        _("What she is told, and when it is not safe to tell anybody else."),
        "facts 2.1 (7)",
        (
            Item("how", _("What she is told, and how"), T),
            Item("unsafe", _("When it is not safe to let the other side know"), T),
        ),
    ),
    Section(
        "consent",
        _("Her consent"),
        _("How it is asked for and written down; what happens when she refuses or takes it back."),
        "facts 2.1 (8); 0 (3) (5) [S:5] [S:6]",
        (
            Item("how", _("How it is asked for and written down"), T),
            Item("refused", _("When she refuses, or takes it back"), T),
            Item(
                "provider",
                _("What a victim service provider holds is told"),
                Kind.ONE,
                (("released", _("on her own release alone")), ("high_risk", _("without it too, at high risk"))),
            ),
        ),
    ),
    Section(
        "mechanisms",
        _("How it is told"),
        _("Sealed, spoken or by phone. Never a table that several agencies open."),
        "facts 2.1 (9); 0 (1) [S:1]",
        (
            Item(
                "ways",
                _("How"),
                Kind.MANY,
                (
                    ("envelope", _("Sealed in Accord, one thing at a time")),
                    ("meeting", _("Spoken, when you meet about it")),
                    ("phone", _("By phone, noted afterwards")),
                ),
            ),
        ),
    ),
    Section(
        "meetings",
        _("Rules of meetings"),
        _("What is said at the start, what is written down, and who keeps it."),
        "facts 2.1 (10)",
        (
            Item(
                "rules",
                _("The rules"),
                Kind.MANY,
                (
                    ("declaration", _("Each meeting begins with the rules on confidentiality")),
                    ("relevant", _("The agenda goes out before; only what matters to the case is said")),
                    ("actions", _("The minutes hold actions, and nothing else")),
                    ("not_told", _("The person who did the harm learns nothing of it")),
                    ("attendance", _("Who was there is written down")),
                ),
            ),
            Item("keeper", _("Who keeps the minutes"), L),
        ),
    ),
    Section(
        "access",
        _("Access"),
        _("Which roles may know; who leaves is out within one working day."),
        "facts 2.1 (11) [D]",
        (
            Item("roles", _("Who may know, and why they need to"), T),
            Item("days", _("Working days until somebody who leaves is out"), N),
        ),
    ),
    Section(
        "security",
        _("Security"),
        _("How things are received, carried, stored and destroyed, and by whom."),
        "facts 2.1 (12) [S:40]",
        (Item("text", _("Encryption, devices, transfer, storage"), T),),
    ),
    Section(
        "retention",
        _("Records and retention"),
        _("How long each kind of record is kept, and how it is destroyed."),
        "facts 2.1 (13)",
        (
            Item(
                "periods",
                _("How long it is kept"),
                Kind.EACH_OPTION,
                (
                    ("received", _("What a partner has told")),
                    ("releases", _("Releases")),
                    ("referrals", _("Referrals")),
                    ("minutes", _("Minutes of meetings")),
                    ("log", _("The log of who was told what")),
                ),
            ),
            Item("destroyed", _("How it is destroyed"), L),
        ),
    ),
    Section(
        "requests",
        _("Requests by others"),
        _("Subpoenas, public records, her own request: who answers, whom they tell first."),
        "facts 2.1 (14) [S:40]",
        (Item("text", _("Who answers, and who is asked first"), T),),
    ),
    Section(
        "breach",
        _("Breach"),
        _("Who is told of a breach, and how soon: 24 hours at the most."),
        "facts 2.1 (15) [G]",
        (
            Item("hours", _("Hours until every affected party knows"), N),
            Item("told", _("Who tells whom, and who tells her"), T),
        ),
    ),
    Section(
        "disputes",
        _("Complaints and disputes"),
        _("Step by step, who settles what the step before could not."),
        "facts 2.1 (16)",
        (Item("ladder", _("The steps"), T),),
    ),
    Section(
        "governance",
        _("Governance"),
        _("The agency for survivors leads or leads together; no single agency takes a case on or closes it."),
        "facts 2.1 (17) [S:43]",
        (
            Item("leads", _("Who leads"), Kind.PARTIES),
            Item(
                "decides",
                _("Who takes a case on, and closes it"),
                Kind.ONE,
                (
                    ("majority", _("a majority of the parties")),
                    ("everybody", _("every party together")),
                    ("one", _("the party that leads, alone")),
                ),
            ),
            Item("quorum", _("How many must be there"), L),
            Item("meets", _("Meetings a year to look at how it works"), N),
        ),
    ),
    Section(
        "training",
        _("Training"),
        _("Who learns what, and how often again."),
        "facts 2.1 (18)",
        (Item("text", _("Who, which topics, how often"), T),),
    ),
    Section(
        "review",
        _("Review date"),
        _("Within twelve months. Past it nothing flows under the agreement."),
        "facts 2.1 (19) [S:35] [S:41]",
        (Item("first_day", _("From"), D), Item("review_day", _("Review by"), D)),
    ),
    Section(
        "leaving",
        _("Withdrawal and end"),
        _("How somebody leaves, and what becomes of what was told before."),
        "facts 2.1 (20) [G?]",
        (Item("days", _("Days of notice"), N), Item("fate", _("What becomes of what was told before"), T)),
    ),
    Section(
        "signatures",
        _("Signatures"),
        _("Every party signs the same version, by its hash."),
        "facts 2.1 (21)",
        (
            Item(
                "how",
                _("How you sign"),
                Kind.ONE,
                (
                    ("accord", _("In Accord, each by its director")),
                    ("paper", _("On paper too; each director records it in Accord")),
                ),
            ),
        ),
    ),
)

#: In every annex: why it is left out. What says so says nothing else.
WITHOUT = Item("without", _("If it is left out: why"), L)

ANNEXES: tuple[Section, ...] = (
    Section(
        "form_release",
        _("Release form"),
        _("What every release between the parties says. The blank form stands at the end of the paper."),
        "facts 2.1 (annexes) [S:40]; 1.11",
        (
            Item(
                "says",
                _("What a release says"),
                Kind.MANY,
                (
                    (Element.WRITTEN, _("It is in writing")),
                    (Element.DISCLOSER, _("It says who may tell")),
                    (Element.RECIPIENT, _("It names the one who is told")),
                    (Element.DESCRIPTION, _("It says exactly what may be told")),
                    (Element.PURPOSE, _("It says what for")),
                    (Element.TIME_LIMITED, _("It has an end")),
                    (Element.INFORMED, _("Risks, good and harm, and other ways were talked about")),
                    (Element.RIGHT_TO_REVOKE, _("It says how she takes it back")),
                    (Element.NOT_A_CONDITION, _("It says that no service depends on it")),
                    (Element.REDISCLOSURE, _("It says that it may be passed on")),
                    (Element.SIGNED, _("It is signed")),
                    (Element.DATED, _("It has the day of signing")),
                    (Element.AUTHORITY, _("It says what lets somebody else sign for her")),
                    (Element.COPY_OFFERED, _("She was offered a copy")),
                ),
            ),
            WITHOUT,
        ),
    ),
    Section(
        "form_referral",
        _("Referral form"),
        _("What goes along when one party sends her to another; at least how she is reached safely, and her consent."),
        "facts 2.1 (annexes, 5) [S:39] [S:40]",
        (
            Item(
                "asks",
                _("What it asks"),
                Kind.MANY,
                (
                    ("who", _("Who she is")),
                    ("safe", _("How and when she can be reached safely")),
                    ("born", _("Day of birth")),
                    ("address", _("Where she lives, unless that is kept secret")),
                    ("children", _("Her children")),
                    ("risk", _("What a risk screen said")),
                    ("reason", _("What she is sent for")),
                    ("consent", _("Whether she agrees, and if not, why it is sent")),
                    ("number", _("The number of a case or report")),
                    ("orders", _("Orders and conditions of release")),
                    ("markers", _("What whoever goes there has to know: weapons, animals")),
                ),
            ),
            WITHOUT,
        ),
    ),
    Section(
        "focal_points",
        _("Focal points"),
        _("Whom to ask at each party, and who stands in."),
        "facts 2.1 (annexes, 1) [S:40]",
        (Item("people", _("Point person, deputy, phone"), Kind.EACH_PARTY), WITHOUT),
    ),
    Section(
        "protecting_data",
        _("Data protection protocol"),
        _("What each worker does every day so that nothing gets lost, seen or taken."),
        "facts 2.1 (annexes, 12) [S:40]",
        (Item("text", _("The protocol"), T), WITHOUT),
    ),
    Section(
        "monthly_report",
        _("Sample monthly report"),
        _("What the parties count for each other. Totals about nobody, and no small number."),
        "facts 2.1 (annexes), 2.2, 1.12 (9) [S:40] [S:46]",
        (
            Item(
                "counts",
                _("What is counted"),
                Kind.MANY,
                (
                    ("referrals", _("Referrals sent, accepted, declined")),
                    ("answered", _("Answered in the agreed time, and not")),
                    ("releases", _("Releases signed, refused, taken back")),
                    ("services", _("Services offered, accepted, declined")),
                    ("gaps", _("What got stuck between the parties")),
                    ("requests", _("Requests by others, and what became of them")),
                    ("breaches", _("Breaches")),
                ),
            ),
            Item("below", _("Fewer than this many are not told"), N),
            WITHOUT,
        ),
    ),
    Section(
        "external_request",
        _("Form for requests from outside"),
        _("Whoever is no party and wants to know something asks in writing, each time."),
        "facts 2.1 (annexes, 14) [S:40]",
        (
            Item(
                "asks",
                _("What it asks"),
                Kind.MANY,
                (
                    ("who", _("Who asks, and for whom")),
                    ("what", _("Exactly what is asked for")),
                    ("why", _("What for, and on what law")),
                    ("where", _("Who will see it, where and how long it is kept")),
                    ("agreed", _("That every party agrees, before anything they compiled together is given out")),
                    ("unnamed", _("That no agency can be recognised in it")),
                ),
            ),
            WITHOUT,
        ),
    ),
    Section(
        "contingency",
        _("Contingency plan"),
        _("What happens when Accord, a building or a person is not there: how you reach each other, who decides."),
        "facts 2.1 (annexes) [S:40]",
        (Item("text", _("The plan"), T), WITHOUT),
    ),
)

#: Sections and annexes by their id, in their order.
BY_ID: Mapping[str, Section] = {section.id: section for section in (*SECTIONS, *ANNEXES)}


class Ground(StrEnum):
    """What a row of the matrix rests on."""

    RELEASED = "released"
    """On her release, each time."""
    LAW = "law"
    """Under a law that needs none."""
    TOTALS = "totals"
    """Totals about nobody in particular."""


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """One row of the matrix. `rule`: the rule of the law it cites."""

    sender: UUID
    recipient: UUID
    category: Category
    purpose: Purpose
    ground: Ground
    mechanism: str
    rule: str

    @property
    def key(self) -> str:
        """How a page names the row."""
        return sha256(json.dumps(self.values()).encode()).hexdigest()[:16]

    def values(self) -> list[str]:
        return [
            str(self.sender), str(self.recipient), self.category.value, self.purpose.value, self.ground.value,
            self.mechanism, self.rule,
        ]  # fmt: skip

    @classmethod
    def of(cls, values: Iterable[str]) -> Flow:
        """A row from its values. Raises ValueError for what is none."""
        sender, recipient, category, purpose, ground, mechanism, rule = values
        return cls(UUID(sender), UUID(recipient), Category(category), Purpose(purpose), Ground(ground), mechanism, rule)


Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """What one version says. `sections`: what stands in each, by section and item."""

    title: str
    parties: tuple[UUID, ...]
    sections: Mapping[str, Values]
    flows: tuple[Flow, ...] = ()

    def value(self, section: str, item: str) -> Any:
        """What stands there; None when nothing does."""
        return self.sections.get(section, {}).get(item)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in a section, or (`warning`) what should be said otherwise. `names` fill the sentence's holes."""

    section: str
    sentence: str
    names: Mapping[str, str] = field(default_factory=dict)
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties as the law sees them, and what they are called."""

    facts: Mapping[UUID, Agency]
    names: Mapping[UUID, str]

    def providers(self) -> list[UUID]:
        """Who tells what it holds on her own release alone."""
        return [id for id, agency in self.facts.items() if needs_release(agency.duties)]


# ------------------------------------------------------------------ versions


def draft_id(starter: UUID, parties: Iterable[UUID], started_at: datetime) -> UUID:
    """Made of who began it with whom and when, so that nobody can put another draft under it."""
    words = ["accord/draft/1", str(starter), sorted(map(str, parties)), round(started_at.timestamp() * 1_000_000)]
    return UUID(bytes=sha256(json.dumps(words).encode()).digest()[:16])


def canonical(draft: UUID, number: int, before: bytes, content: Content) -> bytes:
    """A version as everybody writes it: JSON with sorted keys, and the hash of the version before."""
    words = {
        "format": "accord/agreement/1",
        "draft": str(draft),
        "number": number,
        "before": before.hex(),
        "title": content.title,
        "parties": sorted(map(str, content.parties)),
        "sections": content.sections,
        "flows": sorted(flow.values() for flow in content.flows),
    }
    return json.dumps(words, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def digest(draft: UUID, number: int, before: bytes, content: Content) -> bytes:
    """SHA-256 of a version. A signature is over it, and another version is another hash."""
    return sha256(canonical(draft, number, before, content)).digest()


def ways(content: Content) -> frozenset[Way]:
    """What may flow under the agreement itself. What goes on her release needs none, and totals are about nobody."""
    return frozenset(
        Way(flow.sender, flow.recipient, flow.category, flow.purpose)
        for flow in content.flows
        if flow.ground is Ground.LAW
    )


def same_terms(one: Content, other: Content) -> bool:
    """Whether two versions differ in nothing but when they hold: then the later one renews the earlier."""
    apart = [{name: values for name, values in each.sections.items() if name != "review"} for each in (one, other)]
    return apart[0] == apart[1] and (one.title, set(one.flows)) == (other.title, set(other.flows))


# ------------------------------------------------------------------ the law of a row


def speaking(tables: Tables, holder: Agency, recipient: Agency, flow: Flow) -> tuple[str, ...]:
    """Which rules of the law speak for a row: the release laws of the holder, or what lets it tell without a release.
    Empty: none does."""
    here = tables.between(holder, recipient)
    if any(_certainly(one, flow) for bar in here.bars for one in bar.when):
        return ()
    if flow.ground is Ground.RELEASED:
        return tuple(one.because.rule for one in here.releases) if holder.duties <= tables.loaded else ()
    nobody = flow.ground is Ground.TOTALS
    laws = [
        one
        for one in here.exceptions.get((flow.category, flow.purpose), ())
        if any(_possibly(when, flow) and _about_nobody(when) is nobody for when in one.when)
    ]
    if all(any(duty in one.duties for one in laws) for duty in holder.duties):
        return tuple(one.because.rule for one in laws)
    return ()


def _about_nobody(when: Clause) -> bool:
    return dict(when.facts).get("relation") == frozenset({Relation.NOBODY})


def _possibly(when: Clause, flow: Flow) -> bool:
    """Whether what a clause says about category and purpose is true of a row."""
    asked = {"category": flow.category, "purpose": flow.purpose}
    return all(asked[name] in codes for name, codes in when.facts if name in asked and isinstance(codes, frozenset))


def _certainly(when: Clause, flow: Flow) -> bool:
    """Whether a clause holds for a row, whatever else may be asked."""
    return _possibly(when, flow) and all(name in ("category", "purpose") for name, _value in when.facts)


# ------------------------------------------------------------------ what must stand there

Check = Callable[[Content, Parties, Tables], Iterator[Finding]]


def findings(content: Content, parties: Parties, tables: Tables) -> list[Finding]:
    """Everything that is wrong, in the order of the sections; warnings after what is wrong."""
    order = list(BY_ID)
    found: list[Finding] = []
    for finding in (finding for check in CHECKS for finding in check(content, parties, tables)):
        if finding not in found:  # several rows may be wrong in the same way
            found.append(finding)
    return sorted(found, key=lambda each: (order.index(each.section), each.warning))


def _filled(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    """Every item of every section says something."""
    for section in SECTIONS:
        for item in section.items:
            yield from _missing(section, item, content)


def _annexed(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    """Every annex is there, or says why it is not."""
    for annex in ANNEXES:
        items = [item for item in annex.items if item is not WITHOUT]
        if not _empty(content.value(annex.id, WITHOUT.id)):
            if not all(_empty(content.value(annex.id, item.id)) for item in items):
                yield Finding(annex.id, _("It says why it is left out, and yet something stands in it."))
            continue
        for item in items:
            yield from _missing(annex, item, content)


def _missing(section: Section, item: Item, content: Content) -> Iterator[Finding]:
    """That an item says nothing, or nothing on one of its lines."""
    value = content.value(section.id, item.id)
    wanted = _wanted(item, content)
    if wanted is not None:
        if not all(str((value or {}).get(key, "")).strip() for key in wanted):
            yield Finding(section.id, _("“%(item)s” is not complete."), {"item": item.label})
    elif _empty(value):
        yield Finding(section.id, _("“%(item)s” is missing."), {"item": item.label})


def _empty(value: Any) -> bool:
    """Whether nothing stands there, on no line of it."""
    if isinstance(value, Mapping):
        return all(map(_empty, value.values()))
    return value in (None, "", []) or (isinstance(value, str) and not value.strip())


def _wanted(item: Item, content: Content) -> list[str] | None:
    """What an item with several lines needs a line for; None for an item that is one thing."""
    if item.kind is Kind.EACH_PARTY:
        return [str(party) for party in content.parties]
    if item.kind is Kind.EACH_OPTION:
        return [code for code, _words in item.options]
    return None


def _duties(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    for party in content.parties:
        agency = parties.facts.get(party)
        if agency is None or not agency.duties:
            name = parties.names.get(party, str(party))
            yield Finding("parties", _("%(party)s does not say which laws bind it, not even “none”."), {"party": name})


def _never(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    missing = {"immigration", "eligibility", "research"} - set(content.value("purpose", "never") or ())
    if content.value("purpose", "never") and missing:
        yield Finding("purpose", _("Say that it is never used for immigration, eligibility or research."))


def _rows(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    if not content.flows:
        yield Finding("matrix", _("The matrix is empty: nothing may flow under it."))
    for flow in content.flows:
        holder, recipient = parties.facts.get(flow.sender), parties.facts.get(flow.recipient)
        if holder is None or recipient is None or flow.sender == flow.recipient:
            yield Finding("matrix", _("A row names somebody who is no party."))
            continue
        names = {"holder": parties.names[flow.sender], "recipient": parties.names[flow.recipient]}
        if flow.category not in AGREEABLE or flow.purpose not in AGREED_FOR or flow.mechanism not in MECHANISMS:
            yield Finding("matrix", _("From %(holder)s to %(recipient)s: this cannot be agreed about."), names)
        elif needs_release(holder.duties) and flow.ground is Ground.LAW:
            yield Finding(
                "matrix",
                _("%(holder)s is a victim service provider: it tells %(recipient)s by her release, or in totals."),
                names,
            )
        elif flow.rule not in speaking(tables, holder, recipient, flow):
            yield Finding(
                "powers",
                _("From %(holder)s to %(recipient)s a row cites “%(rule)s”, which does not speak for it."),
                names | {"rule": flow.rule},
            )
        elif flow.mechanism not in (content.value("mechanisms", "ways") or ()):
            yield Finding("mechanisms", _("The matrix uses a way of telling that is not named here."))


def _hashed(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    if "hashed" in (content.value("identifying", "keys") or ()) and parties.providers():
        yield Finding(
            "identifying",
            _("Names at a victim service provider are never matched, hashed or not (34 USC 12291(b)(2))."),
        )


def _consent(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    if content.value("consent", "provider") == "high_risk" and parties.providers():
        yield Finding(
            "consent", _("Without her release a victim service provider here tells nothing, whatever the risk.")
        )


def _meetings(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    rules = content.value("meetings", "rules") or ()
    item = BY_ID["meetings"].items[0]
    if rules and len(set(rules)) < len(item.options):
        yield Finding("meetings", _("Every rule of meetings belongs in it."))


def _numbers(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    if _count(content, "access", "days") > REMOVED_WITHIN:
        yield Finding("access", _("Somebody who leaves is out within one working day."))
    if _count(content, "breach", "hours") > BREACH_HOURS:
        yield Finding("breach", _("A breach is told within 24 hours."))


def _count(content: Content, section: str, item: str) -> int:
    """A number that stands there; 0 when none does."""
    value = content.value(section, item)
    return value if isinstance(value, int) else 0


def _governance(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    if content.value("governance", "decides") == "one":
        yield Finding("governance", _("No single agency takes a case on or closes it."))
    survivors = {str(id) for id, agency in parties.facts.items() if agency.kind is AgencyKind.VICTIM_SERVICES}
    leads = set(content.value("governance", "leads") or ())
    if survivors and leads and not survivors & leads:
        yield Finding("governance", _("The agency for survivors leads, or leads together with others."))
    if content.value("governance", "meets") == 0:
        yield Finding("governance", _("The parties meet at least once a year to look at how it works."))
    if not leads <= {str(party) for party in content.parties}:
        yield Finding("governance", _("Only a party leads."))


def _review(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    first, last = (day_of(content.value("review", name)) for name in ("first_day", "review_day"))
    if first is None or last is None:
        return
    if last < first:
        yield Finding("review", _("The review comes after the first day."))
    elif (last - first).days >= LONGEST_DAYS:
        yield Finding("review", _("An agreement is reviewed within twelve months."))


def _forms(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    """What the annexed forms leave out though a law, her safety or the others ask for it."""
    asked = {element for party in parties.facts.values() for element in _asked_of_releases(party, tables)}
    for form, item, wanted in (
        ("form_release", "says", asked),
        ("form_referral", "asks", {"safe", "consent"}),
        ("external_request", "asks", {code for code, _words in BY_ID["external_request"].items[0].options}),
    ):
        given = content.value(form, item)
        for code, words in BY_ID[form].items[0].options:
            if given and code in wanted and code not in given:
                yield Finding(form, _("“%(item)s” belongs in it."), {"item": words})
    below = content.value("monthly_report", "below")
    if isinstance(below, int) and below < SMALLEST_COUNT:
        yield Finding("monthly_report", _("Fewer than 11 are not told: somebody could be recognised."))


def _asked_of_releases(holder: Agency, tables: Tables) -> Iterator[Element]:
    """What the laws of a holder ask of any release."""
    for one in tables.releases:
        if not one.duties.isdisjoint(holder.duties):
            yield from one.elements | one.elements_if_not_self


def _promised(content: Content, parties: Parties, tables: Tables) -> Iterator[Finding]:
    for section, values in content.sections.items():
        for phrase in [phrase for text in _texts(values) for phrase in promises(text)]:
            yield Finding(
                section,
                _("“%(phrase)s”: this promise does not permit a victim service provider to disclose anything."),
                {"phrase": phrase},
                warning=True,
            )


CHECKS: tuple[Check, ...] = (
    _filled, _duties, _never, _rows, _hashed, _consent, _meetings, _numbers, _governance, _review, _annexed, _forms,
    _promised,
)  # fmt: skip


def _texts(values: Values) -> Iterator[str]:
    for value in values.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from (each for each in value.values() if isinstance(each, str))


def day_of(value: object) -> date | None:
    """A day from its ISO form; None for anything else."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


# ------------------------------------------------------------------ "it stays in the room"

#: Promises that what a team hears goes no further, as people write them (facts 2.2 [S:5]).
_PROMISES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:stays?|remains?|kept|keep(?:s|ing)?|held)\s+(?:\w+\s+){0,4}?(?:with)?in\s+(?:the|this)\s+(?:room|team|group)\b",
        r"\b(?:does|do|will|shall|must|may|can)\s*(?:not|n['’]t)\s+leave\s+(?:the|this)\s+(?:room|team|group)\b",
        r"\bwhat(?:ever)?\s+is\s+(?:said|heard|shared|discussed)\s+(?:here|in\s+(?:the|this|our)\s+\w+)",
        r"\bconfidential\s+(?:among|between|amongst|within)\s+(?:the\s+|all\s+)?(?:members|parties|partners|team|group)\b",
        r"\b(?:members|parties|partners|everyone|everybody|we)\s+(?:\w+\s+){0,2}?(?:agree|promise|pledge|swear)s?\s+(?:\w+\s+){0,3}?"
        r"(?:confidential(?:ity|ly)?|secrecy|secret)\b",
        r"\b(?:se\s+queda|queda|quedará|permanece|permanecerá|no\s+sale|no\s+saldrá)\w*\s+(?:\w+\s+){0,4}?(?:en|de)\s+(?:la|esta)\s+(?:sala|reunión|mesa)\b",
        r"\blo\s+que\s+se\s+(?:diga|dice|hable|habla|comparta|comparte)\s+(?:aquí|en\s+(?:la|esta|este|el)\s+\w+)",
        r"\bconfidencial(?:es)?\s+entre\s+(?:los\s+|las\s+|todos\s+los\s+)?(?:miembros|partes|socios|participantes)\b",
    )
)  # fmt: skip
#: Words before it in the same sentence that make of a promise the opposite.
_DENIED = re.compile(
    r"\b(?:nobody|no\s+one|no\s+member|never|cannot|can['’]t|not)\s+(?:may\s+|can\s+|be\s+|to\s+)?"
    r"(?:promised?|say|says|guaranteed?|assumed?|rely|relies|mean|means)\b"
    r"|\bno\s+(?:promise|pledge|guarantee)\b|\bwrong(?:ly)?\b"
    r"|\b(?:nadie|nunca|no)\s+(?:se\s+)?(?:puede\s+|debe\s+)?(?:promete|prometer|dice|decir|garantiza|garantizar|significa)\b",
    re.IGNORECASE,
)


def promises(text: str) -> list[str]:
    """What a text promises about the confidentiality of a room, in its own words. Such a promise binds nobody's law:
    it does not permit a victim service provider to disclose."""
    found = []
    for sentence in re.split(r"(?<=[.!?;])\s+|\n+", text):
        for pattern in _PROMISES:
            match = pattern.search(sentence)
            if match and not _DENIED.search(sentence[: match.start()]):
                found.append(match.group())
                break
    return found


# ------------------------------------------------------------------ where it stands


class Stage(StrEnum):
    """The life of a version (facts 2.1, lifecycle)."""

    DRAFT = "draft"
    LEGAL_REVIEW = "legal_review"
    SIGNED_PARTIAL = "signed_partial"
    COMING = "coming"
    ACTIVE = "active"
    REVIEW_DUE = "review_due"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    RENEWED = "renewed"
    AMENDED = "amended"


#: Where a version stands when it was laid before the parties and nothing more must be known.
_STAGES = {
    Standing.COMING: Stage.COMING,
    Standing.SUSPENDED: Stage.SUSPENDED,
    Standing.PAST: Stage.LAPSED,
}


def stage(standing: Standing | None, signed: int, parties: int, left: timedelta, *, renewed: bool) -> Stage:
    """Where a version stands. `standing`: of what was laid before the parties, None before that; `signed` of `parties`
    have signed it; `left` until its review; `renewed`: the version that came after it changes nothing but the days."""
    if standing is Standing.REPLACED:
        return Stage.RENEWED if renewed else Stage.AMENDED
    if standing is Standing.OVER and signed == parties:
        return Stage.WITHDRAWN
    if standing is None or standing is Standing.OVER or (standing is Standing.PAST and signed < parties):
        return Stage.DRAFT
    if standing is Standing.WAITING:
        return Stage.SIGNED_PARTIAL if signed else Stage.LEGAL_REVIEW
    if standing is Standing.IN_FORCE:
        return Stage.REVIEW_DUE if left <= DUE else Stage.ACTIVE
    return _STAGES[standing]

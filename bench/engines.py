"""The same slice of the law in Accord, in Cedar and in casbin, and the same questions to all three.

The slice: bars, releases with the elements of three laws, who may sign, whom she never wants told, one exception. Each
engine gets its questions prepared as it likes them and its policies parsed before the clock starts; none may remember
answers, and every question is another one. Cedar and casbin say yes or no, and which policy said so; Accord says how
much, for how long, with which duties, why, and what would open it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from statistics import median
from time import perf_counter_ns
from typing import Any

from accord.policy import Law, decide, parse
from accord.policy.facts import Agency, Block, Grant, Member, Question, Release, Signer, Thing
from accord.policy.words import (
    AgencyKind,
    BlockKind,
    Category,
    Duty,
    Element,
    Level,
    Purpose,
    Role,
    SignerRole,
    Verb,
)

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SLICE = (
    "default-deny", "no-pull", "agreement-in-force", "own-worker", "bar-operator", "bar-funder", "bar-reporting",
    "plain-release", "vawa-release", "hipaa-authorization", "signer-abuser", "signer-minor", "signer-adult",
    "police-to-prosecutor", "block-never-share",
)  # fmt: skip

CEDAR = """
@id("her-release")
permit (principal, action == Action::"disclose", resource) when {
  context has release &&
  context.release.subject == context.subject &&
  context.release.holder == context.holder &&
  context.release.recipient == context.recipient &&
  context.release.purpose == context.purpose &&
  context.release.categories.contains(context.category) &&
  context.release.signed_at <= context.at && context.at < context.release.until &&
  !(context.release has withdrawn_at && context.release.withdrawn_at <= context.at) &&
  (!context.duties.contains("vawa") || context.release.elements.containsAll(["written", "signed", "dated", "informed",
    "time_limited", "description", "recipient", "purpose", "not_a_condition"])) &&
  (!context.duties.contains("hipaa") || context.release.elements.containsAll(["written", "signed", "dated",
    "time_limited", "description", "discloser", "recipient", "purpose", "right_to_revoke", "not_a_condition",
    "redisclosure"])) &&
  (!context.duties.contains("hipaa") || context.release.signer == "self" ||
    context.release.elements.contains("authority")) &&
  (!context.duties.containsAny(["none", "brady", "cjis"]) || context.release.elements.containsAll(["written", "signed",
    "dated"])) &&
  !context.release.abuser &&
  !(context.release.minor && context.release.signer == "self" && !context.release.alone && !context.release.cosigned) &&
  !(context.release.minor && ["parent", "guardian", "representative"].contains(context.release.signer) &&
    context.release.alone && !context.release.cosigned) &&
  !(context.release.minor && ["parent", "guardian", "representative"].contains(context.release.signer) &&
    !context.release.cosigned && context.duties.contains("vawa")) &&
  !(!context.release.minor && context.release.signer == "parent")
};
@id("police-to-prosecutor")
permit (principal, action == Action::"disclose", resource) when {
  context.holder_kind == "police" && context.recipient_kind == "prosecutor" && context.purpose == "prosecution" &&
  ["identity", "legal", "injuries", "risk"].contains(context.category) &&
  ["brady", "cjis", "none"].containsAll(context.duties)
};
@id("bar-operator")
forbid (principal, action, resource) when { context.recipient_kind == "operator" };
@id("bar-funder")
forbid (principal, action, resource) when {
  context.duties.containsAny(["vawa", "voca", "fvpsa"]) && context.recipient_kind == "funder" };
@id("bar-reporting")
forbid (principal, action, resource) when {
  context.duties.containsAny(["vawa", "voca", "fvpsa"]) && ["reporting", "research"].contains(context.purpose) };
@id("block-never-share")
forbid (principal, action, resource) when { context.never.contains(context.recipient) };
"""

CASBIN_MODEL = """
[request_definition]
r = q
[policy_definition]
p = rule, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = eval(p.rule)
"""
CASBIN = (
    (
        "r.q.released && r.q.release.subject == r.q.subject && r.q.release.holder == r.q.holder"
        " && r.q.release.recipient == r.q.recipient && r.q.release.purpose == r.q.purpose"
        " && has(r.q.release.categories, r.q.category)"
        " && r.q.release.signed_at <= r.q.at && r.q.at < r.q.release.until && r.q.at < r.q.release.withdrawn_at"
        " && (!has(r.q.duties, 'vawa') || all(r.q.release.elements, 'written signed dated informed time_limited"
        " description recipient purpose not_a_condition'))"
        " && (!has(r.q.duties, 'hipaa') || all(r.q.release.elements, 'written signed dated time_limited description"
        " discloser recipient purpose right_to_revoke not_a_condition redisclosure'))"
        " && (!has(r.q.duties, 'hipaa') || r.q.release.signer == 'self' || has(r.q.release.elements, 'authority'))"
        " && (!any(r.q.duties, 'none brady cjis') || all(r.q.release.elements, 'written signed dated'))"
        " && !r.q.release.abuser"
        " && !(r.q.release.minor && r.q.release.signer == 'self' && !r.q.release.alone && !r.q.release.cosigned)"
        " && !(r.q.release.minor && among(r.q.release.signer, 'parent guardian representative')"
        " && r.q.release.alone && !r.q.release.cosigned)"
        " && !(r.q.release.minor && among(r.q.release.signer, 'parent guardian representative')"
        " && !r.q.release.cosigned && has(r.q.duties, 'vawa'))"
        " && !(!r.q.release.minor && r.q.release.signer == 'parent')",
        "allow",
    ),
    (
        "r.q.holder_kind == 'police' && r.q.recipient_kind == 'prosecutor' && r.q.purpose == 'prosecution'"
        " && among(r.q.category, 'identity legal injuries risk') && only(r.q.duties, 'brady cjis none')",
        "allow",
    ),
    ("r.q.recipient_kind == 'operator'", "deny"),
    ("any(r.q.duties, 'vawa voca fvpsa') && r.q.recipient_kind == 'funder'", "deny"),
    ("any(r.q.duties, 'vawa voca fvpsa') && among(r.q.purpose, 'reporting research')", "deny"),
    ("has(r.q.never, r.q.recipient)", "deny"),
)
#: The words of the casbin rules that its language does not have.
FUNCTIONS: Mapping[str, Callable[..., bool]] = {
    "has": lambda codes, code: code in codes,
    "all": lambda codes, words: codes.issuperset(words.split()),
    "any": lambda codes, words: not codes.isdisjoint(words.split()),
    "only": lambda codes, words: codes.issubset(words.split()),
    "among": lambda code, words: code in words.split(),
}


def law_of_slice(documents: Mapping[str, str]) -> Law:
    """The shipped law with every other rule left out."""
    kept = {}
    for name, text in documents.items():
        head, *rules = re.split(r"(?=^\[\[rule\]\]\n)", text, flags=re.MULTILINE)
        kept[name] = head + "".join(rule for rule in rules if any(f'id = "{id}"' in rule for id in SLICE))
    return parse(kept)


def questions() -> Iterator[Question]:
    """Some thousand different questions: each holder, recipient, category, purpose and fault of a release."""
    holders = (
        Agency("shelter", AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA})),
        Agency("hospital", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA})),
        Agency("police", AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS})),
        Agency("clinic", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA, Duty.VAWA})),
    )
    recipients = tuple(
        Agency(f"to-{kind}", kind, frozenset({Duty.NONE}))
        for kind in (
            AgencyKind.COMMUNITY, AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.FUNDER, AgencyKind.OPERATOR,
        )
    )  # fmt: skip
    categories = (Category.INJURIES, Category.SERVICES, Category.LEGAL, Category.RISK)
    purposes = (Purpose.SAFETY, Purpose.PROSECUTION, Purpose.REPORTING)
    worker = Member("worker", frozenset({Role.WORKER}))
    for number, (holder, recipient, category, purpose) in enumerate(product(holders, recipients, categories, purposes)):
        good = Release(
            id=f"r{number}",
            subject=f"her-{number}",
            holder=holder.id,
            recipient=recipient.id,
            purpose=purpose,
            grants=tuple(Grant(each, Level.FULL) for each in categories),
            elements=frozenset(Element),
            signed_at=AT - DAY,
            until=AT + 14 * DAY,
        )
        ask = Question(
            Verb.DISCLOSE,
            holder,
            worker,
            holder,
            Thing(category, good.subject),
            purpose,
            AT,
            recipient,
            releases=(good,),
        )
        yield ask
        yield replace(ask, releases=())
        yield replace(ask, blocks=(Block(BlockKind.NEVER_SHARE, recipient.id),))
        for changes in _faults():
            yield replace(ask, releases=(replace(good, **changes),))


def _faults() -> Iterator[dict[str, Any]]:
    for element in (Element.SIGNED, Element.INFORMED, Element.RIGHT_TO_REVOKE, Element.AUTHORITY, Element.COPY_OFFERED):
        yield {"elements": frozenset(Element) - {element}}
    yield {"until": AT}
    yield {"withdrawn_at": AT}
    yield {"withdrawn_at": AT + DAY}
    yield {"signed_at": AT + DAY}
    yield {"subject": "somebody-else"}
    yield {"recipient": "somebody-else"}
    yield {"purpose": Purpose.LEGAL_HELP}
    yield {"grants": (Grant(Category.HOUSING, Level.FULL),)}
    for signer in (
        Signer(abuser=True),
        Signer(SignerRole.PARENT),
        Signer(minor=True),
        Signer(minor=True, cosigned=True),
        Signer(SignerRole.PARENT, minor=True),
        Signer(SignerRole.GUARDIAN, minor=True, alone=True),
    ):
        yield {"signer": signer}


@dataclass(frozen=True)
class _Asked:
    """A question as casbin reads it."""

    holder: str
    holder_kind: str
    duties: frozenset[str]
    recipient: str
    recipient_kind: str
    category: str
    subject: str
    purpose: str
    at: float
    never: frozenset[str]
    released: bool
    release: Any


@dataclass(frozen=True)
class _Signed:
    """A release as casbin reads it."""

    subject: str
    holder: str
    recipient: str
    purpose: str
    categories: frozenset[str]
    elements: frozenset[str]
    signed_at: float
    until: float
    withdrawn_at: float
    signer: str
    minor: bool
    alone: bool
    cosigned: bool
    abuser: bool


def for_casbin(question: Question) -> _Asked:
    assert question.recipient is not None
    release = next(iter(question.releases), None)
    return _Asked(
        holder=question.holder.id,
        holder_kind=question.holder.kind.value,
        duties=frozenset(duty.value for duty in question.holder.duties),
        recipient=question.recipient.id,
        recipient_kind=question.recipient.kind.value,
        category=question.thing.category.value,
        subject=question.thing.subject,
        purpose=question.purpose.value,
        at=question.at.timestamp(),
        never=frozenset(block.against for block in question.blocks),
        released=release is not None,
        release=release and _signed(release),
    )


def _signed(release: Release) -> _Signed:
    return _Signed(
        subject=release.subject,
        holder=release.holder,
        recipient=release.recipient,
        purpose=release.purpose.value,
        categories=frozenset(grant.category.value for grant in release.grants),
        elements=frozenset(element.value for element in release.elements),
        signed_at=release.signed_at.timestamp(),
        until=release.until.timestamp(),
        withdrawn_at=release.withdrawn_at.timestamp() if release.withdrawn_at else float("inf"),
        signer=release.signer.role.value,
        minor=release.signer.minor,
        alone=release.signer.alone,
        cosigned=release.signer.cosigned,
        abuser=release.signer.abuser,
    )


def for_cedar(question: Question) -> dict[str, Any]:
    """A question as cedarpy wants it; moments are whole seconds, because Cedar knows no fractions."""
    assert question.recipient is not None
    context: dict[str, Any] = {
        "holder": question.holder.id,
        "holder_kind": question.holder.kind.value,
        "duties": sorted(question.holder.duties),
        "recipient": question.recipient.id,
        "recipient_kind": question.recipient.kind.value,
        "category": question.thing.category.value,
        "subject": question.thing.subject,
        "purpose": question.purpose.value,
        "at": int(question.at.timestamp()),
        "never": [block.against for block in question.blocks],
    }
    for release in question.releases:
        context["release"] = {
            "subject": release.subject,
            "holder": release.holder,
            "recipient": release.recipient,
            "purpose": release.purpose.value,
            "categories": [grant.category.value for grant in release.grants],
            "elements": sorted(release.elements),
            "signed_at": int(release.signed_at.timestamp()),
            "until": int(release.until.timestamp()),
            "signer": release.signer.role.value,
            "minor": release.signer.minor,
            "alone": release.signer.alone,
            "cosigned": release.signer.cosigned,
            "abuser": release.signer.abuser,
        }
        if release.withdrawn_at is not None:
            context["release"]["withdrawn_at"] = int(release.withdrawn_at.timestamp())
    return {
        "principal": f'Agency::"{question.holder.id}"',
        "action": 'Action::"disclose"',
        "resource": f'Thing::"{question.thing.subject}"',
        "context": context,
    }


def measure(documents: Mapping[str, str], rounds: int = 5) -> dict[str, Any]:
    """Medians in microseconds a question, each engine asked all questions `rounds` times in turn; `agree`: how many of
    the questions all three answer alike. `cedarpy_batch_prepared` has its contexts as JSON texts already."""
    import casbin  # type: ignore[import-untyped,unused-ignore]
    import cedarpy  # type: ignore[import-untyped,unused-ignore]

    asked = list(questions())
    assert len(set(asked)) == len(asked)
    ours, whole = law_of_slice(documents), parse(documents)
    policies, entities = cedarpy.PolicySet.from_str(CEDAR), cedarpy.Entities.from_json_str("[]")
    requests = [for_cedar(each) for each in asked]
    prepared = [each | {"context": json.dumps(each["context"])} for each in requests]
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=CASBIN_MODEL))
    for name, function in FUNCTIONS.items():
        enforcer.add_function(name, function)
    for rule, effect in CASBIN:
        enforcer.add_policy(rule, effect)
    told = [for_casbin(each) for each in asked]

    def batch(wanted: Sequence[dict[str, Any]]) -> list[bool]:
        return [bool(answer.allowed) for answer in cedarpy.is_authorized_batch(wanted, policies, entities)]

    yes = [decide(ours, each).level > Level.NONE for each in asked]
    cedar, other = batch(requests), [bool(enforcer.enforce_ex(each)[0]) for each in told]
    agree = sum(a == b == c for a, b, c in zip(yes, cedar, other, strict=True))
    assert agree == len(asked), f"{len(asked) - agree} of {len(asked)} answers differ"

    times: dict[str, list[float]] = {}

    def one_by_one(name: str, ask: Callable[[Any], object], wanted: Sequence[Any]) -> None:
        for each in wanted:
            start = perf_counter_ns()
            ask(each)
            times.setdefault(name, []).append((perf_counter_ns() - start) / 1000)

    def at_once(name: str, wanted: Sequence[dict[str, Any]]) -> None:
        start = perf_counter_ns()
        batch(wanted)
        times.setdefault(name, []).append((perf_counter_ns() - start) / 1000 / len(wanted))

    few = slice(0, None, 10)
    for _ in range(rounds):
        one_by_one("accord", lambda each: decide(ours, each), asked)
        one_by_one("accord_whole_law", lambda each: decide(whole, each), asked)
        at_once("cedarpy_batch", requests)
        at_once("cedarpy_batch_prepared", prepared)
        one_by_one("cedarpy_single", lambda each: cedarpy.is_authorized(each, policies, entities), requests[few])
        one_by_one("casbin", enforcer.enforce_ex, told[few])
    medians = {name: round(median(found), 2) for name, found in times.items()}
    return {
        "questions": len(asked),
        "yes": sum(yes),
        "agree": agree,
        "median_us": medians,
        "times_faster_than": {
            name: round(took / medians["accord"], 1) for name, took in medians.items() if not name.startswith("accord")
        },
    }

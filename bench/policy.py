"""How long the law takes to answer, explanation included, with no memory of answers: by kind of question, beside Cedar
and casbin on the same slice, with ten times the rules, with up to 200 releases of one person; and how long it loads.

Run from the repository: python -m bench.policy
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter_ns

from accord.policy import decide, parse
from accord.policy.facts import Agency, Agreement, Block, Grant, Member, Question, Release, Signer, Thing
from accord.policy.law import Law
from accord.policy.profiles import PROFILES, USUAL, documents
from accord.policy.words import (
    AgencyKind,
    BlockKind,
    Category,
    Duty,
    Element,
    Level,
    Mark,
    Purpose,
    Role,
    SignerRole,
    Verb,
)

LAWS = Path(__file__).parents[1] / "accord" / "policy" / "laws"
ROUNDS = 2_000


def questions() -> dict[str, Question]:
    """The questions of an ordinary day, by name: yes and no, own agency and disclosure, few and many releases."""
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    shelter = Agency("shelter", AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA, Duty.VOCA, Duty.FVPSA}))
    hospital = Agency("hospital", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}))
    prosecutor = Agency("prosecutor", AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    worker = Member("worker", frozenset({Role.WORKER}))
    thing = Thing(Category.INJURIES, "maria")
    good = Release(
        id="r1",
        subject="maria",
        holder="hospital",
        recipient="shelter",
        purpose=Purpose.SAFETY,
        grants=(Grant(Category.INJURIES, Level.SUMMARY), Grant(Category.SERVICES, Level.FULL)),
        elements=frozenset(Element),
        signed_at=at - timedelta(days=1),
        until=at + timedelta(days=29),
    )
    others = tuple(replace(good, id=f"r{n}", recipient="prosecutor") for n in range(2, 10))
    police = Agency("police", AgencyKind.POLICE, frozenset({Duty.BRADY, Duty.CJIS}))
    read = Question(Verb.READ_CLIENT, shelter, worker, shelter, thing, Purpose.OWN_SERVICE, at)
    send = Question(Verb.DISCLOSE, hospital, worker, hospital, thing, Purpose.SAFETY, at, shelter, releases=(good,))
    from_shelter = replace(
        send,
        asker=shelter,
        holder=shelter,
        recipient=prosecutor,
        releases=(replace(good, holder="shelter", recipient="prosecutor"),),
    )
    report = replace(send, asker=police, holder=police, recipient=prosecutor, purpose=Purpose.PROSECUTION, releases=())
    court = Agency("court", AgencyKind.COURT, frozenset({Duty.COURT_RECORDS}))
    screen = replace(report, recipient=court, thing=Thing(Category.RISK, "maria"))
    agreed = Agreement(
        "a1",
        parties=frozenset({"police", "court"}),
        categories=frozenset({Category.RISK}),
        purposes=frozenset({Purpose.PROSECUTION}),
        since=at - timedelta(days=30),
        until=at + timedelta(days=335),
    )
    return {
        "own_yes": read,
        "own_wrong_role": replace(read, verb=Verb.DELETE_CLIENT),
        "own_conflict": replace(read, blocks=(Block(BlockKind.CONFLICT, "worker"),)),
        "pull": replace(read, asker=hospital),
        "hospital_to_shelter": send,
        "shelter_to_prosecutor": from_shelter,
        "one_of_nine_releases": replace(send, releases=(*others, good)),
        "no_release": replace(send, releases=()),
        "ended": replace(send, at=good.until),
        "elements_missing": replace(send, releases=(replace(good, elements=frozenset({Element.WRITTEN})),)),
        "wrong_signer": replace(send, releases=(replace(good, signer=Signer(SignerRole.PARENT)),)),
        "psychotherapy_note": replace(send, thing=replace(thing, marks=frozenset({Mark.PSYCHOTHERAPY_NOTE}))),
        "exception": report,
        "exception_agreed": replace(screen, agreements=(agreed,)),
        "agreement_missing": screen,
        "never_share": replace(send, blocks=(Block(BlockKind.NEVER_SHARE, "shelter"),)),
    }


def bench(law: Law, rounds: int = ROUNDS) -> dict[str, object]:
    """Time every question `rounds` times, one call at a time; microseconds."""
    asked = questions()
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, question in asked.items():
            taken[name].append(_microseconds(law, question))
    every = [one for times in taken.values() for one in times]
    return {
        "median_us": round(median(every), 2),
        "p95_us": round(quantiles(every, n=20)[-1], 2),
        "questions": len(every),
        "by_kind": {name: round(median(times), 2) for name, times in taken.items()},
    }


def growing(texts: Mapping[str, str]) -> dict[str, object]:
    """The ordinary questions under ten times the rules, with the same answers."""
    law = parse(texts)
    more = parse(texts | {"more.toml": rules_of_elsewhere(9 * len(law.rules))})
    assert all(decide(law, each) == decide(more, each) for each in questions().values())
    return {
        "rules": len(law.rules),
        "median_us": bench(law)["median_us"],
        "ten_times": {"rules": len(more.rules), "median_us": bench(more)["median_us"]},
    }


def rules_of_elsewhere(count: int) -> str:
    """Rules of partners that are not asked here: bars, keys and duties between every two kinds, in turn, all about
    what is sealed."""
    pairs = [(one, other) for one in AgencyKind for other in AgencyKind]
    rules = ['[law]\ntitle = "Elsewhere"\nlayer = "community"\n']
    for number in range(count):
        holder, recipient = pairs[number % len(pairs)]
        step = ("bar", "key", "duty")[number % 3]
        what = {"bar": 'need = "Nothing."', "key": 'need = "A court."', "duty": 'obligation = "log"'}[step]
        rules.append(
            f'[[rule]]\nid = "elsewhere-{number}"\nstep = "{step}"\nsentence = "A rule."\ncitation = "None"\n'
            f'effective = 2000-01-01\nunverified = true\nsource = "invented"\n{what}\n'
            f'when = [{{ holder_kind = ["{holder}"], recipient_kind = ["{recipient}"], mark = ["sealed"] }}]\n'
        )
    return "\n".join(rules)


def many_releases(law: Law, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """One good release among more and more: every tenth is to the same partner for the same purpose and has ended, the
    rest are to others. Microseconds by how many there are: of an answer, and of the first one, which puts them in order
    for all that follow."""
    ask = questions()["hospital_to_shelter"]
    good = ask.releases[0]
    ended = {"signed_at": good.signed_at - timedelta(days=60), "until": good.signed_at}
    found = {}
    for count in (1, 10, 50, 200):
        others = tuple(
            replace(good, id=f"other-{n}", **(ended if n % 10 == 0 else {"recipient": f"partner-{n % 40}"}))
            for n in range(count - 1)
        )
        asked = [replace(ask, releases=(*others, good)) for _ in range(rounds)]
        first, again = ([_microseconds(law, question) for question in asked] for _ in range(2))
        found[str(count)] = {"median_us": round(median(again), 2), "first_us": round(median(first), 2)}
    return found


def _microseconds(law: Law, question: Question) -> float:
    start = perf_counter_ns()
    decide(law, question)
    return (perf_counter_ns() - start) / 1000


def loading(profile: str, times: int = 9) -> float:
    """Milliseconds from the files of a profile to a law that answers."""
    taken = []
    for _ in range(times):
        start = perf_counter_ns()
        parse(texts_of(profile))
        taken.append((perf_counter_ns() - start) / 1_000_000)
    return round(median(taken), 1)


def texts_of(profile: str) -> dict[str, str]:
    return {name: (LAWS / name).read_text("utf-8") for name in documents(profile)}


def measure() -> dict[str, object]:
    from bench import engines

    texts = texts_of(USUAL)
    return {
        **bench(parse(texts)),
        "rules": growing(texts),
        "releases": many_releases(parse(texts)),
        "loading_ms": {profile: loading(profile) for profile in PROFILES},
        "beside": engines.measure(texts),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

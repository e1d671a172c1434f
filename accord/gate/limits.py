"""The limits of confidentiality: what this agency must tell others whatever she wants, read from the loaded law, to be
said to her before she is asked to tell anything (facts 1.9). Sentences and sources only; nothing about anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.gate.law import law
from accord.policy.facts import Agency, Because
from accord.policy.law import Report
from accord.policy.words import Duty, ProcessKind

#: Papers by which a court makes a holder tell.
OF_A_COURT = frozenset({ProcessKind.COURT_ORDER, ProcessKind.WARRANT, ProcessKind.PART2_ORDER})


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that is told whatever she wants: the law's sentence and source; within how many hours a report is made
    (0: it is no report, or the law says no time); `unverified`: nobody has read it at the source again yet."""

    rule: str
    sentence: str
    citation: str
    oral_hours: int
    unverified: bool


def limits(agency: Agency, at: datetime) -> tuple[Limit, ...]:
    """What the law of that moment makes this kind of agency tell: reports of abuse first, then the orders of courts."""
    courts = {
        one.because.rule: one.because
        for laws in law().on(at).compelled.values()
        for one in laws
        if not one.duties.isdisjoint(agency.duties) and any(paper.kinds & OF_A_COURT for paper in one.papers)
    }
    said = [_limit(report.because, report.oral_hours) for report in reports(agency, at)]
    return (*said, *(_limit(courts[rule], 0) for rule in sorted(courts)))


def reports(agency: Agency, at: datetime) -> list[Report]:
    """The loaded statutes that make such an agency report, the most pressing first. One that exempts whoever is under
    an advocate's privilege does not reach an agency that is."""
    found = [
        report
        for report in law().on(at).reports.values()
        if agency.kind in report.reporters
        and not (report.exempts_advocates and Duty.ADVOCATE_PRIVILEGE in agency.duties)
    ]
    return sorted(found, key=lambda report: (report.oral_hours, report.because.rule))


def _limit(because: Because, oral_hours: int) -> Limit:
    return Limit(
        rule=because.rule,
        sentence=because.sentence,
        citation=because.citation,
        oral_hours=oral_hours,
        unverified=law().rules[because.rule].verified_on is None,
    )

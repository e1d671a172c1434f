"""The limits of confidentiality: which statutes make an agency report what it is told, and how soon."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from accord.gate.law import law
from accord.policy.law import Report
from accord.policy.words import AgencyKind, Duty


def reports(kind: AgencyKind, duties: Collection[Duty], at: datetime) -> list[Report]:
    """The loaded statutes that make an agency of this kind report, the most pressing first. One that exempts whoever is
    under an advocate's privilege does not reach an agency that is."""
    found = [
        report
        for report in law().on(at).reports.values()
        if kind in report.reporters and not (report.exempts_advocates and Duty.ADVOCATE_PRIVILEGE in duties)
    ]
    return sorted(found, key=lambda report: (report.oral_hours, report.because.rule))


def limits(kind: AgencyKind, duties: Collection[Duty], at: datetime) -> list[tuple[str, str, int]]:
    """What she is told before she tells anything: (sentence, citation, hours until it must have been reported)."""
    return [
        (report.because.sentence, report.because.citation, report.oral_hours) for report in reports(kind, duties, at)
    ]

"""The limits of confidentiality: read from the law of the place, said in her language before she tells anything, once a
day, and written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accord.gate import limits as module
from accord.gate.law import law, load
from accord.gate.limits import limits
from accord.ledger import queries as ledger
from accord.policy.facts import Agency
from accord.policy.law import Step
from accord.policy.profiles import PROFILES
from accord.policy.words import AgencyKind, Duty, Verb
from accord.vault.rules import Identity
from tests.rooms.test_web_releases import signed_in, text

VAWA = frozenset({Duty.VAWA})


@pytest.mark.parametrize("profile", PROFILES)
def test_every_report_that_binds_this_kind_of_agency_is_said_and_no_other(monkeypatch, profile):
    monkeypatch.setattr(module, "law", lambda: load(profile))
    at = timezone.now()
    for kind in AgencyKind:
        said = {limit.rule for limit in limits(Agency("a", kind, VAWA), at)}
        reports = {rule.id: rule.report for rule in load(profile).rules.values() if rule.step is Step.REPORT}
        binding = {id for id, report in reports.items() if report is not None and kind in report.reporters}
        assert said & set(reports) == binding


def test_alabama_makes_an_advocate_report_and_says_how_soon_and_that_it_is_not_read_again(monkeypatch):
    monkeypatch.setattr(module, "law", lambda: load("us-alabama"))
    shelter = Agency("a", AgencyKind.VICTIM_SERVICES, VAWA)
    first, *_, last = limits(shelter, timezone.now())
    assert (first.rule, first.oral_hours, first.unverified) == ("al-report-child", 24, True)
    assert first.sentence
    assert first.citation
    assert (last.rule, last.oral_hours) == ("vsp-court-order", 0)
    rule = load("us-alabama").rules["al-report-child"]
    assert first.sentence == rule.sentence, "the law's own words"


def test_each_agency_hears_of_the_courts_by_its_own_law():
    at = timezone.now()
    by_duty = {
        Duty.VAWA: "vsp-court-order", Duty.HIPAA: "hipaa-court-order", Duty.PART2: "part2-court-order",
        Duty.FERPA: "ferpa-court-order", Duty.ATTORNEY_PRIVILEGE: "privilege-court-order",
        Duty.NONE: "plain-court-order",
    }  # fmt: skip
    for duty, rule in by_duty.items():
        found = {limit.rule for limit in limits(Agency("a", AgencyKind.COMMUNITY, frozenset({duty})), at)}
        assert {id for id in found if law().rules[id].step is Step.COMPELLED} == {rule}


def test_whoever_the_statute_exempts_is_not_told_to_report(monkeypatch):
    name = "al-report-child"
    original = load("us-alabama")
    monkeypatch.setattr(module, "law", lambda: original)
    exempt = Agency("a", AgencyKind.VICTIM_SERVICES, VAWA | {Duty.ADVOCATE_PRIVILEGE})
    report = original.on(timezone.now()).reports[name]
    said = {limit.rule for limit in limits(exempt, timezone.now())}
    assert (name in said) == (not report.exempts_advocates)


PAGES = ("entries/new", "intake", "exam")


def test_it_stands_before_the_first_question_once_a_day_and_is_written_down(world):
    house = world.hospital()
    who, door = world.client(house.worker), signed_in(house.worker)
    for page in PAGES:
        shown = door.get(f"/clients/{who}/{page}/").content.decode()
        assert shown.index("Say this before she tells you anything") < shown.index("<textarea")
    answer = door.post(f"/clients/{who}/limits/", {"then": "intake"})
    assert answer["Location"] == f"/clients/{who}/intake/"
    for page in PAGES:
        assert "Say this before" not in text(door.get(f"/clients/{who}/{page}/"))
    assert "She was told today." in text(door.get(f"/clients/{who}/limits/"))
    assert (
        door.post(f"/clients/{who}/limits/", {"then": "https://example.org"})["Location"] == f"/clients/{who}/limits/"
    )
    since = timezone.now() - timedelta(hours=1)
    with house.worker.enter(Verb.READ_CLIENT, client=who) as permit:
        assert ledger.done_since(permit=permit, client_id=who, deed="limits_told", since=since)
        assert not ledger.done_since(permit=permit, client_id=who, deed="limits_told", since=timezone.now())
        assert not ledger.done_since(permit=permit, client_id=who, deed="release_signed", since=since)
    other = world.client(house.worker)
    assert "Say this before" in text(door.get(f"/clients/{other}/entries/new/")), "told to her, not to everybody"


def test_it_is_said_in_her_language(world):
    house = world.agency()
    who = world.client(house.worker, Identity(given="Ana", language="es"))
    page = signed_in(house.worker).get(f"/clients/{who}/limits/").content.decode()
    assert '<section class="card stack" lang="es">' in page
    plain = world.client(house.worker, Identity(given="Ana", language="so"))
    assert 'stack" lang="en"' in signed_in(house.worker).get(f"/clients/{plain}/limits/").content.decode()

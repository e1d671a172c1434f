"""Rules about gaps as data: what a text must say, where each edge lies, and that every rule of the list is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.coordination.protocols.facts import protocols
from accord.learning.gaps.facts import rules
from accord.learning.gaps.rules import (
    AGAIN,
    Answer,
    InvalidGap,
    InvalidRule,
    Priority,
    Watched,
    again_days,
    asked_since,
    first,
    loaded,
)
from accord.policy.words import AgencyKind

#: What the mission asks for (M13), rule by rule.
LIST = {
    "forensic_follow_up_missed", "counselling_not_connected", "vine_pending", "compensation_not_received",
    "order_expiring", "order_unserved", "firearms_unconfirmed", "no_contact_after_accepting", "referral_unanswered",
    "release_ending", "safety_plan_review_due", "right_not_given", "kit_past_its_clock", "no_advocate_after_arrest",
}  # fmt: skip
GOOD = """
[[gap]]
code = "late"
sentence = "It is late."
next = "Do it."
priority = "care"
watches = "due"
dues = ["protective_order.hearing"]
after = { hours = 2 }
about = "legal"
citation = "design"
"""
TELL = 'tell = ["police"]\n'
NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
MOMENT, DAY = timedelta(microseconds=1), timedelta(days=1)


def test_every_rule_of_the_list_is_there_and_one_watches_the_rest():
    assert set(rules()) >= LIST
    assert [rule.code for rule in rules().values() if rule.rest] == ["step_late"]


def test_every_due_that_a_rule_names_exists_and_is_one_that_must_be_kept():
    known = protocols(NOON)
    for rule in rules().values():
        for protocol, due in rule.dues:
            assert protocol in known, f"{rule.code}: there is no protocol {protocol}"
            found = [each for state in known[protocol].states.values() for each in state.dues if each.code == due]
            assert found, f"{rule.code}: {protocol} has no due {due}"


def test_danger_is_first_then_the_longest_wait():
    asked = [("step_late", NOON - 9 * DAY), ("order_unserved", NOON), ("order_unserved", NOON - DAY)]
    ordered = sorted(asked, key=lambda each: first(rules(), *each))
    assert ordered == [("order_unserved", NOON - DAY), ("order_unserved", NOON), ("step_late", NOON - 9 * DAY)]


def test_whoever_is_no_partner_is_told_nothing():
    nobody = {AgencyKind.FUNDER, AgencyKind.OPERATOR, AgencyKind.HMIS, AgencyKind.RESPONDENT}
    assert not any(nobody & rule.tell for rule in rules().values())


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.code)
def test_a_gap_begins_at_its_edge_and_not_before(rule):
    edge = NOON + rule.after

    def since(at, **said):
        return asked_since(NOON, rule.after, **{"answered_at": None, "again_at": None} | said, at=at)

    assert since(edge - MOMENT) is None
    assert since(edge) == edge
    assert since(edge + DAY) == edge
    # an answer holds until it is asked again, and one from before this clock says nothing about it
    assert since(edge + DAY, answered_at=edge) is None
    assert since(edge + DAY, answered_at=edge - MOMENT) == edge
    again = edge + 14 * DAY
    assert since(again - MOMENT, answered_at=edge, again_at=again) is None
    assert since(again, answered_at=edge, again_at=again) == again


@given(st.sampled_from(sorted(rules())), st.integers(-60, 60), st.integers(-60, 60), st.integers(1, 90))
def test_what_is_asked_stays_asked_until_somebody_answers(code, clock, looked, more):
    after, clock_at, at = rules()[code].after, NOON + clock * DAY, NOON + looked * DAY
    now = asked_since(clock_at, after, answered_at=None, again_at=None, at=at)
    later = asked_since(clock_at, after, answered_at=None, again_at=None, at=at + more * DAY)
    assert now is None or later == now
    assert now is None or now <= at


def test_only_what_is_not_safe_now_or_on_its_way_is_asked_again():
    assert {answer for answer in Answer if again_days(answer, None) is not None} == set(AGAIN)
    assert again_days(Answer.NOT_SAFE_NOW, None) == 14
    assert again_days(Answer.NOT_SAFE_NOW, 3) == 3
    assert again_days(Answer.SHE_DECLINED, 3) is None
    for days in (0, -1, 91):
        with pytest.raises(InvalidGap, match="1 to 90"):
            again_days(Answer.ON_ITS_WAY, days)


def test_a_rule_reads_back_as_it_was_written():
    [rule] = loaded(GOOD + TELL).values()
    assert (rule.priority, rule.watches, rule.after) == (Priority.CARE, Watched.DUE, timedelta(hours=2))
    assert rule.dues == {("protective_order", "hearing")}
    assert rule.tell == {AgencyKind.POLICE}
    assert rule.kinds == frozenset()


@pytest.mark.parametrize(
    ("there", "instead", "complaint"),
    [
        ('code = "late"', 'code = "Late one"', "code is a lower-case word"),
        ('sentence = "It is late."', "", "late: sentence is missing"),
        ('next = "Do it."', "", "late: next is missing"),
        ('citation = "design"', "", "late: citation is missing"),
        ('priority = "care"', 'priority = "urgent"', "danger, clock or care, not 'urgent'"),
        ('priority = "care"', "", "danger, clock or care, not None"),
        ('watches = "due"', 'watches = "gossip"', "'gossip' is no Watched"),
        ('watches = "due"', 'watches = "release"', "'dues' is no word of such a rule"),
        ('dues = ["protective_order.hearing"]', "", "names the dues it watches, or watches the rest"),
        ('dues = ["protective_order.hearing"]', "dues = []", "names the dues it watches, or watches the rest"),
        ('dues = ["protective_order.hearing"]', 'dues = ["hearing"]', "a due is written protocol.due, not 'hearing'"),
        ("after = { hours = 2 }", "", "after is one number"),
        ("after = { hours = 2 }", "after = { business_days = 2 }", "after is one number"),
        ("after = { hours = 2 }", "after = { hours = 2, days = 1 }", "after is one number"),
        ("after = { hours = 2 }", "after = { hours = true }", "after is one number"),
        ('about = "legal"', 'about = "gossip"', "'gossip' is no Category"),
        ('tell = ["police"]', 'tell = ["neighbour"]', "'neighbour' is no AgencyKind"),
        ('tell = ["police"]', "tell = []", "a list of kinds of agency is missing"),
        ('citation = "design"', 'citation = "design"\nday = "yes"', "day is true or false"),
        ('citation = "design"', 'citation = "design"\nwhen = "now"', "'when' is no word of such a rule"),
        ("[[gap]]", "[gap]", "this is a list of tables"),
        ("[[gap]]", "[[gaps]]", "'gaps' is no word"),
        ("[[gap]]", "[[gap", "the text: "),
    ],
)  # fmt: skip
def test_a_text_that_is_wrong_is_refused_with_place_and_reason(there, instead, complaint):
    text = GOOD if there in GOOD else GOOD + TELL
    assert there in text
    with pytest.raises(InvalidRule) as raised:
        loaded(text.replace(there, instead, 1))
    assert complaint in str(raised.value)


def test_a_code_a_due_and_the_rest_are_watched_once():
    other = GOOD.replace('"late"', '"later"')
    with pytest.raises(InvalidRule, match="this code stands twice"):
        loaded(GOOD + GOOD)
    with pytest.raises(InvalidRule, match="late watches protective_order hearing already"):
        loaded(GOOD + other)
    rest = GOOD.replace('dues = ["protective_order.hearing"]', "rest = true")
    with pytest.raises(InvalidRule, match="late watches the rest already"):
        loaded(rest + rest.replace('"late"', '"later"'))
    with pytest.raises(InvalidRule, match="the dues it watches, or watches the rest"):
        loaded(GOOD.replace("after", "rest = true\nafter"))
    with pytest.raises(InvalidRule, match="says for what they wait"):
        loaded(GOOD.replace('dues = ["protective_order.hearing"]', "").replace('"due"', '"referral"'))

"""Two laws side by side: what is the same is not asked, what differs is found, and each difference is told for what it
is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from accord.policy import decide, parse
from accord.policy.compare import (
    RECIPIENTS,
    THINGS,
    USUAL,
    Change,
    Terms,
    Way,
    between,
    change,
    grouped,
    ordinary,
    rules,
)
from accord.policy.conditions import clause
from accord.policy.facts import Agreement, Because, Decision
from accord.policy.words import AgencyKind, Basis, Category, Element, Field, Level, Mark, Purpose
from tests.policy.engine_world import AT, DAY, DOCUMENTS, LAW, without_rules

RULE = """
[law]
title = "Ours"
layer = "community"

[[rule]]
id = "ours"
step = "{step}"
sentence = "Ours."
citation = "Ours"
effective = 2020-01-01
verified_on = 2026-11-20
source = "ours"
need = "Ours."
when = [{{ {when} }}]
"""


def community(step: str, when: str):
    return parse(DOCUMENTS | {"ours.toml": RULE.format(step=step, when=when)})


def holder(kind: AgencyKind):
    return next(each for each in USUAL if each.kind is kind)


def recipient(kind: AgencyKind):
    return next(each for each in RECIPIENTS if each.kind is kind)


def test_every_kind_of_partner_thing_and_mark_is_asked_about():
    assert {each.kind for each in RECIPIENTS} == set(AgencyKind)
    assert {each.category for each in THINGS} == set(Category)
    assert {mark for each in THINGS for mark in each.marks} == set(Mark)
    assert len({each.id for each in (*USUAL, *RECIPIENTS)}) == len(USUAL) + len(RECIPIENTS)


def test_the_same_law_read_twice_does_not_differ():
    again = parse(DOCUMENTS)
    assert rules(LAW, again).same
    assert list(ordinary(LAW, again, AT)) == []


def test_what_is_not_asked_would_have_been_answered_alike():
    """A rule between police and court leaves everything else unasked; asked all the same, nothing else differs."""
    ours = community("bar", 'holder_kind = ["police"], recipient_kind = ["court"]')
    found = {(one.question.holder.kind, one.question.recipient.kind) for one in ordinary(LAW, ours, AT)}
    assert found == {(AgencyKind.POLICE, AgencyKind.COURT)}
    one, other = holder(AgencyKind.HOSPITAL), recipient(AgencyKind.COURT)
    for difference in between(Terms(LAW), Terms(LAW, elements=frozenset()), one, other, AT):
        assert decide(LAW, difference.question) == decide(ours, difference.question)


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("bar", 'category = ["legal"]'),
        ("key", 'mark = ["sealed"]'),
        ("signer", "minor = false"),
        ("length", "longer_than_days = 10"),
        ("duty", "released = true"),
    ],
)
def test_a_community_closes_and_never_opens(step, when):
    text = RULE.format(step=step, when=when)
    if step == "duty":
        text = text.replace('need = "Ours."', 'obligation = "accounting"')
    ours = parse(DOCUMENTS | {"ours.toml": text})
    pair = (holder(AgencyKind.HOSPITAL), recipient(AgencyKind.COMMUNITY))
    found = list(between(Terms(LAW), Terms(ours), *pair, AT))
    became = {one.change for one in found}
    assert became
    assert became <= {Change.CLOSES, Change.LESS, Change.OTHER}
    # and the other way round the same questions open
    back = list(between(Terms(ours), Terms(LAW), *pair, AT))
    assert len(back) == len(found)
    assert {one.change for one in back} <= {Change.OPENS, Change.MORE, Change.OTHER}


def test_each_law_s_own_papers_are_asked_about():
    lax = without_rules("hipaa-court-order")
    pair = (holder(AgencyKind.HOSPITAL), recipient(AgencyKind.PROSECUTOR))
    found = list(between(Terms(lax), Terms(LAW), *pair, AT))
    assert {one.way for one in found if one.change is Change.OPENS} == {Way.PAPER}
    assert {one.change for one in between(Terms(LAW), Terms(lax), *pair, AT) if one.way is Way.PAPER} >= {Change.CLOSES}


def test_an_agreement_and_a_page_are_terms_too():
    pair = (holder(AgencyKind.INTERVENTION), recipient(AgencyKind.PROBATION))
    agreed = Agreement(
        "a", frozenset({pair[0].id, pair[1].id}), frozenset({Category.SERVICES}), frozenset({Purpose.SUPERVISION}),
        AT - DAY, AT + 300 * DAY,
    )  # fmt: skip
    [group] = grouped(
        one for one in between(Terms(LAW), Terms(LAW, (agreed,)), *pair, AT) if one.change is Change.OPENS
    )
    assert {thing.category for thing in group.things} == {Category.SERVICES}
    assert group.purposes == (Purpose.SUPERVISION,)
    shelter = (holder(AgencyKind.VICTIM_SERVICES), recipient(AgencyKind.COMMUNITY))
    less = Terms(LAW, elements=frozenset(Element) - {Element.INFORMED})
    ways = {(one.change, one.way) for one in between(Terms(LAW), less, *shelter, AT)}
    assert ways >= {(Change.CLOSES, Way.RELEASE)}
    assert Change.OPENS not in {became for became, _way in ways}


def test_a_rule_that_says_something_else_is_told_line_by_line():
    other = replace(
        LAW.rules["bar-operator"],
        sentence="Another sentence.",
        effective=date(2027, 1, 1),
        when=(clause([("recipient_kind", frozenset({AgencyKind.FUNDER}))]),),
    )
    found = rules(LAW, replace(LAW, rules={**LAW.rules, "bar-operator": other}))
    [(name, went, came)] = found.changed
    assert (name, found.added, found.removed) == ("bar-operator", (), ())
    assert "**Another sentence.**" in came
    assert "- Effective from 2027-01-01; verified on 2026-11-20" in came
    assert "- Applies when the recipient is the funder" in came
    assert "- Applies when the recipient is the operator of the platform" in went


NO = Decision(Level.NONE, (Because("a", "b", "c"),))
SOME = Decision(Level.SUMMARY, (Because("a", "b", "c"),), basis=Basis.EXCEPTION)


@pytest.mark.parametrize(
    ("before", "after", "became"),
    [
        (SOME, SOME, None),
        (NO, SOME, Change.OPENS),
        (SOME, NO, Change.CLOSES),
        (SOME, replace(SOME, level=Level.FULL), Change.MORE),
        (SOME, replace(SOME, level=Level.EXISTENCE), Change.LESS),
        (SOME, replace(SOME, fields=(Field.BIRTH,)), Change.LESS),
        (replace(SOME, fields=(Field.BIRTH,)), SOME, Change.MORE),
        (replace(SOME, fields=(Field.BIRTH,)), replace(SOME, fields=(Field.BIRTH, Field.SSN)), Change.MORE),
        (replace(SOME, fields=(Field.BIRTH,)), replace(SOME, fields=(Field.SSN,)), Change.OTHER),
        (SOME, replace(SOME, until=AT), Change.OTHER),
        (SOME, replace(SOME, because=()), Change.OTHER),
    ],
)
def test_each_difference_is_told_for_what_it_is(before, after, became):
    assert change(before, after) is became

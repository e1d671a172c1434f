"""The coded kinds, their follow-up schedule, and summaries that are made, never cut."""

from __future__ import annotations

from datetime import date
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.policy.words import Category
from accord.records.health import ccda, rules

EXAM: dict[str, Any] = {
    "status": "treated",
    "day": "2026-03-01",
    "steps": {"photographs": "done", "genital_exam": "declined", "blood_sample": "done"},
    "advocate": "present",
}
INJURY: dict[str, Any] = {
    "areas": ["neck", "left_arm"],
    "types": ["petechiae", "bruise"],
    "count": 3,
    "severity": "moderate",
    "strangulation": "yes",
}
VISIT: dict[str, Any] = {
    "purpose": "tests_six_weeks", "first_day": "2026-03-29", "last_day": "2026-04-12", "status": "due",
}  # fmt: skip


def said(kind: str, values: dict[str, Any]) -> str:
    return rules.sentence(*rules.summary(kind, values))


def test_follow_ups_of_an_exam() -> None:
    assert [(v.purpose, v.first_day, v.last_day) for v in rules.follow_ups(date(2026, 3, 1))] == [
        ("medication_check", date(2026, 3, 4), date(2026, 3, 8)),
        ("recheck_two_weeks", date(2026, 3, 15), date(2026, 3, 15)),
        ("tests_six_weeks", date(2026, 3, 29), date(2026, 4, 12)),
        ("tests_three_months", date(2026, 5, 24), date(2026, 5, 30)),
    ]
    older = rules.follow_ups(date(2026, 3, 1), older_assay=True)
    assert (len(older), older[-1].first_day) == (5, date(2026, 8, 28))


@given(st.dates(date(1900, 1, 1), date(2190, 1, 1)))
def test_follow_ups_are_valid_visits_in_order(day: date) -> None:
    visits = rules.follow_ups(day)
    assert [v.first_day for v in visits] == sorted(v.first_day for v in visits)
    for visit in visits:
        assert day < visit.first_day <= visit.last_day
        assert rules.check("visit", visit.values()) == visit.values()


def test_summaries() -> None:
    assert said("exam", EXAM) == "Forensic exam on 2026-03-01: treated. Steps done: 2."
    assert said("injury", INJURY) == (
        "3 injuries: bruise, petechiae; neck, left arm; moderate. Signs of strangulation: yes."
    )
    one = {**INJURY, "count": 1, "areas": ["neck"], "types": ["bruise"], "strangulation": "not_checked"}
    assert said("injury", one) == "1 injury: bruise, neck, moderate. Signs of strangulation: not checked."
    assert said("visit", VISIT) == "Tests at four to six weeks: between 2026-03-29 and 2026-04-12, due."
    assert said("visit", {**VISIT, "last_day": "2026-03-29"}) == "Tests at four to six weeks: 2026-03-29, due."


def test_a_summary_never_tells_what_she_declined() -> None:
    for answer in ("declined", "stopped", "offered", "consented"):
        assert said("exam", {**EXAM, "steps": {"photographs": "done", "blood_sample": "done", "history": answer}}) == (
            said("exam", EXAM)
        )


def test_the_order_of_choices_does_not_show() -> None:
    assert said("injury", INJURY) == said("injury", {**INJURY, "areas": ["left_arm", "neck"]})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"display": "Asthma", "status": "active"}, "Asthma, active"),
        ({"display": "Asthma", "status": "active", "date": "2020"}, "Asthma, active, since 2020"),
        ({"display": "", "status": "resolved"}, "A problem described in words only, resolved"),
        ({"display": "Asthma", "negated": "yes"}, "States that this is not so: Asthma"),
        ({"display": "", "negated": "yes", "nothing_known": "yes"}, "States that no problems are known"),
        ({"display": "", "negated": "yes"}, "A statement that something is not so, in words only"),
    ],
)
def test_imported_problems(values: dict[str, str], sentence: str) -> None:
    assert said("problem", values) == sentence


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        ("allergy", {"display": "Eggs", "severity": "severe", "status": "active"}, "Allergy: Eggs, severe, active"),
        ("allergy", {"display": "Eggs", "severity": "very bad", "status": "active"}, "Allergy: Eggs, active"),
        ("allergy", {"display": "", "negated": "yes", "nothing_known": "yes"}, "No known allergies"),
        ("medication", {"display": "Ibuprofen", "status": "held"}, "Ibuprofen, on hold"),
        ("immunization", {"display": "Tetanus", "negated": "yes", "status": "not_done"}, "Vaccine not given: Tetanus"),
        (
            "result", {"display": "Hb", "value": "13", "unit": "g/dL", "date": "2025-01-02", "status": "completed"},
            "Hb: 13 g/dL, 2025-01-02, completed",
        ),
        ("result", {"display": "pH", "value": "7", "status": "completed"}, "pH: 7, completed"),
        ("result", {"display": "Hb", "status": "pending"}, "Hb, pending"),
        ("encounter", {"display": "", "date": "2025", "status": "unknown"}, "A visit on 2025, status not stated"),
        ("planned", {"display": "Follow-up", "date": "2026", "status": "planned"}, "Planned: Follow-up, 2026, planned"),
        ("narrative", {"display": ""}, "A section of a document"),
    ],
)  # fmt: skip
def test_other_imported_kinds(kind: str, values: dict[str, str], sentence: str) -> None:
    assert said(kind, values) == sentence


@given(
    st.sampled_from(sorted(ccda.CATEGORY)),
    st.dictionaries(
        st.sampled_from(["display", "value", "unit", "date", "severity", "negated", "nothing_known"]),
        st.sampled_from(["", "yes", "no", "severe", "{x}", "%s", "2020"]),
    ),
    st.sampled_from(sorted(ccda.STATUSES)),
)
def test_every_imported_kind_has_a_summary_for_any_values(kind: str, values: dict[str, str], status: str) -> None:
    assert said(kind, {**values, "status": status})


def test_free_text_cannot_reach_a_summary() -> None:
    """Fields that hold free text are never asked for by a sentence."""
    free = {"original", "narrative", "details", "text", "instructions", "indication", "reaction", "informant"}
    for key in rules.SUMMARIES:
        assert not free & set(rules.placeholders(key))
    assert not free & ccda.SUMMARY_VALUES


@pytest.mark.parametrize(
    ("kind", "change", "field", "words"),
    [
        ("injury", {"count": 0}, "count", "1 to 99"),
        ("injury", {"count": "3"}, "count", "number"),
        ("injury", {"count": True}, "count", "number"),
        ("injury", {"areas": []}, "areas", "at least one part of the body"),
        ("injury", {"areas": ["soul"]}, "areas", "from the list"),
        ("injury", {"areas": "neck"}, "areas", "at least one"),
        ("injury", {"types": [["bruise"]]}, "types", "from the list"),
        ("injury", {"severity": ""}, "severity", "Choose how severe"),
        ("injury", {"strangulation": None}, "strangulation", "strangulation"),
        ("injury", {"note": "x"}, "note", "no such field"),
        ("visit", {"last_day": "2026-03-01"}, "last_day", "before the first"),
        ("visit", {"first_day": "29 March"}, "first_day", "as a date"),
        ("visit", {"first_day": "2026-02-30"}, "first_day", "as a date"),
        ("visit", {"purpose": "chat"}, "purpose", "from the list"),
        ("exam", {"steps": {"x_ray": "done"}}, "steps", "not a step"),
        ("exam", {"steps": {"history": "maybe"}}, "steps", "offered, consented"),
        ("exam", {"steps": "all"}, "steps", "one answer"),
        ("exam", {"status": "triaged"}, "status", "not yet explained"),
        ("exam", {"advocate": "maybe"}, "advocate", "from the list"),
        ("exam", {"day": ""}, "day", "as a date"),
    ],
)
def test_uncoded_input_is_named(kind: str, change: dict[str, Any], field: str, words: str) -> None:
    whole = {"exam": EXAM, "injury": INJURY, "visit": VISIT}[kind]
    with pytest.raises(rules.NotCoded, match=words) as caught:
        rules.check(kind, {**whole, **change})
    assert caught.value.field == field
    assert str(caught.value).endswith(".")


def test_unknown_kinds() -> None:
    for call in (rules.check, rules.summary):
        with pytest.raises(rules.NotCoded):
            call("poem", {})


def test_check_is_idempotent_and_json_ready() -> None:
    for kind, values in (("exam", EXAM), ("injury", INJURY), ("visit", VISIT)):
        assert rules.check(kind, rules.check(kind, values)) == rules.check(kind, values)
    assert rules.KINDS == {"exam": Category.EXAM, "injury": Category.INJURIES, "visit": Category.VISITS}


def test_every_code_has_words_and_every_sentence_known_names() -> None:
    codes = {
        *rules.STEPS, *rules.ANSWERS, *rules.EXAM, *rules.ADVOCATE, *rules.AREAS, *rules.INJURIES, *rules.SEVERITY,
        *rules.STRANGULATION, *rules.PURPOSES, *rules.VISIT, *ccda.STATUSES,
    }  # fmt: skip
    assert codes <= set(rules.WORDS)
    coded = {"status", "types", "areas", "severity", "strangulation", "purpose"}
    for text in rules.SUMMARIES.values():
        names = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert names <= rules.LITERAL | coded
    assert set(ccda.CATEGORY) <= {key.removesuffix("_words") for key in rules.SUMMARIES if key.endswith("_words")}


def test_sentences_can_be_given_in_another_language() -> None:
    spanish = {**rules.SUMMARIES, "visit_day": "{purpose}: {first_day}, {status}."}
    words = {**rules.WORDS, "tests_six_weeks": "Pruebas a las seis semanas", "due": "pendiente"}
    key, values = rules.summary("visit", {**VISIT, "last_day": VISIT["first_day"]})
    shown = rules.sentence(key, values, sentences=spanish, words=words)
    assert shown == "Pruebas a las seis semanas: 2026-03-29, pendiente."

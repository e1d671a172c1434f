"""Questions and decisions as JSON: what is doubtful is one clear error, never a permit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from accord.policy import decide
from accord.policy.facts import Question
from accord.policy.forms import (
    QuestionError,
    decision_to_json,
    question_from_json,
    question_to_json,
    schema_decision,
    schema_question,
)
from tests.policy.engine_world import AT, LAW, disclose, questions, release

few = settings(max_examples=100, deadline=None, derandomize=True)
GOOD = question_to_json(disclose(release()))
MINIMAL = {name: GOOD[name] for name in ("verb", "asker", "member", "holder", "thing", "purpose", "at")}


def _refused(form: Any) -> str:
    with pytest.raises(QuestionError) as caught:
        question_from_json(form)
    return str(caught.value)


@few
@given(questions())
def test_a_question_survives_the_journey_through_json(question: Question) -> None:
    form = question_to_json(question)
    assert question_from_json(json.dumps(form)) == question_from_json(form) == question
    Draft202012Validator(schema_question()).validate(form)


@few
@given(questions())
def test_a_decision_fits_its_schema(question: Question) -> None:
    answer = decision_to_json(decide(LAW, question))
    Draft202012Validator(schema_decision()).validate(answer)
    assert json.loads(json.dumps(answer)) == answer


def test_the_schemas_are_schemas_and_refuse_what_the_reader_refuses() -> None:
    for schema in (schema_question(), schema_decision()):
        Draft202012Validator.check_schema(schema)
    reader = Draft202012Validator(schema_question())
    assert reader.is_valid(MINIMAL)
    for broken in ({**MINIMAL, "verb": "wave"}, {**MINIMAL, "extra": 1}, {**MINIMAL, "asker": None}, {}):
        assert not reader.is_valid(broken)
        assert _refused(broken)


def test_what_has_a_default_may_be_left_out() -> None:
    assert question_from_json(MINIMAL).releases == ()
    assert question_from_json({**GOOD, "recipient": None}).recipient is None


def test_a_moment_in_any_offset_becomes_utc() -> None:
    local = AT.astimezone(timezone(timedelta(hours=-5)))
    assert question_from_json({**GOOD, "at": local.isoformat()}) == disclose(release())
    assert question_to_json(replace(disclose(release()), at=local))["at"] == "2026-11-20T09:00:00Z"


def test_a_decision_reads_plainly() -> None:
    answer = decision_to_json(decide(LAW, disclose(release())))
    assert (answer["level"], answer["relying_on"], answer["until"]) == ("full", ["r1"], "2026-12-19T09:00:00Z")
    assert answer["because"][0]["rule"] == "vawa-release"
    assert answer["duties"] == ["redisclosure_notice", "log"]
    assert answer["fields"] is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"verb": "wave"}, "question.verb: unknown code 'wave'; known are: read_day, "),
        ({"verb": None}, "question.verb: a text is wanted here, not null"),
        ({"verb": True}, "question.verb: a text is wanted here, not true or false"),
        ({"verb": ["disclose"]}, "question.verb: a text is wanted here, not a list"),
        ({"purpose": 3}, "question.purpose: a text is wanted here, not a number"),
        ({"at": "2026-11-20T09:00:00"}, "question.at: a moment needs its offset from UTC"),
        ({"at": "2026-11-20"}, "question.at: a moment needs its offset from UTC"),
        ({"at": "soon"}, "question.at: a moment is written like 2026-11-20T09:00:00Z"),
        ({"at": 1_795_000_000}, "question.at: a text is wanted here, not a number"),
        ({"at": "0001-01-01T00:00:00+05:00"}, "question.at: this moment is outside the calendar"),
        ({"asker": "shelter"}, "question.asker: an object is wanted here, not a text"),
        ({"asker": None}, "question.asker: an object is wanted here, not null"),
        ({"asker": {"id": "shelter", "kind": "police"}}, "question.asker.duties: this field is missing"),
        ({"asker": {"id": "", "kind": "police", "duties": []}}, "question.asker.id: this must not be empty"),
        ({"asker": {"id": "a", "kind": "police", "duties": "none"}}, "question.asker.duties: a list is wanted here"),
        ({"asker": {"id": "a", "kind": "police", "duties": ["x"]}}, "question.asker.duties[0]: unknown code 'x'"),
        ({"asker": {"id": "a", "kind": "police", "duties": ["none"] * 2}}, "question.asker.duties: something is named"),
        ({"releases": {}}, "question.releases: a list is wanted here, not an object"),
        ({"releases": [{}]}, "question.releases[0].id: this field is missing"),
        (
            {"releases": [{**GOOD["releases"][0], "long_because": 1}]},
            "question.releases[0].long_because: true or false",
        ),
        (
            {"releases": [{**GOOD["releases"][0], "until": "2026-12-01T00:00"}]},
            "question.releases[0].until: a moment needs",
        ),
        (
            {"releases": [{**GOOD["releases"][0], "grants": [{"category": "notes", "level": 3}]}]},
            "question.releases[0].grants[0].level: a text is wanted here, not a number",
        ),
        (
            {"releases": [{**GOOD["releases"][0], "grants": [{"category": "notes", "level": "all"}]}]},
            "question.releases[0].grants[0].level: unknown code 'all'; known are: none, existence, summary, full",
        ),
        ({"colour": "red"}, "question: unknown field 'colour'"),
        ({"recipient_person": "x" * 201}, "question.recipient_person: a text has at most 200 characters"),
        ({"recipient_person": "a\x00b"}, "question.recipient_person: a text holds printable characters only"),
        ({"recipient_person": "\ud800"}, "question.recipient_person: a text holds printable characters only"),
        ({"blocks": [{"kind": "conflict", "against": ""}]}, "question.blocks[0].against: this must not be empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: dict[str, Any], error: str) -> None:
    assert _refused({**GOOD, **change}).startswith(error)


@pytest.mark.parametrize("name", sorted(MINIMAL))
def test_a_missing_field_is_named(name: str) -> None:
    left = {key: value for key, value in MINIMAL.items() if key != name}
    assert _refused(left) == f"question.{name}: this field is missing"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "line 1, column 1: this is not JSON: "),
        ("{", "line 1, column 2: this is not JSON: "),
        ('{"verb": }', "line 1, column 10: this is not JSON: "),
        ("[]", "question: an object is wanted here, not a list"),
        ("null", "question: an object is wanted here, not null"),
        ('"yes"', "question: an object is wanted here, not a text"),
        ('{"verb": NaN}', "question: NaN is not JSON"),
        ('{"verb": "disclose", "verb": "read_day"}', "'verb': this field is written twice"),
        ("[" * 100_000, "question: it is nested too deep"),
        ('{"a":' * 100_000, "question: it is nested too deep"),
        ("[" * 300 + "]" * 300, "question: an object is wanted here, not a list"),
        ("1" * 10_000, "question: it holds a number too long to read"),
        (" " * 1_000_001, "question: it is larger than 1 MB"),
        ('"' + "é" * 600_000 + '"', "question: it is larger than 1 MB"),
        (b"\xff\xfe", "question: this is not UTF-8 text"),
        (b" " * 1_000_001, "question: it is larger than 1 MB"),
        ('"\ud800"', "question: this is not UTF-8 text"),
    ],
    ids=range(17),
)
def test_what_is_no_question_at_all_is_one_clear_error(text: str | bytes, error: str) -> None:
    assert _refused(text).startswith(error)


@few
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_anything_else_is_an_error_too(value: object) -> None:
    assert _refused(json.dumps(value))


@few
@given(questions(), st.data())
def test_one_changed_value_is_read_or_refused_but_never_breaks(question: Question, data: st.DataObject) -> None:
    form = question_to_json(question)
    name = data.draw(st.sampled_from(sorted(form)))
    form[name] = data.draw(st.sampled_from([None, 1, "", "none", [], {}, [[]], [{}], {"id": "x"}, "full", True]))
    try:
        read = question_from_json(form)
    except QuestionError:
        return
    decide(LAW, read)


def test_an_error_never_repeats_a_long_value() -> None:
    assert len(_refused({**GOOD, "verb": "x" * 150})) < 600
    assert len(_refused({**GOOD, "y" * 10_000: 1})) < 200

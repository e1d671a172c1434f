"""Asking the law from the command line, and how the command line fails: one sentence, an exit code, no traceback."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from accord.doors.cli.main import app, sentence
from accord.policy.forms import question_to_json
from accord.policy.profiles import PROFILES
from tests.policy import engine_world as engine

RUNNER = CliRunner()


def asking(path, question):
    path.write_text(json.dumps(question_to_json(question)), "utf-8")
    return RUNNER.invoke(app, ["decide", str(path)])


def test_decide_prints_the_decision_and_says_in_its_exit_code_whether_something_opens(tmp_path):
    done = asking(tmp_path / "yes.json", engine.disclose(engine.release()))
    assert done.exit_code == 0
    assert json.loads(done.stdout)["level"] == "full"
    done = asking(tmp_path / "no.json", engine.disclose())
    answer = json.loads(done.stdout)
    assert done.exit_code == 1
    assert answer["level"] == "none"
    assert answer["needs"]


def test_decide_reads_standard_input():
    done = RUNNER.invoke(app, ["decide", "-"], input=json.dumps(question_to_json(engine.disclose(engine.release()))))
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("text", ["", "{", "[]", '{"verb": "steal"}', " " * 1_000_001])
def test_an_unusable_question_is_one_sentence_and_exit_code_2(tmp_path, text):
    (tmp_path / "question.json").write_text(text)
    done = RUNNER.invoke(app, ["decide", str(tmp_path / "question.json")])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("This question cannot be used: ")
    assert done.stderr.count("\n") == 1


#: A question that holds every kind of fact there is: papers, instruments, single facts, agreements, blocks.
WHOLE = question_to_json(
    engine.disclose(
        engine.release(withdrawn_at=engine.AT, fixed_until=engine.AT + engine.DAY),
        processes=(engine.Process(
            "p1", engine.ProcessKind.COURT_ORDER, "parish", "maria", frozenset(engine.Category), engine.AT,
            engine.AT + engine.DAY, counsel_reviewed=True,
        ),),
        agreements=(engine.Agreement(
            "a1", frozenset({"shelter", "parish"}), frozenset({engine.Category.LEGAL}),
            frozenset({engine.Purpose.SAFETY}), engine.AT, engine.AT + engine.DAY,
        ),),
        blocks=(engine.Block(engine.BlockKind.CONFLICT, "somebody"),),
    )
)  # fmt: skip
WRONG: list[Any] = [
    None, True, 0, -1, 1.5, 10**40, "", "x", "\x00", "é" * 300, [], ["x"], {}, {"id": "x"}, "2026-11-20", "none",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", [[[[[]]]]],
]  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, by the keys that lead to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, each in inner for place in places(each, (*way, key)))]


#: All but when she took her release back: said otherwise, or not at all, her release opens, and rightly.
PLACES = [place for place in places(WHOLE)[1:] if place[-1] != "withdrawn_at"]


def broken(place: tuple[Any, ...], wrong: Any) -> Any:
    """The whole question with something else in one place."""
    form = deepcopy(WHOLE)
    inside: Any = form
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = wrong
    return form


def is_one_sentence(done: Any) -> None:
    """An answer that is no permit, and no traceback: something that can be used, or one sentence and code 2."""
    assert "Traceback" not in done.output
    if done.exit_code == 2:
        assert done.stdout == ""
        assert done.stderr.startswith("This question cannot be used: "), done.stderr
        assert done.stderr.count("\n") == 1
        assert "something went wrong" not in done.stderr.lower()
    else:
        assert (done.exit_code == 0) is (json.loads(done.stdout)["level"] != "none")


def decided(text: str | bytes) -> Any:
    return RUNNER.invoke(app, ["decide", "-"], input=text)


def test_the_whole_question_can_be_read_and_is_answered():
    done = decided(json.dumps(WHOLE))
    assert done.exit_code == 1, done.output
    assert len(PLACES) > 80


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), st.sampled_from(WRONG))
def test_a_wrong_type_anywhere_is_never_a_permit_and_never_a_traceback(place, wrong):
    done = decided(json.dumps(broken(place, wrong)))
    is_one_sentence(done)
    assert done.exit_code != 0, "what is taken away or made nonsense of opens nothing here"


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(WHOLE)), inner),
        ).map(lambda value: json.dumps(value).encode()),
        st.integers(0, len(json.dumps(WHOLE))).map(lambda cut: json.dumps(WHOLE)[:cut].encode()),
    )
)
def test_whatever_comes_in_is_one_sentence_and_no_permit(text):
    done = decided(text)
    is_one_sentence(done)
    assert done.exit_code != 0


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 100_000,
        json.dumps(WHOLE) + " " * 1_000_000,
        json.dumps(WHOLE)[:-1] + ', "verb": "disclose"}',
        json.dumps(WHOLE)[:-1] + ', "thing ": 1}',
        json.dumps(WHOLE).replace('"shelter"', '"she\\u0000lter"'),
        json.dumps(WHOLE).replace('"shelter"', '"' + "s" * 201 + '"'),
        json.dumps(WHOLE).replace("court_order", "writ_of_mandamus"),
        json.dumps(WHOLE).replace("true", "NaN"),
    ],
    ids=["deep", "deep objects", "long number", "huge", "twice", "unknown", "unprintable", "long", "code", "NaN"],
)
def test_huge_deep_or_unknown_is_one_sentence_and_exit_code_2(text):
    done = decided(text)
    assert done.exit_code == 2, done.output
    is_one_sentence(done)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_answers_and_an_unknown_one_is_one_sentence(profile):
    done = RUNNER.invoke(app, ["decide", "-", "--profile", profile], input=json.dumps(WHOLE))
    assert done.exit_code == 1, done.output
    assert RUNNER.invoke(app, ["law", "list", "--profile", profile]).exit_code == 0
    done = RUNNER.invoke(app, ["decide", "-", "--profile", f"{profile}x"], input=json.dumps(WHOLE))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"there is no profile '{profile}x'; known are: us-federal")


OURS = """
[law]
title = "Ours"
layer = "community"

[[rule]]
id = "ours-no-risk"
step = "bar"
sentence = "Here the court learns nothing about danger."
citation = "Our protocol"
effective = 2020-01-01
verified_on = 2026-11-20
source = "the protocol"
need = "Nothing opens this here."
when = [{ category = ["risk"], recipient_kind = ["court"] }]
"""


def diff(*arguments: str) -> Any:
    return RUNNER.invoke(app, ["law", "diff", *arguments])


def test_a_law_does_not_differ_from_itself():
    done = diff("us-federal", "us-federal")
    assert (done.exit_code, done.stdout) == (0, "")


def test_a_draft_over_the_law_says_which_rules_came_and_what_they_close(tmp_path):
    draft = tmp_path / "ours.toml"
    draft.write_text(OURS)
    done = diff("us-federal", str(draft), "--on", "2026-11-20")
    assert done.exit_code == 1
    assert done.stdout.startswith(
        "+ ours-no-risk: Here the court learns nothing about danger. (Our protocol; from 2020"
    )
    lines = done.stdout.splitlines()
    assert any(line.startswith("closes: ") and "-> the court" in line and ": risk; for" in line for line in lines)
    assert not any(line.startswith(("opens: ", "more: ")) for line in lines)
    back = diff(str(draft), "us-federal", "--on", "2026-11-20").stdout.splitlines()
    assert back[0].startswith("- ours-no-risk: ")
    assert any(line.startswith("opens: ") for line in back)
    # before its first day it is a rule and no answer
    early = diff("us-federal", str(draft), "--on", "2019-12-31")
    assert early.exit_code == 1
    assert early.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "it is missing or not a table"),
        (b"\xff\xfe", "this is not UTF-8 text"),
        (b"x = [", "this is not TOML"),
        (b"x = " + b"[" * 50_000, "it is nested too deep"),
        (b"x = " + b"9" * 50_000, "this is not TOML"),
        (b"#" * 1_000_001, "it is larger than 1 MB"),
        (OURS.replace('"bar"', '"release"').encode(), "rule ours-no-risk"),
        (OURS.replace("risk", "gossip").encode(), "unknown code 'gossip'"),
        (OURS.replace('citation = "Our protocol"', "").encode(), "no citation"),
    ],
)
def test_a_draft_that_is_no_law_is_one_sentence_and_exit_code_2(tmp_path, text, says):
    draft = tmp_path / "ours.toml"
    draft.write_bytes(text)
    done = diff("us-federal", str(draft))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(str(draft))
    assert says in done.stderr
    assert diff("us-federal", "no-such-law").stderr.startswith("there is no profile 'no-such-law'")


def test_a_rule_is_explained_and_an_unknown_one_is_not():
    done = RUNNER.invoke(app, ["law", "explain", "vawa-release"])
    assert done.exit_code == 0
    assert "34 USC 12291" in done.stdout
    done = RUNNER.invoke(app, ["law", "explain", "no-such-rule"])
    assert done.exit_code == 2
    assert done.stderr.startswith("there is no rule 'no-such-rule'")
    assert "vawa-release" in RUNNER.invoke(app, ["law", "list"]).stdout


def test_a_missing_file_is_a_sentence(tmp_path):
    done = RUNNER.invoke(app, ["decide", str(tmp_path / "nothing.json")])
    assert done.exit_code == 2
    assert done.stderr == f"{tmp_path / 'nothing.json'}: No such file or directory.\n"


def test_what_should_not_happen_is_told_without_what_was_in_memory():
    try:
        raise LookupError("Marisol Vega")
    except LookupError as error:
        told = sentence(error)
    assert "Marisol" not in told
    assert "LookupError at test_cli_law.py:" in told

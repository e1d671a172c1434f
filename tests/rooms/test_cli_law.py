"""Asking the law from the command line, and how the command line fails: one sentence, an exit code, no traceback."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from accord.doors.cli.main import app, sentence
from accord.policy.forms import question_to_json
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

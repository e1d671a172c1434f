"""Asking the law without being anybody: a written question, a rule in plain words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from accord.doors.cli.place import Stop, without_database
from accord.policy.forms import LARGEST, QuestionError, decision_to_json, question_from_json
from accord.policy.profiles import USUAL
from accord.policy.words import Level

app = typer.Typer(no_args_is_help=True)


def decide(
    question: Annotated[
        str, typer.Argument(help="a file as docs/question.schema.json describes it; - for standard input")
    ],
    profile: Annotated[str, typer.Option(help="the law that is asked: us-federal, us-georgia, uk-marac ...")] = USUAL,
) -> None:
    """Print what the law says to a written question, as docs/decision.schema.json describes it.

    Exit codes: 0 something may be known, 1 nothing may be known, 2 the question cannot be used.
    """
    try:
        asked = question_from_json(_read(question))
    except QuestionError as error:
        raise Stop(f"This question cannot be used: {error}") from None
    with without_database():
        from accord.gate.law import answer, load

        decision = answer(asked, load(profile))
    typer.echo(json.dumps(decision_to_json(decision), indent=2, ensure_ascii=False))
    raise typer.Exit(0 if decision.level > Level.NONE else 1)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="the id of a rule, such as vawa-release")],
    profile: Annotated[str, typer.Option(help="the law it is looked up in")] = USUAL,
) -> None:
    """Print one rule: its sentence, its source, its dates, and when it applies."""
    with without_database():
        from accord.gate.law import load
        from accord.policy.pages import explain as explained

        typer.echo(explained(load(profile), rule))


@app.command("list")
def list_rules(profile: Annotated[str, typer.Option(help="the law whose rules are listed")] = USUAL) -> None:
    """Print every rule with its sentence, in the order of the law's documents."""
    with without_database():
        from accord.gate.law import load

        for rule in load(profile).rules.values():
            typer.echo(f"{rule.id:28} {rule.sentence}")


def _read(name: str) -> bytes:
    """A little more than the largest question, so that a larger one is seen to be larger and not read whole."""
    if name == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(name).open("rb") as file:
        return file.read(LARGEST + 1)

"""Asking the law without being anybody: a written question, a rule in plain words, two laws side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from accord.doors.cli.place import Stop, say, without_database
from accord.policy.compare import THINGS, Group, Way, grouped, ordinary, rules
from accord.policy.facts import Agency, Thing
from accord.policy.forms import LARGEST, QuestionError, decision_to_json, question_from_json
from accord.policy.law import Law, LawError
from accord.policy.profiles import PROFILES, USUAL
from accord.policy.words import Duty, Level, Mark, Purpose, Relation

app = typer.Typer(no_args_is_help=True)

WAYS = {
    Way.ALONE: "without her release",
    Way.RELEASE: "on her release",
    Way.LONG_RELEASE: "on her release for a year",
    Way.PAPER: "on a paper",
    Way.ROLE: "inside one's own agency",
}


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


@app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="a profile, or a file of rules")],
    second: Annotated[str, typer.Argument(metavar="B", help="a profile, or a file of rules")],
    profile: Annotated[str, typer.Option(envvar="ACCORD_LAW", help="the law a file is laid over")] = USUAL,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day asked about; today if it is not said")
    ] = None,
) -> None:
    """Print how two laws differ: their rules, and the ordinary questions they answer differently.

    Exit codes: 0 they do not differ, 1 they differ, 2 one of them cannot be used.
    """
    at = on.replace(tzinfo=UTC) if on else datetime.now(UTC)
    with without_database():
        before, after = (_law(name, profile) for name in (first, second))
        texts = list(_rules(before, after))
        say(f"Asking both the same ordinary questions as of {at:%Y-%m-%d} ...")
        answers = grouped(ordinary(before, after, at))
    for line in (*texts, *_answers(after, answers)):
        typer.echo(line)
    raise typer.Exit(1 if texts or answers else 0)


def _law(name: str, profile: str) -> Law:
    """A profile by its name, or a file of rules over one. Raises LawError, OSError."""
    from accord.gate.law import laid_over, load

    if name in PROFILES or not Path(name).exists():
        return load(name)
    try:
        text = _read(name).decode("utf-8")
    except UnicodeError:
        raise LawError(f"{name}: this is not UTF-8 text") from None
    if len(text) > LARGEST:
        raise LawError(f"{name}: it is larger than 1 MB")
    return laid_over(profile, text, name)


def _rules(before: Law, after: Law) -> Iterator[str]:
    found = rules(before, after)
    for sign, laws in (("+", found.added), ("-", found.removed)):
        for rule in laws:
            yield f"{sign} {rule.id}: {rule.sentence} ({rule.citation}; from {rule.effective})"
    for id, old, new in found.changed:
        yield f"~ {id}"
        yield from (f"    - {line.removeprefix('- ')}" for line in old)
        yield from (f"    + {line.removeprefix('- ')}" for line in new)


def _answers(law: Law, groups: list[Group]) -> Iterator[str]:
    for group in groups:
        why = "every purpose" if len(group.purposes) == len(Purpose) else _words(law, group.purposes)
        if group.way is Way.ROLE:
            who, what = _words(law, sorted(group.member.roles)), _words(law, group.verbs)
        else:
            who = f"{_agency(law, group.holder)} -> {', '.join(_agency(law, each) for each in group.recipients)}"
            what = _things(law, group.things)
        yield f"{group.change}: {who}, {WAYS[group.way]}: {what}; for {why} ({group.count})"


def _agency(law: Law, agency: Agency) -> str:
    return f"{law.word(agency.kind)} ({_words(law, (duty for duty in Duty if duty in agency.duties))})"


def _things(law: Law, things: Iterable[Thing]) -> str:
    things = list(things)
    if len(things) == len(THINGS):
        return "everything"
    return ", ".join(
        " ".join([law.word(thing.category), *(f"[{law.word(mark)}]" for mark in Mark if mark in thing.marks)])
        + (f" of {law.word(thing.relation)}" if thing.relation is not Relation.SELF else "")
        for thing in things
    )


def _words(law: Law, codes: Iterable[StrEnum]) -> str:
    return ", ".join(law.word(code) for code in codes)


def _read(name: str) -> bytes:
    """A little more than the largest question, so that a larger one is seen to be larger and not read whole."""
    if name == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(name).open("rb") as file:
        return file.read(LARGEST + 1)

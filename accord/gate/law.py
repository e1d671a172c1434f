"""The law this service runs on, read once from the package's data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from accord.policy.decide import decide
from accord.policy.facts import Decision, Question
from accord.policy.law import Law, parse


@cache
def law() -> Law:
    """The loaded law. Raises LawError, naming file, line and rule, when the data contradicts itself."""
    folder = files("accord.policy") / "laws"
    return parse({each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".toml")})


def answer(question: Question) -> Decision:
    """What the law says to a question that somebody wrote down. It is only an answer: no permit, no leaf."""
    return decide(law(), question)

"""The law this service runs on, read once from the package's data and the community's own file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from accord.policy.decide import decide
from accord.policy.facts import Decision, Question
from accord.policy.law import Law, parse
from accord.policy.profiles import USUAL, documents

#: The profile of this service and the text of its community's own rules, as `choose` was told.
_chosen = (USUAL, "")


def choose(profile: str, community: str = "") -> None:
    """Say once, at the start, which law holds here. Raises LawError, naming file, line and rule, when the data
    contradicts itself or the community's rules would open anything."""
    global _chosen
    load(profile, community)
    _chosen = (profile, community)


def law() -> Law:
    """The law that holds here."""
    return load(*_chosen)


@cache
def load(profile: str, community: str = "") -> Law:
    """The law of a profile, with a community's own rules over it. Raises LawError."""
    return parse(_texts(profile, community))


def with_draft(draft: str, name: str = "draft") -> Law:
    """The law that holds here with the text of one more document over it. Raises LawError."""
    return parse(_texts(*_chosen) | {name: draft})


def laid_over(profile: str, draft: str, name: str) -> Law:
    """The law of a profile with the text of one more document over it. Raises LawError."""
    return parse(_texts(profile) | {name: draft})


def _texts(profile: str, community: str = "") -> dict[str, str]:
    folder = files("accord.policy") / "laws"
    texts = {name: (folder / name).read_text("utf-8") for name in documents(profile)}
    return texts | ({"community.toml": community} if community else {})


def answer(question: Question, law: Law) -> Decision:
    """What a law says to a question that somebody wrote down. It is only an answer: no permit, no leaf."""
    return decide(law, question)

"""The law this service runs on, read once from the package's data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from accord.policy.law import Law, parse


@cache
def law() -> Law:
    """The loaded law. Raises LawError, naming file, line and rule, when the data contradicts itself."""
    folder = files("accord.policy") / "laws"
    return parse({each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".toml")})

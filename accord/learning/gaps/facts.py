"""The rules about gaps, read once from the package's data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from accord.learning.gaps.rules import Rule, loaded


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by code, in the order in which they are written."""
    return loaded((files("accord.learning.gaps") / "gaps.toml").read_text("utf-8"), "gaps.toml")

"""What a row of the URL table is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accord.policy.words import Purpose, Verb


@dataclass(frozen=True, slots=True)
class Page:
    """One URL: where, what answers, its name, and what the gate is asked. No verbs: it is open and shows no record."""

    route: str
    view: Callable[..., Any]
    name: str
    verbs: tuple[Verb, ...] = ()
    purpose: Purpose = Purpose.OWN_SERVICE
    lens: str = "live"

"""What a row of the URL table is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accord.policy.words import Purpose, Verb

#: Asking for her signature, and giving her a service or writing one down: never on one page, so that no service can
#: hang on a release (34 USC 12291(b)(2)(B)(i); 28 CFR 90.4(b); 45 CFR 164.508(b)(4)).
ASKS_FOR_HER_WORD = frozenset({Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE})
GIVES_A_SERVICE = frozenset({Verb.OPEN_CLIENT, Verb.EDIT_CLIENT, Verb.ADD_ENTRY, Verb.ACCEPT_ENVELOPE})


class ConditionOfService(ValueError):
    """A page that asks for her signature where a service is given."""


@dataclass(frozen=True, slots=True)
class Page:
    """One URL: where, what answers, its name, and what the gate is asked; `besides`: for what it shows to some only. No
    verbs: it is open and shows no record.
    Raises ConditionOfService for one that would make a release a condition of a service."""

    route: str
    view: Callable[..., Any]
    name: str
    verbs: tuple[Verb, ...] = ()
    purpose: Purpose = Purpose.OWN_SERVICE
    lens: str = "live"
    besides: tuple[Verb, ...] = ()

    def __post_init__(self) -> None:
        if ASKS_FOR_HER_WORD.intersection(self.verbs) and GIVES_A_SERVICE.intersection(self.verbs):
            raise ConditionOfService(f"{self.name} asks for a release and gives a service; make it two pages")

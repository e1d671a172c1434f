"""The yes of the gate, in the hand of whoever acts on it.

A permit names what may be done, by whom, for whom and why; it collects what was done and shown, and it dies with
its transaction. Only the gate issues one; every public action and query of every room asks for one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Final, NoReturn, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID

from accord.policy.facts import Decision
from accord.policy.words import Level, Purpose, Verb

if TYPE_CHECKING:
    from accord.sealing.vault import Vault

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class PermitError(Exception):
    """There is no permit, it is closed, or it is for something else. A fault of the program, never an answer."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which files of the agency this member may know of: none that is `hidden`, and of the others `only` these, if the
    agency keeps each file to the people who work with her. Lists show exactly what the gate would open."""

    hidden: frozenset[UUID] = frozenset()
    only: frozenset[UUID] | None = None

    @property
    def whole(self) -> bool:
        return not self.hidden and self.only is None

    def lets(self, client_id: UUID) -> bool:
        return client_id not in self.hidden and (self.only is None or client_id in self.only)


EVERYTHING: Final = Scope()


class Permit:
    """What the gate allowed. Read-only; after `close` every use raises PermitError.

    `actor` is `member:<uuid>` or `system:<job>`; `member_id` is None for a system actor. `vault` is the opened
    vault of the agency, or None where nobody's key is at hand. `scope` is what lists are narrowed to. `deeds` and
    `shown` are what the leaf will say.
    """

    __slots__ = (
        "_deeds",
        "_shown",
        "actor",
        "agency_id",
        "at",
        "decision",
        "member_id",
        "purpose",
        "scope",
        "vault",
        "verbs",
    )

    verbs: frozenset[Verb]
    agency_id: UUID
    member_id: UUID | None
    actor: str
    purpose: Purpose
    decision: Decision
    at: datetime
    vault: Vault | None
    scope: Scope
    _deeds: list[tuple[str, UUID | int]]
    _shown: dict[tuple[str, UUID], Level]

    def __init__(self) -> None:
        raise PermitError("only the gate issues permits")

    @classmethod
    def issue(
        cls,
        *,
        verbs: Iterable[Verb],
        agency_id: UUID,
        member_id: UUID | None,
        actor: str,
        purpose: Purpose,
        decision: Decision,
        at: datetime,
        vault: Vault | None,
        scope: Scope = EVERYTHING,
    ) -> Permit:
        """For the gate alone (a house test holds it). Raises PermitError when the decision is no, or names no verb."""
        named = frozenset(verbs)
        if not named or decision.level is Level.NONE:
            raise PermitError("a permit needs a yes and a verb")
        permit = cls.__new__(cls)
        given = {
            "verbs": named,
            "agency_id": agency_id,
            "member_id": member_id,
            "actor": actor,
            "purpose": purpose,
            "decision": decision,
            "at": at,
            "vault": vault,
            "scope": scope,
            "_deeds": [],
            "_shown": {},
        }
        for name, value in given.items():
            object.__setattr__(permit, name, value)
        return permit

    def check(self, *verbs: Verb) -> None:
        """Raises PermitError unless the permit is open and names one of these verbs."""
        if self.verbs.isdisjoint(verbs):
            raise PermitError(f"this permit is not for {' or '.join(verb.value for verb in verbs)}")

    def may(self, function: Needing[..., object]) -> bool:
        """Whether this permit names a verb of that action or query."""
        return not self.verbs.isdisjoint(function.verbs)

    def opened(self) -> Vault:
        """The agency's vault. Raises PermitError when this permit came without one."""
        if self.vault is None:
            raise PermitError("this permit opens no vault")
        return self.vault

    def record(self, deed: str, id: UUID | int) -> None:
        """Note a deed, by its code, and the id of what it was done to or how many."""
        self._deeds.append((deed, id))

    def show(self, kind: str, id: UUID, level: Level | str) -> None:
        """Note that a thing was shown at a level (or its code). Shown twice in one request it stands once, at the
        higher level. Raises KeyError for a code that is no level."""
        level = Level[level.upper()] if isinstance(level, str) else level
        self._shown[kind, id] = max(level, self._shown.get((kind, id), level))

    @property
    def deeds(self) -> tuple[tuple[str, UUID | int], ...]:
        return tuple(self._deeds)

    @property
    def shown(self) -> tuple[tuple[str, UUID, Level], ...]:
        return tuple((kind, id, level) for (kind, id), level in self._shown.items())

    def close(self) -> None:
        """End of the transaction: the facts and the vault are let go. Closing twice is no fault."""
        for name in self.__slots__:
            with suppress(AttributeError):
                object.__delattr__(self, name)

    def __repr__(self) -> str:
        try:
            return f"<Permit {' '.join(sorted(self.verbs))}>"
        except PermitError:
            return "<Permit closed>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise PermitError("a permit cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise PermitError("a permit cannot be changed")

    def __reduce__(self) -> NoReturn:
        # Holds copy, deepcopy and pickle: a copy would outlive the transaction.
        raise PermitError("a permit cannot be copied")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            # Reached only when a slot is empty (closed) or the name is unknown.
            if name in Permit.__slots__:
                raise PermitError("this permit is closed")
            raise AttributeError(name)


class Needing(Protocol[P, R_co]):
    """A function that says for which verbs it runs."""

    verbs: frozenset[Verb]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


def needs(*verbs: Verb) -> Callable[[Callable[P, R_co]], Needing[P, R_co]]:
    """Mark a room's public action or query: it runs only with an open permit that names one of these verbs.

    The function takes keywords only, one of them `permit`. Raises TypeError while importing when it does not, or when
    it would go on after the check (generator, coroutine); PermitError at the call.
    """
    if not verbs:
        raise TypeError("needs() names at least one verb")

    def mark(function: Callable[P, R_co]) -> Needing[P, R_co]:
        parameters = inspect.signature(function).parameters
        if "permit" not in parameters or any(p.kind is not p.KEYWORD_ONLY for p in parameters.values()):
            raise TypeError(f"{function.__qualname__} must take keywords only, and a permit")
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__qualname__} would run after its permit was checked")

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R_co:
            permit = kwargs.get("permit")
            if not isinstance(permit, Permit):
                raise PermitError(f"{function.__qualname__} needs a permit")
            permit.check(*verbs)
            return function(*args, **kwargs)

        marked = cast("Needing[P, R_co]", checked)
        marked.verbs = frozenset(verbs)
        return marked

    return mark

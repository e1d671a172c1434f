"""Passphrases of the demo's members, and the file that keeps them. They are random, not from the seed: whoever knows
the seed must not know how to sign in."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from accord.demo.names import WORDS


def passphrase() -> str:
    """Three words and two digits: easy to type, about 29 bits; the demo serves on loopback only."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(3)), f"{secrets.randbelow(90) + 10}"])


@dataclass(frozen=True, slots=True)
class SignIn:
    """How one member of the demo signs in."""

    agency: str
    role: str
    name: str
    email: str
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """What a data directory's demo is. `ready` is False while it is being filled: then the next start begins afresh.
    `papers`: agency -> its director's recovery key."""

    seed: int
    size: int
    ready: bool = False
    sign_ins: tuple[SignIn, ...] = ()
    papers: dict[str, str] = field(default_factory=dict, repr=False)

    def write(self, path: Path) -> None:
        """Replace the file whole, mode 0600."""
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None when there is no such file. Raises ValueError when it is damaged."""
        try:
            raw: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return cls(**raw | {"sign_ins": tuple(SignIn(**each) for each in raw["sign_ins"])})
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path} is damaged: start the demo with --reset.") from None

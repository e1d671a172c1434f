"""Which protocols are in force, and every version of each. A shipped text is read once per process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType

from accord.coordination.protocols.rules import Protocol, loaded

STANDARD = Path(__file__).parent / "standard"


def protocols(at: datetime) -> Mapping[str, Protocol]:  # noqa: ARG001 - what is shipped has always been in force
    """The version of each protocol that is in force at a moment, by code."""
    newest: dict[str, Protocol] = {}
    for (code, version), found in _shipped().items():
        if code not in newest or newest[code].version < version:
            newest[code] = found
    return newest


def protocol(code: str, version: int) -> Protocol:
    """Any version, also one that is no longer in force. Raises KeyError."""
    return _shipped()[code, version]


@cache
def _shipped() -> Mapping[tuple[str, int], Protocol]:
    texts = sorted(STANDARD.glob("*.toml"))
    found = [loaded(path.read_text("utf-8"), path.name) for path in texts]
    return MappingProxyType({(each.code, each.version): each for each in found})

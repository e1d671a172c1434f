"""Which protocols there are: the texts that come with Accord, read once in a process, and what the community adopted
of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files

from accord.coordination.protocols import adopted
from accord.coordination.protocols.rules import InvalidProtocol, Protocol, loaded

#: Versions that came with Accord and will not be the community's own: what it adopts later has higher numbers.
_AS_SHIPPED: set[tuple[str, int]] = set()


def protocols(at: datetime) -> Mapping[str, Protocol]:
    """The version of each protocol that is in force at a moment, by code."""
    return shipped() | adopted.protocols(at)


def protocol(code: str, version: int) -> Protocol:
    """One version, also one that is no longer in force. Raises KeyError."""
    if (code, version) in _AS_SHIPPED:
        return _shipped()[code, version]
    found = adopted.protocol(code, version) or _shipped()[code, version]
    if (code, version) in _shipped() and adopted.none_of(code):
        _AS_SHIPPED.add((code, version))
    return found


def newest(code: str) -> int:
    """The number of the newest version of a protocol, in force or not yet; 0 when the community has none."""
    return adopted.newest(code) or (shipped()[code].version if code in shipped() else 0)


def shipped() -> dict[str, Protocol]:
    """The newest version that comes with Accord of each protocol, by code."""
    return {code: one for (code, _), one in sorted(_shipped().items())}


@cache
def _shipped() -> Mapping[tuple[str, int], Protocol]:
    """Every text beside this file by code and version. Raises InvalidProtocol."""
    found: dict[tuple[str, int], Protocol] = {}
    for text in (files("accord.coordination.protocols") / "standard").iterdir():
        one = loaded(text.read_text("utf-8"), text.name)
        if (one.code, one.version) in found:
            raise InvalidProtocol(f"{text.name}: another text is version {one.version} of {one.code} too")
        found[one.code, one.version] = one
    return found

"""Which protocols there are: the texts that come with Accord, read once in a process, and what the community adopted
of them. And what one agency holds itself to beyond that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

from accord.coordination.protocols import adopted, models
from accord.coordination.protocols.own import Own, stricter
from accord.coordination.protocols.rules import InvalidProtocol, Protocol, Span, Unit, loaded

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


def standing(agency_id: UUID, at: datetime, code: str = "") -> Iterator[tuple[models.Own, Own]]:
    """What an agency holds itself to beyond what was agreed, of one protocol or of all."""
    about = ("protocol", "due", "step", "evidence")
    rows = models.Own.objects.filter(agency_id=agency_id, since_at__lte=at, **({"protocol": code} if code else {}))
    for row in rows.order_by(*about, "-number").distinct(*about):
        within = Span(row.count, Unit(row.unit)) if row.count is not None else None
        one = Own(row.due, row.step, row.evidence, within, row.asked)
        if not one.ends:
            yield row, one


def own(agency_id: UUID, at: datetime) -> Mapping[str, tuple[Own, ...]]:
    """The same by protocol."""
    found: dict[str, tuple[Own, ...]] = {}
    for row, one in standing(agency_id, at):
        found[row.protocol] = (*found.get(row.protocol, ()), one)
    return found


def held(one: Protocol, agency_id: UUID, at: datetime) -> Protocol:
    """A version as an agency holds itself to it."""
    return stricter(one, [own for _row, own in standing(agency_id, at, one.code)])


def newest(code: str) -> int:
    """The number of the newest version of a protocol, in force or not yet; 0 when the community has none."""
    return adopted.newest(code) or (shipped()[code].version if code in shipped() else 0)


def shipped() -> dict[str, Protocol]:
    """The newest version that comes with Accord of each protocol, by code."""
    return {code: one for (code, _), one in sorted(_shipped().items())}


def example() -> str:
    """A small whole text that says what each line of it means."""
    return (files("accord.coordination.protocols") / "example.toml").read_text("utf-8")


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

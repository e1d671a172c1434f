"""Check an exported ledger, on any machine, without the program that wrote it.

    python -m accord.ledger.verify EXPORT [--checkpoint SAVED]... [--older EXPORT]

Needs this file, `tree.py` beside it, and Python 3.11; nothing else. Says which leaf was changed, removed, inserted or
moved, and whether the tail was cut or the whole rewritten.

Exit codes: 0 good; 1 tampered with; 2 the input cannot be used (missing, not an export, checkpoint of another ledger).

An export has one line per leaf, in order: `<position> <leaf hash, 64 hex digits> <leaf>`, or `- <id>` for a leaf whose
row is gone. The hash was recorded when the leaf entered the tree. Against a saved checkpoint the recorded hashes either
give the saved root, and then each is proven and a leaf that does not match its hash is the altered one; or they do not,
and something before that size was rewritten together with its hash. Several checkpoints narrow down where, and an older
export that its keeper trusts says exactly which leaves. With neither, only careless tampering can be seen.
"""

from __future__ import annotations

import argparse
import re
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__:
    from accord.ledger.tree import DIGEST, Frontier, TreeHead, origin
else:  # copied out of the house, next to tree.py
    from tree import DIGEST, Frontier, TreeHead, origin

#: Findings kept in full; beyond this only their number is told.
KEPT = 1_000

_SHAPE = re.compile(rb"(0|[1-9][0-9]{0,17}) ([0-9a-f]{64}) (.*)", re.DOTALL)
_ID = re.compile(rb'(?:"id":"|- )([0-9a-f-]{36})')
_AGENCY = re.compile(rb'"agency":"([0-9a-f-]{36})"')
_GONE = b"- "


class Unusable(Exception):
    """The input cannot be checked at all; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong. `kind`: changed, removed, inserted, reordered, cut, rewritten. `position` to `last` (equal for a
    single leaf) are places in the trusted order. `leaf` is its id as far as the line still tells, else empty."""

    kind: str
    position: int
    last: int
    leaf: str = ""

    def sentence(self) -> str:
        who = f" (leaf {self.leaf})" if self.leaf else ""
        where = f"position {self.position}{who}"
        several = f"{self.last - self.position + 1} leaves, positions {self.position} to {self.last},"
        if self.kind == "cut":
            return f"cut: the tail from position {self.position} to {self.last} is missing"
        if self.kind == "rewritten":
            return f"rewritten: somewhere in positions {self.position} to {self.last}, contradicting a saved checkpoint"
        if self.kind == "removed" and self.last > self.position:
            return f"removed: {several} are missing"
        return {
            "changed": f"changed: {where} is not what was recorded",
            "removed": f"removed: {where} is missing",
            "inserted": f"inserted: a leaf{who} that does not belong stands at position {self.position}",
            "reordered": f"reordered: {where} was moved",
        }[self.kind]


@dataclass(slots=True)
class Report:
    """`head` is the tree as exported; `proven` how many leaves, from the first, a saved checkpoint vouches for.
    `findings` holds the first `KEPT`, `more` counts the rest."""

    head: TreeHead
    proven: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0

    @property
    def good(self) -> bool:
        return not self.findings


def export_line(position: int, digest: bytes, line: str | None, leaf: object) -> str:
    """One line of an export, without its line end. `line` is None when the row of `leaf` (its id) is gone."""
    return f"{position} {digest.hex()} {f'- {leaf}' if line is None else line}"


@dataclass(slots=True)
class _Scan:
    """One pass over an export. `places` are the positions its lines claim (-1: unreadable), `digests` their recorded
    hashes, `altered` the slots whose leaf is not the recorded one, with both hashes; `more` counts altered ones beyond
    `KEPT`; `roots` the root at each size asked for."""

    path: Path
    frontier: Frontier = field(default_factory=Frontier)
    places: array[int] = field(default_factory=lambda: array("q"))
    in_order: bool = True
    digests: bytearray = field(default_factory=bytearray)
    altered: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    more: int = 0
    roots: dict[int, bytes] = field(default_factory=dict)
    agency: str = ""


def _scan(path: Path, sizes: set[int]) -> _Scan:
    scan = _Scan(path)
    frontier, places, digests = scan.frontier, scan.places, scan.digests
    shape, add, readable = _SHAPE.fullmatch, scan.frontier.append, 0
    if 0 in sizes:
        scan.roots[0] = frontier.root()
    try:
        with path.open("rb") as lines:
            for slot, raw in enumerate(lines):
                cells = shape(raw, 0, len(raw) - 1) if raw.endswith(b"\n") else None
                if cells is None:
                    place, recorded = -1, sha256(b"\x00" + raw).digest()
                else:
                    readable += 1
                    claimed, written, leaf = cells.groups()
                    place, recorded = int(claimed), bytes.fromhex(written.decode())
                    actual = sha256(b"\x00" + leaf).digest()
                    if actual != recorded:
                        if len(scan.altered) < KEPT:
                            scan.altered[slot] = (recorded, b"" if leaf.startswith(_GONE) else actual)
                        else:
                            scan.more += 1
                    elif not scan.agency and (agency := _AGENCY.search(leaf)):
                        scan.agency = agency[1].decode()
                if place != slot:
                    scan.in_order = False
                places.append(place)
                digests += recorded
                add(recorded)
                if frontier.size in sizes:
                    scan.roots[frontier.size] = frontier.root()
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from None
    if places and not readable:
        raise Unusable(f"{path} is not a ledger export: no line has a position, a hash and a leaf")
    return scan


def _longest_rising(places: Sequence[int]) -> list[int]:
    """The slots of a longest strictly rising run of places, skipping -1: whatever is not in it was moved."""
    tops: list[int] = []
    slots: list[int] = []
    before = array("q", [-1]) * len(places)
    for slot, place in enumerate(places):
        if place < 0:
            continue
        height = bisect_left(tops, place)
        before[slot] = slots[height - 1] if height else -1
        tops[height : height + 1] = [place]
        slots[height : height + 1] = [slot]
    run: list[int] = []
    slot = slots[-1] if slots else -1
    while slot >= 0:
        run.append(slot)
        slot = before[slot]
    return run[::-1]


def _differences(places: Sequence[int], size: int, grown: bool) -> Iterator[tuple[str, int, int, int]]:
    """What turned the trusted order 0, 1, ... size-1 into `places`, where `places[slot]` is the trusted place of what
    now stands at `slot`, or -1 for a stranger. Yields (kind, slot or -1, first, last place). A stranger where something
    is missing is a change. `grown`: strangers after the end are honest growth."""
    run = _longest_rising(places)
    kept = {places[slot] for slot in run}
    moved: dict[int, int] = {}
    standing = set(run)
    for slot, place in enumerate(places):
        if slot not in standing and 0 <= place < size and place not in kept:
            moved.setdefault(place, slot)
    elsewhere = sorted(moved)
    expected, previous = 0, -1
    for slot, place in [*((slot, places[slot]) for slot in run), (len(places), size)]:
        strangers = (s for s in range(previous + 1, slot) if moved.get(places[s]) != s)
        gap = elsewhere[bisect_left(elsewhere, expected) : bisect_left(elsewhere, place)]
        for stop in [*gap, place]:
            while expected < stop and (stranger := next(strangers, -1)) >= 0:
                yield "changed", stranger, expected, expected
                expected += 1
            if expected < stop:
                yield "removed", -1, expected, stop - 1
            if stop < place:
                yield "reordered", moved[stop], stop, stop
            expected = stop + 1
        if slot < len(places) or not grown:
            for stranger in strangers:
                yield "inserted", stranger, place, place
        previous = slot


def _ids(path: Path, slots: set[int]) -> dict[int, str]:
    """The ids in these lines, as far as they can still be read: one more pass, only when something is wrong."""
    ids: dict[int, str] = {}
    if slots:
        with path.open("rb") as lines:
            for slot, raw in enumerate(lines):
                if slot in slots and (found := _ID.search(raw)):
                    ids[slot] = found[1].decode()
    return ids


def _inside(scan: _Scan, size: int) -> Iterator[tuple[str, int, int, int]]:
    """What an export says against itself, and against a saved `size`: (kind, slot or -1, first, last place)."""
    if not scan.in_order or len(scan.places) < size:
        run = _longest_rising(scan.places)
        size = max(size, scan.places[run[-1]] + 1 if run else 0)
        for kind, slot, first, last in _differences(scan.places, size, grown=False):
            yield "cut" if kind == "removed" and last == size - 1 else kind, slot, first, last
    home = {recorded: slot for slot, (recorded, _) in scan.altered.items()}
    for slot, (_, actual) in scan.altered.items():
        kind = "removed" if not actual else "reordered" if actual in home else "changed"
        place = scan.places[home.get(actual, slot)]
        yield kind, slot, place, place


def _against(scan: _Scan, older: _Scan) -> Iterator[tuple[str, int, int, int]]:
    """What differs from an older export, leaf by leaf. The slot of something removed is its slot in the older one."""
    if scan.digests.startswith(older.digests):
        return
    size = len(older.places)
    trusted = {bytes(older.digests[DIGEST * slot : DIGEST * (slot + 1)]): slot for slot in range(size)}
    places = array(
        "q",
        (trusted.get(bytes(scan.digests[at : at + DIGEST]), -1) for at in range(0, len(scan.digests), DIGEST)),
    )
    for kind, slot, first, last in _differences(places, size, grown=True):
        yield "cut" if kind == "removed" and last == size - 1 else kind, slot, first, last


def _trusted(path: Path, heads: Sequence[TreeHead]) -> _Scan:
    """An older export, once it has been checked itself."""
    scan = _scan(path, {head.size for head in heads})
    wrong = any(scan.roots.get(head.size, head.root) != head.root for head in heads)
    if wrong or next(_inside(scan, 0), None):
        raise Unusable(f"{path} has itself been tampered with and proves nothing: give another older export")
    return scan


def verify(path: Path, heads: Sequence[TreeHead] = (), older: Path | None = None) -> Report:
    """Check the export at `path` against saved checkpoints and, leaf by leaf, against an older export.

    Memory: 40 bytes a leaf; with an older export that differs, about 300. Raises Unusable.
    """
    if len({head.origin for head in heads}) > 1:
        raise Unusable("the saved checkpoints belong to different ledgers: give only those of this agency")
    sizes = {head.size for head in heads}
    scan = _scan(path, sizes)
    if not scan.places and not heads and older is None:
        raise Unusable(f"{path} is empty: there is nothing to check")
    name = heads[0].origin if heads else origin(scan.agency or "unknown")
    if scan.agency and name != origin(scan.agency):
        raise Unusable(f"the saved checkpoint is of {name}, the export of {origin(scan.agency)}")
    report = Report(head=TreeHead(origin=name, size=scan.frontier.size, root=scan.frontier.root()))

    trusted = None if older is None else _trusted(older, heads)
    if trusted and trusted.agency and scan.agency and trusted.agency != scan.agency:
        raise Unusable(f"{older} is of another ledger")
    # How long it must be: known from a checkpoint, unless the older export covers it and says better what is gone.
    size = max(sizes, default=0)
    size = 0 if trusted and len(trusted.places) >= size else size
    # Each difference once: kind, slot, first and last place -> the file and slot that still know the id.
    seen = {found: (path, found[1]) for found in _inside(scan, size)}
    for kind, slot, first, last in _against(scan, trusted) if trusted else ():
        lost = slot < 0 and first == last
        seen[kind, slot, first, last] = (trusted.path, first) if trusted and lost else (path, slot)
    where = sorted(seen.items(), key=lambda entry: entry[0][2:])[:KEPT]
    ids = {file: _ids(file, {slot for _, (of, slot) in where if of == file}) for file in {of for _, (of, _) in where}}
    report.findings = [
        Finding(kind, first, last, ids[file].get(slot, "")) for (kind, _, first, last), (file, slot) in where
    ]
    report.more = scan.more + len(seen) - len(where)

    for head in sorted(heads, key=lambda head: head.size):
        if scan.roots.get(head.size) == head.root:
            report.proven = max(report.proven, head.size)
        elif head.size in scan.roots:
            report.findings.append(Finding("rewritten", report.proven, head.size - 1))
            break
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="verify", description="Check an exported ledger for tampering.")
    parser.add_argument("export", type=Path, help="the export to check")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="a checkpoint kept elsewhere")
    parser.add_argument("--older", type=Path, help="an older export kept elsewhere: names the exact leaves")
    options = parser.parse_args(arguments)
    try:
        report = verify(options.export, [_saved(path) for path in options.checkpoint], options.older)
    except Unusable as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 2
    for finding in report.findings:
        print(finding.sentence())
    if report.more:
        print(f"and {report.more} more")
    if not report.good:
        kinds = Counter(finding.kind for finding in report.findings)
        print("TAMPERED: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
        return 1
    print(f"good: {report.head.size} leaves, {report.proven} of them proven by a saved checkpoint")
    if report.proven < report.head.size:
        print("later leaves hang together, but a cut tail or a rewrite there cannot be seen; keep this checkpoint:")
    print(report.head.text(), end="")
    return 0


def _saved(path: Path) -> TreeHead:
    try:
        return TreeHead.from_text(path.read_text("utf-8"))
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Unusable(f"{path} is not a checkpoint: {error}") from None


if __name__ == "__main__":
    sys.exit(main())

"""The Merkle tree of one agency's ledger: RFC 6962 section 2.1, proofs as in RFC 9162 section 2.1.

Standard library only and no other room, so that this file and `verify.py` can be copied to any machine.
Hashes are 32-byte SHA-256 digests; positions count from 0.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

DIGEST = 32
EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf. The prefix keeps a leaf from ever passing for a node (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees, each 32 bytes (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first.

    Enough to append and to name the root, in 32 bytes for every 1 in the binary size: 640 bytes at most for a
    million leaves.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at position `size`."""
        peaks, size = self._peaks, self.size
        while size & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over everything appended so far; `EMPTY` over nothing."""
        if not self._peaks:
            return EMPTY
        root = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Eight bytes of size (big endian), then the peaks."""
        return self.size.to_bytes(8, "big") + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """The inverse of `to_bytes`. Raises ValueError when the length does not fit the size."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + DIGEST * size.bit_count():
            raise ValueError("these bytes are not the right edge of a tree")
        frontier = cls()
        frontier.size = size
        frontier._peaks = [data[start : start + DIGEST] for start in range(8, len(data), DIGEST)]
        return frontier


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """The hashes that lead from one leaf to the root, lowest first (RFC 9162 section 2.1.3.1).

    Raises IndexError when there is no such position.
    """
    if not 0 <= position < len(leaves):
        raise IndexError("no leaf has this position")
    start, end = 0, len(leaves)
    siblings: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if position < middle:
            siblings.append(root(leaves[middle:end]))
            end = middle
        else:
            siblings.append(root(leaves[start:middle]))
            start = middle
    return siblings[::-1]


def verify_inclusion(leaf: bytes, position: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """True when `proof` shows `leaf` at `position` of the tree of `size` leaves with root `expected`
    (RFC 9162 section 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    place, last, found = position, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == expected


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """The hashes that show the tree over the first `first` leaves to be a beginning of the tree over all of them
    (RFC 9162 section 2.1.4.1). Empty for 0 and for all. Raises IndexError for a size that never was."""
    if not 0 <= first <= len(leaves):
        raise IndexError("the tree never had this size")
    start, end, known = 0, len(leaves), True
    proof: list[bytes] = []
    while 0 < first < end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(root(leaves[middle:end]))
            end = middle
        else:
            proof.append(root(leaves[start:middle]))
            start, known = middle, False
    if not known:
        proof.append(root(leaves[start:end]))
    return proof[::-1]


def verify_consistency(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """True when `proof` shows that the tree of `second` leaves with root `new` begins with the tree of `first`
    leaves with root `old` (RFC 9162 section 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and old == new
    if first == 0:
        return not proof and old == EMPTY
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, old)
    if not path:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found_old = found_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found_new = node_hash(found_new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found_old == old and found_new == new


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A checkpoint: at `size` leaves the ledger named `origin` had this root. What a careful partner keeps."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Three lines: origin, size, base64 of the root (the body of a C2SP tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def from_text(cls, text: str) -> TreeHead:
        """Read what `text` wrote. Lines after the third (extensions, and signatures after a blank line, as the
        format allows) are left alone. Raises ValueError with a plain sentence."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not (lines[1].isascii() and lines[1].isdigit()):
            raise ValueError("a checkpoint has three lines: origin, size, root")
        if lines[1] != str(int(lines[1])):
            raise ValueError("a checkpoint's size has no leading zeros")
        try:
            digest = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("a checkpoint's root is base64") from None
        if len(digest) != DIGEST:
            raise ValueError("a checkpoint's root is 32 bytes")
        return cls(origin=lines[0], size=int(lines[1]), root=digest)


def origin(agency: object) -> str:
    """The name of an agency's ledger in its checkpoints."""
    return f"accord/{agency}"

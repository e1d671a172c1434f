"""The tree against RFC 6962, its published test vectors, and pymerkle as a second reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from accord.ledger.tree import (
    EMPTY,
    Frontier,
    TreeHead,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    origin,
    root,
    verify_consistency,
    verify_inclusion,
)

# From the test data of the Certificate Transparency reference implementation.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = [*range(1, 20), 31, 32, 33, 63, 64, 65]


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % n) for n in range(count)]


def oracle(count: int) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for n in range(count):
        tree.append_entry(b"%d" % n)
    return tree


def test_published_roots() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY == root([])
    for data, expected in zip(INPUTS, ROOTS, strict=True):
        frontier.append(leaf_hash(bytes.fromhex(data)))
        assert frontier.root().hex() == expected


@pytest.mark.parametrize("size", SIZES)
def test_roots_and_proofs_as_pymerkle_has_them(size: int) -> None:
    leaves, tree = hashes(size), oracle(size)
    whole = root(leaves)
    assert whole == tree.get_root()
    for position, leaf in enumerate(leaves):
        proof = inclusion_proof(leaves, position)
        # pymerkle counts from 1 and puts the leaf itself first.
        assert [leaf, *proof] == tree.prove_inclusion(position + 1).path
        assert verify_inclusion(leaf, position, size, proof, whole)
    for first in range(1, size):
        # pymerkle's consistency proofs have a form of their own, so it is asked for the two roots only.
        assert verify_consistency(first, size, tree.get_root(first), whole, consistency_proof(leaves, first))


@pytest.mark.parametrize(
    ("first", "parts"),
    [(3, [(2, 3), (3, 4), (0, 2), (4, 7)]), (4, [(4, 7)]), (6, [(4, 6), (6, 7), (0, 4)])],
)
def test_the_consistency_proofs_printed_in_the_standard(first: int, parts: list[tuple[int, int]]) -> None:
    # RFC 9162 section 2.1.5: the tree of seven leaves.
    leaves = hashes(7)
    assert consistency_proof(leaves, first) == [root(leaves[start:end]) for start, end in parts]


@given(st.integers(1, 80), st.data())
def test_a_wrong_inclusion_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = hashes(size)
    whole = root(leaves)
    position = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves, position)
    other = leaf_hash(b"other")
    assert not verify_inclusion(other, position, size, proof, whole)
    assert not verify_inclusion(leaves[position], position, size, proof, other)
    assert not verify_inclusion(leaves[position], position, size, [*proof, other], whole)
    assert not verify_inclusion(leaves[position], size, size, proof, whole)
    assert not verify_inclusion(leaves[position], -1, size, proof, whole)
    if proof:
        spot = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_inclusion(leaves[position], position, size, proof[:-1], whole)
        changed = [*proof[:spot], other, *proof[spot + 1 :]]
        assert not verify_inclusion(leaves[position], position, size, changed, whole)
        elsewhere = data.draw(st.integers(0, size - 1).filter(lambda p: p != position))
        assert not verify_inclusion(leaves[position], elsewhere, size, proof, whole)


@given(st.integers(2, 80), st.data())
def test_a_wrong_consistency_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = hashes(size)
    first = data.draw(st.integers(1, size - 1))
    old, new, other = root(leaves[:first]), root(leaves), leaf_hash(b"other")
    proof = consistency_proof(leaves, first)
    assert not verify_consistency(first, size, other, new, proof)
    assert not verify_consistency(first, size, old, other, proof)
    assert not verify_consistency(first, size, old, new, [*proof, other])
    assert not verify_consistency(first, size, old, new, proof[:-1])
    assert not verify_consistency(size, first, old, new, proof)
    spot = data.draw(st.integers(0, len(proof) - 1))
    assert not verify_consistency(first, size, old, new, [*proof[:spot], other, *proof[spot + 1 :]])


def test_consistency_at_the_edges() -> None:
    leaves = hashes(5)
    whole = root(leaves)
    assert consistency_proof(leaves, 0) == consistency_proof(leaves, 5) == []
    assert verify_consistency(0, 5, EMPTY, whole, [])
    assert not verify_consistency(0, 5, whole, whole, [])
    assert verify_consistency(5, 5, whole, whole, [])
    assert not verify_consistency(5, 5, EMPTY, whole, [])


def test_proofs_of_what_is_not_there_are_refused() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(hashes(3), 3)
    with pytest.raises(IndexError):
        consistency_proof(hashes(3), 4)


@given(st.integers(0, 300), st.integers(0, 50))
def test_a_frontier_goes_on_from_its_bytes(before: int, after: int) -> None:
    leaves = hashes(before + after)
    frontier = Frontier()
    for leaf in leaves[:before]:
        frontier.append(leaf)
    again = Frontier.from_bytes(frontier.to_bytes())
    for leaf in leaves[before:]:
        again.append(leaf)
    assert (again.size, again.root()) == (before + after, root(leaves))


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9), (1).to_bytes(8, "big"), (3).to_bytes(8, "big") + bytes(32)])
def test_bytes_that_are_no_frontier(data: bytes) -> None:
    with pytest.raises(ValueError, match="right edge"):
        Frontier.from_bytes(data)


def test_a_checkpoint_is_three_lines_and_reads_back() -> None:
    head = TreeHead(origin("8d3c"), 5, root(hashes(5)))
    assert head.text().split("\n")[:2] == ["accord/8d3c", "5"]
    assert head.text().count("\n") == 3
    assert TreeHead.from_text(head.text()) == head
    assert TreeHead.from_text(head.text() + "\n\N{EM DASH} partner c2lnbmF0dXJl\n") == head


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\nx\nAAAA\n",
        "a\n01\nAAAA\n",
        "a\n-1\nAAAA\n",
        "a\n1\nAAAA\n",
        "a\n1\n!!!!\n",
        "\n1\nAAAA\n",
        "a\n²\nA\n",
    ],
)
def test_text_that_is_no_checkpoint(text: str) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        TreeHead.from_text(text)

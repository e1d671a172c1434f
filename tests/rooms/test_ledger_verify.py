"""The stand-alone verifier: every tampering is found, and named where that can be known."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from accord.ledger import tree, verify
from accord.ledger.tree import TreeHead, leaf_hash, origin, root
from accord.ledger.verify import Finding, Unusable, export_line

AGENCY = UUID(int=1)
SIZE = 40
tampering = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
slots = st.integers(0, SIZE - 1)


def name(n: int) -> str:
    return str(UUID(int=1000 + n))


def leaf(n: int, verb: str = "read_client") -> str:
    return f'{{"agency":"{AGENCY}","id":"{name(n)}","nonce":"{n:032x}","verb":"{verb}"}}'


def lines(leaves: Sequence[str]) -> list[str]:
    return [export_line(place, leaf_hash(text.encode()), text, "") for place, text in enumerate(leaves)]


def head(leaves: Sequence[str]) -> TreeHead:
    return TreeHead(origin(AGENCY), len(leaves), root(leaf_hash(text.encode()) for text in leaves))


LEAVES = [leaf(n) for n in range(SIZE)]
LINES = lines(LEAVES)
HEAD = head(LEAVES)


def save(path: Path, rows: Sequence[str]) -> Path:
    path.write_bytes("".join(row + "\n" for row in rows).encode())
    return path


def found(folder: Path, rows: Sequence[str], heads: Sequence[TreeHead] = (HEAD,), older: bool = False) -> list[Finding]:
    before = save(folder / "older", LINES) if older else None
    return verify.verify(save(folder / "export", rows), heads, before).findings


def kinds(findings: Sequence[Finding]) -> list[tuple[str, int, int, str]]:
    return [(f.kind, f.position, f.last, f.leaf) for f in findings]


def test_good(tmp_path: Path) -> None:
    report = verify.verify(save(tmp_path / "export", LINES), [head(LEAVES[:7]), HEAD])
    assert report.good
    assert (report.head, report.proven) == (HEAD, SIZE)


def test_growth_after_the_checkpoint_is_good(tmp_path: Path) -> None:
    grown = [*LEAVES, leaf(SIZE), leaf(SIZE + 1)]
    report = verify.verify(save(tmp_path / "export", lines(grown)), [HEAD], save(tmp_path / "older", LINES))
    assert report.good
    assert (report.head, report.proven) == (head(grown), SIZE)


# Careless tampering: the line or row is touched, the recorded hash is not. Named exactly.


@tampering
@given(slots)
def test_a_changed_leaf_is_named(tmp_path: Path, n: int) -> None:
    rows = LINES.copy()
    rows[n] = rows[n].replace("read_client", "edit_client")
    assert kinds(found(tmp_path, rows)) == [("changed", n, n, name(n))]


@tampering
@given(slots)
def test_a_lost_row_is_named(tmp_path: Path, n: int) -> None:
    rows = LINES.copy()
    rows[n] = export_line(n, leaf_hash(LEAVES[n].encode()), None, name(n))
    assert kinds(found(tmp_path, rows)) == [("removed", n, n, name(n))]


@tampering
@given(slots, slots)
def test_rows_whose_leaves_were_exchanged_are_named(tmp_path: Path, a: int, b: int) -> None:
    rows = LINES.copy()
    rows[a], rows[b] = (
        export_line(place, leaf_hash(LEAVES[place].encode()), LEAVES[other], "") for place, other in ((a, b), (b, a))
    )
    expected = sorted([("reordered", a, a, name(a)), ("reordered", b, b, name(b))]) if a != b else []
    assert sorted(kinds(found(tmp_path, rows))) == expected


@tampering
@given(slots, st.integers(1, 5))
def test_removed_lines_are_named(tmp_path: Path, n: int, count: int) -> None:
    end = min(n + count, SIZE) - 1
    rows = LINES[:n] + LINES[end + 1 :]
    kind = "cut" if end == SIZE - 1 else "removed"
    if rows:
        assert kinds(found(tmp_path, rows))[:1] == [(kind, n, end, "")]


@tampering
@given(slots, slots)
def test_exchanged_lines_are_named(tmp_path: Path, a: int, b: int) -> None:
    rows = LINES.copy()
    rows[a], rows[b] = rows[b], rows[a]
    assert_exchanged([f for f in kinds(found(tmp_path, rows)) if f[0] != "rewritten"], a, b)


def assert_exchanged(named: list[tuple[str, int, int, str]], a: int, b: int) -> None:
    """Exactly the two. Only where they stand so close that moving another explains as much, as many of those."""
    a, b = min(a, b), max(a, b)
    assert len(named) == min(b - a, 2)
    possible = (a, b) if b - a > 2 else range(a, b + 1)
    assert set(named) <= {("reordered", n, n, name(n)) for n in possible}


@tampering
@given(st.integers(0, SIZE))
def test_an_inserted_line_is_named(tmp_path: Path, n: int) -> None:
    forged = leaf(999)
    rows = [*LINES[:n], export_line(n, leaf_hash(forged.encode()), forged, ""), *LINES[n:]]
    findings = found(tmp_path, rows)
    if n < SIZE:
        assert [f.kind for f in findings if f.kind != "rewritten"] == ["inserted"]
        assert {f.leaf for f in findings if f.kind == "inserted"} <= {name(999), name(n)}
    else:
        assert findings == []


# A thorough forger recomputes hashes and positions. A saved checkpoint tells; an older export names.

forgeries = st.one_of(
    st.tuples(st.just("change"), slots, slots),
    st.tuples(st.just("remove"), slots, slots),
    st.tuples(st.just("insert"), slots, slots),
    st.tuples(st.just("swap"), slots, slots).filter(lambda f: f[1] != f[2]),
)


def forge(kind: str, a: int, b: int) -> list[str]:
    leaves = LEAVES.copy()
    if kind == "change":
        leaves[a] = leaf(a, "edit_client")
    elif kind == "remove":
        del leaves[a]
    elif kind == "insert":
        leaves.insert(a, leaf(999))
    else:
        leaves[a], leaves[b] = leaves[b], leaves[a]
    return leaves


@tampering
@given(forgeries)
def test_a_recomputed_ledger_contradicts_the_checkpoint(tmp_path: Path, forgery: tuple[str, int, int]) -> None:
    leaves = forge(*forgery)
    assert found(tmp_path, lines(leaves), [head(leaves)]) == []
    assert found(tmp_path, lines(leaves), [HEAD])


@tampering
@given(forgeries)
def test_an_older_export_names_what_was_recomputed(tmp_path: Path, forgery: tuple[str, int, int]) -> None:
    kind, a, b = forgery
    named = [f for f in kinds(found(tmp_path, lines(forge(*forgery)), older=True)) if f[0] != "rewritten"]
    if kind == "change":
        assert named == [("changed", a, a, name(a))]
    elif kind == "remove":
        assert named == [("cut" if a == SIZE - 1 else "removed", a, a, name(a))]
    elif kind == "insert":
        assert named == [("inserted", a, a, name(999))]
    else:
        assert_exchanged(named, a, b)


def test_a_full_rewrite_is_seen_by_the_checkpoint(tmp_path: Path) -> None:
    rewritten = [leaf(n, "edit_client") for n in range(SIZE)]
    assert kinds(found(tmp_path, lines(rewritten))) == [("rewritten", 0, SIZE - 1, "")]
    changed = found(tmp_path, lines(rewritten), older=True)
    assert [f.position for f in changed if f.kind == "changed"] == list(range(SIZE))


def test_several_checkpoints_narrow_a_rewrite_down(tmp_path: Path) -> None:
    heads = [head(LEAVES[:size]) for size in (10, 20, 30)]
    rewritten = forge("change", 14, 0)
    assert kinds(found(tmp_path, lines(rewritten), [*heads, HEAD])) == [("rewritten", 10, 19, "")]


@tampering
@given(st.integers(0, SIZE - 1))
def test_a_cut_tail_is_seen_by_the_checkpoint(tmp_path: Path, left: int) -> None:
    assert kinds(found(tmp_path, LINES[:left])) == [("cut", left, SIZE - 1, "")]


# Raw damage to the file, whatever it hits: position, hash, leaf or line end.


@tampering
@given(st.data())
def test_every_flipped_bit_is_found(tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(save(tmp_path / "export", LINES).read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (tmp_path / "export").write_bytes(raw)
    assert verify.verify(tmp_path / "export", [HEAD]).findings


@tampering
@given(st.data())
def test_every_lost_or_added_byte_is_found(tmp_path: Path, data: st.DataObject) -> None:
    raw = save(tmp_path / "export", LINES).read_bytes()
    start = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(start, min(len(raw), start + 400)))
    added = data.draw(st.binary(min_size=0 if end > start else 1, max_size=40))
    damaged = raw[:start] + added + raw[end:]
    assume(damaged != raw)
    (tmp_path / "export").write_bytes(damaged)
    assert verify.verify(tmp_path / "export", [HEAD]).findings


@pytest.mark.parametrize("flip", [0, 1, 17, SIZE - 2])
def test_a_damaged_position_is_a_changed_leaf(tmp_path: Path, flip: int) -> None:
    rows = LINES.copy()
    rows[flip] = "7" + rows[flip]
    assert ("changed", flip, flip, name(flip)) in kinds(found(tmp_path, rows))


def test_only_so_many_findings_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "KEPT", 5)
    rows = [row.replace("read_client", "edit_client") for row in LINES]
    report = verify.verify(save(tmp_path / "export", rows))
    assert (len(report.findings), report.more) == (5, SIZE - 5)


# Input that cannot be used.


def test_unusable_input(tmp_path: Path) -> None:
    export, older = save(tmp_path / "export", LINES), tmp_path / "older"
    other = TreeHead(origin(UUID(int=2)), SIZE, HEAD.root)
    with pytest.raises(Unusable, match="cannot be read"):
        verify.verify(tmp_path / "nothing")
    with pytest.raises(Unusable, match="not a ledger export"):
        verify.verify(save(tmp_path / "poem", ["roses are red"]))
    with pytest.raises(Unusable, match="empty"):
        verify.verify(save(tmp_path / "empty", []))
    with pytest.raises(Unusable, match="the export of"):
        verify.verify(export, [other])
    with pytest.raises(Unusable, match="different ledgers"):
        verify.verify(export, [HEAD, other])
    with pytest.raises(Unusable, match="itself"):
        verify.verify(export, [], save(older, LINES[1:]))
    with pytest.raises(Unusable, match="itself"):
        verify.verify(export, [HEAD], save(older, lines(forge("change", 3, 0))))
    with pytest.raises(Unusable, match="another ledger"):
        verify.verify(export, [], save(older, lines([text.replace(str(AGENCY), str(UUID(int=2))) for text in LEAVES])))


def test_exit_codes_and_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export, saved = save(tmp_path / "export", LINES), tmp_path / "saved"
    saved.write_text(HEAD.text())
    assert verify.main([str(export), "--checkpoint", str(saved)]) == 0
    assert capsys.readouterr().out == f"good: {SIZE} leaves, {SIZE} of them proven by a saved checkpoint\n{HEAD.text()}"
    assert verify.main([str(export)]) == 0
    assert "cannot be seen; keep this checkpoint" in capsys.readouterr().out
    save(export, [*LINES[:3], *LINES[4:]])
    assert verify.main([str(export), "--checkpoint", str(saved)]) == 1
    assert capsys.readouterr().out == "removed: position 3 is missing\nTAMPERED: 1 removed\n"
    saved.write_text("roses are red")
    assert verify.main([str(export), "--checkpoint", str(saved)]) == 2
    assert "is not a checkpoint" in capsys.readouterr().err
    assert verify.main([str(export), "--checkpoint", str(tmp_path / "nothing")]) == 2


def test_every_kind_has_a_sentence() -> None:
    for kind in ("changed", "removed", "inserted", "reordered", "cut", "rewritten"):
        assert Finding(kind, 3, 3, "x").sentence().startswith(kind)
    assert "2 leaves" in Finding("removed", 3, 4).sentence()


def test_two_copied_files_are_enough(tmp_path: Path) -> None:
    for module in (tree, verify):
        shutil.copy(str(module.__file__), tmp_path)
    save(tmp_path / "export", LINES[:-1])
    (tmp_path / "saved").write_text(HEAD.text())
    # -S: no site-packages, so nothing but the standard library can be imported.
    command = [sys.executable, "-S", "verify.py", "export", "--checkpoint", "saved"]
    run = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout.startswith(f"cut: the tail from position {SIZE - 1}")


def test_runs_as_a_module(tmp_path: Path) -> None:
    export = save(tmp_path / "export", LINES)
    command = [sys.executable, "-m", "accord.ledger.verify", str(export)]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")

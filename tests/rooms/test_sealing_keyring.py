"""The keyring file: for its owner only, whole or untouched, and honest about what is wrong with it."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.sealing import keyring
from accord.sealing.errors import KeyringError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    keyring.create(tmp_path / "keyring.json")
    return tmp_path / "keyring.json"


def test_a_new_keyring_is_private_whole_and_readable(path: Path) -> None:
    ring = keyring.load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(ring.keys) == [ring.current]
    assert len(ring.key(ring.current)) == 32
    assert set(ring.secrets) == {"django", "context"}
    assert ring.secrets["django"] != ring.secrets["context"]
    assert os.listdir(path.parent) == [path.name]


def test_it_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyringError, match="never overwritten"):
        keyring.create(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o660, 0o777])
def test_a_keyring_open_to_others_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    for use in (keyring.load, keyring.rotate):
        with pytest.raises(KeyringError, match=f"{mode:04o}.*chmod 600"):
            use(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_keyring_is_accepted(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert keyring.load(path).current


def test_a_missing_keyring_says_what_to_do(tmp_path: Path) -> None:
    for use in (keyring.load, keyring.rotate):
        with pytest.raises(KeyringError, match="no keyring at .*Put back the copy"):
            use(tmp_path / "none.json")
    with pytest.raises(KeyringError, match="cannot be written: No such file"):
        keyring.create(tmp_path / "no" / "folder" / "keyring")
    with pytest.raises(KeyringError, match="cannot be read: Is a directory"):
        keyring.load(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=80) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(["keys", "id", "secrets"]), each),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_what_is_not_a_keyring_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(KeyringError, match="not a keyring, or it is damaged"):
        keyring.load(path)


def test_damage_to_any_key_is_noticed_at_load(path: Path) -> None:
    whole = json.loads(path.read_text())
    key = whole["keys"][0]["key"]
    changes: list[dict[str, object]] = [
        {"keys": [{**whole["keys"][0], "key": ("0" if key[0] != "0" else "1") + key[1:]}]},
        {"keys": [{**whole["keys"][0], "key": key[:-2]}]},
        {"keys": [{**whole["keys"][0], "id": "00000000"}]},
        {"keys": []},
        {"secrets": {"django": whole["secrets"]["django"]}},
        {"secrets": {**whole["secrets"], "context": ""}},
        {"version": 2},
    ]
    for change in changes:
        path.write_text(json.dumps({**whole, **change}))
        with pytest.raises(KeyringError, match="damaged") as caught:
            keyring.load(path)
        assert key not in str(caught.value)


def test_rotation_adds_a_current_key_and_keeps_the_rest(path: Path) -> None:
    first = keyring.load(path)
    second = keyring.rotate(path)
    assert list(second.keys) == [second.current, first.current]
    assert second.secrets == first.secrets
    assert keyring.load(path).keys == second.keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]
    with pytest.raises(KeyringError, match="current key stays"):
        keyring.drop(path, second.current)
    with pytest.raises(KeyringError, match="no older key"):
        keyring.drop(path, "unknown")
    assert list(keyring.drop(path, first.current).keys) == [second.current]
    assert list(keyring.load(path).keys) == [second.current]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_rotation_leaves_the_old_file(path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(KeyringError, match="No space left"):
        keyring.rotate(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_what_a_killed_rotation_left_behind_is_replaced(path: Path) -> None:
    (path.parent / f".{path.name}.new").write_text("half a key")
    keyring.rotate(path)
    assert len(keyring.load(path).keys) == 2
    assert os.listdir(path.parent) == [path.name]


def test_rotations_at_once_lose_no_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = {ring.current for ring in pool.map(lambda _: keyring.rotate(path), range(16))}
    assert len(made) == 16
    assert made < set(keyring.load(path).keys)


def test_a_link_to_the_keyring_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    keyring.rotate(link)
    assert link.is_symlink()
    assert len(keyring.load(path).keys) == 2

"""No key in print, in a traceback, in a pickle."""

import copy
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from accord.sealing import keyring
from accord.sealing.errors import WrongKey
from accord.sealing.keys import new_key
from accord.sealing.members import (
    Cost,
    lock_private,
    new_member_key,
    new_recovery_key,
    recovery_private,
    unlock_private,
)
from accord.sealing.session import open_from_session, seal_for_session
from accord.sealing.vault import ClientKey, Vault, grant_to, new_shred, new_vault, open_grant

SHRED = new_shred()


def holders(folder: Path) -> Iterator[tuple[object, list[bytes]]]:
    """Everything in this room that holds a key, with the key bytes that must not show."""
    agency, account = uuid4(), uuid4()
    vault = new_vault(agency).rotated()
    yield vault, [*vault.keys.values(), *vault.private.values(), vault.search_key]
    plain = Vault(agency, {1: bytes(vault.keys[1])}, 1, {1: bytes(vault.private[1])}, bytes(vault.search_key))
    yield plain, [*vault.keys.values(), *vault.private.values(), vault.search_key]
    yield vault.keys, list(vault.keys.values())
    client = vault.client_key(account, vault.new_client_key(account, SHRED), SHRED)
    yield client, [client.key]
    ring = keyring.create(folder / "keyring")
    yield ring, [*ring.keys.values(), *ring.secrets.values()]
    pair = new_member_key()
    yield pair, [pair.private]
    for secret in (
        new_key(),
        recovery_private(new_recovery_key()),
        unlock_private(lock_private(pair.private, "x", account, Cost(64, 1, 1)), "x", account),
        open_grant(pair.private, grant_to(pair.public, new_key(), agency, 1), agency, 1),
        open_from_session(new := new_key(), seal_for_session(new, pair.private, b"s" * 16), b"s" * 16),
    ):
        yield secret, [secret]


def shows(text: str, key: bytes) -> bool:
    bare = bytes(key)
    return bare.hex() in text.lower() or repr(bare)[2:-1] in text or str(list(bare)) in text


def test_nothing_prints_or_pickles_a_key(tmp_path: Path) -> None:
    seen = 0
    for holder, keys in holders(tmp_path):
        texts = [repr(holder), str(holder), f"{holder} {holder!r}", repr([holder]), repr({1: holder})]
        assert not any(shows(text, key) for text in texts for key in keys), type(holder)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(holder, protocol)
        with pytest.raises(TypeError):
            copy.deepcopy(holder)
        seen += 1
    assert seen == 11


def test_the_check_itself_sees_a_key() -> None:
    key = bytes(new_key())
    assert shows(repr(key), key)
    assert shows(key.hex(), key)
    assert not shows(repr(new_key()), key)


def test_a_traceback_with_local_variables_shows_no_key() -> None:
    vault = new_vault(uuid4())
    client = uuid4()
    secrets = [vault.keys[1], vault.private[1], vault.search_key]
    try:
        vault.client_key(uuid4(), vault.new_client_key(client, SHRED), SHRED)
    except WrongKey as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "secret bytes" in text
    assert not any(shows(text, secret) for secret in secrets)


def test_holders_are_frozen() -> None:
    vault = new_vault(uuid4())
    client: ClientKey = vault.client_key(vault.agency_id, vault.new_client_key(vault.agency_id, SHRED), SHRED)
    for holder, name in ((vault, "current"), (client, "key")):
        with pytest.raises(AttributeError):
            setattr(holder, name, None)
    with pytest.raises(TypeError):
        vault.keys[1] = new_key()  # type: ignore[index]

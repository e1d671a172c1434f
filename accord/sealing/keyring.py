"""The keyring file: keys that wrap service-mode vaults, and the machine's own secrets. Mode 0600, or nothing runs."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from accord.sealing.errors import KeyringError, WrongKey
from accord.sealing.keys import KEY_BYTES, NeverPickled, Secret, new_key

SECRETS = ("django", "context")
ID_LENGTH = 8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Keyring(NeverPickled):
    """`keys`: id -> 32-byte wrapping key, the current one first. `secrets`: name -> 32 bytes, see SECRETS."""

    keys: Mapping[str, bytes]
    secrets: Mapping[str, bytes]

    def __post_init__(self) -> None:
        for name in ("keys", "secrets"):
            held = {key: Secret(value) for key, value in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(held))

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self.keys)}>"

    @property
    def current(self) -> str:
        """The id of the key that wraps from now on."""
        return next(iter(self.keys))

    def key(self, id: str) -> bytes:
        """A wrapping key by its id. Raises WrongKey if this keyring does not hold it."""
        if id not in self.keys:
            raise WrongKey(f"The keyring does not hold key {id!r}. Bring back the keyring file that does.")
        return self.keys[id]


def load(path: str | os.PathLike[str]) -> Keyring:
    """Read a keyring. Raises KeyringError if it is missing, unreadable, open to group or others, or malformed."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise KeyringError(f"Others may open the keyring {path} ({stat.S_IMODE(mode):04o}): chmod 600 it.")
            text = file.read()
    except FileNotFoundError:
        raise KeyringError(f"There is no keyring at {path}. Put back the copy you keep, or create one.") from None
    except OSError as error:
        raise KeyringError(f"The keyring {path} cannot be read: {error.strerror}.") from None
    try:
        content = json.loads(text)
        pairs = [(str(each["id"]), bytes.fromhex(each["key"])) for each in content["keys"]]
        keyring = Keyring(dict(pairs), {name: bytes.fromhex(content["secrets"][name]) for name in SECRETS})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _malformed(path) from None
    whole = {len(value) for value in (*keyring.keys.values(), *keyring.secrets.values())} == {KEY_BYTES}
    if content.get("version") != 1 or not pairs or not whole or any(_id(key) != id for id, key in pairs):
        raise _malformed(path)
    return keyring


def create(path: str | os.PathLike[str]) -> Keyring:
    """Write a new keyring of one key. Raises KeyringError if anything is there already: it is never overwritten."""
    key = new_key()
    keyring = Keyring({_id(key): key}, {name: new_key() for name in SECRETS})
    with _folder_of(path) as (whole, folder):
        _write(whole, folder, keyring, fresh=True)
    return keyring


def rotate(path: str | os.PathLike[str]) -> Keyring:
    """Add a new current key and keep the older ones. A crash leaves the old file or the new, never half of one."""
    with _folder_of(path) as (whole, folder):
        keyring, key = load(whole), new_key()
        keyring = replace(keyring, keys={_id(key): key, **keyring.keys})
        _write(whole, folder, keyring)
    return keyring


def drop(path: str | os.PathLike[str], id: str) -> Keyring:
    """Forget an older key, once nothing is wrapped under it. Raises KeyringError for the current or an unknown one."""
    with _folder_of(path) as (whole, folder):
        keyring = load(whole)
        if id not in keyring.keys or id == keyring.current:
            raise KeyringError(f"The keyring has no older key {id!r} to drop; its current key stays.")
        keyring = replace(keyring, keys={each: key for each, key in keyring.keys.items() if each != id})
        _write(whole, folder, keyring)
    return keyring


def _id(key: bytes) -> str:
    """A key's id follows from the key, so a damaged key is noticed at load and two keyrings are never confused."""
    return sha256(b"accord/keyring" + key).hexdigest()[:ID_LENGTH]


def _malformed(path: str | os.PathLike[str]) -> KeyringError:
    return KeyringError(f"{path} is not a keyring, or it is damaged. Put back the copy you keep.")


@contextmanager
def _folder_of(path: str | os.PathLike[str]) -> Iterator[tuple[Path, int]]:
    """The file behind any link, and its folder, locked: two rotations at once would lose a key already in use."""
    whole = Path(path).resolve()
    folder = -1
    try:
        folder = os.open(whole.parent, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield whole, folder
    except OSError as error:
        raise KeyringError(f"The keyring {whole} cannot be written: {error.strerror}.") from None
    finally:
        if folder >= 0:
            os.close(folder)


def _write(path: Path, folder: int, keyring: Keyring, fresh: bool = False) -> None:
    keys = [{"id": id, "key": key.hex()} for id, key in keyring.keys.items()]
    secrets = {name: value.hex() for name, value in keyring.secrets.items()}
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"version": 1, "keys": keys, "secrets": secrets}, file, indent=1)
            if not fresh and os.geteuid() == 0:  # root rotating must not lock the server's own user out
                os.fchown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            os.link(beside, path)  # unlike a rename, never replaces
        else:
            os.replace(beside, path)
        os.fsync(folder)
    except FileExistsError:
        raise KeyringError(f"{path} exists already; a keyring is never overwritten.") from None
    finally:
        beside.unlink(missing_ok=True)

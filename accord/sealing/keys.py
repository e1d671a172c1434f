"""Key bytes: made, derived, told apart by purpose, and kept out of print."""

import os
from typing import NoReturn, SupportsIndex
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class NeverPickled:
    """Pickling and copying are refused: a key must not reach a cache, a job or a file by accident."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("Keys are never pickled or copied.")


class Secret(NeverPickled, bytes):
    """Bytes that print only their length, so that a traceback with local variables shows no key."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secret bytes>"

    __str__ = __repr__


def new_key() -> Secret:
    """32 bytes from the operating system."""
    return Secret(os.urandom(KEY_BYTES))


def derive(secret: bytes, purpose: bytes, salt: bytes = b"", length: int = KEY_BYTES) -> Secret:
    """HKDF-SHA256 (RFC 5869). `secret` must already be strong; passwords go through Argon2id (members.py)."""
    return Secret(HKDF(SHA256(), length, salt, purpose).derive(secret))


def bind(purpose: str, *parts: str | bytes | int | UUID) -> bytes:
    """One byte string for a purpose and its parts: each with its length in front, so no two lists read alike."""
    encoded = [purpose.encode()]
    for part in parts:
        if isinstance(part, UUID):
            encoded.append(part.bytes)
        elif isinstance(part, int):
            encoded.append(part.to_bytes(8, "big"))
        else:
            encoded.append(part.encode() if isinstance(part, str) else part)
    return b"".join(len(each).to_bytes(4, "big") + each for each in encoded)

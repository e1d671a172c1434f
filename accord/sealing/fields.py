"""One sealed value, bound to the place where it is stored."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.keys import KEY_BYTES, Secret, bind

_FORMAT = b"\x01"
_NONCE = 12
_TAG = 16
OVERHEAD = len(_FORMAT) + _NONCE + _TAG


def aad(agency: UUID, table: str, column: str, row: UUID) -> bytes:
    """The place of a value. Sealed under one place it opens in no other."""
    return bind("accord/field", agency, table, column, row)


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Seal with AES-256-GCM (NIST SP 800-38D): 0x01, 12-byte random nonce, ciphertext, 16-byte tag (29 bytes more).

    `key` is 32 bytes. One key seals at most 2**32 values (random nonces); a client's key never comes near.
    Raises SealingError for a key of another length.
    """
    nonce = os.urandom(_NONCE)
    return _FORMAT + nonce + _cipher(key).encrypt(nonce, plaintext, _FORMAT + aad)


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext, whole. Raises WrongKey for another key, another place or a changed byte; never returns a part."""
    cipher = _cipher(key)
    if len(sealed) < OVERHEAD or sealed[:1] != _FORMAT:
        raise WrongKey("This is not a sealed value, or it was cut or changed where it is stored.")
    nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    try:
        return cipher.decrypt(nonce, body, _FORMAT + aad)
    except InvalidTag:
        raise WrongKey("This does not open: another key sealed it, or it was changed or moved in storage.") from None


def open_key(key: bytes, sealed: bytes, aad: bytes) -> Secret:
    """Like open_sealed, for what is itself a key."""
    return Secret(open_sealed(key, sealed, aad))


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:  # AESGCM would silently take 16 or 24
        raise SealingError(f"A key has {KEY_BYTES} bytes; this has {len(key)}.")
    return AESGCM(key)

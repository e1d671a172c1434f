"""A member's own key pair, locked under what she knows; and the director's recovery key, printed once."""

import os
import struct
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Self
from uuid import UUID

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw

from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.fields import open_key, seal
from accord.sealing.hpke import PRIVATE_BYTES, KeyPair, new_keypair, public_of
from accord.sealing.keys import KEY_BYTES, Secret, bind, derive


class Cost(NamedTuple):
    """What one guess costs: memory in KiB, passes over it, lanes."""

    memory: int
    passes: int
    lanes: int


STANDARD = Cost(memory=65536, passes=3, lanes=4)  # RFC 9106, second recommended option
_MOST = Cost(memory=1048576, passes=16, lanes=16)  # a row changed in storage must not be able to stall sign-in
_HEAD = struct.Struct(">BIII16s")


@dataclass(frozen=True, slots=True)
class LockedKey:
    """A private key as it is stored: 16-byte salt, Argon2id cost, sealed bytes. Holds nothing secret."""

    salt: bytes
    params: Cost
    sealed: bytes

    def to_bytes(self) -> bytes:
        return _HEAD.pack(1, *self.params, self.salt) + self.sealed

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Raises WrongKey if these bytes are not a locked key."""
        if len(stored) <= _HEAD.size or stored[0] != 1:
            raise WrongKey("This is not a locked key, or it was changed where it is stored.")
        _, memory, passes, lanes, salt = _HEAD.unpack_from(stored)
        return cls(salt, Cost(memory, passes, lanes), stored[_HEAD.size :])


def new_member_key() -> KeyPair:
    """(public 1216 bytes, private 96 bytes). The public half receives grants; lock the private half at once."""
    return new_keypair()


def lock_private(private: bytes, secret: str, account: UUID, cost: Cost = STANDARD) -> LockedKey:
    """Lock under a password or an enrolment code. A new password means: unlock with the old, lock with the new.

    Argon2id (RFC 9106) over the NFKC form of `secret`; bound to the account. Raises SealingError if `secret` is empty.
    """
    salt = os.urandom(16)
    return LockedKey(salt, cost, seal(_kek(secret, salt, cost), private, _locked_for(account, salt, cost)))


def unlock_private(locked: LockedKey, secret: str, account: UUID) -> Secret:
    """The 96-byte private key. Raises WrongKey for another secret, another account or a changed row."""
    kek = _kek(secret, locked.salt, locked.params)
    try:
        return open_key(kek, locked.sealed, _locked_for(account, locked.salt, locked.params))
    except WrongKey:
        raise WrongKey("This password or code does not open this member's key.") from None


def _locked_for(account: UUID, salt: bytes, cost: Cost) -> bytes:
    return bind("accord/member", account, salt, *cost)


def _kek(secret: str, salt: bytes, cost: Cost) -> Secret:
    spelled = unicodedata.normalize("NFKC", secret).encode(errors="surrogatepass")  # typed input may hold anything
    if not spelled:
        raise SealingError("An empty password or code locks nothing.")
    if any(asked > most for asked, most in zip(cost, _MOST, strict=True)):
        raise WrongKey("This locked key asks for more work than any we made; it was changed where it is stored.")
    try:
        raw = hash_secret_raw(spelled, salt, cost.passes, cost.memory, cost.lanes, KEY_BYTES, Type.ID)
    except HashingError as error:
        raise SealingError(f"These Argon2 parameters cannot be used: {error}.") from None
    return Secret(raw)


# The recovery key: 32 random bytes and a 3-byte checksum as 14 groups of 4, in Crockford's alphabet (no I, L, O, U).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_CHARACTERS = 56


def new_recovery_key() -> str:
    """256 random bits to print once and keep offline, "8QZ1-…" in 14 groups. Store only recovery_public() of it."""
    raw = os.urandom(KEY_BYTES)
    number = int.from_bytes(raw + _checksum(raw), "big")
    spelled = "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_CHARACTERS - 1), -1, -5))
    return "-".join(spelled[start : start + 4] for start in range(0, _CHARACTERS, 4))


def recovery_public(recovery_key: str) -> bytes:
    """The 1216 bytes to keep: later vault keys are wrapped to it without asking for the paper again."""
    return public_of(recovery_private(recovery_key))


def recovery_private(recovery_key: str) -> Secret:
    """The private key that the paper stands for (HKDF). Case, spaces, dashes, O/0 and I/L/1 do not matter.

    Raises WrongKey for a typing error, naming the group where it can.
    """
    typed = [c for c in unicodedata.normalize("NFKC", recovery_key).upper().translate(_LOOKALIKES) if c.isalnum()]
    if len(typed) != _CHARACTERS:
        raise WrongKey(f"A recovery key has {_CHARACTERS} letters and digits in 14 groups of 4; this has {len(typed)}.")
    unknown = [place for place, character in enumerate(typed) if character not in _ALPHABET]
    if unknown:
        raise WrongKey(f"Group {unknown[0] // 4 + 1} of the recovery key holds a letter no recovery key has.")
    raw = _read(typed)
    if raw is None:
        raise WrongKey(f"The recovery key is mistyped{_where(typed)}. Check it against the paper.")
    return derive(raw, b"accord/recovery", length=PRIVATE_BYTES)


def _checksum(raw: bytes) -> bytes:
    return sha256(b"accord/recovery" + raw).digest()[:3]


def _read(typed: list[str]) -> bytes | None:
    number = 0
    for character in typed:
        number = number << 5 | _ALPHABET.index(character)
    whole = number.to_bytes(KEY_BYTES + 3, "big")
    return whole[:KEY_BYTES] if _checksum(whole[:KEY_BYTES]) == whole[KEY_BYTES:] else None


def _where(typed: list[str]) -> str:
    """If one character alone is wrong, its group: fifty-six characters are hard to compare at night."""
    for place in range(_CHARACTERS):
        for character in _ALPHABET:
            if _read([*typed[:place], character, *typed[place + 1 :]]) is not None:
                return f" in group {place // 4 + 1}"
    return ""

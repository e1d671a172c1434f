"""Sealing to a public key: what one agency sends another, and how a vault key reaches a member."""

from collections.abc import Callable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.keys import Secret

PUBLIC_BYTES = 1184 + 32
PRIVATE_BYTES = 64 + 32

_FORMAT = b"\x01"
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class KeyPair(NamedTuple):
    public: bytes
    private: Secret


def new_keypair() -> KeyPair:
    """A fresh pair: public 1216 bytes (ML-KEM-768, X25519), private 96 bytes (ML-KEM seed, X25519)."""
    mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    private = Secret(mlkem.private_bytes_raw() + x25519.private_bytes_raw())
    return KeyPair(public_of(private), private)


def public_of(private: bytes) -> bytes:
    """The 1216 public bytes of a 96-byte private key. Raises SealingError for another length."""
    mlkem, x25519 = _parts(private)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def seal_to(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """HPKE base mode (RFC 9180) with ML-KEM-768 + X25519, HKDF-SHA256, AES-256-GCM; 1137 bytes more than the plaintext.

    `info` binds the purpose: it opens only with the same bytes. Anyone can seal to a public key, so an opened envelope
    says nothing about who sent it; its row does. Raises SealingError for something that is not a public key.
    """
    return sealer(public)(plaintext, info)


def sealer(public: bytes) -> Callable[[bytes, bytes], bytes]:
    """`seal_to` for many plaintexts: reading a public key costs a good part of sealing with it. Raises as `seal_to`."""
    if len(public) != PUBLIC_BYTES:
        raise SealingError(f"A public key has {PUBLIC_BYTES} bytes; this has {len(public)}.")
    try:
        key = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:1184]), X25519PublicKey.from_public_bytes(public[1184:])
        )
    except ValueError:
        raise SealingError("This is not a public key.") from None

    def sealed(plaintext: bytes, info: bytes) -> bytes:
        try:
            return _FORMAT + _SUITE.encrypt(plaintext, key, info)
        except ValueError:
            raise SealingError("This is not a public key.") from None

    return sealed


def open_from(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """The plaintext. Raises WrongKey for another private key, another `info` or a changed byte."""
    return opener(private)(sealed, info)


def opener(private: bytes) -> Callable[[bytes, bytes], bytes]:
    """`open_from` for many envelopes: reading a private key costs as much as opening one with it."""
    key = hpke.MLKEM768X25519PrivateKey(*_parts(private))

    def opened(sealed: bytes, info: bytes) -> bytes:
        try:
            if sealed[:1] != _FORMAT:
                raise InvalidTag
            return _SUITE.decrypt(sealed[1:], key, info)
        except (InvalidTag, ValueError):
            raise WrongKey("This envelope does not open: it was sealed to another key, or it was changed.") from None

    return opened


def _parts(private: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    if len(private) != PRIVATE_BYTES:
        raise SealingError(f"A private key has {PRIVATE_BYTES} bytes; this has {len(private)}.")
    return MLKEM768PrivateKey.from_seed_bytes(private[:64]), X25519PrivateKey.from_private_bytes(private[64:])

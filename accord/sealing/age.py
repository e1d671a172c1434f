"""Writing age files (age-encryption.org/v1, c2sp.org/age) piece by piece, so that what is written is never held whole.

pyrage seals to a passphrase only what is in memory at once; here each piece is sealed as it comes and nothing in clear
waits anywhere. Only writing, only the two recipients people use, only primitives of `cryptography`; the tests open
every file with pyrage. A file that was cut short does not open to its end: its last chunk says that it is the last.
"""

from __future__ import annotations

import os
from base64 import b64encode

from cryptography.hazmat.primitives import hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from accord.sealing.errors import SealingError
from accord.sealing.keys import derive

_CHUNK = 64 * 1024
_NOTHING = bytes(12)
#: scrypt's cost as age itself chooses it: about a second and 256 MB for each guess.
WORK = 18


class Writer:
    """One age file. `begin` first, then `add` what comes, then `end`; each returns the bytes to write down."""

    def __init__(self, stanza: bytes, file_key: bytes) -> None:
        header = b"age-encryption.org/v1\n" + stanza + b"---"
        mac = hmac.HMAC(derive(file_key, b"header"), SHA256())
        mac.update(header)
        nonce = os.urandom(16)
        self._begin = header + b" " + _base64(mac.finalize()) + b"\n" + nonce
        self._cipher = ChaCha20Poly1305(derive(file_key, b"payload", salt=nonce))
        self._counter = 0
        self._waiting = bytearray()

    def begin(self) -> bytes:
        """The header and the payload's nonce."""
        return self._begin

    def add(self, data: bytes) -> bytes:
        """Whole chunks as they fill; a rest waits for the next call. The last chunk is never written here."""
        self._waiting += data
        written = bytearray()
        while len(self._waiting) > _CHUNK:
            written += self._chunk(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]
        return bytes(written)

    def end(self) -> bytes:
        """The last chunk. Without it the file does not open to its end."""
        return self._chunk(bytes(self._waiting), last=True)

    def _chunk(self, data: bytes, *, last: bool) -> bytes:
        nonce = self._counter.to_bytes(11, "big") + bytes([last])
        self._counter += 1
        return self._cipher.encrypt(nonce, data, None)


def for_passphrase(passphrase: str, work: int = WORK) -> Writer:
    """A file that opens with a passphrase (`age -d`). `work` is the binary logarithm of scrypt's cost."""
    file_key, salt = os.urandom(16), os.urandom(16)
    wrap = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**work, 8, 1).derive(passphrase.encode())
    return Writer(_stanza(b"scrypt " + _base64(salt) + b" %d" % work, wrap, file_key), file_key)


def for_recipient(recipient: str) -> Writer:
    """A file that opens with the identity of an `age1…` recipient (`age -d -i key.txt`). Raises SealingError."""
    public = _public(recipient)
    file_key, ephemeral = os.urandom(16), X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    try:
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise SealingError("This is not an age recipient.") from None
    wrap = derive(shared, b"age-encryption.org/v1/X25519", salt=share + public)
    return Writer(_stanza(b"X25519 " + _base64(share), wrap, file_key), file_key)


def _stanza(arguments: bytes, wrap: bytes, file_key: bytes) -> bytes:
    # The wrapping key is used once, hence the zero nonce (c2sp.org/age).
    return b"-> " + arguments + b"\n" + _base64(ChaCha20Poly1305(wrap).encrypt(_NOTHING, file_key, None)) + b"\n"


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _public(recipient: str) -> bytes:
    """The 32 bytes of an `age1…` recipient: Bech32 (BIP 173). Raises SealingError for a mistyped one."""
    text = recipient.strip()
    text = text.lower() if text.isupper() else text
    values = [_BECH32.find(each) for each in text[4:]]
    if not text.startswith("age1") or len(text) != 62 or min(values) < 0:
        raise SealingError("An age recipient begins with age1 and has 62 characters.")
    checksum = 1
    for value in (*(ord(each) >> 5 for each in "age"), 0, *(ord(each) & 31 for each in "age"), *values):
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            checksum ^= generator if top >> bit & 1 else 0
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    if checksum != 1 or number & 0b1111:
        raise SealingError("This age recipient is mistyped.")
    return (number >> 4).to_bytes(32, "big")

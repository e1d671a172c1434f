"""An agency's vault in the hand: its keys, the clients' keys below them, and the ways the vault key reaches someone.

member (HPKE) | service (keyring) | recovery (HPKE)  ->  vault key  ->  (with her shred) client key  ->  fields
                                                                    ->  secrets: older vault keys, agency private
                                                                        keys, search key
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Self
from uuid import UUID

from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.fields import aad, open_key, open_sealed, seal
from accord.sealing.hpke import new_keypair, open_from, opener, public_of, seal_to
from accord.sealing.keyring import ID_LENGTH, Keyring
from accord.sealing.keys import KEY_BYTES, NeverPickled, Secret, bind, derive, new_key
from accord.sealing.members import recovery_private

_VERSION = 4


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ClientKey(NeverPickled):
    """One client's key: everything about her is sealed under it, and destroying what unwraps it destroys that."""

    agency_id: UUID
    client_id: UUID
    key: Secret

    def __repr__(self) -> str:
        return f"<ClientKey of {self.client_id}>"

    def seal(self, table: str, column: str, row: UUID, plaintext: bytes) -> bytes:
        """Seal for one place only; see fields.seal."""
        return seal(self.key, plaintext, aad(self.agency_id, table, column, row))

    def open(self, table: str, column: str, row: UUID, sealed: bytes) -> bytes:
        """Raises WrongKey if sealed for another client or place, or changed."""
        return open_sealed(self.key, sealed, aad(self.agency_id, table, column, row))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Vault(NeverPickled):
    """`keys`: version -> 32-byte vault key, `current` seals; `private`: version -> 96-byte agency key; `search_key`."""

    agency_id: UUID
    keys: Mapping[int, bytes]
    current: int
    private: Mapping[int, bytes]
    search_key: bytes

    def __post_init__(self) -> None:
        for name in ("keys", "private"):
            held = {version: Secret(key) for version, key in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(held))
        object.__setattr__(self, "search_key", Secret(self.search_key))
        if self.current not in self.keys:
            raise SealingError(f"A vault must hold its current key, version {self.current}.")

    def __repr__(self) -> str:
        return f"<Vault of {self.agency_id}, keys {sorted(self.keys)}, current {self.current}>"

    # the clients' keys

    def new_client_key(self, client_id: UUID, shred: bytes) -> bytes:
        """A fresh client key, wrapped (65 bytes): version in clear (4 bytes, big-endian), then sealed.

        It is sealed under the vault key and `shred` together: 32 random bytes of this client alone, kept in a row of
        their own. Destroying that row destroys what any copy of the wrapped key could open.
        """
        return self._wrap(client_id, new_key(), shred)

    def client_key(self, client_id: UUID, wrapped: bytes, shred: bytes) -> ClientKey:
        """Raises WrongKey if wrapped for another client or agency, with another `shred`, under a version not held, or
        changed."""
        version = version_of(wrapped)
        place = bind("accord/client", self.agency_id, client_id, version)
        both = _with_shred(self._key(version), shred)
        return ClientKey(self.agency_id, client_id, open_key(both, wrapped[_VERSION:], place))

    def rewrap(self, client_id: UUID, wrapped: bytes, shred: bytes) -> bytes:
        """The same client key under the current vault key; unchanged if it is already. Raises as client_key."""
        key = self.client_key(client_id, wrapped, shred).key
        return wrapped if version_of(wrapped) == self.current else self._wrap(client_id, key, shred)

    def _wrap(self, client_id: UUID, key: bytes, shred: bytes) -> bytes:
        place = bind("accord/client", self.agency_id, client_id, self.current)
        return _prefix(self.current) + seal(_with_shred(self.keys[self.current], shred), key, place)

    def _key(self, version: int) -> bytes:
        if version not in self.keys:
            raise WrongKey(f"Sealed under vault key version {version}; this vault holds {sorted(self.keys)}.")
        return self.keys[version]

    # envelopes

    def public(self) -> bytes:
        """The 1216 bytes others seal to, of the newest private key; its version is max(vault.private)."""
        return public_of(self.private[max(self.private)])

    def open_envelope(self, version: int, sealed: bytes, info: bytes) -> bytes:
        """Open what was sealed to this agency's public key of that version. Raises WrongKey if it does not open."""
        return self.envelope_opener(version)(sealed, info)

    def envelope_opener(self, version: int) -> Callable[[bytes, bytes], bytes]:
        """`open_envelope` for many of one version. Raises WrongKey for a version this vault does not hold."""
        if version not in self.private:
            raise WrongKey(f"Sealed to agency key version {version}; this vault holds {sorted(self.private)}.")
        return opener(self.private[version])

    # at rest, and new versions

    def secrets(self) -> bytes:
        """All but the current vault key, sealed under it: who is granted the current key can then open everything.

        Older keys are inside, so a version made by someone who never held them opens nothing that was there before.
        """
        content = {
            "keys": {version: key.hex() for version, key in self.keys.items() if version != self.current},
            "private": {version: key.hex() for version, key in self.private.items()},
            "search": self.search_key.hex(),
        }
        place = bind("accord/vault", self.agency_id, self.current)
        return _prefix(self.current) + seal(self.keys[self.current], json.dumps(content).encode(), place)

    @classmethod
    def with_secrets(cls, agency_id: UUID, version: int, key: bytes, secrets: bytes) -> Self:
        """The vault from its current key and secrets(). Raises WrongKey if the two do not belong together."""
        if version_of(secrets) != version:
            raise WrongKey(f"These vault secrets need key version {version_of(secrets)}; version {version} was given.")
        content = json.loads(open_sealed(key, secrets[_VERSION:], bind("accord/vault", agency_id, version)))
        keys = {int(each): bytes.fromhex(held) for each, held in content["keys"].items()}
        private = {int(each): bytes.fromhex(held) for each, held in content["private"].items()}
        return cls(agency_id, {**keys, version: key}, version, private, bytes.fromhex(content["search"]))

    def rotated(self) -> Self:
        """The next version: a new vault key and a new agency key pair, both current; the older ones still open."""
        key, private = max(self.keys) + 1, max(self.private) + 1
        return replace(
            self,
            keys={**self.keys, key: new_key()},
            current=key,
            private={**self.private, private: new_keypair().private},
        )

    def drop_key(self, version: int) -> Self:
        """Without an older vault key, once every client key is re-wrapped. Raises SealingError for the current one."""
        if version == self.current:
            raise SealingError("The current vault key cannot be dropped.")
        return replace(self, keys={each: key for each, key in self.keys.items() if each != version})

    def drop_private(self, version: int) -> Self:
        """Without an older agency key, once no envelope is sealed to it. Raises SealingError for the newest one."""
        if version == max(self.private):
            raise SealingError("The newest agency key cannot be dropped.")
        return replace(self, private={each: key for each, key in self.private.items() if each != version})


def new_vault(agency_id: UUID) -> Vault:
    """A vault at version 1 with fresh keys."""
    return Vault(agency_id, {1: new_key()}, 1, {1: new_keypair().private}, new_key())


def version_of(wrapped: bytes) -> int:
    """The vault key version that a wrapped client key or a secrets() blob needs. Raises WrongKey if it is neither."""
    if len(wrapped) <= _VERSION:
        raise WrongKey("This is not a wrapped key, or it was cut where it is stored.")
    return int.from_bytes(wrapped[:_VERSION], "big")


def new_shred() -> bytes:
    """The 32 random bytes without which one client's key does not unwrap."""
    return os.urandom(KEY_BYTES)


def _with_shred(vault_key: bytes, shred: bytes) -> Secret:
    """What seals one client's key: nothing without the vault key, and nothing without her own secret."""
    if len(shred) != KEY_BYTES:
        raise WrongKey("What opens this client's key was destroyed.")
    return derive(vault_key, b"accord/client-key", salt=shred)


def _prefix(version: int) -> bytes:
    return version.to_bytes(_VERSION, "big")


# how the vault key reaches someone


def grant_to(member_public: bytes, vault_key: bytes, agency_id: UUID, version: int) -> bytes:
    """The vault key, sealed to one member (1169 bytes). Deleting it, and rotating the vault, takes it back."""
    return seal_to(member_public, vault_key, bind("accord/grant", agency_id, version))


def open_grant(member_private: bytes, grant: bytes, agency_id: UUID, version: int) -> Secret:
    """The vault key. Raises WrongKey if granted to another member, by another agency or for another version."""
    try:
        return Secret(open_from(member_private, grant, bind("accord/grant", agency_id, version)))
    except WrongKey:
        raise WrongKey("This member's key does not open this grant. Someone with access can grant it anew.") from None


def wrap_for_service(keyring: Keyring, vault_key: bytes, agency_id: UUID, version: int) -> bytes:
    """The vault key under the keyring's current key: key id in clear (8 characters), then sealed."""
    id = keyring.current
    return id.encode() + seal(keyring.key(id), vault_key, bind("accord/service", agency_id, version, id))


def unwrap_for_service(keyring: Keyring, wrapped: bytes, agency_id: UUID, version: int) -> Secret:
    """The vault key. Raises WrongKey if the keyring lost the key it needs, or for another agency or version."""
    id = keyring_id(wrapped)
    return open_key(keyring.key(id), wrapped[ID_LENGTH:], bind("accord/service", agency_id, version, id))


def keyring_id(wrapped: bytes) -> str:
    """The id of the keyring key that a service wrap needs: it must be wrapped anew before that key is dropped."""
    return wrapped[:ID_LENGTH].decode("ascii", "replace")


def wrap_for_recovery(recovery_public: bytes, vault_key: bytes, agency_id: UUID, version: int) -> bytes:
    """The vault key for the director's paper. Needs only its public half, so a rotation does not need the paper."""
    return seal_to(recovery_public, vault_key, bind("accord/recovery", agency_id, version))


def unwrap_for_recovery(recovery_key: str, wrapped: bytes, agency_id: UUID, version: int) -> Secret:
    """The vault key from the typed recovery key. Raises WrongKey, saying whether it is mistyped or another agency's."""
    private = recovery_private(recovery_key)
    try:
        return Secret(open_from(private, wrapped, bind("accord/recovery", agency_id, version)))
    except WrongKey:
        raise WrongKey("The recovery key is typed correctly but does not belong to this vault.") from None

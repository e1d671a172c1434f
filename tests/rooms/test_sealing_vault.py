"""Vault keys: envelopes, versions, and who they reach."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.sealing import keyring
from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.hpke import new_keypair, open_from, public_of, seal_to
from accord.sealing.keys import new_key
from accord.sealing.members import Cost, lock_private, new_member_key, new_recovery_key, recovery_public, unlock_private
from accord.sealing.vault import (
    Vault,
    grant_to,
    keyring_id,
    new_shred,
    new_vault,
    open_grant,
    unwrap_for_recovery,
    unwrap_for_service,
    version_of,
    wrap_for_recovery,
    wrap_for_service,
)

QUICK = Cost(memory=64, passes=1, lanes=1)
AGENCY = UUID(int=77)
SHRED = new_shred()


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=2000), st.binary(max_size=80), st.data())
def test_an_envelope_opens_for_its_recipient_and_purpose_only(body: bytes, info: bytes, data: st.DataObject) -> None:
    public, private = new_keypair()
    assert (len(public), len(private)) == (1216, 96)
    assert public_of(private) == public
    sealed = seal_to(public, body, info)
    assert len(sealed) == len(body) + 1137
    assert open_from(private, sealed, info) == body
    changed = bytearray(sealed)
    changed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    for key, envelope, purpose in (
        (new_keypair().private, sealed, info),
        (private, sealed, info + b"x"),
        (private, bytes(changed), info),
        (private, sealed[: data.draw(st.integers(0, len(sealed) - 1))], info),
    ):
        with pytest.raises(WrongKey):
            open_from(key, envelope, purpose)


def test_what_is_not_a_key_is_said_to_be_none() -> None:
    sealed = seal_to(new_keypair().public, b"x", b"")
    for wrong in (b"", b"x" * 95, new_keypair().public):
        with pytest.raises(SealingError, match="private key has 96 bytes"):
            open_from(wrong, sealed, b"")
    for wrong in (b"", new_keypair().private, b"\xff" * 1216, b"\x00" * 1216):
        with pytest.raises(SealingError, match="public key"):
            seal_to(wrong, b"x", b"")


def reopened(vault: Vault) -> Vault:
    """The vault as the next request sees it: from one vault key and the stored secrets."""
    return Vault.with_secrets(vault.agency_id, vault.current, vault.keys[vault.current], vault.secrets())


def test_a_vault_comes_back_whole_from_its_current_key() -> None:
    vault = new_vault(AGENCY).rotated().rotated()
    again = reopened(vault)
    assert (again.keys, again.current) == (vault.keys, 3)
    assert again.private == vault.private
    assert (again.search_key, again.public()) == (vault.search_key, vault.public())


def test_vault_secrets_open_with_their_own_key_version_and_agency_only() -> None:
    vault = new_vault(AGENCY)
    key, secrets = vault.keys[1], vault.secrets()
    with pytest.raises(WrongKey):
        Vault.with_secrets(AGENCY, 1, new_key(), secrets)
    with pytest.raises(WrongKey):
        Vault.with_secrets(uuid4(), 1, key, secrets)
    with pytest.raises(WrongKey, match="need key version 1; version 2"):
        Vault.with_secrets(AGENCY, 2, key, secrets)
    with pytest.raises(WrongKey):
        Vault.with_secrets(AGENCY, 2, key, b"\0\0\0\2" + secrets[4:])
    with pytest.raises(WrongKey, match="cut"):
        Vault.with_secrets(AGENCY, 0, key, b"")


def test_old_and_new_versions_open_until_the_old_one_is_dropped() -> None:
    first = new_vault(AGENCY)
    clients = {uuid4(): b"" for _ in range(20)}
    wrapped = {client: first.new_client_key(client, SHRED) for client in clients}
    row = uuid4()
    sealed = {c: first.client_key(c, wrapped[c], SHRED).seal("vault_client", "name", row, b"Ana") for c in clients}
    envelope = seal_to(first.public(), b"released", b"info")

    both = reopened(first.rotated())
    assert both.current == 2
    assert version_of(both.new_client_key(uuid4(), SHRED)) == 2
    assert seal_to(both.public(), b"", b"") and both.public() != first.public()
    for client in clients:
        moved = both.rewrap(client, wrapped[client], SHRED)
        assert (version_of(wrapped[client]), version_of(moved)) == (1, 2)
        assert both.rewrap(client, moved, SHRED) == moved
        for each in (wrapped[client], moved):
            assert both.client_key(client, each, SHRED).open("vault_client", "name", row, sealed[client]) == b"Ana"
        with pytest.raises(WrongKey, match="version 2; this vault holds \\[1\\]"):
            first.client_key(client, moved, SHRED)

    second = reopened(both.drop_key(1))
    for client in clients:
        key = second.client_key(client, both.rewrap(client, wrapped[client], SHRED), SHRED)
        assert key.open("vault_client", "name", row, sealed[client]) == b"Ana"
        with pytest.raises(WrongKey, match="version 1; this vault holds \\[2\\]"):
            second.client_key(client, wrapped[client], SHRED)
    assert second.open_envelope(1, envelope, b"info") == b"released"
    with pytest.raises(WrongKey, match="version 1"):
        second.drop_private(1).open_envelope(1, envelope, b"info")
    with pytest.raises(SealingError):
        second.drop_key(2)
    with pytest.raises(SealingError):
        second.drop_private(2)
    with pytest.raises(SealingError):
        replace(second, current=9)


def test_a_changed_version_number_does_not_help() -> None:
    vault = new_vault(AGENCY).rotated()
    client = uuid4()
    wrapped = vault.new_client_key(client, SHRED)
    for forged in (b"\0\0\0\1" + wrapped[4:], b"\0\0\0\3" + wrapped[4:], wrapped[:4], wrapped[:3], b""):
        with pytest.raises(WrongKey):
            vault.client_key(client, forged, SHRED)


def test_a_client_key_needs_the_vault_key_and_her_own_shred() -> None:
    """Whoever holds every vault key and the wrapped key, but not her shred, holds nothing of hers."""
    vault = new_vault(AGENCY)
    client, other = uuid4(), uuid4()
    mine, another = new_shred(), new_shred()
    wrapped = vault.new_client_key(client, mine)
    assert len(mine) == 32 and mine != another
    assert vault.client_key(client, wrapped, mine)
    for shred in (another, bytes(32), bytes(vault.keys[1]), b"", mine[:-1], mine + b"\0", mine[::-1]):
        with pytest.raises(WrongKey):
            vault.client_key(client, wrapped, shred)
        with pytest.raises(WrongKey):
            vault.rotated().rewrap(client, wrapped, shred)
    with pytest.raises(WrongKey):
        vault.client_key(other, wrapped, mine)
    with pytest.raises(WrongKey):
        new_vault(AGENCY).client_key(client, wrapped, mine)


def test_a_version_made_without_the_old_key_opens_nothing_old() -> None:
    """Who can write the database but never held a key may plant a version 2; what was there stays shut."""
    true = new_vault(AGENCY)
    client = uuid4()
    wrapped = true.new_client_key(client, SHRED)
    planted = new_vault(AGENCY).rotated()
    with pytest.raises(WrongKey):
        planted.client_key(client, wrapped, SHRED)


def test_members_come_change_their_password_lose_it_and_leave() -> None:
    vault = new_vault(AGENCY)
    director, advocate = uuid4(), uuid4()

    # the director begins; her recovery key is printed, only its public half is kept
    director_pair = new_member_key()
    paper = new_recovery_key()
    kept = recovery_public(paper)
    recovery = wrap_for_recovery(kept, vault.keys[1], AGENCY, 1)
    grants = {director: grant_to(director_pair.public, vault.keys[1], AGENCY, 1)}

    # a member is added: her key waits under an enrolment code, then moves under her password
    public, private = new_member_key()
    locked = lock_private(private, "code 1234", advocate, QUICK)
    grants[advocate] = grant_to(public, vault.keys[1], AGENCY, 1)
    locked = lock_private(unlock_private(locked, "code 1234", advocate), "first password", advocate, QUICK)
    with pytest.raises(WrongKey):
        unlock_private(locked, "code 1234", advocate)

    # password change: same grant
    locked = lock_private(unlock_private(locked, "first password", advocate), "second password", advocate, QUICK)
    key = open_grant(unlock_private(locked, "second password", advocate), grants[advocate], AGENCY, 1)
    assert key == vault.keys[1]
    with pytest.raises(WrongKey):
        open_grant(director_pair.private, grants[advocate], AGENCY, 1)

    # password lost: the old lock stays shut; a new pair and a new grant from someone who can open
    with pytest.raises(WrongKey):
        unlock_private(locked, "cannot remember", advocate)
    public, renewed = new_member_key()
    with pytest.raises(WrongKey, match="grant it anew"):
        open_grant(renewed, grants[advocate], AGENCY, 1)
    grants[advocate] = grant_to(public, open_grant(director_pair.private, grants[director], AGENCY, 1), AGENCY, 1)
    assert open_grant(renewed, grants[advocate], AGENCY, 1) == vault.keys[1]

    # she leaves: rotation without the paper; what she kept opens nothing new
    rotated = vault.rotated()
    grants = {director: grant_to(director_pair.public, rotated.keys[2], AGENCY, 2)}
    new_recovery = wrap_for_recovery(kept, rotated.keys[2], AGENCY, 2)
    with pytest.raises(WrongKey):
        open_grant(renewed, grants[director], AGENCY, 2)
    with pytest.raises(WrongKey):
        Vault.with_secrets(AGENCY, 2, vault.keys[1], rotated.secrets())

    # everyone's password is lost: the paper opens the new version as well as the old
    assert unwrap_for_recovery(paper, recovery, AGENCY, 1) == vault.keys[1]
    key = unwrap_for_recovery(paper, new_recovery, AGENCY, 2)
    assert Vault.with_secrets(AGENCY, 2, key, rotated.secrets()).keys == rotated.keys


def test_grants_and_wraps_hold_for_one_agency_version_and_way(tmp_path: Path) -> None:
    key, pair, paper = new_key(), new_member_key(), new_recovery_key()
    ring = keyring.create(tmp_path / "keyring")
    grant = grant_to(pair.public, key, AGENCY, 1)
    recovery = wrap_for_recovery(recovery_public(paper), key, AGENCY, 1)
    service = wrap_for_service(ring, key, AGENCY, 1)
    assert open_grant(pair.private, grant, AGENCY, 1) == key
    assert unwrap_for_recovery(paper, recovery, AGENCY, 1) == key
    assert unwrap_for_service(ring, service, AGENCY, 1) == key
    for agency, version in ((uuid4(), 1), (AGENCY, 2)):
        with pytest.raises(WrongKey):
            open_grant(pair.private, grant, agency, version)
        with pytest.raises(WrongKey):
            unwrap_for_recovery(paper, recovery, agency, version)
        with pytest.raises(WrongKey):
            unwrap_for_service(ring, service, agency, version)
    with pytest.raises(WrongKey):
        unwrap_for_recovery(paper, grant_to(recovery_public(paper), key, AGENCY, 1), AGENCY, 1)
    with pytest.raises(WrongKey, match="typed correctly"):
        unwrap_for_recovery(new_recovery_key(), recovery, AGENCY, 1)


def test_service_wraps_follow_the_keyring(tmp_path: Path) -> None:
    path, key = tmp_path / "keyring", new_key()
    old = keyring.create(path)
    wrapped = wrap_for_service(old, key, AGENCY, 1)
    new = keyring.rotate(path)
    assert keyring_id(wrapped) == old.current != new.current
    assert unwrap_for_service(new, wrapped, AGENCY, 1) == key
    moved = wrap_for_service(new, unwrap_for_service(new, wrapped, AGENCY, 1), AGENCY, 1)
    left = keyring.drop(path, old.current)
    assert unwrap_for_service(left, moved, AGENCY, 1) == key
    with pytest.raises(WrongKey, match=f"does not hold key '{old.current}'"):
        unwrap_for_service(left, wrapped, AGENCY, 1)
    with pytest.raises(WrongKey, match="does not hold key"):
        unwrap_for_service(keyring.create(tmp_path / "another"), moved, AGENCY, 1)
    for forged in (b"", b"\xff" * 90, moved[:8], new.current.encode() + wrapped[8:]):
        with pytest.raises(WrongKey):
            unwrap_for_service(new, forged, AGENCY, 1)

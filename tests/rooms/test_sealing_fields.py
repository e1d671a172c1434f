"""A sealed value opens with its key at its place, and nowhere else."""

import os
import random
from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.fields import OVERHEAD, aad, open_sealed, seal
from accord.sealing.keys import bind, new_key
from accord.sealing.vault import new_shred, new_vault

KEY = new_key()
SHRED = new_shred()
PLACE = aad(UUID(int=1), "vault_client", "name", UUID(int=2))


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_again(plaintext: bytes, place: bytes) -> None:
    sealed = seal(KEY, plaintext, place)
    assert len(sealed) == len(plaintext) + OVERHEAD
    assert sealed[0] == 1
    assert open_sealed(KEY, sealed, place) == plaintext


@given(st.binary(max_size=60), st.data())
def test_any_changed_or_cut_byte_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, plaintext, PLACE))
    at = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(WrongKey):
        open_sealed(KEY, bytes(sealed[:at]), PLACE)
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WrongKey):
        open_sealed(KEY, bytes(sealed), PLACE)


def test_a_lost_or_wrong_key_is_an_error_that_names_neither() -> None:
    sealed = seal(KEY, b"CANARY", PLACE)
    with pytest.raises(WrongKey, match="does not open") as caught:
        open_sealed(new_key(), sealed, PLACE)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33, 64])
def test_only_keys_of_32_bytes_are_used(length: int) -> None:
    with pytest.raises(SealingError, match="32 bytes"):
        seal(os.urandom(length), b"x", PLACE)
    with pytest.raises(SealingError, match="32 bytes"):
        open_sealed(os.urandom(length), seal(KEY, b"x", PLACE), PLACE)


def test_the_same_value_never_looks_the_same() -> None:
    assert len({seal(KEY, b"same", PLACE) for _ in range(10_000)}) == 10_000


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_two_lists_of_parts_never_read_alike(one: list[str], other: list[str]) -> None:
    assert (bind("p", *one) == bind("p", *other)) == (one == other)


def test_ten_thousand_swaps_are_rejected() -> None:
    """One key for all, so that nothing but the place can tell them apart: 2,500 swaps in each of four directions."""
    chance = random.Random(7)
    axes: list[list[UUID] | list[str]] = [
        [uuid4() for _ in range(4)],
        ["vault_person", "vault_client", "vault_entry"],
        ["name", "names", "contact", "summary"],
        [uuid4() for _ in range(10)],
    ]
    sealed = {place: seal(KEY, repr(place).encode(), aad(*place)) for place in product(*axes)}  # type: ignore[arg-type]
    places = list(sealed)
    rejected = 0
    for axis in range(4):
        for _ in range(2_500):
            home = chance.choice(places)
            away = list(home)
            away[axis] = chance.choice([value for value in axes[axis] if value != home[axis]])
            with pytest.raises(WrongKey):
                open_sealed(KEY, sealed[home], aad(*away))  # type: ignore[arg-type]
            rejected += 1
    assert rejected == 10_000
    assert all(open_sealed(KEY, sealed[place], aad(*place)) for place in places)  # type: ignore[arg-type]


@settings(max_examples=20, deadline=None)
@given(st.uuids(), st.uuids(), st.binary(max_size=50))
def test_clients_and_agencies_open_only_their_own(client: UUID, other: UUID, plaintext: bytes) -> None:
    st_brigid, county = new_vault(uuid4()), new_vault(uuid4())
    row = uuid4()
    wrapped = st_brigid.new_client_key(client, SHRED)
    mine = st_brigid.client_key(client, wrapped, SHRED)
    sealed = mine.seal("vault_client", "name", row, plaintext)
    assert mine.open("vault_client", "name", row, sealed) == plaintext
    strangers = [county.client_key(client, county.new_client_key(client, SHRED), SHRED)]
    if other != client:
        strangers.append(st_brigid.client_key(other, st_brigid.new_client_key(other, SHRED), SHRED))
        with pytest.raises(WrongKey):
            st_brigid.client_key(other, wrapped, SHRED)
    for stranger in strangers:
        with pytest.raises(WrongKey):
            stranger.open("vault_client", "name", row, sealed)
    with pytest.raises(WrongKey):
        county.client_key(client, wrapped, SHRED)

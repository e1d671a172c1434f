"""What a member knows opens her key; what the director kept on paper opens the vault; a cookie opens a session."""

import os
import time
import unicodedata
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.members import (
    STANDARD,
    Cost,
    LockedKey,
    lock_private,
    new_member_key,
    new_recovery_key,
    recovery_private,
    recovery_public,
    unlock_private,
)
from accord.sealing.session import open_from_session, seal_for_session

QUICK = Cost(memory=64, passes=1, lanes=1)
ACCOUNT = UUID(int=5)
PRIVATE = new_member_key().private
PAPER = new_recovery_key()
GROUPS = PAPER.split("-")
secrets = st.text(st.characters(), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(secrets, secrets)
def test_only_the_same_secret_unlocks(secret: str, other: str) -> None:
    locked = LockedKey.from_bytes(lock_private(PRIVATE, secret, ACCOUNT, QUICK).to_bytes())
    assert unlock_private(locked, secret, ACCOUNT) == PRIVATE
    assert unlock_private(locked, unicodedata.normalize("NFD", secret), ACCOUNT) == PRIVATE
    assume(unicodedata.normalize("NFKC", secret) != unicodedata.normalize("NFKC", other))
    with pytest.raises(WrongKey, match="password or code"):
        unlock_private(locked, other, ACCOUNT)


def test_a_password_is_the_same_from_every_keyboard() -> None:
    locked = lock_private(PRIVATE, "Contrase\u00f1a \ufb01el", ACCOUNT, QUICK)
    assert unlock_private(locked, "Contrasen\u0303a fiel", ACCOUNT) == PRIVATE


def test_a_lock_holds_for_one_account() -> None:
    with pytest.raises(WrongKey):
        unlock_private(lock_private(PRIVATE, "secret", ACCOUNT, QUICK), "secret", uuid4())


def test_two_locks_share_nothing() -> None:
    one, other = (lock_private(PRIVATE, "secret", ACCOUNT, QUICK) for _ in range(2))
    assert one.salt != other.salt
    assert one.sealed != other.sealed


def test_a_changed_lock_is_noticed_and_cannot_stall_sign_in() -> None:
    stored = lock_private(PRIVATE, "secret", ACCOUNT, QUICK).to_bytes()
    for at in range(len(stored)):
        changed = bytearray(stored)
        changed[at] ^= 0x80
        began = time.perf_counter()
        with pytest.raises(SealingError):
            unlock_private(LockedKey.from_bytes(bytes(changed)), "secret", ACCOUNT)
        assert time.perf_counter() - began < 1
    for cut in (b"", stored[:10], stored[:29], stored[:40]):
        with pytest.raises(WrongKey):
            unlock_private(LockedKey.from_bytes(cut), "secret", ACCOUNT)


def test_an_empty_secret_locks_nothing() -> None:
    with pytest.raises(SealingError, match="empty"):
        lock_private(PRIVATE, "", ACCOUNT, QUICK)


def test_the_standard_cost_is_the_default_and_no_less_than_asked() -> None:
    assert STANDARD.memory >= 19 * 1024
    assert STANDARD.passes >= 2
    locked = lock_private(PRIVATE, "secret", ACCOUNT)
    assert locked.params == STANDARD
    assert unlock_private(locked, "secret", ACCOUNT) == PRIVATE


def test_a_recovery_key_can_be_typed_as_people_type() -> None:
    assert len(GROUPS) == 14
    assert {len(group) for group in GROUPS} == {4}
    assert not set(PAPER) & set("ILOU")
    private = recovery_private(PAPER)
    for typed in (
        PAPER.lower(),
        PAPER.replace("-", " "),
        f"  {PAPER}\n",
        PAPER.replace("-", "\u2013"),
        PAPER.replace("0", "O").replace("1", "l"),
        PAPER.replace("1", "i").replace("-", ""),
    ):
        assert recovery_private(typed) == private
    assert len(recovery_public(PAPER)) == 1216
    assert recovery_private(new_recovery_key()) != private


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 55), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_letter_is_found_and_its_group_named(at: int, letter: str) -> None:
    characters = list(PAPER.replace("-", ""))
    assume(characters[at] != letter)
    characters[at] = letter
    with pytest.raises(WrongKey, match=f"mistyped in group {at // 4 + 1}\\."):
        recovery_private("".join(characters))


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(14)))
def test_groups_in_another_order_are_noticed(order: list[int]) -> None:
    typed = "-".join(GROUPS[each] for each in order)
    assume(typed != PAPER)
    with pytest.raises(WrongKey, match="mistyped"):
        recovery_private(typed)


def test_a_short_long_or_foreign_recovery_key_says_so() -> None:
    with pytest.raises(WrongKey, match="this has 55"):
        recovery_private(PAPER[:-1])
    with pytest.raises(WrongKey, match="this has 57"):
        recovery_private(PAPER + "7")
    with pytest.raises(WrongKey, match="this has 0"):
        recovery_private("")
    with pytest.raises(WrongKey, match="Group 14 "):
        recovery_private(PAPER[:-1] + "U")
    with pytest.raises(WrongKey, match="Group 1 "):
        recovery_private("ñ" + PAPER[1:])


def test_a_session_opens_with_its_own_cookie_and_salt() -> None:
    cookie, salt = os.urandom(32), os.urandom(16)
    sealed = seal_for_session(cookie, PRIVATE, salt)
    assert sealed.find(PRIVATE) == -1
    assert open_from_session(cookie, sealed, salt) == PRIVATE
    for wrong in ((os.urandom(32), sealed, salt), (cookie, sealed, os.urandom(16)), (cookie, sealed[:-1], salt)):
        with pytest.raises(WrongKey, match="Sign in again"):
            open_from_session(*wrong)
    for cookie_secret, session_salt in ((b"", salt), (cookie[:31], salt), (cookie, b"")):
        with pytest.raises(SealingError, match="32 random bytes"):
            seal_for_session(cookie_secret, PRIVATE, session_salt)

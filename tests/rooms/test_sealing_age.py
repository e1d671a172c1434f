"""What is written piece by piece is an age file like any other: pyrage opens it, and opens nothing that was cut."""

from __future__ import annotations

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.sealing.age import for_passphrase, for_recipient
from accord.sealing.errors import SealingError

SIZES = (0, 1, 65_535, 65_536, 65_537, 131_072, 200_001)


def file(writer, pieces) -> bytes:
    return writer.begin() + b"".join(writer.add(piece) for piece in pieces) + writer.end()


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_opens_with_the_passphrase_what_was_written_in_pieces(size):
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    pieces = [data[at : at + 10_007] for at in range(0, size, 10_007)]
    written = file(for_passphrase("seven harmless words and a number", work=4), pieces)
    assert pyrage.passphrase.decrypt(written, "seven harmless words and a number") == data
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(written, "seven harmless words and a numbeR")


@given(st.lists(st.binary(max_size=90_000), max_size=5))
@settings(max_examples=25, deadline=None)
def test_pyrage_opens_with_the_identity_what_was_written_to_its_recipient(pieces):
    identity = pyrage.x25519.Identity.generate()
    written = file(for_recipient(str(identity.to_public())), pieces)
    assert pyrage.decrypt(written, [identity]) == b"".join(pieces)
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(written, [pyrage.x25519.Identity.generate()])


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_file_without_its_last_chunk_or_with_a_changed_byte_does_not_open(size):
    identity = pyrage.x25519.Identity.generate()
    writer = for_recipient(str(identity.to_public()))
    begun = writer.begin() + writer.add(b"x" * size)
    whole = begun + writer.end()
    for broken in (begun, whole[:-1], whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:]):
        with pytest.raises((pyrage.DecryptError, OSError, ValueError)):
            pyrage.decrypt(broken, [identity])


def test_the_cost_of_a_guess_is_what_age_itself_chooses():
    assert b" 18\n" in for_passphrase("whatever it is that she chose").begin()


def test_a_mistyped_recipient_is_refused_wherever_the_slip_is():
    right = str(pyrage.x25519.Identity.generate().to_public())
    for_recipient(right)
    for_recipient(right.upper())
    for place in range(len(right)):
        slip = "q" if right[place] != "q" else "p"
        with pytest.raises(SealingError):
            for_recipient(right[:place] + slip + right[place + 1 :])
    for wrong in ("", "age1", right[:-1], right + "q", right.replace("age1", "eve1"), right[:30] + right[30:].upper()):
        with pytest.raises(SealingError):
            for_recipient(wrong)

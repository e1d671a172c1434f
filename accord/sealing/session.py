"""A member's private key for as long as she is signed in: the server keeps the box, her cookie keeps its key."""

from accord.sealing.errors import SealingError, WrongKey
from accord.sealing.fields import open_key, seal
from accord.sealing.keys import KEY_BYTES, Secret, bind, derive


def seal_for_session(cookie_secret: bytes, private: bytes, session_salt: bytes) -> bytes:
    """Seal under the random value in her cookie (32 bytes or more, kept nowhere else) and this session's salt (16+).

    Raises SealingError if either is shorter.
    """
    return seal(_key(cookie_secret, session_salt), private, bind("accord/session"))


def open_from_session(cookie_secret: bytes, sealed: bytes, session_salt: bytes) -> Secret:
    """Her private key. Raises WrongKey if the cookie belongs to another session or the row was changed."""
    try:
        return open_key(_key(cookie_secret, session_salt), sealed, bind("accord/session"))
    except WrongKey:
        raise WrongKey("This cookie does not open this session's key. Sign in again.") from None


def _key(cookie_secret: bytes, session_salt: bytes) -> Secret:
    if len(cookie_secret) < KEY_BYTES or len(session_salt) < 16:
        raise SealingError("A session key needs 32 random bytes in the cookie and a 16-byte salt.")
    return derive(cookie_secret, b"accord/session", session_salt)

"""Making accounts, and what happens to an account's key when its password is chosen, changed or lost.

These verbs take no permit: nobody has an agency yet when she signs in or enrols. They touch one account only.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accord.accounts.models import Account
from accord.accounts.rules import CODE_ALPHABET
from accord.sealing.errors import SealingError
from accord.sealing.members import STANDARD, Cost, LockedKey, lock_private, new_member_key, unlock_private

#: How long an enrolment code waits.
CODE_LIFETIME = timedelta(days=7)
NOBODY = UUID(int=0)


class EnrolmentFailed(ValueError):
    """The code does not open this account, was used, or has run out. One sentence for all three."""


def new_code() -> str:
    """76 random bits, read aloud once; Argon2id makes guessing a stolen row expensive."""
    return "-".join("".join(secrets.choice(CODE_ALPHABET) for _ in range(4)) for _ in range(4))


def invite(*, email: str, at: datetime, language: str = "en", cost: Cost = STANDARD) -> tuple[Account, str]:
    """A new account whose key is locked under an enrolment code. Returns the account and the code, shown once."""
    pair, code = new_member_key(), new_code()
    account = Account(id=uuid4(), email=email.strip().lower(), language=language, created_at=at)
    account.set_unusable_password()
    account.public_key = pair.public
    account.locked_key = lock_private(pair.private, code, account.id, cost).to_bytes()
    account.enrol_until = at + CODE_LIFETIME
    account.save(force_insert=True)
    return account, code


def new_key(*, account_id: UUID, at: datetime, cost: Cost = STANDARD) -> tuple[bytes, str]:
    """Password lost: a fresh key pair under a fresh code. What was granted to the old key is granted anew by somebody
    who can open the vault. Returns the new public key and the code."""
    pair, code = new_member_key(), new_code()
    account = Account.objects.get(id=account_id)
    account.set_unusable_password()
    account.public_key = pair.public
    account.locked_key = lock_private(pair.private, code, account.id, cost).to_bytes()
    account.enrol_until = at + CODE_LIFETIME
    account.save(update_fields=["password", "public_key", "locked_key", "enrol_until"])
    # Whoever handed out the code knows her in person; a lost phone must not lock her out for good.
    Authenticator.objects.filter(user_id=account.id).delete()
    return bytes(account.public_key), code


def enrol(*, email: str, code: str, password: str, at: datetime, cost: Cost = STANDARD) -> Account:
    """Open the key with the code and lock it under the password she chose.

    Raises EnrolmentFailed, or ValidationError when the password is too weak.
    """
    with transaction.atomic():
        found = Account.objects.select_for_update().filter(email=email.strip().lower(), is_active=True)
        account: Account = found.first()
        waits = account is not None and account.enrol_until is not None and account.enrol_until > at
        # Where no code waits the same work is done on nobody's key: the answer takes as long, and says the same.
        locked = LockedKey.from_bytes(bytes(account.locked_key)) if waits else LockedKey(bytes(16), cost, bytes(125))
        try:
            private = unlock_private(locked, code.strip().upper(), account.id if waits else NOBODY)
        except SealingError:
            raise EnrolmentFailed("This code does not open an account. Ask your director for a new one.") from None
        validate_password(password, account)
        account.set_password(password)
        account.locked_key = lock_private(private, password, account.id, cost).to_bytes()
        account.enrol_until = None
        account.save(update_fields=["password", "locked_key", "enrol_until"])
    return account


def unlock(*, account: Account, password: str) -> bytes:
    """Her private key, from the password she just signed in with. Raises WrongKey."""
    return unlock_private(LockedKey.from_bytes(bytes(account.locked_key)), password, account.id)


def relock(*, account: Account, old: str, new: str, cost: Cost = STANDARD) -> None:
    """Password changed: lock the same key under the new one. Raises WrongKey when `old` does not open it."""
    private = unlock(account=account, password=old)
    account.locked_key = lock_private(private, new, account.id, cost).to_bytes()
    account.save(update_fields=["locked_key"])


def close(*, account_id: UUID) -> None:
    """She has left: no more signing in, and the key that was granted things is gone."""
    Account.objects.filter(id=account_id).update(is_active=False, locked_key=b"", enrol_until=None)

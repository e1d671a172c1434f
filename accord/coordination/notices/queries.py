"""How a member hears that something is new, as she alone sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.accounts.models import Account
from accord.coordination.notices.facts import wish_of
from accord.coordination.notices.models import Hearing
from accord.coordination.notices.rules import Wish
from accord.ledger.permits import Permit, needs
from accord.partners.models import Member
from accord.policy.words import Verb


@dataclass(frozen=True, slots=True)
class HearingView:
    """Her wish, where e-mails go, and when the last one went. `said` is false while the usual holds."""

    wish: Wish
    said: bool
    email: str
    told_at: datetime | None


@needs(Verb.SET_NOTICES)
def hearing(*, permit: Permit) -> HearingView:
    """The asker's own."""
    row = Hearing.objects.filter(member_id=permit.member_id).first()
    account = Member.objects.filter(id=permit.member_id).values("account")
    email = Account.objects.values_list("email", flat=True).get(id__in=account)
    return HearingView(wish_of(row), bool(row and row.said_at), email, row.told_at if row else None)

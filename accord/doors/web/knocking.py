"""How a web request becomes a knock: who, verb, thing, purpose, now. The URL table says the verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from accord.config.service import gate
from accord.gate import Caller, SignInAgain
from accord.ledger.permits import Permit
from accord.policy.words import Role
from accord.sealing.errors import SealingError
from accord.sealing.session import open_from_session

#: The cookie whose random value opens what the session keeps sealed. It exists in her browser and nowhere else.
KEY_COOKIE = "accord_key"


def caller(request: HttpRequest) -> Caller:
    """Who is asking, with her key opened from the session for this request. Raises SignInAgain."""
    session = request.session
    try:
        private = open_from_session(
            bytes.fromhex(request.COOKIES.get(KEY_COOKIE, "")),
            bytes.fromhex(session["key"]),
            bytes.fromhex(session["salt"]),
        )
        return Caller(
            agency=UUID(session["agency"]),
            account=UUID(str(request.user.pk)),
            member=UUID(session["member"]),
            private=private,
        )
    except (KeyError, ValueError, SealingError) as error:
        raise SignInAgain from error


@contextmanager
def entering(request: HttpRequest, *, client: UUID | None = None) -> Iterator[Permit]:
    """Enter the gate with the verbs and purpose that the URL table gives this page. When the yes ends, as emergency
    access does, the page says so."""
    with _entered(request, client) as permit:
        request.glass_until = permit.decision.until  # type: ignore[attr-defined]
        yield permit


def _entered(request: HttpRequest, client: UUID | None) -> AbstractContextManager[Permit]:
    page = request.page  # type: ignore[attr-defined]
    who = caller(request)
    if page.lens == "kept":
        return gate().kept(who, purpose=page.purpose, at=timezone.now())
    if page.lens == "relay":
        return gate().taking_back(who, *page.verbs, purpose=page.purpose, at=timezone.now(), client=client)
    return gate().enter(who, *page.verbs, purpose=page.purpose, at=timezone.now(), client=client, besides=page.besides)


def roles(request: HttpRequest) -> frozenset[Role]:
    """The roles she signed in with, for what the menu offers. The gate asks anew for what she may do."""
    return frozenset(Role(role) for role in request.session.get("roles", ()))

"""Signing in opens the member's key: the password that allauth has just checked also unlocks it, once, into her session."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accord.accounts import actions as accounts
from accord.config.service import gate
from accord.sealing.fields import open_sealed, seal
from accord.sealing.keys import derive
from accord.sealing.session import seal_for_session


class SignInForm(LoginForm):
    """allauth's form, and what it does not know: her key."""

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        remember_key(request, self.user, self.cleaned_data["password"])
        return super().login(request, redirect_url=redirect_url)


class ChangePasswordForm(AllauthChangePasswordForm):
    """A new password locks the same key."""

    def save(self) -> None:
        accounts.relock(account=self.user, old=self.cleaned_data["oldpassword"], new=self.cleaned_data["password1"])
        super().save()


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by herself; a second step may still follow the password, so agency and roles come after it."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        enter_agency(request, user)
        return response


class SecondStepAdapter(DefaultMFAAdapter):
    """Second-step secrets are sealed under the service's own key: a dump alone makes no codes."""

    def encrypt(self, text: str) -> str:
        return seal(_second_step_key(), text.encode(), b"accord/second-step").hex()

    def decrypt(self, encrypted_text: str) -> str:
        return open_sealed(_second_step_key(), bytes.fromhex(encrypted_text), b"accord/second-step").decode()


def remember_key(request: HttpRequest, account: Any, password: str) -> None:
    """Unlock her key and keep it in the session, sealed under a value that only her cookie has."""
    cookie, salt = secrets.token_bytes(32), secrets.token_bytes(16)
    private = accounts.unlock(account=account, password=password)
    request.session["key"] = seal_for_session(cookie, private, salt).hex()
    request.session["salt"] = salt.hex()
    request.new_key_cookie = cookie.hex()  # type: ignore[attr-defined]


def enter_agency(request: HttpRequest, account: Any) -> None:
    """Find where she works and what the menu may offer. Without an agency there is nothing behind the door."""
    places = gate().memberships(account.pk, timezone.now())
    if not places:
        return
    place = places[0]
    request.session.update(
        {
            "agency": str(place.agency),
            "member": str(place.member),
            "agency_name": place.agency_name,
            "name": place.name,
            "title": place.title,
            "roles": list(place.roles),
        }
    )
    translation.activate(account.language)


def _second_step_key() -> bytes:
    return derive(settings.KEYRING.secrets["django"], b"accord/second-step", b"totp")

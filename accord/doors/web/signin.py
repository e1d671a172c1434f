"""Signing in opens the member's key: the password that allauth has just checked unlocks it, once, into her session."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accord.accounts import actions as accounts
from accord.config.service import gate
from accord.sealing.errors import SealingError
from accord.sealing.fields import open_sealed, seal
from accord.sealing.keys import derive
from accord.sealing.session import seal_for_session

#: What a password must be, in the words of the page; the validators in the settings hold it.
PASSWORD_HELP = _("At least 12 characters, not a common password, and not like your e-mail address.")
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60


class SignInForm(LoginForm):
    """allauth's form, and what it does not know: her key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean(self) -> dict[str, Any]:
        """Whose key the password does not open (somebody who has left) hears the same sentence as after a wrong one."""
        cleaned: dict[str, Any] = super().clean()
        if not self._errors:
            try:
                self.private = accounts.unlock(account=self.user, password=cleaned["password"])
            except SealingError:
                raise AccountAdapter(self.request).validation_error("email_password_mismatch") from None
        return cleaned

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        keep_key(request, self.private)
        return super().login(request, redirect_url=redirect_url)


class ChangePasswordForm(AllauthChangePasswordForm):
    """A new password locks the same key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Password now")
        self.fields["password1"].label = _("New password")
        self.fields["password2"].label = _("New password again")
        for name in ("oldpassword", "password1", "password2"):
            self.fields[name].help_text = ""
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["password1"].help_text = PASSWORD_HELP

    def save(self) -> None:
        """Together or not at all: a lock under one password and a sign-in with another would lose her key."""
        with transaction.atomic():
            accounts.relock(account=self.user, old=self.cleaned_data["oldpassword"], new=self.cleaned_data["password1"])
            super().save()


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by herself; a second step may still follow the password, so agency and roles come after it."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail address and password do not belong together."),
        "enter_current_password": _("This is not your password."),
        "incorrect_password": _("This is not your password."),
        "incorrect_code": _("This code is not right, or its time is over. Take the newest one."),
        "too_many_login_attempts": _("Too many tries from here. Wait five minutes, then try again."),
        "rate_limited": _("Too many tries. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        enter_agency(request, user)
        speak(response, user.language)
        return response

    def reauthenticate(self, user: Any, password: str) -> bool:
        """allauth looks for her address in a table of its own; ours is the account's."""
        again = self.authenticate(context.request, email=user.email, password=password)
        return again is not None and again.pk == user.pk

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failures count per address *and* source: nobody can lock her out from somewhere else. The limit per source
        alone, in the settings, holds whoever tries many addresses."""
        return f"{self.get_client_ip(request)}:{super()._get_login_attempts_cache_key(request, **credentials)}"


class SecondStepAdapter(DefaultMFAAdapter):
    """Second-step secrets are sealed under the service's own key: a dump alone makes no codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        return seal(_second_step_key(), text.encode(), b"accord/second-step").hex()

    def decrypt(self, encrypted_text: str) -> str:
        return open_sealed(_second_step_key(), bytes.fromhex(encrypted_text), b"accord/second-step").decode()


def keep_key(request: HttpRequest, private: bytes) -> None:
    """Keep her unlocked key in the session, sealed under a value that only her cookie has."""
    cookie, salt = secrets.token_bytes(32), secrets.token_bytes(16)
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
            "timezone": place.timezone,
            "name": place.name,
            "title": place.title,
            "roles": list(place.roles),
        }
    )


def speak(response: HttpResponseBase, language: str) -> None:
    """Pages after this one are in her language."""
    translation.activate(language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_COOKIE_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _second_step_key() -> bytes:
    return derive(settings.KEYRING.secrets["django"], b"accord/second-step", b"totp")

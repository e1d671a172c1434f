"""What happens around every page: headers, the limits of a session, and the one answer for no."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accord.doors.web.knocking import KEY_COOKIE
from accord.doors.web.views.site import absent
from accord.gate import Refused, SignInAgain

Answer = Callable[[HttpRequest], HttpResponseBase]

LONGEST_SESSION = 12 * 60 * 60
#: A session row is written at most this often only to say that she is still there.
STILL_HERE = 60


def headers(answer: Answer) -> Answer:
    """Nothing about a survivor may stay in a cache or leave in a referrer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), interest-cohort=()"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return middleware


class knock:  # noqa: N801  (Django names middleware; this one reads as a verb)
    """Finds the page in the URL table, holds the session's limits, and turns every no into the same page."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        over = request.user.is_authenticated and self._over(request)
        with timezone.override(request.session.get("timezone")):
            response = self._sign_in_again(request) if over else self.answer(request)
        self._keep_or_forget(request, response)
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        from accord.doors.web.urls import PAGES

        match = request.resolver_match
        page = PAGES.get(match.url_name or "") if match else None
        request.page = page  # type: ignore[attr-defined]
        if page and page.verbs and not request.user.is_authenticated:
            return self._sign_in(request)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, SignInAgain):
            return self._sign_in_again(request)
        if isinstance(error, Refused):
            return absent(request)
        return None

    @classmethod
    def _sign_in_again(cls, request: HttpRequest) -> HttpResponse:
        logout(request)
        messages.info(request, _("You were signed out. Sign in again to go on."))
        return cls._sign_in(request)

    @staticmethod
    def _sign_in(request: HttpRequest) -> HttpResponse:
        if getattr(request, "htmx", False):
            response = HttpResponse(status=204)
            response["HX-Redirect"] = reverse("account_login")
            return response
        if request.method != "GET":
            return redirect("account_login")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")

    @staticmethod
    def _over(request: HttpRequest) -> bool:
        """Whether twelve hours are over. Something she did herself starts the idle minutes anew; a list that looks
        for news by itself does not, or an unattended screen would stay open all day."""
        now = int(time.time())
        since = request.session.setdefault("since", now)
        by_itself = getattr(request, "htmx", False) and request.method == "GET"
        if not by_itself and now - request.session.get("seen", 0) > STILL_HERE:
            request.session["seen"] = now
        return now - since > LONGEST_SESSION

    @staticmethod
    def _keep_or_forget(request: HttpRequest, response: HttpResponseBase) -> None:
        """Hand out the value that opens her key, and take it back when nobody is signed in or about to be."""
        if not request.user.is_authenticated and LOGIN_SESSION_KEY not in request.session:
            for name in ("key", "salt"):
                request.session.pop(name, None)
            if KEY_COOKIE in request.COOKIES:
                response.delete_cookie(KEY_COOKIE, samesite="Strict")
        elif secret := getattr(request, "new_key_cookie", None):
            response.set_cookie(
                KEY_COOKIE, secret, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Strict"
            )

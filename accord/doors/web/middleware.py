"""What happens around every page: headers, the twelve-hour limit, and the one answer for no."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from accord.doors.web.knocking import KEY_COOKIE
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
        if request.user.is_authenticated and self._over(request):
            logout(request)
            return self._sign_in(request)
        response = self.answer(request)
        secret = getattr(request, "new_key_cookie", None)
        if secret:
            response.set_cookie(
                KEY_COOKIE, secret, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Strict"
            )
        elif KEY_COOKIE in request.COOKIES and not request.user.is_authenticated and "key" not in request.session:
            response.delete_cookie(KEY_COOKIE, samesite="Strict")
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
            logout(request)
            return self._sign_in(request)
        if isinstance(error, Refused):
            return render(request, "404.html", status=404)
        return None

    @staticmethod
    def _sign_in(request: HttpRequest) -> HttpResponse:
        if getattr(request, "htmx", False):
            response = HttpResponse(status=204)
            response["HX-Redirect"] = settings.FORCE_SCRIPT_NAME or "/sign-in/"
            return response
        return redirect("account_login")

    @staticmethod
    def _over(request: HttpRequest) -> bool:
        now = int(time.time())
        since = request.session.setdefault("since", now)
        if now - request.session.get("seen", 0) > STILL_HERE:
            request.session["seen"] = now
        return now - since > LONGEST_SESSION

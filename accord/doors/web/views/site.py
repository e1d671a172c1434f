"""Pages that show no record: where to begin, what we promise, enrolling, and the two answers when there is no page."""

from __future__ import annotations

from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accord.accounts import actions as accounts
from accord.accounts.actions import EnrolmentFailed
from accord.doors.web.forms.site import EnrolForm
from accord.doors.web.knocking import roles
from accord.doors.web.signin import AccountAdapter, keep_key, speak
from accord.policy.words import Role

#: Where each role begins; whoever holds several begins with the first.
BEGINNINGS = (
    (Role.WORKER, "my_day"),
    (Role.SUPERVISOR, "my_day"),
    (Role.PRIVACY_OFFICER, "watch"),
    (Role.RECORDS_OFFICER, "kept"),
    (Role.DIRECTOR, "members"),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The page her work begins with."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    mine = roles(request)
    for role, page in BEGINNINGS:
        if role in mine:
            return redirect(page)
    return render(request, "site/nowhere.html")


@require_safe
def promise(request: HttpRequest) -> HttpResponse:
    """What we promise and what not, open to everybody."""
    return render(request, "site/promise.html")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of pages, for this browser and, signed in, for the account."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("home")
    response = redirect(back)
    if chosen in dict(settings.LANGUAGES):
        speak(response, chosen)
        if request.user.is_authenticated:
            request.user.language = chosen
            request.user.save(update_fields=["language"])
    return response


@sensitive_post_parameters()
def enrol(request: HttpRequest) -> HttpResponse:
    """Choose a password with the code the director read out, and go on signed in."""
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if not ratelimit.consume(request, action="login_failed", key=f"enrol:{given['email'].lower()}"):
            form.add_error(None, AccountAdapter.error_messages["too_many_login_attempts"])
        else:
            try:
                account = accounts.enrol(
                    email=given["email"], code=given["code"], password=given["password"], at=timezone.now()
                )
            except EnrolmentFailed as error:
                form.add_error(None, str(error))
            except ValidationError as error:
                form.add_error("password", error)
            else:
                logout(request)  # whoever else sat at this screen
                keep_key(request, accounts.unlock(account=account, password=given["password"]))
                return perform_login(request, account, email_verification="none")
    return render(request, "site/enrol.html", {"form": form})


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The one answer for what is not there and for what may not be seen. It repeats nothing of what was asked for, so
    that the two cannot differ by a byte."""
    request.path, request.resolver_match = reverse("home"), None
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Something failed that we did not foresee. The page asks nothing of the database."""
    return render(None, "500.html", status=500)

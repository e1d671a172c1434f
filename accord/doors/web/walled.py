"""What somebody has just written walls her off the file herself: she is told, and it is no longer there for her."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _


def off_the_file(request: HttpRequest) -> HttpResponse:
    """Where she goes instead of back into the file."""
    messages.warning(
        request,
        _(
            "Somebody in this file seems to be you, or somebody you are connected to. It is kept, and you are off this"
            " file. Your privacy officer is told."
        ),
    )
    return redirect("home")

"""The limits of confidentiality: a page to read aloud or print, and that she was told."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accord.doors.web.knocking import entering
from accord.doors.web.limiting import limits_due, limits_said
from accord.vault import actions
from accord.vault import queries as vault

#: The pages that say it before their first question.
SAYING = ("intake", "entry_new", "exam")


@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """What we must tell whatever she wants. Posting says that she was told; the page she was on goes on."""
    with entering(request, client=client_id) as permit:
        file = vault.client(permit=permit, client_id=client_id, entries=0)
        said, due = limits_said(permit, file.herself), limits_due(permit, client_id, file.herself)
        if request.method == "POST" and due is not None:
            actions.limits_told(permit=permit, at=permit.at, client_id=client_id)
    then = request.POST.get("then", "")
    if request.method == "POST":
        return redirect(then if then in SAYING else "limits", client_id)
    return render(request, "vault/limits.html", {"file": file, "said": said, "due": due})

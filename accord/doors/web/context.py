"""What every page needs: who is signed in, what her menu offers, and the nonce for the one script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accord.doors.web.knocking import roles
from accord.policy.words import Role

WORKERS = frozenset({Role.WORKER, Role.SUPERVISOR})

#: Who may use emergency access; everybody says whom she is connected to.
BREAKING = WORKERS | {Role.RECORDS_OFFICER, Role.DIRECTOR}

MENU = (
    ("my_day", _("My day"), WORKERS),
    ("clients", _("Clients"), WORKERS),
    ("tasks", _("Tasks"), WORKERS),
    ("board", _("Board"), frozenset({Role.SUPERVISOR, Role.DIRECTOR})),
    ("referrals", _("Referrals"), WORKERS),
    ("papers", _("Papers"), WORKERS | {Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR}),
    ("watch", _("To look at"), frozenset({Role.PRIVACY_OFFICER})),
    ("log", _("Who looked"), frozenset({Role.PRIVACY_OFFICER, Role.DIRECTOR})),
    ("log_releases", _("Releases"), frozenset({Role.PRIVACY_OFFICER})),
    ("try", _("What if"), frozenset({Role.PRIVACY_OFFICER, Role.DIRECTOR})),
    ("kept", _("Kept records"), frozenset({Role.RECORDS_OFFICER})),
    ("deviations", _("Protocols"), frozenset({Role.DIRECTOR})),
    ("members", _("Members"), frozenset({Role.DIRECTOR})),
    ("keys", _("Keys"), frozenset({Role.DIRECTOR})),
    ("caseload_seconds", _("Exports"), frozenset({Role.DIRECTOR})),
    ("cosign_waiting", _("Shelter's place"), frozenset({Role.DIRECTOR})),
    ("glass_seconds", _("Emergencies"), frozenset({Role.DIRECTOR})),
    ("walls", _("Walls"), frozenset({Role.SUPERVISOR, Role.PRIVACY_OFFICER})),
    ("partners", _("Partners"), WORKERS | {Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR}),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """`csp_nonce` for django-htmx, `menu` as (url name, label), and who is signed in where."""
    mine = roles(request) if hasattr(request, "session") else frozenset()
    return {
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "menu": [(name, label) for name, label, offered in MENU if mine & offered],
        "here": request.resolver_match.url_name if request.resolver_match else "",
        "agency_name": request.session.get("agency_name", "") if mine else "",
        "my_name": request.session.get("name", "") if mine else "",
        "may_break": bool(mine & BREAKING),
        "glass_until": getattr(request, "glass_until", None),
        "my_title": request.session.get("title", "") if mine else "",
    }

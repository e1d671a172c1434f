"""Codes of referrals as people say them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accord.coordination.referrals.rules import Urgency

URGENCIES: Mapping[str, Promise] = {
    Urgency.NOW: _("Now: within 4 hours"),
    Urgency.TODAY: _("Today: within 8 hours"),
    Urgency.SOON: _("Soon: within 3 working days"),
}
HOW_SOON: Mapping[str, Promise] = {Urgency.NOW: _("now"), Urgency.TODAY: _("today"), Urgency.SOON: _("soon")}
REFERRAL_STATES: Mapping[str, Promise] = {
    "draft": _("Not sent"),
    "sent": _("Went out"),
    "delivered": _("Delivered"),
    "waiting": _("Waits for us"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "redirected": _("Redirected"),
    "met": _("Met her"),
    "ended": _("Over"),
    "closed": _("Closed"),
    "taken_back": _("Taken back"),
}
#: What a worker can hear from somebody who is no partner.
HEARD: Mapping[str, Promise] = {
    "delivered": _("They have it"),
    "accepted": _("They said yes"),
    "declined": _("They said no"),
    "met": _("They met her"),
    "ended": _("It is over there"),
}
DECLINED: Mapping[str, Promise] = {
    "full": _("Full at the moment"),
    "not_our_service": _("Not something we offer"),
    "not_our_area": _("Outside our area"),
    "another_is_better": _("Another agency can help her better"),
    "conflict": _("A conflict of interest"),
    "she_said_no": _("She does not want it"),
    "not_reached": _("She could not be reached"),
    "not_safe": _("Not safe for her now"),
}
#: As they stand inside a sentence, after a colon.
RESULTS: Mapping[str, Promise] = {
    "helped": _("she got what she needed"),
    "partly": _("she got part of what she needed"),
    "waiting_list": _("she is on a waiting list"),
    "she_chose_otherwise": _("she chose otherwise"),
    "not_reached": _("she could not be reached"),
    "elsewhere": _("she is helped elsewhere"),
    "other": _("something else"),
}
TAKES: Mapping[str, Promise] = {
    "yes": _("Takes referrals now"),
    "waiting": _("Takes referrals, after a wait"),
    "no": _("Takes none now"),
}
BY_HAND: Mapping[str, Promise] = {
    "print": _("On paper"),
    "package": _("As a sealed file"),
    "phone": _("By phone"),
}
ATTEMPTS: Mapping[str, Promise] = {
    "her": _("Tried to reach her"),
    "together": _("Both agencies spoke with her together"),
    "partner": _("Spoke with the other agency"),
}
SHOWN: Mapping[str, Promise] = {
    "": _("All"),
    "open": _("Open"),
    "late": _("Past their time"),
    "drafts": _("Not sent"),
    "over": _("Over"),
}

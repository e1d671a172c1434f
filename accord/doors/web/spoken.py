"""What is read aloud before she signs, once for everybody on the page. What differs from partner to partner is said
with the partner's name. What the law has her told about an agency comes from the law, not from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils.text import get_text_list
from django.utils.translation import gettext

from accord.doors.web.labels import label, spoken_day
from accord.doors.web.recipients import Recipient
from accord.partners.queries import AgencyCard
from accord.policy.words import Element
from accord.sharing.queries import ReleaseView


@dataclass(frozen=True, slots=True)
class Asked:
    """One partner of a conversation: what it may know, and what becomes of things there."""

    release: ReleaseView
    recipient: Recipient


def last_day(release: ReleaseView, holder: AgencyCard) -> date:
    """The last whole day of a release, where its holder is (facts 1.11)."""
    return (release.until_at.astimezone(ZoneInfo(holder.timezone)) - timedelta(seconds=1)).date()


def aloud(asked: list[Asked], holder: AgencyCard) -> dict[Element, str]:
    """The sentences by the element each gives the page, in the language that is active; what can and cannot be taken
    back comes first (45 CFR 164.508(c)(2); 28 CFR 90.4(b)(3))."""
    return {
        Element.RIGHT_TO_REVOKE: _take_back(asked),
        Element.INFORMED: _told(asked, holder),
        Element.NOT_A_CONDITION: gettext(
            "You do not have to sign. Saying no changes nothing about your care, your services or your rights here."
        ),
        Element.REDISCLOSURE: _passed_on(asked),
    }


def _take_back(asked: list[Asked]) -> str:
    if len(asked) == 1:
        back = gettext(
            "You can take this back any time: tell us in person, by phone or in writing. From that moment %(partner)s "
            "can no longer see it here. What they have already read or acted on cannot be taken back."
        )
    else:
        back = gettext(
            "You can take this back any time, for all of them or for one: tell us in person, by phone or in writing. "
            "From that moment they can no longer see it here. What they have already read or acted on cannot be taken "
            "back."
        )
    back %= {"partner": asked[0].recipient.name}
    keepers = [each.recipient.name for each in asked if each.recipient.warnings.keeps]
    if len(keepers) == 1:
        back += " " + gettext(
            "%(partner)s has to keep what it received, locked away, even after you take it back. Only its records "
            "officer may open it, for the defence, a court, or because the law says how long it is kept."
        ) % {"partner": keepers[0]}
    elif keepers:
        back += " " + gettext(
            "%(partners)s have to keep what they received, locked away, even after you take it back. Only their "
            "records officers may open it, for the defence, a court, or because the law says how long it is kept."
        ) % {"partners": _all(keepers)}
    return back


def _told(asked: list[Asked], holder: AgencyCard) -> str:
    if len(asked) == 1:
        return gettext(
            "We have talked about why %(partner)s would be told and exactly what, what good and what harm could come "
            "of it, and what else you could do. It is for %(purpose)s, and it ends after %(day)s."
        ) % _words(asked[0], holder)
    told = gettext(
        "We have talked about why each of them would be told and exactly what, what good and what harm could come of "
        "it, and what else you could do."
    )
    each_one = gettext("%(partner)s: for %(purpose)s, until the end of %(day)s.")
    return " ".join([told, *(each_one % _words(each, holder) for each in asked)])


def _passed_on(asked: list[Asked]) -> str:
    if len(asked) == 1:
        on = gettext("Once %(partner)s has it, other rules may apply there, and it could be passed on.") % {
            "partner": asked[0].recipient.name
        }
    else:
        on = gettext("Once they have it, other rules may apply there, and it could be passed on.")
    reach = [each.recipient.name for each in asked if each.recipient.warnings.defence]
    if reach and len(asked) == 1:
        on += " " + gettext("The lawyer of the person accused may get to see it.")
    elif reach:
        on += " " + gettext("What %(partners)s learns, the lawyer of the person accused may get to see.") % {
            "partners": _all(reach)
        }
    return on


def _words(asked: Asked, holder: AgencyCard) -> dict[str, str]:
    return {
        "partner": asked.recipient.name,
        "purpose": label(asked.release.purpose),
        "day": spoken_day(last_day(asked.release, holder).isoformat()),
    }


def _all(names: list[str]) -> str:
    return get_text_list(names, gettext("and"))

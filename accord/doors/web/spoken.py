"""What is read aloud before she signs, once for everybody on the page. What differs from partner to partner is said
with the partner's name. What the law has her told about an agency comes from the law, not from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils.text import get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web.labels import EVENTS, label, spoken_day
from accord.doors.web.recipients import Recipient
from accord.partners.queries import AgencyCard
from accord.policy.words import Element, Instrument
from accord.sharing.queries import ReleaseView


@dataclass(frozen=True, slots=True)
class Asked:
    """One partner of a conversation: what it may know, and what becomes of things there."""

    release: ReleaseView
    recipient: Recipient


#: What a permission of its own is and what it can bring, in plain words, before anything else is said.
OWN_WORDS = {
    Instrument.PSYCHOTHERAPY_NOTES: _(
        "This is about a therapist's own notes and nothing else. No other permission opens them, and this one opens "
        "nothing else."
    ),
    Instrument.COUNSELLING_NOTES: _(
        "This is about the notes of alcohol or drug counselling and nothing else. No other permission opens them, and "
        "this one opens nothing else."
    ),
    Instrument.PROCEEDING: _(
        "This is about one proceeding: records of alcohol or drug treatment may be used there, also against you. "
        "Without it only a judge's special order could open them."
    ),
    Instrument.CRIMINAL_JUSTICE: _(
        "This is for those who watch over a condition of a criminal case. They learn whether you come to treatment and "
        "how it goes. If you miss it or stop, they learn that too, and it can count against you in that case."
    ),
    Instrument.PRIVILEGE_WAIVER: _(
        "What you told in confidence is protected: nobody can make us tell it. With this you give that up for what is "
        "named here. You may not get it back, and more may have to be told then. Talk to a lawyer first if you can."
    ),
    Instrument.SHELTER_PERMISSION: _(
        "This tells where the shelter is. Everybody who lives there depends on that place, so the person responsible "
        "for it has to allow it, too."
    ),
    Instrument.IMMIGRATION_WAIVER: _(
        "A federal law keeps everything about your immigration application closed, even that there is one. With this "
        "you open what is named here. Talk to an immigration lawyer first if you can."
    ),
}


#: The sentences of a page about one partner; a blank form says the same with blanks.
TAKE_BACK = _(
    "You can take this back any time: tell us in person, by phone or in writing. From that moment %(partner)s "
    "can no longer see it here. What they have already read or acted on cannot be taken back."
)
TOLD = _(
    "We have talked about why %(partner)s would be told and exactly what, what good and what harm could come "
    "of it, and what else you could do. It is for %(purpose)s, and it ends after %(day)s."
)
FREELY = _("You do not have to sign. Saying no changes nothing about your care, your services or your rights here.")
PASSED_ON = _("Once %(partner)s has it, other rules may apply there, and it could be passed on.")
#: To be filled in by hand.
BLANK = "______________"


def last_day(release: ReleaseView, holder: AgencyCard) -> date:
    """The last whole day of a release, where its holder is (facts 1.11)."""
    return (release.until_at.astimezone(ZoneInfo(holder.timezone)) - timedelta(seconds=1)).date()


def aloud(asked: list[Asked], holder: AgencyCard) -> dict[Element, str]:
    """The sentences by the element each gives the page, in the language that is active; what can and cannot be taken
    back comes first (45 CFR 164.508(c)(2); 28 CFR 90.4(b)(3))."""
    meant = [each.recipient.name for each in asked if each.release.substance_use]
    bound = asked[0].release.fixed_until is not None
    return {
        Element.RIGHT_TO_REVOKE: _bound(asked[0], holder) if bound else _take_back(asked),
        Element.INFORMED: _told(asked, holder),
        **({Element.SUBSTANCE_USE: _substance_use(meant)} if meant else {}),
        Element.NOT_A_CONDITION: str(FREELY),
        Element.REDISCLOSURE: _passed_on(asked),
    }


def aloud_blank() -> dict[Element, str]:
    """The same sentences on a form that nobody has filled in."""
    blanks = dict.fromkeys(("partner", "purpose", "day"), BLANK)
    return {
        Element.RIGHT_TO_REVOKE: TAKE_BACK % blanks,
        Element.INFORMED: TOLD % blanks,
        Element.NOT_A_CONDITION: str(FREELY),
        Element.REDISCLOSURE: PASSED_ON % blanks,
    }


def _bound(asked: Asked, holder: AgencyCard) -> str:
    """One that binds her stands alone on its page (42 CFR 2.35)."""
    words = _words(asked, holder)
    if asked.release.ends_with:
        back = gettext(
            "You cannot take this one back: it holds until %(event)s, at the latest until the end of %(day)s. The law "
            "lets you bind yourself like this only toward those who watch over a condition of a criminal case."
        ) % (words | {"event": EVENTS[asked.release.ends_with]})
    else:
        back = (
            gettext(
                "You cannot take this one back: it holds until the end of %(day)s. The law lets you bind yourself like "
                "this only toward those who watch over a condition of a criminal case."
            )
            % words
        )
    return f"{back} " + gettext(
        "You can tell us any day that you want it to end. We write that down, and it is not renewed."
    )


def _substance_use(partners: list[str]) -> str:
    return gettext(
        "Records about alcohol or drug treatment are meant, too. A law of their own guards them, and %(partners)s will "
        "be told that they must not be passed on without you. If this sentence is left out, they stay closed."
    ) % {"partners": _all(partners)}


def _take_back(asked: list[Asked]) -> str:
    if len(asked) == 1:
        back = TAKE_BACK % {"partner": asked[0].recipient.name}
    else:
        back = gettext(
            "You can take this back any time, for all of them or for one: tell us in person, by phone or in writing. "
            "From that moment they can no longer see it here. What they have already read or acted on cannot be taken "
            "back."
        )
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
    first = asked[0].release
    if len(asked) == 1:
        told = TOLD % _words(asked[0], holder)
        own = [str(OWN_WORDS[first.instrument])] if first.instrument in OWN_WORDS else []
        return " ".join([*own, told, *_earlier(asked)])
    told = gettext(
        "We have talked about why each of them would be told and exactly what, what good and what harm could come of "
        "it, and what else you could do."
    )
    each_one = gettext("%(partner)s: for %(purpose)s, until the end of %(day)s.")
    return " ".join([told, *(each_one % _words(each, holder) for each in asked), *_earlier(asked)])


def _earlier(asked: list[Asked]) -> list[str]:
    """What ends before its last day, and with what."""
    return [
        gettext("For %(partner)s it ends earlier, as soon as %(event)s.")
        % {"partner": each.recipient.name, "event": EVENTS[each.release.ends_with]}
        for each in asked
        if each.release.ends_with and each.release.fixed_until is None
    ]


def _passed_on(asked: list[Asked]) -> str:
    if len(asked) == 1:
        on = PASSED_ON % {"partner": asked[0].recipient.name}
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

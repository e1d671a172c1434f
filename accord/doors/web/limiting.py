"""The limits of confidentiality as they are said to her: in her language where there is one, before the first question
that lets her tell something, once a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from accord.doors.web.recipients import fact
from accord.gate.limits import Limit, limits
from accord.ledger import queries as ledger
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.partners.queries import AgencyCard
from accord.vault.queries import PersonView


@dataclass(frozen=True, slots=True)
class Line:
    """One limit in her language: what, how soon, by which law, and whether that was read again at its source."""

    sentence: str
    soon: str
    citation: str
    unverified: bool


@dataclass(frozen=True, slots=True)
class Said:
    """All that is said to her, in the language it is in."""

    language: str
    lead: str
    lines: tuple[Line, ...]
    close: str


def limits_said(permit: Permit, her: PersonView) -> Said:
    """What this agency must pass on whatever she wants, in her language, else in the reader's."""
    ours = partners.directory(permit=permit)[permit.agency_id]
    known = dict(settings.LANGUAGES)
    language = her.identity.language if her.identity.language in known else translation.get_language() or "en"
    with translation.override(language):
        return Said(
            language=language,
            lead=gettext(
                "What you tell us stays with us, and you decide what we pass on. There are limits: this we have to "
                "tell, whatever you want."
            ),
            lines=tuple(_line(each) for each in limits(fact(ours), permit.at)),
            close=gettext(
                "If you are not sure about something, ask us first, without names. Nothing else leaves here without "
                "your word."
            ),
        )


def limits_due(permit: Permit, client_id: UUID, her: PersonView) -> Said | None:
    """The same, if nobody here has told her today; None when somebody has."""
    ours = partners.directory(permit=permit)[permit.agency_id]
    since = _midnight(permit.at, ours)
    if ledger.done_since(permit=permit, client_id=client_id, deed="limits_told", since=since):
        return None
    return limits_said(permit, her)


def _midnight(at: datetime, ours: AgencyCard) -> datetime:
    zone = ZoneInfo(ours.timezone)
    return datetime.combine(timezone.localdate(at, zone), time.min, zone)


def _line(limit: Limit) -> Line:
    soon = ""
    if limit.oral_hours:
        soon = ngettext("within %(hours)s hour", "within %(hours)s hours", limit.oral_hours) % {
            "hours": limit.oral_hours
        }
    return Line(gettext(limit.sentence), soon, limit.citation, limit.unverified)

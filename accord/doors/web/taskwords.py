"""Codes of tasks and notices as people say them."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accord.coordination.protocols.rules import Span, Unit
from accord.coordination.tasks.rules import REPEATS, Filter

TASK_KINDS = {
    "contact": _("Get in touch with her"),
    "partner": _("Talk to a partner"),
    "appointment": _("Appointment"),
    "court": _("Court"),
    "papers": _("Forms and papers"),
    "safety": _("Her safety"),
    "service": _("A service for her"),
    "follow_up": _("Look again"),
    "other": _("Something else"),
}
TASK_SNOOZED = {
    "not_safe_now": _("Not safe now"),
    "she_asked": _("She asked to wait"),
    "waiting_for_partner": _("Waiting for a partner"),
    "waiting_for_papers": _("Waiting for papers"),
    "not_reached": _("She was not reached"),
    "no_time": _("No time today"),
}
TASK_DROPPED = {
    "she_declined": _("She declined"),
    "not_needed": _("Not needed any more"),
    "done_elsewhere": _("Somebody else did it"),
    "not_possible": _("It cannot be done"),
    "mistake": _("It was a mistake"),
}
TASK_STATES = {"open": _("To be done"), "done": _("Task done"), "dropped": _("Dropped")}
TASK_WHOSE = {"mine": _("Mine"), "made": _("Given by me"), "all": _("Everybody's")}
TASK_WHEN = {
    "open": _("All that is open"),
    "overdue": _("Late"),
    "today": _("Today and late"),
    "week": _("In the next seven days"),
    "later": _("Put off"),
    "ended": _("Done or dropped"),
}
TASK_REPEATS = {
    "workdays": _("Every working day"),
    "daily": _("Every day"),
    "weekly": _("Every week"),
    "fortnightly": _("Every two weeks"),
    "monthly": _("Every 30 days"),
    "quarterly": _("Every 90 days"),
}
NOTICE_HOW = {
    "digest": _("Once a day"),
    "at_once": _("At once, at most one an hour"),
    "none": _("Never"),
}


def repeats(span: Span | None) -> str:
    """How often something comes again."""
    if span is None:
        return ""
    for name, each in REPEATS.items():
        if each == span:
            return str(TASK_REPEATS[name])
    if span.unit is Unit.BUSINESS_DAYS:
        return ngettext("Every %(n)d working day", "Every %(n)d working days", span.count) % {"n": span.count}
    return ngettext("Every %(n)d day", "Every %(n)d days", span.count) % {"n": span.count}


def view_name(view: Filter) -> str:
    """What a view of the list is called: what it shows."""
    parts = [TASK_WHOSE[view.whose], TASK_WHEN[view.when], TASK_KINDS.get(view.kind, "")]
    return gettext(" · ").join(str(part) for part in parts if part)

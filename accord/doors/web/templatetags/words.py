"""Filters every template has: codes as words, summaries as sentences, moments as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext

from accord.coordination.protocols.rules import Span
from accord.doors.web import labels
from accord.doors.web.taskwords import repeats
from accord.policy.words import Level
from accord.vault.rules import SafeContact

register = template.Library()

#: A day without an hour stands at one of these times in UTC (noon by hand, midnight from documents).
WITHOUT_HOUR = (time(0), time(12))


@register.filter
def label(code: Any) -> str:
    return labels.label(code)


@register.filter
def said(code: str, table: str) -> str:
    """`code|said:"STEPS"`: a code as a table of `labels` says it; anything else as it is."""
    return str(getattr(labels, table).get(code, code))


@register.filter
def minutes_left(until: datetime) -> int:
    """Whole minutes until a moment, the one that has begun among them."""
    return max(0, ceil((until - timezone.now()).total_seconds() / 60))


@register.filter
def hours(card: SafeContact) -> str:
    """When she can be reached, as hours and in her words."""
    return labels.safe_hours(card.values())


@register.filter
def next_time(moment: datetime) -> str:
    """A moment within the next days, with its weekday: "Monday 23 Nov, 10:00"."""
    return date_format(moment, "l j M, H:i")


@register.filter
def sentence(summary: Any) -> str:
    return labels.summary_text(summary)


@register.filter
def known(level: int) -> str:
    """A level as the one who knows it says it: involved, summary, full."""
    return gettext("Involved") if level == Level.EXISTENCE else labels.label(Level(level))


@register.filter
def at(mapping: Mapping[Any, Any], key: Any) -> Any:
    """`mapping|at:key`: the value under a key, or an empty string."""
    return mapping.get(key, "")


@register.filter
def day(moment: datetime | date | None) -> SafeString | str:
    """A `<time>` with the day; the year only when it is not this one. Empty for None."""
    if moment is None:
        return ""
    found = _local(moment)
    return format_html('<time datetime="{}">{}</time>', found.isoformat(), _short(found))


@register.filter
def moment(moment: datetime | None) -> SafeString | str:
    """A `<time>` with day and hour; the day alone when no hour is known."""
    if moment is None:
        return ""
    if not has_hour(moment):
        return day(moment)
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}, {}</time>', local.isoformat(), _short(local.date()), f"{local:%H:%M}")


@register.filter
def has_hour(moment: datetime) -> bool:
    return moment.astimezone(UTC).time() not in WITHOUT_HOUR


@register.filter
def until(end: datetime | None) -> SafeString | str:
    """A `<time>` with the last day of a half-open period: one that ends at midnight on the 5th lasts until the 4th."""
    return day(_last(end)) if end else ""


@register.filter
def last_day(end: datetime | None) -> str:
    """`until` as a word alone."""
    return _short(_last(end)) if end else ""


@register.filter
def deadline(end: datetime) -> SafeString | str:
    """The end of a clock: the last whole day where it ends with one, else the hour."""
    return until(end) if timezone.localtime(end).time() == time(0) else moment(end)


@register.filter
def iso_day(text: str) -> SafeString | str:
    """A day that was written down as ISO."""
    return day(date.fromisoformat(text))


@register.filter
def iso_moment(text: str) -> SafeString | str:
    """A moment that was written down as ISO with its offset."""
    return moment(datetime.fromisoformat(text))


@register.filter
def by_when(moment: datetime) -> SafeString | str:
    """A moment by which something is due: the last day when it is the end of one, else day and hour."""
    local = timezone.localtime(moment)
    if (local.hour, local.minute) == (0, 0):
        return until(moment)
    return format_html('<time datetime="{}">{}, {}</time>', local.isoformat(), _short(local.date()), f"{local:%H:%M}")


@register.filter
def comes_again(span: Span | None) -> str:
    return repeats(span)


@register.filter
def long_day(moment: datetime | date) -> str:
    """A day with its month in full, as it stands on paper."""
    return labels.spoken_day(_local(moment).isoformat())


@register.filter
def waited(since: datetime | None) -> str:
    """How long ago, in one unit: "3 days"."""
    return timesince(since, depth=1) if since else ""


def _last(end: datetime) -> date:
    return timezone.localtime(end - timedelta(seconds=1)).date()


def _local(moment: datetime | date) -> date:
    if not isinstance(moment, datetime):
        return moment
    return timezone.localtime(moment).date() if has_hour(moment) else moment.astimezone(UTC).date()


def _short(found: date) -> str:
    return _said(found, found.year == timezone.localdate().year, get_language())


@lru_cache(maxsize=4096)
def _said(found: date, this_year: bool, language: str | None) -> str:
    """A page says few days many times."""
    return date_format(found, "j M" if this_year else "j M Y")

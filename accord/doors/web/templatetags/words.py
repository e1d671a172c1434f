"""Filters every template has: codes as words, summaries as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from accord.doors.web import labels

register = template.Library()


@register.filter
def label(code: Any) -> str:
    return labels.label(code)


@register.filter
def sentence(summary: Any) -> str:
    return labels.summary_text(summary)


@register.filter
def at(mapping: Mapping[Any, Any], key: Any) -> Any:
    """`mapping|at:key`: the value under a key, or an empty string."""
    return mapping.get(key, "")

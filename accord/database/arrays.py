"""Many ids as one value of a question: each value of an `in (...)` is a parameter, and there is room for 65,535."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, UUIDField, Value


def among(field: str, ids: Collection[UUID]) -> Func:
    """Rows whose `field` is one of these, however many they are: a condition for `filter`."""
    array = Value(list(ids), output_field=ArrayField(UUIDField()))
    return Func(F(field), array, arg_joiner=" = any(", template="%(expressions)s)", output_field=BooleanField())

"""Many ids as one value of a question: each value of an `in (...)` is a parameter, and there is room for 65,535."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, UUIDField, Value


def any_of(ids: Collection[UUID]) -> Func:
    """For `id__in=`: however many they are, one array."""
    array = Value(list(ids), output_field=ArrayField(UUIDField()))
    return Func(array, template="(select unnest(%(expressions)s))", output_field=UUIDField())

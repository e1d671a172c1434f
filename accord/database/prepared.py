"""Questions that Django puts into SQL once. A page asks the same ones each time, and writing their SQL anew takes
longer than PostgreSQL takes to answer. What is kept are the words of a question: no value of it, and no answer."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from functools import cache, wraps
from inspect import get_annotations
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import QuerySet

_years = count(3000)


def prepared(ask: Callable[..., QuerySet[Any]]) -> Callable[..., list[Any]]:
    """`ask` is a question whose arguments are each one value of the database: a UUID, or a datetime where it says so.
    What comes back takes the same arguments and answers with the rows. An argument never decides what is asked: one
    that is no value of the SQL raises TypeError at the first call."""
    kinds = [kind for name, kind in get_annotations(ask).items() if name != "return"]

    @cache
    def written() -> tuple[QuerySet[Any], Any, str, list[Any], dict[int, int]]:
        stand_ins = [_stand_in(kind) for kind in kinds]
        rows = ask(*stand_ins)
        compiler = rows.query.get_compiler(rows.db)
        sql, values = compiler.as_sql()
        places = {place: stand_ins.index(value) for place, value in enumerate(values) if value in stand_ins}
        if set(places.values()) != set(range(len(kinds))):
            raise TypeError(f"Every argument of {ask.__qualname__} must be a value of what it asks.")
        compiler.connection = None  # was of this thread alone
        return rows, compiler, sql, list(values), places

    @wraps(ask)
    def answered(*given: UUID | datetime | None) -> list[Any]:
        rows, compiler, sql, values, places = written()
        values = [given[places[place]] if place in places else value for place, value in enumerate(values)]
        rows, compiler = rows.all(), copy(compiler)
        compiler.connection = connection
        compiler.as_sql = lambda **_given: (sql, values)
        rows.query.get_compiler = lambda *_given, **_more: compiler
        return list(rows)

    return answered


def _stand_in(kind: str) -> UUID | datetime:
    """What stands for an argument while the SQL is written: a value that nothing else has."""
    return datetime(next(_years), 1, 1, tzinfo=UTC) if kind == "datetime" else uuid4()

"""Many rows in one statement. Django sends one parameter for each value of each row where a column is bytes or an
array; here each column is one parameter, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

#: Between the codes of an array, which hold no such character.
BETWEEN = "\x1f"


def insert(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """`model.objects.bulk_create(rows)` for rows with their ids, without looking at what the database filled in. An
    array column holds codes."""
    if not rows:
        return
    names, types, values, columns = [], [], [], []
    for number, field in enumerate(model._meta.concrete_fields):
        array = isinstance(field, ArrayField)
        names.append(f'"{field.column}"')
        types.append(
            "text" if array else field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
        )
        columns.append(f"string_to_array(c{number}, '{BETWEEN}')" if array else f"c{number}")
        values.append([_plain(getattr(row, field.attname), array) for row in rows])
    unnested = ", ".join(f"%s::{type}[]" for type in types)
    aliases = ", ".join(f"c{number}" for number in range(len(names)))
    with connection.cursor() as cursor:
        cursor.execute(
            f'insert into "{model._meta.db_table}" ({", ".join(names)})'  # noqa: S608 - names are the model's own
            f" select {', '.join(columns)} from unnest({unnested}) as row ({aliases})",
            values,
        )


def _plain(value: Any, array: bool) -> Any:
    if array:
        return BETWEEN.join(value)
    return value

"""Row-level security, written in one place.

Every agency-owned table is named once in a migration through `agency_owned`: primary key `(agency_id, id)`, row-level
security enabled and forced, policies that look at the row and nothing else, composite foreign keys so that no key can
point into another agency (a plain foreign key would confirm that a hidden row exists).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import migrations

#: Evaluated once per statement. (Citus wants the bare call; change it here.)
ME = "(select accord_agency())"
MINE = f"agency_id = {ME}"


def agency_owned(
    table: str,
    *,
    policies: Mapping[str, str | tuple[str, str]] | None = None,
    references: Mapping[str, str] | None = None,
    key: str = "agency_id, id",
) -> list[migrations.RunSQL]:
    """SQL for one agency-owned table.

    `policies` maps select, insert, update, delete to a condition; what is not named is `agency_id = me`, and `never`
    writes no policy, so that nobody may. A name may carry a suffix (`select_holder`) for a second, alternative policy,
    and an update two conditions: for the row as it was, and as it becomes.
    `key` is the primary key; rows that several holders write into one agency carry the holder too, so that an equal id
    tells none of them what another sent. Empty: the table brings its own.
    `references` maps a column to `table` for a composite key `(agency_id, column) -> table (agency_id, id)`.
    """
    conditions = {"select": MINE, "insert": MINE, "update": MINE, "delete": MINE} | dict(policies or {})
    statements = [f"alter table {table} enable row level security", f"alter table {table} force row level security"]
    if key:
        statements.append(f"alter table {table} drop constraint {table}_pkey, add primary key ({key})")
    for name, condition in conditions.items():
        if condition == "never":
            continue
        command = name.split("_")[0]
        before, after = condition if isinstance(condition, tuple) else (condition, condition)
        using = "" if command == "insert" else f" using ({before})"
        check = f" with check ({after})" if command in ("insert", "update") else ""
        statements.append(f"create policy {table}_{name} on {table} for {command}{using}{check}")
    for column, target in (references or {}).items():
        statements.append(
            f"alter table {table} add constraint {table}_{column}_same_agency"
            f" foreign key (agency_id, {column}) references {target} (agency_id, id) deferrable initially deferred"
        )
    return [migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in statements]


def statements(*sql: str) -> list[migrations.RunSQL]:
    """One `RunSQL` per statement, so that a sharded database can run each on its own."""
    return [migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in sql]

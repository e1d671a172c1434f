"""Bring the database to this version: `python -m accord.config.migrate`, as the owner and nobody else.

Run in a process of its own, because a process has one database role from start to end.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from subprocess import run

from accord.config.environment import ConfigError, Environment


def migrate(environment: Environment) -> None:
    """Run the migrations in a child process with the owner's URL. Raises ConfigError when they fail."""
    if environment.owner_database_url is None:
        raise ConfigError("Migrations need the owner: set ACCORD_OWNER_DATABASE_URL.")
    variables = os.environ | replace(environment, role="owner").variables()
    done = run([sys.executable, "-m", "accord.config.migrate"], env=variables, capture_output=True, text=True)
    if done.returncode:
        raise ConfigError(f"The database could not be brought to this version: {done.stderr.strip()[-600:]}")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord.config.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from accord.database.context import pads

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    inner, outer = pads(settings.KEYRING.secrets["context"])
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into accord_private.secret (inner_pad, outer_pad) values (%s, %s) on conflict do nothing",
            [inner, outer],
        )


if __name__ == "__main__":
    main()

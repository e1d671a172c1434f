"""One real PostgreSQL for the whole run, with the service's own restricted role. No test cleans up: each builds its
own agencies, and what belongs to another agency is as good as not there: the product's first promise."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from accord.config import postgres
from accord.config.environment import Environment
from accord.config.migrate import migrate
from accord.sealing import keyring

_HOME = Path(tempfile.mkdtemp(prefix="accord-test-"))
_HOME.chmod(0o711)  # as root the server runs as somebody else, who must be able to pass through
_SERVER = postgres.ensure(_HOME / "postgres")
keyring.create(_HOME / "keyring.json")
ENVIRONMENT = Environment.read({"ACCORD_DATA_DIR": str(_HOME)}).connected(
    app_url=_SERVER.app_url, owner_url=_SERVER.owner_url
)
migrate(ENVIRONMENT)
# Nothing here outlives the run; what must outlive a power cut has servers of its own (`proofs/test_kept_*`).
with psycopg.connect(_SERVER.backup_url, autocommit=True) as _owner:
    _owner.execute("alter system set synchronous_commit = off")
    _owner.execute("select pg_reload_conf()")
os.environ.update(ENVIRONMENT.connected(app_url=_SERVER.app_url).variables())
os.environ["DJANGO_SETTINGS_MODULE"] = "accord.config.settings"

import django  # noqa: E402

django.setup()

# Passphrases are stored with as little work as Argon2id allows: every test enrols somebody, and what they prove is not
# how long guessing takes.
from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402

Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


@pytest.fixture(scope="session")
def environment() -> Environment:
    """The running database with both roles' addresses."""
    return ENVIRONMENT


@pytest.fixture
def world() -> Iterator[object]:
    from tests.world import World

    yield World()


def pytest_unconfigure() -> None:
    from django.db import connection

    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    _SERVER.stop()
    postgres.remove(_HOME / "postgres")
    shutil.rmtree(_HOME, ignore_errors=True)

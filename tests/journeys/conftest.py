"""The real service on the test database, and a real Chromium before it.

Where no Chromium is found the journeys are skipped, and the end of the run says so in capitals. PICTURES=1 lets
`test_pictures.py` be collected; see there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.config.environment import Environment
from tests.journeys.person import Person

HOW = "apt-get install chromium-headless-shell (or chromium, or put google-chrome on the PATH)"
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SERVE = """
from accord.config.environment import Environment
from accord.config.serve import run
run(Environment.read(), jobs=True, ready=lambda address: print("READY", address, flush=True))
"""

collect_ignore = [] if os.environ.get("PICTURES") else ["test_pictures.py"]


def chromium() -> str | None:
    """The browser's program, the one without windows first: it starts pages faster. None when this machine has none."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    places = [shutil.which(name) for name in names] + ["/usr/bin/chromium", "/usr/bin/google-chrome"]
    return next((place for place in places if place and os.access(place, os.X_OK)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)
            if chromium() is None:
                item.add_marker(pytest.mark.skip(reason=f"no Chromium found: {HOW}"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    left_out = [each for each in terminalreporter.stats.get("skipped", []) if "no Chromium found" in str(each.longrepr)]
    if left_out:
        terminalreporter.section("BROWSER JOURNEYS WERE SKIPPED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(left_out)} journeys did not run: no Chromium was found.", red=True)
        terminalreporter.line(f"To run them: {HOW}", red=True)


class Service:
    """The running service: where it is, and what it has written to its standard error so far."""

    def __init__(self, address: str, errors: Path) -> None:
        self.address, self._errors = address, errors

    @property
    def said(self) -> str:
        return self._errors.read_text("utf-8", errors="replace")


@pytest.fixture(scope="package")
def service(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`accord serve` as it runs everywhere else: web and jobs processes, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert environment.database_url is not None
    place = environment.connected(app_url=environment.database_url).at(port=port)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "DJANGO_", "PYTEST"))}
    errors = tmp_path_factory.mktemp("service") / "stderr"
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            env=kept | place.variables(),
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("READY"):
                    break
            else:
                raise AssertionError(f"the service did not start: {errors.read_text()}")
            yield Service(line.split()[1], errors)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process.stdout.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """One Chromium for all journeys. Playwright's loop lives in this thread, which Django would take for a reason to
    refuse its own database calls; it ends with the package, before other tests start loops of their own."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            found = playwright.chromium.launch(executable_path=chromium(), args=_ARGUMENTS, timeout=120_000)
            yield found
            found.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def somebody(browser: Any, service: Service) -> Iterator[Callable[..., Person]]:
    """`somebody(kind, **how)`: a person at a browser of her own. What her browser complained of fails the test."""
    people: list[Person] = []

    def sit_down(kind: type[Person] = Person, **how: Any) -> Person:
        person = kind(browser, service.address, **how)
        people.append(person)
        return person

    yield sit_down
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        person.leave()
    assert not complaints, json.dumps(complaints, indent=1, ensure_ascii=False)

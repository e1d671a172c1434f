"""Somebody at a browser: she reads, types and presses; whatever page she sees is looked at for barriers too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.translation import gettext, ngettext, override
from playwright.sync_api import Locator, Page, expect

PATIENCE = 60_000  # milliseconds; the machine may be busy with other things
AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
expect.set_options(timeout=PATIENCE)
#: How often axe has looked at a kind of page, as it looks to somebody; it does so MOST times, whoever sees it.
LOOKED: Counter[tuple[str, ...]] = Counter()
MOST = 3


def one_time_code(secret: str, at: float | None = None, step: int = 0) -> str:
    """Six digits for a base32 secret (RFC 6238 with SHA-1 and 30 seconds; RFC 4226 section 5.3); `step` later."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = int((time.time() if at is None else at) // 30) + step
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


class Person:
    """A browser context of its own. `complaints` is what the browser had to say against our pages. In a `language` she
    reads every page in it, and what she presses, writes and sees is given in English."""

    def __init__(
        self,
        browser: Any,
        address: str,
        *,
        axe: bool = True,
        narrow: bool = False,
        language: str | None = None,
        **how: Any,
    ) -> None:
        self.address, self.narrow, self.language = address, narrow, language
        self.complaints: list[str] = []
        self.scheme = how.get("color_scheme", "light")
        self.expected: set[str] = set()
        self._axe = Axe() if axe else None
        self.context = browser.new_context(
            base_url=address, **{"viewport": {"width": 1280, "height": 900}, "locale": "en-US", **how}
        )
        self.context.set_default_timeout(PATIENCE)
        if language:
            self._reads(language)
        self.page: Page = self._watched(self.context.new_page())

    def leave(self) -> None:
        self.context.close()

    # ------------------------------------------------------------------ going and looking

    def go(self, path: str, status: int = 200) -> str:
        """Open an address and look at what comes. Returns the page's text."""
        if status >= 400:
            self.expected.add(self.address + path)
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status, (path, answer.status)
        return self.look()

    def look(self) -> str:
        """The page as it is now: no barrier, nothing beyond the edge, no name in its title. Returns its text."""
        self.page.wait_for_load_state("load")
        where = self._where()
        if self.language and self.page.locator("html").get_attribute("lang") != self.language:
            self.complaints.append(f"{where[0]} is not in {self.language}")
        if self.narrow:
            wide = self.page.evaluate("document.scrollingElement.scrollWidth")
            if wide > self.page.viewport_size["width"]:
                self.complaints.append(f"{where[0]} is {wide} px wide: {self._wide()}")
        kind = (*where, self.scheme, str(self.narrow))
        if self._axe and LOOKED[kind] < MOST:
            LOOKED[kind] += 1
            found = self._axe.run(self.page, options=AXE).response["violations"]
            self.complaints += [f"axe on {where}: {self._barrier(each)}" for each in found]
        return self.text

    @property
    def text(self) -> str:
        return " ".join(self.page.locator("main").inner_text().split())

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def client(self) -> str:
        """The id of the client whose page this is."""
        return re.search(r"/clients/([0-9a-f-]{36})/", self.path)[1]

    def said(self, sentence: str, **words: object) -> str:
        """A sentence of the pages as she reads it; what is not one of them stays as it is."""
        with override(self.language or "en"):
            return gettext(sentence) % words if words else gettext(sentence)

    def counted(self, one: str, many: str, number: int) -> str:
        """A number of things as she reads it: `counted("%(number)s day", "%(number)s days", 3)`."""
        with override(self.language or "en"):
            return ngettext(one, many, number) % {"number": number}

    def sees(self, *words: str) -> None:
        for each in words:
            expect(self.page.locator("main")).to_contain_text(self.said(each))

    def sees_not(self, *words: str) -> None:
        for each in words:
            expect(self.page.locator("body")).not_to_contain_text(self.said(each))

    # ------------------------------------------------------------------ hands

    def press(self, name: str | re.Pattern[str], inside: Locator | None = None) -> str:
        """Press the link or button of this name and look at where it leads."""
        place = inside or self.page
        exact = isinstance(name, str)
        name = self.said(name) if isinstance(name, str) else name
        found = place.get_by_role("link", name=name, exact=exact).or_(
            place.get_by_role("button", name=name, exact=exact)
        )
        return self.follow(found.first)

    def follow(self, what: Locator) -> str:
        """Press this link or button and look at where it leads."""
        self._leading(lambda: self._press(what))
        return self.look()

    def write(self, label: str, text: str, inside: Locator | None = None) -> None:
        found = (inside or self.page).get_by_label(re.compile("^" + re.escape(self.said(label))))
        self._write(found.first, text)

    def tick(self, *labels: str, inside: Locator | None = None) -> None:
        for label in labels:
            self.mark((inside or self.page).get_by_label(self.said(label), exact=True).first)

    def choose(self, legend: str, choice: str, inside: Locator | None = None) -> None:
        """Tap one of a group of choices."""
        legend = re.escape(self.said(legend))
        group = (inside or self.page).get_by_role("group", name=re.compile("^" + legend)).first
        self.mark(group.get_by_label(self.said(choice), exact=True).first)

    def mark(self, box: Locator) -> None:
        """Tick a box, or take one of several choices."""
        box.check()

    def _press(self, what: Locator) -> None:
        what.click()

    def _write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def signs_in(self, email: str, password: str) -> str:
        self.go("/sign-in/")
        self.page.locator("input[name=login]").fill(email)
        self.page.locator("input[name=password]").fill(password)
        self._leading(self.page.locator("main button.primary").click)
        if self.language:
            self._reads(self.language)  # the language of her account came with her
            self.page.reload()
        return self.look()

    def _reads(self, language: str) -> None:
        self.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": self.address}])

    def signs_out(self) -> None:
        self._leading(self.page.locator(".foot form[action='/sign-out/'] button").click)

    def finds_nothing_at(self, *paths: str) -> None:
        """Each address answers, to the byte, as one that never was."""
        for path in paths:
            never = re.sub(r"[0-9a-f-]{36}", lambda _: str(uuid.uuid4()), path)
            found, random = (self.fetch(each) for each in (path, never))
            assert found.status == random.status == 404, path
            assert _bare(found.text()) == _bare(random.text())
            assert set(found.headers) == set(random.headers)

    def fetch(self, path: str, **kwargs: Any) -> Any:
        """An answer without a page: the browser's cookies and nothing else."""
        return self.context.request.get(path, **kwargs)

    def save(self, name: str, to: Path) -> Path:
        """Press something that is saved as a file; where it went."""
        with self.page.expect_download(timeout=PATIENCE) as waiting:
            self.page.get_by_role("link", name=name).or_(self.page.get_by_role("button", name=name)).first.click()
        waiting.value.save_as(to)
        return to

    # ------------------------------------------------------------------ the keyboard

    def tab_to(self, name: str, most: int = 120) -> None:
        """Go to something by Tab alone. It must be reached, and where one stands must be seen on the way."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            here = self.page.evaluate(_FOCUSED)
            assert here["seen"], f"nobody sees where she stands at {here['name']!r}"
            if here["name"].startswith(name):
                return
        raise AssertionError(f"{name!r} is not reached by Tab")

    def enter(self) -> str:
        """Press Enter where one stands, and look at where it leads."""
        self._leading(lambda: self.page.keyboard.press("Enter"))
        return self.look()

    # ------------------------------------------------------------------ what is watched

    def _leading(self, act: Any) -> None:
        with self.page.expect_navigation(timeout=PATIENCE, wait_until="load"):
            act()

    def _where(self) -> tuple[str, ...]:
        try:
            name = resolve(self.path).url_name or ""
        except Resolver404:
            name = "404"
        alert = self.page.locator("[role=alert]").count() > 0
        return (name, "alert" if alert else "")

    def _watched(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", self._heard)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        return page

    def _heard(self, message: Any) -> None:
        """Content security, scripts and anything else Chromium calls an error or a warning."""
        if message.type not in ("error", "warning"):
            return
        if "Failed to load resource" in message.text:
            return  # what it was is heard in `_answered` and `_failed`
        if message.text.startswith(("htmx:sendAbort", "htmx:afterRequest")):
            return  # a look that a newer choice on the same form has replaced; one that failed says htmx:sendError
        self.complaints.append(f"{self.page.url}: {message.text}")

    def _failed(self, request: Any) -> None:
        # A poll that was under way when she left the page, and a page that turned out to be a file to save.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url}: {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and response.url not in self.expected:
            self.complaints.append(f"{response.url}: {response.status}")

    @staticmethod
    def _barrier(violation: Any) -> str:
        nodes = [f"{' '.join(node['target'])} ({node['failureSummary']})" for node in violation["nodes"][:3]]
        return f"{violation['id']}: {violation['help']}; {nodes}"

    def _wide(self) -> str:
        found: list[str] = self.page.evaluate(_TOO_WIDE)
        return "; ".join(found)


class ByKeyboard(Person):
    """She has no mouse: Tab, Space, arrows and Enter, and it is always seen where she stands."""

    def mark(self, box: Locator) -> None:
        self._reach(box)
        keys = self.page.keyboard
        # An arrow goes from choice to choice, so the last of them is as many presses away as there are.
        for _ in range(1 + box.evaluate(_CHOICES)):
            if box.is_checked():
                return
            keys.press("Space" if box.evaluate("it => it === document.activeElement") else "ArrowDown")
        raise AssertionError("it cannot be ticked by keyboard")

    def _press(self, what: Locator) -> None:
        self._reach(what)
        self.page.keyboard.press("Enter")

    def _write(self, field: Locator, text: str) -> None:
        self._reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete") if text == "" else self.page.keyboard.type(text)

    def _reach(self, what: Locator, most: int = 200) -> None:
        """Tab until one stands there; of several choices it is enough to stand in their group."""
        for _ in range(most):
            if what.evaluate(_THERE):
                return
            self.page.keyboard.press("Tab")
            here = self.page.evaluate(_FOCUSED)
            assert here["seen"], f"nobody sees where she stands at {here['name']!r} of {self.path}"
        raise AssertionError(f"{what} is not reached by Tab")


def _bare(page: str) -> str:
    """A page without what is new in every answer: the nonce and the token against forged forms."""
    return re.sub(r'(nonce|name="csrfmiddlewaretoken" value)="[^"]*"', "", page)


_THERE = """it => {
  const here = document.activeElement;
  return it === here || (it.type === 'radio' && here.type === 'radio' && here.name === it.name);
}"""
_CHOICES = """it => it.type === 'radio' ? document.querySelectorAll(
  `input[type=radio][name="${CSS.escape(it.name)}"]`).length : 1"""
_TOO_WIDE = """() => [...document.querySelectorAll('body *')]
  .filter(it => it.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !it.closest('.scroll'))
  .slice(0, 4).map(it => it.outerHTML.slice(0, 120))"""
_FOCUSED = """() => {
  const it = document.activeElement, style = getComputedStyle(it), label = it.labels && it.labels[0];
  const name = it.getAttribute('aria-label') || (label ? label.innerText : it.innerText) || '';
  const box = it.getBoundingClientRect();
  const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  // Inside a date or time the browser draws the ring around its own calendar button.
  const inside = ['date', 'time', 'datetime-local'].includes(it.type) && !it.matches(':focus');
  const seen = it === document.body || inside || (outline && box.width > 0 && box.height > 0);
  return {name: name.replace(/\\s+/g, ' ').trim(), seen};
}"""

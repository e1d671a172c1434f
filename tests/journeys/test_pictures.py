"""Pictures of the main pages for the README and the docs, from the people of the demo, all of them invented:

    PICTURES=1 make test TEST=tests/journeys/test_pictures.py

writes docs/pictures/*.png, one for a desk and one for a phone each; PICTURES=/some/folder writes them there. Without
PICTURES this file is not collected."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.config.service import gate
from accord.demo import fill as filling
from accord.demo.story import Story, story
from tests.journeys.conftest import Service
from tests.journeys.person import Person
from tests.journeys.test_caseload import PASSPHRASE, a_list
from tests.world import CHEAP

_WHERE = os.environ.get("PICTURES", "1")
PLACE = Path(__file__).parents[2] / "docs" / "pictures" if _WHERE == "1" else Path(_WHERE)
#: Households enough that everything has happened to somebody at each of the four agencies whose pages are taken.
SEED, SIZE = 20_261, 100
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}

Somebody = Callable[..., Person]


@dataclass(frozen=True)
class Demo:
    """The filled demo: its story, and the passphrase of each member."""

    told: Story
    keys: dict[str, str]

    def sits(self, somebody: Somebody, who: str) -> Person:
        """`who` without example.org, at her My day or whatever is first for her."""
        person = somebody(axe=False)
        person.signs_in(f"{who}.example.org", self.keys[f"{who}.example.org"])
        return person

    def name(self, place: int) -> str:
        return self.told.clients[place].identity.name


@pytest.fixture(scope="module")
def demo(service: Service) -> Demo:
    told = story(seed=SEED, size=SIZE, today=datetime.now(UTC).date())
    filled = filling.fill(gate(), told, step=lambda _: None, cost=CHEAP)
    PLACE.mkdir(parents=True, exist_ok=True)
    return Demo(told, {each.email: each.passphrase for each in filled.sign_ins})


def test_a_shelter_s_pages(demo: Demo, somebody: Somebody) -> None:
    sign_in = somebody(axe=False)
    for path, name in (("/sign-in/", "sign-in"), ("/promise/", "promise")):
        sign_in.go(path)
        _taken(sign_in, name)

    advocate = demo.sits(somebody, "worker@harbor")
    _taken(advocate, "my-day")
    arrival = advocate.page.locator("#now a[href^='/arrivals/']").last.get_attribute("href")
    client = _with_most(advocate, 'class="entry theirs"')
    advocate.go(client)
    _taken(advocate, "client")
    advocate.page.locator("article.entry.theirs a").first.click()
    advocate.page.locator(".why .card").first.wait_for()
    _taken(advocate, "why")
    for page in ("services", "contact", "timeline", "accounting", "never", "conflict", "entries"):
        advocate.go(f"{client}{page}/")
        _taken(advocate, page)
    for path, name in (("/clients/", "clients"), ("/updates/", "tray"), ("/partners/", "partners")):
        advocate.go(path)
        _taken(advocate, name)
    advocate.press("St. Brigid Hospital")
    _taken(advocate, "partner")
    advocate.go("/my-day/")
    advocate.go(_with_most(advocate, "/people/"))
    advocate.follow(advocate.page.locator("a[href*='/people/']:not([href*='/new/'])").first)
    _taken(advocate, "person")

    # Two files of one person: some noticed it, some did not yet.
    merged, alike = demo.told.same
    _found(advocate, demo.name(alike[0]))
    advocate.follow(advocate.page.locator("a[href*='/same/']").first)
    _taken(advocate, "same")
    _found(advocate, demo.name(merged[0]))
    advocate.page.locator("details:has(a[href*='/separate/']) summary").first.click()
    advocate.follow(advocate.page.locator("a[href*='/separate/']").first)
    _taken(advocate, "separate")

    # Something arrives and becomes a client; then she takes it back here, and the hospital is told.
    advocate.go(arrival)
    _taken(advocate, "arrival")
    advocate.page.locator("main form button.primary").first.click()
    advocate.look()
    if not advocate.path.endswith("/intake/"):
        advocate.go(f"/clients/{advocate.client}/intake/")
    _taken(advocate, "intake")
    advocate.go("/my-day/")
    advocate.go(_with_most(advocate, "She takes back what St. Brigid Hospital shared"))
    advocate.follow(advocate.page.get_by_role("link", name=re.compile("^She takes back what St. Brigid")).first)
    _taken(advocate, "take-back")
    advocate.choose("What does she take back?", "What St. Brigid Hospital sent to us")
    advocate.choose("How did she tell you?", "By phone")
    advocate.press("End it here and tell them")
    nurse = demo.sits(somebody, "worker@brigid")
    _taken(nurse, "my-day-relay")
    nurse.follow(nurse.page.locator("#now a[href*='/relays/']").first)
    _taken(nurse, "relay")


def test_a_release_conversation_and_a_hospital_s_pages(demo: Demo, somebody: Somebody) -> None:
    nurse = demo.sits(somebody, "worker@brigid")
    patient = _with_most(nurse, ">Injuries</a>")
    nurse.go(patient)
    _taken(nurse, "patient")
    for page in ("exam", "injury", "visit", "import", "entries/new", "about"):
        nurse.go(f"{patient}{page}/")
        _taken(nurse, page.replace("/", "-"))
    nurse.go(f"{patient}releases/new/")
    _taken(nurse, "release-1-who")
    for name in ("Harbor House", "Arden Legal Aid", "Arden Housing Authority"):
        nurse.mark(nurse.page.get_by_label(name))
    nurse.press("Go on")
    cards = nurse.page.locator(".beside")
    nurse.choose("Injuries", "Summary", cards.filter(has_text="Harbor House"))
    nurse.choose("Injuries", "Full", cards.filter(has_text="Arden Legal Aid"))
    nurse.choose("Injuries", "That we are involved", cards.filter(has_text="Arden Housing Authority"))
    nurse.page.locator(".preview").nth(2).wait_for()
    _taken(nurse, "release-2-what")
    nurse.press("See what each will get")
    _taken(nurse, "release-3-preview")
    nurse.press("Read the risks together")
    _taken(nurse, "release-4-sign")
    for box in nurse.page.locator(".aloud input[type=checkbox]").all():
        box.check()
    nurse.choose("How", "On this screen")
    nurse.write("Name she signs with", "Her name")
    nurse.choose("Her copy", "She has her copy")
    nurse.press("Signed: send it now")
    _taken(nurse, "release-5-signed")
    nurse.press(re.compile("^She takes it back"))
    _taken(nurse, "withdraw")
    nurse.go(f"{patient}entries/new/")
    _taken(nurse, "also-send-to")


def test_what_flows_and_who_watches(demo: Demo, somebody: Somebody) -> None:
    detective = demo.sits(somebody, "worker@police")
    case = _with_most(detective, "/flows/")
    detective.go(case)
    _taken(detective, "flows")
    detective.go(f"{case}flows/new/")
    _taken(detective, "flow-new")
    detective.go(case)
    detective.follow(detective.page.locator("a[href$='/end/']").first)
    _taken(detective, "flow-end")
    for who, path, name in (
        ("privacy@police", "/log/", "log"),
        ("privacy@police", "/log/releases/", "releases"),
        ("records@police", "/kept/", "kept"),
        ("director@police", "/members/", "members"),
        ("director@police", "/keys/", "keys"),
        ("director@police", "/agency/access/", "access"),
        ("director@police", "/agreements/new/", "agreement-new"),
        ("director@police", "/agreements/", "agreements"),
    ):
        officer = demo.sits(somebody, who)
        officer.go(path)
        _taken(officer, name)
    officer.press("Charging protocol")
    _taken(officer, "agreement")
    officer.go("/members/")
    officer.follow(officer.page.locator("main h2 a").last)
    _taken(officer, "member")
    officer.go(f"{officer.path}remove/")
    _taken(officer, "member-leaves")


def test_a_caseload_in_and_out(demo: Demo, somebody: Somebody, tmp_path: Path) -> None:
    boss = demo.sits(somebody, "supervisor@harbor")
    client = boss.page.locator("ul.people a").first.get_attribute("href")
    for path, name in ((f"{client}team/", "team"), ("/walls/", "walls"), ("/caseload/", "caseload")):
        boss.go(path)
        _taken(boss, name)
    boss.go("/caseload/import/")
    _taken(boss, "caseload-1-file")
    boss.page.locator("input[type=file]").set_input_files(a_list(tmp_path / "list.csv", more=600))
    boss.press("Read it")
    _taken(boss, "caseload-2-columns")
    boss.press("See what will stand")
    _taken(boss, "caseload-3-preview")
    boss.tick("Leave out the rows that cannot be read")
    boss.press("Bring them in")
    boss.page.screenshot(path=PLACE / "caseload-4-progress.png", full_page=True)
    boss.page.locator("#bringing .aloud").wait_for()
    _taken(boss, "caseload-5-done")
    boss.go("/caseload/export/")
    _taken(boss, "export-1-ask")
    boss.choose("Which files?", "All files, open and closed")
    boss.choose("What for?", "Moving to another system")
    boss.press("Count them and go on")
    _taken(boss, "export-2-waits")
    address = boss.path
    director = demo.sits(somebody, "director@harbor")
    director.go("/caseload/seconds/")
    director.follow(director.page.locator("main li a").first)
    _taken(director, "export-3-second")
    director.press("I agree")
    boss.go(address)
    boss.page.locator("[name=passphrase]").fill(PASSPHRASE)
    _taken(boss, "export-4-file")


def test_the_work(demo: Demo, somebody: Somebody) -> None:
    advocate = demo.sits(somebody, "worker@harbor")
    for path, name in (("/gaps/", "gaps"), ("/tasks/", "tasks"), ("/referrals/", "referrals")):
        advocate.go(path)
        _taken(advocate, name)
    advocate.go("/gaps/")
    advocate.follow(advocate.page.locator("main li a[href*='/gaps/']").first)
    _taken(advocate, "gap")
    advocate.press("To its protocol")
    _taken(advocate, "track")
    client = f"/clients/{advocate.client}/"
    advocate.go(f"{client}tracks/")
    _taken(advocate, "tracks")
    advocate.go(f"{client}tracks/new/")
    _taken(advocate, "track-new")
    advocate.go(f"{client}referrals/new/")
    _taken(advocate, "referral-new")
    boss = demo.sits(somebody, "supervisor@harbor")
    for path, name in (
        ("/board/", "board"),
        ("/gaps/counts/", "gap-counts"),
        ("/deviations/", "deviations"),
        ("/protocols/", "protocols"),
        ("/protocols/protective_order/", "protocol"),
        ("/protocols/changes/new/", "protocol-change-new"),
        ("/my-notices/", "my-notices"),
    ):
        boss.go(path)
        _taken(boss, name)


def _taken(person: Person, name: str) -> None:
    for size, suffix in ((DESK, ""), (PHONE, "-phone")):
        person.page.set_viewport_size(size)
        person.page.screenshot(path=PLACE / f"{name}{suffix}.png", full_page=suffix == "")
    person.page.set_viewport_size(DESK)


def _with_most(person: Person, of: str) -> str:
    """The page of whoever has most of something, among the people on My day."""
    links = [each.get_attribute("href") for each in person.page.locator("ul.people a").all()]
    return max(links, key=lambda path: person.fetch(path).text().count(of))


def _found(person: Person, name: str) -> None:
    """Her page, found by her name."""
    person.go("/clients/")
    person.page.locator("main input[name=text]").fill(name)
    person.page.get_by_role("button", name="Find", exact=True).click()
    title = person.page.locator("#found-title")
    title.filter(has_text=re.compile("found$")).wait_for()
    person.follow(person.page.locator("#found a").first)

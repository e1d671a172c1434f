"""Pictures of the main pages for the README and the docs, from the people of the demo, all of them invented:

    PICTURES=1 make test TEST=tests/journeys/test_pictures.py

writes docs/pictures/*.png, one for a desk and one for a phone each. Without PICTURES this file is not collected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from accord.config.service import gate
from accord.demo import fill as filling
from accord.demo.story import LEAST_SIZE, story
from tests.journeys.person import Person
from tests.world import CHEAP

PLACE = Path(__file__).parents[2] / "docs" / "pictures"
SEED = 20_261
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


def test_pictures(somebody: Callable[..., Person]) -> None:
    told = story(seed=SEED, size=LEAST_SIZE, today=datetime.now(UTC).date())
    filled = filling.fill(gate(), told, step=lambda _: None, cost=CHEAP)
    keys = {each.email: each.passphrase for each in filled.sign_ins}
    PLACE.mkdir(parents=True, exist_ok=True)

    sign_in = somebody(axe=False)
    sign_in.go("/sign-in/")
    _taken(sign_in, "sign-in")
    sign_in.go("/promise/")
    _taken(sign_in, "promise")

    advocate = somebody(axe=False)
    advocate.signs_in("worker@harbor.example.org", keys["worker@harbor.example.org"])
    _taken(advocate, "my-day")
    arrival = advocate.page.locator("#now a").first.get_attribute("href")
    advocate.go(_with_most(advocate, 'class="entry theirs"'))
    _taken(advocate, "client")
    advocate.page.locator("article.entry.theirs a").first.click()
    advocate.page.locator(".why .card").first.wait_for()
    _taken(advocate, "why")
    advocate.go(arrival)
    _taken(advocate, "arrival")
    advocate.go("/clients/")
    _taken(advocate, "clients")
    advocate.go("/partners/")
    _taken(advocate, "partners")

    nurse = somebody(axe=False)
    nurse.signs_in("worker@brigid.example.org", keys["worker@brigid.example.org"])
    patient = _with_most(nurse, ">Injuries</a>")
    nurse.go(patient)
    _taken(nurse, "patient")
    for page in ("exam", "injury", "import", "entries/new"):
        nurse.go(f"{patient}{page}/")
        _taken(nurse, page.replace("/", "-"))
    nurse.go(f"{patient}releases/new/")
    _taken(nurse, "release-1-who")
    nurse.page.get_by_label("Harbor House").check()
    nurse.press("Go on")
    nurse.choose("Injuries", "Summary")
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

    for role, path, name in (
        ("privacy", "/log/", "log"),
        ("privacy", "/log/releases/", "releases"),
        ("records", "/kept/", "kept"),
        ("director", "/members/", "members"),
        ("director", "/keys/", "keys"),
    ):
        officer = somebody(axe=False)
        officer.signs_in(f"{role}@police.example.org", keys[f"{role}@police.example.org"])
        officer.go(path)
        _taken(officer, name)


def _taken(person: Person, name: str) -> None:
    for size, suffix in ((DESK, ""), (PHONE, "-phone")):
        person.page.set_viewport_size(size)
        person.page.screenshot(path=PLACE / f"{name}{suffix}.png", full_page=suffix == "")
    person.page.set_viewport_size(DESK)


def _with_most(person: Person, of: str) -> str:
    """The page of whoever has most of something, among the people on My day."""
    links = [each.get_attribute("href") for each in person.page.locator("ul.people a").all()]
    return max(links, key=lambda path: person.fetch(path).text().count(of))

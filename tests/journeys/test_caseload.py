"""A supervisor brings an old list in and takes her files out, in a browser: with scripts, without, and on a phone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from accord.policy.words import Role
from accord.records.caseload import rules
from tests.journeys.county import county
from tests.journeys.person import Person
from tests.world import PASSWORD

PASSPHRASE = "seven harmless words and a number"
#: A folder to put pictures of every page into, wide and narrow; none are taken without it.
PICTURES = os.environ.get("CASELOAD_PICTURES", "")
LIST = """Nombre;Apellido;Other names;Date of birth;Phone;Safe times;Status;Type of victimization;Opened;Child;Remark
Naomi;Achebe;Nao;17/05/1990;555-0101;mornings;open;DV;03/04/2024;Leo;Likes the blue room
Inés;Muñoz;;03/04/1985;555-0102;;closed;acoso;01/02/2020;;
Ana;;;31/02/1990;;;maybe;jaywalking;;;
{more}"""


def a_list(to: Path, more: int) -> Path:
    rows = "\n".join(f"Person {number};Example;;;555-0103;;open;;;;" for number in range(more))
    to.write_text(LIST.format(more=rows), encoding="windows-1252")
    return to


def pictured(person: Person, name: str) -> None:
    if PICTURES:
        for width in (1280, 320):
            person.page.set_viewport_size({"width": width, "height": 900})
            person.page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        person.page.set_viewport_size({"width": 320 if person.narrow else 1280, "height": 900})


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"java_script_enabled": False, "axe": False},
        {"narrow": True, "viewport": {"width": 320, "height": 720}, "color_scheme": "dark"},
    ],
    ids=["with scripts", "without scripts", "on a phone, dark"],
)
def test_an_old_list_becomes_files_and_files_leave_with_two(
    somebody: Callable[..., Person], tmp_path: Path, how: dict[str, object]
) -> None:
    place = county()
    house = place.shelter
    place.world.client(house.worker, rules.Identity(given="Naomi", family="Achebe", born=rules.date(1990, 5, 17)))
    boss = somebody(**how)
    boss.signs_in(house[Role.SUPERVISOR].email, PASSWORD)
    boss.go("/clients/")
    boss.press("Caseload, in and out")
    pictured(boss, "start")
    boss.press("Choose a file")
    pictured(boss, "upload")
    boss.page.locator("input[type=file]").set_input_files(a_list(tmp_path / "list.csv", more=rules.ALONE + 300))
    boss.press("Read it")
    boss.sees("What is each column?", "Likes the blue room")
    boss.sees("can only be read one way")
    boss.page.get_by_label("Remark").select_option("note")
    pictured(boss, "columns")
    boss.press("See what will stand")
    boss.sees("This is what will stand", "D4", "There is no such day.", "3 Apr 1985", "Seem to be here already")
    pictured(boss, "preview")
    boss.press("Bring them in")
    boss.sees("Tick this, or correct the file")
    pictured(boss, "preview-problem")
    boss.tick("Leave out the rows that cannot be read")
    boss.press("Bring them in")
    pictured(boss, "running")
    while "Go on" in boss.text and how.get("java_script_enabled") is False:
        boss.press("Go on")
    boss.sees(f"{rules.ALONE + 301} files were opened.", "2 rows were left out.")
    pictured(boss, "done")

    boss.go("/caseload/")
    pictured(boss, "start-after")
    boss.press("Ask to take files out")
    pictured(boss, "ask")
    boss.choose("Which files?", "All files, open and closed")
    boss.choose("What for?", "Moving to another system")
    boss.press("Count them and go on")
    boss.sees("Waits for a second person")
    pictured(boss, "waiting")
    address = boss.path

    director = somebody(**how)
    director.signs_in(house[Role.DIRECTOR].email, PASSWORD)
    director.go("/")
    director.press("Exports")
    pictured(director, "seconds")
    director.page.locator("main li a").first.click()
    director.look()
    director.sees("Talk to her first", "Moving to another system")
    pictured(director, "second")
    director.press("I agree")
    director.sees("You agreed.")

    boss.go(address)
    pictured(boss, "ready")
    boss.page.locator("[name=passphrase]").fill("too short")
    boss.press("Take them out now")
    boss.sees("Use at least 20 characters.")
    pictured(boss, "ready-problem")
    for name in ("passphrase", "again"):
        boss.page.locator(f"[name={name}]").fill(PASSPHRASE)
    saved = boss.save("Take them out now", tmp_path / "archive.age")
    lines = [json.loads(line) for line in pyrage.passphrase.decrypt(saved.read_bytes(), PASSPHRASE).splitlines()]
    assert lines[0]["line"] == "watermark"
    assert lines[-1] == {"line": "end", "clients": rules.ALONE + 302, "entries_and_envelopes": rules.ALONE + 301}

"""The same product for other hands and eyes: by keyboard alone, without JavaScript, on a small phone, in Spanish, in
the dark. Each walks the main pages of every role, or does the three things that must never depend on a mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from accord.ledger.permits import Permit
from accord.policy.words import AgencyKind, Category, Duty, Level, Purpose, Relation, Role, Verb
from accord.sharing import actions
from accord.sharing import queries as sharing
from accord.sharing.rules import Draft
from accord.vault import actions as vault
from accord.vault.rules import Identity, SafeContact
from tests.journeys.conftest import Service
from tests.journeys.county import County, county
from tests.journeys.person import LOOKED, Person
from tests.rooms.test_flows import begin, offers, running, say_never
from tests.rooms.test_relay import relay, relays, thread_of
from tests.rooms.test_updates import released
from tests.world import PASSWORD, Worker, agree

Somebody = Callable[..., Person]
TOLD = "Two injuries recorded."


@dataclass(frozen=True)
class Somewhere:
    """A county in which everything has happened once, and the main pages of each role there."""

    county: County
    pages: list[tuple[Worker, list[str]]]


@pytest.fixture(scope="module")
def somewhere(service: Service) -> Somewhere:
    place = county()
    world, hospital, shelter, police = place.world, place.hospital, place.shelter, place.police
    nurse, advocate, detective = hospital.worker, shelter.worker, police.worker
    who = Identity(given="Alejandra María", family="Montenegro-Villanueva", aliases=("Ale",), language="Spanish")
    card = SafeContact(when="Weekdays 10 to 14", say="the dentist", avoid="texts", phone="555-0100")
    patient, twice, merged = (world.client(nurse, who, card) for _ in range(3))
    with hospital[Role.SUPERVISOR].enter(Verb.MERGE_CLIENTS, client=patient) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=patient, other_id=merged)
    with nurse.enter(Verb.EDIT_CLIENT, client=patient) as permit:
        child = vault.add_person(
            permit=permit,
            at=permit.at,
            client_id=patient,
            relation=Relation.CHILD,
            identity=Identity(given="Nicanor", family="Montenegro-Villanueva"),
        )
    entry = world.entry(nurse, patient, text=TOLD, narrative="What she said, as she said it.")
    world.entry(nurse, patient, Category.MEDICATIONS, text="One medicine given.")

    # The shelter knows of her injuries, and something more waits there; the detective heard her take it back.
    release = world.release(nurse, patient, shelter, {Category.INJURIES: Level.SUMMARY})
    client = world.accept(advocate)
    world.release(nurse, patient, shelter, {Category.MEDICATIONS: Level.FULL})
    with advocate.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        arrival = sharing.waiting(permit=permit)[0].thread
    with advocate.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client) as permit:
        envelope = sharing.received(permit=permit, client_id=client)[0].id
    released(world, nurse, patient, police, (Category.INJURIES,), {Category.INJURIES: Level.SUMMARY})
    world.entry(nurse, patient, text="One more, which waits in the tray.")
    theirs = world.accept(detective)
    relay(detective, theirs, thread_of(police, theirs))
    never = say_never(nurse, patient, shelter, "Rocco Villanueva")
    with nurse.enter(Verb.PREPARE_RELEASE, Verb.READ_CLIENT, client=patient) as permit:
        draft = _draft(place, permit, patient)
        signed = sharing.release(permit=permit, release_id=release).conversation

    # The police tell a prosecutor under a law.
    prosecutor = world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    case = world.client(detective, Identity(given="Beatriz", family="Montenegro-Soler"))
    [offer] = offers(detective, case, prosecutor)
    begin(detective, case, offer)
    flow = running(detective, case)[0].id
    agreement = agree(shelter, hospital)

    hers, told, its = f"/clients/{patient}/", f"/clients/{client}/", f"/clients/{case}/"
    talk, member, paper = (
        f"{hers}conversations/{draft}/",
        f"/members/{advocate.member}/",
        f"/agreements/{agreement}/",
    )
    return Somewhere(
        place,
        [
            (
                nurse,
                [
                    "/my-day/", "/clients/", "/clients/new/", hers, f"{hers}entries/", f"{hers}entries/new/",
                    f"{hers}entries/{entry}/", f"{hers}about/", f"{hers}people/new/", f"{hers}people/{child}/",
                    f"{hers}people/{child}/edit/", f"{hers}services/",
                    f"{hers}contact/", f"{hers}conflict/", f"{hers}timeline/", f"{hers}accounting/", f"{hers}import/",
                    f"{hers}exam/", f"{hers}injury/", f"{hers}visit/", f"{hers}releases/new/", f"{talk}terms/",
                    f"{talk}preview/", f"{talk}sign/", f"{talk}partners/", f"{talk}withdraw/",
                    f"{hers}conversations/{signed}/", f"{hers}releases/{release}/withdraw/", "/updates/",
                    f"{hers}never/", f"{hers}never/{never}/lift/",
                    f"{hers}relays/{relays(nurse)[0].id}/", f"{hers}flows/new/", "/partners/", "/promise/",
                    "/password/", "/second-step/",
                ],
            ),
            (
                hospital[Role.SUPERVISOR],
                [
                    f"{hers}team/", f"{hers}same/{twice}/", f"{hers}separate/{merged}/", f"{hers}contact/anyway/",
                    "/walls/", "/caseload/", "/caseload/import/", "/caseload/export/",
                ],
            ),
            (
                advocate,
                [
                    "/my-day/", told, f"{told}intake/", f"/arrivals/{arrival}/",
                    f"{told}envelopes/{envelope}/why/", f"{told}take-back/{thread_of(shelter, client)}/",
                ],
            ),
            (shelter[Role.SUPERVISOR], [f"{told}delete/"]),
            (detective, [its, f"{its}flows/new/", f"{its}flows/{flow}/end/"]),
            (hospital[Role.PRIVACY_OFFICER], ["/log/", "/log/releases/"]),
            (hospital[Role.RECORDS_OFFICER], ["/kept/"]),
            (
                shelter[Role.DIRECTOR],
                [
                    "/members/", "/members/new/", member, f"{member}roles/", f"{member}remove/", "/keys/",
                    "/partners/", f"/partners/{hospital.id}/", f"/partners/{shelter.id}/", "/agency/",
                    "/agency/access/", "/agreements/", "/agreements/new/", paper, f"{paper}suspend/", f"{paper}leave/",
                ],
            ),
        ],
    )  # fmt: skip


def _draft(place: County, permit: Permit, patient: UUID) -> UUID:
    """A conversation about two partners that nobody has signed yet."""
    grants = {Category.IDENTITY: Level.SUMMARY, Category.INJURIES: Level.SUMMARY}
    return actions.begin(
        permit=permit,
        at=permit.at,
        client_id=patient,
        drafts=[Draft(house.id, Purpose.INVESTIGATION, grants) for house in (place.police, place.shelter)],
        last_day=permit.at.date() + timedelta(days=10),
        language="en",
    )


def test_by_keyboard_alone(somewhere: Somewhere, somebody: Somebody) -> None:
    """She signs in, writes an entry and takes a release back; Tab, Space, arrows and Enter, and always seen where."""
    place = somewhere.county
    patient = place.world.client(place.hospital.worker, Identity(given="Ana", family="Ruiz"))
    place.world.entry(place.hospital.worker, patient, text=TOLD)
    place.world.release(place.hospital.worker, patient, place.police)
    nurse = somebody(axe=False)
    keys = nurse.page.keyboard

    nurse.go("/sign-in/")
    nurse.tab_to("Skip to the page")
    nurse.tab_to("E-mail address")
    keys.type(place.hospital.worker.email)
    nurse.tab_to("Password")
    keys.type(PASSWORD)
    nurse.enter()
    assert nurse.path == "/my-day/"
    nurse.tab_to("Ana Ruiz")
    nurse.enter()
    assert nurse.client == str(patient)

    nurse.tab_to("Add entry")
    nurse.enter()
    nurse.tab_to("Intake")
    keys.press("ArrowDown")
    keys.press("Space")
    nurse.tab_to("Summary")
    keys.type("She has a ride home.")
    nurse.tab_to("Save")
    nurse.enter()
    nurse.sees("Written down.", "She has a ride home.")

    nurse.tab_to("Withdraw")
    nurse.enter()
    nurse.tab_to("In person")
    keys.press("ArrowDown")
    expect(nurse.page.get_by_label("By phone")).to_be_checked()
    nurse.tab_to("End it now")
    nurse.enter()
    nurse.sees("Taken back", "can no longer open anything")


def test_without_javascript(somewhere: Somewhere, somebody: Somebody) -> None:
    """Her word from the hospital to the shelter and back, by forms and links alone."""
    place = somewhere.county
    patient = place.world.client(place.hospital.worker, Identity(given="Lucía", family="Prado"))
    nurse, advocate = (somebody(axe=False, java_script_enabled=False) for _ in range(2))
    nurse.signs_in(place.hospital.worker.email, PASSWORD)
    nurse.go("/clients/")
    nurse.page.locator("main input[name=text]").fill("prado")
    nurse.press("Find")
    nurse.press("Lucía Prado")
    nurse.press("Add entry")
    nurse.page.get_by_label("Intake", exact=True).check()
    nurse.write("Summary", "A taxi was paid for.")
    nurse.press("Preview")
    expect(nurse.page.locator("#seen")).to_contain_text("A taxi was paid for.")
    nurse.press("Save")
    nurse.press("Share with a partner")
    nurse.page.get_by_label(place.shelter.name).check()
    nurse.press("Go on")
    nurse.choose("Services", "Summary")
    nurse.press("See what each will get")
    nurse.press("Read the risks together")
    words = nurse.page.locator(".aloud input[type=checkbox]")
    for number in range(words.count()):
        words.nth(number).check()
    nurse.choose("How", "On paper")
    nurse.write("Where we keep the signed paper", "Cabinet 2")
    nurse.write("Name she signs with", "L. P.")
    nurse.choose("Her copy", "She has her copy")
    nurse.press("Signed: send it now")
    release = nurse.path

    advocate.signs_in(place.shelter.worker.email, PASSWORD)
    advocate.press(f"{place.hospital.name} shared something with you")
    advocate.press("Accept, and open a new client")
    advocate.sees("A taxi was paid for.")
    advocate.press("Later")
    told = advocate.page.locator("article.entry.theirs").filter(has_text="A taxi was paid for.")
    advocate.press("Why can't I see more?", told)
    advocate.sees("What would change it")
    advocate.press("Back to her page")
    advocate.press("She confirmed this", told)
    advocate.sees("Noted: she confirmed it.")
    nurse.go(f"/clients/{patient}/")
    nurse.go(release)
    nurse.press(re.compile("^She takes it back"))
    nurse.choose("How she told you", "By phone")
    nurse.press("End it now")
    advocate.go(advocate.path)
    advocate.sees("No longer shared with us", "Confirmed with her: A taxi was paid for.")


def test_on_a_small_phone_in_the_dark(somewhere: Somewhere, somebody: Somebody) -> None:
    """320 by 640: nothing lies beyond the edge, and the dark colours have contrast enough."""
    for worker, paths in somewhere.pages:
        person = somebody(narrow=True, viewport={"width": 320, "height": 640}, color_scheme="dark")
        person.signs_in(worker.email, PASSWORD)
        for path in paths:
            person.go(path)


#: A moment, or a client's code.
_NO_WORDS = re.compile(r"\d.*|[A-Z]{2}-[A-Z0-9]{5}")
#: Words that are the same in both languages.
SAME: set[str] = set()


def test_in_spanish(somewhere: Somewhere, somebody: Somebody) -> None:
    """Every main page says that it is Spanish, and none of its headings is the English one."""
    names, left = {"Montenegro", "Saint Alma", "Lantern", "Millbrook", "prosecutor ", "Protocol "}, []
    for worker, paths in somewhere.pages:
        person = somebody(axe=False, language="en")
        person.signs_in(worker.email, PASSWORD)
        english = [(path, _headings(person, path, names)) for path in paths]
        person.language = "es"
        person.press("español")
        for path, before in english:
            left += [(path, each) for each in before & _headings(person, path, names) - SAME]
        person.language = "en"
        person.press("English")
    assert not left


def _headings(person: Person, path: str, names: set[str]) -> set[str]:
    """What stands over things on a page, without moments, codes and the names of people, agencies and agreements."""
    answer = person.fetch(path)
    assert answer.ok, path
    page = answer.text()
    assert f'lang="{person.language}"' in page.partition("<head>")[0], path
    written = re.findall(r"<(h1|h2|legend|th)\b[^>]*>(.*?)</\1>", page, re.DOTALL)
    found = {" ".join(unescape(re.sub("<[^>]*>", " ", each)).split()) for _tag, each in written}
    said = {each for each in found if not _NO_WORDS.fullmatch(each) and re.search("[A-Za-z]{3}", each)}
    return {each for each in said if not any(name in each for name in names)}


_FAULTS = """() => {
  const script = document.createElement('script'), picture = document.createElement('img');
  script.textContent = '1';
  picture.src = '/nowhere.png';
  document.body.append(script, picture);
}"""


def test_what_a_browser_complains_of_is_heard(service: Service, browser: Any) -> None:
    """Inline code, a missing picture, a missing page and a barrier are found, or the other journeys prove nothing."""
    person = Person(browser, service.address)
    person.go("/sign-in/")
    assert not person.complaints
    person.page.evaluate(_FAULTS)
    LOOKED.clear()
    expect(person.page.locator("img")).to_have_count(1)
    person.page.wait_for_timeout(500)
    person.look()
    person.page.goto("/nowhere/")
    heard = " ".join(person.complaints)
    for complaint in ("Content Security Policy", "/nowhere.png: 404", "image-alt", "/nowhere/: 404"):
        assert complaint in heard
    person.leave()

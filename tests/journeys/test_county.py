"""The journeys of five agencies around one survivor: a hospital, a shelter, the police, legal aid and the housing
authority, each at a browser of its own. Each sees exactly what she released, as long as she wants it, and nothing of
the rest stands anywhere in any page it is given."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from accord.policy.words import AgencyKind, Category, Duty, Level, Purpose, Relation, Role, Verb
from accord.sharing import actions as sharing
from accord.sharing import queries as arrivals
from accord.vault import actions as vault
from accord.vault.rules import Identity, SafeContact
from tests.journeys.conftest import Service
from tests.journeys.county import Five, five
from tests.journeys.person import ByKeyboard, Person
from tests.rooms.test_updates import released
from tests.world import PASSWORD, House, Worker, World, agree

Somebody = Callable[..., Person]
#: Seconds until an open page has asked again, with room for a busy machine.
NEWS = 30
#: Seconds after which somebody who did nothing signs in anew; the service signs her out a little later.
IDLE = 10 * 60
INJURIES, EXAM, IDENTITY = Category.INJURIES, Category.EXAM, Category.IDENTITY

#: Three ways for five things that must never be needed: a mouse, scripts, room, light, English.
HOW: dict[str, dict[str, Any]] = {
    "at a desk": {},
    "by keyboard alone, without JavaScript": {"kind": ByKeyboard, "java_script_enabled": False, "axe": False},
    "on a small phone, in the dark, in Spanish": {
        "narrow": True,
        "viewport": {"width": 320, "height": 640},
        "color_scheme": "dark",
        "language": "es",
    },
}
#: The usual run goes the two hard ways, which together go without all five; `make prove` goes the easy one too.
WAYS = [pytest.param(how, marks=[] if HOW[how] else pytest.mark.prove) for how in HOW]


@dataclass(frozen=True)
class Patient:
    """She, as the hospital knows her. Each of `words` stands in her file once, in no other file, and in none of the
    others; whoever was not told it must not find it in any page."""

    id: UUID
    words: dict[str, str]

    @property
    def page(self) -> str:
        return f"/clients/{self.id}/"


@pytest.fixture(scope="module")
def place(service: Service) -> Five:
    return five()


@pytest.fixture(scope="module")
def seats() -> dict[str, tuple[Any, float]]:
    """Who has signed in, and when she last did something: nobody signs in twice."""
    return {}


@pytest.fixture
def sits(somebody: Somebody, seats: dict[str, tuple[Any, float]]) -> Somebody:
    """`sits(worker, **how)`: this member at a browser of her own, signed in."""

    def sit(worker: Worker, **how: Any) -> Person:
        state, last = seats.get(worker.email, (None, 0.0))
        if state is None or time.monotonic() - last > IDLE:
            door = somebody(axe=False)
            door.signs_in(worker.email, PASSWORD)
            state = door.context.storage_state()
        seats[worker.email] = state, time.monotonic()
        return somebody(**{"storage_state": state, **how})

    return sit


# ------------------------------------------------------------------ 1. one conversation, three partners


@pytest.mark.parametrize("how", WAYS)
def test_one_signature_and_each_of_three_partners_sees_exactly_its_part(place: Five, sits: Somebody, how: str) -> None:
    patient = _patient(place)
    nurse = sits(place.hospital.worker, **HOW[how])
    before = set(_arrived(place.police.worker))
    _talks_with_three(nurse, place, patient)
    conversation = nurse.path

    for house, words in (
        (place.shelter, ("name", "injuries", "when", "say", "avoid")),
        (place.legal, ("name", "exam", "exam story")),
        (place.housing, ("name",)),
    ):
        worker = sits(house.worker, **HOW[how])
        _opens_newest(worker)
        _knows(worker, patient, *words)
        _takes_on(worker)
        _knows(worker, patient, *words)
        worker.go(f"/clients/{worker.client}/")
        _knows(worker, patient, *words)
        involved = worker.said("%(from_whom)s is involved. Nothing more.", from_whom=place.hospital.name)
        assert (involved in worker.text) is (house is place.housing)

    # The police are not told, find nothing, and cannot tell that there is anything to find.
    assert set(_arrived(place.police.worker)) == before == set()
    detective = sits(place.police.worker, **HOW[how])
    detective.go("/my-day/")
    detective.sees("Nothing waits for you.", "No clients yet.")
    detective.go("/clients/")
    detective.sees("No clients yet.")
    _knows(detective, patient)
    detective.finds_nothing_at(patient.page, conversation, f"/clients/{worker.client}/")
    detective.go(patient.page, 404)
    _knows(detective, patient)


def _talks_with_three(nurse: Person, place: Five, patient: Patient) -> None:
    """The whole release conversation: who, what, exactly what each will see, the words aloud, one signature."""
    three = (place.shelter, place.legal, place.housing)
    nurse.go(patient.page)
    nurse.press("Share with a partner")
    for house in three:
        nurse.write("Find a partner", house.name)
        nurse.press("Find")
        nurse.mark(nurse.page.get_by_label(house.name))
    nurse.press("Go on")
    shelter, legal, housing = (nurse.page.locator(f"#of-{house.id}") for house in three)
    nurse.choose("How to reach her safely", "When and how", shelter)
    nurse.choose("Injuries", "Summary", shelter)
    nurse.choose("Forensic exam", "Full", legal)
    nurse.choose("Services", "That we are involved", housing)
    nurse.press("See what each will get")
    _has(_as_seen_by(nurse, place.shelter), patient, "name", "injuries", "when", "say", "avoid")
    _has(_as_seen_by(nurse, place.legal), patient, "name", "exam", "exam story")
    _has(_as_seen_by(nurse, place.housing), patient, "name")
    nurse.press("Read the risks together")
    for box in nurse.page.locator(".aloud input[type=checkbox]").all():
        nurse.mark(box)
    nurse.choose("How", "On this screen")
    nurse.write("Name she signs with", patient.words["name"])
    nurse.choose("Her copy", "She has her copy")
    nurse.press("Signed: send it now")
    nurse.sees("What she agreed to, with one signature", *(house.name for house in three))


def _as_seen_by(nurse: Person, house: House) -> str:
    heading = nurse.said("As %(partner)s will see it", partner=house.name)
    return nurse.page.locator("section.card").filter(has_text=heading).inner_text()


# ------------------------------------------------------------------ 2. what she does not have to say again


def test_at_the_shelter_she_confirms_and_is_not_asked_again(place: Five, sits: Somebody) -> None:
    patient = _patient(place)
    contact = {Category.CONTACT: Level.SUMMARY, INJURIES: Level.SUMMARY}
    released(place.world, place.hospital.worker, patient.id, place.shelter, (), contact)
    advocate = sits(place.shelter.worker)
    _opens_newest(advocate)
    _takes_on(advocate)
    count = int(re.search(r"(\d+) questions are answered already", advocate.text)[1])
    assert count >= 3
    rows = advocate.page.locator("form[aria-labelledby=came] li")
    expect(rows).to_have_count(3)
    for row in rows.all()[:2]:
        row.get_by_role("checkbox").check()
    advocate.press("She confirmed the ticked ones")
    advocate.sees("Noted: she confirmed 2 things.", "2 things from partners are confirmed.")
    expect(rows).to_have_count(1)
    advocate.press("Later")
    expect(advocate.page.locator("section[aria-labelledby=repeat] .number")).to_have_text(str(count))
    month = advocate.go("/my-day/")
    assert int(re.search(r"(\d+) questions nobody had to ask again in", month)[1]) >= count


# ------------------------------------------------------------------ 3. noting and telling in one save


def test_what_is_noted_goes_along_in_the_same_save_and_the_rest_from_the_tray(place: Five, sits: Somebody) -> None:
    patient, story = _patient(place), f"He came back {secrets.token_hex(4)}"
    pages = []
    for house, level in ((place.shelter, Level.SUMMARY), (place.legal, Level.FULL)):
        released(place.world, place.hospital.worker, patient.id, house, (INJURIES,), {INJURIES: level})
        pages.append(f"/clients/{_accepted(place.world, house.worker)}/")
    at_shelter, at_legal = pages
    nurse, advocate, attorney = (sits(house.worker) for house in (place.hospital, place.shelter, place.legal))

    nurse.go(f"{patient.page}injury/")
    also = nurse.page.get_by_role("group", name="Also send to")
    expect(also.get_by_role("checkbox", checked=True)).to_have_count(2)
    also.get_by_label(place.legal.name).uncheck()
    nurse.tick("Left arm", "Bruise")
    nurse.write("How many", "1")
    nurse.choose("How severe", "Moderate")
    nurse.choose("Signs of strangulation", "Not checked")
    nurse.write("In words", story)
    nurse.press("Write it down")
    nurse.sees(f"Sent to {place.shelter.name}: 1 envelope.")
    nurse.sees_not(f"Sent to {place.legal.name}")
    advocate.go(at_shelter)
    advocate.sees("left arm")
    attorney.go(at_legal)
    for partner in (advocate, attorney):
        assert story not in partner.page.content()
    attorney.sees_not("left arm")

    nurse.go("/my-day/")
    nurse.press(re.compile("wait(s)? to be sent"))
    tray = nurse.page.locator(f"form[action='{patient.page}updates/']")
    expect(tray.locator(".preview")).to_have_count(1)
    expect(tray).to_contain_text(f"To {place.legal.name}")
    expect(tray).to_contain_text(story)
    nurse.press(re.compile("^Send "), tray)
    nurse.sees(f"Sent to {place.legal.name}: 1 envelope.")
    expect(tray).to_have_count(0)
    attorney.go(at_legal)
    attorney.sees("left arm", story)
    advocate.go(at_shelter)
    assert story not in advocate.page.content()


# ------------------------------------------------------------------ 4. she takes it back, here or there


def test_she_takes_it_back_by_phone_and_through_a_partner(place: Five, sits: Somebody) -> None:
    patient = _patient(place)
    pages = []
    for house in (place.shelter, place.legal):
        place.world.release(place.hospital.worker, patient.id, house, {INJURIES: Level.SUMMARY}, days=3)
        pages.append(f"/clients/{_accepted(place.world, house.worker)}/")
    nurse, advocate, attorney = (sits(house.worker) for house in (place.hospital, place.shelter, place.legal))
    for partner, page in zip((advocate, attorney), pages, strict=True):
        partner.go(page)
        _knows(partner, patient, "name", "injuries")

    # She calls the hospital: the shelter's open page empties by itself, and legal aid's is another release.
    nurse.go(patient.page)
    nurse.press(f"Withdraw {place.shelter.name}")
    nurse.choose("How she told you", "By phone")
    nurse.press("End it now")
    nurse.sees("Done:")
    expect(advocate.page.locator("#main")).not_to_contain_text(patient.words["injuries"], timeout=NEWS * 1000)
    _knows(advocate, patient)
    attorney.go(pages[1])
    _knows(attorney, patient, "name", "injuries")

    # She tells legal aid: it is over there at once, and the hospital's day begins with it.
    attorney.press(f"She takes back what {place.hospital.name} shared")
    attorney.choose("What does she take back?", f"What {place.hospital.name} sent to us")
    attorney.choose("How did she tell you?", "By phone")
    attorney.press("End it here and tell them")
    attorney.sees("and Saint Alma")
    _knows(attorney, patient)
    nurse.go("/my-day/")
    first = nurse.page.locator("#now li").first
    expect(first).to_contain_text(f"she told {place.legal.name} that she takes it back")
    nurse.follow(first.get_by_role("link"))
    nurse.press("End it now")
    nurse.sees("Done:")
    nurse.sees_not(f"she told {place.legal.name}")
    nurse.go(patient.page)
    nurse.sees("No release is running.")


# ------------------------------------------------------------------ 5. somebody leaves


def test_whoever_leaves_is_out_at_her_next_click_and_a_colleague_goes_on(place: Five, sits: Somebody) -> None:
    world = place.world
    house = world.agency(roles=(Role.WORKER,))
    world.keep_to_teams(house)
    follower, name = world.colleague(house, "Noor Amani"), f"Ines Prado{secrets.token_hex(2)}"
    client = world.client(house.worker, Identity(given=name))
    page = f"/clients/{client}/"
    advocate, colleague, director = sits(house.worker), sits(follower), sits(house[Role.DIRECTOR])
    advocate.go(page)
    advocate.sees(name)
    colleague.finds_nothing_at(page)
    colleague.go("/clients/")
    colleague.sees_not(name)

    director.go(f"/members/{house.worker.member}/remove/")
    director.sees("She works with 1 client.")
    director.choose("Who works with them from now on", "Noor Amani")
    director.press("Remove her")
    director.sees("her next click opens nothing", "1 client was handed over.", "Wrapping file keys anew")

    # Her open page closes by itself, nothing opens any more, and she cannot come back.
    expect(advocate.page).to_have_url(re.compile("/sign-in/"), timeout=NEWS * 1000)
    for path in (page, "/my-day/", "/clients/"):
        advocate.go(path)
        assert advocate.path == "/sign-in/"
        assert name not in advocate.page.content()
    advocate.signs_in(house.worker.email, PASSWORD)
    assert advocate.path == "/sign-in/"

    colleague.go("/my-day/")
    colleague.press(name)
    colleague.sees("Noor Amani")


# ------------------------------------------------------------------ 6, 7. whom she never wants told


def test_her_cousin_at_a_partner_sees_nothing_and_a_colleague_does(place: Five, sits: Somebody) -> None:
    patient = _patient(place)
    cousin = sits(place.world.colleague(place.legal, "Ximena Prado Rey"))
    nurse, attorney = sits(place.hospital.worker), sits(place.legal.worker)
    nurse.go(f"{patient.page}never/")
    nurse.page.get_by_label("Partner", exact=True).select_option(label=place.legal.name)
    nurse.choose("Who there?", "Not this one person")
    nurse.write("Her or his name", "Ximena Prado")
    nurse.press("Note it")
    nurse.sees("Ximena Prado")
    place.world.release(place.hospital.worker, patient.id, place.legal, {INJURIES: Level.SUMMARY})

    _opens_newest(attorney)
    cousin.go("/my-day/")
    assert attorney.path not in cousin.page.content()
    cousin.finds_nothing_at(attorney.path)
    _takes_on(attorney)
    _knows(attorney, patient, "name", "injuries")
    assert "Ximena" not in attorney.page.content()
    attorney.page.locator("form[aria-labelledby=came] li").filter(has_text=patient.words["name"]).locator(
        "input[type=checkbox]"
    ).check()
    attorney.press("She confirmed the ticked ones")
    page = f"/clients/{attorney.client}/"
    attorney.press("Later")
    code = attorney.page.locator("h1 .code").inner_text()
    for person, there in ((attorney, True), (cousin, False)):
        for path in ("/my-day/", "/clients/"):
            assert (patient.words["name"] in person.go(path)) is there
        for text in (patient.words["name"], code):
            person.go("/clients/")
            person.page.locator("main input[name=text]").fill(text)
            found = person.page.locator("#found-title")
            person.page.get_by_role("button", name="Find", exact=True).click()
            expect(found).to_have_text("One found" if there else "Nobody found")
            assert (patient.words["name"] in person.page.content()) is there
    cousin.finds_nothing_at(page, f"{page}intake/", f"{page}entries/")

    supervisor = sits(place.legal[Role.SUPERVISOR])
    supervisor.go("/my-day/")
    supervisor.sees(f"Ximena Prado Rey is off {code}")
    supervisor.press(f"Ximena Prado Rey is off {code}")
    supervisor.sees("Walls", "Ximena Prado Rey")


def test_whom_she_never_wants_told_is_not_offered_and_the_page_says_why(place: Five, sits: Somebody) -> None:
    patient = _patient(place)
    nurse = sits(place.hospital.worker)
    form = f"{patient.page}releases/new/"
    nurse.go(form)
    police = nurse.page.get_by_label(place.police.name)
    expect(police).to_have_count(1)
    nurse.go(f"{patient.page}never/")
    nurse.page.get_by_label("Partner", exact=True).select_option(label=place.police.name)
    nurse.press("Note it")
    nurse.go(form)
    expect(police).to_have_count(0)
    nurse.sees(f"Not offered, because she said never: {place.police.name}")
    expect(nurse.page.get_by_label(place.shelter.name)).to_have_count(1)
    nurse.press("Never tell")
    nurse.press(f"She takes it back {place.police.name}")
    nurse.choose("How did she tell you?", "In person")
    nurse.press("She told me so herself")
    nurse.go(form)
    expect(police).to_have_count(1)


# ------------------------------------------------------------------ 8. what flows without her release


def test_what_flows_under_law_and_agreement_stops_with_the_agreement(place: Five, sits: Somebody) -> None:
    world = place.world
    sheriff = world.police()
    prosecutor = world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    court = world.agency(AgencyKind.COURT, frozenset({Duty.COURT_RECORDS}))
    agreement = agree(sheriff, court, categories=(Category.RISK, IDENTITY), purposes=(Purpose.PROSECUTION,))
    first, second, story = (f"{word} {secrets.token_hex(4)}" for word in ("Strangled", "Stalked", "Neighbour"))
    client = world.client(sheriff.worker, Identity(given="Lena", family="Ortiz"))
    world.entry(sheriff.worker, client, Category.RISK, first, story)

    detective = sits(sheriff.worker)
    for partner in (prosecutor, court):
        detective.go(f"/clients/{client}/flows/new/")
        detective.tick(partner.name)
        detective.press("See what would go")
        detective.sees(first)
        detective.choose("What comes later", "Is sent as it is saved, without another click")
        detective.choose("Does she know?", "She was told who learns what, and why")
        detective.press("Begin and send")
        detective.sees(f"Begun. Sent to {partner.name}: 2 envelopes.", "Sends itself")
    lawyer, clerk = sits(prosecutor.worker), sits(court.worker)
    for person, whole in ((lawyer, True), (clerk, False)):
        _opens_newest(person)
        _takes_on(person)
        person.go(f"/clients/{person.client}/")
        person.sees("Lena Ortiz", first)
        assert (story in person.page.content()) is whole

    director = sits(court[Role.DIRECTOR])
    director.go(f"/agreements/{agreement}/")
    director.press("Suspend")
    director.sees("from the next click on nothing can rely on it")
    director.page.get_by_role("textbox").first.fill("We look at it again.")
    director.press("Suspend it now")
    director.sees("Suspended")

    detective.go(f"/clients/{client}/entries/new/")
    detective.sees(f"{prosecutor.name} is told by itself")
    detective.sees_not(f"{court.name} is told by itself")
    detective.choose("What is it?", "Danger")
    detective.write("Summary", second)
    detective.press("Save")
    detective.sees(f"Sent to {prosecutor.name}: 1 envelope.")
    detective.sees_not(f"Sent to {court.name}")
    detective.go("/my-day/")
    detective.sees(f"nothing goes to {court.name} under law and agreement")
    for person, there in ((lawyer, True), (clerk, False)):
        person.go(person.path)
        assert (second in person.page.content()) is there
        person.sees(first)


# ---------------------------------------------------------------------------------------------- what people do


def _patient(place: Five) -> Patient:
    """A patient whose file holds something of every kind, each under a word of its own."""
    mark = secrets.token_hex(3)
    names = (
        "injuries", "injuries story", "exam", "exam story", "services", "services story", "medicines", "notes", "alias",
        "child", "when", "say", "avoid", "phone", "address",
    )  # fmt: skip
    words = {name: f"z{mark}{number:02}" for number, name in enumerate(names)} | {"name": f"Marisol Q{mark}"}
    world, nurse = place.world, place.hospital.worker
    client = world.client(
        nurse,
        Identity(given="Marisol", family=f"Q{mark}", aliases=(words["alias"],)),
        SafeContact(**{name: words[name] for name in ("when", "say", "avoid", "phone", "address")}),
    )
    world.entry(nurse, client, INJURIES, words["injuries"], words["injuries story"])
    world.entry(nurse, client, EXAM, words["exam"], words["exam story"])
    world.entry(nurse, client, Category.SERVICES, words["services"], words["services story"])
    world.entry(nurse, client, Category.MEDICATIONS, words["medicines"])
    world.entry(nurse, client, Category.NOTES, words["notes"])
    with nurse.enter(Verb.EDIT_CLIENT, client=client) as permit:
        vault.add_person(
            permit=permit,
            at=permit.at,
            client_id=client,
            relation=Relation.CHILD,
            identity=Identity(given=words["child"]),
        )
    return Patient(client, words)


def _arrived(worker: Worker) -> list[UUID]:
    """The threads that wait here, oldest first."""
    with worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        return [each.thread for each in arrivals.waiting(permit=permit)]


def _accepted(world: World, worker: Worker) -> UUID:
    """The newest arrival, taken on without a browser. Returns the client."""
    with worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        newest = arrivals.waiting(permit=permit)[-1]
    with worker.enter(Verb.ACCEPT_ENVELOPE, Verb.OPEN_CLIENT, Verb.FIND_CLIENTS) as permit:
        client: UUID = vault.open_client(permit=permit, at=permit.at, identity=Identity())
        sharing.accept(
            permit=permit,
            at=permit.at,
            partner_id=newest.holder_id,
            thread=newest.thread,
            client_id=client,
            answers={view.id: view.content.answers for view in newest.envelopes},
        )
    return client


def _opens_newest(worker: Person) -> None:
    """From My day to what arrived last."""
    worker.go("/my-day/")
    worker.follow(worker.page.locator("#now a[href^='/arrivals/']").last)


def _takes_on(worker: Person) -> None:
    """A client is opened from an arrival; the intake begins."""
    worker.press("Accept, and open a new client")
    assert worker.path.endswith("/intake/")


def _knows(person: Person, patient: Patient, *told: str) -> None:
    """Of all there is about her, these words and no others stand in the page, seen or unseen."""
    _has(person.page.content(), patient, *told)


def _has(page: str, patient: Patient, *told: str) -> None:
    found = {name for name, word in patient.words.items() if word in page}
    assert found == set(told)

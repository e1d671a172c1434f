"""The people of a client's story through the pages: her card and what reaches her, her household, services; and that
nothing about a child says where it is, whatever path it comes by."""

from __future__ import annotations

import ast
import json
import re
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection
from django.urls import reverse

import accord
from accord.config.service import gate
from accord.doors.web.urls import PAGES
from accord.gate import disclose, preview
from accord.ledger import queries as ledger
from accord.policy.words import Category, Element, Level, Mark, Purpose, Relation, Role, Verb
from accord.sharing import actions as sharing
from accord.sharing import queries as envelopes
from accord.vault import actions, queries
from accord.vault.models import Person
from accord.vault.rules import PLACES, Detail, Identity, InvalidEntry, SafeContact, Summary, Window
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import World

ALWAYS = (Window(tuple(range(7))),)
PHONE, EMAIL, HOME, SISTER = "555-0177", "canary@example.org", "9 Canary Close", "Canary Sister 555-0178"
CARD = SafeContact(
    when="not in the holidays",
    say="the dentist",
    avoid="texts",
    phone=PHONE,
    address=HOME,
    windows=ALWAYS,
    ways=("phone", "letter"),
    email=EMAIL,
    through=SISTER,
    danger="pineapple",
    voicemail="no",
)
REACHING = (PHONE, EMAIL, HOME, SISTER)


@pytest.fixture(scope="module")
def shelter():
    return World().agency(roles=(Role.WORKER, Role.SUPERVISOR))


@pytest.fixture(scope="module")
def advocate(shelter):
    return signed_in(shelter.worker)


def somebody(house, client, relation=Relation.CHILD, **who):
    with house.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        return actions.add_person(
            permit=permit,
            at=permit.at,
            client_id=client,
            relation=relation,
            identity=Identity(**who or {"given": "Sam"}),
        )


def entry(house, client, about, category=Category.NOTES, marks=frozenset(), origin=None, **values):
    with house.worker.enter(Verb.ADD_ENTRY, client=client) as permit:
        return actions.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                actions.NewEntry(
                    kind="note",
                    category=category,
                    occurred_at=permit.at,
                    summary=Summary.typed("Noted."),
                    detail=Detail(values=values),
                    about=about,
                    marks=marks,
                    origin=origin,
                )
            ],
        )


def leaves(house, client):
    """What the log says was done about one client."""
    with house[Role.DIRECTOR].enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
        found = ledger.recent(permit=permit, client=client)
    return {deed for leaf in found if leaf.happening for deed, _id in leaf.happening.deeds}


# ------------------------------------------------------------------ who she is


def test_a_name_to_say_aloud_an_interpreter_and_what_she_needs_stand_at_the_head_and_she_is_found(shelter, advocate):
    typed = {
        "given": "Naomi", "code_name": "Robin", "language": "other", "language_other": "Kriolu",
        "interpreter": "phone", "access": ["wheelchair"], "access_more": "Breaks",
    }  # fmt: skip
    address = advocate.post("/clients/new/", typed).headers["Location"]
    head = text(page(advocate, address).partition("</header>\n<section")[0])
    for shown in ("Say “Robin” aloud", "Interpreter by phone: Kriolu", "Wheelchair, no steps", "Breaks"):
        assert shown in head
    assert "Naomi" in advocate.post("/clients/", {"text": "Robin"}).content.decode()
    form = page(advocate, f"{address}about/")
    for kept in ('value="Robin"', 'value="Kriolu"', 'value="Breaks"', '<option value="phone" selected>'):
        assert kept in form
    advocate.post(f"{address}about/", {"given": "Naomi", "language": "es"})
    html = page(advocate, address)
    assert "Spanish" in html
    assert "Robin" not in html
    assert "Naomi" not in advocate.post("/clients/", {"text": "Robin"}).content.decode()


# ------------------------------------------------------------------ reaching her


def post(browser, client, **data):
    return browser.post(f"/clients/{client}/contact/", data).content.decode()


def test_what_reaches_her_is_shown_in_one_place_only_and_only_after_the_check(shelter, advocate):
    client = World().client(shelter.worker, contact=CARD)
    html = page(advocate, f"/clients/{client}/contact/")
    for shown in ("every day, at any hour", "not in the holidays", "the dentist", "No messages", "pineapple"):
        assert shown in html
    assert not [each for each in REACHING if each in html]

    shown = post(advocate, client, channel="phone")
    assert PHONE in shown
    assert not [each for each in (EMAIL, HOME, SISTER) if each in shown], "one way, one number"
    assert HOME in post(advocate, client, channel="letter")
    for channel in ("text", "email", "in_person", "through", "paper", "voicemail", "pigeon", ""):
        html = post(advocate, client, channel=channel)
        assert "No number is shown." in html
        assert not [each for each in REACHING if each in html], channel
    assert {"contact_checked", "contact_withheld"} <= leaves(shelter, client)


def test_outside_her_hours_the_next_safe_moment_is_named_and_no_number(shelter, advocate):
    now = datetime.now(UTC)
    later = Window((((now + timedelta(days=3)).weekday()),), *(datetime(2000, 1, 1, h).time() for h in (10, 11)))  # noqa: DTZ001
    client = World().client(shelter.worker, contact=SafeContact(phone=PHONE, ways=("phone",), windows=(later,)))
    head = text(page(advocate, f"/clients/{client}/"))
    assert "This is outside her safe hours. Next:" in head
    html = post(advocate, client, channel="phone")
    assert "The next safe moment is" in html
    assert "10:00" in html
    assert PHONE not in html


def test_what_happened_is_an_entry_and_nothing_is_written_without_an_answer(shelter, advocate):
    client = World().client(shelter.worker, contact=CARD)
    again = post(advocate, client, channel="phone", done="1", narrative="Kept words")
    assert "is required" in again
    assert PHONE in again
    assert "Kept words" in again
    answer = advocate.post(f"/clients/{client}/contact/", {"channel": "phone", "done": "1", "outcome": "not_reached"})
    assert answer.headers["Location"] == f"/clients/{client}/"
    assert "We tried to reach her by phone; she did not answer." in page(advocate, f"/clients/{client}/")
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (found,) = queries.entries(permit=permit, client_id=client)
    assert (found.kind, found.category, found.status) == ("contact", Category.SERVICES, "not_reached")


def test_a_supervisor_decides_otherwise_with_a_reason_and_nobody_else_can(shelter, advocate):
    client = World().client(shelter.worker, contact=SafeContact(phone=PHONE))
    address = f"/clients/{client}/contact/anyway/"
    assert advocate.post(address, {"channel": "phone", "because": "Fire."}).status_code == 404
    boss = signed_in(shelter[Role.SUPERVISOR])
    assert "other than her card says" in page(boss, f"/clients/{client}/contact/")
    assert PHONE not in page(boss, address)
    without = boss.post(address, {"channel": "phone", "because": " "}).content.decode()
    assert "is required" in without
    assert PHONE not in without
    assert PHONE in boss.post(address, {"channel": "phone", "because": "Fire next door."}).content.decode()
    assert "contact_overridden" in leaves(shelter, client)
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (found,) = queries.entries(permit=permit, client_id=client)
    assert (found.kind, found.status, found.detail.narrative) == ("contact", "decided", "Fire next door.")
    assert found.category is Category.NOTES, "the reason does not travel with services"


def test_the_page_that_changes_a_card_does_not_show_what_reaches_her_and_keeps_it(shelter, advocate):
    client = World().client(shelter.worker, contact=CARD)
    address = f"/clients/{client}/about/"
    html = page(advocate, address)
    assert not [each for each in REACHING if each in html]
    assert html.count("One is noted.") == 4
    days = {"days0": ["0", "4"], "from0": "10:00", "to0": "14:30", "ways": ["phone", "text"]}
    assert advocate.post(address, days | {"forget": ["email"], "through": "A friend"}).status_code == 302
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        kept = queries.herself(permit=permit, client_id=client).contact
    assert (kept.phone, kept.email, kept.address, kept.through) == (PHONE, "", HOME, "A friend")
    assert [window.values() for window in kept.windows] == [{"days": [0, 4], "start": "10:00", "end": "14:30"}]
    assert kept.zone == "America/New_York"
    assert kept.ways == ("phone", "text")


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ({"from0": "10:00", "to0": "11:00"}, "days0"),
        ({"days0": ["1"], "from0": "10:00"}, "to0"),
        ({"days1": ["1"], "from1": "10:00", "to1": "10:00"}, "to1"),
    ],
)
def test_hours_that_say_too_little_are_named_at_their_field(shelter, advocate, typed, named):
    client = World().client(shelter.worker)
    assert f'href="#id_{named}' in advocate.post(f"/clients/{client}/about/", typed).content.decode()


def test_a_partners_card_counts_until_there_is_one_of_our_own(world, shelter, advocate):
    hospital = world.hospital()
    patient = world.client(hospital.worker, Identity(given="Marisol"), CARD)
    world.release(hospital.worker, patient, shelter, {Category.CONTACT: Level.FULL})
    client = world.accept(shelter.worker)
    html = page(advocate, f"/clients/{client}/")
    assert "at any hour" in html
    assert not [each for each in REACHING if each in html]
    assert PHONE in post(advocate, client, channel="phone")
    assert "No number is shown." in post(advocate, client, channel="letter"), "where she lives did not travel"
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client) as permit:
        (told,) = (
            each for each in envelopes.received(permit=permit, client_id=client) if each.category is Category.CONTACT
        )
    assert advocate.post(f"/clients/{client}/envelopes/{told.id}/confirm/").status_code == 302
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        ours = queries.herself(permit=permit, client_id=client).contact
    assert (ours.phone, ours.windows, ours.danger, ours.address) == (PHONE, ALWAYS, "pineapple", "")


HOUSE = Path(accord.__file__).parent
#: Where the words of a card are read one by one, each with its reason.
READING = {
    "vault/rules.py": "the card itself",
    "vault/actions.py": "contacting: the check and what it returns",
    "doors/web/views/caseload.py": "a table somebody brings is shown back before it is read in",
}
REACHES = ("phone", "email", "address", "through")


def test_no_other_code_reads_what_reaches_her():
    """Everything that shows a number or sends her something asks `contacting`, because nothing else has the number."""
    found = set()
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            reads = isinstance(node, ast.Attribute) and node.attr in (*REACHES, "number")
            if (
                reads
                and "contact" in ast.unparse(node.value)
                or (reads and ast.unparse(node.value) in ("card", "told", "safe", "reach", "self.card"))
            ):
                found.add(path.relative_to(HOUSE).as_posix())
    assert found <= set(READING), found


def test_one_template_prints_what_reaches_her_and_it_gets_it_from_the_check():
    printed = re.compile(
        r"\{\{[^}]*\b(contact|card|safe|reach|herself)\.(\w+\.)*(phone|email|address|through|number)\b"
    )
    pages = [path for path in sorted(HOUSE.rglob("*.html")) if printed.search(path.read_text("utf-8"))]
    # an agency's own card is for everybody: in the directory, and where two agencies call each other
    found = [path.name for path in pages if path.parent.name != "staff" and path.name != "call.html"]
    assert found == ["contact_her.html"]
    source = (HOUSE / "doors/web/views/people.py").read_text("utf-8")
    assert re.findall(r"reach = (.*)\(", source) == ["actions.contacting", "actions.contacting_anyway"]


# ------------------------------------------------------------------ her household


def test_somebody_of_her_household_has_a_page_is_changed_leaves_and_comes_back(shelter, advocate):
    client = World().client(shelter.worker)
    born = date.today() - timedelta(days=400)
    child = somebody(shelter, client, given="Sam", born=born)
    address = f"/clients/{client}/people/{child}/"
    assert "13 months" in page(advocate, f"/clients/{client}/")
    html = page(advocate, address)
    assert "Child, 13 months" in text(html)
    assert "never written here" in html
    assert "Sam" not in html.partition("<title>")[2].partition("</title>")[0]
    edit = {"relation": "child", "given": "Sam", "chosen": "Sami", "language": "fr"}
    assert advocate.post(f"{address}edit/", edit).headers["Location"] == address
    assert "French" in page(advocate, address)
    assert "Sami" in page(advocate, f"/clients/{client}/")
    for posted, shown in (({}, True), ({"back": "1"}, False)):
        assert advocate.post(f"{address}parts/", posted).headers["Location"] == address
        assert ("No longer part of our work since" in page(advocate, address)) is shown
        assert ("Sami" in page(advocate, f"/clients/{client}/services/")) is not shown, "nothing new is offered"
    nobody = "00000000-0000-4000-8000-000000000000"
    other = World().client(shelter.worker)
    for rest in ("", "edit/"):
        page(advocate, f"/clients/{client}/people/{nobody}/{rest}", status=404)
        page(advocate, f"/clients/{other}/people/{child}/{rest}", status=404)
    assert advocate.post(f"/clients/{other}/people/{child}/parts/").status_code == 404


def test_she_herself_does_not_leave_and_is_nobody_elses_child(shelter, advocate):
    client = World().client(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        her = queries.herself(permit=permit, client_id=client).id
    for rest in ("", "edit/"):
        page(advocate, f"/clients/{client}/people/{her}/{rest}", status=404)
    with pytest.raises(Person.DoesNotExist), shelter.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        actions.part(permit=permit, at=permit.at, client_id=client, person_id=her)
    for relation in (Relation.CHILD, Relation.OTHER):
        with pytest.raises(InvalidEntry), shelter.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
            actions.edit_person(permit=permit, at=permit.at, client_id=client, person_id=her, relation=relation)


# ------------------------------------------------------------------ a child is nowhere

FORBIDDEN = {Category.LOCATION, Category.CONTACT}


@pytest.mark.parametrize("relation", [each for each in Relation if each is not Relation.SELF])
def test_only_a_childs_entries_refuse_every_form_of_a_place(shelter, relation):
    client = World().client(shelter.worker)
    about = somebody(shelter, client, relation)
    forms = [{"category": category} for category in FORBIDDEN]
    forms += [{"marks": frozenset({Mark.SHELTER_LOCATION})}, *({name: "x"} for name in PLACES)]
    forms += [form | {"origin": bytes([number]) * 32} for number, form in enumerate(forms)]  # as an import brings it
    for form in forms:
        if relation is Relation.CHILD:
            with pytest.raises(InvalidEntry):
                entry(shelter, client, about, **form)
        else:
            entry(shelter, client, about, **form)
    for category in set(Category) - FORBIDDEN:
        entry(shelter, client, about, category)


def test_an_entry_is_about_nobody_outside_her_story(shelter):
    client, other = World().client(shelter.worker), World().client(shelter.worker)
    stranger = somebody(shelter, other)
    with pytest.raises(InvalidEntry):
        entry(shelter, client, stranger)


def test_a_child_gets_no_card_by_any_path(shelter):
    client = World().client(shelter.worker)
    child, uncle = somebody(shelter, client), somebody(shelter, client, Relation.OTHER, given="Uncle")
    for person in (child, uncle):
        for card in (SafeContact(), CARD):
            refused = pytest.raises(InvalidEntry) if person == child else nullcontext()
            with refused, shelter.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
                actions.edit_person(permit=permit, at=permit.at, client_id=client, person_id=person, contact=card)
    # who is reached somewhere does not become a child, by an action or past it
    with pytest.raises(InvalidEntry), shelter.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        actions.edit_person(permit=permit, at=permit.at, client_id=client, person_id=uncle, relation=Relation.CHILD)
    past = shelter.worker.enter(Verb.EDIT_CLIENT, client=client)
    with pytest.raises(IntegrityError, match="person_child_is_nowhere"), past:
        Person.objects.filter(id=child).update(contact=b"x")


def test_somebody_about_whom_a_place_is_written_does_not_become_a_child(shelter, advocate):
    client = World().client(shelter.worker)
    friend, visitor = (somebody(shelter, client, Relation.OTHER, given=name) for name in ("Friend", "Visitor"))
    entry(shelter, client, friend, Category.LOCATION)
    edit = {"relation": "child", "given": "Friend"}
    refused = advocate.post(f"/clients/{client}/people/{friend}/edit/", edit).content.decode()
    assert "never carries where the child is" in refused
    assert advocate.post(f"/clients/{client}/people/{visitor}/edit/", edit).status_code == 302


def test_nothing_that_shows_or_takes_out_a_child_says_where_she_is(world, shelter, advocate):
    """Canary: every page of her file, her file taken out, and what a partner receives."""
    client = World().client(shelter.worker, Identity(given="Ana"), CARD)
    child = somebody(shelter, client, given="CANARYCHILD")
    note = entry(shelter, client, child)[0]
    nobody = "00000000-0000-4000-8000-000000000000"
    seen = 0
    for each in PAGES.values():
        if "<uuid:client_id>" in each.route:
            ids = {"client_id": client, "person_id": child, "entry_id": note}
            names = re.findall(r"<uuid:(\w+)>", each.route)
            html = advocate.get(
                reverse(each.name, kwargs={name: ids.get(name, nobody) for name in names})
            ).content.decode()
            assert not [canary for canary in REACHING if canary in html], each.name
            seen += "CANARYCHILD" in html
    assert seen >= 4
    out = b"".join(advocate.post(f"/clients/{client}/export/").streaming_content).decode()
    (line,) = (line for line in out.splitlines() if "CANARYCHILD" in line)
    assert not [canary for canary in REACHING if canary in line]
    assert not any(json.loads(line).get("safe_contact", {}).values())

    partner = world.agency()
    world.release(shelter.worker, client, partner, dict.fromkeys((Category.NOTES, Category.CONTACT), Level.FULL))
    theirs = world.accept(partner.worker)
    with partner.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=theirs) as permit:
        received = [each.content.packed().decode() for each in envelopes.received(permit=permit, client_id=theirs)]
    assert received
    assert not [content for content in received if HOME in content or SISTER in content or "CANARYCHILD" in content]


# ------------------------------------------------------------------ services


def note(house, client, service, step, about=None, why=""):
    with house.worker.enter(Verb.ADD_ENTRY, Verb.READ_CLIENT, client=client) as permit:
        about = about or queries.herself(permit=permit, client_id=client).id
        return actions.note_service(
            permit=permit,
            at=permit.at,
            client_id=client,
            about=[about],
            service=service,
            step=step,
            why=why,
            occurred_at=permit.at,
        )[0]


def test_services_are_offered_to_several_moved_on_by_one_press_and_a_no_is_no_error(shelter, advocate):
    client = World().client(shelter.worker, Identity(given="Ana"))
    child = somebody(shelter, client)
    address = f"/clients/{client}/services/"
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        her = queries.herself(permit=permit, client_id=client).id
    assert "Nothing has been offered yet." in page(advocate, address)
    offer = {"about": [her, child], "service": "childrens_counselling", "move": "offered", "day": date.today()}
    assert advocate.post(address, offer).headers["Location"] == address
    html = page(advocate, address)
    assert html.count("Children&#x27;s counselling</strong>") == 2
    one = re.search(rf'<input type="hidden" name="about" value="{child}">.*?</form>', html, re.DOTALL)[0]
    assert re.findall(r'name="move" value="(\w+)"', one) == ["accepted", "declined", "not_safe_now", "waiting"]
    pressed = {"about": [child], "service": "childrens_counselling", "move": "not_safe_now"}
    assert advocate.post(address, pressed).status_code == 302
    html = page(advocate, address)
    assert '<span class="tag plain">Not safe now</span>' in html
    assert "urgent" not in html.partition("<main")[2].partition("</main>")[0]
    card = text(page(advocate, f"/clients/{client}/")).partition("SERVICES".title())[2]
    assert "Children&#x27;s counselling offered" in card
    assert "Sam" in card
    assert "Declined: children&#x27;s counselling" in card
    assert "Not safe now" in text(page(advocate, f"/clients/{client}/people/{child}/"))
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        found = {each.about: (each.step, each.why) for each in queries.services(permit=permit, client_id=client)}
    assert found == {her: ("offered", ""), child: ("declined", "not_safe_now")}


def test_services_are_for_her_her_children_and_her_household_and_happen_before_tomorrow(shelter, advocate):
    client = World().client(shelter.worker)
    for relation in (Relation.RESPONDENT, Relation.OTHER):
        person = somebody(shelter, client, relation)
        with pytest.raises(InvalidEntry):
            note(shelter, client, "phone", "offered", person)
        wrong = advocate.post(f"/clients/{client}/services/", {"about": [person], "service": "phone", "move": "done"})
        assert 'role="alert"' in wrong.content.decode()
    note(shelter, client, "phone", "offered", somebody(shelter, client, Relation.HOUSEHOLD))
    tomorrow = date.today() + timedelta(days=2)
    html = advocate.post(f"/clients/{client}/services/", {"service": "phone", "move": "done", "day": tomorrow})
    assert 'href="#id_day"' in html.content.decode()


def test_a_childs_service_is_never_sent_on_her_own_release(world, shelter):
    """The subject differs: what is the child's needs the child's own release."""
    client = world.client(shelter.worker)
    hers = note(shelter, client, "shelter", "started")
    note(shelter, client, "childrens_counselling", "waiting", somebody(shelter, client))
    partner = world.agency()
    with shelter.worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        release = sharing.prepare(
            permit=permit,
            at=permit.at,
            client_id=client,
            recipient_id=partner.id,
            purpose=Purpose.SAFETY,
            grants={Category.SERVICES: Level.FULL},
            last_day=permit.at.date() + timedelta(days=10),
            language="en",
        )
    with shelter.worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        seen, _why = preview(gate(), permit, shelter.worker.caller, release)
    with shelter.worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
        signed = sharing.sign(
            permit=permit,
            at=permit.at,
            release_id=release,
            spoken=frozenset(Element),
            method="paper",
            copy="given",
            signature="A. P.",
        )
        disclose(gate(), permit, shelter.worker.caller, signed)
    theirs = world.accept(partner.worker)
    with partner.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=theirs) as permit:
        received = [each.content for each in envelopes.received(permit=permit, client_id=theirs)]
    for contents in (seen, received):
        services = [each.values["service"] for each in contents if each.kind == "service"]
        assert services == ["shelter"], hers


def test_what_a_partner_did_is_not_counted_as_ours(world, shelter, advocate):
    hospital = world.hospital()
    patient = world.client(hospital.worker)
    note(hospital, patient, "counselling", "done")
    world.release(hospital.worker, patient, shelter, {Category.SERVICES: Level.FULL})
    client = world.accept(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client) as permit:
        told = next(
            each for each in envelopes.received(permit=permit, client_id=client) if each.content.kind == "service"
        )
    assert "Done: Counselling." in page(advocate, f"/clients/{client}/")
    assert advocate.post(f"/clients/{client}/envelopes/{told.id}/confirm/").status_code == 302
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        assert queries.services(permit=permit, client_id=client) == []


def test_the_database_knows_where_each_step_stands_but_not_which_service(shelter):
    client = World().client(shelter.worker)
    id = note(shelter, client, "shelter", "waiting")
    with shelter.worker.enter(Verb.READ_CLIENT, client=client), connection.cursor() as cursor:
        cursor.execute("select row_to_json(e)::text from vault_entry e where id = %s", [id])
        row = cursor.fetchone()[0]
    assert '"waiting"' in row
    assert "shelter" not in row

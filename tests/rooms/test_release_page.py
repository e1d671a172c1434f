"""One conversation with her about several partners: a page signed once, all or none; the people who may sign; paper
that cannot be tricked; renewing; and what a page never does, whatever the order in which it is used."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import typst
from django.utils import timezone, translation
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accord.config.service import gate
from accord.doors.web import printing
from accord.doors.web.recipients import Recipient
from accord.doors.web.spoken import Asked
from accord.gate import Warnings, disclose_all, preview_all
from accord.gate.law import law
from accord.partners.queries import AgencyCard
from accord.policy.words import AgencyKind, Category, Duty, Element, Level, Purpose, Relation, SignerRole, Verb
from accord.sharing import actions, rules
from accord.sharing import queries as sharing
from accord.sharing.models import Envelope, Release, Sent
from accord.sharing.queries import ReleaseView, Signature
from accord.sharing.rules import InvalidRelease, NothingOpens, Signing, State
from accord.vault import actions as vault
from accord.vault.queries import PersonView
from accord.vault.rules import Identity, SafeContact
from tests.rooms.test_web_releases import SIGNED, begun, prepared, releases_of, signed_in, terms, text, today
from tests.world import World

PAGE = Signing(spoken=frozenset(Element), method="screen", copy="given", signature="A. P.")


def talk_with(worker, client: UUID, *houses, grants=None, **more) -> tuple[UUID, list[UUID]]:
    """A conversation by the room's own verbs. Returns its id and those of its releases, in the order of the houses."""
    grants = {Category.INJURIES: Level.SUMMARY} if grants is None else grants
    drafts = [rules.Draft(house.id, Purpose.SAFETY, {Category.IDENTITY: Level.SUMMARY} | grants) for house in houses]
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        talk = actions.begin(
            permit=permit, at=permit.at, client_id=client, drafts=drafts, last_day=today() + timedelta(days=15),
            language="en", **more,
        )  # fmt: skip
        found = sharing.conversation(permit=permit, client_id=client, conversation=talk)
    by_house = {release.recipient_id: release.id for release in found}
    return talk, [by_house[house.id] for house in houses]


def sign(worker, client: UUID, ids: list[UUID], page: Signing = PAGE) -> dict[UUID, int]:
    with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
        signed = actions.sign_page(permit=permit, at=permit.at, release_ids=ids, page=page)
        return disclose_all(gate(), permit, worker.caller, signed)


def states(worker, client: UUID, talk: UUID) -> dict[UUID, State]:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        found = sharing.conversation(permit=permit, client_id=client, conversation=talk)
    return {release.id: release.state for release in found}


def rows(house, model, **where) -> list:
    """Rows of a house's own, as the database shows them to it."""
    with house.worker.enter(Verb.READ_DAY):
        return list(model.objects.filter(agency_id=house.id, **where))


def told(house) -> list[sharing.EnvelopeView]:
    """Everything that waits at a house, opened."""
    with house.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        return [view for waiting in sharing.waiting(permit=permit) for view in waiting.envelopes]


@pytest.fixture
def shelter(world):
    return world.agency()


@pytest.fixture
def client(world, shelter) -> UUID:
    who = world.client(shelter.worker, Identity(given="Ana", family="Prueba", born=date(1990, 5, 4)))
    world.entry(shelter.worker, who, text="Two injuries recorded.", narrative="CANARY")
    return who


# ------------------------------------------------------------------ a page, signed once


def test_one_signature_is_stored_as_one_release_each_and_sealed_in_each(world, shelter, client):
    houses = [world.agency(), world.police(), world.hospital()]
    talk, ids = talk_with(shelter.worker, client, *houses)
    assert sign(shelter.worker, client, ids) == dict.fromkeys(ids, 2)
    signed = rows(shelter, Release, conversation=talk)
    assert {row.id for row in signed} == set(ids)
    assert len({bytes(row.signature) for row in signed}) == 3
    assert len({row.signed_at for row in signed}) == 1
    for house, id in zip(houses, ids, strict=True):
        assert {view.content.summary["text"] for view in told(house)} == {"", "Two injuries recorded."}
        with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
            under = sharing.signature(permit=permit, client_id=client, release_id=id)
        assert under == Signature("A. P.", "", "", "")


def test_where_the_law_opens_nothing_for_one_nothing_is_signed_and_the_page_says_which(world, shelter, client):
    good, funder = world.agency(), world.agency(AgencyKind.FUNDER, frozenset({Duty.NONE}))
    talk, ids = talk_with(shelter.worker, client, good, funder)
    with pytest.raises(NothingOpens) as no:
        sign(shelter.worker, client, ids)
    assert set(no.value.closed) == {ids[1]}
    assert set(states(shelter.worker, client, talk).values()) == {State.DRAFT}
    assert not told(good)
    assert not rows(shelter, Sent)
    # So too through the page: it names the one, and taking that one off lets the other be signed.
    door = signed_in(shelter.worker)
    page = text(door.post(f"/clients/{client}/conversations/{talk}/sign/", SIGNED))
    alert = page.partition("Nothing was signed and nothing was sent")[2].partition("One signature")[0]
    assert funder.name in alert
    assert good.name not in alert
    assert "totals only" in alert
    preview = text(door.get(f"/clients/{client}/conversations/{talk}/preview/"))
    assert "Not everything on this page can be sent" in preview
    assert "Read the risks together" not in preview
    no_to = {"how": "in_person", "then": "sign"}
    assert door.post(f"/clients/{client}/releases/{ids[1]}/withdraw/", no_to).status_code == 302
    response = door.post(f"/clients/{client}/conversations/{talk}/sign/", SIGNED, follow=True)
    assert f"Signed and sent to {good.name}" in text(response)
    assert told(good)


@pytest.mark.parametrize("flaw", ["other person", "signed", "withdrawn", "over", "absent"])
def test_a_page_with_one_release_that_cannot_be_signed_signs_none(world, shelter, client, flaw):
    houses = [world.agency(), world.agency()]
    talk, (first, second) = talk_with(shelter.worker, client, *houses)
    if flaw == "other person":
        other = world.client(shelter.worker)
        second = talk_with(shelter.worker, other, houses[1])[1][0]
    elif flaw == "signed":
        sign(shelter.worker, client, [second])
    elif flaw == "withdrawn":
        world.withdraw(shelter.worker, client, second)
    elif flaw == "over":
        with shelter.worker.enter(Verb.PREPARE_RELEASE):
            Release.objects.filter(id=second).update(until_at=timezone.now())
    else:
        second = uuid4()
    with pytest.raises(InvalidRelease):
        sign(shelter.worker, client, [first, second])
    assert states(shelter.worker, client, talk)[first] is State.DRAFT
    assert not told(houses[0])


def test_a_preview_of_a_page_is_what_is_sent_to_each(world, shelter, client):
    houses = [world.agency(), world.police()]
    _, ids = talk_with(shelter.worker, client, *houses)
    with shelter.worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        seen = preview_all(gate(), permit, shelter.worker.caller, ids)
        full = preview_all(
            gate(), permit, shelter.worker.caller, ids, instead={ids[0]: {Category.INJURIES: Level.FULL}}
        )
    assert "CANARY" in full[ids[0]][0][0].narrative
    sign(shelter.worker, client, ids)
    for house, id in zip(houses, ids, strict=True):
        sent = sorted(view.content.packed() for view in told(house))
        assert sent == sorted(content.packed() for content in seen[id][0])
        assert b"CANARY" not in b"".join(sent)


def test_looking_at_other_levels_keeps_nothing(world, shelter, client):
    door, partner = signed_in(shelter.worker), world.agency()
    talk = prepared(door, client, partner, injuries=2)
    release = releases_of(shelter.worker, client, talk)[partner.id]
    typed = terms(partner, injuries=3) | {"look": str(release.id)}
    part = door.post(f"{talk}terms/", typed, headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    assert "CANARY" in text(part)
    page = text(door.post(f"{talk}terms/", typed))
    assert "CANARY" in page
    assert "Something is missing" not in page
    assert "CANARY" not in text(door.get(f"{talk}preview/"))
    assert releases_of(shelter.worker, client, talk)[partner.id] == release
    nobody = door.post(f"{talk}terms/", typed | {"look": str(uuid4())}, headers={"HX-Request": "true"})
    assert "Nothing yet" in text(nobody)


def test_presets_fill_in_the_terms_and_later_additions_are_agreed_to_by_name(world, shelter, client):
    door, partner, other = signed_in(shelter.worker), world.agency(), world.agency()
    world.entry(shelter.worker, client, Category.SERVICES, text="A bed was offered.")
    talk = begun(door, client, partner, preset="care_card")
    (release,) = releases_of(shelter.worker, client, talk).values()
    assert release.purpose is Purpose.COORDINATION
    assert release.grants == {Category.IDENTITY: Level.SUMMARY, Category.SERVICES: Level.SUMMARY}
    assert "A bed was offered." in text(door.get(f"{talk}terms/"))
    data = terms(partner, services=2) | {f"{partner.id}-follows": "on"}
    assert door.post(f"{talk}terms/", data).status_code == 302
    (release,) = releases_of(shelter.worker, client, talk).values()
    assert set(release.updates) == {Category.SERVICES}
    talk = begun(door, client, other, preset="involved")
    assert f"{shelter.name} is involved. Nothing more." in text(door.get(f"{talk}preview/"))


def test_a_conversation_is_found_again_and_takes_in_another_partner(world, shelter, client):
    door, first, second = signed_in(shelter.worker), world.agency(), world.agency()
    talk = prepared(door, client, first)
    other_browser = signed_in(shelter.worker)
    assert "a release conversation was begun" in text(other_browser.get("/my-day/"))
    assert talk in other_browser.get(f"/clients/{client}/").content.decode()
    page = text(other_browser.get(f"{talk}partners/"))
    assert first.name not in page
    added = other_browser.post(f"{talk}partners/", {"partner": str(second.id), "language": "en"})
    assert added["Location"] == f"{talk}terms/"
    assert other_browser.get(talk)["Location"] == f"{talk}terms/", "the new one is not described yet"
    assert set(releases_of(shelter.worker, client, talk)) == {first.id, second.id}
    assert door.post(f"{talk}withdraw/", {"how": "in_person"})["Location"] == f"/clients/{client}/"
    assert "a release conversation was begun" not in text(other_browser.get("/my-day/"))
    assert other_browser.get(talk).status_code == 404


def test_taking_all_of_it_back_ends_it_everywhere(world, shelter, client):
    houses = [world.agency(), world.police()]
    talk, ids = talk_with(shelter.worker, client, *houses)
    sign(shelter.worker, client, ids)
    door = signed_in(shelter.worker)
    address = f"/clients/{client}/conversations/{talk}/"
    assert "Say how she told you" in text(door.post(f"{address}withdraw/", {}))
    assert "4 envelopes have ended" in text(door.post(f"{address}withdraw/", {"how": "phone"}, follow=True))
    assert "All of this has ended" in text(door.get(f"{address}withdraw/"))
    assert not [view for house in houses for view in told(house)]
    assert set(states(shelter.worker, client, talk).values()) == {State.WITHDRAWN}


def test_renewing_asks_the_same_again_without_what_she_took_back(world, shelter, client):
    houses = [world.agency(), world.agency(), world.police()]
    talk, ids = talk_with(shelter.worker, client, *houses)
    sign(shelter.worker, client, ids)
    world.withdraw(shelter.worker, client, ids[2])
    door = signed_in(shelter.worker)
    response = door.post(f"/clients/{client}/releases/{ids[0]}/renew/")
    again = releases_of(shelter.worker, client, response["Location"].removesuffix("terms/"))
    assert set(again) == {houses[0].id, houses[1].id}
    assert {release.state for release in again.values()} == {State.DRAFT}
    assert states(shelter.worker, client, talk)[ids[0]] is State.SIGNED, "the old one ends by itself"
    sign(shelter.worker, client, [release.id for release in again.values()])
    only_withdrawn = talk_with(shelter.worker, client, houses[0])[1][0]
    sign(shelter.worker, client, [only_withdrawn])
    world.withdraw(shelter.worker, client, only_withdrawn)
    assert door.post(f"/clients/{client}/releases/{only_withdrawn}/renew/").status_code == 404


def test_my_day_shows_what_ends_within_a_week_soonest_first(world, shelter, client):
    later, sooner, far = world.agency(), world.agency(), world.agency()
    for house, days in ((later, 6), (sooner, 2), (far, 9)):
        world.release(shelter.worker, client, house, days=days)
    page = text(signed_in(shelter.worker).get("/my-day/"))
    assert page.index(sooner.name) < page.index(later.name)
    assert far.name not in page
    assert "Renew" in page


# ------------------------------------------------------------------ who signs


MINOR = {"born": date.today() - timedelta(days=15 * 365)}


@pytest.mark.parametrize(
    ("born", "fields", "done"),
    [
        (date(1990, 5, 4), {"way": "self"}, True),
        (date(1990, 5, 4), {"way": "guardian", "authority": "letters, 3 May", "abuser": "no"}, True),
        (date(1990, 5, 4), {"way": "parent", "authority": "mother", "abuser": "no"}, False),
        (date(1990, 5, 4), {"way": "next_of_kin", "authority": "daughter", "abuser": "no"}, True),
        (date(1990, 5, 4), {"way": "next_of_kin", "authority": "husband", "abuser": "yes"}, False),
        (MINOR["born"], {"way": "self"}, False),
        (MINOR["born"], {"way": "both", "cosigner": "Luz Prueba, mother", "abuser": "no"}, True),
        (MINOR["born"], {"way": "both", "cosigner": "Raúl Prueba, father", "abuser": "yes"}, False),
        (MINOR["born"], {"way": "alone", "authority": "state law, confidential services"}, True),
        (MINOR["born"], {"way": "alone"}, False),
        (MINOR["born"], {"way": "parent", "authority": "mother", "abuser": "no"}, False),
        (MINOR["born"], {"way": "emancipated", "authority": "county court"}, True),
    ],
)
def test_who_can_sign_follows_from_her_birth_date_and_the_law(world, shelter, born, fields, done):
    who = world.client(shelter.worker, Identity(given="Ana", family="Prueba", born=born))
    world.entry(shelter.worker, who)
    door, partner = signed_in(shelter.worker), world.agency()
    talk = prepared(door, who, partner)
    page = text(door.get(f"{talk}sign/"))
    assert ("She is under 18. The law wants" in page) == (born == MINOR["born"])
    answer = door.post(f"{talk}sign/", SIGNED | {"way": ""} | fields)
    assert answer.status_code == (302 if done else 200)
    assert bool(told(partner)) == done


def test_witness_cosigner_and_where_the_paper_is_are_sealed_and_open_again(world, shelter, client):
    partner = world.agency()
    talk, ids = talk_with(shelter.worker, client, partner)
    page = Signing(
        spoken=frozenset(Element), method="witnessed", copy="refused", signature="X", minor=True, cosigned=True,
        cosigner="CANARY-BESIDE", witness="CANARY-WITNESS", kept="CANARY-CABINET",
    )  # fmt: skip
    with pytest.raises(InvalidRelease, match="who saw her make her mark"):
        sign(shelter.worker, client, ids, Signing(**{**_plain(page), "witness": " "}))
    sign(shelter.worker, client, ids, page)
    (row,) = rows(shelter, Release, conversation=talk)
    assert not any(b"CANARY" in bytes(sealed) for sealed in (row.witness, row.cosigner, row.kept, row.signature))
    with shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        under = sharing.signature(permit=permit, client_id=client, release_id=ids[0])
    assert under == Signature("X", "CANARY-BESIDE", "CANARY-WITNESS", "CANARY-CABINET")


def _plain(page: Signing) -> dict:
    return {name: getattr(page, name) for name in Signing.__dataclass_fields__}


def test_every_way_of_signing_stands_in_the_law_s_words():
    for way in rules.Way:
        for minor in (False, True):
            for child in (False, True):
                stands = rules.signed_as(way, minor=minor, child=child)
                assert not (stands["alone"] and stands["cosigned"])
                assert stands["minor"] or stands["ward"] or not (stands["alone"] or stands["cosigned"])
                assert (stands["signer"] is SignerRole.SELF) or way in rules.WITH_AUTHORITY | {rules.Way.BOTH}
    birthday = date(2010, 2, 28)
    assert rules.age(date(2008, 2, 29), birthday) == 1
    assert rules.age(date(2008, 2, 28), birthday) == 2
    assert rules.Way.SELF not in rules.ways(born=date(2010, 1, 1), today=date(2026, 1, 1), child=False)
    assert rules.Way.PARENT not in rules.ways(born=date(2008, 1, 1), today=date(2026, 1, 1), child=True)


# ------------------------------------------------------------------ about a child


def test_a_release_about_her_child_says_nothing_of_her_and_hers_nothing_of_the_child(world, shelter, client):
    with shelter.worker.enter(Verb.EDIT_CLIENT, Verb.ADD_ENTRY, client=client) as permit:
        child = vault.add_person(
            permit=permit, at=permit.at, client_id=client, relation=Relation.CHILD, identity=Identity(given="Leo")
        )
        vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind="note",
                    category=Category.INJURIES,
                    occurred_at=permit.at,
                    summary=vault.Summary.typed("The child has a bruise."),
                    about=child,
                )
            ],
        )
    door = signed_in(shelter.worker)
    school, hers = world.agency(AgencyKind.SCHOOL, frozenset({Duty.FERPA})), world.agency()
    talk = begun(door, client, school, about=str(child))
    page = door.get(f"{talk}terms/").content.decode()
    assert f"{school.id}-contact" not in page
    assert door.post(f"{talk}terms/", terms(school, injuries=2)).status_code == 302
    assert "This is about a child. The law wants" in text(door.get(f"{talk}sign/"))
    both = SIGNED | {"way": "both", "cosigner": "Leo, the child", "authority": "his mother", "abuser": "no"}
    assert "Signed and sent" in text(door.post(f"{talk}sign/", both, follow=True))
    told_school = b"".join(view.content.packed() for view in told(school)).decode()
    assert "Leo" in told_school
    assert "bruise" in told_school
    assert "Ana" not in told_school
    assert "Two injuries" not in told_school
    # Her own release to the same school stands on a thread of its own, and neither widens the other.
    for house in (school, hers):
        world.release(shelter.worker, client, house)
    assert len({view.thread for view in told(school)}) == 2
    assert b"bruise" not in b"".join(view.content.packed() for view in told(hers))
    respondent = {"about": str(uuid4())}
    answer = door.post(f"/clients/{client}/releases/new/", {"partner": str(hers.id), "language": "en"} | respondent)
    assert answer.status_code == 200


# ------------------------------------------------------------------ paper

HOSTILE = [
    '#panic("gone") #read("/etc/passwd")',
    "*bold* _it_ `raw` $x^2$ <label> @reference // comment /* more",
    "= Heading\n#pagebreak()#pagebreak()",
    ']#eval("1")[ \\ " \' { } sys.inputs',
    "Ñandú Łódź Nguyễn Ελένη Мария",
    "李雷 😀 สมชาย",
    "Ana\u202egnp\u0000\u0007\ufeff",
    "x" * 400,
]


def card_of(name: str, **more) -> AgencyCard:
    given = {
        "id": uuid4(), "name": name, "short": name[:20], "kind": AgencyKind.HOSPITAL, "duties": (Duty.HIPAA,),
        "point_person": "Noor", "deputy": "", "phone": "555-0100", "timezone": "America/New_York",
        "vault_mode": "member",
    }  # fmt: skip
    return AgencyCard(**{name: given.get(name) for name in AgencyCard.__dataclass_fields__} | given | more)


def asked(name: str = "Harbor", state: State = State.DRAFT) -> Asked:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    given = {
        "id": uuid4(), "client_id": uuid4(), "recipient_id": uuid4(), "purpose": Purpose.SAFETY,
        "grants": {Category.IDENTITY: Level.SUMMARY, Category.INJURIES: Level.FULL}, "language": "en", "state": state,
        "prepared_at": now, "signed_at": now, "until_at": now + timedelta(days=15), "withdrawn_at": None,
        "conversation": uuid4(), "subject_id": uuid4(), "updates": (), "method": "paper", "copy": "given",
    }  # fmt: skip
    release = ReleaseView(**given)
    return Asked(release, Recipient(card_of(name), Warnings(defence=True, keeps=True)))


def herself(name: str) -> PersonView:
    return PersonView(uuid4(), Relation.SELF, Identity(chosen=name), SafeContact())


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_is_ever_read_as_markup(name, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    each = asked(name)
    under = {each.release.id: Signature(name, name, name, name)}
    for signed in ({}, under):
        made = printing.releases([each], card_of(name), herself(name), signed, "es")
        assert made.startswith(b"%PDF-")
        assert b"/StructTreeRoot" in made, "tagged, so that it can be read aloud"
    assert printing.card([card_of(name)], [], "en").startswith(b"%PDF-")
    assert not list(tmp_path.iterdir()), "nothing of hers is left on a disk"


def test_what_a_template_makes_of_a_hostile_name_is_that_name_as_text():
    name = HOSTILE[0]
    words = printing.release_words([asked()], card_of("Holder"), herself(name), {})
    data = json.dumps({"by_hand": False, "language": "en", **words})
    source = printing._source("release").decode()
    marked = source.replace(
        "#let row(name, ..lines) = grid(", "#let row(name, ..lines) = [#metadata(lines.pos()) <row>] + grid("
    )
    assert marked != source
    found = json.loads(typst.query(marked.encode(), "<row>", field="value", sys_inputs={"data": data}))
    assert [name] in found


def test_a_letter_no_font_has_becomes_a_blank_and_the_page_says_so():
    assert printing._clean({"a": ["李 Ana"]}, printing._latin) == {"a": ["_ Ana"]}
    assert printing._visible("A\u202eB\u0000C") == "ABC"


def test_every_element_of_every_release_law_has_its_place_on_the_paper():
    words = printing.release_words([asked()], card_of("Holder"), herself("Ana"), {})
    there = set(words["pages"][0]["elements"])
    assert len(law().tables) >= 1
    for tables in law().tables:
        for one in tables.releases:
            assert one.elements | one.elements_if_not_self <= there, one.because.rule


def test_a_blank_form_has_the_same_places_and_names_nobody():
    filled = printing.release_words([asked()], card_of("Holder"), herself("Ana"), {})["pages"][0]
    blank = printing.blank_release()
    assert set(blank["elements"]) == set(filled["elements"])
    assert [row["name"] for row in blank["rows"] if row["name"]] == [row["name"] for row in filled["rows"]]
    assert len(blank["aloud"]) == len(filled["aloud"])
    assert not any(row["lines"] for row in blank["rows"])
    assert "______________ can no longer see it here" in blank["aloud"][0]
    assert "%(" not in " ".join(blank["aloud"])


def test_the_paper_speaks_the_language_of_the_conversation_and_not_of_the_worker():
    with translation.override("es"):
        said = printing.release_words([asked()], card_of("Holder"), herself("Ana"), {})["pages"][0]
    rows_said = " ".join(line for row in said["rows"] for line in row["lines"])
    assert "Lesiones" in rows_said
    assert "Injuries" not in rows_said
    assert "Usted puede retirar esto" in " ".join(said["aloud"])


def test_the_page_and_her_copy_come_as_pdf_under_a_name_that_says_nothing(world, shelter, client):
    door, houses = signed_in(shelter.worker), [world.agency(), world.police()]
    talk = prepared(door, client, *houses)
    for _ in range(2):
        answer = door.get(f"{talk}paper/")
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == 'inline; filename="page.pdf"'
        assert answer["Cache-Control"] == "no-store"
        assert answer.content.count(b"/Type /Page\n") or answer.content.count(b"/Type/Page")
        assert b"Prueba" not in answer.content
        door.post(f"{talk}sign/", SIGNED)
    undescribed = begun(door, client, houses[0])
    assert door.get(f"{undescribed}paper/").status_code == 404


@pytest.mark.parametrize(("paper", "refused", "card"), [("no", True, 404), ("", False, 404), ("yes", False, 200)])
def test_paper_goes_home_with_her_only_when_it_is_safe(world, shelter, paper, refused, card):
    who = world.client(shelter.worker, Identity(given="Ana", born=date(1990, 5, 4)), SafeContact(paper=paper))
    world.entry(shelter.worker, who, Category.SERVICES)
    door = signed_in(shelter.worker)
    talk = prepared(door, who, world.agency(), services=2)
    page = door.get(f"{talk}sign/")
    assert ("checked" in _tag(page, "refused")) == refused
    assert ("Paper is not safe for her to take home." in text(page)) == refused
    door.post(f"{talk}sign/", SIGNED | {"copy": "refused" if refused else "given"})
    assert ("Card for her purse" in text(door.get(talk))) == (card == 200)
    assert door.get(f"{talk}card/").status_code == card


def _tag(page, value: str) -> str:
    """The input with this value, as it is written."""
    tags = [tag.partition(">")[0] for tag in page.content.decode().split("<input")[1:]]
    return next(tag for tag in tags if f'value="{value}"' in tag)


# ------------------------------------------------------------------ in any order


class Conversation(RuleBasedStateMachine):
    """She and three partners: prepared, described, dropped, signed, withdrawn and renewed in any order. What a partner
    can read is exactly what is signed and not taken back; nothing is sent twice on one release, nothing without one."""

    @initialize()
    def a_shelter(self) -> None:
        world = World()
        self.world, self.shelter = world, world.agency()
        self.houses = [world.agency(), world.police(), world.hospital()]
        self.client = world.client(self.shelter.worker)
        world.entry(self.shelter.worker, self.client)
        world.entry(self.shelter.worker, self.client, Category.NOTES, text="A note.")
        self.talks: list[list[UUID]] = []
        self.where: dict[UUID, State] = {}
        self.grants: dict[UUID, dict[Category, Level]] = {}
        self.to: dict[UUID, UUID] = {}

    def of(self, talk: list[UUID], *states: State) -> list[UUID]:
        return [id for id in talk if self.where[id] in states]

    @rule(pick=st.sets(st.integers(0, 2), min_size=1), notes=st.booleans())
    def prepare(self, pick: set[int], notes: bool) -> None:
        grants = {Category.NOTES if notes else Category.INJURIES: Level.SUMMARY}
        houses = [self.houses[number] for number in sorted(pick)]
        _, ids = talk_with(self.shelter.worker, self.client, *houses, grants=grants)
        self._noted(ids, [house.id for house in houses], {Category.IDENTITY: Level.SUMMARY} | grants)

    @precondition(lambda self: self.talks)
    @rule(data=st.data())
    def describe(self, data) -> None:
        id = data.draw(st.sampled_from(data.draw(st.sampled_from(self.talks))))
        grants = {Category.INJURIES: Level.FULL}
        try:
            with self.shelter.worker.enter(Verb.PREPARE_RELEASE, client=self.client) as permit:
                actions.describe(
                    permit=permit, at=permit.at, release_id=id, purpose=Purpose.SAFETY, grants=grants,
                    last_day=today() + timedelta(days=9),
                )  # fmt: skip
        except InvalidRelease:
            assert self.where[id] is not State.DRAFT
            return
        assert self.where[id] is State.DRAFT
        self.grants[id] = {Category.IDENTITY: Level.SUMMARY} | grants

    @precondition(lambda self: self.talks)
    @rule(data=st.data())
    def sign(self, data) -> None:
        talk = data.draw(st.sampled_from(self.talks))
        ids = data.draw(st.sampled_from([talk, self.of(talk, State.DRAFT) or talk]))
        try:
            sign(self.shelter.worker, self.client, ids)
        except InvalidRelease:
            assert any(self.where[id] is not State.DRAFT for id in ids)
            return
        for id in ids:
            assert self.where[id] is State.DRAFT
            self.where[id] = State.SIGNED

    @precondition(lambda self: self.talks)
    @rule(data=st.data(), all_of_it=st.booleans())
    def withdraw(self, data, all_of_it: bool) -> None:
        talk = data.draw(st.sampled_from(self.talks))
        ids = talk if all_of_it else [data.draw(st.sampled_from(talk))]
        try:
            with self.shelter.worker.enter(Verb.WITHDRAW_RELEASE, client=self.client) as permit:
                actions.withdraw_page(permit=permit, at=permit.at, release_ids=ids, how="phone")
        except InvalidRelease:
            assert any(self.where[id] is State.WITHDRAWN for id in ids)
            return
        for id in ids:
            self.where[id] = State.WITHDRAWN

    @precondition(lambda self: any(self.of(talk, State.SIGNED) for talk in self.talks))
    @rule(data=st.data())
    def renew(self, data) -> None:
        talk = data.draw(st.sampled_from([talk for talk in self.talks if self.of(talk, State.SIGNED)]))
        again = self.of(talk, State.SIGNED)
        houses = [next(house for house in self.houses if house.id == self.to[id]) for id in again]
        for house, id in zip(houses, again, strict=True):
            _, ids = talk_with(self.shelter.worker, self.client, house, grants=self.grants[id])
            self._noted(ids, [house.id], self.grants[id])

    @invariant()
    def what_partners_can_read_is_what_is_signed_and_not_taken_back(self) -> None:
        if not hasattr(self, "houses"):
            return
        for house in self.houses:
            living = [id for id, state in self.where.items() if state is State.SIGNED and self.to[id] == house.id]
            expected = {
                (id, category.value, int(level)) for id in living for category, level in self.grants[id].items()
            }
            found = [(row.release, row.category, row.level) for row in rows(house, Envelope)]
            assert len(found) == len(set(found)), "nothing twice on one release"
            assert set(found) == expected

    def _noted(self, ids: list[UUID], houses: list[UUID], grants: dict[Category, Level]) -> None:
        self.talks.append(ids)
        for id, house in zip(ids, houses, strict=True):
            self.where[id], self.to[id], self.grants[id] = State.DRAFT, house, dict(grants)


TestConversation = Conversation.TestCase
TestConversation.settings = settings(
    max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)

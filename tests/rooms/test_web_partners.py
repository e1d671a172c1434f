"""The directory, an agency's own entry, agreements, and members coming, changing and leaving, as pages."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accord.doors.web.views import staff
from accord.gate import Refused
from accord.ledger.queries import recent
from accord.partners.models import Agency, Agreement
from accord.policy.words import AgencyKind, Duty, Purpose, Role, Verb
from tests.rooms.test_web_signin import signed_in
from tests.world import House, World, agree, propose

EVERY = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER)
OTHERS = tuple(role for role in EVERY)


@pytest.fixture(scope="module")
def county() -> dict[str, House]:
    world = World()
    return {
        "shelter": world.agency(roles=EVERY),
        "hospital": world.hospital(EVERY),
        "police": world.police(EVERY),
        "probation": world.agency(AgencyKind.PROBATION, frozenset({Duty.CJIS})),
    }


def page(house: House, role: Role, path: str, **asked: object) -> str:
    return signed_in(house, role).get(path, asked).content.decode()


def deeds(house: House) -> list[str]:
    with house[Role.DIRECTOR].enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
        lines = recent(permit=permit)
    return [deed for line in lines if line.happening for deed, _id in line.happening.deeds]


@pytest.mark.parametrize("role", [*EVERY, Role.DIRECTOR])
def test_everybody_reads_the_directory(county: dict[str, House], role: Role) -> None:
    browser = signed_in(county["shelter"], role)
    for path in (
        "/partners/",
        f"/partners/{county['police'].id}/",
        f"/partners/{county['shelter'].id}/",
        "/agreements/",
    ):
        assert browser.get(path).status_code == 200, path


def test_the_directory_is_searched_by_kind_without_scripts(county: dict[str, House]) -> None:
    every = page(county["shelter"], Role.WORKER, "/partners/")
    police = page(county["shelter"], Role.WORKER, "/partners/", kind="police")
    assert county["police"].name in police
    assert county["hospital"].name in every
    assert county["hospital"].name not in police
    assert county["hospital"].name in page(county["shelter"], Role.WORKER, "/partners/", kind="nonsense")


def test_a_partners_page_says_what_may_be_asked_and_what_becomes_of_what_they_learn(county: dict[str, House]) -> None:
    shelter = county["shelter"]
    police = page(shelter, Role.WORKER, f"/partners/{county['police'].id}/")
    assert "may have to go to the defence" in police
    assert "may have to keep" in police
    assert "Must disclose to the defence (Brady)" in police
    ours = page(shelter, Role.WORKER, f"/partners/{shelter.id}/")
    assert "What may I ask them?" not in ours
    theirs = page(county["police"], Role.WORKER, f"/partners/{shelter.id}/")
    assert "Nothing about anybody, not even whether they know her" in theirs
    assert "Where a shelter is" in theirs
    assert "only on her written, informed, signed release with an end" in theirs
    assert signed_in(shelter, Role.WORKER).get(f"/partners/{uuid4()}/").status_code == 404


def test_the_director_writes_her_own_entry_and_only_that(county: dict[str, House]) -> None:
    hospital = county["hospital"]
    director = signed_in(hospital, Role.DIRECTOR)
    assert "Change your entry" in director.get(f"/partners/{hospital.id}/").content.decode()
    given = {
        "point_person": "Dana Reyes",
        "deputy": "Lee Okafor",
        "phone": "555-0117",
        "hours": "always",
        "languages": "English, Spanish",
        "about": "Ask us about <exams> at any hour.",
        "kind": "police",
        "duties": "none",
    }
    assert 'role="alert"' in director.post("/agency/", given | {"point_person": ""}).content.decode()
    assert 'role="alert"' in director.post("/agency/", given | {"about": "x" * 601}).content.decode()
    assert director.post("/agency/", given).headers["location"] == f"/partners/{hospital.id}/"
    seen = page(county["police"], Role.WORKER, f"/partners/{hospital.id}/")
    for words in ("Dana Reyes", "Lee Okafor", "555-0117", "always", "English, Spanish", "&lt;exams&gt;"):
        assert words in seen
    assert "Change your entry" not in seen
    with hospital[Role.DIRECTOR].enter(Verb.READ_PARTNERS, purpose=Purpose.ADMINISTRATION):
        row = Agency.objects.get(id=hospital.id)
        assert (row.kind, row.duties) == ("hospital", ["hipaa"])
    assert "directory_changed" in deeds(hospital)


def test_need_to_know_is_a_setting_of_the_director_and_in_the_log(world: World) -> None:
    house = world.agency(roles=EVERY)
    director = signed_in(house, Role.DIRECTOR)
    assert "as if it did not exist" in director.get("/agency/access/").content.decode()
    assert 'role="alert"' in director.post("/agency/access/", {"access": "nobody"}).content.decode()
    said = director.post("/agency/access/", {"access": "team"}, follow=True).content.decode()
    assert "From the next click on" in said
    assert "Only those who work with her" in said
    assert "access_team" in deeds(house)
    director.post("/agency/access/", {"access": "team"})
    assert deeds(house).count("access_team") == 1, "what is so already is no deed"
    director.post("/agency/access/", {"access": "everyone"})
    assert "access_everyone" in deeds(house)


@pytest.mark.parametrize("role", OTHERS)
def test_what_a_director_manages_is_absent_for_everybody_else(county: dict[str, House], role: Role) -> None:
    house = county["police"]
    browser, nowhere = signed_in(house, role), uuid4()
    agreement = propose(house, county["probation"])
    absent = browser.get("/no/such/page/")
    for path in (
        "/agency/",
        "/agency/access/",
        "/agreements/new/",
        *(f"/agreements/{agreement}/{step}/" for step in ("sign", "suspend", "resume", "leave")),
        f"/members/{house.worker.member}/",
        f"/members/{house.worker.member}/roles/",
        f"/members/{house.worker.member}/remove/",
        f"/agreements/{nowhere}/",
    ):
        for answer in (browser.get(path), browser.post(path, {"because": "x", "access": "team"})):
            if answer.status_code != 405:
                assert answer.status_code == 404, path
                assert len(answer.content) == len(absent.content)
    seen = browser.get(f"/agreements/{agreement}/").content.decode()
    assert "Not signed" in seen
    assert f"/agreements/{agreement}/sign/" not in seen
    assert "Draft one" not in browser.get("/agreements/").content.decode()


def test_an_agreement_from_proposal_to_suspension(county: dict[str, House]) -> None:
    police, probation, shelter = county["police"], county["probation"], county["shelter"]
    ours, theirs = signed_in(police, Role.DIRECTOR), signed_in(probation, Role.DIRECTOR)
    today = timezone.localdate()
    given = {
        "title": "Conditions and violations",
        "parties": [str(probation.id)],
        "categories": ["legal", "risk"],
        "purposes": ["supervision"],
        "mechanism": "envelope",
        "first_day": today.isoformat(),
        "review_day": (today + timedelta(days=20)).isoformat(),
    }
    assert "opens what a victim service provider holds" in ours.get("/agreements/new/").content.decode()
    late = ours.post("/agreements/new/", given | {"review_day": (today + timedelta(days=500)).isoformat()})
    assert "within twelve months" in late.content.decode()
    assert "At least" not in late.content.decode()
    assert 'role="alert"' in ours.post("/agreements/new/", given | {"parties": []}).content.decode()
    draft = ours.post("/agreements/new/", given).headers["location"]
    begun = theirs.get(draft).content.decode()
    assert "1 to mend" in begun, "nobody is named who signs"
    assert given["title"] in theirs.get("/agreements/").content.decode()
    assert signed_in(shelter, Role.DIRECTOR).get(draft).status_code == 404, "the draft is for its parties"
    assert "Something is missing or wrong" in ours.post(f"{draft}lay/", {"seen": "1"}).content.decode()
    who = {f"signatory__{house.id}": "The director, by the bylaws" for house in (police, probation)}
    ours.post(f"{draft}section/edit/?section=parties", {"seen": "1", "title": given["title"], **who})
    path = ours.post(f"{draft}lay/", {"seen": "2"}).headers["location"]
    seen = ours.get(path).content.decode()
    assert "Waiting for signatures" in seen
    assert seen.count('class="tag caution">Not signed') == 2, "laying it before them is not signing"
    assert "the agreement itself opens nothing" in seen, "no law lets these two tell each other this"
    assert "It opens nothing at a victim service provider" not in seen
    assert "To sign" in theirs.get("/members/").content.decode()

    assert theirs.get(path + "sign/").status_code == 200
    theirs.post(path + "sign/")
    assert "Waiting for signatures" in ours.get(path).content.decode()
    signed = ours.post(path + "sign/", follow=True).content.decode()
    assert "In force" in signed
    assert f"director {police.name.split()[1]}" in signed, "who signed"
    assert "This cannot be done any more" in ours.post(path + "sign/").content.decode()
    reminded = ours.get("/members/").content.decode()
    assert given["title"] in reminded
    assert "tag caution" in reminded
    card = page(police, Role.WORKER, f"/partners/{probation.id}/")
    assert given["title"] in card

    assert 'role="alert"' in theirs.post(path + "suspend/", {"because": " "}).content.decode()
    theirs.post(path + "suspend/", {"because": "A breach is being looked into."})
    resting = page(shelter, Role.WORKER, path)
    assert "A breach is being looked into." in resting
    assert "Suspended" in resting
    assert "This cannot be done any more" in ours.post(path + "resume/").content.decode(), "not for another party"
    theirs.post(path + "resume/")
    assert "In force" in ours.get(path).content.decode()
    assert "This cannot be undone" in ours.get(path + "leave/").content.decode()
    ours.post(path + "leave/")
    over = theirs.get(path).content.decode()
    assert "Over" in over
    assert "Left" in over
    assert "There is nothing to do here now" in theirs.get(path + "suspend/").content.decode()
    for deed in (
        "draft_begun",
        "draft_changed",
        "draft_laid",
        "agreement_proposed",
        "agreement_signed",
        "agreement_left",
    ):
        assert deed in deeds(police)
    for deed in ("agreement_signed", "agreement_suspended", "agreement_resumed"):
        assert deed in deeds(probation)


def test_a_director_of_an_agency_outside_can_do_nothing_to_it(county: dict[str, House]) -> None:
    id = propose(county["police"], county["probation"])
    outside = signed_in(county["hospital"], Role.DIRECTOR)
    assert outside.get(f"/agreements/{id}/").status_code == 200, "it is open to the community"
    for step in ("sign", "suspend", "resume", "leave"):
        assert outside.get(f"/agreements/{id}/{step}/").status_code == 404
        assert outside.post(f"/agreements/{id}/{step}/", {"because": "x"}).status_code == 404


def test_with_a_victim_service_provider_among_them_it_says_that_it_opens_nothing_there(
    county: dict[str, House],
) -> None:
    shelter, police = county["shelter"], county["police"]
    id = agree(police, shelter)
    for path in (f"/agreements/{id}/", f"/partners/{shelter.id}/"):
        assert "her own release alone" in page(police, Role.WORKER, path) or "her release alone" in page(
            police, Role.WORKER, path
        )
    card = page(police, Role.WORKER, f"/partners/{shelter.id}/")
    assert "Nothing about anybody, not even whether they know her" in card, "an agreement opens nothing of hers"


def test_a_members_first_day_and_her_roles_from_the_next_click_on(world: World) -> None:
    house = world.agency(roles=(Role.WORKER, Role.SUPERVISOR))
    client = world.client(house.worker)
    director, worker = signed_in(house, Role.DIRECTOR), signed_in(house, Role.WORKER)
    path = f"/members/{house.worker.member}/"
    seen = director.get(path).content.decode()
    assert "Her first day" in seen
    assert seen.count("Not yet") == 1, "she has enrolled; her second step is missing"
    assert worker.get(f"/clients/{client}/").status_code == 200
    assert worker.get("/kept/").status_code == 404
    assert 'role="alert"' in director.post(path + "roles/", {"roles": []}).content.decode()
    assert 'role="alert"' in director.post(path + "roles/", {"roles": ["system"]}).content.decode()
    assert director.post(path + "roles/", {"roles": ["records_officer"]}).headers["location"] == path
    assert worker.get(f"/clients/{client}/").status_code == 404, "her next click, in the same session"
    assert worker.get("/kept/").status_code == 200
    assert "member_roles_changed" in deeds(house)
    own = f"/members/{house[Role.DIRECTOR].member}/"
    assert "Another director" in director.get(own).content.decode()
    assert director.post(own + "roles/", {"roles": ["worker"]}).status_code == 404


def test_who_leaves_is_shut_out_in_the_middle_of_her_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff, "SETTLE", 0)
    house = world.agency(roles=(Role.WORKER, Role.SUPERVISOR))
    client = world.client(house.worker)
    director, leaving = signed_in(house, Role.DIRECTOR), signed_in(house, Role.WORKER)
    opened = leaving.get(f"/clients/{client}/entries/new/")
    assert opened.status_code == 200
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', opened.content.decode())
    assert "Remove her" in director.get(f"/members/{house.worker.member}/remove/").content.decode()
    director.post(f"/members/{house.worker.member}/remove/", {"to": "nobody"})
    for answer in (
        leaving.post(f"/clients/{client}/entries/new/", {"csrfmiddlewaretoken": token, "summary": "too late"}),
        leaving.get(f"/clients/{client}/"),
        leaving.get("/my-day/"),
    ):
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/sign-in/")
    assert "under the newest vault key" in director.post("/keys/", {"do": "rewrap"}, follow=True).content.decode()
    assert signed_in(house, Role.SUPERVISOR).get(f"/clients/{client}/").status_code == 200
    gone = director.get(f"/members/{house.worker.member}/").content.decode()
    assert "Her access ended that day" in gone
    assert director.get(f"/members/{house.worker.member}/roles/").status_code == 404


def test_an_agreement_is_found_by_its_text_alone(county: dict[str, House]) -> None:
    id = propose(county["police"], county["probation"])
    with county["police"][Role.DIRECTOR].enter(Verb.READ_PARTNERS, purpose=Purpose.ADMINISTRATION):
        row = Agreement.objects.get(id=id)
    forged = UUID(int=row.id.int ^ 1)
    assert signed_in(county["police"], Role.DIRECTOR).get(f"/agreements/{forged}/").status_code == 404


def test_who_leaves_hands_over_what_she_holds_first(world: World) -> None:
    house = world.agency(roles=(Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER))
    other, leaving = house[Role.PRIVACY_OFFICER], house.worker.member
    clients = [world.client(house.worker) for _ in range(2)]
    director = signed_in(house, Role.DIRECTOR)
    path = f"/members/{leaving}/"
    assert f'value="{other.member}"' not in director.get(path + "remove/").content.decode(), "she works with nobody"
    director.post(f"/members/{other.member}/roles/", {"roles": ["worker"]})
    director.post("/agency/access/", {"access": "team"})
    with pytest.raises(Refused), other.enter(Verb.READ_CLIENT, client=clients[0]):
        pass
    assert "She works with 2 clients" in director.get(path).content.decode()
    seen = director.get(path + "remove/").content.decode()
    assert "She works with <strong>2</strong> clients" in seen
    assert f'value="{other.member}"' in seen
    for wrong in ({}, {"to": str(leaving)}, {"to": str(house[Role.DIRECTOR].member)}, {"to": str(uuid4())}):
        assert 'role="alert"' in director.post(path + "remove/", wrong).content.decode()
    assert signed_in(house, Role.WORKER).get("/my-day/").status_code == 200, "nothing has happened to her yet"
    said = director.post(path + "remove/", {"to": str(other.member)}, follow=True).content.decode()
    assert "2 clients were handed over" in said
    for client in clients:
        with other.enter(Verb.READ_CLIENT, client=client):
            pass

"""Emergency access: one file, sixty minutes by the database's clock, a written reason, never alone across a wall."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection

from accord.gate import Refused
from accord.gate.entrance import GLASS_OPENS
from accord.gate.operating import VERBS
from accord.ledger.permits import PermitError
from accord.policy.words import AgencyKind, Duty, Purpose, Role, Verb
from accord.vault import actions as vault
from accord.vault import queries as clients
from accord.vault.rules import GLASS_REASONS, Identity, InvalidEntry, glass_state
from tests.proofs.town import as_service, note_of, past_the_triggers, superuser, told
from tests.rooms.test_found_walls import declare
from tests.rooms.test_walls import ABOUT_HER, STAFF, listed, opens, wall
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker

ALL = (*STAFF, Role.RECORDS_OFFICER)
WORDS = "She called from the bus station."


@pytest.fixture
def house(world) -> House:
    return world.agency(roles=ALL)


@pytest.fixture
def hospital(world) -> House:
    return world.hospital(ALL)


def code_of(house: House, client: UUID) -> str:
    with house[Role.SUPERVISOR].enter(Verb.FIND_CLIENTS) as permit:
        return clients.codes(permit=permit, client_ids=[client])[client]


def breaks(
    worker: Worker, code: str, partner: UUID | None = None, reason: str = "danger_now", elsewhere: tuple[UUID, ...] = ()
) -> UUID:
    with worker.enter(Verb.BREAK_GLASS) as permit:
        return vault.break_glass(
            permit=permit,
            at=permit.at,
            code=code,
            reason=reason,
            words=WORDS,
            partner_id=partner,
            elsewhere={worker.agency, *elsewhere},
        )


def stands(worker: Worker, glass: UUID) -> str:
    with worker.enter(Verb.BREAK_GLASS) as permit:
        found = clients.glass(permit=permit, glass_id=glass)
    assert found is not None
    return found.state


def opening(worker: Worker, glass: UUID) -> bool:
    try:
        with worker.enter(Verb.BREAK_GLASS) as permit:
            vault.open_glass(permit=permit, at=permit.at, glass_id=glass)
    except InvalidEntry:
        return False
    return True


def seconds(director: Worker, glass: UUID, *, agreed: bool = True) -> None:
    with director.enter(Verb.SECOND_GLASS) as permit:
        vault.second_glass(permit=permit, at=permit.at, glass_id=glass, agreed=agreed)


def long_ago(glass: UUID, time: str) -> None:
    """As if it had begun so long ago, by the database's clock."""
    with past_the_triggers() as hand:
        hand.execute(
            "update vault_glass set opened_at = statement_timestamp() - %(time)s::interval,"
            " until_at = statement_timestamp() - %(time)s::interval + interval '60 minutes' where id = %(id)s",
            {"time": time, "id": glass},
        )


def asked_long_ago(glass: UUID) -> None:
    with past_the_triggers() as hand:
        for table, column in (("vault_glass", "id"), ("vault_seconding", "glass")):
            hand.execute(f"update {table} set asked_at = now() - interval '24 hours' where {column} = %s", [glass])


def bare(html: str) -> str:
    """Without what is new every time, and without what she typed herself."""
    return re.sub(r'nonce=".*?"|value=".*?"|[0-9a-f-]{36}|\d\d:\d\d', "", html)


# ---------------------------------------------------------------- need to know, and role


def test_a_worker_outside_the_team_reads_one_file_and_reaches_her_and_nothing_else(world, house):
    second = world.colleague(house)
    mine, other = world.client(house.worker), world.client(house.worker)
    world.keep_to_teams(house)
    assert not opens(second, mine)
    glass = breaks(second, code_of(house, mine))
    assert {verb for verb in ABOUT_HER if opens(second, mine, verb)} == GLASS_OPENS
    assert not any(opens(second, other, verb) for verb in ABOUT_HER)
    assert not opens(second, mine, Verb.READ_CLIENT, Verb.EDIT_CLIENT)
    assert listed(second) == set(), "it is in no list and in no search"
    with second.enter(Verb.READ_CLIENT, client=mine) as permit:
        assert [because.rule for because in permit.decision.because] == ["break-glass", "own-worker"]
        assert permit.decision.relying_on == (str(glass),)
        assert permit.scope.only == {mine}
    with superuser() as eyes:
        line = eyes.execute(
            "select line from ledger_leaf where agency_id = %s and line like '%%break-glass%%' limit 1", [house.id]
        ).fetchone()[0]
    assert str(glass) in line


def test_before_sixty_minutes_it_is_open_and_at_sixty_minutes_it_is_not_by_the_database_s_clock(world, house):
    second, client = world.colleague(house), world.client(house.worker)
    world.keep_to_teams(house)
    glass = breaks(second, code_of(house, client))
    browser = signed_in(second)
    html = text(page(browser, f"/clients/{client}/"))
    assert "Emergency access." in html
    assert "60 minutes left" in html
    assert "Add entry" not in html
    long_ago(glass, "59 minutes 30 seconds")
    assert opens(second, client)
    assert "1 minute left" in text(page(browser, f"/clients/{client}/"))
    for time in ("60 minutes", "60 minutes 1 second", "2 days"):
        long_ago(glass, time)
        assert not opens(second, client)
        page(browser, f"/clients/{client}/", status=404)
        assert stands(second, glass) == "ended"
    assert "Emergency access." not in text(page(browser, "/my-day/"))


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.RECORDS_OFFICER])
def test_somebody_whose_role_reads_no_file_reads_this_one(world, house, role):
    client, other = world.client(house.worker), world.client(house.worker)
    somebody = house[role]
    assert not opens(somebody, client)
    breaks(somebody, code_of(house, client), reason="nobody_else")
    assert opens(somebody, client)
    assert not opens(somebody, other)
    assert {verb for verb in ABOUT_HER if opens(somebody, client, verb)} == GLASS_OPENS


def test_who_looks_at_it_afterwards_has_no_glass_nor_has_the_operator(world, house):
    client = world.client(house.worker)
    with pytest.raises(Refused):
        breaks(house[Role.PRIVACY_OFFICER], code_of(house, client))
    assert Verb.BREAK_GLASS not in VERBS
    page(signed_in(house[Role.PRIVACY_OFFICER]), "/emergency/new/", status=404)


def test_it_needs_a_reason_and_is_one_file_at_a_time_and_only_one_that_is_closed(world, house):
    second = world.colleague(house)
    client, other = world.client(house.worker), world.client(house.worker)
    code = code_of(house, client)
    with pytest.raises(InvalidEntry):
        breaks(second, code)  # everybody opens every file here
    world.keep_to_teams(house)
    with second.enter(Verb.BREAK_GLASS) as permit:
        for reason, words in (("because", WORDS), ("other", "  ")):
            with pytest.raises(InvalidEntry):
                vault.break_glass(permit=permit, at=permit.at, code=code, reason=reason, words=words, elsewhere=())
    glass = breaks(second, code)
    with pytest.raises(InvalidEntry):
        breaks(second, code_of(house, other))
    long_ago(glass, "61 minutes")
    breaks(second, code_of(house, other))
    assert opens(second, other)
    assert not opens(second, client)


def test_two_workers_at_once_each_have_their_own_and_one_worker_twice_has_one(world, house):
    second, third = world.colleague(house), world.colleague(house)
    client = world.client(house.worker)
    world.keep_to_teams(house)
    code = code_of(house, client)

    def attempt(worker: Worker) -> bool:
        try:
            breaks(worker, code)
        except InvalidEntry:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(attempt, [second, third] * 3))
    assert (sum(found[::2]), sum(found[1::2])) == (1, 1)
    assert opens(second, client)
    assert opens(third, client)
    with superuser() as eyes:
        stand = eyes.execute(
            "select count(*) from vault_glass where agency_id = %s and until_at > now()", [house.id]
        ).fetchone()[0]
    assert stand == 2


# ---------------------------------------------------------------- across a wall


def test_behind_a_wall_asking_tells_no_more_than_a_code_that_is_no_file_s(world, house):
    client = world.client(house.worker)
    wall(house, client, house.worker.member)
    browser = signed_in(house.worker)

    def ask(code: str) -> tuple[str, str, str]:
        pages = []
        for step in ("why", "then", "ask"):
            typed = {"step": step, "code": code, "reason": "danger_now", "words": WORDS}
            answer = browser.post("/emergency/new/", typed, follow=True)
            pages.append(bare(answer.content.decode()).replace(code, ""))
        return tuple(pages)

    assert ask(code_of(house, client)) == ask("TB-22222")
    mine = bare(page(browser, "/emergency/"))
    assert code_of(house, client) not in mine
    assert mine.count(">Waits<") == 2
    assert not opens(house.worker, client)


def test_a_victim_service_provider_s_own_director_is_the_second_person_and_nobody_else(world, house, hospital):
    client = world.client(house.worker)
    wall(house, client, house.worker.member)
    glass = breaks(house.worker, code_of(house, client), partner=hospital.id)
    assert not opens(house.worker, client)
    assert not opening(house.worker, glass)
    with superuser() as eyes:
        assert eyes.execute("select count(*) from vault_seconding where glass = %s", [glass]).fetchone()[0] == 0
    html = page(signed_in(house.worker), f"/emergency/{glass}/")
    assert "Your director is asked" in text(html)
    for somebody in (house.worker, house[Role.SUPERVISOR], house[Role.PRIVACY_OFFICER], hospital[Role.DIRECTOR]):
        assert signed_in(somebody).post(f"/emergency/seconds/{glass}/", {"do": "agree"}).status_code == 404
    never = signed_in(house[Role.DIRECTOR]).post(f"/emergency/seconds/{uuid4()}/", {"do": "agree"})
    assert never.status_code == 404
    assert not opening(house.worker, glass)

    director = signed_in(house[Role.DIRECTOR])
    assert code_of(house, client) in page(director, "/emergency/seconds/")
    shown = text(page(director, f"/emergency/seconds/{glass}/"))
    assert WORDS in shown
    assert "Talk to her first" in shown
    assert director.post(f"/emergency/seconds/{glass}/", {"do": "agree"}).status_code == 302
    assert not opens(house.worker, client), "the sixty minutes begin when she opens it"
    asker = signed_in(house.worker)
    assert "A second person agreed" in page(asker, f"/emergency/{glass}/")
    assert asker.post(f"/emergency/{glass}/").status_code == 302
    assert opens(house.worker, client)
    assert {verb for verb in ABOUT_HER if opens(house.worker, client, verb)} == GLASS_OPENS
    long_ago(glass, "60 minutes")
    assert not opens(house.worker, client)
    assert not opening(house.worker, glass), "once"


def test_elsewhere_a_partner_may_agree_and_is_shown_no_client_and_no_name(world, house, hospital):
    police = world.police(ALL)
    client = world.client(hospital.worker, Identity(given="Marisol", family="Vega"))
    wall(hospital, client, hospital.worker.member)
    code = code_of(hospital, client)
    glass = breaks(hospital.worker, code, partner=house.id, reason="she_is_here")
    officer = signed_in(house[Role.PRIVACY_OFFICER])
    day = page(officer, "/watch/")
    assert f"{hospital.name} asks you to agree" in text(day)
    address = re.search(r"/emergency/partners/[0-9a-f-]{36}/", day)[0]
    shown = page(officer, address)
    for told_them in ("Front-line worker", "She is here or on the phone", hospital.name):
        assert told_them in shown
    for html in (day, shown):
        for hidden in ("Marisol", code, str(client), str(hospital.worker.member), WORDS, f"worker {hospital.name}"):
            assert hidden not in html
    for somebody in (house.worker, police[Role.DIRECTOR], police[Role.PRIVACY_OFFICER], hospital[Role.DIRECTOR]):
        assert signed_in(somebody).post(address, {"do": "agree"}).status_code == 404
    assert not opening(hospital.worker, glass)
    assert officer.post(address, {"do": "agree"}).status_code == 302
    assert officer.post(address, {"do": "agree"}).status_code == 404, "it is answered once"
    assert opening(hospital.worker, glass)
    assert opens(hospital.worker, client)


def answers(worker: Worker, *, agreed: bool = True) -> None:
    with worker.enter(Verb.SECOND_PARTNER) as permit:
        (asked,) = clients.partners_to_second(permit=permit)
        vault.second_partner(permit=permit, at=permit.at, seconding_id=asked.id, agreed=agreed)


@pytest.mark.parametrize(
    ("name", "opened"), [("Torres, Lucía María", False), ("Lucia Torres", False), ("Lea Torres", True)]
)
def test_nobody_is_her_own_second_at_a_partner_under_another_account(world, hospital, name, opened):
    """The same person may be a member there under another e-mail; her name is all that both sides know of her. A
    namesake counts: her own director can still agree."""
    hers = world.colleague(hospital, name="Lucía Torres")
    other = world.agency(roles=STAFF)
    there = world.colleague(other, name=name, roles=(Role.DIRECTOR,))
    client = world.client(hospital.worker)
    wall(hospital, client, hers.member)
    glass = breaks(hers, code_of(hospital, client), partner=other.id)
    answers(there)
    assert opening(hers, glass) is opened
    assert opens(hers, client) is opened
    with hospital[Role.PRIVACY_OFFICER].enter(Verb.REVIEW_GLASS) as permit:
        assert clients.glass_to_review(permit=permit, glass_id=glass).partner_by == name, (
            "who agreed is seen afterwards"
        )
    with hers.enter(Verb.BREAK_GLASS) as permit:
        assert clients.glass(permit=permit, glass_id=glass).partner_by == ""
    if not opened:
        assert "bears your name" in text(signed_in(hers).post(f"/emergency/{glass}/").content.decode())
        seconds(hospital[Role.DIRECTOR], glass)
        assert opening(hers, glass)


def test_a_director_who_bears_her_name_is_not_her_second(world, house):
    hers = world.colleague(house, name="Lucía Torres")
    double = world.colleague(house, name="Lucia Torres", roles=(Role.DIRECTOR,))
    client = world.client(house.worker)
    wall(house, client, hers.member)
    glass = breaks(hers, code_of(house, client))
    with double.enter(Verb.SECOND_GLASS) as permit:
        assert clients.glasses_to_second(permit=permit) == []
    with pytest.raises(InvalidEntry, match="bears your name"):
        seconds(double, glass)
    assert not opening(hers, glass)
    seconds(house[Role.DIRECTOR], glass)
    assert opening(hers, glass)


def test_a_refusal_looks_like_waiting_and_nothing_opens(world, hospital):
    client = world.client(hospital.worker)
    other = world.agency(roles=STAFF)
    wall(hospital, client, hospital.worker.member)
    glass = breaks(hospital.worker, code_of(hospital, client), partner=other.id)
    seconds(hospital[Role.DIRECTOR], glass, agreed=False)
    assert stands(hospital.worker, glass) == "waits"
    answers(other[Role.DIRECTOR])
    assert stands(hospital.worker, glass) == "waits", "her own director's no goes before a partner's yes"
    assert not opening(hospital.worker, glass)
    assert not opens(hospital.worker, client)


def test_a_request_lapses_after_a_day_whatever_is_answered_then(world, hospital):
    client, other = world.client(hospital.worker), world.agency(roles=STAFF)
    wall(hospital, client, hospital.worker.member)
    glass = breaks(hospital.worker, code_of(hospital, client), partner=other.id)
    asked_long_ago(glass)
    assert stands(hospital.worker, glass) == "lapsed"
    with pytest.raises(InvalidEntry):
        seconds(hospital[Role.DIRECTOR], glass)
    with other[Role.DIRECTOR].enter(Verb.SECOND_PARTNER) as permit:
        assert clients.partners_to_second(permit=permit) == []
    agreed = breaks(hospital.worker, code_of(hospital, client))
    seconds(hospital[Role.DIRECTOR], agreed)
    asked_long_ago(agreed)
    assert not opening(hospital.worker, agreed)


def test_a_director_seconds_neither_her_own_nor_across_a_wall_of_hers(world, house):
    client, second = world.client(house.worker), world.colleague(house, roles=(Role.DIRECTOR,))
    director = house[Role.DIRECTOR]
    wall(house, client, director.member)
    wall(house, client, house.worker.member)
    own, hers = breaks(director, code_of(house, client)), breaks(house.worker, code_of(house, client))
    for glass in (own, hers):
        with pytest.raises(InvalidEntry):
            seconds(director, glass)
        assert signed_in(director).post(f"/emergency/seconds/{glass}/", {"do": "agree"}).status_code == 404
    seconds(second, own)
    assert opening(director, own)
    assert opens(director, client)


def test_a_wall_that_goes_up_closes_what_one_person_opened_at_once(world, house):
    second, client = world.colleague(house, "Nora Example"), world.client(house.worker)
    world.keep_to_teams(house)
    breaks(second, code_of(house, client))
    assert opens(second, client)
    herself = _herself(house, client)
    with house.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        vault.edit_person(
            permit=permit,
            at=permit.at,
            client_id=client,
            person_id=herself,
            identity=Identity(given="Jorge", family="Ruiz"),
        )
    assert opens(second, client)
    declare(second, "Jorge Ruiz")
    assert not opens(second, client)


def _herself(house: House, client: UUID) -> UUID:
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return clients.herself(permit=permit, client_id=client).id


def test_a_merged_file_is_the_same_file(world, house):
    second = world.colleague(house)
    client, twin = world.client(house.worker), world.client(house.worker)
    with house.worker.enter(Verb.MERGE_CLIENTS, client=client) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=client, other_id=twin)
    code = code_of(house, twin)
    world.keep_to_teams(house)
    breaks(second, code)
    assert opens(second, client)
    assert opens(second, twin)
    wall(house, twin, second.member)
    assert not opens(second, client)


# ---------------------------------------------------------------- the database, when the program is wrong


def attempt(house: House, statement: str, *values: object) -> str:
    with as_service() as attacker:
        told(attacker, note_of(house.id))
        try:
            attacker.execute(statement, values)
        except psycopg.Error as error:
            return str(error)
        finally:
            attacker.rollback()
    return ""


def test_the_database_lets_nobody_cross_a_wall_alone_nor_stay_longer(world, house, hospital):
    for each, other in ((house, hospital), (hospital, house)):
        client = world.client(each.worker)
        wall(each, client, each.worker.member)
        glass = breaks(each.worker, code_of(each, client))
        cross = (
            "update vault_glass set opened_at = statement_timestamp(),"
            " until_at = statement_timestamp() + interval '60 minutes', crossing = true"
        )
        assert "nobody crosses a wall alone" in attempt(each, f"{cross} where id = %s", glass)
        longer = (
            "update vault_glass set opened_at = statement_timestamp(),"
            " until_at = statement_timestamp() + interval '61 minutes' where id = %s"
        )
        assert "glass_stands_sixty_minutes" in attempt(each, longer, glass)
        early = (
            "update vault_glass set opened_at = now() + interval '1 hour', until_at = now() + interval '2 hours'"
            " where id = %s"
        )
        assert "taken once" in attempt(each, early, glass)
        assert attempt(each, "delete from vault_glass where id = %s", glass) == ""
        asks = (
            "insert into vault_seconding (id, agency_id, holder_id, glass, reason, role, asked_at)"
            " values (gen_random_uuid(), %s, %s, %s, 'other', 'worker', now())"
        )
        said = attempt(each, asks, other.id, each.id, glass)
        assert ("never about a victim service provider" in said) if each is house else said == ""
        assert attempt(each, asks, other.id, other.id, glass), "nobody asks in another's name"
    with superuser() as eyes:
        assert eyes.execute("select count(*) from vault_glass where id = %s", [glass]).fetchone()[0] == 1


def test_the_agency_that_asks_cannot_answer_itself(world, house, hospital):
    client = world.client(hospital.worker)
    wall(hospital, client, hospital.worker.member)
    glass = breaks(hospital.worker, code_of(hospital, client), partner=house.id)
    answer = (
        "update vault_seconding set answered_at = statement_timestamp(), answered_by = gen_random_uuid(), agreed = true"
        " where glass = %s"
    )
    attempt(hospital, answer, glass)
    with superuser() as eyes:
        assert eyes.execute("select agreed from vault_seconding where glass = %s", [glass]).fetchone()[0] is None
    assert not opening(hospital.worker, glass)


# ---------------------------------------------------------------- told at once, looked at afterwards


def test_the_privacy_officer_is_told_at_once_and_says_afterwards_what_she_found(world, house):
    second, client = world.colleague(house, "Nora Example"), world.client(house.worker)
    world.keep_to_teams(house)
    code = code_of(house, client)
    officer = signed_in(house[Role.PRIVACY_OFFICER])
    assert officer.get("/").headers["Location"] == "/watch/"
    glass = breaks(second, code)
    day = text(page(officer, "/watch/"))
    assert f"Nora Example, file {code}" in day
    assert "Open now" in day
    address = f"/watch/{glass}/"
    shown = text(page(officer, address))
    assert WORDS in shown
    assert "still open" in shown
    assert "still open" in text(officer.post(address, {"outcome": "right"}).content.decode())
    long_ago(glass, "61 minutes")
    for somebody in (second, house.worker, house[Role.SUPERVISOR]):
        page(signed_in(somebody), address, status=404)
    assert "Choose one" in text(officer.post(address, {}).content.decode())
    assert officer.post(address, {"outcome": "talked_over"}).status_code == 302
    day = text(page(officer, "/watch/"))
    assert "Nothing waits for you" in day
    assert "We talked about it" in day
    assert "talked about" not in text(page(signed_in(second), f"/emergency/{glass}/"))


def test_a_code_that_is_no_file_s_is_told_to_the_privacy_officer_too(house):
    breaks(house.worker, "TB-22222")
    day = text(page(signed_in(house[Role.PRIVACY_OFFICER]), "/watch/"))
    assert "a code that no file has" in day


def test_it_is_looked_at_by_somebody_who_neither_asked_nor_agreed(world, house):
    client = world.client(house.worker)
    wall(house, client, house.worker.member)
    glass = breaks(house.worker, code_of(house, client))
    seconds(house[Role.DIRECTOR], glass)
    assert opening(house.worker, glass)
    long_ago(glass, "61 minutes")
    with house[Role.DIRECTOR].enter(Verb.REVIEW_GLASS) as permit:
        assert clients.glasses_to_review(permit=permit) == []
        with pytest.raises(InvalidEntry):
            vault.review_glass(permit=permit, at=permit.at, glass_id=glass, outcome="right")
    director = signed_in(house[Role.DIRECTOR])
    assert "somebody else looks at it" in text(page(director, f"/watch/{glass}/"))
    both = world.colleague(house, roles=(Role.DIRECTOR, Role.PRIVACY_OFFICER))
    wall(house, client, both.member)
    page(signed_in(both), f"/watch/{glass}/", status=404)
    with house[Role.PRIVACY_OFFICER].enter(Verb.REVIEW_GLASS) as permit:
        (view,) = clients.glasses_to_review(permit=permit)
        assert (view.id, view.crossing, view.second_by) == (glass, True, house[Role.DIRECTOR].member)
        vault.review_glass(permit=permit, at=permit.at, glass_id=glass, outcome="right")


def test_a_member_who_is_worker_and_privacy_officer_sees_it_on_her_day(world, house):
    both = world.colleague(house, roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    client = world.client(house.worker)
    glass = breaks(house[Role.DIRECTOR], code_of(house, client))
    day = page(signed_in(both), "/my-day/")
    assert f"/watch/{glass}/" in day
    assert f"/watch/{glass}/" not in page(signed_in(house.worker), "/my-day/")


WATCHED = (clients.walls_found, clients.walls_lately, clients.glasses_to_review)


def test_who_may_neither_wall_nor_review_is_told_of_no_wall_and_no_glass(house):
    """My day is everybody's; what is to be looked at is told to whoever may look, and by the rule that says so."""
    besides = (Verb.WALL_CLIENT, Verb.REVIEW_GLASS)
    for worker, may in (
        (house.worker, ()),
        (house[Role.SUPERVISOR], (Verb.WALL_CLIENT,)),
        (house[Role.PRIVACY_OFFICER], besides),
        (house[Role.DIRECTOR], (Verb.REVIEW_GLASS,)),
    ):
        with worker.enter(Verb.READ_DAY, besides=besides) as permit:
            assert permit.verbs == {Verb.READ_DAY, *may}
            for query in WATCHED:
                assert permit.may(query) is bool(query.verbs & set(may))
                if permit.may(query):
                    query(permit=permit)
                else:
                    with pytest.raises(PermitError):
                        query(permit=permit)
        with worker.enter(Verb.READ_DAY) as permit:
            assert not any(map(permit.may, WATCHED)), "what nobody asked for is not given along"


def test_what_is_given_besides_has_its_own_rule_in_the_answer_and_follows_the_same_role(world, house):
    both = world.colleague(house, roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    day = (Verb.READ_DAY, Verb.FIND_CLIENTS)
    with both.enter(*day, besides=(Verb.REVIEW_GLASS,)) as permit:
        assert [each.rule for each in permit.decision.because] == ["own-worker", "own-privacy-officer"]
    with both.enter(*day, besides=(Verb.DELETE_CLIENT,)) as permit:
        assert permit.verbs == set(day)
    with pytest.raises(Refused), both.enter(Verb.DELETE_CLIENT, besides=day):
        pass
    world.keep_to_teams(house)
    # As a privacy officer she reads the day of every file; nothing that only a worker may comes with it.
    with both.enter(Verb.READ_DAY, besides=(Verb.FIND_CLIENTS, Verb.REVIEW_GLASS)) as permit:
        assert permit.scope.only is None
        assert permit.verbs == {Verb.READ_DAY, Verb.REVIEW_GLASS}


def test_nothing_opens_through_the_glass_of_somebody_else_or_of_another_purpose(world, house):
    second, third = world.colleague(house), world.colleague(house)
    client = world.client(house.worker)
    world.keep_to_teams(house)
    glass = breaks(second, code_of(house, client))
    assert not opens(third, client)
    page(signed_in(third), f"/emergency/{glass}/", status=404)
    with pytest.raises(Refused), second.enter(Verb.READ_CLIENT, client=client, purpose=Purpose.RESEARCH):
        pass


@pytest.mark.parametrize("own", [None, True, False])
@pytest.mark.parametrize("partner", [None, True, False])
def test_where_it_stands(own, partner):
    def state(**more: bool) -> str:
        return glass_state(**{"opened": False, "stands": False, "waits": True} | more, own=own, partner=partner)

    assert state(opened=True, stands=True) == "open"
    assert state(opened=True) == "ended"
    assert state(waits=False) == "lapsed"
    wanted = "refused" if own is False else "agreed" if own or partner else "refused" if partner is False else "waits"
    assert state() == wanted


def test_every_reason_is_one(world, house):
    client = world.client(house.worker)
    for reason in GLASS_REASONS:
        long_ago(breaks(house[Role.DIRECTOR], code_of(house, client), reason=reason), "2 hours")


def test_a_funder_and_an_operator_are_not_asked(world, hospital):
    funder = world.agency(AgencyKind.FUNDER, frozenset({Duty.NONE}))
    with hospital.worker.enter(Verb.BREAK_GLASS) as permit:
        asked = clients.askable(permit=permit, elsewhere=())
    assert funder.id not in asked
    assert hospital.id not in asked
    assert asked


def test_codes_are_not_guessed_through_a_glass(world, house):
    client = world.client(house.worker)
    wall(house, client, house.worker.member)
    for number in range(5):
        breaks(house.worker, f"TB-2222{number + 2}")
    browser = signed_in(house.worker)
    told_her = []
    for code in (code_of(house, client), "TB-33333"):
        with pytest.raises(InvalidEntry, match="too often today"):
            breaks(house.worker, code)
        typed = {"step": "ask", "code": code, "reason": "danger_now", "words": WORDS}
        html = browser.post("/emergency/new/", typed).content.decode()
        assert "You have asked too often today. Ask your director or privacy officer." in text(html)
        told_her.append(bare(html).replace(code, ""))
    assert told_her[0] == told_her[1]
    asks = (
        "insert into vault_glass (id, agency_id, member_id, reason, asked_at, crossing, outcome)"
        " values (gen_random_uuid(), %s, %s, 'other', now() - interval '3 days', false, '')"
    )
    assert "five times a day" in attempt(house, asks, house.id, house.worker.member)
    assert attempt(house, asks, house.id, house[Role.DIRECTOR].member) == ""
    with past_the_triggers() as hand:
        hand.execute(
            "update vault_glass set asked_at = now() - interval '24 hours' where member_id = %s", [house.worker.member]
        )
    breaks(house.worker, code_of(house, client))


def test_the_moment_of_asking_is_the_database_s(world, house):
    with as_service() as attacker:
        told(attacker, note_of(house.id))
        asked, now = attacker.execute(
            "insert into vault_glass (id, agency_id, member_id, reason, asked_at, crossing, outcome)"
            " values (gen_random_uuid(), %s, %s, 'other', now() - interval '3 days', false, '')"
            " returning asked_at, statement_timestamp()",
            [house.id, house.worker.member],
        ).fetchone()
        attacker.rollback()
    assert asked == now


def test_nobody_is_her_own_second_at_a_partner(world, hospital):
    """The account that asks works at two agencies."""
    other, third = world.agency(roles=STAFF), world.agency(roles=STAFF)
    client = world.client(hospital.worker)
    wall(hospital, client, hospital.worker.member)
    with superuser() as eyes:
        eyes.execute(
            "update partners_member set account_id = %s where id = %s",
            [hospital.worker.account, other[Role.PRIVACY_OFFICER].member],
        )
    assert other.name not in page(signed_in(hospital.worker), "/emergency/new/")
    typed = {"step": "why", "code": code_of(hospital, client)}
    shown = signed_in(hospital.worker).post("/emergency/new/", typed).content.decode()
    assert third.name in shown
    assert other.name not in shown
    glass = breaks(hospital.worker, code_of(hospital, client), partner=other.id, elsewhere=(other.id,))
    with superuser() as eyes:
        assert eyes.execute("select count(*) from vault_seconding where glass = %s", [glass]).fetchone()[0] == 0
    again = breaks(hospital.worker, code_of(hospital, client), partner=third.id, elsewhere=(other.id,))
    director = page(signed_in(hospital[Role.DIRECTOR]), "/emergency/seconds/")
    for each in (glass, again):
        assert f"/emergency/seconds/{each}/" in director, "her own director sees it at once"

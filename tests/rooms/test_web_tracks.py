"""The pages of a case on its way: a protective order from petition to service; what is overdue; a no that counts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from accord.coordination.protocols.facts import protocol
from accord.coordination.protocols.rules import Span, Unit
from accord.coordination.tracks.queries import DueView
from accord.coordination.tracks.rules import guarded
from accord.doors.web.forms.tracks import StepForm
from accord.doors.web.states import lasting
from accord.doors.web.tracked import counted, path, standing
from accord.policy.words import AgencyKind, Category, Duty, Level, Role, Verb
from accord.sharing import queries as sharing
from accord.vault import actions as vault
from tests.rooms.test_tracks import ZONE, begin, child, days_ago, in_days, meet, move, view
from tests.rooms.test_tracks import tried as tried
from tests.rooms.test_updates import released
from tests.rooms.test_walls import wall
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House


@pytest.fixture
def house(world) -> House:
    return world.agency(roles=(Role.WORKER, Role.SUPERVISOR))


def minute(ago: float) -> str:
    return (datetime.now(ZONE) - timedelta(days=ago)).strftime("%Y-%m-%dT%H:%M")


def seen(html: str) -> str:
    return re.search(r'name="seen" value="(\d+)"', html)[1]


def test_a_protective_order_from_the_petition_to_service(world, house):
    client = world.client(house.worker)
    browser = signed_in(house.worker)
    assert "No protocol is running." in text(page(browser, f"/clients/{client}/"))
    html = page(browser, f"/clients/{client}/tracks/new/")
    about = re.search(r'name="about" value="([0-9a-f-]{36})"', html)[1]
    assert "Protective order" in text(html)
    choice = {"way": "protective_order.petition_draft", "about": about}
    html = browser.post(f"/clients/{client}/tracks/new/", choice).content.decode()
    assert "It stands at: The petition is being written." in text(html)
    answer = browser.post(f"/clients/{client}/tracks/new/", choice | {"sure": "1"}, follow=True)
    place = answer.redirect_chain[-1][0]
    html = answer.content.decode()
    assert "It has begun." in text(html)

    asked = browser.post(f"{place}step/", {"step": "file", "seen": seen(html)}).content.decode()
    for said in ("Filed on", "Number of the court's file", "A judge looks at it without him", "1 business day after"):
        assert said in text(asked).replace("&#x27;", "'"), said
    wrong = browser.post(f"{place}step/", {"step": "file", "seen": "1", "sure": "1"}).content.decode()
    assert "Something is missing or wrong" in text(wrong)
    given = {"given_filed_at": minute(0), "given_case_number": "24-D-0117"}
    html = browser.post(
        f"{place}step/", {"step": "file", "seen": "1", "sure": "1"} | given, follow=True
    ).content.decode()
    assert "It stands now at: Filed." in text(html)
    assert "24-D-0117" in html
    granted = {"given_hearing_on": in_days(14), "given_stands_until": in_days(14)}
    browser.post(f"{place}step/", {"step": "grant_for_now", "seen": "2", "sure": "1"} | granted)
    served = {"given_served_on": in_days(0), "given_served_by": "A deputy"}
    html = browser.post(
        f"{place}step/", {"step": "serve", "seen": "3", "sure": "1"} | served, follow=True
    ).content.decode()
    for said in ("Served; the hearing is to come", "Steps taken", "A deputy", "Done by the next step", "The hearing"):
        assert said in text(html), said
    assert html.count("<svg") >= 4
    shown = text(page(browser, f"/clients/{client}/"))
    assert "Protective order: Served; the hearing is to come." in shown
    assert "Pending" in shown
    assert "Protective order" in text(page(browser, f"/clients/{client}/tracks/"))


def test_a_page_that_is_behind_goes_no_step(world, house):
    client = world.client(house.worker)
    track = begin(house.worker, client)
    move(house.worker, client, track, "she_does_not_want_it", 1)
    browser = signed_in(house.worker)
    typed = {"step": "write_petition", "seen": "1", "sure": "1"}
    html = browser.post(f"/clients/{client}/tracks/{track}/step/", typed).content.decode()
    assert "Somebody went a step meanwhile." in text(html)
    assert view(house.worker, client, track).line.number == 2
    assert (
        browser.post(f"/clients/{client}/tracks/{track}/step/", {"step": "write_petition", "sure": "1"}).status_code
        == 200
    )
    assert view(house.worker, client, track).line.number == 2


def test_what_is_overdue_is_said_on_her_page_and_on_my_day_until_the_step_is_taken(world, house):
    client = world.client(house.worker)
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(9)})
    browser = signed_in(house.worker)
    hers = text(page(browser, f"/clients/{client}/"))
    assert "Open past its time A judge looks at it without him" in hers
    assert hers.count("A judge looks at it without him") == 1
    assert text(page(browser, "/my-day/")).count("A judge looks at it without him") == 1
    move(house.worker, client, track, "deny", 1)
    assert "A judge looks at it without him" not in page(browser, "/my-day/")
    assert "after its time" in page(browser, f"/clients/{client}/tracks/{track}/")


def test_she_declines_and_nobody_has_to_say_why(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    due = next(due for due in view(house.worker, client, track).dues if due.rule.by_hand)
    browser = signed_in(house.worker)
    place = f"/clients/{client}/tracks/{track}/"
    assert f"{place}dues/{due.id}/" in page(browser, place)
    html = browser.post(f"{place}dues/{due.id}/", {"how": ""}).content.decode()
    assert "Say how it was" in text(html)
    html = browser.post(f"{place}dues/{due.id}/", {"how": "declined"}, follow=True).content.decode()
    assert "She declined" in text(html)
    page(browser, f"{place}dues/{due.id}/", 404)


def test_what_starts_anew_is_said(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    due = next(due for due in view(house.worker, client, track).dues if due.rule.by_hand)
    browser = signed_in(house.worker)
    html = browser.post(f"/clients/{client}/tracks/{track}/dues/{due.id}/", {"how": "done"}, follow=True)
    assert "It is due again until" in text(html.content.decode())


def test_a_supervisor_goes_on_with_a_reason_and_a_worker_is_told_who_can(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    place = f"/clients/{client}/tracks/{track}/step/"
    html = signed_in(house.worker).post(place, {"step": "run", "seen": "1"}).content.decode()
    assert "Only a supervisor can go on, with a reason." in text(html)
    boss = signed_in(house[Role.SUPERVISOR])
    html = boss.post(place, {"step": "run", "seen": "1", "sure": "1"}).content.decode()
    assert "Why you go on although this is missing" in text(html)
    typed = {"step": "run", "seen": "1", "sure": "1", "because": "He is at the door."}
    html = boss.post(place, typed, follow=True).content.decode()
    assert "He is at the door." in html
    counts = text(page(boss, "/deviations/"))
    assert "Tried out 2 steps" in counts
    assert client.hex not in counts
    page(signed_in(house.worker), "/deviations/", 404)


def test_a_case_about_a_child_says_so_and_a_place_is_refused(world, house, tried):
    client = world.client(house.worker)
    about = child(house.worker, client)
    track = begin(house.worker, client, "tried_out", "waiting", about=about)
    move(house.worker, client, track, "hear", 1, given={"agreed": "yes"})
    browser = signed_in(house.worker)
    assert "about Luz" in text(page(browser, f"/clients/{client}/tracks/"))
    typed = {"step": "run", "seen": "2", "sure": "1", "given_address": "12 Elm Street"}
    html = browser.post(f"/clients/{client}/tracks/{track}/step/", typed).content.decode()
    assert "where the child is" in text(html)


def test_a_step_goes_with_its_save_to_those_whom_the_protocol_tells(world):
    police, hospital = world.police(), world.hospital()
    prosecutor = world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    client = world.client(police.worker)
    ways = {
        partner.id: released(world, police.worker, client, partner, [Category.LEGAL], {Category.LEGAL: Level.SUMMARY})
        for partner in (hospital, prosecutor)
    }
    track = begin(police.worker, client, state="filed", given={"filed_at": days_ago(0)})
    browser = signed_in(police.worker)
    place = f"/clients/{client}/tracks/{track}/step/"
    html = browser.post(place, {"step": "set_hearing", "seen": "1"}).content.decode()
    boxes = dict(re.findall(r'<input type="checkbox" name="also" value="([0-9a-f-]{36})"([^>]*)>', html))
    assert {id: "checked" in more for id, more in boxes.items()} == {
        str(ways[hospital.id]): False,
        str(ways[prosecutor.id]): True,
    }
    assert html.count("The protocol says to tell them") == 1
    typed = {"step": "set_hearing", "seen": "1", "sure": "1", "given_hearing_on": in_days(9)}
    html = browser.post(place, typed | {"also": str(ways[prosecutor.id])}, follow=True).content.decode()
    assert f"Sent to {prosecutor.name}: 1 envelope." in text(html)
    with prosecutor.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        (thread,) = sharing.waiting(permit=permit)
    told = max(thread.envelopes, key=lambda each: each.sent_at).content.summary
    assert told["values"]["state"] == "hearing_set"


def test_a_victim_service_provider_ticks_nobody_beforehand(world, house):
    police = world.police()
    client = world.client(house.worker)
    released(world, house.worker, client, police, [Category.LEGAL], {Category.LEGAL: Level.SUMMARY})
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(0)})
    typed = {"step": "grant_for_now", "seen": "1"}
    html = signed_in(house.worker).post(f"/clients/{client}/tracks/{track}/step/", typed).content.decode()
    (more,) = re.findall(r'<input type="checkbox" name="also"([^>]*)>', html)
    assert "checked" not in more
    assert "The protocol says to tell them" in html


def test_a_newer_version_is_offered_and_gone_on_by(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    place = f"/clients/{client}/tracks/{track}/"
    browser = signed_in(house.worker)
    assert "Go on by version" not in page(browser, place)
    tried.newest = tried.second
    assert "Go on by version 2" in page(browser, place)
    assert "Version 2 is in force now." in text(page(browser, f"{place}version/"))
    html = browser.post(f"{place}version/", {"seen": "1"}, follow=True).content.decode()
    assert "Goes on by version 2" in text(html)


def test_her_export_has_her_cases_whole(world, house):
    client = world.client(house.worker)
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(9), "case_number": "24-D-0117"})
    answer = signed_in(house.worker).post(f"/clients/{client}/export/")
    found = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    case = next(line for line in found if line["line"] == "track")
    assert (case["id"], case["state"], case["steps"][0]["facts"]["case_number"]) == (str(track), "filed", "24-D-0117")
    assert {due["due"] for due in case["dues"]} == {"ex_parte_review", "decided_in_thirty_days"}


@pytest.mark.parametrize(
    "path", ["tracks/", "tracks/new/", "tracks/{track}/", "tracks/{track}/step/", "tracks/{track}/version/"]
)
def test_behind_a_wall_every_page_is_as_if_it_were_not_there(world, house, path):
    client = world.client(house.worker)
    track = begin(house.worker, client)
    second = world.colleague(house)
    browser = signed_in(second)
    place = f"/clients/{client}/{path.format(track=track)}"
    page(browser, place)
    wall(house, client, second.member)
    page(browser, place, 404)


def test_a_case_of_another_file_or_of_nobody_is_as_if_it_were_not_there(world, house):
    client, other = world.client(house.worker), world.client(house.worker)
    track = begin(house.worker, other)
    browser = signed_in(house.worker)
    for each in (track, client):
        page(browser, f"/clients/{client}/tracks/{each}/", 404)
        page(browser, f"/clients/{client}/tracks/{each}/step/", 404)


def test_the_picture_has_every_state_and_every_clock_on_one_scale(world, house):
    client = world.client(house.worker)
    track = begin(house.worker, client, state="filed", given={"filed_at": days_ago(9)})
    move(house.worker, client, track, "set_hearing", 1, given={"hearing_on": in_days(10)})
    found = view(house.worker, client, track)
    drawn = path(found, datetime.now(UTC))
    assert [each.state.code for each in drawn.stood] == ["filed", "hearing_set"]
    assert {lane.due.rule.code: lane.standing for lane in drawn.lanes} == {
        "ex_parte_review": "left",
        "decided_in_thirty_days": "open",
        "hearing_without_order": "open",
    }
    late = next(lane for lane in drawn.lanes if lane.due.rule.code == "ex_parte_review")
    assert [bar.kind for bar in late.bars] == ["met", "late"]
    for lane in drawn.lanes:
        for bar in lane.bars:
            assert 0 <= bar.x <= bar.end <= 101


def test_a_clock_is_said_from_what_it_counts():
    order = protocol("protective_order", 1)
    assert counted(order, order.due("served_before_hearing")) == "1 day before: Day of the hearing"
    assert counted(order, order.due("hearing")) == "on the day: Day of the hearing"
    assert counted(order, order.due("service_again")) == "3 days from then on"
    assert lasting(Span(-2, Unit.BUSINESS_DAYS)) == "2 business days"
    at = datetime(2026, 11, 28, tzinfo=UTC)
    rule = order.due("hearing")
    assert standing(DueView(rule.code, rule, at, at), at) == "overdue"
    assert standing(DueView(rule.code, rule, at, at + timedelta(seconds=1)), at) == "open"


def test_a_form_asks_exactly_for_the_evidence_of_its_step():
    order = protocol("protective_order", 1)
    form = StepForm({}, protocol=order, way=order.transitions["grant"], marks=())
    assert set(form.fields) == {
        "given_stands_until",
        "given_mutual",
        "given_firearms",
        "given_in_registry",
        "given_brady",
        "occurred_at",
    }
    assert not form.is_valid()
    assert set(form.errors) == {"given_stands_until"}
    form = StepForm(
        {"given_stands_until": "2027-11-28", "given_mutual": "no"},
        protocol=order,
        way=order.transitions["grant"],
        marks=(),
    )
    assert form.is_valid()
    assert form.given() == {"stands_until": "2027-11-28", "mutual": "no"}


def test_a_deleted_file_leaves_no_case_on_any_list(world, house):
    boss = house[Role.SUPERVISOR]
    client = world.client(boss)
    begin(boss, client, state="filed", given={"filed_at": days_ago(9)})
    with boss.enter(Verb.DELETE_CLIENT, client=client) as permit:
        vault.delete_client(permit=permit, at=permit.at, client_id=client)
    assert "A judge looks" not in page(signed_in(boss), "/my-day/")


def test_a_reason_for_a_no_is_opened_on_the_case_s_own_page_alone(world, house, tried):
    client = world.client(house.worker)
    track = begin(house.worker, client, "tried_out", "waiting")
    due = next(due for due in view(house.worker, client, track).dues if due.rule.by_hand)
    meet(house.worker, client, due.id, "not_safe", "HE READS HER MESSAGES")
    browser = signed_in(house.worker)
    assert "HE READS HER MESSAGES" in page(browser, f"/clients/{client}/tracks/{track}/")
    for place in (f"/clients/{client}/", f"/clients/{client}/tracks/", "/my-day/"):
        assert "HE READS HER MESSAGES" not in page(browser, place)


def test_a_number_is_typed_as_a_number_and_none_is_nought():
    one = protocol("high_risk_team", 1)
    way = one.transitions["accept"]
    form = StepForm({"given_votes_for": "3", "given_votes_against": "0"}, protocol=one, way=way, marks=())
    assert form.is_valid(), form.errors
    assert form.given() == {"votes_for": "3", "votes_against": "0"}
    for wrong in ("-1", "many", "1000000", ""):
        form = StepForm({"given_votes_for": wrong, "given_votes_against": "0"}, protocol=one, way=way, marks=())
        assert "given_votes_for" in form.errors


def test_a_majority_is_missed_only_by_what_was_written_down_before():
    assert guarded(protocol("high_risk_team", 1), "accept", {}) == ""
    one = protocol("intervention", 1)
    absences = {"absences_allowed": "3"}
    assert (
        guarded(one, "end_for_absences", absences | {"absences": "3"}) == "He has not missed more sessions than he may."
    )
    assert guarded(one, "end_for_absences", absences | {"absences": "4"}) == ""


def test_a_case_s_page_draws_where_it_stands(world, house):
    worker, client = house.worker, world.client(house.worker)
    track = begin(worker, client)
    move(worker, client, track, "file", 1, given={"filed_at": days_ago(0.1)})
    html = page(signed_in(worker), f"/clients/{client}/tracks/{track}/")
    assert html.count('class="here start"') == 1 and html.count('class="been start"') == 1

"""Protocols as pages: everybody reads them, a supervisor or director proposes by forms, and each director answers for
her own agency."""

from __future__ import annotations

import re
import secrets
from html import unescape
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accord.coordination.protocols import queries
from accord.coordination.protocols.changing import Stage
from accord.coordination.protocols.rules import MEANINGS, Part, Span, Unit
from accord.policy.words import AgencyKind, Level, Purpose, Role, Verb
from tests.rooms.test_protocol_changes import community, text
from tests.rooms.test_web_signin import signed_in
from tests.world import House, World

EVERY = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER)


@pytest.fixture(scope="module")
def houses() -> list[House]:
    return community()


@pytest.fixture(scope="module")
def shelter() -> House:
    return World().agency(roles=EVERY)


def proposal(house: House, id: str) -> queries.ProposalView:
    with house[Role.DIRECTOR].enter(Verb.READ_PARTNERS, purpose=Purpose.ADMINISTRATION) as permit:
        found = queries.proposal(permit=permit, proposal_id=UUID(id))
    assert found is not None
    return found


def said(browser: Client, path: str, **given: object) -> str:
    """The page after a form was sent."""
    return browser.post(path, given, follow=True).content.decode()


def begun(browser: Client, code: str = "protective_order", **given: object) -> str:
    """A proposal; its id."""
    words = {"why": "It takes too long.", "begins_on": "2030-01-31"} | given
    answer = browser.post(f"/protocols/changes/new/{f'?code={code}' if code else ''}", words)
    assert answer.status_code == 302, answer.content.decode()
    return re.search(r"changes/([0-9a-f-]{36})/edit/", answer["Location"])[1]


@pytest.mark.parametrize("role", [*EVERY, Role.DIRECTOR])
def test_everybody_reads_what_the_community_has_agreed_to_do(shelter: House, role: Role) -> None:
    browser = signed_in(shelter, role)
    listed = browser.get("/protocols/").content.decode()
    assert "Protective order" in listed
    one = browser.get("/protocols/protective_order/").content.decode()
    for words in ("He is served before the hearing", "Accord's own: notice before the hearing", "60 days before",
                  "not read at its source", "Ask her whether she wants it renewed"):  # fmt: skip
        assert words in unescape(one), words
    assert ("Propose a change" in one) == (role in (Role.SUPERVISOR, Role.DIRECTOR))
    assert "It came with Accord." in browser.get("/protocols/protective_order/versions/1/").content.decode()
    for absent in ("/protocols/no_such/", "/protocols/protective_order/versions/9/", f"/protocols/changes/{uuid4()}/"):
        assert browser.get(absent).status_code == 404, absent


@pytest.mark.parametrize("page", ["edit", "text", "say", "lay", "answer"])
def test_who_may_not_propose_or_answer_finds_nothing(shelter: House, page: str) -> None:
    id = begun(signed_in(shelter, Role.SUPERVISOR))
    worker = signed_in(shelter, Role.WORKER)
    assert worker.get(f"/protocols/changes/{id}/").status_code == 200
    assert worker.get(f"/protocols/changes/{id}/{page}/").status_code == 404
    if page == "answer":
        assert signed_in(shelter, Role.SUPERVISOR).get(f"/protocols/changes/{id}/{page}/").status_code == 404


FORMS = {
    "head": ({"title": "Order", "purpose": "She is safe.", "begins_on": "2031-02-01"}, (Part.PROTOCOL, "title")),
    "state&code=served": ({"title": "He was served"}, (Part.STATE, "title")),
    "due&code=service_again": (
        {"title": "Another attempt", "count": "1", "unit": "business_days", "side": "after", "counts_from": "",
         "citation": "ours"},
        (Part.DUE, "within"),
    ),
    "due&code=ex_parte_review": (
        {"title": "A judge looks at it without him", "count": "3", "unit": "business_days", "side": "after",
         "counts_from": "filed_at", "citation": "ours"},
        (Part.DUE, "later"),
    ),
    "due&code=hearing": ({"drop": "1"}, (Part.DUE, "dropped")),
    "new_due&code=served": (
        {"title": "Plan the hearing with her", "count": "2", "unit": "days", "side": "before",
         "counts_from": "hearing_on", "citation": "ours", "by_hand": "on", "optional": "on"},
        (Part.DUE, "added"),
    ),
    "step&code=serve": ({"title": "He has it"}, (Part.STEP, "title")),
    "evidence&code=served_by": ({"title": "Who served it"}, (Part.EVIDENCE, "title")),
    "told&code=school": ({}, (Part.TELL, "dropped")),
}  # fmt: skip


@pytest.mark.parametrize("part", FORMS)
def test_a_form_changes_one_thing_and_the_page_says_what_in_words(shelter: House, part: str) -> None:
    browser = signed_in(shelter, Role.DIRECTOR)
    id = begun(browser)
    given, means = FORMS[part]
    if part.startswith("told"):
        given = dict.fromkeys(proposal(shelter, id).newest.protocol.states, Level.NONE.value)
    path = f"/protocols/changes/{id}/edit/?part={part}"
    assert browser.get(path).status_code == 200
    page = said(browser, path, seen="1", **given)
    assert "Saved as the newest wording." in page, re.findall(r'role="alert".*?</div>', page, re.S)
    assert MEANINGS[means] in browser.get(f"/protocols/changes/{id}/").content.decode()
    assert "A colleague has changed it meanwhile" in said(browser, path, seen="1", **given) or "drop" in given


def test_what_an_agency_writes_is_words_and_nothing_else(shelter: House) -> None:
    browser = signed_in(shelter, Role.DIRECTOR)
    wild = "<script>alert(1)</script> %(n)s %s {{ 7 }}"
    id = begun(browser, why=wild)
    given = {"title": wild, "purpose": wild, "begins_on": "2031-02-01"}
    said(browser, f"/protocols/changes/{id}/edit/?part=head", seen="1", **given)
    said(browser, f"/protocols/changes/{id}/say/", text=wild)
    for path in (f"/protocols/changes/{id}/", f"/protocols/changes/{id}/edit/", f"/protocols/changes/{id}/text/",
                 f"/protocols/changes/{id}/lay/", "/protocols/", "/protocols/protective_order/"):  # fmt: skip
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert b"<script>alert" not in answer.content, path
    assert "&lt;script&gt;alert(1)&lt;/script&gt; %(n)s %s {{ 7 }}" in browser.get("/protocols/").content.decode()


def test_another_time_is_not_the_source_that_was_read(shelter: House) -> None:
    browser = signed_in(shelter, Role.DIRECTOR)
    id = begun(browser)
    old = proposal(shelter, id).newest.protocol.due("decided_in_thirty_days")
    assert old.verified
    given = {"title": "Decided", "unit": "days", "side": "after", "counts_from": "filed_at", "citation": old.citation}
    path = f"/protocols/changes/{id}/edit/?part=due&code=decided_in_thirty_days"
    said(browser, path, seen="1", count="30", optional="on", **given)
    assert proposal(shelter, id).newest.protocol.due("decided_in_thirty_days").verified
    said(browser, path, seen="2", count="20", **given)
    due = proposal(shelter, id).newest.protocol.due("decided_in_thirty_days")
    assert (due.within, due.verified, due.optional) == (Span(20, Unit.DAYS), False, False)


@pytest.mark.parametrize(
    "part", ["due&code=no_such", "told&code=registry", "told&code=martians", "state&code=", "nothing&code=x", "step"]
)
def test_what_the_protocol_does_not_have_is_absent(shelter: House, part: str) -> None:
    browser = signed_in(shelter, Role.DIRECTOR)
    id = begun(browser)
    assert browser.get(f"/protocols/changes/{id}/edit/?part={part}").status_code == 404


def test_a_choice_is_added(shelter: House) -> None:
    browser = signed_in(shelter, Role.DIRECTOR)
    code = f"t{secrets.token_hex(5)}"
    id = begun(browser, "", text=text(code))
    said(
        browser, f"/protocols/changes/{id}/edit/?part=evidence&code=because", seen="1", title="Why", choice="The court"
    )
    assert ("the_court", "The court") in proposal(shelter, id).newest.protocol.evidence["because"].choices


@pytest.mark.parametrize("words", ["not toml", "[protocol]\ncode = 5", "a = " + "[" * 4000 + "]" * 4000, text("other")])
def test_a_text_that_cannot_be_read_is_answered_in_one_sentence(shelter: House, words: str) -> None:
    browser = signed_in(shelter, Role.DIRECTOR)
    id = begun(browser)
    page = said(browser, f"/protocols/changes/{id}/text/", seen="1", text=words, begins_on="2030-01-31")
    assert page.count('role="alert"') == 1
    assert len(proposal(shelter, id).wordings) == 1
    page = said(browser, "/protocols/changes/new/", why="x", begins_on="2030-01-31", text=words)
    assert page.count('role="alert"') == (words != text("other"))


def test_a_browser_s_ends_of_lines_are_not_signed(shelter: House) -> None:
    browser = signed_in(shelter, Role.DIRECTOR)
    code = f"t{secrets.token_hex(5)}"
    id = begun(browser, "", text=text(code).replace("\n", "\r\n"))
    assert proposal(shelter, id).newest.text == text(code)
    said(
        browser,
        f"/protocols/changes/{id}/text/",
        seen="1",
        text=text(code).replace("\n", "\r\n"),
        begins_on="2030-01-31",
    )
    assert len(proposal(shelter, id).wordings) == 1, "nothing has changed"


def test_agencies_change_a_protocol_together(houses: list[House]) -> None:
    ours, theirs, third = (signed_in(house, Role.DIRECTOR) for house in houses)
    code = f"t{secrets.token_hex(5)}"
    id = begun(signed_in(houses[0], Role.SUPERVISOR), "", text=text(code), begins_on="2020-01-01")
    place = f"/protocols/changes/{id}/"
    assert "What time is it?" in said(theirs, f"{place}say/", text="What time is it?")
    assert "Only the agency that proposes it" in theirs.get(f"{place}edit/").content.decode()
    assert "It lies before every agency" in said(ours, f"{place}lay/", seen="1")
    assert f'href="{place}"' in theirs.get("/members/").content.decode()
    signed = proposal(houses[0], id).newest.hash
    page = said(theirs, f"{place}answer/", signed=signed, yes="no", words="")
    assert "Say what should change." in page
    page = said(theirs, f"{place}answer/", signed=signed, yes="no", words="One day, please.")
    assert "It is back with its authors." in page and "One day, please." in page
    assert f'href="{place}"' not in theirs.get("/members/").content.decode()
    said(
        ours, f"{place}edit/?part=due&code=call_back", seen="1", title="Call her back", count="1", unit="days",
        side="after", counts_from="", citation="agreed",
    )  # fmt: skip
    said(ours, f"{place}lay/", seen="2")
    for browser in (ours, theirs, third):
        page = said(browser, f"{place}answer/", signed=signed, yes="yes")
        assert "does not lie before the partners now" in page, "that was the wording before"
        page = said(browser, f"{place}answer/", signed=proposal(houses[0], id).newest.hash, yes="yes")
    assert "It is adopted." in page
    assert proposal(houses[0], id).stage is Stage.ADOPTED
    assert "1 day" in theirs.get(f"/protocols/{code}/").content.decode()
    assert "Every agency has said yes." in ours.get(place).content.decode()


def test_its_agency_takes_it_back(shelter: House) -> None:
    browser = signed_in(shelter, Role.SUPERVISOR)
    id = begun(browser)
    assert "Your agency no longer proposes it." in said(browser, f"/protocols/changes/{id}/lay/", seen="1", end="1")
    assert proposal(shelter, id).stage is Stage.ENDED
    assert "This proposal is over." in said(browser, f"/protocols/changes/{id}/say/", text="x")


def test_who_is_asked_is_said_before_it_is_laid(shelter: House) -> None:
    id = begun(signed_in(shelter, Role.DIRECTOR))
    page = signed_in(shelter, Role.DIRECTOR).get(f"/protocols/changes/{id}/lay/").content.decode()
    assert shelter.name in page
    assert AgencyKind.VICTIM_SERVICES in proposal(shelter, id).newest.asked

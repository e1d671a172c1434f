"""Every URL stands in one table with its verbs. What has none is open, and somebody agreed to that; what has some asks
for a sign-in first and then enters the gate with exactly what its row says, about exactly the client it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accord.doors.web import knocking
from accord.doors.web.pages import Page
from accord.doors.web.urls import PAGES
from accord.gate import Refused
from accord.policy.words import Role, Verb
from tests.house.sweep import house
from tests.world import PASSWORD, World, from_elsewhere

#: Pages that ask the gate nothing, each with the reason.
OPEN = {
    "home": "only says where to begin; everybody else is sent to sign in",
    "promise": "what we promise and what not is for everybody",
    "language": "a cookie, and the account's own language",
    "enrol": "she has no account that opens anything yet; the code lets her",
    "account_login": "signing in",
    "account_logout": "leaving",
    "account_signup": "says that nobody signs up alone",
    "account_inactive": "says that this account is closed",
    "account_change_password": "her own password; allauth asks for the sign-in",
    "account_reauthenticate": "her own password once more; allauth asks for the sign-in",
    "mfa_index": "her own second step; allauth asks for the sign-in",
    "mfa_authenticate": "the second step itself, between password and sign-in",
    "mfa_reauthenticate": "her own second step; allauth asks for the sign-in",
    "mfa_activate_totp": "her own second step; allauth asks for the sign-in",
    "mfa_deactivate_totp": "her own second step; allauth asks for the sign-in",
    "mfa_view_recovery_codes": "her own second step; allauth asks for the sign-in",
    "mfa_generate_recovery_codes": "her own second step; allauth asks for the sign-in",
    "mfa_download_recovery_codes": "her own second step; allauth asks for the sign-in",
}
#: Open pages that show or change something of an account all the same.
OWN_ACCOUNT = {name for name, why in OPEN.items() if "allauth asks for the sign-in" in why}

GUARDED = [page for page in PAGES.values() if page.verbs]


def name(page: Page) -> str:
    return page.name


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each)
        else:
            yield each


def address(page: Page) -> str:
    """The page's address with ids of nothing."""
    nothing = {"uuid": uuid4, "slug": lambda: "nothing", "int": lambda: 1}
    return reverse(page.name, kwargs={word: nothing[kind]() for kind, word in re.findall(r"<(\w+):(\w+)>", page.route)})


def test_every_url_is_in_the_table_once():
    served = [(str(each.pattern), each.callback, each.name) for each in patterns(get_resolver())]
    assert sorted(served, key=str) == sorted(((p.route, p.view, p.name) for p in PAGES.values()), key=str)
    assert len({route for route, _, _ in served}) == len({name for _, _, name in served}) == len(served)


def test_what_is_open_is_on_the_list_and_nothing_else_is():
    assert {page.name for page in PAGES.values() if not page.verbs} == set(OPEN)


@pytest.mark.parametrize("page", GUARDED, ids=name)
def test_nobody_gets_past_the_door_without_signing_in(page):
    for method in ("get", "head", "post", "put", "delete"):
        answer = getattr(Client(SERVER_NAME="localhost"), method)(address(page))
        assert answer.status_code == 302, method
        assert answer["Location"].partition("?")[0] == "/sign-in/", method
        assert not answer.content
    fragment = Client(SERVER_NAME="localhost").get(address(page), headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, "/sign-in/")


@pytest.mark.parametrize("page", sorted(OWN_ACCOUNT))
def test_an_account_s_own_pages_ask_for_the_sign_in(page):
    for method in ("get", "post"):
        answer = getattr(Client(SERVER_NAME="localhost"), method)(reverse(page))
        assert answer.status_code == 302, method
        assert answer["Location"].partition("?")[0] == "/sign-in/"


class Watched:
    """A gate that lets nobody in and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def enter(self, caller, *verbs, purpose, at, client=None, besides=()):
        self.asked.append((verbs, purpose, client, besides))
        raise Refused

    taking_back = enter

    def kept(self, caller, *, purpose, at):
        self.asked.append(((Verb.READ_KEPT,), purpose, None, ()))
        raise Refused


@pytest.fixture(scope="module")
def browser():
    worker = World().agency(roles=(Role.WORKER,)).worker
    found = Client(SERVER_NAME="localhost", REMOTE_ADDR=from_elsewhere())
    assert found.post("/sign-in/", {"login": worker.email, "password": PASSWORD}).status_code == 302
    return found


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", GUARDED, ids=name)
def test_a_view_enters_with_its_row_s_verbs_about_the_client_in_its_address(page, method, browser, monkeypatch):
    watched = Watched()
    monkeypatch.setattr(knocking, "gate", lambda: watched)
    path = address(page)
    answer = getattr(browser, method)(path, {"how": "phone"} if method == "post" else {})
    if answer.status_code == 405:
        assert not watched.asked
        return
    assert answer.status_code == 404
    client = re.search(r"/clients/([0-9a-f-]{36})/", path)
    assert watched.asked == [(page.verbs, page.purpose, client and UUID(client[1]), page.besides)]


def test_no_view_goes_round_the_table():
    """Views ask `entering`, which reads the table. Whoever else touches the gate does it for one known thing."""
    touching = {
        (source.name.removeprefix("accord.doors.web."), call.partition(".")[2])
        for source in house()
        if source.name.startswith("accord.doors.web.")
        for call, _ in source.calls
        if call.startswith("gate().")
    }
    assert touching == {
        ("knocking", "enter"),
        ("knocking", "kept"),
        ("knocking", "taking_back"),
        ("signin", "memberships"),
        ("views.glass", "memberships"),  # where else she works, so that she is never her own second
    }
    verbs = {
        source.name
        for source in house()
        if source.name.startswith("accord.doors.web.views.") and "accord.policy.words.Verb" in source.uses
    }
    assert verbs == {"accord.doors.web.views.oversight"}, "the log has a word for each verb; no other view names one"

"""Signing in, staying, leaving: her password opens her key, her cookie keeps it, and nothing else does."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from accord.accounts import actions as accounts
from accord.doors.web import middleware
from accord.doors.web.knocking import KEY_COOKIE
from accord.partners import actions as partners
from accord.policy.words import Purpose, Role, Verb
from tests.world import CHEAP, PASSWORD, House, World

NEW = "another long passphrase"
WRONG = "E-mail address and password do not belong together."
_places = itertools.count(1)


def browser() -> Client:
    """A browser at a place of its own, so that one test's tries do not slow the next."""
    number = next(_places)
    return Client(SERVER_NAME="localhost", REMOTE_ADDR=f"10.1.{number // 250}.{number % 250 + 1}")


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: str):
    return client.post("/sign-in/", {"login": email, "password": password}, **extra)


def signed_in(house: House, role: Role) -> Client:
    client = browser()
    assert sign_in(client, house[role].email).headers["location"] == "/"
    return client


def opens(client: Client) -> bool:
    """Whether the vault opens: the director's page enters the gate with her key."""
    return client.get("/members/").status_code == 200


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture(scope="module")
def house() -> House:
    return World().agency(roles=(Role.WORKER, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER))


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.WORKER, "/my-day/"),
        (Role.PRIVACY_OFFICER, "/watch/"),
        (Role.RECORDS_OFFICER, "/kept/"),
        (Role.DIRECTOR, "/members/"),
    ],
)
def test_home_is_where_each_role_begins(house: House, role: Role, page: str) -> None:
    assert signed_in(house, role).get("/").headers["location"] == page
    assert browser().get("/").headers["location"] == "/sign-in/"


def test_cookies_are_shut(house: House) -> None:
    client = signed_in(house, Role.DIRECTOR)
    for name in (KEY_COOKIE, settings.SESSION_COOKIE_NAME):
        cookie = client.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] in ("Lax", "Strict")
        assert bool(cookie["secure"]) is settings.SESSION_COOKIE_SECURE
    assert client.cookies[KEY_COOKIE]["samesite"] == "Strict"
    assert not client.cookies[KEY_COOKIE]["max-age"], "it goes when the browser closes"
    with override_settings(SESSION_COOKIE_SECURE=True):
        assert signed_in(house, Role.DIRECTOR).cookies[KEY_COOKIE]["secure"]


def test_a_stolen_session_without_the_cookie_opens_nothing_and_ends(house: House) -> None:
    client = signed_in(house, Role.DIRECTOR)
    assert opens(client)
    thief = browser()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    answer = thief.get("/members/")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/sign-in/")
    assert not opens(client), "the session that was shown without its cookie is over"


def test_the_cookie_of_another_session_opens_nothing(house: House) -> None:
    one, other = signed_in(house, Role.DIRECTOR), signed_in(house, Role.DIRECTOR)
    one.cookies[KEY_COOKIE] = other.cookies[KEY_COOKIE].value
    assert not opens(one)
    assert opens(other)


def test_signing_in_makes_a_new_session_and_keeps_the_key(house: House) -> None:
    client = browser()
    client.post("/language/", {"language": "en", "next": "/sign-in/"})
    session = client.session
    session["before"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    sign_in(client, house[Role.DIRECTOR].email)
    assert client.session.session_key != session.session_key
    assert opens(client)


def test_every_wrong_answer_is_the_same_sentence(house: House) -> None:
    world = World()
    gone = world.agency(roles=(Role.WORKER,))
    director = gone[Role.DIRECTOR]
    with director.enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
        partners.remove_member(permit=permit, at=permit.at, member_id=gone.worker.member, keyring=None)
    tries = {
        "wrong password": sign_in(browser(), house[Role.WORKER].email, "not the passphrase"),
        "nobody": sign_in(browser(), "nobody@example.org"),
        "somebody who has left": sign_in(browser(), gone.worker.email),
    }
    for why, answer in tries.items():
        assert answer.status_code == 200, why
        assert WRONG in answer.content.decode(), why
        assert KEY_COOKIE not in answer.cookies, why


def test_five_wrong_passwords_slow_their_sender_and_never_her(house: House) -> None:
    email, guesser = house[Role.WORKER].email, browser()
    for _ in range(5):
        assert WRONG in sign_in(guesser, email, "guess").content.decode()
    for variant in (email, email.upper(), f"  {email} "):
        answer = sign_in(guesser, variant, HTTP_X_FORWARDED_FOR="203.0.113.9")
        assert "Too many tries" in answer.content.decode(), "not even the right password, whatever is sent along"
    assert sign_in(browser(), email).status_code == 302, "she signs in from where she is"


def test_too_many_requests_from_one_place_get_a_page() -> None:
    client = browser()
    answers = [client.post("/sign-in/", {"login": "", "password": ""}) for _ in range(61)]
    assert answers[-1].status_code == 429
    assert "Too many tries" in answers[-1].content.decode()


def test_sign_out_takes_the_key_away(house: House) -> None:
    client = signed_in(house, Role.DIRECTOR)
    key = client.cookies[KEY_COOKIE].value
    client.post("/sign-out/")
    assert not client.cookies[KEY_COOKIE].value
    assert "key" not in client.session
    client.cookies[KEY_COOKIE] = key
    assert not opens(client)


def test_a_changed_password_keeps_her_key_and_ends_her_other_sessions(world: World) -> None:
    house = world.agency()
    client, elsewhere = signed_in(house, Role.DIRECTOR), signed_in(house, Role.DIRECTOR)
    wrong = client.post("/password/", {"oldpassword": "no", "password1": NEW, "password2": NEW})
    assert "This is not your password." in wrong.content.decode()
    client.post("/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert opens(client), "this session goes on"
    assert not opens(elsewhere)
    client.post("/sign-out/")
    assert WRONG in sign_in(client, house[Role.DIRECTOR].email).content.decode()
    assert sign_in(client, house[Role.DIRECTOR].email, NEW).status_code == 302
    assert opens(client)


def test_the_second_step_stands_between_password_and_vault(world: World) -> None:
    house = world.agency()
    email, client = house[Role.DIRECTOR].email, signed_in(house, Role.DIRECTOR)
    asked = client.get("/second-step/on/")
    assert asked.headers["location"].startswith("/again/"), "her password again, before how she signs in changes"
    assert "This is not your password." in client.post("/again/", {"password": "no"}).content.decode()
    client.post("/again/?next=/second-step/on/", {"password": PASSWORD})
    secret = re.findall(r'class="secret">([A-Z2-7]+)<', client.get("/second-step/on/").content.decode())[0]
    answer = client.post("/second-step/on/", {"code": code(secret)})
    assert answer.headers["location"] == "/second-step/recovery/"
    recovery = re.findall(r"<li>(\d{8})</li>", client.get("/second-step/recovery/").content.decode())
    assert len(recovery) == 10

    client = browser()
    answer = sign_in(client, email)
    assert answer.headers["location"] == "/second-step/code/"
    assert answer.cookies[KEY_COOKIE].value, "the password step hands out the cookie"
    assert not opens(client), "and it opens nothing yet"
    assert "This code is not right" in client.post("/second-step/code/", {"code": "000000"}).content.decode()
    assert client.post("/second-step/code/", {"code": code(secret)}).headers["location"] == "/"
    assert opens(client)

    client = browser()
    sign_in(client, email)
    assert client.post("/second-step/code/", {"code": recovery[0]}).status_code == 302
    assert opens(client), "a recovery code does as well"

    client = browser()
    sign_in(client, email)
    client.post("/sign-out/")
    assert "key" not in client.session
    assert not client.cookies[KEY_COOKIE].value, "who stops half-way leaves nothing behind"


def test_enrolling_with_a_code_signs_her_in(world: World) -> None:
    house = world.agency()
    with house[Role.DIRECTOR].enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
        email = f"new.{house.id.hex[:8]}@example.org"
        _member, enrolment = partners.add_member(
            permit=permit,
            at=permit.at,
            email=email,
            name="New",
            title="",
            roles=[Role.DIRECTOR],
            language="es",
            cost=CHEAP,
        )
    client = browser()
    given = {"email": email, "code": enrolment.lower().replace("-", " "), "password": NEW, "again": NEW}
    assert "does not open an account" in client.post("/enrol/", given | {"code": "2222-2222"}).content.decode()
    assert "too short" in client.post("/enrol/", given | {"password": "short", "again": "short"}).content.decode()
    assert "not the same" in client.post("/enrol/", given | {"again": "other"}).content.decode()
    assert client.post("/enrol/", given).headers["location"] == "/"
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "es", "in the language her director chose"
    assert opens(client)
    assert sign_in(browser(), email, NEW).status_code == 302
    assert client.post("/enrol/", given).status_code == 200, "once"


def test_a_new_code_ends_the_old_password_and_opens_the_vault_again(world: World) -> None:
    house = world.agency(roles=(Role.DIRECTOR, Role.PRIVACY_OFFICER))
    officer, client = house[Role.PRIVACY_OFFICER], signed_in(house, Role.PRIVACY_OFFICER)
    with house[Role.DIRECTOR].enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
        enrolment = partners.new_code(permit=permit, at=permit.at, member_id=officer.member, cost=CHEAP)
    assert client.get("/log/").status_code == 302
    assert WRONG in sign_in(client, officer.email).content.decode()
    client.post("/enrol/", {"email": officer.email, "code": enrolment, "password": NEW, "again": NEW})
    assert client.get("/log/").status_code == 200


def test_fifteen_idle_minutes_and_twelve_hours(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(house, Role.DIRECTOR)
    assert opens(client)
    began = client.session["seen"]
    assert abs((client.session.get_expiry_date() - timezone.now()).total_seconds() - 15 * 60) < 60

    monkeypatch.setattr(middleware.time, "time", lambda: began + 30)
    opens(client)
    assert client.session["seen"] == began, "written at most once a minute"
    monkeypatch.setattr(middleware.time, "time", lambda: began + 90)
    client.get("/members/", HTTP_HX_REQUEST="true")
    assert client.session["seen"] == began, "a list that looks by itself does not keep her signed in"
    opens(client)
    assert client.session["seen"] == began + 90
    monkeypatch.setattr(middleware.time, "time", lambda: began + 12 * 60 * 60 + 1)
    assert client.get("/members/", HTTP_HX_REQUEST="true").headers["HX-Redirect"] == "/sign-in/"
    assert not opens(client)
    assert not client.cookies[KEY_COOKIE].value


def test_she_comes_back_to_where_she_was(house: House) -> None:
    client = browser()
    asked = client.get("/log/?refused=on")
    assert asked.headers["location"] == "/sign-in/?next=%2Flog%2F%3Frefused%3Don"
    answer = client.post(
        asked.headers["location"],
        {"login": house[Role.PRIVACY_OFFICER].email, "password": PASSWORD, "next": "/log/?refused=on"},
    )
    assert answer.headers["location"] == "/log/?refused=on"
    away = browser().post(
        "/sign-in/", {"login": house[Role.WORKER].email, "password": PASSWORD, "next": "https://example.com/"}
    )
    assert away.headers["location"] == "/"


@pytest.mark.parametrize(
    "back", ["https://example.com/", "//example.com/", "javascript:alert(1)", "", "\\\\example.com"]
)
def test_language_goes_back_to_our_own_pages_only(back: str) -> None:
    client = browser()
    assert client.post("/language/", {"language": "es", "next": back}).headers["location"] == "/"
    assert client.post("/language/", {"language": "es", "next": "/promise/"}).headers["location"] == "/promise/"
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "es"
    assert 'lang="es"' in client.get("/promise/").content.decode()
    client.post("/language/", {"language": "xx"})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "es"


def test_her_language_stays_with_her(house: House) -> None:
    client = signed_in(house, Role.DIRECTOR)
    client.post("/language/", {"language": "es", "next": "/members/"})
    assert signed_in(house, Role.DIRECTOR).cookies[settings.LANGUAGE_COOKIE_NAME].value == "es"


def test_nobody_signs_up_and_open_pages_are_open() -> None:
    client = browser()
    answer = client.post("/sign-up/", {"email": "x@example.org", "password1": NEW})
    assert "Nobody signs up alone" in answer.content.decode()
    assert "What we do not promise" in client.get("/promise/").content.decode()
    assert client.get("/inactive/").status_code == 200


def test_a_lost_lock_never_answers_with_an_error(house: House) -> None:
    world = World()
    broken = world.agency()
    account = accounts.Account.objects.get(id=broken[Role.DIRECTOR].account)
    account.locked_key = b""
    account.save()
    assert WRONG in sign_in(browser(), broken[Role.DIRECTOR].email).content.decode()

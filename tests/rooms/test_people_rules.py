"""Reaching her, children, services: the rules as values. What is not noted is no; the edges of hours are enumerated."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.policy.words import Category, Mark
from accord.vault.rules import (
    ACCESS,
    INTERPRETER,
    LANGUAGES,
    NEXT,
    PAPER,
    PENDING,
    PLACES,
    SERVICES,
    STEPS,
    SUMMARIES,
    TIMED,
    VOICEMAIL,
    WAYS,
    WHY_NOT,
    Identity,
    InvalidEntry,
    SafeContact,
    Served,
    Window,
    about_a_child,
    age,
    may_contact,
    service_checked,
    standing,
)

ZONE = ZoneInfo("America/New_York")
ALWAYS = (Window(tuple(range(7))),)
REACHED = {"phone": "555-0100", "email": "her@example.org", "address": "1 Hidden Lane", "through": "Her sister"}
OPEN = SafeContact(windows=ALWAYS, ways=WAYS, voicemail="yes", paper="yes", **REACHED)
NOON = datetime(2026, 11, 20, 12, tzinfo=ZONE)  # a Friday


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold)


def card(*windows: Window) -> SafeContact:
    return SafeContact(windows=windows, ways=("phone",), phone="555-0100")


# ------------------------------------------------------------------ unknown means no


@pytest.mark.parametrize("channel", [*WAYS, VOICEMAIL, PAPER, "pigeon", ""])
def test_what_is_not_noted_is_no(channel):
    assert not may_contact(SafeContact(), channel, NOON).allowed
    assert may_contact(OPEN, channel, NOON).allowed == (channel in (*WAYS, VOICEMAIL, PAPER))


@pytest.mark.parametrize("channel", WAYS)
def test_each_way_needs_her_word_its_number_and_its_hours(channel):
    assert may_contact(replace(OPEN, ways=()), channel, NOON).because == "nothing_noted"
    others = replace(OPEN, ways=tuple(way for way in WAYS if way != channel))
    assert may_contact(others, channel, NOON).because == "other_way"
    alone = replace(OPEN, ways=(channel,))
    assert may_contact(alone, channel, NOON).allowed
    nothing = replace(alone, phone="", email="", address="", through="")
    assert may_contact(nothing, channel, NOON).because == ("allowed" if channel == "in_person" else "no_number")
    never = may_contact(replace(alone, windows=()), channel, NOON)
    assert (never.allowed, never.next_at) == (channel not in TIMED, None)


@pytest.mark.parametrize(("answer", "may"), [("", False), ("no", False), ("yes", True)])
def test_a_message_and_a_paper_need_a_yes(answer, may):
    assert may_contact(replace(OPEN, voicemail=answer), VOICEMAIL, NOON).allowed is may
    assert may_contact(replace(OPEN, paper=answer), PAPER, NOON).allowed is may
    assert not may_contact(replace(OPEN, ways=("text",)), VOICEMAIL, NOON).allowed, "her phone is not a safe way"


def test_a_moment_without_a_zone_and_a_zone_nobody_knows():
    with pytest.raises(ValueError, match="zone"):
        may_contact(OPEN, "phone", datetime(2026, 11, 20, 12))  # noqa: DTZ001
    assert may_contact(replace(OPEN, zone="Nowhere/Town"), "phone", NOON).because == "no_hours"
    # Her own zone counts: 12:00 in New York is 9:00 where she lives.
    early = replace(card(Window((4,), time(9), time(10))), zone="America/Los_Angeles")
    assert may_contact(early, "phone", NOON).allowed
    assert not may_contact(replace(early, zone=""), "phone", NOON).allowed


# ------------------------------------------------------------------ the edges of hours


FRIDAY_NIGHT = card(Window((4,), time(22), time(2)))


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        ("2026-11-20T21:59:59", False),
        ("2026-11-20T22:00:00", True),
        ("2026-11-20T23:59:59", True),
        ("2026-11-21T00:00:00", True),
        ("2026-11-21T01:59:59", True),
        ("2026-11-21T02:00:00", False),
        ("2026-11-21T22:30:00", False),
        ("2026-11-20T01:00:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin(at, allowed):
    found = may_contact(FRIDAY_NIGHT, "phone", local(at))
    assert found.allowed is allowed
    if allowed:
        assert found.until_at == local("2026-11-21T02:00")
    else:
        begins = "2026-11-20T22:00" if at < "2026-11-20T22" else "2026-11-27T22:00"
        assert found.next_at == local(begins)


def test_a_whole_day_and_neighbouring_days_leave_no_gap():
    assert may_contact(OPEN, "phone", NOON).until_at is None, "they go on and on"
    night = card(Window((4,)), Window((4,), time(22), time(2)), Window((5,), time(1), time(3)))
    assert may_contact(night, "phone", NOON).until_at == local("2026-11-21T03:00"), "hours that touch are one stretch"
    weekend = card(Window((5, 6)))
    assert not may_contact(weekend, "phone", local("2026-11-20T23:59:59")).allowed
    for hour in range(48):
        assert may_contact(weekend, "phone", local("2026-11-21T00:00") + timedelta(hours=hour)).allowed
    assert may_contact(weekend, "phone", local("2026-11-23T00:00")).next_at == local("2026-11-28T00:00")


SUNDAY = (6,)
#: 2026-11-01, 2:00 becomes 1:00: the hour from 1 to 2 comes twice. 2027-03-14, 2:00 becomes 3:00: it does not come.
CHANGES = [
    # a window that ends in the hour that comes twice ends when it is first said
    (Window(SUNDAY, time(0), time(1, 30)), "2026-11-01T01:29", 0, True),
    (Window(SUNDAY, time(0), time(1, 30)), "2026-11-01T01:30", 0, False),
    (Window(SUNDAY, time(0), time(1, 30)), "2026-11-01T01:15", 1, False),
    # one that begins in it begins when it is said again
    (Window(SUNDAY, time(1, 30), time(4)), "2026-11-01T01:45", 0, False),
    (Window(SUNDAY, time(1, 30), time(4)), "2026-11-01T01:29", 1, False),
    (Window(SUNDAY, time(1, 30), time(4)), "2026-11-01T01:30", 1, True),
    # one around it holds all of it
    (Window(SUNDAY, time(0), time(4)), "2026-11-01T01:30", 0, True),
    (Window(SUNDAY, time(0), time(4)), "2026-11-01T01:30", 1, True),
    # one inside it could be either hour: it is neither
    (Window(SUNDAY, time(1, 15), time(1, 45)), "2026-11-01T01:30", 0, False),
    (Window(SUNDAY, time(1, 15), time(1, 45)), "2026-11-01T01:30", 1, False),
    # one that begins in the hour that does not come begins as long after the change
    (Window(SUNDAY, time(2, 30), time(5)), "2027-03-14T03:29", 0, False),
    (Window(SUNDAY, time(2, 30), time(5)), "2027-03-14T03:30", 0, True),
    # one that ends in it ends as long before the change
    (Window(SUNDAY, time(0), time(2, 30)), "2027-03-14T01:29", 0, True),
    (Window(SUNDAY, time(0), time(2, 30)), "2027-03-14T01:30", 0, False),
    (Window(SUNDAY, time(0), time(5)), "2027-03-14T03:00", 0, True),
]


@pytest.mark.parametrize(("window", "at", "fold", "allowed"), CHANGES)
def test_where_the_clock_changes_the_narrower_reading_counts(window, at, fold, allowed):
    assert may_contact(card(window), "phone", local(at, fold)).allowed is allowed


def test_hours_that_fall_into_a_skipped_hour_come_again_a_week_later():
    skipped = card(Window(SUNDAY, time(2, 15), time(2, 45)))
    found = may_contact(skipped, "phone", local("2027-03-13T12:00"))
    assert found.next_at == local("2027-03-21T02:15")


times = st.times().map(lambda each: each.replace(second=0, microsecond=0, fold=0))
windows = st.builds(
    Window, st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))), times, times
).filter(lambda each: each.start != each.end or each.start == time(0))
zones = st.sampled_from([ZONE, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), UTC])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1))  # noqa: DTZ001


@given(st.lists(windows, max_size=3), moments, zones, st.integers(0, 1))
def test_a_yes_lies_in_the_hours_on_every_clock_and_a_no_names_the_first_safe_moment(hours, at, zone, fold):
    found = may_contact(card(*hours), "phone", at.replace(tzinfo=zone, fold=fold))
    now = at.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    there = now.astimezone(zone)
    said = [
        (there.weekday() if there.time() >= each.start or each.end > each.start else (there.weekday() - 1) % 7)
        in each.days
        and (
            each.start <= there.time() < each.end
            if each.end > each.start
            else there.time() >= each.start or there.time() < each.end
        )
        for each in hours
    ]
    if found.allowed:
        assert any(said), "what the clock on her wall does not call safe is not safe"
        if found.until_at is not None:
            assert now < found.until_at.astimezone(UTC)
            assert not may_contact(card(*hours), "phone", found.until_at).allowed, "the hours end there"
    elif found.next_at is None:
        assert not hours or all(each.on(there.date(), zone)[0] >= each.on(there.date(), zone)[1] for each in hours)
    else:
        begin = found.next_at.astimezone(UTC)
        assert now < begin
        assert may_contact(card(*hours), "phone", found.next_at).allowed
        steps = [now + (begin - now) * part / 16 for part in range(16)]
        assert not any(may_contact(card(*hours), "phone", step.astimezone(zone)).allowed for step in steps)


# ------------------------------------------------------------------ the card as it is sealed and as it travels


words = st.text("abc 1-9", max_size=8)
cards = st.builds(
    SafeContact,
    **dict.fromkeys(("when", "say", "avoid", "phone", "address", "email", "through", "danger"), words),
    windows=st.lists(windows, max_size=3).map(tuple),
    zone=st.just("America/New_York"),
    ways=st.sets(st.sampled_from(WAYS)).map(lambda each: tuple(way for way in WAYS if way in each)),
    voicemail=st.sampled_from(["", "yes", "no"]),
    paper=st.sampled_from(["", "yes", "no"]),
)


@given(cards)
def test_a_card_comes_back_as_it_was_sealed_and_travels_without_what_reaches_her_at_home(whole):
    back = SafeContact.of(whole.packed())
    assert back == (whole if whole.windows else replace(whole, zone=""))
    assert set(whole.gist()) <= {"when", "say", "avoid", "windows", "zone", "ways"}
    assert not {"address", "through"} & set(whole.whole())
    assert "through" not in whole.whole().get("ways", ())
    bare = whole.unreached()
    assert (bare.phone, bare.email, bare.address, bare.through) == ("", "", "", "")


def test_hours_that_cannot_be_read_are_no_hours():
    for wrong in ("soon", [{"days": [8], "start": "10:00", "end": "11:00"}], [{"days": []}], [3]):
        assert OPEN.told({"windows": wrong}).windows == ()
    assert OPEN.told({"ways": ["phone", "pigeon"], "voicemail": "perhaps"}).ways == ("phone",)


@pytest.mark.parametrize(
    "wrong", [Window(()), Window((7,)), Window((1,), time(9), time(9)), Window((-1,), time(9), time(10))]
)
def test_hours_that_could_mean_two_things_are_refused(wrong):
    with pytest.raises(InvalidEntry):
        card(wrong).checked()


@pytest.mark.parametrize("wrong", [{"ways": ("pigeon",)}, {"voicemail": "perhaps"}, {"say": "x" * 1001}])
def test_a_card_with_a_code_that_is_none_is_refused(wrong):
    with pytest.raises(InvalidEntry):
        replace(OPEN, **wrong).checked()


# ------------------------------------------------------------------ who she is


def test_an_identity_comes_back_as_it_was_and_an_older_one_opens_too():
    who = Identity(
        given="Ana", code_name="Robin", language="es", interpreter="phone", access=("hearing",), access_more="Breaks"
    )
    assert Identity.of(who.packed()) == who
    assert "Robin" in who.names
    assert who.name == "Ana"
    older = b'{"aliases":[],"born":"","chosen":"","family":"","given":"Ana","language":"","pronouns":""}'
    assert Identity.of(older) == Identity(given="Ana")


@pytest.mark.parametrize(
    "wrong",
    [{"interpreter": "shouting"}, {"access": ("wings",)}, {"interpreter_language": "xx"}, {"code_name": "x" * 201}],
)
def test_a_need_that_is_not_on_the_list_is_refused(wrong):
    with pytest.raises(InvalidEntry):
        Identity(**wrong).checked(date(2026, 11, 20))
    for code in INTERPRETER:
        Identity(interpreter=code, access=ACCESS, interpreter_language=LANGUAGES[0]).checked(date(2026, 11, 20))


@pytest.mark.parametrize(
    ("born", "today", "expected"),
    [
        ("2020-11-20", "2026-11-19", (5, 11)),
        ("2020-11-20", "2026-11-20", (6, 0)),
        ("2020-02-29", "2021-02-28", (0, 11)),
        ("2020-02-29", "2021-03-01", (1, 0)),
        ("2020-02-29", "2024-02-29", (4, 0)),
        ("2026-11-20", "2026-11-20", (0, 0)),
        ("2026-01-31", "2026-02-28", (0, 0)),
        ("2026-01-31", "2026-03-01", (0, 1)),
    ],
)
def test_age_in_years_and_months(born, today, expected):
    assert age(date.fromisoformat(born), date.fromisoformat(today)) == expected


# ------------------------------------------------------------------ a child is nowhere


@pytest.mark.parametrize("category", Category)
def test_a_childs_record_never_carries_a_place_as_a_category(category):
    if category in (Category.LOCATION, Category.CONTACT):
        with pytest.raises(InvalidEntry):
            about_a_child(category)
    else:
        about_a_child(category, values={"display": "x"})


def test_nor_as_a_mark_or_a_value():
    with pytest.raises(InvalidEntry):
        about_a_child(Category.NOTES, [Mark.SHELTER_LOCATION])
    reaching = {"phone", "email", "address"} & {each.name for each in fields(SafeContact)}
    assert reaching < PLACES
    for name in PLACES:
        with pytest.raises(InvalidEntry):
            about_a_child(Category.EDUCATION, (), {name: "x"})


# ------------------------------------------------------------------ services

HER, CHILD = UUID(int=1), UUID(int=2)
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def served(step: str, day: int, about: UUID = HER, service: str = "shelter", noted: int = 0, why: str = "") -> Served:
    return Served(about, service, step, DAY + timedelta(days=day), DAY + timedelta(days=noted or day), why)


def test_where_a_service_stands_is_its_latest_step_whatever_order_it_is_told_in():
    steps = [
        served("offered", 1),
        served("waiting", 2),
        served("waiting", 5),
        served("offered", 3, CHILD),
        served("done", 4, service="phone"),
    ]
    expected = [steps[3], steps[1], steps[4]]
    for order in permutations(steps):
        assert standing(order) == expected, "still waiting since the day she began to wait; what is done comes last"
    assert standing([]) == []


def test_two_steps_of_one_moment_stand_in_the_order_they_were_written():
    assert standing([served("accepted", 1, noted=3), served("offered", 1, noted=2)])[0].step == "accepted"
    not_safe = served("declined", 2, why="not_safe_now")
    assert standing([served("declined", 1), not_safe]) == [not_safe]


@given(
    st.lists(
        st.builds(
            served,
            st.sampled_from(STEPS),
            st.integers(0, 30),
            st.sampled_from([HER, CHILD]),
            st.sampled_from(SERVICES[:3]),
        )
    )
)
def test_every_service_stands_once_and_never_at_a_step_nobody_noted(steps):
    found = standing(steps)
    assert {(each.about, each.service) for each in found} == {(each.about, each.service) for each in steps}
    assert len({(each.about, each.service) for each in found}) == len(found)
    assert set(found) <= set(steps)
    pending = [each.step in PENDING for each in found]
    assert pending == sorted(pending, reverse=True)


def test_every_code_has_its_sentence_and_its_words():
    from accord.doors.web import labels
    from accord.doors.web.forms.people import MOVES, MOVES_SAID, moves

    assert {f"service.{step}" for step in STEPS} <= set(SUMMARIES)
    assert set(NEXT) == set(STEPS)
    tables = {
        "LANGUAGES": LANGUAGES, "INTERPRETER": INTERPRETER, "ACCESS": ACCESS, "SERVICES": SERVICES, "STEPS": STEPS,
        "WHY_NOT": WHY_NOT, "WAYS": WAYS, "REACHED": WAYS,
    }  # fmt: skip
    for name, codes in tables.items():
        assert set(getattr(labels, name)) == set(codes), name
    assert set(MOVES) == set(MOVES_SAID)
    assert [code for code, _words in moves("offered")] == ["accepted", "declined", "not_safe_now", "waiting"]


@pytest.mark.parametrize(
    "wrong", [("cake", "done", ""), ("phone", "lost", ""), ("phone", "done", "not_now"), ("phone", "declined", "rude")]
)
def test_a_service_is_coded_and_only_a_no_has_a_reason(wrong):
    with pytest.raises(InvalidEntry):
        service_checked(*wrong)
    assert service_checked("phone", "declined", "not_now") == {"service": "phone", "step": "declined", "why": "not_now"}

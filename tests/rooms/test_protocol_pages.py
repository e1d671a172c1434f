"""A protocol as a document and as a picture: nothing of it is missing, and nothing lies over something else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import combinations

import pytest
from django.template.loader import render_to_string

from accord.coordination.protocols import facts
from accord.coordination.protocols.pages import contents, span_words, state_page
from accord.coordination.protocols.rules import Span, Unit, loaded
from accord.doors.web import states
from accord.doors.web.states import BOX, LETTERS, LINE, LINES, WIDTH, drawn, span_said
from tests.rooms.test_protocols import NUMBER, TEA

STANDARD = facts.protocols(datetime(2026, 11, 28, tzinfo=UTC))
EACH = pytest.mark.parametrize("one", STANDARD.values(), ids=lambda one: one.code)


# ------------------------------------------------------------------ documents


@EACH
def test_the_document_has_every_state_step_due_and_source(one):
    page = state_page(one)
    diagram = page.split("```")[1]
    for state in one.states.values():
        assert f'state "{state.title}" as {state.code}\n' in diagram
        assert (f"[*] --> {state.code}\n" in diagram) == state.start
        assert (f"  {state.code} --> [*]\n" in diagram) == state.end
    arrows = re.findall(r"^  (\w+) --> (\w+): ([^:;\n]+)$", diagram, re.MULTILINE)
    assert len(arrows) == sum(len(way.begins) for way in one.transitions.values())
    for due in one.dues.values():
        assert f"| {due.title} |" in page and f"| {due.citation} | {'yes' if due.verified else ''} |" in page
    for way in one.transitions.values():
        assert f"| {way.title} |" in page and f"| {way.guard} |" in page
    # A label ends at a colon or semicolon, a title at a quotation mark, and a cell at a stroke.
    assert not any(letter in state.title for state in one.states.values() for letter in '"|')


def test_the_list_names_every_protocol():
    page = contents(STANDARD)
    assert all(f"[{one.title}]({one.code}.md) | {one.purpose} |" in page for one in STANDARD.values())


def test_the_document_says_what_a_clause_wants():
    assert "only when She is at high risk: yes" in state_page(STANDARD["safety_plan"])
    assert "from 28 days, 42 days (When it happened" in state_page(STANDARD["forensic_exam"])
    assert "Nobody." in state_page(STANDARD["safety_plan"])


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span(1, Unit.BUSINESS_DAYS), "1 business day"),
        (Span(30, Unit.DAYS), "30 days"),
        (Span(60, Unit.MINUTES), "60 minutes"),
        (Span(48, Unit.HOURS), "48 hours"),
        (Span(-60, Unit.DAYS), "60 days before"),
        (Span(0, Unit.DAYS), "on that day"),
    ],
)
def test_a_time_is_said_as_people_say_it(span, words):
    assert span_words(span) == span_said(span) == words


def test_a_time_without_length_is_a_moment():
    assert span_words(Span(0, Unit.HOURS)) == "by then"
    assert span_said(Span(0, Unit.HOURS)) == "by that moment"


# ------------------------------------------------------------------ pictures


@EACH
def test_boxes_hold_their_words_and_lie_beside_each_other(one):
    picture = drawn(one)
    assert {place.code for place in picture.places} == set(one.states)
    for place in picture.places:
        assert place.left >= 1 and place.left + BOX <= WIDTH - 1
        assert place.top >= 1 and place.top + place.height <= picture.height - 1
        assert 1 <= len(place.lines) <= LINES and all(len(line) <= LETTERS for _, line in place.lines)
        assert all(place.top + LINE - 3 <= y <= place.top + place.height - 3 for y, _ in place.lines)
    for first, second in combinations(picture.places, 2):
        apart = abs(first.x - second.x) >= BOX + 10
        assert apart or first.top + first.height < second.top or second.top + second.height < first.top


@EACH
def test_every_state_is_joined_to_one_nearer_the_beginning(one):
    """Without a case every box but the first has a line that ends at it, and no line goes up."""
    picture = drawn(one)
    ends = {tuple(map(int, re.findall(r"-?\d+", way.head)[:2])) for way in picture.ways}
    for place in picture.places[1:]:
        assert (place.x, place.top) in ends, place.code
    assert {way.kind for way in picture.ways} == {"there"}
    assert all(re.findall(r"l(-?\d+) (-?\d+)", way.head) == [("-4", "-6")] for way in picture.ways)


@EACH
def test_the_table_has_every_step_and_every_due(one):
    for place in drawn(one).places:
        assert [step for step, _ in place.on] == [way.title for way in one.ways(place.code)]
        assert [wait.title for wait in place.waits] == [due.title for due in one.states[place.code].dues]
        assert [wait.read for wait in place.waits] == [due.verified for due in one.states[place.code].dues]


def test_a_due_says_when_it_opens_and_in_which_cases_it_is_one():
    (place,) = [place for place in drawn(STANDARD["forensic_exam"]).places if place.code == "follow_up"]
    waits = {wait.title: wait for wait in place.waits}
    assert waits["How she takes the medicine, and laboratory"].when == "3 days – 7 days"
    assert waits["Third dose against HPV"].only == ("First dose against HPV given: yes",)
    one = loaded(
        TEA.replace("minutes = 10 }", 'minutes = 10 }\nwhen = [{ cups = "> pots" }]').replace(
            '"sweet"]', '"sweet", "cups", "pots"]'
        )
        + NUMBER
        + NUMBER.replace("cup", "pot").replace("Cup", "Pot")
    )
    (wait,) = [wait for place in drawn(one).places for wait in place.waits]
    assert wait.only == ("Cups: more than “Pots”",)


def test_a_case_shows_where_it_stands_where_it_was_and_where_it_can_go():
    one = STANDARD["protective_order"]
    been = ["offered", "petition_draft", "filed", "service_pending", "not_served", "service_pending"]
    picture = drawn(one, "served", been)
    kinds = {place.code: place.kind for place in picture.places}
    assert {code for code, kind in kinds.items() if kind == "here"} == {"served"}
    assert {code for code, kind in kinds.items() if kind == "been"} == set(been)
    # Six steps gone, one of them there and back; on from here lead six ways to four other states.
    assert sum(way.kind == "gone" for way in picture.ways) == 6
    assert sum(way.kind == "next" for way in picture.ways) == len({way.to for way in one.ways("served")} - {"served"})


def test_a_case_that_was_where_no_box_is_any_more_is_drawn_all_the_same():
    picture = drawn(STANDARD["kit"], "at_lab", ["collected", "in_a_drawer", "picked_up"])
    assert [place.code for place in picture.places if place.kind == "been"] == ["collected", "picked_up"]
    assert sum(way.kind == "gone" for way in picture.ways) == 1


def test_a_beginning_that_no_step_leads_to_is_drawn_too():
    one = loaded(
        TEA.replace('title = "It is hot"', 'title = "It is hot"\nstart = true').replace('to = "hot"', 'to = "gone"')
    )
    assert {place.code for place in drawn(one).places} == {"cold", "hot", "gone"}


def test_a_long_title_ends_with_an_ellipsis_and_stands_whole_in_the_table():
    long = (
        "She has been told and told again that there is tea, that it is hot, and that nobody waits for her to drink it"
    )
    (place,) = [place for place in drawn(loaded(TEA.replace("It is hot", long))).places if place.code == "hot"]
    assert len(place.lines) == LINES and place.lines[-1][1].endswith("…") and place.title == long


@EACH
def test_the_page_shows_picture_and_table(one):
    state = next(iter(one.states))
    html = render_to_string("parts/states.html", {"states": drawn(one, state), "sources": True})
    assert html.count("<rect") == len(one.states) == html.count('scope="row"')
    assert html.count('aria-current="step"') == 1 == html.count('role="img"')
    unread = [due for state in one.states.values() for due in state.dues if not due.verified]
    assert html.count("not read at its source") == len(unread)
    bare = render_to_string("parts/states.html", {"states": drawn(one)})
    assert "not read at its source" not in bare and "<table" not in bare


def test_the_picture_is_as_wide_as_the_template_says():
    html = render_to_string("parts/states.html", {"states": drawn(STANDARD["kit"])})
    assert f'viewBox="0 0 {WIDTH} ' in html and f'width="{BOX}"' in html
    assert states.GUTTER == WIDTH // 2

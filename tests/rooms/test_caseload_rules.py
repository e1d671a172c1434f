"""What a list says, read cell by cell: nothing guessed that would change it, every fault by row and column."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.policy.words import Relation
from accord.records.caseload import rules
from accord.records.caseload.rules import DAY_FIRST, MONTH_FIRST, Fault, InvalidMapping, Row, judge
from accord.vault.actions import NewClient, _checked
from accord.vault.rules import LONGEST_LINE

TODAY = date(2026, 11, 21)
FIELDS = list(rules.FIELDS)


def judged(order="", number=7, **cells):
    """One row with these fields, in this order."""
    fields = [name.rstrip("_") for name in cells]
    row = Row(number, tuple(cells.values()))
    return judge(row, dict(enumerate(fields)), fields, order, TODAY)


def faults(order="", **cells):
    found = judged(order, **cells)
    assert (found.prospect is None) == bool(found.faults)
    assert all(fault.row == 7 for fault in found.faults)
    return [(fault.column, fault.code) for fault in found.faults]


#: Every kind of fault -> cells that have it, and where it is said to be.
WRONG = {
    "unreadable": [
        ({"given": "Ana", "family": "Ve\x00ga"}, 1),
        ({"note": "evil\u202etxt"}, 0),
        ({"phone": "\x1b[2J"}, 0),
    ],
    "formula_error": [({"given": "#N/A"}, 0), ({"born": "#REF!"}, 0), ({"name": "#value!"}, 0)],
    "too_long": [
        ({"given": "a" * (LONGEST_LINE + 1)}, 0),
        ({"given": "Ana", "avoid": "a" * (LONGEST_LINE * 5 + 1)}, 1),
        ({"child": "b" * (LONGEST_LINE + 1)}, 0),
        ({"note": "a" * 15_000, "note_": "b" * 15_000}, 1),
    ],
    "not_a_day": [
        ({"born": "in spring"}, 0),
        ({"opened": "1/2"}, 0),
        ({"given": "Ana", "child": "Leo", "child_born": "?"}, 2),
    ],
    "two_digit_year": [({"born": "5/17/90"}, 0)],
    "serial_number": [({"born": "44927"}, 0), ({"closed": "44927.5"}, 0)],
    "no_such_day": [({"born": "1990-02-30"}, 0), ({"born": "2001-13-01"}, 0), ({"born": "31 June 1990"}, 0)],
    "order": [({"born": "3/4/1990"}, 0)],
    "future": [({"born": "2026-11-22"}, 0), ({"opened": date(2030, 1, 1)}, 0)],
    "too_early": [({"born": "1899-12-31"}, 0), ({"opened": "0026-01-01"}, 0)],
    "closed_before_opened": [({"opened": "2026-02-01", "closed": "2026-01-31"}, 1)],
    "closed_but_open": [({"status": "open", "closed": "2026-01-31"}, 1)],
    "unknown_status": [({"given": "Ana", "status": "maybe"}, 1)],
    "unknown_harm": [({"harms": "stalking; jaywalking"}, 0)],
    "nobody": [({"given": " ", "family": ""}, None), ({"born": ""}, None)],
    "too_many_cells": [],
}


@pytest.mark.parametrize("code", rules.FAULTS)
def test_every_fault_is_named_by_row_and_column(code):
    for cells, column in WRONG[code]:
        assert faults(**cells) == [(column, code)], cells
    if code == "too_many_cells":
        assert judge(Row(9, ("Ana", "x")), {0: "given"}, ["given"], "", TODAY).faults == (Fault(9, 1, code),)
    assert set(WRONG) == set(rules.FAULTS)


def test_all_faults_of_a_row_are_named_at_once():
    found = faults(given="Ana\x01", born="2999-01-01", status="?", harms="x", opened="1/1/2020")
    assert found == [(0, "unreadable"), (1, "future"), (2, "unknown_status"), (3, "unknown_harm"), (4, "order")]


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("1990-05-17", "", date(1990, 5, 17)),
        ("1990/5/7", "", date(1990, 5, 7)),
        ("1990-05-17 00:00:00", "", date(1990, 5, 17)),
        ("05/17/1990", MONTH_FIRST, date(1990, 5, 17)),
        ("17/05/1990", DAY_FIRST, date(1990, 5, 17)),
        ("17.5.1990", DAY_FIRST, date(1990, 5, 17)),
        ("3-4-1990", DAY_FIRST, date(1990, 4, 3)),
        ("3-4-1990", MONTH_FIRST, date(1990, 3, 4)),
        ("May 17, 1990", "", date(1990, 5, 17)),
        ("17 de mayo de 1990", "", date(1990, 5, 17)),
        ("3rd September 2001", "", date(2001, 9, 3)),
        ("1 ene 2001", "", date(2001, 1, 1)),
        ("29 Feb 2000", "", date(2000, 2, 29)),
    ],
)
def test_days_are_read_as_people_write_them(text, order, day):
    assert rules.day(text, order) == day


@pytest.mark.parametrize(("text", "order"), [("17/05/1990", MONTH_FIRST), ("05/17/1990", DAY_FIRST)])
def test_a_day_the_chosen_order_cannot_read_is_a_fault_and_not_turned_round(text, order):
    assert faults(order, born=text) == [(0, "no_such_day")]


@given(st.dates(date(1900, 1, 1), TODAY), st.sampled_from([MONTH_FIRST, DAY_FIRST]), st.sampled_from("/.-"))
def test_every_day_written_in_an_order_is_read_back_in_it(day, order, between):
    first, second = (day.month, day.day) if order == MONTH_FIRST else (day.day, day.month)
    text = f"{first}{between}{second}{between}{day.year}"
    assert rules.day(text, order) == day
    assert order in rules.sides(text)
    matters, only = rules.evidence([text, "", "1990-01-01"])
    assert matters
    assert only in ("", order)


def test_evidence_for_both_orders_decides_nothing():
    assert rules.evidence(["17/05/1990", "05/17/1990"]) == (True, "")
    assert rules.evidence(["17/05/1990", "03/04/1990"]) == (True, DAY_FIRST)
    assert rules.evidence(["1990-05-17", "", date(1990, 1, 1), "word"]) == (False, "")


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        (
            ["First Name", "LAST NAME", "D.O.B.", "Phone #", "Case Notes", "Ethnicity"],
            {0: "given", 1: "family", 2: "born", 3: "phone", 4: "note"},
        ),
        (
            ["Nombre", "Apellidos", "Fecha de nacimiento", "Teléfono", "Idioma", "Notas"],
            {0: "given", 1: "family", 2: "born", 3: "phone", 4: "language", 5: "note"},
        ),
        (
            ["Client Name", "DOB", "Intake Date", "Status", "Type of Victimization"],
            {0: "name", 1: "born", 2: "opened", 3: "status", 4: "harms"},
        ),
        (["First name", "Last name", "Full name"], {0: "given", 1: "family", 2: "alias"}),
        (
            ["Child 1 name", "Child 1 DOB", "Child 2 name", "Child 2 DOB"],
            {0: "child", 1: "child_born", 2: "child", 3: "child_born"},
        ),
        (["Name", "Name"], {0: "name"}),
        (["", "???", "42"], {}),
    ],
)
def test_headers_are_guessed_in_english_and_spanish_and_fit_together(headers, fields):
    guessed = rules.guess(headers)
    assert guessed == fields
    if guessed:
        rules.check_mapping(guessed)


@pytest.mark.parametrize(
    ("mapping", "code", "column"),
    [
        ({}, "nothing", 0),
        ({0: "given", 3: "given"}, "twice", 3),
        ({1: "name", 4: "family"}, "two_names", 4),
        ({0: "family", 1: "name"}, "two_names", 1),
        ({2: "child_born", 3: "child"}, "no_child", 2),
    ],
)
def test_columns_that_do_not_fit_together_are_named(mapping, code, column):
    with pytest.raises(InvalidMapping) as wrong:
        rules.check_mapping(mapping)
    assert (wrong.value.code, wrong.value.column) == (code, column)


def test_a_row_becomes_a_file():
    found = judged(
        MONTH_FIRST,
        name="Vega, Marisol",
        alias="Mari; Sol",
        born="5/17/1990",
        harms="DV, acoso / Trata",
        status="Closed",
        opened="1/2/2020",
        child="Leo; Eva",
        child_born="2015-01-01",
        note="first",
        note_="second",
        summary=" Short. ",
        phone="555-0101",
    ).prospect
    assert (found.identity.given, found.identity.family, found.identity.aliases) == ("Marisol", "Vega", ("Mari", "Sol"))
    assert found.identity.born == date(1990, 5, 17)
    assert found.harms == ("domestic_violence", "stalking", "trafficking")
    assert (found.opened, found.closed, found.ended) == (date(2020, 1, 2), None, True)
    assert [(relation, child.given, child.born) for relation, child in found.people] == [
        (Relation.CHILD, "Leo", None),
        (Relation.CHILD, "Eva", date(2015, 1, 1)),
    ]
    assert found.note == "note: first\nnote: second"
    assert (found.summary, found.contact.phone, found.contact.ways) == ("Short.", "555-0101", ())
    assert judged(name="Marisol Vega").prospect.identity.given == "Marisol Vega"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1 555 0101", "-2", "@SUM(A1)", "=HYPERLINK(1)"])
def test_what_looks_like_a_formula_is_kept_as_words_and_leaves_as_words(text):
    assert judged(given=text).prospect.identity.given == text
    assert rules.harmless(text) == "'" + text
    assert rules.harmless("Ana") == "Ana"


CELLS = st.one_of(
    st.text(max_size=30),
    st.dates(),
    st.sampled_from(["1/2/1990", "open", "closed", "stalking", "2020-01-01", "Leo; Eva", "#N/A"]),
)


@given(st.lists(st.tuples(st.sampled_from(FIELDS), CELLS), max_size=8), st.sampled_from(["", MONTH_FIRST, DAY_FIRST]))
@settings(max_examples=400, deadline=None)
def test_whatever_passes_can_be_kept_and_whatever_cannot_has_a_place(columns, order):
    """Judging never raises, and a row without a fault is never refused by the vault."""
    mapping = {number: field for number, (field, _cell) in enumerate(columns)}
    row = Row(3, tuple(cell for _field, cell in columns))
    found = judge(row, mapping, [field for field, _cell in columns], order, TODAY)
    at = datetime(2026, 11, 21, 15, tzinfo=UTC)
    if found.prospect is None:
        assert found.faults
        assert all(fault.row == 3 and (fault.column is None or fault.column < len(columns)) for fault in found.faults)
    else:
        who = found.prospect
        _checked(NewClient(who.identity, who.contact, who.harms, who.people), at)


def test_the_same_person_twice_in_a_file_is_seen_whatever_the_order_of_her_names():
    said = [
        ("Ana María Vega", "1990-01-01"),
        ("VEGA, Ana Maria", "1990-01-01"),
        ("Ana Vega", "1990-01-01"),
        ("Ana María Vega", ""),
        ("Анна", "1990-01-01"),
        ("анна", "1990-01-01"),
    ]
    rows = [judged(number=number, name=name, born=born) for number, (name, born) in enumerate(said, start=2)]
    assert rules.repeated(rows) == {3: 2, 7: 6}
    assert rules.called(rules.Identity(given="Ana", family="Vega", chosen="Robin", aliases=("Ani",))) == "Ana Vega"
    assert rules.called(rules.Identity(chosen="Robin", aliases=("Ani",))) == "Robin"


@pytest.mark.parametrize(
    ("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_named_as_spreadsheets_name_them(column, name):
    assert rules.letters(column) == name


def test_the_rule_of_two_counts_what_left_before():
    for count, before, two in (
        (50, 0, False),
        (51, 0, True),
        (1, 49, False),
        (1, 50, True),
        (30, 30, True),
        (0, 51, True),
    ):
        assert rules.needs_second(count, before) is two


@pytest.mark.parametrize(
    ("passphrase", "problem"),
    [
        ("", "short"),
        ("nineteen characters", "short"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "plain"),
        ("word word word word word", "plain"),
        ("abcabcabcabcabcabcabcabc", "plain"),
        ("seven harmless words and a number", ""),
        ("Xk2#vQ9!mN4$wB7&pL1^zR", ""),
    ],
)
def test_a_passphrase_is_long_and_does_not_repeat_itself(passphrase, problem):
    assert rules.weak(passphrase) == problem

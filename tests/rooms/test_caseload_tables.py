"""Files from elsewhere: what they are is told from their bytes, none of it is believed, and none of it is guessed."""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
from contextlib import suppress
from datetime import date, datetime
from functools import cache

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.records.caseload import tables
from accord.records.caseload.rules import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS
from accord.records.caseload.tables import TableError, read

LINES = "Nombre,Apellido,Nota\nIñés,Muñoz,“así”\n"


def workbook(*sheets, names=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(names[number] if names else f"S{number}")
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def rezipped(data, **changed):
    """The same workbook with members changed or added (`__` stands for `/`)."""
    changed = {name.replace("__", "/").replace("_xml", ".xml"): content for name, content in changed.items()}
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, changed.pop(member.filename, None) or old.read(member))
        for name, content in changed.items():
            new.writestr(name, content)
    return written.getvalue()


def refused(data, sheet=""):
    with pytest.raises(TableError) as wrong:
        read(data, sheet)
    return wrong.value.code, wrong.value.where


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
def test_every_encoding_offices_use_reads_the_same(encoding):
    table = read(LINES.encode(encoding))
    assert table.headers == ("Nombre", "Apellido", "Nota")
    assert table.rows[0].cells == ("Iñés", "Muñoz", "“así”")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found_and_what_is_quoted_is_left_alone(separator, end):
    text = io.StringIO(newline="")
    rows = [["Name", "Notes"], ["Vega, Marisol; x", 'said "no" | then\tleft'], ["Ana", "two\nlines"]]
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    table = read(text.getvalue().encode())
    assert [list(table.headers), *(list(row.cells) for row in table.rows)] == rows
    assert [row.number for row in table.rows] == [2, 3]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\ufeff"), max_size=20),
            min_size=2,
            max_size=5,
        ),
        min_size=2,
        max_size=6,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_was_written_with_commas_either_reads_back_or_is_refused(rows):
    rows = [["First name", "Last name", "Phone", "Notes", "City"], *rows]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    try:
        table = read(text.getvalue().encode())
    except TableError as wrong:
        assert wrong.code in ("only_headers", "mixed_encodings")
        return
    for row in table.rows:
        said = rows[row.number - 1]
        assert list(row.cells) == said[: len(row.cells)]
        assert not any(cell.strip() for cell in said[len(row.cells) :])


HOSTILE = {
    "empty": b"",
    "blank": b" \n\r\n\t",
    "commas only": b",,,\n,,\n",
    "header only": b"Name,Born\n\n,\n",
    "NUL": b"Name,Born\nAna,1990\nEv\0a,1990\n",
    "NUL at once": b"\0\0\0\0",
    "mixed encodings": "Name\nIñés\n".encode() + "Muñoz\n".encode("windows-1252"),
    "no encoding": b"Name\nAn\x81a\n",
    "half UTF-16": b"\xff\xfeN\0a",
    "an open quote": b'Name,Note\nAna,"never closed\nEva,x\n',
    "a stray quote": b'Name,Note\nAna,"x"y\n',
    "a cell without end": b"Name\n" + b"a" * (LONGEST_CELL + 1) + b"\n",
    "a field beyond measure": b"Name\n" + b"a" * (LONGEST_CELL * 5) + b"\n",
    "too many columns": ",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)).encode() + b"\nx\n",
    "too many rows": b"Name\n" + b"Ana\n" * (MOST_ROWS + 1),
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "no zip": b"PK\x03\x04 but nothing behind it",
    "another zip": None,
    "a locked zip": None,
}
SAID = {
    "empty": ("empty", ""),
    "blank": ("empty", ""),
    "commas only": ("empty", ""),
    "header only": ("only_headers", ""),
    "NUL": ("not_text", "3"),
    "NUL at once": ("not_text", "1"),
    "mixed encodings": ("mixed_encodings", "2, 3"),
    "no encoding": ("not_text", "2"),
    "half UTF-16": ("not_text", ""),
    "an open quote": ("quotes", "3"),
    "a stray quote": ("quotes", "2"),
    "a cell without end": ("cell_too_long", "A2"),
    "a field beyond measure": ("quotes", "2"),
    "too many columns": ("too_many_columns", "201"),
    "too many rows": ("too_many_rows", "50002"),
    "an old workbook": ("old_or_locked", ""),
    "no zip": ("damaged", ""),
    "another zip": ("not_a_workbook", ""),
    "a locked zip": ("old_or_locked", ""),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_its_place(what):
    data = HOSTILE[what]
    if what == "another zip":
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as other:
            other.writestr("word/document.xml", "x")
        data = written.getvalue()
    if what == "a locked zip":
        data = workbook([["Name"], ["Ana"]])
        data = re.sub(rb"(PK\x01\x02.{4})..", lambda found: found[1] + b"\1\0", data, flags=re.S)
    assert refused(data) == SAID[what]


def test_a_row_of_a_thousand_cells_is_one_fault_and_not_a_thousand_columns():
    table = read(b"Name,Born\nAna,1990-01-01\n" + b",".join([b"x"] * 1_000) + b"\n")
    assert len(table.headers) == 2
    assert [len(row.cells) for row in table.rows] == [2, 3]


def test_rows_keep_their_number_and_equal_rows_are_told_apart():
    table = read(b"\n\nName,Born\n\nAna,1990\n,\nAna,1990\nAna,1991,,,\n")
    assert [(row.number, row.cells) for row in table.rows] == [
        (5, ("Ana", "1990")),
        (7, ("Ana", "1990")),
        (8, ("Ana", "1991")),
    ]
    digests = [row.digest for row in table.rows]
    assert len(set(digests)) == 3
    assert digests[0].partition(".")[0] == digests[1].partition(".")[0]
    assert [row.digest for row in read(b"Name,Born\nAna,1990\nAna,1990\nAna,1991\n").rows] == digests


def test_the_name_of_a_file_says_nothing():
    """A workbook called .csv and text called .xlsx are what their bytes are: only bytes are handed over."""
    assert read(workbook([["Name"], ["Ana"]])).rows[0].cells == ("Ana",)
    assert read(b"Name\nAna\n").rows[0].cells == ("Ana",)


def test_cells_of_a_workbook_are_days_numbers_and_words():
    data = workbook(
        [
            ["Name", "Born", "Seen", "Phone", "Amount", "Yes"],
            ["Ana", date(1990, 5, 17), datetime(2020, 1, 2, 13, 30), 5550101, 1.5, True],
            ["=1+1", "5/17/1990", None, "555-0101", 44927, ""],
        ]
    )
    first, second = read(data).rows
    assert first.cells == ("Ana", date(1990, 5, 17), "2020-01-02 13:30:00", "5550101", "1.5", "yes")
    assert second.cells[1:] == ("5/17/1990", "", "555-0101", "44927")


def test_a_sheet_is_chosen_and_hidden_ones_are_not_offered():
    data = workbook([["A"], ["1"]], [["B"], ["2"]], [["C"], ["3"]], names=("One", "Two", "Three"))
    assert tables.sheets(data) == ["One", "Two", "Three"]
    assert tables.sheets(b"Name\nAna\n") == []
    assert read(data).headers == ("A",)
    assert read(data, "Two").headers == ("B",)
    assert refused(data, "Four") == ("no_sheet", "")
    book = openpyxl.load_workbook(io.BytesIO(data))
    book["Two"].sheet_state = "veryHidden"
    written = io.BytesIO()
    book.save(written)
    assert tables.sheets(written.getvalue()) == ["One", "Three"]


def sheet_xml(data):
    return zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")


BOMBS = {
    "a far cell": (b'<c r="A2"', b'<c r="XFD1048576"', "too_many_cells_in_sheet"),
    "a far cell, otherwise quoted": (b'<c r="A2"', b"<c  r = 'XFD1048576'", "too_many_cells_in_sheet"),
    "a cell without a place": (b'<c r="A2"', b"<c", "damaged"),
    "a place in a riddle": (b'<c r="A2"', b'<c r="&#88;FD1048576"', "damaged"),
    "a place in lower case": (b'<c r="A2"', b'<c r="xfd1048576"', "damaged"),
    "a comment": (b"<sheetData>", b"<!-- x --><sheetData>", "damaged"),
    "an entity": (b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet', "damaged"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_sheet_that_describes_a_large_one_is_refused_before_it_is_laid_out(bomb):
    data = workbook([["Name"], ["Ana"]])
    old, new, code = BOMBS[bomb]
    content = sheet_xml(data)
    assert content.count(old) == 1
    begun = time.monotonic()
    assert refused(rezipped(data, xl__worksheets__sheet1_xml=content.replace(old, new)))[0] == code
    assert time.monotonic() - begun < 1


def test_a_zip_bomb_is_refused_while_it_unpacks(monkeypatch):
    data = rezipped(workbook([["Name"], ["Ana"]]), xl__media__x=b"0" * 30_000_000)
    assert len(data) < 100_000
    monkeypatch.setattr(tables, "MOST_UNPACKED", 20_000_000)
    assert refused(data)[0] == "bomb"
    monkeypatch.setattr(tables, "MOST_MEMBERS", 3)
    assert refused(workbook([["Name"], ["Ana"]]))[0] == "bomb"


@cache
def _whole() -> bytes:
    """Made once: a workbook says when it was made, so that two of them differ."""
    return workbook([["Name", "Born"], ["Ana", date(1990, 1, 1)]])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_workbook_with_changed_bytes_is_read_or_refused_and_nothing_else(data):
    whole = bytearray(_whole())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(TableError):
        read(bytes(whole))

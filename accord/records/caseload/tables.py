"""Reading a table from a file somebody else made: CSV in the encodings offices use, or the sheets of an XLSX workbook.

The bytes say what the file is, not its name. Nothing is guessed that would change what a cell says, and nothing is
believed: a workbook is measured before it is opened, because a small file can describe a table larger than any memory.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from accord.records.caseload.rules import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Cell, Row, letters
from accord.vault.rules import packed

#: Bytes a workbook may have when unpacked, and how many cells its used area may span.
MOST_UNPACKED = 150_000_000
MOST_MEMBERS = 2_000
MOST_CELLS = 3_000_000

csv.field_size_limit(LONGEST_CELL * 4)


class TableError(ValueError):
    """This file cannot be read as a table. `code` says why, `where` in which line, row or cell."""

    def __init__(self, code: str, where: str = "") -> None:
        self.code, self.where = code, where
        super().__init__(f"{code} {where}".strip())


@dataclass(frozen=True, slots=True)
class Table:
    """The first row that says something, and the rows below it that do."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def sheets(data: bytes) -> list[str]:
    """Names of the sheets of a workbook that a person can see; none for anything but a workbook. Raises TableError."""
    if not data.startswith(b"PK"):
        return []
    with _opened(data) as book:
        return [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
        ]


def read(data: bytes, sheet: str = "") -> Table:
    """The table in a file; of a workbook the named sheet, or the first one. Raises TableError."""
    if not data.strip():
        raise TableError("empty")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError("old_or_locked")
    if data.startswith(b"PK"):
        return _table(_of_workbook(data, sheet))
    return _table(_of_text(_decoded(data)))


def _table(records: Iterator[Sequence[Cell]]) -> Table:
    headers: tuple[str, ...] | None = None
    rows: list[Row] = []
    times: Counter[str] = Counter()
    for number, cells in enumerate(records, start=1):
        kept = _trimmed(cells)
        if not kept:
            continue
        if headers is None:
            headers = tuple(str(cell).strip() for cell in kept)
            if len(headers) > MOST_COLUMNS:
                raise TableError("too_many_columns", str(len(headers)))
            continue
        if len(rows) == MOST_ROWS:
            raise TableError("too_many_rows", str(number))
        for column, cell in enumerate(kept):
            if isinstance(cell, str) and len(cell) > LONGEST_CELL:
                raise TableError("cell_too_long", f"{letters(column)}{number}")
        # One cell more than there are columns says that there are too many; the rest of them is not needed for that.
        kept = kept[: len(headers) + 1]
        says = sha256(packed({"row": [headers, [str(cell) for cell in kept]]})).hexdigest()
        times[says] += 1
        rows.append(Row(number, kept, f"{says}.{times[says]}"))
    if headers is None:
        raise TableError("empty")
    if not rows:
        raise TableError("only_headers")
    return Table(headers, tuple(rows))


def _trimmed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Without the empty cells at the end; a row of empty cells is none."""
    last = len(cells)
    while last and not (cell if isinstance(cell := cells[last - 1], date) else cell.strip()):
        last -= 1
    return tuple(cells[:last])


# ---------------------------------------------------------------------------------------------------------------------
# Text

_SEPARATORS = ",;\t|"
_SAMPLE = 50


def _decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with its mark, or Windows-1252. Raises TableError for bytes that are no
    text, and where lines are written differently: one of them would be read wrong."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise TableError("not_text") from None
    if b"\0" in data:
        raise TableError("not_text", str(data[: data.index(b"\0")].count(b"\n") + 1))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        lines = data.split(b"\n")
    utf8 = other = 0
    for number, line in enumerate(lines, start=1):
        if line.isascii():
            continue
        if _is_utf8(line):
            utf8 = utf8 or number
        else:
            other = other or number
    if utf8 and other:
        raise TableError("mixed_encodings", f"{utf8}, {other}")
    try:
        return data.decode("windows-1252")
    except UnicodeDecodeError as error:
        raise TableError("not_text", str(data[: error.start].count(b"\n") + 1)) from None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _of_text(text: str) -> Iterator[Sequence[Cell]]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        yield from lines
    except csv.Error:
        raise TableError("quotes", str(lines.line_num)) from None


def _separator(text: str) -> str:
    """What stands between cells: the mark that makes the first rows widest and most alike. A table of one column has
    none, and any will do."""
    best, found = (0, 0), ","
    for separator in _SEPARATORS:
        widths: list[int] = []
        try:
            for cells in csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=separator):
                if any(cell.strip() for cell in cells):
                    widths.append(len(cells))
                if len(widths) == _SAMPLE:
                    break
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            score = sum(1 for width in widths if width == widths[0]), widths[0]
            if score > best:
                best, found = score, separator
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Workbooks

_CELL = re.compile(rb"<(?:\w+:)?c(?:\s([^>]*))?>")
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")


def _of_workbook(data: bytes, sheet: str) -> Iterator[Sequence[Cell]]:
    with _opened(data) as book:
        names = [each.name for each in book.sheets_metadata if each.typ is SheetTypeEnum.WorkSheet]
        if not names or (sheet and sheet not in names):
            raise TableError("no_sheet")
        try:
            rows = book.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
        except CalamineError:
            raise TableError("damaged") from None
    for row in rows:
        yield [_cell(value) for value in row]


def _opened(data: bytes) -> CalamineWorkbook:
    """Raises TableError before anything large is made of what is small."""
    _measured(data)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except CalamineError:
        raise TableError("damaged") from None


def _measured(data: bytes) -> None:
    """Unpack every member once, in pieces, with a limit on all of them together, and look how far its cells reach."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed_file:
            members = packed_file.infolist()
            names = {member.filename for member in members}
            if "xl/workbook.xml" not in names:
                raise TableError("not_a_workbook")
            if len(members) > MOST_MEMBERS or len(names) < len(members):
                raise TableError("bomb")
            unpacked = 0
            for member in members:
                if member.flag_bits & 1:
                    raise TableError("old_or_locked")
                content = bytearray()
                with packed_file.open(member) as opened:
                    while piece := opened.read(1 << 20):
                        unpacked += len(piece)
                        if unpacked > MOST_UNPACKED:
                            raise TableError("bomb")
                        content += piece
                if b"sheetData" in content or member.filename.startswith("xl/worksheets/"):
                    _reach(bytes(content))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("damaged") from None


def _reach(sheet: bytes) -> None:
    """Raises TableError when the cells of a sheet span more than may be held, because they are laid out in full, empty
    ones too; and when a cell does not say its place in the way every spreadsheet program writes it."""
    if any(odd in sheet for odd in (b"\0", b"<!")):
        raise TableError("damaged")
    width = height = 0
    for cell in _CELL.finditer(sheet):
        place = _PLACE.search(cell[1] or b"")
        if place is None:
            raise TableError("damaged")
        column = 0
        for letter in place[1]:
            column = column * 26 + letter - 64
        width, height = max(width, column), max(height, int(place[2]))
    if width * height > MOST_CELLS:
        raise TableError("too_many_cells_in_sheet")


def _cell(value: Any) -> Cell:
    """A cell as text, or as the day it is. A number stands as people write it: a telephone number has no decimals."""
    if isinstance(value, datetime):
        return value.date() if value.time() == time(0) else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (time, timedelta)):
        return str(value)
    return str(value)

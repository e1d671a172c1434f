"""How a table somebody else wrote becomes files of one's own: which column is what, what each cell says, and what is
wrong with it by row and column. Pure: no Django, no clock.

A cell is text, or a `date` where the spreadsheet itself said that it is one. A day that could be read two ways is
asked about, never guessed; what cannot be read is a fault with its place, never dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from accord.policy.words import Relation
from accord.vault.rules import HARMS, LONGEST_LINE, LONGEST_TEXT, Identity, SafeContact

Cell: TypeAlias = "str | date"

MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = LONGEST_TEXT
#: Rows written in one transaction.
BATCH: Final = 250
EARLIEST: Final = date(1900, 1, 1)

#: What a column can be, and how long its text may be. Those in SEVERAL may stand over more than one column.
FIELDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "given": LONGEST_LINE,
        "family": LONGEST_LINE,
        "name": LONGEST_LINE,
        "chosen": LONGEST_LINE,
        "alias": LONGEST_LINE,
        "code_name": LONGEST_LINE,
        "born": LONGEST_LINE,
        "pronouns": LONGEST_LINE,
        "language": LONGEST_LINE,
        "phone": LONGEST_LINE,
        "email": LONGEST_LINE,
        "when": LONGEST_LINE * 5,
        "say": LONGEST_LINE * 5,
        "avoid": LONGEST_LINE * 5,
        "address": LONGEST_LINE * 5,
        "harms": LONGEST_LINE * 5,
        "opened": LONGEST_LINE,
        "closed": LONGEST_LINE,
        "status": LONGEST_LINE,
        "summary": LONGEST_LINE * 5,
        "note": LONGEST_CELL,
        "child": LONGEST_LINE * 5,
        "child_born": LONGEST_LINE,
    }
)
SEVERAL: Final = frozenset({"alias", "note", "child", "child_born"})
DATES: Final = frozenset({"born", "opened", "closed", "child_born"})

#: Every fault a cell, a row or a mapping can have.
FAULTS: Final = (
    "unreadable", "formula_error", "too_long", "not_a_day", "two_digit_year", "serial_number", "no_such_day", "order",
    "future", "too_early", "closed_before_opened", "closed_but_open", "unknown_status", "unknown_harm", "nobody",
    "too_many_cells",
)  # fmt: skip

MONTH_FIRST, DAY_FIRST = "month", "day"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, and in which column (None: with the row as a whole)."""

    row: int
    column: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read: its number in the file, its cells, and a digest of what it says."""

    number: int
    cells: tuple[Cell, ...]
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Prospect:
    """A file as it will stand. `ended`: work with her is over, on the day `closed` or on one nobody wrote down."""

    identity: Identity
    contact: SafeContact
    harms: tuple[str, ...]
    children: tuple[Identity, ...]
    opened: date | None
    closed: date | None
    ended: bool
    summary: str
    note: str

    @property
    def people(self) -> tuple[tuple[Relation, Identity], ...]:
        return tuple((Relation.CHILD, child) for child in self.children)


@dataclass(frozen=True, slots=True)
class Judged:
    """A row, and the file it becomes; None when it has faults."""

    row: Row
    prospect: Prospect | None
    faults: tuple[Fault, ...] = ()


class InvalidMapping(ValueError):
    """The columns do not fit together: `code` says why (twice, two_names, no_child, nothing), `column` where."""

    def __init__(self, code: str, column: int) -> None:
        self.code, self.column = code, column
        super().__init__(code)


# ---------------------------------------------------------------------------------------------------------------------
# Which column is what

_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "given": "first name|given name|given|first|fname|forename|nombre|nombres|primer nombre|nombre de pila",
        "family": "last name|family name|surname|last|lname|apellido|apellidos|primer apellido",
        "name": "name|full name|client name|client|survivor|nombre completo|nombre y apellido|nombre y apellidos|"
        "cliente|nombre del cliente|nombre de la cliente|apellidos y nombre",
        "chosen": "chosen name|preferred name|goes by|name she uses|nombre elegido|nombre preferido|nombre social|"
        "prefiere que le llamen",
        "alias": "alias|aliases|other names|other name|aka|nickname|maiden name|otros nombres|otro nombre|apodo|apodos|"
        "nombre de soltera",
        "code_name": "code name|codename|nombre en clave",
        "born": "date of birth|birth date|birthdate|dob|d o b|born|birthday|fecha de nacimiento|nacimiento|nacida|"
        "f nac|fecha nac",
        "pronouns": "pronouns|pronoun|pronombres|pronombre",
        "language": "language|preferred language|primary language|languages|idioma|lengua|idioma preferido",
        "phone": "phone|phone number|safe phone|safe number|telephone|cell|cell phone|mobile|telefono|celular|movil|"
        "numero de telefono|telefono seguro",
        "email": "email|e mail|safe email|email address|correo|correo electronico",
        "when": "safe times|safe time|best time|best time to call|when to call|when is it safe|horario seguro|"
        "hora segura|cuando llamar|mejor hora",
        "say": "what to say|say|what may be said|que decir|decir",
        "avoid": "avoid|do not|must not happen|evitar|no hacer|que evitar",
        "address": "address|street address|safe address|home address|direccion|domicilio|direccion segura",
        "harms": "harm|harms|victimization|victimization type|type of victimization|crime type|type of abuse|violence|"
        "what happened|dano|danos|violencia|tipo de violencia|victimizacion|tipo de victimizacion",
        "opened": "opened|open date|opened on|date opened|intake date|intake|start date|case opened|abierto el|"
        "fecha de apertura|fecha de ingreso|ingreso|apertura|fecha de inicio",
        "closed": "closed|closed on|close date|date closed|exit date|end date|cerrado el|fecha de cierre|cierre|"
        "fecha de salida",
        "status": "status|case status|open or closed|estado|estatus|situacion",
        "summary": "summary|short summary|resumen",
        "note": "note|notes|case notes|case note|client notes|comment|comments|narrative|nota|notas|comentario|"
        "comentarios|observaciones",
        "child": "child|children|kids|child name|childrens names|names of children|hijo|hija|hijos|ninos|menores|"
        "nombre del hijo|nombres de los hijos",
        "child_born": "child dob|child birth date|child date of birth|childs date of birth|"
        "fecha de nacimiento del hijo|nacimiento hijo",
    }
)
_KNOWN: Final[Mapping[str, str]] = MappingProxyType(
    {header: field for field, headers in _HEADERS.items() for header in headers.split("|")}
)


def plain(text: str) -> str:
    """Words of a header, a code or a name, without accents, capitals, marks and numbers."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(each for each in folded if not unicodedata.combining(each)).replace("'", "").replace("’", "")
    return " ".join(re.findall(r"[^\W\d_]+", kept))


def guess(headers: Sequence[str]) -> dict[int, str]:
    """What each column seems to be, by its header in English or Spanish. A field that stands once is guessed once."""
    found: dict[int, str] = {}
    for column, header in enumerate(headers):
        field = _KNOWN.get(plain(header))
        if field and (field in SEVERAL or field not in found.values()):
            found[column] = field
    if {"given", "family"} & set(found.values()):
        # beside its parts, a whole name is one more way to find her
        found = {column: "alias" if field == "name" else field for column, field in found.items()}
    return found


def check_mapping(mapping: Mapping[int, str]) -> None:
    """Raises InvalidMapping when a field that stands once is chosen twice, when a whole name and its parts are both
    chosen, or when a child's birth date follows no child."""
    taken: set[str] = set()
    for column in sorted(mapping):
        field = mapping[column]
        if field in taken and field not in SEVERAL:
            raise InvalidMapping("twice", column)
        if field == "child_born" and "child" not in taken:
            raise InvalidMapping("no_child", column)
        taken.add(field)
        if "name" in taken and taken & {"given", "family"}:
            raise InvalidMapping("two_names", column)
    if not taken:
        raise InvalidMapping("nothing", 0)


# ---------------------------------------------------------------------------------------------------------------------
# Days

_NUMBERS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{2}|\d{4})(?:[ T]0{1,2}:00(?::00)?)?")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?")
_WORDS = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)? (?:de |of )?([a-z]+)|([a-z]+) (\d{1,2})(?:st|nd|rd|th)?) (?:de )?(\d{4})"
)
_MONTHS: Final = (
    ("jan", "ene"), ("feb",), ("mar",), ("apr", "abr"), ("may",), ("jun",), ("jul",), ("aug", "ago"), ("sep", "set"),
    ("oct",), ("nov",), ("dec", "dic"),
)  # fmt: skip


class NotADay(ValueError):
    """Text that is no day; the message is the code of a fault."""


def sides(cell: Cell) -> frozenset[str]:
    """Which orders a day written as 3/4/1990 allows: one, both, or none when it is not written so."""
    match = _NUMBERS.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return frozenset()
    first, second = int(match[1]), int(match[2])
    return frozenset(({MONTH_FIRST} if first <= 12 else set()) | ({DAY_FIRST} if second <= 12 else set()))


def evidence(cells: Iterable[Cell]) -> tuple[bool, str]:
    """Whether the order of day and month matters in these cells, and the one order that reads them all ("" when both
    do, or none)."""
    both = {MONTH_FIRST, DAY_FIRST}
    matters = False
    for cell in cells:
        if isinstance(cell, str) and _NUMBERS.fullmatch(cell.strip()):
            matters = True
            both &= sides(cell)
    return matters, next(iter(both)) if len(both) == 1 else ""


def day(cell: Cell, order: str) -> date:
    """The day a cell says. Raises NotADay."""
    if isinstance(cell, date):
        return cell
    text = cell.strip()
    if match := _ISO.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMBERS.fullmatch(text):
        if len(match[3]) == 2:
            raise NotADay("two_digit_year")
        first, second = int(match[1]), int(match[2])
        if order not in (MONTH_FIRST, DAY_FIRST):
            raise NotADay("order")
        month, number = (first, second) if order == MONTH_FIRST else (second, first)
        return _day(int(match[3]), month, number)
    if re.fullmatch(r"\d{4,6}(?:\.\d+)?", text):
        raise NotADay("serial_number")
    words = " ".join(text.casefold().replace(",", " ").replace(".", " ").split())
    if match := _WORDS.fullmatch(words):
        name, number = match[2] or match[3], int(match[1] or match[4])
        for month, begins in enumerate(_MONTHS, start=1):
            if len(name) >= 3 and name.startswith(begins):
                return _day(int(match[5]), month, number)
    raise NotADay("not_a_day")


def _day(year: int, month: int, number: int) -> date:
    try:
        return date(year, month, number)
    except ValueError:
        raise NotADay("no_such_day") from None


# ---------------------------------------------------------------------------------------------------------------------
# Codes written as words

_ENDED = (
    "closed|close|inactive|ended|exited|discharged|cerrado|cerrada|inactivo|inactiva|terminado|terminada|finalizado"
)
_GOING_ON = "open|opened|active|current|ongoing|abierto|abierta|activo|activa|actual|en curso"
_STATUS: Final[Mapping[str, bool]] = MappingProxyType(
    {word: words is _ENDED for words in (_ENDED, _GOING_ON) for word in words.split("|")}
)
_HARM_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "domestic_violence": "domestic violence|dv|intimate partner violence|ipv|domestic abuse|violencia domestica|"
        "violencia familiar|violencia de pareja|vd",
        "sexual_violence": "sexual violence|sexual assault|sa|rape|sexual abuse|violencia sexual|agresion sexual|"
        "abuso sexual|violacion",
        "stalking": "stalking|harassment|acoso|acecho",
        "elder_abuse": "elder abuse|elder|abuse in later life|maltrato a mayores|abuso de mayores|"
        "maltrato a personas mayores",
        "trafficking": "trafficking|human trafficking|sex trafficking|labor trafficking|labour trafficking|trata|"
        "trata de personas",
        "other": "other|otro|otra|otros",
    }
)
_HARMS: Final[Mapping[str, str]] = MappingProxyType(
    {word: harm for harm, words in _HARM_WORDS.items() for word in (*words.split("|"), plain(harm.replace("_", " ")))}
)
_FORMULA_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def readable(text: str) -> bool:
    """Whether text holds nothing that hides or turns what it says: control characters, changes of direction."""
    return not any(
        each in _TURNING or (unicodedata.category(each) in ("Cc", "Cs") and each not in "\t\n\r") for each in text
    )


def parts(text: str, *, comma: bool = True) -> tuple[str, ...]:
    """Several things in one cell: on lines, or between semicolons, bars or (unless told) commas."""
    return tuple(part.strip() for part in re.split(r"[;|\n\r,]" if comma else r"[;|\n\r]", text) if part.strip())


# ---------------------------------------------------------------------------------------------------------------------
# Judging


def judge(row: Row, mapping: Mapping[int, str], headers: Sequence[str], order: str, today: date) -> Judged:
    """What a row becomes, or all that is wrong with it. Never raises."""
    reading = _Reading(row, order, today)
    if len(row.cells) > len(headers):
        reading.fault(len(headers), "too_many_cells")
    for column in sorted(mapping):
        if column < len(row.cells):
            reading.read(column, mapping[column], headers[column])
    prospect = reading.prospect()
    faults = tuple(reading.faults)
    return Judged(row, None if faults else prospect, faults)


class _Reading:
    """One row being read: its values by field so far, and its faults."""

    def __init__(self, row: Row, order: str, today: date) -> None:
        self.row, self.order, self.today = row, order, today
        self.faults: list[Fault] = []
        self.text: dict[str, str] = {}
        self.days: dict[str, date] = {}
        self.places: dict[str, int] = {}
        self.aliases: list[str] = []
        self.notes: list[str] = []
        self.children: list[Identity] = []
        self.harms: list[str] = []
        self.ended: bool | None = None
        self.any = False

    def fault(self, column: int | None, code: str) -> None:
        self.faults.append(Fault(self.row.number, column, code))

    def read(self, column: int, field: str, header: str) -> None:
        cell = self.row.cells[column]
        if isinstance(cell, str):
            cell = cell.strip()
            if not cell:
                return None
            if code := self._unfit(cell, field):
                self.any = True
                return self.fault(column, code)
        self.any = True
        self.places[field] = column
        if field in DATES:
            return self._day(column, field, cell)
        text = cell.isoformat() if isinstance(cell, date) else cell
        if FIELDS[field] == LONGEST_LINE and field != "alias":
            text = " ".join(text.split())
        several = {"alias": self._alias, "child": self._child, "harms": self._harms, "status": self._status}
        if field in several:
            return several[field](column, text)
        if field == "note":
            self.notes.append(f"{header.strip()}: {text}" if header.strip() else text)
            if sum(map(len, self.notes)) + len(self.notes) > LONGEST_TEXT:
                self.fault(column, "too_long")
        else:
            self.text[field] = text
        return None

    @staticmethod
    def _unfit(text: str, field: str) -> str:
        if text.upper() in _FORMULA_ERRORS:
            return "formula_error"
        if len(text) > FIELDS[field]:
            return "too_long"
        return "" if readable(text) else "unreadable"

    def _day(self, column: int, field: str, cell: Cell) -> None:
        try:
            found = day(cell, self.order)
        except NotADay as wrong:
            return self.fault(column, str(wrong))
        if found > self.today:
            return self.fault(column, "future")
        if found < EARLIEST:
            return self.fault(column, "too_early")
        if field != "child_born":
            self.days[field] = found
        elif self.children:
            self.children[-1] = Identity(given=self.children[-1].given, born=found)
        else:
            self.children.append(Identity(born=found))
        return None

    def _alias(self, column: int, text: str) -> None:
        self.aliases += parts(text, comma=False)

    def _child(self, column: int, text: str) -> None:
        named = parts(text)
        if any(len(name) > LONGEST_LINE for name in named):
            return self.fault(column, "too_long")
        self.children += [Identity(given=name) for name in named]
        return None

    def _harms(self, column: int, text: str) -> None:
        for part in parts(text.replace("/", ";")):
            harm = _HARMS.get(plain(part))
            if harm is None:
                return self.fault(column, "unknown_harm")
            if harm not in self.harms:
                self.harms.append(harm)
        return None

    def _status(self, column: int, text: str) -> None:
        self.ended = _STATUS.get(plain(text))
        if self.ended is None:
            self.fault(column, "unknown_status")

    def prospect(self) -> Prospect:
        opened, closed = self.days.get("opened"), self.days.get("closed")
        if opened and closed and closed < opened:
            self.fault(self.places["closed"], "closed_before_opened")
        if closed and self.ended is False:
            self.fault(self.places["closed"], "closed_but_open")
        if not self.any:
            self.fault(None, "nobody")
        given, family = self.text.get("given", ""), self.text.get("family", "")
        if name := self.text.get("name", ""):
            family, comma, rest = (part.strip() for part in name.partition(","))
            given, family = (rest, family) if comma and rest else (name.rstrip(" ,"), "")
        return Prospect(
            identity=Identity(
                given=given,
                family=family,
                chosen=self.text.get("chosen", ""),
                aliases=tuple(self.aliases),
                code_name=self.text.get("code_name", ""),
                born=self.days.get("born"),
                pronouns=self.text.get("pronouns", ""),
                language=self.text.get("language", ""),
            ),
            contact=SafeContact(
                when=self.text.get("when", ""),
                say=self.text.get("say", ""),
                avoid=self.text.get("avoid", ""),
                phone=self.text.get("phone", ""),
                email=self.text.get("email", ""),
                address=self.text.get("address", ""),
            ),
            harms=tuple(harm for harm in HARMS if harm in self.harms),
            children=tuple(self.children),
            opened=opened,
            closed=closed,
            ended=bool(self.ended or closed),
            summary=self.text.get("summary", ""),
            note="\n".join(self.notes),
        )


# ---------------------------------------------------------------------------------------------------------------------
# The same person twice in one file

Same: TypeAlias = "tuple[frozenset[str], date]"


def called(identity: Identity) -> str:
    """The name two lists would agree on: given and family name, else the chosen one. Other names come and go."""
    return f"{identity.given} {identity.family}".strip() or identity.chosen


def sameness(identity: Identity) -> Same | None:
    """What two rows about one person share: the words of her names and her birth date. None when one is missing."""
    words = frozenset(plain(called(identity)).split())
    return (words, identity.born) if words and identity.born else None


def repeated(judged: Iterable[Judged]) -> dict[int, int]:
    """Number of each row that says the same person as an earlier one -> number of that one."""
    first: dict[Same, int] = {}
    again: dict[int, int] = {}
    for each in judged:
        same = sameness(each.prospect.identity) if each.prospect else None
        if same is not None and (before := first.setdefault(same, each.row.number)) != each.row.number:
            again[each.row.number] = before
    return again


# ---------------------------------------------------------------------------------------------------------------------
# Places


def letters(column: int) -> str:
    """A column as spreadsheets name it: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def harmless(text: str) -> str:
    """Text for a CSV cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


# ---------------------------------------------------------------------------------------------------------------------
# Taking out

#: More records than this leave only when a second person agrees; counted together with what one member took out alone
#: in the days before, so that a large export cannot be cut into small ones.
ALONE: Final = 50
LOOKING_BACK: Final = timedelta(days=30)
#: How long a request waits for an answer, and an answer can be used. Once.
VALID: Final = timedelta(hours=24)
REASONS: Final = ("own_copy", "moving", "asked_by_survivors", "court", "audit", "other")
SCOPES: Final = ("open", "all", "opened_between")
LEAST_PASSPHRASE: Final = 20
LEAST_WORDS: Final = 4


def weak(passphrase: str) -> str:
    """What is wrong with a passphrase that must withstand guessing at home for years: "short", "plain", or ""."""
    if len(passphrase) < LEAST_PASSPHRASE:
        return "short"
    if len(set(passphrase.casefold())) < 8:
        return "plain"
    words = passphrase.casefold().split()
    if len(words) >= 2 and len(set(words)) < LEAST_WORDS:
        return "plain"
    return ""


def needs_second(count: int, alone_before: int) -> bool:
    """Whether this many records may not leave on one person's word."""
    return count + alone_before > ALONE

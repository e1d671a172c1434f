"""Reads a C-CDA document (HL7 CDA R2, US Realm templates 1.1 to 2.1, and the C32 files before them).

`parse` is pure: bytes in, a frozen `Document` out, or a `DocumentError` with one plain sentence. It reads tolerantly
and loses nothing silently: every `entry` becomes at least one `Item` or is listed in `Document.not_understood`, and a
section that leaves anything not understood is kept whole as text.

No sentence raised here and no `repr` of a value here carries content of the file: both end up in logs and error pages.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import lxml.etree as ET

from accord.policy.words import Category

#: Bytes. A real export with a year of laboratory values is under 2 MB; a scanned letter inside one under 10.
MAX_BYTES: Final = 20_000_000
#: Tags and attributes together: bounds memory, since 20 MB of `<a/>` would cost a gigabyte of tree.
MAX_MARKUP: Final = 1_500_000
MAX_ENTRIES: Final = 20_000
#: Statements inside statements; the deepest template has six.
MAX_NESTING: Final = 24
#: Characters of narrative one reference may bring into an item; more stays in the section's text.
MAX_REFERENCED: Final = 20_000
#: Characters after which a field takes no more repetitions, and remarks an outer statement may lend to inner ones: both
#: keep a crafted file from costing more than it weighs.
MAX_FIELD: Final = 2_000
MAX_LENT: Final = 100

# lxml carries no types, so a node is Any wherever mypy looks.
Node: TypeAlias = Any

_V3: Final = "{urn:hl7-org:v3}"
_SDTC: Final = "{urn:hl7-org:sdtc}"
_XSI_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"


class DocumentError(Exception):
    """The file cannot be read as a C-CDA document. `str()` is one sentence; `line` is 1-based where known."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(f"{sentence[:-1]} (line {line})." if line else sentence)


class _Quiet:
    """A value whose repr names its type only."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@dataclass(frozen=True, slots=True, repr=False)
class Moment(_Quiet):
    """A point in time no sharper than it was written.

    `text` as in the file; `iso` is ISO 8601 cut at `precision` ("year", "month", "day", "hour", "minute", "second"),
    with the offset if one was written.
    """

    text: str
    iso: str
    precision: str

    @property
    def day(self) -> date | None:
        """The calendar day where it was written, or None if only a month or year is known."""
        return None if self.precision in ("year", "month") else date.fromisoformat(self.iso[:10])

    def earliest(self, zone: tzinfo) -> datetime:
        """The first aware instant this can mean; `zone` applies where the file wrote no offset."""
        known = self.iso + {"year": "-01-01", "month": "-01"}.get(self.precision, "")
        if self.precision == "hour":
            known = re.sub(r"^(.{13})", r"\1:00", known)
        value = datetime.fromisoformat(known)
        return value if value.tzinfo else value.replace(tzinfo=zone)


@dataclass(frozen=True, slots=True, repr=False)
class Code(_Quiet):
    """A concept: the code system's OID, the code, the display name of the file. Any of them may be empty."""

    system: str = ""
    code: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Name(_Quiet):
    """One name of a person, parts in document order; `use` is the HL7 code (L legal, SRCH search, ...)."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    use: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Patient(_Quiet):
    """Whom the document is about. Addresses and telecoms are single strings as written."""

    ids: tuple[tuple[str, str], ...] = ()
    names: tuple[Name, ...] = ()
    birth: date | None = None
    birth_moment: Moment | None = None
    gender: str = ""
    languages: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    telecoms: tuple[str, ...] = ()

    @property
    def given(self) -> str:
        return " ".join(self.names[0].given) if self.names else ""

    @property
    def family(self) -> str:
        return " ".join(self.names[0].family) if self.names else ""


@dataclass(frozen=True, slots=True, repr=False)
class Source(_Quiet):
    """Where in the file an item comes from: section, element id, XPath-like path, 1-based line."""

    section: Code
    section_title: str
    root: str
    extension: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, repr=False)
class Media(_Quiet):
    """Embedded bytes and their media type ("" where the file names none)."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Item(_Quiet):
    """One thing the document says.

    `code` may be empty (free text only), `also` holds its translations. `values` are named fields (see `VALUES`),
    `details` are lines for whatever nested statement has no field of its own. `negated`: the document says that this is
    *not* so or was *not* done. `origin` is 64 hex digits over element ids and coded content: equal origins are the same
    statement, a changed statement under an old id has a new one. It is guessable from content, so store it as a
    search token, never in clear.
    """

    kind: str
    category: Category
    code: Code
    also: tuple[Code, ...]
    original: str
    status: str
    start: Moment | None
    end: Moment | None
    values: Mapping[str, str]
    details: tuple[str, ...]
    negated: bool
    narrative: str
    media: Media | None
    source: Source
    origin: str

    @property
    def display(self) -> str:
        """The best short words for a list inside one's own agency; may be free text."""
        words = self.code.display or self.original or self.narrative or self.code.code or self.source.section_title
        return words.strip().split("\n")[0][:200]

    def coded(self) -> dict[str, str]:
        """The fields `rules.summary` may use: coded names, dates and numbers, never free text."""
        name = "" if self.negated and self.code.code in _ANYTHING else self.code.display
        found = {k: v for k, v in self.values.items() if k in SUMMARY_VALUES}
        found["display"] = name if len(name) <= 120 and "\n" not in name else ""
        found["status"] = self.status
        found["negated"] = "yes" if self.negated else "no"
        if self.start:
            found["date"] = self.start.iso[:10]
        return found


@dataclass(frozen=True, slots=True, repr=False)
class Section(_Quiet):
    """A section as written: its narrative rendered to plain text, and how many entries it holds itself."""

    code: Code
    title: str
    text: str
    entries: int
    path: str
    line: int


@dataclass(frozen=True, slots=True, repr=False)
class NotUnderstood(_Quiet):
    """Something that did not become an item: what it is, where it stands, why. `why` ends with where its text went."""

    what: str
    where: str
    why: str
    line: int


@dataclass(frozen=True, slots=True, repr=False)
class Account(_Quiet):
    """What became of one `entry` element: the origins of its items (empty: see `not_understood` at `where`)."""

    where: str
    line: int
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Document(_Quiet):
    """A whole document. `items` are unique by origin, in document order; `repeated` counts those said again."""

    id: tuple[str, str]
    code: Code
    title: str
    effective: Moment | None
    confidentiality: str
    language: str
    author: str
    author_organization: str
    custodian: str
    patient: Patient
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    not_understood: tuple[NotUnderstood, ...]
    account: tuple[Account, ...]
    repeated: int
    body: Media | None


class Sameness(StrEnum):
    SAME = "same"
    UNKNOWN = "unknown"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether document and client are one person. `sentence` says why; it names no value of either."""

    sameness: Sameness
    sentence: str


CATEGORY: Final[Mapping[str, Category]] = MappingProxyType(
    {
        "problem": Category.CONDITIONS,
        "allergy": Category.ALLERGIES,
        "medication": Category.MEDICATIONS,
        "immunization": Category.MEDICATIONS,
        "procedure": Category.PROCEDURES,
        "device": Category.PROCEDURES,
        "encounter": Category.ENCOUNTERS,
        "planned": Category.VISITS,
        "result": Category.RESULTS,
        # Smoking, housing, functional state, directives: coded, but nobody who releases "results" means them.
        "observation": Category.NOTES,
        "goal": Category.NOTES,
        "instruction": Category.NOTES,
        "narrative": Category.DOCUMENTS,
        "document": Category.DOCUMENTS,
    }
)

STATUSES: Final = frozenset(
    {
        "active", "inactive", "resolved", "completed", "pending", "planned",
        "held", "stopped", "cancelled", "not_done", "unknown",
    }
)  # fmt: skip

#: Every key `Item.values` may have.
VALUES: Final = frozenset(
    {
        "about", "age_at_onset", "allergy_type", "as_needed", "body_site", "criticality", "disposition", "dose", "form",
        "frequency", "health_status", "indication", "informant", "instructions", "interpretation", "location", "lot",
        "manufacturer", "max_dose", "media_type", "method", "nothing_known", "panel", "performer", "priority",
        "problem_type", "quantity", "rate", "reaction", "reaction_severity", "reason_not_done", "recorded",
        "reference_range", "refills", "route", "series", "severity", "specimen", "text", "unit", "value",
    }
)  # fmt: skip

#: Those of them that are codes, numbers, units or display names of codes, and so fit for a summary.
SUMMARY_VALUES: Final = frozenset({"nothing_known", "severity", "unit", "value", "interpretation", "allergy_type"})

# ---------------------------------------------------------------------------------------------------------------------
# Templates (C-CDA 2.16.840.1.113883.10.20.22.4.N is written "4.N"; the C32 ones 2.16.840.1.113883.10.20.1.N "1.N").

_FOLD = (("2.16.840.1.113883.10.20.22.", ""), ("2.16.840.1.113883.10.20.", ""))

_WRAPPERS: Final = frozenset(
    {"4.3", "4.30", "4.33", "4.34", "4.35", "4.36", "4.80", "4.131", "4.132", "4.136", "4.146", "1.27"}
)
_ALLERGY: Final = frozenset({"4.7", "4.90"})
_PROBLEM: Final = frozenset({"4.4", "4.114", "4.19"})
_RESULT: Final = frozenset({"4.2", "4.27", "1.31"})

_ALLERGY_SECTIONS: Final = frozenset({"48765-2"})
_PROBLEM_SECTIONS: Final = frozenset({"11450-4", "11348-0", "46241-6", "42347-5", "11535-2", "C-CDAV2-DDN", "29308-4"})
_RESULT_SECTIONS: Final = frozenset({"30954-2", "8716-3"})
_PROCEDURE_SECTIONS: Final = frozenset({"47519-4"})
#: Functional and mental state, social history: files put "no impairment" there under the problem template.
_STATE_SECTIONS: Final = frozenset({"47420-5", "10190-7", "29762-2"})
_FAMILY_SECTIONS: Final = frozenset({"10157-6"})
_PAYER_SECTIONS: Final = frozenset({"48768-6"})
_PLAN_SECTIONS: Final = frozenset({"18776-5", "51847-2"})

_STATEMENTS: Final = frozenset(
    {
        "act", "encounter", "observation", "observationMedia", "organizer", "procedure", "regionOfInterest",
        "substanceAdministration", "supply",
    }
)  # fmt: skip

_CODED_FIELDS: Final = (
    ("interpretationCode", "interpretation"),
    ("priorityCode", "priority"),
    ("routeCode", "route"),
    ("approachSiteCode", "body_site"),
    ("targetSiteCode", "body_site"),
    ("methodCode", "method"),
)

#: Fields that say something even about a statement without code and text.
_TELLING: Final = frozenset({"value", "text", "location", "disposition", "indication", "instructions"})

#: Roles of nested statements, by template then by code.
_ROLE_BY_TEMPLATE: Final = {
    "4.122": "pointer",
    "4.64": "comment", "1.40": "comment",
    "4.6": "status", "4.28": "status", "1.50": "status", "1.39": "status", "1.47": "status", "1.57": "status",
    "4.8": "severity", "1.55": "severity",
    "4.145": "criticality",
    "4.9": "reaction", "1.54": "reaction",
    "4.5": "health_status", "1.51": "health_status",
    "4.31": "age", "1.38": "age",
    "4.19": "indication",
    "4.20": "instruction", "1.49": "instruction",
    "4.17": "supply", "4.18": "supply",
    "4.53": "refusal",
    "4.143": "priority",
    "4.80": "diagnosis",
    "1.46": "series",
}  # fmt: skip
_ROLE_BY_CODE: Final = {
    "48767-8": "comment",
    "33999-4": "status",
    "SEV": "severity",
    "82606-5": "criticality",
    "11323-3": "health_status",
    "445518008": "age",
    "397659008": "age",
    "PINSTRUCT": "instruction",
    "409073007": "instruction",
    "30973-2": "series",
}

#: Codes that say "this is a problem / an allergy" without saying which.
_GENERIC: Final = frozenset(
    {
        "ASSERTION", "55607006", "404684003", "64572001", "282291009", "409586006", "418799008", "29308-4", "75326-9",
        "75323-6", "75321-0", "75312-9", "75319-4", "75310-3", "281694009", "419199007", "416098002", "414285001",
        "420134006", "418038007", "419511003", "418471000", "59037007", "235719002", "105590001",
        "410942007", "762766007", "CONC",
    }
)  # fmt: skip
#: Those of them that name no kind of problem or allergy at all; denied, they mean "none known".
_ANYTHING: Final = frozenset({"105590001", "419199007", "418038007", "55607006", "404684003", "64572001"})
#: Codes that are no words for a reader when nothing else is given.
_WORDLESS: Final = frozenset({"ASSERTION", "PINSTRUCT", "IINSTRUCT", "CONC", "IMMUNIZ"})
_JUNK: Final = frozenset({"unknown", "none", "ni", "unk", "na", "null", "n/a"})

#: SNOMED CT codes a problem, allergy or medication status observation may hold.
_STATUS_VALUES: Final = {
    "55561003": "active",
    "73425007": "inactive",
    "413322009": "resolved",
    "421139008": "held",
    "392521001": "inactive",
    "90734009": "active",
    "7087005": "active",
    "255227004": "active",
    "LA16666-2": "active",
    "LA18632-2": "inactive",
    "LA9633-4": "active",
    "246455001": "active",
    "263855007": "active",
}
_STATUS_WORDS: Final = {
    "active": "active", "inactive": "inactive", "no longer active": "inactive", "obsolete": "inactive",
    "resolved": "resolved", "completed": "completed", "complete": "completed", "new": "pending",
    "suspended": "held", "on hold": "held", "held": "held",
    "aborted": "stopped", "stopped": "stopped", "discontinued": "stopped",
    "cancelled": "cancelled", "canceled": "cancelled", "nullified": "cancelled",
}  # fmt: skip
_SEVERITIES: Final = {
    "255604002": "mild",
    "371923003": "mild_to_moderate",
    "6736007": "moderate",
    "371924009": "moderate_to_severe",
    "24484000": "severe",
    "399166001": "fatal",
}

# ---------------------------------------------------------------------------------------------------------------------
# Bytes to tree

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
# Only encodings in which "<!DOCTYPE" has one spelling: UTF-7 and EBCDIC could hide one from the check below.
_ENCODINGS: Final = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1", "iso-8859-15": "iso-8859-15", "windows-1252": "cp1252", "cp1252": "cp1252",
    # Declared, but without a byte order mark or NULs: written by a program that forgot to convert.
    "utf-16": "utf-8", "utf-16le": "utf-8", "utf-16be": "utf-8",
}  # fmt: skip
_DECLARATION: Final = re.compile(r"\A\s*<\?xml\s[^>]{0,200}\?>")
_DECLARED: Final = re.compile(rb"\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
#: Prefixes that careless fragments use without declaring.
_PREFIXES: Final = {
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "sdtc": "urn:hl7-org:sdtc",
    "voc": "urn:hl7-org:v3/voc",
    "cda": "urn:hl7-org:v3",
}


def _text_of(data: bytes) -> str:
    """The file as text, its XML declaration blanked out. DocumentError for an unknown or broken encoding."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    if encoding is None:
        declared = _DECLARED.match(data[:400])
        name = declared.group(1).decode("ascii").lower() if declared else "utf-8"
        if name not in _ENCODINGS:
            raise DocumentError("The file declares a text encoding that is not accepted; save it as UTF-8.", 1)
        encoding = _ENCODINGS[name]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count("\n".encode(encoding)) + 1
        # `from None`: the codec's error carries the whole file.
        raise DocumentError(f"The file is not written in the encoding it declares ({encoding}).", line) from None
    text = text.lstrip("\ufeff")
    head = _DECLARATION.match(text)
    return "\n" * head.group().count("\n") + text[head.end() :] if head else text


def _refuse_doctype(text: str) -> None:
    """Walks comments and processing instructions up to the first element; a DOCTYPE there is refused unread."""
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        for opening, closing in (("<!--", "-->"), ("<?", "?>")):
            if text.startswith(opening, at):
                end = text.find(closing, at + len(opening))
                if end < 0:
                    raise DocumentError("The file stops before its first element; it is cut off.", _line(text, at))
                at = end + len(closing)
                break
        else:
            break
    if text.startswith("<!", at):
        raise DocumentError(
            "The file has a DOCTYPE, which a C-CDA never has and which can hide an attack; it was not read.",
            _line(text, at),
        )
    if not text.startswith("<", at):
        raise DocumentError("The file is not XML.", _line(text, at))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _tree(text: str, declare: bool = True) -> Node:
    parser = ET.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return ET.fromstring(text.encode(), parser)
    except ET.XMLSyntaxError as error:
        message, line, code = str(error), error.lineno or 1, error.code
    except ValueError:
        raise DocumentError("The file is not XML.", 1) from None
    # libxml2's own message may quote the file, so each kind gets a sentence of ours.
    if code == ET.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE and declare:
        return _tree(_declared(text), declare=False)
    if "huge text" in message or "too long" in message:
        raise DocumentError("One text in the file is longer than 10 million characters and was not read.", line)
    if "depth" in message.lower():
        raise DocumentError("The file nests its elements too deeply to be a C-CDA document.", line)
    if code in (ET.ErrorTypes.ERR_UNDECLARED_ENTITY, ET.ErrorTypes.WAR_UNDECLARED_ENTITY):
        raise DocumentError("The file uses a named entity, which is not accepted.", line)
    if code in (ET.ErrorTypes.ERR_ENTITY_LOOP, ET.ErrorTypes.ERR_RESOURCE_LIMIT):
        raise DocumentError("The file asks for more memory than a document may.", line)
    whole = re.search(r"</[^<>]*ClinicalDocument\s*>(?:\s|<!--[^<>]*-->)*\Z", text[-2000:])
    if not whole and line >= _line(text.rstrip(), len(text)):
        raise DocumentError("The file stops in the middle; it was cut off or not sent whole.", line)
    raise DocumentError("The file is not well-formed XML.", line)


def _declared(text: str) -> str:
    """`text` with the usual prefixes declared on its first element where it does not declare them itself."""
    start = re.search(r"<(?![?!])[^\s/>]+", text)
    if start is None:
        return text
    head = text[start.start() : text.find(">", start.end())]
    missing = "".join(f' xmlns:{p}="{uri}"' for p, uri in _PREFIXES.items() if f"xmlns:{p}=" not in head)
    return text[: start.end()] + missing + text[start.end() :]


def _local(node: Node) -> str:
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _same_namespace(root: Node) -> None:
    """Brings elements without a namespace, or in the root's own odd one, into urn:hl7-org:v3."""
    odd = root.tag.rpartition("}")[0].lstrip("{") if "}" in root.tag else ""
    for namespace in {"", odd} - {_V3[1:-1]}:
        for node in list(root.iter(f"{{{namespace}}}*")):
            node.tag = _V3 + _local(node)


# ---------------------------------------------------------------------------------------------------------------------
# Small readers over nodes


@lru_cache(maxsize=512)
def _path(path: str) -> str:
    return "/".join(step.replace("sdtc:", _SDTC) if ":" in step else _V3 + step for step in path.split("/"))


def _one(node: Node, path: str) -> Node | None:
    return None if node is None else node.find(_path(path))


def _all(node: Node, path: str) -> list[Node]:
    return [] if node is None else list(node.findall(_path(path)))


def _flat(text: str | None) -> str:
    return " ".join(text.split()) if text else ""


def _attribute(node: Node, name: str) -> str:
    return "" if node is None else _flat(node.get(name))


def _text(node: Node) -> str:
    return "" if node is None else _flat("".join(node.itertext()))


def _templates(node: Node) -> frozenset[str]:
    found = set()
    for template in node.findall(_V3 + "templateId"):
        root = template.get("root") or ""
        for long, short in _FOLD:
            if root.startswith(long):
                root = short + root[len(long) :]
                break
        found.add(root)
    return frozenset(found)


_HL7_TIME: Final = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?")
_PRECISIONS: Final = ("year", "month", "day", "hour", "minute", "second")


def moment(text: str) -> Moment | None:
    """An HL7 V3 time stamp (YYYY[MM[DD[HH[MM[SS[.f]]]]]][+-ZZzz]) or ISO 8601, as sharp as its valid parts.

    None for anything that has no plausible year (1800 to 2199).
    """
    text = _flat(text)
    plain = re.sub(r"(?<=\d)-(?=\d\d(?:-|\b|T))", "", text, count=2) if re.match(r"\d{4}-", text) else text
    plain = plain.replace("T", "").replace(":", "") if plain != text or "T" in text else plain
    match = _HL7_TIME.match(plain)
    if not match or not 1800 <= int(match[1]) <= 2199:
        return None
    parts = [int(p) for p in match.groups()[:6] if p is not None]
    known = len(parts)
    while known > 1:
        try:
            year, month, day, hour, minute, second = [*parts[:known], *(1, 1, 1, 0, 0, 0)[known:]]
            datetime(year, month, day, hour, minute, second)
            break
        except ValueError:
            known -= 1
    year, *rest = parts[:known]
    iso = f"{year:04}" + "".join(f"-{p:02}" for p in rest[:2])
    if known > 3:
        iso += "T" + ":".join(f"{p:02}" for p in rest[2:])
        offset = match[7]
        if offset and known == len(parts):
            iso += _offset(offset)
    return Moment(text, iso, _PRECISIONS[known - 1])


def _offset(text: str) -> str:
    if text == "Z":
        return "+00:00"
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        return ""
    sign = -1 if text[0] == "-" else 1
    zone = timezone(sign * timedelta(hours=hours, minutes=minutes))
    return datetime(2000, 1, 1, tzinfo=zone).isoformat()[-6:]


_BREAKS: Final = frozenset(
    {
        "br", "caption", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "list", "p", "paragraph", "pre", "table",
        "title", "tr",
    }
)  # fmt: skip


def _prose(node: Node) -> str:
    """CDA narrative as plain text: a line per paragraph, row or item, cells parted by " | ". Iterative: input nests."""
    parts: list[str] = []
    for event, here in ET.iterwalk(node, events=("start", "end")):
        tag = _local(here)
        if event == "start":
            if tag in _BREAKS:
                parts.append("\n")
            elif tag == "item":
                parts.append("\n- ")
            elif tag in ("td", "th"):
                parts.append("\t")
            parts.append((here.text or "").replace("\t", " ").replace("\n", " "))
        else:
            if tag in _BREAKS or tag == "item":
                parts.append("\n")
            if here is not node:
                parts.append((here.tail or "").replace("\t", " ").replace("\n", " "))
    lines = []
    for raw in "".join(parts).split("\n"):
        cells = [_flat(c) for c in raw.split("\t")]
        if not cells[0]:
            cells = cells[1:]
        line = " | ".join(cells).rstrip(" |").lstrip()
        if line and line != "-":
            lines.append(line)
    return "\n".join(lines)


@dataclass(slots=True)
class _Place:
    """Where a statement stands while it is read: its section, outer statements, what they lend it."""

    section: Code
    title: str
    depth: int = 0
    outer_status: str = ""
    outer_ids: tuple[tuple[str, str], ...] = ()
    outer_start: Moment | None = None
    outer_end: Moment | None = None
    panel: str = ""
    specimen: str = ""
    lines: tuple[str, ...] = ()

    def inside(self, **changes: Any) -> _Place:
        kept = {name: getattr(self, name) for name in self.__slots__}
        return _Place(**{**kept, "depth": self.depth + 1, **changes})


@dataclass(slots=True)
class _Reader:
    root: Node
    items: dict[str, Item] = field(default_factory=dict)
    missed: list[NotUnderstood] = field(default_factory=list)
    repeated: int = 0
    emitted: list[str] = field(default_factory=list)
    _ids: dict[str, Node] = field(default_factory=dict)
    _resolved: dict[str, str] = field(default_factory=dict)
    _steps: dict[Node, str] = field(default_factory=dict)
    too_long: bool = False

    # -- places ------------------------------------------------------------------------------------------------------

    def where(self, node: Node) -> str:
        """/ClinicalDocument/component/... with a position wherever siblings share a name."""
        steps: list[str] = []
        while node is not None:
            parent = node.getparent()
            if parent is None:
                steps.append(_local(node))
                break
            if node not in self._steps:
                self._number(parent)
            steps.append(self._steps[node])
            node = parent
        return "/" + "/".join(reversed(steps))

    def _number(self, parent: Node) -> None:
        counts: dict[str, int] = {}
        for child in parent:
            counts[child.tag] = counts.get(child.tag, 0) + 1
        seen: dict[str, int] = {}
        for child in parent:
            seen[child.tag] = seen.get(child.tag, 0) + 1
            name = _local(child)
            self._steps[child] = f"{name}[{seen[child.tag]}]" if counts[child.tag] > 1 else name

    def miss(self, what: str, node: Node, why: str) -> None:
        self.missed.append(NotUnderstood(what, self.where(node), why, node.sourceline or 0))

    # -- text ---------------------------------------------------------------------------------------------------------

    def index(self) -> None:
        for node in self.root.xpath("//*[@ID]"):
            self._ids.setdefault(node.get("ID"), node)

    def referenced(self, value: str) -> str:
        """The narrative a `reference` points to, or "" (a pointer to nothing is common and harmless)."""
        key = value.lstrip("#").strip()
        if not key or key not in self._ids:
            return ""
        if key not in self._resolved:
            text = _prose(self._ids[key])
            if len(text) > MAX_REFERENCED:
                self.too_long = True
                text = ""
            self._resolved[key] = text
        return self._resolved[key]

    def words(self, node: Node) -> str:
        """Text of an ED or ST: inline, and whatever it refers to."""
        if node is None or _attribute(node, "representation").upper() == "B64":
            return ""
        inline = _prose(node)
        found = [inline] if inline else []
        for reference in _all(node, "reference"):
            text = self.referenced(reference.get("value") or "")
            if text and text not in found:
                found.append(text)
        return "\n".join(found)

    # -- codes --------------------------------------------------------------------------------------------------------

    def codes(self, node: Node) -> tuple[Code, tuple[Code, ...], str]:
        """(the best code, every other one, original text) of a coded element; empty ones where it has none."""
        if node is None:
            return Code(), (), ""
        concepts: dict[Code, None] = {}
        for one in (node, *node.iter(_V3 + "translation")):
            system, code, display = (_attribute(one, name) for name in ("codeSystem", "code", "displayName"))
            code = "" if code.lower() in _JUNK else code
            display = "" if display.lower() in _JUNK or not re.search(r"\w", display) else display
            concept = Code(system if code else "", code, display)
            if code or display:
                concepts[concept] = None
        found = list(concepts)
        original = self.words(_one(node, "originalText"))
        if not found:
            return Code(), (), original
        specific = [c for c in found if c.code and c.code not in _GENERIC]
        chosen = next(iter(specific or [c for c in found if c.code] or found))
        best = chosen
        if not best.display:
            name = next((c.display for c in found if c.display and c.code not in _GENERIC), "")
            best = Code(best.system, best.code, name)
        return best, tuple(c for c in found if c is not chosen), original

    def label(self, node: Node) -> str:
        """Short words for a coded element."""
        code, _, original = self.codes(node)
        return code.display or _flat(original) or ("" if code.code in _WORDLESS else code.code)

    def value(self, node: Node) -> tuple[str, str, bool]:
        """(value, unit, coded) of an observation's value element; `coded` is False for free text."""
        kind = (node.get(_XSI_TYPE) or "").rpartition(":")[2]
        number, unit = _attribute(node, "value"), _attribute(node, "unit")
        if unit in ("1", "null"):
            unit = ""
        if kind.startswith(("IVL", "RTO")) or _one(node, "low") is not None or _one(node, "high") is not None:
            low, high = _one(node, "low"), _one(node, "high")
            if kind.startswith("RTO"):
                low, high = _one(node, "numerator"), _one(node, "denominator")
            ends = [_attribute(n, "value") for n in (low, high)]
            unit = _attribute(low, "unit") or _attribute(high, "unit")
            if kind.startswith("RTO"):
                return "/".join(ends).strip("/"), unit, True
            one_sided = f">={ends[0]}" if ends[0] else f"<={ends[1]}" if ends[1] else ""
            return "-".join(ends) if all(ends) else one_sided, "" if unit == "1" else unit, True
        if number and (kind in ("", "PQ", "INT", "REAL", "BL", "MO", "TS") or kind.startswith("PQ")):
            return number, unit, True
        if kind in ("CD", "CE", "CV", "CO", "CS", "SC") or node.get("code") or node.get("displayName"):
            label = self.label(node)
            if label:
                return label, "", bool(node.get("code") or node.get("displayName"))
        return self.words(node) or number, unit, False

    def ids(self, node: Node) -> tuple[tuple[str, str], ...]:
        found = ((_attribute(i, "root"), _attribute(i, "extension")) for i in _all(node, "id"))
        return tuple(pair for pair in found if any(pair))

    # -- time ---------------------------------------------------------------------------------------------------------

    def times(self, nodes: Iterable[Node], lines: list[str]) -> tuple[Moment | None, Moment | None, str]:
        """(start, end, frequency) of effectiveTime elements. What is no date is kept as a line."""
        start = end = None
        frequency: list[str] = []

        def read(node: Node) -> Moment | None:
            text = _attribute(node, "value")
            found = moment(text) if text else None
            digits = len(text) - len(text.lstrip("0123456789"))
            if text and (found is None or len(re.sub(r"\D", "", found.iso)) < digits):
                lines.append(f"time as written: {text}")
            return found

        queue = list(nodes)
        while queue:
            node = queue.pop(0)
            queue.extend(_all(node, "comp"))
            kind = (node.get(_XSI_TYPE) or "").rpartition(":")[2]
            if kind.startswith("PIVL") or _one(node, "period") is not None:
                every, unit, _ = self.value(period) if (period := _one(node, "period")) is not None else ("", "", True)
                if every:
                    frequency.append(f"every {every} {unit}".strip())
                continue
            if kind.startswith("EIVL") or _one(node, "event") is not None:
                frequency.append(f"at {_attribute(_one(node, 'event'), 'code')}".strip())
                continue
            point = read(node)
            low, high = read(_one(node, "low")), read(_one(node, "high"))
            centre = read(_one(node, "center"))
            start = start or low or point or centre
            end = end or high
        if start and end and end.iso[: len(start.iso[:10])] < start.iso[: len(end.iso[:10])]:
            lines.append(f"end as written, before the start: {end.text}")
            end = None
        return start, end, "; ".join(frequency)

    # -- people -------------------------------------------------------------------------------------------------------

    def person(self, node: Node) -> str:
        """A name element's parts in written order, or its flat text."""
        if node is None:
            return ""
        parts = [_text(p) for p in node if _local(p) in ("prefix", "given", "family", "suffix")]
        return " ".join(p for p in parts if p) or _text(node)

    def entity(self, node: Node) -> str:
        """Person and organisation of an assignedEntity, relatedEntity or participantRole, in one line."""
        person = ""
        for path in ("assignedPerson/name", "relatedPerson/name", "playingEntity/name", "associatedPerson/name"):
            person = person or self.person(_one(node, path))
        organisation = _text(_one(node, "representedOrganization/name")) or _text(_one(node, "scopingEntity/desc"))
        label = self.label(_one(node, "code"))
        return ", ".join(p for p in (person, organisation) if p) or label

    # -- statements ---------------------------------------------------------------------------------------------------

    def role(self, node: Node, relation: str = "") -> str:
        for template in _templates(node):
            if template in _ROLE_BY_TEMPLATE:
                return _ROLE_BY_TEMPLATE[template]
        code = _attribute(_one(node, "code"), "code")
        if code in _ROLE_BY_CODE:
            return _ROLE_BY_CODE[code]
        if relation == "MFST":
            return "reaction"
        if relation == "RSON" and _local(node) in ("observation", "act"):
            return "indication"
        return ""

    def nested(self, node: Node) -> Iterator[tuple[str, Node]]:
        for link in node:
            if _local(link) in ("entryRelationship", "component"):
                for child in link:
                    if _local(child) in _STATEMENTS:
                        yield _attribute(link, "typeCode"), child

    def kind(self, node: Node, place: _Place) -> str:
        """The kind of item a statement is; "wrapper", "panel", or "" with the reason left to `why_not`."""
        name, templates, section = _local(node), _templates(node), place.section.code
        mood = _attribute(node, "moodCode") or "EVN"
        planned = not mood.startswith("EVN")
        if name == "encounter":
            return "planned" if planned else "encounter"
        if name == "encompassingEncounter":
            return "encounter"
        if name == "observationMedia":
            return "document"
        if section in _PAYER_SECTIONS or "4.60" in templates:
            return ""
        if section in _FAMILY_SECTIONS or templates & {"4.45", "4.46"}:
            return ""
        if _one(node, "subject/relatedSubject") is not None:
            return ""
        if name == "procedure":
            return "planned" if planned else "procedure"
        if name == "supply":
            return "planned" if planned and section in _PLAN_SECTIONS else "device"
        if name == "substanceAdministration":
            shot = templates & {"4.52", "4.120", "1.3.6.1.4.1.19376.1.5.3.1.4.12", "2.16.840.1.113883.3.88.11.83.13"}
            return "immunization" if shot or section == "11369-6" else "medication"
        if name == "organizer":
            return "panel"
        if name == "act":
            code = _attribute(_one(node, "code"), "code")
            if templates & _WRAPPERS or code == "CONC":
                return "wrapper"
            if "4.12" in templates or (section in _PROCEDURE_SECTIONS and not planned):
                return "procedure"
            if self.role(node) == "instruction":
                return "instruction"
            if planned:
                return "planned"
            if (not code or code == section) and any(True for _ in self.nested(node)):
                return "wrapper"
            return "observation"
        if name == "observation":
            if mood.startswith("GOL") or "4.121" in templates:
                return "goal"
            if planned:
                return "planned"
            if templates & _ALLERGY or section in _ALLERGY_SECTIONS:
                return "allergy"
            if section in _STATE_SECTIONS:
                return "observation"
            if templates & _PROBLEM or section in _PROBLEM_SECTIONS:
                return "problem"
            if "4.13" in templates or section in _PROCEDURE_SECTIONS:
                return "procedure"
            if templates & _RESULT or section in _RESULT_SECTIONS:
                return "result"
            return "problem" if "1.28" in templates else "observation"
        return ""

    def why_not(self, node: Node, place: _Place) -> str:
        if place.section.code in _PAYER_SECTIONS or "4.60" in _templates(node):
            return "It is about insurance, which is not imported as a field; the section is kept as text."
        if _local(node) == "regionOfInterest":
            return "It marks a region of an image; the section is kept as text."
        return "It is about a relative or another person, not the patient; the section is kept as text."

    def statement(self, node: Node, place: _Place) -> int:
        """Reads one statement into items; returns how many (0: it was listed as not understood)."""
        if place.depth > MAX_NESTING:
            self.miss(_local(node), node, "It is nested too deeply; the section is kept as text.")
            return 0
        kind = self.kind(node, place)
        if kind == "wrapper":
            return self.wrapper(node, place)
        if kind == "panel":
            return self.panel(node, place)
        if not kind:
            self.miss(_local(node), node, self.why_not(node, place))
            return 0
        return self.leaf(kind, node, place)

    def wrapper(self, node: Node, place: _Place) -> int:
        lines: list[str] = []
        start, end, _ = self.times(_all(node, "effectiveTime"), lines)
        inner, modifiers = [], []
        templates = _templates(node)
        for relation, child in self.nested(node):
            role = self.role(child)
            # In a diagnosis or concern the problem itself may carry the indication template.
            if role and not (role == "indication" and templates & _WRAPPERS):
                modifiers.append((relation, child))
            else:
                inner.append(child)
        values: dict[str, str] = {}
        for relation, child in modifiers:
            self.modifier(child, relation, values, lines, place, 0)
        outer_status = values.pop("said_status", "") or _attribute(_one(node, "statusCode"), "code")
        lines.extend(f"{name}: {text}" for name, text in values.items())
        within = place.inside(
            outer_status=outer_status,
            outer_ids=self.ids(node),
            outer_start=start or place.outer_start,
            outer_end=end or place.outer_end,
            lines=self.lent(node, place, lines),
        )
        count = sum(self.statement(child, within) for child in inner)
        if not inner:
            self.miss(_local(node), node, "It holds no statement; the section is kept as text.")
        return count

    def lent(self, node: Node, place: _Place, lines: list[str]) -> tuple[str, ...]:
        """The lines an outer statement lends to each item inside it, cut at MAX_LENT."""
        found = tuple(dict.fromkeys((*place.lines, *lines)))
        if len(found) > MAX_LENT:
            self.miss(_local(node), node, f"It has more than {MAX_LENT} remarks; the section is kept as text.")
        return found[:MAX_LENT]

    def panel(self, node: Node, place: _Place) -> int:
        lines: list[str] = []
        start, end, _ = self.times(_all(node, "effectiveTime"), lines)
        specimen = self.label(_one(node, "specimen/specimenRole/specimenPlayingEntity/code"))
        within = place.inside(
            outer_status=_attribute(_one(node, "statusCode"), "code"),
            outer_start=start or place.outer_start,
            outer_end=end or place.outer_end,
            panel=self.label(_one(node, "code")),
            specimen=specimen,
            lines=self.lent(node, place, lines),
        )
        children = [(r, c) for r, c in self.nested(node) if self.role(c, r) != "pointer"]
        results = place.section.code in _RESULT_SECTIONS or "4.1" in _templates(node)
        if results and any(_local(child) == "observation" for _, child in children):
            # Beside results, a procedure is how the sample was taken, and a comment is on the whole panel.
            aside = {c: None for r, c in children if _local(c) == "procedure" or self.role(c, r) == "comment"}
            within.lines = self.lent(node, place, [*lines, *(self.line_of(c) for c in aside)])
            children = [(r, c) for r, c in children if c not in aside]
        count = sum(self.statement(child, within) for _, child in children)
        if not children:
            return self.leaf("result" if results else "observation", node, place)
        return count

    def line_of(self, node: Node) -> str:
        """One nested statement in one line: label, value or text, date."""
        label = self.label(_one(node, "code"))
        texts = []
        for value in _all(node, "value"):
            text, unit, _ = self.value(value)
            if text:
                texts.append(f"{text} {unit}".strip())
        narrative = self.words(_one(node, "text"))
        if narrative and narrative not in texts:
            texts.append(narrative)
        product = self.label(self.product(node))
        if product:
            texts.append(product)
        start, _, _ = self.times(_all(node, "effectiveTime"), [])
        people = [self.entity(_one(p, "participantRole")) for p in _all(node, "participant")]
        said = "; ".join([*texts, *(p for p in people if p)])
        if not said and self.role(node) == "comment":
            return ""
        line = ": ".join(p for p in (label, said) if p)
        return f"{line} ({start.iso})" if line and start else line

    def product(self, node: Node) -> Node | None:
        for outer in ("consumable", "product"):
            for inner in ("manufacturedMaterial", "manufacturedLabeledDrug"):
                found = _one(node, f"{outer}/manufacturedProduct/{inner}/code")
                if found is not None:
                    return found
        return None

    def modifier(
        self, node: Node, relation: str, values: dict[str, str], lines: list[str], place: _Place, depth: int
    ) -> None:
        """Reads a nested statement into fields of its outer one, or into a line where it has no field."""
        if depth > MAX_NESTING:
            self.miss(_local(node), node, "It is nested too deeply; the section is kept as text.")
            return
        role = self.role(node, relation)
        coded = _one(node, "value")

        def add(name: str, text: str) -> None:
            _add(values, lines, name, text)

        text = self.value(coded)[0] if coded is not None else ""
        words = _flat(self.words(_one(node, "text")))
        if role == "pointer":
            return
        if role == "status":
            status = _STATUS_VALUES.get(_attribute(coded, "code")) or _STATUS_WORDS.get((text or words).lower())
            if status:
                values["said_status"] = status
            elif text or words:
                lines.append(f"status: {text or words}")
        elif role == "severity":
            add("severity", _SEVERITIES.get(_attribute(coded, "code")) or text or words)
        elif role in ("criticality", "health_status"):
            add(role, text or words or self.label(_one(node, "code")))
        elif role == "reaction":
            add(role, text or words or self.label(_one(node, "code")))
            # How bad that reaction was is not how bad the allergy is.
            worst: dict[str, str] = {}
            for deeper, child in self.nested(node):
                self.modifier(child, deeper, worst, lines, place, depth + 1)
            add("reaction_severity", worst.pop("severity", ""))
            lines.extend(f"{name}: {said}" for name, said in worst.items())
            return
        elif role == "age":
            add("age_at_onset", " ".join(self.value(coded)[:2]).strip() if coded is not None else "")
        elif role == "indication":
            inner = [child for _, child in self.nested(node) if self.role(child) == ""]
            if coded is None and inner:
                for child in inner:
                    self.modifier(child, "RSON", values, lines, place, depth + 1)
                return
            add("indication", text or words or self.label(_one(node, "code")))
        elif role == "instruction":
            topic = _one(node, "code")
            add("instructions", words or ("" if _attribute(topic, "code") in _ROLE_BY_CODE else self.label(topic)))
        elif role == "refusal":
            add("reason_not_done", self.label(_one(node, "code")))
        elif role == "priority":
            add("priority", text)
        elif role == "series":
            add("series", text)
        elif role == "supply":
            quantity = _one(node, "quantity")
            amount = " ".join(self.value(quantity)[:2]).strip() if quantity is not None else ""
            order = "4.17" in _templates(node)
            line = self.line_of(node)
            if order:
                add("quantity", amount)
                add("refills", _attribute(_one(node, "repeatNumber"), "value"))
            pharmacy = self.entity(_one(node, "performer/assignedEntity"))
            said = ", ".join(p for p in (line, "" if order else amount, pharmacy) if p)
            if said:
                lines.append(("ordered: " if order else "supplied: ") + said)
        else:
            line = self.line_of(node)
            if line:
                lines.append(line)
        for deeper, child in self.nested(node):
            self.modifier(child, deeper, values, lines, place, depth + 1)

    def leaf(self, kind: str, node: Node, place: _Place) -> int:
        """One item of `kind` from one statement (and the diagnoses inside an encounter)."""
        values: dict[str, str] = {}
        lines: list[str] = []
        count = 0
        start, end, frequency = self.times(_all(node, "effectiveTime"), lines)
        if kind in ("problem", "allergy") and start is None and end is None:
            # A concern's time says when it was noted, the best there is where the statement gives none.
            start, end = place.outer_start, place.outer_end
        elif start is None:
            start, end = place.outer_start, end or place.outer_end
        negated = _attribute(node, "negationInd").lower() == "true"
        code, also, original = self.main_code(kind, node, values)
        for relation, child in self.nested(node):
            if kind == "encounter" and self.role(child) == "diagnosis":
                within = place.inside(outer_start=start, outer_end=None, outer_status="")
                count += self.wrapper(child, within)
            else:
                self.modifier(child, relation, values, lines, place, 0)
        self.fields(kind, node, values, lines)
        if frequency:
            values["frequency"] = frequency
        if place.panel and kind in ("result", "observation"):
            values["panel"] = place.panel
        if place.specimen:
            values.setdefault("specimen", place.specimen)
        if negated and (not code.code or code.code in _GENERIC or code.code.lower() in _JUNK):
            values["nothing_known"] = "yes"
        narrative = self.words(_one(node, "text"))
        media = None
        if kind == "document":
            media = self.media(_one(node, "value"), node)
        status = self.status(kind, node, place, values, end, negated)
        says = any((code.code, code.display, original, narrative, media))
        says = says or not values.keys().isdisjoint(_TELLING)
        if not says and kind not in ("encounter", "document"):
            self.miss(_local(node), node, "It names nothing: no code, no text, no value; the section is kept as text.")
            return count
        ids = self.ids(node) or place.outer_ids
        self.emit(
            kind, node, place, code, also, original, status, start, end, values, (*lines, *place.lines), negated,
            narrative, media, ids,
        )  # fmt: skip
        return count + 1

    def main_code(self, kind: str, node: Node, values: dict[str, str]) -> tuple[Code, tuple[Code, ...], str]:
        own = _one(node, "code")
        if kind in ("medication", "immunization"):
            code, also, original = self.codes(self.product(node))
            name = ""
            for inner in ("manufacturedMaterial", "manufacturedLabeledDrug"):
                name = name or _text(_one(node, f"consumable/manufacturedProduct/{inner}/name"))
            return code, also, original or name
        if kind == "allergy":
            value = _one(node, "value")
            if value is not None:
                values["allergy_type"] = self.label(value)
            for path in ("participant/participantRole/playingEntity", "participant/participantRole/playingDevice"):
                for entity in _all(node, path):
                    code, also, original = self.codes(_one(entity, "code"))
                    original = original or _text(_one(entity, "name"))
                    if code.code or code.display or original:
                        return code, also, original
            # C32 files name the substance in the value instead, and the type in the code.
            code, also, original = self.codes(value)
            if own is not None and _attribute(own, "code") not in ("ASSERTION", ""):
                values["allergy_type"] = self.label(own) or values.get("allergy_type", "")
            return code, also, original
        if kind == "problem":
            value = _one(node, "value")
            code, also, original = self.codes(value) if value is not None else (Code(), (), "")
            if value is not None and not code.code and not code.display and not original:
                original = self.value(value)[0]
            named = code.code or code.display or original
            if not named and own is not None and _attribute(own, "code") not in _GENERIC:
                return self.codes(own)
            if own is not None and _attribute(own, "code") not in ("ASSERTION", ""):
                values["problem_type"] = self.label(own)
            return code, also, original
        if kind == "device":
            product = self.product(node)
            if product is None:
                product = _one(node, "participant/participantRole/playingDevice/code")
            return self.codes(product if product is not None else own)
        if kind in ("observation", "goal", "result") and own is not None:
            code, also, original = self.codes(own)
            value = _one(node, "value")
            if self.value_names(kind, node):
                if label := self.label(own):
                    values["about"] = label
                return self.codes(value)
            return code, also, original
        if kind == "planned" and own is None:
            return self.codes(self.product(node))
        return self.codes(own)

    def value_names(self, kind: str, node: Node) -> bool:
        """Whether an observation's code says only "finding" and its coded value says which."""
        value = _one(node, "value")
        if kind != "observation" or value is None or _attribute(_one(node, "code"), "code") not in _GENERIC:
            return False
        return bool(value.get("code") or value.get("displayName"))

    def fields(self, kind: str, node: Node, values: dict[str, str], lines: list[str]) -> None:
        """Fills `values` from the direct children of a statement; what has no field becomes a line."""

        def add(name: str, text: str) -> None:
            _add(values, lines, name, text)

        def quantity(path: str) -> str:
            found = _one(node, path)
            return " ".join(self.value(found)[:2]).strip() if found is not None else ""

        if kind not in ("problem", "allergy", "document"):
            for value in _all(node, "value")[1 if self.value_names(kind, node) else 0 :]:
                text, unit, coded = self.value(value)
                if not text:
                    continue
                if coded:
                    add("value", text)
                    if unit:
                        values["unit"] = unit
                else:
                    add("text", text)
        for name, key in _CODED_FIELDS:
            for one in _all(node, name):
                label = _attribute(one, "code") if key == "interpretation" and one.get("code") else self.label(one)
                add(key, label)
        for name, key in (("doseQuantity", "dose"), ("rateQuantity", "rate"), ("maxDoseQuantity", "max_dose")):
            add(key, quantity(name))
        if kind != "medication" or "quantity" not in values:
            add("quantity", quantity("quantity"))
        add("form", self.label(_one(node, "administrationUnitCode")))
        product = "consumable/manufacturedProduct/"
        add("lot", _text(_one(node, product + "manufacturedMaterial/lotNumberText")))
        add("manufacturer", _text(_one(node, product + "manufacturerOrganization/name")))
        repeat = _attribute(_one(node, "repeatNumber"), "value")
        if repeat and kind == "immunization":
            values.setdefault("series", repeat)
        for criterion in _all(node, "precondition/criterion"):
            value = _one(criterion, "value")
            label = self.value(value)[0] if value is not None else self.words(_one(criterion, "text"))
            add("as_needed", label or self.label(_one(criterion, "code")) or "yes")
        ranges = []
        for bounds in _all(node, "referenceRange/observationRange"):
            value = _one(bounds, "value")
            shown = " ".join(self.value(value)[:2]).strip() if value is not None else ""
            ranges.append(shown or self.words(_one(bounds, "text")) or self.label(_one(bounds, "code")))
        add("reference_range", "; ".join(r for r in ranges if r))
        for name in ("dischargeDispositionCode", "sdtc:dischargeDispositionCode"):
            add("disposition", self.label(_one(node, name)))
        for performer in _all(node, "performer/assignedEntity") + _all(node, "responsibleParty/assignedEntity"):
            add("performer", self.entity(performer))
        facility = _one(node, "location/healthCareFacility")
        if facility is not None:
            place = _text(_one(facility, "location/name")) or _text(_one(facility, "serviceProviderOrganization/name"))
            add("location", place or self.label(_one(facility, "code")))
        recorded = moment(_attribute(_one(node, "author/time"), "value"))
        if recorded:
            values["recorded"] = recorded.iso
        for related in _all(node, "informant/relatedEntity"):
            # Staff as informant says nothing new; a husband as informant does.
            add("informant", ", ".join(p for p in (self.label(_one(related, "code")), self.entity(related)) if p))
        specimen = self.label(_one(node, "specimen/specimenRole/specimenPlayingEntity/code"))
        add("specimen", specimen)
        for participant in _all(node, "participant"):
            role, type_code = _one(participant, "participantRole"), _attribute(participant, "typeCode")
            if type_code == "LOC":
                add("location", _text(_one(role, "playingEntity/name")) or self.label(_one(role, "code")))
            elif kind == "allergy" and type_code == "CSM":
                continue
            elif role is not None:
                things = [self.label(c) for c in (*_all(role, "playingDevice/code"), *_all(role, "playingEntity/code"))]
                shown = ", ".join(p for p in (*things, self.entity(role)) if p)
                if shown and not (kind == "device" and type_code == "PRD"):
                    lines.append(f"{self.label(_one(role, 'code')) or type_code.lower() or 'participant'}: {shown}")

    def status(
        self, kind: str, node: Node, place: _Place, values: dict[str, str], end: Moment | None, negated: bool
    ) -> str:
        """One of STATUSES, never more certain than the document."""
        said = values.pop("said_status", "")
        own = _STATUS_WORDS.get(_attribute(_one(node, "statusCode"), "code").lower(), "unknown")
        mood = _attribute(node, "moodCode") or "EVN"
        if kind in ("problem", "allergy"):
            if said:
                return said
            if end is not None:
                return "resolved"
            # "completed" on a concern only means nobody tracks it, on an observation only that it was made.
            outer = _STATUS_WORDS.get(place.outer_status.lower(), "unknown")
            if outer == "unknown" and own == "active":
                return "active"
            return outer if outer in ("active", "held", "stopped", "cancelled") else "unknown"
        if kind in ("medication", "immunization", "procedure") and negated:
            return "not_done"
        if kind == "planned" or (kind == "goal" and own == "unknown"):
            return own if own in ("cancelled", "stopped", "held") else "planned"
        if kind == "medication":
            # Outside a plan, "intent" on a medication is the prescription she takes it by.
            in_plan = place.section.code in _PLAN_SECTIONS and not mood.startswith("EVN")
            planned = in_plan or "4.42" in _templates(node)
            return "planned" if planned and own not in ("cancelled", "stopped") else said or own
        if kind == "immunization" and not mood.startswith("EVN") and "4.120" in _templates(node):
            return "planned"
        if kind == "result" and own == "active":
            return "pending"
        if own == "unknown" and kind in ("result", "observation"):
            outer = _STATUS_WORDS.get(place.outer_status.lower(), "unknown")
            return "pending" if outer == "active" else outer
        return said or own

    def media(self, node: Node, holder: Node) -> Media | None:
        """Embedded bytes of an ED; None, and a line in the list, where they cannot be had."""
        if node is None:
            return None
        kind = _attribute(node, "mediaType")
        raw = "".join(t for t in node.itertext())
        if _attribute(node, "representation").upper() != "B64":
            text = _prose(node)
            if not text and _one(node, "reference") is not None:
                self.miss(_local(holder), holder, "Its body lies in another file, which was not sent with it.")
                return None
            return Media(kind or "text/plain", text.encode()) if text else None
        try:
            return Media(kind, base64.b64decode("".join(raw.split()), validate=True))
        except (binascii.Error, ValueError):
            self.miss(_local(holder), holder, "Its embedded file is damaged; the bytes are kept as they stand.")
            return Media(kind, raw.encode())

    def emit(
        self, kind: str, node: Node, place: _Place, code: Code, also: tuple[Code, ...], original: str, status: str,
        start: Moment | None, end: Moment | None, values: dict[str, str], details: tuple[str, ...], negated: bool,
        narrative: str, media: Media | None, ids: tuple[tuple[str, str], ...],
    ) -> None:  # fmt: skip
        details = tuple(dict.fromkeys(d for d in details if d))
        coded = bool(code.code)
        content = [
            kind, sorted(ids), [code.system, code.code, code.display], [[c.system, c.code] for c in also], status,
            start.iso if start else "", end.iso if end else "", sorted(values.items()), list(details), negated,
            _flat(original), "" if coded else _flat(narrative), hashlib.sha256(media.data).hexdigest() if media else "",
        ]  # fmt: skip
        origin = hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
        self.emitted.append(origin)
        if origin in self.items:
            self.repeated += 1
            return
        root, extension = ids[0] if ids else ("", "")
        source = Source(place.section, place.title, root, extension, self.where(node), node.sourceline or 0)
        self.items[origin] = Item(
            kind, CATEGORY[kind], code, also, original, status, start, end, MappingProxyType(values), details, negated,
            narrative, media, source, origin,
        )  # fmt: skip

    def text_item(self, kind: str, node: Node, place: _Place, text: str, media: Media | None, code: Code) -> None:
        ids = self.ids(node)
        values = {"media_type": media.media_type} if media else {}
        self.emit(kind, node, place, code, (), "", "unknown", None, None, values, (), False, text, media, ids)


def _add(values: dict[str, str], lines: list[str], name: str, text: str) -> None:
    """Adds one more text to a field, or to the lines once the field is long, so that none grows unbounded."""
    known = values.get(name, "")
    if not known:
        if text:
            values[name] = text
    elif len(known) > MAX_FIELD:
        lines.append(f"{name}: {text}")
    elif text and text not in known.split("; "):
        values[name] = f"{known}; {text}"


# ---------------------------------------------------------------------------------------------------------------------
# The document


def parse(data: bytes) -> Document:
    """Reads a C-CDA document. Raises DocumentError (one sentence, with the line if known), nothing else."""
    if len(data) > MAX_BYTES:
        raise DocumentError(f"The file is larger than {MAX_BYTES // 1_000_000} MB and was not read.")
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise DocumentError("The file is empty.")
    text = _text_of(data)
    _refuse_doctype(text)
    if text.count("<") + text.count('="') > MAX_MARKUP:
        raise DocumentError("The file holds more elements than a document may and was not read.")
    root = _tree(text)
    if _local(root) != "ClinicalDocument":
        raise DocumentError(
            "The file is XML but not a C-CDA document: its first element is not ClinicalDocument.", root.sourceline or 1
        )
    _same_namespace(root)
    people = _all(root, "recordTarget")
    if len(people) > 1:
        raise DocumentError("The document is about more than one patient.", people[1].sourceline or 1)
    entries = list(root.iter(_V3 + "entry"))
    if len(entries) > MAX_ENTRIES:
        raise DocumentError(f"The document holds more than {MAX_ENTRIES} entries and was not read.")
    reader = _Reader(root)
    reader.index()
    _header(reader)
    sections, account = _sections(reader, entries)
    body = _body(reader, sections)
    author = _one(root, "author/assignedAuthor")
    return Document(
        id=next(iter(reader.ids(root)), ("", "")),
        code=reader.codes(_one(root, "code"))[0],
        title=_text(_one(root, "title")),
        effective=moment(_attribute(_one(root, "effectiveTime"), "value")),
        confidentiality=_attribute(_one(root, "confidentialityCode"), "code"),
        language=_attribute(_one(root, "languageCode"), "code"),
        author=reader.person(_one(author, "assignedPerson/name"))
        or _text(_one(author, "assignedAuthoringDevice/softwareName")),
        author_organization=next(
            (t for n in _all(root, "author/assignedAuthor/representedOrganization/name") if (t := _text(n))), ""
        ),
        custodian=_text(_one(root, "custodian/assignedCustodian/representedCustodianOrganization/name")),
        patient=_patient(reader, people[0] if people else None),
        sections=tuple(sections),
        items=tuple(reader.items.values()),
        not_understood=tuple(reader.missed),
        account=tuple(account),
        repeated=reader.repeated,
        body=body,
    )


def _patient(reader: _Reader, target: Node | None) -> Patient:
    role = _one(target, "patientRole")
    person = _one(role, "patient")
    names = []
    for name in _all(person, "name"):
        given = tuple(t for p in _all(name, "given") if (t := _text(p)) and t.lower() not in _JUNK)
        family = tuple(t for p in _all(name, "family") if (t := _text(p)) and t.lower() not in _JUNK)
        if not given and not family and (flat := _text(name)):
            *first, last = flat.split()
            given, family = tuple(first), (last,)
        if given or family:
            names.append(Name(given, family, _attribute(name, "use")))
    birth = moment(_attribute(_one(person, "birthTime"), "value"))
    languages = (_attribute(n, "code") for n in _all(person, "languageCommunication/languageCode"))
    addresses = (", ".join(t for part in a if (t := _text(part))) or _text(a) for a in _all(role, "addr"))
    telecoms = (_attribute(t, "value") for t in _all(role, "telecom"))
    return Patient(
        ids=reader.ids(role),
        names=tuple(names),
        birth=birth.day if birth else None,
        birth_moment=birth,
        gender=_attribute(_one(person, "administrativeGenderCode"), "code"),
        languages=tuple(t for t in languages if t),
        addresses=tuple(t for t in addresses if t),
        telecoms=tuple(t for t in telecoms if t),
    )


_HEADER_LEFT: Final = (
    ("informant", "Who gave information for the whole document"),
    ("participant", "People connected with the patient"),
    ("informationRecipient", "For whom the document was written"),
    ("inFulfillmentOf", "Orders this document answers"),
    ("authorization", "Consents the document names"),
    ("relatedDocument", "Other documents it replaces or amends"),
)


def _header(reader: _Reader) -> None:
    """The visit the document is about becomes an encounter; people and orders of the header are only listed."""
    for visit in _all(reader.root, "componentOf/encompassingEncounter"):
        reader.leaf("encounter", visit, _Place(Code(), ""))
    for name, what in _HEADER_LEFT:
        found = _all(reader.root, name)
        if found:
            why = "Of the header only patient, author and visit are imported."
            reader.miss(f"{what} ({len(found)})", found[0], why)


def _sections(reader: _Reader, entries: list[Node]) -> tuple[list[Section], list[Account]]:
    """Reads every entry, then keeps as text each section that left something unread."""
    account: list[Account] = []
    by_section: dict[Node | None, list[Node]] = {None: []}
    nodes = list(reader.root.iter(_V3 + "section"))
    for node in nodes:
        by_section[node] = []
    for entry in entries:
        owner = next(entry.iterancestors(_V3 + "section"), None)
        by_section[owner].append(entry)
    sections: list[Section] = []
    for node, own in by_section.items():
        code = reader.codes(_one(node, "code"))[0]
        title = _text(_one(node, "title")) or code.display
        place = _Place(code, title)
        missed = len(reader.missed)
        reader.too_long = False
        hers = _one(node, "subject/relatedSubject") is None
        for entry in own:
            if hers:
                account.append(_entry(reader, entry, place))
            else:
                reader.miss("entry", entry, "Its section is about another person; the section is kept as text.")
                account.append(Account(reader.where(entry), entry.sourceline or 0, ()))
        if node is None:
            continue
        written = _one(node, "text")
        text = _prose(written) if written is not None else ""
        sections.append(Section(code, title, text, len(own), reader.where(node), node.sourceline or 0))
        if reader.too_long:
            reader.miss("text", node, "An entry refers to a very long text; the section is kept as text.")
        if text and (not own or len(reader.missed) > missed):
            reader.text_item("narrative", node, place, f"{title}\n{text}" if title else text, None, code)
        if not own and text:
            reader.miss("section", node, "It is free text only; it is kept as text.")
        elif not own and not any(True for _ in node.iterdescendants(_V3 + "section")):
            reader.miss("section", node, "It is empty: neither text nor entries.")
    return sections, account


def _entry(reader: _Reader, entry: Node, place: _Place) -> Account:
    reader.emitted = []
    missed = len(reader.missed)
    for child in entry:
        if _local(child) in _STATEMENTS:
            reader.statement(child, place)
        elif _local(child) not in ("templateId", "realmCode", "typeId", "entry", ""):
            reader.miss(_local(child), child, "C-CDA knows no such statement; the section is kept as text.")
    if not reader.emitted and len(reader.missed) == missed:
        reader.miss("entry", entry, "It is empty; the section is kept as text.")
    return Account(reader.where(entry), entry.sourceline or 0, tuple(dict.fromkeys(reader.emitted)))


def _body(reader: _Reader, sections: list[Section]) -> Media | None:
    """An unstructured body becomes one document item; so does a document whose body holds nothing at all."""
    root = reader.root
    code, title = reader.codes(_one(root, "code"))[0], _text(_one(root, "title"))
    place = _Place(Code(), title)
    body = _one(root, "component/nonXMLBody")
    media = reader.media(_one(body, "text"), body) if body is not None else None
    if body is not None and media is None and not reader.missed:
        reader.miss("nonXMLBody", body, "The body is empty.")
    if body is None and not sections:
        reader.miss("structuredBody", root, "The body holds no section; only the header could be read.")
    if body is not None or not sections:
        reader.text_item("document", root, place, "", media, code)
    return media


# ---------------------------------------------------------------------------------------------------------------------
# Whose document


def _words_of(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W\d_]+", plain)


def _meet(left: Iterable[str], right: Iterable[str], initials: bool) -> bool:
    """Whether two names share a word; a single letter stands for any word that starts with it."""
    ours, theirs = list(left), list(right)
    for a in ours:
        for b in theirs:
            if a == b or (initials and (len(a) == 1 or len(b) == 1) and a[0] == b[0]):
                return True
    # "de la Cruz" against "Delacruz", "Mary Ann" against "Maryann".
    return bool(ours and theirs) and "".join(ours) == "".join(theirs)


def same_person(patient: Patient, given: str, family: str, birth: date | None) -> Verdict:
    """Whether a document's patient can be this client; call once per name the client is known by.

    Contradiction (another birth date, no family name or no given name in common) is DIFFERENT: refuse the import. Twins
    share family name and birth date, so the given name must agree as well. Names and birth date agreeing is SAME; too
    little on either side to tell is UNKNOWN: ask a person.
    """
    ours_given, ours_family = _words_of(given), _words_of(family)
    # As far as the document knows it: it may give the year only.
    if birth and patient.birth_moment and not birth.isoformat().startswith(patient.birth_moment.iso[:10]):
        return Verdict(Sameness.DIFFERENT, "This document is about another person: the dates of birth differ.")
    named = False
    family_met = given_met = False
    for name in patient.names:
        theirs_given, theirs_family = _words_of(" ".join(name.given)), _words_of(" ".join(name.family))
        if not (theirs_given and theirs_family and ours_given and ours_family):
            continue
        named = True
        met = _meet(ours_family, theirs_family, initials=False)
        family_met = family_met or met
        if met and _meet(ours_given, theirs_given, initials=True):
            given_met = True
    if named and not family_met:
        return Verdict(Sameness.DIFFERENT, "This document is about another person: the family names differ.")
    if named and not given_met:
        return Verdict(Sameness.DIFFERENT, "This document is about another person: the given names differ.")
    if named and birth and patient.birth:
        return Verdict(Sameness.SAME, "Name and date of birth agree.")
    missing = "date of birth" if named else "name"
    return Verdict(
        Sameness.UNKNOWN, f"The {missing} is missing on one side, so it is not certain whose document this is."
    )

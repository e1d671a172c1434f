"""FHIR R4 Consents as bytes: read strictly, written in the shape of IHE PCF's profiles.

`parse` is pure: bytes in, a frozen `Consent` out, or a `ConsentError` with one plain sentence. What is FHIR but not
understood is kept as `NotUnderstood`, and denies (see `rules`). No sentence raised here and no `repr` carries content
of the file: both end up in logs and error pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from accord.policy.words import Category, Level, Purpose
from accord.records.consent.rules import (
    ACT_CODE,
    ACT_REASON,
    ACTIONS,
    CONFIDENTIALITY,
    LABELS,
    MARKED,
    OUR_CATEGORY,
    OUR_LEVEL,
    OUR_MARK,
    OUR_POLICY,
    OUR_PURPOSE,
    PARTICIPATION,
    POLICIES,
    PURPOSES,
    RANKS,
    RECEIVES,
    RESOURCE_TYPES,
    TEST_DATA,
    WORDS,
    Actor,
    AnyOf,
    Coding,
    Consent,
    Data,
    Edge,
    Gap,
    Given,
    NotUnderstood,
    Provision,
    Remark,
    Span,
    category_coding,
    cells,
    purpose_coding,
)

T = TypeVar("T")

#: Bytes. A consent is a few kilobytes; one with a scanned signature inside, a few megabytes.
MAX_BYTES: Final = 5_000_000
#: Rules inside rules, and rules in all; the deepest of IHE's examples has two.
MAX_DEPTH: Final = 8
MAX_RULES: Final = 200
#: Work of the matrix (cells times rules): half a second.
MAX_CELLS: Final = 60_000
#: Characters of a code, a reference or a name.
MAX_TEXT: Final = 1_000

CONSENT_SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
CONSENT_ACTION: Final = "http://terminology.hl7.org/CodeSystem/consentaction"
LOINC: Final = "http://loinc.org"
PROFILE: Final = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentAdvanced"
#: Kinds of consent that are about telling somebody something.
CATEGORIES: Final = frozenset(
    {
        Coding(LOINC, "59284-0"),
        Coding(LOINC, "64292-6"),
        Coding(ACT_CODE, "IDSCL"),
        Coding("http://terminology.hl7.org/CodeSystem/consentcategorycodes", "npp"),
    }
)
STATUSES: Final = frozenset({"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"})
WHO: Final = frozenset(
    {"Device", "Group", "CareTeam", "Organization", "Patient", "Practitioner", "RelatedPerson", "PractitionerRole"}
)
#: Code systems a thing's own code can be compared in.
CODED: Final = frozenset(
    {
        LOINC,
        "http://snomed.info/sct",
        "http://hl7.org/fhir/sid/icd-10-cm",
        "http://hl7.org/fhir/sid/icd-10",
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "http://www.ama-assn.org/go/cpt",
    }
)

#: Elements that are read; any other denies. Those in the second row change nothing that is read.
_OF_CONSENT: Final = frozenset(
    {
        "resourceType", "status", "scope", "category", "patient", "dateTime", "performer", "organization", "policy",
        "policyRule", "verification", "provision", "sourceAttachment", "sourceReference",
        "id", "meta", "language", "text", "contained", "identifier", "extension",
    }
)  # fmt: skip
_OF_PROVISION: Final = frozenset(
    {
        "type", "period", "actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod", "data",
        "provision", "modifierExtension",
        "id", "extension",
    }
)  # fmt: skip

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII
)
#: The end of time, as some systems write "for ever".
_LAST_YEAR: Final = 9999
_REFERENCE = re.compile(
    r"(?:https?://[^\s#?|]+/)?[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}|urn:uuid:[0-9a-fA-F-]{36}|urn:oid:[0-9.]{3,128}",
    re.ASCII,
)


class ConsentError(Exception):
    """The file cannot be read as a FHIR Consent. `str()` is one sentence."""


@dataclass(slots=True)
class _Notes:
    """What comes up while reading."""

    closed: list[NotUnderstood] = field(default_factory=list)
    unclear: list[NotUnderstood] = field(default_factory=list)
    remarks: dict[Remark, None] = field(default_factory=dict)
    rules: int = 0

    def close(self, path: str, what: Gap, value: str = "") -> None:
        """All of the consent denies."""
        self.closed.append(NotUnderstood(path, what, value))

    def note(self, path: str, what: Gap, value: str = "") -> None:
        """What stands there denies."""
        self.unclear.append(NotUnderstood(path, what, value))


# ------------------------------------------------------------------ in


def parse(data: bytes) -> Consent:
    """Read one FHIR R4 Consent. Raises ConsentError."""
    root = _json(data)
    if not isinstance(root, dict) or not isinstance(root.get("resourceType"), str):
        raise ConsentError("The file is JSON, but not FHIR.")
    if root["resourceType"] != "Consent":
        raise ConsentError("The file is FHIR, but not a Consent.")
    notes = _Notes()
    _known(root, _OF_CONSENT, "", notes.close)
    status = _text(root, "status", "")
    if status not in STATUSES:
        notes.close("status", Gap.STATUS, status)
    patient = _reference(root.get("patient"), "patient", frozenset({"Patient"}))
    if patient is None:
        notes.close("patient", Gap.NO_PATIENT)
    dated = _dated(root, notes)
    holders = _references(root, "organization", frozenset({"Organization"}))
    if not holders:
        notes.close("organization", Gap.NO_HOLDER)
    _scope(root, notes)
    performers = _references(root, "performer", WHO)
    if any(performer != patient for performer in performers):
        notes.remarks[Remark.OTHER_SIGNER] = None
    rule = _provision(root, notes)
    if rule is not None and (rule.period is None or rule.period.end is None):
        notes.remarks[Remark.NO_END] = None
    _remarks(root, notes)
    consent = Consent(
        id=_text(root, "id", ""),
        status=status,
        patient=patient,
        dated=dated,
        performers=performers,
        holders=holders,
        policies=_policies(root, notes),
        verified=_verified(root, notes),
        provision=rule,
        closed=tuple(notes.closed),
        not_understood=(*notes.closed, *notes.unclear),
        remarks=tuple(notes.remarks),
    )
    if cells(consent) > MAX_CELLS:
        raise ConsentError("The consent names more recipients and kinds of data than can be shown cell by cell.")
    return consent


def _json(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise ConsentError(f"The consent is larger than {MAX_BYTES // 1_000_000} MB.")
    if not data.strip():
        raise ConsentError("The file is empty.")
    try:
        text = data.decode("utf-8-sig")
        text.encode("utf-8")
        root = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=float)
    except ConsentError:
        raise
    except UnicodeDecodeError:
        raise ConsentError("The file is not text in UTF-8.") from None
    except RecursionError:
        raise ConsentError("The file nests its elements too deeply.") from None
    except ValueError:
        raise ConsentError("The file is not JSON, or stops in the middle.") from None
    return root


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ConsentError("The file says the same thing twice in one place; which of them counts cannot be told.")
    return found


def _constant(_name: str) -> float:
    raise ConsentError("The file holds a number that is none.")


def _known(element: Mapping[str, Any], known: frozenset[str], path: str, say: Callable[..., None]) -> bool:
    """Whether an element holds nothing but what is read. Values' own extensions (`_name`) are not; they change
    nothing."""
    fit = True
    for name in element:
        if name.removeprefix("_") not in known:
            changes = name in ("modifierExtension", "implicitRules")
            say(_at(path, name), Gap.CHANGES if changes else Gap.ELEMENT, "" if changes else name[:MAX_TEXT])
            fit = False
    return fit


def _at(path: str, name: str) -> str:
    """A place as it is said; an element's own name only if it looks like one."""
    name = name if re.fullmatch(r"\w{1,40}", name, re.ASCII) else "?"
    return f"{path}.{name}" if path else name


def _dated(root: Mapping[str, Any], notes: _Notes) -> Edge | None:
    edge = _edge(_text(root, "dateTime", ""))
    if edge is None:
        notes.close("dateTime", Gap.NO_DATE)
    return edge


def _scope(root: Mapping[str, Any], notes: _Notes) -> None:
    if Coding(CONSENT_SCOPE, "patient-privacy") not in _concept(root.get("scope"), "scope"):
        notes.close("scope", Gap.SCOPE)
    kinds = [code for place, each in _each(root, "category", "") for code in _concept(each, place)]
    if not CATEGORIES & set(kinds):
        notes.close("category", Gap.KIND, kinds[0].code if kinds else "")


def _policies(root: Mapping[str, Any], notes: _Notes) -> tuple[str, ...]:
    found = [_text(_mapping(each, place), "uri", place) for place, each in _each(root, "policy", "")]
    found += [code.code for code in _concept(root.get("policyRule"), "policyRule")]
    if any(uri != OUR_POLICY for uri in found):
        notes.remarks[Remark.POLICY] = None
    return tuple(uri for uri in found if uri)


def _verified(root: Mapping[str, Any], notes: _Notes) -> bool | None:
    said = []
    for place, each in _each(root, "verification", ""):
        one = _mapping(each, place)
        if not isinstance(one.get("verified"), bool):
            raise _wrong(_at(place, "verified"))
        said.append(one["verified"])
    if said and not any(said):
        notes.close("verification", Gap.UNVERIFIED)
    return any(said) if said else None


def _remarks(root: Mapping[str, Any], notes: _Notes) -> None:
    meta = _mapping(root.get("meta", {}), "meta")
    if TEST_DATA in [_coding(each, place) for place, each in _each(meta, "security", "meta")]:
        notes.remarks[Remark.TESTING] = None
    if "sourceReference" in root or "sourceAttachment" in root:
        notes.remarks[Remark.SOURCE] = None
    if "extension" in root:
        notes.remarks[Remark.ADDED] = None


# ------------------------------------------------------------------ one rule


def _provision(root: Mapping[str, Any], notes: _Notes) -> Provision | None:
    if "provision" not in root:
        notes.note("provision", Gap.NO_RULE)
        return None
    found = _rule(root["provision"], "provision", notes, 0)
    if found.permit is None and not found.provisions:
        notes.note("provision.type", Gap.TYPE)
    return found


def _rule(value: Any, path: str, notes: _Notes, depth: int) -> Provision:
    rule = _mapping(value, path)
    notes.rules += 1
    if depth >= MAX_DEPTH or notes.rules > MAX_RULES:
        raise ConsentError("The consent has more rules, or rules inside rules, than can be read with care.")
    level, fit = _level(rule, path, notes)
    fit = _known(rule, _OF_PROVISION, path, notes.note) and fit
    if "extension" in rule:
        notes.remarks[Remark.ADDED] = None
    said = _text(rule, "type", path)
    # FHIR R4 has no type on the outermost rule; PCF always writes one. Inside, it is required.
    if said not in ("permit", "deny") and (said or depth):
        notes.note(_at(path, "type"), Gap.TYPE, said)
        fit = False
    period, period_fits = _span(rule, "period", path, notes)
    about, about_fits = _span(rule, "dataPeriod", path, notes)
    inner = [_rule(each, place, notes, depth + 1) for place, each in _each(rule, "provision", path)]
    return Provision(
        path=path,
        permit={"permit": True, "deny": False}.get(said, None if not depth and not said else True),
        void=not (fit and period_fits and about_fits),
        period=period,
        actors=_alternatives(rule, "actor", path, notes, _actor),
        actions=_alternatives(rule, "action", path, notes, _action),
        labels=_alternatives(rule, "securityLabel", path, notes, _label),
        purposes=_alternatives(rule, "purpose", path, notes, _purpose),
        classes=_alternatives(rule, "class", path, notes, _class),
        codes=_alternatives(rule, "code", path, notes, _code),
        data_period=about,
        data=_alternatives(rule, "data", path, notes, _data),
        level=level,
        provisions=tuple(inner),
    )


def _level(rule: Mapping[str, Any], path: str, notes: _Notes) -> tuple[Level, bool]:
    """Our own level, where a consent of ours says less than everything; any other such addition is not understood."""
    level, fit = Level.FULL, True
    for place, each in _each(rule, "modifierExtension", path):
        one = _mapping(each, place)
        names = {every.code: every for every in (Level.EXISTENCE, Level.SUMMARY)}
        said = _text(one, "valueCode", place)
        if one.get("url") == OUR_LEVEL and said in names and set(one) == {"url", "valueCode"}:
            level = min(level, names[said])
        else:
            notes.note(place, Gap.CHANGES)
            fit = False
    return level, fit


def _alternatives(
    rule: Mapping[str, Any], name: str, path: str, notes: _Notes, read: Callable[[Any, str, _Notes], T | None]
) -> AnyOf[T] | None:
    """One part of a rule: the alternatives that are understood, and whether there are others."""
    if name not in rule:
        return None
    found = [read(each, place, notes) for place, each in _each(rule, name, path)]
    known = [each for each in found if each is not None]
    return AnyOf(tuple(dict.fromkeys(known)), partial=len(known) < len(found) or not found)


def _actor(value: Any, path: str, notes: _Notes) -> Actor | None:
    actor = _mapping(value, path)
    if not _known(actor, frozenset({"id", "extension", "role", "reference"}), path, notes.note):
        return None
    roles = _concept(actor.get("role"), _at(path, "role"))
    if not any(role.system == PARTICIPATION and role.code in RECEIVES for role in roles):
        notes.note(_at(path, "role"), Gap.ROLE, roles[0].code if roles else "")
        return None
    found = _reference(actor.get("reference"), _at(path, "reference"), WHO)
    if found is None:
        notes.note(_at(path, "reference"), Gap.REFERENCE)
    elif found.reference.split("/")[-2:-1] in (["Group"], ["CareTeam"]):
        notes.remarks[Remark.GROUP] = None
    return found


def _action(value: Any, path: str, notes: _Notes) -> str | None:
    for code in _concept(value, path):
        if code.system == CONSENT_ACTION and code.code in ACTIONS:
            return code.code
    notes.note(path, Gap.CODE)
    return None


def _label(value: Any, path: str, notes: _Notes) -> Coding | None:
    known = {ACT_CODE: LABELS, CONFIDENTIALITY: RANKS, OUR_MARK: MARKED}
    return _among(_coding(value, path), known, path, notes)


def _purpose(value: Any, path: str, notes: _Notes) -> Coding | None:
    known = {ACT_REASON: PURPOSES, OUR_PURPOSE: [purpose.value for purpose in Purpose]}
    found = _among(_coding(value, path), known, path, notes)
    # One of ours has one spelling only, so that the same purpose is the same code.
    return purpose_coding(Purpose(found.code)) if found and found.system == OUR_PURPOSE else found


def _class(value: Any, path: str, notes: _Notes) -> Coding | None:
    coding = _coding(value, path)
    if coding.system == RESOURCE_TYPES and re.fullmatch(r"[A-Z][A-Za-z]{2,40}", coding.code, re.ASCII):
        return coding
    return _among(coding, {OUR_CATEGORY: [category.value for category in Category]}, path, notes)


def _code(value: Any, path: str, notes: _Notes) -> Coding | None:
    for coding in _concept(value, path):
        if coding.system in CODED and coding.code:
            return coding
    notes.note(path, Gap.SYSTEM)
    return None


def _data(value: Any, path: str, notes: _Notes) -> Data | None:
    data = _mapping(value, path)
    if not _known(data, frozenset({"id", "extension", "meaning", "reference"}), path, notes.note):
        return None
    meaning = _text(data, "meaning", path)
    if meaning not in ("instance", "related", "authoredby"):
        notes.note(_at(path, "meaning"), Gap.MEANING, meaning)
        return None
    found = _reference(data.get("reference"), _at(path, "reference"), None)
    if found is None:
        notes.note(_at(path, "reference"), Gap.REFERENCE)
        return None
    return Data(meaning, found.reference)


def _among(coding: Coding, known: Mapping[str, Iterable[str]], path: str, notes: _Notes) -> Coding | None:
    if coding.system not in known:
        notes.note(path, Gap.SYSTEM, coding.code)
        return None
    if coding.code not in known[coding.system]:
        notes.note(path, Gap.CODE, coding.code)
        return None
    return coding


# ------------------------------------------------------------------ FHIR's own types


def _wrong(path: str) -> ConsentError:
    return ConsentError(f"{path} is not what FHIR has there.")


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path)
    return value


def _each(element: Mapping[str, Any], name: str, path: str) -> list[tuple[str, Any]]:
    """The items of a list with their places; a missing one is empty."""
    value = element.get(name, [])
    if not isinstance(value, list):
        raise _wrong(_at(path, name))
    return [(f"{_at(path, name)}[{number}]", each) for number, each in enumerate(value)]


def _text(element: Mapping[str, Any], name: str, path: str) -> str:
    value = element.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise _wrong(_at(path, name))
    return value


def _display(element: Mapping[str, Any], path: str) -> str:
    """What is shown for a code or reference, without what cannot be shown."""
    value = element.get("display", "")
    if not isinstance(value, str):
        raise _wrong(_at(path, "display"))
    return "".join(each for each in value[:MAX_TEXT] if each.isprintable())


def _coding(value: Any, path: str) -> Coding:
    coding = _mapping(value, path)
    return Coding(_text(coding, "system", path), _text(coding, "code", path), _display(coding, path))


def _concept(value: Any, path: str) -> list[Coding]:
    """The codings of a CodeableConcept; none where there is none."""
    if value is None:
        return []
    return [_coding(each, place) for place, each in _each(_mapping(value, path), "coding", path)]


def _reference(value: Any, path: str, types: frozenset[str] | None) -> Actor | None:
    """Where a reference points, if that can be told from it alone and is one of these types."""
    if value is None:
        return None
    reference = _mapping(value, path)
    said = _text(reference, "reference", path).partition("/_history/")[0]
    kind = said.split("/")[-2] if "/" in said else _text(reference, "type", path)
    if not _REFERENCE.fullmatch(said) or (types is not None and kind and kind not in types):
        return None
    return Actor(said, _display(reference, path))


def _references(root: Mapping[str, Any], name: str, types: frozenset[str]) -> tuple[Actor, ...]:
    found = [_reference(each, place, types) for place, each in _each(root, name, "")]
    return tuple(each for each in found if each is not None)


def _span(rule: Mapping[str, Any], name: str, path: str, notes: _Notes) -> tuple[Span | None, bool]:
    """A period, and whether it is understood."""
    if name not in rule:
        return None, True
    place = _at(path, name)
    period = _mapping(rule[name], place)
    start, end = (_edge(_text(period, side, place)) for side in ("start", "end"))
    fit = _known(period, frozenset({"id", "extension", "start", "end"}), place, notes.note)
    told = (start is not None) is ("start" in period) and (end is not None) is ("end" in period)
    backwards = start is not None and end is not None and end.over(UTC) <= start.begins(UTC)
    if not (told and period) or backwards:
        notes.note(place, Gap.PERIOD)
        fit = False
    return (Span(start, end) if fit else None), fit


def _edge(text: str) -> Edge | None:
    """A FHIR date, dateTime or instant; None when it is none."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        if hour is None:
            first = datetime(int(year), int(month or 1), int(day or 1))  # noqa: DTZ001 - read in the holder's zone
            return Edge(text, first, _after(first, month, day), floating=True)
        first = datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}{offset.replace('Z', '+00:00')}")
        micro = int(((fraction or "") + "000000")[:6])
        first += timedelta(microseconds=micro)
        if first.year == _LAST_YEAR:
            return Edge(text, first, _after(first, month, day), floating=False)
        step = timedelta(seconds=1) if not fraction else timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
        return Edge(text, first, first + step, floating=False)
    except (ValueError, OverflowError):
        return None


def _after(first: datetime, month: str | None, day: str | None) -> datetime:
    """The moment after a day, a month or a year; the end of time counts as its own end."""
    if first.year == _LAST_YEAR:
        return first.replace(month=12, day=31, hour=23, minute=59, second=59, microsecond=999_999)
    if day is not None:
        return first + timedelta(days=1)
    if month is not None and first.month < 12:
        return first.replace(month=first.month + 1)
    return first.replace(year=first.year + 1, month=1)


# ------------------------------------------------------------------ out


def write(given: Given) -> bytes:
    """One of our releases as a PCF Consent. The outermost rule denies everything; inside, one permission per level, and
    a denial of what an ordinary release never opens. Reading it back decides every cell as the release does."""
    return (json.dumps(_document(given), indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _document(given: Given) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Consent",
        "id": given.id,
        "meta": {"profile": [PROFILE]},
        "status": given.status,
        "scope": _codeable(Coding(CONSENT_SCOPE, "patient-privacy")),
        "category": [_codeable(Coding(LOINC, "59284-0", "Consent Document"))],
        "patient": _to(given.subject),
        "dateTime": _moment(given.dated),
        "organization": [_to(given.holder)],
        "policy": [{"uri": uri} for uri in (OUR_POLICY, *_basis(given))],
        "provision": {"type": "deny", "provision": [*_permits(given), _denial(given)]},
    }
    if given.signer:
        found["performer"] = [{"display": given.signer}]
    if given.signed_at is not None:
        found["verification"] = [{"verified": True, "verificationDate": _moment(given.signed_at)}]
    return found


def _basis(given: Given) -> list[str]:
    return [POLICIES[duty] for duty in sorted(given.duties) if duty in POLICIES]


def _permits(given: Given) -> list[dict[str, Any]]:
    found = []
    for level in (Level.FULL, Level.SUMMARY, Level.EXISTENCE):
        named = [category for category, granted in given.grants.items() if granted == level]
        if not named:
            continue
        rule: dict[str, Any] = {"modifierExtension": [{"url": OUR_LEVEL, "valueCode": level.code}]}
        found.append(
            (rule if level < Level.FULL else {})
            | {
                "type": "permit",
                "period": {"start": _moment(given.since), "end": _last_moment(given.until)},
                "actor": [{"role": _codeable(Coding(PARTICIPATION, "IRCP")), "reference": _to(given.recipient)}],
                "purpose": [_code_of(purpose_coding(given.purpose), given.purpose.value.replace("_", " "))],
                "class": [_code_of(category_coding(each), each.value.replace("_", " ")) for each in named],
            }
        )
    return found


def _denial(given: Given) -> dict[str, Any]:
    return {
        "type": "deny",
        "securityLabel": [_code_of(each, WORDS.get(each.code, "")) for each in given.denied_labels()],
    }


def _code_of(coding: Coding, display: str = "") -> dict[str, str]:
    found = {"system": coding.system, "code": coding.code}
    return found | ({"display": display} if display else {})


def _codeable(coding: Coding) -> dict[str, Any]:
    return {"coding": [_code_of(coding, coding.display)]}


def _to(actor: Actor) -> dict[str, str]:
    return {"reference": actor.reference} | ({"display": actor.display} if actor.display else {})


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _last_moment(until: datetime) -> str:
    """The last moment before an end. FHIR includes the end of a period, to the sharpness it is written with; ours is
    half-open."""
    until = until.astimezone(UTC)
    if until.microsecond:
        return (until - timedelta(microseconds=1)).isoformat(timespec="microseconds")
    return (until - timedelta(seconds=1)).isoformat()

"""Questions and decisions as JSON, and the schemas of both.

The dataclasses in `facts` are the one definition: reading, writing and schemas all follow their types.
Reading is strict: every doubt is a `QuestionError` that says what and where, and never a permit.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from accord.policy.facts import Decision, Question
from accord.policy.words import Level

#: A question larger than this many bytes is not read.
LARGEST = 1_000_000
#: Codes are named in an error up to so many; of more the schema is the list.
MOST_NAMED = 25
#: An id or a name of a statute is never longer than this many characters.
LONGEST_TEXT = 200

#: Ids that must be there: without them nothing can be told apart.
NEVER_EMPTY = frozenset({"Agency.id", "Member.id", "Release.id", "Release.subject", "Block.against"})

JSON = dict[str, Any]


class QuestionError(ValueError):
    """A question that cannot be read: where in it, and what is wrong."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


def question_from_json(form: str | bytes | Mapping[str, object]) -> Question:
    """Read a question from JSON text, or from the objects such a text holds.

    Moments are ISO 8601 with an offset and become UTC; levels and other words are their codes; sets are lists.
    Raises QuestionError for whatever is malformed, larger than 1 MB, too deep, unknown, missing or of a wrong type.
    """
    value = _objects(form) if isinstance(form, str | bytes) else form
    question: Question = _read(Question, value, "question")
    return question


def question_to_json(question: Question) -> JSON:
    """A question as JSON objects: every field written out, sets in alphabetical order, moments in UTC."""
    written: JSON = _write(question)
    return written


def decision_to_json(decision: Decision) -> JSON:
    """A decision as JSON objects, in the same manner."""
    written: JSON = _write(decision)
    return written


def schema_question() -> JSON:
    """The JSON Schema (2020-12) of a question, as `question_from_json` reads it."""
    return _document(Question, "Accord: a question to the law", incoming=True)


def schema_decision() -> JSON:
    """The JSON Schema (2020-12) of a decision, as `decision_to_json` writes it."""
    return _document(Decision, "Accord: what the law answers", incoming=False)


# ------------------------------------------------------------------ text to objects


def _objects(form: str | bytes) -> object:
    if len(form) > LARGEST:
        raise QuestionError("question", "it is larger than 1 MB")
    try:
        text = form.decode("utf-8") if isinstance(form, bytes) else form
        if len(text.encode("utf-8")) > LARGEST:
            raise QuestionError("question", "it is larger than 1 MB")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except QuestionError:
        raise
    except RecursionError:
        raise QuestionError("question", "it is nested too deep") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise QuestionError(where, f"this is not JSON: {error.msg}") from None
    except UnicodeError:
        raise QuestionError("question", "this is not UTF-8 text") from None
    except ValueError:
        # Python refuses to read numbers of thousands of digits; a question holds no numbers at all.
        raise QuestionError("question", "it holds a number too long to read") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise QuestionError(_short(twice), "this field is written twice")
    return found


def _no_constant(name: str) -> object:
    raise QuestionError("question", f"{name} is not JSON")


# ------------------------------------------------------------------ objects to values


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: object, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(inner[0], value, where)
    if origin in (tuple, frozenset):
        return _read_list(origin, inner[0], value, where)
    if is_dataclass(kind):
        return _read_fields(kind, value, where)
    if kind is bool:
        if not isinstance(value, bool):
            raise QuestionError(where, f"true or false is wanted here, not {_kind(value)}")
        return value
    if not isinstance(value, str):
        raise QuestionError(where, f"a text is wanted here, not {_kind(value)}")
    if kind is datetime:
        return _read_moment(value, where)
    if kind is str:
        return _read_text(value, where)
    return _read_code(kind, value, where)


def _read_list(origin: type, kind: Any, value: object, where: str) -> Any:
    if not isinstance(value, list | tuple):
        raise QuestionError(where, f"a list is wanted here, not {_kind(value)}")
    items = [_read(kind, item, f"{where}[{index}]") for index, item in enumerate(value)]
    if origin is frozenset and len(set(items)) != len(items):
        raise QuestionError(where, "something is named twice")
    return origin(items)


def _read_fields(kind: Any, value: object, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise QuestionError(where, f"an object is wanted here, not {_kind(value)}")
    hints = _types(kind)
    for name in value:
        if name not in hints:
            raise QuestionError(where, f"unknown field {_short(name)}")
    given: dict[str, Any] = {}
    for one in fields(kind):
        if one.name in value:
            given[one.name] = _read(hints[one.name], value[one.name], f"{where}.{one.name}")
            if given[one.name] == "" and f"{kind.__name__}.{one.name}" in NEVER_EMPTY:
                raise QuestionError(f"{where}.{one.name}", "this must not be empty")
        elif _required(one):
            raise QuestionError(f"{where}.{one.name}", "this field is missing")
    return kind(**given)


def _read_moment(value: str, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise QuestionError(where, "a moment is written like 2026-11-20T09:00:00Z") from None
    if moment.tzinfo is None:
        raise QuestionError(where, "a moment needs its offset from UTC, like 2026-11-20T09:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise QuestionError(where, "this moment is outside the calendar") from None


def _read_text(value: str, where: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise QuestionError(where, f"a text has at most {LONGEST_TEXT} characters")
    if not value.isprintable():
        raise QuestionError(where, "a text holds printable characters only")
    return value


def _read_code(kind: Any, value: str, where: str) -> Any:
    known = _codes(kind)
    if value not in known:
        names = ", ".join(list(known)[:MOST_NAMED]) + (", ..." if len(known) > MOST_NAMED else "")
        raise QuestionError(where, f"unknown code {_short(value)}; known are: {names}")
    return known[value]


@cache
def _codes(kind: type) -> dict[str, Any]:
    if kind is Level:
        return {level.code: level for level in Level}
    assert issubclass(kind, StrEnum)
    return {code.value: code for code in kind}


def _required(one: Any) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else "something else")


# ------------------------------------------------------------------ values to objects


def _write(value: Any) -> Any:
    if isinstance(value, Level):
        return value.code
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, frozenset):
        return sorted(_write(item) for item in value)
    if isinstance(value, tuple):
        return [_write(item) for item in value]
    if is_dataclass(value):
        return {one.name: _write(getattr(value, one.name)) for one in fields(value)}
    return value.value if isinstance(value, StrEnum) else value


# ------------------------------------------------------------------ schemas


def _document(kind: Any, title: str, *, incoming: bool) -> JSON:
    shapes: dict[str, JSON] = {}
    _shape(kind, shapes, incoming)
    root = shapes.pop(kind.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": dict(sorted(shapes.items())),
    }


def _shape(kind: Any, shapes: dict[str, JSON], incoming: bool) -> JSON:
    """The schema of one type; objects and codes go into `shapes` and are referred to."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_shape(inner[0], shapes, incoming), {"type": "null"}]}
    if origin in (tuple, frozenset):
        items = {"type": "array", "items": _shape(inner[0], shapes, incoming)}
        return {**items, "uniqueItems": True} if origin is frozenset else items
    if kind is bool:
        return {"type": "boolean"}
    if kind is datetime:
        return {"type": "string", "format": "date-time"}
    if kind is str:
        return {"type": "string", "maxLength": LONGEST_TEXT} if incoming else {"type": "string"}
    if kind.__name__ not in shapes:
        shapes[kind.__name__] = {}
        shapes[kind.__name__] = _object(kind, shapes, incoming) if is_dataclass(kind) else _enum(kind)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _object(kind: Any, shapes: dict[str, JSON], incoming: bool) -> JSON:
    properties = {name: _shape(hint, shapes, incoming) for name, hint in _types(kind).items()}
    for name, shape in properties.items():
        if incoming and f"{kind.__name__}.{name}" in NEVER_EMPTY:
            shape["minLength"] = 1
    return {
        "description": _about(kind),
        "type": "object",
        "properties": properties,
        # What we write holds every field; what we read may leave out those with a default.
        "required": [one.name for one in fields(kind) if not incoming or _required(one)],
        "additionalProperties": False,
    }


def _enum(kind: Any) -> JSON:
    return {"description": _about(kind), "enum": list(_codes(kind))}


def _about(kind: type) -> str:
    return (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")

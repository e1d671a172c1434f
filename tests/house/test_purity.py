"""`policy` and every `rules.py` know no Django, no clock, no disk, no network and no chance: the same question gets the
same answer today, tomorrow and in court."""

from __future__ import annotations

import pytest

from tests.house.sweep import Source, house, named

PURE = [source for source in house() if source.name.startswith("accord.policy")] + named("rules")

#: All a pure file may import from outside the house. `zoneinfo` turns a civil day into a moment by published tables.
ALLOWED = {
    "__future__", "base64", "binascii", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "enum",
    "functools", "hashlib", "itertools", "json", "math", "operator", "re", "string", "tomllib", "types", "typing",
    "unicodedata", "uuid", "zoneinfo",
}  # fmt: skip

#: Functions of other rooms that are as pure, each with the reason somebody agreed to.
AS_PURE = {
    "accord.sealing.tokens.name_words": "how a name is read, the same for a search and for whom she is kept from",
    "accord.sealing.tokens.name_forms": "how a name is read, the same for a search and for whom she is kept from",
}

#: Calls that ask the clock, chance, the disk or the interpreter.
ASKING = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "uuid1", "uuid4", "getnode"}
BUILTINS = {"open", "exec", "eval", "compile", "__import__", "input", "print", "globals", "vars"}
PARTS = {"read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "resolve", "exists"}


def faults(source: Source) -> list[str]:
    found = []
    for module, name, line in source.imports:
        if module.startswith("accord."):
            whole = f"{module}.{name}"
            if not (whole.startswith("accord.policy") or "rules" in whole.split(".") or whole in AS_PURE):
                found.append(f"{source}:{line} imports {module}")
        elif module not in ALLOWED or name in ("uuid1", "uuid4"):
            found.append(f"{source}:{line} imports {module} {name}")
    for spelling, line in source.calls:
        last = spelling.rpartition(".")[2]
        # `time(...)` is a value, `time.time()` and `datetime.now()` are questions to the clock.
        asks = last in ASKING and ("." in spelling or last != "time")
        if asks or last in PARTS or spelling in BUILTINS:
            found.append(f"{source}:{line} calls {spelling}")
    return found


@pytest.mark.parametrize("source", PURE, ids=str)
def test_pure(source):
    assert faults(source) == []


def test_the_sweep_sees_what_it_looks_for():
    import ast
    from pathlib import Path

    text = (
        "import os\nfrom django.utils import timezone\nfrom accord.vault.models import Client\nfrom uuid import uuid4\n"
        "def f():\n    datetime.now()\n    date.today()\n    open('x')\n    path.read_text()\n    timezone.now()\n"
    )
    assert len(faults(Source("accord.policy.bad", Path("bad.py"), ast.parse(text)))) == 9
    assert len(PURE) > 10

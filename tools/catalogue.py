"""The Spanish catalogue: collect every sentence a page can show, keep what is translated, compile.

`python tools/catalogue.py` writes accord/locale/es/LC_MESSAGES/django.po and .mo; `--check` only says what is missing.
Uses Babel, so that neither developers nor users need the gettext programs.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "accord"
PO = SOURCE / "locale" / "es" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
SINGLE = {"gettext", "gettext_lazy", "_"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
#: Tables whose sentences are translated when shown.
TABLES = {
    "accord/coordination/protocols/rules.py": {"MEANINGS"},
    "accord/records/health/rules.py": {"SUMMARIES", "WORDS"},
    "accord/records/consent/rules.py": {"WORDS", "SENTENCES", "GAPS", "REMARKS"},
    "accord/vault/rules.py": {"SUMMARIES"},
    "accord/process/rules.py": {"FIRST"},
}
#: What rooms say when they refuse; doors show it through gettext. Sentences with values in them stay as they are.
REFUSALS = {
    "InvalidEntry", "InvalidImport", "InvalidProcess", "InvalidRelease", "InvalidPartner", "InvalidAgreement", "KeyTurned", "EnrolmentFailed", "NotCoded",
    "DocumentError", "ConsentError", "InvalidMove", "InvalidReferral", "InvalidTask", "InvalidHours", "InvalidGap", "InvalidProposal", "InvalidOwn", "Verdict", "Need", "WrongKey", "VaultClosed",
}  # fmt: skip
Found = tuple[str | tuple[str, str], str, str | None]


def messages() -> Iterator[Found]:
    """Every (msgid or (singular, plural), file, context or None) in the source."""
    for path in sorted(SOURCE.rglob("*.html")):
        yield from _calls(ast.parse(_template(path)), path)
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        yield from _calls(tree, path)
        for name in TABLES.get(path.relative_to(ROOT).as_posix(), ()):
            yield from _table(tree, name, path)
    for path in sorted((SOURCE / "policy" / "laws").glob("*.toml")):
        for rule in tomllib.loads(path.read_text("utf-8")).get("rule", ()):
            for name in ("sentence", "need"):
                if rule.get(name):
                    yield rule[name], path.relative_to(ROOT).as_posix(), None
    for path in sorted((SOURCE / "coordination" / "protocols" / "standard").glob("*.toml")):
        for text in _words(tomllib.loads(path.read_text("utf-8"))):
            yield text, path.relative_to(ROOT).as_posix(), None
    gaps = SOURCE / "learning" / "gaps" / "gaps.toml"
    for rule in tomllib.loads(gaps.read_text("utf-8"))["gap"]:
        for name in ("sentence", "next"):
            yield rule[name], gaps.relative_to(ROOT).as_posix(), None


def _words(value: object, name: str = "") -> Iterator[str]:
    """Every sentence of a protocol that a page shows."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _words(each, "title" if name == "choices" else key)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each, name)
    elif name in ("title", "purpose", "guard"):
        yield str(value)


def _template(path: Path) -> str:
    """The gettext calls that Django makes of a template, one a line."""
    text = templatize(path.read_text("utf-8"))
    calls = re.findall(
        r"""\b(?:gettext|ngettext|pgettext|_)\((?:u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*"|[\s,]|count|\d+)*\)""", text
    )
    return "\n".join(calls)


def _calls(tree: ast.AST, path: Path) -> Iterator[Found]:
    where = path.relative_to(ROOT).as_posix()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name in SINGLE and texts:
            yield texts[0], where, None
        elif name in CONTEXT and len(texts) > 1:
            yield texts[1], where, texts[0]
        elif name in REFUSALS and texts and " " in texts[-1]:
            yield texts[-1], where, None
        elif name in PLURAL and len(texts) > 1:
            yield (texts[0], texts[1]), where, None


def _table(tree: ast.Module, name: str, path: Path) -> Iterator[Found]:
    for node in tree.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            for entry in ast.walk(node):
                if isinstance(entry, ast.Dict):
                    for value in entry.values:
                        if isinstance(value, ast.Constant) and value.value:
                            yield value.value, path.relative_to(ROOT).as_posix(), None


def updated() -> Catalog:
    """The catalogue as it should be: every message of the source, with the translation it already had."""
    before = read_po(PO.open("rb"), locale="es") if PO.exists() else Catalog(locale="es")
    catalogue = Catalog(
        locale="es", project="Accord", header_comment="# Spanish for Accord. Apache-2.0.", fuzzy=False,
        creation_date=datetime(2026, 11, 20, tzinfo=UTC), revision_date=datetime(2026, 11, 20, tzinfo=UTC),
        last_translator="Accord", language_team="Accord", copyright_holder="Accord", msgid_bugs_address="",
    )  # fmt: skip
    for message, where, context in messages():
        known = before.get(message[0] if isinstance(message, tuple) else message, context)
        flags = ["python-brace-format"] if "{" in str(message) else []
        entry = catalogue.add(message, locations=[(where, None)], flags=flags, context=context)
        if known and known.string:
            entry.string = known.string
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """Messages without a translation, and translations that lost or invented a placeholder."""
    wrong = []
    for entry in catalogue:
        if not entry.id:
            continue
        ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        if not all(strings):
            wrong.append(f"not translated: {ids[0]}")
            continue
        for one, said in zip(ids, strings, strict=False):
            if sorted(_holes(one)) != sorted(_holes(said)):
                wrong.append(f"placeholders differ: {one}")
    return wrong


def _holes(text: str) -> list[str]:
    return re.findall(r"%(?:\([a-z_]+\))?[sd]|\{[a-z_]*\}", text)


def written(catalogue: Catalog) -> tuple[bytes, bytes]:
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalogue, width=110, sort_output=True, include_lineno=False)
    write_mo(mo, catalogue)
    return po.getvalue(), mo.getvalue()


def main() -> int:
    settings.configure(USE_I18N=True)
    catalogue = updated()
    po, mo = written(catalogue)
    if "--check" in sys.argv:
        wrong = missing(catalogue)
        if not PO.exists() or PO.read_bytes() != po or MO.read_bytes() != mo:
            wrong.append("the catalogue is not what the source asks for: run `make docs`")
        print("\n".join(wrong[:40]), file=sys.stderr)
        return 1 if wrong else 0
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(po)
    MO.write_bytes(mo)
    print(f"{len(catalogue)} messages, {len(missing(catalogue))} not translated")
    return 0


if __name__ == "__main__":
    sys.exit(main())

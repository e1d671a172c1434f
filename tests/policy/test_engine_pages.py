"""The pages made from the law: up to date, complete, in plain words."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

from accord.policy import LawError, pages, parse
from accord.policy.forms import schema_decision, schema_question
from tests.policy.engine_world import DOCUMENTS, LAW

ROOT = Path(__file__).parents[2]


def test_the_documents_are_what_the_data_says() -> None:
    """If this fails after changing the law: `make docs`."""
    assert (ROOT / "docs" / "law.md").read_text(encoding="utf-8") == pages.law_page(LAW)
    for name, schema in (("question", schema_question()), ("decision", schema_decision())):
        written = (ROOT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8")
        assert json.loads(written) == schema


def test_the_page_holds_every_rule_once_with_its_sentence_source_and_state() -> None:
    page = pages.law_page(LAW)
    for rule in LAW.rules.values():
        assert page.count(f"### `{rule.id}`\n") == 1
        assert rule.sentence in page
        assert rule.citation in page
        assert ("**unverified**" in pages.explain(LAW, rule.id)) is (rule.verified_on is None)


def test_one_rule_is_explained_in_plain_words() -> None:
    text = pages.explain(LAW, "length-90-days")
    assert "the holder is under VAWA or VOCA or FVPSA, and the release is longer than 90 days" in text
    assert "no supervisor has written why it is long" in text
    assert "for legal aid" not in text
    assert "If somebody signs for her, also: the authority" in pages.explain(LAW, "hipaa-authorization")
    assert "Applies always" in pages.explain(LAW, "duty-log")
    assert "Against: the recipient, the person who receives" in pages.explain(LAW, "block-never-share")
    text = pages.explain(LAW, "police-to-court-risk")
    assert "Applies when the holder is the police, and the recipient is the court" in text
    assert "Opens: identity (summary), risk (summary)" in text
    assert "Only under an agreement in force; what was sent ends with it" in text
    assert "What was sent ends after 365 days" in pages.explain(LAW, "court-orders")
    assert "Opened by a release that has: the written form; " in pages.explain(LAW, "key-sud")
    assert "No release opens it" in pages.explain(LAW, "key-sealed")
    assert "Opened by a waiver of privilege that has: the written form; " in pages.explain(LAW, "key-privileged")
    assert "Let through by: a court order; looked at by counsel; written down: " in pages.explain(LAW, "key-privileged")
    assert "It may bind her until a day named in it" in pages.explain(LAW, "key-sud-supervision")
    text = pages.explain(LAW, "hipaa-locate")
    assert "On file must be: a request of law enforcement" in text
    assert "Of these only: name and address, date and place of birth, " in text
    assert "beside it a subpoena" in pages.explain(LAW, "part2-court-order")
    assert "By word within 2 hours, in writing within 24 hours" in pages.explain(LAW, "report-elder-care")
    assert "it is sent without her release" in pages.explain(LAW, "duty-accounting")
    assert "For oversight: read ledger" in pages.explain(LAW, "own-director")


def test_an_overlay_is_named_as_one() -> None:
    rule = DOCUMENTS["house-rules.toml"].split("[[rule]]")[3].replace("bar-operator", "town-operator")
    town = parse(
        DOCUMENTS | {"town.toml": f'[law]\ntitle = "A town"\nlayer = "community"\n[[rule]]{rule}'.split("# ---")[0]}
    )
    assert "- Layer: community" in pages.explain(town, "town-operator")


def test_an_unknown_rule_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(LawError, match=r"there is no rule 'nonsense'; known are: .*, bar-funder, "):
        pages.explain(LAW, "nonsense")


def test_the_room_imports_only_itself_and_the_standard_library() -> None:
    allowed = sys.stdlib_module_names - {"os", "io", "pathlib", "socket", "subprocess", "time", "random", "secrets"}
    for path in (ROOT / "accord" / "policy").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.startswith("accord.policy.") or name.split(".")[0] in allowed, f"{path.name}: {name}"
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Attribute) and called.attr in ("now", "utcnow", "today")), path.name
            assert not (isinstance(called, ast.Name) and called.id == "open"), path.name

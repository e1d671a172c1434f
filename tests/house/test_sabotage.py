"""The list of breakages keeps up with the program: a line that is not there, or there twice, breaks nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sabotage import BREAKAGES, ROOT, Breakage


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_the_line_to_break_is_there_once(breakage: Breakage) -> None:
    text = (ROOT / breakage.file).read_text("utf-8")
    assert text.count(breakage.line) == 1
    assert breakage.broken != breakage.line
    assert all((ROOT / path).exists() for path in breakage.tests.split())


def test_every_breakage_has_a_name_of_its_own() -> None:
    assert not [name for name, count in Counter(each.name for each in BREAKAGES).items() if count > 1]

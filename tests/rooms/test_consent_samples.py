"""IHE PCF's 23 Consents against their own notes. Every question is put to the notes, read here in a second way, and to
us; where the answers differ we say no, and the reason stands in the table that docs/fhir-consent-differences.md is made
of - no more reasons, and no fewer."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from accord.records.consent import fhir, rules
from accord.records.consent.differences import REASONS, SAMPLES, Sample
from accord.records.consent.rules import ACT_CODE, ACT_REASON, CONFIDENTIALITY, Asked, Coding

_SHARED = Path(os.environ.get("SAMPLES_DIR", Path(__file__).parents[3] / "shared" / "samples"))
FOLDER = _SHARED / "fhir-pcf-consent"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="no sample consents: set SAMPLES_DIR")

TPO = ("TREAT", "HPAYMT", "HOPERAT")
#: What the notes say in prose: for which purposes, and who is meant by the permission inside.
PURPOSES = {
    "ex-consent-basic-research": ("HRESCH",),
    "ex-consent-basic-reject": (),
    "ex-consent-intermediate-purpose": ("FooBar",),
    "ex-dissent-intermediate-break-glass": (),
}
GROUP, PRACTITIONER, RESEARCHER = (
    "Group/ex-privilegedUsers",
    "Practitioner/ex-practitioner",
    "Organization/ex-org-researcher",
)
BEFORE, AFTER = datetime(2022, 7, 1, tzinfo=UTC), datetime(2023, 7, 1, tzinfo=UTC)
N, R = Coding(CONFIDENTIALITY, "N"), Coding(CONFIDENTIALITY, "R")
PSY, SDV, ETHUD = (Coding(ACT_CODE, code) for code in ("PSY", "SDV", "ETHUD"))


@cache
def raw(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"Consent-{name}.json").read_bytes())


@cache
def parsed(name: str) -> rules.Consent:
    return fhir.parse((FOLDER / f"Consent-{name}.json").read_bytes())


@cache
def notes() -> dict[str, Any]:
    return json.loads((FOLDER / "pcf_expected_from_notes.json").read_bytes())


def residual(name: str, actor: str) -> list[dict[str, Any]]:
    """What the note leaves to be enforced for this person; for the rest of the world where a note tells two apart."""
    for nested, general in (
        ("ex-consent-advanced-normal-focused-psy", "ex-consent-advanced-normal"),
        ("ex-consent-advanced-normal-focused-psy-or-sdv", "ex-consent-advanced-normal"),
    ):
        if name == nested and actor != PRACTITIONER:
            return notes()[general]["residual"]
    if name == "ex-consent-advanced-normal-focused-restricted":
        widened = "ex-consent-advanced-normal-restricted" if actor == PRACTITIONER else "ex-consent-advanced-normal"
        return notes()[widened]["residual"]
    if name == "ex-consent-advanced-normal-break-glass-restricted":
        return notes()["ex-consent-advanced-normal"]["residual"]
    return notes().get(name, {"residual": []})["residual"]


def expected(name: str, asked: Asked, at: datetime) -> bool:
    """The note, read by itself: purpose and person let somebody in, then the last residual rule that fits decides."""
    purpose = asked.purpose.code if asked.purpose else ""
    if name == "ex-consent-expired-treat" and at > datetime(2023, 1, 1, tzinfo=UTC):
        return False
    if name == "ex-consent-basic-research" and at < datetime(2023, 6, 24, tzinfo=UTC):
        return False
    if name == "ex-dissent-intermediate-break-glass":
        return asked.actor == GROUP and purpose == "BTG"
    if name == "ex-consent-advanced-normal-break-glass-restricted" and asked.actor == GROUP and purpose == "BTG":
        return fits(notes()["ex-consent-advanced-normal-restricted"]["residual"], asked)
    if purpose not in PURPOSES.get(name, TPO):
        return False
    if name == "ex-consent-intermediate-purpose" and asked.actor != RESEARCHER:
        return False
    return fits(residual(name, asked.actor), asked)


def fits(rest: list[dict[str, Any]], asked: Asked) -> bool:
    answer = True
    for rule in rest:
        if applies(rule, asked):
            answer = rule["type"] == "permit"
    return answer


def applies(rule: dict[str, Any], asked: Asked) -> bool:
    if "securityLabel" in rule:
        return any(Coding(each["system"], each["code"]) in (asked.labels or ()) for each in rule["securityLabel"])
    if "dataPeriod" in rule:
        return asked.item_at is not None and asked.item_at.year == 2022
    if "data" in rule:
        facts = {"instance": (asked.item,), "related": (asked.item, asked.encounter), "authoredby": (asked.author,)}
        return any(
            each["reference"]["reference"].removeprefix("http://example.org/fhir/") in facts[each["meaning"]]
            for each in rule["data"]
        )
    return True


@cache
def every_question() -> list[tuple[Asked, datetime]]:
    return list(questions())


def questions() -> Iterator[tuple[Asked, datetime]]:
    """Every mixture of who, why, how labelled, which thing, whose, when, and the day it is asked on."""
    systems = {"FooBar": "http://example.org/policies/purposeOfUse"}
    labels = [{N}, {R}, {N, PSY}, {R, PSY}, {R, SDV}, {R, ETHUD}, {R, PSY, SDV}]
    things = [
        ("Observation/ex-weight", "Encounter/ex-encounter"),
        ("Observation/ex-alcoholUse", "Encounter/other"),
        ("Observation/other", "Encounter/other"),
    ]
    who, why = ("", PRACTITIONER, GROUP, RESEARCHER), (*TPO, "HRESCH", "BTG", "FooBar")
    mixtures = itertools.product(
        who, why, labels, things, (PRACTITIONER, "Practitioner/ex-author"), (2021, 2022, 2023), (BEFORE, AFTER)
    )
    for actor, purpose, carried, (item, encounter), author, year, at in mixtures:
        yield (
            Asked(
                actor=actor,
                purpose=Coding(systems.get(purpose, ACT_REASON), purpose),
                labels=frozenset(carried),
                item=item,
                encounter=encounter,
                author=author,
                item_at=datetime(year, 6, 1, tzinfo=UTC),
            ),
            at,
        )


def reason(name: str, asked: Asked) -> str:
    """Which of the reasons a difference is: the one that would go away with its cause."""
    if asked.purpose and asked.purpose.code == "FooBar":
        return "own_codes"
    sensitive = {label for label in asked.labels or () if label.system == ACT_CODE}
    named = {"PSY": {"ex-consent-advanced-normal-focused-psy", "ex-consent-advanced-normal-focused-psy-or-sdv"},
             "SDV": {"ex-consent-advanced-normal-focused-psy-or-sdv"}}  # fmt: skip
    if any(name not in named.get(label.code, ()) or asked.actor != PRACTITIONER for label in sensitive):
        return "labels"
    return "breaking_glass" if asked.purpose and asked.purpose.code == "BTG" else "none of ours"


def test_all_23_are_here_and_each_is_in_the_table() -> None:
    names = [path.stem.removeprefix("Consent-") for path in sorted(FOLDER.glob("Consent-*.json"))]
    assert len(names) == 23
    assert [sample.id for sample in SAMPLES] == names
    assert {code for sample in SAMPLES for code in sample.differs} == set(REASONS)
    machine = {name for name, note in notes().items() if note["residual"]}
    assert machine == {sample.id for sample in SAMPLES if sample.machine}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_every_answer_is_the_notes_or_a_no_with_its_reason(sample: Sample) -> None:
    consent = parsed(sample.id)
    yes, differing = 0, set()
    for asked, at in every_question():
        ours, theirs = rules.decide_cell(consent, asked, at).permit, expected(sample.id, asked, at)
        yes += ours
        if ours == theirs:
            continue
        assert theirs and not ours, (asked.actor, asked.purpose and asked.purpose.code, asked.labels)
        differing.add(reason(sample.id, asked))
    assert differing == set(sample.differs)
    never = sample.id in ("ex-consent-basic-reject", "ex-consent-intermediate-purpose")
    assert bool(yes) is not never


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_what_is_not_understood_is_listed_and_nothing_else(sample: Sample) -> None:
    gaps = [(gap.path, gap.value) for gap in parsed(sample.id).not_understood]
    foobar = [("provision.purpose[0]", "FooBar")] if "own_codes" in sample.differs else []
    assert gaps == foobar


def test_without_a_fact_that_a_rule_asks_for_nothing_is_assumed() -> None:
    asked = Asked(purpose=Coding(ACT_REASON, "TREAT"), labels=frozenset({N}))
    for sample in SAMPLES:
        cell = rules.decide_cell(parsed(sample.id), asked, BEFORE)
        depends = any(word in sample.id for word in ("author", "data", "encounter", "timeframe"))
        assert cell.why.depends is depends, sample.id
        assert not (cell.permit and depends)


def test_reading_and_deciding_the_whole_matrix_takes_less_than_50_ms() -> None:
    for sample in SAMPLES:
        data = json.dumps(raw(sample.id)).encode()
        begun = time.process_time()
        rules.matrix(fhir.parse(data), AFTER)
        assert time.process_time() - begun < 0.05

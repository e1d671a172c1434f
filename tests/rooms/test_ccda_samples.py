"""The parser on 15 documents that nobody on this project wrote, and against two bundles of Microsoft's converter."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from time import process_time
from typing import Any

import lxml.etree as ET
import pytest

from accord.policy.words import Category
from accord.records.health import ccda, rules
from tests.rooms.ccda_documents import sample, samples

#: File: items by kind, entries in the file, entries that became no item.
COUNTS: dict[str, tuple[dict[str, int], int, int]] = {
    "cerner-problems-and-medications.xml": ({"medication": 6, "problem": 5}, 11, 0),
    "emerge-patient-1.xml": (
        {
            "allergy": 3,
            "encounter": 5,
            "immunization": 2,
            "medication": 8,
            "observation": 1,
            "problem": 4,
            "procedure": 9,
            "result": 29,
        },
        42,
        0,
    ),
    "greenway-export.xml": (
        {
            "allergy": 3,
            "immunization": 1,
            "medication": 2,
            "narrative": 1,
            "observation": 3,
            "planned": 5,
            "problem": 4,
            "procedure": 2,
            "result": 19,
        },
        27,
        0,
    ),
    "hl7-care-plan.xml": (
        {"encounter": 1, "goal": 1, "observation": 5, "planned": 3, "problem": 4, "procedure": 1},
        7,
        0,
    ),
    "hl7-consult-closing-referral.xml": ({"document": 1, "encounter": 1}, 0, 0),
    "hl7-discharge-summary.xml": (
        {
            "allergy": 3,
            "encounter": 1,
            "immunization": 2,
            "medication": 1,
            "narrative": 10,
            "observation": 2,
            "planned": 1,
            "problem": 3,
            "procedure": 1,
            "result": 4,
        },
        16,
        1,
    ),
    "hl7-referral-note.xml": (
        {
            "allergy": 2,
            "device": 3,
            "immunization": 1,
            "medication": 2,
            "narrative": 5,
            "observation": 9,
            "planned": 4,
            "problem": 5,
            "procedure": 4,
            "result": 14,
        },
        31,
        1,
    ),
    "kareo-ccd.xml": ({"allergy": 1, "immunization": 1, "medication": 1, "problem": 2, "result": 9}, 7, 0),
    "msft-ccd.xml": ({"allergy": 1, "narrative": 2, "observation": 1, "procedure": 3, "result": 10}, 7, 0),
    "msft-ccda-r21-ccd.xml": (
        {
            "allergy": 2,
            "device": 3,
            "encounter": 1,
            "immunization": 5,
            "medication": 2,
            "narrative": 2,
            "observation": 6,
            "planned": 1,
            "problem": 4,
            "procedure": 4,
            "result": 14,
        },
        31,
        2,
    ),
    "nist-ambulatory.xml": (
        {
            "allergy": 3,
            "encounter": 2,
            "immunization": 2,
            "medication": 2,
            "narrative": 2,
            "observation": 6,
            "planned": 3,
            "problem": 3,
            "procedure": 1,
            "result": 9,
        },
        23,
        0,
    ),
    "nist-inpatient.xml": (
        {
            "allergy": 3,
            "encounter": 2,
            "immunization": 2,
            "instruction": 1,
            "medication": 1,
            "narrative": 1,
            "observation": 6,
            "problem": 3,
            "procedure": 1,
            "result": 9,
        },
        20,
        0,
    ),
    "partners.xml": (
        {"allergy": 3, "encounter": 1, "medication": 2, "observation": 1, "problem": 3, "result": 21},
        22,
        0,
    ),
    "practicefusion-referral.xml": (
        {
            "allergy": 3,
            "encounter": 2,
            "immunization": 4,
            "instruction": 1,
            "medication": 4,
            "narrative": 4,
            "observation": 1,
            "planned": 2,
            "problem": 3,
            "result": 13,
        },
        22,
        1,
    ),
    "vitera.xml": (
        {
            "allergy": 5,
            "encounter": 13,
            "immunization": 1,
            "medication": 17,
            "narrative": 8,
            "observation": 4,
            "planned": 2,
            "problem": 1,
            "procedure": 4,
            "result": 116,
        },
        63,
        4,
    ),
}


@pytest.mark.parametrize("name", COUNTS)
def test_every_entry_becomes_an_item_or_is_listed(name: str) -> None:
    data = sample(name)
    document = ccda.parse(data)
    kinds, entries, missed = COUNTS[name]
    assert dict(Counter(i.kind for i in document.items)) == kinds
    root = ET.fromstring(data)
    assert len(root.findall(".//{*}entry")) == len(document.account) == entries
    origins = {i.origin for i in document.items}
    listed = [n.where for n in document.not_understood]
    empty = 0
    for entry in document.account:
        assert set(entry.origins) <= origins
        if not entry.origins:
            empty += 1
            assert any(where == entry.where or where.startswith(entry.where + "/") for where in listed)
    assert empty == missed
    assert len({i.origin for i in document.items}) == len(document.items)


@pytest.mark.parametrize("name", COUNTS)
def test_no_text_of_a_section_is_lost_where_an_entry_was_not_read(name: str) -> None:
    document = ccda.parse(sample(name))
    kept = {i.source.path for i in document.items if i.kind == "narrative"}
    for part in document.sections:
        unread = any(n.where.startswith(part.path + "/") for n in document.not_understood)
        assert (part.path in kept) == bool(part.text and (unread or not part.entries))


@pytest.mark.parametrize("name", COUNTS)
def test_sources_point_back_to_the_element(name: str) -> None:
    """Path and line lead to an element that carries the id the item names."""
    data = sample(name)
    document = ccda.parse(data)
    root = ET.fromstring(data)
    for item in document.items:
        steps = item.source.path.split("/")[2:]
        node = root.find("/".join("{*}" + s for s in steps)) if steps else root
        assert node is not None, item.source.path
        assert node.sourceline == item.source.line
        if item.source.root and item.kind != "narrative":
            outer = [node, *node.iterancestors()]
            ids = {(i.get("root", ""), i.get("extension", "")) for n in outer for i in n.findall("{*}id")}
            assert (item.source.root, " ".join(item.source.extension.split())) in ids


@pytest.mark.parametrize("name", COUNTS)
def test_every_item_has_a_category_a_status_and_a_summary(name: str) -> None:
    for item in ccda.parse(sample(name)).items:
        assert isinstance(item.category, Category)
        assert item.status in ccda.STATUSES
        assert set(item.values) <= ccda.VALUES
        assert all(item.values.values())
        key, values = rules.summary(item.kind, item.coded())
        assert rules.sentence(key, values)


def test_a_file_read_again_says_the_same() -> None:
    for name in COUNTS:
        first, second = (ccda.parse(sample(name)).items for _ in range(2))
        assert [i.origin for i in first] == [i.origin for i in second]


def test_there_are_exactly_the_files_we_know() -> None:
    assert {p.name for p in samples().glob("*.xml")} == set(COUNTS)


def test_warts_of_real_exports() -> None:
    greenway = sample("greenway-export.xml")
    assert greenway.startswith(b"\xef\xbb\xbf") and ccda.parse(greenway).patient.family == "Export5"
    kareo = ccda.parse(sample("kareo-ccd.xml"))
    assert (kareo.patient.given, kareo.patient.family) == ("JOEY", "MILLER")
    cerner = [i for i in ccda.parse(sample("cerner-problems-and-medications.xml")).items if i.kind == "medication"]
    assert "?" not in "".join(i.code.display for i in cerner)
    discharge = ccda.parse(sample("hl7-discharge-summary.xml"))
    assert discharge.repeated == 1
    none_given = [i for i in ccda.parse(sample("vitera.xml")).items if i.negated and i.kind == "medication"]
    assert [i.values["nothing_known"] for i in none_given] == ["yes"]
    no_allergies = next(i for i in ccda.parse(sample("msft-ccd.xml")).items if i.kind == "allergy")
    assert no_allergies.negated
    consult = ccda.parse(sample("hl7-consult-closing-referral.xml"))
    assert [i.kind for i in consult.items] == ["encounter", "document"]


def test_another_patient_is_refused() -> None:
    sharon = ccda.parse(sample("vitera.xml")).patient
    isabella = ccda.parse(sample("msft-ccd.xml")).patient
    assert isabella.birth is not None
    assert ccda.same_person(isabella, "Isabella", "Jones", isabella.birth).sameness == "same"
    assert ccda.same_person(sharon, "Isabella", "Jones", isabella.birth).sameness == "different"


# -- oracle -----------------------------------------------------------------------------------------------------------

_KINDS = {
    "Condition": {"problem"},
    "AllergyIntolerance": {"allergy"},
    "MedicationStatement": {"medication"},
    "MedicationRequest": {"medication"},
    "Procedure": {"procedure"},
    "Encounter": {"encounter"},
    "Immunization": {"immunization"},
    # Microsoft makes procedure observations (4.13) Observations of category procedure; we keep them procedures.
    "Observation": {"result", "observation", "procedure"},
}

Fact = tuple[str, str, str]


def _fact(resource: dict[str, Any], medications: dict[str, str]) -> Fact:
    kind = resource["resourceType"]
    concept = resource.get("code") or resource.get("vaccineCode") or {}
    codes = [c["code"] for c in concept.get("coding", []) if "code" in c]
    if kind == "AllergyIntolerance":
        codes = [c["code"] for r in resource.get("reaction", []) for c in r.get("substance", {}).get("coding", [])]
    if kind.startswith("Medication"):
        codes = [medications[resource["medicationReference"]["reference"]]]
    if kind == "Encounter":
        codes = [resource["class"]["code"]]
    period = resource.get("effectivePeriod") or resource.get("performedPeriod") or {}
    when = period.get("start", "")
    for name in ("onsetDateTime", "effectiveDateTime", "performedDateTime", "occurrenceDateTime"):
        when = when or resource.get(name, "")
    return kind, codes[0] if codes else "", when[:10]


def _compared(name: str) -> tuple[list[Fact], list[Fact], list[Fact]]:
    """(expected, of those not found, of ours not expected) as (type, code, date)."""
    bundle = json.loads(sample(f"{name}.expected-fhir.json"))
    resources = [e["resource"] for e in bundle["entry"]]
    medications = {
        f"Medication/{r['id']}": r["code"]["coding"][0]["code"] for r in resources if r["resourceType"] == "Medication"
    }
    expected = [_fact(r, medications) for r in resources if r["resourceType"] in _KINDS]
    left = list(ccda.parse(sample(f"{name}.xml")).items)
    missing = []
    for kind, code, when in expected:
        found = next(
            (
                i
                for i in left
                if i.kind in _KINDS[kind]
                and code in {i.code.code, *(c.code for c in i.also)}
                and (not when or (i.start is not None and i.start.iso[:10] == when))
            ),
            None,
        )
        if found is None:
            missing.append((kind, code, when))
        else:
            left.remove(found)
    compared = set().union(*_KINDS.values())
    ours = [(i.kind, i.code.code, i.start.iso[:10] if i.start else "") for i in left if i.kind in compared]
    return expected, missing, ours


def test_oracle_plain() -> None:
    expected, missing, ours = _compared("msft-ccd")
    assert len(expected) == 14
    # 13 of 14 found (93 %). The one: "no known allergies" (negationInd), which Microsoft turns into an active allergy
    # to nothing. We keep it as a negated statement about code 105590001.
    assert missing == [("AllergyIntolerance", "", "")]
    assert ours == [
        ("allergy", "105590001", "2014-10-03"),
        # A procedure activity act (4.12), which Microsoft drops.
        ("procedure", "61310001", "2014-10-01"),
    ]


def test_oracle_full() -> None:
    expected, missing, ours = _compared("msft-ccda-r21-ccd")
    assert len(expected) == 36
    # 34 of 36 found (94 %). The two: order and supply inside one medication activity, which Microsoft makes requests of
    # their own; we keep them as lines of that medication.
    assert missing == [("MedicationRequest", "573621", "")] * 2
    medication = next(
        i
        for i in ccda.parse(sample("msft-ccda-r21-ccd.xml")).items
        if i.kind == "medication" and i.code.code == "573621"
    )
    assert [d.partition(":")[0] for d in medication.details if d.startswith(("ordered", "supplied"))] == [
        "ordered",
        "supplied",
    ]
    assert ours == [
        # An advance directive (Consent at Microsoft's) and two functional states (dropped there).
        ("observation", "304251008", "2011-02-19"),
        ("observation", "54522-8", "2013-03-11"),
        ("observation", "46008-9", "2001"),
        # The procedure activity act (4.12) again.
        ("procedure", "274025005", "2011-02-03"),
    ]


# -- speed ------------------------------------------------------------------------------------------------------------


def test_the_median_document_takes_well_under_40_ms() -> None:
    """Processor time, best of three, so that a busy machine does not decide."""
    times = []
    for name in COUNTS:
        data = sample(name)
        best = 1.0
        for _ in range(3):
            begun = process_time()
            ccda.parse(data)
            best = min(best, process_time() - begun)
        times.append(best)
    assert statistics.median(times) < 0.040

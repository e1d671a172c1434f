"""Files that are broken, wrong or an attack: always a DocumentError with a sentence, never another exception."""

from __future__ import annotations

import random
import re
import time
import traceback
from datetime import UTC

import lxml.etree as ET
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.records.health import ccda, rules
from tests.rooms import ccda_documents as make

GOOD = make.everything()


def refused(data: bytes | str) -> ccda.DocumentError:
    with pytest.raises(ccda.DocumentError) as caught:
        ccda.parse(data.encode() if isinstance(data, str) else data)
    return caught.value


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12)
) + "]>"  # fmt: skip
DEEP = "<ClinicalDocument xmlns='urn:hl7-org:v3'>" + "<a>" * 10_000 + "</a>" * 10_000 + "</ClinicalDocument>"


@pytest.mark.parametrize(
    ("data", "says", "line"),
    [
        (b"", "empty", None),
        (b"  \r\n\xef\xbb\xbf", "empty", None),
        (b"\x00" * 100, "empty", None),
        (b"%PDF-1.7 ...", "not XML", 1),
        (b'{"resourceType": "Bundle"}', "not XML", 1),
        (b"PK\x03\x04\x14\x00", "not XML", 1),
        (b"\n\n<Bundle xmlns='http://hl7.org/fhir'/>", "not ClinicalDocument", 3),
        (b"<html><body>Sign in</body></html>", "not ClinicalDocument", 1),
        (b"<?xml version='1.0'?><!-- never closed", "cut off", 1),
        (BOMB.encode() + b"<ClinicalDocument>&l;</ClinicalDocument>", "DOCTYPE", 1),
        (b"<?xml version='1.0'?>\n<!DOCTYPE x SYSTEM 'file:///etc/passwd'>\n<ClinicalDocument/>", "DOCTYPE", 2),
        (b"<!-- <a> --><?a b?>\n<!DOCTYPE x>\n<ClinicalDocument/>", "DOCTYPE", 2),
        (GOOD.replace("She fell", "&fell;").encode(), "named entity", None),
        (DEEP.encode(), "too deeply", 1),
        (b"<ClinicalDocument>" + b"w " * 5_100_000 + b"</ClinicalDocument>", "10 million characters", 1),
        (GOOD.encode()[:-40], "cut off", None),
        (GOOD.encode()[: len(GOOD) // 2], "cut off", None),
        (GOOD.replace("</title>", "</tilte>").encode(), "not well-formed", 6),
        (GOOD.replace("Rosa", "R\x01sa").encode(), "not well-formed", None),
        (GOOD.replace("María", "Mar\u00eda").encode("iso-8859-1"), "encoding", 10),
        (GOOD.replace('"UTF-8"', '"UTF-7"').encode(), "encoding", 1),
        (GOOD.replace('"UTF-8"', '"IBM037"').encode(), "encoding", 1),
        (GOOD.encode("utf-16")[:-1], "encoding", None),
        (make.document(patient=make.PATIENT * 2).encode(), "more than one patient", None),
    ],
)  # fmt: skip
def test_refusals_name_what_and_where(data: bytes, says: str, line: int | None) -> None:
    error = refused(data)
    assert says in str(error)
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(error))
    if line is not None:
        assert error.line == line
        assert f"(line {line})" in str(error)


def test_too_large_is_refused_before_it_is_read() -> None:
    data = b"<" * 200_000_000
    begun = time.perf_counter()
    assert "20 MB" in str(refused(data))
    assert time.perf_counter() - begun < 0.5


def test_too_many_elements_or_entries() -> None:
    assert "more elements" in str(refused("<ClinicalDocument>" + "<a/>" * 1_600_000 + "</ClinicalDocument>"))
    many = make.section("11450-4", "P", "").replace("</section>", "<entry/>" * 20_001 + "</section>")
    assert "entries" in str(refused(make.document(many)))


def test_a_doctype_hidden_behind_utf_16() -> None:
    assert "DOCTYPE" in str(refused((BOMB + "<ClinicalDocument/>").encode("utf-16")))


def test_errors_carry_nothing_of_the_file() -> None:
    """Neither in the sentence nor in a chained exception that a log would print."""
    secret = "Canary4711"
    broken = [
        GOOD.replace("She fell", f"<{secret} She fell"),
        GOOD.replace("She fell", f"&{secret};"),
        GOOD.replace("She fell", f"</{secret}>"),
        GOOD.replace("<list>", f"<list {secret}>"),
        GOOD.replace("<list>", f"<list {secret}:a='1'>"),
        f"<{secret}/>",
        secret,
    ]
    for text in broken:
        error = refused(text)
        assert secret not in "".join(traceback.format_exception(error))
    latin = GOOD.replace("She fell", f"{secret} é")
    error = refused(latin.encode("cp1252"))
    assert secret not in "".join(traceback.format_exception(error)) and error.__suppress_context__


def test_statements_nested_past_sense_are_listed() -> None:
    inner = make.act("observation", "EVN", "1", "X", "2020")
    for _ in range(120):
        inner = f'<act moodCode="EVN">{make.template("4.3")}<entryRelationship>{inner}</entryRelationship></act>'
    document = ccda.parse(make.document(make.section("11450-4", "P", "words", inner)).encode())
    assert [i.kind for i in document.items] == ["narrative"]
    assert "nested too deeply" in document.not_understood[0].why


def test_nested_narrative_of_hundreds_of_levels() -> None:
    text = "<content>" * 150 + "deep" + "</content>" * 150
    assert ccda.parse(make.document(make.section("10164-2", "S", text)).encode()).sections[0].text == "deep"


def test_a_reference_to_a_very_long_text_is_not_copied_into_every_item() -> None:
    text = f'<content ID="sig1">{"word " * 10_000}</content>'
    document = ccda.parse(make.document(make.section("10160-0", "M", text, make.medication())).encode())
    medication, narrative = document.items
    assert medication.narrative == "" and len(narrative.narrative) > 40_000
    assert "very long text" in document.not_understood[0].why


def test_remarks_cannot_multiply() -> None:
    """A thousand remarks on a concern with a thousand problems are not a million lines."""
    comment = f'<act>{make.template("4.64")}<code code="48767-8"/><text>{{}}</text></act>'
    remark = f"<entryRelationship>{comment}</entryRelationship>"
    whole = make.problem()
    inner = whole[whole.index("<entryRelationship") : whole.rindex("</act>")]
    problems = "".join(inner.replace('"p1"', f'"p{n}"') for n in range(1000))
    remarks = "".join(remark.format(f"remark {n}") for n in range(1000))
    entry = f'<act moodCode="EVN">{make.template("4.3")}{problems}{remarks}</act>'
    document = ccda.parse(make.document(make.section("11450-4", "P", "words", entry)).encode())
    assert len(document.items) == 1001
    assert max(len(i.details) for i in document.items) == ccda.MAX_LENT
    assert any("remarks" in n.why for n in document.not_understood)


def test_a_field_cannot_grow_without_bound() -> None:
    many = "".join(f'<interpretationCode code="code-{n:06}"/>' for n in range(5000))
    value = '<value xsi:type="PQ" value="1"/>'
    (item,) = ccda.parse(
        make.document(make.section("30954-2", "R", "", make.panel(make.result("1", "X", value, extra=many)))).encode()
    ).items
    assert len(item.values["interpretation"]) < ccda.MAX_FIELD + 50
    assert len(item.details) > 4000


def test_a_hundred_thousand_translations_are_read_once_each() -> None:
    many = "".join(f'<translation code="c{n}"/>' for n in range(100_000))
    value = f'<value xsi:type="CD">{many}</value>'
    begun = time.process_time()
    document = ccda.parse(make.document(make.section("11450-4", "P", "", make.problem(value=value))).encode())
    assert len(document.items[0].also) == 99_999
    assert time.process_time() - begun < 10


def test_wide_documents_stay_linear() -> None:
    def seconds(entries: int) -> float:
        section = make.section("11450-4", "P", "", *(make.problem(ident=f"p{n}") for n in range(entries)))
        data = make.document(section).encode()
        begun = time.process_time()
        assert len(ccda.parse(data).items) == entries
        return time.process_time() - begun

    seconds(10)
    assert seconds(2000) < 20 * max(seconds(200), 0.01)


def survives(data: bytes) -> None:
    """Reads or refuses; what it reads is whole and can be summarised."""
    try:
        document = ccda.parse(data)
    except ccda.DocumentError as error:
        assert str(error).endswith(".")
        return
    listed = [n.where for n in document.not_understood]
    for entry in document.account:
        assert entry.origins or any(w == entry.where or w.startswith(entry.where + "/") for w in listed)
    for item in document.items:
        assert item.status in ccda.STATUSES and set(item.values) <= ccda.VALUES
        rules.sentence(*rules.summary(item.kind, item.coded()))
        if item.start is not None:
            item.start.earliest(UTC)


@pytest.mark.parametrize("name", ["cerner-problems-and-medications.xml", "kareo-ccd.xml", "msft-ccd.xml"])
def test_200_broken_places_of_a_real_export(name: str) -> None:
    data = make.sample(name)
    chance = random.Random(name)
    for _ in range(200):
        at = chance.randrange(len(data))
        flipped = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        survives(flipped)
        survives(data[:at])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    survives(data)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD.encode()) - 1), st.binary(max_size=12), st.integers(0, 12))
def test_any_bytes_inside_a_document(at: int, inserted: bytes, dropped: int) -> None:
    data = GOOD.encode()
    survives(data[:at] + inserted + data[at + dropped :])


_WORDS = (
    "", " ", "UNK", "0", "20200230", "2020-13", "true", "CD", "IVL_PQ", "cda:PQ", "#", "#p", "B64", "EVN", "INT", "GOL",
)  # fmt: skip
_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
_TEXTS = st.one_of(st.sampled_from(_WORDS), st.text(_LETTERS, max_size=20))


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_rearrangement_of_a_valid_document(data: st.DataObject) -> None:
    """Attributes take any text, elements vanish, repeat, move and change their name: still read or refused."""
    root = ET.fromstring(GOOD.encode())
    names = sorted(
        {n.tag for n in root.iter()} | {f"{{urn:hl7-org:v3}}{n}" for n in ("supply", "value", "effectiveTime", "low")}
    )
    for _ in range(data.draw(st.integers(1, 12))):
        nodes = list(root.iter())[1:]
        if not nodes:
            break
        node = nodes[data.draw(st.integers(0, len(nodes) - 1))]
        match data.draw(st.sampled_from(["attribute", "drop", "move", "rename", "text", "lose"])):
            case "attribute":
                keys = sorted(node.attrib) or ["nullFlavor"]
                node.set(data.draw(st.sampled_from(keys)), data.draw(_TEXTS))
            case "lose":
                node.attrib.clear()
            case "drop":
                node.getparent().remove(node)
            case "move":
                target = nodes[data.draw(st.integers(0, len(nodes) - 1))]
                if node not in target.iterancestors() and target is not node:
                    target.append(node)
            case "rename":
                node.tag = data.draw(st.sampled_from(names))
            case "text":
                node.text = data.draw(_TEXTS)
    survives(ET.tostring(root))

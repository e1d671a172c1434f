"""What the parser makes of each kind of statement, on small documents of our own."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from accord.policy.words import Category
from accord.records.health import ccda
from tests.rooms import ccda_documents as make


def read(*sections: str, **how: str) -> ccda.Document:
    return ccda.parse(make.document(*sections, **how).encode())


def only(*sections: str) -> ccda.Item:
    items = read(*sections).items
    assert len(items) == 1, [i.kind for i in items]
    return items[0]


PROBLEMS, ALLERGIES, MEDICATIONS = ("11450-4", "Problems"), ("48765-2", "Allergies"), ("10160-0", "Medications")


def test_header() -> None:
    document = read()
    patient = document.patient
    assert (document.id, document.title, document.code.code) == (("9.9.9", "doc-1"), "Visit summary", "34133-9")
    assert document.effective is not None and document.effective.iso == "2026-03-01T10:15:00-05:00"
    assert (document.author, document.author_organization, document.custodian) == (
        "Ana Diaz", "Hill Clinic", "Hill Hospital",
    )  # fmt: skip
    assert (document.confidentiality, document.language) == ("R", "en-US")
    assert (patient.given, patient.family, patient.birth) == ("Rosa María", "de la Cruz", date(1988, 2, 14))
    assert patient.ids == (("1.2.3", "MRN-7"),)
    assert (patient.gender, patient.languages, patient.telecoms) == ("F", ("es-US",), ("tel:+1(555)555-0100",))
    assert patient.addresses == ("1 Elm St, Salem, OR",)


def test_problem() -> None:
    item = only(make.section(*PROBLEMS, "", make.problem()))
    assert (item.kind, item.category, item.code.code, item.display) == (
        "problem", Category.CONDITIONS, "38341003", "Hypertension",
    )  # fmt: skip
    assert item.start is not None and item.start.iso == "2020-01-05"
    assert item.status == "active"
    assert (item.source.root, item.source.extension, item.source.section.code) == ("7.7", "p1", "11450-4")
    path = "/ClinicalDocument/component/structuredBody/component/section/entry/act/entryRelationship/observation"
    assert item.source.path == path


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (make.problem(until="20210101"), "resolved"),
        (make.problem(concern="suspended"), "held"),
        (make.problem(concern="completed"), "unknown"),
        (make.problem(extra=make.nested("4.6", make.concept("73425007", "Inactive"))), "inactive"),
        (make.problem(until="2021", extra=make.nested("4.6", make.concept("55561003", "Active"))), "active"),
    ],
)
def test_status_of_a_problem_is_never_more_certain_than_the_document(entry: str, status: str) -> None:
    assert only(make.section(*PROBLEMS, "", entry)).status == status


def test_a_problem_in_words_only_takes_them_from_the_narrative() -> None:
    value = '<value xsi:type="CD" nullFlavor="OTH"><originalText><reference value="#w"/></originalText></value>'
    text = '<table><tbody><tr><td ID="w">sore  throat</td><td>x</td></tr></tbody></table>'
    item = only(make.section(*PROBLEMS, text, make.problem(value=value)))
    assert (item.code, item.original, item.display) == (ccda.Code(), "sore throat", "sore throat")
    assert item.coded()["display"] == ""


def test_a_translation_stands_in_for_a_missing_code() -> None:
    value = f"""<value xsi:type="CD" code="55607006" codeSystem="{make.SNOMED}" displayName="Problem">
    <translation code="346.9" codeSystem="2.16.840.1.113883.6.103" displayName="Migraine"/></value>"""
    item = only(make.section(*PROBLEMS, "", make.problem(value=value)))
    assert (item.code.code, item.code.display) == ("346.9", "Migraine")
    assert [c.code for c in item.also] == ["55607006"]


def test_value_with_a_prefixed_or_missing_type() -> None:
    for kind in ('xsi:type="cda:CD"', ""):
        value = f'<value {kind} code="38341003" displayName="Hypertension"/>'
        document = read(make.section(*PROBLEMS, "", make.problem(value=value)), attributes='xmlns:cda="urn:hl7-org:v3"')
        assert document.items[0].code.code == "38341003"


def test_allergy() -> None:
    extra = make.nested(
        "4.9", make.concept("247472004", "Hives"), "MFST", make.nested("4.8", make.concept("255604002", "Mild"))
    ) + make.nested("4.8", make.concept("24484000", "Severe"))
    item = only(make.section(*ALLERGIES, "", make.allergy('<code code="7980" displayName="Penicillin"/>', extra=extra)))
    assert (item.kind, item.category, item.code.display, item.status) == (
        "allergy", Category.ALLERGIES, "Penicillin", "active",
    )  # fmt: skip
    assert item.values["reaction"] == "Hives"
    assert (item.values["severity"], item.values["reaction_severity"]) == ("severe", "mild")


def test_no_known_allergies_is_a_statement() -> None:
    item = only(make.section(*ALLERGIES, "", make.allergy('<code nullFlavor="NA"/>', attributes='negationInd="true"')))
    assert item.negated and item.values["nothing_known"] == "yes"
    assert (item.code.code, item.coded()["negated"]) == ("419199007", "yes")


def test_a_section_that_says_no_information_is_kept_and_listed() -> None:
    text = "<paragraph>No known medications</paragraph>"
    document = read(make.section(*MEDICATIONS, text).replace("<section>", '<section nullFlavor="NI">'))
    assert [(i.kind, i.category) for i in document.items] == [("narrative", Category.DOCUMENTS)]
    assert document.items[0].narrative == "Medications\nNo known medications"
    assert [n.what for n in document.not_understood] == ["section"]


def test_medication() -> None:
    indication = make.nested("4.19", make.concept("25064002", "Headache"), "RSON")
    need = '<precondition><criterion><value xsi:type="CD" displayName="Pain"/></criterion></precondition>'
    text = '<content ID="sig1">Two, three times a day</content>'
    item = only(make.section(*MEDICATIONS, text, make.medication(indication + need)))
    assert (item.kind, item.status, item.code.code, item.narrative) == (
        "medication", "active", "310965", "Two, three times a day",
    )  # fmt: skip
    expected = {
        "dose": "2 mg", "route": "ORAL", "frequency": "every 8 h", "indication": "Headache", "as_needed": "Pain",
    }  # fmt: skip
    assert dict(item.values) == expected
    assert item.start is not None and item.start.iso == "2024-01-10" and item.end is None


def test_a_prescription_is_not_a_plan_but_a_planned_medication_is() -> None:
    assert only(make.section(*MEDICATIONS, "", make.medication(mood="INT"))).status == "active"
    assert only(make.section("18776-5", "Plan", "", make.medication(mood="INT", number="4.42"))).status == "planned"


def test_immunization_refused() -> None:
    refusal = f"""<entryRelationship typeCode="RSON"><observation>{make.template("4.53")}
    <code code="PATOBJ" displayName="Patient objection"/></observation></entryRelationship>"""
    item = only(
        make.section("11369-6", "Shots", "", make.medication(refusal, number="4.52", attributes='negationInd="true"'))
    )
    assert (item.kind, item.category, item.status, item.negated) == (
        "immunization", Category.MEDICATIONS, "not_done", True,
    )  # fmt: skip
    assert item.values["reason_not_done"] == "Patient objection"


@pytest.mark.parametrize(
    ("code", "name", "mood", "kind", "category", "status"),
    [
        ("47519-4", "procedure", "EVN", "procedure", Category.PROCEDURES, "completed"),
        ("47519-4", "observation", "EVN", "procedure", Category.PROCEDURES, "completed"),
        ("47519-4", "act", "EVN", "procedure", Category.PROCEDURES, "completed"),
        ("46240-8", "encounter", "EVN", "encounter", Category.ENCOUNTERS, "completed"),
        ("18776-5", "encounter", "INT", "planned", Category.VISITS, "planned"),
        ("18776-5", "procedure", "RQO", "planned", Category.VISITS, "planned"),
        ("18776-5", "act", "INT", "planned", Category.VISITS, "planned"),
        ("61146-7", "observation", "GOL", "goal", Category.NOTES, "completed"),
        ("29762-2", "observation", "EVN", "observation", Category.NOTES, "completed"),
    ],
)
def test_kinds(code: str, name: str, mood: str, kind: str, category: Category, status: str) -> None:
    item = only(make.section(code, "Title", "", make.act(name, mood, "123", "Thing", "202503")))
    assert (item.kind, item.category, item.status) == (kind, category, status)
    assert item.start is not None and (item.start.iso, item.start.precision) == ("2025-03", "month")


def test_encounter_with_a_diagnosis_gives_both() -> None:
    diagnosis = (
        f'<entryRelationship><act>{make.template("4.80")}<code code="29308-4"/>{_inner()}</act></entryRelationship>'
    )
    document = read(
        make.section("46240-8", "Visits", "", make.act("encounter", "EVN", "1", "ER", "20250102", inner=diagnosis))
    )
    assert sorted((i.kind, i.code.code) for i in document.items) == [("encounter", "1"), ("problem", "38341003")]


def _inner() -> str:
    whole = make.problem()
    return whole[whole.index("<entryRelationship") : whole.rindex("</act>")]


def test_the_visit_of_the_header_is_an_encounter() -> None:
    header = """<componentOf><encompassingEncounter><id root="5" extension="v"/>
    <code code="EMER" displayName="Emergency"/>
    <effectiveTime><low value="202603010830"/><high value="202603011700"/></effectiveTime>
    <location><healthCareFacility><location><name>Ward 3</name></location></healthCareFacility></location>
    </encompassingEncounter></componentOf>"""
    item = next(i for i in read(header=header).items if i.kind == "encounter")
    assert (item.kind, item.code.code, item.values["location"]) == ("encounter", "EMER", "Ward 3")
    assert item.end is not None and item.end.iso == "2026-03-01T17:00"


def test_results() -> None:
    span = '<value xsi:type="IVL_PQ"><low value="12.0" unit="g/dL"/><high value="15.5" unit="g/dL"/></value>'
    bounds = f"<referenceRange><observationRange>{span}</observationRange></referenceRange>"
    extra = f'<interpretationCode code="L"/>{bounds}'
    text_value = '<value xsi:type="ST">cloudy</value>'
    document = read(
        make.section(
            "30954-2", "Results", "",
            make.panel(
                make.result("718-7", "Hemoglobin", '<value xsi:type="PQ" value="10.2" unit="g/dL"/>', extra=extra),
                make.result("5767-9", "Appearance", text_value, "r2"),
                make.result("1-1", "Low bound", '<value xsi:type="IVL_PQ"><low value="92" unit="%"/></value>', "r3"),
            ),
        )
    )  # fmt: skip
    first, second, third = document.items
    assert dict(first.values) == {
        "value": "10.2", "unit": "g/dL", "interpretation": "L", "reference_range": "12.0-15.5 g/dL",
        "panel": "Blood count",
    }  # fmt: skip
    assert first.start is not None and first.start.iso == "2025-06-11T08:30:00-04:00"
    assert (second.values["text"], "value" in second.coded()) == ("cloudy", False)
    assert (third.values["value"], third.values["unit"]) == (">=92", "%")


def test_vital_signs_are_results_and_a_sample_procedure_belongs_to_the_panel() -> None:
    taken = make.act("procedure", "EVN", "1", "Venous draw", "20250611")
    whole = make.panel(make.result("8480-6", "Systolic", '<value xsi:type="PQ" value="120" unit="mm[Hg]"/>'))
    whole = whole.replace("</organizer>", f"<component>{taken}</component></organizer>")
    item = only(make.section("8716-3", "Vitals", "", whole))
    assert (item.kind, item.category, item.details) == ("result", Category.RESULTS, ("Venous draw (2025-06-11)",))


def test_what_has_no_field_stays_as_a_line() -> None:
    comment = f"""<entryRelationship><act>{make.template("4.64")}<code code="48767-8" displayName="Comment"/>
    <text>She   says it began after the move</text></act></entryRelationship>"""
    item = only(make.section(*PROBLEMS, "", make.problem(extra=comment)))
    assert item.details == ("Comment: She says it began after the move",)


def test_relatives_and_insurance_are_not_hers() -> None:
    father = make.act("observation", "EVN", "73211009", "Diabetes", "1980")
    document = read(
        make.section("10157-6", "Family", "<paragraph>Father: diabetes</paragraph>", father),
        make.section("48768-6", "Payers", "<paragraph>Plan A</paragraph>", make.act("act", "EVN", "1", "PPO", "2020")),
    )
    assert [i.kind for i in document.items] == ["narrative", "narrative"]
    assert [n.what for n in document.not_understood] == ["observation", "act"]


@pytest.mark.parametrize("place", ["section", "statement"])
def test_statements_about_another_person_are_not_hers(place: str) -> None:
    subject = '<subject><relatedSubject classCode="PRS"><code code="SON"/></relatedSubject></subject>'
    entry = make.act("observation", "EVN", "1", "Fever", "2020", inner=subject if place == "statement" else "")
    section = make.section("30954-2", "Results", "<paragraph>Son: fever</paragraph>", entry)
    if place == "section":
        section = section.replace("<entry>", subject + "<entry>")
    document = read(section)
    assert [i.kind for i in document.items] == ["narrative"]
    assert "another person" in document.not_understood[0].why


def test_unknown_section_with_coded_entries_and_nested_sections() -> None:
    inner = make.section(
        "99999-9", "Odd", "<paragraph>odd</paragraph>", make.act("observation", "EVN", "1", "X", "2020")
    )
    outer = make.section("11111-1", "Outer").replace("</section>", f"<component>{inner}</component></section>")
    document = read(outer)
    assert [(i.kind, i.source.section.code) for i in document.items] == [("observation", "99999-9")]
    assert [s.title for s in document.sections] == ["Outer", "Odd"]
    assert not document.not_understood


@pytest.mark.parametrize(
    "entry",
    [
        "", "<act/>", "<observation nullFlavor='NI'/>", "<organizer/>", "<wishes/>", "<substanceAdministration/>",
        "<regionOfInterest/>",
    ],
)  # fmt: skip
def test_an_entry_that_says_nothing_is_listed_and_its_section_kept(entry: str) -> None:
    document = read(make.section(*PROBLEMS, "<paragraph>words</paragraph>", entry))
    assert [i.kind for i in document.items] == ["narrative"]
    assert len(document.not_understood) == 1
    assert document.account[0].origins == ()
    assert document.not_understood[0].where.startswith(document.account[0].where)


def test_narrative_keeps_rows_lists_and_cells() -> None:
    text = """<table><thead><tr><th>Drug</th><th>Dose</th></tr></thead><tbody><tr><td>A</td><td/></tr><tr><td/>
    <td>2 mg</td></tr></tbody></table><list><item>one<br/>more</item><item>two</item></list>
    tail <content>end</content>"""
    document = read(make.section("10164-2", "Story", text))
    assert document.sections[0].text == "Drug | Dose\nA\n| 2 mg\n- one\nmore\n- two\ntail end"


# -- the same thing twice ----------------------------------------------------------------------------------------------


def test_the_same_element_twice_is_one_item() -> None:
    document = read(
        make.section(*PROBLEMS, "", make.problem(), make.problem()),
        make.section("11535-2", "Discharge", "", make.problem()),
    )
    assert (len(document.items), document.repeated) == (1, 2)
    assert all(a.origins == (document.items[0].origin,) for a in document.account)


def test_origins_do_not_depend_on_the_document_around() -> None:
    one = only(make.section(*PROBLEMS, "", make.problem()))
    other = read(
        make.section("10164-2", "Story", "x"),
        make.section(*PROBLEMS, "<paragraph>laid out anew</paragraph>", make.problem()),
    )
    assert one.origin in {i.origin for i in other.items}
    assert len(one.origin) == 64 and int(one.origin, 16)


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "38341004"}, {"until": "2021"}, {"when": "2019"}, {"ident": "p2"},
        {"attributes": 'negationInd="true"'},
        {"extra": make.nested("4.8", make.concept("24484000", "Severe"))},
    ],
)  # fmt: skip
def test_the_same_id_with_other_content_is_another_item(changed: dict[str, str]) -> None:
    document = read(make.section(*PROBLEMS, "", make.problem(), make.problem(**changed)))
    assert len({i.origin for i in document.items}) == 2


def test_another_end_alone_is_another_item() -> None:
    section = make.section(*PROBLEMS, "", make.problem(until="2021"), make.problem(until="2022"))
    assert len(read(section).items) == 2


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_unstructured_body() -> None:
    body = '<nonXMLBody><text mediaType="application/pdf" representation="B64">JVBE\n Ri0=</text></nonXMLBody>'
    document = read(body=body)
    assert document.body is not None and (document.body.media_type, document.body.data) == ("application/pdf", b"%PDF-")
    (item,) = document.items
    assert (item.kind, item.category, item.media, item.display) == (
        "document", Category.DOCUMENTS, document.body, "Summary",
    )  # fmt: skip
    assert not document.not_understood


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<text mediaType="application/pdf" representation="B64">***</text>', "damaged"),
        ('<text mediaType="application/pdf"><reference value="scan.pdf"/></text>', "another file"),
        ("", "empty"),
    ],
)
def test_unstructured_body_that_cannot_be_had(text: str, why: str) -> None:
    document = read(body=f"<nonXMLBody>{text}</nonXMLBody>")
    assert [i.kind for i in document.items] == ["document"]
    assert why in document.not_understood[0].why


def test_a_body_without_sections_still_imports() -> None:
    document = read()
    assert [i.kind for i in document.items] == ["document"]
    assert "no section" in document.not_understood[0].why


def test_an_image_in_an_entry_is_a_document() -> None:
    picture = '<value mediaType="image/png" representation="B64">iVBORw==</value>'
    image = f'<observationMedia><id root="8"/>{picture}</observationMedia>'
    item = only(make.section("8709-8", "Skin", "", image))
    assert item.kind == "document" and item.media is not None and item.media.data == b"\x89PNG"


def test_people_of_the_header_are_listed_not_imported() -> None:
    document = read(
        make.section("10164-2", "S", "x"), header="<participant/><participant/><informant><relatedEntity/></informant>"
    )
    assert sorted(n.what for n in document.not_understood)[:2] == [
        "People connected with the patient (2)",
        "Who gave information for the whole document (1)",
    ]


# -- encodings and namespaces ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(encoding: str) -> None:
    text = make.document(make.section(*PROBLEMS, "", make.problem(name="Übelkeit")))
    assert ccda.parse(text.encode(encoding)).items[0].code.display == "Übelkeit"


def test_declared_latin_1_and_leading_blank_lines() -> None:
    text = make.document(make.section(*PROBLEMS, "", make.problem(name="Übelkeit")))
    data = "\n\n" + text.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"')
    assert ccda.parse(data.encode("iso-8859-1")).items[0].code.display == "Übelkeit"


def test_declared_utf_16_that_is_not() -> None:
    text = make.document(make.section(*PROBLEMS, "", make.problem()))
    assert ccda.parse(text.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode()).items


def test_namespaces() -> None:
    text = make.document(make.section(*PROBLEMS, "", make.problem()))
    plain = ccda.parse(text.encode()).items
    none = text.replace('xmlns="urn:hl7-org:v3"', "")
    odd = text.replace('xmlns="urn:hl7-org:v3"', 'xmlns="http://example.org/v3"')
    local = text.replace("<act ", '<act xmlns="" ').replace("<observation ", '<observation xmlns="urn:hl7-org:v3" ')
    undeclared = text.replace(' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', "")
    for variant in (none, odd, local, undeclared):
        assert variant != text
        assert [i.origin for i in ccda.parse(variant.encode()).items] == [i.origin for i in plain]


def test_extensions_of_other_makers_are_ignored() -> None:
    extra = '<x:code xmlns:x="urn:maker" code="1"/><sdtc:code code="2"/>'
    item = only(make.section(*PROBLEMS, "", make.problem(extra=extra)))
    assert item.code.code == "38341003"


# -- time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("2009", "2009", "year"),
        ("200907", "2009-07", "month"),
        ("20090709", "2009-07-09", "day"),
        ("2009070914", "2009-07-09T14", "hour"),
        ("200907091405", "2009-07-09T14:05", "minute"),
        ("20090709140506", "2009-07-09T14:05:06", "second"),
        ("20101028092016.829-0500", "2010-10-28T09:20:16-05:00", "second"),
        ("200907091405+0530", "2009-07-09T14:05+05:30", "minute"),
        ("200907091405Z", "2009-07-09T14:05+00:00", "minute"),
        ("2009070914-05", "2009-07-09T14-05:00", "hour"),
        ("2009-07-09", "2009-07-09", "day"),
        ("2009-07", "2009-07", "month"),
        ("2009-07-09T14:05:06-05:00", "2009-07-09T14:05:06-05:00", "second"),
        ("20090231", "2009-02", "month"),
        ("20091301", "2009", "year"),
        ("20090700", "2009-07", "month"),
        ("2009070925", "2009-07-09", "day"),
        ("20090709140506-9900", "2009-07-09T14:05:06", "second"),
        (" 20090709 ", "2009-07-09", "day"),
    ],
)
def test_moments(text: str, iso: str, precision: str) -> None:
    found = ccda.moment(text)
    assert found is not None and (found.iso, found.precision) == (iso, precision)


@pytest.mark.parametrize("text", ["", "0", "000000", "UNK", "421927004", "9", "Jan 2009", "-2009"])
def test_no_moments(text: str) -> None:
    assert ccda.moment(text) is None


def test_earliest_instant_and_day() -> None:
    salem = timezone(timedelta(hours=-8))

    def earliest(text: str) -> datetime:
        found = ccda.moment(text)
        assert found is not None
        return found.earliest(salem).astimezone(UTC)

    assert earliest("2009") == datetime(2009, 1, 1, 8, tzinfo=UTC)
    assert earliest("200907") == datetime(2009, 7, 1, 8, tzinfo=UTC)
    assert earliest("2009070914") == datetime(2009, 7, 9, 22, tzinfo=UTC)
    assert earliest("2009070914-05") == datetime(2009, 7, 9, 19, tzinfo=UTC)
    month, day = ccda.moment("200907"), ccda.moment("20090709140506")
    assert month is not None and month.day is None
    assert day is not None and day.day == date(2009, 7, 9)


def test_a_time_that_cannot_be_kept_is_a_line() -> None:
    item = only(make.section(*PROBLEMS, "", make.problem(when="20090231")))
    assert item.start is not None and item.start.iso == "2009-02"
    assert item.details == ("time as written: 20090231",)
    backwards = only(make.section(*PROBLEMS, "", make.problem(when="20200105", until="20190101")))
    assert backwards.end is None and "before the start" in backwards.details[0]


# -- whose document ----------------------------------------------------------------------------------------------------

BORN = date(1988, 2, 14)


@pytest.mark.parametrize(
    ("given", "family", "birth", "expected"),
    [
        ("Rosa", "de la Cruz", BORN, "same"),
        ("ROSA MARIA", "Cruz", BORN, "same"),
        ("María", "DELACRUZ", BORN, "same"),
        ("R.", "Cruz", BORN, "same"),
        ("Rosa", "Cruz", None, "unknown"),
        ("", "Cruz", BORN, "unknown"),
        ("Rosa", "", BORN, "unknown"),
        ("Rosa", "Cruz", date(1988, 2, 15), "different"),
        ("", "", date(1988, 2, 15), "different"),
        ("Luz", "de la Cruz", BORN, "different"),
        ("Rosa", "Gómez", BORN, "different"),
    ],
)
def test_same_person(given: str, family: str, birth: date | None, expected: str) -> None:
    verdict = ccda.same_person(read().patient, given, family, birth)
    assert verdict.sameness == expected
    assert verdict.sentence.endswith(".")
    assert not any(word in verdict.sentence for word in ("Rosa", "Cruz", "1988"))


def test_same_person_without_a_patient_or_with_half_a_birth_date() -> None:
    nobody = read(patient="").patient
    assert ccda.same_person(nobody, "Rosa", "Cruz", BORN).sameness == "unknown"
    half = read(patient=make.PATIENT.replace("19880214", "1988")).patient
    assert ccda.same_person(half, "Rosa", "Cruz", BORN).sameness == "unknown"
    assert ccda.same_person(half, "Rosa", "Cruz", date(1990, 1, 1)).sameness == "different"


def test_a_second_name_counts() -> None:
    born_as = '<name use="SRCH"><given>Rosa</given><family>Gómez</family></name>'
    patient = read(patient=make.PATIENT.replace("</name>", "</name>" + born_as, 1)).patient
    assert ccda.same_person(patient, "Rosa", "Gomez", BORN).sameness == "same"


# -- what leaks --------------------------------------------------------------------------------------------------------


def test_no_value_shows_itself() -> None:
    document = read(make.section(*PROBLEMS, "<paragraph>secret</paragraph>", make.problem(), ""))
    everything = [
        document, document.patient, *document.patient.names, *document.items, *document.sections,
        *document.not_understood, *document.account, document.items[0].code, document.items[0].source,
        document.items[0].start,
    ]  # fmt: skip
    for value in everything:
        assert repr(value) == f"<{type(value).__name__}>"


def test_it_is_pure() -> None:
    """No Django, clock, disk or network: only these modules, and nothing that opens or asks the time."""
    allowed = {
        "__future__", "accord.policy.words", "base64", "binascii", "collections.abc", "dataclasses", "datetime", "enum",
        "functools", "hashlib", "json", "lxml.etree", "re", "string", "types", "typing", "unicodedata",
    }  # fmt: skip
    for module in ("ccda", "rules"):
        tree = ast.parse((Path(ccda.__file__).parent / f"{module}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert {a.name for a in node.names} <= allowed
            elif isinstance(node, ast.ImportFrom):
                assert node.module in allowed
            elif isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert name not in {"open", "now", "today", "utcnow", "print", "parse_file"}

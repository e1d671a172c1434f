"""Small C-CDA documents of our own making, and where the third-party samples are if this machine has them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parents[2]


def samples() -> Path:
    """The folder of third-party C-CDA files: $SAMPLES_DIR/ccda, or ../shared/samples/ccda beside the repository.

    Not part of the repository. Without them the test is skipped with a warning; a folder that was named but is not
    there is an error.
    """
    named = os.environ.get("SAMPLES_DIR")
    folder = (Path(named) if named else _HERE.parent / "shared" / "samples") / "ccda"
    if folder.is_dir():
        return folder
    if named:
        pytest.fail(f"SAMPLES_DIR is set, but {folder} does not exist.")
    reason = f"SKIPPED: the third-party C-CDA samples are not at {folder}; set SAMPLES_DIR to run these tests."
    warnings.warn(reason, stacklevel=2)
    pytest.skip(reason)


def sample(name: str) -> bytes:
    return (samples() / name).read_bytes()


LOINC = "2.16.840.1.113883.6.1"
SNOMED = "2.16.840.1.113883.6.96"
RXNORM = "2.16.840.1.113883.6.88"

PATIENT = """<recordTarget><patientRole><id root="1.2.3" extension="MRN-7"/>
<addr use="HP"><streetAddressLine>1 Elm St</streetAddressLine><city>Salem</city><state>OR</state></addr>
<telecom value="tel:+1(555)555-0100" use="MC"/>
<patient><name use="L"><given>Rosa</given><given>María</given><family>de la Cruz</family></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19880214"/>
<languageCommunication><languageCode code="es-US"/></languageCommunication></patient></patientRole></recordTarget>"""


def document(
    *sections: str, patient: str = PATIENT, header: str = "", body: str | None = None, attributes: str = ""
) -> str:
    """A whole document as text; `body` replaces the structured body."""
    inner = "".join(f"<component>{s}</component>" for s in sections)
    content = f"<structuredBody>{inner}</structuredBody>" if body is None else body
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {attributes}>
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<id root="9.9.9" extension="doc-1"/><code code="34133-9" codeSystem="{LOINC}" displayName="Summary"/>
<title>Visit summary</title><effectiveTime value="20260301101500-0500"/><confidentialityCode code="R"/>
<languageCode code="en-US"/>{patient}
<author><time value="20260301"/><assignedAuthor><assignedPerson><name><given>Ana</given><family>Diaz</family></name>
</assignedPerson><representedOrganization><name>Hill Clinic</name></representedOrganization></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><name>Hill Hospital</name>
</representedCustodianOrganization></assignedCustodian></custodian>{header}
<component>{content}</component></ClinicalDocument>"""


def section(code: str, title: str, text: str = "", *entries: str) -> str:
    written = f"<text>{text}</text>" if text else ""
    inner = "".join(f"<entry>{e}</entry>" for e in entries)
    return f'<section><code code="{code}" codeSystem="{LOINC}"/><title>{title}</title>{written}{inner}</section>'


def time(low: str = "", high: str = "") -> str:
    ends = (f'<low value="{low}"/>' if low else "") + (
        f'<high value="{high}"/>' if high else '<high nullFlavor="UNK"/>'
    )
    return f"<effectiveTime>{ends}</effectiveTime>"


def template(number: str) -> str:
    return f'<templateId root="2.16.840.1.113883.10.20.22.{number}"/>'


def problem(
    code: str = "38341003", name: str = "Hypertension", ident: str = "p1", when: str = "20200105", until: str = "",
    concern: str = "active", value: str | None = None, extra: str = "", attributes: str = "",
) -> str:  # fmt: skip
    said = value or f'<value xsi:type="CD" code="{code}" codeSystem="{SNOMED}" displayName="{name}"/>'
    return f"""<act classCode="ACT" moodCode="EVN">{template("4.3")}<id root="7.7" extension="c-{ident}"/>
<code code="CONC" codeSystem="2.16.840.1.113883.5.6"/><statusCode code="{concern}"/>
<entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN" {attributes}>{template("4.4")}
<id root="7.7" extension="{ident}"/><code code="55607006" codeSystem="{SNOMED}" displayName="Problem"/>
<statusCode code="completed"/>{time(when, until)}{said}{extra}</observation></entryRelationship></act>"""


def allergy(substance: str, ident: str = "a1", attributes: str = "", extra: str = "", kind: str = "419199007") -> str:
    return f"""<act classCode="ACT" moodCode="EVN">{template("4.30")}<id root="7.7" extension="c-{ident}"/>
<code code="CONC"/><statusCode code="active"/><entryRelationship typeCode="SUBJ">
<observation classCode="OBS" moodCode="EVN" {attributes}>{template("4.7")}<id root="7.7" extension="{ident}"/>
<code code="ASSERTION"/><statusCode code="completed"/><effectiveTime nullFlavor="NI"/>
<value xsi:type="CD" code="{kind}" codeSystem="{SNOMED}" displayName="Allergy to substance"/>
<participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT">{substance}
</playingEntity></participantRole></participant>{extra}</observation></entryRelationship></act>"""


def nested(number: str, value: str, relation: str = "SUBJ", inner: str = "") -> str:
    return f"""<entryRelationship typeCode="{relation}"><observation classCode="OBS" moodCode="EVN">{template(number)}
<code code="ASSERTION"/>{value}{inner}</observation></entryRelationship>"""


def concept(code: str, name: str) -> str:
    return f'<value xsi:type="CD" code="{code}" codeSystem="{SNOMED}" displayName="{name}"/>'


def medication(extra: str = "", mood: str = "EVN", number: str = "4.16", attributes: str = "") -> str:
    return f"""<substanceAdministration classCode="SBADM" moodCode="{mood}" {attributes}>{template(number)}
<id root="7.7" extension="m1"/><text><reference value="#sig1"/></text><statusCode code="active"/>
<effectiveTime xsi:type="IVL_TS"><low value="20240110"/><high nullFlavor="UNK"/></effectiveTime>
<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="8" unit="h"/></effectiveTime>
<routeCode code="C38288" displayName="ORAL"/><doseQuantity value="2" unit="mg"/><consumable><manufacturedProduct>
<manufacturedMaterial><code code="310965" codeSystem="{RXNORM}" displayName="Ibuprofen 200 MG"/></manufacturedMaterial>
</manufacturedProduct></consumable>{extra}</substanceAdministration>"""


def act(name: str, mood: str, code: str, display: str, when: str, ident: str = "x1", inner: str = "") -> str:
    return f"""<{name} moodCode="{mood}"><id root="7.7" extension="{ident}"/>
<code code="{code}" codeSystem="{SNOMED}" displayName="{display}"/><statusCode code="completed"/>
<effectiveTime value="{when}"/>{inner}</{name}>"""


def result(code: str, display: str, value: str, ident: str = "r1", extra: str = "") -> str:
    return f"""<component><observation classCode="OBS" moodCode="EVN">{template("4.2")}
<id root="7.7" extension="{ident}"/><code code="{code}" codeSystem="{LOINC}" displayName="{display}"/>
<statusCode code="completed"/><effectiveTime value="20250611083000-0400"/>{value}{extra}</observation></component>"""


def panel(*results: str, display: str = "Blood count") -> str:
    return f"""<organizer classCode="BATTERY" moodCode="EVN">{template("4.1")}
<code code="57021-8" codeSystem="{LOINC}" displayName="{display}"/><statusCode code="completed"/>{"".join(results)}
</organizer>"""


def everything() -> str:
    """One document with every kind of item, used to fuzz."""
    return document(
        section("11450-4", "Problems", '<list><item ID="p">High blood pressure</item></list>', problem()),
        section("48765-2", "Allergies", "", allergy('<code code="7980" displayName="Penicillin"/>')),
        section("10160-0", "Medications", '<content ID="sig1">Two, three times a day</content>', medication()),
        section("11369-6", "Immunizations", "", medication(number="4.52")),
        section("47519-4", "Procedures", "", act("procedure", "EVN", "80146002", "Appendectomy", "2019")),
        section("46240-8", "Encounters", "", act("encounter", "EVN", "4525004", "Emergency visit", "202501021530")),
        section("18776-5", "Plan", "", act("encounter", "INT", "185389009", "Follow-up", "20260401")),
        section(
            "30954-2", "Results", "<paragraph>normal</paragraph>",
            panel(result("718-7", "Hemoglobin", '<value xsi:type="PQ" value="13.2" unit="g/dL"/>')),
        ),
        section("29762-2", "Social", "", act("observation", "EVN", "72166-2", "Smoking", "2020")),
        section("10164-2", "Story", "<paragraph>She fell on the stairs.</paragraph>"),
        header='<componentOf><encompassingEncounter><id root="1"/><effectiveTime value="20260301"/>'
        "</encompassingEncounter></componentOf>",
    )  # fmt: skip

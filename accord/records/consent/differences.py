"""How Accord reads a FHIR Consent, and where that differs from IHE PCF's own examples: one table, from which
docs/fhir-consent-differences.md is made and against which the examples are tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from accord.policy.words import Level, Purpose
from accord.records.consent import rules
from accord.records.consent.rules import FAMILIES, LABELS, OUR_PURPOSE, POLICIES, PURPOSES, TYPES, WORDS


@dataclass(frozen=True, slots=True)
class Reason:
    """Why we say no where PCF's notes say yes."""

    short: str
    why: str


REASONS: Final[Mapping[str, Reason]] = {
    "labels": Reason(
        "a thing that carries a sensitivity the consent does not name",
        "PCF asks whether any label of a thing is named; we ask whether all of them are. A record labelled N and PSY, "
        "or R and PSY, is not opened by a consent that says N or R: she spoke of how confidential things are, not of "
        "mental health, substance use or violence, and each of these must be named to be released (42 CFR 2.31(a)(3); "
        "45 CFR 164.508(a)(2)). A sensitivity that is named carries a confidentiality up to R along, since that is how "
        "such things are labelled; V has to be named too.",
    ),
    "breaking_glass": Reason(
        "normal data when the glass is broken",
        "PCF's note gives whoever breaks the glass normal and restricted data. The document says restricted data for "
        "breaking the glass, and normal data for treatment, payment and operations; it never says normal data for "
        "breaking the glass. Such a person asks for normal data as treatment, and gets it.",
    ),
    "own_codes": Reason(
        "a purpose in a code system we do not know",
        "`FooBar` of `http://example.org/policies/purposeOfUse` can be compared, but what she agreed to cannot be told "
        "from it. A release says its purpose in words she can understand (45 CFR 164.508(c)(1)(iv); 34 USC "
        "12291(b)(2)(B)), so a purpose nobody here understands permits nothing.",
    ),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One of IHE PCF's 23 examples: what its notes expect, how we read it, and by which reasons we say no where the
    notes say yes. `machine`: the notes say it for machines too (a residual)."""

    id: str
    expected: str
    ours: str
    machine: bool = False
    differs: tuple[str, ...] = ()


_TPO = "treatment, payment and operations"
_SAME = "The same."
#: In the order of the files. The tests put the same questions to the notes and to us; both columns of yes and no agree
#: but for the reasons named here, and nowhere do we say yes where the notes say no.
SAMPLES: Final = (
    Sample(
        "ex-consent-advanced-normal-break-glass-restricted",
        f"Normal data for {_TPO}. Normal and restricted data for a named group that breaks the glass.",
        "Normal data as expected. Restricted data for that group, breaking the glass. Who belongs to the group is not "
        "in the document: the group itself is meant, nobody is taken for a member of it.",
        differs=("breaking_glass", "labels"),
    ),
    Sample(
        "ex-consent-advanced-normal-focused-psy-or-sdv",
        f"Normal data for {_TPO}; for one practitioner also what is labelled PSY or SDV.",
        "The same; the nested permission widens for that practitioner and keeps the purposes around it.",
        machine=True,
        differs=("labels",),
    ),
    Sample(
        "ex-consent-advanced-normal-focused-psy",
        f"Normal data for {_TPO}; for one practitioner also what is labelled PSY.",
        "The same.",
        machine=True,
        differs=("labels",),
    ),
    Sample(
        "ex-consent-advanced-normal-focused-restricted",
        f"Normal data for {_TPO}; for one practitioner also restricted data.",
        _SAME,
        differs=("labels",),
    ),
    Sample(
        "ex-consent-advanced-normal-not-restricted",
        f"Normal data for {_TPO}; restricted data denied in so many words.",
        "The same; what is labelled V is denied with R.",
        machine=True,
        differs=("labels",),
    ),
    Sample(
        "ex-consent-advanced-normal-restricted",
        f"Normal and restricted data for {_TPO}.",
        _SAME,
        machine=True,
        differs=("labels",),
    ),
    Sample("ex-consent-advanced-normal", f"Normal data for {_TPO}.", _SAME, machine=True, differs=("labels",)),
    Sample("ex-consent-basic-ink", f"Everything for {_TPO}; signed on paper.", "The same. The paper is not read."),
    Sample("ex-consent-basic-reject", f"Nothing for {_TPO}.", "The same, and nothing for anything else."),
    Sample("ex-consent-basic-research", "Everything for research.", _SAME),
    Sample(
        "ex-consent-basic-treat-infant",
        f"Everything for {_TPO}; the mother gave it.",
        "The same. Whether she may sign is asked when a release is signed here.",
    ),
    Sample("ex-consent-basic-treat", f"Everything for {_TPO}.", _SAME),
    Sample(
        "ex-consent-expired-treat",
        f"Everything for {_TPO}, until the end of 2022; then nothing.",
        "The same. A day without an offset ends where the holder is.",
    ),
    Sample(
        "ex-consent-intermediate-authoredby",
        f"What one practitioner wrote, for {_TPO}.",
        "The same; where it is not said who wrote a thing, nothing.",
        machine=True,
    ),
    Sample(
        "ex-consent-intermediate-data",
        f"Six named records, for {_TPO}.",
        "The same; where it is not said which record it is, nothing.",
        machine=True,
    ),
    Sample(
        "ex-consent-intermediate-encounter",
        f"What belongs to one encounter, for {_TPO}.",
        "The same; where it is not said to which encounter a thing belongs, nothing.",
        machine=True,
    ),
    Sample(
        "ex-consent-intermediate-not-authoredby",
        f"Everything for {_TPO} but what one practitioner wrote.",
        "The same; where it is not said who wrote a thing, nothing.",
        machine=True,
    ),
    Sample(
        "ex-consent-intermediate-not-data",
        f"Everything for {_TPO} but one record.",
        "The same; where it is not said which record it is, nothing.",
        machine=True,
    ),
    Sample(
        "ex-consent-intermediate-not-encounter",
        f"Everything for {_TPO} but what belongs to one encounter.",
        "The same; where it is not said to which encounter a thing belongs, nothing.",
        machine=True,
    ),
    Sample(
        "ex-consent-intermediate-not-timeframe",
        f"Everything for {_TPO} but what is of 2022.",
        "The same; where it is not said when a thing happened, nothing.",
        machine=True,
    ),
    Sample(
        "ex-consent-intermediate-purpose",
        "Everything to one research organisation, for a purpose of its own code system.",
        "Nothing: the purpose is not understood.",
        differs=("own_codes",),
    ),
    Sample(
        "ex-consent-intermediate-timeframe",
        f"What is of 2022, for {_TPO}.",
        "The same; where it is not said when a thing happened, nothing.",
        machine=True,
    ),
    Sample(
        "ex-dissent-intermediate-break-glass",
        "Nothing, but for a named group that breaks the glass.",
        "The same: an exception inside a denial counts. Breaking the glass is no purpose of a release, so nothing can "
        "be prepared from it.",
    ),
)

#: How every consent is read. Where the field is not agreed, the safer way.
READING: Final = (
    (
        "Nothing is permitted that a rule does not permit.",
        "PCF leaves it to a policy behind the consent. We do not read that policy, so it opens nothing.",
    ),
    (
        "A nested rule is an exception to the one around it, and its own type counts.",
        "In a permission, a nested permission widens (PCF's own examples), and a nested denial narrows. In a denial, a "
        "nested permission is an exception. The open LEAP service ignores the nested type.",
    ),
    ("Of rules on the same level, one that denies wins.", "LEAP lets the most recent consent win; we never compare."),
    (
        "A nested permission may say anew whom, for what and how labelled; of everything else it can only say less.",
        "A rule inside one that ends cannot outlive it, and one inside a class of data cannot leave the class.",
    ),
    (
        "A permission is read narrowly, a denial widely.",
        "A permission means exactly the recipients, purposes and labels it names. A denial of a group or organisation "
        "also denies who may belong to it; of a purpose, its kinds; of a label, its family; of a confidentiality, "
        "every higher one; and of two addresses that end alike, both.",
    ),
    (
        "A fact that is not said is never assumed.",
        "Where a rule asks who wrote a thing, when, or how it is labelled, and that is not known, the answer is no, "
        "and the reason says on what it depends. LEAP permits when the purpose or the class is missing.",
    ),
    (
        "What is not understood denies, and is listed with its place.",
        "In a list of alternatives one that is not understood permits nothing and, in a denial, may mean anything. A "
        "rule with an element or addition that is not understood denies what it speaks of, with all that is nested in "
        "it. A consent with such a thing at its head denies altogether.",
    ),
    (
        "A permission that names no purpose permits nothing.",
        "A release without a purpose is none (45 CFR 164.508(c)(1)(iv); 42 CFR 2.31(a)(5)).",
    ),
    (
        "A consent must be in force, dated, about telling, by a patient, and name who may tell.",
        "Proposed, draft, rejected, inactive and entered-in-error deny, and so does one that says nobody verified it.",
    ),
)

WRITING: Final = (
    (
        "The outermost rule denies; inside it is one permission per level, and a denial of what is never opened.",
        "A reader that ignores nested rules then opens nothing. The shape is that of PCF's dissent with an exception; "
        "the profile is Advanced, because labels are used.",
    ),
    (
        "FHIR has no levels. Full is plain; summary and existence carry a modifierExtension "
        f"`{rules.OUR_LEVEL}` with `summary` or `existence`.",
        "FHIR obliges a reader who does not know a modifierExtension not to act on the rule. So whoever does not know "
        "our levels opens nothing on them, instead of everything.",
    ),
    (
        "What an ordinary release never opens is denied by its label; substance use records unless she named them.",
        "Each needs an instrument of its own, or its own court (45 CFR 164.508(b)(3)(ii); 42 CFR 2.31; 34 USC "
        "12291(b)). Where a shelter is is denied by every holder, also by one whose law would let her tell it.",
    ),
    (
        "The end is the last moment before our end.",
        "FHIR includes the end of a period, to the sharpness it is written with; ours is half-open.",
    ),
    (
        "What she has taken back is `inactive`, what she has not signed is `proposed`.",
        "A file says how things stand when it is written. Read later, it cannot know that she took her word back: it "
        "is for a partner's own records, and opens nothing here.",
    ),
    (
        "Purposes that HL7 has no code for are written in our own code system.",
        f"`{OUR_PURPOSE}`; a code that nearly fits would say something she did not agree to.",
    ),
)


def page() -> str:
    """The text of docs/fhir-consent-differences.md."""
    differing = sum(1 for sample in SAMPLES if sample.differs)
    return "\n".join(
        [
            "# FHIR Consents: how we read them, and where that differs",
            "",
            "Generated by `accord docs`; do not edit. The examples are the 23 Consents of IHE's *Privacy Consent on "
            "FHIR* 1.1.1 (github.com/IHE/ITI.PCF at 3fefea1, CC-BY-4.0) with their notes.",
            "",
            "A consent that arrives is evidence of what she said elsewhere. It opens nothing here: from it a worker "
            "may prepare a draft, which is explained and signed like any other. So a yes in the table below is what "
            "the document says, not what Accord sends; every law that binds the holder is asked again on each sending.",
            "",
            "## How we read",
            "",
            *(f"- **{said}** {why}" for said, why in READING),
            "",
            "## The 23 examples",
            "",
            f"All 23 are read. On {len(SAMPLES) - differing} every answer is the one expected; on {differing} we say "
            "no somewhere the notes say yes, for the reasons below. Nowhere do we say yes where the notes say no.",
            "",
            _grid(
                ("example", "notes for machines", "expected", "ours", "we say no to"),
                (
                    (
                        f"`{sample.id}`",
                        "yes" if sample.machine else "",
                        sample.expected,
                        sample.ours,
                        "; ".join(REASONS[code].short for code in sample.differs),
                    )
                    for sample in SAMPLES
                ),
            ),
            "## Why we say no there",
            "",
            *(f"- **{reason.short}**: {reason.why}" for reason in REASONS.values()),
            "",
            "## Sensitivity labels",
            "",
            "Codes of HL7's v3-ActCode. A mark puts a thing under its own key here; a label without one is opened by a "
            "release that names its categories. Any other label is not understood, and denies.",
            "",
            _grid(
                ("label", "what it is", "mark here", "categories here", "a denial also denies", "source"),
                (
                    (
                        code,
                        WORDS[code],
                        label.mark.value if label.mark else "",
                        ", ".join(label.categories),
                        ", ".join(each for each in FAMILIES.get(code, ()) if each != code),
                        label.source,
                    )
                    for code, label in LABELS.items()
                ),
            ),
            f"Marks that HL7 has no label for are written in our own system `{rules.OUR_MARK}`, only to deny them: "
            + ", ".join(f"`{mark}`" for mark in rules.MARKED)
            + ".",
            "",
            "## Purposes",
            "",
            "Codes of HL7's v3-ActReason. Only the same meaning is the same purpose here.",
            "",
            _grid(
                ("code", "what it is", "a kind of", "purpose here"),
                (
                    (code, WORDS[code], ", ".join(use.under), use.ours.value if use.ours else "")
                    for code, use in PURPOSES.items()
                ),
            ),
            f"In our own system `{OUR_PURPOSE}`: "
            + ", ".join(f"`{each}`" for each in Purpose if rules.purpose_coding(each).system == OUR_PURPOSE)
            + ".",
            "",
            "## Classes",
            "",
            "A draft is filled in only from a class that is one of our categories: our own codes "
            f"(`{rules.OUR_CATEGORY}`), and "
            + ", ".join(f"{name} ({category})" for name, category in TYPES.items())
            + ". All else is settled in the conversation with her.",
            "",
            "## How we write",
            "",
            *(f"- **{said}** {why}" for said, why in WRITING),
            "",
            f"Levels: {', '.join(f'`{level.code}`' for level in Level if level > Level.NONE)}. Where the law that a "
            "release rests on is named: "
            + ", ".join(f"{duty.value} <{address}>" for duty, address in POLICIES.items())
            + ".",
            "",
        ]
    )


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)

"""The coded kinds of a health record, and the summary each kind makes.

A summary is built from coded fields by a fixed sentence, never cut from the detail: what a partner may read at level
summary is then known before anybody types. Values are plain dicts of codes, numbers and ISO dates, so that they seal
and travel as JSON. Pure: no Django, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from string import Formatter
from types import MappingProxyType
from typing import Final, TypeAlias

from accord.policy.words import Category

#: What a field of a coded kind may hold.
Value: TypeAlias = "str | int | tuple[str, ...] | Mapping[str, str]"


class NotCoded(ValueError):
    """Coded input that the kind does not allow. `field` names the field, `str()` is a sentence for the form."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


# ---------------------------------------------------------------------------------------------------------------------
# Forensic exam (facts 4.3)

#: Parts of a forensic exam. She is asked about each alone, and may refuse or stop any of them.
STEPS: Final = (
    "history", "clothing", "head_to_toe", "strangulation_check", "photographs", "oral_swabs", "body_swabs",
    "genital_exam", "anal_exam", "blood_sample", "urine_sample", "evidence_kit", "sti_treatment", "hiv_prevention",
    "emergency_contraception", "hepatitis_b_vaccine", "hpv_vaccine", "tetanus_vaccine",
)  # fmt: skip

#: Her answer to one step, and what came of it.
ANSWERS: Final = ("offered", "consented", "declined", "stopped", "done")

#: How far an exam is, in the order of facts 4.3; she can stop or refuse at any time.
EXAM: Final = (
    "arrived", "triaged", "advocate_called", "options_explained", "exam_consented", "treatment_only", "declined",
    "evidence_collected", "treated", "discharged", "follow_ups",
)  # fmt: skip

ADVOCATE: Final = ("called", "present", "declined", "not_available")

# ---------------------------------------------------------------------------------------------------------------------
# Injuries

AREAS: Final = (
    "head", "face", "left_eye", "right_eye", "mouth", "left_ear", "right_ear", "neck", "chest", "breast", "abdomen",
    "back", "left_shoulder", "right_shoulder", "left_arm", "right_arm", "left_hand", "right_hand", "buttocks",
    "genital", "anal", "left_leg", "right_leg", "left_foot", "right_foot",
)  # fmt: skip
INJURIES: Final = (
    "bruise", "abrasion", "cut", "stab_wound", "gunshot_wound", "burn", "bite_mark", "fracture", "dislocation",
    "swelling", "redness", "petechiae", "ligature_mark", "tear", "tenderness", "head_injury", "tooth_injury",
)  # fmt: skip
SEVERITY: Final = ("minor", "moderate", "severe", "life_threatening")
#: "not_checked" is an answer of its own: absence of a mark is not absence of strangulation.
STRANGULATION: Final = ("yes", "no", "not_checked")

# ---------------------------------------------------------------------------------------------------------------------
# Visits

PURPOSES: Final = (
    "medication_check", "recheck_two_weeks", "tests_six_weeks", "tests_three_months", "tests_six_months", "call_back",
    "injury_recheck", "photographs_again", "vaccine_dose", "counselling", "primary_care", "specialist", "other",
)  # fmt: skip
#: What has become of a visit.
VISIT: Final = ("due", "booked", "missed", "declined", "cancelled", "kept")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit that should happen: for what, and the first and last day that are in time (both included)."""

    purpose: str
    first_day: date
    last_day: date
    status: str = "due"

    def values(self) -> dict[str, Value]:
        """The coded fields, as `check("visit", ...)` takes them."""
        return {
            "purpose": self.purpose,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "status": self.status,
        }


#: Days after the exam (facts 4.3): medication tolerance and laboratory; re-check and STI review; syphilis and HIV at
#: 4-6 weeks; syphilis and HIV at 12 weeks with an antigen/antibody assay.
_FOLLOW_UPS: Final = (
    ("medication_check", 3, 7),
    ("recheck_two_weeks", 14, 14),
    ("tests_six_weeks", 28, 42),
    ("tests_three_months", 84, 90),
)


def follow_ups(exam_day: date, *, older_assay: bool = False) -> tuple[Visit, ...]:
    """The visits that follow a forensic exam on `exam_day`, earliest first (facts 4.3; CDC STI guidelines, nPEP).

    `older_assay`: HIV is tested without an antigen/antibody assay, which needs one more test on day 180.
    """
    windows = (*_FOLLOW_UPS, ("tests_six_months", 180, 180)) if older_assay else _FOLLOW_UPS
    return tuple(Visit(p, exam_day + timedelta(days=a), exam_day + timedelta(days=b)) for p, a, b in windows)


# ---------------------------------------------------------------------------------------------------------------------
# Checking coded input


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _code(values: Mapping[str, object], field: str, allowed: tuple[str, ...], words: str) -> str:
    value = values.get(field)
    if value in (None, ""):
        raise NotCoded(field, f"Choose {words}.")
    if not isinstance(value, str) or value not in allowed:
        raise NotCoded(field, f"Choose {words} from the list.")
    return value


def _codes(values: Mapping[str, object], field: str, allowed: tuple[str, ...], words: str) -> tuple[str, ...]:
    """The codes in the order of the list, so that the same choice always reads the same."""
    value = values.get(field)
    if not isinstance(value, (list, tuple, set, frozenset)) or not value:
        raise NotCoded(field, f"Choose at least one {words}.")
    if any(v not in allowed for v in value):
        raise NotCoded(field, f"Choose every {words} from the list.")
    return tuple(code for code in allowed if code in value)


def _day(values: Mapping[str, object], field: str, words: str) -> str:
    value = values.get(field)
    if not _is_day(value):
        raise NotCoded(field, f"Enter {words} as a date: year, month and day.")
    return str(value)


def _exam(values: Mapping[str, object]) -> dict[str, Value]:
    steps = values.get("steps", {})
    if not isinstance(steps, Mapping):
        raise NotCoded("steps", "Give one answer for each step of the exam.")
    for step, answer in steps.items():
        if step not in STEPS:
            raise NotCoded("steps", "One of the steps is not a step of the exam.")
        if answer not in ANSWERS:
            raise NotCoded("steps", "Each step is offered, consented to, declined, stopped or done.")
    status = _code(values, "status", EXAM, "how far the exam is")
    done = [step for step, answer in steps.items() if answer == "done"]
    if done and status in ("arrived", "triaged", "advocate_called", "options_explained"):
        raise NotCoded("status", "Steps are marked done, but the options are not yet explained or not yet chosen.")
    found: dict[str, Value] = {
        "status": status,
        "day": _day(values, "day", "the day of the exam"),
        "steps": {step: str(steps[step]) for step in STEPS if step in steps},
    }
    if values.get("advocate"):
        found["advocate"] = _code(values, "advocate", ADVOCATE, "whether an advocate was there")
    return found


def _injury(values: Mapping[str, object]) -> dict[str, Value]:
    count = values.get("count")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 99:
        raise NotCoded("count", "Enter how many injuries, as a number from 1 to 99.")
    return {
        "areas": _codes(values, "areas", AREAS, "part of the body"),
        "types": _codes(values, "types", INJURIES, "kind of injury"),
        "count": count,
        "severity": _code(values, "severity", SEVERITY, "how severe it is"),
        "strangulation": _code(values, "strangulation", STRANGULATION, "whether there are signs of strangulation"),
    }


def _visit(values: Mapping[str, object]) -> dict[str, Value]:
    first = _day(values, "first_day", "the first day it is due")
    last = _day(values, "last_day", "the last day it is due")
    if last < first:
        raise NotCoded("last_day", "The last day is before the first.")
    return {
        "purpose": _code(values, "purpose", PURPOSES, "what the visit is for"),
        "first_day": first,
        "last_day": last,
        "status": _code(values, "status", VISIT, "what has become of the visit"),
    }


_CHECKS: Final = MappingProxyType({"exam": _exam, "injury": _injury, "visit": _visit})

#: Kinds entered by hand, with the category a release picks them by.
KINDS: Final[Mapping[str, Category]] = MappingProxyType(
    {"exam": Category.EXAM, "injury": Category.INJURIES, "visit": Category.VISITS}
)


def check(kind: str, values: Mapping[str, object]) -> dict[str, Value]:
    """The coded fields of a kind entered by hand, complete and in a fixed order. Raises NotCoded.

    exam: status, day, steps {step: answer}, advocate (optional); injury: areas, types, count, severity, strangulation;
    visit: purpose, first_day, last_day, status. Fields the kind does not have are refused, not dropped.
    """
    if kind not in _CHECKS:
        raise NotCoded("kind", "This kind of entry has no coded form.")
    unknown = set(values) - FIELDS[kind]
    if unknown:
        raise NotCoded(min(unknown), "This kind of entry has no such field.")
    return _CHECKS[kind](values)


#: The coded fields of each kind entered by hand.
FIELDS: Final = MappingProxyType(
    {
        "exam": frozenset({"status", "day", "steps", "advocate"}),
        "injury": frozenset({"areas", "types", "count", "severity", "strangulation"}),
        "visit": frozenset({"purpose", "first_day", "last_day", "status"}),
    }
)


# ---------------------------------------------------------------------------------------------------------------------
# Summaries

#: Every sentence a summary can be. Translate the sentence; keep the names in braces.
SUMMARIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Which steps she declined is hers to tell: a summary counts only what was done.
        "exam": "Forensic exam on {day}: {status}. Steps done: {done}.",
        "injury_one": "1 injury: {types}, {areas}, {severity}. Signs of strangulation: {strangulation}.",
        "injury_many": "{count} injuries: {types}; {areas}; {severity}. Signs of strangulation: {strangulation}.",
        "visit": "{purpose}: between {first_day} and {last_day}, {status}.",
        "visit_day": "{purpose}: {first_day}, {status}.",
        "problem": "{display}, {status}",
        "problem_dated": "{display}, {status}, since {date}",
        "problem_none": "States that no problems are known",
        "problem_words": "A problem described in words only, {status}",
        "allergy": "Allergy: {display}, {status}",
        "allergy_severe": "Allergy: {display}, {severity}, {status}",
        "allergy_none": "No known allergies of this kind: {display}",
        "allergy_none_words": "No known allergies",
        "allergy_not": "States that this is not so: allergy to {display}",
        "allergy_words": "An allergy described in words only, {status}",
        "medication": "{display}, {status}",
        "medication_none": "States that there are no medications",
        "medication_not": "Not given: {display}",
        "medication_words": "A medication described in words only, {status}",
        "immunization": "Vaccine: {display}, {status}",
        "immunization_dated": "Vaccine: {display}, {status}, {date}",
        "immunization_not": "Vaccine not given: {display}",
        "immunization_words": "A vaccine described in words only, {status}",
        "procedure": "{display}, {status}",
        "procedure_dated": "{display}, {status}, {date}",
        "procedure_not": "Not done: {display}",
        "procedure_words": "A procedure described in words only, {status}",
        "device": "Device: {display}, {status}",
        "device_words": "A device described in words only, {status}",
        "encounter": "Visit: {display}, {status}",
        "encounter_dated": "Visit: {display}, {date}, {status}",
        "encounter_words": "A visit described in words only, {status}",
        "encounter_words_dated": "A visit on {date}, {status}",
        "planned": "Planned: {display}, {status}",
        "planned_dated": "Planned: {display}, {date}, {status}",
        "planned_words": "A plan described in words only, {status}",
        "result": "{display}, {status}",
        "result_value": "{display}: {value} {unit}, {status}",
        "result_value_dated": "{display}: {value} {unit}, {date}, {status}",
        "result_words": "A result described in words only, {status}",
        "observation": "{display}, {status}",
        "observation_value": "{display}: {value} {unit}, {status}",
        "observation_words": "An observation described in words only, {status}",
        "goal": "Goal: {display}, {status}",
        "goal_words": "A goal described in words only, {status}",
        "instruction": "Instructions: {display}",
        "instruction_words": "Instructions, in words",
        "not_so": "States that this is not so: {display}",
        "not_so_words": "A statement that something is not so, in words only",
        "narrative": "A section of a document: {display}",
        "narrative_words": "A section of a document",
        "document": "A document: {display}",
        "document_words": "A document",
    }
)

#: English for every code a placeholder may hold. Placeholders in LITERAL hold names, numbers or dates instead.
LITERAL: Final = frozenset({"display", "value", "unit", "count", "done", "day", "first_day", "last_day", "date"})
WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # exam
        "arrived": "arrived", "triaged": "in a private room", "advocate_called": "advocate called",
        "options_explained": "options explained", "exam_consented": "exam agreed to",
        "treatment_only": "treatment only", "evidence_collected": "evidence collected", "treated": "treated",
        "discharged": "discharged", "follow_ups": "follow-up under way", "declined": "declined",
        "history": "history", "clothing": "clothing", "head_to_toe": "head-to-toe exam",
        "strangulation_check": "check for strangulation", "photographs": "photographs", "oral_swabs": "oral swabs",
        "body_swabs": "body swabs", "genital_exam": "genital exam", "anal_exam": "anal exam",
        "blood_sample": "blood sample", "urine_sample": "urine sample", "evidence_kit": "evidence kit",
        "sti_treatment": "treatment for infections", "hiv_prevention": "HIV prevention (nPEP)",
        "emergency_contraception": "emergency contraception", "hepatitis_b_vaccine": "hepatitis B vaccine",
        "hpv_vaccine": "HPV vaccine", "tetanus_vaccine": "tetanus vaccine",
        "offered": "offered", "consented": "agreed to", "stopped": "stopped", "done": "done",
        "called": "called", "present": "present", "not_available": "not available",
        # injuries
        "head": "head", "face": "face", "left_eye": "left eye", "right_eye": "right eye", "mouth": "mouth",
        "left_ear": "left ear", "right_ear": "right ear", "neck": "neck", "chest": "chest", "breast": "breast",
        "abdomen": "abdomen", "back": "back", "left_shoulder": "left shoulder", "right_shoulder": "right shoulder",
        "left_arm": "left arm", "right_arm": "right arm", "left_hand": "left hand", "right_hand": "right hand",
        "buttocks": "buttocks", "genital": "genital area", "anal": "anal area", "left_leg": "left leg",
        "right_leg": "right leg", "left_foot": "left foot", "right_foot": "right foot",
        "bruise": "bruise", "abrasion": "scrape", "cut": "cut", "stab_wound": "stab wound",
        "gunshot_wound": "gunshot wound", "burn": "burn", "bite_mark": "bite mark", "fracture": "broken bone",
        "dislocation": "dislocation", "swelling": "swelling", "redness": "redness", "petechiae": "petechiae",
        "ligature_mark": "ligature mark", "tear": "tear", "tenderness": "tenderness", "head_injury": "head injury",
        "tooth_injury": "tooth injury",
        "minor": "minor", "moderate": "moderate", "severe": "severe", "life_threatening": "life-threatening",
        "yes": "yes", "no": "no", "not_checked": "not checked",
        # visits
        "medication_check": "Medicines and laboratory check", "recheck_two_weeks": "Re-check after two weeks",
        "tests_six_weeks": "Tests at four to six weeks", "tests_three_months": "Tests at three months",
        "tests_six_months": "Test at six months", "call_back": "Call back on her safe contact",
        "injury_recheck": "Injury re-check", "photographs_again": "Photographs again", "vaccine_dose": "Vaccine dose",
        "counselling": "Counselling", "primary_care": "Primary care", "specialist": "Specialist", "other": "Visit",
        "due": "due", "booked": "booked", "kept": "kept", "missed": "missed", "cancelled": "cancelled",
        # imported
        "active": "active", "inactive": "inactive", "resolved": "resolved", "completed": "completed",
        "pending": "pending", "planned": "planned", "held": "on hold", "not_done": "not done",
        "unknown": "status not stated", "mild": "mild", "mild_to_moderate": "mild to moderate",
        "moderate_to_severe": "moderate to severe", "fatal": "fatal",
    }
)  # fmt: skip

_SEVERITY_WORDS: Final = frozenset({"mild", "mild_to_moderate", "moderate", "moderate_to_severe", "severe", "fatal"})

SummaryValue: TypeAlias = "str | int | tuple[str, ...]"


def summary(kind: str, values: Mapping[str, object]) -> tuple[str, dict[str, SummaryValue]]:
    """(key into SUMMARIES, its placeholders) for coded values. Raises NotCoded.

    Kinds entered by hand take what `check` takes; imported kinds take `Item.coded()`: display ("" if in words only),
    status, negated, date, value, unit, severity. Codes stay codes, so that each reader gets them in her language.
    """
    if kind in _CHECKS:
        return _own_summary(kind, check(kind, values))
    if f"{kind}_words" not in SUMMARIES:
        raise NotCoded("kind", "This kind of entry has no summary.")
    return _imported_summary(kind, {name: str(value) for name, value in values.items()})


def _own_summary(kind: str, values: Mapping[str, Value]) -> tuple[str, dict[str, SummaryValue]]:
    plain = {name: value for name, value in values.items() if isinstance(value, (str, int, tuple))}
    if kind == "exam":
        steps = values["steps"]
        done = sum(answer == "done" for answer in steps.values()) if isinstance(steps, Mapping) else 0
        return _filled("exam", {**plain, "done": done})
    if kind == "injury":
        return _filled("injury_one" if plain["count"] == 1 else "injury_many", plain)
    return _filled("visit_day" if plain["first_day"] == plain["last_day"] else "visit", plain)


def _imported_summary(kind: str, values: Mapping[str, str]) -> tuple[str, dict[str, SummaryValue]]:
    named = bool(values.get("display"))
    wanted = []
    if values.get("negated") == "yes":
        if values.get("nothing_known") == "yes":
            wanted += [f"{kind}_none", f"{kind}_none_words"]
        wanted += [f"{kind}_not", "not_so"] if named else ["not_so_words"]
    elif named:
        if values.get("severity") in _SEVERITY_WORDS:
            wanted.append(f"{kind}_severe")
        if values.get("value"):
            wanted += [f"{kind}_value_dated", f"{kind}_value"]
        wanted += [f"{kind}_dated", kind]
    else:
        wanted = [f"{kind}_words_dated", f"{kind}_words"]
    have: dict[str, SummaryValue] = {"status": "unknown", **{n: v for n, v in values.items() if v}}
    have.setdefault("unit", "")
    for key in wanted:
        if key in SUMMARIES and all(name in have for name in placeholders(key)):
            return _filled(key, have)
    raise NotCoded("display", "The coded values are not enough for a summary.")


def placeholders(key: str) -> tuple[str, ...]:
    """The names in braces of one sentence, in order."""
    return tuple(name for _, name, _, _ in Formatter().parse(SUMMARIES[key]) if name)


def _filled(key: str, values: Mapping[str, SummaryValue]) -> tuple[str, dict[str, SummaryValue]]:
    return key, {name: values[name] for name in placeholders(key)}


def sentence(
    key: str,
    values: Mapping[str, SummaryValue],
    *,
    sentences: Mapping[str, str] = SUMMARIES,
    words: Mapping[str, str] = WORDS,
) -> str:
    """The summary as read, codes in words; pass other tables for another language. KeyError for an unknown code."""
    shown = {}
    for name in placeholders(key):
        value = values[name]
        if name in LITERAL:
            shown[name] = str(value)
        elif isinstance(value, tuple):
            shown[name] = ", ".join(words[code] for code in value)
        else:
            shown[name] = words[str(value)]
    # A result without a unit leaves a gap before the comma.
    return sentences[key].format(**shown).replace(" ,", ",")

"""Codes as people say them. Every code a page can show is here or in the health room's tables; both are translated."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accord.policy.words import AgencyKind, Category, Duty, Level, Purpose, Relation, Role, Verb
from accord.records.health import rules as health
from accord.vault import rules as vault

CATEGORIES = {
    Category.IDENTITY: _("Her name"),
    Category.CONTACT: _("How to reach her safely"),
    Category.LOCATION: _("Where she is"),
    Category.SERVICES: _("Services"),
    Category.INJURIES: _("Injuries"),
    Category.EXAM: _("Forensic exam"),
    Category.VISITS: _("Next visits"),
    Category.CONDITIONS: _("Conditions"),
    Category.MEDICATIONS: _("Medicines"),
    Category.ALLERGIES: _("Allergies"),
    Category.PROCEDURES: _("Procedures"),
    Category.ENCOUNTERS: _("Past visits"),
    Category.RESULTS: _("Test results"),
    Category.DOCUMENTS: _("Documents"),
    Category.RISK: _("Danger"),
    Category.SAFETY_PLAN: _("Safety plan"),
    Category.LEGAL: _("Court and orders"),
    Category.EDUCATION: _("School"),
    Category.HOUSING: _("Housing"),
    Category.COUNSELLING: _("Counselling"),
    Category.NOTES: _("Notes"),
}
LEVELS = {
    Level.NONE: _("Nothing"),
    Level.EXISTENCE: _("That we are involved"),
    Level.SUMMARY: _("Summary"),
    Level.FULL: _("Full"),
}
PURPOSES = {
    Purpose.OWN_SERVICE: _("our own service to her"),
    Purpose.TREATMENT: _("treatment"),
    Purpose.SAFETY: _("her safety"),
    Purpose.SHELTER: _("a safe place to stay"),
    Purpose.ADVOCACY: _("advocacy and support"),
    Purpose.INVESTIGATION: _("the police investigation"),
    Purpose.PROSECUTION: _("bringing charges"),
    Purpose.PROTECTIVE_ORDER: _("a protective order"),
    Purpose.LEGAL_HELP: _("legal help"),
    Purpose.HOUSING: _("housing"),
    Purpose.EDUCATION: _("school"),
    Purpose.COMPENSATION: _("victim compensation"),
    Purpose.SUPERVISION: _("supervision of the offender"),
    Purpose.COORDINATION: _("coordination"),
    Purpose.OVERSIGHT: _("oversight"),
    Purpose.RECORDS_REQUEST: _("a records request"),
    Purpose.REPORTING: _("reporting"),
    Purpose.RESEARCH: _("research"),
    Purpose.ADMINISTRATION: _("administration"),
}
ROLES = {
    Role.WORKER: _("Front-line worker"),
    Role.SUPERVISOR: _("Supervisor"),
    Role.PRIVACY_OFFICER: _("Privacy officer"),
    Role.RECORDS_OFFICER: _("Records officer"),
    Role.DIRECTOR: _("Director"),
    Role.SYSTEM: _("The system"),
}
KINDS_OF_AGENCY = {
    AgencyKind.POLICE: _("Police"),
    AgencyKind.PROSECUTOR: _("Prosecutor"),
    AgencyKind.COURT: _("Court"),
    AgencyKind.PROBATION: _("Probation"),
    AgencyKind.VICTIM_SERVICES: _("Victim services"),
    AgencyKind.HOSPITAL: _("Hospital"),
    AgencyKind.MENTAL_HEALTH: _("Mental health"),
    AgencyKind.SUBSTANCE_USE: _("Substance-use programme"),
    AgencyKind.LEGAL_AID: _("Legal aid"),
    AgencyKind.SCHOOL: _("School"),
    AgencyKind.HOUSING: _("Housing"),
    AgencyKind.PROTECTIVE_SERVICES: _("Protective services"),
    AgencyKind.INTERVENTION: _("Intervention programme"),
    AgencyKind.COMMUNITY: _("Community group"),
    AgencyKind.FUNDER: _("Funder"),
    AgencyKind.OPERATOR: _("Operator"),
}
DUTIES = {
    Duty.VAWA: _("Violence Against Women Act confidentiality"),
    Duty.VOCA: _("Victims of Crime Act confidentiality"),
    Duty.FVPSA: _("Family Violence Prevention and Services Act"),
    Duty.HIPAA: _("HIPAA Privacy Rule"),
    Duty.PART2: _("42 CFR Part 2 (substance use)"),
    Duty.FERPA: _("FERPA (education records)"),
    Duty.ATTORNEY_PRIVILEGE: _("Attorney-client privilege"),
    Duty.ADVOCATE_PRIVILEGE: _("Victim-advocate privilege"),
    Duty.THERAPIST_PRIVILEGE: _("Therapist privilege"),
    Duty.BRADY: _("Must disclose to the defence (Brady)"),
    Duty.CJIS: _("Criminal justice information rules"),
    Duty.COURT_RECORDS: _("Court records"),
    Duty.PROTECTIVE_RECORDS: _("Protective-services records"),
    Duty.HOUSING: _("VAWA housing protections"),
    Duty.NONE: _("No special law"),
}
RELATIONS = {
    Relation.SELF: _("Herself"),
    Relation.CHILD: _("Child"),
    Relation.HOUSEHOLD: _("Household"),
    Relation.RESPONDENT: _("Respondent"),
    Relation.OTHER: _("Somebody else"),
}
HARMS = {
    "domestic_violence": _("Domestic violence"),
    "sexual_violence": _("Sexual violence"),
    "stalking": _("Stalking"),
    "elder_abuse": _("Elder abuse"),
    "trafficking": _("Trafficking"),
    "other": _("Something else"),
}
KINDS = {
    "identity": _("Who she is"),
    "safe_contact": _("Safe contact"),
    "involved": _("Involved"),
    "intake": _("Intake"),
    "contact": _("Contact"),
    "service": _("Service"),
    "safety_plan": _("Safety plan"),
    "danger": _("Danger"),
    "legal": _("Court"),
    "housing": _("Housing"),
    "note": _("Note"),
    "exam": _("Forensic exam"),
    "injury": _("Injuries"),
    "visit": _("Next visit"),
    "problem": _("Condition"),
    "allergy": _("Allergy"),
    "medication": _("Medicine"),
    "immunization": _("Vaccine"),
    "procedure": _("Procedure"),
    "device": _("Device"),
    "encounter": _("Past visit"),
    "planned": _("Planned"),
    "result": _("Test result"),
    "observation": _("Observation"),
    "goal": _("Goal"),
    "instruction": _("Instructions"),
    "narrative": _("Section of a document"),
    "document": _("Document"),
}
VERBS = {
    Verb.READ_DAY: _("opened My day"),
    Verb.FIND_CLIENTS: _("searched clients"),
    Verb.READ_CLIENT: _("read a file"),
    Verb.OPEN_CLIENT: _("opened a new file"),
    Verb.EDIT_CLIENT: _("changed a file"),
    Verb.DELETE_CLIENT: _("deleted a file"),
    Verb.ADD_ENTRY: _("added an entry"),
    Verb.IMPORT_DOCUMENT: _("imported a document"),
    Verb.EXPORT_CLIENT: _("exported a file"),
    Verb.PREPARE_RELEASE: _("prepared a release"),
    Verb.SIGN_RELEASE: _("recorded a signature"),
    Verb.WITHDRAW_RELEASE: _("recorded a withdrawal"),
    Verb.DISCLOSE: _("disclosed"),
    Verb.READ_ENVELOPE: _("read what a partner shared"),
    Verb.ACCEPT_ENVELOPE: _("accepted what a partner shared"),
    Verb.CONFIRM_VALUE: _("noted that she confirmed"),
    Verb.READ_KEPT: _("read kept records"),
    Verb.READ_LEDGER: _("read the log"),
    Verb.READ_PARTNERS: _("read the directory"),
    Verb.MANAGE_MEMBERS: _("managed members"),
    Verb.MANAGE_KEYS: _("managed keys"),
    Verb.SWEEP: _("tidied up"),
}

#: Values that hold a day.
DAYS = frozenset({"born", "date", "day", "first_day", "last_day", "start", "end"})

_ALL: tuple[Mapping[Any, Any], ...] = (
    CATEGORIES, LEVELS, PURPOSES, ROLES, KINDS_OF_AGENCY, DUTIES, RELATIONS, VERBS,
)  # fmt: skip


def label(code: Any) -> str:
    """A code of the field's words in the reader's language."""
    for table in _ALL:
        if code in table and type(code) is type(next(iter(table))):
            return str(table[code])
    return str(KINDS.get(code) or HARMS.get(code) or gettext(health.WORDS.get(code, code)))


def summary_text(summary: Mapping[str, Any] | vault.Summary | None) -> str:
    """A summary in the reader's language: typed words as typed, a template with its coded values filled in."""
    if summary is None:
        return ""
    if not isinstance(summary, vault.Summary):
        summary = vault.Summary(**summary)
    if summary.text:
        return summary.text
    values = {name: _ready(name, value) for name, value in summary.values.items()}
    if summary.template in vault.SUMMARIES:
        return gettext(vault.SUMMARIES[summary.template]).format(**values)
    return health.sentence(
        summary.template,
        values,
        sentences={summary.template: gettext(health.SUMMARIES[summary.template])},
        words=_Translated(health.WORDS),
    )


def spoken_day(text: str) -> str:
    """An ISO year, month, day or moment as people say it; anything else as it is."""
    months = pgettext("a month and its year", "F Y")
    days = pgettext("a day, its month and its year", "j F Y")
    for length, read, said in ((4, "%Y", "Y"), (7, "%Y-%m", months), (10, "%Y-%m-%d", days)):
        if len(text) == length or (length == 10 and len(text) > length):
            with suppress(ValueError):
                return date_format(datetime.strptime(text[:length], read).replace(tzinfo=UTC), said)
    return text


def _ready(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return spoken_day(value) if name in DAYS and isinstance(value, str) else value


class _Translated(dict[str, str]):
    def __getitem__(self, code: str) -> str:
        return gettext(super().__getitem__(code))

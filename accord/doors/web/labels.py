"""Codes as people say them. Every code a page can show is here or in the health room's tables; both are translated."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web.gapwords import (  # noqa: F401 - templates say them by name
    GAP_ANSWERS,
    GAPS,
    PRIORITIES,
    PRIORITY_TAGS,
)
from accord.doors.web.paperwords import (  # noqa: F401 - templates say MOVES, ADVICE and BREACH by name
    ABOUTS,
    ADVICE,
    BREACH,
    MOVES,
    PROCESS_KINDS,
    REPRESENTATIONS,
    SINGLE_FACTS,
    STATES,
    WHOM,
)
from accord.doors.web.referralwords import (  # noqa: F401 - templates say them by name
    ATTEMPTS,
    BY_HAND,
    DECLINED,
    HOW_SOON,
    REFERRAL_STATES,
    RESULTS,
    TAKES,
    URGENCIES,
)
from accord.doors.web.taskwords import (  # noqa: F401 - templates say these by name
    NOTICE_HOW,
    TASK_DROPPED,
    TASK_KINDS,
    TASK_SNOOZED,
    TASK_STATES,
    TASK_WHEN,
    TASK_WHOSE,
)
from accord.policy.words import (
    AgencyKind,
    Category,
    Duty,
    Element,
    Instrument,
    Level,
    Mark,
    Purpose,
    Relation,
    Role,
    Verb,
)
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
    Purpose.SUPERVISION: _("supervision in a criminal case"),
    Purpose.COORDINATION: _("coordination"),
    Purpose.OVERSIGHT: _("oversight"),
    Purpose.RECORDS_REQUEST: _("a records request"),
    Purpose.REPORTING: _("reporting"),
    Purpose.RESEARCH: _("research"),
    Purpose.MANDATED_REPORT: _("a report the law demands"),
    Purpose.LEGAL_PROCESS: _("answering a court"),
    Purpose.LOCATE: _("finding somebody"),
    Purpose.DISCOVERY: _("disclosure to the defence"),
    Purpose.FATALITY_REVIEW: _("review of a death"),
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
    AgencyKind.REGISTRY: _("Registry of protective orders"),
    AgencyKind.HMIS: _("Shared database"),
    AgencyKind.DEFENCE: _("The defence"),
    AgencyKind.RESPONDENT: _("Respondent or public"),
    AgencyKind.FAMILY: _("Family or friends"),
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
    Duty.UK_GDPR: _("UK data protection law"),
    Duty.NONE: _("No special law"),
}
MARKS = {
    Mark.PRIVILEGED: _("Privileged conversations"),
    Mark.PSYCHOTHERAPY_NOTE: _("A therapist's own notes"),
    Mark.SUD: _("Substance-use treatment"),
    Mark.SUD_COUNSELLING_NOTE: _("Substance-use counselling notes"),
    Mark.SHELTER_LOCATION: _("Where a shelter is"),
    Mark.VICTIM_CONTACT: _("What she told an intervention programme about him"),
    Mark.IMMIGRATION: _("Immigration status"),
    Mark.CRIMINAL_HISTORY: _("Criminal history"),
    Mark.SEALED: _("Sealed court records"),
}
#: What a permission is, as it is offered and as it stands on paper.
INSTRUMENTS = {
    Instrument.ORDINARY: _("An ordinary release"),
    Instrument.PSYCHOTHERAPY_NOTES: _("A therapist's own notes, and nothing else"),
    Instrument.COUNSELLING_NOTES: _("Substance-use counselling notes, and nothing else"),
    Instrument.PROCEEDING: _("Substance-use records in one proceeding"),
    Instrument.CRIMINAL_JUSTICE: _("Treatment, for those who watch over a condition of a criminal case"),
    Instrument.PRIVILEGE_WAIVER: _("What is privileged: she gives up the protection"),
    Instrument.SHELTER_PERMISSION: _("Where the shelter is"),
    Instrument.IMMIGRATION_WAIVER: _("Her protected immigration application"),
}
#: What a law can want of a release.
ELEMENTS = {
    Element.WRITTEN: _("It is in writing"),
    Element.SIGNED: _("It is signed"),
    Element.DATED: _("It has the day of signing"),
    Element.INFORMED: _("Risks, good and harm, and other ways were talked about"),
    Element.TIME_LIMITED: _("It has an end"),
    Element.DESCRIPTION: _("It says exactly what may be told"),
    Element.DISCLOSER: _("It says who may tell"),
    Element.RECIPIENT: _("It names the one who is told"),
    Element.PURPOSE: _("It says what for"),
    Element.AUTHORITY: _("It says what lets somebody else sign for her"),
    Element.RIGHT_TO_REVOKE: _("It says how she takes it back"),
    Element.NOT_A_CONDITION: _("It says that no service depends on it"),
    Element.REDISCLOSURE: _("It says that it may be passed on"),
    Element.COPY_OFFERED: _("She was offered a copy"),
    Element.SUBSTANCE_USE: _("It says that substance-use records are meant"),
}
#: What a release can end with before its last day, inside a sentence.
EVENTS = {
    "hearing_held": _("the hearing has been held"),
    "claim_decided": _("the claim is decided"),
    "team_closed": _("the team has closed her case"),
    "case_closed": _("the case is closed"),
    "condition_over": _("the condition of the court is over"),
}
#: How partners under an agreement tell each other things.
MECHANISMS = {
    "envelope": _("Sealed in Accord, one thing at a time"),
    "meeting": _("Spoken, when you meet about it"),
    "phone": _("By phone, noted afterwards"),
}
#: Where an agreement stands.
STANDINGS = {
    "in_force": _("In force"),
    "waiting": _("Waiting for signatures"),
    "coming": _("Signed, not begun"),
    "suspended": _("Suspended"),
    "replaced": _("Replaced by a later one"),
    "past": _("Past its review"),
    "over": _("Over"),
}
#: The life of one version of a draft.
STAGES = {
    "draft": _("Draft"),
    "legal_review": _("Before the parties"),
    "signed_partial": _("Signed by some"),
    "coming": _("Signed, not begun"),
    "active": _("In force"),
    "review_due": _("In force, review due"),
    "suspended": _("Suspended"),
    "withdrawn": _("A party has left"),
    "lapsed": _("Past its review"),
    "renewed": _("Renewed by a later version"),
    "amended": _("Amended by a later version"),
}
#: Where a proposed change of a protocol stands.
PROPOSALS = {
    "draft": _("Draft"),
    "laid": _("Before the partners"),
    "returned": _("Back with its authors"),
    "overtaken": _("To be written anew"),
    "adopted": _("Adopted"),
    "ended": _("Taken back"),
}
#: What a row of an agreement's matrix rests on.
GROUNDS = {
    "released": _("On her release, each time"),
    "law": _("Under the law, without her release"),
    "totals": _("In totals, about nobody in particular"),
}
#: What the law says to a row of the matrix.
LAW_SAYS = {
    "lawful": _("Under the law"),
    "released": _("On her release"),
    "closed": _("Closed"),
}
RELATIONS = {
    Relation.SELF: _("Herself"),
    Relation.CHILD: _("Child"),
    Relation.HOUSEHOLD: _("Household"),
    Relation.RESPONDENT: _("Respondent"),
    Relation.OTHER: _("Somebody else"),
    Relation.NOBODY: _("Nobody in particular"),
}
LANGUAGES = {
    "en": _("English"),
    "es": _("Spanish"),
    "ase": _("American Sign Language"),
    "am": _("Amharic"),
    "ar": _("Arabic"),
    "bn": _("Bengali"),
    "fa": _("Persian"),
    "fr": _("French"),
    "hi": _("Hindi"),
    "ht": _("Haitian Creole"),
    "ko": _("Korean"),
    "pa": _("Punjabi"),
    "pl": _("Polish"),
    "pt": _("Portuguese"),
    "ru": _("Russian"),
    "so": _("Somali"),
    "sw": _("Swahili"),
    "tl": _("Tagalog"),
    "uk": _("Ukrainian"),
    "ur": _("Urdu"),
    "vi": _("Vietnamese"),
    "yue": _("Cantonese"),
    "zh": _("Mandarin Chinese"),
}
INTERPRETER = {
    "none": _("Not needed"),
    "in_person": _("Needed, in person"),
    "phone": _("Needed, by phone"),
    "video": _("Needed, by video"),
}
ACCESS = {
    "wheelchair": _("Wheelchair, no steps"),
    "hearing": _("Hearing"),
    "sight": _("Sight"),
    "reading": _("Reading and writing"),
    "memory": _("Memory and focus"),
    "speech": _("Speech"),
    "quiet": _("A quiet room"),
    "assistant": _("Somebody who assists her"),
    "service_animal": _("Service animal"),
}
SERVICES = {
    "shelter": _("Shelter"),
    "transitional_housing": _("Transitional housing"),
    "housing_search": _("Housing search"),
    "safety_planning": _("Safety planning"),
    "counselling": _("Counselling"),
    "support_group": _("Support group"),
    "childrens_counselling": _("Children's counselling"),
    "childcare": _("Childcare"),
    "school_liaison": _("School liaison"),
    "legal_advocacy": _("Legal advocacy"),
    "court_accompaniment": _("Somebody with her at court"),
    "protective_order": _("Help with a protective order"),
    "family_law": _("Help with custody and divorce"),
    "immigration_help": _("Immigration help"),
    "interview_accompaniment": _("Somebody with her at police interviews"),
    "hospital_accompaniment": _("Somebody with her at the hospital"),
    "health_care": _("Health care"),
    "financial_help": _("Financial help"),
    "compensation_claim": _("Compensation claim"),
    "phone": _("A phone"),
    "transport": _("Transport"),
    "interpreter": _("An interpreter"),
    "employment_help": _("Help with work"),
    "food_and_clothing": _("Food and clothing"),
    "pet_care": _("Care for a pet"),
    "other": _("Something else"),
}
STEPS = {
    "offered": _("Offered"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "waiting": _("Waiting"),
    "started": _("Under way"),
    "done": _("Done"),
    "ended": _("Ended"),
}
WHY_NOT = {"": _("No reason needed"), "not_safe_now": _("Not safe now"), "not_now": _("Not now")}
WAYS = {
    "phone": _("By phone"),
    "text": _("By text message"),
    "email": _("By e-mail"),
    "letter": _("By letter"),
    "in_person": _("In person"),
    "through": _("Through somebody she named"),
}
#: The same ways inside a sentence.
REACHED = {
    "phone": _("by phone"),
    "text": _("by text message"),
    "email": _("by e-mail"),
    "letter": _("by letter"),
    "in_person": _("in person"),
    "through": _("through somebody she named"),
}
OUTCOMES = {
    "reached": _("I reached her"),
    "not_reached": _("She did not answer"),
    "message": _("I left a message"),
    "somebody_else": _("Somebody else answered"),
    "not_hers": _("It is not hers any more"),
    "danger": _("She let me know that it was not safe"),
}
ANSWERS = {"": _("Not asked yet"), "yes": _("Yes"), "no": _("No")}
#: Why she may be reached now, or not (vault.rules.may_contact).
MAY_CONTACT = {
    "allowed": _("She has said that this is safe."),
    "nothing_noted": _("It is not noted which ways are safe for her."),
    "other_way": _("She has not said that this way is safe."),
    "no_voicemail": _("She has not said that a message on her phone is safe."),
    "no_number": _("There is nothing noted to reach her by in this way."),
    "no_hours": _("No safe hours are noted."),
    "outside_hours": _("This is outside her safe hours."),
    "paper_unsafe": _("She has said that paper is not safe for her to take home."),
    "paper_unknown": _("It is not noted whether paper is safe for her to take home."),
}
CONFLICTS = {
    "relative": _("A relative"),
    "former_partner": _("A former partner"),
    "neighbour": _("A neighbour, or somebody met in daily life"),
    "respondent": _("Works with the respondent, or is close to that side"),
    "client_herself": _("Is or was a client herself, and this is her file or her family's"),
    "other": _("Something else"),
    "same_name": _("Somebody in the file has her name"),
    "asked_by_her": _("The client asked for it"),
}
#: How somebody is connected to a person outside work.
TIES = {
    "relative": _("A relative, or somebody of my household"),
    "former_partner": _("A partner, or a former partner"),
    "neighbour": _("A neighbour, or somebody met in daily life"),
    "respondent": _("Somebody accused of harming others"),
    "other": _("Something else"),
}
LIFTED = {
    "namesake": _("It is a namesake: somebody else of the same name"),
    "over": _("There is no conflict any more"),
    "mistake": _("It was set by mistake"),
}
GLASS_REASONS = {
    "danger_now": _("She or a child may be in danger now"),
    "she_is_here": _("She is here or on the phone, and needs somebody who knows her file"),
    "nobody_else": _("Nobody who works with her can be reached"),
    "other": _("Something else"),
}
GLASS_STATES = {
    "waits": _("Waits for a second person"),
    "agreed": _("A second person agreed"),
    "refused": _("A second person refused"),
    "open": _("Open now"),
    "ended": _("Over"),
    "lapsed": _("Nobody agreed in time"),
}
#: The same in one word, for lists.
GLASS_TAGS = {
    "waits": _("Waits"),
    "agreed": _("Agreed"),
    "refused": _("Refused"),
    "open": _("Open now"),
    "ended": _("Over"),
    "lapsed": _("Lapsed"),
}
GLASS_OUTCOMES = {
    "right": _("It was right"),
    "talked_over": _("We talked about it: next time otherwise"),
    "misuse": _("It was misuse, and the director knows"),
}
HARMS = {
    "domestic_violence": _("Domestic violence"),
    "sexual_violence": _("Sexual violence"),
    "stalking": _("Stalking"),
    "elder_abuse": _("Elder abuse"),
    "trafficking": _("Trafficking"),
    "other": _("Something else"),
}
#: How something that was due ended, and where it stands until then.
HOWS = {
    "open": _("Open"),
    "overdue": _("Overdue"),
    "done": _("Done"),
    "declined": _("She declined"),
    "not_safe": _("Not safe now"),
    "left": _("Done by the next step"),
    "over": _("No longer needed"),
}
#: Ways a case leaves its protocol.
DEVIATIONS = {
    "late": _("Written down more than three days later"),
    "passed": _("A time passed"),
    "overridden": _("A supervisor went on although something was missing"),
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
    "facts": _("Single facts"),
    "consent": _("Consent from another system"),
    "track": _("Step of a protocol"),
    "gap": _("Gap"),
    "referral": _("Referral"),
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
    Verb.COSIGN_RELEASE: _("answered for the place of the shelter"),
    Verb.WITHDRAW_RELEASE: _("recorded a withdrawal"),
    Verb.DISCLOSE: _("disclosed"),
    Verb.READ_ENVELOPE: _("read what a partner shared"),
    Verb.ACCEPT_ENVELOPE: _("accepted what a partner shared"),
    Verb.CONFIRM_VALUE: _("noted that she confirmed"),
    Verb.NEVER_SHARE: _("noted who is never told"),
    Verb.SEND_UPDATE: _("sent or held an update"),
    Verb.RELAY_WITHDRAWAL: _("passed on a withdrawal"),
    Verb.READ_ACCOUNTING: _("read an accounting of disclosures"),
    Verb.CONTACT_CLIENT: _("got in touch with a client"),
    Verb.MERGE_CLIENTS: _("joined or parted two files"),
    Verb.ASSIGN_CLIENT: _("changed who works with a client"),
    Verb.WALL_CLIENT: _("changed a conflict wall"),
    Verb.DECLARE_TIES: _("said whom she is connected to"),
    Verb.BREAK_GLASS: _("used emergency access"),
    Verb.SECOND_GLASS: _("answered emergency access here"),
    Verb.SECOND_PARTNER: _("answered a partner's emergency access"),
    Verb.REVIEW_GLASS: _("looked at emergency access"),
    Verb.IMPORT_CASELOAD: _("imported a caseload"),
    Verb.EXPORT_CASELOAD: _("exported a caseload"),
    Verb.APPROVE_EXPORT: _("seconded or refused an export"),
    Verb.RECEIVE_PROCESS: _("worked on a paper"),
    Verb.READ_PROCESS: _("looked at papers"),
    Verb.REVIEW_PROCESS: _("noted counsel's review"),
    Verb.HOLD_PROCESS: _("held or refused a paper"),
    Verb.ANSWER_PROCESS: _("answered a paper"),
    Verb.NOTE_BREACH: _("looked at breaches"),
    Verb.MOVE_TRACK: _("went a step of a protocol"),
    Verb.REFER: _("worked on a referral"),
    Verb.ANSWER_REFERRAL: _("answered a referral"),
    Verb.KEEP_TASKS: _("worked on tasks"),
    Verb.ANSWER_GAP: _("answered a gap"),
    Verb.READ_BOARD: _("looked at the agency's board"),
    Verb.SET_NOTICES: _("said when notices may come"),
    Verb.PROPOSE_PROTOCOL: _("worked on a change of a protocol"),
    Verb.ADOPT_PROTOCOL: _("answered a change of a protocol"),
    Verb.KEEP_OWN_TIMES: _("worked on our own times"),
    Verb.READ_KEPT: _("read kept records"),
    Verb.READ_LEDGER: _("read the log"),
    Verb.TRY_LAW: _("asked what a change of law would do"),
    Verb.READ_PARTNERS: _("read the directory"),
    Verb.COMMENT_AGREEMENT: _("commented on a draft of an agreement"),
    Verb.MANAGE_AGENCY: _("changed the agency's entry or agreements"),
    Verb.MANAGE_MEMBERS: _("managed members"),
    Verb.MANAGE_KEYS: _("managed keys"),
    Verb.SWEEP: _("tidied up"),
}

#: Values of a summary that are codes of the vault, as they stand inside a sentence.
CODES: Mapping[str, Mapping[str, Any]] = {
    "service": SERVICES,
    "channel": REACHED,
    "result": RESULTS,
    "gap": GAPS,
}
#: Values that are titles of a protocol, in English as its text says them.
TITLES = frozenset({"track", "stands"})
#: Values that hold a day.
DAYS = frozenset({"born", "date", "day", "first_day", "last_day", "start", "end"})

#: Codes of different kinds may be equal: each is known together with its type.
_WORDS: Mapping[tuple[type, Any], Any] = {
    (type(code), code): word
    for table in (
        CATEGORIES, LEVELS, PURPOSES, ROLES, KINDS_OF_AGENCY, DUTIES, MARKS, RELATIONS, VERBS, INSTRUMENTS, ELEMENTS,
        PROCESS_KINDS, REPRESENTATIONS, SINGLE_FACTS, STATES, WHOM, ABOUTS,
    )
    for code, word in table.items()
}  # fmt: skip


def label(code: Any) -> str:
    """A code of the field's words in the reader's language."""
    word = _WORDS.get((type(code), code))
    if word is not None:
        return str(word)
    return str(KINDS.get(code) or HARMS.get(code) or MAY_CONTACT.get(code) or gettext(health.WORDS.get(code, code)))


def summary_text(summary: Mapping[str, Any] | vault.Summary | None) -> str:
    """A summary in the reader's language: typed words as typed, a template with its coded values filled in."""
    if summary is None:
        return ""
    if not isinstance(summary, vault.Summary):
        summary = vault.Summary(**summary)
    if summary.text:
        return summary.text
    if summary.template == "facts":
        return _single_facts(summary.values)
    values = {name: _ready(name, value) for name, value in summary.values.items()}
    if summary.template == "contact.safe":
        values["when"] = safe_hours(summary.values)
    if summary.template in vault.SUMMARIES:
        return gettext(vault.SUMMARIES[summary.template]).format(**values)
    return health.sentence(
        summary.template,
        values,
        sentences={summary.template: gettext(health.SUMMARIES[summary.template])},
        words=_Translated(health.WORDS),
    )


def _single_facts(values: Mapping[str, Any]) -> str:
    """Single facts that left on a paper, each by its name."""
    return "; ".join(f"{SINGLE_FACTS[fact]}: {_single(values[fact])}" for fact in SINGLE_FACTS if fact in values)


def _single(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(gettext(health.WORDS.get(code, code)) for code in value)
    return spoken_day(str(value))


def spoken_day(text: str) -> str:
    """An ISO year, month, day or moment as people say it; anything else as it is."""
    months = pgettext("a month and its year", "F Y")
    days = pgettext("a day, its month and its year", "j F Y")
    for length, read, said in ((4, "%Y", "Y"), (7, "%Y-%m", months), (10, "%Y-%m-%d", days)):
        if len(text) == length or (length == 10 and len(text) > length):
            with suppress(ValueError):
                return date_format(datetime.strptime(text[:length], read).replace(tzinfo=UTC), said)
    return text


def language(value: str) -> str:
    """A language by its code, or as it was written."""
    return str(LANGUAGES.get(value, value))


def hours(window: Mapping[str, Any]) -> str:
    """One line of safe hours: "Mon-Fri 10:00-14:00"."""
    days, start, end = window["days"], window["start"], window["end"]
    if len(days) == 7:
        said = gettext("every day")
    elif len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        said = f"{WEEKDAYS_ABBR[days[0]]}–{WEEKDAYS_ABBR[days[-1]]}"
    else:
        said = ", ".join(str(WEEKDAYS_ABBR[day]) for day in days)
    if start == end:
        return gettext("%(days)s, at any hour") % {"days": said}
    return f"{said} {start}–{end}"


def safe_hours(values: Mapping[str, Any]) -> str:
    """When she can be reached, as hours and in her words."""
    lines = [hours(window) for window in values.get("windows") or ()]
    return "; ".join(part for part in (*lines, values.get("when")) if part)


def _ready(name: str, value: Any) -> Any:
    if name in CODES and value in CODES[name]:
        return str(CODES[name][value])
    if name in TITLES and value:
        return gettext(str(value))
    if isinstance(value, list):
        return tuple(value)
    return spoken_day(value) if name in DAYS and isinstance(value, str) else value


class _Translated(dict[str, str]):
    def __getitem__(self, code: str) -> str:
        return gettext(super().__getitem__(code))

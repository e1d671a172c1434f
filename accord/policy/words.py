"""The words of the field: every code that rows, law data, pages and questions use.

Each code is a lower-case string, the same in TOML, in the database and in JSON. A code that is
not in these lists is unknown, and unknown means no.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How much of a thing may be known. Ordered: none < existence < summary < full."""

    NONE = 0
    EXISTENCE = 1
    SUMMARY = 2
    FULL = 3

    @property
    def code(self) -> str:
        return self.name.lower()


class AgencyKind(StrEnum):
    """The kinds of partner in a coordinated community response (facts section 6)."""

    POLICE = "police"
    PROSECUTOR = "prosecutor"
    COURT = "court"
    PROBATION = "probation"
    VICTIM_SERVICES = "victim_services"
    HOSPITAL = "hospital"
    MENTAL_HEALTH = "mental_health"
    SUBSTANCE_USE = "substance_use"
    LEGAL_AID = "legal_aid"
    SCHOOL = "school"
    HOUSING = "housing"
    PROTECTIVE_SERVICES = "protective_services"
    INTERVENTION = "intervention"
    COMMUNITY = "community"
    FUNDER = "funder"
    OPERATOR = "operator"
    REGISTRY = "registry"
    """A secure government registry of protective orders."""
    HMIS = "hmis"
    """A homeless management information system, or any other database that several agencies open."""
    DEFENCE = "defence"
    RESPONDENT = "respondent"
    """The person accused, enjoined or in a programme, whoever speaks for that person, and the public at large."""
    FAMILY = "family"
    """Relatives and friends who take part in her care."""


#: Kinds of recipient the law speaks of and no partner is.
NOT_PARTNERS = frozenset(
    {AgencyKind.REGISTRY, AgencyKind.HMIS, AgencyKind.DEFENCE, AgencyKind.RESPONDENT, AgencyKind.FAMILY}
)


class Duty(StrEnum):
    """A body of law an agency says it is under. `none` is a statement too, never a default."""

    VAWA = "vawa"
    VOCA = "voca"
    FVPSA = "fvpsa"
    HIPAA = "hipaa"
    PART2 = "part2"
    FERPA = "ferpa"
    ATTORNEY_PRIVILEGE = "attorney_privilege"
    ADVOCATE_PRIVILEGE = "advocate_privilege"
    THERAPIST_PRIVILEGE = "therapist_privilege"
    BRADY = "brady"
    CJIS = "cjis"
    COURT_RECORDS = "court_records"
    PROTECTIVE_RECORDS = "protective_records"
    HOUSING = "housing"
    UK_GDPR = "uk_gdpr"
    NONE = "none"


#: A holder under any of these is a victim service provider; nothing but her own release, a statute
#: or a court order opens what it holds.
VICTIM_SERVICE_DUTIES = frozenset({Duty.VAWA, Duty.VOCA, Duty.FVPSA})


class Role(StrEnum):
    """What a member does inside her own agency."""

    WORKER = "worker"
    SUPERVISOR = "supervisor"
    PRIVACY_OFFICER = "privacy_officer"
    RECORDS_OFFICER = "records_officer"
    DIRECTOR = "director"
    SYSTEM = "system"


class Verb(StrEnum):
    """What can be asked of the gate."""

    READ_DAY = "read_day"
    FIND_CLIENTS = "find_clients"
    READ_CLIENT = "read_client"
    OPEN_CLIENT = "open_client"
    EDIT_CLIENT = "edit_client"
    DELETE_CLIENT = "delete_client"
    ADD_ENTRY = "add_entry"
    IMPORT_DOCUMENT = "import_document"
    EXPORT_CLIENT = "export_client"
    PREPARE_RELEASE = "prepare_release"
    SIGN_RELEASE = "sign_release"
    COSIGN_RELEASE = "cosign_release"
    WITHDRAW_RELEASE = "withdraw_release"
    DISCLOSE = "disclose"
    READ_ENVELOPE = "read_envelope"
    ACCEPT_ENVELOPE = "accept_envelope"
    CONFIRM_VALUE = "confirm_value"
    NEVER_SHARE = "never_share"
    SEND_UPDATE = "send_update"
    RELAY_WITHDRAWAL = "relay_withdrawal"
    READ_ACCOUNTING = "read_accounting"
    CONTACT_CLIENT = "contact_client"
    MERGE_CLIENTS = "merge_clients"
    ASSIGN_CLIENT = "assign_client"
    WALL_CLIENT = "wall_client"
    DECLARE_TIES = "declare_ties"
    BREAK_GLASS = "break_glass"
    SECOND_GLASS = "second_glass"
    SECOND_PARTNER = "second_partner"
    REVIEW_GLASS = "review_glass"
    IMPORT_CASELOAD = "import_caseload"
    EXPORT_CASELOAD = "export_caseload"
    APPROVE_EXPORT = "approve_export"
    RECEIVE_PROCESS = "receive_process"
    READ_PROCESS = "read_process"
    REVIEW_PROCESS = "review_process"
    HOLD_PROCESS = "hold_process"
    ANSWER_PROCESS = "answer_process"
    NOTE_BREACH = "note_breach"
    READ_KEPT = "read_kept"
    MOVE_TRACK = "move_track"
    REFER = "refer"
    ANSWER_REFERRAL = "answer_referral"
    KEEP_TASKS = "keep_tasks"
    ANSWER_GAP = "answer_gap"
    READ_BOARD = "read_board"
    SET_NOTICES = "set_notices"
    PROPOSE_PROTOCOL = "propose_protocol"
    ADOPT_PROTOCOL = "adopt_protocol"
    KEEP_OWN_TIMES = "keep_own_times"
    READ_LEDGER = "read_ledger"
    TRY_LAW = "try_law"
    READ_PARTNERS = "read_partners"
    COMMENT_AGREEMENT = "comment_agreement"
    MANAGE_AGENCY = "manage_agency"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_KEYS = "manage_keys"
    SWEEP = "sweep"


class Purpose(StrEnum):
    """Why it is asked. A release names exactly one."""

    OWN_SERVICE = "own_service"
    TREATMENT = "treatment"
    SAFETY = "safety"
    SHELTER = "shelter"
    ADVOCACY = "advocacy"
    INVESTIGATION = "investigation"
    PROSECUTION = "prosecution"
    PROTECTIVE_ORDER = "protective_order"
    LEGAL_HELP = "legal_help"
    HOUSING = "housing"
    EDUCATION = "education"
    COMPENSATION = "compensation"
    SUPERVISION = "supervision"
    COORDINATION = "coordination"
    OVERSIGHT = "oversight"
    RECORDS_REQUEST = "records_request"
    REPORTING = "reporting"
    RESEARCH = "research"
    MANDATED_REPORT = "mandated_report"
    LEGAL_PROCESS = "legal_process"
    LOCATE = "locate"
    """To identify or locate a suspect, fugitive, witness or missing person (45 CFR 164.512(f)(2))."""
    DISCOVERY = "discovery"
    FATALITY_REVIEW = "fatality_review"
    ADMINISTRATION = "administration"


class Category(StrEnum):
    """What a thing is about; what a release picks from."""

    IDENTITY = "identity"
    CONTACT = "contact"
    LOCATION = "location"
    SERVICES = "services"
    INJURIES = "injuries"
    EXAM = "exam"
    VISITS = "visits"
    CONDITIONS = "conditions"
    MEDICATIONS = "medications"
    ALLERGIES = "allergies"
    PROCEDURES = "procedures"
    ENCOUNTERS = "encounters"
    RESULTS = "results"
    DOCUMENTS = "documents"
    RISK = "risk"
    SAFETY_PLAN = "safety_plan"
    LEGAL = "legal"
    EDUCATION = "education"
    HOUSING = "housing"
    COUNSELLING = "counselling"
    NOTES = "notes"


class Mark(StrEnum):
    """A mark that puts a thing under a special key or an absolute bar (law.md, order step 2)."""

    PRIVILEGED = "privileged"
    PSYCHOTHERAPY_NOTE = "psychotherapy_note"
    SUD = "sud"
    SUD_COUNSELLING_NOTE = "sud_counselling_note"
    SHELTER_LOCATION = "shelter_location"
    VICTIM_CONTACT = "victim_contact"
    IMMIGRATION = "immigration"
    CRIMINAL_HISTORY = "criminal_history"
    SEALED = "sealed"


class Relation(StrEnum):
    """Who a thing is about, seen from the client whose record holds it."""

    SELF = "self"
    CHILD = "child"
    HOUSEHOLD = "household"
    RESPONDENT = "respondent"
    OTHER = "other"
    NOBODY = "nobody"
    """Totals: about nobody in particular."""


class SignerRole(StrEnum):
    """In which capacity somebody signs a release (VAWA 34 USC 12291(b)(2)(B)(ii); 45 CFR 164.502(g))."""

    SELF = "self"
    PARENT = "parent"
    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"
    NEXT_OF_KIN = "next_of_kin"


class Element(StrEnum):
    """One thing a law wants a release to have, or the conversation before it to have covered."""

    WRITTEN = "written"
    SIGNED = "signed"
    DATED = "dated"
    INFORMED = "informed"
    TIME_LIMITED = "time_limited"
    DESCRIPTION = "description"
    DISCLOSER = "discloser"
    RECIPIENT = "recipient"
    PURPOSE = "purpose"
    AUTHORITY = "authority"
    RIGHT_TO_REVOKE = "right_to_revoke"
    NOT_A_CONDITION = "not_a_condition"
    REDISCLOSURE = "redisclosure"
    COPY_OFFERED = "copy_offered"
    SUBSTANCE_USE = "substance_use"
    """It says in so many words that records about alcohol or drug treatment are meant (42 CFR 2.31(a)(3))."""


class Instrument(StrEnum):
    """What a release is. Each is signed alone and never combined with another (45 CFR 164.508(b)(3); 42 CFR 2.31(b),
    (d)): an ordinary one opens nothing that asks for its own, and its own nothing else."""

    ORDINARY = "ordinary"
    PSYCHOTHERAPY_NOTES = "psychotherapy_notes"
    COUNSELLING_NOTES = "counselling_notes"
    PROCEEDING = "proceeding"
    """For use in a proceeding against the patient (42 CFR 2.31(d))."""
    CRIMINAL_JUSTICE = "criminal_justice"
    """To those who monitor a condition of a criminal case; may be fixed until a stated event (42 CFR 2.35)."""
    PRIVILEGE_WAIVER = "privilege_waiver"
    SHELTER_PERMISSION = "shelter_permission"
    """Signed by her and by the person responsible for the shelter (45 CFR 1370.4)."""
    IMMIGRATION_WAIVER = "immigration_waiver"


class ProcessKind(StrEnum):
    """Compulsion, official requests, and what the holder itself has found and written down (facts 1.8, 1.9)."""

    SUBPOENA = "subpoena"
    COURT_ORDER = "court_order"
    WARRANT = "warrant"
    PART2_ORDER = "part2_order"
    """A court order under 42 CFR 2.61-2.67."""
    MANDATED_REPORT = "mandated_report"
    ADMINISTRATIVE_REQUEST = "administrative_request"
    LAW_ENFORCEMENT_REQUEST = "law_enforcement_request"
    RECORDS_REQUEST = "records_request"
    FINDING = "finding"
    """Not a paper from outside: what the holder itself judged, by whom and why."""


class Representation(StrEnum):
    """What was stated on a paper, found by the holder, or done about it, where a law makes that a condition."""

    SHE_AGREES = "she_agrees"
    INCAPACITATED = "incapacitated"
    NOT_AGAINST_HER = "not_against_her"
    """It is needed about somebody else's violation and will not be used against her (164.512(f)(3)(ii)(A))."""
    HARM_BY_WAITING = "harm_by_waiting"
    BEST_INTEREST = "best_interest"
    PREVENTS_SERIOUS_HARM = "prevents_serious_harm"
    IMMINENT_THREAT = "imminent_threat"
    THREAT_WRITTEN_DOWN = "threat_written_down"
    MEDICAL_EMERGENCY = "medical_emergency"
    RELEVANT_AND_LIMITED = "relevant_and_limited"
    """Relevant and material, specific and limited, and de-identified data will not do (164.512(f)(1)(ii)(C))."""
    SHE_WAS_NOTIFIED = "she_was_notified"
    PROTECTIVE_ORDER_SOUGHT = "protective_order_sought"
    PRIVILEGE_RULED_ON = "privilege_ruled_on"
    UNSEALS = "unseals"
    NO_SUCH_THREAT = "no_such_threat"
    """Nothing suggests that anybody of her family or friends abuses her."""
    CELLS_SUPPRESSED = "cells_suppressed"
    HIGH_RISK = "high_risk"
    TO_PREVENT_DEATHS = "to_prevent_deaths"
    IDENTITY_PROTECTED = "identity_protected"
    RELEASE_SOUGHT = "release_sought"
    STAFF_OR_PREMISES = "staff_or_premises"
    TEAM_BY_STATUTE = "team_by_statute"
    AUTHORISED_BY_STATUTE = "authorised_by_statute"
    FAVOURABLE_MATERIAL = "favourable_material"
    SHE_HAS_DIED = "she_has_died"
    INFORMING_UNSAFE = "informing_unsafe"


class About(StrEnum):
    """Whom or what a report statute protects."""

    CHILD = "child"
    ELDER = "elder"
    VULNERABLE_ADULT = "vulnerable_adult"
    INJURY = "injury"
    """A wound of a kind that must be told to the police, whoever has it."""


class Field(StrEnum):
    """Single facts that a law names where it opens no more than these."""

    NAME_ADDRESS = "name_address"
    BIRTH = "birth"
    SSN = "ssn"
    BLOOD_TYPE = "blood_type"
    INJURY_TYPE = "injury_type"
    TREATED_AT = "treated_at"
    DIED_AT = "died_at"
    DISTINGUISHING_MARKS = "distinguishing_marks"
    DNA = "dna"
    DENTAL = "dental"
    TISSUE = "tissue"
    """Samples, typing or analysis of body fluids or tissue."""
    WHEREABOUTS = "whereabouts"
    WHAT_HAPPENED = "what_happened"
    RESPONSIBLE = "responsible"
    """Who is believed to be responsible."""
    REPORTER = "reporter"
    TREATMENT_PROGRAM = "treatment_program"
    """That the person is a patient of a substance use program."""


class BlockKind(StrEnum):
    """What closes a door however good the release is. `need_to_know`: the agency keeps files to the people who work
    with her, and this member is not one of them."""

    NEVER_SHARE = "never_share"
    CONFLICT = "conflict"
    NEED_TO_KNOW = "need_to_know"


class Obligation(StrEnum):
    """What a yes obliges the holder or the recipient to do."""

    REDISCLOSURE_NOTICE = "redisclosure_notice"
    PART2_NOTICE = "part2_notice"
    WARN_DISCOVERY = "warn_discovery"
    LOG = "log"
    ACCOUNTING = "accounting"
    TELL_HER = "tell_her"
    SUPERVISOR_REVIEW = "supervisor_review"
    ATTACH_CONSENT = "attach_consent"
    RETAIN_SEALED = "retain_sealed"
    SAFETY_STEPS = "safety_steps"
    WRITE_WHY_NOT_TOLD = "write_why_not_told"
    WRITE_THREAT = "write_threat"
    DISCOVERY_LOG = "discovery_log"
    FERPA_NOTICE = "ferpa_notice"
    FERPA_RECORD = "ferpa_record"


class Basis(StrEnum):
    """What a yes rests on: a role inside one's own agency, a statute or court that compels it, her release, or an
    exception that needs none."""

    ROLE = "role"
    COMPELLED = "compelled"
    RELEASE = "release"
    EXCEPTION = "exception"

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
    NONE = "none"


#: A holder under any of these is a victim service provider; nothing but her own release, a statute
#: or a court order opens what it holds.
VICTIM_SERVICE_DUTIES = frozenset({Duty.VAWA, Duty.VOCA, Duty.FVPSA})


#: What a holder under any of these has never leaves under a mere exception (step 5): the exceptions of these laws have
#: conditions and representations of their own, and privilege is hers.
NEVER_BY_EXCEPTION = VICTIM_SERVICE_DUTIES | {
    Duty.HIPAA,
    Duty.PART2,
    Duty.FERPA,
    Duty.ATTORNEY_PRIVILEGE,
    Duty.ADVOCATE_PRIVILEGE,
    Duty.THERAPIST_PRIVILEGE,
}


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
    IMPORT_CASELOAD = "import_caseload"
    EXPORT_CASELOAD = "export_caseload"
    APPROVE_EXPORT = "approve_export"
    READ_KEPT = "read_kept"
    READ_LEDGER = "read_ledger"
    READ_PARTNERS = "read_partners"
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


class ProcessKind(StrEnum):
    """Compulsion and official requests (facts 1.8, 1.9)."""

    SUBPOENA = "subpoena"
    COURT_ORDER = "court_order"
    WARRANT = "warrant"
    PART2_ORDER = "part2_order"
    MANDATED_REPORT = "mandated_report"
    LAW_ENFORCEMENT_REQUEST = "law_enforcement_request"
    RECORDS_REQUEST = "records_request"


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


class Basis(StrEnum):
    """What a yes rests on: a role inside one's own agency, her release, or an exception that needs none."""

    ROLE = "role"
    RELEASE = "release"
    EXCEPTION = "exception"

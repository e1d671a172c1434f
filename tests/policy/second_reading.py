"""A second reading of the law of this slice: plain, slow, and written from the text alone.

It shares nothing with the engine but the words (`accord.policy.words`) and the shapes
(`accord.policy.facts`), reads no law data, and is never imported by `accord`. Where the engine and
this reading differ, one of them has misread the law. Sources: `shared/domain/facts.md` section 1
and the law of this slice.
"""

from __future__ import annotations

from datetime import timedelta

from accord.policy.facts import Agency, Question, Release
from accord.policy.words import (
    AgencyKind,
    BlockKind,
    Duty,
    Element,
    Level,
    Mark,
    Obligation,
    Purpose,
    Role,
    SignerRole,
    Verb,
)

Answer = tuple[Level, str | None, frozenset[Obligation], frozenset[str]]


def no(*needs: str) -> Answer:
    """Nothing may be known. `needs` are the codes that must be among what the engine says would open it."""
    return Level.NONE, None, frozenset(), frozenset(needs)


def answer(question: Question) -> Answer:
    """How much, relying on which release, with which duties; and which needs must be named.

    The needs are a floor, not the whole list: where the text does not say which code belongs to a
    refusal, or several things close the door at once, the floor is empty.
    """
    # A question that contradicts itself is no question, and a time in no time zone is no moment.
    if describes_one_agency_in_two_ways(question) or question.at.tzinfo is None:
        return no()
    # Nobody reaches into another agency, whatever the verb: what leaves is pushed, never pulled.
    if question.asker.id != question.holder.id:
        return no()
    if question.recipient is None:
        return inside_her_own_agency(question)
    return toward_a_partner(question)


def describes_one_agency_in_two_ways(question: Question) -> bool:
    """One id with two kinds or two sets of duties: one of the descriptions is wrong, we cannot tell which."""
    asker, holder = question.asker, question.holder
    return asker.id == holder.id and asker != holder


# --- A. Her own agency -----------------------------------------------------------------------------


def inside_her_own_agency(question: Question) -> Answer:
    verb = question.verb
    # Disclosing to nobody is not a deed.
    if verb is Verb.DISCLOSE:
        return no()
    if touches_a_client(verb) and has_a_conflict_inside(question):
        return no()
    missing = []
    if not some_role_may(question.member.roles, verb):
        missing.append("role")
    if not purpose_suits(verb, question.purpose):
        missing.append("purpose")
    if missing:
        return no(*missing)
    # The duties of step 8 belong to a disclosure; the ledger is the gate's own business.
    return Level.FULL, None, frozenset(), frozenset()


def some_role_may(roles: frozenset[Role], verb: Verb) -> bool:
    """A member with several roles may do what any one of them may do."""
    return any(role_may(role, verb) for role in roles)


def role_may(role: Role, verb: Verb) -> bool:
    if role is Role.WORKER:
        return is_everyday_work(verb)
    if role is Role.SUPERVISOR:
        return is_everyday_work(verb) or verb is Verb.DELETE_CLIENT
    if role is Role.PRIVACY_OFFICER:
        return verb in (Verb.READ_DAY, Verb.READ_LEDGER, Verb.WITHDRAW_RELEASE, Verb.READ_PARTNERS)
    if role is Role.RECORDS_OFFICER:
        return verb in (Verb.READ_DAY, Verb.READ_KEPT, Verb.READ_PARTNERS)
    if role is Role.DIRECTOR:
        return verb in (Verb.READ_DAY, Verb.MANAGE_MEMBERS, Verb.MANAGE_KEYS, Verb.READ_PARTNERS, Verb.READ_LEDGER)
    if role is Role.SYSTEM:
        return verb is Verb.SWEEP
    return False


def is_everyday_work(verb: Verb) -> bool:
    return verb in (
        Verb.READ_DAY,
        Verb.FIND_CLIENTS,
        Verb.READ_CLIENT,
        Verb.OPEN_CLIENT,
        Verb.EDIT_CLIENT,
        Verb.ADD_ENTRY,
        Verb.IMPORT_DOCUMENT,
        Verb.EXPORT_CLIENT,
        Verb.PREPARE_RELEASE,
        Verb.SIGN_RELEASE,
        Verb.WITHDRAW_RELEASE,
        Verb.READ_ENVELOPE,
        Verb.ACCEPT_ENVELOPE,
        Verb.CONFIRM_VALUE,
        Verb.READ_PARTNERS,
    )


def purpose_suits(verb: Verb, purpose: Purpose) -> bool:
    if verb is Verb.READ_LEDGER:
        return purpose is Purpose.OVERSIGHT
    if verb is Verb.READ_KEPT:
        return purpose is Purpose.RECORDS_REQUEST
    if verb is Verb.READ_PARTNERS:
        return purpose in (Purpose.ADMINISTRATION, Purpose.OWN_SERVICE)
    if verb in (Verb.MANAGE_MEMBERS, Verb.MANAGE_KEYS, Verb.SWEEP):
        return purpose is Purpose.ADMINISTRATION
    return purpose is Purpose.OWN_SERVICE


def touches_a_client(verb: Verb) -> bool:
    """The verbs a conflict closes (R28). A kept copy is a client's thing too: deny beats permit."""
    return verb not in (
        Verb.FIND_CLIENTS,
        Verb.READ_DAY,
        Verb.READ_LEDGER,
        Verb.READ_PARTNERS,
        Verb.MANAGE_MEMBERS,
        Verb.MANAGE_KEYS,
        Verb.SWEEP,
    )


def has_a_conflict_inside(question: Question) -> bool:
    """R28. What she said about never sharing is about partners, and does not matter inside."""
    subject = question.thing.subject
    if subject in question.member.conflicts:
        return True
    for block in question.blocks:
        if block.kind is BlockKind.CONFLICT and block.against in (question.member.id, subject):
            return True
    return False


# --- B. Toward a partner ---------------------------------------------------------------------------


def toward_a_partner(question: Question) -> Answer:
    assert question.recipient is not None
    # Only disclosing has a recipient, and an agency does not disclose to itself.
    if question.verb is not Verb.DISCLOSE or question.recipient.id == question.holder.id:
        return no()

    may_disclose = Role.WORKER in question.member.roles or Role.SUPERVISOR in question.member.roles

    # 1. An agency that does not say which law binds it, or says two things at once, sends nothing and gets nothing.
    duties = question.holder.duties
    for agency in (question.holder, question.recipient):
        if not agency.duties:
            return no()
        if Duty.NONE in agency.duties and len(agency.duties) > 1:
            return no()

    # Two releases under one id: one of them is not hers, and nobody can tell which.
    ids = [release.id for release in question.releases]
    for each in ids:
        if ids.count(each) > 1:
            return no()

    # 2a. What nothing lifts. That another law of hers is unread does not make it liftable.
    if an_absolute_bar_stands(question, question.recipient):
        return no("nothing") if may_disclose else no()

    # 1. Whose law we cannot read, we do not open.
    if Duty.ATTORNEY_PRIVILEGE in duties or Duty.PART2 in duties or Duty.FERPA in duties:
        return no("law_not_loaded") if may_disclose else no()

    # 2b. What only its own instrument lifts; this slice has none of those instruments.
    if wants_its_own_instrument(question):
        return no("instrument") if may_disclose else no()

    # 7. Her "never", and conflicts of interest, however good the release is.
    if is_blocked(question, question.recipient):
        return no()

    if not may_disclose:
        return no("role")

    # 4. Her release. Each is judged on its own; they never merge.
    relied = the_release_relied_on(question)
    if relied is None:
        return no(*what_a_release_would_have_to_mend(question))

    level = level_given(relied, question)
    needs = frozenset() if level is Level.FULL else frozenset({"higher_level"})
    return level, relied.id, duties_of_a_yes(relied, question.recipient), needs


def is_victim_service(agency: Agency) -> bool:
    return Duty.VAWA in agency.duties or Duty.VOCA in agency.duties or Duty.FVPSA in agency.duties


def an_absolute_bar_stands(question: Question, recipient: Agency) -> bool:
    # R27: the platform's operator gets nothing from anybody.
    if recipient.kind is AgencyKind.OPERATOR:
        return True
    # R24: what a victim contact said never travels toward the participant.
    if Mark.VICTIM_CONTACT in question.thing.marks and recipient.kind is AgencyKind.INTERVENTION:
        return True
    # R04, R05: no personal data from a victim service to a funder, nor for reports or studies.
    if is_victim_service(question.holder):
        if recipient.kind is AgencyKind.FUNDER:
            return True
        if question.purpose is Purpose.REPORTING or question.purpose is Purpose.RESEARCH:
            return True
    return False


def wants_its_own_instrument(question: Question) -> bool:
    for mark in question.thing.marks:
        if mark in (
            Mark.PRIVILEGED,
            Mark.PSYCHOTHERAPY_NOTE,
            Mark.SUD,
            Mark.SUD_COUNSELLING_NOTE,
            Mark.IMMIGRATION,
            Mark.CRIMINAL_HISTORY,
            Mark.SEALED,
        ):
            return True
        # R06: a shelter's place wants the written word of the person responsible for the shelter.
        if mark is Mark.SHELTER_LOCATION and is_victim_service(question.holder):
            return True
    return False


def is_blocked(question: Question, recipient: Agency) -> bool:
    person = question.recipient_person
    subject = question.thing.subject
    if subject in question.member.conflicts:
        return True
    for block in question.blocks:
        toward_recipient = block.against == recipient.id or (person != "" and block.against == person)
        if toward_recipient:
            return True
        if block.kind is BlockKind.CONFLICT and block.against in (question.member.id, subject):
            return True
    return False


def the_release_relied_on(question: Question) -> Release | None:
    """The valid release that gives most; of equals the one that ends last; of those the smallest id."""
    best: Release | None = None
    for release in question.releases:
        if not names_this(release, question) or faults_of(release, question):
            continue
        if best is None or is_better(release, best, question):
            best = release
    return best


def is_better(one: Release, other: Release, question: Question) -> bool:
    level_of_one, level_of_other = level_given(one, question), level_given(other, question)
    if level_of_one != level_of_other:
        return level_of_one > level_of_other
    if one.until != other.until:
        return one.until > other.until
    return one.id < other.id


def level_given(release: Release, question: Question) -> Level:
    greatest = Level.NONE
    for grant in release.grants:
        if grant.category is question.thing.category and grant.level > greatest:
            greatest = grant.level
    return greatest


def names_this(release: Release, question: Question) -> bool:
    """The release speaks of this subject, holder, recipient, person, purpose and category."""
    assert question.recipient is not None
    # Whoever the thing is about must be the one the release is about: her word does not open her child's.
    if release.subject != question.thing.subject:
        return False
    if release.holder != question.holder.id:
        return False
    if release.recipient != question.recipient.id:
        return False
    if release.recipient_person != "" and release.recipient_person != question.recipient_person:
        return False
    if release.purpose is not question.purpose:
        return False
    return level_given(release, question) > Level.NONE


def faults_of(release: Release, question: Question) -> list[str]:
    """What is wrong with a release that names the right things. Empty: it opens the door."""
    faults = []
    at = question.at
    if release.until <= release.signed_at:
        faults.append("never runs")
    if at < release.signed_at:
        faults.append("not yet signed")
    if at >= release.until:
        faults.append("ended")
    if release.withdrawn_at is not None and at >= release.withdrawn_at:
        faults.append("withdrawn")
    if elements_wanted(release, question.holder) - release.elements:
        faults.append("elements")
    if not signer_is_valid(release, question.holder):
        faults.append("signer")
    if is_victim_service(question.holder) and is_long(release) and not release.long_because:
        faults.append("length")
    return faults


def is_long(release: Release) -> bool:
    return release.until - release.signed_at > timedelta(days=90)


def elements_wanted(release: Release, holder: Agency) -> set[Element]:
    """The union of what each of the holder's laws wants. Every law loaded wants it written, signed and dated."""
    wanted = {Element.WRITTEN, Element.SIGNED, Element.DATED}
    if is_victim_service(holder):
        wanted.add(Element.INFORMED)
        wanted.add(Element.TIME_LIMITED)
        wanted.add(Element.DESCRIPTION)
        wanted.add(Element.RECIPIENT)
        wanted.add(Element.PURPOSE)
        wanted.add(Element.NOT_A_CONDITION)
    if Duty.HIPAA in holder.duties:
        wanted.add(Element.DESCRIPTION)
        wanted.add(Element.DISCLOSER)
        wanted.add(Element.RECIPIENT)
        wanted.add(Element.PURPOSE)
        wanted.add(Element.TIME_LIMITED)
        wanted.add(Element.RIGHT_TO_REVOKE)
        wanted.add(Element.NOT_A_CONDITION)
        wanted.add(Element.REDISCLOSURE)
        if release.signer.role is not SignerRole.SELF:
            wanted.add(Element.AUTHORITY)
    return wanted


def signer_is_valid(release: Release, holder: Agency) -> bool:
    signer = release.signer
    # Who abused her, the ward, the other parent or the deceased never signs, with or without company.
    if signer.abuser:
        return False
    # The dead speak through their next of kin.
    if signer.role is SignerRole.NEXT_OF_KIN:
        return True
    if not signer.minor:
        # A grown person has no parent to sign for her; `alone` says nothing about her.
        return signer.role is not SignerRole.PARENT
    if signer.cosigned:
        return True
    if signer.role is SignerRole.SELF:
        return signer.alone
    # From here: parent, guardian or representative of a minor, without the minor's own signature.
    if signer.alone:
        # The minor may decide alone, so somebody else's word is not hers.
        return False
    # VAWA and FVPSA want both signatures; VOCA, HIPAA and the plain rule are content with the parent's.
    return Duty.VAWA not in holder.duties and Duty.FVPSA not in holder.duties


def duties_of_a_yes(release: Release, recipient: Agency) -> frozenset[Obligation]:
    duties = {Obligation.LOG, Obligation.REDISCLOSURE_NOTICE}
    # What these hold may reach the defence (Brady).
    if recipient.kind in (AgencyKind.POLICE, AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.PROBATION):
        duties.add(Obligation.WARN_DISCOVERY)
    if Duty.BRADY in recipient.duties:
        duties.add(Obligation.WARN_DISCOVERY)
    if is_long(release):
        duties.add(Obligation.SUPERVISOR_REVIEW)
    # These are bound to keep what they received.
    if recipient.kind in (AgencyKind.POLICE, AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.HOSPITAL):
        duties.add(Obligation.RETAIN_SEALED)
    if Duty.BRADY in recipient.duties or Duty.COURT_RECORDS in recipient.duties or Duty.HIPAA in recipient.duties:
        duties.add(Obligation.RETAIN_SEALED)
    return frozenset(duties)


def what_a_release_would_have_to_mend(question: Question) -> set[str]:
    """No release opens it: what must at least be named.

    No release names the right things, or none is signed yet: a release. Exactly one does: everything that
    is wrong with it. Several do: only what is wrong with all of them. And when a paper arrived: counsel.
    """
    signed = [
        release for release in question.releases if names_this(release, question) and release.signed_at <= question.at
    ]
    if not signed:
        needs = {"release"}
    elif any("never runs" in faults_of(release, question) for release in signed):
        # The text has no code for a release that ends before it begins.
        needs = set()
    else:
        needs = set(faults_of(signed[0], question))
        for release in signed[1:]:
            needs &= set(faults_of(release, question))
    if question.processes:
        needs.add("counsel")
    return needs

"""A second reading of the law of this slice: plain, slow, and written from the text alone.

It shares nothing with the engine but the words (`accord.policy.words`) and the shapes
(`accord.policy.facts`), reads no law data, and is never imported by `accord`. Where the engine and
this reading differ, one of them has misread the law. Sources: `shared/domain/facts.md` section 1
and the law of this slice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from accord.policy.facts import Agency, Agreement, Question, Release
from accord.policy.words import (
    AgencyKind,
    Basis,
    BlockKind,
    Category,
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


class Answer(NamedTuple):
    """How much, resting on what, relying on which release or agreement, with which duties, until when; and which
    needs must be named."""

    level: Level
    basis: Basis | None = None
    relied: str | None = None
    duties: frozenset[Obligation] = frozenset()
    needs: frozenset[str] = frozenset()
    until: datetime | None = None


def no(*needs: str) -> Answer:
    """Nothing may be known. `needs` are the codes that must be among what the engine says would open it."""
    return Answer(Level.NONE, needs=frozenset(needs))


def answer(question: Question) -> Answer:
    """What the law says.

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
    if is_work_with_her(verb) and the_file_is_kept_from(question):
        return no()
    missing = []
    if not some_role_may(question.member.roles, verb):
        missing.append("role")
    if not purpose_suits(verb, question.purpose):
        missing.append("purpose")
    if missing:
        return no(*missing)
    # The duties of step 8 belong to a disclosure; the ledger is the gate's own business.
    return Answer(Level.FULL, Basis.ROLE)


def some_role_may(roles: frozenset[Role], verb: Verb) -> bool:
    """A member with several roles may do what any one of them may do."""
    return any(role_may(role, verb) for role in roles)


def role_may(role: Role, verb: Verb) -> bool:
    if role is Role.WORKER:
        return is_everyday_work(verb)
    if role is Role.SUPERVISOR:
        return is_everyday_work(verb) or is_a_supervisors_work(verb)
    if role is Role.PRIVACY_OFFICER:
        # She reads the ledger and accountings, records and relays a withdrawal, sets walls; no client record.
        return verb in (
            Verb.READ_DAY,
            Verb.READ_LEDGER,
            Verb.TRY_LAW,
            Verb.READ_ACCOUNTING,
            Verb.WITHDRAW_RELEASE,
            Verb.RELAY_WITHDRAWAL,
            Verb.WALL_CLIENT,
            Verb.READ_PARTNERS,
            Verb.READ_PROCESS,
            Verb.REVIEW_PROCESS,
            Verb.HOLD_PROCESS,
            Verb.NOTE_BREACH,
            Verb.COMMENT_AGREEMENT,
            Verb.DECLARE_TIES,
            Verb.REVIEW_GLASS,
            Verb.SECOND_PARTNER,
        )
    if role is Role.RECORDS_OFFICER:
        # Papers reach her first; she keeps them on their path and answers none.
        papers = (Verb.RECEIVE_PROCESS, Verb.READ_PROCESS, Verb.NOTE_BREACH)
        return is_for_everybody(verb) or verb in (Verb.READ_KEPT, Verb.BREAK_GLASS, *papers)
    if role is Role.DIRECTOR:
        # She manages the agency, its members and keys, seconds a large export, reads the ledger, and answers for the
        # place of a shelter.
        return (
            is_management(verb)
            or is_for_everybody(verb)
            or is_about_the_glass(verb)
            or verb
            in (
                Verb.READ_LEDGER,
                Verb.TRY_LAW,
                Verb.COMMENT_AGREEMENT,
                Verb.APPROVE_EXPORT,
                Verb.COSIGN_RELEASE,
                Verb.READ_PROCESS,
                Verb.REVIEW_PROCESS,
                Verb.NOTE_BREACH,
            )
        )
    if role is Role.SYSTEM:
        return verb is Verb.SWEEP
    return False


def is_for_everybody(verb: Verb) -> bool:
    return verb in (Verb.READ_DAY, Verb.READ_PARTNERS, Verb.DECLARE_TIES)


def is_about_the_glass(verb: Verb) -> bool:
    """Emergency access: asking for it, agreeing to it, looking at it afterwards. None of it names a file to the law."""
    return verb in (Verb.BREAK_GLASS, Verb.SECOND_GLASS, Verb.SECOND_PARTNER, Verb.REVIEW_GLASS)


def is_everyday_work(verb: Verb) -> bool:
    return verb in (
        Verb.DECLARE_TIES,
        Verb.BREAK_GLASS,
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
        Verb.NEVER_SHARE,
        Verb.SEND_UPDATE,
        Verb.RELAY_WITHDRAWAL,
        Verb.READ_ACCOUNTING,
        Verb.CONTACT_CLIENT,
        Verb.MERGE_CLIENTS,
        Verb.RECEIVE_PROCESS,
        Verb.READ_PROCESS,
        Verb.ANSWER_PROCESS,
        Verb.NOTE_BREACH,
    )


def is_a_supervisors_work(verb: Verb) -> bool:
    """Deletes files, says who works with whom and who is walled off, takes a caseload in or out, and comments on what
    agencies draft."""
    return verb in (
        Verb.DELETE_CLIENT,
        Verb.ASSIGN_CLIENT,
        Verb.WALL_CLIENT,
        Verb.IMPORT_CASELOAD,
        Verb.EXPORT_CASELOAD,
        Verb.APPROVE_EXPORT,
        Verb.REVIEW_PROCESS,
        Verb.COMMENT_AGREEMENT,
    )


def is_management(verb: Verb) -> bool:
    return verb in (Verb.MANAGE_AGENCY, Verb.MANAGE_MEMBERS, Verb.MANAGE_KEYS)


def purpose_suits(verb: Verb, purpose: Purpose) -> bool:
    if verb in (Verb.READ_LEDGER, Verb.TRY_LAW):
        return purpose is Purpose.OVERSIGHT
    if verb is Verb.READ_KEPT:
        return purpose is Purpose.RECORDS_REQUEST
    if verb is Verb.READ_PARTNERS:
        return purpose in (Purpose.ADMINISTRATION, Purpose.OWN_SERVICE)
    if is_management(verb) or verb in (Verb.SWEEP, Verb.COMMENT_AGREEMENT):
        return purpose is Purpose.ADMINISTRATION
    return purpose is Purpose.OWN_SERVICE


def touches_a_client(verb: Verb) -> bool:
    """The verbs a conflict closes (R28). A kept copy is a client's thing too: deny beats permit. Not the lists and
    caseloads, which are about many, and not the wall, which keeps people out."""
    return not is_management(verb) and verb not in (
        Verb.FIND_CLIENTS,
        Verb.READ_DAY,
        Verb.READ_LEDGER,
        Verb.TRY_LAW,
        Verb.READ_PARTNERS,
        Verb.WALL_CLIENT,
        Verb.IMPORT_CASELOAD,
        Verb.EXPORT_CASELOAD,
        Verb.APPROVE_EXPORT,
        Verb.NOTE_BREACH,
        Verb.COMMENT_AGREEMENT,
        Verb.SWEEP,
        Verb.DECLARE_TIES,
        Verb.BREAK_GLASS,
        Verb.SECOND_GLASS,
        Verb.SECOND_PARTNER,
        Verb.REVIEW_GLASS,
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


def is_work_with_her(verb: Verb) -> bool:
    """Work with one client's file is for those who work with her. To say who does is not such work, or nobody could
    ever be added; what is kept by law is the records officer's and no longer anybody's client; who answers for the
    shelter reads no file."""
    return touches_a_client(verb) and verb not in (Verb.ASSIGN_CLIENT, Verb.READ_KEPT, Verb.COSIGN_RELEASE)


def the_file_is_kept_from(question: Question) -> bool:
    """Her agency keeps this file to the people who work with her, and the asking member is not one of them."""
    for block in question.blocks:
        if block.kind is BlockKind.NEED_TO_KNOW and block.against == question.thing.subject:
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

    # 2b. What only its own instrument lifts, where the product has none of those instruments.
    if wants_its_own_instrument(question):
        return no("instrument") if may_disclose else no()

    # 7. Her "never", and conflicts of interest, however good the release is.
    if is_blocked(question, question.recipient):
        return no()

    if not may_disclose:
        return no("role")

    # 4. Her release. Each is judged on its own; they never merge.
    relied = the_release_relied_on(question)
    released = Level.NONE if relied is None else level_given(relied, question)

    # 5, 6. What the law lets flow without her release, where it is more than she released.
    flow = what_flows_without_her(question)
    if flow is not None and flow.level > released:
        agreement = the_agreement_relied_on(question) if flow.under_agreement else None
        if agreement is not None or not flow.under_agreement:
            needs = frozenset() if flow.level is Level.FULL else frozenset({"higher_level"})
            return Answer(
                flow.level,
                Basis.EXCEPTION,
                None if agreement is None else agreement.id,
                duties_without_a_release(question.recipient),
                needs,
                question.at + timedelta(days=365) if agreement is None else agreement.until,
            )
    lacking = frozenset({"agreement"}) if flow is not None and flow.level > released else frozenset()

    if relied is None:
        return no(*what_a_release_would_have_to_mend(question), *lacking)
    needs = frozenset() if released is Level.FULL else frozenset({"higher_level"})
    return Answer(
        released,
        Basis.RELEASE,
        relied.id,
        duties_of_a_yes(relied, question),
        needs | lacking,
        relied.until if relied.withdrawn_at is None else min(relied.until, relied.withdrawn_at),
    )


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
            Mark.SUD_COUNSELLING_NOTE,
            Mark.IMMIGRATION,
            Mark.CRIMINAL_HISTORY,
            Mark.SEALED,
        ):
            return True
        # R06: a shelter's place wants the written word of the person responsible for the shelter.
        if mark is Mark.SHELTER_LOCATION and is_victim_service(question.holder):
            return True
    # Part 2: what is used in proceedings wants a consent for that alone. Nobody asks whose proceedings they are.
    if question.purpose in (Purpose.INVESTIGATION, Purpose.PROSECUTION, Purpose.SUPERVISION):
        return Mark.SUD in question.thing.marks or Duty.PART2 in question.holder.duties
    return False


def is_blocked(question: Question, recipient: Agency) -> bool:
    person = question.recipient_person
    subject = question.thing.subject
    if subject in question.member.conflicts:
        return True
    for block in question.blocks:
        toward_recipient = block.against == recipient.id or (person != "" and block.against == person)
        if toward_recipient and block.kind in (BlockKind.NEVER_SHARE, BlockKind.CONFLICT):
            return True
        if block.kind is BlockKind.CONFLICT and block.against in (question.member.id, subject):
            return True
    return the_file_is_kept_from(question)


# --- Steps 5 and 6: without her release --------------------------------------------------------------


class Flow(NamedTuple):
    level: Level
    under_agreement: bool


def what_flows_without_her(question: Question) -> Flow | None:
    """R16, R18, R20, R22, R23. Never from a victim service, a provider of health care or schooling, or under a
    privilege; never anything with a mark."""
    assert question.recipient is not None
    if question.thing.marks:
        return None
    flow = the_flow_between(question)
    if flow is None:
        return None
    # Who it is about goes along as a name, no more.
    if question.thing.category is Category.IDENTITY:
        return Flow(Level.SUMMARY, flow.under_agreement)
    return flow


def the_flow_between(question: Question) -> Flow | None:
    if the_police_report(question) or a_courts_order(question):
        return Flow(Level.FULL, under_agreement=False)
    # A summary, for a narrative may speak of treatment.
    if conditions_and_release(question):
        return Flow(Level.SUMMARY, under_agreement=False)
    # Scores that are not in evidence stay out; so does what was said in a session.
    if the_danger_screen(question) or attendance(question):
        return Flow(Level.SUMMARY, under_agreement=True)
    return None


def the_police_report(question: Question) -> bool:
    """R16: the incident, the injuries and the danger, to the prosecutor."""
    return (
        is_a(question.holder, AgencyKind.POLICE, Duty.BRADY, Duty.CJIS)
        and goes_to(question, AgencyKind.PROSECUTOR)
        and question.purpose is Purpose.PROSECUTION
        and is_about(question, Category.LEGAL, Category.INJURIES, Category.RISK)
    )


def the_danger_screen(question: Question) -> bool:
    """R18: what the danger screen came to, to the court that decides on bail or an order."""
    return (
        is_a(question.holder, AgencyKind.POLICE, Duty.BRADY, Duty.CJIS)
        and goes_to(question, AgencyKind.COURT)
        and question.purpose in (Purpose.PROSECUTION, Purpose.PROTECTIVE_ORDER)
        and is_about(question, Category.RISK)
    )


def a_courts_order(question: Question) -> bool:
    """R20: orders, to those who enforce them."""
    return (
        is_a(question.holder, AgencyKind.COURT, Duty.COURT_RECORDS, Duty.CJIS)
        and goes_to(question, AgencyKind.POLICE, AgencyKind.PROBATION)
        and question.purpose in (Purpose.SAFETY, Purpose.SUPERVISION, Purpose.PROTECTIVE_ORDER)
        and is_about(question, Category.LEGAL)
    )


def conditions_and_release(question: Question) -> bool:
    """R22: which conditions hold, when somebody is released."""
    return (
        is_a(question.holder, AgencyKind.PROBATION, Duty.BRADY, Duty.CJIS, Duty.COURT_RECORDS)
        and goes_to(question, AgencyKind.VICTIM_SERVICES, AgencyKind.POLICE)
        and question.purpose is Purpose.SAFETY
        and is_about(question, Category.LEGAL)
    )


def attendance(question: Question) -> bool:
    """R23: whether the participant attends and complies, by the contract."""
    return (
        is_a(question.holder, AgencyKind.INTERVENTION)
        and goes_to(question, AgencyKind.PROBATION, AgencyKind.COURT)
        and question.purpose is Purpose.SUPERVISION
        and is_about(question, Category.SERVICES)
    )


def is_a(holder: Agency, kind: AgencyKind, *duties: Duty) -> bool:
    """The strictest law wins: one law more than these, and the exception is not the holder's to use."""
    return holder.kind is kind and holder.duties <= {*duties, Duty.NONE}


def goes_to(question: Question, *kinds: AgencyKind) -> bool:
    return question.recipient is not None and question.recipient.kind in kinds


def is_about(question: Question, *categories: Category) -> bool:
    """What is sent says who it is about."""
    return question.thing.category in (*categories, Category.IDENTITY)


def the_agreement_relied_on(question: Question) -> Agreement | None:
    """One that counts; of several the one that runs longest; of those the smallest id."""
    best: Agreement | None = None
    for agreement in question.agreements:
        if not it_counts(agreement, question):
            continue
        if best is None or agreement.until > best.until:
            best = agreement
        if agreement.until == best.until and agreement.id < best.id:
            best = agreement
    return best


def it_counts(agreement: Agreement, question: Question) -> bool:
    assert question.recipient is not None
    # Two under one id: nobody can tell which is true.
    if [each.id for each in question.agreements].count(agreement.id) > 1:
        return False
    if agreement.suspended:
        return False
    if question.at < agreement.since:
        return False
    # The day of its review is past.
    if question.at >= agreement.until:
        return False
    if question.holder.id not in agreement.parties:
        return False
    if question.recipient.id not in agreement.parties:
        return False
    if question.thing.category not in agreement.categories:
        return False
    return question.purpose in agreement.purposes


def duties_without_a_release(recipient: Agency) -> frozenset[Obligation]:
    """It is written down, she can ask for it; and what the recipient is bound to stays true."""
    return frozenset({Obligation.LOG, Obligation.ACCOUNTING}) | duties_toward(recipient)


# --- Step 4: her release -----------------------------------------------------------------------------


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
    if instrument_wanted(release, question) - release.elements:
        faults.append("instrument")
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
    """The union of what each of the holder's laws wants. Every law wants it written, signed and dated."""
    wanted = {Element.WRITTEN, Element.SIGNED, Element.DATED}
    if Duty.PART2 in holder.duties:
        wanted |= a_part_2_consent(release)
    # FERPA: which records, why, to whom; and every release of this product has an end.
    if Duty.FERPA in holder.duties:
        wanted |= {Element.DESCRIPTION, Element.PURPOSE, Element.RECIPIENT, Element.TIME_LIMITED}
    # The client's own informed, written waiver; whoever gives it for the client shows why he may.
    if Duty.ATTORNEY_PRIVILEGE in holder.duties:
        wanted |= {Element.INFORMED, Element.DESCRIPTION, Element.RECIPIENT, Element.PURPOSE}
        if release.signer.role is not SignerRole.SELF:
            wanted.add(Element.AUTHORITY)
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


def a_part_2_consent(release: Release) -> set[Element]:
    """42 CFR 2.31(a): who tells whom what, why, until when, how it is taken back; signed and dated."""
    wanted = {
        Element.WRITTEN,
        Element.SIGNED,
        Element.DATED,
        Element.DISCLOSER,
        Element.DESCRIPTION,
        Element.RECIPIENT,
        Element.PURPOSE,
        Element.RIGHT_TO_REVOKE,
        Element.TIME_LIMITED,
    }
    if release.signer.role is not SignerRole.SELF:
        wanted.add(Element.AUTHORITY)
    return wanted


def instrument_wanted(release: Release, question: Question) -> set[Element]:
    """Records of substance use treatment, whoever holds them: a Part 2 consent that says they are meant."""
    if Mark.SUD in question.thing.marks:
        return a_part_2_consent(release) | {Element.SUBSTANCE_USE}
    return set()


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
    # VAWA, FVPSA, Part 2 and a lawyer's duty want both signatures; VOCA, HIPAA, FERPA and the plain rule are content
    # with the parent's.
    both = (Duty.VAWA, Duty.FVPSA, Duty.PART2, Duty.ATTORNEY_PRIVILEGE)
    return not any(duty in holder.duties for duty in both)


def duties_of_a_yes(release: Release, question: Question) -> frozenset[Obligation]:
    """What goes with something she released."""
    assert question.recipient is not None
    duties = {Obligation.LOG, Obligation.REDISCLOSURE_NOTICE}
    # 42 CFR 2.32: the notice, and a copy of the consent.
    if Duty.PART2 in question.holder.duties or Mark.SUD in question.thing.marks:
        duties.add(Obligation.PART2_NOTICE)
        duties.add(Obligation.ATTACH_CONSENT)
    if is_long(release):
        duties.add(Obligation.SUPERVISOR_REVIEW)
    return frozenset(duties) | duties_toward(question.recipient)


def duties_toward(recipient: Agency) -> frozenset[Obligation]:
    duties = set()
    # What these hold may reach the defence (Brady).
    if recipient.kind in (AgencyKind.POLICE, AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.PROBATION):
        duties.add(Obligation.WARN_DISCOVERY)
    if Duty.BRADY in recipient.duties:
        duties.add(Obligation.WARN_DISCOVERY)
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
        needs = {"instrument"} if Mark.SUD in question.thing.marks else {"release"}
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

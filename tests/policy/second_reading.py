"""A second reading of the law: plain, slow, and written from the text alone.

It shares nothing with the engine but the words (`accord.policy.words`) and the shapes
(`accord.policy.facts`), reads no law data, and is never imported by `accord`. Where the engine and
this reading differ, one of them has misread the law. Sources: `shared/domain/facts.md` section 1
and the page for lawyers, `docs/law.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

from accord.policy.facts import Agency, Agreement, Process, Question, Release
from accord.policy.words import (
    About,
    AgencyKind,
    Basis,
    BlockKind,
    Category,
    Duty,
    Element,
    Field,
    Instrument,
    Level,
    Mark,
    Obligation,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)


class Answer(NamedTuple):
    """How much, resting on what, relying on which release, agreement and papers, with which duties, until when; which
    needs must be named; and, where a law or a paper names single facts, which of them (None: it names none)."""

    level: Level
    basis: Basis | None = None
    relied: frozenset[str] = frozenset()
    duties: frozenset[Obligation] = frozenset()
    needs: frozenset[str] = frozenset()
    until: datetime | None = None
    fields: frozenset[Field] | None = None
    or_else: frozenset[tuple[frozenset[str], datetime]] = frozenset()
    """Where other papers do as well, the text does not say on which of them it rests: each choice with its end."""


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
            Verb.SET_NOTICES,
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
                Verb.READ_BOARD,
                Verb.PROPOSE_PROTOCOL,
                Verb.ADOPT_PROTOCOL,
                Verb.KEEP_OWN_TIMES,
            )
        )
    if role is Role.SYSTEM:
        return verb is Verb.SWEEP
    return False


def is_for_everybody(verb: Verb) -> bool:
    return verb in (Verb.READ_DAY, Verb.READ_PARTNERS, Verb.DECLARE_TIES, Verb.SET_NOTICES)


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
        Verb.MOVE_TRACK,
        Verb.REFER,
        Verb.ANSWER_REFERRAL,
        Verb.KEEP_TASKS,
        Verb.ANSWER_GAP,
        Verb.SET_NOTICES,
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
        Verb.READ_BOARD,
        Verb.PROPOSE_PROTOCOL,
        Verb.KEEP_OWN_TIMES,
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
    if is_management(verb) or verb in (
        Verb.SWEEP,
        Verb.COMMENT_AGREEMENT,
        Verb.PROPOSE_PROTOCOL,
        Verb.ADOPT_PROTOCOL,
        Verb.KEEP_OWN_TIMES,
    ):
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
        Verb.READ_BOARD,
        Verb.SET_NOTICES,
        Verb.PROPOSE_PROTOCOL,
        Verb.ADOPT_PROTOCOL,
        Verb.KEEP_OWN_TIMES,
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

    # 2a. What nothing lifts: no release, no agreement, no paper.
    if an_absolute_bar_stands(question, question.recipient):
        return no("nothing") if may_disclose else no()

    # 2b. What only its own instrument lifts, or one of the papers that the law names beside it.
    keys = the_keys(question)

    # A law that nobody has read asks for what nobody knows.
    if Duty.UK_GDPR in question.holder.duties:
        return no()

    # 7. A conflict of interest closes everything. Her "never" closes everything but what a court or statute compels.
    if there_is_a_conflict(question, question.recipient) or the_file_is_kept_from(question):
        return no()
    if not may_disclose:
        return no() if keys else no("role")
    never = she_said_never(question, question.recipient)

    # 4. Her release. Each is judged on its own; they never merge.
    relied = None if never else the_release_relied_on(question, keys)
    released = Level.NONE if relied is None else level_given(relied, question)
    # 3, 5, 6. What the law lets out without it.
    demanded = what_is_let_out(question, keys, compelled_under)
    whole = released > Level.NONE
    permitted = None if never else what_is_let_out(question, keys, permitted_under, whole=whole)
    # One law may compel what another only permits. It goes out, as what is permitted does.
    partly = None if never else what_is_let_out(question, keys, compelled_or_permitted_under, whole=whole)

    # Of the four the one that opens most; of equals her release, then what is compelled, then what is permitted.
    basis, way, somebody_compels = None, None, False
    level = released
    for other, why, compels in (
        (demanded, Basis.COMPELLED, True),
        (permitted, Basis.EXCEPTION, False),
        (partly, Basis.EXCEPTION, True),
    ):
        if other is not None and opens_more(other, way, released, demanded=why is Basis.COMPELLED):
            basis, way, level, somebody_compels = why, other, other.level, compels

    needs = set()
    for let_out_by in () if never else (permitted_under_some_agreement, compelled_or_permitted_under_some_agreement):
        with_an_agreement = what_is_let_out(question, keys, let_out_by, whole=whole)
        if with_an_agreement is not None and opens_more(with_an_agreement, way, released, demanded=False):
            needs.add("agreement")
    if way is not None:
        assert basis is not None
        if level < Level.FULL:
            needs |= what_would_show_more(keys)
        return Answer(
            level,
            basis,
            way.relied,
            the_duties(question, None, way.relied, compelled=somebody_compels),
            frozenset(needs),
            way.until,
            way.fields,
            way.or_else,
        )
    if relied is None:
        return no() if never else no(*what_would_have_to_be_mended(question, keys), *needs)
    if released < Level.FULL:
        needs |= what_would_show_more(keys)
    taken_back = when_it_is_taken_back(relied, question)
    return Answer(
        released,
        Basis.RELEASE,
        frozenset({relied.id}),
        the_duties(question, relied, None, compelled=False),
        frozenset(needs),
        relied.until if taken_back is None else min(relied.until, taken_back),
    )


def what_would_show_more(keys: list[Key]) -> set[str]:
    """A release for more; where its own instrument is asked for, that; where no release helps, nothing is promised."""
    if not keys:
        return {"higher_level"}
    return set() if no_release_opens(keys) else {"instrument"}


def opens_more(one: Way, than: Way | None, released: Level, *, demanded: bool) -> bool:
    """More than what is relied on so far. Single facts displace a release that opens anything only where a court or
    a statute demands them."""
    if released > Level.NONE and one.fields is not None and not demanded:
        return False
    if than is None:
        return one.level > released
    return (one.level, how_much(one.fields)) > (than.level, how_much(than.fields))


def how_much(fields: frozenset[Field] | None) -> int:
    """No single facts named: all of them and more."""
    return len(Field) + 1 if fields is None else len(fields)


def is_victim_service(agency: Agency) -> bool:
    return Duty.VAWA in agency.duties or Duty.VOCA in agency.duties or Duty.FVPSA in agency.duties


# --- Step 2a: absolute bars --------------------------------------------------------------------------


def an_absolute_bar_stands(question: Question, recipient: Agency) -> bool:
    thing = question.thing
    # R27: the platform's operator gets nothing from anybody.
    if recipient.kind is AgencyKind.OPERATOR:
        return True
    if recipient.kind in (AgencyKind.INTERVENTION, AgencyKind.DEFENCE, AgencyKind.RESPONDENT):
        # R24: what a victim contact said never travels toward the participant.
        if Mark.VICTIM_CONTACT in thing.marks:
            return True
        # R21: nor where she, her children and her household are, and how to reach them.
        hers = thing.relation in (Relation.SELF, Relation.CHILD, Relation.HOUSEHOLD)
        if hers and thing.category in (Category.CONTACT, Category.LOCATION):
            return True
    # R04, R05: no personal data from a victim service to a funder, for reports or studies, or into a database that
    # several agencies open. Totals are about nobody.
    if is_victim_service(question.holder) and thing.relation is not Relation.NOBODY:
        if recipient.kind is AgencyKind.FUNDER:
            return True
        if recipient.kind is AgencyKind.HMIS:
            return True
        if question.purpose is Purpose.REPORTING or question.purpose is Purpose.RESEARCH:
            return True
    return False


# --- Step 2b: what only its own instrument opens -------------------------------------------------------


class Key(NamedTuple):
    """What opens this thing: a release that is this instrument (None: a release that has the elements), its elements
    (None: no release opens it), and which papers on file let it through."""

    instrument: Instrument | None
    elements: frozenset[Element] | None
    papers: tuple[tuple[Process, ...], ...] = ()
    authority: bool = True


def the_keys(question: Question) -> list[Key]:
    marks = question.thing.marks
    keys = []
    # R06: a shelter's place wants the written word of the person responsible for the shelter, and hers.
    if Mark.SHELTER_LOCATION in marks and is_victim_service(question.holder):
        keys.append(Key(Instrument.SHELTER_PERMISSION, A_SHELTERS_PERMISSION, authority=False))
    if Mark.PRIVILEGED in marks:
        ruled = on_a_court_order(question, Representation.PRIVILEGE_RULED_ON)
        keys.append(Key(Instrument.PRIVILEGE_WAIVER, A_WAIVER, tuple(ruled), authority=False))
    if Mark.PSYCHOTHERAPY_NOTE in marks:
        opened = (
            *on_an_order_or_warrant(question),
            *on_a_report(question, About.CHILD, About.ELDER, About.VULNERABLE_ADULT),
            *on_a_finding(question, Representation.IMMINENT_THREAT),
        )
        keys.append(Key(Instrument.PSYCHOTHERAPY_NOTES, AN_AUTHORIZATION, opened))
    if Mark.SUD in marks:
        opened = (
            *on_a_part_2_order(question),
            *on_a_report(question, About.CHILD),
            *on_a_finding(question, Representation.MEDICAL_EMERGENCY),
            *on_a_finding(question, Representation.STAFF_OR_PREMISES),
        )
        # A release says in so many words that substance use records are meant.
        keys.append(Key(None, A_PART_2_CONSENT | {Element.SUBSTANCE_USE}, opened))
    if Mark.SUD in marks or Duty.PART2 in question.holder.duties:
        # What is used in proceedings wants a consent for that alone. Nobody asks whose proceedings they are.
        if question.purpose in (
            Purpose.INVESTIGATION,
            Purpose.PROSECUTION,
            Purpose.LEGAL_PROCESS,
            Purpose.LOCATE,
            Purpose.DISCOVERY,
        ):
            opened = (*on_a_part_2_order(question), *on_a_finding(question, Representation.STAFF_OR_PREMISES))
            keys.append(Key(Instrument.PROCEEDING, A_PART_2_CONSENT, opened))
        if question.purpose is Purpose.SUPERVISION:
            keys.append(Key(Instrument.CRIMINAL_JUSTICE, A_PART_2_CONSENT, tuple(on_a_part_2_order(question))))
    if Mark.SUD_COUNSELLING_NOTE in marks:
        keys.append(Key(Instrument.COUNSELLING_NOTES, A_PART_2_CONSENT, tuple(on_a_part_2_order(question))))
    if Mark.IMMIGRATION in marks:
        keys.append(Key(Instrument.IMMIGRATION_WAIVER, A_WAIVER | {Element.INFORMED}, authority=False))
    if Mark.CRIMINAL_HISTORY in marks:
        keys.append(Key(None, None))
    if Mark.SEALED in marks:
        keys.append(Key(None, None, tuple(on_a_court_order(question, Representation.UNSEALS))))
    return keys


IN_WRITING = frozenset({Element.WRITTEN, Element.SIGNED, Element.DATED})
#: What is told, to whom, what for.
A_WAIVER = IN_WRITING | {Element.DESCRIPTION, Element.RECIPIENT, Element.PURPOSE}
#: 28 CFR 90.4(b), but for the words about services.
A_SHELTERS_PERMISSION = A_WAIVER | {Element.INFORMED, Element.TIME_LIMITED}
#: 42 CFR 2.31(a): who tells whom what, why, until when, how it is taken back; signed and dated.
A_PART_2_CONSENT = A_WAIVER | {Element.DISCLOSER, Element.RIGHT_TO_REVOKE, Element.TIME_LIMITED}
#: 45 CFR 164.508(c): the core and the statements.
AN_AUTHORIZATION = A_PART_2_CONSENT | {Element.NOT_A_CONDITION, Element.REDISCLOSURE}


def opens_the_key(release: Release, key: Key) -> bool:
    if key.elements is None:
        return False
    if key.instrument is not None and release.instrument is not key.instrument:
        return False
    if key.authority and release.signer.role is not SignerRole.SELF and Element.AUTHORITY not in release.elements:
        return False
    return key.elements <= release.elements


def no_release_opens(keys: list[Key]) -> bool:
    """There is none for a key, or two keys ask for two instruments, and they are never combined."""
    return any(key.elements is None for key in keys) or len({key.instrument for key in keys} - {None}) > 1


def is_asked_for(instrument: Instrument, keys: list[Key]) -> bool:
    """An instrument opens nothing but its own."""
    return instrument is Instrument.ORDINARY or any(key.instrument is instrument for key in keys)


# --- Papers ------------------------------------------------------------------------------------------


def the_papers_that_count(question: Question) -> list[Process]:
    """They name her, the recipient and the category, and hold at the moment; two under one id are none."""
    assert question.recipient is not None
    ids = [paper.id for paper in question.processes]
    return [
        paper
        for paper in question.processes
        if ids.count(paper.id) == 1
        and paper.recipient == question.recipient.id
        and paper.subject == question.thing.subject
        and question.thing.category in paper.categories
        and paper.since <= question.at
        and question.at < paper.until
    ]


def was_written_down(question: Question, what: Representation) -> bool:
    return any(what in paper.represented for paper in the_papers_that_count(question))


Alternatives = Iterator[tuple[Process, ...]]


def of_kind(question: Question, *kinds: ProcessKind) -> Iterator[Process]:
    for paper in the_papers_that_count(question):
        if paper.kind in kinds:
            yield paper


def on_a_finding(question: Question, *written: Representation) -> Alternatives:
    """What the holder itself found and wrote down, all of it on one paper."""
    for paper in of_kind(question, ProcessKind.FINDING):
        if paper.represented >= set(written):
            yield (paper,)


def on_a_request(question: Question, kind: ProcessKind, *written: Representation) -> Alternatives:
    for paper in of_kind(question, kind):
        if paper.represented >= set(written):
            yield (paper,)


def on_an_order_or_warrant(question: Question) -> Alternatives:
    """R08: counsel has looked at it, so that a subpoena somebody called an order is none."""
    for paper in of_kind(question, ProcessKind.COURT_ORDER, ProcessKind.WARRANT):
        if paper.counsel_reviewed:
            yield (paper,)


def on_a_court_order(question: Question, written: Representation) -> Alternatives:
    for paper in of_kind(question, ProcessKind.COURT_ORDER):
        if paper.counsel_reviewed and written in paper.represented:
            yield (paper,)


def on_a_part_2_order(question: Question) -> Alternatives:
    """42 CFR 2.61: the order allows, the subpoena compels; each alone is nothing."""
    for order in of_kind(question, ProcessKind.PART2_ORDER):
        if order.counsel_reviewed:
            for subpoena in of_kind(question, ProcessKind.SUBPOENA):
                yield (order, subpoena)


def on_a_report(question: Question, *about: About) -> Alternatives:
    for paper in of_kind(question, ProcessKind.MANDATED_REPORT):
        if whom_the_statute_protects(question, paper) in about:
            yield (paper,)


#: What either federal statute asks: who, when and where born, where now, how hurt, by whom, what happened.
A_REPORT = frozenset(
    {
        Field.NAME_ADDRESS,
        Field.BIRTH,
        Field.INJURY_TYPE,
        Field.WHEREABOUTS,
        Field.WHAT_HAPPENED,
        Field.RESPONSIBLE,
    }
)


class Statute(NamedTuple):
    """Whom it protects, who must report, who hears it, and what it asks."""

    about: About
    reporters: tuple[AgencyKind, ...]
    to: tuple[AgencyKind, ...]
    fields: frozenset[Field]


#: The two federal statutes. Anything else is no statute that we have read.
STATUTES = {
    # 42 USC 1320b-25: staff of long-term care.
    "report-elder-care": Statute(
        About.ELDER,
        (AgencyKind.HOSPITAL, AgencyKind.MENTAL_HEALTH, AgencyKind.COMMUNITY),
        (AgencyKind.POLICE, AgencyKind.PROTECTIVE_SERVICES),
        A_REPORT,
    ),
    # 34 USC 20341: professionals on federal land.
    "report-child-federal": Statute(
        About.CHILD,
        (
            AgencyKind.POLICE,
            AgencyKind.PROBATION,
            AgencyKind.HOSPITAL,
            AgencyKind.MENTAL_HEALTH,
            AgencyKind.SUBSTANCE_USE,
            AgencyKind.SCHOOL,
            AgencyKind.PROTECTIVE_SERVICES,
        ),
        (AgencyKind.POLICE, AgencyKind.PROTECTIVE_SERVICES),
        A_REPORT,
    ),
}


def whom_the_statute_protects(question: Question, paper: Process) -> About | None:
    """Whom it protects, if it makes this holder report to this recipient."""
    statute = STATUTES.get(paper.statute)
    if statute is None or not is_held_by(question, *statute.reporters) or not goes_to(question, *statute.to):
        return None
    return statute.about


def narrowed(fields: frozenset[Field] | None, papers: Iterable[Process]) -> frozenset[Field] | None:
    """Of single facts only those that the rule, every paper that names any, and the statute of a report name."""
    for paper in papers:
        if paper.fields:
            fields = paper.fields if fields is None else fields & paper.fields
        if paper.statute in STATUTES:
            asked = STATUTES[paper.statute].fields
            fields = asked if fields is None else fields & asked
    return fields


# --- Steps 3, 5 and 6: without her release -------------------------------------------------------------


class Way(NamedTuple):
    """One way out: how much, which single facts, on which agreement and papers, until when."""

    level: Level
    fields: frozenset[Field] | None
    until: datetime
    relied: frozenset[str]
    or_else: frozenset[tuple[frozenset[str], datetime]] = frozenset()


def what_is_let_out(
    question: Question,
    keys: list[Key],
    let_out_by: Callable[[Duty, Question], Iterator[Way]],
    *,
    whole: bool = False,
) -> Way | None:
    """Every law the holder is under must let it out, and every key be opened by a paper: the strictest wins. `whole`:
    what is for single facts only leaves her own word in its place, and does not count."""
    parts = []
    for duty in question.holder.duties:
        ways = [way for way in let_out_by(duty, question) if way.fields is None or (way.fields and not whole)]
        parts.append(the_best_of(ways))
    for key in keys:
        parts.append([Way(Level.FULL, narrowed(None, papers), *ends_with(papers)) for papers in key.papers])
    if not parts:
        return None
    best: list[Way] = []
    for chosen in product(*parts):
        way = all_together(chosen)
        if way.fields is not None and not way.fields:
            continue
        if not best or how_much(way.fields) > how_much(best[0].fields):
            best = [way]
        elif way.fields == best[0].fields:
            best.append(way)
    if not best:
        return None
    return best[0]._replace(or_else=frozenset((way.relied, way.until) for way in best))


def all_together(ways: Sequence[Way]) -> Way:
    """The lowest level, of single facts only those that all of them name, and until the first of them ends."""
    named = [way.fields for way in ways if way.fields is not None]
    return Way(
        min(way.level for way in ways),
        frozenset.intersection(*named) if named else None,
        min(way.until for way in ways),
        frozenset[str]().union(*(way.relied for way in ways)),
    )


def the_best_of(ways: list[Way]) -> list[Way]:
    """What opens most; those that open the same are equally good."""
    most = max(((way.level, how_much(way.fields)) for way in ways), default=None)
    return [way for way in ways if (way.level, how_much(way.fields)) == most]


def ends_with(papers: tuple[Process, ...]) -> tuple[datetime, frozenset[str]]:
    return min(paper.until for paper in papers), frozenset(paper.id for paper in papers)


def on(
    alternatives: Iterable[tuple[Process, ...]],
    question: Question,
    level: Level,
    fields: frozenset[Field] | None = None,
    days: int = 1,
) -> Iterator[Way]:
    """As much as this, on each of these papers, for so many days and no longer than the papers."""
    for papers in alternatives:
        until, ids = ends_with(papers)
        yield Way(level, narrowed(fields, papers), min(until, question.at + timedelta(days=days)), ids)


def freely(question: Question, level: Level, days: int) -> Iterator[Way]:
    """No paper is asked for."""
    yield Way(level, None, question.at + timedelta(days=days), frozenset())


def goes_to(question: Question, *kinds: AgencyKind) -> bool:
    return question.recipient is not None and question.recipient.kind in kinds


def is_held_by(question: Question, *kinds: AgencyKind) -> bool:
    return question.holder.kind in kinds


def is_for(question: Question, *purposes: Purpose) -> bool:
    return question.purpose in purposes


def goes_to_those_who_hear_a_court(question: Question) -> bool:
    return goes_to(
        question,
        AgencyKind.POLICE,
        AgencyKind.PROSECUTOR,
        AgencyKind.COURT,
        AgencyKind.PROBATION,
        AgencyKind.PROTECTIVE_SERVICES,
        AgencyKind.DEFENCE,
    )


def is_a_report(question: Question) -> bool:
    return is_for(question, Purpose.MANDATED_REPORT) and goes_to(
        question, AgencyKind.POLICE, AgencyKind.PROTECTIVE_SERVICES
    )


EVERYBODY_PROTECTED = (About.CHILD, About.ELDER, About.VULNERABLE_ADULT, About.INJURY)

# --- Step 3: what a statute or a court compels -----------------------------------------------------------


def compelled_under(duty: Duty, question: Question) -> Iterator[Way]:
    if goes_to_those_who_hear_a_court(question):
        yield from ordered_under(duty, question)
    if is_a_report(question):
        about = whose_abuse_is_reported_under(duty)
        fields = A_REPORT
        if duty is Duty.PART2:
            # 42 CFR 2.12(c)(6) is about children only: nothing may show that a grown person is a patient.
            yield from on(on_a_report(question, *about[1:]), question, Level.SUMMARY, fields)
            about, fields = about[:1], A_REPORT | {Field.TREATMENT_PROGRAM}
        yield from on(on_a_report(question, *about), question, Level.SUMMARY, fields)


def ordered_under(duty: Duty, question: Question) -> Iterator[Way]:
    """What a court orders, and no more than the paper names."""
    into_proceedings = is_for(question, Purpose.INVESTIGATION, Purpose.PROSECUTION, Purpose.LEGAL_PROCESS)
    if duty is Duty.HIPAA:
        if into_proceedings:
            yield from on(on_an_order_or_warrant(question), question, Level.FULL)
    elif duty is Duty.PART2:
        if into_proceedings:
            yield from on(on_a_part_2_order(question), question, Level.FULL)
    elif not is_for(question, Purpose.LEGAL_PROCESS):
        return
    elif duty is Duty.FERPA:
        # The one law that answers a subpoena; the student is told in time.
        told = (
            (paper,)
            for paper in of_kind(question, ProcessKind.SUBPOENA, ProcessKind.COURT_ORDER, ProcessKind.WARRANT)
            if paper.counsel_reviewed and Representation.SHE_WAS_NOTIFIED in paper.represented
        )
        yield from on(told, question, Level.FULL)
    elif duty in (Duty.ATTORNEY_PRIVILEGE, Duty.ADVOCATE_PRIVILEGE, Duty.THERAPIST_PRIVILEGE):
        yield from on(on_a_court_order(question, Representation.PRIVILEGE_RULED_ON), question, Level.FULL)
    else:
        yield from on(on_an_order_or_warrant(question), question, Level.FULL)


def whose_abuse_is_reported_under(duty: Duty) -> tuple[About, ...]:
    if duty is Duty.FERPA:
        return (About.CHILD,)
    # A lawyer reports nothing by this.
    if duty is Duty.ATTORNEY_PRIVILEGE:
        return ()
    return EVERYBODY_PROTECTED


# --- Step 5: what the holder may send without her release --------------------------------------------------


def permitted_under(duty: Duty, question: Question) -> Iterator[Way]:
    yield from totals(question)
    if duty in (Duty.VAWA, Duty.VOCA, Duty.FVPSA, Duty.BRADY, Duty.CJIS, Duty.COURT_RECORDS, Duty.NONE):
        yield from a_review_of_deaths(question)
    if duty in (Duty.BRADY, Duty.CJIS, Duty.NONE):
        yield from by_police_and_prosecution(question)
    if duty in (Duty.CJIS, Duty.COURT_RECORDS, Duty.NONE):
        yield from a_courts_order(question)
    if duty in (Duty.COURT_RECORDS, Duty.NONE):
        yield from the_registry(question)
    if duty in (Duty.BRADY, Duty.CJIS, Duty.COURT_RECORDS, Duty.NONE):
        yield from conditions_and_release(question)
    if duty is Duty.HIPAA:
        yield from by_a_provider(question)
        yield from by_a_provider_to_the_police(question)
    if duty is Duty.PART2:
        yield from by_a_substance_use_program(question)
    if duty is Duty.FERPA:
        yield from by_a_school(question)
    agreement = the_agreement_relied_on(question)
    if agreement is not None:
        yield from agreed_under(duty, question, agreement.until, frozenset({agreement.id}))


def permitted_under_some_agreement(duty: Duty, question: Question) -> Iterator[Way]:
    """As if there were an agreement for this."""
    yield from permitted_under(duty, question)
    yield from agreed_under(duty, question, question.at + timedelta(days=1), frozenset())


def compelled_or_permitted_under(duty: Duty, question: Question) -> Iterator[Way]:
    yield from compelled_under(duty, question)
    yield from permitted_under(duty, question)


def compelled_or_permitted_under_some_agreement(duty: Duty, question: Question) -> Iterator[Way]:
    yield from compelled_under(duty, question)
    yield from permitted_under_some_agreement(duty, question)


def agreed_under(duty: Duty, question: Question, until: datetime, relied: frozenset[str]) -> Iterator[Way]:
    # Scores that are not in evidence stay out; so does what was said in a session.
    if (duty in (Duty.BRADY, Duty.CJIS, Duty.NONE) and the_danger_screen(question)) or (
        duty is Duty.NONE and attendance(question)
    ):
        yield Way(Level.SUMMARY, None, until, relied)


def totals(question: Question) -> Iterator[Way]:
    """R03: about nobody, small numbers left out; from anybody."""
    assert question.recipient is not None
    partners = question.recipient.kind not in (
        AgencyKind.OPERATOR,
        AgencyKind.REGISTRY,
        AgencyKind.DEFENCE,
        AgencyKind.RESPONDENT,
        AgencyKind.FAMILY,
    )
    for_the_whole = is_for(question, Purpose.COORDINATION, Purpose.OVERSIGHT, Purpose.REPORTING, Purpose.RESEARCH)
    if question.thing.relation is Relation.NOBODY and partners and for_the_whole:
        yield from on(on_a_finding(question, Representation.CELLS_SUPPRESSED), question, Level.FULL, days=365)


def a_review_of_deaths(question: Question) -> Iterator[Way]:
    """28 CFR 90.4(b)(4): four conditions, all written down, and looked at by counsel. That there was a file; of what
    was done to her and with her a summary; where she was to be found, her plan and what she confided never."""
    level = {
        Category.IDENTITY: Level.EXISTENCE,
        Category.RISK: Level.SUMMARY,
        Category.INJURIES: Level.SUMMARY,
        Category.LEGAL: Level.SUMMARY,
        Category.SERVICES: Level.SUMMARY,
    }.get(question.thing.category)
    team = goes_to(
        question,
        AgencyKind.POLICE,
        AgencyKind.PROSECUTOR,
        AgencyKind.COURT,
        AgencyKind.PROBATION,
        AgencyKind.VICTIM_SERVICES,
        AgencyKind.HOSPITAL,
        AgencyKind.PROTECTIVE_SERVICES,
        AgencyKind.COMMUNITY,
    )
    if team and level is not None and is_for(question, Purpose.FATALITY_REVIEW):
        found = on_a_finding(
            question,
            Representation.TO_PREVENT_DEATHS,
            Representation.IDENTITY_PROTECTED,
            Representation.RELEASE_SOUGHT,
            Representation.SHE_HAS_DIED,
        )
        yield from on((papers for papers in found if papers[0].counsel_reviewed), question, level, days=90)


def by_police_and_prosecution(question: Question) -> Iterator[Way]:
    category = question.thing.category
    # R16: the incident, the injuries and the danger, to the prosecutor; of who it is about a summary.
    if (
        is_held_by(question, AgencyKind.POLICE)
        and goes_to(question, AgencyKind.PROSECUTOR)
        and is_for(question, Purpose.PROSECUTION)
    ):
        if category in (Category.LEGAL, Category.INJURIES, Category.RISK):
            yield from freely(question, Level.FULL, days=365)
        if category is Category.IDENTITY:
            yield from freely(question, Level.SUMMARY, days=365)
    # R17: how to reach her, once she has said that she wants it.
    if (
        is_held_by(question, AgencyKind.POLICE)
        and goes_to(question, AgencyKind.VICTIM_SERVICES)
        and is_for(question, Purpose.SAFETY)
    ):
        she_wants_it = on_a_finding(question, Representation.SHE_AGREES)
        if category in (Category.IDENTITY, Category.CONTACT, Category.RISK):
            yield from on(she_wants_it, question, Level.FULL, days=30)
        if category is Category.LEGAL:
            yield from on(she_wants_it, question, Level.SUMMARY, days=30)
    # R19: what somebody has found to be favourable and material.
    if (
        is_held_by(question, AgencyKind.PROSECUTOR)
        and goes_to(question, AgencyKind.DEFENCE)
        and is_for(question, Purpose.DISCOVERY)
    ):
        yield from on(on_a_finding(question, Representation.FAVOURABLE_MATERIAL), question, Level.FULL, days=365)


def the_danger_screen(question: Question) -> bool:
    """R18: what the danger screen came to, to the court that decides on bail or an order."""
    return (
        is_held_by(question, AgencyKind.POLICE)
        and goes_to(question, AgencyKind.COURT)
        and is_for(question, Purpose.PROSECUTION, Purpose.PROTECTIVE_ORDER)
        and question.thing.category in (Category.RISK, Category.IDENTITY)
    )


def a_courts_order(question: Question) -> Iterator[Way]:
    """R20: orders, to those who enforce them."""
    if (
        is_held_by(question, AgencyKind.COURT)
        and goes_to(question, AgencyKind.POLICE, AgencyKind.PROBATION)
        and is_for(question, Purpose.SAFETY, Purpose.SUPERVISION, Purpose.PROTECTIVE_ORDER)
    ):
        if question.thing.category is Category.LEGAL:
            yield from freely(question, Level.FULL, days=365)
        if question.thing.category is Category.IDENTITY:
            yield from freely(question, Level.SUMMARY, days=365)


def the_registry(question: Question) -> Iterator[Way]:
    """R20: and to the registry, with the name in full, or nobody could enforce them."""
    if (
        is_held_by(question, AgencyKind.COURT)
        and goes_to(question, AgencyKind.REGISTRY)
        and is_for(question, Purpose.PROTECTIVE_ORDER)
        and question.thing.category in (Category.LEGAL, Category.IDENTITY)
    ):
        yield from freely(question, Level.FULL, days=365)


def conditions_and_release(question: Question) -> Iterator[Way]:
    """R22: which conditions hold, when somebody is released. A summary, for a narrative may speak of treatment."""
    if (
        is_held_by(question, AgencyKind.PROBATION)
        and goes_to(question, AgencyKind.VICTIM_SERVICES, AgencyKind.POLICE)
        and is_for(question, Purpose.SAFETY)
        and question.thing.category in (Category.LEGAL, Category.IDENTITY)
    ):
        yield from freely(question, Level.SUMMARY, days=365)


def attendance(question: Question) -> bool:
    """R23: whether the participant attends and complies, by the contract."""
    return (
        is_held_by(question, AgencyKind.INTERVENTION)
        and goes_to(question, AgencyKind.PROBATION, AgencyKind.COURT)
        and is_for(question, Purpose.SUPERVISION)
        and question.thing.category in (Category.SERVICES, Category.IDENTITY)
    )


THOSE_WHO_TREAT = (AgencyKind.HOSPITAL, AgencyKind.MENTAL_HEALTH, AgencyKind.SUBSTANCE_USE)


def by_a_provider(question: Question) -> Iterator[Way]:
    assert question.recipient is not None
    category = question.thing.category
    # 164.506(c): from one who treats her to another, both under HIPAA.
    if (
        is_held_by(question, *THOSE_WHO_TREAT)
        and goes_to(question, *THOSE_WHO_TREAT)
        and Duty.HIPAA in question.recipient.duties
        and is_for(question, Purpose.TREATMENT)
    ):
        if category is Category.CONTACT:
            yield from freely(question, Level.SUMMARY, days=30)
        if category in (
            Category.IDENTITY,
            Category.INJURIES,
            Category.EXAM,
            Category.VISITS,
            Category.CONDITIONS,
            Category.MEDICATIONS,
            Category.ALLERGIES,
            Category.PROCEDURES,
            Category.ENCOUNTERS,
            Category.RESULTS,
            Category.DOCUMENTS,
        ):
            yield from freely(question, Level.FULL, days=30)
    # 164.510(b): those who take part in her care, unless anything suggests that they hurt her.
    if (
        goes_to(question, AgencyKind.FAMILY)
        and is_for(question, Purpose.TREATMENT)
        and category in (Category.VISITS, Category.CONDITIONS, Category.MEDICATIONS)
    ):
        harmless = Representation.NO_SUCH_THREAT
        she_agrees = on_a_finding(question, Representation.SHE_AGREES, harmless)
        she_cannot = on_a_finding(question, Representation.INCAPACITATED, Representation.BEST_INTEREST, harmless)
        yield from on(she_agrees, question, Level.SUMMARY)
        yield from on(she_cannot, question, Level.SUMMARY)
    # 164.512(c)(1)(ii)-(iii): abuse of a grown person, where no law demands the report.
    if is_a_report(question):
        by_statute = Representation.AUTHORISED_BY_STATUTE
        for found in (
            on_a_finding(question, Representation.SHE_AGREES),
            on_a_finding(question, Representation.PREVENTS_SERIOUS_HARM, by_statute),
            on_a_finding(
                question,
                Representation.INCAPACITATED,
                Representation.NOT_AGAINST_HER,
                Representation.HARM_BY_WAITING,
                by_statute,
            ),
        ):
            yield from on(found, question, Level.SUMMARY, A_REPORT)
    # 164.512(j): to those who can prevent it.
    if (
        goes_to(
            question,
            AgencyKind.POLICE,
            AgencyKind.VICTIM_SERVICES,
            AgencyKind.SCHOOL,
            AgencyKind.PROTECTIVE_SERVICES,
        )
        and is_for(question, Purpose.SAFETY)
        and category in (Category.IDENTITY, Category.RISK)
    ):
        yield from on(on_a_finding(question, Representation.IMMINENT_THREAT), question, Level.SUMMARY)


#: 164.512(f)(2): these eight, and never DNA, teeth or tissue.
EIGHT_FACTS = frozenset(
    {
        Field.NAME_ADDRESS,
        Field.BIRTH,
        Field.SSN,
        Field.BLOOD_TYPE,
        Field.INJURY_TYPE,
        Field.TREATED_AT,
        Field.DIED_AT,
        Field.DISTINGUISHING_MARKS,
    }
)


def by_a_provider_to_the_police(question: Question) -> Iterator[Way]:
    category = question.thing.category
    if goes_to(question, AgencyKind.POLICE):
        # R10.
        if is_for(question, Purpose.LOCATE) and category in (
            Category.IDENTITY,
            Category.CONTACT,
            Category.INJURIES,
            Category.EXAM,
            Category.ENCOUNTERS,
            Category.RESULTS,
        ):
            asked = on_a_request(question, ProcessKind.LAW_ENFORCEMENT_REQUEST)
            yield from on(asked, question, Level.SUMMARY, EIGHT_FACTS)
        if is_for(question, Purpose.INVESTIGATION):
            # R09: 164.512(f)(3), the three representations only if she cannot agree.
            level = {
                Category.IDENTITY: Level.FULL,
                Category.INJURIES: Level.FULL,
                Category.EXAM: Level.SUMMARY,
                Category.ENCOUNTERS: Level.SUMMARY,
            }.get(category)
            if level is not None:
                kind = ProcessKind.LAW_ENFORCEMENT_REQUEST
                yield from on(on_a_request(question, kind, Representation.SHE_AGREES), question, level)
                all_three = (
                    Representation.INCAPACITATED,
                    Representation.NOT_AGAINST_HER,
                    Representation.HARM_BY_WAITING,
                    Representation.BEST_INTEREST,
                )
                yield from on(on_a_request(question, kind, *all_three), question, level)
            # 164.512(f)(5).
            if category in (Category.IDENTITY, Category.LEGAL, Category.NOTES):
                who_and_what = frozenset({Field.NAME_ADDRESS, Field.WHAT_HAPPENED})
                here = on_a_finding(question, Representation.STAFF_OR_PREMISES)
                yield from on(here, question, Level.SUMMARY, who_and_what)
    # 164.512(f)(1)(ii)(C).
    if (
        goes_to(question, AgencyKind.POLICE, AgencyKind.PROSECUTOR, AgencyKind.PROTECTIVE_SERVICES)
        and is_for(question, Purpose.INVESTIGATION, Purpose.LEGAL_PROCESS)
        and category in (Category.IDENTITY, Category.INJURIES, Category.ENCOUNTERS)
    ):
        asked = on_a_request(question, ProcessKind.ADMINISTRATIVE_REQUEST, Representation.RELEVANT_AND_LIMITED)
        yield from on((papers for papers in asked if papers[0].counsel_reviewed), question, Level.SUMMARY)
    # 164.512(e)(1)(ii): a subpoena with an assurance.
    if goes_to(question, AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.DEFENCE) and is_for(
        question, Purpose.LEGAL_PROCESS
    ):
        for assurance in (Representation.SHE_WAS_NOTIFIED, Representation.PROTECTIVE_ORDER_SOUGHT):
            asked = on_a_request(question, ProcessKind.SUBPOENA, assurance)
            yield from on((papers for papers in asked if papers[0].counsel_reviewed), question, Level.FULL)


def by_a_substance_use_program(question: Question) -> Iterator[Way]:
    category = question.thing.category
    # 42 CFR 2.51: to those who treat her now.
    if goes_to(question, AgencyKind.HOSPITAL, AgencyKind.MENTAL_HEALTH) and is_for(question, Purpose.TREATMENT):
        found = on_a_finding(question, Representation.MEDICAL_EMERGENCY)
        if category in (
            Category.IDENTITY,
            Category.CONDITIONS,
            Category.MEDICATIONS,
            Category.ALLERGIES,
            Category.ENCOUNTERS,
            Category.RESULTS,
        ):
            yield from on(found, question, Level.FULL)
        if category is Category.NOTES:
            yield from on(found, question, Level.SUMMARY)
    # 42 CFR 2.12(c)(5): who, where, that it is a patient, what happened.
    if (
        goes_to(question, AgencyKind.POLICE)
        and is_for(question, Purpose.INVESTIGATION)
        and category in (Category.IDENTITY, Category.LEGAL, Category.NOTES)
    ):
        here = on_a_finding(question, Representation.STAFF_OR_PREMISES)
        fields = frozenset({Field.NAME_ADDRESS, Field.WHEREABOUTS, Field.WHAT_HAPPENED, Field.TREATMENT_PROGRAM})
        yield from on(here, question, Level.SUMMARY, fields)


def by_a_school(question: Question) -> Iterator[Way]:
    category = question.thing.category
    # 34 CFR 99.36: the threat is articulated, and that is written down.
    if goes_to(
        question,
        AgencyKind.POLICE,
        AgencyKind.VICTIM_SERVICES,
        AgencyKind.HOSPITAL,
        AgencyKind.MENTAL_HEALTH,
        AgencyKind.PROTECTIVE_SERVICES,
    ) and is_for(question, Purpose.SAFETY):
        found = on_a_finding(question, Representation.IMMINENT_THREAT, Representation.THREAT_WRITTEN_DOWN)
        if category in (Category.IDENTITY, Category.CONTACT, Category.RISK):
            yield from on(found, question, Level.FULL)
        if category is Category.EDUCATION:
            yield from on(found, question, Level.SUMMARY)
    # 20 USC 1232g(b)(1)(L): to the caseworker who answers for a child in care.
    if (
        goes_to(question, AgencyKind.PROTECTIVE_SERVICES)
        and is_for(question, Purpose.COORDINATION)
        and category in (Category.IDENTITY, Category.EDUCATION)
    ):
        yield from on(on_a_finding(question, Representation.AUTHORISED_BY_STATUTE), question, Level.FULL, days=180)


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


# --- Step 7: blocks ------------------------------------------------------------------------------------


def she_said_never(question: Question, recipient: Agency) -> bool:
    return any(
        block.kind is BlockKind.NEVER_SHARE and is_toward(block.against, question, recipient)
        for block in question.blocks
    )


def there_is_a_conflict(question: Question, recipient: Agency) -> bool:
    """R28: with the recipient, the person who receives, the member who asks, or the person it is about."""
    subject = question.thing.subject
    if subject in question.member.conflicts:
        return True
    for block in question.blocks:
        if block.kind is not BlockKind.CONFLICT:
            continue
        if is_toward(block.against, question, recipient) or block.against in (question.member.id, subject):
            return True
    return False


def is_toward(against: str, question: Question, recipient: Agency) -> bool:
    person = question.recipient_person
    return against == recipient.id or (person != "" and against == person)


# --- Step 4: her release -----------------------------------------------------------------------------


def the_release_relied_on(question: Question, keys: list[Key]) -> Release | None:
    """The valid release that gives most; of equals the one that ends last; of those the smallest id."""
    best: Release | None = None
    for release in question.releases:
        if not names_this(release, question) or faults_of(release, question, keys):
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
    # Nobody in particular has signed nothing.
    if question.thing.relation is Relation.NOBODY:
        return False
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


def faults_of(release: Release, question: Question, keys: list[Key]) -> list[str]:
    """What is wrong with a release that names the right things. Empty: it opens the door."""
    faults = []
    at = question.at
    if release.until <= release.signed_at:
        faults.append("never runs")
    if at < release.signed_at:
        faults.append("not yet signed")
    if at >= release.until:
        faults.append("ended")
    taken_back = when_it_is_taken_back(release, question)
    if taken_back is not None and at >= taken_back:
        faults.append("withdrawn")
    if not all(opens_the_key(release, key) for key in keys):
        faults.append("instrument")
    if not is_asked_for(release.instrument, keys):
        faults.append("another instrument")
    if elements_wanted(release, question.holder) - release.elements:
        faults.append("elements")
    if not signer_is_valid(release, question.holder):
        faults.append("signer")
    if is_victim_service(question.holder) and is_long(release) and not release.long_because:
        faults.append("length")
    return faults


def when_it_is_taken_back(release: Release, question: Question) -> datetime | None:
    """At once; but 42 CFR 2.35 lets her bind herself toward those who monitor a condition, until the day she named."""
    if release.withdrawn_at is None or release.fixed_until is None:
        return release.withdrawn_at
    monitored = Mark.SUD in question.thing.marks or Duty.PART2 in question.holder.duties
    only_these = question.holder.duties <= {Duty.HIPAA, Duty.PART2}
    bound = release.instrument is Instrument.CRIMINAL_JUSTICE and question.purpose is Purpose.SUPERVISION
    if bound and monitored and only_these:
        return max(release.withdrawn_at, release.fixed_until)
    return release.withdrawn_at


def is_long(release: Release) -> bool:
    return release.until - release.signed_at > timedelta(days=90)


def elements_wanted(release: Release, holder: Agency) -> set[Element]:
    """The union of what each of the holder's laws wants. Every law wants it written, signed and dated."""
    wanted = {Element.WRITTEN, Element.SIGNED, Element.DATED}
    if Duty.PART2 in holder.duties:
        wanted.add(Element.DISCLOSER)
        wanted.add(Element.DESCRIPTION)
        wanted.add(Element.RECIPIENT)
        wanted.add(Element.PURPOSE)
        wanted.add(Element.RIGHT_TO_REVOKE)
        wanted.add(Element.TIME_LIMITED)
        if release.signer.role is not SignerRole.SELF:
            wanted.add(Element.AUTHORITY)
    # FERPA: which records, why, to whom; and every release of this product has an end.
    if Duty.FERPA in holder.duties:
        wanted |= {Element.DESCRIPTION, Element.PURPOSE, Element.RECIPIENT, Element.TIME_LIMITED}
    # What she handed in to covered housing about the violence.
    if Duty.HOUSING in holder.duties:
        wanted |= {Element.TIME_LIMITED, Element.DESCRIPTION, Element.RECIPIENT, Element.PURPOSE}
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


def signer_is_valid(release: Release, holder: Agency) -> bool:
    signer = release.signer
    # Who abused her, the ward, the other parent or the deceased never signs, with or without company.
    if signer.abuser:
        return False
    # The dead speak through their next of kin or representative; a guardian's office ends; the living have no kin.
    if signer.dead and signer.role not in (SignerRole.NEXT_OF_KIN, SignerRole.REPRESENTATIVE):
        return False
    if not signer.dead and signer.role is SignerRole.NEXT_OF_KIN:
        return False
    # A guardian by order of a court signs for his ward, she where she may have the service alone; for nobody else.
    if signer.ward and signer.role is SignerRole.SELF and not signer.alone:
        return False
    if signer.ward and signer.role is SignerRole.GUARDIAN and signer.alone:
        return False
    if signer.role is SignerRole.GUARDIAN and not signer.ward and not signer.minor:
        return False
    if not signer.minor:
        # A grown person has no parent to sign for her.
        return signer.role is not SignerRole.PARENT
    if signer.cosigned or signer.role is SignerRole.NEXT_OF_KIN:
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


def what_would_have_to_be_mended(question: Question, keys: list[Key]) -> set[str]:
    """Nothing opens it: what must at least be named.

    No release names the right things, or none is signed yet: a release. Exactly one does: everything that
    is wrong with it. Several do: only what is wrong with all of them. And when a paper arrived: counsel.
    """
    signed = [
        release for release in question.releases if names_this(release, question) and release.signed_at <= question.at
    ]
    if not signed or no_release_opens(keys):
        needs = {"instrument"} if keys else {"release"}
        if question.thing.relation is Relation.NOBODY:
            needs.discard("release")
    elif any("never runs" in faults_of(release, question, keys) for release in signed):
        # The text has no code for a release that ends before it begins.
        needs = set()
    else:
        needs = set(faults_of(signed[0], question, keys))
        for release in signed[1:]:
            needs &= set(faults_of(release, question, keys))
        needs.discard("another instrument")
    if question.processes:
        needs.add("counsel")
    return needs


# --- Step 8: duties of a yes ---------------------------------------------------------------------------


def the_duties(
    question: Question, release: Release | None, relied: frozenset[str] | None, *, compelled: bool
) -> frozenset[Obligation]:
    """What goes with it. `release`: hers, if it is sent on hers; `relied`: else what it rests on."""
    assert question.recipient is not None
    duties = {Obligation.LOG} | duties_toward(question.recipient)
    telling_is_unsafe = was_written_down(question, Representation.INFORMING_UNSAFE)
    if Duty.FERPA in question.holder.duties:
        duties.add(Obligation.FERPA_RECORD)
        duties.add(Obligation.FERPA_NOTICE)
        if relied is not None and was_written_down(question, Representation.THREAT_WRITTEN_DOWN):
            duties.add(Obligation.WRITE_THREAT)
    if compelled:
        duties.add(Obligation.SAFETY_STEPS)
    if release is None:
        # She can ask who was told what. Totals are in nobody's accounting.
        if question.thing.relation is not Relation.NOBODY:
            duties.add(Obligation.ACCOUNTING)
        if telling_is_unsafe:
            duties.add(Obligation.WRITE_WHY_NOT_TOLD)
        elif compelled or question.purpose is Purpose.MANDATED_REPORT:
            duties.add(Obligation.TELL_HER)
        return frozenset(duties)
    duties.add(Obligation.REDISCLOSURE_NOTICE)
    # 42 CFR 2.32: the notice, and a copy of the consent.
    if Duty.PART2 in question.holder.duties or Mark.SUD in question.thing.marks:
        duties.add(Obligation.PART2_NOTICE)
        duties.add(Obligation.ATTACH_CONSENT)
    if is_long(release):
        duties.add(Obligation.SUPERVISOR_REVIEW)
    return frozenset(duties)


def duties_toward(recipient: Agency) -> set[Obligation]:
    duties = set()
    if recipient.kind is AgencyKind.DEFENCE:
        duties.add(Obligation.DISCOVERY_LOG)
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
    return duties

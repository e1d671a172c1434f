"""The path of a paper, step by step: each takes the permit and the moment, changes rows, records the deed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from accord.ledger.permits import Permit, needs
from accord.partners.models import Agency
from accord.policy.words import Category, Field, Level, ProcessKind, Purpose, Representation, Verb
from accord.process.facts import key_of
from accord.process.models import Breach, Given, Notice, Paper, Step
from accord.process.rules import (
    ADVICE,
    LAW_ENFORCEMENT,
    LONGEST_WORDS,
    OURS,
    TOLD,
    WAYS,
    WEIGHED,
    InvalidProcess,
    NewPaper,
    State,
    Whom,
    breach_info,
    checked_terms,
    may_be,
    moved,
    packed_words,
    waiting_until,
)
from accord.sealing.hpke import seal_to
from accord.vault.facts import files
from accord.vault.models import Client, Person

TABLE = "process_paper"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing the law let out: from which entry, about what, how much, by which rule."""

    entry_id: UUID | None
    category: Category
    level: Level
    rule: str


@needs(Verb.RECEIVE_PROCESS)
def receive(*, permit: Permit, at: datetime, client_id: UUID, new: NewPaper, subject_id: UUID | None = None) -> UUID:
    """Write down a paper that came, a report to be made or a finding. Nothing opens by it alone. `subject_id`: a child
    of hers instead of herself. Returns the paper's id; raises InvalidProcess."""
    new.checked()
    if new.received_at > at:
        raise InvalidProcess("It cannot have come later than now.")
    people = Person.objects.filter(client_id=client_id)
    found = people.filter(id=subject_id) if subject_id else people.filter(relation="self")
    subject = found.values_list("id", flat=True).first()
    if subject is None:
        raise InvalidProcess("Say whom it is about: her, or somebody in her file.")
    row = Paper(
        agency_id=permit.agency_id,
        client=Client.objects.select_related("shred").get(id=client_id),
        subject_id=subject,
        claimed=new.kind,
        kind=new.kind,
        state=State.RECEIVED,
        purpose=new.purpose,
        categories=[each.value for each in Category if each in new.categories],
        fields=[each.value for each in Field if each in new.fields],
        statute=new.statute,
        represented=[each.value for each in Representation if each in new.represented],
        since_at=new.received_at,
        until_at=new.until_at,
        due_at=new.due_at,
        received_at=new.received_at,
        received_by=permit.member_id,
    )
    outside = _from(permit, row, new)
    _seal(
        permit,
        row,
        outside=outside,
        reference=new.reference,
        stated_by=new.stated_by,
        threat=new.threat,
    )
    if any(words.strip() for words in new.said.values()):
        row.said = key_of(permit, row).seal(TABLE, "said", row.id, packed_words(new.said))
    row.save(force_insert=True)
    _step(permit, at, row, State.RECEIVED)
    permit.record("process_received", row.id)
    made: UUID = row.id
    return made


@needs(Verb.REVIEW_PROCESS)
def ask_counsel(*, permit: Permit, at: datetime, client_id: UUID, paper_id: UUID, counsel: str) -> None:
    """Counsel is asked; counsel works elsewhere, and is named. Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    if not counsel.strip():
        raise InvalidProcess("Write down which counsel was asked.")
    row.state = _moved(row, State.COUNSEL_ASKED)
    _seal(permit, row, counsel=counsel)
    row.save(update_fields=["state", "counsel"])
    _step(permit, at, row, State.COUNSEL_ASKED)
    permit.record("counsel_asked", row.id)


@needs(Verb.REVIEW_PROCESS)
def review(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    paper_id: UUID,
    advice: str,
    said: str,
    kind: ProcessKind,
    purpose: Purpose,
    categories: Collection[Category],
    represented: Collection[Representation],
    stated_by: str,
    until_at: datetime,
) -> None:
    """What counsel said, and what the paper really is: what was filed as a court order may be a subpoena, and never
    the other way round. Whoever wrote the paper down does not write down what counsel says of it. Raises
    InvalidProcess."""
    row = _locked(client_id, paper_id)
    if row.received_by == permit.member_id:
        raise InvalidProcess("You wrote this paper down: somebody else writes down what counsel says of it.")
    if advice not in ADVICE or not said.strip():
        raise InvalidProcess("Write down what counsel said: whether to answer, and why.")
    if kind not in may_be(ProcessKind(row.claimed)):
        raise InvalidProcess("A paper can turn out to be less than it says, and never more.")
    checked_terms(kind, purpose, categories, represented, stated_by)
    if until_at <= row.since_at:
        raise InvalidProcess("Its last day lies before the day it came.")
    row.state = _moved(row, State.COUNSEL_REVIEWED)
    row.kind, row.purpose, row.until_at = kind, purpose, until_at
    row.categories = [each.value for each in Category if each in categories]
    row.represented = [each.value for each in Representation if each in represented]
    row.counsel_advice, row.counsel_reviewed_at, row.counsel_by = advice, at, permit.member_id
    _seal(permit, row, counsel_said=said, stated_by=stated_by)
    row.save()
    _step(permit, at, row, State.COUNSEL_REVIEWED)
    permit.record("counsel_reviewed", row.id)
    if row.kind != row.claimed:
        permit.record("process_corrected", row.id)


@needs(Verb.HOLD_PROCESS)
def hold(*, permit: Permit, at: datetime, client_id: UUID, paper_id: UUID, because: str) -> None:
    """Nothing opens on it until the hold ends. Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    before = row.state
    row.state, row.held_from = _moved(row, State.HOLD), before
    _because(permit, row, because)
    row.save(update_fields=["state", "held_from", "because"])
    _step(permit, at, row, State.HOLD)
    permit.record("process_held", row.id)


@needs(Verb.HOLD_PROCESS)
def resume(*, permit: Permit, at: datetime, client_id: UUID, paper_id: UUID) -> None:
    """The hold ends where it began. Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    if row.state != State.HOLD:
        raise InvalidProcess("This paper has moved on meanwhile. Look at it again.")
    row.state = _moved(row, State(row.held_from))
    row.held_from = ""
    row.save(update_fields=["state", "held_from"])
    _step(permit, at, row, "resumed")
    permit.record("process_resumed", row.id)


@needs(Verb.HOLD_PROCESS)
def refuse(*, permit: Permit, at: datetime, client_id: UUID, paper_id: UUID, because: str) -> None:
    """It is not answered; nothing ever opens on it. Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    row.state, row.held_from = _moved(row, State.REFUSED), ""
    _because(permit, row, because)
    row.save(update_fields=["state", "held_from", "because"])
    _step(permit, at, row, State.REFUSED)
    permit.record("process_refused", row.id)


@needs(Verb.HOLD_PROCESS)
def suspend_accounting(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    paper_id: UUID,
    how: str,
    official: str,
    until: datetime | None = None,
) -> None:
    """Law enforcement asks that she is not told of it in an accounting yet: written, until the day it states; oral, for
    thirty days (45 CFR 164.528(a)(2)). Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    if row.state == State.CLOSED:
        raise InvalidProcess("This paper has moved on meanwhile. Look at it again.")
    if not official.strip():
        raise InvalidProcess("Write down which official asked for it.")
    asks = row.outside_kind or Agency.objects.values_list("kind", flat=True).get(id=row.partner_id)
    if row.kind in OURS or asks not in LAW_ENFORCEMENT:
        raise InvalidProcess("Only law enforcement can ask that an accounting waits, and about its own paper.")
    if how == "oral" and row.quiet_how:
        raise InvalidProcess("By word of mouth they ask once; after that only in writing.")
    row.quiet_how, row.quiet_until_at = how, waiting_until(how, at, until)
    _seal(permit, row, quiet_by=official)
    row.save(update_fields=["quiet_how", "quiet_until_at", "quiet_by"])
    _step(permit, at, row, "accounting_suspended")
    permit.record("accounting_suspended", row.id)


@needs(Verb.RECEIVE_PROCESS)
def note(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    paper_id: UUID,
    represented: Collection[Representation] | None = None,
    stated_by: str = "",
    told_how: str = "",
    not_told: str = "",
    safety: str = "",
) -> None:
    """Write down what was stated since, that she was told or why not, which steps were taken for her safety. What is
    empty stays as it was. Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    settled = row.answered_at is not None
    if row.state in (State.REFUSED, State.CLOSED) or (settled and (represented is not None or not_told or safety)):
        raise InvalidProcess("This paper has moved on meanwhile. Look at it again.")
    if told_how and told_how not in TOLD:
        raise InvalidProcess("Say how she was told: in person, by phone, or in writing.")
    if any(len(words) > LONGEST_WORDS for words in (not_told, safety)):
        raise InvalidProcess("Write down what matters: this is too long.")
    if represented is not None:
        if State.COUNSEL_REVIEWED in (row.state, row.held_from) and WEIGHED & set(represented) - set(row.represented):
            raise InvalidProcess("Counsel has not weighed this: ask counsel again before it is written down.")
        words = stated_by or _words(permit, row, "stated_by")
        checked_terms(
            ProcessKind(row.kind), Purpose(row.purpose), [Category(each) for each in row.categories], represented, words
        )
        row.represented = [each.value for each in Representation if each in represented]
        _seal(permit, row, stated_by=words)
    if told_how:
        row.told_at, row.told_how = at, told_how
    _seal(permit, row, **{name: words for name, words in (("not_told", not_told), ("safety", safety)) if words})
    row.save()
    _step(permit, at, row, "noted")
    permit.record("process_noted", row.id)
    if told_how:
        permit.record("told_her", row.id)
    if not_told.strip():
        permit.record("not_safe_to_tell_her", row.id)


@needs(Verb.ANSWER_PROCESS)
def answer(*, permit: Permit, at: datetime, client_id: UUID, paper_id: UUID, until: datetime) -> None:
    """It is answered with what the law lets out; the gate has asked it. Raises InvalidProcess while counsel has not
    looked at it or has said no."""
    row = _locked(client_id, paper_id)
    row.state = _moved(row, State.ANSWERED)
    row.answered_at, row.answered_until_at = at, until
    row.save(update_fields=["state", "answered_at", "answered_until_at"])
    _step(permit, at, row, State.ANSWERED)
    permit.record("process_answered", row.id)


@needs(Verb.DISCLOSE)
def give(*, permit: Permit, at: datetime, client_id: UUID, paper_id: UUID, way: str, things: Iterable[Thing]) -> int:
    """Write down what leaves on a paper outside Accord, printed or by word of mouth; the gate has asked the law about
    each. Returns how many. Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    if way not in WAYS:
        raise InvalidProcess("Say how it reaches them: printed, or by word of mouth.")
    rows = [
        Given(
            agency_id=permit.agency_id,
            paper_id=row.id,
            client_id=row.client_id,
            entry=each.entry_id,
            category=each.category,
            level=each.level,
            rule=each.rule,
            way=way,
            given_at=at,
            given_by=permit.member_id,
        )
        for each in things
    ]
    if not rows:
        raise InvalidProcess("Nothing here may be told.")
    if way == "oral":
        if row.oral_at is not None or row.answered_at is not None:
            raise InvalidProcess("This paper has moved on meanwhile. Look at it again.")
        row.oral_at = at
        row.save(update_fields=["oral_at"])
        _step(permit, at, row, "told_orally")
    Given.objects.bulk_create(rows)
    for each in rows:
        permit.record("given_on_paper", each.id)
    return len(rows)


@needs(Verb.RECEIVE_PROCESS)
def close(*, permit: Permit, at: datetime, client_id: UUID, paper_id: UUID, because: str) -> None:
    """Nothing more is to be done about it. Raises InvalidProcess."""
    row = _locked(client_id, paper_id)
    row.state, row.closed_at = _moved(row, State.CLOSED), at
    _because(permit, row, because)
    row.save(update_fields=["state", "closed_at", "because"])
    _step(permit, at, row, State.CLOSED)
    permit.record("process_closed", row.id)


@needs(Verb.NOTE_BREACH)
def note_breach(*, permit: Permit, at: datetime, kind: str, what: str, detected_at: datetime) -> UUID:
    """Something got out, or nearly. Returns the breach's id; raises InvalidProcess."""
    if kind not in ("actual", "imminent"):
        raise InvalidProcess("Say whether it has happened or threatens.")
    if not what.strip() or len(what) > LONGEST_WORDS:
        raise InvalidProcess("Write down what happened, without names.")
    if detected_at > at:
        raise InvalidProcess("It cannot have been detected later than now.")
    ours = Agency.objects.only("public_key", "public_version").get(id=permit.agency_id)
    row = Breach(
        agency_id=permit.agency_id,
        kind=kind,
        key_version=ours.public_version,
        detected_at=detected_at,
        noted_at=at,
        noted_by=permit.member_id,
    )
    row.what = seal_to(
        bytes(ours.public_key), what.strip().encode(), breach_info(agency=str(row.agency_id), breach=str(row.id))
    )
    row.save(force_insert=True)
    permit.record("breach_noted", row.id)
    made: UUID = row.id
    return made


@needs(Verb.NOTE_BREACH)
def told_of_breach(*, permit: Permit, at: datetime, breach_id: UUID, whom: Whom) -> None:
    """Somebody who must be told of a breach was told. Raises InvalidProcess."""
    if not Breach.objects.filter(id=breach_id).exists() or Notice.objects.filter(breach=breach_id, whom=whom).exists():
        raise InvalidProcess("They have been told already.")
    Notice.objects.create(agency_id=permit.agency_id, breach=breach_id, whom=whom, told_at=at, told_by=permit.member_id)
    permit.record("breach_told", breach_id)


def _locked(client_id: UUID, paper_id: UUID) -> Paper:
    rows = Paper.objects.select_for_update(of=("self",)).select_related("client__shred")
    found: Paper = rows.get(id=paper_id, client_id__in=files(client_id))
    return found


def _moved(row: Paper, to: State) -> State:
    return moved(
        State(row.state),
        to,
        kind=ProcessKind(row.kind),
        purpose=Purpose(row.purpose),
        advice=row.counsel_advice,
        held_from=State(row.held_from) if row.held_from else None,
    )


def _from(permit: Permit, row: Paper, new: NewPaper) -> str:
    """Say who sent it; returns the name of somebody who is no partner. What came with another paper is from the same.
    Raises InvalidProcess."""
    if new.beside is not None:
        other = Paper.objects.select_related("client__shred").filter(id=new.beside, client_id=row.client_id).first()
        if other is None:
            raise InvalidProcess("Say who it is from, or who is to be told.")
        row.recipient, row.partner_id, row.outside_kind = other.recipient, other.partner_id, other.outside_kind
        return _words(permit, other, "outside")
    if new.partner is not None:
        if new.partner == permit.agency_id or not Agency.objects.filter(id=new.partner).exists():
            raise InvalidProcess("Say who it is from, or who is to be told.")
        row.recipient = row.partner_id = new.partner
        return ""
    assert new.outside_kind is not None, "checked before"
    row.recipient, row.outside_kind = uuid4(), new.outside_kind
    return new.outside


def _because(permit: Permit, row: Paper, because: str) -> None:
    if not because.strip() or len(because) > LONGEST_WORDS:
        raise InvalidProcess("Write down why.")
    _seal(permit, row, because=because)


def _seal(permit: Permit, row: Paper, **words: str) -> None:
    """Seal what is not empty, each in its own place."""
    said: Mapping[str, str] = {name: text.strip() for name, text in words.items() if text.strip()}
    if said:
        key = key_of(permit, row)
        for name, text in said.items():
            setattr(row, name, key.seal(TABLE, name, row.id, text.encode()))


def _words(permit: Permit, row: Paper, name: str) -> str:
    sealed = getattr(row, name)
    return key_of(permit, row).open(TABLE, name, row.id, bytes(sealed)).decode() if sealed is not None else ""


def _step(permit: Permit, at: datetime, row: Paper, move: str) -> None:
    Step.objects.create(agency_id=permit.agency_id, paper_id=row.id, move=str(move), at=at, by=permit.member_id)

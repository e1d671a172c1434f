"""Proposing another version of a protocol, talking about it, laying it before the partners, saying yes or no; and
holding one's own agency to more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max

from accord.coordination.protocols import facts, models, queries
from accord.coordination.protocols.changing import (
    InvalidProposal,
    Said,
    Stage,
    asked,
    numbered,
    proposal_id,
    read,
    read_any,
    rebased,
    written,
)
from accord.coordination.protocols.own import InvalidOwn, Own, checked
from accord.coordination.protocols.queries import ProposalView
from accord.coordination.protocols.rules import Protocol
from accord.ledger.permits import Permit, needs
from accord.partners.models import Agency, Member
from accord.policy.words import AgencyKind, Verb


@needs(Verb.PROPOSE_PROTOCOL)
def propose(*, permit: Permit, at: datetime, why: str, begins_on: date, text: str) -> UUID:
    """Propose another version of a protocol, or one the community has not had: its first wording, as TOML. Nobody has
    agreed to it by that. Returns its id. Raises InvalidProposal."""
    if not why.strip():
        raise InvalidProposal("Say why it should change.")
    code = read_any(text).code
    row = models.Proposal(
        id=proposal_id(permit.agency_id, code, at), agency_id=permit.agency_id, code=code, why=why.strip(),
        begun_at=at, begun_by=_signer(permit),
    )  # fmt: skip
    _one_at_a_time(code)
    protocol = read(text, code, facts.newest(code) + 1)
    row.save(force_insert=True)
    made: UUID = row.id
    permit.record("protocol_proposed", made)
    _write(permit, at, made, 1, protocol, text, _midnight(permit, begins_on))
    return made


@needs(Verb.PROPOSE_PROTOCOL)
def rewrite(*, permit: Permit, at: datetime, proposal_id: UUID, seen: int, text: str, begins_on: date) -> None:
    """Another wording; what was answered to the one before does not count for it. `seen`: the number of the wording it
    was made from. Raises InvalidProposal."""
    view = _own(permit, proposal_id, seen)
    last = view.newest
    begins_at = _midnight(permit, begins_on)
    if (text, begins_at) == (last.text, last.begins_at):
        return
    protocol = read(text, view.code, last.based_on + 1)
    _write(permit, at, view.id, last.number + 1, protocol, text, begins_at)


@needs(Verb.PROPOSE_PROTOCOL)
def write_anew(*, permit: Permit, at: datetime, proposal_id: UUID, seen: int) -> None:
    """Write a proposal upon the version that was adopted meanwhile: what it changes stays changed, the rest is as in
    the newest version. Raises InvalidProposal, also when the two changes do not fit together."""
    view = _own(permit, proposal_id, seen)
    if view.stage is not Stage.OVERTAKEN:
        raise InvalidProposal("It is written upon the newest version already.")
    newest = facts.protocol(view.code, facts.newest(view.code))
    mine = view.newest.protocol
    text = written(rebased(view.base, mine, newest) if view.base else numbered(mine, newest.version + 1))
    protocol = read(text, view.code, newest.version + 1)
    _write(permit, at, view.id, view.newest.number + 1, protocol, text, view.newest.begins_at)


@needs(Verb.PROPOSE_PROTOCOL)
def say(*, permit: Permit, at: datetime, proposal_id: UUID, text: str) -> None:
    """Say something about a proposal, in the name of the agency. Raises InvalidProposal."""
    view = _found(permit, proposal_id)
    if not text.strip():
        raise InvalidProposal("Write what you want to say.")
    models.Word(
        id=uuid4(), agency_id=permit.agency_id, proposal=view.id, number=view.newest.number, text=text.strip(),
        said_at=at, said_by=_signer(permit),
    ).save(force_insert=True)  # fmt: skip
    permit.record("protocol_commented", view.id)


@needs(Verb.PROPOSE_PROTOCOL)
def lay(*, permit: Permit, at: datetime, proposal_id: UUID, seen: int) -> None:
    """Lay the newest wording before every agency that runs the protocol, as it is or as it would be. Raises
    InvalidProposal."""
    view = _own(permit, proposal_id, seen)
    if view.stage is Stage.OVERTAKEN:
        raise InvalidProposal("Another change was adopted meanwhile. Write yours upon it first.")
    if view.stage is not Stage.DRAFT:
        raise InvalidProposal("This wording lay before the partners already. Change it before you lay it again.")
    if view.base is not None and numbered(view.base, view.newest.protocol.version) == view.newest.protocol:
        raise InvalidProposal("It changes nothing yet.")
    kinds = sorted(view.newest.asked)
    needed = sorted(Agency.objects.filter(kind__in=kinds).values_list("id", flat=True))
    if not needed:
        raise InvalidProposal("No agency here runs this protocol.")
    models.Wording.objects.filter(agency_id=permit.agency_id, id=view.newest.id, laid_at__isnull=True).update(
        needed=needed, laid_at=at, laid_by=_signer(permit)
    )
    permit.record("protocol_laid", view.id)


@needs(Verb.ADOPT_PROTOCOL)
def answer(*, permit: Permit, at: datetime, proposal_id: UUID, signed: bytes, yes: bool, words: str) -> bool:
    """The yes or no of the own agency to the wording with this hash. The last yes adopts it. Returns whether it did.
    Raises InvalidProposal."""
    view = _found(permit, proposal_id)
    last = view.newest
    if view.stage is not Stage.LAID or last.digest != signed:
        raise InvalidProposal("This wording does not lie before the partners now. Look at the newest one.")
    if permit.agency_id not in last.needed:
        raise InvalidProposal(
            "Your agency does not run this protocol, or joined after it was laid before the partners."
        )
    if any(voice.agency_id == permit.agency_id and voice.yes for voice in last.voices) and yes:
        raise InvalidProposal("Your agency has said yes to this wording already.")
    if not yes and not words.strip():
        raise InvalidProposal("Say what should change.")
    models.Voice(
        id=uuid4(), agency_id=permit.agency_id, digest=last.digest, yes=yes, words=words.strip(), said_at=at,
        said_by=_signer(permit),
    ).save(force_insert=True)  # fmt: skip
    permit.record("protocol_agreed" if yes else "protocol_refused", view.id)
    heard = _found(permit, proposal_id)
    if not heard.newest.agreed:
        return False
    _adopt(permit, heard)
    return True


@needs(Verb.PROPOSE_PROTOCOL)
def take_back(*, permit: Permit, at: datetime, proposal_id: UUID) -> None:
    """Its agency no longer proposes it. Raises InvalidProposal."""
    view = _own(permit, proposal_id, None)
    models.Proposal.objects.filter(agency_id=permit.agency_id, id=view.id, ended_at__isnull=True).update(ended_at=at)
    permit.record("protocol_taken_back", view.id)


@needs(Verb.KEEP_OWN_TIMES)
def hold(*, permit: Permit, at: datetime, code: str, wanted: Collection[Own], why: str) -> None:
    """Hold the own agency to more than was agreed, from now on. What is not said of a due stays as it was; clocks that
    run keep the time they were set with. Raises InvalidOwn."""
    if not why.strip():
        raise InvalidOwn("Say why.")
    at = _after_others(permit, at, code)
    agreed = facts.protocols(at).get(code)
    if agreed is None:
        raise InvalidOwn("There is no such protocol.")
    kind = AgencyKind(Agency.objects.values_list("kind", flat=True).get(id=permit.agency_id))
    standing = _standing(permit, at, code)
    new = []
    for each in wanted:
        checked(agreed, kind, each)
        before = standing.get(each.about, Own())
        one = Own(*each.about, each.within or before.within, each.asked or before.asked)
        if one != before:
            new.append(one)
    if not new:
        raise InvalidOwn("Nothing would be different.")
    for one in new:
        _hold(permit, at, code, one, why.strip())


@needs(Verb.KEEP_OWN_TIMES)
def let_go(*, permit: Permit, at: datetime, code: str, about: tuple[str, str, str]) -> None:
    """Hold the own agency to no more than was agreed about this due, or evidence of a step. Raises InvalidOwn."""
    at = _after_others(permit, at, code)
    if about not in _standing(permit, at, code):
        raise InvalidOwn("This is as agreed already.")
    _hold(permit, at, code, Own(*about), "")


def _after_others(permit: Permit, at: datetime, code: str) -> datetime:
    """Until the transaction ends nobody else changes what this agency holds itself to; who waited for a colleague comes
    after her."""
    _one_at_a_time(code)
    mine = models.Own.objects.filter(agency_id=permit.agency_id, protocol=code)
    last: datetime | None = mine.aggregate(last=Max("since_at"))["last"]
    return max(at, last) if last else at


def _standing(permit: Permit, at: datetime, code: str) -> dict[tuple[str, str, str], Own]:
    return {one.about: one for _row, one in facts.standing(permit.agency_id, at, code)}


def _hold(permit: Permit, at: datetime, code: str, one: Own, why: str) -> None:
    where = {
        "agency_id": permit.agency_id,
        "protocol": code,
        "due": one.due,
        "step": one.step,
        "evidence": one.evidence,
    }
    row = models.Own(
        id=uuid4(), **where, number=1 + models.Own.objects.filter(**where).count(),
        count=one.within.count if one.within else None, unit=one.within.unit if one.within else "", asked=one.asked,
        why=why, since_at=at, set_by=_signer(permit),
    )  # fmt: skip
    row.save(force_insert=True)
    permit.record("own_time_ended" if one.ends else "own_time_kept", row.id)


def _one_at_a_time(code: str) -> None:
    """Until the transaction ends nobody else changes this protocol; the triggers hold the same lock."""
    with connection.cursor() as cursor:
        cursor.execute("select protocols_lock(%s)", [code])


def _found(permit: Permit, proposal_id: UUID) -> ProposalView:
    for code in models.Proposal.objects.filter(id=proposal_id).values_list("code", flat=True):
        _one_at_a_time(code)
    view = queries.proposal(permit=permit, proposal_id=proposal_id)
    if view is None:
        raise InvalidProposal("There is no such proposal.")
    if view.stage in (Stage.ADOPTED, Stage.ENDED):
        raise InvalidProposal("This proposal is over. Begin another one.")
    return view


def _own(permit: Permit, proposal_id: UUID, seen: int | None) -> ProposalView:
    """A proposal of the own agency whose newest wording is the one somebody saw. Raises InvalidProposal."""
    view = _found(permit, proposal_id)
    if view.agency_id != permit.agency_id:
        raise InvalidProposal("Only the agency that proposes it changes its wording. Say what should change.")
    if seen is not None and seen != view.newest.number:
        raise InvalidProposal("A colleague has changed it meanwhile. Look at the newest wording first.")
    return view


def _write(
    permit: Permit, at: datetime, proposal: UUID, number: int, protocol: Protocol, text: str, begins_at: datetime
) -> None:
    based_on = protocol.version - 1
    before = facts.protocol(protocol.code, based_on) if based_on else None
    kinds, every = tuple(sorted(protocol.kinds)), tuple(sorted(asked(before, protocol)))
    said = Said(permit.agency_id, proposal, number, protocol.code, based_on, begins_at, kinds, every, text)
    models.Wording(
        id=uuid4(),
        agency_id=permit.agency_id,
        proposal=proposal,
        number=number,
        code=protocol.code,
        based_on=based_on,
        kinds=list(kinds),
        asked=list(every),
        text=text,
        begins_at=begins_at,
        digest=said.digest,
        written_at=at,
        written_by=_signer(permit),
    ).save(force_insert=True)
    permit.record("protocol_worded", proposal)


def _adopt(permit: Permit, view: ProposalView) -> None:
    last = view.newest
    adopted_at = max(voice.said_at for voice in last.voices)
    models.Version(
        id=uuid4(),
        agency_id=permit.agency_id,
        code=view.code,
        number=last.based_on + 1,
        kinds=sorted(last.protocol.kinds),
        text=last.text,
        digest=last.digest,
        begins_at=max(last.begins_at, adopted_at),
        adopted_at=adopted_at,
    ).save(force_insert=True)
    permit.record("protocol_adopted", view.id)


def _signer(permit: Permit) -> str:
    member = Member.objects.get(id=permit.member_id)
    return f"{member.name}, {member.title}" if member.title else str(member.name)


def _midnight(permit: Permit, day: date) -> datetime:
    """When a day begins where the asking agency is."""
    zone = ZoneInfo(Agency.objects.only("timezone").get(id=permit.agency_id).timezone)
    return datetime(day.year, day.month, day.day, tzinfo=zone)

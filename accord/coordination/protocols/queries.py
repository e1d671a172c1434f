"""Protocols as people read them: what is in force, what comes, what was before, and what somebody proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from uuid import UUID

from django.db.models import Exists, OuterRef

from accord.coordination.protocols import adopted, facts, models
from accord.coordination.protocols.changing import (
    InvalidProposal,
    Said,
    Stage,
    anew,
    asked,
    proposal_id,
    read,
    stage,
    written,
)
from accord.coordination.protocols.own import Own
from accord.coordination.protocols.rules import Protocol
from accord.ledger.permits import Permit, needs
from accord.policy.words import AgencyKind, Verb

#: Versions that wordings change, by code and number.
Bases = Mapping[tuple[str, int], Protocol | None]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a protocol. `begins_at` and `adopted_at` are None, and `digest` is empty, for one that came with
    Accord."""

    protocol: Protocol
    begins_at: datetime | None
    adopted_at: datetime | None
    digest: bytes

    @property
    def hash(self) -> str:
        return self.digest.hex()


@dataclass(frozen=True, slots=True)
class ProtocolView:
    """One protocol of the community: the version in force (None before the first begins) and all there are, the newest
    first."""

    code: str
    now: VersionView | None
    coming: tuple[VersionView, ...]
    versions: tuple[VersionView, ...]

    @property
    def newest(self) -> VersionView:
        return self.versions[0]

    @property
    def title(self) -> str:
        return (self.now or self.newest).protocol.title


@dataclass(frozen=True, slots=True)
class OwnView:
    """What an agency holds itself to, since when, and who said why."""

    own: Own
    since_at: datetime
    set_by: str
    why: str


@dataclass(frozen=True, slots=True)
class VoiceView:
    """What one agency answered."""

    agency_id: UUID
    yes: bool
    words: str
    said_at: datetime
    said_by: str


@dataclass(frozen=True, slots=True)
class WordView:
    """What an agency said about a proposal."""

    agency_id: UUID
    number: int
    text: str
    said_at: datetime
    said_by: str


@dataclass(frozen=True, slots=True)
class WordingView:
    """One wording of a proposal, who has to say yes to it once it is laid, and who has answered: of an agency that said
    yes and then no, the no."""

    id: UUID
    number: int
    based_on: int
    protocol: Protocol
    text: str
    digest: bytes
    asked: frozenset[AgencyKind]
    begins_at: datetime
    written_at: datetime
    written_by: str
    needed: frozenset[UUID]
    laid_at: datetime | None
    laid_by: str
    voices: tuple[VoiceView, ...]

    @property
    def hash(self) -> str:
        return self.digest.hex()

    @property
    def refused(self) -> bool:
        return any(not voice.yes for voice in self.voices)

    @property
    def silent(self) -> frozenset[UUID]:
        """Who has not answered yet."""
        return self.needed - {voice.agency_id for voice in self.voices}

    @property
    def agreed(self) -> bool:
        return bool(self.needed) and not self.silent and not self.refused


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal with its wordings, the newest last, and what was said about it. `base`: the version its newest wording
    changes, None for a protocol that is new; `begins_at`: from when what was adopted applies."""

    id: UUID
    agency_id: UUID
    code: str
    why: str
    begun_at: datetime
    begun_by: str
    wordings: tuple[WordingView, ...]
    words: tuple[WordView, ...]
    base: Protocol | None
    stage: Stage
    begins_at: datetime | None

    @property
    def newest(self) -> WordingView:
        return self.wordings[-1]

    @property
    def title(self) -> str:
        return self.newest.protocol.title

    def waits_for(self, agency_id: UUID) -> bool:
        """Whether it lies before this agency, which has not answered."""
        return self.stage is Stage.LAID and agency_id in self.newest.silent

    def may_answer(self, agency_id: UUID) -> bool:
        """Who said yes can still say no."""
        return self.stage is Stage.LAID and agency_id in self.newest.needed


@needs(Verb.READ_PARTNERS, Verb.PROPOSE_PROTOCOL, Verb.ADOPT_PROTOCOL)
def protocols(*, permit: Permit, at: datetime) -> list[ProtocolView]:
    """Every protocol of the community, in order of title."""
    rows: dict[str, list[models.Version]] = {}
    for row in models.Version.objects.order_by("code", "-number"):
        rows.setdefault(row.code, []).append(row)
    views = [_view(code, rows.get(code, []), at) for code in {*facts.shipped(), *rows}]
    return sorted(views, key=lambda view: view.title)


@needs(Verb.READ_PARTNERS, Verb.PROPOSE_PROTOCOL, Verb.ADOPT_PROTOCOL, Verb.KEEP_OWN_TIMES)
def protocol(*, permit: Permit, at: datetime, code: str) -> ProtocolView | None:
    """One protocol with all its versions; None when the community has none by this code."""
    rows = list(models.Version.objects.filter(code=code).order_by("-number"))
    return _view(code, rows, at) if rows or code in facts.shipped() else None


@needs(Verb.READ_PARTNERS, Verb.PROPOSE_PROTOCOL, Verb.ADOPT_PROTOCOL, Verb.KEEP_OWN_TIMES)
def own(*, permit: Permit, at: datetime, code: str) -> list[OwnView]:
    """What the asking agency holds itself to beyond what was agreed in a protocol, whichever version it is of."""
    found = facts.standing(permit.agency_id, at, code)
    return [OwnView(one, row.since_at, row.set_by, row.why) for row, one in found]


@needs(Verb.PROPOSE_PROTOCOL)
def beginning(*, permit: Permit, at: datetime, code: str) -> str | None:
    """A text from which a protocol that is not here can begin: that of one that is, under another code; the example
    where none is named, and None where there is none by this code."""
    if not code:
        return facts.example()
    there = {each.code: each.newest.protocol for each in protocols(permit=permit, at=at)}
    return written(anew(there[code], there)) if code in there else None


@needs(Verb.READ_PARTNERS, Verb.PROPOSE_PROTOCOL, Verb.ADOPT_PROTOCOL)
def proposals(*, permit: Permit, code: str = "") -> list[ProposalView]:
    """What was proposed, of one protocol or of all, the latest first."""
    rows = models.Proposal.objects.filter(code=code) if code else models.Proposal.objects.all()
    return _proposals(rows.order_by("-begun_at", "id"))


@needs(Verb.READ_PARTNERS, Verb.PROPOSE_PROTOCOL, Verb.ADOPT_PROTOCOL)
def proposal(*, permit: Permit, proposal_id: UUID) -> ProposalView | None:
    """One proposal; None when there is none under this id."""
    return next(iter(_proposals(models.Proposal.objects.filter(id=proposal_id))), None)


@needs(Verb.READ_DAY, Verb.MANAGE_MEMBERS)
def to_answer(*, permit: Permit) -> list[ProposalView]:
    """What lies before the asking agency and waits for its word, the longest wait first."""
    same = {"digest": OuterRef("digest")}
    open_ = models.Wording.objects.filter(needed__contains=[permit.agency_id]).exclude(
        Exists(models.Version.objects.filter(**same))
        | Exists(models.Voice.objects.filter(**same, agency_id=permit.agency_id))
    )
    ids = list(open_.values_list("proposal", flat=True))
    found = _proposals(models.Proposal.objects.filter(id__in=ids, ended_at__isnull=True)) if ids else []
    waiting = [view for view in found if view.waits_for(permit.agency_id)]
    return sorted(waiting, key=lambda view: (view.newest.laid_at, view.id))


def _view(code: str, rows: list[models.Version], at: datetime) -> ProtocolView:
    """`rows`: what was adopted of it, the newest first."""
    views = [VersionView(_adopted(row), row.begins_at, row.adopted_at, bytes(row.digest)) for row in rows]
    if code in facts.shipped():
        views.append(VersionView(facts.shipped()[code], None, None, b""))
    now = next((view for view in views if view.begins_at is None or view.begins_at <= at), None)
    coming = tuple(view for view in views if view.begins_at is not None and view.begins_at > at)
    return ProtocolView(code, now, coming, tuple(views))


def _adopted(row: models.Version) -> Protocol:
    found = adopted.protocol(row.code, row.number)
    assert found is not None, "the row is there"
    return found


def _proposals(rows: Iterable[models.Proposal]) -> list[ProposalView]:
    """Those that are what their id says, with everything that was written, said and answered."""
    kept = {row.id: row for row in rows if row.id == proposal_id(row.agency_id, row.code, row.begun_at)}
    if not kept:
        return []
    wordings = [
        row
        for row in models.Wording.objects.filter(proposal__in=kept).order_by("proposal", "number")
        if row.agency_id == kept[row.proposal].agency_id
    ]
    voices: dict[bytes, dict[UUID, VoiceView]] = {}
    laid = [row.digest for row in wordings if row.laid_at]
    for voice in models.Voice.objects.filter(digest__in=laid).order_by("-yes", "said_at", "id"):
        view = VoiceView(voice.agency_id, voice.yes, voice.words, voice.said_at, voice.said_by)
        voices.setdefault(bytes(voice.digest), {})[voice.agency_id] = view
    words: dict[UUID, list[WordView]] = {}
    for word in models.Word.objects.filter(proposal__in=kept).order_by("said_at", "id"):
        said = WordView(word.agency_id, word.number, word.text, word.said_at, word.said_by)
        words.setdefault(word.proposal, []).append(said)
    bases = {(row.code, row.based_on): _base(row.code, row.based_on) for row in wordings}
    begins = {
        bytes(made): at
        for made, at in models.Version.objects.filter(digest__in=laid).values_list("digest", "begins_at")
    }
    numbers = {code: facts.newest(code) for code in {row.code for row in kept.values()}}
    of = {id: _wordings(group, voices, bases) for id, group in groupby(wordings, key=lambda row: row.proposal)}
    return [
        _proposal(row, of[id], tuple(words.get(id, ())), bases, begins, numbers[row.code])
        for id, row in kept.items()
        if of.get(id)
    ]


def _wordings(
    rows: Iterable[models.Wording], voices: dict[bytes, dict[UUID, VoiceView]], bases: Bases
) -> tuple[WordingView, ...]:
    """As far as each is what its hash says, and its text is what it says of it."""
    found: list[WordingView] = []
    for row in rows:
        protocol = _is_itself(row, bases[row.code, row.based_on])
        if protocol is None:
            break
        found.append(
            WordingView(
                id=row.id,
                number=row.number,
                based_on=row.based_on,
                protocol=protocol,
                text=row.text,
                digest=bytes(row.digest),
                asked=frozenset(map(AgencyKind, row.asked)),
                begins_at=row.begins_at,
                written_at=row.written_at,
                written_by=row.written_by,
                needed=frozenset(row.needed),
                laid_at=row.laid_at,
                laid_by=row.laid_by,
                voices=tuple(sorted(voices.get(bytes(row.digest), {}).values(), key=lambda voice: voice.said_at)),
            )
        )
    return tuple(found)


def _is_itself(row: models.Wording, base: Protocol | None) -> Protocol | None:
    said = Said(
        row.agency_id, row.proposal, row.number, row.code, row.based_on, row.begins_at, tuple(row.kinds),
        tuple(row.asked), row.text,
    )  # fmt: skip
    try:
        protocol = _read(row.text, row.code, row.based_on + 1)
    except InvalidProposal:
        return None
    whole = (
        said.digest == bytes(row.digest)
        and protocol.kinds == set(row.kinds)
        and asked(base, protocol) == set(row.asked)
    )
    return protocol if whole and (base is not None or not row.based_on) else None


_read = lru_cache(maxsize=256)(read)


def _base(code: str, number: int) -> Protocol | None:
    """The version that a wording changes; None when it begins a protocol, or names a version there is not."""
    try:
        return facts.protocol(code, number) if number else None
    except KeyError:
        return None


def _proposal(
    row: models.Proposal,
    wordings: tuple[WordingView, ...],
    words: tuple[WordView, ...],
    bases: Bases,
    begins: dict[bytes, datetime],
    number: int,
) -> ProposalView:
    last = wordings[-1]
    return ProposalView(
        id=row.id,
        agency_id=row.agency_id,
        code=row.code,
        why=row.why,
        begun_at=row.begun_at,
        begun_by=row.begun_by,
        wordings=wordings,
        words=words,
        base=bases[row.code, last.based_on],
        stage=stage(
            ended=row.ended_at is not None,
            adopted=last.digest in begins,
            based_on=last.based_on,
            newest=number,
            refused=last.refused,
            laid=last.laid_at is not None,
        ),
        begins_at=begins.get(last.digest),
    )

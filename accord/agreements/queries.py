"""What agencies draft together, as its parties read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accord.agreements import facts, models
from accord.agreements.rules import Content, Stage, same_terms, stage
from accord.ledger.permits import Permit, needs
from accord.partners import queries as partners
from accord.partners.queries import AgreementView
from accord.partners.rules import Standing
from accord.policy.words import Verb


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version: what it says, who wrote it, and what was laid before the parties about it."""

    number: int
    digest: bytes
    content: Content
    agency_id: UUID
    changed: str
    written_at: datetime
    written_by: str
    agreement: AgreementView | None
    stage: Stage

    @property
    def hash(self) -> str:
        return self.digest.hex()


@dataclass(frozen=True, slots=True)
class CommentView:
    """What a party said about a section, and whether it is settled."""

    id: UUID
    agency_id: UUID
    section: str
    number: int
    text: str
    said_at: datetime
    said_by: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft with all its versions, the newest last, and what was said about it."""

    id: UUID
    parties: tuple[UUID, ...]
    versions: tuple[VersionView, ...]
    comments: tuple[CommentView, ...]

    @property
    def newest(self) -> VersionView:
        return self.versions[-1]

    @property
    def holding(self) -> VersionView | None:
        """The version that applies now, which may be older than the newest."""
        alive = (Standing.IN_FORCE, Standing.SUSPENDED, Standing.COMING)
        return next(
            (each for each in reversed(self.versions) if each.agreement and each.agreement.standing in alive), None
        )

    @property
    def open_comments(self) -> list[CommentView]:
        return [each for each in self.comments if each.settled_at is None]


@needs(Verb.READ_PARTNERS, Verb.MANAGE_AGENCY, Verb.COMMENT_AGREEMENT)
def draft(*, permit: Permit, draft_id: UUID) -> DraftView | None:
    """One draft the asking agency is a party of; None when there is none under this id."""
    row = facts.draft(draft_id)
    return row and _view(row, partners.agreements(permit=permit))


@needs(Verb.READ_PARTNERS, Verb.MANAGE_AGENCY)
def drafts(*, permit: Permit) -> list[DraftView]:
    """Everything the asking agency drafts or has drafted, what was touched last first."""
    agreed = partners.agreements(permit=permit)
    views = [_view(row, agreed) for row in facts.drafts()]
    return sorted(views, key=lambda view: view.newest.written_at, reverse=True)


@needs(Verb.READ_PARTNERS, Verb.MANAGE_AGENCY)
def draft_of(*, permit: Permit, version: bytes) -> UUID | None:
    """The draft whose version this hash is of; None for an agency that is no party of it."""
    return models.Version.objects.filter(digest=version).values_list("draft", flat=True).first()


def _view(row: models.Draft, agreed: Iterable[AgreementView]) -> DraftView:
    laid: dict[bytes, AgreementView] = {}
    for view in sorted(agreed, key=lambda view: (view.standing is not Standing.OVER, view.text.proposed_at)):
        laid[view.text.version] = view  # of several about one version the newest that is not over
    rows = facts.versions(row)
    contents = [facts.content_of(version) for version in rows]
    views = []
    for place, (version, content) in enumerate(zip(rows, contents, strict=True)):
        agreement = laid.get(bytes(version.digest))
        later = next((each for each, other in zip(contents[place + 1 :], rows[place + 1 :], strict=True)
                      if _takes_the_place(laid.get(bytes(other.digest)), agreement)), None)  # fmt: skip
        views.append(
            VersionView(
                number=version.number,
                digest=bytes(version.digest),
                content=content,
                agency_id=version.agency_id,
                changed=version.changed,
                written_at=version.written_at,
                written_by=version.written_by,
                agreement=agreement,
                stage=_stage(agreement, content, later),
            )
        )
    return DraftView(row.id, tuple(row.parties), tuple(views), tuple(map(_comment, facts.comments(row))))


def _takes_the_place(later: AgreementView | None, agreement: AgreementView | None) -> bool:
    return later is not None and agreement is not None and later.text.replaces == agreement.id


def _stage(agreement: AgreementView | None, content: Content, later: Content | None) -> Stage:
    if agreement is None:
        return Stage.DRAFT
    signed = sum(line.part.signed_at is not None for line in agreement.parties)
    return stage(
        agreement.standing,
        signed,
        len(agreement.parties),
        agreement.left,
        renewed=later is not None and same_terms(content, later),
    )


def _comment(row: models.Comment) -> CommentView:
    return CommentView(
        row.id, row.agency_id, row.section, row.number, row.text, row.said_at, row.said_by, row.settled_at
    )

"""A caseload before it is brought in: what was uploaded, what its rows would become; and who asks to take files out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from accord.ledger.permits import Permit, needs
from accord.policy.words import Level, Verb
from accord.records.caseload import sealed
from accord.records.caseload.facts import ExportView, export_view
from accord.records.caseload.models import Export, Part, Upload
from accord.records.caseload.rules import LOOKING_BACK, Fault, Judged, Row, called, judge, repeated, sameness
from accord.sealing.errors import WrongKey
from accord.sealing.tokens import date_token, name_tokens, origin_token
from accord.vault.models import Client, Entry, Token
from accord.vault.queries import within

CHUNK = 5_000
#: Unfinished uploads and requests shown in a list.
MOST_LISTED = 20


class UploadGone(Exception):
    """There is no such upload of hers, or what sealed it is no longer held."""


@dataclass(frozen=True, slots=True)
class UploadView:
    """One upload and how far it is. `front` and `plan` are there until it ends."""

    id: UUID
    stage: str
    rows: int
    parts: int
    next_part: int
    brought: int
    left_out: int
    started_at: datetime
    touched_at: datetime
    front: sealed.Front | None = None
    plan: sealed.Plan | None = None

    @property
    def handled(self) -> int:
        return self.brought + self.left_out


@dataclass(frozen=True, slots=True)
class Alike:
    """A row that seems to be somebody who is there already: in the vault, or in an earlier row."""

    row: int
    name: str
    born: date
    client_id: UUID | None = None
    code: str = ""
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Review:
    """All rows of an upload as they would stand."""

    judged: tuple[Judged, ...]
    faults: tuple[Fault, ...]
    already: frozenset[int]
    alike: tuple[Alike, ...]

    @property
    def faulty(self) -> frozenset[int]:
        return frozenset(fault.row for fault in self.faults)

    @property
    def ready(self) -> tuple[Judged, ...]:
        """Rows without a fault that were not brought in before."""
        return tuple(each for each in self.judged if each.prospect and each.row.number not in self.already)


@needs(Verb.IMPORT_CASELOAD)
def uploads(*, permit: Permit) -> list[UploadView]:
    """Her own uploads, the newest first; none is opened."""
    rows = Upload.objects.filter(by=permit.member_id).exclude(stage="cancelled").order_by("-started_at")
    return [_view(row) for row in rows.defer("table", "plan")[:MOST_LISTED]]


@needs(Verb.IMPORT_CASELOAD)
def upload(*, permit: Permit, upload_id: UUID) -> UploadView:
    """One upload of hers, opened as far as it is still there. Raises UploadGone."""
    row = Upload.objects.filter(id=upload_id, by=permit.member_id).exclude(stage="cancelled").first()
    if row is None:
        raise UploadGone
    front = _opened(permit, row, "table", row.table)
    plan = _opened(permit, row, "plan", row.plan)
    return _view(row, sealed.Front.of(front) if front else None, sealed.Plan.of(plan) if plan else None)


@needs(Verb.IMPORT_CASELOAD)
def rows(*, permit: Permit, upload_id: UUID, version: int, numbers: Iterable[int]) -> Iterator[Row]:
    """Rows of the named parts, in order. Raises UploadGone."""
    found = Part.objects.filter(upload_id=upload_id, number__in=list(numbers)).order_by("number")
    kept: list[Row] = []
    for part in found:
        kept += sealed.read(
            json.loads(_unsealed(permit, upload_id, version, "rows", part.id, bytes(part.rows)))["rows"]
        )
    return iter(kept)


@needs(Verb.IMPORT_CASELOAD)
def review(*, permit: Permit, at: datetime, today: date, upload_id: UUID) -> Review:
    """What every row would become, judged anew. Raises UploadGone, or when nobody has said yet what the columns are."""
    version = Upload.objects.filter(id=upload_id, by=permit.member_id).values_list("key_version", flat=True).first()
    view = upload(permit=permit, upload_id=upload_id)
    if version is None or view.front is None or view.plan is None:
        raise UploadGone
    every = rows(permit=permit, upload_id=upload_id, version=version, numbers=range(view.parts))
    mapping, headers, order = view.plan.mapping, view.front.headers, view.plan.order
    judged = tuple(judge(row, mapping, headers, order, today) for row in every)
    known = brought_before(permit=permit, digests=[each.row.digest for each in judged])
    already = frozenset(each.row.number for each in judged if each.row.digest in known)
    return Review(
        judged=judged,
        faults=tuple(fault for each in judged if each.row.number not in already for fault in each.faults),
        already=already,
        alike=tuple(_alike(permit, [each for each in judged if each.row.number not in already])),
    )


@needs(Verb.IMPORT_CASELOAD)
def brought_before(*, permit: Permit, digests: Sequence[str]) -> frozenset[str]:
    """Those of these rows that were brought in before, from this file or from the same file uploaded again, into files
    she may know of."""
    key = permit.opened().search_key
    tokens = {origin_token(key, digest): digest for digest in digests}
    found: set[str] = set()
    every = list(tokens)
    for start in range(0, len(every), CHUNK):
        there = within(permit, Entry.objects.filter(origin__in=every[start : start + CHUNK]))
        found |= {tokens[bytes(origin)] for origin in there.values_list("origin", flat=True)}
    return frozenset(found)


@needs(Verb.EXPORT_CASELOAD)
def exports(*, permit: Permit) -> list[ExportView]:
    """Her own requests, the newest first."""
    rows = Export.objects.filter(by=permit.member_id).order_by("-asked_at")[:MOST_LISTED]
    return [export_view(row, permit.at) for row in rows]


@needs(Verb.EXPORT_CASELOAD)
def export(*, permit: Permit, export_id: UUID) -> ExportView | None:
    """One request of hers."""
    row = Export.objects.filter(id=export_id, by=permit.member_id).first()
    return row and export_view(row, permit.at)


@needs(Verb.APPROVE_EXPORT, Verb.READ_DAY)
def to_second(*, permit: Permit) -> list[ExportView]:
    """Requests of others that wait for a second person, the longest wait first."""
    rows = Export.objects.filter(second=True, agreed__isnull=True, dropped_at__isnull=True, until_at__gt=permit.at)
    return [export_view(row, permit.at) for row in rows.exclude(by=permit.member_id).order_by("asked_at")[:MOST_LISTED]]


@needs(Verb.EXPORT_CASELOAD)
def how_many(*, permit: Permit, scope: str, since_at: datetime | None, before_at: datetime | None) -> int:
    """How many files this would take out, of those she may know of."""
    count: int = _chosen(permit, scope, since_at, before_at).count()
    return count


@needs(Verb.EXPORT_CASELOAD)
def taken_alone(*, permit: Permit) -> int:
    """How many files she has taken out lately on her own word alone, or may take out still."""
    lately = Export.objects.filter(by=permit.member_id, second=False, asked_at__gt=permit.at - LOOKING_BACK)
    used = lately.filter(used_at__isnull=False).aggregate(total=Sum("taken"))["total"] or 0
    ahead = lately.filter(used_at__isnull=True, dropped_at__isnull=True, until_at__gt=permit.at)
    return int(used + (ahead.aggregate(total=Sum("count"))["total"] or 0))


@needs(Verb.EXPORT_CASELOAD)
def next_files(*, permit: Permit, export_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """The next files of a request in order of their ids, asked anew each time: who became hidden meanwhile is not
    among them."""
    row = Export.objects.get(id=export_id, by=permit.member_id)
    chosen = _chosen(permit, row.scope, row.since_at, row.before_at)
    if after is not None:
        chosen = chosen.filter(id__gt=after)
    return list(chosen.order_by("id").values_list("id", flat=True)[:limit])


def _chosen(
    permit: Permit, scope: str, since_at: datetime | None, before_at: datetime | None
) -> QuerySet[Client, Client]:
    rows = Client.objects.filter(wrapped_key__isnull=False, merged_into__isnull=True)
    if scope == "open":
        rows = rows.filter(status="open")
    if scope == "opened_between":
        rows = rows.filter(Q(opened_at__gte=since_at) if since_at else Q())
        rows = rows.filter(Q(opened_at__lt=before_at) if before_at else Q())
    return within(permit, rows, field="id")


def _alike(permit: Permit, judged: Sequence[Judged]) -> Iterator[Alike]:
    """Rows whose names and birth date are somebody's in the vault, or in an earlier row. Names of the vault are
    compared as tokens; nothing of it is opened."""
    asked = {each.row.number: each.prospect.identity for each in judged if each.prospect}
    dated = {number: who for number, who in asked.items() if sameness(who)}
    key = permit.opened().search_key
    born = {date_token(key, day).value: day for day in {who.born for who in dated.values() if who.born}}
    there: dict[date, list[UUID]] = {}
    for value, client_id in _tokens(permit, list(born)):
        there.setdefault(born[value], []).append(client_id)
    words = {
        number: {token.value for token in name_tokens(key, called(who)) if token.kind == "word"}
        for number, who in dated.items()
        if who.born in there
    }
    holders: dict[bytes, set[UUID]] = {}
    for value, client_id in _tokens(permit, list(set().union(*words.values()))):
        holders.setdefault(value, set()).add(client_id)
    earlier = repeated(judged)
    found: dict[int, UUID] = {}
    for number, said in words.items():
        born_then = there[dated[number].born or date.min]
        same = next((each for each in born_then if all(each in holders.get(word, ()) for word in said)), None)
        if same is not None:
            found[number] = same
    codes = dict(Client.objects.filter(id__in=set(found.values())).values_list("id", "code"))
    for client_id in codes:
        permit.show("client", client_id, Level.EXISTENCE)
    for number, who in dated.items():
        if (number in found or number in earlier) and who.born:
            there_already = found.get(number)
            code = codes[there_already] if there_already else ""
            yield Alike(number, who.name, who.born, there_already, code, earlier.get(number, 0))


def _tokens(permit: Permit, values: Sequence[bytes]) -> list[tuple[bytes, UUID]]:
    """Which of these tokens stand for which files, of those she may know of."""
    found: list[tuple[bytes, UUID]] = []
    for start in range(0, len(values), CHUNK):
        rows = within(permit, Token.objects.filter(value__in=values[start : start + CHUNK]))
        found += [(bytes(value), client_id) for value, client_id in rows.values_list("value", "client_id")]
    return found


def _view(row: Upload, front: sealed.Front | None = None, plan: sealed.Plan | None = None) -> UploadView:
    return UploadView(
        id=row.id, stage=row.stage, rows=row.rows, parts=row.parts, next_part=row.next_part, brought=row.brought,
        left_out=row.left_out, started_at=row.started_at, touched_at=row.touched_at, front=front, plan=plan,
    )  # fmt: skip


def _opened(permit: Permit, row: Upload, column: str, value: bytes | None) -> bytes | None:
    if value is None:
        return None
    return _unsealed(permit, row.id, row.key_version, column, row.id, bytes(value))


def _unsealed(permit: Permit, upload_id: UUID, version: int, column: str, row: UUID, value: bytes) -> bytes:
    try:
        return sealed.opened(permit.opened(), upload_id, version, column, row, value)
    except (KeyError, WrongKey):
        raise UploadGone from None

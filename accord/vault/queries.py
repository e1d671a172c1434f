"""What an agency may look at in its own vault, opened with its key and written into the permit as shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject, Now

from accord.accounts.rules import CODE_ALPHABET
from accord.database.prepared import prepared
from accord.ledger.permits import Permit, needs
from accord.partners.models import Member
from accord.policy.words import Category, Level, Mark, Relation, Verb
from accord.sealing.tokens import Token as SearchToken
from accord.sealing.tokens import code_token, date_token, query_tokens, twin_tokens
from accord.sealing.vault import ClientKey
from accord.vault import facts
from accord.vault.facts import client_key, files, tie_names
from accord.vault.facts import family as family
from accord.vault.facts import within as within
from accord.vault.models import Case, Client, Entry, Glass, Person, Seconding, Team, Tie, Token, Wall
from accord.vault.rules import (
    CODE_LENGTH,
    GLASS_WAITS,
    LEFT,
    SERVICES,
    Detail,
    Identity,
    SafeContact,
    Served,
    Summary,
    glass_state,
    is_named,
    standing,
)

#: A search shows at most this many; beyond it the page asks for more of the name.
MOST_FOUND = 50
MOST_ENTRIES = 200
MOST_ALIKE = 3

CODE = re.compile(rf"[A-Z]{{1,4}}-[{CODE_ALPHABET}]{{{CODE_LENGTH}}}")
#: As typed into a search box: ISO, then month first, then day first, because the first that can be read wins.
DATE_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y")


@dataclass(frozen=True, slots=True)
class ClientLine:
    """One client in a list. `name` is empty when she is known by her code alone."""

    id: UUID
    code: str
    name: str
    status: str
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class PersonView:
    id: UUID
    relation: Relation
    identity: Identity
    contact: SafeContact
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry. `detail` is None in lists, where only the summary is opened."""

    id: UUID
    client_id: UUID
    about_id: UUID
    kind: str
    category: Category
    status: str
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: UUID | None
    imported: bool
    summary: Summary
    detail: Detail | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works with a client, since when."""

    id: UUID
    name: str
    title: str
    since_at: datetime


@dataclass(frozen=True, slots=True)
class FileView:
    """What tells whether two files are about one person."""

    id: UUID
    code: str
    opened_at: datetime
    herself: PersonView
    harms: tuple[str, ...]
    entries: int
    merged: int


@dataclass(frozen=True, slots=True)
class MergedFile:
    """A file about the same person, shown with hers."""

    id: UUID
    code: str
    merged_at: datetime
    herself: PersonView


@dataclass(frozen=True, slots=True)
class WallLine:
    """A wall that stands: who is off whose file, why, and who said so."""

    id: UUID
    client_id: UUID
    code: str
    member_id: UUID
    member: str
    kind: str
    since_at: datetime
    by: UUID | None
    relation: str = ""
    """Who in the file seems to be her or hers, when it was found."""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TieView:
    """Somebody a member says she is connected to; she alone reads it."""

    id: UUID
    names: tuple[str, ...]
    kind: str
    since_at: datetime


@dataclass(frozen=True, slots=True)
class GlassView:
    """Emergency access, as whoever looks may know it. `client_id` and `code` are empty when the code typed was no
    file's. `state`: waits, agreed, refused, open, ended or lapsed."""

    id: UUID
    member_id: UUID
    member: str
    client_id: UUID | None
    code: str
    reason: str
    words: str
    asked_at: datetime
    state: str
    opened_at: datetime | None
    until_at: datetime | None
    crossing: bool
    second_by: UUID | None
    partner_id: UUID | None
    partner_by: str
    reviewed_at: datetime | None
    reviewed_by: UUID | None
    outcome: str


@dataclass(frozen=True, slots=True)
class SecondingView:
    """What a partner is told that is asked to agree: no client and no name."""

    id: UUID
    holder_id: UUID
    reason: str
    role: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ClientView:
    """One client's file as her own agency keeps it. `merged_into` is the file it belongs to; `merged` are those that
    belong to it, and their people and entries stand among its own."""

    id: UUID
    code: str
    status: str
    opened_at: datetime
    herself: PersonView
    others: tuple[PersonView, ...]
    harms: tuple[str, ...]
    entries: tuple[EntryView, ...]
    more_entries: bool
    team: tuple[Colleague, ...] = ()
    merged: tuple[MergedFile, ...] = ()
    merged_into: UUID | None = None


@needs(Verb.FIND_CLIENTS)
def find(*, permit: Permit, text: str) -> tuple[list[ClientLine], bool]:
    """Own clients whose story holds every typed word: a name or alias (whole word, then sound and first three letters),
    a birth date, or a code. Returns at most `MOST_FOUND` lines, whole words first, and whether there were more."""
    wanted = _tokens(permit.opened().search_key, text)
    if not wanted:
        return [], False
    found: dict[UUID, None] = {}
    for depth in (1, None):
        # Tokens only, and no order: with 100,000 clients a common name would have to be sorted before the first fifty.
        first, *others = [[token.value for token in alternatives[:depth]] for alternatives in wanted]
        rows = within(permit, Token.objects.filter(value__in=first))
        for values in others:
            same = Token.objects.filter(agency_id=OuterRef("agency_id"), client_id=OuterRef("client_id"))
            rows = rows.filter(Exists(same.filter(value__in=values)))
        for client_id in rows.values_list("client_id", flat=True).distinct()[: MOST_FOUND + 1]:
            found.setdefault(client_id)
        if len(found) > MOST_FOUND:
            break
    rows = Client.objects.select_related("shred", "merged_into__shred").in_bulk(list(found)[:MOST_FOUND])
    files = {file.id: file for file in (rows[id].merged_into or rows[id] for id in found if id in rows)}
    return _lines(permit, files.values()), len(found) > MOST_FOUND


@needs(Verb.FIND_CLIENTS, Verb.READ_DAY)
def recent(*, permit: Permit, limit: int = MOST_FOUND) -> list[ClientLine]:
    """Own open clients, last touched first."""
    rows = within(permit, Client.objects.filter(wrapped_key__isnull=False, status="open"), "id")
    rows = rows.filter(merged_into__isnull=True).select_related("shred")
    return _lines(permit, rows.order_by("-touched_at")[:limit])


@needs(
    Verb.READ_CLIENT, Verb.READ_DAY, Verb.FIND_CLIENTS, Verb.READ_LEDGER, Verb.READ_ACCOUNTING,
    Verb.RECEIVE_PROCESS, Verb.READ_PROCESS, Verb.REVIEW_PROCESS, Verb.HOLD_PROCESS, Verb.ANSWER_PROCESS, Verb.TRY_LAW,
)  # fmt: skip
def codes(*, permit: Permit, client_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Codes of own clients, for lists and logs that name nobody."""
    if not client_ids:
        return {}
    return dict(within(permit, Client.objects.filter(id__in=client_ids), "id").values_list("id", "code"))


@needs(Verb.READ_LEDGER, Verb.WALL_CLIENT, Verb.READ_PROCESS)
def coded(*, permit: Permit, code: str) -> UUID | None:
    """The id behind an own client's code, deleted or not; None when there is none."""
    rows = within(permit, Client.objects.filter(code=code.strip().upper()), "id")
    found: UUID | None = rows.values_list("id", flat=True).first()
    return found


@needs(Verb.READ_CLIENT)
def client(*, permit: Permit, client_id: UUID, entries: int = MOST_ENTRIES) -> ClientView:
    """One client's file: people, case, and summaries of her entries, newest first, with those of files merged into it
    and who works with her."""
    row, *others = found = _files(client_id)
    keys = {file.id: client_key(permit.opened(), file) for file in found}
    selves: dict[UUID, PersonView] = {}
    people: list[PersonView] = []
    for person in _people(client_id):
        view = _person(keys[person.client_id], person)
        if view.relation is Relation.SELF:
            selves[person.client_id] = view
        else:
            people.append(view)
    rows = list(Entry.objects.filter(client_id__in=keys).defer("detail").order_by("-occurred_at", "id")[: entries + 1])
    shown = [_entry(keys[entry.client_id], entry, with_detail=False) for entry in rows[:entries]]
    for id in keys:
        permit.show("client", id, Level.FULL)
    for entry in shown:
        permit.show("entry", entry.id, Level.SUMMARY)
    return ClientView(
        id=row.id,
        code=row.code,
        status=row.status,
        opened_at=row.opened_at,
        herself=selves[row.id],
        others=tuple(people),
        harms=tuple(dict.fromkeys(harm for file in found for harm in file.harms or ())),
        entries=tuple(shown),
        more_entries=len(rows) > entries,
        team=_team(found),
        merged=tuple(MergedFile(file.id, file.code, file.merged_at, selves[file.id]) for file in others),
        merged_into=row.merged_into_id,
    )


@needs(Verb.EXPORT_CASELOAD)
def whole(*, permit: Permit, client_ids: Sequence[UUID]) -> list[tuple[ClientView, list[EntryView]]]:
    """Files as they leave: each with those merged into it and every entry with its detail, newest first. A few
    questions for all of them together; who works with her stays here."""
    named = Q(id__in=client_ids) | Q(merged_into__in=client_ids)
    alive = within(permit, Client.objects.filter(named, wrapped_key__isnull=False), "id")
    rows = list(alive.select_related("shred").annotate(harms=_latest_harms()).order_by("merged_at", "id"))
    home = {row.id: row.merged_into_id if row.merged_into_id in client_ids else row.id for row in rows}
    keys = {row.id: client_key(permit.opened(), row) for row in rows}
    selves: dict[UUID, PersonView] = {}
    people: dict[UUID, list[PersonView]] = {}
    for person in Person.objects.filter(client_id__in=keys):
        view = _person(keys[person.client_id], person)
        if view.relation is Relation.SELF:
            selves[person.client_id] = view
        else:
            people.setdefault(home[person.client_id], []).append(view)
    told: dict[UUID, list[EntryView]] = {}
    for entry in Entry.objects.filter(client_id__in=keys).order_by("-occurred_at", "id"):
        told.setdefault(home[entry.client_id], []).append(_entry(keys[entry.client_id], entry, with_detail=True))
        permit.show("entry", entry.id, Level.FULL)
    found = {row.id: row for row in rows}
    for id in keys:
        permit.show("client", id, Level.FULL)
    files = []
    for row in (found[id] for id in client_ids if id in found):
        merged = [each for each in rows if home[each.id] == row.id != each.id]
        file = ClientView(
            id=row.id,
            code=row.code,
            status=row.status,
            opened_at=row.opened_at,
            herself=selves[row.id],
            others=tuple(people.get(row.id, ())),
            harms=tuple(dict.fromkeys(harm for each in (row, *merged) for harm in each.harms or ())),
            entries=(),
            more_entries=False,
            merged=tuple(MergedFile(each.id, each.code, each.merged_at, selves[each.id]) for each in merged),
            merged_into=row.merged_into_id,
        )
        files.append((file, told.get(row.id, [])))
    return files


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.DISCLOSE, Verb.EXPORT_CLIENT)
def entries(
    *,
    permit: Permit,
    client_id: UUID,
    entry_ids: Sequence[UUID] | None = None,
    about: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = MOST_ENTRIES,
) -> list[EntryView]:
    """Entries of one client with their detail, newest first; `after` (moment, id) continues a batch."""
    keys = {file.id: client_key(permit.opened(), file) for file in _files(client_id)}
    rows = Entry.objects.filter(client_id__in=keys)
    if entry_ids is not None:
        rows = rows.filter(id__in=list(entry_ids))
    if about is not None:
        rows = rows.filter(about_id=about)
    if after is not None:
        rows = rows.filter(occurred_at__lte=after[0]).exclude(occurred_at=after[0], id__lte=after[1])
    rows = rows.order_by("-occurred_at", "id")[:limit]
    views = [_entry(keys[entry.client_id], entry, with_detail=True) for entry in rows]
    for view in views:
        permit.show("entry", view.id, Level.FULL)
    return views


@needs(Verb.READ_CLIENT)
def services(*, permit: Permit, client_id: UUID) -> list[Served]:
    """Where each service stands for her, her children and her household; what a partner did is not ours to count."""
    steps = []
    keys: dict[UUID, ClientKey] = {}
    for entry in _services(client_id):
        key = keys.get(entry.client_id) or client_key(permit.opened(), entry.client)
        keys[entry.client_id] = key
        detail = Detail.of(key.open("vault_entry", "detail", entry.id, bytes(entry.detail)))
        if detail.values.get("service") in SERVICES and "first_from" not in detail.source:
            steps.append(
                Served(
                    about=entry.herself if entry.about.relation == Relation.SELF else entry.about_id,
                    service=detail.values["service"],
                    step=entry.status,
                    occurred_at=entry.occurred_at,
                    recorded_at=entry.recorded_at,
                    why=detail.values.get("why", ""),
                )
            )
    permit.show("client", client_id, Level.FULL)
    return standing(steps)


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE)
def held(
    *, permit: Permit, client_id: UUID, about: UUID, marks: Collection[Mark] | None = None
) -> Mapping[Category, int]:
    """How many entries of each category a file holds about one person; with `marks`, those with one of them. None is
    opened."""
    rows = Entry.objects.filter(client_id=client_id, about_id=about)
    if marks is not None:
        rows = rows.filter(marks__overlap=[mark.value for mark in marks])
    counts = rows.values_list("category").annotate(held=Count("id"))
    return {Category(category): count for category, count in counts}


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE)
def marks(*, permit: Permit, client_id: UUID) -> frozenset[Mark]:
    """Which marks of special protection entries of one file carry; none is opened."""
    rows = Entry.objects.filter(client_id=client_id).exclude(marks=[]).values_list("marks", flat=True).distinct()
    return frozenset(Mark(mark) for found in rows for mark in found)


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.DISCLOSE, Verb.EXPORT_CLIENT)
def herself(*, permit: Permit, client_id: UUID) -> PersonView:
    """Who the client is."""
    row = Client.objects.select_related("shred").get(id=client_id, wrapped_key__isnull=False)
    key = client_key(permit.opened(), row)
    permit.show("client", client_id, Level.FULL)
    return _person(key, Person.objects.get(client_id=client_id, relation=Relation.SELF))


@needs(Verb.READ_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE, Verb.DISCLOSE)
def somebody(*, permit: Permit, client_id: UUID, person_id: UUID) -> PersonView:
    """One person of a client's story: herself or somebody near her."""
    row = Person.objects.select_related("client__shred").get(client_id__in=family(client_id), id=person_id)
    permit.show("client", row.client_id, Level.FULL)
    return _person(client_key(permit.opened(), row.client), row)


@needs(Verb.READ_CLIENT)
def alike(*, permit: Permit, client_id: UUID, identity: Identity, limit: int = MOST_ALIKE) -> list[ClientLine]:
    """Own files that may be about the same person, the one `client_id` says is `identity`: of the same full name, or
    born on the same day with a name that sounds alike. None that belongs to her file already."""
    values = [token.value for token in twin_tokens(permit.opened().search_key, identity.names, identity.born)]
    if not values:
        return []
    rows = within(permit, Token.objects.filter(value__in=values)).exclude(client_id=client_id)
    found = list(rows.values_list("client_id", flat=True).distinct()[: limit + 1])
    if not found:
        return []
    clients = Client.objects.select_related("shred", "merged_into__shred").filter(id__in=found)
    files = {file.id: file for file in (row.merged_into or row for row in clients)}
    files.pop(client_id, None)
    return _lines(permit, files.values())[:limit]


@needs(Verb.MERGE_CLIENTS)
def compared(*, permit: Permit, client_ids: Sequence[UUID]) -> list[FileView]:
    """Files side by side, opened far enough to tell whether they are about one person; the oldest first. Those that are
    not there, or belong to another file, are left out."""
    rows = within(permit, Client.objects.filter(id__in=client_ids, wrapped_key__isnull=False), "id")
    rows = rows.filter(merged_into__isnull=True).select_related("shred").annotate(harms=_latest_harms())
    views = []
    for row in rows.order_by("opened_at", "id"):
        permit.show("client", row.id, Level.SUMMARY)
        views.append(
            FileView(
                id=row.id,
                code=row.code,
                opened_at=row.opened_at,
                herself=_person(
                    client_key(permit.opened(), row), Person.objects.get(client_id=row.id, relation=Relation.SELF)
                ),
                harms=tuple(row.harms or ()),
                entries=Entry.objects.filter(client_id=row.id).count(),
                merged=len(family(row.id)) - 1,
            )
        )
    return views


@needs(Verb.MANAGE_MEMBERS, Verb.ASSIGN_CLIENT)
def assigned(*, permit: Permit, member_id: UUID) -> int:
    """With how many clients a member works."""
    count: int = Team.objects.filter(member_id=member_id, ended_at__isnull=True).count()
    return count


@needs(Verb.WALL_CLIENT)
def walls(*, permit: Permit, client_id: UUID | None = None, limit: int = MOST_ENTRIES) -> list[WallLine]:
    """Walls that stand, the newest first; with `client_id`, those around one client."""
    rows = Wall.objects.filter(lifted_at__isnull=True)
    if client_id is not None:
        rows = rows.filter(client_id__in=family(client_id))
    return _walls(permit, rows, limit)


@needs(Verb.WALL_CLIENT)
def walls_lately(*, permit: Permit, days: int = 7) -> list[WallLine]:
    """Walls of the last days that somebody else set, for a supervisor's day."""
    rows = Wall.objects.filter(lifted_at__isnull=True, since_at__gte=permit.at - timedelta(days=days))
    return _walls(permit, rows.exclude(by=permit.member_id), MOST_ENTRIES)


@needs(Verb.WALL_CLIENT)
def walls_found(*, permit: Permit) -> list[WallLine]:
    """Walls that stand because somebody in a file seems to be a colleague or hers, and nobody has looked at yet."""
    rows = Wall.objects.filter(lifted_at__isnull=True, seen_at__isnull=True, by__isnull=True)
    return _walls(permit, rows, MOST_ENTRIES)


@needs(Verb.REVIEW_GLASS)
def walls_left(*, permit: Permit) -> list[WallLine]:
    """Names in files that walled nobody off and that nobody has looked at yet; never the asker's own."""
    rows = Wall.objects.filter(lifted_why=LEFT, seen_at__isnull=True).exclude(member_id=permit.member_id)
    return _walls(permit, rows, MOST_ENTRIES)


@needs(Verb.WALL_CLIENT)
def wall(*, permit: Permit, wall_id: UUID) -> WallLine | None:
    """One wall that stands; None when there is none, or it is her own."""
    found = _walls(permit, Wall.objects.filter(id=wall_id, lifted_at__isnull=True), 1)
    return found[0] if found else None


@needs(Verb.EDIT_CLIENT, Verb.OPEN_CLIENT)
def walled_off(*, permit: Permit, client_id: UUID) -> bool:
    """Whether what the asker has just written walls her off the file herself."""
    rows = Wall.objects.filter(client_id__in=family(client_id), member_id=permit.member_id, lifted_at__isnull=True)
    return bool(rows.exists())


@needs(Verb.DECLARE_TIES)
def ties(*, permit: Permit) -> list[TieView]:
    """Whom the asker says she is connected to; nobody reads anybody else's."""
    rows = Tie.objects.filter(member_id=permit.member_id, ended_at__isnull=True).order_by("since_at", "id")
    return [TieView(row.id, tuple(tie_names(permit.opened(), row)), row.kind, row.since_at) for row in rows]


@needs(Verb.BREAK_GLASS)
def askable(*, permit: Permit, elsewhere: Collection[UUID]) -> list[UUID]:
    """The partners she may ask to agree, in order of name; none where her own account works."""
    return facts.askable(permit.agency_id, elsewhere)


@needs(Verb.BREAK_GLASS)
def glasses(*, permit: Permit, limit: int = MOST_FOUND) -> list[GlassView]:
    """The asker's own emergency access, the newest first. A refusal looks like waiting, and a wall like a code that is
    no file's: neither tells her that the file exists."""
    rows = _glass_rows(Glass.objects.filter(member_id=permit.member_id))[:limit]
    return [_of_her_own(view) for view in _glasses(permit, rows, words=False)]


@needs(Verb.BREAK_GLASS)
def glass(*, permit: Permit, glass_id: UUID) -> GlassView | None:
    """One of her own."""
    rows = _glass_rows(Glass.objects.filter(member_id=permit.member_id, id=glass_id))
    return next((_of_her_own(view) for view in _glasses(permit, rows, words=False)), None)


@needs(Verb.SECOND_GLASS)
def glasses_to_second(*, permit: Permit) -> list[GlassView]:
    """What waits for the agency's own director, the longest first; not her own or of somebody who bears her name, and
    nothing about a file she is walled off herself."""
    rows = Glass.objects.filter(client__isnull=False, opened_at__isnull=True, second_at__isnull=True)
    rows = within(permit, rows).filter(asked_at__gt=Now() - GLASS_WAITS).exclude(member_id=permit.member_id)
    name = Member.objects.values_list("name", flat=True).get(id=permit.member_id)
    waiting = _glass_rows(rows).order_by("asked_at", "id")
    return _glasses(permit, [row for row in waiting if not is_named(row.member.name, name)], words=True)


@needs(Verb.SECOND_PARTNER)
def partners_to_second(*, permit: Permit) -> list[SecondingView]:
    """What partners ask this agency to agree to, the longest first."""
    rows = Seconding.objects.filter(agency_id=permit.agency_id, answered_at__isnull=True)
    return [
        SecondingView(row.id, row.holder_id, row.reason, row.role, row.asked_at)
        for row in rows.filter(asked_at__gt=Now() - GLASS_WAITS).order_by("asked_at", "id")
    ]


@needs(Verb.REVIEW_GLASS)
def glasses_to_review(*, permit: Permit) -> list[GlassView]:
    """Emergency access nobody has looked at yet, from the moment it is asked for; the oldest first, not her own."""
    rows = Glass.objects.filter(reviewed_at__isnull=True).exclude(member_id=permit.member_id)
    rows = within(permit, rows).exclude(second_by=permit.member_id)
    return _glasses(permit, _glass_rows(rows).order_by("asked_at", "id"), words=False)


@needs(Verb.REVIEW_GLASS)
def glasses_reviewed(*, permit: Permit, limit: int = MOST_FOUND) -> list[GlassView]:
    """What was looked at, and what was found, the newest first."""
    rows = within(permit, Glass.objects.filter(reviewed_at__isnull=False)).exclude(member_id=permit.member_id)
    return _glasses(permit, _glass_rows(rows).order_by("-reviewed_at", "id")[:limit], words=False)


@needs(Verb.REVIEW_GLASS)
def glass_to_review(*, permit: Permit, glass_id: UUID) -> GlassView | None:
    """One to look at, with the reason in her words; looked at or not."""
    rows = within(permit, Glass.objects.filter(id=glass_id)).exclude(member_id=permit.member_id)
    found = _glasses(permit, _glass_rows(rows), words=True)
    return found[0] if found else None


def _glass_rows(rows: QuerySet[Glass]) -> QuerySet[Glass]:
    """With what is asked of each, by the database's clock."""
    yes = Seconding.objects.filter(holder_id=OuterRef("agency_id"), glass=OuterRef("id"))
    return (
        rows.select_related("member", "client__shred")
        .annotate(
            stands=Q(until_at__gt=Now()),
            waits=Q(asked_at__gt=Now() - GLASS_WAITS),
            partner_agreed=Subquery(yes.values("agreed")[:1]),
            partner_by=Subquery(yes.values("answered_name")[:1]),
        )
        .order_by("-asked_at", "id")
    )


def _glasses(permit: Permit, rows: Iterable[Glass], *, words: bool) -> list[GlassView]:
    return [
        GlassView(
            id=row.id,
            member_id=row.member_id,
            member=row.member.name,
            client_id=row.client_id,
            code=row.client.code if row.client else "",
            reason=row.reason,
            words=_glass_words(permit, row) if words else "",
            asked_at=row.asked_at,
            state=glass_state(
                opened=row.opened_at is not None,
                stands=row.stands,
                waits=row.waits,
                own=row.agreed,
                partner=row.partner_agreed,
            ),
            opened_at=row.opened_at,
            until_at=row.until_at,
            crossing=row.crossing,
            second_by=row.second_by,
            partner_id=row.partner_id,
            partner_by=row.partner_by or "",
            reviewed_at=row.reviewed_at,
            reviewed_by=row.reviewed_by,
            outcome=row.outcome,
        )
        for row in rows
    ]


def _glass_words(permit: Permit, row: Glass) -> str:
    """Why, as she wrote it; nothing for a code that was no file's, or a file that was deleted since."""
    if row.client is None or row.words is None or row.client.wrapped_key is None:
        return ""
    return client_key(permit.opened(), row.client).open("vault_glass", "words", row.id, bytes(row.words)).decode()


def _of_her_own(view: GlassView) -> GlassView:
    if view.state in ("open", "ended"):
        return replace(view, second_by=None, partner_by="", reviewed_at=None, reviewed_by=None, outcome="")
    state = "waits" if view.state == "refused" else view.state
    hidden = replace(view, client_id=None, code="", second_by=None, partner_by="", reviewed_at=None, reviewed_by=None)
    return replace(hidden, outcome="", state=state)


def _walls(permit: Permit, rows: QuerySet[Wall], limit: int) -> list[WallLine]:
    rows = within(permit, rows).select_related("client", "member", "person").order_by("-since_at", "id")[:limit]
    return [
        WallLine(
            id=row.id,
            client_id=row.client_id,
            code=row.client.code,
            member_id=row.member_id,
            member=row.member.name,
            kind=row.kind,
            since_at=row.since_at,
            by=row.by,
            relation=row.person.relation if row.person else "",
            seen_at=row.seen_at,
        )
        for row in rows
    ]


def _files(client_id: UUID) -> list[Client]:
    """Her file, then those merged into it, each with who works on it and the harms of its latest case. Raises
    Client.DoesNotExist for one that is not there or has been deleted."""
    found = sorted(_family(client_id), key=lambda file: (file.id != client_id, str(file.merged_at), file.id))
    if not found or found[0].id != client_id:
        raise Client.DoesNotExist
    return found


@prepared
def _family(client_id: UUID) -> QuerySet[Client]:
    teams = Team.objects.filter(agency_id=OuterRef("agency_id"), client_id=OuterRef("id"), ended_at__isnull=True)
    named = teams.values(json=JSONObject(id="member_id", name="member__name", title="member__title", since="since_at"))
    rows = Client.objects.filter(Q(id=client_id) | Q(merged_into=client_id), wrapped_key__isnull=False)
    working = ArraySubquery(named.order_by("since_at"))
    return rows.select_related("shred").annotate(working=working, harms=_latest_harms())


@prepared
def _people(client_id: UUID) -> QuerySet[Person]:
    return Person.objects.filter(client_id__in=files(client_id).filter(wrapped_key__isnull=False))


@prepared
def _services(client_id: UUID) -> QuerySet[Entry]:
    herself = Person.objects.filter(client_id=client_id, relation=Relation.SELF).values("id")
    rows = Entry.objects.filter(client_id__in=files(client_id), client__wrapped_key__isnull=False, kind="service")
    return rows.select_related("about", "client__shred").defer("summary").annotate(herself=Subquery(herself))


def _team(files: Iterable[Client]) -> tuple[Colleague, ...]:
    """Who works with her in any of these files, each once."""
    found: dict[UUID, Colleague] = {}
    for each in (each for file in files for each in file.working):
        id = UUID(each["id"])
        found.setdefault(id, Colleague(id, each["name"], each["title"], datetime.fromisoformat(each["since"])))
    return tuple(found.values())


def _latest_harms() -> Subquery:
    """The harms of the latest case of each file, asked for together with the file; None without a case."""
    return Subquery(Case.objects.filter(client_id=OuterRef("id")).order_by("-opened_at").values("harms")[:1])


def _lines(permit: Permit, rows: Iterable[Client]) -> list[ClientLine]:
    """Lines of clients that were read with their shred."""
    rows = list(rows)
    vault = permit.opened()
    people = {
        person.client_id: person
        for person in Person.objects.filter(client_id__in=[row.id for row in rows], relation=Relation.SELF)
    }
    lines = []
    for row in rows:
        key = client_key(vault, row)
        name = _person(key, people[row.id]).identity.name
        lines.append(ClientLine(row.id, row.code, name, row.status, row.touched_at))
        permit.show("client", row.id, Level.EXISTENCE)
    return lines


def _person(key: ClientKey, row: Person) -> PersonView:
    return PersonView(
        id=row.id,
        relation=Relation(row.relation),
        identity=Identity.of(key.open("vault_person", "identity", row.id, bytes(row.identity))),
        contact=SafeContact.of(key.open("vault_person", "contact", row.id, bytes(row.contact)))
        if row.contact
        else SafeContact(),
        left_at=row.left_at,
    )


def _entry(key: ClientKey, row: Entry, *, with_detail: bool) -> EntryView:
    return EntryView(
        id=row.id,
        client_id=row.client_id,
        about_id=row.about_id,
        kind=row.kind,
        category=Category(row.category),
        status=row.status,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        imported=row.origin is not None,
        summary=Summary.of(key.open("vault_entry", "summary", row.id, bytes(row.summary))),
        detail=Detail.of(key.open("vault_entry", "detail", row.id, bytes(row.detail))) if with_detail else None,
        marks=tuple(Mark(mark) for mark in row.marks),
    )


def _tokens(key: bytes, text: str) -> list[list[SearchToken]]:
    """What to look for: per typed word, its tokens from the surest to the vaguest."""
    text = text.strip()
    if CODE.fullmatch(text.upper()):
        return [[code_token(key, text.upper())]]
    for form in DATE_FORMS:
        with suppress(ValueError):
            return [[date_token(key, datetime.strptime(text, form).replace(tzinfo=UTC).date())]]
    return query_tokens(key, text)

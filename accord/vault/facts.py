"""How vault rows look to the law."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Now

from accord.database.arrays import among
from accord.database.prepared import prepared
from accord.ledger.permits import EVERYTHING, Permit, Scope
from accord.partners.models import Access, Agency, Member
from accord.policy.facts import Thing
from accord.policy.words import VICTIM_SERVICE_DUTIES, AgencyKind, Category, Mark, Relation, Role
from accord.sealing.fields import aad, open_sealed
from accord.sealing.keys import Secret, derive
from accord.sealing.vault import ClientKey, Vault
from accord.vault.likeness import Watch, Watched
from accord.vault.models import Client, Entry, Glass, Person, Team, Tie, Wall
from accord.vault.rules import SAME_NAME

M = TypeVar("M", bound=models.Model)

#: Who works with people at all.
WORKING = frozenset({Role.WORKER, Role.SUPERVISOR})
#: No end, where only a glass has one.
NEVER = Value(None, output_field=models.DateTimeField())


def client_thing(client_id: UUID) -> Thing | None:
    """The client herself as a thing, or None when she is not in this agency's vault or has been deleted."""
    herself = _herself(client_id)
    return Thing(category=Category.IDENTITY, subject=str(herself[0]), id=str(client_id)) if herself else None


@prepared
def _herself(client_id: UUID) -> QuerySet[Person]:
    rows = Person.objects.filter(client_id=client_id, relation=Relation.SELF, client__wrapped_key__isnull=False)
    return rows.values_list("id", flat=True)


def entry_things(client_id: UUID, categories: Iterable[str] | None = None, entry_id: UUID | None = None) -> list[Thing]:
    """Entries of one client as things, newest first, optionally only some categories or one entry."""
    rows = Entry.objects.filter(client_id=client_id)
    if categories is not None:
        rows = rows.filter(category__in=list(categories))
    if entry_id is not None:
        rows = rows.filter(id=entry_id)
    return _things(rows.order_by("-occurred_at", "id"))


def things(entry_ids: Iterable[UUID]) -> dict[UUID, Thing]:
    """Entries, of whichever clients, as things by id."""
    return {UUID(thing.id): thing for thing in _things(Entry.objects.filter(id__in=list(entry_ids)))}


def _things(rows: QuerySet[Entry]) -> list[Thing]:
    return [
        Thing(
            category=Category(row["category"]),
            subject=str(row["about_id"]),
            relation=Relation(row["about__relation"]),
            marks=frozenset(Mark(mark) for mark in row["marks"]),
            id=str(row["id"]),
        )
        for row in rows.values("id", "category", "marks", "about_id", "about__relation")
    ]


@dataclass(frozen=True, slots=True)
class Broken:
    """Emergency access that stands: which glass, and when the database ends it."""

    glass: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What one member may know of; the persons she may not work with, everybody in the files she is walled off; and the
    files a glass of hers opens now."""

    scope: Scope = EVERYTHING
    conflicts: frozenset[str] = frozenset()
    broken: Mapping[UUID, Broken] = field(default_factory=dict)


def known(member_id: UUID, *, teams: bool) -> Known:
    """Where one member stands toward the files of her agency.

    `teams`: her agency keeps each file to the people who work with her. Files about one person, merged, stand and fall
    together. A glass counts while the database's clock says so; one behind which a single person stands opens nothing
    she is walled off. One small query; two more only for somebody who is walled off a file or broke a glass. The rows
    of files are not joined: in a large agency PostgreSQL would read all of them for a caseload of some hundred.
    """
    rows = _in_teams(member_id) if teams else _alone(member_id)
    found: dict[str, dict[UUID, UUID]] = {"wall": {}, "team": {}, "merged": {}, "glass": {}, "crossing": {}}
    until: dict[UUID, datetime] = {}
    for kind, file, other, ends in rows:
        found[kind][file] = other
        until[other] = ends
    if (found["wall"] or found["glass"] or found["crossing"]) and not teams:
        found["merged"] = {file: belongs_to for _kind, file, belongs_to, _ends in _merged()}
    hidden = _families(found["wall"], found["merged"])
    only = _families(found["team"], found["merged"]) if teams else None
    broken: dict[UUID, Broken] = {}
    for kind in ("glass", "crossing"):
        for file, glass in found[kind].items():
            opens = _families([file], found["merged"])
            if kind == "crossing" or not opens & hidden:
                broken |= dict.fromkeys(opens, Broken(glass, until[glass]))
    subjects = Person.objects.filter(client_id__in=hidden).values_list("id", flat=True) if hidden else ()
    return Known(Scope(hidden, only), frozenset(str(person) for person in subjects), broken)


def within(permit: Permit, rows: QuerySet[M], field: str = "client_id") -> QuerySet[M]:
    """The rows about files this member may know of. Every list over several clients goes through here."""
    if permit.scope.hidden:
        rows = rows.exclude(**{f"{field}__in": permit.scope.hidden})
    if permit.scope.only is not None:
        rows = rows.filter(**{f"{field}__in": permit.scope.only})
    return rows


def family(client_id: UUID) -> list[UUID]:
    """The files about one person: the one asked for, then those merged into it. One that is merged itself stands alone:
    what is signed, sent or written in it stays its own."""
    merged = Client.objects.filter(merged_into=client_id, wrapped_key__isnull=False).order_by("merged_at", "id")
    return [client_id, *merged.values_list("id", flat=True)]


def files(client_id: UUID) -> QuerySet[Client]:
    """`family` as a part of another question: `client_id__in=files(...)` asks nothing of its own. Deleted ones are
    among them."""
    return Client.objects.filter(Q(id=client_id) | Q(merged_into=client_id)).values("id")


@prepared
def _alone(member_id: UUID) -> QuerySet[Any, Any]:
    """Walls and glasses of a member."""
    walls = _marked("wall", Wall.objects.filter(member_id=member_id, lifted_at__isnull=True))
    return walls.union(_standing(member_id), all=True)


@prepared
def _in_teams(member_id: UUID) -> QuerySet[Any, Any]:
    """The same, the files she works on, and which files belong together."""
    walls = _marked("wall", Wall.objects.filter(member_id=member_id, lifted_at__isnull=True))
    working = _marked("team", Team.objects.filter(member_id=member_id, ended_at__isnull=True))
    return walls.union(_standing(member_id), working, _merged(), all=True)


def _marked(kind: str, rows: QuerySet[M]) -> QuerySet[Any, Any]:
    return rows.values_list(Value(kind), "client_id", "client_id", NEVER)


def _merged() -> QuerySet[Any, Any]:
    """Every merged file of the agency and the one it belongs to; they are few, and have an index of their own."""
    rows = Client.objects.filter(merged_into__isnull=False)
    return rows.values_list(Value("merged"), "id", "merged_into_id", NEVER)


def _standing(member_id: UUID) -> QuerySet[Any, Any]:
    """The glasses of a member that stand now, and whether one crosses a wall."""
    crossing = models.Case(models.When(crossing=True, then=Value("crossing")), default=Value("glass"))
    rows = Glass.objects.filter(member_id=member_id, until_at__gt=Now())
    return rows.values_list(crossing, "client_id", "id", "until_at")


def _families(ids: Iterable[UUID], merged: Mapping[UUID, UUID]) -> frozenset[UUID]:
    """These files and every other about the same people."""
    roots = {merged.get(id, id) for id in ids}
    return frozenset(roots | {file for file, belongs_to in merged.items() if belongs_to in roots})


def client_key(vault: Vault, client: Client) -> ClientKey:
    """Her key, opened. Raises WrongKey, or Shred.DoesNotExist for somebody deleted."""
    return vault.client_key(client.id, bytes(client.wrapped_key), bytes(client.shred.secret))


def askable(agency_id: UUID, elsewhere: Collection[UUID]) -> list[UUID]:
    """The partners that may agree to this agency's emergency access: none where it is a victim service provider, whose
    own director alone may (34 USC 12291(b)(2)); and no agency of `elsewhere`, where whoever asks works herself."""
    duties = Agency.objects.values_list("duties", flat=True).get(id=agency_id)
    if VICTIM_SERVICE_DUTIES.intersection(duties):
        return []
    partners = Agency.objects.exclude(id__in=[agency_id, *elsewhere]).exclude(
        kind__in=[AgencyKind.FUNDER, AgencyKind.OPERATOR]
    )
    return list(partners.order_by("name").values_list("id", flat=True))


def watch(vault: Vault, member_id: UUID | None = None) -> Watch:
    """The names this agency watches for in its files: those of everybody who works here, or of one member, and those
    they say they are connected to."""
    found = Watch(vault.search_key)
    members = Member.objects.filter(agency_id=vault.agency_id, left_at__isnull=True)
    if member_id is not None:
        members = members.filter(id=member_id)
    for id, name in members.values_list("id", "name"):
        found.add(name, Watched(id, SAME_NAME))
    ties = Tie.objects.filter(member_id__in=members.values("id"), ended_at__isnull=True)
    for tie in ties.order_by("since_at", "id"):
        for name in tie_names(vault, tie):
            found.add(name, Watched(tie.member_id, tie.kind))
    return found


def tie_key(vault: Vault) -> Secret:
    """What seals the names of ties: a key of the agency that does not turn with the vault's."""
    return derive(vault.search_key, b"accord/tie")


def tie_names(vault: Vault, tie: Tie) -> list[str]:
    """The names of a tie, opened."""
    place = aad(tie.agency_id, "vault_tie", "names", tie.id)
    names: list[str] = json.loads(open_sealed(tie_key(vault), bytes(tie.names), place))
    return names


# ------------------------------------------------------------------ who may be given something about her, and who hears


def working(agency_id: UUID) -> QuerySet[Member]:
    """Who works here with people, in order of name."""
    rows = Member.objects.filter(agency_id=agency_id, left_at__isnull=True, roles__overlap=sorted(WORKING))
    return rows.order_by("name", "id")


def takers(agency_id: UUID, client_id: UUID | None) -> dict[UUID, str]:
    """Who can be given something to do, by id; about a client, those who may know of her file."""
    rows = working(agency_id)
    if client_id is not None:
        root = Client.objects.values_list("merged_into", flat=True).get(id=client_id)
        hers = family(root or client_id)
        rows = rows.exclude(id__in=Wall.objects.filter(client_id__in=hers, lifted_at__isnull=True).values("member_id"))
        if _by_team(agency_id):
            team = Team.objects.filter(client_id__in=hers, ended_at__isnull=True)
            rows = rows.filter(Q(id__in=team.values("member_id")) | Q(roles__contains=[Role.SUPERVISOR.value]))
    return dict(rows.values_list("id", "name"))


def scope_of(agency_id: UUID, member_id: UUID) -> Scope | None:
    """Which files one colleague may know of; None for somebody who cannot be given anything to do."""
    member = working(agency_id).filter(id=member_id).first()
    if member is None:
        return None
    scope = known(member.id, teams=_by_team(agency_id)).scope
    return Scope(scope.hidden) if Role.SUPERVISOR in member.roles else scope


@dataclass(frozen=True, slots=True)
class Around:
    """Who stands around some files, those about one person taken together: who works with her, and who is walled off.
    `hands_out` are supervisors, or, where there is none, whoever works here: for what is about no file yet."""

    team: Mapping[UUID, frozenset[UUID]]
    off: Mapping[UUID, frozenset[UUID]]
    supervisors: frozenset[UUID]
    hands_out: frozenset[UUID]
    by_team: bool

    def knows(self, member: UUID, file: UUID) -> bool:
        """Whether a colleague may know of one of these files."""
        hers = not self.by_team or member in self.team[file] or member in self.supervisors
        return hers and member not in self.off[file]

    def hear(self, moments: Mapping[UUID, datetime], *, supervisors: bool = False) -> dict[UUID, datetime]:
        """By member, the newest of these moments, each about one file: for those who work with her, and about somebody
        with whom nobody works, or where only `supervisors` are meant, for them. Who is walled off hears nothing."""
        found: dict[UUID, datetime] = {}
        for file, moment in moments.items():
            people = self.supervisors if supervisors else self.team[file] or self.supervisors
            for member in people - self.off[file]:
                found[member] = max(moment, found.get(member, moment))
        return found


def around(agency_id: UUID, file_ids: Collection[UUID]) -> Around:
    """Who stands around these files, however many: asked where no member asks, nothing is narrowed, nothing opened."""
    roots = {id: root or id for id, root in _belong(Q(among("id", file_ids)))}
    of = set(roots.values())
    whole = {id: root or id for id, root in _belong(Q(among("id", of)) | Q(among("merged_into_id", of)))}
    theirs = among("client_id", whole)
    team = _by_root(Team.objects.filter(theirs, ended_at__isnull=True), whole)
    off = _by_root(Wall.objects.filter(theirs, lifted_at__isnull=True), whole)
    here = dict(working(agency_id).values_list("id", "roles"))
    supervisors = frozenset(id for id, roles in here.items() if Role.SUPERVISOR in roles)
    return Around(
        team={id: frozenset(team.get(root, ())) for id, root in roots.items()},
        off={id: frozenset(off.get(root, ())) for id, root in roots.items()},
        supervisors=supervisors,
        hands_out=supervisors or frozenset(here),
        by_team=_by_team(agency_id),
    )


def _belong(rows: Q) -> QuerySet[Any, Any]:
    return Client.objects.filter(rows).values_list("id", "merged_into")


def _by_root(rows: QuerySet[Any], whole: Mapping[UUID, UUID]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    for member, file in rows.values_list("member_id", "client_id"):
        found.setdefault(whole[file], set()).add(member)
    return found


def _by_team(agency_id: UUID) -> bool:
    return bool(Agency.objects.values_list("access", flat=True).get(id=agency_id) == Access.TEAM)

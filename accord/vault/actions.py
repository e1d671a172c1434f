"""What an agency does in its own vault. Every verb takes the permit and the moment, changes rows, records the deed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from accord.ledger.permits import Permit, needs
from accord.partners import actions as partners
from accord.partners.models import Access, Agency, Member
from accord.policy.words import Category, Mark, Relation, Role, Verb
from accord.sealing.fields import aad, seal
from accord.sealing.tokens import Token as SearchToken
from accord.sealing.tokens import code_token, date_token, name_tokens, twin_tokens
from accord.sealing.vault import ClientKey, new_shred
from accord.vault import facts
from accord.vault.facts import client_key, family, within
from accord.vault.likeness import SHARED, Watch, Watched, tokens_of, words_of
from accord.vault.models import Case, Client, Entry, Glass, Person, Seconding, Shred, Team, Tie, Token, Wall
from accord.vault.rules import (
    ASKED_BY_HER,
    CODE_LENGTH,
    CONFLICTS,
    DECLARED,
    GLASS_MOST,
    GLASS_OPEN,
    GLASS_OUTCOMES,
    GLASS_REASONS,
    GLASS_WAITS,
    HARMS,
    LEFT,
    LIFTED,
    LONGEST_LINE,
    LONGEST_TEXT,
    MOST_BY_NAME,
    OUTCOMES,
    SAME_NAME,
    SERVED,
    TIES,
    WAYS,
    Contact,
    Detail,
    Identity,
    InvalidEntry,
    SafeContact,
    Summary,
    about_a_child,
    code,
    is_named,
    may_contact,
    service_checked,
)

#: What a partner is told of whoever asks in an emergency: the first of these roles that she has.
GLASS_ROLES = (Role.SUPERVISOR, Role.WORKER, Role.RECORDS_OFFICER, Role.DIRECTOR)
#: Who can lift a wall, and who can look at emergency access afterwards: of each, a name never takes the last.
LOOKING_AFTER = (frozenset({Role.SUPERVISOR, Role.PRIVACY_OFFICER}), frozenset({Role.PRIVACY_OFFICER, Role.DIRECTOR}))


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One entry to be written down. `about` None means the client herself; `origin` is the digest of an imported
    element, so that the same element is kept once."""

    kind: str
    category: Category
    occurred_at: datetime
    summary: Summary
    detail: Detail = field(default_factory=Detail)
    about: UUID | None = None
    marks: frozenset[Mark] = frozenset()
    status: str = ""
    origin: bytes | None = None


@dataclass(frozen=True, slots=True)
class NewClient:
    """A file to be opened: who she is, how she is reached, who else is in her story, what is written down already.
    `opened_at` None is the moment of writing; `closed_at` says that work with her has ended."""

    identity: Identity
    contact: SafeContact | None = None
    harms: Sequence[str] = ()
    people: Sequence[tuple[Relation, Identity]] = ()
    entries: Sequence[NewEntry] = ()
    opened_at: datetime | None = None
    closed_at: datetime | None = None


@needs(Verb.OPEN_CLIENT, Verb.ACCEPT_ENVELOPE)
def open_client(
    *,
    permit: Permit,
    at: datetime,
    identity: Identity,
    contact: SafeContact | None = None,
    harms: Sequence[str] = (),
) -> UUID:
    """Open one file; see open_clients. Returns the client's id. Raises InvalidEntry for values that cannot be kept."""
    return open_clients(permit=permit, at=at, new=[NewClient(identity, contact, harms)])[0]


@needs(Verb.OPEN_CLIENT, Verb.ACCEPT_ENVELOPE, Verb.IMPORT_CASELOAD)
def open_clients(*, permit: Permit, at: datetime, new: Iterable[NewClient]) -> list[UUID]:
    """Open files, all of them or none: client, herself and others as people, a case, entries, and the tokens she is
    found by. Who opens a file works with her; nobody yet with those of a caseload that is taken in. Returns the
    clients' ids in order. Raises InvalidEntry for values that cannot be kept.
    """
    wanted = [_checked(each, at) for each in new]
    clients: list[Client] = []
    people: list[Person] = []
    cases: list[Case] = []
    entries: list[Entry] = []
    tokens: list[tuple[bytes, UUID, UUID]] = []
    for each, free in zip(wanted, _free_codes(permit, len(wanted)), strict=True):
        client, key = _new_client(permit, at, each, free)
        herself = _person(key, client, Relation.SELF, each.identity, each.contact)
        others = [_person(key, client, relation, identity, None) for relation, identity in each.people]
        case = Case(
            agency_id=permit.agency_id,
            client_id=client.id,
            harms=list(each.harms),
            opened_at=client.opened_at,
            closed_at=client.closed_at,
        )
        clients.append(client)
        people += [herself, *others]
        cases.append(case)
        story = {person.id: Relation(person.relation) for person in (herself, *others)}
        entries += [_entry(permit, at, key, case.id, story, entry) for entry in each.entries]
        tokens += _tokens(permit, client, herself, each.identity)
        for person, (_relation, identity) in zip(others, each.people, strict=True):
            tokens += _tokens(permit, client, person, identity)
    Client.objects.bulk_create(clients)
    Shred.objects.bulk_create(client.shred for client in clients)
    Person.objects.bulk_create(people)
    Case.objects.bulk_create(cases)
    Entry.objects.bulk_create(entries)
    _write_tokens(permit, tokens)
    if permit.member_id is not None and Verb.IMPORT_CASELOAD not in permit.verbs:
        Team.objects.bulk_create(_working(permit, at, client.id, permit.member_id) for client in clients)
    _meet(permit, at, tokens)
    for deed, rows in (("client_opened", clients), ("person_added", people), ("entry_added", entries)):
        for row in rows:
            permit.record(deed, row.id)
    return [client.id for client in clients]


@needs(Verb.EDIT_CLIENT)
def add_person(*, permit: Permit, at: datetime, client_id: UUID, relation: Relation, identity: Identity) -> UUID:
    """Add somebody to a client's story: a child, a household member, the respondent."""
    if relation is Relation.SELF:
        raise InvalidEntry("A client is herself only once.")
    client, key = _client(permit, client_id)
    identity = identity.checked(at.date())
    person = _person(key, client, relation, identity, None)
    person.save(force_insert=True)
    tokens = _tokens(permit, client, person, identity)
    _write_tokens(permit, tokens)
    _meet(permit, at, tokens)
    _touch(client_id, at)
    permit.record("person_added", person.id)
    added: UUID = person.id
    return added


@needs(Verb.EDIT_CLIENT, Verb.CONFIRM_VALUE)
def edit_person(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    person_id: UUID,
    identity: Identity | None = None,
    contact: SafeContact | None = None,
    relation: Relation | None = None,
) -> None:
    """Replace who somebody is, to her or at all, or how she may be reached. None leaves it as it was.

    Raises InvalidEntry: for values that cannot be kept, for a child's contact, and when somebody about whom a place is
    written down would become a child.
    """
    person = Person.objects.get(id=person_id, client_id__in=family(client_id))
    client, key = _client(permit, person.client_id)
    if relation is not None and relation != person.relation:
        _becomes(key, person, relation)
    if identity is not None:
        identity = identity.checked(at.date())
        before = Identity.of(key.open("vault_person", "identity", person.id, bytes(person.identity)))
        person.identity = key.seal("vault_person", "identity", person.id, identity.packed())
        tokens = _tokens(permit, client, person, identity)
        Token.objects.filter(person_id=person.id).delete()
        _write_tokens(permit, tokens)
        if before.names != identity.names:  # a namesake's wall, once lifted, stays lifted
            _meet(permit, at, tokens)
    if contact is not None:
        _placed(Relation(person.relation), contact)
        person.contact = key.seal("vault_person", "contact", person.id, contact.checked().packed())
    person.save(update_fields=["relation", "identity", "contact"])
    _touch(client_id, at)
    permit.record("person_changed", person.id)


@needs(Verb.EDIT_CLIENT)
def part(*, permit: Permit, at: datetime, client_id: UUID, person_id: UUID) -> None:
    """Somebody is no longer part of the work with her: nothing is deleted, nothing new is offered to them. Why, and
    where they live now, is not asked; of a child it must not be known."""
    _stay(permit, at, client_id, person_id, left_at=at)
    permit.record("person_parted", person_id)


@needs(Verb.EDIT_CLIENT)
def rejoin(*, permit: Permit, at: datetime, client_id: UUID, person_id: UUID) -> None:
    """Somebody is part of the work again."""
    _stay(permit, at, client_id, person_id, left_at=None)
    permit.record("person_rejoined", person_id)


@needs(Verb.ADD_ENTRY, Verb.IMPORT_DOCUMENT, Verb.CONFIRM_VALUE, Verb.MOVE_TRACK)
def add_entries(*, permit: Permit, at: datetime, client_id: UUID, entries: Iterable[NewEntry]) -> list[UUID]:
    """Write entries down together or not at all. An entry whose `origin` is already there is passed over.

    Returns the ids of what was written, in order. Raises InvalidEntry.
    """
    client, key = _client(permit, client_id)
    case_id = Case.objects.filter(client_id=client_id).order_by("-opened_at").values_list("id", flat=True)[0]
    story = _story(client_id)
    entries = list(entries)
    known = _origins(client_id) if any(entry.origin is not None for entry in entries) else set()
    rows: list[Entry] = []
    for entry in entries:
        if entry.origin is not None:
            if entry.origin in known:
                continue
            known.add(entry.origin)
        rows.append(_entry(permit, at, key, case_id, story, entry))
    Entry.objects.bulk_create(rows)
    if rows:
        _touch(client_id, at)
    for row in rows:
        permit.record("entry_added", row.id)
    return [row.id for row in rows]


def _origins(client_id: UUID) -> set[bytes]:
    """The imported elements that are there already."""
    rows = Entry.objects.filter(client_id__in=family(client_id), origin__isnull=False)
    return {bytes(origin) for origin in rows.values_list("origin", flat=True)}


@needs(Verb.ADD_ENTRY)
def limits_told(*, permit: Permit, at: datetime, client_id: UUID) -> None:
    """She was told what this agency must pass on whatever she wants, before she was asked to tell anything."""
    permit.record("limits_told", client_id)


@needs(Verb.ADD_ENTRY)
def note_service(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    about: Sequence[UUID],
    service: str,
    step: str,
    occurred_at: datetime,
    why: str = "",
    narrative: str = "",
) -> list[UUID]:
    """Note where a service stands for herself, a child or somebody of the household; several at once. Returns the
    entries' ids. Raises InvalidEntry for a code that is none, or somebody to whom nothing is offered."""
    values = service_checked(service, step, why)
    story = _story(client_id)
    if not about or any(story.get(person) not in SERVED for person in about):
        raise InvalidEntry("Services are for her, a child or somebody of her household. Choose whom.")
    return add_entries(
        permit=permit,
        at=at,
        client_id=client_id,
        entries=[
            NewEntry(
                kind="service",
                category=Category.SERVICES,
                occurred_at=occurred_at,
                summary=Summary(template=f"service.{step}", values={"service": service}),
                detail=Detail(values=values, narrative=narrative),
                about=person,
                status=step,
            )
            for person in about
        ],
    )


class NotSafe(Exception):
    """She may not be reached like this now; `contact` says why and when it is safe next."""

    def __init__(self, contact: Contact) -> None:
        super().__init__(contact.because)
        self.contact = contact


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach her, after the check has passed: the card, and the number or address of the way asked for."""

    card: SafeContact
    number: str
    contact: Contact


@needs(Verb.CONTACT_CLIENT)
def contacting(
    *, permit: Permit, at: datetime, client_id: UUID, channel: str, told: SafeContact | None = None
) -> Reach:
    """Everything that contacts her or sends her something calls this first, and uses only what it returns.

    `channel` is a code of `rules.WAYS`, or VOICEMAIL or PAPER. `told` is a partner's card, used while our own is empty.
    Raises NotSafe when she has not said that this is safe now; it is written into the leaf either way.
    """
    reach = _reach(permit, at, client_id, channel, told)
    permit.record("contact_checked" if reach.contact.allowed else "contact_withheld", client_id)
    if not reach.contact.allowed:
        raise NotSafe(reach.contact)
    return reach


@needs(Verb.ASSIGN_CLIENT)
def contacting_anyway(
    *,
    permit: Permit,
    at: datetime,
    client_id: UUID,
    channel: str,
    because: str,
    told: SafeContact | None = None,
) -> Reach:
    """A supervisor's decision to reach her other than her card says. The reason is an entry that travels with no
    service. Raises InvalidEntry without a reason."""
    if not because.strip():
        raise InvalidEntry("Write down why this cannot wait for a safe moment.")
    if channel not in WAYS:
        raise InvalidEntry("This way to reach her is not on the list.")
    reach = _reach(permit, at, client_id, channel, told)
    _attempted(permit, at, client_id, channel, "decided", because, Category.NOTES)
    permit.record("contact_overridden", client_id)
    return reach


@needs(Verb.CONTACT_CLIENT)
def contacted(
    *, permit: Permit, at: datetime, client_id: UUID, channel: str, outcome: str, narrative: str = ""
) -> UUID:
    """Write down what became of an attempt to reach her. Returns the entry's id. Raises InvalidEntry."""
    if channel not in WAYS or outcome not in OUTCOMES:
        raise InvalidEntry("Say how you tried to reach her and what happened.")
    return _attempted(permit, at, client_id, channel, outcome, narrative, Category.SERVICES)


@needs(Verb.DELETE_CLIENT)
def delete_client(*, permit: Permit, at: datetime, client_id: UUID) -> list[UUID]:
    """Destroy what her key needs, her entries and what she was found by, and so of every file merged into hers. Ids,
    codes of releases and the ledger stay, for the accounting of disclosures; nothing that is left opens, here or in a
    backup (docs/promise.md). Returns the ids of the files: what was sent from them is ended by `sharing.end_all`."""
    files = family(client_id)
    _destroy(files, at)
    for file in files:
        permit.record("client_deleted", file)
    return files


@needs(Verb.SWEEP)
def delete_again(*, permit: Permit, at: datetime) -> list[UUID]:
    """After a restore: whoever was deleted since those records were kept has no shred, and is deleted again. Returns
    their ids."""
    gone: list[UUID] = list(
        Client.objects.filter(wrapped_key__isnull=False, shred__isnull=True).values_list("id", flat=True)
    )
    _destroy(gone, at)
    for client_id in gone:
        permit.record("client_deleted", client_id)
    return gone


@needs(Verb.ASSIGN_CLIENT)
def assign(*, permit: Permit, at: datetime, client_id: UUID, member_id: UUID) -> None:
    """Somebody works with her from now on. Raises InvalidEntry for somebody who left or must not."""
    if not _here([member_id]):
        raise InvalidEntry("Choose somebody who works here.")
    if _walled(family(client_id), member_id):
        raise InvalidEntry("There is a wall between this colleague and this file.")
    if not _teams(family(client_id), member_id).exists():
        _working(permit, at, client_id, member_id).save(force_insert=True)
        permit.record("team_joined", client_id)


@needs(Verb.ASSIGN_CLIENT)
def unassign(*, permit: Permit, at: datetime, client_id: UUID, member_id: UUID) -> None:
    """Somebody no longer works with her."""
    if _teams(family(client_id), member_id).update(ended_at=at):
        permit.record("team_left", client_id)


@needs(Verb.MANAGE_MEMBERS, Verb.ASSIGN_CLIENT)
def hand_over(*, permit: Permit, at: datetime, from_member: UUID, to_member: UUID | None) -> int:
    """Everybody one member works with is another's from now on, or nobody's when nobody takes over. Who is walled off a
    client does not get her; a supervisor finds those without anybody. Returns how many were handed over. Raises
    InvalidEntry for somebody who left."""
    if to_member is not None and not _here([to_member]):
        raise InvalidEntry("Choose somebody who works here.")
    old = Team.objects.filter(member_id=from_member, ended_at__isnull=True)
    clients = list(old.values_list("client_id", flat=True))
    old.update(ended_at=at)
    hers: set[UUID] = set()
    if to_member is not None:
        scope = facts.known(to_member, teams=True).scope
        hers = set(clients) - scope.hidden - (scope.only or frozenset())
        Team.objects.bulk_create(_working(permit, at, client_id, to_member) for client_id in hers)
    permit.record("handed_over", len(clients))
    return len(hers)


@needs(Verb.WALL_CLIENT)
def wall_off(*, permit: Permit, at: datetime, client_id: UUID, member_id: UUID, kind: str) -> None:
    """Somebody here must not work with a client nor know of her file. Twice is the same as once. Raises InvalidEntry
    for somebody who left, or a reason that is none."""
    if not _here([member_id]):
        raise InvalidEntry("Choose somebody who works here.")
    if kind not in CONFLICTS:
        raise InvalidEntry("Choose why.")
    _wall(permit, at, client_id, [member_id], kind)


@needs(Verb.READ_CLIENT)
def declare_conflict(*, permit: Permit, at: datetime, client_id: UUID, kind: str) -> None:
    """She knows the client or her family: from the next click on the file is not there for her. Only a supervisor or
    privacy officer can lift it. Raises InvalidEntry for a reason that is none."""
    if kind not in DECLARED or permit.member_id is None:
        raise InvalidEntry("Choose why.")
    _wall(permit, at, client_id, [permit.member_id], kind)


@needs(Verb.WALL_CLIENT)
def lift_wall(*, permit: Permit, at: datetime, wall_id: UUID, why: str) -> None:
    """The conflict is over, or it was a namesake. Raises InvalidEntry for one's own, or a reason that is none."""
    if why not in LIFTED:
        raise InvalidEntry("Choose why.")
    wall = within(permit, Wall.objects.select_for_update()).get(id=wall_id, lifted_at__isnull=True)
    if wall.member_id == permit.member_id:
        raise InvalidEntry("Somebody else must lift a wall of your own.")
    wall.lifted_at, wall.lifted_by, wall.lifted_why = at, permit.member_id, why
    wall.save(update_fields=["lifted_at", "lifted_by", "lifted_why"])
    permit.record("wall_lifted", wall.client_id)


@needs(Verb.WALL_CLIENT)
def keep_wall(*, permit: Permit, at: datetime, wall_id: UUID) -> None:
    """Somebody looked at a wall that was found, and it stays. Raises InvalidEntry for one's own."""
    wall = within(permit, Wall.objects.select_for_update()).get(id=wall_id, lifted_at__isnull=True)
    if wall.member_id == permit.member_id:
        raise InvalidEntry("Somebody else must look at a wall of your own.")
    if wall.seen_at is None:
        wall.seen_at, wall.seen_by = at, permit.member_id
        wall.save(update_fields=["seen_at", "seen_by"])
        permit.record("wall_kept", wall.client_id)


@needs(Verb.REVIEW_GLASS)
def see_left(*, permit: Permit, at: datetime, wall_id: UUID) -> None:
    """Somebody looked at a name that walled nobody off. Raises InvalidEntry for one's own, or one that is not there."""
    rows = within(permit, Wall.objects.filter(id=wall_id, lifted_why=LEFT, seen_at__isnull=True))
    wall = rows.exclude(member_id=permit.member_id).select_for_update().first()
    if wall is None:
        raise InvalidEntry("There is nothing to look at here for you any more.")
    wall.seen_at, wall.seen_by = at, permit.member_id
    wall.save(update_fields=["seen_at", "seen_by"])
    permit.record("wall_left_seen", wall.client_id)


@needs(Verb.MANAGE_MEMBERS)
def look_for(*, permit: Permit, at: datetime, member_id: UUID) -> None:
    """Somebody has joined: every file in which a person seems to be her is walled off from her, before she signs in."""
    _met_in_files(permit, at, facts.watch(permit.opened(), member_id))


@needs(Verb.DECLARE_TIES)
def declare_tie(*, permit: Permit, at: datetime, names: Sequence[str], kind: str) -> UUID:
    """She is connected to somebody outside work: every file in which a person seems to be that one is walled off from
    her, now and from now on. Returns the tie's id. Raises InvalidEntry without a name of two words, or for a kind that
    is none."""
    said = [name.strip() for name in names if name.strip()]
    key = permit.opened().search_key
    if permit.member_id is None or kind not in TIES:
        raise InvalidEntry("Choose how you are connected.")
    if not said or any(len(words_of(key, name)) < SHARED for name in said):
        raise InvalidEntry("Write first and last name: a first name alone finds nobody.")
    if any(len(name) > LONGEST_LINE for name in said):
        raise InvalidEntry(f"A name is longer than {LONGEST_LINE} characters.")
    tie = Tie(agency_id=permit.agency_id, member_id=permit.member_id, kind=kind, since_at=at)
    place = aad(permit.agency_id, "vault_tie", "names", tie.id)
    tie.names = seal(facts.tie_key(permit.opened()), json.dumps(said, ensure_ascii=False).encode(), place)
    tie.save(force_insert=True)
    permit.record("tie_declared", tie.id)
    watch = Watch(key)
    for name in said:
        watch.add(name, Watched(permit.member_id, kind))
    _met_in_files(permit, at, watch)
    declared: UUID = tie.id
    return declared


@needs(Verb.DECLARE_TIES)
def end_tie(*, permit: Permit, at: datetime, tie_id: UUID) -> None:
    """She is no longer connected. The walls that stand stay: somebody else lifts them."""
    if Tie.objects.filter(id=tie_id, member_id=permit.member_id, ended_at__isnull=True).update(ended_at=at):
        permit.record("tie_ended", tie_id)


@needs(Verb.ACCEPT_ENVELOPE)
def meet(*, permit: Permit, at: datetime, client_id: UUID, names: Iterable[str], away: Iterable[UUID] = ()) -> None:
    """A partner has said who stands in this file; whoever here seems to be one of them is walled off it, before them
    `away`, colleagues whose name is one she asked to be kept from."""
    met = facts.watch(permit.opened()).met(tokens_of(permit.opened().search_key, names))
    asked = [Named(member, ASKED_BY_HER) for member in away]
    _wall_named(permit, at, client_id, [*asked, *(Named(each.member, each.kind) for each in met)])


@needs(Verb.BREAK_GLASS)
def break_glass(
    *,
    permit: Permit,
    at: datetime,
    code: str,
    reason: str,
    words: str,
    elsewhere: Collection[UUID],
    partner_id: UUID | None = None,
) -> UUID:
    """Somebody without access asks for one file in an emergency. It opens at once unless she is walled off it: then a
    second person is asked, her director or, where the law leaves room, `partner_id`. A code that is no file's waits in
    the same way, so that asking tells nothing. `elsewhere`: the agencies where the asker's account works, none of which
    is asked: she is not her own second. Returns the glass's id. Raises InvalidEntry.
    """
    if reason not in GLASS_REASONS or not words.strip():
        raise InvalidEntry("Say why it cannot wait, and write it down in your own words.")
    if len(words) > LONGEST_TEXT:
        raise InvalidEntry(f"The reason is at most {LONGEST_TEXT} characters.")
    member = Member.objects.select_for_update().get(id=permit.member_id)
    if Glass.objects.filter(member_id=member.id, asked_at__gt=Now() - GLASS_WAITS).count() >= GLASS_MOST:
        raise InvalidEntry("You have asked too often today. Ask your director or privacy officer.")
    if Glass.objects.filter(member_id=member.id, until_at__gt=Now()).exists():
        raise InvalidEntry("You have one file open in an emergency already. Wait until it is over.")
    rows = Client.objects.select_related("shred", "merged_into__shred").filter(wrapped_key__isnull=False)
    row = rows.filter(code=code.strip().upper()).first()
    client = row and (row.merged_into or row)
    glass = Glass(agency_id=permit.agency_id, member_id=member.id, client=client, reason=reason, asked_at=at)
    if client is not None:
        key = client_key(permit.opened(), client)
        glass.words = key.seal("vault_glass", "words", glass.id, words.strip().encode())
    walled = _walled(family(client.id if client else uuid4()), member.id) or client is None  # as much is asked for none
    if client is not None and not walled and _opens_anyway(permit, member, client):
        raise InvalidEntry("This file is open to you without this.")
    if walled and partner_id in facts.askable(permit.agency_id, elsewhere):
        glass.partner_id = partner_id
    glass.save(force_insert=True)
    permit.record("glass_asked", glass.id)
    if glass.partner_id and client is not None:
        _ask_partner(permit, at, glass, member)
    if not walled:
        _open(permit, glass, crossing=False)
    asked: UUID = glass.id
    return asked


@needs(Verb.BREAK_GLASS)
def open_glass(*, permit: Permit, at: datetime, glass_id: UUID) -> None:
    """A second person has agreed, and she opens the file now. Raises InvalidEntry when nobody has, or it is over."""
    member = Member.objects.select_for_update().get(id=permit.member_id)
    glass = Glass.objects.select_for_update().filter(id=glass_id, member_id=permit.member_id).first()
    if glass is None or glass.client_id is None or glass.opened_at is not None or not _waits(glass.id):
        raise InvalidEntry("Nobody has agreed, or the time for it is over. Ask again.")
    if Glass.objects.filter(member_id=permit.member_id, until_at__gt=Now()).exists():
        raise InvalidEntry("You have one file open in an emergency already. Wait until it is over.")
    by_partner = Seconding.objects.filter(holder_id=permit.agency_id, glass=glass.id, agreed=True).first()
    if glass.agreed is False or not (glass.agreed or by_partner):
        raise InvalidEntry("Nobody has agreed, or the time for it is over. Ask again.")
    if not glass.agreed and by_partner and is_named(by_partner.answered_name, member.name):
        raise InvalidEntry("Who agreed there bears your name, and nobody is her own second. Ask your director.")
    _open(permit, glass, crossing=True)


@needs(Verb.SECOND_GLASS)
def second_glass(*, permit: Permit, at: datetime, glass_id: UUID, agreed: bool) -> None:
    """The agency's own director agrees or refuses. Raises InvalidEntry when there is nothing to answer: never asked, by
    herself or somebody who bears her name, answered, over, or about a file she is walled off herself."""
    rows = within(permit, Glass.objects.select_for_update(of=("self",)))
    glass = rows.filter(id=glass_id, client__isnull=False, second_at__isnull=True, opened_at__isnull=True).first()
    if glass is None or glass.member_id == permit.member_id or not _waits(glass.id):
        raise InvalidEntry("There is nothing to answer any more.")
    if is_named(glass.member.name, Member.objects.get(id=permit.member_id).name):
        raise InvalidEntry("Who asks bears your name, and nobody is her own second. Somebody else has to answer.")
    glass.second_by, glass.second_at, glass.agreed = permit.member_id, at, agreed
    glass.save(update_fields=["second_by", "second_at", "agreed"])
    permit.record("glass_seconded" if agreed else "glass_refused", glass.id)


@needs(Verb.SECOND_PARTNER)
def second_partner(*, permit: Permit, at: datetime, seconding_id: UUID, agreed: bool) -> None:
    """Somebody here agrees or refuses for a partner. She is shown no client and no name; the partner reads hers. Raises
    InvalidEntry when there is nothing to answer."""
    name = Member.objects.values_list("name", flat=True).get(id=permit.member_id)
    rows = Seconding.objects.filter(id=seconding_id, agency_id=permit.agency_id, answered_at__isnull=True)
    answered = rows.filter(asked_at__gt=Now() - GLASS_WAITS).update(
        answered_at=Now(), answered_by=permit.member_id, answered_name=name, agreed=agreed
    )
    if not answered:
        raise InvalidEntry("There is nothing to answer any more.")
    permit.record("partner_seconded" if agreed else "partner_refused", seconding_id)


@needs(Verb.REVIEW_GLASS)
def review_glass(*, permit: Permit, at: datetime, glass_id: UUID, outcome: str) -> None:
    """What somebody finds who looks at it afterwards. Raises InvalidEntry before it is over, for one's own, for one she
    agreed to, or for an outcome that is none."""
    if outcome not in GLASS_OUTCOMES:
        raise InvalidEntry("Choose what you found.")
    over = Q(until_at__lte=Now()) | Q(opened_at__isnull=True, asked_at__lte=Now() - GLASS_WAITS)
    rows = within(permit, Glass.objects.select_for_update(of=("self",))).filter(over, reviewed_at__isnull=True)
    glass = rows.filter(id=glass_id).first()
    if glass is None or permit.member_id in (glass.member_id, glass.second_by):
        raise InvalidEntry("There is nothing to look at here for you, or it is still open.")
    glass.reviewed_at, glass.reviewed_by, glass.outcome = at, permit.member_id, outcome
    glass.save(update_fields=["reviewed_at", "reviewed_by", "outcome"])
    permit.record("glass_reviewed", glass.id)


@needs(Verb.MERGE_CLIENTS)
def merge(*, permit: Permit, at: datetime, client_id: UUID, other_id: UUID) -> None:
    """Two files are about one person: the other is shown with this one from now on. Nothing moves, so that it can be
    undone any day. Raises InvalidEntry when one is gone or belongs to another file already."""
    both = Client.objects.select_for_update().filter(id__in=[client_id, other_id], wrapped_key__isnull=False)
    rows = {row.id: row for row in within(permit, both, "id").order_by("id").only("id", "merged_into")}
    if len(rows) < 2 or any(row.merged_into_id for row in rows.values()):
        raise InvalidEntry("One of these files is no longer there, or belongs to another file already.")
    if Client.objects.filter(merged_into=other_id).exists():
        raise InvalidEntry("Other files belong to this one already. Separate them first.")
    Client.objects.filter(id=other_id).update(merged_into=client_id, merged_at=at)
    permit.record("clients_merged", client_id)
    permit.record("clients_merged", other_id)


@needs(Verb.MERGE_CLIENTS)
def separate(*, permit: Permit, at: datetime, client_id: UUID, other_id: UUID) -> None:
    """They are two people after all: everything is again where it was written. Walls that were set around both since
    they were merged stand around both."""
    other = Client.objects.select_for_update().filter(id=other_id, merged_into=client_id).only("merged_at").first()
    if other is None:
        return
    walls = list(
        Wall.objects.filter(client_id__in=[client_id, other_id], lifted_at__isnull=True, since_at__gte=other.merged_at)
    )
    Client.objects.filter(id=other_id).update(merged_into=None, merged_at=None)
    for wall in walls:
        _wall(permit, at, other_id if wall.client_id == client_id else client_id, [wall.member_id], wall.kind)
    permit.record("clients_separated", client_id)
    permit.record("clients_separated", other_id)


@needs(Verb.MANAGE_KEYS)
def rewrap_clients(*, permit: Permit, limit: int) -> int:
    """Re-wrap up to `limit` client keys that are not under the current vault key. Returns how many are still left:
    0 means the old key is no longer needed."""
    vault = permit.opened()
    stale = Client.objects.filter(wrapped_key__isnull=False).exclude(key_version=vault.current)
    locked = stale.select_for_update(skip_locked=True, of=("self",)).select_related("shred")
    rows = list(locked.only("id", "wrapped_key", "shred__secret")[:limit])
    for row in rows:
        row.wrapped_key = vault.rewrap(row.id, bytes(row.wrapped_key), bytes(row.shred.secret))
        row.key_version = vault.current
    Client.objects.bulk_update(rows, ["wrapped_key", "key_version"])
    permit.record("keys_rewrapped", permit.agency_id)
    left: int = stale.count()
    return left


@needs(Verb.MANAGE_KEYS)
def drop_older_keys(*, permit: Permit, at: datetime) -> None:
    """Forget the vault keys that wrap no client any more. Ask only when requests that opened the vault before the last
    turn have ended (sealing/README.md): such a request may still write a client under the older key."""
    needed = Client.objects.filter(wrapped_key__isnull=False).values_list("key_version", flat=True).distinct()
    partners.forget_keys(permit=permit, at=at, needed=frozenset(needed))


def _destroy(client_ids: Sequence[UUID], at: datetime) -> None:
    Shred.objects.filter(client_id__in=client_ids).delete()
    people = Person.objects.filter(client_id__in=client_ids)
    Token.objects.filter(person_id__in=people.values("id")).delete()
    Entry.objects.filter(client_id__in=client_ids).delete()
    people.update(identity=b"", contact=None)
    Case.objects.filter(client_id__in=client_ids).update(harms=[])
    Team.objects.filter(client_id__in=client_ids, ended_at__isnull=True).update(ended_at=at)
    Client.objects.filter(id__in=client_ids).update(wrapped_key=None, status="closed", closed_at=at, touched_at=at)


def _free_codes(permit: Permit, count: int) -> list[str]:
    """That many different codes that nobody of this agency has."""
    prefix = Agency.objects.values_list("prefix", flat=True).get(id=permit.agency_id)
    free: set[str] = set()
    while len(free) < count:
        free |= {code(prefix, secrets.token_bytes(CODE_LENGTH)) for _ in range(count - len(free))}
        free -= set(Client.objects.filter(code__in=free).values_list("code", flat=True))
    return list(free)


def _checked(new: NewClient, at: datetime) -> NewClient:
    """The same file, trimmed. Raises InvalidEntry."""
    if unknown := set(new.harms) - set(HARMS):
        raise InvalidEntry(f"Unknown kind of harm: {', '.join(sorted(unknown))}.")
    if any(person is Relation.SELF for person, _identity in new.people):
        raise InvalidEntry("A client is herself only once.")
    opened, closed = new.opened_at or at, new.closed_at
    if not opened <= (closed or at) <= at:
        raise InvalidEntry("A file is opened before it is closed, and neither lies in the future.")
    return replace(
        new,
        identity=new.identity.checked(at.date()),
        contact=(new.contact or SafeContact()).checked(),
        people=[(relation, identity.checked(at.date())) for relation, identity in new.people],
    )


def _new_client(permit: Permit, at: datetime, new: NewClient, free_code: str) -> tuple[Client, ClientKey]:
    vault, client_id = permit.opened(), uuid4()
    shred = new_shred()
    wrapped = vault.new_client_key(client_id, shred)
    client = Client(
        id=client_id,
        agency_id=permit.agency_id,
        code=free_code,
        wrapped_key=wrapped,
        key_version=vault.current,
        status="closed" if new.closed_at else "open",
        opened_at=new.opened_at or at,
        closed_at=new.closed_at,
        touched_at=new.closed_at or new.opened_at or at,
    )
    client.shred = Shred(client=client, agency_id=permit.agency_id, secret=shred)
    return client, client_key(vault, client)


def _here(member_ids: Iterable[UUID]) -> list[UUID]:
    """Those who still work here."""
    return list(Member.objects.filter(id__in=member_ids, left_at__isnull=True).values_list("id", flat=True))


def _working(permit: Permit, at: datetime, client_id: UUID, member_id: UUID) -> Team:
    """A row of her team, not yet written."""
    return Team(agency_id=permit.agency_id, client_id=client_id, member_id=member_id, since_at=at, by=permit.member_id)


def _teams(files: Iterable[UUID], member_id: UUID) -> QuerySet[Team]:
    return Team.objects.filter(client_id__in=files, member_id=member_id, ended_at__isnull=True)


def _walled(files: Iterable[UUID], member_id: UUID) -> bool:
    return bool(Wall.objects.filter(client_id__in=files, member_id=member_id, lifted_at__isnull=True).exists())


def _open(permit: Permit, glass: Glass, *, crossing: bool) -> None:
    """It begins now and ends in sixty minutes: both by the database's clock, in one statement."""
    Glass.objects.filter(id=glass.id).update(opened_at=Now(), until_at=Now() + GLASS_OPEN, crossing=crossing)
    permit.record("glass_broken", glass.id)


def _waits(glass_id: UUID) -> bool:
    return bool(Glass.objects.filter(id=glass_id, asked_at__gt=Now() - GLASS_WAITS).exists())


def _opens_anyway(permit: Permit, member: Member, client: Client) -> bool:
    """Whether she may read this file without breaking anything."""
    teams = Agency.objects.values_list("access", flat=True).get(id=permit.agency_id) == Access.TEAM
    if Role.SUPERVISOR in member.roles:
        return True
    return Role.WORKER in member.roles and facts.known(member.id, teams=teams).scope.lets(client.id)


def _ask_partner(permit: Permit, at: datetime, glass: Glass, member: Member) -> None:
    Seconding.objects.create(
        agency_id=glass.partner_id,
        holder_id=permit.agency_id,
        glass=glass.id,
        reason=glass.reason,
        role=next((role for role in GLASS_ROLES if role in member.roles), Role.WORKER),
        asked_at=at,
    )


def _meet(permit: Permit, at: datetime, tokens: Iterable[tuple[bytes, UUID, UUID]]) -> None:
    """Whoever here seems to be one of these people, or connected to one, is walled off the file at once."""
    _met(permit, at, facts.watch(permit.opened()), tokens)


def _met_in_files(permit: Permit, at: datetime, watch: Watch) -> None:
    """The same, from the other side: a new name is looked for in every file."""
    rows = Token.objects.filter(value__in=watch.values)
    found = rows.values_list("value", "person_id", "client_id")
    _met(permit, at, watch, ((bytes(value), person, client) for value, person, client in found))


def _met(permit: Permit, at: datetime, watch: Watch, tokens: Iterable[tuple[bytes, UUID, UUID]]) -> None:
    people: dict[tuple[UUID, UUID], set[bytes]] = {}
    for value, person, client in tokens:
        people.setdefault((client, person), set()).add(value)
    named: dict[UUID, list[Named]] = {}
    for (client, person), values in people.items():
        named.setdefault(client, []).extend(Named(each.member, each.kind, person) for each in watch.met(values))
    for client, found in named.items():
        _wall_named(permit, at, client, found)


@dataclass(frozen=True, slots=True)
class Named:
    """A colleague whom a name in a file points at, how, and who in the file has it."""

    member: UUID
    kind: str
    person: UUID | None = None


def _wall_named(permit: Permit, at: datetime, client_id: UUID, named: Sequence[Named]) -> None:
    """Names wall off few and never the last who looks after the file: whoever can write a name could otherwise take it
    from everybody for good. The rest is left for somebody to look at. What she asked for and what colleagues say of
    themselves goes before a namesake."""
    if not named:
        return
    whole = _whole(client_id)
    list(Client.objects.select_for_update().filter(id__in=whole).order_by("id").values_list("id", flat=True))
    here = set(_here(each.member for each in named))
    met: dict[UUID, Named] = {}
    for each in sorted(named, key=lambda each: each.kind == SAME_NAME):
        if each.member in here and not _walled(whole, each.member):
            met.setdefault(each.member, each)
    walled = 0
    for each in met.values():
        if walled == MOST_BY_NAME or _last(permit, whole, each.member):
            _leave(permit, at, client_id, each)
            continue
        found = each.kind != ASKED_BY_HER
        _wall(permit, at, client_id, [each.member], each.kind, found=found, person=each.person)
        walled += 1


def _whole(client_id: UUID) -> list[UUID]:
    """Every file about the same person, whichever of them is asked for: a wall off one is a wall off all."""
    root = Client.objects.values_list("merged_into", flat=True).get(id=client_id)
    return family(root or client_id)


def _last(permit: Permit, files: Sequence[UUID], member_id: UUID) -> bool:
    """Whether she is the last here who can lift a wall around these files, or look at emergency access to them."""
    walled = Wall.objects.filter(client_id__in=files, lifted_at__isnull=True).values("member_id")
    here = Member.objects.filter(agency_id=permit.agency_id, left_at__isnull=True).exclude(id__in=walled)
    held = {id: {Role(role) for role in roles} for id, roles in here.values_list("id", "roles")}
    return any({id for id, mine in held.items() if mine & roles} == {member_id} for roles in LOOKING_AFTER)


def _leave(permit: Permit, at: datetime, client_id: UUID, named: Named) -> None:
    """A wall that never went up, for somebody else to look at."""
    left = Wall.objects.filter(client_id=client_id, member_id=named.member, lifted_why=LEFT, seen_at__isnull=True)
    if not left.exists():
        Wall.objects.create(
            agency_id=permit.agency_id,
            client_id=client_id,
            member_id=named.member,
            kind=named.kind,
            since_at=at,
            person_id=named.person,
            lifted_at=at,
            lifted_why=LEFT,
        )
        permit.record("wall_left_to_look_at", client_id)


def _wall(
    permit: Permit,
    at: datetime,
    client_id: UUID,
    member_ids: Iterable[UUID],
    kind: str,
    *,
    found: bool = False,
    person: UUID | None = None,
) -> None:
    files = _whole(client_id)
    for member_id in _here(member_ids):
        if not _walled(files, member_id):
            Wall.objects.create(
                agency_id=permit.agency_id,
                client_id=client_id,
                member_id=member_id,
                kind=kind,
                since_at=at,
                by=None if found else permit.member_id,
                person_id=person,
            )
            _teams(files, member_id).update(ended_at=at)
            permit.record("wall_set", client_id)


def _client(permit: Permit, client_id: UUID) -> tuple[Client, ClientKey]:
    client = Client.objects.select_related("shred").get(id=client_id, wrapped_key__isnull=False)
    return client, client_key(permit.opened(), client)


def _touch(client_id: UUID, at: datetime) -> None:
    Client.objects.filter(id=client_id).update(touched_at=at)


def _person(
    key: ClientKey, client: Client, relation: Relation, identity: Identity, contact: SafeContact | None
) -> Person:
    """A person's row, not yet written. Raises InvalidEntry for a child's contact."""
    _placed(relation, contact)
    person = Person(agency_id=client.agency_id, client_id=client.id, relation=relation)
    person.identity = key.seal("vault_person", "identity", person.id, identity.packed())
    if contact is not None:
        person.contact = key.seal("vault_person", "contact", person.id, contact.packed())
    return person


def _placed(relation: Relation, contact: SafeContact | None) -> None:
    if relation is Relation.CHILD and contact is not None:
        about_a_child(Category.CONTACT)


def _becomes(key: ClientKey, person: Person, relation: Relation) -> None:
    """Another relation to her, as far as what is written down allows it. Raises InvalidEntry."""
    if Relation.SELF in (relation, person.relation):
        raise InvalidEntry("A client is herself only once.")
    if relation is Relation.CHILD:
        _placed(
            relation,
            SafeContact.of(key.open("vault_person", "contact", person.id, person.contact)) if person.contact else None,
        )
        for entry in Entry.objects.filter(about_id=person.id).only("category", "marks", "detail"):
            detail = Detail.of(key.open("vault_entry", "detail", entry.id, bytes(entry.detail)))
            about_a_child(Category(entry.category), [Mark(mark) for mark in entry.marks], detail.values)
    person.relation = relation


def _stay(permit: Permit, at: datetime, client_id: UUID, person_id: UUID, *, left_at: datetime | None) -> None:
    others = Person.objects.filter(id=person_id, client_id__in=family(client_id)).exclude(relation=Relation.SELF)
    if not others.update(left_at=left_at):
        raise Person.DoesNotExist
    _touch(client_id, at)


def _story(client_id: UUID) -> dict[UUID, Relation]:
    """Who is in her story, and what they are to her: those of her own file first, then of files merged into it."""
    rows = Person.objects.filter(client_id__in=family(client_id)).values_list("id", "relation", "client_id")
    return {person: Relation(relation) for person, relation, file in sorted(rows, key=lambda row: row[2] != client_id)}


def _reach(permit: Permit, at: datetime, client_id: UUID, channel: str, told: SafeContact | None) -> Reach:
    _row, key = _client(permit, client_id)
    person = Person.objects.get(client_id=client_id, relation=Relation.SELF)
    card = SafeContact()
    if person.contact:
        card = SafeContact.of(key.open("vault_person", "contact", person.id, bytes(person.contact)))
    if not card.noted and told is not None:
        card = told
    zone = Agency.objects.values_list("timezone", flat=True).get(id=permit.agency_id)
    return Reach(card, card.number(channel), may_contact(card, channel, at.astimezone(ZoneInfo(zone))))


def _attempted(
    permit: Permit, at: datetime, client_id: UUID, channel: str, outcome: str, narrative: str, category: Category
) -> UUID:
    _row, key = _client(permit, client_id)
    new = NewEntry(
        kind="contact",
        category=category,
        occurred_at=at,
        summary=Summary(template=f"contact.{outcome}", values={"channel": channel}),
        detail=Detail(values={"channel": channel, "outcome": outcome}, narrative=narrative),
        status=outcome,
    )
    case_id = Case.objects.filter(client_id=client_id).order_by("-opened_at").values_list("id", flat=True)[0]
    row = _entry(permit, at, key, case_id, _story(client_id), new)
    row.save(force_insert=True)
    _touch(client_id, at)
    permit.record("entry_added", row.id)
    written: UUID = row.id
    return written


def _entry(
    permit: Permit, at: datetime, key: ClientKey, case_id: UUID, story: Mapping[UUID, Relation], new: NewEntry
) -> Entry:
    """An entry's row, not yet written. Every entry of every path is made here. Raises InvalidEntry."""
    about = new.about or next(person for person, relation in story.items() if relation is Relation.SELF)
    if about not in story:
        raise InvalidEntry("This is about somebody who is not in her story.")
    if story[about] is Relation.CHILD:
        about_a_child(new.category, new.marks, new.detail.values)
    row = Entry(
        agency_id=permit.agency_id,
        client_id=key.client_id,
        case_id=case_id,
        about_id=about,
        kind=new.kind,
        category=new.category,
        marks=sorted(new.marks),
        status=new.status,
        occurred_at=new.occurred_at,
        recorded_at=at,
        recorded_by=permit.member_id,
        origin=new.origin,
    )
    row.summary = key.seal("vault_entry", "summary", row.id, new.summary.packed())
    detail = new.detail if new.origin else new.detail.checked()
    row.detail = key.seal("vault_entry", "detail", row.id, detail.packed())
    return row


def _tokens(permit: Permit, client: Client, person: Person, identity: Identity) -> list[tuple[bytes, UUID, UUID]]:
    """Tokens as (value, person, client), not yet written. Everybody in a story has some: a search for the respondent's
    name finds the file too."""
    key = permit.opened().search_key
    tokens: set[SearchToken] = set()
    for name in identity.names:
        tokens |= name_tokens(key, name)
    if identity.born:
        tokens.add(date_token(key, identity.born))
    if person.relation == Relation.SELF:
        tokens.add(code_token(key, client.code))
        tokens |= twin_tokens(key, identity.names, identity.born)
    return [(token.value, person.id, client.id) for token in tokens]


def _write_tokens(permit: Permit, tokens: Sequence[tuple[bytes, UUID, UUID]]) -> None:
    """All of them in one statement with three arrays: there are a score to a person, and a row object for each of a
    caseload's would cost more than everything else that is written."""
    if not tokens:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into vault_token (id, agency_id, value, person_id, client_id)"
            " select gen_random_uuid(), %s, * from unnest(%s::bytea[], %s::uuid[], %s::uuid[])",
            [permit.agency_id, *(list(column) for column in zip(*tokens, strict=True))],
        )

"""Walls hold. Random agencies, members of every role, files and links between them; after each change every list, query
and door is asked by every member, and a plain model, written apart, says who may know of which file."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from accord.database.prepared import prepared
from accord.gate import Refused, entrance
from accord.partners import actions as partners
from accord.policy.words import Purpose, Relation, Role, Verb
from accord.records.caseload import queries as caseload
from accord.sharing import queries as sharing
from accord.vault import actions as vault
from accord.vault import facts, likeness
from accord.vault import queries as clients
from accord.vault.rules import MOST_BY_NAME, Identity, InvalidEntry
from tests.proofs.town import past_the_triggers
from tests.world import House, Worker, World

FILES = 6
#: Words of names, each in several spellings that a clerk would take for one; no two words sound the same.
WORDS = {
    "maria": ("Maria", "María", "MARIA"),
    "jorge": ("Jorge", "jorge"),
    "nora": ("Nora", "Norá"),
    "pilar": ("Pilar",),
    "lopez": ("López", "Lopez", "Lopes"),
    "ruiz": ("Ruiz", "Ruíz", "Ruis"),
    "vega": ("Vega", "Bega"),
    "achebe": ("Achebe",),
}
FIRST, LAST = ("maria", "jorge", "nora", "pilar"), ("lopez", "ruiz", "vega", "achebe")

#: What each role may ask about, as far as it is asked here.
WORK = {
    Verb.FIND_CLIENTS, Verb.READ_DAY, Verb.READ_CLIENT, Verb.READ_ENVELOPE, Verb.CONTACT_CLIENT, Verb.EDIT_CLIENT,
    Verb.ADD_ENTRY, Verb.EXPORT_CLIENT, Verb.WITHDRAW_RELEASE, Verb.READ_ACCOUNTING, Verb.MERGE_CLIENTS,
}  # fmt: skip
MAY = {
    Role.WORKER: WORK,
    Role.SUPERVISOR: WORK | {Verb.WALL_CLIENT, Verb.EXPORT_CASELOAD, Verb.DELETE_CLIENT},
    Role.PRIVACY_OFFICER: {
        Verb.READ_DAY, Verb.WITHDRAW_RELEASE, Verb.READ_ACCOUNTING, Verb.WALL_CLIENT, Verb.REVIEW_GLASS,
    },
    Role.DIRECTOR: {Verb.READ_DAY, Verb.SECOND_GLASS, Verb.REVIEW_GLASS},
}  # fmt: skip
DOORS = (
    Verb.READ_CLIENT, Verb.EDIT_CLIENT, Verb.CONTACT_CLIENT, Verb.WITHDRAW_RELEASE, Verb.READ_ACCOUNTING,
    Verb.EXPORT_CLIENT,
)  # fmt: skip
THROUGH_GLASS = {Verb.READ_CLIENT, Verb.CONTACT_CLIENT}


@dataclass
class Somebody:
    """A member, as the model knows her."""

    worker: Worker
    roles: frozenset[Role]
    names: list[frozenset[str]]


@dataclass
class Plain:
    """Who may know of which file, in sets and loops and nothing else."""

    members: list[Somebody]
    files: list[UUID]
    codes: dict[UUID, str]
    people: dict[UUID, list[frozenset[str]]]
    walls: set[tuple[UUID, UUID]] = field(default_factory=set)
    teams: set[tuple[UUID, UUID]] = field(default_factory=set)
    merged: dict[UUID, UUID] = field(default_factory=dict)
    kept_to_teams: bool = False
    glasses: set[tuple[UUID, UUID]] = field(default_factory=set)

    def one(self, file: UUID) -> set[UUID]:
        """Every file about the same person."""
        root = self.merged.get(file, file)
        return {root, *(each for each, into in self.merged.items() if into == root)}

    def walled(self, member: Somebody, file: UUID) -> bool:
        return any((member.worker.member, each) in self.walls for each in self.one(file))

    def works_with(self, member: Somebody, file: UUID) -> bool:
        return any((member.worker.member, each) in self.teams for each in self.one(file))

    def knows(self, member: Somebody, file: UUID, *verbs: Verb) -> bool:
        """May she know of this file when she asks for all of these?"""
        if self.walled(member, file):
            return False
        others = member.roles - {Role.WORKER}
        if any(all(verb in MAY[role] for role in [each] for verb in verbs) for each in others):
            return True
        if not all(any(verb in MAY[role] for role in member.roles) for verb in verbs):
            return False
        if all(any(verb in MAY[role] for role in others) for verb in verbs):
            return True
        return not self.kept_to_teams or self.works_with(member, file)

    def opens(self, member: Somebody, file: UUID, verb: Verb) -> bool:
        if self.knows(member, file, verb):
            return True
        broken = any((member.worker.member, each) in self.glasses for each in self.one(file))
        return verb in THROUGH_GLASS and broken and not self.walled(member, file)

    def meet(self, file: UUID, name: frozenset[str], off: set[UUID]) -> None:
        """A name walls off few. Which of many it was, `off` says: who stands walled off now. The house's own privacy
        officer has no name that is met, so nobody here is ever the last."""
        named = [each for each in self.members if any(len(own & name) >= 2 for own in each.names)]
        met = [each for each in named if not self.walled(each, file)]
        walled = [each for each in met if len(met) <= MOST_BY_NAME or each.worker.member in off]
        assert len(walled) == min(len(met), MOST_BY_NAME)
        for member in walled:
            self.wall(member, file)

    def wall(self, member: Somebody, file: UUID) -> None:
        if not self.walled(member, file):
            self.walls.add((member.worker.member, file))
        self.teams -= {(member.worker.member, each) for each in self.one(file)}


@dataclass
class Agency:
    house: House
    model: Plain
    chance: random.Random

    def name(self) -> tuple[str, frozenset[str]]:
        """A name of two or three words, spelt one way or another, and what it says."""
        words = [self.chance.choice(FIRST), self.chance.choice(LAST)]
        if self.chance.random() < 0.3:
            words.append(self.chance.choice([word for word in LAST if word != words[1]]))
        spelt = [self.chance.choice(WORDS[word]) for word in words]
        if self.chance.random() < 0.3:
            spelt = [spelt[-1] + ",", *spelt[:-1]]
        return " ".join(spelt), frozenset(words)


ROLES = (
    (Role.WORKER,),
    (Role.WORKER, Role.PRIVACY_OFFICER),
    (Role.SUPERVISOR,),
    (Role.PRIVACY_OFFICER,),
    (Role.WORKER, Role.SUPERVISOR),
)


def founded(seed: int) -> Agency:
    world, chance = World(), random.Random(seed)
    house = world.agency(roles=(Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER))
    partner = world.hospital()
    agency = Agency(house, Plain([], [], {}, {}), chance)
    for roles in ROLES:
        name, words = agency.name()
        agency.model.members.append(Somebody(world.colleague(house, name, roles), frozenset(roles), [words]))
    for role in (Role.WORKER, Role.DIRECTOR):
        agency.model.members.append(Somebody(house[role], frozenset({role}), []))
    for _ in range(FILES):
        file = world.client(house.worker, Identity(given="Ana", family="Prueba"))
        world.entry(house.worker, file)
        world.release(house.worker, file, partner, days=2)
        agency.model.files.append(file)
        agency.model.people[file] = []
        agency.model.teams.add((house.worker.member, file))
    with house.worker.enter(Verb.FIND_CLIENTS) as permit:
        agency.model.codes = dict(clients.codes(permit=permit, client_ids=agency.model.files))
    return agency


# ------------------------------------------------------------------ changes


def adds(agency: Agency, file: UUID, member: Somebody) -> None:
    name, words = agency.name()
    relation = agency.chance.choice([Relation.RESPONDENT, Relation.HOUSEHOLD, Relation.CHILD, Relation.OTHER])
    with agency.house[Role.SUPERVISOR].enter(Verb.EDIT_CLIENT, client=file) as permit:
        identity = Identity(chosen=name) if agency.chance.random() < 0.5 else Identity(given="X", aliases=(name,))
        vault.add_person(permit=permit, at=permit.at, client_id=file, relation=relation, identity=identity)
    agency.model.people[file].append(words)
    with past_the_triggers() as hand:
        rows = hand.execute(
            "select member_id from vault_wall where client_id = any(%s) and lifted_at is null",
            [list(agency.model.one(file))],
        )
        agency.model.meet(file, words, {row[0] for row in rows})


def says(agency: Agency, file: UUID, member: Somebody) -> None:
    name, words = agency.name()
    with member.worker.enter(Verb.DECLARE_TIES) as permit:
        vault.declare_tie(permit=permit, at=permit.at, names=[name], kind="relative")
    member.names.append(words)
    for each in agency.model.files:
        if any(len(words & person) >= 2 for person in agency.model.people[each]):
            agency.model.wall(member, each)


def walls(agency: Agency, file: UUID, member: Somebody) -> None:
    with agency.house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT) as permit:
        vault.wall_off(permit=permit, at=permit.at, client_id=file, member_id=member.worker.member, kind="other")
    agency.model.wall(member, file)


def lifts(agency: Agency, file: UUID, member: Somebody) -> None:
    with agency.house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT) as permit:
        lines = clients.walls(permit=permit)
        for line in agency.chance.sample(lines, min(2, len(lines))):
            vault.lift_wall(permit=permit, at=permit.at, wall_id=line.id, why="namesake")
            agency.model.walls.discard((line.member_id, line.client_id))


def assigns(agency: Agency, file: UUID, member: Somebody) -> None:
    with agency.house[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT, client=file) as permit, suppress(InvalidEntry):
        vault.assign(permit=permit, at=permit.at, client_id=file, member_id=member.worker.member)
        assert not agency.model.walled(member, file)
        if not agency.model.works_with(member, file):
            agency.model.teams.add((member.worker.member, file))


def hands_over(agency: Agency, file: UUID, member: Somebody) -> None:
    other = agency.chance.choice(agency.model.members)
    if other is member:
        return
    model, hers = agency.model, agency.model.teams
    going = {each for who, each in hers if who == member.worker.member}
    with agency.house[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT) as permit:
        vault.hand_over(permit=permit, at=permit.at, from_member=member.worker.member, to_member=other.worker.member)
    had = {each for each in going if model.works_with(other, each)}
    model.teams -= {(member.worker.member, each) for each in going}
    model.teams |= {(other.worker.member, each) for each in going - had if not model.walled(other, each)}


def keeps(agency: Agency, file: UUID, member: Somebody) -> None:
    agency.model.kept_to_teams = not agency.model.kept_to_teams
    access = "team" if agency.model.kept_to_teams else "everyone"
    with agency.house[Role.DIRECTOR].enter(Verb.MANAGE_AGENCY, purpose=Purpose.ADMINISTRATION) as permit:
        partners.change_access(permit=permit, at=permit.at, access=access)


def merges(agency: Agency, file: UUID, member: Somebody) -> None:
    other = agency.chance.choice(agency.model.files)
    with suppress(InvalidEntry), agency.house[Role.SUPERVISOR].enter(Verb.MERGE_CLIENTS, client=file) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=file, other_id=other)
        agency.model.merged[other] = file


def breaks(agency: Agency, file: UUID, member: Somebody) -> None:
    with suppress(InvalidEntry, Refused), member.worker.enter(Verb.BREAK_GLASS) as permit:
        code = agency.model.codes[agency.model.merged.get(file, file)]
        vault.break_glass(
            permit=permit, at=permit.at, code=code, reason="other", words="It could not wait.", elsewhere=()
        )
        if not agency.model.walled(member, file):
            agency.model.glasses.add((member.worker.member, file))


def ends(agency: Agency, file: UUID, member: Somebody) -> None:
    with past_the_triggers() as hand:
        hand.execute(
            "update vault_glass set opened_at = now() - interval '60 minutes', until_at = now()"
            " where agency_id = %s and opened_at is not null",
            [agency.house.id],
        )
    agency.model.glasses.clear()


CHANGES = (
    adds, adds, adds, says, says, walls, lifts, lifts, assigns, assigns, hands_over, keeps, keeps, merges, breaks,
    breaks, ends,
)  # fmt: skip


def stir(agency: Agency) -> str:
    change = agency.chance.choice(CHANGES)
    change(agency, agency.chance.choice(agency.model.files), agency.chance.choice(agency.model.members))
    return change.__name__


# ------------------------------------------------------------------ asking


def asked(agency: Agency) -> Iterator[str]:
    """Every member, every list and door: one answer for each probe, empty when it stands as the model says."""
    for number, member in enumerate(agency.model.members):
        who = f"member {number} {sorted(member.roles)}"
        for name, verbs, told in told_to(agency, member):
            known = {file for file in agency.model.files if agency.model.knows(member, file, *verbs)}
            if name in WHOLE:
                known -= set(agency.model.merged)
            if isinstance(told, int):
                yield "" if told == len(known) else f"{who}: {name}: {told}, not {len(known)}"
                continue
            if name in SOME:
                known &= told
            for file in agency.model.files:
                yield "" if (file in told) is (file in known) else f"{who}: {name} tells of {file}: {file in told}"
        for file in agency.model.files:
            for verb in DOORS:
                opened = opens(member.worker, file, verb)
                yield "" if opened is agency.model.opens(member, file, verb) else f"{who}: {verb} is {opened}"


#: Lists that show a person once, and lists that show only some of what she may know of.
WHOLE = {"recent", "by name", "compared", "by code", "how many"}
SOME = {"walls", "walls lately", "walls found", "to review", "to second"}


def told_to(agency: Agency, member: Somebody) -> list[tuple[str, tuple[Verb, ...], Any]]:
    """What each list names to one member, as ids of files, or a number."""
    files, codes, worker = agency.model.files, agency.model.codes, member.worker
    may: set[Verb] = set().union(*(MAY[role] for role in member.roles))
    found: list[tuple[str, tuple[Verb, ...], Any]] = []

    def note(name: str, verbs: tuple[Verb, ...], ids: Any) -> None:
        found.append((name, verbs, {id for id in ids if id is not None}))

    day = (Verb.FIND_CLIENTS, Verb.READ_DAY)
    if may.issuperset(day):
        with worker.enter(*day) as permit:
            note("recent", day, [line.id for line in clients.recent(permit=permit)])
            note("by name", day, [line.id for line in clients.find(permit=permit, text="Ana")[0]])
            note("codes", day, clients.codes(permit=permit, client_ids=files))
            by_code = [line.id for code in codes.values() for line in clients.find(permit=permit, text=code)[0]]
            note("by code", day, by_code)
            note("ending", day, [each.client_id for each in sharing.ending(permit=permit)])
    if Verb.WITHDRAW_RELEASE in may:
        by = {code: id for id, code in codes.items()}
        with worker.enter(Verb.WITHDRAW_RELEASE) as permit:
            note("living", (Verb.WITHDRAW_RELEASE,), [by[each.code] for each in sharing.living(permit=permit)])
    if Verb.MERGE_CLIENTS in may:
        with worker.enter(Verb.MERGE_CLIENTS) as permit:
            compared = clients.compared(permit=permit, client_ids=files)
            note("compared", (Verb.MERGE_CLIENTS,), [file.id for file in compared])
    if Verb.WALL_CLIENT in may:
        with worker.enter(Verb.WALL_CLIENT) as permit:
            verbs = (Verb.WALL_CLIENT,)
            note("walls", verbs, [each.client_id for each in clients.walls(permit=permit)])
            note("walls lately", verbs, [each.client_id for each in clients.walls_lately(permit=permit)])
            note("walls found", verbs, [each.client_id for each in clients.walls_found(permit=permit)])
            note("coded", verbs, [clients.coded(permit=permit, code=code) for code in codes.values()])
    if Verb.REVIEW_GLASS in may:
        with worker.enter(Verb.REVIEW_GLASS) as permit:
            review = [*clients.glasses_to_review(permit=permit), *clients.glasses_reviewed(permit=permit)]
            note("to review", (Verb.REVIEW_GLASS,), [each.client_id for each in review])
    if Verb.SECOND_GLASS in may:
        with worker.enter(Verb.SECOND_GLASS) as permit:
            waiting = clients.glasses_to_second(permit=permit)
            note("to second", (Verb.SECOND_GLASS,), [each.client_id for each in waiting])
    if Verb.EXPORT_CASELOAD in may:
        with worker.enter(Verb.EXPORT_CASELOAD) as permit:
            count = caseload.how_many(permit=permit, scope="all", since_at=None, before_at=None)
            found.append(("how many", (Verb.EXPORT_CASELOAD,), count))
    return found


def opens(worker: Worker, file: UUID, verb: Verb) -> bool:
    try:
        with worker.enter(verb, client=file):
            return True
    except Refused:
        return False


def hold(seed: int, wanted: int) -> int:
    """Change and ask until enough has been asked; returns how many probes."""
    agency = founded(seed)
    probes, done, hidden = 0, [], 0
    while probes < wanted or len(done) < 3:
        done += [stir(agency) for _ in range(4)]
        answers = list(asked(agency))
        wrong = [answer for answer in answers if answer]
        assert not wrong, (seed, done[-4:], len(done), wrong[:4])
        probes += len(answers)
        hidden += len(agency.model.walls)
    assert hidden, "nobody was walled off: the proof proved nothing"
    return probes


def test_two_thousand_probes_and_no_leak():
    assert hold(1, 2_000) >= 2_000


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_thousand_probes_and_no_leak(seed):
    assert hold(100 + seed, 10_000) >= 10_000


# ------------------------------------------------------------------ planted holes are found


def no_hidden_files(patch: pytest.MonkeyPatch) -> None:
    real = facts.known
    patch.setattr(
        entrance.vault_facts,
        "known",
        lambda *a, **k: facts.Known(broken=real(*a, **k).broken, scope=entrance.EVERYTHING),
    )


def a_list_that_forgets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clients, "within", lambda permit, rows, field="client_id": rows)


def a_count_that_tells(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(caseload, "within", lambda permit, rows, field="client_id": rows)


def releases_that_tell(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sharing, "within", lambda permit, rows, field="client_id": rows)


def nobody_is_met(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(likeness.Watch, "met", lambda self, values: [])


def only_workers_are_met(patch: pytest.MonkeyPatch) -> None:
    real = vault._wall

    def walled(permit: Any, at: Any, client_id: UUID, member_ids: Any, kind: str, **more: Any) -> None:
        kept = [each for each in member_ids if not _is_supervisor(each)]
        real(permit, at, client_id, kept, kind, **more)

    patch.setattr(vault, "_wall", walled)


def _is_supervisor(member: UUID) -> bool:
    from accord.partners.models import Member

    return "supervisor" in Member.objects.get(id=member).roles


def merged_files_stand_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "_families", lambda ids, merged: frozenset(ids))


def a_glass_never_ends(patch: pytest.MonkeyPatch) -> None:
    real = facts.Now
    patch.setattr(facts, "Now", lambda: real() - timedelta(days=1))
    for name in ("_alone", "_in_teams"):  # put into SQL anew, with the hole in it
        patch.setattr(facts, name, prepared(getattr(facts, name).__wrapped__))


def a_glass_crosses(patch: pytest.MonkeyPatch) -> None:
    real = facts.known

    def known(member_id: UUID, *, teams: bool) -> facts.Known:
        found = real(member_id, teams=teams)
        return facts.Known(found.scope, found.conflicts, {id: _forever() for id in found.scope.hidden} | found.broken)

    patch.setattr(entrance.vault_facts, "known", known)


def _forever() -> facts.Broken:
    from datetime import UTC, datetime
    from uuid import uuid4

    return facts.Broken(uuid4(), datetime(2090, 1, 1, tzinfo=UTC))


def a_glass_opens_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(entrance, "GLASS_OPENS", frozenset(Verb))


@pytest.fixture(scope="module")
def agency() -> Agency:
    """An agency in which there is something to hide: walls, a merged file, a glass that stands and one that is over."""
    found = founded(7)
    model, files = found.model, found.model.files
    worker, both, boss = model.members[0], model.members[1], model.members[2]
    for member, file in ((worker, files[0]), (boss, files[1]), (both, files[1])):
        walls(found, file, member)
    with found.house[Role.SUPERVISOR].enter(Verb.MERGE_CLIENTS, client=files[2]) as permit:
        vault.merge(permit=permit, at=permit.at, client_id=files[2], other_id=files[3])
    model.merged[files[3]] = files[2]
    walls(found, files[2], worker)
    walls(found, files[2], boss)
    keeps(found, files[0], worker)
    breaks(found, files[4], worker)
    ends(found, files[4], worker)
    breaks(found, files[5], worker)
    return found


def quiet(agency: Agency) -> None:
    """Nothing changes."""


def test_without_a_hole_there_is_nothing_to_find(agency: Agency) -> None:
    assert [answer for answer in asked(agency) if answer] == []


def a_boss_is_named(agency: Agency) -> None:
    boss = agency.model.members[2]
    words = sorted(boss.names[0], key=lambda word: word not in FIRST)[:2]
    name = " ".join(WORDS[word][0] for word in words)
    with agency.house[Role.SUPERVISOR].enter(Verb.EDIT_CLIENT, client=agency.model.files[5]) as permit:
        vault.add_person(
            permit=permit,
            at=permit.at,
            client_id=agency.model.files[5],
            relation=Relation.RESPONDENT,
            identity=Identity(chosen=name),
        )
    agency.model.people[agency.model.files[5]].append(frozenset(words))
    agency.model.meet(agency.model.files[5], frozenset(words), {boss.worker.member})


@pytest.mark.parametrize(
    ("hole", "then"),
    [
        (no_hidden_files, quiet),
        (a_list_that_forgets, quiet),
        (a_count_that_tells, quiet),
        (releases_that_tell, quiet),
        (merged_files_stand_alone, quiet),
        (a_glass_never_ends, quiet),
        (a_glass_crosses, quiet),
        (a_glass_opens_everything, quiet),
        (only_workers_are_met, a_boss_is_named),
        (nobody_is_met, a_boss_is_named),
    ],
    ids=lambda each: each.__name__,
)
def test_a_planted_hole_is_found(
    agency: Agency, hole: Callable[[pytest.MonkeyPatch], None], then: Callable[[Agency], None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        hole(patch)
        then(agency)
        found = next((answer for answer in asked(agency) if answer), "")
    assert found

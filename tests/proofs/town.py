"""A small generated community for proofs: agencies of several kinds, people, entries, and her word in every state.

Also the attacker's tools: a superuser's eyes (to know what there is), and the service's own role with nothing between
it and the tables but the policies.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.utils import timezone
from psycopg import sql
from psycopg.rows import dict_row

from accord.agreements import actions as agreements
from accord.config.service import gate
from accord.coordination.protocols.changing import written
from accord.coordination.protocols.facts import shipped
from accord.coordination.referrals import actions as referrals
from accord.database.context import note
from accord.gate import Caller
from accord.policy.words import Category, Level, Purpose, Relation, Role, Verb
from accord.sharing import actions as sharing
from accord.vault import actions as vault
from accord.vault.rules import Identity, SafeContact
from tests.rooms import test_referrals
from tests.world import House, World, agree, draft


def _place() -> dict[str, Any]:
    found = settings.DATABASES["default"]
    return {"host": found["HOST"], "port": found["PORT"], "dbname": found["NAME"]}


def superuser(**options: Any) -> psycopg.Connection[Any]:
    """Somebody with the disk in her hands: no policy and, as a replica, no trigger holds her."""
    return psycopg.connect(**_place(), user="postgres", autocommit=True, **options)


@contextmanager
def past_the_triggers() -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection on which neither triggers nor foreign keys are asked."""
    with superuser() as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def as_service(**options: Any) -> psycopg.Connection[Any]:
    """The service's own role, without the service: what an injected statement is."""
    found = settings.DATABASES["default"]
    return psycopg.connect(**_place(), user=found["USER"], password=found["PASSWORD"], **options)


def note_of(agency: UUID | None, account: UUID | None = None, *, lens: str = "live", now: float | None = None) -> str:
    """A good note, as the gate would sign it."""
    secret = settings.KEYRING.secrets["context"]
    return note(
        secret, agency=agency, account=account, lens=lens, now=timezone.now().timestamp() if now is None else now
    )


def told(connection: psycopg.Connection[Any], signed: str | None) -> None:
    """Put a note before the database for this session; None takes it away."""
    connection.execute("select set_config('accord.context', %s, false)", [signed or ""])


def rows(connection: psycopg.Connection[Any], table: str) -> list[dict[str, Any]]:
    """Everything a connection sees of a table."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL("select * from {}").format(sql.Identifier(table))).fetchall()


def key_of(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """What names a row: its agency and its id, size or position."""
    return (row.get("agency_id"), next(row[name] for name in ("id", "position", "size") if name in row))


def owned_tables() -> list[str]:
    """Every table with row-level security."""
    with superuser() as connection:
        found = connection.execute(
            "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace order by 1"
        ).fetchall()
    return [name for (name,) in found]


def leaves(agency: UUID) -> int:
    """How many leaves an agency's ledger has."""
    with superuser() as connection:
        return connection.execute("select count(*) from ledger_leaf where agency_id = %s", [agency]).fetchone()[0]


@dataclass
class Town:
    """Agencies by name, the clients of each, and the releases made: (holder, client, recipient, release, state)."""

    world: World
    houses: dict[str, House]
    clients: dict[str, list[UUID]]
    releases: list[tuple[str, UUID, str, UUID, str]] = field(default_factory=list)

    @property
    def ids(self) -> dict[UUID, str]:
        return {house.id: name for name, house in self.houses.items()}


KINDS = ("hospital", "hospital two", "shelter", "shelter two", "police")
STATES = ("draft", "living", "accepted", "withdrawn", "expired", "swept")
ENTRY_CATEGORIES = (Category.INJURIES, Category.EXAM, Category.MEDICATIONS, Category.NOTES)


def found_town(seed: int, clients: int = 2, kinds: Sequence[str] = KINDS) -> Town:
    """Make a town; the same seed makes the same choices."""
    chance, world = random.Random(seed), World()
    houses = {}
    for name in kinds:
        make = {"hospital": world.hospital, "shelter": world.agency, "police": world.police}[name.split()[0]]
        houses[name] = make()
    town = Town(world, houses, {})
    for name, house in houses.items():
        town.clients[name] = [_person(town, house, chance, number) for number in range(clients)]
    holders = [name for name in kinds if name != "police"]
    state = iter(STATES * 10)
    for holder in holders:
        for recipient in kinds:
            if recipient != holder:
                client = chance.choice(town.clients[holder])
                _release(town, holder, recipient, client, next(state), chance)
    for house in houses.values():
        agree(house, *(other for other in houses.values() if other is not house))
        for other in list(houses.values())[:2]:
            if other is not house:
                _commented(house, draft(house, other))
    _referrals(town)
    _by_hand(town)
    _protocols(town)
    return town


def _referrals(town: Town) -> None:
    """A referral in every state at somebody: waiting, accepted, declined with a bare no, taken back."""
    shelter, hospital, police = (town.houses[name] for name in ("shelter", "hospital", "police"))
    sent = []
    for house in (hospital, police, hospital, town.houses["shelter two"], police):
        client = town.world.client(shelter.worker)
        town.world.entry(shelter.worker, client, Category.INJURIES)
        sent.append((house, client, test_referrals.referred(shelter.worker, client, house)))
    accepted = test_referrals.accept(hospital.worker, sent[0][2])
    with hospital.worker.enter(Verb.ANSWER_REFERRAL, client=accepted) as permit:
        referrals.spoke(permit=permit, at=permit.at, client_id=accepted, referral_id=sent[0][2], together=True)
        referrals.state_capacity(permit=permit, at=permit.at, takes="yes")
    test_referrals.decline(police.worker, sent[1][2])
    with shelter.worker.enter(Verb.REFER, client=sent[2][1]) as permit:
        referrals.take_back(permit=permit, at=permit.at, client_id=sent[2][1], referral_id=sent[2][2])


def _commented(house: House, draft_id: UUID) -> None:
    with house[Role.DIRECTOR].enter(Verb.COMMENT_AGREEMENT, purpose=Purpose.ADMINISTRATION) as permit:
        agreements.comment(permit=permit, at=permit.at, draft_id=draft_id, section="purpose", text="Is this enough?")


def _by_hand(town: Town) -> None:
    """Rows of every agency that no release brings with it. Nobody opens them: what is asked is who sees them."""
    ids = list(town.ids)
    with past_the_triggers() as hand:
        for name, house in town.houses.items():
            client, other = town.clients[name][0], ids[ids.index(house.id) - 1]
            values = {"me": house.id, "client": client, "other": other, "member": house.worker.member}
            flow = (
                "insert into sharing_flow (id, agency_id, client_id, recipient_id, purpose, grants, rule, automatic,"
                " told, opened_at, opened_by, until_at) values (gen_random_uuid(), %(me)s, %(client)s, %(other)s,"
                " 'safety', '{\"legal\": 2}', 'court-orders', false, 'told', now(), %(member)s,"
                " now() + interval '9 days')"
            )
            for statement in (
                *([] if name.startswith("shelter") else [flow]),
                "insert into sharing_answered (id, agency_id, client_id, subject_id, recipient_id, paper, purpose,"
                " grants, rule, until_at, answered_at, answered_by) select gen_random_uuid(), %(me)s, client_id,"
                " id, %(other)s, gen_random_uuid(), 'legal_process', '{\"identity\": 2}', 'by-hand', now(), now(),"
                " %(member)s from vault_person where client_id = %(client)s and relation = 'self'",
                "insert into process_paper (id, agency_id, client_id, subject_id, claimed, kind, state, held_from,"
                " recipient, outside_kind, outside, purpose, categories, fields, statute, represented, since_at,"
                " until_at, received_at, received_by, counsel_advice, told_how, quiet_how) select %(other)s, %(me)s,"
                " client_id, id, 'subpoena', 'subpoena', 'received', '', gen_random_uuid(), 'court', 'sealed',"
                " 'legal_process', '{identity}', '{}', '', '{}', now(), now(), now(), %(member)s, '', '', ''"
                " from vault_person where client_id = %(client)s and relation = 'self'",
                "insert into process_step (id, agency_id, paper_id, move, at, by) values (gen_random_uuid(), %(me)s,"
                " %(other)s, 'received', now(), %(member)s)",
                "insert into process_given (id, agency_id, paper_id, client_id, category, level, rule, way, given_at,"
                " given_by) values (gen_random_uuid(), %(me)s, %(other)s, %(client)s, 'identity', 2, 'by-hand', 'oral',"
                " now(), %(member)s)",
                "insert into process_breach (id, agency_id, kind, key_version, what, detected_at, noted_at, noted_by)"
                " values (%(other)s, %(me)s, 'actual', 1, 'sealed', now(), now(), %(member)s)",
                "insert into process_notice (id, agency_id, breach, whom, told_at, told_by) values (gen_random_uuid(),"
                " %(me)s, %(other)s, 'individuals', now(), %(member)s)",
                "insert into sharing_aside (id, agency_id, client_id, basis, entry_id, put_at, put_by) select"
                " gen_random_uuid(), agency_id, client_id, gen_random_uuid(), id, now(), %(member)s from vault_entry"
                " where client_id = %(client)s",
                "insert into sharing_never (id, agency_id, client_id, against_id, person, since_at, noted_by,"
                " lifted_how) values (gen_random_uuid(), %(me)s, %(client)s, %(other)s, 'sealed', now(), %(member)s,"
                " '')",
                "insert into sharing_relay (id, agency_id, partner_id, thread, wants, how, key_version, told_at,"
                " closed_how) values (gen_random_uuid(), %(other)s, %(me)s, gen_random_uuid(), 'all', 'phone', 1,"
                " now(), '')",
                "insert into vault_wall (id, agency_id, client_id, member_id, kind, since_at, by, lifted_why) values"
                " (gen_random_uuid(), %(me)s, %(client)s, %(member)s, 'relative', now(), %(member)s, '')",
                "insert into vault_tie (id, agency_id, member_id, kind, names, since_at) values (gen_random_uuid(),"
                " %(me)s, %(member)s, 'relative', 'sealed', now())",
                "insert into vault_glass (id, agency_id, member_id, client_id, reason, words, asked_at, crossing,"
                " outcome) values (gen_random_uuid(), %(me)s, %(member)s, %(client)s, 'other', 'sealed', now(), false,"
                " '')",
                "insert into vault_seconding (id, agency_id, holder_id, glass, reason, role, asked_at) values"
                " (gen_random_uuid(), %(other)s, %(me)s, gen_random_uuid(), 'other', 'worker', now())",
                "insert into caseload_upload (id, agency_id, by, stage, key_version, rows, parts, next_part, brought,"
                " left_out, started_at, touched_at, \"table\") values (%(other)s, %(me)s, %(member)s, 'columns', 1, 1,"
                " 1, 0, 0, 0, now(), now(), 'sealed')",
                "insert into tracks_track (id, agency_id, client_id, case_id, about_id, protocol, version, state,"
                " number, begun_at, begun_by, entered_at) select %(other)s, %(me)s, client_id, case_id, about_id,"
                " 'protective_order', 1, 'filed', 9, now(), %(member)s, now() from vault_entry"
                " where client_id = %(client)s limit 1",
                'insert into tracks_step (id, agency_id, client_id, track_id, number, version, code, begins, "to",'
                " occurred_at, recorded_at, recorded_by, late, facts, entry) select gen_random_uuid(), %(me)s,"
                " client_id, %(other)s, 1, 1, '',"
                " '', 'filed', now(), now(), %(member)s, false, 'sealed', id from vault_entry"
                " where client_id = %(client)s limit 1",
                "insert into tracks_due (id, agency_id, client_id, track_id, code, number, optional, opens_at, due_at,"
                " how) values (gen_random_uuid(), %(me)s, %(client)s, %(other)s, 'ex_parte_review', 1, false, now(),"
                " now(), '')",
                "insert into gaps_gap (id, agency_id, client_id, rule, priority, of, since_at, found_at, answer) values"
                " (gen_random_uuid(), %(me)s, %(client)s, 'step_late', 3, %(other)s, now(), now(), '')",
                "insert into gaps_told (id, agency_id, client_id, rule, of, entry, told_at, told_by) values"
                " (gen_random_uuid(), %(me)s, %(client)s, 'order_unserved', %(other)s, %(other)s, now(), %(member)s)",
                "insert into gaps_look (id, agency_id, looked_at, whole_at) values (gen_random_uuid(), %(me)s, now(),"
                " now())",
                "insert into tasks_task (id, agency_id, client_id, owner_id, kind, words, state, due_at, first_due_at,"
                " snoozed_why, every_unit, made_at, made_by, origin, dropped_why) values (gen_random_uuid(), %(me)s,"
                " %(client)s, %(member)s, 'other', 'sealed', 'open', now(), now(), '', '', now(), %(member)s, '', '')",
                'insert into tasks_view (id, agency_id, member_id, whose, "when", kind, kept_at) values'
                " (gen_random_uuid(), %(me)s, %(member)s, 'mine', 'late', '', now())",
                "insert into tasks_capacity (id, agency_id, files, said_at, said_by) values (gen_random_uuid(), %(me)s,"
                " 20, now(), %(member)s)",
                "insert into notices_hearing (id, agency_id, member_id, how, hour) values (gen_random_uuid(), %(me)s,"
                " %(member)s, 'digest', '')",
                "insert into caseload_part (id, agency_id, upload_id, number, rows) values (gen_random_uuid(), %(me)s,"
                " %(other)s, 0, 'sealed')",
                "insert into caseload_export (id, agency_id, by, asked_at, until_at, reason, scope, count, second,"
                " taken) values (gen_random_uuid(), %(me)s, %(member)s, now(), now(), 'copy', 'all', 1, false, 0)",
            ):
                hand.execute(statement, values)


def _protocols(town: Town) -> None:
    """What each agency proposes, says and answers about protocols, a version it was the last to agree to, and what it
    asks of itself."""
    with past_the_triggers() as hand:
        for house in town.houses.values():
            values = {"me": house.id, "code": f"hand_{house.id.hex}", "text": written(shipped()["protective_order"])}
            for statement in (
                "insert into protocols_proposal (id, agency_id, code, why, begun_at, begun_by) values"
                " (%(me)s, %(me)s, %(code)s, 'A reason.', now(), 'Somebody')",
                "insert into protocols_wording (id, agency_id, proposal, number, code, based_on, kinds, asked, text,"
                " begins_at, digest, written_at, written_by, needed, laid_by) values (gen_random_uuid(), %(me)s,"
                " %(me)s, 1, %(code)s, 0, '{court}', '{court}', %(text)s, now(), 'hash', now(), 'Somebody', '{}', '')",
                "insert into protocols_word (id, agency_id, proposal, number, text, said_at, said_by) values"
                " (gen_random_uuid(), %(me)s, %(me)s, 1, 'Why?', now(), 'Somebody')",
                "insert into protocols_voice (id, agency_id, digest, yes, words, said_at, said_by) values"
                " (gen_random_uuid(), %(me)s, 'hash', true, '', now(), 'Somebody')",
                "insert into protocols_version (id, agency_id, code, number, kinds, text, digest, begins_at,"
                " adopted_at) values (gen_random_uuid(), %(me)s, %(code)s, 1, '{court}', %(text)s, 'hash', now(),"
                " now())",
                "insert into protocols_own (id, agency_id, protocol, due, step, evidence, number, count, unit, asked,"
                " why, since_at, set_by) values (gen_random_uuid(), %(me)s, %(code)s, 'hearing', '', '', 1, -1, 'days',"
                " false, 'So that she is not alone.', now(), 'Somebody')",
            ):
                hand.execute(statement, values)


def _person(town: Town, house: House, chance: random.Random, number: int) -> UUID:
    family = f"{chance.choice(['Vega', 'Soler', 'Okafor', 'Lind'])}{number}"
    client = town.world.client(
        house.worker,
        Identity(given=f"Given{chance.randrange(10**6)}", family=family, aliases=("Majo",)),
        SafeContact(when="mornings", phone=f"555-{number:04}"),
    )
    with house.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        vault.add_person(
            permit=permit,
            at=permit.at,
            client_id=client,
            relation=Relation.RESPONDENT,
            identity=Identity(given="He", family=family),
        )
    for category in chance.sample(ENTRY_CATEGORIES, 2):
        town.world.entry(house.worker, client, category, text=f"Told {category.value}.", narrative="Long story.")
    return client


def _release(town: Town, holder: str, recipient: str, client: UUID, state: str, chance: random.Random) -> None:
    giving, taking = town.houses[holder], town.houses[recipient]
    grants = {Category.IDENTITY: Level.FULL, Category.CONTACT: Level.SUMMARY, Category.SERVICES: Level.EXISTENCE}
    grants |= {category: chance.choice([Level.EXISTENCE, Level.SUMMARY, Level.FULL]) for category in ENTRY_CATEGORIES}
    if state == "draft":
        with giving.worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
            release = sharing.prepare(
                permit=permit,
                at=permit.at,
                client_id=client,
                recipient_id=taking.id,
                purpose=Purpose.SAFETY,
                grants=grants,
                last_day=permit.at.date() + timedelta(days=9),
                language="en",
            )
    else:
        release = town.world.release(giving.worker, client, taking, grants)
    if state in ("accepted", "withdrawn", "expired", "swept"):
        town.world.accept(taking.worker)
    if state == "withdrawn":
        town.world.withdraw(giving.worker, client, release)
    if state in ("expired", "swept"):
        end_now(release)
    if state == "swept":
        sweep(giving)
    town.releases.append((holder, client, recipient, release, state))


def end_now(release: UUID) -> None:
    """Let a release and what was sent on it be over by the database's clock, as if time had passed."""
    with past_the_triggers() as connection:
        past = "statement_timestamp() - interval '1 microsecond'"
        connection.execute(f"update sharing_release set until_at = {past} where id = %s", [release])
        connection.execute(f"update sharing_envelope set until_at = {past} where release = %s", [release])


def sweep(house: House, **when: Any) -> int:
    """The nightly clearing-up of one agency."""
    at = when.get("at") or timezone.now()
    with gate().housekeeping(Caller(agency=house.id, job="sweep"), at=at) as permit:
        return sharing.sweep(permit=permit, at=permit.at)

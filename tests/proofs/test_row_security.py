"""Row-level security stands alone. The application's checks are off: raw SQL and unfiltered querysets as the service's
role. What every agency should see is worked out here, from the whole tables, by a separate reading of the promise."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection as service
from django.db import transaction
from psycopg import sql
from psycopg.types.json import Jsonb

from accord.database.context import note
from tests.proofs.town import (
    as_service,
    found_town,
    key_of,
    note_of,
    owned_tables,
    past_the_triggers,
    rows,
    superuser,
    told,
)

TABLES = owned_tables()
#: The directory is open: names of agencies stand on every tag.
DIRECTORY = "partners_agency"
#: So is what agencies agreed among themselves, and how they change protocols; each writes its own rows all the same.
COMMUNITY = (
    "partners_agreement", "partners_agreementparty", "protocols_proposal", "protocols_wording", "protocols_word",
    "protocols_voice", "protocols_version", "referrals_capacity",
)  # fmt: skip
SECRET = [name for name in TABLES if name != DIRECTORY]
#: (recipient, referral, holder) of every yes to a referral, as the whole tables have it.
YES: set[tuple[UUID, UUID, UUID]] = set()
REFUSED = (psycopg.errors.InsufficientPrivilege,)


@pytest.fixture(scope="module")
def town():
    return found_town(seed=1)


@pytest.fixture(scope="module")
def everything(town) -> dict[str, list[dict[str, Any]]]:
    with superuser() as connection:
        found = {table: rows(connection, table) for table in TABLES}
    said_yes(found)
    return found


@pytest.fixture
def attacker():
    """The service's role, about to roll back whatever it manages."""
    with as_service() as connection:
        yield connection
        connection.rollback()


def said_yes(found: Mapping[str, list[dict[str, Any]]]) -> None:
    """Keep in mind who has said yes to which referral."""
    YES.update((row["agency_id"], row["id"], row["holder_id"]) for row in found["sharing_opened"])


def opened(row: dict[str, Any]) -> bool:
    """Whether what may have come along with a referral has the recipient's yes."""
    return row["referral"] is None or (row["agency_id"], row["referral"], row["holder_id"]) in YES


def promised(table: str, row: dict[str, Any], agency: UUID, now: datetime) -> bool:
    """May this agency see this row? Written from house.md, not from the policies."""
    if table == DIRECTORY or table in COMMUNITY:
        return True
    if table.startswith("agreements_"):
        return agency in row["parties"]
    if table in ("sharing_envelope", "sharing_arrival"):
        alive = table == "sharing_arrival" or (row["withdrawn_at"] is None and row["until_at"] > now)
        return row["holder_id"] == agency or (row["agency_id"] == agency and alive and opened(row))
    if table == "referrals_incoming":
        return row["holder_id"] == agency or (row["agency_id"] == agency and row["withdrawn_at"] is None)
    if table == "vault_seconding":
        return agency in (row["agency_id"], row["holder_id"])
    return row["agency_id"] == agency


def test_the_town_has_every_kind_and_state(everything, town):
    """The proof is worth what it looks at."""
    mine = {table: [row for row in found if row.get("agency_id") in town.ids] for table, found in everything.items()}
    assert {table for table in SECRET if not mine[table]} <= {
        "ledger_checkpoint", "ledger_position", "sharing_confirmed",
    }  # fmt: skip
    now = datetime.now(UTC)
    kinds = Counter(
        (row["level"], row["retain"], row["withdrawn_at"] is not None, row["until_at"] <= now, row["sealed"] is None)
        for row in mine["sharing_envelope"]
    )
    assert {level for level, *_ in kinds} == {1, 2, 3}
    for place in range(1, 5):
        assert {kind[place] for kind in kinds} == {True, False}
    assert {state for *_, state in town.releases} == {"draft", "living", "accepted", "withdrawn", "expired", "swept"}


@pytest.mark.parametrize("table", TABLES)
def test_every_agency_sees_its_own_and_what_lives_for_it(town, everything, attacker, table):
    now, probes = datetime.now(UTC), 0
    for agency in town.ids:
        told(attacker, note_of(agency))
        expected = {key_of(table, row) for row in everything[table] if promised(table, row, agency, now)}
        assert {key_of(table, row) for row in rows(attacker, table)} == expected
        for row in everything[table]:
            name = next(name for name in ("id", "position", "size") if name in row)
            picked = sql.SQL("select count(*) from {} where {} = %s").format(
                sql.Identifier(table), sql.Identifier(name)
            )
            if name == "id" and probes % 7 == 0:
                seen = attacker.execute(picked, [row["id"]]).fetchone()[0]
                assert seen == (key_of(table, row) in expected)
            probes += 1
        with attacker.cursor().copy(sql.SQL("copy {} to stdout").format(sql.Identifier(table))) as copy:
            assert b"".join(copy).count(b"\n") == len(expected)
    told(attacker, None)


@pytest.mark.parametrize(
    "model", [m for m in apps.get_models() if m._meta.db_table in SECRET], ids=lambda m: m.__name__
)
def test_unfiltered_querysets_see_no_more(town, everything, model):
    table, now = model._meta.db_table, datetime.now(UTC)
    for agency in town.ids:
        with transaction.atomic(), service.cursor() as cursor:
            cursor.execute("select set_config('accord.context', %s, true)", [note_of(agency)])
            key = model._meta.pk
            found = [
                {"agency_id": row.get("agency"), key.column: row.get(key.attname), **row}
                for row in model._base_manager.all().values()
            ]
        expected = [key_of(table, row) for row in everything[table] if promised(table, row, agency, now)]
        assert Counter(key_of(table, row) for row in found) == Counter(expected)
    assert not model._base_manager.exists(), "no context, no rows"


def test_joins_and_aggregates_count_only_ones_own(town, everything, attacker):
    for agency in town.ids:
        told(attacker, note_of(agency))
        own = sum(row["agency_id"] == agency for row in everything["vault_entry"])
        assert attacker.execute("select count(*), max(agency_id::text) from vault_entry").fetchone() == (
            own,
            str(agency),
        )
        assert attacker.execute("select count(*) from vault_client a, vault_client b").fetchone()[0] == (
            sum(row["agency_id"] == agency for row in everything["vault_client"]) ** 2
        )


def literal(value: Any) -> Any:
    rows = isinstance(value, list) and value and isinstance(value[0], list)  # no array of ours has two dimensions
    return Jsonb(value) if isinstance(value, dict) or rows else value


def insert(table: str, row: dict[str, Any]) -> tuple[sql.Composed, list[Any]]:
    made = {"actor", "verb", "outcome", "client"} if table == "ledger_leaf" else set()
    names = [name for name in row if name not in made]
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() * len(names)),
    )
    return statement, [literal(row[name]) for name in names]


def attempt(connection: psycopg.Connection[Any], statement: sql.Composable | str, values: Any = ()) -> Any:
    """What the database answers: a number of rows, or the refusal with every id blotted out. Nothing stays."""
    try:
        with connection.transaction(force_rollback=True):
            done = connection.execute(statement, values or None)
            connection.execute("set constraints all immediate")
            return done.rowcount
    except psycopg.Error as error:
        text = f"{error.sqlstate} {error}"
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\\x[0-9a-f]+|\(.*\)", "…", text)


@pytest.mark.parametrize("table", SECRET)
def test_rows_of_others_cannot_be_changed_deleted_or_written(town, everything, attacker, table):
    now, tried = datetime.now(UTC), 0
    name = sql.Identifier(table)
    for agency in list(town.ids)[:3]:
        told(attacker, note_of(agency))
        others = [row for row in everything[table] if row["agency_id"] in town.ids and row["agency_id"] != agency]
        for row in others[:: max(1, len(others) // 6)]:
            wrote = agency in (row.get("partner_id"), row["holder_id"] if table == "referrals_no" else None)
            if (promised(table, row, agency, now) or wrote) and table not in COMMUNITY:
                continue  # what it sent itself: tried below
            key = next(each for each in ("id", "position", "size") if each in row)
            where = sql.SQL(" where agency_id = %s and {} = %s").format(sql.Identifier(key))
            these = [row["agency_id"], row[key]]
            change = sql.SQL("update {} set agency_id = agency_id").format(name)
            steal = sql.SQL("update {} set agency_id = {}").format(name, sql.Literal(agency))
            assert attempt(attacker, change + where, these) == 0
            assert attempt(attacker, steal + where, these) == 0
            assert attempt(attacker, sql.SQL("delete from {}").format(name) + where, these) == 0
            assert (
                attempt(attacker, sql.SQL("select 1 from {}").format(name) + where + sql.SQL(" for share"), these) == 0
            )
            for forged in (row, row | ({"id": uuid4()} if "id" in row else {key: 10**9})):
                statement, values = insert(table, forged)
                once = attempt(attacker, statement, values)
                assert once.startswith("42501 "), once
                twice = attempt(attacker, statement + sql.SQL(" on conflict do nothing"), values)
                assert twice == once, "an existing row and a new one are refused alike"
            tried += 1
        own = sum(promised(table, row, agency, now) for row in everything[table])
        for statement in ("update {} set agency_id = agency_id", "delete from {}"):
            done = attempt(attacker, sql.SQL(statement).format(name))
            assert isinstance(done, str) or done <= own
    empty = {"ledger_checkpoint", "ledger_position", "sharing_confirmed"}
    assert tried or table in empty


def test_own_rows_cannot_be_handed_to_another_agency(town, everything, attacker):
    ids = list(town.ids)
    for agency, other in zip(ids, ids[1:] + ids[:1], strict=True):
        told(attacker, note_of(agency))
        for table in ("vault_client", "vault_entry", "vault_person", "sharing_thread", "partners_member"):
            given = attempt(attacker, sql.SQL("update {} set agency_id = %s").format(sql.Identifier(table)), [other])
            assert str(given).startswith("42501"), (table, given)


FAKE = secrets.token_bytes(32)


def forgeries(agency: UUID, other: UUID) -> dict[str, str | None]:
    """Notes that must open nothing."""
    good = note_of(agency)
    body, _, mac = good.rpartition(".")
    version, _, account, lens, expiry = body.split(".")
    now = datetime.now(UTC).timestamp()
    flipped = {f"bit {n}": good[:n] + chr(ord(good[n]) ^ 1) + good[n + 1 :] for n in range(0, len(good), 5)}
    return flipped | {
        "none": None,
        "empty": "",
        "one dot": ".",
        "five dots": ".....",
        "six dots": "......",
        "nulls": "v1.-.-.-.-.-",
        "another secret": note(FAKE, agency=agency, account=None, now=now),
        "expired": note_of(agency, now=now - 301),
        "long expired": note_of(agency, now=0),
        "other agency": good.replace(str(agency), str(other)),
        "longer life": f"{version}.{agency}.{account}.{lens}.{int(expiry) + 9999}.{mac}",
        "no signature": body,
        "empty signature": f"{body}.",
        "bare digest": f"{body}.{sha256(body.encode()).hexdigest()}",
        "keyed by prefix": f"{body}.{sha256(settings.KEYRING.secrets['django'] + body.encode()).hexdigest()}",
        "appended": f"{good}.x",
        "prepended": f"x.{good}",
        "trailing space": f"{good} ",
        "upper case": good.upper(),
        "parts moved": f"{version}.{account}.{agency}.{lens}.{expiry}.{mac}",
        "agency alone": str(agency),
        "quote": f"v1.{agency}' or true --.-.live.{expiry}.{mac}",
        "percent": "%.%.%.%.%.%",
        "very long": "." * 100_000,
        "unicode": "v1.\u202e.☂.é.𝟙.ß",
    }


def test_a_missing_or_forged_context_shows_nothing_and_writes_nothing(town, everything, attacker):
    agency, other = list(town.ids)[2:4]
    union = " union all ".join(f"select '{table}' as t from {table}" for table in SECRET)
    told(attacker, note_of(agency))
    assert attacker.execute(f"select count(*) from ({union}) s").fetchone()[0] > 50, "the good note opens"
    told(attacker, note_of(agency, now=datetime.now(UTC).timestamp() - 299))
    assert attacker.execute(f"select count(*) from ({union}) s").fetchone()[0] > 50, "and does until its last second"
    probes = 0
    for name, forged in forgeries(agency, other).items():
        told(attacker, forged)
        assert attacker.execute("select accord_agency(), accord_account(), accord_lens()").fetchone() == (None,) * 3, (
            name
        )
        assert attacker.execute(f"select t from ({union}) s limit 1").fetchone() is None, name
        probes += len(SECRET)
    for name in ("none", "other agency", "expired", "another secret"):
        told(attacker, forgeries(agency, other)[name])
        for table in SECRET:
            row = next((row for row in everything[table] if row["agency_id"] == agency), None)
            for statement in ("update {} set agency_id = agency_id", "delete from {}"):
                assert attempt(attacker, sql.SQL(statement).format(sql.Identifier(table))) == 0
            if row:
                fresh = row | ({"id": uuid4()} if "id" in row else {})
                assert str(attempt(attacker, *insert(table, fresh))).startswith("42501"), (name, table)
                probes += 1
    assert probes > 900


def test_a_note_is_for_one_transaction(town):
    agency = next(iter(town.ids))
    with transaction.atomic(), service.cursor() as cursor:
        cursor.execute("select set_config('accord.context', %s, true)", [note_of(agency)])
        cursor.execute("select accord_agency()")
        assert cursor.fetchone() == (agency,)
    with service.cursor() as cursor:
        cursor.execute("select accord_agency()")
        assert cursor.fetchone() == (None,)


def test_the_secret_cannot_be_reached_through_a_temporary_type(town):
    """PostgreSQL looks into pg_temp first unless it is named last: a domain called `text` would run as the owner.
    Everybody may make temporary things in a database that nobody told otherwise, so it is tried with that right."""
    with superuser() as root:
        name = root.info.dbname
        root.execute(sql.SQL("grant temporary on database {} to accord_app").format(sql.Identifier(name)))
        try:
            with as_service(autocommit=True) as attacker:
                attacker.execute("create temporary table loot (who text, pad bytea)")
                attacker.execute("grant all on loot to public")
                attacker.execute(
                    "create function pg_temp.take(value anyelement) returns boolean language plpgsql as $$"
                    " begin insert into pg_temp.loot select current_user, inner_pad from accord_private.secret;"
                    " return true; exception when insufficient_privilege then return true; end $$"
                )
                attacker.execute("create domain pg_temp.text as pg_catalog.text check (pg_temp.take(value))")
                told(attacker, note_of(next(iter(town.ids))))
                attacker.execute("select accord_agency(), accord_context()")
                assert attacker.execute("select who from loot").fetchall() == []
        finally:
            root.execute(sql.SQL("revoke temporary on database {} from accord_app").format(sql.Identifier(name)))


def test_functions_of_the_context_cannot_be_replaced_by_search_path(town, attacker):
    told(attacker, None)
    for path in ("", "pg_temp", "pg_temp, public", "accord_private", "information_schema, public"):
        attacker.execute("select set_config('search_path', %s, false)", [path])
        try:
            seen = attacker.execute("select count(*) from public.vault_client").fetchone()[0]
        except psycopg.errors.UndefinedFunction:
            attacker.rollback()
            continue
        assert seen == 0, path
    attacker.rollback()


def oracle_rows(agency: UUID, table: str, everything: dict[str, list[dict[str, Any]]]) -> dict[str, Any] | None:
    return next((row for row in everything[table] if row["agency_id"] == agency), None)


def links(connection: psycopg.Connection[Any]) -> list[tuple[str, str, str, str]]:
    """(constraint, table, column, table pointed at) of every foreign key between agency-owned tables."""
    found = connection.execute(
        "select conname, c.relname, a.attname, f.relname from pg_constraint k"
        " join pg_class c on c.oid = conrelid join pg_class f on f.oid = confrelid"
        " cross join lateral unnest(conkey, confkey) as pair(here, there)"
        " join pg_attribute a on a.attrelid = conrelid and a.attnum = pair.here"
        " join pg_attribute b on b.attrelid = confrelid and b.attnum = pair.there"
        " where contype = 'f' and b.attname = 'id' and c.relrowsecurity and f.relrowsecurity and f.relname <> %s",
        [DIRECTORY],
    ).fetchall()
    return [tuple(row) for row in found]


def fresh(row: dict[str, Any], table: str, keep: str) -> dict[str, Any]:
    """The same row with another identity, so that only the link under test can fail."""
    new, now = row | {"id": uuid4()}, datetime.now(UTC)
    unique = {
        "vault_client": {"code": secrets.token_hex(4)},
        "sharing_thread": {"thread": uuid4()},
        "sharing_receipt": {"envelope": uuid4()},
        "sharing_confirmed": {"envelope": uuid4()},
        "sharing_sent": {"entry_id": uuid4()},
        "sharing_aside": {"basis": uuid4()},
        "sharing_answered": {"paper": uuid4()},
        "partners_vaultgrant": {"member_id": uuid4()},
        "referrals_answer": {"incoming": uuid4(), "state": "accepted", "reason": "", "contact_due_at": now},
        "vault_entry": {"origin": secrets.token_bytes(16)},
        "vault_team": {"ended_at": now},
        "vault_wall": {"lifted_at": now, "lifted_by": uuid4()},
        "caseload_part": {"number": 7},
        "tracks_due": {"code": "another"},
        "gaps_gap": {"of": uuid4()},
        "gaps_told": {"rule": "order_expiring"},
        "tasks_view": {"when": "all"},
        "protocols_wording": {"number": 2},
        "protocols_word": {"number": 2},
        "protocols_voice": {"digest": secrets.token_hex(8)},
        "protocols_version": {"number": 2},
        "notices_hearing": {"member_id": uuid4()},
        "tracks_step": {"number": 2, "begins": "filed", "code": "deny"},
    }
    if keep == "merged_into_id":
        new["merged_at"] = now
    return new | {name: value for name, value in unique.get(table, {}).items() if name != keep}


#: Tables whose own trigger asks before their links are.
BY_TRIGGER = (
    "sharing_answered", "tracks_track", "tracks_due", "protocols_wording", "protocols_word", "protocols_voice",
    "protocols_version",
)  # fmt: skip


def test_a_link_to_a_row_of_others_fails_like_a_link_to_nothing(town, everything, attacker):
    tried = 0
    with superuser() as root:
        found = links(root)
    for constraint, table, column, target in found:
        for agency in town.ids:
            row = oracle_rows(agency, table, everything)
            foreign = [
                each for each in everything[target] if each["agency_id"] in town.ids and each["agency_id"] != agency
            ]
            # what this agency itself handed over is no secret to it
            foreign = [each for each in foreign if each.get("holder_id") != agency]
            if row is None or not foreign or (table in ("sharing_envelope", "sharing_arrival")):
                continue
            told(attacker, note_of(agency))
            base = fresh(row, table, column)
            own = next((each for each in everything[target] if each["agency_id"] == agency), None)
            if own is None:
                assert target == "sharing_flow", "a victim service provider has no flow, and everything else"
                continue
            if (table, column) in (
                ("sharing_sent", "flow_id"),
                ("sharing_sent", "answered_id"),
                ("referrals_referral", "flow_id"),
            ):
                base["release_id"] = None  # it rests on one of the three
            # one per member or client, and each has hers; an answer rests on a paper that was answered: none here was;
            # a case moves together with a step, and its clocks are about the same file
            if table not in ("partners_vaultgrant", "vault_shred", *BY_TRIGGER):
                assert attempt(attacker, *insert(table, base | {column: own["id"]})) == 1, (
                    constraint,
                    "own link is good",
                )
            nothing = attempt(attacker, *insert(table, base | {column: uuid4()}))
            for victim in foreign[:: max(1, len(foreign) // 3)]:
                assert attempt(attacker, *insert(table, base | {column: victim["id"]})) == nothing, constraint
                tried += 1
            asked_first = "P0001" if table in BY_TRIGGER else "23503"
            assert str(nothing).startswith(asked_first), (constraint, nothing)
    assert tried > 50


def between(
    everything: dict[str, list[dict[str, Any]]], town: Any
) -> list[tuple[UUID, dict[str, Any], dict[str, Any]]]:
    """(attacker, what somebody else sent to a recipient, what the attacker itself sent to the same recipient)."""
    sent = [row for row in everything["sharing_envelope"] if row["holder_id"] in town.ids]
    return [
        (mine["holder_id"], theirs, mine)
        for theirs in sent
        for mine in sent
        if theirs["agency_id"] == mine["agency_id"] and theirs["holder_id"] != mine["holder_id"]
    ][::17]


def test_a_holder_cannot_learn_what_another_holder_sent_by_an_equal_id(town, everything, attacker):
    """The row it may write belongs to the recipient: its key must not collide with what others wrote there."""
    cases = between(everything, town)
    written = 0
    for agency, theirs, mine in cases:
        told(attacker, note_of(agency))
        unborn = attempt(attacker, *insert("sharing_envelope", mine | {"id": uuid4()}))
        taken = attempt(attacker, *insert("sharing_envelope", mine | {"id": theirs["id"]}))
        assert taken == unborn, "it tells that another holder sent this"
        written += unborn == 1  # on a release that has ended neither can be written
    assert written > 10


def test_a_holder_cannot_learn_what_another_holder_sent_by_announcing_it(town, everything, attacker):
    for agency, theirs, mine in between(everything, town):
        told(attacker, note_of(agency))
        arrival = {
            "id": uuid4(),
            "agency_id": theirs["agency_id"],
            "holder_id": agency,
            "arrived_at": mine["sent_at"],
        }
        assert attempt(attacker, *insert("sharing_arrival", arrival | {"envelope": mine["id"]})) == 1
        nothing = attempt(attacker, *insert("sharing_arrival", arrival | {"envelope": uuid4()}))
        theirs_told = attempt(attacker, *insert("sharing_arrival", arrival | {"envelope": theirs["id"]}))
        assert theirs_told == nothing, "it tells that another holder sent this"


def test_a_holder_cannot_send_on_a_release_of_another(town, everything, attacker):
    for agency, theirs, mine in between(everything, town):
        told(attacker, note_of(agency))
        nothing = attempt(attacker, *insert("sharing_envelope", mine | {"id": uuid4(), "release": uuid4()}))
        others = attempt(attacker, *insert("sharing_envelope", mine | {"id": uuid4(), "release": theirs["release"]}))
        assert others == nothing
        assert str(nothing).startswith("23503")


CHANGES = {"purpose": "advocacy", "grants": Jsonb({"exam": 3}), "language": "es", "elements": ["signed"],
           "signer_role": "guardian", "signer_minor": True, "signer_alone": True, "signer_cosigned": True,
           "signer_abuser": True, "method": "screen", "copy": "refused", "signature": b"x", "long_because": b"x",
           "prepared_at": datetime(2020, 1, 1, tzinfo=UTC), "prepared_by": uuid4(),
           "explained_at": datetime(2020, 1, 1, tzinfo=UTC), "signed_at": datetime(2020, 1, 1, tzinfo=UTC),
           "signed_with": uuid4(), "until_at": datetime(2090, 1, 1, tzinfo=UTC), "conversation": uuid4(),
           "updates": ["notes"], "cosigner": b"x", "witness": b"x", "kept": b"x", "instrument": "proceeding",
           "fixed_until": datetime(2090, 1, 1, tzinfo=UTC), "ends_with": "hearing_held", "signer_ward": True,
           "signer_dead": True, "responsible_at": datetime(2020, 1, 1, tzinfo=UTC),
           "responsible_by": uuid4()}  # fmt: skip
#: How a signed release may still change, each once: it ends, or she wishes that what binds her did.
ENDINGS = {
    "withdrawn_at",
    "withdrawn_by",
    "withdrawn_how",
    "ended_at",
    "ended_by",
    "wished_at",
    "wished_by",
    "wished_how",
}


def test_a_signed_release_is_never_edited_and_never_deleted(town, everything, attacker):
    signed = [row for row in everything["sharing_release"] if row["agency_id"] in town.ids and row["signed_at"]]
    tried = 0
    for row in signed:
        told(attacker, note_of(row["agency_id"]))
        elsewhere = next(each for each in town.ids if each not in (row["agency_id"], row["recipient_id"]))
        others = CHANGES | {"recipient_id": elsewhere, "client_id": uuid4(), "subject_id": uuid4()}
        for column, value in others.items():
            if row[column] == (value.obj if isinstance(value, Jsonb) else value):
                continue
            changed = sql.SQL("update sharing_release set {} = %s where id = %s").format(sql.Identifier(column))
            answer = attempt(attacker, changed, [value, row["id"]])
            assert "a signed release is never edited" in str(answer), (column, answer)
            tried += 1
        assert attempt(attacker, "delete from sharing_release where id = %s", [row["id"]]) == 0
        if row["withdrawn_at"]:
            back = (
                "update sharing_release set withdrawn_at = null, withdrawn_by = null, withdrawn_how = '' where id = %s"
            )
            later = "update sharing_release set withdrawn_at = '2090-01-01' where id = %s"
            for statement in (back, later):
                assert "a signed release is never edited" in str(attempt(attacker, statement, [row["id"]]))
    assert tried > 200
    columns = set(everything["sharing_release"][0])
    untried = columns - set(others) - {"id", "agency_id"} - ENDINGS
    assert not untried, "a new column of a release is tried too"


def test_an_envelope_can_only_end(town, everything, attacker):
    sent = [row for row in everything["sharing_envelope"] if row["holder_id"] in town.ids]
    changes = {
        "withdrawn_at": None, "sealed": b"another", "level": 3, "until_at": datetime(2090, 1, 1, tzinfo=UTC),
        "category": "housing", "thread": uuid4(), "release": uuid4(), "rules": ["none"], "purpose": "housing",
        "flow": uuid4(), "answered": uuid4(), "referral": uuid4(), "retain": True, "basis": "order", "key_version": 9,
        "sent_at": datetime(2020, 1, 1, tzinfo=UTC), "id": uuid4(),
    }  # fmt: skip
    assert set(changes) | {"agency_id", "holder_id"} == set(sent[0])
    tried = 0
    for row in sent:
        told(attacker, note_of(row["holder_id"]))
        for column, value in changes.items():
            if row[column] == value:
                continue
            changed = sql.SQL("update sharing_envelope set {} = %s where id = %s").format(sql.Identifier(column))
            assert "an envelope can only end" in str(attempt(attacker, changed, [value, row["id"]])), column
            tried += 1
        elsewhere = next(each for each in town.ids if each not in (row["agency_id"], row["holder_id"]))
        moved = attempt(attacker, "update sharing_envelope set agency_id = %s where id = %s", [elsewhere, row["id"]])
        assert "an envelope can only end" in moved
        given = attempt(attacker, "update sharing_envelope set holder_id = %s where id = %s", [elsewhere, row["id"]])
        assert isinstance(given, str)
        if row["retain"] and row["sealed"] is not None:
            burnt = attempt(attacker, "update sharing_envelope set sealed = null where id = %s", [row["id"]])
            assert "envelope_kept_where_bound_to_keep" in burnt
        assert attempt(attacker, "delete from sharing_envelope where id = %s", [row["id"]]) == 0
        # the recipient may not touch it at all: neither to keep it alive nor to end it
        told(attacker, note_of(row["agency_id"]))
        for statement in ("update sharing_envelope set withdrawn_at = %s where id = %s",):
            assert attempt(attacker, statement, [datetime.now(UTC), row["id"]]) == 0
        assert attempt(attacker, "delete from sharing_envelope where id = %s", [row["id"]]) == 0
    assert tried > 300


def test_the_records_officer_s_lens_shows_what_must_be_kept_and_not_a_row_more(town, everything, attacker):
    now, kept = datetime.now(UTC), 0
    for agency in town.ids:
        told(attacker, note_of(agency, lens="kept"))
        seen = {row["id"] for row in rows(attacker, "sharing_envelope")}
        expected = {
            row["id"]
            for row in everything["sharing_envelope"]
            if promised("sharing_envelope", row, agency, now)
            or (row["agency_id"] == agency and row["retain"] and opened(row))
        }
        assert seen == expected
        kept += sum(row["withdrawn_at"] is not None for row in rows(attacker, "sharing_envelope"))
        told(attacker, note_of(agency).replace(".live.", ".kept."))
        assert rows(attacker, "sharing_envelope") == []
    assert kept


def test_the_ledger_is_neither_changed_nor_shortened_by_its_own_agency(town, everything, attacker):
    from accord.config.service import gate
    from accord.gate import Caller
    from accord.ledger.actions import sequence

    agency = next(iter(town.ids))
    with gate().housekeeping(Caller(agency=agency, job="sequencer"), at=datetime.now(UTC)) as permit:
        assert sequence(permit=permit, at=permit.at) > 0
    told(attacker, note_of(agency))
    for table, column in (("ledger_leaf", "line"), ("ledger_leaf", "hash"), ("ledger_position", "hash"),
                          ("ledger_checkpoint", "root"), ("ledger_checkpoint", "size")):  # fmt: skip
        name, place = sql.Identifier(table), sql.Identifier(column)
        assert rows(attacker, table)
        assert attempt(attacker, sql.SQL("update {} set {} = {}").format(name, place, place)) == 0
        assert attempt(attacker, sql.SQL("delete from {}").format(name)) == 0
        assert str(attempt(attacker, sql.SQL("truncate {}").format(name))).startswith("42501")
        row = rows(attacker, table)[0]
        again, values = insert(table, row)
        assert str(attempt(attacker, again, values)).startswith("23505"), "what stands cannot be written over"
        over = sql.SQL(" on conflict on constraint {} do update set {} = excluded.{}").format(
            sql.Identifier(f"{table}_pkey"), place, place
        )
        assert str(attempt(attacker, again + over, values)).startswith("42501")


def test_planted_holes_are_found(town, everything, attacker):
    """The sweep above can see: with one policy opened, or switched off, it fails."""
    agency, now = next(iter(town.ids)), datetime.now(UTC)
    told(attacker, note_of(agency))
    expected = sum(promised("vault_entry", row, agency, now) for row in everything["vault_entry"])
    with past_the_triggers() as root:
        for breaking, mending in (
            ("create policy planted on vault_entry for select using (true)", "drop policy planted on vault_entry"),
            ("alter table vault_entry disable row level security", "alter table vault_entry enable row level security"),
        ):
            attacker.rollback()
            root.execute(breaking)
            try:
                assert len(rows(attacker, "vault_entry")) > expected
            finally:
                attacker.rollback()
                root.execute(mending)

"""The real PostgreSQL catalog: what the database itself holds when every line of the program is wrong."""

from __future__ import annotations

import re
from collections import defaultdict

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import namedtuple_row

from tests.house.test_rows import CLASSES, INHERITED, OURS, THIRD_PARTY

#: Tables without row-level security, each with its reason.
OPEN = THIRD_PARTY | {
    "accounts_account": "signing in comes before any agency; holds staff addresses and locked keys, no survivor",
}
#: Row-level security by another column than agency_id.
BY_ID = {"partners_agency": "the directory: everybody in the community reads it, each agency writes its own row"}
#: What a policy may call. `sharing_said_yes` looks up, by its whole key, the recipient's own yes to a referral: it may
#: not stand in the envelope, whose holder reads that row (docs/adr/0015).
ASKED = {"accord_agency", "accord_account", "accord_lens", "statement_timestamp", "sharing_said_yes"}
#: Keys that carry the agency under another name.
UNDER_ANOTHER_NAME = {
    "sharing_envelope_rests_on_release": "the holder's release: holder_id is the holder's agency",
    "sharing_envelope_rests_on_flow": "the holder's flow: holder_id is the holder's agency",
    "sharing_envelope_rests_on_answer": "the holder's answer to a paper: holder_id is the holder's agency",
}
#: Tables into which an agency writes rows that are another's, and the column that names it: a holder to a recipient,
#: and a partner that passes on to the holder what she takes back.
WRITTEN_BY = {
    "sharing_envelope": "holder_id",
    "sharing_arrival": "holder_id",
    "sharing_relay": "partner_id",
    "vault_seconding": "holder_id",
    "referrals_incoming": "holder_id",
    "referrals_no": "holder_id",
}


@pytest.fixture(scope="module")
def catalog(environment):
    """A superuser's look at the catalog: nothing is hidden from it."""
    place = conninfo_to_dict(environment.connection_url)
    with psycopg.connect(
        host=place["host"], port=place["port"], dbname=place["dbname"], user="postgres", row_factory=namedtuple_row
    ) as connection:
        yield connection


@pytest.fixture
def app(environment):
    with psycopg.connect(environment.connection_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def columns(catalog) -> dict[str, list[str]]:
    found = defaultdict(list)
    for row in catalog.execute(
        "select relname, attname from pg_attribute a join pg_class c on c.oid = attrelid"
        " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped"
        " order by relname, attnum"
    ):
        found[row.relname].append(row.attname)
    return dict(found)


@pytest.fixture(scope="module")
def owned(columns) -> set[str]:
    """Tables whose rows belong to one agency."""
    return {table for table, names in columns.items() if "agency_id" in names}


@pytest.fixture(scope="module")
def uniques(catalog, owned) -> list[tuple[str, str, bool, list[str]]]:
    """(table, index, is primary, columns) of every unique index on an owned table."""
    rows = catalog.execute(
        "select t.relname as table, i.relname as index, indisprimary,"
        " array(select attname from unnest(indkey) with ordinality k(n, o)"
        "       join pg_attribute a on a.attrelid = t.oid and a.attnum = k.n order by o) as names"
        " from pg_index join pg_class t on t.oid = indrelid join pg_class i on i.oid = indexrelid"
        " where indisunique and t.relname = any(%s)",
        [list(owned)],
    )
    return [(row.table, row.index, row.indisprimary, row.names) for row in rows]


def test_every_table_is_owned_by_an_agency_or_on_the_reviewed_list(columns, owned):
    assert set(columns) - owned == set(OPEN) | set(BY_ID)
    assert owned >= {model._meta.db_table for model in OURS} - set(OPEN) - set(BY_ID)


def test_no_table_stands_outside_public(catalog):
    rows = catalog.execute(
        "select n.nspname || '.' || relname as name from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where relkind in ('r', 'p', 'v', 'm', 'f')"
        " and nspname not in ('public', 'pg_catalog', 'information_schema', 'pg_toast')"
        " and nspname not like 'pg\\_temp%%'"
    )
    assert [row.name for row in rows] == ["accord_private.secret"]


def test_row_level_security_is_on_and_forced(catalog, owned):
    rows = catalog.execute(
        "select relname, relrowsecurity, relforcerowsecurity from pg_class where relname = any(%s)",
        [sorted(owned | set(BY_ID))],
    ).fetchall()
    assert len(rows) == len(owned) + len(BY_ID)
    assert [row.relname for row in rows if not (row.relrowsecurity and row.relforcerowsecurity)] == []


def test_policies_look_at_the_row_and_at_who_asks_and_at_nothing_else(catalog, owned):
    policies = catalog.execute(
        "select p.oid, polname, relname, polcmd::text as command, pg_get_expr(polqual, polrelid) as using,"
        " pg_get_expr(polwithcheck, polrelid) as checking from pg_policy p join pg_class c on c.oid = polrelid"
    ).fetchall()
    assert {row.relname for row in policies} == owned | set(BY_ID)
    for row in policies:
        text = f"{row.using or ''} {row.checking or ''}"
        assert set(re.findall(r"(\w+)\(", text)) <= ASKED, row.polname
        assert not re.search(r"\bfrom\b", text, re.I), f"{row.polname} looks at a table"
        others = catalog.execute(
            "select refobjid::regclass::text as name from pg_depend where classid = 'pg_policy'::regclass"
            " and objid = %s and refclassid = 'pg_class'::regclass and refobjid <> %s::regclass",
            [row.oid, row.relname],
        ).fetchall()
        assert others == [], f"{row.polname} depends on {others}"
        if row.relname in owned:
            assert "accord_agency()" in text, f"{row.polname} does not ask whose row it is"
        if row.command in ("a", "w"):
            assert row.checking, f"{row.polname} lets rows be written that it would not show"


def test_every_agency_may_write_only_in_its_own_name(catalog, owned):
    """A row for another agency may be written only by the agency it names as its writer."""
    for row in catalog.execute(
        "select polname, relname, pg_get_expr(polwithcheck, polrelid) as checking"
        " from pg_policy p join pg_class c on c.oid = polrelid where polwithcheck is not null and relname = any(%s)",
        [list(owned)],
    ):
        names = {"agency_id", WRITTEN_BY.get(row.relname, "agency_id")}
        allowed = {f"({name} = ( SELECT accord_agency() AS accord_agency))" for name in names}
        assert row.checking in allowed, f"{row.polname}: {row.checking}"


def test_every_key_carries_the_agency(owned, uniques):
    assert {table for table, _, primary, _ in uniques if primary} == owned
    for table, index, primary, names in uniques:
        assert "agency_id" in names, f"{index} of {table} tells one agency about another's rows"
        if primary:
            assert names[0] == "agency_id", f"{index} of {table}"


def foreign_keys(catalog):
    return catalog.execute(
        "select conname, c.relname as table, f.relname as target,"
        " array(select attname from unnest(conkey) with ordinality k(n, o)"
        "       join pg_attribute a on a.attrelid = conrelid and a.attnum = k.n order by o) as names,"
        " array(select attname from unnest(confkey) with ordinality k(n, o)"
        "       join pg_attribute a on a.attrelid = confrelid and a.attnum = k.n order by o) as there"
        " from pg_constraint join pg_class c on c.oid = conrelid join pg_class f on f.oid = confrelid"
        " where contype = 'f'"
    ).fetchall()


def test_foreign_keys_between_owned_tables_stay_inside_one_agency(catalog, owned):
    seen = 0
    for row in foreign_keys(catalog):
        if row.target not in owned:
            assert row.target in set(OPEN) | set(BY_ID)
            continue
        seen += 1
        assert row.table in owned, f"{row.conname}: a row without an agency points at one with"
        pairs = dict(zip(row.there, row.names, strict=True))
        carried = pairs.get("agency_id")
        if row.conname in UNDER_ANOTHER_NAME:
            assert carried == "holder_id"
        else:
            assert carried == "agency_id", f"{row.conname} confirms that another agency's row exists"
    assert seen > 10


def test_keys_of_rows_that_another_agency_writes_carry_the_writer(catalog, owned, uniques):
    """Where an agency may insert into another's rows, a key without the writer would tell it what others sent."""
    written = {
        row.relname
        for row in catalog.execute(
            "select relname from pg_policy join pg_class c on c.oid = polrelid"
            " where polcmd in ('a', '*') and pg_get_expr(polwithcheck, polrelid) not like '%%agency_id = %%'"
            " and relname = any(%s)",
            [list(owned)],
        )
    }
    assert written == set(WRITTEN_BY)
    for table, index, _, names in uniques:
        if table in written:
            assert WRITTEN_BY[table] in names, f"{index} of {table} collides with what another agency wrote"
    for row in foreign_keys(catalog):
        if row.table in written and row.target in owned:
            assert WRITTEN_BY[row.table] in row.names, f"{row.conname} confirms what another agency wrote"


def test_every_owned_table_has_an_index_that_leads_with_the_agency(catalog, owned):
    rows = catalog.execute(
        "select distinct t.relname from pg_index join pg_class t on t.oid = indrelid"
        " join pg_attribute a on a.attrelid = t.oid and a.attnum = indkey[0]"
        " where attname = 'agency_id' and indpred is null and indisvalid and t.relname = any(%s)",
        [list(owned)],
    )
    assert {row.relname for row in rows} == owned


def test_no_counter_runs_across_agencies(catalog, owned):
    rows = catalog.execute(
        "select distinct c.relname from pg_attribute a join pg_class c on c.oid = attrelid"
        " left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum"
        " where relname = any(%s) and (attidentity <> '' or pg_get_expr(adbin, adrelid) like '%%nextval%%')",
        [list(owned)],
    )
    assert [row.relname for row in rows] == []


def test_every_column_of_ours_states_its_class_in_the_database_too(catalog):
    ours = {model._meta.db_table: model._meta.label for model in OURS}
    for row in catalog.execute(
        "select relname, attname, col_description(attrelid, attnum) as comment from pg_attribute a"
        " join pg_class c on c.oid = attrelid where relname = any(%s) and attnum > 0 and not attisdropped",
        [list(ours)],
    ):
        comment = row.comment or INHERITED.get((ours[row.relname], row.attname), "")
        assert comment.split(":")[0] in CLASSES, f"{row.relname}.{row.attname}: {comment!r}"


def test_functions_with_the_owner_s_rights_pin_their_search_path(catalog):
    """`pg_temp` stands last: left out, it is searched first, and a temporary type could run inside the function."""
    rows = catalog.execute(
        "select proname, coalesce(proconfig, '{}') as settings from pg_proc p"
        " join pg_namespace n on n.oid = pronamespace"
        " where prosecdef and nspname not in ('pg_catalog', 'information_schema')"
    ).fetchall()
    assert {row.proname for row in rows} == {"accord_context"}
    for row in rows:
        paths = [each.partition("=")[2] for each in row.settings if each.startswith("search_path=")]
        assert [path.replace('"', "").replace(" ", "") for path in paths] == ["pg_catalog,pg_temp"], row.proname


def test_no_view_shows_what_its_owner_may_see(catalog):
    rows = catalog.execute(
        "select relname, relkind::text as kind, coalesce(reloptions, '{}') as options from pg_class c"
        " join pg_namespace n on n.oid = relnamespace"
        " where relkind in ('v', 'm') and nspname not in ('pg_catalog', 'information_schema')"
    )
    assert [
        row.relname
        for row in rows
        if row.kind == "m" or not {"security_invoker=true", "security_invoker=on"} & set(row.options)
    ] == []


def test_the_service_s_role_is_nobody_special(catalog):
    role = catalog.execute("select * from pg_roles where rolname = 'accord_app'").fetchone()
    rights = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    assert [right for right in rights if getattr(role, right)] == []
    groups = catalog.execute("select count(*) from pg_auth_members where member = 'accord_app'::regrole").fetchone()
    assert groups == (0,)
    owns = catalog.execute(
        "select count(*) from pg_shdepend where refobjid = 'accord_app'::regrole and deptype = 'o'"
    ).fetchone()
    assert owns == (0,)


def test_the_service_s_role_may_read_and_write_rows_and_nothing_else(catalog, columns):
    for table in columns:
        for right in ("truncate", "references", "trigger", "maintain"):
            held = catalog.execute("select has_table_privilege('accord_app', %s, %s)", [table, right]).fetchone()
            assert held == (False,), f"accord_app may {right} {table}"
    creates = catalog.execute(
        "select nspname from pg_namespace where has_schema_privilege('accord_app', oid, 'create')"
        " union all select datname from pg_database, unnest(array['create', 'temp']) as power"
        " where datname = current_database() and has_database_privilege('accord_app', oid, power)"
    ).fetchall()
    assert creates == []
    grants = catalog.execute(
        "select relname from pg_class c, aclexplode(relacl) a"
        " where a.grantee = 0 and relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert grants == [], "nothing is granted to everybody"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from accord_private.secret",
        "insert into accord_private.secret values ('\\x00', '\\x00')",
        "delete from accord_private.secret",
        "truncate vault_client",
        "create table public.mine (id int)",
        "create temp table mine (id int)",
        "create function pg_temp.f() returns int language sql as 'select 1'",
        "create schema mine",
        "set role accord_owner",
        "set session authorization postgres",
        "alter table vault_client disable row level security",
        "drop policy vault_client_select on vault_client",
        "set session_replication_role = replica",
        "copy vault_client to '/tmp/never'",
        "create or replace function accord_agency() returns uuid language sql as 'select null::uuid'",
        "alter function accord_agency() security definer",
        "select pg_read_file('PG_VERSION')",
        "create publication p for all tables",
    ],
)
def test_the_service_s_role_is_refused(app, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


def test_a_dump_by_the_service_s_role_is_refused_rather_than_filtered(app):
    """`row_security = off` is what pg_dump sets: an answer with rows missing would look whole."""
    app.execute("set row_security = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        app.execute("select * from vault_client")


def test_the_service_runs_as_that_role():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select current_user, session_user, current_setting('row_security')")
        assert cursor.fetchone() == ("accord_app", "accord_app", "on")

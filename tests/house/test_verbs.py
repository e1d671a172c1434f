"""Who may do what inside the house: who decides, who issues permits, who writes the ledger, and what every public verb
and noun of a room asks for."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest

from tests.house.sweep import HOUSE, Source, house, named

#: Public functions of `actions.py` that take no permit, each with the reason somebody agreed to.
WITHOUT_PERMIT = {
    "accord.accounts.actions.new_code": "makes a random code; touches nothing",
    "accord.accounts.actions.invite": "an account has no agency yet; called inside partners.actions, under its permit",
    "accord.accounts.actions.new_key": "called inside partners.actions.new_code, under its permit",
    "accord.accounts.actions.enrol": "she has no agency until she has enrolled; the code is what lets her",
    "accord.accounts.actions.unlock": "signing in comes before any agency; the password is what lets her",
    "accord.accounts.actions.relock": "her own password; the old one is what lets her",
    "accord.accounts.actions.close": "called inside partners.actions.remove_member, under its permit",
    "accord.ledger.actions.write_leaf": "the gate's: a refusal has no permit and is written too",
    "accord.partners.actions.found_agency": "the operator's: there is no agency yet to hold a permit",
    "accord.partners.actions.open_vault": "the gate's: a permit carries the vault this opens",
    "accord.partners.actions.rewrap_service_locks": "the operator's keyring; opens nothing to anybody",
    "accord.sharing.actions.envelope_info": "pure: names what binds a ciphertext to its row",
    "accord.sharing.actions.relay_info": "pure: names what binds a ciphertext to its row",
}
#: Of those, the ones that are not keyword-only because they take a row or nothing.
POSITIONAL = {"accord.sharing.actions.relay_info", "accord.sharing.actions.envelope_info"}
#: Actions with a permit and without a moment.
WITHOUT_MOMENT = {"accord.vault.actions.rewrap_clients": "changes wrapping, no fact; nothing happened to anybody"}
#: Modules that may say yes or no, each with its reason.
DECIDERS = {
    "accord.gate.entrance": "the gate",
    "accord.gate.asking": "the gate; what a partner may be asked, as questions about nobody",
    "accord.gate.disclosure": "the gate",
    "accord.gate.law": "the gate; `accord decide` asks it about a question somebody brings",
    "accord.gate.whatif": "the gate; asks again about what was sent, and lets nothing out",
    "accord.policy.compare": "puts invented questions to two laws; pure, and hands out nothing",
    "accord.policy": "hands the function on under the room's own name",
}


def functions(ending: str) -> dict[str, object]:
    """Dotted name -> function, for every public function defined in a room's `<ending>.py`."""
    found = {}
    for source in named(ending):
        module = importlib.import_module(source.name)
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == source.name and not name.startswith("_"):
                found[f"{source.name}.{name}"] = value
    return found


ACTIONS, QUERIES = functions("actions"), functions("queries")


def test_there_is_something_to_look_at():
    assert len(ACTIONS) > 30
    assert len(QUERIES) > 20


@pytest.mark.parametrize("name", sorted(ACTIONS | QUERIES))
def test_every_public_function_takes_a_permit_and_names_its_verbs(name):
    function = (ACTIONS | QUERIES)[name]
    parameters = inspect.signature(function).parameters
    if name not in POSITIONAL:
        assert all(each.kind is each.KEYWORD_ONLY for each in parameters.values()), f"{name} takes keywords only"
    if name in WITHOUT_PERMIT:
        assert not hasattr(function, "verbs"), f"{name} has verbs: take it off the list"
        return
    assert getattr(function, "verbs", None), f"{name} is not marked with needs()"
    assert "permit" in parameters
    if name in ACTIONS:
        assert ("at" in parameters) != (name in WITHOUT_MOMENT), f"{name}: `at` is passed, never asked"


def test_the_list_of_exceptions_names_only_what_exists():
    assert set(WITHOUT_PERMIT) | set(WITHOUT_MOMENT) <= set(ACTIONS)


def test_only_the_gate_calls_decide():
    users = {source.name for source in house() if {"accord.policy.decide.decide", "accord.policy.decide"} & source.uses}
    roundabout = {
        f"{source}:{line}"
        for source in house()
        for module, name, line in source.imports
        if module == "accord.policy.decide" and name == ""
    }
    assert users <= set(DECIDERS)
    assert {"accord.gate.entrance", "accord.gate.disclosure"} <= users
    assert not roundabout, "import the function, so that who decides can be read off"


def test_only_the_gate_issues_permits():
    makers = set()
    for source in house():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr == "issue":
                makers.add(source.name)
            # a permit made behind `issue`
            if isinstance(node, ast.Call) and ast.unparse(node) in ("Permit.__new__(Permit)", "object.__new__(Permit)"):
                makers.add(source.name)
    assert makers
    assert all(name.startswith("accord.gate.") for name in makers), makers


def test_only_the_gate_writes_leaves():
    writers = {source.name for source in house() if "accord.ledger.actions.write_leaf" in source.uses}
    assert writers
    assert all(name.startswith("accord.gate.") for name in writers), writers
    touching = {
        source.name
        for source in house()
        if {"accord.ledger.models", "accord.ledger.models.Leaf"} & source.uses and not source.name.endswith("models")
    }
    assert touching <= {"accord.ledger.actions", "accord.ledger.queries"}


@pytest.mark.parametrize("source", named("actions"), ids=str)
def test_actions_ask_neither_law_nor_request_nor_settings_nor_clock(source):
    never = (
        "django.conf",
        "django.http",
        "django.utils.timezone",
        "accord.policy.decide",
        "accord.gate",
        "accord.config",
    )
    assert not [use for use in source.uses if any(use == name or use.startswith(f"{name}.") for name in never)]
    assert not [call for call, _ in source.calls if re.search(r"\b(now|today|utcnow)$", call)]


WRITES = {
    "create", "save", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "select_for_update", "iterator", "raw", "execute", "extra", "record",
}  # fmt: skip


@pytest.mark.parametrize("source", named("queries", "facts"), ids=str)
def test_queries_and_facts_write_nothing_and_keep_no_cursor_open(source):
    """A cursor that stays open goes on showing what has been withdrawn; a query ends before anything is shown."""
    if source.name.startswith("accord.policy"):
        return
    locking = ("accord.sharing.facts", "accord.process.facts", "accord.coordination.referrals.facts")
    allowed = {"select_for_update"} if source.name in locking else set()
    found = {call.rpartition(".")[2] for call, _ in source.calls if "." in call} & WRITES
    assert found <= allowed, found


DOORS = [source for source in house() if source.name.startswith(("accord.doors", "accord.demo"))]

#: What doors may reach of the database all the same, each with its reason.
REACHES = {
    ("accord.doors.web.signin", "django.db.transaction"): "a new password and the lock under it: both or neither",
    ("accord.doors.cli.documents", "Authenticator.objects.filter"): "allauth's second step, at the command line too",
    (
        "accord.doors.cli.pages",
        "django.apps.apps",
    ): "prints what a dump shows, from the fields' own words; reads no row",
    ("accord.doors.cli.serving", "psycopg"): "asks whether a database was migrated, before Django is there",
}


def reaches(source: Source) -> set[str]:
    """What a door touches of the database beside the gate and the rooms' verbs."""
    rows = {use for use in source.uses if re.search(r"^accord\..*\.models(\.|$)", use)}
    back_ways = ("django.apps.apps", "django.contrib.auth.get_user_model", "django.db.models", "django.db.transaction")
    found = rows | {use for use in source.uses if use in back_ways or use == "psycopg"}
    if "django.db.connection" in source.uses:  # a stream lets its connection go; nobody here uses one
        letting_go = ("connection.close", "connection.close_pool")
        found |= {call for call, _ in source.calls if call.startswith("connection.") and call not in letting_go}
    return found | {call for call, _ in source.calls if ".objects." in call or call.endswith(("get_model", ".raw"))}


@pytest.mark.parametrize("source", DOORS, ids=str)
def test_doors_know_no_rows(source):
    assert {found for found in reaches(source) if (source.name, found) not in REACHES} == set()


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.html")), ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_template_asks_a_permission(path):
    text = path.read_text("utf-8")
    assert not re.search(r"\bperms\b|has_perm|is_staff|is_superuser|\|\s*safe\b|autoescape\s+off", text)


@pytest.mark.parametrize("source", [s for s in house() if s.path.name == "models.py"], ids=str)
def test_models_hold_no_rules(source: Source):
    methods = {
        f"{node.name}.{inner.name}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        for inner in node.body
        if isinstance(inner, ast.FunctionDef)
    }
    assert not methods, "rules belong in rules.py, verbs in actions.py"
    assert not [use for use in source.uses if use.startswith("django.db.models.signals")]


def test_nobody_listens_to_signals_of_rows():
    assert not [source.name for source in house() if any("db.models.signals" in use for use in source.uses)]

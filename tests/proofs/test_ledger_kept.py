"""The ledger holds what happened: one leaf a request, in the deed's own transaction, refusals and readings included;
and whoever edits it behind the program's back is found."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from accord.config.service import gate
from accord.gate import Caller, Refused, entrance, preview
from accord.ledger import queries as ledger
from accord.ledger.actions import sequence
from accord.ledger.leaves import LeafError
from accord.ledger.verify import main as verify
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sharing import actions as sharing
from accord.vault import actions as vault
from accord.vault import queries
from accord.vault.rules import Identity
from tests.proofs.town import leaves, past_the_triggers, superuser
from tests.world import House, World


class Scene:
    def __init__(self) -> None:
        self.world = World()
        self.hospital = self.world.hospital()
        self.shelter = self.world.agency(roles=(Role.WORKER, Role.PRIVACY_OFFICER, Role.SUPERVISOR))
        self.patient = self.world.client(self.hospital.worker)
        self.world.entry(self.hospital.worker, self.patient)
        self.client = self.world.client(self.shelter.worker)

    @property
    def houses(self) -> tuple[House, House]:
        return self.hospital, self.shelter


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


class Counting:
    """How many leaves each agency got inside the block."""

    def __init__(self, *houses: House) -> None:
        self.houses = houses

    def __enter__(self) -> list[int]:
        self.before, self.found = [leaves(house.id) for house in self.houses], []
        return self.found

    def __exit__(self, *_: object) -> None:
        self.found.extend(leaves(h.id) - b for h, b in zip(self.houses, self.before, strict=True))


def prepared(scene: Scene) -> UUID:
    with scene.hospital.worker.enter(Verb.PREPARE_RELEASE, client=scene.patient) as permit:
        return sharing.prepare(
            permit=permit,
            at=permit.at,
            client_id=scene.patient,
            recipient_id=scene.shelter.id,
            purpose=Purpose.SAFETY,
            grants={Category.INJURIES: Level.SUMMARY},
            last_day=permit.at.date() + timedelta(days=9),
            language="en",
        )


def test_every_request_writes_one_leaf_with_its_agency_and_none_elsewhere(scene):
    world, hospital, shelter = scene.world, scene.hospital, scene.shelter
    requests = {
        "open": lambda: world.client(shelter.worker),
        "note": lambda: world.entry(shelter.worker, scene.client),
        "search": lambda: _find(scene, "Ana"),
        "search for nobody": lambda: _find(scene, "Nobody Here"),
        "read": lambda: _read(scene, scene.client),
        "read what is not there": lambda: _refused(scene, uuid4()),
        "read another agency's": lambda: _refused(scene, scene.patient),
        "without the role": lambda: _refused(scene, scene.client, Role.PRIVACY_OFFICER),
        "for another purpose": lambda: _refused(scene, scene.client, purpose=Purpose.RESEARCH),
        "read the ledger": lambda: _ledger(scene),
    }
    for name, request in requests.items():
        with Counting(hospital, shelter) as counted:
            request()
        assert counted == [0, 1], name
    with Counting(hospital, shelter) as counted:
        release = world.release(hospital.worker, scene.patient, shelter)
    assert counted == [2, 0], "prepared, then signed and sent: two requests of the holder, none of the recipient"
    with Counting(hospital, shelter) as counted:
        world.accept(shelter.worker)
    assert counted == [0, 2], "looked at, then accepted"
    with Counting(hospital, shelter) as counted:
        world.withdraw(hospital.worker, scene.patient, release)
    assert counted == [1, 0]


def _find(scene: Scene, text: str) -> None:
    with scene.shelter.worker.enter(Verb.FIND_CLIENTS) as permit:
        queries.find(permit=permit, text=text)


def _read(scene: Scene, client: UUID) -> None:
    with scene.shelter.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        queries.client(permit=permit, client_id=client)


def _refused(scene: Scene, client: UUID, role: Role = Role.WORKER, purpose: Purpose = Purpose.OWN_SERVICE) -> None:
    with pytest.raises(Refused), scene.shelter[role].enter(Verb.READ_CLIENT, client=client, purpose=purpose):
        pytest.fail("the gate opened")


def _ledger(scene: Scene) -> None:
    officer = scene.shelter[Role.PRIVACY_OFFICER]
    with officer.enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
        ledger.recent(permit=permit)


def test_a_refusal_from_inside_the_room_is_a_refusal_in_the_ledger(scene):
    """A release id that is not there is asked for through `preview`: the knock is written down like any other."""
    worker, before = scene.hospital.worker, leaves(scene.hospital.id)
    with pytest.raises(Refused), worker.enter(Verb.PREPARE_RELEASE, client=scene.patient) as permit:
        preview(gate(), permit, worker.caller, uuid4())
    assert leaves(scene.hospital.id) - before == 1
    with superuser() as eyes:
        (line,) = eyes.execute(
            "select line from ledger_leaf where agency_id = %s order by at desc limit 1", [scene.hospital.id]
        ).fetchone()
    assert json.loads(line)["outcome"] == "no"


def test_a_reading_names_every_row_it_showed(scene):
    entry = scene.world.entry(scene.shelter.worker, scene.client)
    _read(scene, scene.client)
    with superuser() as eyes:
        (line,) = eyes.execute(
            "select line from ledger_leaf where agency_id = %s order by at desc limit 1", [scene.shelter.id]
        ).fetchone()
    shown = {(kind, id) for kind, id, _ in json.loads(line)["shown"]}
    assert {("client", str(scene.client)), ("entry", str(entry))} <= shown


def test_the_leaf_is_in_the_transaction_of_the_deed(scene):
    client = scene.world.client(scene.shelter.worker)
    with superuser() as eyes:
        assert eyes.execute(
            "select count(*) from ledger_leaf l, vault_client c where c.id = %s and l.agency_id = c.agency_id"
            " and l.transaction %% (2 ^ 32)::bigint = c.xmin::text::bigint and l.line like '%%' || c.id || '%%'",
            [client],
        ).fetchone() == (1,)


def test_without_its_leaf_no_deed_happens(scene, monkeypatch):
    """Every table of both agencies stands as it did after each deed whose leaf could not be written."""
    waiting, signed = prepared(scene), scene.world.release(scene.hospital.worker, scene.patient, scene.shelter)
    accepting = scene.world.release(scene.hospital.worker, scene.patient, scene.shelter)
    before = _everything(scene)

    def broken(**_: object) -> None:
        raise LeafError("the ledger cannot be written")

    monkeypatch.setattr(entrance, "write_leaf", broken)
    world, shelter, hospital = scene.world, scene.shelter, scene.hospital

    def sign() -> None:
        from accord.gate import disclose
        from accord.policy.words import Element

        with hospital.worker.enter(Verb.SIGN_RELEASE, client=scene.patient) as permit:
            release = sharing.sign(
                permit=permit, at=permit.at, release_id=waiting, spoken=frozenset(Element), method="paper",
                copy="given", signature="A.",
            )  # fmt: skip
            disclose(gate(), permit, hospital.worker.caller, release)

    deeds = [
        lambda: world.client(shelter.worker),
        lambda: world.entry(shelter.worker, scene.client),
        lambda: prepared(scene),
        sign,
        lambda: world.withdraw(hospital.worker, scene.patient, signed),
        lambda: world.accept(shelter.worker),
        lambda: _read(scene, scene.client),
        lambda: _read(scene, uuid4()),
        lambda: _delete(scene),
        lambda: _turn(scene),
    ]
    for deed in deeds:
        with pytest.raises(LeafError):
            deed()
    assert _everything(scene) == before
    monkeypatch.undo()
    assert world.withdraw(hospital.worker, scene.patient, accepting) > 0


def _delete(scene: Scene) -> None:
    with scene.shelter[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=scene.client) as permit:
        vault.delete_client(permit=permit, at=permit.at, client_id=scene.client)


def _turn(scene: Scene) -> None:
    from accord.partners.actions import turn_vault_key

    with scene.shelter[Role.DIRECTOR].enter(Verb.MANAGE_KEYS, purpose=Purpose.ADMINISTRATION) as permit:
        turn_vault_key(permit=permit, at=permit.at, keyring=None)


def _everything(scene: Scene) -> dict[str, str]:
    ids = [house.id for house in scene.houses]
    with superuser() as eyes:
        tables = [
            name
            for (name,) in eyes.execute(
                "select relname from pg_class join pg_attribute on attrelid = pg_class.oid where attname = 'agency_id'"
                " and relkind = 'r' and relnamespace = 'public'::regnamespace"
            ).fetchall()
        ]
        return {
            table: eyes.execute(
                f"select coalesce(md5(string_agg(t::text, '' order by t::text)), '') from {table} t"
                " where agency_id = any(%s)",
                [ids],
            ).fetchone()[0]
            for table in tables
        }


def test_what_raises_inside_leaves_nothing_behind(scene):
    before = _everything(scene)

    def opened_and_failed() -> None:
        with scene.shelter.worker.enter(Verb.OPEN_CLIENT) as permit:
            vault.open_client(permit=permit, at=permit.at, identity=Identity(given="Never"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        opened_and_failed()
    assert _everything(scene) == before


def test_the_gate_owns_the_transaction(scene):
    """Inside somebody else's transaction a refusal's leaf would be rolled back with it, and a second knock would leave
    the first one's queries under the second one's context."""
    with pytest.raises(RuntimeError), transaction.atomic(), scene.shelter.worker.enter(Verb.READ_DAY):
        pass
    with (
        pytest.raises(RuntimeError),
        scene.shelter.worker.enter(Verb.READ_DAY),
        scene.hospital.worker.enter(Verb.READ_DAY),
    ):
        pass


def test_a_permit_is_worth_nothing_after_its_transaction(scene):
    from accord.ledger.permits import PermitError

    with scene.shelter.worker.enter(Verb.READ_CLIENT, client=scene.client) as permit:
        queries.client(permit=permit, client_id=scene.client)
    with pytest.raises(PermitError):
        queries.client(permit=permit, client_id=scene.client)


# tampering behind the program's back


def _sequenced(house: House) -> int:
    caller = Caller(agency=house.id, job="sequencer")
    with gate().housekeeping(caller, at=timezone.now()) as permit:
        return sequence(permit=permit, at=permit.at)


def _exported(house: House, place) -> tuple[object, object]:
    """The export and the checkpoint as the privacy officer takes them, in batches, as the service's role."""
    officer, lines, start = house[Role.PRIVACY_OFFICER], [], 0
    while start is not None:
        with officer.enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
            batch = ledger.export(permit=permit, start=start, limit=7)
            sealed = ledger.latest_checkpoint(permit=permit)
        lines += batch.lines
        start = batch.next
    export, checkpoint = place / f"{uuid4()}.txt", place / f"{uuid4()}.checkpoint"
    export.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    checkpoint.write_text(sealed.head.text(), "utf-8")
    return export, checkpoint


def _verdict(export, checkpoint) -> tuple[int, str]:
    said = io.StringIO()
    with redirect_stdout(said):
        code = verify([str(export), "--checkpoint", str(checkpoint)])
    return code, said.getvalue()


@pytest.fixture
def ledgered(tmp_path):
    """An agency with a sequenced ledger, and the checkpoint somebody kept elsewhere."""
    world = World()
    house = world.agency(roles=(Role.WORKER, Role.PRIVACY_OFFICER))
    client = world.client(house.worker)
    for _ in range(12):
        with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
            queries.client(permit=permit, client_id=client)
    assert _sequenced(house) >= 13
    export, checkpoint = _exported(house, tmp_path)
    assert _verdict(export, checkpoint)[0] == 0
    yield house, checkpoint
    with past_the_triggers() as root:  # the sequencer passes by every agency: it must not find this one damaged
        for table in ("ledger_checkpoint", "ledger_position", "ledger_leaf"):
            root.execute(f"delete from {table} where agency_id = %s", [house.id])


ME = "agency_id = %(me)s"
LEAF = f"(select leaf from ledger_position where {ME} and position = %(n)s)"
MOVE = f"update ledger_position set position = %(n)s + {{}} where {ME} and position = %(n)s + {{}}"
TAMPERING = {
    "a line is changed": [f"update ledger_leaf set line = replace(line, 'yes', 'no') where {ME} and id = {LEAF}"],
    "a line is changed with its hash": [
        f"update ledger_leaf set line = replace(line, 'read_client', 'read_day'),"
        f" hash = sha256('\\x00'::bytea || convert_to(replace(line, 'read_client', 'read_day'), 'UTF8'))"
        f" where {ME} and id = {LEAF}"
    ],
    "a line is changed with its hash everywhere": [
        f"update ledger_leaf set line = replace(line, 'read_client', 'read_day'),"
        f" hash = sha256('\\x00'::bytea || convert_to(replace(line, 'read_client', 'read_day'), 'UTF8'))"
        f" where {ME} and id = {LEAF}",
        f"update ledger_position p set hash = l.hash from ledger_leaf l where p.{ME} and l.{ME} and l.id = p.leaf",
    ],
    "a leaf is taken out": [f"delete from ledger_leaf where {ME} and id = {LEAF}"],
    "a leaf and its position are taken out": [f"delete from ledger_position where {ME} and position = %(n)s"],
    "two change places": [MOVE.format(1000, 0), MOVE.format(0, 1), MOVE.format(1, 1000)],
    "the tail is cut": [f"delete from ledger_position where {ME} and position > %(n)s"],
    "the whole is forgotten": [f"delete from ledger_position where {ME}"],
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_with_rows_is_found_against_a_saved_checkpoint(ledgered, tmp_path, how):
    house, checkpoint = ledgered
    with past_the_triggers() as root:
        for statement in TAMPERING[how]:
            assert root.execute(statement, {"me": house.id, "n": 5}).rowcount > 0
    export, _ = _exported(house, tmp_path)
    code, said = _verdict(export, checkpoint)
    assert code in (1, 2), said


def test_inserting_a_leaf_into_the_past_is_found(ledgered, tmp_path):
    house, checkpoint = ledgered
    with past_the_triggers() as root:
        root.execute(
            "insert into ledger_leaf (agency_id, id, at, line, hash, transaction)"
            " select agency_id, gen_random_uuid(), at, line || ' ',"
            " sha256('\\x00'::bytea || convert_to(line || ' ', 'UTF8')), transaction from ledger_leaf"
            f" where {ME} and id = {LEAF}",
            {"me": house.id, "n": 5},
        )
        root.execute(
            f"update ledger_position set position = position + 1000 where {ME} and position > 5", {"me": house.id}
        )
        root.execute(
            f"update ledger_position set position = position - 999 where {ME} and position > 1000", {"me": house.id}
        )
        root.execute(
            "insert into ledger_position (agency_id, position, leaf, hash)"
            f" select agency_id, 6, id, hash from ledger_leaf where {ME} and line like '%% '",
            {"me": house.id},
        )
    export, _ = _exported(house, tmp_path)
    assert _verdict(export, checkpoint)[0] == 1


def test_a_full_rewrite_with_a_new_checkpoint_is_found(ledgered, tmp_path):
    """Somebody with the whole database rebuilds the tree from altered lines: every row agrees with every other."""
    house, checkpoint = ledgered
    with past_the_triggers() as root:
        root.execute(
            "update ledger_leaf set line = replace(line, 'read_client', 'read_day'),"
            " hash = sha256('\\x00'::bytea || convert_to(replace(line, 'read_client', 'read_day'), 'UTF8'))"
            f" where {ME}",
            {"me": house.id},
        )
        for table in ("ledger_position", "ledger_checkpoint"):
            root.execute(f"delete from {table} where {ME}", {"me": house.id})
    assert _sequenced(house) >= 13
    export, fresh = _exported(house, tmp_path)
    assert _verdict(export, fresh)[0] == 0, "alone, it hangs together"
    code, said = _verdict(export, checkpoint)
    assert code == 1
    assert "rewritten" in said


def test_sequencing_runs_as_the_service_and_only_over_its_own(scene):
    for house in scene.houses:
        _sequenced(house)
        assert _sequenced(house) == 0
        _find(scene, "again") if house is scene.shelter else scene.world.client(scene.hospital.worker)
        assert _sequenced(house) == 1
    with superuser() as eyes:
        assert eyes.execute(
            "select count(*) from ledger_position p"
            " left join ledger_leaf l on (l.agency_id, l.id) = (p.agency_id, p.leaf)"
            " where l.id is null and p.agency_id = any(%s)",
            [[house.id for house in scene.houses]],
        ).fetchone() == (0,)


def test_two_sequencers_at_once_make_one_tree(scene):
    import threading

    from django.db import connection

    for _ in range(5):
        for _ in range(4):
            _find(scene, "Ana")
        done: list[int] = []

        def run(done: list[int] = done) -> None:
            done.append(_sequenced(scene.shelter))
            connection.close()

        threads = [threading.Thread(target=run) for _ in range(3)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(done)[:2] == [0, 0]
        assert max(done) >= 4

"""Who may open a vault, when that ends, and what keys that were copied in time still open: nothing new."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from accord.accounts import actions as accounts
from accord.accounts.actions import EnrolmentFailed
from accord.accounts.models import Account
from accord.config.service import gate
from accord.gate import Refused, SignInAgain
from accord.partners import actions as partners
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.sealing.errors import WrongKey
from accord.sealing.vault import Vault, open_grant
from accord.sharing import queries as sharing
from accord.vault import actions as vault
from accord.vault import queries
from accord.vault.rules import Identity
from tests.proofs.town import leaves, superuser
from tests.world import CHEAP, PASSWORD, House, Worker, World

ROLES = (Role.WORKER, Role.SUPERVISOR)


@pytest.fixture
def shelter(world) -> House:
    return world.agency(roles=ROLES)


def directing(house: House, *verbs: Verb):
    return house[Role.DIRECTOR].enter(*(verbs or (Verb.MANAGE_MEMBERS,)), purpose=Purpose.ADMINISTRATION)


def reads(worker: Worker, client: UUID) -> str:
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return queries.client(permit=permit, client_id=client).herself.identity.given


def remove(house: House, worker: Worker) -> None:
    with directing(house) as permit:
        partners.remove_member(permit=permit, at=permit.at, member_id=worker.member, keyring=gate().keyring)


def turn(house: House) -> int:
    with directing(house, Verb.MANAGE_KEYS) as permit:
        return partners.turn_vault_key(permit=permit, at=permit.at, keyring=gate().keyring)


def stored(worker: Worker) -> tuple[bytes, int, bytes]:
    """Her grant, its version, and the vault's secrets, as a copied database has them."""
    with superuser() as eyes:
        return eyes.execute(
            "select g.sealed, g.version, l.secrets from partners_vaultgrant g"
            " join partners_vaultlock l using (agency_id) where g.member_id = %s",
            [worker.member],
        ).fetchone()


def elsewhere(run: Callable[[], object]) -> None:
    """In another thread, hence another transaction; what it raises is raised here."""
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            run()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


@pytest.mark.parametrize("kind", ["member", "service"])
def test_whoever_was_removed_is_refused_at_her_next_click(world, kind):
    house = world.agency(roles=ROLES) if kind == "member" else world.hospital(ROLES)
    worker, client = house.worker, world.client(house.worker)
    assert reads(worker, client) == "Ana"
    remove(house, worker)
    before = leaves(house.id)
    for verb in (Verb.READ_DAY, Verb.READ_CLIENT, Verb.FIND_CLIENTS, Verb.ADD_ENTRY, Verb.READ_ENVELOPE):
        with pytest.raises((Refused, SignInAgain)), worker.enter(verb, client=client):
            pass
    assert leaves(house.id) == before + 5, "each of her knocks is in the agency's ledger"
    assert gate().memberships(worker.account, timezone.now()) == []
    account = Account.objects.get(id=worker.account)
    assert not account.is_active
    with pytest.raises(WrongKey):
        accounts.unlock(account=account, password=PASSWORD)
    assert reads(house[Role.SUPERVISOR], client) == "Ana", "the others work on"


def test_removal_takes_effect_inside_an_open_day(world, shelter):
    """She has a page open; the director removes her while it is; the next statement that enters the gate is refused."""
    worker, client = shelter.worker, world.client(shelter.worker)
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        queries.client(permit=permit, client_id=client)
        elsewhere(lambda: remove(shelter, worker))
    with pytest.raises(Refused):
        reads(worker, client)


def test_what_she_copied_opens_nothing_written_since(world, shelter):
    """She kept her private key, her grant, her vault and every wrapped key of the day she left."""
    worker = shelter.worker
    hers = world.client(worker)
    grant, version, secrets = stored(worker)
    key = open_grant(worker.private, bytes(grant), shelter.id, version)
    copied = Vault.with_secrets(shelter.id, version, key, bytes(secrets))
    remove(shelter, worker)
    stays = shelter[Role.SUPERVISOR]
    later = world.client(stays)
    hospital = world.hospital()
    patient = world.client(hospital.worker)
    world.release(hospital.worker, patient, shelter, {Category.IDENTITY: Level.FULL})
    with superuser() as eyes:
        wrapped = {
            id: (bytes(key), bytes(secret))
            for id, key, secret in eyes.execute(
                "select id, wrapped_key, secret from vault_client join vault_shred using (agency_id, id)"
                " where agency_id = %s",
                [shelter.id],
            )
        }
        (lock,) = eyes.execute("select secrets from partners_vaultlock where agency_id = %s", [shelter.id]).fetchone()
        (left,) = eyes.execute(
            "select count(*) from partners_vaultgrant where member_id = %s", [worker.member]
        ).fetchone()
        envelope = eyes.execute(
            "select key_version, sealed from sharing_envelope where agency_id = %s", [shelter.id]
        ).fetchone()
    assert left == 0
    assert copied.client_key(hers, *wrapped[hers]), "what she could open then, she could have copied then"
    with pytest.raises(WrongKey):
        copied.client_key(later, *wrapped[later])
    for each in (version, version + 1):
        with pytest.raises(WrongKey):
            Vault.with_secrets(shelter.id, each, key, bytes(lock))
    with pytest.raises(WrongKey):
        copied.open_envelope(envelope[0], bytes(envelope[1]), b"any")
    assert envelope[0] not in copied.private, "what arrives since is sealed to a key she never had"
    with pytest.raises(WrongKey):
        open_grant(worker.private, bytes(grant), shelter.id, version + 1)
    # her old grant put back into the table opens nothing either
    with superuser() as root:
        root.execute(
            "insert into partners_vaultgrant (id, agency_id, member_id, version, public_key, sealed)"
            " values (gen_random_uuid(), %s, %s, %s, '', %s)",
            [shelter.id, worker.member, version + 1, grant],
        )
        root.execute("update partners_member set left_at = null where id = %s", [worker.member])
    with pytest.raises(SignInAgain), worker.enter(Verb.READ_DAY):
        pass


def test_nobody_removes_herself_or_a_member_of_another_agency(world, shelter):
    director, other = shelter[Role.DIRECTOR], world.agency()
    with pytest.raises(partners.InvalidPartner):
        remove(shelter, director)
    from accord.partners.models import Member

    with pytest.raises(Member.DoesNotExist):
        remove(shelter, other.worker)
    with other.worker.enter(Verb.READ_DAY):
        pass
    with pytest.raises(Refused), shelter.worker.enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION):
        pass


def test_a_member_enters_only_her_own_agency(world):
    """Whatever agency a knock names: she is a member of hers and nobody anywhere else, least of all where the keyring
    would open the vault for her."""
    shelter, hospital, other = world.agency(), world.hospital(), world.agency()
    patient = world.client(hospital.worker)
    for agency in (hospital.id, other.id):
        before = leaves(agency)
        caller = replace(shelter.worker.caller, agency=agency)
        for verb, client in ((Verb.READ_DAY, None), (Verb.FIND_CLIENTS, None), (Verb.READ_CLIENT, patient)):
            with (
                pytest.raises((Refused, SignInAgain)),
                gate().enter(caller, verb, purpose=Purpose.OWN_SERVICE, at=timezone.now(), client=client) as permit,
            ):
                pytest.fail(f"the gate opened another agency's house, vault {permit.vault}")
        assert leaves(agency) >= before
    for stranger in (
        replace(shelter.worker.caller, account=hospital.worker.account),
        replace(shelter.worker.caller, member=hospital.worker.member),
        replace(shelter.worker.caller, account=None),
    ):
        with (
            pytest.raises((Refused, SignInAgain)),
            gate().enter(stranger, Verb.READ_DAY, purpose=Purpose.OWN_SERVICE, at=timezone.now()),
        ):
            pass


@pytest.mark.parametrize("wrong", ["no key", "another's key", "a random key"])
def test_without_her_own_key_a_member_opens_nothing(shelter, wrong):
    keys = {"no key": None, "another's key": shelter[Role.SUPERVISOR].private, "a random key": b"\1" * 96}
    caller = replace(shelter.worker.caller, private=keys[wrong])
    with (
        pytest.raises(SignInAgain),
        gate().enter(caller, Verb.READ_DAY, purpose=Purpose.OWN_SERVICE, at=timezone.now()),
    ):
        pass


def test_a_changed_password_opens_the_same_vault_and_the_old_one_nothing(world, shelter):
    worker, client = shelter.worker, world.client(shelter.worker)
    account = Account.objects.get(id=worker.account)
    with pytest.raises(WrongKey):
        accounts.relock(account=account, old="not her password at all", new="another long passphrase", cost=CHEAP)
    accounts.relock(account=account, old=PASSWORD, new="another long passphrase", cost=CHEAP)
    account.refresh_from_db()
    with pytest.raises(WrongKey):
        accounts.unlock(account=account, password=PASSWORD)
    private = accounts.unlock(account=account, password="another long passphrase")
    assert reads(replace(worker, private=private), client) == "Ana"


def test_a_lost_password_makes_a_new_key_and_the_old_one_opens_nothing(world, shelter):
    worker, client = shelter.worker, world.client(shelter.worker)
    with directing(shelter) as permit:
        code = partners.new_code(permit=permit, at=permit.at, member_id=worker.member, cost=CHEAP)
    with pytest.raises(SignInAgain):
        reads(worker, client)
    account = Account.objects.get(id=worker.account)
    assert not account.check_password(PASSWORD)
    with pytest.raises(WrongKey):
        accounts.unlock(account=account, password=PASSWORD)
    now = timezone.now()
    for wrong, at in (("2345-6789-BCDF-GHJK", now), (code, now + timedelta(days=8))):
        with pytest.raises(EnrolmentFailed):
            accounts.enrol(email=worker.email, code=wrong, password="yet another passphrase", at=at, cost=CHEAP)
    account = accounts.enrol(email=worker.email, code=code, password="yet another passphrase", at=now, cost=CHEAP)
    with pytest.raises(EnrolmentFailed):
        accounts.enrol(email=worker.email, code=code, password="and once more, please", at=now, cost=CHEAP)
    private = accounts.unlock(account=account, password="yet another passphrase")
    assert reads(replace(worker, private=private), client) == "Ana"


def test_the_director_s_paper_opens_her_vault_and_no_other(world, shelter):
    other, client = world.agency(), world.client(shelter.worker)
    now = timezone.now()
    found = gate().open_with_paper(shelter.id, shelter.paper, now)
    with superuser() as eyes:
        wrapped, shred = eyes.execute(
            "select wrapped_key, secret from vault_client join vault_shred using (agency_id, id) where id = %s",
            [client],
        ).fetchone()
    assert found.client_key(client, bytes(wrapped), bytes(shred))
    for agency, paper in ((shelter.id, other.paper), (other.id, shelter.paper), (shelter.id, shelter.paper[:-1] + "?")):
        with pytest.raises(WrongKey):
            gate().open_with_paper(agency, paper, now)
    turn(shelter)
    assert gate().open_with_paper(shelter.id, shelter.paper, now).current == 2, "the paper outlives a turn of the key"
    with directing(shelter, Verb.MANAGE_KEYS) as permit:
        paper = partners.new_recovery(permit=permit, at=permit.at)
    with pytest.raises(WrongKey):
        gate().open_with_paper(shelter.id, shelter.paper, now)
    assert gate().open_with_paper(shelter.id, paper, now).current == 2


def test_keys_turn_while_others_work(world, shelter):
    """Readers and writers in their own threads, while the director turns the key again and again: no request fails,
    nobody is locked out, nothing is lost, and in the end nothing is left under an older key."""
    worker, stays = shelter.worker, shelter[Role.SUPERVISOR]
    made, failed, done = [world.client(worker)], [], threading.Event()

    def work(who: Worker) -> None:
        try:
            while not done.is_set():
                made.append(world.client(who))
                world.entry(who, made[-1])
                assert reads(who, made[0]) == "Ana"
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(who,)) for who in (worker, stays)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        turn(shelter)
        with directing(shelter, Verb.MANAGE_KEYS) as permit:
            vault.rewrap_clients(permit=permit, limit=5)
    done.set()
    for thread in threads:
        thread.join()
    assert failed == []
    left = 1
    while left:
        with directing(shelter, Verb.MANAGE_KEYS) as permit:
            left = vault.rewrap_clients(permit=permit, limit=50)
    assert {reads(who, client) for who in (worker, stays) for client in made} == {"Ana"}
    with superuser() as eyes:
        assert eyes.execute(
            "select distinct key_version from vault_client where agency_id = %s", [shelter.id]
        ).fetchall() == [(7,)]


def or_a_sentence(act: Callable[[], object]) -> object:
    """What it returns, or None when it was refused with a sentence for the one who asked."""
    try:
        return act()
    except (AttributeError, NameError, TypeError):
        raise
    except Exception as refusal:
        if not str(refusal):
            raise
        return None


# A permit that opened the vault before somebody else turned its key: whatever it does, nobody may be locked out.


STALE: dict[str, tuple[Verb, Callable[..., object]]] = {
    "turns the key too": (
        Verb.MANAGE_KEYS,
        lambda permit: partners.turn_vault_key(permit=permit, at=permit.at, keyring=None),
    ),
    "prints a new paper": (Verb.MANAGE_KEYS, lambda permit: partners.new_recovery(permit=permit, at=permit.at)),
    "forgets older keys": (Verb.MANAGE_KEYS, lambda permit: vault.drop_older_keys(permit=permit, at=permit.at)),
    "lets somebody in": (
        Verb.MANAGE_MEMBERS,
        lambda permit: partners.add_member(
            permit=permit, at=permit.at, email=f"{permit.at.timestamp()}@example.org", name="New", title="",
            roles=(Role.WORKER,), cost=CHEAP,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("deed", STALE)
def test_a_vault_opened_before_a_turn_locks_nobody_out(world, shelter, deed):
    """Two directors at once. The slower one's deed is refused or done under the new key: every client that was opened
    in between still opens, for every member and from the paper."""
    verb, act = STALE[deed]
    between: list[UUID] = []

    def meanwhile() -> None:
        turn(shelter)
        between.append(world.client(shelter.worker, Identity(given="Between")))

    def late() -> object:
        with directing(shelter, verb) as permit:
            elsewhere(meanwhile)
            return act(permit)

    result = or_a_sentence(late)
    paper = result if isinstance(result, str) else shelter.paper
    let_in = result if isinstance(result, tuple) else None
    for role in (Role.WORKER, Role.SUPERVISOR):
        try:
            assert reads(shelter[role], between[0]) == "Between"
        except (SignInAgain, WrongKey) as error:
            pytest.fail(f"{role.value} is locked out: {error!r}")
    try:
        assert gate().open_with_paper(shelter.id, paper, timezone.now()).current >= 2
    except WrongKey as error:
        pytest.fail(f"the director's paper opens nothing any more: {error}")
    if let_in:
        with superuser() as eyes:
            assert eyes.execute(
                "select g.version = l.version from partners_vaultgrant g join partners_vaultlock l using (agency_id)"
                " where member_id = %s",
                [let_in[0]],
            ).fetchone() == (True,), "the new member's grant is for a key that is not the vault's"


def test_forgetting_older_keys_forgets_no_client(shelter, world):
    """Asked too early, it is refused, or keeps what is still needed."""
    client = world.client(shelter.worker)
    turn(shelter)

    def too_early() -> None:
        with directing(shelter, Verb.MANAGE_KEYS) as permit:
            vault.drop_older_keys(permit=permit, at=permit.at)

    or_a_sentence(too_early)
    try:
        assert reads(shelter.worker, client) == "Ana"
    except WrongKey:
        pytest.fail("a client whose key was still under the forgotten one is lost for ever")


def test_envelopes_in_flight_survive_a_turn(world):
    hospital, shelter = world.hospital(), world.agency()
    patient = world.client(hospital.worker)
    world.release(hospital.worker, patient, shelter, {Category.IDENTITY: Level.FULL})
    turn(shelter)
    world.release(hospital.worker, patient, shelter, {Category.CONTACT: Level.SUMMARY})
    client = world.accept(shelter.worker)
    with shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=client) as permit:
        assert len(sharing.received(permit=permit, client_id=client)) == 3


def test_two_memberships_of_one_account_stay_apart(world):
    """One person at two agencies: in each context she sees that one's members, and turning a key touches that one."""
    one, two = world.agency(), world.agency()
    director = one[Role.DIRECTOR]
    with superuser() as root:
        root.execute(
            "insert into partners_member (id, agency_id, account_id, name, title, roles, joined_at)"
            " values (gen_random_uuid(), %s, %s, 'Elsewhere', '', '{worker}', now())",
            [two.id, director.account],
        )
    from accord.partners import queries as staff

    with directing(one) as permit:
        assert {line.name for line in staff.members(permit=permit)}.isdisjoint({"Elsewhere"})
    assert turn(one) == 2
    client = world.client(one.worker)
    assert reads(one.worker, client) == "Ana"


def test_worlds_are_real():
    """The fixtures above really enrol: a private key is opened by a password and by nothing else."""
    worker = World().agency().worker
    assert accounts.unlock(account=Account.objects.get(id=worker.account), password=PASSWORD) == worker.private

"""What an agency has beside its files: a wall, an emergency, a table half brought in, an export, somebody who is never
told, a wish that was passed on, an update that flows. None of it is about a client of the canaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accord.config.service import gate
from accord.coordination.tracks import actions as tracks
from accord.gate import flows
from accord.learning.gaps import queries as gaps
from accord.policy.words import AgencyKind, Category, Duty, Level, Purpose, Relation, Role, Verb
from accord.records.caseload import actions as caseload
from accord.records.caseload import queries as files_out
from accord.records.caseload.tables import Row, Table
from accord.sharing import actions as sharing
from accord.sharing import queries as envelopes
from accord.vault import actions as vault
from accord.vault import queries as files
from accord.vault.rules import Identity
from tests.rooms import test_referrals
from tests.world import House, Worker, World


def things(world: World, house: House, partner: House) -> Mapping[str, UUID]:
    """The ids of one of each, by the name they have in an address; `partner` reads what this agency shares."""
    return {
        **_emergency(world, house),
        **_caseload(house),
        "never_id": _never(world, house, partner),
        "relay_id": _relay(world, house, partner),
    }


def _emergency(world: World, house: House) -> dict[str, UUID]:
    """Her supervisor is walled off a file by a name in it, and asks for it all the same."""
    boss, client = house[Role.SUPERVISOR], world.client(house.worker)
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        code = files.client(permit=permit, client_id=client).code
    with boss.enter(Verb.DECLARE_TIES) as permit:
        vault.declare_tie(permit=permit, at=permit.at, names=["Waldo Brueckner"], kind="relative")
    with house.worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        who = Identity(given="Waldo", family="Brueckner")
        vault.add_person(permit=permit, at=permit.at, client_id=client, relation=Relation.RESPONDENT, identity=who)
    with boss.enter(Verb.BREAK_GLASS) as permit:
        words = "She called from the bus station."
        glass = vault.break_glass(
            permit=permit, at=permit.at, code=code, reason="danger_now", words=words, elsewhere={house.id}
        )
    with house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT, client=client) as permit:
        (wall,) = files.walls(permit=permit, client_id=client)
    return {"wall_id": wall.id, "glass_id": glass}


def asks(world: World, house: House, partner: House) -> UUID:
    """A worker who is walled off a file asks a partner to agree that she opens it. Returns what the partner sees."""
    client = world.client(house.worker)
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        code = files.client(permit=permit, client_id=client).code
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        vault.declare_conflict(permit=permit, at=permit.at, client_id=client, kind="relative")
    with house.worker.enter(Verb.BREAK_GLASS) as permit:
        vault.break_glass(
            permit=permit,
            at=permit.at,
            code=code,
            reason="danger_now",
            words="She called from the bus station.",
            elsewhere={house.id},
            partner_id=partner.id,
        )
    with partner[Role.DIRECTOR].enter(Verb.SECOND_PARTNER) as permit:
        return files.partners_to_second(permit=permit)[-1].id


def _caseload(house: House) -> dict[str, UUID]:
    boss, table = house[Role.SUPERVISOR], Table(("given", "family"), (Row(1, ("Ana", "Prueba"), "digest"),))
    with boss.enter(Verb.IMPORT_CASELOAD) as permit:
        upload = caseload.upload(permit=permit, at=permit.at, table=table)
    alone, *_, needs_another = _exports(boss)
    return {"upload_id": upload, "export_id": alone, "second_id": needs_another}


def _exports(boss: Worker) -> Iterator[UUID]:
    """One request after another, until together they are more than she may take out on her own word."""
    alone = True
    while alone:
        with boss.enter(Verb.EXPORT_CASELOAD) as permit:
            made = caseload.ask(permit=permit, at=permit.at, reason="court", scope="all")
            alone = not files_out.export(permit=permit, export_id=made).second
        yield made


def _never(world: World, house: House, partner: House) -> UUID:
    client = world.client(house.worker)
    with house.worker.enter(Verb.NEVER_SHARE, client=client) as permit:
        return sharing.never(permit=permit, at=permit.at, client_id=client, against_id=partner.id)


def _relay(world: World, house: House, partner: House) -> UUID:
    """She tells the partner that she takes back what this agency shared."""
    client = world.client(house.worker)
    world.release(house.worker, client, partner, {Category.IDENTITY: Level.FULL})
    there = world.accept(partner.worker)
    with partner.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=there) as permit:
        thread = envelopes.received(permit=permit, client_id=there)[0].thread
    told = gate().taking_back(
        partner.worker.caller, Verb.RELAY_WITHDRAWAL, purpose=Purpose.OWN_SERVICE, at=timezone.now(), client=there
    )
    with told as permit:
        sharing.relay(permit=permit, at=permit.at, partner_id=house.id, thread=thread, wants="all", how="phone")
    with house.worker.enter(Verb.READ_DAY) as permit:
        return envelopes.relays(permit=permit)[-1].id


def referrals(
    world: World, house: House, client: UUID, words: str, partner: House, there: UUID, other: House
) -> tuple[UUID, UUID]:
    """One of a client of `house` that waits at a partner, and one from another agency that it accepted into its client
    `there`."""
    waiting = test_referrals.referred(house.worker, client, partner, words=words)
    second = test_referrals.referred(other.worker, world.client(other.worker), partner)
    test_referrals.accept(partner.worker, second, there)
    return waiting, second


def flow(world: World, police: House) -> UUID:
    """An update that the law lets the police send to a prosecutor by itself."""
    prosecutor = world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    client = world.client(police.worker)
    world.entry(police.worker, client, Category.LEGAL)
    with police.worker.enter(Verb.SEND_UPDATE, Verb.READ_CLIENT, client=client) as permit:
        found = flows.offers(gate(), permit, police.worker.caller, client)
        offer = next(each for each in found if each.recipient_id == prosecutor.id)
        flows.begin(gate(), permit, police.worker.caller, client, offer, automatic=False, not_told="Not safe now.")
        return envelopes.flows(permit=permit, client_id=client)[0].id


def gap(house: House, client: UUID) -> UUID:
    """Something in her file that is open past its time: a claim that was not sent within the year."""
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        about = files.herself(permit=permit, client_id=client).id
    with house.worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        happened = (permit.at - timedelta(days=400)).date().isoformat()
        tracks.begin(
            permit=permit, at=permit.at, client_id=client, protocol="compensation", state="draft", about=about,
            given={"happened_on": happened},
        )  # fmt: skip
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        return gaps.gaps_of(permit=permit, client_id=client)[0].id

"""A large agency for measuring, written in bulk with the same sealing as the product's own actions."""

from __future__ import annotations

import random
import secrets
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from accord.config.service import gate
from accord.partners.actions import open_vault
from accord.policy.words import Category, Relation, Verb
from accord.sealing.tokens import code_token, date_token, name_tokens
from accord.sealing.vault import Vault, new_shred
from accord.vault.models import Case, Client, Entry, Person, Shred
from accord.vault.rules import CODE_LENGTH, Detail, Identity, Summary, code

GIVEN = [
    "Ana",
    "Maria",
    "Luz",
    "Elena",
    "Rosa",
    "Carmen",
    "Sofia",
    "Grace",
    "Ruth",
    "Hannah",
    "Nora",
    "June",
    "Alice",
    "Dora",
    "Ines",
    "Pilar",
    "Teresa",
    "Olga",
    "Vera",
    "Mia",
]
FAMILY = ["Vega", "Soler", "Marin", "Duarte", "Quiroga", "Ibarra", "Salas", "Prado", "Nunez", "Rivas", "Otero", "Campos", "Stone", "Baker", "Rivers", "Hale", "Moss", "Ford", "Lane", "Pike", "Ash", "Brook", "Frost", "Marsh", "Reed", "Wells", "Dale", "Hart", "North", "West"]  # fmt: skip

BATCH = 2_000


def opened(agency: UUID, member: UUID, private: bytes) -> Vault:
    return open_vault(agency_id=agency, member_id=member, private=private, keyring=gate().keyring)


def fill(worker, clients: int, seed: int = 1, entries: int = 1) -> list[UUID]:
    """`clients` clients with a person, a case, `entries` entries and their tokens, in the worker's agency. Returns
    their ids."""
    rng = random.Random(seed)
    now = timezone.now()
    ids: list[UUID] = []
    for start in range(0, clients, BATCH):
        with worker.enter(Verb.OPEN_CLIENT) as permit:
            vault = permit.opened()
            rows: dict[type, list] = {Client: [], Shred: [], Person: [], Case: [], Entry: []}
            found: list[tuple[bytes, UUID, UUID]] = []
            for _ in range(min(BATCH, clients - start)):
                client_id = uuid4()
                ids.append(client_id)
                shred = new_shred()
                wrapped = vault.new_client_key(client_id, shred)
                key = vault.client_key(client_id, wrapped, shred)
                at = now - timedelta(minutes=rng.randrange(500_000))
                client = Client(
                    id=client_id, agency_id=worker.agency, code=code("BN", secrets.token_bytes(CODE_LENGTH)) + f"{len(ids):x}",
                    wrapped_key=wrapped, key_version=vault.current, opened_at=at, touched_at=at,
                )  # fmt: skip
                identity = Identity(
                    given=rng.choice(GIVEN), family=f"{rng.choice(FAMILY)} {rng.choice(FAMILY)}",
                    born=(now - timedelta(days=rng.randrange(6_500, 25_000))).date(),
                )  # fmt: skip
                person = Person(agency_id=worker.agency, client_id=client_id, relation=Relation.SELF)
                person.identity = key.seal("vault_person", "identity", person.id, identity.packed())
                case = Case(agency_id=worker.agency, client_id=client_id, opened_at=at)
                rows[Client].append(client)
                rows[Shred].append(Shred(client=client, agency_id=worker.agency, secret=shred))
                rows[Person].append(person)
                rows[Case].append(case)
                rows[Entry] += [
                    entry(worker.agency, client_id, case.id, person.id, key, at - timedelta(days=number))
                    for number in range(entries)
                ]
                tokens = {code_token(vault.search_key, client.code), date_token(vault.search_key, identity.born)}
                for name in identity.names:
                    tokens |= name_tokens(vault.search_key, name)
                found += [(token.value, person.id, client_id) for token in tokens]
            for model, made in rows.items():
                model.objects.bulk_create(made, batch_size=BATCH)
            with connection.cursor() as cursor:
                cursor.execute(
                    "insert into vault_token (id, agency_id, value, person_id, client_id)"
                    " select gen_random_uuid(), %s, * from unnest(%s::bytea[], %s::uuid[], %s::uuid[])",
                    [worker.agency, *(list(column) for column in zip(*found, strict=True))],
                )
    return ids


def entry(agency: UUID, client: UUID, case: UUID, person: UUID, key, at: datetime, words: int = 40) -> Entry:
    row = Entry(
        agency_id=agency, client_id=client, case_id=case, about_id=person, kind="note", category=Category.NOTES,
        occurred_at=at, recorded_at=at,
    )  # fmt: skip
    row.summary = key.seal(
        "vault_entry", "summary", row.id, Summary(text="Called inside the safe window; reviewed the plan.").packed()
    )
    row.detail = key.seal("vault_entry", "detail", row.id, Detail(narrative="word " * words).packed())
    return row


def busy_client(world, shelter, hospital, own: int = 25, received: int = 25) -> UUID:
    """A client of the shelter with `own` entries of its own and `received` living envelopes from the hospital, all made
    by the product's own actions."""
    patient = world.client(hospital.worker, Identity(given="Marisol", family="Vega"))
    for number in range(received - 1):
        world.entry(hospital.worker, patient, Category.INJURIES, text=f"Finding {number} recorded and treated.")
    world.release(hospital.worker, patient, shelter)
    client = world.accept(shelter.worker)
    for number in range(own):
        world.entry(
            shelter.worker,
            client,
            Category.SERVICES,
            text=f"Conversation {number} about safety and next steps.",
            narrative="word " * 80,
        )
    return client

"""What sealing costs, an operation at a time."""

from __future__ import annotations

from uuid import uuid4

from accord.sealing import hpke
from accord.sealing.members import lock_private, new_member_key
from accord.sealing.vault import grant_to, new_shred, new_vault, open_grant
from bench.measure import timed


def measure() -> dict[str, object]:
    agency, row = uuid4(), uuid4()
    vault = new_vault(agency)
    client = uuid4()
    key = vault.client_key(client, vault.new_client_key(client, shred := new_shred()), shred)
    small = key.seal("t", "c", row, b"x" * 64)
    pair = hpke.new_keypair()
    envelope = hpke.seal_to(pair.public, b"x" * 1024, b"i")
    opened = hpke.opener(pair.private)
    member = new_member_key()
    grant = grant_to(member.public, vault.keys[1], agency, 1)
    return {
        "field_open_64B": timed(lambda: key.open("t", "c", row, small), 2000),
        "field_seal_64B": timed(lambda: key.seal("t", "c", row, b"x" * 64), 2000),
        "envelope_seal_1KB": timed(lambda: hpke.seal_to(pair.public, b"x" * 1024, b"i"), 300),
        "envelope_open_1KB_first": timed(lambda: hpke.open_from(pair.private, envelope, b"i"), 300),
        "envelope_open_1KB_next": timed(lambda: opened(envelope, b"i"), 300),
        "grant_open": timed(lambda: open_grant(member.private, grant, agency, 1), 300),
        "password_lock": timed(lambda: lock_private(member.private, "a long passphrase", agency), 5, warm=1),
    }

"""The gate of this running service. It follows the keyring file, so that `accord keys rotate` needs no restart."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

from django.conf import settings

from accord.gate import Gate, Keys
from accord.gate.law import choose
from accord.sealing import keyring as keyrings
from accord.sealing.errors import KeyringError
from accord.sealing.keyring import Keyring

log = logging.getLogger(__name__)

# Once, before anybody knocks; law that contradicts itself stops the start, naming file, line and rule.
choose(settings.ENVIRONMENT.law, settings.ENVIRONMENT.community_rules)

#: What tells one state of the file from another; None when it is not there.
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Held:
    """A gate and the state of the file that its keys were read from."""

    stamp: Stamp
    gate: Gate


_held: Held | None = None


def gate() -> Gate:
    """The gate, with the keys that the keyring file holds now; one look at the file's date, about 2 microseconds.

    A file that is gone, damaged or another community's changes nothing: the service goes on with the keys it has and
    says so in its log, once per change.
    """
    global _held
    stamp = _stamp()
    held = _held
    if held is None or (stamp is not None and stamp != held.stamp):
        held = _held = Held(stamp, _renewed(held))
    return held.gate


def _renewed(held: Held | None) -> Gate:
    known = held.gate.keyring if held else settings.KEYRING
    try:
        found = keyrings.load(settings.ENVIRONMENT.keyring)
    except KeyringError:
        log.error("The keyring file cannot be used any more; going on with the keys read before.")
        return _gate(known)
    if found.secrets != known.secrets:
        log.error("The keyring file is another community's; going on with the keys read before.")
        return _gate(known)
    return _gate(found)


def _gate(keyring: Keyring) -> Gate:
    return Gate(Keys(context=keyring.secrets["context"], keyring=keyring))


def _stamp() -> Stamp:
    try:
        found = os.stat(settings.ENVIRONMENT.keyring)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size

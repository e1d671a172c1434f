"""All that one colleague carries goes to another: files, tasks, and referrals that came."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext

from accord.coordination.referrals import actions as referring
from accord.coordination.referrals import queries as referrals
from accord.coordination.tasks import actions as tasks
from accord.coordination.tasks import queries as work
from accord.ledger.permits import Permit
from accord.vault import actions as files
from accord.vault import queries as vault


@dataclass(frozen=True, slots=True)
class Carried:
    """How much one member carries. The names are those of the pages that show it."""

    holds: int
    todo: int
    came: int

    def __bool__(self) -> bool:
        return bool(self.holds or self.todo or self.came)


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of it: how many of each went, how many tasks stay under the old name, and how many referrals are with
    nobody."""

    files: int = 0
    tasks: int = 0
    stay: int = 0
    referrals: int = 0
    nobodys: int = 0


def carried(permit: Permit, member_id: UUID) -> Carried:
    return Carried(
        holds=vault.assigned(permit=permit, member_id=member_id),
        todo=work.open_of(permit=permit, member_id=member_id),
        came=referrals.open_of(permit=permit, member_id=member_id),
    )


def hand_over(permit: Permit, member_id: UUID, to_member: UUID | None, note: str) -> Handed:
    """Give it all to whoever takes over, as far as she may know of it; None: nobody does. Raises InvalidTask,
    InvalidEntry."""
    both = {"permit": permit, "at": permit.at, "from_member": member_id}
    went = files.hand_over(**both, to_member=to_member)
    done, stay = tasks.hand_all(**both, to_member=to_member, note=note) if to_member is not None else (0, 0)
    return Handed(went, done, stay, *referring.hand_all(**both, to_member=to_member))


def said(request: HttpRequest, handed: Handed) -> None:
    """What was handed over, on the next page."""
    if n := handed.files:
        messages.success(request, ngettext("%d client was handed over.", "%d clients were handed over.", n) % n)
    if handed.tasks or handed.stay:
        messages.success(request, tasks_said(handed.tasks, handed.stay))
    if n := handed.referrals:
        messages.success(request, ngettext("%d referral was handed over.", "%d referrals were handed over.", n) % n)
    if n := handed.nobodys:
        messages.warning(
            request, ngettext("%d referral is with nobody now.", "%d referrals are with nobody now.", n) % n
        )


def tasks_said(went: int, stay: int) -> str:
    """How many tasks were handed over, and how many were not."""
    words: str = ngettext("%d task was handed over.", "%d tasks were handed over.", went) % went
    if stay:
        words += " " + ngettext(
            "%d stays: it cannot go to this colleague.", "%d stay: they cannot go to this colleague.", stay
        ) % stay  # fmt: skip
    return words

"""What has come for whom lately, without opening anything: nobody with a key is signed in when it is asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from accord.coordination.notices.models import Hearing
from accord.coordination.notices.rules import USUAL, Wish
from accord.partners.models import Agency, Member
from accord.policy.words import Role
from accord.sharing.models import Arrival, Envelope, Thread
from accord.vault.models import Team


def zone_of(agency_id: UUID) -> ZoneInfo:
    """Where an agency's hours are."""
    return ZoneInfo(Agency.objects.values_list("timezone", flat=True).get(id=agency_id))


def wish_of(row: Hearing | None) -> Wish:
    """What a member has said, or the usual."""
    if row is None:
        return Wish()
    hours = [USUAL.values()] if row.windows is None else row.windows
    return Wish.of({"how": row.how, "windows": hours, "hour": row.hour})


def arrived(since: datetime) -> dict[UUID, datetime]:
    """By member, when something last came that nobody has taken on yet: on a thread tied to a file, for those who work
    with her; on any other, for supervisors. What has ended or was taken back is not shown by the database."""
    came = dict(Arrival.objects.filter(arrived_at__gte=since).values_list("envelope", "arrived_at"))
    if not came:
        return {}
    threads: dict[UUID, datetime] = {}
    for envelope, thread in Envelope.objects.filter(id__in=came).values_list("id", "thread"):
        threads[thread] = max(came[envelope], threads.get(thread, since))
    tied = dict(Thread.objects.filter(thread__in=threads).values_list("thread", "client_id"))
    files: dict[UUID, datetime] = {}
    for thread, client in tied.items():
        files[client] = max(threads[thread], files.get(client, since))
    found: dict[UUID, datetime] = {}
    team = Team.objects.filter(client_id__in=files, ended_at__isnull=True).values_list("member_id", "client_id")
    for member, client in team:
        found[member] = max(files[client], found.get(member, since))
    if free := [at for thread, at in threads.items() if thread not in tied]:
        newest = max(free)
        supervisors = Member.objects.filter(left_at__isnull=True, roles__contains=[Role.SUPERVISOR.value])
        for member in supervisors.values_list("id", flat=True):
            found[member] = max(newest, found.get(member, since))
    return found

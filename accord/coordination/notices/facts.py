"""What has come for whom lately, without opening anything: nobody with a key is signed in when it is asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from accord.coordination.notices.models import Hearing
from accord.coordination.notices.rules import USUAL, Wish
from accord.partners.models import Agency
from accord.sharing.models import Arrival, Envelope, Thread
from accord.vault.facts import around


def zone_of(agency_id: UUID) -> ZoneInfo:
    """Where an agency's hours are."""
    return ZoneInfo(Agency.objects.values_list("timezone", flat=True).get(id=agency_id))


def wish_of(row: Hearing | None) -> Wish:
    """What a member has said, or the usual."""
    if row is None:
        return Wish()
    hours = [USUAL.values()] if row.windows is None else row.windows
    return Wish.of({"how": row.how, "windows": hours, "hour": row.hour})


def arrived(agency_id: UUID, since: datetime) -> dict[UUID, datetime]:
    """By member, when something last came that nobody has taken on yet: on a thread tied to a file, for those who work
    with her; on any other, for who hands out the work. The database does not show what has ended or was taken back."""
    here = Arrival.objects.filter(agency_id=agency_id)  # whoever sends sees what it has sent
    came = dict(here.filter(arrived_at__gte=since).values_list("envelope", "arrived_at"))
    if not came:
        return {}
    threads: dict[UUID, datetime] = {}
    for envelope, thread in Envelope.objects.filter(id__in=came).values_list("id", "thread"):
        threads[thread] = max(came[envelope], threads.get(thread, since))
    tied = dict(Thread.objects.filter(thread__in=threads).values_list("thread", "client_id"))
    files: dict[UUID, datetime] = {}
    for thread, client in tied.items():
        files[client] = max(threads[thread], files.get(client, since))
    people = around(agency_id, files)
    found = people.hear(files)
    if free := [at for thread, at in threads.items() if thread not in tied]:
        for member in people.hands_out:
            found[member] = max(*free, found.get(member, since))
    return found

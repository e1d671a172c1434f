"""What a task is made of: a gap, something due, a referral. And when that is over, the task that is still open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.coordination.referrals import queries as referrals
from accord.coordination.referrals.queries import Line
from accord.coordination.tasks import queries as work
from accord.coordination.tasks.queries import TaskView
from accord.coordination.tracks import queries as tracks
from accord.doors.web.labels import SERVICES
from accord.learning.gaps import queries as gaps
from accord.ledger.permits import Permit
from accord.partners import queries as partners

#: What comes next in a referral, where one that came is not reached yet, and in any other state.
NEXT = {
    "draft": gettext_lazy("Send the referral"),
    "sent": gettext_lazy("Ask whether they have answered"),
    "delivered": gettext_lazy("Ask whether they have answered"),
    "accepted": gettext_lazy("Ask whether they have met her"),
}
REACH, ELSE = gettext_lazy("Reach her for the first time"), gettext_lazy("See how the referral goes on")


@dataclass(frozen=True, slots=True)
class MadeOf:
    """One thing, what is to be done about it and by when. `id` is that of the due, referral, release or receipt, also
    where a gap was found about it: of one thing there is one open task, however often it is asked about."""

    origin: str
    id: UUID
    words: str
    due_at: datetime | None = None

    @property
    def initial(self) -> dict[str, str | date | time | None]:
        """What the form about a new task begins with. What is late already is for today."""
        today = timezone.localdate()
        if self.due_at is None or self.due_at <= timezone.now():
            return {"words": self.words, "day": today}
        local = timezone.localtime(self.due_at)
        if local.time() == time(0):  # the end of the day before
            return {"words": self.words, "day": local.date() - timedelta(days=1)}
        return {"words": self.words, "day": local.date(), "hour": local.time().replace(second=0, microsecond=0)}


def asked(request: HttpRequest, permit: Permit, client_id: UUID | None) -> MadeOf | None:
    """What the address of the page says that a task is made of; one that is not hers, or is over, is none."""
    if client_id is None:
        return None
    for origin, find in (("gap", _gap), ("due", _due), ("referral", _referral)):
        if id := _id(request.GET.get(origin, "")):
            return find(permit, client_id, id)
    return None


def over(permit: Permit, client_id: UUID, task: TaskView) -> bool:
    """Whether what a task was made of is over, or was answered. A due that still waits is not, though nobody is asked
    about its gap now."""
    id, finds = task.origin_id, {"gap": (_gap, _due), "due": (_due,), "referral": (_referral,)}.get(task.origin, ())
    return id is not None and bool(finds) and all(find(permit, client_id, id) is None for find in finds)


def to_task(request: HttpRequest, client_id: UUID, task: TaskView, said: str = "") -> HttpResponse:
    """On to the task that was made of what is over now: is it done, too?"""
    messages.info(request, said or _("A task was made of it and is still open. Is it done, too?"))
    return redirect("task_of", client_id, task.id)


def left(permit: Permit, client_id: UUID, ids: Collection[UUID]) -> TaskView | None:
    """The task of one of these things that is still open. A gap about a referral that came is about our own answer to
    it: both are the same thing."""
    both = referrals.known_as(permit=permit, client_id=client_id, ids=ids)
    return work.made_of(permit=permit, client_id=client_id, ids=both)


def _gap(permit: Permit, client_id: UUID, id: UUID) -> MadeOf | None:
    lines = gaps.gaps_of(permit=permit, client_id=client_id)
    found = next((line for line in lines if id in (line.id, line.of)), None)
    return found and MadeOf("gap", found.of, _(found.rule.next))


def _due(permit: Permit, client_id: UUID, id: UUID) -> MadeOf | None:
    lines = tracks.tracks(permit=permit, client_id=client_id, still_open=True)
    found = next((each for line in lines for each in line.waits if each.id == id), None)
    return found and MadeOf("due", id, _(found.rule.title), found.due_at)


def _referral(permit: Permit, client_id: UUID, id: UUID) -> MadeOf | None:
    lines = referrals.of_client(permit=permit, client_id=client_id)
    found = next((line for line in lines if line.id == id and not line.over), None)
    if found is None:
        return None
    words = f"{_next(found)}: {SERVICES[found.service]}"
    if found.partner_id is not None:
        words += ", " + partners.directory(permit=permit, ids={found.partner_id})[found.partner_id].name
    return MadeOf("referral", id, words, found.due_at)


def _next(line: Line) -> str | Promise:
    if line.ours:
        return NEXT.get(line.state, ELSE)
    return REACH if line.state == "accepted" and line.due_at is not None else ELSE


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

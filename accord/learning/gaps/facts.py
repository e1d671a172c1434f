"""The rules about gaps, read once from the package's data; and whom an entry about a gap may reach."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from accord.coordination.tracks.models import Due
from accord.learning.gaps.models import Gap, Told
from accord.learning.gaps.rules import Rule, loaded
from accord.policy.facts import Agency
from accord.policy.words import AgencyKind
from accord.sharing.models import Sent
from accord.sharing.rules import GAP
from accord.vault.models import Entry


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by code, in the order in which they are written."""
    return loaded((files("accord.learning.gaps") / "gaps.toml").read_text("utf-8"), "gaps.toml")


def stands(at: datetime) -> Exists:
    """Whether what was told is open: it is a gap, or was put off, is to be asked again and was not met meanwhile."""
    gaps = Gap.objects.filter(client_id=OuterRef("client_id"), rule=OuterRef("rule"), of=OuterRef("of"))
    waits = Exists(Due.objects.filter(client_id=OuterRef("client_id"), id=OuterRef("of"), met_at__isnull=True))
    return Exists(gaps.filter(Q(closed_at__isnull=True) | (Q(again_at__gt=at) & waits)))


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an entry about a gap may reach: partners of these `kinds`, and where `only` says so none but these. It opens
    nothing: her release or a law does."""

    kinds: frozenset[AgencyKind] = frozenset()
    only: frozenset[str] | None = None

    def lets(self, recipient: Agency) -> bool:
        return recipient.kind in self.kinds and (self.only is None or recipient.id in self.only)


def reach(entry_ids: Collection[UUID], at: datetime) -> dict[str, Reach]:
    """Whom those of these entries may reach that are about a gap: the kinds of partner that its rule names, while it is
    open; that it is over, whoever was told that it is open. One that nobody told here reaches nobody."""
    about = dict(Entry.objects.filter(id__in=entry_ids, kind=GAP).values_list("id", "client_id")) if entry_ids else {}
    found = {str(id): Reach() for id in about}
    rows = list(Told.objects.filter(client_id__in=set(about.values())).annotate(stands=stands(at))) if about else []
    heard: dict[UUID, set[str]] = {}
    for entry, recipient in Sent.objects.filter(
        entry_id__in=[row.entry for row in rows if row.over in about]
    ).values_list("entry_id", "recipient_id"):
        heard.setdefault(entry, set()).add(str(recipient))
    for row in rows:
        kinds = rules()[row.rule].tell if row.rule in rules() else frozenset()
        if row.over is not None:
            found[str(row.over)] = Reach(kinds, frozenset(heard.get(row.entry, ())))
        elif row.stands:
            found[str(row.entry)] = Reach(kinds)
    return found


def may_reach(found: Mapping[str, Reach], entry_id: str, recipient: Agency) -> bool:
    """Whether this entry may go to that partner, as far as gaps are concerned."""
    return entry_id not in found or found[entry_id].lets(recipient)

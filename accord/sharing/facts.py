"""How releases look to the law."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from accord.database.prepared import prepared
from accord.ledger.permits import Permit
from accord.partners import facts as partners
from accord.policy.facts import Block, Grant, Release, Signer
from accord.policy.words import BlockKind, Category, Element, Instrument, Level, Purpose, SignerRole
from accord.sharing import models
from accord.sharing.rules import Content, info
from accord.vault.facts import client_key, files
from accord.vault.models import Client
from accord.vault.rules import is_named


def release_fact(row: models.Release) -> Release | None:
    """One release as the law sees it; None while unsigned."""
    if row.signed_at is None:
        return None
    return Release(
        id=str(row.id),
        subject=str(row.subject_id),
        holder=str(row.agency_id),
        recipient=str(row.recipient_id),
        purpose=Purpose(row.purpose),
        grants=tuple(Grant(Category(category), Level(level)) for category, level in sorted(row.grants.items())),
        elements=frozenset(Element(element) for element in row.elements),
        signed_at=row.signed_at,
        until=min(row.until_at, row.ended_at or row.until_at),
        signer=Signer(
            role=SignerRole(row.signer_role),
            minor=row.signer_minor,
            alone=row.signer_alone,
            cosigned=row.signer_cosigned,
            abuser=row.signer_abuser,
            ward=row.signer_ward,
            dead=row.signer_dead,
        ),
        withdrawn_at=row.withdrawn_at or row.wished_at,
        long_because=row.long_because is not None,
        instrument=Instrument(row.instrument),
        fixed_until=row.fixed_until,
    )


def locked(release_id: UUID) -> models.Release | None:
    """The holder's release, locked until the transaction ends, so that a withdrawal waits for a disclosure that
    relies on it, and a disclosure after it finds it withdrawn."""
    found: models.Release | None = models.Release.objects.select_for_update().filter(id=release_id).first()
    return found


def all_locked(release_ids: Collection[UUID]) -> list[models.Release]:
    """`locked` for a page of releases, always in the same order, so that two pages never wait for each other."""
    return list(models.Release.objects.select_for_update().filter(id__in=release_ids).order_by("id"))


def flows_locked(flow_ids: Collection[UUID]) -> list[models.Flow]:
    """The holder's flows, locked until the transaction ends, so that their end waits for a disclosure that relies on
    them, and a disclosure after it finds them ended."""
    return list(models.Flow.objects.select_for_update().filter(id__in=flow_ids).order_by("id"))


def bases(ids: Collection[UUID]) -> list[models.Release | models.Flow]:
    """Releases and flows by their ids, unlocked: to look at what could be sent on them."""
    if not ids:
        return []
    return [*models.Release.objects.filter(id__in=ids), *models.Flow.objects.filter(id__in=ids)]


def living(at: datetime) -> QuerySet[models.Release]:
    """Signed releases that have neither ended nor been taken back."""
    return models.Release.objects.filter(
        signed_at__isnull=False, withdrawn_at__isnull=True, ended_at__isnull=True, until_at__gt=at
    )


def following(client_id: UUID, at: datetime) -> list[models.Release | models.Flow]:
    """What later entries about one client may be sent on: her releases that say so, and the flows about her."""
    releases = living(at).filter(client_id__in=files(client_id)).exclude(updates=[])
    flows = models.Flow.objects.filter(client_id__in=files(client_id), ended_at__isnull=True, until_at__gt=at)
    return [*releases.order_by("until_at", "id"), *flows.order_by("until_at", "id")]


def nevers(client_ids: Collection[UUID], *, lifted: bool = False) -> dict[UUID, list[models.Never]]:
    """Every never that stands, by client, in whichever of the files about her it was said; with `lifted`, those she
    took back, too."""
    same = {
        id: merged or id for id, merged in Client.objects.filter(id__in=client_ids).values_list("id", "merged_into")
    }
    said: dict[UUID, list[models.Never]] = {}
    rows = models.Never.objects.select_related("client__shred").filter(
        Q(client__in=same.values()) | Q(client__merged_into__in=same.values())
    )
    if not lifted:
        rows = rows.filter(lifted_at__isnull=True)
    for row in rows.order_by("since_at", "id"):
        said.setdefault(row.client.merged_into_id or row.client_id, []).append(row)
    return {id: said.get(root, []) for id, root in same.items()}


@prepared
def nevers_of(client_id: UUID) -> QuerySet[models.Never]:
    """`nevers` of one client."""
    root = Client.objects.filter(id=client_id).values(root=Coalesce("merged_into", "id"))
    said = models.Never.objects.filter(Q(client__in=root) | Q(client__merged_into__in=root), lifted_at__isnull=True)
    return said.select_related("client__shred").order_by("since_at", "id")


def blocks(client_id: UUID) -> tuple[Block, ...]:
    """The partners she said never to, as the law sees it. A never to one person goes along in the envelopes instead."""
    return blocks_of(nevers_of(client_id))


def blocks_of(said: Iterable[models.Never]) -> tuple[Block, ...]:
    """`blocks` of nevers that were looked up before."""
    return tuple(Block(BlockKind.NEVER_SHARE, str(row.against_id)) for row in said if row.person is None)


def contents(permit: Permit, rows: Sequence[models.Envelope]) -> dict[UUID, Content]:
    """What envelopes that still live say, by id."""
    vault = permit.opened()
    openers = {version: vault.envelope_opener(version) for version in {row.key_version for row in rows}}
    return {
        row.id: Content.of(
            openers[row.key_version](
                bytes(row.sealed or b""),
                info(
                    recipient=str(row.agency_id),
                    holder=str(row.holder_id),
                    envelope=str(row.id),
                    thread=str(row.thread),
                ),
            )
        )
        for row in rows
    }


def kept_from(permit: Permit, contents: Iterable[Content]) -> dict[str, set[UUID]]:
    """Colleagues who may be one of the people she asked to be kept from, by the name she gave; the names are shown to
    nobody."""
    names = {name for content in contents for name in content.kept_from}
    colleagues = partners.colleagues(permit.agency_id) if names else {}
    return {kept: {member for member, name in colleagues.items() if is_named(kept, name)} for kept in names}


def asked_to_keep_from(
    permit: Permit, places: Collection[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], tuple[str, ...]]:
    """The people at each recipient who may not see what is sent there, by (client, recipient): they go along, sealed,
    so that the recipient can keep it from them."""
    found: dict[tuple[UUID, UUID], tuple[str, ...]] = {}
    for client_id, said in nevers({client for client, _recipient in places}).items():
        for row in said:
            if row.person is not None:
                key = client_key(permit.opened(), row.client)
                name = key.open("sharing_never", "person", row.id, bytes(row.person)).decode()
                found[client_id, row.against_id] = (*found.get((client_id, row.against_id), ()), name)
    return found


def thread(client_id: UUID, partner_id: UUID, subject_id: UUID | None) -> UUID:
    """The thread between this agency and a partner about one client, or a child of hers (`subject_id`)."""
    rows = models.Thread.objects.filter(client_id=client_id, partner_id=partner_id, subject=subject_id)
    found: UUID = rows.order_by("-tied_at").values_list("thread", flat=True)[0]
    return found


def identities(contents: Iterable[Content]) -> list[str]:
    """The names of whom these contents are about, as far as they say."""
    found = []
    for content in contents:
        if content.category is Category.IDENTITY:
            values = content.values or {}
            full = f"{values.get('given', '')} {values.get('family', '')}"
            told = ((content.summary or {}).get("values") or {}).get("name", "")
            found += [
                name for name in (full, told, values.get("chosen", ""), *values.get("aliases", ())) if name.strip()
            ]
    return found

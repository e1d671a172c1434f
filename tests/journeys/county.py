"""Small counties for the journeys: agencies with names, and people who can sign in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from accord.accounts import actions as accounts
from accord.config.service import gate
from accord.gate.founding import NewAgency, found
from accord.partners.models import VaultMode
from accord.policy.words import AgencyKind, Duty, Role
from tests.world import CHEAP, PASSWORD, House, Worker, World

TITLES: Mapping[Role, str] = {
    Role.WORKER: "Advocate",
    Role.SUPERVISOR: "Supervisor",
    Role.PRIVACY_OFFICER: "Privacy officer",
    Role.RECORDS_OFFICER: "Records officer",
    Role.DIRECTOR: "Director",
}


@dataclass(frozen=True)
class County:
    """A hospital, a shelter it works with, and police that nothing is ever shared with."""

    world: World
    hospital: House
    shelter: House
    police: House


@dataclass(frozen=True)
class Five:
    """Five agencies around one survivor."""

    world: World
    hospital: House
    shelter: House
    police: House
    legal: House
    housing: House


def county() -> County:
    """Found it. Each run of the tests makes a new one; names get a mark so that two never meet."""
    mark = secrets.token_hex(2)
    return County(
        World(),
        _house(f"Saint Alma Hospital {mark}", "Saint Alma", "SA", AgencyKind.HOSPITAL, Duty.HIPAA),
        _house(f"Lantern House {mark}", "Lantern", "LH", AgencyKind.VICTIM_SERVICES, Duty.VAWA),
        _house(f"Millbrook Police {mark}", "Millbrook", "MP", AgencyKind.POLICE, Duty.BRADY),
    )


def five() -> Five:
    """Found them, with the people a journey needs and no more."""
    mark = secrets.token_hex(2)

    def house(name: str, short: str, kind: AgencyKind, duty: Duty, worker: str, *more: Role) -> House:
        titles = {Role.WORKER: worker} | {role: TITLES[role] for role in (*more, Role.DIRECTOR)}
        prefix = "".join(word[0] for word in name.split()[:2]).upper()
        return _house(f"{name} {mark}", short, prefix, kind, duty, titles)

    kinds = AgencyKind
    return Five(
        World(),
        house("Saint Alma Hospital", "Saint Alma", kinds.HOSPITAL, Duty.HIPAA, "Nurse", Role.SUPERVISOR),
        house("Lantern House", "Lantern", kinds.VICTIM_SERVICES, Duty.VAWA, "Advocate", Role.SUPERVISOR),
        house("Millbrook Police", "Millbrook", kinds.POLICE, Duty.BRADY, "Detective"),
        house("Quarry Legal Aid", "Legal Aid", kinds.LEGAL_AID, Duty.ATTORNEY_PRIVILEGE, "Attorney", Role.SUPERVISOR),
        house("Riverside Housing Authority", "Housing", kinds.HOUSING, Duty.HOUSING, "Housing specialist"),
    )


def _house(
    name: str, short: str, prefix: str, kind: AgencyKind, duty: Duty, titles: Mapping[Role, str] = TITLES
) -> House:
    host = f"{short.split()[0].lower()}-{secrets.token_hex(3)}.example.org"
    founded = found(
        gate(),
        NewAgency(
            name=name,
            short=short,
            prefix=prefix,
            kind=kind,
            duties=frozenset({duty}),
            mode=VaultMode.SERVICE if kind is AgencyKind.HOSPITAL else VaultMode.MEMBER,
            point_person="Noor Haddad",
            phone="555-0142",
        ),
        at=timezone.now(),
        members=[(f"{role.value}@{host}", f"{short} {title}", title, (role,)) for role, title in titles.items()],
        cost=CHEAP,
    )
    workers = {}
    for role, (email, member, code) in zip(titles, founded.members, strict=True):
        account = accounts.enrol(email=email, code=code, password=PASSWORD, at=timezone.now(), cost=CHEAP)
        private = accounts.unlock(account=account, password=PASSWORD)
        workers[role] = Worker(founded.agency, account.id, member, email, private)
    return House(founded.agency, name, founded.paper, workers)

"""Every URL, asked by every role with own, foreign and invented ids; every byte that leaves is searched for canaries.

What may be seen is said by a model of its own (`canaries.Model`). Hidden must equal absent: a foreign id and one that
never was get the same status, headers and bytes. Planted faults show that the search would find what it looks for.
"""

from __future__ import annotations

import io
import itertools
import json
import logging
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from psycopg import sql

from accord.config import urls
from accord.config.environment import Environment
from accord.config.logs import IdsOnly
from accord.config.service import gate
from accord.coordination.notices import actions as notices
from accord.coordination.notices.rules import Wish
from accord.coordination.tasks import actions as tasks
from accord.coordination.tracks import actions as tracks
from accord.coordination.tracks import queries as cases
from accord.doors.jobs import tasks as jobs
from accord.doors.web import middleware
from accord.doors.web.forms.vault import EntryForm
from accord.doors.web.urls import PAGES
from accord.gate import disclose, disclosure, entrance
from accord.ledger.permits import Permit
from accord.partners import actions as partners
from accord.policy.facts import Decision
from accord.policy.words import AgencyKind, Category, Element, Level, ProcessKind, Purpose, Relation, Role, Verb
from accord.process import actions as process
from accord.process.rules import NewPaper
from accord.records.consent import actions as consents
from accord.sharing import actions as sharing
from accord.sharing import queries as envelopes
from accord.sharing.models import Envelope
from accord.vault import actions as vault
from accord.vault import queries as files
from accord.vault.rules import Detail, Identity, SafeContact, Summary, Window
from tests.proofs import things
from tests.proofs.canaries import Canary, Gift, Model
from tests.proofs.town import superuser
from tests.rooms import ccda_documents, test_consent_rules
from tests.world import CHEAP, PASSWORD, House, Worker, World, draft

ALL = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR)
CATEGORIES = {"injuries": Category.INJURIES, "notes": Category.NOTES, "exam": Category.EXAM}
LEVELS = {"existence": Level.EXISTENCE, "summary": Level.SUMMARY, "full": Level.FULL}
_places = itertools.count(1)


# ------------------------------------------------------------------ the world


@dataclass
class Ids:
    """One agency's things that a URL can name. `spare` ones may be destroyed."""

    client_id: UUID = field(default_factory=uuid4)
    entry_id: UUID = field(default_factory=uuid4)
    consent_id: UUID = field(default_factory=uuid4)
    person_id: UUID = field(default_factory=uuid4)
    release_id: UUID = field(default_factory=uuid4)
    conversation_id: UUID = field(default_factory=uuid4)
    envelope_id: UUID = field(default_factory=uuid4)
    thread: UUID = field(default_factory=uuid4)
    heard: UUID = field(default_factory=uuid4)
    """`thread` waits to be accepted; on `heard` a partner told what was accepted about `client_id`."""
    member_id: UUID = field(default_factory=uuid4)
    agency_id: UUID = field(default_factory=uuid4)
    agreement_id: UUID = field(default_factory=uuid4)
    proposal_id: UUID = field(default_factory=uuid4)
    """Agencies, agreements and proposals are open to the whole community; these three are ids of nothing."""
    draft_id: UUID = field(default_factory=uuid4)
    kept: UUID = field(default_factory=uuid4)
    other_entry: UUID = field(default_factory=uuid4)
    export_id: UUID = field(default_factory=uuid4)
    second_id: UUID = field(default_factory=uuid4)
    flow_id: UUID = field(default_factory=uuid4)
    never_id: UUID = field(default_factory=uuid4)
    other_id: UUID = field(default_factory=uuid4)
    relay_id: UUID = field(default_factory=uuid4)
    upload_id: UUID = field(default_factory=uuid4)
    wall_id: UUID = field(default_factory=uuid4)
    paper_id: UUID = field(default_factory=uuid4)
    breach_id: UUID = field(default_factory=uuid4)
    glass_id: UUID = field(default_factory=uuid4)
    gap_id: UUID = field(default_factory=uuid4)
    seconding_id: UUID = field(default_factory=uuid4)
    task_id: UUID = field(default_factory=uuid4)
    free_task: UUID = field(default_factory=uuid4)
    track_id: UUID = field(default_factory=uuid4)
    due_id: UUID = field(default_factory=uuid4)
    referral_id: UUID = field(default_factory=uuid4)
    incoming_id: UUID = field(default_factory=uuid4)
    accepted_id: UUID = field(default_factory=uuid4)
    spare_client: UUID = field(default_factory=uuid4)
    spare_code: str = ""
    spare_release: UUID = field(default_factory=uuid4)


@dataclass
class Member:
    """Somebody who has really signed in; nobody when `role` is empty."""

    agency: str
    role: str
    browser: Client
    unsaid: bool = True  # a message may wait for the next page

    @property
    def who(self) -> str:
        return f"{self.agency} {self.role}" if self.role else "nobody"


@dataclass
class Place:
    model: Model
    world: World
    houses: dict[str, House]
    ids: dict[str, Ids]
    members: list[Member]
    stderr: io.StringIO

    def member(self, agency: str, role: str) -> Member:
        return next(each for each in self.members if (each.agency, each.role) == (agency, role))


def client_of(place: Place, agency: str) -> UUID:
    """A client about whom everything is a canary."""
    model, worker, about = place.model, place.houses[agency].worker, str(uuid4())
    word = lambda category, layer, **more: model.word(agency, about, category, layer, **more)  # noqa: E731
    identity = Identity(
        given=word("identity", "detail", is_name=True),
        family=word("identity", "detail", is_name=True),
        aliases=(word("identity", "detail"), word("identity", "detail")),
        born=model.born(agency, about),
        pronouns=word("identity", "detail"),
        language=word("identity", "detail"),
    )
    contact = SafeContact(
        when=word("contact", "summary"),
        say=word("contact", "summary"),
        avoid=word("contact", "summary"),
        phone=word("contact", "detail"),
        address=word("contact", "own"),
    )
    client = place.world.client(worker, identity, contact)
    for canary in [each for each in model.canaries.values() if each.about == about]:
        model.canaries[canary.word] = Canary(
            canary.word, agency, str(client), canary.category, canary.layer, canary.is_name
        )
    with worker.enter(Verb.EDIT_CLIENT, client=client) as permit:
        child = Identity(given=model.word(agency, str(client), "persons", "own"))
        vault.add_person(permit=permit, at=permit.at, client_id=client, relation=Relation.CHILD, identity=child)
    return client


def entry_of(place: Place, agency: str, client: UUID, category: str) -> UUID:
    model, about = place.model, str(client)
    with place.houses[agency].worker.enter(Verb.ADD_ENTRY, client=client) as permit:
        return vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind="note",
                    category=CATEGORIES[category],
                    occurred_at=permit.at,
                    summary=Summary.typed(model.word(agency, about, category, "summary")),
                    detail=Detail(
                        values={"display": model.word(agency, about, category, "detail")},
                        narrative=model.word(agency, about, category, "detail"),
                        source={"section": model.word(agency, about, category, "own")},
                    ),
                )
            ],
        )[0]


def consent_of(place: Place, agency: str, client: UUID) -> UUID:
    """A consent from another system that names a canary."""
    named = {"reference": "Organization/1", "display": place.model.word(agency, str(client), "document", "own")}
    actor = test_consent_rules.to("Organization/1") | {"reference": named}
    whole = test_consent_rules.document(test_consent_rules.permit(actor=[actor]))
    with place.houses[agency].worker.enter(Verb.IMPORT_DOCUMENT, client=client) as permit:
        return consents.bring_in(permit=permit, at=permit.at, client_id=client, data=json.dumps(whole).encode())


def track_of(place: Place, agency: str, client: UUID) -> tuple[UUID, UUID]:
    """A protective order that stands, with canaries written down on its way; and what is to be noted on it."""
    worker, word = place.houses[agency].worker, lambda: place.model.word(agency, str(client), "track", "own")
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        about = files.herself(permit=permit, client_id=client).id
    day = (date.today() + timedelta(days=90)).isoformat()
    with worker.enter(Verb.MOVE_TRACK, client=client) as permit:
        where = {"permit": permit, "at": permit.at, "client_id": client}
        given = {"filed_at": permit.at.isoformat(), "case_number": word()}
        track = tracks.begin(**where, protocol="protective_order", state="filed", about=about, given=given)
        where["track_id"] = track
        tracks.move(**where, step="set_hearing", given={"hearing_on": day}, number_seen=1)
        tracks.move(**where, step="grant", given={"stands_until": day}, number_seen=2)
        tracks.move(**where, step="modify", given={"stands_until": day, "because": word()}, number_seen=3)
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        view = cases.track(permit=permit, client_id=client, track_id=track)
        return track, next(due.id for due in view.line.waits if due.rule.by_hand)


def release_of(
    place: Place, agency: str, client: UUID, recipient: str, level: Mapping[str, str], *, signed: bool = True
) -> UUID:
    """Her release, signed with a canary; without `signed` a draft."""
    worker, model = place.houses[agency].worker, place.model
    named = {"identity": Category.IDENTITY, "contact": Category.CONTACT, **CATEGORIES}
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        release = sharing.prepare(
            permit=permit,
            at=permit.at,
            client_id=client,
            recipient_id=place.houses[recipient].id,
            purpose=Purpose.SAFETY,
            grants={named[category]: LEVELS[each] for category, each in level.items()},
            last_day=permit.at.date() + timedelta(days=20),
            language="en",
        )
    if signed:
        with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
            row = sharing.sign(
                permit=permit,
                at=permit.at,
                release_id=release,
                spoken=frozenset(Element),
                method="paper",
                copy="given",
                signature=model.word(agency, str(client), "signature", "never"),
                long_because=model.word(agency, str(client), "signature", "never"),
            )
            disclose(gate(), permit, worker.caller, row)
    return release


def tasks_of(place: Place, agency: str, client: UUID | None) -> UUID:
    """Something to be done, its words a canary: about a client, or about nobody."""
    worker, about = place.houses[agency].worker, str(client) if client else None
    verbs = (Verb.KEEP_TASKS, Verb.READ_CLIENT) if client else (Verb.KEEP_TASKS,)
    with worker.enter(*verbs, client=client) as permit:
        return tasks.add(
            permit=permit,
            at=permit.at,
            owner_id=worker.member,
            new=tasks.NewTask("court", place.model.word(agency, about, "task", "own"), permit.at),
            client_id=client,
        )


def papers_of(worker: Worker, client: UUID) -> tuple[UUID, UUID]:
    """A subpoena about a client, and a breach; counsel has not looked yet."""
    with worker.enter(Verb.RECEIVE_PROCESS, client=client) as permit:
        paper = process.receive(
            permit=permit,
            at=permit.at,
            client_id=client,
            new=NewPaper(
                kind=ProcessKind.SUBPOENA,
                purpose=Purpose.LEGAL_PROCESS,
                categories=list(Category),
                received_at=permit.at,
                until_at=permit.at + timedelta(days=9),
                outside="County Court",
                outside_kind=AgencyKind.COURT,
            ),
        )
    with worker.enter(Verb.NOTE_BREACH) as permit:
        breach = process.note_breach(permit=permit, at=permit.at, kind="actual", what="It.", detected_at=permit.at)
    return paper, breach


def waiting_thread(worker: Worker) -> UUID:
    with worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        return envelopes.waiting(permit=permit)[0].thread


def signed_in(agency: str, role: str, worker: Worker | None) -> Member:
    number = next(_places)
    browser = Client(
        enforce_csrf_checks=True, raise_request_exception=False, SERVER_NAME="localhost", REMOTE_ADDR=f"10.9.0.{number}"
    )
    browser.get("/sign-in/")
    if worker:
        data = {"login": worker.email, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
        assert browser.post("/sign-in/", data).status_code == 302
    return Member(agency, role, browser)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with furnished() as place:
        yield place


@contextmanager
def furnished() -> Iterator[Place]:
    """Four agencies with something of everything, and everybody who works there at a browser of her own."""
    world = World()
    houses = {
        "hospital": world.hospital(ALL),
        "shelter": world.agency(roles=ALL),
        "police": world.police((Role.WORKER, Role.RECORDS_OFFICER)),
        "outsider": world.agency(roles=(Role.WORKER,)),
    }
    place = Place(Model(7), world, houses, {name: Ids() for name in houses}, [], io.StringIO())
    handlers = [each for each in logging.getLogger().handlers if isinstance(each.formatter, IdsOnly)]
    assert handlers, "the service's own handler is what is read"
    before = [each.stream for each in handlers]
    for each in handlers:
        each.stream = place.stderr  # not setStream: it would flush the other, which pytest may have closed
    _fill(place)
    for name, house in houses.items():
        for role, worker in house.workers.items():
            place.members.append(signed_in(name, role.value, worker))
    place.members.append(signed_in("", "", None))
    try:
        yield place
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            handler.stream = stream


def _fill(place: Place) -> None:
    model, houses, ids, world = place.model, place.houses, place.ids, place.world
    for name in houses:
        mine = ids[name]
        mine.client_id, mine.spare_client = client_of(place, name), client_of(place, name)
        mine.entry_id = entry_of(place, name, mine.client_id, "notes")
        with houses[name].worker.enter(Verb.READ_CLIENT, client=mine.client_id) as permit:
            mine.person_id = files.client(permit=permit, client_id=mine.client_id, entries=0).others[0].id
        if name != "hospital":  # no hospital runs this protocol
            mine.track_id, mine.due_id = track_of(place, name, mine.client_id)
        mine.gap_id = things.gap(houses[name], mine.client_id)
        mine.consent_id = consent_of(place, name, mine.client_id)
        entry_of(place, name, mine.client_id, "injuries")
        mine.other_entry = entry_of(place, name, mine.spare_client, "injuries")
        to = "hospital" if name == "shelter" else "shelter"
        mine.release_id = release_of(place, name, mine.client_id, to, {"injuries": "full"}, signed=False)
        with place.houses[name].worker.enter(Verb.PREPARE_RELEASE, client=mine.client_id) as permit:
            mine.conversation_id = envelopes.release(permit=permit, release_id=mine.release_id).conversation
        mine.spare_release = release_of(place, name, mine.client_id, to, {"notes": "full"}, signed=False)
        director = houses[name][Role.DIRECTOR]
        with director.enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
            mine.member_id, _ = partners.add_member(
                permit=permit,
                at=permit.at,
                email=f"{secrets.token_hex(6)}@example.org",
                name="Somebody New",
                title="",
                roles=(Role.WORKER,),
                cost=CHEAP,
            )
        mine.paper_id, mine.breach_id = papers_of(houses[name].worker, mine.client_id)
        mine.draft_id = draft(houses[name], world.police())
        mine.task_id, mine.free_task = tasks_of(place, name, mine.client_id), tasks_of(place, name, None)
        with houses[name].worker.enter(Verb.READ_CLIENT, client=mine.spare_client) as permit:
            mine.spare_code = files.client(permit=permit, client_id=mine.spare_client).code
    hospital, shelter, police = ids["hospital"], ids["shelter"], ids["police"]
    for name, partner in (("hospital", "shelter"), ("shelter", "hospital")):
        for word, id in things.things(world, houses[name], houses[partner]).items():
            setattr(ids[name], word, id)
        mine, there = ids[name], ids[partner]
        words = model.word(name, str(mine.client_id), "referral", "own")
        mine.referral_id, there.accepted_id = things.referrals(
            world, houses[name], mine.client_id, words, houses[partner], there.client_id, houses["outsider"]
        )
        there.incoming_id = mine.referral_id
    hospital.seconding_id = things.asks(world, houses["police"], houses["hospital"])
    shelter.seconding_id = things.asks(world, houses["hospital"], houses["shelter"])
    hospital.flow_id = shelter.flow_id = things.flow(world, houses["police"])

    # Two patients released to the shelter, each tied to a client of its own there.
    second = client_of(place, "hospital")
    entry_of(place, "hospital", second, "injuries")
    for patient, level in (
        (hospital.client_id, {"injuries": "summary", "contact": "summary"}),
        (second, {"identity": "full", "injuries": "full", "contact": "full"}),
    ):
        release_of(place, "hospital", patient, "shelter", level)
        tied = world.accept(houses["shelter"].worker, shelter.client_id if patient == hospital.client_id else None)
        model.gifts.append(Gift("hospital", str(patient), "shelter", level, client=str(tied)))

    # The hospital heard something of that patient too, from the police, who have nothing to do with the shelter.
    level = {"notes": "summary"}
    release_of(place, "police", police.client_id, "hospital", level)
    world.accept(houses["hospital"].worker, hospital.client_id)
    model.gifts.append(Gift("police", str(police.client_id), "hospital", level, client=str(hospital.client_id)))
    for receiver, category in (("shelter", Category.INJURIES), ("hospital", Category.NOTES)):
        mine = ids[receiver]
        with houses[receiver].worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=mine.client_id) as permit:
            received = envelopes.received(permit=permit, client_id=mine.client_id)
        heard = next(view for view in received if view.category is category)
        mine.envelope_id, mine.heard = heard.id, heard.thread

    # One thing that waits at the hospital, and one at the shelter.
    for giver, receiver in (("shelter", "hospital"), ("outsider", "shelter")):
        release_of(place, giver, ids[giver].client_id, receiver, {"notes": "summary"})
        ids[receiver].thread = waiting_thread(houses[receiver].worker)
        # The shelter's client is the hospital's patient: what the shelter says of her stands on her page at once.
        tied = str(hospital.client_id) if receiver == "hospital" else None
        about, level = str(ids[giver].client_id), {"notes": "summary"}
        model.gifts.append(Gift(giver, about, receiver, level, client=tied, thread=str(ids[receiver].thread)))

    # What police accepted and must keep after it was taken back.
    level = {"injuries": "full"}
    ended = release_of(place, "hospital", second, "police", level)
    tied = world.accept(houses["police"].worker)
    with houses["police"].worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=tied) as permit:
        police.kept = next(
            view.id for view in envelopes.received(permit=permit, client_id=tied) if view.category is Category.INJURIES
        )
    world.withdraw(houses["hospital"].worker, second, ended)
    model.gifts.append(Gift("hospital", str(second), "police", level, client=str(tied), kept=True))

    # A document through the door, its name and sections canaries too.
    about = str(hospital.client_id)
    with houses["hospital"].worker.enter(Verb.READ_CLIENT, client=hospital.client_id) as permit:
        who = files.herself(permit=permit, client_id=hospital.client_id).identity
    document = ccda_documents.everything().replace("Rosa</given><given>María", who.given)
    document = document.replace("de la Cruz", who.family).replace("19880214", f"{who.born:%Y%m%d}")
    for known in ("She fell on the stairs.", "Penicillin", "Appendectomy", "Hill Clinic"):
        assert known in document
        document = document.replace(known, model.word("hospital", about, "document", "own"))
    nurse = signed_in("hospital", "worker", houses["hospital"].worker)
    upload = SimpleUploadedFile(f"{model.word('hospital', about, 'document', 'never')}.xml", document.encode())
    token = nurse.browser.cookies["csrftoken"].value
    answer = nurse.browser.post(f"/clients/{about}/import/", {"document": upload, "csrfmiddlewaretoken": token})
    assert b"The document is in her file" in answer.content
    leaked = model.found(bytes_of(answer).head)
    assert not leaked, leaked


# ------------------------------------------------------------------ asking


@dataclass(frozen=True)
class Answer:
    """Everything that came back: status line, headers and cookies; title; the body with any stream read to its end."""

    status: int
    head: bytes
    title: bytes
    body: bytes

    @property
    def bare(self) -> tuple[int, bytes, bytes]:
        """Without what is new every time: nonces, tokens against forged forms, cookies' values and moments."""
        head = re.sub(rb"'nonce-[^']*'", b"", self.head)
        # Once a minute the session says that she is still there, whatever she asked for.
        head = re.sub(rb"\nset-cookie: sessionid=.*", b"", head)
        head = re.sub(rb"(?m)^(set-cookie: \w+=)[^;\n]*|expires=[^;\n]*", rb"\1", head)
        body = re.sub(rb'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"', b"", self.body)
        return self.status, head, body


def bytes_of(answer: Any) -> Answer:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.items()]
    lines += [f"set-cookie: {morsel.OutputString()}" for morsel in answer.cookies.values()]
    title = re.search(rb"<title>(.*?)</title>", body, re.DOTALL)
    return Answer(answer.status_code, "\n".join(lines).encode(), title[1] if title else b"", body)


#: What is posted to each page: (data) of (ids, a way to make new canaries). A page without a probe fails the test.
Data = Callable[[Ids, Callable[[], str]], dict[str, Any]]


def _person(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    names = ("given", "family", "chosen", "aliases", "pronouns", "when", "say", "avoid", "phone", "address")
    return {name: word() for name in names} | {"born": "1990-01-02", "harms": ["stalking"], "relation": "child"}


def _entry(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    return {"kind": "note", "day": date.today().isoformat(), "summary": word(), "narrative": word()}


def _coded(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    return {
        "day": "2026-11-17", "status": "treated", "areas": ["neck"], "types": ["bruise"], "count": "2",
        "severity": "moderate", "strangulation": "not_checked", "narrative": word(),
    }  # fmt: skip


def _visit(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    day = {"first_day": "2026-12-01", "last_day": "2026-12-01"}
    return day | {"purpose": "counselling", "status": "booked", "narrative": word()}


def _document(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    text = ccda_documents.everything().replace("de la Cruz", word()).replace("High blood pressure", word())
    return {"document": SimpleUploadedFile(f"{word()}.xml", text.encode())}


def _consent(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    actor = {"reference": {"reference": "Organization/1", "display": word()}}
    text = json.dumps(test_consent_rules.document({"type": "permit", "actor": [actor]}, id=word()))
    return {"document": SimpleUploadedFile(f"{word()}.json", text.encode()), "checked": "on"}


def _sign(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    """Nothing was read aloud, so nothing is signed."""
    return {"signature": word(), "authority": word(), "method": "paper", "copy": "given"}


def _begin(ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    given = {"given_filed_at": "2026-11-01T10:00", "given_case_number": word()}
    return given | {"way": "protective_order.filed", "about": str(ids.person_id), "sure": "1"}


def _step(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    given = {"given_stands_until": "2027-11-01", "given_because": word()}
    return given | {"step": "modify", "seen": "4", "sure": "1"}


def _fixed(**data: Any) -> Data:
    return lambda ids, word: dict(data)


def _task(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    """Nobody is chosen who does it, so it is not kept."""
    return {"words": word(), "kind": "court", "day": date.today().isoformat()}


def _search(_ids: Ids, word: Callable[[], str]) -> dict[str, Any]:
    return {"text": word(), "step": "find"}


PROBES: dict[str, Data] = {
    "home": _fixed(),
    "my_day": _fixed(),
    "clients": _search,
    "client_new": _person,
    "client": _fixed(),
    "gaps": _fixed(),
    "gap_counts": _fixed(),
    "gap": lambda ids, word: {"answer": "not_safe_now", "why": word()},
    "gap_tell": _fixed(say="open"),
    "entries": _fixed(),
    "entry_new": _entry,
    "entry": _fixed(),
    "about": _person,
    "person_new": _person,
    "person": _fixed(),
    "person_edit": _person,
    "person_parts": _fixed(),
    "services": lambda ids, word: {
        "about": str(ids.person_id), "service": "phone", "move": "offered", "narrative": word()
    },
    "contact": lambda ids, word: {"channel": "phone", "done": "1", "outcome": "reached", "narrative": word()},
    "contact_anyway": lambda ids, word: {"channel": "phone", "because": word()},
    "export": _fixed(),
    "client_delete": lambda ids, word: {"code": ids.spare_code, "how": "phone"},
    "import": _document,
    "consent_new": _consent,
    "consent": _fixed(),
    "consent_drafts": _fixed(language="en"),
    "release_consent": _fixed(),
    "exam": _coded,
    "injury": _coded,
    "visit": _visit,
    "release_new": lambda ids, word: {"partner": str(uuid4()), "language": "en"},
    "conversation_partners": lambda ids, word: {"partner": str(uuid4()), "language": "en"},
    "conversation_terms": _fixed(),
    "conversation_preview": _fixed(),
    "conversation_sign": _sign,
    "conversation": _fixed(),
    "conversation_paper": _fixed(),
    "conversation_card": _fixed(),
    "conversation_withdraw": _fixed(),
    "release": _fixed(),
    "release_renew": _fixed(),
    "release_withdraw": _fixed(how="phone"),
    "release_over": _fixed(),
    "cosign_waiting": _fixed(),
    "release_cosign": _fixed(),
    "limits": _fixed(then="intake"),
    "arrival": _search,
    "why": _fixed(),
    "confirm": _fixed(),
    "log": _fixed(),
    "log_export": _fixed(),
    "log_checkpoint": _fixed(),
    "log_releases": _fixed(),
    "kept": lambda ids, word: {"envelope": str(ids.kept), "why": "court"},
    "try": _fixed(),
    "try_rules": lambda ids, word: {"text": f'[law]\ntitle = "{word()}"\nlayer = "community"\n'},
    "try_page": _fixed(dropped=["informed"]),
    "try_agreement": _fixed(holds="no", last_day="2026-12-31"),
    "partners": _fixed(),
    "partner": _fixed(),
    "entry_own": _fixed(point_person="Dana Reyes", phone="555-0117", about="Ask us anything."),
    "access": _fixed(access="everyone"),
    "agreements": _fixed(),
    "agreement_new": _fixed(title="Protocol", categories=["legal"], purposes=["safety"], mechanism="phone"),
    "agreement": _fixed(),
    "draft": _fixed(),
    "draft_section": _fixed(),
    "draft_section_edit": _fixed(seen="1", title="Protocol"),
    "draft_matrix": _fixed(),
    "draft_flow": _fixed(seen="1", drop="nothing"),
    "draft_comment": _fixed(text="What do you mean?"),
    "draft_compare": _fixed(),
    "draft_lay": _fixed(seen="1"),
    "draft_paper": _fixed(),
    "agreement_sign": _fixed(),
    "agreement_suspend": _fixed(because="A reason."),
    "agreement_resume": _fixed(),
    "agreement_leave": _fixed(),
    "protocols": _fixed(),
    "protocol": _fixed(),
    "protocol_version": _fixed(),
    "protocol_own": _fixed(time_service_again="1", asked_decided_in_thirty_days="on", why="We can do that."),
    "proposal_new": _fixed(why="It takes too long.", begins_on="2026-12-31", text="no protocol"),
    "proposal": _fixed(),
    "proposal_edit": _fixed(seen="1", title="Order"),
    "proposal_text": _fixed(seen="1", text="no protocol", begins_on="2026-12-31"),
    "proposal_say": _fixed(text="Why three days?"),
    "proposal_lay": _fixed(seen="1"),
    "proposal_answer": _fixed(yes="no", words="Two days.", signed="00"),
    "members": _fixed(),
    "member": _fixed(),
    "member_roles": _fixed(roles=["worker"]),
    "member_new": lambda ids, word: {
        "name": "New Colleague", "email": f"{secrets.token_hex(6)}@example.org", "roles": ["worker"], "language": "en"
    },
    "member_code": _fixed(),
    "member_remove": _fixed(),
    "keys": _fixed(do="rewrap"),
    "promise": _fixed(),
    "language": _fixed(language="en", next="/promise/"),
    "enrol": lambda ids, word: {
        "email": "nobody@example.org", "code": word(), "password": PASSWORD, "again": PASSWORD
    },
    "account_login": lambda ids, word: {"login": f"{word()}@example.org", "password": word()},
    "account_logout": _fixed(),
    "account_signup": lambda ids, word: {"email": f"{word()}@example.org", "password1": PASSWORD},
    "account_inactive": _fixed(),
    "account_change_password": lambda ids, word: {"oldpassword": word(), "password1": word(), "password2": word()},
    "account_reauthenticate": lambda ids, word: {"password": word()},
    "mfa_index": _fixed(),
    "mfa_authenticate": _fixed(code="000000"),
    "mfa_reauthenticate": _fixed(code="000000"),
    "mfa_activate_totp": _fixed(code="000000"),
    "mfa_deactivate_totp": _fixed(),
    "mfa_view_recovery_codes": _fixed(),
    "mfa_generate_recovery_codes": _fixed(),
    "mfa_download_recovery_codes": _fixed(),
    "intake": _fixed(),
    "timeline": _fixed(),
    "accounting": _fixed(),
    "team": _fixed(),
    "conflict": _fixed(),
    "same": _fixed(),
    "separate": _fixed(),
    "tasks": lambda ids, word: {"task": str(ids.free_task), "do": "rest", "days": "3", "rest": "no_time"},
    "task_new": _task,
    "task_new_of": _task,
    "task": lambda ids, word: {"do": "done"},
    "task_of": lambda ids, word: {"do": "hand", "to": "", "note": word()},
    "tasks_hand_over": lambda ids, word: {"note": word()},
    "board": _fixed(),
    "board_capacity": _fixed(files="20"),
    "my_notices": _fixed(how="digest", days0=["0"], from0="09:00", to0="17:00"),
    "walls": _fixed(),
    "wall": _fixed(do="stays"),
    "ties": lambda ids, word: {"name": f"{word()} {word()}", "others": f"{word()} {word()}", "kind": "relative"},
    "glasses": _fixed(),
    "glass_new": lambda ids, word: {"step": "then", "code": "TB-22222", "reason": "other", "words": word()},
    "glass": _fixed(),
    "glass_seconds": _fixed(),
    "glass_second": _fixed(do="refuse"),
    "glass_partner": _fixed(do="refuse"),
    "watch": _fixed(),
    "wall_left": _fixed(),
    "glass_review": _fixed(outcome="right"),
    "updates": _fixed(),
    "updates_of": _fixed(),
    "flow_new": _fixed(),
    "flow_end": _fixed(),
    "take_back": lambda ids, word: {"words": word()},
    "relayed": _fixed(),
    "never": _fixed(),
    "never_lift": _fixed(),
    "referrals": _fixed(),
    "capacity": _fixed(takes="yes"),
    "referral_new": lambda ids, word: {"service": "counselling", "urgency": "now", "name": word(), "words": word()},
    "referral": _fixed(step="spoke"),
    "referral_print": _fixed(),
    "referral_file": lambda ids, word: {"lock": "passphrase", "passphrase": word()},
    "incoming": _search,
    "incoming_of": _fixed(step="spoke"),
    "papers": _fixed(),
    "paper_new": _fixed(kind="subpoena", outside="County Court", outside_kind="court"),
    "finding_new": _fixed(),
    "report_new": _fixed(),
    "paper": _fixed(),
    "paper_counsel": _fixed(step="ask"),
    "paper_hold": _fixed(step="hold"),
    "paper_note": _fixed(told_how="phone"),
    "paper_answer": _fixed(way="printed"),
    "paper_print": _fixed(),
    "breach_new": _fixed(),
    "breach": _fixed(whom="grant_manager"),
    "caseload": _fixed(),
    "caseload_upload": _fixed(),
    "caseload_import": _fixed(),
    "caseload_columns": _fixed(),
    "caseload_preview": _fixed(),
    "caseload_faults": _fixed(),
    "caseload_export_new": _fixed(),
    "caseload_export": _fixed(),
    "caseload_file": _fixed(),
    "caseload_seconds": _fixed(),
    "caseload_second": _fixed(),
    "tracks": _fixed(),
    "track_new": _begin,
    "track": _fixed(),
    "track_step": _step,
    "track_version": _fixed(seen="4"),
    "track_due": lambda ids, word: {"how": "declined", "why": word()},
    "deviations": _fixed(),
}  # fmt: skip
#: Which things of an agency a page may destroy when posted to with its own ids.
SPARE = {"client_delete": {"client_id": "spare_client"}, "release_withdraw": {"release_id": "spare_release"}}
#: Where an address means another thing by its word than the rest do.
MEANT = {
    ("take_back", "thread"): "heard", ("task", "task_id"): "free_task", ("caseload_second", "export_id"): "second_id",
}  # fmt: skip
#: Pages that answer a fragment to htmx.
FRAGMENTS = ("why", "my_day", "client", "clients", "keys")
#: The file as it leaves holds what reaches her, which no form that replaces it repeats: it is asked for before those.
FIRST = ("export",)
LAST = ("member_remove", "account_logout")
#: What stands in an address and is no id.
OF_THE_COMMUNITY = {
    "protocol": {"code": "protective_order"},
    "protocol_version": {"code": "protective_order", "number": 1},
    "protocol_own": {"code": "protective_order"},
}
#: Forms whose words are kept in a client's file, and those that may change what she is called.
KEEPING = (
    "client_new", "entry_new", "about", "person_new", "person_edit", "services", "contact", "contact_anyway", "exam",
    "injury", "visit", "consent_new", "track_new", "track_step", "track_due", "gap",
)  # fmt: skip
NAMING = ("client_new", "about")


@dataclass
class Sweep:
    """Asks and searches. `leaks` and `differences` are sentences; `seen` is every canary that rightly came through;
    `typed` what the request under way says itself."""

    place: Place
    leaks: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)
    probes: int = 0
    breaks: bool = False

    def ask(
        self, member: Member, name: str, ids: Mapping[str, UUID], data: dict[str, Any] | None = None, **headers: str
    ) -> Answer:
        """One request; whatever the model does not allow in what comes back is noted."""
        path, model = reverse(name, kwargs={**ids, **OF_THE_COMMUNITY.get(name, {})}), self.place.model
        if data is None:
            answer = bytes_of(member.browser.get(path, headers=headers))
        else:
            token = member.browser.cookies["csrftoken"].value
            answer = bytes_of(member.browser.post(path, data | {"csrfmiddlewaretoken": token}, headers=headers))
        self.probes += 1
        member.unsaid |= data is not None and answer.status != 404
        where = f"{member.who}: {'GET' if data is None else 'POST'} {name} -> {answer.status}"
        client, thread = (str(ids[word]) if word in ids else None for word in ("client_id", "thread"))
        for part, text in (("head", answer.head), ("title", answer.title), ("body", answer.body)):
            found, may = model.found(text), set(self.typed)
            if found and part == "body":
                may |= {canary.word for canary in model.may(member.agency, member.role, name, client, thread)}
                self.seen |= found & may
            elif part != "body":
                may = set()
            self.leaks += [f"{where}: {part} holds {model.canaries[word]}" for word in sorted(found - may)]
        if answer.status >= 500 and not self.breaks:
            self.leaks.append(f"{where}: broke")
        return answer

    def typing(self, member: Member, name: str, ids: Mapping[str, UUID]) -> Callable[[], str]:
        """New canaries as somebody types them: what is kept, only her own agency's readers may meet again."""
        about = str(ids["client_id"]) if "client_id" in ids else None
        layer = "own" if name in KEEPING else "never"

        def word() -> str:
            made = self.place.model.word(member.agency, about, "typed", layer, is_name=name in NAMING)
            self.typed.add(made.lower())
            return made

        return word

    def alike(self, member: Member, name: str, asked: list[tuple[Mapping[str, UUID], dict[str, Any] | None]]) -> None:
        """Things that are hidden and things that never were, in the address or the form: nothing tells them apart."""
        if member.unsaid:
            member.browser.get("/promise/")  # what was to be said once is said here
            member.unsaid = False
        self.typed = set()
        answers = []
        for ids, data in asked:
            for upload in [each for each in (data or {}).values() if isinstance(each, SimpleUploadedFile)]:
                upload.seek(0)
            status, head, body = self.ask(member, name, ids, data).bare
            if not member.role:  # sent to sign in and back to the address she asked for
                for id in ids.values():
                    head = head.replace(str(id).encode(), b"")
            answers.append((status, head, body))
        verb = "GET" if asked[0][1] is None else "POST"
        if any(answer != answers[0] for answer in answers):
            self.differences.append(f"{member.who}: {verb} {name}: {[answer[0] for answer in answers]}, not the same")
        elif member.role and answers[0][0] not in (404, 405):
            self.differences.append(f"{member.who}: {verb} {name} of somebody else is {answers[0][0]}")


def wanted(name: str) -> list[str]:
    return re.findall(r"<uuid:(\w+)>", PAGES[name].route)


def neighbour(agency: str) -> str:
    return "shelter" if agency == "hospital" else "hospital"


def named(ids: Ids, name: str) -> dict[str, UUID]:
    """An agency's things in the address of one page."""
    return {word: getattr(ids, MEANT.get((name, word), word)) for word in wanted(name)}


def own_ids(place: Place, member: Member, name: str) -> dict[str, UUID]:
    return named(place.ids.get(member.agency) or Ids(), name)


def pairs(place: Place, member: Member, name: str) -> Iterator[tuple[dict[str, UUID], dict[str, UUID]]]:
    """Somebody else's ids beside ids of nothing: all of them, and each thing under one's own client."""
    words = wanted(name)
    if not words:
        return
    agency = member.agency or "shelter"
    theirs, own = named(place.ids[neighbour(agency)], name), named(place.ids[agency], name)
    yield theirs, {word: uuid4() for word in words}
    for word in words[1:]:
        yield own | {word: theirs[word]}, own | {word: uuid4()}
    if "entry_id" in words:
        yield own | {"entry_id": place.ids[agency].other_entry}, own | {"entry_id": uuid4()}


def look(done: Sweep, member: Member, name: str) -> None:
    own = own_ids(done.place, member, name)
    done.typed = set()
    done.ask(member, name, own)
    if name in FRAGMENTS:
        done.ask(member, name, own, **{"HX-Request": "true"})
    for hidden, never in pairs(done.place, member, name):
        done.alike(member, name, [(hidden, None), (never, None)])


def send(done: Sweep, member: Member, name: str) -> None:
    place = done.place
    mine = place.ids.get(member.agency) or Ids()
    for hidden, never in pairs(place, member, name):
        data = {"step": "open"} if name == "arrival" else PROBES[name](Ids(), lambda: "Somebody")
        done.alike(member, name, [(hidden, data), (never, data)])
    own = own_ids(place, member, name)
    if member.role:
        theirs = place.ids[neighbour(member.agency)]
        if name == "arrival":
            tie = [{"step": "tie", "client": str(client)} for client in (theirs.client_id, uuid4())]
            done.alike(member, name, [(own, data) for data in tie])
        if name == "kept":
            kept = place.ids["police"].kept if member.agency != "police" else theirs.envelope_id
            done.alike(member, name, [(own, PROBES[name](Ids(kept=id), lambda: "")) for id in (kept, uuid4())])
    own |= {word: getattr(mine, other) for word, other in SPARE.get(name, {}).items()}
    done.typed = set()
    done.ask(member, name, own, PROBES[name](mine, done.typing(member, name, own)))


#: Who is asked in the usual run: every role, and every agency. `make prove` asks everybody.
USUAL = (
    ("shelter", "worker"), ("hospital", "supervisor"), ("hospital", "privacy_officer"), ("police", "worker"),
    ("police", "records_officer"), ("shelter", "director"), ("outsider", "worker"), ("", ""),
)  # fmt: skip


def sweep(place: Place, members: list[Member]) -> Sweep:
    """Every page, these members: first looking only, then with forms; what ends or destroys things comes last."""
    done, names = Sweep(place), sorted(PAGES, key=lambda name: name not in FIRST)
    for member, name in itertools.product(members, names):
        look(done, member, name)
    for member, name in itertools.product(members, [name for name in names if name not in LAST]):
        send(done, member, name)
    for session in Session.objects.all():
        found = place.model.found(str(session.get_decoded()).encode())
        done.leaks += [f"a session holds {place.model.canaries[word]}" for word in sorted(found)]
    for name, member in itertools.product([name for name in LAST if name in names], members):
        send(done, member, name)
    return done


@pytest.fixture(scope="module")
def swept(place: Place) -> Sweep:
    return sweep(place, [place.member(*who) for who in USUAL])


# ------------------------------------------------------------------ nothing is found


def test_every_page_has_a_probe():
    assert set(PROBES) == set(PAGES), "a new page needs to be asked too"


def test_nothing_leaves_but_what_may(swept: Sweep):
    assert not swept.leaks, "\n".join(swept.leaks[:40])
    assert swept.probes > 2_000


def test_hidden_is_absent(swept: Sweep):
    assert not swept.differences, "\n".join(swept.differences[:40])


def test_the_sweep_saw_what_there_is_to_see(swept: Sweep):
    """A search that finds nothing because nothing is there proves nothing."""
    model = swept.place.model
    own = {each.word for each in model.canaries.values() if each.layer in ("summary", "detail", "own")}
    visited = {str(id) for ids in swept.place.ids.values() for id in (ids.client_id, ids.thread)}
    here = [gift for gift in model.gifts if gift.kept or gift.client in visited or gift.thread in visited]
    assert len(here) == 5
    given = {canary.word for gift in here for canary in model.carried(gift)}
    assert given <= swept.seen, [model.canaries[word] for word in given - swept.seen]
    first = {word for word in own if model.canaries[word].about in visited and model.canaries[word].category != "typed"}
    assert first <= swept.seen, [model.canaries[word] for word in first - swept.seen]


@pytest.mark.prove
def test_everybody_asks_for_everything():
    with furnished() as place:
        done = sweep(place, place.members)
    assert not done.leaks, "\n".join(done.leaks[:40])
    assert not done.differences, "\n".join(done.differences[:40])
    assert done.probes > 13_000


def test_what_is_stored_or_logged_in_clear_says_nothing(swept: Sweep, environment: Environment):
    """Every table as a dump shows it (the jobs' and sessions' among them), PostgreSQL's own log, and standard error."""
    model, found = swept.place.model, set()
    with superuser() as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        assert {"procrastinate_jobs", "procrastinate_events", "django_session"} <= {name for (name,) in tables}
        for (table,) in tables:
            query = sql.SQL("select string_agg(t::text, ' ') from {} t").format(sql.Identifier(table))
            found |= {(table, word) for word in model.hidden((connection.execute(query).fetchone()[0] or "").encode())}
    logs = list((environment.data_dir / "postgres" / "cluster" / "log").glob("*"))
    assert logs
    for log in logs:
        found |= {(log.name, word) for word in model.hidden(log.read_bytes())}
    found |= {("standard error", word) for word in model.hidden(swept.place.stderr.getvalue().encode())}
    assert not found


def forced(place: Place, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """Pages that break while a name is in their hands: in the program, and in a statement of the database."""
    hospital = place.ids["hospital"]
    word = next(each.word for each in place.model.canaries.values() if each.owner == "outsider")
    worker = signed_in("hospital", "worker", place.houses["hospital"].worker)
    done = Sweep(place, breaks=True)
    one = {"client_id": hospital.client_id}
    real = files.client

    def breaking(**kwargs: Any) -> None:
        raise RuntimeError(f"{word} {real(**kwargs).herself}")

    with monkeypatch.context() as patch:
        patch.setattr(files, "client", breaking)
        for name in ("client", "entries", "about", "export", "entry_new"):
            data = PROBES[name](hospital, done.typing(worker, name, one)) if name in ("export", "entry_new") else None
            assert done.ask(worker, name, one, data).status == 500
    with monkeypatch.context() as patch:
        entry = EntryForm.entry
        patch.setattr(EntryForm, "entry", lambda form: _with_a_status_too_long(entry(form)))
        data = PROBES["entry_new"](hospital, done.typing(worker, "entry_new", one))
        done.typed = set()
        assert done.ask(worker, "entry_new", one, data).status == 500
    return done


def _with_a_status_too_long(entry: vault.NewEntry) -> vault.NewEntry:
    return replace(entry, status=f"{entry.summary.text} {entry.detail.narrative}")


def test_an_e_mail_says_nothing(swept: Sweep):
    """Whatever is new, and whoever is told: the message, its head and its address hold no canary and no id."""
    place = swept.place
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        for name, house in place.houses.items():
            second = place.world.colleague(house)
            with second.enter(Verb.SET_NOTICES) as permit:
                hours = Wish("at_once", (Window(tuple(range(7))),))
                notices.wish(permit=permit, at=permit.at, wish=hours)
            with house.worker.enter(Verb.KEEP_TASKS) as permit:
                tasks.hand(
                    permit=permit,
                    at=permit.at,
                    task_ids=[place.ids[name].task_id],
                    to_member=second.member,
                    note=place.model.word(name, str(place.ids[name].client_id), "task", "own"),
                )
        jobs.send(0)
        assert len(mail.outbox) >= len(place.houses)
        for each in mail.outbox:
            whole = each.message().as_bytes()
            assert not place.model.hidden(whole)
            assert not any(house.name.encode() in whole for house in place.houses.values())
            assert not re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-", whole)


def test_a_page_that_breaks_repeats_nothing(place: Place, environment: Environment, monkeypatch: pytest.MonkeyPatch):
    done = forced(place, monkeypatch)
    assert not done.leaks
    said = place.stderr.getvalue()
    assert "RuntimeError at" in said
    assert not place.model.hidden(said.encode())
    for log in (environment.data_dir / "postgres" / "cluster" / "log").glob("*"):
        assert not place.model.hidden(log.read_bytes())


# ------------------------------------------------------------------ planted faults are found


def a_list_without_its_client(place: Place, patch: pytest.MonkeyPatch) -> None:
    def received(*, permit: Permit, client_id: UUID, limit: int = 200) -> list[envelopes.EnvelopeView]:
        return envelopes._opened(permit, Envelope.objects.filter(agency_id=permit.agency_id))

    patch.setattr(envelopes, "received", received)


def a_level_that_leaves_nothing_out(place: Place, patch: pytest.MonkeyPatch) -> None:
    # The level is what it should be, or the database would refuse it: it holds envelopes to what they rest on.
    patch.setattr(disclosure, "narrowed", lambda content, level: replace(content, level=level))
    client = client_of(place, "hospital")
    entry_of(place, "hospital", client, "injuries")
    release_of(place, "hospital", client, "shelter", {"injuries": "summary"})
    tied = place.ids["shelter"].client_id
    with place.houses["shelter"].worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        new = envelopes.waiting(permit=permit)[-1]
    with place.houses["shelter"].worker.enter(Verb.ACCEPT_ENVELOPE) as permit:
        answers = {view.id: 0 for view in new.envelopes}
        sharing.accept(
            permit=permit,
            at=permit.at,
            partner_id=new.holder_id,
            thread=new.thread,
            client_id=tied,
            answers=answers,
        )
    place.model.gifts.append(Gift("hospital", str(client), "shelter", {"injuries": "summary"}, client=str(tied)))


def a_no_that_tells_where_it_is(place: Place, patch: pytest.MonkeyPatch) -> None:
    def absent(request: Any) -> HttpResponse:
        id = re.search(r"/clients/([0-9a-f-]{36})/", request.path)
        with superuser() as connection:
            there = connection.execute("select count(*) from vault_client where id = %s", [id and id[1]]).fetchone()[0]
        return HttpResponse("This is another agency's." if there else "There is nothing here.", status=404)

    patch.setattr(middleware, "absent", absent)


def a_law_that_opens_everything(place: Place, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(entrance, "decide", lambda law, question: Decision(Level.FULL, ()))


def a_title_with_her_name(place: Place, patch: pytest.MonkeyPatch) -> None:
    real = files.client

    def client(**kwargs: Any) -> files.ClientView:
        found = real(**kwargs)
        return replace(found, code=f"{found.code} {found.herself.identity.name}")

    patch.setattr(files, "client", client)


@pytest.mark.parametrize(
    ("fault", "page", "agency", "role"),
    [
        (a_list_without_its_client, "client", "shelter", Role.WORKER),
        (a_level_that_leaves_nothing_out, "client", "shelter", Role.WORKER),
        (a_no_that_tells_where_it_is, "client", "outsider", Role.WORKER),
        (a_law_that_opens_everything, "client", "hospital", Role.DIRECTOR),
        (a_law_that_opens_everything, "entries", "hospital", Role.PRIVACY_OFFICER),
        (a_title_with_her_name, "client", "hospital", Role.WORKER),
    ],
)
def test_a_planted_fault_is_found(
    fault: Any, page: str, agency: str, role: Role, place: Place, swept: Sweep, monkeypatch: pytest.MonkeyPatch
):
    member = signed_in(agency, role.value, place.houses[agency][role])
    sound = Sweep(place)
    look(sound, member, page)
    assert not sound.leaks + sound.differences
    fault(place, monkeypatch)
    done = Sweep(place)
    look(done, member, page)
    assert done.leaks or done.differences


def test_a_log_line_with_a_name_and_an_error_page_with_its_reason_are_found(
    place: Place, swept: Sweep, monkeypatch: pytest.MonkeyPatch
):
    word = next(each for each in place.model.canaries.values() if each.is_name).word
    before = place.stderr.tell()
    logging.getLogger("accord.vault").warning("opened %s", word)
    assert place.model.found(place.stderr.getvalue()[before:].encode()) == {word}
    place.stderr.seek(before)
    place.stderr.truncate()
    monkeypatch.setattr(urls, "handler500", lambda request: HttpResponse(str(sys.exc_info()[1]), status=500))
    assert forced(place, monkeypatch).leaks

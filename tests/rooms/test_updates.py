"""What may follow: the tray is what a release covers and nobody has sent or put aside, and one save can send."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from accord.config.service import gate
from accord.gate import disclose, updates
from accord.policy.words import Category, Element, Level, Mark, Purpose, Role, Verb
from accord.sharing import actions, queries
from accord.vault import actions as vault
from accord.vault.rules import Detail, Summary
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, Worker, World

FOLLOWING = (Category.INJURIES, Category.LEGAL)
SEEN = {Category.INJURIES: Level.SUMMARY, Category.LEGAL: Level.FULL, Category.VISITS: Level.EXISTENCE}


def released(world: World, worker: Worker, client: UUID, recipient: House, follows=FOLLOWING, grants=None) -> UUID:
    """A signed release on which entries of some categories may follow."""
    with worker.enter(Verb.PREPARE_RELEASE, client=client) as permit:
        release = actions.prepare(
            permit=permit,
            at=permit.at,
            client_id=client,
            recipient_id=recipient.id,
            purpose=Purpose.SAFETY,
            grants=grants or SEEN,
            last_day=permit.at.date() + timedelta(days=15),
            language="en",
            updates=follows,
        )
    with worker.enter(Verb.SIGN_RELEASE, client=client) as permit:
        row = actions.sign(
            permit=permit,
            at=permit.at,
            release_id=release,
            spoken=frozenset(Element),
            method="paper",
            copy="given",
            signature="A. P.",
        )
        disclose(gate(), permit, worker.caller, row)
    return release


def tray(worker: Worker, client: UUID | None = None) -> set[tuple[UUID, UUID]]:
    with worker.enter(Verb.SEND_UPDATE, Verb.READ_DAY) as permit:
        return {item.pick for item in updates.waiting(gate(), permit, worker.caller, client)}


def send(worker: Worker, client: UUID, picks) -> dict[UUID, int]:
    with worker.enter(Verb.SEND_UPDATE, client=client) as permit:
        return updates.send(gate(), permit, worker.caller, client, picks)


@cache
def town() -> tuple[World, Worker, list[House]]:
    """One agency and two partners for every run of the machine; the people are new each time."""
    world = World()
    return world, world.agency().worker, [world.agency(), world.police()]


@dataclass
class Model:
    """The tray as plain sets."""

    entries: dict[UUID, tuple[UUID, Category]] = field(default_factory=dict)
    releases: dict[UUID, tuple[UUID, frozenset[Category]]] = field(default_factory=dict)
    done: set[tuple[UUID, UUID]] = field(default_factory=set)

    def tray(self) -> set[tuple[UUID, UUID]]:
        return {
            (release, entry)
            for release, (client, follows) in self.releases.items()
            for entry, (whose, category) in self.entries.items()
            if whose == client and category in follows and SEEN[category] > Level.EXISTENCE
        } - self.done


class TrayMachine(RuleBasedStateMachine):
    """Entries, releases with and without updates, withdrawals, sending and putting aside, in any order."""

    clients = Bundle("clients")
    releases = Bundle("releases")

    def __init__(self) -> None:
        super().__init__()
        self.model, self.ever = Model(), set()
        self.world, self.worker, self.partners = town()

    @rule(target=clients)
    def open(self):
        return self.world.client(self.worker)

    @rule(client=clients, category=st.sampled_from(sorted(SEEN)))
    def write(self, client, category):
        self.model.entries[self.world.entry(self.worker, client, category)] = (client, category)

    @rule(target=releases, client=clients, to=st.integers(0, 1), follows=st.sets(st.sampled_from(sorted(SEEN))))
    def release(self, client, to, follows):
        release = released(self.world, self.worker, client, self.partners[to], follows)
        self.ever.add(release)
        self.model.releases[release] = (client, frozenset(follows))
        # what was there when she signed went out with her signature
        self.model.done |= {(release, entry) for entry, (whose, _) in self.model.entries.items() if whose == client}
        return release

    @rule(release=releases)
    def withdraw(self, release):
        if release in self.model.releases:
            client, _follows = self.model.releases.pop(release)
            self.world.withdraw(self.worker, client, release)

    @rule(client=clients, data=st.data())
    def send_some(self, client, data):
        hers = sorted(pick for pick in self.model.tray() if self.model.entries[pick[1]][0] == client)
        picks = data.draw(st.sets(st.sampled_from(hers))) if hers else set()
        assert sum(send(self.worker, client, picks).values()) == len(picks)
        assert send(self.worker, client, picks) == {}, "nothing is sent twice"
        self.model.done |= picks

    @rule(client=clients, data=st.data())
    def put_aside(self, client, data):
        hers = sorted(pick for pick in self.model.tray() if self.model.entries[pick[1]][0] == client)
        picks = data.draw(st.sets(st.sampled_from(hers))) if hers else set()
        with self.worker.enter(Verb.SEND_UPDATE, client=client) as permit:
            actions.put_aside(permit=permit, at=permit.at, client_id=client, picks=picks)
        self.model.done |= picks

    @invariant()
    def the_tray_is_what_the_plain_model_says(self):
        assert {pick for pick in tray(self.worker) if pick[0] in self.ever} == self.model.tray()


TestTray = TrayMachine.TestCase
TestTray.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)


@pytest.fixture
def scene(world):
    house, partner = world.agency(), world.agency()
    client = world.client(house.worker)
    return world, house, partner, client, released(world, house.worker, client, partner)


def note(worker: Worker, client: UUID, category: Category, chosen=()) -> tuple[UUID, dict[UUID, int]]:
    """Written down and sent with one save, as the entry form does it."""
    with worker.enter(Verb.ADD_ENTRY, Verb.SEND_UPDATE, client=client) as permit:
        [entry] = vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind="note",
                    category=category,
                    occurred_at=permit.at,
                    summary=Summary.typed("A summary."),
                    detail=Detail(narrative="THE STORY"),
                )
            ],
        )
        return entry, updates.also_send(gate(), permit, worker.caller, client, chosen)


def received(worker: Worker, client: UUID) -> list[queries.EnvelopeView]:
    with worker.enter(Verb.READ_ENVELOPE, client=client) as permit:
        return queries.received(permit=permit, client_id=client)


def test_one_save_notes_and_sends_at_the_level_of_the_release(scene):
    world, house, partner, client, release = scene
    there = world.accept(partner.worker)
    _entry, went = note(house.worker, client, Category.INJURIES, [release])
    assert went == {partner.id: 1}
    world.accept(partner.worker, there)
    newest = received(partner.worker, there)[0]
    assert (newest.category, newest.level, newest.content.narrative) == (Category.INJURIES, Level.SUMMARY, "")
    assert tray(house.worker) == set()


def test_what_is_not_ticked_waits_and_what_does_not_follow_goes_nowhere(scene):
    _world, house, _partner, client, release = scene
    waits, went = note(house.worker, client, Category.LEGAL)
    assert went == {}
    for category in (Category.VISITS, Category.NOTES):
        assert note(house.worker, client, category, [release])[1] == {}
    assert tray(house.worker) == {(release, waits)}


def test_nothing_waits_on_a_release_that_is_over_and_nothing_goes_that_was_picked_before(scene):
    world, house, _partner, client, release = scene
    entry, _went = note(house.worker, client, Category.LEGAL)
    world.withdraw(house.worker, client, release)
    assert tray(house.worker) == set()
    assert send(house.worker, client, {(release, entry)}) == {}


def test_somebody_else_s_picks_are_nothing(scene):
    world, house, partner, client, release = scene
    entry, _went = note(house.worker, client, Category.LEGAL)
    other = world.client(house.worker)
    assert send(house.worker, other, {(release, entry)}) == {}
    theirs = world.client(partner.worker)
    assert send(partner.worker, theirs, {(release, entry)}) == {}
    assert tray(house.worker) == {(release, entry)}


def test_a_marked_entry_is_neither_offered_nor_sent(scene):
    _world, house, _partner, client, release = scene
    with house.worker.enter(Verb.ADD_ENTRY, Verb.SEND_UPDATE, client=client) as permit:
        vault.add_entries(
            permit=permit,
            at=permit.at,
            client_id=client,
            entries=[
                vault.NewEntry(
                    kind="note",
                    category=Category.LEGAL,
                    occurred_at=permit.at,
                    summary=Summary.typed("Privileged."),
                    marks=frozenset({Mark.PRIVILEGED}),
                )
            ],
        )
        assert updates.also_send(gate(), permit, house.worker.caller, client, [release]) == {}
    assert tray(house.worker) == set()


# ------------------------------------------------------------------ the pages


def test_the_entry_form_offers_it_unticked_from_a_victim_service_provider_and_sends_it_with_the_save(scene):
    world, house, partner, client, release = scene
    browser = signed_in(house.worker)
    html = page(browser, f"/clients/{client}/entries/new/")
    box = html[html.index(str(release)) - 200 : html.index(str(release)) + 60]
    assert "checked" not in box
    assert partner.name in html
    today = timezone.localdate().isoformat()
    typed = {"kind": "legal", "day": today, "summary": "Hearing moved.", "about": "", "narrative": ""}
    answer = browser.post(f"/clients/{client}/entries/new/", typed | {"also": [str(release)]}, follow=True)
    assert f"Sent to {partner.name}: 1 envelope." in text(answer.content.decode())
    # a hospital's are ticked: it decides once, she decided when she signed
    hospital = world.hospital()
    patient = world.client(hospital.worker)
    follows = released(world, hospital.worker, patient, partner)
    html = page(signed_in(hospital.worker), f"/clients/{patient}/injury/")
    assert "checked" in html[html.index(str(follows)) - 200 : html.index(str(follows)) + 60]


def test_the_tray_page_shows_what_they_would_see_and_sends_or_puts_aside(scene):
    _world, house, partner, client, release = scene
    first, _ = note(house.worker, client, Category.INJURIES)
    second, _ = note(house.worker, client, Category.LEGAL)
    third, _ = note(house.worker, client, Category.LEGAL)
    browser = signed_in(house.worker)
    assert "3 entries wait to be sent" in text(page(browser, "/my-day/"))
    html = page(browser, "/updates/")
    assert text(html).count("A summary.") == 3
    assert html.count("THE STORY") == 2, "the injuries go as a summary"
    assert f"To {partner.name}" in text(html)
    picks = {name: f"{release}:{entry}" for name, entry in (("first", first), ("second", second), ("third", third))}
    browser.post(f"/clients/{client}/updates/", {"aside": picks["first"]})
    browser.post(f"/clients/{client}/updates/", {"one": picks["second"], "shown": list(picks.values())})
    assert tray(house.worker) == {(release, third)}
    answer = browser.post(f"/clients/{client}/updates/", {"do": "all", "shown": list(picks.values())}, follow=True)
    assert f"Sent to {partner.name}: 1 envelope." in text(answer.content.decode())
    assert "Nothing waits." in text(page(browser, "/updates/"))


def test_a_made_up_client_is_answered_like_one_that_never_was(scene):
    _world, house, partner, client, _release = scene
    browser = signed_in(partner.worker)
    for made_up in (client, "00000000-0000-4000-8000-000000000000"):
        assert browser.post(f"/clients/{made_up}/updates/", {"do": "all"}).status_code == 404


def test_a_privacy_officer_has_no_tray(world):
    house = world.agency(roles=(Role.PRIVACY_OFFICER,))
    assert signed_in(house[Role.PRIVACY_OFFICER]).get("/updates/").status_code == 404

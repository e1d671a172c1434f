"""A gap is told and heard: written down with one press, sent where her release or a law lets it, found as a gap by
whoever was told, and over when the partner says so, takes it back, or its time ends. No status goes anywhere else."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from accord.config.service import gate
from accord.coordination.tracks.models import Due, Track
from accord.gate import Caller, updates
from accord.learning.gaps import actions, queries
from accord.learning.gaps.facts import rules
from accord.learning.gaps.models import Gap, Told
from accord.learning.gaps.rules import Answer, InvalidGap, Priority
from accord.policy.words import AgencyKind, Category, Duty, Level, Role, Verb
from accord.sharing import actions as sharing
from accord.sharing import queries as envelopes
from accord.sharing.models import Receipt, Sent
from accord.sharing.rules import GAPS, Content, InvalidRelease, told_of
from accord.vault import actions as vault
from accord.vault.rules import Identity, Summary
from tests.proofs.town import superuser
from tests.rooms.test_flows import begin as begin_flow
from tests.rooms.test_flows import offers, say_never
from tests.rooms.test_gaps import DUTIES, answered, begun, due, open_of, swept
from tests.rooms.test_protocol_changes import KIND
from tests.rooms.test_relay import relay, thread_of
from tests.rooms.test_updates import released, send, tray
from tests.rooms.test_walls import wall
from tests.rooms.test_web_clients import page, signed_in, text
from tests.world import House, World

MOMENT, DAY = timedelta(microseconds=1), timedelta(days=1)
ROLES = (Role.WORKER, Role.SUPERVISOR)
MISSED, HEARD = "forensic_follow_up_missed", "told_by_partner"
VISITS = {Category.VISITS: Level.SUMMARY}
SENTENCE = "A follow-up after her exam has not happened."
SINCE = datetime(2026, 11, 20, 9, tzinfo=UTC)
SAID = {"gap": MISSED, "since": SINCE.isoformat()}


@dataclass(frozen=True)
class Case:
    """A patient whose follow-up was missed, and her release to the shelter on which later entries follow."""

    hospital: House
    shelter: House
    client: UUID
    release: UUID


def missed(hospital: House, shelter: House, follows=(Category.VISITS,), grants=None) -> Case:
    client, track = begun(hospital, "forensic_exam")
    due(hospital, track, "follow_up_week_2", timezone.now() - 2 * DAY)
    release = released(World(), hospital.worker, client, shelter, follows, grants or VISITS)
    return Case(hospital, shelter, client, release)


def pair() -> tuple[House, House]:
    return World().hospital(ROLES), World().agency(roles=ROLES)


@pytest.fixture(scope="module")
def houses() -> tuple[House, House]:
    return pair()


@pytest.fixture
def case(houses: tuple[House, House]) -> Case:
    return missed(*houses)


def tell(house: House, client: UUID, *chosen: UUID) -> dict[UUID, int]:
    """The one gap is written down, and goes out on what was ticked."""
    verbs = (Verb.ANSWER_GAP, Verb.ADD_ENTRY, Verb.READ_CLIENT, Verb.SEND_UPDATE)
    with house.worker.enter(*verbs, client=client) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=client)
        actions.tell(permit=permit, at=permit.at, client_id=client, gap_id=line.id)
        return updates.also_send(gate(), permit, house.worker.caller, client, chosen)


def tell_over(house: House, client: UUID, *chosen: UUID) -> dict[UUID, int]:
    verbs = (Verb.ANSWER_GAP, Verb.ADD_ENTRY, Verb.READ_CLIENT, Verb.SEND_UPDATE)
    with house.worker.enter(*verbs, client=client) as permit:
        told = Told.objects.get(client_id=client, over__isnull=True)
        actions.tell_over(permit=permit, at=permit.at, client_id=client, told_id=told.id)
        return updates.also_send(gate(), permit, house.worker.caller, client, chosen)


def accept(house: House, there: UUID | None = None) -> UUID:
    """Take on everything that waits: into the file it is tied to, else into this one or a new one. Returns the last."""
    with house.worker.enter(Verb.READ_DAY, Verb.READ_ENVELOPE) as permit:
        waiting = envelopes.waiting(permit=permit)
    for each in waiting:
        client = each.client_id or there
        verbs = (Verb.ACCEPT_ENVELOPE, Verb.OPEN_CLIENT, Verb.FIND_CLIENTS)
        with house.worker.enter(*verbs, client=client) as permit:
            there = client or vault.open_client(permit=permit, at=permit.at, identity=Identity())
            sharing.accept(
                permit=permit,
                at=permit.at,
                partner_id=each.holder_id,
                thread=each.thread,
                client_id=there,
                answers={view.id: view.content.answers for view in each.envelopes},
            )
    assert there is not None
    return there


def heard(case: Case) -> UUID:
    """The gap is told and accepted. Returns the shelter's file."""
    there = accept(case.shelter)
    assert tell(case.hospital, case.client, case.release) == {case.shelter.id: 1}
    return accept(case.shelter, there)


def closed(case: Case, answer: Answer = Answer.NOT_OURS) -> None:
    answered(case.hospital, case.client, answer)


def rules_open(house: House, client: UUID) -> set[str]:
    return {rule for rule, _of in open_of(house, client)}


def receipts(house: House, client: UUID) -> list[tuple[str, bool]]:
    with house.worker.enter(Verb.READ_CLIENT, client=client):
        return list(
            Receipt.objects.filter(client_id=client).exclude(tells="").order_by("over").values_list("tells", "over")
        )


# ------------------------------------------------------------------ told, heard, over


def test_what_was_told_is_a_gap_there_until_the_partner_says_that_it_is_over(case: Case):
    there = heard(case)
    assert receipts(case.shelter, there) == [(MISSED, False)]
    with case.shelter.worker.enter(Verb.READ_CLIENT, client=there) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=there)
    assert (line.rule.code, line.partner_id, line.sentence) == (HEARD, case.hospital.id, SENTENCE)
    assert line.priority is rules()[MISSED].priority is Priority.CLOCK
    with case.shelter.worker.enter(Verb.READ_CLIENT, client=there):
        assert Gap.objects.get(id=line.id).priority == Priority.CLOCK, "as urgent as what was told"
    closed(case)
    assert rules_open(case.shelter, there) == {HEARD}, "nothing is over before it is told"
    assert tell_over(case.hospital, case.client, case.release) == {case.shelter.id: 1}
    accept(case.shelter, there)
    assert rules_open(case.shelter, there) == set()
    assert receipts(case.shelter, there) == [(MISSED, False), (MISSED, True)]


def test_what_was_told_is_news_as_urgent_as_the_partner_s_own(case: Case):
    since = timezone.now()
    heard(case)
    with gate().housekeeping(Caller(agency=case.shelter.id, job="notifier"), at=timezone.now()) as permit:
        assert case.shelter.worker.member in queries.found(permit=permit, since=since)


def test_it_is_answered_like_any_and_told_anew_it_is_asked_anew(case: Case):
    there = heard(case)
    answered(case.shelter, there, Answer.SHE_DECLINED)
    assert rules_open(case.shelter, there) == set()
    closed(case)
    tell_over(case.hospital, case.client, case.release)
    again(case)
    assert tell(case.hospital, case.client, case.release) == {case.shelter.id: 1}
    accept(case.shelter, there)
    assert rules_open(case.shelter, there) == {HEARD}


def again(case: Case) -> None:
    """Another follow-up is missed."""
    with case.hospital.worker.enter(Verb.READ_CLIENT, client=case.client):
        track = Track.objects.get(client_id=case.client)
    due(case.hospital, track, "follow_up_weeks_4_6", timezone.now() - DAY)


def test_both_at_once_say_that_it_is_over(case: Case):
    """Nobody looked at the first before the second came."""
    there = accept(case.shelter)
    tell(case.hospital, case.client, case.release)
    closed(case)
    tell_over(case.hospital, case.client, case.release)
    accept(case.shelter, there)
    assert receipts(case.shelter, there) == [(MISSED, False), (MISSED, True)]
    assert rules_open(case.shelter, there) == set()


def test_it_is_found_from_the_moment_it_was_told_and_ends_with_its_envelope():
    hospital, shelter = pair()
    case = missed(hospital, shelter)
    there = heard(case)
    clock = timezone.now() + 3 * DAY
    with shelter.worker.enter(Verb.READ_CLIENT, client=there):
        Receipt.objects.filter(client_id=there).exclude(tells="").update(told_at=clock, accepted_at=clock)
        (until,) = Receipt.objects.filter(client_id=there).exclude(tells="").values_list("until_at", flat=True)
    swept(shelter, timezone.now(), everything=True)
    swept(shelter, clock - MOMENT, everything=True)
    assert open_of(shelter, there) == {}
    swept(shelter, clock)
    ((rule, _of),) = open_of(shelter, there)
    assert (rule, set(open_of(shelter, there).values())) == (HEARD, {clock})
    swept(shelter, until - MOMENT)
    assert HEARD in rules_open(shelter, there)
    swept(shelter, until)
    assert HEARD not in rules_open(shelter, there), "the minute's look sees that its time is over"


def test_taken_back_it_is_asked_no_more_by_the_next_look_and_at_once_where_she_says_it_there():
    hospital, shelter = pair()
    for how in ("withdrawn", "relayed"):
        case = missed(hospital, shelter)
        there = heard(case)
        swept(shelter, timezone.now())
        assert rules_open(shelter, there) == {HEARD}
        if how == "withdrawn":
            World().withdraw(hospital.worker, case.client, case.release)
            swept(shelter, timezone.now())
        else:
            relay(shelter.worker, there, thread_of(shelter, there))
        assert rules_open(shelter, there) == set(), how


def test_what_is_accepted_into_a_new_file_is_found_by_the_next_look():
    hospital, shelter = pair()
    case = missed(hospital, shelter)
    tell(hospital, case.client, case.release)
    swept(shelter, timezone.now())
    there = accept(shelter)
    assert open_of(shelter, there) == {}, "no file was named to the gate"
    swept(shelter, timezone.now())
    assert rules_open(shelter, there) == {HEARD}
    assert swept(shelter, timezone.now()) == ()


def test_whoever_is_walled_off_the_file_sees_nothing_of_it(case: Case):
    there = heard(case)
    other = World().colleague(case.shelter)

    def seen(worker) -> set[UUID]:
        with worker.enter(Verb.ANSWER_GAP, Verb.READ_DAY) as permit:
            listed = [*queries.gaps(permit=permit), *queries.for_day(permit=permit)]
        return {line.client_id for line in listed}

    assert there in seen(other)
    wall(case.shelter, there, other.member)
    assert there not in seen(other)
    hospital_too = World().colleague(case.hospital)
    closed(case)
    with hospital_too.enter(Verb.READ_DAY) as permit:
        assert case.client in {line.client_id for line in queries.to_end(permit=permit)}
    wall(case.hospital, case.client, hospital_too.member)
    with hospital_too.enter(Verb.READ_DAY) as permit:
        assert case.client not in {line.client_id for line in queries.to_end(permit=permit)}


@pytest.mark.parametrize("who", ["Petra Halloran", "Rosa Ibarra"])
def test_where_she_keeps_it_from_somebody_who_is_there_or_may_come_no_list_says_it(houses, who):
    hospital, shelter = houses
    World().colleague(shelter, name="Petra Halloran")
    case = missed(hospital, shelter)
    say_never(hospital.worker, case.client, shelter, who)
    there = heard(case)
    assert receipts(shelter, there) == []
    assert rules_open(shelter, there) == set()


# ------------------------------------------------------------------ to whom, and to nobody else


def test_a_status_reaches_exactly_those_whom_her_release_and_the_rule_let_know(houses):
    """Every kind of agency, with her release and without."""
    hospital, world = houses[0], World()
    client, track = begun(hospital, "forensic_exam")
    due(hospital, track, "follow_up_week_2", timezone.now() - 2 * DAY)
    let, others, ways = {}, {}, []
    for kind in set(AgencyKind) - {KIND}:  # the agencies of that one change protocols together, and are all asked
        duties = frozenset({DUTIES.get(kind, Duty.NONE)})
        let[kind], others[kind] = (world.agency(kind, duties, ()) for _ in range(2))
        with suppress(InvalidRelease):
            ways.append(released(world, hospital.worker, client, let[kind], (Category.VISITS,), VISITS))
    assert len(ways) > 8
    may = rules()[MISSED].tell
    reached = {let[kind].id for kind in may}
    assert reached
    assert set(tell(hospital, client, *ways)) == reached
    with hospital.worker.enter(Verb.READ_CLIENT, client=client):
        entry = Told.objects.get(client_id=client).entry
    with superuser() as eyes:
        sent = eyes.execute("select recipient_id from sharing_sent where entry_id = %s", [entry]).fetchall()
        assert {row[0] for row in sent} == reached
        told = eyes.execute("select distinct agency_id from sharing_envelope where holder_id = %s", [hospital.id])
        assert {row[0] for row in told}.isdisjoint(house.id for house in others.values())
    assert entry not in {pick[1] for pick in tray(hospital.worker, client)}, "nor does it wait for anybody else"
    # A release that she signs later opens her file, and what its rule keeps from them stays out of it.
    late = released(world, hospital.worker, client, others[AgencyKind.LEGAL_AID], (Category.VISITS,), VISITS)
    with superuser() as eyes:
        sent = eyes.execute("select entry_id from sharing_sent where release_id = %s", [late]).fetchall()
    assert entry not in {row[0] for row in sent}


def test_a_law_carries_it_to_the_kinds_that_may_know_and_to_no_others(world):
    police = world.police(ROLES)
    prosecutor = world.agency(AgencyKind.PROSECUTOR, frozenset({Duty.BRADY}))
    # A prosecutor may know that an order is not served, and not whether she wants it renewed.
    for code, known in (("served_before_hearing", True), ("renewal_petition", False)):
        for first in ("flow", "gap"):
            client, track = begun(police, "protective_order")
            world.entry(police.worker, client, Category.LEGAL)
            due(police, track, code, timezone.now() - DAY)
            if first == "flow":
                begin_flow(police.worker, client, offers(police.worker, client, prosecutor)[0], automatic=True)
                assert tell(police, client) == ({prosecutor.id: 1} if known else {}), "it sends itself, like any entry"
            else:
                assert tell(police, client) == {}
                begin_flow(police.worker, client, offers(police.worker, client, prosecutor)[0])
            with police.worker.enter(Verb.READ_CLIENT, client=client):
                sent = Sent.objects.filter(entry_id=Told.objects.get(client_id=client).entry)
                assert sent.count() == known, (code, first)


def test_at_existence_and_without_what_follows_nothing_goes(houses):
    for follows, grants in (((Category.VISITS,), {Category.VISITS: Level.EXISTENCE}), ((), VISITS)):
        case = missed(*houses, follows, grants)
        assert tell(case.hospital, case.client, case.release) == {}
        assert receipts(case.shelter, accept(case.shelter)) == []


def test_that_it_is_over_goes_to_who_was_told_and_what_is_over_is_told_as_open_to_nobody(houses):
    hospital, shelter = houses
    second = World().agency(roles=ROLES)
    case = missed(hospital, shelter)
    other = released(World(), hospital.worker, case.client, second, (Category.VISITS,), VISITS)
    assert tell(hospital, case.client, case.release) == {shelter.id: 1}
    with hospital.worker.enter(Verb.READ_CLIENT, client=case.client):
        row = Told.objects.get(client_id=case.client)
    assert tray(hospital.worker, case.client) == {(other, row.entry)}
    with pytest.raises(InvalidGap, match="still open"):
        tell_over(hospital, case.client)
    closed(case)
    assert tray(hospital.worker, case.client) == set()
    assert send(hospital.worker, case.client, {(other, row.entry)}) == {}, "picked before it was over"
    assert tell_over(hospital, case.client, other) == {}
    with hospital.worker.enter(Verb.READ_CLIENT, client=case.client):
        row = Told.objects.get(client_id=case.client)
    assert tray(hospital.worker, case.client) == {(case.release, row.over)}


def test_what_was_put_off_is_not_over_and_what_was_met_meanwhile_is(case: Case):
    heard(case)
    closed(case, Answer.ON_ITS_WAY)
    with pytest.raises(InvalidGap, match="still open"):
        tell_over(case.hospital, case.client)
    with case.hospital.worker.enter(Verb.READ_CLIENT, client=case.client) as permit:
        met = {"met_at": permit.at, "met_by": permit.member_id, "how": "done"}
        Due.objects.filter(client_id=case.client, met_at__isnull=True).update(**met)
    assert tell_over(case.hospital, case.client, case.release) == {case.shelter.id: 1}
    accept(case.shelter)


def test_one_gap_after_another_is_told_though_nobody_said_that_the_first_is_over(case: Case):
    there = heard(case)
    closed(case)
    answered(case.shelter, there, Answer.SHE_DECLINED)
    again(case)
    assert tell(case.hospital, case.client, case.release) == {case.shelter.id: 1}
    accept(case.shelter, there)
    assert rules_open(case.shelter, there) == {HEARD}
    # That the first is over says nothing of the second.
    with case.hospital.worker.enter(Verb.READ_DAY) as permit:
        (first,) = [line for line in queries.to_end(permit=permit) if line.client_id == case.client]
    verbs = (Verb.ANSWER_GAP, Verb.ADD_ENTRY, Verb.READ_CLIENT, Verb.SEND_UPDATE)
    with case.hospital.worker.enter(*verbs, client=case.client) as permit:
        actions.tell_over(permit=permit, at=permit.at, client_id=case.client, told_id=first.id)
        updates.also_send(gate(), permit, case.hospital.worker.caller, case.client, [case.release])
    accept(case.shelter, there)
    assert rules_open(case.shelter, there) == {HEARD}


def test_while_what_was_agreed_runs_our_own_time_is_told_to_nobody(case: Case):
    with case.hospital.worker.enter(Verb.READ_CLIENT, client=case.client):
        track = Track.objects.get(client_id=case.client)
    now = timezone.now()
    due(case.hospital, track, "follow_up_weeks_4_6", now - DAY, agreed_at=now + DAY)
    with pytest.raises(InvalidGap, match="our own time"):
        tell(case.hospital, case.client, case.release)
    shown = page(signed_in(case.hospital.worker), gap_page(case.hospital, case.client))
    assert "what was agreed with partners still runs" in text(shown)
    assert "Write it down and tell them" not in text(shown)


def test_what_came_twice_is_answered_once(case: Case):
    """The same entry on a second release that outlives the first."""
    there = heard(case)
    answered(case.shelter, there, Answer.SHE_DECLINED)
    second = released(World(), case.hospital.worker, case.client, case.shelter, (Category.VISITS,), VISITS)
    accept(case.shelter, there)
    assert len(receipts(case.shelter, there)) == 2
    World().withdraw(case.hospital.worker, case.client, case.release)
    swept(case.shelter, timezone.now())
    assert rules_open(case.shelter, there) == set()
    World().withdraw(case.hospital.worker, case.client, second)


def test_nobody_tells_on_what_a_partner_told(case: Case):
    there = heard(case)
    with pytest.raises(InvalidGap, match="nobody outside"):
        tell(case.shelter, there)
    third = World().agency(roles=ROLES)
    release = released(World(), case.shelter.worker, there, third, (Category.VISITS,), VISITS)
    # Somebody who writes such an entry past the pages: nobody told it here, and it goes nowhere.
    with case.shelter.worker.enter(Verb.ADD_ENTRY, Verb.SEND_UPDATE, client=there) as permit:
        entry = vault.NewEntry(
            kind="gap", category=Category.VISITS, occurred_at=permit.at, status="open",
            summary=Summary(template="gap.open", values=SAID),
        )  # fmt: skip
        vault.add_entries(permit=permit, at=permit.at, client_id=there, entries=[entry])
        assert updates.also_send(gate(), permit, case.shelter.worker.caller, there, [release]) == {}
    with case.shelter.worker.enter(Verb.READ_CLIENT, Verb.READ_ENVELOPE, client=there) as permit:
        views = envelopes.received(permit=permit, client_id=there)
    (told,) = [view for view in views if view.content.kind == "gap"]
    browser = signed_in(case.shelter.worker)
    place = reverse("client", args=[there])
    assert f"{told.id}/confirm/" not in page(browser, place)
    assert browser.post(f"{place}envelopes/{told.id}/confirm/").status_code == 404


def test_what_can_be_told_is_what_the_rules_let_be_told():
    assert {code for code, rule in rules().items() if rule.tell} == GAPS
    assert not rules()[HEARD].tell


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, (MISSED, False, SINCE)),
        ({"status": "over"}, (MISSED, True, SINCE)),
        ({"level": Level.EXISTENCE}, None),
        ({"kind": "note"}, None),
        ({"status": "ana_prueba"}, None),
        ({"summary": None}, None),
        ({"summary": {"values": SAID | {"gap": "ana_prueba_555_0142"}}}, None),
        ({"summary": {"values": SAID | {"gap": ["forensic_follow_up_missed"]}}}, None),
        ({"summary": {"values": "forensic_follow_up_missed"}}, None),
        ({"summary": {"values": SAID | {"gap": "step_late"}}}, None),
        ({"summary": {"values": SAID | {"since": "lately"}}}, None),
        ({"summary": {"values": SAID | {"since": "2026-11-20T09:00:00"}}}, None),
        ({"summary": {"values": SAID | {"since": 7}}}, None),
    ],
)
def test_what_is_on_no_list_tells_of_nothing(change, told):
    said = {
        "kind": "gap", "category": Category.VISITS, "level": Level.SUMMARY, "status": "open",
        "summary": {"template": "gap.open", "values": SAID, "text": ""},
    }  # fmt: skip
    assert told_of(Content(**said | change)) == told


# ------------------------------------------------------------------ what the database holds


def test_what_was_told_is_over_once_and_goes_with_the_file(houses):
    case = missed(*houses)
    tell(case.hospital, case.client)
    closed(case)
    tell_over(case.hospital, case.client)
    for change in ({"over": uuid4()}, {"rule": "step_late"}, {"over": None, "over_at": None, "over_by": None}):
        with pytest.raises(DatabaseError), case.hospital.worker.enter(Verb.READ_CLIENT, client=case.client):
            Told.objects.filter(client_id=case.client).update(**change)
    with pytest.raises(DatabaseError), case.hospital.worker.enter(Verb.READ_CLIENT, client=case.client):
        Told.objects.filter(client_id=case.client).delete()
    with case.hospital[Role.SUPERVISOR].enter(Verb.DELETE_CLIENT, client=case.client) as permit:
        vault.delete_client(permit=permit, at=permit.at, client_id=case.client)
    with superuser() as eyes:
        assert eyes.execute("select count(*) from gaps_told where client_id = %s", [case.client]).fetchone() == (0,)


# ------------------------------------------------------------------ the pages


def gap_page(house: House, client: UUID) -> str:
    with house.worker.enter(Verb.READ_CLIENT, client=client) as permit:
        (line,) = queries.gaps_of(permit=permit, client_id=client)
    return reverse("gap", args=[client, line.id])


def test_one_press_tells_and_one_press_says_that_it_is_over(case: Case):
    there = accept(case.shelter)
    nurse, advocate = signed_in(case.hospital.worker), signed_in(case.shelter.worker)
    gap = gap_page(case.hospital, case.client)
    form = page(nurse, gap)
    assert re.search(rf'value="{case.release}"[^>]*checked', form), "not a victim service provider: ticked"
    assert "Next visits: Summary" in text(form)
    told = nurse.post(f"{gap}tell/", {"say": "open", "also": str(case.release)}, follow=True)
    assert f"Sent to {case.shelter.name}: 1 envelope." in text(told.content.decode())
    shown = text(page(nurse, gap))
    assert "These partners were told on" in shown
    assert "Write it down and tell them" not in shown
    twice = nurse.post(f"{gap}tell/", {"say": "open", "also": str(case.release)}, follow=True)
    assert "This is written down for partners already." in text(twice.content.decode())

    accept(case.shelter, there)
    said, here = f"{case.hospital.name} told you: {SENTENCE}", gap_page(case.shelter, there)
    for place in (reverse("my_day"), reverse("gaps"), reverse("client", args=[there]), here):
        assert said in text(page(advocate, place)), place
    assert here in page(advocate, reverse("my_day"))
    assert f"Open past its time: {SENTENCE}" in text(page(advocate, reverse("client", args=[there])))
    assert "This is for nobody outside." in text(page(advocate, here))

    answer = nurse.post(gap, {"answer": "she_declined"})
    assert answer.url == gap, "she is brought to where they are told"
    assert "It is over. They do not know that yet." in text(page(nurse, gap))
    assert gap in page(nurse, reverse("my_day"))
    over = nurse.post(f"{gap}tell/", {"say": "over", "also": str(case.release)}, follow=True)
    assert f"Sent to {case.shelter.name}: 1 envelope." in text(over.content.decode())
    assert gap not in page(nurse, reverse("my_day"))
    accept(case.shelter, there)
    assert here not in page(advocate, reverse("my_day"))


def test_a_victim_service_provider_ticks_by_hand_and_what_is_not_ticked_waits(world):
    shelter, police = world.agency(roles=ROLES), world.police(ROLES)
    client, track = begun(shelter, "protective_order")
    due(shelter, track, "order_ends", timezone.now() - DAY)
    release = released(world, shelter.worker, client, police, (Category.LEGAL,), {Category.LEGAL: Level.SUMMARY})
    browser, gap = signed_in(shelter.worker), gap_page(shelter, client)
    assert not re.search(rf'value="{release}"[^>]*checked', page(browser, gap))
    done = text(browser.post(f"{gap}tell/", {"say": "open"}, follow=True).content.decode())
    assert "Nobody was told by this. What may be sent waits in the tray." in done
    assert "Nobody has been told yet: it waits in the tray." in done
    assert {pick[0] for pick in tray(shelter.worker, client)} == {release}


def test_telling_what_is_not_hers_to_see_is_telling_what_never_was(case: Case, world):
    gap = gap_page(case.hospital, case.client)
    other = world.colleague(case.hospital)
    wall(case.hospital, case.client, other.member)
    never = reverse("gap_tell", args=[case.client, uuid4()])
    for worker in (other, world.agency().worker):
        browser = signed_in(worker)
        answers = [browser.post(place, {"say": "open"}) for place in (f"{gap}tell/", never)]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert signed_in(case.hospital.worker).post(never, {"say": "open"}).status_code == 404
    with case.hospital.worker.enter(Verb.READ_CLIENT, client=case.client):
        assert not Told.objects.filter(client_id=case.client).exists()

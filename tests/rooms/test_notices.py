"""E-mail that says nothing but that something is new: in whose hours, to whom, never twice, and never a word more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from django.utils.translation import gettext, override

from accord.accounts.models import Account
from accord.config.service import gate
from accord.coordination.notices import actions, queries
from accord.coordination.notices.rules import LEAST, OLDEST, USUAL, InvalidHours, Wish, due
from accord.coordination.tasks import actions as work
from accord.coordination.tasks import queries as tasks
from accord.doors.jobs import tasks as jobs
from accord.gate import Caller
from accord.policy.words import Role, Verb
from accord.vault import actions as vault
from accord.vault.rules import Identity, Window
from tests.proofs.town import superuser
from tests.rooms.test_tasks import do, make, walled
from tests.world import House, Worker, World

NEW_YORK = ZoneInfo("America/New_York")
EVERY_DAY = tuple(range(7))
ALWAYS = Wish("at_once", (Window(EVERY_DAY),))
ROLES = (Role.WORKER, Role.SUPERVISOR)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


# ------------------------------------------------------------------ when

#: A Wednesday.
WEDNESDAY = (2027, 3, 10)


def at_once(new: datetime, at: datetime, told: datetime | None = None, *windows: Window) -> bool:
    return due(Wish("at_once", windows or (USUAL,)), NEW_YORK, new, told, at)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (local(*WEDNESDAY, 8, 59), False),
        (local(*WEDNESDAY, 9, 0), True),
        (local(*WEDNESDAY, 16, 59), True),
        (local(*WEDNESDAY, 17, 0), False),
        (local(2027, 3, 13, 12), False),  # a Saturday
        (local(2027, 3, 15, 12), True),
    ],
)
def test_at_once_is_inside_her_hours_and_at_their_edges(at: datetime, told: bool) -> None:
    assert at_once(local(*WEDNESDAY, 3), at) is told


def test_hours_that_end_on_the_next_day_do() -> None:
    night = Window((2,), time(22), time(6))
    new = local(*WEDNESDAY, 12)
    assert not at_once(new, local(*WEDNESDAY, 21, 59), None, night)
    assert at_once(new, local(*WEDNESDAY, 22), None, night)
    assert at_once(new, local(2027, 3, 11, 5, 59), None, night)
    assert not at_once(new, local(2027, 3, 11, 6), None, night)
    assert not at_once(new, local(2027, 3, 11, 22), None, night)


def test_several_things_within_an_hour_are_one_e_mail() -> None:
    told = local(*WEDNESDAY, 10)
    new = told + timedelta(minutes=5)
    assert not at_once(new, told + LEAST - timedelta(seconds=1), told)
    assert at_once(new, told + LEAST, told)
    assert not at_once(told, told + timedelta(hours=3), told), "she has been told of that"


def test_what_is_old_raises_no_e_mail() -> None:
    at = local(*WEDNESDAY, 10)
    assert at_once(at - OLDEST, at)
    assert not at_once(at - OLDEST - timedelta(seconds=1), at)
    assert not at_once(at + timedelta(seconds=1), at)


def test_one_who_wants_none_gets_none() -> None:
    assert not due(Wish("none"), NEW_YORK, local(*WEDNESDAY, 9), None, local(*WEDNESDAY, 10))


def digest(new: datetime, at: datetime, told: datetime | None = None, hour: time | None = None) -> bool:
    return due(Wish(hour=hour), NEW_YORK, new, told, at)


def test_a_digest_comes_once_a_day_when_her_hours_begin() -> None:
    new = local(2027, 3, 9, 20)
    assert not digest(new, local(*WEDNESDAY, 8, 59))
    assert digest(new, local(*WEDNESDAY, 9))
    assert digest(new, local(*WEDNESDAY, 16, 59)), "the service was down at nine"
    assert not digest(new, local(*WEDNESDAY, 17))
    told = local(*WEDNESDAY, 9)
    later = local(*WEDNESDAY, 9, 30)
    assert not digest(later, local(*WEDNESDAY, 16), told)
    assert digest(later, local(2027, 3, 11, 9), told)


def test_what_came_after_the_digest_waits_for_the_next_even_if_none_went() -> None:
    assert not digest(local(*WEDNESDAY, 9, 30), local(*WEDNESDAY, 10))
    friday = local(2027, 3, 12, 16)
    assert not digest(friday, local(2027, 3, 13, 9))
    assert digest(friday, local(2027, 3, 15, 9))


def test_a_digest_comes_at_her_own_hour() -> None:
    new = local(2027, 3, 9, 20)
    assert not digest(new, local(*WEDNESDAY, 12, 59), hour=time(13))
    assert digest(new, local(*WEDNESDAY, 13), hour=time(13))


def test_hours_are_those_of_the_wall_when_clocks_change() -> None:
    sunday = Wish("digest", (Window((6,), time(9), time(12)),))
    before = local(2027, 3, 13, 12)
    assert not due(sunday, NEW_YORK, before, None, datetime(2027, 3, 14, 12, 59, tzinfo=UTC))
    assert due(sunday, NEW_YORK, before, None, datetime(2027, 3, 14, 13, tzinfo=UTC)), "nine, an hour early"
    autumn = local(2027, 11, 6, 12)
    assert not due(sunday, NEW_YORK, autumn, None, datetime(2027, 11, 7, 13, 59, tzinfo=UTC))
    assert due(sunday, NEW_YORK, autumn, None, datetime(2027, 11, 7, 14, tzinfo=UTC))


def test_an_hour_that_is_left_out_or_comes_twice_is_no_reason_to_send_outside_her_hours() -> None:
    gap = Wish("at_once", (Window((6,), time(2), time(3)),))
    new = local(2027, 3, 13, 12)
    minutes = [datetime(2027, 3, 14, 5, tzinfo=UTC) + timedelta(minutes=each) for each in range(0, 300, 5)]
    assert not any(due(gap, NEW_YORK, new, None, at) for at in minutes)
    twice = Wish("at_once", (Window((6,), time(1), time(1, 30)),))
    minutes = [datetime(2027, 11, 7, 4, tzinfo=UTC) + timedelta(minutes=each) for each in range(0, 300, 5)]
    found = [at for at in minutes if due(twice, NEW_YORK, local(2027, 11, 6, 12), None, at)]
    assert all(at.astimezone(NEW_YORK).hour == 1 and at.astimezone(NEW_YORK).minute < 30 for at in found)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("often"),
        Wish("digest", ()),
        Wish("at_once", (Window(()),)),
        Wish("at_once", (Window((7,)),)),
        Wish("at_once", (Window((1,), time(9), time(9)),)),
        Wish("digest", (USUAL,), time(8)),
        Wish("digest", (USUAL,), time(17)),
        Wish("digest", (USUAL,) * 4),
    ],
)
def test_hours_in_which_nothing_could_come_are_refused(wish: Wish) -> None:
    with pytest.raises(InvalidHours):
        wish.checked()


def test_a_wish_is_kept_as_it_was_said(world: World) -> None:
    house = world.agency()
    said = Wish("digest", (Window((0, 2), time(22), time(6)), Window((5,))), time(23, 15))
    with house.worker.enter(Verb.SET_NOTICES) as permit:
        assert queries.hearing(permit=permit).wish == Wish()
        actions.wish(permit=permit, at=permit.at, wish=said)
        actions.wish(permit=permit, at=permit.at, wish=said)
        found = queries.hearing(permit=permit)
    assert (found.wish, found.said, found.email) == (said, True, house.worker.email)
    with house[Role.DIRECTOR].enter(Verb.SET_NOTICES) as permit:
        assert queries.hearing(permit=permit).wish == Wish(), "each says her own"


# ------------------------------------------------------------------ to whom


def wants(worker: Worker, wish: Wish = ALWAYS) -> None:
    with worker.enter(Verb.SET_NOTICES) as permit:
        actions.wish(permit=permit, at=permit.at, wish=wish)


def told(house: House, at: datetime | None = None) -> list[str]:
    """Whom one agency's turn of the job tells."""
    at = at or timezone.now()
    with gate().housekeeping(Caller(agency=house.id, job="notifier"), at=at) as permit:
        new = tasks.handed(permit=permit, since=at - OLDEST)
        return sorted(letter.email for letter in actions.tell(permit=permit, at=at, new=new))


def test_a_task_from_a_colleague_is_news_and_her_own_is_not(world: World) -> None:
    house = world.agency()
    second = world.colleague(house)
    wants(house.worker), wants(second)
    make(house.worker)
    assert told(house) == []
    make(house.worker, owner=second.member)
    assert told(house) == [second.email]
    assert told(house) == [], "never twice about the same"
    assert told(house, timezone.now() + timedelta(hours=2)) == []


def test_what_is_done_already_is_no_news(world: World) -> None:
    house = world.agency()
    second = world.colleague(house)
    wants(second)
    task = make(house.worker, owner=second.member)
    do(house.worker, work.done, task)
    assert told(house) == []


def test_somebody_who_has_said_nothing_hears_in_the_usual_hours(world: World) -> None:
    house = world.agency()
    second = world.colleague(house)
    task_at = timezone.now()
    make(house.worker, owner=second.member)
    days = [task_at + timedelta(hours=each) for each in range(24 * 5)]
    heard = [at for at in days if told(house, at)]
    assert len(heard) == 1
    first = heard[0].astimezone(NEW_YORK)
    assert first.weekday() < 5
    assert 9 <= first.hour < 17


def test_a_member_who_left_hears_nothing(world: World) -> None:
    house = world.agency()
    second = world.colleague(house)
    wants(second)
    make(house.worker, owner=second.member)
    Account.objects.filter(email=second.email).update(is_active=False)
    assert told(house) == []


def arrives(world: World, house: House) -> tuple[House, UUID]:
    hospital = world.hospital()
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    world.release(hospital.worker, patient, house)
    return hospital, patient


def test_what_nobody_has_taken_on_is_news_for_supervisors(world: World) -> None:
    house = world.agency(roles=ROLES)
    for each in house.workers.values():
        wants(each)
    arrives(world, house)
    assert told(house) == [house[Role.SUPERVISOR].email]


def test_what_comes_about_a_client_is_news_for_those_who_work_with_her(world: World) -> None:
    house = world.agency(roles=ROLES)
    second, cousin = world.colleague(house), world.colleague(house, "Cousin")
    hospital, patient = arrives(world, house)
    client = world.accept(second)
    with house[Role.SUPERVISOR].enter(Verb.ASSIGN_CLIENT, client=client) as permit:
        vault.assign(permit=permit, at=permit.at, client_id=client, member_id=cousin.member)
    walled(house, client, cousin)
    for each in (*house.workers.values(), second, cousin):
        wants(each)
    told(house)
    world.entry(hospital.worker, patient)
    world.release(hospital.worker, patient, house)
    assert told(house) == [second.email], "neither who does not work with her nor who is kept from her"


def test_what_was_taken_back_before_it_was_told_is_no_news(world: World) -> None:
    house = world.agency(roles=ROLES)
    wants(house[Role.SUPERVISOR])
    hospital = world.hospital()
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    release = world.release(hospital.worker, patient, house)
    world.withdraw(hospital.worker, patient, release)
    assert told(house) == []


# ------------------------------------------------------------------ once


def test_two_jobs_at_once_tell_each_member_once(world: World) -> None:
    house = world.agency()
    people = [world.colleague(house, f"Number {each}") for each in range(4)]
    for each in people:
        wants(each)
    for _round in range(3):
        for each in people:
            make(house.worker, owner=each.member)
        at = timezone.now() + timedelta(hours=2 * _round)
        start, found = threading.Barrier(2), []

        def run(at: datetime = at, start: threading.Barrier = start, found: list[str] = found) -> None:
            try:
                start.wait(10)
                found.extend(told(house, at))
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(found) == sorted(each.email for each in people)
        with house.worker.enter(Verb.KEEP_TASKS) as permit:
            mine, _ = tasks.tasks(permit=permit, view=tasks.Filter("made"))
        do(house.worker, work.done, *[each.id for each in mine])
        _some_hours_later(house)


def _some_hours_later(house: House) -> None:
    with superuser() as eyes:
        eyes.execute(
            "update notices_hearing set told_at = told_at - interval '9 hours' where agency_id = %s", [house.id]
        )


@pytest.fixture
def outbox() -> Iterator[list[mail.EmailMessage]]:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        yield mail.outbox


def to(outbox: list[mail.EmailMessage], *workers: Worker) -> list[mail.EmailMessage]:
    emails = {each.email for each in workers}
    return [each for each in outbox if set(each.to) & emails]


def test_the_job_sends_one_sentence_and_the_start_page_and_nothing_else(world: World, outbox) -> None:
    house = world.agency(roles=ROLES)
    second = world.colleague(house, "Zebra Member")
    client = world.client(house.worker, Identity(given="Zebra", family="Quagga"))
    make(house.worker, client, owner=second.member, words="Zebra at the court")
    wants(second)
    arrives(world, house)
    wants(house[Role.SUPERVISOR])
    jobs.send(0)
    jobs.send(0)
    found = to(outbox, second, house[Role.SUPERVISOR])
    assert len(found) == 2
    for each in found:
        whole = each.message().as_string()
        assert each.subject == "Something new"
        assert each.body == (
            "You have something new in Accord.\n\nhttp://127.0.0.1:8000/\n\n"
            "This message never says more. When it may come, you choose in Accord under “E-mail notices”.\n"
        )
        assert not any(word in whole for word in ("Zebra", "Quagga", house.name, "/clients", "/tasks", str(client)))
        assert {name for name, _ in each.message().items()} == {
            "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Date",
            "Message-ID", "Auto-Submitted",
        }  # fmt: skip
        assert each.message()["Message-ID"].endswith("@example.org>")


def test_it_speaks_her_language(world: World, outbox) -> None:
    house = world.agency()
    second = world.colleague(house)
    wants(second)
    Account.objects.filter(email=second.email).update(language="es")
    make(house.worker, owner=second.member)
    jobs.send(0)
    (letter,) = to(outbox, second)
    with override("es"):
        assert letter.subject == gettext("Something new")


def test_a_mail_server_that_is_away_tells_nobody_and_is_asked_again(world: World, outbox, monkeypatch) -> None:
    house = world.agency()
    second = world.colleague(house)
    wants(second)
    make(house.worker, owner=second.member)
    backend = "django.core.mail.backends.locmem.EmailBackend.open"

    def away(self) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(backend, away, raising=False)
        with pytest.raises(jobs.SomeFailed):
            jobs.send(0)
    assert to(outbox, second) == []
    jobs.send(0)
    assert len(to(outbox, second)) == 1


def test_a_crash_after_it_was_noted_loses_the_e_mail_and_never_sends_two(world: World, outbox, monkeypatch) -> None:
    house = world.agency()
    second = world.colleague(house)
    wants(second)
    make(house.worker, owner=second.member)

    def broken(self, fail_silently: bool = False) -> int:
        raise OSError(f"{self.to} refused")

    with monkeypatch.context() as patch:
        patch.setattr(mail.EmailMessage, "send", broken)
        with pytest.raises(jobs.SomeFailed):
            jobs.send(0)
    jobs.send(0)
    assert to(outbox, second) == []

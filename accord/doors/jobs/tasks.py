"""What the service does by itself: grow every agency's ledger tree, clear away what has ended, and tell members that
something is new.

One job does it for all agencies in turn, so its only argument is the moment it was due. It holds no vault; each agency
has its own transaction, and one that fails does not keep the others waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from accord.config.environment import environment
from accord.config.service import gate
from accord.coordination.notices import actions as notices
from accord.coordination.notices.rules import OLDEST, newest
from accord.coordination.referrals import queries as referrals
from accord.coordination.tasks import queries as work
from accord.doors.jobs.post import Post
from accord.gate import Caller
from accord.gate.operating import agencies
from accord.learning.gaps import actions as gaps
from accord.learning.gaps import queries as gaps_of
from accord.ledger import actions as ledger
from accord.ledger.permits import Permit
from accord.records.caseload import actions as caseload
from accord.sharing import actions as sharing

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Ledgers whose leaves this process has compared with their tree, all of them, once.
_compared: set[UUID] = set()


class SomeFailed(Exception):
    """Not every agency could be served; the log says which and where."""


@app.periodic(cron="* * * * * */5")  # the last field is seconds
@app.task(name="ledger.sequence", queueing_lock="ledger.sequence")
def sequence(timestamp: int) -> None:
    """Every five seconds: leaves that have no position yet get theirs, and a checkpoint is made."""
    _each("sequencer", _grow)


@app.periodic(cron="* * * * *")
@app.task(name="sharing.sweep", queueing_lock="sharing.sweep")
def sweep(timestamp: int) -> None:
    """Every minute: envelopes that have ended lose their ciphertext. Nobody could read them since their end."""
    _each("sweeper", _clear)


@app.periodic(cron="* * * * *")
@app.task(name="gaps.sweep", queueing_lock="gaps.sweep")
def look_for_gaps(timestamp: int) -> None:
    """Every minute: what has passed its clock since the last look becomes a gap."""
    _each("watcher", partial(_watch, everything=False))


@app.periodic(cron="10 3 * * *")
@app.task(name="gaps.sweep_everything", queueing_lock="gaps.sweep_everything")
def look_for_gaps_everywhere(timestamp: int) -> None:
    """Every night: all of it once more, so that nothing hangs on a look that was missed."""
    _each("watcher", partial(_watch, everything=True))


@app.periodic(cron="* * * * *")
@app.task(name="notices.send", queueing_lock="notices.send")
def send(timestamp: int) -> None:
    """Every minute: whoever is to hear that something is new is noted as told, and when that is committed the e-mail
    goes. One that is lost after that is lost; nobody is told twice."""
    if environment().mail_url:
        post = Post(environment())
        try:
            _each("notifier", partial(_told, post), post.send)
        finally:
            post.close()


def _told(post: Post, permit: Permit) -> list[notices.Letter]:
    since = permit.at - OLDEST
    rooms = (work.handed, gaps_of.found, referrals.news)
    new = newest(*(each(permit=permit, since=since) for each in rooms))
    letters = notices.tell(permit=permit, at=permit.at, new=new)
    if letters:
        post.open()  # a server that is away is noticed before anybody is noted as told
    return letters


def _grow(permit: Permit) -> None:
    agency = permit.agency_id
    ledger.sequence(permit=permit, at=permit.at, thorough=agency not in _compared)
    _compared.add(agency)


def _clear(permit: Permit) -> None:
    sharing.sweep(permit=permit, at=permit.at)
    caseload.sweep(permit=permit, at=permit.at)


def _watch(permit: Permit, *, everything: bool) -> None:
    gaps.sweep(permit=permit, at=permit.at, everything=everything)


def _each(job: str, work: Callable[[Permit], T], then: Callable[[T], None] | None = None) -> None:
    """`work` in a transaction for every agency; `then` with what it returned, once that is committed."""
    failed = 0
    try:
        for agency in agencies():
            try:
                with gate().housekeeping(Caller(agency=agency, job=job), at=timezone.now()) as permit:
                    done = work(permit)
                if then is not None:
                    then(done)
            except Exception:
                failed += 1
                log.error("The %s failed for agency %s.", job, agency)
                log.exception("The place in the program:")
    finally:
        connection.close()  # back into the pool: the next run may be in another thread
    if failed:
        raise SomeFailed(f"{failed} agencies")

"""The referrals of the story, acted out through the gate and dated back like the files: by when an answer is due counts
from when it went. The ledger says when it was really done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from accord.coordination.referrals import actions
from accord.coordination.referrals.rules import State
from accord.demo.referred import CAPACITIES, Referred, Turn
from accord.demo.signing import signature
from accord.gate import Caller, Gate, referring
from accord.ledger.permits import Permit
from accord.policy.words import Category, Level, Purpose, Verb
from accord.sharing import actions as sharing
from accord.vault import actions as vault
from accord.vault.rules import Identity

_FOR: Final[Mapping[str, Purpose]] = {
    "legal": Purpose.PROTECTIVE_ORDER, "housing": Purpose.HOUSING, "willow": Purpose.TREATMENT,
    "brigid": Purpose.TREATMENT, "rise": Purpose.TREATMENT, "school": Purpose.EDUCATION,
}  # fmt: skip
_GOES: Final = {Category.IDENTITY: Level.SUMMARY, Category.CONTACT: Level.SUMMARY, Category.SERVICES: Level.SUMMARY}
_COMES_BACK: Final = {Category.SERVICES: Level.SUMMARY}
#: How long what she signs lasts from today.
_LASTS: Final = timedelta(days=10)
#: When each thing happened, as a share of the days since she was referred; and how soon it is told and learnt after.
_AT: Final[Mapping[Turn, float]] = {
    Turn.TAKEN: 0.95, Turn.DECLINED: 0.95, Turn.TAKEN_BACK: 0.9, Turn.ACCEPTED: 0.95, Turn.REACHED: 0.9, Turn.MET: 0.5,
    Turn.ENDED: 0.2,
}  # fmt: skip
_TOLD, _LEARNT, _CLOSED = 0.03, 0.06, 0.1
_YES: Final = (Turn.ACCEPTED, Turn.REACHED, Turn.MET, Turn.ENDED)


class Referring:
    """The people of the story referring and answering. `worker`: who acts for an agency, by key; `files`: place in the
    story -> the client's id."""

    def __init__(self, gate: Gate, worker: Callable[[str], Caller], files: Mapping[int, UUID]) -> None:
        self._gate, self._worker, self._files = gate, worker, files

    def state_capacities(self) -> None:
        for key, (takes, services, wait) in CAPACITIES.items():
            with self._enter(key, Verb.ANSWER_REFERRAL) as permit:
                actions.state_capacity(permit=permit, at=permit.at, takes=takes, services=services, wait_days=wait)

    def act(self, referred: Referred) -> None:
        """One referral from its draft as far as the story goes."""
        plan, now = referred.plan, timezone.now()
        if not plan.recipient:
            self._by_hand(referred, now)
            return
        referral = self._send(referred, now)
        if plan.turn in _YES:
            self._accept(referred, referral, now)
        elif plan.turn in (Turn.TAKEN, Turn.DECLINED):
            self._look_at(referred, referral, now)
        if plan.told or plan.closed or plan.turn in (Turn.DECLINED, Turn.TAKEN_BACK):
            self._learn(referred, referral, now)

    def _send(self, referred: Referred, now: datetime) -> UUID:
        """Written down, laid before her to sign, and sent."""
        plan, file = referred.plan, self._files[referred.client]
        verbs = (Verb.REFER, Verb.ADD_ENTRY, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE)
        with self._enter(referred.agency, *verbs, client=file) as permit:
            sent = _ago(now, plan.days_ago)
            referral = actions.draft(
                permit=permit, at=sent, client_id=file, service=plan.service, urgency=plan.urgency,
                recipient_id=self._id(plan.recipient), words=plan.words,
            )  # fmt: skip
            if plan.turn is not Turn.DRAFT:
                self._sign(permit, referred, referred.agency, plan.recipient, file, sent, _GOES)
                referring.send(self._gate, permit, self._worker(referred.agency), file, referral, at=sent)
        return referral

    def _by_hand(self, referred: Referred, now: datetime) -> None:
        """To somebody who is not on Accord, and what the worker heard of it."""
        plan, file = referred.plan, self._files[referred.client]
        with self._enter(referred.agency, Verb.REFER, client=file) as permit:
            sent = _ago(now, plan.days_ago)
            referral = actions.draft(
                permit=permit, at=sent, client_id=file, service=plan.service, urgency=plan.urgency,
                outside=actions.Outside(plan.outside, "", "She takes it there herself"), words=plan.words,
            )  # fmt: skip
            actions.hand_over(permit=permit, at=sent, client_id=file, referral_id=referral, how="print")
            if plan.turn is Turn.ENDED:
                at = _ago(now, plan.days_ago * _AT[plan.turn])
                actions.note(
                    permit=permit, at=at, client_id=file, referral_id=referral, state=State.ENDED, outcome=plan.outcome
                )

    def _look_at(self, referred: Referred, referral: UUID, now: datetime) -> None:
        """The partner takes care of it, or says no: who may tell a bare no does."""
        plan = referred.plan
        at = _ago(now, plan.days_ago * _AT[plan.turn])
        with self._enter(plan.recipient, Verb.ANSWER_REFERRAL) as permit:
            actions.take(permit=permit, at=at, referral_id=referral)
            if plan.turn is Turn.DECLINED:
                toward = self._id(plan.toward) if plan.toward else None
                actions.decline(
                    permit=permit, at=at, referral_id=referral, reason=plan.reason, toward_id=toward, tell=True
                )

    def _accept(self, referred: Referred, referral: UUID, now: datetime) -> None:
        """The partner says yes, reaches her, meets her, ends; and where she lets it, tells who refers."""
        plan = referred.plan

        def when(turn: Turn) -> datetime:
            return _ago(now, plan.days_ago * _AT[turn])

        verbs = (
            Verb.ANSWER_REFERRAL, Verb.ACCEPT_ENVELOPE, Verb.OPEN_CLIENT, Verb.FIND_CLIENTS, Verb.ADD_ENTRY,
            Verb.CONTACT_CLIENT, Verb.PREPARE_RELEASE, Verb.SIGN_RELEASE,
        )  # fmt: skip
        with self._enter(plan.recipient, *verbs) as permit:
            yes = when(Turn.ACCEPTED)
            if referred.own is None:
                file = vault.open_client(permit=permit, at=yes, identity=Identity())
            else:
                file = self._files[referred.own]
            actions.accept(permit=permit, at=yes, referral_id=referral, client_id=file)
            if plan.turn is not Turn.ACCEPTED:
                at = when(Turn.REACHED)
                entry = vault.contacted(permit=permit, at=at, client_id=file, channel="phone", outcome="reached")
                actions.attempted(permit=permit, at=at, client_id=file, entry_id=entry)
            if plan.turn in (Turn.MET, Turn.ENDED):
                actions.met(permit=permit, at=when(Turn.MET), client_id=file, referral_id=referral)
            if plan.turn is Turn.ENDED:
                actions.end(
                    permit=permit, at=when(Turn.ENDED), client_id=file, referral_id=referral, outcome=plan.outcome
                )
            if plan.told:
                at = _ago(now, plan.days_ago * (_AT[plan.turn] - _TOLD))
                self._sign(permit, referred, plan.recipient, referred.agency, file, at, _COMES_BACK)

    def _learn(self, referred: Referred, referral: UUID, now: datetime) -> None:
        """What was told moves on what who refers knows; or it is taken back, or closed."""
        plan, file = referred.plan, self._files[referred.client]
        at = _ago(now, plan.days_ago * (_AT[plan.turn] - _LEARNT))
        with self._enter(referred.agency, Verb.REFER, Verb.ACCEPT_ENVELOPE, client=file) as permit:
            actions.learn(permit=permit, at=at, client_id=file)
            if plan.turn is Turn.TAKEN_BACK:
                actions.take_back(permit=permit, at=at, client_id=file, referral_id=referral)
            if plan.closed:
                closed = _ago(now, plan.days_ago * (_AT[plan.turn] - _CLOSED))
                actions.close(permit=permit, at=closed, client_id=file, referral_id=referral)

    def _sign(
        self,
        permit: Permit,
        referred: Referred,
        holder: str,
        recipient: str,
        file: UUID,
        at: datetime,
        grants: Mapping[Category, Level],
    ) -> None:
        """She signs that `recipient` may know; what is for a partner she is referred to waits for the referral."""
        identity = referred.identity
        release = sharing.prepare(
            permit=permit, at=at, client_id=file, recipient_id=self._id(recipient),
            purpose=_FOR.get(recipient, Purpose.SAFETY), grants=grants, last_day=(permit.at + _LASTS).date(),
            language="es" if identity.language == "es" else "en",
        )  # fmt: skip
        page = signature(identity, "paper", at.date(), paper_is_safe=referred.paper)
        rows = sharing.sign_page(permit=permit, at=at, release_ids=[release], page=page)
        referring.disclose_signed(self._gate, permit, self._worker(holder), rows)

    def _id(self, key: str) -> UUID:
        return self._worker(key).agency

    def _enter(self, key: str, *verbs: Verb, client: UUID | None = None) -> AbstractContextManager[Permit]:
        now = timezone.now()
        return self._gate.enter(self._worker(key), *verbs, purpose=Purpose.OWN_SERVICE, at=now, client=client)


def _ago(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)

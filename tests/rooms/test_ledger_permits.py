"""A permit is the gate's to give, says what it is for, and dies with its transaction."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from accord.ledger.permits import Permit, PermitError, needs
from accord.policy.facts import Decision
from accord.policy.words import Level, Purpose, Verb

AGENCY, MEMBER, THING = uuid4(), uuid4(), uuid4()
AT = datetime(2026, 11, 20, tzinfo=UTC)


def issue(*verbs: Verb, level: Level = Level.FULL) -> Permit:
    return Permit.issue(
        verbs=verbs,
        agency_id=AGENCY,
        member_id=MEMBER,
        actor=f"member:{MEMBER}",
        purpose=Purpose.OWN_SERVICE,
        decision=Decision(level=level, because=()),
        at=AT,
        vault=None,
    )


@needs(Verb.READ_CLIENT, Verb.EXPORT_CLIENT)
def story(*, permit: Permit, client_id: UUID) -> str:
    """A query."""
    permit.show("client", client_id, Level.FULL)
    return "story"


def test_nobody_makes_a_permit_by_accident() -> None:
    with pytest.raises(PermitError):
        Permit()
    with pytest.raises(PermitError):
        issue(Verb.READ_CLIENT, level=Level.NONE)
    with pytest.raises(PermitError):
        issue()


def test_a_permit_says_what_it_was_given() -> None:
    permit = issue(Verb.READ_CLIENT)
    assert (permit.agency_id, permit.member_id, permit.actor) == (AGENCY, MEMBER, f"member:{MEMBER}")
    assert (permit.verbs, permit.purpose, permit.at) == (frozenset({Verb.READ_CLIENT}), Purpose.OWN_SERVICE, AT)
    assert permit.decision.level is Level.FULL
    assert permit.vault is None
    assert repr(permit) == "<Permit read_client>"


def test_a_permit_without_a_vault_opens_none() -> None:
    with pytest.raises(PermitError, match="no vault"):
        issue(Verb.READ_CLIENT).opened()


def test_a_marked_function_runs_for_any_of_its_verbs_and_no_other() -> None:
    assert story.verbs == {Verb.READ_CLIENT, Verb.EXPORT_CLIENT}
    assert story(permit=issue(Verb.READ_CLIENT), client_id=THING) == "story"
    assert story(permit=issue(Verb.EXPORT_CLIENT, Verb.READ_DAY), client_id=THING) == "story"
    with pytest.raises(PermitError, match="not for read_client or export_client"):
        story(permit=issue(Verb.READ_DAY), client_id=THING)
    with pytest.raises(PermitError, match="needs a permit"):
        story(permit=None, client_id=THING)  # type: ignore[arg-type]
    with pytest.raises(PermitError, match="needs a permit"):
        story(client_id=THING)  # type: ignore[call-arg]


def test_a_mark_keeps_name_and_words() -> None:
    assert (story.__name__, story.__doc__) == ("story", "A query.")  # type: ignore[attr-defined]


def test_only_functions_that_can_be_held_to_a_permit_are_marked() -> None:
    def positional(permit: Permit) -> None: ...
    def without(*, client_id: UUID) -> None: ...
    def streaming(*, permit: Permit) -> Iterator[int]:
        yield 1

    async def later(*, permit: Permit) -> None: ...

    unfit: list[Callable[..., object]] = [positional, without, streaming, later]
    for function in unfit:
        with pytest.raises(TypeError):
            needs(Verb.READ_DAY)(function)
    with pytest.raises(TypeError):
        needs()


def test_deeds_and_shown_are_collected() -> None:
    permit = issue(Verb.READ_CLIENT)
    permit.record("client_opened", THING)
    permit.record("keys_rewrapped", 3)
    permit.show("entry", THING, "summary")
    permit.show("entry", THING, Level.FULL)
    permit.show("entry", THING, Level.EXISTENCE)
    assert permit.deeds == (("client_opened", THING), ("keys_rewrapped", 3))
    assert permit.shown == (("entry", THING, Level.FULL),)
    with pytest.raises(KeyError):
        permit.show("entry", THING, "everything")


USES: list[Callable[[Permit], object]] = [
    *(lambda p, name=name: getattr(p, name) for name in ("verbs", "agency_id", "member_id", "actor", "purpose")),
    *(lambda p, name=name: getattr(p, name) for name in ("decision", "at", "vault", "deeds", "shown")),
    lambda p: p.check(Verb.READ_CLIENT),
    lambda p: p.opened(),
    lambda p: p.record("client_opened", THING),
    lambda p: p.show("client", THING, Level.FULL),
    lambda p: story(permit=p, client_id=THING),
]


@pytest.mark.parametrize("use", USES)
def test_after_the_end_every_use_fails(use: Callable[[Permit], object]) -> None:
    permit = issue(Verb.READ_CLIENT)
    permit.close()
    permit.close()
    with pytest.raises(PermitError, match="closed"):
        use(permit)
    assert repr(permit) == "<Permit closed>"


def test_a_permit_is_neither_changed_nor_copied() -> None:
    permit = issue(Verb.READ_CLIENT)
    attempts: list[Callable[[], object]] = [
        lambda: setattr(permit, "verbs", frozenset(Verb)),
        lambda: setattr(permit, "extra", 1),
        lambda: delattr(permit, "verbs"),
        lambda: copy.copy(permit),
        lambda: copy.deepcopy(permit),
        lambda: pickle.dumps(permit),
    ]
    for attempt in attempts:
        with pytest.raises(PermitError):
            attempt()
    assert permit.verbs == {Verb.READ_CLIENT}
    assert not hasattr(permit, "extra")

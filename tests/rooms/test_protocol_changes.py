"""How a community changes what it has agreed to do: a wording is adopted exactly when every agency that runs the
protocol has said yes to that very hash, nobody speaks for another, and no text breaks anything."""

from __future__ import annotations

import itertools
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accord.coordination.protocols import actions, facts, models, queries
from accord.coordination.protocols.changing import (
    LONGEST,
    InvalidProposal,
    Said,
    Stage,
    new_code,
    proposal_id,
    read,
    rebased,
    stage,
    with_due,
    with_evidence,
    with_head,
    with_state,
    with_step,
    with_told,
    without_due,
    written,
)
from accord.coordination.protocols.rules import Due, Protocol, Span, Unit, compare, loaded
from accord.coordination.tracks import queries as tracks
from accord.gate import Refused
from accord.partners.models import Agency
from accord.policy.words import AgencyKind, Duty, Level, Purpose, Role, Verb
from tests.rooms.test_tracks import begin as begins
from tests.world import House, Worker, World

STANDARD = Path(facts.__file__).parent / "standard"
#: A kind of agency that no other test makes: everybody of a kind has to say yes, and nobody here may be missing.
KIND = AgencyKind.OPERATOR
TEXT = """
[protocol]
code = "{code}"
version = {version}
title = "{title}"
purpose = "That nobody waits."
category = "services"
kinds = [{kinds}]
source = "a test"

[[evidence]]
code = "because"
title = "Why"
kind = "code"
choices = {{ she = "She wants it so", other = "Something else" }}

[[state]]
code = "begun"
title = "Begun"
start = true

[[state.due]]
code = "call_back"
title = "Call her back"
within = {{ days = {days} }}
citation = "a test"

[[state]]
code = "done"
title = "Done"
end = true

[[transition]]
code = "finish"
title = "Finish"
from = ["begun"]
to = "done"
needs = ["because"]
when = [{{ because = "she" }}]
guard = "She has to want it so."

[[tell]]
to = ["police"]
level = "summary"
"""


def text(code: str, version: int = 1, days: int = 3, title: str = "A test", kinds: tuple[str, ...] = (KIND,)) -> str:
    listed = ", ".join(f'"{kind}"' for kind in kinds)
    return TEXT.format(code=code, version=version, days=days, title=title, kinds=listed)


def a_code() -> str:
    return f"t{secrets.token_hex(6)}"


@cache
def community() -> list[House]:
    """Every agency of the kind, for all tests: each of them has to say yes."""
    assert not Agency.objects.filter(kind=KIND).exists(), "another test makes agencies of this kind"
    return [World().agency(KIND, frozenset({Duty.NONE}), (Role.SUPERVISOR, Role.WORKER)) for _ in range(3)]


@pytest.fixture(scope="module")
def houses() -> list[House]:
    return community()


@pytest.fixture(scope="module")
def police() -> House:
    return World().police((Role.SUPERVISOR,))


def admin(worker: Worker, *verbs: Verb, at: datetime | None = None):
    return worker.enter(*verbs, purpose=Purpose.ADMINISTRATION, at=at)


def propose(house: House, code: str, words: str = "", begins_on: date | None = None) -> UUID:
    with admin(house[Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
        return actions.propose(
            permit=permit,
            at=permit.at,
            why="It takes too long.",
            begins_on=begins_on or permit.at.date(),
            text=words or text(code),
        )


def view(id: UUID, house: House) -> queries.ProposalView:
    with admin(house[Role.SUPERVISOR], Verb.READ_PARTNERS) as permit:
        found = queries.proposal(permit=permit, proposal_id=id)
    assert found is not None
    return found


def lay(house: House, id: UUID) -> None:
    with admin(house[Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
        actions.lay(permit=permit, at=permit.at, proposal_id=id, seen=view_in(permit, id).newest.number)


def view_in(permit, id: UUID) -> queries.ProposalView:
    found = queries.proposal(permit=permit, proposal_id=id)
    assert found is not None
    return found


def rewrite(house: House, id: UUID, words: str) -> None:
    with admin(house[Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
        newest = view_in(permit, id).newest
        actions.rewrite(
            permit=permit,
            at=permit.at,
            proposal_id=id,
            seen=newest.number,
            text=words,
            begins_on=timezone.localdate(newest.begins_at),
        )


def answer(house: House, id: UUID, yes: bool = True, signed: bytes | None = None) -> bool:
    with admin(house[Role.DIRECTOR], Verb.ADOPT_PROTOCOL) as permit:
        signed = signed or view_in(permit, id).newest.digest
        return actions.answer(
            permit=permit, at=permit.at, proposal_id=id, signed=signed, yes=yes, words="" if yes else "Two days."
        )


def adopt(houses: list[House], code: str, words: str = "") -> UUID:
    id = propose(houses[0], code, words)
    lay(houses[0], id)
    assert [answer(house, id) for house in houses] == [False] * (len(houses) - 1) + [True]
    return id


def in_force(house: House, code: str, at: datetime | None = None) -> Protocol | None:
    with admin(house[Role.WORKER], Verb.READ_PARTNERS) as permit:
        return facts.protocols(at or permit.at).get(code)


# ------------------------------------------------------------------ text and values


@pytest.mark.parametrize("path", sorted(STANDARD.iterdir()), ids=lambda path: path.stem)
def test_what_ships_is_written_and_read_back_to_the_same(path: Path) -> None:
    protocol = loaded(path.read_text("utf-8"))
    assert loaded(written(protocol)) == protocol
    assert len(written(protocol)) < LONGEST / 2


@pytest.mark.parametrize("odd", ['"', "\\", "'''", "é ñ 漢", "#", "[[x]]", "{}", "\\u0041"])
def test_words_of_any_kind_are_written_and_read_back(odd: str) -> None:
    protocol = loaded(text("odd"))
    changed = with_head(protocol, f"A {odd} title", f"{odd} for what")
    changed = with_evidence(changed, "because", f"Why {odd}", f"{odd} one more")
    assert loaded(written(changed)) == changed


P = loaded(text("one"))
DUE = Due("call_back", "Call her", Span(1, Unit.DAYS), citation="ours")


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        (with_head(P, "Another", P.purpose), {("protocol", "changed")}),
        (with_state(P, "begun", "It has begun"), {("state", "changed")}),
        (with_due(P, "begun", replace(P.due("call_back"), within=Span(1, Unit.DAYS))), {("due", "changed")}),
        (with_due(P, "begun", replace(DUE, code="write")), {("due", "added")}),
        (without_due(P, "call_back"), {("due", "dropped")}),
        (with_step(P, "finish", "Close", "She has to want it so."), {("step", "changed")}),
        (with_step(P, "finish", "Finish", "Ask her first."), {("step", "changed")}),
        (with_evidence(P, "because", "Why", "Nobody knows"), {("evidence", "changed")}),
        (with_told(P, AgencyKind.POLICE, {"begun": Level.EXISTENCE}), {("tell", "changed")}),
        (with_told(P, AgencyKind.POLICE, {}), {("tell", "dropped")}),
        (with_told(P, AgencyKind.COURT, dict.fromkeys(P.states, Level.FULL)), {("tell", "added")}),
    ],
)
def test_one_change_changes_one_thing_and_the_comparison_says_which(changed: Protocol, differs: set) -> None:
    assert {(str(each.part), str(each.change)) for each in compare(P, changed)} == differs
    assert loaded(written(changed)) == changed


def test_a_code_is_made_of_a_title_and_stands_once() -> None:
    assert new_code("Call her back!", ()) == "call_her_back"
    assert new_code("Call her back", ("call_her_back", "call_her_back_2")) == "call_her_back_3"
    for title in ("24 hours", "¿Qué?", "漢字", "", "x" * 300, "_"):
        code = new_code(title, ())
        assert code.isidentifier() and code.islower() and len(code) <= 40


def test_where_a_proposal_stands() -> None:
    draft = {"ended": False, "adopted": False, "based_on": 1, "newest": 1, "refused": False, "laid": False}
    assert stage(**draft) is Stage.DRAFT
    assert stage(**{**draft, "laid": True}) is Stage.LAID
    assert stage(**{**draft, "laid": True, "refused": True}) is Stage.RETURNED
    assert stage(**{**draft, "laid": True, "newest": 2}) is Stage.OVERTAKEN
    assert stage(**{**draft, "ended": True, "newest": 2}) is Stage.ENDED
    assert stage(**{**draft, "adopted": True, "newest": 2}) is Stage.ADOPTED


HOSTILE = {
    "huge": "x" * (LONGEST + 1),
    "huge and right": text("hostile") + "#" * LONGEST,
    "deep list": "a = " + "[" * 5000 + "]" * 5000,
    "deep table": "[" + ".".join("a" * 20_000) + "]",
    "deep inline": "a = " + "{a=" * 3000 + "1" + "}" * 3000,
    "not toml": "what we do is this: we call her back",
    "empty": "",
    "nothing": "\0",
    "an unknown word": text("hostile").replace("purpose", "reason", 1),
    "an unknown kind": text("hostile", kinds=("martians",)),
    "an unknown role": text("hostile").replace('to = "done"', 'to = "done"\nroles = ["boss"]'),
    "a word for a list": text("hostile").replace('from = ["begun"]', "from = 5"),
    "lists in a list": text("hostile").replace('from = ["begun"]', 'from = [["begun"]]'),
    "a list for a word": text("hostile").replace('to = "done"', 'to = ["done"]'),
    "needs a table": text("hostile").replace('needs = ["because"]', "needs = [{}]"),
    "states of a tell": text("hostile") + '[[tell]]\nto = ["police"]\nstates = [[]]\nlevel = "full"\n',
    "a level of a tell": text("hostile") + '[[tell]]\nto = ["police"]\nlevel = []\n',
    "counts from a list": text("hostile").replace("days = 3 }", 'days = 3 }\ncounts_from = ["because"]'),
    "an endless time": text("hostile", days=10**12),
    "no way out": text("hostile").replace('to = "done"', 'to = "begun"'),
    "another version": text("hostile", version=7),
    "twice": text("hostile") + text("hostile"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_that_is_none_is_answered_in_one_sentence_and_changes_nothing(houses: list[House], name: str) -> None:
    with pytest.raises(InvalidProposal, match="code = .hostile., version = 1"):
        read(text("another"), "hostile", 1)
    with pytest.raises(InvalidProposal) as said:
        read(HOSTILE[name], "hostile", 1)
    assert 5 < len(str(said.value)) < 400 and "\n" not in str(said.value).strip()
    with pytest.raises(InvalidProposal):
        propose(houses[0], "hostile", HOSTILE[name] or " ")
    with admin(houses[0][Role.SUPERVISOR], Verb.READ_PARTNERS) as permit:
        assert queries.proposals(permit=permit, code="hostile") == []


# ------------------------------------------------------------------ the way into force


def test_it_is_adopted_by_the_last_yes_and_applies_from_its_day(houses: list[House]) -> None:
    code = a_code()
    day = timezone.now().date() + timedelta(days=10)
    id = propose(houses[0], code, begins_on=day)
    lay(houses[0], id)
    assert answer(houses[1], id) is False
    assert answer(houses[2], id) is False
    assert in_force(houses[0], code) is None, "silence is no yes"
    assert answer(houses[0], id) is True
    begins = view(id, houses[0]).begins_at
    assert begins == view(id, houses[0]).newest.begins_at
    for house in houses:
        assert in_force(house, code) is None
        assert in_force(house, code, begins - timedelta(microseconds=1)) is None
        assert in_force(house, code, begins) == loaded(text(code))


def test_a_day_that_has_passed_becomes_the_moment_of_the_last_yes(houses: list[House]) -> None:
    code = a_code()
    id = propose(houses[0], code, begins_on=date(2020, 1, 1))
    lay(houses[0], id)
    for house in houses:
        answer(house, id)
    found = view(id, houses[0])
    assert found.begins_at == max(voice.said_at for voice in found.newest.voices)


def test_an_earlier_version_is_still_known_by_its_number(houses: list[House]) -> None:
    code = a_code()
    adopt(houses, code)
    adopt(houses, code, text(code, version=2, days=1))
    with admin(houses[1][Role.WORKER], Verb.READ_PARTNERS) as permit:
        assert facts.protocols(permit.at)[code] == facts.protocol(code, 2) == loaded(text(code, version=2, days=1))
        assert facts.protocol(code, 1) == loaded(text(code))
        with pytest.raises(KeyError):
            facts.protocol(code, 3)
        shown = queries.protocol(permit=permit, at=permit.at, code=code)
    assert shown is not None and [each.protocol.version for each in shown.versions] == [2, 1]


def test_a_case_that_runs_keeps_its_version_and_a_new_one_has_the_new(houses: list[House]) -> None:
    code, worker = a_code(), houses[0].worker
    adopt(houses, code)
    client = World().client(worker)
    begins(worker, client, code, "begun")
    adopt(houses, code, text(code, version=2, days=1))
    begins(worker, client, code, "begun")
    with worker.enter(Verb.READ_CLIENT, client=client) as permit:
        lines = {line.protocol.version: line for line in tracks.tracks(permit=permit, client_id=client)}
        left = {version: (line.waits[0].due_at - permit.at).days for version, line in lines.items()}
    assert left.keys() == {1, 2} and left[1] >= 2 > left[2]
    for house, counted in ((houses[0], {1: 1, 2: 1}), (houses[1], {})):
        with admin(house[Role.DIRECTOR], Verb.READ_PARTNERS) as permit:
            assert tracks.running(permit=permit, protocol=code) == counted


def test_a_version_that_is_known_is_not_looked_up_again(houses: list[House]) -> None:
    code = a_code()
    adopt(houses, code)
    with admin(houses[0][Role.WORKER], Verb.READ_PARTNERS):
        facts.protocol(code, 1), facts.protocol("protective_order", 1)
    with admin(houses[0][Role.WORKER], Verb.READ_PARTNERS), CaptureQueriesContext(connection) as asked:
        facts.protocol(code, 1), facts.protocol("protective_order", 1)
    assert [each["sql"] for each in asked if "protocols_" in each["sql"]] == []


def test_a_protocol_that_ships_goes_on_while_nobody_has_changed_it(houses: list[House]) -> None:
    with admin(houses[0][Role.WORKER], Verb.READ_PARTNERS) as permit:
        shown = queries.protocol(permit=permit, at=permit.at, code="protective_order")
        assert queries.protocol(permit=permit, at=permit.at, code="no_such") is None
    assert shown is not None and shown.now is not None and shown.now.begins_at is None
    assert shown.now.protocol == facts.shipped()["protective_order"]


def test_one_no_sends_it_back_and_only_another_wording_is_laid_again(houses: list[House]) -> None:
    code = a_code()
    id = propose(houses[0], code)
    lay(houses[0], id)
    answer(houses[1], id)
    answer(houses[2], id, yes=False)
    assert view(id, houses[0]).stage is Stage.RETURNED
    for act in (lambda: answer(houses[0], id), lambda: lay(houses[0], id), lambda: answer(houses[2], id)):
        with pytest.raises(InvalidProposal):
            act()
    rewrite(houses[0], id, text(code, days=2))
    assert view(id, houses[0]).stage is Stage.DRAFT
    lay(houses[0], id)
    assert [answer(house, id) for house in houses] == [False, False, True]
    assert in_force(houses[0], code) == loaded(text(code, days=2))


def test_who_said_yes_can_still_say_no_and_no_twice_is_said_once(houses: list[House]) -> None:
    id = propose(houses[0], a_code())
    lay(houses[0], id)
    answer(houses[1], id)
    with pytest.raises(InvalidProposal, match="already"):
        answer(houses[1], id)
    answer(houses[1], id, yes=False)
    assert view(id, houses[0]).stage is Stage.RETURNED
    assert [voice.yes for voice in view(id, houses[0]).newest.voices] == [False]


def test_a_no_says_what_should_change(houses: list[House]) -> None:
    id = propose(houses[0], a_code())
    lay(houses[0], id)
    with (
        admin(houses[0][Role.DIRECTOR], Verb.ADOPT_PROTOCOL) as permit,
        pytest.raises(InvalidProposal, match="Say what"),
    ):
        signed = view_in(permit, id).newest.digest
        actions.answer(permit=permit, at=permit.at, proposal_id=id, signed=signed, yes=False, words="  ")


def test_a_yes_is_to_the_wording_somebody_saw(houses: list[House]) -> None:
    code = a_code()
    id = propose(houses[0], code)
    lay(houses[0], id)
    seen = view(id, houses[1]).newest.digest
    rewrite(houses[0], id, text(code, days=9))
    lay(houses[0], id)
    with pytest.raises(InvalidProposal, match="newest"):
        answer(houses[1], id, signed=seen)
    assert view(id, houses[0]).newest.voices == ()


def test_who_runs_it_before_or_after_is_asked_and_nobody_else(houses: list[House], police: House) -> None:
    code = a_code()
    adopt(houses, code)
    id = propose(houses[0], code, text(code, version=2, kinds=("police",)))
    asked = view(id, houses[0]).newest.asked
    assert asked == {KIND, AgencyKind.POLICE}, "those who would no longer run it are asked too"
    lay(houses[0], id)
    assert {house.id for house in houses} | {police.id} <= view(id, houses[0]).newest.needed
    other = propose(houses[0], a_code())
    lay(houses[0], other)
    assert view(other, houses[0]).newest.needed == {house.id for house in houses}
    with pytest.raises(InvalidProposal, match="does not run"):
        answer(police, other)


def test_what_changes_nothing_is_not_laid_and_what_nobody_runs_neither(houses: list[House]) -> None:
    code = a_code()
    adopt(houses, code)
    same = propose(houses[0], code, text(code, version=2))
    with pytest.raises(InvalidProposal, match="changes nothing"):
        lay(houses[0], same)
    nobody = propose(houses[0], (unknown := a_code()), text(unknown, kinds=("registry",)))
    with pytest.raises(InvalidProposal, match="No agency"):
        lay(houses[0], nobody)


def test_only_its_own_agency_changes_and_takes_back_a_proposal(houses: list[House]) -> None:
    code = a_code()
    id = propose(houses[0], code)
    for act in (
        lambda: lay(houses[1], id),
        lambda: rewrite(houses[1], id, text(code, days=1)),
        lambda: end(houses[1], id),
    ):
        with pytest.raises(InvalidProposal, match="Only the agency"):
            act()
    end(houses[0], id)
    assert view(id, houses[1]).stage is Stage.ENDED
    with pytest.raises(InvalidProposal, match="over"):
        lay(houses[0], id)


def end(house: House, id: UUID) -> None:
    with admin(house[Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
        actions.take_back(permit=permit, at=permit.at, proposal_id=id)


def test_everybody_says_what_they_think_in_their_own_name(houses: list[House], police: House) -> None:
    id = propose(houses[0], a_code())
    for house in (police, houses[1]):
        with admin(house[Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
            actions.say(permit=permit, at=permit.at, proposal_id=id, text=" Why three days? ")
    words = view(id, houses[2]).words
    assert [(word.agency_id, word.text) for word in words] == [
        (police.id, "Why three days?"),
        (houses[1].id, "Why three days?"),
    ]
    with admin(police[Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit, pytest.raises(InvalidProposal):
        actions.say(permit=permit, at=permit.at, proposal_id=id, text=" ")


def test_what_waits_for_a_director_stands_on_her_day_until_she_has_answered(houses: list[House]) -> None:
    def waits(house: House) -> set[UUID]:
        with house[Role.DIRECTOR].enter(Verb.READ_DAY) as permit:
            return {each.id for each in queries.to_answer(permit=permit)}

    id = propose(houses[0], a_code())
    assert id not in waits(houses[1])
    lay(houses[0], id)
    assert id in waits(houses[1]) and id in waits(houses[0])
    answer(houses[1], id)
    assert id not in waits(houses[1])
    end(houses[0], id)
    assert id not in waits(houses[0])


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.WORKER])
def test_only_a_director_answers_and_no_worker_proposes(houses: list[House], role: Role) -> None:
    with pytest.raises(Refused), admin(houses[0][role], Verb.ADOPT_PROTOCOL):
        pass
    if role is Role.WORKER:
        with pytest.raises(Refused), admin(houses[0][role], Verb.PROPOSE_PROTOCOL):
            pass


# ------------------------------------------------------------------ two at a time


def test_the_second_of_two_changes_is_written_upon_the_first(houses: list[House]) -> None:
    code = a_code()
    adopt(houses, code)
    first = propose(houses[0], code, text(code, version=2, days=1))
    second = propose(houses[1], code, text(code, version=2, title="Another name"))
    lay(houses[0], first)
    lay(houses[1], second)
    for house in houses[1:]:
        answer(house, first)
    answer(houses[2], second)
    answer(houses[0], first)
    assert view(second, houses[0]).stage is Stage.OVERTAKEN
    for act in (lambda: answer(houses[0], second), lambda: lay(houses[1], second)):
        with pytest.raises(InvalidProposal):
            act()
    with admin(houses[1][Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
        seen = view_in(permit, second).newest.number
        actions.write_anew(permit=permit, at=permit.at, proposal_id=second, seen=seen)
    found = view(second, houses[1])
    assert found.stage is Stage.DRAFT and found.newest.based_on == 2 and found.newest.voices == ()
    assert found.newest.protocol == loaded(text(code, version=3, days=1, title="Another name"))
    lay(houses[1], second)
    assert [answer(house, second) for house in houses] == [False, False, True]


def test_of_two_changes_of_one_thing_the_later_authors_word_stands() -> None:
    base, newest = P, replace(with_due(P, "begun", replace(P.due("call_back"), within=Span(1, Unit.HOURS))), version=2)
    mine = with_due(base, "begun", replace(P.due("call_back"), within=Span(2, Unit.DAYS)))
    mine = with_due(mine, "begun", replace(DUE, code="write"))
    newest = with_due(with_state(newest, "done", "Over"), "begun", replace(DUE, code="visit"))
    merged = rebased(base, mine, newest)
    assert merged.version == 3 and merged.states["done"].title == "Over"
    assert {code: due.within.count for code, due in merged.dues.items()} == {"call_back": 2, "visit": 1, "write": 1}
    assert rebased(base, without_due(base, "call_back"), newest).dues.keys() == {"visit"}
    assert rebased(base, base, newest) == replace(newest, version=3)
    assert rebased(base, mine, base) == replace(mine, version=2)


def test_the_last_two_yeses_at_the_same_moment_adopt_it_once(houses: list[House]) -> None:
    for _ in range(3):
        code = a_code()
        id = propose(houses[0], code)
        lay(houses[0], id)
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda house: closing(answer, house, id), houses))  # noqa: B023
        assert sorted(found) == [False, False, True]
        assert in_force(houses[0], code) is not None


def closing(act, *given):
    try:
        return act(*given)
    finally:
        connection.close()


# ------------------------------------------------------------------ what the database holds


def refused(act) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        act()


def voice(agency: UUID, digest: bytes, yes: bool = True) -> models.Voice:
    return models.Voice(
        id=uuid4(), agency_id=agency, digest=digest, yes=yes, words="x", said_at=timezone.now(), said_by="somebody"
    )


def version(agency: UUID, row: queries.WordingView, of: str, **changed: object) -> models.Version:
    now = timezone.now()
    values: dict[str, object] = {
        "id": uuid4(), "agency_id": agency, "code": of, "number": row.based_on + 1, "kinds": [KIND.value],
        "text": row.text, "digest": row.digest, "begins_at": max(row.begins_at, now), "adopted_at": now,
    }  # fmt: skip
    return models.Version(**values | changed)


def test_nobody_writes_another_agencys_word_voice_or_wording(houses: list[House], police: House) -> None:
    id = propose(houses[0], a_code())
    lay(houses[0], id)
    found = view(id, houses[0])
    row = found.newest
    with admin(houses[1][Role.DIRECTOR], Verb.ADOPT_PROTOCOL):
        for other in (houses[0], houses[2], police):
            refused(lambda: voice(other.id, row.digest).save(force_insert=True))  # noqa: B023
        refused(
            lambda: models.Word(
                id=uuid4(), agency_id=houses[0].id, proposal=id, number=1, text="x", said_at=timezone.now(), said_by="x"
            ).save(force_insert=True)
        )
        refused(lambda: version(houses[1].id, row, found.code).save(force_insert=True))
        assert models.Wording.objects.filter(id=row.id).update(laid_by="me") == 0
        assert models.Proposal.objects.filter(id=id).update(ended_at=timezone.now()) == 0
    with admin(police[Role.DIRECTOR], Verb.ADOPT_PROTOCOL):
        refused(lambda: voice(police.id, row.digest).save(force_insert=True))
        assert models.Wording.objects.filter(id=row.id).exists(), "everybody reads it"
    assert view(id, houses[0]).newest.voices == ()


def test_a_voice_is_to_what_was_laid_and_is_never_taken_out(houses: list[House]) -> None:
    id = propose(houses[0], a_code())
    me = houses[0].id
    with admin(houses[0][Role.DIRECTOR], Verb.ADOPT_PROTOCOL, Verb.PROPOSE_PROTOCOL) as permit:
        row = view_in(permit, id).newest
        refused(lambda: voice(me, row.digest).save(force_insert=True))
        refused(lambda: voice(me, sha256(b"another").digest()).save(force_insert=True))
    lay(houses[0], id)
    answer(houses[0], id)
    with admin(houses[0][Role.DIRECTOR], Verb.ADOPT_PROTOCOL):
        mine = models.Voice.objects.filter(agency_id=me, digest=row.digest)
        assert mine.count() == 1
        assert mine.update(words="changed") == 0
        with connection.cursor() as cursor:
            cursor.execute("delete from protocols_voice where agency_id = %s", [me])
            assert cursor.rowcount == 0
        refused(lambda: voice(me, row.digest).save(force_insert=True))
    answer(houses[1], id, yes=False)
    with admin(houses[2][Role.DIRECTOR], Verb.ADOPT_PROTOCOL):
        refused(lambda: voice(houses[2].id, row.digest).save(force_insert=True))


def test_the_text_of_a_wording_is_fixed_and_is_what_its_hash_says(houses: list[House]) -> None:
    code = a_code()
    id = propose(houses[0], code)
    me = houses[0].id
    with admin(houses[0][Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
        row = models.Wording.objects.get(id=view_in(permit, id).newest.id)
        mine = models.Wording.objects.filter(id=row.id)
        refused(lambda: mine.update(text=text(code, days=30)))
        refused(lambda: mine.update(digest=b"x"))
        everybody = {"needed": sorted(house.id for house in houses), "laid_at": timezone.now(), "laid_by": "me"}
        refused(lambda: mine.update(text=text(code, days=30), **everybody))
        others = [house.id for house in houses[1:]]
        refused(lambda: mine.update(needed=sorted(others), laid_at=timezone.now(), laid_by="me"))
        refused(lambda: mine.update(needed=[me], laid_at=timezone.now(), laid_by="me"))
        refused(lambda: models.Wording.objects.create(**_row(row, number=3)))
        refused(lambda: models.Wording.objects.create(**_row(row, number=2)))
        refused(lambda: models.Wording.objects.create(**_row(row, number=2, agency_id=houses[1].id)))
    lay(houses[0], id)
    with admin(houses[0][Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL):
        refused(lambda: mine.update(laid_by="somebody else"))
        refused(lambda: mine.update(laid_at=None, laid_by="", needed=[]))


def _row(row: models.Wording, **changed: object) -> dict[str, object]:
    kept = {field.attname: getattr(row, field.attname) for field in models.Wording._meta.concrete_fields}
    return {**kept, "id": uuid4(), **changed}


def test_a_version_needs_every_yes_and_begins_when_it_was_said(houses: list[House]) -> None:
    code = a_code()
    id = propose(houses[0], code, begins_on=timezone.now().date() + timedelta(days=5))
    lay(houses[0], id)
    me = houses[0].id
    for house in houses[1:]:
        answer(house, id)
    with admin(houses[0][Role.DIRECTOR], Verb.ADOPT_PROTOCOL) as permit:
        row = view_in(permit, id).newest
        refused(lambda: version(me, row, code, adopted_at=row.voices[-1].said_at).save(force_insert=True))
        with transaction.atomic():
            last = voice(me, row.digest)
            last.save(force_insert=True)
            said = {"adopted_at": last.said_at, "begins_at": row.begins_at}
            for wrong in (
                {"begins_at": last.said_at},
                {"begins_at": row.begins_at + timedelta(days=1)},
                {"adopted_at": row.voices[0].said_at},
                {"text": text(code, days=30)},
                {"number": 2},
                {"code": "another"},
                {"kinds": []},
                {"agency_id": houses[1].id},
            ):
                refused(lambda: version(me, row, code, **said | wrong).save(force_insert=True))  # noqa: B023

            def against_a_no() -> None:
                no = voice(me, row.digest, yes=False)
                no.said_at = last.said_at
                no.save(force_insert=True)
                version(me, row, code, **said).save(force_insert=True)

            refused(against_a_no)
            version(me, row, code, **said).save(force_insert=True)
            refused(lambda: version(me, row, code, **said).save(force_insert=True))
        assert models.Version.objects.filter(code=code).update(number=9) == 0
    assert in_force(houses[0], code, row.begins_at) == loaded(text(code))


def test_a_proposal_that_is_adopted_is_not_worded_again(houses: list[House]) -> None:
    code = a_code()
    id = adopt(houses, code)
    found = view(id, houses[0])
    with pytest.raises(InvalidProposal, match="over"):
        rewrite(houses[0], id, text(code, days=8))
    with admin(houses[0][Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL):
        row = models.Wording.objects.get(id=found.newest.id)
        said = Said(row.agency_id, id, 2, code, 1, row.begins_at, (KIND.value,), (KIND.value,), text(code, version=2))
        later = _row(row, number=2, based_on=1, text=said.text, digest=said.digest, laid_at=None, laid_by="", needed=[])
        refused(lambda: models.Wording.objects.create(**later))


def test_a_row_under_a_foreign_id_is_not_read(houses: list[House]) -> None:
    code = a_code()
    id = propose(houses[0], code)
    with admin(houses[1][Role.SUPERVISOR], Verb.PROPOSE_PROTOCOL) as permit:
        models.Proposal.objects.create(
            id=id, agency_id=houses[1].id, code=code, why="x", begun_at=permit.at, begun_by="x"
        )
        assert view_in(permit, id).agency_id == houses[0].id
        assert proposal_id(houses[1].id, code, permit.at) != id


# ------------------------------------------------------------------ any order


class Voices(RuleBasedStateMachine):
    """Three agencies that run a protocol and one that does not, saying yes and no in any order while its authors change
    it; a model keeps who said what to which text."""

    houses: list[House]
    outsider: House

    @initialize()
    def begin(self) -> None:
        self.code, self.days = a_code(), itertools.count(1)
        self.id = propose(self.houses[0], self.code, text(self.code, days=next(self.days)))
        self.laid, self.said, self.adopted = False, {}, False

    def over(self, act) -> None:
        with pytest.raises(InvalidProposal):
            act()

    @rule()
    def change(self) -> None:
        words = text(self.code, days=next(self.days))
        if self.adopted:
            return self.over(lambda: rewrite(self.houses[0], self.id, words))
        rewrite(self.houses[0], self.id, words)
        self.laid, self.said = False, {}
        return None

    @rule()
    def lays(self) -> None:
        if self.adopted or self.laid:
            return self.over(lambda: lay(self.houses[0], self.id))
        lay(self.houses[0], self.id)
        self.laid = True
        return None

    @rule(who=st.integers(0, 2), yes=st.booleans())
    def answers(self, who: int, yes: bool) -> None:
        open_ = self.laid and not self.adopted and False not in self.said.values()
        if not open_ or (yes and self.said.get(who)):
            return self.over(lambda: answer(self.houses[who], self.id, yes))
        self.said[who] = yes
        self.adopted = answer(self.houses[who], self.id, yes)
        assert self.adopted == (self.said == {0: True, 1: True, 2: True})
        return None

    @rule(yes=st.booleans())
    def another_kind_answers(self, yes: bool) -> None:
        self.over(lambda: answer(self.outsider, self.id, yes))

    @precondition(lambda self: self.laid)
    @rule(who=st.integers(0, 2))
    def answers_to_another_text(self, who: int) -> None:
        self.over(lambda: answer(self.houses[who], self.id, True, sha256(b"another text").digest()))

    @invariant()
    def it_is_in_force_exactly_when_all_have_said_yes_to_that_text(self) -> None:
        if not hasattr(self, "id"):
            return
        found = view(self.id, self.houses[0])
        assert (found.stage is Stage.ADOPTED) == self.adopted
        assert {voice.agency_id: voice.yes for voice in found.newest.voices} == {
            self.houses[who].id: yes for who, yes in self.said.items()
        }
        now = in_force(self.houses[1], self.code, datetime(2100, 1, 1, tzinfo=UTC))
        assert now == (loaded(found.newest.text) if self.adopted else None)


def test_in_any_order_it_is_adopted_exactly_when_every_needed_agency_said_yes_to_that_very_hash(
    houses: list[House], police: House
) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    class Here(Voices):
        pass

    Here.houses, Here.outsider = houses, police
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

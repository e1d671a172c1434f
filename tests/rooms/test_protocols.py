"""Every protocol can be walked as its text says, every clock ends at its edge, and no text is read that says less than
a protocol has to."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.coordination.protocols import facts
from accord.coordination.protocols.rules import (
    ABOVE,
    MEANINGS,
    Change,
    EvidenceKind,
    InvalidMove,
    InvalidProtocol,
    Part,
    Span,
    Unit,
    after,
    clock,
    clocks,
    compare,
    holds,
    loaded,
    moved,
)
from accord.policy.words import AgencyKind, Category, Level, Relation, Role
from tests.house.sweep import named

AT = datetime(2026, 11, 28, tzinfo=UTC)
STANDARD = facts.protocols(AT)
STEPS = [(one, way) for one in STANDARD.values() for way in one.transitions.values()]
DUES = [(one, state, due) for one in STANDARD.values() for state in one.states.values() for due in state.dues]
NEW_YORK, MADRID = ZoneInfo("America/New_York"), ZoneInfo("Europe/Madrid")
MICRO = timedelta(microseconds=1)


def name(case):
    return "-".join(each if isinstance(each, str) else each.code for each in case)


def value(evidence):
    """Something that can be written down as this evidence."""
    return {
        EvidenceKind.DAY: "2026-11-28",
        EvidenceKind.MOMENT: "2026-11-28T09:00-05:00",
        EvidenceKind.CODE: evidence.choices[0][0] if evidence.choices else "",
        EvidenceKind.YES_NO: "yes",
        EvidenceKind.NUMBER: "3",
        EvidenceKind.WORDS: "as she said",
    }[evidence.kind]


def satisfying(clause):
    """What has to be written down so that a clause holds."""
    found = {}
    for code, wanted in clause.items():
        found |= {code: "5", wanted.removeprefix(ABOVE): "2"} if wanted.startswith(ABOVE) else {code: wanted}
    return found


def take(one, way, *, begins="", clause=None, **changed):
    """Take a step with all it asks for, so that one of its clauses holds."""
    clause = satisfying((way.when or ({},))[0] if clause is None else clause)
    asked = [code for code in (*way.needs, *way.may) if code in way.needs or code in clause]
    given = {code: clause.get(code, value(one.evidence[code])) for code in asked}
    before = {code: said for code, said in clause.items() if code not in asked}
    asking = {
        "roles": {Role.WORKER},
        "kind": min(way.kinds or one.kinds),
        "facts": before,
        "given": given,
    } | changed
    return moved(one, begins or way.begins[0], way.code, **asking)


# ------------------------------------------------------------------ the texts that come with Accord


def test_every_protocol_of_the_facts_ships():
    assert set(STANDARD) == {
        "safety_plan", "protective_order", "order_violation", "firearms", "forensic_exam", "kit", "compensation",
        "vine", "victims_right", "criminal_case", "supervision", "intervention", "elder_abuse", "high_risk_team",
        "service",
        "counselling",
    }  # fmt: skip


@pytest.mark.parametrize("one", STANDARD.values(), ids=lambda one: one.code)
def test_a_protocol_reads_the_same_every_time(one):
    text = (files("accord.coordination.protocols") / "standard" / f"{one.code}.toml").read_text("utf-8")
    assert loaded(text) == loaded(text, "elsewhere") == one == facts.protocol(one.code, one.version)
    assert compare(one, loaded(text)) == ()


def test_a_version_that_never_was_is_not_found():
    with pytest.raises(KeyError):
        facts.protocol("kit", 2)
    with pytest.raises(KeyError):
        facts.protocol("tea", 1)


@pytest.mark.parametrize("one", STANDARD.values(), ids=lambda one: one.code)
@pytest.mark.parametrize("role", [Role.WORKER, Role.SUPERVISOR])
def test_every_state_is_reached_by_steps_that_somebody_takes(one, role):
    for kind in one.kinds:
        reached = {state.code for state in one.starts}
        more = set(reached)
        while more:
            state = more.pop()
            for way in one.ways(state, kind):
                to = take(one, way, begins=state, kind=kind, roles={role}).code
                more |= {to} - reached
                reached.add(to)
        assert reached == set(one.states), f"{kind} never gets to {set(one.states) - reached}"


@pytest.mark.parametrize(("one", "way"), STEPS, ids=map(name, STEPS))
def test_a_step_asks_for_what_it_needs_and_belongs_to_somebody(one, way):
    for begins in way.begins:
        for clause in way.when or ({},):
            assert take(one, way, begins=begins, clause=clause).code == way.to
    for missing in way.needs:
        with pytest.raises(InvalidMove, match=re.escape(one.evidence[missing].title)):
            take(one, way, given={code: value(one.evidence[code]) for code in way.needs if code != missing})
    with pytest.raises(InvalidMove, match="somebody else"):
        take(one, way, roles={Role.PRIVACY_OFFICER, Role.DIRECTOR, Role.SYSTEM})
    for state in set(one.states) - set(way.begins):
        with pytest.raises(InvalidMove, match="does not follow"):
            take(one, way, begins=state)


GUARDED = [(one, way) for one, way in STEPS if way.when]


@pytest.mark.parametrize(("one", "way"), GUARDED, ids=map(name, GUARDED))
def test_a_guard_wants_all_of_a_clause(one, way):
    for clause in way.when:
        for code, wanted in clause.items():
            said = satisfying(clause)
            said[code] = "2" if wanted.startswith(ABOVE) else other(one.evidence[code], wanted)
            given = {asked: said.get(asked, value(one.evidence[asked])) for asked in {*way.needs, *said} & asks(way)}
            facts = {asked: fact for asked, fact in said.items() if asked not in given}
            if holds(way.when, facts | given):
                continue  # another clause of the same guard
            with pytest.raises(InvalidMove, match=re.escape(way.guard)):
                take(one, way, facts=facts, given=given)


def asks(way):
    return {*way.needs, *way.may}


def other(evidence, wanted):
    if evidence.kind is EvidenceKind.YES_NO:
        return {"yes": "no", "no": "yes"}[wanted]
    return next(code for code, _ in evidence.choices if code != wanted)


def test_federal_law_forbids_firearms_by_its_elements_alone():
    one = STANDARD["firearms"]
    way = one.transitions["find_prohibited"]
    elements = ("notice", "opportunity", "partner", "restrains")
    for number in range(2**6):
        said = {code: "yes" if number >> place & 1 else "no" for place, code in enumerate(way.needs)}
        qualifies = all(said[code] == "yes" for code in elements) and "yes" in (
            said["credible_threat"],
            said["force_forbidden"],
        )
        if qualifies:
            assert take(one, way, given=said).code == "prohibited"
        else:
            with pytest.raises(InvalidMove, match="922"):
                take(one, way, given=said)


@pytest.mark.parametrize(
    ("votes_for", "votes_against", "to"), [(3, 2, "accepted"), (2, 2, ""), (2, 3, ""), (10, 9, "accepted")]
)
def test_more_than_half_decide(votes_for, votes_against, to):
    one = STANDARD["high_risk_team"]
    votes = {"votes_for": str(votes_for), "votes_against": str(votes_against)}
    for step, reaches in (("accept", votes_for > votes_against), ("not_accept", votes_against > votes_for)):
        if reaches:
            assert take(one, one.transitions[step], given=votes)
        else:
            with pytest.raises(InvalidMove, match="More than half"):
                take(one, one.transitions[step], given=votes)


def test_a_number_that_nobody_wrote_down_is_not_above_another():
    for said in ({}, {"a": "3"}, {"b": "2"}, {"a": "", "b": "2"}, {"a": "3", "b": ""}, {"a": "2", "b": "2"}):
        assert not holds([{"a": "> b"}], said)
    assert holds([{"a": "> b"}], {"a": "10", "b": "9"})


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("day", "tomorrow"),
        ("day", "0206-11-28"),
        ("day", "9999-12-31"),
        ("moment", "2026-11-28T09:00"),
        ("moment", "9999-12-31T23:00Z"),
        ("moment", "soon"),
        ("code", "green"),
        ("yes_no", "maybe"),
        ("number", "-1"),
        ("number", "1.5"),
        ("number", "٣"),
        ("number", "1000000"),
        ("words", "x" * 4_001),
    ],
)
def test_evidence_is_what_it_says_it_is(kind, wrong):
    choices = '\n[evidence.choices]\nblack = "Black"' if kind == "code" else ""
    one = loaded(TEA.replace('kind = "day"', f'kind = "{kind}"{choices}').replace('counts_from = "poured_on"\n', ""))
    with pytest.raises(InvalidMove, match="Poured on: this cannot be read."):
        moved(one, "cold", "pour", roles={Role.WORKER}, kind=AgencyKind.HOSPITAL, facts={}, given={"poured_on": wrong})
    right = value(one.evidence["poured_on"])
    given = {"poured_on": right}
    assert (
        moved(one, "cold", "pour", roles={Role.WORKER}, kind=AgencyKind.HOSPITAL, facts={}, given=given).code == "hot"
    )


def test_a_step_takes_no_evidence_it_does_not_ask_for():
    one = STANDARD["kit"]
    with pytest.raises(InvalidMove, match="does not ask"):
        take(one, one.transitions["match"], given={"barcode": "1"})


def test_a_step_of_others_is_not_ours():
    one = loaded(
        TEA.replace('kinds = ["hospital"]', 'kinds = ["hospital", "court"]').replace(POUR, f'{POUR}\nkinds = ["court"]')
    )
    given = {"poured_on": "2026-11-28"}
    assert one.ways("cold", AgencyKind.HOSPITAL) == ()
    assert one.ways("cold") == one.ways("cold", AgencyKind.COURT) == (one.transitions["pour"],)
    with pytest.raises(InvalidMove, match="somebody else"):
        moved(one, "cold", "pour", roles={Role.WORKER}, kind=AgencyKind.HOSPITAL, facts={}, given=given)


#: What was read at its source; everything else is a law or a guideline still to be read, or Accord's own time.
READ = re.compile(r"ABA Resolution 112|PMC7702185|123docz|evawintl\.org|dvhrt\.org|VINE programme pages|SafeLives")


@pytest.mark.parametrize("one", STANDARD.values(), ids=lambda one: one.code)
def test_every_time_says_where_it_is_from_and_only_what_was_read_is_verified(one):
    for due in one.dues.values():
        assert not re.search(r"[\[\]]|\bfacts\b", due.citation), "it stands alone"
        assert due.verified <= bool(READ.search(due.citation)), due.code
        assert not (due.verified and re.search("not read|Accord's own", due.citation)), due.code


def test_nobody_is_offered_her_safety_plan():
    assert not STANDARD["safety_plan"].tells


def test_who_is_told_the_most_is_told_that():
    everywhere = TELL.replace('"court"', '"court", "police"').replace("summary", "existence")
    text = TEA + everywhere + TELL.replace("summary", "full") + 'states = ["hot"]\n'
    one = loaded(text)
    assert one.told("hot") == {AgencyKind.COURT: Level.FULL, AgencyKind.POLICE: Level.EXISTENCE}
    assert one.told("cold") == {AgencyKind.COURT: Level.EXISTENCE, AgencyKind.POLICE: Level.EXISTENCE}


# ------------------------------------------------------------------ clocks

#: Local moments around both changes of clocks of New York and Madrid in 2026 and 2027, a leap day, and ends of years.
STARTS = [
    datetime(*day, *hour)
    for day in [
        (2026, 3, 7), (2026, 3, 8), (2026, 10, 31), (2026, 11, 1), (2026, 3, 28), (2026, 3, 29), (2026, 10, 24),
        (2026, 10, 25), (2028, 2, 28), (2028, 2, 29), (2027, 12, 31), (2026, 11, 27), (2026, 11, 28),
    ]
    for hour in [(0, 0), (1, 30), (2, 30), (14, 0), (23, 59)]
]  # fmt: skip


def weekday_after(day, count):
    """Counted one day at a time, the slow way: the last of `count` days from Monday to Friday after (before) a day."""
    step = 1 if count >= 0 else -1
    days = [day + timedelta(days=step * number) for number in range(0 if count == 0 else 1, 400)]
    return [each for each in days if each.isoweekday() < 6][max(abs(count) - 1, 0)]


def last_day(start, span):
    return weekday_after(start, span.count) if span.unit is Unit.BUSINESS_DAYS else start + timedelta(days=span.count)


@pytest.mark.parametrize("zone", [NEW_YORK, MADRID], ids=str)
@pytest.mark.parametrize(("one", "state", "due"), DUES, ids=map(name, DUES))
def test_a_due_ends_at_its_edge(one, state, due, zone):
    counts = one.evidence[due.counts_from].kind if due.counts_from else EvidenceKind.MOMENT
    for start in STARTS:
        entered = start.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
        local = entered.replace(tzinfo=None)  # half past two is not there in the night of spring
        said = satisfying(due.when[0]) if due.when else {}
        if due.counts_from:
            said[due.counts_from] = local.date().isoformat() if counts is EvidenceKind.DAY else entered.isoformat()
        found = clock(one, due, entered, said, zone)
        assert found.due == due and found.opens_at <= found.due_at
        assert found in clocks(one, state.code, entered, said, zone, min(due.kinds or one.kinds))
        before, edge = (found.due_at - MICRO).astimezone(zone), found.due_at.astimezone(zone)
        if due.within.unit in (Unit.MINUTES, Unit.HOURS):
            assert found.due_at - entered.astimezone(UTC) == timedelta(**{due.within.unit.value: due.within.count})
        elif counts is EvidenceKind.DAY:
            day = last_day(local.date(), due.within)
            assert before.date() == day and (edge.date(), edge.time()) == (day + timedelta(days=1), time(0))
        else:
            day = last_day(local.date(), due.within)
            wall = datetime.combine(day, local.time())
            there = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
            assert edge.replace(tzinfo=None) == there
            assert there in (wall, wall + timedelta(hours=1)) and (there == wall or 1 < wall.hour < 3)


OPENING = [(one, state, due) for one, state, due in DUES if due.opens]


@pytest.mark.parametrize(("one", "state", "due"), OPENING, ids=map(name, OPENING))
def test_what_opens_later_opens_that_long_after_what_it_counts_from(one, state, due):
    moment = datetime(2026, 2, 20, 9, tzinfo=NEW_YORK)
    said = {due.counts_from: moment.isoformat()} | (satisfying(due.when[0]) if due.when else {})
    found = clock(one, due, moment, said, NEW_YORK)
    opens = found.opens_at.astimezone(NEW_YORK)
    assert (opens.date(), opens.hour) == (moment.date() + timedelta(days=due.opens.count), 9)


def test_a_due_can_be_done_from_entering_its_state_at_the_latest_until_it_ends():
    one = STANDARD["protective_order"]
    entered = datetime(2026, 11, 28, 9, tzinfo=NEW_YORK)
    hearing = {"hearing_on": "2026-12-10"}
    served = clock(one, one.due("served_before_hearing"), entered, hearing, NEW_YORK)
    assert (served.opens_at, served.due_at) == (entered, datetime(2026, 12, 10, tzinfo=NEW_YORK))
    late = clock(one, one.due("served_before_hearing"), entered, {"hearing_on": "2026-11-20"}, NEW_YORK)
    assert late.opens_at == late.due_at == datetime(2026, 11, 20, tzinfo=NEW_YORK)


def test_what_counts_from_a_day_nobody_wrote_down_has_no_clock():
    one = STANDARD["kit"]
    assert clock(one, one.due("tested"), AT, {}, MADRID) is None
    assert clock(one, one.due("tested"), AT, {"submitted_on": ""}, MADRID) is None


def test_a_due_for_some_cases_has_no_clock_in_others():
    one = STANDARD["safety_plan"]
    for risk, code in (("yes", "review_high_risk"), ("no", "review")):
        assert [each.due.code for each in clocks(one, "active", AT, {"high_risk": risk}, MADRID)] == [code]


def test_nobody_waits_for_what_others_do():
    one = STANDARD["criminal_case"]
    said = {"arrested_at": AT.isoformat()}
    found = {kind: {each.due.code for each in clocks(one, "arrested", AT, said, MADRID, kind)} for kind in one.kinds}
    assert found[AgencyKind.POLICE] == {"advocate_offered", "probable_cause", "bail_hearing"}
    assert found[AgencyKind.COURT] == {"probable_cause", "bail_hearing"}
    assert found[AgencyKind.VICTIM_SERVICES] == set()
    assert {each.due.code for each in clocks(one, "arrested", AT, said, MADRID)} == found[AgencyKind.POLICE]


def test_the_soonest_comes_first():
    one = STANDARD["forensic_exam"]
    said = {"exposed_at": AT.isoformat(), "safe_contact": "yes", "hepatitis_b": "yes", "hpv": "yes"}
    found = clocks(one, "follow_up", AT, said, NEW_YORK)
    assert [each.due_at for each in found] == sorted(each.due_at for each in found)
    assert len(found) == len(one.states["follow_up"].dues)


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        ("2026-11-27", 1, "2026-11-30"),  # a Friday
        ("2026-11-28", 1, "2026-11-30"),  # a Saturday
        ("2026-11-28", 0, "2026-11-30"),
        ("2026-11-29", 3, "2026-12-02"),
        ("2026-11-26", 3, "2026-12-01"),
        ("2026-11-30", -1, "2026-11-27"),
        ("2026-11-28", -1, "2026-11-27"),
        ("2026-12-01", -3, "2026-11-26"),
        ("2028-02-28", 1, "2028-02-29"),
        ("2028-02-28", 2, "2028-03-01"),
    ],
)
def test_a_business_day_is_monday_to_friday(start, count, last):
    end = after(date.fromisoformat(start), Span(count, Unit.BUSINESS_DAYS), NEW_YORK)
    assert end == datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(0), NEW_YORK)


@pytest.mark.parametrize(
    ("start", "span", "until"),
    [
        # The night of the change has 23 hours in spring and 25 in autumn; a day keeps its hour, hours pass.
        ("2026-03-07T14:00-05:00", Span(1, Unit.DAYS), "2026-03-08T14:00-04:00"),
        ("2026-03-07T14:00-05:00", Span(24, Unit.HOURS), "2026-03-08T15:00-04:00"),
        ("2026-10-31T14:00-04:00", Span(1, Unit.DAYS), "2026-11-01T14:00-05:00"),
        ("2026-10-31T14:00-04:00", Span(24, Unit.HOURS), "2026-11-01T13:00-05:00"),
        ("2026-03-07T02:30-05:00", Span(1, Unit.DAYS), "2026-03-08T03:30-04:00"),
        ("2026-10-31T01:30-04:00", Span(1, Unit.DAYS), "2026-11-01T01:30-04:00"),
        ("2026-03-09T14:00-04:00", Span(-1, Unit.BUSINESS_DAYS), "2026-03-06T14:00-05:00"),
        ("2028-02-28T09:00-05:00", Span(1, Unit.DAYS), "2028-02-29T09:00-05:00"),
        ("2027-02-28T09:00-05:00", Span(365, Unit.DAYS), "2028-02-28T09:00-05:00"),
    ],
)
def test_days_keep_the_hour_and_hours_pass(start, span, until):
    assert after(datetime.fromisoformat(start), span, NEW_YORK) == datetime.fromisoformat(until)


def test_hours_from_a_day_count_from_its_beginning():
    assert after(date(2026, 11, 1), Span(24, Unit.HOURS), NEW_YORK) == datetime(2026, 11, 1, 23, tzinfo=NEW_YORK)


SPANS = st.builds(Span, st.integers(-40_000, 40_000), st.sampled_from(list(Unit)))
ZONES = st.sampled_from(
    [NEW_YORK, MADRID, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("UTC")]
)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))


@settings(deadline=None)
@given(SPANS, ZONES, DAYS, DAYS)
def test_a_later_day_ends_no_sooner(span, zone, one, other):
    first, second = sorted((one, other))
    if span.unit is Unit.BUSINESS_DAYS:
        span = replace(span, count=span.count % 300)
    assert after(first, span, zone) <= after(second, span, zone)
    assert span.unit is not Unit.DAYS or first == second or after(first, span, zone) < after(second, span, zone)


@settings(deadline=None)
@given(SPANS, ZONES, MOMENTS, MOMENTS)
def test_a_moment_an_hour_later_ends_no_sooner(span, zone, one, other):
    """Within the hour that a change of clocks repeats or leaves out, two moments can change places; never beyond."""
    first, second = sorted((one, other))
    if span.unit is Unit.BUSINESS_DAYS:
        span = replace(span, count=span.count % 300)
    assert after(first, span, zone) <= after(second, span, zone) + timedelta(hours=1)


# ------------------------------------------------------------------ texts that are none

POUR = 'code = "pour"'
TEA = """
[protocol]
code = "tea"
version = 1
title = "Tea"
purpose = "She has tea."
category = "services"
kinds = ["hospital"]
source = "a test"

[[evidence]]
code = "poured_on"
title = "Poured on"
kind = "day"

[[evidence]]
code = "sweet"
title = "With sugar"
kind = "yes_no"

[[state]]
code = "cold"
title = "There is none"
start = true

[[state]]
code = "hot"
title = "It is hot"

[[state.due]]
code = "drink"
title = "Drink it"
within = { minutes = 10 }
counts_from = "poured_on"
citation = "a test [D]"

[[state]]
code = "gone"
title = "It is gone"
end = true

[[transition]]
code = "pour"
title = "Pour"
from = ["cold"]
to = "hot"
needs = ["poured_on"]

[[transition]]
code = "finish"
title = "Finish"
from = ["hot"]
to = "gone"
may = ["sweet"]
when = [{ sweet = "yes" }]
guard = "First sugar."
"""
TELL = '\n[[tell]]\nto = ["court"]\nlevel = "summary"\n'
ISLAND = '\n[[state]]\ncode = "island"\ntitle = "Elsewhere"\nend = true\n'
LATER = '\n[[state.due]]\ncode = "wash"\ntitle = "Wash up"\nwithin = { days = 1 }\ncitation = "a test"\n'
DRINK = TEA[TEA.index("[[state.due]]") : TEA.index('[[state]]\ncode = "gone"')]
NUMBER = '\n[[evidence]]\ncode = "cups"\ntitle = "Cups"\nkind = "number"\n'

#: What is wrong -> (what to replace, by what, the whole complaint).
WRONG = {
    "no TOML": ("[protocol]", "[protocol", "tea.toml: Expected ']'"),
    "a number of thousands of digits": ("version = 1", f"version = {'1' * 5000}", "tea.toml: Exceeds the limit"),
    "a thousand brackets": ("version = 1", f"version = {'[' * 3000}", "tea.toml: "),
    "a word above all": ("[protocol]", "more = 1\n[protocol]", "top: 'more' is no word of a protocol"),
    "no head": (TEA[: TEA.index("[[evidence]]")], "", "protocol: this is missing, or no table"),
    "a head that is none": ("[protocol]", "[[protocol]]", "protocol: this is missing, or no table"),
    "a word in the head": ("version = 1", "version = 1\nmore = 1", "protocol: 'more' is no word of a protocol"),
    "a word in evidence": ('title = "Poured on"', 'title = "x"\nmore = 1', "evidence poured_on: 'more' is no word"),
    "a word in a state": ("start = true", "start = true\nmore = 1", "state cold: 'more' is no word"),
    "a word in a due": (
        'counts_from = "poured_on"', 'counts_from = "poured_on"\nmore = 1', "state hot, due drink: 'more' is no word",
    ),
    "a word in a step": ('title = "Pour"', 'title = "Pour"\nmore = 1', "transition pour: 'more' is no word"),
    "a word in who is told": ("", f"{TELL}more = 1", "tell: 'more' is no word"),
    "a code with a blank": ('code = "tea"', 'code = "black tea"', "protocol: code is a lower-case word of at most 40"),
    "a code in capitals": ('code = "tea"', 'code = "Tea"', "protocol: code is a lower-case word"),
    "a code without end": ('code = "tea"', f'code = "{"t" * 41}"', "protocol: code is a lower-case word"),
    "a code that is a number": ('code = "tea"', "code = 1", "protocol: code is a lower-case word"),
    "no title": ('title = "Tea"', "", "protocol: title is missing, longer than 400 letters, or more than a line"),
    "an empty title": ('title = "Tea"', 'title = " "', "protocol: title is missing"),
    "a title without end": ('title = "Tea"', f'title = "{"t" * 401}"', "protocol: title is missing, longer"),
    "a title of two lines": ('title = "Tea"', 'title = "Tea\\nnow"', "protocol: title is missing, longer"),
    "no purpose": ('purpose = "She has tea."', "", "protocol: purpose is missing"),
    "no source": ('source = "a test"', "", "protocol: source is missing"),
    "no version": ("version = 1", "", "protocol: version is a number from 1"),
    "version nought": ("version = 1", "version = 0", "protocol: version is a number from 1"),
    "version yes": ("version = 1", "version = true", "protocol: version is a number from 1"),
    "an unknown category": ('"services"', '"teas"', "protocol: 'teas' is no Category"),
    "an unknown kind": ('["hospital"]', '["teahouse"]', "protocol: 'teahouse' is no AgencyKind"),
    "no kinds": ('["hospital"]', "[]", "protocol: a list of AgencyKind is missing"),
    "a kind that is no list": ('["hospital"]', '"hospital"', "protocol: a list of AgencyKind is missing"),
    "about nobody known": ('"a test"\n\n', '"a test"\nabout = ["cup"]\n\n', "protocol: 'cup' is no Relation"),
    "tellings that are no list": ("[protocol]", "tell = 1\n[protocol]", "tell: this is a list of tables"),
    "dues that are no list": ("[[state.due]]", "[state.due]", "state hot: this is a list of tables"),
    "an unknown kind of evidence": ('kind = "day"', 'kind = "cup"', "evidence poured_on: 'cup' is no EvidenceKind"),
    "choices of what is no code": (
        'kind = "day"', 'kind = "day"\nchoices = { a = "A" }',
        "evidence poured_on: codes have choices, and nothing else has",
    ),
    "a code without choices": ('kind = "day"', 'kind = "code"', "evidence poured_on: codes have choices"),
    "choices that are no table": ('kind = "day"', 'kind = "code"\nchoices = []', "evidence poured_on: this is missing"),
    "a choice without title": (
        'kind = "day"', 'kind = "code"\nchoices = { a = "" }', "evidence poured_on: a is missing, longer than 400",
    ),
    "a choice with a blank": (
        'kind = "day"', 'kind = "code"\nchoices = { "a b" = "A" }', "evidence poured_on: choice is a lower-case word",
    ),
    "evidence twice": (
        'code = "sweet"\ntitle', 'code = "poured_on"\ntitle', "evidence poured_on: this code stands twice",
    ),
    "a state twice": ('code = "gone"', 'code = "cold"', "state cold: this code stands twice"),
    "a step twice": ('code = "finish"', 'code = "pour"', "transition pour: this code stands twice"),
    "a flag that is none": ("start = true", 'start = "yes"', "state cold: start is true or false"),
    "evidence nobody asks for": ('may = ["sweet"]\n', "", "evidence sweet: no step asks for it"),
    "a clock of no day": ('= "poured_on"\ncit', '= "sweet"\ncit', "due drink: it counts from 'sweet', which is no day"),
    "a clock of nothing": ('= "poured_on"\ncit', '= "tea"\ncit', "due drink: it counts from 'tea', which is no day"),
    "a clock of a list": ('= "poured_on"\ncit', "= []\ncit", "due drink: it counts from [], which is no day"),
    "no time": ("within = { minutes = 10 }", "", "state hot, due drink: this is missing, or no table"),
    "a time of two units": ("{ minutes = 10 }", "{ minutes = 10, days = 1 }", "due drink: a time is one number of"),
    "a time of weeks": ("{ minutes = 10 }", "{ weeks = 1 }", "due drink: a time is one number of"),
    "a time in parts": ("{ minutes = 10 }", "{ days = 1.5 }", "due drink: a time is one number of"),
    "a time beyond a century": ("{ minutes = 10 }", "{ days = 40001 }", "due drink: a time is one number of"),
    "an opening that is none": (
        "{ minutes = 10 }", "{ days = 1 }\nopens = 1", "due drink: this is missing, or no table",
    ),
    "anew by leaving": (
        "{ minutes = 10 }", "{ days = 1 }\nagain = true", "due drink: what starts anew is noted by hand",
    ),
    "a due without source": ('citation = "a test [D]"', "", "due drink: citation is missing"),
    "a due that others do": (
        'citation = "a test [D]"', 'kinds = ["court"]\ncitation = "a"',
        "due drink: an agency that does not run this cannot wait for it",
    ),
    "dues nobody has": (
        'citation = "a test [D]"', 'kinds = []\ncitation = "a"', "due drink: a list of AgencyKind is missing",
    ),
    "a due at an end": ("end = true", f"end = true{LATER}", "state gone: at an end nothing waits to be left"),
    "a due twice in a state": (DRINK, DRINK + DRINK, "state hot: one of its dues stands there twice"),
    "a due that differs elsewhere": (
        "start = true", f"start = true\n{DRINK.replace('10', '11')}",
        "due drink: what goes on through several states is the same in each, and counts from evidence",
    ),
    "a due that enters twice": (
        DRINK, LATER + '\n[[state]]\ncode = "cup"\ntitle = "A cup"\nstart = true\n' + LATER,
        "due wash: what goes on through",
    ),
    "clauses that are no list": ('[{ sweet = "yes" }]', '"yes"', "transition finish: clauses are a list of tables"),
    "a clause that is no table": ('[{ sweet = "yes" }]', '["yes"]', "transition finish: this is missing, or no table"),
    "a clause without facts": ('[{ sweet = "yes" }]', "[{}]", "transition finish: a clause without facts holds always"),
    "a clause of no evidence": ('{ sweet = "yes" }', '{ milk = "yes" }', "no evidence 'milk' can say 'yes'"),
    "a clause no evidence can say": ('{ sweet = "yes" }', '{ sweet = "very" }', "no evidence 'sweet' can say 'very'"),
    "a clause of no word": ('{ sweet = "yes" }', "{ sweet = true }", "no evidence 'sweet' can say True"),
    "above what is no number": ('{ sweet = "yes" }', '{ sweet = "> sweet" }', "no evidence 'sweet' can say '> sweet'"),
    "a due's clause": (
        "{ minutes = 10 }", '{ days = 1 }\nwhen = [{ a = "b" }]', "due drink: no evidence 'a' can say 'b'",
    ),
    "a guard without clauses": (
        'when = [{ sweet = "yes" }]\n', "", "transition finish: a guard is clauses and the sentence",
    ),
    "clauses without a guard": (
        'guard = "First sugar."\n', "", "transition finish: a guard is clauses and the sentence",
    ),
    "a guard that is none": ('"First sugar."', "1", "transition finish: guard is missing"),
    "a step from nowhere": ('from = ["cold"]', "from = []", "transition pour: it begins nowhere"),
    "a step from no list": ('from = ["cold"]', 'from = "cold"', "transition pour: from is a list of codes"),
    "a step from no words": ('from = ["cold"]', "from = [1]", "transition pour: from is a list of codes"),
    "a step from no state": (
        'from = ["cold"]', 'from = ["ice"]', "transition pour: from names 'ice', which is not there",
    ),
    "a step from one twice": ('["cold"]', '["cold", "cold"]', "transition pour: from names something twice"),
    "a step to no state": ('to = "hot"', 'to = "ice"', "transition pour: to names 'ice', which is not there"),
    "a step to nothing": ('to = "hot"', "", "transition pour: to is a lower-case word"),
    "a step for no evidence": ('needs = ["poured_on"]', 'needs = ["ice"]', "transition pour: needs names 'ice'"),
    "a step that may anything": ('may = ["sweet"]', 'may = ["ice"]', "transition finish: may names 'ice'"),
    "a step of nobody": ('to = "hot"', 'to = "hot"\nroles = []', "transition pour: a list of Role is missing"),
    "a step of no role": ('to = "hot"', 'to = "hot"\nroles = ["cook"]', "transition pour: 'cook' is no Role"),
    "a step of others": (
        'to = "hot"', 'to = "hot"\nkinds = ["court"]',
        "transition pour: an agency that does not run this cannot take a step of it",
    ),
    "telling no state": ("", f'{TELL}states = ["ice"]', "tell: states names 'ice', which is not there"),
    "telling nobody": ("", TELL.replace('["court"]', "[]"), "tell: a list of AgencyKind is missing"),
    "telling at no level": ("", TELL.replace("summary", "none"), "tell: 'none' is no level"),
    "nobody can begin": ("start = true", "", "protocol: nobody can begin: no state is a start"),
    "a state out of reach": ("", ISLAND, "state island: no step leads here"),
    "a state that leads nowhere": ("end = true", "", "state gone: no step leads on, and it is no end"),
}  # fmt: skip


def wrong(case):
    old, new, _ = WRONG[case]
    assert not old or old in TEA
    return TEA.replace(old, new, 1) if old else TEA + new


def test_the_text_to_spoil_is_a_protocol():
    assert loaded(TEA).code == "tea"


@pytest.mark.parametrize("case", WRONG)
def test_a_text_that_is_none_is_refused_with_place_and_reason(case):
    with pytest.raises(InvalidProtocol) as refused:
        loaded(wrong(case), "tea.toml")
    assert str(refused.value).startswith("tea.toml") and WRONG[case][2] in str(refused.value)


def test_every_complaint_is_one_of_those():
    (source,) = [each for each in named("rules") if each.name == "accord.coordination.protocols.rules"]
    said = []
    for case in WRONG:
        with pytest.raises(InvalidProtocol) as refused:
            loaded(wrong(case))
        said.append(str(refused.value))
    complaints = [
        node.args[1]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "no"
    ]
    assert len(complaints) > 25
    for complaint in complaints:
        parts = complaint.values if isinstance(complaint, ast.JoinedStr) else [complaint]
        fixed = ["" if isinstance(part, ast.FormattedValue) else re.escape(part.value) for part in parts]
        assert any(re.search(".+".join(filter(None, fixed)), text) for text in said), ast.unparse(complaint)


VALUES = [
    "1",
    "-1",
    "true",
    '""',
    '"x"',
    '"cold"',
    "[]",
    "[[]]",
    "[1]",
    '["x"]',
    "{}",
    "{ a = 1 }",
    "1979-05-27",
    "1e9",
    "nan",
]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_spoilt_text_is_refused_and_nothing_else_happens(data):
    """Whatever stands where something else belongs: it is a protocol or it is refused."""
    lines = (TEA + TELL).splitlines()
    settable = [number for number, line in enumerate(lines) if " = " in line]
    for number in data.draw(st.lists(st.sampled_from(settable), min_size=1, max_size=3)):
        lines[number] = f"{lines[number].partition(' = ')[0]} = {data.draw(st.sampled_from(VALUES))}"
    with suppress(InvalidProtocol):
        assert loaded("\n".join(lines))


# ------------------------------------------------------------------ two versions side by side

ROOMY = (
    TEA.replace('kinds = ["hospital"]', 'kinds = ["hospital", "court"]').replace(
        "end = true", "end = true\nstart = true"
    )
    + TELL
)
SHARED = LATER.replace("citation", 'counts_from = "poured_on"\ncitation')
TOLD = tuple((each, Level.SUMMARY) for each in ("There is none", "It is hot", "It is gone"))

#: What changes -> (what to replace, by what, what the two say of it). Each is the only difference.
CHANGES = {
    (Part.PROTOCOL, "title"): ('"Tea"', '"Green tea"', "Tea", "Green tea"),
    (Part.PROTOCOL, "purpose"): ("She has tea.", "She is warm.", "She has tea.", "She is warm."),
    (Part.PROTOCOL, "category"): ('"services"', '"legal"', Category.SERVICES, Category.LEGAL),
    (Part.PROTOCOL, "kinds"): (
        '["hospital", "court"]', '["court"]', (AgencyKind.COURT, AgencyKind.HOSPITAL), (AgencyKind.COURT,),
    ),
    (Part.PROTOCOL, "about"): ('"a test"\n\n', '"a test"\nabout = ["child"]\n\n', (Relation.SELF,), (Relation.CHILD,)),
    (Part.PROTOCOL, "source"): ('"a test"\n\n', '"a book"\n\n', "a test", "a book"),
    (Part.STATE, "title"): ('"It is hot"', '"Hot"', "It is hot", "Hot"),
    (Part.STATE, "start"): ('title = "It is hot"', 'title = "It is hot"\nstart = true', False, True),
    (Part.STATE, "end"): ('start = true', 'start = true\nend = true', False, True),
    (Part.STEP, "title"): ('"Pour"', '"Pour it"', "Pour", "Pour it"),
    (Part.STEP, "begins"): ('["cold"]', '["gone", "cold"]', ("There is none",), ("There is none", "It is gone")),
    (Part.STEP, "to"): ('to = "gone"', 'to = "cold"', "It is gone", "There is none"),
    (Part.STEP, "roles"): (
        'to = "hot"', 'to = "hot"\nroles = ["worker"]', (Role.SUPERVISOR, Role.WORKER), (Role.WORKER,),
    ),
    (Part.STEP, "kinds"): ('to = "hot"', 'to = "hot"\nkinds = ["court"]', (), (AgencyKind.COURT,)),
    (Part.STEP, "needs"): ('["poured_on"]', '["poured_on", "sweet"]', ("Poured on",), ("Poured on", "With sugar")),
    (Part.STEP, "may"): ('["sweet"]', '["sweet", "poured_on"]', ("With sugar",), ("With sugar", "Poured on")),
    (Part.STEP, "when"): ('sweet = "yes"', 'sweet = "no"', ((("With sugar", "yes"),),), ((("With sugar", "no"),),)),
    (Part.STEP, "guard"): ("First sugar.", "Sugar.", "First sugar.", "Sugar."),
    (Part.DUE, "title"): ("Drink it", "Drink", "Drink it", "Drink"),
    (Part.DUE, "earlier"): ("minutes = 10", "minutes = 9", Span(10, Unit.MINUTES), Span(9, Unit.MINUTES)),
    (Part.DUE, "later"): ("minutes = 10", "minutes = 11", Span(10, Unit.MINUTES), Span(11, Unit.MINUTES)),
    (Part.DUE, "within"): ("minutes = 10", "hours = 10", Span(10, Unit.MINUTES), Span(10, Unit.HOURS)),
    (Part.DUE, "counts_from"): ('counts_from = "poured_on"\n', "", "Poured on", None),
    (Part.DUE, "opens"): ("minutes = 10 }", "minutes = 10 }\nopens = { minutes = 1 }", None, Span(1, Unit.MINUTES)),
    (Part.DUE, "by_hand"): ("minutes = 10 }", "minutes = 10 }\nby_hand = true", False, True),
    (Part.DUE, "optional"): ("minutes = 10 }", "minutes = 10 }\noptional = true", False, True),
    (Part.DUE, "when"): ("minutes = 10 }", 'minutes = 10 }\nwhen = [{ sweet = "no" }]', (), ((("With sugar", "no"),),)),
    (Part.DUE, "kinds"): ("minutes = 10 }", 'minutes = 10 }\nkinds = ["court"]', (), (AgencyKind.COURT,)),
    (Part.DUE, "citation"): ("a test [D]", "a book [D]", "a test [D]", "a book [D]"),
    (Part.DUE, "verified"): ("minutes = 10 }", "minutes = 10 }\nverified = true", False, True),
    (Part.EVIDENCE, "title"): ('"Poured on"', '"Day"', "Poured on", "Day"),
    (Part.EVIDENCE, "kind"): ('kind = "day"', 'kind = "moment"', EvidenceKind.DAY, EvidenceKind.MOMENT),
    (Part.TELL, "added"): ("", TELL.replace("court", "police"), None, TOLD),
    (Part.TELL, "dropped"): (TELL, "", TOLD, None),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES, ids="-".join)
def test_one_change_is_one_difference_and_says_what_it_means(case):
    old, new, before, then = CHANGES[case]
    assert not old or old in ROOMY
    text = ROOMY.replace(old, new, 1) if old else ROOMY + new
    (found,) = compare(loaded(ROOMY), loaded(text))
    assert (found.part, found.means, found.before, found.after) == (case[0], MEANINGS[case], before, then)
    added = {"added": Change.ADDED, "dropped": Change.DROPPED}
    assert found.change is added.get(case[1], Change.CHANGED)


def differences(old, new):
    return {(each.part, each.means): each for each in compare(loaded(old), loaded(new))}


def test_what_is_new_and_what_is_gone_names_itself():
    more = ROOMY + ISLAND + NUMBER
    more += '\n[[transition]]\ncode = "leave"\ntitle = "Leave"\nfrom = ["cold"]\nto = "island"\nmay = ["cups"]\n'
    more = more.replace(DRINK, DRINK + SHARED)
    new, gone = differences(ROOMY, more), differences(more, ROOMY)
    for part, code, gist in (
        (Part.STATE, "island", None),
        (Part.STEP, "leave", "Elsewhere"),
        (Part.DUE, "wash", Span(1, Unit.DAYS)),
        (Part.EVIDENCE, "cups", None),
    ):
        added, dropped = new.pop((part, MEANINGS[part, "added"])), gone.pop((part, MEANINGS[part, "dropped"]))
        assert (added.change, added.code, added.before, added.after) == (Change.ADDED, code, None, gist)
        assert (dropped.change, dropped.code, dropped.before, dropped.after) == (Change.DROPPED, code, gist, None)
    # They are offered to be told of the new state as well.
    assert [means for _, means in new] == [MEANINGS[Part.TELL, "more"]]
    assert [means for _, means in gone] == [MEANINGS[Part.TELL, "less"]]


def test_a_due_that_waits_elsewhere_says_where():
    here = ROOMY.replace(DRINK, DRINK + SHARED)
    there = ROOMY.replace("start = true\n", f"start = true\n{SHARED}", 1)
    (moved_,) = differences(here, there).values()
    assert (moved_.means, moved_.before, moved_.after) == (
        MEANINGS[Part.DUE, "state"],
        ("It is hot",),
        ("There is none",),
    )
    (both,) = differences(here, there.replace(DRINK, DRINK + SHARED)).values()
    assert (both.before, both.after) == (("It is hot",), ("There is none", "It is hot"))


def test_choices_and_anew_and_more_of_some_are_differences_too():
    coded = ROOMY.replace('kind = "day"', 'kind = "code"\nchoices = { a = "A", b = "B" }').replace(
        'counts_from = "poured_on"\n', "by_hand = true\n"
    )
    (found,) = differences(coded, coded.replace('b = "B"', 'c = "C"')).values()
    assert (found.means, found.before, found.after) == (MEANINGS[Part.EVIDENCE, "choices"], ("A", "B"), ("A", "C"))
    (found,) = differences(coded, coded.replace("by_hand = true", "by_hand = true\nagain = true")).values()
    assert found.means == MEANINGS[Part.DUE, "again"]
    here, there = (TELL + f'states = ["{state}"]\n' for state in ("hot", "cold"))
    (found,) = differences(ROOMY.replace(TELL, here), ROOMY.replace(TELL, there)).values()
    assert found.means == MEANINGS[Part.TELL, "changed"]


def test_every_meaning_is_told_of_something():
    told = {*CHANGES} | {
        (part, word) for part in (Part.STATE, Part.STEP, Part.DUE, Part.EVIDENCE) for word in ("added", "dropped")
    }
    told |= {(Part.TELL, "more"), (Part.TELL, "less"), (Part.TELL, "changed"), (Part.DUE, "state"), (Part.DUE, "again")}
    assert told | {(Part.EVIDENCE, "choices")} == set(MEANINGS)


def test_the_order_of_a_text_makes_no_difference():
    here = ROOMY.replace('["poured_on"]', '["poured_on", "sweet"]')
    assert differences(here, here.replace('["poured_on", "sweet"]', '["sweet", "poured_on"]')) == {}
    first, second = '["hospital", "court"]', '["court", "hospital"]'
    assert differences(ROOMY, ROOMY.replace(first, second)) == {}


def test_a_renamed_state_is_one_difference():
    (found,) = differences(ROOMY, ROOMY.replace('"It is hot"', '"Hot"')).values()
    assert (found.part, found.code) == (Part.STATE, "hot")


def test_a_clause_over_numbers_is_told_by_titles():
    one = STANDARD["intervention"]
    way = one.transitions["end_for_absences"]
    other = replace(one, transitions={**one.transitions, way.code: replace(way, when=({"absences": "4"},))})
    (found,) = compare(one, other)
    assert found.before == ((("Sessions he has missed", "> Sessions he may miss"),),)
    assert found.after == ((("Sessions he has missed", "4"),),)

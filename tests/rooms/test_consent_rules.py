"""A FHIR Consent read strictly: what is hostile is refused, what is not understood denies, a denial wins, and what we
write decides every cell as the release does."""

from __future__ import annotations

import copy
import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.policy.decide import decide
from accord.policy.facts import Grant, Release, Thing
from accord.policy.words import Category, Level, Mark, Purpose
from accord.records.consent import differences, fhir, rules
from accord.records.consent.rules import (
    ACT_CODE,
    ACT_REASON,
    CONFIDENTIALITY,
    Actor,
    Asked,
    Coding,
    Gap,
    Given,
    Why,
)
from accord.sharing.rules import RELEASABLE
from tests.policy import engine_world as engine

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TREAT, HRESCH = Coding(ACT_REASON, "TREAT"), Coding(ACT_REASON, "HRESCH")
N, R, V = (Coding(CONFIDENTIALITY, code) for code in "NRV")
PSY, PSYTHPN, ETH, SUD = (Coding(ACT_CODE, code) for code in ("PSY", "PSYTHPN", "ETH", "SUD"))
CLINIC, COURT = "Organization/clinic", "Organization/court"


def code(coding: Coding) -> dict[str, str]:
    return {"system": coding.system, "code": coding.code}


def to(reference: str, role: str = "IRCP") -> dict[str, Any]:
    return {
        "role": {"coding": [{"system": rules.PARTICIPATION, "code": role}]},
        "reference": {"reference": reference},
    }


def rule(kind: str = "permit", **more: Any) -> dict[str, Any]:
    return {"type": kind} | more


def permit(*purposes: Coding, **more: Any) -> dict[str, Any]:
    return rule(purpose=[code(each) for each in purposes or (TREAT,)], **more)


def document(provision: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": fhir.CONSENT_SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": fhir.LOINC, "code": "59284-0"}]}],
        "patient": {"reference": "Patient/rosa"},
        "dateTime": "2026-01-02",
        "organization": [{"reference": "Organization/holder"}],
        "provision": provision or permit(),
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def read(provision: dict[str, Any] | None = None, **changes: Any) -> rules.Consent:
    return fhir.parse(json.dumps(document(provision, **changes)).encode())


def ask(consent: rules.Consent, at: datetime = AT, **facts: Any) -> rules.Cell:
    asked = {"actor": CLINIC, "purpose": TREAT, "labels": frozenset({N}), "codes": frozenset()} | facts
    return rules.decide_cell(consent, Asked(**asked), at)


# ------------------------------------------------------------------ hostile


def refused(data: bytes) -> str:
    with pytest.raises(fhir.ConsentError) as caught:
        fhir.parse(data)
    said = str(caught.value)
    assert re.fullmatch(r"[A-Za-z][^\n]*\.", said)
    assert "CANARY" not in said
    return said


GOOD = json.dumps(document()).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"CANARY", "not JSON"),
        (b"<Consent/>", "not JSON"),
        (GOOD[:-5], "not JSON"),
        (GOOD.replace(b"active", b"\xff\xfe"), "UTF-8"),
        (b"[" * 10_000 + b"]" * 10_000, "too deeply"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too deeply"),
        (b'{"resourceType": "Consent", "resourceType": "Consent"}', "twice"),
        (GOOD.replace(b'"type": "permit"', b'"type": "deny", "type": "permit"'), "twice"),
        (b'{"resourceType": "Consent", "a": NaN}', "number"),
        (b"[]", "not FHIR"),
        (b"3", "not FHIR"),
        (b'{"resourceType": 3}', "not FHIR"),
        (b'{"resourceType": "Patient", "id": "CANARY"}', "not a Consent"),
        (json.dumps(document(status=["active"])).encode(), "status is not what FHIR has there"),
        (json.dumps(document(patient="CANARY")).encode(), "patient"),
        (json.dumps(document(provision=[permit()])).encode(), "provision"),
        (json.dumps(document(permit(actor=to(CLINIC)))).encode(), "provision.actor"),
        (json.dumps(document(rule(purpose={"code": "TREAT"}))).encode(), "provision.purpose"),
        (json.dumps(document(permit(period="2026"))).encode(), "provision.period"),
        (json.dumps(document(rule(purpose=["TREAT"]))).encode(), "provision.purpose"),
        (json.dumps(document(dateTime=20260102)).encode(), "dateTime"),
        (json.dumps(document(verification=[{"verified": "yes"}])).encode(), "verification"),
        (json.dumps(document(status="\ud800")).encode(), "status"),
        (json.dumps(document(status="active\n")).encode(), "status"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_that_repeats_nothing(data: bytes, says: str) -> None:
    assert says in refused(data)


def test_200_megabytes_are_refused_before_they_are_read() -> None:
    data = b"[" * 200_000_000
    begun = time.process_time()
    assert "5 MB" in refused(data)
    assert time.process_time() - begun < 0.5


def test_rules_inside_rules_and_too_many_of_them_are_refused() -> None:
    deep = permit()
    for _ in range(10):
        deep = permit(provision=[deep])
    assert "rules" in refused(json.dumps(document(deep)).encode())
    wide = permit(provision=[permit()] * 300)
    assert "rules" in refused(json.dumps(document(wide)).encode())


def test_a_matrix_too_large_to_be_shown_is_refused_at_once() -> None:
    crowd = permit(*[Coding(ACT_REASON, each) for each in rules.PURPOSES], actor=[to(f"Group/{n}") for n in range(500)])
    begun = time.process_time()
    assert "cell by cell" in refused(json.dumps(document(crowd)).encode())
    assert time.process_time() - begun < 0.5


def test_no_repr_shows_what_a_consent_names() -> None:
    consent = read(permit(actor=[to("Organization/CANARY")]), id="CANARY")
    for value in (consent, consent.provision, rules.recipients(consent)[0], consent.patient):
        assert "CANARY" not in repr(value)


# ------------------------------------------------------------------ what is not understood denies


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"status": "live"}, "status", Gap.STATUS),
        ({"scope": {"coding": [{"system": fhir.CONSENT_SCOPE, "code": "research"}]}}, "scope", Gap.SCOPE),
        ({"scope": None}, "scope", Gap.SCOPE),
        ({"category": [{"text": "consent"}]}, "category", Gap.KIND),
        ({"patient": None}, "patient", Gap.NO_PATIENT),
        ({"patient": {"reference": "Group/all"}}, "patient", Gap.NO_PATIENT),
        ({"patient": {"reference": "#p"}}, "patient", Gap.NO_PATIENT),
        ({"dateTime": None}, "dateTime", Gap.NO_DATE),
        ({"dateTime": "yesterday"}, "dateTime", Gap.NO_DATE),
        ({"organization": None}, "organization", Gap.NO_HOLDER),
        ({"verification": [{"verified": False}]}, "verification", Gap.UNVERIFIED),
        ({"modifierExtension": [{"url": "x"}]}, "modifierExtension", Gap.CHANGES),
        ({"implicitRules": "http://example.org/r"}, "implicitRules", Gap.CHANGES),
        ({"decision": "permit"}, "decision", Gap.ELEMENT),
    ],
)
def test_a_head_that_is_not_understood_denies_everything(changes: dict[str, Any], where: str, what: Gap) -> None:
    consent = read(**changes)
    assert (where, what) in [(gap.path, gap.what) for gap in consent.closed]
    assert ask(consent) == rules.Cell(False, Why.NOT_UNDERSTOOD, where=consent.closed[0].path)


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "inactive", "entered-in-error"])
def test_what_is_not_in_force_denies(status: str) -> None:
    assert ask(read(status=status)).why is Why.NOT_IN_FORCE


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"purpose": [{"system": "http://example.org", "code": "FooBar"}]}, Gap.SYSTEM),
        ({"purpose": [{"system": ACT_REASON, "code": "ANY"}]}, Gap.CODE),
        ({"purpose": [{"code": "TREAT"}]}, Gap.SYSTEM),
        ({"securityLabel": [{"system": ACT_CODE, "code": "NEW"}]}, Gap.CODE),
        ({"actor": [to(CLINIC, "AUT")]}, Gap.ROLE),
        ({"actor": [to("#clinic")]}, Gap.REFERENCE),
        ({"actor": [to("Location/ward")]}, Gap.REFERENCE),
        ({"actor": [to(CLINIC) | {"modifierExtension": [{}]}]}, Gap.CHANGES),
        ({"action": [{"coding": [{"system": "x", "code": "disclose"}]}]}, Gap.CODE),
        ({"class": [{"system": "urn:x", "code": "a"}]}, Gap.SYSTEM),
        ({"code": [{"text": "weight"}]}, Gap.SYSTEM),
        ({"data": [{"meaning": "dependents", "reference": {"reference": "Observation/1"}}]}, Gap.MEANING),
        ({"data": [{"meaning": "instance", "reference": {"display": "that one"}}]}, Gap.REFERENCE),
        ({"period": {"start": "soon"}}, Gap.PERIOD),
        ({"period": {"end": "2026-13-01"}}, Gap.PERIOD),
        ({"period": {}}, Gap.PERIOD),
        ({"period": {"start": "2027", "end": "2026"}}, Gap.PERIOD),
        ({"dataPeriod": {"start": "x"}}, Gap.PERIOD),
        ({"modifierExtension": [{"url": "urn:x"}]}, Gap.CHANGES),
        ({"modifierExtension": [{"url": rules.OUR_LEVEL, "valueCode": "all"}]}, Gap.CHANGES),
        ({"limit": []}, Gap.ELEMENT),
    ],
)
def test_a_rule_that_is_not_understood_permits_nothing_and_denies_no_less(changes: dict[str, Any], what: Gap) -> None:
    """As a permission alone, as one beside another, and as a denial inside one."""
    alone = read(permit() | changes)
    assert what in [gap.what for gap in alone.not_understood]
    facts = {"kind": Coding(rules.RESOURCE_TYPES, "Observation"), "item": "Observation/1", "item_at": AT}
    assert not ask(alone, **facts).permit
    inside = read(permit(HRESCH, provision=[permit() | changes]))
    assert not ask(inside, **facts).permit
    denied = read(permit(provision=[rule("deny") | changes]))
    assert not ask(denied, **facts).permit
    assert ask(read(permit()), **facts).permit


def test_what_is_inside_a_rule_that_is_not_understood_permits_nothing_either() -> None:
    assert not ask(read(permit(HRESCH, limit=1, provision=[permit()]))).permit
    assert ask(read(permit(HRESCH, provision=[permit()]))).permit


def test_of_several_alternatives_the_understood_ones_still_permit_and_nothing_else() -> None:
    consent = read(permit(TREAT, Coding("http://example.org", "FooBar")))
    assert ask(consent).permit
    assert ask(consent, purpose=Coding("http://example.org", "FooBar")).why is Why.UNCLEAR


# ------------------------------------------------------------------ how rules apply


def test_a_denial_beside_a_permission_wins_whatever_their_order() -> None:
    yes, no = permit(actor=[to(CLINIC)]), rule("deny", actor=[to(CLINIC)])
    for inner in ([yes, no], [no, yes]):
        assert ask(read(permit(HRESCH, provision=inner))).why is Why.DENIED


def test_an_exception_inside_a_denial_counts_and_a_denial_inside_it_too() -> None:
    exception = permit(actor=[to(CLINIC)])
    consent = read(rule("deny", provision=[exception]))
    assert ask(consent).permit
    assert ask(consent, actor=COURT).why is Why.DENIED
    narrowed = exception | {"provision": [rule("deny", securityLabel=[code(R)])]}
    consent = read(rule("deny", provision=[narrowed]))
    assert ask(consent).permit
    assert not ask(consent, labels=frozenset({R})).permit


def test_a_nested_permission_keeps_what_it_does_not_say_anew_and_never_outlives_what_is_around_it() -> None:
    inner = rule(actor=[to(CLINIC)], securityLabel=[code(PSY)], period={"end": "2030"})
    consent = read(permit(securityLabel=[code(N)], period={"end": "2026-12-31"}, provision=[inner]))
    assert ask(consent, labels=frozenset({PSY, R})).permit
    assert not ask(consent, labels=frozenset({PSY, R}), purpose=HRESCH).permit
    assert not ask(consent, labels=frozenset({PSY, R}), actor=COURT).permit
    assert ask(consent, datetime(2027, 2, 1, tzinfo=UTC), labels=frozenset({PSY, R})).why is Why.ENDED


def test_a_permission_for_no_purpose_permits_nothing() -> None:
    assert ask(read(rule())).why is Why.NO_PURPOSE


@pytest.mark.parametrize(
    ("named", "carried", "permitted", "denied"),
    [
        ([N], {N}, True, True),
        ([N], {R}, False, True),
        ([N], set(), False, False),
        ([R], {N}, False, False),
        ([R], {V}, False, True),
        ([N], {N, PSY}, False, True),
        ([PSY], {PSY, R}, True, True),
        ([PSY], {PSY, V}, False, True),
        ([PSY], {PSYTHPN}, False, True),
        ([ETH], {SUD}, False, True),
        ([PSY], {PSY, ETH}, False, True),
        ([PSY, ETH], {PSY, ETH, R}, True, True),
        ([PSY], {N}, False, False),
        ([N], {N, rules.TEST_DATA}, True, True),
        ([N], {N, Coding("urn:x", "secret")}, False, True),
    ],
)
def test_a_permission_covers_every_label_and_a_denial_any(
    named: list[Coding], carried: set[Coding], permitted: bool, denied: bool
) -> None:
    labels = [code(each) for each in named]
    assert ask(read(permit(securityLabel=labels)), labels=frozenset(carried)).permit is permitted
    inside = read(permit(provision=[rule("deny", securityLabel=labels)]))
    assert ask(inside, labels=frozenset(carried)).permit is not denied
    assert not ask(inside, labels=None).permit


@pytest.mark.parametrize(
    ("denied", "asked", "stopped"),
    [
        (CLINIC, CLINIC, True),
        ("https://a.example.org/fhir/" + CLINIC, CLINIC, True),
        (CLINIC, COURT, False),
        (CLINIC, "Practitioner/1", True),
        ("Group/all", CLINIC, True),
        ("Group/all", "", True),
        ("CareTeam/1", "Practitioner/1", True),
        ("Practitioner/1", CLINIC, False),
    ],
)
def test_a_denial_of_a_whole_denies_who_may_be_part_of_it(denied: str, asked: str, stopped: bool) -> None:
    consent = read(permit(provision=[rule("deny", actor=[to(denied)])]))
    assert ask(consent, actor=asked).permit is not stopped


def test_a_permission_means_exactly_the_recipient_it_names() -> None:
    assert not ask(read(permit(actor=[to("https://a.example.org/fhir/" + CLINIC)]))).permit
    assert not ask(read(permit(actor=[to("Group/all")]))).permit
    assert not ask(read(permit(actor=[to(CLINIC)])), actor="").permit
    assert ask(read(permit(actor=[to(CLINIC + "/_history/2")]))).permit


def test_a_denied_purpose_denies_its_kinds_and_a_permitted_one_does_not_permit_them() -> None:
    glass = Coding(ACT_REASON, "BTG")
    assert not ask(read(permit()), purpose=glass).permit
    denied = read(permit(TREAT, glass, provision=[rule("deny", purpose=[code(TREAT)])]))
    assert ask(denied, purpose=glass).why is Why.DENIED


def test_an_action_that_tells_nobody_permits_no_telling() -> None:
    def doing(name: str) -> list[dict[str, Any]]:
        return [{"coding": [{"system": fhir.CONSENT_ACTION, "code": name}]}]

    assert ask(read(permit(action=doing("disclose")))).permit
    assert not ask(read(permit(action=doing("collect")))).permit
    assert ask(read(permit(provision=[rule("deny", action=doing("correct"))]))).permit
    assert not ask(read(permit(provision=[rule("deny", action=doing("use"))]))).permit


@pytest.mark.parametrize(
    ("end", "last", "over"),
    [
        ("2026-11-20", "2026-11-21T04:59:59+00:00", "2026-11-21T05:00:00+00:00"),
        ("2026-11", "2026-12-01T04:59:59+00:00", "2026-12-01T05:00:00+00:00"),
        ("2026", "2027-01-01T04:59:59+00:00", "2027-01-01T05:00:00+00:00"),
        ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00.999999+00:00", "2026-11-20T12:00:01+00:00"),
        ("2026-11-20T12:00:00.5+01:00", "2026-11-20T11:00:00.599999+00:00", "2026-11-20T11:00:00.600000+00:00"),
        ("2026-11-20T12:00:00.1234567Z", "2026-11-20T12:00:00.123456+00:00", "2026-11-20T12:00:00.123457+00:00"),
        ("9999-12-31", "9000-01-01T00:00:00+00:00", ""),
        ("9999-12-31T23:59:59Z", "9000-01-01T00:00:00+00:00", ""),
    ],
)
def test_an_end_lasts_as_long_as_it_is_sharp_where_the_holder_is(end: str, last: str, over: str) -> None:
    consent = read(permit(period={"end": end}))
    asked = Asked(actor=CLINIC, purpose=TREAT, labels=frozenset({N}))
    zone = ZoneInfo("America/New_York")
    assert rules.decide_cell(consent, asked, datetime.fromisoformat(last), zone).permit
    if over:
        assert rules.decide_cell(consent, asked, datetime.fromisoformat(over), zone).why is Why.ENDED


# ------------------------------------------------------------------ many recipients, many labels


@given(
    st.dictionaries(
        st.integers(0, 8).map(lambda number: f"Organization/{number}"),
        st.sets(st.sampled_from(["SDV", "PSY", "ETH", "HIV", "SEX", "SUD"]), min_size=1),
        max_size=8,
    ),
    st.sets(st.sampled_from(["SDV", "PSY", "ETH", "HIV"]), max_size=2),
)
@settings(max_examples=60, deadline=None)
def test_a_matrix_of_recipients_and_labels_decides_cell_by_cell(said: dict[str, set[str]], never: set[str]) -> None:
    inner = [
        rule(actor=[to(who)], securityLabel=[code(Coding(ACT_CODE, each)) for each in sorted(labels)])
        for who, labels in said.items()
    ]
    if never:
        inner.append(rule("deny", securityLabel=[code(Coding(ACT_CODE, each)) for each in sorted(never)]))
    matrix = rules.matrix(read(permit(securityLabel=[code(N)], provision=inner)), AT)
    assert [actor.reference for actor in matrix.recipients] == [*said, ""]
    closed = never | {each for label in never for each in rules.FAMILIES.get(label, ())}
    for kind, squares in matrix.rows:
        sensitive = {label.code for label in kind.labels if label.system == ACT_CODE}
        for actor, square in zip(matrix.recipients, squares, strict=True):
            normal = kind.labels == {N}
            expected = normal or (bool(sensitive) and sensitive <= said.get(actor.reference, set()) - closed)
            assert bool(square.purposes) is expected


def test_nothing_made_of_fhir_breaks_the_reader_and_a_refusal_is_a_sentence() -> None:
    """Every element of a rich consent, one at a time, replaced by each kind of JSON there is."""
    rich = document(
        permit(
            actor=[to(CLINIC)], securityLabel=[code(N)], period={"start": "2026", "end": "2027"},
            data=[{"meaning": "instance", "reference": {"reference": "Observation/1"}}], dataPeriod={"start": "2026"},
            action=[{"coding": [{"system": fhir.CONSENT_ACTION, "code": "disclose"}]}],
            code=[{"coding": [{"system": fhir.LOINC, "code": "1"}]}], provision=[rule("deny", securityLabel=[code(R)])],
        ),
        performer=[{"reference": "Patient/rosa"}], policy=[{"uri": "urn:x"}], verification=[{"verified": True}],
        meta={"security": [code(rules.TEST_DATA)]}, policyRule={"coding": [{"system": "x", "code": "OPTIN"}]},
    )  # fmt: skip
    places = list(paths(rich))
    assert len(places) > 60
    for place in places:
        for value in (None, True, 3, "x", [], {}, [None], [3], {"x": 1}, "9" * 2_000, "\x00"):
            changed = copy.deepcopy(rich)
            inner: Any = changed
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
            try:
                consent = fhir.parse(json.dumps(changed).encode())
            except fhir.ConsentError as error:
                assert re.fullmatch(r"[A-Za-z][^\n]*\.", str(error))
            else:
                rules.matrix(consent, AT)


def paths(value: Any, place: tuple[Any, ...] = ()) -> Any:
    if place:
        yield place
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from paths(inner, (*place, step))


# ------------------------------------------------------------------ out, and in again


def written(release: Release, **more: Any) -> bytes:
    facts: dict[str, Any] = {
        "id": release.id,
        "status": "active",
        "subject": Actor("Patient/maria", "Maria"),
        "holder": Actor("Organization/shelter", "Shelter"),
        "recipient": Actor(f"Organization/{release.recipient}", "Recipient"),
        "purpose": release.purpose,
        "grants": {grant.category: grant.level for grant in release.grants},
        "dated": release.signed_at,
        "since": release.signed_at,
        "until": release.until,
        "signed_at": release.signed_at,
        "signer": "Maria",
        "duties": engine.SHELTER.duties,
    }
    return fhir.write(Given(**(facts | more)))


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
releases = st.builds(
    lambda since, lasts, purpose, grants: engine.release(
        signed_at=since,
        until=since + lasts,
        purpose=purpose,
        grants=tuple(Grant(category, level) for category, level in grants.items()),
    ),
    moments,
    st.one_of(
        st.timedeltas(timedelta(microseconds=1), timedelta(days=29)),
        st.integers(1, 29).map(lambda n: timedelta(days=n)),
    ),
    st.sampled_from([Purpose.SAFETY, Purpose.SHELTER, Purpose.ADVOCACY, Purpose.TREATMENT, Purpose.COORDINATION]),
    st.dictionaries(
        st.sampled_from(RELEASABLE), st.sampled_from([Level.EXISTENCE, Level.SUMMARY, Level.FULL]), min_size=1
    ),
)


@given(releases, st.sampled_from(["parish", "police"]), st.data())
@settings(max_examples=150, deadline=None)
def test_written_and_read_back_every_cell_is_what_the_release_says(release: Release, other: str, data: Any) -> None:
    consent = fhir.parse(written(release))
    assert not consent.not_understood
    instant = timedelta(microseconds=1)
    edges = [release.signed_at, release.until, release.signed_at - instant, release.until - instant, release.until]
    moment = data.draw(st.one_of(st.sampled_from(edges), moments))
    purpose = data.draw(st.sampled_from([release.purpose, Purpose.SAFETY, Purpose.INVESTIGATION]))
    recipient = data.draw(st.sampled_from([release.recipient, other]))
    # What a victim contact said is kept from one kind of partner only, which no label can say.
    marked = st.sampled_from([mark for mark in Mark if mark is not Mark.VICTIM_CONTACT])
    marks = data.draw(st.frozensets(marked, max_size=2))
    party = engine.PARISH if recipient == "parish" else engine.POLICE
    for category in RELEASABLE:
        question = engine.disclose(
            release,
            thing=Thing(category, "maria", marks=marks),
            purpose=purpose,
            recipient=party,
            at=moment,
        )
        cell = rules.decide_cell(
            consent,
            Asked(
                actor=f"Organization/{recipient}",
                purpose=rules.purpose_coding(purpose),
                labels=rules.label_codings(marks),
                kind=rules.category_coding(category),
            ),
            moment,
        )
        assert cell.level == decide(engine.LAW, question).level, (category, moment, purpose, recipient, marks)
        assert cell.permit is (cell.level > Level.NONE)


@given(releases)
@settings(max_examples=30, deadline=None)
def test_what_is_unsigned_or_taken_back_permits_nothing_when_read_back(release: Release) -> None:
    for status in ("proposed", "inactive"):
        consent = fhir.parse(written(release, status=status))
        assert not any(
            square.purposes for _, squares in rules.matrix(consent, release.signed_at).rows for square in squares
        )


def test_a_reader_who_does_not_know_our_levels_opens_nothing_on_them() -> None:
    release = engine.release(
        grants=(
            Grant(Category.SERVICES, Level.FULL),
            Grant(Category.INJURIES, Level.SUMMARY),
            Grant(Category.RISK, Level.EXISTENCE),
        )
    )
    text = written(release).decode().replace(rules.OUR_LEVEL, "urn:somebody:else")
    consent = fhir.parse(text.encode())
    assert [gap.what for gap in consent.not_understood] == [Gap.CHANGES, Gap.CHANGES]

    def told(category: Category) -> bool:
        asked = Asked(
            "Organization/parish", rules.purpose_coding(release.purpose), frozenset(), rules.category_coding(category)
        )
        return rules.decide_cell(consent, asked, engine.AT).permit

    assert [told(category) for category in (Category.SERVICES, Category.INJURIES, Category.RISK)] == [
        True,
        False,
        False,
    ]


def test_what_we_write_has_the_shape_of_the_profile() -> None:
    found = json.loads(written(engine.release()))
    assert found["meta"]["profile"] == [fhir.PROFILE]
    required = {
        "status",
        "scope",
        "category",
        "patient",
        "dateTime",
        "performer",
        "organization",
        "policy",
        "provision",
    }
    assert required <= set(found)
    assert found["organization"] == [{"reference": "Organization/shelter", "display": "Shelter"}]
    root = found["provision"]
    assert set(root) == {"type", "provision"}
    assert root["type"] == "deny"
    permits = [each for each in root["provision"] if each["type"] == "permit"]
    assert all(len(each["actor"]) == 1 and len(each["purpose"]) == 1 for each in permits)
    assert all(each["actor"][0]["role"]["coding"][0]["code"] == "IRCP" for each in permits)
    assert all(set(each["period"]) == {"start", "end"} for each in permits)


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_of_ours_is_written_and_read_as_itself(purpose: Purpose) -> None:
    coding = rules.purpose_coding(purpose)
    assert rules.our_purpose(coding) is purpose
    consent = fhir.parse(written(engine.release(purpose=purpose)))
    assert rules.purposes(consent) == (coding,)


def test_a_draft_is_filled_in_with_what_means_the_same_here_and_nothing_else() -> None:
    consent = fhir.parse(written(engine.release()))
    recipient = rules.recipients(consent)[0]
    filled = rules.suggestion(consent, recipient, engine.AT)
    assert filled == rules.Suggestion(Purpose.SAFETY, {Category.SERVICES: Level.FULL})
    assert rules.suggestion(consent, Actor(""), engine.AT) == rules.Suggestion(None, {})
    foreign = read(permit(Coding(ACT_REASON, "HOPERAT"), actor=[to(CLINIC)]))
    assert rules.suggestion(foreign, Actor(CLINIC), AT) == rules.Suggestion(None, {})


def test_the_page_names_every_sample_label_and_purpose() -> None:
    page = differences.page()
    for word in [*(sample.id for sample in differences.SAMPLES), *rules.LABELS, *rules.PURPOSES, rules.OUR_LEVEL]:
        assert word in page

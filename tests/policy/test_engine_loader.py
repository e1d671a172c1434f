"""The loader refuses doubtful law, and says in which file, line and rule."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from accord.policy import LawError, decide, parse
from accord.policy.facts import Agency, Signer, Thing
from accord.policy.law import Step
from accord.policy.words import AgencyKind, Category, Duty, Level, Role, SignerRole, Verb
from tests.policy.engine_world import AT, DOCUMENTS, LAW, codes, disclose, holder, own, release, rules

HEAD = '[law]\ntitle = "A test"\nlayer = "{layer}"\n'
BAR = """
[[rule]]
id = "test-bar"
step = "bar"
sentence = "Nothing about places leaves."
citation = "Test code 1"
effective = 2020-01-01
verified_on = 2026-11-20
source = "test"
need = "Nothing."
when = [{ category = ["location"] }]
"""


def _with(rule: str, layer: str = "base") -> dict[str, str]:
    return DOCUMENTS | {"test.toml": HEAD.format(layer=layer) + rule}


def _refused(documents: dict[str, str]) -> str:
    with pytest.raises(LawError) as caught:
        parse(documents)
    return str(caught.value)


def test_the_shipped_law_loads_and_is_complete() -> None:
    assert {rule.step for rule in LAW.rules.values()} == set(Step)
    assert all(rule.sentence.endswith(".") for rule in LAW.rules.values())
    unchecked = [r.id for r in LAW.rules.values() if re.search(r"\[G\??(:|\])", r.source) and r.verified_on]
    assert unchecked == [], "what rests on general knowledge is unverified"


def test_a_closing_rule_never_begins_after_the_releases_it_guards() -> None:
    """Otherwise there would be days on which the release opens and the signer or length is not looked at."""
    opening = {rule.id: rule.effective for rule in LAW.rules.values() if rule.step is Step.RELEASE}
    for rule in LAW.rules.values():
        if rule.step in (Step.SIGNER, Step.LENGTH, Step.BLOCK):
            assert rule.effective <= min(opening.values()), rule.id


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ('citation = "Test code 1"\n', "", 6, "it has no citation"),
        ('sentence = "Nothing about places leaves."\n', "", 6, "it has no sentence"),
        ("effective = 2020-01-01\n", "", 6, "it has no effective date"),
        ("effective = 2020-01-01", "effective = 2020-01-01T00:00:00Z", 10, "effective is not a date"),
        ("effective = 2020-01-01", "effective = 2020-01-01\nuntil = 2020-01-01", 6, "it ends before it begins"),
        ("verified_on = 2026-11-20\n", "", 6, "either verified_on = a date, or unverified = true"),
        ("verified_on = 2026-11-20", "verified_on = 2026-11-20\nunverified = true", 6, "either verified_on"),
        ('step = "bar"', 'step = "wish"', 7, "unknown code 'wish' for step"),
        ('step = "bar"\n', "", 6, "it has no step"),
        ('"location"', '"whereabouts"', 14, "unknown code 'whereabouts' for category"),
        ('"location"', '"location", "location"', 14, "category names a code twice"),
        ('["location"]', "[]", 14, "category names no code"),
        ('["location"]', '"location"', 14, "category is not a list of codes"),
        ("category =", "colour =", 14, "unknown condition 'colour'"),
        ('{ category = ["location"] }', "{ }", 6, "a clause without conditions would always apply"),
        ('when = [{ category = ["location"] }]', "when = []", 6, "it has no when"),
        ('when = [{ category = ["location"] }]', "", 6, "it has no when"),
        (
            '{ category = ["location"] }',
            "{ minor = true }",
            14,
            "minor looks at what a yes rests on, which the step bar does not",
        ),
        ('need = "Nothing."', 'need = "Nothing."\nlevel = "full"', 14, "unknown key 'level'"),
        ('need = "Nothing."', "need = 1", 13, "need is not a text"),
        ('"test-bar"', '"Test_Bar"', 6, "an id is lower-case words joined by hyphens"),
    ],
)
def test_a_doubtful_rule_is_refused_with_file_line_and_rule(old: str, new: str, line: int, problem: str) -> None:
    assert old in BAR
    message = _refused(_with(BAR.replace(old, new)))
    assert message.startswith(f"test.toml:{line}: rule "), message
    assert problem in message


def test_a_rule_without_an_id_is_found_by_its_place() -> None:
    message = _refused(_with(BAR + BAR.replace('id = "test-bar"\n', "")))
    assert message == "test.toml:16: rule number 2: it has no id"


def test_an_id_used_twice_is_refused_in_one_file_and_across_files() -> None:
    assert "rule test-bar: this id is already used in test.toml, line 6" in _refused(_with(BAR + BAR))
    message = _refused(_with(BAR.replace("test-bar", "bar-funder")))
    assert re.fullmatch(r".*:\d+: rule bar-funder: this id is already used in .*, line \d+", message)


@pytest.mark.parametrize(
    "opening",
    ['step = "own"\nrole = "worker"\nmay = { own_service = ["read_day"] }', 'step = "release"\nduties = ["ferpa"]'],
)
def test_a_permit_without_a_citation_is_refused(opening: str) -> None:
    rule = f'[[rule]]\nid = "x"\n{opening}\nsentence = "S."\neffective = 2020-01-01\nunverified = true\nsource = "t"\n'
    assert "test.toml:5: rule x: a permit without a citation" in _refused(_with(rule))


COMMON = 'sentence = "S."\ncitation = "C"\neffective = 2020-01-01\nunverified = true\nsource = "t"\n'


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('step = "release"\nduties = ["ferpa"]', "it has no elements"),
        ('step = "release"\nduties = ["ferpa"]\nelements = ["sung"]', "unknown code 'sung' for elements"),
        ('step = "own"\nrole = "king"\nmay = { own_service = ["read_day"] }', "unknown code 'king' for role"),
        ('step = "own"\nrole = "worker"', "it has no may"),
        ('step = "own"\nrole = "worker"\nmay = { fun = ["read_day"] }', "unknown code 'fun' for may"),
        ('step = "own"\nrole = "worker"\nmay = { own_service = ["disclose"] }', "disclose is never an own-agency verb"),
        (
            'step = "own"\nrole = "worker"\nmay = { own_service = ["read_day"] }\ndiscloses = 1',
            "discloses is not true or",
        ),
        ('step = "duty"\nobligation = "sing"\nalways = true', "unknown code 'sing' for obligation"),
        ('step = "duty"\nobligation = "log"', "it has no when"),
        ('step = "duty"\nobligation = "log"\nalways = true\nwhen = []', "it says both always and when"),
        (
            'step = "length"\nneed = "N."\nwhen = [{ longer_than_days = true }]',
            "longer_than_days takes a number of days",
        ),
        ('step = "length"\nneed = "N."\nwhen = [{ longer_than_days = 0 }]', "a number of days from 1 to"),
        ('step = "signer"\nneed = "N."\nwhen = [{ minor = 1 }]', "minor takes true or false"),
        (
            'step = "block"\nneed = "N."\nblock = "never_share"\nagainst = ["moon"]\nverbs = ["disclose"]',
            "'moon' for against",
        ),
        ('step = "default"\nneed = "N."', "unknown key 'need'"),
    ],
)
def test_each_step_is_read_strictly(rule: str, problem: str) -> None:
    message = _refused(_with(f'[[rule]]\nid = "x"\n{COMMON}{rule}\n'))
    assert re.match(r"test\.toml:\d+: rule x: ", message), message
    assert problem in message


EXCEPTION = """duties = ["brady"]
when = [{ holder_kind = ["police"], recipient_kind = ["court"] }]
opens = { notes = "full" }
purposes = ["safety"]
days = 30
"""


def test_an_exception_is_read_and_opens() -> None:
    law = parse(_with(f'[[rule]]\nid = "x"\nstep = "exception"\n{COMMON}{EXCEPTION}', layer="state"))
    court = Agency("court", AgencyKind.COURT, frozenset({Duty.NONE}))
    police = Agency("police", AgencyKind.POLICE, frozenset({Duty.BRADY}))
    asked = disclose(holder=police, recipient=court, thing=Thing(Category.NOTES, "maria"))
    assert rules(decide(law, asked)) == ["x", "own-worker"]
    assert rules(decide(LAW, asked)) == ["default-deny"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('duties = ["brady"]\n', "", "it has no duties"),
        ('["brady"]', '["brady", "vawa"]', "a victim service provider gives totals only"),
        ('["brady"]', '["voca"]', "a victim service provider gives totals only"),
        ('["brady"]', '["fvpsa", "hipaa"]', "a victim service provider gives totals only"),
        (', recipient_kind = ["court"]', "", "it names the kinds of recipient"),
        ('["court"] }]', '["court"] }, { holder_kind = ["police"] }]', "it names the kinds of recipient"),
        ('["court"] }]', '["court"], signer_role = ["self"] }]', "which the step exception does not"),
        ('opens = { notes = "full" }\n', "", "it has no opens"),
        ('{ notes = "full" }', "{ }", "it has no opens"),
        ('{ notes = "full" }', '["notes"]', "it has no opens"),
        ('notes = "full"', 'notes = "none"', "unknown level 'none' for notes"),
        ('notes = "full"', "notes = 3", "unknown level 3 for notes"),
        ('notes = "full"', 'songs = "full"', "unknown code 'songs' for opens"),
        ('purposes = ["safety"]\n', "", "it has no purposes"),
        ("days = 30\n", "", "it ends with an agreement (agreement = true) or after a number of days"),
        ("days = 30", "days = 30\nagreement = true", "one of the two"),
        ("days = 30", "days = 0", "days is a number of days from 1 to"),
        ("days = 30", "days = true", "days is a number of days from 1 to"),
        ("days = 30", "agreement = 1", "agreement is not true or false"),
        ("days = 30", "days = 30\nlevel = 2", "unknown key 'level'"),
    ],
)
@pytest.mark.parametrize("layer", ["base", "state"])
def test_a_doubtful_exception_is_refused(layer: str, old: str, new: str, problem: str) -> None:
    assert EXCEPTION.count(old) == 1
    text = f'[[rule]]\nid = "x"\nstep = "exception"\n{COMMON}{EXCEPTION.replace(old, new)}'
    message = _refused(_with(text, layer=layer))
    assert re.match(r"test\.toml:\d+: rule x: ", message), message
    assert problem in message


@pytest.mark.parametrize(
    "duty", ["hipaa", "part2", "ferpa", "attorney_privilege", "advocate_privilege", "therapist_privilege", "uk_gdpr"]
)
def test_a_state_writes_no_exception_for_those_whom_federal_law_or_a_privilege_binds(duty: str) -> None:
    text = f'[[rule]]\nid = "x"\nstep = "exception"\n{COMMON}{EXCEPTION.replace("brady", duty)}'
    message = _refused(_with(text, layer="state"))
    assert re.match(r"test\.toml:\d+: rule x: ", message), message
    assert f"a state opens nothing that {duty} closes" in message
    assert "x" in parse(_with(text)).rules, "the base may: its rules are the federal law itself"


COMPULSION = """duties = ["vawa"]
when = [{ recipient_kind = ["court"] }]
opens = { all = "full" }
purposes = ["legal_process"]
papers = [{ kinds = ["court_order"], counsel = true }]
days = 1
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('papers = [{ kinds = ["court_order"], counsel = true }]\n', "", "what is compelled rests on a paper"),
        ("days = 1", "agreement = true", "what is compelled rests on a paper, not on an agreement"),
        ("counsel = true", "counsel = true, tone = 1", "unknown key 'tone'"),
        ('kinds = ["court_order"], ', "", "it has no kinds"),
        ('"court_order"', '"letter"', "unknown code 'letter' for kinds"),
        ("counsel = true", "counsel = 1", "counsel is not true or false"),
        ("counsel = true", 'represented = ["she_sighs"]', "unknown code 'she_sighs' for represented"),
        ("counsel = true", 'statute = ["cat"]', "unknown code 'cat' for statute"),
        ("days = 1", 'days = 1\nfields = ["shoe_size"]', "unknown code 'shoe_size' for fields"),
        ('["vawa"]', '["part2"]', "a state opens nothing that part2 closes"),
        ('["vawa"]', '["ferpa"]', "a state opens nothing that ferpa closes"),
    ],
)
def test_a_doubtful_compulsion_is_refused(old: str, new: str, problem: str) -> None:
    assert COMPULSION.count(old) == 1
    good = f'[[rule]]\nid = "x"\nstep = "compelled"\n{COMMON}{COMPULSION}'
    assert "x" in parse(_with(good, layer="state")).rules
    message = _refused(_with(good.replace(old, new), layer="state"))
    assert re.match(r"test\.toml:\d+: rule x[:,]", message), message
    assert problem in message


def test_no_state_compels_a_victim_service_provider_on_what_no_court_or_statute_made() -> None:
    """Red until the loader asks what kind of paper compels: a finding of her own or a mere request is no compulsion."""
    for kind in ("finding", "law_enforcement_request", "administrative_request", "records_request", "subpoena"):
        rule = COMPULSION.replace("court_order", kind)
        _refused(_with(f'[[rule]]\nid = "x"\nstep = "compelled"\n{COMMON}{rule}', layer="state"))


REPORT = """step = "report"
about = "child"
reporters = ["school"]
to = ["police"]
fields = ["birth"]
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('about = "child"\n', "", "it has no about"),
        ('"child"', '"dog"', "unknown code 'dog' for about"),
        ('reporters = ["school"]\n', "", "it has no reporters"),
        ('to = ["police"]\n', "", "it has no to"),
        ('fields = ["birth"]\n', "", "it has no fields"),
        ('["birth"]', '["everything"]', "unknown code 'everything' for fields"),
        ('fields = ["birth"]', 'fields = ["birth"]\noral_hours = 0', "oral_hours is a number of days from 1"),
    ],
)
def test_a_doubtful_report_statute_is_refused(old: str, new: str, problem: str) -> None:
    assert REPORT.count(old) == 1
    good = f'[[rule]]\nid = "x"\n{COMMON}{REPORT}'
    assert "x" in parse(_with(good, layer="state")).rules
    message = _refused(_with(good.replace(old, new), layer="state"))
    assert re.match(r"test\.toml:\d+: rule x: ", message), message
    assert problem in message


@pytest.mark.parametrize("duty", ["vawa", "voca", "fvpsa"])
def test_no_key_lets_her_bind_herself_toward_a_victim_service_provider(duty: str) -> None:
    key = (
        f'[[rule]]\nid = "x"\nstep = "key"\n{COMMON}need = "N."\ninstrument = "criminal_justice"\n'
        f'elements = ["written"]\nfixed_for = ["part2", "{duty}"]\nwhen = [{{ mark = ["sud"] }}]\n'
    )
    assert "can be taken back at once" in _refused(_with(key))


def test_an_exception_without_a_citation_is_refused() -> None:
    rule = f'[[rule]]\nid = "x"\nstep = "exception"\n{COMMON}{EXCEPTION}'.replace('citation = "C"\n', "")
    assert "rule x: a permit without a citation" in _refused(_with(rule))


@pytest.mark.parametrize(
    ("rule", "other", "code"),
    [
        ('step = "release"\nduties = ["vawa"]\nelements = ["written"]', "vawa-release", "vawa"),
        ('step = "own"\nrole = "worker"\nmay = { own_service = ["read_day"] }', "own-worker", "worker"),
    ],
)
def test_two_rules_for_the_same_contradict_each_other(rule: str, other: str, code: str) -> None:
    message = _refused(_with(f'[[rule]]\nid = "test-twin"\n{COMMON}{rule}\n'))
    assert re.match(r"[a-z-]+\.toml:\d+: rule [a-z-]+: it contradicts [a-z-]+ \([a-z-]+\.toml:\d+\): ", message), (
        message
    )
    assert {"test-twin", other} <= set(re.findall(r"[a-z-]+", message))
    assert message.endswith(f"both speak for {code} on the same day")


def test_documents_themselves_are_read_strictly() -> None:
    assert re.match(r"test\.toml: this is not TOML: .*line 4", _refused(_with("when = = 3")))
    assert "test.toml:1: the [law] table: it is missing" in _refused(DOCUMENTS | {"test.toml": BAR})
    assert "unknown code 'village' for layer" in _refused(_with(BAR, layer="village"))
    assert "test.toml:4: unknown table rules" in _refused(_with("[[rules]]\n"))
    assert "test.toml:1: rules are written as [[rule]]" in _refused(_with("[rule]\n"))
    assert "rule number 1: it is missing or not a table" in _refused(
        {"test.toml": f"rule = [1]\n{HEAD.format(layer='base')}"}
    )
    assert "test.toml:4: no codes are called colour" in _refused(_with('[words.colour]\nred = "red"\n'))
    assert "test.toml:5: words.mark: unknown code 'blue'" in _refused(_with('[words.mark]\nblue = "blue"\n'))


@pytest.mark.parametrize(
    ("missing", "step"), [("default-deny", "default"), ("no-pull", "default"), ("agreement-in-force", "agreement")]
)
def test_a_law_without_its_defaults_is_refused(missing: str, step: str) -> None:
    documents = {name: text.replace(f'"{missing}"', '"renamed"') for name, text in DOCUMENTS.items()}
    assert f"the rule {missing} (step {step}) is missing" in _refused(documents)
    assert "no documents" in _refused({})


# ------------------------------------------------------------------ layers


def test_a_community_narrows() -> None:
    town = parse(_with(BAR.replace('"location"', '"services"'), layer="community"))
    assert decide(LAW, disclose(release())).level is Level.FULL
    assert rules(decide(town, disclose(release()))) == ["test-bar"]


@pytest.mark.parametrize(
    "rule",
    [
        'step = "own"\nrole = "system"\nmay = { own_service = ["read_client"] }',
        'step = "release"\nduties = ["ferpa"]\nelements = ["written"]',
        'step = "exception"\n' + EXCEPTION,
        'step = "agreement"',
        'step = "default"',
    ],
)
def test_a_community_never_opens(rule: str) -> None:
    assert "a community may only narrow" in _refused(_with(f'[[rule]]\nid = "x"\n{COMMON}{rule}\n', layer="community"))


ALONE = f"""[[rule]]
id = "state-minor"
replaces = "signer-minor"
step = "signer"
{COMMON}need = "The minor signs."
when = [
    {{ minor = true, signer_role = ["self"], alone = false, cosigned = false }},
    {{ minor = true, signer_role = ["parent", "guardian", "representative"], alone = true, cosigned = false }},
    {{ minor = true, signer_role = ["parent", "guardian", "representative"], cosigned = false, \
holder_duty = ["vawa", "fvpsa", "part2", "attorney_privilege"] }},
    {{ minor = true, signer_role = ["parent"] }},
]
"""


def test_a_state_may_replace_a_base_rule_from_its_own_day_on() -> None:
    state = parse(_with(ALONE, layer="state"))
    both = Signer(SignerRole.PARENT, minor=True, cosigned=True)
    assert decide(LAW, disclose(release(signer=both))).level is Level.FULL
    assert rules(decide(state, disclose(release(signer=both)))) == ["state-minor"]
    assert rules(decide(state, disclose(release(signer=Signer(minor=True))))) == ["state-minor"]
    year = timedelta(days=365)
    before = datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC)
    old = release(signer=both, signed_at=before - year / 12, until=before + year / 12)
    assert decide(state, disclose(old, at=before)).level is Level.FULL
    assert rules(decide(state, disclose(old, at=before + timedelta(seconds=1)))) == ["state-minor"]


def test_a_state_that_lets_somebody_sign_whom_the_base_does_not_is_refused() -> None:
    closing = '    { minor = true, signer_role = ["self"], alone = false, cosigned = false },\n'
    assert closing in ALONE
    fewer = ALONE.replace(closing, "")
    message = _refused(_with(fewer, layer="state"))
    assert re.match(r"test\.toml:\d+: rule state-minor: it would open more than signer-minor", message), message
    assert "it closes less often" in message


@pytest.mark.parametrize(
    ("layer", "replaced", "problem"),
    [
        ("base", "signer-minor", "only a state overlay may replace a rule"),
        ("community", "signer-minor", "only a state overlay may replace a rule"),
        ("state", "signer-nobody", "it replaces signer-nobody, which is no rule of the base"),
        ("state", "bar-funder", "it cannot replace bar-funder: step signer for step bar"),
        ("state", "court-orders", "it cannot replace court-orders: step signer for step exception"),
    ],
)
def test_replacing_is_held_to_its_layer_and_step(layer: str, replaced: str, problem: str) -> None:
    assert problem in _refused(_with(ALONE.replace("signer-minor", replaced), layer=layer))


def test_no_overlay_replaces_an_absolute_bar() -> None:
    weaker = BAR.replace('step = "bar"', 'step = "bar"\nreplaces = "bar-funder"')
    assert "it cannot replace bar-funder" in _refused(_with(weaker, layer="state"))


def test_no_overlay_changes_when_an_agreement_counts() -> None:
    rule = f'[[rule]]\nid = "x"\nreplaces = "agreement-in-force"\nstep = "agreement"\n{COMMON}'
    assert "it cannot replace agreement-in-force" in _refused(_with(rule, layer="state"))


def test_a_state_may_replace_an_exception_and_a_community_may_not_even_narrow_one_by_name() -> None:
    narrower = """duties = ["brady"]
when = [{ holder_kind = ["police"], recipient_kind = ["prosecutor"] }]
opens = { legal = "summary" }
purposes = ["prosecution"]
days = 30
"""
    text = f'[[rule]]\nid = "x"\nreplaces = "police-to-prosecutor"\nstep = "exception"\n{COMMON}{narrower}'
    for wider in ('"safety"', '"prosecution", "safety"'):
        assert "reach further" in _refused(_with(text.replace('"prosecution"', wider), layer="state"))
    state = parse(_with(text, layer="state"))
    assert "police-to-prosecutor" not in {one.because.rule for many in state.on(AT).exceptions.values() for one in many}
    assert "a community may only narrow" in _refused(_with(text, layer="community"))


def test_a_law_counts_from_its_day_until_the_day_it_ends() -> None:
    ends = 'effective = 2000-01-01\nunverified = true\nsource = "facts 1.6, 1.10 R15 [G]; with an end'
    for until, opens in (("2026-11-20", False), ("2026-11-21", True)):
        text = DOCUMENTS["us-federal.toml"]
        assert text.count(ends) == 1
        law = parse(DOCUMENTS | {"us-federal.toml": text.replace(ends, f"until = {until}\n{ends}")})
        answer = decide(law, disclose(release(), holder=holder(Duty.FERPA), at=AT))
        assert (answer.level is Level.FULL) is opens
        assert opens or codes(answer) == ["law_not_loaded"]


def test_parsing_touches_nothing_but_its_argument() -> None:
    """The same texts in any order make the same law."""
    backwards = parse(dict(reversed(DOCUMENTS.items())))
    assert list(backwards.rules) == list(LAW.rules)
    assert decide(backwards, own(Verb.READ_DAY, Role.WORKER)) == decide(LAW, own(Verb.READ_DAY, Role.WORKER))

"""Permissions of their own: who can sign them, what each opens and nothing else, what binds her and until when, what
the database refuses, and that no service ever hangs on one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accord.config.service import gate
from accord.doors.web.forms.sharing import SignForm
from accord.doors.web.pages import ConditionOfService, Page
from accord.doors.web.urls import PAGES
from accord.gate import disclose_all
from accord.gate.instruments import offers, refusals, speaks_of_substance_use, wanted
from accord.gate.law import law
from accord.policy.decide import decide
from accord.policy.facts import Agency, Member, Question, Signer, Thing
from accord.policy.words import (
    AgencyKind,
    Category,
    Duty,
    Element,
    Instrument,
    Level,
    Mark,
    Purpose,
    Role,
    SignerRole,
    Verb,
)
from accord.sharing import actions, facts, models
from accord.sharing import queries as sharing
from accord.sharing.rules import InvalidRelease, Signing, State, Way
from accord.vault import actions as vault
from accord.vault import queries as files
from accord.vault.rules import Summary, marks_for
from tests.rooms.test_release_page import told
from tests.rooms.test_web_releases import ALOUD, SIGNED, begun, prepared, releases_of, signed_in, terms, text, today

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
PAGE = Signing(spoken=frozenset(Element), method="screen", copy="given", signature="A. P.")
VAWA, PART2 = frozenset({Duty.VAWA}), frozenset({Duty.PART2, Duty.HIPAA})


# ------------------------------------------------------------------ who signs: the page, the signing, the law


def takes(signer: Signer, duties: frozenset[Duty]) -> bool:
    """Whose signature the law takes, read from the text alone (34 USC 12291(b)(2)(B)(ii); 45 CFR 164.502(g))."""
    role = signer.role
    if signer.abuser:
        return False
    if signer.dead and role not in (SignerRole.NEXT_OF_KIN, SignerRole.REPRESENTATIVE):
        return False
    if not signer.dead and role is SignerRole.NEXT_OF_KIN:
        return False
    if signer.ward and role is SignerRole.SELF and not signer.alone:
        return False
    if signer.ward and role is SignerRole.GUARDIAN and signer.alone:
        return False
    if not signer.minor:
        return role is not SignerRole.PARENT and (signer.ward or role is not SignerRole.GUARDIAN)
    if role is SignerRole.SELF:
        return signer.alone or signer.cosigned
    if signer.cosigned or role is SignerRole.NEXT_OF_KIN:
        return True
    return not signer.alone and duties.isdisjoint({Duty.VAWA, Duty.FVPSA, Duty.PART2, Duty.ATTORNEY_PRIVILEGE})


def signing_form(data: dict | None, *, born: date | None, child: bool) -> SignForm:
    sentences = {element: element.value for element in (*ALOUD_ELEMENTS,)}
    return SignForm(data, sentences=sentences, days=15, born=born, today=DAY, child=child, paper_is_safe=True)


ALOUD_ELEMENTS = (Element.RIGHT_TO_REVOKE, Element.INFORMED, Element.NOT_A_CONDITION, Element.REDISCLOSURE)
BORN = {"minor": date(2011, 1, 1), "adult": date(1990, 1, 1), "unknown": None}
HOLDERS = [
    frozenset({duty})
    for duty in (
        Duty.VAWA,
        Duty.VOCA,
        Duty.FVPSA,
        Duty.HIPAA,
        Duty.PART2,
        Duty.FERPA,
        Duty.ATTORNEY_PRIVILEGE,
        Duty.NONE,
    )
] + [PART2, frozenset({Duty.VAWA, Duty.VOCA})]


def as_signed(page: Signing) -> models.Release:
    """The row as `sign_page` would leave it."""
    return models.Release(
        id=uuid4(), agency_id=UUID(int=1), subject_id=UUID(int=2), recipient_id=UUID(int=3), purpose=Purpose.SAFETY,
        grants={"injuries": 2}, elements=[element.value for element in page.elements()], signed_at=AT,
        until_at=AT + timedelta(days=15), signer_role=page.signer, signer_minor=page.minor, signer_alone=page.alone,
        signer_cosigned=page.cosigned, signer_abuser=page.abuser, signer_ward=page.ward, signer_dead=page.dead,
    )  # fmt: skip


def opens(row: models.Release, duties: frozenset[Duty], **more) -> bool:
    holder = Agency(str(row.agency_id), AgencyKind.VICTIM_SERVICES, duties)
    question = Question(
        verb=Verb.DISCLOSE, asker=holder, member=Member("m", frozenset({Role.WORKER})), holder=holder,
        thing=Thing(Category.INJURIES, str(row.subject_id)), purpose=Purpose(row.purpose), at=AT,
        recipient=Agency(str(row.recipient_id), AgencyKind.HOSPITAL, frozenset({Duty.HIPAA})),
        releases=(facts.release_fact(row),),
    )  # fmt: skip
    return decide(law(), replace(question, **more)).level > Level.NONE


@pytest.mark.parametrize("child", [False, True])
@pytest.mark.parametrize("age", BORN)
def test_every_way_of_signing_on_the_page_is_taken_exactly_when_the_law_takes_it(age, child):
    seen: dict[bool, int] = {True: 0, False: 0}
    ways = [Way(value) for value, _said in signing_form(None, born=BORN[age], child=child).fields["way"].choices]
    for way, ward, dead, abuser in product(ways, (False, True), (False, True), ("no", "yes")):
        data = ALOUD | {
            "way": way.value, "authority": "letters, county court, 3 May", "cosigner": "Luz, mother", "abuser": abuser,
            "method": "screen", "signature": "A. P.", "copy": "given",
        }  # fmt: skip
        data |= {"ward": "on"} if ward else {}
        data |= {"dead": "on"} if dead else {}
        form = signing_form(data, born=BORN[age], child=child)
        assert form.is_valid(), form.errors
        row = as_signed(form.page())
        signer = facts.release_fact(row).signer
        assert signer.ward >= ward
        assert signer.dead >= dead
        for duties in HOLDERS:
            expected = takes(signer, duties)
            seen[expected] += 1
            assert opens(row, duties) == expected, (way, ward, dead, abuser, duties)
            # What the page says before she signs is what the law says after.
            holder = Agency("h", AgencyKind.VICTIM_SERVICES, duties)
            recipient = Agency("r", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}))
            assert bool(refusals(holder, [recipient], signer, AT)) == (not expected)
    assert min(seen.values()) > 20


def test_a_ward_s_signature_wants_the_court_order_and_the_list_shows_who_could_sign():
    data = SIGNED | {"way": "guardian", "abuser": "no", "authority": ""}
    form = signing_form(data, born=BORN["adult"], child=False)
    assert not form.is_valid()
    assert "which court" in str(form.errors["authority"])
    form = signing_form(SIGNED | {"ward": "on"}, born=BORN["adult"], child=False)
    assert "authority" in form.errors
    holder = Agency("h", AgencyKind.VICTIM_SERVICES, VAWA)
    recipient = Agency("r", AgencyKind.POLICE, frozenset({Duty.BRADY}))
    refused = {
        said: bool(refusals(holder, [recipient], signer, AT))
        for said, signer in signing_form(None, born=BORN["adult"], child=False).signers()
    }
    assert not any(refused.values()), "of an adult alive the page offers only ways that the law takes"
    young = dict(signing_form(None, born=BORN["minor"], child=False).signers())
    parent = next(signer for said, signer in young.items() if said.startswith("A parent signs"))
    (no,) = refusals(holder, [recipient], parent, AT)
    assert no.because.rule == "signer-minor"
    assert not refusals(replace(holder, duties=frozenset({Duty.VOCA})), [recipient], parent, AT)


# ------------------------------------------------------------------ what the law asks, from the engine's own data


def test_the_list_is_the_union_of_what_every_law_of_the_holder_asks():
    both = Agency("h", AgencyKind.VICTIM_SERVICES, frozenset({Duty.VAWA, Duty.HIPAA}))
    found = {each.element: each for each in wanted(both, Instrument.ORDINARY, (), AT)}
    one, other = (
        {each.element for each in wanted(replace(both, duties=frozenset({duty})), Instrument.ORDINARY, (), AT)}
        for duty in both.duties
    )
    assert set(found) == one | other
    assert one != other
    assert found[Element.AUTHORITY].if_not_self
    assert len(found[Element.SIGNED].by) == 2
    assert {because.rule for because in found[Element.REDISCLOSURE].by} == {"hipaa-authorization"}
    own = wanted(both, Instrument.PSYCHOTHERAPY_NOTES, {Mark.PSYCHOTHERAPY_NOTE}, AT)
    assert any(because.rule == "key-psychotherapy" for each in own for because in each.by)
    assert Element.SUBSTANCE_USE not in found
    said = wanted(both, Instrument.ORDINARY, (), AT, substance_use=True)
    assert Element.SUBSTANCE_USE in {each.element for each in said}


def test_what_is_offered_follows_from_the_law_and_the_marks():
    shelter = Agency("s", AgencyKind.VICTIM_SERVICES, VAWA)
    programme = Agency("p", AgencyKind.SUBSTANCE_USE, PART2)
    hospital = Agency("h", AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}))
    assert not offers(shelter, (), AT)
    assert set(offers(shelter, {Mark.SHELTER_LOCATION}, AT)) == {Instrument.SHELTER_PERMISSION}
    assert Instrument.SHELTER_PERMISSION not in offers(hospital, {Mark.SHELTER_LOCATION}, AT)
    assert set(offers(programme, (), AT)) == {Instrument.PROCEEDING, Instrument.CRIMINAL_JUSTICE}
    assert offers(programme, (), AT)[Instrument.CRIMINAL_JUSTICE].binds
    assert offers(programme, (), AT)[Instrument.CRIMINAL_JUSTICE].purposes == {Purpose.SUPERVISION}
    assert not offers(programme, (), AT)[Instrument.PROCEEDING].binds
    for duties in (VAWA, frozenset({Duty.VAWA, Duty.PART2}), frozenset({Duty.FVPSA, Duty.HIPAA})):
        told = offers(replace(shelter, duties=duties), set(Mark), AT)
        assert Instrument.CRIMINAL_JUSTICE not in told, "never a victim service provider"
    assert speaks_of_substance_use(programme, (), AT)
    assert speaks_of_substance_use(hospital, {Mark.SUD}, AT)
    assert not speaks_of_substance_use(hospital, {Mark.SEALED}, AT)
    for key in law().on(AT).keys:
        assert key.instrument is None or any(
            key.instrument in offers(Agency("a", AgencyKind.SUBSTANCE_USE, duties), set(Mark), AT)
            for duties in (VAWA, PART2)
        ), f"nobody could ever be asked for {key.instrument}"


def test_marks_are_offered_to_those_whose_law_knows_them():
    assert set(marks_for(AgencyKind.VICTIM_SERVICES, VAWA)) == {Mark.SHELTER_LOCATION, Mark.IMMIGRATION}
    assert Mark.SUD_COUNSELLING_NOTE in marks_for(AgencyKind.SUBSTANCE_USE, PART2)
    assert Mark.SUD_COUNSELLING_NOTE not in marks_for(AgencyKind.HOSPITAL, {Duty.HIPAA})
    assert Mark.VICTIM_CONTACT in marks_for(AgencyKind.INTERVENTION, {Duty.NONE})
    assert Mark.CRIMINAL_HISTORY in marks_for(AgencyKind.POLICE, {Duty.BRADY, Duty.CJIS})
    assert {mark for kind in AgencyKind for mark in marks_for(kind, Duty)} == set(Mark)


# ------------------------------------------------------------------ each opens its own marks and nothing else

LEGAL = frozenset({Duty.ATTORNEY_PRIVILEGE})
#: What no key closes at a holder that is no victim service provider; where a shelter is cannot be marked there.
BASE = frozenset({"", Mark.VICTIM_CONTACT, Mark.SHELTER_LOCATION})
OWN = {
    Instrument.ORDINARY: (AgencyKind.HOSPITAL, frozenset({Duty.HIPAA}), "agency", Purpose.SAFETY, BASE),
    Instrument.PSYCHOTHERAPY_NOTES: (
        AgencyKind.MENTAL_HEALTH, frozenset({Duty.HIPAA}), "hospital", Purpose.TREATMENT, {Mark.PSYCHOTHERAPY_NOTE}
    ),
    Instrument.COUNSELLING_NOTES: (
        AgencyKind.SUBSTANCE_USE, PART2, "hospital", Purpose.TREATMENT, {Mark.SUD_COUNSELLING_NOTE}
    ),
    Instrument.PROCEEDING: (AgencyKind.SUBSTANCE_USE, PART2, "police", Purpose.INVESTIGATION, BASE | {Mark.SUD}),
    Instrument.CRIMINAL_JUSTICE: (AgencyKind.SUBSTANCE_USE, PART2, "police", Purpose.SUPERVISION, BASE | {Mark.SUD}),
    Instrument.PRIVILEGE_WAIVER: (AgencyKind.LEGAL_AID, LEGAL, "agency", Purpose.LEGAL_HELP, {Mark.PRIVILEGED}),
    Instrument.SHELTER_PERMISSION: (
        AgencyKind.VICTIM_SERVICES, VAWA, "police", Purpose.SAFETY, {Mark.SHELTER_LOCATION}
    ),
    Instrument.IMMIGRATION_WAIVER: (AgencyKind.VICTIM_SERVICES, VAWA, "agency", Purpose.LEGAL_HELP, {Mark.IMMIGRATION}),
}  # fmt: skip


def file_with_every_mark(world, worker) -> UUID:
    who = world.client(worker)
    with worker.enter(Verb.ADD_ENTRY, client=who) as permit:
        vault.add_entries(
            permit=permit, at=permit.at, client_id=who,
            entries=[
                vault.NewEntry(
                    kind="note", category=Category.NOTES, occurred_at=permit.at,
                    summary=Summary.typed(f"note:{mark}"), marks=frozenset({Mark(mark)} if mark else ()),
                )
                for mark in ("", *Mark)
            ],
        )  # fmt: skip
    return who


def drafted(worker, who: UUID, recipient, instrument: Instrument, purpose: Purpose, *, days=15, **more) -> UUID:
    with worker.enter(Verb.PREPARE_RELEASE, client=who) as permit:
        return actions.prepare(
            permit=permit, at=permit.at, client_id=who, recipient_id=recipient.id, purpose=purpose,
            grants={Category.NOTES: Level.SUMMARY}, last_day=today() + timedelta(days=days), language="en",
            instrument=instrument, **more,
        )  # fmt: skip


def allow(house, who: UUID, release: UUID) -> None:
    with house[Role.DIRECTOR].enter(Verb.COSIGN_RELEASE, client=who) as permit:
        actions.cosign(permit=permit, at=permit.at, client_id=who, release_id=release)


def sign(worker, who: UUID, release: UUID, page: Signing = PAGE) -> dict[UUID, int]:
    with worker.enter(Verb.SIGN_RELEASE, client=who) as permit:
        signed = actions.sign_page(permit=permit, at=permit.at, release_ids=[release], page=page)
        return disclose_all(gate(), permit, worker.caller, signed)


def notes(house) -> set[str]:
    return {
        view.content.summary["text"].removeprefix("note:")
        for view in told(house)
        if view.category is Category.NOTES and view.content.summary
    }


def test_every_instrument_is_tried():
    assert set(OWN) == set(Instrument)


@pytest.mark.parametrize("instrument", OWN, ids=str)
def test_each_instrument_opens_its_own_marks_and_nothing_else(world, instrument):
    kind, duties, to, purpose, opened = OWN[instrument]
    house, partner = world.agency(kind, duties), getattr(world, to)()
    who = file_with_every_mark(world, house.worker)
    release = drafted(house.worker, who, partner, instrument, purpose)
    if instrument is Instrument.SHELTER_PERMISSION:
        with pytest.raises(InvalidRelease, match="has to allow it first"):
            sign(house.worker, who, release)
        assert not told(partner)
        another = file_with_every_mark(world, house.worker)
        drafted(house.worker, another, partner, instrument, purpose)
        with pytest.raises(InvalidRelease, match="nothing here that you can allow"):
            allow(house, another, release)
        director = signed_in(house[Role.DIRECTOR])
        assert director.post(f"/clients/{another}/releases/{release}/allow/").status_code == 404
        with pytest.raises(InvalidRelease, match="has to allow it first"):
            sign(house.worker, who, release)
        allow(house, who, release)
    sign(house.worker, who, release)
    assert notes(partner) == {str(mark) for mark in opened}


def test_substance_use_records_open_only_when_it_is_said_that_they_are_meant(world):
    house, silent, meant = world.agency(AgencyKind.SUBSTANCE_USE, PART2), world.hospital(), world.hospital()
    who = file_with_every_mark(world, house.worker)
    sign(house.worker, who, drafted(house.worker, who, silent, Instrument.ORDINARY, Purpose.TREATMENT))
    release = drafted(house.worker, who, meant, Instrument.ORDINARY, Purpose.TREATMENT, substance_use=True)
    with pytest.raises(InvalidRelease, match="alcohol or drug treatment"):
        sign(house.worker, who, release, replace(PAGE, spoken=PAGE.spoken - {Element.SUBSTANCE_USE}))
    sign(house.worker, who, release)
    assert Mark.SUD not in notes(silent)
    assert notes(meant) == notes(silent) | {str(Mark.SUD)}


def test_nothing_is_combined_with_a_permission_of_its_own(world):
    house, one, other = world.agency(AgencyKind.MENTAL_HEALTH, frozenset({Duty.HIPAA})), world.agency(), world.agency()
    who = file_with_every_mark(world, house.worker)
    notes_alone = Instrument.PSYCHOTHERAPY_NOTES
    release = drafted(house.worker, who, one, notes_alone, Purpose.TREATMENT)
    with house.worker.enter(Verb.READ_CLIENT, client=who) as permit:
        talk = sharing.release(permit=permit, release_id=release).conversation
    for instrument in (Instrument.ORDINARY, notes_alone):
        with pytest.raises(InvalidRelease, match="combined with nothing"):
            drafted(house.worker, who, other, instrument, Purpose.TREATMENT, conversation=talk)
    plain = drafted(house.worker, who, other, Instrument.ORDINARY, Purpose.TREATMENT)
    # Not even by hand in the table.
    with pytest.raises(DatabaseError, match="combined with nothing"), house.worker.enter(Verb.READ_DAY):
        models.Release.objects.filter(id=plain).update(conversation=talk)


# ------------------------------------------------------------------ what binds her, and until when


@pytest.fixture
def bound(world):
    return binds_herself(world)


def binds_herself(world):
    """A programme, the court that monitors, her, and a consent that binds her until the hearing or its day."""
    house = world.agency(AgencyKind.SUBSTANCE_USE, PART2)
    court = world.agency(AgencyKind.COURT, frozenset({Duty.COURT_RECORDS}))
    who = file_with_every_mark(world, house.worker)
    release = drafted(house.worker, who, court, Instrument.CRIMINAL_JUSTICE, Purpose.SUPERVISION)
    with house.worker.enter(Verb.PREPARE_RELEASE, client=who) as permit:
        actions.describe(
            permit=permit, at=permit.at, release_id=release, purpose=Purpose.SUPERVISION,
            grants={Category.NOTES: Level.SUMMARY}, last_day=today() + timedelta(days=20), ends_with="hearing_held",
            fixed=True,
        )  # fmt: skip
    sign(house.worker, who, release)
    return house, court, who, release


def row_of(house, release: UUID) -> models.Release:
    with house.worker.enter(Verb.READ_DAY):
        return models.Release.objects.get(id=release)


def test_what_binds_her_stands_until_its_day_and_her_wish_is_noted(world, bound):
    house, court, who, release = bound
    before = notes(court)
    assert Mark.SUD in before
    door = signed_in(house.worker)
    page = text(door.get(f"/clients/{who}/releases/{release}/withdraw/"))
    assert "Until when it stands, and why" in page
    assert "42 CFR 2.35" in page
    assert "End it now" not in page
    answer = text(door.post(f"/clients/{who}/releases/{release}/withdraw/", {"how": "phone"}, follow=True))
    assert "Noted: she wants it to end." in answer
    assert notes(court) == before, "it stands"
    row = row_of(house, release)
    assert (row.wished_how, row.withdrawn_at) == ("phone", None)
    assert "noted already" in text(door.post(f"/clients/{who}/releases/{release}/withdraw/", {"how": "phone"}))
    holder = replace(Agency(str(house.id), AgencyKind.SUBSTANCE_USE, PART2))
    for at, alive in (
        (row.fixed_until - timedelta(seconds=1), True),
        (row.fixed_until, False),
        (row.fixed_until + timedelta(seconds=1), False),
    ):
        found = opens(
            row, PART2, at=at, holder=holder, asker=holder,
            thing=Thing(Category.NOTES, str(row.subject_id), marks=frozenset({Mark.SUD})),
            recipient=Agency(str(court.id), AgencyKind.COURT, frozenset({Duty.COURT_RECORDS})),
        )  # fmt: skip
        assert found == alive, at
    with house.worker.enter(Verb.READ_DAY):
        ends = set(models.Envelope.objects.filter(release=release).values_list("until_at", flat=True))
    assert ends == {row.fixed_until}, "the database itself stops the reading then"
    # Asked again it is not: she wanted it to end.
    assert door.post(f"/clients/{who}/releases/{release}/renew/").status_code == 404


def test_after_its_day_there_is_nothing_left_to_take_back(bound):
    house, _court, who, release = bound
    until = row_of(house, release).fixed_until
    for at in (until, until + timedelta(days=1)):
        with (
            pytest.raises(InvalidRelease, match="has ended already"),
            house.worker.enter(Verb.WITHDRAW_RELEASE, client=who, at=at) as permit,
        ):
            actions.withdraw(permit=permit, at=at, release_id=release, how="phone")


def test_the_event_ends_it_before_its_day_even_where_it_binds_her(bound):
    house, court, who, release = bound
    door = signed_in(house.worker)
    talk = row_of(house, release).conversation
    assert "Now the hearing has been held: end it" in text(door.get(f"/clients/{who}/conversations/{talk}/"))
    said = text(door.post(f"/clients/{who}/releases/{release}/over/", follow=True))
    assert "This release has ended" in said
    assert not told(court)
    with house.worker.enter(Verb.READ_CLIENT, client=who) as permit:
        assert sharing.release(permit=permit, release_id=release).state is State.EXPIRED
    assert "ended already" in text(door.post(f"/clients/{who}/releases/{release}/over/", follow=True))


def test_only_those_who_monitor_a_case_can_be_told_on_what_binds_her(world, bound):
    house, court, who, _release = bound
    door, other = signed_in(house.worker), world.agency()
    page = {"partner": str(other.id), "language": "en", "instrument": "criminal_justice"}
    assert "watches over the condition" in text(door.post(f"/clients/{who}/releases/new/", page))
    both = page | {"partner": [str(other.id), str(court.id)]}
    assert "names one partner" in text(door.post(f"/clients/{who}/releases/new/", both))
    shelter = world.agency()
    hers = file_with_every_mark(world, shelter.worker)
    with pytest.raises(DatabaseError, match="taken back at once"), shelter.worker.enter(Verb.READ_DAY) as permit:
        models.Release.objects.create(
            agency_id=shelter.id, client_id=hers, subject_id=_herself(shelter, hers), recipient_id=court.id,
            purpose=Purpose.SUPERVISION, grants={"notes": 2}, language="en", elements=[], signer_role="self",
            instrument=Instrument.CRIMINAL_JUSTICE, prepared_at=permit.at, prepared_by=uuid4(), until_at=permit.at,
            fixed_until=permit.at,
        )  # fmt: skip


def _herself(house, who: UUID) -> UUID:
    return models.Person.objects.get(client_id=who, relation="self").id


def test_an_ordinary_release_ends_with_a_word_however_it_is_said(world):
    house, partner = world.agency(), world.agency()
    who = file_with_every_mark(world, house.worker)
    for how in ("in_person", "phone", "written"):
        release = drafted(house.worker, who, partner, Instrument.ORDINARY, Purpose.SAFETY)
        sign(house.worker, who, release)
        assert notes(partner)
        with house.worker.enter(Verb.WITHDRAW_RELEASE, client=who) as permit:
            actions.withdraw(permit=permit, at=permit.at, release_id=release, how=how)
        assert not told(partner)
        assert row_of(house, release).withdrawn_how == how


# ------------------------------------------------------------------ what the database refuses


NEW = {
    "instrument": "ordinary", "fixed_until": None, "signer_ward": True, "signer_dead": True, "ends_with": "case_closed",
    "responsible_at": None, "responsible_by": None, "elements": ["written"], "until_at": AT,
}  # fmt: skip


@pytest.mark.parametrize("column", NEW)
def test_the_database_lets_nobody_edit_what_she_has_signed(bound, column):
    house, _court, _who, release = bound
    value = NEW[column]
    if column.startswith("responsible"):
        value = timezone.now() if column.endswith("_at") else uuid4()
    with pytest.raises(DatabaseError), house.worker.enter(Verb.READ_DAY):
        models.Release.objects.filter(id=release).update(**{column: value})
    assert getattr(row_of(house, release), column) != value


def test_a_wish_and_an_end_are_written_once(bound):
    house, _court, who, release = bound
    with house.worker.enter(Verb.WITHDRAW_RELEASE, client=who) as permit:
        actions.withdraw(permit=permit, at=permit.at, release_id=release, how="phone")
    with pytest.raises(DatabaseError, match="never edited"), house.worker.enter(Verb.READ_DAY):
        models.Release.objects.filter(id=release).update(wished_how="written")
    with house.worker.enter(Verb.WITHDRAW_RELEASE, client=who) as permit:
        actions.end_with_event(permit=permit, at=permit.at, release_id=release)
    with pytest.raises(DatabaseError, match="never edited"), house.worker.enter(Verb.READ_DAY):
        models.Release.objects.filter(id=release).update(ended_at=timezone.now())


# ------------------------------------------------------------------ the shelter's word beside hers


def test_where_the_shelter_is_wants_two_people_and_a_change_wants_them_again(world):
    house, police = world.agency(roles=(Role.WORKER, Role.DIRECTOR)), world.police()
    who = file_with_every_mark(world, house.worker)
    door, director = signed_in(house.worker), signed_in(house[Role.DIRECTOR])
    assert "Where the shelter is" in text(door.get(f"/clients/{who}/releases/new/"))
    talk = begun(door, who, police, instrument="shelter_permission")
    page = door.get(f"{talk}terms/").content.decode()
    assert f"{police.id}-identity" not in page
    fields = terms(police, notes=2) | {f"{police.id}-identity": ""}
    assert door.post(f"{talk}terms/", fields).status_code == 302
    release = releases_of(house.worker, who, talk)[police.id].id
    assert "has not allowed it yet" in text(door.get(f"{talk}sign/"))
    assert "has to allow it first" in text(door.post(f"{talk}sign/", SIGNED))
    waiting = text(director.get("/shelter/"))
    assert police.name in waiting
    assert "Ana" not in waiting
    allowed = f"/clients/{who}/releases/{release}/allow/"
    assert door.post(allowed).status_code == 404, "a worker cannot"
    assert "Allowed for the shelter" in text(director.post(allowed, follow=True))
    assert "nothing here that you can allow" in text(director.post(allowed, follow=True))
    # Said otherwise it is another question.
    assert door.post(f"{talk}terms/", fields | {f"{police.id}-purpose": "shelter"}).status_code == 302
    assert "has to allow it first" in text(door.post(f"{talk}sign/", SIGNED))
    director.post(allowed)
    assert "Signed and sent" in text(door.post(f"{talk}sign/", SIGNED, follow=True))
    assert notes(police) == {str(Mark.SHELTER_LOCATION)}
    assert director.post(f"/clients/{uuid4()}/releases/{release}/allow/").status_code == 404
    assert director.post(f"/clients/{who}/releases/{uuid4()}/allow/").status_code == 404


# ------------------------------------------------------------------ the pages


def test_what_the_law_asks_stands_on_the_page_with_what_is_done(world):
    house, partner = world.agency(AgencyKind.SUBSTANCE_USE, PART2), world.hospital()
    who = file_with_every_mark(world, house.worker)
    door = signed_in(house.worker)
    talk = begun(door, who, partner)
    fields = terms(partner, notes=2) | {f"{partner.id}-substance_use": "on", f"{partner.id}-purpose": "treatment"}
    assert door.post(f"{talk}terms/", fields).status_code == 302
    page = text(door.get(f"{talk}sign/"))
    assert "What the law of this agency asks of this release" in page
    assert "42 CFR 2.31(a)" in page
    assert "45 CFR 164.508(a)(1), (c)" in page
    assert "Records about alcohol or drug treatment are meant, too." in page
    assert "Whose signature the law takes here" in page
    assert "Not read to her yet" in text(door.post(f"{talk}sign/", SIGNED))
    assert "Signed and sent" in text(door.post(f"{talk}sign/", SIGNED | {"substance_use": "on"}, follow=True))
    assert Mark.SUD in notes(partner)
    assert "cabinet 2" in text(door.get(talk)), "where the signed paper is kept"


def test_a_marked_note_stays_closed_on_her_ordinary_release_and_opens_on_its_own(world):
    house = world.agency(AgencyKind.MENTAL_HEALTH, frozenset({Duty.HIPAA, Duty.THERAPIST_PRIVILEGE}))
    who, door, partner = world.client(house.worker), signed_in(house.worker), world.hospital()
    page = door.get(f"/clients/{who}/entries/new/").content.decode()
    assert 'value="psychotherapy_note"' in page
    assert 'value="shelter_location"' not in page
    entry = {"kind": "note", "day": today().isoformat(), "summary": "CANARY-THERAPY", "marks": ["psychotherapy_note"]}
    assert door.post(f"/clients/{who}/entries/new/", entry).status_code == 302
    assert "A therapist&#x27;s own notes" in door.get(f"/clients/{who}/entries/").content.decode()
    stray = door.post(f"/clients/{who}/entries/new/", entry | {"marks": ["shelter_location"]})
    assert stray.status_code == 200, "not a mark of this agency"
    talk = prepared(door, who, partner, notes=2)
    door.post(f"{talk}sign/", SIGNED)
    assert "CANARY-THERAPY" not in str([view.content.summary for view in told(partner)])
    talk = begun(door, who, partner, instrument="psychotherapy_notes")
    assert door.post(f"{talk}terms/", terms(partner, notes=2)).status_code == 302
    assert "No other permission opens them" in text(door.get(f"{talk}sign/"))
    assert door.get(f"{talk}partners/").status_code == 404, "nobody is added to it"
    assert "Signed and sent" in text(door.post(f"{talk}sign/", SIGNED, follow=True))
    assert "CANARY-THERAPY" in str([view.content.summary for view in told(partner)])


# ------------------------------------------------------------------ never a condition of service (facts 1.12 case 25)


def test_no_page_asks_for_a_release_and_gives_a_service():
    for page in PAGES.values():
        replace(page)
    for service, word in product(("add_entry", "open_client", "accept_envelope"), ("prepare_release", "sign_release")):
        with pytest.raises(ConditionOfService):
            Page("x/", lambda request: None, "x", (Verb(service), Verb(word)))


def test_saying_no_changes_nothing_in_her_services(world):
    house, partner = world.agency(), world.agency()
    who, door = world.client(house.worker), signed_in(house.worker)
    with house.worker.enter(Verb.ADD_ENTRY, Verb.READ_CLIENT, client=who) as permit:
        herself = files.herself(permit=permit, client_id=who).id
        vault.note_service(
            permit=permit, at=permit.at, client_id=who, about=[herself], service="shelter", step="waiting",
            occurred_at=permit.at,
        )  # fmt: skip

    def served():
        with house.worker.enter(Verb.READ_CLIENT, client=who) as permit:
            return files.services(permit=permit, client_id=who), files.client(permit=permit, client_id=who).status

    before, page = served(), door.get(f"/clients/{who}/services/").content
    talk = begun(door, who, partner)
    door.post(f"{talk}withdraw/", {"how": "in_person"})
    talk = prepared(door, who, partner, services=2)
    assert "Saying no changes nothing about your care" in text(door.get(f"{talk}sign/"))
    door.post(f"{talk}withdraw/", {"how": "in_person"})
    world.withdraw(house.worker, who, world.release(house.worker, who, partner))
    assert served() == before
    door.get("/promise/")  # what was to be said once is said here
    assert _bare(door.get(f"/clients/{who}/services/").content) == _bare(page)


def _bare(page: bytes) -> bytes:
    return re.sub(rb'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"', b"", page)

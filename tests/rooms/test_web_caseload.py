"""A caseload through the web door: a list becomes files step by step and once, and files leave only as two people and
the gate allow."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from uuid import UUID

import openpyxl
import pyrage
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accord.config.service import gate
from accord.doors.web import watching
from accord.doors.web.views import caseload as pages
from accord.gate import Caller
from accord.ledger import queries as ledger
from accord.policy.words import Category, Level, Purpose, Role, Verb
from accord.records.caseload import actions, queries, rules
from accord.records.caseload.actions import InvalidExport
from accord.records.caseload.models import Export, Part, Upload
from accord.records.caseload.queries import UploadGone
from accord.records.caseload.rules import LOOKING_BACK, VALID
from accord.sealing import age
from accord.vault import actions as vault_actions
from accord.vault import queries as vault
from accord.vault.models import Client as File
from accord.vault.rules import Identity, SafeContact
from tests.world import PASSWORD, from_elsewhere

PASSPHRASE = "seven harmless words and a number"
LOCK = {"lock": "passphrase", "passphrase": PASSPHRASE, "again": PASSPHRASE}


#: Small, so that what is about numbers needs few people; tests/rooms/test_caseload_rules.py holds the real ones.
ALONE, BATCH = 4, 3


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few people, and scrypt as cheap as it gets: these tests are not about guessing."""
    monkeypatch.setattr(rules, "ALONE", ALONE)
    monkeypatch.setattr(actions, "BATCH", BATCH)
    monkeypatch.setattr(pages, "for_passphrase", lambda passphrase: age.for_passphrase(passphrase, work=4))


@pytest.fixture
def house(world):
    return world.agency(roles=(Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER))


def signed_in(worker):
    browser = Client(SERVER_NAME="127.0.0.1", REMOTE_ADDR=from_elsewhere())
    assert browser.post("/sign-in/", {"login": worker.email, "password": PASSWORD}).status_code == 302
    return browser


def text(answer):
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def listed(rows, headers=("First name", "Last name", "DOB")):
    written = io.StringIO(newline="")
    csv.writer(written).writerows([headers, *rows])
    return written.getvalue().encode()


def uploaded(browser, data, name="list.csv", **more):
    answer = browser.post("/caseload/import/", {"table": SimpleUploadedFile(name, data)} | more)
    assert answer.status_code == 302, text(answer)
    return re.fullmatch(r"/caseload/import/([0-9a-f-]{36})/columns/", answer.headers["Location"])[1]


def named(browser, upload, *fields, **more):
    typed = {f"column_{column}": field for column, field in enumerate(fields)} | more
    return browser.post(f"/caseload/import/{upload}/columns/", typed)


def brought(browser, upload, **how):
    """Begin and press "Go on" until it is done."""
    answer = browser.post(f"/caseload/import/{upload}/preview/", how)
    assert answer.status_code == 302, text(answer)
    for _ in range(50):
        if "Done" in text(browser.get(f"/caseload/import/{upload}/")):
            return
        browser.post(f"/caseload/import/{upload}/", {"do": "go"})
    raise AssertionError("it never ends")


def rows_of(house, model):
    with house[Role.SUPERVISOR].enter(Verb.FIND_CLIENTS):
        return list(model.objects.all())


def names(house):
    """Everybody's name, as the agency reads it."""
    with house[Role.SUPERVISOR].enter(Verb.FIND_CLIENTS, Verb.READ_CLIENT) as permit:
        ids = list(File.objects.order_by("id").values_list("id", flat=True))
        return sorted(vault.client(permit=permit, client_id=id).herself.identity.name for id in ids)


# ---------------------------------------------------------------------------------------------------------------------
# In


def test_a_list_becomes_files_that_are_found_and_say_where_they_came_from(house):
    boss = signed_in(house[Role.SUPERVISOR])
    assert "Caseload, in and out" in text(boss.get("/clients/"))
    data = listed(
        [
            ["Naomi", "Achebe", "5/17/1990", "555-0101", "closed", "DV; stalking", "Leo", "has a dog", "2/1/2020"],
            ["Inés", "Muñoz", "3/4/1985", "", "open", "", "", "", ""],
        ],
        ("First name", "Last name", "DOB", "Phone", "Status", "Harm", "Child", "Remark", "Opened"),
    )
    upload = uploaded(boss, data)
    page = text(boss.get(f"/caseload/import/{upload}/columns/"))
    for shown in ("2 rows were found", "Naomi", "555-0101", "Remark", "what comes first?"):
        assert shown in page
    fields = ("given", "family", "born", "phone", "status", "harms", "child", "note", "opened")
    assert "a wrong guess would change her birthday" in text(named(boss, upload, *fields))
    assert named(boss, upload, *fields, order="month").headers["Location"] == f"/caseload/import/{upload}/preview/"
    page = text(boss.get(f"/caseload/import/{upload}/preview/"))
    for shown in (
        "Naomi Achebe",
        "17 May 1990",
        "Closed",
        "Leo",
        "Remark: has a dog",
        "4 Mar 1985",
        "Can be brought in 2",
    ):
        assert shown in page, shown
    assert names(house) == []
    brought(boss, upload)
    assert names(house) == ["Inés Muñoz", "Naomi Achebe"]
    found = boss.post("/clients/", {"text": "achebe"}).content.decode()
    client = re.search(r'href="(/clients/[0-9a-f-]+/)"[^>]*>Naomi', found)[1]
    page = text(boss.get(client))
    for shown in ("Leo", "Brought over from an earlier list.", "Stalking"):
        assert shown in page
    assert "has a dog" in text(boss.get(f"{client}entries/"))
    row = next(row for row in rows_of(house, File) if row.status == "closed")
    assert (row.opened_at.date(), row.key_version) == (date(2020, 2, 1), 1)


def test_what_was_uploaded_is_sealed_seen_by_nobody_else_and_gone_when_it_is_done(house, world):
    boss, other = signed_in(house[Role.SUPERVISOR]), world.colleague(house, roles=(Role.SUPERVISOR,))
    upload = uploaded(boss, listed([["Xiomara", "Quetzal", "1990-05-17"]]))
    kept = [bytes(part.rows) for part in rows_of(house, Part)] + [bytes(row.table) for row in rows_of(house, Upload)]
    assert kept
    assert not any(b"Xiomara" in each for each in kept)
    strangers = [
        signed_in(other),
        signed_in(house.worker),
        signed_in(world.agency(roles=(Role.SUPERVISOR,))[Role.SUPERVISOR]),
    ]
    for stranger in strangers:
        for rest in ("", "columns/", "preview/", "faults/"):
            assert stranger.get(f"/caseload/import/{upload}/{rest}").status_code == 404
        assert stranger.post(f"/caseload/import/{upload}/", {"do": "cancel"}).status_code == 404
    assert "Xiomara" not in text(strangers[0].get("/caseload/"))
    named(boss, upload, "given", "family", "born")
    brought(boss, upload)
    assert rows_of(house, Part) == []
    assert [(row.table, row.plan, row.brought) for row in rows_of(house, Upload)] == [(None, None, 1)]
    for rest in ("columns/", "preview/", "faults/"):
        assert boss.get(f"/caseload/import/{upload}/{rest}").status_code == 404


def test_cancelling_destroys_what_was_uploaded_and_keeps_what_was_opened(house):
    boss = signed_in(house[Role.SUPERVISOR])
    upload = uploaded(boss, listed([["Ana", "Vega", ""]]))
    assert boss.post(f"/caseload/import/{upload}/", {"do": "cancel"}).status_code == 302
    assert rows_of(house, Part) == []
    assert boss.get(f"/caseload/import/{upload}/").status_code == 404
    assert names(house) == []

    upload = uploaded(boss, listed([[f"Name {n}", "Vega", ""] for n in range(BATCH + 5)]))
    named(boss, upload, "name", "", "")
    boss.post(f"/caseload/import/{upload}/preview/", {})
    with house[Role.SUPERVISOR].enter(Verb.IMPORT_CASELOAD) as permit:
        assert actions.bring(permit=permit, at=permit.at, today=permit.at.date(), upload_id=UUID(upload))
    boss.post(f"/caseload/import/{upload}/", {"do": "cancel"})
    assert rows_of(house, Part) == []
    assert len(rows_of(house, File)) == BATCH


def test_a_row_with_a_fault_is_left_out_only_when_she_says_so(house):
    boss = signed_in(house[Role.SUPERVISOR])
    rows = [
        ["Ana", "Vega", "1990-01-01"],
        ["Bea\x01", "Vega", "2999-01-01"],
        ["Eva", "Vega", "44927"],
        ["Ida", "Vega", "", "x"],
    ]
    upload = uploaded(boss, listed(rows, ("First name", "Last name", "=DOB")))
    named(boss, upload, "given", "family", "born")
    page = text(boss.get(f"/caseload/import/{upload}/preview/"))
    for shown in (
        "A3",
        "C3",
        "C4",
        "D5",
        "still to come",
        "a number, not a day",
        "Can be brought in 1",
        "Cannot be read 3",
    ):
        assert shown in page, shown
    answer = boss.get(f"/caseload/import/{upload}/faults/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rows.csv"'
    told = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[:3] for row in told[1:]] == [
        ["3", "A", "First name"],
        ["3", "C", "'=DOB"],
        ["4", "C", "'=DOB"],
        ["5", "D", ""],
    ]
    assert not re.search("Bea|Vega|2999|44927", answer.content.decode())

    assert "Tick this, or correct the file" in text(boss.post(f"/caseload/import/{upload}/preview/", {}))
    assert boss.get(f"/caseload/import/{upload}/").headers["Location"].endswith("/preview/")
    brought(boss, upload, without_faulty="on")
    assert names(house) == ["Ana Vega"]
    assert "3 rows were left out" in text(boss.get(f"/caseload/import/{upload}/"))


@pytest.mark.parametrize(
    ("how", "standing"),
    [
        ({"alike": "skip"}, ["Ana Vega", "Rut Sol"]),
        ({"alike": "bring"}, ["Ana Vega", "Ana Vega", "Rut Sol", "Rut Sol"]),
        ({"alike": "skip", "but": "4"}, ["Ana Vega", "Rut Sol", "Rut Sol"]),
        ({"alike": "bring", "but": "2"}, ["Ana Vega", "Rut Sol", "Rut Sol"]),
    ],
)
def test_somebody_who_seems_to_be_here_is_shown_and_she_decides(house, world, how, standing):
    world.client(house.worker, Identity(given="Ána", family="Vega", born=date(1990, 1, 1)))
    world.client(house.worker, Identity(given="Ana", family="Vega", born=date(1991, 1, 1)))
    boss = signed_in(house[Role.SUPERVISOR])
    rows = [["ANA", "VEGA", "1990-01-01"], ["Rut", "Sol", "1980-02-02"], ["Rut", "Sol", "1980-02-02"]]
    upload = uploaded(boss, listed(rows))
    named(boss, upload, "given", "family", "born")
    page = text(boss.get(f"/caseload/import/{upload}/preview/"))
    assert "Seem to be here already 2" in page
    assert re.search(r"Row 2: ANA VEGA \(T\w-\w{5}\)", page)
    assert "Row 4: Rut Sol (row 3)" in page
    brought(boss, upload, **how)
    assert sorted(name.title().replace("Á", "A") for name in names(house)) == sorted(["Ana Vega", *standing])


def test_a_walled_file_is_not_among_those_who_seem_to_be_here(house, world):
    hidden = world.client(house.worker, Identity(given="Ana", family="Vega", born=date(1990, 1, 1)))
    boss = house[Role.SUPERVISOR]
    with house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT) as permit:
        vault_actions.wall_off(permit=permit, at=permit.at, client_id=hidden, member_id=boss.member, kind="relative")
    browser = signed_in(boss)
    upload = uploaded(browser, listed([["Ana", "Vega", "1990-01-01"]]))
    named(browser, upload, "given", "family", "born")
    assert "Seem to be here already 0" in text(browser.get(f"/caseload/import/{upload}/preview/"))


def test_the_same_file_twice_adds_nothing_and_equal_rows_are_two_people(house):
    boss = signed_in(house[Role.SUPERVISOR])
    data = listed([["Ana", "Vega", ""], ["Ana", "Vega", ""], ["Eva", "Sol", ""]])
    for round in range(2):
        upload = uploaded(boss, data if not round else data + b"Ida,Luz,\r\n")
        named(boss, upload, "given", "family", "born")
        page = text(boss.get(f"/caseload/import/{upload}/preview/"))
        assert ("Brought in before 3" in page) == bool(round)
        brought(boss, upload)
    assert names(house) == ["Ana Vega", "Ana Vega", "Eva Sol", "Ida Luz"]


def test_after_a_crash_between_or_within_parts_no_row_is_lost_and_none_comes_twice(house, monkeypatch):
    boss = house[Role.SUPERVISOR]
    browser = signed_in(boss)
    total = 2 * BATCH + 2

    class Crash(Exception):
        pass

    def crash(*args, **kwargs):
        raise Crash

    places = (
        (vault_actions.Person.objects, "bulk_create"),
        (vault_actions.Entry.objects, "bulk_create"),
        (vault_actions, "_write_tokens"),
        (actions, "_step"),
    )
    for round, place in enumerate(places):
        upload = UUID(uploaded(browser, listed([[f"Name {round} {n}", "Vega", ""] for n in range(total)])))
        named(browser, upload, "name", "", "")
        browser.post(f"/caseload/import/{upload}/preview/", {})

        def part(upload=upload):
            with boss.enter(Verb.IMPORT_CASELOAD) as permit:
                return actions.bring(permit=permit, at=permit.at, today=permit.at.date(), upload_id=upload)

        def standing(upload=upload, before=round * total):
            row = next(row for row in rows_of(house, Upload) if row.id == upload)
            assert before + row.brought == len(rows_of(house, File))
            return row.brought, row.stage

        assert part()
        assert standing() == (BATCH, "running")
        with monkeypatch.context() as broken:
            broken.setattr(*place, crash)
            with pytest.raises(Crash):
                part()
        assert standing() == (BATCH, "running")
        assert part()
        assert not part()
        assert standing() == (total, "done")
        assert not part()
    assert len(names(house)) == len(set(names(house))) == 4 * total


def test_the_page_goes_on_by_itself_and_without_javascript(house, monkeypatch):
    monkeypatch.setattr(watching, "PATIENCE", 0)
    monkeypatch.setattr(watching, "PATIENCE_ALONE", 0)
    boss = signed_in(house[Role.SUPERVISOR])
    upload = uploaded(boss, listed([[f"Name {n}", "", ""] for n in range(BATCH + 1)]))
    named(boss, upload, "name", "", "")
    assert boss.post(f"/caseload/import/{upload}/preview/", {}).status_code == 302
    address = f"/caseload/import/{upload}/"
    page = boss.get(address).content.decode()
    assert f'max="{BATCH + 1}" value="0"' in page
    assert 'hx-trigger="submit, load delay:' in page
    fragment = boss.post(address, {"do": "go"}, headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<section id="bringing"')
    assert f'value="{BATCH}"' in fragment
    assert boss.post(address, {"do": "go"}).headers["Location"] == address
    assert f"{BATCH + 1} files were opened" in text(boss.get(address))


def test_a_workbook_with_several_sheets_asks_for_one(house):
    book = openpyxl.Workbook()
    book.active.append(["Nothing"])
    sheet = book.create_sheet("People")
    sheet.append(["First name", "DOB"])
    sheet.append(["Ana", date(1990, 5, 17)])
    written = io.BytesIO()
    book.save(written)
    boss = signed_in(house[Role.SUPERVISOR])
    answer = boss.post("/caseload/import/", {"table": SimpleUploadedFile("x.csv", written.getvalue())})
    assert "has several sheets" in text(answer)
    assert "People" in text(answer)
    upload = uploaded(boss, written.getvalue(), sheet="People")
    assert "what comes first?" not in text(boss.get(f"/caseload/import/{upload}/columns/"))
    named(boss, upload, "given", "born")
    brought(boss, upload)
    assert names(house) == ["Ana"]


UNREADABLE = (
    (b"", "The file is empty"),
    (b"\n", "nothing in this file"),
    (b"Name\n", "nothing below it"),
    (b"Name\nA\0\n", "neither a workbook nor text. Look at 2."),
    (b"PK\x03\x04", "damaged"),
    ("Name\nIñés\n".encode() + "Muñoz\n".encode("cp1252"), "two encodings"),
    (b"Name\n" + b"x" * 20_000_100, "larger than 20 MB"),
)


def test_a_file_that_cannot_be_read_says_why(house):
    boss = signed_in(house[Role.SUPERVISOR])
    for data, said in UNREADABLE:
        assert said in text(boss.post("/caseload/import/", {"table": SimpleUploadedFile("x.xlsx", data)})), said
    assert "Choose the file" in text(boss.post("/caseload/import/", {}))
    assert rows_of(house, Upload) == []


def test_columns_that_do_not_fit_are_named_and_nothing_is_lost(house):
    boss = signed_in(house[Role.SUPERVISOR])
    upload = uploaded(boss, listed([["Ana", "Vega", "", ""]], ("Name", "Name", "", "City")))
    assert "Two columns cannot both be this" in text(named(boss, upload, "given", "given", ""))
    assert "at least one column" in text(named(boss, upload, "", "", ""))
    assert boss.get(f"/caseload/import/{upload}/preview/").status_code == 404
    assert "Column C" in text(boss.get(f"/caseload/import/{upload}/columns/"))


def test_an_upload_nobody_goes_on_with_is_swept_away(house):
    boss = house[Role.SUPERVISOR]
    browser = signed_in(boss)
    upload = uploaded(browser, listed([["Ana", "Vega", ""]]))
    for later, left in ((actions.FORGOTTEN - timedelta(hours=1), 1), (actions.FORGOTTEN + timedelta(hours=1), 0)):
        caller = Caller(agency=house.id, job="sweeper")
        with gate().housekeeping(caller, at=timezone.now() + later) as permit:
            assert actions.sweep(permit=permit, at=permit.at) == 1 - left
        assert len(rows_of(house, Part)) == left
    assert browser.get(f"/caseload/import/{upload}/").status_code == 404


def test_what_was_sealed_under_a_key_no_longer_held_is_gone_and_not_an_error(house, monkeypatch):
    boss = house[Role.SUPERVISOR]
    upload = UUID(uploaded(signed_in(boss), listed([["Ana", "Vega", ""]])))
    with boss.enter(Verb.FIND_CLIENTS):
        Upload.objects.filter(id=upload).update(key_version=7)
    with boss.enter(Verb.IMPORT_CASELOAD) as permit, pytest.raises(UploadGone):
        queries.upload(permit=permit, upload_id=upload)
    assert signed_in(boss).get(f"/caseload/import/{upload}/columns/").status_code == 404


# ---------------------------------------------------------------------------------------------------------------------
# Out


def many(worker, count):
    with worker.enter(Verb.OPEN_CLIENT) as permit:
        new = [vault_actions.NewClient(Identity(given=f"Name {number}")) for number in range(count)]
        return vault_actions.open_clients(permit=permit, at=permit.at, new=new)


def asked(browser, scope="all", **more):
    answer = browser.post("/caseload/export/", {"scope": scope, "reason": "moving"} | more)
    assert answer.status_code == 302, text(answer)
    return answer.headers["Location"]


def taken(browser, address, **lock):
    """The lines of the file, opened; None when it does not open to its end."""
    answer = browser.post(f"{address}file/", LOCK | lock)
    assert answer.status_code == 200
    assert answer.streaming, text(answer)
    assert re.fullmatch(r'attachment; filename="archive-\d{4}-\d\d-\d\d\.age"', answer.headers["Content-Disposition"])
    sealed = b"".join(answer.streaming_content)
    assert b"Name" not in sealed
    try:
        return [json.loads(line) for line in pyrage.passphrase.decrypt(sealed, PASSPHRASE).splitlines()]
    except pyrage.DecryptError:
        return None


def test_a_file_opens_with_the_passphrase_and_holds_what_one_file_s_own_export_holds(house, world):
    hospital = world.hospital()
    patient = world.client(hospital.worker, Identity(given="Marisol", family="Vega"), SafeContact(say="the dentist"))
    world.entry(hospital.worker, patient, text="Two injuries recorded.")
    world.release(hospital.worker, patient, house, {Category.INJURIES: Level.SUMMARY, Category.CONTACT: Level.SUMMARY})
    client = world.accept(house.worker)
    world.entry(house.worker, client, text="Ours.", narrative="NARRATIVE")
    boss = signed_in(house[Role.SUPERVISOR])
    address = asked(boss)
    assert "Not needed for so few" in text(boss.get(address))
    found = taken(boss, address)
    alone = [
        json.loads(line) for line in b"".join(boss.post(f"/clients/{client}/export/").streaming_content).splitlines()
    ]
    mark, *inner, end = found
    assert inner == alone[:-1]
    assert [line["line"] for line in inner] == ["client", "person", *["envelope"] * (len(inner) - 3), "entry"]
    assert end == {"line": "end", "clients": 1, "entries_and_envelopes": alone[-1]["entries_and_envelopes"]}
    export = re.search(r"([0-9a-f-]{36})/$", address)[1]
    assert (mark["line"], mark["agency"], mark["export"]) == ("watermark", house.name, export)
    assert mark["member"] == str(house[Role.SUPERVISOR].member)
    assert boss.post(f"{address}file/", LOCK).status_code == 404
    assert "Used" in text(boss.get(address))

    with house[Role.PRIVACY_OFFICER].enter(Verb.READ_LEDGER, purpose=Purpose.OVERSIGHT) as permit:
        leaves = [entry.happening for entry in ledger.recent(permit=permit, limit=20)]
    told = [leaf for leaf in leaves if ("caseload_exported", UUID(export)) in leaf.deeds]
    assert len(told) == 1
    assert ("client", client, Level.FULL) in told[0].shown
    assert sum(1 for kind, _id, level in told[0].shown if (kind, level) == ("entry", Level.FULL)) == 1
    assert any(("export_used", UUID(export)) in leaf.deeds for leaf in leaves)


def test_the_watermark_stands_first_and_after_every_hundred_lines(house, monkeypatch):
    many(house.worker, ALONE)
    monkeypatch.setattr(pages, "MARKED", 3)
    found = taken(signed_in(house[Role.SUPERVISOR]), asked(signed_in(house[Role.SUPERVISOR])))
    marks = [place for place, line in enumerate(found) if line["line"] == "watermark"]
    assert marks[0] == 0
    assert marks[1:] == [4 * number for number in range(1, len(marks))]
    assert len(marks) == 1 + (2 * ALONE + 1) // 3
    assert len({json.dumps(found[place]) for place in marks}) == 1
    assert len({line["code"] for line in found if line["line"] == "client"}) == ALONE


def test_an_age_key_of_ones_own_opens_it_too(house):
    many(house.worker, 2)
    boss, identity = signed_in(house[Role.SUPERVISOR]), pyrage.x25519.Identity.generate()
    address = asked(boss)
    for wrong in (
        {"lock": "recipient", "recipient": "age1qq"},
        {"passphrase": "short"},
        {"again": "another"},
        {"lock": ""},
    ):
        answer = boss.post(f"{address}file/", LOCK | wrong)
        assert not answer.streaming
        assert 'role="alert"' in answer.content.decode()
        assert PASSPHRASE not in answer.content.decode()
    answer = boss.post(f"{address}file/", {"lock": "recipient", "recipient": str(identity.to_public())})
    opened = pyrage.decrypt(b"".join(answer.streaming_content), [identity])
    assert json.loads(opened.splitlines()[-1])["clients"] == 2


def test_scopes_take_what_they_say(house, monkeypatch):
    monkeypatch.setattr(rules, "ALONE", 100)
    at = timezone.now()
    with house.worker.enter(Verb.OPEN_CLIENT) as permit:
        vault_actions.open_clients(
            permit=permit,
            at=at,
            new=[
                vault_actions.NewClient(Identity(given="old"), opened_at=at - timedelta(days=400), closed_at=at),
                vault_actions.NewClient(Identity(given="mid"), opened_at=at - timedelta(days=40)),
                vault_actions.NewClient(Identity(given="new")),
            ],
        )
    boss = signed_in(house[Role.SUPERVISOR])
    today = timezone.localdate()
    month = {"since": (today - timedelta(days=60)).isoformat(), "until": (today - timedelta(days=20)).isoformat()}
    for scope, between, expected in (
        ("all", {}, {"old", "mid", "new"}),
        ("open", {}, {"mid", "new"}),
        ("opened_between", month, {"mid"}),
        ("opened_between", {"until": month["until"]}, {"old", "mid"}),
        ("opened_between", {"since": month["since"]}, {"mid", "new"}),
    ):
        found = taken(boss, asked(boss, scope, **between))
        assert {line["identity"]["given"] for line in found if line["line"] == "person"} == expected, (scope, between)
    for wrong in ({}, {"since": month["until"], "until": month["since"]}):
        answer = boss.post("/caseload/export/", {"scope": "opened_between", "reason": "moving"} | wrong)
        assert 'role="alert"' in answer.content.decode()
    empty = {"scope": "opened_between", "reason": "moving", "until": "1990-01-01"}
    assert "no such file" in text(boss.post("/caseload/export/", empty))


def test_more_than_fifty_leave_only_when_somebody_else_agrees(house):
    many(house.worker, ALONE + 1)
    boss, director = signed_in(house[Role.SUPERVISOR]), signed_in(house[Role.DIRECTOR])
    address = asked(boss)
    assert "Waits for a second person" in text(boss.get(address))
    assert boss.post(f"{address}file/", LOCK).status_code == 404
    assert f"asks to take out {ALONE + 1} files" in text(director.get("/caseload/seconds/"))
    export = re.search(r"([0-9a-f-]{36})/$", address)[1]
    second = f"/caseload/seconds/{export}/"
    assert "Moving to another system" in text(director.get(second))
    assert boss.get(second).status_code == boss.post(second, {"do": "agree"}).status_code == 404
    assert director.post(second, {"do": "agree"}).status_code == 302
    assert director.get(second).status_code == 404
    assert len([line for line in taken(boss, address) if line["line"] == "client"]) == ALONE + 1
    assert boss.post(f"{address}file/", LOCK).status_code == 404


def test_on_my_day_a_second_supervisor_finds_what_waits_and_a_worker_does_not(house, world):
    many(house.worker, ALONE + 1)
    asked(signed_in(house[Role.SUPERVISOR]))
    other = signed_in(world.colleague(house, roles=(Role.SUPERVISOR,)))
    waits = f"A colleague asks to take out {ALONE + 1} files"
    assert waits in text(other.get("/my-day/"))
    assert waits not in text(signed_in(house[Role.SUPERVISOR]).get("/my-day/"))
    assert waits not in text(signed_in(house.worker).get("/my-day/"))


def test_every_other_way_nothing_leaves(house):
    many(house.worker, ALONE + 1)
    boss, director, now = house[Role.SUPERVISOR], house[Role.DIRECTOR], timezone.now()
    for step in ("asked", "refused", "dropped", "late answer", "late use", "more now"):
        with boss.enter(Verb.EXPORT_CASELOAD, at=now) as permit:
            export = actions.ask(permit=permit, at=now, reason="court", scope="all")

        def answers(agreed, at=now, export=export):
            with director.enter(Verb.APPROVE_EXPORT, at=at) as permit:
                actions.answer(permit=permit, at=at, export_id=export, agreed=agreed)

        def uses(at=now, export=export):
            with boss.enter(Verb.EXPORT_CASELOAD, at=at) as permit:
                actions.use(permit=permit, at=at, export_id=export)

        later = now + VALID
        if step == "refused":
            answers(False)
        elif step == "dropped":
            answers(True)
            with boss.enter(Verb.EXPORT_CASELOAD) as permit:
                actions.drop(permit=permit, at=now, export_id=export)
        elif step == "late answer":
            with pytest.raises(InvalidExport):
                answers(True, later)
        elif step == "late use":
            answers(True)
        elif step == "more now":
            answers(True)
            many(house.worker, 1)
        with pytest.raises(InvalidExport):
            uses(later if step == "late use" else now)
        with pytest.raises(InvalidExport):
            answers(True, later)
    assert {row.used_at for row in rows_of(house, Export)} == {None}


def test_nobody_without_the_right_asks_answers_or_uses(house, world):
    many(house.worker, ALONE + 1)
    address = asked(signed_in(house[Role.SUPERVISOR]))
    export = re.search(r"([0-9a-f-]{36})/$", address)[1]
    foreign = world.agency(roles=(Role.SUPERVISOR,))[Role.SUPERVISOR]
    for role in (Role.WORKER, Role.PRIVACY_OFFICER, Role.DIRECTOR, None):
        stranger = signed_in(house[role] if role else foreign)
        assert stranger.get(address).status_code == 404
        assert stranger.post(f"{address}file/", LOCK).status_code == 404
        seconds = stranger.get(f"/caseload/seconds/{export}/").status_code
        assert seconds == (200 if role is Role.DIRECTOR else 404)
        for page in ("/caseload/", "/caseload/export/", "/caseload/import/"):
            assert stranger.get(page).status_code == (404 if role else 200), (role, page)


def test_the_database_itself_knows_that_two_are_two_and_once_is_once(house):
    many(house.worker, ALONE + 1)
    boss = house[Role.SUPERVISOR]
    with boss.enter(Verb.EXPORT_CASELOAD) as permit:
        export = actions.ask(permit=permit, at=permit.at, reason="court", scope="all")
    now = timezone.now()
    forged = (
        {"second_by": boss.member, "second_at": now, "agreed": True},
        {"used_at": now},
        {"agreed": True},
        {"count": 99},
        {"second": False},
        {"taken": ALONE + 2},
        {"by": house[Role.DIRECTOR].member},
        {"scope": "open"},
    )
    for values in forged:
        with boss.enter(Verb.EXPORT_CASELOAD), pytest.raises(DatabaseError), transaction.atomic():
            Export.objects.filter(id=export).update(**values)


def test_a_large_export_cannot_be_cut_into_small_ones(house):
    many(house.worker, ALONE // 2 + 1)
    boss, now = house[Role.SUPERVISOR], timezone.now()

    def asks(at):
        with boss.enter(Verb.EXPORT_CASELOAD, at=at) as permit:
            id = actions.ask(permit=permit, at=at, reason="audit", scope="all")
            return id, Export.objects.get(id=id).second

    first, two = asks(now)
    assert not two
    assert asks(now)[1], "what she may still take counts"
    with boss.enter(Verb.EXPORT_CASELOAD) as permit:
        actions.drop(permit=permit, at=now, export_id=first)
    first, two = asks(now)
    assert not two
    with boss.enter(Verb.EXPORT_CASELOAD, at=now) as permit:
        actions.use(permit=permit, at=now, export_id=first)
        actions.take(permit=permit, at=now, export_id=first, files=rows_ids())
    assert asks(now + timedelta(days=29))[1], "what she took counts"
    assert not asks(now + LOOKING_BACK + timedelta(days=1))[1]


def rows_ids():
    return list(File.objects.values_list("id", flat=True))


def test_a_request_takes_no_more_than_was_asked_for_however_it_is_used(house):
    many(house.worker, 3)
    boss = house[Role.SUPERVISOR]
    with boss.enter(Verb.EXPORT_CASELOAD) as permit:
        export = actions.ask(permit=permit, at=permit.at, reason="audit", scope="all")
        with pytest.raises(InvalidExport):
            actions.take(permit=permit, at=permit.at, export_id=export, files=rows_ids())
        actions.use(permit=permit, at=permit.at, export_id=export)
        actions.take(permit=permit, at=permit.at, export_id=export, files=rows_ids())
        with pytest.raises(InvalidExport):
            actions.take(permit=permit, at=permit.at, export_id=export, files=rows_ids()[:1])


def begun(browser, address, monkeypatch):
    """An export of one file at a time whose first file has left."""
    monkeypatch.setattr(pages, "FILES", 1)
    answer = browser.post(f"{address}file/", LOCK)
    pieces = iter(answer.streaming_content)
    return b"".join([next(pieces), next(pieces)]), pieces


def broke_off(first, pieces):
    with pytest.raises((pyrage.DecryptError, OSError, ValueError)):
        pyrage.passphrase.decrypt(first + b"".join(pieces), PASSPHRASE)


def test_a_wall_a_lost_right_or_a_withdrawal_ends_a_running_export_at_its_next_batch(house, world, monkeypatch):
    monkeypatch.setattr(rules, "ALONE", 100)
    clients = sorted(many(house.worker, 3))
    boss = house[Role.SUPERVISOR]
    browser = signed_in(boss)

    whole, pieces = begun(browser, asked(browser), monkeypatch)
    opened = pyrage.passphrase.decrypt(whole + b"".join(pieces), PASSPHRASE).splitlines()
    assert sum(1 for line in opened if json.loads(line)["line"] == "client") == 3

    running = begun(browser, asked(browser), monkeypatch)
    with house[Role.PRIVACY_OFFICER].enter(Verb.WALL_CLIENT) as permit:
        vault_actions.wall_off(
            permit=permit, at=permit.at, client_id=clients[0], member_id=boss.member, kind="relative"
        )
    broke_off(*running)
    with boss.enter(Verb.EXPORT_CASELOAD) as permit:
        assert queries.how_many(permit=permit, scope="all", since_at=None, before_at=None) == 2
    found = taken(browser, asked(browser))
    assert sum(1 for line in found if line["line"] == "client") == 2

    hospital = world.hospital()
    patient = world.client(hospital.worker)
    world.entry(hospital.worker, patient)
    release = world.release(hospital.worker, patient, house)
    accepted = world.accept(house.worker)
    monkeypatch.setattr(pages.queries, "next_files", first_of(accepted, pages.queries.next_files))
    running = begun(browser, asked(browser), monkeypatch)
    world.withdraw(hospital.worker, patient, release)
    broke_off(*running)

    running = begun(browser, asked(browser), monkeypatch)
    with house[Role.DIRECTOR].enter(Verb.MANAGE_MEMBERS, purpose=Purpose.ADMINISTRATION) as permit:
        from accord.partners import actions as partners

        partners.remove_member(permit=permit, at=permit.at, member_id=boss.member, keyring=gate().keyring)
    broke_off(*running)


def first_of(client, ask):
    """One file before all others."""

    def next_files(*, permit, export_id, after, limit):
        if after is None:
            return [client]
        after = None if after == client else after
        return [id for id in ask(permit=permit, export_id=export_id, after=after, limit=limit + 1) if id != client][
            :limit
        ]

    return next_files


def test_a_merged_file_leaves_once_and_inside_the_other(house, world):
    one = world.client(house.worker, Identity(given="Ana"))
    other = world.client(house.worker, Identity(given="Anita"))
    world.entry(house.worker, other, text="From the other file.")
    with house.worker.enter(Verb.MERGE_CLIENTS, client=one) as permit:
        vault_actions.merge(permit=permit, at=permit.at, client_id=one, other_id=other)
    found = taken(signed_in(house[Role.SUPERVISOR]), asked(signed_in(house[Role.SUPERVISOR])))
    assert sum(1 for line in found if line["line"] == "client") == 1
    assert "From the other file." in json.dumps(found)


def test_ids_of_nothing_look_like_ids_of_others(house):
    boss = signed_in(house[Role.SUPERVISOR])
    nothing = "00000000-0000-4000-8000-000000000000"
    for address in (f"/caseload/import/{nothing}/", f"/caseload/export/{nothing}/", f"/caseload/seconds/{nothing}/"):
        assert boss.get(address).status_code == 404
        assert boss.post(address, {"do": "go"}).status_code == 404

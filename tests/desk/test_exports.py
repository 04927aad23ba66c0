"""The list of the desk as a file: every row of the filter, in a table that a spreadsheet reads and never runs."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal
from appeals.vocabulary import Status
from appeals.workflow import ANSWER
from desk import exports
from tests.desk.pages import get, make
from tests.factories import MembershipFactory
from tests.grid import GridCity
from web import spreadsheets

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(autouse=True)
def _in_folder(stored_in: object) -> None:
    """What is being made lies in the test's own folder."""


def read_csv(client: Client, query: str = "", *, language: str = "en") -> list[dict[str, str]]:
    response = client.get(f"/{language}/desk/export.csv{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    content = response.getvalue()
    assert content.startswith(b"\xef\xbb\xbf"), "without it a spreadsheet garbles Cyrillic"
    delimiter = "," if language == "en" else ";"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def read_xlsx(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"/en/desk/export.xlsx{query}")
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as book:
        assert book.testzip() is None
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{SHEET}f")), "no cell is a formula"
    heading, *rows = [dict(_cells(row)) for row in sheet.iter(f"{SHEET}row")]
    return [{name: row.get(column, "") for column, name in heading.items()} for row in rows]


def _cells(row: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Column and text of each cell."""
    for cell in row.iter(f"{SHEET}c"):
        text = "".join(part.text or "" for part in cell.iter() if part.tag in {f"{SHEET}t", f"{SHEET}v"})
        yield cell.attrib["r"].rstrip("0123456789"), text


@pytest.mark.parametrize("read", [read_csv, read_xlsx])
def test_every_row_of_the_filter_is_there_and_their_number_is_said(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch, read: Any
) -> None:
    monkeypatch.setattr("desk.queue.PAGE_SIZE", 2)
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 2)
    mine = [make(city, due_in=n, text=f"Bench {n}") for n in range(5)]
    make(city, text="Lamp")
    make(city, status=Status.CLOSED, text="Bench that is done")
    make(city, "pothole", text="Bench of others")
    client.force_login(light_user)
    page = get(client, "?tab=open&q=Bench&sort=-number")
    for form in ("csv", "xlsx"):
        links = re.findall(rf'href="(/en/desk/export\.{form}\?[^"]*)"', page)
        address = f"/en/desk/export.{form}?q=Bench&amp;tab=open&amp;sort=-number"
        assert links == [address, f"{address}&amp;contacts=1"]
    assert "5 appeals" in page
    rows = read(client, "?tab=open&q=Bench&sort=-number")
    assert [row["Number"] for row in rows] == [str(appeal.number) for appeal in reversed(mine)]
    name = client.get("/en/desk/export.csv?tab=open&q=Bench")["Content-Disposition"]
    assert re.search(r'filename="appeals-open-\d{4}-\d\d-\d\d-5\.csv"', name)


def test_a_row_says_what_the_desk_shows(city: GridCity, client: Client, light_user: User) -> None:
    appeal = make(
        city,
        due_in=3,
        text='Жарык жок,\nкараңгы; "тез"',
        address="Ленин көчөсү, 5",
        submitted_at=dt.datetime(2026, 11, 2, 20, 30, tzinfo=dt.UTC),
    )
    perform(appeal.pk, ANSWER, Person(light_user), version=1, text="A new lamp")
    client.force_login(light_user)
    (row,) = read_csv(client, "?tab=answered")
    assert row["Text"] == appeal.text
    assert (row["Category"], row["Service"], row["Status"]) == ("lamp en", "light en", "Answered")
    assert (row["Kind"], row["Address"], row["Answer"]) == ("Complaint", "Ленин көчөсү, 5", "A new lamp")
    assert row["Received"] == "2026-11-03 02:30", "of the city's clock"
    assert row["Due"] == appeal.due_on.isoformat()
    assert float(row["Longitude"]) == pytest.approx(appeal.point.x, abs=1e-6)
    assert float(row["Latitude"]) == pytest.approx(appeal.point.y, abs=1e-6)
    (other,) = read_xlsx(client, "?tab=answered")
    assert {name: other[name] for name in ("Number", "Text", "Answer")} == {
        name: row[name] for name in ("Number", "Text", "Answer")
    }


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_where_a_comma_is_in_numbers_a_spreadsheet_parts_columns_by_semicolons(
    city: GridCity, client: Client, light_user: User, language: str
) -> None:
    appeal = make(city)
    client.force_login(light_user)
    (row,) = read_csv(client, language=language)
    assert str(appeal.number) in row.values()
    assert f"light {language}" in row.values()


@pytest.mark.parametrize(
    "words",
    ["=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "＝1+1", "\n@x"],
)
def test_no_text_is_run_as_a_formula(city: GridCity, client: Client, light_user: User, words: str) -> None:
    make(city, text=words, address=words[:20], contact__name=words[:20], contact__phone="+996555123456")
    client.force_login(light_user)
    (row,) = read_csv(client, "?contacts=1")
    for name in ("Text", "Address", "Name", "Phone"):
        assert row[name].startswith("'"), name
    assert row["Text"] == f"'{words}"
    (row,) = read_xlsx(client, "?contacts=1")
    assert row["Phone"] == "+996555123456"


def test_who_sent_it_is_there_for_those_who_ask_and_may(
    city: GridCity, client: Client, light_user: User, office_user: User
) -> None:
    make(city, contact__name="Бакыт Эсенов", contact__phone="+996555987654", contact__email="b@example.org")
    for person, seen in ((light_user, 1), (office_user, 1)):
        client.force_login(person)
        (row,) = read_csv(client)
        assert not {"Name", "Phone", "E-mail"} & set(row)
        assert "Эсенов" not in "".join(row.values())
        rows = read_csv(client, "?contacts=1")
        assert [row["Name"] for row in rows] == ["Бакыт Эсенов"] * seen
        assert rows[0]["E-mail"] == "b@example.org"
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    assert read_csv(client, "?contacts=1") == []


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_strangers_get_no_file(city: GridCity, client: Client, outsider: User, form: str) -> None:
    make(city)
    assert client.get(f"/en/desk/export.{form}").status_code == 302
    client.force_login(outsider)
    assert client.get(f"/en/desk/export.{form}").status_code == 403


def test_a_broken_filter_makes_no_file_of_everything(
    city: GridCity, client: Client, light_user: User
) -> None:
    make(city)
    client.force_login(light_user)
    response = client.get("/en/desk/export.csv?from=yesterday", follow=True)
    assert response.redirect_chain == [("/en/desk/?from=yesterday", 302)]
    assert "A date must be written as" in response.content.decode()


def test_more_rows_than_a_sheet_has_are_refused_and_the_way_out_is_said(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "SHEET_ROWS", 2)
    for _ in range(3):
        make(city)
    client.force_login(light_user)
    page = client.get("/en/desk/export.xlsx", follow=True).content.decode()
    assert "A sheet holds at most 2 appeals" in page
    assert len(read_csv(client)) == 3


def test_the_number_of_statements_does_not_grow(
    city: GridCity, client: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(light_user)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            read_csv(client, "?contacts=1")
        return len(captured)

    make(city)
    statements()  # the first of a session writes it
    before = statements()
    for _ in range(5):
        make(city)
    assert statements() == before


def test_whoever_comes_while_others_are_being_made_is_told_to_come_again(
    city: GridCity, client: Client, light_user: User
) -> None:
    make(city)
    client.force_login(light_user)
    taken = [exports.MAKING.acquire(blocking=False) for _ in range(exports.AT_ONCE)]
    assert all(taken)
    try:
        response = client.get("/en/desk/export.csv", follow=True)
        assert "Other lists are being made" in response.content.decode()
    finally:
        for _ in taken:
            exports.MAKING.release()
    assert len(read_csv(client)) == Appeal.objects.count() == 1

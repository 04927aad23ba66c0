"""Files of very many appeals: asked for at once, made by a worker, for pages and for programs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import pyogrio
import pytest
from django.test import Client
from pytest_django import Settings

from appeals.models import Appeal
from bootstrap.rates import Rate
from jobs.models import LongWork
from jobs.worker import Worker
from opendata.files import kinds_of
from opendata.layers import APPEALS
from opendata.whole_sets import WholeSet
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_WEST, GridCity, at
from web import spreadsheets

GPKG = "/data/appeals.gpkg?category=lamp&lang=ru"
READER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(autouse=True)
def everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has a bound at all is beyond it, however few rows the tests have."""
    monkeypatch.setattr(WholeSet, "is_long", property(lambda whole: whole.form.at_once is not None))


def work() -> bool:
    return Worker(queue="data").run_next()


def _later(client: Client, address: str = GPKG) -> str:
    """The path of the progress."""
    answer = client.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (202, "2"), answer.content
    return urlsplit(answer["Location"]).path


def _numbers(answer: object, tmp_path: Path) -> list[int]:
    (tmp_path / "read.gpkg").write_bytes(answer.getvalue())  # type: ignore[attr-defined]
    return sorted(pyogrio.read_dataframe(tmp_path / "read.gpkg")["number"])


def test_a_program_asks_again_until_it_is_there(client: Client, appeal: Appeal, tmp_path: Path) -> None:
    AppealFactory(category=appeal.category.parent.children.exclude(pk=appeal.category.pk)[0])
    path = _later(client)
    told = client.get(path).json()
    assert (told["state"], told["percent"], told["reason"]) == ("waiting", 0, "")
    assert told["result"].endswith(GPKG)
    assert work()
    done = client.get(path)
    assert (done.status_code, done["Location"]) == (303, GPKG)
    answer = client.get(GPKG)
    assert (answer.status_code, answer["Accept-Ranges"]) == (200, "bytes")
    assert _numbers(answer, tmp_path) == [appeal.number]
    part = client.get(GPKG, headers={"Range": "bytes=0-15", "If-Range": answer["ETag"]})
    assert (part.status_code, part.getvalue()) == (206, b"SQLite format 3\x00")
    assert client.get(GPKG, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    # However it is compressed on its way, it is the text that was made.
    assert "Content-Encoding" not in client.get(GPKG, headers={"Accept-Encoding": "gzip"})


def test_a_reader_waits_on_a_page_and_downloads_it_there(client: Client, appeal: Appeal) -> None:
    answer = client.get(GPKG, headers=READER)
    assert answer.status_code == 303
    page = client.get(answer["Location"], headers=READER).content.decode()
    assert "appeals.gpkg" in page and 'http-equiv="refresh"' in page
    work()
    page = client.get(answer["Location"], headers=READER).content.decode()
    assert f'href="{GPKG.replace("&", "&amp;")}"' in page and "refresh" not in page
    assert client.get(GPKG, headers=READER).status_code == 200


def test_whoever_asks_the_same_joins_it(client: Client, appeal: Appeal) -> None:
    path = _later(client)
    assert _later(Client()) == path
    others = [
        "/data/appeals.gpkg?category=pothole",
        "/data/appeals.gpkg?category=lamp&lang=ky",
        "/data/appeals.xlsx?category=lamp",
    ]
    assert path not in {_later(client, other) for other in others}
    assert LongWork.objects.count() == 4


def test_what_comes_in_meanwhile_has_it_made_again_only_later(
    client: Client, city: GridCity, appeal: Appeal, tmp_path: Path, settings: Settings
) -> None:
    _later(client)
    work()
    AppealFactory(category=city.categories["lamp"], point=at(IN_WEST))
    assert _numbers(client.get(GPKG), tmp_path) == [appeal.number]
    for text in Path(settings.TEXTS_ROOT).glob("sets/*/*"):
        os.utime(text, (time.time(), time.time() - 3_700))
    _later(client)
    work()
    assert len(_numbers(client.get(GPKG), tmp_path)) == 2


def test_what_is_taken_from_the_public_is_given_no_more(
    client: Client, city: GridCity, appeal: Appeal
) -> None:
    other = AppealFactory(category=city.categories["lamp"], point=at(IN_WEST))
    path = _later(client)
    work()
    assert client.get(GPKG).status_code == 200
    Appeal.objects.filter(pk=other.pk).update(hidden=True)
    assert client.get(path).json()["state"] == "done"
    assert client.get(path, headers=READER).content.decode().count(GPKG.replace("&", "&amp;")) == 1
    assert _later(client) != path
    work()
    assert client.get(GPKG).status_code == 200


def test_of_a_filter_that_is_refused_by_now_nothing_is_kept(client: Client, appeal: Appeal) -> None:
    path = _later(client)
    work()
    LongWork.objects.update(query="category=gone&lang=ru")
    assert client.get(path).json()["state"] == "done"
    assert client.get(path, headers=READER).status_code == 200


def test_those_who_see_more_get_theirs_at_once(
    client: Client, city: GridCity, appeal: Appeal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Appeal.objects.filter(pk=appeal.pk).update(hidden=True)
    client.force_login(MembershipFactory(service=city.services["light"]).user)
    assert _numbers(client.get(GPKG), tmp_path) == [appeal.number]
    assert not LongWork.objects.exists()
    monkeypatch.setattr(WholeSet, "expected_s", 61.0)
    for address in ("/data/appeals.gpkg", "/data/appeals.csv", "/ogc/collections/appeals/items?f=csv"):
        answer = client.get(address, headers={"Accept-Language": "en"})
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert "while you wait (about " in answer.json()["title"]


def test_a_list_leads_to_where_a_worker_makes_it(client: Client, appeal: Appeal) -> None:
    items = "/ogc/collections/appeals/items?lang=en&f="
    answer = client.get(f"{items}fgb", headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert answer.json()["errors"]["f"][0].endswith("/data/appeals.fgb.")
    assert not LongWork.objects.exists()
    assert client.get(f"{items}csv").status_code == 200


def test_texts_are_given_at_once(client: Client, appeal: Appeal) -> None:
    for ending in ("geojson", "geojsonl", "csv"):
        assert client.get(f"/data/appeals.{ending}").status_code == 200
    assert client.get("/data/districts.gpkg").status_code == 200, "borders are few"
    assert client.get("/data/appeals.gpkg?from=x").status_code == 400


def test_the_bound_is_of_rows(city: GridCity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for kind in kinds_of(APPEALS).values():
        whole = kind.whole_set(APPEALS, Appeal.objects.public())
        assert not whole.is_long
        for rows, is_long in (
            (100_000, False),
            (100_001, kind.ending in {"kml", "shp.zip", "xlsx"}),
            (1_000_001, kind.at_once is not None),
        ):
            vars(whole)["rows"] = rows
            assert whole.is_long == is_long, (kind.ending, rows)
        assert 5 <= whole.expected_s <= 121


def test_asking_costs_what_it_is_expected_to_take(
    client: Client, appeal: Appeal, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WholeSet, "expected_s", 600.0)
    settings.LIMITS = {"data-work": Rate(1_000, 1_000, 3_600)}
    path = _later(client)
    assert _later(client) == path, "what is under way costs nothing"
    assert client.get("/data/appeals.kml").status_code == 429


def test_why_it_was_not_made_is_said(client: Client, appeal: Appeal, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _later(client)
    with monkeypatch.context() as patch:
        patch.setattr(WholeSet, "public_text", lambda _whole: 1 / 0)
        assert work()
    told = client.get(path, headers={"Accept-Language": "en"}).json()
    assert (told["state"], told["reason"]) == (
        "failed",
        "В программе произошла ошибка, она записана в её журнале.",
    )
    assert _later(client) != path
    work()
    assert client.get(GPKG).status_code == 200


def test_what_a_format_cannot_hold_is_said(
    client: Client, appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _later(client, "/data/appeals.xlsx?lang=en")
    monkeypatch.setattr(spreadsheets, "SHEET_ROWS", 0)
    work()
    told = client.get(path).json()
    assert told["state"] == "failed" and "A sheet holds at most" in told["reason"]

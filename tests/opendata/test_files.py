"""GET /data/appeals.csv, .gpkg, .parquet and their like: the same rows in each format, as the tools read them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import pytest
import shapely
from django.test import Client
from pytest_django import Settings

from appeals import filters
from appeals.models import Appeal
from bootstrap.rates import Rate
from districts.models import DistrictBoundary
from opendata import files
from opendata.layers import APPEALS, DISTRICTS
from opendata.properties import APPEAL
from rates.taking import DATA_WORK, charge
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import CITY, IN_EAST, IN_PARK, IN_WEST, GridCity, at
from web import spreadsheets

#: Each begins as a formula does for some spreadsheet, or breaks a line or a cell.
FORMULAS = ["=1+1", "+996 555", "-1", "@SUM(A1)", "＝1", "\u00a0=1", " \u2003\x1c+1", "\t1", "\r1", "\n1"]
HARMLESS = ["1=1", "a\r\n=1", '"=1"', ";,|", "Көчө \\ \\n «ё»", "'=1"]
GIS = ["gpkg", "fgb", "parquet"]


@pytest.fixture
def appeals(city: GridCity) -> list[Appeal]:
    """Three that all see, which differ in every kind of value, and a hidden one; newest first."""
    moment = dt.datetime(2026, 5, 31, 10, 0, 0, 120_000, dt.UTC)
    shared = {"category": city.categories["lamp"], "service": city.services["light"], "contact": None}
    made = [
        AppealFactory(
            point=at(IN_WEST), district=city.districts["west"], text="=1+1", address='Ленин к., "5";',
            submitted_at=moment, answered_at=moment, status="answered", planned_on=dt.date(2026, 6, 1), **shared,
        ),
        AppealFactory(
            point=at(IN_EAST), district=None, text="Эки\r\nсап, \\ «ё» ✓", address="", kind="request",
            submitted_at=moment.replace(microsecond=0) - dt.timedelta(days=1), external_id="-7", source="+former", **shared,
        ),
        AppealFactory(
            point=at(IN_PARK), district=city.districts["west"], text="я" * 300, address="x" * 20,
            submitted_at=moment - dt.timedelta(days=2), **shared,
        ),
        AppealFactory(point=at(IN_EAST), text="hidden zanthoxylum", hidden=True, **shared),
    ]  # fmt: skip
    return made[:3]


def _read(client: Client, path: str, **headers: str) -> bytes:
    answer = client.get(path, headers={"Accept-Language": "en", **headers})
    assert answer.status_code == 200, (path, answer.status_code, answer.getvalue()[:300])
    body: bytes = answer.getvalue()
    return body


def _features(client: Client, path: str = "/data/appeals.geojson") -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(_read(client, path))["features"]
    return features


def _table(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def _frame(client: Client, path: str, folder: Path) -> Any:
    ending = path.partition("?")[0].partition(".")[2]
    file = folder / f"read.{ending}"
    file.write_bytes(_read(client, path))
    if ending == "parquet":
        return geopandas.read_parquet(file)
    return pyogrio.read_dataframe(file)


class TestCsv:
    def test_every_row_and_value(self, appeals: list[Appeal], client: Client) -> None:
        answer = client.get("/data/appeals.csv", headers={"Accept-Language": "en"})
        body = answer.getvalue()
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert not body.startswith(b"\xef\xbb\xbf")
        assert body.startswith(",".join([*(one.name for one in APPEAL), "lon", "lat"]).encode() + b"\r\n")
        assert body.endswith(b"\r\n")
        rows = _table(body)
        features = _features(client)
        assert [int(row["number"]) for row in rows] == [appeal.number for appeal in appeals]
        for row, feature in zip(rows, features, strict=True):
            assert [float(row["lon"]), float(row["lat"])] == feature["geometry"]["coordinates"]
            for name, value in feature["properties"].items():
                assert _same(row[name], value), name
        assert rows[0]["text"] == "'=1+1"
        assert (rows[1]["external_id"], rows[1]["source"]) == ("'-7", "'+former")
        assert rows[0]["submitted_at"] == "2026-05-31T10:00:00.120000Z"
        # NULL is nothing, an empty text is a text.
        assert ',"",' in body.decode().splitlines()[2] + body.decode().splitlines()[3]

    def test_what_a_spreadsheet_would_run_is_text(self, city: GridCity, client: Client) -> None:
        """The same in the database as in the files that Python writes."""
        by_number = {AppealFactory(text=text).number: text for text in [*FORMULAS, *HARMLESS]}
        rows = _table(_read(client, "/data/appeals.csv"))
        assert len(rows) == len(by_number)
        for row in rows:
            text = by_number[int(row["number"])]
            assert row["text"] == (f"'{text}" if text in FORMULAS else text) == spreadsheets.plain(text)

    def test_every_filter_and_the_language(
        self, city: GridCity, appeals: list[Appeal], client: Client
    ) -> None:
        _west, south, east, north = CITY
        tried = {
            "q": "сап", "status": "answered,new", "kind": "request", "category": "street", "service": "light",
            "district": "west", "from": "2026-05-31", "to": "2026-05-30", "bbox": f"72.75,{south},{east},{north}",
        }  # fmt: skip
        assert set(tried) == {declared.name for declared in filters.FILTERS}
        for name, value in [*tried.items(), ("updated_after", "2100-01-01T00:00:00Z")]:
            query = f"?{name}={value}"
            listed = [
                feature["properties"]["number"]
                for feature in _features(client, f"/data/appeals.geojson{query}")
            ]
            assert [
                int(row["number"]) for row in _table(_read(client, f"/data/appeals.csv{query}"))
            ] == listed, name
            assert len(listed) < 3 or name in {"status", "category", "service"}, name
        names = {row["category_name"] for row in _table(_read(client, "/data/appeals.csv?lang=ru"))}
        assert names == {"lamp ru"}

    def test_staff_see_theirs_and_no_file_keeps_it(
        self, city: GridCity, appeals: list[Appeal], client: Client, settings: Settings
    ) -> None:
        client.force_login(MembershipFactory(service=city.services["light"]).user)
        answer = client.get("/data/appeals.csv", headers={"Range": "bytes=0-9"})
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
        assert len(_table(answer.getvalue())) == 4
        assert [path for path in Path(settings.TEXTS_ROOT).rglob("*") if path.is_file()] == []


def _same(cell: str, value: Any) -> bool:
    match value:
        case None:
            return cell == ""
        case str() if "T" in value and value.endswith("+00:00"):
            return dt.datetime.fromisoformat(cell) == dt.datetime.fromisoformat(value)
        case str() if value.startswith(("=", "-", "+")):
            return cell == f"'{value}"
        case _:
            return cell == str(value)


class TestGis:
    def test_equal_rows_geometry_and_types(
        self, appeals: list[Appeal], client: Client, tmp_path: Path
    ) -> None:
        features = sorted(_features(client), key=lambda feature: -feature["properties"]["number"])
        names = [one.name for one in APPEAL]
        for ending in GIS:
            frame = _frame(client, f"/data/appeals.{ending}", tmp_path).sort_values("number", ascending=False)
            assert (len(frame), frame.crs.to_epsg()) == (3, 4326), ending
            assert [name for name in frame.columns if name not in {"geometry", "bbox"}] == names
            for (_n, row), feature in zip(frame.iterrows(), features, strict=True):
                assert [row.geometry.x, row.geometry.y] == feature["geometry"]["coordinates"]
                for name, value in feature["properties"].items():
                    assert _as_read(row[name], value), (ending, name, row[name], value)
            for name in ("submitted_at", "updated_at", "answered_at"):
                assert isinstance(frame[name].dtype, pd.DatetimeTZDtype), name
            assert pd.api.types.is_integer_dtype(frame["number"])
        assert list(pyogrio.list_layers(tmp_path / "read.gpkg")[0]) == ["appeals", "Point"]
        lists = _query(tmp_path / "read.gpkg", "SELECT * FROM gpkg_data_column_constraints")
        kinds = set(lists[lists["constraint_name"] == "appeals_kind"]["value"])
        assert kinds == {"report", "complaint", "request", "recommendation"}
        about = _query(tmp_path / "read.gpkg", "SELECT description FROM gpkg_contents")["description"][0]
        assert "CC0-1.0" in about
        # Of a newer one, programs of today's distributions say that they may not know all of it.
        assert (
            _query(tmp_path / "read.gpkg", "SELECT user_version FROM pragma_user_version").iloc[0, 0] == 10300
        )
        assert "/data/appeals" in about
        window = (72.755, 40.5, 72.78, 40.54)
        assert len(geopandas.read_parquet(tmp_path / "read.parquet", bbox=window)) == 1
        assert len(pyogrio.read_dataframe(tmp_path / "read.fgb", bbox=window)) == 1
        assert pyogrio.read_info(tmp_path / "read.fgb")["capabilities"]["fast_spatial_filter"]

    def test_each_leads_to_what_its_fields_hold(self, appeals: list[Appeal], client: Client) -> None:
        answer = client.get("/data/appeals.csv")
        assert answer["Link"].endswith(
            '/data/appeals.csv-metadata.json>; rel="describedby"; type="application/csvm+json"'
        )
        told = client.get("/data/appeals.csv-metadata.json").json()
        assert told["dc:license"].startswith("https://creativecommons.org")
        names = [column["name"] for column in told["tableSchema"]["columns"]]
        assert names == next(csv.reader(io.StringIO(answer.getvalue().decode())))

    def test_a_shapefile_names_what_it_cuts(
        self, appeals: list[Appeal], client: Client, tmp_path: Path
    ) -> None:
        frame = _frame(client, "/data/appeals.shp.zip", tmp_path).sort_values("number")
        archive = zipfile.ZipFile(tmp_path / "read.shp.zip")
        assert archive.read("appeals.cpg").strip() == b"UTF-8"
        sheet = {row["field"]: row["column"] for row in _table(archive.read("appeals-fields.csv"))}
        assert [sheet[one.name] for one in APPEAL] == [name for name in frame.columns if name != "geometry"]
        assert sheet["category_name"] != sheet["category"]
        texts = {appeal.number: appeal.text for appeal in appeals}
        for _n, row in frame.iterrows():
            full = texts[row["number"]]
            assert full.startswith(row["text"])
            assert len(row["text"].encode()) in {len(full.encode()), 254}
            assert row["submitted_"].endswith("Z")
        assert b"CC0-1.0" in archive.read("README.txt")

    def test_a_workbook_and_a_drawing(self, appeals: list[Appeal], client: Client, tmp_path: Path) -> None:
        drawn = _frame(client, "/data/appeals.kml", tmp_path)
        assert sorted(drawn["Name"].astype(int)) == sorted(appeal.number for appeal in appeals)
        assert {one.name for one in APPEAL} <= set(drawn.columns)
        assert list(drawn["number"].astype(str)) == list(drawn["Name"])
        assert set(drawn["text"]) == {appeal.text.replace("\r\n", "\n") for appeal in appeals}
        sheet = pyogrio.read_dataframe(_saved(client, tmp_path, "/data/appeals.xlsx"), layer="appeals")
        assert list(sheet["number"]) == [appeal.number for appeal in appeals]
        assert sheet["text"][0] == "=1+1"
        assert [tuple(place) for place in sheet[["lon", "lat"]].to_numpy()] == [IN_WEST, IN_EAST, IN_PARK]
        fields = pyogrio.read_dataframe(tmp_path / "read.xlsx", layer="fields")
        assert list(fields.iloc[:, 0])[-len(APPEAL) :] == [one.name for one in APPEAL]

    def test_more_rows_than_a_sheet_has_are_refused(
        self, appeals: list[Appeal], client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
    ) -> None:
        monkeypatch.setattr(spreadsheets, "SHEET_ROWS", 2)
        answer = client.get("/data/appeals.xlsx", headers={"Accept-Language": "en"})
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert "A sheet holds at most 2 appeals" in answer.json()["title"]
        assert [path for path in Path(settings.TEXTS_ROOT).rglob("*") if path.is_file()] == []

    def test_nothing_is_a_file_too(self, city: GridCity, client: Client, tmp_path: Path) -> None:
        for ending in ("csv", "gpkg", "parquet"):
            path = f"/data/appeals.{ending}?category=lamp&district=east"
            if ending == "csv":
                assert _table(_read(client, path)) == []
            else:
                assert len(_frame(client, path, tmp_path)) == 0

    def test_one_version_is_one_file_however_often_it_is_made(
        self, appeals: list[Appeal], client: Client, settings: Settings
    ) -> None:
        path = "/data/appeals.gpkg"
        first = client.get(path)
        whole = first.getvalue()
        known = client.get(path, headers={"If-None-Match": first["ETag"]})
        assert (known.status_code, known["ETag"]) == (304, first["ETag"])
        shutil.rmtree(settings.TEXTS_ROOT)
        again = client.get(path)
        assert (again["ETag"], again.getvalue()) == (first["ETag"], whole)
        # Hidden in the transaction of this test, and so not before whatever is read in it.
        Appeal.objects.update(hidden=False)
        whole = client.get(path).getvalue()
        head = client.get(path, headers={"Range": "bytes=0-999"})
        Appeal.objects.update(address="Other")
        tail = client.get(path, headers={"Range": "bytes=1000-"})
        assert head.getvalue() + tail.getvalue() == whole
        tag = client.get("/data/appeals.csv")["ETag"]
        Appeal.objects.update(address="Changed")
        assert client.get("/data/appeals.csv")["ETag"] != tag

    def test_a_file_that_could_not_be_made_leaves_nothing(
        self, appeals: list[Appeal], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "_told", lambda *_: {"layer": "appeals"})
        answer = Client(raise_request_exception=False).get("/data/appeals.gpkg")
        assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
        assert [path for path in Path(settings.TEXTS_ROOT).rglob("*") if path.is_file()] == []

    def test_its_making_is_charged_and_an_unknown_format_is_named(
        self, appeals: list[Appeal], client: Client, settings: Settings
    ) -> None:
        settings.LIMITS = {"data-work": Rate(1, 1, 360_000)}
        charge(DATA_WORK, "address 127.0.0.1", cost=1)
        answer = client.get("/data/appeals.gpkg")
        assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
        assert int(answer["Retry-After"]) > 0
        answer = client.get("/data/appeals.dwg", headers={"Accept-Language": "en"})
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert "gpkg" in answer.json()["title"]


def _query(package: Path, statement: str) -> Any:
    return pyogrio.read_dataframe(package, sql=statement)


def _saved(client: Client, folder: Path, path: str) -> Path:
    file = folder / f"read.{path.partition('.')[2]}"
    file.write_bytes(_read(client, path))
    return file


def _as_read(cell: Any, value: Any) -> bool:
    if value is None or pd.isna(cell):
        return value is None and pd.isna(cell)
    if isinstance(cell, pd.Timestamp) and cell.tzinfo:
        return abs(cell - pd.Timestamp(value)) < pd.Timedelta(milliseconds=1)
    if isinstance(cell, pd.Timestamp | dt.date):
        return f"{cell:%Y-%m-%d}" == value
    return bool(cell == value)


class TestBorders:
    @pytest.mark.parametrize("ending", ["geojson", "gpkg"])
    def test_districts_without_the_city_and_the_city_alone(
        self, city: GridCity, client: Client, tmp_path: Path, ending: str
    ) -> None:
        districts = _frame(client, f"/data/districts.{ending}", tmp_path)
        whole = _frame(client, f"/data/city.{ending}", tmp_path)
        assert sorted(districts["code"]) == ["east", "west"]
        assert list(whole["code"]) == ["city"]
        assert list(districts["parent"]) == ["city", "city"]
        assert shapely.area(districts.union_all()) == pytest.approx(shapely.area(whole.union_all()))
        stored = {
            row.district.code: row.geom.wkb for row in DistrictBoundary.objects.select_related("district")
        }
        for code, shape in zip(districts["code"], districts.geometry, strict=True):
            assert shapely.from_wkb(bytes(stored[code])).equals(shape)
            assert all(part.exterior.is_ccw for part in shape.geoms)
        if ending == "gpkg":
            assert districts["approximate"].dtype == bool

    def test_areas_as_a_table(self, city: GridCity, client: Client) -> None:
        rows = _table(_read(client, "/data/service-areas.csv"))
        assert [(row["code"], row["categories"]) for row in rows] == [
            ("park", "lamp,tree"), ("light-east", "lamp"), ("light-west", "lamp"),
        ]  # fmt: skip
        assert shapely.from_wkt(rows[0]["WKT"]).equals(shapely.from_wkb(bytes(city.areas["park"].geom.wkb)))
        only = _table(_read(client, "/data/service-areas.csv?service=green&category=tree&revision=1"))
        assert [row["code"] for row in only] == ["park"]

    def test_each_change_is_another_version(self, city: GridCity, client: Client) -> None:
        def tags() -> list[str]:
            return [client.get(f"/data/{name}.geojsonl")["ETag"] for name in ("districts", "service-areas")]

        before = tags()
        assert tags() == before
        city.areas["park"].categories.remove(city.categories["tree"])
        assert tags()[1] != before[1]
        DistrictBoundary.objects.filter(district__code="east").update(approximate=True)
        assert tags()[0] != before[0]

    def test_a_revision_that_there_is_not(self, city: GridCity, client: Client) -> None:
        for name in ("districts", "city", "service-areas"):
            assert client.get(f"/data/{name}.gpkg?revision=99").status_code == 404
            answer = client.get(f"/data/{name}.gpkg?revision=first")
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["revision"])


def test_no_polygon_is_in_a_sheet() -> None:
    assert "xlsx" in files.kinds_of(APPEALS)
    assert "xlsx" not in files.kinds_of(DISTRICTS)

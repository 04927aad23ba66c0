"""/ogc/collections/…/items: in which order, with which properties, and as which text or file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pyogrio
import pytest
from django.db import connection
from django.db.models import Value
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from appeals.models import Appeal
from bootstrap.rates import Rate
from opendata import tiles, whole_sets
from opendata.ogc import collections
from opendata.ogc.collection import Collection
from opendata.ogc.collections import COLLECTIONS, Appeals
from opendata.properties import APPEAL, Property
from rates.taking import DATA_WORK, charge
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_EAST, IN_PARK, IN_WEST, GridCity, at
from web.api.openapi import WHOLE

APPEALS = "/ogc/collections/appeals/items"
DISTRICTS = "/ogc/collections/districts/items"
AREAS = "/ogc/collections/service_areas/items"
NOON = dt.datetime(2026, 5, 31, 6, tzinfo=dt.UTC)
METRIC = quote("http://www.opengis.net/def/crs/EPSG/0/32643")


@pytest.fixture
def appeals(city: GridCity) -> list[Appeal]:
    """Five, the newest first; several are due on the same day, and the text of one would break a line."""
    made = [
        AppealFactory(
            category=city.categories["lamp"],
            service=city.services["light"],
            point=at(place),
            submitted_at=NOON - dt.timedelta(hours=n),
            due_on=dt.date(2026, 6, due),
            text='Чырак\nкүйбөйт, "эки" күн' if n == 1 else "Чырак",
        )
        for n, (place, due) in enumerate(
            [(IN_EAST, 2), (IN_WEST, 1), (IN_PARK, 2), (IN_WEST, 3), (IN_EAST, 1)]
        )
    ]
    for appeal in made:
        appeal.refresh_from_db()
    return made


def _features(client: Client, address: str) -> list[dict[str, Any]]:
    """The features of all pages."""
    found = []
    following: list[str] = [address]
    while following:
        answer = client.get(following[0])
        assert answer.status_code == 200, (following, answer.content)
        page = answer.json()
        found += page["features"]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        assert len(found) < 50
    return found


def _lines(text: bytes) -> list[dict[str, Any]]:
    """The features of a GeoJSON text sequence: each begins with a record separator and ends with a line feed."""
    assert not text or (text.startswith(b"\x1e") and text.endswith(b"\n"))
    return [json.loads(part) for part in text.split(b"\x1e")[1:]]


def _errors(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), address
    return list(answer.json()["errors"])


class TestOrder:
    def test_pages_in_any_order_hold_each_once(self, client: Client, appeals: list[Appeal]) -> None:
        for sortby in (
            "number", "%2Bnumber", "-number", "submitted_at", "-updated_at", "due_on", "-due_on", "due_on,-submitted_at",
            "-due_on,number", "-due_on,submitted_at,-number",
        ):  # fmt: skip
            signed = [name.replace("%2B", "+") for name in sortby.split(",")]
            if "number" not in {name.lstrip("+-") for name in signed}:
                signed.append("-number" if signed[-1].startswith("-") else "number")
            expected = list(appeals)
            for name in reversed(signed):
                column = name.lstrip("+-")
                expected.sort(key=lambda appeal: getattr(appeal, column), reverse=name.startswith("-"))
            for limit in (1, 2, 5):
                found = _features(client, f"{APPEALS}?sortby={sortby}&limit={limit}")
                assert [one["id"] for one in found] == [str(one.pk) for one in expected], (sortby, limit)

    def test_borders_too(self, client: Client, city: GridCity) -> None:
        ids = [one["id"] for one in _features(client, f"{AREAS}?sortby=-revision,in_force_from&limit=1")]
        assert sorted(ids) == ["1.green.park", "1.light.light-east", "1.light.light-west"]

    def test_what_cannot_be_sorted_by_is_named(self, client: Client, appeals: list[Appeal]) -> None:
        for asked in ("status", "number,number", "number,", "--number", "point", "id", "number;"):
            assert _errors(client, f"{APPEALS}?sortby={asked}") == ["sortby"], asked
        assert _errors(client, f"{DISTRICTS}?sortby=number") == ["sortby"]
        # A cursor of another order is of none here.
        document = client.get(f"{APPEALS}?sortby=updated_at&limit=1").json()
        (following,) = (link["href"] for link in document["links"] if link["rel"] == "next")
        query = urlsplit(following).query
        assert client.get(f"{APPEALS}?{query}").status_code == 200
        for other in ("submitted_at", "-updated_at"):
            assert _errors(client, f"{APPEALS}?{query.replace('updated_at', other)}") == ["after"]

    def test_sortables_are_what_is_sorted_by(self, client: Client, city: GridCity) -> None:
        for of in COLLECTIONS:
            path = f"/ogc/collections/{of.id}"
            document = client.get(f"{path}/sortables").json()
            assert document["$id"].endswith(f"{path}/sortables")
            assert document["additionalProperties"] is False
            assert list(document["properties"]) == list(of.sortables.columns)
            schema = client.get(f"{path}/schema").json()["properties"]
            for name, told in document["properties"].items():
                assert told == schema[name]
                assert client.get(f"{path}/items?sortby={name}").status_code == 200

    def test_a_page_at_any_depth_begins_in_an_index(self, client: Client, appeals: list[Appeal]) -> None:
        for sortby, index in (
            ("-submitted_at", "appeal_newest"),
            ("updated_at", "appeal_updated"),
            ("-due_on", "appeal_due"),
            ("due_on,-submitted_at", "appeal_due"),
            ("-number", "number"),
        ):
            document = client.get(f"{APPEALS}?limit=2&sortby={sortby}").json()
            (following,) = (link["href"] for link in document["links"] if link["rel"] == "next")
            with CaptureQueriesContext(connection) as asked:
                client.get(following)
            (statement,) = (query["sql"] for query in asked if "WITH page" in query["sql"])
            statement = statement[statement.index("WITH ") :]
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_bitmapscan = off")
                # A sort of a handful costs less than any index.
                cursor.execute("SET LOCAL enable_sort = off")
                cursor.execute(f"EXPLAIN {statement}".replace("%", "%%"), [])
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert index in plan, plan
            column = sortby.split(",")[0].lstrip("-")
            assert f"Index Cond: (({column}" in plan or f"Index Cond: ({column}" in plan or "ROW(" in plan, (
                plan
            )


class TestProperties:
    def test_a_feature_has_those_that_are_named(self, client: Client, appeals: list[Appeal]) -> None:
        whole = _features(client, f"{APPEALS}?lang=ru")[0]
        (some,) = client.get(f"{APPEALS}?lang=ru&limit=1&properties=status,category_name,status").json()[
            "features"
        ]
        assert list(some["properties"]) == ["status", "category_name"]
        assert some == {
            **whole,
            "properties": {name: whole["properties"][name] for name in some["properties"]},
        }
        single = client.get(f"{APPEALS}/{whole['id']}?lang=ru&properties=number").json()
        assert single["properties"] == {"number": whole["properties"]["number"]}
        (west,) = _features(client, f"{DISTRICTS}?code=west&properties=revision")
        assert west["properties"] == {"revision": 1}
        # What is not given out can be asked for and sorted by all the same.
        found = _features(
            client, f"{APPEALS}?properties=number&filter=due_on%3DDATE('2026-06-01')&sortby=due_on"
        )
        assert {one["properties"]["number"] for one in found} == {appeals[1].number, appeals[4].number}
        for path in (APPEALS, DISTRICTS, f"{DISTRICTS}/1.west"):
            assert _errors(client, f"{path}?properties=code_of,nothing") == ["properties"]

    def test_a_page_shows_those(self, client: Client, appeals: list[Appeal]) -> None:
        text = client.get(f"{APPEALS}?f=html&properties=number,due_on&lang=en").content.decode()
        assert f"number: {appeals[0].number} · due_on: 2026-06-02" in text
        single = client.get(f"{APPEALS}/{appeals[0].pk}?f=html&properties=address,number").content.decode()
        assert str(appeals[0].pk) in single


class TestForms:
    def test_all_of_it_in_one_text(self, client: Client, appeals: list[Appeal], tmp_path: Path) -> None:
        asked = "lang=ky&sortby=due_on&filter=due_on%3CDATE('2026-06-03')"
        features = _features(client, f"{APPEALS}?{asked}&limit=2")
        assert len(features) == 4
        answer = client.get(f"{APPEALS}?{asked}&f=geojsonseq")
        assert (answer["Content-Type"], answer["Content-Crs"]) == (
            "application/geo+json-seq", "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>",
        )  # fmt: skip
        assert _lines(answer.getvalue()) == features
        rows = list(
            csv.DictReader(
                io.StringIO(client.get(f"{APPEALS}?{asked}&f=csv").getvalue().decode(), newline="")
            )
        )
        assert [row["text"] for row in rows] == [one["properties"]["text"] for one in features]
        assert [[float(row["lon"]), float(row["lat"])] for row in rows] == [
            one["geometry"]["coordinates"] for one in features
        ]
        (tmp_path / "read.fgb").write_bytes(
            client.get(f"{APPEALS}?{asked}&f=fgb&properties=number").getvalue()
        )
        frame = pyogrio.read_dataframe(tmp_path / "read.fgb")
        assert list(frame.columns) == ["number", "geometry"]
        assert sorted(frame["number"]) == sorted(one["properties"]["number"] for one in features)
        # By the Accept header too.
        for kind in ("text/csv", "application/geo+json-seq", "application/vnd.flatgeobuf"):
            answer = client.get(APPEALS, headers={"Accept": kind})
            assert answer["Content-Type"].startswith(kind)
            assert "Accept" in answer["Vary"].split(", ")

    def test_as_many_as_are_asked_for_and_from_a_row_on(
        self, client: Client, appeals: list[Appeal], tmp_path: Path
    ) -> None:
        def numbers(query: str) -> list[int]:
            text = client.get(f"{APPEALS}?f=geojsonseq&{query}").getvalue()
            return [one["properties"]["number"] for one in _lines(text)]

        ascending = sorted(appeal.number for appeal in appeals)
        assert numbers("sortby=number&limit=3") == ascending[:3]
        # In a file that is sorted in space the same ones.
        (tmp_path / "read.fgb").write_bytes(client.get(f"{APPEALS}?f=fgb&sortby=number&limit=3").getvalue())
        assert sorted(pyogrio.read_dataframe(tmp_path / "read.fgb")["number"]) == ascending[:3]
        assert numbers(f"limit={'9' * 40}&sortby=number") == ascending
        document = client.get(f"{APPEALS}?sortby=number&limit=2").json()
        (following,) = (link["href"] for link in document["links"] if link["rel"] == "next")
        after = following.rpartition("after=")[2]
        assert numbers(f"sortby=number&after={after}") == ascending[2:]
        others = {link["title"]: link["href"] for link in document["links"] if link["rel"] == "alternate"}
        assert others["CSV"].endswith("/items?sortby=number&f=csv")

    def test_coordinates_of_another_crs(self, client: Client, appeals: list[Appeal]) -> None:
        answer = client.get(f"{APPEALS}?f=geojsonseq&crs={METRIC}&limit=1")
        assert answer["Content-Crs"].endswith("/32643>")
        (feature,) = _lines(answer.getvalue())
        expected = appeals[0].point.transform(32643, clone=True).coords
        assert feature["geometry"]["coordinates"] == pytest.approx(expected, abs=0.006)
        for form in ("csv", "fgb"):
            assert _errors(client, f"{APPEALS}?f={form}&crs={METRIC}") == ["crs"]
            assert _errors(client, f"{APPEALS}?f={form}&resultType=hits") == ["resultType"]
        assert _errors(client, f"{APPEALS}/{appeals[0].pk}?f=csv") == ["f"]

    def test_borders_as_well(self, client: Client, city: GridCity) -> None:
        def tags() -> list[str]:
            return [client.get(f"{AREAS}?f={form}")["ETag"] for form in ("geojsonseq", "csv")]

        assert [one["id"] for one in _lines(client.get(f"{DISTRICTS}?f=geojsonseq").getvalue())] == [
            one["id"] for one in _features(client, DISTRICTS)
        ]
        (row,) = csv.DictReader(io.StringIO(client.get(f"{DISTRICTS}?f=csv&code=west").getvalue().decode()))
        assert (row["code"], row["revision"], row["WKT"][:12]) == ("west", "1", "MULTIPOLYGON")
        before = tags()
        assert tags() == before
        city.areas["park"].categories.remove(city.categories["tree"])
        assert all(one != other for one, other in zip(tags(), before, strict=True))

    @pytest.mark.parametrize("of", COLLECTIONS, ids=lambda of: of.id)
    def test_every_collection_can_be_had_in_each(
        self, client: Client, everything: Appeal, of: Collection, tmp_path: Path
    ) -> None:
        path = f"/ogc/collections/{of.id}/items"
        features = client.get(path).json()["features"]
        assert features and _lines(client.get(f"{path}?f=geojsonseq").getvalue()) == features
        text = client.get(f"{path}?f=csv").getvalue().decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert len(rows) == len(features)
        (tmp_path / "read.fgb").write_bytes(client.get(f"{path}?f=fgb").getvalue())
        frame = pyogrio.read_dataframe(tmp_path / "read.fgb")
        names = [declared.name for declared in of.properties]
        assert list(frame.columns) == [*names, "geometry"]
        for declared in of.properties:
            if declared.schema["type"] in {"number", "integer"}:
                told = [feature["properties"][declared.name] for feature in features]
                known = [value for value in told if value is not None]
                assert sorted(float(row[declared.name]) for row in rows if row[declared.name]) == sorted(
                    known
                )
                assert sorted(frame[declared.name].dropna()) == sorted(known), declared.name

    def test_one_version_is_one_text_and_staff_see_theirs(
        self, client: Client, city: GridCity, appeals: list[Appeal], settings: Settings
    ) -> None:
        path = f"{APPEALS}?f=geojsonseq&sortby=number"
        first = client.get(path)
        whole = first.getvalue()
        assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
        head = client.get(path, headers={"Range": "bytes=0-99"})
        assert head.status_code == 206
        Appeal.objects.filter(pk=appeals[0].pk).update(address="Changed")
        tail = client.get(path, headers={"Range": "bytes=100-"})
        assert head.getvalue() + tail.getvalue() == whole
        Appeal.objects.filter(pk=appeals[0].pk).update(hidden=True)
        assert client.get(path, headers={"Range": "bytes=100-"}).status_code == 416
        assert len(_lines(client.get(path).getvalue())) == 4
        client.force_login(MembershipFactory(service=city.services["light"]).user)
        answer = client.get(path)
        assert (answer["Cache-Control"], "ETag" in answer) == ("private, no-store", False)
        assert len(_lines(answer.getvalue())) == 5
        client.logout()
        settings.LIMITS = {"data-work": Rate(1, 1, 360_000)}
        charge(DATA_WORK, "address 127.0.0.1", cost=1)
        assert client.get(f"{APPEALS}?f=csv&kind=request").status_code == 429


@pytest.fixture
def no_kept_statements() -> Iterator[None]:
    yield
    collections._paged.cache_clear()
    tiles.shape.cache_clear()


def test_another_shape_is_another_version(
    client: Client, appeals: list[Appeal], monkeypatch: pytest.MonkeyPatch, no_kept_statements: None
) -> None:
    """A release may change what a feature holds while no data change: nobody is told that he has it already."""
    tile = "/tiles/appeals/0/0/0.mvt"
    tags = {
        path: client.get(path)["ETag"] for path in (APPEALS, f"{APPEALS}?f=csv", tile, "/data/appeals.gpkg")
    }
    for path, tag in tags.items():
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304, path
    monkeypatch.setattr(Appeals, "properties", (*APPEAL, Property("answer", Value(42), WHOLE)))
    monkeypatch.setattr(tiles, "SINGLES_MAX", 1)
    monkeypatch.setattr(whole_sets, "_made_by", lambda: b"another writer")
    tiles.shape.cache_clear()
    for path, tag in tags.items():
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200, path

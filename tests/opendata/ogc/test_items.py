"""/ogc/collections/…/items: which features a request finds, in which order and CRS, and who has them already."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from pytest_django import Settings

from appeals.folding import fold_pyramid
from appeals.models import Appeal
from appeals.vocabulary import Status
from districts.models import BoundaryRevision, DistrictBoundary
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import EAST, IN_EAST, IN_PARK, IN_WEST, ON_MIDDLE, WEST, GridCity, at, box, names

APPEALS = "/ogc/collections/appeals/items"
DISTRICTS = "/ogc/collections/districts/items"
AREAS = "/ogc/collections/service_areas/items"
NOON = dt.datetime(2026, 5, 31, 6, tzinfo=dt.UTC)  # 12:00 in Bishkek

_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def _get(client: Client, path: str, **query: object) -> Any:
    answer = client.get(path, {name.replace("_", "-"): value for name, value in query.items()})
    assert answer.status_code == 200, (query, answer.content)
    return answer.json()


def _ids(client: Client, path: str, **query: object) -> list[str]:
    return [feature["id"] for feature in _get(client, path, **query)["features"]]


@pytest.fixture
def appeals(city: GridCity) -> list[Appeal]:
    """Four places, an hour between them, the newest first."""
    return [
        AppealFactory(
            category=city.categories[category],
            service=city.services["light"],
            point=at(place),
            submitted_at=NOON - dt.timedelta(hours=n),
            status=status,
        )
        for n, (place, category, status) in enumerate(
            [
                (IN_EAST, "lamp", Status.NEW),
                (IN_WEST, "lamp", Status.ACCEPTED),
                (IN_PARK, "tree", Status.NEW),
                (ON_MIDDLE, "pothole", Status.ACCEPTED),
            ]
        )
    ]


class TestPages:
    def test_links_lead_through_all_of_them_once(
        self, client: Client, appeals: list[Appeal], settings: Settings
    ) -> None:
        settings.PUBLIC_URL = "https://city.example"
        answer = client.get(f"{APPEALS}?limit=3&kind=complaint&lang=ru")
        assert answer["Content-Type"] == "application/geo+json"
        first = answer.json()
        assert (first["numberMatched"], first["numberReturned"]) == (4, 3)
        assert dt.datetime.fromisoformat(first["timeStamp"]).tzinfo
        links = {link["rel"]: link for link in first["links"]}
        assert set(links) == {"self", "alternate", "next", "collection"}
        assert links["next"]["type"] == "application/geo+json"
        following = urlsplit(links["next"]["href"])
        assert {**parse_qs(following.query), "after": []} == {
            "limit": ["3"], "kind": ["complaint"], "lang": ["ru"], "after": [],
        }  # fmt: skip
        second = client.get(f"{following.path}?{following.query}").json()
        assert [one["rel"] for one in second["links"]] == ["self", *["alternate"] * 4, "collection"]
        visited = [feature["id"] for feature in first["features"] + second["features"]]
        assert visited == [str(appeal.pk) for appeal in appeals]
        assert (second["numberReturned"], "numberMatched" in second) == (1, False)

    def test_features_are_those_of_the_api(self, client: Client, appeals: list[Appeal]) -> None:
        listed = client.get("/api/appeals.geojson?lang=ky").json()["features"]
        assert _get(client, APPEALS, lang="ky")["features"] == listed

    def test_borders_have_pages_too(self, client: Client, city: GridCity) -> None:
        first = _get(client, AREAS, limit=2)
        assert (first["numberMatched"], first["numberReturned"]) == (3, 2)
        following = next(link["href"] for link in first["links"] if link["rel"] == "next")
        second = client.get(following).json()
        ids = [feature["id"] for feature in first["features"] + second["features"]]
        assert sorted(ids) == ["1.green.park", "1.light.light-east", "1.light.light-west"]

    def test_a_limit_beyond_the_largest_is_the_largest(self, client: Client, appeals: list[Appeal]) -> None:
        for limit in (1000, 1001, "9" * 400):
            assert len(_ids(client, APPEALS, limit=limit)) == 4

    def test_hits_are_counted(self, client: Client, appeals: list[Appeal]) -> None:
        document = _get(client, APPEALS, resultType="hits", category="lamp")
        assert (document["numberMatched"], document["numberReturned"], document["features"]) == (2, 0, [])
        assert [link["rel"] for link in document["links"]] == ["self", *["alternate"] * 4, "collection"]
        # What counts are kept by is known at once, folded or not.
        for _folded_or_not in range(2):
            assert _get(client, APPEALS, category="lamp")["numberMatched"] == 2
            fold_pyramid()
        assert _get(client, APPEALS)["numberMatched"] == 4
        assert _get(client, APPEALS, status="new")["numberMatched"] == 2
        assert _get(client, APPEALS, status="closed")["numberMatched"] == 0

    def test_statements(self, client: Client, appeals: list[Appeal], django_assert_num_queries: Any) -> None:
        after = next(
            link["href"] for link in _get(client, APPEALS, limit=1)["links"] if link["rel"] == "next"
        )
        # The version of the data, the page, and on the first of several the number of all.
        for path, statements in (
            (f"{APPEALS}?limit=2", 3),
            (APPEALS, 2),
            (after, 2),
            (f"{APPEALS}?resultType=hits", 2),
        ):
            with django_assert_num_queries(statements):
                client.get(path)


def test_datetime_finds_moments_days_and_intervals(client: Client, appeals: list[Appeal]) -> None:
    for asked, found in [
        ("2026-05-31T06:00:00Z", [0]),
        ("2026-05-31T12:00:00+06:00", [0]),
        ("2026-05-31T06:00:01Z", []),
        ("2026-05-31", [0, 1, 2, 3]),
        ("2026-05-30", []),
        ("2026-05-31T04:00:00Z/2026-05-31T05:00:00Z", [1, 2]),
        ("2026-05-31T05:00:00Z/..", [0, 1]),
        ("2026-05-31T05:00:00Z/", [0, 1]),
        ("../2026-05-31T04:30:00Z", [2, 3]),
        ("/2026-05-31T04:30:00Z", [2, 3]),
        ("2026-05-01/2026-05-31", [0, 1, 2, 3]),
        ("2026-06-01/..", []),
        ("../..", [0, 1, 2, 3]),
    ]:
        expected = [str(appeals[n].pk) for n in found]
        document = _get(client, APPEALS, datetime=asked)
        assert [feature["id"] for feature in document["features"]] == expected, asked
        assert document["numberMatched"] == len(expected), asked


class TestCrs:
    @pytest.mark.parametrize(
        ("uri", "srid", "turned"),
        [(CRS84, 4326, False), (f"{_EPSG}4326", 4326, True), (f"{_EPSG}3857", 3857, False), (f"{_EPSG}32643", 32643, False)],
    )  # fmt: skip
    def test_coordinates_are_in_it_with_its_axes(
        self, client: Client, appeals: list[Appeal], uri: str, srid: int, turned: bool
    ) -> None:
        def expected(point: Point) -> tuple[float, float]:
            x, y = point.transform(srid, clone=True).coords if srid != 4326 else point.coords
            return (y, x) if turned else (x, y)

        near = 1e-6 if srid == 4326 else 0.006
        answer = client.get(APPEALS, {"crs": uri})
        assert answer["Content-Crs"] == f"<{uri}>"
        for feature, appeal in zip(answer.json()["features"], appeals, strict=True):
            assert feature["geometry"]["coordinates"] == pytest.approx(expected(appeal.point), abs=near)
        single = client.get(f"{APPEALS}/{appeals[0].pk}", {"crs": uri})
        assert single["Content-Crs"] == f"<{uri}>"
        assert single.json()["geometry"]["coordinates"] == pytest.approx(expected(appeals[0].point), abs=near)
        west = client.get(f"{DISTRICTS}/1.west", {"crs": uri}).json()["geometry"]["coordinates"][0][0]
        assert [corner for corner in west if corner == pytest.approx(expected(at(WEST[:2])), abs=near)]

        # A box around the second one alone, and one whose corner it is.
        x, y = expected(appeals[1].point)
        size = 1e-4 if srid == 4326 else 10
        around = f"{x - size},{y - size},{x + size},{y + size}"
        assert _ids(client, APPEALS, bbox=around, bbox_crs=uri) == [str(appeals[1].pk)]
        assert _ids(
            client, APPEALS, bbox=f"{x - size},{y - size},0,{x + size},{y + size},9", bbox_crs=uri
        ) == [str(appeals[1].pk)]
        beside = f"{x + size},{y + size},{x + 2 * size},{y + 2 * size}"
        assert _ids(client, APPEALS, bbox=beside, bbox_crs=uri) == []
        assert _ids(client, DISTRICTS, bbox=around, bbox_crs=uri) == ["1.west"]
        # The other order of the axes is another place.
        other = f"{y - size},{x - size},{y + size},{x + size}"
        answer = client.get(APPEALS, {"bbox": other, "bbox-crs": uri})
        assert answer.status_code == 400 or answer.json()["features"] == []

    def test_the_metric_box_is_exact(self, client: Client, appeals: list[Appeal]) -> None:
        """Its sides are curves in degrees: a centimetre beside each of them decides."""
        metres = [appeal.point.transform(32643, clone=True).coords for appeal in appeals]
        xs, ys = zip(*metres, strict=True)
        whole = [min(xs) - 0.01, min(ys) - 0.01, max(xs) + 0.01, max(ys) + 0.01]
        for side, inwards in [(None, 0.0), (0, 0.02), (1, 0.02), (2, -0.02), (3, -0.02)]:
            narrowed = [value + (inwards if n == side else 0) for n, value in enumerate(whole)]
            found = _ids(client, APPEALS, bbox=",".join(map(repr, narrowed)), bbox_crs=f"{_EPSG}32643")
            assert len(found) == (4 if side is None else 3), side

    def test_a_box_may_span_the_antimeridian(self, client: Client, appeals: list[Appeal]) -> None:
        assert len(_ids(client, APPEALS, bbox="72.75,40,-170,41")) == 1
        assert len(_ids(client, APPEALS, bbox="170,40,72.73,41")) == 2
        assert _ids(client, DISTRICTS, bbox="72.75,40,-170,41") == ["1.east"]


def test_what_means_nothing_is_named(client: Client, city: GridCity) -> None:
    metric = quote(f"{_EPSG}32643")
    for path, query, wrong in [
        *((APPEALS, f"bbox={value}", "bbox") for value in (
            "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,40,73,41", "72,40,x,73,41,y", "72,41,73,40", "200,40,201,41")),
        *((APPEALS, f"bbox={value}&bbox-crs={metric}", "bbox") for value in ("1,2,3", "0,0,inf,5", "5,0,0,5")),
        *((path, f"{name}=EPSG:4326", name) for path in (APPEALS, DISTRICTS) for name in ("crs", "bbox-crs")),
        *((path, f"datetime={value}", "datetime") for path in (APPEALS, AREAS) for value in (
            "yesterday", "2026-05-31T10:00:00", "2026-06-01/2026-05-31", "2026-01-01/2026-02-01/..", "2026-05-31T")),
        *((path, f"limit={value}", "limit") for path in (APPEALS, DISTRICTS) for value in ("0", "-1", "ten", "1.5", "²")),
        *((path, "after=x", "after") for path in (APPEALS, DISTRICTS)),
        *((path, "resultType=all", "resultType") for path in (APPEALS, DISTRICTS)),
        *((path, "f=xml", "f") for path in (APPEALS, f"{DISTRICTS}/1.west")),
        (APPEALS, "status=lost", "status"),
        (APPEALS, "offset=10", "offset"),
        (APPEALS, "page_size=10", "page_size"),
        (APPEALS, "limit=1&limit=2", "limit"),
        (APPEALS, "datetime=", "datetime"),
        (DISTRICTS, "code=%00", "code"),
        (AREAS, "category=%00", "category"),
        (AREAS, "status=new", "status"),
        (f"{DISTRICTS}/1.west", "bbox=1,2,3,4", "bbox"),
    ]:  # fmt: skip
        answer = client.get(f"{path}?{query}")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), (
            path,
            query,
        )
        assert list(answer.json()["errors"]) == [wrong], (path, query)


def test_a_day_of_another_century_is_told_the_years(client: Client, city: GridCity) -> None:
    for asked in ("1800-01-01", "2200-01-01", "1800-01-01/.."):
        answer = client.get(APPEALS, {"datetime": asked, "lang": "en"}, headers={"Accept-Language": "en"})
        assert answer.json()["errors"] == {"datetime": ["A date must be between the years 1900 and 2199."]}


class TestOne:
    def test_an_appeal(self, client: Client, appeals: list[Appeal]) -> None:
        answer = client.get(f"{APPEALS}/{appeals[0].pk}", {"lang": "en"})
        assert answer["Content-Type"] == "application/geo+json"
        single = answer.json()
        assert [link["rel"] for link in single.pop("links")] == ["self", "alternate", "collection"]
        assert single == _get(client, APPEALS, lang="en")["features"][0]

    def test_what_is_not_there(self, client: Client, city: GridCity, appeals: list[Appeal]) -> None:
        draft = BoundaryRevision.objects.create(number=2, name="draft", effective_from=dt.date(2020, 1, 1))
        DistrictBoundary.objects.create(
            revision=draft, district=city.districts["west"], geom=box(EAST), **names("x")
        )
        Appeal.objects.filter(pk=appeals[0].pk).update(hidden=True)
        for path in (
            f"{APPEALS}/{appeals[0].pk}",
            f"{APPEALS}/1",
            *(f"{DISTRICTS}/{key}" for key in ("1.city", "1.nowhere", "2.city", "2.west", "1", "west", "1.a.b", "%00", "9" * 400)),
            *(f"{AREAS}/{key}" for key in ("1.light", "1.light.nowhere", "1.roads.light-east", "1.light.light-east.x")),
        ):  # fmt: skip
            answer = client.get(path)
            assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), path
        assert client.get(f"{AREAS}/1.light.light-east").json()["properties"]["service"] == "light"


class TestBorders:
    def test_a_day_chooses_the_borders(self, client: Client, city: GridCity) -> None:
        second = BoundaryRevision.objects.create(
            number=2,
            name="second",
            state=BoundaryRevision.State.PUBLISHED,
            effective_from=dt.date(2022, 3, 1),
            published_at=NOON,
        )
        DistrictBoundary.objects.create(
            revision=second, district=city.districts["west"], geom=box(WEST), **names("new")
        )
        city.add_area(
            "spring",
            "light",
            WEST,
            revision=second,
            valid_from=dt.date(2022, 4, 1),
            valid_to=dt.date(2022, 5, 1),
        )
        city.add_area("always", "light", WEST, revision=second)
        old, new = ["1.east", "1.west"], ["2.west"]
        for asked, found in [
            ({}, new),
            ({"datetime": "2022-03-01"}, new),
            ({"datetime": "2022-02-28"}, old),
            ({"datetime": "2022-02-28T17:59:59Z"}, old),
            ({"datetime": "2022-02-28T18:00:00Z"}, new),  # midnight in Bishkek
            ({"datetime": "2019-12-31"}, []),
            ({"datetime": "../2019-12-31"}, []),
            ({"datetime": "2022-02-01/2022-03-01"}, [*old, *new]),
            ({"datetime": "2021-01-01/.."}, [*old, *new]),
        ]:
            assert sorted(_ids(client, DISTRICTS, **asked)) == found, asked
        assert _ids(client, AREAS) == ["2.light.always"]
        assert _ids(client, AREAS, datetime="2022-04-30") == ["2.light.spring", "2.light.always"]
        assert _ids(client, AREAS, datetime="2022-05-01/..") == ["2.light.always"]
        (feature,) = _get(client, DISTRICTS)["features"]
        assert (feature["properties"]["revision"], feature["properties"]["in_force_from"]) == (
            2,
            "2022-03-01",
        )
        assert client.get(f"{DISTRICTS}/1.east").json()["properties"]["name_en"] == "east en"

    def test_filters(self, client: Client, city: GridCity) -> None:
        assert _ids(client, DISTRICTS, code="west") == ["1.west"]
        assert _ids(client, AREAS, service="green") == ["1.green.park"]
        assert _ids(client, AREAS, category="tree") == ["1.green.park"]
        assert len(_ids(client, AREAS, category="lamp")) == 3

    def test_nothing_is_in_force(self, client: Client, db: None) -> None:
        for path in (DISTRICTS, AREAS):
            assert _get(client, path)["numberMatched"] == 0


class TestWhoHasItAlready:
    @pytest.mark.parametrize(
        "path", [APPEALS, f"{APPEALS}?resultType=hits", DISTRICTS, "/ogc/collections/appeals"]
    )
    def test_nothing_new(self, client: Client, appeals: list[Appeal], path: str) -> None:
        first = client.get(path)
        assert first["Cache-Control"].startswith("public, max-age=")
        assert {"Accept", "Accept-Language", "Cookie"} <= {*first["Vary"].split(", ")}
        again = client.get(path, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        for other in (f"{path}{'&' if '?' in path else '?'}lang=en", path):
            known = client.get(other, headers={"If-None-Match": first["ETag"], "Accept-Language": "ru"})
            assert known.status_code == 200, other

    def test_a_change_is_new(
        self, client: Client, appeals: list[Appeal], django_assert_num_queries: Any
    ) -> None:
        tag = client.get(APPEALS)["ETag"]
        with django_assert_num_queries(1):
            assert client.get(APPEALS, headers={"If-None-Match": tag}).status_code == 304
        Appeal.objects.filter(pk=appeals[0].pk).update(hidden=True)
        answer = client.get(APPEALS, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.json()["numberMatched"]) == (200, 3)
        tag = client.get(DISTRICTS)["ETag"]
        DistrictBoundary.objects.filter(district__code="west").update(name_en="other")
        assert client.get(DISTRICTS, headers={"If-None-Match": tag}).status_code == 200

    def test_what_staff_see_is_theirs(self, client: Client, appeals: list[Appeal], city: GridCity) -> None:
        Appeal.objects.filter(pk=appeals[0].pk).update(hidden=True)
        assert (
            _get(client, APPEALS)["numberMatched"]
            == _get(client, APPEALS, resultType="hits")["numberMatched"]
            == 3
        )
        tag = client.get(APPEALS)["ETag"]
        client.force_login(MembershipFactory(service=city.services["light"]).user)
        answer = client.get(APPEALS, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.json()["numberMatched"]) == (200, 4)
        assert (answer["Cache-Control"], "ETag" in answer) == ("private, no-store", False)

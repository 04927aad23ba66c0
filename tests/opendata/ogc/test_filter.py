"""``filter``: what CQL2 finds among the features, and what it may not speak of."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection
from django.test import Client

from appeals.models import Appeal
from appeals.vocabulary import Status
from tests.factories import AppealFactory
from tests.grid import IN_EAST, IN_PARK, IN_WEST, OUTSIDE, GridCity, at

APPEALS = "/ogc/collections/appeals/items"
NOON = dt.datetime(2026, 5, 31, 6, tzinfo=dt.UTC)  # 12:00 in Bishkek
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.fixture
def appeals(city: GridCity) -> list[Appeal]:
    """0 lamp in the east, 1 pothole in the west, 2 tree in the park and in no district, planned for a day."""
    made = []
    for n, (place, category, district, status, address) in enumerate(
        [
            (IN_EAST, "lamp", "east", Status.NEW, "Ленин көчөсү, 5"),
            (IN_WEST, "pothole", "west", Status.ACCEPTED, "50% of ленин_1"),
            (IN_PARK, "tree", None, Status.PLANNED, "Park \\ gate"),
        ]
    ):
        made.append(
            AppealFactory(
                category=city.categories[category],
                service=city.services["light"],
                district=city.districts[district] if district else None,
                point=at(place),
                status=status,
                planned_on=dt.date(2026, 6, 5) if status == Status.PLANNED else None,
                address=address,
                submitted_at=NOON - dt.timedelta(days=n),
            )
        )
        made[-1].refresh_from_db()
    return made


def _found(client: Client, appeals: list[Appeal], text: str, **more: str) -> list[int]:
    answer = client.get(
        APPEALS, {"filter": text, **{name.replace("_", "-"): value for name, value in more.items()}}
    )
    assert answer.status_code == 200, (text, answer.content.decode())
    numbers = {str(appeal.pk): n for n, appeal in enumerate(appeals)}
    return sorted(numbers[feature["id"]] for feature in answer.json()["features"])


def test_what_is_said_is_found(client: Client, appeals: list[Appeal]) -> None:
    first = appeals[0]
    west, park = (
        "POLYGON((72.70 40.50, 72.715 40.50, 72.715 40.54, 72.70 40.54, 72.70 40.50))",
        "BBOX(72.71,40.51,72.73,40.53)",
    )
    for text, found in [
        ("TRUE", [0, 1, 2]), ("FALSE", []), ("NOT FALSE", [0, 1, 2]), ("FALSE OR TRUE", [0, 1, 2]), ("TRUE AND FALSE", []),
        ("TRUE OR status = 'new'", [0, 1, 2]),
        ("status = 'new'", [0]), ("status <> 'new'", [1, 2]), ("status IN ('new','planned')", [0, 2]),
        ("status NOT IN ('new','planned')", [1]),
        ("category = 'lamp'", [0]), ("category <> 'lamp'", [1, 2]), ("category LIKE '%o%'", [1]), ("category > 'm'", [1, 2]),
        ("category = 'street'", []),  # a group, which no appeal has
        ("CASEI(category) = CASEI('LAMP')", [0]),
        # What has no value is neither like a value nor unlike it.
        ("district = 'east'", [0]), ("district <> 'east'", [1]), ("NOT district = 'east'", [1]),
        ("NOT (district = 'east' OR status = 'planned')", [1]), ("district NOT LIKE 'e%'", [1]), ("district NOT IN ('east')", [1]),
        ("district IS NULL", [2]), ("district IS NOT NULL", [0, 1]), ("NOT district IS NULL", [0, 1]),
        ("duplicate_of IS NULL AND duplicate_of <> 5", []),
        (f"number = {first.number}", [0]), (f"number > {first.number}", [1, 2]), (f"number < {first.number}.5", [0]),
        (f"number = {first.number}.5", []), (f"number = {first.number}.0", [0]), (f"number >= {first.number}.5", [1, 2]),
        (f"number BETWEEN {first.number} AND {first.number + 1}", [0, 1]), ("number NOT BETWEEN 0 AND 999999999999", []),
        (f"number <> {first.number}", [1, 2]), ("number < 999999999999999999", [0, 1, 2]),
        (f"id = '{first.pk}'", [0]), (f"id IN ('{first.pk}','{appeals[2].pk}')", [0, 2]), (f"id <> '{first.pk}'", [1, 2]),
        ("address LIKE 'Ленин%'", [0]), ("address LIKE '%ленин%'", [1]), ("CASEI(address) LIKE CASEI('%ЛЕНИН%')", [0, 1]),
        (r"address LIKE '50\%%'", [1]), (r"address LIKE '%\_1'", [1]), ("address LIKE '_ark%'", [2]), (r"address LIKE '% \\ %'", [2]),
        ("address NOT LIKE '%енин%'", [2]), ("address = ''", []),
        ("submitted_at = DATE('2026-05-31')", [0]), ("submitted_at < DATE('2026-05-31')", [1, 2]),
        ("submitted_at <= DATE('2026-05-30')", [1, 2]), ("submitted_at > DATE('2026-05-30')", [0]), ("submitted_at >= DATE('2026-05-30')", [0, 1]),
        ("submitted_at <> DATE('2026-05-31')", [1, 2]), ("submitted_at = TIMESTAMP('2026-05-31T12:00:00+06:00')", [0]),
        ("submitted_at > '2026-05-31T06:00:00Z'", []), ("submitted_at >= '2026-05-31T06:00:00Z'", [0]),
        ("submitted_at BETWEEN DATE('2026-05-29') AND DATE('2026-05-30')", [1, 2]),
        ("planned_on = DATE('2026-06-05')", [2]), ("planned_on > '2026-06-04'", [2]), ("planned_on <> DATE('2026-06-05')", []),
        (f"S_INTERSECTS(point, {west})", [1]), (f"NOT S_INTERSECTS(point, {west})", [0, 2]), (f"S_INTERSECTS(point, {park})", [2]),
        (f"S_INTERSECTS(point, POINT({IN_EAST[0]} {IN_EAST[1]}))", [0]), (f"S_INTERSECTS(point, MULTI{west.replace('((', '(((').replace('))', ')))')})", [1]),
        (f"S_INTERSECTS(point, {west}) OR S_INTERSECTS(point, {park}) AND status = 'planned'", [1, 2]),
    ]:  # fmt: skip
        assert _found(client, appeals, text) == found, text
    document = {"op": "and", "args": [{"op": "=", "args": [{"property": "status"}, "new"]}, {"op": "isNull", "args": [{"property": "planned_on"}]}]}  # fmt: skip
    assert _found(client, appeals, json.dumps(document), filter_lang="cql2-json") == [0]
    assert _found(client, appeals, "status <> 'new'", kind="complaint", datetime="2026-05-30") == [1]
    hits = client.get(APPEALS, {"filter": "status <> 'new'", "resultType": "hits"}).json()
    assert hits["numberMatched"] == 2


@pytest.mark.parametrize("srid", [4326, 3857, 32643])
def test_coordinates_are_of_the_crs_of_the_filter(client: Client, appeals: list[Appeal], srid: int) -> None:
    x, y = (
        appeals[1].point.transform(srid, clone=True).coords if srid != 4326 else appeals[1].point.coords[::-1]
    )
    d = 1e-4 if srid == 4326 else 10
    ring = [(x - d, y - d), (x + d, y - d), (x + d, y + d), (x - d, y + d), (x - d, y - d)]
    polygon = ", ".join(f"{x:.9f} {y:.9f}" for x, y in ring)
    crs = f"{_EPSG}{srid}"
    assert _found(client, appeals, f"S_INTERSECTS(point, POLYGON(({polygon})))", filter_crs=crs) == [1]
    box = f"BBOX({x - d:.9f},{y - d:.9f},{x + d:.9f},{y + d:.9f})"
    assert _found(client, appeals, f"S_INTERSECTS(point, {box})", filter_crs=crs) == [1]


def test_borders_are_filtered_too(client: Client, city: GridCity) -> None:
    for collection, text, found in [
        ("districts", "code = 'west'", ["1.west"]),
        ("districts", "name_en LIKE 'e%'", ["1.east"]),
        ("districts", "approximate = TRUE", []),
        ("districts", "approximate = FALSE AND parent = 'city'", ["1.east", "1.west"]),
        ("districts", "revision = 1 AND in_force_from < DATE('2021-01-01')", ["1.east", "1.west"]),
        ("districts", f"S_INTERSECTS(geom, POINT({IN_EAST[0]} {IN_EAST[1]}))", ["1.east"]),
        ("districts", f"NOT S_INTERSECTS(geom, POINT({OUTSIDE[0]} {OUTSIDE[1]}))", ["1.east", "1.west"]),
        ("service_areas", "service <> 'light' AND priority >= 10", ["1.green.park"]),
        ("service_areas", "valid_to IS NULL AND code LIKE '%-west'", ["1.light.light-west"]),
    ]:
        answer = client.get(f"/ogc/collections/{collection}/items", {"filter": text})
        assert answer.status_code == 200, (text, answer.content.decode())
        assert sorted(feature["id"] for feature in answer.json()["features"]) == found, text


def test_what_a_filter_may_not_say_is_refused(client: Client, city: GridCity) -> None:
    for text, words in [
        ("contact.email = 'x'", "There is no such property here: contact.email."),
        ("hidden = FALSE", "There is no such property"), ("assignee IS NULL", "There is no such property"),
        ("service__email = 'x'", "There is no such property"), ("category_name = 'x'", "There is no such property"),
        ("url LIKE '%'", "There is no such property"), ("pk = 1", "There is no such property"),
        ("status = 'lost'", "status: Choose among: new"), ("status = 1", "“1” is no value of status."),
        ("number = 'x'", "no value of number"), ("number = TRUE", "no value of number"), ("id = 'x'", "no value of id"),
        ("id > '5c02fc4a-abd9-4e4d-b4a6-4218fc0780df'", "This cannot be said of id."), ("id LIKE '5%'", "This cannot be said of id."),
        ("submitted_at = 5", "no value of submitted_at"), ("submitted_at > '2026-01-01/2026-02-01'", "no value of submitted_at"),
        ("submitted_at > DATE('2026-13-01')", "no value of submitted_at"), ("planned_on = TIMESTAMP('2026-01-01T00:00:00Z')", "no value of planned_on"),
        ("submitted_at LIKE '2026%'", "This cannot be said of submitted_at."), ("CASEI(number) = CASEI('1')", "This cannot be said of number."),
        ("address LIKE 'x\\'", "no value of address"), ("point = 'x'", "This cannot be said of point."), ("point IS NULL", "This cannot be said of point."),
        ("S_INTERSECTS(status, POINT(1 2))", "This cannot be said of status."),
        ("S_INTERSECTS(point, POLYGON((0 0, 1 0, 1 1)))", "The geometry in the filter is wrong"),
        ("S_INTERSECTS(point, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "The geometry in the filter is wrong"),
        ("S_INTERSECTS(point, POINT(200 0))", "The geometry in the filter is wrong"), ("S_INTERSECTS(point, LINESTRING(1 1))", "The geometry"),
        ("S_INTERSECTS(point, BBOX(1,2,3))", "bbox must be four numbers"), ("status", "from character 7 on"),
    ]:  # fmt: skip
        answer = client.get(APPEALS, {"filter": text}, headers={"Accept-Language": "en"})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["filter"]), text
        assert words in answer.json()["errors"]["filter"][0], text
    for name, value in (("filter-lang", "cql-text"), ("filter-crs", "EPSG:4326")):
        answer = client.get(APPEALS, {"filter": "TRUE", name: value})
        assert list(answer.json()["errors"]) == [name]


def test_indexes_are_used(client: Client, appeals: list[Appeal]) -> None:
    """A filter's condition is one that an index takes: no function and no cast stands around the column."""
    from geo.cql2.text import parse_text
    from geo.published_crs import CRS84
    from opendata.ogc.collections import COLLECTIONS

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for text, index in [
            ("number = 5", "number"),
            ("submitted_at >= DATE('2026-05-31')", "submitted_at"),
            ("category = 'lamp' AND submitted_at < '2026-05-31T06:00:00Z'", "category_id"),
            ("S_INTERSECTS(point, BBOX(72.7,40.5,72.71,40.51))", "point"),
            ("S_INTERSECTS(point, POLYGON((72.7 40.5, 72.71 40.5, 72.7 40.51, 72.7 40.5)))", "point"),
        ]:
            rows = Appeal.objects.order_by().filter(COLLECTIONS[0].condition(parse_text(text), CRS84))
            plan = rows.values("pk").explain()
            assert "Index Cond: " in plan and index in plan.partition("Index Cond: ")[2].split("\n")[0], plan

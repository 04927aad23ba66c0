"""Appeals are counted in the districts of today's borders, or in those by which each was assigned."""

from __future__ import annotations

import json

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client
from django.utils import timezone

from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.recount import count_in_districts
from appeals.tasks import follow_borders
from districts.actions import publish, withdraw
from districts.models import BoundaryRevision, District, DistrictBoundary
from districts.routing import OutsideCity, Pin, Route, route_many
from reports.heatmap import Heatmap, make_heatmap
from reports.tallies import Borders
from tests.factories import AppealFactory
from tests.grid import CITY, IN_WEST, WEST, GridCity, at, box, make_ugly_city, names, spot
from tests.reports.planting import EVERY_STATUS_QUERY

pytestmark = pytest.mark.django_db

#: The east is cut into an L around its north-eastern quarter, and that quarter.
ELL = [(72.74, 40.50), (72.78, 40.50), (72.78, 40.52), (72.76, 40.52), (72.76, 40.54), (72.74, 40.54)]
QUARTER = (72.76, 40.52, 72.78, 40.54)
IN_ELL = (72.75, 40.53)
IN_QUARTER = (72.77, 40.53)
EVERYTHING = AppealFilter()


def split(city: GridCity) -> BoundaryRevision:
    """Published borders in which the east is two districts."""
    draft = BoundaryRevision.objects.create(number=2, name="split", effective_from=timezone.localdate())
    ell = MultiPolygon(Polygon([*ELL, ELL[0]]), srid=4326)
    for code, geom in (("city", box(CITY)), ("west", box(WEST)), ("ell", ell), ("quarter", box(QUARTER))):
        district = city.districts.get(code)
        if district is None:
            district = District.objects.create(code=code, kind=District.Kind.TERRITORY, **names(code))
        parent = None if code == "city" else city.districts["city"]
        DistrictBoundary.objects.create(
            revision=draft, district=district, parent=parent, geom=geom, **names(code)
        )
    return publish(draft).revision


def planted(city: GridCity) -> None:
    """Seven appeals assigned by the first borders, as ``submit`` would leave them."""
    for place, district in ((IN_WEST, "west"), (IN_ELL, "east"), (IN_QUARTER, "east")):
        for _ in range({IN_WEST: 1, IN_ELL: 2, IN_QUARTER: 4}[place]):
            AppealFactory(
                category=city.categories["lamp"], point=at(place), district=city.districts[district]
            )


def counts(heatmap: Heatmap) -> dict[str, int]:
    return {row.district.code if row.district else "": row.count for row in heatmap.districts}


def test_a_split_district_keeps_its_history(city: GridCity) -> None:
    planted(city)
    split(city)
    assert make_heatmap(EVERYTHING).recounting
    assert follow_borders.call() == 6
    heatmap = make_heatmap(EVERYTHING)
    assert counts(heatmap) == {"quarter": 4, "ell": 2, "west": 1}
    assert not heatmap.recounting
    assert make_heatmap(AppealFilter(district="quarter")).total == 4
    # Nobody's routing was rewritten.
    by_time = make_heatmap(EVERYTHING, borders=Borders.TIME)
    assert counts(by_time) == {"east": 6, "west": 1, "ell": 0, "quarter": 0}
    assert {cell.district.code for cell in by_time.cells if cell.district} == {"west", "east"}
    assert make_heatmap(AppealFilter(district="east"), borders=Borders.TIME).total == 6
    assert make_heatmap(AppealFilter(district="quarter"), borders=Borders.TIME).total == 0


def test_withdrawn_borders_take_their_counts_along(city: GridCity) -> None:
    planted(city)
    revision = split(city)
    follow_borders.call()
    withdraw(revision)
    assert follow_borders.call() == 6
    assert counts(make_heatmap(EVERYTHING)) == {"east": 6, "west": 1}
    assert follow_borders.call() == 0


def test_only_the_named_are_moved(city: GridCity) -> None:
    planted(city)
    split(city)
    one = Appeal.objects.filter(district=city.districts["east"])[0]
    assert count_in_districts([one.pk]) == 1
    assert Appeal.objects.filter(district=city.districts["east"]).count() == 5
    assert count_in_districts([]) == 0


def test_before_borders_were_applied_nothing_is_moved(city: GridCity) -> None:
    planted(city)
    BoundaryRevision.objects.update(applied=False)
    Appeal.objects.update(district=None)
    assert count_in_districts() == 0


def test_the_same_as_routing_pin_by_pin(db: None) -> None:
    """On every corner, border and hole of the ugly city."""
    city = make_ugly_city()
    pins = [
        Pin(*spot(x / 2, y / 2), city.categories["lamp"].pk) for x in range(-1, 26) for y in range(-1, 10)
    ]
    appeals = [
        AppealFactory(
            category=city.categories["lamp"],
            point=at((pin.lon, pin.lat)),
            contact=None,
            first_event=None,
            routing=None,
        )
        for pin in pins
    ]
    count_in_districts()
    stored = dict(Appeal.objects.values_list("pk", "district_id"))
    for appeal, decided in zip(appeals, route_many(pins, on=timezone.localdate()), strict=True):
        if isinstance(decided, Route):
            assert stored[appeal.pk] == decided.district_id
        else:
            assert isinstance(decided, OutsideCity)
            assert stored[appeal.pk] is None


class TestPage:
    def page(self, client: Client, query: str = "") -> str:
        answer = client.get(f"/en/reports/heatmap/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    def test_the_choice_is_shown_and_told(self, client: Client, city: GridCity) -> None:
        planted(city)
        split(city)
        assert "New borders have come into force" in self.page(client)
        follow_borders.call()
        page = self.page(client)
        assert "New borders have come into force" not in page
        assert '<option value="time">As they were on the day</option>' in page
        assert "where its pin lies now" in page
        assert f'href="/en/?{EVERY_STATUS_QUERY}&amp;district=quarter"' in page
        page = self.page(client, "?borders=time")
        assert '<option value="time" selected>' in page
        assert "by which each appeal was assigned" in page
        # The map knows today's districts alone.
        assert "east en" in page and "district=east" not in page
        assert "borders=time" in page
        assert '<option value="east">' in page

    def test_a_past_district_can_be_asked_for(self, client: Client, city: GridCity) -> None:
        planted(city)
        split(city)
        follow_borders.call()
        assert client.get("/en/reports/heatmap/?district=east").status_code == 400
        assert "6 appeals" in self.page(client, "?borders=time&district=east")
        assert client.get("/en/reports/heatmap/?borders=tomorrow").status_code == 400

    def test_a_district_of_withdrawn_borders_can_be_asked_for(self, client: Client, city: GridCity) -> None:
        revision = split(city)
        AppealFactory(
            category=city.categories["lamp"],
            point=at(IN_QUARTER),
            district=District.objects.get(code="quarter"),
        )
        withdraw(revision)
        follow_borders.call()
        assert client.get("/en/reports/heatmap/?district=quarter").status_code == 400
        assert "1 appeal" in self.page(client, "?borders=time&district=quarter")

    def test_the_files_and_rows_follow(self, client: Client, city: GridCity) -> None:
        planted(city)
        split(city)
        follow_borders.call()
        for query, district in (("", "quarter"), ("?borders=time", "east")):
            document = json.loads(client.get(f"/en/reports/heatmap.geojson{query}").content)
            assert document["report"]["borders"] == (query or "=today").rpartition("=")[2]
            assert document["features"][0]["properties"]["district"] == district
        cell = document["features"][0]["id"]
        side = document["grid"]["cell_m"]
        rows = client.get(f"/en/reports/heatmap/{side}/{cell}/?borders=time&district=east")
        assert rows.content.decode().count("Appeal №") or rows.context["count"] == 4
        assert client.get("/en/reports/heatmap.html?borders=time&frame=1").status_code == 200


def test_the_place_in_the_report_is_in_no_district_only_if_no_district_covers_it(city: GridCity) -> None:
    planted(city)
    AppealFactory(category=city.categories["lamp"], point=at((72.69, 40.52)), district=None)
    count_in_districts()
    assert counts(make_heatmap(EVERYTHING)) == {"east": 6, "west": 1, "": 1}

"""The standing hotspots are what the report without a filter shows, kept for the open data."""

from __future__ import annotations

import json

from django.test import Client
from pytest_django import Settings

from appeals.models import Appeal, HotCell
from reports.standing import hotspots_of_the_hour, keep_standing_hotspots
from tests.grid import IN_EAST
from tests.reports.planting import Plant, around, everywhere

ITEMS = "/ogc/collections/hotspot_cells/items"


def test_they_are_the_cells_of_the_report(client: Client, plant: Plant, settings: Settings) -> None:
    settings.REPORT_MIN_COUNT = 3
    plant(everywhere() + around(IN_EAST, 60))
    kept = keep_standing_hotspots()
    report = json.loads(client.get("/en/reports/hotspots.geojson").content)
    listed = client.get(f"{ITEMS}?limit=1000").json()
    assert kept == listed["numberMatched"] == len(report["features"]) > 30
    of_report = {one["id"]: one for one in report["features"]}
    names = ("count", "observed", "expected", "ratio", "p", "q", "class")
    for feature in listed["features"]:
        told = feature["properties"]
        expected = of_report[told["cell"]]
        assert feature["id"] == f"{report['grid']['cell_m']}.{told['cell']}"
        assert [told[name] for name in names] == [expected["properties"][name] for name in names]
        assert feature["geometry"]["coordinates"] == [expected["geometry"]["coordinates"]]
    counts = {one["properties"]["count"] for one in listed["features"]}
    assert None in counts and not counts & {1, 2}
    classes = [one["properties"]["class"] for one in listed["features"]]
    assert classes == sorted(classes, reverse=True) and classes[0] > 0


def test_they_are_made_anew_and_keep_their_ids(client: Client, plant: Plant) -> None:
    plant(around(IN_EAST, 60))
    keep_standing_hotspots()
    before = HotCell.objects.order_by("-observed")[0]
    plant(around(IN_EAST, 20, seed=9))
    keep_standing_hotspots()
    after = HotCell.objects.get(code=before.code)
    assert (after.number, after.observed > before.observed, after.made_at > before.made_at) == (
        before.number,
        True,
        True,
    )
    assert client.get(f"{ITEMS}/{before.code}").json()["properties"]["observed"] == after.observed
    assert hotspots_of_the_hour() is None
    Appeal.objects.filter(pk=Appeal.objects.values("pk")[:1]).update(hidden=True)
    assert client.get(ITEMS).json()["features"] == [], "one of those that were counted is hidden"
    assert client.get(f"{ITEMS}/{before.code}").status_code == 404
    assert hotspots_of_the_hour() == HotCell.objects.count() > 0
    Appeal.objects.update(hidden=True)
    assert keep_standing_hotspots() == HotCell.objects.count() == 0
    assert client.get(f"{ITEMS}/{before.code}").status_code == 404

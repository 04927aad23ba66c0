"""Programs that people have, over HTTP: GDAL's driver for OGC API - Features, which QGIS and GeoPandas read with."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from appeals.models import Appeal
from tests.factories import AppealFactory
from tests.grid import IN_EAST, IN_WEST, GridCity, at, make_city

#: A process of its own: GDAL holds the interpreter while the server of this process must answer.
_READ = """
import json, sys, pyogrio
if "OAPIF" not in pyogrio.list_drivers():
    print("null")
    raise SystemExit
found = []
for options in json.loads(sys.argv[2]):
    if "bbox" in options:
        options["bbox"] = tuple(options["bbox"])
    frame = pyogrio.read_dataframe("OAPIF:" + sys.argv[1], PAGE_SIZE="5", **options)
    place = frame.geometry.iloc[0].centroid if len(frame) else None
    found.append({
        "names": sorted(str(name) for name in frame["number" if "number" in frame else "code"]),
        "crs": ":".join(frame.crs.to_authority()),
        "first": place and [place.x, place.y],
    })
print(json.dumps(found))
"""

Read = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def city(db: None) -> GridCity:
    return make_city()


@pytest.fixture
def appeals(city: GridCity) -> list[Appeal]:
    """Twelve, one of them in the east and accepted."""
    newest = dt.datetime(2026, 5, 31, 6, tzinfo=dt.UTC)
    made = [
        AppealFactory(
            category=city.categories["lamp"],
            service=city.services["light"],
            point=at(IN_WEST if n else IN_EAST),
            status="new" if n else "accepted",
            submitted_at=newest - dt.timedelta(days=n),
        )
        for n in range(12)
    ]
    for appeal in made:
        appeal.refresh_from_db(fields=["number"])
    return made


@pytest.fixture
def read(live_server: Any, settings: Settings) -> Read:
    """What GDAL reads of the collections, five features a page; one answer for each of the options."""
    settings.PUBLIC_URL = live_server.url

    def ask(*options: dict[str, Any]) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-c", _READ, f"{live_server.url}/ogc", json.dumps(options)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        if found is None:
            pytest.skip("this GDAL was built without its OAPIF driver")
        return list(found)

    return ask


@pytest.mark.django_db(transaction=True)
def test_gdal_reads_everything_what_it_filters_by_and_in_which_crs(read: Read, appeals: list[Appeal]) -> None:
    numbers = [str(appeal.number) for appeal in appeals]
    lon, lat = IN_EAST
    crs = "http://www.opengis.net/def/crs/EPSG/0/"
    late = f"number = {numbers[3]} OR submitted_at >= '2026-05-31T00:00:00'"
    whole, accepted, either, boxed, districts, *projected = read(
        {"layer": "appeals"},
        {"layer": "appeals", "where": "status = 'accepted'"},
        {"layer": "appeals", "where": late},
        {"layer": "appeals", "bbox": [lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001]},
        {"layer": "districts"},
        *({"layer": "appeals", "CRS": f"{crs}{srid}"} for srid in (4326, 3857, 32643)),
    )
    assert whole == {"names": sorted(numbers), "crs": "OGC:CRS84", "first": pytest.approx(IN_EAST, abs=1e-6)}
    assert accepted["names"] == boxed["names"] == [numbers[0]]
    assert either["names"] == sorted([numbers[0], numbers[3]])
    assert districts["names"] == ["east", "west"]
    # Of the two names for degrees GDAL keeps the one that it began with; its own order of the axes is lon, lat.
    for found, srid in zip(projected, (4326, 3857, 32643), strict=True):
        assert found["crs"] in {f"EPSG:{srid}", "OGC:CRS84" if srid == 4326 else ""}
        point = appeals[0].point.transform(srid, clone=True) if srid != 4326 else appeals[0].point
        assert found["first"] == pytest.approx(point.coords, abs=1e-6 if srid == 4326 else 0.006)

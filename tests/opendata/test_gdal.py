"""The URL that an analyst pastes: GDAL itself, which is what QGIS and GeoPandas read with, over HTTP."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from tests.factories import AppealFactory
from tests.grid import GridCity, make_city

_READ = """
import sys, pyogrio
frame = pyogrio.read_dataframe(sys.argv[1])
print(len(frame), frame.crs.to_epsg(), *sorted(frame["number"]))
"""


@pytest.fixture
def city(db: None) -> GridCity:
    return make_city()


@pytest.mark.django_db(transaction=True)
def test_gdal_reads_the_url(live_server: Any, city: GridCity) -> None:
    # Larger than one of GDAL's ranges (16 kB), so that it must put parts together.
    appeals = [AppealFactory(text=f"{n} " + "Көчөдө чырак күйбөйт. " * 20) for n in range(40)]
    # A process of its own: GDAL holds the interpreter while the server of this process must answer.
    read = subprocess.run(
        [sys.executable, "-c", _READ, f"{live_server.url}/api/appeals.geojson?page_size=1000"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    for appeal in appeals:
        appeal.refresh_from_db(fields=["number"])
    assert read.stdout.split() == [
        "40",
        "4326",
        *(str(number) for number in sorted(a.number for a in appeals)),
    ]


class TestRange:
    def test_parts_make_the_whole(self, city: GridCity, client: Client) -> None:
        AppealFactory()
        whole = client.get("/api/appeals.geojson", headers={"Accept-Encoding": "gzip"})
        assert whole["Accept-Ranges"] == "bytes"
        text = client.get("/api/appeals.geojson").content
        head = client.get("/api/appeals.geojson", headers={"Range": "bytes=0-9", "Accept-Encoding": "gzip"})
        tail = client.get("/api/appeals.geojson", headers={"Range": "bytes=10-"})
        assert (head.status_code, head["Content-Range"]) == (206, f"bytes 0-9/{len(text)}")
        assert head.getvalue() + tail.getvalue() == text

    def test_behind_the_end(self, city: GridCity, client: Client) -> None:
        answer = client.get("/api/appeals.geojson", headers={"Range": "bytes=99999999-"})
        assert answer.status_code == 416

    @pytest.mark.parametrize("header", ["bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=", "\u00b2"])
    def test_other_ranges_get_the_whole(self, city: GridCity, client: Client, header: str) -> None:
        assert client.get("/api/appeals.geojson", headers={"Range": header}).status_code == 200

"""The recipes of the documentation, tried as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from appeals.models import Appeal
from districts.importing.entries import feature_entries
from tests.grid import IN_EAST, IN_WEST, GridCity
from tests.realdata import ROOT, real_file

EAST, WEST = (f"{lat},{lon}" for lon, lat in (IN_EAST, IN_WEST))

#: As the dashboard of FixMyStreet writes it.
FIXMYSTREET = f"""\
Report ID,Title,Detail,User Name,Category,Created,Confirmed,Acknowledged,Fixed,Closed,Status,Latitude,Longitude,Query,Ward,\
Easting,Northing,Report URL,Device Type,Site Used,Reported As
1001,Hole in the road,"Deep, with water",(anonymous),Potholes,2024-03-04T09:58:00,2024-03-04T10:00:00,,,,confirmed,{EAST},\
,West,,,https://fix.example.org/report/1001,website,fixmystreet,
1002,Lamp,It is dark,(anonymous),Street lighting,2024-03-04T10:00:00,2024-03-04T10:01:00,2024-03-05T08:00:00,\
2024-03-06T12:00:00,,fixed - council,{WEST},,West,,,https://fix.example.org/report/1002,website,fixmystreet,
1003,Tree,,(anonymous),Trees,2024-03-04T10:00:00,2024-03-04T10:02:00,2024-03-05T08:00:00,,2024-03-07T12:00:00,\
not responsible,{WEST},,West,,,https://fix.example.org/report/1003,website,fixmystreet,
1004,Hole again,,(anonymous),Potholes,2024-03-04T10:00:00,2024-03-04T10:03:00,,2024-03-06T12:00:00,,investigating,{EAST},\
,West,,,https://fix.example.org/report/1004,website,fixmystreet,
"""

OPEN311 = [
    {
        "service_request_id": 638344, "status": "closed", "status_notes": "Filled.", "service_name": "Potholes",
        "service_code": "006", "description": None, "agency_responsible": None, "service_notice": None,
        "requested_datetime": "2024-03-04T10:00:00+06:00", "updated_datetime": "2024-03-06T12:00:00+06:00",
        "expected_datetime": None, "address": "Lenina 1", "address_id": 545483, "zipcode": "723500",
        "lat": IN_EAST[1], "long": IN_EAST[0], "media_url": None,
    },
    {
        "service_request_id": "638349", "status": "open", "service_name": "Sidewalk", "description": "Broken slabs",
        "requested_datetime": "2024-03-05T10:00:00+06:00", "updated_datetime": "2024-03-05T10:00:00+06:00",
        "lat": IN_WEST[1], "long": IN_WEST[0],
    },
]  # fmt: skip


def blocks(file: str, title: str) -> dict[str, str]:
    """The code below the title, by its language."""
    text = (ROOT / file).read_text(encoding="utf-8")
    section = re.split(r"\n##+ ", text.split(f"{title}\n", 1)[1])[0]
    return dict(re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL))


def script(shell: str) -> str:
    """The Python in a shell command that reads it up to END."""
    return shell.split("<<'END'\n", 1)[1].split("\nEND", 1)[0]


def bring_in(folder: Path, table: Path, mapping: str) -> None:
    file = folder / "mapping.toml"
    # The grid city knows one pothole.
    file.write_text(mapping.replace('= "potholes"', '= "pothole"'), encoding="utf-8")
    call_command("import_appeals", str(table), f"--mapping={file}", f"--refused={folder / 'refused.csv'}")


@pytest.mark.django_db
def test_an_export_of_fixmystreet(city: GridCity, tmp_path: Path) -> None:
    table = tmp_path / "reports.csv"
    table.write_text(FIXMYSTREET, encoding="utf-8")
    bring_in(tmp_path, table, blocks("docs/importing.md", "### From FixMyStreet")["toml"])
    found = Appeal.objects.order_by("external_id").values_list(
        "external_id", "status", "category__code", "text"
    )
    assert list(found) == [
        ("1001", "new", "pothole", "Hole in the road: Deep, with water"),
        ("1002", "closed", "other", "Lamp: It is dark"),
        ("1003", "closed", "other", "Tree"),
        ("1004", "accepted", "pothole", "Hole again"),
    ]
    ends = (
        Appeal.objects.filter(status="closed").order_by("external_id").values_list("closed_at", "answered_at")
    )
    assert [(end.isoformat(), answered) for end, answered in ends if end] == [
        ("2024-03-06T12:00:00+00:00", None),
        ("2024-03-07T12:00:00+00:00", None),
    ]


@pytest.mark.django_db
def test_requests_of_open311(city: GridCity, tmp_path: Path) -> None:
    recipe = blocks("docs/importing.md", "### From Open311")
    for n, request in enumerate(OPEN311):
        (tmp_path / f"{n}.json").write_text(json.dumps([request]), encoding="utf-8")
    table = tmp_path / "requests.csv"
    files = [str(tmp_path / f"{n}.json") for n in range(len(OPEN311))]
    subprocess.run([sys.executable, "-c", script(recipe["sh"]), str(table), *files], check=True)
    bring_in(tmp_path, table, recipe["toml"])
    closed, still_open = Appeal.objects.order_by("external_id")
    assert (closed.external_id, closed.status, closed.text, closed.address) == (
        "638344",
        "closed",
        "Potholes",
        "Lenina 1",
    )
    assert closed.events.get(verb="answer").text == "Filled."
    assert (still_open.status, still_open.text) == ("new", "Sidewalk: Broken slabs")


def test_a_base_map_of_openstreetmap(tmp_path: Path) -> None:
    recipe = script(blocks("data/README.md", "## A base map from OpenStreetMap")["sh"])
    target = tmp_path / "base.geojson"
    bounds = "24.92,60.16,24.96,60.18"
    extract = real_file("helsinki_centre.osm.pbf")
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", recipe, str(extract), bounds, str(target)], check=True
    )
    drawn = feature_entries(target)
    assert {entry.values["layer"] for entry in drawn} >= {"street", "park", "river"}
    assert any(entry.values["name"] == "Mannerheimintie" for entry in drawn)

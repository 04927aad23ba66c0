"""The files of a report: the same numbers in each, the same bytes at the address and by the command."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import parse_qsl

import geopandas as gpd
import numpy as np
import pytest
from django.contrib.gis.gdal import GDALRaster
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation
from pypdf import PdfReader
from pytest_django import Settings

from reports.ground import nearest_places
from reports.kinds import KINDS
from reports.making import form_of, make_report
from reports.products import products_of
from tests.factories import PlaceFactory
from tests.grid import CITY, IN_EAST, GridCity, at
from tests.reports.planting import Plant, around
from tests.reports.test_trends import noon, plant_a_year

QUERY = "from=2025-01-01&to=2025-12-31&cell=500"
#: What a report is asked that has no cells, or no days.
QUERIES = dict.fromkeys(("districts", "answers", "seasons"), "from=2025-01-01&to=2025-12-31") | {
    "before-after": "district=west&on=2025-07-01"
}
ASKED = {"--from": "2025-01-01", "--to": "2025-12-31", "--cell": "500"}


def run(report: str, ending: str, target: Path, **asked: str) -> None:
    options = [
        part
        for pair in {**ASKED, **asked}.items()
        for part in pair
        if pair[0].removeprefix("--") not in KINDS[report].without or pair[0] in asked
    ]
    if report == "before-after":
        options += ["--on", "2025-07-01", "--district", "west"]
    call_command(
        "report",
        report,
        "--format",
        ending,
        "--output",
        str(target),
        *filter(None, options),
        "--language",
        "ru",
    )


def test_every_file_says_the_same_at_its_address_and_by_the_command(
    client: Client, plant: Plant, tmp_path: Path, settings: Settings
) -> None:
    plant_a_year(plant)
    plant(around(IN_EAST, 40), category="pothole", submitted_at=noon(3))
    for n in range(30):
        PlaceFactory(
            kind="street" if n % 5 == 0 else "landmark",
            name_ru=f"place {n}",
            point=at(
                (CITY[0] + (CITY[2] - CITY[0]) * n / 30, CITY[1] + (CITY[3] - CITY[1]) * (n * 7 % 30) / 30)
            ),
        )
    read: dict[tuple[str, str], bytes] = {}
    for report in KINDS:
        query = QUERIES.get(report, QUERY)
        page = client.get(f"/ru/reports/{report}/?{query}").content.decode()
        linked = re.findall(rf'href="(/ru/reports/{report}\.([\w.]+)\?[^"]+)" download', page)
        assert [ending for _address, ending in linked] == [*products_of(report)]
        for address, ending in linked:
            # Paper takes long, and is read below.
            if ending.endswith(("pdf", "png")) and report != "hotspots":
                continue
            answer = client.get(address.replace("&amp;", "&"))
            assert (answer.status_code, answer["Content-Type"]) == (
                200,
                products_of(report)[ending].media_type,
            )
            read[report, ending] = answer.content
            if report == "hotspots" or ending == "json":
                run(report, ending, tmp_path / "file")
                assert (tmp_path / "file").read_bytes() == answer.content, (report, ending)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

    # The cells of one are those of the others.
    for report in ("hotspots", "trends"):
        cells = gpd.read_parquet(io.BytesIO(read[report, "parquet"])).set_index("id")
        shown = json.loads(read[report, "geojson"])
        facts = json.loads(read[report, "json"])
        assert len(cells) == facts["numbers"]["cells_tested"] > len(shown["features"]) > 50
        told = {one["id"]: one["properties"] for one in shown["features"]}
        assert {name: row["count"] for name, row in told.items()} == cells["count"].loc[[*told]].to_dict()
        raster = GDALRaster(read[report, "tif"])
        counts = raster.bands[0].data()
        assert (
            np.nansum(counts)
            == cells["count"].sum()
            == facts["numbers"]["total"] - facts["numbers"]["outside"]
        )
        assert (~np.isnan(counts)).sum() == len(cells)
        assert re.fullmatch("[0-9a-f]{64}", facts["input_sha256"])
        assert f"INPUT_SHA256={facts['input_sha256']}" in raster.info
        # Pasted, it asks the same question.
        assert f"SOURCE={facts['address']}" in raster.info and facts["address"].endswith(f"?{QUERY}")
        (asked,) = re.findall("QUESTION=(.*)", raster.info)
        assert json.loads(asked) == facts["question"]
    hot = gpd.read_parquet(io.BytesIO(read["hotspots", "parquet"])).set_index("id")
    first = json.loads(read["hotspots", "geojson"])["features"][0]["properties"]
    assert hot.loc[first["id"], "q"] == pytest.approx(first["q"], rel=1e-5)
    assert hot.loc[first["id"], "class"] == "more, q < 0.01"
    for report in ("districts", "answers"):
        told = json.loads(read[report, "geojson"])["features"]
        districts = gpd.read_parquet(io.BytesIO(read[report, "parquet"]))
        assert districts["district"].tolist() == [one["id"] for one in told]
        for column in told[0]["properties"].keys() - {"district", "name"}:
            values = [one["properties"][column] for one in told]
            assert [None if np.isnan(value) else value for value in districts[column].astype(float)] == values
    compared = gpd.read_parquet(io.BytesIO(read["before-after", "parquet"])).set_index("id")
    assert compared.crs.to_epsg() == 32643
    assert compared["role"].to_dict() == {
        one["id"]: one["properties"]["role"]
        for one in json.loads(read["before-after", "geojson"])["features"]
    }
    assert set(compared["role"]) >= {"area", "ring"}
    # Each cell has the name by which people know it.
    features = json.loads(read["hotspots", "geojson"])["features"][:25]
    centres = [tuple(np.mean(one["geometry"]["coordinates"][0][:4], axis=0)) for one in features]
    with translation.override("ru"):
        near = nearest_places(centres)
    assert [one["properties"]["place"] for one in features] == near and len({*near}) > 3
    table = csv.DictReader(io.StringIO(read["hotspots", "csv"].decode("utf-8-sig")))
    assert [row["place"] for row in table][:25] == near
    facts = json.loads(read["hotspots", "json"])
    assert facts["question"]["from"] == "2025-01-01"
    assert facts["method"]["cell_m"] == 500
    assert facts["address"].endswith(f"/ru/reports/hotspots/?{QUERY}")
    assert "явно больше" in " ".join(facts["sentences"])
    assert set(facts["versions"]) >= {"python", "numpy", "scipy"}


def test_the_hash_is_of_what_was_counted(client: Client, plant: Plant, city: GridCity) -> None:
    def hashes() -> list[str]:
        return [
            client.get(
                f"/en/reports/{report}.json?{QUERIES[report] if report == 'before-after' else ''}"
                if report in QUERIES
                else f"/en/reports/{report}.json?cell=500&to=2025-12-31"
            ).json()["input_sha256"]
            for report in KINDS
        ]

    plant_a_year(plant)
    before = hashes()
    assert len(set(before)) == len(KINDS)
    plant([IN_EAST], hidden=True)
    assert hashes() == before
    plant([IN_EAST], submitted_at=noon(6))
    assert all(old != new for old, new in zip(before, hashes(), strict=True))


def test_small_counts_are_in_no_file(client: Client, plant: Plant, settings: Settings) -> None:
    plant_a_year(plant)
    settings.REPORT_MIN_COUNT = 5
    for report in ("heatmap", "hotspots", "trends"):
        answer = client.get(f"/en/reports/{report}.parquet?{QUERY}").content
        cells = gpd.read_parquet(io.BytesIO(answer))
        bands = GDALRaster(client.get(f"/en/reports/{report}.tif?{QUERY}").content).bands
        for counts in (
            cells["count"].dropna(),
            cells.get("observed", cells["count"]).dropna(),
            bands[0].data(),
        ):
            values = np.asarray(counts, dtype=float)
            assert ((values == 0) | (values >= 5) | np.isnan(values)).all()
            assert (values >= 5).any()
    # What fewer than that were observed in is not told by its chance.
    hot = gpd.read_parquet(io.BytesIO(client.get(f"/en/reports/hotspots.parquet?{QUERY}").content))
    assert hot.loc[hot["observed"].isna(), ["p", "q", "expected"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("report", "options", "said"),
    [
        ("hotspots", {"--category": "nonsense"}, "--category: "),
        ("hotspots", {"--cell": "75"}, "--cell: "),
        ("trends", {"--from": "yesterday"}, "--from: "),
        ("districts", {"--district": "east"}, "districts is not asked for --district"),
    ],
)
def test_the_command_refuses_what_the_page_refuses(
    city: GridCity, tmp_path: Path, report: str, options: dict[str, str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        run(report, "json", tmp_path / "file", **options)
    assert [*tmp_path.iterdir()] == []
    with pytest.raises(CommandError, match="cannot be had as tif, but as: html"):
        run("districts", "tif", tmp_path / "file")
    with pytest.raises(CommandError, match="cannot be written"):
        run("heatmap", "csv", tmp_path / "no" / "file")


def test_what_is_no_file_is_not_found_and_nothing_is_no_error(client: Client, city: GridCity) -> None:
    for name in ("hotspots.exe", "nonsense.csv", "districts.tif"):
        assert client.get(f"/en/reports/{name}").status_code == 404
    for report in KINDS:
        for ending in products_of(report).keys() - (
            set() if report == "hotspots" else {"pdf", "png", "contours.pdf"}
        ):
            assert client.get(f"/en/reports/{report}.{ending}").status_code == 200, (report, ending)
            assert client.post(f"/en/reports/{report}.{ending}").status_code == 405


def test_a_map_shows_the_whole_city_or_the_part_that_is_asked(client: Client, plant: Plant) -> None:
    plant(around(IN_EAST, 40))
    plant([IN_EAST, (CITY[0] + 0.001, CITY[1] + 0.001)])

    def frame(query: str) -> tuple[float, ...]:
        form = form_of("heatmap", dict(parse_qsl(query)))
        made = make_report("heatmap", form)
        return KINDS["heatmap"].map(made, form.query, []).frame

    west, south, east, north = frame("cell=250")
    assert west <= CITY[0] and south <= CITY[1] and east >= CITY[2] and north >= CITY[3]
    west, south, east, north = frame("cell=250&district=east")
    assert IN_EAST[0] - 0.01 < west < east < IN_EAST[0] + 0.01
    assert IN_EAST[1] - 0.01 < south < north < IN_EAST[1] + 0.01


ON_PAPER = {
    ("hotspots", "ru"): (
        "Очаги",
        "Где их больше",
        "Во сколько раз",
        "случайность не чаще 1 из 100",
        "Составлено",
    ),
    ("trends", "ky"): ("Өзгөрүүлөр", "Чакмактарда эмне болду", "Бул кантип бааланат", "Манн — Кендалл"),
    ("districts", "en"): ("Districts: ", "By district", "Smoothed", "Marshall 1991", "share of the ground"),
    ("before-after", "ru"): ("До и после", "Что сравнивается", "По месяцам", "Абади"),
    ("answers", "ky"): ("Жооптор", "Аймактар боюнча", "Каплан", "Сакталган мөөнөт"),
    ("heatmap", "ru"): ("Самые заполненные ячейки", "По территориям", "Дженкс"),
}


def test_on_paper_is_all_that_the_page_says(client: Client, plant: Plant) -> None:
    plant_a_year(plant)
    for (report, language), said in ON_PAPER.items():
        query = QUERIES.get(report, QUERY)
        answer = client.get(f"/{language}/reports/{report}.pdf?{query}")
        paper = PdfReader(io.BytesIO(answer.content))
        words = " ".join(" ".join(page.extract_text().split()) for page in paper.pages)
        # Every service in every district has a page of its own.
        pages = 3 if report == "answers" else 2
        assert len(paper.pages) == pages
        for part in (*said, *(f"{n + 1} / {pages}" for n in range(pages)), f"/{language}/reports/{report}/"):
            assert part in words, (report, part)
        assert paper.pages[0].mediabox.width == pytest.approx(595, abs=1)

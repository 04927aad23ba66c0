from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Request

from geo.bbox import Bbox
from geo.folium_map import CellMap, MapCell, Units, ramp, render, square
from geo.folium_map.packed import packed
from geo.grid import Cell, Grid
from geo.paper_map import Table

NASTY = "</script><script>document.title = 'broken out'</script><img src=x onerror=\"document.title = 'broken out'\">"
ROAD = "Long <b>Road</b>"
EMPTY = {"type": "FeatureCollection", "features": []}
SQUARE = [[72.79, 40.5], [72.82, 40.5], [72.82, 40.53], [72.79, 40.53], [72.79, 40.5]]


def cell_map() -> CellMap:
    cells = [Cell(1255, 17950), Cell(1256, 17950), Cell(1257, 17951)]
    return CellMap(
        language="en",
        title=f"Heat {NASTY}",
        notes=(f"A note {NASTY}",),
        cells=[
            MapCell(cell.id, square(ring), level, (f"{level + 1} things", NASTY))
            for level, (cell, ring) in enumerate(zip(cells, Grid(250, 32643).rings(cells), strict=True))
        ],
        levels=ramp(["1", "2", "3–5"]),
        legend="Things in a cell",
        rows_label="Show them",
        rows_url="https://city.example/en/cells/{cell}/?kind=a&to=b",
        empty_label="Nothing",
        zoom_in="Nearer",
        zoom_out="Further",
        units=Units("м", "км"),
        attribution=f"Nobody & co {NASTY}",
        ground={
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"layer": "street", "class": "primary", "name_en": ROAD},
                    "geometry": {"type": "LineString", "coordinates": [SQUARE[0], SQUARE[2]]},
                },
                {
                    "type": "Feature",
                    "properties": {"layer": "place", "class": "village"},
                    "geometry": {"type": "Point", "coordinates": SQUARE[0]},
                },
            ],
        },
        borders={
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"name": NASTY},
                    "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
                }
            ],
        },
        frame=Bbox(72.79, 40.5, 72.82, 40.53),
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser page without a network; it must have requested only one file, without errors."""
    requested: list[str] = []
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 800, "height": 600}, offline=True)
    opened = context.new_page()

    def asks(request: Request) -> None:
        requested.append(request.url)

    opened.on("request", asks)
    opened.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    opened.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert len(requested) == 1
    assert requested[0].startswith("file://")
    assert complaints == []


def open_file(page: Page, folder: Path, drawn: CellMap) -> None:
    file = folder / "map.html"
    file.write_text(render(drawn), encoding="utf-8")
    page.goto(file.as_uri())


@pytest.mark.browser
def test_the_file_draws_its_cells_without_a_network(page: Page, tmp_path: Path) -> None:
    open_file(page, tmp_path, cell_map())
    assert page.locator("path.cell").count() == 3
    assert page.locator("path.ground").count() == 1  # places are points and skipped
    assert page.locator("path.border").count() == 1
    # Along its street, which rises from corner to corner.
    assert page.locator(".leaflet-names-pane span").all_inner_texts() == [ROAD]
    name, street = (page.locator(part).bounding_box() for part in (".leaflet-names-pane span", "path.ground"))
    assert name is not None and street is not None
    along = (name["x"] + name["width"] / 2 - street["x"]) / street["width"]
    middle = name["y"] + name["height"] / 2
    assert middle == pytest.approx(street["y"] + street["height"] * (1 - along), abs=4)
    assert min(name["width"], name["height"]) > 30
    assert page.locator(".legend li").all_inner_texts() == ["1", "2", "3–5"]
    # Beside the map, not on it.
    drawn, legend = (page.locator(part).bounding_box() for part in (".leaflet-container", ".legend"))
    assert drawn and legend and legend["x"] >= drawn["x"] + drawn["width"]
    assert page.locator(".leaflet-control-scale").inner_text().endswith("м")
    colours = [
        page.locator("path.cell").nth(number).evaluate("path => getComputedStyle(path).fill")
        for number in range(3)
    ]
    assert len(set(colours)) == 3
    page.locator("path.cell.colour-5").click()
    assert page.locator(".leaflet-popup strong").inner_text() == "3 things"
    link = page.locator(".leaflet-popup-content a")
    assert link.get_attribute("href") == "https://city.example/en/cells/x1257_y17951/?kind=a&to=b"


@pytest.mark.browser
def test_names_of_districts_give_way_to_each_other(page: Page, tmp_path: Path) -> None:
    narrow = [[72.80, 40.5], [72.81, 40.5], [72.81, 40.53], [72.80, 40.53], [72.80, 40.5]]
    borders = [
        {"properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for name, ring in (
            ("A-long name of a district", narrow),
            ("Another district", narrow),
            ("Third", narrow),
            ("One that has no room", narrow),
        )
    ]
    open_file(page, tmp_path, replace(cell_map(), borders={"type": "FeatureCollection", "features": borders}))
    names = [name for name in page.locator(".border-name span").all() if name.is_visible()]
    assert names[0].inner_text().startswith("A\u2011long name")
    boxes = [box for name in names if (box := name.bounding_box())]
    heights = sorted((box["y"], box["y"] + box["height"]) for box in boxes)
    assert 2 <= len(heights) < len(borders)
    assert all(upper[1] <= lower[0] for upper, lower in itertools.pairwise(heights)), heights


@pytest.mark.browser
def test_text_is_escaped(page: Page, tmp_path: Path) -> None:
    open_file(page, tmp_path, cell_map())
    page.locator("path.cell").first.hover()
    page.locator("path.cell").first.click()
    assert NASTY in page.locator("h1").inner_text()
    assert NASTY in page.locator(".leaflet-popup-content").inner_text()
    assert NASTY in page.locator(".leaflet-control-attribution").inner_text()
    assert page.locator("img").count() == 0
    assert page.title() == f"Heat {NASTY}"


@pytest.mark.browser
def test_an_empty_map_says_so(page: Page, tmp_path: Path) -> None:
    open_file(page, tmp_path, replace(cell_map(), cells=[], levels=[]))
    assert page.locator(".empty").inner_text() == "Nothing"
    assert page.locator(".legend").count() == 0
    assert page.locator("path.border").count() == 1


def test_the_document_links_to_no_other_file() -> None:
    document = render(cell_map())
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", document.replace(NASTY, ""))
    assert "cdn" not in document
    assert "sourceMappingURL" not in document
    assert "url(images" not in document
    assert "default-src 'none'" in document


def test_the_same_map_gives_the_same_text() -> None:
    assert render(cell_map()) == render(cell_map())


def test_packed_features_are_as_near_as_before() -> None:
    """What ``unpack.js`` makes of them: sums of whole millionths, over all lines of all features."""
    ring = [[72.79, 40.5], [72.8200004, 40.5], [72.82, 40.5300016], [72.79, 40.5]]
    hole = [[72.8, 40.51], [72.81, 40.51], [72.81, 40.52], [72.8, 40.51]]
    shapes = [
        {"type": "LineString", "coordinates": SQUARE},
        {"type": "MultiLineString", "coordinates": [SQUARE[:2], SQUARE[2:]]},
        {"type": "Polygon", "coordinates": [ring, hole]},
        {"type": "MultiPolygon", "coordinates": [[ring, hole], [SQUARE]]},
    ]
    here = np.zeros(2, dtype=int)

    def unpacked(part: list[Any]) -> list[Any]:
        if isinstance(part[0], list):
            return [unpacked(each) for each in part]
        places = here + np.cumsum(np.reshape(part, (-1, 2)), axis=0)
        here[:] = places[-1]
        return (places / 1e6).tolist()

    written = packed((shape, [number, "words"]) for number, shape in enumerate(shapes))
    assert [one[0] for one in written] == [0, 1, 2, 3]
    assert [one[2:] for one in written] == [[number, "words"] for number in range(4)]
    for shape, one in zip(shapes, written, strict=True):
        assert unpacked(one[1]) == json.loads(
            json.dumps(shape["coordinates"]), parse_float=lambda n: round(float(n), 6)
        )


def test_a_map_of_the_city_with_its_streets_is_less_than_a_megabyte() -> None:
    cells = [Cell(1230 + i, 17930 + j) for i in range(60) for j in range(60)]
    drawn = replace(
        cell_map(),
        language="ky",
        cells=[
            MapCell(
                cell.id,
                square(ring),
                0,
                (
                    f"{cell.i % 40} кайрылуу",
                    f"Кошуналары менен {cell.i % 40 * 3}, күтүлгөнү болжол менен {cell.j % 30},{cell.i % 10}",
                    "кокустук эң көбү 100дөн 1",
                ),
            )
            for cell, ring in zip(cells, Grid(250, 32643).rings(cells), strict=True)
        ],
        ground=json.loads(Path("data/osh/base.geojson").read_bytes()),
    )
    document = render(drawn)
    assert "Тоголок Молдо көчөсү" in document
    assert "улица" not in document
    assert len(document.encode()) < 1_000_000


def test_framed_map_omits_the_heading() -> None:
    assert "<h1>" in render(cell_map())
    assert "<h1>" not in render(replace(cell_map(), framed=True))


def test_tables_stand_below_the_map_of_a_file_and_not_in_a_frame() -> None:
    table = Table("Where", ("Place", "Number"), [(f"1. {NASTY}\n3 cells", "12")], more="", note="Together.")
    document = render(replace(cell_map(), tables=[table]))
    for part in ("<h2>Where</h2>", "<small>3 cells</small>", "<td>12</td>", "<p>Together.</p>"):
        assert part in document
    assert f"1. {NASTY}" not in document
    assert "<h2>Where</h2>" not in render(replace(cell_map(), tables=[table], framed=True))


def test_many_borders_get_no_names() -> None:
    border = cell_map().borders["features"][0]
    many = {"type": "FeatureCollection", "features": [border] * 21}
    assert "{permanent: true" in re.sub(r"<style>.*?</style>", "", render(cell_map()), flags=re.DOTALL)
    assert "{permanent: true" not in re.sub(
        r"<style>.*?</style>", "", render(replace(cell_map(), borders=many)), flags=re.DOTALL
    )


def test_ramp_colours_differ_by_lightness_alone() -> None:
    """Each colour is darker than the last in light mode, lighter in dark mode: grey print keeps the order."""
    style = (Path(render.__code__.co_filename).parent / "document.css").read_text(encoding="utf-8")
    ramps = re.findall(r"--colour-(\d): #([0-9a-f]{6})", style)
    assert [int(number) for number, _ in ramps] == list(range(6)) * 3
    light, dark, paper = (
        [luminance(colour) for _, colour in ramps[start : start + 6]] for start in (0, 6, 12)
    )
    assert paper == light
    assert all(pale / deep > 1.2 for pale, deep in itertools.pairwise(light))
    assert all(bright / deep > 1.2 for deep, bright in itertools.pairwise(dark))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of RRGGBB, plus the 0.05 used in contrast ratios."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.05 + sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

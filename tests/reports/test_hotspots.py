"""Hotspots of planted appeals: called where they were planted, nowhere else, and held against what is counted by hand."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from appeals.models import Appeal
from districts.models import Place
from geo.grid import Cell, Grid
from geo.hotspots.permutation import TooLarge
from reports import hotspots as module
from reports import sizes
from reports.figures import rounded
from reports.hot_sentences import place_names
from reports.hotspots import Compared, Refusal, find_hotspots
from reports.sizes import TooFine
from tests.grid import IN_EAST, IN_WEST, GridCity
from tests.reports.planting import Plant, around, everywhere

PAGE = "/en/reports/hotspots/"
FILES = ["/en/reports/hotspots.html", "/en/reports/hotspots.geojson", "/en/reports/hotspots.csv"]


def holds(found: module.Hotspots, place: tuple[float, float]) -> bool:
    """Whether the first place of the report is that one."""
    box = found.places[0].box
    return bool(box.west <= place[0] <= box.east and box.south <= place[1] <= box.north)


def test_chance_alone_makes_none(plant: Plant) -> None:
    plant(everywhere())
    found = find_hotspots(AppealFilter(), 250)
    assert (found.compared, found.refusal, found.places) == (Compared.CHANCE, None, ())
    assert found.total == 400
    assert sum(cell.count for cell in found.cells) == 400 - found.outside
    assert found.tested > 30
    assert all(cell.level == 0 for cell in found.cells)


def test_where_many_were_planted_it_is_hot(plant: Plant) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    found = find_hotspots(AppealFilter(), 250)
    assert found.places[0].level == 3
    assert holds(found, IN_EAST)
    assert found.places[0].ratio > 2
    assert len(found.places) == 1
    assert sum(cell.level > 0 for cell in found.cells) == len(found.places[0].cells)
    # Fewer than chance is not called where there is nothing to compare people with.
    assert min(cell.level for cell in found.cells) == 0


def test_one_category_is_compared_with_all(plant: Plant) -> None:
    """Lamps fail alike everywhere; where everybody lives there are more, which is no hotspot of lamps."""
    crowd = around(IN_WEST, 400)
    plant(everywhere(600, 1) + crowd, category="pothole")
    plant(everywhere(150, 2) + crowd[:100])
    lamps = AppealFilter(category="lamp")
    found = find_hotspots(lamps, 250)
    assert found.compared is Compared.ALL
    assert (found.total, found.others) == (250, 1_250)
    assert found.places == ()
    plant(around(IN_EAST, 40))
    found = find_hotspots(lamps, 250)
    assert holds(found, IN_EAST)
    assert len(found.places) == 1


@pytest.mark.parametrize(
    ("wanted", "compared"),
    [
        (AppealFilter(district="east"), Compared.CHANCE),
        (AppealFilter(kind="complaint"), Compared.ALL),
        (AppealFilter(service="light"), Compared.ALL),
        (AppealFilter(status=("answered",)), Compared.ALL),
        (AppealFilter(category="lamp", district="east"), Compared.ALL),
    ],
)
def test_what_is_meant_is_compared_with_everything_there(
    plant: Plant, wanted: AppealFilter, compared: Compared
) -> None:
    plant(everywhere())
    found = find_hotspots(wanted, 250)
    assert found.compared is compared
    if compared is Compared.ALL:
        there = Appeal.objects.filter(district__code=wanted.district) if wanted.district else Appeal.objects
        assert found.others == there.count()


def test_the_numbers_are_those_of_the_rows(plant: Plant, city: GridCity) -> None:
    """Counted again from the points, cell by cell and window by window."""
    plant(everywhere() + around(IN_EAST, 60))
    plant([IN_EAST] * 9, hidden=True)
    found = find_hotspots(AppealFilter(), 250)
    grid = Grid(250, 32643)
    points = [appeal.point.transform(32643, clone=True) for appeal in Appeal.objects.public()]
    cells = [(int(point.x // 250), int(point.y // 250)) for point in points]
    assert len(cells) == found.total == 460
    for cell in found.cells:
        i, j = cell.cell
        assert cell.count == cells.count((i, j))
        near = sum((a - i) ** 2 + (b - j) ** 2 <= 6.25 for a, b in cells)
        # What lies at the city's edge with its centre outside is in no study area.
        assert near - found.outside <= cell.observed <= near
    assert found.grid == grid


def test_a_place_tells_its_own_appeals_from_those_of_its_neighbours(
    client: Client, plant: Plant, city: GridCity
) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    page = client.get(f"{PAGE}?cell=250")
    (place, *_others) = page.context["hotspots"].places
    points = [appeal.point.transform(32643, clone=True) for appeal in Appeal.objects.public()]
    inside = sum((int(point.x // 250), int(point.y // 250)) in set(place.cells) for point in points)
    assert place.in_cells == inside < place.count
    row = page.content.decode().partition('id="hot-places"')[2].partition("<tbody>")[2].partition("</tr>")[0]
    assert re.findall(r'__number">([\d.]+)', row)[:2] == [str(inside), str(place.count)]


def test_a_place_that_is_wide_or_holds_much_is_named_as_an_area(plant: Plant) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    found = find_hotspots(AppealFilter(), 250)
    Place.objects.create(name="Bazaar", kind="landmark", point=Point(*IN_EAST, srid=4326))
    place = replace(found.places[0], count=found.total // 4)
    assert place_names(found, [place]) == ["Bazaar"]
    wide = replace(place, cells=(*place.cells, Cell(place.cells[0].i + 8, place.cells[0].j)))
    much = replace(place, count=found.total // 4 + 1)
    assert place_names(found, [wide, much]) == ["Area around “Bazaar”"] * 2


def test_a_place_of_few_appeals_does_not_tell_them(plant: Plant, settings: Settings) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    (place, *_others) = find_hotspots(AppealFilter(), 250).places
    assert place.in_cells is not None
    settings.REPORT_MIN_COUNT = place.in_cells + 1
    (few, *_others) = find_hotspots(AppealFilter(), 250).places
    assert few.in_cells is None
    assert few.count >= settings.REPORT_MIN_COUNT


def test_too_few_are_shown_and_not_tested(plant: Plant, settings: Settings) -> None:
    plant(everywhere(59))
    found = find_hotspots(AppealFilter(), 250)
    assert (found.refusal, found.places, found.tested) == (Refusal.FEW_APPEALS, (), 0)
    assert sum(cell.count for cell in found.cells) == 59 - found.outside
    assert {cell.level for cell in found.cells} == {0}
    settings.REPORT_MIN_COUNT = 2
    shown = [cell for cell in found.cells if cell.count >= 2]
    assert 0 < len(shown) < len(found.cells)
    assert [*find_hotspots(AppealFilter(), 250).cells] == shown


def test_a_corner_of_the_city_is_too_small_a_map(plant: Plant) -> None:
    plant([IN_EAST] * 80)
    assert find_hotspots(AppealFilter(), 500).refusal is Refusal.FEW_CELLS


def test_nothing_at_all_is_no_error(plant: Plant, client: Client) -> None:
    found = find_hotspots(AppealFilter())
    assert (found.total, found.cells, found.refusal) == (0, (), Refusal.FEW_APPEALS)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "No appeals match these filters." in page.content.decode()
    assert "<iframe" not in page.content.decode()
    assert [client.get(address).status_code for address in FILES] == [200, 200, 200]


def test_a_grid_too_fine_for_the_city_is_said(
    plant: Plant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(everywhere(100))
    monkeypatch.setattr(module, "MOST_CELLS", 500)
    with pytest.raises(TooFine):
        find_hotspots(AppealFilter(), 50)
    assert "Choose a larger size." in client.get(f"{PAGE}?cell=50").content.decode()
    for address in FILES:
        assert list(json.loads(client.get(f"{address}?cell=50").content)["errors"]) == ["cell"]
    # Without a choice there is always an answer.
    assert client.get(PAGE).context["hotspots"].size.cell_m > 50
    monkeypatch.setattr(module, "MOST_CELLS", 2_000_000)
    monkeypatch.setattr(sizes, "MOST_DRAWN", 10)
    assert client.get(f"{PAGE}?cell=50").status_code == 400


def test_windows_with_too_few_to_be_shown_are_not_called(plant: Plant, settings: Settings) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    settings.REPORT_MIN_COUNT = 1_000
    found = find_hotspots(AppealFilter(), 250)
    assert (found.cells, found.places) == ((), ())
    # A cell that is hot by its neighbours does not tell its own few.
    settings.REPORT_MIN_COUNT = 5
    found = find_hotspots(AppealFilter(), 250)
    assert any(cell.level > 0 and cell.count is None for cell in found.cells)
    assert all(cell.count is None or cell.count == 0 or cell.count >= 5 for cell in found.cells)
    # So it is among all appeals, of which a place with many may have next to none of a category.
    plant(around(IN_WEST, 900), category="pothole")
    settings.REPORT_MIN_COUNT = 1
    few = [cell for cell in find_hotspots(AppealFilter(category="lamp"), 250).cells if cell.level < 0]
    settings.REPORT_MIN_COUNT = max(cell.observed for cell in few) + 1
    found = find_hotspots(AppealFilter(category="lamp"), 250)
    assert any(cell.level > 0 for cell in found.cells)
    assert not any(cell.level < 0 for cell in found.cells)


def test_counts_too_large_for_all_their_sums_are_judged_by_the_normal_law(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    exact = find_hotspots(AppealFilter(), 250)

    def refuse(*_given: object) -> None:
        raise TooLarge

    monkeypatch.setattr(module, "tails_of_draws", refuse)
    found = find_hotspots(AppealFilter(), 250)
    assert max(cell.p or 0 for cell in found.cells) > 0.9, "as much as expected is no evidence at either side"
    assert len(found.places) == len(exact.places) == 1


def test_the_page_says_what_was_found_and_how(client: Client, plant: Plant) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    page = client.get(f"{PAGE}?cell=250").content.decode()
    assert (
        "In 1 place there are clearly more appeals than the cells of the map, shuffled at random, would give"
        in page
    )
    assert "Where more people live, more is reported" in page
    assert "Exact permutation test of Getis and Ord&#x27;s Gi*" in page
    assert "within 625 m (21 cells)" in page
    assert 'src="/en/reports/hotspots.html?cell=250&amp;frame=1"' in page
    assert page.count('class="report-table"') == 1
    assert 'href="/en/reports/heatmap/?cell=250"' in page
    # Without a category, the fullest are offered.
    assert re.search(r'href="\?category=lamp&amp;cell=250">lamp en <span class="muted">\d+<', page)
    counts = client.get("/en/reports/heatmap/?cell=250").content.decode()
    assert 'href="/en/reports/hotspots/?cell=250"' in counts


def test_a_category_is_explained_by_its_share(client: Client, plant: Plant) -> None:
    plant(everywhere(600, 1), category="pothole")
    plant(everywhere(150, 2) + around(IN_EAST, 40))
    page = client.get(f"{PAGE}?cell=250&category=lamp").content.decode()
    assert (
        "than their share of all appeals would give: 3" in page or "than their share of all appeals" in page
    )
    assert "all appeals of the same time and place (790 appeals)" in page
    assert "Reports are not problems" in page
    assert "Exact permutation test" not in page


def test_the_page_makes_few_queries(
    client: Client, plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    # 3 for the choices; 2 for how long it takes; the number, the ground, the counts, those of all; the places; 2 for the limit.
    with django_assert_num_queries(13):
        client.get(f"{PAGE}?category=lamp")


def test_the_files_hold_what_the_page_says(client: Client, plant: Plant) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    found = client.get(f"{PAGE}?cell=250").context["hotspots"]
    collection = client.get(f"{FILES[1]}?cell=250").json()
    assert collection["report"]["compared_with"] == "chance"
    assert collection["report"]["cells_tested"] == found.tested
    assert collection["report"]["neighbours"] == {"cells": 21, "radius_m": 625.0}
    assert [feature["properties"]["class"] for feature in collection["features"]] == [
        cell.level for cell in found.cells
    ]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{FILES[2]}?cell=250").content.decode("utf-8-sig"))))
    assert [(row["cell"], int(row["count"]), int(row["class"])) for row in rows] == [
        (cell.cell.id, cell.count, cell.level) for cell in found.cells
    ]
    assert float(rows[0]["q"]) < 0.01
    sizes_in_words = f"an area of 21 cells has {rounded(found.size.expected, 1)} appeals on average"
    facts = client.get("/en/reports/hotspots.json?cell=250").json()
    assert any(sizes_in_words in sentence for sentence in facts["sentences"])
    document = client.get(f"{FILES[0]}?cell=250").content.decode()
    assert sizes_in_words in document
    assert "more; at most 1 in 100 by chance" in document
    assert "fewer;" not in document


def test_where_only_more_is_called_the_rest_is_not_said_to_be_alike(client: Client, plant: Plant) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    found = client.get(f"{PAGE}?cell=250").context["hotspots"]
    assert found.compared is Compared.CHANCE
    assert found.surface is not None
    (band,) = [band for band in found.surface.bands if band.name == "class"]
    assert band.codes[0] == "not clearly more" and min(band.codes) == 0
    why = "Only more is called, never fewer"
    facts = client.get("/en/reports/hotspots.json?cell=250").json()
    assert any(why in sentence for sentence in facts["sentences"])
    document = client.get(f"{FILES[0]}?cell=250").content.decode()
    assert "not clearly more" in document and "no clear difference" not in document and why in document
    assert why in client.get(f"{PAGE}?cell=250").content.decode()
    # Where people are compared with, both are called.
    shared = client.get(f"{FILES[0]}?cell=250&category=lamp").content.decode()
    assert "no clear difference" in shared and "not clearly more" not in shared and why not in shared


def test_the_table_says_how_sure_each_place_is(client: Client, plant: Plant) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    page = client.get(f"{PAGE}?cell=250").content.decode()
    assert "Chance, at most" in page
    assert page.count('data-sure="3">1 in 100<') == 1
    paper = PdfReader(io.BytesIO(client.get("/en/reports/hotspots.pdf?cell=250").content))
    assert "1 in 100" in paper.pages[1].extract_text()


@pytest.mark.parametrize("address", FILES)
def test_the_same_report_is_the_same_bytes(client: Client, plant: Plant, address: str) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    assert client.get(address).content == client.get(address).content


@pytest.mark.parametrize("query", ["cell=75", "category=nonsense", "from=yesterday", "status=lost"])
def test_a_bad_question_is_answered_at_every_door(client: Client, city: GridCity, query: str) -> None:
    assert client.get(f"{PAGE}?{query}").status_code == 400
    for address in FILES:
        response = client.get(f"{address}?{query}")
        assert response.status_code == 400
        assert list(response.json()["errors"]) == [query.split("=")[0]]


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_every_language_has_the_page_and_the_file(client: Client, plant: Plant, language: str) -> None:
    plant(everywhere() + around(IN_EAST, 60))
    for address in (f"/{language}/reports/hotspots/", f"/{language}/reports/hotspots.html"):
        response = client.get(address)
        assert response.status_code == 200
        assert f'<html lang="{language}">' in response.content.decode()

"""The map on paper: what is drawn lies where it is on the ground, and everything is said."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import re
from collections import Counter

import numpy as np
import pytest
import shapely
from PIL import Image
from pypdf import PdfReader

from geo.bbox import Bbox
from geo.folium_map import CellMap, MapCell, MapLevel, Units, square
from geo.grid import Cell, Grid
from geo.paper_map import Fonts, Matrix, Sheet, Table, as_pdf, as_png
from geo.paper_map.numbers import beside
from geo.paper_map.palette import colours
from geo.paper_map.pens import Box, PdfPen, PngPen, Shape
from geo.paper_map.streets import along_streets
from web import fonts

GRID = Grid(500, 32643)
CELLS = [Cell(620 + i, 8980 + j) for i in range(11) for j in range(11)]
#: In the middle, and in the north-eastern corner.
HOT, NEW = Cell(625, 8985), Cell(630, 8990)
LEVELS = [MapLevel("дагы көп", "hot-3"), MapLevel("жаңы", "pattern-new"), MapLevel("айырма жок", "even")]
FONTS = Fonts(fonts.REGULAR, fonts.BOLD)


def sheet(**changes: object) -> Sheet:
    cells = [
        MapCell(cell.id, square(ring), 0 if cell == HOT else 1 if cell == NEW else 2, ())
        for cell, ring in zip(CELLS, GRID.rings(CELLS), strict=True)
    ]
    west, south = GRID.bbox(CELLS[0])[:2]
    east, north = GRID.bbox(CELLS[-1])[2:]
    borders = {
        "features": [
            {
                "properties": {"name": name},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[w, south], [e, south], [e, north], [w, north], [w, south]]],
                },
            }
            for name, w, e in (("Батыш", west, (west + east) / 2), ("Чыгыш", (west + east) / 2, east))
        ]
    }
    drawn = CellMap(
        language="ky",
        title="Ысык жерлер: Ош",
        notes=(),
        cells=cells,
        levels=LEVELS,
        legend="Салыштырганда",
        rows_label="",
        rows_url="",
        empty_label="",
        zoom_in="",
        zoom_out="",
        units=Units("м", "км"),
        attribution="",
        ground={"features": []},
        borders=borders,
        frame=Bbox(west, south, east, north),
    )
    return dataclasses.replace(
        Sheet(
            drawn=drawn,
            srid=32643,
            question="121 чакмак",
            answer="Бир жерде көп.",
            tables=[
                Table("Жерлер", ("Жер", "Саны"), [(f"{n}-жер", str(n)) for n in range(80)], "дагы %(n)d")
            ],
            method_title="Кантип",
            method=["Ар бир чакмак кошуналары менен."],
            sources=["2026-ж. түзүлгөн", "Булак"],
            address="https://city.example/ky/reports/hotspots/?" + "category=lamp&" * 20,
            author="Ош",
            made_on=dt.date(2026, 3, 10),
            north="Т",
        ),
        **changes,  # type: ignore[arg-type]
    )


def test_the_pdf_says_everything_on_two_pages() -> None:
    made = as_pdf(sheet(), FONTS)
    assert made == as_pdf(sheet(), FONTS)
    paper = PdfReader(io.BytesIO(made))
    first, second = (" ".join(page.extract_text().split()) for page in paper.pages)
    for words in ("Ысык жерлер: Ош", "121 чакмак", "Бир жерде көп.", "Салыштырганда", "дагы көп", "жаңы"):
        assert words in first
    for words in ("Батыш", "Чыгыш", "1 км", "Т", "2026-ж. түзүлгөн", "Булак", "1 / 2"):
        assert words in first
    # Rows that have no room are counted, and push nothing off the page.
    rest = re.search(r"дагы (\d+)", second)
    assert rest
    assert f"{79 - int(rest[1])}-жер" in second and f"{80 - int(rest[1])}-жер" not in second
    # Nor have they a number on the map.
    (table,) = sheet().tables
    west, south, east, north = sheet().drawn.frame
    middle = (west + east) / 2
    below_each_other = [
        Bbox(middle, low, middle + 1e-5, low + 1e-5)
        for low in (south + (north - south) * n / 80 for n in range(80))
    ]
    numbered = dataclasses.replace(table, at=below_each_other)
    marked = PdfReader(io.BytesIO(as_pdf(sheet(tables=[numbered]), FONTS))).pages[0].extract_text().split()
    assert str(80 - int(rest[1])) in marked and str(81 - int(rest[1])) not in marked
    assert ("Ар бир чакмак" in second and second.endswith("Булак")) or "2 / 2" in second
    assert paper.metadata is not None and paper.metadata.title == "Ысык жерлер: Ош"
    assert paper.metadata.author == "Ош"
    assert as_pdf(sheet(made_on=dt.date(2026, 3, 11)), FONTS) != made


def test_the_tables_of_a_whole_sheet_tell_all_of_their_rows() -> None:
    def rows(name: str, count: int) -> list[tuple[str, str]]:
        return [(f"{name}{n:03d}", str(n)) for n in range(count)]

    tables = [
        Table("Аймактар", ("Аймак", "Саны"), rows("район", 120), "дагы %(n)d", note="Жайлары."),
        Table("Кызматтар", ("Кызмат", "Саны"), rows("кызмат", 25), "дагы %(n)d"),
        Table("Бош", ("Эч ким", "Саны"), [], "дагы %(n)d"),
    ]
    made = as_pdf(sheet(whole=True, tables=tables), FONTS)
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(made)).pages]
    told = " ".join(pages[1:])
    for name, count in (("район", 120), ("кызмат", 25)):
        assert re.findall(rf"{name}\d+", told) == [row[0] for row in rows(name, count)]
    assert "дагы" not in told
    assert told.count("Жайлары.") == told.count("Ар бир чакмак") == 1
    # Where a table goes on, its head is there again.
    assert all("Аймактар" in page and "Саны" in page for page in pages if "район" in page)
    assert all(f"{n} / {len(pages)}" in page for n, page in enumerate(pages, start=1))
    # What has room on one page has it as before.
    few = [dataclasses.replace(tables[1], rows=rows("кызмат", 3))]
    assert as_pdf(sheet(whole=True, tables=few), FONTS) == as_pdf(sheet(tables=few), FONTS)


@pytest.mark.parametrize("count", range(43, 47))
def test_the_note_of_a_table_that_goes_on_has_a_row_above_it(count: int) -> None:
    rows = [(f"район{n:03d}", str(n)) for n in range(count)]
    table = Table("Аймактар", ("Аймак", "Саны"), rows, "дагы %(n)d", note="Жайлары.")
    made = as_pdf(sheet(whole=True, tables=[table]), FONTS)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]
    (noted,) = [page for page in pages if "Жайлары." in page]
    assert f"район{count - 1:03d}" in noted


def test_a_matrix_has_pages_of_its_own_and_all_of_its_cells_are_told() -> None:
    rows, columns = 40, 14
    matrix = Matrix(
        "Баары",
        ("Кызмат", *(f"башкармалыгы {n}" for n in range(columns))),
        [(f"кызмат {m}", *(f"{m}.{n}\n{m}:{n}" for n in range(columns))) for m in range(rows)],
        note="Жарымы",
        tints={(rows - 1, columns): "cold-3"},
    )
    small = Matrix("Экөө", ("Кызмат", "аймак"), [("суу", "5"), ("газ", "6")])
    made = as_pdf(sheet(matrices=[matrix, small]), FONTS)
    pages = [page.extract_text().split() for page in PdfReader(io.BytesIO(made)).pages]
    told = [word for page in pages[2:] for word in page]
    for mark in (".", ":"):
        cells = [f"{m}{mark}{n}" for m in range(rows) for n in range(columns)]
        assert sorted(word for word in told if word in cells) == sorted(cells)
    # Two parts of the columns, each on two pages.
    assert len(pages) == 2 + 4 + 1
    assert all({"Баары", "Жарымы", "Кызмат", "башкармалыгы"} <= {*page} for page in pages[2:6])
    assert {"Экөө", "аймак", "суу", "6"} <= {*pages[6]}
    assert all(f"{n} / 7" in " ".join(page) for n, page in enumerate(pages, start=1))
    assert matrix.of_columns(8, 15).tints == {(rows - 1, 7): "cold-3"}
    untinted = [dataclasses.replace(matrix, tints={}), small]
    assert as_pdf(sheet(matrices=untinted), FONTS) != made


def test_the_picture_has_the_cells_in_the_middle_and_each_at_its_place() -> None:
    made = as_png(sheet(), FONTS)
    assert made == as_png(sheet(), FONTS)
    picture = Image.open(io.BytesIO(made)).convert("RGB")
    assert picture.size == (1240, 1754)

    def reach(name: str, opacity: float) -> tuple[float, float, float, float]:
        """Where the colour is seen through on the map, as shares of the page."""
        paper = _rgb(colours()["paper"])
        seen = tuple(
            round(c * opacity + p * (1 - opacity)) for c, p in zip(_rgb(colours()[name]), paper, strict=True)
        )
        alike = (np.abs(np.asarray(picture, dtype=int)[:1480] - seen) <= 2).all(axis=2)
        ys, xs = np.nonzero(alike)
        return xs.min(), ys.min(), xs.max(), ys.max()

    even = reach("even", 0.6)
    hot, new = reach("hot-3", 0.85), reach("pattern-new", 0.85)
    # Centred from side to side, and square: a cell is as wide as it is high.
    assert (even[0] + even[2]) / 2 == pytest.approx(620, abs=6)
    side = (even[2] - even[0]) / 11
    for box in (hot, new):
        assert box[2] - box[0] == pytest.approx(side, abs=6)
        assert box[3] - box[1] == pytest.approx(side, abs=6)
    # The hot one in the middle of the others, the new one in the north-east.
    assert (hot[0] + hot[2]) / 2 == pytest.approx((even[0] + even[2]) / 2, abs=4)
    assert (new[0] - hot[0]) / side == pytest.approx(5, abs=0.2)
    assert (hot[1] - new[1]) / side == pytest.approx(5, abs=0.2)


def test_a_map_of_nothing_and_of_long_words_is_drawn() -> None:
    whole = sheet()
    empty = dataclasses.replace(whole.drawn, cells=[], levels=[], borders={"features": []})
    long = "Кыргыз-Россия технологиялык университетинин колледжи " * 4
    made = as_pdf(sheet(drawn=empty, answer=long, tables=[], method=[long]), FONTS)
    assert len(PdfReader(io.BytesIO(made)).pages) == 2


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def test_names_of_streets_stand_along_straight_pieces_of_them_and_apart() -> None:
    box = Box(0, 0, 100, 60)
    line = {
        "level": [(10.0, 10.0), (90.0, 10.0)],
        # Drawn from right to left, and read from left to right.
        "rising": [(60.0, 20.0), (20.0, 60.0)],
        "zigzag": [(70 + n % 2 * 3.0, 20 + n * 1.5) for n in range(20)],
        "crossing": [(50.0, 0.0), (50.0, 60.0)],
        "leaving": [(92.0, 30.0), (140.0, 30.0)],
        "level again": [(10.0, 10.5), (90.0, 10.5)],
    }
    streets = [(name, [np.array(places)]) for name, places in line.items()]
    found = {
        name: (at, rising)
        for name, at, rising in along_streets(streets, box, lambda _words: 12.0, [(46, 40, 60, 60)])
    }
    assert set(found) == {"level", "rising", "crossing", "level again"}
    assert found["level"][0] == pytest.approx((44, 10), abs=1.5)
    assert found["level"][1] == pytest.approx(0)
    assert found["rising"][1] == pytest.approx(45)
    # Beside the first name, and off the box that is taken.
    (x, y), rising = found["crossing"]
    assert abs(rising) == pytest.approx(90)
    assert x == pytest.approx(50, abs=1)
    assert 12 < y - 12 * (rising > 0) < y + 12 * (rising < 0) < 40
    assert abs(found["level again"][0][0] - 44) > 12


def test_numbers_stand_beside_their_places_and_hide_nothing_that_has_a_colour() -> None:
    box = Box(10, 20, 60, 50)

    def square(x: float, y: float, side: float) -> Box:
        return Box(x, y, side, side)

    # A dozen small ones as near to each other as in a town, one at the edge, one that is large.
    places = [square(30 + n % 4 * 2.5, 40 + n // 4 * 2.5, 0.5) for n in range(12)]
    places += [square(10, 20, 0.5), square(50, 30, 12)]
    rings = [
        np.array([(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)])
        for x, y, side in ((one.x, one.y, one.width) for one in places)
    ]
    kept_free = [Box(10, 60, 30, 10)]
    numbers = beside(places, rings, box, kept_free)
    discs = [shapely.Point(one.at).buffer(1.9) for one in numbers]
    coloured = shapely.union_all([shapely.Polygon(ring) for ring in rings])
    assert not any(disc.intersects(coloured) for disc in discs)
    assert not any(one.intersects(other) for n, one in enumerate(discs) for other in discs[:n])
    assert all(shapely.box(10, 20, 70, 70).contains(disc) for disc in discs)
    assert not any(disc.intersects(shapely.box(10, 60, 40, 70)) for disc in discs)
    leaders = [shapely.LineString(one.leader) for one in numbers]
    for number, place, leader, ring in zip(numbers, places, leaders, rings, strict=True):
        # A small one has a ring, from which the line goes to the edge of the disc; else it begins at the place, to half a millimetre.
        assert (number.ring_mm > 0) == (place.width < 2)
        assert leader.distance(shapely.Polygon(ring)) <= max(number.ring_mm, 0.5)
        assert shapely.Point(number.at).distance(leader) == pytest.approx(1.9)
    assert not any(
        leader.intersects(disc) for n, leader in enumerate(leaders) for m, disc in enumerate(discs) if m != n
    )
    assert leaders[-1].length < 3
    again = beside(places, rings, box, kept_free)
    assert all((one.at == other.at).all() for one, other in zip(numbers, again, strict=True))
    # Where all has a colour it hides something, but no place that has a number.
    everywhere = np.array([(10, 20), (70, 20), (70, 70), (10, 70), (10, 20)], dtype=float)
    (one,) = beside(places[-1:], [everywhere], box, kept_free)
    assert not shapely.Point(one.at).buffer(1.9).intersects(shapely.box(50, 30, 62, 42))
    # Where there is no room at all it lies on its place.
    (one,) = beside([square(12, 22, 1)], [], Box(10, 20, 4, 4), ())
    assert one.at == pytest.approx((12.5, 22.5))


def test_a_place_too_small_for_paper_has_a_ring_which_the_legend_explains() -> None:
    whole = sheet(ring="Шакекче")
    (table,) = whole.tables

    def read(at: Bbox) -> str:
        numbered = [dataclasses.replace(table, at=[at])]
        return (
            PdfReader(io.BytesIO(as_pdf(dataclasses.replace(whole, tables=numbered), FONTS)))
            .pages[0]
            .extract_text()
        )

    west, south, east, north = GRID.bbox(HOT)
    assert "Шакекче" not in read(GRID.bbox(HOT))
    small = Bbox(west, south, west + (east - west) / 20, south + (north - south) / 20)
    assert "Шакекче" in read(small)

    def picture(at: Bbox) -> np.ndarray:
        numbered = [dataclasses.replace(table, at=[at])]
        made = as_png(dataclasses.replace(whole, tables=numbered), FONTS)
        return np.asarray(Image.open(io.BytesIO(made)).convert("RGB"), dtype=int)

    # In the colour of its cells: the same as they would have without the ground below.
    tiny = Bbox(
        (west + east) / 2 - 1e-5,
        (south + north) / 2 - 1e-5,
        (west + east) / 2 + 1e-5,
        (south + north) / 2 + 1e-5,
    )
    strong = (picture(tiny)[:1400] == _rgb(colours()["hot-3"])).all(axis=2)
    assert strong.any()


def test_long_names_and_rows_are_in_lines_and_places_have_numbers() -> None:
    whole = sheet()
    borders = {"features": [dict(one) for one in whole.drawn.borders["features"]]}
    borders["features"][0]["properties"] = {"name": "Түштүк-Батыш аймактык башкармалыгы жана анын айылдары"}
    long = " ".join(f"сөз{n}" for n in range(40))
    table = Table(
        "Жерлер",
        ("Жер", "Саны"),
        [(f"1. Базар\n{long}", "4"), (long, "3")],
        "дагы %(n)d",
        at=[GRID.bbox(HOT)],
        note="Кошуналары менен.",
    )
    drawn = dataclasses.replace(whole.drawn, borders=borders)

    def read(table: Table) -> list[str]:
        made = as_pdf(sheet(drawn=drawn, tables=[table]), FONTS)
        return [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]

    first, second = read(table)
    assert "Түштүк-Батыш аймактык\nбашкармалыгы жана анын айылдары" in first
    unmarked, _same = read(dataclasses.replace(table, at=()))
    assert first.count("1") == unmarked.count("1") + 1
    # Nothing of a row is cut off.
    assert " ".join(second.split()).count("сөз39") == 2
    assert "Кошуналары менен." in second and "…" not in second
    figures = ("Саны", "км²ге", "1000 тургунга", "Күтүлгөн", "Эсе", "Аралык", "Жылмаланган")
    wide = Table(
        "Райондор",
        ("Район", *figures),
        [("Керме-Тоо", "10", "1,2", "0,4", "5", "2,11", "1,19 … 14,42 ×", "1,90")],
        "",
    )
    _same, second = read(wide)
    assert "1,19 … 14,42 ×" in second


def test_of_many_districts_each_has_its_name_within_it_or_its_number() -> None:
    plain = sheet(answer="", question="", tables=[])
    west, south, east, north = plain.drawn.frame
    step, high = (east - west) / 6, (north - south) / 5
    # The last of each row is a sliver, which has room for a number and for no name.
    sliver = step / 6

    def district(column: int, row: int) -> dict[str, object]:
        left = west + column * step if column < 6 else east
        right = left + step if column < 5 else left + step - sliver if column == 5 else east
        left = left - sliver if column == 6 else left
        number = row * 7 + column + 1
        ring = [
            [left, south + row * high],
            [right, south + row * high],
            [right, south + (row + 1) * high],
            [left, south + (row + 1) * high],
            [left, south + row * high],
        ]
        return {
            "properties": {
                "name": f"КЕҢ {number}-ЖЕР" if column < 6 else f"ИЧКЕ{number}",
                "number": f"№{number}",
                "first": number == 7,
            },
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }

    borders = {"features": [district(column, row) for row in range(5) for column in range(7)]}
    drawn = dataclasses.replace(plain.drawn, cells=[], borders=borders)
    words = PdfReader(io.BytesIO(as_pdf(sheet(drawn=drawn), FONTS))).pages[0].extract_text().split()
    wide = [number for number in range(1, 36) if number % 7]
    assert [words.count(f"{number}-ЖЕР") for number in wide] == [1] * len(wide)
    assert words.count("КЕҢ") == len(wide)
    # One that a sentence names is told by its name, wherever that reaches.
    # The letters of a halo may be read as those of the word again.
    slivers = {found for word in words for found in re.findall(r"ИЧКЕ\d+|№\d+", word)}
    assert slivers == {"ИЧКЕ7", "№14", "№21", "№28", "№35"}


def test_cells_have_the_outline_of_their_level_whatever_was_drawn_before() -> None:
    made = sheet()
    west, south, east, north = made.drawn.frame
    # White roads below, so that the pen was white before the first cell.
    street = {
        "properties": {"layer": "street", "class": "primary"},
        "geometry": {"type": "LineString", "coordinates": [[west, south], [east, north]]},
    }
    drawn = dataclasses.replace(made.drawn, ground={"features": [street]})
    paper = PdfReader(io.BytesIO(as_pdf(dataclasses.replace(made, drawn=drawn), FONTS)))
    contents = paper.pages[0].get_contents()
    assert contents is not None
    outlines = _outlines(contents.operations)
    # 119 cells without a difference and a hot one; the swatches of their levels.
    assert outlines[(1.0,)] >= 119 + 1 + 2
    # The new one and its swatch, of which the outline is ink; nothing is black.
    assert (0.0,) not in outlines


def _outlines(operations: list[tuple[list[float], bytes]]) -> Counter[tuple[float, ...]]:
    """How often an area was filled with an outline of each colour, as a viewer keeps account of it."""
    counted: Counter[tuple[float, ...]] = Counter()
    kept: list[tuple[float, ...]] = []
    stroke: tuple[float, ...] = (0.0,)
    for operands, operator in operations:
        if operator == b"q":
            kept.append(stroke)
        elif operator == b"Q":
            stroke = kept.pop()
        elif operator in {b"G", b"RG"}:
            stroke = tuple(map(float, operands))
        elif operator in {b"B", b"b", b"B*", b"b*"}:
            counted[stroke] += 1
    return counted


def test_streets_have_their_names_on_paper() -> None:
    (west, south, east, north) = sheet().drawn.frame
    middle = (south + north) / 2
    street = {
        "properties": {"layer": "street", "class": "primary", "name_ky": "Узун көчөсү", "name_ru": "Длинная"},
        "geometry": {
            "type": "LineString",
            "coordinates": [[west, middle], [east, south + (north - south) * 0.9]],
        },
    }
    made = sheet()
    drawn = dataclasses.replace(made.drawn, ground={"features": [street]})
    words = (
        PdfReader(io.BytesIO(as_pdf(dataclasses.replace(made, drawn=drawn), FONTS))).pages[0].extract_text()
    )
    assert "Узун көчөсү" in words
    assert "Длинная" not in words
    assert as_png(dataclasses.replace(made, drawn=drawn), FONTS) != as_png(made, FONTS)


def test_a_halo_reaches_as_far_in_the_pdf_as_in_the_picture() -> None:
    red = Shape([np.array([(0, 0), (210, 0), (210, 297), (0, 297)])], fill="#a3161f")
    pdf = PdfPen(FONTS, title="", author="", language="ky", made_on=dt.date(2026, 3, 10))
    picture = PngPen(FONTS)
    for pen in (pdf, picture):
        pen.shapes([red], Box(0, 0, 210, 297))
        pen.text(100, 100, "Н", 20, bold=True, colour="#000000", halo="#ffffff")
    dots = np.asarray(Image.open(io.BytesIO(picture.written())).convert("RGB"), dtype=int)
    row = dots[round(98 * 150 / 25.4)]
    (white,), (black,) = (np.nonzero((row == value).all(axis=1)) for value in (255, 0))
    assert (black.min() - white.min()) * 25.4 / 150 == pytest.approx(0.5, abs=0.2)
    drawn = PdfReader(io.BytesIO(pdf.written())).pages[0].get_contents()
    assert drawn is not None
    # A line of a millimetre, in points, of which half lies outside of the letters.
    assert re.findall(rb"1 Tr ([\d.]+) w", drawn.get_data()) == [b"2.83"]

"""Which tile holds a point: the database and Python agree, and each point of the world is in one tile of a zoom."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.refusals import Refused
from geo.tiles import ZOOM_MAX, Tile, box_of, column_sql, row_sql, tile_at, tile_in


def _degrees(most: float) -> st.SearchStrategy[float]:
    """Of a tenth of a micrometre: PostgreSQL refuses to multiply what is so near to zero that the product vanishes."""
    return st.floats(-most, most).map(lambda degrees: round(degrees, 12))


LON = st.one_of(_degrees(179.9), st.sampled_from([-180.0, 0.0, 72.7734375, 90.0]))
LAT = st.one_of(_degrees(85), st.sampled_from([0.0, 40.97989806962013, -85.05, 85.05]))


def test_where_tiles_lie() -> None:
    """Osh in the tiles that every map of the web asks for."""
    assert tile_at(72.79, 40.53, 12) == (12, 2876, 1542)
    west, south, east, north = Tile(1, 1, 0).bbox
    assert (west, south, east) == (0, 0, 180)
    assert north == pytest.approx(85.0511287798066)
    assert box_of(1, (0, 1), (0, 1)) == pytest.approx((-180, -85.0511287798066, 180, 85.0511287798066))


@given(LON, LAT, st.integers(0, 20))
def test_a_point_is_in_its_tile_and_in_one_of_the_four_below(lon: float, lat: float, zoom: int) -> None:
    tile = tile_at(lon, lat, zoom)
    west, south, east, north = tile.bbox
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9
    assert [child for child in tile.children if child == tile_at(lon, lat, zoom + 1)]


@settings(max_examples=20)
@given(st.lists(st.tuples(LON, LAT), min_size=1, max_size=20))
def test_the_database_says_the_same(db: None, places: list[tuple[float, float]]) -> None:
    lons, lats = zip(*places, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column_sql('point', 19)}, {row_sql('point', 19)} FROM unnest(%s::float8[], %s::float8[]) "
            "AS place (lon, lat), LATERAL (SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point) AS made",
            [list(lons), list(lats)],
        )
        said = cursor.fetchall()
    assert said == [tuple(tile_at(lon, lat, 19)[1:]) for lon, lat in places]


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("19", "0", "0"), {"z"}),
        (("-1", "0", "0"), {"z"}),
        (("2", "4", "4"), {"x", "y"}),
        (("0", "1", "0"), {"x"}),
        (("1", "0", "1.0"), {"y"}),
        (("one", "²", "9" * 400), {"z", "x", "y"}),
    ],
)
def test_what_is_no_tile_is_named(place: tuple[str, str, str], wrong: set[str]) -> None:
    with pytest.raises(Refused) as refusal:
        tile_in(*place)
    assert set(refusal.value.errors) == wrong


def test_the_last_tile_is_one() -> None:
    last = 2**ZOOM_MAX - 1
    assert tile_in(str(ZOOM_MAX), str(last), str(last)) == (ZOOM_MAX, last, last)

"""Strict parsing of areas: what is accepted, what is refused and with which message."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import shapely
from django.conf import settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from geo import polygons
from geo.polygons import NestingRefused, PolygonRefused, city_area

RING = [[72.70, 40.50], [72.74, 40.50], [72.74, 40.54], [72.70, 40.54], [72.70, 40.50]]
HOLE = [[72.71, 40.51], [72.71, 40.52], [72.72, 40.52], [72.72, 40.51], [72.71, 40.51]]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def multi(*members: object) -> dict[str, object]:
    return {"type": "MultiPolygon", "coordinates": list(members)}


def test_a_polygon_becomes_a_multipolygon() -> None:
    area = city_area(polygon(RING, HOLE))
    assert area.repairs == ()
    assert area.shape.equals(shapely.MultiPolygon([shapely.Polygon(RING, [HOLE])]))
    geom = area.geom()
    assert (geom.srid, geom.geom_type, geom.num_points) == (4326, "MultiPolygon", 10)


@pytest.mark.parametrize("turn", [1, -1])
def test_rings_are_turned_as_geojson_wants_them(turn: int) -> None:
    """RFC 7946, 3.1.6: outer rings counter-clockwise, holes clockwise, whatever they were."""
    (part,) = city_area(polygon(RING[::turn], HOLE[::turn])).shape.geoms
    assert part.exterior.is_ccw
    assert not part.interiors[0].is_ccw
    (part,) = polygons.multipolygon(shapely.Polygon(RING[::turn], [HOLE[::turn]])).geoms
    assert part.exterior.is_ccw
    assert not part.interiors[0].is_ccw


def test_altitude_is_dropped() -> None:
    flat = city_area(polygon([[*position, 950.5] for position in RING]))
    assert not flat.shape.has_z
    assert flat.shape.equals(city_area(polygon(RING)).shape)


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (None, "no geometry"),
        ("POLYGON((0 0,1 0,1 1,0 0))", "not a GeoJSON object"),
        ({"type": "Point", "coordinates": [72.7, 40.5]}, "Point"),
        ({"type": ["Polygon"], "coordinates": [RING]}, "is \\['Polygon'\\]"),
        ({"type": "GeometryCollection", "geometries": []}, "GeometryCollection"),
        ({"type": "Polygon"}, "nested"),
        (polygon(), "nested"),
        ({"type": "Polygon", "coordinates": RING}, "nested like LineString"),
        (multi(RING), "nested like Polygon"),
        (multi([RING], []), "polygon 2|empty"),
        (polygon(RING, "ring"), "polygon 1, ring 2 is not a list"),
        (polygon(RING[:3]), "3 positions"),
        (polygon(RING[:4]), "not closed"),
        (polygon([*RING[:2], [72.74, math.nan], *RING[3:]]), "position 3"),
        (polygon([*RING[:2], [72.74, math.inf], *RING[3:]]), "position 3"),
        (polygon([*RING[:2], [10**400, 40.5], *RING[3:]]), "position 3"),
        (polygon([*RING[:2], [True, 40.5], *RING[3:]]), "position 3"),
        (polygon([*RING[:2], ["72.7", 40.5], *RING[3:]]), "position 3"),
        (polygon([*RING[:2], [72.7], *RING[3:]]), "position 3"),
        (polygon([*RING[:2], None, *RING[3:]]), "position 3"),
        (polygon([[lon + 360, lat] for lon, lat in RING]), "not longitude, latitude in degrees"),
        (polygon([[1_165_166.5, 1_872_509.0]] * 5), "EPSG:4326"),
        (polygon([[lat, lon] for lon, lat in RING]), "swapped"),
        (polygon([[lon + 5, lat] for lon, lat in RING]), "beyond the city's bounds"),
        (polygon([[lon if lon < 72.72 else 73.5, lat] for lon, lat in RING]), "beyond the city's bounds"),
        (
            polygon([RING[0], RING[2], RING[1], RING[3], RING[0]]),
            "crosses or touches itself near latitude 40.52000, longitude 72.72000\\.",
        ),
        (polygon([RING[0], RING[1], RING[0], RING[1], RING[0]]), "not valid"),
        (polygon([RING[0]] * 5), "not valid"),
        (multi([RING], [RING]), "not valid"),
    ],
)
def test_refused_with_a_reason(geometry: object, words: str) -> None:
    with pytest.raises(PolygonRefused, match=words):
        city_area(geometry)


def test_too_many_positions_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polygons, "MAX_VERTICES", 9)
    city_area(polygon(RING))
    with pytest.raises(PolygonRefused, match="more than 9 positions"):
        city_area(polygon(RING, ["never read"] * 5))


def test_deep_nesting_costs_nothing() -> None:
    nested: object = []
    for _ in range(50_000):
        nested = [nested]
    with pytest.raises(PolygonRefused, match="nested"):
        city_area({"type": "Polygon", "coordinates": nested})


@pytest.mark.parametrize(
    "geometry",
    [polygon([RING]), {"type": "MultiPolygon", "coordinates": [RING]}],
    ids=["too deep", "too shallow"],
)
def test_wrong_nesting_is_repaired_only_on_demand(geometry: dict[str, object]) -> None:
    with pytest.raises(NestingRefused, match="The type is"):
        city_area(geometry)
    area = city_area(geometry, repair=True)
    assert area.shape.equals(city_area(polygon(RING)).shape)
    assert "how its coordinates are nested" in area.repairs[0]


def test_nothing_else_is_repaired() -> None:
    with pytest.raises(PolygonRefused, match="touches itself"):
        city_area(polygon([[RING[0], RING[2], RING[1], RING[3], RING[0]]]), repair=True)


def test_bounds_have_a_tolerance() -> None:
    west, south, _, _ = settings.CITY_BOUNDS
    city_area(polygon([[lon - 72.70 + west - 0.01, lat - 40.50 + south - 0.01] for lon, lat in RING]))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=5) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=30,
)


#: Rings around the city's own ground, some of them good: of JSON in general none would ever be an area.
_corner = st.tuples(st.floats(72.70, 72.78), st.floats(40.50, 40.54)).map(list)
_ring = st.lists(_corner, min_size=3, max_size=5).map(lambda corners: [*corners, corners[0]])
_rings = _ring.map(lambda ring: [ring]) | st.lists(_ring | json_values, max_size=2)
_areas = _rings | st.lists(_rings, min_size=1, max_size=2)


@given(
    kind=st.sampled_from(["Polygon", "MultiPolygon"]), coordinates=json_values | _areas, repair=st.booleans()
)
def test_whatever_comes_is_refused_or_a_valid_area(kind: str, coordinates: object, repair: bool) -> None:
    try:
        area = city_area({"type": kind, "coordinates": coordinates}, repair=repair)
    except PolygonRefused:
        return
    assert area.shape.is_valid
    assert area.shape.area > 0


@given(_ring)
def test_a_triangle_of_the_city_is_an_area_however_it_is_turned(ring: list[list[float]]) -> None:
    """Agrees with Shapely on which rings are areas."""
    drawn = shapely.Polygon(ring)
    if drawn.is_valid and drawn.area > 0:
        assert city_area(polygon(ring)).shape.equals(shapely.MultiPolygon([drawn]))
    else:
        with pytest.raises(PolygonRefused):
            city_area(polygon(ring))

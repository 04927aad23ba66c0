"""Strict parsing of one point."""

from __future__ import annotations

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from geo.points import GeometryRefused, OutsideBounds, city_point, lon_lat_from_text
from tests.grid import CITY

pytestmark = pytest.mark.usefixtures("_bounds")


@pytest.fixture(autouse=True, scope="module")
def _bounds() -> object:
    with override_settings(CITY_BOUNDS=CITY):
        yield


@pytest.mark.parametrize(("lon", "lat"), [(72.72, 40.52), ("72.72", "40.52"), (" 72.72 ", "4.052e1")])
def test_numbers_and_their_text(lon: object, lat: object) -> None:
    point = city_point(lon, lat)
    assert (point.x, point.y, point.srid) == (72.72, 40.52, 4326)


@pytest.mark.parametrize("lon", [72.70, 72.78])
@pytest.mark.parametrize("lat", [40.50, 40.54])
def test_the_border_belongs_to_the_city(lon: float, lat: float) -> None:
    assert city_point(lon, lat).coords == (lon, lat)


def test_swapped_coordinates_are_reported() -> None:
    with pytest.raises(GeometryRefused, match="swapped"):
        city_point(40.52, 72.72)


def test_outside_is_a_separate_error() -> None:
    with pytest.raises(OutsideBounds):
        city_point(72.69, 40.52)


def test_out_of_range() -> None:
    with pytest.raises(GeometryRefused, match="between -180 and 180"):
        city_point(572.72, 40.52)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "x",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "7_2.72",
        "７２.７",
        "72,72",
        True,
        [],
        {},
        b"72.72",
        "0x48",
    ],
)
def test_not_a_number(value: object) -> None:
    with pytest.raises(GeometryRefused, match="number of degrees"):
        city_point(value, 40.52)
    with pytest.raises(GeometryRefused, match="number of degrees"):
        city_point(72.72, value)


#: Hardly anything else would ever lie in the city.
NEAR_LON = st.sampled_from([CITY[0], CITY[2]]) | st.floats(CITY[0] - 0.02, CITY[2] + 0.02)
NEAR_LAT = st.sampled_from([CITY[1], CITY[3]]) | st.floats(CITY[1] - 0.02, CITY[3] + 0.02)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=4)
)


@given(ANYTHING | NEAR_LON | NEAR_LON.map(str), ANYTHING | NEAR_LAT | NEAR_LAT.map(repr))
def test_a_point_in_the_city_or_a_refusal(lon: object, lat: object) -> None:
    try:
        point = city_point(lon, lat)
    except GeometryRefused:
        return
    west, south, east, north = CITY
    assert west <= point.x <= east
    assert south <= point.y <= north


@given(NEAR_LON, NEAR_LAT)
def test_inside_and_outside_are_told_apart(lon: float, lat: float) -> None:
    west, south, east, north = CITY
    if west <= lon <= east and south <= lat <= north:
        assert city_point(lon, lat).coords == (lon, lat)
    else:
        with pytest.raises(GeometryRefused):
            city_point(lon, lat)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("40.52, 72.76", ("72.76", "40.52")),
        ("40.52 72.76", ("72.76", "40.52")),
        ("72.76; 40.52", ("72.76", "40.52")),
        (" 40.52°,72.76° ", ("72.76", "40.52")),
        # Neither order lies in the city: taken as phones say it, and refused later with a reason.
        ("51.5, -0.12", ("-0.12", "51.5")),
        ("40.52", None),
        ("40.52, 72.76, 900", None),
        ("４０.52, 72.76", None),
        ("POINT(72 40)", None),
        ("40,52 72,76", ("72.76", "40.52")),
        ("40,52, 72,76", ("72.76", "40.52")),
        ("40,52; 72,76", ("72.76", "40.52")),
        ("40,52,72,76", ("72.76", "40.52")),
        ("40,52,72", None),
        ("40.52/72.76", ("72.76", "40.52")),
        ("(40.52, 72.76)", ("72.76", "40.52")),
        ("40.52N, 72.76E", ("72.76", "40.52")),
        ("N40.52 E72.76", ("72.76", "40.52")),
        ("E 72.76 N 40.52", ("72.76", "40.52")),
        ("33.9 S, 18.4 E", ("18.4", "-33.9")),
        ("40.52 с.ш. 72.76 в.д.", ("72.76", "40.52")),
        ("40,52 т.к. 72,76 ч.у.", ("72.76", "40.52")),
        ("широта 40,52 долгота 72,76", ("72.76", "40.52")),
        ("lon: 72.76 lat: 40.52", ("72.76", "40.52")),
        ("40°31'12\"N 72°45'36\"E", ("72.7600000", "40.5200000")),
        ("40°31′12″N, 72°45′36″E", ("72.7600000", "40.5200000")),
        ("40°31’12”N72°45’36”E", ("72.7600000", "40.5200000")),
        ("40°31'12'' 72°45'36''", ("72.7600000", "40.5200000")),
        ("40° 31′ 12″ с. ш., 72° 45′ 36″ в. д.", ("72.7600000", "40.5200000")),
        ("40°31.2' N, 72°45.6' E", ("72.7600000", "40.5200000")),
        ("40 31 12 N 72 45 36 E", ("72.7600000", "40.5200000")),
        ("40 31 72 45", None),
        ("40°61'12\"N 72°45'36\"E", None),
        ("40°31'12\"N 72°45'36\"N", None),
        ("40.5272.76", None),
        ("-40.52 N, 72.76 E", None),
        ("geo:40.52,72.76;u=35", ("72.76", "40.52")),
        ("https://www.google.com/maps/@40.52,72.76,17z", ("72.76", "40.52")),
        ("https://maps.google.com/?q=40.52,72.76", ("72.76", "40.52")),
        ("https://2gis.kg/osh?m=72.76%2C40.52%2F17", ("72.76", "40.52")),
        ("https://www.openstreetmap.org/#map=17/40.52/72.76", ("72.76", "40.52")),
        pytest.param("40.52," + " " * 100_000 + "72.76", ("72.76", "40.52"), id="spaces"),
        pytest.param("40.52, 72.76" + " " * 100_000 + "x", None, id="spaces before what is none"),
        pytest.param("40 " * 100_000, None, id="numbers"),
    ],
)
def test_coordinates_as_people_write_them(text: str, found: tuple[str, str] | None) -> None:
    assert lon_lat_from_text(text) == found


@given(st.text("0123456789.,°'\"NSEWсшвд -;/", max_size=60))
def test_any_text_is_a_pair_of_degrees_or_none(text: str) -> None:
    found = lon_lat_from_text(text)
    assert found is None or all(abs(float(part)) < 1000 for part in found)

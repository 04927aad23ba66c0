"""Routing where a polygon is not its bounding box: the ugly city of ``tests.grid``, by hand and held against Shapely."""

from __future__ import annotations

import datetime as dt
from functools import cache

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from districts.routing import OutsideCity, Pin, Route, Rule, find_candidates, route, route_many
from tests.grid import UGLY, GridCity, make_ugly_city, spot, ugly

TODAY = dt.date(2026, 6, 1)
TO_METRES = Transformer.from_crs(4326, 32643, always_xy=True)
#: Metres of one unit to the north at 40.5 N.
UNIT_M = 867.6
AREAS = {"lamp": {"ell", "hill", "dale", "ring", "eye"}, "tree": {"sw", "ne"}}


@pytest.fixture
def city(db: None) -> GridCity:
    return make_ugly_city()


def decided(city: GridCity, place: tuple[float, float], category: str = "lamp") -> Route:
    return route(Pin(*spot(*place), city.categories[category].pk), on=TODAY)


def summary(city: GridCity, found: Route) -> tuple[str | None, str | None, Rule, list[str]]:
    """District, area, rule and rivals by their codes."""
    districts = {district.pk: code for code, district in city.districts.items()}
    areas = {area.pk: code for code, area in city.areas.items()}
    return (
        districts.get(found.district_id or 0),
        areas.get(found.area_id or 0),
        found.rule,
        [rival.code for rival in found.rivals],
    )


@pytest.mark.parametrize("place", [(3, 3), (2.25, 2.25), (2.25, 3.75), (3.75, 2.25)])
def test_the_notch_is_outside_though_both_bounding_boxes_hold_it(
    city: GridCity, place: tuple[float, float]
) -> None:
    with pytest.raises(OutsideCity):
        decided(city, place)


@pytest.mark.parametrize("place", [(2, 3), (3, 2), (2, 2), (2, 4), (0, 0), (0.5, 3)])
def test_the_sides_of_the_notch_belong_to_the_ell(city: GridCity, place: tuple[float, float]) -> None:
    assert summary(city, decided(city, place)) == ("ell", "ell", Rule.ONLY_AREA, [])


def test_a_hole_belongs_to_nobody(city: GridCity) -> None:
    found = decided(city, (9.25, 1.25))
    assert summary(city, found) == (None, None, Rule.CITY_WIDE, [])
    assert found.service_id == city.services["light"].pk
    # To the city's border in the south: that of the hole is nearer, but did not decide.
    assert found.border_m == pytest.approx(1.25 * UNIT_M, rel=0.001)


@pytest.mark.parametrize("place", [(9, 2), (11, 3), (10, 1), (8.5, 2), (10, 3.5), (12, 4)])
def test_the_border_of_the_hole_belongs_to_the_ring(city: GridCity, place: tuple[float, float]) -> None:
    assert summary(city, decided(city, place)) == ("ring", "ring", Rule.ONLY_AREA, [])


@pytest.mark.parametrize("place", [(10, 2), (9.5, 2), (10.5, 2.5), (10, 1.5)])
def test_an_enclave_is_its_own(city: GridCity, place: tuple[float, float]) -> None:
    assert summary(city, decided(city, place)) == ("eye", "eye", Rule.ONLY_AREA, [])


@pytest.mark.parametrize("x", [4.5, 5, 6, 7.75])
def test_on_a_diagonal_border_the_smaller_side_decides(city: GridCity, x: float) -> None:
    found = decided(city, (x, (x - 4) / 2))
    assert summary(city, found) == ("dale", "dale", Rule.SMALLEST_AREA, ["hill"])
    # Four kilometres that are straight in degrees bend by 18 cm in metres, and the pin lies on what is straight in degrees.
    assert found.border_m == pytest.approx(0, abs=0.005)
    assert found.rivals[0].border_m == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("x", [4.5, 5, 6, 7.75])
def test_beside_a_diagonal_border(city: GridCity, x: float) -> None:
    on_it, a_little = (x - 4) / 2, 1 / 1024
    assert summary(city, decided(city, (x, on_it + a_little))) == ("hill", "hill", Rule.ONLY_AREA, [])
    assert summary(city, decided(city, (x, on_it - a_little))) == ("dale", "dale", Rule.ONLY_AREA, [])


def test_areas_that_meet_in_a_point(city: GridCity) -> None:
    assert summary(city, decided(city, (1, 1), "tree")) == ("ell", "sw", Rule.SMALLEST_AREA, ["ne"])
    assert summary(city, decided(city, (1.25, 1.25), "tree")) == ("ell", "ne", Rule.ONLY_AREA, [])
    assert summary(city, decided(city, (0.75, 0.75), "tree")) == ("ell", "sw", Rule.ONLY_AREA, [])
    assert summary(city, decided(city, (0.75, 1.25), "tree"))[1:3] == (None, Rule.CITY_WIDE)


def test_where_three_borders_meet(city: GridCity) -> None:
    found = summary(city, decided(city, (8, 2)))
    assert found[:3] == ("dale", "dale", Rule.SMALLEST_AREA)
    assert set(found[3]) == {"hill", "ring"}


@cache
def _polygon(code: str) -> shapely.MultiPolygon:
    return shapely.from_wkb(bytes(ugly(code).wkb))


@cache
def _in_metres(code: str) -> shapely.MultiPolygon:
    # A side is what is straight in degrees: each piece of it becomes metres.
    return shapely.transform(
        shapely.segmentize(_polygon(code), 0.0005),
        lambda degrees: list(zip(*TO_METRES.transform(*degrees.T), strict=True)),
    )


def _covering(pin: Pin) -> set[str]:
    point = shapely.Point(pin.lon, pin.lat)
    return {code for code in UGLY if shapely.covers(_polygon(code), point)}


# Quarters of a unit, the city and one unit around it: every border, corner and meeting point is on this lattice.
LATTICE = st.tuples(st.integers(-4, 52), st.integers(-4, 20)).map(
    lambda steps: spot(steps[0] / 4, steps[1] / 4)
)


@pytest.mark.usefixtures("db")
class TestAgainstShapely:
    # The city is the same for all examples, none of them changes it.
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(places=st.lists(LATTICE, min_size=1, max_size=30), category=st.sampled_from(["lamp", "tree"]))
    def test_point_by_point(self, city: GridCity, places: list[tuple[float, float]], category: str) -> None:
        pins = [Pin(*place, city.categories[category].pk) for place in places]
        candidates = find_candidates(pins, on=TODAY)
        decisions = route_many(pins, on=TODAY)
        for pin, found, decision in zip(pins, candidates, decisions, strict=True):
            covering = _covering(pin)
            districts, areas = covering & set(city.districts), covering & AREAS[category]
            assert {district.code for district in found.districts} == districts
            assert {area.code for area in found.areas} == areas
            if "city" not in districts:
                assert isinstance(decision, OutsideCity)
                continue
            assert isinstance(decision, Route)
            smallest = [min(codes, key=_size, default=None) for codes in (districts - {"city"}, areas)]
            assert list(summary(city, decision)[:2]) == smallest
            border = _in_metres(smallest[1] or "city").boundary
            metres = shapely.Point(*TO_METRES.transform(pin.lon, pin.lat))
            assert decision.border_m == pytest.approx(border.distance(metres), abs=0.01)


def _size(code: str) -> float:
    return float(_in_metres(code).area)

"""A question about new appeals: its address, what it finds, and what is no question."""

from __future__ import annotations

import pytest
from django.contrib.gis.geos import LineString, Point
from django.http import QueryDict
from django.utils import translation

from appeals.alerts.question import CORNERS_MAX, Question, parse_question
from districts.streets import FOUND_MAX, all_streets, find_streets
from geo.drawn import Shape
from geo.refusals import Refused
from tests.factories import AppealFactory
from tests.grid import CITY, IN_EAST, IN_WEST, GridCity, at

pytestmark = pytest.mark.django_db


def read(query: str) -> Question:
    return parse_question(QueryDict(query).dict())


@pytest.mark.parametrize(
    "query",
    [
        "district=east",
        "street=Алишер Навои көчөсү&radius_m=50",
        "near=72.76000,40.52000&radius_m=500",
        "line=72.75000,40.51000,72.76000,40.52000&radius_m=30&category=lamp",
        "area=72.75000,40.51000,72.76000,40.52000,72.75000,40.53000&category=lamp,pothole",
        "area=city",
    ],
)
def test_an_address_is_read_back_as_it_was_written(city: GridCity, query: str) -> None:
    question = read(query)
    again = read(question.as_query())
    assert again == question
    assert again.as_query() == question.as_query()
    assert QueryDict(question.as_query()).keys() == QueryDict(query).keys()
    assert question.where()
    assert question.about()


def test_the_order_of_codes_and_their_number_are_nobody_s_question(city: GridCity) -> None:
    assert read("area=city&category=pothole,lamp,lamp") == read("area=city&category=lamp,pothole")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "area"),
        ("category=lamp", "area"),
        ("district=east&area=city", "area"),
        ("district=atlantis", "district"),
        ("district=east,west", "district"),
        ("district=east&radius_m=500", "radius_m"),
        ("area=city&category=unicorns", "category"),
        ("street=Nowhere&radius_m=50", "street"),
        ("street=Алишер Навои көчөсү", "radius_m"),
        ("street=Алишер Навои көчөсү&radius_m=501", "radius_m"),
        ("street=Алишер Навои көчөсү&district=east&radius_m=50", "street"),
        ("near=72.76,40.52", "radius_m"),
        ("near=72.76,40.52&radius_m=49", "radius_m"),
        ("near=72.76,40.52&radius_m=5001", "radius_m"),
        ("near=72.76,40.52&radius_m=-500", "radius_m"),
        ("near=72.76&radius_m=500", "near"),
        ("near=nan,40.52&radius_m=500", "near"),
        ("near=0,0&radius_m=500", "near"),
        ("near=city&radius_m=500", "near"),
        ("line=72.76,40.52&radius_m=50", "line"),
        ("line=72.76,40.52,72.76,40.52&radius_m=50", "line"),
        ("area=72.75,40.51,72.76,40.52", "area"),
        # A bow tie.
        ("area=72.75,40.51,72.76,40.52,72.76,40.51,72.75,40.52", "area"),
        ("area=" + ",".join(f"72.75{n:03},40.51" for n in range(CORNERS_MAX + 1)), "area"),
        ("area=" + "9" * 9_000, "area"),
    ],
)
def test_what_is_no_question_is_said_by_the_name_of_the_parameter(
    city: GridCity, query: str, name: str
) -> None:
    with pytest.raises(Refused) as refusal:
        read(query)
    assert list(refusal.value.errors) == [name]


def test_what_is_drawn_is_measured_in_metres(city: GridCity) -> None:
    """Both axes: a degree of longitude is shorter than one of latitude."""
    lon, lat = IN_EAST
    to_the_east, to_the_north = 84_650, 111_050
    ground = read(f"near={lon},{lat}&radius_m=500").area
    assert ground is not None
    for metres, inside in [(490, True), (510, False)]:
        assert ground.covers(Point(lon + metres / to_the_east, lat, srid=4326)) is inside
        assert ground.covers(Point(lon, lat + metres / to_the_north, srid=4326)) is inside
    street = read(f"line={lon},{lat},{lon + 0.01},{lat}&radius_m=30").area
    assert street is not None
    for metres, inside in [(29, True), (31, False)]:
        assert street.covers(Point(lon + 0.005, lat + metres / to_the_north, srid=4326)) is inside


def test_a_street_is_the_ground_along_all_of_its_lines(city: GridCity) -> None:
    street = all_streets()["Алишер Навои көчөсү"]
    question = read("street=Алишер Навои көчөсү&radius_m=30")
    assert question.area is not None
    for line in street.lines:
        middle = LineString(*line, srid=4326).interpolate_normalized(0.5)
        assert question.area.covers(middle)
        assert not question.area.covers(Point(middle.x, middle.y + 0.05, srid=4326))
    with translation.override("ru"):
        assert question.where() == "улица Алишера Навои, по 30 м с каждой стороны"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Алишер Навои көчөсү", 1),
        ("ул. Навои", 1),
        ("navoi", 1),
        ("улица алишера навои", 1),
        ("көчөсү", FOUND_MAX),
        ("Nowhere", 0),
        ("", 0),
    ],
)
def test_streets_are_found_by_what_people_call_them(typed: str, found: int) -> None:
    streets = find_streets(typed)
    assert len(streets) == found
    if found == 1:
        assert streets[0].code == "Алишер Навои көчөсү"


def test_it_finds_what_is_there_of_those_categories_and_public(city: GridCity) -> None:
    lamp, pothole = city.categories["lamp"], city.categories["pothole"]
    east = city.districts["east"]
    here = AppealFactory(category=lamp, district=east)
    AppealFactory(category=lamp, district=east, hidden=True)
    road = AppealFactory(category=pothole, district=east)
    there = AppealFactory(category=lamp, district=city.districts["west"], point=at(IN_WEST))
    west, south, _east, north = CITY
    assert {*read("district=east").appeals()} == {here, road}
    assert {*read("district=east&category=lamp").appeals()} == {here}
    assert {*read("area=city&category=lamp").appeals()} == {here, there}
    assert {
        *read(f"area={west},{south},{IN_EAST[0]},{south},{IN_EAST[0]},{north},{west},{north}").appeals()
    } == {
        here,
        road,
        there,
    }, "what lies on the border is inside"
    assert {*Question(shape=Shape.POINT, corners=(IN_WEST,), radius_m=100).appeals()} == {there}

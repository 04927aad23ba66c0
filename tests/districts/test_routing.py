"""Who answers: candidates from PostGIS, the choice by a pure function, both checked against Shapely."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import pytest
import shapely
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from districts.models import BoundaryRevision, DistrictBoundary, Service
from districts.routing import (
    AreaCandidate,
    Candidates,
    DistrictCandidate,
    NotSetUp,
    OutsideCity,
    Pin,
    Rule,
    UnknownCategory,
    choose,
    find_candidates,
    route,
    route_many,
)
from tests.grid import (
    CITY,
    EAST,
    IN_EAST,
    IN_PARK,
    IN_WEST,
    ON_MIDDLE,
    OUTSIDE,
    PARK,
    WEST,
    GridCity,
    box,
    make_city,
    names,
)

TODAY = dt.date(2026, 6, 1)
CITY_DISTRICT = DistrictCandidate(1, "city", "city", 9e6, 120.0)
TERRITORY = DistrictCandidate(2, "west", "territory", 4e6, None)


def area(code: str, *, priority: int = 0, area_m2: float = 100.0, service_id: int = 1) -> AreaCandidate:
    return AreaCandidate(hash(code), code, service_id, priority, area_m2, 5.0)


def candidates(*areas: AreaCandidate, city_wide: int | None = 7, office: int | None = 9) -> Candidates:
    return Candidates(1, office, city_wide, (CITY_DISTRICT,), areas)


class TestChoice:
    def test_only_area(self) -> None:
        decided = choose(candidates(area("a", service_id=3)))
        assert (decided.service_id, decided.rule, decided.border_m) == (3, Rule.ONLY_AREA, 5.0)

    def test_priority_beats_size(self) -> None:
        big = area("big", priority=1, area_m2=1e6, service_id=3)
        decided = choose(candidates(area("small", area_m2=1), big))
        assert (decided.service_id, decided.rule) == (3, Rule.PRIORITY)
        assert [rival.code for rival in decided.rivals] == ["small"]

    def test_smallest_area_among_equal_priority(self) -> None:
        decided = choose(candidates(area("big", area_m2=200), area("small", area_m2=50, service_id=3)))
        assert (decided.service_id, decided.rule) == (3, Rule.SMALLEST_AREA)

    def test_what_two_tools_make_of_one_polygon_is_of_one_size(self) -> None:
        """Coordinates are rounded differently: less than a square metre decides nothing."""
        for first, second in ((100.0, 100.3), (100.3, 100.0)):
            decided = choose(candidates(area("b", area_m2=first), area("a", area_m2=second, service_id=3)))
            assert (decided.service_id, decided.rule) == (3, Rule.TIE_BY_CODE)

    def test_areas_of_two_services_may_have_one_code(self) -> None:
        same = [area("a", service_id=5), area("a", service_id=3), area("a", service_id=4)]
        for order in itertools.permutations(same):
            decided = choose(candidates(*order))
            assert (decided.service_id, decided.rule) == (3, Rule.TIE_BY_CODE)
            assert [rival.service_id for rival in decided.rivals] == [4, 5]

    def test_equal_areas_are_decided_by_code(self) -> None:
        decided = choose(candidates(area("b"), area("a", service_id=3)))
        assert (decided.service_id, decided.rule) == (3, Rule.TIE_BY_CODE)

    def test_city_wide_then_office(self) -> None:
        assert choose(candidates()).rule is Rule.CITY_WIDE
        assert choose(candidates()).service_id == 7
        assert choose(candidates(city_wide=None)).rule is Rule.OFFICE
        assert choose(candidates(city_wide=None)).service_id == 9
        assert choose(candidates()).border_m == 120.0

    def test_district_is_the_smallest_territory_then_the_first_code(self) -> None:
        small, same = (dataclasses.replace(TERRITORY, district_id=n, area_m2=1e6) for n in (3, 4))
        for districts, district_id in [
            ((CITY_DISTRICT,), None),
            ((TERRITORY, CITY_DISTRICT), 2),
            ((CITY_DISTRICT, TERRITORY, small), 3),
            ((CITY_DISTRICT, small, TERRITORY), 3),
            ((CITY_DISTRICT, small, dataclasses.replace(same, code="east")), 4),
        ]:
            for areas in ((), (area("a"),)):
                assert choose(Candidates(1, 9, 7, districts, areas)).district_id == district_id

    def test_without_an_area_the_border_is_the_citys(self) -> None:
        assert choose(Candidates(1, 9, 7, (TERRITORY, CITY_DISTRICT))).border_m == 120.0
        unknown = dataclasses.replace(CITY_DISTRICT, border_m=None)
        assert choose(Candidates(1, 9, 7, (unknown,))).border_m == 0.0

    def test_a_territory_is_not_the_city(self) -> None:
        with pytest.raises(OutsideCity):
            choose(Candidates(1, 9, 7, (TERRITORY,)))

    def test_what_was_found_and_decided_cannot_be_changed(self) -> None:
        found = candidates(area("a"))
        for value in (found, found.areas[0], found.districts[0], choose(found)):
            assert isinstance(hash(value), int)

    def test_rules_are_stored_under_these_names(self) -> None:
        assert {rule.name: rule.value for rule in Rule} == {
            "ONLY_AREA": "only_area",
            "PRIORITY": "priority",
            "SMALLEST_AREA": "smallest_area",
            "TIE_BY_CODE": "tie_by_code",
            "CITY_WIDE": "city_wide",
            "OFFICE": "office",
        }

    def test_refusals(self) -> None:
        with pytest.raises(UnknownCategory):
            choose(dataclasses.replace(candidates(area("a")), category_known=False))
        with pytest.raises(OutsideCity):
            choose(Candidates(1, 9, 7, (), (area("a"),)))
        with pytest.raises(NotSetUp):
            choose(Candidates(None, 9, 7, (CITY_DISTRICT,)))
        with pytest.raises(NotSetUp):
            choose(candidates(city_wide=None, office=None))

    @settings(deadline=None)
    @given(
        st.lists(
            st.builds(
                area,
                st.text("abc", min_size=1, max_size=3),
                priority=st.integers(-2, 2),
                area_m2=st.sampled_from([1.0, 1.2, 50.0]),
            ),
            min_size=1,
            max_size=5,
            unique_by=lambda found: found.code,
        )
    )
    def test_order_of_candidates_changes_nothing(self, areas: list[AreaCandidate]) -> None:
        decisions = {
            (decided.area_id, decided.rule)
            for order in itertools.permutations(areas)
            for decided in [choose(candidates(*order))]
        }
        assert len(decisions) == 1


@pytest.fixture
def city(db: None) -> GridCity:
    return make_city()


def pin(city: GridCity, place: tuple[float, float], category: str) -> Pin:
    return Pin(*place, city.categories[category].pk)


class TestRoute:
    def test_area_decides(self, city: GridCity) -> None:
        decided = route(pin(city, IN_EAST, "lamp"), on=TODAY)
        assert decided.service_id == city.services["light"].pk
        assert decided.area_id == city.areas["light-east"].pk
        assert decided.district_id == city.districts["east"].pk
        assert decided.rule is Rule.ONLY_AREA
        assert decided.rivals == ()
        # 0.02 degree of longitude at 40.52 N to the nearer side.
        assert decided.border_m == pytest.approx(1694, rel=0.01)

    def test_priority_of_the_park(self, city: GridCity) -> None:
        decided = route(pin(city, IN_PARK, "lamp"), on=TODAY)
        assert decided.service_id == city.services["green"].pk
        assert decided.rule is Rule.PRIORITY
        assert [rival.code for rival in decided.rivals] == ["light-west"]

    def test_category_not_handled_by_the_area_goes_city_wide(self, city: GridCity) -> None:
        decided = route(pin(city, IN_PARK, "pothole"), on=TODAY)
        assert (decided.service_id, decided.rule) == (city.services["roads"].pk, Rule.CITY_WIDE)
        assert decided.area_id is None
        # To the western side of the city: 0.02 degree of longitude at 40.52 N.
        assert decided.border_m == pytest.approx(1694, rel=0.01)

    def test_without_a_service_goes_to_the_office(self, city: GridCity) -> None:
        decided = route(pin(city, IN_EAST, "other"), on=TODAY)
        assert (decided.service_id, decided.rule) == (city.services["office"].pk, Rule.OFFICE)

    def test_office_is_told_from_the_services_that_were_made_after_it(self, city: GridCity) -> None:
        Service.objects.create(code="water", **names("water"), **names("water", "short"))
        assert route(pin(city, IN_EAST, "other"), on=TODAY).service_id == city.services["office"].pk

    def test_a_category_without_a_service_takes_that_of_its_group(self, city: GridCity) -> None:
        city.categories["street"].service = city.services["green"]
        city.categories["street"].save()
        assert route(pin(city, IN_EAST, "other"), on=TODAY).service_id == city.services["green"].pk
        assert route(pin(city, IN_EAST, "pothole"), on=TODAY).service_id == city.services["roads"].pk
        # A group has none above it.
        assert route(pin(city, IN_EAST, "street"), on=TODAY).service_id == city.services["green"].pk

    def test_an_area_answers_for_its_own_categories(self, city: GridCity) -> None:
        city.add_area("trees", "green", EAST, ("tree",), priority=20)
        assert route(pin(city, IN_EAST, "lamp"), on=TODAY).area_id == city.areas["light-east"].pk

    def test_pin_on_a_shared_border_is_decided(self, city: GridCity) -> None:
        decided = route(pin(city, ON_MIDDLE, "lamp"), on=TODAY)
        assert decided.border_m == pytest.approx(0, abs=0.001)
        assert {decided.area_id, *(rival.area_id for rival in decided.rivals)} == {
            city.areas["light-west"].pk,
            city.areas["light-east"].pk,
        }

    def test_outside(self, city: GridCity) -> None:
        with pytest.raises(OutsideCity):
            route(pin(city, OUTSIDE, "lamp"), on=TODAY)

    def test_area_of_a_group_handles_its_leaves(self, city: GridCity) -> None:
        city.add_area("all-street", "roads", PARK, ("street",), priority=20)
        assert route(pin(city, IN_PARK, "lamp"), on=TODAY).service_id == city.services["roads"].pk

    def test_area_without_categories_handles_those_of_its_service(self, city: GridCity) -> None:
        city.add_area("roads-west", "roads", WEST)
        decided = route(pin(city, IN_WEST, "pothole"), on=TODAY)
        assert decided.area_id == city.areas["roads-west"].pk
        assert route(pin(city, IN_WEST, "lamp"), on=TODAY).service_id == city.services["light"].pk

    def test_area_counts_only_while_valid(self, city: GridCity) -> None:
        city.add_area(
            "winter",
            "roads",
            EAST,
            ("lamp",),
            priority=5,
            valid_from=dt.date(2026, 1, 1),
            valid_to=dt.date(2026, 3, 1),
        )
        winter = city.areas["winter"].pk
        assert route(pin(city, IN_EAST, "lamp"), on=dt.date(2025, 12, 31)).area_id != winter
        assert route(pin(city, IN_EAST, "lamp"), on=dt.date(2026, 1, 1)).area_id == winter
        assert route(pin(city, IN_EAST, "lamp"), on=dt.date(2026, 3, 1)).area_id != winter

    def test_a_category_that_does_not_exist_goes_to_nobody(self, city: GridCity) -> None:
        gone = Pin(*IN_EAST, max(category.pk for category in city.categories.values()) + 1)
        with pytest.raises(UnknownCategory):
            route(gone, on=TODAY)
        refused, decided = route_many([gone, pin(city, IN_EAST, "lamp")], on=TODAY)
        assert isinstance(refused, UnknownCategory)
        assert decided == route(pin(city, IN_EAST, "lamp"), on=TODAY)

    def test_codes_are_each_services_own(self, city: GridCity) -> None:
        """Two services number their areas alike, and both are candidates."""
        city.add_area("1", "roads", EAST, ("tree",))
        other = city.add_area("1", "light", EAST, ("tree",))
        decided = route(pin(city, IN_EAST, "tree"), on=TODAY)
        assert (decided.rule, decided.service_id) == (Rule.TIE_BY_CODE, city.services["roads"].pk)
        assert [rival.area_id for rival in decided.rivals] == [other.pk]

    def test_the_office_must_be_active(self, city: GridCity) -> None:
        with pytest.raises(IntegrityError, match="mayors_office_is_active"), transaction.atomic():
            Service.objects.filter(is_office=True).update(active=False)
        Service.objects.filter(is_office=True).update(is_office=False, active=False)
        with pytest.raises(NotSetUp):
            route(pin(city, IN_EAST, "other"), on=TODAY)

    def test_inactive_service_answers_nowhere(self, city: GridCity) -> None:
        light = city.services["light"]
        light.active = False
        light.save()
        assert route(pin(city, IN_EAST, "lamp"), on=TODAY).rule is Rule.OFFICE

    def test_old_borders_can_be_replayed(self, city: GridCity) -> None:
        second = BoundaryRevision.objects.create(
            number=2,
            name="second",
            state=BoundaryRevision.State.PUBLISHED,
            effective_from=dt.date(2026, 1, 1),
            published_at=timezone.now(),
        )
        for code, bounds in (("city", CITY), ("west", CITY)):
            DistrictBoundary.objects.create(revision=second, district=city.districts[code], geom=box(bounds))
        now, before = pin(city, IN_EAST, "lamp"), dt.date(2025, 6, 1)
        assert route(now, on=TODAY).district_id == city.districts["west"].pk
        assert route(now, on=before).district_id == city.districts["east"].pk
        assert route(now, on=TODAY, revision=city.revision).area_id == city.areas["light-east"].pk
        (replayed,) = route_many([now], on=TODAY, revision=city.revision)
        assert replayed == route(now, on=TODAY, revision=city.revision)

    def test_areas_of_other_borders_answer_for_nothing(self, city: GridCity) -> None:
        draft = BoundaryRevision.objects.create(number=2, name="draft", effective_from=dt.date(2020, 1, 1))
        city.add_area("drawn", "roads", EAST, ("lamp",), revision=draft, priority=20)
        decided = route(pin(city, IN_EAST, "lamp"), on=TODAY)
        assert (decided.area_id, decided.rivals) == (city.areas["light-east"].pk, ())

    def test_borders_are_in_force_from_their_day_on(self, city: GridCity) -> None:
        first_day = city.revision.effective_from
        assert route(pin(city, IN_EAST, "lamp"), on=first_day).revision_id == city.revision.pk

    @pytest.mark.parametrize(
        ("revisions", "number"),
        [
            # The day decides, whatever the numbers say; the number only among those of one day.
            ({3: "2021-01-01", 2: "2022-01-01"}, 2),
            ({3: "2022-01-01", 2: "2021-01-01"}, 3),
            ({2: "2022-01-01", 3: "2022-01-01"}, 3),
            ({3: "2022-01-01", 2: "2022-01-01"}, 3),
        ],
    )
    def test_the_latest_borders_are_in_force(
        self, city: GridCity, revisions: dict[int, str], number: int
    ) -> None:
        for each, day in revisions.items():
            revision = BoundaryRevision.objects.create(
                number=each,
                name=str(each),
                state=BoundaryRevision.State.PUBLISHED,
                effective_from=day,
                published_at=timezone.now(),
            )
            DistrictBoundary.objects.create(
                revision=revision, district=city.districts["city"], geom=box(CITY)
            )
        decided = route(pin(city, IN_EAST, "lamp"), on=TODAY)
        assert decided.revision_id == BoundaryRevision.objects.get(number=number).pk

    def test_drafts_are_not_in_force(self, city: GridCity) -> None:
        BoundaryRevision.objects.create(number=2, name="draft", effective_from=dt.date(2026, 1, 1))
        assert route(pin(city, IN_EAST, "lamp"), on=TODAY).revision_id == city.revision.pk

    def test_before_any_borders(self, city: GridCity) -> None:
        with pytest.raises(NotSetUp):
            route(pin(city, IN_EAST, "lamp"), on=dt.date(2019, 1, 1))

    def test_one_statement(self, city: GridCity, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(1):
            route(pin(city, IN_EAST, "lamp"), on=TODAY)

    def test_one_statement_for_each_five_thousand(
        self, city: GridCity, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        pins = [pin(city, OUTSIDE, "lamp")] * 5_001
        with django_assert_num_queries(2):
            assert len(list(route_many(pins, on=TODAY))) == 5_001
        with django_assert_num_queries(1):
            list(route_many(pins[1:], on=TODAY))

    def test_border_is_measured_only_where_it_is_told(self, city: GridCity) -> None:
        pins = [pin(city, IN_EAST, category) for category in ("lamp", "pothole")]
        covered, uncovered = find_candidates(pins, on=TODAY)
        assert {district.code: district.border_m for district in covered.districts} == {
            "city": None,
            "east": None,
        }
        assert {district.code: district.border_m for district in uncovered.districts} == {
            "city": pytest.approx(1694, rel=0.01),
            "east": None,
        }

    def test_many_equals_one_by_one(self, city: GridCity) -> None:
        places = [IN_EAST, IN_PARK, OUTSIDE, ON_MIDDLE, IN_WEST]
        pins = [pin(city, place, code) for place in places for code in ("lamp", "pothole", "other")]
        together = list(route_many(pins, on=TODAY))
        for one, decided in zip(pins, together, strict=True):
            if isinstance(decided, OutsideCity):
                with pytest.raises(OutsideCity):
                    route(one, on=TODAY)
            else:
                assert decided == route(one, on=TODAY)

    def test_covering_agrees_with_shapely(self, city: GridCity) -> None:
        rectangles = {"west": WEST, "east": EAST, "city": CITY}
        steps = [72.69 + n * 0.005 for n in range(20)]
        pins = [Pin(lon, 40.49 + row * 0.01, city.categories["lamp"].pk) for lon in steps for row in range(7)]
        for one, found in zip(pins, find_candidates(pins, on=TODAY), strict=True):
            expected = {
                code
                for code, bounds in rectangles.items()
                if shapely.covers(shapely.box(*bounds), shapely.Point(one.lon, one.lat))
            }
            assert {district.code for district in found.districts} == expected

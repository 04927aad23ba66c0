"""Why this service: what else covered the place, and why it did not decide."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from appeals.models import RoutingDecision
from appeals.routing_decision import explain
from districts.models import ServiceArea
from districts.routing import Rule
from tests.factories import AppealFactory
from tests.grid import EAST, GridCity


def decided(city: GridCity, by: str | None, rivals: list[ServiceArea], rule: Rule) -> RoutingDecision:
    """The decision as it is read for a page, with the losing areas as ``submit`` stores them."""
    area = city.areas[by] if by else None
    appeal = AppealFactory(
        category=city.categories["lamp"],
        routing__area=area,
        routing__rule=rule,
        routing__rivals=[
            {"area": rival.pk, "service": rival.service_id, "priority": rival.priority, "area_m2": 1}
            for rival in rivals
        ],
    )
    return RoutingDecision.objects.select_related("service", "area", "revision").get(appeal=appeal)


def test_each_rival_has_its_reason(city: GridCity, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    equal = city.add_area("equal", "roads", EAST, ("lamp",), priority=10)
    decision = decided(city, "park", [city.areas["light-west"], equal], Rule.PRIORITY)
    with django_assert_num_queries(1):
        told = explain(decision)
        assert [(rival.area.code, rival.area.service.code, rival.reason) for rival in told.rivals] == [
            ("light-west", "light", "lower priority"),
            ("equal", "roads", "larger area"),
        ]
    assert "park en" in told.sentence
    assert told.border


def test_a_tie_is_not_called_larger(city: GridCity) -> None:
    """Of two areas of the same size the code decides; what is larger than both is said to be so."""
    same = city.add_area("same", "roads", EAST, ("lamp",), priority=10)
    larger = city.add_area("larger", "roads", EAST, ("lamp",), priority=10)
    decision = decided(city, "park", [same, larger, city.areas["light-west"]], Rule.TIE_BY_CODE)
    decision.rivals[1]["area_m2"] = 2
    assert [rival.reason for rival in explain(decision).rivals] == [
        "same size, but its code comes later",
        "larger area",
        "lower priority",
    ]


def test_an_area_that_is_no_more_is_left_out(city: GridCity) -> None:
    gone = city.add_area("gone", "roads", EAST, ("lamp",))
    decision = decided(city, "park", [gone, city.areas["light-west"]], Rule.PRIORITY)
    gone.delete()
    assert [rival.area.code for rival in explain(decision).rivals] == ["light-west"]


@pytest.mark.parametrize("rule", [Rule.CITY_WIDE, Rule.OFFICE])
def test_without_an_area_there_is_no_border_to_tell_of(
    city: GridCity, rule: Rule, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    decision = decided(city, None, [], rule)
    with django_assert_num_queries(0):
        told = explain(decision)
    assert (told.area, told.rivals, told.border) == (None, (), "")
    assert decision.service.name in told.sentence

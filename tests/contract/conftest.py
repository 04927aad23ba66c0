from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.factories import AppealFactory, PlaceFactory
from tests.grid import IN_EAST, IN_PARK, IN_WEST, GridCity, at


@pytest.fixture(autouse=True)
def _no_counts() -> Iterator[None]:
    """Requests of one test are not counted against the limits of another."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def lived_in(city: GridCity) -> GridCity:
    """The grid city with an appeal in each part of it and a place in its gazetteer."""
    for place in (IN_WEST, IN_EAST, IN_PARK):
        AppealFactory(
            category=city.categories["lamp"],
            service=city.services["light"],
            district=city.districts["west"],
            point=at(place),
        )
    PlaceFactory()
    return city

"""Fixtures of the read API."""

from __future__ import annotations

import datetime as dt

import pytest

from appeals.models import Appeal
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity, at


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    made: Appeal = AppealFactory(
        category=city.categories["lamp"],
        service=city.services["light"],
        district=city.districts["east"],
        point=at(IN_EAST),
        submitted_at=dt.datetime(2026, 5, 31, 10, tzinfo=dt.UTC),
    )
    return made

"""Fixtures of the collections."""

from __future__ import annotations

import datetime as dt

import pytest

from appeals.models import Appeal, HotCell
from news.models import NewsItem
from tests.factories import HotCellFactory, NewsItemFactory
from tests.grid import EAST, WEST, GridCity, box

#: Noon in the city.
NOON = dt.datetime(2026, 5, 31, 6, tzinfo=dt.UTC)
LONG = dt.datetime(2099, 12, 31, tzinfo=dt.UTC)


@pytest.fixture
def works(city: GridCity) -> NewsItem:
    """Works in the east that have begun and do not end."""
    made: NewsItem = NewsItemFactory(
        kind=NewsItem.Kind.WORKS, area=box(EAST), published_at=NOON, starts_at=NOON, ends_at=LONG
    )
    return made


@pytest.fixture
def hot_cells(city: GridCity) -> list[HotCell]:
    """The hottest first; the second can be shown a count, and is not clearly hot."""
    return [HotCellFactory(), HotCellFactory(count=7, observed=9, p=0.5, q=0.6, level=0, area=box(WEST))]


@pytest.fixture
def everything(appeal: Appeal, works: NewsItem, hot_cells: list[HotCell]) -> Appeal:
    """A feature in each collection; the appeal."""
    return appeal

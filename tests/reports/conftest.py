from __future__ import annotations

import pytest

from tests.grid import GridCity
from tests.reports.planting import Plant, planter


@pytest.fixture
def plant(city: GridCity) -> Plant:
    return planter(city)

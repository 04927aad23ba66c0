from __future__ import annotations

import pytest

from tests.appeals.reports.planting import Plant, planter
from tests.grid import GridCity


@pytest.fixture
def plant(city: GridCity) -> Plant:
    return planter(city)

from __future__ import annotations

import pytest

from tests.reports.planting import Plant, planter
from tests.grid import make_city


@pytest.fixture
def plant(transactional_db: None) -> Plant:
    return planter(make_city())

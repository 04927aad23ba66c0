from __future__ import annotations

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.reports.planting import Plant, planter
from tests.grid import make_city


@pytest.fixture
def plant(transactional_db: None) -> Plant:
    return planter(make_city())


@pytest.fixture(autouse=True)
def _reached_at_the_live_server(live_server: LiveServer, settings: Settings) -> None:
    """The notebook follows links to the next page, which lead to the public address."""
    settings.PUBLIC_URL = live_server.url

"""The page of a report that is being made leads to the report by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from jobs.worker import Worker
from reports import long_pages
from tests.browser.conftest import Open, path_of
from tests.grid import IN_EAST, GridCity
from tests.reports.planting import planter


def test_it_is_waited_for(
    visit: Open, city: GridCity, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    settings.REPORTS_ROOT = tmp_path
    monkeypatch.setattr(long_pages, "LONG_S", -1.0)
    planter(city)([IN_EAST] * 3)
    window = visit(maps=False)
    page = window.go(path_of("reports:districts", "en"))
    expect(page.get_by_role("status")).to_have_text("Waiting for its turn")
    Worker(queue="reports").run_next()
    page.wait_for_url("**/reports/districts/")
    expect(page.locator("main")).to_contain_text("3 appeals")
    assert window.complaints.said == []

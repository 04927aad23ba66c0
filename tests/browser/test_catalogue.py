"""The page of the open data: its buttons give files, its fields unfold."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Open, path_of
from tests.browser.pixels import colour_px
from tests.factories import AppealFactory, HotCellFactory
from tests.grid import IN_EAST, IN_WEST, GridCity, at


def test_a_button_gives_the_file_and_the_fields_unfold(visit: Open, city: GridCity) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], text="=1+1")
    page = visit(**PHONE).go(path_of("opendata:catalogue", "ky"))
    with page.expect_download() as download:
        page.locator('a[href="/data/appeals.csv"]').click()
    with download.value.path().open(encoding="utf-8", newline="") as file:
        assert [(row["number"], row["text"]) for row in csv.DictReader(file)] == [
            (str(appeal.number), "'=1+1")
        ]
    fields = page.locator("section[aria-labelledby=appeals] details")
    expect(fields.locator("dl")).to_be_hidden()
    fields.locator("summary").click()
    expect(fields.get_by_text("due_on", exact=True)).to_be_visible()


@pytest.mark.parametrize("collection", ["appeals", "hotspot_cells"])
def test_a_list_of_features_is_on_a_map(visit: Open, city: GridCity, collection: str) -> None:
    for place in (IN_EAST, IN_WEST):
        AppealFactory(category=city.categories["lamp"], point=at(place))
    HotCellFactory()
    page = visit(**PHONE).go(f"/ogc/collections/{collection}/items?f=html&lang=ky")
    expect(page.locator("city-map")).to_have_attribute("aria-busy", "false")
    assert colour_px(page, {"appeals": "--accent", "hotspot_cells": "--status-accepted"}[collection]) > 100

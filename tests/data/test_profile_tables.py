"""The demo city's tables: complete in every language, with matching codes."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import holidays
import pytest
from django.contrib.staticfiles import finders

from data.demo.pictures import PICTURES
from districts.models import CATEGORY_ICONS

OSH = Path(__file__).resolve().parents[2] / "data" / "osh"
LANGUAGES = ("ky", "ru", "en")


def table(name: str, key: str) -> list[dict[str, Any]]:
    return tomllib.loads((OSH / name).read_text(encoding="utf-8"))[key]


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in table("services.toml", "service")}


@pytest.fixture(scope="module")
def categories() -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in table("categories.toml", "category")}


def test_twenty_five_services_and_the_mayors_office(services: dict[str, dict[str, Any]]) -> None:
    assert len(table("services.toml", "service")) == len(services) == 26
    assert [code for code, row in services.items() if row["office"]] == ["meria"]


def test_services_are_described_in_every_language(services: dict[str, dict[str, Any]]) -> None:
    for row in services.values():
        for field in ("name", "short", "description"):
            assert all(row[f"{field}_{language}"].strip() for language in LANGUAGES), (row["code"], field)
        assert row["code"].isascii()
        assert row["email"].endswith(".example")
        assert row["phone"].startswith("+996 3222 ")


def test_categories_have_two_levels(categories: dict[str, dict[str, Any]]) -> None:
    groups = {code for code, row in categories.items() if "parent" not in row}
    leaves = {code: row for code, row in categories.items() if "parent" in row}
    assert len(groups) == 11
    assert len(leaves) >= 45
    assert {row["parent"] for row in leaves.values()} == groups


def test_categories_are_named_and_answered_for(
    categories: dict[str, dict[str, Any]], services: dict[str, dict[str, Any]]
) -> None:
    for code, row in categories.items():
        assert all(row[f"name_{language}"].strip() for language in LANGUAGES)
        # What is nobody's waits at the Mayor's Office for whoever knows whose it is.
        assert row["service"] in services if code not in {"city", "other"} else "service" not in row


def test_every_category_has_other_words_in_every_language(categories: dict[str, dict[str, Any]]) -> None:
    for row in categories.values():
        if "parent" in row:
            assert all(row[f"words_{language}"].strip() for language in LANGUAGES), row["code"]


def test_icons_are_drawn() -> None:
    """Those a category can have are in the sprite, and the cities name no other."""
    sprite = finders.find("web/icons/map.svg")
    drawn = set(re.findall(r'<symbol[^>]* id="([\w-]+)"', Path(sprite).read_text(encoding="utf-8")))
    assert set(CATEGORY_ICONS) <= drawn
    for city in sorted(OSH.parent.glob("*/categories.toml")):
        rows = tomllib.loads(city.read_text(encoding="utf-8"))["category"]
        assert {row["icon"] for row in rows if "icon" in row} <= set(CATEGORY_ICONS), city


def test_every_service_answers_for_something(
    categories: dict[str, dict[str, Any]], services: dict[str, dict[str, Any]]
) -> None:
    areas = json.loads((OSH / "service_areas.geojson").read_text(encoding="utf-8"))["features"]
    answering = {row["service"] for row in categories.values() if "service" in row}
    answering |= {feature["properties"]["service"] for feature in areas}
    assert answering == set(services)


def test_service_areas_name_known_services_and_categories(
    categories: dict[str, dict[str, Any]], services: dict[str, dict[str, Any]]
) -> None:
    for feature in json.loads((OSH / "service_areas.geojson").read_text(encoding="utf-8"))["features"]:
        own = feature["properties"]
        assert own["service"] in services
        assert set(own["categories"]) <= set(categories), own["code"]


def test_an_area_without_categories_belongs_to_a_service_that_has_some(
    categories: dict[str, dict[str, Any]],
) -> None:
    city_wide = {row.get("service") for row in categories.values()}
    for feature in json.loads((OSH / "service_areas.geojson").read_text(encoding="utf-8"))["features"]:
        own = feature["properties"]
        assert own["categories"] or own["service"] in city_wide, own["code"]


def test_the_legal_term_is_fourteen_working_days() -> None:
    (term,) = (row for row in table("terms.toml", "term") if row.get("kind") != "report")
    assert term["working_days"] == 14
    assert isinstance(term["valid_from"], dt.date)
    assert all("67" in term[f"law_{language}"] for language in LANGUAGES)


def test_own_calendar_days_do_not_repeat_the_public_holidays() -> None:
    days = table("terms.toml", "day")
    assert len({row["date"] for row in days}) == len(days)
    known = holidays.country_holidays("KG", years=range(2024, 2028))
    for row in days:
        assert all(row[f"name_{language}"] for language in LANGUAGES)
        usual = row["date"].weekday() < 5 and row["date"] not in known
        assert row["working"] != usual, f"{row['date']}: the calendar already says so"


def test_news_is_written_in_every_language(services: dict[str, dict[str, Any]]) -> None:
    rows = table("news.toml", "news")
    assert len(rows) == 12
    assert len({row["code"] for row in rows}) == 12
    for row in rows:
        assert row["kind"] in ("news", "works")
        assert row["days_ago"] > 0
        assert ("lon" in row) == ("lat" in row)
        assert row["picture"] in PICTURES
        for language in LANGUAGES:
            assert row[f"title_{language}"].strip()
            assert 2 <= len(row[f"body_{language}"].strip().split("\n\n")) <= 4, (row["code"], language)


def test_scenes_of_the_demonstration_meet_the_tables(
    categories: dict[str, dict[str, Any]], services: dict[str, dict[str, Any]]
) -> None:
    demo = tomllib.loads((OSH / "demo.toml").read_text(encoding="utf-8"))
    leaves = {code for code, row in categories.items() if "parent" in row}
    assert {row["category"] for row in demo["scene"]} == leaves
    for row in demo["scene"]:
        assert set(row["forward"]) <= set(services)
        assert set(row.get("pictures", ())) <= set(PICTURES)
        assert len(row.get("months", [1] * 12)) == 12
    for row in demo["hotspot"]:
        assert set(row["categories"]) <= leaves
    assert set(demo["pace"]) <= set(services)

"""What readers choose among: what is open for new appeals, and all of it for filters."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import override

from appeals.intake.parse import leaf_category
from districts.choices import category_groups, districts, flat, services
from districts.models import Category, DistrictBoundary, Service
from geo.refusals import ValueRefused
from tests import factories
from tests.grid import IN_EAST, GridCity


def offered(*, retired: bool = False) -> dict[str, list[str]]:
    return {
        group.choice.code: [leaf.code for leaf in group.leaves] for group in category_groups(retired=retired)
    }


def close(*codes: str) -> None:
    assert Category.objects.filter(code__in=codes).update(active=False) == len(codes)


def test_a_closed_group_closes_its_categories(city: GridCity, client: Client) -> None:
    close("street")
    assert offered() == {}
    with pytest.raises(ValueRefused):
        leaf_category("lamp")
    place = {"lon": IN_EAST[0], "lat": IN_EAST[1], "category": "lamp"}
    assert list(client.get("/api/route", place).json()["errors"]) == ["category"]
    assert client.get("/api/categories.json").json() == []


def test_a_group_whose_categories_are_all_closed_is_no_category(city: GridCity) -> None:
    close("pothole", "lamp", "tree", "other")
    assert offered() == {}
    with pytest.raises(ValueRefused):
        leaf_category("street")


def test_a_category_without_a_group_is_one(city: GridCity) -> None:
    factories.CategoryFactory(code="alone")
    assert offered()["alone"] == ["alone"]
    assert leaf_category("alone").code == "alone"


@pytest.mark.parametrize("closed", ["lamp", "street"])
def test_appeals_of_what_is_closed_can_still_be_filtered(city: GridCity, client: Client, closed: str) -> None:
    appeal = factories.AppealFactory(category=city.categories["lamp"])
    close(closed)
    assert "lamp" in offered(retired=True)["street"]
    page = client.get("/en/", {"category": "lamp"})
    assert f"№ {appeal.number}" in page.content.decode() or str(appeal.number) in page.content.decode()
    assert '<option value="lamp"' in client.get("/en/").content.decode()


def test_what_is_renamed_is_offered_by_its_new_name_at_once(city: GridCity) -> None:
    def names(language: str) -> list[str]:
        with override(language):
            choices = [*flat([*category_groups()]), *services(), *districts()]
            return [choice.short for choice in choices if choice.code in {"lamp", "light", "east"}]

    assert names("en") == ["lamp en", "light en", "east en"]
    Category.objects.filter(code="lamp").update(name_en="Lights")
    Service.objects.filter(code="light").update(short_en="Lamplighters")
    DistrictBoundary.objects.filter(district__code="east").update(name_en="")
    assert names("en") == ["Lights", "Lamplighters", "east ky"]
    assert names("ru") == ["lamp ru", "light ru", "east ru"]

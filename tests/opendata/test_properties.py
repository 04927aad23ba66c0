"""What the OpenAPI document says of a feature is what a feature has."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from appeals.models import Appeal
from appeals.models.appeal import PUBLIC_COLUMNS
from opendata import properties
from opendata.properties import APPEAL, CATEGORY, CELL, DISTRICT, PIN, SERVICE, SERVICE_AREA, chosen
from tests.grid import CITY
from web.api.openapi import with_null_as_a_type

BOX = ",".join(map(str, CITY))


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


def _described(path: str, kind: str = "application/geo+json") -> dict[str, Any]:
    """Schema of the answer, with references put in."""
    answer = _document()["paths"][path]["get"]["responses"]["200"]["content"][kind]["schema"]
    while "$ref" in answer:
        answer = _document()["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
    return dict(answer)


def _of_features(path: str) -> dict[str, Any]:
    return dict(_described(path)["properties"]["features"]["items"]["properties"]["properties"])


def test_what_is_public_of_an_appeal_is_a_change_when_it_changes() -> None:
    """Else lists, whole sets and their ETags are those of before."""
    never_change = {"id", "number", "updated_at"}
    read = {str(one.value).partition("__")[0] for one in APPEAL if isinstance(one.value, str)} - never_change
    assert {Appeal._meta.get_field(name).attname for name in read} <= {*PUBLIC_COLUMNS}


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("/api/appeals.geojson", APPEAL),
        ("/api/districts.geojson", DISTRICT),
        ("/api/city.geojson", DISTRICT),
        ("/api/service-areas.geojson", SERVICE_AREA),
    ],
)
def test_features_have_what_is_declared_and_described(
    client: Client, appeal: Appeal, path: str, declared: properties.Properties
) -> None:
    names = [one.name for one in declared]
    served = client.get(path).json()["features"][0]["properties"]
    described = _of_features(path)
    assert list(served) == list(described["properties"]) == described["required"] == names
    assert described["properties"] == {one.name: with_null_as_a_type(one.described) for one in declared}


@pytest.mark.parametrize(("query", "declared", "nth"), [("zoom=18", PIN, 1), ("zoom=9", CELL, 0)])
def test_the_map_s_features_have_what_is_declared_and_described(
    client: Client,
    appeal: Appeal,
    query: str,
    declared: properties.Properties,
    nth: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if declared is CELL:
        monkeypatch.setattr("opendata.clusters.PINS_MAX", 0)
    served = client.get(f"/api/clusters.geojson?bbox={BOX}&{query}").json()["features"][0]["properties"]
    described = _of_features("/api/clusters.geojson")["oneOf"][nth]
    assert list(served) == list(described["properties"]) == [one.name for one in declared]


@pytest.mark.parametrize(
    ("path", "declared"), [("/api/services.json", SERVICE), ("/api/categories.json", CATEGORY)]
)
def test_reference_lists_have_what_is_declared_and_described(
    client: Client, appeal: Appeal, path: str, declared: properties.Properties
) -> None:
    described = _described(path, "application/json")["items"]
    served = client.get(path).json()[0]
    assert list(served) == list(described["properties"]) == [one.name for one in declared]


def test_the_single_appeal_has_and_describes_every_column_of_the_list(client: Client, appeal: Appeal) -> None:
    (listed,) = client.get("/api/appeals.geojson").json()["features"]
    single = client.get(f"/api/appeals/{appeal.pk}/").json()
    described = _described("/api/appeals/{id}/")["properties"]
    assert list(single["properties"]) == list(described["properties"]["properties"])
    for declared in APPEAL:
        if not declared.is_own_column:
            continue
        # The identifier is a member of the feature itself.
        of_single = single if declared.name == "id" else single["properties"]
        schemas = described if declared.name == "id" else described["properties"]["properties"]
        if declared.schema.get("format") != "date-time":
            assert of_single[declared.name] == listed["properties"][declared.name]
        of_list = with_null_as_a_type(declared.described)
        assert {name: schemas[declared.name].get(name) for name in of_list} == of_list


def test_a_property_that_is_not_declared_cannot_be_chosen() -> None:
    with pytest.raises(KeyError):
        chosen(APPEAL, "number", "secret")

"""The OpenAPI document is valid, names every address, and tells the truth about the answers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from appeals.models import Appeal
from tests.contract.addresses import templates
from tests.factories import AttachmentFactory
from tests.grid import CITY, IN_EAST, GridCity

BOX = ",".join(map(str, CITY))


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


def test_document_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=None)
    assert "openapi:" in capsys.readouterr().out


def test_every_address_is_described() -> None:
    # The names of parameters may differ: drf-spectacular writes "id" for a primary key.
    described = {re.sub(r"{\w+}", "{}", path) for path in _document()["paths"]}
    assert {re.sub(r"<\w+:\w+>", "{}", path) for path in templates()} == described


def test_every_operation_says_what_it_does() -> None:
    for path, operations in _document()["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), f"{method} {path}"
            assert not re.match(r"api_", operation["operationId"]), f"{method} {path}"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/appeals.geojson", ""),
        ("/api/appeals.geojson", "page_size=1"),
        ("/api/clusters.geojson", f"bbox={BOX}&zoom=10"),
        ("/api/clusters.geojson", f"bbox={BOX}&zoom=18"),
        ("/api/districts.geojson", ""),
        ("/api/service-areas.geojson", ""),
        ("/api/base.geojson", ""),
        ("/api/services.json", ""),
        ("/api/categories.json", ""),
        ("/api/route", f"lon={IN_EAST[0]}&lat={IN_EAST[1]}&category=lamp"),
        ("/api/places", "q=улица"),
        ("/api/appeals/{id}/", ""),
    ],
)
def test_answer_is_as_described(lived_in: GridCity, client: Client, path: str, query: str) -> None:
    appeal = Appeal.objects.newest_first()[0]
    AttachmentFactory(appeal=appeal)
    answer = client.get(f"{path.format(id=appeal.pk)}?{query}")
    assert answer.status_code == 200, answer.content
    _check(answer, _document()["paths"][path]["get"]["responses"]["200"])


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/appeals.geojson", "bbox=1", 400),
        ("/api/clusters.geojson", "zoom=high", 400),
        ("/api/districts.geojson", "revision=first", 400),
        ("/api/districts.geojson", "revision=99", 404),
        ("/api/route", "", 400),
    ],
)
def test_refusal_is_as_described(
    lived_in: GridCity, client: Client, path: str, query: str, status: int
) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == status
    _check(answer, _document()["paths"][path]["get"]["responses"][str(status)])


def _check(answer: Any, described: dict[str, Any]) -> None:
    content = described["content"]
    assert answer["Content-Type"] in content
    schema = _json_schema(content[answer["Content-Type"]]["schema"])
    jsonschema.validate(answer.json(), {**schema, "components": _json_schema(_document()["components"])})


def _json_schema(schema: Any) -> Any:
    """OpenAPI 3.0's dialect as JSON Schema: ``nullable`` is the one difference that matters here."""
    if isinstance(schema, list):
        return [_json_schema(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _json_schema(value) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [{"type": "null"}, plain]} if schema.get("nullable") is True else plain

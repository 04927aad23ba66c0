"""The OpenAPI document as the tests read it: its operations, their parameters, and what their answers may hold."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from functools import cache
from typing import Any

import jsonschema
from drf_spectacular.generators import SchemaGenerator

from appeals import filters
from geo.vector_tiles import MEDIA_TYPE as MVT
from tests.contract.addresses import Address
from tests.grid import IN_EAST

#: Names of what a list of appeals is narrowed by, on every page, report and list.
FILTERS = [declared.name for declared in filters.FILTERS]
#: Something sensible for each parameter that an operation cannot do without.
_GOOD = {"lon": str(IN_EAST[0]), "lat": str(IN_EAST[1]), "category": "lamp", "zoom": "12", "q": "улица"}


@cache
def document() -> dict[str, Any]:
    read: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return read


def same_path(path: str) -> str:
    """The path without the names of its parameters: drf-spectacular writes "id" for a primary key."""
    return re.sub(r"{\w+}", "{}", path)


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Path, method and description of each operation, by its id."""
    return {
        operation["operationId"]: (path, method, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def reading(address: Address) -> dict[str, Any] | None:
    """The operation that reads the address; None where the document knows none."""
    for path, methods in document()["paths"].items():
        # Two addresses may be told apart by the kind of their parameter alone.
        if path == address.path or (same_path(path) == same_path(address.path) and "get" in methods):
            return methods.get("get")
    return None


def query_parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"}


def required_query(address: Address) -> dict[str, str]:
    """The least that the address must be asked."""
    described = query_parameters(reading(address) or {})
    return {name: _GOOD[name] for name, one in described.items() if one.get("required")}


def check(answer: Any, described: dict[str, Any], *, closed: bool = True) -> None:
    """Fails unless the answer is what the document says, and holds no member that it does not speak of."""
    if "content" not in described:
        assert not answer.content
        return
    content = described["content"]
    kind = answer["Content-Type"]
    assert kind in content, f"{kind} is none of {list(content)}"
    schema = _json_schema(content[kind]["schema"], closed=closed)
    components = _json_schema(document()["components"], closed=closed)
    jsonschema.Draft202012Validator({**schema, "components": components}, format_checker=_FORMATS).validate(
        _read(answer)
    )


def _read(answer: Any) -> Any:
    if answer["Content-Type"] == MVT:
        return answer.content.decode("latin-1")
    if answer["Content-Type"].startswith("text/plain"):
        return answer.content.decode()
    if not getattr(answer, "streaming", False):
        return answer.json()
    body = answer.getvalue().decode()
    return json.loads(body) if answer["Content-Type"].endswith("+json") else body


def _json_schema(schema: Any, *, closed: bool) -> Any:
    """The schema, which is JSON Schema (OpenAPI 3.1).

    An object whose members are named has no others when it is ``closed``; one without names, such as the geometry of
    the base map, stays open.
    """
    if isinstance(schema, list):
        return [_json_schema(member, closed=closed) for member in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _json_schema(value, closed=closed) for name, value in schema.items()}
    if closed and isinstance(schema.get("properties"), dict) and "object" in schema.get("type", ()):
        plain.setdefault("additionalProperties", False)
    return plain


_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(dt.date.fromisoformat(value))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or dt.datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(uuid.UUID(value)) == value

"""What the OpenAPI document says of views and answers that no serializer makes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpResponseBase
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.views import APIView

from geo.geojson import MEDIA_TYPE
from web.api.parameters import Method, takes
from web.api.problems import PROBLEM_TYPE

Schema = dict[str, Any]
Responses = dict[int | tuple[int, str], Any]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])

#: The parameter of every view that writes names in one language.
LANG = OpenApiParameter(
    "lang",
    str,
    enum=[code for code, _name in settings.LANGUAGES],
    description="Language of names and of errors; without it the one of the Accept-Language header.",
)

_REASONS = {
    400: "What is wrong with each parameter or field.",
    404: "There is nothing at this address.",
    409: "The same identifier with other content is known.",
    411: "The length of the body must be stated.",
    412: "A precondition is not met.",
    413: "Too large.",
    415: "This address does not take that type.",
    423: "Another request is working on this at this moment.",
    429: "Too many requests; Retry-After tells when to come again.",
    460: "What came is not what its checksum says.",
    503: "This cannot be done just now; Retry-After tells when to come again.",
}

TEXT: Schema = {"type": "string"}
BYTES: Schema = {"type": "string", "format": "binary"}
UUID: Schema = {"type": "string", "format": "uuid"}
TEXT_OR_NULL: Schema = {"type": "string", "nullable": True}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
NUMBER_OR_NULL: Schema = {**NUMBER, "nullable": True}
YES_OR_NO: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
DAY: Schema = {"type": "string", "format": "date"}
DAY_OR_NULL: Schema = {**DAY, "nullable": True}
WHOLE_OR_NULL: Schema = {**WHOLE, "nullable": True}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Schema = {**MOMENT, "nullable": True}
LINKS: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["rel", "type", "href"],
        "properties": {"rel": TEXT, "type": TEXT, "href": {"type": "string", "format": "uri"}},
    },
}
POINT: Schema = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Point"]},
        "coordinates": {
            "type": "array",
            "items": NUMBER,
            "minItems": 2,
            "maxItems": 2,
            "description": "Longitude, latitude (EPSG:4326).",
        },
    },
}
AREA: Schema = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Polygon", "MultiPolygon"]},
        "coordinates": {"type": "array", "items": {}, "description": "Longitude, latitude (EPSG:4326)."},
    },
}


class ApiSchema(AutoSchema):
    """drf-spectacular's reading of a view; a body that is described by its schema is required like any other."""

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> Any:
        schema, required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        return schema, required or (isinstance(serializer, dict) and bool(serializer.get("required")))


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField(help_text="A sentence in the reader's language.")
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Sentences by parameter or field.",
    )
    challenge = serializers.DictField(
        required=False, help_text="Of a 429: what may be solved instead of waiting, as ALTCHA has it."
    )


def problems(*statuses: int) -> Responses:
    """The statuses as problem documents."""
    return {
        (status, PROBLEM_TYPE): OpenApiResponse(ProblemSerializer, description=_REASONS[status])
        for status in statuses
    }


def record(properties: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """A JSON object with these members."""
    required = [name for name in properties if name not in optional]
    # An empty list is none (OpenAPI 3.0).
    return {"type": "object", **({"required": required} if required else {}), "properties": dict(properties)}


def feature_collection(
    properties: Schema,
    *,
    geometry: Schema = POINT,
    members: Mapping[str, Schema] | None = None,
    optional: Sequence[str] = (),
    id_schema: Schema | None = None,
) -> Responses:
    """200 with a FeatureCollection of features with these properties; ``members`` stand beside the features.

    Those of the members that are ``optional`` may be missing. A feature has an ``id`` where that is of a schema.
    """
    feature = {
        "type": {"type": "string", "enum": ["Feature"]},
        "geometry": geometry,
        "properties": properties,
    }
    if id_schema:
        feature["id"] = id_schema
    document: Schema = {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": record(feature)},
        **(members or {}),
    }
    return {(200, MEDIA_TYPE): record(document, optional=optional)}


def with_null_as_a_type(result: Any, **_more: Any) -> Any:
    """The document in OpenAPI 3.1, whose dialect of JSON Schema knows no ``nullable``: a hook of drf-spectacular."""
    if isinstance(result, list):
        return [with_null_as_a_type(part) for part in result]
    if not isinstance(result, dict):
        return result
    told = {name: with_null_as_a_type(part) for name, part in result.items()}
    if told.pop("nullable", False) is True:
        told["type"] = [told["type"], "null"]
    kinds, codes = told.get("type"), told.get("enum")
    # What drf-spectacular makes of a field's own schema leaves null out of its codes.
    if isinstance(kinds, list) and "null" in kinds and isinstance(codes, list) and None not in codes:
        told["enum"] = [*codes, None]
    return told


def _strict(parameter: OpenApiParameter) -> OpenApiParameter:
    """The parameter whose schema says what ``KnownParameters`` refuses: an empty text, and that a number is none below zero."""
    told: Any = parameter.type
    if told is int:
        told = {**WHOLE, "minimum": 0}
    elif told is str:
        told = TEXT
    if parameter.enum or not isinstance(told, dict):
        return parameter
    if told.get("type") == "string" and "format" not in told and "enum" not in told:
        told = {"minLength": 1, **told}
    strict = copy.copy(parameter)
    strict.type = told
    return strict


def operation(
    operation_id: str, *, parameters: Sequence[OpenApiParameter] = (), responses: Responses, **more: Any
) -> Callable[[Method], Method]:
    """Decorator: the method of a view stands so in the OpenAPI document, and takes these parameters and no others.

    Those of the path are described alone: the view reads them.
    """

    def describe(method: Method) -> Method:
        documented = extend_schema(
            operation_id=operation_id,
            parameters=list(map(_strict, parameters)),
            responses={**responses, **problems(400)},
            **more,
        )
        return takes(*parameters)(documented(method))

    return describe


def described(
    operation_id: str, *, parameters: Sequence[OpenApiParameter] = (), responses: Responses
) -> Callable[[View], View]:
    """Decorator: a plain Django view that answers GET stands in the OpenAPI document, documented by its own docstring.

    drf-spectacular reads classes of djangorestframework; the view is given one to be read, and runs without it.
    """

    def describe(view: View) -> View:
        def get(self: APIView, request: Any) -> None:
            """Never called."""

        get.__doc__ = view.__doc__
        documented = operation(operation_id, parameters=parameters, responses=responses)(get)
        members: dict[str, Any] = {
            "get": documented,
            "__doc__": view.__doc__,
            "__module__": view.__module__,
            "authentication_classes": [],
        }
        view.cls = type(operation_id, (APIView,), members)  # type: ignore[attr-defined]
        view.initkwargs = {}  # type: ignore[attr-defined]
        return view

    return describe

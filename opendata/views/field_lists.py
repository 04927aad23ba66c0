"""GET /data/appeals.csv-metadata.json and its like: what each field of a layer is, and whose data they are."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from opendata.layers import LAYERS, Layer
from opendata.properties import Property
from web.api.answers import SETTLED_S
from web.api.openapi import TEXT, described, problems, record
from web.api.problems import problem
from web.links import public_link

_LAYERS: Final = {layer.name: layer for layer in LAYERS}
#: CSVW's names of the kinds of values, by a schema's format or else its type.
_KINDS: Final = {
    "date": "date",
    "date-time": "dateTime",
    "integer": "integer",
    "number": "double",
    "boolean": "boolean",
}


@require_safe
@described(
    "read_field_list",
    parameters=[OpenApiParameter("layer", str, OpenApiParameter.PATH, enum=list(_LAYERS))],
    responses={
        (200, "application/csvm+json"): record(
            {
                "@context": TEXT,
                "url": TEXT,
                "dc:title": TEXT,
                "dc:description": TEXT,
                "dc:license": {**TEXT, "description": "Absent where the city does not say."},
                "tableSchema": {"type": "object", "additionalProperties": True},
            },
            optional=["dc:license"],
        ),
        **problems(404),
    },
)
def field_list(request: HttpRequest, layer: str) -> HttpResponse:
    """What each field of a layer is (CSV on the Web): its type, the codes that it may hold, and the licence of the data.

    The fields are called the same in each format; those of a Shapefile are listed in it.
    """
    if layer not in _LAYERS:
        layers = ", ".join(_LAYERS)
        return problem(
            HTTPStatus.NOT_FOUND, _("There is no such layer. There are: %(layers)s.") % {"layers": layers}
        )
    answer = HttpResponse(orjson.dumps(_told(_LAYERS[layer])), content_type="application/csvm+json")
    answer["Cache-Control"] = f"public, max-age={SETTLED_S}"
    return answer


def _told(layer: Layer) -> dict[str, Any]:
    licence = settings.DATA_LICENCE["url"] or settings.DATA_LICENCE["name"]
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": public_link(f"/data/{layer.name}.csv"),
        "dc:title": layer.name,
        "dc:description": layer.description,
        **({"dc:license": licence} if licence else {}),
        "tableSchema": {"columns": [*map(_column, layer.properties), *_place(layer)]},
    }


def _column(declared: Property) -> dict[str, Any]:
    schema = declared.schema
    kind: dict[str, Any] = {"base": _KINDS.get(schema.get("format") or schema["type"], "string")}
    if "enum" in schema:
        kind["format"] = "|".join(schema["enum"])
    column: dict[str, Any] = {"name": declared.name, "titles": declared.name, "datatype": kind}
    if declared.description:
        column["dc:description"] = declared.description
    if not schema.get("nullable"):
        column["required"] = kind["base"] != "string"
    if schema["type"] == "array":
        column["separator"] = ","
    return column


def _place(layer: Layer) -> list[dict[str, Any]]:
    if layer.geometry != "Point":
        return [
            {"name": "WKT", "titles": "WKT", "datatype": {"base": "string"}, "dc:description": "EPSG:4326."}
        ]
    return [
        {
            "name": name,
            "titles": name,
            "datatype": {"base": "number"},
            "dc:description": "Degrees, EPSG:4326.",
        }
        for name in ("lon", "lat")
    ]

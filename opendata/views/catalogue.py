"""The page of the open data: its layers, the formats in which each can be had, what their fields are, the licence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from opendata.bundle import newest_bundle
from opendata.files import kinds_of
from opendata.layers import APPEALS, CITY, DISTRICTS, HOTSPOT_CELLS, LAYERS, NEWS_AREAS, SERVICE_AREAS, Layer
from opendata.properties import Property
from opendata.views.notebooks import NOTEBOOKS
from web.links import public_link

#: What a layer is called, by its name.
TITLES: Final = {
    APPEALS.name: gettext_lazy("Appeals"),
    DISTRICTS.name: gettext_lazy("Districts"),
    CITY.name: gettext_lazy("City border"),
    SERVICE_AREAS.name: gettext_lazy("Service areas"),
    NEWS_AREAS.name: gettext_lazy("News and planned works"),
    HOTSPOT_CELLS.name: gettext_lazy("Hotspots"),
}
#: A format as people call it, by its ending.
FORMATS: Final = {
    "geojson": "GeoJSON",
    "geojsonl": "GeoJSON Lines",
    "csv": "CSV",
    "xlsx": "Excel",
    "gpkg": "GeoPackage",
    "fgb": "FlatGeobuf",
    "parquet": "GeoParquet",
    "kml": "KML",
    "shp.zip": "Shapefile",
}
_KINDS: Final[dict[str, str | Promise]] = {
    "string": gettext_lazy("text"),
    "uuid": gettext_lazy("identifier (UUID)"),
    "uri": gettext_lazy("address of a page"),
    "integer": gettext_lazy("whole number"),
    "number": pgettext_lazy("type of a field", "number"),
    "boolean": gettext_lazy("yes or no"),
    "array": gettext_lazy("list of codes"),
    "date": gettext_lazy("day"),
    "date-time": gettext_lazy("moment"),
}


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """What there is, with links that download it, for people; ``/api/docs/`` is for programs."""
    context = {
        "layers": [_shown(layer) for layer in LAYERS],
        "url": public_link("/data/appeals.geojson"),
        "licence": settings.DATA_LICENCE,
        "bundle": newest_bundle(),
        "notebooks": NOTEBOOKS,
    }
    return render(request, "opendata/catalogue.html", context)


def _shown(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "title": TITLES[layer.name],
        "description": _(layer.description),
        "files": [
            {"name": FORMATS[ending], "ending": ending, "url": f"/data/{layer.name}.{ending}"}
            for ending in kinds_of(layer)
        ],
        "fields": [
            {
                "name": declared.name,
                "kind": _KINDS[declared.schema.get("format") or declared.schema["type"]],
                "codes": list(_codes(declared)),
                "description": _(declared.description) if declared.description else "",
            }
            for declared in layer.properties
        ],
        "field_list": reverse("data-fields", args=[layer.name]),
    }


def _codes(declared: Property) -> Iterator[tuple[str, str]]:
    """The codes that it may hold, each with its words."""
    words = dict(declared.choices.choices) if declared.choices else {}
    for code in declared.schema.get("enum", ()):
        if code:
            yield code, str(words.get(code, ""))

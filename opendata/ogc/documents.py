"""The documents that lead to the features: landing page, conformance, collections, queryables, schemas, OpenAPI."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator

from config.city import CITY
from geo.geojson import MEDIA_TYPE
from geo.published_crs import CRS84, published_crs
from opendata.ogc import tiling
from opendata.ogc.collection import Collection
from opendata.ogc.collections import COLLECTIONS
from opendata.ogc.links import HTML, JSON, Document, as_form, link, own_links
from opendata.ogc.whole_answers import FORMS
from opendata.properties import Property, chosen
from web.api.openapi import Schema
from web.links import public_link

OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"
JSON_SCHEMA: Final = "application/schema+json"
_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"
_CONF: Final = "http://www.opengis.net/spec/ogcapi-features-"

QUERYABLES: Final = gettext_lazy("What can be asked for")
SORTABLES: Final = gettext_lazy("What can be sorted by")
SCHEMA: Final = gettext_lazy("What a feature holds")

#: What the tests hold the service to, and nothing else.
CONFORMANCE: Final = (
    f"{_CONF}1/1.0/conf/core",
    f"{_CONF}1/1.0/conf/oas30",
    f"{_CONF}1/1.0/conf/geojson",
    f"{_CONF}1/1.0/conf/html",
    f"{_CONF}2/1.0/conf/crs",
    f"{_CONF}3/1.0/conf/queryables",
    f"{_CONF}3/1.0/conf/filter",
    f"{_CONF}3/1.0/conf/features-filter",
    f"{_CONF}5/1.0/conf/sortables",
    f"{_CONF}8/1.0/conf/sorting",
    *(
        f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
        )
    ),
    *tiling.CONFORMANCE,
)


def whole_links(path: str) -> list[dict[str, str]]:
    """Links of a list of features to all of it in the formats that have no pages."""
    return [
        link("alternate", as_form(path, name), form.media_type, form.title) for name, form in FORMS.items()
    ]


def landing_page() -> Document:
    """Where a client begins."""
    return {
        "title": _("Open data: %(city)s") % {"city": _city()},
        "description": _(
            "Appeals of the residents, where they gather, the borders by which they are routed, and planned works."
        ),
        "links": [
            *own_links(reverse("ogc")),
            link("service-desc", reverse("ogc-api"), OPENAPI, _("Description of the API")),
            link("service-doc", reverse("api-docs"), HTML, _("Description of the API, as a page")),
            link("conformance", reverse("ogc-conformance"), JSON, _("Conformance classes")),
            link("data", reverse("ogc-collections"), JSON, _("Collections")),
            tiling.schemes_link(),
        ],
    }


def conformance() -> Document:
    """The conformance classes."""
    return {"conformsTo": list(CONFORMANCE)}


def collections() -> Document:
    """All collections."""
    return {
        "links": own_links(reverse("ogc-collections")),
        "collections": [described(collection) for collection in COLLECTIONS],
    }


def described(collection: Collection) -> Document:
    """One collection; one or two queries for when its features begin."""
    began = collection.began()
    path = reverse("ogc-collection", args=[collection.id])
    return {
        "id": collection.id,
        "title": str(collection.title),
        "description": str(collection.description),
        "itemType": "feature",
        "extent": {
            "spatial": {"bbox": [list(settings.CITY_BOUNDS)], "crs": CRS84.uri},
            "temporal": {
                "interval": [[began.isoformat() if began else None, None]],
                "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
            },
        },
        "crs": list(published_crs()),
        "storageCrs": CRS84.uri,
        "links": [
            *own_links(path),
            link("items", f"{path}/items", MEDIA_TYPE, str(collection.title)),
            *(
                link("items", f"{path}/items?f={name}", form.media_type, form.title)
                for name, form in FORMS.items()
            ),
            link(f"{_REL}queryables", f"{path}/queryables", JSON_SCHEMA, str(QUERYABLES)),
            link(f"{_REL}sortables", f"{path}/sortables", JSON_SCHEMA, str(SORTABLES)),
            link(f"{_REL}schema", f"{path}/schema", JSON_SCHEMA, str(SCHEMA)),
            *([tiling.tilesets_link(collection)] if collection.in_tiles else []),
        ],
    }


def queryables(collection: Collection) -> Document:
    """JSON Schema of the properties by which features can be found (Part 3, 6.2)."""
    return _json_schema(collection, "queryables", collection.queryables)


def sortables(collection: Collection) -> Document:
    """JSON Schema of the properties by which features can be sorted (Part 5, 10)."""
    return _json_schema(
        collection, "sortables", chosen(collection.properties, *collection.sortables.columns), geometry=False
    )


def schema(collection: Collection) -> Document:
    """JSON Schema of a feature's properties (Part 5, 7)."""
    return _json_schema(collection, "schema", collection.properties)


def _json_schema(
    collection: Collection, name: str, properties: Iterable[Property], *, geometry: bool = True
) -> Document:
    kind = (
        "geometry-point"
        if collection.geometry["properties"]["type"]["enum"] == ["Point"]
        else "geometry-polygon"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": public_link(reverse(f"ogc-{name}", args=[collection.id])),
        "type": "object",
        "title": str(collection.title),
        "properties": {
            **{declared.name: _property(declared, collection) for declared in properties},
            **({collection.column: {"format": kind, "x-ogc-role": "primary-geometry"}} if geometry else {}),
        },
        "additionalProperties": False,
    }


def _property(declared: Property, collection: Collection) -> Schema:
    schema = dict(declared.described)
    if schema.pop("nullable", False):
        schema["type"] = [schema["type"], "null"]
    if declared.name == "id":
        schema["x-ogc-role"] = "id"
    if declared.name == collection.moment:
        schema["x-ogc-role"] = "primary-interval-start" if collection.until else "primary-instant"
    if declared.name == collection.until:
        schema["x-ogc-role"] = "primary-interval-end"
    return schema


def api_document() -> Document:
    """The OpenAPI document of these addresses alone, relative to ``/ogc``, where clients look for them."""
    root = reverse("ogc").rstrip("/")
    whole: Document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    paths = {
        path.removeprefix(root): copy.deepcopy(methods)
        for path, methods in whole["paths"].items()
        if path.startswith(f"{root}/")
    }
    components = whole.get("components", {}).get("schemas", {})
    named = {name: components[name] for name in sorted(_named(paths, components))}
    return {
        "openapi": whole["openapi"],
        "info": {**whole["info"], "title": _("Open data: %(city)s") % {"city": _city()}},
        "servers": [{"url": public_link(root)}],
        "paths": paths,
        "components": {"schemas": named},
    }


def _named(part: Any, components: Mapping[str, Any]) -> set[str]:
    """Names of the schemas that the part refers to, and those refer to."""
    found: set[str] = set()
    waiting = list(_references(part))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(components[name])
    return found


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield re.sub(r".*/", "", reference)
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _city() -> str:
    return CITY.name.get(get_language() or settings.LANGUAGE_CODE, CITY.code)

"""GET /data/bundle.zip, /data/SHA256SUMS and /data/catalog.jsonld: last night's state of all that is open, and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from opendata.bundle import Bundle, Entry, newest_bundle
from opendata.files import kinds_of
from opendata.layers import LAYERS, Layer
from opendata.views.catalogue import FORMATS, TITLES
from web.api.answers import SETTLED_S, cached_for, text_answer
from web.api.openapi import BYTES, TEXT, Schema, described, problems, record
from web.api.problems import problem
from web.links import public_link

ZIP: Final = "application/zip"
JSON_LD: Final = "application/ld+json"
_PLAIN: Final = "text/plain; charset=utf-8"
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
#: Data Catalog Vocabulary (DCAT) 3, with the terms of SPDX for checksums.
_CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LIST: Schema = {"type": "array", "items": {"type": "object", "additionalProperties": True}}


@require_safe
@described("read_bundle", responses={(200, ZIP): BYTES, **problems(404, 503)})
def bundle_zip(request: HttpRequest) -> HttpResponseBase:
    """Every layer as GeoJSON, CSV, GeoPackage and GeoParquet in one file: the state of last night, the same until the next.

    404 while there is none: before the first night, and for a while after something of it was hidden.
    """
    bundle = newest_bundle()
    if bundle is None:
        return _none_yet()
    return cached_for(text_answer(request, bundle.opened, media_type=ZIP), SETTLED_S, private=False)


@require_safe
@described("read_bundle_checksums", responses={(200, _PLAIN): TEXT, **problems(404)})
def checksums(request: HttpRequest) -> HttpResponseBase:
    """SHA-256 of the bundle and of each file in it, as `sha256sum --check` reads them. 404 while there is none: before the first night, and for a while after something of it was hidden."""
    bundle = newest_bundle()
    if bundle is None:
        return _none_yet()
    answer = HttpResponse(bundle.checksums, content_type=_PLAIN)
    return cached_for(answer, SETTLED_S, private=False)


@require_safe
@described(
    "read_catalogue",
    responses={
        (200, JSON_LD): record(
            {
                "@context": {"type": "object", "additionalProperties": TEXT},
                "@id": TEXT,
                "@type": TEXT,
                "dct:title": _LIST,
                "dct:publisher": {"type": "object", "additionalProperties": True},
                "dct:license": {"type": "object", "additionalProperties": True},
                "dcat:dataset": _LIST,
            },
            optional=["dct:license"],
        )
    },
)
def catalogue_jsonld(request: HttpRequest) -> HttpResponseBase:
    """The catalogue of the open data for catalogues of others (DCAT 3, JSON-LD): each layer with its files, and the bundle."""
    bundle = newest_bundle()
    told = {
        "@context": _CONTEXT,
        "@id": public_link(reverse("data-catalogue")),
        "@type": "dcat:Catalog",
        "dct:title": _in_languages(gettext_lazy("Open data")),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:homepage": {"@id": public_link("/")}},
        **_licence(),
        "dcat:dataset": [*map(_dataset, LAYERS), *([_bundle(bundle)] if bundle else [])],
    }
    return cached_for(HttpResponse(orjson.dumps(told), content_type=JSON_LD), SETTLED_S, private=False)


def _none_yet() -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND, _("There is no bundle at the moment: one is being prepared."))


def _dataset(layer: Layer) -> dict[str, Any]:
    return {
        "@id": _id(layer.name),
        "@type": "dcat:Dataset",
        "dct:identifier": layer.name,
        "dct:title": _in_languages(TITLES[layer.name]),
        "dct:description": _in_languages(layer.description),
        "dct:conformsTo": {"@id": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
        **_licence(),
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": FORMATS[kind.ending],
                "dcat:downloadURL": {"@id": public_link(f"/data/{layer.name}.{kind.ending}")},
                "dcat:mediaType": _media_type(kind.media_type),
            }
            for kind in kinds_of(layer).values()
        ],
    }


def _id(name: str) -> str:
    """What names a dataset: its place in this document."""
    return f"{public_link(reverse('data-catalogue'))}#{name}"


def _bundle(bundle: Bundle) -> dict[str, Any]:
    return {
        "@id": _id("bundle"),
        "@type": "dcat:Dataset",
        "dct:identifier": "bundle",
        "dct:title": _in_languages(gettext_lazy("Everything in one file")),
        "dct:issued": {"@type": "xsd:dateTime", "@value": bundle.made_at.isoformat()},
        "dct:accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/DAILY"},
        **_licence(),
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": "ZIP",
                "dcat:downloadURL": {"@id": public_link(reverse("data-bundle"))},
                "dcat:mediaType": _media_type(ZIP),
                **_size_and_checksum(bundle.whole),
            }
        ],
        "dct:hasPart": [
            {"@type": "dcat:Distribution", "dct:title": entry.name, **_size_and_checksum(entry)}
            for entry in bundle.entries
        ],
    }


def _size_and_checksum(entry: Entry) -> dict[str, Any]:
    return {
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(entry.size)},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": entry.sha256},
        },
    }


def _media_type(media_type: str) -> dict[str, str]:
    return {"@id": _MEDIA_TYPES + media_type.partition(";")[0]}


def _licence() -> dict[str, Any]:
    licence: Mapping[str, str] = settings.DATA_LICENCE
    if licence["url"]:
        return {"dct:license": {"@id": licence["url"]}}
    return {"dct:license": {"dct:title": licence["name"]}} if licence["name"] else {}


def _in_languages(words: str | Promise) -> list[dict[str, str]]:
    told = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            told.append({"@language": code, "@value": _(words) if isinstance(words, str) else str(words)})
    return told

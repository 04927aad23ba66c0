"""The addresses of OGC API - Features, those of the collections made of their declarations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import orjson
from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from geo.geojson import MEDIA_TYPE, PageText, collection, feature_texts
from geo.paging import AFTER
from geo.published_crs import CRS84
from geo.refusals import Refusals
from geo.statements import one_snapshot
from opendata.ogc import documents, pages, tiling
from opendata.ogc.answers import answered, as_page
from opendata.ogc.collection import Collection
from opendata.ogc.collections import COLLECTIONS
from opendata.ogc.documents import JSON_SCHEMA, OPENAPI, whole_links
from opendata.ogc.links import HTML, JSON, Document, link, own_links
from opendata.ogc.parameters import (
    CRS,
    LIMIT,
    crs_asked_for,
    list_request,
    one_of,
    properties_asked_for,
    properties_parameter,
)
from opendata.ogc.whole_answers import FORMS, WholeForm, check, whole_answer
from web.api.answers import SETTLED_S
from web.api.language import language_asked_for
from web.api.openapi import (
    BYTES,
    LANG,
    MOMENT,
    NUMBER,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    WHOLE,
    Responses,
    Schema,
    described,
    feature_collection,
    problems,
    record,
)
from web.api.problems import bad_parameters
from web.api.texts import digest

View = Callable[..., HttpResponseBase]

_JSON, _HTML = "json", "html"
_FORMAT: Final = OpenApiParameter(
    "f", str, enum=[_JSON, _HTML], description="The representation, whatever the Accept header says."
)
_LIST_FORMAT: Final = OpenApiParameter(
    "f",
    str,
    enum=[_JSON, _HTML, *FORMS],
    description="The representation, whatever the Accept header says. Pages are of JSON and HTML; the others hold everything that is asked for.",
)
_PAGE: Final[Responses] = {(200, HTML): TEXT}
_LINKS: Final[Schema] = {
    "type": "array",
    "items": record(
        {"rel": TEXT, "type": TEXT, "href": {**TEXT, "format": "uri"}, "title": TEXT}, optional=["title"]
    ),
}
_ANY_OBJECT: Final[Schema] = {"type": "object"}
_COLLECTION: Final = record(
    {
        "id": TEXT,
        "title": TEXT,
        "description": TEXT,
        "itemType": {**TEXT, "enum": ["feature"]},
        "extent": record(
            {
                "spatial": record(
                    {"bbox": {"type": "array", "items": {"type": "array", "items": NUMBER}}, "crs": TEXT}
                ),
                "temporal": record(
                    {
                        "interval": {"type": "array", "items": {"type": "array", "items": TEXT_OR_NULL}},
                        "trs": TEXT,
                    }
                ),
            }
        ),
        "crs": TEXTS,
        "storageCrs": TEXT,
        "links": _LINKS,
    }
)


@dataclass(frozen=True)
class _Found:
    """A page, and how many features there are on all of them where that is known."""

    page: PageText
    matched: int | None


def _document_view(
    operation_id: str,
    words: str,
    make: Callable[..., Document],
    page: pages.MakePage,
    answer: Schema,
    media_type: str = JSON,
    *,
    of_collection: bool = False,
    of_tiles: bool = False,
) -> View:
    """A view of a document that is the same for every reader of a language.

    One ``of_collection`` is made of the collection that the address names, one ``of_tiles`` of a collection with tiles.
    """

    def view(request: HttpRequest, collection: str = "") -> HttpResponseBase:
        named = [_collection(collection)] if of_collection or of_tiles else []
        if of_tiles and not named[0].in_tiles:
            raise Http404
        refusals = Refusals()
        language = refusals.read(language_asked_for, request, "")
        form = refusals.read(_representation, request, _JSON, name="f")
        if refusals.errors:
            return bad_parameters(refusals.errors)
        if form == _HTML:
            with translation.override(language):
                return as_page(request, pages.rendered(request, page(make(*named)), language))

        def written() -> bytes:
            with translation.override(language):
                return orjson.dumps(make(*named))

        return answered(request, written, media_type, max_age_s=SETTLED_S, language=language)

    view.__doc__ = words
    wrong = problems(400, 404) if of_collection or of_tiles else problems(400)
    responses: Responses = {(200, media_type): answer, **_PAGE, **wrong}
    documented = described(operation_id, parameters=[_FORMAT, LANG], responses=responses)(view)
    return require_safe(documented)


def _items_view(of: Collection) -> View:
    """The view of the collection's features, a page at a time."""

    def view(request: HttpRequest) -> HttpResponseBase:
        refusals = Refusals()
        asked = list_request(request, of.sortables, of.properties, refusals)
        form = refusals.read(lambda request: _representation(request, FORMS), request, _JSON, name="f")
        if form in FORMS:
            check(FORMS[form], asked, refusals)
        rows = of.during(of.rows(request.user, request.GET, refusals), asked.period)
        if asked.box is not None:
            rows = rows.filter(of.in_box(asked.box))
        if asked.filter is not None:
            said = refusals.read(
                lambda node: of.condition(node, asked.filter_crs), asked.filter, Q(), name="filter"
            )
            rows = rows.filter(said)
        if refusals.errors:
            return bad_parameters(refusals.errors)
        if form in FORMS:
            return whole_answer(request, of, FORMS[form], rows, asked)

        def found() -> _Found:
            def matched() -> int | None:
                return of.matched(request.user, request.GET, rows, asked)

            if asked.hits:
                with one_snapshot():
                    return _Found(PageText([], None), matched())
            if asked.page.after is not None:
                return _Found(of.page(rows, asked), None)
            with one_snapshot():
                page = of.page(rows, asked)
                return _Found(page, matched() if page.next else len(page.features))

        if form == _HTML:
            with translation.override(asked.language):
                document = orjson.loads(_list_document(request, of, found(), asked.mark))
                page = pages.items(of, document, asked.language, mapped=asked.crs == CRS84)
                return as_page(request, pages.rendered(request, page, asked.language))

        private = request.user.is_authenticated
        version = None if private else of.version(asked)
        # Where nothing tells the state of the data, what was found does.
        known = found() if version is None else None
        if known is not None:
            version = digest(*known.page.features, repr(known.matched))

        def written() -> bytes:
            with translation.override(asked.language):
                return _list_document(request, of, known or found(), asked.mark)

        answer = answered(
            request,
            written,
            MEDIA_TYPE,
            max_age_s=of.max_age_s,
            language=asked.language,
            version=version,
            private=private,
        )
        answer["Content-Crs"] = f"<{asked.crs.uri}>"
        return answer

    view.__doc__ = of.words
    responses: Responses = {
        **feature_collection(
            _some_of(of),
            geometry=of.geometry,
            members={
                "numberMatched": {
                    **WHOLE,
                    "description": "On the first page, where it is known at once, and of `hits`.",
                },
                "numberReturned": WHOLE,
                "timeStamp": MOMENT,
                "links": _LINKS,
            },
            optional=["numberMatched"],
            id_schema=of.id_schema,
        ),
        **_PAGE,
        **{(200, form.kind.media_type): BYTES for form in FORMS.values()},
        **problems(400, 429, 503),
    }
    parameters = [*of.parameters, _LIST_FORMAT]
    documented = described(f"list_ogc_{of.id}", parameters=parameters, responses=responses)(view)
    return require_safe(documented)


def _list_document(request: HttpRequest, of: Collection, found: _Found, mark: str) -> bytes:
    links = [
        *own_links(_here(request), MEDIA_TYPE),
        *whole_links(_here(request, but=("f", LIMIT.name, AFTER))),
    ]
    if found.page.next is not None:
        links.append(link("next", _here(request, but=(), after=f"{mark}{found.page.next}"), MEDIA_TYPE))
    links.append(link("collection", reverse("ogc-collection", args=[of.id]), JSON, str(of.title)))
    members: dict[str, Any] = {
        "numberReturned": len(found.page.features),
        "timeStamp": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "links": links,
    }
    if found.matched is not None:
        members["numberMatched"] = found.matched
    return collection(found.page.features, **members)


def _item_view(of: Collection) -> View:
    """The view of one feature."""

    def view(request: HttpRequest, feature: object) -> HttpResponseBase:
        refusals = Refusals()
        language = refusals.read(language_asked_for, request, "")
        crs = crs_asked_for(request, refusals)
        properties = properties_asked_for(request, of.properties, refusals)
        form = refusals.read(_representation, request, _JSON, name="f")
        if refusals.errors:
            return bad_parameters(refusals.errors)
        found = feature_texts(of.one(request.user, str(feature)), of.feature(language, crs, properties))
        if not found:
            raise Http404
        with translation.override(language):
            links = [
                *own_links(_here(request), MEDIA_TYPE),
                link("collection", reverse("ogc-collection", args=[of.id]), JSON, str(of.title)),
            ]
            body = found[0][:-1] + b',"links":' + orjson.dumps(links) + b"}"
            if form == _HTML:
                page = pages.item(of, orjson.loads(body), language, mapped=crs == CRS84)
                return as_page(request, pages.rendered(request, page, language))
        answer = answered(
            request,
            lambda: body,
            MEDIA_TYPE,
            max_age_s=of.max_age_s,
            language=language,
            private=request.user.is_authenticated,
        )
        answer["Content-Crs"] = f"<{crs.uri}>"
        return answer

    view.__doc__ = f"One feature of the collection `{of.id}`, with the properties that it has in the list."
    responses: Responses = {(200, MEDIA_TYPE): _feature_schema(of), **_PAGE, **problems(400, 404)}
    parameters = [properties_parameter(of.properties), CRS, _FORMAT, LANG]
    documented = described(f"read_ogc_{of.id}_item", parameters=parameters, responses=responses)(view)
    return require_safe(documented)


def _feature_schema(of: Collection) -> Schema:
    return record(
        {
            "type": {**TEXT, "enum": ["Feature"]},
            "id": of.id_schema,
            "geometry": of.geometry,
            "properties": _some_of(of),
            "links": _LINKS,
        }
    )


def _some_of(of: Collection) -> Schema:
    """Properties of a feature: all of them, or those that were asked for."""
    described = {declared.name: declared.described for declared in of.properties}
    return record(described, optional=list(described))


def _collection(named: str) -> Collection:
    for of in COLLECTIONS:
        if of.id == named:
            return of
    raise Http404


def _representation(request: HttpRequest, others: Mapping[str, WholeForm] = MappingProxyType({})) -> str:
    if text := request.GET.get("f", ""):
        return one_of(text, [_JSON, _HTML, *others])
    named = {JSON: _JSON, MEDIA_TYPE: _JSON, HTML: _HTML}
    named |= {form.media_type: name for name, form in others.items()}
    # A client that knows none of them gets JSON: RFC 9110, 12.4.1 prefers that to 406.
    return named.get(request.get_preferred_type(list(named)) or JSON, _JSON)


def _here(request: HttpRequest, but: Sequence[str] = ("f",), **changes: str) -> str:
    """The address without these parameters, and with the changes: each representation is told by a link of its own."""
    query = request.GET.copy()
    for name in but:
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _api_document() -> Document:
    return _kept_api_document(translation.get_language() or settings.LANGUAGE_CODE, settings.PUBLIC_URL)


@lru_cache(maxsize=8)
def _kept_api_document(_language: str, _public_url: str) -> Document:
    # Reading all views takes a third of a second.
    return documents.api_document()


_ADDRESSES: Final = [
    path(
        "",
        _document_view(
            "read_ogc_landing_page",
            "OGC API - Features: where a client begins.",
            documents.landing_page,
            pages.landing_page,
            record({"title": TEXT, "description": TEXT, "links": _LINKS}),
        ),
        name="ogc",
    ),
    path(
        "conformance",
        _document_view(
            "read_ogc_conformance",
            "Conformance classes of the standards.",
            documents.conformance,
            pages.conformance,
            record({"conformsTo": TEXTS}),
        ),
        name="ogc-conformance",
    ),
    path(
        "api",
        _document_view(
            "read_ogc_api",
            "OpenAPI document of these addresses alone.",
            _api_document,
            pages.api_document,
            {"type": "object"},
            OPENAPI,
        ),
        name="ogc-api",
    ),
    path(
        "collections",
        _document_view(
            "list_ogc_collections",
            "All collections.",
            documents.collections,
            pages.collections,
            record({"links": _LINKS, "collections": {"type": "array", "items": _COLLECTION}}),
        ),
        name="ogc-collections",
    ),
    path(
        "tileMatrixSets",
        _document_view(
            "list_ogc_tiling_schemes",
            "OGC API - Tiles: the schemes by which tiles are numbered.",
            tiling.schemes,
            pages.tiling_schemes,
            record({"links": _LINKS, "tileMatrixSets": {"type": "array", "items": _ANY_OBJECT}}),
        ),
        name="ogc-tiling-schemes",
    ),
    path(
        "tileMatrixSets/WebMercatorQuad",
        _document_view(
            "read_ogc_tiling_scheme",
            "The scheme that web maps number their tiles by, with its zooms.",
            tiling.scheme,
            pages.tiling_scheme,
            _ANY_OBJECT,
        ),
        name="ogc-tiling-scheme",
    ),
]

_OF_COLLECTIONS: Final = [
    path(
        "collections/<slug:collection>",
        _document_view(
            "read_ogc_collection",
            "One collection: what it is, where and from when on, and in which CRSs.",
            documents.described,
            pages.collection,
            _COLLECTION,
            of_collection=True,
        ),
        name="ogc-collection",
    ),
    path(
        "collections/<slug:collection>/queryables",
        _document_view(
            "read_ogc_queryables",
            "JSON Schema of the properties by which features of the collection can be found.",
            documents.queryables,
            pages.json_schema(documents.QUERYABLES),
            _ANY_OBJECT,
            JSON_SCHEMA,
            of_collection=True,
        ),
        name="ogc-queryables",
    ),
    path(
        "collections/<slug:collection>/sortables",
        _document_view(
            "read_ogc_sortables",
            "JSON Schema of the properties by which features of the collection can be sorted.",
            documents.sortables,
            pages.json_schema(documents.SORTABLES),
            _ANY_OBJECT,
            JSON_SCHEMA,
            of_collection=True,
        ),
        name="ogc-sortables",
    ),
    path(
        "collections/<slug:collection>/tiles",
        _document_view(
            "list_ogc_tilesets",
            "OGC API - Tiles: the sets of vector tiles of the collection.",
            tiling.tilesets,
            pages.tilesets,
            record({"links": _LINKS, "tilesets": {"type": "array", "items": _ANY_OBJECT}}),
            of_tiles=True,
        ),
        name="ogc-tilesets",
    ),
    path(
        "collections/<slug:collection>/tiles/WebMercatorQuad",
        _document_view(
            "read_ogc_tileset",
            "A set of vector tiles: the address of a tile, which tiles there are, what their features hold.",
            tiling.tileset,
            pages.tileset,
            _ANY_OBJECT,
            of_tiles=True,
        ),
        name="ogc-tileset",
    ),
    path(
        "collections/<slug:collection>/schema",
        _document_view(
            "read_ogc_schema",
            "JSON Schema of the properties of the collection's features.",
            documents.schema,
            pages.json_schema(documents.SCHEMA),
            _ANY_OBJECT,
            JSON_SCHEMA,
            of_collection=True,
        ),
        name="ogc-schema",
    ),
]


def _features(of: Collection) -> list[URLPattern]:
    """Addresses of the collection's features, which have parameters and properties of their own."""
    start, name = f"collections/{of.id}/items", f"ogc-{of.id}"
    return [
        path(start, _items_view(of), name=f"{name}-items"),
        path(f"{start}/<{of.id_converter}:feature>", _item_view(of), name=f"{name}-item"),
    ]


def addresses() -> list[URLPattern]:
    """All addresses below ``/ogc/``."""
    return [*_ADDRESSES, *_OF_COLLECTIONS, *(one for of in COLLECTIONS for one in _features(of))]

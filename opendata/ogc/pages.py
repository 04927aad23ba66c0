"""The documents of the OGC API as pages, for whoever opens their addresses in a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from opendata.ogc.collection import Collection
from opendata.ogc.links import HTML, Document
from opendata.ogc.tiling import SCHEMES, TILES
from web.context import LanguageLink


@dataclass(frozen=True)
class Entry:
    """A line of a page: its title, the address that it leads to where there is one, and words."""

    title: str
    url: str = ""
    words: str = ""


@dataclass(frozen=True)
class Page:
    """What a page shows."""

    title: str
    lead: str = ""
    back: Entry | None = None
    buttons: tuple[Entry, ...] = ()
    entries: tuple[Entry, ...] = ()
    facts: tuple[Entry, ...] = ()
    next_url: str = ""
    #: What its map shows, as a GeoJSON geometry (CRS84); no map without it.
    shape: str = ""


MakePage = Callable[[Document], Page]


def rendered(request: HttpRequest, page: Page, language: str) -> bytes:
    """The page in the language, which is the active one. Its addresses stay in a language that was asked for by name."""
    if asked := request.GET.get("lang"):
        page = _in_language(page, asked)
    context = {
        "page": page,
        "language_links": [_language_link(request, code, language) for code, _ in settings.LANGUAGES],
    }
    return render_to_string("opendata/ogc.html", context, request).encode()


def landing_page(document: Document) -> Page:
    """Where a reader begins."""
    shown = tuple(
        Entry(link["title"], _local(link["href"]), link["href"])
        for link in document["links"]
        if link["rel"] not in {"self", "alternate"}
    )
    return Page(document["title"], document["description"], buttons=_buttons(document), entries=shown)


def conformance(document: Document) -> Page:
    """The conformance classes."""
    classes = tuple(Entry(uri.rpartition("/spec/")[2], uri) for uri in document["conformsTo"])
    return Page(_("Conformance classes"), back=_start(), entries=classes)


def collections(document: Document) -> Page:
    """All collections."""
    shown = tuple(
        Entry(one["title"], _local(one["links"][0]["href"]), one["description"])
        for one in document["collections"]
    )
    return Page(_("Collections"), back=_start(), buttons=_buttons(document), entries=shown)


def collection(document: Document) -> Page:
    """One collection."""
    interval = document["extent"]["temporal"]["interval"][0]
    facts = (
        Entry("id", words=document["id"]),
        Entry("extent.spatial.bbox", words=", ".join(map(str, document["extent"]["spatial"]["bbox"][0]))),
        Entry(
            "extent.temporal.interval", words="/".join(moment[:10] if moment else ".." for moment in interval)
        ),
        *(Entry("crs", uri, uri.rpartition("/crs/")[2]) for uri in document["crs"]),
    )
    links = tuple(
        Entry(link["title"], _local(link["href"]))
        for link in document["links"]
        if link["rel"] not in {"self", "alternate"}
    )
    buttons = (*links, *_buttons(document))
    back = Entry(_("Collections"), reverse("ogc-collections"))
    return Page(document["title"], document["description"], back=back, buttons=buttons, facts=facts)


def api_document(document: Document) -> Page:
    """The operations; the page where they can be tried is another one."""
    shown = tuple(
        Entry(f"{method.upper()} {path}", words=operation["description"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    tried = Entry(_("Try it"), reverse("api-docs"))
    return Page(_("Description of the API"), back=_start(), buttons=(tried,), entries=shown)


def json_schema(title: str | Promise) -> MakePage:
    """A JSON Schema: names of properties, with what they may be."""

    def page(document: Document) -> Page:
        shown = tuple(Entry(name, words=_kind(schema)) for name, schema in document["properties"].items())
        back = Entry(document["title"], _local(document["$id"]).rpartition("/")[0])
        return Page(str(title), document["title"], back=back, entries=shown)

    return page


def tiling_schemes(document: Document) -> Page:
    """The schemes by which tiles are numbered."""
    shown = tuple(
        Entry(one["id"], _local(one["links"][0]["href"]), one["title"]) for one in document["tileMatrixSets"]
    )
    return Page(str(SCHEMES), back=_start(), buttons=_buttons(document), entries=shown)


def tiling_scheme(document: Document) -> Page:
    """A scheme: its zooms, with the scale of each."""
    facts = tuple(
        Entry(one["id"], words=f"1 : {one['scaleDenominator']:,.0f}".replace(",", "\u00a0"))
        for one in document["tileMatrices"]
    )
    back = Entry(str(SCHEMES), reverse("ogc-tiling-schemes"))
    return Page(document["id"], document["title"], back=back, buttons=_buttons(document), facts=facts)


def tilesets(document: Document) -> Page:
    """What tiles there are of a collection."""
    shown = tuple(
        Entry(one["title"], _local(one["links"][0]["href"]), one["tileMatrixSetURI"])
        for one in document["tilesets"]
    )
    back = Entry(_("Collections"), reverse("ogc-collections"))
    return Page(str(TILES), back=back, buttons=_buttons(document), entries=shown)


def tileset(document: Document) -> Page:
    """Tiles of a collection: their address, and what their features hold."""
    layer = document["layers"][0]
    (address,) = (link["href"] for link in document["links"] if link["rel"] == "item")
    facts = (
        Entry("tileMatrix", words=f"{layer['minTileMatrix']}–{layer['maxTileMatrix']}"),
        Entry(layer["id"], words=", ".join(layer["propertiesSchema"]["properties"])),
    )
    links = tuple(
        Entry(link["title"], _local(link["href"]))
        for link in document["links"]
        if link["rel"] not in {"self", "alternate", "item"}
    )
    back = Entry(str(TILES), reverse("ogc-tilesets", args=[layer["id"]]))
    buttons = (*links, *_buttons(document))
    return Page(document["title"], back=back, buttons=buttons, entries=(Entry(address),), facts=facts)


def items(of: Collection, document: Document, language: str, *, mapped: bool) -> Page:
    """A page of features, on a map where their coordinates are those of one (CRS84)."""
    path = reverse(f"ogc-{of.id}-items")
    shown = []
    for feature in document["features"]:
        title, words = _told(of, feature, language)
        shown.append(Entry(title, f"{path}/{feature['id']}", words))
    matched = document.get("numberMatched")
    following = [_local(link["href"]) for link in document["links"] if link["rel"] == "next"]
    return Page(
        str(of.title),
        _("Found: %(n)s") % {"n": f"{matched:,}".replace(",", "\u00a0")} if matched is not None else "",
        back=_collection(of),
        buttons=_buttons(document),
        entries=tuple(shown),
        next_url=following[0] if following else "",
        shape=_shape(document["features"]) if mapped else "",
    )


def item(of: Collection, document: Document, language: str, *, mapped: bool) -> Page:
    """One feature with all of its properties, and on a map as in a list."""
    properties = document["properties"]
    title, _words = _told(of, document, language)
    facts = tuple(
        Entry(name, str(value) if name == "url" else "", _written(value))
        for name, value in properties.items()
        if value not in (None, "")
    )
    back = Entry(str(of.title), reverse(f"ogc-{of.id}-items"))
    shape = _shape([document]) if mapped else ""
    return Page(title, back=back, buttons=_buttons(document), facts=facts, shape=shape)


def _shape(features: list[dict[str, Any]]) -> str:
    """The geometries of the features as one; empty without any."""
    geometries = [feature["geometry"] for feature in features]
    if not geometries:
        return ""
    places = [one["coordinates"] for one in geometries]
    if geometries[0]["type"] == "Point":
        return json.dumps({"type": "MultiPoint", "coordinates": places})
    return json.dumps({"type": "MultiPolygon", "coordinates": list(chain.from_iterable(places))})


def _told(of: Collection, feature: dict[str, Any], language: str) -> tuple[str, str]:
    """A title for the feature and what else is told of it; where few properties were asked for, those."""
    properties = feature["properties"]
    if len(properties) == len(of.properties):
        return of.in_words(properties, language)
    told = (f"{name}: {_written(value)}" for name, value in properties.items() if value not in (None, ""))
    return feature["id"], " · ".join(told)


def _written(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("format") or schema.get("type", "")
    if isinstance(kind, list):
        kind = kind[0]
    parts = [kind, " | ".join(filter(None, schema.get("enum", []))), schema.get("description", "")]
    return " · ".join(filter(None, parts))


def _buttons(document: Document) -> tuple[Entry, ...]:
    """The other representations of the document."""
    here = [link["href"] for link in document["links"] if link["rel"] == "self"]
    if not here:
        return ()
    address = _local(here[0])
    others = "&".join(
        part for part in address.partition("?")[2].split("&") if part and not part.startswith("f=")
    )
    as_json = Entry("JSON", f"{address.partition('?')[0]}?{others}{'&' if others else ''}f=json")
    alternates = (
        Entry(link["title"], _local(link["href"]))
        for link in document["links"]
        if link["rel"] == "alternate" and link["type"] != HTML
    )
    return (as_json, *alternates)


def _start() -> Entry:
    return Entry(_("Open data"), reverse("ogc"))


def _collection(of: Collection) -> Entry:
    return Entry(str(of.title), reverse("ogc-collection", args=[of.id]))


def _local(href: str) -> str:
    """The address on this site, by whichever name the reader knows it."""
    return href.removeprefix(settings.PUBLIC_URL)


def _in_language(page: Page, code: str) -> Page:
    def told(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(replace(one, url=_with_language(one.url, code)) for one in entries)

    (back,) = told((page.back,)) if page.back else (None,)
    return replace(
        page, back=back, buttons=told(page.buttons), entries=told(page.entries), facts=told(page.facts)
    )


def _with_language(url: str, code: str) -> str:
    if not url.startswith("/ogc/") or "lang=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}lang={code}"


def _language_link(request: HttpRequest, code: str, current: str) -> LanguageLink:
    query = request.GET.copy()
    query["lang"] = code
    path = f"{request.path}?{query.urlencode()}"
    name = get_language_info(code)["name_local"].capitalize()
    return LanguageLink(code, name, path, settings.PUBLIC_URL + path, code == current)

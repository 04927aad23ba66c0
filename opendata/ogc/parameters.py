"""Query parameters of the OGC API: what they are called, how they are read, what its document says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from geo.cql2.json import parse_json
from geo.cql2.text import parse_text
from geo.cql2.tree import Node
from geo.numbers import COLUMN_DIGITS, whole_number
from geo.paging import AFTER, PAGE_SIZE, PAGE_SIZE_MAX, Cursor, Order, PageRequest, cursor_in
from geo.published_crs import CRS84, Box, PublishedCrs, parse_box, published_crs, published_crs_named
from geo.refusals import Refusals, ValueRefused
from opendata.ogc.period import Period, period_in
from opendata.ogc.sorting import Sortables, mark_of, order_in
from opendata.parameters import AFTER_PARAMETER
from opendata.properties import Properties, chosen
from web.api.language import language_asked_for
from web.api.openapi import LANG

#: How a filter may be written.
LANGUAGES: Final[Mapping[str, Callable[[str], Node | None]]] = {
    "cql2-text": parse_text,
    "cql2-json": parse_json,
}
_CRS_NAMES: Final = list(published_crs())

LIMIT: Final = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "default": PAGE_SIZE},
    description=f"Features of a page, from 1; more than {PAGE_SIZE_MAX} are given as {PAGE_SIZE_MAX}. Formats without pages hold everything, or as many as are asked for.",
)
BBOX: Final = OpenApiParameter(
    "bbox",
    {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
    style="form",
    explode=False,
    description="The lower corner, then the upper one, in the order of the axes of `bbox-crs`; the border belongs to it. Of six numbers the heights are left out.",
)
BBOX_CRS: Final = OpenApiParameter(
    "bbox-crs", str, enum=_CRS_NAMES, default=CRS84.uri, description="CRS of `bbox`."
)
CRS: Final = OpenApiParameter(
    "crs", str, enum=_CRS_NAMES, default=CRS84.uri, description="CRS of the answer's coordinates."
)
RESULT_TYPE: Final = OpenApiParameter(
    "resultType",
    str,
    enum=["results", "hits"],
    default="results",
    description="`hits` counts: `numberMatched` without features.",
)
FILTER: Final = OpenApiParameter(
    "filter",
    str,
    description="CQL2: comparisons of `queryables` with values, AND, OR, NOT, LIKE, BETWEEN, IN, IS NULL, CASEI, and S_INTERSECTS of the geometry with a shape.",
)
FILTER_LANG: Final = OpenApiParameter(
    "filter-lang", str, enum=list(LANGUAGES), default="cql2-text", description="How `filter` is written."
)
FILTER_CRS: Final = OpenApiParameter(
    "filter-crs", str, enum=_CRS_NAMES, default=CRS84.uri, description="CRS of the coordinates in `filter`."
)
#: What every list of features takes beside its own ``datetime`` and filters.
OF_EVERY_LIST: Final = (
    BBOX, BBOX_CRS, FILTER, FILTER_LANG, FILTER_CRS, CRS, LIMIT, AFTER_PARAMETER, RESULT_TYPE, LANG,
)  # fmt: skip


def datetime_parameter(description: str) -> OpenApiParameter:
    """``datetime``, with what it means for a collection."""
    forms = "2026-05-31T10:00:00Z, a day 2026-05-31 of the city's calendar, or an interval of both with `/`, open where `..` stands."
    return OpenApiParameter("datetime", str, description=f"{description} {forms}")


def sortby_parameter(sortables: Iterable[str]) -> OpenApiParameter:
    """``sortby``, with what a collection can be sorted by."""
    signed = [f"{sign}{name}" for name in sortables for sign in ("", "+", "-")]
    return _names_parameter(
        "sortby", signed, "Names of `sortables`, the first one decides; `-` before a name is descending."
    )


def properties_parameter(properties: Properties) -> OpenApiParameter:
    """``properties``, with those of a collection."""
    return _names_parameter(
        "properties",
        [declared.name for declared in properties],
        "The properties that a feature of the answer has, beside its `id` and geometry; without it, all.",
    )


def _names_parameter(name: str, known: list[str], description: str) -> OpenApiParameter:
    """A parameter of some of the known names, with commas between them."""
    names = {"type": "array", "items": {"type": "string", "enum": known}, "minItems": 1}
    return OpenApiParameter(name, names, style="form", explode=False, description=description)


@dataclass(frozen=True)
class ListRequest:
    """What is asked of a list of features, but for the filters of its collection.

    ``most`` is the limit as it was given, for an answer that has no pages; None without one.
    """

    language: str
    crs: PublishedCrs
    box: Box | None
    period: Period | None
    filter: Node | None
    filter_crs: PublishedCrs
    order: Order
    page: PageRequest
    most: int | None
    #: What stands before the cursors of this order, so that none is taken for one of another order.
    mark: str
    properties: Properties
    hits: bool


def list_request(
    request: HttpRequest, sortables: Sortables, properties: Properties, refusals: Refusals
) -> ListRequest:
    """Reads it; what is wrong is added to ``refusals``, and then the value is not to be used."""
    query = request.GET
    bbox_crs = crs_asked_for(request, refusals, name="bbox-crs")
    bbox, period, after = query.get("bbox", ""), query.get("datetime", ""), query.get(AFTER, "")
    order = refusals.read(
        lambda text: order_in(text, sortables), query.get("sortby", ""), sortables.usual, name="sortby"
    )
    mark = mark_of(order, sortables)
    limit = refusals.read(_limit, query.get("limit", ""), None, name="limit")
    return ListRequest(
        language=refusals.read(language_asked_for, request, ""),
        crs=crs_asked_for(request, refusals),
        box=refusals.read(lambda text: parse_box(text, bbox_crs), bbox, None, name="bbox") if bbox else None,
        period=refusals.read(period_in, period, None, name="datetime") if period else None,
        filter=_filter(request, refusals),
        filter_crs=crs_asked_for(request, refusals, name="filter-crs"),
        order=order,
        page=PageRequest(
            PAGE_SIZE if limit is None else min(limit, PAGE_SIZE_MAX),
            refusals.read(lambda text: _cursor(text, order, mark), after, None, name=AFTER)
            if after
            else None,
        ),
        most=limit,
        mark=mark,
        properties=properties_asked_for(request, properties, refusals),
        hits=refusals.read(_result_type, query.get("resultType", ""), "", name="resultType") == "hits",
    )


def crs_asked_for(request: HttpRequest, refusals: Refusals, *, name: str = "crs") -> PublishedCrs:
    """The CRS that a parameter names, that of the answer's coordinates or another one; CRS84 without it."""
    uri = request.GET.get(name, "")
    return refusals.read(published_crs_named, uri, CRS84, name=name) if uri else CRS84


def properties_asked_for(request: HttpRequest, properties: Properties, refusals: Refusals) -> Properties:
    """Those of the properties that the request names, in its order; all of them where it names none."""

    def read(text: str) -> Properties:
        known = [declared.name for declared in properties]
        return chosen(properties, *dict.fromkeys(one_of(name, known) for name in text.split(",")))

    text = request.GET.get("properties", "")
    return refusals.read(read, text, properties, name="properties") if text else properties


def one_of(text: str, choices: Sequence[str]) -> str:
    """The text, which is one of the choices. Raises ``ValueRefused``."""
    if text not in choices:
        raise ValueRefused(_("Choose among: %(choices)s.") % {"choices": ", ".join(choices)})
    return text


def _filter(request: HttpRequest, refusals: Refusals) -> Node | None:
    written, named = request.GET.get("filter", ""), request.GET.get("filter-lang", "") or "cql2-text"
    language = refusals.read(lambda name: one_of(name, list(LANGUAGES)), named, "", name="filter-lang")
    return refusals.read(LANGUAGES[language], written, None, name="filter") if written and language else None


def _limit(text: str) -> int | None:
    if not text:
        return None
    # More than there can be is no error (Part 1, 7.15.2), however many digits it has.
    digits = text.lstrip("0") if text.isascii() and text.isdigit() else ""
    limit = 10**COLUMN_DIGITS if len(digits) > COLUMN_DIGITS else whole_number(digits)
    if not limit:
        raise ValueRefused(_("limit takes a whole number from 1."))
    return limit


def _cursor(text: str, order: Order, mark: str) -> Cursor:
    # What has another mark is a text that no cursor is.
    return cursor_in(text.removeprefix(mark) if text.startswith(mark) else "", order)


def _result_type(text: str) -> str:
    return one_of(text, ["results", "hits"]) if text else "results"

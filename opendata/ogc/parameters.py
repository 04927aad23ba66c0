"""Query parameters of the OGC API: what they are called, how they are read, what its document says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from geo.cql2.json import parse_json
from geo.cql2.text import parse_text
from geo.cql2.tree import Node
from geo.numbers import COLUMN_DIGITS, whole_number
from geo.paging import AFTER, PAGE_SIZE, PAGE_SIZE_MAX, Order, PageRequest, cursor_in
from geo.published_crs import CRS84, Box, PublishedCrs, parse_box, published_crs, published_crs_named
from geo.refusals import Refusals, ValueRefused
from opendata.ogc.period import Period, period_in
from opendata.parameters import AFTER_PARAMETER
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
    {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE},
    description=f"Features of a page, from 1; more than {PAGE_SIZE_MAX} are given as {PAGE_SIZE_MAX}.",
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


@dataclass(frozen=True)
class ListRequest:
    """What is asked of a list of features, but for the filters of its collection."""

    language: str
    crs: PublishedCrs
    box: Box | None
    period: Period | None
    filter: Node | None
    filter_crs: PublishedCrs
    page: PageRequest
    hits: bool


def list_request(request: HttpRequest, order: Order, refusals: Refusals) -> ListRequest:
    """Reads it; what is wrong is added to ``refusals``, and then the value is not to be used."""
    query = request.GET
    bbox_crs = crs_asked_for(request, refusals, name="bbox-crs")
    bbox, period, after = query.get("bbox", ""), query.get("datetime", ""), query.get(AFTER, "")
    return ListRequest(
        language=refusals.read(language_asked_for, request, ""),
        crs=crs_asked_for(request, refusals),
        box=refusals.read(lambda text: parse_box(text, bbox_crs), bbox, None, name="bbox") if bbox else None,
        period=refusals.read(period_in, period, None, name="datetime") if period else None,
        filter=_filter(request, refusals),
        filter_crs=crs_asked_for(request, refusals, name="filter-crs"),
        page=PageRequest(
            refusals.read(_limit, query.get("limit", ""), PAGE_SIZE, name="limit"),
            refusals.read(lambda text: cursor_in(text, order), after, None, name=AFTER) if after else None,
        ),
        hits=refusals.read(_result_type, query.get("resultType", ""), "", name="resultType") == "hits",
    )


def crs_asked_for(request: HttpRequest, refusals: Refusals, *, name: str = "crs") -> PublishedCrs:
    """The CRS that a parameter names, that of the answer's coordinates or another one; CRS84 without it."""
    uri = request.GET.get(name, "")
    return refusals.read(published_crs_named, uri, CRS84, name=name) if uri else CRS84


def one_of(text: str, choices: Sequence[str]) -> str:
    """The text, which is one of the choices. Raises ``ValueRefused``."""
    if text not in choices:
        raise ValueRefused(_("Choose among: %(choices)s.") % {"choices": ", ".join(choices)})
    return text


def _filter(request: HttpRequest, refusals: Refusals) -> Node | None:
    written, named = request.GET.get("filter", ""), request.GET.get("filter-lang", "") or "cql2-text"
    language = refusals.read(lambda name: one_of(name, list(LANGUAGES)), named, "", name="filter-lang")
    return refusals.read(LANGUAGES[language], written, None, name="filter") if written and language else None


def _limit(text: str) -> int:
    if not text:
        return PAGE_SIZE
    # More than there can be is no error (Part 1, 7.15.2), however many digits it has.
    digits = text.lstrip("0") if text.isascii() and text.isdigit() else ""
    limit = PAGE_SIZE_MAX if len(digits) > COLUMN_DIGITS else whole_number(digits)
    if not limit:
        raise ValueRefused(_("limit takes a whole number from 1."))
    return min(limit, PAGE_SIZE_MAX)


def _result_type(text: str) -> str:
    return one_of(text, ["results", "hits"]) if text else "results"

"""Parameters that several lists share: how they are read, and what the OpenAPI document says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.db.models import Model
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from appeals.filters import FILTERS, Filter
from districts.models import CODE_MAX, Category, District, Service
from geo.paging import AFTER, PAGE_SIZE, PAGE_SIZE_MAX
from geo.refusals import ValueRefused
from news.models import NewsItem


def _parameter(declared: Filter) -> OpenApiParameter:
    schema = dict(declared.schema)
    if schema["type"] == "array":
        # As ``Filter.write`` does: a comma list in one parameter.
        return OpenApiParameter(
            declared.name, schema, description=declared.description, style="form", explode=False
        )
    return OpenApiParameter(declared.name, schema, description=declared.description)


def code_of(rows: type[Model]) -> Callable[[str], str]:
    """Reads the code of one of the rows, empty without one: one query. The reader raises ``ValueRefused`` for what is none, and never was."""

    def read(text: str) -> str:
        if "\x00" in text or len(text) > CODE_MAX:
            raise ValueRefused(_("This is not a code."))
        if text and not rows._base_manager.filter(code=text).exists():
            raise ValueRefused(_("There is no “%(code)s” here.") % {"code": text})
        return text

    return read


#: Readers of the codes by which borders are asked for, by parameter.
CODES: Final = {"service": code_of(Service), "category": code_of(Category), "code": code_of(District)}


def news_kind_in(query: Mapping[str, str]) -> str:
    """The kind of news that is asked for, empty without one. Raises ``ValueRefused`` for what is none."""
    kind = query.get(NEWS_KIND.name, "")
    if kind and kind not in NewsItem.Kind.values:
        raise ValueRefused(_("Choose among: %(choices)s.") % {"choices": ", ".join(NewsItem.Kind.values)})
    return kind


FILTER_PARAMETERS: Final = tuple(_parameter(declared) for declared in FILTERS)
PAGE_SIZE_PARAMETER: Final = OpenApiParameter(
    "page_size",
    {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE},
    description=f"From 1 to {PAGE_SIZE_MAX}.",
)
REVISION_PARAMETER: Final = OpenApiParameter(
    "revision", int, description="Number of a published boundary revision; without it the one in force."
)
AFTER_PARAMETER: Final = OpenApiParameter(
    AFTER, str, description="Opaque; taken from the next link of a page."
)
NEWS_KIND: Final = OpenApiParameter(
    "kind", str, enum=list(NewsItem.Kind.values), description="Of this kind alone."
)

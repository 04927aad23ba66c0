"""What the OpenAPI document says of the parameters that the lists of appeals share."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiParameter

from appeals.filters import FILTERS, Filter
from geo.paging import AFTER, PAGE_SIZE, PAGE_SIZE_MAX


def _parameter(declared: Filter) -> OpenApiParameter:
    schema = dict(declared.schema)
    if schema["type"] == "array":
        # As ``Filter.write`` does: a comma list in one parameter.
        return OpenApiParameter(
            declared.name, schema, description=declared.description, style="form", explode=False
        )
    return OpenApiParameter(declared.name, schema, description=declared.description)


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

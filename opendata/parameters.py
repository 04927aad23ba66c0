"""What the OpenAPI document says of the parameters that the lists of appeals share."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiParameter

from appeals.filters import SEARCH_MAX
from appeals.workflow import Kind, Status
from geo.paging import PAGE_SIZE, PAGE_SIZE_MAX

FILTER_PARAMETERS: Final = (
    OpenApiParameter(
        "bbox", str, description="west,south,east,north in degrees (EPSG:4326); the border belongs to it."
    ),
    OpenApiParameter("kind", str, enum=list(Kind.values)),
    OpenApiParameter("category", str, description="Code of a category, or of a group for all in it."),
    OpenApiParameter("service", str, description="Code of the service that the appeal is with."),
    OpenApiParameter("district", str, description="Code of a district."),
    OpenApiParameter("status", str, many=True, style="form", explode=False, enum=list(Status.values)),
    OpenApiParameter("from", str, description="First day of submission, 2026-05-31, of the city's calendar."),
    OpenApiParameter("to", str, description="Last day of submission, included."),
    OpenApiParameter(
        "q",
        str,
        description=f"Words in the text or the address, or the number; at most {SEARCH_MAX} characters.",
    ),
)
PAGE_SIZE_PARAMETER: Final = OpenApiParameter(
    "page_size", int, default=PAGE_SIZE, description=f"From 1 to {PAGE_SIZE_MAX}."
)
AFTER_PARAMETER: Final = OpenApiParameter(
    "after", str, description="Opaque; taken from the next link of a page."
)

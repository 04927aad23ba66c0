"""GET /data/notebooks/heatmap.ipynb and its like: how to go on from the open data in Python."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from web.api.answers import SETTLED_S
from web.api.openapi import described, problems, record
from web.api.problems import problem

#: What each of them does, by its name, in the order in which they are offered.
NOTEBOOKS: Final[dict[str, Promise]] = {
    "heatmap": gettext_lazy("From every appeal to the counts in cells, checked against the report's own"),
    "hotspots": gettext_lazy(
        "Hotspots step by step: the neighbours, Gi*, its chance, the false discovery rate"
    ),
    "pysal": gettext_lazy("The same hotspots by PySAL, and where the two part"),
    "equity": gettext_lazy("How long districts wait for an answer, with what still waits"),
    "paper_map": gettext_lazy("A sheet of your own: a map on paper made of a report's GeoParquet"),
}
MEDIA_TYPE: Final = "application/x-ipynb+json"
#: Where a notebook asks if it is not told.
_ELSEWHERE: Final = "http://localhost:8000"


@require_safe
@described(
    "read_notebook",
    parameters=[OpenApiParameter("notebook", str, OpenApiParameter.PATH, enum=list(NOTEBOOKS))],
    responses={
        (200, MEDIA_TYPE): record(
            {
                "cells": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
                "metadata": {"type": "object", "additionalProperties": True},
                "nbformat": {"type": "integer"},
                "nbformat_minor": {"type": "integer"},
            }
        ),
        **problems(404),
    },
)
def notebook(request: HttpRequest, notebook: str) -> HttpResponse:
    """A Jupyter notebook, in English, that reads the open data of this city unless `CITY_URL` names another."""
    if notebook not in NOTEBOOKS:
        names = ", ".join(NOTEBOOKS)
        return problem(
            HTTPStatus.NOT_FOUND, _("There is no such notebook. There are: %(names)s.") % {"names": names}
        )
    text = (settings.BASE_DIR / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8")
    return HttpResponse(
        text.replace(_ELSEWHERE, settings.PUBLIC_URL),
        content_type=MEDIA_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{notebook}.ipynb"',
            "Cache-Control": f"public, max-age={SETTLED_S}",
        },
    )

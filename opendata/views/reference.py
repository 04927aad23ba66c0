"""GET /api/services.json and /api/categories.json: what the codes in the other documents mean."""

from __future__ import annotations

from typing import Any

import orjson
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from districts.models import Category, Service
from opendata.properties import CATEGORY, SERVICE, Properties, schema, values
from web.api.answers import SETTLED_S
from web.api.openapi import Responses, described


def _list_of(properties: Properties) -> Responses:
    return {(200, "application/json"): {"type": "array", "items": schema(properties)}}


@require_safe
@described("list_services", responses=_list_of(SERVICE))
def services_json(request: HttpRequest) -> HttpResponse:
    """The services that answer appeals, names in every language."""
    return _listed(Service.objects.filter(active=True).order_by("code"), SERVICE)


@require_safe
@described("list_categories", responses=_list_of(CATEGORY))
def categories_json(request: HttpRequest) -> HttpResponse:
    """What appeals are about: groups and their leaves in the city's order, names in every language."""
    return _listed(Category.objects.open().order_by("position", "code"), CATEGORY)


def _listed(rows: QuerySet[Any, Any], properties: Properties) -> HttpResponse:
    columns_by_name = values(properties)
    # Under names of their own, since an annotation may not be called as a column is.
    columns = {
        f"value_{name}": F(value) if isinstance(value, str) else value
        for name, value in columns_by_name.items()
    }
    found = rows.annotate(**columns).values_list(*columns)
    answer = HttpResponse(
        orjson.dumps([dict(zip(columns_by_name, row, strict=True)) for row in found]),
        content_type="application/json",
    )
    answer["Cache-Control"] = f"public, max-age={SETTLED_S}"
    return answer

"""GET /api/services.json and /api/categories.json: what the codes in the other documents mean."""

from __future__ import annotations

from typing import Any

import orjson
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from districts.models import Category, Service
from districts.names import in_every_language
from web.api.openapi import TEXT, TEXT_OR_NULL, YES_OR_NO, described, names, record

MAX_AGE_S = 300


@require_safe
@described(
    "list_services",
    responses={
        (200, "application/json"): {
            "type": "array",
            "items": record({
                "code": TEXT, "is_office": YES_OR_NO, **names("name"), **names("short"), **names("description"), "phone": TEXT,
            }),
        }
    },
)  # fmt: skip
def services_json(request: HttpRequest) -> HttpResponse:
    """The services that answer appeals, names in every language."""
    rows = Service.objects.filter(active=True).order_by("code")
    translations = {
        name: value
        for field in ("name", "short", "description")
        for name, value in in_every_language(field, field).items()
    }
    return _listed(rows.values("code", "is_office", *translations, "phone"))


@require_safe
@described(
    "list_categories",
    responses={
        (200, "application/json"): {
            "type": "array",
            "items": record({
                "code": TEXT,
                "group": {**TEXT_OR_NULL, "description": "Code of the group that holds it; appeals take leaves."},
                **names("name"),
                "icon": TEXT,
                "service": {**TEXT_OR_NULL, "description": "Answers where no service area decides."},
            }),
        }
    },
)  # fmt: skip
def categories_json(request: HttpRequest) -> HttpResponse:
    """What appeals are about: groups and their leaves in the city's order, names in every language."""
    rows = Category.objects.filter(active=True).order_by("position", "code")
    known = in_every_language("name", "name")
    return _listed(
        rows.values("code", *known, "icon", group=F("parent__code"), answered_by=F("service__code"))
    )


def _listed(rows: QuerySet[Any, Any]) -> HttpResponse:
    records = [
        {("service" if name == "answered_by" else name): value for name, value in row.items()} for row in rows
    ]
    answer = HttpResponse(orjson.dumps(records), content_type="application/json")
    answer["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    return answer

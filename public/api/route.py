"""GET /api/route: who would answer, before anything is sent."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.deadlines import LegalClock, city_day
from appeals.intake.parse import kind_of, leaf_category
from appeals.workflow import Kind
from districts.explanation import border_in_words, refusal_in_words, rule_in_words
from districts.models import District, Service, ServiceArea
from districts.routing import Pin, RoutingError, route
from geo.points import city_point
from geo.refusals import Refusals
from web.api.openapi import problems
from web.api.problems import Problem

#: Nearer than this, a small move of the pin may change who answers, so that the border is mentioned.
NEAR_M = 30


class _NamedSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class _ServiceSerializer(_NamedSerializer):
    phone = serializers.CharField()


class RouteSerializer(serializers.Serializer[Any]):
    district = _NamedSerializer(allow_null=True)
    service = _ServiceSerializer()
    rule = serializers.CharField()
    explanation = serializers.CharField()
    border_m = serializers.FloatField(
        help_text="Metres to the border of the deciding area, else of the city."
    )
    due_on = serializers.DateField(
        allow_null=True,
        help_text="Last day of the legal term if it were sent now; null while that depends on the kind.",
    )


class RouteView(APIView):
    """Preview of the routing decision for a place and a category."""

    authentication_classes = []

    @extend_schema(
        operation_id="preview_route",
        parameters=[
            OpenApiParameter("lon", float, required=True, description="Degrees, EPSG:4326."),
            OpenApiParameter("lat", float, required=True, description="Degrees, EPSG:4326."),
            OpenApiParameter(
                "category", str, required=True, description="Code of a category without children."
            ),
            OpenApiParameter(
                "kind", str, enum=list(Kind.values), description="The legal term may depend on it."
            ),
        ],
        responses={200: RouteSerializer, **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """District, service, why, and by when; nothing is stored."""
        refusals = Refusals()
        query = request.query_params
        point = refusals.read(
            lambda place: city_point(*place), (query.get("lon"), query.get("lat")), None, name="point"
        )
        category = refusals.read(leaf_category, query.get("category"), None, name="category")
        kind = refusals.read(kind_of, query.get("kind"), "", name="kind") if query.get("kind") else ""
        if point is None or category is None or refusals.errors:
            raise Problem(HTTPStatus.BAD_REQUEST, _("Some fields need correction."), errors=refusals.errors)
        now = timezone.now()
        try:
            decision = route(Pin(point.x, point.y, category.pk), on=city_day(now))
        except RoutingError as refusal:
            errors = refusal_in_words(refusal)
            raise Problem(HTTPStatus.BAD_REQUEST, _("Some fields need correction."), errors=errors) from None
        service = Service.objects.get(pk=decision.service_id)
        district = District.objects.filter(pk__in=[decision.district_id]).first()
        area = ServiceArea.objects.filter(pk__in=[decision.area_id]).first()
        return Response(
            {
                "district": {"code": district.code, "name": district.name} if district else None,
                "service": {"code": service.code, "name": service.name, "phone": service.phone},
                "rule": decision.rule,
                "explanation": " ".join(
                    part
                    for part in (
                        rule_in_words(decision.rule, service=service.name, area=area.name if area else ""),
                        border_in_words(decision.border_m) if area and decision.border_m < NEAR_M else "",
                    )
                    if part
                ),
                "border_m": round(decision.border_m, 1),
                "due_on": _due_on(kind, now),
            }
        )


def _due_on(kind: str, now: dt.datetime) -> dt.date | None:
    """Last day of the term; without a kind, None if it is not the same for all of them."""
    clock = LegalClock.read()
    days = {clock.due_on(each, now) for each in ([kind] if kind else Kind.values)}
    return days.pop() if len(days) == 1 else None

"""GET /api/route: who would answer, before anything is sent."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.measure import Distance
from django.utils.text import Truncator
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.models import Appeal
from appeals.vocabulary import Kind
from public.api.refusals import refusals_as_problems
from web.api.openapi import operation, problems
from web.preview import ALIKE_TEXT, preview


class _NamedSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class _ServiceSerializer(_NamedSerializer):
    phone = serializers.CharField()


class AlikeSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    url = serializers.CharField(source="get_absolute_url", help_text="Path of the public page.")
    text = serializers.SerializerMethodField(help_text="Its beginning.")
    language = serializers.CharField()
    status = serializers.CharField(source="status_in_words")
    submitted_at = serializers.DateTimeField()
    metres = serializers.SerializerMethodField(help_text="From the place.")

    def get_text(self, appeal: Appeal) -> str:
        return Truncator(appeal.text).chars(ALIKE_TEXT)

    def get_metres(self, appeal: Appeal) -> int:
        # Of the queryset, ``perhaps_about``.
        metres: Distance = appeal.metres  # type: ignore[attr-defined]
        return round(metres.m)


class RouteSerializer(serializers.Serializer[Any]):
    district = _NamedSerializer(allow_null=True)
    service = _ServiceSerializer()
    rule = serializers.CharField()
    explanation = serializers.CharField()
    border_m = serializers.FloatField(
        help_text="Metres to the border of the deciding area, else of the city."
    )
    due_on = serializers.DateField(
        help_text="Last day for the answer if it were sent now: of the service level, or of the legal term for a legal kind."
    )
    alike = AlikeSerializer(
        many=True,
        help_text="Open appeals of the category near by that are perhaps the same, the nearest first.",
    )


class RouteView(APIView):
    """Preview of the routing decision for a place and a category."""

    authentication_classes = []

    @operation(
        "preview_route",
        parameters=[
            OpenApiParameter("lon", float, required=True, description="Degrees, EPSG:4326."),
            OpenApiParameter("lat", float, required=True, description="Degrees, EPSG:4326."),
            OpenApiParameter(
                "category", str, required=True, description="Code of a category without children."
            ),
            OpenApiParameter(
                "kind",
                str,
                enum=list(Kind.values),
                description="The term depends on it; without it a civic report.",
            ),
        ],
        responses={200: RouteSerializer, **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """District, service, why, and by when; nothing is stored."""
        query = request.query_params
        with refusals_as_problems():
            found = preview(query.get("lon"), query.get("lat"), query.get("category"), query.get("kind"))
        district, service = found.district, found.service
        return Response(
            {
                "district": {"code": district.code, "name": district.name} if district else None,
                "service": {"code": service.code, "name": service.name, "phone": service.phone},
                "rule": found.rule,
                "explanation": found.explanation,
                "border_m": round(found.border_m, 1),
                "due_on": found.due_on,
                "alike": AlikeSerializer(found.alike, many=True).data,
            }
        )

"""GET /api/route: who would answer, before anything is sent."""

from __future__ import annotations

from typing import Any, cast

from django.urls import reverse
from django.utils.text import Truncator
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from appeals.alike import Alike
from appeals.intake.parse import submission_schema
from appeals.vocabulary import Kind
from public.api.refusals import refusals_as_problems
from web.api.openapi import operation, problems
from web.api.parsers import StrictJSONParser
from web.preview import ALIKE_TEXT, Preview, preview
from web.uploads import holders_of


class _NamedSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class _ServiceSerializer(_NamedSerializer):
    phone = serializers.CharField()


class AlikeSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(source="appeal.number")
    url = serializers.CharField(source="appeal.get_absolute_url", help_text="Path of the public page.")
    support_url = serializers.SerializerMethodField(
        help_text="Path that a form with supported=yes is posted to: “it concerns me too”."
    )
    text = serializers.SerializerMethodField(help_text="Its beginning.")
    language = serializers.CharField(source="appeal.language")
    status = serializers.CharField(source="appeal.status_in_words")
    submitted_at = serializers.DateTimeField(source="appeal.submitted_at")
    metres = serializers.SerializerMethodField(help_text="From the place.")
    reasons = serializers.ListField(
        child=serializers.CharField(),
        help_text="Why it is perhaps the same, in words: distance, how many days ago, similar words, a similar photo.",
    )

    def get_support_url(self, one: Alike) -> str:
        return reverse("public:support", args=[one.appeal.number])

    def get_text(self, one: Alike) -> str:
        return Truncator(one.appeal.text).chars(ALIKE_TEXT)

    def get_metres(self, one: Alike) -> int:
        return round(one.signs.metres)


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
    question = serializers.CharField(
        allow_blank=True,
        help_text="What a recommendation of this category asks whoever supports it, its author too; else empty.",
    )
    alike = AlikeSerializer(
        many=True,
        help_text="Open appeals near by that are perhaps the same, the likeliest first.",
    )


def _draft_schema() -> dict[str, Any]:
    """What a submission is described by, of the fields that tell who answers and what is perhaps the same."""
    fields = submission_schema()["properties"]
    names = ("lon", "lat", "category", "kind", "text", "uploads")
    return {
        "type": "object",
        "required": ["lon", "lat", "category"],
        "properties": {name: fields[name] for name in names},
    }


class RouteView(APIView):
    """Preview of the routing decision for a place and a category."""

    authentication_classes = []
    parser_classes = [StrictJSONParser]

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
        return Response(_document(found))

    @operation(
        "preview_route_of_draft",
        request={"application/json": _draft_schema()},
        responses={200: RouteSerializer, **problems(400, 413, 415)},
    )
    def post(self, request: Request) -> Response:
        """The same for an appeal that is being written: its words and photos tell what is perhaps the same. Nothing is stored."""
        draft = cast("dict[str, Any]", request.data)
        with refusals_as_problems():
            found = preview(
                draft.get("lon"),
                draft.get("lat"),
                draft.get("category"),
                draft.get("kind"),
                text=draft.get("text"),
                uploads=draft.get("uploads"),
                holders=holders_of(request._request),
            )
        return Response(_document(found), headers={"Cache-Control": "no-store"})


def _document(found: Preview) -> dict[str, Any]:
    district, service = found.district, found.service
    return {
        "district": {"code": district.code, "name": district.name} if district else None,
        "service": {"code": service.code, "name": service.name, "phone": service.phone},
        "rule": found.rule,
        "explanation": found.explanation,
        "border_m": round(found.border_m, 1),
        "due_on": found.due_on,
        "question": found.question,
        "alike": AlikeSerializer(found.alike, many=True).data,
    }

"""GET /api/places: address search in the city's own gazetteer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts.places import WORDS_MAX, WORDS_MIN, find_places
from web.api.openapi import operation
from web.api.problems import parameters_refused


class PlaceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    district = serializers.CharField(source="district.name", default="", help_text="Name.")
    lon = serializers.FloatField(source="point.x")
    lat = serializers.FloatField(source="point.y")


class PlacesView(APIView):
    """Streets, landmarks and microdistricts that are called what is being typed; coordinates are a place too."""

    authentication_classes = []

    @operation(
        "search_places",
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "minLength": WORDS_MIN, "maxLength": WORDS_MAX},
                required=True,
                description="A name in any language, abbreviated or misspelt, or coordinates, latitude first.",
            )
        ],
        responses={200: PlaceSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """At most ten, the best first; too short a query finds nothing."""
        words = request.query_params["q"]
        # What is no UTF-8 arrives as the second.
        if len(words) > WORDS_MAX or {"\x00", "\ufffd"} & set(words):
            raise parameters_refused({"q": [_("This is too long or holds forbidden characters.")]})
        found = find_places(words)
        return Response(PlaceSerializer(found, many=True).data)

"""GET /api/places: address search in the city's own gazetteer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts.models import Place

WORDS_MAX = 100
FOUND_MAX = 10


class PlaceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    district = serializers.CharField(source="district.name", default="", help_text="Name.")
    lon = serializers.FloatField(source="point.x")
    lat = serializers.FloatField(source="point.y")


class PlacesView(APIView):
    """Streets, landmarks and microdistricts whose names resemble what is being typed."""

    authentication_classes = []

    @extend_schema(
        operation_id="search_places",
        parameters=[
            OpenApiParameter("q", str, required=True, description="Any language; at least two letters.")
        ],
        responses=PlaceSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """At most ten, the best first; too short or too long a query finds nothing."""
        words = " ".join(request.query_params.get("q", "").replace("\x00", "").split())
        if not 2 <= len(words) <= WORDS_MAX:
            return Response([])
        found = Place.objects.named_like(words).select_related("district")[:FOUND_MAX]
        return Response(PlaceSerializer(found, many=True).data)

"""The product's addresses, a view that does nothing, and what a project would have out of the box: a ModelViewSet."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ReadOnlyModelViewSet
from rest_framework_gis.filters import InBBoxFilter
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from appeals.models import Appeal
from config.urls import *  # noqa: F403
from config.urls import urlpatterns as own


class PeerSerializer(GeoFeatureModelSerializer):
    class Meta:
        model = Appeal
        geo_field = "point"
        fields = (
            "id", "number", "kind", "category", "service", "district", "status",
            "submitted_at", "due_on", "answered_at", "closed_at", "address", "text", "language",
        )  # fmt: skip


class PeerPagination(LimitOffsetPagination):
    default_limit = max_limit = 1000


class PeerViewSet(ReadOnlyModelViewSet):
    queryset = Appeal.objects.public().newest_first()
    serializer_class = PeerSerializer
    pagination_class = PeerPagination
    bbox_filter_field = "point"
    filter_backends: ClassVar[list[type]] = [InBBoxFilter]


router = SimpleRouter()
router.register("appeals", PeerViewSet)


def null(request: HttpRequest) -> HttpResponse:
    """Nothing: what the server and the middleware cost."""
    return HttpResponse()


urlpatterns = [path("peer/null/", null), path("peer/drf-gis/", include(router.urls)), *own]

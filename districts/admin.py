"""Administration of who answers where. Geometry is imported; a published revision is read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TranslationAdmin

from districts.models import (
    BoundaryRevision,
    Category,
    District,
    DistrictBoundary,
    Place,
    Service,
    ServiceArea,
)


@admin.register(BoundaryRevision)
class BoundaryRevisionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["number", "name", "state", "effective_from", "published_at"]
    list_filter = ["state"]
    search_fields = ["name", "note"]

    def has_change_permission(self, request: HttpRequest, obj: BoundaryRevision | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _published(obj)

    def has_delete_permission(self, request: HttpRequest, obj: BoundaryRevision | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _published(obj)


def _published(revision: BoundaryRevision | None) -> bool:
    return revision is not None and revision.state == BoundaryRevision.State.PUBLISHED


class _OfRevisionAdmin(TranslationAdmin[Any]):
    """Rows with geometry: shown without it, read-only once their revision is published."""

    exclude = ["geom"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("geom")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A row without its geometry is meaningless: borders come from ./manage.py import_areas.
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and _published(obj.revision))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and _published(obj.revision))


@admin.register(ServiceArea)
class ServiceAreaAdmin(_OfRevisionAdmin):
    list_display = ["name", "service", "priority", "revision", "valid_from", "valid_to"]
    list_filter = ["revision", "service"]
    list_select_related = ["service", "revision"]
    search_fields = ["code", "name"]
    filter_horizontal = ["categories"]


@admin.register(DistrictBoundary)
class DistrictBoundaryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["district", "revision", "approximate"]
    list_filter = ["revision", "approximate"]
    list_select_related = ["district", "revision"]
    exclude = ["geom"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DistrictBoundary]:
        return super().get_queryset(request).defer("geom")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: DistrictBoundary | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DistrictBoundary | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and _published(obj.revision))


@admin.register(District)
class DistrictAdmin(TranslationAdmin[District]):
    list_display = ["name", "kind", "parent"]
    list_filter = ["kind"]
    list_select_related = ["parent"]
    search_fields = ["code", "name"]


@admin.register(Service)
class ServiceAdmin(TranslationAdmin[Service]):
    list_display = ["short", "name", "phone", "email", "is_office", "active"]
    list_filter = ["active"]
    search_fields = ["code", "name", "short"]


@admin.register(Category)
class CategoryAdmin(TranslationAdmin[Category]):
    list_display = ["name", "group", "service", "position", "active"]
    list_editable = ["position", "active"]
    list_filter = ["active", "service"]
    list_select_related = ["parent", "service"]
    search_fields = ["code", "name"]

    @admin.display(description=_("group"), ordering="parent")
    def group(self, category: Category) -> str:
        return str(category.parent) if category.parent else "—"


@admin.register(Place)
class PlaceAdmin(TranslationAdmin[Place]):
    list_display = ["name", "kind", "district", "aliases"]
    list_filter = ["kind", "district"]
    list_select_related = ["district"]
    search_fields = ["search"]
    exclude = ["point"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Places come from the gazetteer in the city's profile.
        return False

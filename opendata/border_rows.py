"""Rows of the layers of borders: those of one revision, as everybody may read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from districts.models import BoundaryRevision, DistrictBoundary, ServiceArea
from districts.querysets import DistrictBoundaryQuerySet


@dataclass(frozen=True)
class AskedBorders:
    """What is asked for; ``revision`` is None where there is none such, ``by_number`` when it was named."""

    revision: BoundaryRevision | None
    by_number: bool = False
    service: str = ""
    category: str = ""


def districts(asked: AskedBorders) -> QuerySet[Any]:
    """The borders of the districts, in the order of their codes."""
    return _of(asked).territories().order_by("district__code")


def city(asked: AskedBorders) -> QuerySet[Any]:
    """The border of the whole city."""
    return _of(asked).outlines().order_by("district__code")


def service_areas(asked: AskedBorders) -> QuerySet[Any]:
    """The areas of services; those valid today, but all of a revision that was asked for by its number."""
    rows = ServiceArea.objects.filter(revision=asked.revision).order_by("service__code", "code")
    if not asked.by_number:
        rows = rows.as_of(timezone.localdate())
    if asked.service:
        rows = rows.filter(service__code=asked.service)
    if asked.category:
        rows = rows.deciding_for(asked.category)
    return rows


def _of(asked: AskedBorders) -> DistrictBoundaryQuerySet:
    return DistrictBoundary.objects.filter(revision=asked.revision)

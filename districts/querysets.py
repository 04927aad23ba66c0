"""Spatial questions about districts and service areas, as queryset methods that read as sentences."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.gis.geos import Point
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.lookups import GreaterThanOrEqual, Regex

from geo.word_forms import Folded, beginning, folded, naming, pattern, readings, words_in

if TYPE_CHECKING:
    from districts.models import (  # noqa: F401
        BoundaryRevision,
        Category,
        DistrictBoundary,
        Place,
        Service,
        ServiceArea,
    )


class BoundaryRevisionQuerySet(models.QuerySet["BoundaryRevision"]):
    def in_force(self, on: dt.date) -> BoundaryRevisionQuerySet:
        """Published revisions that had come into force by that date, the newest first."""
        return self.filter(state="published", effective_from__lte=on).order_by("-effective_from", "-number")


class CategoryQuerySet(models.QuerySet["Category"]):
    def open(self) -> CategoryQuerySet:
        """Active categories; those of a closed group are closed with it."""
        return self.filter(Q(parent__isnull=True) | Q(parent__active=True), active=True)

    def leaves(self) -> CategoryQuerySet:
        """Open categories that appeals may take: those with no children."""
        return self.open().filter(children__isnull=True)

    def called(self) -> CategoryQuerySet:
        """With all that each is called as ``called``: its name in each language, and its other words."""
        columns = [*(f"name_{language}" for language in settings.MODELTRANSLATION_LANGUAGES), "words"]
        text = Func(Value(", "), *columns, function="concat_ws", output_field=models.TextField())
        return self.annotate(called=text)

    def at_or_below(self, code: str) -> CategoryQuerySet:
        """The category of the code and those in it."""
        return self.filter(Q(code=code) | Q(parent__code=code))


class ServiceQuerySet(models.QuerySet["Service"]):
    def office(self) -> Service | None:
        """The Mayor's Office, which is always active; None in a city that has none."""
        return self.filter(is_office=True).first()


class _CoveringMixin(models.QuerySet[Any]):
    def covering(self, point: Point) -> Any:
        """Rows whose ground covers the point (EPSG:4326, lon/lat), border included; uses the GiST index."""
        return self.filter(geom__covers=point)


class DistrictBoundaryQuerySet(_CoveringMixin):
    def of(self, revision: BoundaryRevision) -> DistrictBoundaryQuerySet:
        """Boundaries that belong to the revision."""
        return self.filter(revision=revision)

    def territories(self) -> DistrictBoundaryQuerySet:
        """Those of districts; the city itself is none of them, and would count everything twice."""
        return self.exclude(district__kind="city")

    def outlines(self) -> DistrictBoundaryQuerySet:
        """Those of the city itself."""
        return self.filter(district__kind="city")


class ServiceAreaQuerySet(_CoveringMixin):
    def of(self, revision: BoundaryRevision) -> ServiceAreaQuerySet:
        """Areas that belong to the revision."""
        return self.filter(revision=revision)

    def as_of(self, on: dt.date) -> ServiceAreaQuerySet:
        """Areas valid on that date; ``valid_to`` is exclusive."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=on), Q(valid_to__isnull=True) | Q(valid_to__gt=on)
        )

    def deciding_for(self, category: str) -> ServiceAreaQuerySet:
        """Areas that take appeals of the category: those that name it or its group, and those without categories of
        the service that answers for it in the whole city.
        """
        category_model = self.model._meta.get_field("categories").related_model
        subject = category_model.objects.filter(code=category).select_related("parent").first()
        if subject is None:
            return self.none()
        named = [subject.pk] if subject.parent_id is None else [subject.pk, subject.parent_id]
        service_id = subject.service_id or (subject.parent.service_id if subject.parent else None)
        # Subqueries, since a join with the categories would repeat an area that names several.
        naming = category_model.objects.filter(pk__in=named, areas__isnull=False).values("areas")
        taking_all = self.model.objects.filter(categories__isnull=True, service_id=service_id).values("pk")
        return self.filter(Q(pk__in=naming) | Q(pk__in=taking_all))


#: How much of a word's trigrams a name shares with it at least, and of how many words it is asked.
_MISSPELT: Final = 0.5
_MISSPELT_MAX: Final = 5


class PlaceQuerySet(models.QuerySet["Place"]):
    def holding(self, text: str) -> PlaceQuerySet:
        """Places whose names hold each telling word of the text, in some form or as its beginning; the likest first."""

        found = Q(pk__in=[])
        for reading in readings(text):
            if words := naming(words_in(reading)):
                patterns = (f"{pattern(word)}|{beginning(word)}" for word in words)
                found |= Q(*(Q(Regex(Folded("search"), each)) for each in patterns))
        return self.filter(found).order_by(TrigramWordSimilarity(folded(text), Folded("search")).desc(), "pk")

    def misspelt(self, text: str) -> PlaceQuerySet:
        """Places with words much like those of the text, the most similar first; reads every place."""
        words = words_in(text).telling[:_MISSPELT_MAX]
        if not words:
            return self.none()
        similar = [TrigramWordSimilarity(word, Folded("search")) for word in words]
        return self.filter(*(GreaterThanOrEqual(each, _MISSPELT) for each in similar)).order_by(
            TrigramWordSimilarity(" ".join(words), Folded("search")).desc(), "pk"
        )

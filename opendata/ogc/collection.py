"""What a collection of features is: which of them a request asks for, how many there are, how they are told in words."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from drf_spectacular.utils import OpenApiParameter

from accounts.models import User
from geo.cql2.tree import Node
from geo.geojson import FeatureText, PageText, feature_page
from geo.published_crs import Box, PublishedCrs
from geo.refusals import Refusals
from opendata.layers import Layer
from opendata.ogc.filtering import Conditions, can_be_asked
from opendata.ogc.parameters import OF_EVERY_LIST, ListRequest, properties_parameter, sortby_parameter
from opendata.ogc.period import Period
from opendata.ogc.sorting import Sortables
from opendata.properties import Properties, Property, values
from web.api.openapi import TEXT, Schema

Reader = User | AnonymousUser


class Collection(ABC):
    """A set of features of one kind, of a table with few rows; those of a large one are paged, counted and told apart otherwise.

    ``moment`` is the property that ``datetime`` is compared with, ``until`` the one with the end where that is an interval.
    """

    id: ClassVar[str]
    title: ClassVar[str | Promise]
    description: ClassVar[str | Promise]
    #: For the OpenAPI document, in English.
    words: ClassVar[str]
    properties: ClassVar[Properties]
    geometry: ClassVar[Schema]
    #: Of a feature's ``id``, and the converter of it in an address.
    id_schema: ClassVar[Schema] = TEXT
    id_converter: ClassVar[str] = "str"
    model: ClassVar[type[Model]]
    column: ClassVar[str]
    moment: ClassVar[str]
    until: ClassVar[str] = ""
    sortables: ClassVar[Sortables]
    #: As which its features stand in files.
    layer: ClassVar[Layer]
    #: Properties of the features of its vector tiles; none where it has no tiles.
    in_tiles: ClassVar[Properties] = ()
    filters: ClassVar[tuple[OpenApiParameter, ...]]
    datetime: ClassVar[OpenApiParameter]
    max_age_s: ClassVar[int]

    @property
    def parameters(self) -> tuple[OpenApiParameter, ...]:
        """Everything that its list of features takes."""
        return (
            *OF_EVERY_LIST[:1],
            self.datetime,
            *self.filters,
            sortby_parameter(self.sortables.columns),
            properties_parameter(self.properties),
            *OF_EVERY_LIST[1:],
        )

    @property
    def queryables(self) -> tuple[Property, ...]:
        """The properties of which a filter may speak, beside the geometry."""
        return tuple(filter(can_be_asked, self.properties))

    def condition(self, node: Node, crs: PublishedCrs) -> Q:
        """What a filter says, whose coordinates are of the CRS. Raises ``ValueRefused``."""
        return Conditions(self.model, self.properties, self.column, self.in_box, crs).of(node)

    @abstractmethod
    def rows(self, reader: Reader, query: Mapping[str, str], refusals: Refusals) -> QuerySet[Any]:
        """What the collection's own filters leave of what the reader may see; what is wrong is added to the refusals."""

    @abstractmethod
    def during(self, rows: QuerySet[Any], period: Period | None) -> QuerySet[Any]:
        """The rows whose time and the period have a moment in common."""

    def in_box(self, box: Box) -> Q:
        """Condition that a feature has a point in common with the box."""
        return box.meets(self.column)

    @abstractmethod
    def one(self, reader: Reader, feature: str) -> QuerySet[Any]:
        """The row of that feature id, which may be none."""

    def page(self, rows: QuerySet[Any], asked: ListRequest) -> PageText:
        """The page of the rows as features, in the order that is asked for."""
        feature = self.feature(asked.language, asked.crs, asked.properties)
        return feature_page(rows, feature, asked.order, asked.page)

    def key(self) -> str | Combinable:
        """The id of a feature."""
        return "id"

    def feature(self, language: str, crs: PublishedCrs, properties: Properties) -> FeatureText:
        """A feature with these of its properties."""
        return FeatureText(
            id=self.key(),
            geometry=crs.of(self.column),
            properties=values(properties, language),
            decimals=crs.decimals,
        )

    @abstractmethod
    def began(self) -> dt.datetime | None:
        """The earliest moment of its features; None while there are none."""

    @abstractmethod
    def in_words(self, properties: Mapping[str, Any], language: str) -> tuple[str, str]:
        """A title for a feature of these properties, and what else is told of it in a list."""

    def matched(
        self, reader: Reader, query: Mapping[str, str], rows: QuerySet[Any], asked: ListRequest
    ) -> int | None:
        """How many rows there are; None where that is not known at once and they are no ``hits``."""
        return rows.order_by().count()

    def version(self, asked: ListRequest) -> str | None:
        """Which state of the data, and shape of the features, an answer is of; None where the answer itself must tell."""
        return None

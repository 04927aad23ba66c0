"""Layers of the open data: what their features hold, as features and as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from django.db.models import TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.utils.translation import gettext_noop

from geo.geojson import FeatureText
from geo.tables import RowBytes, RowText, listed, lon_lat, raw_lon_lat, well_known_binary, well_known_text
from opendata.properties import APPEAL, DISTRICT, HOT_CELL, NEWS_ITEM, SERVICE_AREA, Properties, values
from web.api.openapi import TEXT, WHOLE, Schema
from web.spreadsheets import BEGINS_FORMULA

#: Name of the column with a polygon's WKB, in the rows of which files are made.
WKB: Final = "wkb"


@dataclass(frozen=True)
class Layer:
    """A layer, called ``name`` in addresses and files; ``column`` holds its geometry, EPSG:4326."""

    name: str
    geometry: Literal["Point", "MultiPolygon"]
    column: str
    id: str | Combinable
    properties: Properties
    description: str
    #: Relations to tables of few rows, of which a file's writer is told once instead of with each row.
    looked_up: tuple[str, ...] = ()
    #: Of a feature's ``id``.
    id_schema: Schema = field(default_factory=lambda: TEXT, compare=False)

    def feature(self, language: str = "") -> FeatureText:
        """The text of a feature, names in the language where they are in one."""
        return FeatureText(id=self.id, geometry=self.column, properties=values(self.properties, language))

    def table(self, language: str = "") -> Mapping[str, str | Combinable]:
        """Columns for people and their spreadsheets: the properties, then ``lon`` and ``lat``, or ``WKT``."""
        if self.geometry == "Point":
            return {**values(self.properties, language), **lon_lat(self.column)}
        return {**values(self.properties, language), "WKT": well_known_text(self.column)}

    def row(self, language: str = "") -> RowText:
        """The text of a row of ``table``; what a spreadsheet would run is text."""
        return RowText(self.table(language), guard=BEGINS_FORMULA)

    def raw_columns(self, language: str = "") -> Mapping[str, str | Combinable]:
        """Columns of which other files are made: the properties as they are, then ``lon`` and ``lat``, or ``wkb``."""
        columns = {name: listed(value) for name, value in values(self.properties, language).items()}
        if self.geometry == "Point":
            return {**columns, **raw_lon_lat(self.column)}
        return {**columns, WKB: well_known_binary(self.column)}

    def raw_row(self, language: str = "") -> RowBytes:
        """A row of ``raw_columns`` in binary form."""
        return RowBytes(self.raw_columns(language))


APPEALS: Final = Layer(
    "appeals",
    "Point",
    "point",
    "id",
    APPEAL,
    gettext_noop("Appeals of residents, each at the place that it is about."),
    ("category", "service", "district"),
)
_BORDER: Final = ("MultiPolygon", "geom", "district__code", DISTRICT)
DISTRICTS: Final = Layer("districts", *_BORDER, gettext_noop("The city's districts, which do not overlap."))
CITY: Final = Layer("city", *_BORDER, gettext_noop("The border of the whole city."))
SERVICE_AREAS: Final = Layer(
    "service-areas",
    "MultiPolygon",
    "geom",
    # A code is its service's own: another service may number its areas alike.
    Concat("service__code", Value("/"), "code", output_field=TextField()),
    SERVICE_AREA,
    gettext_noop("Where which service answers; areas may overlap, and the highest priority decides."),
)
NEWS_AREAS: Final = Layer(
    "news-areas",
    "MultiPolygon",
    "area",
    "id",
    NEWS_ITEM,
    gettext_noop("Published news and planned works of the Mayor's Office, where they have an area."),
    id_schema=WHOLE,
)
HOTSPOT_CELLS: Final = Layer(
    "hotspot-cells",
    "MultiPolygon",
    "area",
    "code",
    HOT_CELL,
    gettext_noop(
        "Cells in which more public appeals came in than chance would give, or in which there are any."
    ),
)
#: Those with addresses below ``/data/``.
LAYERS: Final = (APPEALS, DISTRICTS, CITY, SERVICE_AREAS, NEWS_AREAS, HOTSPOT_CELLS)

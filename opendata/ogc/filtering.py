"""A CQL2 filter as a condition on the rows of a collection: public properties alone, written so that indexes are used.

NOT goes inwards to what it denies, so that what has no value is found neither by a comparison nor by its contrary, as
in SQL (OGC 21-065r2, 6.3).
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import shapely
from django.contrib.gis.db.models.functions import Transform
from django.contrib.gis.db.models.lookups import IntersectsLookup
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import F, Lookup, Model, Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext as _

from appeals.filters import day_in
from geo.cql2.tree import (
    Among,
    Between,
    Both,
    Comparison,
    Cql2Refused,
    Instant,
    Intersects,
    Like,
    Literal,
    Missing,
    Node,
    Not,
    Said,
    Shape,
)
from geo.cql2.tree import Property as Named
from geo.published_crs import Box, PublishedCrs, parse_box
from geo.refusals import ValueRefused
from opendata.ogc.period import Period, period_in
from opendata.properties import Properties, Property

_SIGNS: Final = {"=": "exact", "<": "lt", ">": "gt", "<=": "lte", ">=": "gte"}
#: Also where nothing is joined to it: an empty ``Q`` would vanish from an OR.
_EVERYTHING: Final = Q(pk__isnull=False)
_NOTHING: Final = Q(pk__in=[])


def can_be_asked(declared: Property) -> bool:
    """True when a filter may speak of the property: its value is a column."""
    return isinstance(declared.value, str)


class Conditions:
    """Makes conditions on the rows of ``model``.

    ``column`` is its geometry, which ``in_box`` compares with a box; ``crs`` is that of a filter's coordinates.
    """

    def __init__(
        self,
        model: type[Model],
        properties: Properties,
        column: str,
        in_box: Callable[[Box], Q],
        crs: PublishedCrs,
    ) -> None:
        self._model, self._column, self._in_box, self._crs = model, column, in_box, crs
        self._known = {declared.name: declared for declared in properties if can_be_asked(declared)}

    def of(self, node: Node, *, denied: bool = False) -> Q:
        """The condition, or its contrary. Raises ``Cql2Refused``."""
        match node:
            case Said(true):
                return _NOTHING if true is denied else _EVERYTHING
            case Not(part):
                return self.of(part, denied=not denied)
            case Both(parts, either):
                conditions = [self.of(part, denied=denied) for part in parts]
                return Q(*conditions, _connector=Q.AND if either is denied else Q.OR)
            case Intersects(named, shape):
                return self._intersects(named, shape, denied=denied)
            case Missing(named):
                return Q(**{f"{self._path(named)}__isnull": not denied})
            case Comparison("<>", named, value):
                return self.of(Comparison("=", named, value), denied=not denied)
        path = self._path(node.property)
        found = self._found(node, path)
        return Q(~found, **{f"{path}__isnull": False}) if denied else found

    def _found(self, node: Comparison | Like | Between | Among, path: str) -> Q:
        relation, _dots, field = path.rpartition("__")
        if field == "code" and relation and "__" not in relation:
            # The rows of the city are few. Their keys are read now: a planner that sees keys knows how rare they are.
            related: Any = self._model._meta.get_field(relation).related_model
            keys = related._base_manager.filter(self._plainly(node, "code")).values_list("pk", flat=True)
            return Q(**{f"{relation}__in": list(keys)})
        return self._plainly(node, path)

    def _plainly(self, node: Comparison | Like | Between | Among, path: str) -> Q:
        named = node.property
        match node:
            case Comparison(sign, _named, value):
                return self._compared(named, path, sign, value)
            case Between(_named, low, high):
                least = self._compared(named, path, ">=", low)
                return least & self._compared(named, path, "<=", high)
            case Among(_named, values):
                return Q(*(self._compared(named, path, "=", value) for value in values), _connector=Q.OR)
            case Like(_named, pattern):
                return self._like(named, path, pattern)

    def _compared(self, named: Named, path: str, sign: str, value: Literal) -> Q:
        schema = self._schema(named)
        kind = schema.get("format") or schema["type"]
        if named.folded and not (kind == "string" and isinstance(value, str) and sign == "="):
            raise _unsayable(named)
        if kind == "date-time":
            return _in_time(path, sign, self._period(named, value))
        wanted = self._value(named, kind, schema, value)
        if kind in {"uuid", "boolean"} and sign != "=":
            raise _unsayable(named)
        if isinstance(wanted, float) and kind == "integer":
            return _beside(path, sign, wanted)
        if named.folded:
            return Q(Exact(Lower(F(path)), str(wanted).lower()))
        return Q(**{f"{path}__{_SIGNS[sign]}": wanted})

    def _value(self, named: Named, kind: str, schema: Mapping[str, Any], value: Literal) -> Any:
        try:
            if kind == "uuid" and isinstance(value, str):
                return uuid.UUID(value)
            if kind == "date" and isinstance(value, str | Instant):
                return day_in(value.text if isinstance(value, Instant) else value)
        except ValueError:
            raise _no_value(named, value) from None
        of_kind = {"string": str, "integer": int | float, "number": int | float, "boolean": bool}.get(kind)
        if (
            of_kind is None
            or not isinstance(value, of_kind)
            or (isinstance(value, bool) and kind != "boolean")
        ):
            raise _no_value(named, value)
        if value not in schema.get("enum", [value]):
            choices = ", ".join(filter(None, schema["enum"]))
            raise Cql2Refused(f"{named.name}: " + _("Choose among: %(choices)s.") % {"choices": choices})
        return value

    def _period(self, named: Named, value: Literal) -> Period:
        try:
            if isinstance(value, str | Instant):
                text = value.text if isinstance(value, Instant) else value
                if "/" not in text:
                    return period_in(text)
        except ValueRefused:
            pass
        raise _no_value(named, value)

    def _like(self, named: Named, path: str, pattern: str) -> Q:
        schema = self._schema(named)
        if schema.get("format") or schema["type"] != "string":
            raise _unsayable(named)
        if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            raise _no_value(named, pattern)
        return Q(_Like(Lower(F(path)), pattern.lower()) if named.folded else _Like(F(path), pattern))

    def _intersects(self, named: Named, shape: Shape, *, denied: bool) -> Q:
        if named.name != self._column:
            raise _unsayable(named)
        if shape.kind == "BBox":
            found = self._in_box(parse_box(",".join(map(repr, shape.coordinates)), self._crs))
        else:
            found = self._meets(_geometry(shape, self._crs))
        return ~found if denied else found

    def _meets(self, geometry: GEOSGeometry) -> Q:
        if self._crs.is_degrees:
            return Q(**{f"{self._column}__intersects": geometry})
        return Q(IntersectsLookup(Transform(F(self._column), self._crs.srid), geometry))

    def _path(self, named: Named) -> str:
        if named.name == self._column:
            raise _unsayable(named)
        if named.name not in self._known:
            names = ", ".join([*self._known, self._column])
            raise Cql2Refused(
                _("There is no such property here: %(name)s. There are: %(names)s.")
                % {"name": named.name[:60], "names": names}
            )
        return str(self._known[named.name].value)

    def _schema(self, named: Named) -> Mapping[str, Any]:
        return self._known[named.name].schema


class _Like(Lookup[bool]):
    """LIKE with the reader's own wildcards."""

    lookup_name = "like"

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} LIKE {rhs}", (*lhs_params, *rhs_params)


def _in_time(path: str, sign: str, period: Period) -> Q:
    """A day or a moment has a beginning and an end: what is compared lies before, in or after it."""
    begun, over = Q(**{f"{path}__gte": period.start}), Q(**{f"{path}__gte": period.end})
    not_begun, not_over = Q(**{f"{path}__lt": period.start}), Q(**{f"{path}__lt": period.end})
    return {"=": begun & not_over, "<": not_begun, "<=": not_over, ">": over, ">=": begun}[sign]


def _beside(path: str, sign: str, number: float) -> Q:
    """Whole numbers against one that need not be whole, which Django would cut."""
    if number.is_integer():
        return Q(**{f"{path}__{_SIGNS[sign]}": int(number)})
    below, above = Q(**{f"{path}__lte": math.floor(number)}), Q(**{f"{path}__gte": math.ceil(number)})
    return {"=": _NOTHING, "<": below, "<=": below, ">": above, ">=": above}[sign]


def _geometry(shape: Shape, crs: PublishedCrs) -> GEOSGeometry:
    """The shape as a geometry of the CRS, x before y; made of checked numbers, never of text. Raises ``Cql2Refused``."""
    try:
        made = _MAKERS[shape.kind](_ordered(shape.coordinates, turned=crs.turned))
    except (ValueError, shapely.errors.GEOSException):
        made = None
    if made is None or made.is_empty or not made.is_valid or (crs.is_degrees and not _on_earth(made)):
        raise Cql2Refused(
            _(
                "The geometry in the filter is wrong: rings must be closed and not cross themselves, degrees must be in range."
            )
        )
    return GEOSGeometry(memoryview(shapely.to_wkb(made)), srid=crs.srid)


def _ordered(coordinates: Any, *, turned: bool) -> Any:
    if coordinates and isinstance(coordinates[0], float):
        return tuple(coordinates[::-1] if turned else coordinates)
    return [_ordered(inner, turned=turned) for inner in coordinates]


def _polygon(rings: list[Any]) -> shapely.Polygon:
    if any(ring[0] != ring[-1] for ring in rings):
        raise ValueError(rings)
    return shapely.Polygon(rings[0], rings[1:])


_MAKERS: Final[Mapping[str, Callable[[Any], shapely.Geometry]]] = {
    "Point": shapely.Point,
    "LineString": shapely.LineString,
    "MultiPoint": shapely.MultiPoint,
    "MultiLineString": shapely.MultiLineString,
    "Polygon": _polygon,
    "MultiPolygon": lambda polygons: shapely.MultiPolygon(list(map(_polygon, polygons))),
}


def _on_earth(made: shapely.Geometry) -> bool:
    west, south, east, north = made.bounds
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)


def _unsayable(named: Named) -> Cql2Refused:
    return Cql2Refused(_("This cannot be said of %(name)s.") % {"name": named.name})


def _no_value(named: Named, value: Literal) -> Cql2Refused:
    written = value.text if isinstance(value, Instant) else str(value)
    return Cql2Refused(
        _("“%(value)s” is no value of %(name)s.") % {"value": written[:60], "name": named.name}
    )

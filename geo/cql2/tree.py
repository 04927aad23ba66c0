"""What a filter says, whichever way it was written, and how large it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from geo.refusals import ValueRefused

#: Characters of a filter; an address of a request holds some 8,000.
LENGTH_MAX: Final = 8_000
#: Brackets within brackets, NOT after NOT.
DEPTH_MAX: Final = 24
#: Comparisons, and values in all lists.
PARTS_MAX: Final = 200
#: Positions of all geometries.
VERTICES_MAX: Final = 1_000

COMPARED: Final = ("=", "<>", "<", ">", "<=", ">=")


class Cql2Refused(ValueRefused):
    """A filter that is not understood, or is too much; ``str()`` is a sentence in the reader's language."""


@dataclass(frozen=True)
class Property:
    """A property by its name. ``folded``: CASEI was said of it."""

    name: str
    folded: bool = False


@dataclass(frozen=True)
class Instant:
    """A day or a moment as it was written."""

    text: str


#: GeoJSON's geometries, each with how many lists stand around its positions.
DEPTHS: Final = {
    "Point": 0,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}


@dataclass(frozen=True)
class Shape:
    """A geometry: GeoJSON's type, and coordinates nested as GeoJSON's are; ``BBox`` has four numbers."""

    kind: str
    coordinates: Any


Literal = str | int | float | bool | Instant


@dataclass(frozen=True)
class Said:
    """TRUE or FALSE."""

    true: bool


@dataclass(frozen=True)
class Both:
    """All of the parts, or with ``either`` any of them."""

    parts: tuple[Node, ...]
    either: bool = False


@dataclass(frozen=True)
class Not:
    """The contrary."""

    part: Node


@dataclass(frozen=True)
class Comparison:
    """A property and a value; ``sign`` is one of ``COMPARED``."""

    sign: str
    property: Property
    value: Literal


@dataclass(frozen=True)
class Like:
    """A pattern: % for any characters, _ for one, a backslash before what means itself."""

    property: Property
    pattern: str


@dataclass(frozen=True)
class Between:
    """Both borders belong to it."""

    property: Property
    low: Literal
    high: Literal


@dataclass(frozen=True)
class Among:
    """One of the values."""

    property: Property
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Missing:
    """The property has no value."""

    property: Property


@dataclass(frozen=True)
class Intersects:
    """The property's geometry and the shape have a point in common."""

    property: Property
    shape: Shape


Node = Said | Both | Not | Comparison | Like | Between | Among | Missing | Intersects


class Budget:
    """What may still be read of a filter. Each method raises ``Cql2Refused`` when there is no more."""

    def __init__(self) -> None:
        self._parts, self._vertices = PARTS_MAX, VERTICES_MAX

    def part(self) -> None:
        """One more comparison or value."""
        self._parts -= 1
        if self._parts < 0:
            raise _too_much()

    def vertex(self) -> None:
        """One more position."""
        self._vertices -= 1
        if self._vertices < 0:
            raise _too_much()

    @staticmethod
    def depth(depth: int) -> None:
        """So deep is it now."""
        if depth > DEPTH_MAX:
            raise _too_much()


def check_text(text: str) -> None:
    """Raises ``Cql2Refused`` for a text that is too long, or holds what no text of the database does."""
    if len(text) > LENGTH_MAX or any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text):
        raise _too_much()


def _too_much() -> Cql2Refused:
    return Cql2Refused(_("The filter is too long or too deep, or holds forbidden characters."))

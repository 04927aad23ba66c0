"""A place as people write and draw it: a point, a line with some metres on both sides, or an area.

A place is written as its corners, one a line, latitude first as maps and phones copy it. The map of the editor reads and
writes the same lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib.gis.geos import LineString, MultiPolygon, Point
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo.lines import circle, city_line, corridor
from geo.numbers import whole_number
from geo.points import GeometryRefused, city_point, lon_lat_from_text
from geo.polygons import city_area
from geo.refusals import Refusals, ValueRefused

CORNERS_MAX: Final = 200
#: Characters of all lines: a link to a map is longer than a pair of numbers.
TEXT_MAX: Final = 40_000
#: Metres on both sides of a line: a narrow lane, and what is a quarter rather than a street.
REACH_MIN_M: Final = 5
REACH_MAX_M: Final = 500


class Shape(TextChoices):
    """What is drawn."""

    NONE = "", gettext_lazy("No place")
    POINT = "point", gettext_lazy("A point")
    LINE = "line", gettext_lazy("Along a street")
    AREA = "area", gettext_lazy("An area")


@dataclass(frozen=True)
class DrawnPlace:
    """Where it is, EPSG:4326: nowhere, at the point, or in the area. ``line`` and ``reach_m`` say what the area was made of."""

    point: Point | None = None
    line: LineString | None = None
    reach_m: int | None = None
    area: MultiPolygon | None = None

    @property
    def shape(self) -> Shape:
        """What was drawn."""
        if self.line is not None:
            return Shape.LINE
        return Shape.AREA if self.area is not None else Shape.POINT if self.point is not None else Shape.NONE

    @property
    def positions(self) -> tuple[tuple[float, ...], ...]:
        """The corners, lon, lat; of an area those of its outer ring, the first once."""
        found: tuple[tuple[float, ...], ...] = ()
        if self.line is not None:
            found = self.line.coords
        elif self.area is not None:
            found = self.area[0].exterior_ring.coords[:-1]
        elif self.point is not None:
            found = (self.point.coords,)
        return found

    @property
    def corners(self) -> str:
        """The corners as they are written, one a line."""
        return "\n".join(f"{lat:.6f}, {lon:.6f}" for lon, lat in self.positions)

    def as_area(self, around_m: int) -> DrawnPlace | None:
        """A place with an area: of a point, the circle of so many metres around it; None for no place."""
        if self.point is None:
            return self if self.area is not None else None
        return DrawnPlace(area=circle(self.point, around_m).geom())

    def as_query(self) -> dict[str, str]:
        """What ``place_from_text`` reads, by its names, for an address."""
        return {"shape": self.shape.value, "corners": self.corners, "reach_m": str(self.reach_m or "")}


def place_from_text(shape: str, corners: str, reach_m: str) -> DrawnPlace:
    """The place that is written. Raises ``Refused`` with sentences for ``shape``, ``corners`` and ``reach_m``."""
    refusals = Refusals()
    if shape not in Shape.values:
        refusals.add({"shape": [_("Choose what is drawn.")]})
    if shape == Shape.NONE:
        if corners.strip():
            refusals.add({"shape": [_("Choose what the corners below are: a point, a street, or an area.")]})
        refusals.check()
        return DrawnPlace()
    nothing: list[tuple[float, float]] = []
    positions = refusals.read(_positions, corners, nothing, name="corners")
    reach = REACH_MIN_M
    if shape == Shape.LINE:
        reach = refusals.read(metres(REACH_MIN_M, REACH_MAX_M), reach_m.strip(), reach, name="reach_m")
    refusals.check()
    found = refusals.read(
        lambda corners: drawn(shape, corners, reach), positions, DrawnPlace(), name="corners"
    )
    refusals.check()
    return found


def metres(least: int, most: int) -> Callable[[str], int]:
    """Reads metres between these two. Raises ``ValueRefused``."""

    def read(text: str) -> int:
        number = whole_number(text)
        if number is None or not least <= number <= most:
            raise ValueRefused(_("Between %(least)d and %(most)d metres.") % {"least": least, "most": most})
        return number

    return read


def drawn(shape: str, positions: list[tuple[float, float]], reach_m: int) -> DrawnPlace:
    """The place with these corners, lon, lat. Raises ``GeometryRefused`` for what is none of that shape, in the city."""
    if shape == Shape.POINT:
        if len(positions) != 1:
            raise GeometryRefused(_("A point is one place: write one line."))
        return DrawnPlace(point=city_point(*positions[0]))
    if shape == Shape.LINE:
        line = city_line(positions)
        return DrawnPlace(line=line, reach_m=reach_m, area=corridor(line, reach_m).geom())
    if positions[-1] == positions[0] and len(positions) > 1:
        positions = positions[:-1]
    if len(set(positions)) < 3:
        raise GeometryRefused(_("An area has at least three different corners."))
    for position in positions:
        city_point(*position)
    ring = [list(position) for position in [*positions, positions[0]]]
    return DrawnPlace(area=city_area({"type": "Polygon", "coordinates": [ring]}).geom())


def _positions(corners: str) -> list[tuple[float, float]]:
    """(lon, lat) of each line that is not empty. Raises ``GeometryRefused`` with the number of the first that is none."""
    lines = [line.strip() for line in corners[: TEXT_MAX + 1].splitlines()]
    written = [(n, line) for n, line in enumerate(lines, 1) if line]
    if not written:
        raise GeometryRefused(_("Draw it on the map, or write its corners."))
    if len(written) > CORNERS_MAX or len(corners) > TEXT_MAX:
        raise GeometryRefused(_("At most %(n)d corners.") % {"n": CORNERS_MAX})
    found = []
    for n, line in written:
        degrees = lon_lat_from_text(line)
        if degrees is None:
            raise GeometryRefused(
                _("Line %(n)d is no latitude and longitude, such as 40.5283, 72.7985.") % {"n": n}
            )
        found.append((float(degrees[0]), float(degrees[1])))
    return found

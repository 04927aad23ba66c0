"""Square cells of a metric grid: half-open borders, ids stable across reports, rings in degrees.

The origin is that of the metric CRS, so a cell of a given size has the same id whatever the filter. A point
on a border belongs only to the cell east or north of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Aggregate, Count, ExpressionWrapper, F, FloatField, IntegerField, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Floor
from pyproj import Transformer

from geo.bbox import Bbox
from geo.points import DECIMALS, WGS84_SRID

#: Closed ring of five (lon, lat) degrees, counter-clockwise from the south-west corner (RFC 7946, 3.1.6).
Ring = tuple[tuple[float, float], ...]

_ID = re.compile(r"x(-?\d{1,7})_y(-?\d{1,7})", re.ASCII)


class Cell(NamedTuple):
    """Column and row of a cell: metres east and north divided by the side, rounded down."""

    i: int
    j: int

    @property
    def id(self) -> str:
        """Id of the cell, unique within its size, such as ``x1316_y17942``."""
        return f"x{self.i}_y{self.j}"


def parse_cell(text: str) -> Cell | None:
    """The cell with this id; None if the text is not an id."""
    match = _ID.fullmatch(text)
    return Cell(int(match[1]), int(match[2])) if match else None


class GridCount(NamedTuple):
    """The number of rows in a cell, and the most frequent value of the requested column among them, None without one."""

    cell: Cell
    n: int
    mode: Any


@dataclass(frozen=True)
class Grid:
    """Cells with sides of ``cell_m`` metres in the projected CRS ``srid``."""

    cell_m: int
    srid: int

    def rings(self, cells: Sequence[Cell]) -> list[Ring]:
        """Outlines of the cells in EPSG:4326, lon/lat, six decimals.

        Only the corners are transformed: a straight metric side bends by less than a millimetre between them
        at the sizes in use. Neighbours share corners exactly.
        """
        if not cells:
            return []
        west_south = np.asarray(cells, dtype=float)
        steps = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], dtype=float)
        metres = (west_south[:, None, :] + steps[None, :, :]) * self.cell_m
        lon, lat = _to_degrees(self.srid).transform(metres[..., 0].ravel(), metres[..., 1].ravel())
        corners = np.round(np.column_stack([lon, lat]), DECIMALS).reshape(len(cells), len(steps), 2)
        return [tuple((x, y) for x, y in ring) for ring in corners.tolist()]

    def bbox(self, cell: Cell) -> Bbox:
        """A box in degrees that contains the cell; grid north is not true north, so it is slightly larger."""
        ring = self.rings([cell])[0]
        lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
        # The corners are rounded; one unit of the last decimal keeps the outermost points inside.
        margin = 10.0**-DECIMALS
        return Bbox(min(lons) - margin, min(lats) - margin, max(lons) + margin, max(lats) + margin)

    def metres(self, box: Bbox) -> tuple[float, float, float, float]:
        """West, south, east and north of the box in metres of the CRS: of the box around it that is square to the grid."""
        west, south, east, north = _to_degrees(self.srid).transform_bounds(*box, direction="INVERSE")
        return west, south, east, north

    def cells_at_most(self, box: Bbox) -> int:
        """No more cells than this have points in the box; a few may have none, since the box is not square to the grid."""
        west, south, east, north = self.metres(box)
        columns = math.floor(east / self.cell_m) - math.floor(west / self.cell_m) + 1
        rows = math.floor(north / self.cell_m) - math.floor(south / self.cell_m) + 1
        return columns * rows

    def holding(self, cell: Cell, stored_m: int, *, x: str = "cell_x", y: str = "cell_y") -> dict[str, int]:
        """Queryset filters for the rows in the cell; ``x``, ``y`` are columns of ``stored_m`` cells."""
        k = self._multiple_of(stored_m)
        return {
            f"{x}__gte": cell.i * k,
            f"{x}__lt": (cell.i + 1) * k,
            f"{y}__gte": cell.j * k,
            f"{y}__lt": (cell.j + 1) * k,
        }

    def count(
        self,
        rows: QuerySet[Any],
        stored_m: int,
        *,
        mode_of: str | None = None,
        at_least: int = 1,
        x: str = "cell_x",
        y: str = "cell_y",
    ) -> list[GridCount]:
        """Cells with ``at_least`` rows and their counts, fullest first; one grouped statement.

        ``x``, ``y`` name integer columns of ``stored_m`` cells with the same origin; the side must be a
        multiple of ``stored_m`` (``ValueError`` otherwise), so that rounding down twice is exact. ``mode_of``
        names a column whose most frequent value is reported; of equally frequent ones, the smallest.
        """
        k = self._multiple_of(stored_m)
        # Ordering is cleared because Django would add the model's ordering to GROUP BY.
        grouped = (
            rows.order_by()
            .values(grid_i=_coarser(x, k), grid_j=_coarser(y, k))
            .annotate(grid_n=Count("*"), **({"grid_mode": _Mode(mode_of)} if mode_of else {}))
            .filter(grid_n__gte=at_least)
            .order_by("-grid_n", "grid_i", "grid_j")
        )
        return [
            GridCount(Cell(row["grid_i"], row["grid_j"]), row["grid_n"], row.get("grid_mode"))
            for row in grouped.iterator()
        ]

    def count_over(
        self,
        rows: QuerySet[Any],
        stored_m: int,
        steps: Combinable,
        *,
        x: str = "cell_x",
        y: str = "cell_y",
    ) -> list[tuple[Cell, Any, int]]:
        """Each cell with the value of ``steps`` (a month of the row, for one) and the number of rows that have both.

        By cell and step; one grouped statement. Cells as in ``count``.
        """
        k = self._multiple_of(stored_m)
        grouped = (
            rows.order_by()
            .values(grid_i=_coarser(x, k), grid_j=_coarser(y, k), grid_step=steps)
            .annotate(grid_n=Count("*"))
            .order_by("grid_i", "grid_j", "grid_step")
        )
        return [
            (Cell(row["grid_i"], row["grid_j"]), row["grid_step"], row["grid_n"])
            for row in grouped.iterator()
        ]

    def _multiple_of(self, stored_m: int) -> int:
        k, rest = divmod(self.cell_m, stored_m)
        if rest or k < 1:
            raise ValueError(f"cells of {self.cell_m} m cannot be built from stored cells of {stored_m} m")
        return k


class _Mode(Aggregate):
    # Of equally frequent values mode() takes the first in this order, so the result does not depend on the
    # plan.
    template = "mode() WITHIN GROUP (ORDER BY %(expressions)s)"


def _coarser(column: str, k: int) -> Combinable:
    if k == 1:
        return F(column)
    # Integer division in SQL truncates towards zero; floor() is right for cells west and south of the origin
    # too.
    quotient = ExpressionWrapper(Cast(column, FloatField()) / Value(float(k)), output_field=FloatField())
    return Cast(Floor(quotient), IntegerField())


@lru_cache(maxsize=8)
def _to_degrees(srid: int) -> Transformer:
    return Transformer.from_crs(srid, WGS84_SRID, always_xy=True)

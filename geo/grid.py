"""Square cells of a metric grid: half-open borders, ids stable across reports, rings in degrees.

The origin is that of the metric CRS, so a cell of a given size has the same id whatever the filter. A point
on a border belongs only to the cell east or north of it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Count, ExpressionWrapper, F, FloatField, IntegerField, QuerySet, Value
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
    """The number of rows in a cell, and the most frequent value that they were counted by, None without one."""

    cell: Cell
    n: int
    mode: Any


@dataclass(frozen=True)
class Tally:
    """The number of rows for each cell, of sides of ``cell_m`` metres, and value that they were counted by."""

    cell_m: int
    counts: Mapping[tuple[Cell, Any], int]

    def coarser(self, cell_m: int) -> Tally:
        """The same rows in cells with sides of a multiple of these; a sum, so that no row is read again."""
        k, rest = divmod(cell_m, self.cell_m)
        if rest or k < 1:
            raise ValueError(f"cells of {cell_m} m cannot be built from cells of {self.cell_m} m")
        sums: dict[tuple[Cell, Any], int] = defaultdict(int)
        for ((i, j), value), n in self.counts.items():
            # Rounds down, west and south of the origin too.
            sums[Cell(i // k, j // k), value] += n
        return Tally(cell_m, dict(sums))

    def cells(self) -> dict[Cell, int]:
        """Each cell and the number of all its rows."""
        sums: dict[Cell, int] = defaultdict(int)
        for (cell, _value), n in self.counts.items():
            sums[cell] += n
        return dict(sums)

    def fullest(self, at_least: int = 1) -> list[GridCount]:
        """Cells with ``at_least`` rows, the fullest first, of equally full ones the western, then the southern.

        Of equally frequent values the smallest is named, and None only where a cell has no other.
        """
        modes: dict[Cell, tuple[int, Any]] = {}
        for (cell, value), n in self.counts.items():
            best = modes.get(cell)
            if value is not None and (best is None or (n, best[1]) > (best[0], value)):
                modes[cell] = n, value
        rows = [
            GridCount(cell, n, modes[cell][1] if cell in modes else None)
            for cell, n in self.cells().items()
            if n >= at_least
        ]
        return sorted(rows, key=lambda row: (-row.n, row.cell))


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

    def bbox(self, *cells: Cell) -> Bbox:
        """A box in degrees that contains the cells, of which there is one; grid north is not true north, so it is slightly larger."""
        lons, lats = zip(*(corner for ring in self.rings(cells) for corner in ring), strict=True)
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
        by: str | Combinable | None = None,
        *,
        finer: Tally | None = None,
        x: str = "cell_x",
        y: str = "cell_y",
    ) -> Tally:
        """Rows per cell, apart for each value of ``by`` (a column, or the month of one); one grouped statement.

        ``x``, ``y`` name integer columns of ``stored_m`` cells with the same origin; the side must be a
        multiple of ``stored_m`` (``ValueError`` otherwise), so that rounding down twice is exact. ``finer`` is the same
        count in smaller cells: where they make up whole ones of these, it is summed and the database is not asked.
        """
        k = self._multiple_of(stored_m)
        if finer is not None and self.cell_m % finer.cell_m == 0:
            return finer.coarser(self.cell_m)
        columns: dict[str, Any] = {"grid_i": _coarser(x, k), "grid_j": _coarser(y, k)}
        if by is not None:
            columns["grid_by"] = F(by) if isinstance(by, str) else by
        # Ordering is cleared because Django would add the model's ordering to GROUP BY.
        grouped = rows.order_by().values(**columns).annotate(grid_n=Count("*"))
        found = grouped.values_list(*columns, "grid_n").iterator()
        return Tally(self.cell_m, {(Cell(i, j), value[0] if value else None): n for i, j, *value, n in found})

    def _multiple_of(self, stored_m: int) -> int:
        k, rest = divmod(self.cell_m, stored_m)
        if rest or k < 1:
            raise ValueError(f"cells of {self.cell_m} m cannot be built from stored cells of {stored_m} m")
        return k


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

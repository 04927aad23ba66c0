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
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import Count, DateField, F, Func, IntegerField, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from geo.bbox import Bbox
from geo.points import DECIMALS, WGS84_SRID
from geo.statements import columns_of, statement_of

#: Closed ring of five (lon, lat) degrees, counter-clockwise from the south-west corner (RFC 7946, 3.1.6).
Ring = tuple[tuple[float, float], ...]

#: As ``date.toordinal``.
_ORDINAL: Final = "((%(expressions)s)::date - DATE '0001-01-01' + 1)"
#: Possible counts that are kept as a map, not sorted: so many for each one that there is.
_DENSE: Final = 32

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


#: In place of a value that rows were counted by, for those that have none.
NO_VALUE: Final = -(2**31)


@dataclass(frozen=True, eq=False)
class Tally:
    """The number of rows for each cell, of sides of ``cell_m`` metres, and value that they were counted by.

    Arrays (int64) of one length, in the order of ``i``, ``j`` and ``value``, each of these once: columns and rows of cells, whole
    numbers (days as those of ``date.toordinal``) or ``NO_VALUE``, and how many rows, never 0.
    """

    cell_m: int
    i: NDArray[np.int64]
    j: NDArray[np.int64]
    value: NDArray[np.int64]
    n: NDArray[np.int64]

    @classmethod
    def summed(cls, cell_m: int, i: ArrayLike, j: ArrayLike, value: ArrayLike | None, n: ArrayLike) -> Tally:
        """The sum of counts in any order, of which some may be of one cell and value; ``i`` and ``j`` must not lie a planet apart."""
        columns, rows, counts = (np.asarray(numbers, np.int64) for numbers in (i, j, n))
        by = np.full(columns.shape, NO_VALUE) if value is None else np.asarray(value, np.int64)
        if not columns.size:
            return cls(cell_m, columns, rows, by, counts)
        alone = by.min() == by.max()
        # Most tallies are by nothing, which needs no sorting.
        values, code = (by[:1], 0) if alone else np.unique(by, return_inverse=True)
        west, south = columns.min(), rows.min()
        high, deep = int(rows.max() - south) + 1, len(values)
        key = ((columns - west) * high + (rows - south)) * deep + code
        size = (int(columns.max() - west) + 1) * high * deep
        # As a map of all cells where it is not mostly empty: that needs no sorting.
        dense = size <= _DENSE * len(key)
        keys, place = (np.arange(size), key) if dense else np.unique(key, return_inverse=True)
        # Whole numbers far below the first that a double cannot tell apart.
        sums = np.bincount(place, weights=counts, minlength=len(keys)).astype(np.int64)
        there = np.flatnonzero(sums)
        cell, code = np.divmod(keys[there], deep)
        column, row = np.divmod(cell, high)
        return cls(cell_m, column + west, row + south, values[code], sums[there])

    def __len__(self) -> int:
        return len(self.n)

    @property
    def total(self) -> int:
        """All rows."""
        return int(self.n.sum())

    @property
    def counts(self) -> dict[tuple[Cell, int | None], int]:
        """The number of rows by cell and value, None for those that have none."""
        return {
            (Cell(i, j), None if value == NO_VALUE else value): n
            for i, j, value, n in zip(*(numbers.tolist() for numbers in self._columns), strict=True)
        }

    @property
    def told(self) -> NDArray[np.int64]:
        """All of it, a row a count: what is equal for equal counts alone."""
        return np.column_stack(self._columns)

    @property
    def _columns(self) -> tuple[NDArray[np.int64], ...]:
        return self.i, self.j, self.value, self.n

    def coarser(self, cell_m: int) -> Tally:
        """The same rows in cells with sides of a multiple of these; a sum, so that no row is read again."""
        k, rest = divmod(cell_m, self.cell_m)
        if rest or k < 1:
            raise ValueError(f"cells of {cell_m} m cannot be built from cells of {self.cell_m} m")
        # Rounds down, west and south of the origin too.
        return self if k == 1 else Tally.summed(cell_m, self.i // k, self.j // k, self.value, self.n)

    def whole(self) -> Tally:
        """All rows of each cell, whatever their values."""
        return Tally.summed(self.cell_m, self.i, self.j, None, self.n)

    def of_values(self, values: ArrayLike) -> Tally:
        """The rows of these values alone."""
        kept = np.isin(self.value, values)
        return Tally(self.cell_m, *(numbers[kept] for numbers in self._columns))

    def without(self, other: Tally) -> Tally:
        """The rows that are not among those of the other, all of which are among these."""
        i, j, value, n = (np.concatenate(pair) for pair in zip(self._columns, other._columns, strict=True))
        n[len(self) :] *= -1
        return Tally.summed(self.cell_m, i, j, value, n)

    def by_value(self) -> dict[int | None, int]:
        """All rows of each value, None for those that have none."""
        none = np.zeros(len(self), np.int64)
        whole = Tally.summed(self.cell_m, none, none, self.value, self.n)
        return {value: n for (_cell, value), n in whole.counts.items()}

    def cells(self) -> list[Cell]:
        """The cells in their order, each as often as it has values."""
        return [Cell(*place) for place in zip(self.i.tolist(), self.j.tolist(), strict=True)]

    def fullest(self, at_least: int = 1) -> list[GridCount]:
        """Cells with ``at_least`` rows, the fullest first, of equally full ones the western, then the southern.

        Of equally frequent values the smallest is named, and None only where a cell has no other.
        """
        # The most frequent value first in its cell; none at all comes last.
        order = np.lexsort((self.value, -self.n, self.value == NO_VALUE, self.j, self.i))
        i, j, value = self.i[order], self.j[order], self.value[order]
        first = np.flatnonzero((np.diff(i, prepend=NO_VALUE) != 0) | (np.diff(j, prepend=NO_VALUE) != 0))
        n = np.add.reduceat(self.n[order], first) if len(first) else first
        kept = np.flatnonzero(n >= at_least)
        kept = kept[np.argsort(-n[kept], kind="stable")]
        return [
            GridCount(Cell(*cell), count, None if mode == NO_VALUE else mode)
            for *cell, mode, count in zip(
                *(numbers[first[kept]].tolist() for numbers in (i, j, value)), n[kept].tolist(), strict=True
            )
        ]


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
        lons, lats = (degrees.tolist() for degrees in self._corners(cells))
        return [tuple(zip(*ring, strict=True)) for ring in zip(lons, lats, strict=True)]

    def _corners(self, cells: Sequence[Cell]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitudes and latitudes, six decimals, shape (cells, 5): a closed ring each."""
        # Several times as fast as ``asarray``, which looks into each cell for what is in it.
        i, j = np.fromiter(chain.from_iterable(cells), float, 2 * len(cells)).reshape(-1, 2).T
        x, y = (i[:, None] + [0, 1, 1, 0, 0]) * self.cell_m, (j[:, None] + [0, 0, 1, 1, 0]) * self.cell_m
        lon, lat = _to_degrees(self.srid).transform(x.ravel(), y.ravel())
        return np.round(lon, DECIMALS).reshape(x.shape), np.round(lat, DECIMALS).reshape(x.shape)

    def bbox(self, *cells: Cell) -> Bbox:
        """A box in degrees that contains the cells, of which there is one; grid north is not true north, so it is slightly larger."""
        lons, lats = self._corners(cells)
        # The corners are rounded; one unit of the last decimal keeps the outermost points inside.
        margin = 10.0**-DECIMALS
        west, south, east, north = (float(side) for side in (lons.min(), lats.min(), lons.max(), lats.max()))
        return Bbox(west - margin, south - margin, east + margin, north + margin)

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
        x: str = "cell_x",
        y: str = "cell_y",
    ) -> Tally:
        """Rows per cell, apart for each value of ``by`` (a column of whole numbers, or an expression: these, or days); one grouped statement.

        ``x``, ``y`` name integer columns of ``stored_m`` cells with the same origin; the side must be a
        multiple of ``stored_m`` (``ValueError`` otherwise), so that rounding down twice is exact.
        """
        self._multiple_of(stored_m)
        grouped = {"grid_i": F(x), "grid_j": F(y), "grid_by": _whole(by)}
        # Ordering is cleared because Django would add the model's ordering to GROUP BY.
        found = rows.order_by().values(**grouped).annotate(grid_n=Count("*"))
        statement = statement_of(found.values_list(*grouped, "grid_n"))
        columns = columns_of(statement, 4) if statement else [np.zeros(0, np.int64)] * 4
        return Tally.summed(stored_m, *columns).coarser(self.cell_m)

    def _multiple_of(self, stored_m: int) -> int:
        k, rest = divmod(self.cell_m, stored_m)
        if rest or k < 1:
            raise ValueError(f"cells of {self.cell_m} m cannot be built from stored cells of {stored_m} m")
        return k


def _whole(by: str | Combinable | None) -> Combinable:
    """The value as a whole number without NULL."""
    if by is None:
        return Value(NO_VALUE)
    value = F(by) if isinstance(by, str) else by
    if isinstance(getattr(value, "output_field", None), DateField):
        value = Func(value, template=_ORDINAL, output_field=IntegerField())
    return Coalesce(value, Value(NO_VALUE), output_field=IntegerField())


@lru_cache(maxsize=8)
def _to_degrees(srid: int) -> Transformer:
    return Transformer.from_crs(srid, WGS84_SRID, always_xy=True)

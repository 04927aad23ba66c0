"""Counts of appeals in cells of ever larger sizes: the appeals are read once for all sizes that they are a sum for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db.models.expressions import Combinable

from appeals.models.appeal import CELL_M
from appeals.querysets import AppealQuerySet
from geo.grid import Grid, Tally
from reports.sizes import CellSize


def tallies(
    appeals: AppealQuerySet, sizes: Iterable[CellSize], by: str | Combinable | None = None
) -> Iterator[tuple[CellSize, Grid, Tally]]:
    """The appeals counted in cells of each size, apart for each value of ``by`` (``Grid.count``); counted when it is asked for.

    One statement, and another for a size that the cells of the first do not make up.
    """
    finest: Tally | None = None
    for size in sizes:
        grid = Grid(size.cell_m, settings.METRIC_SRID)
        tally = grid.count(appeals, CELL_M, by, finer=finest)
        finest = finest or tally
        yield size, grid, tally

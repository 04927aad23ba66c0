"""Public appeals by month and stored cell: of what reports are made, so that a report of a million appeals reads none of them.

Folded with the pyramid (``appeals.folding``) from the same changes; ``appeals.metric_counts`` reads it.
"""

from __future__ import annotations

from typing import Final

from django.db import models

from appeals.models.status_counts import StatusCounts

#: Months of the blocks of time: each begins at a whole multiple of its months since January of the year 0. A period is made
#: of a few of them, each with a row for each cell, however long it is.
BLOCKS: Final = (240, 12, 3, 1)


class MetricCell(StatusCounts):
    """What the public sees in one stored cell (``Appeal.cell_x``, ``cell_y``) of what came in within one block of months.

    ``nth`` is the first month of the block, counted from January of the year 0 by the city's calendar, divided by the block's
    ``months``. ``district`` is the key of that of today's borders, 0 for none.
    """

    pk = models.CompositePrimaryKey("months", "nth", "cell_x", "cell_y", "district")
    months = models.SmallIntegerField()
    nth = models.IntegerField()
    cell_x = models.IntegerField()
    cell_y = models.IntegerField()
    district = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.months} months, {self.nth}: {self.cell_x}/{self.cell_y}"

"""The standing hotspots: what the report without any filter finds, made by the worker and kept for the open data."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import transaction
from django.utils import timezone

from appeals.filters import AppealFilter
from appeals.models import HotCell
from appeals.querysets import seen_until
from geo.grid import Cell
from geo.points import WGS84_SRID

#: Cells are numbered row by row, from so many to the south and west of the grid's origin on: their ids have no more digits.
_BEYOND: Final = 10_000_000
_MADE_ANEW: Final = dt.timedelta(hours=1)


def hotspots_of_the_hour() -> int | None:
    """Makes them if they are an hour old, or hold what was taken from the public since; an extra call does nothing."""
    made_at = HotCell.objects.public().values_list("made_at", flat=True).first()
    if made_at and made_at > timezone.now() - _MADE_ANEW:
        return None
    return keep_standing_hotspots()


def keep_standing_hotspots() -> int:
    """Puts the cells of the report in the place of those that were kept; their number. None are kept of a city without appeals."""
    # SciPy is loaded where it is searched.
    from reports.exports import hot_values
    from reports.hotspots import find_hotspots

    # Before they are counted: what is hidden afterwards is told apart by it.
    seen = seen_until()
    found = find_hotspots(AppealFilter())
    rings = found.grid.rings([row.cell for row in found.cells])
    of_all: dict[str, Any] = {
        "cell_m": found.size.cell_m,
        "since": found.first_on,
        "until": found.last_on,
        "made_at": seen,
    }
    rows = []
    for row, ring in zip(found.cells, rings, strict=True):
        values = hot_values(row)
        rows.append(
            HotCell(
                number=_number(row.cell),
                code=f"{found.size.cell_m}.{row.cell.id}",
                cell=row.cell.id,
                area=MultiPolygon(Polygon(ring), srid=WGS84_SRID),
                level=values.pop("class"),
                **of_all,
                **values,
            )
        )
    with transaction.atomic():
        HotCell.objects.all().delete()
        HotCell.objects.bulk_create(rows, batch_size=1_000)
    return len(rows)


def _number(cell: Cell) -> int:
    return (cell.j + _BEYOND) * 2 * _BEYOND + cell.i + _BEYOND

"""The archive: the public appeals as GeoParquet by city and month, to be counted by machines without this database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from django.conf import settings
from django.contrib.gis.db.models.functions import AsWKB
from django.db.models import Count, F
from pyarrow import parquet

from appeals.filters import midnight
from appeals.models import Appeal
from geo.cube import Part, Partition, summed
from geo.geoparquet import boxes, schema_of
from geo.points import WGS84_SRID
from reports.months import next_month
from reports.steps import month_of_submission

_COLUMNS = (
    ("number", pa.int64()),
    ("submitted_at", pa.timestamp("us", tz="UTC")),
    ("category", pa.string()),
    ("cell_x", pa.int32()),
    ("cell_y", pa.int32()),
    ("geometry", pa.binary()),
)


def city_of_archive() -> str:
    """The name of this city in an archive: that of its profile's folder."""
    return Path(settings.CITY_FOLDER).name


def write_archive(folder: Path) -> Iterator[tuple[Path, int]]:
    """Writes a file for each month of the city's clock that has public appeals; gives its path and number of rows.

    Rows are in the order of their stored cells. Files of months that have none any more are removed; each file is whole or not there.
    """
    city = folder / f"city={city_of_archive()}"
    written = set()
    for month in _months():
        target = city / f"month={month:%Y-%m}" / "appeals.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = _rows(month)
        half = target.with_name(f".{target.name}.part")
        parquet.write_table(rows, half, compression="zstd")
        half.replace(target)
        written.add(target)
        yield target, len(rows)
    for stale in set(city.glob("month=*/appeals.parquet")) - written:
        stale.unlink()


def cube_of_database() -> Iterator[Part]:
    """The cube (``geo.cube``) of the public appeals, by one grouped statement."""
    rows = (
        Appeal.objects.public()
        .order_by()
        .values("cell_x", "cell_y", code=F("category__code"), month=month_of_submission())
        .annotate(n=Count("*"))
        .order_by("month")
        .values_list("month", "cell_x", "cell_y", "code", "n")
    )
    city = city_of_archive()
    for month, counts in groupby(rows.iterator(), key=itemgetter(0)):
        _month, *columns = zip(*counts, strict=True)
        yield summed(Partition(city, f"{month:%Y-%m}"), *columns)


def _months() -> list[dt.date]:
    return sorted(Appeal.objects.public().order_by().values_list(month_of_submission(), flat=True).distinct())


def _rows(month: dt.date) -> pa.Table:
    found = (
        Appeal.objects.public()
        .filter(submitted_at__gte=midnight(month), submitted_at__lt=midnight(next_month(month)))
        .order_by("cell_x", "cell_y", "number")
        .annotate(wkb=AsWKB("point"))
        .values_list("number", "submitted_at", "category__code", "cell_x", "cell_y", "wkb")
    )
    columns = [*zip(*found.iterator(chunk_size=10_000), strict=True)]
    points = [bytes(point) for point in columns[-1]]
    lon, lat = shapely.get_coordinates(shapely.from_wkb(points)).T
    return pa.Table.from_arrays(
        [
            *(
                pa.array(values, kind)
                for values, (_name, kind) in zip(columns[:-1], _COLUMNS[:-1], strict=True)
            ),
            pa.array(points, pa.binary()),
            boxes(np.array([lon, lat, lon, lat])),
        ],
        schema=schema_of(_COLUMNS, "Point", WGS84_SRID),
    )

"""The points of a GeoPackage, which GDAL made without rows, as records of SQLite. Knows no Django.

GDAL makes each row by itself: of a million, in three times the processor's time. What describes them stays GDAL's.

Source: OGC 12-128r19, 2.1.3 (geometries as binary), 3.1.3 (the R-tree); sqlite.org, Database File Format, 2.1 (records).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from geo.sqlite_pages import PAGE_BYTES, TableFilling, binary_array, bytes_of_varints
from geo.sqlite_rtree import write_nodes
from geo.wkb_points import WKB_POINT, places_of, wkb_points

#: Of a geometry: "GP", version 0, little endian without an envelope; its system of coordinates; its WKB.
_POINT: Final = np.dtype(
    [("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srid", "<i4"), ("wkb", WKB_POINT)]
)
#: What an SQLite record says of a value: NULL, a number of 8 bytes, whole or not, or of 4, 0 and 1 without any, bytes and texts with their length.
_NULL: Final = 0
_NUMBER: Final = 6
_REAL: Final = 7
_NUMBER_OF_32_BITS: Final = 4
_FALSE: Final = 8
_BYTES: Final = 12
_TEXT: Final = 13
#: The digits of 0 to 99.
_PAIRS: Final = np.array([list(b"%02d" % n) for n in range(100)], np.uint8)
_DAY: Final = b"0000-00-00"
_MOMENT: Final = np.dtype([("day", "V10"), ("time", "V9"), ("rest", "V5")])
_DAY_MS: Final = 86_400_000
#: Rows of the index that are written together.
_AT_ONCE: Final = 65_536

Matrix = NDArray[np.uint8]
Whole = NDArray[np.int64]


def write_points(path: Path, layer: str, rows: pa.RecordBatchReader, srid: int) -> None:
    """Writes the rows, whose last column is the WKB of a point, into the empty table of the layer, and its index in space.

    The table has a column for its key and one for the geometry, then those of the rows. Texts, int64, float64, booleans, days and moments,
    which are rounded to milliseconds, as GDAL does, and dictionaries of these.
    """
    tree = f"rtree_{layer}_geom"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        database.execute("VACUUM")
        roots = dict(database.execute("SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'"))
    places = []
    with path.open("r+b") as file:
        filling = TableFilling(file, roots[layer])
        for batch in rows:
            points = places_of(batch.columns[-1])
            places.append(points)
            filling.add(_records(batch, points, srid))
        count = filling.finish()
    lon, lat = np.concatenate([np.empty((0, 2)), *places]).T
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        holding = write_nodes(database, tree, lon, lat)
        database.execute(
            "UPDATE gpkg_ogr_contents SET feature_count = ? WHERE table_name = ?", (count, layer)
        )
        if count:
            bounds = [float(end) for end in (lon.min(), lat.min(), lon.max(), lat.max())]
            database.execute(
                "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = ?",
                (*bounds, layer),
            )
            database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (layer, count))
    with path.open("r+b") as file:
        filling = TableFilling(file, roots[f"{tree}_rowid"])
        for start in range(0, count, _AT_ONCE):
            filling.add(_numbered(holding[start : start + _AT_ONCE]))
        filling.finish()


def _numbered(nodes: Whole) -> list[pa.Array]:
    """Records of a key, which is the row's own number, and a number."""
    head = _fixed(np.tile(np.array([3, _NULL, _NUMBER_OF_32_BITS], np.uint8), (len(nodes), 1)))
    return [head, _fixed(_bytes_of(nodes.astype(">i4")))]


def _records(batch: pa.RecordBatch, points: NDArray[np.float64], srid: int) -> list[pa.Array]:
    count = len(batch)
    blobs = np.zeros(count, _POINT)
    blobs["magic"], blobs["flags"], blobs["srid"], blobs["wkb"] = b"GP", 1, srid, wkb_points(points)
    kinds: list[Whole] = [_all(count, _NULL), _all(count, _BYTES + 2 * _POINT.itemsize)]
    values = [_fixed(_bytes_of(blobs))]
    for column in batch.columns[:-1]:
        kind, value = _stored(column)
        kinds.append(kind)
        values += value
    told = bytes_of_varints(kinds)
    # The head's length counts its own byte.
    lengths = 1 + compute.binary_length(told).to_numpy().astype(np.int64)
    if lengths.max(initial=0) > 127:
        raise ValueError("a row has too many columns")
    return [bytes_of_varints([lengths]), told, *values]


def _stored(column: pa.Array) -> tuple[Whole, list[pa.Array]]:
    """What the record says of each value, and their bytes where they have any."""
    null = column.is_null().to_numpy(zero_copy_only=False)
    kind: Any = column.type
    if pa.types.is_null(kind) or null.all():
        return _all(len(column), _NULL), []
    if pa.types.is_dictionary(kind):
        kinds, parts = _stored(column.dictionary)
        places = column.indices
        found = kinds[places.fill_null(0).to_numpy()]
        return np.where(null, _NULL, found), [part.take(places) for part in parts]
    if pa.types.is_string(kind):
        lengths = compute.binary_length(column).fill_null(0).to_numpy().astype(np.int64)
        return np.where(null, _NULL, _TEXT + 2 * lengths), [column.view(pa.binary())]
    if pa.types.is_boolean(kind):
        return np.where(null, _NULL, _FALSE + column.fill_null(False).cast(pa.int64()).to_numpy()), []
    if pa.types.is_integer(kind):
        said, data = _NUMBER, _bytes_of(column.fill_null(0).to_numpy().astype(">i8"))
    elif pa.types.is_floating(kind):
        said, data = _REAL, _bytes_of(column.fill_null(0.0).to_numpy().astype(">f8"))
    else:
        data = (
            _moments(column)
            if pa.types.is_timestamp(kind)
            else _days(column.cast(pa.int32()).fill_null(0).to_numpy())
        )
        said = _TEXT + 2 * data.shape[1]
    return np.where(null, _NULL, said), [_fixed(data, null)]


def _days(days: NDArray[Any]) -> Matrix:
    """``2026-05-31`` of days since 1970, of the shape (rows, 10)."""
    first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    if last - first < len(days) // 2:
        # Few days, each of many rows.
        every = _days(np.arange(first, last + 1))
        return np.take(every, days - first, axis=0)
    whole = days.astype("M8[D]")
    months = whole.astype("M8[M]")
    year = months.astype("M8[Y]").astype(np.int64) + 1970
    text = np.tile(np.frombuffer(_DAY, np.uint8), (len(days), 1))
    text[:, 0:2], text[:, 2:4] = _PAIRS[year // 100], _PAIRS[year % 100]
    text[:, 5:7] = _PAIRS[months.astype(np.int64) % 12 + 1]
    text[:, 8:10] = _PAIRS[(whole - months).astype(np.int64) + 1]
    return text


def _moments(column: pa.Array) -> Matrix:
    """``2026-05-31T10:00:00.120Z``, of the shape (rows, 24)."""
    ms = (column.cast(pa.int64()).fill_null(0).to_numpy() + 500) // 1000
    days, of_day = np.divmod(ms, _DAY_MS)
    seconds, rest = np.divmod(of_day, 1000)
    text = np.empty(len(ms), _MOMENT)
    text["day"], text["time"], text["rest"] = _bytes_in(_days(days)), _times()[seconds], _parts()[rest]
    return _bytes_of(text)


@cache
def _times() -> NDArray[Any]:
    """``T00:00:00`` of each second of a day."""
    seconds = np.arange(86_400)
    text = np.tile(np.frombuffer(b"T00:00:00", np.uint8), (len(seconds), 1))
    for start, pair in ((1, seconds // 3600), (4, seconds // 60 % 60), (7, seconds % 60)):
        text[:, start : start + 2] = _PAIRS[pair]
    return _bytes_in(text)


@cache
def _parts() -> NDArray[Any]:
    """``.000Z`` of each millisecond."""
    return np.array([b".%03dZ" % ms for ms in range(1000)], "V5")


def _fixed(data: Matrix, null: NDArray[np.bool_] | None = None) -> pa.Array:
    """Values of one length; none where it is NULL."""
    if null is None or not null.any():
        return binary_array(data, np.full(len(data), data.shape[1]))
    return binary_array(data[~null], np.where(null, 0, data.shape[1]))


def _bytes_of(values: NDArray[Any]) -> Matrix:
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.itemsize)


def _bytes_in(rows: Matrix) -> NDArray[Any]:
    """The bytes of each row as one value."""
    return np.ascontiguousarray(rows).view(f"V{rows.shape[1]}")[:, 0]


def _all(count: int, kind: int) -> Whole:
    return np.full(count, kind, np.int64)

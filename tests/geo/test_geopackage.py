"""GeoPackages whose rows and index are written page by page: as SQLite checks and reads them, and as GDAL would have written them."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyogrio
import pytest

from geo import sqlite_pages, sqlite_rtree
from geo.geopackage import write_points
from geo.sqlite_pages import PAGE_BYTES, TableFilling, bytes_of_varints
from geo.sqlite_rtree import write_nodes

#: Of a record with one value of bytes: its head's length, then what says how many there are.
_HEAD: Final = 1
WKB: Final = np.dtype([("order", "u1"), ("type", "<u4"), ("place", "<f8", 2)])


def _filled(path: Path, batches: Sequence[Sequence[bytes]]) -> list[tuple[int, bytes]]:
    """The rows of a table that is filled, beside another that keeps what it had, and after SQLite found no fault."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        database.execute("CREATE TABLE filled (value)")
        database.execute("CREATE TABLE other AS SELECT 'kept' AS text")
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'filled'").fetchone()
    with path.open("r+b") as file:
        filling = TableFilling(file, root)
        for values in batches:
            told = bytes_of_varints([np.array([12 + 2 * len(value) for value in values], np.int64)])
            heads = bytes_of_varints([np.array([_HEAD + len(one) for one in told.to_pylist()], np.int64)])
            filling.add([heads, told, pa.array(values, pa.binary())])
        assert filling.finish() == sum(map(len, batches))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO filled VALUES (x'0123')")
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT text FROM other").fetchall() == [("kept",)]
        rows = database.execute("SELECT rowid, value FROM filled ORDER BY rowid").fetchall()
    assert rows.pop() == (len(rows) + 1, b"\x01\x23")
    return rows


def _values(count: int, size: int) -> list[bytes]:
    return [b"%06d" % n + bytes(size) for n in range(count)]


@pytest.mark.parametrize(
    "batches",
    [
        [],
        [[]],
        [[b""]],
        [_values(3, 5)],
        [_values(500, n) for n in (0, 40, 300)],
        [_values(1, PAGE_BYTES - n) for n in range(36, 52)],
        [_values(2, n) for n in (PAGE_BYTES, 2 * PAGE_BYTES - 4, 5 * PAGE_BYTES, 10)],
        [_values(1, 1_000_000)],
    ],
)
def test_rows_are_read_as_they_were_written(tmp_path: Path, batches: list[list[bytes]]) -> None:
    rows = _filled(tmp_path / "rows.db", batches)
    assert rows == list(enumerate([value for values in batches for value in values], 1))


@pytest.mark.parametrize("count", [40, 130])
def test_many_levels_and_the_page_of_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Small numbers stand in for the large ones; the page that is passed over is then one of no table."""
    monkeypatch.setattr(sqlite_pages, "_CHILDREN", 3)
    values = _values(count, 7_000)
    assert _filled(tmp_path / "levels.db", [values]) == list(enumerate(values, 1))
    monkeypatch.setattr(sqlite_pages, "_LOCKED", 5)
    with pytest.raises(AssertionError, match="never used"):
        _filled(tmp_path / "locked.db", [_values(9, 20_000)])


@pytest.mark.parametrize("count", [0, 1, 51, 52, 700, 6_000])
def test_the_index_of_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(sqlite_rtree, "_AT_ONCE", 7)
    lon, lat = np.random.default_rng(count).uniform((-180, -90), (180, 90), (count, 2)).T
    with closing(sqlite3.connect(tmp_path / "tree.db")) as database:
        database.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
        holding = write_nodes(database, "tree", lon, lat)
        database.executemany("INSERT INTO tree_rowid VALUES (?, ?)", enumerate(holding.tolist(), 1))
        assert database.execute("SELECT rtreecheck('tree')").fetchall() == [("ok",)]
        boxes = database.execute("SELECT minx, miny, maxx, maxy FROM tree ORDER BY id").fetchall()
        west_south, east_north = np.hsplit(np.array(boxes).reshape(-1, 4), 2)
        places = np.column_stack([lon, lat])
        assert (west_south <= places).all()
        assert (places <= east_north).all()
        for west, south, east, north in [(-180, -90, 180, 90), (10, 20, 30, 50), (5, 5, 5.5, 90)]:
            found = database.execute(
                "SELECT id FROM tree WHERE maxx >= ? AND maxy >= ? AND minx <= ? AND miny <= ? ORDER BY id",
                (west, south, east, north),
            ).fetchall()
            within = np.flatnonzero((lon >= west) & (lat >= south) & (lon <= east) & (lat <= north)) + 1
            assert [number for (number,) in found] == within.tolist()


MOMENTS: Final = [
    # Not of a part of a second before 1970, which GDAL rounds to another second.
    dt.datetime(1969, 12, 31, 23, 59, 59, 0, dt.UTC),
    dt.datetime(2000, 2, 29, 0, 0, 0, 7_000, dt.UTC),
    None,
    dt.datetime(9999, 12, 31, 12, 34, 56, tzinfo=dt.UTC),
]
DAYS: Final = [dt.date(1, 1, 1), dt.date(1900, 2, 28), None, dt.date(9999, 12, 31)]


def _columns() -> dict[str, pa.Array]:
    places = np.zeros(4, WKB)
    places["order"], places["type"] = 1, 1
    places["place"] = [(72.8, 40.5), (-180, -90), (0.1, 0.2), (72.800001, 40.500001)]
    return {
        "text": pa.array(["Көчө ✓", "", None, "я" * 20_000], pa.string()),
        "number": pa.array([-(2**63), 0, None, 2**63 - 1], pa.int64()),
        "real": pa.array([0.1, -1e300, None, 2.0], pa.float64()),
        "yes": pa.array([True, False, None, True], pa.bool_()),
        "nothing": pa.array([None] * 4, pa.string()),
        "moment": pa.array(MOMENTS, pa.timestamp("us", "UTC")),
        "day": pa.array(DAYS, pa.date32()),
        "coded": pa.DictionaryArray.from_arrays(pa.array([1, 2, None, 1], pa.int32()), ["", "Көчө", None]),
        "geometry": pa.array([place.tobytes() for place in places], pa.binary()),
    }


def _layer(path: Path, rows: pa.RecordBatchReader) -> None:
    options: dict[str, Any] = {"geometry_type": "Point", "crs": "EPSG:4326", "geometry_name": "geometry"}
    pyogrio.write_arrow(rows, path, layer="places", driver="GPKG", **options)


def _all_of(path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        told = {
            name: database.execute(f"SELECT * FROM {name}").fetchall()
            for name in ("places", "gpkg_ogr_contents", "sqlite_sequence")
        }
        told["bounds"] = database.execute("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents").fetchall()
        return told


def _without_no_milliseconds(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.replace(".000Z", "Z") if isinstance(value, str) else value for value in row)


@pytest.mark.parametrize("cuts", [[0, 4], [0, 1, 3, 4], [0, 0]])
def test_the_same_as_gdal_writes(tmp_path: Path, cuts: list[int]) -> None:
    columns = _columns()
    whole = pa.RecordBatch.from_pydict(columns)
    batches = [whole.slice(start, end - start) for start, end in pairwise(cuts)]
    ours, theirs = tmp_path / "ours.gpkg", tmp_path / "theirs.gpkg"
    plain = pa.schema([(one.name, pa.string() if one.name == "coded" else one.type) for one in whole.schema])
    _layer(theirs, pa.RecordBatchReader.from_batches(whole.schema, batches).cast(plain))
    _layer(ours, pa.RecordBatchReader.from_batches(plain, []))
    write_points(ours, "places", pa.RecordBatchReader.from_batches(whole.schema, batches), 4326)
    written, expected = _all_of(ours), _all_of(theirs)
    # Every moment has its milliseconds, as the standard says; GDAL leaves out those that are none.
    written["places"] = [_without_no_milliseconds(row) for row in written["places"]]
    assert written == expected
    assert pyogrio.read_info(ours)["features"] == cuts[-1]
    assert len(pyogrio.read_dataframe(ours, bbox=(72, 40, 73, 41))) == (2 if cuts[-1] else 0)


def test_moments_are_rounded_to_milliseconds(tmp_path: Path) -> None:
    moment = dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, dt.UTC)
    columns = _columns() | {"moment": pa.array([moment] * 4, pa.timestamp("us", "UTC"))}
    whole = pa.RecordBatch.from_pydict(columns)
    path = tmp_path / "ours.gpkg"
    _layer(path, pa.RecordBatchReader.from_batches(whole.schema, []))
    write_points(path, "places", pa.RecordBatchReader.from_batches(whole.schema, [whole]), 4326)
    with closing(sqlite3.connect(path)) as database:
        assert set(database.execute("SELECT moment FROM places")) == {("1970-01-01T00:00:00.000Z",)}

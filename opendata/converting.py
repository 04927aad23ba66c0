"""The process that makes a file of rows: it takes its order in the first line, then the rows in frames (``geo.row_frames``), until their end.

Knows no Django. Arrow batches go from the rows to the file's writer; what the libraries keep meanwhile grows slowly with their
number (200 to 255 MB for a million appeals), and is given back when the process ends.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import resource
import sqlite3
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from importlib.abc import MetaPathFinder
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute, parquet

from geo.made_columns import all_columns, made_types
from geo.row_frames import frames
from geo.sqlite_pages import binary_array
from geo.told_columns import ToldColumns
from geo.wkb_points import WKB_POINT, places_of, wkb_points
from opendata.licence import licence_in_words
from web.workbooks import write_cell

#: Rows of a group of a Parquet file, but for the last.
_GROUP_ROWS: Final = 16_384
#: Every file of one version is the same to the byte: no clock is asked when it is made.
_ALWAYS: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
#: Seconds of the processor after which something is wrong.
_PROCESSOR_S: Final = 1_800

Order = Mapping[str, Any]
Field = Mapping[str, Any]

#: Arrow's type of a JSON schema's type and format.
_TYPES: Final = {
    ("string", "date"): pa.date32(),
    ("string", "uuid"): pa.uuid(),
    ("string", "date-time"): pa.timestamp("us", "UTC"),
    ("integer", ""): pa.int64(),
    ("number", ""): pa.float64(),
    ("boolean", ""): pa.bool_(),
}


class _NoFrames(MetaPathFinder):
    """Hides what pyarrow and pyogrio could make frames with: to import it would be half of the work of a small file."""

    def find_spec(self, name: str, *_more: object) -> None:
        """Raises ``ModuleNotFoundError`` for pandas and GeoPandas; knows nothing of others."""
        if name in {"geopandas", "pandas"}:
            raise ModuleNotFoundError(name)


def main(stream: BinaryIO) -> None:
    """Makes what is ordered on the stream."""
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_S, _PROCESSOR_S))
    os.nice(10)
    order = json.loads(stream.readline())
    ending, rows = order["ending"], _rows(order, stream)
    if ending not in _OF_DICTIONARIES:
        rows = rows.cast(_without_dictionaries(rows.schema))
    _WRITERS[ending](order, rows, Path(order["target"]))


def _rows(order: Order, stream: BinaryIO) -> pa.RecordBatchReader:
    """The rows with their types, the geometry as WKB in ``geometry``."""
    told = ToldColumns.read(stream.readline())
    types = {field["name"]: _type_of(field) for field in order["fields"]}
    is_point = order["geometry"] == "Point"
    shapes = {"lon": pa.float64(), "lat": pa.float64()} if is_point else {"geometry": pa.binary()}
    schema = pa.schema({**made_types(types, told), "geometry": pa.binary()})

    def batches() -> Iterator[pa.RecordBatch]:
        for frame in frames(stream):
            read = all_columns(frame, {**types, **shapes}, told)
            if is_point:
                read["geometry"] = _points(read["lon"], read["lat"], order["decimals"])
            yield pa.RecordBatch.from_arrays([read[name] for name in schema.names], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _without_dictionaries(schema: pa.Schema) -> pa.Schema:
    kinds = ((one.name, one.type) for one in schema)
    return pa.schema(
        [(name, kind.value_type if pa.types.is_dictionary(kind) else kind) for name, kind in kinds]
    )


def _type_of(field: Field) -> pa.DataType:
    return _TYPES.get((field["type"], field.get("format", "")), pa.string())


def _points(lon: pa.Array, lat: pa.Array, decimals: int) -> pa.Array:
    """The WKB of points, rounded."""
    places = np.column_stack([axis.to_numpy() for axis in (lon, lat)]).round(decimals)
    return binary_array(wkb_points(places), np.full(len(places), WKB_POINT.itemsize))


def _write_flatgeobuf(order: Order, rows: pa.RecordBatchReader, target: Path) -> None:
    """With its index, for which the rows are sorted in space."""
    from geo.flatgeobuf import BOX, write_index

    about = {"TITLE": order["layer"], "DESCRIPTION": _about(order), "SPATIAL_INDEX": "NO"}
    plain, boxes = target.with_name("plain.fgb"), target.with_name("boxes")
    with boxes.open("wb") as file:

        def passed() -> Iterator[pa.RecordBatch]:
            for batch in rows:
                file.write(_bounds(batch, order["geometry"]).astype(BOX.base, copy=False).tobytes())
                yield batch

        reader = pa.RecordBatchReader.from_batches(rows.schema, passed())
        _write_layer(order, reader, plain, "FlatGeobuf", about)
    write_index(plain, boxes, target)


def _bounds(batch: pa.RecordBatch, geometry: str) -> NDArray[np.float64]:
    """West, south, east and north of each row, of the shape (rows, 4)."""
    column = batch.column("geometry")
    if geometry == "Point":
        return np.tile(places_of(column), 2)
    import shapely

    bounds: NDArray[np.float64] = shapely.bounds(shapely.from_wkb(column.to_numpy(zero_copy_only=False)))
    return bounds


def _write_kml(order: Order, rows: pa.RecordBatchReader, target: Path) -> None:
    """A placemark's name is a field of its own, which the driver takes from the others: its number, or code, stays among them."""
    names = [field["name"] for field in order["fields"]]
    named = "number" if "number" in names else "code"
    label = pa.field("Name", pa.string())
    labelled = (batch.append_column(label, batch.column(named).cast(label.type)) for batch in rows)
    reader = pa.RecordBatchReader.from_batches(rows.schema.append(label), labelled)
    _write_layer(order, reader, target, "KML")


def _write_layer(
    order: Order,
    rows: pa.RecordBatchReader,
    target: Path,
    driver: str,
    options: Mapping[str, str] = MappingProxyType({}),
    dataset: Mapping[str, str] = MappingProxyType({}),
) -> None:
    import pyogrio

    pyogrio.set_gdal_config_options(
        {
            # The file is given up if anything fails: nothing need be safe on the disk halfway.
            "OGR_SQLITE_SYNCHRONOUS": "OFF",
            "OGR_SQLITE_CACHE": 32,
            "OGR_GPKG_MAX_RAM_USAGE_RTREE": 64 * 1024**2,
            "OGR_CURRENT_DATE": f"{_ALWAYS:%Y-%m-%dT%H:%M:%S.000Z}",
        }
    )
    pyogrio.write_arrow(
        rows,
        target,
        layer=order["layer"],
        driver=driver,
        geometry_name="geometry",
        geometry_type=order["geometry"],
        crs="EPSG:4326",
        encoding="UTF-8",
        layer_options=dict(options),
        dataset_options=dict(dataset),
    )


#: Of version 1.4 older programs say that they may not know all of it; here it is the same but for the triggers of the index.
_GPKG: Final = MappingProxyType({"VERSION": "1.3"})


def _write_geopackage(order: Order, rows: pa.RecordBatchReader, target: Path) -> None:
    """With what each field is, and which codes it may hold, in the schema extension: GDAL and QGIS show them."""
    about = {"DESCRIPTION": _about(order), "IDENTIFIER": order["layer"]}
    if order["geometry"] == "Point":
        from geo.geopackage import write_points

        nothing = pa.RecordBatchReader.from_batches(_without_dictionaries(rows.schema), [])
        _write_layer(order, nothing, target, "GPKG", about, _GPKG)
        write_points(target, order["layer"], rows, 4326)
    else:
        _write_layer(order, rows, target, "GPKG", about, _GPKG)
    lists = [(field, code) for field in order["fields"] for code in field.get("enum", ())]
    with closing(sqlite3.connect(target)) as database, database:
        database.executescript(_GPKG_SCHEMA)
        database.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, description, constraint_name) VALUES (?, ?, ?, ?)",
            [
                (order["layer"], field["name"], field.get("description"), _list_of(order, field))
                for field in order["fields"]
            ],
        )
        database.executemany(
            "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value) VALUES (?, 'enum', ?)",
            [(_list_of(order, field), code) for field, code in lists],
        )


def _list_of(order: Order, field: Field) -> str | None:
    return f"{order['layer']}_{field['name']}" if "enum" in field else None


#: OGC 12-128r19, F.9: what stands in the columns, and which values they may have.
_GPKG_SCHEMA: Final = """
    CREATE TABLE gpkg_data_columns (
        table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
        constraint_name TEXT,
        CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name)
    );
    CREATE TABLE gpkg_data_column_constraints (
        constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
        max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
        CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
    );
    INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) VALUES
        ('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write'),
        ('gpkg_data_column_constraints', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write');
"""


def _write_parquet(order: Order, rows: pa.RecordBatchReader, target: Path) -> None:
    """GeoParquet 1.1 with a column of boxes, by whose statistics a reader leaves out what lies elsewhere.

    It is the same to the byte whether texts come as they are or in dictionaries.
    """
    from geo.geoparquet import boxes, schema_of

    groups = map(_with_own_dictionaries, _grouped(rows))
    first = list(islice(groups, 1))
    plain = _without_dictionaries(rows.schema)
    # In others the writer would look for a dictionary that saves nothing.
    repeated = [name for batch in first for name in batch.schema.names if _is_repeated(batch.column(name))]
    schema = schema_of(
        [one if one.name in repeated else plain.field(one.name) for one in rows.schema],
        order["geometry"],
        4326,
        description=_about(order),
        fields=json.dumps(order["fields"]),
    )
    # Whoever reads the file is told of texts, however they came: no schema of Arrow's goes with it.
    with parquet.ParquetWriter(
        target, schema, compression="zstd", use_dictionary=repeated, store_schema=False
    ) as writer:
        writer.add_key_value_metadata(schema.metadata)
        for batch in chain(first, groups):
            columns = [
                column.cast(schema.field(name).type)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            bounds = boxes(_bounds(batch, order["geometry"]).T)
            writer.write_batch(pa.RecordBatch.from_arrays([*columns, bounds], schema=schema))


def _with_own_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same, in dictionaries that hold what stands in these rows alone, in its order."""
    columns = [
        _own_dictionary(column) if pa.types.is_dictionary(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _own_dictionary(column: pa.DictionaryArray) -> pa.DictionaryArray:
    # Two keys may have one text.
    texts = column.dictionary.dictionary_encode()
    places = texts.indices.take(column.indices).dictionary_encode()
    return pa.DictionaryArray.from_arrays(places.indices, texts.dictionary.take(places.dictionary))


def _is_repeated(column: pa.Array) -> bool:
    """Whether a value stands in it four times on the average."""
    is_dictionary = pa.types.is_dictionary(column.type)
    found = len(column.dictionary) if is_dictionary else compute.count_distinct(column).as_py()
    return 4 * int(found) <= len(column)


def _grouped(rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The rows in batches of ``_GROUP_ROWS``, in whatever batches they came."""
    held: list[pa.RecordBatch] = []
    for batch in rows:
        held.append(batch)
        while sum(map(len, held)) >= _GROUP_ROWS:
            joined = pa.concat_batches(held)
            yield joined.slice(0, _GROUP_ROWS)
            held = [joined.slice(_GROUP_ROWS)]
    if any(map(len, held)):
        yield pa.concat_batches(held)


#: A field of a Shapefile's table: characters of its name, bytes of a text.
_NAME_MAX: Final = 10
_TEXT_MAX_BYTES: Final = 254


def _write_shapefile(order: Order, rows: pa.RecordBatchReader, target: Path) -> None:
    """A zipped Shapefile, with a sheet of its fields: their names are cut to 10 characters, texts to 254 bytes."""
    names = _short_names([field["name"] for field in order["fields"]])
    schema = pa.schema(
        [
            *((names[field.name], _in_shapefile(field.type)) for field in rows.schema if field.name in names),
            ("geometry", pa.binary()),
        ]
    )
    cut = (
        pa.RecordBatch.from_arrays(
            [*(_cut(column) for column in batch.columns[:-1]), batch.columns[-1]], schema=schema
        )
        for batch in rows
    )
    folder = target.parent / "shapefile"
    folder.mkdir()
    reader = pa.RecordBatchReader.from_batches(schema, cut)
    _write_layer(order, reader, folder / f"{order['layer']}.shp", "ESRI Shapefile", {"RESIZE": "YES"})
    with (folder / f"{order['layer']}-fields.csv").open("w", encoding="utf-8", newline="") as sheet:
        table = csv.writer(sheet)
        table.writerow(["column", "field", "type", "values", "description"])
        table.writerows([names[field["name"]], *_row_of(field)] for field in order["fields"])
    (folder / "README.txt").write_text(_about(order) + "\n", encoding="utf-8")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(path.name, _ALWAYS.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as packed:
                while part := source.read(1024 * 1024):
                    packed.write(part)


def _short_names(names: Sequence[str]) -> dict[str, str]:
    """Names of at most 10 characters, each once: the last of them is a figure where two would be the same."""
    short: dict[str, str] = {}
    for name in names:
        tried, n = name[:_NAME_MAX], 1
        while tried in short.values():
            n += 1
            tried = f"{name[: _NAME_MAX - len(str(n))]}{n}"
        short[name] = tried
    return short


def _in_shapefile(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_timestamp(kind) else kind


def _cut(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        whole = compute.cast(column, pa.timestamp("s", "UTC"), safe=False)
        return compute.strftime(whole, "%Y-%m-%dT%H:%M:%SZ")
    if not pa.types.is_string(column.type):
        return column
    texts = column.to_pylist()
    return pa.array([text if text is None else _cut_text(text) for text in texts], pa.string())


def _cut_text(text: str) -> str:
    raw = text.encode()
    return text if len(raw) <= _TEXT_MAX_BYTES else raw[:_TEXT_MAX_BYTES].decode(errors="ignore")


def _write_sheet(order: Order, rows: pa.RecordBatchReader, target: Path) -> None:
    """A workbook: the rows, what each field is, and whose data they are. Texts are texts, never formulas or links."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "tmpdir": str(target.parent),
        "default_date_format": "yyyy-mm-dd",
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(str(target), options) as book:
        book.set_properties({"created": _ALWAYS.replace(tzinfo=None), "comments": _about(order)})
        heading = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(order["layer"])
        sheet.freeze_panes(1, 1)
        names = [field["name"] for field in order["fields"]]
        for n, name in enumerate([*names, "lon", "lat"]):
            sheet.write_string(0, n, name, heading)
        sheet.set_column(0, len(names) + 1, 18)
        count = 0
        for batch in rows:
            lon, lat = places_of(batch.column("geometry")).T.tolist()
            columns = [batch.column(name).to_pylist() for name in names]
            for row in zip(*columns, lon, lat, strict=True):
                count += 1
                for n, value in enumerate(row):
                    write_cell(sheet, count, n, value, moment)
        sheet.autofilter(0, 0, count, len(names) + 1)
        fields = book.add_worksheet("fields")
        for n, field in enumerate([None, *order["fields"]]):
            cells = ["field", "type", "values", "description"] if field is None else _row_of(field)
            for m, text in enumerate(cells):
                fields.write_string(n, m, text, heading if field is None else None)
        about = book.add_worksheet("about")
        about.write_string(0, 0, _about(order))


def _row_of(field: Field) -> list[str]:
    """Name, type, codes and description of a field, for people."""
    kind = (
        "text"
        if field["type"] == "string" and not field.get("format")
        else field.get("format") or field["type"]
    )
    return [field["name"], kind, " ".join(field.get("enum", ())), field.get("description", "")]


def _about(order: Order) -> str:
    return f"{order['description']} Source: {order['source']} Licence: {licence_in_words(order['licence'])}"


_WRITERS: Final = {
    "gpkg": _write_geopackage,
    "fgb": _write_flatgeobuf,
    "parquet": _write_parquet,
    "kml": _write_kml,
    "shp.zip": _write_shapefile,
    "xlsx": _write_sheet,
}

#: Those whose writers take them.
_OF_DICTIONARIES: Final = {"gpkg", "parquet"}

if __name__ == "__main__":
    sys.meta_path.insert(0, _NoFrames())
    main(sys.stdin.buffer)

"""Files that tools open as they are: tables and the formats of GIS, made of the rows of one snapshot.

Other formats than CSV are written by a process of its own (``opendata.converting``): GDAL holds the interpreter while it
writes, so that no page would be answered meanwhile, and what it allocates is not given back.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, cast

from django.conf import settings
from django.db.models import Expression, QuerySet

from districts.versions import public_version
from geo.geojson import feature_statement
from geo.points import DECIMALS
from geo.row_frames import framed
from geo.tables import Columns
from geo.told_columns import ToldColumns
from media.storage import working_folder
from opendata.copied_tables import table_of
from opendata.layers import Layer
from opendata.whole_sets import (
    GEOJSON,
    GEOJSONL,
    Batches,
    Copying,
    Form,
    WholeSet,
    copy_collection,
    write_collection,
)
from web.links import public_link
from web.spreadsheets import check_rows

T = TypeVar("T")

_ROOT: Final = Path(__file__).resolve().parents[1]
#: The child has written the last of it by then: an index of ten million features takes some minutes.
_LAST_S: Final = 600.0
_END: Final = b"\r\n"
#: Between two processes, which so wait less often for each other than with 64 KiB.
_PIPE_BYTES: Final = 1024**2
#: Rows of a file that is written in a request: what takes longer than some ten seconds is a worker's.
_AT_ONCE: Final = 1_000_000
_AT_ONCE_SLOWLY: Final = 100_000


@dataclass(frozen=True)
class FileKind:
    """A format by the ``ending`` of its address; ``row`` is what of a row ``write`` makes the file of."""

    ending: str
    media_type: str
    description: str
    row: Callable[[Layer, str], Expression]
    write: Callable[[Layer, str, BinaryIO, Batches], object]
    #: Sorted by place, so that who looks for a part of the map reads a part of the file.
    in_space: bool = False
    packs: bool = True
    #: These are as of a ``Form``.
    copy: Callable[[Layer, str, BinaryIO, Copying], object] | None = None
    at_once: int | None = None
    seconds: float = 10.0
    #: The columns that are copied, where that is no row's text.
    columns: Callable[[Layer, str], Columns] | None = None

    def whole_set(
        self,
        layer: Layer,
        rows: QuerySet[Any],
        language: str = "",
        *,
        work: Callable[[], AbstractContextManager[None]] = nullcontext,
        version: Callable[[], str] = public_version,
    ) -> WholeSet:
        """The rows of the layer in this format, names in the language where they are in one."""
        if self.in_space:
            if rows.query.is_sliced:
                # As many as a limit says are chosen in their own order.
                rows = rows.model._default_manager.filter(pk__in=rows.values("pk"))
            rows = rows.order_by(layer.column, "pk")
        # The layer is in its name: two that have no rows are two files.
        name = f"{layer.name}.{self.ending}"
        words = json.dumps(_told(layer, language))
        write = partial(self.write, layer, language)
        copied = self.copy and partial(self.copy, layer, language)
        table = (
            partial(table_of, rows, self.columns(layer, language), layer.looked_up) if self.columns else None
        )
        form = Form(name, self.media_type, write, self.packs, words, copied, self.at_once, self.seconds)
        return WholeSet(feature_statement(rows, self.row(layer, language)), form, work, version, table)


def _write_csv(layer: Layer, language: str, file: BinaryIO, batches: Batches) -> None:
    file.write(",".join(layer.table(language)).encode() + _END)
    file.writelines(_END.join(batch) + _END for batch in batches)


def _converted(ending: str, layer: Layer, language: str, file: BinaryIO, batches: Batches) -> None:
    _convert(
        ending,
        layer,
        language,
        file,
        lambda rows: rows.writelines(
            chain([ToldColumns().line], (framed(batch, typed=True) for batch in batches))
        ),
    )


def _write_sheet(layer: Layer, language: str, file: BinaryIO, batches: Batches) -> None:
    _converted("xlsx", layer, language, file, _counted(batches))


def _copied(ending: str, layer: Layer, language: str, file: BinaryIO, copying: Copying) -> None:
    _convert(ending, layer, language, file, lambda rows: copying(rows, ""))


def _told(layer: Layer, language: str) -> dict[str, Any]:
    """What the child must know of a layer."""
    return {
        "layer": layer.name,
        "geometry": layer.geometry,
        "decimals": DECIMALS,
        "description": layer.description,
        "fields": [{"name": one.name, **one.described} for one in layer.properties],
        "licence": settings.DATA_LICENCE,
        "source": public_link(f"/data/{layer.name}"),
        "language": language,
    }


def _counted(batches: Batches) -> Iterator[list[bytes]]:
    """The batches. Raises ``Refused`` when they are more than a sheet holds."""
    count = 0
    for batch in batches:
        count += len(batch)
        check_rows(count)
        yield batch


def _convert(
    ending: str, layer: Layer, language: str, file: BinaryIO, feed: Callable[[BinaryIO], object]
) -> None:
    """Has a child make the file of the rows with which it is fed. Raises ``OSError`` as writing does, and ``RuntimeError``."""
    with working_folder("data-") as folder, (Path(folder) / "errors").open("w+b") as errors:
        target = Path(folder) / f"{layer.name}.{ending}"
        child = subprocess.Popen(
            [sys.executable, "-m", "opendata.converting"],
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            cwd=_ROOT,
            env={
                "PYTHONPATH": str(_ROOT),
                "LANG": "C.UTF-8",
                "TMPDIR": folder,
                "OPENBLAS_NUM_THREADS": "1",
                "MALLOC_ARENA_MAX": "1",
            },
        )
        try:
            with suppress(OSError):  # this user has as much in pipes as he may
                fcntl.fcntl(cast("BinaryIO", child.stdin), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            # A child that has ended says itself why.
            with suppress(BrokenPipeError), cast("BinaryIO", child.stdin) as rows:
                order = {"target": str(target), "ending": ending, **_told(layer, language)}
                rows.write(json.dumps(order).encode() + b"\n")
                feed(rows)
            status = child.wait(_LAST_S)
        finally:
            child.kill()
            child.wait()
        if status:
            errors.seek(0)
            raise RuntimeError(f"{target} was not made: {errors.read()[-2000:].decode(errors='replace')}")
        # The kernel copies from file to file.
        shutil.copyfile(target, f"/dev/fd/{file.fileno()}")


CSV: Final = FileKind(
    "csv",
    "text/csv; charset=utf-8",
    "Comma-separated values (RFC 4180), UTF-8 without byte order mark.",
    Layer.row,
    _write_csv,
)


def of_features(form: Form, description: str) -> FileKind:
    """What the form makes of the texts of features."""
    write, copy = _of_any_layer(form.write), form.copy and _of_any_layer(form.copy)
    return FileKind(form.ending, form.media_type, description, Layer.feature, write, copy=copy)


def _of_any_layer(make: Callable[[BinaryIO, T], object]) -> Callable[[Layer, str, BinaryIO, T], object]:
    return lambda _layer, _language, file, given: make(file, given)


def _named(make: Callable[[BinaryIO, T, str], object]) -> Callable[[Layer, str, BinaryIO, T], object]:
    return lambda layer, _language, file, given: make(file, given, layer.name)


def _kind(
    ending: str, media_type: str, description: str, *, at_once: int = _AT_ONCE, **more: Any
) -> FileKind:
    write, copy = partial(_converted, ending), partial(_copied, ending)
    return FileKind(
        ending,
        media_type,
        description,
        Layer.raw_row,
        write,
        copy=copy,
        columns=Layer.raw_columns,
        at_once=at_once,
        **more,
    )


FLATGEOBUF: Final = _kind(
    "fgb", "application/vnd.flatgeobuf", "FlatGeobuf, with its index in space.", in_space=True
)
XLSX: Final = FileKind(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "A workbook for Excel and LibreOffice; moments are UTC. At most 1,048,575 rows.",
    Layer.raw_row,
    _write_sheet,
    packs=False,
    at_once=_AT_ONCE_SLOWLY,
    seconds=120.0,
)
_GIS: Final = (
    _kind(
        "gpkg",
        "application/geopackage+sqlite3",
        "GeoPackage, with descriptions and code lists of its fields.",
    ),
    FLATGEOBUF,
    _kind(
        "parquet",
        "application/vnd.apache.parquet",
        "GeoParquet 1.1, sorted in space, with a column of boxes.",
        in_space=True,
        packs=False,
    ),
    _kind("kml", "application/vnd.google-earth.kml+xml", "KML 2.2.", at_once=_AT_ONCE_SLOWLY, seconds=20.0),
    _kind(
        "shp.zip",
        "application/zip",
        "A zipped Shapefile and a sheet of its fields: names are cut to 10 characters, texts to 254 bytes.",
        packs=False,
        at_once=_AT_ONCE_SLOWLY,
        seconds=90.0,
    ),
)

_TEXTS: Final = (
    replace(
        of_features(GEOJSON, "GeoJSON (RFC 7946)."),
        write=_named(write_collection),
        copy=_named(copy_collection),
    ),
    of_features(GEOJSONL, "One GeoJSON feature a line, to be read as it comes (GDAL's GeoJSONSeq)."),
    CSV,
)


def kinds_of(layer: Layer) -> Mapping[str, FileKind]:
    """The formats in which the layer can be had, by the ending of the address. A polygon fits in no cell of a sheet."""
    kinds = (*_TEXTS, *_GIS) if layer.geometry != "Point" else (*_TEXTS, *_GIS, XLSX)
    return {kind.ending: kind for kind in kinds}

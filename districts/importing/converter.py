"""The confined child that opens files of geographic programs with GDAL: ``districts.importing.formats`` starts it."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from jobs.confined import obey

#: GDAL opens whatever it recognises, also formats that name other files to be read.
_DRIVERS: Final = {"GPKG", "ESRI Shapefile", "KML", "LIBKML"}
_FEATURES_MAX: Final = 100_000
#: Where a .dbf has the number of its code page, and those that name none: 0, and the computer's on which it was written.
_DBF_LANGUAGE: Final = 29
_NO_LANGUAGE: Final = {0x00, 0x57}


class _Refused(Exception):
    """The file cannot be taken; ``str()`` says why."""


def _convert(order: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"crs": _converted(**order)}
    except _Refused as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"refused": "it needs more memory than it may take"}


def _converted(source: str, made: str, layer: str, crs: str, encoding: str, bounds: list[float]) -> str:
    """Writes the layer to ``made`` and returns the name of its CRS."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        path, layer = _chosen(source, layer)
        info = pyogrio.read_info(path, layer=layer)
        if info["driver"] not in _DRIVERS:
            raise _Refused(f"{info['driver']} is not a format that is read")
        meta, _, shapes, columns = pyogrio.raw.read(
            path, layer=layer, max_features=_FEATURES_MAX + 1, encoding=encoding or None
        )
    except UnicodeDecodeError:
        said = encoding or "in the encoding that it declares"
        raise _Refused(f"its text is not {said}: name the one that it is in with --encoding") from None
    except (DataLayerError, DataSourceError, zipfile.BadZipFile) as error:
        raise _Refused(f"it is damaged, or not what it seems to be: {str(error)[:200]}") from None
    if shapes is None or not len(shapes):
        raise _Refused("the layer has no areas")
    if len(shapes) > _FEATURES_MAX:
        raise _Refused(f"the layer has more than {_FEATURES_MAX:,} features")
    name, transform = _way(meta["crs"], crs, bounds)
    names = [str(field) for field in meta["fields"]]
    if not encoding and path.lower().endswith(".shp") and not _declares_encoding(source, path):
        texts = (value for column in [names, *columns] for value in column)
        if not all(text.isascii() for text in texts if isinstance(text, str)):
            raise _Refused(
                "it does not say in which encoding its text is (a Shapefile does so in its .cpg); name it with "
                "--encoding, such as cp1251"
            )
    features = (
        {
            "type": "Feature",
            "properties": {key: _plain(column[n]) for key, column in zip(names, columns, strict=True)},
            "geometry": _geometry(shape, transform),
        }
        for n, shape in enumerate(shapes)
    )
    _write(Path(made), features)
    return name


def _chosen(source: str, layer: str) -> tuple[str, str]:
    """GDAL's path of the file and the layer to be read."""
    import pyogrio

    if source.endswith(".zip"):
        names = zipfile.ZipFile(source).namelist()
        shapefiles = {Path(name).stem: name for name in names if name.lower().endswith(".shp")}
        documents = {Path(name).stem: name for name in names if name.lower().endswith(".kml")}
        if shapefiles:
            inside = shapefiles[_one_of(sorted(shapefiles), layer)]
        elif documents:
            inside = documents[_one_of(sorted(documents), "")]
        else:
            raise _Refused("the archive holds no Shapefile (.shp) and no KML")
        source = f"/vsizip/{source}/{inside}"
    layers = [str(name) for name, kind in pyogrio.list_layers(source) if kind is not None]
    if not layers:
        raise _Refused("it has no layer of geometries")
    return source, _one_of(layers, layer)


def _declares_encoding(source: str, shapefile: str) -> bool:
    """Whether the Shapefile says, in a .cpg or by a number in its .dbf, in which encoding its text is."""
    archive = zipfile.ZipFile(source)
    stem = shapefile.removeprefix(f"/vsizip/{source}/")[: -len(".shp")]
    parts = {name[len(stem) :].lower(): name for name in archive.namelist() if name.startswith(f"{stem}.")}
    if ".cpg" in parts:
        return True
    if ".dbf" not in parts:
        return False
    with archive.open(parts[".dbf"]) as table:
        header = table.read(_DBF_LANGUAGE + 1)
    return len(header) > _DBF_LANGUAGE and header[_DBF_LANGUAGE] not in _NO_LANGUAGE


def _one_of(names: list[str], wanted: str) -> str:
    if wanted and wanted not in names:
        raise _Refused(f"it has no layer {wanted!r}; it has: {', '.join(names)}")
    if not wanted and len(names) > 1:
        raise _Refused(f"it has several layers, name one with --file-layer: {', '.join(names)}")
    return wanted or names[0]


def _way(declared: str | None, said: str, bounds: list[float]) -> tuple[str, Any]:
    """Name of the CRS, and the transformation from it to longitude and latitude in EPSG:4326."""
    from pyproj import CRS, Transformer
    from pyproj.aoi import AreaOfInterest
    from pyproj.exceptions import CRSError, ProjError

    if not declared and not said:
        raise _Refused(
            "it declares no coordinate reference system (a Shapefile does so in its .prj); name it with --crs"
        )
    try:
        crs = CRS.from_user_input(declared or said)
        if declared and said and not CRS.from_user_input(said).equals(crs, ignore_axis_order=True):
            raise _Refused(f"it declares {_shown(crs)}, not {said}")
        way = Transformer.from_crs(
            crs,
            4326,
            always_xy=True,
            # Its annotation names a private class of the same shape.
            area_of_interest=AreaOfInterest(*bounds),  # type: ignore[arg-type]
            allow_ballpark=False,
        )
        if not (crs.is_projected or crs.is_geographic):
            raise CRSError("not of places on the ground")
    except (CRSError, ProjError):
        raise _Refused(
            f"no way is known from its coordinate reference system to EPSG:4326 ({(declared or said)[:80]})"
        ) from None
    return _shown(crs), way


def _shown(crs: Any) -> str:
    authority = crs.to_authority()
    return f"{':'.join(authority)} ({crs.name})" if authority else str(crs.name)


def _geometry(wkb: bytes | None, way: Any) -> dict[str, Any] | None:
    """GeoJSON of the shape; without coordinates where GEOS does not know it (curves), for the strict reader to refuse."""
    import numpy as np
    import shapely

    if wkb is None:
        return None
    try:
        flat = shapely.force_2d(shapely.from_wkb(wkb))
    except shapely.errors.GEOSException:
        return {"type": "a curve or another geometry that is not read"}
    placed = shapely.transform(
        flat, lambda places: np.column_stack(way.transform(places[:, 0], places[:, 1]))
    )
    if not np.isfinite(shapely.get_coordinates(placed)).all():
        return {"type": "a geometry where its coordinate reference system is not defined"}
    found: dict[str, Any] = json.loads(shapely.to_geojson(placed))
    return found


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _write(made: Path, features: Iterable[dict[str, Any]]) -> None:
    with made.open("w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[')
        for n, feature in enumerate(features):
            out.write(("," if n else "") + json.dumps(feature, ensure_ascii=False))
        out.write("]}")


if __name__ == "__main__":
    obey(_convert)

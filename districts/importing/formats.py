"""Files of geographic programs: GeoPackage, zipped Shapefile, KML and KMZ become GeoJSON before anything else reads them.

GDAL opens them in a confined child, which transforms any CRS that they declare; what it writes passes the same strict
reading as a GeoJSON file of somebody's own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from districts.importing.files import FileRefused, known_encoding
from jobs.confined import ChildDied, ChildFailed, run_confined

_SECONDS: Final = 120.0
_MEMORY_BYTES: Final = 2 * 1024**3
#: First bytes of the file, and the suffix under which GDAL is to know it.
_MAGIC: Final = {b"SQLite format 3\x00": ".gpkg", b"PK\x03\x04": ".zip"}
_HEAD_BYTES: Final = 4096
_GZIP_MAGIC: Final = b"\x1f\x8b"
#: Suffixes of the formats that leave the encoding of their text to whoever writes them.
_IN_ANY_ENCODING: Final = {"", ".zip"}


@dataclass(frozen=True)
class GeoJsonFile:
    """A file of GeoJSON text; ``crs`` names the CRS from which it was transformed, empty if it was GeoJSON already."""

    path: Path
    crs: str = ""


@contextmanager
def as_geojson(path: Path, *, layer: str = "", crs: str = "", encoding: str = "") -> Iterator[GeoJsonFile]:
    """The file as GeoJSON: itself when it is text, else made of its ``layer`` (its only one), in EPSG:4326.

    ``crs`` is that of a file which declares none; ``encoding`` is that of a Shapefile's text, whatever it declares. Raises
    ``FileRefused`` for a format that is not read, a damaged file, a layer that is not there, several when none is named, a
    CRS that is missing or not understood, and text of an encoding that is not known.
    """
    suffix = _suffix(path, encoding)
    if encoding and suffix not in _IN_ANY_ENCODING:
        raise FileRefused(f"{path.name}: its format says in which encoding its text is: leave out --encoding")
    if not suffix:
        if layer:
            raise FileRefused("a GeoJSON file has no layers")
        yield GeoJsonFile(path)
        return
    with tempfile.TemporaryDirectory(prefix="areas-") as folder:
        # Under a name of ours: GDAL reads meaning into those of others.
        source, made = Path(folder, f"source{suffix}"), Path(folder, "made.geojson")
        source.symlink_to(path.absolute())
        order = {
            "source": str(source),
            "made": str(made),
            "layer": layer,
            "crs": crs,
            "encoding": known_encoding(encoding) if encoding else "",
            "bounds": list(settings.CITY_BOUNDS),
        }
        try:
            reply = run_confined(
                "districts.importing.converter", order, seconds=_SECONDS, memory_bytes=_MEMORY_BYTES
            )
        except ChildDied as death:
            raise FileRefused(
                f"{path.name} cannot be read: it is damaged or far too large ({death})"
            ) from None
        except ChildFailed as failure:
            last = str(failure).strip().rpartition("\n")[2]
            raise FileRefused(f"{path.name} could not be read here: {last}") from None
        if "refused" in reply:
            raise FileRefused(f"{path.name}: {reply['refused']}")
        yield GeoJsonFile(made, reply["crs"])


def _suffix(path: Path, encoding: str) -> str:
    """Suffix of the format that the content shows; empty for text that may be GeoJSON. Raises ``FileRefused``."""
    if path.suffix.lower() in {".shp", ".dbf", ".shx"}:
        raise FileRefused(
            "a Shapefile is several files: pack the .shp with its .dbf, .shx and .prj into one .zip"
        )
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        # Whoever reads it as text says what is wrong.
        return ""
    for magic, suffix in _MAGIC.items():
        if head.startswith(magic):
            return suffix
    if b"\x00" in head and not encoding and not head.startswith(_GZIP_MAGIC):
        raise FileRefused(
            f"{path.name} is not of a format that is read: GeoJSON, GeoPackage, zipped Shapefile, KML, KMZ"
        )
    return ".kml" if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<kml" in head else ""

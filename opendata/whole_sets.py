"""Whole sets: every feature that a reader may see, in one text of one snapshot of the database.

What the public sees is kept as a file until the data change, so that one text serves all readers and all of its parts,
and no reader, however slow, holds a thread or a transaction.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from districts.versions import public_version
from geo.geojson import MEDIA_TYPE, feature_batches
from web.api.texts import Busy, Text, digest, keep, kept, making

#: How often the beginning of a reading is tried until nobody commits between two statements.
_TRIES: Final = 50
#: The fastest: a text of a gigabyte is packed once for each version.
_LEVEL: Final = 1
#: At the end of the names of what is compressed.
_PACKED: Final = "-gzip"

Batches = Iterator[list[bytes]]


@dataclass(frozen=True)
class Form:
    """How features make a text: its media type, the name's ending, and what writes the batches into a file."""

    ending: str
    media_type: str
    write: Callable[[BinaryIO, Batches], object]
    #: Compressed on its way; what is compressed already is not.
    packs: bool = True
    #: What else stands in it than the rows.
    words: str = ""


def _write_collection(file: BinaryIO, batches: Batches) -> None:
    file.write(b'{"type":"FeatureCollection","features":[')
    count = 0
    for batch in batches:
        file.write(b",\n" if count else b"\n")
        file.write(b",\n".join(batch))
        count += len(batch)
    members = orjson.dumps({"numberMatched": count, "numberReturned": count})
    file.write(b"\n]," + members[1:] + b"\n")


def _write_lines(file: BinaryIO, batches: Batches) -> None:
    file.writelines(b"\n".join(batch) + b"\n" for batch in batches)


def _write_sequence(file: BinaryIO, batches: Batches) -> None:
    file.writelines(b"".join(b"\x1e%b\n" % text for text in batch) for batch in batches)


GEOJSON: Final = Form("geojson", MEDIA_TYPE, _write_collection)
#: GeoJSON text sequences (RFC 8142).
GEOJSONSEQ: Final = Form("geojsonseq", "application/geo+json-seq", _write_sequence)
#: One feature a line: newline-delimited GeoJSON, which GDAL knows as GeoJSONSeq.
GEOJSONL: Final = Form("geojsonl", "application/x-ndjson", _write_lines)


@dataclass(frozen=True)
class WholeSet:
    """What a ``feature_statement`` gives, in one form.

    ``work`` surrounds the making of a text that is not there yet. ``version`` tells the states of what is read apart, and none
    of them comes back.
    """

    statement: str
    form: Form
    work: Callable[[], AbstractContextManager[None]] = nullcontext
    version: Callable[[], str] = public_version

    def public_text(self, *, packed: bool = False) -> Text:
        """The text of this moment, kept for all who ask for the same; compressed by gzip when ``packed``.

        Raises ``Busy`` while too many are made. One statement when it is there.
        """
        end = _PACKED if packed else ""
        folder = self._folder + end
        if text := kept(folder, self._name(self.version()) + end):
            return text
        with self.work():
            return self._packed(folder) if packed else self._made(folder)

    def own_text(self) -> BinaryIO:
        """The text of this moment for one reader, in a file that is gone when it is closed."""
        file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        with self.work(), feature_batches(self.statement) as batches:
            self.form.write(file, batches)
        file.seek(0)
        return file

    def _made(self, folder: str) -> Text:
        with making(folder):
            if text := kept(folder, self._name(self.version())):
                return text  # of another thread that made it meanwhile
            with self._opened() as (version, batches):
                return keep(folder, self._name(version), lambda file: self.form.write(file, batches))

    def _packed(self, folder: str) -> Text:
        plain = kept(self._folder, self._name(self.version())) or self._made(self._folder)
        with plain.file, making(folder):
            name = plain.path.name + _PACKED
            return kept(folder, name) or keep(folder, name, lambda file: _pack(plain.file, file))

    @property
    def _folder(self) -> str:
        return digest(self.form.ending, self.form.words, self.statement, _made_by())

    def _name(self, version: str) -> str:
        return digest(self._folder, version)

    @contextmanager
    def _opened(self) -> Iterator[tuple[str, Batches]]:
        """The version and its rows: the cursor was opened between two looks that saw the same version."""
        for _try in range(_TRIES):
            before = self.version()
            with feature_batches(self.statement) as batches:
                if self.version() == before:
                    yield before, batches
                    return
        raise Busy


@cache
def _made_by() -> bytes:
    """What writes texts and files: a release that changes it makes them anew, though no data have changed."""
    sources = [path.read_bytes() for path in writers()]
    return b"".join([*sources, *(version(name).encode() for name in ("pyarrow", "pyogrio", "xlsxwriter"))])


def writers() -> list[Path]:
    """The files of the product that have a hand in a text, and some that have none: one too many costs a file made again."""
    root = Path(__file__).parents[1]
    of_rooms = [path for room in ("geo", "opendata") for path in sorted((root / room).glob("*.py"))]
    return [*of_rooms, root / "web/workbooks.py", root / "web/spreadsheets.py"]


def _pack(plain: BinaryIO, file: BinaryIO) -> None:
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed:
        shutil.copyfileobj(plain, packed, 1024 * 1024)

"""Whole sets: every feature that a reader may see, in one text of one snapshot of the database.

What the public sees is kept as a file until the data change, so that one text serves all readers and all of its parts,
and no reader, however slow, holds a thread or a transaction.
"""

from __future__ import annotations

import datetime as dt
import gzip
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import orjson
from django.utils import timezone

from appeals.querysets import seen_until
from appeals.taken_away import taken_away_since
from districts.versions import public_version
from geo.geojson import MEDIA_TYPE, feature_batches
from geo.large_texts import LARGE, copy_lines, copy_table, expected_rows, shared_snapshot
from geo.zstd import zstd
from opendata.copied_tables import Table
from web.api.texts import Busy, Text, digest, keep, kept, making, of_folder
from web.compression import Coding

#: How often the beginning of a reading is tried until nobody commits between two statements.
_TRIES: Final = 50
#: Gzip's fastest: a text of a gigabyte is packed once for each version.
_LEVEL: Final = 1
#: What a worker has made is given for so long.
LATELY: Final = dt.timedelta(hours=1)

Batches = Iterator[list[bytes]]
#: Copies the texts of all rows to a file, with this before each, or the rows of the table; says how many there are.
Copying = Callable[[BinaryIO, str], int]


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
    #: The same of a large set, whose rows PostgreSQL copies (``geo.large_texts``); None where it cannot.
    copy: Callable[[BinaryIO, Copying], object] | None = None
    #: So many rows are written within a request; any number where it is None.
    at_once: int | None = None
    #: About how many it takes to write a million rows on a small server.
    seconds: float = 10.0


class NotMade(LookupError):
    """A text that a worker makes is not there (yet)."""


def _head(name: str) -> bytes:
    return b'{"type":"FeatureCollection","name":%b,"features":[\n' % orjson.dumps(name)


def _tail(count: int) -> bytes:
    return b"]," + orjson.dumps({"numberMatched": count, "numberReturned": count})[1:] + b"\n"


def write_collection(file: BinaryIO, batches: Batches, name: str = "") -> None:
    """A FeatureCollection; GDAL calls the layer by its name (of an address with a query, it would say OGRGeoJSON)."""
    file.write(_head(name))
    count = 0
    for batch in batches:
        file.write((b"," if count else b" ") + b"\n,".join(batch) + b"\n")
        count += len(batch)
    file.write(_tail(count))


def copy_collection(file: BinaryIO, copying: Copying, name: str = "") -> None:
    """The same of rows that PostgreSQL copies."""
    file.write(_head(name))
    first = file.tell()
    if count := copying(file, ","):
        file.seek(first)
        file.write(b" ")
        file.seek(0, os.SEEK_END)
    file.write(_tail(count))


def _lines(before: str = "") -> dict[str, Any]:
    mark = before.encode()
    between = b"\n" + mark

    def write(file: BinaryIO, batches: Batches) -> None:
        file.writelines(mark + between.join(batch) + b"\n" for batch in batches)

    return {"write": write, "copy": lambda file, copying: copying(file, before)}


GEOJSON: Final = Form("geojson", MEDIA_TYPE, write_collection, copy=copy_collection)
#: GeoJSON text sequences (RFC 8142).
GEOJSONSEQ: Final = Form("geojsonseq", "application/geo+json-seq", **_lines("\x1e"))
#: One feature a line: newline-delimited GeoJSON, which GDAL knows as GeoJSONSeq.
GEOJSONL: Final = Form("geojsonl", "application/x-ndjson", **_lines())


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
    #: The rows as a table, where that is what a large set is made of.
    table: Callable[[], Table] | None = None

    @cached_property
    def rows(self) -> int:
        """About how many rows it has; one statement, which counts nothing."""
        return expected_rows(self.statement)

    @property
    def is_long(self) -> bool:
        """Whether it is for a worker to make."""
        return self.form.at_once is not None and self.rows > self.form.at_once

    @property
    def expected_s(self) -> float:
        """About how many seconds it takes to make."""
        return self.rows / 1_000_000 * self.form.seconds

    def long_text(self) -> Text:
        """The text that a worker has made ``LATELY``, or of this moment; kept as ``public_text`` keeps it.

        Data that change all the time would have it made again and again. Raises ``NotMade`` where there is none, and where
        something that may be in it was taken from the public since.
        """
        text = of_folder(self.folder)
        if text is None:
            raise NotMade
        is_current = text.path.name == self._name(self.version())
        is_given = is_current or (
            text.made_at > timezone.now() - LATELY and not taken_away_since(text.made_at)
        )
        if not is_given:
            text.file.close()
            raise NotMade
        return text

    def public_text(self, *, packed: Coding | None = None) -> Text:
        """The text of this moment, kept for all who ask for the same; ``packed`` by gzip or zstd, or as it is.

        Raises ``Busy`` while too many are made. One statement when it is there.
        """
        end = _end(packed) if packed else ""
        folder = self.folder + end
        if text := kept(folder, self._name(self.version()) + end):
            return text
        with self.work():
            return self._packed(folder, packed) if packed else self._made(folder)

    def own_text(self) -> BinaryIO:
        """The text of this moment for one reader, in a file that is gone when it is closed."""
        file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        with self.work(), self._opened() as (_version, write):
            write(file)
        file.seek(0)
        return file

    def _made(self, folder: str) -> Text:
        with making(folder):
            if text := kept(folder, self._name(self.version())):
                return text  # of another thread that made it meanwhile
            seen = seen_until()
            with self._opened() as (version, write):
                return keep(folder, self._name(version), write, seen=seen)

    def _packed(self, folder: str, coding: Coding) -> Text:
        plain = kept(self.folder, self._name(self.version())) or self._made(self.folder)
        with plain.file, making(folder):
            name, pack = plain.path.name + _end(coding), _PACK[coding]
            return kept(folder, name) or keep(folder, name, lambda file: pack(plain.file, file))

    @property
    def folder(self) -> str:
        """Names what it is of, in which form: the same of all states of the data."""
        return digest(self.form.ending, self.form.words, self.statement, _made_by())

    def _name(self, version: str) -> str:
        return digest(self.folder, version)

    @contextmanager
    def _opened(self) -> Iterator[tuple[str, Callable[[BinaryIO], object]]]:
        """The version and what writes its rows: what is read was seen between two looks that saw the same version."""
        seen = self._copied if self.form.copy and self.rows >= LARGE else self._fetched
        for _try in range(_TRIES):
            before = self.version()
            with seen() as write:
                if self.version() == before:
                    yield before, write
                    return
        raise Busy

    @contextmanager
    def _fetched(self) -> Iterator[Callable[[BinaryIO], object]]:
        with feature_batches(self.statement) as batches:
            yield lambda file: self.form.write(file, batches)

    @contextmanager
    def _copied(self) -> Iterator[Callable[[BinaryIO], object]]:
        def copying(file: BinaryIO, before: str) -> int:
            if table:
                file.write(table.told.line)
                return copy_table(file, table.statement, snapshot)
            return copy_lines(file, self.statement, snapshot, before=before)

        with shared_snapshot() as snapshot:
            table = self.table() if self.table else None
            yield lambda file: cast("Any", self.form.copy)(file, copying)


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


def _end(coding: Coding) -> str:
    """At the end of the names of what is compressed so."""
    return f"-{coding}"


def _gzip(plain: BinaryIO, file: BinaryIO) -> None:
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed:
        shutil.copyfileobj(plain, packed, 1024 * 1024)


_PACK: Final[dict[Coding, Callable[[BinaryIO, BinaryIO], None]]] = {"gzip": _gzip, "zstd": zstd}

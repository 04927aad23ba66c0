"""Rows of an external table, one at a time: CSV with a header row, or the features of a GeoJSON file.

Every line of a CSV file belongs to one row, so that what is reported balances against the file. RFC 4180 lets a quoted
field go on over several lines, and a single quotation mark too many would make one field of all the rows up to the next
one. A field that swallows what is a row by itself is therefore taken for a broken one: the row where it begins is
refused, and reading goes on with the next line.
"""

from __future__ import annotations

import csv
import json
import math
import unicodedata
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

from appeals.importing.mapping import SourceMapping
from districts.importing.features import can_be_stored, crs_of, read_features
from districts.importing.files import FileRefused, TextFile
from geo.crs import WGS84, Crs

#: Coordinates of a GeoJSON point, under names that no column has.
GEOMETRY_X, GEOMETRY_Y = "\x00x", "\x00y"

#: What else may stand between the columns of what is called CSV.
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True)
class Row:
    """Values by column, all text, stripped, in NFC; ``fault`` says why the row is malformed.

    ``n`` is the line in the CSV file where the row begins, or the number of the feature. ``fields`` is what there is of a
    malformed row of a table.
    """

    n: int
    values: Mapping[str, str]
    fault: str = ""
    fields: Sequence[str] = ()


def count_rows(file: TextFile) -> int:
    """How many rows the file has; of a CSV file, its lines, which are no fewer.

    GeoJSON is read to its end, so that what is wrong with it is known before anything is written. Raises
    ``FileRefused``.
    """
    if not _is_json(file):
        return file.lines
    with file.opened() as stream:
        return sum(1 for _feature in read_features(stream))


def crs_of_places(file: TextFile, mapping: SourceMapping) -> Crs:
    """The CRS of the rows' coordinates: of a geometry the one that the file declares, of columns what the mapping says.

    Raises ``FileRefused`` where the two contradict each other, where a file declares what is not understood, and where
    it declares another one than WGS 84 and the mapping does not say what its columns are in.
    """
    place = mapping.place
    if not _is_json(file):
        return place.crs or WGS84
    if not place.x:
        return crs_of(file, place.crs)
    if place.crs is None and not (declared := crs_of(file)).is_wgs84:
        raise FileRefused(
            f"it declares {declared}: say in the mapping, with srid, in which system its columns {place.x} and {place.y} are"
        )
    return place.crs or WGS84


def columns_of(file: TextFile, mapping: SourceMapping) -> list[str]:
    """The columns of a CSV file in its order; of GeoJSON, whose features differ, those that the mapping names.

    Raises ``FileRefused`` as ``read_rows`` does.
    """
    if file.starts_with == "[":
        raise FileRefused(
            "it is a JSON list, which is not read: docs/importing.md says how to make a table of Open311's requests"
        )
    if _is_json(file):
        return [*sorted(mapping.columns()), GEOMETRY_X, GEOMETRY_Y]
    with file.opened() as stream:
        return list(
            dict.fromkeys(_header(csv.reader(stream, delimiter=mapping.delimiter, strict=True), mapping))
        )


def read_rows(file: TextFile, mapping: SourceMapping) -> Iterator[Row]:
    """Rows of the file, which is GeoJSON if it starts with a brace.

    Raises ``FileRefused`` when a column of the mapping is missing or there are two of it, or the text is not JSON.
    """
    with file.opened() as stream:
        yield from _features(stream) if _is_json(file) else _csv(stream, mapping)


def _is_json(file: TextFile) -> bool:
    return file.starts_with == "{"


def _csv(stream: TextIO, mapping: SourceMapping) -> Iterator[Row]:
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    header = _header(reader, mapping)
    looks_like_a_row = _Likeness(mapping, header)
    while True:
        lines.begin_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = f"it is not CSV, or a quotation mark in it is not closed: {error}"
            yield Row(lines.first, {}, fault, [lines.first_line])
            lines.read_again()
            continue
        if swallowed := next((n for n, line in lines.continued() if looks_like_a_row(line)), None):
            yield Row(
                lines.first,
                {},
                f"a quotation mark in it is not closed: line {swallowed}, a row of its own, would become part of it",
                [lines.first_line],
            )
            lines.read_again()
        elif fields and len(fields) != len(header):
            fault = f"it has {len(fields)} fields, the header row has {len(header)}"
            yield Row(lines.first, {}, fault, fields)
        elif fields:
            yield Row(lines.first, dict(zip(header, map(_clean, fields), strict=True)))


def _header(reader: Iterator[list[str]], mapping: SourceMapping) -> list[str]:
    try:
        header = list(map(_clean, next(reader)))
    except (StopIteration, csv.Error) as error:
        raise FileRefused(f"its header row cannot be read: {error}") from None
    _require(mapping, header)
    return header


class _Lines:
    """The lines of a file, as the rows take them; those after a row's first one can be read again as rows of their own.

    ``first`` is the number of the line where the row begins, from 1.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self.first = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._stream)
        self._taken.append(line)
        return line

    def begin_row(self) -> None:
        """The next line is the first of another row."""
        self.first += len(self._taken)
        self._taken = []

    @property
    def first_line(self) -> str:
        """Text of the row's first line, as much of it as a CSV reader takes for a field."""
        return self._taken[0].rstrip("\r\n")[: csv.field_size_limit() - 1]

    def continued(self) -> Iterator[tuple[int, str]]:
        """Number and text of the row's lines after the first."""
        return ((self.first + n, line) for n, line in enumerate(self._taken) if n)

    def read_again(self) -> None:
        """Gives the lines after the first back."""
        self._waiting.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]


class _Likeness:
    """Whether a single line is a row by itself: it has all the fields, and a time or a place where they belong."""

    def __init__(self, mapping: SourceMapping, header: list[str]) -> None:
        self._mapping, self._header = mapping, header

    def __call__(self, line: str) -> bool:
        fields = next(csv.reader([line], delimiter=self._mapping.delimiter), [])
        if len(fields) != len(self._header):
            return False
        values = dict(zip(self._header, map(_clean, fields), strict=True))
        return self._has_time(values) or self._has_place(values)

    def _has_time(self, values: Mapping[str, str]) -> bool:
        try:
            self._mapping.created.read(values[self._mapping.created.column])
        except ValueError:
            return False
        return True

    def _has_place(self, values: Mapping[str, str]) -> bool:
        place = self._mapping.place
        try:
            return all(math.isfinite(float(place.number(values[column]))) for column in (place.x, place.y))
        except ValueError:
            return False


def _require(mapping: SourceMapping, header: list[str]) -> None:
    if not mapping.place.x:
        raise FileRefused("it is CSV, whose rows have no geometry: name the columns of the place")
    wanted = mapping.columns()
    if missing := wanted - set(header):
        raise FileRefused(
            f"it has no column {', '.join(sorted(missing))}; its columns are {', '.join(header[:40])}"
            + _hint(mapping, header)
        )
    # One of them would be read, the other lost; nobody would know which.
    if twice := sorted(name for name, n in Counter(header).items() if n > 1 and name in wanted):
        raise FileRefused(f"it has several columns named {', '.join(twice)}: give each a name of its own")


def _hint(mapping: SourceMapping, header: list[str]) -> str:
    line = mapping.delimiter.join(header)
    for delimiter in _DELIMITERS:
        if mapping.columns() <= {_clean(name) for name in line.split(delimiter)}:
            return f". The delimiter of this file seems to be {delimiter!r}, that of the mapping is {mapping.delimiter!r}"
    return ""


class _Properties(dict[str, str]):
    """A feature may omit properties without a value."""

    def __missing__(self, key: str) -> str:
        return ""


def _features(stream: TextIO) -> Iterator[Row]:
    for feature in read_features(stream):
        values = _Properties({key: _as_text(value) for key, value in feature.properties.items()})
        geometry = feature.geometry
        if isinstance(geometry, dict) and geometry.get("type") == "Point":
            coordinates = geometry.get("coordinates")
            if isinstance(coordinates, list) and len(coordinates) in (2, 3):
                values[GEOMETRY_X], values[GEOMETRY_Y] = map(_as_text, coordinates[:2])
        elif geometry is not None:
            yield Row(feature.n, {}, "its geometry is not a Point")
            continue
        fault = "" if all(map(can_be_stored, values.values())) else "it has a character that cannot be stored"
        yield Row(feature.n, values, fault)


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


def _as_text(value: Any) -> str:
    """The JSON value as a table would show it: 1001.0 is the number 1001."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return json.dumps(value, ensure_ascii=False)

"""Rows of an external table, one at a time: CSV with a header row, or the features of a GeoJSON file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from appeals.importing.mapping import SourceMapping
from districts.importing.features import read_features
from districts.importing.files import FileRefused, TextFile

#: Coordinates of a GeoJSON point, under names that no column has.
GEOMETRY_X, GEOMETRY_Y = "\x00x", "\x00y"


@dataclass(frozen=True)
class Row:
    """Values by column, all text, stripped; ``fault`` says why the row is malformed.

    ``n`` is the line in the CSV file where the row ends, or the number of the feature.
    """

    n: int
    values: Mapping[str, str]
    fault: str = ""


def read_rows(file: TextFile, mapping: SourceMapping) -> Iterator[Row]:
    """Rows of the file, which is GeoJSON if it starts with a brace.

    Raises ``FileRefused`` when a column of the mapping is missing, or the text is not JSON.
    """
    with file.opened() as stream:
        yield from _features(stream) if file.starts_with == "{" else _csv(stream, mapping)


def _csv(stream: TextIO, mapping: SourceMapping) -> Iterator[Row]:
    reader = csv.reader(stream, delimiter=mapping.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader)]
    except (StopIteration, csv.Error) as error:
        raise FileRefused(f"its header row cannot be read: {error}") from None
    _require(mapping, header)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(reader.line_num, {}, f"it is not CSV: {error}")
            continue
        if not fields:
            continue
        if len(fields) != len(header):
            yield Row(reader.line_num, {}, f"it has {len(fields)} fields, the header row has {len(header)}")
            continue
        yield Row(reader.line_num, dict(zip(header, map(str.strip, fields), strict=True)))


def _require(mapping: SourceMapping, header: list[str]) -> None:
    if missing := mapping.columns() - set(header):
        raise FileRefused(
            f"it has no column {', '.join(sorted(missing))}; its columns are {', '.join(header[:40])}"
        )


_UNFIT = re.compile("[\x00\ud800-\udfff]").search


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
        # JSON can escape characters the database cannot store: NUL, and half a surrogate pair.
        fault = "it has a character that cannot be stored" if any(map(_UNFIT, values.values())) else ""
        yield Row(feature.n, values, fault)


def _as_text(value: Any) -> str:
    return "" if value is None else str(value).strip()

"""Rows in PostgreSQL's binary form, held against the same values as the database's driver reads them."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from geo.binary_rows import columns
from geo.row_frames import Frame, framed, frames

_MOMENT: Final = pa.timestamp("us", "UTC")
#: A column of each kind, with two values as the database writes them.
KINDS: Final = {
    "text": (pa.string(), ["'Көчө \\ \n'", "''"]),
    "varchar": (pa.string(), ["'é'", "'x'"]),
    "bytea": (pa.binary(), [r"'\x00ff'", r"'\x'"]),
    "smallint": (pa.int64(), ["'-32768'", "'7'"]),
    "integer": (pa.int64(), ["'-2147483648'", "'7'"]),
    "bigint": (pa.int64(), ["'-9223372036854775808'", "'7'"]),
    "float8": (pa.float64(), ["'72.123456789'", "'-0.5'"]),
    "boolean": (pa.bool_(), ["true", "false"]),
    "date": (pa.date32(), ["'1999-12-31'", "'2026-05-31'"]),
    "timestamptz": (_MOMENT, ["'1969-12-31T23:59:59.999999Z'", "'2026-05-31T10:00:00.12+06:00'"]),
    "uuid": (pa.uuid(), ["'0a3be0f1-0000-7fff-8000-ffffffffffff'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"]),
}


def _plain(value: Any) -> Any:
    match value:
        case memoryview():
            return bytes(value)
        case uuid.UUID():
            return str(value)
        case dt.datetime():
            return value.astimezone(dt.UTC)
    return value


def _in_binary_form(rows: Sequence[str]) -> list[memoryview]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT record_send(ROW({row}))" for row in rows))
        return [sent for (sent,) in cursor.fetchall()]


def _read(rows: Sequence[str], kinds: Sequence[str]) -> list[list[Any]]:
    (frame,) = frames(io.BytesIO(framed(_in_binary_form(rows), typed=True)))
    read = columns(frame, [KINDS[kind][0] for kind in kinds])
    return [[_plain(value) for value in column.to_pylist()] for column in read]


def _cells(values: Sequence[str | None], kinds: Sequence[str]) -> str:
    return ",".join(f"{value or 'NULL'}::{kind}" for value, kind in zip(values, kinds, strict=True))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_with_null_first_last_and_alone(kind: str) -> None:
    one, other = KINDS[kind][1]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {one}::{kind}, {other}::{kind}")
        first, second = map(_plain, cursor.fetchone())
    for written, expected in [
        ([one, other], [first, second]),
        ([None, one, None, other], [None, first, None, second]),
        ([other, None], [second, None]),
        ([None], [None]),
    ]:
        (read,) = _read([_cells([value], [kind]) for value in written], [kind])
        assert read == expected


@pytest.mark.django_db
def test_every_kind_beside_the_others() -> None:
    kinds = list(KINDS)
    rows = [[values[n % 2] if n < 3 else None for _kind, values in KINDS.values()] for n in range(5)]
    whole = _read([_cells(row, kinds) for row in rows], kinds)
    for kind, read in zip(kinds, whole, strict=True):
        (alone,) = _read([_cells([row[kinds.index(kind)]], [kind]) for row in rows], [kind])
        assert read == alone


@given(st.lists(st.lists(st.binary(max_size=9), max_size=5), max_size=4))
def test_frames_are_read_as_they_were_made(parts: list[list[bytes]]) -> None:
    stream = io.BytesIO(b"".join(framed(rows, typed=bool(len(rows) % 2)) for rows in parts))
    read = list(frames(stream))
    assert [frame.typed for frame in read] == [bool(len(rows) % 2) for rows in parts]
    assert [list(_rows(frame)) for frame in read] == parts


def _rows(frame: Frame) -> Iterator[bytes]:
    start = 0
    for length in frame.lengths:
        yield frame.raw[start : start + length]
        start += length


def test_no_row_is_no_column_without_values() -> None:
    (frame,) = frames(io.BytesIO(framed([], typed=False)))
    kinds = [kind for kind, _values in KINDS.values()]
    read = columns(frame, kinds)
    assert [len(column) for column in read] == [0] * len(kinds)
    assert read[-1].type == pa.string()


@pytest.mark.parametrize("left", [1, 9, 12, 17])
def test_a_frame_that_breaks_off_is_a_fault(left: int) -> None:
    with pytest.raises(EOFError):
        list(frames(io.BytesIO(framed([b"abc", b"de"], typed=False)[:left])))

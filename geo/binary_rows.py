"""Columns of Arrow from rows in PostgreSQL's binary form: some steps for a column of many rows, none for a value. Knows no Django.

Source: PostgreSQL's manual, COPY, "Binary Format"; ``record_send`` and the functions of its types that send.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.row_frames import Frame

#: PostgreSQL counts days and microseconds from the first day of 2000.
_DAYS: Final = 10_957
_MICROSECONDS: Final = _DAYS * 86_400_000_000
_MOMENT: Final = pa.timestamp("us", "UTC")
#: Of a value's length; -1 is NULL. Of its type, where that stands before it. Of the number of a row's values.
_LENGTH_BYTES: Final = 4
_TYPE_BYTES: Final = 4
_COUNT_BYTES: Final = {False: 2, True: 4}
#: The digits of each byte.
_DIGITS: Final = np.frombuffer(bytes(range(256)).hex().encode(), "<u2")
#: Where they stand in the text of a UUID.
_OF_UUID: Final = [n for n in range(36) if n not in {8, 13, 18, 23}]

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


def columns(frame: Frame, types: Sequence[pa.DataType]) -> list[pa.Array]:
    """The columns of the frame's rows, which have as many values as there are types.

    Texts (UTF-8), bytes, whole numbers of any width (int64), float64, booleans, days (``date32``), moments (UTC, microseconds), and
    ``pa.uuid()`` as text.
    """
    ends = np.cumsum(np.frombuffer(frame.lengths, np.uint32), dtype=np.int64)
    if not len(ends):
        return [pa.array([], read_as(kind)) for kind in types]
    place = np.concatenate([[0], ends[:-1]]) + _COUNT_BYTES[frame.typed]
    return list(_columns(frame, place, types))


def _columns(frame: Frame, place: Places, types: Sequence[pa.DataType]) -> Iterator[pa.Array]:
    for kind in types:
        if frame.typed:
            place = place + _TYPE_BYTES
        length = _at(frame.raw, ">i4", place).astype(np.int64)
        start = place + _LENGTH_BYTES
        null = length < 0
        length[null] = 0
        place = start + length
        if kind in {pa.string(), pa.binary()}:
            yield _texts(frame.raw, start, place, null, kind)
        elif null.all():
            yield pa.nulls(len(null), read_as(kind))
        else:
            # A NULL has no bytes, and may be the last: any others stand in for it.
            start[null] = start[~null][0]
            yield _values(frame.raw, start, int(length.max()), null, kind)


def read_as(kind: pa.DataType) -> pa.DataType:
    """The type of the column that values of this kind become."""
    return pa.string() if kind == pa.uuid() else kind


def _at(raw: bytes, kind: str, place: Places) -> NDArray[Any]:
    """What of that kind begins at each place."""
    shown = np.dtype(kind)
    every: NDArray[Any] = np.ndarray((len(raw) - shown.itemsize + 1,), shown, raw, strides=(1,))
    return every[place]


def _texts(raw: bytes, start: Places, end: Places, null: Flags, kind: pa.DataType) -> pa.Array:
    """The frame is taken for an array of which every other member is a text, and the one after it what lies between two."""
    offsets = np.empty(2 * len(start) + 1, np.int32)
    offsets[:-1:2], offsets[1::2], offsets[-1] = start, end, end[-1]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(raw)]
    every = pa.Array.from_buffers(kind, 2 * len(start), buffers)
    return every.take(pa.array(np.arange(0, 2 * len(start), 2, dtype=np.int32), mask=null))


def _values(raw: bytes, start: Places, width: int, null: Flags, kind: pa.DataType) -> pa.Array:
    if kind == pa.uuid():
        return _uuids(_at(raw, "V16", start), null)
    if kind == pa.bool_():
        return pa.array(_at(raw, "u1", start).astype(bool), mask=null)
    if kind == pa.float64():
        return pa.array(_at(raw, ">f8", start).astype(np.float64), mask=null)
    numbers = _at(raw, f">i{width}", start).astype(np.int64)
    if kind == pa.date32():
        return pa.array((numbers + _DAYS).astype(np.int32), mask=null).view(kind)
    return pa.array(numbers + (_MICROSECONDS if kind == _MOMENT else 0), mask=null).view(kind)


def _uuids(values: NDArray[Any], null: Flags) -> pa.Array:
    texts = np.full((len(values), 36), ord("-"), np.uint8)
    texts[:, _OF_UUID] = _DIGITS[values.view(np.uint8)].view(np.uint8).reshape(len(values), 32)
    whole = (
        pa.Array.from_buffers(pa.binary(36), len(values), [None, pa.py_buffer(texts)])
        .cast(pa.binary())
        .view(pa.string())
    )
    return whole.take(pa.array(np.arange(len(values)), mask=null)) if null.any() else whole

"""Rows in PostgreSQL's binary form on their way to another process, many in a frame: where each ends is told, not looked for.

Knows no Django, and nothing that takes time to be imported.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

#: How many rows follow, their bytes, and whether each value has its type before it.
_HEAD: Final = struct.Struct("=II?")
#: Of a length.
_CODE: Final = "I"


@dataclass(frozen=True)
class Frame:
    """Rows one after the other, ``lengths`` their bytes (uint32); ``typed`` as ``record_send`` makes them, else as COPY does."""

    raw: bytes
    lengths: array[int]
    typed: bool


def framed(rows: Sequence[bytes | memoryview], *, typed: bool) -> bytes:
    """The frame of the rows, as ``frames`` reads it."""
    lengths = array(_CODE, map(len, rows))
    return b"".join([_HEAD.pack(len(rows), sum(lengths), typed), lengths.tobytes(), *rows])


def frames(stream: BinaryIO) -> Iterator[Frame]:
    """The frames until the stream's end. Raises ``EOFError`` where it breaks off in one."""
    while head := stream.read(_HEAD.size):
        count, size, typed = _HEAD.unpack(_whole(head, _HEAD.size))
        lengths = array(_CODE)
        told = count * lengths.itemsize
        lengths.frombytes(_whole(stream.read(told), told))
        yield Frame(_whole(stream.read(size), size), lengths, typed)


def _whole(part: bytes, size: int) -> bytes:
    if len(part) < size:
        raise EOFError("a frame of rows breaks off")
    return part

"""A table of an SQLite file, filled page by page: rows by the million without a statement for each. Knows no Django.

The table was made by SQLite and is empty; its rows are numbered from 1. A cell is what SQLite would have written, pages are full.

Source: sqlite.org, Database File Format: 1.3 (header), 1.5 (lock-byte page), 1.6 (b-tree pages, overflow), 2.1 (records).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

#: A row of a kilobyte leaves little of it empty, and one of 16 thousand characters may go on elsewhere.
PAGE_BYTES: Final = 16_384
#: Type, first free block, number of cells, where they begin, fragments; of a page with children also the last of them.
_LEAF: Final = struct.Struct(">BHHHB")
_INNER: Final = struct.Struct(">BHHHBI")
_NUMBER: Final = struct.Struct(">I")
_POINTER_BYTES: Final = 2
#: A cell of a page with children: the child, and its last row's number (at most 2**35).
_CHILDREN: Final = (PAGE_BYTES - _INNER.size) // (_NUMBER.size + 5 + _POINTER_BYTES)
#: What more of a row than this goes on in pages of its own, and what then stays at least.
_LOCAL_MAX: Final = PAGE_BYTES - 35
_LOCAL_MIN: Final = (PAGE_BYTES - 12) * 32 // 255 - 23
#: Holds the byte with which SQLite locks the file, and no row.
_LOCKED: Final = 2**30 // PAGE_BYTES + 1
#: Pages that are written together.
_AT_ONCE: Final = 64
#: Where the header has the number of pages.
_COUNT_AT: Final = 28

Whole = NDArray[np.int64]


class TableFilling:
    """Fills the table whose ``root`` page is empty, in a file of pages of ``PAGE_BYTES`` that nobody else has open."""

    def __init__(self, file: BinaryIO, root: int) -> None:
        self._file, self._root = file, root
        self._next = _usable(file.seek(0, 2) // PAGE_BYTES + 1)
        self._rows = 0
        self._held, self._lengths = b"", np.empty(0, np.int64)
        #: The pages with rows, and the last row of each.
        self._leaves: list[tuple[int, int]] = []
        #: Pages that follow each other, to be written together; the number of the first.
        self._pending: list[bytes] = []
        self._pending_from = self._next

    def add(self, parts: Sequence[pa.Array]) -> None:
        """Adds rows whose records are the parts, binary arrays, one after the other; a NULL is nothing."""
        sizes = sum(compute.binary_length(part).fill_null(0).to_numpy() for part in parts)
        payload = np.asarray(sizes, np.int64)
        numbers = np.arange(self._rows + 1, self._rows + len(payload) + 1)
        self._rows += len(payload)
        lead = bytes_of_varints([payload, numbers])
        cells = compute.binary_join_element_wise(
            lead, *parts, b"", null_handling="replace", null_replacement=b""
        )
        offsets = np.frombuffer(cells.buffers()[1], np.int32)[cells.offset :][: len(cells) + 1]
        data = memoryview(cells.buffers()[2] or b"")[offsets[0] : offsets[-1]]
        lengths = offsets[1:].astype(np.int64) - offsets[:-1]
        if len(payload) and payload.max() > _LOCAL_MAX:
            data, lengths = self._spilled(data, lengths, payload)
        self._held = b"".join([self._held, data])
        self._lengths = np.concatenate([self._lengths, lengths])
        self._write_leaves(last=False)

    def finish(self) -> int:
        """Writes what is left, the pages above, and how many pages the file has; the number of rows."""
        self._write_leaves(last=True)
        level = self._leaves
        while level:
            groups = np.array_split(np.array(level, np.int64), -(-len(level) // _CHILDREN))
            if len(groups) == 1:
                self._put(self._root, _inner_page(groups[0]))
                break
            level = [(self._append(_inner_page(group)), int(group[-1, 1])) for group in groups]
        self._write_pending()
        size = self._file.seek(0, 2)
        self._file.seek(_COUNT_AT)
        self._file.write(_NUMBER.pack(size // PAGE_BYTES))
        return self._rows

    def _write_leaves(self, *, last: bool) -> None:
        """Writes full pages of the cells that are held, and the ``last`` of them too."""
        places = np.concatenate([[0], np.cumsum(self._lengths)])
        # With their pointers.
        ends = (places[1:] + _POINTER_BYTES * np.arange(1, len(places))).tolist()
        firsts, used = [0], 0
        while firsts[-1] < len(ends):
            end = bisect_right(ends, used + PAGE_BYTES - _LEAF.size, firsts[-1])
            if end == len(ends) and not last:
                break
            firsts.append(end)
            used = ends[end - 1]
        pointers = _pointers(places, firsts)
        row = self._rows - len(ends)
        for first, end in pairwise(firsts):
            cells = self._held[places[first] : places[end]]
            page = _leaf_page(cells, pointers[first * _POINTER_BYTES : end * _POINTER_BYTES])
            if end == len(ends) and not self._leaves:
                self._put(self._root, page)
            else:
                self._leaves.append((self._append(page), row + end))
        self._held, self._lengths = self._held[places[firsts[-1]] :], self._lengths[firsts[-1] :]

    def _spilled(self, data: memoryview, lengths: Whole, payload: Whole) -> tuple[memoryview, Whole]:
        """The cells with what is too much of each written elsewhere."""
        cells, start = [], 0
        for length, size in zip(lengths.tolist(), payload.tolist(), strict=True):
            cell = bytes(data[start : start + length])
            start += length
            if size > _LOCAL_MAX:
                local = _LOCAL_MIN + (size - _LOCAL_MIN) % (PAGE_BYTES - _NUMBER.size)
                kept = length - size + (local if local <= _LOCAL_MAX else _LOCAL_MIN)
                cell = cell[:kept] + _NUMBER.pack(self._overflow(cell[kept:]))
            cells.append(cell)
        return memoryview(b"".join(cells)), np.array([len(cell) for cell in cells], np.int64)

    def _overflow(self, rest: bytes) -> int:
        """The first of the pages to which the rest was written."""
        first, room = self._next, PAGE_BYTES - _NUMBER.size
        for start in range(0, len(rest), room):
            more = _usable(self._next + 1) if start + room < len(rest) else 0
            self._append(_NUMBER.pack(more) + rest[start : start + room].ljust(room, b"\0"))
        return first

    def _append(self, page: bytes) -> int:
        number = self._next
        self._pending.append(page)
        self._next = _usable(number + 1)
        if self._next > number + 1 or len(self._pending) == _AT_ONCE:
            self._write_pending()
        return number

    def _write_pending(self) -> None:
        # What is passed over, the page of the lock, is empty.
        self._put(self._pending_from, b"".join(self._pending))
        self._pending, self._pending_from = [], self._next

    def _put(self, number: int, pages: bytes) -> None:
        self._file.seek((number - 1) * PAGE_BYTES)
        self._file.write(pages)


def bytes_of_varints(columns: Sequence[Whole]) -> pa.Array:
    """Numbers, not negative, as SQLite's varints: of each row those of all columns, one after the other, in a binary array."""
    digits, kept = [], []
    for numbers in columns:
        most = int(numbers.max(initial=0))
        for shift in range(7 * ((max(most.bit_length(), 1) - 1) // 7), -1, -7):
            digits.append((numbers >> shift & 127 | (128 if shift else 0)).astype(np.uint8))
            kept.append(numbers >> shift > 0 if shift else np.ones(len(numbers), bool))
    chosen = np.column_stack(kept)
    return binary_array(np.column_stack(digits)[chosen], chosen.sum(axis=1))


def binary_array(data: NDArray[Any], lengths: NDArray[np.integer]) -> pa.Array:
    """The bytes cut into values of these lengths."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(pa.binary(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _usable(number: int) -> int:
    return number + 1 if number == _LOCKED else number


def _pointers(places: Whole, firsts: Sequence[int]) -> bytes:
    """Where each cell begins in its page, at whose end they stand; ``firsts`` are the first cells of the pages, and the one after all."""
    ends = np.repeat(places[firsts[1:]], np.diff(firsts))
    pointers: bytes = (places[: firsts[-1]] - ends + PAGE_BYTES).astype(">u2").tobytes()
    return pointers


def _leaf_page(cells: bytes, pointers: bytes) -> bytes:
    begin = PAGE_BYTES - len(cells)
    head = _LEAF.pack(13, 0, len(pointers) // _POINTER_BYTES, begin, 0)
    return b"".join([head, pointers, bytes(begin - len(head) - len(pointers)), cells])


def _inner_page(children: Whole) -> bytes:
    """``children`` are pages and their last rows, of the shape (children, 2); at least two."""
    pages, rows = children[:-1].T
    lasts = bytes_of_varints([rows]).to_pylist()
    cells = [_NUMBER.pack(page) + last for page, last in zip(pages.tolist(), lasts, strict=True)]
    lengths = np.array([len(cell) for cell in cells])
    begin = PAGE_BYTES - int(lengths.sum())
    pointers: bytes = (begin + np.cumsum(lengths) - lengths).astype(">u2").tobytes()
    head = _INNER.pack(5, 0, len(cells), begin, 0, int(children[-1, 0])) + pointers
    return head.ljust(begin, b"\0") + b"".join(cells)

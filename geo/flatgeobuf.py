"""The index in space of a FlatGeobuf file, a packed Hilbert R-tree, made in a pass of its own. Knows no Django.

GDAL makes it too, but holds every feature's box, place and turn in memory until the last one has come. Here the features come
in their order in space, and a node is the box of 16 that follow each other.

Source: flatgeobuf.org, Specification (magic bytes, header, index, features), ``header.fbs``; ``packedrtree.cpp`` for the tree.
"""

from __future__ import annotations

import struct
from array import array
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

#: The box of a feature: western, southern, eastern and northern end.
BOX: Final = np.dtype(("<f8", 4))
#: ``offset`` is a feature's first byte behind the index, or the number of the node's first child.
_NODE: Final = np.dtype([("box", BOX), ("offset", "<u8")])
_CHILDREN: Final = 16
_MAGIC_BYTES: Final = 8
#: The number of the field ``index_node_size`` in the header's table.
_INDEX_NODE_SIZE: Final = 9
_SIZE: Final = struct.Struct("<I")
_AT_ONCE: Final = 1024 * 1024


def write_index(plain: Path, boxes: Path, target: Path) -> None:
    """Writes the ``target``, which has an index, of the features of a ``plain`` file that has none, in its order.

    ``boxes`` holds a ``BOX`` for each of them. The better the order is one in space, the less of the file a reader reads.
    Raises ``ValueError`` where the file has an index already, or another number of features.
    """
    with plain.open("rb") as source, target.open("wb") as file:
        header = _header(source)
        if not boxes.stat().st_size:
            file.write(header)  # nothing has no index
            return
        levels = _levels(np.memmap(boxes, BOX, "r"))
        first = sum(map(len, levels))
        file.write(header[:_MAGIC_BYTES] + _with_index(header[_MAGIC_BYTES:]))
        file.seek(first * _NODE.itemsize, 1)
        offsets = _copy_features(source, file)
        if len(offsets) != len(levels[0]):
            raise ValueError(f"there are {len(offsets)} features and {len(levels[0])} boxes")
        for level in levels:
            first -= len(level)
            file.seek(len(header) + first * _NODE.itemsize)
            _write_nodes(file, level, offsets)
            offsets = first + np.arange(0, len(level), _CHILDREN, dtype="<u8")


def _header(source: BinaryIO) -> bytes:
    """The magic bytes, the header's size, and the header."""
    start = source.read(_MAGIC_BYTES + _SIZE.size)
    (size,) = _SIZE.unpack_from(start, _MAGIC_BYTES)
    return start + source.read(size)


def _with_index(header: bytes) -> bytes:
    """The header, a FlatBuffers table behind its size, with the size of an index's nodes in place of the 0 for none."""
    said = bytearray(header)
    (root,) = struct.unpack_from("<I", said, _SIZE.size)
    table = _SIZE.size + root
    (back,) = struct.unpack_from("<i", said, table)
    (field,) = struct.unpack_from("<H", said, table - back + 4 + 2 * _INDEX_NODE_SIZE)
    # A field that is left out has its default, which is a size.
    if not field or struct.unpack_from("<H", said, table + field) != (0,):
        raise ValueError("the file has an index already")
    struct.pack_into("<H", said, table + field, _CHILDREN)
    return bytes(said)


def _levels(leaves: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The boxes of the tree's nodes, from the leaves to the root, which stands above a single leaf too."""
    levels = [leaves]
    while len(levels) == 1 or len(levels[-1]) > 1:
        below = levels[-1]
        firsts = np.arange(0, len(below), _CHILDREN)
        ends = (
            np.minimum.reduceat(below[:, :2], firsts, axis=0),
            np.maximum.reduceat(below[:, 2:], firsts, axis=0),
        )
        levels.append(np.hstack(ends))
    return levels


def _copy_features(source: BinaryIO, file: BinaryIO) -> NDArray[np.uint64]:
    """The first byte of each feature that was copied, the first one's being 0."""
    places = array("Q")
    held, start, place = b"", 0, 0
    while part := source.read(_AT_ONCE):
        file.write(part)
        known = min(place - start, len(held))
        held, start = held[known:] + part, start + known
        while place - start + _SIZE.size <= len(held):
            places.append(place)
            place += _SIZE.size + _SIZE.unpack_from(held, place - start)[0]
    return np.frombuffer(places, "<u8")


def _write_nodes(file: BinaryIO, boxes: NDArray[np.float64], offsets: NDArray[np.uint64]) -> None:
    for first in range(0, len(boxes), _AT_ONCE // _NODE.itemsize):
        part = slice(first, first + _AT_ONCE // _NODE.itemsize)
        nodes = np.empty(len(boxes[part]), _NODE)
        nodes["box"], nodes["offset"] = boxes[part], offsets[part]
        file.write(nodes.tobytes())
